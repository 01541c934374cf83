"""Key figures of a plan: what a reader looks for first, each linked to the table that it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
from pyproj import CRS

from spatial.outputs.order import Order
from spatial.outputs.papers.cells import Cell, Derived, Form, Head, Quantity, Table, number_of, say
from spatial.outputs.papers.circle_tables import name_aim, name_circles
from spatial.outputs.papers.words import SEVERITIES, decode, join_texts, make_text
from spatial.plan.base import Text

_Row = tuple[Cell, Cell, Cell, Cell]
MARK = Text(zh="示意，不作为法定依据", en="Illustrative; no legal basis")
"""What stands on everything that is made of illustrative sources or has no approval number."""
_HA = Text(zh="公顷", en="ha")
_KM2 = Text(zh="平方公里", en="km²")
_HASH_KEYS = ("tool", "plan_sha256", "code_sha256", "boundary")


def lay_out_summary(order: Order, tables: Sequence[Table]) -> Table:
    """Return the summary: the plan, its key figures, verdicts, findings, what is not built, and hashes.

    Parameters
    ----------
    order : Order
        What is written.
    tables : sequence of Table
        Its display tables; figures that stand in one of them refer to it.
    """
    known = {table.key: table for table in tables}
    parts = (
        (Text(zh="规划", en="Plan"), _state_plan(order)),
        (Text(zh="坐标系", en="Coordinates"), _state_crs(order)),
        (Text(zh="关键数字", en="Key figures"), _list_areas(order, known)),
        (Text(zh="规划指标", en="Indicators"), _list_indicators(known)),
        (Text(zh="双评价", en="Evaluation of land"), _list_evaluation(known)),
        (Text(zh="通勤圈", en="Commute circles"), _list_circles(known)),
        (Text(zh="承诺结论", en="Verdicts on promises"), _list_verdicts(order, known)),
        (Text(zh="检查结果", en="Findings"), _count_findings(order)),
        (Text(zh="未生成的图层", en="Layers not built"), _list_absent(order)),
        (Text(zh="溯源", en="Provenance"), _list_hashes(order)),
    )
    rows: list[_Row] = []
    strong = []
    for title, part in parts:
        found = list(part)
        if found:
            strong.append(len(rows))
            rows += [(title, None, None, None), *found]
    heads = tuple(Head(Text(zh=zh, en=en)) for zh, en in _HEADS)
    return Table("summary", Text(zh="摘要", en="Summary"), heads, tuple(rows), strong=tuple(strong))


_HEADS = (("项目", "Item"), ("数值", "Value"), ("单位", "Unit"), ("说明", "Note"))


def _state_plan(order: Order) -> Iterator[_Row]:
    plan = order.plan
    yield Text(zh="名称", en="Title"), plan.title, None, None
    yield Text(zh="规划范围", en="Territory"), order.place, None, None
    yield Text(zh="规划期限", en="Planning period"), plan.period or str(plan.year), None, None
    yield Text(zh="日期", en="Date"), order.date, None, None
    if plan.outputs.compiler:
        yield Text(zh="编制单位", en="Compiler"), plan.outputs.compiler, None, None
    number = plan.outputs.approval_number
    yield Text(zh="审图号", en="Map approval number"), number or Text(zh="无", en="none"), None, None
    if order.illustrative:
        why = Text(
            zh="含示意数据，或无审图号", en="made of illustrative sources, or without an approval number"
        )
        yield Text(zh="性质", en="Status"), MARK, None, why


def _state_crs(order: Order) -> Iterator[_Row]:
    yield Text(zh="数据坐标系", en="Data"), "CGCS2000 (EPSG:4490)", None, None
    metric = f"{CRS(order.metric_crs).name} ({order.metric_crs})"
    note = Text(zh="面积、距离按椭球计算", en="areas and distances are measured on the ellipsoid")
    yield Text(zh="平面坐标系", en="Plane"), metric, None, note


def _list_areas(order: Order, known: dict[str, Table]) -> Iterator[_Row]:
    territory = order.layers.get("territory")
    if territory is not None and len(territory):
        yield from _state_territory(territory.iloc[0])
    balance = known.get("zone_balance")
    for at, row in enumerate(balance.rows if balance else ()):
        if row[0] is None or at in (balance.strong if balance else ()):
            continue
        share = number_of(row[3])
        said = _percent(share) if share is not None else None
        yield row[1], _link("zone_balance", at, 2, row[2]), _HA, said


def _percent(share: float) -> Text:
    return Text(zh=f"占全域 {share:.2%}", en=f"{share:.2%} of the territory")


def _state_territory(row: pd.Series) -> Iterator[_Row]:
    area, stated = float(row["area_km2"]), row.get("stated_area_km2")
    yield Text(zh="规划范围面积（椭球）", en="Territory, ellipsoidal"), Quantity(area), _KM2, None
    if stated is not None and pd.notna(stated):
        gap = area - float(stated)
        note = Text(zh=f"量算减公布 {gap:+,.2f} 平方公里", en=f"measured less stated {gap:+,.2f} km²")
        yield Text(zh="公布面积", en="Stated area"), Quantity(float(stated)), _KM2, note


def _link(table: str, at: int, column: int, cell: Cell, form: Form = "number") -> Cell:
    value = number_of(cell)
    if value is None:
        return None
    return Quantity(Derived(value, "same", ((at, column),), table), form)


def _list_indicators(known: dict[str, Table]) -> Iterator[_Row]:
    """Yield each target of an indicator with its state, linked to the table of trends."""
    table = known.get("indicator_trends")
    if table is None:
        return
    column = {head.title.zh: at for at, head in enumerate(table.heads)}
    target, state, year = (column.get(name) for name in ("目标值", "状态", "目标年"))
    if target is None or state is None or year is None:
        return
    for at, row in enumerate(table.rows):
        cell = row[target]
        if isinstance(cell, Quantity):
            name = join_texts(
                [_as_name(row[0]), make_text(f"{row[year]} 年目标", f"target of {row[year]}")], "，"
            )
            linked = Derived(float(number_of(cell) or 0.0), "same", ((at, target),), table.key)
            yield name, Quantity(linked, "number", cell.digits, cell.sign), row[column["单位"]], row[state]


def _list_evaluation(known: dict[str, Table]) -> Iterator[_Row]:
    """Yield the area of each class of the three results, and what the short boards allow."""
    balance, result = known.get("suitability_balance"), make_text("")
    for at, row in enumerate(balance.rows if balance else ()):
        if balance and at in balance.strong:
            result = _as_name(row[0])
        elif (share := number_of(row[3])) is not None:
            yield (
                join_texts([result, _as_name(row[1])], "：", ": "),
                _link("suitability_balance", at, 2, row[2]),
                _HA,
                _percent(share),
            )
    carrying = known.get("carrying_capacity")
    for at in carrying.strong if carrying else ():
        row = carrying.rows[at] if carrying else ()
        yield row[0], _link("carrying_capacity", at, 1, row[1], "integer"), row[2], row[3]


def _as_name(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else make_text(cell or "")


def _list_circles(known: dict[str, Table]) -> Iterator[_Row]:
    table = known.get("commute_circles")
    for at, row in enumerate(table.rows if table else ()):
        times = number_of(row[7])
        note = (
            Text(zh=f"直线圈是其 {times:.3f} 倍", en=f"the straight ring is {times:.3f} times as large")
            if times is not None
            else None
        )
        yield row[0], _link("commute_circles", at, 4, row[4]), _KM2, note


def _list_verdicts(order: Order, known: dict[str, Table]) -> Iterator[_Row]:
    table, promises = known.get("promises"), order.layers.get("promises")
    if table is None or promises is None:
        return
    names = name_circles(order)
    column = {place: at for at, place in enumerate(_PROMISE_COLUMNS)}
    for at, row in enumerate(promises.to_dict("records")):
        aim = name_aim(order, str(row["promise"]))
        circle = names.get(str(row["circle"]), make_text(row["name"], row["name_en"]))
        label = make_text(
            f"{circle.pick('zh')} → {aim.pick('zh')}", f"{circle.pick('en')} → {aim.pick('en')}"
        )
        verdict = decode("promises", "verdict", row["verdict"])
        required = f"{row['required_share']:.2%}"
        note = make_text(
            f"{say(verdict, 'zh')}；要求 {required}", f"{say(verdict, 'en')}; required {required}"
        )
        share = table.rows[at][column["share"]]
        yield label, _link("promises", at, column["share"], share, "share"), None, note


_PROMISE_COLUMNS = ("circle", "promise", "subject", "method", "verdict", "share")


def _count_findings(order: Order) -> Iterator[_Row]:
    found = order.layers.get("findings")
    if found is None or "severity" not in found:
        return
    for severity, word in SEVERITIES.items():
        count = int((found["severity"] == severity).sum())
        yield (
            word,
            Quantity(float(count), "integer"),
            Text(zh="条", en="findings" if count != 1 else "finding"),
            None,
        )


def _list_absent(order: Order) -> Iterator[_Row]:
    parts: dict[str, list[Text]] = {}
    for name, part in order.not_built.items():
        contract = order.contracts.get(name)
        parts.setdefault(part, []).append(
            make_text(contract.zh, contract.en) if contract else make_text(name)
        )
    for part, titles in parts.items():
        yield join_texts(titles), None, None, Text(zh=f"规划未写 {part}", en=f"the plan has no {part}")


def _list_hashes(order: Order) -> Iterator[_Row]:
    for key in _HASH_KEYS:
        if key in order.provenance:
            yield key, order.provenance[key], None, None
