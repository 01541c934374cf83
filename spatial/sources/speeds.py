"""Speeds by class of road, from the rule table and what the plan overrides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from spatial.engine.travel.network import Mode
from spatial.errors import Fault, RuleError
from spatial.plan.rules import read_rules

MODES: tuple[Mode, ...] = ("drive", "cycle", "walk")


def choose_class_speeds(mode: Mode, overrides: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return km/h by class of road for a mode.

    Parameters
    ----------
    mode : {"drive", "cycle", "walk"}
    overrides : mapping of str to float, optional
        km/h by ``class`` (all modes) or by ``mode.class``, which wins. 0 closes a class; classes that the
        table does not know are taken as they are.

    Returns
    -------
    dict of str to float
        A class that is absent is closed to the mode; ``other`` is for classes that no mode knows.

    Raises
    ------
    RuleError
        A speed that is negative, not a number or above 300 km/h.

    Examples
    --------
    >>> choose_class_speeds("drive", {"drive.track": 12})["track"], "track" in choose_class_speeds("drive")
    (12.0, False)
    """
    speeds = {
        rule.key.removeprefix(f"{mode}."): float(str(rule.value))
        for rule in read_rules("speeds").rules
        if rule.key.startswith(f"{mode}.") and rule.unit == "km/h"
    }
    own, general = dict[str, float](), dict[str, float]()
    for key, value in (overrides or {}).items():
        head, _, tail = key.partition(".")
        if isinstance(value, bool) or not math.isfinite(value) or not 0 <= value <= 300:
            raise RuleError(Fault("", f"speeds.{key}", f"{value!r} is no speed", "write km/h from 0 to 300"))
        if head == mode and tail:
            own[tail] = float(value)
        elif head not in MODES:
            general[key] = float(value)
    return speeds | general | own


def list_classes() -> frozenset[str]:
    """Return the classes that the rule table knows for some mode."""
    keys = [rule.key.partition(".") for rule in read_rules("speeds").rules if rule.unit == "km/h"]
    return frozenset(tail for head, _, tail in keys if head in MODES)


def find_absent(mode: Mode, overrides: Mapping[str, float], classes: Iterable[str]) -> list[str]:
    """Return the classes given a speed that neither the rule table nor any road knows: mistyped, mostly.

    Parameters
    ----------
    mode : {"drive", "cycle", "walk"}
    overrides : mapping of str to float
        As in `choose_class_speeds`; rows of other modes are left out.
    classes : iterable of str
        Those of the roads.

    Examples
    --------
    >>> find_absent("drive", {"primary": 50, "drive.secondry": 40, "walk.steps": 2}, ["primary", "busway"])
    ['secondry']
    """
    there = {*classes, *list_classes()}
    parts = [key.partition(".") for key in overrides]
    told = {tail if head == mode and tail else head for head, _, tail in parts if head == mode or not tail}
    return sorted(told - there)
