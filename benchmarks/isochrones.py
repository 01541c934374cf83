"""Rings of equal time: precision, recall and milliseconds, and the OSMnx recipe for the same three rings.

Quality is measured on places 5 m apart along every road: what share of those inside a ring is truly reached
in time (precision), and what share of those reached in time is inside (recall); for the middle limit as a
ring, and as a band without the ring before; medians over nine starts. All ways are run in turn for each
start, so that they meet the same noise; of up to five runs within half a second the least counts, as noise
only adds.

The recipe is that of OSMnx's notebook on isochrones: the ego graph within each time, its nodes and edges
buffered, and their union; its graph is prepared before the clock runs. Where OSMnx is absent, the same steps
are made with networkx and shapely alone, without the tables of geopandas in between, and said so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import shapely
import shapely.ops
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.sheet import Sheet, is_there, run_alone
from spatial.engine.kernels import rehearse
from spatial.engine.rings.arrivals import Origins
from spatial.engine.rings.isochrones import RingRules, trace_rings
from spatial.engine.travel import routing
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import FAR, Floats, Mode, Network, Seconds
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.snapping import Snaps
from spatial.engine.travel.stretches import arrive_at, cut_roads, find_front

STARTS = 9
STEP_M = 5.0
MINUTES: dict[Mode, tuple[int, int, int]] = {"walk": (15, 30, 60), "drive": (5, 10, 20)}
CELLS: dict[Mode, tuple[float, ...]] = {"walk": (12.5, 25.0, 50.0), "drive": (25.0, 50.0, 100.0)}
TARGETS: dict[Mode, tuple[float, float, float]] = {"walk": (0.96, 0.995, 25.0), "drive": (0.94, 0.99, 200.0)}
"""Precision, recall; milliseconds on foot for the middle ring, by car for all three."""

RECIPE_TARGET = 200.0
NODE_M, EDGE_M = 50.0, 25.0
"""How far the recipe reaches from nodes and edges."""

Drawn = Sequence[shapely.Geometry]
Way = Callable[[Network, Seconds, Snaps, Sequence[int]], Drawn]


def load(file: Path, mode: Mode) -> Network:
    """Read the extract and build its network."""
    from spatial.sources.osm import make_table, read_osm
    from spatial.sources.speeds import choose_class_speeds

    return build_network(make_table(read_osm(file), mode), crs="EPSG:25832", speeds=choose_class_speeds(mode))


def choose_starts(network: Network, count: int) -> Snaps:
    """Draw places on roads of the largest part within 3 km of the middle of the town."""
    middle = np.array([477_600.0, 5_473_400.0])
    where = network.node_xy[network.road_nodes[:, 0]]
    near = (np.hypot(*(where - middle).T) < 3000) & (network.road_components() == 0)
    random = np.random.default_rng(7)
    road = random.choice(np.flatnonzero(near), count, replace=False).astype(np.int32)
    return Snaps(road, random.uniform(0.1, 0.9, count), np.zeros(count))


def sweep(network: Network, start: Snaps, limit_s: float) -> Seconds:
    """Return arrivals at the nodes, by scipy."""
    count = len(network.node_xy)
    nodes, lead = starts_of(network, start)[0]
    tail = np.concatenate([network.tails(), np.full(len(nodes), count)])
    head = np.concatenate([network.heads, nodes])
    weight = np.concatenate([network.seconds, np.maximum(lead, 1e-6)]).astype(float)
    order = np.lexsort((weight, head, tail))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)
    order = order[new]
    graph = csr_array((weight[order], (tail[order], head[order])), shape=(count + 1, count + 1))
    found = dijkstra(graph, indices=count, limit=limit_s)[:count]
    return np.where(np.isfinite(found), found, FAR).astype(np.float32)


class Truth:
    """Places along every road, and when they are reached."""

    def __init__(self, network: Network) -> None:
        counts = np.maximum(1, np.round(network.road_m / STEP_M)).astype(int)
        self.road = np.repeat(np.arange(len(counts)), counts)
        step = np.arange(len(self.road)) - np.repeat(np.cumsum(counts) - counts, counts)
        self.share = (step + 0.5) / counts[self.road]
        points = shapely.line_interpolate_point(network.shapes()[self.road], self.share, normalized=True)
        self.x, self.y = shapely.get_coordinates(points).T
        self.network = network

    def times(self, seconds: Seconds, start: Snaps) -> Floats:
        """Return when each place is reached."""
        return arrive_at(find_front(self.network, seconds, start), self.road, self.share)

    def judge(self, drawn: Drawn, times: Floats, minutes: Sequence[int]) -> list[float]:
        """Return precision and recall of the middle ring, then of the middle band."""
        shapely.prepare(drawn)
        inside = [shapely.contains_xy(shape, self.x, self.y) for shape in drawn]
        inner, ring = (times <= 60 * limit for limit in minutes[:2])
        pairs = [(ring, inside[1]), (ring & ~inner, inside[1] & ~inside[0])]
        return [float((real & said).sum() / part.sum()) for real, said in pairs for part in (said, real)]


def draw_grid(
    cell_m: float, network: Network, seconds: Seconds, start: Snaps, minutes: Sequence[int]
) -> Drawn:
    """Draw rings as the toolkit does."""
    rules = RingRules(cell_m=cell_m)
    return trace_rings(network, seconds, minutes, rules, origins=Origins.of(start))


def buffer_roads(network: Network, seconds: Seconds, start: Snaps, minutes: Sequence[int]) -> Drawn:
    """Draw rings as the union of the reached roads, 50 m wide to both sides."""
    front = find_front(network, seconds, start)
    lines = [cut_roads(network, *front.within(60.0 * limit)) for limit in minutes]
    return [shapely.union_all(shapely.buffer(roads, 50, quad_segs=4)) for roads in lines]


def wrap_nodes(network: Network, seconds: Seconds, start: Snaps, minutes: Sequence[int]) -> Drawn:
    """Draw rings as concave hulls of the reached nodes."""
    clouds = [shapely.multipoints(network.node_xy[seconds <= 60 * limit]) for limit in minutes]
    return [shapely.concave_hull(cloud, ratio=0.05, allow_holes=True) for cloud in clouds]


def clock(task: Callable[[], Drawn], timer: Callable[[], float]) -> tuple[float, Drawn]:
    """Return the least milliseconds of a few runs, and what the task returned."""
    spent: list[float] = []
    while len(spent) < 5 and sum(spent) < 0.5:
        began = timer()
        drawn = task()
        spent.append(timer() - began)
    return 1000 * min(spent), drawn


def judge_ways(sheet: Sheet, network: Network, mode: Mode) -> None:
    """Judge and time every way to draw rings, of which ours at 25 m is held to its promise."""
    minutes, truth, starts = MINUTES[mode], Truth(network), choose_starts(network, STARTS)
    ways: dict[str, Way] = {f"grid {cell:g} m": partial(draw_grid, cell) for cell in CELLS[mode]}
    ways |= {"buffered roads, union": buffer_roads, "concave hull of nodes": wrap_nodes}
    found: dict[str, list[list[float]]] = {name: [] for name in ways}
    for at in range(STARTS):
        start = Snaps(starts.road[[at]], starts.share[[at]], starts.offset_m[[at]])
        seconds = sweep(network, start, minutes[-1] * 60.0)
        times = truth.times(seconds, start)
        for name, draw in ways.items():
            draw(network, seconds, start, minutes[:1])  # as in a second question: samples are there
            middle_ms, _ = clock(partial(draw, network, seconds, start, minutes[1:2]), sheet.timer)
            all_ms, drawn = clock(partial(draw, network, seconds, start, minutes), sheet.timer)
            found[name].append([*truth.judge(drawn, times, minutes), middle_ms, all_ms])
    report(sheet, mode, found)


def report(sheet: Sheet, mode: Mode, found: dict[str, list[list[float]]]) -> None:
    """Print medians over the starts."""
    inner, middle, last = MINUTES[mode]
    rows = {name: [median(column) for column in zip(*lines, strict=True)] for name, lines in found.items()}
    for name, row in rows.items():
        sheet.note(
            f"{mode}, {name:22} ring of {middle} min: precision {row[0]:.4f} recall {row[1]:.4f}; "
            f"band {inner} to {middle} min: {row[2]:.4f} {row[3]:.4f}; "
            f"{middle} min {row[4]:.1f} ms, all three {row[5]:.1f} ms"
        )
    precision, recall, limit_ms = TARGETS[mode]
    row, alone = rows["grid 25 m"], mode == "walk"
    what = f"{mode} {inner}/{middle}/{last} min, grid 25 m"
    sheet.bound(f"{what}: precision of ring and band", min(row[0], row[2]), precision, least=True)
    sheet.bound(f"{what}: recall of ring and band", min(row[1], row[3]), recall, least=True)
    sheet.bound(f"{what}: {'middle ring' if alone else 'all three'}", row[4 if alone else 5], limit_ms, "ms")


def make_recipe(network: Network) -> tuple[str, Callable[[int, Sequence[int]], Drawn]]:
    """Return the rival's name, and what draws its rings round a node."""
    if find_spec("osmnx") is None:
        return "OSMnx recipe, networkx and shapely", partial(follow_steps, make_graph(network))
    import geopandas as gpd
    import osmnx

    count, tails = len(network.node_xy), network.tails()
    nodes = gpd.GeoDataFrame(
        {"x": network.node_xy[:, 0], "y": network.node_xy[:, 1]},
        geometry=shapely.points(network.node_xy),
        crs=network.crs,
        index=np.arange(count),
    )
    index = {"u": tails, "v": network.heads, "key": np.arange(len(tails))}
    edges = gpd.GeoDataFrame(
        {**index, "time": network.seconds / 60}, geometry=network.shapes()[network.road], crs=network.crs
    )
    return "OSMnx recipe", partial(follow_osmnx, osmnx.graph_from_gdfs(nodes, edges.set_index(list(index))))


def follow_osmnx(graph: Any, centre: int, minutes: Sequence[int]) -> Drawn:
    """Follow the notebook: ego graph, buffered nodes and edges, union."""
    import geopandas as gpd
    import networkx
    import osmnx

    drawn = []
    for limit in minutes:
        part = networkx.ego_graph(graph, centre, radius=limit, distance="time")
        nodes, edges = osmnx.graph_to_gdfs(part)
        shapes = [*nodes.buffer(NODE_M).geometry, *edges.buffer(EDGE_M).geometry]
        drawn.append(gpd.GeoSeries(shapes).union_all())
    return drawn


def make_graph(network: Network) -> Any:
    """Return the network as networkx takes it, with shapes on its edges."""
    import networkx

    graph = networkx.MultiDiGraph()
    for node, (x, y) in enumerate(network.node_xy.tolist()):
        graph.add_node(node, x=x, y=y)
    columns = (network.tails().tolist(), network.heads.tolist(), (network.seconds / 60).tolist())
    for tail, head, time, shape in zip(*columns, network.shapes()[network.road], strict=True):
        graph.add_edge(tail, head, time=time, geometry=shape)
    return graph


def follow_steps(graph: Any, centre: int, minutes: Sequence[int]) -> Drawn:
    """Make the steps of the recipe without OSMnx."""
    import networkx

    drawn = []
    for limit in minutes:
        part = networkx.ego_graph(graph, centre, radius=limit, distance="time")
        places = [(row["x"], row["y"]) for _, row in part.nodes(data=True)]
        lines = [row["geometry"] for _, _, row in part.edges(data=True)]
        shapes = [*shapely.buffer(shapely.points(places), NODE_M), *shapely.buffer(lines, EDGE_M)]
        drawn.append(shapely.union_all(shapes))
    return drawn


def race_recipe(sheet: Sheet, network: Network) -> None:
    """Three walking rings with polygons from a node, whole: times and shapes."""
    if not is_there(sheet, "networkx"):
        return
    minutes = MINUTES["walk"]
    name, recipe = make_recipe(network)
    node = int(network.road_nodes[choose_starts(network, 1).road[0], 0])

    def draw() -> Drawn:
        seconds = routing.sweep(network, ([node], [0.0]), minutes[-1] * 60.0)
        return trace_rings(network, seconds, minutes, RingRules(cell_m=25.0))

    tasks = {"ours": draw, name: lambda: recipe(node, minutes)}
    what = f"walk {'/'.join(map(str, minutes))} min, rings with polygons from a node"
    sheet.compare(what, sheet.race(tasks, 3), {name: RECIPE_TARGET})


def measure(sheet: Sheet) -> None:
    """On foot and by car."""
    sheet.begin("Rings as polygons (OSMnx recipe)")
    rehearse()
    modes: tuple[Mode, ...] = ("walk", "drive")
    for mode in modes:
        network = load(sheet.extract, mode)
        judge_ways(sheet, network, mode)
        if mode == "walk":
            race_recipe(sheet, network)


if __name__ == "__main__":
    sys.exit(run_alone(measure))
