"""Tables of indicators: 规划指标一览表 with one row an indicator, and its values year by year."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from spatial.errors import RuleError
from spatial.outputs.order import Order
from spatial.outputs.papers.cells import Cell, Derived, Form, Head, Quantity, Table, is_absent
from spatial.outputs.papers.words import join_texts, make_text
from spatial.plan.base import Text
from spatial.plan.parts.indicators import NATURE_NAMES
from spatial.plan.reading.targets import SIGNS
from spatial.plan.rules import read_rules

STATES: dict[str, Text] = {
    "reached": Text(zh="已达标", en="reached"),
    "at_risk": Text(zh="已达标，按趋势可能失守", en="reached, but trends lead back"),
    "on_track": Text(zh="按趋势可达标", en="on track"),
    "unclear": Text(zh="两种趋势结论不一", en="trends disagree"),
    "off_track": Text(zh="按趋势达不到", en="off track"),
    "no_trend": Text(zh="仅一期数据，无法推趋势", en="one value only, no trend"),
    "no_actual": Text(zh="无现状值", en="no value yet"),
    "unreported": Text(zh="到期未报实际值", en="year passed, not reported"),
    "due_missed": Text(zh="到期未达标", en="missed"),
    "by_map": Text(zh="仅图上量算", en="measured on the map only"),
    "no_target": Text(zh="未设目标", en="no target"),
}
"""States of indicators in words."""
MEASURED: dict[str, Text] = {
    "kept": Text(zh="达标", en="met"),
    "missed": Text(zh="未达标", en="missed"),
}
KINDS: dict[str, Text] = {
    "actual": Text(zh="实际值", en="actual"),
    "target": Text(zh="目标值", en="target"),
    "linear": Text(zh="线性趋势", en="linear trend"),
    "growth": Text(zh="等速增长趋势", en="constant growth"),
}
GROUPS: dict[str, Text] = {
    "bottom": Text(zh="空间底线", en="Bottom lines of space"),
    "structure": Text(zh="空间结构与效率", en="Structure and efficiency"),
    "quality": Text(zh="空间品质", en="Quality of space"),
    "": Text(zh="其他指标", en="Other indicators"),
}
_SEVERAL = 2
_MOST_DIGITS = 2
_NOTES = (
    Text(
        zh="趋势按基期值至现状值的变化推算：线性趋势为每年等量变化，等速增长趋势为每年等比变化（须为正值）；"
        "比例不超过 100%。趋势不是预测，只说明照此变化会怎样。图上量算值与末期目标比较。",
        en="Trends carry the change from the base to the last value on, by equal steps (linear) or at a "
        "constant rate (for values above zero); shares stop at 100 %. A trend is no forecast, it says where "
        "the change so far would lead. What the map measures is held against the last target.",
    ),
)


def list_indicator_tables(order: Order) -> list[Table]:
    """Return the table of indicators and that of their years; none without such layers."""
    rows, years = order.layers.get("indicators"), order.layers.get("indicator_years")
    tables = []
    if rows is not None and len(rows) and "target_year" in rows:
        tables.append(lay_out_indicators(rows, _title(order, "indicators")))
        tables.append(lay_out_trends(rows))
    if years is not None and len(years):
        tables.append(lay_out_years(years, _title(order, "indicator_years")))
    return tables


def _title(order: Order, layer: str) -> Text:
    contract = order.contracts[layer]
    return make_text(contract.zh, contract.en)


def lay_out_indicators(frame: pd.DataFrame, title: Text) -> Table:
    """Return one row an indicator, with a column for each target year, under the groups of the rule table.

    Parameters
    ----------
    frame : DataFrame
        Layer ``indicators``.
    """
    years = sorted({int(year) for year in frame["target_year"].dropna()})
    heads = (*_make_heads(_BEFORE), *(_year_head(year) for year in years), *_make_heads(_AFTER))
    items = [_order(rows) for _, rows in frame.groupby(["indicator", "of"], sort=False)]
    groups = _find_groups()
    kinds = [groups.get(str(rows[0]["indicator"]), "") for rows in items]
    shown = [name for name in GROUPS if name in kinds]
    made: list[tuple[Cell, ...]] = []
    strong: list[int] = []
    number = 0
    for name in shown:
        if len(shown) > 1:
            strong.append(len(made))
            made.append((None, GROUPS[name], *[None] * (len(heads) - 2)))
        for rows, kind in zip(items, kinds, strict=True):
            if kind == name:
                number += 1
                made.append(tuple(_fill(rows, number, years)))
    return Table("indicators", title, heads, tuple(made), strong=tuple(strong))


def _order(rows: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Return the rows of an indicator, the last target last."""
    return rows.sort_values("target_year").to_dict("records")


def _find_groups() -> dict[str, str]:
    try:
        known = read_rules("indicators").under("indicator")
    except RuleError:
        return {}
    return {key: str(row.get("group", "")) for key, row in known.items()}


_Title = tuple[str, str, Form]
_BEFORE: tuple[_Title, ...] = (
    ("序号", "No", "integer"), ("指标", "Indicator", "text"), ("单位", "Unit", "text"),
    ("属性", "Nature", "text"), ("统计口径", "Scope", "text"), ("基期年", "Base year", "text"),
    ("基期值", "Base value", "number"), ("现状年", "Year", "text"), ("现状值", "Last value", "number"),
)  # fmt: skip
_AFTER: tuple[_Title, ...] = (("状态", "State", "text"), ("来源", "Source", "text"))
_TRENDS: tuple[_Title, ...] = (
    ("指标", "Indicator", "text"), ("单位", "Unit", "text"), ("现状值", "Last value", "number"),
    ("目标年", "Target year", "text"), ("目标值", "Target", "number"),
    ("现状减目标", "Last value less target", "number"), ("完成进度", "Share of the way done", "share"),
    ("年均变化量", "Change in a year", "number"),
    ("所需年均变化量", "Change in a year that it takes", "number"),
    ("年均增长率", "Growth in a year", "share"),
    ("所需年均增长率", "Growth in a year that it takes", "share"),
    ("线性趋势", "Linear trend", "number"), ("等速增长趋势", "Constant growth", "number"),
    ("状态", "State", "text"), ("图上量算值", "Measured on the map", "number"),
    ("量算减目标", "Measured less target", "number"), ("图上是否达标", "Does the map meet it", "text"),
)  # fmt: skip
_LAST, _TARGET, _GAP, _MEASURED, _MEASURED_GAP = 2, 4, 5, 14, 15
"""Columns of the table of trends that are differences, and those that these are made from."""


def _make_heads(titles: Sequence[_Title]) -> tuple[Head, ...]:
    return tuple(Head(Text(zh=zh, en=en), form) for zh, en, form in titles)


def _year_head(year: int) -> Head:
    return Head(Text(zh=f"{year} 年目标", en=f"Target of {year}"), "number", 0)


def _fill(rows: Sequence[Mapping[Hashable, Any]], number: int, years: Sequence[int]) -> Iterator[Cell]:
    """Yield the cells of an indicator."""
    row = rows[-1]
    targets = {int(one["target_year"]): one for one in rows if not is_absent(one["target_year"])}
    yield number
    yield make_text(row["name"], row["name_en"])
    yield make_text(row["unit"], row["unit_en"])
    yield NATURE_NAMES.get(str(row["nature"]), str(row["nature"]))
    yield str(row["scope"])
    for kind in ("base", "actual"):
        yield _year(row[f"{kind}_year"])
        yield _plain(row[f"{kind}_value"])
    for year in years:
        one = targets.get(year)
        yield _plain(one["target_value"], SIGNS.get(one["relation"], "")) if one else None
    yield _say_states(rows)
    yield make_text(row["source"], row["source_en"])


def lay_out_trends(frame: pd.DataFrame) -> Table:
    """Return what is to be known of each target: how far it is, where trends lead, what the map measures.

    Differences are formulas. Columns in which nothing stands, and indicators of which there is nothing of
    that to say, are left out.

    Parameters
    ----------
    frame : DataFrame
        Layer ``indicators``.
    """
    told = frame[frame["target_year"].notna() | frame["measured_value"].notna() | frame["rate"].notna()]
    rows = [list(_trace(row)) for row in told.to_dict("records")]
    kept = [at for at in range(len(_TRENDS)) if any(row[at] not in (None, "") for row in rows)]
    place = {column: at for at, column in enumerate(kept)}
    for at, row in enumerate(rows):
        for column, first in ((_GAP, _LAST), (_MEASURED_GAP, _MEASURED)):
            row[column] = _less(row[column], (at, place.get(first, 0)), (at, place.get(_TARGET, 0)))
    title = Text(zh="指标趋势与图上量算", en="Trends of indicators, and the map")
    heads, cells = _make_heads(_TRENDS), (tuple(row[column] for column in kept) for row in rows)
    return Table("indicator_trends", title, tuple(heads[at] for at in kept), tuple(cells), notes=_NOTES)


def _trace(row: Mapping[Hashable, Any]) -> Iterator[Cell]:
    """Yield the cells of a target; differences are still plain numbers."""
    yield make_text(row["name"], row["name_en"])
    yield make_text(row["unit"], row["unit_en"])
    yield _plain(row["actual_value"])
    yield _year(row["target_year"])
    yield _plain(row["target_value"], SIGNS.get(row["relation"], ""))
    yield None if is_absent(row["gap"]) else float(row["gap"])
    yield _number(row["progress"], "share")
    for column, form in (
        ("step", "signed"), ("needed_step", "signed"), ("rate", "points"), ("needed_rate", "points"),
        ("linear_value", "number"), ("growth_value", "number"),
    ):  # fmt: skip
        yield _number(row[column], form)  # type: ignore[arg-type]
    yield STATES.get(str(row["state"]), make_text(row["state"]))
    yield _number(row["measured_value"])
    yield None if is_absent(row["measured_gap"]) else float(row["measured_gap"])
    yield MEASURED.get(str(row["measured_state"]), "")


def _say_states(rows: Sequence[Mapping[Hashable, Any]]) -> Text:
    words = [STATES.get(str(row["state"]), make_text(row["state"])) for row in rows]
    if len(rows) < _SEVERAL:
        return words[0]
    told = [
        make_text(f"{_year(row['target_year'])}：{word.zh}", f"{_year(row['target_year'])}: {word.en}")
        for row, word in zip(rows, words, strict=True)
    ]
    return join_texts(told, "；", "; ")


def _year(value: Any) -> str:
    return "" if is_absent(value) else f"{value:.0f}"


def _plain(value: Any, sign: str = "") -> Cell:
    """Return a figure with as many decimals as it was given with, up to two."""
    return None if is_absent(value) else Quantity(float(value), "number", _digits(float(value)), sign)


def _digits(value: float) -> int:
    return next((places for places in range(_MOST_DIGITS) if round(value, places) == value), _MOST_DIGITS)


def _number(value: Any, form: Form = "number") -> Cell:
    return None if is_absent(value) else Quantity(float(value), form, _MOST_DIGITS)


def _less(value: Any, first: tuple[int, int], second: tuple[int, int]) -> Cell:
    if is_absent(value):
        return None
    return Quantity(Derived(float(value), "difference", (first, second)), "signed", _digits(float(value)))


def lay_out_years(frame: pd.DataFrame, title: Text) -> Table:
    """Return indicators by year: one row for each kind of number of an indicator, a column a year.

    Parameters
    ----------
    frame : DataFrame
        Layer ``indicator_years``.
    """
    years = sorted({int(year) for year in frame["year"]})
    heads = (
        Head(Text(zh="指标", en="Indicator")), Head(Text(zh="单位", en="Unit")),
        Head(Text(zh="数值类型", en="Kind")),
        *(Head(Text(zh=f"{year} 年", en=str(year)), "number", 2) for year in years),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for (_, _, kind), group in frame.groupby(["indicator", "of", "kind"], sort=False):
        row = group.iloc[0]
        cells = {
            int(year): _plain(value, SIGNS.get(sign, "")) if kind in ("actual", "target") else _number(value)
            for year, value, sign in zip(group["year"], group["value"], group["relation"], strict=True)
        }
        rows.append(
            (
                make_text(row["name"], row["name_en"]),
                make_text(row["unit"], row["unit_en"]),
                KINDS.get(str(kind), make_text(kind)),
                *(cells.get(year) for year in years),
            )
        )
    return Table("indicator_years", title, heads, tuple(rows))
