"""Snap points to the nearest road of a network, and say where along it they land."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.travel.network import Floats, Ints, Longs, Network, Texts, Truths

_NO_STOPPING = ("ferry", "motorway", "motorway_link")


@dataclass(frozen=True, eq=False)
class Snaps:
    """Where points lie on a network.

    Parameters
    ----------
    road : ndarray of int32, shape (q,)
        Nearest road; -1 where none lies within the limit.
    share : ndarray of float64, shape (q,)
        Position along the road from its start (0) to its end (1), by length; NaN where not snapped.
    offset_m : ndarray of float64, shape (q,)
        Distance from the point to the road, metres; of the nearest road, however far, where not snapped
        (NaN where the point has no coordinates).
    """

    road: Ints
    share: Floats
    offset_m: Floats


@dataclass(frozen=True, eq=False)
class RoadIndex:
    """Roads of a network ready to be asked for the nearest, many times over."""

    roads: Longs
    lines: Texts
    tree: shapely.STRtree


def index_roads(network: Network, *, everywhere: bool = False) -> RoadIndex:
    """Index the roads that points may snap to.

    Parameters
    ----------
    network : Network
    everywhere : bool
        True takes all roads; False only those that can be reached from the largest connected part and
        left to it, so that a point beside an island of the network is not cut off by it, and of these only
        those that a journey can start on: neither motorways nor ferries, nor roads that are bridge or tunnel
        for more than half of their length (if there are any others).
    """
    part = network.road_components()
    roads = np.arange(len(part)) if everywhere else _choose_doorsteps(network, part == 0)
    lines = network.shapes(roads)
    shapely.prepare(lines)
    return RoadIndex(roads, lines, shapely.STRtree(lines))


def _choose_doorsteps(network: Network, among: Truths) -> Longs:
    """Return the roads, of those asked for, that people step onto from the land beside them."""
    steps = np.hypot(*np.diff(network.shape_xy, axis=0).T)
    steps[network.shape_start[1:-1] - 1] = 0.0  # from the end of one road to the start of the next
    road = np.repeat(np.arange(len(among)), np.diff(network.shape_start))[:-1]
    whole = np.bincount(road, steps, minlength=len(among))
    aloft = np.bincount(road, steps * network.shape_aloft[:-1], minlength=len(among))
    shut = np.isin(network.road_class.astype(str), _NO_STOPPING) | (aloft > whole / 2)
    return np.flatnonzero(among & ~shut if (among & ~shut).any() else among)


def snap_points(
    network: Network,
    xy: npt.ArrayLike,
    limit_m: float,
    *,
    everywhere: bool = False,
    index: RoadIndex | None = None,
) -> Snaps:
    """Snap points to the nearest road.

    Parameters
    ----------
    network : Network
    xy : array-like of float, shape (q, 2)
        Metres, in the network's `crs`. NaN is not snapped.
    limit_m : float
        Farthest road that a point is snapped to, metres.
    everywhere : bool
        As in `index_roads`.
    index : RoadIndex, optional
        Of the same network, where it was made before.

    Returns
    -------
    Snaps
        Of roads that are equally near, such as at a junction, the one with the lowest number.

    Examples
    --------
    >>> from spatial.engine.travel.assembly import build_network
    >>> from spatial.engine.travel.roads import draw_links
    >>> links = draw_links([114.0, 114.01], [35.0, 35.0], [[0, 1]])
    >>> network = build_network(links, crs="EPSG:4547", speeds={"other": 5})
    >>> x, y = network.shape_xy.mean(axis=0)
    >>> snaps = snap_points(network, [[x, y + 4.0], [x, y + 900.0]], limit_m=100)
    >>> snaps.road.tolist(), snaps.share.round(3).tolist(), snaps.offset_m.round(1).tolist()
    ([0, -1], [0.5, nan], [4.0, 900.0])
    """
    index = index or index_roads(network, everywhere=everywhere)
    where = np.asarray(xy, dtype=float).reshape(-1, 2)
    road = np.full(len(where), -1, dtype=np.int32)
    share, offset_m = np.full(len(where), np.nan), np.full(len(where), np.nan)
    asked = np.flatnonzero(np.isfinite(where).all(axis=1))
    if not len(asked) or not len(index.roads):
        return Snaps(road, share, offset_m)
    points = shapely.points(where[asked])
    (point, line), metres = index.tree.query_nearest(points, all_matches=True, return_distance=True)
    first = np.lexsort((line, point))
    _, at = np.unique(point[first], return_index=True)
    point, line, metres = point[first][at], line[first][at], metres[first][at]
    offset_m[asked[point]] = metres
    near = metres <= limit_m
    point, line = point[near], line[near]
    road[asked[point]] = index.roads[line]
    located = shapely.line_locate_point(index.lines[line], points[point], normalized=True)
    share[asked[point]] = np.clip(np.nan_to_num(located, nan=0.0), 0.0, 1.0)  # NaN: a road without length
    return Snaps(road, share, offset_m)
