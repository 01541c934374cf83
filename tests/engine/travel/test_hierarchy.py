"""Contraction hierarchies: what they promise about arcs and levels, and that batches of any make agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.travel import fallback, routing
from spatial.engine.travel import hierarchy as hierarchies
from spatial.engine.travel.choice import Choice
from spatial.engine.travel.contraction import contract
from spatial.engine.travel.graph import Graph, Starts, graph_of, rows_of
from spatial.engine.travel.hierarchy import LANES, Hierarchy, hierarchy_of
from spatial.engine.travel.network import FAR

ULP = 2.0**-23
BUCKET, HIERARCHY = Choice("bucket", "asked"), Choice("hierarchy", "asked")


def draw_lattice(seed: int, side: int, missing: float = 0.1) -> Graph:
    rng = np.random.default_rng(seed)
    number = np.arange(side * side).reshape(side, side)
    one = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    other = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    tails, heads = np.append(one, other), np.append(other, one)
    kept = rng.random(len(tails)) >= missing
    return rows_of(side * side, tails[kept], heads[kept], rng.uniform(1, 30, kept.sum()))


lattices = st.builds(
    draw_lattice, st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0.0, 0.1, 0.5])
)


@given(graph=lattices)
@settings(max_examples=40, deadline=None)
def test_arcs_lead_upwards_and_no_arc_is_quicker_than_the_network(graph: Graph) -> None:
    done = contract(graph)
    assert done is not None
    assert (done.level[done.low] < done.level[done.high]).all()
    assert ((done.out < FAR) | (done.back < FAR)).all()
    times = routing.batch(graph, Starts.at(np.arange(graph.nodes)), choice=BUCKET)
    slack = 1 + graph.nodes * ULP
    assert (times[done.low, done.high] <= done.out * slack).all()
    assert (times[done.high, done.low] <= done.back * slack).all()
    pairs = done.low.astype(np.int64) * graph.nodes + done.high
    assert len(np.unique(pairs)) == len(pairs)


@given(graph=lattices, seed=st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_contraction_is_the_same_each_time(graph: Graph, seed: int) -> None:
    one, other = contract(graph), contract(graph)
    assert one is not None
    assert other is not None
    for name in ("level", "low", "high", "out", "back"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("sweeps", [0, 1, 2, 3, LANES - 1, LANES, LANES + 1, 3 * LANES + 5])
@pytest.mark.parametrize("limit", [15.0, 90.0, np.inf])
def test_batches_of_any_width_agree_with_buckets(sweeps: int, limit: float) -> None:
    graph = draw_lattice(7, 30)
    starts = Starts.at(np.random.default_rng(sweeps).integers(0, graph.nodes, sweeps))
    weights = np.random.default_rng(1).integers(0, 5, (graph.nodes, 3)).astype(float)
    rows = [routing.batch(graph, starts, limit, choice=choice) for choice in (HIERARCHY, BUCKET)]
    assert rows[0].shape == (sweeps, graph.nodes)
    np.testing.assert_array_equal(rows[0] < FAR, rows[1] < FAR)
    np.testing.assert_allclose(rows[0], rows[1], rtol=100 * ULP)
    sums = [
        routing.totals(graph, weights, [10, 60], starts=starts, choice=choice)
        for choice in (HIERARCHY, BUCKET)
    ]
    np.testing.assert_array_equal(*sums)


def test_boards_used_again_hold_nothing_of_earlier_batches() -> None:
    graph = draw_lattice(8, 20)
    hierarchy = hierarchy_of(graph)
    assert hierarchy is not None
    starts, far = Starts.at([0, 399]), Starts.of([([], []), ([5], [1e6])])
    first = hierarchy.fill_rows(starts, 50)
    hierarchy.fill_rows(Starts.at(np.arange(400)))
    empty = hierarchy.fill_rows(far, 50)
    assert (empty == FAR).all()
    np.testing.assert_array_equal(first, hierarchy.fill_rows(starts, 50))


@given(graph=lattices, limit=st.sampled_from([0.0, 10.0, 40.0, 100.0, 250.0, 1000.0]), towards=st.booleans())
@settings(max_examples=40, deadline=None)
def test_looking_at_all_places_and_walking_from_a_few_give_the_same_bits(
    graph: Graph, limit: float, towards: bool
) -> None:
    starts = Starts.at(np.arange(graph.nodes))
    one = Hierarchy.of(graph)
    assert one is not None
    free = one.fill_rows(starts, towards=towards)
    rows = []
    for many in (-1.0, 2.0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hierarchies, "_MANY", many)
            rows.append(one.fill_rows(starts, limit, towards))
    np.testing.assert_array_equal(*rows)
    np.testing.assert_array_equal(rows[0], np.where(free <= np.float32(limit), free, FAR))


@given(graph=lattices)
@settings(max_examples=40, deadline=None)
def test_every_place_lies_after_those_above_it_and_levels_move_with_their_nodes(graph: Graph) -> None:
    one, done = Hierarchy.of(graph), contract(graph)
    assert one is not None
    assert done is not None
    np.testing.assert_array_equal(np.sort(one.places), np.arange(graph.nodes))
    np.testing.assert_array_equal(one.level[one.places], done.level)
    for way in (one.up, one.down):
        assert (way.edges["node"] < way.tails).all()
        assert (one.level[way.edges["node"]] > one.level[way.tails]).all()


def test_a_start_beyond_the_limit_reaches_nothing_and_spoils_no_neighbour() -> None:
    graph = draw_lattice(3, 25)
    starts = Starts.of([([node], [70.0 * (node % 3)]) for node in range(0, 625, 5)])
    for limit in (60.0, 100.0, np.inf):
        one, other = (routing.batch(graph, starts, limit, choice=choice) for choice in (HIERARCHY, BUCKET))
        np.testing.assert_array_equal(one < FAR, other < FAR)
        np.testing.assert_allclose(one, other, rtol=100 * ULP)


def test_parts_of_the_network_that_do_not_join_stay_apart_without_a_limit() -> None:
    graph = draw_lattice(5, 20, missing=0.55)
    starts = Starts.at(np.arange(400))
    one, other = (routing.batch(graph, starts, choice=choice) for choice in (HIERARCHY, BUCKET))
    assert 0.01 < (other < FAR).mean() < 0.99
    np.testing.assert_array_equal(one < FAR, other < FAR)
    np.testing.assert_allclose(one, other, rtol=400 * ULP)


def test_totals_of_weights_that_do_not_add_up_evenly_are_the_same_each_time() -> None:
    graph = draw_lattice(4, 50)
    weights = np.random.default_rng(0).random(graph.nodes)
    starts = Starts.at(np.arange(0, 2500, 3))
    hierarchy = hierarchy_of(graph)
    assert hierarchy is not None
    limits = np.array([30, 90], dtype=np.float32)
    sums = []
    for many in (-1.0, 2.0, 0.05):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hierarchies, "_MANY", many)
            sums.append(hierarchy.fill_totals(starts, weights[:, None], limits))
    np.testing.assert_array_equal(sums[0], sums[1])
    np.testing.assert_array_equal(sums[0], sums[2])


def test_a_million_seconds_keep_their_order() -> None:
    """Long ways lose absolute precision, never order: float32 has 0.06 s at 10**6 s."""
    nodes = 500
    graph = rows_of(nodes, np.arange(nodes - 1), np.arange(1, nodes), np.full(nodes - 1, 2000.25))
    row = routing.batch(graph, Starts.at([0]), choice=HIERARCHY)[0]
    assert (np.diff(row) > 0).all()
    np.testing.assert_allclose(row, np.arange(nodes) * 2000.25, rtol=ULP * 20)


@pytest.mark.parametrize("size", [0, 1, 2])
def test_tiny_graphs(size: int) -> None:
    graph = rows_of(size, np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0))
    hierarchy = Hierarchy.of(graph)
    assert hierarchy is not None
    rows = hierarchy.fill_rows(Starts.at(np.arange(size)))
    np.testing.assert_array_equal(rows, np.where(np.eye(size, dtype=bool), 0, FAR))


def test_loops_parallel_edges_and_zero_seconds() -> None:
    graph = rows_of(
        3, np.array([0, 0, 0, 1, 1]), np.array([0, 1, 1, 2, 1]), np.array([4.0, 9.0, 5.0, 0.0, 1.0])
    )
    for choice in (HIERARCHY, BUCKET, Choice("scipy", "asked")):
        assert routing.batch(graph, Starts.at([0]), choice=choice).tolist() == [[0, 5, 5]]


@pytest.mark.parametrize("mode", ["drive", "walk"])
def test_real_streets_by_every_engine_agree_to_a_fiftieth_of_a_second_in_an_hour(
    real_data: Path, mode: str
) -> None:
    pytest.importorskip("osmium", reason="reading OpenStreetMap needs the extra `network`")
    from spatial.sources.networks import open_networks

    network = open_networks(real_data / "osm" / "heidelberg.osm.pbf", [mode], crs="EPSG:25832", kept=False)[
        mode
    ]
    nodes = network.size[0]
    assert nodes > 5000
    starts = Starts.at(np.random.default_rng(0).integers(0, nodes, 70))
    graph = graph_of(network)
    for towards in (False, True):
        truth = fallback.fill_rows(graph.turned if towards else graph, starts, 3600.0)
        for choice in (HIERARCHY, BUCKET):
            rows = routing.batch(network, starts, 3600.0, towards=towards, choice=choice)
            assert np.count_nonzero((rows < FAR) != (truth < FAR)) <= rows.size * 1e-5
            both = (rows < FAR) & (truth < FAR)
            assert np.abs(rows - truth)[both].max() < 0.02
