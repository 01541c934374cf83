"""Faults of coverages against brute force: every overlap, every gap, and nothing where there is none."""

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.engine.shapes.coverages import (
    find_crossing_overlaps,
    find_gaps,
    find_mismatches,
    find_outside,
    find_overlaps,
)

BOXES = st.lists(
    st.tuples(*[st.integers(0, 8)] * 2, *[st.integers(1, 4)] * 2).map(
        lambda box: shapely.box(box[0], box[1], box[0] + box[2], box[1] + box[3])
    ),
    min_size=1,
    max_size=9,
)


def sums(found):
    areas = {}
    for left, right, piece in zip(*found, strict=True):
        areas[left, right] = areas.get((left, right), 0) + piece.area
    return areas


@given(BOXES)
def test_overlaps_are_those_of_all_pairs(shapes):
    pairs = itertools.combinations(range(len(shapes)), 2)
    oracle = {
        pair: area for pair in pairs if (area := shapes[pair[0]].intersection(shapes[pair[1]]).area) > 0
    }
    assert sums(find_overlaps(shapes)) == pytest.approx(oracle)


@given(BOXES, BOXES)
def test_overlaps_of_two_sets(ones, others):
    oracle = {
        (i, j): area for i, one in enumerate(ones) for j, other in enumerate(others)
        if (area := one.intersection(other).area) > 0
    }  # fmt: skip
    assert sums(find_crossing_overlaps(ones, others)) == pytest.approx(oracle)


@given(BOXES)
def test_gaps_and_cover_fill_the_area(shapes):
    area = shapely.box(0, 0, 12, 12)
    gaps = find_gaps(shapes, area)
    assert (shapely.area(gaps) > 0).all()
    assert sum(gap.area for gap in gaps) + shapely.union_all(shapes).area == pytest.approx(144)
    enclosed = find_gaps(shapes)
    rings = [
        shapely.Polygon(ring)
        for part in shapely.get_parts(shapely.union_all(shapes))
        for ring in part.interiors
    ]
    islands = shapely.union_all(shapes)
    assert shapely.area(enclosed).sum() == pytest.approx(sum((ring - islands).area for ring in rings))


@given(BOXES)
def test_outside_is_the_difference(shapes):
    area = shapely.box(2, 2, 9, 9) - shapely.box(4, 4, 6, 6)
    parts = find_outside(shapes, area)
    assert shapely.area(parts) == pytest.approx([(shape - area).area for shape in shapes])


def test_a_clean_grid_has_no_fault_and_a_moved_vertex_has():
    grid = np.array([shapely.box(x, y, x + 1, y + 1) for x in range(20) for y in range(20)], dtype=object)
    assert not find_mismatches(grid)[1].any()
    assert not len(find_overlaps(grid).left)
    assert not len(find_gaps(grid))
    moved = grid.copy()
    moved[210] = shapely.transform(moved[210], lambda at: at + np.array([0.25, 0]))
    assert shapely.area(find_overlaps(moved).pieces).tolist() == [0.25]
    assert shapely.area(find_gaps(moved)).tolist() == [0.25]


def test_missing_and_empty_shapes_take_no_part():
    shapes = [None, shapely.Polygon(), shapely.box(0, 0, 1, 1), None]
    assert not len(find_overlaps(shapes).left)
    assert not len(find_gaps(shapes))
    assert shapely.is_empty(find_outside(shapes, shapely.box(0, 0, 2, 2))).all()
    assert not len(find_gaps([None]))
