"""Networks against an oracle of their own: Dijkstra over the raw steps of the ways, turn by turn."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from spatial.engine.travel.assembly import LEAST_S, build_network, order_along_hilbert
from spatial.engine.travel.network import FAR, from_arrays, to_arrays
from spatial.engine.travel.roads import RoadTable, choose_speeds, cut_ways, draw_links, measure_steps
from spatial.errors import CrsError, GeometryError

CRS = "EPSG:4547"
SIDE = 5
SPEEDS = {"slow": 5.0, "fast": 20.0}
JITTER = np.random.default_rng(1).uniform(-2e-4, 2e-4, (SIDE * SIDE, 2))
LON = 114.0 + 1e-3 * (np.arange(SIDE * SIDE) % SIDE) + JITTER[:, 0]
LAT = 35.0 + 1e-3 * (np.arange(SIDE * SIDE) // SIDE) + JITTER[:, 1]


def table_of(ways, *, oneway=None, classes=None, mode="drive", **more):
    """Make a table of ways that are lists of numbers of lattice points."""
    vertex = np.array([point for way in ways for point in way])
    count = len(ways)
    return RoadTable(
        mode=mode,
        way_start=np.concatenate([[0], np.cumsum([len(way) for way in ways])]),
        lon=LON[vertex],
        lat=LAT[vertex],
        vertex_id=vertex + 1000,
        class_=np.array(classes or ["slow"] * count, dtype=object),
        maxspeed_kmh=np.full(count, np.nan),
        oneway=np.array(oneway or [0] * count, dtype=np.int8),
        allowed=np.ones(count, dtype=bool),
        way_id=np.arange(count) + 50,
        name=np.array([f"way {number}" for number in range(count)], dtype=object),
        ferry_s=np.full(count, np.nan),
        paved=np.full(count, -1, dtype=np.int8),
        aloft=np.zeros(count, dtype=bool),
        **more,
    )


def build(table, **more):
    return build_network(table, crs=CRS, speeds=SPEEDS, **more)


def steps_of(table):
    """List every allowed step (from point, to point, seconds, way id) of the raw ways."""
    kmh = choose_speeds(table, SPEEDS)
    for way, (start, end) in enumerate(zip(table.way_start[:-1], table.way_start[1:], strict=True)):
        for at in range(start, end - 1):
            metres = measure_steps(table.lon[at : at + 2], table.lat[at : at + 2])[0]
            a, b = table.vertex_id[at], table.vertex_id[at + 1]
            for speed, (tail, head) in zip(kmh[way], ((a, b), (b, a)), strict=True):
                if speed > 0 and a != b:
                    yield int(tail), int(head), metres * 3.6 / speed, int(table.way_id[way])


class Oracle:
    """Shortest times over the raw steps: states are steps, so that every turn can be checked."""

    def __init__(self, table):
        self.steps = list(steps_of(table))
        self.barrier = set(table.barrier_id.tolist())
        self.leaving, self.touching = defaultdict(list), defaultdict(set)
        for number, (tail, head, _, way) in enumerate(self.steps):
            self.leaving[tail].append(number)
            self.touching[tail].add((head, way))
            self.touching[head].add((tail, way))
        self.banned, self.only = set(), defaultdict(set)
        for (source, via, target), must in zip(table.turns.tolist(), table.turn_only.tolist(), strict=True):
            into = [n for n, step in enumerate(self.steps) if step[1] == via and step[3] == source]
            out = [n for n, step in enumerate(self.steps) if step[0] == via and step[3] == target]
            if len(into) == len(out) == 1 and must:
                self.only[into[0]].add(out[0])
            elif len(into) == len(out) == 1:
                self.banned.add((into[0], out[0]))

    def may(self, step, after):
        """Say whether one step may follow another."""
        tail, head, _, way = self.steps[step]
        _, there, _, next_way = self.steps[after]
        back = there == tail and next_way == way
        if head in self.barrier:
            return back
        if back and len(self.touching[head]) == 2:
            return False  # nobody turns where nothing meets
        return (step, after) not in self.banned and all(after == must for must in self.only[step])

    def times(self, origin):
        """Return seconds from a point to every point that is reached."""
        best, done = {origin: 0.0}, set()
        queue = [(self.steps[step][2], step) for step in self.leaving[origin]]
        heapq.heapify(queue)
        while queue:
            seconds, step = heapq.heappop(queue)
            if step in done:
                continue
            done.add(step)
            head = self.steps[step][1]
            best[head] = min(best.get(head, math.inf), seconds)
            for after in self.leaving[head]:
                if self.may(step, after):
                    heapq.heappush(queue, (seconds + self.steps[after][2], after))
        return best


def sweep(network, node):
    n = len(network.node_xy)
    best = {}
    for tail, head, seconds in zip(network.tails(), network.heads, network.seconds, strict=True):
        key = (int(tail), int(head))
        best[key] = min(best.get(key, math.inf), float(seconds))
    if not best:
        return np.full(n, np.inf)
    tails, heads = np.array(list(best)).T
    return dijkstra(csr_array((list(best.values()), (tails, heads)), shape=(n, n)), indices=node)


def points_of(network):
    """Return the lattice point of every node."""
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:4490", CRS, always_xy=True).transform(LON, LAT)
    gap = np.hypot(network.node_xy[:, :1] - x, network.node_xy[:, 1:] - y)
    assert gap.min(axis=1).max() < 1e-6
    return gap.argmin(axis=1) + 1000


@st.composite
def ways(draw, most=9):
    """Draw walks over the lattice, some of them closed, that share points and cross."""
    drawn = []
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, SIDE * SIDE - 1))
        way = [at]
        for turn in draw(st.lists(st.sampled_from([1, -1, SIDE, -SIDE]), min_size=1, max_size=7)):
            there = at + turn
            fits = 0 <= there < SIDE * SIDE and (abs(turn) == SIDE or there // SIDE == at // SIDE)
            if fits and way[-2:-1] != [there]:
                way.append(there)
                at = there
        if len(way) > 1:
            drawn.append(way)
    return drawn


def has_doubled_steps(drawn):
    """Say whether two ways run between the same two points: then 'the way back' is ambiguous in the oracle."""
    seen = [tuple(sorted(pair)) for way in drawn for pair in pairwise(way)]
    return len(seen) != len(set(seen))


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_joined_chains_keep_every_shortest_time(data):
    drawn = data.draw(ways())
    if not drawn:
        return
    count = len(drawn)
    table = table_of(
        drawn,
        oneway=data.draw(st.lists(st.sampled_from([0, 0, 1, -1]), min_size=count, max_size=count)),
        classes=data.draw(st.lists(st.sampled_from(["slow", "fast"]), min_size=count, max_size=count)),
    )
    network = build(table)
    points = points_of(network)
    origin = data.draw(st.integers(0, len(points) - 1))
    plain = csr_of_steps(table)
    expected = dijkstra(plain[0], indices=plain[1][int(points[origin])])
    found = sweep(network, origin)
    for node, point in enumerate(points.tolist()):
        assert found[node] == pytest.approx(expected[plain[1][point]], rel=1e-5, abs=1e-3)
    check_places_along(network, table, found, (plain, expected))


def csr_of_steps(table):
    """Return the raw graph of all steps, the lesser of two between the same points, and point numbers."""
    best = {}
    number = {}
    for point in np.unique(table.vertex_id).tolist():
        number[point] = len(number)
    for tail, head, seconds, _ in steps_of(table):
        key = number[tail], number[head]
        best[key] = min(best.get(key, math.inf), seconds)
    tails, heads = np.array(list(best)).T
    return csr_array((list(best.values()), (tails, heads)), shape=(len(number),) * 2), number


def check_places_along(network, table, found, raw):
    """Times inside roads follow from the times at their ends, as the record says."""
    (_, number), expected = raw
    arrival = np.where(np.isfinite(found), found, FAR)
    begin = network.begin_seconds(arrival)
    lines = network.shapes()
    from pyproj import Transformer

    project = Transformer.from_crs("EPSG:4490", CRS, always_xy=True).transform
    at = defaultdict(lambda: math.inf)
    for road, line in enumerate(lines):
        cumulative = np.concatenate([[0.0], np.cumsum(road_steps(network, road))])
        for vertex, (x, y) in enumerate(shapely.get_coordinates(line)):
            share = cumulative[vertex] / cumulative[-1]
            forward, backward = network.road_seconds[road].astype(float)
            times = [math.inf]
            if forward < FAR and begin[road, 0] < FAR:
                times.append(begin[road, 0] + share * forward)
            if backward < FAR and begin[road, 1] < FAR:
                times.append(begin[road, 1] + (1 - share) * backward)
            key = (round(x, 3), round(y, 3))
            at[key] = min(at[key], *times)
    for point, place in number.items():
        x, y = project(LON[point - 1000], LAT[point - 1000])
        if (round(x, 3), round(y, 3)) in at and expected[place] > 0:  # not the origin, where nothing runs
            assert at[round(x, 3), round(y, 3)] == pytest.approx(expected[place], rel=1e-4, abs=1e-2)


def road_steps(network, road):
    from pyproj import Transformer

    part = slice(network.shape_start[road], network.shape_start[road + 1])
    lon, lat = Transformer.from_crs(CRS, "EPSG:4490", always_xy=True).transform(*network.shape_xy[part].T)
    return measure_steps(np.asarray(lon), np.asarray(lat))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_turn_restrictions_and_barriers_hold_on_every_shortest_path(data):
    drawn = data.draw(ways())
    if not drawn or has_doubled_steps(drawn):
        return
    count = len(drawn)
    points = sorted({point for way in drawn for point in way})
    turns = data.draw(
        st.lists(
            st.tuples(
                st.integers(50, 49 + count),
                st.sampled_from(points),
                st.integers(50, 49 + count),
                st.booleans(),
            ),
            max_size=8,
            unique_by=lambda turn: turn[:3],
        )
    )
    table = table_of(
        drawn,
        oneway=data.draw(st.lists(st.sampled_from([0, 0, 1, -1]), min_size=count, max_size=count)),
        turns=np.array([[a, via + 1000, b] for a, via, b, _ in turns], dtype=np.int64).reshape(-1, 3),
        turn_only=np.array([only for *_, only in turns], dtype=bool),
        barrier_id=np.array(data.draw(st.lists(st.sampled_from(points), max_size=2)), dtype=np.int64) + 1000,
    )
    network = build(table)
    at = points_of(network)
    whole = [node for node in range(len(at)) if (at == at[node]).sum() == 1]
    if not whole:
        return
    origin = data.draw(st.sampled_from(whole))
    expected = Oracle(table).times(int(at[origin]))
    found = sweep(network, origin)
    for place in set(at.tolist()) - set(table.barrier_id.tolist()):
        best = found[at == place].min()
        assert best == pytest.approx(expected.get(place, math.inf), rel=1e-5, abs=1e-3)


CROSS = [[7, 12], [12, 17], [11, 12], [12, 13]]
"""Four roads that meet in point 12: from the south, to the north, from the west, to the east."""


def test_no_left_turn_is_no_left_turn():
    table = table_of(CROSS, turns=np.array([[50, 1012, 52]]), turn_only=np.array([False]))
    network, free = build(table), build(table_of(CROSS))
    assert len(network.node_xy) == len(free.node_xy) + 1
    assert "turn restrictions honoured: 1" in network.notes
    at = points_of(network).tolist()
    south, west, east = at.index(1007), at.index(1011), at.index(1013)
    assert sweep(network, south)[east] == pytest.approx(
        sweep(free, points_of(free).tolist().index(1007))[points_of(free).tolist().index(1013)]
    )
    assert sweep(network, south)[west] > sweep(network, west)[south]


def test_only_straight_on_leaves_no_other_way():
    table = table_of(CROSS, oneway=[1, 1, 1, 1], turns=np.array([[50, 1012, 51]]), turn_only=np.array([True]))
    network = build(table)
    at = points_of(network).tolist()
    reached = sweep(network, at.index(1007))
    assert np.isfinite(reached[at.index(1017)])
    assert np.isinf(reached[at.index(1013)])
    # a run along the eastern road can still begin at the junction for those who come from the west
    begin = network.begin_seconds(np.where(np.isfinite(reached), reached, FAR))
    east = int(np.flatnonzero(network.road_id == 53)[0])
    assert begin[east, 0] == FAR
    from_west = sweep(network, at.index(1011))
    assert network.begin_seconds(np.where(np.isfinite(from_west), from_west, FAR))[east, 0] < FAR


def test_a_run_can_begin_at_a_junction_that_is_reached_by_a_restricted_road_alone():
    table = table_of(
        CROSS, oneway=[1, 1, 1, 1], turns=np.array([[50, 1012, 51]]), turn_only=np.array([False])
    )
    network = build(table)
    at = points_of(network).tolist()
    reached = sweep(network, at.index(1007))
    begin = network.begin_seconds(np.where(np.isfinite(reached), reached, FAR))
    east = int(np.flatnonzero(network.road_id == 53)[0])
    north = int(np.flatnonzero(network.road_id == 51)[0])
    assert len(network.more_begins)
    assert begin[east, 0] < FAR
    assert begin[north, 0] == FAR


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_reverse_network_answers_from_where_and_turns_back(data):
    drawn = data.draw(ways())
    if not drawn:
        return
    count = len(drawn)
    points = sorted({point for way in drawn for point in way})
    turns = data.draw(
        st.lists(
            st.tuples(st.integers(50, 49 + count), st.sampled_from(points), st.integers(50, 49 + count)),
            max_size=6,
        )
    )
    table = table_of(
        drawn,
        oneway=data.draw(st.lists(st.sampled_from([0, 1, -1]), min_size=count, max_size=count)),
        turns=np.array([[a, via + 1000, b] for a, via, b in turns], dtype=np.int64).reshape(-1, 3),
        turn_only=np.zeros(len(turns), dtype=bool),
    )
    network = build(table)
    back = network.reverse()
    node = data.draw(st.integers(0, len(network.node_xy) - 1))
    towards = np.array([sweep(network, start)[node] for start in range(len(network.node_xy))])
    np.testing.assert_allclose(sweep(back, node), towards, rtol=1e-6)
    same = to_arrays(back.reverse())
    for name, values in to_arrays(network).items():
        if name in ("heads", "seconds", "road", "forward"):
            continue
        np.testing.assert_array_equal(same[name], values, err_msg=name)
    assert edges_of(back.reverse()) == edges_of(network)


def edges_of(network):
    return sorted(
        zip(
            network.tails().tolist(),
            network.heads.tolist(),
            network.road.tolist(),
            network.forward.tolist(),
            strict=True,
        )
    )


def test_chains_become_one_road_with_its_shape():
    table = table_of([[0, 1, 2], [3, 2], [3, 4, 9]])
    network = build(table)
    assert network.size == (2, 2, 1)
    assert len(network.shape_xy) == 6
    assert network.road_m[0] == pytest.approx(
        Geod(ellps="GRS80").line_length(LON[[0, 1, 2, 3, 4, 9]], LAT[[0, 1, 2, 3, 4, 9]]), rel=1e-9
    )
    assert network.road_name[0] in ("way 0", "way 2")
    np.testing.assert_allclose(network.node_xy[network.road_nodes[0]], network.shape_xy[[0, -1]])


def test_a_chain_ends_where_class_or_speed_or_direction_changes():
    assert build(table_of([[0, 1], [1, 2]], classes=["slow", "fast"])).size[2] == 2
    assert build(table_of([[0, 1], [1, 2]], oneway=[1, 0])).size[2] == 2
    assert build(table_of([[0, 1], [2, 1]], oneway=[1, 1])).size[2] == 2
    one_way = build(table_of([[0, 1], [2, 1]], oneway=[1, -1]))
    assert one_way.size[1:] == (1, 1)
    speeds = table_of([[0, 1], [1, 2]])
    assert build(replace(speeds, maxspeed_kmh=np.array([30.0, np.nan]))).size[2] == 2
    assert build(replace(speeds, paved=np.array([1, 0], dtype=np.int8))).size[2] == 2


def test_a_ring_without_a_junction_is_one_road():
    for ring in ([[0, 1, 6, 5, 0]], [[0, 1], [1, 6], [6, 5], [5, 0]], [[1, 0], [1, 6], [5, 6], [0, 5]]):
        network = build(table_of(ring))
        assert network.size == (1, 2, 1)
        assert len(network.shape_xy) == 5
        np.testing.assert_allclose(network.shape_xy[0], network.shape_xy[-1])


def test_a_roundabout_of_one_way_chains_leads_one_way():
    network = build(table_of([[6, 7, 12], [12, 11, 6], [1, 6], [12, 17]], oneway=[1, 1, 0, 0]))
    assert network.size == (4, 6, 4)


def test_a_barrier_cuts_but_can_be_reached_from_both_sides():
    table = table_of([[0, 1, 2]], barrier_id=np.array([1001]))
    network = build(table)
    assert network.size == (4, 4, 2)
    assert int(network.component.max()) == 1
    assert network.road_m.sum() == pytest.approx(build(table_of([[0, 1, 2]])).road_m.sum())


def test_levels_do_not_meet():
    # vertex ids differ at the place of the crossing: a bridge
    table = table_of([[11, 12, 13], [7, 12, 17]])
    bridge = replace(table, vertex_id=np.array([1011, 5000, 1013, 1007, 1012, 1017]))
    assert build(table).size[0] == 5
    network = build(bridge)
    assert network.size == (4, 4, 2)
    assert int(network.component.max()) == 1


def test_components_are_ranked_by_size_and_an_island_is_told():
    network = build(table_of([[0, 1], [1, 2], [1, 6], [20, 21]]))
    assert np.bincount(network.component).tolist() == [4, 2]
    assert sorted(network.road_components().tolist()) == [0, 0, 0, 1]
    assert any("cannot be both reached" in note for note in network.notes)


def test_a_one_way_dead_end_is_no_part_of_the_largest_component():
    network = build(table_of([[0, 1], [1, 2], [1, 6]], oneway=[0, 0, 1]))
    assert network.road_components().tolist().count(-1) == 1


def test_ferries_take_their_stated_time_whatever_their_pieces():
    table = table_of([[0, 1, 2], [1, 6]], classes=["ferry", "slow"])
    table = replace(table, ferry_s=np.array([1200.0, np.nan]))
    network = build_network(table, crs=CRS, speeds={**SPEEDS, "ferry": 10})
    ferry = network.road_class == "ferry"
    assert ferry.sum() == 2
    np.testing.assert_allclose(network.road_seconds[ferry].sum(axis=0), 1200, rtol=1e-6)


def test_posted_speeds_replace_for_cars_and_only_slow_others():
    table = replace(table_of([[0, 1]]), maxspeed_kmh=np.array([[50.0, 3.0]]))
    assert choose_speeds(table, SPEEDS).tolist() == [[50.0, 3.0]]
    assert choose_speeds(table, SPEEDS, 0.5).tolist() == [[25.0, 1.5]]
    assert choose_speeds(replace(table, mode="cycle"), SPEEDS).tolist() == [[5.0, 3.0]]
    assert choose_speeds(table, {"slow": 0}).tolist() == [[0.0, 0.0]]
    assert choose_speeds(table, {"other": 8, "slow": math.nan}).tolist()[0][0] in (50.0, 0.0)


def test_junction_delay_counts_where_three_roads_meet():
    plain, slow = build(table_of(CROSS)), build(table_of(CROSS), junction_s=7.0)
    gain = slow.road_seconds - plain.road_seconds
    assert sorted(gain.ravel().round(3).tolist()) == [0.0] * 4 + [7.0] * 4


def test_what_has_no_length_or_no_speed_is_told_and_kept_or_left_out():
    table = draw_links([114.0, 114.0, 114.01], [35.0, 35.0, 35.0], [[0, 1], [1, 2], [2, 2]])
    network = build_network(table, crs=CRS, speeds={"other": 5})
    assert network.seconds.min() > 0
    assert any("single vertex" in note for note in network.notes)
    apart = draw_links([114.0, 114.0], [35.0, 35.0], [[0, 1]])
    alone = build_network(apart, crs=CRS, speeds={"other": 5})
    assert alone.seconds.tolist() == [LEAST_S] * 2
    assert any("without length" in note for note in alone.notes)
    with pytest.raises(GeometryError, match="no road that is open to walk"):
        build_network(apart, crs=CRS, speeds={"other": 0})


def test_doubled_vertices_are_dropped():
    table = table_of([[0, 1, 2]])
    doubled = replace(
        table,
        way_start=np.array([0, 5]),
        lon=LON[[0, 0, 1, 1, 2]],
        lat=LAT[[0, 0, 1, 1, 2]],
        vertex_id=np.array([1000, 1000, 1001, 1001, 1002]),
    )
    pieces = cut_ways(doubled, choose_speeds(doubled, SPEEDS))
    assert len(pieces.way) == 1
    assert "vertices given twice in a row, dropped: 2" in pieces.notes


def test_only_metric_systems_build_networks():
    table = table_of([[0, 1]])
    with pytest.raises(CrsError, match="not in metres"):
        build_network(table, crs="EPSG:4490", speeds=SPEEDS)
    with pytest.raises(CrsError):
        build_network(table, crs="nowhere", speeds=SPEEDS)


def test_arrays_and_back():
    network = build(table_of(CROSS, turns=np.array([[50, 1012, 52]]), turn_only=np.array([False])))
    arrays = to_arrays(network)
    assert all(values.dtype != object for values in arrays.values())
    again = to_arrays(from_arrays(arrays))
    assert set(again) == set(arrays)
    for name, values in arrays.items():
        np.testing.assert_array_equal(again[name], values)
    with pytest.raises(GeometryError, match="build it again"):
        from_arrays({name: values for name, values in arrays.items() if name != "heads"})


def test_building_is_deterministic_whatever_the_order_of_ways():
    drawn = [[0, 1, 2], [2, 7, 12], [12, 11], [1, 6, 11], [11, 16]]
    first = build(table_of(drawn))
    again = build(table_of(drawn))
    for name, values in to_arrays(first).items():
        np.testing.assert_array_equal(to_arrays(again)[name], values)
    turned = build(table_of(drawn[::-1]))
    assert turned.size == first.size
    np.testing.assert_allclose(turned.node_xy, first.node_xy)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_hilbert_order_is_a_walk_with_near_neighbours(seed):
    xy = np.random.default_rng(seed).uniform(0, 1000, (2000, 2))
    order = np.argsort(order_along_hilbert(xy), kind="stable")
    steps = np.hypot(*np.diff(xy[order], axis=0).T)
    assert steps.mean() < 60  # the mean gap of random order is 521 m, of the nearest neighbour 11 m
