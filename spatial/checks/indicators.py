"""Checks of indicators as they are written: units, years, shares, natures, and measures of the map."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from spatial.plan.findings import Finding
from spatial.plan.indicator_course import base_year_of, relation_of
from spatial.plan.indicator_table import Reading
from spatial.plan.parts.indicators import NATURE_NAMES, Indicator
from spatial.plan.reading.targets import FALLING, RISING
from spatial.plan.reading.unitwords import UnitWords, plain_unit
from spatial.plan.rules import RuleTable

_LAYER = "indicators"
_UNSURE_ZH, _UNSURE_EN = "规则表凭经验，未核原文", "the table is from memory, check the text"
_MOST_PLACES = 8


def indicator_findings(
    indicator_reading: Reading, indicator_rules: RuleTable, map_measures: pd.DataFrame, plan_year: int
) -> list[Finding]:
    """Report what cannot be, or is not said, in the indicators as they are written.

    Returns
    -------
    list of Finding
        Errors: ``indicators.twice`` (a year given twice), ``indicators.table`` (rows not taken),
        ``indicators.target_unit``. Warnings: ``indicators.unit`` (none, or not known, or of another kind than
        the table's), ``indicators.years`` (a target year before the base year), ``indicators.future`` (an
        actual value after the plan's year), ``indicators.looser`` (a later target asks for less),
        ``indicators.share`` (not between 0 and 100 %), ``indicators.no_measure``. Notes:
        ``indicators.nature`` (another than the table's), ``indicators.nature_default``,
        ``indicators.no_nature``.
    """
    words = UnitWords.of(indicator_rules)
    most = float(indicator_rules.value("share.most"))
    found = [
        Finding(fault.rule, fault.severity, _LAYER, fault.indicator, fault.message_zh, fault.message_en)
        for fault in indicator_reading.faults
    ]
    for item in indicator_reading.items:
        usual = indicator_rules.under("indicator").get(item.id, {})
        found += _doubt_unit(item, words, str(usual.get("unit", "")))
        found += _doubt_target_units(item)
        found += _doubt_years(item, plan_year)
        found += _doubt_order(item)
        found += _doubt_shares(item, words, most)
        found += _doubt_nature(item, str(usual.get("nature", "")), indicator_reading.by_default)
        found += _doubt_measure(item, map_measures, words)
    return found


def _call(item: Indicator) -> tuple[str, str]:
    zh, en = (item.name.pick("zh"), item.name.pick("en")) if item.name else (item.id, item.id)
    return (f"{zh}（{item.of}）", f"{en} ({item.of})") if item.of else (zh, en)


def _warn(item: Indicator, rule: str, zh: str, en: str, **numbers: float) -> Finding:
    names = _call(item)
    said = f"指标“{names[0]}”{zh}", f"{names[1]}: {en}"
    return Finding(f"indicators.{rule}", "warning", _LAYER, item.id, *said, **numbers)  # type: ignore[arg-type]


def _doubt_unit(item: Indicator, words: UnitWords, usual: str) -> Iterator[Finding]:
    if item.unit is None:
        if item.measure is None or item.targets or item.values:
            yield _warn(item, "unit", "没有单位；请补充 unit。", "it has no unit; write `unit`.")
        return
    if words.find(item.unit) is None:
        near = difflib.get_close_matches(plain_unit(item.unit), words.known, 3, 0.4)
        hint_zh = f"；是否为 {'、'.join(near)}" if near else ""
        hint_en = f"; did you mean {' or '.join(near)}" if near else ""
        yield _warn(
            item, "unit",
            f"的单位“{item.unit}”不认识，无法换算，也无法与图上量算值比较{hint_zh}。",
            f"unit {item.unit!r} is not known, it cannot be converted or held against the map{hint_en}.",
        )  # fmt: skip
    elif usual and words.convert(1.0, item.unit, usual) is None:
        yield _warn(
            item, "unit",
            f"的单位“{item.unit}”与规则表的“{usual}”不是同类单位（{_UNSURE_ZH}）。",
            f"unit {item.unit!r} is of another kind than the table's {usual!r} ({_UNSURE_EN}).",
        )  # fmt: skip


def _doubt_target_units(item: Indicator) -> Iterator[Finding]:
    for year, target in sorted(item.targets.items()):
        if target.unit and item.unit and plain_unit(target.unit) != plain_unit(item.unit):
            zh, en = _call(item)
            yield Finding(
                "indicators.target_unit", "error", _LAYER, item.id,
                f"指标“{zh}”{year} 年目标的单位“{target.unit}”与指标单位“{item.unit}”不同；请统一。",
                f"{en}: the target of {year} is in {target.unit!r}, the indicator in {item.unit!r}; "
                "write them in one unit.",
            )  # fmt: skip


def _doubt_years(item: Indicator, now: int) -> Iterator[Finding]:
    base = base_year_of(item)
    for year in sorted(item.targets):
        if base is not None and year < base:
            yield _warn(
                item, "years", f"的目标年 {year} 早于基期年 {base}。",
                f"the target year {year} is before the base year {base}.",
                value=float(year), limit=float(base),
            )  # fmt: skip
    for year in sorted(year for year in item.values if year > now):
        yield _warn(
            item, "future", f"的现状值年份 {year} 晚于规划年份 {now}；如为目标请写入 targets。",
            f"{year} is after the plan's year {now} and has no actual value yet; is it a target?",
            value=float(year), limit=float(now),
        )  # fmt: skip


def _doubt_order(item: Indicator) -> Iterator[Finding]:
    """Tell of targets that ask for less than an earlier one, where a direction is stated."""
    for one, two in pairwise(sorted(item.targets)):
        signs = {relation_of(item, one), relation_of(item, two)}
        more = item.targets[two].value - item.targets[one].value
        if (item.direction == "up" and signs <= RISING and more < 0) or (
            item.direction == "down" and signs <= FALLING and more > 0
        ):
            first, second = item.targets[one].value, item.targets[two].value
            yield _warn(
                item, "looser", f"{two} 年目标 {second:,.10g} 比 {one} 年目标 {first:,.10g} 宽松；请核对。",
                f"the target of {two}, {second:,.10g}, asks for less than that of {one}, {first:,.10g}.",
                value=second, limit=first,
            )  # fmt: skip


def _doubt_shares(item: Indicator, words: UnitWords, most: float) -> Iterator[Finding]:
    known = words.find(item.unit or "")
    full = words.convert(most, "%", item.unit or "") if known and known[0] == "share" else None
    if full is None:
        return
    figures = [*item.values.items(), *((year, target.value) for year, target in item.targets.items())]
    for year, value in sorted(figures):
        if not 0 <= value <= full:
            yield _warn(
                item, "share", f"{year} 年为 {value:,.10g}{item.unit}，比例应在 0 与 {full:g} 之间。",
                f"{value:,.10g} {item.unit} in {year}; a share lies between 0 and {full:g}.",
                value=value, limit=full,
            )  # fmt: skip


def _doubt_nature(item: Indicator, usual: str, by_default: Sequence[str]) -> Iterator[Finding]:
    zh, en = _call(item)
    if item.nature is None:
        rule, said_zh = "no_nature", f"指标“{zh}”未注明属性（约束性、预期性或建议性）。"
        said_en = f"{en}: its nature (binding, expected or advisory) is not stated."
    elif item.id in by_default:
        rule, own = "nature_default", NATURE_NAMES[item.nature]
        said_zh = f"指标“{zh}”未注明属性，按规则表取“{own.zh}”（{_UNSURE_ZH}）。"
        said_en = f"{en}: nature not stated, {own.en.lower()} as in the table ({_UNSURE_EN})."
    elif usual in NATURE_NAMES and usual != item.nature:
        rule, own, other = "nature", NATURE_NAMES[item.nature], NATURE_NAMES[usual]
        said_zh = f"指标“{zh}”属性为“{own.zh}”，规则表为“{other.zh}”（{_UNSURE_ZH}）。"
        said_en = f"{en} is {own.en.lower()} here, {other.en.lower()} in the table ({_UNSURE_EN})."
    else:
        return
    yield Finding(f"indicators.{rule}", "info", _LAYER, item.id, said_zh, said_en)


def _doubt_measure(item: Indicator, measures: pd.DataFrame, words: UnitWords) -> Iterator[Finding]:
    if item.measure is None:
        return
    own = measures[measures["measure"] == item.measure]
    row = own[own["of"] == (item.of or "")]
    if row.empty:
        hint_zh, hint_en = _suggest(item.measure, own, measures)
        yield _warn(
            item, "no_measure", f"引用的图上量算项 {item.measure} 不存在{hint_zh}。",
            f"the map has no measure {item.measure}{hint_en}.",
        )  # fmt: skip
        return
    unit = str(row["unit"].iloc[0])
    if item.unit and words.convert(1.0, unit, item.unit) is None:
        yield _warn(
            item, "no_measure", f"的单位“{item.unit}”与图上量算单位“{unit}”无法换算，未作比较。",
            f"its unit {item.unit!r} cannot be made of the map's {unit!r}; they were not compared.",
        )  # fmt: skip


def _suggest(measure: str, own: pd.DataFrame, measures: pd.DataFrame) -> tuple[str, str]:
    """Return for which places a measure is there, or else which measures have a name like it."""
    places: list[Any] = own["of"].tolist()[:_MOST_PLACES]
    if places:
        zh, en = ([place or whole for place in places] for whole in ("全域", "the whole"))
        return f"；该项有：{'、'.join(zh)}", f"; it is there for {', '.join(en)}"
    near = difflib.get_close_matches(measure, list(dict.fromkeys(measures["measure"])), 3, 0.5)
    return (f"；相近的有 {'、'.join(near)}", f"; near it: {', '.join(near)}") if near else ("", "")
