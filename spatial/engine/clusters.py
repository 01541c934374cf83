"""Clusters: points that lie close together, as DBSCAN finds them, the same in every run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from spatial.engine.travel.network import Floats, Longs

_PAIRS = 4_000_000
"""Pairs of neighbours held at once."""


def find_clusters(xy: npt.ArrayLike, reach_m: float, least: int) -> Longs:
    """Return the cluster of each point, -1 for points in none.

    A point with `least` points or more within `reach_m`, itself among them, is inner; inner points within
    reach of each other are of one cluster, and other points belong to the nearest inner point within reach.
    Source: Ester et al. (1996). Where a point lies in reach of two clusters that algorithm takes the one it
    meets first; here it is the nearer one, so that the order of points has no say.

    Parameters
    ----------
    xy : array-like, shape (n, 2)
        Metres.
    reach_m : float
        Metres, above zero.
    least : int
        Points, itself included.

    Returns
    -------
    ndarray of int64, shape (n,)
        Numbers from 0, the largest cluster first; of clusters of one size the one of the first point.

    Examples
    --------
    >>> find_clusters([(0, 0), (5, 0), (500, 0), (9, 0), (505, 0), (900, 0)], 10, 2).tolist()
    [0, 0, 1, 0, 1, -1]
    """
    places = np.asarray(xy, dtype=float).reshape(-1, 2)
    label = np.full(len(places), -1, dtype=np.int64)
    if not len(places):
        return label
    near = cKDTree(places).query_ball_point(places, reach_m, return_length=True)
    inner = np.flatnonzero(near >= least)
    if not len(inner):
        return label
    label[inner] = _join(places[inner], reach_m, near[inner])
    outer = np.flatnonzero(label < 0)
    far, at = cKDTree(places[inner]).query(places[outer], distance_upper_bound=np.nextafter(reach_m, np.inf))
    reached = far <= reach_m
    label[outer[reached]] = label[inner[at[reached]]]
    return _number(label)


def count_inner(xy: npt.ArrayLike, reach_m: float, least: int) -> int:
    """Return how many points are inner ones of clusters: with `least` points or more within `reach_m`.

    Examples
    --------
    >>> count_inner([(0, 0), (5, 0), (10, 0), (500, 0)], 6, 3)
    1
    """
    places = np.asarray(xy, dtype=float).reshape(-1, 2)
    if not len(places):
        return 0
    near = cKDTree(places).query_ball_point(places, reach_m, return_length=True)
    return int((near >= least).sum())


def _join(places: Floats, reach_m: float, near: Longs) -> Longs:
    """Return which places are joined by steps within reach, strip by strip so that memory stays flat."""
    order = np.argsort(places[:, 0], kind="stable")
    x = places[order, 0]
    strip = np.cumsum(near[order]) // _PAIRS
    one, other = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for number in np.unique(strip):
        first, last = np.searchsorted(strip, number), np.searchsorted(strip, number, side="right")
        rows = order[first : np.searchsorted(x, x[last - 1] + reach_m, side="right")]
        pairs = cKDTree(places[rows]).query_pairs(reach_m, output_type="ndarray")
        _, part = _components(pairs[:, 0], pairs[:, 1], len(rows))
        _, head = np.unique(part, return_index=True)
        one.append(rows)
        other.append(rows[head[part]])
    return _components(np.concatenate(one), np.concatenate(other), len(places))[1]


def _components(one: Longs, other: Longs, size: int) -> tuple[int, Longs]:
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(size, size))
    count, part = connected_components(graph.tocsr(), directed=False)
    return int(count), part.astype(np.int64)


def _number(label: Longs) -> Longs:
    """Return numbers that go by size of clusters, then by their first point."""
    known = label[label >= 0]
    names, first, size = np.unique(known, return_index=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(names))
    result = label.copy()
    result[label >= 0] = rank[np.searchsorted(names, known)]
    return result
