"""Quantities as planners write them: ``30 min``, ``2 km``, ``40 km/h``, ``1931 km2``.

A bare number is refused, because a silent guess of its unit costs more than a message.
Inside, lengths are metres, areas square metres, times minutes and speeds kilometres per hour.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

_LENGTH = {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0, "米": 1.0, "公里": 1000.0, "千米": 1000.0}
_AREA = {
    "m2": 1.0, "ha": 1e4, "km2": 1e6, "mu": 2000 / 3, "亩": 2000 / 3, "公顷": 1e4, "平方公里": 1e6, "平方米": 1.0,
}  # fmt: skip
_TIME = {"s": 1 / 60, "min": 1.0, "h": 60.0, "秒": 1 / 60, "分钟": 1.0, "小时": 60.0}
_SPEED = {"km/h": 1.0, "kmh": 1.0, "m/s": 3.6, "m/min": 0.06, "公里/小时": 1.0}

_QUANTITY = re.compile(r"\s*(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(?P<unit>\S.*?)?\s*")


def parse_quantity(text: Any, units: dict[str, float], example: str) -> float:
    """Read a number with its unit.

    Parameters
    ----------
    text : str
        Such as ``"2 km"``. ``²`` is read as ``2``; thousands are not separated.
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
        No unit, an unknown unit, a negative or a non-finite number.

    Examples
    --------
    >>> parse_quantity("2 km", {"m": 1, "km": 1000}, "2 km")
    2000.0
    """
    match = _QUANTITY.fullmatch(text.replace("²", "2")) if isinstance(text, str) else None
    if match is None or match["unit"] is None:
        raise ValueError(f"{text!r} has no unit; write a number and a unit, such as {example}")
    if match["unit"] not in units:
        raise ValueError(f"unknown unit {match['unit']!r} in {text!r}; use one of {', '.join(units)}")
    value = float(match["number"]) * units[match["unit"]]
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{text!r} must be a finite number, zero or more")
    return value


def _reader(units: dict[str, float], example: str) -> BeforeValidator:
    return BeforeValidator(lambda text: parse_quantity(text, units, example))


def _shape(units: dict[str, float], example: str) -> WithJsonSchema:
    names = "|".join(re.escape(unit) for unit in units)
    return WithJsonSchema(
        {"type": "string", "pattern": rf"^\s*\d+(\.\d+)?\s*({names})\s*$", "examples": [example]}
    )


Length = Annotated[float, _reader(_LENGTH, "2 km"), _shape(_LENGTH, "2 km")]
"""Metres."""
Area = Annotated[float, _reader(_AREA, "1931 km2"), _shape(_AREA, "1931 km2")]
"""Square metres."""
Time = Annotated[float, _reader(_TIME, "30 min"), _shape(_TIME, "30 min")]
"""Minutes."""
Speed = Annotated[float, _reader(_SPEED, "40 km/h"), _shape(_SPEED, "40 km/h")]
"""Kilometres per hour."""
