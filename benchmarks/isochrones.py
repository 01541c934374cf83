"""Rings of equal time on Heidelberg: precision, recall and milliseconds, beside other ways to draw them.

``python -m benchmarks.isochrones PATH/heidelberg.osm.pbf``. Quality is measured on places 5 m apart along
every road: what share of those inside a ring is truly reached in time (precision), and what share of those
reached in time is inside (recall); for the middle limit as a ring, and as a band without the ring before.
All ways are run in turn for each start, so that they meet the same noise; of up to five runs within half a
second the least counts, as noise only adds. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import shapely
import shapely.ops
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from spatial.engine.arrivals import Origins
from spatial.engine.assembly import build_network
from spatial.engine.isochrones import RingRules, trace_rings
from spatial.engine.network import FAR, Floats, Mode, Network, Seconds
from spatial.engine.places import starts_of
from spatial.engine.snapping import Snaps
from spatial.engine.stretches import arrive_at, cut_roads, find_front

STARTS = 9
STEP_M = 5.0
MINUTES: dict[Mode, tuple[int, int, int]] = {"walk": (15, 30, 60), "drive": (5, 10, 20)}
CELLS: dict[Mode, tuple[float, ...]] = {"walk": (12.5, 25.0, 50.0), "drive": (25.0, 50.0, 100.0)}
TARGETS: dict[Mode, tuple[float, float, float]] = {"walk": (0.96, 0.995, 25.0), "drive": (0.94, 0.99, 200.0)}
"""Precision, recall; milliseconds on foot for the middle ring, by car for all three."""

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


def clock(task: Callable[[], Drawn]) -> tuple[float, Drawn]:
    """Return the least milliseconds of a few runs, and what the task returned."""
    spent: list[float] = []
    while len(spent) < 5 and sum(spent) < 0.5:
        began = time.perf_counter()
        drawn = task()
        spent.append(time.perf_counter() - began)
    return 1000 * min(spent), drawn


def run(file: Path, mode: Mode) -> bool:
    """Print the table of a mode; tell whether its targets are met."""
    network, minutes = load(file, mode), MINUTES[mode]
    truth = Truth(network)
    starts = choose_starts(network, STARTS)
    ways: dict[str, Way] = {f"grid {cell:g} m": partial(draw_grid, cell) for cell in CELLS[mode]}
    ways |= {"buffered roads, union": buffer_roads, "concave hull of nodes": wrap_nodes}
    found: dict[str, list[list[float]]] = {name: [] for name in ways}
    for at in range(STARTS):
        start = Snaps(starts.road[[at]], starts.share[[at]], starts.offset_m[[at]])
        seconds = sweep(network, start, minutes[-1] * 60.0)
        times = truth.times(seconds, start)
        for name, draw in ways.items():
            draw(network, seconds, start, minutes[:1])  # as in a second question: samples are there
            middle_ms, _ = clock(partial(draw, network, seconds, start, minutes[1:2]))
            all_ms, drawn = clock(partial(draw, network, seconds, start, minutes))
            corners = float(shapely.get_num_coordinates(drawn[1]))
            found[name].append([*truth.judge(drawn, times, minutes), middle_ms, all_ms, corners])
    return report(mode, minutes, found)


def report(mode: Mode, minutes: Sequence[int], found: dict[str, list[list[float]]]) -> bool:
    """Print medians over the starts, tell whether the targets are met."""
    inner, middle, _ = minutes
    print(f"\n{mode}, {STARTS} starts, {minutes} min; ring: within {middle}, band: {inner} to {middle}")
    print(f"{'':22} ring: precision recall  band: precision recall  ms {middle} min  ms all  corners")
    rows = {name: [median(column) for column in zip(*lines, strict=True)] for name, lines in found.items()}
    for name, row in rows.items():
        quality = f"{row[0]:16.4f} {row[1]:6.4f} {row[2]:16.4f} {row[3]:6.4f}"
        print(f"{name:22} {quality} {row[4]:10.1f} {row[5]:7.1f} {row[6]:8.0f}")
    precision, recall, limit_ms = TARGETS[mode]
    row = rows["grid 25 m"]
    met = min(row[0], row[2]) >= precision and min(row[1], row[3]) >= recall
    met &= row[4 if mode == "walk" else 5] <= limit_ms
    print(f"precision {precision}, recall {recall}, {limit_ms:g} ms at 25 m: {'met' if met else 'MISSED'}")
    return met


def main(arguments: Sequence[str]) -> int:
    """Run both modes."""
    modes: tuple[Mode, Mode] = ("walk", "drive")
    met = [run(Path(arguments[0]), mode) for mode in modes]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
