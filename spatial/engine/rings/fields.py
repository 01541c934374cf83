"""The field that a ring is the zero line of: below zero on land that belongs to it.

Round every place that is reached in time lies a disc: as far as one gets off the road in the time left.
The field is the distance to the nearest disc's rim, negative inside. Along roads that are not reached it is
raised to the difference of the distances to what is reached and to what is not; tunnels and bridges that are
not reached take no land away.

All in whole units of the lattice: no sum is rounded, so a field of a longer limit is nowhere above that of
a shorter one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from spatial.engine.rings.arrivals import Scene
from spatial.engine.rings.lattice import CORNERS, ROUND, UNIT, Spots, Units, distances_to, place_on_lattice
from spatial.engine.travel.network import Ints, Longs, Truths
from spatial.errors import Fault, GeometryError

MOST_CELLS = 100
"""Longest reach off the road in cells: 16 bits have room for it."""

_PAD = 4
_MOST_NODES = 40_000_000
_AWAY = np.int16(4 * UNIT)
_HALF_ROAD = np.int16(UNIT * 5 // 4)  # above 0.7 every place on a road has a node of the lattice within reach
_NONE = np.int16(0)
_HOLD = np.int16(-UNIT // 4)
_STENCIL = [
    (down, right, round(UNIT * float(np.hypot(down, right))))
    for down, right in product(range(-2, 3), repeat=2)
    if (down, right) != (0, 0)
]


@dataclass(frozen=True, eq=False)
class Field:
    """Values at the nodes of a part of the lattice.

    Parameters
    ----------
    value : ndarray of int16, shape (high, wide)
        In units; row 0 is the southernmost.
    column, row : int
        Of the first node on the lattice.
    """

    value: Units
    column: int
    row: int


def margin_cells(off_road_m: float, cell_m: float) -> int:
    """Return how many cells beyond the reached roads a field goes on, so that its rim is above zero."""
    return int(np.ceil(off_road_m / cell_m)) + _PAD


def raise_field(
    scene: Scene,
    limit_s: float,
    *,
    cell_m: float,
    off_road_m: float,
    off_road_kmh: float,
    keep_out_m: float,
) -> Field:
    """Return the field of one limit.

    Parameters
    ----------
    scene : Scene
        Surveyed for this limit or a longer one.
    limit_s : float
        Seconds.
    cell_m, off_road_m, off_road_kmh, keep_out_m : float
        As in `spatial.engine.rings.isochrones.RingRules`.

    Returns
    -------
    Field
        Zero or more along its rim; of one node where nothing is reached in time.

    Raises
    ------
    GeometryError
        A lattice too large for the memory.
    """
    reached = scene.seconds <= limit_s
    mine = np.flatnonzero(reached)
    held, _ = place_on_lattice(scene.start_xy[scene.start_s <= limit_s], cell_m)
    cell, spot = np.take(scene.cell, mine, axis=1), scene.spot[mine]
    if not cell.shape[1] + held.shape[1]:
        return Field(np.full((2, 2), _AWAY), 0, 0)
    window = _Window.round(np.concatenate([cell, held], axis=1), margin_cells(off_road_m, cell_m))
    node = window.nodes(cell)
    left_m = (limit_s - scene.seconds[mine].astype(np.float64)) * (off_road_kmh / 3.6)
    reach = np.floor(np.minimum(left_m, off_road_m) * (UNIT / cell_m)).astype(np.int16)
    reach[scene.narrow[mine]] = 0
    value = window.distances(node, spot, CORNERS + ROUND, np.maximum(reach, _HALF_ROAD))
    _spread(value, off_road_m / cell_m)
    if keep_out_m > 0:
        width = np.int16(np.floor(keep_out_m * (UNIT / cell_m)))
        away = _away_from_others(scene, np.flatnonzero(~reached & ~scene.aloft), window)
        np.maximum(value, np.minimum(window.distances(node, spot), width) - away, out=value)
    for beside in CORNERS:
        np.minimum.at(value.reshape(-1), window.nodes(held) + window.step(beside), _HOLD)
    return Field(value, window.column, window.row)


def _away_from_others(scene: Scene, others: Longs, window: _Window) -> Units:
    """Return the distance from each node to the nearest place on a road that is not reached.

    Not to bridges and tunnels: the land above or below them is not theirs.
    """
    cell = np.take(scene.cell, others, axis=1)
    inside = np.flatnonzero(window.holds(cell))
    return window.distances(window.nodes(np.take(cell, inside, axis=1)), scene.spot[others[inside]])


@dataclass(frozen=True)
class _Window:
    """Part of the lattice: its first column and row, and how many nodes it has each way."""

    column: int
    row: int
    wide: int
    high: int

    @classmethod
    def round(cls, cell: Ints, margin: int) -> _Window:
        (left, low), (right, top) = cell.min(axis=1).tolist(), cell.max(axis=1).tolist()
        wide, high = right - left + 2 * margin + 2, top - low + 2 * margin + 2
        if wide * high > _MOST_NODES:
            times = np.ceil(10 * np.sqrt(wide * high / _MOST_NODES)) / 10
            problem = f"a lattice of {wide} by {high} nodes takes too much memory"
            raise GeometryError(Fault("", "cell_m", problem, f"take cells {times:g} times as wide"))
        return cls(left - margin, low - margin, wide, high)

    def nodes(self, cell: Ints) -> Longs:
        """Return the number of the node at the south-west corner of cells."""
        return (cell[1].astype(np.int64) - self.row) * self.wide + (cell[0] - self.column)

    def holds(self, cell: Ints) -> Truths:
        """Tell which cells have all their corners in the window."""
        column, row = cell[0] - self.column, cell[1] - self.row
        return (column >= 0) & (column < self.wide - 1) & (row >= 0) & (row < self.high - 1)

    def step(self, beside: tuple[int, int]) -> int:
        """Return how much the number of a node grows by going so far east and north."""
        return beside[1] * self.wide + beside[0]

    def distances(
        self,
        node: Longs,
        spot: Spots,
        nodes: tuple[tuple[int, int], ...] = CORNERS,
        less: Units | np.int16 = _NONE,
    ) -> Units:
        """Return at each node the least distance to the samples that lie near, less something for each.

        Parameters
        ----------
        node : ndarray of int64, shape (s,)
            South-west corners of the cells of the samples.
        spot : ndarray of uint16, shape (s,)
            Where they lie in those cells.
        nodes : tuple
            The nodes round each cell that its samples have a distance to.
        less : ndarray of int16, shape (s,)
            What is taken off.
        """
        value = np.full(self.high * self.wide, _AWAY)
        for beside in nodes:
            np.minimum.at(value, node + self.step(beside), distances_to(beside)[spot] - less)
        return value.reshape(self.high, self.wide)


def _spread(value: Units, reach_cells: float) -> None:
    """Let the values rise from every node by no more than the distance to the next, in place.

    Strides halve from pass to pass, so that few passes reach far.
    """
    passes = int(np.ceil(np.log2((reach_cells + 2) / 2 + 1)))
    high, wide = value.shape
    spare = np.empty_like(value)
    for stride in (1 << np.arange(passes)[::-1]).tolist():
        for down, right, length in _STENCIL:
            dy, dx = down * stride, right * stride
            even = stride == 1 and down % 2 == 0 and right % 2 == 0  # earlier passes went there
            if even or abs(dy) >= high or abs(dx) >= wide:
                continue
            there = np.s_[max(0, dy) : high + min(0, dy), max(0, dx) : wide + min(0, dx)]
            here = np.s_[max(0, -dy) : high + min(0, -dy), max(0, -dx) : wide + min(0, -dx)]
            risen = np.add(value[here], np.int16(length * stride), out=spare[here])
            np.minimum(value[there], risen, out=value[there])
