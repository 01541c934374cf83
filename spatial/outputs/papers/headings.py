"""Headings and captions of the report: numbered chapters, tables and pictures, in the language asked for."""

from __future__ import annotations

from spatial.outputs.papers.cells import Language, say
from spatial.plan.base import Text

CONTENTS = Text(zh="目录", en="Contents")
_DIGITS = "零一二三四五六七八九"
_TEN = 10
KINDS = {"table": Text(zh="表", en="Table"), "picture": Text(zh="图", en="Figure")}


def write_numeral(number: int) -> str:
    """Return a number from 1 to 99 in Chinese.

    Examples
    --------
    >>> [write_numeral(number) for number in (1, 10, 12, 20, 35)]
    ['一', '十', '十二', '二十', '三十五']
    """
    tens, ones = divmod(number, _TEN)
    head = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones else "")


def head_chapter(title: Text, number: int, language: Language) -> str:
    """Return the heading of a chapter.

    Examples
    --------
    >>> head_chapter(Text(zh="三区三线", en="Zones and lines"), 3, "zh")
    '第三章 三区三线'
    """
    text = say(title, language)
    return f"{number} {text}" if language == "en" else f"第{write_numeral(number)}章 {text}"


def write_caption(kind: str, number: int, title: Text, language: Language) -> str:
    """Return the caption of a table or picture.

    Examples
    --------
    >>> write_caption("table", 2, Text(zh="三区", en="Zones"), "en")
    'Table 2 Zones'
    """
    return f"{lead_caption(kind, language)} {number} {say(title, language)}"


def lead_caption(kind: str, language: Language) -> str:
    """Return the word that a caption begins with, in Chinese unless the report is in English only."""
    return KINDS[kind].pick("en" if language == "en" else "zh")
