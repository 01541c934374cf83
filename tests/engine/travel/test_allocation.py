"""Allocation: a case worked by hand, an independent solver as oracle, and what must always hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from spatial.engine.travel import allocation
from spatial.engine.travel.allocation import (
    allocate,
    even_out,
    mean_at_random,
    merge_costs,
    merge_places,
)
from spatial.errors import GeometryError

amounts = st.lists(st.integers(0, 60), min_size=1, max_size=7)


def draw(seed: int, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    cost = random.uniform(0, 40, (rows, columns))
    give, take = random.integers(0, 50, rows) + 0.0, random.integers(0, 50, columns) + 0.0
    give[0], take[0] = give[0] + 1, take[0] + 1
    return cost, *even_out(give, take)


def solve_whole(cost: np.ndarray, give: np.ndarray, take: np.ndarray) -> float:
    """Return the least cost by one dense programme over all pairs."""
    rows, columns = cost.shape
    sums = np.zeros((rows + columns, rows * columns))
    for row, column in itertools.product(range(rows), range(columns)):
        sums[row, row * columns + column] = sums[rows + column, row * columns + column] = 1
    return float(linprog(cost.ravel(), A_eq=sums, b_eq=np.concatenate([give, take])).fun)


def test_three_by_three_worked_by_hand() -> None:
    # Cheapest first: b-B 20, a-A 10, then a-C 5 (4) over a-B; c-C 15.  10·1 + 5·4 + 20·1 + 15·2 = 80.
    cost = [[1, 6, 4], [7, 1, 9], [8, 9, 2]]
    best = allocate(cost, [15, 20, 15], [10, 20, 20])
    pairs = zip(best.source.tolist(), best.target.tolist(), best.amount.tolist(), strict=True)
    found = [(row, column, round(amount, 9)) for row, column, amount in pairs]
    assert found == [(0, 0, 10), (0, 2, 5), (1, 1, 20), (2, 2, 15)]
    assert (best.cost, best.bound) == pytest.approx((80, 80))
    assert mean_at_random(cost, [15, 20, 15], [10, 20, 20]) == pytest.approx(
        sum(w * j * cost[i][k] for i, w in enumerate([15, 20, 15]) for k, j in enumerate([10, 20, 20])) / 2500
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 9))
def test_it_is_the_least_that_a_dense_programme_finds(seed: int, rows: int, columns: int) -> None:
    cost, give, take = draw(seed, rows, columns)
    best = allocate(cost, give, take)
    assert best.cost == pytest.approx(solve_whole(cost, give, take), rel=1e-6, abs=1e-6)
    assert best.bound == pytest.approx(best.cost, rel=1e-5, abs=1e-5)
    assert np.bincount(best.source, best.amount, rows) == pytest.approx(give, abs=1e-5)
    assert np.bincount(best.target, best.amount, columns) == pytest.approx(take, abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_least_random_and_greatest_are_in_order_and_cheaper_ways_never_cost_more(seed: int) -> None:
    cost, give, take = draw(seed, 12, 9)
    least, most = allocate(cost, give, take), allocate(cost.max() - cost, give, take)
    people = give.sum()
    random = mean_at_random(cost, give, take)
    assert least.cost / people <= random + 1e-9 <= cost.max() - most.cost / people + 2e-9
    cheaper = cost - np.random.default_rng(seed).uniform(0, 5, cost.shape) * (cost > 5)
    assert allocate(cheaper, give, take).cost <= least.cost + 1e-6 * people


def test_whole_numbers_agree_with_networkx() -> None:
    networkx = pytest.importorskip("networkx", reason="networkx is not installed")
    random = np.random.default_rng(5)
    cost = random.integers(1, 90, (25, 18))
    give = random.multinomial(400, np.full(25, 1 / 25))
    take = random.multinomial(400, np.full(18, 1 / 18))
    graph = networkx.DiGraph()
    for row, amount in enumerate(give):
        graph.add_node(("w", row), demand=-int(amount))
    for column, amount in enumerate(take):
        graph.add_node(("j", column), demand=int(amount))
    for row, column in itertools.product(range(25), range(18)):
        graph.add_edge(("w", row), ("j", column), weight=int(cost[row, column]))
    wanted = networkx.cost_of_flow(graph, networkx.min_cost_flow(graph))
    assert allocate(cost, give, take).cost == pytest.approx(wanted, rel=1e-9)


def test_a_problem_of_three_hundred_places_is_proved() -> None:
    cost, give, take = draw(3, 300, 280)
    best = allocate(cost, give, take)
    assert best.bound == pytest.approx(best.cost, rel=1e-6)


def test_a_lattice_with_many_equal_ways_is_proved_both_ways() -> None:
    places = np.array([(x, y) for x in range(13) for y in range(13)]) * 2.5
    cost = np.abs(places[:, None] - places[None]).sum(axis=2)
    random = np.random.default_rng(1)
    give, take = even_out(random.lognormal(5, 1, 169), random.lognormal(5, 1.2, 169))
    for ways in (cost, cost.max() - cost):
        best = allocate(ways, give, take)
        assert best.bound == pytest.approx(best.cost, rel=2e-6)
        assert best.is_proved


def test_a_solver_that_gives_up_leaves_what_it_has_with_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    cost, give, take = draw(8, 60, 60)
    exact = allocate(cost, give, take)
    monkeypatch.setattr(allocation, "_PATIENCE", 0.005)
    monkeypatch.setattr(allocation, "_PAIRS", 1)
    monkeypatch.setattr(allocation, "_SCALINGS", 1)
    rough = allocate(cost, give, take)
    assert rough.bound <= exact.cost + 1e-6 <= rough.cost + 2e-6
    assert rough.is_proved == (rough.cost - rough.bound <= 1e-5 * rough.cost)


def test_what_cannot_be_allocated_is_refused() -> None:
    with pytest.raises(GeometryError, match="is not 3, the demand"):
        allocate([[1.0]], [2], [3])
    with pytest.raises(GeometryError, match="not finite"):
        allocate([[np.inf]], [1], [1])
    with pytest.raises(GeometryError, match="give a row"):
        allocate([1.0], [1], [1])
    with pytest.raises(GeometryError, match="negative"):
        allocate([[1.0]], [-1], [-1])
    assert allocate([[1.0]], [0], [0]).cost == 0
    assert even_out([0], [5])[1].tolist() == [0]
    assert np.isnan(mean_at_random([[1.0]], [0], [0]))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_merged_places_are_few_and_their_commute_is_possible(seed: int, most: int) -> None:
    random = np.random.default_rng(seed)
    places = random.uniform(0, 30_000, (20, 2))
    label = merge_places(places, most)
    assert label.max() + 1 <= max(most, 1)
    assert set(label.tolist()) == set(range(label.max() + 1))
    cost, give, take = draw(seed, 20, 20)
    groups = merge_costs(cost, give, take, label)
    sums = [np.bincount(label, part, label.max() + 1) for part in (give, take)]
    merged = allocate(groups, *sums).cost
    assert merged >= allocate(cost, give, take).cost - 1e-6 * give.sum()
    assert mean_at_random(groups, *sums) == pytest.approx(mean_at_random(cost, give, take))


def test_places_stay_alone_where_there_are_few_and_all_merge_where_they_must() -> None:
    assert merge_places([[0, 0], [9, 9]], 2).tolist() == [0, 1]
    assert merge_places([[0, 0], [0, 0], [0, 0]], 1).tolist() == [0, 0, 0]
