"""Ribbons, curves and smooth outlines, on lines like the Yellow River at Xiaolangdi in EPSG:4546."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point, Polygon, box

from spatial.engine.shapes.ribbons import (
    clip_polygons,
    curve_through,
    cut_polygons,
    make_ribbon,
    measure_side,
    smooth_outline,
)
from spatial.errors import GeometryError

WEST, EAST = (591_300.0, 3_877_800.0), (637_000.0, 3_866_900.0)
"""112.0 E 35.03 N and 112.5 E 34.93 N, metres."""
ENDS = ["round", "flat", "taper"]
SIDES = ["north", "south", "east", "west"]
OPPOSITE = {"north": "south", "south": "north", "east": "west", "west": "east"}


def meander(seed, bends=9, wide=1500, count=240):
    """Draw a river from west to east that never turns back, with bends of several sizes."""
    random = np.random.default_rng(seed)
    along = np.linspace(0, 1, count)
    x = WEST[0] + along * (EAST[0] - WEST[0])
    y = WEST[1] + along * (EAST[1] - WEST[1])
    for octave in range(3):
        size = wide * random.uniform(0.3, 1) / 2**octave
        y = y + size * np.sin(2 * np.pi * bends * 2**octave * along / 2 + random.uniform(0, 6.28))
    return LineString(np.column_stack([x, y]))


def loops(steepness=100, count=900, wave=7000.0):
    """Draw a sine-generated river: beyond 90 degrees its bends hang over, up to 120 it never crosses itself."""
    heading = np.radians(steepness) * np.sin(np.linspace(0, 10 * np.pi, count))
    steps = wave * 5 / count
    return LineString(
        np.column_stack(
            [WEST[0] + np.cumsum(steps * np.cos(heading)), WEST[1] + np.cumsum(steps * np.sin(heading))]
        )
    )


def area_between(one, other):
    return shapely.symmetric_difference(one, other).area


def sample(shape, count=300, seed=0):
    """Draw points inside a shape, a little away from its edge."""
    inner = shape.buffer(-5)
    random = np.random.default_rng(seed)
    west, south, east, north = inner.bounds
    points = shapely.points(random.uniform(west, east, 20 * count), random.uniform(south, north, 20 * count))
    return points[shapely.contains(inner, points)][:count]


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("seed", range(4))
def test_a_north_ribbon_lies_north_of_the_river(ends, seed):
    river = meander(seed)
    points = sample(make_ribbon(river, 4000, side="north", ends=ends))
    foot = shapely.line_interpolate_point(river, shapely.line_locate_point(river, points))
    assert len(points) == 300
    assert (shapely.get_y(foot) < shapely.get_y(points)).all()
    assert (shapely.distance(points, river) <= 4000).all()


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 10_000),
    st.floats(50, 8000),
    st.sampled_from(ENDS),
    st.integers(1, 30),
    st.floats(10, 4000),
)
def test_two_sides_are_the_whole_ribbon(seed, reach, ends, bends, wide):
    river = meander(seed, bends, wide, count=150)
    whole = make_ribbon(river, reach, ends=ends)
    north = make_ribbon(river, reach, side="north", ends=ends)
    south = make_ribbon(river, reach, side="south", ends=ends)
    assert whole.is_valid
    assert north.is_valid
    assert area_between(whole, north | south) < 1e-6 * whole.area
    assert shapely.intersection(north, south).area < 1e-6 * whole.area
    assert north.area > 0.05 * whole.area


@pytest.mark.parametrize("side", [*SIDES, "both"])
@pytest.mark.parametrize("ends", ENDS)
def test_the_direction_of_digitising_does_not_matter(side, ends):
    river = meander(7)
    river = (
        river if side in ("north", "south", "both") else LineString(shapely.get_coordinates(river)[:, ::-1])
    )
    there, back = (make_ribbon(line, 3000, side=side, ends=ends) for line in (river, river.reverse()))
    assert there.equals(back)


@pytest.mark.parametrize("side", SIDES)
def test_sides_of_a_straight_line(side):
    line = (
        LineString([(0, 0), (10_000, 0)]) if side in ("north", "south") else LineString([(0, 0), (0, 10_000)])
    )
    ribbon = make_ribbon(line, 1000, side=side, ends="flat")
    expected = {
        "north": box(0, 0, 10_000, 1000),
        "south": box(0, -1000, 10_000, 0),
        "east": box(0, 0, 1000, 10_000),
        "west": box(-1000, 0, 0, 10_000),
    }[side]
    assert area_between(ribbon, expected) < 1e-3


@pytest.mark.parametrize("side", ["both", "north"])
@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_wider_ribbon_contains_a_narrower_one(side, ends, seed):
    river = meander(seed, wide=900)
    widths = [make_ribbon(river, reach, side=side, ends=ends) for reach in (500, 1500, 4000, 15_000)]
    # Lines are simplified by the reach, which moves tips by metres and turns flat ends a little.
    spilt = {"round": 1e-9, "taper": 1e-5, "flat": 2e-2}[ends]
    for narrow, wide in pairwise(widths):
        assert shapely.difference(narrow, wide.buffer(1)).area < spilt * narrow.area


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(100, 12_000), st.sampled_from(["both", "north", "south"]))
def test_tapered_lies_in_round(seed, reach, side):
    river = meander(seed, count=150)
    taper, whole = (make_ribbon(river, reach, side=side, ends=ends) for ends in ("taper", "round"))
    assert shapely.difference(taper, whole.buffer(1e-3)).area < 1e-3
    assert taper.area < whole.area


def test_a_tip_narrows_to_nothing():
    line = LineString([(0, 0), (40_000, 0)])
    tip = make_ribbon(line, 2000, ends="taper")
    across = [
        shapely.intersection(tip, LineString([(x, -5000), (x, 5000)])).length
        for x in (10, 500, 2000, 4000, 8000, 20_000)
    ]
    assert across == sorted(across)
    assert across[0] < 20
    assert across[-1] == pytest.approx(4000, rel=1e-6)
    assert tip.bounds[0] == pytest.approx(0, abs=1e-6)


def test_overhanging_bends_keep_their_side():
    river = loops()
    north = make_ribbon(river, 600, side="north")
    south = make_ribbon(river, 600, side="south")
    assert river.is_simple
    assert area_between(north | south, make_ribbon(river, 600)) < 1.0
    assert shapely.intersection(north, south).area < 1e-3
    # Carried on far to the west and east, the river splits the plane: that is the side in every bend.
    (x, y), (last_x, last_y) = river.coords[0], river.coords[-1]
    far = 1e5
    around = [(last_x + far, last_y), (last_x + far, last_y + far), (x - far, y + far), (x - far, y)]
    frame = [*river.coords, *around]
    assert shapely.difference(north, Polygon(frame)).area < 1e-3


def test_a_small_loop_in_the_drawing_does_not_turn_the_side():
    river = shapely.get_coordinates(meander(3))
    at = river[100]
    loop = at + np.array([[300, -400], [-200, -400], [100, 200]])
    drawn = LineString(np.vstack([river[:101], loop, river[103:]]))
    assert not drawn.is_simple
    north, clean = (make_ribbon(line, 2000, side="north") for line in (drawn, LineString(river)))
    assert area_between(north, clean) < 0.02 * clean.area


def test_lines_that_share_ends_are_one_line():
    river = shapely.get_coordinates(meander(5))
    pieces = MultiLineString([river[:80], river[79:150][::-1], river[149:]])
    one, many = (make_ribbon(line, 2500, side="north", ends="taper") for line in (LineString(river), pieces))
    assert area_between(one, many) < 1e-3


def test_only_free_ends_are_tapered():
    fork = MultiLineString([[(0, 0), (9000, 0)], [(9000, 0), (18_000, 4000)], [(9000, 0), (18_000, -4000)]])
    ribbon = make_ribbon(fork, 1000, ends="taper")
    assert ribbon.contains(Point(9000, 0).buffer(990))
    assert not ribbon.contains(Point(0, 0).buffer(200))


def test_a_closed_line_has_no_side_and_does_not_fail():
    ring = LineString(Point(0, 0).buffer(5000).exterior.coords)
    assert measure_side(ring, "north") == 0
    assert make_ribbon(ring, 500, side="north").area > 0
    assert make_ribbon(ring, 500, ends="taper").equals(make_ribbon(ring, 500))


def test_how_clear_a_side_is():
    assert measure_side(meander(1), "north") > 0.9
    assert measure_side(meander(1), "east") < 0.4
    assert measure_side(meander(1), "both") == 1
    assert measure_side(MultiLineString([[(0, 0), (9, 0)], [(20, 0), (20, 5)]]), "north") == 0


def test_ribbons_of_nothing():
    assert make_ribbon(LineString(), 100).is_empty
    assert make_ribbon(LineString([(1, 1), (1, 1)]), 100, side="north").is_empty
    with pytest.raises(GeometryError, match="above zero"):
        make_ribbon(meander(0), 0)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=9),
    st.floats(1, 40),
    st.sampled_from(SIDES),
    st.sampled_from(ENDS),
)
def test_any_scribble_makes_a_valid_ribbon(corners, reach, side, ends):
    line = LineString(corners)
    assume(line.length > 0)
    whole = make_ribbon(line, reach, ends=ends)
    half, other = (make_ribbon(line, reach, side=which, ends=ends) for which in (side, OPPOSITE[side]))
    assert whole.is_valid
    assert half.is_valid
    assert area_between(half | other, whole) < (0.01 if line.is_simple else 1) * whole.area
    assert shapely.difference(half | other, whole).area < 1e-6 * whole.area


def test_an_end_that_curls_into_the_river_is_led_out():
    hook = LineString([(-27, -27), (-41, 13), (-28, 49)])
    north, south = (make_ribbon(hook, 38, side=side) for side in ("north", "south"))
    assert area_between(north | south, make_ribbon(hook, 38)) < 1e-6
    assert shapely.intersection(north, south).area < 1e-6
    assert min(north.area, south.area) > 0.2 * (north.area + south.area)


def test_holes_in_a_tapered_ribbon_stay_holes():
    corners = [(-49, -32), (15, 3), (-30, 2), (-6, 47), (44, -45), (-12, 5), (-45, 18)]
    assert make_ribbon(LineString(corners), 4.141980380340566, ends="taper").is_valid


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=9).map(
        lambda rows: [(1000.0 * x, 1000.0 * y) for x, y in rows]
    )
)
def test_a_curve_passes_through_its_points_in_order(knots):
    assume(len(set(knots)) > 1)
    curve = curve_through(knots)
    assert (shapely.distance(curve, shapely.points(np.array(knots))) < 1e-6).all()
    assert curve.coords[0] == pytest.approx(knots[0])
    assert curve.coords[-1] == pytest.approx(knots[-1])
    assert curve.length >= LineString(knots).length - 1e-6
    vertices = np.hypot(*np.diff(shapely.get_coordinates(curve), axis=0).T)
    assert (vertices > 0).all()


def test_a_curve_is_gentle():
    knots = [(0, 0), (12_000, 3000), (20_000, -1000), (33_000, 2000)]
    curve = shapely.get_coordinates(curve_through(knots))
    steps = np.diff(curve, axis=0)
    heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    assert np.degrees(np.abs(np.diff(heading))).max() < 5
    assert curve_through(knots).length < 1.05 * LineString(knots).length


@pytest.mark.parametrize("knots", [[], [(1, 2)], [(1, 2), (1, 2)]])
def test_a_curve_through_less_than_two_points_is_empty(knots):
    assert curve_through(knots).is_empty


def test_smoothing_joins_neighbours_and_rounds_corners():
    pair = box(0, 0, 4000, 4000) | box(4900, 500, 9000, 4000)
    assert smooth_outline(pair, 400).geom_type == "MultiPolygon"
    joined = smooth_outline(pair, 500)
    assert joined.geom_type == "Polygon"
    assert not joined.contains(Point(10, 10))
    assert joined.area == pytest.approx(pair.area, rel=0.15)


def test_smoothing_stays_within_and_never_erases():
    pair = box(0, 0, 4000, 4000) | box(4900, 500, 9000, 4000)
    land = box(0, 0, 9000, 4000) - box(4300, 1000, 4600, 2000)
    assert shapely.difference(smooth_outline(pair, 500, land), land).area < 1e-3
    sliver = box(0, 0, 4000, 100)
    assert smooth_outline(sliver, 500).area == pytest.approx(sliver.area, rel=1e-3)
    assert shapely.get_num_geometries(smooth_outline(pair | box(30_000, 0, 30_300, 300), 400)) == 3
    assert smooth_outline(pair, 0).equals(pair)
    assert smooth_outline(Polygon(), 500).is_empty


def test_clip_and_cut_drop_touches_and_specks():
    square = box(0, 0, 1000, 1000)
    assert clip_polygons(square, box(1000, 0, 2000, 1000)).is_empty
    assert clip_polygons(square, Polygon()).is_empty
    notched = box(0, 0, 500, 1000) | box(999.9, 0, 1000, 1)
    assert clip_polygons(square, notched).equals(box(0, 0, 500, 1000))
    assert cut_polygons(square, box(-1, -1, 999.9995, 1001)).area < 1.0
    assert cut_polygons(square, square).is_empty
