"""Targets: numbers that an indicator is to reach, as planners write them: ``> 65``, ``不低于 65 %``."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any, Literal

from pydantic import ConfigDict, model_validator

from spatial.plan.base import Record, show_value

Relation = Literal[">", ">=", "<", "<=", "=", "~"]
"""How a value must stand to a target; ``~`` is about, within a tolerance of the rule table."""
SIGNS: dict[Relation, str] = {">": "＞", ">=": "≥", "<": "＜", "<=": "≤", "=": "＝", "~": "≈"}
"""Relations as they are printed."""
RISING: frozenset[Relation] = frozenset((">", ">="))
FALLING: frozenset[Relation] = frozenset(("<", "<="))
_BEFORE: dict[str, Relation] = {
    ">=": ">=", "≥": ">=", "≧": ">=", "⩾": ">=", "不低于": ">=", "不少于": ">=", "不小于": ">=", "至少": ">=",
    "达到": ">=", "at least": ">=",
    "<=": "<=", "≤": "<=", "≦": "<=", "⩽": "<=", "不超过": "<=", "不高于": "<=", "不大于": "<=",
    "不多于": "<=", "至多": "<=", "控制在": "<=", "at most": "<=",
    ">": ">", "大于": ">", "高于": ">", "超过": ">", "多于": ">", "over": ">", "above": ">", "more than": ">",
    "<": "<", "小于": "<", "低于": "<", "少于": "<", "below": "<", "under": "<", "less than": "<",
    "≈": "~", "~": "~", "约": "~", "接近": "~", "about": "~", "near": "~",
    "=": "=", "为": "=",
}  # fmt: skip
_AFTER: dict[str, Relation] = {"以上": ">=", "以下": "<=", "以内": "<=", "左右": "~", "上下": "~"}
_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,2})?"
_WORDS = sorted(_BEFORE, key=len, reverse=True)
_TARGET = re.compile(
    rf"(?P<before>{'|'.join(map(re.escape, _WORDS))})?\s*(?P<number>{_NUMBER})\s*"
    rf"(?P<unit>[\w%‰°℃/·^ ]*?)\s*(?P<after>{'|'.join(_AFTER)})?",
    re.IGNORECASE | re.DOTALL,
)
_EXAMPLE = 'write a number, or a relation and a number, such as "> 65" or "不低于 65"'
_EQUAL = 1e-9
_PLAIN = 10.0


def _as_written(schema: dict[str, Any]) -> None:
    both = {key: schema.pop(key) for key in ("type", "properties", "required") if key in schema}
    schema.pop("additionalProperties", None)
    schema["anyOf"] = [
        {"type": "number"},
        {"type": "string", "minLength": 1, "examples": ["> 65", "不低于 65"]},
        both | {"additionalProperties": False},
    ]


class Target(Record):
    """A target: a number, how a value must stand to it, and the unit if it is written beside it.

    Parameters
    ----------
    value : float
    relation : {">", ">=", "<", "<=", "=", "~"}, optional
        None leaves it to the direction of the indicator.
    unit : str
        As written, without blanks round it; empty if none is.

    Examples
    --------
    >>> Target.model_validate("> 65 %")
    Target(value=65.0, relation='>', unit='%')
    >>> Target.model_validate("控制在 2.9 亿m³ 以内").relation, Target.model_validate(65).relation
    ('<=', None)
    """

    model_config = ConfigDict(json_schema_extra=_as_written)

    value: float
    relation: Relation | None = None
    unit: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, dict | Target):
            return value
        return parse_target(value)


def parse_target(written: Any) -> dict[str, Any]:
    """Read a target: a number, perhaps with a relation before or after it, and a unit.

    Parameters
    ----------
    written : str, int or float
        Full-width signs are read as plain ones; thousands may be parted by commas.

    Returns
    -------
    dict
        ``value``, ``relation`` (None unless written) and ``unit`` (empty unless written).

    Raises
    ------
    ValueError
        No finite number, two relations that contradict each other, a range.

    Examples
    --------
    >>> parse_target("100,000以上")
    {'value': 100000.0, 'relation': '>=', 'unit': ''}
    """
    if isinstance(written, int | float) and not isinstance(written, bool):
        return {"value": _finite(float(written), written), "relation": None, "unit": ""}
    if not isinstance(written, str):
        raise ValueError(f"{show_value(written)} is no target; {_EXAMPLE}")
    plain = unicodedata.normalize("NFKC", written.replace("⩾", "≥").replace("⩽", "≤")).strip()
    found = _TARGET.fullmatch(plain)
    if found is None or re.search(r"\d", re.sub(r"[mM][23]|10\^?\d", "", found["unit"])):
        raise ValueError(f"{show_value(written)} is no target; {_EXAMPLE}")
    before = _BEFORE.get((found["before"] or "").lower())
    after = _AFTER.get(found["after"] or "")
    if before and after and before != after:
        raise ValueError(f"{show_value(written)} has two relations; write one of them")
    value = _finite(float(found["number"].replace(",", "")), written)
    return {"value": value, "relation": before or after, "unit": found["unit"].strip()}


def _finite(value: float, written: Any) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{show_value(written)} is not a finite number; {_EXAMPLE}")
    return value


def is_met(value: float, relation: Relation, target: float, tolerance: float = 0.0) -> bool:
    """Tell whether a value stands to a target as it must.

    Parameters
    ----------
    value, target : float
        In one unit.
    relation : {">", ">=", "<", "<=", "=", "~"}
        The last bits of numbers decide nothing: what differs by less is equal.
    tolerance : float
        Share of the target by which a value may miss it where it is to be about it.

    Examples
    --------
    >>> is_met(65.0, ">", 65), is_met(65.0, ">=", 65), is_met(49.0, "~", 50, tolerance=0.05)
    (False, True, True)
    """
    same = math.isclose(value, target, rel_tol=_EQUAL, abs_tol=_EQUAL)
    if relation == "~":
        return abs(value - target) <= abs(target) * tolerance + _EQUAL
    if relation == "=" or same:
        return same and relation in ("=", ">=", "<=")
    return value > target if relation in RISING else value < target


def show_trend(value: float) -> str:
    """Return a figure that was worked out: to two decimals, small ones to four digits that count.

    Examples
    --------
    >>> show_trend(71.427776), show_trend(0.2961969), show_trend(1234567.891)
    ('71.43', '0.2962', '1,234,567.89')
    """
    return f"{value:,.2f}" if abs(value) >= _PLAIN else f"{value:,.4g}"


def show_target(relation: str, value: float, language: str = "zh") -> str:
    """Return a target as it is printed, in Chinese with full-width signs.

    Examples
    --------
    >>> show_target(">", 65.0), show_target(">=", 100000.0), show_target(">", 65.0, "en")
    ('＞65', '≥100,000', '> 65')
    """
    sign = SIGNS.get(relation, "")  # type: ignore[call-overload]
    if language == "en" and sign:
        sign = unicodedata.normalize("NFKC", sign) + " "
    return f"{sign}{value:,.10g}"
