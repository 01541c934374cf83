"""Areas, lengths, distances and buffers against formulas and samples that share no code with them."""

from __future__ import annotations

import time

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import area_m2, buffer_geodesic, distance_m, length_m
from spatial.errors import GeometryError

GEOD = pyproj.Geod(a=6378137, rf=298.257222101)
NOTCHED = shapely.Polygon(
    [(112.4, 35.0), (112.8, 35.05), (112.75, 35.3), (112.6, 35.1), (112.45, 35.28)],
    [[(112.5, 35.03), (112.7, 35.06), (112.6, 35.08)]],
)
SHAPES = {
    "point": shapely.Point(112.6, 35.1),
    "line": shapely.LineString([(112.0, 35.0), (112.5, 35.2), (112.8, 34.9)]),
    "crossing line": shapely.LineString([(112.0, 35.0), (112.3, 35.2), (112.3, 35.0), (112.0, 35.2)]),
    "notched with hole": NOTCHED,
    "wide hole": shapely.box(112, 35, 114, 36.5).difference(shapely.box(112.3, 35.2, 113.8, 36.3)),
    "three parts": shapely.MultiPolygon(
        [
            shapely.box(112, 35, 112.1, 35.1),
            shapely.box(112.5, 35.2, 112.6, 35.25),
            shapely.box(113, 34.7, 113.2, 34.8),
        ]
    ),
    "two points": shapely.MultiPoint([(112, 35), (112.3, 35.1)]),
    "collection": shapely.GeometryCollection(
        [shapely.Point(112, 35), shapely.LineString([(112.2, 35), (112.4, 35.1)])]
    ),
    "far north": shapely.box(121.0, 52.0, 123.0, 53.0),
}
RADII_M = [100, 1_000, 17_307.7, 100_000, 500_000]


def sample(shape: BaseGeometry, step_m: float) -> np.ndarray:
    return shapely.get_coordinates(shapely.segmentize(shape, step_m / 111_000))


def sampled_distance_m(places: np.ndarray, samples: np.ndarray, within_m: float = 1e9) -> np.ndarray:
    """Shortest geodesic from each place to any sample, by brute force.

    Samples that are clearly further away than `within_m` are not looked at.
    """
    found = []
    for lon, lat in places:
        rise = within_m / 110_000
        near = np.abs(samples[:, 1] - lat) <= rise
        near &= np.abs(samples[:, 0] - lon) * np.cos(np.radians(min(89, abs(lat) + rise))) <= rise
        chosen = samples[near]
        many = len(chosen)
        metres = GEOD.inv(np.full(many, lon), np.full(many, lat), chosen[:, 0], chosen[:, 1])[2]
        found.append(np.min(metres, initial=within_m))
    return np.array(found)


def series_area_m2(ring: np.ndarray) -> float:
    """The edge series of the land survey norm, straight edges in longitude and latitude."""
    a, f = 6378137.0, 1 / 298.257222101
    b, e2 = a * (1 - f), f * (2 - f)
    e4, e6, e8 = e2**2, e2**3, e2**4
    factors = (
        1 + 3 / 6 * e2 + 30 / 80 * e4 + 35 / 112 * e6 + 630 / 2304 * e8,
        1 / 6 * e2 + 15 / 80 * e4 + 21 / 112 * e6 + 420 / 2304 * e8,
        3 / 80 * e4 + 7 / 112 * e6 + 180 / 2304 * e8,
        1 / 112 * e6 + 45 / 2304 * e8,
        5 / 2304 * e8,
    )
    lon, lat = np.radians(ring).T
    width = (lon[:-1] + lon[1:]) / 2 - lon.min()
    rise, middle = np.diff(lat), (lat[:-1] + lat[1:]) / 2
    total = sum(
        (-1) ** n * factor * np.sin((2 * n + 1) * rise / 2) * np.cos((2 * n + 1) * middle)
        for n, factor in enumerate(factors)
    )
    return abs(float((2 * b**2 * width * total).sum()))


def test_area_agrees_with_the_survey_series_on_parcels() -> None:
    rng = np.random.default_rng(7)
    corners = rng.uniform((75, 18), (134, 53), (200, 2))
    parcels = [shapely.box(x, y, x + 0.002, y + 0.0018) for x, y in corners]
    expected = [series_area_m2(shapely.get_coordinates(parcel)) for parcel in parcels]
    assert area_m2(parcels) == pytest.approx(expected, rel=1e-9)


def test_area_is_that_of_each_geometry_alone() -> None:
    shapes = [
        NOTCHED,
        None,
        SHAPES["three parts"],
        shapely.Polygon(),
        SHAPES["line"],
        shapely.reverse(NOTCHED),
    ]
    expected = [
        0.0 if shape is None or shape.is_empty or shapely.get_dimensions(shape) < 2 else
        abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0])
        for shape in shapes
    ]  # fmt: skip
    assert area_m2(shapes) == pytest.approx(expected, rel=1e-12)
    assert area_m2([]).shape == (0,)


def test_area_opens_collections_and_drops_height() -> None:
    tall = shapely.force_3d(NOTCHED, 500.0)
    nested = shapely.GeometryCollection([shapely.GeometryCollection([tall]), SHAPES["line"]])
    assert area_m2([tall, nested]) == pytest.approx(area_m2([NOTCHED, NOTCHED]), rel=1e-15)


def test_area_adds_up_over_a_split() -> None:
    left, right = shapely.box(112, 35, 112.3, 35.2), shapely.box(112.3, 35, 112.5, 35.2)
    whole = shapely.union(left, right, grid_size=0)
    assert area_m2([left, right]).sum() == pytest.approx(area_m2([whole])[0], rel=1e-12)


def test_area_of_many_parcels_is_quick() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform((112, 35), (113, 36), (10_000, 2)).T
    start = time.perf_counter()
    area_m2(shapely.box(x, y, x + 0.001, y + 0.001))
    assert time.perf_counter() - start < 5


def test_length_is_geodesic_and_counts_rings() -> None:
    shapes = [SHAPES["line"], NOTCHED, SHAPES["two points"], None, shapely.LineString()]
    expected = [GEOD.geometry_length(SHAPES["line"]), GEOD.geometry_length(NOTCHED.exterior), 0, 0, 0]
    expected[1] += GEOD.geometry_length(NOTCHED.interiors[0])
    assert length_m(shapes) == pytest.approx(expected, rel=1e-12)


def test_distance_agrees_with_samples() -> None:
    rng = np.random.default_rng(3)
    places = rng.uniform((111.5, 34.5), (113.5, 35.6), (40, 2))
    for name in ("point", "line", "notched with hole", "three parts", "collection"):
        shape = SHAPES[name]
        expected = sampled_distance_m(places, sample(shape, 20))
        expected[shapely.intersects(shape, shapely.points(places))] = 0
        assert distance_m(shapely.points(places), shape) == pytest.approx(expected, abs=0.5)


def test_distance_knows_inside_holes_and_nothing() -> None:
    inside, hole = shapely.Point(112.46, 35.1), shapely.Point(112.6, 35.06)
    found = distance_m([inside, hole, None, shapely.Point()], NOTCHED)
    assert found[0] == 0
    assert found[1] == pytest.approx(
        sampled_distance_m(np.array([[112.6, 35.06]]), sample(NOTCHED, 2))[0], abs=0.05
    )
    assert np.isnan(found[2:]).all()
    assert np.isnan(distance_m([inside], shapely.Polygon())).all()


@pytest.mark.parametrize("radius_m", RADII_M)
@pytest.mark.parametrize("name", SHAPES)
def test_buffer_edge_is_at_the_true_distance(name: str, radius_m: float) -> None:
    shape = SHAPES[name]
    reached = buffer_geodesic(shape, radius_m)
    assert reached.is_valid
    allowed = max(0.5, 1e-6 * radius_m)
    rng = np.random.default_rng(11)
    vertices = shapely.get_coordinates(reached)
    vertices = vertices[rng.choice(len(vertices), 40)]
    edges = shapely.get_coordinates(
        shapely.line_interpolate_point(reached.boundary, rng.random(40), normalized=True)
    )
    step_m = min(500.0, np.sqrt(0.4 * radius_m))  # a foot missed by half a step costs 0.05 m
    samples = sample(shape, step_m)
    assert sampled_distance_m(vertices, samples, 1.2 * radius_m) == pytest.approx(radius_m, abs=allowed)
    assert sampled_distance_m(edges, samples, 1.2 * radius_m) == pytest.approx(radius_m, abs=allowed)


@pytest.mark.parametrize("name", ["point", "line", "notched with hole", "wide hole", "three parts"])
def test_places_just_inside_and_outside_are_told_apart(name: str) -> None:
    shape, radius_m = SHAPES[name], 9_000.0
    reached = buffer_geodesic(shape, radius_m)
    starts = shapely.get_coordinates(reached)[::7]
    rng = np.random.default_rng(5)
    azimuth = rng.uniform(0, 360, len(starts))
    lon, lat, _ = GEOD.fwd(starts[:, 0], starts[:, 1], azimuth, np.full(len(starts), 5.0))
    places = np.column_stack([lon, lat])
    true_m = sampled_distance_m(places, sample(shape, 30), 9_500)
    clear = np.abs(true_m - radius_m) > 0.5
    assert clear.sum() > 20
    found = shapely.covers(reached, shapely.points(places))
    assert (found == (true_m <= radius_m))[clear].all()


def test_buffer_of_a_point_is_the_geodesic_circle_at_any_size() -> None:
    for radius_m in (10.0, 10_000.0, 500_000.0, 2_000_000.0):
        ring = shapely.get_coordinates(buffer_geodesic(shapely.Point(105, 40), radius_m))
        many = len(ring)
        metres = GEOD.inv(np.full(many, 105), np.full(many, 40), ring[:, 0], ring[:, 1])[2]
        assert metres == pytest.approx(radius_m, rel=1e-9)


def test_buffer_of_nothing_and_by_nothing() -> None:
    assert buffer_geodesic(shapely.Polygon(), 100).is_empty
    assert buffer_geodesic(NOTCHED, 0).equals(NOTCHED)


def test_buffer_closes_narrow_holes_and_gaps() -> None:
    assert len(buffer_geodesic(NOTCHED, 100).interiors) == 1
    assert len(buffer_geodesic(NOTCHED, 5_000).interiors) == 0
    assert buffer_geodesic(SHAPES["three parts"], 1_000).geom_type == "MultiPolygon"
    assert buffer_geodesic(SHAPES["three parts"], 50_000).geom_type == "Polygon"


def test_a_hole_about_to_close_costs_no_time() -> None:
    """A hole of 2 km half width, at radii about that: the work stays bounded and the result valid."""
    frame = shapely.box(112, 35, 112.4, 35.4).difference(shapely.box(112.17, 35.18, 112.2138, 35.216))
    for radius_m in (1_990.0, 1_996.0, 1_997.0, 1_998.0, 2_005.0):
        start = time.perf_counter()
        assert buffer_geodesic(frame, radius_m).is_valid
        assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("shape", "metres", "word"),
    [
        (NOTCHED, -1, "zero or more"),
        (NOTCHED, float("nan"), "zero or more"),
        (NOTCHED, float("inf"), "zero or more"),
        (shapely.Point(500_000, 3_880_000), 100, "degrees"),
        (shapely.Point(179.99, 10), 5_000, "180th meridian"),
        (shapely.Point(112, 88.9), 50_000, "pole"),
        (shapely.Point(112, 35), 9_000_000, "pole"),
    ],
)
def test_buffers_that_have_no_honest_answer_are_refused(
    shape: BaseGeometry, metres: float, word: str
) -> None:
    with pytest.raises(GeometryError, match=word):
        buffer_geodesic(shape, metres)


def test_same_shape_gives_the_same_bytes() -> None:
    assert buffer_geodesic(NOTCHED, 9_000).wkb == buffer_geodesic(NOTCHED, 9_000).wkb


@st.composite
def stars(draw: st.DrawFn) -> BaseGeometry:
    """A star-shaped polygon with dents, somewhere in China."""
    lon, lat = draw(st.floats(75, 133)), draw(st.floats(18, 53))
    size = draw(st.floats(0.005, 0.5))
    reach = np.array(draw(st.lists(st.floats(0.15, 1), min_size=5, max_size=9))) * size
    angle = np.linspace(0, 2 * np.pi, len(reach), endpoint=False)
    return shapely.make_valid(
        shapely.Polygon(np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)]))
    )


@settings(max_examples=15, deadline=None)
@given(shape=stars(), near_m=st.floats(50, 20_000), factor=st.floats(1.01, 5))
def test_further_covers_nearer_and_both_cover_the_shape(
    shape: BaseGeometry, near_m: float, factor: float
) -> None:
    near, far = buffer_geodesic(shape, near_m), buffer_geodesic(shape, near_m * factor + 1)
    assert near.is_valid
    assert far.is_valid
    assert shapely.covers(near, shape)
    assert shapely.covers(far, near)
    assert area_m2([shape, near, far]).tolist() == sorted(area_m2([shape, near, far]))
