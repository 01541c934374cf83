"""Rules of a plan: what it may change, and that every step is noted as it was done."""

from __future__ import annotations

import numpy as np
import pytest

from spatial.errors import RuleError
from spatial.plan.evaluation import Evaluation
from spatial.plan.judging import GROUPS, Judge, check_choices, settle_table
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


def test_weights_of_nothing_that_is_given_are_refused() -> None:
    judge = Judge.of(TABLES["farming"], Evaluation(), "farming")
    with pytest.raises(RuleError, match="weigh some of land"):
        judge.weigh({"land": ONE, "water": None}, {"water": 1.0})


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
