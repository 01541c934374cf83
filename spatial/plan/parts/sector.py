"""What a plan is among other plans of the same land: whose it is, and what its codes mean to all of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from spatial.plan.base import Name, Record, Slug
from spatial.plan.parts.indicators import CoreIndicator
from spatial.plan.parts.landuse import Scheme

Role = Literal["survey", "land", "ecology", "forest", "farming", "water", "urban", "transport", "other"]


class CommonBase(Record):
    """The base 统一底板 that plans of neighbouring districts share; leaving it is an error of the run.

    Parameters
    ----------
    name : str
        Plans that name the same base are held to each other.
    districts : str
        Polygons of the plan's sources: the one map of all districts of the base.
    district : str
        Which of them the plan is of.
    indicators : tuple of str
        Core indicators that every plan of the base gives; those that any plan gives unless listed.
    """

    name: Name
    districts: Slug
    district: Name
    indicators: tuple[Name, ...] = ()


class Sector(Record):
    """A sector plan 专项规划 or any other that is to be reconciled with others.

    Parameters
    ----------
    source : str
        Polygons of the plan's sources, each with a code.
    column : str
        Where the code stands.
    scheme : {"survey", "2020", "2023"}, optional
        Classification of the codes: the third survey's, or 用地用海 of a year.
    classes : dict of str to str or list of str
        What codes mean in the common classification; several where a code does not tell. Before the scheme.
    department : str
        Who answers for the plan; a key of ``rules/departments.yaml`` or a name.
    role : str
        What the plan is among others; rules of ``rules/reconcile.yaml`` speak of it.
    partial : bool
        The plan speaks of its own land only (a forest plan), so that its silence lacks nothing.
    indicators : dict of str to CoreIndicator
        Core indicators, which all plans should give in one unit and for one year. Those of the part
        ``indicators`` of the plan count as well.
    base : CommonBase, optional
        The base that it shares with the plans of other districts.
    """

    source: Slug
    column: Name
    scheme: Scheme | None = None
    classes: dict[Name, Name | tuple[Name, ...]] = Field(default_factory=dict)
    department: Name = "natural_resources"
    role: Role = "other"
    partial: bool = False
    indicators: dict[Name, CoreIndicator] = Field(default_factory=dict)
    base: CommonBase | None = None

    @model_validator(mode="after")
    def _codes_mean_something(self) -> Sector:
        if self.scheme is None and not self.classes:
            raise ValueError('say what the codes mean: give `scheme`, or `classes` such as {R: "07"}')
        return self

    def meaning(self, code: str) -> tuple[str, ...] | None:
        """Return the classes that the plan itself gives a code; None where it leaves that to the scheme.

        Examples
        --------
        >>> plan = Sector(source="land", column="code", classes={"E2": ["01", "03"], "R": "07"})
        >>> plan.meaning("E2"), plan.meaning("R"), plan.meaning("G")
        (('01', '03'), ('07',), None)
        """
        given = self.classes.get(code)
        return (given,) if isinstance(given, str) else given
