"""Stretches of roads against brute force on networks of chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import FAR
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.roads import draw_links
from spatial.engine.travel.routing import sweep
from spatial.engine.travel.snapping import Snaps
from spatial.engine.travel.stretches import arrive_at, cut_roads, find_front, split_bands

PLACES = 12
SHARES = np.linspace(0, 1, 41)


def chance(seed: int, *, oneway: bool):
    rng = np.random.default_rng(seed)
    links = np.unique(np.sort(rng.integers(0, PLACES, (18, 2)), axis=1), axis=0)
    links = links[links[:, 0] != links[:, 1]]
    lon, lat = 112 + rng.random(PLACES) / 50, 35 + rng.random(PLACES) / 50
    table = draw_links(lon, lat, links, oneway=oneway)
    return build_network(table, crs="EPSG:4546", speeds={"other": 5}), rng


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), oneway=st.booleans(), towards=st.booleans())
def test_stretches_are_where_one_arrives_in_time(seed: int, oneway: bool, towards: bool) -> None:
    network, rng = chance(seed, oneway=oneway)
    count = len(network.road_m)
    snaps = Snaps(rng.integers(-1, count, 2).astype(np.int32), rng.random(2), np.zeros(2))
    starts = starts_of(network, snaps, towards=towards)
    seconds = sweep(network, (starts.nodes, starts.seconds), towards=towards)
    way = network.reverse() if towards else network
    front = find_front(way, seconds, snaps)
    limits = np.sort(rng.uniform(60, 2400, 3))
    road = np.repeat(np.arange(count), len(SHARES))
    share = np.tile(SHARES, count)
    arrival = arrive_at(front, road, share)
    for limit in limits:
        where, low, high = front.within(limit)
        assert (low < high).all()
        inside = np.zeros(len(road), dtype=bool)
        for one, a, b in zip(where, low, high, strict=True):
            inside |= (road == one) & (share >= a - 1e-9) & (share <= b + 1e-9)
        clear = np.abs(arrival - limit) > 0.05
        real = ~((share == 0) | (share == 1))  # a node may be reached, and no way of its road be open
        assert (inside == (arrival <= limit))[clear & real].all()


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), oneway=st.booleans())
def test_bands_share_out_the_last_limit(seed: int, oneway: bool) -> None:
    network, rng = chance(seed, oneway=oneway)
    snaps = Snaps(np.array([0], np.int32), rng.random(1), np.zeros(1))
    starts = starts_of(network, snaps)
    front = find_front(network, sweep(network, starts[0]), snaps)
    limits = np.sort(rng.uniform(60, 3000, 4))
    road, low, high, band = split_bands(front, limits)
    kilometres = np.bincount(band, network.road_m[road] * (high - low), minlength=4).cumsum()
    for limit, length in zip(limits, kilometres, strict=True):
        whole = front.within(limit)
        assert length == pytest.approx((network.road_m[whole[0]] * (whole[2] - whole[1])).sum(), abs=1e-3)
    lines = cut_roads(network, road, low, high)
    lengths = np.array([line.length for line in lines])
    drawn = np.array([line.length for line in network.shapes(road)]) * (high - low)
    assert lengths == pytest.approx(drawn, abs=1e-6)


def test_nothing_is_reached_from_nowhere() -> None:
    network, _ = chance(3, oneway=False)
    nowhere = Snaps(np.array([-1], np.int32), np.array([np.nan]), np.array([9e9]))
    front = find_front(network, np.full(len(network.node_xy), FAR), nowhere)
    assert len(front.within(1e8)[0]) == 0
    assert len(split_bands(front, [60, 120])[0]) == 0
    assert np.isinf(arrive_at(front, np.array([0]), np.array([0.5]))).all()
