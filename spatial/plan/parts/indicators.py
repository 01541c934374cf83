"""Indicators 规划指标: what a plan counts, what it was, is to become, and where the map measures it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from spatial.plan.base import Name, Record, Slug, Text, show_value
from spatial.plan.reading.targets import Target, parse_target
from spatial.plan.rules import read_rules

Nature = Literal["binding", "expected", "advisory"]
"""约束性, 预期性, 建议性."""
Direction = Literal["up", "down", "keep"]
"""Whether more is better, or less; `keep` is to stay at the target."""
NATURE_NAMES: dict[str, Text] = {
    "binding": Text(zh="约束性", en="Binding"),
    "expected": Text(zh="预期性", en="Expected"),
    "advisory": Text(zh="建议性", en="Advisory"),
}
_NATURES: dict[str, Nature] = {
    "约束性": "binding", "约束": "binding", "预期性": "expected", "预期": "expected", "建议性": "advisory",
    "建议": "advisory", "binding": "binding", "expected": "expected", "advisory": "advisory",
}  # fmt: skip
_DIRECTIONS: dict[str, Direction] = {
    "up": "up", "down": "down", "keep": "keep", "增": "up", "升": "up", "正向": "up", "越大越好": "up",
    "减": "down", "降": "down", "负向": "down", "逆向": "down", "越小越好": "down", "不变": "keep",
    "适度": "keep",
}  # fmt: skip
_KINDS: dict[str, Literal["actual", "target"]] = {
    "actual": "actual", "现状": "actual", "实际": "actual", "现状值": "actual", "实际值": "actual",
    "基期": "actual", "target": "target", "目标": "target", "目标值": "target", "规划": "target",
    "规划值": "target",
}  # fmt: skip
MEASURE = r"^[a-z][a-z_]*(\.[^.\s]+)?\.[a-z][a-z0-9_]*$"
"""A measure of the map: layer, which of its rows, column: ``zones.urban.area_ha``."""


def _one_of(words: dict[str, Any]) -> BeforeValidator:
    def read(value: Any) -> Any:
        plain = unicodedata.normalize("NFKC", value).strip().lower() if isinstance(value, str) else value
        return words.get(plain, plain) if isinstance(plain, str) else plain

    return BeforeValidator(read)


def _read_number(value: Any) -> Any:
    """Take a number, or the text of one: YAML reads ``1e5`` and ``87,599`` as texts."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        with suppress(ValueError):
            found = parse_target(value)
            if not (found["relation"] or found["unit"]):
                return found["value"]
    raise ValueError(f"{show_value(value)} is not a number; write the number alone, without its unit")


def _refuse_no_measure(value: str) -> str:
    if not re.match(MEASURE, value):
        example = "write layer, row and column, such as lines.permanent_farmland.area_ha"
        raise ValueError(f"{show_value(value)} is no measure of the map; {example}")
    return value


Year = Annotated[int, Field(ge=1949, le=2200)]
NatureWord = Annotated[Nature, _one_of(_NATURES)]
DirectionWord = Annotated[Direction, _one_of(_DIRECTIONS)]
KindWord = Annotated[Literal["actual", "target"], _one_of(_KINDS)]
Measure = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    AfterValidator(_refuse_no_measure),
    WithJsonSchema({"type": "string", "pattern": MEASURE}),
]
Number = Annotated[
    float,
    BeforeValidator(_read_number),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*[+-]?[0-9][0-9,.eE+-]*\s*$"}]}
    ),
]


class Indicator(Record):
    """An indicator 指标 of the plan, with its values and targets by year.

    Parameters
    ----------
    id : str
        Short name. One of ``rules/indicators.yaml`` gives name, unit and direction where the plan does not.
    name, unit : optional
        As printed; the table's unless given.
    nature : {"binding", "expected", "advisory"}, optional
        约束性, 预期性 or 建议性; those words are understood as well.
    direction : {"up", "down", "keep"}, optional
        How a target without a relation is meant.
    scope : str, optional
        What it is counted over, such as 市域 or 中心城区.
    of : str, optional
        The district or zone that it is of; the whole territory unless given.
    values : dict of year to number
        What was counted.
    targets : dict of year to target
        What it is to be: ``65``, ``"> 65"``, ``不低于 65``.
    strict : bool
        A target without a relation is to be passed, not merely reached.
    base_year : int, optional
        The year that change is counted from; the first of `values` unless given.
    measure : str, optional
        Where the map measures it (key ``from``): ``lines.permanent_farmland.area_ha``.
    source : Text, optional
        Where the figures are from.
    illustrative : bool
        The figures are invented to show how the plan works.

    Examples
    --------
    >>> one = Indicator.model_validate({"id": "urbanisation", "targets": {2020: "> 65"}})
    >>> one.targets[2020].relation, one.nature
    ('>', None)
    """

    id: Slug
    name: Text | None = None
    unit: Name | None = None
    nature: NatureWord | None = None
    direction: DirectionWord | None = None
    scope: Name | None = None
    of: Name | None = None
    values: dict[Year, Number] = Field(default_factory=dict)
    targets: dict[Year, Target] = Field(default_factory=dict)
    strict: bool = False
    base_year: Year | None = None
    measure: Measure | None = Field(default=None, alias="from")
    source: Text | None = None
    illustrative: bool = False

    @model_validator(mode="after")
    def _the_base_has_a_value(self) -> Indicator:
        if self.base_year is not None and self.values and self.base_year not in self.values:
            raise ValueError(f"`base_year` {self.base_year} has no number under `values`; add it")
        return self


class IndicatorRow(Record):
    """One row of a file of indicators: a value or a target of one year."""

    id: Slug
    name: Text | None = None
    unit: Name | None = None
    nature: NatureWord | None = None
    direction: DirectionWord | None = None
    scope: Name | None = None
    of: Name | None = None
    year: Year
    value: Target
    kind: KindWord = "actual"
    source: Text | None = None


class CoreIndicator(Record):
    """A core indicator 核心指标 in short, as plans are compared by: so many of a unit, in a year."""

    value: float
    unit: Name
    year: int | None = Field(default=None, ge=1949, le=2200)


def state_core(indicators: Sequence[Indicator]) -> dict[str, CoreIndicator]:
    """Return in short, of indicators of the whole territory, the last target, else the last value.

    Units that the plan leaves out are those of the rule table.

    Examples
    --------
    >>> one = {"id": "urbanisation", "values": {2018: 62.36}, "targets": {2020: "> 65"}}
    >>> state_core([Indicator.model_validate(one)])["urbanisation"]
    CoreIndicator(value=65.0, unit='%', year=2020)
    """
    known = read_rules("indicators").under("indicator")
    stated: dict[str, CoreIndicator] = {}
    for item in indicators:
        unit = item.unit or known.get(item.id, {}).get("unit")
        if item.of is not None or unit is None or item.id in stated:
            continue
        figures = {year: target.value for year, target in item.targets.items()} or item.values
        if figures:
            year = max(figures)
            stated[item.id] = CoreIndicator(value=figures[year], unit=unit, year=year)
    return stated
