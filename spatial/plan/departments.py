"""Departments: which rules each of them holds a project against, as a table that planners edit.

The table holds what is asked, never the code: the layer, the relation, the threshold, the exceptions, what
follows and on what it rests. A rule whose basis nobody has established says so by its confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from spatial.errors import Fault, RuleError
from spatial.plan.base import Name, Record, Slug, Text, show_value
from spatial.plan.reading.units import Area, Length
from spatial.plan.reading.yamltext import LONGEST, Lines, decode_yaml, parse_yaml
from spatial.plan.rules import Confidence
from spatial.plan.shelf import find_shelf

Relation = Literal["overlaps", "outside", "within", "share_above"]
"""``overlaps`` the layer's shapes, lies ``outside`` of them, comes ``within`` a distance of them, or has a
share of itself in them that is above a limit."""
Verdict = Literal["pass", "conditional", "reject", "not_judged"]
VERDICTS: dict[str, Text] = {
    "reject": Text(zh="不同意", en="Reject"),
    "incomplete": Text(zh="待补充审查", en="Incomplete"),
    "not_judged": Text(zh="未审查", en="Not judged"),
    "conditional": Text(zh="有条件同意", en="Conditional"),
    "pass": Text(zh="同意", en="Pass"),
}
"""Verdicts in words, worst first. ``incomplete`` is of a whole project or department: no rejection so far,
but rules that could not be judged; it stands above conditions, since not judged is not agreed."""
Plain = str | int | float | bool
Values = tuple[Plain, ...] | Plain


def list_values(values: Values) -> tuple[str, ...]:
    """Return one or several values of an attribute as texts, as they are compared.

    Examples
    --------
    >>> list_values(True), list_values(("a", 1))
    (('true',), ('a', '1'))
    """
    given = values if isinstance(values, tuple) else (values,)
    return tuple(str(value).lower() if isinstance(value, bool) else str(value).strip() for value in given)


class Exemption(Record):
    """What follows instead for projects whose attributes have these values.

    Parameters
    ----------
    when : dict
        Attribute to the values of which it must have one; all attributes must fit.
    verdict, todo, basis, confidence
        As a rule has them.
    """

    when: dict[Slug, Values] = Field(min_length=1)
    verdict: Literal["pass", "conditional", "reject"]
    todo: Text | None = None
    basis: Text
    confidence: Confidence


class DepartmentRule(Record):
    """One rule: where a project meets what, and what follows.

    Parameters
    ----------
    id : str
        Stable; stands in the opinions.
    title : Text
    layer, source : str
        Layer of the plan, or source of the plan: one of them.
    where : dict
        Column of it to the values of which one is wanted.
    relation : str
    distance_m : float, optional
        For ``within``.
    share : float, optional
        For ``share_above``.
    area_m2 : float, optional
        Common area from which the rule applies; else the tolerance of the table.
    projects : dict
        Attributes of the projects that the rule is for; all projects unless given.
    exceptions : tuple of Exemption
        The first that fits stands for the rule.
    verdict : str
        What follows where the relation holds.
    todo : Text, optional
        What is to be done.
    basis : Text
        The text it rests on, as far as it is established.
    confidence : str
    """

    id: Slug
    title: Text
    layer: Slug | None = None
    source: Slug | None = None
    where: dict[Name, Values] = Field(default_factory=dict)
    relation: Relation
    distance_m: Length | None = Field(default=None, alias="distance", gt=0, le=100_000)
    share: float | None = Field(default=None, ge=0, lt=1)
    area_m2: Area | None = Field(default=None, alias="area")
    projects: dict[Slug, Values] = Field(default_factory=dict)
    exceptions: tuple[Exemption, ...] = ()
    verdict: Literal["conditional", "reject"]
    todo: Text | None = None
    basis: Text
    confidence: Confidence

    @model_validator(mode="after")
    def _is_whole(self) -> DepartmentRule:
        if (self.layer is None) == (self.source is None):
            raise ValueError("give either `layer` or `source`")
        if (self.relation == "within") != (self.distance_m is not None):
            raise ValueError("`relation: within` and `distance` belong together")
        if (self.relation == "share_above") != (self.share is not None):
            raise ValueError("`relation: share_above` and `share` belong together")
        if self.verdict == "conditional" and self.todo is None:
            raise ValueError("a condition needs `todo`: what is to be done")
        return self

    @property
    def target(self) -> str:
        """The layer or source, as it is named in messages."""
        return self.layer or f"sources.{self.source}"


class Department(Record):
    """A department and its rules."""

    key: Slug
    name: Text
    rules: tuple[DepartmentRule, ...] = Field(min_length=1)


class Attribute(Record):
    """An attribute of projects that rules ask for.

    Parameters
    ----------
    key : str
        What rules call it.
    name : Text
    columns : tuple of str
        What the column may be called in a file of projects, the likeliest first.
    values : dict
        Value to its label.
    also : dict
        What else stands for a value in files, such as Chinese words.
    by_hand : bool
        Nothing hangs on it: where a file does not state it, the form leaves a line to write on.
    """

    key: Slug
    name: Text
    columns: tuple[Name, ...] = Field(min_length=1)
    values: dict[Name, Text] = Field(default_factory=dict)
    also: dict[Name, tuple[Plain, ...]] = Field(default_factory=dict)
    by_hand: bool = False


class SliverLimits(Record):
    """Below which a common part is a touch, not an overlap.

    Parameters
    ----------
    area_m2 : float
        Of what is left without parts thinner than the width.
    width_m : float
        Mean width of a part; of lines, their length.
    """

    area_m2: Area = Field(alias="area")
    width_m: Length = Field(alias="width")


class Departments(Record):
    """The whole table."""

    name: Name
    version: Name
    title: Text
    note: Text | None = None
    tolerance: SliverLimits
    attributes: tuple[Attribute, ...] = ()
    departments: tuple[Department, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Departments:
        rules = [rule.id for department in self.departments for rule in department.rules]
        for what, names in (
            ("departments", [department.key for department in self.departments]),
            ("rules", rules),
            ("attributes", [attribute.key for attribute in self.attributes]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what} are given twice: {', '.join(twice)}")
        known = {attribute.key for attribute in self.attributes}
        asked = {key for department in self.departments for rule in department.rules for key in _asked(rule)}
        if asked - known:
            raise ValueError(
                f"rules ask for attributes that are not listed: {', '.join(sorted(asked - known))}"
            )
        return self


def _asked(rule: DepartmentRule) -> set[str]:
    return {*rule.projects, *(key for exemption in rule.exceptions for key in exemption.when)}


def read_departments(path: Path | None = None) -> Departments:
    """Read a table of departments; the shipped one unless another is given.

    Raises
    ------
    RuleError
        No such file, or every fault of the table at once, with its line.

    Examples
    --------
    >>> read_departments().departments[0].key
    'natural_resources'
    """
    file = path or find_shelf() / "rules" / "departments.yaml"
    shown = str(path) if path else "rules/departments.yaml"
    try:
        with file.open("rb") as stream:
            data = stream.read(LONGEST + 1)
    except OSError as error:
        fault = Fault(shown, "", f"cannot be read: {error.strerror}", "give a table of departments (.yaml)")
        raise RuleError(fault) from error
    document, lines = parse_yaml(decode_yaml(data, shown), shown)
    if not isinstance(document, dict):
        raise RuleError(Fault(shown, "", "a table of departments is a mapping", "copy the shipped one"))
    faults = list(lines.faults)
    try:
        table = Departments.model_validate(document)
    except ValidationError as error:
        faults += [_explain(item, document, lines) for item in error.errors()]
    if faults:
        raise RuleError(faults)
    return table


def _explain(item: ErrorDetails, document: Any, lines: Lines) -> Fault:
    """Return a fault with the line of what it is about."""
    path: tuple[str | int, ...] = ()
    for step in item["loc"]:
        here = _step(document, step)
        if here is None:
            continue
        document, path = here[0], (*path, step)
    missing = item["type"] == "missing"
    what = "is missing" if missing else item["msg"].removeprefix("Value error, ")
    key = ".".join(map(str, (*path, item["loc"][-1]) if missing else path))
    shown = "" if missing or isinstance(document, (dict, list)) else f"{show_value(document)}: "
    return Fault(lines.where(path), key, f"{shown}{what}")


def _step(document: Any, step: str | int) -> Sequence[Any] | None:
    if isinstance(document, dict) and step in document:
        return (document[step],)
    if isinstance(document, list) and isinstance(step, int) and step < len(document):
        return (document[step],)
    return None
