"""Sweeps, tables and totals against an independent oracle, by every engine, on networks of chance."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from spatial.engine import kernels
from spatial.engine.travel import batches, fallback, routing
from spatial.engine.travel import choice as choosing
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.choice import Choice
from spatial.engine.travel.graph import Graph, Starts, rows_of
from spatial.engine.travel.network import FAR, Network
from spatial.engine.travel.roads import draw_links
from spatial.engine.travel.snapping import Snaps
from spatial.errors import GeometryError

ENGINES = [Choice("scipy", "asked"), Choice("bucket", "asked"), Choice("hierarchy", "asked")]
ULP = 2.0**-23


def draw_graph(seed: int, nodes: int, edges: int, spread: float = 2.0) -> Graph:
    """A directed network of chance with parallel edges, dead ends, parts that do not join, long and short edges."""
    rng = np.random.default_rng(seed)
    tails, heads = rng.integers(0, nodes, (2, edges))
    seconds = np.exp(rng.normal(2.0, spread, edges)).astype(np.float32)
    return rows_of(nodes, tails, heads, seconds)


def draw_lattice(seed: int, side: int) -> Graph:
    """A lattice of two-way streets of chance, numbered in rows: a road network as far as engines care."""
    rng = np.random.default_rng(seed)
    number = np.arange(side * side).reshape(side, side)
    one = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    other = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    seconds = rng.uniform(1, 30, 2 * len(one))
    return rows_of(side * side, np.append(one, other), np.append(other, one), seconds)


def dijkstra_of(
    graph: Graph, sources: dict[int, float], towards: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Times in double precision and edges on the way: a plain heap, written apart from the engines."""
    import heapq

    way = graph.turned if towards else graph
    times, hops = np.full(way.nodes, np.inf), np.zeros(way.nodes, dtype=int)
    heap = [(spent, 0, node) for node, spent in sources.items()]
    heapq.heapify(heap)
    while heap:
        so_far, steps, tail = heapq.heappop(heap)
        if so_far >= times[tail]:
            continue
        times[tail], hops[tail] = so_far, steps
        for edge in way.edges[way.indptr[tail] : way.indptr[tail + 1]]:
            heapq.heappush(heap, (so_far + float(edge["seconds"]), steps + 1, int(edge["node"])))
    return times, hops


def assert_same_times(
    got: np.ndarray, truth: np.ndarray, hops: np.ndarray | int, limit: float = np.inf
) -> None:
    """To float32: each addition rounds by half a unit in the last place of the sum, and so does the start."""
    slack = (hops + 2) * ULP
    surely = np.isfinite(truth) & (truth * (1 + slack) <= limit)
    maybe = np.isfinite(truth) & (truth * (1 - slack) <= limit)
    assert (got[surely] < FAR).all()
    assert (got[~maybe] == FAR).all()
    both = got < FAR
    assert (np.abs(got[both] - truth[both]) <= (truth * slack)[both]).all()


graphs = st.builds(
    draw_graph,
    seed=st.integers(0, 10**6),
    nodes=st.integers(1, 40),
    edges=st.integers(0, 160),
    spread=st.sampled_from([0.0, 0.3, 2.0, 4.0]),
)


@pytest.mark.parametrize("choice", ENGINES, ids=lambda choice: choice.engine)
@given(graph=graphs, towards=st.booleans(), limit=st.sampled_from([np.inf, 5.0, 40.0, 400.0]), data=st.data())
@settings(max_examples=40, deadline=None)
def test_sweeps_equal_an_independent_dijkstra(
    choice: Choice, graph: Graph, towards: bool, limit: float, data: st.DataObject
) -> None:
    node = st.integers(0, graph.nodes - 1)
    spent = st.floats(0, 50, width=32)
    sources = data.draw(st.lists(st.dictionaries(node, spent, max_size=3), min_size=1, max_size=5))
    pairs = [(list(source), list(source.values())) for source in sources]
    rows = routing.batch(graph, pairs, limit, towards=towards, choice=choice)
    assert rows.dtype == np.float32
    assert rows.shape == (len(sources), graph.nodes)
    for row, source in zip(rows, sources, strict=True):
        truth, hops = dijkstra_of(graph, source, towards)
        assert_same_times(row, truth, hops, limit)


def oracles_of(graph: Graph) -> dict[str, np.ndarray]:
    """Times from node 0 in double precision by libraries: scipy always, networkx where it is installed."""
    tails, heads, seconds = graph.tails, graph.edges["node"], graph.edges["seconds"].astype(float)
    least: dict[tuple[int, int], float] = {}
    for tail, head, spent in zip(tails.tolist(), heads.tolist(), seconds.tolist(), strict=True):
        least[tail, head] = min(spent, least.get((tail, head), np.inf))
    ends = np.array(list(least), dtype=int).reshape(-1, 2)
    matrix = csr_array((list(least.values()), ends.T), shape=(graph.nodes, graph.nodes))
    found = {"scipy": dijkstra(matrix, indices=0)}
    if find_spec("networkx") is not None:
        import networkx

        model = networkx.MultiDiGraph()
        model.add_nodes_from(range(graph.nodes))
        model.add_weighted_edges_from(zip(tails.tolist(), heads.tolist(), seconds.tolist(), strict=True))
        times = networkx.single_source_dijkstra_path_length(model, 0)
        found["networkx"] = np.array([times.get(node, np.inf) for node in range(graph.nodes)])
    return found


@given(seed=st.integers(0, 10**6), nodes=st.integers(2, 60), edges=st.integers(1, 240))
@settings(max_examples=25, deadline=None)
def test_sweeps_equal_those_of_other_libraries(seed: int, nodes: int, edges: int) -> None:
    graph = draw_graph(seed, nodes, edges)
    for truth in oracles_of(graph).values():
        for choice in ENGINES:
            assert_same_times(routing.batch(graph, Starts.at([0]), choice=choice)[0], truth, nodes)


@given(graph=graphs, data=st.data(), towards=st.booleans())
@settings(max_examples=60, deadline=None)
def test_nearest_is_the_least_of_all_and_says_which(graph: Graph, data: st.DataObject, towards: bool) -> None:
    node = st.integers(0, graph.nodes - 1)
    one = st.lists(st.tuples(node, st.sampled_from([0.0, 1.0, 7.5])), max_size=2)
    places = data.draw(st.lists(one, min_size=1, max_size=6))
    pairs = [([n for n, _ in place], [s for _, s in place]) for place in places]
    seconds, which = routing.nearest(graph, pairs, 300.0, towards=towards)
    rows = routing.batch(graph, pairs, 300.0, towards=towards, choice=ENGINES[1])
    np.testing.assert_array_equal(seconds, rows.min(axis=0))
    reached = seconds < FAR
    np.testing.assert_array_equal(which[~reached], -1)
    np.testing.assert_array_equal(which[reached], rows.argmin(axis=0)[reached])
    way = graph.turned if towards else graph
    np.testing.assert_array_equal(fallback.fill_nearest(way, Starts.of(pairs), 300.0), (seconds, which))


@given(graph=graphs, data=st.data(), limit=st.sampled_from([np.inf, 7.0, 90.0, 900.0]))
@settings(max_examples=60, deadline=None)
def test_scipy_and_buckets_agree_to_the_last_bit(graph: Graph, data: st.DataObject, limit: float) -> None:
    node, spent = st.integers(0, graph.nodes - 1), st.floats(0, 1000, width=32)
    sources = data.draw(st.lists(st.dictionaries(node, spent, max_size=4), max_size=6))
    pairs = [(list(source), list(source.values())) for source in sources]
    one, other = (routing.batch(graph, pairs, limit, choice=choice) for choice in ENGINES[:2])
    np.testing.assert_array_equal(one, other)


def test_scipy_and_buckets_agree_to_the_last_bit_where_ties_and_long_ways_abound() -> None:
    even = draw_lattice(1, 40)
    even.edges["seconds"] = np.float32(0.1)
    for graph in (
        even,
        draw_lattice(2, 60),
        rows_of(900, np.arange(899), np.arange(1, 900), np.full(899, 0.1)),
    ):
        places = Starts.at(np.arange(0, graph.nodes, 97))
        one, other = (routing.batch(graph, places, 30, choice=choice) for choice in ENGINES[:2])
        np.testing.assert_array_equal(one, other)
        found = fallback.fill_nearest(graph, places, 30)
        np.testing.assert_array_equal(found, routing.nearest(graph, places, 30))


@given(graph=graphs, towards=st.booleans())
@settings(max_examples=40, deadline=None)
def test_reverse_of_reverse_and_towards(graph: Graph, towards: bool) -> None:
    starts = Starts.at(np.arange(graph.nodes))
    rows = routing.batch(graph, starts, towards=towards, choice=ENGINES[1])
    back = routing.batch(graph.turned, starts, towards=not towards, choice=ENGINES[1])
    np.testing.assert_array_equal(rows, back)
    again = rows_of(
        graph.nodes, graph.turned.edges["node"], graph.turned.tails, graph.turned.edges["seconds"]
    )
    np.testing.assert_array_equal(rows, routing.batch(again, starts, towards=towards, choice=ENGINES[1]))
    other = routing.batch(graph, starts, towards=not towards, choice=ENGINES[1])
    near = rows < FAR
    np.testing.assert_array_equal(near, other.T < FAR)
    np.testing.assert_allclose(rows[near], other.T[near], rtol=graph.nodes * ULP)


@given(graph=graphs)
@settings(max_examples=40, deadline=None)
def test_triangle_inequality(graph: Graph) -> None:
    for choice in ENGINES:
        rows = routing.batch(graph, Starts.at(np.arange(graph.nodes)), choice=choice).astype(np.float64)
        rows[rows >= FAR] = np.inf
        detour = (rows[:, :, None] + rows[None, :, :]).min(axis=1)
        assert (rows <= detour * (1 + graph.nodes * ULP)).all()


@pytest.mark.parametrize("choice", ENGINES, ids=lambda choice: choice.engine)
@given(
    graph=graphs,
    limits=st.lists(st.floats(0, 500, width=32), min_size=2, max_size=4, unique=True).map(sorted),
)
@settings(max_examples=30, deadline=None)
def test_a_longer_limit_only_adds(choice: Choice, graph: Graph, limits: list[float]) -> None:
    starts = Starts.at(np.arange(min(5, graph.nodes)))
    free = routing.batch(graph, starts, choice=choice)
    for limit in limits:
        rows = routing.batch(graph, starts, limit, choice=choice)
        np.testing.assert_array_equal(rows, np.where(free <= np.float32(limit), free, FAR))


@given(graph=graphs, seconds=st.floats(1, 100, width=32), data=st.data())
@settings(max_examples=40, deadline=None)
def test_an_added_road_never_lengthens(graph: Graph, seconds: float, data: st.DataObject) -> None:
    ends = st.integers(0, graph.nodes - 1)
    tail, head = data.draw(ends), data.draw(ends)
    more = rows_of(
        graph.nodes,
        np.append(graph.tails, tail),
        np.append(graph.edges["node"], head),
        np.append(graph.edges["seconds"], np.float32(seconds)),
    )
    starts = Starts.at(np.arange(graph.nodes))
    before = routing.batch(graph, starts, choice=ENGINES[1])
    after = routing.batch(more, starts, choice=ENGINES[1])
    assert (after <= before).all()


@pytest.mark.parametrize("choice", ENGINES, ids=lambda choice: choice.engine)
@given(
    graph=graphs,
    towards=st.booleans(),
    weights=st.data(),
)
@settings(max_examples=30, deadline=None)
def test_totals_are_sums_over_rows(
    choice: Choice, graph: Graph, towards: bool, weights: st.DataObject
) -> None:
    amounts = weights.draw(hnp.arrays(np.float64, (graph.nodes, 2), elements=st.integers(0, 9)))
    limits = [10.0, 60.0, 600.0]
    sums = routing.totals(graph, amounts, limits, towards=towards, choice=choice)
    rows = routing.batch(graph, Starts.at(np.arange(graph.nodes)), towards=towards, choice=choice)
    for j, limit in enumerate(limits):
        expected = (rows <= np.float32(limit)) @ amounts
        edge = (np.abs(rows - limit) <= limit * 100 * ULP).any(axis=1)
        np.testing.assert_array_equal(sums[~edge, j], expected[~edge])


def test_totals_of_few_places_are_worked_out_backwards_with_the_same_result() -> None:
    graph = draw_graph(5, 400, 1600)
    weights = np.zeros(400)
    weights[[3, 77, 200]] = [5, 7, 11]
    for towards in (False, True):
        few = routing.totals(graph, weights, [20, 60], towards=towards)
        every = routing.totals(
            graph, weights, [20, 60], starts=Starts.at(np.arange(400)), towards=towards, choice=ENGINES[1]
        )
        np.testing.assert_array_equal(few, every)


def test_reached_is_the_sparse_form_of_batch() -> None:
    graph = draw_graph(8, 300, 900)
    starts = Starts.at([0, 5, 299])
    rows = routing.batch(graph, starts, 60)
    first, nodes, seconds = routing.reached(graph, starts, 60)
    dense = np.full_like(rows, FAR)
    dense[np.repeat(np.arange(3), np.diff(first)), nodes] = seconds
    np.testing.assert_array_equal(dense, rows)


@pytest.mark.parametrize("choice", ENGINES, ids=lambda choice: choice.engine)
@given(graph=graphs, towards=st.booleans(), limit=st.sampled_from([np.inf, 40.0]), seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_blocks_and_reached_hold_the_numbers_of_batch(
    choice: Choice, graph: Graph, towards: bool, limit: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pairs = [
        (rng.integers(0, graph.nodes, many), rng.uniform(0, 20, many)) for many in rng.integers(0, 3, 300)
    ]
    how = {"towards": towards, "choice": choice}
    rows = routing.batch(graph, pairs, limit, **how)
    seen = np.zeros(300, dtype=int)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "_CELLS", 1)
        for which, block in routing.blocks(graph, pairs, limit, **how):
            np.testing.assert_array_equal(block, rows[which])
            seen[which] += 1
    assert (seen == 1).all()
    first, nodes, seconds = routing.reached(graph, pairs, limit, **how)
    sweep, node = np.nonzero(rows < FAR)
    np.testing.assert_array_equal(first, np.searchsorted(sweep, np.arange(301)))
    np.testing.assert_array_equal(nodes, node)
    np.testing.assert_array_equal(seconds, rows[sweep, node])


def test_results_do_not_depend_on_threads_or_on_what_is_asked_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph = draw_lattice(11, 45)
    starts = Starts.at(np.arange(0, 2000, 7))
    for choice in ENGINES:
        together = routing.batch(graph, starts, 120, choice=choice)
        alone = np.vstack([routing.batch(graph, [starts[i]], 120, choice=choice) for i in (0, 99, 200)])
        np.testing.assert_array_equal(together[[0, 99, 200]], alone)
        monkeypatch.setenv("SPATIAL_THREADS", "1")
        np.testing.assert_array_equal(together, routing.batch(graph, starts, 120, choice=choice))
        monkeypatch.setenv("SPATIAL_THREADS", "5")
        np.testing.assert_array_equal(together, routing.batch(graph, starts, 120, choice=choice))


def test_edges_longer_than_the_queue_and_shorter_than_a_bucket() -> None:
    """A two-day ferry among edges of a hundredth of a second, and many equal ways: times stay exact."""
    nodes = 3000
    tails = np.concatenate([np.arange(nodes - 1), [0]])
    heads = np.concatenate([np.arange(1, nodes), [nodes - 1]])
    seconds = np.concatenate([np.full(nodes - 1, 2.0**-7), [2.0**17]])
    graph = rows_of(nodes, tails, heads, seconds)
    rows = routing.sweep(graph, ([0], [0]))
    np.testing.assert_array_equal(rows, np.arange(nodes) * 2.0**-7)
    far = rows_of(3, np.array([0, 1]), np.array([1, 2]), np.array([2.0**17, 2.0**-5]))
    assert routing.sweep(far, ([0], [0])).tolist() == [0, 2**17, 2**17 + 2**-5]


@pytest.mark.parametrize(
    ("starts", "limit", "words"),
    [
        (([7], [0]), 10, "start 0: node 7"),
        (([-1], [0]), 10, "start 0: node -1"),
        (([0], [-1]), 10, "at -1.0 s"),
        (([0], [np.nan]), 10, "at nan s"),
        (([0], [0]), -1, "a limit of -1 s"),
        (([0], [0]), np.nan, "a limit of nan s"),
    ],
)
def test_bad_starts_and_limits_are_named(
    starts: tuple[list[int], list[float]], limit: float, words: str
) -> None:
    graph = draw_graph(1, 5, 10)
    with pytest.raises(GeometryError, match=words):
        routing.sweep(graph, starts, limit)


def test_the_one_bad_start_of_many_is_named() -> None:
    graph = draw_graph(1, 50, 200)
    pairs = [([i % 50], [0.0]) for i in range(999)] + [([50], [0.0])]
    with pytest.raises(GeometryError, match="start 999: node 50"):
        routing.batch(graph, pairs, 60)


def test_bad_weights_and_limits_are_named() -> None:
    graph = draw_graph(1, 5, 10)
    with pytest.raises(GeometryError, match="do not rise"):
        routing.totals(graph, np.ones(5), [60, 30])
    with pytest.raises(GeometryError, match="not one row for each of 5"):
        routing.totals(graph, np.ones(4), 60)
    with pytest.raises(GeometryError, match="not finite"):
        routing.totals(graph, [1, 2, 3, 4, np.nan], 60)


@pytest.mark.parametrize("seconds", [-1.0, np.nan, np.inf])
def test_edges_without_a_usable_time_are_refused(seconds: float) -> None:
    with pytest.raises(GeometryError, match="1 edges have no usable time"):
        Graph.of(np.array([0, 1, 2]), np.array([1, 0]), np.array([5.0, seconds]))


def lay_streets(seed: int, side: int) -> Network:
    """A lattice of streets of chance: some one-way, some missing, some turns forbidden."""
    rng = np.random.default_rng(seed)
    x, y = (part.ravel() for part in np.meshgrid(np.arange(side), np.arange(side)))
    number = np.arange(side * side).reshape(side, side)
    links = np.concatenate(
        [
            np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
            np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
        ]
    )
    links = links[rng.random(len(links)) < 0.9] if len(links) > 6 else links
    jitter = rng.uniform(-2e-4, 2e-4, (2, side * side))
    table = draw_links(114 + 1e-3 * x + jitter[0], 35 + 1e-3 * y + jitter[1], links, mode="drive")
    oneway = rng.choice([0, 0, 0, 1, -1], len(links)).astype(np.int8)
    turns = [
        (i, via, j)
        for i, one in enumerate(links)
        for j, other in enumerate(links)
        for via in set(one) & set(other)
        if i != j and rng.random() < 0.15
    ]
    only_no = np.array(turns, dtype=np.int64).reshape(-1, 3)
    table = replace(table, oneway=oneway, turns=only_no, turn_only=np.zeros(len(only_no), dtype=bool))
    return build_network(table, crs="EPSG:4547", speeds={"other": 20.0})


def put_places(network: Network, places: Snaps) -> Graph:
    """The network with a source and a sink at each place, cut into the directed edges along its road."""
    size, many = len(network.node_xy), len(places.road)
    tails, heads, seconds = [network.tails()], [network.heads], [network.seconds]
    for edge, (tail, head) in enumerate(zip(network.tails(), network.heads, strict=True)):
        here = np.flatnonzero(places.road == network.road[edge])
        along = places.share[here] if network.forward[edge] else 1 - places.share[here]
        one, other = (part.ravel() for part in np.meshgrid(np.arange(len(here)), np.arange(len(here))))
        ahead = along[other] >= along[one]
        one, other = one[ahead], other[ahead]
        tails += [size + here, np.full(len(here), tail), size + here[one]]
        heads += [np.full(len(here), head), size + many + here, size + many + here[other]]
        seconds += [part * network.seconds[edge] for part in (1 - along, along, along[other] - along[one])]
    return rows_of(size + 2 * many, *(np.concatenate(part) for part in (tails, heads, seconds)))


@pytest.mark.parametrize("choice", ENGINES, ids=lambda choice: choice.engine)
@given(seed=st.integers(0, 10**6), side=st.integers(2, 7), towards=st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_matrix_between_places_on_roads_equals_one_between_nodes_put_there(
    choice: Choice, seed: int, side: int, towards: bool
) -> None:
    network = lay_streets(seed, side)
    rng = np.random.default_rng(seed)
    many = 12
    shares = np.where(rng.random(many) < 0.3, rng.integers(0, 2, many), rng.random(many))
    roads = rng.integers(0, min(len(network.road_m), 6), many).astype(np.int32)
    places = Snaps(roads, shares.astype(np.float64), np.zeros(many))
    table = routing.matrix(network, places, places, towards=towards, choice=choice)
    table = table.T if towards else table
    size = len(network.node_xy)
    graph = put_places(network, places)
    for row in range(many):
        truth, hops = (part[size + many :] for part in dijkstra_of(graph, {size + row: 0.0}))
        got = table[row].astype(np.float64)
        near = got < FAR
        near[row] = truth[row] = got[row] = 0
        np.testing.assert_array_equal(near, np.isfinite(truth) & (np.arange(many) != row))
        assert (np.abs(got - truth)[near] <= (1e-4 + truth * (hops + 8) * ULP)[near]).all()
        assert table[row, row] == 0


def test_a_place_that_is_not_snapped_is_far_from_everything_and_spoils_nothing() -> None:
    network = lay_streets(3, 5)
    places = Snaps(np.array([4, -1, 9], dtype=np.int32), np.array([0.5, np.nan, 0.25]), np.zeros(3))
    for choice in ENGINES:
        table = routing.matrix(network, places, places, choice=choice)
        assert (table[1] == FAR).all()
        assert (table[:, 1] == FAR).all()
        assert (table[[0, 2]][:, [0, 2]] < FAR).all()


def test_arrivals_at_places_equal_the_matrix_beyond_the_own_road() -> None:
    network = lay_streets(4, 6)
    rng = np.random.default_rng(4)
    here = Snaps(np.array([0], dtype=np.int32), np.array([0.3]), np.zeros(1))
    there = Snaps(np.arange(1, 30, dtype=np.int32), rng.random(29), np.zeros(29))
    for towards in (False, True):
        starts = routing.starts_of(network, here, towards=towards)
        field = routing.sweep(network, starts[0], towards=towards)
        got = routing.arrivals(network, field, there, towards=towards)
        np.testing.assert_array_equal(
            got, routing.matrix(network, here, there, towards=towards, choice=ENGINES[1])[0]
        )
        turned = routing.sweep(network.reverse(), starts[0], towards=not towards)
        np.testing.assert_array_equal(field, turned)


def test_the_choice_is_named_with_its_reason_and_follows_size() -> None:
    graph = draw_lattice(2, 140)
    assert routing.choose(graph, Starts.at([0])).engine == "bucket"
    many = routing.choose(graph, Starts.at(np.arange(graph.nodes)), rows=False)
    assert many.engine == "hierarchy"
    assert "19600 sweeps over" in str(many)
    assert routing.choose(graph, Starts.at(np.arange(9)), 1.0).engine == "bucket"


def test_a_graph_too_dense_for_a_hierarchy_is_swept_by_buckets() -> None:
    graph = draw_graph(3, 600, 40_000)
    starts = Starts.at(np.arange(100))
    rows = routing.batch(graph, starts, choice=ENGINES[2])
    np.testing.assert_array_equal(rows, routing.batch(graph, starts, choice=ENGINES[1]))
    assert routing.choose(graph, Starts.at(np.tile(np.arange(600), 300))).engine == "bucket"


def test_without_numba_scipy_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = draw_graph(2, 200, 600)
    expected = routing.batch(graph, Starts.at(range(20)), choice=ENGINES[1])
    for module in (kernels, choosing, batches):
        monkeypatch.setattr(module, "load_room", lambda name: None)
    assert routing.choose(graph, Starts.at(range(20))).engine == "scipy"
    rows = routing.batch(graph, Starts.at(range(20)))
    np.testing.assert_array_equal(rows, expected)
    seconds, _ = routing.nearest(graph, Starts.at(range(20)))
    np.testing.assert_array_equal(seconds, rows.min(axis=0))
    with pytest.raises(GeometryError, match="needs numba"):
        routing.batch(graph, Starts.at(range(20)), choice=ENGINES[1])


COLD = """
import sys, time
import numpy as np
from spatial.engine.travel import choice, routing
from spatial.engine import kernels
from spatial.engine.travel.graph import Graph, Starts
started = []
class Fake:
    def poll(self):
        return 0
kernels.subprocess.Popen = lambda *a, **k: started.append(a) or Fake()
graph = Graph.of(np.arange(5), np.array([1, 2, 3, 0]), np.ones(4))
def ask():
    assert routing.sweep(graph, ([0], [0])).tolist() == [0, 1, 2, 3]
    assert routing.nearest(graph, Starts.at([0, 2]))[1].tolist() == [0, 0, 1, 1]
    assert routing.choose(graph, Starts.at(np.arange(4).repeat(5))).engine == "scipy"
ask()
assert "numba" not in sys.modules, "loaded for next to nothing"
assert not started
choice._LOAD = 0.0
assert not kernels.is_ready("buckets")
ask()
assert len(started) == 1, started
import spatial.engine.travel.buckets as buckets
assert not any(getattr(buckets, name).signatures for name in buckets.ENTRIES), "compiled while somebody waited"
"""


def run_cold(code: str, cache: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_on_a_cold_install_the_first_answer_never_waits_for_the_compiler(tmp_path: Path) -> None:
    done = run_cold(COLD, tmp_path)
    assert done.returncode == 0, done.stderr


LEFT = """
import subprocess, sys
from spatial.engine import kernels
start = subprocess.Popen
task = "import time; time.sleep(20)"
kernels.subprocess.Popen = lambda command, **more: start([sys.executable, "-c", task], **more)
kernels.warm_kernels()
(process,) = kernels._RUNNING
print(process.pid)
"""


def test_a_compiler_that_still_runs_is_left_to_itself_without_delay_or_warning(tmp_path: Path) -> None:
    begin = time.perf_counter()
    done = run_cold("import warnings; warnings.simplefilter('error')" + LEFT, tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    process = int(done.stdout)
    assert time.perf_counter() - begin < 20
    os.kill(process, signal.SIGTERM)  # it runs on, or there would be nothing to end


def test_the_rehearsal_leaves_kernels_ready_for_the_next_process(tmp_path: Path) -> None:
    done = run_cold("from spatial.engine import kernels; kernels.load_room('buckets').rehearse()", tmp_path)
    assert done.returncode == 0, done.stderr
    begin = time.perf_counter()
    done = run_cold(
        "from spatial.engine import kernels; assert kernels.is_ready('buckets'); assert not kernels.is_ready('lanes')",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert time.perf_counter() - begin < 30


def test_importing_routing_does_not_import_numba() -> None:
    code = "import sys, spatial.engine.travel.routing; assert 'numba' not in sys.modules"
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode
        == 0
    )
