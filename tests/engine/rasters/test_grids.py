"""Grids: blocks are a partition, cells lie at multiples of their side, and their areas are the ellipsoid's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2
from spatial.engine.rasters.grids import Block, Grid, lay_grid, measure_cells
from spatial.errors import GeometryError


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 45))
def test_blocks_cover_every_cell_once(rows: int, columns: int, size: int) -> None:
    grid = Grid("EPSG:4546", 0.0, 0.0, 50.0, rows, columns)
    seen = np.zeros(grid.shape, dtype=int)
    for block in grid.blocks(size):
        seen[block.slices] += 1
    assert (seen == 1).all()


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(1, 5e3), st.sampled_from([5.0, 30.0, 50.0]))
def test_a_grid_covers_its_box_with_less_than_a_cell_to_spare(west, south, side, cell) -> None:
    grid = lay_grid((west, south, west + side, south + side), "EPSG:4546", cell)
    left, low, right, top = grid.bounds
    assert left % cell == pytest.approx(0, abs=1e-6)
    assert top % cell == pytest.approx(0, abs=1e-6)
    assert west - cell - 1e-6 < left <= west
    assert south - cell - 1e-6 < low <= south
    assert west + side <= right < west + side + cell + 1e-6
    assert south + side <= top < south + side + cell + 1e-6


def test_padding_stops_at_the_edge_and_knows_its_inside() -> None:
    grid = Grid("EPSG:4546", 0.0, 0.0, 50.0, 10, 10)
    inner = Block(0, 4, 3, 3)
    outer = grid.pad(inner, 2)
    assert outer == Block(0, 2, 5, 7)
    cells = np.arange(100).reshape(10, 10)
    assert (cells[outer.slices][inner.within(outer)] == cells[inner.slices]).all()


@pytest.mark.parametrize("bad", [(0, 0, 0, 10), (0, 0, math.inf, 10), (5, 5, 1, 10)])
def test_a_box_without_area_is_refused(bad) -> None:
    with pytest.raises(GeometryError):
        lay_grid(bad, "EPSG:4546", 50.0)


@pytest.mark.parametrize("cell", [0.0, -5.0, math.nan])
def test_a_cell_without_a_side_is_refused(cell: float) -> None:
    with pytest.raises(GeometryError):
        lay_grid((0, 0, 10, 10), "EPSG:4546", cell)


def test_places_find_their_cell() -> None:
    grid = Grid("EPSG:4546", 100.0, 200.0, 50.0, 2, 3)
    assert grid.cell_of(100.0, 199.9) == (0, 0)
    assert grid.cell_of(249.9, 101.0) == (1, 2)
    assert grid.cell_of(250.1, 150.0) is None


@pytest.mark.parametrize("east", [500_000.0, 630_000.0])  # on the meridian and at the edge of the zone
def test_cells_have_the_area_of_the_ellipsoid(east: float) -> None:
    grid = Grid("EPSG:4546", east, 3_900_000.0, 50.0, 200, 300)
    west, south, right, north = grid.bounds
    rim = shapely.segmentize(shapely.box(west, south, right, north), 100)
    true = area_m2(transform_shapes([rim], grid.crs, "EPSG:4490"))[0]
    assert measure_cells(grid, grid.whole).sum() == pytest.approx(true, rel=1e-6)


def test_the_area_of_a_cell_does_not_depend_on_its_block() -> None:
    grid = Grid("EPSG:4546", 630_000.0, 3_900_000.0, 50.0, 150, 170)
    whole = measure_cells(grid, grid.whole)
    for block in grid.blocks(37):
        assert (measure_cells(grid, block) == whole[block.slices]).all()
