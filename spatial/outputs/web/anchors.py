"""Where the name of a shape may stand: in the middle, at the edge, or along it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Shapes = npt.NDArray[np.object_]

_SLICES = 19
_MARGIN = 0.05
_SLENDER = 1.8
_SMOOTHING = 5
_STRAY = 0.12
_EDGE_POINTS = 32
_TOUCHING_M = 25.0


def find_middles(shapes: Any) -> Shapes:
    """Find the point of each shape that has most room round it.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        In a metric CRS; neither None nor empty.

    Returns
    -------
    numpy.ndarray of shapely.Point
        For areas the middle of the largest circle inside the largest part; for others a point on them.

    Examples
    --------
    >>> shapely.set_precision(find_middles([shapely.box(0, 0, 10, 10)])[0], 0.1).wkt
    'POINT (5 5)'
    """
    shapes = np.asarray(shapes, dtype=object)
    middles = shapely.point_on_surface(shapes)
    areas = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    largest = np.array([largest_part(shape) for shape in shapes[areas]], dtype=object)
    if len(areas):
        # A hundredth of the width is finer than a reader sees and far quicker than the default.
        tolerance = np.sqrt(shapely.area(largest)) / 100
        radii = shapely.maximum_inscribed_circle(largest, tolerance=tolerance)
        middles[areas] = shapely.get_point(radii, 0)
    return np.asarray(middles, dtype=object)


def find_edges(shapes: Any, frame: BaseGeometry | None = None) -> list[Shapes]:
    """Find points on the outlines of areas where no other outline runs.

    Areas clipped by one territory share its outline; a name there would not say which of them it means.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        Polygons, multi or single, in a metric CRS; neither None nor empty.
    frame : shapely geometry, optional
        The territory that clipped them, in the same CRS.

    Returns
    -------
    list of numpy.ndarray of shapely.Point
        For each shape points all round the outline of its largest part, the western ones first; where it
        shares all of its outline, all of them.

    Examples
    --------
    >>> discs = [shapely.Point(0, 0).buffer(10), shapely.Point(0, 0).buffer(20)]
    >>> shapely.set_precision(find_edges(discs)[1][0], 0.1).wkt
    'POINT (-20 0)'
    """
    shapes = np.asarray(shapes, dtype=object)
    rings = shapely.boundary(np.array([largest_part(shape) for shape in shapes], dtype=object))
    outlines = shapely.STRtree([*rings, *([frame.boundary] if frame else [])])
    found = []
    for at, ring in enumerate(rings):
        points = shapely.line_interpolate_point(ring, np.arange(_EDGE_POINTS) / _EDGE_POINTS, normalized=True)
        near, whose = outlines.query(points, predicate="dwithin", distance=_TOUCHING_M)
        alone = ~np.isin(np.arange(_EDGE_POINTS), near[whose != at])
        points = points[alone] if np.any(alone) else points
        middle = shapely.centroid(ring)
        angle = np.arctan2(shapely.get_y(points) - middle.y, middle.x - shapely.get_x(points))
        found.append(points[np.argsort(np.abs(angle), kind="stable")])
    return found


def trace_spine(shape: BaseGeometry) -> LineString | None:
    """Trace the line that runs along the middle of a slender shape.

    The shape is cut across its long axis; the middles of the longest cuts, smoothed, are the line.

    Parameters
    ----------
    shape : shapely geometry
        Polygon or line, multi or single, in a metric CRS; the largest part counts.

    Returns
    -------
    shapely.LineString or None
        None where the shape is not slender, or bends so much that the line would leave it.

    Examples
    --------
    >>> trace_spine(shapely.box(0, 0, 100, 10)).length > 80
    True
    >>> trace_spine(shapely.box(0, 0, 10, 10)) is None
    True
    """
    part = largest_part(shape)
    if isinstance(part, LineString):
        return part
    if not isinstance(part, Polygon):
        return None
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    if len(corners) < 4:
        return None
    along, across = corners[1] - corners[0], corners[2] - corners[1]
    start = corners[0]
    if np.hypot(*along) < np.hypot(*across):
        start, along, across = corners[1], across, -along
    if np.hypot(*along) < _SLENDER * np.hypot(*across):
        return None
    middles = _cut_middles(part, start, along, across)
    if len(middles) < _SMOOTHING:
        return None
    spine = LineString(_smooth(middles))
    stray = shapely.length(shapely.difference(spine, part))
    return spine if stray <= _STRAY * spine.length else None


def _cut_middles(
    part: Polygon, start: npt.NDArray[Any], along: npt.NDArray[Any], across: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    steps = np.linspace(_MARGIN, 1 - _MARGIN, _SLICES)[:, None]
    feet = start + steps * along
    cuts = shapely.linestrings(np.stack([feet - 0.01 * across, feet + 1.01 * across], axis=1))
    chords = [largest_part(chord) for chord in shapely.intersection(cuts, part)]
    kept = [chord for chord in chords if isinstance(chord, LineString) and not chord.is_empty]
    return shapely.get_coordinates(shapely.line_interpolate_point(kept, 0.5, normalized=True))


def _smooth(points: npt.NDArray[Any]) -> npt.NDArray[Any]:
    half = _SMOOTHING // 2
    padded = np.concatenate([points[:1].repeat(half, axis=0), points, points[-1:].repeat(half, axis=0)])
    return np.lib.stride_tricks.sliding_window_view(padded, _SMOOTHING, axis=0).mean(axis=-1)


def largest_part(shape: BaseGeometry) -> BaseGeometry:
    """Return the largest part of a multi-part shape, by area and then by length; a single shape as it is.

    Examples
    --------
    >>> largest_part(shapely.MultiPoint([(0, 0), (1, 1)])).wkt
    'POINT (0 0)'
    """
    if not hasattr(shape, "geoms") or shape.is_empty:
        return shape
    parts = shapely.get_parts(shape)
    if isinstance(shape, MultiPolygon):
        return parts[int(shapely.area(parts).argmax())]
    sizes = np.lexsort((shapely.length(parts), shapely.area(parts)))
    ties = (shapely.area(parts) == parts[sizes[-1]].area) & (shapely.length(parts) == parts[sizes[-1]].length)
    return parts[int(np.flatnonzero(ties)[0])]
