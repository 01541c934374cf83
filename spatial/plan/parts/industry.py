"""The industry map 产业地图: a list of firms, the units they are compared over, and who supplies whom."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from spatial.plan.base import Name, Record, Slug

Level = Literal["section", "division", "group"]
"""Of GB/T 4754-2017: 门类 (a letter), 大类 (two digits), 中类 (three)."""
OWN_UNITS = ("districts", "functional_zones")
"""Units that a plan has without a source of that name."""


class FirmColumns(Record):
    """Which columns of the list of firms say what; only that of codes must be there."""

    code: Name = "code"
    jobs: Name = "jobs"
    output: Name = "output"
    year: Name = "year"
    role: Name = "role"
    zone: Name = "zone"


class LinkColumns(Record):
    """Which columns of the table of links say what; the amount need not be there."""

    supplier: Name = "supplier"
    buyer: Name = "buyer"
    amount: Name = "amount"


class Industry(Record):
    """Firms with their industries, compared over units.

    Parameters
    ----------
    firms : str
        Points of the plan's sources: name, code of GB/T 4754-2017 (section letter, two to four digits), jobs,
        output in 10 000 yuan, year, role (``key`` 重点 or ``supporting`` 配套), and the unit where given.
    columns : FirmColumns
        What these columns are called.
    units : str
        ``districts``, ``functional_zones``, or polygons of the plan's sources, which go first.
    level : {"section", "division", "group"}
        How finely industries are told apart.
    measure : {"jobs", "output", "firms"}
        What structures are shares of.
    links : str, optional
        Table of the plan's sources: supplier, buyer and amount in 10 000 yuan, by the names of firms.
    link_columns : LinkColumns
        What these columns are called.
    show : {"places", "points", "none"}
        Firms one by one: only where and what they are (the default), with their numbers too, from which all
        sums that are kept back follow, or not at all.
    least_firms : int, optional
        Numbers of fewer firms are not shown; the rule table's unless given. 1 shows everything.
    """

    firms: Slug
    columns: FirmColumns = FirmColumns()
    units: Slug = "districts"
    level: Level = "division"
    measure: Literal["jobs", "output", "firms"] = "jobs"
    links: Slug | None = None
    link_columns: LinkColumns = LinkColumns()
    show: Literal["places", "points", "none"] = "places"
    least_firms: int | None = Field(default=None, ge=1, le=1000)
