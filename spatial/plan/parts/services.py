"""Public services 公共服务: who is to reach which facility in how long, and what may be built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from spatial.plan.base import Name, Record, Slug, Text
from spatial.plan.reading.units import Time

ALL_GROUP = "all"
DISTRICTS = "districts"
"""The districts of the territory, where no source is named."""
ServiceMode = Literal["drive", "cycle", "walk"]


class Service(Record):
    """A service with its standard: a group of people reaches a category of facilities within so many minutes.

    Parameters
    ----------
    category : str
        As in the table of facilities, or as the facilities' own column says.
    group : str
        One of the plan's groups; that of the rule table of services unless given, else the first group.
    mode : {"drive", "cycle", "walk"}
        On foot unless given, and then at the pace of the table of facilities.
    within_min : float, optional
        ``within: 15 min``; the minutes of the table of facilities unless given.
    name : Text, optional
        For categories that the table of facilities does not have.
    """

    category: Slug
    group: Slug | None = None
    mode: ServiceMode = "walk"
    within_min: Time | None = Field(default=None, alias="within", gt=0, le=240)
    name: Text | None = None


class Services(Record):
    """公共服务: facilities, people in groups, districts, standards, and sites that may be built.

    Parameters
    ----------
    facilities : str
        Points of the plan's sources, with a category each and perhaps a capacity. Of polygons a point inside.
    people : str
        Points or polygons of the plan's sources, with a column of people for each group.
    groups : dict
        Group to column of `people`; ``all: people`` unless given.
    districts : str
        Polygons of the plan's sources, or ``districts``, the districts of the territory.
    services : tuple of Service
        Those of the rule table of services unless given.
    share : float, optional
        The share of people within the standard that a district should have; the rule table's unless given.
    candidates : str, optional
        Points of the plan's sources where something may be built; the places of people unless given.
    add : int
        How many facilities of each service are added.
    narrow : {"theil", "ratio"}
        What the sites that narrow the gap are chosen by: Theil's index between districts, or the ratio of
        worst to best mean minutes.
    """

    facilities: Slug
    category_column: Name = "category"
    categories: dict[Name, Slug] = Field(default_factory=dict)
    capacity_column: Name = "capacity"
    people: Slug
    groups: dict[Slug, Name] = Field(default_factory=lambda: {ALL_GROUP: "people"}, min_length=1)
    districts: Slug = DISTRICTS
    services: tuple[Service, ...] = ()
    share: float | None = Field(default=None, gt=0, le=1)
    candidates: Slug | None = None
    add: int = Field(default=1, ge=1, le=20)
    narrow: Literal["theil", "ratio"] = "theil"

    @model_validator(mode="after")
    def _groups_known_and_services_once(self) -> Services:
        unknown = sorted({str(one.group) for one in self.services if one.group} - set(self.groups))
        if unknown:
            known = ", ".join(self.groups)
            raise ValueError(
                f"services name groups that are not among `groups`: {', '.join(unknown)}; there is {known}"
            )
        keys = [(one.category, one.group, one.mode) for one in self.services]
        twice = sorted({one[0] for one in keys if keys.count(one) > 1})
        if twice:
            raise ValueError(f"services are given twice for one group and mode: {', '.join(twice)}")
        return self


@dataclass(frozen=True)
class Asked:
    """A service with its standard; `cap_min` is what a journey counts as that is longer or not possible."""

    id: str
    category: str
    group: str
    mode: ServiceMode
    limit_min: float
    cap_min: float
    zh: str
    en: str

    def describe(self) -> dict[str, str | float]:
        """Return what tables say of the service."""
        return {
            "service": self.zh,
            "service_en": self.en,
            "group": self.group,
            "mode": self.mode,
            "limit_min": self.limit_min,
            "cap_min": self.cap_min,
        }
