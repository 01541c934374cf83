"""Contraction of a graph: in which order nodes are taken out, and which shortcuts keep all times true.

Geisberger, Sanders, Schultes, Vetter, Exact routing in large road networks using contraction hierarchies
(Transportation Science 46, 2012), in rounds: a node is taken out when no neighbour is cheaper to lose, so a
round's nodes are no neighbours of each other and can be judged side by side. A shortcut is left out only if
a bounded search finds another way that is no longer (a witness); a search that gives up costs a superfluous
shortcut, never a wrong time.
"""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spatial.engine.kernels import kernel
from spatial.engine.threads import count_threads, run_parts
from spatial.engine.travel.graph import Graph
from spatial.engine.travel.network import FAR, Ints, Longs, Seconds

JUDGED = 30
"""Steps of a search for a witness while a node is only judged."""
LOST = 60
"""Steps of the search when the node is taken out."""
DENSE = 100
"""Mean number of neighbours at which contraction is given up: road networks stay below 25."""
_LONGEST = 4096
_ARC = np.dtype([("node", np.int32), ("out", np.float32), ("back", np.float32)])
_STEP = np.dtype([("node", np.int32), ("seconds", np.float32)])
_CUT = np.dtype([("tail", np.int32), ("head", np.int32), ("seconds", np.float32)])


class _Shape(NamedTuple):
    """Arcs of node i are ``pool[start[i]:start[i] + size[i]]``, with room for more."""

    start: Longs
    size: Ints
    room: Ints


class _Tools(NamedTuple):
    """What a search writes on: tentative seconds, search that wrote them, what is asked, steps, clock."""

    seconds: Seconds
    seen: Ints
    wanted: Seconds
    steps: npt.NDArray[np.void]
    clock: Ints


@kernel
def _search(shape: Any, pool: Any, tools: Any, source: Any, bounds: Any) -> None:
    """Search from a node, not through another, as far as a limit; strike out what is wanted and found."""
    start, size, _ = shape
    seconds, seen, wanted, steps, clock = tools
    without, limit, most, left = bounds
    clock[0] += 1
    now = clock[0]
    seconds[source], seen[source] = 0.0, now
    steps[0].node, steps[0].seconds = source, 0.0
    step, last, useful = 0, 1, 0
    while step < last and useful < most:
        tail = steps[step].node
        so_far = steps[step].seconds
        step += 1
        if so_far != seconds[tail]:
            continue
        useful += 1
        for k in range(start[tail], start[tail] + size[tail]):
            node = pool[k].node
            then = so_far + pool[k].out
            if then > limit or node == without or (seen[node] == now and then >= seconds[node]):
                continue
            seconds[node], seen[node] = then, now
            if then <= wanted[node]:
                wanted[node] = -1.0
                left -= 1
            if left == 0 or last == len(steps):
                return
            steps[last].node, steps[last].seconds = node, then
            last += 1


@kernel
def _find_cuts(shape: Any, pool: Any, tools: Any, lost: Any, bounds: Any) -> Any:
    """Write the shortcuts that the loss of a node asks for, as far as there is room; return their number."""
    wanted = tools.wanted
    most, cuts = bounds
    begin, end = shape.start[lost], shape.start[lost] + shape.size[lost]
    count = 0
    for i in range(begin, end):
        if pool[i].back >= FAR:
            continue
        limit, left = np.float32(-1), 0
        for j in range(begin, end):
            if j != i and pool[j].out < FAR:
                left += 1
                wanted[pool[j].node] = pool[i].back + pool[j].out
                limit = max(limit, wanted[pool[j].node])
        if left > 0:
            _search(shape, pool, tools, pool[i].node, (lost, limit, most, left))
        for j in range(begin, end):
            head = pool[j].node
            if wanted[head] >= 0:
                if count < len(cuts):
                    cuts[count].tail, cuts[count].head = pool[i].node, head
                    cuts[count].seconds = wanted[head]
                count += 1
                wanted[head] = -1.0
    return count


@kernel
def judge(shape: Any, pool: Any, tools: Any, nodes: Any, marks: Any) -> None:
    """Write what it costs to lose each node: its level, and shortcuts gained per edge lost.

    A last share, scattered by the node's number, decides between equals: in a row of equal nodes many
    are then cheaper than both neighbours.
    """
    level, cost = marks
    cuts = np.empty(0, dtype=_CUT)
    for i in range(len(nodes)):
        node = nodes[i]
        edges = 0
        for k in range(shape.start[node], shape.start[node] + shape.size[node]):
            edges += int(pool[k].out < FAR) + int(pool[k].back < FAR)
        gained = _find_cuts(shape, pool, tools, node, (JUDGED, cuts))
        scattered = ((node * 2654435761) & 0xFFFFFFFF) / 2.0**32
        cost[node] = level[node] + 2.0 * gained / max(edges, 1) + scattered / 1024.0


@kernel
def choose_round(shape: Any, pool: Any, cost: Any, left: Any, chosen: Any) -> Any:
    """Write the nodes that are cheaper to lose than all their neighbours; return their number."""
    count = 0
    for i in range(len(left)):
        node = left[i]
        cheapest = True
        for k in range(shape.start[node], shape.start[node] + shape.size[node]):
            other = pool[k].node
            if cost[other] < cost[node] or (cost[other] == cost[node] and other < node):
                cheapest = False
                break
        if cheapest:
            chosen[count] = node
            count += 1
    return count


@kernel
def _join(shape: Any, pool: Any, used: Any, node: Any, arc: Any) -> Any:
    """Add an arc (other node, out, back) to a node or shorten the one it has; return the pool's new end."""
    start, size, room = shape
    other, out, back = arc
    begin = start[node]
    for k in range(begin, begin + size[node]):
        if pool[k].node == other:
            pool[k].out, pool[k].back = min(out, pool[k].out), min(back, pool[k].back)
            return used
    if size[node] == room[node]:
        for k in range(size[node]):
            pool[used + k] = pool[begin + k]
        room[node] = 2 * room[node] + 2
        start[node] = begin = used
        used += room[node]
    k = begin + size[node]
    pool[k].node, pool[k].out, pool[k].back = other, out, back
    size[node] += 1
    return used


@kernel
def _space(shape: Any, pool: Any, node: Any) -> Any:
    """Return the room in the pool that suffices for the arcs that a node's loss adds to its neighbours."""
    _, size, room = shape
    space = 0
    for k in range(shape.start[node], shape.start[node] + size[node]):
        space += 2 * (room[pool[k].node] + size[node]) + 2
    return space


@kernel
def lose(shape: Any, pool: Any, used: Any, nodes: Any, work: Any) -> Any:
    """Take nodes out until one finds no room; return how many are out and the pool's new end."""
    tools, cuts, level, changed = work
    start, size, _ = shape
    for done in range(len(nodes)):
        node = nodes[done]
        begin, end = start[node], start[node] + size[node]
        if used + _space(shape, pool, node) > len(pool) or size[node] ** 2 > len(cuts):
            return done, used
        gained = _find_cuts(shape, pool, tools, node, (LOST, cuts))
        for k in range(begin, end):
            other = pool[k].node
            changed[other] = True
            level[other] = max(level[other], level[node] + 1)
            for back in range(start[other], start[other] + size[other]):
                if pool[back].node == node:
                    size[other] -= 1
                    pool[back] = pool[start[other] + size[other]]
                    break
        for i in range(gained):
            seconds = cuts[i].seconds
            used = _join(shape, pool, used, cuts[i].tail, (cuts[i].head, seconds, FAR))
            used = _join(shape, pool, used, cuts[i].head, (cuts[i].tail, FAR, seconds))
    return len(nodes), used


@dataclass(frozen=True, eq=False)
class Contracted:
    """A contracted graph: each node's level, and its arcs to nodes that were taken out later.

    Parameters
    ----------
    level : ndarray of int32, shape (n,)
        Arcs lead to higher levels only.
    low, high : ndarray of int32, shape (a,)
        Nodes of each arc.
    out, back : ndarray of float32, shape (a,)
        Seconds from low to high and from high to low; `FAR` where there is no such way.
    rounds : int
        Rounds that the contraction took.
    """

    level: Ints
    low: Ints
    high: Ints
    out: Seconds
    back: Seconds
    rounds: int


def contract(graph: Graph) -> Contracted | None:
    """Contract a graph: some 5 µs a node by car, 25 µs on foot; None if it grows too dense to be worth it.

    Examples
    --------
    >>> line = Graph.of(np.array([0, 1, 2, 2]), np.array([1, 2]), np.array([3.0, 4.0]))
    >>> done = contract(line)
    >>> len(done.low), int(done.level.max())
    (2, 1)
    """
    work = _Work.of(graph)
    left = np.arange(graph.nodes, dtype=np.int32)
    to_judge, rounds = left, 0
    while len(left):
        work.judge(to_judge)
        chosen = np.empty(len(left), dtype=np.int32)
        chosen = chosen[: choose_round(work.shape, work.pool, work.cost, left, chosen)]
        work.lose(chosen)
        work.out[chosen] = True
        left = left[~work.out[left]]
        to_judge = left[work.changed[left]]
        work.changed[:] = False
        rounds += 1
        if len(left) and work.shape.size[left].mean() > DENSE:
            return None
    return work.result(rounds)


class _Work:
    """The graph while it is contracted."""

    def __init__(self, shape: _Shape, pool: npt.NDArray[np.void]) -> None:
        nodes = len(shape.size)
        self.shape, self.pool, self.used = shape, pool, int(shape.size.sum())
        self.level = np.zeros(nodes, dtype=np.int32)
        self.cost = np.zeros(nodes)
        self.changed, self.out = np.zeros(nodes, dtype=bool), np.zeros(nodes, dtype=bool)
        self.cuts = np.empty(1 << 12, dtype=_CUT)
        self.tools: SimpleQueue[_Tools] = SimpleQueue()
        for _ in range(count_threads()):
            self.tools.put(
                _Tools(
                    np.empty(nodes, dtype=np.float32),
                    np.zeros(nodes, dtype=np.int32),
                    np.full(nodes, -1, dtype=np.float32),
                    np.empty(_LONGEST, dtype=_STEP),
                    np.zeros(1, dtype=np.int32),
                )
            )

    @classmethod
    def of(cls, graph: Graph) -> _Work:
        """Return the work ahead: the edges of both directions as arcs, the shortest of parallel ones."""
        tails, heads, seconds = graph.tails, graph.edges["node"], graph.edges["seconds"]
        none = np.full(len(heads), FAR, dtype=np.float32)
        low, high = np.concatenate([tails, heads]), np.concatenate([heads, tails])
        out, back = np.concatenate([seconds, none]), np.concatenate([none, seconds])
        order = np.lexsort((high, low))
        order = order[low[order] != high[order]]
        pair = low[order].astype(np.int64) * graph.nodes + high[order]
        first = np.flatnonzero(np.diff(pair, prepend=-1))
        pool = np.empty(2 * len(first) + 1024, dtype=_ARC)
        pool["node"][: len(first)] = high[order][first]
        if len(first):
            pool["out"][: len(first)] = np.minimum.reduceat(out[order], first)
            pool["back"][: len(first)] = np.minimum.reduceat(back[order], first)
        size = np.bincount(low[order][first], minlength=graph.nodes).astype(np.int32)
        return cls(_Shape(np.cumsum(size, dtype=np.int64) - size, size, size.copy()), pool)

    def judge(self, nodes: Ints) -> None:
        """Work out anew what it costs to lose these nodes."""

        def part(begin: int, end: int) -> None:
            tools = self.tools.get()
            judge(self.shape, self.pool, tools, nodes[begin:end], (self.level, self.cost))
            self.tools.put(tools)

        run_parts(part, len(nodes), least=1000)

    def lose(self, nodes: Ints) -> None:
        """Take these nodes out one after the other, in more memory where it runs short."""
        tools = self.tools.get()
        while True:
            work = (tools, self.cuts, self.level, self.changed)
            done, self.used = lose(self.shape, self.pool, self.used, nodes, work)
            if done == len(nodes):
                break
            nodes = nodes[done:]
            self.grow(int(nodes[0]))
        self.tools.put(tools)

    def grow(self, node: int) -> None:
        """Make room for the arcs that the loss of a node adds."""
        degree = int(self.shape.size[node])
        if degree**2 > len(self.cuts):
            self.cuts = np.empty(2 * degree**2, dtype=_CUT)
        more = len(self.pool) // 2 + int(_space(self.shape, self.pool, node))
        self.pool = np.concatenate([self.pool, np.empty(more, dtype=_ARC)])

    def result(self, rounds: int) -> Contracted:
        """Return what is left behind: each node's arcs at the time it was taken out."""
        size = self.shape.size
        low = np.repeat(np.arange(len(size), dtype=np.int32), size)
        entry = np.arange(len(low)) + np.repeat(self.shape.start - np.cumsum(size) + size, size)
        arcs = self.pool[entry]
        return Contracted(self.level, low, arcs["node"], arcs["out"], arcs["back"], rounds)


ENTRIES = ("judge", "choose_round", "lose")
"""Kernels that are called from outside."""
