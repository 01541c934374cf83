"""Ends of roads that face each other across a border, and the links that might join them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.travel.borders import Border
from spatial.engine.travel.links import Spot
from spatial.engine.travel.network import Floats, Longs, Network, Truths
from spatial.engine.travel.shortcuts import find_dead_ends
from spatial.engine.travel.snapping import RoadIndex

_HEADING_M = 30.0
_STRAIGHT_DEG = 45.0
_EACH = 4


@dataclass(frozen=True, eq=False)
class Pairs:
    """Links that might be built across a border, one row each.

    Parameters
    ----------
    start, end : tuple of Spot
        On the side of the border's first and second area.
    start_xy, end_xy : ndarray, shape (k, 2)
        Metres.
    dead, stops : ndarray of int
        How many of the two are dead ends, and ends where the road does not go straight on.
    miss_deg : ndarray
        By how much such ends point past the other one, the worse of both; 0 where there is none.
    """

    start: tuple[Spot, ...]
    end: tuple[Spot, ...]
    start_xy: Floats
    end_xy: Floats
    dead: Longs
    stops: Longs
    miss_deg: Floats

    @property
    def metres(self) -> Floats:
        """Lengths of the straight links."""
        return np.asarray(np.hypot(*(self.end_xy - self.start_xy).T))

    @property
    def tier(self) -> Longs:
        """0 for two dead ends, 1 for two ends, 2 for one, 3 for none."""
        return np.where(self.dead == 2, 0, 3 - self.stops)


@dataclass(frozen=True, eq=False)
class _Ends:
    """Places on roads near a border: spots, sides, outward headings (NaN where the road goes on)."""

    road: Longs
    way: Floats
    xy: Floats
    side: Longs
    heading: Floats
    dead: Truths

    def take(self, rows: npt.NDArray[np.bool_] | Longs) -> _Ends:
        return _Ends(
            self.road[rows],
            self.way[rows],
            self.xy[rows],
            self.side[rows],
            self.heading[rows],
            self.dead[rows],
        )


def pair_ends(
    border: Border,
    network: Network,
    index: RoadIndex,
    *,
    within_m: float,
    least_m: float,
    most_deg: tuple[float, float],
) -> Pairs:
    """Return the links that might join roads on both sides of a border.

    Parameters
    ----------
    border : Border
    network : Network
    index : RoadIndex
        Roads that a link may join.
    within_m : float
        Ends and junctions no farther from the border are looked at; a link is at most twice as long.
    least_m : float
        Shorter links are left out.
    most_deg : (float, float)
        Ends that point farther past the other end make no link: two dead ends, and others.

    Returns
    -------
    Pairs
        From each end of a road (a dead end, or a junction where it does not go straight on) to those that it
        faces across the border; from each end and junction to the few nearest roads there. None runs across
        one of the roads of the index. A link may be in it twice, once from each side.
    """
    ends = _find_ends(border, network, index, within_m)
    rows = [_pair_stops(ends, within_m), _pair_roads(border, ends, index, within_m)]
    at, road, share, heading, dead = (np.concatenate(columns) for columns in zip(*rows, strict=True))
    there = shapely.line_interpolate_point(network.shapes(road), share, normalized=True)
    xy = shapely.get_coordinates(there).reshape(-1, 2)
    gap = xy - ends.xy[at]
    metres, bearing = np.hypot(*gap.T), np.degrees(np.arctan2(gap[:, 1], gap[:, 0]))
    miss = np.fmax(_between(ends.heading[at], bearing), _between(heading, bearing + 180.0))
    miss = np.nan_to_num(miss, nan=0.0)
    fit = (metres >= least_m) & (metres <= 2 * within_m) & (miss <= np.where(dead & ends.dead[at], *most_deg))
    fit[fit] = _run_free(ends.xy[at][fit], xy[fit], index)
    far = _Ends(road, share, xy, ends.side[at], heading, dead).take(fit)
    return _orient(ends.take(at[fit]), far, miss[fit])


def _orient(here: _Ends, far: _Ends, miss: Floats) -> Pairs:
    """Return pairs that start on the side of the border's first area."""
    back = here.side == 1
    first, second = (
        [Spot(int(r), float(s)) for r, s in zip(one.road.tolist(), one.way.tolist(), strict=True)]
        for one in (here, far)
    )
    turned = list(zip(first, second, back.tolist(), strict=True))
    swap = back[:, None]
    return Pairs(
        start=tuple(b if turn else a for a, b, turn in turned),
        end=tuple(a if turn else b for a, b, turn in turned),
        start_xy=np.where(swap, far.xy, here.xy),
        end_xy=np.where(swap, here.xy, far.xy),
        dead=here.dead.astype(np.int64) + far.dead,
        stops=np.isfinite(here.heading).astype(np.int64) + np.isfinite(far.heading),
        miss_deg=miss,
    )


def _find_ends(border: Border, network: Network, index: RoadIndex, within_m: float) -> _Ends:
    """Return the ends of roads near the border, and each junction there once as a place without heading."""
    road = np.repeat(index.roads.astype(np.int64), 2)
    way = np.tile([0, 1], len(index.roads))
    node = network.road_nodes[road, way]
    points = shapely.points(network.node_xy[node])
    near = shapely.dwithin(points, border.line, within_m)
    near[near] = border.holds(points[near])
    road, way, node, points = road[near], way[near], node[near], points[near]
    lines = network.shapes(road)
    back = np.minimum(_HEADING_M, shapely.length(lines))
    inner = shapely.line_interpolate_point(lines, np.where(way == 0, back, -back))
    gap = network.node_xy[node] - shapely.get_coordinates(inner).reshape(-1, 2)
    heading = np.degrees(np.arctan2(gap[:, 1], gap[:, 0]))
    dead = np.isin(node, find_dead_ends(network, index))
    place = np.unique(network.node_xy[node].round(1), axis=0, return_inverse=True)[1].reshape(-1)
    stops = ~_goes_on(place, heading)
    ends = _Ends(road, way.astype(float), network.node_xy[node], border.side_of(points), heading, dead)
    _, first = np.unique(place, return_index=True)
    plain = ends.take(first[~dead[first]])
    blank = _Ends(plain.road, plain.way, plain.xy, plain.side, np.full(len(plain.road), np.nan), plain.dead)
    both = (ends.take(stops), blank)
    return _Ends(*(np.concatenate([getattr(one, name) for one in both]) for name in _Ends.__annotations__))


def _goes_on(place: Longs, heading: Floats) -> Truths:
    """Tell which ends have another road at the same place that leads nearly straight on."""
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place)
    first = np.cumsum(counts) - counts
    size = counts[place]
    one = np.repeat(np.arange(len(place)), size)
    offset = np.arange(len(one)) - np.repeat(np.cumsum(size) - size, size)
    other = order[first[place[one]] + offset]
    straight = (_between(heading[one], heading[other] + 180.0) < _STRAIGHT_DEG) & (one != other)
    found = np.zeros(len(place), dtype=bool)
    found[one[straight]] = True
    return found


_Rows = tuple[Longs, Longs, Floats, Floats, Truths]


def _pair_stops(ends: _Ends, within_m: float) -> _Rows:
    """Return ends across the border from each other: end, road, share, heading and deadness of the other."""
    stops = np.isfinite(ends.heading)
    one, other = (np.flatnonzero(stops & (ends.side == side)) for side in (0, 1))
    points = shapely.points(ends.xy)
    tree = shapely.STRtree(points[other])
    a, b = tree.query(points[one], predicate="dwithin", distance=2 * within_m)
    a, b = one[a], other[b]
    return a, ends.road[b], ends.way[b], ends.heading[b], ends.dead[b]


def _pair_roads(border: Border, ends: _Ends, index: RoadIndex, within_m: float) -> _Rows:
    """Return for each end the nearest places on a few roads across the border."""
    points = shapely.points(ends.xy)
    at, near = index.tree.query(points, predicate="dwithin", distance=2 * within_m)
    share = shapely.line_locate_point(index.lines[near], points[at], normalized=True)
    share = np.clip(np.nan_to_num(share, nan=0.0), 0.0, 1.0)
    there = shapely.line_interpolate_point(index.lines[near], share, normalized=True)
    fit = (border.side_of(there) != ends.side[at]) & border.holds(there)
    at, near, share = at[fit], near[fit], share[fit]
    metres = shapely.distance(points[at], there[fit])
    order = np.lexsort((near, metres, at))
    at, near, share = at[order], near[order], share[order]
    kept = np.arange(len(at)) - np.searchsorted(at, at) < _EACH
    roads = index.roads[near[kept]].astype(np.int64)
    return at[kept], roads, share[kept], np.full(len(roads), np.nan), np.zeros(len(roads), dtype=bool)


def _between(one: Floats, other: Floats) -> Floats:
    """Return the angle between two headings, degrees, 0 to 180."""
    return np.abs((one - other + 180.0) % 360.0 - 180.0)


def _run_free(start: Floats, end: Floats, index: RoadIndex) -> Truths:
    """Tell which straight lines meet no road but at their ends."""
    length = np.hypot(*(end - start).T)[:, None]
    step = (end - start) / np.maximum(length, 1e-9) * np.minimum(2.0, length / 4)
    lines = shapely.linestrings(np.stack([start + step, end - step], axis=1))
    crossed = index.tree.query(lines, predicate="intersects")[0]
    free = np.ones(len(lines), dtype=bool)
    free[crossed] = False
    return free


def choose_pairs(
    pairs: Pairs, saved_s: Floats, least_s: tuple[float, float, float, float], apart_m: float, most_open: int
) -> Longs:
    """Return the rows to keep, each link once: first two dead ends, then two ends, then one, then none.

    Parameters
    ----------
    pairs : Pairs
    saved_s : ndarray
        By how much the other end would be reached sooner from the one.
    least_s : tuple of four floats
        Links that save less are left out, by `Pairs.tier`.
    apart_m : float
        A link without two ends whose both places are nearer than this, or than its own length, to those of
        one that is kept already is left out: it is another way of building that one.
    most_open : int
        How many links without any end are kept at most.

    Returns
    -------
    ndarray of int
        An end is in one link at most: with the nearest that it faces.
    """
    tier = pairs.tier
    metres = pairs.metres
    facing = metres * (1 + pairs.miss_deg / 45.0)
    order = np.lexsort((facing, np.where(tier <= 1, 0.0, -saved_s), tier))
    worth = saved_s >= np.array(least_s)[tier]
    used, kept, opened = set[Spot](), list[int](), 0
    for at in order[worth[order]].tolist():
        ends = {pairs.start[at], pairs.end[at]}
        if ends & used or (tier[at] == 3 and opened >= most_open):
            continue
        if tier[at] > 1 and _is_near(pairs, at, np.array(kept, dtype=np.int64), max(apart_m, metres[at])):
            continue
        used |= ends
        kept.append(at)
        opened += int(tier[at] == 3)
    return np.array(kept, dtype=np.int64)


def _is_near(pairs: Pairs, at: int, kept: Longs, apart_m: float) -> bool:
    starts = np.hypot(*(pairs.start_xy[kept] - pairs.start_xy[at]).T)
    stops = np.hypot(*(pairs.end_xy[kept] - pairs.end_xy[at]).T)
    return bool(((starts < apart_m) & (stops < apart_m)).any())
