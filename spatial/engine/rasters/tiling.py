"""Tiling: rasters of classes drawn as polygons that share every edge, without steps and gaps.

Edges run through the middles of the sides of cells, so that a slanting row of steps becomes a straight line,
and never past the middle of a cell: each cell's middle stays in its own class. Then edges are simplified,
once for both sides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.rasters.grids import Grid
from spatial.engine.rasters.patches import label_patches

Classes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]
Truths = npt.NDArray[np.bool_]

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))
"""Rows and columns of a step east, south, west and north: so the upper, right, lower and left side of a cell
are walked with the cell on the right."""
_STARTS = ((0, 0), (0, 1), (1, 1), (1, 0))
"""Where each side begins: rows and columns from the cell's upper left corner."""


class Coverage(NamedTuple):
    """Polygons that never overlap and share all vertices of common edges.

    Parameters
    ----------
    shapes : ndarray of shapely.Polygon
        One a patch of cells that hold together by their sides.
    classes : ndarray of uint8
    """

    shapes: Shapes
    classes: Classes


class _Sides(NamedTuple):
    """Sides of cells that part two patches, once for each patch.

    `cell` in the framed raster, `way` of `_STEPS`, what `follows` it round its patch, how many sides meet at
    its end, and whether it goes straight on there.
    """

    cell: Integers
    way: Integers
    follows: Integers
    meeting: Integers
    straight: Truths


def draw_coverage(classes: Classes, grid: Grid, tolerance_m: float = 0.0) -> Coverage:
    """Draw the patches of a raster of classes as a coverage.

    Parameters
    ----------
    classes : ndarray of uint8, shape (h, w)
        Of all cells of the grid; 0 missing: no polygon.
    grid : Grid
    tolerance_m : float
        Corners go whose triangle with their neighbours is smaller than the square of it (Visvalingam and
        Whyatt 1993, *Line generalisation by repeated elimination of points*), but none where three patches
        meet; 0 leaves all.

    Returns
    -------
    Coverage
        In the grid's system, by class, then by first cell, row by row.

    Examples
    --------
    >>> grid = Grid("EPSG:4546", 0.0, 40.0, 10.0, 4, 4)
    >>> classes = np.array([[1, 1, 1, 1], [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1]], np.uint8)
    >>> drawn = draw_coverage(classes, grid)
    >>> drawn.classes.tolist(), shapely.area(drawn.shapes).tolist()
    ([1, 2], [1200.0, 350.0])
    """
    label, kind = label_patches(classes)
    if len(kind) == 1:
        return Coverage(np.empty(0, dtype=object), kind[1:])
    framed = np.pad(label, 1)
    sides = _find_sides(framed)
    ring, rank = _order_rings(sides.follows)
    points, owner = _place_corners(sides, framed.shape[1], np.lexsort((rank, ring)), ring)
    points = np.array([grid.left, grid.top]) + points * np.array([grid.cell_m, -grid.cell_m]) / 2
    patch = framed.ravel()[sides.cell[np.flatnonzero(rank == 0)]]
    shapes = _make_polygons(points, owner, patch[np.argsort(ring[rank == 0])])
    if tolerance_m > 0:
        shapes = np.asarray(shapely.coverage_simplify(shapes, tolerance_m), dtype=object)
    return Coverage(shapes, kind[1:])


def _find_sides(label: npt.NDArray[np.int32]) -> _Sides:
    """Return the sides of a framed raster of patches; where a patch meets itself at a corner it is joined."""
    wide, flat = label.shape[1], label.ravel()
    jumps = np.array([row * wide + column for row, column in _STEPS])
    inner = np.flatnonzero(flat > 0)
    keys = []
    for side in range(4):
        # Across the side lies what a step to the left of the way leads to.
        keys.append(4 * inner[flat[inner] != flat[inner + jumps[side - 1]]] + side)
    key = np.sort(np.concatenate(keys))
    cell, way = np.divmod(key, 4)
    left, ahead = jumps[(way - 1) % 4], jumps[way]
    own, over, next_, beyond = (flat[cell + step] for step in (0 * ahead, left, ahead, ahead + left))
    meeting = (
        (own != over).astype(np.int64) + (over != beyond).astype(np.int64)
        + (beyond != next_).astype(np.int64) + (next_ != own).astype(np.int64)
    )  # fmt: skip
    turns_left, straight = own == beyond, (own == next_) & (own != beyond)
    follower = np.select(
        [turns_left, straight],
        [4 * (cell + ahead + left) + (way - 1) % 4, 4 * (cell + ahead) + way],
        4 * cell + (way + 1) % 4,
    )
    return _Sides(cell, way, np.searchsorted(key, follower), meeting, (meeting > 2) | straight)


def _order_rings(follows: Integers) -> tuple[Integers, Integers]:
    """Return the ring of each side, from 0 by its first side, and its place in the ring.

    By jumps that double: from each side to the one 1, 2, 4, … further on.
    """
    count = len(follows)
    first, jump = np.arange(count), follows
    while True:
        lower = np.minimum(first, first[jump])
        if (lower == first).all():
            break
        first, jump = lower, jump[jump]
    # Rings are cut before their first side: from there on, `left` counts how many sides come after.
    end = follows == first
    target = np.where(end, np.arange(count), follows)
    left = (~end).astype(np.int64)
    while True:
        further = left + left[target]
        if (further == left).all():
            break
        left, target = further, target[target]
    _, ring = np.unique(first, return_inverse=True)
    return ring, left[first] - left


def _place_corners(sides: _Sides, wide: int, order: Integers, ring: Integers) -> tuple[Floats, Integers]:
    """Return corners in order, x and y in half cells from the upper left, and the ring of each.

    A side gives its middle, but where it is part of a straight line, and its end where more than two meet.
    """
    row, column = np.divmod(sides.cell, wide)
    starts, steps = np.array(_STARTS), np.array(_STEPS)
    # The frame of one cell is taken off again.
    begin = 2 * (np.stack([row, column], axis=1) - 1 + starts[sides.way])
    step = steps[sides.way]
    before = np.empty_like(sides.follows)
    before[sides.follows] = np.arange(len(before))
    bent = ~(sides.straight & sides.straight[before])
    there = np.stack([bent, sides.meeting > 2], axis=1)[order]
    places = np.stack([begin + step, begin + 2 * step], axis=1)[order]
    owner = np.repeat(ring[order], 2).reshape(-1, 2)
    return places[there][:, ::-1].astype(np.float64), owner[there]


def _make_polygons(points: Floats, owner: Integers, patch: npt.NDArray[np.int32]) -> Shapes:
    """Return one polygon a patch; `patch` is that of each ring. Outlines run clockwise, holes do not."""
    rings = shapely.linearrings(points, indices=owner)
    hole = shapely.is_ccw(rings)
    order = np.lexsort((hole, patch))
    return np.asarray(shapely.polygons(rings[order], indices=patch[order] - 1), dtype=object)


def roundness(areas: Floats, perimeters: Floats) -> float:
    """Return how compact shapes are together: 4πA/P² of each (Polsby and Popper 1991), weighed by area.

    Returns
    -------
    float
        1 for discs, 0.785 for squares, near 0 for strips and ragged shapes; NaN without shapes.

    Examples
    --------
    >>> round(roundness(np.array([1.0]), np.array([4.0])), 3)
    0.785
    """
    total = float(areas.sum())
    if not total:
        return float("nan")
    return float((areas * 4 * np.pi * areas / perimeters**2).sum() / total)
