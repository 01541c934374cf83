"""Which engine answers a question soonest: an estimate from its size, its reach and what is at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spatial.engine import fallback
from spatial.engine.graph import Graph, Starts, graph_of
from spatial.engine.kernels import is_ready, load_room, warm_kernels
from spatial.engine.network import FAR, Network
from spatial.engine.threads import count_threads

Engine = Literal["scipy", "bucket", "hierarchy"]

# Seconds on a plain processor core, of which the ratios matter; benchmarks/routing.py measures them.
_SCIPY = 120e-9
"""A node reached, by scipy."""
_BUCKET = 35e-9
"""A node reached, by bucket queue."""
_LANE = 0.8e-9
"""A node and start in the hierarchy."""
_WRITE = 1.2e-9
"""A node and start written out in rows."""
_BUILD = 15e-6
"""A node of the hierarchy, once."""
_COMPILE: dict[Engine, float] = {"scipy": 0.0, "bucket": 4.0, "hierarchy": 10.0}
"""Kernels that are not kept on disk yet."""

_LANES = 64
_PROBES = 3
_FEW = 8
_ABOVE = 40
"""Places of the hierarchy that come with a target, until all are chosen."""


@dataclass(frozen=True)
class Choice:
    """Which engine answers, and why.

    Parameters
    ----------
    engine : str
        ``scipy``, ``bucket`` or ``hierarchy``.
    reason : str
        One line to print.
    """

    engine: Engine
    reason: str

    def __str__(self) -> str:
        return f"{self.engine}: {self.reason}"


def choose(
    network: Network | Graph,
    starts: Starts,
    limit_s: float = np.inf,
    *,
    towards: bool = False,
    targets: int | None = None,
    rows: bool = True,
) -> Choice:
    """Return the engine that answers soonest, by estimate.

    Parameters
    ----------
    network : Network or Graph
        n nodes.
    starts : Starts
        q sweeps.
    limit_s : float
        How far they go; up to three are tried to see how much that is.
    towards : bool
        Journeys to the starts.
    targets : int, optional
        Only so many places are asked for.
    rows : bool
        Whether the time of every node is written down (`batch`) or only sums of them (`totals`).

    Returns
    -------
    Choice
        Without numba always scipy. Kernels that must be compiled first count with the seconds that takes;
        if scipy answers sooner, they are compiled meanwhile for the next time.

    Examples
    --------
    >>> ring = Graph.of(np.arange(5), np.array([1, 2, 3, 0]), np.ones(4))
    >>> choose(ring, Starts.at([0])).engine in ("bucket", "scipy")
    True
    """
    graph = graph_of(network)
    if load_room("buckets") is None:
        return Choice("scipy", "numba is absent or switched off")
    ready = is_ready("buckets")
    reach = _probe(graph.turned if towards else graph, starts, limit_s, ready)
    seconds = _estimate(graph, len(starts), reach, targets, rows)
    if not ready:
        seconds["bucket"] += _COMPILE["bucket"]
    engine = min(seconds, key=lambda name: seconds[name])
    if engine == "hierarchy" and not (is_ready("lanes") and is_ready("contraction")):
        seconds["hierarchy"] += _COMPILE["hierarchy"]
        engine = min(seconds, key=lambda name: seconds[name])
    if engine == "scipy":
        warm_kernels()
    shown = ", ".join(
        f"{value:.2g} s by {name}" for name, value in sorted(seconds.items(), key=lambda x: x[1])
    )
    asked = "1 sweep" if len(starts) == 1 else f"{len(starts)} sweeps"
    return Choice(engine, f"{asked} over {reach:.0%} of {graph.nodes} nodes would take {shown}")


def _probe(graph: Graph, starts: Starts, limit_s: float, ready: bool) -> float:
    """Return the share of the nodes that a sweep reaches, of a few sweeps; 1 where trying does not pay."""
    if len(starts) < _FEW or not graph.nodes:
        return 1.0
    some = starts.take(np.linspace(0, len(starts) - 1, _PROBES).astype(np.int64))
    limit = min(float(limit_s), float(FAR))
    room = load_room("buckets") if ready else None
    if room is None:
        rows = fallback.fill_rows(graph, some, limit)
    else:
        rows = np.empty((_PROBES, graph.nodes), dtype=np.float32)
        room.fill_rows(graph.rows, graph.queue(limit), some.part(0, _PROBES), rows)
    return float((rows < FAR).mean())


def _estimate(
    graph: Graph, sweeps: int, reach: float, targets: int | None, rows: bool
) -> dict[Engine, float]:
    """Return the seconds that each engine would take, compiled."""
    nodes, threads = graph.nodes, count_threads()
    searched = sweeps * reach * nodes
    # A batch walks where any of its starts goes: its own spread and the reach round it, by diameters.
    walked = min(1.0, (np.sqrt(reach) + np.sqrt(min(1.0, _LANES / max(sweeps, 1)))) ** 2) * nodes
    written = nodes if rows and targets is None else 0.0
    if targets is not None:
        walked = min(nodes, _ABOVE * targets)
    by_hierarchy = sweeps * (walked * _LANE + written * _WRITE) / threads
    return {
        "scipy": searched * _SCIPY,
        "bucket": searched * _BUCKET / min(threads, max(sweeps, 1)),
        "hierarchy": by_hierarchy + _build_cost(graph, nodes * _BUILD),
    }


def _build_cost(graph: Graph, cost: float) -> float:
    room = load_room("hierarchy")
    return np.inf if room is None else float(room.build_cost(graph, cost))
