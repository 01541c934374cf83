"""The course of an indicator: how it must stand to its targets, and where the change so far leads."""

from __future__ import annotations

from dataclasses import dataclass

from spatial.engine.trends import carry_on, rate_of, step_of
from spatial.plan.parts.indicators import Indicator
from spatial.plan.reading.targets import Relation
from spatial.plan.reading.unitwords import UnitWords

_SHARE = "share"


def relation_of(item: Indicator, year: int) -> Relation:
    """Return how a value must stand to the target of a year.

    As the target says; else by the direction; else more is better where the target is above the base value.

    Examples
    --------
    >>> one = Indicator.model_validate({"id": "a", "targets": {2030: 5, 2035: "< 4"}, "direction": "up"})
    >>> relation_of(one, 2030), relation_of(one, 2035)
    ('>=', '<')
    """
    target = item.targets[year]
    if target.relation is not None:
        return target.relation
    if item.direction == "keep":
        return "="
    direction = item.direction
    if direction is None:
        base = item.values.get(base_year_of(item) or 0)
        direction = "down" if base is not None and target.value < base else "up"
    if direction == "down":
        return "<" if item.strict else "<="
    return ">" if item.strict else ">="


def base_year_of(item: Indicator) -> int | None:
    """Return the year that change is counted from: that of the plan, else the first with a value."""
    return item.base_year if item.base_year in item.values else min(item.values, default=None)


@dataclass(frozen=True)
class Course:
    """Where an indicator comes from and goes to: base, last value, and the change in a year by both trends.

    Parameters
    ----------
    base, last : int, optional
        Years that change is counted between; the same where there is one value only.
    step, rate : float, optional
        Change in a year by equal steps, and growth at a constant rate; None where there is none.
    is_share : bool
        Its values are shares, which stay between nothing and all.
    most : float
        All, in the unit of the shares.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> one = Indicator.model_validate({"id": "a", "unit": "%", "values": {2018: 90, 2020: 96}})
    >>> course = Course.of(one, UnitWords.of(read_rules("indicators")), 100)
    >>> course.at(one, 2021, "linear"), course.at(one, 2030, "linear")
    (99.0, 100.0)
    """

    base: int | None
    last: int | None
    step: float | None
    rate: float | None
    is_share: bool
    most: float

    @classmethod
    def of(cls, item: Indicator, words: UnitWords, most: float) -> Course:
        """Return the course of an indicator; `most` is the most that a share can be, in percent."""
        base, last = base_year_of(item), max(item.values, default=None)
        known = words.find(item.unit or "")
        is_share = known is not None and known[0] == _SHARE
        full = words.convert(most, "%", item.unit or "%") if is_share else None
        if base is None or last is None or last <= base:
            return cls(base, last, None, None, is_share, full or most)
        first, second = item.values[base], item.values[last]
        years = last - base
        return cls(
            base, last, step_of(first, second, years), rate_of(first, second, years), is_share, full or most
        )

    def at(self, item: Indicator, year: int, kind: str) -> float | None:
        """Return the trend in a year; shares stay between nothing and all."""
        if self.last is None:
            return None
        value = item.values[self.last]
        years = year - self.last
        made = (
            carry_on(value, years, step=self.step)
            if kind == "linear"
            else carry_on(value, years, rate=self.rate)
        )
        if made is None or not self.is_share:
            return made
        return min(max(made, 0.0), float(max(self.most, value)))
