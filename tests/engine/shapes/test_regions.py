"""Regions: what they hold and what lies beyond add up, whatever the shapes and however they were halved."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.regions import Region, measure_shapes, measure_without_slivers


def _wavy(seed: int, count: int, size: float, vertices: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    centre = draw.random((count, 1, 2)) * 0.1 + [112.0, 35.0]
    radius = size * (1 + 0.3 * np.sin(turn * draw.integers(2, 9) + draw.random((count, 1)) * 6))[..., None]
    return shapely.polygons(centre + radius * np.stack([np.cos(turn), np.sin(turn)], -1))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from([12, 300, 1500]))
def test_held_and_beyond_add_up(seed: int, vertices: int) -> None:
    shapes, land = _wavy(seed, 12, 0.01, 40), _wavy(seed + 1, 4, 0.04, vertices)
    held = Region(land).hold(shapes)
    whole = straight_area_m2(shapes)
    parts = measure_shapes(held.shapes) + measure_shapes(held.beyond(shapes))
    assert parts == pytest.approx(whole, abs=0.05)
    plain = straight_area_m2(shapely.intersection(shapes, shapely.union_all(land)))
    assert measure_shapes(held.shapes) == pytest.approx(plain, abs=0.05)


def test_lines_and_points_are_held_as_what_they_are() -> None:
    region = Region([shapely.box(112, 35, 112.1, 35.1)])
    shapes = [
        shapely.LineString([(112.05, 35.05), (112.2, 35.05)]),
        shapely.Point(112.05, 35.05),
        shapely.Point(113, 35),
        shapely.LineString([(112.1, 35.05), (112.2, 35.05)]),
    ]
    held = region.hold(shapes)
    assert [shape.geom_type for shape in held.shapes[:2]] == ["LineString", "Point"]
    assert held.shapes[2].is_empty
    assert held.shapes[3].is_empty
    assert held.owners == [(0,), (0,), (), (0,)]
    assert measure_shapes(held.shapes)[0] == pytest.approx(4561, abs=5)


def test_a_line_through_a_halved_region_is_whole() -> None:
    land = _wavy(3, 1, 0.04, 3000)
    (middle,) = shapely.centroid(land)
    line = shapely.LineString([(middle.x - 0.02, middle.y), (middle.x + 0.02, middle.y)])
    held = Region(land).hold([line])
    assert measure_shapes(held.shapes) == pytest.approx(measure_shapes([line]))


def test_slivers_are_left_out_part_by_part() -> None:
    wide, thin = shapely.box(112, 35, 112.001, 35.001), shapely.box(112.01, 35, 112.0100001, 35.01)
    both = shapely.MultiPolygon([wide, thin])
    assert measure_without_slivers([both], 0.1) == pytest.approx(straight_area_m2([wide]))
    assert measure_without_slivers([both], 0.0) == pytest.approx(straight_area_m2([both]))
