"""Treks: journeys over a surface from points and areas, to places and as rings in degrees."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial.engine.rings.outlines import SurfaceRules
from spatial.engine.rings.surfaces import Surface, build_surface
from spatial.engine.rings.terrain import Terrain
from spatial.engine.rings.treks import Trek, draw_reach, set_out
from spatial.engine.travel.network import FAR
from spatial.errors import GeometryError

EAST, NORTH, CELL = 20_000, 155_200, 25.0
"""Column and row of the first node: about 114° E, 35° N in EPSG:4547."""


def flat(lake: bool = False) -> Surface:
    pace = np.full((121, 121), 1.2, np.float32)
    if lake:
        pace[50:71, 50:71] = FAR
    return build_surface(Terrain("EPSG:4547", CELL, EAST, NORTH, np.zeros((121, 121), np.float32), pace))


def at(column: float, row: float) -> shapely.Point:
    return shapely.Point((EAST + column) * CELL, (NORTH + row) * CELL)


RULES = SurfaceRules(cell_m=CELL)


def test_a_trek_from_a_point() -> None:
    trek = set_out(flat(), at(60, 60), RULES)
    assert trek.problem == ""
    xy = shapely.get_coordinates([at(60, 60), at(100, 60), at(60.5, 60)])
    visit = trek.visit(xy)
    assert visit.seconds == pytest.approx([0, 1200, 15], abs=0.01)
    assert visit.kmh == pytest.approx(3.0)
    near, far = trek.rings([10, 20])
    assert far.contains(near)
    assert shapely.get_coordinates(far.centroid) == pytest.approx(np.array([[114.0164, 35.06]]), abs=0.01)


def test_a_trek_from_an_area_and_from_a_line() -> None:
    area = shapely.box(*at(40, 40).coords[0], *at(80, 80).coords[0])
    trek = set_out(flat(), area, RULES)
    xy = shapely.get_coordinates([at(60.3, 60.2), at(100, 60)])
    assert trek.visit(xy).seconds == pytest.approx([0, 20 * 25 * 1.2], abs=0.01)
    line = shapely.LineString([at(40, 60), at(80, 60)])
    assert set_out(flat(), line, RULES).visit(xy).seconds[1] == pytest.approx(600, abs=0.01)


def test_nothing_sets_out_from_water_or_from_elsewhere() -> None:
    for where in (at(60, 60), at(-50, 60)):
        trek = set_out(flat(lake=True), where, RULES)
        assert trek.problem == "no_ground"
        with pytest.raises(GeometryError, match="no_ground"):
            trek.rings([5])


def test_rings_of_either_kind_of_journey() -> None:
    trek = set_out(flat(), at(60, 60), RULES)
    assert draw_reach(trek, None, [10])[0].equals(trek.rings([10])[0])
    assert Trek.stay("no_terrain").problem == "no_terrain"
