"""Checks of limits: silent within them, value and limit beyond them, for proposals and the plan's own lines."""

from __future__ import annotations

import pandas as pd
import pytest

from spatial.checks.limits import limit_findings
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.parts.evaluation import Evaluation, Targets
from spatial.plan.proposals import settle_choices
from spatial.plan.rules import read_rules

TABLES = [read_rules(name) for name in ("proposals", "evaluation_capacity", "evaluation_cover")]
GOOD = {
    "cultivated": 1000.0, "urban_boundary": 125.0, "boundary_most": 130.0, "concentrated": 100.5,
    "concentrated_aim": 100.0, "elastic": 14.5, "special": 10.0, "base_urban": 100.0,
    "permanent_farmland": 900.0,
}  # fmt: skip
OWN = {"urban_boundary": 129.0, "permanent_farmland": 850.0}


def judge(
    amounts: dict[str, float] | None = None,
    own: dict[str, float] | None = None,
    carried: float = 140.0,
    **targets: object,
) -> dict[str, Finding]:
    """Return the findings on one alternative by rule."""
    spec = Evaluation(targets=Targets(**({"population": 10_000} | targets)))
    choice = settle_choices(spec, *TABLES)[0]
    plan = OWN | (own or {})
    rows = [(key, area, plan.get(key)) for key, area in (GOOD | (amounts or {})).items()]
    balance = pd.DataFrame(rows, columns=["key", "area_ha", "plan_ha"]).assign(alternative=choice.alternative)
    carrying = pd.DataFrame({
        "item": ["urban_land", "urban_land", "farmland"], "value": [carried, carried + 50, 1.0],
        "shortest": [True, False, True], "name": ["按水", "按土地", "耕地"],
        "name_en": ["Urban land by water", "by land", "Farmland"],
    })  # fmt: skip
    found = limit_findings(
        proposal_choices=(choice,), proposal_balance=balance, carrying_capacity=carrying,
        evaluation_spec=spec, evaluation_capacity_rules=TABLES[1],
    )  # fmt: skip
    frame_findings(found)
    return {finding.rule: finding for finding in found}


def test_within_all_limits_nothing_is_said() -> None:
    assert judge() == {}


@pytest.mark.parametrize(
    ("amounts", "own", "rule", "value", "limit"),
    [
        ({"urban_boundary": 131.0}, {}, "proposals.above_limit", 131.0, 130.0),
        ({"urban_boundary": 125.0, "concentrated": 103.0}, {}, "proposals.above_aim", 103.0, 100.0),
        ({}, {"urban_boundary": 135.0}, "lines.above_limit", 1.35, 1.3),
        ({}, {"permanent_farmland": 700.0}, "lines.farmland_short", 700.0, 800.0),
        ({"special": 0.0}, {}, "proposals.no_special", 0.0, 5.0),
    ],
)
def test_each_excess_is_said_with_value_and_limit(
    amounts: dict[str, float], own: dict[str, float], rule: str, value: float, limit: float
) -> None:
    found = judge(amounts, own)
    assert set(found) == {rule}
    assert found[rule].value == pytest.approx(value)
    assert found[rule].limit == pytest.approx(limit)


def test_boundaries_are_held_against_the_short_board() -> None:
    found = judge(carried=120.0)
    assert set(found) == {"proposals.above_carrying", "lines.above_carrying"}
    assert found["proposals.above_carrying"].value == 125.0
    assert found["lines.above_carrying"].value == 129.0
    assert found["lines.above_carrying"].limit == 120.0
    assert "120 公顷（按水）" in found["lines.above_carrying"].message_zh


@pytest.mark.parametrize(
    ("target", "value", "limit"),
    [
        ({"land_per_head": "300 m2"}, 300.0, 115.0),
        ({"land_per_head": "40 m2"}, 40.0, 65.0),
        ({"expansion": 1.9}, 1.9, 1.3),
        ({"farmland_share": 0.7}, 0.7, 0.8),
        ({"elastic_share": 0.3}, 0.3, 0.15),
        ({"special_share": 0.2}, 0.2, 0.1),
    ],
)
def test_targets_beyond_their_rules_are_said(target: dict[str, object], value: float, limit: float) -> None:
    found = judge(**target)["evaluation.target_beyond_rule"]
    assert found.severity == "warning"
    assert found.value == pytest.approx(value)
    assert found.limit == pytest.approx(limit)
    assert found.feature_id == f"targets.{next(iter(target))}"


def test_targets_at_their_rules_are_not() -> None:
    bounds = {"land_per_head": "115 m2", "expansion": 1.3, "farmland_share": 0.8, "elastic_share": 0.15}
    assert "evaluation.target_beyond_rule" not in judge(**bounds)


def test_without_an_evaluation_nothing_is_said() -> None:
    empty = pd.DataFrame()
    assert limit_findings(
        proposal_choices=(), proposal_balance=empty, carrying_capacity=empty, evaluation_spec=None,
        evaluation_capacity_rules=TABLES[1],
    ) == []  # fmt: skip
