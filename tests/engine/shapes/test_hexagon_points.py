"""Points in hexagons: each lies in the cell it is told to, and the grid is that of lines."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial.engine.shapes.hexagons import lay_hexagons, sort_into_hexagons
from spatial.errors import GeometryError


def test_each_point_lies_in_its_cell() -> None:
    xy = np.random.default_rng(4).uniform(-5e5, 4e6, (2000, 2))
    cells, at = sort_into_hexagons(xy, 730)
    assert (shapely.distance(cells.shapes[at], shapely.points(xy)) < 1e-6).all()
    assert len(np.unique(at)) == len(cells.ids) == len(set(cells.ids))


def test_points_and_lines_share_one_grid() -> None:
    line = shapely.LineString([(100, 50), (9000, 4000)])
    points = shapely.get_coordinates(shapely.segmentize(line, 20))
    cells, _ = sort_into_hexagons(points, 500)
    assert set(lay_hexagons([line], 500).ids) <= set(cells.ids)
    assert shapely.get_num_coordinates(cells.shapes).tolist() == [7] * len(cells.ids)


def test_no_points_and_no_size() -> None:
    cells, at = sort_into_hexagons(np.empty((0, 2)), 500)
    assert cells.ids == []
    assert at.tolist() == []
    with pytest.raises(GeometryError, match="no size"):
        sort_into_hexagons([(0, 0)], 0)
