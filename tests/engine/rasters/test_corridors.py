"""Corridors: costs against scikit-image and networkx, trees against networkx, bands and currents by hand."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.graph import MCP_Geometric

from spatial.engine.rasters.corridors import (
    find_contacts,
    lay_ground,
    span,
    surround,
    trace_back,
    trace_corridor,
)
from spatial.engine.rasters.currents import find_crowds, spread_current
from spatial.engine.travel.network import FAR
from spatial.engine.travel.routing import sweep
from spatial.errors import GeometryError

CELL = 25.0


def rough(seed, high=24, wide=30):
    """Land of resistance 1 to 60 without holes."""
    return np.random.default_rng(seed).integers(1, 60, (high, wide)).astype(np.float32)


def dots(seed, shape, count):
    """Patches of one to four cells that do not touch, in an empty raster."""
    random, label = np.random.default_rng(seed), np.zeros(shape, np.int32)
    number = 0
    while number < count:
        row, column = (int(random.integers(1, side - 3)) for side in shape)
        if not label[row - 1 : row + 3, column - 1 : column + 3].any():
            number += 1
            label[row : row + int(random.integers(1, 3)), column : column + int(random.integers(1, 3))] = (
                number
            )
    return label


def corridors_of(resistance, label):
    ground = lay_ground(resistance, CELL)
    around = surround(ground, label)
    contacts = find_contacts(ground, around)
    return contacts, [trace_corridor(ground, around, label, contacts, k) for k in range(len(contacts.cost))]


def between_all(resistance, label):
    """Least costs between all patches, one by one, over the whole ground."""
    ground, count = lay_ground(resistance, CELL), label.max()
    found = np.zeros((count, count))
    for patch in range(1, count + 1):
        cells = np.flatnonzero(label == patch)
        cost = sweep(ground.graph, (cells, np.zeros(len(cells)))).reshape(label.shape)
        found[patch - 1] = [cost[label == other].min() for other in range(1, count + 1)]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_costs_are_those_of_scikit_image_on_eight_neighbours(seed):
    resistance, label = rough(seed), dots(seed, (24, 30), 5)
    mcp = MCP_Geometric(resistance.astype(float) * CELL)
    expected, _ = mcp.find_costs([tuple(cell) for cell in np.argwhere(label)])
    found = surround(lay_ground(resistance, CELL, 8), label)
    np.testing.assert_allclose(found.cost, expected, rtol=1e-5)


def test_costs_are_those_of_networkx_on_sixteen_neighbours():
    resistance, label = rough(7, 9, 11), dots(7, (9, 11), 2)
    graph = nx.Graph()
    for row, column in np.ndindex(9, 11):
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1)):
            there = (row + down, column + right)
            if not (0 <= there[0] < 9 and 0 <= there[1] < 11):
                continue
            here, far = resistance[row, column], resistance[there]
            mean = (here + far) / 2
            if down + abs(right) == 3:
                side = right // abs(right)
                mid = (
                    [(row, column + side), (row + 1, column + side)]
                    if down == 1
                    else [(row + 1, column), (row + 1, column + side)]
                )
                mean = (mean + sum(resistance[one] for one in mid) / 2) / 2
            graph.add_edge((row, column), there, cost=float(mean * CELL * np.hypot(down, right)))
    found = surround(lay_ground(resistance, CELL), label).cost
    sources = {tuple(cell) for cell in np.argwhere(label).tolist()}
    expected = nx.multi_source_dijkstra_path_length(graph, sources, weight="cost")
    for cell, cost in expected.items():
        assert found[cell] == pytest.approx(cost, rel=1e-5)


def test_a_straight_way_over_even_land_costs_its_length():
    label = np.zeros((5, 12), np.int32)
    label[2, 0], label[2, 11] = 1, 2
    _, (corridor,) = corridors_of(np.full((5, 12), 3, np.float32), label)
    assert corridor.cost == pytest.approx(11 * CELL * 3)
    assert corridor.path[:, 1].tolist() == list(range(12))
    assert (corridor.path[:, 0] == 2).all()
    assert corridor.via == ()


def test_a_wall_with_a_gate_leads_all_ways_through_it():
    resistance = np.ones((15, 15), np.float32)
    resistance[:, 7] = np.nan
    resistance[11, 7] = 5
    label = np.zeros((15, 15), np.int32)
    label[2:5, 1:3], label[2:5, 12:14] = 1, 2
    _, (corridor,) = corridors_of(resistance, label)
    assert [11, 7] in corridor.path.tolist()
    window = corridor.window
    band = corridor.near(0.2 * corridor.cost, 10_000)
    current = spread_current(resistance[window], CELL, band, label[window] == 1, label[window] == 2)
    gate = current.share[11 - corridor.row, 7 - corridor.column]
    assert gate == pytest.approx(1.0)
    group, cells = find_crowds(current.share, 0.99)
    assert set(group.tolist()) == {0}
    assert [11 - corridor.row, 7 - corridor.column] in cells.tolist()


@pytest.mark.parametrize("seed", range(6))
def test_the_tree_is_that_of_all_patches_linked_to_all_others(seed):
    """Links between neighbours alone, and at the cost of keeping to their surroundings, give the least tree."""
    resistance, label = rough(seed + 10), dots(seed, (24, 30), 7)
    contacts, corridors = corridors_of(resistance, label)
    full = nx.from_numpy_array(between_all(resistance, label))
    expected = sum(edge["weight"] for *_, edge in nx.minimum_spanning_edges(full))
    assert contacts.cost[contacts.tree].sum() == pytest.approx(expected, rel=1e-5)
    assert contacts.tree.sum() == 6
    for corridor, cost, tree in zip(corridors, contacts.cost, contacts.tree, strict=True):
        assert corridor.cost <= cost * (1 + 1e-5)
        if tree:
            assert corridor.cost == pytest.approx(cost, rel=1e-5)
            assert corridor.via == ()


@pytest.mark.parametrize("seed", range(6))
def test_a_corridor_is_the_least_way_and_its_path_costs_what_it_says(seed):
    resistance, label = rough(seed + 20), dots(seed + 3, (24, 30), 4)
    costs = between_all(resistance, label)
    ground = lay_ground(resistance, CELL)
    for corridor in corridors_of(resistance, label)[1]:
        first, second = corridor.ends
        # The window round these ends is nearly all there is; beyond it the way could only be cheaper.
        assert corridor.cost >= costs[first - 1, second - 1] * (1 - 1e-5)
        nodes = corridor.path @ [label.shape[1], 1]
        total = 0.0
        for here, there in pairwise(nodes):
            edges = ground.graph.edges[ground.graph.indptr[here] : ground.graph.indptr[here + 1]]
            total += float(edges["seconds"][edges["node"] == there][0])
        assert total == pytest.approx(corridor.cost, rel=1e-5)
        assert label[tuple(corridor.path[0])] == first
        assert label[tuple(corridor.path[-1])] == second


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_on_even_land_where_many_ways_tie_corridors_still_join_their_patches(seed):
    label = dots(seed, (24, 50), 6)
    contacts, corridors = corridors_of(np.ones((24, 50), np.float32), label)
    ground = lay_ground(np.ones((24, 50), np.float32), CELL)
    around = surround(ground, label)
    cost_to, owner = around.cost.ravel(), around.patch.ravel()
    for ends in contacts.where:
        for cell in ends.tolist():
            assert label.ravel()[trace_back(ground.graph, cost_to, cell, owner)[-1]] == owner[cell]
    for corridor, pair, cost in zip(corridors, contacts.pairs.tolist(), contacts.cost, strict=True):
        assert [label[tuple(end)] for end in corridor.path[[0, -1]]] == pair
        assert corridor.cost <= cost * (1 + 1e-5)


def test_a_whole_ground_as_window_finds_the_least_of_all():
    resistance, label = rough(5, 12, 14), dots(2, (12, 14), 3)
    costs = between_all(resistance, label)
    for corridor in corridors_of(resistance, label)[1]:
        assert corridor.toll.shape == label.shape
        assert corridor.cost == pytest.approx(costs[corridor.ends[0] - 1, corridor.ends[1] - 1], rel=1e-6)


def test_a_way_that_leads_through_another_patch_says_so():
    """Two long patches with dear land between, and a patch in the north that shortens the way over it."""
    label = np.zeros((30, 21), np.int32)
    label[:, 0], label[:, 20], label[:2, 6:15] = 1, 3, 2
    resistance = np.full(label.shape, 40, np.float32)
    resistance[label == 2] = 1
    contacts, corridors = corridors_of(resistance, label)
    assert contacts.pairs.tolist() == [[1, 2], [1, 3], [2, 3]]
    assert [corridor.via for corridor in corridors] == [(), (2,), ()]
    assert contacts.tree.tolist() == [True, False, True]


def test_patches_that_nothing_joins_have_no_corridor():
    resistance = np.ones((6, 9), np.float32)
    resistance[:, 4] = np.nan
    label = np.zeros((6, 9), np.int32)
    label[2, 1], label[2, 7] = 1, 2
    contacts, corridors = corridors_of(resistance, label)
    assert len(contacts.cost) == 0
    assert corridors == []
    assert surround(lay_ground(resistance, CELL), label).patch[0, 4] == 0


def test_no_patch_at_all():
    ground = lay_ground(np.ones((3, 3), np.float32), CELL)
    around = surround(ground, np.zeros((3, 3), np.int32))
    assert (around.cost == FAR).all()
    assert len(find_contacts(ground, around).cost) == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_span_is_a_least_tree(seed):
    random = np.random.default_rng(seed)
    pairs = np.array([pair for pair in nx.gnp_random_graph(7, 0.5, seed=seed).edges]).reshape(-1, 2)
    cost = random.integers(1, 5, len(pairs)).astype(float)
    graph = nx.Graph([(a, b, {"weight": c}) for (a, b), c in zip(pairs.tolist(), cost.tolist(), strict=True)])
    taken = span(pairs, cost, 7)
    assert cost[taken].sum() == sum(e["weight"] for *_, e in nx.minimum_spanning_edges(graph))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 2000), st.floats(0, 2000))
def test_a_wider_band_holds_the_narrower_one_and_the_path(seed, slack, more):
    resistance, label = rough(seed, 10, 12), dots(seed, (10, 12), 2)
    _, (corridor,) = corridors_of(resistance, label)
    # Sums in another order differ by the rounding of float32: the path itself may stand a little above.
    tiny = corridor.cost * 1e-5
    narrow, wide = corridor.near(slack + tiny, 1000), corridor.near(slack + more + tiny, 1000)
    assert (wide | ~narrow).all()
    inner = corridor.path[1:-1] - [corridor.row, corridor.column]
    assert narrow[tuple(inner.T)].all()
    best = np.sort(corridor.toll, axis=None)[3]
    np.testing.assert_array_equal(corridor.near(np.inf, 3), corridor.toll <= best)


def test_costs_of_another_graph_lead_nowhere():
    ground = lay_ground(np.ones((3, 3), np.float32), CELL)
    with pytest.raises(GeometryError, match="no way leads back"):
        trace_back(ground.graph, np.full(9, 7, np.float32), 4)


@pytest.mark.parametrize("resistance", [0.0, -1.0])
def test_resistance_of_nothing_is_refused(resistance):
    with pytest.raises(GeometryError, match="above 0"):
        lay_ground(np.full((3, 3), resistance, np.float32), CELL)


def test_other_numbers_of_neighbours_are_refused():
    with pytest.raises(GeometryError, match="4, 8 or 16"):
        lay_ground(np.ones((3, 3), np.float32), CELL, 6)


# ---- currents


@pytest.mark.parametrize("seed", range(5))
def test_the_resistance_between_patches_is_that_of_networkx(seed):
    resistance, label = rough(seed, 6, 7), np.zeros((6, 7), np.int32)
    label[1:3, 0], label[4:, 6] = 1, 2
    between = label == 0
    current = spread_current(resistance, CELL, between, label == 1, label == 2)
    graph = nx.Graph()
    for row, column in np.ndindex(6, 7):
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            there = (row + down, column + right)
            if 0 <= there[0] < 6 and 0 <= there[1] < 7:
                ends = [f"p{label[one]}" if label[one] else one for one in ((row, column), there)]
                mean = (float(resistance[row, column]) + float(resistance[there])) / 2
                siemens = 1 / (mean * CELL * float(np.hypot(down, right)))
                if ends[0] != ends[1]:
                    known = graph.get_edge_data(*ends, {"siemens": 0.0})["siemens"]
                    graph.add_edge(*ends, siemens=known + siemens)
    expected = nx.resistance_distance(graph, "p1", "p2", weight="siemens", invert_weight=False)
    assert current.resistance == pytest.approx(expected)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_current_is_one_through_every_cut_and_never_dearer_than_the_least_way(seed):
    resistance = rough(seed, 7, 9)
    label = np.zeros((7, 9), np.int32)
    label[:, 0], label[:, 8] = 1, 2
    current = spread_current(resistance, CELL, label == 0, label == 1, label == 2)
    assert (current.share[:, 1:8].sum(axis=0) >= 1 - 1e-9).all()
    assert current.share.max() <= 1 + 1e-9
    mcp = MCP_Geometric(resistance.astype(float) * CELL)
    costs, _ = mcp.find_costs([(row, 0) for row in range(7)])
    assert current.resistance <= costs[:, 8].min() * (1 + 1e-9)


def test_nothing_flows_where_no_way_leads_or_into_blind_alleys():
    resistance = np.ones((5, 9), np.float32)
    resistance[:, 4] = np.nan
    label = np.zeros((5, 9), np.int32)
    label[2, 0], label[2, 8] = 1, 2
    shut = spread_current(resistance, CELL, label == 0, label == 1, label == 2)
    assert np.isinf(shut.resistance)
    assert not shut.share.any()
    row = np.ones((1, 9), np.float32)
    island = np.array([[0, 1, 1, 1, 0, 0, 0, 1, 0]], bool)
    ends = np.zeros((1, 9), bool), np.zeros((1, 9), bool)
    ends[0][0, 0] = ends[1][0, 4] = True
    found = spread_current(row, CELL, island, *ends)
    assert found.share[0].round(9).tolist() == [0, 1, 1, 1, 0, 0, 0, 0, 0]
