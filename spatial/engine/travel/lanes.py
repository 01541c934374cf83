"""Sweeps over a contraction hierarchy, for many starts side by side.

Delling, Goldberg, Nowatzyk, Werneck, PHAST: hardware-accelerated shortest path trees (J. Parallel Distrib.
Comput. 73, 2013). A batch of starts shares one walk through the hierarchy: each node holds a row of times,
one for each start (lane), and an arc lowers a whole row at once. First *climb* from the starts to higher
levels, then come down: by *settling* all chosen nodes in order, or, where the limit lets one reach
few, by *walking* from these, level by level.

Nodes are called by place here: every node lies at a later place than those above it, and otherwise beside its
neighbours, so that what one batch reaches lies together in memory.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spatial.engine.kernels import kernel
from spatial.engine.travel.network import FAR, Ints, Seconds

END = np.int32(-1)
_NEAR = np.nextafter(FAR, np.float32(0))
TILE = 64
"""Nodes, and most lanes, that are turned from columns to rows at a time."""
_LINE = 16
"""Times in a line of the processor's memory: rows that begin with one touch no line more than they must."""


class Board(NamedTuple):
    """What a batch writes on, reused from batch to batch.

    Times of each place and lane, (n, lanes); the same bits as whole numbers, whose order is that of times
    and whose minimum compilers can take side by side; the least time of each place over the lanes; the batch
    that wrote each row; the chains of places of each level (first of each level, next of each place); the
    number of the batch.
    """

    seconds: Seconds
    bits: Ints
    least: Seconds
    written: Ints
    first: Ints
    after: Ints
    batch: Ints


def make_board(places: int, levels: int, lanes: int) -> Board:
    """Return a board; its times are not touched, and so cost no memory until a batch comes by."""
    room = np.empty(places * lanes + _LINE, dtype=np.float32)
    begin = -(room.ctypes.data // room.itemsize) % _LINE
    seconds = room[begin : begin + places * lanes].reshape(places, lanes)
    least = np.empty(places, dtype=np.float32)
    written, after = np.zeros(places, dtype=np.int32), np.empty(places, dtype=np.int32)
    first = np.full(levels, END)
    return Board(seconds, seconds.view(np.int32), least, written, first, after, np.zeros(1, dtype=np.int32))


@kernel
def seed(starts: Any, level: Any, board: Any) -> None:
    """Begin a batch with its starts (first, places, seconds), one a lane."""
    seconds, _, least, written, first, after, batch = board
    batch[0] += 1
    least[:] = FAR
    first[:] = END
    for lane in range(len(starts.first) - 1):
        for i in range(starts.first[lane], starts.first[lane + 1]):
            place = starts.nodes[i]
            if written[place] != batch[0]:
                written[place] = batch[0]
                seconds[place, :] = FAR
                after[place] = first[level[place]]
                first[level[place]] = place
            seconds[place, lane] = min(seconds[place, lane], starts.seconds[i])


@kernel
def walk(rows: Any, level: Any, heights: Any, limit: Any, board: Any) -> None:
    """Pass on times along arcs from the places written so far, level by level in the order of `heights`."""
    indptr, edges = rows
    seconds, bits, least, written, first, after, batch = board
    now, lanes = batch[0], seconds.shape[1]
    least_bits = least.view(np.int32)
    for height in heights:
        tail = first[height]
        while tail >= 0:
            lowest = bits[tail, 0]
            for lane in range(1, lanes):
                lowest = min(lowest, bits[tail, lane])
            least_bits[tail] = lowest
            soonest = least[tail]
            for k in range(indptr[tail], indptr[tail + 1]):
                place, more = edges[k].node, edges[k].seconds
                if soonest + more > limit:
                    continue
                if written[place] != now:
                    written[place] = now
                    for lane in range(lanes):
                        seconds[place, lane] = FAR
                    after[place] = first[level[place]]
                    first[level[place]] = place
                for lane in range(lanes):
                    then = seconds[tail, lane] + more
                    seconds[place, lane] = then if then < seconds[place, lane] else seconds[place, lane]
            tail = after[tail]


@kernel
def _look_ahead(rows: Any, chosen: Any, least: Any) -> None:
    """Work out the least time over all lanes of chosen places, one number each."""
    indptr, edges = rows
    for place in chosen:
        soonest = least[place]
        for k in range(indptr[place], indptr[place + 1]):
            then = least[edges[k].node] + edges[k].seconds
            soonest = then if then < soonest else soonest
        least[place] = soonest


@kernel
def settle(rows: Any, chosen: Any, limit: Any, board: Any) -> Any:
    """Lower the times of chosen places from those above them, in order; `chosen` must hold those as well.

    The least over all lanes is worked out first. It equals the least of a row to the last bit, as rounded
    addition keeps order; so rows that are beyond the limit in every lane are neither written nor read.
    Returns how many places are within it.
    """
    indptr, edges = rows
    seconds, _, least, written, _, _, batch = board
    now, lanes = batch[0], seconds.shape[1]
    bound = min(limit, _NEAR)
    _look_ahead(rows, chosen, least)
    within = 0
    for place in chosen:
        if least[place] > bound:
            continue
        within += 1
        if written[place] != now:
            written[place] = now
            for lane in range(lanes):
                seconds[place, lane] = FAR
        for k in range(indptr[place], indptr[place + 1]):
            above, more = edges[k].node, edges[k].seconds
            if least[above] + more <= bound:
                for lane in range(lanes):
                    then = seconds[above, lane] + more
                    seconds[place, lane] = then if then < seconds[place, lane] else seconds[place, lane]
    return within


@kernel
def _turn(tile: Any, begin: Any, end: Any, bounds: Any, rows: Any) -> None:
    """Write a tile of columns (one a node, with its lanes) into rows begin to end, (q, n)."""
    limit, to = bounds
    for lane in range(len(to)):
        row = to[lane]
        for i in range(end - begin):
            then = tile[i * TILE + lane]
            rows[row, begin + i] = then if then <= limit else FAR


@kernel
def _has_any(places: Any, written: Any, now: Any) -> Any:
    for place in places:  # noqa: SIM110 - compiled as a loop
        if written[place] == now:
            return True
    return False


@kernel
def _clear(begin: Any, end: Any, to: Any, rows: Any) -> None:
    """Write `FAR` into a run of columns: in one go a row, which memory takes at its quickest."""
    if begin < end:
        for row in to:
            rows[row, begin:end] = FAR


@kernel
def spill(places: Any, board: Any, limit: Any, to: Any, rows: Any) -> None:
    """Write each lane's times to all nodes, which lie at `places`, into its row of (q, n)."""
    seconds, written, now = board.seconds, board.written, board.batch[0]
    tile = np.empty(TILE * TILE, dtype=np.float32)
    behind = 0
    for begin in range(0, len(places), TILE):
        end = min(begin + TILE, len(places))
        if not _has_any(places[begin:end], written, now):
            continue
        _clear(behind, begin, to, rows)
        behind = end
        for i in range(end - begin):
            place = places[begin + i]
            if written[place] == now:
                for lane in range(seconds.shape[1]):
                    tile[i * TILE + lane] = seconds[place, lane]
            else:
                tile[i * TILE : (i + 1) * TILE] = FAR
        _turn(tile, begin, end, (limit, to), rows)
    _clear(behind, len(places), to, rows)


@kernel
def gather(targets: Any, board: Any, limit: Any, to: Any, table: Any) -> None:
    """Write each lane's times to the targets (first, places, seconds) into its row of (q, t)."""
    seconds, written, now = board.seconds, board.written, board.batch[0]
    first, places, more = targets
    tile = np.empty(TILE * TILE, dtype=np.float32)
    for begin in range(0, len(first) - 1, TILE):
        end = min(begin + TILE, len(first) - 1)
        tile[:] = FAR
        for i in range(end - begin):
            for k in range(first[begin + i], first[begin + i + 1]):
                if written[places[k]] == now:
                    for lane in range(seconds.shape[1]):
                        then = seconds[places[k], lane] + more[k]
                        here = i * TILE + lane
                        tile[here] = then if then < tile[here] else tile[here]
        _turn(tile, begin, end, (limit, to), table)


@kernel
def add(weights: Any, board: Any, limits: Any, to: Any, totals: Any) -> None:
    """Write the sums of weights (places, c) within each limit into each lane's row of (q, limits, c)."""
    seconds, written, now = board.seconds, board.written, board.batch[0]
    lanes = seconds.shape[1]
    sums = np.zeros((len(limits), weights.shape[1], lanes))
    for place in range(len(weights)):
        if written[place] != now:
            continue
        for c in range(weights.shape[1]):
            weight = weights[place, c]
            if weight != 0.0:
                for j in range(len(limits)):
                    limit = limits[j]
                    for lane in range(lanes):
                        sums[j, c, lane] += weight if seconds[place, lane] <= limit else 0.0
    for lane in range(len(to)):
        for j in range(len(limits)):
            totals[to[lane], j] = sums[j, :, lane]


@kernel
def order_above(up: Any, down: Any) -> Any:
    """Return each node's place: after all above it, and right after those for whose sake they come.

    Nodes are taken in their order, and before each the ones above it that have no place yet: a search in
    depth along both kinds of arcs, which lead upwards.
    """
    nodes = len(up.indptr) - 1
    places = np.full(nodes, END)
    stack = np.empty(nodes + len(up.edges) + len(down.edges), dtype=np.int32)
    count = 0
    for root in range(nodes):
        stack[0], top = root, 1
        while top:
            node, before = stack[top - 1], top
            if places[node] < 0:
                for way in (up, down):
                    for k in range(way.indptr[node], way.indptr[node + 1]):
                        above = way.edges[k].node
                        if places[above] < 0:
                            stack[top] = above
                            top += 1
                if top > before:
                    continue
                places[node] = count
                count += 1
            top -= 1
    return places


@kernel
def choose_above(rows: Any, places: Any, chosen: Any) -> None:
    """Mark the places and all from which one comes down to them; rows lead upwards."""
    for place in places:
        chosen[place] = True
    for place in range(len(chosen) - 1, -1, -1):
        if chosen[place]:
            for k in range(rows.indptr[place], rows.indptr[place + 1]):
                chosen[rows.edges[k].node] = True


ENTRIES = ("seed", "walk", "settle", "spill", "gather", "add", "order_above", "choose_above")
"""Kernels that the hierarchy calls."""
