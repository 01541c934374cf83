"""Sweeps, matrices and totals against scipy, pandana and networkx: one run, interleaved, medians of five.

Run from the top of the tree in an environment that has pandana and networkx (those that are absent are left
out, and said so): ``python -m benchmarks.routing [FILE.osm.pbf] [--tiles 1,5,90]``. Without a file Heidelberg
is taken from the folder of real data (``SPATIAL_TEST_DATA``). Larger networks are mosaics of it: copies,
mirrored so that equal edges meet, joined along them. Each question is asked of all tools in turn, five times
over; what is printed are medians, ratios to ours, and whether the promise is kept. Hierarchies (ours and
pandana's) are built before the clock runs; what ours took is printed, and questions that include the building
are asked as well. On a busy machine ``--processor`` counts processor seconds of all threads instead of those
of the clock. Exit code 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from spatial.engine import routing
from spatial.engine.choice import Choice
from spatial.engine.graph import Graph, Starts, rows_of
from spatial.engine.hierarchy import Hierarchy, hierarchy_of
from spatial.engine.kernels import rehearse
from spatial.engine.network import FAR, Network

ROUNDS = 5
SLOW_S = 15.0
SHORT_S = 0.05
IN_CACHE_NODES = 200_000
BAND_M = 1200.0
BUCKET, HIERARCHY = Choice("bucket", "asked"), Choice("hierarchy", "asked")
TIMER = [time.perf_counter]
Task = Callable[[], Any]


@dataclass(frozen=True, eq=False)
class Case:
    """A network to ask questions of, with every tool's own form of it."""

    name: str
    graph: Graph
    xy: np.ndarray
    matrix: csr_matrix
    pandana: Any
    networkx: Any


def find_extract(path: str | None) -> Path:
    """Return the extract that was asked for, or Heidelberg."""
    if path:
        return Path(path)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("SPATIAL_TEST_DATA") or beside) / "osm" / "heidelberg.osm.pbf"


def cut_largest(network: Network) -> tuple[np.ndarray, ...]:
    """Return places, tails, heads and seconds of the largest strongly connected part: rivals need one."""
    inside = network.component == 0
    number = np.cumsum(inside) - 1
    tails = network.tails()
    kept = inside[tails] & inside[network.heads]
    return network.node_xy[inside], number[tails[kept]], number[network.heads[kept]], network.seconds[kept]


def lay_mosaic(part: tuple[np.ndarray, ...], tiles: int) -> tuple[Graph, np.ndarray]:
    """Return mirrored copies side by side, joined where their equal edges meet, in Hilbert order."""
    from spatial.engine.assembly import order_along_hilbert

    xy, tails, heads, seconds = part
    xy = xy - xy.min(axis=0)
    size, many = xy.max(axis=0), len(xy)
    columns = int(np.ceil(np.sqrt(tiles)))
    places, links = [], [[], [], []]

    def join(one: np.ndarray, other: np.ndarray, spent: np.ndarray) -> None:
        for row, more in zip(links, (one, other, spent), strict=True):
            row.append(more)

    for tile in range(tiles):
        column, row = tile % columns, tile // columns
        mirrored = np.where([column % 2, row % 2], size - xy, xy)
        places.append(mirrored + size * [column, row])
        join(tails + tile * many, heads + tile * many, seconds)
        for axis, neighbour in ((0, tile + 1), (1, tile + columns)):
            if neighbour >= tiles or (axis == 0 and column + 1 == columns):
                continue
            gap = size[axis] - mirrored[:, axis]
            near = np.flatnonzero(gap < BAND_M)
            spent = 0.1 + gap[near] * 2 / 10.0
            join(near + tile * many, near + neighbour * many, spent)
            join(near + neighbour * many, near + tile * many, spent)
    whole = np.concatenate(places)
    order = np.argsort(order_along_hilbert(whole), kind="stable")
    number = np.empty(len(whole), dtype=np.int64)
    number[order] = np.arange(len(whole))
    one, other, spent = (np.concatenate(row) for row in links)
    return rows_of(len(whole), number[one], number[other], spent), whole[order]


def prepare(name: str, graph: Graph, xy: np.ndarray, rivals: set[str]) -> Case:
    """Give each tool the network in its own form, ready to answer."""
    tails, heads, seconds = graph.tails, graph.edges["node"].copy(), graph.edges["seconds"].astype(float)
    matrix = csr_matrix((seconds, heads, graph.indptr), shape=(graph.nodes, graph.nodes))
    pandana = networkx = None
    if "pandana" in rivals and graph.nodes <= IN_CACHE_NODES:
        import pandana as tool
        import pandas as pd

        tables = [pd.Series(values) for values in (xy[:, 0], xy[:, 1], tails, heads)]
        pandana = tool.Network(*tables, pd.DataFrame({"seconds": seconds}), twoway=False)
    if "networkx" in rivals and graph.nodes <= IN_CACHE_NODES:
        import networkx as tool

        networkx = tool.DiGraph()
        networkx.add_weighted_edges_from(zip(tails.tolist(), heads.tolist(), seconds.tolist(), strict=True))
    return Case(name, graph, xy, matrix, pandana, networkx)


def race(
    tasks: dict[str, Task], rounds: int = ROUNDS, timer: Callable[[], float] | None = None
) -> dict[str, float]:
    """Return each task's median seconds: every round asks all, after one that does not count.

    A short task is asked again and again for `SHORT_S` in each round, one longer than `SLOW_S` only once.
    """
    timer = timer or TIMER[0]
    first = {name: clock(task, 1, timer) for name, task in tasks.items()}
    seen: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            if first[name] < SLOW_S:
                seen[name].append(clock(task, max(1, int(SHORT_S / first[name])), timer))
    return {name: median(times or [first[name]]) for name, times in seen.items()}


def clock(task: Task, times: int, timer: Callable[[], float]) -> float:
    """Return the mean seconds that a task takes."""
    gc.collect()
    begin = timer()
    for _ in range(times):
        task()
    return (timer() - begin) / times


class Table:
    """Prints one line a question and remembers whether promises are kept."""

    def __init__(self) -> None:
        self.kept = True

    def show(self, case: Case, question: str, seen: dict[str, float], targets: dict[str, float]) -> None:
        """Print medians, ratios to ours and promises."""
        ours = seen["ours"]
        print(f"{case.name:16} {question:42} ours {ours * 1e3:10.3f} ms")
        for name, spent in seen.items():
            if name == "ours":
                continue
            ratio, target = spent / ours, targets.get(name)
            verdict = (
                "" if target is None else f"   at least {target:g}: {'kept' if ratio >= target else 'BROKEN'}"
            )
            self.kept &= target is None or ratio >= target
            print(f"{'':16} {'':30} {name:>26} {spent * 1e3:10.3f} ms  {ratio:9.1f} x{verdict}")
        sys.stdout.flush()

    def show_bound(self, name: str, question: str, value: float, bound: float) -> None:
        """Print a value that must stay below a bound."""
        self.kept &= value <= bound
        verdict = "kept" if value <= bound else "BROKEN"
        print(f"{name:16} {question:58} {value:10.2f}   at most {bound:g}: {verdict}")


def ask_one_to_all(case: Case, table: Table) -> None:
    """Twenty starts one after the other, 60 minutes by car each."""
    sources = np.random.default_rng(1).integers(case.graph.nodes, size=20).tolist()

    def each(ask: Callable[[int], Any]) -> Task:
        return lambda: [ask(source) for source in sources]

    tasks: dict[str, Task] = {
        "ours": each(lambda source: routing.sweep(case.graph, ([source], [0.0]), 3600)),
        "scipy": each(lambda source: dijkstra(case.matrix, indices=source, limit=3600.0)),
    }
    if case.pandana is not None:
        tasks["pandana"] = each(lambda source: case.pandana.nodes_in_range([source], 3600))
    if case.networkx is not None:
        import networkx

        search = networkx.single_source_dijkstra_path_length
        tasks["networkx"] = each(lambda source: search(case.networkx, source, 3600))
    table.show(case, "20 times one to all, 60 min drive", race(tasks), {"scipy": 2.5, "pandana": 10})


def ask_memory(case: Case, table: Table) -> None:
    """One start to every node: nanoseconds of this thread a node, and in plain sweeps over the edges."""
    source = int(np.random.default_rng(1).integers(case.graph.nodes))
    field = np.zeros(case.graph.nodes, dtype=np.float32)
    heads, seconds = case.graph.edges["node"].copy(), case.graph.edges["seconds"].copy()
    seen = race(
        {
            "ours": lambda: routing.sweep(case.graph, ([source], [0.0])),
            "memory": lambda: np.minimum(field[heads], seconds),
        },
        timer=time.thread_time,
    )
    nodes = np.count_nonzero(routing.sweep(case.graph, ([source], [0.0])) < FAR)
    bound = 60 if case.graph.nodes <= IN_CACHE_NODES else 90
    table.show_bound(case.name, "one to all, no limit: ns a settled node", seen["ours"] / nodes * 1e9, bound)
    ratio = seen["ours"] / seen["memory"]
    # On the machine of the first measurements a plain sweep took 6.4 ns a node in cache, 18 ns at a million.
    table.show_bound(
        case.name, "  in plain sweeps over the edges (gather and least)", ratio, 9 if bound == 60 else 5
    )


def ask_nearest(case: Case, table: Table) -> None:
    """The nearest of 500 places to every node, 60 minutes."""
    places = np.random.default_rng(2).choice(case.graph.nodes, 500, replace=False)
    starts = Starts.at(places)
    tasks: dict[str, Task] = {
        "ours": lambda: routing.nearest(case.graph, starts, 3600, towards=True),
        "scipy": lambda: dijkstra(
            case.matrix.T, indices=places, limit=3600.0, min_only=True, return_predecessors=True
        ),
    }
    if case.pandana is not None:
        x, y = case.xy[places].T
        case.pandana.set_pois("places", 3600, 1, x, y)
        tasks["pandana"] = lambda: case.pandana.nearest_pois(3600, "places", num_pois=1, include_poi_ids=True)
    if case.networkx is not None:
        import networkx

        few = places.tolist()
        tasks["networkx"] = lambda: networkx.multi_source_dijkstra_path_length(case.networkx, few, 3600)
    table.show(case, "nearest of 500, 60 min drive", race(tasks), {"pandana": 50})


def ask_matrix(case: Case, table: Table) -> None:
    """500 to 500 places, no limit."""
    rng = np.random.default_rng(3)
    origins, targets = (rng.choice(case.graph.nodes, 500, replace=False) for _ in range(2))
    starts, ends = Starts.at(origins), Starts.at(targets)
    ours = hierarchy_of(case.graph)
    assert ours is not None
    tasks: dict[str, Task] = {
        "ours": lambda: ours.fill_table(starts, ends),
        "scipy": lambda: dijkstra(case.matrix, indices=origins)[:, targets],
    }
    if case.pandana is not None:
        one, other = np.repeat(origins, 500), np.tile(targets, 500)
        tasks["pandana"] = lambda: case.pandana.shortest_path_lengths(one, other)
    if case.graph.nodes <= IN_CACHE_NODES:
        tasks["ours, hierarchy built first"] = lambda: Hierarchy.of(case.graph).fill_table(starts, ends)
    table.show(case, "matrix 500 x 500, drive", race(tasks), {"scipy": 150, "pandana": 80})


def ask_many(case: Case, table: Table) -> None:
    """1 000 starts, 30 minutes by car, times of every node written out."""
    many = 1000 if case.graph.nodes <= IN_CACHE_NODES else 64
    starts = Starts.at(np.random.default_rng(4).choice(case.graph.nodes, many, replace=False))
    tasks: dict[str, Task] = {
        "ours": lambda: routing.batch(case.graph, starts, 1800, choice=HIERARCHY),
        "plain bucket": lambda: routing.batch(case.graph, starts, 1800, choice=BUCKET),
    }
    table.show(
        case, f"{many} x 30 min drive, all times", race(tasks), {"plain bucket": 10} if many == 1000 else {}
    )
    weights = np.ones(case.graph.nodes)
    tasks = {
        "ours": lambda: routing.totals(case.graph, weights, 1800, starts=starts, choice=HIERARCHY),
        "plain bucket": lambda: routing.totals(case.graph, weights, 1800, starts=starts, choice=BUCKET),
    }
    table.show(case, f"{many} x 30 min drive, sums", race(tasks), {})
    chosen = routing.choose(case.graph, starts, 1800)
    print(f"{'':16} left to choose: {chosen}")


def ask_totals(case: Case, table: Table) -> None:
    """What each node reaches on foot in 15 and 30 minutes, of weights at all nodes."""
    weights = np.random.default_rng(5).integers(0, 50, case.graph.nodes).astype(float)
    for minutes in (15, 30):
        seconds = minutes * 60.0
        tasks: dict[str, Task] = {
            "ours": lambda seconds=seconds: routing.totals(case.graph, weights, seconds),
            "plain bucket": lambda seconds=seconds: routing.totals(
                case.graph, weights, seconds, choice=BUCKET
            ),
        }
        if case.pandana is not None:
            case.pandana.set(np.arange(case.graph.nodes), weights, "people")
            tasks["pandana"] = lambda seconds=seconds: case.pandana.aggregate(
                seconds, "sum", "flat", name="people"
            )
        table.show(case, f"totals of all nodes, {minutes} min walk", race(tasks, 3), {"pandana": 1.8})


COLD = """
import sys
from pathlib import Path
from spatial.engine import routing
from spatial.sources.networks import open_networks
(network,) = open_networks(Path(sys.argv[1]), ["drive"], crs=sys.argv[2]).values()
routing.sweep(network, ([0], [0.0]), 3600)
"""


def ask_cold(extract: Path, crs: str, table: Table) -> None:
    """One ring's times in a fresh process, with no kernel compiled yet, and with compiling switched off."""

    def run(**more: str) -> None:
        command = [sys.executable, "-c", COLD, str(extract), crs]
        subprocess.run(command, env={**os.environ, **more}, check=True)

    with tempfile.TemporaryDirectory() as empty:
        seen = race(
            {
                "ours": lambda: run(NUMBA_CACHE_DIR=empty),
                "scipy path": lambda: run(NUMBA_DISABLE_JIT="1"),
                "kernels at hand": run,
            },
            timer=time.perf_counter if TIMER[0] is time.perf_counter else lambda: sum(os.times()[2:4]),
        )
    print(f"{'cold process':16} one ring, no kernel compiled: {seen}")
    table.show_bound("cold process", "  in runs of the scipy path", seen["ours"] / seen["scipy path"], 1.5)


def measure_build(case: Case) -> None:
    """Print what the hierarchy took and takes."""
    begin = TIMER[0]()
    built = hierarchy_of(case.graph)
    assert built is not None
    spent = TIMER[0]() - begin
    size = case.graph.nodes
    print(
        f"{case.name:16} {size} nodes, {len(case.graph.edges)} edges; hierarchy built in {spent:.2f} s "
        f"({spent / size * 1e6:.1f} us a node), {built.arcs / size:.2f} arcs a node, "
        f"{int(built.level.max()) + 1} levels"
    )


def find_rivals() -> set[str]:
    """Return the rivals that are installed; say which are not."""
    found = set()
    for name in ("pandana", "networkx"):
        try:
            __import__(name)
            found.add(name)
        except ImportError:
            print(f"{name} is not installed: no comparison with it")
    return found


def main(arguments: list[str]) -> int:
    """Print the table; 1 if a promise is broken."""
    from spatial.sources.networks import open_networks

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extract", nargs="?")
    parser.add_argument(
        "--tiles", default="1,5,90", help="copies in each mosaic by car; on foot the first only"
    )
    parser.add_argument("--crs", default="EPSG:25832")
    parser.add_argument(
        "--processor", action="store_true", help="processor seconds of all threads: for a busy machine"
    )
    asked = parser.parse_args(arguments)
    if asked.processor:
        TIMER[0] = time.process_time
    warnings.simplefilter("ignore")
    rehearse()
    rivals, table = find_rivals(), Table()
    networks = open_networks(find_extract(asked.extract), ["drive", "walk"], crs=asked.crs)
    ask_cold(find_extract(asked.extract), asked.crs, table)
    tiles = [int(part) for part in asked.tiles.split(",")]
    for many in tiles:
        with contextlib.redirect_stdout(io.StringIO()):
            graph, xy = lay_mosaic(cut_largest(networks["drive"]), many)
            case = prepare(f"drive x {many}", graph, xy, rivals)
        measure_build(case)
        for ask in (ask_one_to_all, ask_memory, ask_nearest, ask_matrix, ask_many):
            ask(case, table)
    graph, xy = lay_mosaic(cut_largest(networks["walk"]), tiles[0])
    case = prepare(f"walk x {tiles[0]}", graph, xy, rivals)
    measure_build(case)
    ask_totals(case, table)
    return 0 if table.kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
