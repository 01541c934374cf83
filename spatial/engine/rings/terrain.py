"""Terrain on a square lattice: heights and paces at its nodes, and the steps that may be taken between them.

From each node sixteen steps lead on: to the four neighbours, across the four diagonals, and by the eight
knight's moves of chess. On flat, even ground a way made of such steps is never shorter than the straight
line, and at most `WORST_DETOUR` of it longer: rings are a little too small, never too large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.travel.network import FAR, Floats, Longs, Seconds, Truths
from spatial.errors import Fault, GeometryError

STEPS: tuple[tuple[int, int], ...] = (
    (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1),
    (2, 1), (-2, -1), (2, -1), (-2, 1), (1, 2), (-1, -2), (1, -2), (-1, 2),
)  # fmt: skip
"""Columns east and rows north of the node that each step leads to; each stands beside its way back."""
WORST_DETOUR = float(np.cos(np.arctan(0.5) / 2) ** -1 - 1)
"""Share by which steps are longer than the straight line where that is worst: halfway between a row and a
knight's move, 2.7 %."""
MOST_NODES = 8_000_000
"""Nodes of a lattice that an answer is held in memory for: about 2 GB."""
_FRAME = 2

Bits = npt.NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Terrain:
    """Ground that can be walked on, at the nodes of a square lattice.

    Parameters
    ----------
    crs : str
        Metric system, such as ``EPSG:4546``.
    cell_m : float
        Distance between nodes, metres.
    column, row : int
        Of the first node: it lies at ``column * cell_m`` east and ``row * cell_m`` north of the origin of the
        CRS. Later rows lie north of it.
    height_m : ndarray of float32, shape (high, wide)
        NaN where unknown.
    pace : ndarray of float32, shape (high, wide)
        Seconds a metre on the flat; `FAR` where there is no path.

    Raises
    ------
    GeometryError
        Arrays that do not match, or more nodes than the memory can be expected to hold.
    """

    crs: str
    cell_m: float
    column: int
    row: int
    height_m: Seconds
    pace: Seconds

    def __post_init__(self) -> None:
        if self.height_m.shape != self.pace.shape or self.pace.ndim != 2:
            raise GeometryError(f"heights {self.height_m.shape} and paces {self.pace.shape} do not match")
        high, wide = self.pace.shape
        refuse_many(high, wide, self.cell_m)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return self.pace.size

    @property
    def passable(self) -> Truths:
        """Where one can stand: a height and a pace are known, shape (high, wide)."""
        return np.isfinite(self.height_m) & (self.pace < FAR)

    def places(self, nodes: Longs) -> Floats:
        """Return where nodes lie, metres, shape (k, 2)."""
        row, column = np.divmod(nodes, self.pace.shape[1])
        return np.column_stack([column + self.column, row + self.row]) * self.cell_m

    def corners(self, xy: Floats, reach: int = 1) -> tuple[Longs, Longs]:
        """Return the nodes round places: which place, and which node; those off the lattice are left out.

        Parameters
        ----------
        xy : ndarray of float64, shape (q, 2)
            Metres.
        reach : int
            1 gives the four corners of the cell, 2 the sixteen nodes round it.
        """
        low = np.floor(xy / self.cell_m).astype(np.int64) - [self.column, self.row] - (reach - 1)
        beside = np.arange(2 * reach)
        column = (low[:, :1, None] + beside[None, None, :]) + np.zeros((1, 2 * reach, 1), np.int64)
        row = (low[:, 1:, None] + beside[None, :, None]) + np.zeros((1, 1, 2 * reach), np.int64)
        high, wide = self.pace.shape
        there = (column >= 0) & (column < wide) & (row >= 0) & (row < high)
        place = np.broadcast_to(np.arange(len(xy))[:, None, None], there.shape)
        return place[there], (row * wide + column)[there]

    def heights(self, xy: Floats) -> Floats:
        """Return the height at places, interpolated between four nodes; NaN where one is unknown."""
        at = xy / self.cell_m - [self.column, self.row]
        high, wide = self.pace.shape
        inside = (at >= 0).all(axis=1) & (at[:, 0] <= wide - 1) & (at[:, 1] <= high - 1)
        low = np.clip(np.floor(np.where(inside[:, None], at, 0)).astype(np.int64), 0, [wide - 2, high - 2])
        x, y = (np.where(inside[:, None], at, 0) - low).T
        column, row = low.T
        south = self.height_m[row, column] * (1 - x) + self.height_m[row, column + 1] * x
        north = self.height_m[row + 1, column] * (1 - x) + self.height_m[row + 1, column + 1] * x
        return np.where(inside, south * (1 - y) + north * y, np.nan)

    def inside(self, area: BaseGeometry) -> Longs:
        """Return the passable nodes in an area of the terrain's CRS."""
        west, south, east, north = (np.asarray(area.bounds) / self.cell_m).tolist()
        high, wide = self.pace.shape
        columns = np.arange(max(0, int(west) - 1 - self.column), min(wide, int(east) + 2 - self.column))
        rows = np.arange(max(0, int(south) - 1 - self.row), min(high, int(north) + 2 - self.row))
        nodes = (rows[:, None] * wide + columns[None, :]).ravel()
        shapely.prepare(area)
        nodes = nodes[shapely.intersects_xy(area, *self.places(nodes).T)]
        return nodes[self.passable.ravel()[nodes]]


def refuse_many(high: int, wide: int, cell_m: float) -> None:
    """Refuse a lattice of more than `MOST_NODES` nodes, or of less than two either way.

    Raises
    ------
    GeometryError
    """
    if high < _FRAME or wide < _FRAME:
        raise GeometryError(f"a terrain of {wide} by {high} nodes has no cell")
    if high * wide > MOST_NODES:
        times = np.ceil(10 * np.sqrt(high * wide / MOST_NODES)) / 10
        problem = f"terrain of {wide} by {high} nodes, {cell_m:g} m apart, takes too much memory"
        raise GeometryError(
            Fault("", "cell", problem, f"take at least {times * cell_m:g} m, or fewer minutes")
        )


def shift(values: npt.NDArray[Any], step: tuple[int, int]) -> npt.NDArray[Any]:
    """Return the part of an array whose nodes have a neighbour by a step."""
    return values[_reach(values.shape, step)]


def beyond(values: npt.NDArray[Any], step: tuple[int, int], side: tuple[int, int]) -> npt.NDArray[Any]:
    """Return for each node of `shift` the value at the node that lies `side` of it."""
    rows, columns = _reach(values.shape, step)
    return values[_move(rows, side[1]), _move(columns, side[0])]


def _reach(shape: tuple[int, ...], step: tuple[int, int]) -> tuple[slice, slice]:
    high, wide = shape
    right, up = step
    return slice(max(0, -up), high - max(0, up)), slice(max(0, -right), wide - max(0, right))


def _move(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)


def sides(step: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return the nodes that a step passes between: none for straight ones, else two.

    Examples
    --------
    >>> sides((1, 0)), sides((1, -1)), sides((-1, 2))
    ((), ((1, 0), (0, -1)), ((0, 1), (-1, 1)))
    """
    right, up = step
    if right == 0 or up == 0:
        return ()
    if abs(right) == abs(up):
        return (right, 0), (0, up)
    if abs(right) == 2:
        return (right // 2, 0), (right // 2, up)
    return (0, up // 2), (right, up // 2)


def open_steps(terrain: Terrain, steepest: float = 1.0, bars: npt.NDArray[np.object_] | None = None) -> Bits:
    """Return which steps may be taken from each node, a bit for each of `STEPS`, shape (high, wide).

    A step is open both ways or not at all: both its nodes are passable, no part of it is too steep,
    it does not cross a bar, and it does not slip between nodes that are not passable: of the two beside a
    diagonal one must be so, of those beside a knight's move both. So no step leads across water that is one
    cell wide, in whatever direction it runs.

    Parameters
    ----------
    terrain : Terrain
    steepest : float
        Rise over run beyond which ground is no path.
    bars : ndarray of LineString, optional
        Lines in the terrain's CRS that cannot be crossed.
    """
    there = terrain.passable
    bits = np.zeros(there.shape, dtype=np.uint16)
    for number, step in enumerate(STEPS):
        free = shift(there, step) & beyond(there, step, step)
        beside = sides(step)
        if beside:
            left, right = (beyond(there, step, side) for side in beside)
            free &= left | right if abs(step[0]) == abs(step[1]) else left & right
        for rise, run_m in rises(terrain, step):
            with np.errstate(invalid="ignore"):
                free &= np.abs(rise) <= np.float32(steepest * run_m)
        shift(bits, step)[...] |= free.astype(np.uint16) << np.uint16(number)
    if bars is not None and len(bars):
        _put_up(terrain, bits, bars)
    return bits


def rises(terrain: Terrain, step: tuple[int, int]) -> list[tuple[Seconds, float]]:
    """Return what each stretch of a step climbs, and how long it is: one, of a knight's move two.

    Halfway along a knight's move the height is the mean of the nodes beside it.
    """
    height = terrain.height_m
    here, there = shift(height, step), beyond(height, step, step)
    run_m = float(np.hypot(*step)) * terrain.cell_m
    if abs(step[0]) == abs(step[1]) or 0 in step:
        return [(there - here, run_m)]
    left, right = (beyond(height, step, side) for side in sides(step))
    middle = (left + right) * np.float32(0.5)
    return [(middle - here, run_m / 2), (there - middle, run_m / 2)]


def _put_up(terrain: Terrain, bits: Bits, bars: npt.NDArray[np.object_]) -> None:
    """Close the steps that meet a bar."""
    pieces = shapely.segmentize(bars, terrain.cell_m)
    xy, line = shapely.get_coordinates(pieces, return_index=True)
    follows = line[1:] == line[:-1]
    begin, end = xy[:-1][follows], xy[1:][follows]
    flat = bits.reshape(-1)
    # Steps that can meet a piece start within three cells of it.
    place, node = terrain.corners((begin + end) / 2, 4)
    near = flat[node] > 0
    place, node = place[near], node[near]
    start = terrain.places(node)
    for number, step in enumerate(STEPS):
        stop = start + np.array(step) * terrain.cell_m
        shut = np.unique(node[meet(start, stop, begin[place], end[place])])
        flat[shut] &= ~np.uint16(1 << number)


def meet(start: Floats, stop: Floats, begin: Floats, end: Floats) -> Truths:
    """Tell which straight lines from `start` to `stop` touch those from `begin` to `end`, each (k, 2)."""

    def turn(a: Floats, b: Floats, c: Floats) -> Floats:
        return np.asarray(
            (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
        )

    apart = turn(start, stop, begin) * turn(start, stop, end) > 0
    apart |= turn(begin, end, start) * turn(begin, end, stop) > 0
    # On one line both products are zero: then only boxes tell.
    low, high = np.minimum(start, stop), np.maximum(start, stop)
    apart |= ((np.minimum(begin, end) > high) | (np.maximum(begin, end) < low)).any(axis=1)
    return ~apart
