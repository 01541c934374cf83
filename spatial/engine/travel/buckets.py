"""Bucket queue sweeps: shortest times from one or several starts, as far as a limit.

Dial's queue (Comm. ACM 12, 1969) with buckets as wide as the median edge, so that a node may be passed on
more than once within a bucket. What comes out does not depend on the order of passing: times are the least
fixed point of float32 additions along edges, and which start is nearest is the lowest of those that tie.

A node stands in at most one bucket, that of its present time; buckets are rings linked both ways, first in,
first out. So memory is bounded by the nodes, and edges longer than the queue only wrap round it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spatial.engine.kernels import kernel
from spatial.engine.travel.graph import Graph, Starts
from spatial.engine.travel.network import FAR

IDLE = np.int32(-1)
_LINK = np.dtype([("before", np.int32), ("after", np.int32)])

# The loops below repeat the few lines that link a node, on purpose: numba counts references to arrays that
# are passed to a helper inside a loop, and that alone doubled the time per node.


@kernel
def _workspace(nodes: Any, buckets: Any) -> Any:
    """Return links of nodes, set when a node is first reached, then heads of buckets: rings of themselves."""
    links = np.empty(nodes + buckets, dtype=_LINK)
    for head in range(nodes, nodes + buckets):
        links[head].before = head
        links[head].after = head
    return links


@kernel
def _seed(queue: Any, starts: Any, links: Any, reached: Any) -> Any:
    """Put the starts (nodes, seconds) into their buckets; return how many nodes they are."""
    nodes, spent = starts
    seconds, touched = reached
    limit = queue.limits[-1]
    count = 0
    for i in range(len(nodes)):
        node = nodes[i]
        if spent[i] < seconds[node] and spent[i] <= limit:
            if seconds[node] >= FAR:
                touched[count] = node
                count += 1
            else:
                links[links[node].before].after = links[node].after
                links[links[node].after].before = links[node].before
            seconds[node] = spent[i]
            head = len(seconds) + (int(spent[i] * queue.inverse) & (queue.buckets - 1))
            links[node].before = links[head].before
            links[node].after = head
            links[links[head].before].after = node
            links[head].before = node
    return count


@kernel
def _spread(graph: Any, queue: Any, links: Any, reached: Any, count: Any) -> Any:
    """Pass on times from the nodes in buckets; note the nodes reached, after `count` others."""
    indptr, edges = graph
    seconds, touched = reached
    limit, inverse, mask = queue.limits[-1], queue.inverse, queue.buckets - 1
    heads = len(seconds)
    waiting = count
    turn = 0
    while waiting > 0:
        head = heads + (turn & mask)
        tail = links[head].after
        if tail == head:
            turn += 1
            continue
        later = links[tail].after
        links[head].after = later
        links[later].before = head
        links[tail].after = IDLE
        waiting -= 1
        so_far = seconds[tail]
        for k in range(indptr[tail], indptr[tail + 1]):
            node = edges[k].node
            then, old = so_far + edges[k].seconds, seconds[node]
            if then < old and then <= limit:
                seconds[node] = then
                to = heads + (int(then * inverse) & mask)
                if old >= FAR:
                    touched[count] = node
                    count += 1
                    waiting += 1
                elif links[node].after < 0:
                    waiting += 1
                elif heads + (int(old * inverse) & mask) == to:
                    continue
                else:
                    links[links[node].before].after = links[node].after
                    links[links[node].after].before = links[node].before
                last = links[to].before
                links[node].before = last
                links[node].after = to
                links[last].after = node
                links[to].before = node
    return count


@kernel
def fill_nearest(graph: Any, queue: Any, starts: Any, seconds: Any, which: Any) -> None:
    """Lower `seconds` (n,) from all starts (nodes, seconds) at once; say which is nearest to each node."""
    indptr, edges = graph
    limit, inverse, mask = queue.limits[-1], queue.inverse, queue.buckets - 1
    heads = len(seconds)
    links = _workspace(heads, queue.buckets)
    waiting = _seed(queue, starts, links, (seconds, np.empty(heads, dtype=np.int32)))
    _claim(starts, seconds, which)
    turn = 0
    while waiting > 0:
        head = heads + (turn & mask)
        tail = links[head].after
        if tail == head:
            turn += 1
            continue
        later = links[tail].after
        links[head].after = later
        links[later].before = head
        links[tail].after = IDLE
        waiting -= 1
        so_far, start = seconds[tail], which[tail]
        for k in range(indptr[tail], indptr[tail + 1]):
            node = edges[k].node
            then, old = so_far + edges[k].seconds, seconds[node]
            if then <= limit and (then < old or (then == old and start < which[node])):
                seconds[node] = then
                which[node] = start
                if old >= FAR or links[node].after < 0:
                    waiting += 1
                else:
                    links[links[node].before].after = links[node].after
                    links[links[node].after].before = links[node].before
                to = heads + (int(then * inverse) & mask)
                last = links[to].before
                links[node].before = last
                links[node].after = to
                links[last].after = node
                links[to].before = node


@kernel
def _claim(starts: Any, seconds: Any, which: Any) -> None:
    """Say which start each start node belongs to: the first of those that tie."""
    nodes, spent = starts
    for i in range(len(nodes) - 1, -1, -1):
        if spent[i] == seconds[nodes[i]] and spent[i] < FAR:
            which[nodes[i]] = i


@kernel
def _sweep(graph: Any, queue: Any, starts: Any, links: Any, reached: Any) -> Any:
    """Lower times from the starts (nodes, seconds) of one sweep; return how many nodes were reached."""
    return _spread(graph, queue, links, reached, _seed(queue, starts, links, reached))


@kernel
def fill_rows(graph: Any, queue: Any, starts: Any, rows: Any) -> None:
    """Write the times of each sweep to all nodes into rows of shape (q, n)."""
    first, nodes, spent = starts
    links = _workspace(rows.shape[1], queue.buckets)
    touched = np.empty(rows.shape[1], dtype=np.int32)
    for i in range(len(rows)):
        rows[i, :] = FAR
        part = slice(first[i], first[i + 1])
        _sweep(graph, queue, (nodes[part], spent[part]), links, (rows[i], touched))


@kernel
def fill_table(graph: Any, queue: Any, starts: Any, targets: Any, table: Any) -> None:
    """Write the times of each sweep to each target, (q, t): least over the target's nodes."""
    first, nodes, spent = starts
    to_first, to_nodes, to_spent = targets
    count = len(graph.indptr) - 1
    links = _workspace(count, queue.buckets)
    touched, seconds = np.empty(count, dtype=np.int32), np.full(count, FAR, dtype=np.float32)
    for i in range(len(table)):
        part = slice(first[i], first[i + 1])
        found = _sweep(graph, queue, (nodes[part], spent[part]), links, (seconds, touched))
        for target in range(table.shape[1]):
            least = FAR
            for k in range(to_first[target], to_first[target + 1]):
                least = min(least, seconds[to_nodes[k]] + to_spent[k])
            table[i, target] = least if least <= queue.limits[-1] else FAR
        for k in range(found):
            seconds[touched[k]] = FAR


@kernel
def fill_totals(graph: Any, queue: Any, starts: Any, weights: Any, totals: Any) -> None:
    """Write the sums of weights (n, c) within each limit of each sweep: totals (q, limits, c), rising."""
    first, nodes, spent = starts
    limits = queue.limits
    count = len(graph.indptr) - 1
    links = _workspace(count, queue.buckets)
    touched, seconds = np.empty(count, dtype=np.int32), np.full(count, FAR, dtype=np.float32)
    for i in range(len(totals)):
        totals[i] = 0
        part = slice(first[i], first[i + 1])
        found = _sweep(graph, queue, (nodes[part], spent[part]), links, (seconds, touched))
        for k in range(found):
            node = touched[k]
            for j in range(len(limits)):
                if seconds[node] <= limits[j]:
                    for c in range(weights.shape[1]):
                        totals[i, j, c] += weights[node, c]
            seconds[node] = FAR


ENTRIES = ("fill_nearest", "fill_rows", "fill_table", "fill_totals")
"""Kernels that routing calls."""


def rehearse() -> None:
    """Call every kernel once, so that it is compiled and kept."""
    graph = Graph.of(np.array([0, 1, 2]), np.array([1, 0]), np.array([1.0, 2.0]))
    starts, queue = Starts.at([0, 1]), graph.queue(9)
    rows = np.empty((2, 2), dtype=np.float32)
    fill_rows(graph.rows, queue, starts.part(0, 2), rows)
    fill_table(graph.rows, queue, starts.part(0, 2), starts.part(0, 2), rows)
    fill_totals(graph.rows, queue, starts.part(0, 2), np.ones((2, 1)), np.empty((2, 1, 1)))
    fill_nearest(graph.rows, queue, starts[0], rows[0], np.full(2, IDLE))
