"""Shortest times over a road network: from one place, from the nearest of many, between many.

Three engines answer: bucket queues and scipy the same to the last bit, a contraction hierarchy the same up to
the rounding of float32. `choose` estimates what each would take and names the quickest with its reason; every
function here chooses for itself unless told. Times are float32 seconds, `FAR` where not reached within the
limit. ``towards=True`` asks for journeys to the starts instead of from them: on one-way roads they differ.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spatial.engine.threads import run_parts
from spatial.engine.travel import fallback
from spatial.engine.travel.batches import (
    Pairs,
    batch,
    blocks,
    check_limit,
    engage,
    fair_share,
    fill_rows,
    find_room,
    reached,
)
from spatial.engine.travel.choice import Choice, Engine, choose, choose_sweeper
from spatial.engine.travel.graph import Graph, Starts, graph_of
from spatial.engine.travel.network import FAR, Floats, Ints, Network, Seconds
from spatial.engine.travel.places import arrivals, ends_of, lower_along, starts_of
from spatial.engine.travel.snapping import Snaps
from spatial.errors import GeometryError

__all__ = [
    "Choice",
    "Engine",
    "Pairs",
    "arrivals",
    "batch",
    "blocks",
    "choose",
    "matrix",
    "nearest",
    "reached",
    "starts_of",
    "sweep",
    "totals",
]

_CELLS = 20_000_000


def sweep(
    network: Network | Graph,
    starts: tuple[npt.ArrayLike, npt.ArrayLike],
    limit_s: float = np.inf,
    *,
    towards: bool = False,
) -> Seconds:
    """Return the time from the starts to every node, or to the starts from every node.

    Parameters
    ----------
    network : Network or Graph
        n nodes.
    starts : (nodes, seconds)
        Nodes and the seconds already spent there; several are one start, the nearest counts.
    limit_s : float
        Nodes further than this are `FAR`.
    towards : bool
        Journeys to the starts.

    Returns
    -------
    ndarray of float32, shape (n,)

    Raises
    ------
    GeometryError
        A start that is no node, a time or limit that is negative or not a number.

    Examples
    --------
    >>> line = Graph.of(np.array([0, 1, 2, 2]), np.array([1, 2]), np.array([60.0, 90.0]))
    >>> sweep(line, ([0], [30])).tolist()
    [30.0, 90.0, 180.0]
    >>> sweep(line, ([2], [0]), limit_s=100, towards=True).tolist()
    [1000000000.0, 90.0, 0.0]
    """
    graph, limit = graph_of(network), check_limit(limit_s)
    place = Starts.together(*starts).check(graph.nodes)
    return fill_rows(graph.turned if towards else graph, place, limit, choose_sweeper(graph, 1))[0]


def nearest(
    network: Network | Graph, starts: Pairs, limit_s: float = np.inf, *, towards: bool = False
) -> tuple[Seconds, Ints]:
    """Return the time from the nearest of several starts to every node, and which start that is.

    Parameters
    ----------
    network, limit_s, towards
        As for `sweep`.
    starts : Starts or sequence of (nodes, seconds)
        k places; one that is empty is never the nearest.

    Returns
    -------
    seconds : ndarray of float32, shape (n,)
    which : ndarray of int32, shape (n,)
        0 to k - 1, the first of those that tie; -1 where none is within the limit.

    Examples
    --------
    >>> line = Graph.of(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1]), np.full(4, 60.0))
    >>> seconds, which = nearest(line, [([0], [0]), ([2], [10])])
    >>> seconds.tolist(), which.tolist()
    ([0.0, 60.0, 10.0], [0, 0, 1])
    """
    graph, limit = graph_of(network), check_limit(limit_s)
    places = Starts.of(starts).check(graph.nodes)
    way = graph.turned if towards else graph
    if choose_sweeper(graph, 1) == "scipy":
        return fallback.fill_nearest(way, places, limit)
    seconds, which = np.full(graph.nodes, FAR), np.full(graph.nodes, -1, dtype=np.int32)
    fill = find_room("buckets").fill_nearest
    fill(way.rows, way.queue(limit), (places.nodes, places.seconds), seconds, which)
    owner = np.append(np.repeat(np.arange(len(places)), np.diff(places.first)), -1)
    return seconds, owner[which].astype(np.int32)


def totals(
    network: Network | Graph,
    weights: npt.ArrayLike,
    limits_s: npt.ArrayLike,
    *,
    starts: Pairs | None = None,
    towards: bool = False,
    choice: Choice | None = None,
) -> Floats:
    """Return how much weight each start reaches within each limit: all-origins accessibility.

    Parameters
    ----------
    network, towards
        As for `sweep`. ``towards=True`` counts what reaches the start.
    weights : array, shape (n,) or (n, c)
        What lies at each node, such as jobs and people.
    limits_s : float or rising sequence of j floats
        Limits, seconds.
    starts : Starts or sequence of (nodes, seconds), optional
        q sweeps; by default one from each node.
    choice : Choice, optional
        Engine to use; by default the quickest.

    Returns
    -------
    ndarray of float64, shape (q, j, c)

    Raises
    ------
    GeometryError
        Limits that do not rise, weights that are not finite or not one for each node, and as for `sweep`.

    Examples
    --------
    >>> line = Graph.of(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1]), np.full(4, 60.0))
    >>> totals(line, [1, 10, 100], [0, 60])[:, :, 0].tolist()
    [[1.0, 11.0], [10.0, 111.0], [100.0, 110.0]]
    """
    graph = graph_of(network)
    amounts, limits = _check_weights(graph, weights), _check_limits(limits_s)
    if starts is None:
        has = np.flatnonzero(amounts.any(axis=1))
        if len(has) * 4 < graph.nodes:
            return _totals_back(graph, amounts, limits, Starts.at(has), towards=not towards)
    sweeps = Starts.at(np.arange(graph.nodes)) if starts is None else Starts.of(starts).check(graph.nodes)
    choice = choice or choose(graph, sweeps, float(limits[-1]), towards=towards, rows=False)
    engine, hierarchy = engage(graph, choice)
    if hierarchy is not None:
        return hierarchy.fill_totals(sweeps, amounts, limits, towards)
    way = graph.turned if towards else graph
    sums = np.empty((len(sweeps), len(limits), amounts.shape[1]))
    if engine == "scipy":
        for i in range(len(sweeps)):
            row = fallback.fill_rows(way, sweeps.take(np.array([i])), float(limits[-1]))[0]
            sums[i] = [amounts[row <= limit].sum(axis=0) for limit in limits]
        return sums
    fill, queue, share = find_room("buckets").fill_totals, way.queue(limits), fair_share(graph)
    run_parts(lambda a, b: fill(way.rows, queue, sweeps.part(a, b), amounts, sums[a:b]), len(sweeps), share)
    return sums


def _totals_back(graph: Graph, weights: Floats, limits: Seconds, places: Starts, *, towards: bool) -> Floats:
    """Return totals of all nodes from the few that have weight: from these to those that reach them."""
    sums = np.zeros((graph.nodes, len(limits), weights.shape[1]))
    for which, rows in blocks(graph, places, float(limits[-1]), towards=towards):
        for j, limit in enumerate(limits):
            sums[:, j] += (rows <= limit).T @ weights[places.nodes[which]]
    return sums


def matrix(
    network: Network,
    origins: Snaps,
    targets: Snaps,
    limit_s: float = np.inf,
    *,
    towards: bool = False,
    choice: Choice | None = None,
) -> Seconds:
    """Return the times from places to places on the roads: an origin-destination matrix.

    Parameters
    ----------
    network : Network
        Network that the places are snapped to.
    origins, targets : Snaps
        q and t places; one that is not snapped reaches nothing and is not reached.
    limit_s : float
        Longer journeys are `FAR`.
    towards : bool
        Journeys from the targets to the origins; the shape stays (q, t).
    choice : Choice, optional
        Engine to use; by default the quickest.

    Returns
    -------
    ndarray of float32, shape (q, t)
        Including the ways along the roads at both ends, and straight along where both lie on one road.
    """
    graph, limit = graph_of(network), check_limit(limit_s)
    starts, ends = starts_of(network, origins, towards=towards), ends_of(network, targets, towards=towards)
    choice = choice or choose(graph, starts, limit, towards=towards, targets=len(ends))
    table = _fill_table(graph, starts, ends, limit, (towards, choice))
    lower_along(network, origins, targets, table, towards=towards)
    table[table > limit] = FAR
    return table


def _fill_table(
    graph: Graph, starts: Starts, ends: Starts, limit: float, how: tuple[bool, Choice]
) -> Seconds:
    towards, choice = how
    engine, hierarchy = engage(graph, choice)
    if hierarchy is not None:
        return hierarchy.fill_table(starts, ends, limit, towards)
    table = np.empty((len(starts), len(ends)), dtype=np.float32)
    way = graph.turned if towards else graph
    if engine == "bucket":
        fill, queue, to = find_room("buckets").fill_table, way.queue(limit), ends.part(0, len(ends))
        share = fair_share(graph)
        run_parts(lambda a, b: fill(way.rows, queue, starts.part(a, b), to, table[a:b]), len(starts), share)
        return table
    step = max(1, _CELLS // max(1, graph.nodes))
    for begin in range(0, len(starts), step):
        part = starts.take(np.arange(begin, min(begin + step, len(starts))))
        table[begin : begin + step] = ends.least(fallback.fill_rows(way, part, limit))
    return table


def _check_limits(limits_s: npt.ArrayLike) -> Seconds:
    limits = np.atleast_1d(np.asarray(limits_s, dtype=np.float64))
    if limits.ndim != 1 or not len(limits) or not np.all(np.diff(limits) > 0):
        raise GeometryError(f"limits of {limits.tolist()} s do not rise; give each once, the shortest first")
    return np.array([check_limit(limit) for limit in limits], dtype=np.float32)


def _check_weights(graph: Graph, weights: npt.ArrayLike) -> Floats:
    amounts = np.ascontiguousarray(weights, dtype=np.float64)
    amounts = amounts[:, None] if amounts.ndim == 1 else amounts
    if amounts.ndim != 2 or len(amounts) != graph.nodes:
        raise GeometryError(
            f"weights of shape {amounts.shape} are not one row for each of {graph.nodes} nodes"
        )
    if not np.isfinite(amounts).all():
        raise GeometryError("weights are not finite at some nodes; a node without any has weight 0")
    return amounts
