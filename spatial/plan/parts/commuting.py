"""Jobs and homes 职住平衡: zones with jobs and workers, and who travels where."""

from __future__ import annotations

from typing import Literal

from spatial.plan.base import Name, Record, Slug


class CommutingColumns(Record):
    """Columns of the sources, named otherwise than usual.

    Parameters
    ----------
    jobs, workers : str
        Of the zones: jobs there, and workers who live there.
    start, end, people : str
        Of the flows: the zone where people live, the zone where they work, and how many they are.
    category : str
        Of the facilities.
    """

    jobs: Name = "jobs"
    workers: Name = "workers"
    start: Name = "from"
    end: Name = "to"
    people: Name = "people"
    category: Name = "category"


class Commuting(Record):
    """职住平衡: jobs and homes by zone, and the journeys between them along roads.

    Parameters
    ----------
    zones : str
        Polygons or points of the plan's sources, with jobs and resident workers.
    columns : CommutingColumns
    flows : str, optional
        Table of the plan's sources: from, to, people; zones are named or given by id.
    outside : tuple of str
        Names in the flows that stand for land outside the plan, such as 市外.
    mode : {"drive", "cycle", "walk"}
    facilities : str, optional
        Points of community facilities with a category, counted inside each zone.
    """

    zones: Slug
    columns: CommutingColumns = CommutingColumns()
    flows: Slug | None = None
    outside: tuple[Name, ...] = ()
    mode: Literal["drive", "cycle", "walk"] = "drive"
    facilities: Slug | None = None
