"""Suitability for farming, on blocks of five by five worked by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import read_rules
from spatial.themes.evaluation import farming

RULES = read_rules("evaluation_farming")
DRAFT = Evaluation(profile="2019-draft")
TRIAL = Evaluation(profile="2020-trial")
EVERY = np.array([[1, 2, 3, 4, 5]] * 5, np.uint8)
"""Grades 1 to 5 along each row; transposed, down each column."""
NONE = np.zeros((5, 5), np.uint8)


def grades(text: str) -> np.ndarray:
    return np.array([row.split() for row in text.strip().split("\n")], np.uint8)


def values(*row: float) -> np.ndarray:
    return np.array([row] * 5, np.float32)


def correct(base: np.ndarray, spec: Evaluation = DRAFT, **factors: np.ndarray) -> np.ndarray:
    flat = {"slope": np.zeros((5, 5), np.float32)}
    return farming.farming_grade(
        farming_base=base, evaluation_farming_rules=RULES, evaluation_spec=spec, **(flat | factors)
    )


def combine(spec: Evaluation = DRAFT, **dimensions: np.ndarray) -> np.ndarray:
    return farming.farming_base(evaluation_farming_rules=RULES, evaluation_spec=spec, **dimensions)


def test_land_and_water_meet_in_the_matrix() -> None:
    found = combine(farming_land=EVERY.T, farming_water=EVERY)
    expected = """
1 1 1 2 5
1 1 2 3 5
2 2 3 4 5
3 4 4 5 5
5 5 5 5 5"""
    np.testing.assert_array_equal(found, grades(expected))


def test_heat_comes_after_water() -> None:
    # Land 1 to 5 with water 3 is 1 2 3 4 5, which then meets heat 1 to 5.
    found = combine(farming_land=EVERY.T, farming_water=NONE + np.uint8(3), farming_heat=EVERY)
    expected = """
1 1 1 2 5
1 2 2 3 5
2 2 3 4 5
3 4 4 5 5
5 5 5 5 5"""
    np.testing.assert_array_equal(found, grades(expected))


def test_a_dimension_without_data_is_left_out_and_a_missing_cell_stays_missing() -> None:
    np.testing.assert_array_equal(combine(farming_land=EVERY), EVERY)
    holes = EVERY.copy()
    holes[2] = 0
    assert (combine(farming_land=EVERY, farming_water=holes)[2] == 0).all()
    assert (combine(farming_land=holes, farming_water=EVERY)[2] == 0).all()


def test_weights_stand_for_the_matrices_and_are_raised_where_a_dimension_lacks() -> None:
    weighed = DRAFT.model_copy(update={"weights": {"farming": {"land": 0.5, "water": 0.3, "heat": 0.2}}})
    two = NONE + np.uint8(2)
    found = combine(weighed, farming_land=EVERY, farming_water=two, farming_heat=NONE + np.uint8(5))
    # 0.5 land + 0.6 + 1.0: 2.1, 2.6, 3.1, 3.6, 4.1
    np.testing.assert_array_equal(found[0], [2, 3, 3, 4, 4])
    without = combine(weighed, farming_land=EVERY, farming_water=two)
    # (0.5 land + 0.6) / 0.8: 1.375, 2, 2.625, 3.25, 3.875
    np.testing.assert_array_equal(without[0], [1, 2, 3, 3, 4])


def test_corrections_by_hand() -> None:
    capacity = np.array([[1], [3], [5], [0], [1]], np.uint8) + NONE
    np.testing.assert_array_equal(
        correct(EVERY, soil_environment=capacity),
        grades("1 2 3 4 5\n2 3 4 5 5\n5 5 5 5 5\n1 2 3 4 5\n1 2 3 4 5"),
    )
    salt = np.array([[1], [4], [5], [0], [5]], np.uint8) + NONE
    np.testing.assert_array_equal(
        correct(EVERY, soil_salinity=salt), grades("1 2 3 4 5\n1 2 3 4 5\n2 3 4 5 5\n1 2 3 4 5\n2 3 4 5 5")
    )
    hazard = EVERY.T
    np.testing.assert_array_equal(
        correct(EVERY, weather_grade=hazard),
        grades("1 2 3 4 5\n1 2 3 4 5\n1 2 3 4 5\n1 2 3 4 5\n2 2 3 4 5"),
    )


def test_the_order_of_corrections_counts() -> None:
    # Salinity first makes 1 to 2, so high weather hazard, which only touches grade 1, changes nothing more.
    one = NONE + np.uint8(1)
    found = correct(one, soil_salinity=NONE + np.uint8(5), weather_grade=NONE + np.uint8(5))
    assert (found == 2).all()


def test_the_trial_guide_forbids_whatever_the_grade() -> None:
    slopes = values(0, 25, 25.5, 60, np.nan)
    np.testing.assert_array_equal(correct(NONE + np.uint8(1), TRIAL, slope=slopes)[0], [1, 1, 5, 5, 1])
    np.testing.assert_array_equal(correct(NONE + np.uint8(1), DRAFT, slope=slopes)[0], [1, 1, 1, 1, 1])
    cold = values(1499, 1500, 5000, np.nan, 0)
    found = correct(NONE + np.uint8(2), TRIAL, heat_sum=cold)
    np.testing.assert_array_equal(found[0], [5, 2, 2, 2, 5])


def test_silt_lowers_the_land() -> None:
    land = farming.farming_land(EVERY, RULES, DRAFT, values(59.9, 60, 79.9, 80, np.nan))
    np.testing.assert_array_equal(land[0], [1, 3, 4, 5, 5])


def test_water_is_the_first_factor_of_the_order_that_is_given() -> None:
    inside = NONE + np.uint8(1)
    rain = values(1200, 800, 400, 200, 199)
    common = {"inside": inside, "evaluation_farming_rules": RULES, "evaluation_spec": DRAFT}
    np.testing.assert_array_equal(farming.farming_water(**common, rain=rain)[0], [1, 2, 3, 4, 5])
    quota = values(25, 13, 8, 3, 2.9)
    found = farming.farming_water(**common, rain=values(1, 1, 1, 1, 1), water_quota_modulus=quota)
    np.testing.assert_array_equal(found[0], [1, 2, 3, 4, 5])


@pytest.mark.parametrize("spec", [DRAFT, TRIAL])
@pytest.mark.parametrize("seed", range(5))
def test_another_constraint_never_improves_a_grade(
    spec: Evaluation, seed: int, hold_monotone: Callable[..., None]
) -> None:
    chance = np.random.default_rng(seed)
    base = chance.integers(0, 6, (5, 5)).astype(np.uint8)
    factors = {
        "soil_environment": chance.integers(0, 6, (5, 5)).astype(np.uint8),
        "soil_salinity": chance.integers(0, 6, (5, 5)).astype(np.uint8),
        "weather_grade": chance.integers(0, 6, (5, 5)).astype(np.uint8),
        "slope": chance.uniform(0, 50, (5, 5)).astype(np.float32),
        "silt": chance.uniform(0, 100, (5, 5)).astype(np.float32),
        "heat_sum": chance.uniform(0, 6000, (5, 5)).astype(np.float32),
    }
    hold_monotone(lambda grades, **given: correct(grades, spec, **given), base, factors)


def test_a_worse_grade_never_makes_the_result_better() -> None:
    matrix = combine(farming_land=EVERY.T, farming_water=EVERY).astype(int)
    assert (np.diff(matrix, axis=0) >= 0).all()
    assert (np.diff(matrix, axis=1) >= 0).all()
