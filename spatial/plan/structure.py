"""The structure of a plan: a formula such as 一核两带多点 and the elements that fulfil it.

Each kind of element is made from what planners know: named areas, towns, discs round places, lines
of a source, or a row of places. The recipe stays with the element.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from spatial.plan.base import Name, Position, Record, Slug, Text
from spatial.plan.units import Length

CoreKind = Literal["core", "centre", "pole", "main", "sub"]
"""核, 中心, 极, 主(中心), 副(中心)."""
BeltKind = Literal["belt", "corridor", "screen", "network"]
"""带, 廊, 屏, 网."""
PointKind = Literal["point", "node"]
"""点, 节点."""
DistrictKind = Literal["district", "zone", "cluster", "block", "wing"]
"""片区, 区, 组团, 板块, 翼."""


class Disc(Record):
    """A disc of true (ellipsoidal) radius round a place, a town's seat or a position."""

    at: Name | Position
    radius_m: Length = Field(alias="radius")


class _Element(Record):
    id: Slug
    name: Text
    function: Text | None = None
    rank: int = Field(default=1, ge=1, le=9)


class _FromAreas(_Element):
    """Polygons united from named areas of a source, from towns' polygons and from discs."""

    source: Slug | None = None
    areas: tuple[Name, ...] = ()
    towns: tuple[Name, ...] = ()
    districts: tuple[Name, ...] = ()
    discs: tuple[Disc, ...] = ()
    smooth_m: Length = Field(default=0.0, alias="smooth")
    parts: Literal["one", "many"] = "one"

    @model_validator(mode="after")
    def _made_from_something(self) -> _FromAreas:
        if self.areas and self.source is None:
            raise ValueError("areas are named, but not the source they lie in; add `source: NAME`")
        if not (self.source or self.towns or self.districts or self.discs):
            raise ValueError("nothing to make it from; give source and areas, towns, districts or discs")
        return self


class CoreElement(_FromAreas):
    """核, 中心, 极: must be one polygon unless `parts: many`."""

    kind: CoreKind


class DistrictElement(_FromAreas):
    """片区, 组团, 板块, 翼: one or several polygons."""

    kind: DistrictKind
    parts: Literal["one", "many"] = "many"


class _AlongLine(_Element):
    """A line: named lines of a source, or through places in the order given."""

    source: Slug | None = None
    along: tuple[Name, ...] = ()
    through: tuple[Name | Position, ...] = ()

    @model_validator(mode="after")
    def _one_line(self) -> _AlongLine:
        if bool(self.source) == bool(self.through):
            raise ValueError("give either `source` (with `along`, the names of its lines) or `through`")
        if self.through and len(self.through) < 2:
            raise ValueError("`through` needs two places or more")
        return self


class BeltElement(_AlongLine):
    """带, 廊, 屏, 网: land along a line, on both sides or on one."""

    kind: BeltKind
    width_m: Length = Field(alias="width", gt=0)
    side: Literal["both", "north", "south", "east", "west"] = "both"
    ends: Literal["round", "flat", "taper"] = "round"
    cut: tuple[Slug, ...] = ()


class AxisElement(_AlongLine):
    """轴: a line through places, with a rank."""

    kind: Literal["axis"]
    smooth: bool = True


class PointElement(_Element):
    """点, 节点: a place or a town with a function and a rank."""

    kind: PointKind
    at: Name | Position


class RingElement(_Element):
    """环: a band round an element, at a distance from its edge."""

    kind: Literal["ring"]
    round: Slug
    distance_m: Length = Field(alias="distance")
    width_m: Length = Field(alias="width", gt=0)


Element = Annotated[
    CoreElement | DistrictElement | BeltElement | AxisElement | PointElement | RingElement,
    Field(discriminator="kind"),
]


class Structure(Record):
    """The formula and its elements; how they agree is a finding, not a refusal."""

    formula: Name
    elements: tuple[Element, ...] = Field(min_length=1)
