"""The book of score cards 考核一区一页: an overview of all zones by kind, and a page for each, as one PDF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatial.errors import Fault, OutputError
from spatial.outputs.atlas.cardcanvas import GREY, LEFT, PAPER, RIGHT, RULE, Canvas
from spatial.outputs.atlas.cardpage import draw_card, draw_heading, draw_method
from spatial.outputs.atlas.fonts import check_texts
from spatial.outputs.atlas.ink import draw_line, draw_shape
from spatial.outputs.atlas.marginalia import Tongue
from spatial.outputs.atlas.paper import Box
from spatial.outputs.atlas.scorecards import Card, list_cards
from spatial.outputs.atlas.sheetpage import paper_settings
from spatial.outputs.atlas.sheets import Stock, make_stock
from spatial.outputs.files import replacing
from spatial.outputs.order import Order
from spatial.plan.base import Text
from spatial.plan.styles import Styles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TITLE = Text(zh="功能区差异化考核 · 一区一页", en="Differentiated assessment, one page a zone")
_PROGRAM = "spatial-planning-toolkit"
_ROW_MM, _HEAD_MM = 4.5, 11.0
_TOP, _FOOT = 258.0, 32.0
_GUTTER_MM = 8.0
_PER_COLUMN = int((_TOP - _FOOT) // _ROW_MM)


@dataclass(frozen=True)
class _Entry:
    """A line of the overview: the head of a kind, or one of its zones with its page."""

    card: Card
    page: int = 0

    @property
    def rows(self) -> int:
        return 1 if self.page else 2


def write_scorebook(order: Order, path: Path, *, styles: Styles | None = None) -> list[str]:
    """Write the overview and one page a zone.

    Parameters
    ----------
    order : Order
        With the layers ``assessment`` and ``assessment_scores``.
    path : pathlib.Path
        A PDF; replaced only when all pages are drawn.
    styles : Styles, optional
        The shipped ones unless given.

    Returns
    -------
    list of str
        What a user should know of it.

    Raises
    ------
    OutputError
        There is no assessment, a character is in no font, or the file cannot be written.

    Notes
    -----
    Same inputs, same bytes.
    """
    from matplotlib.backends.backend_pdf import PdfPages

    cards = list_cards(order)
    if not cards:
        remedy = "give `functional_zones` and `assessment`"
        raise OutputError(Fault(str(path), "assessment", "the plan has no assessment", remedy))
    check_texts(_gather_texts(order, cards))
    stock, tongue = make_stock(order, styles), Tongue(order.tongue)
    spreads = list(_lay_out(cards))
    total = len(spreads) + len(cards)
    head = _name_pages(order)
    with paper_settings(), replacing(path) as beside, PdfPages(beside, metadata=_describe(order)) as pdf:
        for number, columns in enumerate(spreads, start=1):
            figure, canvas = _open_page(tongue)
            _draw_overview(canvas, columns, stock, head, (number, total))
            pdf.savefig(figure)
        for number, card in enumerate(cards, start=len(spreads) + 1):
            figure, canvas = _open_page(tongue)
            draw_card(canvas, card, stock, head, (number, total))
            pdf.savefig(figure)
    return []


def _gather_texts(order: Order, cards: Sequence[Card]) -> dict[str, list[str]]:
    """Return all texts of users that pages bear, so that all that cannot be written are told at once."""
    texts: dict[str, list[str]] = {"plan": [order.plan.title.pick("zh"), order.plan.title.pick("en")]}
    for card in cards:
        names = [card.name, card.rival, card.missing, *(said for _, said in card.traits)]
        names += [text for line in card.lines for text in (line.name, line.unit)]
        texts[f"assessment {card.row + 1}"] = [part for name in names for part in (name.zh, name.en) if part]
    return texts


def _name_pages(order: Order) -> Text:
    """Return what stands at the head of each page: plan, what it is, and the year that is assessed."""
    title, year = order.plan.title, str(order.layers["assessment"]["year"].iloc[0])
    dated = (f"（{year} 年）", f" ({year})") if year else ("", "")
    return Text(
        zh=f"{title.pick('zh')} · {_TITLE.zh}{dated[0]}", en=f"{title.pick('en')} · {_TITLE.en}{dated[1]}"
    )


def _open_page(tongue: Tongue) -> tuple[Figure, Canvas]:
    from matplotlib.figure import Figure

    width, height = PAPER
    figure = Figure(figsize=(width / 25.4, height / 25.4), facecolor="#ffffff")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, width)
    axes.set_ylim(0.0, height)
    axes.axis("off")
    return figure, Canvas(axes, tongue)


def _lay_out(cards: Sequence[Card]) -> Iterator[list[list[_Entry]]]:
    """Yield pages of two columns of the overview; a kind begins with its head, never at a column's foot."""
    entries = _number(cards, 1)
    pages = _fill(entries)
    # Pages of the zones come after those of the overview, whose number is known only now.
    yield from _fill(_number(cards, len(pages)))


def _number(cards: Sequence[Card], before: int) -> list[_Entry]:
    entries: list[_Entry] = []
    for at, card in enumerate(cards, start=before + 1):
        if not entries or entries[-1].card.kind != card.kind:
            entries.append(_Entry(card))
        entries.append(_Entry(card, at))
    return entries


def _fill(entries: Sequence[_Entry]) -> list[list[list[_Entry]]]:
    columns: list[list[_Entry]] = [[]]
    used = 0
    for entry in entries:
        needed = entry.rows + (2 if not entry.page else 0)
        if used + needed > _PER_COLUMN:
            columns.append([])
            used = 0
        columns[-1].append(entry)
        used += entry.rows
    return [columns[at : at + 2] for at in range(0, len(columns), 2)]


def _draw_overview(
    canvas: Canvas, columns: Sequence[Sequence[_Entry]], stock: Stock, head: Text, page: tuple[int, int]
) -> None:
    draw_heading(canvas, head, page)
    lines = canvas.tongue.lines(
        Text(zh="考核结果总览（各类分别排名）", en="Overview, each kind ranked by itself")
    )
    canvas.put((LEFT, 272.5), lines[0], 17.0, 170.0, bold=True)
    if len(lines) > 1:
        canvas.put((LEFT, 266.0), lines[1], 9.5, 170.0, colour=GREY)
    wide = (RIGHT - LEFT - _GUTTER_MM) / 2
    for at, column in enumerate(columns):
        left, y = LEFT + at * (wide + _GUTTER_MM), _TOP
        for entry in column:
            if entry.page:
                _draw_entry(canvas, entry, stock, (left, y - _ROW_MM / 2), wide)
            else:
                _draw_kind(canvas, entry.card, (left, y), wide)
            y -= _ROW_MM * entry.rows
    draw_method(canvas)


def _draw_kind(canvas: Canvas, card: Card, at: tuple[float, float], wide: float) -> None:
    left, y = at
    named = canvas.tongue.line(card.kind_name.pick("zh"), card.kind_name.pick("en"), " ")
    canvas.put((left, y - 5.0), f"{named} · {len(card.peers)}", 10.0, wide * 0.5, bold=True)
    heads = (
        (0.66, Text(zh="得分", en="score")),
        (0.83, Text(zh="名次保持", en="rank kept")),
        (1.0, Text(zh="页", en="page")),
    )
    for share, head in heads:
        canvas.put_lines((left + wide * share, y - 4.0), head, 7.0, wide * 0.165, align="right")
    draw_line(canvas.ink, [(left, y - 8.4), (left + wide, y - 8.4)], "#1c1c1c", 0.6)


def _draw_entry(canvas: Canvas, entry: _Entry, stock: Stock, at: tuple[float, float], wide: float) -> None:
    card, (left, y) = entry.card, at
    rule = stock.styles.layers["assessment"].classes.get(card.grade) or stock.styles.unstyled
    box = Box(left, y - 1.5, left + 3.0, y + 1.5)
    draw_shape(canvas.ink, box.polygon, fc=rule.fill or "#ffffff", ec=rule.stroke or GREY, lw=0.5)
    name = card.name.pick("en" if canvas.tongue.language == "en" else "zh")
    rank = f"{card.numbers['rank']:.0f}" if card.scored else "—"
    canvas.put((left + 9.0, y), rank, 8.0, 6.0, align="right")
    canvas.put((left + 11.0, y), name, 8.0, wide * 0.57 - 11.0)
    score = (
        f"{card.numbers['score']:.1f}"
        if card.scored
        else canvas.tongue.lines(Text(zh="未参评", en="not ranked"))[0]
    )
    kept = f"{card.numbers['stability']:.0%}" if card.scored else ""
    for share, text in ((0.66, score), (0.83, kept), (1.0, str(entry.page))):
        canvas.put((left + wide * share, y), text, 8.0, wide * 0.16, align="right")
    draw_line(canvas.ink, [(left, y - _ROW_MM / 2), (left + wide, y - _ROW_MM / 2)], RULE, 0.2)


def _describe(order: Order) -> dict[str, Any]:
    title = order.plan.title
    return {
        "Title": f"{title.pick('zh')} · {_TITLE.zh}",
        "Subject": order.date,
        "Creator": _PROGRAM,
        "Producer": _PROGRAM,
        "CreationDate": None,
    }
