"""Questions as they are typed: minutes, speeds, lengths, modes and columns, read or refused."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import cast, get_args

from spatial.engine.travel.network import Mode
from spatial.errors import Fault, PlanError
from spatial.plan.reading.units import parse_quantity
from spatial.sources.roads import RoadColumns

_SPEEDS = {"km/h": 1.0, "kmh": 1.0, "m/s": 3.6, "m/min": 0.06, "公里/小时": 1.0}
_LENGTHS = {"m": 1.0, "km": 1000.0, "米": 1.0, "公里": 1000.0, "千米": 1000.0}
_FASTEST_KMH = 300.0


def read_mode(mode: str) -> Mode:
    """Return a mode of travel, or refuse it.

    Raises
    ------
    PlanError
        Not one of drive, cycle, walk.
    """
    if mode not in get_args(Mode):
        raise PlanError(
            Fault("--mode", "", f"{mode!r} is no mode", f"write one of {', '.join(get_args(Mode))}")
        )
    return cast(Mode, mode)


def read_minutes(minutes: str | float | Iterable[float]) -> tuple[float, ...]:
    """Return rising minutes, or refuse them.

    Parameters
    ----------
    minutes : str, float or iterable of float
        Such as ``"15,30,60"`` or ``[15, 30, 60]``.

    Raises
    ------
    PlanError
        None, or one that is not a number, zero, negative, infinite, given twice or less than the one before.

    Examples
    --------
    >>> read_minutes("15, 30,60")
    (15.0, 30.0, 60.0)
    """
    if isinstance(minutes, str):
        parts: list[object] = [part.strip() for part in re.split("[,，]", minutes)]
    else:
        parts = [minutes] if isinstance(minutes, (int, float)) else list(minutes)
    values = [_as_number(part) for part in parts]
    remedy = "write rising minutes above zero, such as 15,30,60"
    faults = [
        Fault("--minutes", "", f"{part!r} {problem}", remedy)
        for at, (part, value) in enumerate(zip(parts, values, strict=True))
        if (problem := _doubt_minutes(value, values[:at]))
    ]
    if faults or not values:
        raise PlanError(faults or Fault("--minutes", "", "no minutes are given", remedy))
    return tuple(values)


def _as_number(part: object) -> float:
    try:
        return float(part)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _doubt_minutes(value: float, before: Sequence[float]) -> str:
    """Say what is wrong with a number of minutes that stands behind others; "" if nothing is."""
    if not math.isfinite(value):
        return "is not a number of minutes"
    if value <= 0:
        return "is not above zero"
    if value in before:
        return "is given twice"
    return f"comes after {max(before):g}" if before and value < max(before) else ""


def read_speeds(speeds: str | Sequence[str] | None) -> dict[str, float]:
    """Return km/h by class of road; the key ``""`` is one speed for all roads.

    Parameters
    ----------
    speeds : str or sequence of str, optional
        ``5km/h``, or ``primary=50km/h`` for a class of road.

    Raises
    ------
    PlanError
        No number, no unit, zero for all roads, negative, above 300 km/h.

    Examples
    --------
    >>> read_speeds(["5km/h", "steps=2 km/h"])
    {'': 5.0, 'steps': 2.0}
    """
    found: dict[str, float] = {}
    for text in [speeds] if isinstance(speeds, str) else (speeds or ()):
        name, _, quantity = text.rpartition("=")
        try:
            kmh = parse_quantity(quantity, _SPEEDS, "5 km/h")
        except ValueError as error:
            raise PlanError(Fault("--speed", name.strip(), str(error))) from error
        if kmh > _FASTEST_KMH or (kmh == 0 and not name.strip()):
            problem = f"{quantity!r} is no speed to travel at"
            raise PlanError(Fault("--speed", name.strip(), problem, "write more than 0 and at most 300 km/h"))
        found[name.strip()] = kmh
    return found


def read_length(text: str, key: str) -> float:
    """Return metres, or refuse what is no length above zero.

    Examples
    --------
    >>> read_length("1km", "--snap")
    1000.0
    """
    try:
        metres = parse_quantity(text, _LENGTHS, "1km")
    except ValueError as error:
        raise PlanError(Fault(key, "", str(error))) from error
    if not metres > 0:
        raise PlanError(Fault(key, "", f"{text!r} is not above zero", "write such as 1km"))
    return metres


def read_columns(pairs: Sequence[str] | None) -> RoadColumns | None:
    """Return which column of a file of lines says what, from texts such as ``class=fclass``.

    Raises
    ------
    PlanError
        Something that a column cannot say.
    """
    if not pairs:
        return None
    known = ("class", "speed", "oneway", "level", "bridge", "tunnel", "surface")
    said: dict[str, str] = {}
    for pair in pairs:
        what, _, column = (part.strip() for part in pair.partition("="))
        if what not in known or not column:
            remedy = f"write WHAT=COLUMN, where WHAT is one of {', '.join(known)}"
            raise PlanError(Fault("--column", "", f"{pair!r} is not understood", remedy))
        said[what] = column
    return RoadColumns(
        class_=said.get("class"),
        speed=said.get("speed"),
        oneway=said.get("oneway"),
        level=said.get("level"),
        bridge=said.get("bridge"),
        tunnel=said.get("tunnel"),
        surface=said.get("surface"),
    )
