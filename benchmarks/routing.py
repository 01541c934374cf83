"""Sweeps, matrices and totals against scipy, pandana and networkx.

Larger networks are mosaics of the extract: copies, mirrored so that equal edges meet, joined along them.
Hierarchies (ours and pandana's) are built before the clock runs; what ours took is printed, and a question
that includes the building is asked as well.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from benchmarks.sheet import Sheet, Task, hushed, is_there, run_alone
from spatial.engine.kernels import rehearse
from spatial.engine.threads import run_parts
from spatial.engine.travel import routing
from spatial.engine.travel.choice import Choice
from spatial.engine.travel.graph import Graph, Starts, rows_of
from spatial.engine.travel.hierarchy import Hierarchy, hierarchy_of
from spatial.engine.travel.network import FAR, Network

TILES = (1, 5, 90)
"""Copies in each mosaic by car; on foot the first only."""
CRS = "EPSG:25832"
IN_CACHE_NODES = 200_000
BAND_M = 1200.0
BUCKET, HIERARCHY = Choice("bucket", "asked"), Choice("hierarchy", "asked")


@dataclass(frozen=True, eq=False)
class Case:
    """A network to ask questions of, with every tool's own form of it."""

    name: str
    graph: Graph
    xy: np.ndarray
    matrix: csr_matrix
    pandana: Any
    networkx: Any


def cut_largest(network: Network) -> tuple[np.ndarray, ...]:
    """Return places, tails, heads and seconds of the largest strongly connected part: rivals need one."""
    inside = network.component == 0
    number = np.cumsum(inside) - 1
    tails = network.tails()
    kept = inside[tails] & inside[network.heads]
    return network.node_xy[inside], number[tails[kept]], number[network.heads[kept]], network.seconds[kept]


def lay_mosaic(part: tuple[np.ndarray, ...], tiles: int) -> tuple[Graph, np.ndarray]:
    """Return mirrored copies side by side, joined where their equal edges meet, in Hilbert order."""
    from spatial.engine.travel.assembly import order_along_hilbert

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


def ask_one_to_all(case: Case, sheet: Sheet) -> None:
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
    sheet.compare(
        f"{case.name}: 20 times one to all, 60 min drive",
        sheet.race(tasks),
        {"scipy": 2.5, "pandana": 10},
    )


def ask_memory(case: Case, sheet: Sheet) -> None:
    """One start to every node: nanoseconds of this thread a node, and in plain sweeps over the edges."""
    source = int(np.random.default_rng(1).integers(case.graph.nodes))
    field = np.zeros(case.graph.nodes, dtype=np.float32)
    heads, seconds = case.graph.edges["node"].copy(), case.graph.edges["seconds"].copy()
    seen = sheet.race(
        {
            "ours": lambda: routing.sweep(case.graph, ([source], [0.0])),
            "memory": lambda: np.minimum(field[heads], seconds),
        },
        timer=time.thread_time,
    )
    nodes = np.count_nonzero(routing.sweep(case.graph, ([source], [0.0])) < FAR)
    bound = 60 if case.graph.nodes <= IN_CACHE_NODES else 90
    sheet.bound(f"{case.name}: one to all, no limit: ns a settled node", seen["ours"] / nodes * 1e9, bound)
    ratio = seen["ours"] / seen["memory"]
    # On the machine of the first measurements a plain sweep took 6.4 ns a node in cache, 18 ns at a million.
    sheet.bound(
        f"{case.name}: in plain sweeps over the edges (gather and least)",
        ratio,
        9 if bound == 60 else 5,
    )


def ask_nearest(case: Case, sheet: Sheet) -> None:
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
    sheet.compare(f"{case.name}: nearest of 500, 60 min drive", sheet.race(tasks), {"pandana": 50})


def ask_matrix(case: Case, sheet: Sheet) -> None:
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
    sheet.compare(f"{case.name}: matrix 500 x 500, drive", sheet.race(tasks), {"scipy": 150, "pandana": 80})


def ask_many(case: Case, sheet: Sheet) -> None:
    """1 000 starts, 30 minutes by car: handed over in blocks, as one array, and summed up."""
    many = 1000 if case.graph.nodes <= IN_CACHE_NODES else 64
    starts = Starts.at(np.random.default_rng(4).choice(case.graph.nodes, many, replace=False))
    weights = np.ones(case.graph.nodes)
    what = f"{case.name}: {many} x 30 min"
    asked = {"plain bucket": 10.0} if many == 1000 else {}

    def both(ask: Callable[[Choice], Any]) -> dict[str, Task]:
        return {"ours": lambda: ask(HIERARCHY), "plain bucket": lambda: ask(BUCKET)}

    def drain(choice: Choice) -> None:
        for _ in routing.blocks(case.graph, starts, 1800, choice=choice):
            pass

    def write() -> None:
        rows = np.empty((many, case.graph.nodes), dtype=np.float32)
        run_parts(lambda begin, end: rows[begin:end].fill(FAR), many)

    sums = sheet.race(
        both(lambda choice: routing.totals(case.graph, weights, 1800, starts=starts, choice=choice))
    )
    sheet.compare(f"{what}, sums of what is reached", sums, asked)
    sheet.compare(f"{what}, times of all nodes in blocks", sheet.race(both(drain)), asked)
    array = both(lambda choice: routing.batch(case.graph, starts, 1800, choice=choice))
    seen = sheet.race({**array, "writing such an array": write})
    sheet.compare(f"{what}, times of all nodes as one array", seen)
    sheet.note(f"left to choose: {routing.choose(case.graph, starts, 1800)}")


def ask_totals(case: Case, sheet: Sheet) -> None:
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
        sheet.compare(
            f"{case.name}: totals of all nodes, {minutes} min walk",
            sheet.race(tasks, 3),
            {"pandana": 1.8},
        )


COLD = """
import sys
from pathlib import Path
from spatial.engine.travel import routing
from spatial.sources.networks import open_networks
(network,) = open_networks(Path(sys.argv[1]), ["drive"], crs=sys.argv[2]).values()
routing.sweep(network, ([0], [0.0]), 3600)
"""


def ask_cold(sheet: Sheet) -> None:
    """One ring's times in a fresh process, with no kernel compiled yet, and with compiling switched off."""

    def run(**more: str) -> None:
        command = [sys.executable, "-c", COLD, str(sheet.extract), CRS]
        subprocess.run(command, env={**os.environ, **more}, check=True)

    timer = (lambda: sum(os.times()[2:4])) if sheet.processor else time.perf_counter
    with tempfile.TemporaryDirectory() as empty:
        tasks: dict[str, Task] = {
            "ours": lambda: run(NUMBA_CACHE_DIR=empty),
            "scipy path": lambda: run(NUMBA_DISABLE_JIT="1"),
            "kernels at hand": run,
        }
        seen = sheet.race(tasks, timer=timer)
    sheet.compare("cold process: one ring, no kernel compiled", seen)
    sheet.bound("  in runs of the scipy path", seen["ours"] / seen["scipy path"], 1.5)


def measure_build(case: Case, sheet: Sheet) -> None:
    """Print what the hierarchy took and takes."""
    begin = sheet.timer()
    built = hierarchy_of(case.graph)
    assert built is not None
    spent = sheet.timer() - begin
    size = case.graph.nodes
    sheet.note(
        f"{case.name}: {size} nodes, {len(case.graph.edges)} edges; hierarchy built in {spent:.2f} s "
        f"({spent / size * 1e6:.1f} us a node), {built.arcs / size:.2f} arcs a node, "
        f"{int(built.level.max()) + 1} levels"
    )


def find_rivals(sheet: Sheet) -> set[str]:
    """Return the rivals that are installed; say which are not."""
    return {name for name in ("pandana", "networkx") if is_there(sheet, name)}


def measure(sheet: Sheet) -> None:
    """By car on mosaics, on foot on the extract itself."""
    from spatial.sources.networks import open_networks

    sheet.begin("Sweeps, matrices, totals (scipy, pandana, networkx)")
    rehearse()
    rivals = find_rivals(sheet)
    networks = open_networks(sheet.extract, ["drive", "walk"], crs=CRS)
    ask_cold(sheet)
    for mode, tiles in [*(("drive", many) for many in TILES), ("walk", 1)]:
        graph, xy = lay_mosaic(cut_largest(networks[mode]), tiles)
        with hushed():
            case = prepare(f"{mode} x {tiles}", graph, xy, rivals)
        measure_build(case, sheet)
        by_car = (ask_one_to_all, ask_memory, ask_nearest, ask_matrix, ask_many)
        for ask in by_car if mode == "drive" else (ask_totals,):
            ask(case, sheet)


if __name__ == "__main__":
    sys.exit(run_alone(measure))
