"""Listings of a dossier: the table of firms set on pages of A3, as many as it takes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from spatial.outputs.atlas.fonts import clean_text, fit_text, measure_text
from spatial.outputs.atlas.ink import Ink, draw_line, draw_shape
from spatial.outputs.atlas.lettering import Align, Pen, write_text
from spatial.outputs.atlas.marginalia import Tongue, draw_imprint, draw_title
from spatial.outputs.atlas.paper import A3, Box
from spatial.outputs.atlas.sheetpage import open_paper
from spatial.outputs.atlas.sheets import Sheet
from spatial.outputs.order import Order
from spatial.outputs.papers.cells import ABSENT, Cell, Head, Table, is_absent, say, show_number
from spatial.plan.base import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _GREY, _RULE, _STRIPE, _STAMP = "#1c1c1c", "#5c6166", "#c3c8cc", "#f3f6f8", "#b3261e"
_ROW_MM, _TALLEST_MM, _HEAD_MM = 6.4, 8.6, 12.0
_SIZE = 8.5
_LEFT: Align = "left"
_RIGHT: Align = "right"
_BODY = Box(12.0, 18.0, 408.0, 264.0)
_NOTE_MM = 5.0
_ZORDER = 300.0
_LEAST_MM, _AIR_MM = 14.0, 5.0


def count_pages(table: Table) -> int:
    """Return how many pages a table takes; an empty one takes one, which says why."""
    return max(1, -(-len(table.rows) // _rows_a_page(table)))


def _measure_room(table: Table) -> float:
    return _BODY.height - _HEAD_MM - _NOTE_MM * max(1, len(table.notes)) - 2.0


def _rows_a_page(table: Table) -> int:
    return int(_measure_room(table) / _ROW_MM)


def draw_listing(order: Order, sheet: Sheet, table: Table, page: int) -> Figure:
    """Draw one page of a table.

    Parameters
    ----------
    order : Order
        The plan.
    sheet : Sheet
        Title and number of the page.
    table : Table
        All of its rows.
    page : int
        Which page, from 0.
    """
    figure, axes = open_paper(A3)
    tongue, ink = Tongue(order.tongue), Ink(axes, _ZORDER)
    assert A3.head is not None
    assert A3.foot is not None
    draw_title(ink, order, sheet, A3.head, tongue)
    draw_imprint(ink, order, sheet, A3.foot, tongue)
    draw_shape(ink, _BODY.grow(2.0).polygon, fc="none", ec=_INK, lw=0.5, joinstyle="miter")
    top = _write_notes(ink, order, table, tongue)
    # A short table is set larger.
    tall = min(_TALLEST_MM, max(_ROW_MM, _measure_room(table) / max(1, len(table.rows))))
    size = _SIZE * tall / _ROW_MM
    edges = _place_columns(table, order)
    top = _write_heads(ink, table.heads, edges, top, tongue)
    most = _rows_a_page(table)
    for at, row in enumerate(table.rows[page * most : (page + 1) * most]):
        box = Box(_BODY.left, top - tall, _BODY.right, top)
        if at % 2:
            draw_shape(ink, box.polygon, fc=_STRIPE, ec="none", lw=0)
        cells = [_show(cell, head, order) for cell, head in zip(row, table.heads, strict=True)]
        _write_row(ink.above(1), cells, table.heads, (edges, box), size)
        draw_line(ink.above(1), [(box.left, box.bottom), (box.right, box.bottom)], _RULE, 0.3)
        top = box.bottom
    return figure


def _write_notes(ink: Ink, order: Order, table: Table, tongue: Tongue) -> float:
    """Write the notes above the table and whether it is illustrative; return where the table begins."""
    top = _BODY.top
    marked = Text(zh="示意 · 非法定", en="Illustrative, not legal")
    if order.illustrative:
        text = tongue.line(marked.zh, marked.en, " ")
        where = (_BODY.right, top - _NOTE_MM / 2)
        write_text(ink.axes, where, text, Pen(9.0, _STAMP, bold=True), align="right", zorder=ink.zorder + 1)
    for note in table.notes:
        text, size = fit_text(clean_text(tongue.line(note.zh, note.en)), _SIZE, _BODY.width * 0.8, 5.0)
        write_text(ink.axes, (_BODY.left, top - _NOTE_MM / 2), text, Pen(size, _GREY), zorder=ink.zorder + 1)
        top -= _NOTE_MM
    return top - 2.0 if table.notes else top - _NOTE_MM - 2.0


def _place_columns(table: Table, order: Order) -> list[float]:
    """Return the edges of the columns: each as wide as its longest text asks, all of the page together."""
    wants = []
    for at, head in enumerate(table.heads):
        texts = [
            *Tongue(order.tongue).lines(head.title),
            *(_show(row[at], head, order) for row in table.rows),
        ]
        wants.append(
            max(_LEAST_MM, max(measure_text(text, _SIZE) for text in texts if text or ABSENT) + _AIR_MM)
        )
    factor = _BODY.width / sum(wants)
    edges = [_BODY.left]
    for want in wants:
        edges.append(edges[-1] + want * factor)
    return edges


def _write_heads(ink: Ink, heads: tuple[Head, ...], edges: list[float], top: float, tongue: Tongue) -> float:
    box = Box(_BODY.left, top - _HEAD_MM, _BODY.right, top)
    draw_shape(ink, box.polygon, fc="#dde7ee", ec=_INK, lw=0.4, joinstyle="miter")
    for at, head in enumerate(heads):
        lines = tongue.lines(head.title)
        middle = (edges[at] + edges[at + 1]) / 2
        for rank, line in enumerate(lines):
            text, size = fit_text(line, _SIZE if rank == 0 else 7.0, edges[at + 1] - edges[at] - 1.5, 4.5)
            step = 0.0 if len(lines) == 1 else (2.3 - 4.6 * rank)
            where = (middle, (box.top + box.bottom) / 2 + step)
            pen = Pen(size, _INK if rank == 0 else _GREY, bold=rank == 0)
            write_text(ink.axes, where, text, pen, align="center", zorder=ink.zorder + 1)
    return box.bottom


def _write_row(
    ink: Ink, cells: list[str], heads: tuple[Head, ...], where: tuple[list[float], Box], size: float
) -> None:
    edges, box = where
    y = (box.top + box.bottom) / 2
    for (cell, head), (left, right) in zip(zip(cells, heads, strict=True), pairwise(edges), strict=True):
        text, small = fit_text(cell, size, right - left - 3.0, 4.5)
        number = head.form != "text"
        at, align = ((right - 2.0, y), _RIGHT) if number else ((left + 1.5, y), _LEFT)
        write_text(ink.axes, at, text, Pen(small, _INK), align=align, zorder=ink.zorder)


def _show(cell: Cell, head: Head, order: Order) -> str:
    """Return a cell as text on paper."""
    if is_absent(cell) or cell == "":
        return ABSENT
    if isinstance(cell, str | Text):
        return clean_text(say(cell, order.tongue)) or ABSENT
    if isinstance(cell, int | float):
        return clean_text(show_number(float(cell), head.form, head.digits))
    return clean_text(str(cell))
