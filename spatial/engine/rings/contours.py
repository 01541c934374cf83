"""The zero line of a whole-number field on a lattice, as polygons that are valid by the way they are made.

Corners stand on sides of cells, never on nodes, at most one to a side; edges run inside cells, and in one
cell never cross. So no polygon can cross or touch itself or another. Where a field falls, its zero line
moves outward or stays: the land below zero in a lower field holds that of a higher one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon

from spatial.engine.rings.fields import Field
from spatial.engine.rings.lattice import UNIT
from spatial.engine.travel.network import Floats, Longs, Texts, Truths

PLACES = 16
"""On each side of a cell, where corners may stand: in the middle of each sixteenth."""

_CLIP = 2 * UNIT


def draw_zero_line(field: Field, cell_m: float, *, smallest_m2: float, starts: Floats) -> MultiPolygon:
    """Draw the land where a field is below zero.

    Parameters
    ----------
    field : Field
        Zero or more along its rim.
    cell_m : float
        Side of a cell, metres.
    smallest_m2 : float
        Islands and holes whose outline encloses less are left out, square metres.
    starts : ndarray of float64, shape (q, 2)
        Places, metres: an island that holds one stays, however small.

    Returns
    -------
    MultiPolygon
        Corners are exact multiples of 1/32 of a cell.

    Examples
    --------
    >>> value = np.full((4, 4), 128, np.int16)
    >>> value[1:3, 1:3] = -128
    >>> land = draw_zero_line(Field(value, 10, 20), 10.0, smallest_m2=0, starts=np.empty((0, 2)))
    >>> land.bounds, land.area
    ((105.3125, 205.3125, 124.6875, 224.6875), 331.4453125)
    """
    from contourpy import FillType, contour_generator

    height = 2 * np.clip(field.value, -_CLIP, _CLIP).astype(np.float32) + 1  # odd: no node lies on the line
    generator = contour_generator(z=height, name="serial", fill_type=FillType.ChunkCombinedOffsetOffset)
    found: Any = generator.filled(-np.inf, 0.0)
    points, rings, outlines = (chunks[0] for chunks in found)
    if points is None:
        return MultiPolygon()
    at = (_stand(points, height) + 2 * PLACES * np.array([field.column, field.row])) * (cell_m / (2 * PLACES))
    return _assemble(at, rings.astype(np.int64), outlines.astype(np.int64), smallest_m2, starts)


def _stand(points: Floats, height: npt.NDArray[np.float32]) -> Longs:
    """Return where the corners stand, in 1/32 of a cell, from the field itself.

    The share of the side up to the line is one correctly rounded quotient of whole numbers: where the field
    falls it cannot but change outward. The contours' own coordinates are sums, which may be off by a bit.
    """
    low = np.floor(points + 1e-6).astype(np.int64)
    across = (points - low > 2e-6).astype(np.int64)
    column, row = low.T
    here = height[row, column].astype(np.float64)
    there = height[row + across[:, 1], column + across[:, 0]].astype(np.float64)
    place = np.clip(np.floor(here / (here - there) * PLACES), 0, PLACES - 1).astype(np.int64)
    return low * (2 * PLACES) + across * (2 * place + 1)[:, None]


def _assemble(at: Floats, rings: Longs, outlines: Longs, smallest_m2: float, starts: Floats) -> MultiPolygon:
    """Put rings together to polygons.

    Ring i has corners ``rings[i]:rings[i + 1]``, closed; polygon j has rings ``outlines[j]:outlines[j + 1]``,
    of which the first is its outline.
    """
    large = _enclosed(at, rings) >= smallest_m2
    lines = shapely.linearrings(at, indices=np.repeat(np.arange(len(rings) - 1), np.diff(rings)))
    polygon = np.repeat(np.arange(len(outlines) - 1), np.diff(outlines))
    stays = large[outlines[:-1]]
    shapes = shapely.polygons(lines[large & stays[polygon]], indices=_number(polygon[large & stays[polygon]]))
    small = shapely.polygons(lines[outlines[:-1][~stays]])
    kept = _holding(small, starts)
    if kept.any() and len(shapes):
        kept[kept] = ~shapely.covers(shapes[:, None], small[kept]).any(axis=0)  # in holes that are left out
    return MultiPolygon([*shapes, *small[kept]])


def _enclosed(at: Floats, rings: Longs) -> Floats:
    """Return the area that each ring encloses."""
    x, y = (at - at[0]).T
    turn = x[:-1] * y[1:] - x[1:] * y[:-1]
    turn[rings[1:-1] - 1] = 0.0
    return np.abs(np.add.reduceat(turn, rings[:-1])) / 2


def _number(polygon: Longs) -> Longs:
    """Give polygons numbers from zero without gaps, in their order."""
    return np.cumsum(np.diff(polygon, prepend=polygon[:1]) > 0)


def _holding(shapes: Texts, starts: Floats) -> Truths:
    """Tell which shapes hold a start."""
    holds = np.zeros(len(shapes), dtype=bool)
    if len(shapes) and len(starts):
        holds[shapely.STRtree(shapes).query(shapely.points(starts), predicate="intersects")[1]] = True
    return holds
