"""Rasters drawn as coverages: valid, without gaps, each cell's middle in its class, steps gone."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter

from spatial.engine.rasters.grids import Grid
from spatial.engine.rasters.patches import label_patches
from spatial.engine.rasters.tiling import draw_coverage, roundness

CLASSES = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3))


def grid_of(classes: np.ndarray, cell_m: float = 10.0) -> Grid:
    rows, columns = classes.shape
    return Grid("EPSG:4546", 500_000.0, 3_900_000.0, cell_m, rows, columns)


def middles(grid: Grid) -> np.ndarray:
    row, column = np.indices(grid.shape)
    x = grid.left + (column.ravel() + 0.5) * grid.cell_m
    return shapely.points(x, grid.top - (row.ravel() + 0.5) * grid.cell_m)


@settings(max_examples=150)
@given(CLASSES)
def test_any_raster_becomes_a_coverage_that_says_the_same(classes: np.ndarray) -> None:
    grid = grid_of(classes)
    drawn = draw_coverage(classes, grid)
    assert shapely.is_valid(drawn.shapes).all()
    assert shapely.coverage_is_valid(drawn.shapes)
    assert len(drawn.shapes) == len(label_patches(classes)[1]) - 1
    found = np.zeros(classes.size, dtype=np.uint8)
    shape, point = shapely.STRtree(middles(grid)).query(drawn.shapes, predicate="contains")
    assert len(set(point.tolist())) == len(point)
    found[point] = drawn.classes[shape]
    np.testing.assert_array_equal(found.reshape(classes.shape), classes)


@given(CLASSES.filter(lambda classes: (classes > 0).all()))
def test_only_the_four_outer_corners_are_cut(classes: np.ndarray) -> None:
    drawn = draw_coverage(classes, grid_of(classes))
    united = shapely.union_all(drawn.shapes)
    assert shapely.area(drawn.shapes).sum() == pytest.approx(classes.size * 100 - 4 * 12.5)
    assert united.area == pytest.approx(classes.size * 100 - 4 * 12.5)


def test_simplifying_leaves_no_gap_and_fewer_corners() -> None:
    noise = gaussian_filter(np.random.default_rng(5).normal(size=(120, 150)), 5)
    classes = (np.digitize(noise, np.quantile(noise, [0.3, 0.6])) + 1).astype(np.uint8)
    rough = draw_coverage(classes, grid_of(classes))
    smooth = draw_coverage(classes, grid_of(classes), 15.0)
    assert shapely.coverage_is_valid(smooth.shapes)
    assert (
        shapely.get_num_coordinates(smooth.shapes).sum() < shapely.get_num_coordinates(rough.shapes).sum() / 2
    )
    areas = [shapely.area(one.shapes[one.classes == 2]).sum() for one in (rough, smooth)]
    assert areas[1] == pytest.approx(areas[0], rel=0.01)


def test_a_slanting_row_of_steps_is_one_straight_line() -> None:
    row, column = np.indices((12, 12))
    classes = np.where(row > column, 2, 1).astype(np.uint8)
    lower = draw_coverage(classes, grid_of(classes)).shapes[1]
    assert shapely.get_num_coordinates(shapely.simplify(lower, 0)) <= 9


def test_patches_that_touch_at_a_corner_stay_apart() -> None:
    classes = np.array([[1, 2], [2, 1]], np.uint8)
    drawn = draw_coverage(classes, grid_of(classes))
    assert drawn.classes.tolist() == [1, 1, 2, 2]
    assert shapely.coverage_is_valid(drawn.shapes)


def test_nothing_becomes_nothing() -> None:
    assert len(draw_coverage(np.zeros((3, 3), np.uint8), grid_of(np.zeros((3, 3)))).shapes) == 0


def test_roundness_of_known_shapes() -> None:
    disc = shapely.Point(0, 0).buffer(100, quad_segs=256)
    strip = shapely.box(0, 0, 1, 100)
    for shape, expected in ((disc, 1.0), (shapely.box(0, 0, 3, 3), np.pi / 4), (strip, 0.0308)):
        assert roundness(np.array([shape.area]), np.array([shape.length])) == pytest.approx(
            expected, abs=1e-3
        )
    assert np.isnan(roundness(np.array([]), np.array([])))
