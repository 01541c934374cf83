"""Raster layers on a sheet: cells of classes laid on paper as a picture, and what the legend says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.engine.rasters.grids import Bounds
from spatial.engine.rasters.stacks import RasterStack
from spatial.engine.rasters.thinning import choose_every, read_thin, thin_grid
from spatial.outputs.atlas.ink import Ink
from spatial.outputs.atlas.paper import Sight
from spatial.outputs.order import Order
from spatial.plan.base import Text
from spatial.plan.styles import UNSTYLED, ClassStyle, LayerStyle, Styles

_VALUE = "value"


@dataclass(frozen=True, eq=False)
class CellPlate:
    """A raster layer on a sheet.

    Parameters
    ----------
    key : str
    style : LayerStyle
    image : numpy.ndarray of uint8, shape (rows, columns, 4)
        Colours with opacity; cells without a class are clear.
    bounds : tuple of float
        West, south, east and north in the metric CRS.
    areas_m2 : dict of str to float
        Area on the ellipsoid of the classes that there are, in legend order.
    notes : tuple of Text
        Cell, profile of rules, and that cells without data have no colour.
    """

    key: str
    style: LayerStyle
    image: npt.NDArray[np.uint8]
    bounds: Bounds
    areas_m2: dict[str, float]
    notes: tuple[Text, ...]


def list_cell_layers(order: Order, styles: Styles) -> list[str]:
    """Return the raster layers that can be drawn: those with a style, on a grid of the sheets' own system."""
    stack = order.rasters
    if stack is None or stack.grid.crs != order.metric_crs:
        return []
    return [name for name in styles.layers if name in stack]


def make_cells(order: Order, styles: Styles, names: tuple[str, ...]) -> Iterator[CellPlate]:
    """Yield the raster layers among the names of a sheet, in the order of the styles.

    A grid of more than 2 500 000 cells is thinned out: paper shows no more, and the file stays small.
    """
    stack = order.rasters
    for name in list_cell_layers(order, styles):
        if name in names and stack is not None:
            yield _make_plate(order, stack, name, styles.layers[name], styles.unstyled)


def _make_plate(
    order: Order, stack: RasterStack, name: str, style: LayerStyle, unstyled: ClassStyle
) -> CellPlate:
    layer = stack.layers[name]
    every = choose_every(stack.grid)
    grid = thin_grid(stack.grid, every)
    cells = read_thin(stack, name, every)
    there = ~np.isnan(cells) if layer.kind == "value" else cells > 0
    places, distinct = pd.factorize(cells[there])
    named = style.classify(pd.DataFrame({style.class_column or _VALUE: distinct})).to_numpy()
    colours = np.array([_paint(style.classes.get(key, unstyled)) for key in named], dtype=np.uint8)
    image = np.zeros((*cells.shape, 4), dtype=np.uint8)
    if len(distinct):
        image[there] = colours[places]
    if layer.kind == "value":
        counts = np.bincount(places, minlength=len(distinct)) * grid.cell_m**2
        areas = {key: float(counts[named == key].sum()) for key in dict.fromkeys(named)}
    else:
        areas = {str(key): area * 1e4 for key, area in stack.areas_ha(name).items()}
    ordered = {key: areas[key] for key in [*style.classes, UNSTYLED] if key in areas}
    return CellPlate(name, style, image, grid.bounds, ordered, _tell(order, stack, every))


def _paint(rule: ClassStyle) -> tuple[int, int, int, int]:
    colour = rule.fill or rule.stroke or "#000000"
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue, round(255 * rule.fill_opacity)


def _tell(order: Order, stack: RasterStack, every: int) -> tuple[Text, ...]:
    """Say what cells and rules a layer is of; each note is short, for it stands in the legend."""
    cell, spec = f"{stack.grid.cell_m:g} m", order.plan.evaluation
    rules_zh, rules_en = (f"；规则 {spec.profile}", f"; rules {spec.profile}") if spec else ("", "")
    notes = [Text(zh=f"栅格 {cell}{rules_zh}", en=f"Cells of {cell}{rules_en}")]
    if every > 1:
        notes.append(
            Text(zh=f"图上取 {every}×{every} 格的中间一格", en=f"Drawn by the middle of {every} × {every}")
        )
    return (*notes, Text(zh="缺数据处无色", en="Clear where data lack"))


def draw_cells(ink: Ink, plate: CellPlate, sight: Sight) -> None:
    """Lay a raster layer on the paper; cells keep their edges, whatever the resolution of the output."""
    from matplotlib.image import AxesImage
    from matplotlib.patches import Rectangle

    corners = np.array([[plate.bounds[0], plate.bounds[1]], [plate.bounds[2], plate.bounds[3]]])
    (left, bottom), (right, top) = sight.place_points(corners).tolist()
    axes: Any = ink.axes
    image = AxesImage(axes, extent=(left, right, bottom, top), origin="upper", interpolation="none")
    image.set_data(plate.image)
    image.set_zorder(ink.zorder)
    if ink.clip is not None:
        frame = Rectangle(
            (ink.clip.left, ink.clip.bottom), ink.clip.width, ink.clip.height, transform=axes.transData
        )
        image.set_clip_path(frame)
    axes.add_image(image)
