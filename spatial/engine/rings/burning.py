"""Roads burnt into a terrain: places along them that one joins and leaves the ground at.

A raster that simply takes the speed of a road for the cells that it crosses joins roads that pass over each
other, forgets one-ways, and lets cars turn anywhere. Here the network keeps its own edges, cut into pieces as
long as a cell, and each cut is tied to the four nodes of the terrain round it. So what the network alone
reaches is reached at the same time here; the ground only adds ways.

On foot one joins and leaves roads anywhere but on bridges, in tunnels and on motorways and ferries. A car or
bicycle is left behind where one leaves the road, so from the ground one does not get back on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.rings.friction import Links, link_seconds
from spatial.engine.rings.terrain import Terrain, meet
from spatial.engine.travel.network import FAR, Floats, Longs, Network, Truths
from spatial.engine.travel.slopes import sample_roads
from spatial.engine.travel.snapping import Snaps

FENCED = ("ferry", "motorway", "motorway_link")
"""Classes of road that one cannot leave to the side."""
BARRIERS = ("motorway", "motorway_link")
"""Classes of road that one cannot walk across; bridges and tunnels apart."""

Ways = tuple[list[Longs], list[Longs], list[Floats]]


@dataclass(frozen=True, eq=False)
class Burnt:
    """A network's roads on a terrain.

    Nodes of the graph are those of the terrain, then the cuts (of cars once for each direction, so that
    nobody turns where turning is banned), then the network's own.

    Parameters
    ----------
    network : Network
        In the direction of the sweep: reversed for journeys towards a place.
    roads : ndarray of int64, shape (b,)
        Roads that come near the terrain, rising; the others keep their edges.
    first : ndarray of int64, shape (b + 1,)
        Cuts of road ``roads[i]`` are ``first[i]:first[i + 1]``, at equal steps from its start to its end.
    xy : ndarray of float64, shape (s, 2)
        Places of the cuts, metres.
    open : ndarray of bool, shape (s,)
        Where one may leave the road.
    base : int
        Nodes of the terrain.
    """

    network: Network
    roads: Longs
    first: Longs
    xy: Floats
    open: Truths
    base: int

    @property
    def lanes(self) -> int:
        """How many nodes stand for a cut."""
        return 2 if self.network.mode == "drive" else 1

    @property
    def nodes(self) -> int:
        """Number of nodes besides the terrain's."""
        return self.lanes * len(self.xy) + len(self.network.node_xy)

    def cut(self, number: npt.NDArray[np.int64], way: int) -> Longs:
        """Return the graph's node of cuts, for the run along the road (0) or against it (1)."""
        return np.asarray(self.base + number + (way * len(self.xy) if self.lanes == 2 else 0), dtype=np.int64)

    def junction(self, node: npt.NDArray[np.int32]) -> Longs:
        """Return the graph's node of a node of the network."""
        return np.asarray(self.base + self.lanes * len(self.xy) + node.astype(np.int64), dtype=np.int64)

    def least(self, seconds: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return when the cuts are reached, in whatever direction, shape (s,)."""
        part = seconds[self.base : self.base + self.lanes * len(self.xy)]
        return part.reshape(self.lanes, -1).min(axis=0)

    def at_junctions(self, seconds: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return when the network's nodes are reached, shape (n,)."""
        return seconds[self.base + self.lanes * len(self.xy) :]

    def starts(self, snaps: Snaps, lead_s: Floats) -> tuple[Longs, Floats, Longs]:
        """Return the nodes that journeys from places on roads come to first, their seconds, and which place.

        Parameters
        ----------
        snaps : Snaps
            On this network; those that are not snapped, or on a road far from the terrain, have none.
        lead_s : ndarray of float64
            Seconds spent when the road is reached.
        """
        row = np.searchsorted(self.roads, snaps.road)
        there = (snaps.road >= 0) & (row < len(self.roads))
        there[there] = self.roads[row[there]] == snaps.road[there]
        place = np.flatnonzero(there)
        row, road, share = row[place], snaps.road[place], snaps.share[place]
        pieces = (self.first[row + 1] - self.first[row] - 1).astype(np.int64)
        along = share * pieces
        behind = np.minimum(np.floor(along).astype(np.int64), pieces - 1)
        nodes, seconds, which = [], [], []
        for way, ahead in ((0, behind + 1), (1, behind)):
            run = self.network.road_seconds[road, way].astype(float)
            goes = run < FAR
            nodes.append(self.cut(self.first[row] + ahead, way)[goes])
            seconds.append((lead_s[place] + run * np.abs(ahead - along) / pieces)[goes])
            which.append(place[goes])
        return np.concatenate(nodes), np.concatenate(seconds), np.concatenate(which)


def burn_roads(terrain: Terrain, network: Network) -> Burnt:
    """Cut the roads near a terrain into pieces of at most a cell.

    Parameters
    ----------
    terrain : Terrain
    network : Network
        In the terrain's CRS; reversed for journeys towards a place.
    """
    high, wide = terrain.pace.shape
    low = np.array([terrain.column, terrain.row]) * terrain.cell_m
    top = low + np.array([wide - 1, high - 1]) * terrain.cell_m
    least = np.minimum.reduceat(network.shape_xy, network.shape_start[:-1])
    most = np.maximum.reduceat(network.shape_xy, network.shape_start[:-1])
    roads = np.flatnonzero(((most >= low) & (least <= top)).all(axis=1))
    near = _only(network, roads)
    samples = sample_roads(near, terrain.cell_m)
    shut = np.isin(network.road_class[roads].astype(str), FENCED)
    return Burnt(
        network,
        roads,
        samples.start,
        samples.xy,
        ~samples.aloft & ~np.repeat(shut, np.diff(samples.start)),
        terrain.nodes,
    )


def _only(network: Network, roads: Longs) -> Network:
    """Return a network whose shapes are those of some roads, for sampling."""
    counts = np.diff(network.shape_start)[roads]
    start = np.concatenate([[0], np.cumsum(counts)])
    vertex = np.repeat(network.shape_start[roads] - start[:-1], counts) + np.arange(start[-1])
    return replace(
        network,
        shape_start=start,
        shape_xy=network.shape_xy[vertex],
        shape_aloft=network.shape_aloft[vertex],
    )


def find_bars(network: Network | None) -> npt.NDArray[np.object_]:
    """Return the lines that nobody walks across: motorways on the ground.

    Parameters
    ----------
    network : Network or None
        Of cars: networks of walkers have no motorways.
    """
    if network is None:
        return np.empty(0, dtype=object)
    roads = np.flatnonzero(np.isin(network.road_class.astype(str), BARRIERS))
    near = _only(network, roads)
    last = np.zeros(len(near.shape_xy), dtype=bool)
    last[near.shape_start[1:] - 1] = True
    ground = np.flatnonzero(~near.shape_aloft & ~last)
    ends = np.stack([near.shape_xy[ground], near.shape_xy[ground + 1]], axis=1)
    return np.asarray(shapely.linestrings(ends), dtype=object)


def tie_roads(
    terrain: Terrain,
    burnt: Burnt,
    steepest: float,
    bars: npt.NDArray[np.object_],
    *,
    towards: bool = False,
) -> Links:
    """Return the edges along roads, and those between roads and the ground.

    Parameters
    ----------
    terrain : Terrain
    burnt : Burnt
        Of this terrain; its network is already reversed if `towards`.
    steepest : float
        Slopes between a road and the ground count as this at most.
    bars : ndarray of LineString
        As `find_bars` returns them: no tie crosses one.
    towards : bool
        Journeys lead to the start of the sweep.
    """
    ways: Ways = ([], [], [])
    _run_along(burnt, ways)
    _enter_and_leave(burnt, ways)
    _keep_others(burnt, ways)
    _tie_ground(terrain, burnt, ways, steepest=steepest, bars=bars, towards=towards)
    tails, heads = np.concatenate(ways[0]), np.concatenate(ways[1])
    return Links(tails, heads, np.concatenate(ways[2]).astype(np.float32), burnt.nodes)


def _add(ways: Ways, tails: Longs, heads: Longs, seconds: npt.ArrayLike) -> None:
    ways[0].append(tails)
    ways[1].append(heads)
    ways[2].append(np.broadcast_to(np.asarray(seconds, dtype=float), tails.shape))


def _run_along(burnt: Burnt, ways: Ways) -> None:
    """Add the pieces of roads between cuts, in the directions that are open."""
    pieces = np.diff(burnt.first) - 1
    road = np.repeat(np.arange(len(pieces)), pieces)
    cut = np.repeat(burnt.first[:-1] - np.cumsum(pieces) + pieces, pieces) + np.arange(pieces.sum())
    run = burnt.network.road_seconds[burnt.roads].astype(float)
    for way in (0, 1):
        goes = run[road, way] < FAR
        behind, ahead = cut[goes] + way, cut[goes] + 1 - way
        _add(ways, burnt.cut(behind, way), burnt.cut(ahead, way), (run[road, way] / pieces[road])[goes])


def _enter_and_leave(burnt: Burnt, ways: Ways) -> None:
    """Add the ways between the ends of roads and the network's nodes, which take no time."""
    net, roads = burnt.network, burnt.roads
    ends = np.column_stack([burnt.first[:-1], burnt.first[1:] - 1])
    goes = net.road_seconds[roads] < FAR
    for way in (0, 1):
        on = goes[:, way]
        begin, end = burnt.cut(ends[on, way], way), burnt.cut(ends[on, 1 - way], way)
        _add(ways, burnt.junction(net.road_nodes[roads[on], way]), begin, 0.0)
        _add(ways, end, burnt.junction(net.road_exits[roads[on], way]), 0.0)
    for more, begins in ((net.more_begins, True), (net.more_ends, False)):
        row = np.searchsorted(roads, more[:, 0])
        near = row < len(roads)
        near[near] = roads[row[near]] == more[near, 0]
        for way in (0, 1):
            mine = near & (more[:, 1] == way)
            mine[mine] = goes[row[mine], way]
            cut = burnt.cut(ends[row[mine], way if begins else 1 - way], way)
            node = burnt.junction(more[mine, 2])
            _add(ways, *((node, cut) if begins else (cut, node)), 0.0)


def _keep_others(burnt: Burnt, ways: Ways) -> None:
    """Add the network's edges along roads that are not cut."""
    net = burnt.network
    whole = ~np.isin(net.road, burnt.roads)
    _add(ways, burnt.junction(net.tails()[whole]), burnt.junction(net.heads[whole]), net.seconds[whole])


def _tie_ground(
    terrain: Terrain,
    burnt: Burnt,
    ways: Ways,
    *,
    steepest: float,
    bars: npt.NDArray[np.object_],
    towards: bool,
) -> None:
    """Add the ways from cuts to the four nodes round them, and on foot those back."""
    number = np.flatnonzero(burnt.open)
    place, node, metres, rise_m = ties(terrain, burnt.xy[number], bars)
    pace = terrain.pace.reshape(-1)[node]
    for way in range(burnt.lanes):
        cut = burnt.cut(number[place], way)
        off = link_seconds(metres, rise_m, pace, steepest, towards=towards)
        _add(ways, cut, node, off)
        if burnt.network.mode == "walk":
            _add(ways, node, cut, link_seconds(metres, -rise_m, pace, steepest, towards=towards))


def ties(
    terrain: Terrain, xy: Floats, bars: npt.NDArray[np.object_], reach: int = 1
) -> tuple[Longs, Longs, Floats, Floats]:
    """Return the straight ways between places and the passable nodes round them that cross no bar.

    Returns
    -------
    place, node : ndarray of int64
    metres, rise_m : ndarray of float64
        Length, and height of the node less that of the place.
    """
    place, node = terrain.corners(xy, reach)
    stands = terrain.passable.reshape(-1)[node]
    place, node = place[stands], node[stands]
    there = terrain.places(node)
    if len(bars) and len(place):
        clear = _clear(xy[place], there, bars)
        place, node, there = place[clear], node[clear], there[clear]
    metres = np.hypot(*(there - xy[place]).T)
    rise_m = terrain.height_m.reshape(-1)[node] - terrain.heights(xy)[place]
    return place, node, metres, rise_m


def _clear(start: Floats, stop: Floats, bars: npt.NDArray[np.object_]) -> Truths:
    """Tell which straight ways touch no bar."""
    lines = shapely.linestrings(np.stack([start, stop], axis=1))
    which, bar = shapely.STRtree(bars).query(lines)
    clear = np.ones(len(start), dtype=bool)
    ends = shapely.get_coordinates(bars).reshape(-1, 2, 2)[bar]
    touch = meet(start[which], stop[which], ends[:, 0], ends[:, 1])
    clear[which[touch]] = False
    return clear
