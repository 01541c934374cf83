"""Spots: where the name of a point, an area or a line may stand on paper, the best ones first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

from spatial.outputs.atlas.fonts import POINT_MM, choose_face, measure_text
from spatial.outputs.atlas.lettering import Pen, box_text
from spatial.outputs.atlas.paper import Shapes
from spatial.outputs.atlas.placement import Spot
from spatial.outputs.web.anchors import find_middles, largest_part

Points = npt.NDArray[np.float64]

# Right above, right and right below read best: the old order of the cartographers, costs by taste.
_SIDES = ((0, 0.0), (35, 0.25), (-35, 0.35), (180, 0.6), (145, 0.7), (-145, 0.8), (90, 0.75), (-90, 0.9))
_FAR_STEP = 30
_FAR_MM = ((4.5, 2.5), (9.0, 4.0), (15.0, 6.0), (22.0, 8.0))
_AIR_MM = 0.7
_LEADER_MM = 2.0
_INSIDE_STEP_MM = 9.0
_INSIDE_MOST = 24
_EDGE_COST = 0.06
_SHIFTS = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)
_SPREAD = (1.0, 1.7)
_FILLED = 0.55
_BEND = np.radians(16.0)
_WINDOW = 5.0
_LYING = frozenset("—–-―－～~…()（）[]〔〕《》<>→")
_STEEP = np.radians(62.0)
_SAMPLE_MM = 0.5


def find_beside(point: tuple[float, float], text: str, pen: Pen, radius_mm: float) -> list[Spot]:
    """Find spots beside a point, near ones first, farther ones with a leader.

    Parameters
    ----------
    point : tuple of float
        Millimetres.
    text : str
        Cleaned text.
    pen : Pen
        Its look.
    radius_mm : float
        Of the symbol.
    """
    near = [
        _step_aside(point, text, pen, angle=np.radians(angle), away=radius_mm + _AIR_MM, cost=cost)
        for angle, cost in _SIDES
    ]
    angles = np.radians(np.arange(0, 360, _FAR_STEP))
    far = [
        _step_aside(
            point, text, pen, angle=angle, away=radius_mm + away, cost=cost + 0.2 * (np.cos(angle) < 0)
        )
        for away, cost in _FAR_MM
        for angle in angles
    ]
    return near + [_lead(spot, point, radius_mm) for spot in far]


def _step_aside(
    point: tuple[float, float], text: str, pen: Pen, *, angle: float, away: float, cost: float
) -> Spot:
    """Return the spot whose box touches the circle of radius `away` round a point in a direction."""
    wide, tall = measure_text(text, pen.size), pen.size * POINT_MM
    x, y = float(np.cos(angle)), float(np.sin(angle))
    level = abs(y) < 1e-9
    at = (
        point[0] + away * x + np.sign(round(x, 9)) * wide / 2,
        point[1] + (0.0 if level else away * y + np.sign(y) * tall * 0.42),
    )
    return make_level_spot((float(at[0]), float(at[1])), text, pen, cost)


def make_level_spot(at: tuple[float, float], text: str, pen: Pen, cost: float) -> Spot:
    """Return the spot of a level text with its middle at a place."""
    return Spot(cost, shapely.box(*box_text(at, text, pen.size, "center")), at)


def _lead(spot: Spot, point: tuple[float, float], radius_mm: float) -> Spot:
    """Return a spot with a line from the edge of the symbol to the nearest end of the text."""
    foot = shapely.get_coordinates(shapely.shortest_line(Point(point), spot.shape))[-1]
    away = np.hypot(*(foot - point))
    if away < radius_mm + _LEADER_MM:
        return spot
    start = np.asarray(point) + (foot - point) * (radius_mm / away)
    return Spot(spot.cost, spot.shape, spot.at, leader=LineString([start, foot]))


def find_inside(shape: BaseGeometry, text: str, pen: Pen) -> list[Spot]:
    """Find spots inside an area: its middle, then round it; last beside it with a leader."""
    part = largest_part(shape)
    middle = shapely.get_coordinates(find_middles([part])[0])[0]
    spots = []
    for rank, at in enumerate([middle, *_sow(part, middle)]):
        spot = make_level_spot((float(at[0]), float(at[1])), text, pen, 0.0)
        inside = part.covers(spot.shape)
        away = float(np.hypot(*(at - middle)))
        if inside or rank == 0:
            spots.append(Spot(away / 25.0 + (0.0 if inside else 2.0), spot.shape, spot.at))
    return spots + find_beside((float(middle[0]), float(middle[1])), text, pen, 0.6)[len(_SIDES) :]


def _sow(part: BaseGeometry, middle: Points) -> Points:
    """Return points of a grid inside an area, those near its middle first."""
    west, south, east, north = part.bounds
    step = max(_INSIDE_STEP_MM, (east - west) / 20, (north - south) / 20)
    grid = np.stack(np.meshgrid(np.arange(west, east, step), np.arange(south, north, step / 2)), -1)
    points = grid.reshape(-1, 2)
    points = points[shapely.contains_xy(part, points)]
    away = np.hypot(*(points - middle).T)
    return points[np.argsort(away, kind="stable")][:_INSIDE_MOST]


def find_on_edge(points: Shapes, text: str, pen: Pen) -> list[Spot]:
    """Find spots on an outline, at points of it in the order of their worth."""
    places = shapely.get_coordinates(points)
    return [
        make_level_spot((float(x), float(y)), text, pen, _EDGE_COST * rank)
        for rank, (x, y) in enumerate(places)
    ]


def find_along(line: LineString, text: str, pen: Pen, offset_mm: float = 0.0) -> list[Spot]:
    """Find spots along a line for a text that is set letter by letter.

    Parameters
    ----------
    line : LineString
        Millimetres; small bends are smoothed away.
    text : str
        Cleaned text.
    pen : Pen
        Its look.
    offset_mm : float
        Above and below the line, as for the name of a river; 0 is on the line, as for a belt, and then the
        letters are spread where there is room.

    Returns
    -------
    list of Spot
        None where the line is too short or bends too sharply.
    """
    face = choose_face(text)
    size_mm = pen.size * POINT_MM
    widths = np.array([face.advances[ord(char)] for char in text]) * size_mm
    smooth = _smooth_line(line, size_mm * _WINDOW)
    if smooth is None or smooth.length < widths.sum() * 1.05:
        return []
    if offset_mm == 0.0:
        room = _FILLED * smooth.length / widths.sum()
        widths = widths * float(np.clip(room, *_SPREAD))
    sides = (0.0,) if offset_mm == 0.0 else (offset_mm, -offset_mm)
    lying = np.array([char in _LYING for char in text])
    found = [
        _set_letters(smooth, (widths, lying), size_mm, share=share, side=side)
        for share in _SHIFTS
        for side in sides
        if widths.sum() / 2 <= min(share, 1 - share) * smooth.length
    ]
    return [spot for spot in found if spot is not None]


def _smooth_line(line: LineString, window_mm: float) -> LineString | None:
    count = int(line.length / _SAMPLE_MM)
    half = max(1, int(window_mm / _SAMPLE_MM / 2))
    if count < 2 * half + 2:
        return None
    points = shapely.get_coordinates(
        shapely.line_interpolate_point(line, np.linspace(0, 1, count), normalized=True)
    )
    # Ends are mirrored, so that the smoothed line is as long as the line itself.
    before, after = 2 * points[0] - points[half:0:-1], 2 * points[-1] - points[-2 : -half - 2 : -1]
    padded = np.concatenate([before, points, after])
    weights = np.hanning(2 * half + 3)[1:-1]
    weights /= weights.sum()
    smooth = np.stack([np.convolve(padded[:, axis], weights, "valid") for axis in (0, 1)], axis=1)
    return LineString(smooth)


def _set_letters(
    line: LineString,
    letters: tuple[Points, npt.NDArray[np.bool_]],
    size_mm: float,
    *,
    share: float,
    side: float,
) -> Spot | None:
    widths, lying = letters
    half = widths.sum() / 2
    middle = share * line.length
    start, end = _walk(line, np.array([middle - half, middle + half]))
    upright, backward = _choose_reading(end - start, widths)
    if backward:
        # The line is turned round, not the letters: they differ in width.
        line, middle = line.reverse(), line.length - middle
    places = middle - half + np.cumsum(widths) - widths / 2
    ahead = _walk(line, places + size_mm / 2) - _walk(line, places - size_mm / 2)
    angles = np.unwrap(np.arctan2(ahead[:, 1], ahead[:, 0]))
    turns = np.abs(np.diff(angles))
    if turns.max(initial=0.0) > _BEND:
        return None
    normal = np.stack([-np.sin(angles), np.cos(angles)], axis=1)
    feet = _walk(line, places) + side * normal
    cost = abs(share - 0.5) * 2 + float(turns.sum()) + 0.1 * (side < 0) + 0.4 * upright
    at = (float(feet[:, 0].mean()), float(feet[:, 1].mean()))
    # In a column letters stand, but dashes and brackets lie along it.
    turned = np.where(lying, angles, angles + np.pi / 2) if upright else angles
    return Spot(cost, _cover(feet, size_mm), at, feet, turned)


def _walk(line: LineString, places: Points) -> Points:
    return shapely.get_coordinates(shapely.line_interpolate_point(line, np.clip(places, 0, line.length)))


def _choose_reading(chord: Points, widths: Points) -> tuple[bool, bool]:
    """Say whether letters stand upright below each other, and whether the line must be turned for reading.

    Only letters of one width, as Chinese ones, stand below each other; others are read along a steep line.
    """
    steep = abs(float(np.arctan2(chord[1], abs(chord[0])))) > _STEEP
    upright = steep and bool(np.ptp(widths) < 0.2 * widths.max())
    return upright, bool(chord[1] > 0 if upright else chord[0] < 0)


def _cover(feet: Points, size_mm: float) -> BaseGeometry:
    """Return what letters cover."""
    spine = LineString(feet) if len(feet) > 1 else Point(feet[0])
    return spine.buffer(0.58 * size_mm)
