"""The formula of a functional-zone system, such as 16+1个产业生态圈、61+5个产业功能区, read into records.

A formula is a count of ecosystems, a count of zones, or both, in either order. A count is one or two numbers
joined by ``+``: the second is what stands apart from industry, the civil-military ecosystem and its zones.
Numbers are digits (half or full width) or Chinese numerals up to 九十九; a measure word may follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spatial.errors import Fault, PlanError
from spatial.plan.reading.numerals import ARABIC, DIGITS, fault_at, read_numeral, shorten, skip

NOUNS: dict[str, tuple[str, ...]] = {
    "ecosystems": ("产业生态圈", "生态圈", "industry ecosystems", "ecosystems", "ecosystem"),
    "zones": ("产业功能区", "功能区", "functional zones", "functional zone", "zones", "zone"),
}
"""What is counted, to the words for it."""
_SIGNS = {"ecosystems": "产业生态圈", "zones": "产业功能区"}
_LARGEST = 9999
_NUMBER = re.compile(
    rf"{ARABIC}|(?P<pair>两)"
    rf"|(?P<tens>[{DIGITS}]?)(?P<ten>十)(?P<ones>[{DIGITS}]?)|(?P<one>[{DIGITS}])"
)
_PLUS = re.compile(r"\s*[+＋加]\s*")
_MEASURE = re.compile(r"\s*[个大]?\s*")
_BETWEEN = re.compile(r"""[\s、，,；;。·“”‘’"'（）()]*(?:和|及|and\b)?\s*""")
_KEY_OF_WORD = {word: key for key, words in NOUNS.items() for word in words}
_NOUN = re.compile("|".join(sorted(_KEY_OF_WORD, key=len, reverse=True)), re.IGNORECASE)
_UNDERSTOOD = "write it as 16+1个产业生态圈、61+5个产业功能区: one or two numbers, then what they count"


@dataclass(frozen=True)
class SystemFormula:
    """What a formula says: numbers of industry first, of what stands apart second; empty where it is silent.

    Examples
    --------
    >>> formula = parse_system("16+1个产业生态圈、61+5个产业功能区")
    >>> formula.ecosystems, sum(formula.zones)
    ((16, 1), 66)
    """

    ecosystems: tuple[int, ...] = ()
    zones: tuple[int, ...] = ()

    def __str__(self) -> str:
        """Write the formula as plans do."""
        parts = {"ecosystems": self.ecosystems, "zones": self.zones}
        return "、".join(f"{'+'.join(map(str, c))}个{_SIGNS[key]}" for key, c in parts.items() if c)


def parse_system(text: str) -> SystemFormula:
    """Read the formula of a functional-zone system.

    Raises
    ------
    PlanError
        (a ValueError) Something is no number or nothing that is counted, or one thing is counted twice; the
        message names the position, counted from 1.

    Examples
    --------
    >>> str(parse_system("六十一加五功能区"))
    '61+5个产业功能区'
    >>> parse_system("16+1个圈")
    Traceback (most recent call last):
    spatial.errors.PlanError: '圈' at position 6 of '16+1个圈' is nothing that is counted; write it as ...
    """
    found: dict[str, tuple[int, ...]] = {}
    position = skip(_BETWEEN, text, 0)
    while position < len(text):
        counts, end = _read_counts(text, position)
        noun = _NOUN.match(text, end)
        if noun is None:
            raise fault_at(text, end, "is nothing that is counted", _UNDERSTOOD)
        key = _KEY_OF_WORD[noun[0].lower()]
        if key in found:
            raise fault_at(text, end, "is counted a second time", "give each count once")
        found[key] = counts
        position = skip(_BETWEEN, text, noun.end())
    if not found:
        raise PlanError(Fault("", "", f"{shorten(text)} holds no count", _UNDERSTOOD))
    return SystemFormula(**found)


def check_system(text: str) -> str:
    """Return `text` unchanged when it is such a formula; for use as a pydantic ``AfterValidator``.

    Raises
    ------
    PlanError
        (a ValueError) As `parse_system` does.
    """
    parse_system(text)
    return text


def _read_counts(text: str, start: int) -> tuple[tuple[int, ...], int]:
    """Return one or two numbers joined by a plus, and where what they count begins."""
    counts, position = list[int](), start
    while True:
        number = _NUMBER.match(text, position)
        value = read_numeral(number) if number else 0
        if number is None or not 1 <= value <= _LARGEST:
            raise fault_at(text, position, "is no count", f"{_UNDERSTOOD}; a number is 1 to {_LARGEST}")
        if len(counts) == 2:
            raise fault_at(text, position, "is a third number", _UNDERSTOOD)
        counts.append(value)
        plus = _PLUS.match(text, number.end())
        if plus is None:
            return tuple(counts), skip(_MEASURE, text, number.end())
        position = plus.end()
