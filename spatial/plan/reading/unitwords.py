"""Units of indicators: which are known, of which dimension, and how one becomes another."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from spatial.plan.rules import RuleTable

_HEAD, _NAMES = "units", "unit_names"
_SAME = {"²": "2", "³": "3", "㎡": "m2", "㎞²": "km2", "每": "/", "／": "/", " ": ""}


def plain_unit(unit: str) -> str:
    """Return a unit as the table writes it: full-width and raised signs as plain ones, no blanks.

    Examples
    --------
    >>> plain_unit("km²"), plain_unit("㎡ / 人"), plain_unit("％")
    ('km2', 'm2/人', '%')
    """
    text = unicodedata.normalize("NFKC", unit)
    for sign, plain in _SAME.items():
        text = text.replace(sign, plain)
    return text


@dataclass(frozen=True)
class UnitWords:
    """Known units: the dimension of each, and by what it is multiplied to become the dimension's own.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> words = UnitWords.of(read_rules("indicators"))
    >>> words.find("公顷"), words.find("斛")
    (('area', 10000.0), None)
    >>> words.convert(250.0, "ha", "km²"), words.convert(0.5, "1", "%"), words.convert(1.0, "ha", "元")
    (2.5, 50.0, None)
    """

    known: dict[str, tuple[str, float]]
    english: dict[str, str]

    @classmethod
    def of(cls, rules: RuleTable) -> UnitWords:
        """Return the units of rows ``units.DIMENSION`` of a table."""
        return cls(
            {
                plain_unit(unit): (dimension, float(factor))
                for dimension, units in rules.under(_HEAD).items()
                for unit, factor in units.items()
            },
            {plain_unit(unit): name for unit, name in rules.value(_NAMES).items()},
        )

    def name_in_english(self, unit: str) -> str:
        """Return a unit as it reads in English; as it is where the table has no name for it.

        Examples
        --------
        >>> from spatial.plan.rules import read_rules
        >>> words = UnitWords.of(read_rules("indicators"))
        >>> words.name_in_english("元/人"), words.name_in_english("万人"), words.name_in_english("%")
        ('yuan/head', '×10⁴ people', '%')
        """
        plain = plain_unit(unit)
        if plain in self.english:
            return self.english[plain]
        over, mark, under = plain.partition("/")
        if mark and over in self.english:
            return f"{self.english[over]}/{self.name_in_english(under).removeprefix('×')}"
        return unit

    def find(self, unit: str) -> tuple[str, float] | None:
        """Return dimension and factor of a unit; of ``A/B`` those of both; None where it is not known."""
        plain = plain_unit(unit)
        if plain in self.known:
            return self.known[plain]
        over, mark, under = plain.partition("/")
        if not mark:
            return None
        upper, lower = self.known.get(over), self.find(under) if under else None
        if upper is None or lower is None:
            return None
        return f"{upper[0]}/{lower[0]}", upper[1] / lower[1]

    def convert(self, value: float, unit: str, other: str) -> float | None:
        """Return a value in another unit of its dimension; None where the two have none in common."""
        if plain_unit(unit) == plain_unit(other):
            return value
        one, two = self.find(unit), self.find(other)
        if one is None or two is None or one[0] != two[0]:
            return None
        return value * one[1] / two[1]
