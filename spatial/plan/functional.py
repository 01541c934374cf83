"""Functional zones 功能区: areas with a management of their own, and the units that they are laid over."""

from __future__ import annotations

from pydantic import Field

from spatial.plan.base import Name, Record, Slug


class FunctionalZones(Record):
    """Zones such as 高新区 or 产业集聚区, and the towns or districts that they lie in.

    Parameters
    ----------
    source : str
        Polygons of the plan's sources; one with the same name twice is one zone.
    where : dict
        Values of its columns that pick the zones.
    units : str, optional
        Polygons of towns or districts; the districts of the territory unless given.
    """

    source: Slug
    where: dict[Name, str | int | float] = Field(default_factory=dict)
    units: Slug | None = None
