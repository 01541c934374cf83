"""Where a network is worth mending: roads that many journeys run along, dead ends, and near misses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.spatial import KDTree

from spatial.engine.travel.links import Spot
from spatial.engine.travel.network import FAR, Floats, Longs, Network, Seconds, Truths
from spatial.engine.travel.snapping import RoadIndex
from spatial.engine.travel.stretches import Front, arrive_at

_TIGHT_S = 0.02
"""By how much float32 sums may miss each other."""
_EACH = 4
_APART_M = 50.0


@dataclass(frozen=True)
class Proposal:
    """A straight link that might be built.

    Parameters
    ----------
    start, end : Spot
        Places on roads; journeys reach `start` first.
    metres : float
        Length of the straight line.
    saved_s : float
        By how much earlier `end` would be reached.
    """

    start: Spot
    end: Spot
    metres: float
    saved_s: float


def find_dead_ends(network: Network, index: RoadIndex) -> Longs:
    """Return nodes where a road that can be joined ends and nothing goes on.

    Examples
    --------
    >>> from spatial.engine.travel.assembly import build_network
    >>> from spatial.engine.travel.roads import draw_links
    >>> from spatial.engine.travel.snapping import index_roads
    >>> links = draw_links([114.0, 114.01, 114.02, 114.01], [35, 35, 35, 35.01], [[0, 1], [1, 2], [1, 3]])
    >>> network = build_network(links, crs="EPSG:4547", speeds={"other": 5})
    >>> len(find_dead_ends(network, index_roads(network)))
    3
    """
    places = np.concatenate([network.road_nodes, network.road_exits])
    meeting = np.bincount(places.ravel(), minlength=len(network.node_xy))
    alone = np.flatnonzero(meeting == 2)  # one road alone: its one run ends there and its other begins
    open_ends = np.unique(network.road_nodes[index.roads])
    return np.intersect1d(alone, open_ends)


def load_roads(network: Network, seconds: Seconds, nodes: npt.ArrayLike, weights: npt.ArrayLike) -> Floats:
    """Return how much weight travels along each road when journeys take their shortest way.

    Parameters
    ----------
    network : Network
    seconds : ndarray of float32, shape (n,)
        Arrival at the nodes.
    nodes : array-like of int, shape (k,)
        Where journeys end; those that are not reached count for nothing.
    weights : array-like of float, shape (k,)

    Returns
    -------
    ndarray of float64, shape (r,)
    """
    tails = network.tails()
    through = seconds[tails] + network.seconds
    order = np.lexsort((np.arange(len(tails)), through, network.heads))
    heads = network.heads[order]
    first = order[np.concatenate([[True], heads[1:] != heads[:-1]])[: len(order)]]
    before = np.full(len(network.node_xy), -1, dtype=np.int64)
    tight = (through[first] <= seconds[network.heads[first]] + _TIGHT_S) & (through[first] < FAR)
    before[network.heads[first[tight]]] = first[tight]
    carried = np.bincount(np.asarray(nodes), np.asarray(weights, float), len(before)).tolist()
    loads = np.zeros(len(network.road_m))
    tail_of, road_of = tails.tolist(), network.road.tolist()
    for node in np.argsort(-seconds, kind="stable").tolist():
        edge = before[node]
        if edge >= 0 and carried[node]:
            carried[tail_of[edge]] += carried[node]
            loads[road_of[edge]] += carried[node]
    return loads


def choose_spots(
    network: Network, seconds: Seconds, spots: list[Spot], *, reach_m: float, most: int
) -> list[Spot]:
    """Return the spots from which a link could save most: arrival differs most from that round about.

    Parameters
    ----------
    network : Network
    seconds : ndarray of float32, shape (n,)
        Arrival at the nodes. Spots that are not reached come first, if what is reached lies near.
    spots : list of Spot
    reach_m : float
        How far round about, metres; up to half as much again is looked at.
    most : int
        How many to return at most.
    """
    if len(spots) <= most:
        return spots
    reached = seconds < FAR
    cell = network.node_xy // (reach_m / 2)
    corner = cell.min(axis=0)
    size = (cell.max(axis=0) - corner + 1).astype(int)
    flat = np.ravel_multi_index((cell - corner).astype(int).T, size)
    low, high = np.full(size.prod(), np.inf), np.full(size.prod(), -np.inf)
    np.minimum.at(low, flat[reached], seconds[reached])
    np.maximum.at(high, flat[reached], seconds[reached])
    low = minimum_filter(low.reshape(size), 5, mode="constant", cval=np.inf)
    high = maximum_filter(high.reshape(size), 5, mode="constant", cval=-np.inf)
    road = np.array([spot.road for spot in spots], dtype=np.int64)
    ends = network.road_nodes[road, np.round([spot.share for spot in spots]).astype(int)]
    at = tuple((cell[ends] - corner).astype(int).T)
    here = np.where(reached[ends], seconds[ends], np.inf)
    with np.errstate(invalid="ignore"):
        bound = np.fmax(here - low[at], high[at] - here)
    order = np.argsort(-np.nan_to_num(bound, nan=0.0), kind="stable")[:most]
    return [spots[at] for at in np.sort(order)]


def propose_links(
    network: Network,
    front: Front,
    spots: list[Spot],
    index: RoadIndex,
    *,
    reach_m: float,
    kmh: float,
    least_s: float = 1.0,
    most: int = 100,
) -> list[Proposal]:
    """Return straight links from spots to roads near them by which one end would be reached earlier.

    Parameters
    ----------
    network : Network
    front : Front
        When roads are reached now.
    spots : list of Spot
        Dead ends, places on islands, places that are late.
    index : RoadIndex
        Roads that a link may be joined to.
    reach_m : float
        Longest link, metres.
    kmh : float
        Speed on the link.
    least_s : float
        Links that save less are left out.
    most : int
        How many to return at most.

    Returns
    -------
    list of Proposal
        At most four from each spot, those that save most; largest saving first. To a road that is near, the
        link is the shortest one; a link to the spot's own road or to one that meets it there is left out.
    """
    if not spots or not len(index.roads):
        return []
    road = np.array([spot.road for spot in spots], dtype=np.int64)
    share = np.array([spot.share for spot in spots])
    places = shapely.line_interpolate_point(network.shapes(road), share, normalized=True)
    at_spot = arrive_at(front, road, share)
    spot, near = index.tree.query(places, predicate="dwithin", distance=reach_m)
    hopeful = _can_save(front, at_spot[spot], index.roads[near], least_s) & (index.roads[near] != road[spot])
    spot, near = spot[hopeful], near[hopeful]
    metres = shapely.distance(places[spot], index.lines[near])
    there = shapely.line_locate_point(index.lines[near], places[spot], normalized=True)
    there = np.clip(np.nan_to_num(there, nan=0.0), 0.0, 1.0)
    other = index.roads[near].astype(np.int64)
    saved, outward = _weigh(at_spot[spot], arrive_at(front, other, there), metres * 3.6 / kmh)
    found = []
    saved = np.where((metres > _APART_M) & (saved > least_s), saved, 0.0)
    for at in _best_each(network, spot, saved, (other, there), most):
        ends = Spot(int(road[spot[at]]), float(share[spot[at]])), Spot(int(other[at]), float(there[at]))
        start, end = ends if outward[at] else ends[::-1]
        found.append(Proposal(start, end, float(metres[at]), float(saved[at])))
    return found


def _can_save(front: Front, here_s: Floats, road: Longs, least_s: float) -> Truths:
    """Tell for which pairs of a spot and a road a link of no length would save enough."""
    first = front.begin.min(axis=1)[road]
    with np.errstate(invalid="ignore"):
        last = np.nanmax(
            np.where(np.isfinite(front.begin), front.begin + front.run, np.nan), axis=1, initial=0
        )
        enough = (here_s - first > least_s) | (last[road] - here_s > least_s) | np.isinf(first)
    return np.asarray(enough)


def _weigh(here_s: Floats, there_s: Floats, took_s: Floats) -> tuple[Floats, Truths]:
    """Return how much earlier one of two places is reached over a link, and whether that is the second."""
    with np.errstate(invalid="ignore"):
        inward, outward = here_s - (there_s + took_s), there_s - (here_s + took_s)
    inward, outward = np.nan_to_num(inward, nan=-1), np.nan_to_num(outward, nan=-1)
    return np.minimum(np.maximum(inward, outward), float(FAR)), outward >= inward


def _best_each(
    network: Network, spot: Longs, saved: Floats, ends: tuple[Longs, Floats], most: int
) -> list[int]:
    """Return the few best of each spot, without those that lead to the same place."""
    useful = np.flatnonzero(saved > 0)
    useful = useful[np.lexsort((useful, -saved[useful]))][: most * _EACH * _EACH]
    if not len(useful):
        return []
    lines = network.shapes(ends[0][useful])
    places = shapely.line_interpolate_point(lines, ends[1][useful], normalized=True)
    xy = shapely.get_coordinates(places)
    chosen: list[int] = []
    taken: dict[int, list[Floats]] = {}
    for place, at in zip(xy, useful.tolist(), strict=True):
        mine = taken.setdefault(int(spot[at]), [])
        if len(mine) < _EACH and all(np.hypot(*(place - one)) > _APART_M for one in mine):
            mine.append(place)
            chosen.append(at)
        if len(chosen) >= most:
            break
    return chosen


def pair_islands(network: Network, index: RoadIndex, reach_m: float) -> list[Spot]:
    """Return, for each part of the network that is cut off, its end that lies nearest to the main part.

    Parameters
    ----------
    network : Network
    index : RoadIndex
        Roads of the main part.
    reach_m : float
        Parts farther off than this are left out.
    """
    part = network.road_components()
    cut_off = np.flatnonzero(part > 0)
    if not len(cut_off) or not len(index.roads):
        return []
    xy = network.node_xy[network.road_nodes[cut_off]].reshape(-1, 2)
    nodes = network.node_xy[np.unique(network.road_nodes[index.roads])]
    metres, _ = KDTree(nodes).query(xy)
    spots = []
    for island in np.unique(part[cut_off]).tolist():
        mine = np.flatnonzero(np.repeat(part[cut_off], 2) == island)
        best = mine[np.argmin(metres[mine])]
        if metres[best] <= reach_m:
            spots.append(Spot(int(cut_off[best // 2]), float(best % 2)))
    return spots
