"""Overlays: how much of many polygons lies in each of some others, without making what is not asked for.

Most pairs of a parcel and a zone need no cutting: the parcel lies properly inside. Only those on an edge are
cut, against a small piece of the zone, in threads (GEOS leaves the interpreter's lock).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.threads import run_parts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

MOST_VERTICES = 256
"""Vertices of a piece above which it is halved; cutting takes time with the vertices of both shapes."""
_DEEPEST = 40
_LEAST_CUTS = 500


class Intersections(NamedTuple):
    """Pairs of shapes that have an area in common.

    Parameters
    ----------
    left, right : numpy.ndarray of int64
        Positions in the two arrays; pairs once each, sorted by left, then right.
    area : numpy.ndarray of float64
        What the pair has in common, in units of the measure; above zero.
    """

    left: Integers
    right: Integers
    area: Floats


def halve(shapes: Any, most: int = MOST_VERTICES) -> tuple[Shapes, Integers]:
    """Cut polygons into pieces of few vertices, by halving along the longer side.

    Parameters
    ----------
    shapes : array-like of shapely polygons
        Valid; also empty.
    most : int
        Vertices that a piece may have.

    Returns
    -------
    pieces : numpy.ndarray of shapely.Polygon
        They tile the shapes but for the rounding of coordinates where edges are cut.
    owner : numpy.ndarray of int64
        Position of the shape that each piece is of.

    Examples
    --------
    >>> pieces, owner = halve([shapely.Point(0, 0).buffer(1, quad_segs=100)], most=150)
    >>> len(pieces), float(abs(shapely.area(pieces).sum() - 3.1414634623641347).round(12))
    (4, 0.0)
    """
    parts, owner = _open(np.asarray(shapes, dtype=object).ravel())
    done: list[tuple[Shapes, Integers]] = []
    for _ in range(_DEEPEST):
        many = shapely.get_num_coordinates(parts) > most
        done.append((parts[~many], owner[~many]))
        parts, owner = parts[many], owner[many]
        if not len(parts):
            break
        halves = _cut(np.tile(parts, 2), _half_boxes(parts))
        parts, inner = _open(halves)
        owner = np.tile(owner, 2)[inner]
    done.append((parts, owner))
    pieces = np.concatenate([part for part, _ in done])
    owners = np.concatenate([number for _, number in done])
    order = np.argsort(owners, kind="stable")
    return pieces[order], owners[order]


def _half_boxes(parts: Shapes) -> Shapes:
    west, south, east, north = shapely.bounds(parts).T
    wide = east - west > north - south
    x = np.where(wide, (west + east) / 2, east)
    y = np.where(wide, north, (south + north) / 2)
    first = shapely.box(west, south, x, y)
    second = shapely.box(np.where(wide, x, west), np.where(wide, south, y), east, north)
    return np.concatenate([first, second])


def _open(shapes: Shapes) -> tuple[Shapes, Integers]:
    """Return the polygons of shapes, and whose they are; lines and points fall away."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) > 3).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    kept = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    return parts[kept], owner[kept]


def _cut(left: Shapes, right: Shapes) -> Shapes:
    """Return the intersections of pairs, made in threads."""
    made = np.empty(len(left), dtype=object)

    def cut(begin: int, end: int) -> None:
        made[begin:end] = shapely.intersection(left[begin:end], right[begin:end])

    run_parts(cut, len(left), _LEAST_CUTS)
    return made


def intersect_areas(
    left: Any, right: Any, measure: Callable[[Any], Floats] = straight_area_m2
) -> Intersections:
    """Measure what each shape of one array has in common with each of another.

    Parameters
    ----------
    left : array-like of shapely polygons
        Valid; the many and small ones, such as parcels. They may overlap each other.
    right : array-like of shapely polygons
        Valid; the few and large ones, such as zones.
    measure : callable
        From shapes to their areas; m² on the ellipsoid, of longitude and latitude in degrees, unless given.

    Returns
    -------
    Intersections
        Pairs that only touch are left out.

    Examples
    --------
    >>> row = [shapely.box(x, 0, x + 1, 1) for x in range(3)]
    >>> made = intersect_areas(row, [shapely.box(0.5, 0, 2, 9)], shapely.area)
    >>> made.left.tolist(), made.area.tolist()
    ([0, 1], [0.5, 1.0])
    """
    left, right = (np.asarray(shapes, dtype=object).ravel() for shapes in (left, right))
    shapely.prepare(right)
    zone, parcel = shapely.STRtree(left).query(right, predicate="intersects")
    # In this thread alone: a prepared shape makes its index when it is first asked, and is not guarded.
    inside = shapely.contains_properly(right[zone], left[parcel])
    whole, of = np.unique(parcel[inside], return_inverse=True)
    amounts = np.zeros(len(zone))
    amounts[inside] = measure(left[whole])[of]
    amounts[~inside] = _measure_cuts(left, right, parcel[~inside], zone[~inside], measure)
    order = np.lexsort((zone, parcel))
    order = order[amounts[order] > 0]
    return Intersections(parcel[order], zone[order], amounts[order])


def _measure_cuts(
    left: Shapes, right: Shapes, parcel: Integers, zone: Integers, measure: Callable[[Any], Floats]
) -> Floats:
    """Return the common area of pairs that have to be cut, against small pieces of the large ones."""
    pieces, owner = halve(right)
    first = np.searchsorted(owner, zone)
    count = np.searchsorted(owner, zone, side="right") - first
    pair = np.repeat(np.arange(len(zone)), count)
    piece = np.repeat(first - np.cumsum(count) + count, count) + np.arange(len(pair))
    near = _boxes_meet(left[parcel], pieces, pair, piece)
    pair, piece = pair[near], piece[near]
    parts = _cut(left[parcel[pair]], pieces[piece])
    return np.bincount(pair, weights=measure(parts), minlength=len(zone)).astype(np.float64)


def _boxes_meet(left: Shapes, right: Shapes, one: Integers, other: Integers) -> npt.NDArray[np.bool_]:
    a, b = shapely.bounds(left)[one], shapely.bounds(right)[other]
    return np.asarray(((a[:, :2] <= b[:, 2:]) & (b[:, :2] <= a[:, 2:])).all(axis=1), dtype=bool)
