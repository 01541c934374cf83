"""Following given lines: where edges of a coverage run beside a river or a ridge, they are laid onto it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.rasters.tiling import Coverage
from spatial.engine.shapes.topology import SharedEdges, dissolve, find_shared_edges, label_parts

Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

_GRID_M = 1e-3


def follow_lines(coverage: Coverage, lines: Any, width_m: float) -> Coverage:
    """Lay edges of a coverage onto lines that they run beside.

    The lines cut the coverage. A piece between a line and an edge that is narrow goes to the class beyond
    the edge, so that the line is the edge from then on.

    Parameters
    ----------
    coverage : Coverage
        In metres.
    lines : array-like of shapely geometry
        Lines, or polygons for their outlines; in the same system.
    width_m : float
        Mean width, twice the area over the perimeter, up to which a piece is narrow.

    Returns
    -------
    Coverage
        All vertices on multiples of a millimetre.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 9, 100), shapely.box(9, 0, 30, 100)], dtype=object)
    >>> river = shapely.LineString([(10, -5), (10, 105)])
    >>> found = follow_lines(Coverage(boxes, np.array([1, 2], np.uint8)), [river], 2)
    >>> shapely.area(found.shapes).tolist()
    [1000.0, 2000.0]
    """
    lines = np.asarray(lines, dtype=object).ravel()
    outlines = np.where(shapely.get_dimensions(lines) == 2, shapely.boundary(lines), lines)
    if not len(coverage.shapes) or not len(outlines) or width_m <= 0:
        return coverage
    faces = _cut(coverage, outlines)
    points = shapely.point_on_surface(faces)
    face, owner = shapely.STRtree(coverage.shapes).query(points, predicate="intersects")
    classes = np.zeros(len(faces), dtype=np.int64)
    classes[face] = coverage.classes[owner]
    faces, classes = faces[classes > 0], classes[classes > 0]
    edges = find_shared_edges(faces)
    settled = _settle(faces, classes, edges, _lie_on(edges, outlines), width_m)
    part = label_parts(settled, edges)
    _, first = np.unique(part, return_index=True)
    return Coverage(dissolve(faces, part), settled[first].astype(np.uint8))


def _cut(coverage: Coverage, outlines: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    noded = shapely.union_all([*shapely.boundary(coverage.shapes), *outlines], grid_size=_GRID_M)
    return np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))), dtype=object)


def _lie_on(edges: SharedEdges, outlines: npt.NDArray[np.object_]) -> Truths:
    """Tell which edges are part of the lines; noding has moved either by less than two steps of its grid."""
    x0, y0, x1, y1 = edges.ends.T
    middles = shapely.points((x0 + x1) / 2, (y0 + y1) / 2)
    found = np.zeros(len(middles), dtype=bool)
    near, _ = shapely.STRtree(outlines).query(middles, predicate="dwithin", distance=2 * _GRID_M)
    found[near] = True
    return found


def _settle(
    faces: npt.NDArray[np.object_], classes: Integers, edges: SharedEdges, given: Truths, width_m: float
) -> Integers:
    """Return the classes after narrow pieces beside lines went over the edge that they share most of."""
    length = shapely.length(faces)
    narrow = 2 * shapely.area(faces) <= width_m * length
    beside = np.zeros(len(faces), dtype=bool)
    beside[edges.left[given]] = beside[edges.right[given]] = True
    x0, y0, x1, y1 = edges.ends.T
    span = np.hypot(x1 - x0, y1 - y0)
    # What is no given line parts two classes.
    own = np.concatenate([edges.left[~given], edges.right[~given]])
    other = classes[np.concatenate([edges.right[~given], edges.left[~given]])]
    key, where = np.unique(own * 256 + other, return_inverse=True)
    contact = np.bincount(where, weights=np.tile(span[~given], 2), minlength=len(key))
    face, beyond = np.divmod(key, 256)
    order = np.lexsort((beyond, -contact, face))
    longest = order[np.flatnonzero(np.diff(face[order], prepend=-1))]
    settled = classes.copy()
    moves = longest[narrow[face[longest]] & beside[face[longest]]]
    settled[face[moves]] = beyond[moves]
    return settled
