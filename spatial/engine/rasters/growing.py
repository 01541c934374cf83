"""Growing of regions on a raster: the best cells up to an amount, and the cheapest to reach from seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.cleaning import spread_mask

Truths = npt.NDArray[np.bool_]
Costs = npt.NDArray[np.float32]

_HALF_STEPS = ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 2**0.5), (1, -1, 2**0.5))
"""Neighbours of a cell, each pair once: rows, columns, cells between the middles."""


def take_best(
    score: npt.NDArray[np.uint8],
    wanted: Truths,
    enough: float,
    clean: Callable[[Truths], Truths],
) -> tuple[Truths, int]:
    """Return the cells of the highest scores that, when cleaned, hold enough of what is wanted.

    Parameters
    ----------
    score : ndarray of uint8, shape (h, w)
        0 never counts.
    wanted : ndarray of bool
        Cells that count.
    enough : float
        How many of them the result is to hold.
    clean : callable
        From a mask to a mask; it must only grow with the mask, as those of `rasters.cleaning` do.

    Returns
    -------
    mask : ndarray of bool
        The smallest that holds enough; the largest that there is where none does. A larger amount never gives
        a smaller mask.
    score : int
        The lowest that was taken.

    Examples
    --------
    >>> score = np.array([[9, 7, 5, 3, 0]], np.uint8)
    >>> mask, lowest = take_best(score, score > 0, 2, lambda mask: mask)
    >>> mask.astype(int).tolist(), lowest
    ([[1, 1, 0, 0, 0]], 7)
    """
    levels = np.flatnonzero(np.bincount(score.ravel(), minlength=256)[1:]) + 1
    levels = levels[::-1]
    if not len(levels):
        return clean(np.zeros(score.shape, dtype=bool)), 0
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        if np.count_nonzero(clean(score >= levels[middle]) & wanted) >= enough:
            high = middle
        else:
            low = middle + 1
    return clean(score >= levels[low]), int(levels[low])


def reach_from(seeds: Truths, cost: Costs, enough: int) -> Costs:
    """Return what it costs to reach cells from the nearest seed, cheapest way over the eight neighbours.

    Parameters
    ----------
    seeds : ndarray of bool, shape (h, w)
        Reached at no cost.
    cost : ndarray of float32
        Of crossing each cell, above 0; what is not finite cannot be crossed. Half of a step's way lies in
        either cell.
    enough : int
        So many cells beside the seeds are wanted: farther ones may be left out.

    Returns
    -------
    ndarray of float32
        Infinite where a cell is not reached or left out. At least the `enough` cheapest are there, and right.

    Examples
    --------
    >>> cost = np.array([[1, 1, np.inf, 1], [1, 1, 1, 1]], np.float32)
    >>> found = reach_from(np.array([[1, 0, 0, 0], [0, 0, 0, 0]], bool), cost, 6)
    >>> found.astype(float).round(1).tolist()
    [[0.0, 1.0, inf, 3.8], [1.0, 1.4, 2.4, 3.4]]
    """
    from scipy.ndimage import distance_transform_edt

    found = np.full(seeds.shape, np.inf, dtype=np.float32)
    found[seeds] = 0
    open_ = np.isfinite(cost) & (cost > 0) & ~seeds
    if not seeds.any() or not open_.any() or enough < 1:
        return found
    away = distance_transform_edt(~seeds)
    least = float(cost[open_].min())
    radius = 16.0
    while True:
        near = open_ & (away <= radius)
        found[near] = _sweep(near, seeds, cost)[near]
        reached = np.sort(found[near & np.isfinite(found)])
        # Ways that leave the circle cost more than its radius: what is cheaper is right.
        if radius > away.max() or (len(reached) >= enough and reached[enough - 1] <= radius * least):
            return found
        radius *= 2


def _sweep(near: Truths, seeds: Truths, cost: Costs) -> npt.NDArray[np.float64]:
    """Return the cost of reaching each cell from the seeds over the cells that are near."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    rim = seeds & spread_mask(near, 2)
    used = near | rim
    number = np.full(seeds.shape, -1, dtype=np.int64)
    number[used] = np.arange(np.count_nonzero(used))
    price = np.where(seeds, 0.0, cost)
    tails, heads, prices = [], [], []
    for down, right, length in _HALF_STEPS:
        one, other = _pair(number, down, right)
        at, to = _pair(price, down, right)
        both = (one >= 0) & (other >= 0)
        # A seed costs nothing itself, so a step off it costs what a step within its neighbour does.
        mean = np.where((at == 0) | (to == 0), at + to, (at + to) / 2)
        tails.append(one[both])
        heads.append(other[both])
        prices.append(mean[both] * length)
    count = np.count_nonzero(used)
    ends = np.concatenate(tails), np.concatenate(heads)
    graph = coo_array((np.maximum(np.concatenate(prices), 1e-9), ends), shape=(count, count)).tocsr()
    reached = dijkstra(graph, directed=False, indices=number[rim], min_only=True)
    found = np.full(seeds.shape, np.inf)
    found[used] = reached
    return found


def _pair(values: npt.NDArray[Any], down: int, right: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return values at cells and at those so many rows down and columns right of them."""
    tall, wide = values.shape
    if right < 0:
        return values[: tall - down, -right:], values[down:, : wide + right]
    return values[: tall - down, : wide - right], values[down:, right:]


def take_cheapest(cost: Costs, count: int) -> Truths:
    """Return the cells of the least cost, so many of them; of equal ones those that come first row by row.

    Cells of infinite cost are never taken, so there may be fewer.

    Examples
    --------
    >>> take_cheapest(np.array([[3, 1, 2, np.inf]], np.float32), 2).tolist()
    [[False, True, True, False]]
    """
    finite = np.flatnonzero(np.isfinite(cost))
    order = np.argsort(cost.ravel()[finite], kind="stable")[: max(count, 0)]
    found = np.zeros(cost.size, dtype=bool)
    found[finite[order]] = True
    return found.reshape(cost.shape)
