"""The assessment as a plan writes it: what is refused, and how sets, rows and names settle."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from spatial.errors import RuleError
from spatial.plan.parts.assessment import (
    DIRECTION_NAMES,
    WEIGHING_NAMES,
    Assessment,
    Direction,
    Weighing,
    list_criteria,
    list_indicators,
    settle_rules,
)
from spatial.plan.parts.functional import ZoneKind
from spatial.plan.rules import read_rules

RULES = read_rules("assessment")


def spec(**parts: Any) -> Assessment:
    return Assessment.model_validate({"table": "scores", **parts})


def one(**parts: Any) -> dict[str, Any]:
    return {"services": [{"indicator": "visits", "weight": 1, **parts}]}


def test_the_shipped_sets_are_whole() -> None:
    known = RULES.under("indicator")
    units = RULES.under("unit")
    used = set()
    for kind in get_args(ZoneKind):
        rows = RULES.under(kind)
        assert sum(row["weight"] for row in rows.values()) == pytest.approx(1.0)
        used |= set(rows)
        for criterion in list_criteria(spec(), RULES)[kind]:
            assert criterion.direction in get_args(Direction)
            assert criterion.target is not None
            assert criterion.unit.en
    assert used <= set(known)
    assert {RULES[f"indicator.{name}"].unit for name in known} == set(units)
    for rule in RULES.rules:
        assert rule.confidence == "default", f"{rule.key}: no norm says this"
    assert set(DIRECTION_NAMES) == set(get_args(Direction))
    assert set(WEIGHING_NAMES) == set(get_args(Weighing))


def test_a_plan_replaces_a_whole_set() -> None:
    sets = {
        "services": [
            {"indicator": "nights", "name": "过夜人次", "unit": "万人次", "direction": "up", "weight": 2}
        ]
    }
    found = list_criteria(spec(sets=sets), RULES)
    (row,) = found["services"]
    assert (row.key, row.name.zh, row.unit.en, row.target) == ("nights", "过夜人次", "10 000 visits", None)
    assert len(found["farming"]) == 5
    assert list_indicators(spec(sets=sets), RULES)["过夜人次"] == "nights"


def test_a_plan_replaces_single_rows() -> None:
    changed = spec(rules={"services.visits": {"target": 800}, "services.vacancy_rate": {"weight": 0}})
    rules = settle_rules(changed, RULES)
    assert rules.value("services.visits") == {"weight": 0.1, "target": 800}
    assert rules["services.visits"].confidence == "given"
    names = [row.key for row in list_criteria(changed, rules)["services"]]
    assert "visits" in names
    assert "vacancy_rate" not in names
    assert settle_rules(None, RULES) is RULES


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"sets": {"mining": []}}, "mining"),
        ({"sets": {"services": []}}, "no indicator with a weight"),
        ({"sets": {"services": [{"indicator": "visits", "weight": 0}]}}, "no indicator with a weight"),
        ({"sets": {"services": [{"indicator": "visits", "weight": -1}]}}, "greater than or equal to 0"),
        ({"sets": {"services": [{"indicator": "visits", "weight": 1}] * 2}}, "twice: visits"),
        ({"sets": one(direction="near")}, "needs a `target`"),
        ({"sets": one(direction="high")}, "'up', 'down' or 'near'"),
        ({"sets": one(target=float("nan"))}, "finite number"),
        ({"sets": one(), "rules": {"services.visits": {"weight": 1}}}, "keep one of them"),
        ({"weights": "mean"}, "'expert', 'entropy' or 'both'"),
        ({"year": 19}, "1949"),
    ],
)
def test_what_cannot_be_is_refused(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        spec(**parts)


def test_all_faults_of_rules_and_sets_are_told_at_once() -> None:
    wrong = spec(
        sets={
            "services": [{"indicator": "visit", "weight": 1}, {"indicator": "jobs_per_worker", "weight": 1}],
        },
        rules={
            "manufacturing.output": {"weight": 1},
            "indicator.visits": "high",
            "farming.farm_income": {"weight": -1},
            "stability.spread": 2,
            "stability.runs": 0,
            "entropy.least": "three",
        },
    )
    with pytest.raises(RuleError) as caught:
        settle_rules(wrong, RULES)
    told = {fault.key: str(fault) for fault in caught.value.faults}
    assert "did you mean visits?" in told["assessment.sets.services.0"]
    assert "write its `target`" in told["assessment.sets.services.1"]
    assert "did you mean" in told["assessment.rules.manufacturing.output"]
    assert "write up, down or near" in told["assessment.rules.indicator.visits"]
    assert {"assessment.rules.farming.farm_income", "assessment.rules.stability.spread",
            "assessment.rules.stability.runs", "assessment.rules.entropy.least"} <= set(told)  # fmt: skip
