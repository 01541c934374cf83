"""Indicators: each state by a case worked by hand, the table in long form, and what the map measures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.checks.indicator_states import indicator_state_findings
from spatial.checks.indicators import indicator_findings
from spatial.plan.indicator_table import Reading, gather_indicators
from spatial.plan.parts.indicators import Indicator
from spatial.plan.rules import read_rules
from spatial.themes.indicators import indicator_reading, indicator_years, indicators

RULES = read_rules("indicators")
NONE = pd.DataFrame({"measure": [], "of": [], "value": [], "unit": [], "illustrative": []})


def measures(**values: tuple[float, str]) -> pd.DataFrame:
    rows = [(name.replace("__", "."), "", value, unit, False) for name, (value, unit) in values.items()]
    return pd.DataFrame(rows, columns=list(NONE))


def build(
    *specs: dict[str, Any], table: pd.DataFrame | None = None, measured: pd.DataFrame = NONE, now: int = 2025
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return both layers and the rules of the findings, each with its severity."""
    items = tuple(Indicator.model_validate(spec) for spec in specs)
    tables = {} if table is None else {"t": table}
    read = indicator_reading(items, "t" if tables else None, tables, RULES)
    rows = indicators(
        indicator_reading=read, map_measures=measured, indicator_rules=RULES, plan_year=now,
        sketched_sources=("t",), indicator_file="t" if tables else None,
    )  # fmt: skip
    years = indicator_years(read, RULES)
    for frame, function in ((rows, indicators), (years, indicator_years)):
        function.__dict__["contract"].schema(function.__name__).validate(frame)
    found = indicator_findings(read, RULES, measured, now) + indicator_state_findings(rows, RULES)
    return rows, years, sorted(f"{one.severity} {one.rule.removeprefix('indicators.')}" for one in found)


def one(**keys: Any) -> dict[str, Any]:
    return {"id": "a", "unit": "%", "nature": "expected"} | keys


@pytest.mark.parametrize(
    ("values", "target", "state"),
    [
        # 2 a year from 60 in 2020: 64 in 2022, 80 in 2030. At constant growth 64/60 in two years: 82.8.
        ({2020: 60, 2022: 64}, {2030: 80}, "on_track"),
        ({2020: 60, 2022: 64}, {2030: "> 80"}, "unclear"),
        ({2020: 60, 2022: 64}, {2030: 90}, "off_track"),
        ({2020: 60, 2022: 64}, {2030: 64}, "reached"),
        ({2020: 64, 2022: 60}, {2030: ">= 59"}, "at_risk"),
        ({2022: 60}, {2030: 80}, "no_trend"),
        ({2022: 60}, {2030: 60}, "reached"),
        ({}, {2030: 80}, "no_actual"),
        ({}, {2020: 80}, "unreported"),
        ({2018: 60}, {2020: 65}, "unreported"),
        ({2018: 60, 2020: 64}, {2020: 65}, "due_missed"),
        ({2018: 60, 2021: 66}, {2020: 65}, "reached"),
        ({2018: 60, 2020: 66, 2022: 64}, {2020: 65}, "reached"),
        ({2018: 60, 2020: 64, 2022: 66}, {2020: 65}, "due_missed"),
        ({2020: 30, 2022: 28}, {2030: "<= 20"}, "unclear"),
        ({2020: 30, 2022: 28}, {2030: "<= 19"}, "off_track"),
        ({2020: 48, 2022: 49}, {2024: "约 50"}, "unreported"),
        ({2020: 48, 2022: 49}, {2026: "约 50"}, "reached"),
        ({2020: 60, 2022: 64}, {}, "no_target"),
    ],
)
def test_states(values: dict[int, float], target: dict[int, Any], state: str) -> None:
    rows, _, found = build(one(values=values, targets=target))
    assert rows["state"].tolist() == [state]
    told = {"off_track": "warning", "at_risk": "warning", "due_missed": "warning", "unreported": "info",
            "unclear": "info"}  # fmt: skip
    assert found == ([f"{told[state]} {state}"] if state in told else [])


def test_numbers_of_a_row_by_hand() -> None:
    rows, years, _ = build(one(unit="万人", values={2016: 40, 2020: 48.4}, targets={2025: 50, 2030: "> 60"}))
    row = rows.set_index("target_year").loc[2030]
    assert (row["base_year"], row["actual_year"], row["gap"]) == (2016, 2020, pytest.approx(-11.6))
    assert row["step"] == pytest.approx(2.1)
    assert row["rate"] == pytest.approx((48.4 / 40) ** 0.25 - 1)
    assert row["linear_value"] == pytest.approx(48.4 + 21)
    assert row["growth_value"] == pytest.approx(48.4 * (48.4 / 40) ** 2.5)
    assert row["needed_step"] == pytest.approx(1.16)
    assert row["needed_rate"] == pytest.approx((60 / 48.4) ** 0.1 - 1)
    assert row["progress"] == pytest.approx(8.4 / 20)
    assert (row["relation"], row["state"]) == (">", "on_track")
    linear = years[years["kind"] == "linear"].set_index("year")["value"]
    assert linear.index.tolist() == list(range(2020, 2031))
    assert linear[2020] == 48.4
    assert linear[2030] == pytest.approx(row["linear_value"])
    assert years[years["kind"] == "target"]["value"].tolist() == [50, 60]


def test_shares_never_pass_all_and_growth_needs_values_above_zero() -> None:
    rows, _, _ = build(one(values={2018: 80, 2020: 90}, targets={2030: 99}))
    assert rows["linear_value"].tolist() == [100.0]
    assert rows["growth_value"].tolist() == [100.0]
    rows, _, _ = build(one(unit="米", values={2018: 0, 2020: 90}, targets={2030: 99}))
    assert rows["growth_value"].isna().all()
    assert rows["state"].tolist() == ["on_track"]


def test_the_rule_table_fills_what_the_plan_leaves_out_and_says_so() -> None:
    rows, _, found = build({"id": "park_cover", "values": {2020: 70}})
    row = rows.iloc[0]
    assert (row["name"], row["unit"], row["nature"]) == ("公园绿地、广场步行5分钟覆盖率", "%", "binding")
    assert row["scope"] == "中心城区"
    assert found == ["info nature_default"]
    assert build({"id": "park_cover", "nature": "预期性", "values": {2020: 70}})[2] == ["info nature"]
    assert build({"id": "own", "unit": "%", "values": {2020: 70}})[2] == ["info no_nature"]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"unit": "斛", "values": {2020: 1}}, ["warning unit"]),
        ({"unit": None, "values": {2020: 1}}, ["warning unit"]),
        ({"values": {2020: 120}}, ["warning share"]),
        ({"targets": {2030: 101}, "values": {2022: 5}}, ["warning share"]),
        ({"values": {2030: 50}}, ["warning future"]),
        ({"direction": "up", "values": {2022: 50}, "targets": {2020: 40}}, ["warning years"]),
        ({"direction": "up", "targets": {2030: 60, 2035: 50}}, ["warning looser"]),
        ({"direction": "down", "targets": {2030: 50, 2035: 60}}, ["warning looser"]),
        ({"targets": {2030: "65 万人"}}, ["error target_unit"]),
        ({"from": "zones.urban.area_ha"}, ["warning no_measure"]),
    ],
)
def test_what_cannot_be_is_told(keys: dict[str, Any], found: list[str]) -> None:
    assert build(one(**keys))[2] == found


def test_the_map_is_held_against_the_last_target() -> None:
    spec = {"id": "farmland_area", "name": "永久基本农田", "unit": "km²", "nature": "约束性",
            "targets": {2025: 100, 2035: ">= 120"}, "from": "lines.permanent_farmland.area_ha"}  # fmt: skip
    rows, _, found = build(spec, measured=measures(lines__permanent_farmland__area_ha=(11_900.0, "ha")))
    last = rows.set_index("target_year").loc[2035]
    assert (last["measured_value"], last["measured_state"]) == (pytest.approx(119.0), "missed")
    assert last["measured_gap"] == pytest.approx(-1.0)
    assert rows.set_index("target_year").loc[2025, "measured_state"] == ""
    assert found == ["error map_missed"]
    more = measures(lines__permanent_farmland__area_ha=(12_500.0, "ha"))
    assert build(spec, measured=more)[2] == ["info map_differs"]
    same = measures(lines__permanent_farmland__area_ha=(12_000.0, "ha"))
    assert build(spec, measured=same)[2] == []
    assert build({**spec, "nature": "expected"}, measured=measures(
        lines__permanent_farmland__area_ha=(11_900.0, "ha")))[2] == ["warning map_missed"]  # fmt: skip
    assert build({**spec, "unit": "万人"}, measured=same)[2] == ["warning no_measure"]


def test_without_values_the_map_alone_tells() -> None:
    spec = {"id": "own", "nature": "binding", "from": "lines.urban_boundary.area_ha"}
    rows, _, found = build(spec, measured=measures(lines__urban_boundary__area_ha=(50.0, "ha")))
    assert rows.iloc[0][["state", "unit", "measured_value"]].tolist() == ["by_map", "ha", 50.0]
    assert found == []


def long_form(text: str) -> pd.DataFrame:
    head, *lines = [line.split(",") for line in text.split()]
    frame = pd.DataFrame(lines, columns=head, index=range(2, len(lines) + 2))
    return frame.replace("", None).astype({"年份": "float64", "数值": object})


def test_a_table_in_long_form_under_chinese_heads() -> None:
    table = long_form(
        "标识,指标,单位,属性,行政区,年份,数值,类型 a,城镇化率,%,预期性,,2018,62.36,现状 a,,,,,2020,64,实际 "
        "a,,,,,2030,>65,目标 a,城镇化率,%,预期性,东区,2020,50,"
    )
    rows, years, found = build(table=table)
    assert found == []
    assert rows["id"].tolist() == ["a-2030", "a-东区"]
    assert rows["name"].tolist() == ["城镇化率", "城镇化率（东区）"]
    assert rows["relation"].tolist() == [">", ""]
    assert rows["illustrative"].all()
    assert years[years["kind"] == "actual"]["value"].tolist() == [62.36, 64, 50]


def test_rows_that_cannot_be_taken_are_told_by_line_and_the_rest_stands() -> None:
    table = long_form(
        "标识,单位,年份,数值,类型 a,%,2018,62,现状 a,%,2019,many,现状 A!,%,2020,5,现状 a,%,2018,63,现状"
    )
    read = gather_indicators((), table, RULES, "t")
    assert [item.values for item in read.items] == [{2018: 62.0}]
    assert [fault.rule for fault in read.faults] == [
        "indicators.table",
        "indicators.table",
        "indicators.twice",
    ]
    assert "第 3 行" in read.faults[0].message_zh
    assert "line 4" in read.faults[1].message_en
    odd = gather_indicators(
        (), long_form("标识,单位,年份,数值,类型 a,%,2018,>62,现状 a,%,2019,3万人,现状"), RULES, "t"
    )
    assert [fault.message_en.rpartition(": ")[2] for fault in odd.faults] == [
        "an actual value is a number without a relation.", "the value is in '万人', the unit is '%'.",
    ]  # fmt: skip
    none = gather_indicators((), pd.DataFrame({"指标": ["x"]}), RULES, "t")
    assert none.items == ()
    assert "标识、年份、数值" in none.faults[0].message_zh.replace("代码", "标识")


def test_the_plan_stands_before_its_table_and_twice_is_an_error() -> None:
    table = long_form("标识,单位,年份,数值,类型 a,%,2018,60,现状 a,%,2020,64,现状")
    rows, _, found = build(one(values={2018: 62.0}), table=table)
    assert (rows["base_value"].tolist(), rows["actual_value"].tolist()) == ([62.0], [64.0])
    assert found == ["error twice"]


def test_nothing_without_the_part() -> None:
    rows, years, found = build()
    assert rows.empty
    assert years.empty
    assert found == []
    assert Reading().items == ()


values = st.dictionaries(st.integers(2000, 2024), st.floats(0.1, 100), min_size=1, max_size=5)
targets = st.dictionaries(st.integers(2026, 2050), st.floats(0.1, 100), max_size=3)


@settings(max_examples=25, deadline=None)
@given(values, targets, st.sampled_from(["up", "down", "keep"]), st.sampled_from(["%", "万人", "斛"]))
def test_layers_hold_for_any_figures(
    actual: dict[int, float], wanted: dict[int, float], direction: str, unit: str
) -> None:
    rows, years, _ = build(one(values=actual, targets=wanted, direction=direction, unit=unit))
    assert len(rows) == max(len(wanted), 1)
    assert (rows["actual_value"] == actual[max(actual)]).all()
    assert years["value"].map(np.isfinite).all()
    assert years["id"].is_unique
    for row in rows[rows["state"] == "on_track"].itertuples():
        assert abs(row.linear_value - row.target_value) < 1e-6 or (
            (row.linear_value > row.target_value) == (row.relation in (">", ">="))
        )
