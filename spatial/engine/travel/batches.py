"""Many sweeps at once: as one array, in blocks that each take the place of the last, or only what is reached.

A thousand sweeps over fifty thousand nodes are 200 MB of times. Writing that much takes longer than finding
it out, most of all into memory that the system must first provide, so whoever can use times a few sweeps at a
time asks for `blocks`. All forms hold the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spatial.engine.kernels import load_room
from spatial.engine.threads import run_parts
from spatial.engine.travel import fallback
from spatial.engine.travel.choice import Choice, Engine, choose
from spatial.engine.travel.graph import Graph, Starts, graph_of
from spatial.engine.travel.network import FAR, Ints, Longs, Network, Seconds
from spatial.errors import GeometryError

if TYPE_CHECKING:
    from spatial.engine.travel.hierarchy import Hierarchy

Pairs = Starts | Sequence[tuple[npt.ArrayLike, npt.ArrayLike]]
_CELLS = 2_000_000
"""Times in a block: few enough to stay in the processor's memory, enough for two threads."""
_LANES = 64
"""Sweeps that a hierarchy takes side by side: a block is a multiple of twice that, for two threads."""


def batch(
    network: Network | Graph,
    starts: Pairs,
    limit_s: float = np.inf,
    *,
    towards: bool = False,
    choice: Choice | None = None,
) -> Seconds:
    """Return the times of many sweeps, each from its own starts.

    Parameters
    ----------
    network, limit_s, towards
        As for `sweep`.
    starts : Starts or sequence of (nodes, seconds)
        q sweeps; one that is empty reaches nothing.
    choice : Choice, optional
        Engine to use; by default the quickest.

    Returns
    -------
    ndarray of float32, shape (q, n)
        4 bytes each: for many sweeps over a large network ask for `blocks`, `reached` or totals.

    Examples
    --------
    >>> line = Graph.of(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1]), np.full(4, 60.0))
    >>> batch(line, Starts.at([0, 2])).tolist()
    [[0.0, 60.0, 120.0], [120.0, 60.0, 0.0]]
    """
    graph, limit = graph_of(network), check_limit(limit_s)
    sweeps = Starts.of(starts).check(graph.nodes)
    rows = np.empty((len(sweeps), graph.nodes), dtype=np.float32)
    choice = choice or choose(graph, sweeps, limit, towards=towards)
    _fill(rows, graph, sweeps, limit, (towards, choice))
    return rows


def blocks(
    network: Network | Graph,
    starts: Pairs,
    limit_s: float = np.inf,
    *,
    towards: bool = False,
    choice: Choice | None = None,
) -> Iterator[tuple[Longs, Seconds]]:
    """Yield the times of many sweeps in blocks of neighbours; each block takes the last one's place.

    Parameters
    ----------
    network, starts, limit_s, towards, choice
        As for `batch`.

    Yields
    ------
    which : ndarray of int64, shape (k,)
        The sweeps of this block. Each comes once; neighbours come together, as that is quicker.
    seconds : ndarray of float32, shape (k, n)
        Their times, valid until the next block is asked for: use or copy them before.

    Examples
    --------
    >>> line = Graph.of(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1]), np.full(4, 60.0))
    >>> [(which.tolist(), rows.tolist()) for which, rows in blocks(line, Starts.at([2, 0]))]
    [([1, 0], [[0.0, 60.0, 120.0], [120.0, 60.0, 0.0]])]
    """
    graph, limit = graph_of(network), check_limit(limit_s)
    sweeps = Starts.of(starts).check(graph.nodes)
    choice = choice or choose(graph, sweeps, limit, towards=towards)
    order = np.argsort(sweeps.any_nodes(), kind="stable").astype(np.int64)
    step = 2 * _LANES * max(1, _CELLS // (2 * _LANES * max(1, graph.nodes)))
    room = np.empty((min(step, len(order)), graph.nodes), dtype=np.float32)
    for begin in range(0, len(order), step):
        which = order[begin : begin + step]
        rows = room[: len(which)]
        _fill(rows, graph, sweeps.take(which), limit, (towards, choice))
        yield which, rows


def _fill(rows: Seconds, graph: Graph, sweeps: Starts, limit: float, how: tuple[bool, Choice]) -> None:
    """Write the times of each sweep into its row."""
    towards, choice = how
    engine, hierarchy = engage(graph, choice)
    if hierarchy is not None:
        hierarchy.fill_rows(sweeps, limit, towards, rows)
    else:
        fill_rows(graph.turned if towards else graph, sweeps, limit, engine, rows)


def fill_rows(
    way: Graph, sweeps: Starts, limit: float, engine: Engine, rows: Seconds | None = None
) -> Seconds:
    """Return the times of each sweep by bucket queue or scipy, written into `rows` where that is given."""
    rows = np.empty((len(sweeps), way.nodes), dtype=np.float32) if rows is None else rows
    if engine == "scipy":
        rows[:] = fallback.fill_rows(way, sweeps, limit)
        return rows
    fill, queue = find_room("buckets").fill_rows, way.queue(limit)
    run_parts(lambda a, b: fill(way.rows, queue, sweeps.part(a, b), rows[a:b]), len(sweeps), fair_share(way))
    return rows


def reached(
    network: Network | Graph,
    starts: Pairs,
    limit_s: float,
    *,
    towards: bool = False,
    choice: Choice | None = None,
) -> tuple[Longs, Ints, Seconds]:
    """Return only what each of many sweeps reaches: the sparse form of `batch`.

    Returns
    -------
    first : ndarray of int64, shape (q + 1,)
        Sweep i reaches ``nodes[first[i]:first[i + 1]]``, in rising order, after the seconds beside them.
    nodes : ndarray of int32
    seconds : ndarray of float32

    Examples
    --------
    >>> line = Graph.of(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1]), np.full(4, 60.0))
    >>> [part.tolist() for part in reached(line, Starts.at([0, 2]), 60)]
    [[0, 2, 4], [0, 1, 1, 2], [0.0, 60.0, 60.0, 0.0]]
    """
    many = len(Starts.of(starts))
    counts = np.zeros(many + 1, dtype=np.int64)
    found: dict[int, tuple[Ints, Seconds]] = {}
    for which, rows in blocks(network, starts, limit_s, towards=towards, choice=choice):
        for sweep, row in zip(which.tolist(), rows, strict=True):
            near = np.flatnonzero(row < FAR)
            found[sweep] = near.astype(np.int32), row[near]
            counts[sweep + 1] = len(near)
    nodes = [np.empty(0, dtype=np.int32), *(found[sweep][0] for sweep in range(many))]
    seconds = [np.empty(0, dtype=np.float32), *(found[sweep][1] for sweep in range(many))]
    return np.cumsum(counts), np.concatenate(nodes), np.concatenate(seconds)


def engage(graph: Graph, choice: Choice) -> tuple[Engine, Hierarchy | None]:
    """Return the engine that works, with the hierarchy if it is that; buckets if the graph is too dense."""
    if choice.engine != "hierarchy":
        return choice.engine, None
    hierarchy = find_room("hierarchy").hierarchy_of(graph)
    return ("bucket" if hierarchy is None else "hierarchy"), hierarchy


def fair_share(graph: Graph) -> int:
    """Return how many sweeps are worth a thread."""
    return 1 + 30_000 // max(1, graph.nodes)


def find_room(name: str) -> Any:
    """Return a module of kernels.

    Raises
    ------
    GeometryError
        numba is absent or switched off.
    """
    room = load_room(name)
    if room is None:
        raise GeometryError(f"the {name} engine needs numba, which is absent or switched off; use scipy")
    return room


def check_limit(limit_s: float) -> float:
    """Return a limit in seconds, `FAR` for none."""
    if not limit_s >= 0:
        raise GeometryError(f"a limit of {limit_s} s has no meaning; give zero or more seconds")
    return min(float(limit_s), float(FAR))
