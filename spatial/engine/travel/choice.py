"""Which engine answers a question soonest: an estimate from its size, its reach and what is at hand.

Bucket queues and scipy give the same times to the last bit, so between them anything may decide: whether the
kernels are compiled yet, whether loading them pays. The hierarchy rounds differently; whether it is taken
depends on the question alone (and on whether it was built before), never on the machine.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spatial.engine.kernels import is_ready, load_room, warm_kernels
from spatial.engine.travel import fallback
from spatial.engine.travel.graph import Graph, Starts, graph_of
from spatial.engine.travel.network import FAR, Network

Engine = Literal["scipy", "bucket", "hierarchy"]

# Seconds of one thread on a plain processor, of which the ratios matter; see benchmarks/routing.py.
_SCIPY = 250e-9
"""A node reached, by scipy and summed anew."""
_BUCKET = 35e-9
"""A node reached, by bucket queue."""
_LANE = 0.8e-9
"""A node and start walked in the hierarchy."""
_WRITE = 1.2e-9
"""A node and start written out in rows."""
_BUILD = 15e-6
"""A node of the hierarchy, once."""
_SAVED = 1.0
"""What a hierarchy that must be built first has to save."""
_LOAD = 0.25
"""Loading kernels that are compiled."""
_COMPILE = 4.0
"""Compiling those of the bucket queue."""

_LANES = 64
_PROBES = 3
_FEW = 8
_ABOVE = 40
"""Places of the hierarchy that come with a target, until all are chosen."""

_DEBT = [0.0]
"""Seconds that scipy has worked in this process because loading kernels did not seem to pay."""


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
        Never the hierarchy for a few sweeps, nor without numba; else as `choose_sweeper` says.

    Examples
    --------
    >>> ring = Graph.of(np.arange(5), np.array([1, 2, 3, 0]), np.ones(4))
    >>> choose(ring, Starts.at([0])).engine in ("bucket", "scipy")
    True
    """
    graph = graph_of(network)
    many = len(starts)
    asked = f"{many} sweep{'' if many == 1 else 's'} over"
    if many < _FEW or not graph.nodes or importlib.util.find_spec("numba") is None:
        engine = choose_sweeper(graph, many)
        return Choice(engine, f"{asked} {graph.nodes} nodes at most")
    reach = _probe(graph.turned if towards else graph, starts, limit_s)
    bucket, hierarchy = _estimate(graph, many, reach, targets, rows)
    build = _build_cost(graph)
    shown = f"{bucket:.2g} s by bucket queue, {hierarchy:.2g} s by hierarchy"
    shown += f" and {build:.2g} s to build it" if build else ""
    reason = f"{asked} {reach:.0%} of {graph.nodes} nodes: one thread needs about {shown}"
    if hierarchy + build + (_SAVED if build else 0.0) < bucket and load_room("hierarchy") is not None:
        return Choice("hierarchy", reason)
    return Choice(choose_sweeper(graph, many, reach), reason)


def choose_sweeper(graph: Graph, sweeps: int, reach: float = 1.0) -> Engine:
    """Return what answers plain sweeps soonest: ``bucket``, or ``scipy`` where that is not ready.

    Kernels that are not compiled yet are compiled for a long job, and meanwhile, by another process, for the
    next time if this one is short. Kernels that are compiled are not even loaded for very little.
    """
    cost = sweeps * reach * graph.nodes * _SCIPY
    if "numba" not in sys.modules:
        _DEBT[0] += cost
        if _DEBT[0] < _LOAD:
            return "scipy"
    if load_room("buckets") is None:
        return "scipy"
    if is_ready("buckets") or cost > _COMPILE:
        return "bucket"
    warm_kernels()
    return "scipy"


def _probe(graph: Graph, starts: Starts, limit_s: float) -> float:
    """Return the share of the nodes that a sweep reaches, of a few sweeps."""
    some = starts.take(np.linspace(0, len(starts) - 1, _PROBES).astype(np.int64))
    limit = min(float(limit_s), float(FAR))
    room = load_room("buckets") if choose_sweeper(graph, _PROBES) == "bucket" else None
    if room is None:
        rows = fallback.fill_rows(graph, some, limit)
    else:
        rows = np.empty((_PROBES, graph.nodes), dtype=np.float32)
        room.fill_rows(graph.rows, graph.queue(limit), some.part(0, _PROBES), rows)
    return float((rows < FAR).mean())


def _estimate(
    graph: Graph, sweeps: int, reach: float, targets: int | None, rows: bool
) -> tuple[float, float]:
    """Return the seconds that one thread would take by bucket queue and by hierarchy, both ready."""
    nodes = graph.nodes
    # A batch walks where any of its starts goes: its own spread and the reach round it, by diameters.
    walked = min(1.0, (np.sqrt(reach) + np.sqrt(min(1.0, _LANES / sweeps))) ** 2) * nodes
    if targets is not None:
        walked = min(walked, _ABOVE * targets)
    written = nodes if rows and targets is None else 0.0
    return sweeps * reach * nodes * _BUCKET, sweeps * float(walked * _LANE + written * _WRITE)


def _build_cost(graph: Graph) -> float:
    """Return what the hierarchy still costs: nothing if it is at hand, infinite if it would not pay."""
    room = sys.modules.get("spatial.engine.travel.hierarchy")
    cost = graph.nodes * _BUILD
    return cost if room is None else float(room.build_cost(graph, cost))
