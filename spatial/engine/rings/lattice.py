"""Roads laid on a square lattice: samples along them, and how far each is from the lattice's nodes.

Lengths on the lattice are whole numbers, 256 to the cell, so that every sum is exact: what is computed
depends neither on the window that it is computed in nor on what else was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

from spatial.engine.travel.network import Floats, Ints, Longs, Network, Seconds, Truths

UNIT = 256
"""Whole-number lengths to the cell."""

Units = npt.NDArray[np.int16]
Spots = npt.NDArray[np.uint16]

CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))
"""Nodes of a cell, east and north of its south-west one."""
ROUND = ((-1, 0), (-1, 1), (0, -1), (0, 2), (1, -1), (1, 2), (2, 0), (2, 1))
"""Nodes next to those."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Places along the roads of a network, half a cell apart or less.

    Parameters
    ----------
    first : ndarray of int64, shape (r + 1,)
        Samples of road i are ``first[i]:first[i + 1]``, from its start to its end.
    share : ndarray of float32, shape (s,)
        Position along the road by length, 0 at its start, 1 at its end.
    cell : ndarray of int32, shape (2, s)
        Column and row of the cell that the sample lies in; cell (0, 0) begins at the origin of the CRS.
    spot : ndarray of uint16, shape (s,)
        Place in that cell, as `place_on_lattice` numbers it.
    aloft : ndarray of bool, shape (s,)
        On a bridge or in a tunnel.
    box : ndarray of int32, shape (4, r)
        First column, first row, last column, last row of each road.
    class_words : tuple of str
        Classes of road.
    class_code : ndarray of int64, shape (r,)
        Class of each road as a position in `class_words`.
    """

    first: Longs
    share: Seconds
    cell: Ints
    spot: Spots
    aloft: Truths
    box: Ints
    class_words: tuple[str, ...]
    class_code: Longs

    def of_roads(self, roads: npt.NDArray[Any]) -> tuple[Longs, Longs]:
        """Return the numbers of the samples of some roads, and how many each road has."""
        counts = np.diff(self.first)[roads]
        begin = np.repeat(self.first[roads] - np.cumsum(counts) + counts, counts)
        return begin + np.arange(len(begin)), counts

    def of_classes(self, names: tuple[str, ...]) -> Truths:
        """Tell for each road whether its class is one of those named, shape (r,)."""
        return np.isin(self.class_words, names)[self.class_code]


def place_on_lattice(xy: Floats, cell_m: float) -> tuple[Ints, Spots]:
    """Return the lattice cell of places, and the spot in it: 256 across by 256 up.

    Parameters
    ----------
    xy : ndarray of float64, shape (s, 2)
        Metres.
    cell_m : float

    Returns
    -------
    cell : ndarray of int32, shape (2, s)
        Column and row.
    spot : ndarray of uint16, shape (s,)

    Examples
    --------
    >>> cell, spot = place_on_lattice(np.array([[35.0, 50.0]]), 10.0)
    >>> cell.ravel().tolist(), spot.tolist(), distances_to((1, 0))[spot].tolist()
    ([3, 5], [32768], [128])
    """
    scaled = xy.T / cell_m
    cell = np.floor(scaled)
    x, y = ((scaled - cell) * UNIT).astype(np.int64)
    return cell.astype(np.int32), (UNIT * x + y).astype(np.uint16)


@cache
def distances_to(node: tuple[int, int]) -> Units:
    """Return the distance from each spot of a cell to a node near it, in units, shape (65536,).

    Parameters
    ----------
    node : tuple of int
        Columns east and rows north of the cell's south-west corner.
    """
    x, y = np.divmod(np.arange(UNIT * UNIT), UNIT)
    return np.rint(np.hypot(x - UNIT * node[0], y - UNIT * node[1])).astype(np.int16)


_LAID: dict[int, tuple[float, Samples]] = {}


def lay_roads(network: Network, cell_m: float) -> Samples:
    """Sample the roads of a network.

    The samples for the cell asked for last are kept as long as the shapes of the roads are, for the network
    and its reverse alike.

    Parameters
    ----------
    network : Network
    cell_m : float
        Side of a cell, metres.

    Returns
    -------
    Samples
    """
    key = id(network.shape_xy)
    kept = _LAID.get(key)
    if kept is None or kept[0] != cell_m:
        if kept is None:
            finalize(network.shape_xy, _LAID.pop, key, None)
        kept = _LAID[key] = cell_m, _lay(network, cell_m)
    return kept[1]


def _lay(network: Network, cell_m: float) -> Samples:
    start, xy, aloft = network.shape_start, network.shape_xy, network.shape_aloft
    last = np.zeros(len(xy), dtype=bool)
    last[start[1:] - 1] = True
    step = np.diff(xy, axis=0, append=xy[-1:])
    step[last] = 0.0
    length = np.hypot(step[:, 0], step[:, 1])
    pieces = np.maximum(1, np.ceil(length / (cell_m / 2))).astype(np.int64)
    ends = np.cumsum(pieces)
    vertex = np.repeat(np.arange(len(xy)), pieces)
    along = (np.arange(len(vertex)) - (ends - pieces)[vertex]) / pieces[vertex]
    cell, spot = place_on_lattice(xy[vertex] + along[:, None] * step[vertex], cell_m)
    first = np.concatenate([[0], ends[last]])
    before = np.cumsum(length) - length
    before -= np.repeat(before[start[:-1]], np.diff(start))
    whole = np.repeat(np.maximum(before[last], 1e-9), np.diff(start))
    words, code = np.unique(network.road_class.astype(str), return_inverse=True)
    return Samples(
        first=first,
        share=((before[vertex] + along * length[vertex]) / whole[vertex]).astype(np.float32),
        cell=cell,
        spot=spot,
        aloft=(aloft & (np.append(aloft[1:], False) | last))[vertex],
        box=np.concatenate([fold.reduceat(cell, first[:-1], axis=1) for fold in (np.minimum, np.maximum)]),
        class_words=tuple(words.tolist()),
        class_code=code,
    )
