"""Rule tables: every number with its source, and the shipped ones complete for what asks them."""

import math
import pickle
from typing import get_args

import pytest
import yaml
from pydantic import ValidationError

from spatial.errors import RuleError
from spatial.plan import rules
from spatial.plan.records import Line, Mode, Zone
from spatial.plan.rules import RuleTable, read_rules
from spatial.plan.shelf import find_shelf

TABLES = sorted(file.stem for file in (find_shelf() / "rules").glob("*.yaml"))
ROW = {"key": "a.b", "value": 1, "label": "甲", "source": "own", "confidence": "low"}


def table(*rows, **more):
    return {"name": "demo", "version": "1", "title": "表", "rules": list(rows)} | more


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    (tmp_path / "rules").mkdir()
    monkeypatch.setattr(rules, "find_shelf", lambda: tmp_path)
    read_rules.cache_clear()
    yield tmp_path / "rules"
    read_rules.cache_clear()


def put(shelf, value):
    text = value if isinstance(value, str) else yaml.safe_dump(value, allow_unicode=True)
    (shelf / "demo.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_shipped_tables_are_in_order(name):
    found = read_rules(name)
    assert found.name == name
    assert found.version
    for rule in found.rules:
        assert rule.source
        assert rule.label.zh
        assert rule.label.en, f"{rule.key} has no English label"
        assert rule.confidence != "default" or "project default" in rule.source
        assert found[rule.key] is rule
        if isinstance(rule.value, float):
            assert math.isfinite(rule.value)


def test_each_mode_has_a_speed_and_a_detour():
    commute = read_rules("commute")
    for mode in get_args(Mode):
        assert commute[f"{mode}.speed"].unit == "km/h"
        assert 0 < commute.value(f"{mode}.speed") <= 200
        assert 1 <= commute.value(f"{mode}.detour") <= 5
    speeds = [commute.value(f"{mode}.speed") for mode in ("walk", "cycle", "bus", "drive")]
    assert speeds == sorted(speeds)


def test_each_zone_and_line_has_its_rank_and_home():
    zones, lines = read_rules("zones"), read_rules("lines")
    assert sorted(zones.value("priority")) == sorted(get_args(Zone))
    assert sorted(lines.value("priority")) == sorted(get_args(Line))
    assert set(zones.value("zone_of_line")) == set(get_args(Line))
    assert set(zones.value("zone_of_line").values()) == set(get_args(Zone))
    assert zones.value("unclaimed") in get_args(Zone)
    assert (zones["tolerance"].unit, zones["min_area"].unit) == ("m", "m2")
    assert 0 < zones.value("tolerance") < 1 < zones.value("min_area")


def test_values_keep_their_kind(shelf):
    rows = [ROW | {"key": key, "value": value} for key, value in (
        ("a", 1), ("b", 1.5), ("c", True), ("d", "x"), ("e", ["x", "y"]), ("f", {"x": "y"}), ("g", "1"),
    )]  # fmt: skip
    put(shelf, table(*rows))
    found = read_rules("demo")
    assert [(key, found.value(key)) for key in "abcdefg"] == [
        ("a", 1), ("b", 1.5), ("c", True), ("d", "x"), ("e", ("x", "y")), ("f", {"x": "y"}), ("g", "1"),
    ]  # fmt: skip
    assert [type(found.value(key)) for key in "abc"] == [int, float, bool]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (table({key: item for key, item in ROW.items() if key != "source"}), "source"),
        (table({key: item for key, item in ROW.items() if key != "confidence"}), "confidence"),
        (table(ROW | {"confidence": "sure"}), "confidence"),
        (table(ROW | {"source": "  "}), "source"),
        (table(ROW | {"value": float("nan")}), "value"),
        (table(ROW | {"valeu": 2}), "valeu"),
        (table(ROW, ROW | {"value": 2}), "rows are given twice: a.b"),
        (table(ROW, colour="red"), "colour"),
        ("name: [", "while parsing"),
        ("", "rules/demo.yaml"),
        ("- a", "rules/demo.yaml"),
    ],
)
def test_a_table_that_is_none(shelf, value, said):
    put(shelf, value)
    with pytest.raises(RuleError) as caught:
        read_rules("demo")
    assert str(caught.value).startswith("rules/demo.yaml: ")
    assert said in str(caught.value)


def test_a_table_or_row_that_is_not_there(shelf):
    with pytest.raises(RuleError, match=r"rules/demo\.yaml: there is no such rule table"):
        read_rules("demo")
    put(shelf, table(ROW))
    found = read_rules("demo")
    for ask in (found.__getitem__, found.value):
        with pytest.raises(LookupError, match=r"rules/demo\.yaml: a\.c: there is no such row") as caught:
            ask("a.c")
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), RuleError)


def test_tables_are_frozen():
    with pytest.raises(ValidationError):
        read_rules("commute").version = "2"
    again = RuleTable.model_validate(read_rules("commute").model_dump())
    assert again == read_rules("commute")
