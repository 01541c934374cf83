"""Patches: circles round whole polygons as oracle, shapes of known compactness, corrections by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spatial.engine.rasters.patches import concentrate, label_patches, measure_patches
from spatial.errors import GeometryError

SQUARE = 2 / math.pi
fields = arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3))


def spread_from(classes, start, diagonal):
    """Return the cells that hold together with one, by walking."""
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)] + [(1, 1), (1, -1), (-1, 1), (-1, -1)] * diagonal
    seen, left = {start}, [start]
    while left:
        row, column = left.pop()
        for down, right in steps:
            there = row + down, column + right
            inside = 0 <= there[0] < classes.shape[0] and 0 <= there[1] < classes.shape[1]
            if inside and there not in seen and classes[there] == classes[start]:
                seen.add(there)
                left.append(there)
    return seen


@settings(deadline=None)
@given(fields, st.booleans())
def test_patches_are_those_of_a_walk_and_circles_those_of_polygons(classes, diagonal):
    patches = measure_patches(classes, 10.0, diagonal)
    assert (patches.label == 0).tolist() == (classes == 0).tolist()
    assert patches.label.max(initial=0) == len(patches.kind) - 1
    assert math.isnan(patches.ratio[0])
    for number in range(1, len(patches.kind)):
        cells = {tuple(cell) for cell in np.argwhere(patches.label == number).tolist()}
        start = min(cells)
        assert cells == spread_from(classes, start, diagonal)
        assert classes[start] == patches.kind[number]
        ground = shapely.union_all([shapely.box(10 * x, 10 * y, 10 * x + 10, 10 * y + 10) for y, x in cells])
        assert patches.area_m2[number] == pytest.approx(ground.area)
        circle = math.pi * shapely.minimum_bounding_radius(ground) ** 2
        assert patches.ratio[number] == pytest.approx(ground.area / circle, rel=1e-5)


@pytest.mark.parametrize(("high", "wide"), [(1, 1), (4, 4), (1, 4), (2, 6), (3, 5)])
def test_rectangles_have_a_known_compactness(high, wide):
    classes = np.zeros((high + 2, wide + 2), np.uint8)
    classes[1:-1, 1:-1] = 2
    patches = measure_patches(classes, 25.0)
    expected = high * wide / (math.pi * (high**2 + wide**2) / 4)
    assert patches.ratio[1] == pytest.approx(expected, rel=1e-5)
    assert patches.area_m2.tolist() == [0, high * wide * 625]
    if high == wide:
        assert patches.ratio[1] == pytest.approx(SQUARE, rel=1e-5)


def test_a_disc_of_many_cells_is_nearly_one():
    row, column = np.mgrid[:201, :201] - 100
    disc = (row**2 + column**2 <= 100**2).astype(np.uint8)
    assert 0.98 < measure_patches(disc, 1.0).ratio[1] <= 1


def test_numbers_run_by_class_and_then_by_row():
    label, kind = label_patches(np.array([[3, 0, 1], [3, 1, 1], [1, 0, 3]], np.uint8))
    assert label.tolist() == [[3, 0, 1], [3, 1, 1], [2, 0, 4]]
    assert kind.tolist() == [0, 1, 1, 3, 3]


def test_corners_hold_together_only_if_asked():
    classes = np.array([[1, 0], [0, 1]], np.uint8)
    assert measure_patches(classes, 1.0).cells.tolist() == [0, 1, 1]
    assert measure_patches(classes, 1.0, diagonal=True).cells.tolist() == [0, 2]


def test_nothing_has_no_patches():
    patches = measure_patches(np.zeros((3, 3), np.uint8), 10.0)
    assert patches.kind.tolist() == patches.cells.tolist() == [0]
    assert np.isnan(patches.spread(patches.ratio)).all()
    with pytest.raises(GeometryError):
        measure_patches(np.zeros(3, np.uint8), 10.0)


def test_values_are_spread_over_cells():
    patches = measure_patches(np.array([[2, 2, 0, 1]], np.uint8), 10.0)
    assert patches.spread(patches.area_m2).tolist() == [[200, 200, 0, 100]]
    assert patches.spread(patches.kind).tolist() == [[2, 2, 0, 1]]


RATIOS = np.array([0.19, 0.2, 0.4, 0.6, 0.8], np.float32)


def test_concentration_by_hand():
    """A 5 by 5: base grades in rows, from ragged to compact in columns."""
    base = np.repeat(np.arange(1, 6, dtype=np.uint8)[:, None], 5, axis=1)
    ratio = np.broadcast_to(RATIOS, (5, 5))
    assert concentrate(base, ratio, [0.2, 0.4, 0.6, 0.8], [4, 1, 0, -1, -4]).tolist() == [
        [5, 2, 1, 1, 1], [5, 3, 2, 1, 1], [5, 4, 3, 2, 1], [5, 5, 4, 3, 1], [5, 5, 5, 4, 1],
    ]  # fmt: skip
    assert concentrate(base, ratio, [0.2, 0.6, 1], [4, 1, 0, -4]).tolist() == [
        [5, 2, 2, 1, 1], [5, 3, 3, 2, 2], [5, 4, 4, 3, 3], [5, 5, 5, 4, 4], [5, 5, 5, 5, 5],
    ]  # fmt: skip


def test_small_patches_are_not_made_better():
    base, small = np.full(5, 3, np.uint8), np.zeros(5, bool)
    found = concentrate(base, RATIOS, [0.2, 0.4, 0.6, 0.8], [4, 1, 0, -1, -4], improve=small)
    assert found.tolist() == [5, 4, 3, 3, 3]


@given(arrays.arrays(np.uint8, 9, elements=st.integers(0, 5)), st.floats(0, 1, width=32))
def test_missing_stays_and_compact_is_never_worse(grade, ratio):
    breaks, shifts = [0.2, 0.4, 0.6, 0.8], [4, 1, 0, -1, -4]
    ragged = concentrate(grade, np.full(9, ratio, np.float32), breaks, shifts)
    compact = concentrate(grade, np.full(9, min(1, ratio + 0.2), np.float32), breaks, shifts)
    assert (compact <= ragged).all()
    assert ((ragged == 0) == (grade == 0)).all()
    np.testing.assert_array_equal(concentrate(grade, np.full(9, np.nan, np.float32), breaks, shifts), grade)
