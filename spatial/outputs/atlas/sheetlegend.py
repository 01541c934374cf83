"""Legend of a sheet: the classes on it in the order of the styles, with areas, lengths or counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from spatial.engine.geodesy import area_m2, length_m
from spatial.outputs.atlas.emblems import AXES, BELTS, draw_axis, list_kinds
from spatial.outputs.atlas.fonts import POINT_MM, clean_text, fit_text, measure_text, shorten_text
from spatial.outputs.atlas.ink import Ink, draw_class
from spatial.outputs.atlas.lettering import Pen, write_text
from spatial.outputs.atlas.marginalia import Tongue
from spatial.outputs.atlas.paper import Box, Shapes
from spatial.outputs.atlas.sheetcells import CellPlate
from spatial.outputs.atlas.sheetnames import Plate, find_rule, symbol_radius
from spatial.outputs.atlas.sheets import BACKGROUND
from spatial.plan.base import Text
from spatial.plan.styles import UNSTYLED, ClassStyle, Styles

_INK = "#1c1c1c"
_GREY = "#5c6166"
_SWATCH_MM = (9.0, 4.4)
_UNITED_MOST = 3000
_LINE = 2.0
_SMALLEST = 0.62
_LISTED = 4
_HEAD_PT = 11.0
_METHOD = "method"
_GUTTER_MM = 4.0


@dataclass(frozen=True)
class Entry:
    """A class in the legend: how it is drawn, what it is called, how much there is of it.

    A class of cells has no plate and no rows.
    """

    plate: Plate | None
    rows: Shapes | None
    rule: ClassStyle
    label: Text
    figure: str = ""


@dataclass(frozen=True)
class Section:
    """A layer in the legend; the title is left out where its only class says the same.

    `notes` are what else is to be known of how it is drawn.
    """

    title: Text | None
    entries: tuple[Entry, ...]
    notes: tuple[Text, ...] = ()


def list_sections(
    plates: dict[str, Plate], styles: Styles, *, shares_of_m2: float | None = None
) -> list[Section]:
    """List what a legend shows.

    Parameters
    ----------
    plates : dict of str to Plate
        Layers of the sheet in the order of the legend, cut to its frame.
    styles : Styles
        For the warning style.
    shares_of_m2 : float, optional
        Area that shares are of; none are told without it.

    Returns
    -------
    list of Section
        Only classes that have a row on the map.
    """
    sections = []
    # What the sheet is about comes first, whatever the order of the file.
    for plate in sorted(plates.values(), key=lambda plate: plate.style.group == BACKGROUND):
        entries = tuple(_list_entries(plate, styles, shares_of_m2))
        if entries:
            several = len(plate.style.classes) > 1 and plate.style.group != BACKGROUND
            sections.append(
                Section(plate.style.title if several else None, entries, tuple(_tell_more(plate, styles)))
            )
    return sections


def list_cell_sections(
    cells: Sequence[CellPlate], styles: Styles, *, shares_of_m2: float | None = None
) -> list[Section]:
    """List what a legend shows of raster layers, as `list_sections` does of others."""
    return [
        Section(
            plate.style.title,
            tuple(
                Entry(None, None, rule, rule.label, _write_area(area, shares_of_m2))
                for key, area in plate.areas_m2.items()
                for rule in [find_rule(plate.style, key, styles)]
            ),
            plate.notes,
        )
        for plate in cells
    ]


def _write_area(area: float, whole: float | None) -> str:
    """Write square metres as they are read, with their share of a whole."""
    text = write_amount(area / 1e6, "km²") if area >= 1e6 else write_amount(area / 1e4, "ha")
    return f"{text} · {100 * area / whole:.1f}%" if whole else text


def _tell_more(plate: Plate, styles: Styles) -> Iterator[Text]:
    """Say what emblems mean beyond the plan, and what rings are, for no map shows how many lie in one."""
    if plate.conceptual and np.isin(list_kinds(plate), list(BELTS)).any():
        yield Text(zh="箭头由核心向外，仅为示意", en="Marks lead away from the core, as a symbol only")
    elif _METHOD in plate.stack.frame and plate.style.group != BACKGROUND:
        # A circle of straight lines must not be taken for one along roads.
        terms = styles.terms.get(_METHOD, {})
        methods = [terms.get(name, Text(zh=name)) for name in _list_methods(plate)]
        zh, en = ("、".join(term.zh for term in methods), ", ".join(term.pick("en") for term in methods))
        if methods:
            yield Text(zh=f"计算方法：{zh}", en=f"Method: {en}")
    elif plate.ringed:
        count = len(plate.shapes)
        yield Text(zh=f"共 {count} 处，小图斑以圆圈标示", en=f"{count} in all; rings mark small ones")


def _list_methods(plate: Plate) -> list[str]:
    return sorted({str(name) for name in plate.stack.frame[_METHOD].dropna()})


def _list_entries(plate: Plate, styles: Styles, whole: float | None) -> Iterator[Entry]:
    classes = plate.stack.classes.to_numpy(dtype=object)
    there = set(classes)
    # Only classes that occur are looked at: a layer may have very many of them.
    known = [name for name in plate.style.classes if name in there]
    for name in [*known, *([UNSTYLED] if UNSTYLED in there else [])]:
        rows = classes == name
        label = plate.rule(name, styles).label
        if name == UNSTYLED:
            values = [shorten_text(clean_text(value), 20) for value in plate.stack.layer.unstyled_values()]
            more = "…" if len(values) > _LISTED else ""
            text = ", ".join(values[:_LISTED]) + more
            label = Text(zh=f"{label.zh}：{text}", en=f"{label.en}: {text}") if text else label
        yield Entry(plate, rows, plate.rule(name, styles), label, _measure(plate, rows, whole))


def _measure(plate: Plate, rows: Shapes, whole: float | None) -> str:
    """Return area, length or count of a class; nothing for diagrams, and for lines of the background."""
    if plate.style.diagram:
        return ""
    shapes = plate.stack.frame.geometry.to_numpy()[rows]
    dimension = int(shapely.get_dimensions(shapes).max())
    if dimension == 0:
        return f"{len(shapes):,}".replace(",", " ")
    if plate.style.group == BACKGROUND and (dimension == 1 or len(shapes) > 1):
        return ""
    if dimension == 1:
        return write_amount(float(np.sum(length_m(shapes))) / 1000, "km")
    if len(shapes) > _UNITED_MOST:
        return f"{len(shapes):,}".replace(",", " ")
    # Rows of a class may overlap, as living circles do: land counts once.
    area = float(np.sum(area_m2([shapely.union_all(shapely.make_valid(shapes))])))
    return _write_area(area, whole if plate.style.group != BACKGROUND else None)


def write_amount(value: float, unit: str) -> str:
    """Write an amount with one decimal, thousands apart; three digits that count below one.

    Examples
    --------
    >>> write_amount(1163.98, "km²"), write_amount(0.01234, "km")
    ('1 164.0 km²', '0.0123 km')
    """
    text = f"{value:,.1f}".replace(",", " ") if value >= 1 or value == 0 else f"{value:.3g}"
    return f"{text} {unit}"


def draw_legend(
    ink: Ink, sections: list[Section], box: Box, text: float, tongue: Tongue, *, columns: int = 1
) -> int:
    """Draw a legend from the top of a box downwards.

    Parameters
    ----------
    ink : Ink
        Where.
    sections : list of Section
        What.
    box : Box
        Room, millimetres. The legend gets smaller to fit; then entries are left out and its last line says
        so.
    text : float
        Size of the labels, points.
    tongue : Tongue
        Language.
    columns : int
        Side by side in the room.

    Returns
    -------
    int
        Entries that were left out.
    """
    pen = Pen(_HEAD_PT * text / 8.5, _INK, bold=True)
    write_text(ink.axes, (box.left, box.top - 2.2), tongue.line("图例", "Legend"), pen)
    y = box.top - 6.5 * text / 8.5
    rows = [row for section in sections for row in (section.title, *section.entries, *_list_note(section))]
    size = text
    tall = y - box.bottom
    while not _fits(rows, _measure_rows(rows, size, tongue), tall, columns) and size > text * _SMALLEST:
        size *= 0.95
    heights = _measure_rows(rows, size, tongue)
    places = _fill_columns(rows, heights, tall, columns)
    if len(places) < len(rows):
        places = _fill_columns(rows, heights, tall - 2 * size * POINT_MM, columns)
    shown, head, wide = len(places), y, box.width / columns
    box = replace(box, right=box.left + wide - _GUTTER_MM * (columns > 1))
    for at, (row, tall) in enumerate(zip(rows[:shown], heights[:shown], strict=True)):
        if at and places[at] > places[at - 1]:
            y, box = head, replace(box, left=box.left + wide, right=box.right + wide)
        if isinstance(row, Entry):
            _draw_entry(ink, row, Box(box.left, y - tall, box.right, y), size, tongue)
        elif row is not None:
            line = clean_text(tongue.line(row.pick("zh"), row.pick("en")))
            _write_small(ink, (box.left, y - tall / 2), line, size * 0.95, box.width)
        y -= tall
    left = sum(isinstance(row, Entry) for row in rows[shown:])
    if left:
        rest = tongue.line(f"另有 {left} 类未列出", f"{left} more classes not listed")
        _write_small(ink, (box.left, y - size * POINT_MM), rest, size, box.width)
    return left


def _fits(rows: list[Entry | Text | None], heights: list[float], tall: float, columns: int) -> bool:
    return len(_fill_columns(rows, heights, tall, columns)) == len(rows)


def _fill_columns(
    rows: list[Entry | Text | None], heights: list[float], tall: float, columns: int
) -> list[int]:
    """Return the columns of the rows, of as many as find room; no title stands alone at a column's foot."""
    places: list[int] = []
    column, used = 0, 0.0
    for at, (row, high) in enumerate(zip(rows, heights, strict=True)):
        follows = heights[at + 1] if not isinstance(row, Entry) and at + 1 < len(rows) else 0.0
        if used + high + follows > tall:
            column, used = column + 1, 0.0
        if column == columns or high > tall:
            return places
        places.append(column)
        used += high
    return places


def _list_note(section: Section) -> list[Text]:
    return list(section.notes)


def _measure_rows(rows: list[Entry | Text | None], size: float, tongue: Tongue) -> list[float]:
    """Return the heights of rows in millimetres; None is the gap before a layer without a title."""
    entry = 2.75 if tongue.language == "both" else 2.0
    return [
        size * POINT_MM * (entry if isinstance(row, Entry) else 0.25 if row is None else _LINE)
        for row in rows
    ]


def _write_small(ink: Ink, at: tuple[float, float], line: str, size: float, room: float) -> None:
    shown, small = fit_text(line, size, room, 5.0)
    write_text(ink.axes, at, shown, Pen(small, _GREY))


def _draw_entry(ink: Ink, entry: Entry, box: Box, size: float, tongue: Tongue) -> None:
    scale = size / 8.5
    wide, tall = _SWATCH_MM[0] * scale, _SWATCH_MM[1] * scale
    middle = (box.bottom + box.top) / 2
    swatch = Box(box.left, middle - tall / 2, box.left + wide, middle + tall / 2)
    _draw_swatch(ink, entry, swatch)
    lines = [clean_text(line) for line in tongue.lines(entry.label)]
    left = swatch.right + 2.5
    taken = measure_text(entry.figure, size * 0.92) + 2.0 if entry.figure else 0.0
    steps = (0.0,) if len(lines) == 1 else (size * POINT_MM * 0.56, -size * POINT_MM * 0.56)
    for rank, (line, step) in enumerate(zip(lines, steps, strict=True)):
        room = box.right - left - (taken if rank == 0 else 0.0)
        shown, small = fit_text(line, size if rank == 0 else size * 0.78, room, 5.0)
        write_text(ink.axes, (left, middle + step), shown, Pen(small, _INK if rank == 0 else _GREY))
    if entry.figure:
        pen = Pen(size * 0.92, _GREY)
        write_text(ink.axes, (box.right, middle + steps[0]), entry.figure, pen, align="right")


def _draw_swatch(ink: Ink, entry: Entry, box: Box) -> None:
    """Draw a class as it is on the map: an area, a stroke or a symbol."""
    plate = entry.plate
    if plate is None:
        draw_class(ink, np.array([box.polygon], dtype=object), entry.rule)
        return
    dimension = int(shapely.get_dimensions(plate.shapes[entry.rows]).max())
    middle = (box.bottom + box.top) / 2
    sample = {
        0: shapely.Point((box.left + box.right) / 2, middle),
        1: shapely.LineString([(box.left, middle), (box.right, middle)]),
        2: box.polygon,
    }[dimension]
    samples = np.array([sample], dtype=object)
    plain = entry.rule.model_copy(update={"halo": None})
    if plate.conceptual and dimension == 1 and np.isin(list_kinds(plate)[entry.rows], list(AXES)).all():
        draw_axis(ink, sample, plain)
    else:
        # A large symbol gets no larger than its row.
        most = 0.75 * box.height / symbol_radius(plain) if dimension == 0 else 1.0
        draw_class(ink, samples, plain, size=min(plate.size, most))
