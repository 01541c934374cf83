"""Where a network is worth mending: roads that many journeys run along, dead ends, and near misses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import KDTree

from spatial.engine.links import Spot
from spatial.engine.network import FAR, Floats, Longs, Network, Seconds
from spatial.engine.snapping import RoadIndex
from spatial.engine.stretches import Front, arrive_at

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
    >>> from spatial.engine.assembly import build_network
    >>> from spatial.engine.roads import draw_links
    >>> from spatial.engine.snapping import index_roads
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


def propose_links(
    network: Network, front: Front, spots: list[Spot], index: RoadIndex, *, reach_m: float, kmh: float
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

    Returns
    -------
    list of Proposal
        At most four from each spot, those that save most; longest saving first. To a road that is near, the
        link is the shortest one; a link to the spot's own road or to one that meets it there is left out.
    """
    if not spots or not len(index.roads):
        return []
    road = np.array([spot.road for spot in spots], dtype=np.int64)
    share = np.array([spot.share for spot in spots])
    places = shapely.line_interpolate_point(network.shapes(road), share, normalized=True)
    spot, near = index.tree.query(places, predicate="dwithin", distance=reach_m)
    metres = shapely.distance(places[spot], index.lines[near])
    apart = (metres > _APART_M) & (index.roads[near] != road[spot])
    spot, near, metres = spot[apart], near[apart], metres[apart]
    there = shapely.line_locate_point(index.lines[near], places[spot], normalized=True)
    there = np.clip(np.nan_to_num(there, nan=0.0), 0.0, 1.0)
    other = index.roads[near].astype(np.int64)
    here_s, there_s = arrive_at(front, road, share)[spot], arrive_at(front, other, there)
    took = metres * 3.6 / kmh
    with np.errstate(invalid="ignore"):
        inward, outward = here_s - (there_s + took), there_s - (here_s + took)
    saved = np.fmin(np.fmax(np.nan_to_num(inward, nan=-1), np.nan_to_num(outward, nan=-1)), float(FAR))
    forward = np.nan_to_num(outward, nan=-1) >= np.nan_to_num(inward, nan=-1)
    found = []
    for at in _best_each(spot, saved, other, there, network):
        ends = Spot(int(road[spot[at]]), float(share[spot[at]])), Spot(int(other[at]), float(there[at]))
        start, end = ends if forward[at] else ends[::-1]
        found.append(Proposal(start, end, float(metres[at]), float(saved[at])))
    return found


def _best_each(spot: Longs, saved: Floats, road: Longs, share: Floats, network: Network) -> list[int]:
    """Return the few best of each spot, without those that lead to the same place."""
    useful = np.flatnonzero(saved > 1.0)
    if not len(useful):
        return []
    lines = network.shapes(road[useful])
    ends = shapely.get_coordinates(shapely.line_interpolate_point(lines, share[useful], normalized=True))
    order = np.lexsort((road[useful], -saved[useful], spot[useful]))
    chosen: list[int] = []
    taken: dict[int, list[Floats]] = {}
    for at in order.tolist():
        mine = taken.setdefault(int(spot[useful[at]]), [])
        if len(mine) < _EACH and all(np.hypot(*(ends[at] - one)) > _APART_M for one in mine):
            mine.append(ends[at])
            chosen.append(int(useful[at]))
    return sorted(chosen, key=lambda at: (-saved[at], at))


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
