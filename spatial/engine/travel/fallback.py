"""The same sweeps by scipy's Dijkstra: without a compiler, and until the kernels are compiled.

scipy sums in double precision, the kernels edge by edge in float32. So that an answer does not depend on what
was compiled when it was asked for, scipy only finds the ways: times are summed anew along its trees, edge by
edge in float32, and lowered until no edge lowers any. That is the kernels' own definition of a time, and the
results are the same to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from spatial.engine.travel.graph import Graph, Starts, rows_of
from spatial.engine.travel.network import FAR, Ints, Longs, Seconds

_CELLS = 4_000_000
_NOBODY = np.int32(2**31 - 1)
_SLACK = 1e-3
"""Share by which the search goes further than the limit: more than float32 can lose on any way."""


def fill_rows(graph: Graph, starts: Starts, limit_s: float) -> Seconds:
    """Return the times of each sweep to all nodes, (q, n); `FAR` where not reached within the limit."""
    simple = _Simple.of(graph)
    rows = np.empty((len(starts), graph.nodes), dtype=np.float32)
    step = max(1, _CELLS // (graph.nodes + len(graph.edges) + 1))
    for begin in range(0, len(starts), step):
        part = starts.take(np.arange(begin, min(begin + step, len(starts))))
        rows[begin : begin + step] = simple.sweep(part, np.float32(limit_s))
    return rows


def fill_nearest(graph: Graph, starts: Starts, limit_s: float) -> tuple[Seconds, Ints]:
    """Return the time from the nearest sweep's start to each node, and which sweep that is (-1: none)."""
    simple, limit = _Simple.of(graph), np.float32(limit_s)
    together = Starts(np.array([0, len(starts.nodes)]), starts.nodes, starts.seconds)
    seconds = simple.sweep(together, limit)[0]
    owner = np.repeat(np.arange(len(starts), dtype=np.int32), np.diff(starts.first))
    which = np.full(graph.nodes, _NOBODY)
    first = (starts.seconds == seconds[starts.nodes]) & (starts.seconds <= limit)
    np.minimum.at(which, starts.nodes[first], owner[first])
    simple.pass_on(seconds, which)
    return seconds, np.where(which == _NOBODY, np.int32(-1), which)


@dataclass(frozen=True, eq=False)
class _Simple:
    """A graph without parallel edges: edge k leads from ``tails[k]`` to ``heads[k]``, ordered by both."""

    nodes: int
    tails: Ints
    heads: Ints
    seconds: Seconds
    pair: Longs

    @classmethod
    def of(cls, graph: Graph) -> _Simple:
        sorted_ = rows_of(graph.nodes, graph.tails, graph.edges["node"], graph.edges["seconds"])
        tails, heads = sorted_.tails, sorted_.edges["node"]
        pair = tails.astype(np.int64) * graph.nodes + heads
        first = np.flatnonzero(np.diff(pair, prepend=-1))
        seconds = (
            np.minimum.reduceat(sorted_.edges["seconds"], first) if len(first) else np.empty(0, np.float32)
        )
        return cls(graph.nodes, tails[first], heads[first], seconds, pair[first])

    def sweep(self, starts: Starts, limit: np.float32) -> Seconds:
        """Return the times of each sweep, (q, n)."""
        rows = np.full((len(starts), self.nodes), FAR, dtype=np.float32)
        near = starts.seconds <= limit
        sweep = np.repeat(np.arange(len(starts)), np.diff(starts.first))
        np.minimum.at(rows, (sweep[near], starts.nodes[near]), starts.seconds[near])
        if self.nodes and len(starts):
            self._sum_along(rows, self._find_trees(starts, limit), limit)
        self._lower(rows, limit)
        return rows

    def _find_trees(self, starts: Starts, limit: np.float32) -> npt.NDArray[Any]:
        """Return the node before each on its way, (q, n); n or more: none, or a start."""
        size = self.nodes + len(starts)
        seconds = np.concatenate([self.seconds, starts.seconds]).astype(np.float64)
        indptr = np.searchsorted(self.tails, np.arange(self.nodes + 1))
        indptr = np.concatenate([indptr, len(self.heads) + starts.first[1:]])
        tied = csr_matrix((seconds, np.concatenate([self.heads, starts.nodes]), indptr), shape=(size, size))
        reach = np.inf if limit >= FAR else float(limit) * (1 + _SLACK)
        ends = np.arange(self.nodes, size)
        before = dijkstra(tied, indices=ends, limit=reach, return_predecessors=True)[1][:, : self.nodes]
        return np.where(before < 0, size, before)

    def _sum_along(self, rows: Seconds, before: npt.NDArray[Any], limit: np.float32) -> None:
        """Sum times along trees, from the starts outwards, one edge of all ways at a time."""
        sweep, node = np.nonzero(before < self.nodes)
        tail = before[sweep, node]
        more = self.seconds[np.searchsorted(self.pair, tail.astype(np.int64) * self.nodes + node)]
        cell, parent = sweep * self.nodes + node, sweep * self.nodes + tail
        order = np.argsort(parent, kind="stable")
        cell, parent, more = cell[order], parent[order], more[order]
        flat = rows.reshape(-1)
        reached = np.flatnonzero((flat < FAR) & (before.reshape(-1) >= self.nodes))
        while len(reached):
            low, high = (np.searchsorted(parent, reached, side=side) for side in ("left", "right"))
            counts = high - low
            entry = np.repeat(low - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
            then = flat[parent[entry]] + more[entry]
            near = then <= limit
            reached = cell[entry[near]]
            flat[reached] = np.minimum(flat[reached], then[near])

    def _lower(self, rows: Seconds, limit: np.float32) -> None:
        """Lower times along single edges until none does: only what float32 decides otherwise is left."""
        while True:
            then = rows[:, self.tails] + self.seconds
            sweep, edge = np.nonzero((then < rows[:, self.heads]) & (then <= limit))
            if not len(sweep):
                return
            np.minimum.at(rows, (sweep, self.heads[edge]), then[sweep, edge])

    def pass_on(self, seconds: Seconds, which: Ints) -> None:
        """Lower `which` along all edges that lie on a shortest way, from what it is at the starts."""
        tight = (seconds[self.tails] < FAR) & (seconds[self.tails] + self.seconds == seconds[self.heads])
        tails, heads = self.tails[tight], self.heads[tight]
        parent = np.arange(self.nodes)
        unknown = which[heads] == _NOBODY
        parent[heads[unknown]] = tails[unknown]
        for _ in range(max(1, int(self.nodes).bit_length())):
            parent = parent[parent]
        which[:] = np.minimum(which, which[parent])
        while True:
            better = which[tails] < which[heads]
            if not better.any():
                return
            np.minimum.at(which, heads[better], which[tails[better]])
