"""Rules of a plan: what it may change, and that every step is noted as it was done."""

from __future__ import annotations

import numpy as np
import pytest

from spatial.errors import RuleError
from spatial.plan.judging import GROUPS, Judge, check_choices, settle_table
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import read_rules
from spatial.plan.traces import making, tracing

TABLES = {group: read_rules(f"evaluation_{group}") for group in GROUPS}
ONE = np.array([[3]], np.uint8)


def test_breaks_of_the_plan_stand_in_for_those_of_the_table() -> None:
    spec = Evaluation(breaks={"farming.slope": (1, 2, 3, 4)})
    judge = Judge.of(TABLES["farming"], spec, "farming")
    assert judge.grade("slope", np.array([[2.5]], np.float32))[0, 0] == 3
    assert settle_table(TABLES["urban"], spec, "urban").value("slope").breaks == (3, 8, 15, 25)


def test_all_that_a_plan_says_wrong_is_told_at_once() -> None:
    spec = Evaluation(
        breaks={"farm.slope": (1, 2), "urban.slope": (1, 2), "urban.slop": (1,)},
        weights={"hazards": {"rain": 1.0}, "farming": {"land": 0.5, "soil": 0.5}},
    )
    with pytest.raises(RuleError) as caught:
        check_choices(spec, TABLES)
    told = str(caught.value)
    for part in ("breaks.farm.slope", "slope", "slop", "weights.hazards", "weights.farming.soil"):
        assert part in told
    assert len(caught.value.faults) == 5


MATRIX = [[1, 1, 1, 1, 2], [1, 1, 2, 2, 3], [2, 2, 3, 3, 4], [3, 4, 4, 5, 5], [5, 5, 5, 5, 5]]


def test_single_rows_of_the_plan_stand_in_for_those_of_the_table() -> None:
    rules = {
        "urban.matrix.land_water": MATRIX,
        "urban.concentration.min_area": 20_000,
        "farming.soil_capacity": {"1": 0, "3": 2, "5": 4},
        "urban.slope": {"breaks": [5, 10], "grades": [1, 3, 5]},
        "capacity.conflict.urban": ["urban", "bare"],
    }
    spec = Evaluation(rules=rules)
    check_choices(spec, TABLES)
    urban = settle_table(TABLES["urban"], spec, "urban")
    judge = Judge.of(TABLES["urban"], spec, "urban")
    one, four = np.array([[1]], np.uint8), np.array([[4]], np.uint8)
    assert judge.combine("matrix.land_water", one, four, ("land", "water"))[0, 0] == 1  # the table's own: 2
    assert judge.grade("slope", np.array([[7.0]], np.float32))[0, 0] == 3
    assert urban["concentration.min_area"].source == "plan"
    assert urban["concentration.min_area"].confidence == "given"
    assert urban["concentration.max_area"] == TABLES["urban"]["concentration.max_area"]
    assert settle_table(TABLES["farming"], spec, "farming").value("soil_capacity")[3] == 2


def test_numbers_with_an_exponent_are_numbers_though_yaml_takes_them_for_words() -> None:
    spec = Evaluation(rules={"urban.concentration.max_area": "1e12"})
    assert settle_table(TABLES["urban"], spec, "urban").value("concentration.max_area") == 1e12


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"farm.slope": 3}, "evaluation.rules.farm.slope: names no group of rules"),
        ({"farming": {"slope": 3}}, "evaluation.rules.farming: names no row of the group; write GROUP.KEY"),
        ({"urban.concentration.max_area": "1e6 m2"}, "evaluation.rules.urban.concentration.max_area"),
        ({"urban.matrix.land_watr": MATRIX}, "did you mean matrix.land_water"),
        ({"urban.matrix.land_water": MATRIX[:4]}, "not of the kind or the size"),
        ({"urban.matrix.land_water": [row[:4] for row in MATRIX]}, "not of the kind or the size"),
        ({"urban.matrix.land_water": [[0, *row[1:]] for row in MATRIX]}, "whole numbers 1 to 5"),
        ({"urban.matrix.land_water": [[1.5, *row[1:]] for row in MATRIX]}, "whole numbers 1 to 5"),
        ({"urban.concentration.min_area": "2 ha"}, "not of the kind or the size"),
        ({"urban.concentration.min_area": -1}, "is below 0"),
        ({"urban.concentration.min_area": float("nan")}, "not of the kind or the size"),
        ({"urban.concentration.min_area": True}, "not of the kind or the size"),
        ({"farming.soil_capacity": {1: 0, 2: 1}}, "the table has"),
        ({"urban.slope": {"breaks": [5, 10], "grades": [1, 3]}}, "2 breaks part 3 intervals"),
        ({"urban.slope": {"breaks": [10, 5], "grades": [1, 3, 5]}}, "breaks do not rise"),
    ],
)
def test_rows_that_a_table_does_not_have_or_not_so_are_refused(rules: dict, told: str) -> None:
    with pytest.raises(RuleError) as caught:
        check_choices(Evaluation(rules=rules), TABLES)
    assert told in str(caught.value)
    (fault,) = caught.value.faults
    assert fault.key == f"evaluation.rules.{next(iter(rules))}"
    assert fault.remedy


def test_a_row_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"urban.slope: given under `breaks` and under `rules`"):
        Evaluation(
            rules={"urban.slope": {"breaks": [5], "grades": [1, 2]}}, breaks={"urban.slope": (1, 2, 3, 4)}
        )


def test_weights_of_nothing_that_is_given_are_refused() -> None:
    judge = Judge.of(TABLES["farming"], Evaluation(), "farming")
    with pytest.raises(RuleError, match="weigh some of land"):
        judge.weigh({"land": ONE, "water": None}, {"water": 1.0})


def test_weights_and_the_weighted_mean_are_noted() -> None:
    judge = Judge.of(TABLES["farming"], Evaluation(), "farming")
    grades = {"land": ONE, "water": np.array([[1]], np.uint8), "heat": None}
    with tracing() as notes:
        found = judge.weigh(grades, {"land": 0.25, "water": 0.25, "heat": 0.5})
    assert found[0, 0] == 2
    (note,) = notes
    assert note.inputs == {"land": 3, "water": 1, "heat": None, "weighted_mean": 2.0}
    assert note.rule is not None
    assert note.rule.value == {"land": 0.25, "water": 0.25, "heat": 0.5}


def test_steps_are_noted_with_rule_layer_and_result() -> None:
    judge = Judge.of(TABLES["farming"], Evaluation(), "farming")
    with tracing() as notes, making("demo"):
        judge.grade("slope", np.array([[7.0]], np.float32))
        judge.shift("silt", ONE, None)
        judge.grade("slope", np.array([[7.0, 8.0]], np.float32))
    assert [(one.layer, one.action, one.result) for one in notes] == [
        ("demo", "grade", 3),
        ("demo", "skip", 3),
    ]
    assert notes[0].rule is not None
    assert notes[0].rule.key == "slope"
    assert notes[0].table == "evaluation_farming"


def test_nothing_is_noted_outside() -> None:
    judge = Judge.of(TABLES["farming"], Evaluation(), "farming")
    with tracing() as notes:
        pass
    judge.grade("slope", np.array([[7.0]], np.float32))
    assert notes == []
