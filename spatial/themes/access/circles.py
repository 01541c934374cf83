"""Circles 圈: what lies within so many minutes, along roads or as a straight-line reach.

A circle of ``method: network`` stands beside the straight-line reach of the same start, time and speed, with
how much that claims too much. One that cannot be measured as the plan asks is left out and reported, never
replaced by a buffer.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import area_m2, buffer_geodesic
from spatial.engine.rings.treks import Trek, draw_reach
from spatial.engine.travel.journeys import Journey
from spatial.engine.travel.network import Mode, Network
from spatial.errors import GeometryError
from spatial.plan.contract import Column, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.promises import find_elements
from spatial.plan.records import Circle
from spatial.plan.rules import RuleTable

_METRES_PER_MINUTE = 1000 / 60
"""One kilometre an hour, in metres a minute."""


def circle_reaches(
    circle_specs: tuple[Circle, ...],
    commute_rules: RuleTable,
    structure: gpd.GeoDataFrame,
    gazetteer: dict[str, tuple[float, float]],
    territory: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return where each circle starts and how far it reaches.

    Radius = speed × time / detour; speed and detour are the circle's own, else those of its mode in the
    rule table.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a circle, in the plan's order: ``id, speed_kmh, detour, radius_m, geometry``. Geometry is
        that of the element, town or place it starts from, null where the plan has none of that name.

    Raises
    ------
    RuleError
        The rule table has no speed or detour for a mode.
    """
    speeds = [
        circle.speed_kmh or float(commute_rules.value(f"{circle.mode}.speed")) for circle in circle_specs
    ]
    detours = [
        circle.detour or float(commute_rules.value(f"{circle.mode}.detour")) for circle in circle_specs
    ]
    starts = [_find_start(circle.origin, structure, gazetteer, territory) for circle in circle_specs]
    frame = pd.DataFrame(
        {
            "id": pd.Series([circle.id for circle in circle_specs], dtype="str"),
            "speed_kmh": np.array(speeds, dtype=float),
            "detour": np.array(detours, dtype=float),
        }
    )
    times = np.array([circle.time_min for circle in circle_specs], dtype=float)
    frame["radius_m"] = frame["speed_kmh"] * _METRES_PER_MINUTE * times / frame["detour"]
    return gpd.GeoDataFrame(frame, geometry=starts, crs=STORED_CRS)


def _find_start(
    word: str,
    structure: gpd.GeoDataFrame,
    gazetteer: dict[str, tuple[float, float]],
    territory: gpd.GeoDataFrame,
) -> BaseGeometry | None:
    """Return what a word names: ``territory``, an element, a town or a place; else None."""
    if word == "territory":
        return territory.geometry.union_all()
    elements = find_elements(word, structure)
    if len(elements):
        return elements.geometry.union_all()
    return shapely.Point(gazetteer[word]) if word in gazetteer else None


def circle_rings(
    circle_specs: tuple[Circle, ...],
    circle_reaches: gpd.GeoDataFrame,
    circle_journeys: dict[str, Journey | Trek],
    road_networks: dict[Mode, Network],
) -> gpd.GeoDataFrame:
    """Return what each circle reaches, not yet clipped to the territory.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a circle: ``id, problem, geometry``. Geometry is null where `problem` is not empty: one of
        a `Journey`, or ``too_far`` (beyond what a map can show).
    """
    drawn = []
    for circle, start, radius_m in zip(
        circle_specs, circle_reaches.geometry, circle_reaches["radius_m"], strict=True
    ):
        journey = circle_journeys.get(circle.id)
        if journey is None:
            drawn.append(_draw_straight(start, radius_m))
        elif journey.problem:
            drawn.append((None, journey.problem))
        else:
            network = road_networks.get(_mode(circle))
            drawn.append((draw_reach(journey, network, [circle.time_min])[0], ""))
    return _frame_rings(circle_reaches["id"], drawn)


def circle_straight_lines(
    circle_specs: tuple[Circle, ...], circle_reaches: gpd.GeoDataFrame, circle_rings: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the straight-line reach beside circles along roads or over ground, as `circle_rings` does."""
    drawn = [
        (None, "") if circle.method == "buffer" or problem else _draw_straight(start, radius_m)
        for circle, problem, start, radius_m in zip(
            circle_specs,
            circle_rings["problem"],
            circle_reaches.geometry,
            circle_reaches["radius_m"],
            strict=True,
        )
    ]
    return _frame_rings(circle_reaches["id"], drawn)


def _mode(circle: Circle) -> Mode:
    assert circle.mode != "bus", "journeys by bus have a problem"
    return circle.mode


def _draw_straight(start: BaseGeometry | None, radius_m: float) -> tuple[BaseGeometry | None, str]:
    if start is None:
        return None, "unknown_origin"
    try:
        return buffer_geodesic(start, radius_m), ""
    except GeometryError:
        return None, "too_far"


def _frame_rings(ids: pd.Series, drawn: list[tuple[BaseGeometry | None, str]]) -> gpd.GeoDataFrame:
    problems = pd.Series([problem for _, problem in drawn], dtype="str")
    frame = pd.DataFrame({"id": ids, "problem": problems})
    return gpd.GeoDataFrame(frame, geometry=[shape for shape, _ in drawn], crs=STORED_CRS)


@layer(
    "通勤圈", "Commute circles", "Polygon",
    needs=("circles",),
    circle=Column("text", "圈层", "Circle"),
    name_en=Column("text", "英文名称", "English name"),
    form=Column("text", "形式", "Form"),
    time_min=Column("number", "时间（分钟）", "Time (min)"),
    mode=Column("text", "出行方式", "Mode"),
    method=Column("text", "测算方法", "Method"),
    speed_kmh=Column("number", "速度（公里/小时）", "Speed (km/h)", nullable=True),
    detour=Column("number", "绕行系数", "Detour factor", nullable=True),
    radius_m=Column("number", "半径（米）", "Radius (m)", nullable=True),
    must_reach=Column("text", "应达目标", "Must reach", nullable=True),
    area_km2=Column("number", "面积（平方公里）", "Area (km²)"),
    overclaim=Column("number", "直线圈与实测圈面积比", "Straight line over measured, by area", nullable=True),
)  # fmt: skip
def commute_circles(
    circle_specs: tuple[Circle, ...],
    circle_reaches: gpd.GeoDataFrame,
    circle_rings: gpd.GeoDataFrame,
    circle_straight_lines: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the circles, once whole (``cumulative``) and once as disjoint bands (``band``).

    Bands are cut by rising time, then by the plan's order: a band is a circle without all smaller ones,
    so bands never overlap and together cover what the circles cover. A circle or band of which
    nothing is left, or which cannot be made, has no row.

    Circles along roads and over the ground have a third row, ``beside``: the straight-line reach of the same
    start, time and speed. `overclaim` is its area over theirs, both clipped alike; `speed_kmh`, `detour` and
    `radius_m` are of straight lines only, else null.
    """
    land = territory.geometry.union_all()
    rings = _clip(circle_specs, circle_rings.geometry.to_numpy(), land)
    beside = _clip(circle_specs, circle_straight_lines.geometry.to_numpy(), land)
    order = sorted(range(len(circle_specs)), key=lambda place: (circle_specs[place].time_min, place))
    straight = _describe(circle_specs, circle_reaches)
    facts = straight.copy()
    facts.loc[facts["method"] != "buffer", ["speed_kmh", "detour", "radius_m"]] = np.nan
    straight["method"] = pd.Series("buffer", index=straight.index, dtype="str")
    whole = _frame_form(facts, rings, "cumulative")
    straight = _frame_form(straight, beside, "beside")
    ratio = straight.set_index("circle")["area_km2"] / whole.set_index("circle")["area_km2"]
    whole["overclaim"] = whole["circle"].map(ratio).astype(float)
    frame = pd.concat([whole, _frame_form(facts, _cut_bands(rings, order), "band"), straight])
    columns = commute_circles.__dict__["contract"].all_columns()
    frame = frame[[*columns, "geometry"]].reset_index(drop=True)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=STORED_CRS)


def _clip(circle_specs: tuple[Circle, ...], shapes: np.ndarray, land: BaseGeometry) -> np.ndarray:
    """Cut to the territory what the plan wants cut."""
    cut = np.array([circle.clip for circle in circle_specs], dtype=bool)
    clipped = shapes.copy()
    clipped[cut] = shapely.intersection(shapes[cut], land)
    return clipped


def _describe(circle_specs: tuple[Circle, ...], reaches: gpd.GeoDataFrame) -> pd.DataFrame:
    texts = {
        "circle": [circle.id for circle in circle_specs],
        "name": [circle.name.pick("zh") for circle in circle_specs],
        "name_en": [circle.name.en for circle in circle_specs],
        "mode": [circle.mode for circle in circle_specs],
        "method": [circle.method for circle in circle_specs],
        "must_reach": [circle.must_reach for circle in circle_specs],
    }
    facts = pd.DataFrame({key: pd.Series(values, dtype="str") for key, values in texts.items()})
    facts["time_min"] = np.array([circle.time_min for circle in circle_specs], dtype=float)
    return facts.join(reaches[["speed_kmh", "detour", "radius_m"]])


def _cut_bands(rings: np.ndarray, order: list[int]) -> np.ndarray:
    """Take from each ring all that come before it in `order`."""
    bands = rings.copy()
    covered: BaseGeometry = shapely.Polygon()
    for place in order:
        if rings[place] is not None:
            bands[place] = shapely.difference(rings[place], covered)
            covered = shapely.union(covered, rings[place])
    return bands


def _frame_form(facts: pd.DataFrame, shapes: np.ndarray, form: str) -> pd.DataFrame:
    """Return one row for each circle of which there is something."""
    areal = np.array([_keep_areas(shape) for shape in shapes], dtype=object)
    frame = facts.assign(
        id=(facts["circle"] + f"-{form}").astype("str"),
        form=pd.Series([form] * len(facts), dtype="str"),
        area_km2=area_m2(areal) / 1e6,
        overclaim=np.nan,
        geometry=gpd.GeoSeries(areal, crs=STORED_CRS),
    )
    return frame[frame["area_km2"] > 0]


def _keep_areas(shape: BaseGeometry | None) -> BaseGeometry | None:
    """Return the polygons of a geometry, without the points and lines that an overlay may leave."""
    if shape is None or shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    return shapely.union_all([part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == 2])
