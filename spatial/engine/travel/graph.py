"""What the routing kernels sweep: directed edges in compressed rows, and the starts of a sweep.

A `Graph` knows nothing of roads or places. `graph_of` gives a network's graph and remembers it, so that
what is worked out once (edges turned round, the contraction hierarchy) serves every later question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from spatial.engine.travel.network import FAR, Ints, Longs, Network, Seconds
from spatial.errors import GeometryError

EDGE = np.dtype([("node", np.int32), ("seconds", np.float32)])
"""An edge beside its time: one read instead of two."""
MOST_BUCKETS = 1 << 16
"""Bound of a bucket queue's length; longer edges wrap round it, which costs time but not truth."""

Edges = npt.NDArray[np.void]


class Rows(NamedTuple):
    """A graph as kernels take it: see `Graph`."""

    indptr: Ints
    edges: Edges


class Places(NamedTuple):
    """Entries of several sweeps or targets as kernels take them: see `Starts`."""

    first: Longs
    nodes: Ints
    seconds: Seconds


class Queue(NamedTuple):
    """How a bucket queue works: its limits in seconds (rising), buckets per second, number of buckets."""

    limits: Seconds
    inverse: np.float32
    buckets: int


@dataclass(frozen=True, eq=False)
class Graph:
    """Directed edges in compressed rows, for the kernels.

    Parameters
    ----------
    indptr : ndarray of int32, shape (n + 1,)
        Edges of node i are ``indptr[i]:indptr[i + 1]``.
    edges : structured ndarray, shape (m,)
        `EDGE` records: the node that the edge leads to (of the turned graph: comes from) and its seconds.
    """

    indptr: Ints
    edges: Edges

    @classmethod
    def of(cls, indptr: npt.NDArray[Any], heads: npt.NDArray[Any], seconds: npt.NDArray[Any]) -> Graph:
        """Return the graph of plain arrays.

        Raises
        ------
        GeometryError
            Rows that do not match, a head that is no node, seconds that are negative or not finite.

        Examples
        --------
        >>> graph = Graph.of(np.array([0, 1, 2]), np.array([1, 0]), np.array([30.0, 40.0]))
        >>> graph.nodes, graph.turned.edges["seconds"].tolist()
        (2, [40.0, 30.0])
        """
        edges = np.empty(len(heads), dtype=EDGE)
        edges["node"], edges["seconds"] = heads, seconds
        graph = cls(np.ascontiguousarray(indptr, dtype=np.int32), edges)
        _refuse_unsound(graph)
        return graph

    @property
    def rows(self) -> Rows:
        """The arrays, for kernels."""
        return Rows(self.indptr, self.edges)

    def queue(self, limits: npt.ArrayLike) -> Queue:
        """Return how a bucket queue works on this graph as far as the last limit."""
        seconds = np.atleast_1d(np.asarray(limits, dtype=np.float32))
        return Queue(seconds, np.float32(1 / self.width_s), self.buckets)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @cached_property
    def tails(self) -> Ints:
        """Node that each edge starts from, shape (m,)."""
        return np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.indptr))

    @cached_property
    def width_s(self) -> float:
        """Seconds that one bucket of a queue spans: the median edge, within the range of float32."""
        seconds = self.edges["seconds"]
        return float(np.clip(np.median(seconds), 1e-3, 1e6)) if len(seconds) else 1.0

    @cached_property
    def buckets(self) -> int:
        """Length of a bucket queue: a power of two that spans the longest edge."""
        longest = float(self.edges["seconds"].max(initial=0.0))
        return int(min(MOST_BUCKETS, 1 << int(np.ceil(np.log2(longest / self.width_s + 2)))))

    @cached_property
    def turned(self) -> Graph:
        """The graph with every edge turned round, for journeys towards a place."""
        turned = rows_of(self.nodes, self.edges["node"], self.tails, self.edges["seconds"])
        turned.__dict__["turned"] = self
        return turned


def rows_of(nodes: int, tails: npt.NDArray[Any], heads: npt.NDArray[Any], seconds: npt.NDArray[Any]) -> Graph:
    """Return the graph of edges in any order; edges of a node are ordered by head."""
    order = np.lexsort((heads, tails))
    edges = np.empty(len(heads), dtype=EDGE)
    edges["node"], edges["seconds"] = heads[order], seconds[order]
    counts = np.bincount(tails, minlength=nodes)
    return Graph(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), edges)


def _refuse_unsound(graph: Graph) -> None:
    heads, seconds = graph.edges["node"], graph.edges["seconds"]
    rows = np.diff(graph.indptr)
    if graph.indptr[0] != 0 or graph.indptr[-1] != len(heads) or (len(rows) and rows.min() < 0):
        raise GeometryError("rows of the network do not match its edges; build it again")
    if len(heads) and not (heads.min() >= 0 and heads.max() < graph.nodes):
        raise GeometryError("an edge of the network leads to a node that does not exist; build it again")
    wrong = np.flatnonzero(~((seconds >= 0) & (seconds < FAR)))
    if len(wrong):
        raise GeometryError(
            f"{len(wrong)} edges have no usable time, the first takes {seconds[wrong[0]]} s; "
            "a time is zero or more and finite"
        )


_GRAPHS: WeakKeyDictionary[Network, Graph] = WeakKeyDictionary()


def graph_of(network: Network | Graph) -> Graph:
    """Return the graph of a network; the same one each time, so that what it remembers is kept."""
    if isinstance(network, Graph):
        return network
    if network not in _GRAPHS:
        _GRAPHS[network] = Graph.of(network.indptr, network.heads, network.seconds)
    return _GRAPHS[network]


@dataclass(frozen=True, eq=False)
class Starts:
    """Where sweeps start: for each of them, nodes and the seconds already spent there.

    Parameters
    ----------
    first : ndarray of int64, shape (q + 1,)
        Entries of sweep i are ``first[i]:first[i + 1]``; none at all is allowed and reaches nothing.
    nodes : ndarray of int32
        Nodes.
    seconds : ndarray of float32
        Seconds at those nodes, zero or more.
    """

    first: Longs
    nodes: Ints
    seconds: Seconds

    def __len__(self) -> int:
        return len(self.first) - 1

    def __getitem__(self, index: int) -> tuple[Ints, Seconds]:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        part = slice(self.first[index % len(self)], self.first[index % len(self) + 1])
        return self.nodes[part], self.seconds[part]

    def part(self, begin: int, end: int) -> Places:
        """Return sweeps begin to end, for kernels."""
        return Places(self.first[begin : end + 1], self.nodes, self.seconds)

    @classmethod
    def at(cls, nodes: npt.ArrayLike) -> Starts:
        """Return one sweep from each node, at zero seconds."""
        nodes = np.asarray(nodes, dtype=np.int32).ravel()
        return cls(np.arange(len(nodes) + 1), nodes, np.zeros(len(nodes), dtype=np.float32))

    @classmethod
    def together(cls, nodes: npt.ArrayLike, seconds: npt.ArrayLike | None = None) -> Starts:
        """Return a single sweep from several nodes."""
        nodes = np.asarray(nodes, dtype=np.int32).ravel()
        spent = np.zeros(len(nodes)) if seconds is None else np.asarray(seconds).ravel()
        return cls(np.array([0, len(nodes)]), nodes, spent.astype(np.float32))

    @classmethod
    def of(cls, several: Starts | Sequence[tuple[npt.ArrayLike, npt.ArrayLike]]) -> Starts:
        """Return starts from (nodes, seconds) pairs, one pair for each sweep."""
        if isinstance(several, Starts):
            return several
        nodes = [np.asarray(pair[0], dtype=np.int32).ravel() for pair in several]
        spent = [np.asarray(pair[1], dtype=np.float32).ravel() for pair in several]
        first = np.concatenate([[0], np.cumsum([len(part) for part in nodes], dtype=np.int64)])
        return cls(first, _joined(nodes, np.int32), _joined(spent, np.float32))

    def any_nodes(self) -> Ints:
        """Return one node of each sweep, -1 for none: nodes are numbered so that neighbours lie near."""
        nodes = np.append(self.nodes, np.int32(-1))
        return np.where(np.diff(self.first) > 0, nodes[np.minimum(self.first[:-1], len(nodes) - 1)], -1)

    def take(self, order: npt.NDArray[Any]) -> Starts:
        """Return the sweeps asked for, in that order."""
        counts = np.diff(self.first)[order]
        ends = np.cumsum(counts)
        entry = np.repeat(self.first[:-1][order] - ends + counts, counts) + np.arange(counts.sum())
        return Starts(np.concatenate([[0], ends]), self.nodes[entry], self.seconds[entry])

    def least(self, rows: Seconds) -> Seconds:
        """Return the times at targets, (q, t), from times at nodes, (q, n): least over a target's nodes."""
        counts = np.diff(self.first)
        table = np.full((len(rows), len(self)), FAR, dtype=np.float32)
        for rank in range(int(counts.max(initial=0))):
            has = np.flatnonzero(counts > rank)
            entry = self.first[has] + rank
            table[:, has] = np.minimum(table[:, has], rows[:, self.nodes[entry]] + self.seconds[entry])
        return table

    def check(self, nodes: int) -> Starts:
        """Return the starts themselves if they fit a graph of so many nodes.

        Raises
        ------
        GeometryError
            A node that does not exist, or seconds that are negative or not finite: which, and of which sweep.
        """
        wrong = (self.nodes < 0) | (self.nodes >= nodes) | ~((self.seconds >= 0) & (self.seconds < np.inf))
        if len(self.nodes) != len(self.seconds):
            raise GeometryError(f"{len(self.nodes)} start nodes have {len(self.seconds)} times")
        if wrong.any():
            entry = int(np.flatnonzero(wrong)[0])
            sweep = int(np.searchsorted(self.first, entry, side="right")) - 1
            raise GeometryError(
                f"start {sweep}: node {self.nodes[entry]} at {self.seconds[entry]} s is not one of the "
                f"network's {nodes} nodes at zero or more seconds"
            )
        return self


def _joined(parts: list[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    return np.concatenate(parts).astype(kind) if parts else np.empty(0, dtype=kind)
