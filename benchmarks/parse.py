"""From an OpenStreetMap extract to a graph, against pyrosm.

Both tools start from the file and end with a graph of the mode that carries lengths or times; ours is in
addition noded, joined, restricted and ordered. pyrosm needs igraph for its faster graph.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.sheet import Sheet, Task, hushed, is_there, run_alone
from spatial.engine.travel.network import Mode
from spatial.sources.networks import open_networks

TARGET = 5.0
MODES: dict[Mode, str] = {"drive": "driving", "cycle": "cycling", "walk": "walking"}


def run_rival(path: Path, modes: list[Mode], kind: str) -> list[Any]:
    """Build graphs with pyrosm as its documentation does."""
    from pyrosm import OSM

    graphs = []
    with hushed():
        osm = OSM(str(path))
        for mode in modes:
            nodes, edges = osm.get_network(nodes=True, network_type=MODES[mode])
            graphs.append(osm.to_graph(nodes, edges, graph_type=kind))
    return graphs


def measure(sheet: Sheet) -> None:
    """One mode each, then three modes of one file."""
    sheet.begin("Extract to graph (pyrosm)")
    path, rivals = sheet.extract, is_there(sheet, "pyrosm")
    kind = "igraph" if find_spec("igraph") else "networkx"
    sets: tuple[list[Mode], ...] = (["drive"], ["walk"], list(MODES))
    for modes in sets:
        tasks: dict[str, Task] = {"ours": lambda modes=modes: open_networks(path, modes, kept=False)}
        if rivals:
            tasks[f"pyrosm, {kind}"] = lambda modes=modes: run_rival(path, modes, kind)
        nodes, edges, _ = open_networks(path, modes, kept=False)[modes[-1]].size
        what = f"graph of {', '.join(modes)} ({nodes} nodes, {edges} edges)"
        sheet.compare(what, sheet.race(tasks), {f"pyrosm, {kind}": TARGET})


if __name__ == "__main__":
    sys.exit(run_alone(measure))
