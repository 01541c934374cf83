"""Patches and final classes, and present use against them, by hand."""

from __future__ import annotations

import numpy as np

from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import read_rules
from spatial.plan.traces import tracing
from spatial.themes.evaluation import landuse, suitability

FARMING, CAPACITY, COVER = (read_rules(f"evaluation_{name}") for name in ("farming", "capacity", "cover"))
DRAFT = Evaluation(profile="2019-draft")
FEATURES = {"evaluation_capacity_rules": CAPACITY, "evaluation_cover_rules": COVER, "evaluation_spec": DRAFT}


def test_compactness_by_hand() -> None:
    grade = np.array([[1, 2, 3, 4, 5]] * 5, np.uint8)
    ratio = np.array([[0.1], [0.2], [0.4], [0.6], [0.8]] * np.ones(5), np.float32)
    patch = np.full((5, 5), 50_000, np.float32)
    found = suitability.farming_concentrated(grade, ratio, patch, FARMING, DRAFT)
    expected = [[5, 5, 5, 5, 5], [2, 3, 4, 5, 5], [1, 2, 3, 4, 5], [1, 1, 2, 3, 5], [1, 1, 1, 1, 5]]
    np.testing.assert_array_equal(found, expected)


def test_small_patches_are_not_raised_and_large_ones_not_lowered() -> None:
    grade = np.full((1, 4), 3, np.uint8)
    ratio = np.array([[0.9, 0.9, 0.1, 0.1]], np.float32)
    patch = np.array([[9_999, 10_000, 999_999, 1_000_000]], np.float32)
    found = suitability.farming_concentrated(grade, ratio, patch, FARMING, DRAFT)
    np.testing.assert_array_equal(found[0], [3, 1, 5, 3])


def test_classes_of_grades() -> None:
    found = suitability.farming_suitability(np.array([[0, 1, 2, 3, 4, 5]], np.uint8), FARMING, DRAFT)
    np.testing.assert_array_equal(found[0], [0, 1, 1, 2, 2, 3])


def test_conflicts_are_the_first_that_holds() -> None:
    fields, town, forest = 16, 20, 4
    kinds = np.array([[town, fields, fields, town, forest, 0, fields]], np.uint8)
    found = landuse.land_conflict(
        ecosystem=kinds, **FEATURES,
        ecology_importance=np.array([[1, 1, 2, 3, 1, 1, 0]], np.uint8),
        farming_suitability=np.array([[1, 3, 3, 1, 3, 1, 1]], np.uint8),
        urban_suitability=np.array([[3, 1, 1, 3, 3, 1, 1]], np.uint8),
    )  # fmt: skip
    # Whether fields conflict with ecology is not known where that is missing.
    np.testing.assert_array_equal(found[0], [1, 2, 3, 4, 5, 0, 0])


def test_potential_is_suitable_and_not_in_use() -> None:
    shrub, field, town, forest, water = 8, 16, 20, 4, 19
    kinds = np.array(
        [[shrub, field, field, town, shrub, shrub, shrub, shrub, forest, water, field, 0]], np.uint8
    )
    found = landuse.land_potential(
        ecosystem=kinds, **FEATURES,
        farming_suitability=np.array([[1, 1, 1, 1, 2, 3, 3, 1, 1, 1, 1, 1]], np.uint8),
        urban_suitability=np.array([[2, 2, 3, 1, 3, 1, 3, 1, 1, 1, 1, 1]], np.uint8),
        ecology_importance=np.array([[3, 3, 3, 3, 3, 3, 3, 1, 3, 3, 1, 3]], np.uint8),
    )  # fmt: skip
    # Fields are never "for building only"; forest and water are never potential, however suitable.
    np.testing.assert_array_equal(found[0], [3, 4, 5, 6, 1, 2, 8, 8, 7, 7, 5, 0])
    assert len(landuse.POTENTIALS) <= 8


def test_no_conflict_and_no_potential_is_said_where_the_importance_is_missing() -> None:
    shrub, town = 8, 20
    graded = {
        "ecosystem": np.array([[shrub, town, 0, town]], np.uint8), **FEATURES,
        "ecology_importance": np.zeros((1, 4), np.uint8),
        "farming_suitability": np.array([[1, 1, 1, 1]], np.uint8),
        "urban_suitability": np.array([[1, 1, 1, 3]], np.uint8),
    }  # fmt: skip
    built = np.array([[0, 0, 1, 0]], np.uint8)
    conflict = landuse.land_conflict(**graded, existing_urban=built)
    np.testing.assert_array_equal(conflict[0], [5, 0, 0, 4])  # no conflict is foreseen for shrubs
    np.testing.assert_array_equal(landuse.land_potential(**graded, existing_urban=built)[0], [0, 6, 0, 6])
    # Where the plan gives nothing for ecology at all, it is left out.
    rules = {"evaluation_ecology_rules": read_rules("evaluation_ecology"), "factor_specs": {}}
    conflict = landuse.land_conflict(**graded, existing_urban=built, **rules)
    np.testing.assert_array_equal(conflict[0], [5, 5, 5, 4])
    assert landuse.land_potential(**graded, existing_urban=built, **rules)[0, 0] == 3


def test_the_row_that_spares_large_patches_is_noted() -> None:
    one = np.array([[1]], np.uint8)
    with tracing() as notes:
        found = suitability.farming_concentrated(
            one, np.array([[0.3125]], np.float32), np.array([[8.26e8]], np.float32), FARMING, DRAFT
        )
    assert found[0, 0] == 1
    told = [(note.action, note.rule.key if note.rule else "", note.result) for note in notes]
    assert told == [
        ("correct", "concentration", 2),
        ("condition", "concentration.max_area", 1),
        ("condition", "concentration.min_area", 1),
        ("combine", "", 1),
    ]


def test_given_polygons_of_built_land_count_as_built() -> None:
    found = landuse.land_conflict(
        ecosystem=np.array([[16, 0]], np.uint8), **FEATURES,
        urban_suitability=np.array([[3, 3]], np.uint8), existing_urban=np.array([[1, 1]], np.uint8),
    )  # fmt: skip
    np.testing.assert_array_equal(found[0], [4, 4])
