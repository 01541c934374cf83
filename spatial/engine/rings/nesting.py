"""Nesting of rings: which ring is a shell, which one a hole, told by what lies within what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


def nest_rings(rings: Sequence[Floats]) -> BaseGeometry:
    """Return the area that rings enclose, by even and odd: within a shell is a hole, within that an island.

    Parameters
    ----------
    rings : sequence of numpy.ndarray
        Each of shape (n, 2) with n ≥ 3, closed or not, in any order and direction.

    Returns
    -------
    shapely.Polygon or shapely.MultiPolygon
        Vertices as given, none added or moved; invalid where rings cross. A multipolygon where several shells
        lie side by side. An empty polygon without rings.

    Notes
    -----
    A ring is placed by a point inside it, so rings that touch are told apart; of two equal rings the later
    one is the hole of the earlier.

    Examples
    --------
    >>> outer, inner = np.array([[0, 0], [9, 0], [9, 9], [0, 9]]), np.array([[3, 3], [6, 3], [6, 6], [3, 6]])
    >>> nest_rings([inner, outer]).area
    72.0
    """
    if not len(rings):
        return shapely.Polygon()
    faces = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    parent, depth = _find_parents(faces)
    polygons = []
    for shell in np.flatnonzero(depth % 2 == 0).tolist():
        holes = np.flatnonzero((parent == shell) & (depth % 2 == 1)).tolist()
        polygons.append(shapely.Polygon(rings[shell], [rings[hole] for hole in holes]))
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _find_parents(faces: npt.NDArray[np.object_]) -> tuple[Indices, Indices]:
    """Return the smallest face round each face, -1 for none, and how many faces are round it."""
    inner, outer = shapely.STRtree(faces).query(shapely.point_on_surface(faces), predicate="intersects")
    areas = shapely.area(faces)
    round_it = (areas[outer] > areas[inner]) | ((areas[outer] == areas[inner]) & (outer < inner))
    inner, outer = inner[round_it], outer[round_it]
    depth = np.bincount(inner, minlength=len(faces)).astype(np.intp)
    order = np.lexsort((outer, -areas[outer], inner))
    parent = np.full(len(faces), -1, dtype=np.intp)
    parent[inner[order]] = outer[order]  # the last one written is the smallest
    return parent, depth
