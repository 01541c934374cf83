"""Hexagons that lines pass through: they cover the lines, share edges and stay where they are."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial.engine.shapes.hexagons import lay_hexagons
from spatial.errors import GeometryError


def lines(seed: int):
    rng = np.random.default_rng(seed)
    return shapely.linestrings(rng.uniform(-4000, 4000, (12, 4, 2)))


@pytest.mark.parametrize("size_m", [250.0, 700.0])
def test_hexagons_cover_lines_and_do_not_overlap(size_m: float) -> None:
    roads = lines(1)
    cells = lay_hexagons(roads, size_m)
    shapes = cells.shapes
    assert len(set(cells.ids)) == len(shapes)
    assert shapely.area(shapes) == pytest.approx(np.sqrt(0.75) * size_m**2)
    union = shapely.union_all(shapes)
    assert union.area == pytest.approx(shapely.area(shapes).sum(), rel=1e-9)
    bare = shapely.length(shapely.difference(roads, union)).sum() / shapely.length(roads).sum()
    assert bare < 0.005  # a corner cut by less than an eighth of the size
    assert shapely.intersects(shapely.multilinestrings(roads), shapes).all()


def test_the_grid_does_not_hang_on_what_is_laid_on_it() -> None:
    few, many = (
        dict(zip(c.ids, c.centres.tolist(), strict=True))
        for c in (lay_hexagons(lines(1)[:5], 500), lay_hexagons(lines(1), 500))
    )
    assert set(few) <= set(many)
    assert all(many[name] == centre for name, centre in few.items())


@pytest.mark.parametrize("size_m", [0.0, -5.0, np.nan, np.inf, 1e-6])
def test_sizes_that_cannot_be(size_m: float) -> None:
    with pytest.raises(GeometryError, match="size_m"):
        lay_hexagons(lines(1), size_m)
