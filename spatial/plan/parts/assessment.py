"""Differentiated assessment 差异化考核: functional zones scored by indicators of their kind."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from spatial.errors import Fault, RuleError
from spatial.plan.base import Name, Record, Slug, Text
from spatial.plan.parts.functional import ZoneKind
from spatial.plan.rules import RuleTable

Direction = Literal["up", "down", "near"]
"""越高越好, 越低越好, 越接近目标值越好."""
Weighing = Literal["expert", "entropy", "both"]
"""专家权重, 熵权, 组合权重."""
DIRECTION_NAMES: dict[str, Text] = {
    "up": Text(zh="越高越好", en="higher is better"),
    "down": Text(zh="越低越好", en="lower is better"),
    "near": Text(zh="越接近目标越好", en="nearer to the target is better"),
}
WEIGHING_NAMES: dict[str, Text] = {
    "expert": Text(zh="专家权重", en="Expert weights"),
    "entropy": Text(zh="熵权", en="Entropy weights"),
    "both": Text(zh="组合权重（专家权重×熵权，归一）", en="Combined weights (expert × entropy, normalised)"),
}
_UNITS = "unit."
_INDICATORS = "indicator."
_BOUNDS = {
    "entropy.least": (2, inf, "write 2 or more: one zone alone has no entropy"),
    "missing.most": (0, 1, "write a share, 0 to 1"),
    "doubt.factor": (1, inf, "write 1 or more"),
    "stability.runs": (1, 1_000_000, "write 1 to 1 000 000 runs"),
    "stability.spread": (0, 0.99, "write a share, 0 to 0.99"),
    "stability.lost": (0, 1, "write a share, 0 to 1"),
}
"""Between which numbers a row means anything."""


class AssessmentColumns(Record):
    """Columns of the table of values that are called otherwise."""

    zone: Name = "zone"
    indicator: Name = "indicator"
    value: Name = "value"
    year: Name = "year"


class Indicator(Record):
    """One indicator of a kind of zone.

    Parameters
    ----------
    indicator : str
        Its key, by which the table of values names it; or the table names it by `name`.
    name, unit, direction : optional
        Those of ``rules/assessment.yaml`` where it has the indicator; without it the key is the name.
    target : float, optional
        What is to be reached; needed where the direction is ``near``.
    weight : float
        Weight by experts; the weights of a set are brought to a sum of one.
    """

    indicator: Slug
    name: Text | None = None
    unit: Text | None = None
    direction: Direction | None = None
    target: float | None = None
    weight: float = Field(ge=0)


class Assessment(Record):
    """差异化考核: the table of values, and where the plan knows the indicators better than the rules do.

    Parameters
    ----------
    table : str
        A source of rows ``zone, indicator, value`` and perhaps ``year``.
    columns : AssessmentColumns
        What its columns are called.
    year : int, optional
        The year that is assessed; the newest of the table unless given.
    sets : dict
        Kind of zone to its indicators: takes the place of the whole set of the rules.
    rules : dict
        Rows of ``rules/assessment.yaml`` that have other values here; either of a weight and a target may be
        left out. A weight of zero leaves the indicator out.
    weights : {"both", "expert", "entropy"}
        By which weights zones are scored; ranks by all three are told.
    """

    table: Slug
    columns: AssessmentColumns = AssessmentColumns()
    year: int | None = Field(default=None, ge=1949, le=2200)
    sets: dict[ZoneKind, tuple[Indicator, ...]] = Field(default_factory=dict)
    rules: dict[Name, Any] = Field(default_factory=dict)
    weights: Weighing = "both"

    @model_validator(mode="after")
    def _sets_can_be_weighed(self) -> Assessment:
        for kind, rows in self.sets.items():
            names = [row.indicator for row in rows]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"the set of {kind} has an indicator twice: {', '.join(twice)}")
            if not sum(row.weight for row in rows) > 0:
                raise ValueError(f"the set of {kind} has no indicator with a weight above 0")
            blind = [row.indicator for row in rows if row.direction == "near" and row.target is None]
            if blind:
                raise ValueError(f"`direction: near` needs a `target`: {kind}, {', '.join(blind)}")
        both = [key for key in self.rules if key.partition(".")[0] in self.sets]
        if both:
            raise ValueError(f"under `rules` and in a set under `sets`: {', '.join(both)}; keep one of them")
        return self


@dataclass(frozen=True)
class Criterion:
    """An indicator as a kind of zone is scored by it; `weight` as it is written, before the sum is one."""

    key: str
    name: Text
    unit: Text
    direction: Direction
    target: float | None
    weight: float


def settle_rules(spec: Assessment | None, table: RuleTable) -> RuleTable:
    """Return the table of rules with the rows that a plan replaces.

    Raises
    ------
    RuleError
        Rows that there are not, values of another kind, an indicator of a set without direction: all at once.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> spec = Assessment(table="scores", rules={"services.vacancy_rate": {"weight": 0.2}})
    >>> settle_rules(spec, read_rules("assessment")).value("services.vacancy_rate")
    {'weight': 0.2, 'target': 15}
    """
    if spec is None:
        return table
    faults = list(_find_faults(spec, table))
    try:
        settled = table.override(_fill_rows(spec, table), head="assessment.rules.")
    except RuleError as error:
        raise RuleError([*faults, *error.faults]) from error
    if faults:
        raise RuleError(faults)
    return settled


def _fill_rows(spec: Assessment, table: RuleTable) -> dict[str, Any]:
    """Return rows with what a plan does not say of them as the table has it."""
    known = {rule.key: rule.value for rule in table.rules}
    filled = {}
    for key, value in spec.rules.items():
        old = known.get(key)
        # Strange values are the table's to refuse.
        filled[key] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    return filled


def _find_faults(spec: Assessment, table: RuleTable) -> list[Fault]:
    known = table.under("indicator")
    said = {**known, **{key.removeprefix(_INDICATORS): value for key, value in spec.rules.items()}}
    faults = []
    for kind, rows in spec.sets.items():
        for at, row in enumerate(rows):
            place, direction = f"assessment.sets.{kind}.{at}", row.direction or said.get(row.indicator)
            if direction is None:
                near = difflib.get_close_matches(row.indicator, known, 1)
                hint = f"write its `direction`{f', or did you mean {near[0]}?' if near else ''}"
                problem = f"{row.indicator!r} is not in rules/assessment.yaml and has no direction"
                faults.append(Fault("plan.yaml", place, problem, hint))
            elif direction == "near" and row.target is None:
                problem = f"{row.indicator!r} is best near its target and has none"
                faults.append(Fault("plan.yaml", place, problem, "write its `target`"))
    for key, value in spec.rules.items():
        place = f"assessment.rules.{key}"
        if key.startswith(_INDICATORS) and value not in get_args(Direction):
            faults.append(Fault("plan.yaml", place, f"{value!r} is no direction", "write up, down or near"))
        low, high, remedy = _BOUNDS.get(key, (0.0, inf, ""))
        if remedy and not (isinstance(value, (int, float)) and low <= value <= high):
            faults.append(Fault("plan.yaml", place, f"{value!r} has no meaning here", remedy))
    return faults


def list_criteria(spec: Assessment, rules: RuleTable) -> dict[str, tuple[Criterion, ...]]:
    """Return the indicators of each kind of zone, those of the plan before those of the rules.

    Parameters
    ----------
    spec : Assessment
    rules : RuleTable
        Settled, see `settle_rules`. Indicators without weight are left out.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> sets = list_criteria(Assessment(table="scores"), read_rules("assessment"))
    >>> list(sets), sets["farming"][3].direction, sets["farming"][3].name.en
    (['farming', 'manufacturing', 'services', 'new_economy'], 'down', 'Fertiliser per hectare')
    """
    found = {}
    for kind in get_args(ZoneKind):
        rows = spec.sets.get(kind) or tuple(
            Indicator(indicator=name, target=said.get("target"), weight=said["weight"])
            for name, said in rules.under(kind).items()
        )
        found[kind] = tuple(_describe(row, rules) for row in rows if row.weight > 0)
    return found


def list_indicators(spec: Assessment, rules: RuleTable) -> dict[str, str]:
    """Return the key of each indicator by all that a table may call it: key and names, in lower case.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> list_indicators(Assessment(table="scores"), read_rules("assessment"))["研发投入强度"]
    'rd_intensity'
    """
    words: dict[str, str] = {}
    rows = [row for rows in spec.sets.values() for row in rows]
    names = [(row.indicator, row.name) for row in rows if row.name]
    names += [(rule.key.removeprefix(_INDICATORS), rule.label) for rule in _indicator_rows(rules)]
    for key, name in names:
        words.setdefault(key, key)
        for word in (name.zh, name.en):
            if word:
                words.setdefault(word.lower(), key)
    return words | {row.indicator: row.indicator for row in rows}


def _indicator_rows(rules: RuleTable) -> list[Any]:
    return [rule for rule in rules.rules if rule.key.startswith(_INDICATORS)]


def _describe(row: Indicator, rules: RuleTable) -> Criterion:
    rule = next((one for one in _indicator_rows(rules) if one.key == _INDICATORS + row.indicator), None)
    unit = row.unit or (Text(zh=rule.unit) if rule and rule.unit else None)
    english = rules.under(_UNITS.rstrip(".")).get(unit.zh, unit.en) if unit else ""
    return Criterion(
        key=row.indicator,
        name=row.name or (rule.label if rule else Text(zh=row.indicator)),
        unit=Text(zh=unit.zh or unit.en, en=unit.en or english or unit.zh) if unit else _NO_UNIT,
        direction=row.direction or (rule.value if rule else "up"),
        target=row.target,
        weight=row.weight,
    )


_NO_UNIT = Text(zh="—", en="—")
