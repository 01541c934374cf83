"""Living circles 生活圈: what lies within a walk of each kind of facility, and who has the least."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2
from spatial.engine.rings.isochrones import RingRules
from spatial.engine.travel.departures import Departure, index_open_roads, leave_area, leave_points
from spatial.engine.travel.journeys import Journey
from spatial.engine.travel.network import Mode, Network
from spatial.engine.travel.snapping import RoadIndex, Snaps
from spatial.plan.contract import Column, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Facilities, Roads
from spatial.plan.rules import RuleTable

WALKS_MIN = (5.0, 10.0, 15.0)
COMPOSITE = "composite"
_MOST_PLACES = 100


@dataclass(frozen=True)
class Category:
    """A category of facilities, from the rule table."""

    key: str
    zh: str
    en: str
    group: str
    minutes: float
    min_area_m2: float


def facility_categories(facility_rules: RuleTable) -> tuple[Category, ...]:
    """Return the categories of the table of facilities, in its order."""
    known = {rule.key: rule for rule in facility_rules.rules}
    found = []
    for group in _list(known["groups"].value):
        for key in _list(known[f"group.{group}"].value):
            label = known[key].label
            least = float(str(known[f"{key}.min_area"].value)) if f"{key}.min_area" in known else 0.0
            minutes = float(str(known[f"{key}.minutes"].value))
            found.append(Category(key, label.pick("zh"), label.pick("en"), group, minutes, least))
    return tuple(found)


def _list(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def facilities(
    facility_spec: Facilities | None,
    facility_categories: tuple[Category, ...],
    source_frames: dict[str, gpd.GeoDataFrame],
) -> gpd.GeoDataFrame:
    """Return the facilities of the plan: ``category, counted, geometry``, EPSG:4490.

    `category` is as the source says where no category of the table stands for it; then it is not counted,
    nor are grounds smaller than the table asks for, nor those without a place.
    """
    if facility_spec is None:
        return gpd.GeoDataFrame({"category": [], "counted": []}, geometry=[], crs=STORED_CRS)
    frame = source_frames[facility_spec.source]
    column = facility_spec.category_column
    said = frame[column].astype("str").fillna("") if column in frame else pd.Series("", index=frame.index)
    category = said.map(lambda word: facility_spec.categories.get(word, word)).astype("str")
    least = {one.key: one.min_area_m2 for one in facility_categories}
    shapes = frame.geometry.to_numpy()
    needed = category.map(least).to_numpy(dtype=float)
    areal = shapely.get_dimensions(shapes) == 2
    counted = np.isfinite(needed) & (~areal | (area_m2(shapes) >= np.nan_to_num(needed)))
    columns = {"category": category.to_numpy(), "counted": counted}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=STORED_CRS)


def life_walks(facility_rules: RuleTable, speed_rules: RuleTable, road_spec: Roads | None) -> float:
    """Return by what the minutes of a living circle are multiplied on the network.

    The table of facilities walks slower than the network is built for, and its distances follow from that.
    """
    own = road_spec.speeds if road_spec else {}
    usual = float(str(speed_rules.value("walk.residential")))
    built_kmh = own.get("walk.residential", own.get("residential", usual))
    rule = facility_rules["walk.speed"]
    kmh = float(str(rule.value)) * (0.06 if rule.unit == "m/min" else 1.0)
    return kmh / built_kmh


def life_rings(
    *,
    facilities: gpd.GeoDataFrame,
    facility_categories: tuple[Category, ...],
    life_walks: float,
    road_spec: Roads | None,
    road_networks: dict[Mode, Network],
) -> gpd.GeoDataFrame:
    """Return the land within a walk of each category: ``category, time_min, geometry``, EPSG:4490.

    One row for each category that has facilities and each of 5, 10, 15 minutes and the table's own; the
    walk leads to the facility, from its edge where it is a ground. Empty without a network for walking.
    """
    rows: list[tuple[str, float, BaseGeometry]] = []
    if road_spec is not None and "walk" in road_networks and facilities["counted"].any():
        network = road_networks["walk"].reverse()
        index = index_open_roads(network)
        for one in facility_categories:
            chosen = facilities[(facilities["category"] == one.key) & facilities["counted"]]
            if chosen.empty:
                continue
            departure = _leave(network, index, chosen.geometry.to_numpy(), road_spec.snap_m)
            if departure.is_lost:
                continue
            minutes = sorted({*WALKS_MIN, one.minutes})
            seconds = departure.sweep(network, max(minutes) * 60 * life_walks)
            journey = Journey("", departure, seconds, RingRules())
            rings = journey.rings(network, [limit * life_walks for limit in minutes])
            rows += [(one.key, limit, ring) for limit, ring in zip(minutes, rings, strict=True)]
    frame = {
        "category": [row[0] for row in rows],
        "time_min": np.array([row[1] for row in rows], dtype=float),
    }
    return gpd.GeoDataFrame(frame, geometry=[row[2] for row in rows], crs=STORED_CRS)


def _leave(network: Network, index: RoadIndex, shapes: npt.NDArray[np.object_], snap_m: float) -> Departure:
    """Begin at points and at the edges of grounds at once."""
    spots = transform_shapes(shapes, STORED_CRS, network.crs)
    kmh = RingRules().off_road_kmh
    areal = shapely.get_dimensions(spots) == 2
    points = shapely.get_coordinates(shapely.point_on_surface(spots[~areal]))
    here = leave_points(network, points, index, snap_m=snap_m, off_road_kmh=kmh)
    if not areal.any():
        return here
    ground = shapely.union_all(spots[areal])
    edge = leave_area(network, ground, index, snap_m=snap_m, off_road_kmh=kmh)
    snaps = Snaps(
        np.concatenate([here.snaps.road, edge.snaps.road]),
        np.concatenate([here.snaps.share, edge.snaps.share]),
        np.concatenate([here.snaps.offset_m, edge.snaps.offset_m]),
    )
    lead = np.concatenate([here.lead_s, edge.lead_s])
    return Departure(ground, edge.nodes, snaps, lead, np.concatenate([here.xy, edge.xy]))


@layer(
    "生活圈", "Living circles", "Polygon",
    needs=("facilities", "roads"),
    name_en=Column("text", "英文名称", "English name"),
    category=Column("text", "设施类别", "Category"),
    group=Column("text", "设施大类", "Group"),
    time_min=Column("number", "步行时间（分钟）", "Walk (min)"),
    facilities=Column("integer", "设施数", "Facilities"),
    area_km2=Column("number", "面积（平方公里）", "Area (km²)"),
)  # fmt: skip
def life_circles(
    facilities: gpd.GeoDataFrame,
    facility_categories: tuple[Category, ...],
    facility_rules: RuleTable,
    life_rings: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the land within the table's walk of each category, and of all that make the 15-minute circle.

    Clipped to the territory. The row ``composite`` is what all categories of the table's composite cover; it
    is there only if each of them has facilities.
    """
    land = territory.geometry.union_all()
    rows = []
    standard = dict[str, BaseGeometry]()
    for one in facility_categories:
        ring = _pick(life_rings, one.key, one.minutes)
        if ring is not None:
            standard[one.key] = shapely.intersection(ring, land)
            count = int(((facilities["category"] == one.key) & facilities["counted"]).sum())
            rows.append((one.key, one.zh, one.en, one.group, one.minutes, count, standard[one.key]))
    parts = _list(facility_rules.value("composite"))
    if parts and set(parts) <= set(standard):
        shape = shapely.intersection_all([standard[key] for key in parts])
        count = sum(row[5] for row in rows if row[0] in parts)
        rows.append((COMPOSITE, "15分钟社区生活圈", "15-minute living circle", COMPOSITE, 15.0, count, shape))
    columns = life_circles.__dict__["contract"].all_columns()
    shapes = np.array([*(row[6] for row in rows), None], dtype=object)[:-1]
    frame = pd.DataFrame(
        {
            "id": [f"life-{row[0]}" for row in rows],
            "name": [row[1] for row in rows],
            "name_en": [row[2] for row in rows],
            "category": [row[0] for row in rows],
            "group": [row[3] for row in rows],
            "time_min": [row[4] for row in rows],
            "facilities": [row[5] for row in rows],
            "area_km2": area_m2(shapes) / 1e6,
        },
        columns=list(columns),
    )
    kinds = {"number": "float64", "integer": "int64", "text": "str"}
    frame = frame.astype({name: kinds[column.kind] for name, column in columns.items()})
    frame = gpd.GeoDataFrame(frame, geometry=list(shapes), crs=STORED_CRS)
    return frame[frame["area_km2"] > 0].reset_index(drop=True)


def _pick(rings: gpd.GeoDataFrame, category: str, minutes: float) -> BaseGeometry | None:
    chosen = rings[(rings["category"] == category) & (rings["time_min"] == minutes)]
    return chosen.geometry.iloc[0] if len(chosen) else None
