"""Cells and shapes: lines leave no gap, outlines hold what they outline, larger cells hold the smaller."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import label as components

from spatial.engine.rasters.cells import (
    coarsen_cells,
    coarsen_grid,
    mark_areas,
    mark_lines,
    outline_cells,
    prolong_lines,
)
from spatial.engine.rasters.grids import Grid

GRID = Grid("EPSG:4547", 500_000.0, 3_800_600.0, 20.0, 30, 40)
WEST, SOUTH, EAST, NORTH = GRID.bounds
Across = st.floats(0.1, 0.9)


@settings(max_examples=60, deadline=None)
@given(Across, Across)
def test_a_line_across_parts_the_grid_so_that_no_diagonal_step_slips_through(low, high):
    line = shapely.LineString(
        [(WEST + low * (EAST - WEST), SOUTH - 1), (WEST + high * (EAST - WEST), NORTH + 1)]
    )
    marked = mark_lines(GRID, np.array([line]), np.array([3]))
    free, _ = components(marked == 0, structure=np.ones((3, 3)))
    assert marked.max() == 3
    assert free[15, 0] != free[15, -1]


def test_the_higher_rank_wins_whatever_the_order():
    lines = np.array([shapely.LineString([(WEST, SOUTH + 300), (EAST, SOUTH + 300.5)])] * 2)
    for rank in ([2, 5], [5, 2]):
        assert mark_lines(GRID, lines, np.array(rank)).max(axis=1).max() == 5
        assert 2 not in mark_lines(GRID, lines, np.array(rank))


def test_empty_lines_and_areas_mark_nothing():
    nothing = np.array([shapely.LineString(), None], dtype=object)
    assert not mark_lines(GRID, nothing, np.array([1, 1])).any()
    assert not mark_areas(GRID, nothing).any()
    assert not mark_areas(GRID, np.empty(0, dtype=object)).any()


@settings(max_examples=60, deadline=None)
@given(arrays(np.int32, (6, 7), elements=st.integers(0, 3)))
def test_outlines_hold_just_their_cells(label):
    grid = Grid("EPSG:4547", 0.0, 60.0, 10.0, 6, 7)
    found = outline_cells(grid, label, 3)
    for number, shape in enumerate(found, start=1):
        assert shape.is_valid
        assert shape.area == pytest.approx(100 * (label == number).sum())
        np.testing.assert_array_equal(mark_areas(grid, np.array([shape])), label == number)
    assert shapely.union_all(found).area == pytest.approx(sum(shape.area for shape in found))


def test_ends_near_the_border_go_on_and_others_do_not():
    box = shapely.box(0, 0, 100, 100)
    lines = np.array(
        [shapely.LineString([(50, 98), (50, 40)]), shapely.MultiLineString([[(10, 50), (30, 50)], [(0, 9), (20, 9)]])]
    )  # fmt: skip
    found = prolong_lines(lines, box.boundary, 5.0)
    assert found[0].bounds == (50, 40, 50, 103)
    assert found[1].bounds == (-5, 9, 30, 50)
    assert prolong_lines(np.empty(0, dtype=object), box.boundary, 5.0).tolist() == []


def test_a_line_of_one_place_twice_goes_nowhere():
    found = prolong_lines(
        np.array([shapely.LineString([(0, 5), (0, 5)])]), shapely.box(0, 0, 9, 9).boundary, 4.0
    )
    assert found[0].bounds == (0, 5, 0, 5)


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.integers(1, 4))
def test_larger_cells_hold_every_smaller_one_once(values, times):
    parts = coarsen_cells(values, times, 0)
    grid = coarsen_grid(Grid("EPSG:4547", 0.0, 90.0, 10.0, *values.shape), times)
    assert parts.shape == (*grid.shape, times * times)
    assert parts.sum() == values.sum()
    assert parts[0, 0, 0] == values[0, 0]
