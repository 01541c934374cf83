"""Development directions 发展方向: wedges and districts with their actions, and the land of each year."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.areas import straight_area_m2
from spatial.engine.geodesy import buffer_geodesic
from spatial.engine.shapes.dispersion import draw_wedge
from spatial.engine.shapes.topology import repair_polygons
from spatial.plan.contract import Column, Contract, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.directions import BEARINGS, Direction, Directions, name_direction
from spatial.plan.picking import select_rows
from spatial.plan.rules import RuleTable
from spatial.plan.zoning import GRID_DEG

_TYPES = {"text": "str", "number": "float64", "integer": "int64", "truth": "bool"}
Gazetteer = dict[str, tuple[float, float]]


def direction_centre(direction_spec: Directions | None, gazetteer: Gazetteer) -> tuple[float, float] | None:
    """Return where wedges begin, longitude and latitude; None where no town or place has that name."""
    return gazetteer.get(direction_spec.centre) if direction_spec else None


def direction_reach(direction_spec: Directions | None, direction_rules: RuleTable) -> float:
    """Return how far wedges reach, metres: as the plan says, else as the rule table does."""
    own = direction_spec.reach_m if direction_spec else None
    return float(direction_rules.value("wedge.reach")) if own is None else own


def direction_faults(
    direction_spec: Directions | None,
    direction_centre: tuple[float, float] | None,
    gazetteer: Gazetteer,
    source_frames: dict[str, gpd.GeoDataFrame],
) -> list[tuple[str, str]]:
    """Return what the plan names and nobody finds: ``(key, name)``, key such as ``actions.1.at``."""
    if direction_spec is None:
        return []
    faults = [] if direction_centre else [("centre", direction_spec.centre)]
    for number, one in enumerate(direction_spec.actions):
        if one.at is not None and one.at not in gazetteer:
            faults.append((f"actions.{number}.at", one.at))
        if one.area is not None and not len(_find_area(one, source_frames)):
            faults.append((f"actions.{number}.area", one.area))
    for number, year in enumerate(direction_spec.land):
        rows, fault = select_rows(source_frames.get(year.source), year.where)
        if fault or not (shapely.get_dimensions(rows.geometry.to_numpy()) == 2).any():
            faults.append((f"land.{number}.source", year.source))
    return faults


def _find_area(one: Direction, frames: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    frame = frames.get(one.source or "", gpd.GeoDataFrame({"name": []}, geometry=[], crs=STORED_CRS))
    return frame[(frame["name"] == one.area) & (shapely.get_dimensions(frame.geometry.to_numpy()) == 2)]


@layer(
    "发展方向", "Development directions", "Polygon",
    needs=("directions",),
    name_en=Column("text", "英文名称", "English name"),
    action=Column("text", "行动", "Action"),
    toward=Column("text", "方位", "Toward"),
    form=Column("text", "形式", "Form"),
    reach_km=Column("number", "范围（公里）", "Reach (km)", nullable=True),
    area_km2=Column("number", "面积（平方公里）", "Area (km²)"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def directions(
    *,
    direction_spec: Directions | None,
    direction_centre: tuple[float, float] | None,
    direction_reach: float,
    direction_rules: RuleTable,
    gazetteer: Gazetteer,
    source_frames: dict[str, gpd.GeoDataFrame],
    territory: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the directions of the plan: wedges within the territory, named areas, discs round places.

    A wedge is as wide as one of the sectors of the rule table, its sides geodesic; it shows a direction and
    is no boundary, as is a disc: both are stamped illustrative. What is not found is left out, and the
    check names it.
    """
    rows, shapes = [], []
    whole = territory.geometry.union_all()
    width = 360 / int(direction_rules.value("sectors"))
    for number, one in enumerate(direction_spec.actions if direction_spec else (), 1):
        drawn = _draw(one, direction_centre, (direction_reach, width), gazetteer, source_frames)
        if drawn is None:
            continue
        shape, source, illustrative, reach_m = drawn
        shape = shapely.intersection(shape, whole) if one.area is None else shape
        if not shapely.area(shape) > 0:
            continue
        name_zh, name_en = name_direction(one)
        rows.append({
            "id": f"direction-{number:02d}", "name": name_zh, "name_en": name_en, "action": one.action,
            "toward": one.toward or "", "form": "wedge" if one.toward else "area" if one.area else "disc",
            "reach_km": reach_m / 1000, "source": source, "illustrative": illustrative,
        })  # fmt: skip
        shapes.append(shape)
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=STORED_CRS)
    frame["area_km2"] = straight_area_m2(frame.geometry) / 1e6
    return _shape_up(frame, directions)


def _draw(
    one: Direction,
    centre: tuple[float, float] | None,
    wedge: tuple[float, float],
    gazetteer: Gazetteer,
    frames: dict[str, gpd.GeoDataFrame],
) -> tuple[BaseGeometry, str, bool, float] | None:
    """Return the shape, where it is from, whether it is illustrative and its reach; None if not found."""
    if one.toward is not None:
        if centre is None:
            return None
        reach_m, width = wedge
        return draw_wedge(centre, BEARINGS[one.toward], width, reach_m), "", True, reach_m
    if one.at is not None and one.radius_m is not None:
        if one.at not in gazetteer:
            return None
        return buffer_geodesic(shapely.Point(gazetteer[one.at]), one.radius_m), "", True, one.radius_m
    rows = _find_area(one, frames)
    if not len(rows):
        return None
    shape = shapely.union_all(repair_polygons(rows.geometry.to_numpy()), grid_size=GRID_DEG)
    return shape, str(rows["source"].iloc[0]), bool(rows["illustrative"].any()), np.nan


def direction_land(
    direction_spec: Directions | None, source_frames: dict[str, gpd.GeoDataFrame], zones: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the land of each year, one row a year, oldest first: ``year, kind, illustrative``, EPSG:4490.

    `kind` is ``built`` for sources and ``planned`` for the urban zones of the plan. Years without land are
    left out.
    """
    found = []
    for one in direction_spec.land if direction_spec else ():
        rows, fault = select_rows(source_frames.get(one.source), one.where)
        found.append((one.year, "built", rows[:0] if fault else rows))
    if direction_spec is not None and direction_spec.planned is not None:
        found.append((direction_spec.planned, "planned", zones[zones["zone"] == "urban"]))
    years, shapes = [], []
    for year, kind, rows in sorted(found, key=lambda item: item[0]):
        flat = rows.geometry.to_numpy()
        flat = flat[shapely.get_dimensions(flat) == 2]
        land = shapely.union_all(repair_polygons(flat), grid_size=GRID_DEG)
        if shapely.area(land) > 0:
            years.append({"year": year, "kind": kind, "illustrative": bool(rows["illustrative"].any())})
            shapes.append(land)
    frame = pd.DataFrame(years, columns=["year", "kind", "illustrative"])
    return gpd.GeoDataFrame(frame, geometry=np.array(shapes, dtype=object), crs=STORED_CRS)


def _shape_up(frame: Any, function: Callable[..., object]) -> Any:
    """Give a layer the columns of its contract, in order, typed also where it has no rows."""
    contract: Contract = function.__dict__["contract"]
    columns = contract.all_columns()
    geometry = [] if contract.shape == "none" else ["geometry"]
    kinds = {name: _TYPES[column.kind] for name, column in columns.items()}
    return frame.reindex(columns=[*columns, *geometry]).astype(kinds).reset_index(drop=True)
