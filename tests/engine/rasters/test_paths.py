"""Paths: cells slipped between are told, stretches add up to the way, cells lie where the grid says."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial.engine.rasters.grids import Grid
from spatial.engine.rasters.paths import fill_path, list_stretches, place_cells


@pytest.mark.parametrize("step", [(1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1)])
def test_a_wall_one_cell_thick_is_seen_on_every_knights_move(step):
    """Of the two cells beside the move one is a wall: it is told, whichever of them."""
    start = np.array([4, 4])
    path = np.array([start, start + step])
    down, right = step
    beside = (
        [(4 + down // 2, 4), (4 + down // 2, 4 + right)]
        if abs(down) == 2
        else [(4, 4 + right // 2), (4 + down, 4 + right // 2)]
    )
    for wall in beside:
        resistance = np.ones((9, 9), np.float32)
        resistance[wall] = 90
        places, cells = fill_path(path, resistance)
        assert tuple(cells[1].tolist()) == wall
        assert places[1].tolist() == ((start + start + step) / 2).tolist()
        np.testing.assert_array_equal(cells[[0, 2]], path)


def test_straight_and_diagonal_steps_need_no_filling():
    path = np.array([[0, 0], [0, 1], [1, 2], [2, 2]])
    places, cells = fill_path(path, np.ones((3, 3), np.float32))
    np.testing.assert_array_equal(cells, path)
    np.testing.assert_array_equal(places, path)


@given(arrays(np.int64, st.integers(2, 30), elements=st.integers(0, 2)))
def test_stretches_and_the_rest_make_up_the_way(codes):
    way = np.column_stack([np.arange(len(codes)), np.arange(len(codes)) % 3]).astype(float)
    marked = list_stretches(way, codes)
    rest = list_stretches(way, np.where(codes == 0, 9, 0))
    lengths = [shapely.LineString(part).length for _, part in (*marked, *rest) if len(part) > 1]
    assert sum(lengths) == pytest.approx(shapely.LineString(way).length)
    assert [code for code, _ in marked] == [
        int(code) for code, before in zip(codes, [-1, *codes[:-1]], strict=True) if code and code != before
    ]


def test_cells_lie_where_the_grid_says():
    grid = Grid("EPSG:4547", 500_000.0, 3_800_000.0, 50.0, 10, 10)
    for row, column in ((0, 0), (9, 9), (3, 7)):
        assert grid.cell_of(*place_cells(grid, [[row, column]])[0]) == (row, column)
