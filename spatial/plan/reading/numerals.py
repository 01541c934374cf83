"""Numerals in formulas, digits or Chinese up to 九十九, and faults that name the place in the text."""

from __future__ import annotations

import re

from spatial.errors import Fault, PlanError

DIGITS = "一二三四五六七八九"
ARABIC = r"(?P<arabic>[0-9０-９]+)"
"""Digits of half or full width, as a part of a pattern."""
_HALF_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


def read_numeral(match: re.Match[str]) -> int:
    """Return the number that a match of groups ``arabic``, ``pair``, ``tens``, ``ten``, ``ones``, ``one`` is.

    Examples
    --------
    >>> pattern = re.compile(f"{ARABIC}|(?P<pair>两)|(?P<tens>[{DIGITS}]?)(?P<ten>十)(?P<ones>[{DIGITS}]?)")
    >>> [read_numeral(pattern.match(text)) for text in ("６１", "两", "十", "六十一")]
    [61, 2, 10, 61]
    """
    if match["arabic"]:
        # Longer numbers are out of range anyway; cutting them keeps int() away from its digit limit.
        return int(match["arabic"].translate(_HALF_WIDTH)[:9])
    if match["pair"]:
        return 2
    if match["ten"]:
        tens = DIGITS.index(match["tens"]) + 1 if match["tens"] else 1
        return 10 * tens + (DIGITS.index(match["ones"]) + 1 if match["ones"] else 0)
    return DIGITS.index(match["one"]) + 1


def skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Return where a pattern that stands at a position ends; the position itself where it does not.

    Examples
    --------
    >>> skip(re.compile("个"), "三个圈", 1)
    2
    """
    match = pattern.match(text, position)
    return match.end() if match else position


def shorten(text: str) -> str:
    """Return a text as messages quote it.

    Examples
    --------
    >>> len(shorten("核" * 100))
    43
    """
    return repr(text if len(text) <= 40 else text[:40] + "…")


def fault_at(text: str, position: int, problem: str, remedy: str) -> PlanError:
    """Return the error that names what stands at a position of a text, counted from 1.

    Examples
    --------
    >>> str(fault_at("三角", 1, "is no kind", "write 核"))
    "'角' at position 2 of '三角' is no kind; write 核"
    """
    seen = repr(text[position : position + 1]) if position < len(text) else "the end"
    place = f"{seen} at position {position + 1} of {shorten(text)}"
    return PlanError(Fault("", "", f"{place} {problem}", remedy))
