"""Places on roads and the nodes of the graph: where journeys start, arrive, or need no node at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spatial.engine.travel.graph import Starts
from spatial.engine.travel.network import FAR, Ints, Longs, Network, Seconds
from spatial.engine.travel.snapping import Snaps


def starts_of(
    network: Network, snaps: Snaps, *, towards: bool = False, lead_s: npt.ArrayLike = 0.0
) -> Starts:
    """Return where sweeps from places on roads start: the ends of their roads, as far as one may go there.

    Parameters
    ----------
    network : Network
        Network that the places are snapped to.
    snaps : Snaps
        q places.
    towards : bool
        For journeys to the places, that is, for sweeps with ``towards=True``.
    lead_s : float or array-like of float, shape (q,)
        Seconds between a place and its road.

    Returns
    -------
    Starts
        q sweeps; none for a place that is not snapped.
    """
    if towards:
        legs = _legs(network, snaps, network.road_nodes, network.more_begins, done=True)
    else:
        legs = _legs(network, snaps, network.road_exits, network.more_ends, done=False)
    lead = np.broadcast_to(np.asarray(lead_s, dtype=np.float32), (len(legs),))
    return Starts(legs.first, legs.nodes, legs.seconds + np.repeat(lead, np.diff(legs.first)))


def ends_of(network: Network, snaps: Snaps, *, towards: bool = False) -> Starts:
    """Return the nodes that places on roads are reached from, with the seconds from there, as `starts_of`."""
    return starts_of(network, snaps, towards=not towards)


def _legs(network: Network, snaps: Snaps, at: Ints, more: Ints, *, done: bool) -> Starts:
    """Return each place's nodes in both directions and the seconds between it and them."""
    q = len(snaps.road)
    if not len(at):
        return Starts.of([([], [])] * q)
    place, way, node = np.repeat(np.arange(q), 2), np.tile([0, 1], q), at[snaps.road].ravel()
    if len(more):
        order = np.argsort(more[:, 0], kind="stable")
        extra, entry = _pairs(snaps.road, more[order, 0])
        place = np.concatenate([place, extra])
        way = np.concatenate([way, more[order[entry], 1]])
        node = np.concatenate([node, more[order[entry], 2]])
    share = snaps.share[place]
    behind = np.where(way == 0, share, 1 - share)
    full = network.road_seconds[snaps.road[place], way]
    kept = (snaps.road[place] >= 0) & (full < FAR)
    seconds = (np.where(kept, behind if done else 1 - behind, 0.0) * full).astype(np.float32)
    order = np.lexsort((node, place))
    order = order[kept[order]]
    first = np.concatenate([[0], np.cumsum(np.bincount(place[order], minlength=q))])
    return Starts(first, node[order].astype(np.int32), seconds[order])


def _pairs(left: npt.NDArray[np.int32], right: npt.NDArray[np.int32]) -> tuple[Longs, Longs]:
    """Return positions of equal values, all with all; `right` is sorted; negative values match nothing."""
    low = np.searchsorted(right, left, side="left")
    counts = np.where(left >= 0, np.searchsorted(right, left, side="right") - low, 0)
    many = np.repeat(np.arange(len(left)), counts)
    ends = np.cumsum(counts)
    entry = np.repeat(low - ends + counts, counts) + np.arange(counts.sum())
    return many.astype(np.int64), entry.astype(np.int64)


def lower_along(
    network: Network, origins: Snaps, targets: Snaps, table: Seconds, *, towards: bool = False
) -> None:
    """Lower a table (q, t) of times to those straight along the road, for pairs on one road."""
    order = np.argsort(targets.road, kind="stable")
    i, k = _pairs(origins.road, targets.road[order])
    j = order[k]
    gone = (targets.share[j] - origins.share[i]) * (-1 if towards else 1)
    full = network.road_seconds[origins.road[i], np.where(gone >= 0, 0, 1)]
    along = np.where(full < FAR, full * np.abs(gone), np.where(gone == 0, 0.0, FAR))
    table[i, j] = np.minimum(table[i, j], along.astype(np.float32))


def arrivals(network: Network, seconds: Seconds, snaps: Snaps, *, towards: bool = False) -> Seconds:
    """Return when places on roads are reached, from times at the nodes.

    Parameters
    ----------
    network : Network
        Network of n nodes.
    seconds : ndarray of float32, shape (n,) or (q, n)
        What `sweep`, `nearest` or `batch` answered.
    snaps : Snaps
        t places.
    towards : bool
        As in the sweep.

    Returns
    -------
    ndarray of float32, shape (t,) or (q, t)
        `FAR` where not reached or not snapped. A journey that starts on the place's own road and passes no
        node is not known here: `spatial.engine.travel.routing.matrix` minds it.
    """
    rows = np.atleast_2d(seconds)
    found = ends_of(network, snaps, towards=towards).least(rows)
    return found.reshape((*seconds.shape[:-1], len(snaps.road)))
