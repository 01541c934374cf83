"""Currents: how a unit current spreads over the cells between two patches, and where it crowds.

Circuit theory (McRae and others 2008): cells are nodes, steps to the eight neighbours are resistors of their
cost, one patch feeds a current of 1 in and the other takes it out. The share of the current that passes
through a cell is that of random walkers who cross it on balance; a cell that carries much of it has no
substitute beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True, eq=False)
class Current:
    """A current between two patches.

    Parameters
    ----------
    share : ndarray of float64, shape (h, w)
        Of the whole current, what passes through each cell: 0 to 1; 0 outside the cells given.
    resistance : float
        Between the patches, over all ways together, in the unit of costs: never more than the least cost.
        Infinite where no way leads.
    """

    share: Floats
    resistance: float


def spread_current(
    resistance: npt.NDArray[np.float32], cell_m: float, between: Truths, source: Truths, sink: Truths
) -> Current:
    """Return how a current spreads from one patch to the other.

    Parameters
    ----------
    resistance : ndarray of float32, shape (h, w)
        What a metre costs; NaN where nothing passes.
    cell_m : float
    between, source, sink : ndarray of bool, shape (h, w)
        Cells that it may pass, and those of the patches, all at one potential; no cell is in two of them.

    Examples
    --------
    Two cells side by side, of equal resistance, between two patches as wide: each carries half.

    >>> ones, rows = np.ones((2, 3), np.float32), np.zeros((2, 3), bool)
    >>> source, between, sink = rows.copy(), rows.copy(), rows.copy()
    >>> source[:, 0] = between[:, 1] = sink[:, 2] = True
    >>> found = spread_current(ones, 10.0, between, source, sink)
    >>> found.share[:, 1].round(6).tolist()
    [0.5, 0.5]
    """
    share = np.zeros(resistance.shape)
    passes = np.isfinite(resistance)
    number = np.full(resistance.shape, -1, dtype=np.int64)
    cells = np.flatnonzero(between & passes)
    number.ravel()[cells] = np.arange(len(cells))
    # The patches are one node each, behind the cells.
    number[source & passes], number[sink & passes] = len(cells), len(cells) + 1
    low, high, conductance = _resistors(resistance, cell_m, number)
    volts = _solve(low, high, conductance, len(cells))
    amperes = conductance * np.abs(volts[low] - volts[high])
    ends = (low == len(cells)) | (high == len(cells))
    total = float(amperes[ends].sum())
    if not total > 0:
        return Current(share, np.inf)
    through = np.bincount(low, amperes, len(cells) + 2) + np.bincount(high, amperes, len(cells) + 2)
    share.ravel()[cells] = through[: len(cells)] / (2 * total)
    return Current(share, 1 / total)


def _resistors(
    resistance: npt.NDArray[np.float32], cell_m: float, number: Longs
) -> tuple[Longs, Longs, Floats]:
    """Return the steps between numbered cells: both ends, and conductance; none within a patch."""
    found = []
    high, wide = number.shape
    for down, right in _STEPS:
        here = (slice(0, high - down), slice(max(0, -right), wide - max(0, right)))
        there = (slice(down, high), slice(max(0, right), wide + min(0, right)))
        one, other = number[here], number[there]
        joined = (one >= 0) & (other >= 0) & (one != other)
        mean = (resistance[here][joined].astype(float) + resistance[there][joined]) / 2
        length = cell_m * float(np.hypot(down, right))
        found.append((one[joined], other[joined], 1 / (mean * length)))
    one, other, conductance = (np.concatenate(part) for part in zip(*found, strict=True))
    return one, other, conductance


def _solve(low: Longs, high: Longs, conductance: Floats, count: int) -> Floats:
    """Return the potential of each node where the source is at 1 and the sink at 0.

    Where no way leads from one to the other, and on nodes that hang on neither, nothing flows.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import splu

    size = (count + 2, count + 2)
    links = coo_array((conductance, (low, high)), shape=size)
    _, part = connected_components(links, directed=False)
    # What hangs on the source alone stands at its potential: nothing flows there.
    volts = (part == part[count]).astype(float)
    live = np.flatnonzero(part[:count] == part[count])
    if part[count] != part[count + 1]:
        return volts
    volts[count + 1] = 0.0
    if not len(live):
        return volts
    degree = np.bincount(low, conductance, count + 2) + np.bincount(high, conductance, count + 2)
    joined = (links + links.T).tocsr()
    laplacian = coo_array((degree, (np.arange(count + 2), np.arange(count + 2))), shape=size).tocsr() - joined
    fed = joined[live][:, [count]].toarray().ravel()
    solver = splu(
        laplacian[live][:, live].tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}
    )
    volts[live] = solver.solve(fed)
    return volts


def find_crowds(share: Floats, least: float) -> tuple[Longs, Longs]:
    """Return cells that carry at least `least` of a current, in groups of those that touch.

    Returns
    -------
    group : ndarray of int64, shape (k,)
        From 0, ordered by the first cell.
    cells : ndarray of int64, shape (k, 2)
        Row and column, of each group the one that carries most first, then in order.

    Examples
    --------
    >>> group, cells = find_crowds(np.array([[0.2, 0.9, 0.1, 0.6], [0.1, 0.8, 0.1, 0.0]]), 0.5)
    >>> group.tolist(), cells.tolist()
    ([0, 0, 1], [[0, 1], [1, 1], [0, 3]])
    """
    from scipy.ndimage import label

    numbered, _ = label(share >= least, structure=np.ones((3, 3)))
    cells = np.argwhere(numbered > 0)
    group = numbered[tuple(cells.T)].astype(np.int64) - 1
    order = np.lexsort((cells[:, 1], cells[:, 0], -share[tuple(cells.T)], group))
    return group[order], cells[order].astype(np.int64)
