"""Where journeys begin: a place beside a road, or a whole area that is reached at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.rings.arrivals import Origins
from spatial.engine.rings.isochrones import RingRules
from spatial.engine.travel.network import Floats, Ints, Network, Seconds, Texts
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.routing import sweep
from spatial.engine.travel.snapping import RoadIndex, Snaps, snap_points
from spatial.engine.travel.stretches import Front, find_front


@dataclass(frozen=True, eq=False)
class Departure:
    """Where journeys begin on a network.

    Parameters
    ----------
    area : shapely geometry or None
        Reached at 0 s, in the network's CRS; None for points.
    nodes : ndarray of int32
        Nodes reached at 0 s.
    snaps : Snaps
        Further starts on roads: points, or where the edge of the area cuts a road.
    lead_s : ndarray of float64, shape as `snaps`
        Seconds spent on the way from the place to its road.
    xy : ndarray of float64, shape (q, 2)
        The places, metres; of a cut, the place on the road.
    """

    area: BaseGeometry | None
    nodes: Ints
    snaps: Snaps
    lead_s: Floats
    xy: Floats

    @classmethod
    def nowhere(cls) -> Departure:
        """Return a departure that leads nowhere."""
        none = np.empty(0)
        snaps = Snaps(none.astype(np.int32), none, none)
        return cls(None, none.astype(np.int32), snaps, none, np.empty((0, 2)))

    @property
    def is_lost(self) -> bool:
        """Whether no road can be reached from there at all."""
        return not len(self.nodes) and not (self.snaps.road >= 0).any()

    def sweep(self, network: Network, limit_s: float = np.inf) -> Seconds:
        """Return the seconds from here to every node, shape (n,), `FAR` beyond the limit."""
        starts = starts_of(network, self.snaps)
        lead = np.repeat(self.lead_s, np.diff(starts.first)).astype(np.float32)
        nodes = np.concatenate([self.nodes, starts.nodes])
        spent = np.concatenate([np.zeros(len(self.nodes), np.float32), starts.seconds + lead])
        return sweep(network, (nodes, spent), limit_s)

    def origins(self) -> Origins:
        """Return the starts as rings are drawn from."""
        return Origins.of(self.snaps, self.xy, lead_s=self.lead_s)

    def front(self, network: Network, seconds: Seconds) -> Front:
        """Return when the roads are reached, from the seconds that `sweep` gave."""
        return find_front(network, seconds, self.snaps, self.lead_s)


def index_open_roads(network: Network, rules: RingRules | None = None) -> RoadIndex:
    """Index the roads that places may be joined to: of the largest connected part, and not fenced.

    Parameters
    ----------
    network : Network
    rules : RingRules, optional
        Say which classes are fenced.

    Examples
    --------
    >>> from spatial.engine.travel.assembly import build_network
    >>> from spatial.engine.travel.roads import draw_links
    >>> links = draw_links([114.0, 114.01], [35.0, 35.0], [[0, 1]], mode="drive", class_="motorway")
    >>> network = build_network(links, crs="EPSG:4547", speeds={"motorway": 100})
    >>> len(index_open_roads(network).roads)
    0
    """
    fenced = np.isin(network.road_class.astype(str), (rules or RingRules()).fenced)
    roads = np.flatnonzero((network.road_components() == 0) & ~fenced)
    lines = network.shapes(roads)
    shapely.prepare(lines)
    return RoadIndex(roads, lines, shapely.STRtree(lines))


def leave_points(
    network: Network, xy: npt.ArrayLike, index: RoadIndex, *, snap_m: float, off_road_kmh: float
) -> Departure:
    """Begin at points; the way to the nearest road is gone straight and counted.

    Parameters
    ----------
    network : Network
    xy : array-like of float, shape (q, 2)
        Metres, in the network's CRS.
    index : RoadIndex
        Roads that may be joined.
    snap_m : float
        Farthest road, metres.
    off_road_kmh : float
        Speed on the way there.
    """
    where = np.asarray(xy, dtype=float).reshape(-1, 2)
    snaps = snap_points(network, where, snap_m, index=index)
    return Departure(None, np.empty(0, np.int32), snaps, _lead(snaps, off_road_kmh), where)


def leave_area(
    network: Network, area: BaseGeometry, index: RoadIndex, *, snap_m: float, off_road_kmh: float
) -> Departure:
    """Begin anywhere in an area: nodes inside are reached at 0 s, and roads are cut at its edge.

    Parameters
    ----------
    network, index, snap_m, off_road_kmh
        As for `leave_points`.
    area : shapely Polygon or MultiPolygon
        Metres, in the network's CRS. An area that no road touches is left by the nearest place of its edge.

    Notes
    -----
    A fenced road that only passes through the area starts nothing: one is on it only where it can be
    joined, at a node that an open road also meets.
    """
    nodes = _nodes_inside(network, area, index)
    cut = _cut_at_edge(network, area, index)
    if len(nodes) or len(cut.road):
        xy = _place(network, cut)
        return Departure(area, nodes, cut, np.zeros(len(cut.road)), xy)
    near = index.tree.query_nearest(area, all_matches=False) if len(index.roads) else []
    if not len(near):
        return Departure.nowhere()
    way = shapely.shortest_line(area, index.lines[near[0]])
    edge = shapely.get_coordinates(way)[:1]
    snaps = snap_points(network, edge, snap_m, index=index)
    return Departure(area, nodes, snaps, _lead(snaps, off_road_kmh), edge)


def _lead(snaps: Snaps, kmh: float) -> Floats:
    """Return the seconds to the road; those that found none lead nowhere and spend nothing."""
    return np.where(snaps.road >= 0, np.nan_to_num(snaps.offset_m) * 3.6 / kmh, 0.0)


def _nodes_inside(network: Network, area: BaseGeometry, index: RoadIndex) -> Ints:
    ends = np.concatenate([network.road_nodes[index.roads], network.road_exits[index.roads]])
    nodes = np.unique(ends)
    shapely.prepare(area)
    x, y = network.node_xy[nodes].T
    return np.asarray(nodes[shapely.contains_xy(area, x, y)], dtype=np.int32)


def _cut_at_edge(network: Network, area: BaseGeometry, index: RoadIndex) -> Snaps:
    """Return where the edge of an area cuts roads; along a road that follows the edge, its two ends."""
    edge = shapely.boundary(area)
    met = np.sort(index.tree.query(edge, predicate="intersects"))
    points, which = shapely.get_coordinates(shapely.intersection(index.lines[met], edge), return_index=True)
    share = shapely.line_locate_point(index.lines[met[which]], shapely.points(points), normalized=True)
    road = index.roads[met[which]].astype(np.int32)
    order = np.lexsort((share, road))
    return Snaps(road[order], np.nan_to_num(share[order], nan=0.0), np.zeros(len(order)))


def _place(network: Network, snaps: Snaps) -> Floats:
    """Return the places of snaps on their roads, shape (q, 2)."""
    roads, which = np.unique(snaps.road, return_inverse=True)
    lines: Texts = network.shapes(roads)[which] if len(roads) else np.empty(0, dtype=object)
    return shapely.get_coordinates(shapely.line_interpolate_point(lines, snaps.share, normalized=True))
