"""The same sweeps by scipy's Dijkstra: without a compiler, and until the kernels are compiled.

Times are summed in double precision and rounded once, so they differ from the kernels' by the rounding of
float32 (see `spatial.engine.hierarchy`). One start in several nodes is one node more, tied to them.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from spatial.engine.graph import Graph, Starts
from spatial.engine.network import FAR, Ints, Seconds

_CELLS = 20_000_000


def fill_rows(graph: Graph, starts: Starts, limit_s: float) -> Seconds:
    """Return the times of each sweep to all nodes, (q, n); `FAR` where not reached within the limit."""
    rows = np.empty((len(starts), graph.nodes), dtype=np.float32)
    step = max(1, _CELLS // max(1, graph.nodes))
    for begin in range(0, len(starts), step):
        part = starts.take(np.arange(begin, min(begin + step, len(starts))))
        tied = _tie(graph, part)
        ends = np.arange(graph.nodes, graph.nodes + len(part))
        times = dijkstra(tied, indices=ends, limit=_limit(limit_s))
        rows[begin : begin + step] = _far(times[:, : graph.nodes])
    return rows


def fill_nearest(graph: Graph, starts: Starts, limit_s: float) -> tuple[Seconds, Ints]:
    """Return the time from the nearest sweep's start to each node, and which sweep that is (-1: none)."""
    if not len(starts):
        return np.full(graph.nodes, FAR, dtype=np.float32), np.full(graph.nodes, -1, dtype=np.int32)
    tied = _tie(graph, starts)
    ends = np.arange(graph.nodes, graph.nodes + len(starts))
    times, _, source = dijkstra(
        tied, indices=ends, limit=_limit(limit_s), min_only=True, return_predecessors=True
    )
    seconds = _far(times[: graph.nodes])
    which = np.where(seconds < FAR, source[: graph.nodes] - graph.nodes, -1)
    return seconds, which.astype(np.int32)


def _tie(graph: Graph, starts: Starts) -> csr_matrix:
    """Return the graph with a further node for each sweep, tied to the nodes that it starts from."""
    size = graph.nodes + len(starts)
    seconds = np.concatenate([graph.edges["seconds"], starts.seconds]).astype(np.float64)
    heads = np.concatenate([graph.edges["node"], starts.nodes])
    indptr = np.concatenate([graph.indptr, len(graph.edges) + starts.first[1:]])
    return csr_matrix((seconds, heads, indptr), shape=(size, size))


def _limit(limit_s: float) -> float:
    return np.inf if limit_s >= FAR else float(limit_s)


def _far(times: np.ndarray) -> Seconds:
    return np.where(np.isfinite(times), times, FAR).astype(np.float32)
