"""Rule tables: every number with its source, and the shipped ones complete for what asks them."""

import math
import pickle
from typing import get_args

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from spatial.errors import RuleError
from spatial.plan import rules
from spatial.plan.records import Line, Mode, Zone
from spatial.plan.rules import Profile, RuleTable, Shifts, Steps, read_rules
from spatial.plan.shelf import find_shelf

# The rules of departments are a table of another shape, see spatial/plan/departments.py.
TABLES = sorted(file.stem for file in (find_shelf() / "rules").glob("*.yaml") if file.stem != "departments")
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
        assert rule.confidence != "given"
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


EVALUATION = [name for name in TABLES if name.startswith("evaluation_")]


@pytest.mark.parametrize("name", EVALUATION)
@pytest.mark.parametrize("profile", get_args(Profile))
def test_evaluation_tables_hold_what_is_asked_of_them(name, profile):
    """Matrices of grades never get better with a worse grade, and grades run one way unless both ends are bad."""
    found = read_rules(name).of(profile)
    assert not [rule.key for rule in found.rules if rule.key.startswith(get_args(Profile))]
    for rule in found.rules:
        if rule.key.split(".")[-1] == "matrix" or rule.key.startswith("matrix."):
            matrix = np.array(rule.value)
            assert matrix.shape in ((5, 5), (3, 3))
            assert {1, len(matrix)} <= set(matrix.ravel().tolist()) <= set(range(1, len(matrix) + 1))
            assert (np.diff(matrix, axis=0) >= 0).all(), rule.key
            assert (np.diff(matrix, axis=1) >= 0).all(), rule.key
        if isinstance(rule.value, Steps) and rule.key != "comfort":
            grades = list(rule.value.grades)
            assert grades in (sorted(grades), sorted(grades, reverse=True))
            assert len(set(grades)) == len(grades)
        if isinstance(rule.value, Shifts):
            shifts = list(rule.value.shifts)
            assert shifts in (sorted(shifts), sorted(shifts, reverse=True))


def test_both_ends_of_comfort_are_bad():
    comfort = read_rules("evaluation_urban").value("comfort")
    assert comfort.grades == comfort.grades[::-1]
    assert max(comfort.grades) == comfort.grades[len(comfort.grades) // 2] == 7
    assert comfort.edges == ("above",) * 6 + ("below",) * 6


def test_profiles_differ_where_the_guides_do():
    draft, trial = (read_rules("evaluation_farming").of(profile) for profile in get_args(Profile))
    assert "unsuitable.slope" not in [rule.key for rule in draft.rules]
    assert trial.value("unsuitable.slope") == 25
    assert draft.value("slope") == trial.value("slope")
    with pytest.raises(RuleError, match="no such profile"):
        read_rules("evaluation_farming").of("2021")


def test_a_row_of_a_profile_stands_for_the_common_one(shelf):
    rows = [ROW | {"key": key, "value": value} for key, value in (
        ("2020-trial.a", 2), ("a", 1), ("b", 3), ("2019-draft.c", 4),
    )]  # fmt: skip
    put(shelf, table(*rows))
    found = read_rules("demo")
    draft, trial = found.of("2019-draft"), found.of("2020-trial")
    assert {rule.key: rule.value for rule in draft.rules} == {"a": 1, "b": 3, "c": 4}
    assert {rule.key: rule.value for rule in trial.rules} == {"a": 2, "b": 3}


def test_rows_are_found_by_what_their_key_begins_with():
    cover = read_rules("evaluation_ecology").under("wind_decay")
    assert list(cover) == ["forest", "grass", "shrub", "bare", "sand", "crop"]
    assert read_rules("commute").under("nothing") == {}


def test_values_of_many_kinds(shelf):
    values = {
        "steps": {"breaks": [1, 2.5], "grades": [1, 3, 5], "edges": ["above", "below"]},
        "shifts": {"breaks": [1], "shifts": [0, -1]},
        "numbers": [1, 2.5], "matrix": [[1, 2], [3, 4]], "by_name": {"rain": 0.2, "heat": 1}, "by_code": {1: 0, 5: 4},
    }  # fmt: skip
    put(shelf, table(*(ROW | {"key": key, "value": value} for key, value in values.items())))
    found = read_rules("demo")
    assert found.value("steps") == Steps(breaks=(1, 2.5), grades=(1, 3, 5), edges=("above", "below"))
    assert found.value("shifts") == Shifts(breaks=(1,), shifts=(0, -1))
    assert found.value("numbers") == (1, 2.5)
    assert found.value("matrix") == ((1, 2), (3, 4))
    assert found.value("by_name") == {"rain": 0.2, "heat": 1}
    assert found.value("by_code") == {1: 0, 5: 4}
    assert RuleTable.model_validate(found.model_dump()) == found
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"breaks": [2, 1], "grades": [1, 2, 3]}, "breaks do not rise"),
        ({"breaks": [1, 1], "grades": [1, 2, 3]}, "breaks do not rise"),
        ({"breaks": [1, 2], "grades": [1, 2]}, "part 3 intervals, but 2 are given"),
        ({"breaks": [1, 2], "shifts": [1, 2]}, "part 3 intervals, but 2 are given"),
        ({"breaks": [1, 2], "grades": [1, 2, 3], "edges": ["below"]}, "2 breaks, but 1 edges"),
        ({"breaks": [1], "grades": [0, 1]}, "greater than or equal to 1"),
        ({"breaks": [1], "grades": [1, 2], "edges": "left"}, "edges"),
        ({"breaks": [True], "grades": [1, 2]}, "breaks"),
        ([[]], "value"),
        ([1, "x"], "value"),
    ],
)
def test_values_that_make_no_sense(shelf, value, said):
    put(shelf, table(ROW | {"value": value}))
    with pytest.raises(RuleError, match=said):
        read_rules("demo").value("a.b")


def test_a_plan_overrides_single_values():
    farming = read_rules("evaluation_farming")
    mine = farming.override({
        "slope": [3, 8, 15, 20],
        "rain": {"breaks": [100, 200], "grades": [3, 2, 1], "edges": "above"},
        "lapse": 0.55,
        "soil_capacity": {1: 0, 3: 2, 5: 4},
        "matrix.base_heat": [[1] * 5] * 5,
    })  # fmt: skip
    assert mine.value("slope") == Steps(breaks=(3, 8, 15, 20), grades=(1, 2, 3, 4, 5))
    assert mine.value("rain").grades == (3, 2, 1)
    assert (mine.value("lapse"), mine.value("soil_capacity")[3]) == (0.55, 2)
    assert {mine["slope"].source, mine["slope"].confidence} == {"plan", "given"}
    assert mine["slope"].label == farming["slope"].label
    assert mine.value("aridity") == farming.value("aridity")
    assert farming.value("slope").breaks == (2, 6, 15, 25)
    assert farming.override({}) == farming


def test_all_faults_of_an_override_at_once():
    with pytest.raises(RuleError) as caught:
        read_rules("evaluation_farming").override(
            {
                "slop": [1, 2, 3, 4],
                "slope": [8, 3, 15, 25],
                "rain": [200, 400],
                "lapse": "0.6",
                "aridity": {"breaks": [1], "grades": [1, 2], "edge": "below"},
                "matrix.land_water": [[1, 2], [3, 4]],
                "weather_hazard.weights": {"rain": 1, "snow": 2},
                "concentration": 5,
            },
            "plan.yaml:7",
        )
    said = str(caught.value).splitlines()
    assert len(said) == 8
    for line, words in zip(said, ("no such row", "do not rise", "part 3 intervals", "kind", "kind", "kind", "kind", "kind"),
                           strict=True):  # fmt: skip
        assert line.startswith("plan.yaml:7: ")
        assert words in line
