"""Edges laid onto given lines: nothing is lost, what is wide stays, what is narrow goes over the edge."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial.engine.rasters.grids import Grid
from spatial.engine.rasters.tiling import Coverage, draw_coverage
from spatial.engine.shapes.following import follow_lines

Y = np.linspace(-20, 420, 80)
RIVER = shapely.LineString(np.column_stack([200 + 12 * np.sin(Y / 40), Y]))


def draw_banks() -> Coverage:
    """Return two classes whose edge weaves about the river."""
    row, column = np.indices((40, 40))
    edge = 20 + np.round(2.2 * np.sin(row / 2.5))
    classes = np.where(column < edge, 1, 2).astype(np.uint8)
    return draw_coverage(classes, Grid("EPSG:4546", 0.0, 400.0, 10.0, 40, 40))


def test_an_edge_beside_a_river_becomes_the_river() -> None:
    before = draw_banks()
    after = follow_lines(before, [RIVER], 30)
    assert shapely.area(after.shapes).sum() == pytest.approx(shapely.area(before.shapes).sum(), abs=0.1)
    assert shapely.coverage_is_valid(after.shapes)
    west = shapely.union_all(after.shapes[after.classes == 1])
    bank = shapely.Polygon([*RIVER.coords, (-50, 420), (-50, -20)])
    land = shapely.union_all(after.shapes)
    assert shapely.symmetric_difference(west, shapely.intersection(bank, land)).area < 1


def test_an_edge_far_away_stays() -> None:
    before = draw_banks()
    after = follow_lines(before, [shapely.LineString([(60, -20), (60, 420)])], 30)
    for kind in (1, 2):
        old, new = (shapely.union_all(one.shapes[one.classes == kind]) for one in (before, after))
        assert shapely.symmetric_difference(old, new).area < 1


@pytest.mark.parametrize("lines", [[], [shapely.LineString([(900, 0), (900, 400)])]])
def test_without_lines_nearby_nothing_changes(lines: list[shapely.LineString]) -> None:
    before = draw_banks()
    after = follow_lines(before, lines, 30)
    assert shapely.area(after.shapes).tolist() == pytest.approx(shapely.area(before.shapes).tolist())


def test_a_lake_counts_by_its_shore() -> None:
    boxes = np.array([shapely.box(0, 0, 9, 100), shapely.box(9, 0, 60, 100)], dtype=object)
    lake = shapely.box(10, -5, 70, 105)
    after = follow_lines(Coverage(boxes, np.array([1, 2], np.uint8)), [lake], 2)
    assert shapely.area(after.shapes).tolist() == [1000.0, 5000.0]
