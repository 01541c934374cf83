"""Rule tables: numbers of norms and project defaults, each with source and confidence."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from spatial.errors import RuleError
from spatial.plan.base import Name, Record, Text
from spatial.plan.shelf import find_shelf

Confidence = Literal["found", "high", "medium", "low", "default"]
"""``found`` in a source; own knowledge ``high``/``medium``/``low``; ``default`` of this project, no norm."""


class Rule(Record):
    """One row of a table."""

    key: Name
    value: str | int | float | bool | tuple[str, ...] | dict[str, str]
    unit: str = ""
    label: Text
    source: Name
    confidence: Confidence
    note: str = ""


class RuleTable(Record):
    """A table of rules with a version; rows are looked up by key."""

    name: Name
    version: Name
    title: Text
    rules: tuple[Rule, ...]

    def __getitem__(self, key: str) -> Rule:
        for rule in self.rules:
            if rule.key == key:
                return rule
        raise RuleError(f"rule table {self.name!r} has no row {key!r}")

    def value(self, key: str) -> Any:
        """Return the value of the row called `key`."""
        return self[key].value


@cache
def read_rules(name: str) -> RuleTable:
    """Read a shipped rule table.

    Parameters
    ----------
    name : str
        File name without ending, such as ``commute``.

    Raises
    ------
    RuleError
        No such table, or a row without source or confidence.

    Examples
    --------
    >>> read_rules("commute")["drive.speed"].unit
    'km/h'
    """
    file = find_shelf() / "rules" / f"{name}.yaml"
    try:
        return RuleTable.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise RuleError(f"no rule table {name!r} in {file.parent.name}/") from error
    except ValidationError as error:
        raise RuleError(f"rules/{file.name}: {error}") from error
