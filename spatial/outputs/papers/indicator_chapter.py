"""The report's chapter on indicators 规划指标: how many stand where, which are missed, and why."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from spatial.outputs.papers.blocks import Block, Stock
from spatial.outputs.papers.cells import is_absent
from spatial.outputs.papers.indicator_tables import STATES
from spatial.outputs.papers.sentences import count_things
from spatial.outputs.papers.words import join_texts, make_text
from spatial.plan.base import Text
from spatial.plan.parts.indicators import NATURE_NAMES
from spatial.plan.reading.targets import show_target, show_trend

_ORDER = tuple(STATES)
_NOT_SHOWN: dict[str, frozenset[str]] = {
    "indicators": frozenset(("统计口径", "来源")),
    "indicator_trends": frozenset(
        (
            "现状减目标",
            "完成进度",
            "年均变化量",
            "所需年均变化量",
            "年均增长率",
            "所需年均增长率",
            "状态",
            "量算减目标",
        )
    ),
}
"""Columns that a page has no room for; they are in the workbook."""
_TOLD = ("due_missed", "off_track", "at_risk", "unclear", "on_track")


def tell_indicators(stock: Stock) -> Iterator[Block]:
    """Yield the chapter: counts by nature and state, each target with a trend, the map, tables, a chart."""
    rows = stock.layer("indicators")
    if rows is None or "target_year" not in rows:
        return
    yield tell_counts(rows)
    yield tell_states(rows)
    for row in rows.to_dict("records"):
        if row["state"] in _TOLD:
            yield tell_trend(row)
        elif not is_absent(row["needed_rate"]) and row["state"] == "no_trend":
            yield tell_need(row)
    for row in rows[rows["measured_value"].notna()].to_dict("records"):
        yield tell_measure(row)
    yield from stock.draw("indicator_years")
    for key, left_out in _NOT_SHOWN.items():
        heads = stock.tables[key].heads if key in stock.tables else ()
        chosen = [at for at, head in enumerate(heads) if head.title.zh not in left_out]
        yield from stock.table(key, chosen)


def tell_counts(rows: pd.DataFrame) -> Text:
    """Say how many indicators there are, by nature.

    Examples
    --------
    >>> tell_counts(pd.DataFrame({"indicator": ["a", "b"], "of": "", "nature": ["binding", ""]})).en
    'The plan has 2 indicators: binding 1, nature not stated 1.'
    """
    once = rows.drop_duplicates(["indicator", "of"])
    counts = once["nature"].value_counts()
    names = {**NATURE_NAMES, "": Text(zh="未注明属性", en="Nature not stated")}
    told = join_texts(
        [
            make_text(f"{name.zh} {counts[key]} 项", f"{name.en.lower()} {counts[key]}")
            for key, name in names.items()
            if counts.get(key, 0)
        ]
    )
    many = count_things(len(once), "indicator", "indicators")
    return make_text(f"规划指标共 {len(once)} 项，其中{told.zh}。", f"The plan has {many}: {told.en}.")


def tell_states(rows: pd.DataFrame) -> Text:
    """Say how many targets stand where.

    Examples
    --------
    >>> tell_states(pd.DataFrame({"state": ["reached", "off_track", "reached"]})).en
    'By state: reached 2, off track 1.'
    """
    counts = rows["state"].value_counts()
    told = join_texts(
        [
            make_text(f"{STATES[key].zh} {counts[key]} 项", f"{STATES[key].en} {counts[key]}")
            for key in _ORDER
            if counts.get(key, 0)
        ],
        "；",
    )
    return make_text(f"按目标年逐项核对：{told.zh}。", f"By state: {told.en}.")


def _head(row: Mapping[Hashable, Any]) -> tuple[str, str]:
    year = f"{row['target_year']:.0f}"
    zh, en = (show_target(row["relation"], row["target_value"], tongue) for tongue in ("zh", "en"))
    return (
        f"{row['name']}：{year} 年目标 {zh}{row['unit']}",
        f"{row['name_en']}: target {en} {row['unit_en']} in {year}",
    )


def tell_trend(row: Mapping[Hashable, Any]) -> Text:
    """Say of a target its last value, where trends lead, and the state."""
    zh, en = _head(row)
    last, year = f"{row['actual_value']:,.10g}", f"{row['actual_year']:.0f}"
    zh += f"，{year} 年为 {last}{row['unit']}"
    en += f"; {last} in {year}"
    trends = [
        (make_text(name_zh, name_en), row[column])
        for column, name_zh, name_en in (
            ("linear_value", "线性趋势", "linear trend"),
            ("growth_value", "等速增长趋势", "constant growth"),
        )
        if not is_absent(row[column])
    ]
    if trends:
        zh += "，" + "、".join(f"{name.zh}推至目标年为 {show_trend(value)}" for name, value in trends)
        en += ", " + ", ".join(f"{name.en} leads to {show_trend(value)}" for name, value in trends)
    state = STATES[str(row["state"])]
    drawn = ("（数值为示意）", " (illustrative figures)") if row["illustrative"] else ("", "")
    return make_text(f"{zh}：{state.zh}{drawn[0]}。", f"{en}: {state.en}{drawn[1]}.")


def tell_need(row: Mapping[Hashable, Any]) -> Text:
    """Say what growth in a year it takes where there is no trend yet."""
    zh, en = _head(row)
    rate, last = f"{row['needed_rate']:+.2%}", f"{row['actual_value']:,.10g}"
    year = f"{row['actual_year']:.0f}"
    return make_text(
        f"{zh}，{year} 年为 {last}{row['unit']}，须年均增长 {rate}。",
        f"{en}; {last} in {year}, which takes {rate} a year.",
    )


def tell_measure(row: Mapping[Hashable, Any]) -> Text:
    """Say what the map measures of an indicator, and whether that meets the target."""
    value = f"{row['measured_value']:,.2f}"
    zh = f"{row['name']}：图上量算为 {value} {row['unit']}"
    en = f"{row['name_en']}: the map has {value} {row['unit_en']}"
    if row["measured_state"]:
        target_zh, target_en = (
            show_target(row["relation"], row["target_value"], tongue) for tongue in ("zh", "en")
        )
        met = row["measured_state"] == "kept"
        zh += f"，{row['target_year']:.0f} 年目标 {target_zh}，{'达标' if met else '未达标'}"
        en += f", target {target_en} in {row['target_year']:.0f}: {'met' if met else 'missed'}"
    drawn = ("（示意图）", " (illustrative)") if row["illustrative"] else ("", "")
    return make_text(f"{zh}{drawn[0]}。", f"{en}{drawn[1]}.")
