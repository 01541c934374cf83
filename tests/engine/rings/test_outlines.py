"""Rings over a surface: nested, the same alone or together, with holes, and as large as the circle they are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from spatial.engine.rings.outlines import SurfaceRules, trace_outlines
from spatial.engine.rings.surfaces import Start, arrive_on_foot, build_surface, sweep_surface
from spatial.engine.rings.terrain import WORST_DETOUR, Terrain
from spatial.engine.travel.network import FAR
from spatial.errors import GeometryError

CRS = "EPSG:4547"
START = np.array([[1207.0, 1193.0]])


def ground(seed: int | None = None, size: int = 97, cell: float = 25.0) -> Terrain:
    height = np.zeros((size, size), np.float32)
    if seed is not None:
        random = np.random.default_rng(seed)
        height = (gaussian_filter(random.normal(size=(size, size)), 4) * 900).astype(np.float32)
    return Terrain(CRS, cell, 0, 0, height, np.full((size, size), 1.2, np.float32))


def draw(land: Terrain, minutes: list[float], **rules: float) -> list[shapely.MultiPolygon]:
    surface = build_surface(land)
    seconds = sweep_surface(surface, Start.at(START))
    return trace_outlines(surface, seconds, minutes, SurfaceRules(cell_m=land.cell_m, **rules), START)


def test_on_flat_ground_a_ring_is_the_circle_but_for_the_detour() -> None:
    (ring,) = draw(ground(), [20])
    circle = shapely.Point(*START[0]).buffer(1000)
    missing = 1 - ring.area / circle.area
    assert 0 < missing < 2 * WORST_DETOUR
    assert shapely.difference(ring, circle.buffer(25 / 16)).area < 1


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999))
def test_rings_are_valid_nested_and_the_same_alone(seed: int) -> None:
    minutes = [4.0, 7.0, 7.5, 13.0]
    together = draw(ground(seed), minutes)
    for ring, limit in zip(together, minutes, strict=True):
        assert ring.is_valid
        assert shapely.covers(ring, shapely.points(START)).all()
        assert draw(ground(seed), [limit])[0].equals_exact(ring, 0)
    for inner, outer in pairwise(together):
        assert shapely.difference(inner, outer).area == 0


def test_what_is_inside_is_reached_and_what_is_outside_is_not() -> None:
    land = ground(4)
    surface = build_surface(land)
    seconds = sweep_surface(surface, Start.at(START))
    (ring,) = trace_outlines(surface, seconds, [12], SurfaceRules(cell_m=25, smallest_m2=0), START)
    nodes = land.places(np.arange(land.nodes))
    inside = shapely.contains_xy(ring, *nodes.T)
    assert (inside == (seconds[: land.nodes] <= 720)).all()
    random = np.random.default_rng(1)
    spots = START + random.uniform(-1000, 1000, (2000, 2))
    late = arrive_on_foot(surface, seconds, spots) / 60 - 12
    wrong = shapely.contains_xy(ring, *spots.T) != (late <= 0)
    assert wrong.mean() < 0.005
    line = shapely.boundary(ring)
    assert shapely.distance(line, shapely.points(spots[wrong])).max(initial=0) < 25  # a cell


def test_a_lake_is_a_hole_and_a_pond_too_small_is_none() -> None:
    land = ground()
    pace = land.pace.copy()
    pace[30:38, 30:38] = FAR
    pace[60, 60] = FAR
    (ring,) = draw(Terrain(CRS, 25.0, 0, 0, land.height_m, pace), [24])
    (hole,) = ring.geoms[0].interiors
    assert shapely.Polygon(hole).area == pytest.approx(200**2, rel=0.1)
    (ring,) = draw(Terrain(CRS, 25.0, 0, 0, land.height_m, pace), [24], smallest_m2=0)
    assert len(ring.geoms[0].interiors) == 2


def test_more_time_more_land() -> None:
    areas = [ring.area for ring in draw(ground(2), [2, 4, 8, 16])]
    assert areas == sorted(areas)
    assert areas[0] > 0


def test_what_cannot_be_drawn_is_refused() -> None:
    surface = build_surface(ground(size=5))
    with pytest.raises(GeometryError, match="no time limit"):
        trace_outlines(surface, sweep_surface(surface, Start.at([[50.0, 50.0]])), [-1], SurfaceRules())
    with pytest.raises(GeometryError, match="not those of"):
        trace_outlines(surface, np.zeros(3, np.float32), [1], SurfaceRules())


def test_rules_say_what_a_reader_must_know() -> None:
    rules = SurfaceRules(cell_m=50, cover="clcd", roads=True)
    assert "2.7 %" in rules.describe()
    assert "by land cover clcd" in rules.describe()
    assert "叠加道路" in rules.describe("zh")
    assert "格网 50 米" in rules.describe("zh")
