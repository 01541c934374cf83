"""Indicators in a plan: what is refused and with which remedy, and what is read from where."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from spatial.errors import PlanError
from spatial.plan.parts.indicators import CoreIndicator, Indicator, state_core
from spatial.plan.reading.reader import load_plan
from spatial.plan.reading.unitwords import UnitWords, plain_unit
from spatial.plan.rules import read_rules

HEAD = "name: a\ntitle: {zh: 甲}\nyear: 2025\nterritory: {adcode: 410611}\n"


def load(folder: Path, text: str) -> object:
    path = folder / "plan.yaml"
    path.write_text(HEAD + text, "utf-8")
    return load_plan(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{id: A}", "plain name"),
        ("{id: a, values: {2018: many}}", '"many" is not a number'),
        ("{id: a, values: {2018: 5 %}}", "without its unit"),
        ("{id: a, values: {2018: true}}", "is not a number"),
        ("{id: a, values: {1800: 5}}", "1949"),
        ('{id: a, targets: {2020: "60-70"}}', "is no target"),
        ("{id: a, targets: {2020: {value: 1, of: 2}}}", "of"),
        ("{id: a, nature: 强制性}", "binding"),
        ("{id: a, from: zones}", "no measure of the map"),
        ("{id: a, values: {2018: 1}, base_year: 2017}", "base_year"),
        ("{id: a, weight: 2}", "weight"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(PlanError) as caught:
        load(tmp_path, f"indicators:\n  - {line}\n")
    (fault,) = caught.value.faults
    assert said in str(fault)
    assert fault.where.endswith("plan.yaml:6")


def test_the_file_of_indicators_is_a_source_of_the_plan(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no source 'figures'"):
        load(tmp_path, "indicator_file: figures\n")
    load(tmp_path, "indicator_file: figures\nsources: {figures: {file: t.csv}}\n")


def test_words_of_planners_are_understood() -> None:
    one = Indicator.model_validate(
        {
            "id": "a",
            "nature": "约束性",
            "direction": "越小越好",
            "values": {2018: "87,599"},
            "targets": {2020: "不超过 9"},
        }
    )
    assert (one.nature, one.direction, one.values[2018]) == ("binding", "down", 87599.0)
    assert one.targets[2020].relation == "<="
    with pytest.raises(ValidationError):
        Indicator.model_validate({"id": "a", "direction": "sideways"})


def test_core_indicators_in_short() -> None:
    items = [
        Indicator.model_validate(spec)
        for spec in (
            {"id": "urbanisation", "values": {2018: 62.36}, "targets": {2020: "> 65", 2035: 75}},
            {"id": "gdp", "unit": "亿元", "values": {2018: 600, 2020: 700}},
            {"id": "gdp", "unit": "亿元", "of": "东区", "values": {2018: 9}},
            {"id": "nothing", "values": {2018: 9}},
        )
    ]
    assert state_core(items) == {
        "urbanisation": CoreIndicator(value=75, unit="%", year=2035),
        "gdp": CoreIndicator(value=700, unit="亿元", year=2020),
    }


def test_every_row_of_the_table_is_one_that_a_plan_can_have() -> None:
    rules = read_rules("indicators")
    words = UnitWords.of(rules)
    rows = rules.under("indicator")
    assert {row["number"] for row in rows.values()} == {str(number) for number in range(1, 36)}
    for key, row in rows.items():
        one = Indicator.model_validate(
            {"id": key}
            | {name: row[name] for name in ("unit", "nature", "direction", "scope") if name in row}
        )
        assert words.find(one.unit or "") is not None, key
        assert rules[f"indicator.{key}"].confidence == "medium"


def test_units_are_told_in_english_and_back() -> None:
    rules = read_rules("indicators")
    words = UnitWords.of(rules)
    assert set(words.english) <= set(words.known)
    for unit, (dimension, factor) in words.known.items():
        assert factor > 0
        assert words.convert(1.0, unit, unit) == 1.0
        for other, (kind, _) in words.known.items():
            there = words.convert(3.0, unit, other)
            assert (there is None) == (kind != dimension)
            if there is not None:
                assert words.convert(there, other, unit) == pytest.approx(3.0)
    assert words.convert(1.0, "万亩", "公顷") == pytest.approx(10_000 / 15)
    assert plain_unit("㎡/人") == "m2/人"


def test_a_target_can_be_set_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(HEAD + "indicators: [{id: a, targets: {2020: 5}}]\n", "utf-8")
    file = load_plan(tmp_path / "plan.yaml", ("indicators.0.nature=binding",))
    assert file.plan.indicators[0].nature == "binding"
