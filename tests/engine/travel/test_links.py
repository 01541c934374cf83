"""Networks with a link or faster roads: against the formula for one more edge, and against building them anew."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.links import Spot, add_link, place_spot, raise_roads
from spatial.engine.travel.network import FAR, Network
from spatial.engine.travel.places import arrivals, starts_of
from spatial.engine.travel.roads import RoadTable, draw_links
from spatial.engine.travel.routing import sweep
from spatial.engine.travel.snapping import Snaps

CRS = "EPSG:4547"


def wild(seed: int, *, oneway: float = 0.3, turns: bool = True) -> RoadTable:
    """Random roads between 14 places: one-ways, and bans on turns."""
    random = np.random.default_rng(seed)
    lon, lat = 114 + random.random(14) / 20, 35 + random.random(14) / 20
    links = np.unique(np.sort(random.integers(0, 14, (22, 2)), axis=1), axis=0)
    links = links[links[:, 0] != links[:, 1]]
    table = draw_links(lon, lat, links, mode="drive")
    table.oneway[:] = np.where(random.random(len(links)) < oneway, 1, 0)
    if not turns:
        return table
    bans = [
        (one, int(links[one, 1]), other)
        for one in range(len(links))
        for other in range(len(links))
        if one != other and links[one, 1] in links[other] and random.random() < 0.2
    ]
    rows = np.array(bans, dtype=np.int64).reshape(-1, 3)
    return RoadTable(**{**vars(table), "turns": rows, "turn_only": np.zeros(len(rows), dtype=bool)})


def build(table: RoadTable) -> Network:
    return build_network(table, crs=CRS, speeds={"other": 36})


def at(spot: Spot) -> Snaps:
    return Snaps(np.array([spot.road], np.int32), np.array([spot.share]), np.zeros(1))


def begin(network: Network, snaps: Snaps) -> np.ndarray:
    return sweep(network, starts_of(network, snaps)[0])


seeds = st.integers(0, 10_000)
shares = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))


@settings(max_examples=60, deadline=None)
@given(seeds, shares, shares, st.floats(5, 200))
def test_one_more_link_is_the_best_of_going_on_as_before_or_over_it(
    seed: int, one: float, other: float, kmh: float
) -> None:
    network = build(wild(seed))
    random = np.random.default_rng(seed)
    start = Spot(int(random.integers(len(network.road_m))), one)
    end = Spot(int(random.integers(len(network.road_m))), other)
    source = int(random.integers(len(network.node_xy)))
    grown = add_link(network, start, end, kmh=kmh, class_="new")
    count = len(network.node_xy)
    before, after = sweep(network, ([source], [0])), sweep(grown, ([source], [0]))
    metres = np.hypot(*(place_spot(network, end) - place_spot(network, start)))
    over = max(metres * 3.6 / kmh, 1e-3)
    reach = [float(arrivals(network, before, at(spot))[0]) for spot in (start, end)]
    onward = [begin(network, at(spot)).astype(float) for spot in (start, end)]
    crossed = np.minimum(reach[0] + over + onward[1], reach[1] + over + onward[0])
    # One can turn round at a junction, so the ends of the link let one turn where one could not before.
    turned = np.minimum(reach[0] + onward[0], reach[1] + onward[1])
    expected = np.minimum(before, np.minimum(crossed, turned))
    assert after[:count] == pytest.approx(np.minimum(expected, FAR), abs=0.05)
    assert (after[:count] <= before).all()


@settings(max_examples=30, deadline=None)
@given(seeds, shares)
def test_the_ends_of_a_link_are_reached_like_places_on_their_roads(seed: int, share: float) -> None:
    network = build(wild(seed))
    random = np.random.default_rng(seed)
    spot = Spot(int(random.integers(len(network.road_m))), share)
    source = int(random.integers(len(network.node_xy)))
    far = Spot(spot.road, share)
    grown = add_link(network, spot, far, kmh=1, class_="new")
    expected = arrivals(network, sweep(network, ([source], [0])), at(spot))[0]
    assert sweep(grown, ([source], [0]))[-2:] == pytest.approx([expected] * 2, abs=0.01)
    back = sweep(grown, ([len(network.node_xy)], [0]))[: len(network.node_xy)]
    assert back == pytest.approx(begin(network, at(spot)), abs=0.01)


def test_a_link_joins_what_was_apart_and_everything_fits() -> None:
    table = draw_links([114.0, 114.01, 114.02, 114.03], [35.0] * 4, [[0, 1], [2, 3]], mode="drive")
    network = build(table)
    assert sorted(network.component.tolist()) == [0, 0, 1, 1]
    ends = [int(np.argmin(np.abs(network.node_xy[:, 0] - x))) for x in np.sort(network.node_xy[:, 0])[1:3]]
    spots = []
    for node in ends:
        road = int(np.flatnonzero((network.road_nodes == node).any(axis=1))[0])
        spots.append(Spot(road, 0.0 if network.road_nodes[road, 0] == node else 1.0))
    grown = add_link(network, spots[0], spots[1], kmh=36, class_="tertiary")
    assert (grown.component == 0).all()
    nodes, edges, roads = grown.size
    assert (nodes, roads) == (6, 7)
    assert len(grown.heads) == len(grown.seconds) == len(grown.road) == len(grown.forward) == edges
    assert grown.indptr[-1] == edges
    assert grown.road_class[-1] == "tertiary"
    assert grown.road_class[:2].tolist() == network.road_class.tolist()
    lines = grown.shapes()
    assert shapely.length(lines[-1]) == pytest.approx(grown.road_m[-1])
    assert shapely.equals(lines[:2], network.shapes()).all()
    for road in range(2, 7):
        ends_xy = shapely.get_coordinates(lines[road])[[0, -1]]
        assert ends_xy == pytest.approx(grown.node_xy[grown.road_nodes[road]], abs=1e-6)
    whole = draw_links([114.0, 114.01, 114.02, 114.03], [35.0] * 4, [[0, 1], [1, 2], [2, 3]], mode="drive")
    assert sweep(grown, ([0], [0]))[:4].max() == pytest.approx(
        sweep(build(whole), ([0], [0])).max(), rel=1e-3
    )


@settings(max_examples=40, deadline=None)
@given(seeds, st.floats(10, 120))
def test_raised_roads_are_those_of_a_network_built_with_that_speed(seed: int, kmh: float) -> None:
    table = wild(seed, turns=False)
    table.class_[:] = [
        f"way {number}" for number in range(len(table.way_id))
    ]  # so that chains are not joined
    network = build(table)
    random = np.random.default_rng(seed)
    ways = np.unique(network.road_id)
    chosen = ways[random.random(len(ways)) < 0.4]
    roads = np.flatnonzero(np.isin(network.road_id, chosen))
    raised = raise_roads(network, roads, kmh)
    table.maxspeed_kmh[np.isin(table.way_id, chosen)] = max(kmh, 36)
    again = build(table)
    source = int(random.integers(len(network.node_xy)))
    twin = int(np.argmin(np.hypot(*(again.node_xy - network.node_xy[source]).T)))
    mine, theirs = sweep(raised, ([source], [0])), sweep(again, ([twin], [0]))
    for xy, seconds in zip(network.node_xy, mine, strict=True):
        away = np.hypot(*(again.node_xy - xy).T)
        if away.min() < 0.01:  # chains may end elsewhere
            assert seconds == pytest.approx(theirs[np.argmin(away)], rel=1e-3, abs=0.05)
    assert (raised.road_seconds <= network.road_seconds).all()
    assert ((raised.road_seconds < FAR) == (network.road_seconds < FAR)).all()
    edges = raised.road_seconds[raised.road, np.where(raised.forward, 0, 1)]
    assert raised.seconds == pytest.approx(edges)


def test_reversing_a_grown_network_swaps_its_ends() -> None:
    network = build(wild(5))
    grown = add_link(network, Spot(0, 0.3), Spot(3, 0.6), kmh=50, class_="new")
    there = sweep(grown, ([2], [0]))
    for node in range(0, len(grown.node_xy), 3):
        back = sweep(grown.reverse(), ([node], [0]))
        assert back[2] == pytest.approx(there[node], abs=0.01)
