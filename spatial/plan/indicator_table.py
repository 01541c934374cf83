"""Indicators from all places: those of the plan and of its table, completed by the rule table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
from pydantic import ValidationError

from spatial.plan.base import Record
from spatial.plan.findings import Severity
from spatial.plan.parts.indicators import Indicator, IndicatorRow
from spatial.plan.reading.targets import Target
from spatial.plan.reading.unitwords import plain_unit
from spatial.plan.rules import Rule, RuleTable

_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "标识", "代码", "指标代码", "指标标识"),
    "name": ("name", "指标", "指标名称", "名称"),
    "unit": ("unit", "单位", "计量单位"),
    "nature": ("nature", "属性", "指标属性"),
    "direction": ("direction", "方向"),
    "scope": ("scope", "层级", "统计口径", "空间范围"),
    "of": ("of", "行政区", "区县", "片区", "功能区"),
    "year": ("year", "年份", "年度", "年"),
    "value": ("value", "数值", "值", "指标值"),
    "kind": ("kind", "类型", "类别", "数值类型"),
    "source": ("source", "来源", "出处"),
}
"""Columns of a table of indicators, by the heads that are understood."""
_NEEDED = ("id", "year", "value")
_MOST_TOLD = 20
_FROM_TABLE = ("name", "unit", "direction", "scope")


class Misread(Record):
    """What of the indicators could not be taken as it is written: the rule, where, and what."""

    rule: str
    severity: Severity
    indicator: str
    message_zh: str
    message_en: str


class Reading(Record):
    """All indicators of a plan, completed, and what could not be taken.

    Parameters
    ----------
    items : tuple of Indicator
        Each id once for the territory and for each district or zone, in the order of their first naming.
    faults : tuple of Misread
    by_default : tuple of str
        Ids whose nature is the rule table's, as the plan gives none.
    from_table : tuple of str
        Ids that have figures of the table.
    """

    items: tuple[Indicator, ...] = ()
    faults: tuple[Misread, ...] = ()
    by_default: tuple[str, ...] = ()
    from_table: tuple[str, ...] = ()


def gather_indicators(
    specs: Iterable[Indicator], table: pd.DataFrame | None, rules: RuleTable, place: str = ""
) -> Reading:
    """Return the indicators of a plan, of its table and what the rule table adds, one for each id and place.

    What is given first stands: the plan before the table, an upper row before a lower one. A year that is
    given twice is a fault, whether or not the numbers agree.

    Parameters
    ----------
    specs : iterable of Indicator
        Of the plan.
    table : pandas.DataFrame, optional
        Rows in long form, as `IndicatorRow` has them, under Chinese or English heads; index is the line.
    rules : RuleTable
        Rows ``indicator.ID``.
    place : str
        Name of the table, for messages.
    """
    faults: list[Misread] = []
    found: dict[tuple[str, str], Indicator] = {}
    for item in specs:
        _put(found, item, faults)
    rows = list(_read_rows(table, place, faults)) if table is not None else []
    for item in rows:
        _put(found, item, faults)
    known = {rule.key.removeprefix("indicator."): rule for rule in rules.rules}
    items = tuple(_complete(item, known.get(item.id)) for item in found.values())
    silent = {item.id for item in found.values() if item.nature is None}
    given = {item.id for item in items if item.nature is not None}
    return Reading(
        items=items,
        faults=tuple(faults),
        by_default=tuple(sorted(silent & given)),
        from_table=tuple(sorted({item.id for item in rows})),
    )


def _put(found: dict[tuple[str, str], Indicator], item: Indicator, faults: list[Misread]) -> None:
    """Put an indicator beside what is known of it already."""
    key = (item.id, item.of or "")
    old = found.get(key)
    if old is None:
        found[key] = item
        return
    for kind, zh in (("values", "现状值"), ("targets", "目标值")):
        for year in sorted(set(getattr(old, kind)) & set(getattr(item, kind))):
            first, second = getattr(old, kind)[year], getattr(item, kind)[year]
            faults.append(
                Misread(
                    rule="indicators.twice",
                    severity="error",
                    indicator=item.id,
                    message_zh=f"指标“{_call(old)}”{year} 年{zh}给出两次（{_show(first)}、{_show(second)}），"
                    "采用前者；请删去一处。",
                    message_en=f"{_call(old)}: {kind} of {year} are given twice ({_show(first)}, "
                    f"{_show(second)}); the first stands, delete the other.",
                )
            )
    named = {name: value for name in _OWN if (value := getattr(old, name)) is not None}
    more = {name: value for name in _OWN if (value := getattr(item, name)) is not None}
    found[key] = old.model_copy(
        update={
            **more,
            **named,
            "values": item.values | old.values,
            "targets": item.targets | old.targets,
            "strict": old.strict or item.strict,
            "illustrative": old.illustrative or item.illustrative,
        }
    )


_OWN = ("name", "unit", "nature", "direction", "scope", "base_year", "measure", "source")


def _call(item: Indicator) -> str:
    name = item.name.pick("zh") if item.name else item.id
    return f"{name}（{item.of}）" if item.of else name


def _show(value: float | Target) -> str:
    return f"{value.value if isinstance(value, Target) else value:,.10g}"


def _complete(item: Indicator, rule: Rule | None) -> Indicator:
    """Return an indicator with what the rule table says of its id where the plan is silent."""
    if rule is None or not isinstance(rule.value, dict):
        return item
    row: Mapping[Any, Any] = rule.value
    usual = {
        "name": rule.label,
        **{name: row[name] for name in ("unit", "direction", "scope", "nature") if name in row},
    }
    return item.model_copy(
        update={name: value for name, value in usual.items() if getattr(item, name) is None}
    )


def _read_rows(table: pd.DataFrame, place: str, faults: list[Misread]) -> Iterator[Indicator]:
    """Yield each row of a table as an indicator with one year; rows that are none are faults."""
    heads = {
        key: next((name for name in table.columns if str(name).strip().lower() in names), None)
        for key, names in _COLUMNS.items()
    }
    lacking = [_COLUMNS[key] for key in _NEEDED if heads[key] is None]
    if lacking:
        zh, en = "、".join(names[1] for names in lacking), ", ".join(names[0] for names in lacking)
        faults.append(
            _misread(
                f"指标表 {place} 缺少列：{zh}；全表未采用。",
                f"table {place} has no column {en}; none of it was taken.",
            )
        )
        return
    told = 0
    for line, cells in zip(table.index, table.to_dict("records"), strict=True):
        given = {
            key: cells[name] for key, name in heads.items() if name is not None and not _is_blank(cells[name])
        }
        try:
            yield _as_indicator(given)
        except (ValidationError, _StrangeRowError) as error:
            told += 1
            if told <= _MOST_TOLD:
                zh, en = _tell(error, given)
                faults.append(
                    _misread(
                        f"指标表 {place} 第 {line} 行未采用：{zh}。",
                        f"table {place}, line {line} was not taken: {en}.",
                    )
                )
    if told > _MOST_TOLD:
        left = told - _MOST_TOLD
        faults.append(
            _misread(
                f"指标表 {place} 另有 {left} 行未采用。", f"table {place}: {left} more rows were not taken."
            )
        )


class _StrangeRowError(Exception):
    """A row that says what cannot be, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and pd.isna(cell)) or not str(cell).strip()


def _as_indicator(given: dict[str, Any]) -> Indicator:
    plain = {key: _plain(key, value) for key, value in given.items()}
    row = IndicatorRow.model_validate(plain)
    own = {
        name: getattr(row, name)
        for name in ("id", "name", "unit", "nature", "direction", "scope", "of", "source")
    }
    if row.kind == "target":
        return Indicator(**own, targets={row.year: row.value})
    if row.value.relation:
        raise _StrangeRowError("现状值不应带比较符号", "an actual value is a number without a relation")
    if row.value.unit:
        if row.unit and plain_unit(row.unit) != plain_unit(row.value.unit):
            zh = f"数值的单位“{row.value.unit}”与单位“{row.unit}”不同"
            raise _StrangeRowError(zh, f"the value is in {row.value.unit!r}, the unit is {row.unit!r}")
        own["unit"] = row.unit or row.value.unit
    return Indicator(**own, values={row.year: row.value.value})


def _plain(key: str, value: Any) -> Any:
    """Return a cell as the record takes it: numbers of numpy as Python's, names as text."""
    number = value.item() if hasattr(value, "item") else value
    if key == "value":
        return number
    if key == "year":
        return int(number) if isinstance(number, int | float) and number == int(number) else number
    return str(number).strip()


def _tell(error: Exception, given: dict[str, Any]) -> tuple[str, str]:
    """Return which cells of a row are not understood."""
    if isinstance(error, _StrangeRowError):
        return error.zh, error.en
    assert isinstance(error, ValidationError)
    names = dict.fromkeys(str(item["loc"][0]) for item in error.errors() if item["loc"])
    lacking = [name for name in names if name not in given]
    strange = [name for name in names if name in given]
    zh = [f"{_COLUMNS[name][1]}“{given[name]}”无法识别" for name in strange if name in _COLUMNS]
    zh += [f"缺少{_COLUMNS[name][1]}" for name in lacking if name in _COLUMNS]
    en = [f"{name} {str(given[name])!r} is not understood" for name in strange]
    en += [f"{name} is missing" for name in lacking]
    return "；".join(zh), "; ".join(en)


def _misread(zh: str, en: str) -> Misread:
    return Misread(rule="indicators.table", severity="error", indicator="", message_zh=zh, message_en=en)
