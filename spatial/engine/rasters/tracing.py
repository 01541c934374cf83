"""Tracing: the patches of a raster that is too large for memory, strip by strip from north to south.

The raster is read twice: once to trace the patches, once to spread what was found over their cells. In
between nothing is kept of the cells but which parts of strips belong together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.patches import bounding_radii, compactness, label_patches, outer_corners

Grades = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Traced:
    """Patches of a raster that was read strip by strip.

    Parameters
    ----------
    kind : ndarray of uint8, shape (n + 1,)
        Class of each patch; index 0 stands for missing here and below.
    cells : ndarray of int64, shape (n + 1,)
    cell_m : float
    ratio : ndarray of float32, shape (n + 1,)
        Area as a share of the smallest circle round the patch; NaN at 0.
    diagonal : bool
        Whether cells that only share a corner hold together.
    parts : tuple of ndarray of int32
        For each strip the patch that each of its parts belongs to; part 0 is missing.
    """

    kind: Grades
    cells: Longs
    cell_m: float
    ratio: npt.NDArray[np.float32]
    diagonal: bool
    parts: tuple[npt.NDArray[np.int32], ...]

    @property
    def area_m2(self) -> npt.NDArray[np.float64]:
        """Area of each patch in the raster's plane, shape (n + 1,)."""
        return self.cells.astype(np.float64) * self.cell_m**2

    def spread(self, values: npt.NDArray[Any], number: int, strip: Grades) -> npt.NDArray[Any]:
        """Return what `values` says of each patch at each cell of a strip.

        Parameters
        ----------
        values : ndarray, shape (n + 1,)
            One for each patch, such as `ratio`.
        number : int
            Which strip it is, from 0.
        strip : ndarray of uint8
            The same classes as when it was traced.

        Examples
        --------
        >>> strips = [np.array([[1, 2]], np.uint8), np.array([[1, 0]], np.uint8)]
        >>> traced = trace_patches(strips, 10.0)
        >>> [traced.spread(traced.area_m2, number, strip).tolist() for number, strip in enumerate(strips)]
        [[[200.0, 100.0]], [[200.0, 0.0]]]
        """
        label, _ = label_patches(strip, self.diagonal)
        return values[self.parts[number]][label]


@dataclass
class _Trail:
    """What is known so far: parts of strips, counted on from strip to strip, from 1."""

    count: int = 0
    offsets: list[int] = field(default_factory=list)
    kinds: list[Grades] = field(default_factory=list)
    cells: list[Ints] = field(default_factory=list)
    radii: list[npt.NDArray[np.float64]] = field(default_factory=list)
    pairs: list[Longs] = field(default_factory=list)
    # Corners of parts that may go on in another strip.
    parts: list[Ints] = field(default_factory=list)
    corners: list[Ints] = field(default_factory=list)
    row: int = 0
    border: tuple[Longs, Grades] | None = None


def trace_patches(strips: Iterable[Grades], cell_m: float, diagonal: bool = False) -> Traced:
    """Return the patches of every class of a raster that comes in strips of full width.

    They are those of `spatial.engine.rasters.patches.measure_patches` on the whole, for strips of any height.

    Parameters
    ----------
    strips : iterable of ndarray of uint8, shape (h, w)
        From north to south, 0 missing.
    cell_m : float
    diagonal : bool
        Whether cells that only share a corner hold together.

    Examples
    --------
    >>> traced = trace_patches([np.array([[1, 1]], np.uint8), np.array([[1, 1]], np.uint8)], 10.0)
    >>> traced.cells.tolist(), round(float(traced.ratio[1]), 4)
    ([0, 4], 0.6366)
    """
    trail = _Trail()
    for strip in strips:
        _follow(trail, strip, diagonal)
    # A province may have millions of patches: lists are let go of as soon as they are summed up.
    owner, count = _join(trail)
    parts = tuple(
        np.append(np.int32(0), owner[begin:end]) for begin, end in pairwise([*trail.offsets, trail.count])
    )
    kind = np.zeros(count + 1, dtype=np.uint8)
    cells = np.zeros(count + 1, dtype=np.int64)
    radius = np.full(count + 1, np.nan)
    for number, part in enumerate(parts):
        kind[part[1:]] = trail.kinds[number]
        np.add.at(cells, part[1:], trail.cells[number])
        radius[part[1:]] = trail.radii[number]
    trail.kinds, trail.cells, trail.radii = [], [], []
    _close(trail, owner, cells, radius)
    return Traced(kind, cells, cell_m, compactness(cells, radius), diagonal, parts)


def _follow(trail: _Trail, strip: Grades, diagonal: bool) -> None:
    """Add a strip: its parts, where they touch those of the strip above, and what is open below."""
    label, kind = label_patches(strip, diagonal)
    cells = np.bincount(label.ravel(), minlength=len(kind)).astype(np.int64)
    part, xy = outer_corners(label)
    radius = np.full(len(kind), np.nan)
    if len(part):
        edge = np.unique(np.concatenate([label[0], label[-1]]))
        is_open = np.zeros(len(kind), dtype=bool)
        is_open[edge] = True
        kept = is_open[part]
        trail.parts.append(part[kept] + np.int32(trail.count))
        trail.corners.append((xy[kept] + [0, trail.row]).astype(np.int32))
        closed = ~is_open
        closed[0] = False
        number = np.cumsum(closed)
        inner = ~kept
        small = np.concatenate([[0], cells[closed]])
        radius[closed] = bounding_radii(number[part[inner]], xy[inner], small)[1:]
    trail.radii.append(radius[1:])
    edges = label[[0, -1]].astype(np.int64)
    numbers = np.where(edges > 0, edges + trail.count, 0)
    if trail.border is not None:
        trail.pairs.append(_touch(*trail.border, numbers[0], strip[0], diagonal))
    trail.border = numbers[-1], strip[-1].copy()
    trail.offsets.append(trail.count)
    trail.kinds.append(kind[1:])
    trail.cells.append(cells[1:].astype(np.int32))
    trail.count += len(kind) - 1
    trail.row += len(strip)


def _touch(above: Longs, kind_above: Grades, below: Longs, kind_below: Grades, diagonal: bool) -> Longs:
    """Return which parts of two rows hold together, each pair once, shape (k, 2)."""
    found = []
    wide = len(above)
    for shift in (-1, 0, 1) if diagonal else (0,):
        left, right = slice(max(0, -shift), wide - max(0, shift)), slice(max(0, shift), wide - max(0, -shift))
        same = (kind_above[left] == kind_below[right]) & (kind_above[left] > 0)
        found.append(np.column_stack([above[left][same], below[right][same]]))
    return np.unique(np.concatenate(found), axis=0)


def _join(trail: _Trail) -> tuple[Ints, int]:
    """Return the patch of each part, from 1 in the order of their first parts, and how many there are."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if trail.count == 0:
        return np.zeros(0, dtype=np.int32), 0
    pairs = np.concatenate([*trail.pairs, np.zeros((0, 2), dtype=np.int64)]).astype(np.int32) - np.int32(1)
    trail.pairs = []
    shape = (trail.count, trail.count)
    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=shape)
    count, owner = connected_components(graph, directed=False)
    first = np.empty(count, dtype=np.int32)
    # Of several writes to one place the last stays: the first part of each patch.
    first[owner[::-1]] = np.arange(len(owner), dtype=np.int32)[::-1]
    rank = np.empty(count, dtype=np.int32)
    rank[np.argsort(first)] = np.arange(1, count + 1, dtype=np.int32)
    return rank[owner], int(count)


def _close(trail: _Trail, owner: Ints, cells: Longs, radius: npt.NDArray[np.float64]) -> None:
    """Write the radius of the patches that reached the edge of a strip."""
    part = _flat(trail.parts, np.int32)
    if not len(part):
        return
    patch = owner[part - 1]
    order = np.argsort(patch, kind="stable")
    which, number = np.unique(patch[order], return_inverse=True)
    xy = np.concatenate(trail.corners)[order].astype(np.float64)
    trail.corners = []
    radius[which] = bounding_radii(number + 1, xy, np.concatenate([[0], cells[which]]))[1:]


def _flat(arrays: list[npt.NDArray[Any]], kind: Any) -> npt.NDArray[Any]:
    return np.concatenate([*arrays, np.zeros(0, dtype=kind)])
