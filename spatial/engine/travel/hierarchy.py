"""Contraction hierarchy of a graph: many sweeps at once, a fraction of the work of as many searches.

What a hierarchy answers equals what bucket sweeps answer up to the rounding of float32: a shortcut's seconds
are summed in another order than its edges. Each sum of two rounds by at most 2**-24 of itself, so two
answers for a way of e edges differ by less than ``e * 2**-23`` of the time, in practice some milliseconds in
an hour; a node at the very limit may so fall on either side of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from queue import Empty, SimpleQueue
from weakref import WeakKeyDictionary

import numpy as np

from spatial.engine.threads import run_parts
from spatial.engine.travel import lanes
from spatial.engine.travel.contraction import contract
from spatial.engine.travel.graph import Graph, Places, Starts, rows_of
from spatial.engine.travel.lanes import Board, make_board
from spatial.engine.travel.network import FAR, Floats, Ints, Longs, Seconds

LANES = lanes.TILE
"""Starts that share one walk through the hierarchy."""
_MANY = 0.05
"""Share of the nodes within the limit above which it is quicker to look at all of them in order."""
_SMALL = 1_000_000
"""Entries of boards that are worth a thread."""
_WIDE = 1 << 25
"""Entries of a board above which it gets fewer lanes."""


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A contracted graph, renumbered so that every place lies after those above it.

    Parameters
    ----------
    places : ndarray of int32, shape (n,)
        Place of each node.
    level : ndarray of int32, shape (n,)
        Level of each place.
    up, down : Graph
        Arcs of each place to places above it: seconds from it to there, and from there to it.
    """

    places: Ints
    level: Ints
    up: Graph
    down: Graph
    _boards: SimpleQueue[Board] = field(default_factory=SimpleQueue, repr=False)

    @classmethod
    def of(cls, graph: Graph) -> Hierarchy | None:
        """Contract a graph; None if that would not pay, since too many shortcuts are needed.

        Examples
        --------
        >>> ring = Graph.of(np.arange(5), np.array([1, 2, 3, 0]), np.ones(4))
        >>> hierarchy = Hierarchy.of(ring)
        >>> hierarchy.fill_rows(Starts.at([0]))
        array([[0., 1., 2., 3.]], dtype=float32)
        """
        done = contract(graph)
        if done is None:
            return None
        arcs = [(side, side < FAR) for side in (done.out, done.back)]
        up, down = (rows_of(graph.nodes, done.low[has], done.high[has], side[has]) for side, has in arcs)
        places = lanes.order_above(up.rows, down.rows)
        level = np.empty_like(done.level)
        level[places] = done.level
        low, high = places[done.low], places[done.high]
        up, down = (rows_of(graph.nodes, low[has], high[has], side[has]) for side, has in arcs)
        return cls(places, level, up, down)

    @property
    def arcs(self) -> int:
        """Number of arcs, both directions."""
        return len(self.up.edges) + len(self.down.edges)

    @cached_property
    def _heights(self) -> Ints:
        return np.arange(self.level.max(initial=-1) + 1, dtype=np.int32)

    def _sides(self, towards: bool) -> tuple[Graph, Graph]:
        """Return the arcs to climb by and those to come down by (both lead upwards)."""
        return (self.down, self.up) if towards else (self.up, self.down)

    def fill_rows(
        self,
        starts: Starts,
        limit_s: float = float(FAR),
        towards: bool = False,
        rows: Seconds | None = None,
    ) -> Seconds:
        """Return the times of each sweep to all nodes, or from all nodes to its starts, (q, n).

        They are written into `rows` where that is given.
        """
        rows = np.empty((len(starts), len(self.places)), dtype=np.float32) if rows is None else rows
        limit = np.float32(limit_s)
        come_down = self._descender(towards, limit)

        def finish(board: Board, to: Longs) -> None:
            come_down(board)
            lanes.spill(self.places, board, limit, to, rows)

        self._run(starts, limit, towards, finish)
        return rows

    def fill_table(
        self, starts: Starts, targets: Starts, limit_s: float = float(FAR), towards: bool = False
    ) -> Seconds:
        """Return the times of each sweep to each target (or back), (q, t): least over the target's nodes."""
        table = np.empty((len(starts), len(targets)), dtype=np.float32)
        limit = np.float32(limit_s)
        ends = Places(targets.first, self.places[targets.nodes], targets.seconds)
        come_down = self._sweeper(towards, ends.nodes, limit)

        def finish(board: Board, to: Longs) -> None:
            come_down(board)
            lanes.gather(ends, board, limit, to, table)

        self._run(starts, limit, towards, finish)
        return table

    def fill_totals(
        self, starts: Starts, weights: Floats, limits_s: Seconds, towards: bool = False
    ) -> Floats:
        """Return the sums of weights (n, c) within each limit (rising) of each sweep, (q, limits, c)."""
        totals = np.empty((len(starts), len(limits_s), weights.shape[1]))
        placed = np.empty_like(weights)
        placed[self.places] = weights
        come_down = self._descender(towards, limits_s[-1])

        def finish(board: Board, to: Longs) -> None:
            come_down(board)
            lanes.add(placed, board, limits_s, to, totals)

        self._run(starts, limits_s[-1], towards, finish)
        return totals

    def _sweeper(self, towards: bool, places: Ints, limit: np.float32) -> Callable[[Board], None]:
        """Return what comes down to these places only."""
        rows = self._sides(towards)[1].rows
        chosen = np.zeros(len(self.places), dtype=bool)
        lanes.choose_above(rows, places, chosen)
        order = np.flatnonzero(chosen).astype(np.int32)
        return lambda board: lanes.settle(rows, order, limit, board)

    def _descender(self, towards: bool, limit: np.float32) -> Callable[[Board], None]:
        """Return what comes down as far as the limit: by the way that would have been quicker last time.

        Both ways take the least over the same sums, so it makes no difference to the times.
        """
        way = self._sides(towards)[1]
        every, heights = np.arange(len(self.places), dtype=np.int32), self._heights[::-1].copy()
        many = True

        def come_down(board: Board) -> None:
            nonlocal many
            if many:
                within = lanes.settle(way.rows, every, limit, board)
            else:
                lanes.walk(way.turned.rows, self.level, heights, limit, board)
                within = int(np.count_nonzero(board.written == board.batch[0]))
            many = bool(limit >= FAR) or within > _MANY * len(every)

        return come_down

    def _run(
        self, starts: Starts, limit: np.float32, towards: bool, finish: Callable[[Board, Longs], None]
    ) -> None:
        """Climb from neighbouring starts in batches, several at a time, and hand each batch's board on."""
        order = np.argsort(starts.any_nodes(), kind="stable").astype(np.int64)
        sorted_ = starts.take(order)
        placed = Starts(sorted_.first, self.places[sorted_.nodes], sorted_.seconds)
        rows = self._sides(towards)[0].rows
        wide = self._lanes(len(starts))

        def part(begin: int, end: int) -> None:
            board = self._board(wide)
            for batch in range(begin * wide, min(end * wide, len(order)), wide):
                lanes.seed(placed.part(batch, min(batch + wide, len(order))), self.level, board)
                lanes.walk(rows, self.level, self._heights, limit, board)
                finish(board, order[batch : batch + wide])
            self._boards.put(board)

        run_parts(part, -(-len(order) // wide), least=1 + _SMALL // (wide * max(1, len(self.places))))

    def _lanes(self, starts: int) -> int:
        wide = LANES if LANES * len(self.places) <= _WIDE else LANES // 2
        while wide > 1 and wide >= 2 * starts:
            wide //= 2
        return wide

    def _board(self, wide: int) -> Board:
        """Return a board that an earlier batch left behind, or a new one."""
        try:
            board = self._boards.get_nowait()
        except Empty:
            board = None
        if board is None or board.seconds.shape[1] != wide or board.batch[0] > 2**30:
            return make_board(len(self.places), len(self._heights), wide)
        return board


_HIERARCHIES: WeakKeyDictionary[Graph, Hierarchy | None] = WeakKeyDictionary()


def hierarchy_of(graph: Graph) -> Hierarchy | None:
    """Return the hierarchy of a graph, built at the first call and remembered as long as the graph.

    None, remembered as well, if the graph is too dense for one: use bucket sweeps.
    """
    if graph not in _HIERARCHIES:
        _HIERARCHIES[graph] = Hierarchy.of(graph)
    return _HIERARCHIES[graph]


def build_cost(graph: Graph, cost: float) -> float:
    """Return what the hierarchy still costs: nothing if it is at hand, infinite if the graph is too dense."""
    if graph not in _HIERARCHIES:
        return cost
    return np.inf if _HIERARCHIES[graph] is None else 0.0


def rehearse() -> None:
    """Call every kernel of `lanes` once, so that it is compiled and kept."""
    graph = Graph.of(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1]), np.ones(4))
    hierarchy, starts = Hierarchy.of(graph), Starts.at([0, 2])
    assert hierarchy is not None
    hierarchy.fill_rows(starts)
    hierarchy.fill_table(starts, starts)
    hierarchy.fill_totals(starts, np.ones((3, 1)), np.array([1.0], dtype=np.float32))
