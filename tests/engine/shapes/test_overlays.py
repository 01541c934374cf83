"""Overlays: areas agree with plain intersections, parts add up, pieces tile what they are cut from."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.overlays import halve, intersect_areas


def _blobs(seed: int, count: int, size: float, vertices: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    centre = draw.random((count, 1, 2)) * [1.0, 0.8] + [112.0, 34.8]
    radius = size * (0.6 + 0.4 * draw.random((count, vertices, 1)))
    return shapely.polygons(centre + radius * np.stack([np.cos(turn), np.sin(turn)], -1))


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 6), st.sampled_from([8, 60, 600]))
def test_areas_are_those_of_plain_intersections(seed: int, many: int, few: int, vertices: int) -> None:
    left, right = _blobs(seed, many, 0.05, 9), _blobs(seed + 1, few, 0.3, vertices)
    made = intersect_areas(left, right)
    for at in range(few):
        plain = straight_area_m2(shapely.intersection(left, right[at]))
        seen = np.zeros(many)
        seen[made.left[made.right == at]] = made.area[made.right == at]
        assert seen == pytest.approx(plain, abs=1e-2)


def test_sums_are_those_of_geopandas() -> None:
    left, right = _blobs(7, 3000, 0.02, 9), _blobs(8, 30, 0.15, 700)
    made = intersect_areas(left, right)
    frames = [gpd.GeoDataFrame(geometry=shapes, crs=4490) for shapes in (left, right)]
    rival = straight_area_m2(gpd.overlay(*frames, keep_geom_type=True).geometry).sum()
    assert made.area.sum() == pytest.approx(rival, abs=1.0)
    assert (np.diff(made.left) >= 0).all()


def test_a_partition_takes_all_of_each_parcel() -> None:
    left = _blobs(3, 200, 0.03, 12)
    edges = np.linspace(111.5, 113.5, 9)
    strips = shapely.box(edges[:-1], 30, edges[1:], 40)
    made = intersect_areas(left, strips)
    sums = np.bincount(made.left, weights=made.area, minlength=len(left))
    assert sums == pytest.approx(straight_area_m2(left), rel=1e-9)


def test_shapes_that_only_touch_have_nothing_in_common() -> None:
    made = intersect_areas([shapely.box(0, 0, 1, 1)], [shapely.box(1, 0, 2, 1), shapely.box(1, 1, 2, 2)])
    assert not len(made.left)


@pytest.mark.parametrize("empty", [[], [shapely.Polygon()]])
def test_nothing_meets_nothing(empty: list[shapely.Polygon]) -> None:
    box = [shapely.box(0, 0, 1, 1)]
    assert not len(intersect_areas(empty, box).left)
    assert not len(intersect_areas(box, empty).left)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000), st.sampled_from([16, 64, 256]))
def test_pieces_tile_what_they_are_cut_from(seed: int, most: int) -> None:
    shapes = _blobs(seed, 3, 0.3, 2000)
    pieces, owner = halve(shapes, most)
    assert (shapely.get_num_coordinates(pieces) <= most).all()
    area = np.bincount(owner, weights=shapely.area(pieces), minlength=3)
    assert area == pytest.approx(shapely.area(shapes), rel=1e-9)
    assert shapely.is_valid(pieces).all()
