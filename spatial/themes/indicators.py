"""Indicators 规划指标一览表: base, present, target, trend and state, and what the map measures of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from spatial.engine.trends import rate_of, step_of
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.indicator_course import Course, relation_of
from spatial.plan.indicator_table import Reading, gather_indicators
from spatial.plan.parts.indicators import Indicator
from spatial.plan.reading.targets import is_met
from spatial.plan.reading.unitwords import UnitWords
from spatial.plan.rules import RuleTable


def indicator_reading(
    indicator_specs: tuple[Indicator, ...],
    indicator_file: str | None,
    source_tables: dict[str, pd.DataFrame],
    indicator_rules: RuleTable,
) -> Reading:
    """Return the indicators of the plan and of its table, completed by the rule table."""
    table = source_tables.get(indicator_file) if indicator_file else None
    return gather_indicators(indicator_specs, table, indicator_rules, indicator_file or "")


@layer(
    "规划指标一览表", "Indicators", "none",
    needs=("indicators",),
    name_en=Column("text", "英文名称", "English name"),
    indicator=Column("text", "指标标识", "Indicator"),
    of=Column("text", "所属范围", "Of"),
    scope=Column("text", "统计口径", "Scope"),
    unit=Column("text", "单位", "Unit"),
    unit_en=Column("text", "单位（英文）", "Unit (English)"),
    nature=Column("text", "属性", "Nature"),
    base_year=Column("number", "基期年", "Base year", nullable=True),
    base_value=Column("number", "基期值", "Base value", nullable=True),
    actual_year=Column("number", "现状年", "Year of the last value", nullable=True),
    actual_value=Column("number", "现状值", "Last value", nullable=True),
    target_year=Column("number", "目标年", "Target year", nullable=True),
    relation=Column("text", "关系", "Relation"),
    target_value=Column("number", "目标值", "Target", nullable=True),
    gap=Column("number", "现状减目标", "Last value less target", nullable=True),
    progress=Column("number", "完成进度", "Share of the way done", nullable=True),
    step=Column("number", "年均变化量", "Change in a year", nullable=True),
    rate=Column("number", "年均增长率", "Growth in a year", nullable=True),
    linear_value=Column("number", "线性趋势推至目标年", "Linear trend at the target year", nullable=True),
    growth_value=Column("number", "等速增长推至目标年", "Constant growth at the target year", nullable=True),
    needed_step=Column("number", "所需年均变化量", "Change in a year that it takes", nullable=True),
    needed_rate=Column("number", "所需年均增长率", "Growth in a year that it takes", nullable=True),
    state=Column("text", "状态", "State"),
    measure=Column("text", "图上量算项", "Measure of the map"),
    measured_value=Column("number", "图上量算值", "Measured on the map", nullable=True),
    measured_gap=Column("number", "量算减目标", "Measured less target", nullable=True),
    measured_state=Column("text", "图上是否达标", "Whether the map meets it"),
    source=Column("text", "来源", "Source"),
    source_en=Column("text", "来源（英文）", "Source (English)"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def indicators(
    *,
    indicator_reading: Reading,
    map_measures: pd.DataFrame,
    indicator_rules: RuleTable,
    plan_year: int,
    sketched_sources: tuple[str, ...],
    indicator_file: str | None,
) -> pd.DataFrame:
    """Return the indicators, one row for each target year, one without a target where there is none.

    `state` is ``reached``, ``at_risk`` (met now, but a trend leads back), ``on_track`` (both trends reach the
    target), ``unclear`` (one of them), ``off_track`` (neither), ``no_trend`` (one value only), ``no_actual``,
    ``unreported`` (the year is before the plan's and its value is not given), ``due_missed`` (the value of
    the year, or of a later one, misses it), ``by_map`` (no values, the map alone measures it) or
    ``no_target``.

    Trends carry the change from the base to the last value on: by equal steps (linear), and at a constant
    rate of growth, which needs values above zero; shares stay between 0 and 100 %. `rate`, `needed_rate` and
    `progress` are shares of one. What the map measures is held against the last target; where the plan has
    no target it is told alone. In the order of the plan.
    """
    words = UnitWords.of(indicator_rules)
    sketched = indicator_file in sketched_sources
    rows = [
        row
        for item in indicator_reading.items
        for row in _list_rows(
            _Item(item, words, indicator_rules, plan_year),
            map_measures,
            item.illustrative or (sketched and item.id in indicator_reading.from_table),
        )
    ]
    return shape_rows(pd.DataFrame(rows, columns=None if rows else ["id"]), indicators)


@dataclass(frozen=True)
class _Item:
    """An indicator with what it is judged by."""

    spec: Indicator
    words: UnitWords
    rules: RuleTable
    now: int

    @property
    def course(self) -> Course:
        return Course.of(self.spec, self.words, float(self.rules.value("share.most")))

    @property
    def near(self) -> float:
        return float(self.rules.value("near.tolerance"))

    def meets(self, value: float | None, year: int) -> bool | None:
        if value is None:
            return None
        return is_met(value, relation_of(self.spec, year), self.spec.targets[year].value, self.near)


def _list_rows(item: _Item, measures: pd.DataFrame, sketched: bool) -> Iterator[dict[str, Any]]:
    spec, course = item.spec, item.course
    common = _name(spec, item.words) | {
        "scope": spec.scope or "",
        "nature": spec.nature or "",
        "base_year": course.base,
        "base_value": spec.values.get(course.base or 0),
        "actual_year": course.last,
        "actual_value": spec.values.get(course.last or 0),
        "step": course.step,
        "rate": course.rate,
        "relation": "",
        "state": "no_target",
        "measure": spec.measure or "",
        "measured_state": "",
        "source": spec.source.pick("zh") if spec.source else "",
        "source_en": spec.source.pick("en") if spec.source else "",
        "illustrative": sketched,
    }
    head = "-".join(filter(None, (spec.id, spec.of)))
    if not spec.targets:
        yield common | {"id": head} | _measure(item, measures, None, sketched)
    for year in sorted(spec.targets):
        row = common | {"id": f"{head}-{year}"} | _judge(item, year)
        yield row | (_measure(item, measures, year, sketched) if year == max(spec.targets) else {})


def _name(spec: Indicator, words: UnitWords) -> dict[str, Any]:
    zh, en = (spec.name.pick("zh"), spec.name.pick("en")) if spec.name else (spec.id, spec.id)
    return {
        "name": zh + (f"（{spec.of}）" if spec.of else ""),
        "name_en": en + (f" ({spec.of})" if spec.of else ""),
        "indicator": spec.id,
        "of": spec.of or "",
        "unit": spec.unit or "",
        "unit_en": words.name_in_english(spec.unit or ""),
    }


def _judge(item: _Item, year: int) -> dict[str, Any]:
    """Return what is to be said of one target: gap, trends, what it takes, and the state."""
    spec, course = item.spec, item.course
    target = spec.targets[year].value
    told: dict[str, Any] = {
        "target_year": year,
        "relation": relation_of(spec, year),
        "target_value": target,
        "linear_value": None,
        "growth_value": None,
    }
    if course.last is None or course.base is None:
        return told | {"state": "unreported" if year < item.now else "no_actual"}
    last, first, ahead = spec.values[course.last], spec.values[course.base], year - course.last
    told["gap"] = last - target
    told["progress"] = (
        (last - first) / (target - first) if course.last > course.base and target != first else None
    )
    if ahead > 0:
        told["linear_value"] = course.at(spec, year, "linear")
        told["growth_value"] = course.at(spec, year, "growth")
        told["needed_step"] = step_of(last, target, ahead)
        told["needed_rate"] = rate_of(last, target, ahead)
    return told | {"state": _state(item, year, told)}


def _state(item: _Item, year: int, told: dict[str, Any]) -> str:
    spec, last = item.spec, max(item.spec.values)
    if last >= year:
        value = spec.values.get(year, spec.values[last])
        return "reached" if item.meets(value, year) else "due_missed"
    if year < item.now:
        return "unreported"
    ahead = [item.meets(told[kind], year) for kind in ("linear_value", "growth_value")]
    led = [met for met in ahead if met is not None]
    if item.meets(spec.values[last], year):
        return "reached" if all(led) else "at_risk"
    if not led:
        return "no_trend"
    return "on_track" if all(led) else "unclear" if any(led) else "off_track"


def _measure(item: _Item, measures: pd.DataFrame, year: int | None, sketched: bool) -> dict[str, Any]:
    """Return what the map measures of an indicator, in its unit, held against a target."""
    spec = item.spec
    if spec.measure is None:
        return {}
    found = measures[(measures["measure"] == spec.measure) & (measures["of"] == (spec.of or ""))]
    if found.empty:
        return {}
    row = found.iloc[0]
    value = item.words.convert(float(row["value"]), str(row["unit"]), spec.unit or str(row["unit"]))
    if value is None:
        return {}
    told: dict[str, Any] = {
        "measured_value": value,
        "illustrative": sketched or bool(row["illustrative"]),
    }
    told |= {} if spec.values else {"state": "by_map"}
    if year is None:
        unit = str(row["unit"])
        return told | ({} if spec.unit else {"unit": unit, "unit_en": item.words.name_in_english(unit)})
    state = "kept" if item.meets(value, year) else "missed"
    return told | {"measured_gap": value - spec.targets[year].value, "measured_state": state}


@layer(
    "规划指标逐年值", "Indicators by year", "none",
    needs=("indicators",),
    name_en=Column("text", "英文名称", "English name"),
    indicator=Column("text", "指标标识", "Indicator"),
    of=Column("text", "所属范围", "Of"),
    unit=Column("text", "单位", "Unit"),
    unit_en=Column("text", "单位（英文）", "Unit (English)"),
    year=Column("integer", "年份", "Year"),
    kind=Column("text", "数值类型", "Kind"),
    relation=Column("text", "关系", "Relation"),
    value=Column("number", "数值", "Value"),
)  # fmt: skip
def indicator_years(indicator_reading: Reading, indicator_rules: RuleTable) -> pd.DataFrame:
    """Return the indicators year by year: ``actual`` and ``target``, and both trends to the last target.

    ``linear`` carries the change from the base to the last value on by equal steps, ``growth`` at a constant
    rate; they begin with the last value.
    """
    words, most = UnitWords.of(indicator_rules), float(indicator_rules.value("share.most"))
    rows: list[dict[str, Any]] = []
    for item in indicator_reading.items:
        common = _name(item, words)
        head = "-".join(filter(None, (item.id, item.of)))
        rows += [
            common
            | {"id": f"{head}-{kind}-{year}", "year": year, "kind": kind, "relation": sign, "value": value}
            for kind, year, sign, value in _list_points(item, words, most)
        ]
    return shape_rows(pd.DataFrame(rows, columns=None if rows else ["id"]), indicator_years)


def _list_points(item: Indicator, words: UnitWords, most: float) -> Iterator[tuple[str, int, str, float]]:
    for year in sorted(item.values):
        yield "actual", year, "", item.values[year]
    for year in sorted(item.targets):
        yield "target", year, relation_of(item, year), item.targets[year].value
    course = Course.of(item, words, most)
    for kind in ("linear", "growth"):
        for year in range(course.last or 0, max(item.targets, default=0) + 1) if course.last else ():
            value = course.at(item, year, kind)
            if value is not None and year >= (course.last or 0):
                yield kind, year, "", value
