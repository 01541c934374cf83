"""Quantities as planners write them: ``30 min``, ``2 km``, ``40 km/h``, ``1931 km2``.

A bare number is refused, because a silent guess of its unit costs more than a message.
Inside, lengths are metres, areas square metres, times minutes and speeds kilometres per hour.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from spatial.plan.base import show_value

_LENGTH = {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0, "米": 1.0, "公里": 1000.0, "千米": 1000.0}
_AREA = {
    "m2": 1.0, "ha": 1e4, "km2": 1e6, "mu": 2000 / 3,
    "亩": 2000 / 3, "公顷": 1e4, "平方公里": 1e6, "平方米": 1.0,
}  # fmt: skip
_TIME = {"s": 1 / 60, "min": 1.0, "h": 60.0, "秒": 1 / 60, "分钟": 1.0, "小时": 60.0}
_SPEED = {"km/h": 1.0, "kmh": 1.0, "m/s": 3.6, "m/min": 0.06, "公里/小时": 1.0}

_QUANTITY = re.compile(r"(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*(?P<unit>.*)", re.DOTALL)
_COMMA = re.compile(r"^([+-]?[0-9]+),([0-9])")


def parse_quantity(text: Any, units: dict[str, float], example: str) -> float:
    """Read a number with its unit.

    Parameters
    ----------
    text : str
        Such as ``"2 km"``. Full-width letters and digits, ``㎞`` and ``²`` are read as the plain ones;
        thousands are not separated.
    units : dict of str to float
        Unit to factor into the unit used inside.
    example : str
        Shown in the message when the text cannot be read.

    Returns
    -------
    float
        The value in the unit used inside; finite and not negative.

    Raises
    ------
    ValueError
        No number, no unit, an unknown unit, a negative or a non-finite number.

    Examples
    --------
    >>> parse_quantity("2 km", {"m": 1, "km": 1000}, "2 km")
    2000.0
    """
    plain = unicodedata.normalize("NFKC", text).strip() if isinstance(text, str) else show_value(text)
    match = _QUANTITY.fullmatch(plain)
    if match is None:
        raise ValueError(f"{show_value(text)} is not a number with a unit; write it as {example}")
    unit = match["unit"]
    if not unit:
        raise ValueError(f"{show_value(text)} has no unit; write a number and a unit, such as {example}")
    if unit not in units:
        comma = _COMMA.sub(r"\1.\2", plain)
        remedy = f"use one of {', '.join(units)}" if comma == plain else f"write {comma}, with a point"
        raise ValueError(f"{show_value(unit)} in {show_value(text)} is no unit here; {remedy}")
    value = float(match["number"]) * units[match["unit"]]
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{show_value(text)} cannot be; write a finite number, zero or more")
    return value


def _reader(units: dict[str, float], example: str) -> BeforeValidator:
    return BeforeValidator(lambda text: parse_quantity(text, units, example))


def _shape(units: dict[str, float], example: str) -> WithJsonSchema:
    names = "|".join(re.escape(unit).replace("2", "[2²]") for unit in units)
    inside = next(unit for unit, factor in units.items() if factor == 1.0)
    pattern = rf"^\s*\d+(\.\d+)?\s*({names})\s*$"
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example], "unit": inside})


Length = Annotated[float, _reader(_LENGTH, "2 km"), _shape(_LENGTH, "2 km")]
"""Metres."""
Area = Annotated[float, _reader(_AREA, "1931 km2"), _shape(_AREA, "1931 km2")]
"""Square metres."""
Time = Annotated[float, _reader(_TIME, "30 min"), _shape(_TIME, "30 min")]
"""Minutes."""
Speed = Annotated[float, _reader(_SPEED, "40 km/h"), _shape(_SPEED, "40 km/h")]
"""Kilometres per hour."""
