"""Snapping: against brute force over all roads, in a network with an island."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.roads import draw_links
from spatial.engine.travel.snapping import index_roads, snap_points

RANDOM = np.random.default_rng(4)
COUNT = 40
LINKS = np.array([(a, b) for a in range(COUNT) for b in (a + 1, a + 7) if b < COUNT])
ISLAND = np.array([(COUNT, COUNT + 1)])
LON = np.concatenate([114 + RANDOM.uniform(0, 0.05, COUNT), [114.06, 114.07]])
LAT = np.concatenate([35 + RANDOM.uniform(0, 0.05, COUNT), [35.06, 35.06]])
NETWORK = build_network(
    draw_links(LON, LAT, np.concatenate([LINKS, ISLAND])), crs="EPSG:4547", speeds={"other": 5}
)
LINES = NETWORK.shapes()
MAIN = np.flatnonzero(NETWORK.road_components() == 0)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.floats(1, 3000))
def test_the_nearest_road_is_the_nearest(seed, everywhere, limit_m):
    random = np.random.default_rng(seed)
    low, high = NETWORK.node_xy.min(axis=0) - 500, NETWORK.node_xy.max(axis=0) + 500
    xy = random.uniform(low, high, (20, 2))
    snaps = snap_points(NETWORK, xy, limit_m, everywhere=everywhere)
    roads = np.arange(len(LINES)) if everywhere else MAIN
    metres = shapely.distance(shapely.points(xy)[:, None], LINES[roads])
    np.testing.assert_allclose(snaps.offset_m, metres.min(axis=1), atol=1e-9)
    near = metres.min(axis=1) <= limit_m
    assert ((snaps.road >= 0) == near).all()
    assert np.isnan(snaps.share[~near]).all()
    at = shapely.line_interpolate_point(LINES[snaps.road[near]], snaps.share[near], normalized=True)
    np.testing.assert_allclose(
        shapely.distance(at, shapely.points(xy[near])), snaps.offset_m[near], atol=1e-6
    )


def test_an_island_is_left_out_unless_asked_for():
    x, y = NETWORK.shapes([int(np.flatnonzero(NETWORK.road_components() != 0)[0])])[0].centroid.coords[0]
    assert snap_points(NETWORK, [[x, y + 3]], 100).road.tolist() == [-1]
    snaps = snap_points(NETWORK, [[x, y + 3]], 100, everywhere=True)
    assert NETWORK.road_components()[snaps.road[0]] == 1
    assert snaps.offset_m[0] == pytest.approx(3, abs=0.01)


def test_one_bad_point_does_not_stop_the_others():
    xy = np.vstack([NETWORK.node_xy[:3], [[np.nan, 1.0]], [[np.inf, np.inf]], NETWORK.node_xy[3:5]])
    snaps = snap_points(NETWORK, xy, 10)
    assert (snaps.road >= 0).tolist() == [True, True, True, False, False, True, True]
    assert np.isnan(snaps.offset_m[[3, 4]]).all()
    assert len(snap_points(NETWORK, np.empty((0, 2)), 10).road) == 0


def test_of_equally_near_roads_the_first_is_taken():
    node = int(np.bincount(NETWORK.road_nodes[MAIN].ravel()).argmax())
    meeting = [road for road in MAIN if node in NETWORK.road_nodes[road]]
    assert snap_points(NETWORK, NETWORK.node_xy[[node]], 10).road.tolist() == [min(meeting)]


def test_an_index_serves_many_times():
    index = index_roads(NETWORK)
    xy = NETWORK.node_xy + 5
    once, again = snap_points(NETWORK, xy, 50), snap_points(NETWORK, xy, 50, index=index)
    np.testing.assert_array_equal(once.road, again.road)
    np.testing.assert_array_equal(once.share, again.share)


def test_a_road_without_length_is_at_its_start():
    network = build_network(
        draw_links([114.0, 114.0], [35.0, 35.0], [[0, 1]]), crs="EPSG:4547", speeds={"other": 5}
    )
    snaps = snap_points(network, network.node_xy[:1] + 2, 10)
    assert snaps.road.tolist() == [0]
    assert snaps.share.tolist() == [0.0]
