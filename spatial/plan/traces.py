"""Traces: what was done to one cell of the evaluation, step by step, noted by the very functions that did it.

Steps are noted inside `tracing`, and only of arrays of one cell, or inside `sweeping`, of whole arrays; else
a pass over millions of cells notes nothing and loses no time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spatial.plan.rules import Rule

Cell = float | int | None


@dataclass(frozen=True)
class Note:
    """One step.

    Parameters
    ----------
    layer : str
        Raster layer that was being made.
    action : str
        ``grade``, ``matrix``, ``weights``, ``correct``, ``forbid``, ``class``, ``combine``,
        ``condition``, ``skip`` or ``made``.
    inputs : dict of str to number
        What went in, by name; None where missing.
    result : number, optional
        None where missing.
    rule : Rule, optional
        The row that said so.
    table : str
        Of the row.
    """

    layer: str
    action: str
    inputs: dict[str, Cell] = field(default_factory=dict)
    result: Cell = None
    rule: Rule | None = None
    table: str = ""


@dataclass(frozen=True, eq=False)
class Sweep:
    """One step of many cells at once: as `Note`, with arrays as they were handed in and made."""

    layer: str
    action: str
    inputs: Mapping[str, Any]
    result: Any
    rule: Rule | None = None
    table: str = ""


_NOTES: ContextVar[list[Note] | None] = ContextVar("notes", default=None)
_SWEEPS: ContextVar[list[Sweep] | None] = ContextVar("sweeps", default=None)
_LAYER: ContextVar[str] = ContextVar("layer", default="")


@contextmanager
def tracing() -> Iterator[list[Note]]:
    """Collect the steps that are done inside, in order."""
    notes: list[Note] = []
    token = _NOTES.set(notes)
    try:
        yield notes
    finally:
        _NOTES.reset(token)


@contextmanager
def sweeping() -> Iterator[list[Sweep]]:
    """Collect the steps that are done inside, in order, with all their cells."""
    sweeps: list[Sweep] = []
    token = _SWEEPS.set(sweeps)
    try:
        yield sweeps
    finally:
        _SWEEPS.reset(token)


@contextmanager
def making(layer: str) -> Iterator[None]:
    """Say which layer is being made inside."""
    token = _LAYER.set(layer)
    try:
        yield
    finally:
        _LAYER.reset(token)


def note(action: str, inputs: dict[str, Any], result: Any, rule: Rule | None = None, table: str = "") -> None:
    """Note a step if someone traces it and its arrays are of one cell, or sweeps over many.

    Examples
    --------
    >>> with tracing() as notes:
    ...     note("grade", {"slope": np.array([[3.0]])}, np.array([[2]], np.uint8))
    >>> notes[0].inputs, notes[0].result
    ({'slope': 3.0}, 2)
    """
    sweeps = _SWEEPS.get()
    if sweeps is not None:
        sweeps.append(Sweep(_LAYER.get(), action, dict(inputs), result, rule, table))
    notes = _NOTES.get()
    if notes is None or (isinstance(result, np.ndarray) and result.size != 1):
        return
    plain = {name: read_cell(value) for name, value in inputs.items()}
    notes.append(Note(_LAYER.get(), action, plain, read_cell(result), rule, table))


def list_rules(steps: Iterable[Any]) -> set[tuple[str, str]]:
    """Return the rows, as table and key, that steps went by.

    Steps that were skipped do not count, nor those of layers that a later step says are not used.

    Examples
    --------
    >>> list_rules([Note("slope", "grade", {"slope": 3.0}, 2)])
    set()
    """
    given = list(steps)
    unused = {getattr(name, "name", name) for one in given if one.action == "unused" for name in one.inputs}
    return {
        (one.table, one.rule.key)
        for one in given
        if one.rule is not None and one.action not in ("skip", "unused") and one.layer not in unused
    }


def read_cell(value: Any) -> Cell:
    """Return the one number of an array, or None where it is missing.

    Examples
    --------
    >>> read_cell(np.array([0], np.uint8)), read_cell(np.float32(1.5)), read_cell(None)
    (None, 1.5, None)
    """
    if value is None:
        return None
    array = np.asarray(value)
    if array.size != 1:
        return None
    number = array.item()
    if array.dtype.kind == "f":
        return None if np.isnan(number) else float(number)
    return int(number) or None if array.dtype == np.uint8 else int(number)
