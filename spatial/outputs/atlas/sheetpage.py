"""A page of the atlas put together: ground, layers, names, legend and what stands round them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import shapely

from spatial.engine.geodesy import area_m2
from spatial.outputs.atlas.emblems import CORES, POINT_SIZE, POINTS, draw_directions, draw_emblems, list_kinds
from spatial.outputs.atlas.fonts import shorten_text
from spatial.outputs.atlas.ink import Ink, draw_class, draw_rings, draw_shape
from spatial.outputs.atlas.locator import draw_locator, draw_place
from spatial.outputs.atlas.marginalia import (
    Tongue,
    draw_crosses,
    draw_frame,
    draw_imprint,
    draw_north,
    draw_notes,
    draw_scale,
    draw_stamp,
    draw_title,
    list_notes,
)
from spatial.outputs.atlas.paper import Box, Layout, Shapes, Sight, make_sight
from spatial.outputs.atlas.sheetcells import CellPlate, draw_cells, make_cells
from spatial.outputs.atlas.sheetlegend import draw_legend, list_cell_sections, list_sections
from spatial.outputs.atlas.sheetnames import (
    Plate,
    arrange_names,
    draw_names,
    find_rule,
    gather_names,
    list_marks,
)
from spatial.outputs.atlas.sheets import Sheet, Stack, Stock, measure_extent, select_stacks, shrink_stock
from spatial.outputs.atlas.sidepanel import draw_panel, measure_panel
from spatial.outputs.atlas.verdicttable import draw_table, list_verdicts, measure_table
from spatial.plan.findings import STORED_CRS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GROUND, _CELLS, _LAYERS, _NAMES, _MARGIN = 1.0, 2.0, 10.0, 200.0, 300.0
_LISTED = 5
_LOCATOR_MM, _LOW_LOCATOR_MM, _DETAIL_LOCATOR_MM = 54.0, 42.0, 36.0
_RINGS = 50.0
_PANEL_SHARE, _LONG_PANEL, _SMALLER = 0.62, 0.45, 0.86
_LONG_LEGEND = 10
_NOTE_PT = 6.8
_SETTINGS: dict[str, Any] = {
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "svg.fonttype": "none",
    "svg.hashsalt": "spatial",
    "path.simplify": False,
    "text.hinting": "none",
    "figure.dpi": 100.0,
    "savefig.dpi": "figure",
}


@dataclass
class Page:
    """A drawn page and what a user should know of it."""

    figure: Figure
    sight: Sight
    tongue: Tongue
    text: float
    notes: list[str] = field(default_factory=list)


@contextmanager
def paper_settings() -> Iterator[None]:
    """Draw and save by our settings and none of the user's: the same plan gives the same bytes everywhere."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast(Any, _SETTINGS))
        yield


def draw_page(stock: Stock, sheet: Sheet, layout: Layout, language: str) -> Page:
    """Draw a sheet.

    Parameters
    ----------
    stock : Stock
        What there is to draw.
    sheet : Sheet
        Which page.
    layout : Layout
        Paper.
    language : {"zh", "en", "both"}
        Titles and legend in these; names in English only for ``en``.

    Returns
    -------
    Page

    Raises
    ------
    OutputError
        A character of a text is in no font, or the sheet has nothing to draw.
    """
    tongue = Tongue(language)
    sight = make_sight(measure_extent(stock, sheet), layout)
    stock = shrink_stock(stock, layout.grain)
    figure, axes = open_paper(layout)
    page = Page(figure, sight, tongue, layout.text)
    plates = _lay_plates(stock, sheet, sight)
    _draw_ground(axes, stock, sight)
    cells = list(make_cells(stock.order, stock.styles, sheet.style.layers))
    for height, one in enumerate(reversed(cells)):
        draw_cells(Ink(axes, _CELLS + height, layout.map), one, sight)
    _draw_layers(axes, stock, plates, layout.map)
    _draw_writing(axes, stock, sheet, plates, page)
    margin = Ink(axes, _MARGIN)
    draw_frame(margin, layout, sight)
    _draw_side(margin, stock, sheet, page, (layout, plates, cells))
    if layout.head:
        draw_title(margin, stock.order, sheet, layout.head, tongue)
    if layout.foot:
        draw_imprint(margin, stock.order, sheet, layout.foot, tongue)
    _note_unstyled(plates, page, tongue)
    page.notes = [
        f"{tongue.line(sheet.title.pick('zh'), sheet.title.pick('en'), ' ')}: {note}" for note in page.notes
    ]
    return page


@cache
def _paper_class() -> type[Figure]:
    """Return a figure that is drawn by our settings whoever draws it, and whenever."""
    from matplotlib.figure import Figure

    class PaperFigure(Figure):
        def draw(self, renderer: Any) -> None:
            with paper_settings():
                super().draw(renderer)

        def savefig(self, *args: Any, **kwargs: Any) -> None:
            with paper_settings():
                super().savefig(*args, **kwargs)

    return PaperFigure


def open_paper(layout: Layout) -> tuple[Figure, Axes]:
    """Return an empty page and the axes over all of it, in millimetres from its lower left corner."""
    figure = _paper_class()(figsize=(layout.width / 25.4, layout.height / 25.4), facecolor="#ffffff")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, layout.width)
    axes.set_ylim(0.0, layout.height)
    axes.axis("off")
    return figure, axes


def _lay_plates(stock: Stock, sheet: Sheet, sight: Sight) -> dict[str, Plate]:
    """Return the layers of a sheet in millimetres, only rows that reach into the frame."""
    plates = {}
    frame = sight.box.polygon
    for key, stack in select_stacks(stock, sheet).items():
        shapes = sight.place(stack.shapes)
        there = shapely.intersects(_find_visible(stack, shapes), frame)
        if not there.any():
            continue
        layer = stack.layer
        kept = replace(layer, frame=layer.frame[there], classes=layer.classes[there])
        plate = Plate(
            Stack(kept, stack.shapes[there]), shapes[there], sheet.style.conceptual, key in sheet.style.ringed
        )
        enlarged = sheet.style.conceptual and np.isin(list_kinds(plate), list(POINTS)).all()
        plates[key] = replace(plate, size=POINT_SIZE) if enlarged else plate
    return plates


def _find_visible(stack: Stack, shapes: Shapes) -> Shapes:
    """Return what is to be seen of a layer: of areas without any fill only their outlines."""
    if any(rule.fill for rule in stack.layer.style.classes.values()):
        return shapes
    flat = shapely.get_dimensions(shapes) == 2
    seen = shapes.copy()
    seen[flat] = shapely.boundary(shapes[flat])
    return seen


def _draw_ground(axes: Axes, stock: Stock, sight: Sight) -> None:
    ink = Ink(axes, _GROUND, sight.box)
    draw_shape(ink, sight.box.polygon, fc=stock.styles.paper, ec="none", lw=0)
    if stock.territory is not None:
        ground = sight.place([stock.territory])[0]
        draw_shape(ink.above(0.1), ground, fc=stock.styles.ground, ec="none", lw=0)
    draw_crosses(ink.above(0.2), sight)


def _draw_layers(axes: Axes, stock: Stock, plates: dict[str, Plate], box: Box) -> None:
    """Draw layers by rising order, classes of each so that the first of the legend is on top."""
    rising = sorted(plates.values(), key=lambda plate: plate.style.order)
    for height, plate in enumerate(rising):
        classes = plate.stack.classes.to_numpy(dtype=object)
        there = set(classes)
        names = [name for name in plate.style.classes if name in there]
        names += sorted(there - set(names))
        for step, name in enumerate(reversed(names)):
            rule, rows = plate.rule(name, stock.styles), classes == name
            ink = Ink(axes, _LAYERS + height + 0.9 * step / len(names), box)
            if plate.conceptual:
                draw_emblems(ink, plate, rows, rule)
            else:
                draw_class(ink, plate.shapes[rows], rule, size=plate.size)
            if plate.ringed:
                draw_rings(ink.above(_RINGS), plate.shapes[rows], rule)


def _draw_writing(axes: Axes, stock: Stock, sheet: Sheet, plates: dict[str, Plate], page: Page) -> None:
    """Write names, and where they leave room, the directions of belts."""
    sight, tongue = page.sight, page.tongue
    free = []
    if stock.order.illustrative:
        free = [draw_stamp(Ink(axes, _NAMES + 10), sight.box, page.text, tongue).polygon]
    latitude = _find_latitude(stock, sight)
    named = {key: plate for key, plate in plates.items() if key not in sheet.style.unnamed}
    names = gather_names(named, sight, stock.styles, tongue.language, latitude)
    placed, left = arrange_names(names, plates, sight, stock.styles, np.array(free, dtype=object))
    draw_names(axes, placed, shapely.union_all(list_marks(plates, stock.styles)), _NAMES)
    if left:
        shown = "、".join(shorten_text(name.text, 20) for name in left[:_LISTED]) + "…" * (
            len(left) > _LISTED
        )
        page.notes.append(
            tongue.line(
                f"{len(left)} 个名称没有位置，未注记：{shown}", f"no room for {len(left)} names: {shown}"
            )
        )
    emblems = {key: plate for key, plate in plates.items() if plate.conceptual}
    if emblems:
        taken = [
            shape for item in placed for shape in (item.spot.shape, item.spot.leader) if shape is not None
        ]
        cores = [plate.shapes[np.isin(list_kinds(plate), list(CORES))] for plate in emblems.values()]
        core = shapely.union_all(np.concatenate(cores))
        styles = stock.styles
        draw_directions(
            Ink(axes, _NAMES - 1, sight.box),
            emblems,
            lambda plate, at: find_rule(plate.style, str(plate.stack.classes.iloc[at]), styles),
            taken,
            None if core.is_empty else core,
        )


def _find_latitude(stock: Stock, sight: Sight) -> float:
    centre = gpd.GeoSeries([shapely.Point(sight.centre)], crs=stock.order.metric_crs).to_crs(STORED_CRS)
    return float(centre.iloc[0].y)


def _draw_side(
    ink: Ink, stock: Stock, sheet: Sheet, page: Page, drawn: tuple[Layout, dict[str, Plate], list[CellPlate]]
) -> None:
    """Draw what stands beside the map: location, legend, verdicts, scale, north and notes."""
    layout, plates, cells = drawn
    tongue = page.tongue
    table = sheet.style.table
    verdicts = list_verdicts(stock.order, table, stock.styles, tongue) if table else []
    side, full = layout.side, layout.head is not None
    inner = Box(side.left + 3.0, side.bottom + 2.0, side.right - 3.0, side.top - 2.5) if full else side
    if full:
        draw_shape(ink, side.polygon, fc="none", ec="#1c1c1c", lw=0.5, joinstyle="miter")
    legend = inner
    if layout.columns > 1:
        edge = inner.right - inner.width / layout.columns
        legend, inner = replace(inner, right=edge - 3.0), replace(inner, left=edge)
    bottom = _draw_foot(ink, stock, page, (inner, full))
    top = inner.top
    if full:
        high = _DETAIL_LOCATOR_MM if sheet.detail else _LOW_LOCATOR_MM if verdicts else _LOCATOR_MM
        _draw_location(ink, stock, sheet, page, Box(side.left, side.top - high, side.right, side.top))
        top = side.top - high - 3.0
    top = _draw_detail(ink, sheet, page, Box(inner.left, bottom, inner.right, top), layout.text * 0.88)
    tall = measure_table(verdicts, inner.width, layout.text * 0.88)
    if verdicts:
        foot = Box(inner.left, bottom, inner.right, bottom + tall)
        draw_table(ink, verdicts, foot, layout.text * 0.88, tongue)
    whole = _measure_territory(stock) if sheet.style.shares else None
    sections = list_cell_sections(cells, stock.styles, shares_of_m2=whole)
    sections += list_sections(plates, stock.styles, shares_of_m2=whole)
    room = Box(inner.left, bottom + tall + 1.0, inner.right, top) if layout.columns == 1 else legend
    # Beside a panel there is less room, and a long legend is set in two columns.
    long = sheet.detail is not None and sum(len(one.entries) for one in sections) > _LONG_LEGEND
    columns = 2 if long else max(1, layout.columns - 1)
    left = draw_legend(ink, sections, room, layout.text, tongue, columns=columns)
    if left:
        page.notes.append(tongue.line(f"图例有 {left} 类未列出", f"{left} classes are not in the legend"))


def _draw_location(ink: Ink, stock: Stock, sheet: Sheet, page: Page, box: Box) -> None:
    """Draw where the territory lies, or of a sheet of one place, where that lies in the territory."""
    if sheet.detail is None:
        draw_locator(ink, stock, box, page.tongue)
    else:
        draw_place(ink, sheet.detail.ground, page.sight.bounds, box, page.tongue)


def _draw_detail(ink: Ink, sheet: Sheet, page: Page, box: Box, size: float) -> float:
    """Draw what is said of the place of a sheet; return the height where the room below it begins."""
    if sheet.detail is None:
        return box.top
    tongue = page.tongue
    if measure_panel(sheet.detail.panel, box.width, size, tongue) > _LONG_PANEL * box.height:
        size *= _SMALLER
    tall = min(measure_panel(sheet.detail.panel, box.width, size, tongue), box.height * _PANEL_SHARE)
    left = draw_panel(
        ink, sheet.detail.panel, Box(box.left, box.top - tall, box.right, box.top), size, tongue
    )
    if left:
        page.notes.append(tongue.line(f"侧栏有 {left} 行未列出", f"{left} lines are not in the panel"))
    return box.top - tall - 2.0


def _draw_foot(ink: Ink, stock: Stock, page: Page, where: tuple[Box, bool]) -> float:
    """Draw notes, scale and north arrow from the foot upwards; return the height that they reach."""
    inner, full = where
    tongue = page.tongue
    top = inner.bottom
    if full:
        top = draw_notes(ink, list_notes(stock.order, page.sight, tongue), inner, _NOTE_PT) + 3.0
        draw_shape(
            ink, Box(inner.left - 3, top, inner.right + 3, top).polygon, fc="none", ec="#1c1c1c", lw=0.4
        )
    size = 1.0 if full else 0.75
    draw_scale(ink, page.sight, (inner.left + 1.0, top + 4.0), inner.width - 14.0, tongue)
    draw_north(ink, (inner.right - 5.0 * size, top + 2.5), size)
    return top + (20.5 if full else 16.0)


def _measure_territory(stock: Stock) -> float | None:
    stack = stock.stacks.get("territory")
    return float(area_m2(stack.frame.geometry.to_numpy()).sum()) or None if stack else None


def _note_unstyled(plates: dict[str, Plate], page: Page, tongue: Tongue) -> None:
    for key, plate in plates.items():
        values = plate.stack.layer.unstyled_values()
        if values:
            shown = ", ".join(shorten_text(value, 20) for value in values[:_LISTED])
            page.notes.append(
                tongue.line(
                    f"{key} 有 {len(values)} 类没有样式，以警示样式绘出：{shown}",
                    f"{len(values)} classes of {key} without a style, in the warning style: {shown}",
                )
            )
