"""Rule tables: numbers of norms and project defaults, each with source and confidence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import Field, Strict, ValidationError, model_validator

from spatial.errors import Fault, RuleError
from spatial.plan.base import Name, Record, Text, show_value
from spatial.plan.shelf import find_shelf

Confidence = Literal["found", "high", "medium", "low", "default", "given"]
"""``found`` in a source; own knowledge ``high``/``medium``/``low``; ``default`` of this project, no norm;
``given`` by the plan, which no shipped table says."""
Profile = Literal["2019-draft", "2020-trial"]
"""Versions of the guide to the dual evaluation 双评价 that rows may be of; see `RuleTable.of`."""

Number = Annotated[int, Strict()] | Annotated[float, Strict()]
Numbers = Annotated[tuple[Number, ...], Field(min_length=1)]
Edge = Literal["below", "above"]


class Intervals(Record):
    """Breaks and the intervals between them.

    Parameters
    ----------
    breaks : tuple of numbers
        Rising.
    edges : str or tuple of str
        To which interval a value that equals a break belongs: the one ``below`` it or the one ``above`` it;
        one word for all breaks, or one a break.
    """

    breaks: Numbers
    edges: Edge | tuple[Edge, ...] = "below"

    @model_validator(mode="after")
    def _they_fit(self) -> Intervals:
        if any(low >= high for low, high in pairwise(self.breaks)):
            raise ValueError(f"breaks do not rise: {show_value(self.breaks)}")
        given: tuple[int, ...] = getattr(self, "grades", getattr(self, "shifts", ()))
        if len(given) != len(self.breaks) + 1:
            raise ValueError(f"{len(self.breaks)} breaks part {len(self.breaks) + 1} intervals, "
                             f"but {len(given)} are given")  # fmt: skip
        if isinstance(self.edges, tuple) and len(self.edges) != len(self.breaks):
            raise ValueError(f"{len(self.breaks)} breaks, but {len(self.edges)} edges")
        return self


class Steps(Intervals):
    """Grades of a value by breaks.

    Parameters
    ----------
    grades : tuple of int
        One more than breaks, for the lowest values first, each 1 to 255.

    Examples
    --------
    >>> Steps(breaks=(400, 800), grades=(3, 2, 1), edges="above").grades
    (3, 2, 1)
    """

    grades: tuple[Annotated[int, Strict(), Field(ge=1, le=255)], ...]


class Shifts(Intervals):
    """By how much a value moves a grade, by breaks.

    Parameters
    ----------
    shifts : tuple of int
        One more than breaks, for the lowest values first; positive makes worse.

    Examples
    --------
    >>> Shifts(breaks=(100, 200), shifts=(0, 1, 2)).edges
    'below'
    """

    shifts: tuple[Annotated[int, Strict()], ...]


Value = (
    str | int | float | bool | Steps | Shifts | tuple[str, ...] | Numbers | tuple[Numbers, ...]
    | dict[str, str] | dict[str, Number] | dict[Annotated[int, Strict()], Number]
)  # fmt: skip
"""What a row may say: a plain value, grades or shifts by breaks, names, numbers, a matrix by rows; names or
numbers by name; numbers by code."""


class Rule(Record):
    """One row of a table."""

    key: Name
    value: Value
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

    def under(self, prefix: str) -> dict[str, Any]:
        """Return the values of all rows ``PREFIX.NAME`` by name.

        Examples
        --------
        >>> read_rules("commute").under("walk")["speed"]
        5
        """
        head = prefix + "."
        rows = (rule for rule in self.rules if rule.key.startswith(head))
        return {rule.key.removeprefix(head): rule.value for rule in rows}

    def of(self, profile: str) -> RuleTable:
        """Return the table as one profile has it.

        A row ``PROFILE.KEY`` stands for ``KEY`` in that profile and is absent from the others; rows without
        a profile hold for all.

        Raises
        ------
        RuleError
            No such profile.

        Examples
        --------
        >>> row = Rule(key="2020-trial.steep", value=25, label=Text(zh="陡"), source="own", confidence="low")
        >>> table = RuleTable(name="demo", version="1", title=Text(zh="表"), rules=(row,))
        >>> table.of("2020-trial").value("steep"), len(table.of("2019-draft").rules)
        (25, 0)
        """
        if profile not in get_args(Profile):
            known = ", ".join(get_args(Profile))
            raise RuleError(Fault(f"rules/{self.name}.yaml", profile, "no such profile", f"one of {known}"))
        rows: dict[str, Rule] = {}
        for rule in self.rules:
            said, _, key = rule.key.partition(".")
            if said not in get_args(Profile):
                rows.setdefault(rule.key, rule)
            elif said == profile:
                rows[key] = rule.model_copy(update={"key": key})
        return self.model_copy(update={"rules": tuple(rows.values())})

    def override(self, values: Mapping[str, Any], place: str = "plan.yaml", head: str = "") -> RuleTable:
        """Return the table with values that a plan gives in place of its own.

        Parameters
        ----------
        values : mapping of str to value
            By key. For grades or shifts by breaks a bare list replaces the breaks only.
        place, head : str
            Where they are given, and what stands before their keys there, for messages.

        Raises
        ------
        RuleError
            Keys that there are not, values of another kind or shape than the table's: all at once.

        Examples
        --------
        >>> read_rules("commute").override({"drive.speed": 45})["drive.speed"].confidence
        'given'
        """
        rows = {rule.key: rule for rule in self.rules}
        faults: list[Fault] = []
        for key, value in values.items():
            try:
                rows[key] = _replace(rows[key], value)
            except KeyError:
                near = difflib.get_close_matches(key, rows, 3, 0.5)
                hint = f"did you mean {' or '.join(near)}?" if near else "see the table for its rows"
                faults.append(Fault(place, head + key, f"rules/{self.name}.yaml has no such row", hint))
            except ValueError as error:
                problem = f"{show_value(value)}: {_say(error)}"
                remedy = f"the table has {show_value(_plain(rows[key]))}"
                faults.append(Fault(place, head + key, problem, remedy))
        if faults:
            raise RuleError(faults)
        return self.model_copy(update={"rules": tuple(rows.values())})


_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d{1,2}")
_STRANGE = "not of the kind or the size that the row has"


def _plain(rule: Rule) -> Any:
    return rule.model_dump(mode="json")["value"]


def _say(error: ValueError) -> str:
    """Return what is wrong: a value may be of many kinds, and pydantic tells of each why it is not."""
    if isinstance(error, ValidationError):
        own = [item["msg"] for item in error.errors() if item["type"] == "value_error"]
        return own[0].removeprefix("Value error, ") if own else _STRANGE
    return str(error)


def _replace(rule: Rule, value: Any) -> Rule:
    """Return a row with another value of the same kind and shape."""
    old = _plain(rule)
    if isinstance(value, str) and _shape(rule.value) == "number" and _EXPONENT.fullmatch(value.strip()):
        value = float(value)  # YAML takes 1e6 for a text
    if isinstance(old, dict) and isinstance(rule.value, Intervals) and isinstance(value, (list, tuple)):
        value = old | {"breaks": list(value)}
    if isinstance(rule.value, dict) and isinstance(value, dict) and _has_codes(rule.value):
        # A plan's keys are texts, whatever they look like.
        value = {int(key) if str(key).isdecimal() else key: one for key, one in value.items()}
    new = Rule.model_validate(rule.model_dump() | {"value": value, "source": "plan", "confidence": "given"})
    if _shape(new.value) != _shape(rule.value):
        raise ValueError(_STRANGE)
    _refuse_range(rule.value, new.value)
    return new


def _refuse_range(old: Any, new: Any) -> None:
    """Refuse numbers that a row of this kind cannot hold: of the other sign, or no grades."""
    given, known = list(_numbers(new)), list(_numbers(old))
    if min(given, default=0) < 0 <= min(known, default=0) and not isinstance(old, Shifts):
        raise ValueError("is below 0")
    if _is_matrix(old) and (
        any(number != int(number) for number in given)
        or not min(known) <= min(given) <= max(given) <= max(known)
    ):
        raise ValueError(f"entries of this matrix are whole numbers {min(known):g} to {max(known):g}")


def _has_codes(value: Mapping[Any, Any]) -> bool:
    return all(isinstance(key, int) for key in value)


def _is_matrix(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], tuple)


def _numbers(value: Any) -> Iterator[float]:
    """Yield all numbers that a row holds; of intervals the breaks."""
    if isinstance(value, Intervals):
        value = value.breaks
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)


def _shape(value: Any) -> Any:
    """Return what two values must share for one to stand for the other."""
    if isinstance(value, bool) or not isinstance(value, (int, float, tuple, dict)):
        return type(value).__name__
    if isinstance(value, dict):
        return sorted(value, key=str)
    if isinstance(value, tuple):
        is_list = all(isinstance(item, str) for item in value)
        return "names" if is_list else [_shape(item) for item in value]
    return "number"


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
