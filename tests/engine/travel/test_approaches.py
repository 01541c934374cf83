"""Approaches: against the matrix of all places and goals; entrances against what one sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.travel.approaches import approach, find_entrances
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.departures import index_open_roads
from spatial.engine.travel.network import FAR
from spatial.engine.travel.roads import RoadTable, draw_links
from spatial.engine.travel.routing import matrix
from spatial.engine.travel.snapping import Snaps

CRS = "EPSG:4547"


def wild(seed: int) -> RoadTable:
    random = np.random.default_rng(seed)
    links = np.unique(np.sort(random.integers(0, 14, (22, 2)), axis=1), axis=0)
    links = links[links[:, 0] != links[:, 1]]
    table = draw_links(114 + random.random(14) / 20, 35 + random.random(14) / 20, links, mode="drive")
    table.oneway[:] = np.where(random.random(len(links)) < 0.4, 1, 0)
    return table


def spots(random: np.random.Generator, roads: int, count: int) -> Snaps:
    road = random.integers(-1, roads, count).astype(np.int32)
    share = np.where(road >= 0, random.random(count).round(1), np.nan)
    return Snaps(road, share, np.zeros(count))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(0, 5))
def test_the_nearest_goal_is_the_least_of_the_matrix(seed: int, places: int, goals: int) -> None:
    network = build_network(wild(seed), crs=CRS, speeds={"other": 36})
    random = np.random.default_rng(seed)
    here, there = spots(random, len(network.road_m), places), spots(random, len(network.road_m), goals)
    lead = random.random(goals) * 50
    seconds, which = approach(network, here, there, lead)
    table = matrix(network, here, there).astype(float) if goals else np.full((places, 0), FAR)
    table = np.where(table >= FAR, np.inf, table) + lead
    expected = table.min(axis=1, initial=np.inf)
    expected[here.road < 0] = np.nan
    assert seconds == pytest.approx(expected, abs=0.02, nan_ok=True)
    reached = np.isfinite(seconds)
    assert (which >= 0).tolist() == reached.tolist()
    for place in np.flatnonzero(reached):
        assert table[place, which[place]] == pytest.approx(seconds[place], abs=0.02)


def test_entrances_are_where_a_motorway_meets_another_road() -> None:
    lon = [114.0, 114.01, 114.02, 114.01, 114.01, 114.02]
    lat = [35.0, 35.0, 35.0, 34.99, 35.01, 35.01]
    # A motorway west to east, crossed at its middle; its eastern end goes on as a motorway only.
    table = draw_links(lon, lat, [[0, 1], [1, 2], [3, 1], [1, 4], [4, 5]], mode="drive")
    table.class_[:] = ["motorway", "motorway", "other", "other", "other"]
    table.name[:] = ["G1", "G2", "", "乡道", "乡道"]
    network = build_network(table, crs=CRS, speeds={"other": 36, "motorway": 100})
    entrances, names = find_entrances(network, index_open_roads(network))
    assert names == ("G1、G2",)
    node = network.road_nodes[entrances.road[0], int(entrances.share[0])]
    meeting = np.flatnonzero((network.road_nodes == node).any(axis=1))
    assert {"motorway", "other"} == set(network.road_class[meeting])


def test_slip_roads_count_and_without_motorways_there_is_none() -> None:
    table = draw_links([114.0, 114.01, 114.02, 114.03], [35.0] * 4, [[0, 1], [1, 2], [2, 3]], mode="drive")
    table.class_[:] = ["motorway", "motorway_link", "other"]
    table.name[2] = "乡道"
    network = build_network(table, crs=CRS, speeds={"other": 36, "motorway": 100, "motorway_link": 40})
    assert find_entrances(network, index_open_roads(network))[1] == ("乡道",)
    table.class_[:] = "other"
    network = build_network(table, crs=CRS, speeds={"other": 36})
    entrances, names = find_entrances(network, index_open_roads(network))
    assert (len(entrances.road), names) == (0, ())
