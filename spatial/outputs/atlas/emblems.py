"""Emblems of structure maps 示意符号: glowing cores, belts with a direction, axes as arrows, graded points.

They say what a structure means, not where exactly it ends, as institutes draw 总体格局图. Colours are those
of ``styles.yaml``; sizes are of paper. A plan says no direction: belts lead away from the core, axes both
ways.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from spatial.outputs.atlas.ink import PIXEL_MM, Ink, draw_class, draw_shape, make_symbols
from spatial.outputs.atlas.paper import Shapes
from spatial.outputs.atlas.sheetnames import Plate
from spatial.outputs.web.anchors import largest_part, trace_spine
from spatial.plan.styles import ClassStyle

CORES = frozenset({"core", "centre", "pole", "main", "sub"})
BELTS = frozenset({"belt", "corridor", "screen", "network"})
AXES = frozenset({"axis"})
POINTS = frozenset({"point", "node"})
POINT_SIZE = 1.35
"""What points of the structure are enlarged by."""
_GLOW_MM = (1.2, 2.6, 4.2)
_GLOW_OPACITY = 0.16
_CHEVRON_MM = 13.0
_CHEVRON_AT = (0.04, 0.95)
_END = 0.1
_CHEVRON_WIDEST_MM = 3.2
_CHEVRON_LEAST_MM = 0.7
_AXIS_WIDTH = 1.6
_AXIS_HEAD = 2.4


def list_kinds(plate: Plate) -> npt.NDArray[Any]:
    """Return the kind of element of each row; empty text where the layer has none."""
    frame = plate.stack.frame
    if "kind" not in frame:
        return np.full(len(frame), "", dtype=object)
    return frame["kind"].fillna("").to_numpy(dtype=object)


def draw_emblems(ink: Ink, plate: Plate, rows: npt.NDArray[np.bool_], rule: ClassStyle) -> None:
    """Draw elements of one class as emblems.

    Parameters
    ----------
    ink : Ink
        Where.
    plate : Plate
        The layer on the sheet.
    rows : numpy.ndarray of bool
        Its rows of this class.
    rule : ClassStyle
        The class.
    """
    kinds, shapes = list_kinds(plate)[rows], plate.shapes[rows]
    cores = np.isin(kinds, list(CORES))
    axes = np.isin(kinds, list(AXES)) & (shapely.get_dimensions(shapes) == 1)
    if cores.any():
        _draw_glow(ink, shapes[cores], rule)
    for shape in shapes[axes]:
        draw_axis(ink.above(0.05), shape, rule)
    if (~axes).any():
        draw_class(ink.above(0.02), shapes[~axes], rule, size=plate.size)


def _draw_glow(ink: Ink, shapes: Shapes, rule: ClassStyle) -> None:
    areas = shapes[shapely.get_dimensions(shapes) == 2]
    for grown in _GLOW_MM:
        for shape in shapely.buffer(areas, grown):
            draw_shape(ink, shape, fc=rule.fill or rule.stroke, ec="none", lw=0, alpha=_GLOW_OPACITY)


def draw_axis(ink: Ink, shape: BaseGeometry, rule: ClassStyle) -> None:
    """Draw an axis as a thick arrow with two heads."""
    line = largest_part(shapely.line_merge(shape) if shape.geom_type == "MultiLineString" else shape)
    wide = rule.width * PIXEL_MM * _AXIS_WIDTH
    arrow = make_arrow(LineString(line.coords), wide, both=True)
    colour = rule.stroke or rule.fill or "#000000"
    if rule.halo:
        draw_shape(ink, arrow, fc="none", ec=rule.halo, lw=3.0, joinstyle="round")
    draw_shape(ink.above(0.01), arrow, fc=colour, ec="none", lw=0, alpha=0.9)


def make_arrow(line: LineString, width: float, *, both: bool = False) -> BaseGeometry:
    """Make an arrow along a line.

    Parameters
    ----------
    line : LineString
        From tail to tip, millimetres.
    width : float
        Of its shaft; the head is wider and no longer than a third of the line.
    both : bool
        Heads at both ends.

    Examples
    --------
    >>> arrow = make_arrow(LineString([(0, 0), (100, 0)]), 2.0)
    >>> arrow.bounds[2], arrow.is_valid
    (100.0, True)
    """
    head = min(_AXIS_HEAD * width * 1.6, line.length / 3)
    start, end = (head * 0.9 if both else 0.0), line.length - head * 0.9
    shaft = shapely.ops.substring(line, start, end).buffer(width / 2, cap_style="flat")
    heads = [_make_head(line, line.length - head, line.length, width * _AXIS_HEAD / 2)]
    if both:
        heads.append(_make_head(line, head, 0.0, width * _AXIS_HEAD / 2))
    return shapely.union_all([shaft, *heads])


def _make_head(line: LineString, base: float, tip: float, half: float) -> Polygon:
    foot, point = (shapely.get_coordinates(line.interpolate(at))[0] for at in (base, tip))
    along = (point - foot) / max(float(np.hypot(*(point - foot))), 1e-9)
    across = np.array([-along[1], along[0]]) * half
    return Polygon([foot + across, point, foot - across])


def make_chevrons(shape: BaseGeometry, core: BaseGeometry | None) -> list[LineString]:
    """Return the marks ››› along a belt that say where it leads.

    Parameters
    ----------
    shape : shapely geometry
        The belt, millimetres.
    core : shapely geometry, optional
        It leads away from what is nearest to it, both ways where that is well within the belt; without a core
        from west to east.
    """
    spine = trace_spine(shape)
    if spine is None or spine.length < 2 * _CHEVRON_MM:
        return []
    spine = spine.reverse() if spine.coords[0][0] > spine.coords[-1][0] else spine
    share = 0.0 if core is None else float(spine.project(core.centroid, normalized=True))
    origin = 0.0 if share < _END else 1.0 if share > 1 - _END else share
    outline = shapely.boundary(largest_part(shape))
    marks = []
    for line, reach in ((spine, 1 - origin), (spine.reverse(), origin)):
        first, last = line.length * (1 - reach + _CHEVRON_AT[0]), line.length * _CHEVRON_AT[1]
        marks += [_make_chevron(line, float(at), outline) for at in np.arange(last, first, -_CHEVRON_MM)]
    return [mark for mark in marks if mark is not None]


def _make_chevron(spine: LineString, at: float, outline: BaseGeometry) -> LineString | None:
    tip = shapely.get_coordinates(spine.interpolate(at))[0]
    half = min(0.55 * float(shapely.Point(tip).distance(outline)), _CHEVRON_WIDEST_MM)
    if half < _CHEVRON_LEAST_MM:
        return None
    behind = shapely.get_coordinates(spine.interpolate(max(0.0, at - 2 * half)))[0]
    along = (tip - behind) / max(float(np.hypot(*(tip - behind))), 1e-9)
    across = np.array([-along[1], along[0]]) * half
    foot = tip - along * half
    return LineString([foot + across, tip, foot - across])


def draw_directions(
    ink: Ink, plates: dict[str, Plate], rule_of: Any, taken: list[BaseGeometry], core: BaseGeometry | None
) -> None:
    """Draw the directions of belts where no name stands.

    Parameters
    ----------
    ink : Ink
        Where.
    plates : dict of str to Plate
        Layers of the sheet.
    rule_of : callable
        Style of a row of a plate.
    taken : list of shapely geometries
        What names cover.
    core : shapely geometry, optional
        Where belts come from.
    """
    points = [make_symbols(shapely.get_coordinates(p.shapes), rule_of(p, 0), p.size) for p in _points(plates)]
    blocked = shapely.union_all([*taken, *(shape for group in points for shape in group)])
    for plate in plates.values():
        for at in np.flatnonzero(np.isin(list_kinds(plate), list(BELTS))):
            rule = rule_of(plate, int(at))
            for mark in make_chevrons(plate.shapes[at], core):
                if mark.distance(blocked) > 1.0:
                    style = {"ec": rule.stroke, "lw": 2.2, "joinstyle": "miter", "alpha": 0.75}
                    draw_shape(ink, mark, fc="none", **style)


def _points(plates: dict[str, Plate]) -> list[Plate]:
    return [p for p in plates.values() if len(p.shapes) and (shapely.get_dimensions(p.shapes) == 0).all()]
