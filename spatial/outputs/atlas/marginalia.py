"""Marginalia: what stands round a map for it to be read and signed: frames, grid, scale, north, notes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from pyproj import CRS, Proj, Transformer

from spatial.outputs.atlas.fonts import POINT_MM, fit_text, measure_text, wrap_text
from spatial.outputs.atlas.ink import Ink, draw_line, draw_shape
from spatial.outputs.atlas.lettering import Pen, write_text
from spatial.outputs.atlas.paper import Box, Layout, Sight, round_down
from spatial.outputs.atlas.sheets import Sheet
from spatial.outputs.order import Order
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS

_INK = "#1c1c1c"
_GREY = "#5c6166"
_STAMP = "#b3261e"
_OUTER_PT, _INNER_PT, _CROSS_PT = 1.9, 0.5, 0.3
_CROSS_MM = 1.6
_TICK_MM = 1.5
_BAR_MM = 1.5
_BAR_PARTS = 4
_TITLE_PT = 25.0
_SUBTITLE_PT = 11.0
_ARROW_MM = (3.6, 13.0)
_GRID_COLOUR = "#8d949b"
_TOLD_STRETCH = 0.001


@dataclass(frozen=True)
class Tongue:
    """The language of a sheet: ``zh``, ``en`` or ``both``."""

    language: str

    def lines(self, text: Text) -> list[str]:
        """Return the text in the wanted languages, Chinese first, each once.

        Examples
        --------
        >>> Tongue("both").lines(Text(zh="图例", en="Legend"))
        ['图例', 'Legend']
        """
        wanted = ("zh", "en") if self.language == "both" else (self.language,)
        return [line for line in dict.fromkeys(text.pick(name) for name in wanted) if line]

    def line(self, zh: str, en: str, joint: str = "  ") -> str:
        """Return a text of our own in the wanted languages on one line."""
        return joint.join(self.lines(Text(zh=zh, en=en)))


def draw_frame(ink: Ink, layout: Layout, sight: Sight) -> None:
    """Draw the double frame, with kilometres of the metric grid between its lines where there is room."""
    inner, outer = layout.map, layout.map.grow(layout.gap)
    draw_shape(ink, outer.polygon, fc="none", ec=_INK, lw=_OUTER_PT, joinstyle="miter")
    draw_shape(ink, inner.polygon, fc="none", ec=_INK, lw=_INNER_PT, joinstyle="miter")
    if layout.gap < 4:
        return
    eastings, northings = sight.list_ticks()
    pen = Pen(6.8, _GREY)
    middle = layout.gap / 2
    for easting in eastings:
        x = float(sight.place_points(np.array([[easting, sight.centre[1]]]))[0, 0])
        label = write_km(easting)
        for edge, side in ((inner.bottom, -1), (inner.top, 1)):
            draw_line(ink, [(x, edge), (x, edge - side * _TICK_MM)], _INK, _INNER_PT)
            write_text(ink.axes, (x, edge + side * middle), label, pen, align="center", zorder=ink.zorder)
    for northing in northings:
        y = float(sight.place_points(np.array([[sight.centre[0], northing]]))[0, 1])
        label = write_km(northing)
        for edge, side in ((inner.left, -1), (inner.right, 1)):
            draw_line(ink, [(edge, y), (edge - side * _TICK_MM, y)], _INK, _INNER_PT)
            turned = (edge + side * middle, y)
            write_text(ink.axes, turned, label, pen, align="center", zorder=ink.zorder, rotation=90.0)


def draw_crosses(ink: Ink, sight: Sight) -> None:
    """Draw a small cross wherever lines of the metric grid meet inside the map."""
    eastings, northings = sight.list_ticks()
    points = np.array([(x, y) for x in eastings for y in northings])
    if not len(points):
        return
    for x, y in sight.place_points(points):
        draw_line(ink, [(x - _CROSS_MM, y), (x + _CROSS_MM, y)], _GRID_COLOUR, _CROSS_PT)
        draw_line(ink, [(x, y - _CROSS_MM), (x, y + _CROSS_MM)], _GRID_COLOUR, _CROSS_PT)


def write_km(metres: float) -> str:
    """Write a coordinate in kilometres, as few digits as are needed.

    Examples
    --------
    >>> write_km(3880000.0), write_km(600250.0)
    ('3880', '600.25')
    """
    return f"{metres / 1000:.3f}".rstrip("0").rstrip(".")


def write_scale(denominator: float) -> str:
    """Write a scale as maps do.

    Examples
    --------
    >>> write_scale(250000.0)
    '1:250 000'
    """
    return f"1:{denominator:,.0f}".replace(",", " ")


def draw_title(ink: Ink, order: Order, sheet: Sheet, box: Box, tongue: Tongue) -> None:
    """Write the title, the place before it, and at the right the plan that the sheet belongs to."""
    place = order.place
    title = Text(
        zh=f"{place.zh or place.pick('zh')}{sheet.title.pick('zh')}",
        en=": ".join(filter(None, [place.pick("en"), sheet.title.pick("en")])),
    )
    lines = tongue.lines(title)
    wide = box.width * (0.7 if len(lines) == 1 else 0.68)
    text, size = fit_text(lines[0], _TITLE_PT, wide, 12.0)
    height = box.top - (7.5 if len(lines) > 1 else 10.0)
    write_text(ink.axes, (box.left, height), text, Pen(size, _INK, bold=True), zorder=ink.zorder)
    if len(lines) > 1:
        text, size = fit_text(lines[1], _SUBTITLE_PT, wide, 7.0)
        write_text(ink.axes, (box.left, box.bottom + 3.6), text, Pen(size, _GREY), zorder=ink.zorder)
    below = [*tongue.lines(order.plan.title), order.plan.period and _say_period(order, tongue)]
    for at, line in enumerate(filter(None, below)):
        text, size = fit_text(line, 9.5 if at == 0 else 8.0, box.width - wide - 8.0, 6.0)
        where = (box.right, box.top - 4.5 - at * 4.4)
        write_text(ink.axes, where, text, Pen(size, _GREY), align="right", zorder=ink.zorder)


def _say_period(order: Order, tongue: Tongue) -> str:
    return f"{tongue.line('规划期限', 'Planning period')} {order.plan.period or order.plan.year}"


def draw_imprint(ink: Ink, order: Order, sheet: Sheet, box: Box, tongue: Tongue) -> None:
    """Write compiler, date, approval number and number of the sheet on one line below the map."""
    pending = tongue.line("待审", "pending", " ")
    compiler = order.plan.outputs.compiler
    blank = tongue.line("（待填）", "(to be filled in)", " ")
    dated = ("编制日期", "Date") if order.plan.date else ("规划年份", "Plan of")
    parts = [
        (
            tongue.line("编制单位", "Compiled by"),
            tongue.line(compiler.zh, compiler.en) if compiler else blank,
        ),
        (tongue.line(*dated), order.date),
        (tongue.line("审图号", "Map approval no."), order.plan.outputs.approval_number or pending),
        (tongue.line("图号", "Sheet"), f"{sheet.number:02d} / {sheet.total:02d}"),
    ]
    shares = (0.0, 0.46, 0.62, 1.0)
    y = (box.bottom + box.top) / 2
    for at, ((head, value), share) in enumerate(zip(parts, shares, strict=True)):
        last = at == len(parts) - 1
        room = box.width * (0.12 if last else min(shares[at + 1], 0.87) - share) - 4.0
        text, size = fit_text(f"{head}  {value}", 8.5, room, 6.0)
        where = (box.left + share * box.width, y)
        write_text(
            ink.axes, where, text, Pen(size, _INK), align="right" if last else "left", zorder=ink.zorder
        )


def draw_stamp(ink: Ink, box: Box, size: float, tongue: Tongue) -> Box:
    """Write 示意图 into the upper right corner of the map; return what it covers."""
    grow = size / 8.5
    lines = tongue.lines(Text(zh="示意图 · 非法定图件", en="Illustrative, not a legal map"))
    wide = max(measure_text(line, size) for line in lines) + 5.0 * grow
    tall = (4.2 * len(lines) + 2.6) * grow
    stamp = Box(
        box.right - wide - 3 * grow, box.top - tall - 3 * grow, box.right - 3 * grow, box.top - 3 * grow
    )
    draw_shape(ink, stamp.polygon, fc="#ffffff", ec=_STAMP, lw=0.9, alpha=0.92)
    for at, line in enumerate(lines):
        where = ((stamp.left + stamp.right) / 2, stamp.top - (3.4 + 4.2 * at) * grow)
        write_text(ink.axes, where, line, Pen(size, _STAMP), align="center", zorder=ink.zorder + 1)
    return stamp


def draw_scale(ink: Ink, sight: Sight, at: tuple[float, float], room: float, tongue: Tongue) -> None:
    """Draw the numeric scale and the bar below it.

    Parameters
    ----------
    ink : Ink
        Where.
    sight : Sight
        The map.
    at : tuple of float
        Left end of the bar's foot, millimetres.
    room : float
        How wide it may be at most, millimetres.
    tongue : Tongue
        Language.
    """
    step = round_down(room * 0.86 * sight.scale / 1000 / _BAR_PARTS)
    wide = step * 1000 / sight.scale
    left, foot = at
    kilometres = step * _BAR_PARTS >= 1000
    for part in range(_BAR_PARTS):
        box = Box(left + part * wide, foot, left + (part + 1) * wide, foot + _BAR_MM)
        draw_shape(ink, box.polygon, fc=_INK if part % 2 == 0 else "#ffffff", ec=_INK, lw=0.5)
    for part in (0, 1, 2, _BAR_PARTS):
        value = write_km(part * step) if kilometres else f"{part * step:g}"
        unit = (" km" if kilometres else " m") if part == _BAR_PARTS else ""
        where = (left + part * wide, foot + _BAR_MM + 2.2)
        write_text(ink.axes, where, value + unit, Pen(6.8, _INK), align="center", zorder=ink.zorder)
    head = tongue.line("比例尺", "Scale")
    text, size = fit_text(f"{head}  {write_scale(sight.scale)}", 9.5, room, 6.0)
    write_text(ink.axes, (left, foot + _BAR_MM + 6.8), text, Pen(size, _INK, bold=True), zorder=ink.zorder)


def draw_north(ink: Ink, at: tuple[float, float], size: float = 1.0) -> None:
    """Draw an arrow to grid north, its foot in the middle of `at`."""
    half, tall = _ARROW_MM[0] / 2 * size, _ARROW_MM[1] * size
    x, y = at
    left = shapely.Polygon([(x, y + tall), (x - half, y), (x, y + tall * 0.22)])
    right = shapely.Polygon([(x, y + tall), (x + half, y), (x, y + tall * 0.22)])
    draw_shape(ink, left, fc=_INK, ec=_INK, lw=0.5, joinstyle="miter")
    draw_shape(ink, right, fc="#ffffff", ec=_INK, lw=0.5, joinstyle="miter")
    write_text(
        ink.axes, (x, y + tall + 2.2 * size), "N", Pen(9.5 * size, _INK, bold=True), align="center",
        zorder=ink.zorder,
    )  # fmt: skip


def find_true_north(crs: str, centre: tuple[float, float]) -> float:
    """Return how far true north lies east of grid north at a point, degrees; west is negative.

    Examples
    --------
    >>> round(find_true_north("EPSG:4546", (627000.0, 3885000.0)), 2)
    -0.8
    """
    there = Transformer.from_crs(crs, STORED_CRS, always_xy=True)
    longitude, latitude = there.transform(*centre)
    east, north = there.transform([longitude, longitude], [latitude, latitude + 0.001], direction="INVERSE")
    return float(np.degrees(np.arctan2(east[1] - east[0], north[1] - north[0])))


def find_stretch(crs: str, sight: Sight) -> float:
    """Return by what share lengths on the map are too long at most, at the corners of its frame.

    Examples
    --------
    >>> from spatial.outputs.atlas.paper import A3
    >>> far = Sight(5_000_000.0, (600_000.0, 3_900_000.0), A3.map)
    >>> round(find_stretch("EPSG:4546", far), 4)
    0.0093
    """
    west, south, east, north = sight.bounds
    projection = Proj(crs)
    factors = [
        projection.get_factors(*projection(x, y, inverse=True), errcheck=False).meridional_scale
        for x in (west, east)
        for y in (south, north)
    ]
    found = [abs(factor - 1) for factor in factors if np.isfinite(factor)]
    return max(found, default=0.0)


def _say_heights(order: Order) -> Text:
    plan = order.plan
    if plan.roads is not None and plan.roads.elevation is not None:
        return Text(zh="高程基准：1985国家高程基准", en="Heights: 1985 national height datum")
    if plan.evaluation is not None and "elevation" in plan.evaluation.factors:
        return Text(zh="高程：按高程栅格自身基准", en="Heights: datum of the elevation raster")
    return Text(zh="高程：未使用", en="Heights: none used")


def list_notes(order: Order, sight: Sight, tongue: Tongue) -> list[str]:
    """Return the notes on coordinate system, projection, heights and north."""
    crs = CRS.from_user_input(order.metric_crs)
    turn = find_true_north(order.metric_crs, sight.centre)
    side = ("东", "east") if turn > 0 else ("西", "west")
    code = crs.to_authority()
    grid = f"{code[0]}:{code[1]}" if code else crs.name
    notes = [
        Text(zh="坐标系统：2000国家大地坐标系", en="Coordinates: CGCS2000"),
        _say_projection(crs),
        Text(zh=f"坐标网：{grid}，单位千米", en=f"Grid: {grid}, kilometres"),
        _say_heights(order),
        Text(
            zh=f"指北针：坐标北，真北偏{side[0]} {abs(turn):.2f}°",
            en=f"Arrow: grid north; true north {abs(turn):.2f}° {side[1]}",
        ),
    ]
    stretch = find_stretch(order.metric_crs, sight)
    if stretch > _TOLD_STRETCH:
        notes.append(
            Text(
                zh=f"比例尺在中央经线上为真，图内最多偏大 {stretch:.2%}",
                en=f"Scale true on the central meridian, up to {stretch:.2%} larger within the frame",
            )
        )
    # Chinese one below the other, English run on: two columns of short lines would be hard to read.
    zh = [note.zh for note in notes if tongue.language != "en"]
    en = [note.en for note in notes if tongue.language != "zh"]
    return [*zh, "; ".join(en)] if zh and en else zh or en


def _say_projection(crs: CRS) -> Text:
    operation = crs.coordinate_operation
    values = {part.name: part.value for part in operation.params} if operation else {}
    meridian = values.get("Longitude of natural origin")
    if operation is None or "Mercator" not in operation.method_name or meridian is None:
        return Text(zh=f"投影：{crs.name}", en=f"Projection: {crs.name}")
    width = 6 if "6-degree" in crs.name else 3
    zone = f"{width}°分带，" if "degree" in crs.name else ""
    return Text(
        zh=f"投影：高斯-克吕格，{zone}中央经线 {meridian:g}°E",
        en=f"Projection: Gauss-Kruger, central meridian {meridian:g}°E",
    )


def draw_notes(ink: Ink, notes: list[str], box: Box, size: float) -> float:
    """Write notes from the foot of a box upwards; return the height where they begin."""
    lines = [line for note in notes for line in wrap_text(note, size, box.width)]
    step = size * POINT_MM * 1.42
    top = box.bottom + step * len(lines)
    for at, line in enumerate(lines):
        write_text(ink.axes, (box.left, top - step * (at + 0.5)), line, Pen(size, _GREY), zorder=ink.zorder)
    return top
