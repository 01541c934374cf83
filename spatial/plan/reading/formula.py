"""The structure formula, such as 一核两带多点: counts and kinds, read into records.

A formula is a row of pairs, each a count and a kind. Counts are Chinese numerals up to 九十九, 双, Arabic
digits (half or full width), or 多, 若干 and N for *two or more*. Kinds and the English words for them are in
`KINDS`. Between pairs separators and quotation marks are tolerated, and a measure word (一个中心, 三大板块)
may stand between count and kind. Words are matched longest first, so 中心 is never 中 and 心, nor 片区 a 片.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spatial.errors import Fault, PlanError
from spatial.plan.reading.numerals import ARABIC, DIGITS, fault_at, read_numeral, shorten, skip

KINDS: dict[str, tuple[str, ...]] = {
    "core": ("核", "核心", "核心区"),
    "centre": ("心", "中心"),
    "main": ("主", "主中心"),
    "pole": ("极", "增长极"),
    "sub": ("副", "副中心"),
    "belt": ("带", "发展带"),
    "axis": ("轴", "发展轴"),
    "corridor": ("廊", "走廊", "廊道"),
    "screen": ("屏", "屏障"),
    "network": ("网",),
    "ring": ("环",),
    "district": ("片", "片区"),
    "zone": ("区",),
    "cluster": ("组团",),
    "block": ("板块",),
    "wing": ("翼",),
    "node": ("节点",),
    "point": ("点",),
}
"""Kind in plans and layers to the Chinese words for it, most important kind first."""

_KIND_OF_WORD = {word: kind for kind, words in KINDS.items() for word in words}
_MANY = ("多", "若干", "N", "n", "Ｎ", "ｎ")
_COUNT = re.compile(
    rf"(?P<many>{'|'.join(_MANY)})|{ARABIC}|(?P<pair>[双两])"
    rf"|(?P<tens>[{DIGITS[1:]}]?)(?P<ten>十)(?P<ones>[{DIGITS}]?)|(?P<one>[{DIGITS}])"
)
_KIND = re.compile("|".join(sorted(_KIND_OF_WORD, key=len, reverse=True)))
_BETWEEN = re.compile(r"""[\s、，,；;。·・•＋+\-—“”‘’"'「」『』《》（）()]*""")
_MEASURE = re.compile(r"\s*[个條条大座处]?\s*")
_LARGEST = 999
_UNDERSTOOD = (
    "write counts (一 二 两 双 … 九十九, digits, or 多 若干 for two or more) each before a kind: "
    + " ".join("/".join(words) for words in KINDS.values())
)


@dataclass(frozen=True)
class Pair:
    """One pair of a formula: `count` is None for *two or more*; `text` is what the plan wrote."""

    count: int | None
    kind: str
    text: str


@dataclass(frozen=True)
class Formula:
    """A formula that was understood: its pairs in the order written, each kind once."""

    pairs: tuple[Pair, ...]

    def required(self) -> dict[str, tuple[int, bool]]:
        """Return for each kind how many elements it asks for at least, and whether exactly so many.

        Examples
        --------
        >>> parse_formula("一核两带多点").required()
        {'core': (1, True), 'belt': (2, True), 'point': (2, False)}
        """
        return {pair.kind: (2, False) if pair.count is None else (pair.count, True) for pair in self.pairs}

    def __str__(self) -> str:
        """Write the formula in its shortest Chinese form."""
        return "".join(write_count(pair.count) + KINDS[pair.kind][0] for pair in self.pairs)


def write_count(count: int | None) -> str:
    """Write a count as formulas do: 一, 两, 三, …, 十二, 九十九; 多 for None; digits from 100 on.

    Examples
    --------
    >>> [write_count(count) for count in (1, 2, 12, 30, None)]
    ['一', '两', '十二', '三十', '多']
    """
    if count is None:
        return "多"
    if count >= 100:
        return str(count)
    tens, ones = divmod(count, 10)
    if tens == 0:
        return "两" if ones == 2 else DIGITS[ones - 1]
    return (DIGITS[tens - 1] if tens > 1 else "") + "十" + (DIGITS[ones - 1] if ones else "")


def parse_formula(text: str) -> Formula:
    """Read a structure formula.

    Parameters
    ----------
    text : str
        Such as ``一核两带多点``, ``一主两副三轴`` or ``“1核、2带、多点”``.

    Returns
    -------
    Formula
        The pairs in the order written.

    Raises
    ------
    PlanError
        (a ValueError) Something is no count or no kind, a count is 0, a kind is named twice, or there is
        no pair at all; the message names the position, counted from 1, and what is understood.

    Examples
    --------
    >>> [(pair.count, pair.kind) for pair in parse_formula("一中心三片区").pairs]
    [(1, 'centre'), (3, 'district')]
    >>> parse_formula("一核两带多电")
    Traceback (most recent call last):
    spatial.errors.PlanError: '电' at position 6 of '一核两带多电' is no kind of element; write counts ...
    """
    pairs: list[Pair] = []
    position = skip(_BETWEEN, text, 0)
    while position < len(text):
        pair, end = _read_pair(text, position)
        if pair.kind in {earlier.kind for earlier in pairs}:
            raise fault_at(
                text, position, "names a kind a second time", "name each kind once, with its total"
            )
        pairs.append(pair)
        position = skip(_BETWEEN, text, end)
    if not pairs:
        raise PlanError(Fault("", "", f"{shorten(text)} holds no count and kind", _UNDERSTOOD))
    return Formula(tuple(pairs))


def check_formula(text: str) -> str:
    """Return `text` unchanged when it is a formula; for use as a pydantic ``AfterValidator``.

    Raises
    ------
    PlanError
        (a ValueError) As `parse_formula` does.

    Examples
    --------
    >>> check_formula("一心一环多组团")
    '一心一环多组团'
    """
    parse_formula(text)
    return text


def _read_pair(text: str, start: int) -> tuple[Pair, int]:
    count = _COUNT.match(text, start)
    if count is None:
        raise fault_at(text, start, "is no count", _UNDERSTOOD)
    kind = _KIND.match(text, skip(_MEASURE, text, count.end()))
    if kind is None:
        raise fault_at(text, skip(_MEASURE, text, count.end()), "is no kind of element", _UNDERSTOOD)
    number = None if count["many"] else read_numeral(count)
    if number is not None and not 1 <= number <= _LARGEST:
        raise fault_at(text, start, "is no count", f"a count is 1 to {_LARGEST}")
    return Pair(number, _KIND_OF_WORD[kind[0]], text[start : kind.end()]), kind.end()
