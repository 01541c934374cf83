"""Approaches: from many places to the nearest of many goals along roads, and where motorways begin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spatial.engine.travel.graph import Starts
from spatial.engine.travel.network import FAR, Floats, Ints, Longs, Network
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.routing import nearest
from spatial.engine.travel.snapping import RoadIndex, Snaps

_MOTORWAY = ("motorway", "motorway_link")
_GRID_M = 0.01


def approach(
    network: Network, places: Snaps, goals: Snaps, lead_s: npt.ArrayLike = 0.0
) -> tuple[Floats, Ints]:
    """Return the time from each place to the goal that it reaches soonest, and which goal that is.

    Parameters
    ----------
    network : Network
    places : Snaps
        q places.
    goals : Snaps
        k goals; those that are not snapped are never reached.
    lead_s : array-like of float, shape (k,)
        Seconds from the road to each goal.

    Returns
    -------
    seconds : ndarray of float64, shape (q,)
        Infinite where no goal can be reached, NaN where the place is not snapped.
    which : ndarray of int32, shape (q,)
        -1 where none.

    Examples
    --------
    >>> from spatial.engine.travel.assembly import build_network
    >>> from spatial.engine.travel.roads import draw_links
    >>> links = draw_links([114.0, 114.01], [35.0, 35.0], [[0, 1]])
    >>> network = build_network(links, crs="EPSG:4547", speeds={"other": 3.6})
    >>> place = Snaps(np.array([0], np.int32), np.array([0.25]), np.zeros(1))
    >>> goal = Snaps(np.array([0], np.int32), np.array([0.75]), np.zeros(1))
    >>> seconds, which = approach(network, place, goal)
    >>> round(seconds[0] / network.road_seconds[0, 0], 3), which.tolist()
    (np.float64(0.5), [0])
    """
    lead = np.broadcast_to(np.asarray(lead_s, dtype=float), goals.road.shape)
    best, which = np.full(len(places.road), np.inf), np.full(len(places.road), -1, dtype=np.int32)
    if (goals.road >= 0).any():
        _by_nodes(network, places, goals, lead, (best, which))
        _along(network, places, goals, lead, (best, which))
    best[places.road < 0] = np.nan
    which[places.road < 0] = -1
    return best, which


def _by_nodes(
    network: Network, places: Snaps, goals: Snaps, lead: Floats, found: tuple[Floats, Ints]
) -> None:
    legs = starts_of(network, goals, towards=True)
    spent = legs.seconds + np.repeat(lead, np.diff(legs.first)).astype(np.float32)
    seconds, goal = nearest(network, Starts(legs.first, legs.nodes, spent), towards=True)
    away = starts_of(network, places)
    place = np.repeat(np.arange(len(places.road)), np.diff(away.first))
    total: Floats = away.seconds.astype(np.float64) + seconds[away.nodes]
    total[seconds[away.nodes] >= FAR] = np.inf
    _lower(found, place, total, goal[away.nodes])


def _along(network: Network, places: Snaps, goals: Snaps, lead: Floats, found: tuple[Floats, Ints]) -> None:
    """Consider goals on a place's own road, which need no node."""
    order = np.argsort(goals.road, kind="stable")
    low = np.searchsorted(goals.road[order], places.road, side="left")
    many = np.searchsorted(goals.road[order], places.road, side="right") - low
    many[places.road < 0] = 0
    place = np.repeat(np.arange(len(places.road)), many)
    entry = np.repeat(low - np.cumsum(many) + many, many) + np.arange(many.sum())
    goal = order[entry]
    gone = goals.share[goal] - places.share[place]
    run = network.road_seconds[places.road[place], np.where(gone >= 0, 0, 1)].astype(float)
    total = np.where(run < FAR, np.abs(gone) * run, np.where(gone == 0, 0.0, np.inf)) + lead[goal]
    _lower(found, place, total, goal)


def _lower(found: tuple[Floats, Ints], place: Longs, total: Floats, goal: npt.NDArray[np.integer]) -> None:
    best, which = found
    order = np.lexsort((goal, total, place))
    _, first = np.unique(place[order], return_index=True)
    at = order[first]
    better = total[at] < best[place[at]]
    best[place[at[better]]], which[place[at[better]]] = total[at[better]], goal[at[better]]


def find_entrances(network: Network, index: RoadIndex) -> tuple[Snaps, tuple[str, ...]]:
    """Return where a motorway or its slip road meets a road that can be joined, and how it is called there.

    Parameters
    ----------
    network : Network
    index : RoadIndex
        Roads that can be joined to the side: no motorways.

    Returns
    -------
    entrances : Snaps
        On the ends of roads of the index, one for each place.
    names : tuple of str
        Of the motorways there, else of the road; ``""`` where neither has one.
    """
    _, place = np.unique((network.node_xy / _GRID_M).round(), axis=0, return_inverse=True)
    place = place.ravel()
    ends = place[network.road_nodes]
    fast = np.flatnonzero(np.isin(network.road_class.astype(str), _MOTORWAY))
    names: dict[int, set[str]] = {}
    for road, pair in zip(fast.tolist(), ends[fast].tolist(), strict=True):
        for end in pair:
            names.setdefault(end, set()).update(filter(None, [str(network.road_name[road])]))
    sides = np.concatenate([ends[index.roads, 0], ends[index.roads, 1]])
    at, first = np.unique(sides, return_index=True)
    met = np.isin(at, np.array(sorted(names), dtype=at.dtype))
    first = first[met]
    chosen = index.roads[first % max(len(index.roads), 1)].astype(np.int32)
    share = (first >= len(index.roads)).astype(float)
    called = [
        "、".join(sorted(names[end])) or str(network.road_name[one])
        for end, one in zip(at[met].tolist(), chosen.tolist(), strict=True)
    ]
    return Snaps(chosen, share, np.zeros(len(chosen))), tuple(called)
