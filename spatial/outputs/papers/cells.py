"""Display tables: titles, heads with units, rows of cells, and how each cell reads as text.

Workbook, report and page are written from the same tables. A cell that a planner would expect to be a formula
is a `Derived`: the workbook writes the formula with its value, the others the value.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from spatial.plan.base import Text

Language = Literal["zh", "en", "both"]
Form = Literal["text", "general", "integer", "number", "share", "signed", "points"]
"""Text; numbers as they are, whole or to some decimals; shares in percent; differences, with a sign."""

ABSENT = "—"
"""What stands for a value that is not there."""
MINUS = "−"
"""The sign of numbers below nothing."""
_MOST_DIGITS = 8
_LARGE = 1e6
_EQUAL = 1e-9
_DROPPED = {"Cc", "Cs"}
_STEERING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)}


@dataclass(frozen=True)
class Derived:
    """A number made from other cells.

    Parameters
    ----------
    value : float
        What it comes to.
    how : {"sum", "ratio", "difference", "same"}
        Sum of the cells, first over second, first less second, or the first itself.
    cells : tuple of (int, int)
        Row and column in the rows of the table, or of `table`.
    table : str
        Key of another table that the cells are in; empty for the same one.
    rounded : int, optional
        Decimals to which it is rounded: of a difference that should be nothing, so that the last bits of
        its terms do not show as ``-0``.
    """

    value: float
    how: Literal["sum", "ratio", "difference", "same"]
    cells: tuple[tuple[int, int], ...]
    table: str = ""
    rounded: int | None = None


@dataclass(frozen=True)
class Quantity:
    """A number with a form of its own, for columns that hold numbers of different kinds.

    `sign` stands before it, such as ``≥``: the number stays one that can be reckoned with.
    """

    value: float | Derived
    form: Form = "number"
    digits: int = 2
    sign: str = ""


Cell = str | Text | bool | int | float | Derived | Quantity | None


@dataclass(frozen=True)
class Head:
    """Head of a column: its title with the unit, and the form of its numbers."""

    title: Text
    form: Form = "text"
    digits: int = 2


@dataclass(frozen=True)
class Table:
    """A table ready to be set.

    Parameters
    ----------
    key : str
        Stable name, such as ``zone_balance``; sheets refer to each other by it.
    title : Text
        Title.
    heads : tuple of Head
        Columns.
    rows : tuple of tuple of Cell
        Cells, as many in each row as there are heads.
    totals : int
        How many rows at the end are sums and the like: set in bold, out of reach of filters.
    notes : tuple of Text
        What must be known to read it.
    strong : tuple of int
        Other rows set in bold.
    """

    key: str
    title: Text
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: int = 0
    notes: tuple[Text, ...] = ()
    strong: tuple[int, ...] = ()

    def is_strong(self, at: int) -> bool:
        """Tell whether a row is set in bold."""
        return at in self.strong or at >= len(self.rows) - self.totals

    def column(self, place: int) -> list[Cell]:
        """Return the cells of a column."""
        return [row[place] for row in self.rows]


def clean(text: object) -> str:
    r"""Return a text without characters that files cannot hold or that turn the order of reading round.

    Examples
    --------
    >>> clean("a\x00b\u202ec\nd")
    'a b c\nd'
    """
    whole = str(text)
    # Nothing that Python can print needs cleaning, and nearly all texts are such.
    return whole if whole.isprintable() else "".join(sign if _is_kept(sign) else " " for sign in whole)


def _is_kept(sign: str) -> bool:
    if sign in "\n\t":
        return True
    # The last two places of each plane are no signs.
    odd = unicodedata.category(sign) in _DROPPED or sign in _STEERING or ord(sign) & 0xFFFE == 0xFFFE
    return not odd


def say(text: Text | str, language: Language, joint: str = " ") -> str:
    """Return a text in the language; in both, the English after `joint`.

    Examples
    --------
    >>> say(Text(zh="三区", en="Zones"), "both")
    '三区 Zones'
    """
    if isinstance(text, str):
        return clean(text)
    if language == "both":
        parts = dict.fromkeys(clean(part) for part in (text.zh, text.en) if part)
        return joint.join(parts)
    return clean(text.pick(language))


def is_absent(value: object) -> bool:
    """Tell whether a value is not there: None, not a number, or a null of pandas."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and not math.isfinite(value)


def show_number(value: float, form: Form = "number", digits: int = 2) -> str:
    """Return a number as text.

    A share, or a difference of shares, that is not quite 0 or 1 never reads as if it were. The sign of what
    is below nothing is a minus, not a hyphen, at which lines would break.

    Examples
    --------
    >>> show_number(1234.5), show_number(0.999999, "share"), show_number(-0.036, "points", 1)
    ('1,234.50', '99.9999%', '−3.6%')
    """
    if is_absent(value):
        return ABSENT
    sign = "+" if form in ("signed", "points") else ""
    if form in ("integer", "general"):
        text = f"{value:,.0f}" if form == "integer" or abs(value) >= _LARGE else f"{value:,.6g}"
    elif form in ("share", "points"):
        text = f"{value:{sign}.{share_digits(value, digits)}%}"
    else:
        text = f"{value:{sign},.{digits}f}"
    return _plain_zero(text).replace("-", MINUS)


def share_digits(value: float, digits: int, limit: float | None = None) -> int:
    """Return to how many decimals of a percent a share is to be shown.

    As many as it takes so that it does not read as nothing, as all, or as `limit` if it differs from that by
    more than rounding of the last bits.

    Examples
    --------
    >>> share_digits(0.5, 2), share_digits(0.999999, 2), share_digits(0.94999, 1, limit=0.95)
    (2, 4, 3)
    """
    marks = [0.0, 1.0, -1.0] + ([] if limit is None else [limit])
    for places in range(digits, _MOST_DIGITS):
        shown = round(value, places + 2)
        if not any(shown == round(mark, places + 2) and abs(mark - value) > _EQUAL for mark in marks):
            return places
    return _MOST_DIGITS


def _plain_zero(text: str) -> str:
    """Return zero without a sign."""
    return text.lstrip("+-") if not text.strip("+-0.,%") else text


def show_cell(cell: Cell, head: Head, language: Language, joint: str = " ") -> str:
    """Return a cell as text; what is not there as a dash."""
    form, digits, sign = head.form, head.digits, ""
    if isinstance(cell, Quantity):
        form, digits, sign, cell = cell.form, cell.digits, cell.sign, cell.value
    if isinstance(cell, Derived):
        cell = cell.value
    if is_absent(cell):
        return ABSENT
    if isinstance(cell, bool):
        return say(TRUTHS[cell], language)
    if isinstance(cell, int | float):
        return sign + show_number(cell, "general" if form == "text" else form, digits)
    return say(cell, language, joint) if isinstance(cell, str | Text) else str(cell)


def show_row(table: Table, at: int, language: Language) -> list[str]:
    """Return the cells of a row as text; in sums and the like, what is not there is left empty."""
    cells = zip(table.rows[at], table.heads, strict=True)
    texts = [show_cell(cell, head, language, "\n") for cell, head in cells]
    return ["" if text == ABSENT else text for text in texts] if table.is_strong(at) else texts


TRUTHS = {True: Text(zh="是", en="yes"), False: Text(zh="否", en="no")}


def sum_column(rows: Sequence[Sequence[Cell]], column: int, first: int = 0) -> Derived:
    """Return the sum of a column's numbers from row `first` on, as a formula over them.

    Examples
    --------
    >>> sum_column([("a", 1.5), ("b", None), ("c", 2.0)], 1)
    Derived(value=3.5, how='sum', cells=((0, 1), (2, 1)), table='', rounded=None)
    """
    found = [(at, number_of(row[column])) for at, row in enumerate(rows) if at >= first]
    there = [(at, value) for at, value in found if value is not None]
    return Derived(math.fsum(value for _, value in there), "sum", tuple((at, column) for at, _ in there))


def number_of(cell: Cell) -> float | None:
    """Return the number in a cell, or None."""
    if isinstance(cell, Quantity):
        cell = cell.value
    if isinstance(cell, Derived):
        cell = cell.value
    if isinstance(cell, bool) or not isinstance(cell, int | float) or is_absent(cell):
        return None
    return float(cell)


def ratio(rows: Sequence[Sequence[Cell]], over: tuple[int, int], under: tuple[int, int]) -> Derived | None:
    """Return one cell over another; None where either is not there or the lower one is nothing."""
    upper, lower = (number_of(rows[at][column]) for at, column in (over, under))
    return Derived(upper / lower, "ratio", (over, under)) if upper is not None and lower else None


def difference(
    rows: Sequence[Sequence[Cell]],
    first: tuple[int, int],
    second: tuple[int, int],
    rounded: int | None = None,
) -> Derived | None:
    """Return one cell less another, rounded if asked; None where either is not there."""
    one, other = (number_of(rows[at][column]) for at, column in (first, second))
    if one is None or other is None:
        return None
    # Adding nothing takes the sign from a zero.
    value = one - other if rounded is None else round(one - other, rounded) + 0.0
    return Derived(value, "difference", (first, second), rounded=rounded)
