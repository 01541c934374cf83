"""Stretches: which parts of roads are reached within a limit, cut exactly where the time runs out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.travel.network import FAR, Floats, Longs, Network, Texts
from spatial.engine.travel.snapping import Snaps

_SHORTEST = 1e-9


@dataclass(frozen=True, eq=False)
class Front:
    """When the roads of a network are reached.

    Parameters
    ----------
    begin : ndarray of float64, shape (r, 2)
        Seconds at which a run along each road begins at its start (forward) and at its end (backward);
        infinite where none does.
    run : ndarray of float64, shape (r, 2)
        Seconds of those runs; infinite where not allowed.
    road : ndarray of int64, shape (s,)
        Roads on which journeys start.
    share, spent : ndarray of float64, shape (s,)
        Where along them, and the seconds spent by then.
    """

    begin: Floats
    run: Floats
    road: Longs
    share: Floats
    spent: Floats

    def within(self, limit_s: float) -> tuple[Longs, Floats, Floats]:
        """Return the stretches reached within a limit: road, and the shares from where to where.

        Ordered by road, disjoint on each, without those of no length.
        """
        with np.errstate(invalid="ignore"):
            gone = np.clip((limit_s - self.begin) / self.run, 0.0, 1.0)
        gone = np.nan_to_num(gone, nan=0.0)
        every = np.arange(len(gone), dtype=np.int64)
        along = (limit_s - self.spent)[:, None] / self.run[self.road]
        ahead, back = np.clip(np.where(along >= 0, along, 0.0), 0.0, 1.0).T
        road = np.concatenate([every, every, self.road])
        low = np.concatenate([np.zeros(len(gone)), 1 - gone[:, 1], np.maximum(self.share - back, 0.0)])
        high = np.concatenate([gone[:, 0], np.ones(len(gone)), np.minimum(self.share + ahead, 1.0)])
        return _unite(road, low, high)


def find_front(
    network: Network, arrival: npt.NDArray[Any], snaps: Snaps, spent: npt.ArrayLike = 0.0
) -> Front:
    """Return when roads are reached, from a sweep's arrival times and the places that it started from.

    Parameters
    ----------
    network : Network
        The one that was swept: for journeys towards a place, the reversed one.
    arrival : ndarray, shape (n,)
        Seconds at the nodes, `FAR` where not reached.
    snaps : Snaps
        The starts; those that are not snapped are passed over.
    spent : float or array-like
        Seconds spent before a start is left.
    """
    begin = network.begin_seconds(arrival).astype(np.float64)
    run = network.road_seconds.astype(np.float64)
    begin[(begin >= FAR) | (run >= FAR)] = np.inf
    run[run >= FAR] = np.inf
    on = snaps.road >= 0
    seconds = np.broadcast_to(np.asarray(spent, dtype=np.float64), snaps.road.shape)[on]
    return Front(begin, run, snaps.road[on].astype(np.int64), snaps.share[on], seconds)


def _unite(road: Longs, low: Floats, high: Floats) -> tuple[Longs, Floats, Floats]:
    """Join stretches of a road that meet or overlap."""
    real = high - low > _SHORTEST
    road, low, high = road[real], low[real], high[real]
    order = np.lexsort((low, road))
    road, low, high = road[order], low[order], high[order]
    # Roads stand 2 apart on one axis, so that the farthest end so far never leads from one into the next.
    farthest = np.maximum.accumulate(high + 2.0 * road) if len(road) else high
    opens = np.ones(len(road), dtype=bool)
    opens[1:] = (low + 2.0 * road)[1:] > farthest[:-1] + _SHORTEST
    first = np.flatnonzero(opens)
    return road[first], low[first], np.maximum.reduceat(high, first) if len(first) else high


def split_bands(front: Front, limits_s: npt.ArrayLike) -> tuple[Longs, Floats, Floats, Longs]:
    """Return the stretches that each limit adds to the one before: road, from, to, and which limit.

    Parameters
    ----------
    front : Front
    limits_s : array-like of float
        Rising, seconds.

    Returns
    -------
    road, low, high, band : ndarray
        Ordered by road and position.
    """
    parts = []
    before: tuple[Longs, Floats, Floats] = (np.empty(0, np.int64), np.empty(0), np.empty(0))
    for band, limit in enumerate(np.asarray(limits_s, dtype=float)):
        now = front.within(float(limit))
        parts.append((*_subtract(now, before), band))
        before = now
    road, low, high = (np.concatenate([part[at] for part in parts]) for at in range(3))
    which = np.repeat([part[3] for part in parts], [len(part[0]) for part in parts])
    order = np.lexsort((low, road))
    return road[order], low[order], high[order], which[order]


def _subtract(
    now: tuple[Longs, Floats, Floats], before: tuple[Longs, Floats, Floats]
) -> tuple[Longs, Floats, Floats]:
    """Return what is in `now` but not in `before`, which lies within it: both disjoint and in order."""
    # On one axis: +1 where a stretch of `now` opens, -1 where one of `before` does, and the reverse at ends.
    at = np.concatenate([side + 2.0 * part[0] for part in (now, before) for side in part[1:]])
    step = np.repeat([1, -1, -1, 1], [len(now[0]), len(now[0]), len(before[0]), len(before[0])])
    order = np.lexsort((-step, at))
    at, inside = at[order], np.cumsum(step[order])
    real = (inside[:-1] > 0) & (np.diff(at) > _SHORTEST) if len(at) else np.empty(0, dtype=bool)
    start, stop = at[:-1][real], at[1:][real]
    road = np.floor((start + stop) / 4).astype(np.int64)
    return road, start - 2.0 * road, stop - 2.0 * road


def arrive_at(front: Front, road: Longs, share: Floats) -> Floats:
    """Return the seconds at which places on roads are reached; infinite where they are not."""
    with np.errstate(invalid="ignore"):
        ahead = front.begin[road, 0] + share * front.run[road, 0]
        back = front.begin[road, 1] + (1 - share) * front.run[road, 1]
    best = np.fmin(*(np.where(np.isnan(seconds), np.inf, seconds) for seconds in (ahead, back)))
    for start, at, spent in zip(front.road, front.share, front.spent, strict=True):
        here = np.flatnonzero(road == start)
        ways = front.run[start]
        along = share[here] - at
        with np.errstate(invalid="ignore"):
            direct = spent + np.where(along > 0, along * ways[0], np.where(along < 0, -along * ways[1], 0.0))
        best[here] = np.fmin(best[here], direct)
    return best


def cut_roads(network: Network, road: Longs, low: Floats, high: Floats) -> Texts:
    """Return the lines of stretches of roads, whole ones as they are."""
    lines = network.shapes(road)
    part = np.flatnonzero((low > _SHORTEST) | (high < 1 - _SHORTEST))
    for at in part.tolist():
        lines[at] = shapely.ops.substring(lines[at], low[at], high[at], normalized=True)
    return lines
