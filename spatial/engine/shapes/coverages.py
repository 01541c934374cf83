"""Faults of coverages: where polygons overlap, where they leave gaps, where their edges do not match."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

Integers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

_POLYGON = 3


class Overlaps(NamedTuple):
    """Land that two polygons both cover: their positions, the lower first, and each piece of it."""

    left: Integers
    right: Integers
    pieces: Shapes


def find_overlaps(shapes: Any) -> Overlaps:
    """Find all land that two polygons of a set both cover.

    Parameters
    ----------
    shapes : array-like of shapely.Polygon or shapely.MultiPolygon
        Valid; empty ones and None overlap nothing.

    Returns
    -------
    Overlaps
        Each piece a polygon with area, sorted by pair. Where three polygons overlap there are three pairs.

    Notes
    -----
    The coverage validity of GEOS tells in one sweep which polygons match all their neighbours; only the
    others are intersected, so a clean coverage costs next to nothing.

    Examples
    --------
    >>> found = find_overlaps([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(3, 0, 4, 1)])
    >>> found.left.tolist(), found.right.tolist(), shapely.area(found.pieces).tolist()
    ([0], [1], [1.0])
    """
    shapes = np.asarray(shapes, dtype=object).ravel()
    doubtful = np.flatnonzero(find_mismatches(shapes)[1])
    left, right = shapely.STRtree(shapes[doubtful]).query(shapes[doubtful], predicate="intersects")
    left, right = left[left < right], right[left < right]
    common = shapely.intersection(shapes[doubtful[left]], shapes[doubtful[right]])
    pieces, pair = _polygons_of(common)
    left, right = doubtful[left[pair]], doubtful[right[pair]]
    order = np.lexsort((right, left))
    return Overlaps(left[order], right[order], pieces[order])


def find_crossing_overlaps(ones: Any, others: Any) -> Overlaps:
    """Find all land that a polygon of one set and a polygon of another both cover.

    Parameters
    ----------
    ones, others : array-like of shapely.Polygon or shapely.MultiPolygon
        Valid.

    Returns
    -------
    Overlaps
        `left` counts in `ones`, `right` in `others`.

    Examples
    --------
    >>> others = [shapely.box(2, 0, 3, 1), shapely.box(1, 0, 9, 9)]
    >>> found = find_crossing_overlaps([shapely.box(0, 0, 2, 1)], others)
    >>> found.right.tolist(), shapely.area(found.pieces).tolist()
    ([1], [1.0])
    """
    ones, others = (np.asarray(shapes, dtype=object).ravel() for shapes in (ones, others))
    left, right = shapely.STRtree(others).query(ones, predicate="intersects")
    pieces, pair = _polygons_of(shapely.intersection(ones[left], others[right]))
    left, right = left[pair], right[pair]
    order = np.lexsort((right, left))
    return Overlaps(left[order], right[order], pieces[order])


def find_mismatches(shapes: Any) -> tuple[Shapes, npt.NDArray[np.bool_]]:
    """Find the edges of polygons that do not match those of their neighbours.

    Parameters
    ----------
    shapes : array-like of shapely.Polygon or shapely.MultiPolygon
        Valid; None and empty ones match.

    Returns
    -------
    numpy.ndarray of shapely geometries
        Lines: the edges of each polygon that overlap a neighbour, or lie along one of other vertices.
    numpy.ndarray of bool
        Which have any.

    Examples
    --------
    >>> upper = shapely.Polygon([(0, 1), (1, 1), (2, 1), (2, 2), (0, 2)])
    >>> find_mismatches([shapely.box(0, 0, 2, 1), upper])[1].tolist()
    [True, True]
    """
    shapes = np.asarray(shapes, dtype=object).ravel()
    edges = np.full(len(shapes), None, dtype=object)
    plain = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    if len(plain) > 1:
        edges[plain] = shapely.coverage_invalid_edges(shapes[plain])
    return edges, ~(shapely.is_missing(edges) | shapely.is_empty(edges))


def find_gaps(shapes: Any, area: shapely.Geometry | None = None) -> Shapes:
    """Find land that no polygon covers.

    Parameters
    ----------
    shapes : array-like of shapely.Polygon or shapely.MultiPolygon
        Valid; they may overlap.
    area : shapely.Polygon or shapely.MultiPolygon, optional
        What they should cover; unless given, what they enclose together.

    Returns
    -------
    numpy.ndarray of shapely.Polygon
        Each gap a polygon, from north to south, then from west to east.

    Examples
    --------
    >>> ring = shapely.box(0, 0, 9, 9) - shapely.box(3, 3, 6, 6)
    >>> shapely.area(find_gaps([ring])).tolist(), len(find_gaps([ring, shapely.box(3, 3, 6, 6)]))
    ([9.0], 0)
    """
    shapes = np.asarray(shapes, dtype=object).ravel()
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    clean = not find_mismatches(shapes)[1].any()
    covered = shapely.coverage_union_all(shapes) if clean else shapely.union_all(shapes)
    whole = shapely.union_all(_fill(covered)) if area is None else area
    pieces = _polygons_of(np.array([shapely.difference(whole, covered)], dtype=object))[0]
    west, _, _, north = shapely.bounds(pieces).reshape(-1, 4).T
    return np.asarray(pieces[np.lexsort((west, -north))], dtype=object)


def find_outside(shapes: Any, area: shapely.Geometry) -> Shapes:
    """Return what of each shape lies outside an area; empty where nothing does.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        Valid.
    area : shapely.Polygon or shapely.MultiPolygon
        Valid.

    Returns
    -------
    numpy.ndarray of shapely geometries
        Same length.

    Examples
    --------
    >>> parts = find_outside([shapely.box(0, 0, 2, 1), shapely.box(0, 0, 1, 1)], shapely.box(0, 0, 1, 1))
    >>> shapely.area(parts).tolist()
    [1.0, 0.0]
    """
    shapes = np.asarray(shapes, dtype=object).ravel()
    result = np.full(len(shapes), shapely.Polygon(), dtype=object)
    shapely.prepare(area)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    doubtful = np.flatnonzero(there & ~shapely.contains_properly(area, shapes))
    boxes = shapely.bounds(shapes[doubtful])
    for at, (west, south, east, north) in zip(doubtful.tolist(), boxes.tolist(), strict=True):
        margin = 1e-9 + (east - west + north - south) * 1e-6
        near = shapely.clip_by_rect(area, west - margin, south - margin, east + margin, north + margin)
        result[at] = shapely.difference(shapes[at], near if near.is_valid else area)
    return result


def _fill(covered: shapely.Geometry) -> Shapes:
    """Return the parts of an area without their holes."""
    return np.asarray(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(covered))), dtype=object)


def _polygons_of(shapes: Any) -> tuple[Shapes, Integers]:
    """Return the polygons with area in geometries of any type, and which each is of."""
    owner = np.arange(len(shapes))
    parts = np.asarray(shapes, dtype=object)
    while len(parts) and (shapely.get_type_id(parts) > _POLYGON).any():
        parts, of = shapely.get_parts(parts, return_index=True)
        owner = owner[of]
    keep = (shapely.get_type_id(parts) == _POLYGON) & (shapely.area(parts) > 0)
    return parts[keep], owner[keep]
