"""Boundary roads 断头路: roads that end before a boundary of districts, and how well these are joined."""

from __future__ import annotations

from pydantic import Field

from spatial.plan.base import Name, Record, Slug
from spatial.plan.reading.units import Length


class BoundaryRoads(Record):
    """Roads that end near a shared boundary, and pairs of districts that too few main roads join.

    Parameters
    ----------
    within_m : float
        Ends of roads no farther than this from a shared boundary are looked at, ``within: 500 m``.
    districts : str, optional
        Polygons of the plan's sources; the districts of the territory unless given.
    trunk_links : int
        So many main roads should cross each shared boundary.
    jobs : str, optional
        Points or polygons of the plan's sources that people travel to, beside other people.
    jobs_column : str
        How many jobs each of them has.
    """

    within_m: Length = Field(default=500.0, alias="within", gt=0, le=5000)
    districts: Slug | None = None
    trunk_links: int = Field(default=2, ge=1, le=100)
    jobs: Slug | None = None
    jobs_column: Name = "jobs"
