"""Errors of the toolkit: one root, children that also are the built-in a caller expects.

::

    SpatialError
    ├── PlanError    (ValueError)         what a plan says is wrong: every fault at once
    ├── SourceError  (ValueError)         a file cannot be read as what the plan takes it for
    ├── CrsError     (ValueError)         a coordinate system is absent, unknown or contradicted
    ├── GeometryError(ValueError)         a geometry operation has no honest answer
    ├── RuleError    (LookupError)        a rule table or style lacks what is asked of it
    └── OutputError  (OSError)            a result cannot be written; the last good one stays
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a user's input.

    Parameters
    ----------
    where : str
        File and, where known, line: ``plan.yaml:12``.
    key : str
        Dotted key, layer or column that the fault is about; may be empty.
    problem : str
        What is wrong, with the value seen.
    remedy : str
        What would be right; may be empty.

    Examples
    --------
    >>> print(Fault("plan.yaml:3", "year", "'soon' is not a year", "write four digits, such as 2035"))
    plan.yaml:3: year: 'soon' is not a year; write four digits, such as 2035
    """

    where: str
    key: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        head = ": ".join(part for part in (self.where, self.key) if part)
        tail = f"{self.problem}; {self.remedy}" if self.remedy else self.problem
        return f"{head}: {tail}" if head else tail


class SpatialError(Exception):
    """Root of all errors that the toolkit raises on purpose.

    Parameters
    ----------
    faults : str, Fault or iterable of Fault
        What is wrong; all faults are reported together.
    """

    def __init__(self, faults: str | Fault | Iterable[Fault]) -> None:
        if isinstance(faults, str):
            faults = Fault("", "", faults)
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))

    def __reduce__(self) -> tuple[type, tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class PlanError(SpatialError, ValueError):
    """A plan file says something that cannot be right."""


class SourceError(SpatialError, ValueError):
    """A source file cannot be read as what the plan takes it for."""


class CrsError(SpatialError, ValueError):
    """A coordinate reference system is absent, unknown or contradicted by the coordinates."""


class GeometryError(SpatialError, ValueError):
    """A geometry operation has no honest answer."""


class RuleError(SpatialError, LookupError):
    """A rule table or a style lacks what is asked of it."""


class OutputError(SpatialError, OSError):
    """A result cannot be written; the last good result stays."""
