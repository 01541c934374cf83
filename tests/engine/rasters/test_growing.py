"""Growing regions: what is cheapest is right whatever is left out, and more is never less."""

from __future__ import annotations

import heapq

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial.engine.rasters.cleaning import clean_mask
from spatial.engine.rasters.growing import reach_from, take_best, take_cheapest


def reach_by_heap(seeds: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Return costs by the plainest Dijkstra there is."""
    found = np.where(seeds, 0.0, np.inf)
    queue = [(0.0, int(row), int(column)) for row, column in np.argwhere(seeds)]
    while queue:
        spent, row, column = heapq.heappop(queue)
        if spent > found[row, column]:
            continue
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                to = row + down, column + right
                if (down, right) == (0, 0) or not (0 <= to[0] < cost.shape[0] and 0 <= to[1] < cost.shape[1]):
                    continue
                if seeds[to] or not np.isfinite(cost[to]):
                    continue
                price = cost[to] if seeds[row, column] else (cost[row, column] + cost[to]) / 2
                total = spent + price * np.hypot(down, right)
                if total < found[to] - 1e-12:
                    found[to] = total
                    heapq.heappush(queue, (total, *to))
    return found


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_costs_are_those_of_a_plain_search(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 14), st.integers(1, 14)))
    cost = data.draw(arrays(np.float32, shape, elements=st.sampled_from([1.0, 1.5, 3.0, np.inf])))
    seeds = data.draw(arrays(bool, shape, elements=st.sampled_from([False] * 6 + [True])))
    found = reach_from(seeds, cost, cost.size)
    np.testing.assert_allclose(found, reach_by_heap(seeds, cost), rtol=1e-5)


def test_leaving_out_far_cells_changes_no_near_one() -> None:
    chance = np.random.default_rng(8)
    cost = chance.choice([1.0, 2.0, 9.0, np.inf], size=(160, 160), p=[0.4, 0.3, 0.2, 0.1]).astype(np.float32)
    seeds = np.zeros(cost.shape, bool)
    seeds[80, 80] = True
    whole = reach_from(seeds, cost, cost.size)
    for enough in (5, 60, 900):
        part = reach_from(seeds, cost, enough)
        least = np.sort(whole[~seeds & np.isfinite(whole)])[enough - 1]
        near = ~seeds & (whole <= least)
        np.testing.assert_array_equal(part[near], whole[near])


@given(arrays(np.float32, (6, 7), elements=st.sampled_from([1, 2, 3, np.inf])), st.integers(0, 50))
def test_the_cheapest_are_taken_and_none_that_cannot_be_reached(cost: np.ndarray, count: int) -> None:
    found = take_cheapest(cost, count)
    assert found.sum() == min(count, np.isfinite(cost).sum())
    assert np.isfinite(cost[found]).all()
    if found.any() and (~found).any():
        assert cost[found].max() <= cost[~found].min()


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.uint8, (14, 15), elements=st.integers(0, 9)), st.integers(0, 220), st.integers(0, 220),
    st.integers(0, 1),
)  # fmt: skip
def test_a_larger_amount_never_takes_less(score: np.ndarray, one: int, other: int, radius: int) -> None:
    def clean(mask: np.ndarray) -> np.ndarray:
        return clean_mask(mask, radius=radius, least_patch=4, least_hole=3)

    fields = score > 0
    (small, _), (large, _) = (take_best(score, fields, amount, clean) for amount in sorted((one, other)))
    assert not (small & ~large).any()
    most = clean(fields)
    for amount, found in zip(sorted((one, other)), (small, large), strict=True):
        if (most & fields).sum() >= amount:
            assert (found & fields).sum() >= amount
        else:
            np.testing.assert_array_equal(found, most)


def test_the_least_that_suffices_is_taken() -> None:
    score = np.arange(1, 26, dtype=np.uint8).reshape(5, 5)
    for amount in (1, 7, 25):
        found, lowest = take_best(score, score > 0, amount, lambda mask: mask)
        assert found.sum() == amount
        assert lowest == 26 - amount
