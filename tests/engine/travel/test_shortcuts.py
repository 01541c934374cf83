"""Dead ends, loads and proposals of links, on networks small enough to see through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.departures import index_open_roads, leave_points
from spatial.engine.travel.links import Spot, place_spot
from spatial.engine.travel.network import Network
from spatial.engine.travel.roads import draw_links
from spatial.engine.travel.routing import sweep
from spatial.engine.travel.shortcuts import (
    choose_spots,
    find_dead_ends,
    load_roads,
    pair_islands,
    propose_links,
)

CRS = "EPSG:4547"
# A long way round: east, north, back west; its end lies a kilometre north of the start. And an island.
LON = [114.0, 114.05, 114.05, 114.0, 114.1, 114.11]
LAT = [35.0, 35.0, 35.01, 35.01, 35.0, 35.0]
LINKS = [[0, 1], [1, 2], [2, 3], [4, 5]]


@pytest.fixture(scope="module")
def network() -> Network:
    table = draw_links(LON, LAT, LINKS, mode="drive")
    table.class_[:] = ["a", "b", "c", "d"]
    return build_network(table, crs=CRS, speeds=dict.fromkeys("abcd", 36.0))


def node_at(network: Network, at: int) -> int:
    """Return the node of the easternmost (at > 0) or westernmost place of the southern road."""
    south = network.node_xy[:, 1] < network.node_xy[:, 1].min() + 300
    order = np.flatnonzero(south)[np.argsort(network.node_xy[south, 0])]
    return int(order[at])


def test_dead_ends_are_where_one_road_ends(network: Network) -> None:
    index = index_open_roads(network)
    dead = find_dead_ends(network, index)
    assert len(dead) == 2  # not those of the island, which cannot be joined
    assert node_at(network, 0) in dead


def test_a_near_miss_is_proposed_with_what_it_saves(network: Network) -> None:
    index = index_open_roads(network)
    start = node_at(network, 0)
    departure = leave_points(network, network.node_xy[start], index, snap_m=10, off_road_kmh=3)
    seconds = departure.sweep(network)
    front = departure.front(network, seconds)
    end = int(np.argmax(np.where(seconds < 1e8, seconds, 0)))
    road = int(np.flatnonzero((network.road_nodes == end).any(axis=1))[0])
    spot = Spot(road, 0.0 if network.road_nodes[road, 0] == end else 1.0)
    found = propose_links(network, front, [spot], index, reach_m=1500, kmh=36)
    best = found[0]
    assert best.end == spot
    assert place_spot(network, best.start) == pytest.approx(network.node_xy[start], abs=15)
    assert best.metres == pytest.approx(1109, abs=5)
    assert best.saved_s == pytest.approx(seconds[end] - best.metres / 10, abs=2)
    assert propose_links(network, front, [spot], index, reach_m=900, kmh=36) == []
    assert (
        propose_links(network, front, [spot], index, reach_m=1500, kmh=0.1) == []
    )  # slower than going round
    assert propose_links(network, front, [], index, reach_m=1500, kmh=36) == []


def test_islands_are_paired_with_the_main_part(network: Network) -> None:
    index = index_open_roads(network)
    spots = pair_islands(network, index, 6_000)
    assert len(spots) == 1
    assert network.road_class[spots[0].road] == "d"
    west = network.shapes(np.array([spots[0].road]))[0].bounds[0]
    assert place_spot(network, spots[0])[0] == pytest.approx(west)
    assert pair_islands(network, index, 1_000) == []
    front = leave_points(network, network.node_xy[0], index, snap_m=10, off_road_kmh=3).front(
        network, sweep(network, ([node_at(network, 0)], [0]))
    )
    found = propose_links(network, front, spots, index, reach_m=6_000, kmh=36)
    assert found
    assert found[0].end == spots[0]
    assert found[0].saved_s > 1e8  # reached at last


def test_loads_are_carried_along_the_way(network: Network) -> None:
    start = node_at(network, 0)
    seconds = sweep(network, ([start], [0]))
    far = int(np.argmax(np.where(seconds < 1e8, seconds, 0)))
    loads = load_roads(network, seconds, [far, far], [2.0, 3.0])
    by_class = dict(zip(network.road_class, loads, strict=True))
    assert by_class == {"a": 5.0, "b": 5.0, "c": 5.0, "d": 0.0}
    assert load_roads(network, seconds, [start], [7.0]).sum() == 0
    island = int(np.flatnonzero(seconds > 1e8)[0])
    assert load_roads(network, seconds, [island], [7.0]).sum() == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_load_times_seconds_is_weight_times_arrival(seed: int) -> None:
    random = np.random.default_rng(seed)
    links = np.unique(np.sort(random.integers(0, 12, (24, 2)), axis=1), axis=0)
    links = links[links[:, 0] != links[:, 1]]
    table = draw_links(114 + random.random(12) / 20, 35 + random.random(12) / 20, links, mode="drive")
    network = build_network(table, crs=CRS, speeds={"other": 36})
    seconds = sweep(network, ([0], [0]))
    nodes = random.integers(0, len(network.node_xy), 5)
    weights = random.random(5)
    reached = seconds[nodes] < 1e8
    loads = load_roads(network, seconds, nodes, weights)
    spent = float((loads * network.road_seconds[:, 0]).sum())
    assert spent == pytest.approx(float((weights * seconds[nodes])[reached].sum()), rel=1e-3, abs=0.1)


def test_spots_are_chosen_where_arrival_differs_most(network: Network) -> None:
    start = node_at(network, 0)
    seconds = sweep(network, ([start], [0]))
    sides = [Spot(road, side) for road in range(len(network.road_m)) for side in (0.0, 1.0)]
    assert choose_spots(network, seconds, sides, reach_m=1500, most=99) == sides
    two = choose_spots(network, seconds, sides, reach_m=6000, most=2)
    assert {network.road_class[spot.road] for spot in two} == {"d"}  # not reached, but near what is
    main = [spot for spot in sides if network.road_class[spot.road] != "d"]
    mouth = choose_spots(network, seconds, main, reach_m=1500, most=2)
    west = network.node_xy[:, 0].min()
    assert [place_spot(network, spot)[0] for spot in mouth] == pytest.approx([west, west], abs=20)
