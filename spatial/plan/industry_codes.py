"""Codes of industries 行业代码 GB/T 4754-2017: read as planners write them, named, and put to a level."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.plan.base import Text
from spatial.plan.parts.industry import Level
from spatial.plan.rules import RuleTable

_CODE = re.compile(r"([A-Z]?)(\d{0,4})")
_DIGITS = {"section": 0, "division": 2, "group": 3}
_MANUFACTURING = "manufacturing"
"""Of divisions of many families, drawn in a colour of its own."""
_GROUP = Text(zh="中类", en="group")


@dataclass(frozen=True)
class IndustryCodes:
    """Sections, divisions and families of industries, by code.

    Parameters
    ----------
    sections, divisions, families : mapping of str to Text
        Names; codes are letters, two digits, and keys of this project.
    section_of, family_of : mapping of str to str
        Of a division.
    """

    sections: Mapping[str, Text]
    divisions: Mapping[str, Text]
    families: Mapping[str, Text]
    section_of: Mapping[str, str]
    family_of: Mapping[str, str]

    def read(self, code: str) -> str:
        """Return a code as the standard writes it: a letter, or two to four digits; empty where it is none.

        A letter before digits may stand there if it is right.

        Examples
        --------
        >>> from spatial.plan.rules import read_rules
        >>> codes = list_industries(read_rules("industries"))
        >>> [codes.read(text) for text in ("C", " c3911", "39", "1", "F39", "98", "x")]
        ['C', '3911', '39', '01', '', '', '']
        """
        found = _CODE.fullmatch(code.strip().upper())
        if found is None:
            return ""
        letter, digits = found.groups()
        if not digits:
            return letter if letter in self.sections else ""
        digits = digits.zfill(2)  # a table that takes codes for numbers loses the zero of 01 to 09
        section = self.section_of.get(digits[:2], "")
        return digits if section and letter in ("", section) else ""

    def suggest(self, code: str) -> str:
        """Return the valid code that comes nearest to one that is not, with its name.

        Examples
        --------
        >>> from spatial.plan.rules import read_rules
        >>> codes = list_industries(read_rules("industries"))
        >>> codes.suggest("F39"), codes.suggest("981"), codes.suggest("?")
        ('39 计算机、通信和其他电子设备制造业', '97 国际组织', '')
        """
        digits = re.sub(r"\D", "", code)
        if digits[:2].zfill(2) in self.divisions:
            near = [digits[:2].zfill(2)]
        elif digits:
            number = int(digits[:2])
            near = [min(self.divisions, key=lambda one: (abs(int(one) - number), one))]
        else:
            near = difflib.get_close_matches(code.strip().upper(), self.sections, 1)
        return f"{near[0]} {self.name(near[0]).zh}" if near else ""

    def put(self, code: str, level: Level) -> str:
        """Return the industry of a code at a level; one that is not so fine stays as it is.

        Examples
        --------
        >>> from spatial.plan.rules import read_rules
        >>> codes = list_industries(read_rules("industries"))
        >>> codes.put("3911", "division"), codes.put("3911", "section"), codes.put("C", "division")
        ('39', 'C', 'C')
        """
        if not code or code in self.sections:
            return code
        return self.section_of[code[:2]] if level == "section" else code[: _DIGITS[level]]

    def name(self, code: str) -> Text:
        """Return what an industry is called; a group by its division and its own digits.

        Examples
        --------
        >>> from spatial.plan.rules import read_rules
        >>> codes = list_industries(read_rules("industries"))
        >>> codes.name("39").zh, codes.name("391").en
        ('计算机、通信和其他电子设备制造业', 'Computers, communication and electronics, group 391')
        """
        if code in self.sections:
            return self.sections[code]
        name = self.divisions[code[:2]]
        if len(code) == 2:
            return name
        return Text(zh=f"{name.zh}（{_GROUP.zh} {code[:3]}）", en=f"{name.en}, {_GROUP.en} {code[:3]}")

    def family(self, code: str) -> str:
        """Return the family that an industry is drawn as; a section as that of most of its divisions.

        Examples
        --------
        >>> from spatial.plan.rules import read_rules
        >>> codes = list_industries(read_rules("industries"))
        >>> codes.family("3911"), codes.family("C"), codes.family("J"), codes.family("")
        ('electrical', 'manufacturing', 'business', '')
        """
        if code not in self.sections:
            return self.family_of.get(code[:2], "")
        mine = [self.family_of[division] for division, section in self.section_of.items() if section == code]
        return _MANUFACTURING if code == "C" else max(mine, key=mine.count)

    def is_coarse(self, code: str, level: Level) -> bool:
        """Tell whether a code is less fine than a level."""
        return bool(code) and (0 if code in self.sections else len(code)) < _DIGITS[level]


def list_industries(rules: RuleTable) -> IndustryCodes:
    """Return the industries of the table ``industries``."""
    names: dict[str, dict[str, Text]] = {"section": {}, "division": {}, "family": {}}
    for rule in rules.rules:
        kind, _, code = rule.key.partition(".")
        names[kind][code] = rule.label
    families = rules.under("family")
    return IndustryCodes(
        sections=names["section"],
        divisions=names["division"],
        families=names["family"],
        section_of=rules.under("division"),
        family_of={division: family for family, divisions in families.items() for division in divisions},
    )


def read_codes(column: pd.Series[Any], codes: IndustryCodes) -> npt.NDArray[np.object_]:
    """Return a column of codes as the standard writes them, empty where there is none.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> codes = list_industries(read_rules("industries"))
    >>> read_codes(pd.Series([39.0, "C27", None, "99"]), codes).tolist()
    ['39', '27', '', '']
    """
    code, texts = pd.factorize(show_codes(column))
    return np.array([*map(codes.read, texts), ""], dtype=object)[code]


def show_codes(column: pd.Series[Any]) -> npt.NDArray[np.object_]:
    """Return a column of codes as texts, whole numbers without a point, empty where nothing is given."""
    code, kinds = pd.factorize(column)
    return np.array([*(_show(value) for value in kinds), ""], dtype=object)[code]


def _show(value: Any) -> str:
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()
