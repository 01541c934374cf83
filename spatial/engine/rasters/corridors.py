"""Corridors: the least costly ways between patches over land that resists, and which hold all together.

A step from cell to cell costs its length times the mean resistance along it; sixteen steps lead on from each
cell (`rings.terrain`), so that a way over even land is at most 2.7 % longer than a straight line.
Patches whose surroundings meet are neighbours. Of the links between neighbours those that join all patches at
the least cost (a minimum spanning tree) are the same as if every patch had been linked to every other
(Mehlhorn 1988); the others are ways round.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from spatial.engine.kernels import is_ready, load_room
from spatial.engine.rings.friction import Links, grid_graph
from spatial.engine.rings.terrain import Terrain, open_steps
from spatial.engine.travel.graph import Graph
from spatial.engine.travel.network import FAR
from spatial.engine.travel.routing import nearest, sweep
from spatial.errors import GeometryError

Values = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
_CHUNK = 1 << 18
_MANY = 100_000
"""Cells from which on kernels are compiled rather than done without."""
_LEAST_PAD = 16
"""Cells round the ends of a link that its way is sought in, at least."""


@dataclass(frozen=True, eq=False)
class Ground:
    """Land as a graph of steps between its cells.

    Parameters
    ----------
    resistance : ndarray of float32, shape (h, w)
        What a metre costs, above 0; NaN where nothing passes.
    cell_m : float
    graph : Graph
        A node a cell, row by row; its "seconds" are costs.
    """

    resistance: Values
    cell_m: float
    graph: Graph


def lay_ground(resistance: Values, cell_m: float, steps: int = 16) -> Ground:
    """Return land as a graph of steps.

    Parameters
    ----------
    resistance : ndarray of float32, shape (h, w)
        What a metre costs, above 0; NaN where nothing passes. At least two cells either way.
    cell_m : float
        Side of a cell, metres.
    steps : {4, 8, 16}
        How many neighbours a cell has.

    Raises
    ------
    GeometryError
        Resistance of zero or less, another number of steps, or too many cells (see `rings.terrain`).

    Examples
    --------
    >>> lay_ground(np.ones((3, 3), np.float32), 10.0).graph.nodes
    9
    """
    if steps not in (4, 8, 16):
        raise GeometryError(f"a cell has 4, 8 or 16 neighbours, not {steps}")
    if (resistance <= 0).any():
        raise GeometryError("resistance must be above 0; NaN says that nothing passes")
    pace = np.where(np.isfinite(resistance), resistance, FAR).astype(np.float32)
    terrain = Terrain("", cell_m, 0, 0, np.zeros(pace.shape, dtype=np.float32), pace)
    bits = open_steps(terrain) & np.uint16((1 << steps) - 1)
    return Ground(resistance, cell_m, grid_graph(terrain, bits, Links.none()))


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Which patch each cell is nearest to by cost.

    Parameters
    ----------
    cost : ndarray of float32, shape (h, w)
        To that patch; `FAR` where none can be reached.
    patch : ndarray of int32, shape (h, w)
        From 1; 0 where none can be reached. Of patches that tie the lowest counts.
    """

    cost: Values
    patch: Labels


def surround(ground: Ground, label: Labels) -> Surroundings:
    """Return which patch each cell is nearest to, all patches swept from at once.

    Parameters
    ----------
    ground : Ground
    label : ndarray of int32, shape (h, w)
        Patch of each cell, from 1; 0 outside.

    Examples
    --------
    >>> label = np.array([[1, 0, 0, 0, 2], [0, 0, 0, 0, 0]], np.int32)
    >>> found = surround(lay_ground(np.ones((2, 5), np.float32), 10.0), label)
    >>> found.patch[0].tolist(), found.cost[0].tolist()
    ([1, 1, 1, 2, 2], [0.0, 10.0, 20.0, 10.0, 0.0])
    """
    if label.size > _MANY and not is_ready("buckets") and (room := load_room("buckets")) is not None:
        # Seconds now, or minutes in scipy: over even land it sums many equal ways anew, cell after cell.
        room.rehearse()
    cells = np.flatnonzero(label)
    owner = label.ravel()[cells]
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], np.arange(1, int(owner.max(initial=0)) + 2))
    starts = [(cells[order[low:high]], np.zeros(high - low)) for low, high in pairwise(first)]
    if not starts:
        return Surroundings(np.full(label.shape, FAR, np.float32), np.zeros(label.shape, np.int32))
    cost, which = nearest(ground.graph, starts)
    return Surroundings(cost.reshape(label.shape), (which + 1).astype(np.int32).reshape(label.shape))


@dataclass(frozen=True, eq=False)
class Contacts:
    """Patches whose surroundings meet.

    Parameters
    ----------
    pairs : ndarray of int64, shape (k, 2)
        The lower number first, each pair once, sorted.
    cost : ndarray of float64, shape (k,)
        Of the least costly way that keeps to the surroundings of both.
    where : ndarray of int64, shape (k, 2)
        The cells at which it passes from one to the other.
    tree : ndarray of bool, shape (k,)
        Whether the link belongs to the tree that joins all patches at the least cost.
    """

    pairs: Longs
    cost: Floats
    where: Longs
    tree: Truths


def find_contacts(ground: Ground, around: Surroundings) -> Contacts:
    """Return which patches are neighbours, what it costs from one to the other, and which links hold all.

    Examples
    --------
    >>> label = np.array([[1, 0, 2, 0, 3], [0, 0, 0, 0, 0]], np.int32)
    >>> ground = lay_ground(np.ones((2, 5), np.float32), 10.0)
    >>> found = find_contacts(ground, surround(ground, label))
    >>> found.pairs.tolist(), found.cost.tolist(), found.tree.tolist()
    ([[1, 2], [2, 3]], [20.0, 20.0], [True, True])
    """
    cost, patch = around.cost.ravel(), around.patch.ravel()
    indptr, edges = ground.graph.rows
    tables = []
    for low in range(0, len(cost), _CHUNK):
        high = min(low + _CHUNK, len(cost))
        there = edges["node"][indptr[low] : indptr[high]]
        here = np.repeat(np.arange(low, high, dtype=np.int64), np.diff(indptr[low : high + 1]))
        met = np.flatnonzero(patch[there] > patch[here])
        met = met[patch[here[met]] > 0]
        here, there = here[met], there[met].astype(np.int64)
        length = edges["seconds"][indptr[low] : indptr[high]][met]
        total = cost[here].astype(float) + length + cost[there]
        tables.append(_least(np.column_stack([patch[here], patch[there], here, there]), total))
    rows, total = _least(np.concatenate([t[0] for t in tables]), np.concatenate([t[1] for t in tables]))
    count = int(patch.max(initial=0))
    return Contacts(rows[:, :2], total, rows[:, 2:], span(rows[:, :2] - 1, total, count))


def _least(rows: Longs, total: Floats) -> tuple[Longs, Floats]:
    """Return the least costly row of each pair (first two columns); of those that tie the first by cells."""
    order = np.lexsort((rows[:, 3], rows[:, 2], total, rows[:, 1], rows[:, 0]))
    rows, total = rows[order].astype(np.int64), total[order]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (np.diff(rows[:, :2], axis=0) != 0).any(axis=1)
    return rows[new], total[new]


def span(pairs: Longs, cost: Floats, count: int) -> Truths:
    """Return which links join all that can be joined at the least cost (Kruskal 1956).

    Parameters
    ----------
    pairs : ndarray of int64, shape (k, 2)
        From 0 to `count` - 1.
    cost : ndarray of float64, shape (k,)
        Of those that tie the first in order is taken.
    count : int

    Examples
    --------
    >>> span(np.array([[0, 1], [0, 2], [1, 2]]), np.array([1.0, 5.0, 2.0]), 3).tolist()
    [True, False, True]
    """
    group = list(range(count))

    def find(one: int) -> int:
        while group[one] != one:
            group[one] = group[group[one]]
            one = group[one]
        return one

    taken = np.zeros(len(pairs), dtype=bool)
    for number in np.argsort(cost, kind="stable").tolist():
        one, other = (find(int(end)) for end in pairs[number])
        if one != other:
            group[max(one, other)] = min(one, other)
            taken[number] = True
    return taken


@dataclass(frozen=True, eq=False)
class Corridor:
    """The least costly way between two patches, in a window round it.

    Parameters
    ----------
    ends : (int, int)
        Patches, the lower number first.
    cost : float
    path : ndarray of int64, shape (k, 2)
        Row and column of each cell stepped on, from the last of the first patch to the first of the second.
    via : tuple of int
        Other patches that it passes through.
    row, column : int
        Upper left cell of the window.
    toll : ndarray of float32, shape (h, w)
        In the window: cost of the least costly way between both patches that passes through each cell.
    """

    ends: tuple[int, int]
    cost: float
    path: Longs
    via: tuple[int, ...]
    row: int
    column: int
    toll: Values

    @property
    def window(self) -> tuple[slice, slice]:
        """Where the window lies in the whole."""
        high, wide = self.toll.shape
        return slice(self.row, self.row + high), slice(self.column, self.column + wide)

    def near(self, slack: float, most: int) -> Truths:
        """Return which cells of the window lie on ways at most `slack` costlier than the least, off patches.

        Of more than `most` cells the best are taken. Cells of one corridor hold together, with its patches.
        """
        limit = np.float32(self.cost + slack)
        if (self.toll <= limit).sum() > most:
            limit = min(limit, np.partition(self.toll, most, axis=None)[most])
        return np.asarray(self.toll <= limit)


def trace_corridor(
    ground: Ground, around: Surroundings, label: Labels, contacts: Contacts, number: int
) -> Corridor:
    """Return the least costly way between two neighbours, sought in a window round the way between them.

    The window holds the way that keeps to the surroundings of both, with half its longer side more on every
    side: a way that swings out further is not seen. For links of the tree the way is the least of all.

    Parameters
    ----------
    ground, around, label, contacts
        As made one from the other.
    number : int
        Which of the contacts.
    """
    first, second = (int(one) for one in contacts.pairs[number])
    wide = label.shape[1]
    cost, owner = around.cost.ravel(), around.patch.ravel()
    ways = [trace_back(ground.graph, cost, int(cell), owner) for cell in contacts.where[number]]
    rows, columns = np.divmod(np.concatenate(ways), wide)
    pad = max(_LEAST_PAD, max(np.ptp(rows), np.ptp(columns)) // 2)
    row, column = max(int(rows.min()) - pad, 0), max(int(columns.min()) - pad, 0)
    window = slice(row, int(rows.max()) + pad + 1), slice(column, int(columns.max()) + pad + 1)
    inner = lay_ground(ground.resistance[window], ground.cell_m) if _partly(window, label) else ground
    part = label[window]
    there, back = (_from_patch(inner.graph, part, patch) for patch in (first, second))
    targets = np.flatnonzero(part == second)
    path = trace_back(inner.graph, there, int(targets[np.argmin(there[targets])]))[::-1]
    step = np.column_stack(np.divmod(path, part.shape[1])) + np.array([row, column])
    via = np.setdiff1d(part.ravel()[path], (0, first, second))
    toll = np.where(np.isin(part, (first, second)), FAR, (there + back).reshape(part.shape))
    least = float(there[targets].min())
    return Corridor((first, second), least, step, tuple(via.tolist()), row, column, toll.astype(np.float32))


def _partly(window: tuple[slice, slice], label: Labels) -> bool:
    return any(part.start > 0 or part.stop < side for part, side in zip(window, label.shape, strict=True))


def _from_patch(graph: Graph, label: Labels, patch: int) -> Values:
    cells = np.flatnonzero(label == patch)
    return sweep(graph, (cells, np.zeros(len(cells))))


def trace_back(graph: Graph, cost: Values, cell: int, owner: Labels | None = None) -> Longs:
    """Return the way from a cell down to where the cost is zero, that cell last.

    Parameters
    ----------
    graph : Graph
        Whose edges cost the same both ways.
    cost : ndarray of float32, shape (n,)
        As a sweep over it left them.
    cell : int
    owner : ndarray of int32, shape (n,), optional
        The patch that each cell is nearest to: the way keeps to that of its cell, also where others tie.

    Raises
    ------
    GeometryError
        The cell was not reached, or the costs are not of this graph.
    """
    way = [cell]
    while cost[cell] > 0:
        edges = graph.edges[graph.indptr[cell] : graph.indptr[cell + 1]]
        back = cost[edges["node"]] + edges["seconds"]
        # Costs are sums of float32 in just this order: where a way came from, the sum is the same to the bit.
        tight = (back == cost[cell]) & (cost[edges["node"]] < cost[cell])
        came = np.flatnonzero(tight if owner is None else tight & (owner[edges["node"]] == owner[cell]))
        if cost[cell] >= FAR or not len(came):
            raise GeometryError(f"no way leads back from cell {cell}")
        cell = int(edges["node"][came].min())
        way.append(cell)
    return np.array(way, dtype=np.int64)
