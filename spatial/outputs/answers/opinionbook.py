"""Opinions as a workbook: verdicts by department, every opinion, suggestions, rules and what went in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from spatial.outputs.answers.opinionstyles import COLOURS, CONFIDENCE, METHODS
from spatial.outputs.files import replacing
from spatial.outputs.papers.cells import clean
from spatial.plan.contract import Contract
from spatial.plan.departments import VERDICTS, DepartmentRule, Departments, Values, list_values

if TYPE_CHECKING:
    from spatial.outputs.answers.opinions import OpinionPapers

_MOST_ROWS = 1_048_000
_TITLES = {
    "verdicts": "结论汇总", "opinions": "部门意见", "draws": "用地指标扣减", "suggestions": "调整建议",
    "projects": "送审项目", "findings": "数据检查",
}  # fmt: skip
_WIDTHS = {"text_zh": 46, "text_en": 46, "todo_zh": 36, "todo_en": 36, "basis_zh": 36, "basis_en": 36,
           "message_zh": 60, "message_en": 60, "name": 26, "id": 30, "project_id": 20, "located": 24,
           "feature_id": 20, "confidence": 24}  # fmt: skip
_HIDDEN = ("rule", "touch", "features", "layer", "length_m", "source")
"""Columns folded away so that a sheet prints legibly; a reader unfolds them with the English ones."""
_LINE_POINTS = 15
_RELATIONS = {
    "overlaps": "与之重叠", "outside": "超出其范围", "within": "距其 {:g} 米以内",
    "share_above": "占比超过 {:.0%}",
}  # fmt: skip
_SETTINGS = {
    "tool": "工具", "projects": "送审文件", "rules": "规则表版本与校验值", "tolerance": "容差",
    "attributes": "统一填写的属性", "plan": "规划文件", "plan_sha256": "规划校验值（SHA-256）",
    "code_sha256": "程序校验值（SHA-256）", "styles": "样式表", "boundary": "行政区边界来源",
}  # fmt: skip
_FORMATS = {
    "area_m2": "#,##0.00",
    "length_m": "#,##0.0",
    "share": "0.0%",
    "kept": "0.0%",
    "distance_m": "0.0",
}


def write_book(
    path: Path,
    frames: Mapping[str, gpd.GeoDataFrame],
    contracts: Mapping[str, Contract],
    papers: OpinionPapers,
) -> None:
    """Write the workbook; texts are never taken for formulas or links. The same input gives the same bytes.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with replacing(path) as beside:
        book = xlsxwriter.Workbook(str(beside), options)
        when = dt.datetime(papers.date.year, papers.date.month, papers.date.day)
        book.set_properties(
            {"title": "建设项目并联审批意见", "subject": papers.plan.title.pick("zh"), "created": when}
        )
        pen = _Pen(book, papers)
        for name, title in _TITLES.items():
            if name not in frames or (name == "suggestions" and frames[name].empty):
                continue
            pen.write_frame(title, frames[name], contracts[name], tail=_MOST_ROWS)
        pen.write_rows("审查规则", _list_rules(papers.table), [8, 30, 26, 12, 24, 40, 40, 26, 24])
        pen.write_rows("说明", _list_settings(papers), [24, 90])
        book.close()


class _Pen:
    """Writes sheets with one look."""

    def __init__(self, book: Any, papers: OpinionPapers) -> None:
        table, self._book = papers.table, book
        # An ampersand is a code in a header; two of them print one.
        title = papers.plan.title.pick("zh").replace("&", "&&")[:200]
        self._header = f"&L{title}&R&A"
        self._departments = {one.key: one.name.pick("zh") for one in table.departments}
        self._attributes = {one.key: one.values for one in table.attributes}
        base = {"font_name": "宋体", "font_size": 10, "border": 1, "valign": "top", "text_wrap": True}
        self._head = book.add_format({**base, "bold": True, "bg_color": "#EEF1F3", "align": "center"})
        self._plain = book.add_format(base)
        self._numbers = {key: book.add_format({**base, "num_format": form}) for key, form in _FORMATS.items()}
        self._verdicts = {
            key: book.add_format({**base, "bold": True, "font_color": colour})
            for key, colour in COLOURS.items()
        }

    def write_frame(self, title: str, frame: gpd.GeoDataFrame, contract: Contract, *, tail: int) -> None:
        sheet = self._book.add_worksheet(title)
        columns = contract.all_columns()
        for at, (key, column) in enumerate(columns.items()):
            sheet.write_string(0, at, column.zh, self._head)
            hidden = {"hidden": _is_hidden(key)}
            sheet.set_column(at, at, _WIDTHS.get(key, 14), None, hidden)
        for row, record in enumerate(frame.head(tail).to_dict("records"), 1):
            sheet.set_row(row, _LINE_POINTS * _count_lines(record))
            for at, key in enumerate(columns):
                self._write(sheet, row, at, key, record[key])
        self._finish(sheet, len(frame.head(tail)), len(columns))

    def write_rows(self, title: str, rows: list[list[str]], widths: list[int]) -> None:
        sheet = self._book.add_worksheet(title)
        for row, cells in enumerate(rows):
            for at, text in enumerate(cells):
                sheet.write_string(row, at, clean(text), self._head if row == 0 else self._plain)
        for at, width in enumerate(widths):
            sheet.set_column(at, at, width)
        self._finish(sheet, len(rows) - 1, len(rows[0]))

    def _finish(self, sheet: Any, rows: int, columns: int) -> None:
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_header(self._header)
        sheet.set_footer("&C&P / &N")
        if rows > 0:
            sheet.autofilter(0, 0, rows, columns - 1)

    def _write(self, sheet: Any, row: int, at: int, key: str, value: Any) -> None:
        if isinstance(value, bool):
            sheet.write_string(row, at, "是" if value else "否", self._plain)
        elif value is None or (isinstance(value, float) and pd.isna(value)):
            sheet.write_blank(row, at, None, self._plain)
        elif isinstance(value, (int, float)):
            sheet.write_number(row, at, value, self._numbers.get(key, self._plain))
        else:
            text, form = self._word(key, str(value))
            sheet.write_string(row, at, clean(text), form)

    def _word(self, key: str, value: str) -> tuple[str, Any]:
        if value in VERDICTS and (key == "verdict" or key in self._departments):
            return VERDICTS[value].zh, self._verdicts[value]
        if key == "department":
            return self._departments.get(value, value), self._plain
        if key == "confidence" and value in CONFIDENCE:
            return CONFIDENCE[value].zh, self._plain
        if value in self._attributes.get(key, ()):
            return self._attributes[key][value].pick("zh"), self._plain
        if key == "method" and value in METHODS:
            return METHODS[value].zh, self._plain
        return value, self._plain


def _count_lines(record: dict[Any, Any]) -> int:
    """Return the lines of the longest visible text of a row; viewers do not find out by themselves."""
    shown = {key: str(record[key]) for key in _WIDTHS if key in record and not _is_hidden(key)}
    wide = {key: sum(1 + (ord(sign) > 0x2E7F) for sign in text) for key, text in shown.items()}
    return min(12, max([1, *(-(-width // (_WIDTHS[key] - 2)) for key, width in wide.items())]))


def _is_hidden(key: str) -> bool:
    return key.endswith("_en") or key in _HIDDEN


def _list_rules(table: Departments) -> list[list[str]]:
    rows = [["部门", "规则", "标识", "关系", "图层", "条件", "不符合时", "依据", "可信度"]]
    for department in table.departments:
        for rule in department.rules:
            where = "，".join(f"{column} 为 {_join(values)}" for column, values in rule.where.items())
            cases = [f"{_say_case(table, one.when)}：{VERDICTS[one.verdict].zh}" for one in rule.exceptions]
            target = f"{rule.target}（{where}）" if where else rule.target
            meant = f"只审查{_say_case(table, rule.projects)}的项目" if rule.projects else ""
            rows.append([
                department.name.pick("zh"), rule.title.pick("zh"), rule.id, _say_relation(rule),
                target, "；".join(filter(None, [meant, *cases])),
                f"{VERDICTS[rule.verdict].zh}：{rule.todo.pick('zh') if rule.todo else ''}",
                rule.basis.pick("zh"), CONFIDENCE[rule.confidence].zh,
            ])  # fmt: skip
    return rows


def _say_relation(rule: DepartmentRule) -> str:
    limit = rule.distance_m if rule.relation == "within" else rule.share
    return _RELATIONS[rule.relation].format(limit or 0.0)


def _join(values: Values) -> str:
    return "、".join(list_values(values))


def _say_case(table: Departments, asked: Mapping[str, Values]) -> str:
    """Write which values of which attributes are meant, in words."""
    known = {one.key: one for one in table.attributes}
    parts = []
    for key, values in asked.items():
        labels = known[key].values
        if labels and set(list_values(values)) == set(labels):
            parts.append(f"填写了任一{known[key].name.pick('zh')}")
            continue
        words = (labels[value].pick("zh") if value in labels else value for value in list_values(values))
        parts.append(f"{known[key].name.pick('zh')}为{'、'.join(words)}")
    return "，且".join(parts)


def _list_settings(papers: OpinionPapers) -> list[list[str]]:
    note = papers.table.note.pick("zh") if papers.table.note else ""
    rows = [
        ["项", "内容"],
        ["依据规划", papers.plan.title.pick("zh")],
        ["规则表", papers.table.title.pick("zh")],
    ]
    rows += [["规则说明", note], ["未审查", "规划缺少所需图层，或项目缺少所需信息；不等于同意"]]
    rows += [
        ["面积", "CGCS2000 椭球面积，平方米"],
        ["综合结论", "不同意、待补充审查、有条件同意、同意，取其最重；有规则未审查的不作有条件同意"],
        ["性质", "示意数据，非法定" if papers.illustrative else ""],
    ]
    return rows + [[_name_setting(key), value] for key, value in papers.provenance.items()]


def _name_setting(key: str) -> str:
    """Name what went in, in Chinese; what a plan or a table calls its own keeps its name."""
    kind, _, own = key.partition(".")
    names = {"rules": "规则表", "source": "源数据"}
    return f"{names[kind]} {own}" if own and kind in names else _SETTINGS.get(key, key)
