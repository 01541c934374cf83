"""What a plan says, as frozen records. Unknown keys are refused; quantities carry their unit.

Keys are what planners write in ``plan.yaml``; fields inside end in their unit (``speed`` is read
into ``speed_kmh``). Coordinates are longitude and latitude in degrees, CGCS2000 (EPSG:4490).
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from spatial.plan.base import Name, Position, Record, Slug, Tag, Text
from spatial.plan.parts.assessment import Assessment
from spatial.plan.parts.boundary_roads import BoundaryRoads
from spatial.plan.parts.commuting import Commuting
from spatial.plan.parts.directions import Directions
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.parts.functional import FunctionalZones
from spatial.plan.parts.indicators import Indicator
from spatial.plan.parts.industry import Industry
from spatial.plan.parts.landuse import LandUse
from spatial.plan.parts.ledger import Ledger
from spatial.plan.parts.sector import Sector
from spatial.plan.parts.services import Services
from spatial.plan.parts.structure import Structure
from spatial.plan.reading.units import Area, Length, Speed, Time

Zone = Literal["ecology", "farming", "urban"]
"""生态空间, 农业空间, 城镇空间."""
Line = Literal["permanent_farmland", "ecological_redline", "urban_boundary"]
"""永久基本农田, 生态保护红线, 城镇开发边界."""
Method = Literal["buffer", "network", "surface"]
"""How a circle is measured: straight line, roads, or the surface of the terrain."""
Mode = Literal["drive", "bus", "cycle", "walk"]


class Source(Record):
    """A file or address that the plan's layers are read from."""

    file: Name | None = None
    url: Name | None = None
    layer: Name | None = None
    crs: Name | None = None
    encoding: Name | None = None
    name_column: Name = "name"
    origin: str = ""
    licence: str = ""
    date: dt.date | None = None
    illustrative: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if (self.file is None) == (self.url is None):
            raise ValueError("give either `file` or `url`")
        return self


class Territory(Record):
    """全域: the whole area of the plan, from a provider by code or from a source."""

    name: Text | None = None
    adcode: int | None = Field(default=None, ge=100000, le=999999)
    provider: Literal["tianditu", "amap"] = "tianditu"
    source: Slug | None = None
    stated_area_m2: Area | None = Field(default=None, alias="stated_area")

    @model_validator(mode="after")
    def _from_somewhere(self) -> Territory:
        if self.adcode is None and self.source is None:
            raise ValueError("give `adcode` (six digits) or `source`, or both to have them compared")
        return self


class Town(Record):
    """A town or subdistrict: a seat, and what it is to the plan."""

    name: Text
    code: Name
    seat: Position
    accuracy_m: Length | None = Field(default=None, alias="accuracy")
    role: Text | None = None
    tags: tuple[Tag, ...] = ()
    people: int | None = Field(default=None, ge=0)


class Place(Record):
    """Any other named place: a scenic spot, a station, the middle of the main city."""

    name: Text
    at: Position
    role: Text | None = None
    tags: tuple[Tag, ...] = ()


class ZoneClaim(Record):
    """Polygons of a source that claim land for one of the three zones."""

    zone: Zone
    source: Slug
    where: dict[str, str | int | float] = Field(default_factory=dict)


class LineClaim(Record):
    """Polygons of a source that claim land for one of the three lines."""

    line: Line
    source: Slug
    where: dict[str, str | int | float] = Field(default_factory=dict)


class Zones(Record):
    """三区: claims, who gets the unclaimed land, and the explicit tolerances."""

    claims: tuple[ZoneClaim, ...]
    priority: tuple[Zone, ...] | None = None
    unclaimed: Zone | None = None
    tolerance_m: Length | None = Field(default=None, alias="tolerance")
    min_area_m2: Area | None = Field(default=None, alias="min_area")


class Lines(Record):
    """三线: claims and their priority (else the rule table's)."""

    claims: tuple[LineClaim, ...]
    priority: tuple[Line, ...] | None = None


class Circle(Record):
    """圈: what is within so many minutes of an element, and the promise that it makes."""

    id: Slug
    name: Text
    origin: Name = Field(alias="from")
    time_min: Time = Field(alias="time", gt=0)
    mode: Mode = "drive"
    method: Method = "buffer"
    speed_kmh: Speed | None = Field(default=None, alias="speed", gt=0)
    detour: float | None = Field(default=None, ge=1, le=5)
    must_reach: Name | None = None
    share: float = Field(default=1.0, gt=0, le=1)
    clip: bool = True


class Background(Record):
    """Rivers to find one's way by: lines of a source and the column of their grade."""

    source: Slug
    grade_column: Name = "grade"


class RoadFields(Record):
    """Which column of a file of road lines says what; the class is in the `grade_column`."""

    speed: Name | None = None
    oneway: Name | None = None
    level: Name | None = None
    bridge: Name | None = None
    tunnel: Name | None = None
    surface: Name | None = None


RoadKey = Annotated[str, StringConstraints(pattern=r"^((drive|cycle|walk)\.)?[a-z][a-z_]*$", max_length=63)]
"""A class of road, for all modes or for one: ``track``, ``drive.track``."""


class Roads(Background):
    """Roads: drawn to find one's way by, and the network that circles of ``method: network`` run on.

    The source is a file of lines, noded where they cross at the same level, or an OpenStreetMap extract
    (``.osm.pbf``), whose tags say all that the keys on columns and classes say of lines.
    """

    columns: RoadFields = RoadFields()
    classes: dict[Name, Slug] = Field(default_factory=dict)
    speeds: dict[RoadKey, Speed] = Field(default_factory=dict)
    maxspeed_share: float | None = Field(default=None, gt=0, le=1)
    junction_min: Time | None = Field(default=None, alias="junction")
    join_m: Length = Field(default=0.0, alias="join")
    snap_m: Length = Field(default=1000.0, alias="snap")
    off_road_m: Length | None = Field(default=None, alias="off_road", le=10_000)
    off_road_kmh: Speed | None = Field(default=None, alias="off_road_speed", gt=0)
    margin_m: Length = Field(default=20_000.0, alias="margin")
    gap_m: Length = Field(default=5000.0, alias="gap")
    elevation: Slug | None = None


class Terrain(Record):
    """Ground that circles of ``method: surface`` go over: heights, land cover and the step between them.

    Without an elevation of its own it takes that of the roads.
    """

    elevation: Slug | None = None
    land_cover: Slug | None = None
    codes: Literal["clcd", "globeland30", "nlcd", "worldcover"] | None = None
    cell_m: Length = Field(default=50.0, alias="cell", ge=5, le=1000)
    margin_m: Length = Field(default=3000.0, alias="margin", le=100_000)

    @model_validator(mode="after")
    def _codes_need_cover(self) -> Terrain:
        if self.codes is not None and self.land_cover is None:
            raise ValueError("give `land_cover` beside `codes`: they are its classes")
        return self


class Connections(Record):
    """镇镇通高速, 村村通公交, 组组通硬化路: how near roads and buses must be to towns, villages and hamlets.

    Towns are those of the plan. Villages, stops and hamlets are points of sources; without them that part
    is not checked.
    """

    to_expressway_min: Time = Field(default=30.0, alias="to_expressway", gt=0)
    villages: Slug | None = None
    stops: Slug | None = None
    to_stop_min: Time | None = Field(default=None, alias="to_stop", gt=0)
    hamlets: Slug | None = None
    to_paved_m: Length = Field(default=200.0, alias="to_paved")

    @model_validator(mode="after")
    def _villages_need_stops(self) -> Connections:
        if (self.villages is None) != (self.stops is None):
            raise ValueError("give `villages` and `stops` together: one is walked to from the other")
        return self


class Facilities(Record):
    """生活圈设施: facilities of a source by category, and where homes are.

    Categories are those of the table of facilities (``market``, ``primary``, …); `categories` says which
    values of the column stand for them.
    """

    source: Slug
    category_column: Name = "category"
    categories: dict[Name, Slug] = Field(default_factory=dict)
    homes: Slug | None = None


class Population(Record):
    """Where people live: points or polygons of a source with a count column."""

    source: Slug
    column: Name = "people"


class Count(Record):
    """计数对象: what is counted inside circles beside towns, land and people: villages, jobs, schools.

    Each feature counts one, or what `column` says; `where` picks rows by the values of columns.
    """

    id: Slug
    name: Text
    source: Slug
    column: Name | None = None
    where: dict[str, str | int | float] = Field(default_factory=dict)


OutputKind: TypeAlias = Literal["geopackage", "webmap", "atlas", "workbook", "report"]
"""A kind of output: database 数据库, web map, atlas 图集, tables 附表, report 文本."""


class Outputs(Record):
    """What is written beside the layers, and what the map shows around them.

    `files` are the kinds of output that every build writes; ``spatial build --deliver`` writes all of them.
    `simplify` is the length, such as ``5 m``, to which the web map simplifies shared edges together.
    """

    files: tuple[OutputKind, ...] = ("geopackage", "webmap")
    basemap: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]*$", max_length=100)] = "none"
    approval_number: str = ""
    compiler: Text | None = None
    simplify_m: Length | None = Field(default=None, alias="simplify", gt=0, le=1000)


class Plan(Record):
    """A whole plan, as read from ``plan.yaml``."""

    name: Slug
    title: Text
    year: int = Field(ge=1949, le=2200)
    period: str = ""
    date: dt.date | None = None
    language: Literal["zh", "en", "both"] = "both"
    territory: Territory
    towns: tuple[Town, ...] = ()
    places: tuple[Place, ...] = ()
    structure: Structure | None = None
    zones: Zones | None = None
    lines: Lines | None = None
    circles: tuple[Circle, ...] = ()
    population: Population | None = None
    counts: tuple[Count, ...] = ()
    roads: Roads | None = None
    terrain: Terrain | None = None
    rivers: Background | None = None
    connections: Connections | None = None
    facilities: Facilities | None = None
    evaluation: Evaluation | None = None
    functional_zones: FunctionalZones | None = None
    sector: Sector | None = None
    ledger: Ledger | None = None
    landuse: LandUse | None = None
    boundary_roads: BoundaryRoads | None = None
    directions: Directions | None = None
    commuting: Commuting | None = None
    industry: Industry | None = None
    services: Services | None = None
    assessment: Assessment | None = None
    indicators: tuple[Indicator, ...] = ()
    indicator_file: Slug | None = None
    sources: dict[Slug, Source] = Field(default_factory=dict)
    outputs: Outputs = Outputs()
