"""How wide columns and how high rows must be for their texts: programs do not find out by themselves."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from spatial.outputs.papers.cells import Cell, Head, Language, Table, say, show_cell
from spatial.plan.base import Text

_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
    "\U0001f300-\U0001faff\U00020000-\U0003fffd]"
)
POINTS_A_LINE = 15.0
"""Height of a line, points."""
_MEASURED = 400
_NARROWEST, _WIDEST, _TIGHTEST = 8.0, 56.0, 18.0
_PAGE = 180.0
_HEAD = 12
_ONE_LINE = 40
_LONG_HEAD = 14
_HIGHEST = 400.0
_SLACK = 1.08


def set_text(cell: str | Text, language: Language) -> str:
    """Return a text as it stands in a sheet: both languages on one line where that is short, else on two.

    Examples
    --------
    >>> set_text(Text(zh="三区", en="Zones"), "both")
    '三区 Zones'
    """
    if isinstance(cell, str) or language != "both":
        return say(cell, language)
    line = say(cell, language)
    return line if count_signs(line) <= _ONE_LINE else say(cell, language, "\n")


def set_head(title: Text, language: Language) -> str:
    r"""Return the head of a column, broken between languages and before the unit where it is long.

    Examples
    --------
    >>> set_head(Text(zh="直线圈面积（平方公里）", en="Area (km²)"), "zh")
    '直线圈面积\n（平方公里）'
    """
    lines = say(title, language, "\n").split("\n")
    return "\n".join(line.replace("（", "\n（") if count_signs(line) > _LONG_HEAD else line for line in lines)


def count_signs(text: str) -> int:
    """Return how wide a text is in signs of half width; Chinese ones count two.

    Examples
    --------
    >>> count_signs("三区 a")
    6
    """
    return len(text) if text.isascii() else 2 * len(text) - len(_WIDE.sub("", text))


def measure_columns(table: Table, language: Language) -> list[float]:
    """Return the widths of a table's columns in signs, from its heads and first rows.

    Columns of text give way, down to a measure, so that a page holds the table at a size that can be read.
    """
    wanted, texts = [], []
    for column, head in enumerate(table.heads):
        title = max(count_signs(line) for line in set_head(head.title, language).split("\n"))
        cells = [read_cell(row[column], head, language) for row in table.rows[:_MEASURED]]
        body = max((count_signs(line) for text in cells for line in text.split("\n")), default=0)
        wanted.append(max(min(title, _HEAD), body) * _SLACK + 3)
        texts.append(head.form == "text")
    cap = _WIDEST
    while True:
        widths = [
            min(max(width, _NARROWEST), cap) if text else max(width, _NARROWEST)
            for width, text in zip(wanted, texts, strict=True)
        ]
        if sum(widths) <= _PAGE or cap <= _TIGHTEST:
            return widths
        cap -= 1


def read_cell(cell: Cell, head: Head, language: Language) -> str:
    """Return a cell as it stands in a sheet, for measuring."""
    if isinstance(cell, str | Text):
        return set_text(cell, language)
    return show_cell(cell, head, language)


def measure_row(cells: Sequence[Cell], widths: Sequence[float], language: Language, bold: bool) -> float:
    """Return the height of a row in points: as many lines as its longest text takes."""
    lines = 1
    for cell, width in zip(cells, widths, strict=True):
        if isinstance(cell, str | Text):
            lines = max(lines, count_lines(set_text(cell, language), width, bold))
    return min(lines * POINTS_A_LINE, _HIGHEST)


def count_lines(text: str, width: float, bold: bool = False) -> int:
    """Return on how many lines a text stands in a column so many signs wide."""
    room = max(width - 2, 1) / (_SLACK if bold else 1.0)
    if "\n" not in text:
        return max(1, math.ceil(count_signs(text) / room))
    return sum(max(1, math.ceil(count_signs(line) / room)) for line in text.split("\n"))
