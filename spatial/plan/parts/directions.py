"""Development directions 发展方向: where a city improves, extends, builds and renews, and what shows it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from spatial.plan.base import Name, Record, Slug, Text
from spatial.plan.reading.units import Length

Toward = Literal["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]
Action = Literal["improve", "extend", "build", "renew"]
"""优化, 拓展, 建设, 改造."""
BEARINGS: dict[str, float] = {
    "north": 0.0,
    "northeast": 45.0,
    "east": 90.0,
    "southeast": 135.0,
    "south": 180.0,
    "southwest": 225.0,
    "west": 270.0,
    "northwest": 315.0,
}
"""Degrees from true north, clockwise."""
TOWARD_NAMES: dict[str, Text] = {
    "north": Text(zh="北", en="north"),
    "northeast": Text(zh="东北", en="northeast"),
    "east": Text(zh="东", en="east"),
    "southeast": Text(zh="东南", en="southeast"),
    "south": Text(zh="南", en="south"),
    "southwest": Text(zh="西南", en="southwest"),
    "west": Text(zh="西", en="west"),
    "northwest": Text(zh="西北", en="northwest"),
}
ACTION_NAMES: dict[str, Text] = {
    "improve": Text(zh="优化", en="Improve"),
    "extend": Text(zh="拓展", en="Extend"),
    "build": Text(zh="建设", en="Build"),
    "renew": Text(zh="改造", en="Renew"),
}
"""Actions in the order in which they are listed."""
GROWING = ("extend", "build")
"""Actions that ask for new land; improving and renewing ask for better use of what is built."""


class Direction(Record):
    """One direction or district, such as ``{toward: northwest, action: improve}``.

    Give `toward` for a wedge from the centre, `area` with `source` for polygons of that name, or `at` with
    `radius` for the land round a town or place.
    """

    action: Action
    name: Text | None = None
    toward: Toward | None = None
    area: Name | None = None
    source: Slug | None = None
    at: Name | None = None
    radius_m: Length | None = Field(default=None, alias="radius", gt=0, le=50_000)

    @model_validator(mode="after")
    def _one_place(self) -> Direction:
        if [self.toward, self.area, self.at].count(None) != 2:
            raise ValueError("give one of `toward`, `area` and `at`")
        if (self.area is None) != (self.source is None):
            raise ValueError("give `area` and `source` together: the name of polygons, and where they are")
        if (self.at is None) != (self.radius_m is None):
            raise ValueError("give `at` and `radius` together: a town or place, and how far round it")
        return self


class YearOfLand(Record):
    """Built-up land of one year: polygons of a source."""

    source: Slug
    year: int = Field(ge=1949, le=2200)
    where: dict[Name, str | int | float] = Field(default_factory=dict)


class Directions(Record):
    """发展方向: directions from a centre, and the land of several years that shows whether they are followed.

    Parameters
    ----------
    centre : str
        A town or place that wedges begin at.
    actions : tuple of Direction
    reach_m : float, optional
        How far wedges reach, ``reach: 8 km``; the rule table's unless given.
    land : tuple of YearOfLand
        Built-up land, a source a year.
    planned : int, optional
        Year for which the urban zones of the plan count as land; they are left out unless given.
    """

    centre: Name
    actions: tuple[Direction, ...] = Field(min_length=1)
    reach_m: Length | None = Field(default=None, alias="reach", gt=0, le=200_000)
    land: tuple[YearOfLand, ...] = ()
    planned: int | None = Field(default=None, ge=1949, le=2200)

    @model_validator(mode="after")
    def _each_once(self) -> Directions:
        years = [*(one.year for one in self.land), *([] if self.planned is None else [self.planned])]
        twice = sorted({year for year in years if years.count(year) > 1})
        if twice:
            raise ValueError(f"years are given twice: {', '.join(map(str, twice))}")
        wedges = [one.toward for one in self.actions if one.toward]
        double = sorted({toward for toward in wedges if wedges.count(toward) > 1})
        if double:
            raise ValueError(f"directions are given twice: {', '.join(double)}")
        return self


def name_direction(one: Direction) -> tuple[str, str]:
    """Return what a direction is called in Chinese and English: its own name, or such as 优化西北.

    Examples
    --------
    >>> name_direction(Direction(toward="southeast", action="extend"))
    ('拓展东南', 'Extend southeast')
    """
    if one.name is not None:
        return one.name.pick("zh"), one.name.pick("en")
    what, where = ACTION_NAMES[one.action], one.area or one.at or ""
    if one.toward:
        return what.zh + TOWARD_NAMES[one.toward].zh, f"{what.en} {TOWARD_NAMES[one.toward].en}"
    return what.zh + where, f"{what.en} {where}"
