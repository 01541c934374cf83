"""Rule tables: numbers of norms and project defaults, each with source and confidence."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import yaml
from pydantic import ValidationError, model_validator

from spatial.errors import Fault, RuleError
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

    @model_validator(mode="after")
    def _each_key_once(self) -> RuleTable:
        keys = [rule.key for rule in self.rules]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"rows are given twice: {', '.join(twice)}")
        return self

    def __getitem__(self, key: str) -> Rule:
        for rule in self.rules:
            if rule.key == key:
                return rule
        raise RuleError(Fault(f"rules/{self.name}.yaml", key, "there is no such row", "add it to the table"))

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
        No such table, or it is not one: a row without source or confidence, a key given twice.

    Examples
    --------
    >>> read_rules("commute")["drive.speed"].unit
    'km/h'
    """
    file = find_shelf() / "rules" / f"{name}.yaml"
    try:
        return RuleTable.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise RuleError(Fault(f"rules/{file.name}", "", "there is no such rule table")) from error
    except (ValidationError, yaml.YAMLError) as error:
        raise RuleError(Fault(f"rules/{file.name}", "", str(error))) from error
