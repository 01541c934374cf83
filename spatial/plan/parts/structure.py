"""The structure of a plan: a formula such as 一核两带多点 and the elements that fulfil it.

Each kind of element is made from what planners know: named areas, towns, discs round places, lines
of a source, or a row of places. The recipe stays with the element. How elements agree with the formula,
and names that are found nowhere, are findings; only a formula that cannot be read is refused.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from spatial.plan.base import Name, Position, Record, Slug, Text
from spatial.plan.reading.formula import check_formula
from spatial.plan.reading.units import Length

FormulaText = Annotated[Name, AfterValidator(check_formula), Field(examples=["一核两带多点"])]
"""A structure formula; nonsense is a fault of the plan, with its position."""
Reach = Annotated[Length, Field(gt=0, le=500_000)]
"""Metres, more than zero and not beyond 500 km, where straight-line geometry stops to mean anything."""
Spot = Annotated[
    Annotated[Name, Tag("name")] | Annotated[Position, Tag("position")],
    # Chosen by form, so that a wrong position is reported once and not as a wrong name as well.
    Discriminator(lambda value: "position" if isinstance(value, (list, tuple)) else "name"),
]
"""The name of a town or place, or a position."""
Side = Literal["both", "north", "south", "east", "west"]
Ends = Literal["round", "flat", "taper"]

CoreKind = Literal["core", "centre", "pole", "main", "sub"]
"""核, 中心, 极, 主(中心), 副(中心): places that the others look to."""
BeltKind = Literal["belt", "corridor", "screen", "network"]
"""带, 廊, 屏, 网."""
PointKind = Literal["point", "node"]
"""点, 节点."""
DistrictKind = Literal["district", "zone", "cluster", "block", "wing"]
"""片区, 区, 组团, 板块, 翼."""

LAYER_OF_KIND: dict[str, str] = {
    **dict.fromkeys(get_args(CoreKind), "cores"),
    **dict.fromkeys(get_args(BeltKind), "belts"),
    **dict.fromkeys(get_args(PointKind), "points"),
    **dict.fromkeys(get_args(DistrictKind), "structure"),
    "axis": "axes",
    "ring": "structure",
}
"""Kind to the layer that shows it; districts and rings have none of their own."""


class Disc(Record):
    """A disc of true (ellipsoidal) radius round a place, a town's seat or a position."""

    at: Spot
    radius_m: Reach = Field(alias="radius")


class _Element(Record):
    """What every element has; rank 1 is the highest."""

    id: Slug
    name: Text
    function: Text | None = None
    rank: int = Field(default=1, ge=1, le=9)


class _FromAreas(_Element):
    """Polygons united from areas, towns, districts and discs, then smoothed if asked.

    `areas` and `towns` are names of polygons in `source`; with neither, all of `source` is taken. Without
    `source`, `towns` are looked up among the districts, as `districts` (names or codes) always are.
    Smoothing joins neighbours that are up to about twice `smooth` apart and rounds corners.
    """

    source: Slug | None = None
    areas: tuple[Name, ...] = ()
    towns: tuple[Name, ...] = ()
    districts: tuple[Name, ...] = ()
    discs: tuple[Disc, ...] = ()
    smooth_m: Length = Field(default=0.0, alias="smooth", le=50_000)
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
    """A line: named lines of a source (all of it when none is named), or through places in order.

    A line through places is a gentle curve unless `smooth: false`; lines of a source stay as they are.
    """

    source: Slug | None = None
    along: tuple[Name, ...] = ()
    through: tuple[Spot, ...] = ()
    smooth: bool = True

    @model_validator(mode="after")
    def _one_line(self) -> _AlongLine:
        if bool(self.source) == bool(self.through):
            raise ValueError("give either `source` (with `along`, the names of its lines) or `through`")
        if self.through and len(self.through) < 2:
            raise ValueError("`through` needs two places or more")
        return self


class BeltElement(_AlongLine):
    """带, 廊, 屏, 网: land along a line, less the elements named in `cut`.

    `width` is the full width on `both` sides, and the reach to the one side otherwise. A side is that
    of the line as a whole: north of a river is its northern bank in every bend.
    """

    kind: BeltKind
    width_m: Reach = Field(alias="width")
    side: Side = "both"
    ends: Ends = "round"
    cut: tuple[Slug, ...] = ()


class AxisElement(_AlongLine):
    """轴: a line through places, with a rank."""

    kind: Literal["axis"]


class PointElement(_Element):
    """点, 节点: a place or a town with a function and a rank."""

    kind: PointKind
    at: Spot


class RingElement(_Element):
    """环: a band round an element, at a distance from its outer edge."""

    kind: Literal["ring"]
    round: Slug
    distance_m: Length = Field(alias="distance", le=500_000)
    width_m: Reach = Field(alias="width")


Element = Annotated[
    CoreElement | DistrictElement | BeltElement | AxisElement | PointElement | RingElement,
    Field(discriminator="kind"),
]


def _at_least_one(elements: tuple[Any, ...]) -> tuple[Any, ...]:
    # Not Field(min_length=1): pydantic would then also report "no items" when one item has a fault.
    if not elements:
        raise ValueError("there is no element; write at least one that the formula names")
    return elements


class Structure(Record):
    """The formula and its elements; how they agree is a finding, not a refusal."""

    formula: FormulaText
    elements: Annotated[
        tuple[Element, ...], AfterValidator(_at_least_one), Field(json_schema_extra={"minItems": 1})
    ]
