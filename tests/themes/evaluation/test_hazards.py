"""Hazards of several kinds and the water environment, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import read_rules
from spatial.themes.evaluation import hazards, urban

RULES = read_rules("evaluation_urban")
SPEC = Evaluation(profile="2019-draft")
RULED = {"evaluation_urban_rules": RULES, "evaluation_spec": SPEC}


def row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_the_highest_hazard_counts_and_one_that_is_missing_says_nothing() -> None:
    found = hazards.geology_grade(
        geology_hazard=row(1, 3, np.nan, 0), landslide=row(2, 1, 4, np.nan), collapse=row(1, 1, 1, 9), **RULED
    )
    np.testing.assert_array_equal(found, [[2, 3, 4, 0]])


def test_subsidence_is_graded_in_all_and_a_year() -> None:
    total = hazards.geology_grade(subsidence_total=row(99, 100, 200, 800, 1600, 1601), **RULED)
    np.testing.assert_array_equal(total, [[1, 2, 3, 4, 4, 5]])
    rate = hazards.geology_grade(subsidence_rate=row(4.9, 5, 10, 30, 50, 51), **RULED)
    np.testing.assert_array_equal(rate, [[1, 2, 3, 4, 4, 5]])
    both = hazards.geology_grade(subsidence_total=row(50, 900), subsidence_rate=row(40, 1), **RULED)
    np.testing.assert_array_equal(both, [[4, 4]])


def test_water_environment_is_graded() -> None:
    found = hazards.water_environment_grade(row(19, 20, 200, 3000, 5000, np.nan), **RULED)
    np.testing.assert_array_equal(found, [[5, 4, 3, 2, 1, 0]])


@pytest.mark.parametrize(
    ("air", "water", "expected"),
    [(4, 4, 2), (5, 4, 3), (4, 5, 3), (5, 5, 4), (5, None, 3), (None, 5, 3), (0, 5, 3), (0, 0, 2)],
)
def test_air_and_water_move_by_how_many_are_worst(air: int | None, water: int | None, expected: int) -> None:
    given = {"air_grade": air, "water_environment_grade": water}
    flat = {"slope": row(0), "elevation": row(0)}
    found = urban.urban_grade(
        urban_base=np.array([[2]], np.uint8),
        **flat,
        **RULED,
        **{name: np.array([[code]], np.uint8) for name, code in given.items() if code is not None},
    )
    assert found[0, 0] == expected
