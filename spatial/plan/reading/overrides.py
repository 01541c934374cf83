"""Values of a plan given beside its file: ``circles.0.speed=40 km/h``."""

from __future__ import annotations

import dataclasses
from typing import Any

from spatial.errors import Fault, PlanError
from spatial.plan.reading.yamltext import Lines, Path, parse_yaml

_FLAT = (
    ("evaluation", "rules"),
    ("evaluation", "breaks"),
    ("evaluation", "proposals"),
    ("evaluation", "green", "resistance"),
)
"""Mappings of a plan whose keys hold dots themselves, as names of rows do: all that follows is one key."""


def override_plan(document: dict[str, Any], override: str, lines: Lines) -> None:
    """Replace or add one value of a document, in place.

    Parameters
    ----------
    document : dict
        As read by `parse_yaml`.
    override : str
        ``KEY=VALUE``: keys joined by dots, items of lists by number from 0 or by their ``id``; the value is
        YAML. Mappings on the way are made where they are absent. Keys of rows of rules keep their dots:
        ``evaluation.rules.farming.concentration.max_area=2e6``.
    lines : Lines
        Learns that the value comes from ``--set …``, and takes the faults of the override.

    Examples
    --------
    >>> document = {"circles": [{"id": "near", "speed": "30 km/h"}]}
    >>> override_plan(document, "circles.near.speed=40 km/h", Lines("plan.yaml"))
    >>> document
    {'circles': [{'id': 'near', 'speed': '40 km/h'}]}
    """
    place = f"--set {override}"
    keys, equals, text = override.partition("=")
    steps = keys.strip().split(".")
    if not equals or not all(steps):
        example = "write KEY=VALUE, such as --set circles.0.speed=40km/h"
        lines.faults.append(Fault(place, "", "this names no key and value", example))
        return
    steps = _join_flat(steps)
    try:
        value, own = parse_yaml(text.strip() or "null", place)
        holder, path = _descend(document, steps[:-1], place, lines)
        last = _step(holder, steps[-1], path)
    except PlanError as error:
        lines.faults += [dataclasses.replace(fault, where=place) for fault in error.faults]
        return
    path = (*path, last)
    for fault in own.faults:
        key = ".".join([*map(str, path), *filter(None, [fault.key])])
        lines.faults.append(dataclasses.replace(fault, where=place, key=key))
    holder[last] = value
    lines.give(path, place)


def _join_flat(steps: list[str]) -> list[str]:
    """Return the steps of a key, those below a mapping of dotted keys joined to one again."""
    for head in _FLAT:
        if tuple(steps[: len(head)]) == head and len(steps) > len(head):
            return [*head, ".".join(steps[len(head) :])]
    return steps


def _descend(holder: Any, steps: list[str], place: str, lines: Lines) -> tuple[Any, Path]:
    path: Path = ()
    for key in steps:
        step = _step(holder, key, path)
        path = (*path, step)
        if isinstance(holder, dict) and holder.get(str(step)) is None:
            holder[step] = {}
            lines.give(path, place)
        holder = holder[step]
    return holder, path


def _step(holder: Any, key: str, path: Path) -> str | int:
    dotted = ".".join(map(str, (*path, key)))
    if isinstance(holder, dict):
        return key
    if not isinstance(holder, list):
        raise PlanError(Fault("", dotted, "there is nothing below this value", "end the key before it"))
    ids = [item.get("id") if isinstance(item, dict) else None for item in holder]
    if key in ids:
        return ids.index(key)
    if key.isascii() and key.isdigit() and len(key) < 10 and int(key) < len(holder):
        return int(key)
    remedy = f"write a number from 0 to {len(holder) - 1}" if holder else "the list is empty"
    named = ", ".join(str(name) for name in ids if name is not None)
    raise PlanError(
        Fault("", dotted, "there is no such item", f"{remedy}, or an id: {named}" if named else remedy)
    )
