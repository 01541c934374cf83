"""Suitability for urban building, on blocks of five by five worked by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from spatial.errors import RuleError
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import read_rules
from spatial.themes.evaluation import urban

RULES = read_rules("evaluation_urban")
DRAFT = Evaluation(profile="2019-draft")
TRIAL = Evaluation(profile="2020-trial")
EVERY = np.array([[1, 2, 3, 4, 5]] * 5, np.uint8)
NONE = np.zeros((5, 5), np.uint8)


def grades(text: str) -> np.ndarray:
    return np.array([row.split() for row in text.strip().split("\n")], np.uint8)


def correct(base: np.ndarray, spec: Evaluation = DRAFT, **factors: np.ndarray) -> np.ndarray:
    flat = {"slope": np.zeros((5, 5), np.float32), "elevation": np.zeros((5, 5), np.float32)}
    return urban.urban_grade(
        urban_base=base, evaluation_urban_rules=RULES, evaluation_spec=spec, **(flat | factors)
    )


def combine(land: np.ndarray, **more: np.ndarray) -> np.ndarray:
    return urban.urban_base(urban_land=land, evaluation_urban_rules=RULES, evaluation_spec=DRAFT, **more)


def test_land_and_water_meet_in_the_matrix() -> None:
    found = combine(EVERY.T, urban_water=EVERY)
    expected = """
1 1 1 2 3
1 1 2 2 3
2 2 3 3 4
3 4 4 5 5
5 5 5 5 5"""
    np.testing.assert_array_equal(found, grades(expected))
    np.testing.assert_array_equal(combine(EVERY), EVERY)


def test_height_and_relief_lower_the_land() -> None:
    height = np.array([[3499, 3500, 5000, 5001, np.nan]] * 5, np.float32)
    relief = np.array([[0], [100], [200], [201], [np.nan]] * np.ones(5), np.float32)
    found = urban.urban_land(NONE + np.uint8(1), height, relief, RULES, DRAFT)
    # By height 1 2 2 5 1; then by relief 0, 1, 1, 2 and nothing.
    np.testing.assert_array_equal(found, grades("1 2 2 5 1\n2 3 3 5 2\n2 3 3 5 2\n3 4 4 5 3\n1 2 2 5 1"))


def test_geology_by_hand() -> None:
    found = correct(EVERY, geology_grade=EVERY.T)
    np.testing.assert_array_equal(found, grades("1 2 3 4 5\n1 2 3 4 5\n2 3 4 5 5\n3 4 5 5 5\n5 5 5 5 5"))


def test_location_by_hand_moves_the_middle_grades_only_to_the_better() -> None:
    found = correct(EVERY, location_grade=EVERY.T)
    np.testing.assert_array_equal(found, grades("1 1 2 3 5\n1 2 3 4 5\n1 2 3 4 5\n2 3 4 5 5\n3 4 5 5 5"))


def test_corrections_come_in_order() -> None:
    two = NONE + np.uint8(2)
    # 2, geology 3: 3, surge high: 4, air worst: 5, comfort worst: 5, best location: 5 stays 5.
    found = correct(
        two,
        geology_grade=NONE + np.uint8(3),
        surge_grade=NONE + np.uint8(4),
        air_grade=NONE + np.uint8(5),
        comfort=NONE + np.uint8(1),
        location_grade=NONE + np.uint8(1),
    )
    assert (found == 5).all()
    # Without geology 4 is reached before the location, which then gives 3.
    found = correct(
        two, surge_grade=NONE + np.uint8(4), air_grade=NONE + np.uint8(5), location_grade=NONE + np.uint8(1)
    )
    assert (found == 3).all()


def test_a_good_location_makes_no_forbidden_land_suitable() -> None:
    steep = np.array([[10, 25, 26, 60, 90]] * 5, np.float32)
    found = correct(NONE + np.uint8(2), TRIAL, slope=steep, location_grade=NONE + np.uint8(1))
    np.testing.assert_array_equal(found[0], [1, 1, 5, 5, 5])


@pytest.mark.parametrize("spec", [DRAFT, TRIAL])
@pytest.mark.parametrize("seed", range(5))
def test_another_hazard_never_improves_a_grade(
    spec: Evaluation, seed: int, hold_monotone: Callable[..., None]
) -> None:
    chance = np.random.default_rng(seed)
    base = chance.integers(0, 6, (5, 5)).astype(np.uint8)
    factors = {
        "geology_grade": chance.integers(0, 6, (5, 5)).astype(np.uint8),
        "surge_grade": chance.integers(0, 5, (5, 5)).astype(np.uint8),
        "air_grade": chance.integers(0, 6, (5, 5)).astype(np.uint8),
        "comfort": chance.integers(0, 8, (5, 5)).astype(np.uint8),
        "slope": chance.uniform(0, 50, (5, 5)).astype(np.float32),
        "elevation": chance.uniform(0, 6000, (5, 5)).astype(np.float32),
    }
    hold_monotone(lambda grades, **given: correct(grades, spec, **given), base, factors)


def test_the_worse_of_calm_days_and_wind_counts() -> None:
    calm = np.array([[0.05, 0.1, 0.2, 0.3, np.nan]] * 5, np.float32)
    wind = np.array([[5, 5, 0.5, np.nan, np.nan]] * 5, np.float32)
    found = urban.air_grade(
        evaluation_urban_rules=RULES, evaluation_spec=DRAFT, air_calm=calm, wind_speed=wind
    )
    np.testing.assert_array_equal(found[0], [1, 2, 5, 4, 0])


def test_the_window_of_relief_follows_the_cell() -> None:
    spike = np.zeros((31, 31), np.float32)
    spike[15, 15] = 100
    for cell, window in ((25.0, 15), (30.0, 12), (50.0, 9), (100.0, 3)):
        found = urban.relief_range(spike, cell, RULES, DRAFT)
        assert int((found[np.isfinite(found)] > 0).sum()) == window**2
    wide = RULES.override(
        {"relief.window": {"breaks": [30, 50, 100], "grades": [17, 12, 9, 3], "edges": "above"}}
    )
    with pytest.raises(RuleError, match="wider than 15"):
        urban.relief_range(spike, 25.0, wide, DRAFT)
