"""Borders: edges that areas share, where roads cross them, and how these go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from shapely.geometry.base import BaseGeometry

from spatial.engine.travel.network import Floats, Longs, Network, Texts, Truths

_STRAIGHT_DEG = 45.0


@dataclass(frozen=True, eq=False)
class Border:
    """The edge that two areas share.

    Parameters
    ----------
    one, other : int
        Positions of the areas, one < other.
    line : shapely geometry
        Edge of `one` as far as `other` lies beside it.
    sides : (shapely geometry, shapely geometry)
        The areas.
    """

    one: int
    other: int
    line: BaseGeometry
    sides: tuple[BaseGeometry, BaseGeometry]

    def side_of(self, points: npt.NDArray[np.object_]) -> Longs:
        """Return 0 or 1 for the area that each point lies in or is nearest to."""
        far = np.column_stack([shapely.distance(side, points) for side in self.sides])
        return np.argmin(far, axis=1)

    def holds(self, points: npt.NDArray[np.object_]) -> Truths:
        """Tell which points lie in one of the two areas, to within a metre."""
        far = [shapely.dwithin(side, points, 1.0) for side in self.sides]
        return np.asarray(far[0] | far[1])


def find_borders(areas: npt.NDArray[np.object_], gap_m: float, least_m: float) -> list[Border]:
    """Return the edges that areas share, in order of the areas.

    Parameters
    ----------
    areas : ndarray of shapely Polygon or MultiPolygon
        In a metric CRS; they may overlap a little or leave gaps.
    gap_m : float
        Areas no farther apart than this share an edge there.
    least_m : float
        Shorter edges are left out, such as where four areas meet.

    Examples
    --------
    >>> areas = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)], dtype=object)
    >>> [(border.one, border.other, border.line.length) for border in find_borders(areas, 0.1, 5)]
    [(0, 1, 10.2)]
    """
    first, second = shapely.STRtree(areas).query(areas, predicate="dwithin", distance=gap_m)
    pairs = sorted({(int(a), int(b)) for a, b in zip(first, second, strict=True) if a < b})
    found = []
    for one, other in pairs:
        near = shapely.buffer(areas[other], gap_m, join_style="mitre")
        line = shapely.intersection(shapely.boundary(areas[one]), near)
        line = shapely.line_merge(shapely.multilinestrings(_lines_of(line)))
        if shapely.length(line) >= least_m:
            found.append(Border(one, other, line, (areas[one], areas[other])))
    return found


def _lines_of(shape: BaseGeometry) -> npt.NDArray[np.object_]:
    parts = shapely.get_parts(np.array([shape], dtype=object))
    parts = shapely.get_parts(parts)
    return parts[shapely.get_dimensions(parts) == 1]


@dataclass(frozen=True, eq=False)
class Crossings:
    """Where roads cross a border: their roads, shares along them, and places in metres, shape (k, 2)."""

    road: Longs
    share: Floats
    xy: Floats


def find_crossings(border: Border, network: Network, lines: Texts, tree: shapely.STRtree) -> Crossings:
    """Return where roads pass from one area of a border to the other.

    Parameters
    ----------
    border : Border
    network : Network
    lines : ndarray of shapely LineString
        Of all roads of the network.
    tree : shapely.STRtree
        Of these lines.

    Notes
    -----
    A road that runs along a border, or touches it and turns back, does not cross it: only points count that
    have different sides before and after them.
    """
    road, share = list[int](), list[float]()
    for at in np.sort(tree.query(border.line, predicate="intersects")).tolist():
        cut = shapely.get_coordinates(shapely.intersection(lines[at], border.line))
        along = np.unique(shapely.line_locate_point(lines[at], shapely.points(cut), normalized=True))
        edges = np.concatenate([[0.0], along, [1.0]])
        middles = shapely.line_interpolate_point(lines[at], (edges[1:] + edges[:-1]) / 2, normalized=True)
        side = border.side_of(middles)
        kept = along[side[1:] != side[:-1]]
        road += [at] * len(kept)
        share += kept.tolist()
    places = shapely.line_interpolate_point(lines[road], share, normalized=True) if road else []
    xy = shapely.get_coordinates(np.array(places, dtype=object)).reshape(-1, 2)
    return Crossings(np.array(road, dtype=np.int64), np.array(share), xy)


def group_near(xy: Floats, words: npt.NDArray[np.object_], within_m: float) -> Longs:
    """Return the number of the group that each place belongs to: chains of near places with one word.

    Examples
    --------
    >>> group_near(np.array([[0, 0], [9, 0], [9, 1.0]]), np.array(["a", "a", "b"], dtype=object), 10).tolist()
    [0, 0, 1]
    """
    if not len(xy):
        return np.zeros(0, dtype=np.int64)
    pairs = KDTree(xy).query_pairs(within_m, output_type="ndarray")
    pairs = pairs[words[pairs[:, 0]] == words[pairs[:, 1]]]
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(xy), len(xy)))
    return connected_components(links, directed=False)[1].astype(np.int64)


def follow_road(network: Network, road: int, way: int, reach_m: float) -> list[int]:
    """Return the roads that lead straight on from the end of a road, as far as a distance.

    Parameters
    ----------
    network : Network
    road, way : int
        The road, and 1 to go on from its end or 0 from its start.
    reach_m : float
        How far to follow, metres.

    Returns
    -------
    list of int
        At each junction the road that turns least, if it turns by less than 45 degrees.
    """
    found, gone, seen = list[int](), 0.0, {road}
    while gone < reach_m:
        node = int(network.road_nodes[road, way])
        starts = (network.road_nodes == node).nonzero()
        options = [(int(r), int(w)) for r, w in zip(*starts, strict=True) if int(r) not in seen]
        if not options:
            break
        ahead = _leave(network, road, way) + 180.0
        turns = [abs((ahead - _leave(network, *one) + 180.0) % 360.0 - 180.0) for one in options]
        best = int(np.argmin(turns))
        if turns[best] >= _STRAIGHT_DEG:
            break
        road, way = options[best][0], 1 - options[best][1]
        seen.add(road)
        found.append(road)
        gone += float(network.road_m[road])
    return found


def _leave(network: Network, road: int, way: int) -> float:
    """Return the heading in which a road leaves its start (way 0) or its end (way 1), degrees."""
    line = network.shapes(np.array([road]))[0]
    back = min(20.0, line.length)
    here, there = (shapely.get_coordinates(shapely.line_interpolate_point(line, one)) for one in
                   ((0.0, back) if way == 0 else (line.length, line.length - back)))  # fmt: skip
    return float(np.degrees(np.arctan2(*(there - here)[0][::-1])))
