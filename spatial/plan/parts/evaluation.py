"""What a plan says of its evaluation 双评价: grid, factors and their sources, weights, breaks, targets."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from spatial.plan.base import Name, Record, Slug
from spatial.plan.reading.units import Area, Length

Resampling = Literal["average", "bilinear", "nearest", "mode"]
"""How cells of a source become cells of the grid."""
Profile = Literal["2019-draft", "2020-trial"]
Alternative = Literal["ecology_first", "farming_first", "growth"]
"""Ways to draw zones and lines from the evaluation."""
Scheme = Literal["worldcover", "nlcd", "globeland30", "clcd", "sandi"]
"""Whose codes the classes of land cover are."""

Conversion = tuple[float, float]
"""Factor and summand into the unit used inside."""
UNITS: dict[str, dict[str, Conversion]] = {
    "m": {"m": (1, 0), "dm": (0.1, 0), "cm": (0.01, 0), "km": (1000, 0), "ft": (0.3048, 0)},
    "mm": {"mm": (1, 0), "0.1mm": (0.1, 0), "cm": (10, 0), "m": (1000, 0)},
    "°C": {"°C": (1, 0), "C": (1, 0), "0.1°C": (0.1, 0), "K": (1, -273.15), "°F": (5 / 9, -160 / 9)},
    "°C·d": {"°C·d": (1, 0), "0.1°C·d": (0.1, 0)},
    "share": {"share": (1, 0), "%": (0.01, 0)},
    "%": {"%": (1, 0), "share": (100, 0), "g/kg": (0.1, 0)},
    "mm/yr": {"mm/yr": (1, 0), "cm/yr": (10, 0)},
    "mg/kg": {"mg/kg": (1, 0), "g/kg": (1000, 0)},
    "m/s": {"m/s": (1, 0), "km/h": (1 / 3.6, 0)},
    "days": {"days": (1, 0), "d": (1, 0)},
    "10⁴ m³/km²": {"10⁴ m³/km²": (1, 0), "mm": (0.1, 0)},
}
"""Units that a plan may give a factor in, by the unit used inside."""


@dataclass(frozen=True)
class FactorKind:
    """What a factor is: title, unit used inside, whether its cells are classes rather than amounts.

    `months` says whether a raster of twelve bands is taken for it, January first.
    """

    zh: str
    en: str
    unit: str = ""
    classes: bool = False
    months: bool = False


FACTORS: dict[str, FactorKind] = {
    "elevation": FactorKind("高程", "Elevation", "m"),
    "landcover": FactorKind("土地覆被", "Land cover", classes=True),
    "rain": FactorKind("年降水量", "Rain a year", "mm"),
    "evaporation": FactorKind("年蒸发量", "Evaporation a year", "mm"),
    "accumulated_temperature": FactorKind("活动积温", "Accumulated temperature", "°C·d"),
    "temperature": FactorKind("气温", "Mean temperature", "°C", months=True),
    "humidity": FactorKind("相对湿度", "Relative humidity", "share", months=True),
    "climate_height": FactorKind("气候栅格所代表的高程", "Height that climate holds for", "m"),
    "sand": FactorKind("砂粒含量", "Sand", "%"),
    "silt": FactorKind("粉粒含量", "Silt", "%"),
    "clay": FactorKind("黏粒含量", "Clay", "%"),
    "organic": FactorKind("有机质含量", "Organic matter", "%"),
    "soil_salinity": FactorKind("土壤盐渍化等级", "Soil salinity grade", classes=True),
    "soil_capacity": FactorKind("土壤环境容量", "Soil environment capacity", classes=True),
    "soil_ph": FactorKind("土壤 pH", "Soil acidity pH"),
    "soil_cadmium": FactorKind("土壤镉含量", "Cadmium in the soil", "mg/kg"),
    "soil_mercury": FactorKind("土壤汞含量", "Mercury in the soil", "mg/kg"),
    "soil_arsenic": FactorKind("土壤砷含量", "Arsenic in the soil", "mg/kg"),
    "soil_lead": FactorKind("土壤铅含量", "Lead in the soil", "mg/kg"),
    "soil_chromium": FactorKind("土壤铬含量", "Chromium in the soil", "mg/kg"),
    "vegetation": FactorKind("植被覆盖度", "Vegetation cover", "share"),
    "erosivity": FactorKind("降雨侵蚀力", "Rain erosivity", "MJ·mm/(ha·h·a)"),
    "wind_days": FactorKind("大风日数", "Windy days", "days"),
    "weather_hazard": FactorKind("气象灾害频率", "Weather hazards", "share"),
    "geology_hazard": FactorKind("地质灾害等级", "Geological hazard", classes=True),
    "fault": FactorKind("活动断层危险性等级（含地震动修正）", "Hazard of faults and tremors", classes=True),
    "landslide": FactorKind("滑坡泥石流危险性等级", "Hazard of landslides", classes=True),
    "collapse": FactorKind("崩塌危险性等级", "Hazard of collapses", classes=True),
    "subsidence_total": FactorKind("累计地面沉降量", "Land subsidence in all", "mm"),
    "subsidence_rate": FactorKind("地面沉降速率", "Land subsidence a year", "mm/yr"),
    "storm_surge": FactorKind("风暴潮", "Storm surge", "m"),
    "air_calm": FactorKind("静风日数比例", "Calm days", "share"),
    "wind_speed": FactorKind("平均风速", "Mean wind speed", "m/s"),
    "water_environment": FactorKind("水环境容量", "Water environment capacity"),
    "location": FactorKind("至市县中心时间", "Minutes to the centre, along roads or over ground", "min"),
    "wind_force": FactorKind("风力气候因子 WF", "Weather factor WF of RWEQ", "kg/m"),
    "carbonate": FactorKind("碳酸岩出露比例", "Share of carbonate rock", "share"),
    "water_modulus": FactorKind("水资源总量模数", "Water resources", "10⁴ m³/km²"),
    "water_quota_modulus": FactorKind("用水总量控制指标模数", "Water use limit", "10⁴ m³/km²"),
}
"""Factors that a plan may give as rasters."""
BURNT: dict[str, tuple[str, str, bool]] = {
    "protection": ("自然保护地等应划入红线的区域", "Reserves worth a red line", True),
    "water_source": ("饮用水水源保护区", "Drinking-water source areas", True),
    "existing_urban": ("现状建成区", "Existing built area", False),
    "approved_farmland": ("已批永久基本农田", "Approved permanent farmland", False),
}
"""Polygons that are burnt into the grid: titles, and whether a cell that is only touched counts as inside.

Land to be kept from harm counts with every cell that it touches, other land with cells whose centre it holds.
"""
WEIGHED = {"farming": ("land", "water", "heat"), "urban": ("land", "water")}
"""Dimensions that a plan may weigh, by group, instead of combining them by matrices."""


class Factor(Record):
    """A raster of the plan's sources that stands for a factor."""

    source: Slug
    unit: Name | None = None
    resampling: Resampling | None = None
    scheme: Scheme | None = None
    nodata: float | None = None


def _is_known(name: str) -> str:
    if name not in FACTORS:
        near = difflib.get_close_matches(name, FACTORS, 2)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ValueError(f"{name!r} is no factor; {hint}there is {', '.join(FACTORS)}")
    return name


def _fit(factors: dict[str, Factor]) -> dict[str, Factor]:
    for name, factor in factors.items():
        kind = FACTORS[name]
        if factor.unit is not None and factor.unit not in UNITS.get(kind.unit, {kind.unit: (1, 0)}):
            known = ", ".join(UNITS.get(kind.unit, {kind.unit: (1, 0)})) or "none"
            raise ValueError(f"{factor.unit!r} is no unit of {name}; there is {known}")
        if kind.classes and factor.resampling in ("average", "bilinear"):
            raise ValueError(f"{name} holds classes, which have no mean; take nearest or mode")
        if (name == "landcover") != (factor.scheme is not None):
            problem = "needs `scheme`: whose codes they are" if name == "landcover" else "takes no `scheme`"
            raise ValueError(f"{name} {problem}")
    return factors


def _are_groups(weights: Any) -> Any:
    """Refuse a group of weights that is no mapping, before anything is said of its kind alone."""
    for group, shares in weights.items() if isinstance(weights, dict) else ():
        if not isinstance(shares, dict):
            known = "; ".join(f"{one}: {{{', '.join(names)}}}" for one, names in WEIGHED.items())
            raise ValueError(
                f"{group} holds no weights; write them below it, adding up to 1. What can be weighed, by "
                f"group, is {known}"
            )
    return weights


def _sum_to_one(weights: dict[Slug, dict[Slug, float]]) -> dict[Slug, dict[Slug, float]]:
    for group, shares in weights.items():
        total = math.fsum(shares.values())
        if min(shares.values(), default=0.0) < 0 or not math.isclose(total, 1.0, abs_tol=1e-6):
            raise ValueError(
                f"the weights of {group} add up to {total:g}; make them add up to 1, none below 0"
            )
    return weights


def _rise(breaks: dict[Name, tuple[float, ...]]) -> dict[Name, tuple[float, ...]]:
    for key, row in breaks.items():
        if not row or any(low >= high for low, high in pairwise(row)):
            raise ValueError(
                f"the breaks of {key} ({', '.join(f'{x:g}' for x in row)}) do not rise; order them"
            )
    return breaks


Factors = Annotated[dict[Annotated[Slug, AfterValidator(_is_known)], Factor], AfterValidator(_fit)]
Weights = Annotated[dict[Slug, dict[Slug, float]], BeforeValidator(_are_groups), AfterValidator(_sum_to_one)]
Breaks = Annotated[dict[Name, tuple[float, ...]], AfterValidator(_rise)]


class Targets(Record):
    """What the delineation aims at; what is not given is taken from the rule tables.

    Parameters
    ----------
    farmland_share : float
        Of cultivated land that is to be permanent farmland.
    population : int
        Urban people at the end of the plan.
    land_per_head_m2 : float
    expansion : float
        Most that the urban boundary may hold, as a multiple of urban land in the base year.
    base_urban_m2 : float
        Urban land in the base year; the existing built area where it is not given.
    elastic_share, special_share : float
        Of the elastic 弹性发展区 and the special-use zone 特别用途区, by the concentrated one 集中建设区.
    """

    farmland_share: float | None = Field(default=None, gt=0, le=1)
    population: int | None = Field(default=None, ge=0)
    land_per_head_m2: Area | None = Field(default=None, alias="land_per_head", gt=0)
    expansion: float | None = Field(default=None, ge=1, le=5)
    base_urban_m2: Area | None = Field(default=None, alias="base_urban", gt=0)
    elastic_share: float | None = Field(default=None, ge=0, le=1)
    special_share: float | None = Field(default=None, ge=0, le=1)


class Water(Record):
    """What limits the carrying scale: water and what is used of it; every number is the plan's own.

    Parameters
    ----------
    total_m3 : float
        Water that may be used in a year (用水总量控制指标), m³.
    farming_share, urban_share : float
        Of it for irrigation and for towns, 0 to 1.
    irrigation_m3_ha : float
        Combined irrigation quota of a year, m³/ha.
    rainfed_ha : float
        Farmland that needs no irrigation.
    per_head_m3 : float
        Urban water that a person needs in a year, m³.
    """

    total_m3: float = Field(gt=0)
    farming_share: float | None = Field(default=None, ge=0, le=1)
    urban_share: float | None = Field(default=None, ge=0, le=1)
    irrigation_m3_ha: float | None = Field(default=None, gt=0)
    rainfed_ha: float = Field(default=0.0, ge=0)
    per_head_m3: float | None = Field(default=None, gt=0)


class Carrying(Record):
    """What the carrying scale is judged by, besides land."""

    water: Water | None = None
    environment_population: int | None = Field(default=None, ge=0)


class Green(Record):
    """What the green network is made for, where the plan knows better than ``rules/green.yaml``.

    Parameters
    ----------
    dispersal_m : float
        How far the species move over land of the resistance ``dispersal.resistance``.
    core_m2, stone_m2 : float
        Least areas of cores and of stepping stones.
    resistance : dict of str to float
        By ecosystem, such as ``dry_land``, or ``road.GRADE``; above 0.
    """

    dispersal_m: Length | None = Field(default=None, alias="dispersal", gt=0)
    core_m2: Area | None = Field(default=None, alias="core_area", gt=0)
    stone_m2: Area | None = Field(default=None, alias="stone_area", gt=0)
    resistance: dict[Name, Annotated[float, Field(gt=0, le=10_000)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _cores_are_larger(self) -> Green:
        if self.core_m2 is not None and self.stone_m2 is not None and self.stone_m2 >= self.core_m2:
            raise ValueError("`stone_area` must be smaller than `core_area`")
        return self


class Evaluation(Record):
    """双评价: on which grid, from which factors, by which profile of rules.

    `centre` names the element, town or place that minutes are counted to where no raster of them is given.
    `northern` says that the plan lies in north or north-east China, where rows of their own hold.
    `rules` replaces rows of the evaluation's tables, by ``GROUP.KEY``: numbers, matrices, names.
    `alternative` is the one of the proposals that is recommended, `proposals` replaces numbers of
    ``rules/proposals.yaml`` by key.
    """

    profile: Profile = "2020-trial"
    cell_m: Length = Field(default=50.0, alias="cell", ge=5, le=5000)
    centre: Name | None = None
    northern: bool = False
    factors: Factors = Field(default_factory=dict)
    protection: Slug | None = None
    water_source: Slug | None = None
    existing_urban: Slug | None = None
    approved_farmland: Slug | None = None
    natural_edges: Slug | None = None
    weights: Weights = Field(default_factory=dict)
    breaks: Breaks = Field(default_factory=dict)
    rules: dict[Name, Any] = Field(default_factory=dict)
    targets: Targets = Targets()
    carrying: Carrying = Carrying()
    green: Green = Green()
    alternative: Alternative | None = None
    proposals: dict[Name, float] = Field(default_factory=dict)
    seed: int = Field(default=1, ge=0)
    runs: int = Field(default=100, ge=1, le=10_000)

    @model_validator(mode="after")
    def _each_row_once(self) -> Evaluation:
        if twice := sorted(self.breaks.keys() & self.rules.keys()):
            raise ValueError(f"{', '.join(twice)}: given under `breaks` and under `rules`; keep one of them")
        return self
