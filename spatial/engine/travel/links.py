"""A network with something changed: a link added between two roads, or roads made faster."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely.ops import substring

from spatial.engine.travel.assembly import LEAST_S, rank_components
from spatial.engine.travel.network import FAR, Floats, Ints, Longs, Network, Seconds, Texts


@dataclass(frozen=True)
class Spot:
    """A place on a road: the road's number and the share of its length from its start."""

    road: int
    share: float


def place_spot(network: Network, spot: Spot) -> Floats:
    """Return where a spot lies, metres, shape (2,)."""
    line = network.shapes(np.array([spot.road]))[0]
    return shapely.get_coordinates(shapely.line_interpolate_point(line, spot.share, normalized=True))[0]


def raise_roads(network: Network, roads: npt.ArrayLike, kmh: float) -> Network:
    """Return the network with some roads driven at a higher speed; none becomes slower.

    Parameters
    ----------
    network : Network
    roads : array-like of int
        Numbers of roads.
    kmh : float
        New speed, in the directions that are allowed.

    Examples
    --------
    >>> from spatial.engine.travel.assembly import build_network
    >>> from spatial.engine.travel.roads import draw_links
    >>> links = draw_links([114.0, 114.01], [35.0, 35.0], [[0, 1]])
    >>> network = build_network(links, crs="EPSG:4547", speeds={"other": 5})
    >>> (network.road_seconds / raise_roads(network, [0], 10).road_seconds).round(3).tolist()
    [[2.0, 2.0]]
    """
    chosen = np.zeros(len(network.road_m), dtype=bool)
    chosen[np.asarray(roads, dtype=np.int64)] = True
    faster = np.maximum(network.road_m[:, None] * 3.6 / kmh, LEAST_S).astype(np.float32)
    better = chosen[:, None] & (network.road_seconds < FAR)
    road_seconds = np.where(better, np.minimum(network.road_seconds, faster), network.road_seconds)
    way = np.where(network.forward, 0, 1)
    seconds = np.where(chosen[network.road], road_seconds[network.road, way], network.seconds)
    return replace(network, seconds=seconds.astype(np.float32), road_seconds=road_seconds)


def add_link(network: Network, start: Spot, end: Spot, *, kmh: float, class_: str) -> Network:
    """Return the network with a straight road between two places on its roads, open both ways.

    Parameters
    ----------
    network : Network
    start, end : Spot
        Ends of the new road.
    kmh : float
        Its speed.
    class_ : str
        Its class.

    Returns
    -------
    Network
        Nodes and roads keep their numbers. After them come the two ends and the new road; before it, the
        pieces from each end to the ends of the road that it lies on, which run beside that road.
    """
    count = len(network.node_xy)
    spots = np.array([place_spot(network, start), place_spot(network, end)])
    parts = [*_halves(network, start, count), *_halves(network, end, count + 1)]
    metres = float(np.hypot(*(spots[1] - spots[0])))
    seconds = np.full(2, max(metres * 3.6 / kmh, LEAST_S))
    ends = np.array([count, count + 1])
    parts.append(_Piece(ends, ends[::-1], seconds, metres, spots, _NO_MORE, _NO_MORE))
    return _append(network, parts, spots, [start.road, start.road, end.road, end.road, -1], class_)


_NO_MORE = np.empty((0, 2), dtype=np.int64)


@dataclass(frozen=True)
class _Piece:
    """A road to be added: see `Network` for its fields; `begins` and `ends` are rows (direction, node)."""

    nodes: Longs
    exits: Longs
    seconds: Floats
    metres: float
    xy: Floats
    begins: Longs
    ends: Longs


def _halves(network: Network, spot: Spot, node: int) -> list[_Piece]:
    """Return the pieces of a road on both sides of a new node on it: from its start, and to its end."""
    road, share = spot.road, spot.share
    (ahead, back), (first, last) = network.road_nodes[road], network.road_exits[road]
    run, metres = network.road_seconds[road].astype(float), network.road_m[road]
    line = network.shapes(np.array([road]))[0]
    begins, ends = _further(network.more_begins, road), _further(network.more_ends, road)
    pieces = []
    for low, high in ((0.0, share), (share, 1.0)):
        length = high - low
        is_first = low == 0.0 and high == share
        seconds = np.where(run < FAR, np.maximum(run * length, LEAST_S), FAR)
        xy = shapely.get_coordinates(substring(line, low, high, normalized=True))
        xy = np.repeat(xy, 2, axis=0) if len(xy) == 1 else xy
        here = 1 if is_first else 0  # the direction whose run begins at the new node
        pieces.append(
            _Piece(
                nodes=np.array([ahead, node] if is_first else [node, back], dtype=np.int64),
                exits=np.array([node, last] if is_first else [first, node], dtype=np.int64),
                seconds=seconds,
                metres=metres * length,
                xy=xy,
                begins=begins[begins[:, 0] != here],
                ends=ends[ends[:, 0] == here],
            )
        )
    return pieces


def _further(more: Ints, road: int) -> Longs:
    return more[more[:, 0] == road][:, 1:].astype(np.int64)


def _append(network: Network, parts: list[_Piece], spots: Floats, like: list[int], class_: str) -> Network:
    """Return the network with new nodes and roads; `like` says which road each takes its words from."""
    first = len(network.road_m)
    nodes = np.concatenate([network.node_xy, spots])
    begins = np.concatenate([_number(part.begins, first + at) for at, part in enumerate(parts)])
    ends = np.concatenate([_number(part.ends, first + at) for at, part in enumerate(parts)])
    grown = replace(
        network,
        node_xy=nodes,
        road_nodes=np.concatenate([network.road_nodes, [part.nodes for part in parts]]).astype(np.int32),
        road_exits=np.concatenate([network.road_exits, [part.exits for part in parts]]).astype(np.int32),
        road_seconds=_stack(network.road_seconds, parts),
        road_m=np.concatenate([network.road_m, [part.metres for part in parts]]),
        road_class=_words(network.road_class, like, class_),
        road_name=_words(network.road_name, like, ""),
        road_paved=np.concatenate([network.road_paved, network.road_paved[like[:-1]], [1]]).astype(np.int8),
        road_id=np.concatenate([network.road_id, network.road_id[like[:-1]], [-1]]),
        shape_start=np.concatenate(
            [network.shape_start, network.shape_start[-1] + np.cumsum([len(part.xy) for part in parts])]
        ),
        shape_xy=np.concatenate([network.shape_xy, *(part.xy for part in parts)]),
        shape_aloft=np.concatenate([network.shape_aloft, np.zeros(sum(len(p.xy) for p in parts), bool)]),
        more_begins=np.concatenate([network.more_begins, begins]).astype(np.int32),
        more_ends=np.concatenate([network.more_ends, ends]).astype(np.int32),
    )
    return _join_edges(grown, first, len(network.node_xy))


def _number(more: Longs, road: int) -> Longs:
    return np.column_stack([np.full(len(more), road, dtype=np.int64), more])


def _stack(seconds: Seconds, parts: list[_Piece]) -> Seconds:
    return np.concatenate([seconds, [part.seconds for part in parts]]).astype(np.float32)


def _words(words: Texts, like: list[int], own: str) -> Texts:
    return np.append(np.concatenate([words, words[like[:-1]]]), np.array([own], dtype=object))


def _join_edges(grown: Network, first: int, count: int) -> Network:
    """Give the roads from number `first` on their edges, and rank the components anew."""
    road = np.repeat(np.arange(first, len(grown.road_m)), 2)
    way = np.tile([0, 1], len(road) // 2)
    tail, head = grown.road_nodes[road, way], grown.road_exits[road, way]
    fresh = [np.column_stack([road, way, tail, head])]
    for more, column in ((grown.more_begins, 2), (grown.more_ends, 3)):
        for one, direction, node in more[more[:, 0] >= first].tolist():
            row = [one, direction, grown.road_nodes[one, direction], grown.road_exits[one, direction]]
            row[column] = node
            fresh.append(np.array([row]))
    rows = np.concatenate(fresh)
    rows = rows[grown.road_seconds[rows[:, 0], rows[:, 1]] < FAR]
    old = np.repeat(np.arange(count), np.diff(grown.indptr))
    tails = np.concatenate([old, rows[:, 2]])
    heads = np.concatenate([grown.heads, rows[:, 3]])
    order = np.argsort(tails, kind="stable")
    roads = np.concatenate([grown.road, rows[:, 0]])[order]
    forward = np.concatenate([grown.forward, rows[:, 1] == 0])[order]
    fast = np.concatenate([grown.seconds, grown.road_seconds[rows[:, 0], rows[:, 1]]])[order]
    total = len(grown.node_xy)
    return replace(
        grown,
        indptr=np.searchsorted(tails[order], np.arange(total + 1)).astype(np.int32),
        heads=heads[order].astype(np.int32),
        seconds=fast.astype(np.float32),
        road=roads.astype(np.int32),
        forward=forward,
        component=rank_components(tails, heads, total),
    )
