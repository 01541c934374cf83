"""From a table of roads to a network: speeds, junctions, chains, turn bans, node order, components."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spatial.engine.crs import GEOGRAPHIC, parse_crs
from spatial.engine.travel.chains import Roads, join_chains
from spatial.engine.travel.network import FAR, Floats, Ints, Longs, Network, Seconds
from spatial.engine.travel.roads import RoadTable, choose_speeds, cut_ways
from spatial.engine.travel.turns import Split, find_bans, lift_bans, split_junctions
from spatial.errors import CrsError, Fault, GeometryError

LEAST_S = np.float32(1e-3)
"""Time of an edge without length: kernels need every edge above zero."""

_HILBERT_BITS = 16


def build_network(
    table: RoadTable,
    *,
    crs: str,
    speeds: Mapping[str, float],
    maxspeed_share: float = 1.0,
    junction_s: float = 0.0,
) -> Network:
    """Build the network of one mode.

    Parameters
    ----------
    table : RoadTable
        Its `mode` is the network's.
    crs : str
        Metric system of the result, such as ``EPSG:4546``.
    speeds : mapping of str to float
        km/h by class for this mode; ``other`` for classes not named; 0 closes a class.
    maxspeed_share : float
        Share of the posted speed that is really driven.
    junction_s : float
        Seconds added to every run along a road that ends where three or more roads meet. They are spread
        along the road.

    Returns
    -------
    Network
        Roads run between places where one can choose, or where class or speed changes.

    Raises
    ------
    GeometryError
        No road may be used by this mode.
    CrsError
        `crs` is unknown or not metric.

    Notes
    -----
    Turning round is possible at every node: a ban on a turn can be got round by turning at the next one.

    Examples
    --------
    >>> from spatial.engine.travel.roads import draw_links
    >>> links = draw_links([112.0, 112.01, 112.02], [35.0, 35.0, 35.0], [[0, 1], [1, 2]])
    >>> network = build_network(links, crs="EPSG:4546", speeds={"other": 3.6})
    >>> network.size, network.road_seconds.round().tolist()
    ((2, 2, 1), [[1826.0, 1826.0]])
    """
    projector = _metric_projector(crs)
    pieces = cut_ways(table, choose_speeds(table, speeds, maxspeed_share))
    if not len(pieces.way):
        raise GeometryError(f"the source holds no road that is open to {table.mode}")
    bans, turn_notes = find_bans(table, pieces)
    via = np.flatnonzero(np.isin(pieces.place_id, table.turns[:, 1]))
    roads = join_chains(table, pieces, via)
    xy = np.column_stack(projector.transform(roads.lon, roads.lat))
    if not np.isfinite(xy).all():
        raise CrsError(f"the roads lie where {crs} has no coordinates; choose the system of their region")
    seconds = _time_roads(roads, junction_s)
    graph = _Graph.of(roads, seconds, lift_bans(bans, roads))
    network = _assemble(table, roads, seconds, xy, graph)
    notes = _note(network, roads, len(graph.split.node_place))
    return replace(
        network, crs=parse_crs(crs).to_string(), notes=(*table.notes, *pieces.notes, *turn_notes, *notes)
    )


@lru_cache(maxsize=16)
def _metric_projector(crs: str) -> Transformer:
    target = parse_crs(crs)
    if not target.is_projected or any(axis.unit_name != "metre" for axis in target.axis_info):
        fault = Fault("", "", f"{crs} is not in metres", "choose a projected system such as EPSG:4546")
        raise CrsError(fault)
    return Transformer.from_crs(parse_crs(GEOGRAPHIC), target, always_xy=True)


def _time_roads(roads: Roads, junction_s: float) -> Seconds:
    """Return seconds forward and backward; FAR where not allowed."""
    with np.errstate(divide="ignore"):
        seconds = roads.length_m[:, None] * 3.6 / roads.kmh
    meeting = np.bincount(roads.ends.ravel())[roads.ends[:, ::-1]]
    seconds += np.where(meeting > 2, junction_s, 0.0)
    seconds = np.clip(seconds, LEAST_S, FAR / 10)
    return np.where(roads.kmh > 0, seconds, FAR).astype(np.float32)


@dataclass(frozen=True, eq=False)
class _Graph:
    """Runs along roads as directed edges between nodes in their first, unordered numbering.

    Run ``2 r`` goes forward along road r, run ``2 r + 1`` backward.
    """

    place: Longs  # place number by node; further nodes of split junctions come last
    begin: Longs  # node where each run begins
    end: Longs  # node where each run ends
    tail: Longs  # by edge
    run: Longs  # by edge
    more: Longs  # rows (run, node): further nodes where a run may begin
    split: Split

    @classmethod
    def of(cls, roads: Roads, seconds: Seconds, bans: Longs) -> _Graph:
        places: Longs
        begin: Longs
        places, begin = np.unique(roads.ends.ravel(), return_inverse=True)
        allowed = seconds.ravel() < FAR
        bans = bans[allowed[bans].all(axis=1)]
        exit_place = roads.ends[:, ::-1].ravel()
        split = split_junctions(bans, exit_place)
        end: Longs = begin.reshape(-1, 2)[:, ::-1].ravel().copy()
        for banned, node in split.entry_node.items():
            end[banned] = len(places) + node
        more = _branch(split, roads.ends.ravel(), allowed, len(places))
        run = np.concatenate([np.flatnonzero(allowed), more[:, 0]])
        tail = np.concatenate([begin[allowed], more[:, 1]])
        return cls(np.concatenate([places, split.node_place]), begin, end, tail, run, more, split)


def _branch(split: Split, entry_place: Longs, allowed: npt.NDArray[np.bool_], count: int) -> Longs:
    """Return (run, node) for every run that may be taken from a further node of a split junction."""
    at = np.flatnonzero(allowed & np.isin(entry_place, split.node_place))
    leaving = defaultdict[int, list[int]](list)
    for run, place in zip(at.tolist(), entry_place[at].tolist(), strict=True):
        leaving[place].append(run)
    rows = [
        (run, count + node)
        for node, (place, barred) in enumerate(zip(split.node_place.tolist(), split.barred, strict=True))
        for run in leaving[place]
        if run not in barred
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def _assemble(table: RoadTable, roads: Roads, seconds: Seconds, xy: Floats, graph: _Graph) -> Network:
    at = np.empty(len(graph.place), dtype=np.int64)
    where = np.zeros((int(roads.ends.max()) + 1, 2))
    where[roads.ends[:, 0]], where[roads.ends[:, 1]] = (
        xy[roads.shape_start[:-1]],
        xy[roads.shape_start[1:] - 1],
    )
    order = np.argsort(order_along_hilbert(where[graph.place]), kind="stable")
    at[order] = np.arange(len(order))
    tail, head = at[graph.tail], at[graph.end[graph.run]]
    sorting = np.lexsort((graph.run, tail))
    tail, head, run = tail[sorting], head[sorting], graph.run[sorting]
    more = np.column_stack([graph.more[:, 0] // 2, graph.more[:, 0] % 2, at[graph.more[:, 1]]])
    return Network(
        crs="",
        mode=table.mode,
        node_xy=where[graph.place][order],
        indptr=np.searchsorted(tail, np.arange(len(order) + 1)).astype(np.int32),
        heads=head.astype(np.int32),
        seconds=seconds.ravel()[run],
        road=(run // 2).astype(np.int32),
        forward=run % 2 == 0,
        road_nodes=at[graph.begin].reshape(-1, 2).astype(np.int32),
        road_exits=at[graph.end].reshape(-1, 2).astype(np.int32),
        road_seconds=seconds,
        road_m=roads.length_m,
        road_class=table.class_[roads.way],
        road_name=table.name[roads.way],
        road_paved=table.paved[roads.way],
        road_id=table.way_id[roads.way],
        shape_start=roads.shape_start,
        shape_xy=xy,
        shape_aloft=roads.aloft,
        component=rank_components(tail, head, len(order)),
        more_begins=more.astype(np.int32),
        more_ends=np.empty((0, 3), dtype=np.int32),
    )


def rank_components(tail: Longs, head: Longs, count: int) -> Ints:
    """Rank strongly connected components by size, of equal ones by their first node.

    Parameters
    ----------
    tail, head : ndarray of int, shape (m,)
        Ends of the directed edges.
    count : int
        Number of nodes.

    Returns
    -------
    ndarray of int32, shape (count,)
        Rank of each node's component; 0 is the largest.

    Examples
    --------
    >>> rank_components(np.array([1, 2]), np.array([2, 1]), 3).tolist()
    [1, 0, 0]
    """
    links = coo_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(count, count))
    _, label = connected_components(links.tocsr(), directed=True, connection="strong")
    sizes = np.bincount(label)
    first = np.full(len(sizes), count)
    np.minimum.at(first, label, np.arange(count))
    rank = np.empty(len(sizes), dtype=np.int32)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return rank[label]


def order_along_hilbert(xy: Floats) -> Longs:
    """Return the position of points along a Hilbert curve over their bounding square, so that near is near.

    Parameters
    ----------
    xy : ndarray of float64, shape (n, 2)

    Returns
    -------
    ndarray of int64, shape (n,)

    Examples
    --------
    >>> order_along_hilbert(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])).argsort().tolist()
    [0, 1, 2, 3]
    """
    side = 1 << _HILBERT_BITS
    extent = max(float(np.ptp(xy, axis=0).max(initial=0.0)), 1e-9)
    x, y = ((xy - xy.min(axis=0)) / extent * (side - 1)).astype(np.int64).T
    position = np.zeros(len(xy), dtype=np.int64)
    step = side // 2
    while step:
        right, up = (x & step) > 0, (y & step) > 0
        position += step * step * ((3 * right) ^ up)
        mirror = right & ~up
        x, y = np.where(mirror, side - 1 - x, x), np.where(mirror, side - 1 - y, y)
        x, y = np.where(up, x, y), np.where(up, y, x)
        step //= 2
    return position


def _note(network: Network, roads: Roads, further: int) -> tuple[str, ...]:
    nodes, edges, count = network.size
    parts = int(network.component.max()) + 1
    cut_off = network.road_components() != 0
    lost_km, whole_km = network.road_m[cut_off].sum() / 1000, network.road_m.sum() / 1000
    zero = int((roads.length_m <= 0).sum())
    notes = [
        f"network: {nodes} nodes, {edges} directed edges, {count} roads, {whole_km:.1f} km",
        f"connected parts: {parts}; the largest has {int((network.component == 0).sum())} nodes",
    ]
    if cut_off.any():
        text = "roads that cannot be both reached from the largest part and left to it"
        notes.append(f"{text}: {int(cut_off.sum())}, {lost_km:.1f} km")
    notes += [f"nodes added for turn restrictions: {further}"] if further else []
    notes += [f"roads without length, kept at {LEAST_S} s: {zero}"] if zero else []
    return tuple(notes)
