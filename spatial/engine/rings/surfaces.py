"""Arrival over a surface: the ground with its roads, swept from places or areas to its every node.

The same bucket queue as for networks sweeps a graph of the lattice's steps (`rings.friction`) and of
the roads burnt into it (`spatial.engine.rings.burning`). Tried instead and not taken: scikit-image's
``MCP_Geometric`` has eight neighbours and one cost a cell, so it knows neither up from down nor roads that
cross on different levels, and a circle on flat ground is an octagon up to 8 % too small; where the question
is the same (flat ground, eight neighbours) it is a test's oracle, and ``benchmarks/surface.py`` compares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.rings.burning import Burnt, burn_roads, find_bars, tie_roads, ties
from spatial.engine.rings.friction import Links, grid_graph, link_seconds
from spatial.engine.rings.terrain import Terrain, open_steps
from spatial.engine.travel.graph import Graph
from spatial.engine.travel.network import FAR, Floats, Longs, Network, Seconds
from spatial.engine.travel.routing import sweep
from spatial.engine.travel.snapping import Snaps
from spatial.errors import GeometryError

STEEPEST = 1.0
"""Rise over run beyond which ground is no path, unless told otherwise."""
_THERE_S = 1e-3
_USUAL_PACE = 1.2
"""Seconds a metre at 3 km/h: from a road to a place beside it where the ground itself is no path."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Ground and roads as one graph, for journeys one way.

    Parameters
    ----------
    terrain : Terrain
    graph : Graph or None
        Nodes of the terrain, then those of `burnt`; None once nothing more is swept.
    burnt : Burnt or None
        The roads; None without any.
    steepest : float
    bars : ndarray of LineString
        What nobody walks across.
    towards : bool
        Journeys lead to the places that are swept from.
    """

    terrain: Terrain
    graph: Graph | None
    burnt: Burnt | None
    steepest: float
    bars: npt.NDArray[np.object_]
    towards: bool

    @property
    def nodes(self) -> int:
        """Number of nodes, those of the terrain first."""
        return self.terrain.nodes + (self.burnt.nodes if self.burnt is not None else 0)

    def put_away(self) -> Surface:
        """Return the surface without its graph, to draw rings and ask for arrivals: a tenth of the memory."""
        return replace(self, graph=None)

    def ties(self, xy: Floats) -> tuple[Longs, Longs, Floats]:
        """Return the straight ways from places to the ground round them: place, node, seconds.

        To the sixteen nodes round a place where all of them have one pace and none is too steep to get to, so
        that the first steps are no longer than straight lines; elsewhere, and from a node itself, to the four
        corners of its cell, at the mean of the paces there and here.
        """
        wide, near = self._ties(xy, 2), self._ties(xy, 1)
        even = wide.is_even(len(xy)) & ~near.is_there(len(xy))
        far, close = even[wide.place], ~even[near.place]
        return (
            np.concatenate([wide.place[far], near.place[close]]),
            np.concatenate([wide.node[far], near.node[close]]),
            np.concatenate([wide.seconds[far], near.seconds[close]]),
        )

    def _ties(self, xy: Floats, reach: int) -> _Ties:
        place, node, metres, rise_m = ties(self.terrain, xy, self.bars, reach)
        pace = self.terrain.pace.reshape(-1)[node]
        mean = (pace + pace_at(self.terrain, xy)[place]) / 2
        seconds = link_seconds(metres, rise_m, mean, self.steepest, towards=self.towards)
        gentle = ~(np.abs(rise_m) > self.steepest * np.maximum(metres, 1e-9))
        return _Ties(place, node, seconds, pace, gentle, 4 * reach**2)


@dataclass(frozen=True, eq=False)
class _Ties:
    """Straight ways between places and nodes; `whole` is how many a place has at most."""

    place: Longs
    node: Longs
    seconds: Floats
    pace: npt.NDArray[np.float32]
    gentle: npt.NDArray[np.bool_]
    whole: int

    def is_even(self, places: int) -> npt.NDArray[np.bool_]:
        """Tell which places have all ties, none too steep and all at one pace."""
        low, high = np.full(places, np.inf), np.zeros(places)
        np.minimum.at(low, self.place, self.pace)
        np.maximum.at(high, self.place, self.pace)
        return np.asarray(
            (np.bincount(self.place[self.gentle], minlength=places) == self.whole) & (low == high)
        )

    def is_there(self, places: int) -> npt.NDArray[np.bool_]:
        """Tell which places are nodes themselves."""
        return np.bincount(self.place[self.seconds < _THERE_S], minlength=places) > 0


def build_surface(
    terrain: Terrain,
    network: Network | None = None,
    *,
    barrier: Network | None = None,
    steepest: float = STEEPEST,
    towards: bool = False,
) -> Surface:
    """Join a terrain's steps and the roads on it.

    Parameters
    ----------
    terrain : Terrain
    network : Network, optional
        Roads of one mode, as drawn (not reversed), in the terrain's CRS; None: one walks everywhere.
    barrier : Network, optional
        Network of cars, whose motorways nobody walks across.
    steepest : float
        Rise over run beyond which ground is no path.
    towards : bool
        For journeys to places instead of from them.

    Examples
    --------
    >>> flat = np.zeros((41, 41), np.float32)
    >>> surface = build_surface(Terrain("EPSG:4547", 10.0, 0, 0, flat, flat + 1))
    >>> sweep_surface(surface, Start.at([[200.0, 200.0]]))[20 * 41 + 40]
    np.float32(200.0)
    """
    bars = find_bars(barrier if barrier is not None else network)
    bits = open_steps(terrain, steepest, bars)
    burnt, links = None, Links.none()
    if network is not None:
        burnt = burn_roads(terrain, network.reverse() if towards else network)
        links = tie_roads(terrain, burnt, steepest, bars, towards=towards)
    graph = grid_graph(terrain, bits, links, towards=towards)
    return Surface(terrain, graph, burnt, steepest, bars, towards)


@dataclass(frozen=True, eq=False)
class Start:
    """Where journeys over a surface begin, or end.

    Parameters
    ----------
    xy : ndarray of float64, shape (q, 2)
        Places, metres; reached at 0 s, wherever the ground can be stood on.
    snaps : Snaps or None
        The same places on the network's roads, for cars and bicycles which wait there.
    lead_s : ndarray of float64, shape (q,)
        Seconds between a place and its road.
    area : shapely geometry or None
        An area that is reached at 0 s all over, in the terrain's CRS.
    """

    xy: Floats
    snaps: Snaps | None = None
    lead_s: Floats | None = None
    area: BaseGeometry | None = None

    @classmethod
    def at(cls, xy: npt.ArrayLike) -> Start:
        """Return a start at places off the roads."""
        return cls(np.asarray(xy, dtype=float).reshape(-1, 2))


def start_nodes(surface: Surface, start: Start) -> tuple[Longs, Floats]:
    """Return the nodes that journeys start from, with the seconds spent by then; none if none can begin."""
    _, node, seconds = surface.ties(start.xy)
    nodes, spent = [node], [seconds]
    burnt = surface.burnt
    if burnt is not None and start.snaps is not None:
        lead = start.lead_s if start.lead_s is not None else np.zeros(len(start.snaps.road))
        node, seconds, _ = burnt.starts(start.snaps, lead)
        nodes.append(node)
        spent.append(seconds)
    if start.area is not None:
        inside = [surface.terrain.inside(start.area)]
        if burnt is not None:
            shapely.prepare(start.area)
            cuts = np.flatnonzero(burnt.open & shapely.intersects_xy(start.area, *burnt.xy.T))
            inside += [burnt.cut(cuts, way) for way in range(burnt.lanes)]
        nodes += inside
        spent += [np.zeros(len(part)) for part in inside]
    return np.concatenate(nodes), np.concatenate(spent)


def sweep_surface(surface: Surface, start: Start, limit_s: float = np.inf) -> Seconds:
    """Return when each node of the surface's graph is reached; `FAR` beyond the limit and where no way leads.

    Returns
    -------
    ndarray of float32, shape (n,)
        The first ``terrain.nodes`` are those of the lattice, row by row from the south.

    Raises
    ------
    GeometryError
        The graph was put away.
    """
    nodes, seconds = start_nodes(surface, start)
    if not len(nodes):
        return np.full(surface.nodes, FAR, dtype=np.float32)
    if surface.graph is None:
        raise GeometryError("the graph of this surface was put away; build the surface again")
    return sweep(surface.graph, (nodes, seconds), limit_s)


def arrive_on_foot(surface: Surface, seconds: Seconds, xy: Floats) -> Floats:
    """Return when places are reached, over the ground round them or straight from a road beside it.

    Parameters
    ----------
    surface : Surface
    seconds : ndarray of float32, shape (n,)
        As `sweep_surface` returns them.
    xy : ndarray of float64, shape (q, 2)
        Metres.

    Returns
    -------
    ndarray of float64, shape (q,)
        Infinite where no way leads; NaN where the ground cannot be stood on and no road is within a cell.
    """
    turned = replace(surface, towards=not surface.towards)
    place, node, more = turned.ties(xy)
    found = np.full(len(xy), np.nan)
    _lower(found, place, seconds[node].astype(float) + more, seconds[node] < FAR)
    if surface.burnt is not None:
        place, cut, metres = _cuts_near(surface.burnt, xy, 1.5 * surface.terrain.cell_m)
        arrival = surface.burnt.least(seconds)[cut].astype(float)
        pace = pace_at(surface.terrain, xy)[place]
        _lower(found, place, arrival + metres * pace, arrival < FAR)
    return found


def pace_at(terrain: Terrain, xy: Floats) -> Floats:
    """Return the pace on the flat at the nearest node that can be stood on, of the four round each place."""
    place, node = terrain.corners(xy)
    stands = terrain.passable.reshape(-1)[node]
    place, node = place[stands], node[stands]
    pace = np.full(len(xy), _USUAL_PACE)
    metres = np.hypot(*(terrain.places(node) - xy[place]).T)
    order = np.lexsort((-metres, place))  # the nearest is written last
    pace[place[order]] = terrain.pace.reshape(-1)[node[order]]
    return pace


def _cuts_near(burnt: Burnt, xy: Floats, within_m: float) -> tuple[Longs, Longs, Floats]:
    from scipy.spatial import cKDTree

    number = np.flatnonzero(burnt.open)
    if not len(number) or not len(xy):
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, np.empty(0)
    few = min(6, len(number))
    metres, which = cKDTree(burnt.xy[number]).query(xy, k=[*range(1, few + 1)], distance_upper_bound=within_m)
    place, rank = np.nonzero(np.isfinite(metres))
    return place, number[which[place, rank]], metres[place, rank]


def _lower(found: Floats, place: Longs, seconds: Floats, reached: npt.NDArray[np.bool_]) -> None:
    """Lower times from NaN (nothing there) by infinity (not reached) to the least."""
    found[place] = np.where(np.isnan(found[place]), np.inf, found[place])
    np.minimum.at(found, place[reached], seconds[reached])
