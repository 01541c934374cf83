"""Sheets of the atlas: which pages a plan gives, and the layers that each is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.errors import Fault, OutputError
from spatial.outputs.atlas.paper import Bounds, Shapes
from spatial.outputs.atlas.sheetcells import list_cell_layers
from spatial.outputs.order import Order
from spatial.outputs.web.features import DrawnLayer, choose_layers
from spatial.plan.base import Text
from spatial.plan.styles import ClassStyle, SheetStyle, Styles, read_styles

if TYPE_CHECKING:
    from spatial.outputs.atlas.sidepanel import Panel

BACKGROUND = "base"
"""Group of the layers that one finds one's way by: beneath every sheet, and no sheet of their own."""
UNREACHED = "unreached"
"""Layer that sheets derive: promised land that is out of reach."""
_APART = (BACKGROUND, "findings")
_LONGEST_EDGE = 0.25
_LEAST_SPAN_M = 100.0
_LEAST_LABEL_PX = 8.0


@dataclass(frozen=True)
class Detail:
    """What a sheet of one place shows besides its layers.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north that the map must show, metric CRS.
    panel : Panel
        What is said of the place, beside the map.
    ground : numpy.ndarray of shapely geometries
        What its locator shows it in, such as the districts of the territory, metric CRS.
    """

    bounds: Bounds
    panel: Panel
    ground: Shapes


@dataclass(frozen=True)
class Sheet:
    """One page of the atlas.

    Parameters
    ----------
    name : str
        Key of the sheet in ``styles.yaml``, or of the layer that it shows.
    title : Text
        Without the place.
    style : SheetStyle
        Layers, extent and how they are drawn.
    number, total : int
        Which of how many pages it is.
    detail : Detail, optional
        Of a sheet of one place.
    """

    name: str
    title: Text
    style: SheetStyle
    number: int = 1
    total: int = 1
    detail: Detail | None = None


@dataclass(frozen=True)
class Stack:
    """A layer ready to be drawn: rows that maps draw, their classes and shapes in the metric CRS."""

    layer: DrawnLayer
    shapes: Shapes

    @property
    def classes(self) -> pd.Series[Any]:
        """Class of each row."""
        return self.layer.classes

    @property
    def frame(self) -> gpd.GeoDataFrame:
        """The rows, EPSG:4490."""
        return self.layer.frame


@dataclass(frozen=True)
class Stock:
    """All that there is to draw.

    Parameters
    ----------
    order : Order
        Plan, layers and what stands round them.
    styles : Styles
        How layers look and which sheets there are.
    stacks : dict of str to Stack
        Layers with something to draw by the key of their style, in the order of the legend.
    strays : int
        Shapes that lie where the metric CRS has no coordinates; they are not drawn.
    """

    order: Order
    styles: Styles
    stacks: dict[str, Stack]
    strays: int = 0

    @property
    def territory(self) -> BaseGeometry | None:
        """The territory in the metric CRS, if the plan has one."""
        stack = self.stacks.get("territory")
        return shapely.union_all(stack.shapes) if stack else None


def shrink_stock(stock: Stock, factor: float) -> Stock:
    """Return the stock with strokes, symbols and names made smaller, for small paper.

    Names get no smaller than can be read.
    """
    if factor == 1.0:
        return stock
    stacks = {}
    for key, stack in stock.stacks.items():
        style = stack.layer.style
        label = style.label.model_copy(update={"size": max(_LEAST_LABEL_PX, style.label.size * factor)})
        classes = {name: _shrink_class(rule, factor) for name, rule in style.classes.items()}
        smaller = style.model_copy(update={"label": label, "classes": classes})
        stacks[key] = Stack(replace(stack.layer, style=smaller), stack.shapes)
    unstyled = _shrink_class(stock.styles.unstyled, factor)
    return replace(stock, styles=stock.styles.model_copy(update={"unstyled": unstyled}), stacks=stacks)


def _shrink_class(rule: ClassStyle, factor: float) -> ClassStyle:
    dash = tuple(step * factor for step in rule.dash)
    return rule.model_copy(
        update={"width": rule.width * factor, "radius": rule.radius * factor, "dash": dash}
    )


def make_stock(order: Order, styles: Styles | None = None) -> Stock:
    """Gather what can be drawn, in the plan's metric CRS.

    Parameters
    ----------
    order : Order
        Its layers are in EPSG:4490; long edges are bent as the projection bends them.
    styles : Styles, optional
        The shipped ones unless given.
    """
    styles = styles or read_styles().fit(order.layers)
    return Stock(
        order, styles, *stack_layers({**order.layers, **derive_layers(order, styles)}, order, styles)
    )


def stack_layers(
    layers: Mapping[str, pd.DataFrame], order: Order, styles: Styles
) -> tuple[dict[str, Stack], int]:
    """Return layers ready to be drawn, and how many shapes lie where the metric CRS has no coordinates.

    Parameters
    ----------
    layers : mapping of str to frame
        By name, EPSG:4490.
    order : Order
        For contracts and the metric CRS.
    styles : Styles
        How layers look.
    """
    stacks, strays = dict[str, Stack](), 0
    for layer in choose_layers(layers, styles, order.contracts):
        shapes = _project(layer.frame, order.metric_crs)
        there = _find_finite(shapes)
        strays += int((~there).sum())
        if there.any():
            kept = replace(layer, frame=layer.frame[there], classes=layer.classes[there])
            stacks[layer.key] = Stack(kept, shapes[there])
    return stacks, strays


def derive_layers(order: Order, styles: Styles) -> dict[str, gpd.GeoDataFrame]:
    """Return layers that only sheets draw: the land of broken promises that is out of reach.

    Parameters
    ----------
    order : Order
        With the layers promises, commute_circles, structure and territory; without them there is nothing.
    styles : Styles
        Only layers that have a style there.
    """
    promises, circles = order.layers.get("promises"), order.layers.get("commute_circles")
    if UNREACHED not in styles.layers or promises is None or circles is None or not len(promises):
        return {}
    broken = promises[(promises["verdict"] == "broken") & (promises["subject"] == "area")]
    rings = gpd.GeoDataFrame(circles[circles["form"] == "cumulative"])
    rows = []
    for row in broken.itertuples():
        aim = _find_aim(order, str(row.promise))
        reached = shapely.union_all(rings.geometry[rings["circle"] == row.circle].to_numpy())
        if aim is not None:
            rows.append({"id": row.id, "name": row.name, "geometry": shapely.difference(aim, reached)})
    return {UNREACHED: gpd.GeoDataFrame(rows, geometry="geometry", crs=rings.crs)} if rows else {}


def _find_aim(order: Order, promise: str) -> BaseGeometry | None:
    """Return the area that a promise is about: the territory or an element of the structure."""
    frame = order.layers.get("territory" if promise == "territory" else "structure")
    if frame is None or not len(frame):
        return None
    aims = gpd.GeoDataFrame(frame)
    shapes = (aims if promise == "territory" else aims[aims["id"] == promise]).geometry.to_numpy()
    return shapely.union_all(shapes[shapely.get_dimensions(shapes) == 2]) if len(shapes) else None


def _project(frame: gpd.GeoDataFrame, crs: str) -> Shapes:
    bent = shapely.segmentize(frame.geometry.to_numpy(), _LONGEST_EDGE)
    return gpd.GeoSeries(bent, crs=frame.crs).to_crs(crs).to_numpy()


def _find_finite(shapes: Shapes) -> npt.NDArray[np.bool_]:
    return np.isfinite(shapely.bounds(shapes)).all(axis=1) if len(shapes) else np.zeros(0, dtype=bool)


def list_sheets(order: Order, styles: Styles | None = None) -> tuple[Sheet, ...]:
    """List the pages that a plan gives.

    Sheets of ``styles.yaml`` come first, in its order, those with something to show. A layer that no sheet
    names comes after them: with its view where it has one, else on a page of its own.

    Parameters
    ----------
    order : Order
        Plan and layers; empty layers give no page.
    styles : Styles, optional
        The shipped ones unless given.

    Returns
    -------
    tuple of Sheet
        In order of pages, numbered from 1; empty where there is nothing to draw.
    """
    return number_sheets(make_stock(order, styles))


def number_sheets(stock: Stock) -> tuple[Sheet, ...]:
    """List the pages that a stock gives, as `list_sheets` does."""
    tables = {name for name, frame in stock.order.layers.items() if len(frame) and "geometry" not in frame}
    there = set(stock.stacks) | tables | set(list_cell_layers(stock.order, stock.styles))
    named = {
        name: style for name, style in stock.styles.sheets.items() if there.intersection(style.needs)
    } | _make_generic(stock)
    return tuple(
        Sheet(name, style.title, style, number, len(named))
        for number, (name, style) in enumerate(named.items(), start=1)
    )


def _make_generic(stock: Stock) -> dict[str, SheetStyle]:
    """Return sheets for layers that no sheet names."""
    known = {name for sheet in stock.styles.sheets.values() for name in sheet.layers}
    ground = [name for name, style in stock.styles.layers.items() if style.group == BACKGROUND and style.show]
    made: dict[str, SheetStyle] = {}
    for key, stack in stock.stacks.items():
        style = stack.layer.style
        if key in known or (style.group in _APART and key in stock.styles.layers):
            continue
        view = next(
            ((name, view) for name, view in stock.styles.views.items() if key in view.layers), (key, None)
        )
        title = view[1].title if view[1] else style.title
        layers = view[1].layers if view[1] else (key, *ground)
        name = view[0] if view[0] not in stock.styles.sheets else f"{view[0]}_more"
        made.setdefault(name, SheetStyle(title=title, needs=(key,), layers=tuple(layers)))
    return made


def find_sheet(stock: Stock, name: str) -> Sheet:
    """Return the sheet of a name.

    Raises
    ------
    OutputError
        The plan gives no such sheet; says which it gives.
    """
    sheets = number_sheets(stock)
    for sheet in sheets:
        if sheet.name == name:
            return sheet
    known = ", ".join(sheet.name for sheet in sheets) or "none: it has no layer with anything to draw"
    raise OutputError(Fault("atlas", name, "the plan gives no such sheet", f"it gives {known}"))


def select_stacks(stock: Stock, sheet: Sheet) -> dict[str, Stack]:
    """Return the layers of a sheet that there are, in the order of the legend."""
    return {key: stack for key, stack in stock.stacks.items() if key in sheet.style.layers}


def measure_extent(stock: Stock, sheet: Sheet) -> Bounds:
    """Return west, south, east and north of what a sheet must show, in the metric CRS, metres."""
    if sheet.detail is not None:
        return sheet.detail.bounds
    needs = [stock.stacks[key].shapes for key in sheet.style.needs if key in stock.stacks]
    ground = stock.stacks.get("territory")
    if ground is not None and (sheet.style.extent == "territory" or not needs):
        needs = [ground.shapes]
    elif not needs:
        needs = [stack.shapes for stack in select_stacks(stock, sheet).values()]
    if not needs:
        raise OutputError(Fault("atlas", sheet.name, "the sheet has nothing to draw", "build its layers"))
    west, south, east, north = (float(value) for value in shapely.total_bounds(np.concatenate(needs)))
    spare_x, spare_y = (max(0.0, _LEAST_SPAN_M - span) / 2 for span in (east - west, north - south))
    return west - spare_x, south - spare_y, east + spare_x, north + spare_y
