"""Panels beside a map: facts, notes, small tables and bars of the place that a sheet is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from spatial.outputs.atlas.fonts import POINT_MM, clean_text, fit_text, measure_text, wrap_text
from spatial.outputs.atlas.ink import Ink, draw_line, draw_shape
from spatial.outputs.atlas.lettering import Pen, write_text
from spatial.outputs.atlas.marginalia import Tongue
from spatial.outputs.atlas.paper import Box
from spatial.plan.base import Text

_INK = "#1c1c1c"
_GREY = "#5c6166"
_WARN = "#9a3412"
_RULE = "#c3c8cc"
_LEADING = 1.5
_MOST_LINES = 3
_NOTE_SIZE = 0.92
_HEAD_SIZE = 1.12
_BAR_SHARE = 0.42
Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Fact:
    """A name and what it comes to, such as 面积: 1 613 ha."""

    label: Text
    value: Text


@dataclass(frozen=True)
class Remark:
    """A sentence; with `lacking` it says what the plan does not give, and is set to be seen."""

    text: Text
    lacking: bool = False


@dataclass(frozen=True)
class Grid:
    """A small table: heads, rows of cells, and the share of the width that each column has."""

    heads: tuple[Text, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Bars:
    """Bars of one measure: a label, its value for the length, and the value in words."""

    title: Text
    rows: tuple[tuple[Text, float, str], ...]
    colour: str = "#7d8fb3"


Part: TypeAlias = Fact | Remark | Grid | Bars


@dataclass(frozen=True)
class Panel:
    """What stands beside a map: a title and its parts, from the top."""

    title: Text
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class _Piece:
    """A text within a line: where it is anchored, and how it looks."""

    x: float
    text: str
    pen: Pen
    align: Align = "left"


@dataclass(frozen=True)
class _Line:
    """A line of a panel: its height, its texts, a bar in it, and whether a rule is below it."""

    height: float
    pieces: tuple[_Piece, ...] = ()
    bar: tuple[float, float, str] | None = None
    ruled: bool = False


@dataclass
class _Setter:
    """Breaks parts into lines for a width and a size."""

    width: float
    size: float
    tongue: Tongue
    lines: list[_Line] = field(default_factory=list)

    @property
    def step(self) -> float:
        return self.size * POINT_MM * _LEADING

    def set_panel(self, panel: Panel) -> list[_Line]:
        self._head(panel.title)
        for part in panel.parts:
            match part:
                case Fact():
                    self._fact(part)
                case Remark():
                    self._remark(part)
                case Grid():
                    self._grid(part)
                case Bars():
                    self._bars(part)
        return self.lines

    def _say(self, text: Text, joint: str = " ") -> str:
        return clean_text(self.tongue.line(text.pick("zh"), text.pick("en"), joint))

    def _head(self, title: Text) -> None:
        text, size = fit_text(self._say(title), self.size * _HEAD_SIZE, self.width, 5.0)
        self._add(_Piece(0.0, text, Pen(size, _INK, bold=True)), height=self.step * 1.3, ruled=True)

    def _fact(self, fact: Fact) -> None:
        label, value = self._say(fact.label), self._say(fact.value, " / ")
        taken = measure_text(label, self.size)
        head = _Piece(0.0, *_shrink(label, self.size, self.width * 0.95, _GREY))
        if taken + 3.0 + measure_text(value, self.size) <= self.width:
            self._add(head, _Piece(self.width, value, Pen(self.size, _INK), "right"))
            return
        self._add(head)
        for line in wrap_text(value, self.size, self.width - 3.0, _MOST_LINES):
            self._add(_Piece(3.0, line, Pen(self.size, _INK)))

    def _remark(self, remark: Remark) -> None:
        size, colour = self.size * _NOTE_SIZE, _WARN if remark.lacking else _GREY
        for text in self.tongue.lines(remark.text):
            for line in wrap_text(clean_text(text), size, self.width, _MOST_LINES):
                self._add(_Piece(0.0, line, Pen(size, colour)))

    def _grid(self, grid: Grid) -> None:
        edges = [0.0]
        for share in grid.shares:
            edges.append(edges[-1] + share * self.width)
        wanted = ("zh", "en") if self.tongue.language == "both" else (self.tongue.language,)
        for rank, language in enumerate(wanted):
            heads = [head.pick(language) for head in grid.heads]
            size = self.size * (0.9 if rank == 0 else 0.72)
            last = rank == len(wanted) - 1
            self._cells(heads, edges, size, colour=_GREY, ruled=last)
        for row in grid.rows:
            self._cells([clean_text(cell) for cell in row], edges, self.size * 0.95)

    def _cells(
        self, cells: list[str], edges: list[float], size: float, *, colour: str = _INK, ruled: bool = False
    ) -> None:
        pieces = []
        for at, cell in enumerate(cells):
            text, pen = _shrink(cell, size, edges[at + 1] - edges[at] - 1.0, colour)
            # The first column names the row, the others are numbers or short words below their heads.
            spot = (edges[at], "left") if at == 0 else (edges[at + 1] - 0.5, "right")
            pieces.append(_Piece(spot[0], text, pen, "left" if at == 0 else "right"))
        self._add(*pieces, ruled=ruled)

    def _bars(self, bars: Bars) -> None:
        text, size = fit_text(self._say(bars.title), self.size, self.width, 5.0)
        self._add(_Piece(0.0, text, Pen(size, _GREY)))
        most = max((value for _, value, _ in bars.rows), default=0.0)
        room = self.width * (1 - _BAR_SHARE)
        for label, value, figure in bars.rows:
            wide = (value / most if most > 0 else 0.0) * (self.width - room)
            # As names on the map: Chinese where both are wanted, for there is room for one.
            name = clean_text(label.pick("en" if self.tongue.language == "en" else "zh"))
            words, pen = _shrink(name, self.size * 0.95, room - 2.0, _INK)
            pieces = (
                _Piece(0.0, words, pen),
                _Piece(self.width - 0.6, figure, Pen(self.size * 0.88, _INK), "right"),
            )
            self._add(*pieces, bar=(room, room + wide, bars.colour))

    def _add(
        self,
        *pieces: _Piece,
        height: float | None = None,
        bar: tuple[float, float, str] | None = None,
        ruled: bool = False,
    ) -> None:
        self.lines.append(_Line(self.step if height is None else height, tuple(pieces), bar, ruled))


def _shrink(text: str, size: float, room: float, colour: str) -> tuple[str, Pen]:
    shown, small = fit_text(text, size, room, 4.6)
    return shown, Pen(small, colour)


def measure_panel(panel: Panel, width: float, size: float, tongue: Tongue) -> float:
    """Return how tall a panel is with all its lines, millimetres."""
    return sum(line.height for line in _Setter(width, size, tongue).set_panel(panel)) + 1.0


def draw_panel(ink: Ink, panel: Panel, box: Box, size: float, tongue: Tongue) -> int:
    """Draw a panel from the top of a box downwards.

    Parameters
    ----------
    ink : Ink
        Where.
    panel : Panel
        What.
    box : Box
        Room, millimetres; lines without room are left out, and the last line says so.
    size : float
        Of the text, points.
    tongue : Tongue
        Language.

    Returns
    -------
    int
        Lines that were left out.
    """
    lines = _Setter(box.width, size, tongue).set_panel(panel)
    shown = list(_take(lines, box.height))
    left = len(lines) - len(shown)
    if left:
        shown = list(_take(lines, box.height - lines[-1].height))
        left = len(lines) - len(shown)
        rest = tongue.line(f"另有 {left} 行，见附表", f"{left} more lines, see the workbook", " ")
        shown.append(_Line(lines[-1].height, (_Piece(0.0, *_shrink(rest, size, box.width, _GREY)),)))
    y = box.top
    for line in shown:
        _draw_line(ink, line, replace(box, top=y, bottom=y - line.height))
        y -= line.height
    return left


def _take(lines: list[_Line], room: float) -> Iterator[_Line]:
    for line in lines:
        room -= line.height
        if room < -1e-6:
            return
        yield line


def _draw_line(ink: Ink, line: _Line, box: Box) -> None:
    middle = (box.top + box.bottom) / 2
    if line.bar is not None:
        start, end, colour = line.bar
        bar = Box(box.left + start, box.bottom + 0.35, box.left + end, box.top - 0.35)
        draw_shape(ink, bar.polygon, fc=colour, ec="none", lw=0, alpha=0.55)
    for piece in line.pieces:
        where = (box.left + piece.x, middle)
        write_text(ink.axes, where, piece.text, piece.pen, align=piece.align, zorder=ink.zorder + 1)
    if line.ruled:
        draw_line(ink, [(box.left, box.bottom), (box.right, box.bottom)], _RULE, 0.4)
