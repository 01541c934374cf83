"""Noding by level: against shapely's own noding where there is one level, by hand where there are more."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString

from spatial.engine.travel.noding import node_lines


def meets(noded, one, other):
    """Say whether two input lines share a vertex."""
    ids = [ids_of(noded, line) for line in (one, other)]
    return bool(ids[0] & ids[1])


def ids_of(noded, line):
    ways = np.flatnonzero(noded.line == line)
    return {int(v) for way in ways for v in noded.vertex_id[noded.way_start[way] : noded.way_start[way + 1]]}


def edges_of(noded):
    """Return the steps between different places as a set of pairs of ids, doubled ones once."""
    way = np.repeat(np.arange(len(noded.line)), np.diff(noded.way_start))
    inner = way[1:] == way[:-1]
    pairs = np.column_stack([noded.vertex_id[:-1], noded.vertex_id[1:]])[inner]
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return {tuple(pair) for pair in pairs.tolist()}


H = LineString([(0, 0), (10, 0)])
V = LineString([(5, -5), (5, 5)])


def test_lines_that_cross_at_one_level_meet():
    noded = node_lines([H, V], [0, 0])
    assert meets(noded, 0, 1)
    assert noded.way_start.tolist() == [0, 3, 6]
    assert "vertices added where lines meet: 2" in noded.notes


@pytest.mark.parametrize(("level", "other"), [(1, 0), (0, -1), (2, 1)])
def test_a_bridge_or_a_tunnel_does_not_meet_what_it_passes(level, other):
    noded = node_lines([H, V], [level, other])
    assert not meets(noded, 0, 1)
    assert len(noded.xy) == 4


def test_a_bridge_meets_the_road_that_goes_on_from_its_end():
    ramp = LineString([(10, 0), (20, 0)])
    noded = node_lines([H, V, ramp], [1, 0, 0])
    assert meets(noded, 0, 2)
    assert not meets(noded, 0, 1)


def test_a_bridge_that_ends_on_a_road_comes_down_there():
    shore = LineString([(10, -5), (10, 5)])
    assert meets(node_lines([H, shore], [1, 0]), 0, 1)
    # but not where the bridge goes on above it
    onward = LineString([(10, 0), (20, 0)])
    noded = node_lines([H, shore, onward], [1, 0, 1])
    assert meets(noded, 0, 2)
    assert not meets(noded, 0, 1)


def test_an_overpass_that_was_cut_at_the_crossing_still_passes():
    above = [LineString([(0, 0), (5, 0)]), LineString([(5, 0), (10, 0)])]
    below = [LineString([(5, -5), (5, 0)]), LineString([(5, 0), (5, 5)])]
    noded = node_lines([*above, *below], [1, 1, 0, 0])
    assert meets(noded, 0, 1)
    assert meets(noded, 2, 3)
    assert not meets(noded, 0, 2)
    assert not meets(noded, 1, 3)


def test_a_line_that_crosses_itself_meets_itself():
    loop = LineString([(0, 0), (10, 0), (10, 5), (5, 5), (5, -5)])
    noded = node_lines([loop], [0])
    assert len(noded.xy) == 7
    assert len(np.unique(noded.vertex_id)) == 6


def test_an_end_on_the_inside_of_another_line_joins_it():
    noded = node_lines([H, LineString([(3, 0), (3, 4)])], [0, 0])
    assert meets(noded, 0, 1)
    assert len(noded.xy) == 5


def test_places_within_tolerance_are_one():
    noded = node_lines([H, LineString([(10.004, 0.004), (20, 0)])], [0, 0])
    assert meets(noded, 0, 1)
    assert not meets(node_lines([H, LineString([(10.004, 0.004), (20, 0)])], [0, 0], same_m=0.001), 0, 1)


def test_near_misses_are_reported_and_moved_only_when_asked():
    short = LineString([(3, 0.8), (3, 6)])
    told = node_lines([H, short], [0, 0], near_m=1.0)
    assert told.miss_m.tolist() == [pytest.approx(0.8)]
    assert told.miss_xy.tolist() == [[3.0, 0.8]]
    assert not told.miss_joined.any()
    assert not meets(told, 0, 1)
    joined = node_lines([H, short], [0, 0], near_m=1.0, join_m=1.0)
    assert joined.miss_joined.tolist() == [True]
    assert meets(joined, 0, 1)
    assert "of these, moved onto it: 1" in joined.notes
    assert not meets(node_lines([H, short], [0, 0], join_m=0.5), 0, 1)


def test_ends_that_face_each_other_meet_once():
    noded = node_lines([H, LineString([(10.6, 0), (20, 0)])], [0, 0], join_m=1.0)
    assert noded.miss_m.tolist() == [pytest.approx(0.6)] * 2
    assert noded.miss_joined.sum() == 1
    assert meets(noded, 0, 1)
    assert len(edges_of(noded)) == 2


def test_misses_between_levels_are_none():
    assert not len(node_lines([H, LineString([(3, 0.8), (3, 6)])], [0, 1]).miss_m)


def test_overlapping_lines_share_their_stretch_and_are_told():
    noded = node_lines([H, LineString([(4, 0), (14, 0)])], [0, 0])
    assert len(edges_of(noded)) == 3
    assert "segments that lie on another: 1" in noded.notes


def test_parts_empty_lines_and_points_are_taken_as_they_come():
    several = MultiLineString([[(0, 0), (1, 0)], [(1, 0), (2, 0)]])
    noded = node_lines([several, None, LineString(), shapely.Point(1, 1), V], [0, 0, 0, 0, 0])
    assert noded.line.tolist() == [0, 0, 4]
    assert len(np.unique(noded.vertex_id)) == 5


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 25))
def test_one_level_is_noded_as_geos_does_it(seed, count):
    random = np.random.default_rng(seed)
    lines = [LineString(random.uniform(0, 1000, (random.integers(2, 6), 2))) for _ in range(count)]
    noded = node_lines(lines, np.zeros(count, dtype=int), same_m=1e-6)
    expected = shapely.get_parts(shapely.node(shapely.MultiLineString(lines)))
    assert len(edges_of(noded)) == sum(len(shapely.get_coordinates(part)) - 1 for part in expected)
    places = np.unique(shapely.get_coordinates(expected).round(4), axis=0)
    assert len(np.unique(noded.vertex_id)) == len(places)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_shapes_stay_where_they_were(seed):
    random = np.random.default_rng(seed)
    lines = [LineString(random.uniform(0, 1000, (4, 2))) for _ in range(8)]
    noded = node_lines(lines, random.integers(-1, 2, 8))
    way = np.repeat(np.arange(len(noded.line)), np.diff(noded.way_start))
    for line, drawn in zip(noded.line, shapely.linestrings(noded.xy, indices=way), strict=True):
        assert shapely.hausdorff_distance(lines[line], drawn) <= 0.01  # what counts as one place
        assert drawn.length == pytest.approx(lines[line].length, abs=0.1)
