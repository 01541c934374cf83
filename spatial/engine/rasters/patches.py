"""Patches: cells of one class that hold together, how large they are and how compact.

A patch is as compact as its area is a share of the smallest circle round it: 2/π = 0.64 for any square, so
also for a single cell; less for strips and ragged shapes. 1 would be a disc, which cells never make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.scoring import Edge, shift_by_breaks
from spatial.errors import GeometryError

Grades = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Patches:
    """The patches of a raster of classes.

    Parameters
    ----------
    label : ndarray of int32, shape (h, w)
        Patch of each cell, from 1; 0 where the class is missing. Numbered by class, then by first cell, row
        by row.
    kind : ndarray of uint8, shape (n + 1,)
        Class of each patch; index 0 stands for missing here and below.
    cells : ndarray of int64, shape (n + 1,)
    cell_m : float
    ratio : ndarray of float32, shape (n + 1,)
        Area as a share of the smallest circle round the patch; NaN at 0.
    """

    label: npt.NDArray[np.int32]
    kind: Grades
    cells: npt.NDArray[np.int64]
    cell_m: float
    ratio: Values

    @property
    def area_m2(self) -> npt.NDArray[np.float64]:
        """Area of each patch in the raster's plane, shape (n + 1,)."""
        return self.cells.astype(np.float64) * self.cell_m**2

    def spread(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return what `values` says of each patch at each of its cells, shape (h, w).

        Examples
        --------
        >>> patches = measure_patches(np.array([[1, 1, 0, 2]], np.uint8), 10.0)
        >>> patches.spread(patches.area_m2).tolist()
        [[200.0, 200.0, 0.0, 100.0]]
        """
        return values[self.label]


def measure_patches(classes: Grades, cell_m: float, diagonal: bool = False) -> Patches:
    """Return the patches of every class of a raster, with area and compactness.

    Parameters
    ----------
    classes : ndarray of uint8, shape (h, w)
        0 missing.
    cell_m : float
    diagonal : bool
        Whether cells that only share a corner hold together.

    Raises
    ------
    GeometryError
        Not a raster of rows and columns.

    Examples
    --------
    >>> patches = measure_patches(np.array([[1, 1], [1, 1]], np.uint8), 10.0)
    >>> patches.cells.tolist(), round(float(patches.ratio[1]), 4)
    ([0, 4], 0.6366)
    """
    if classes.ndim != 2:
        raise GeometryError(f"classes of shape {classes.shape} are no raster of rows and columns")
    label, kind = label_patches(classes, diagonal)
    cells = np.bincount(label.ravel(), minlength=len(kind)).astype(np.int64)
    cells[0] = 0
    ratio = compactness(cells, bounding_radii(*outer_corners(label), cells))
    return Patches(label, kind, cells, cell_m, ratio)


def label_patches(classes: Grades, diagonal: bool = False) -> tuple[npt.NDArray[np.int32], Grades]:
    """Return the patch of each cell, from 1, and the class of each patch, 0 first.

    Examples
    --------
    >>> label, kind = label_patches(np.array([[2, 0, 2], [1, 1, 2]], np.uint8))
    >>> label.tolist(), kind.tolist()
    ([[2, 0, 3], [1, 1, 3]], [0, 1, 2, 2])
    """
    begins = np.ones(classes.shape, dtype=bool)
    begins[:, 1:] = classes[:, 1:] != classes[:, :-1]
    # Runs of one class along a row, not cells, are what is joined: there are far fewer.
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=classes.size)
    kind = classes.ravel()[starts]
    run = np.repeat(np.arange(len(starts), dtype=np.int32), lengths)
    owner, count = _join_runs(run, _contacts(classes, begins, diagonal), len(starts))
    first = np.zeros(count, dtype=np.int64)
    # Of several writes to one place the last stays: the first run of each patch.
    first[owner[::-1]] = np.arange(len(starts))[::-1]
    order = np.lexsort((first, kind[first]))
    order = order[kind[first[order]] > 0]
    number = np.zeros(count, dtype=np.int32)
    number[order] = np.arange(1, len(order) + 1)
    label = np.repeat(number[owner], lengths).reshape(classes.shape)
    return label, np.append(np.uint8(0), kind[first[order]])


def _contacts(classes: Grades, begins: npt.NDArray[np.bool_], diagonal: bool) -> npt.NDArray[np.int64]:
    """Return pairs of cells by which runs of neighbouring rows hold together, shape (k, 2)."""
    wide = classes.shape[1]
    same = classes[:-1] == classes[1:]
    upper = np.flatnonzero(same & (begins[:-1] | begins[1:]))
    pairs = [np.column_stack([upper, upper + wide])]
    if diagonal:
        # Where cells above and below differ, only a corner can join what lies aslant.
        apart = ~same[:, 1:] & ~same[:, :-1]
        for left, right, shift in (
            (classes[:-1, :-1], classes[1:, 1:], 0),
            (classes[:-1, 1:], classes[1:, :-1], 1),
        ):
            row, column = np.nonzero((left == right) & apart)
            cell = row * wide + column
            pairs.append(np.column_stack([cell + shift, cell + wide + 1 - shift]))
    return np.concatenate(pairs)


def _join_runs(
    run: npt.NDArray[np.int32], contacts: npt.NDArray[np.int64], count: int
) -> tuple[npt.NDArray[np.int32], int]:
    """Return which runs are one patch, and how many patches there are; what is missing counts as a class."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if count == 0:
        return np.zeros(0, dtype=np.int32), 0
    ends = run[contacts[:, 0]], run[contacts[:, 1]]
    graph = coo_array((np.ones(len(contacts), dtype=np.int8), ends), shape=(count, count))
    parts, owner = connected_components(graph, directed=False)
    return owner, int(parts)


def compactness(cells: npt.NDArray[np.int64], radius: npt.NDArray[np.float64]) -> Values:
    """Return areas as shares of circles, both in cells; NaN at 0.

    Examples
    --------
    >>> compactness(np.array([0, 1]), np.array([np.nan, 0.5**0.5])).round(2).tolist()
    [nan, 0.6399999856948853]
    """
    return (cells / (np.pi * radius**2)).astype(np.float32)


def bounding_radii(
    patch: npt.NDArray[Any], xy: npt.NDArray[np.float64], cells: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the radius of the smallest circle round each patch, in cells; NaN at 0.

    Parameters
    ----------
    patch : ndarray of int, shape (k,)
        Sorted; each number from 1 has corners.
    xy : ndarray of float64, shape (k, 2)
        Corners of cells, as `outer_corners` gives them.
    cells : ndarray of int64, shape (n + 1,)
        Number of cells of each patch.
    """
    import shapely

    radius = np.full(len(cells), np.nan)
    if not len(patch):
        return radius
    begins = np.flatnonzero(np.diff(patch, prepend=0))
    sides = np.maximum.reduceat(xy, begins) - np.minimum.reduceat(xy, begins)
    radius[1:] = np.hypot(*sides.T) / 2
    # A patch that fills its box has the box's circle; most small ones do. The others are asked one by one.
    ragged = cells[1:] < sides.prod(axis=1)
    asked = ragged[patch - 1]
    if asked.any():
        which = np.cumsum(ragged)[patch[asked] - 1] - 1
        # A line through the corners has their circle, and is made faster than so many points.
        radius[1:][ragged] = shapely.minimum_bounding_radius(shapely.linestrings(xy[asked], indices=which))
    return radius


def outer_corners(label: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Return corners of cells that the hull of each patch cannot do without, sorted by patch.

    In each row only the first and the last cell of a patch can touch its hull.
    """
    wide = label.shape[1]
    flat = label.ravel()
    # Cells whose left neighbour is another patch's begin a run; only they and the runs' ends are looked at.
    begins = np.ones(label.shape, dtype=bool)
    begins[:, 1:] = label[:, 1:] != label[:, :-1]
    ends = np.ones(label.shape, dtype=bool)
    ends[:, :-1] = begins[:, 1:]
    left = np.flatnonzero(begins & (label > 0))
    right = np.flatnonzero(ends & (label > 0))
    left, right = _first(flat[left], left, wide), _last(flat[right], right, wide)
    row, low = np.divmod(left, wide)
    high = right % wide + 1
    x = np.column_stack([low, low, high, high])
    y = np.column_stack([row, row + 1, row, row + 1])
    return np.repeat(flat[left], 4), np.column_stack([x.ravel(), y.ravel()]).astype(np.float64)


def _order(patch: npt.NDArray[np.int32], cell: npt.NDArray[np.int64], wide: int) -> Any:
    """Return cells by patch, then by place, and which of them begin another patch or row."""
    order = np.argsort(patch, kind="stable")
    cell, patch = cell[order], patch[order]
    row = cell // wide
    new = np.ones(len(cell), dtype=bool)
    new[1:] = (patch[1:] != patch[:-1]) | (row[1:] != row[:-1])
    return cell, new


def _first(patch: npt.NDArray[np.int32], cell: npt.NDArray[np.int64], wide: int) -> npt.NDArray[np.int64]:
    cell, new = _order(patch, cell, wide)
    found: npt.NDArray[np.int64] = cell[new]
    return found


def _last(patch: npt.NDArray[np.int32], cell: npt.NDArray[np.int64], wide: int) -> npt.NDArray[np.int64]:
    cell, new = _order(patch, cell, wide)
    found: npt.NDArray[np.int64] = cell[np.append(new[1:], True)] if len(cell) else cell
    return found


def concentrate(
    grade: Grades,
    ratio: Values,
    breaks: Sequence[float],
    shifts: Sequence[int],
    *,
    best: int = 1,
    worst: int = 5,
    edges: Edge | Sequence[Edge] = "above",
    improve: npt.NDArray[np.bool_] | None = None,
) -> Grades:
    """Return grades corrected by how compact the patch round each cell is.

    Parameters
    ----------
    grade : ndarray of uint8
    ratio : ndarray of float32
        Compactness at each cell; where it is missing, the grade stays.
    breaks : sequence of float
        Rising.
    shifts : sequence of int
        One more than breaks, for the lowest ratios first; positive makes worse. The result is held between
        best and worst, so that a shift by their difference leads there from any grade.
    best, worst : int
    edges : str or sequence of str
        As in `grade_by_breaks`.
    improve : ndarray of bool, optional
        Cells whose grade may get better, such as those of patches that are large enough; all unless given.

    Examples
    --------
    >>> grade = np.array([3, 3, 3, 3, 3], np.uint8)
    >>> ratio = np.array([0.1, 0.2, 0.4, 0.6, 0.8], np.float32)
    >>> concentrate(grade, ratio, [0.2, 0.4, 0.6, 0.8], [4, 1, 0, -1, -4]).tolist()
    [5, 4, 3, 2, 1]
    """
    found = shift_by_breaks(grade, ratio, breaks, shifts, edges, best=best, worst=worst)
    return found if improve is None else np.where(improve, found, np.maximum(found, grade))
