"""Insets of score cards: a zone among its neighbours, each in the colour of its kind and standing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from spatial.outputs.atlas.fonts import shorten_text
from spatial.outputs.atlas.ink import Ink, draw_class, draw_shape
from spatial.outputs.atlas.lettering import Pen, write_text
from spatial.outputs.atlas.marginalia import Tongue, draw_north, draw_scale, draw_stamp
from spatial.outputs.atlas.paper import FINE, Box, Shapes, Sight, choose_scale
from spatial.outputs.atlas.scorecards import Card
from spatial.outputs.atlas.sheets import Stack, Stock

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GROUND = ("territory", "districts", "rivers", "roads", "assessment")
"""Layers of an inset, from the ground up."""
_SPREAD = 1.9
"""How much more land than the zone itself is shown."""
_INK = "#1c1c1c"
_NAME_PT, _STAMP_PT = 7.0, 6.0
_NAMED = "districts"
_FOOT_MM = 13.0


class _Shown(NamedTuple):
    """What of a layer reaches into the frame: its classes and shapes, millimetres."""

    stack: Stack
    rows: Shapes
    shapes: Shapes


def draw_inset(axes: Axes, stock: Stock, card: Card, box: Box, tongue: Tongue) -> None:
    """Draw the land round a zone, its outline above all else, with scale and north below it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        In millimetres of the page.
    stock : Stock
        Layers in the metric CRS.
    card : Card
        Whose zone is in the middle.
    box : Box
        Where; scale and arrow take its foot.
    tongue : Tongue
        Language.
    """
    inner = Box(box.left, box.bottom + _FOOT_MM, box.right, box.top)
    own = _find_own(stock, card)
    if own is None:
        return
    west, south, east, north = shapely.bounds(own)
    scale = choose_scale((east - west) * _SPREAD, (north - south) * _SPREAD, inner, FINE)
    sight = Sight(scale, ((west + east) / 2, (south + north) / 2), inner)
    ink = Ink(axes, 1.0, inner)
    draw_shape(ink, inner.polygon, fc=stock.styles.paper, ec="none", lw=0)
    if stock.territory is not None:
        ground = _place(np.array([stock.territory], dtype=object), sight)
        draw_shape(ink.above(0.1), ground[0], fc=stock.styles.ground, ec="none", lw=0)
    for height, key in enumerate(_GROUND):
        if key in stock.stacks:
            shown = _show(stock.stacks[key], sight)
            _draw_layer(ink.above(1.0 + height), shown, stock)
            if key == _NAMED:
                _write_names(axes, shown, _leave_room(own, sight), tongue)
    outline = _place(np.array([own], dtype=object), sight)[0]
    draw_shape(ink.above(9.0), outline, fc="none", ec="#ffffff", lw=3.2)
    draw_shape(ink.above(9.1), outline, fc="none", ec="#d7191c", lw=1.6)
    draw_shape(Ink(axes, 12.0), inner.polygon, fc="none", ec=_INK, lw=0.6, joinstyle="miter")
    margin = Ink(axes, 13.0)
    if stock.order.illustrative:
        draw_stamp(margin, inner, _STAMP_PT, tongue)
    draw_scale(margin, sight, (box.left + 1.0, box.bottom + 0.5), 52.0, tongue)
    draw_north(margin, (box.right - 5.0, box.bottom + 0.3), 0.55)


def _find_own(stock: Stock, card: Card) -> shapely.Geometry | None:
    stack = stock.stacks.get("assessment")
    if stack is None:
        return None
    ids = stock.order.layers["assessment"]["id"].to_numpy()
    rows = np.flatnonzero(stack.frame["id"].to_numpy() == ids[card.row])
    return stack.shapes[rows[0]] if len(rows) else None


def _place(shapes: Shapes, sight: Sight) -> Shapes:
    """Return shapes in millimetres, only what is near the frame, so that files stay small."""
    west, south, east, north = sight.bounds
    spare = (east - west) * 0.1
    near = shapely.clip_by_rect(
        shapely.make_valid(shapes), west - spare, south - spare, east + spare, north + spare
    )
    return sight.place(near)


def _show(stack: Stack, sight: Sight) -> _Shown:
    bounds = shapely.bounds(stack.shapes)
    west, south, east, north = sight.bounds
    there = (
        (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    )
    rows = np.flatnonzero(there)
    shapes = _place(stack.shapes[rows], sight)
    full = ~shapely.is_empty(shapes)
    return _Shown(stack, rows[full], shapes[full])


def _draw_layer(ink: Ink, shown: _Shown, stock: Stock) -> None:
    classes = shown.stack.classes.to_numpy(dtype=object)[shown.rows]
    style = shown.stack.layer.style
    names = [name for name in style.classes if name in set(classes)]
    for step, name in enumerate(reversed(names)):
        draw_class(ink.above(0.9 * step / len(names)), shown.shapes[classes == name], style.classes[name])


def _leave_room(own: shapely.Geometry, sight: Sight) -> shapely.Geometry:
    """Return where names may stand: in the frame and beside the zone."""
    outline = sight.place(np.array([own], dtype=object))[0]
    return shapely.difference(sight.box.grow(-6.0).polygon, shapely.buffer(outline, 3.0))


def _write_names(axes: Axes, shown: _Shown, room: shapely.Geometry, tongue: Tongue) -> None:
    """Write the names of districts where they have room."""
    column = "name_en" if tongue.language == "en" and "name_en" in shown.stack.frame else "name"
    names = shown.stack.frame[column].to_numpy(dtype=object)[shown.rows]
    inside = shapely.intersection(shown.shapes, room)
    for name, shape in zip(names, inside, strict=True):
        if not shape.is_empty and shape.area > 60.0 and name:
            point = shapely.point_on_surface(shape)
            pen = Pen(_NAME_PT, "#6b7075", halo="#ffffff")
            write_text(
                axes, (point.x, point.y), shorten_text(str(name), 20), pen, align="center", zorder=11.0
            )
