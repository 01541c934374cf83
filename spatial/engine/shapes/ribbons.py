"""Ribbons of land along lines, curves through points, and outlines made smooth.

All in one plane: a metric CRS, coordinates and distances in metres, x to the east and y to the north.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from scipy.interpolate import CubicHermiteSpline
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from spatial.errors import GeometryError

Floats = npt.NDArray[np.float64]
Side = Literal["both", "north", "south", "east", "west"]
Ends = Literal["round", "flat", "taper"]

_QUADRANT = 32
"""Edges to a quarter circle: a polygon of them lies within 0.03 % of the circle's radius."""
_TAPER = 4.0
"""Length of a tapered end, in reaches: the tip then opens at about 20° to each side."""
_ASIDE_M = 0.001
"""How far beside a line one looks to see what lies there."""
_GRID_M = 0.0001
"""The grid on which outlines are laid over each other; nearly equal ones make invalid polygons without it."""
_NOISE_M2 = 1.0
"""Polygons smaller than this come from rounding at shared edges, not from the shapes."""


def curve_through(points: npt.ArrayLike, step_m: float = 100.0) -> LineString:
    """Draw a gentle curve through points: a centripetal Catmull-Rom spline.

    Parameters
    ----------
    points : array-like of shape (n, 2)
        Metres. A point equal to the one before it is passed over.
    step_m : float
        About how far apart the vertices of the curve lie.

    Returns
    -------
    shapely.LineString
        It passes through every point, in order; straight for two points; empty for fewer.

    Notes
    -----
    Knots grow by the square root of the distance between points, which keeps each piece free of cusps
    and loops (Yuksel, Schaefer and Keyser 2011, *Parameterization and applications of Catmull-Rom
    curves*). Tangents are the three-point ones for uneven knots; at the ends, those of the chord.

    Examples
    --------
    >>> curve = curve_through([(0, 0), (1000, 500), (2000, 0)])
    >>> round(curve.length), curve.distance(shapely.Point(1000, 500)) < 1e-6
    (2261, True)
    """
    knots = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    moved = np.any(np.diff(knots, axis=0) != 0, axis=1)
    knots = knots[np.concatenate([[True], moved])] if len(knots) else knots
    if len(knots) < 3:
        return LineString(knots) if len(knots) == 2 else LineString()
    gaps = np.hypot(*np.diff(knots, axis=0).T)
    times = np.concatenate([[0.0], np.cumsum(np.sqrt(gaps))])
    chords = np.diff(knots, axis=0) / np.diff(times)[:, None]
    across = (knots[2:] - knots[:-2]) / (times[2:] - times[:-2])[:, None]
    tangents = np.vstack([chords[:1], chords[:-1] - across + chords[1:], chords[-1:]])
    counts = np.maximum(2, np.ceil(gaps / step_m)).astype(int)
    samples = [
        np.linspace(start, end, count, endpoint=False)
        for start, end, count in zip(times[:-1], times[1:], counts, strict=True)
    ]
    spline = CubicHermiteSpline(times, knots, tangents)
    return LineString(np.vstack([spline(np.concatenate(samples)), knots[-1:]]))


def smooth_outline(
    shape: BaseGeometry, distance_m: float, within: BaseGeometry | None = None
) -> BaseGeometry:
    """Make the outline of an area smooth: a morphological closing, then an opening, with round joins.

    Parameters
    ----------
    shape : shapely.Polygon or shapely.MultiPolygon
        Metres.
    distance_m : float
        Gaps and bays narrower than twice this are filled, spikes and necks narrower than twice this are
        cut off, corners get about this radius. 0 changes nothing.
    within : shapely geometry, optional
        The result never leaves it.

    Returns
    -------
    shapely.Polygon or shapely.MultiPolygon
        A part of which opening would leave nothing stays as it is, so that no part ever vanishes.

    Examples
    --------
    >>> pair = shapely.box(0, 0, 4000, 4000) | shapely.box(4500, 0, 8000, 4000)
    >>> smooth_outline(pair, 300).geom_type
    'Polygon'
    """
    if distance_m > 0 and not shape.is_empty:
        closed = shapely.get_parts(_grow(_grow(shape, distance_m), -distance_m))
        opened = _grow(_grow(closed, -distance_m), distance_m)
        shape = shapely.union_all(np.where(shapely.is_empty(opened), closed, opened))
    return clip_polygons(shape, within) if within is not None else shape


def clip_polygons(shape: BaseGeometry, within: BaseGeometry) -> BaseGeometry:
    """Return the polygons of `shape` inside `within`, without the specks that rounding leaves.

    Lines and points where the two only touch, and polygons under 1 m² beside larger ones, are dropped.

    Examples
    --------
    >>> clip_polygons(shapely.box(0, 0, 10, 10), shapely.box(5, -5, 20, 20)).area
    50.0
    """
    return _keep_polygons(shapely.intersection(shape, within, grid_size=_GRID_M))


def cut_polygons(shape: BaseGeometry, away: BaseGeometry) -> BaseGeometry:
    """Return the polygons of `shape` outside `away`, without the specks that rounding leaves.

    Examples
    --------
    >>> cut_polygons(shapely.box(0, 0, 10, 10), shapely.box(5, -5, 20, 20)).area
    50.0
    """
    return _keep_polygons(shapely.difference(shape, away, grid_size=_GRID_M))


def make_ribbon(
    line: BaseGeometry, reach_m: float, *, side: Side = "both", ends: Ends = "round"
) -> BaseGeometry:
    """Make the ribbon of land along a line, on both sides or on one.

    Parameters
    ----------
    line : shapely.LineString or shapely.MultiLineString
        Metres; its direction does not matter. Parts that share an end are joined.
    reach_m : float
        How far the ribbon reaches from the line, to each side that it has.
    side : {"both", "north", "south", "east", "west"}
        The side is that of the line as a whole: taken from west to east (south to north for east and
        west), the north is all that lies to its left, in every bend; see `measure_side`.
    ends : {"round", "flat", "taper"}
        A half disc, a cut across, or a tip: over four reaches, at most half the line, the width shrinks
        like a sine. Ends where parts of the line meet are not tapered.

    Returns
    -------
    shapely.Polygon or shapely.MultiPolygon
        Empty for an empty line. The two sides share the line and together are the ribbon on both.

    Notes
    -----
    A one-sided buffer by offset curves breaks where a river bends more sharply than the reach. Here the
    full ribbon is split by the line, carried on beyond its ends due west and east (or south and north),
    and a piece is kept when more of that line has it on the wanted side than on the other.

    Examples
    --------
    >>> river = shapely.LineString([(0, 0), (5000, 800), (10000, 0)])
    >>> north = make_ribbon(river, 1000, side="north", ends="flat")
    >>> north.contains(shapely.Point(5000, 1500)), north.contains(shapely.Point(5000, 500))
    (True, False)
    """
    if not (np.isfinite(reach_m) and reach_m > 0):
        raise GeometryError(f"a ribbon that reaches {reach_m} m has no meaning; give metres above zero")
    parts = _join(line)
    shapes: list[BaseGeometry] = []
    for number, part in enumerate(parts):
        full = _widen(part, reach_m, ends, shapely.union_all(parts[:number] + parts[number + 1 :]))
        shapes.append(full if side == "both" else _halve(full, part, side))
    return _keep_polygons(shapely.union_all(shapes)) if shapes else Polygon()


def make_ring(shape: BaseGeometry, distance_m: float, width_m: float) -> BaseGeometry:
    """Make the band round a shape, from a distance of its outer edge on; holes of the shape do not count.

    Examples
    --------
    >>> ring = make_ring(shapely.Point(0, 0), 1000, 500)
    >>> round(ring.area / (np.pi * (1500**2 - 1000**2)), 2)
    1.0
    """
    if shapely.get_dimensions(shape) == 2:
        outlines = shapely.get_exterior_ring(shapely.get_parts(shape))
        shape = shapely.union_all(shapely.polygons(outlines))
    inner = _grow(shape, distance_m) if distance_m > 0 else shape
    return cut_polygons(_grow(shape, distance_m + width_m), inner)


def measure_side(line: BaseGeometry, side: Side) -> float:
    """Say how clearly a line has the asked side: 1 for one that runs straight across, 0 for none.

    A line has no clear north side when it runs from south to north, or returns to where it began.

    Returns
    -------
    float
        How far the ends lie apart across the side, as a share of their distance, or of a fifth of the
        line's extent if that is more. The least clear part counts; 1 for `both` and for an empty line.

    Examples
    --------
    >>> measure_side(shapely.LineString([(0, 0), (300, 400)]), "north")
    0.6
    """
    parts = _join(line)
    if side == "both" or not parts:
        return 1.0
    return min(_clarity(part, side) for part in parts)


def _clarity(part: LineString, side: Side) -> float:
    ends = shapely.get_coordinates(part)[[0, -1]]
    west, south, east, north = part.bounds
    span = max(float(np.hypot(*(ends[1] - ends[0]))), 0.2 * float(np.hypot(east - west, north - south)))
    return float(abs((ends[1] - ends[0]) @ _ahead(side))) / span if span else 0.0


def _ahead(side: Side) -> Floats:
    """Return where a line runs that has the north, or the west, to its left."""
    return np.array((1.0, 0.0) if side in ("north", "south") else (0.0, 1.0))


def _grow(shape: Any, distance_m: float) -> Any:
    return shapely.buffer(shape, distance_m, quad_segs=_QUADRANT, join_style="round")


def _keep_polygons(shape: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(shapely.get_parts(shape))
    parts = parts[shapely.get_dimensions(parts) == 2]
    if len(parts) > 1:
        large = shapely.area(parts) >= _NOISE_M2
        parts = parts[large] if large.any() else parts
    return shapely.union_all(parts) if len(parts) else Polygon()


def _join(line: BaseGeometry) -> list[LineString]:
    """Join parts that share an end; leave out what has no length."""
    parts = shapely.get_parts(shapely.get_parts(shapely.force_2d(line)))
    parts = parts[(shapely.get_dimensions(parts) == 1) & (shapely.length(parts) > 0)]
    if not len(parts):
        return []
    merged = shapely.line_merge(shapely.multilinestrings(shapely.remove_repeated_points(parts)))
    return list(shapely.get_parts(shapely.normalize(merged)))


def _widen(part: LineString, reach_m: float, ends: Ends, others: BaseGeometry) -> BaseGeometry:
    if ends == "flat":
        return shapely.buffer(part, reach_m, quad_segs=_QUADRANT, cap_style="flat")
    full = _grow(part, reach_m)
    if ends == "round" or part.is_closed:
        return full
    # The distance to nothing is NaN: of a line that is one part, both ends are free.
    first, last = (bool(shapely.distance(shapely.get_point(part, place), others) != 0) for place in (0, -1))
    run = min(_TAPER * reach_m, part.length / 2)
    middle = substring(part, run if first else 0.0, part.length - (run if last else 0.0))
    shapes = [_grow(middle, reach_m)]
    shapes += [_taper(part, reach_m, run)] if first else []
    shapes += [_taper(part.reverse(), reach_m, run)] if last else []
    return shapely.intersection(shapely.union_all(shapes), full, grid_size=_GRID_M)


def _taper(part: LineString, reach_m: float, run: float) -> BaseGeometry:
    """Unite discs along the first `run` of a line, each with the next, growing from nothing to the reach."""
    # Bends far smaller than the reach would cost many discs and show nowhere.
    plain = LineString(shapely.get_coordinates(part.simplify(reach_m / 500)))
    corners = np.cumsum(np.hypot(*np.diff(shapely.get_coordinates(plain), axis=0).T))
    along = np.unique(np.concatenate([corners[corners < run], np.linspace(0, run, 33)]))
    radii = reach_m * np.sin(np.pi / 2 * along / run)
    angles = np.linspace(0, 2 * np.pi, 4 * _QUADRANT, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    centres = shapely.get_coordinates(shapely.line_interpolate_point(plain, along))
    discs = centres[:, None, :] + radii[:, None, None] * circle
    hulls = shapely.convex_hull(shapely.multipoints(np.concatenate([discs[:-1], discs[1:]], axis=1)))
    return shapely.union_all(hulls)


def _halve(full: BaseGeometry, part: LineString, side: Side) -> BaseGeometry:
    """Keep of a ribbon what lies on one side of its line."""
    border = _carry_on(part, full, _ahead(side))
    noded = shapely.union_all([shapely.boundary(full), border])
    pieces = shapely.get_parts(shapely.polygonize([noded]))
    votes = _vote(border, noded, pieces) * (1 if side in ("north", "west") else -1)
    # A piece that lies on both sides alike, inside a spiral, belongs to both.
    kept = shapely.intersects(full, shapely.point_on_surface(pieces)) & (votes > -1e-9 * border.length)
    return shapely.union_all(pieces[kept])


def _carry_on(part: LineString, full: BaseGeometry, ahead: Floats) -> LineString:
    """Turn a line so that it runs ahead, and carry it on at both ends until it is out of its ribbon.

    Due west and east is what "north of the river" means there. Where the line itself bends into the
    way, the first free direction next to it is taken.
    """
    corners = shapely.get_coordinates(part)
    if (corners[-1] - corners[0]) @ ahead < 0:
        corners = corners[::-1]
    if part.is_closed:
        return LineString(corners)
    west, south, east, north = full.bounds
    far = float(np.hypot(east - west, north - south))
    first, last = _way_out(part, corners[0], -ahead, far), _way_out(part, corners[-1], ahead, far)
    return LineString(np.vstack([first, corners, last]))


def _way_out(part: LineString, end: Floats, ahead: Floats, far: float) -> Floats:
    """Return the far end of the ray, as nearly straight ahead as may be, that does not meet the line."""
    fan = np.radians(np.arange(0, 181, 5))
    turns = np.column_stack([fan, -fan]).ravel()
    aside = np.array([-ahead[1], ahead[0]])
    tips = end + far * (np.cos(turns)[:, None] * ahead + np.sin(turns)[:, None] * aside)
    rays = shapely.linestrings(np.stack([np.broadcast_to(end, tips.shape), tips], axis=1))
    free = shapely.get_num_coordinates(shapely.intersection(rays, part)) <= 1
    return np.asarray(tips[np.argmax(free)], dtype=np.float64)


def _vote(border: LineString, noded: BaseGeometry, pieces: Any) -> Floats:
    """Return for each piece how many metres of a line it has to its right, less those to its left.

    Above zero, the piece lies to the left of the line. A vote, because a line that was drawn with a
    small loop has stretches that face the wrong way. Votes are cast from the middles of the `noded`
    edges, since an edge of the line itself may pass several pieces.
    """
    starts, ends = _edges(noded)
    middles, metres = (starts + ends) / 2, np.hypot(*(ends - starts).T)
    first, second = _edges(border)
    along = second - first
    aside = _ASIDE_M * np.column_stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)[:, None]
    lines = shapely.STRtree(shapely.linestrings(np.stack([first, second], axis=1)))
    voter, edge = lines.query(shapely.points(middles), predicate="dwithin", distance=_ASIDE_M / 1000)
    tree, votes = shapely.STRtree(pieces), np.zeros(len(pieces))
    for sign in (1.0, -1.0):
        witness, piece = tree.query(shapely.points(middles[voter] + sign * aside[edge]), predicate="within")
        np.add.at(votes, piece, sign * metres[voter[witness]])
    return votes


def _edges(lines: BaseGeometry) -> tuple[Floats, Floats]:
    corners, part = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    inside = part[1:] == part[:-1]
    return corners[:-1][inside], corners[1:][inside]
