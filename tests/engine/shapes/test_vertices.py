"""Faults of vertices: each is found where it was put, and clean shapes have none."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.engine.shapes.vertices import find_repeats, find_spikes, find_turned, find_twins

SQUARE = np.array([(112.0, 35.0), (112.1, 35.0), (112.1, 35.1), (112.0, 35.1)])


@given(st.integers(0, 3), st.integers(1, 3), st.booleans())
def test_repeats_are_counted_where_they_are(at, times, hole):
    ring = np.insert(SQUARE, [at] * times, SQUARE[at], axis=0)
    clean = shapely.box(112.5, 35, 112.6, 35.1)
    big = shapely.box(111, 34, 113, 36).exterior.coords
    shape = shapely.Polygon(big, [ring]) if hole else shapely.Polygon(ring)
    owner, places = find_repeats([clean, None, shape], 0.001)
    # A ring that begins with a repeat also ends with one where it is closed: the first vertex stands there too.
    assert owner.tolist() == [2] * times
    assert (places == SQUARE[at]).all()


def test_repeats_by_distance_are_metres():
    line = shapely.LineString([(112, 35), (112 + 1e-8, 35), (112.1, 35)])
    assert len(find_repeats([line], 0.001)[0]) == 1
    assert not len(find_repeats([line], 0.0005)[0])
    assert not len(find_repeats([shapely.Point(1, 1), shapely.MultiPoint([(1, 1), (1, 1)])], 1)[0])


@given(st.floats(0.5, 60), st.integers(0, 3), st.booleans())
def test_spikes_by_their_angle(angle, start, turned):
    half = np.radians(angle / 2)
    tip = np.array([(0, 0), (np.sin(half), -np.cos(half)), (0, -5), (-np.sin(half), -np.cos(half))]) * 100
    ring = np.roll(tip, start, axis=0)[:: -1 if turned else 1] / [
        111_320 * np.cos(np.radians(35)),
        110_574,
    ] + [112, 35]
    owner, places, found = find_spikes([shapely.Point(112, 35), shapely.Polygon(ring)], 30)
    sharp = [value for value in found.tolist() if abs(value - angle) < 0.1]
    assert (len(sharp) == 1) == (angle < 30) or abs(angle - 30) < 0.1
    assert set(owner.tolist()) <= {1}
    assert len(places) == len(found)


def test_no_spike_in_a_square_nor_where_a_vertex_is_given_twice():
    assert not len(
        find_spikes([shapely.Polygon(SQUARE), shapely.Polygon(np.repeat(SQUARE, 2, axis=0))], 30)[0]
    )
    assert not len(find_spikes([], 30)[0])


def test_holes_that_turn_like_their_shell():
    big = shapely.box(111, 34, 113, 36).exterior.coords
    right, wrong = (shapely.Polygon(big, [SQUARE[::way]]) for way in (-1, 1))
    if shapely.is_ccw(right.exterior) != shapely.is_ccw(shapely.LinearRing(SQUARE)):
        right, wrong = wrong, right
    shapes = [
        right,
        shapely.MultiPolygon([shapely.box(1, 1, 2, 2), wrong]),
        wrong,
        None,
        shapely.box(0, 0, 1, 1),
    ]
    assert find_turned(shapes).tolist() == [1, 2]
    assert find_turned([None]).tolist() == []


@given(st.lists(st.integers(0, 3), max_size=8), st.integers(0, 3))
def test_twins_are_the_repeats_of_a_list(kinds, roll):
    shapes = [
        shapely.Polygon(np.roll(SQUARE + np.array([kind, 0]), at + roll, axis=0)[:: -1 if at % 2 else 1])
        for at, kind in enumerate(kinds)
    ]
    later, first = find_twins([*shapes, None, None])
    oracle = [(at, kinds.index(kind)) for at, kind in enumerate(kinds) if kinds.index(kind) != at]
    assert list(zip(later.tolist(), first.tolist(), strict=True)) == oracle
