"""Areas with straight edges, against geodesics of many short edges and an equal-area projection."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Proj
from shapely import Polygon

from spatial.engine.areas import straight_area_m2

ELLIPSOID = Geod(a=6378137, rf=298.257222101)
corner = st.tuples(st.floats(112.0, 112.5), st.floats(34.8, 35.3))
triangles = st.tuples(corner, corner, corner).map(Polygon).filter(lambda shape: shape.area > 1e-6)


@given(triangles)
@settings(max_examples=25, deadline=None)
def test_many_short_geodesics_measure_the_same(triangle: Polygon) -> None:
    dense = shapely.segmentize(triangle, 2e-4)
    geodesic = abs(ELLIPSOID.geometry_area_perimeter(dense)[0])
    assert straight_area_m2([triangle])[0] == pytest.approx(geodesic, rel=1e-8, abs=0.05)


@given(triangles, st.integers(2, 400))
@settings(max_examples=50, deadline=None)
def test_a_vertex_on_an_edge_changes_nothing(triangle: Polygon, many: int) -> None:
    whole, cut = straight_area_m2([triangle, shapely.segmentize(triangle, triangle.length / many)])
    assert cut == pytest.approx(whole, rel=1e-12, abs=1e-3)


@pytest.mark.parametrize("latitude", [-50.0, 0.0, 18.2, 35.1, 53.5])
def test_an_equal_area_projection_measures_the_same(latitude: float) -> None:
    ring = shapely.Point(112.5, latitude).buffer(0.2, 16)
    plane = Proj(proj="cea", a=6378137, rf=298.257222101)
    flat = shapely.transform(ring.segmentize(1e-4), lambda x: np.column_stack(plane(x[:, 0], x[:, 1])))
    assert straight_area_m2([ring])[0] == pytest.approx(flat.area, rel=1e-9)


def test_a_parcel_as_the_norm_measures_it() -> None:
    # A trapezium between meridians and parallels: the closed form of the land survey norm.
    box = shapely.box(112.5, 35.0, 112.501, 35.001)
    geodesic = abs(ELLIPSOID.geometry_area_perimeter(shapely.segmentize(box, 1e-6))[0])
    assert straight_area_m2([box])[0] == pytest.approx(geodesic, rel=1e-9)


def test_holes_parts_and_directions() -> None:
    outer, inner = shapely.box(112.0, 35.0, 112.1, 35.1), shapely.box(112.02, 35.02, 112.04, 35.04)
    holed = Polygon(outer.exterior, [inner.exterior.reverse()])
    whole, hole, rest, turned = straight_area_m2([outer, inner, holed, outer.reverse()])
    assert rest == pytest.approx(whole - hole, rel=1e-12)
    assert turned == whole
    collection = shapely.GeometryCollection([holed, shapely.MultiPolygon([inner]), shapely.Point(112, 35)])
    assert straight_area_m2([collection])[0] == pytest.approx(whole, rel=1e-12)
    nothing = [None, Polygon(), shapely.Point(112, 35), shapely.LineString([(112, 35), (113, 35)])]
    assert straight_area_m2(nothing).tolist() == [0, 0, 0, 0]
    assert len(straight_area_m2([])) == 0
    assert straight_area_m2(outer).tolist() == [whole]


def test_a_thin_strip_keeps_its_digits() -> None:
    # A tenth of a millimetre by 20 km, cut on one side only: geodesics of such edges are off by hectares.
    strip = shapely.box(112.3, 35.0, 112.52, 35.0 + 1e-9)
    dense = shapely.segmentize(strip.exterior, 1e-3).coords
    ragged = Polygon([point for point in dense if point[1] > 35.0 or point[0] in (112.3, 112.52)])
    assert straight_area_m2([ragged])[0] == pytest.approx(straight_area_m2([strip])[0], rel=1e-3)
