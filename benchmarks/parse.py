"""From an OpenStreetMap extract to a graph, against pyrosm, interleaved in one run; medians of five.

Run from the top of the tree in an environment that has pyrosm (and igraph, its faster graph):
``python -m benchmarks.parse [FILE.osm.pbf]``. Without a file Heidelberg is taken from the folder of real
data (``SPATIAL_TEST_DATA``). Both tools start from the file and end with a graph of the mode that carries
lengths or times; ours is in addition noded, joined, restricted and ordered. Exit code 1 where the walking
graph, or the three graphs together, are not five times as fast.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from spatial.sources.networks import open_networks

TARGET = 5.0
ROUNDS = 5
MODES = {"drive": "driving", "cycle": "cycling", "walk": "walking"}


def find_extract() -> Path:
    """Return the extract that was asked for, or Heidelberg."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("SPATIAL_TEST_DATA") or beside) / "osm" / "heidelberg.osm.pbf"


def find_kind() -> str:
    """Return the kind of graph that pyrosm builds fastest of those installed."""
    try:
        import igraph  # noqa: F401
    except ImportError:
        return "networkx"
    return "igraph"


def run_rival(path: Path, modes: list[str], kind: str) -> list[Any]:
    """Build graphs with pyrosm as its documentation does."""
    from pyrosm import OSM

    osm = OSM(str(path))
    graphs = []
    for mode in modes:
        nodes, edges = osm.get_network(nodes=True, network_type=MODES[mode])
        graphs.append(osm.to_graph(nodes, edges, graph_type=kind))
    return graphs


def clock(job: Callable[[], Any]) -> float:
    """Return the seconds of one run, without what it prints."""
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        job()
    return time.perf_counter() - start


def compare(path: Path, modes: list[str], kind: str) -> float:
    """Print one row and return how many times as fast."""
    jobs = {
        "ours": lambda: open_networks(path, modes, kept=False),
        "pyrosm": lambda: run_rival(path, modes, kind),
    }
    seen: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            seen[name].append(clock(job))
    ours, rival = median(seen["ours"]), median(seen["pyrosm"])
    nodes, edges, _ = open_networks(path, modes, kept=False)[modes[-1]].size
    print(
        f"{', '.join(modes):18} {nodes:>9,} nodes {edges:>9,} edges  ours {ours:6.2f} s  "
        f"pyrosm ({kind}) {rival:6.2f} s  ratio {rival / ours:5.1f}"
    )
    return rival / ours


def main() -> int:
    """Print the table; 1 if a promise is broken."""
    warnings.simplefilter("ignore")
    logging.disable(logging.INFO)
    path = find_extract()
    try:
        import pyrosm  # noqa: F401
    except ImportError:
        print("pyrosm is not installed: nothing to compare with")
        return 2
    if not path.is_file():
        print(f"no extract {path.name}: give one, or set SPATIAL_TEST_DATA to the folder of real data")
        return 2
    kind = find_kind()
    compare(path, ["drive"], kind)
    walk = compare(path, ["walk"], kind)
    three = compare(path, list(MODES), kind)
    return 0 if min(walk, three) >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
