"""Parts of functional zones: core start-up areas 核心起步区 and communities 产业社区, inside or out."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.topology import repair_polygons
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.functional import CONTROLS, FunctionalZones
from spatial.plan.zoning import GRID_DEG

_EMPTY = shapely.Polygon()


@layer(
    "核心起步区", "Core start-up areas", "Polygon",
    needs=("functional_zones",),
    name_en=Column("text", "英文名称", "English name"),
    zone=Column("text", "功能区标识", "Zone id"),
    zone_name=Column("text", "所属功能区", "Functional zone"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    outside_ha=Column("number", "在功能区外（公顷）", "Outside the zone (ha)"),
    share_of_zone=Column("number", "占功能区比例", "Share of the zone", nullable=True),
    use=Column("text", "用地性质", "Land use"),
    plot_ratio=Column("number", "容积率", "Plot ratio", nullable=True),
    height_m=Column("number", "建筑高度（米）", "Height (m)", nullable=True),
    building_density=Column("number", "建筑密度（%）", "Building density (%)", nullable=True),
    green_share=Column("number", "绿地率（%）", "Green share (%)", nullable=True),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def startup_areas(
    functional_spec: FunctionalZones | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    functional_rows: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the core start-up areas, or blocks of them, with what a control plan sets where that is given.

    `zone` is empty where the source names no zone that there is; all of the area then counts as outside.
    """
    spec = functional_spec.startup if functional_spec else None
    if spec is None:
        return shape_rows(_nothing(), startup_areas)
    source = source_frames.get(spec.source, _nothing())
    frame = _lay_parts(source, spec.column, functional_rows, "startup-area")
    for key, column in spec.columns.model_dump().items():
        given = _align(source, column or key, frame)
        numbers = key in CONTROLS
        frame[key] = pd.to_numeric(given, errors="coerce") if numbers else given.map(_write_cell)
    return shape_rows(frame, startup_areas)


@layer(
    "产业社区", "Communities of zones", "Polygon",
    needs=("functional_zones",),
    name_en=Column("text", "英文名称", "English name"),
    zone=Column("text", "功能区标识", "Zone id"),
    zone_name=Column("text", "所属功能区", "Functional zone"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    outside_ha=Column("number", "在功能区外（公顷）", "Outside the zone (ha)"),
    share_of_zone=Column("number", "占功能区比例", "Share of the zone", nullable=True),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def zone_communities(
    functional_spec: FunctionalZones | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    functional_rows: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the community parts of the zones; `zone` is empty where the source names none that there is."""
    spec = functional_spec.communities if functional_spec else None
    if spec is None:
        return shape_rows(_nothing(), zone_communities)
    source = source_frames.get(spec.source, _nothing())
    return shape_rows(_lay_parts(source, spec.column, functional_rows, "community"), zone_communities)


def _nothing() -> gpd.GeoDataFrame:
    columns = {"id": "str", "name": "str", "source": "str", "illustrative": "bool"}
    return gpd.GeoDataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()},
                            geometry=[], crs=STORED_CRS)  # fmt: skip


def _lay_parts(
    source: gpd.GeoDataFrame, column: str, zones: gpd.GeoDataFrame, prefix: str
) -> gpd.GeoDataFrame:
    """Return the polygons of a source with the zone that each names and how much of it lies outside that."""
    shapes = repair_polygons(source.geometry.to_numpy())
    there = (shapely.get_dimensions(shapes) == 2) & ~shapely.is_empty(shapes)
    source, shapes = source[there], shapely.set_precision(shapes[there], GRID_DEG)
    stated = _align(source, column, source).map(_write_cell)
    numbers = pd.Series(range(len(zones)), index=zones["name"].astype(str), dtype="int64")
    zone = stated.map(numbers).fillna(-1).to_numpy(dtype=np.int64)
    within = np.append(zones.geometry.to_numpy(), np.array([_EMPTY], dtype=object))[zone]
    area = straight_area_m2(shapes) / 1e4
    whole = np.append(straight_area_m2(zones.geometry) / 1e4, np.nan)[zone]
    ids = np.array([f"{prefix}-{number:03d}" for number in range(1, len(source) + 1)], dtype=object)
    names = source["name"].fillna("").astype(str).to_numpy(dtype=object)
    return gpd.GeoDataFrame(
        {
            "id": ids,
            "name": np.where(names == "", ids, names),
            "name_en": _align(source, "name_en", source).map(_write_cell).to_numpy(),
            "zone": [f"functional-zone-{number + 1:03d}" if number >= 0 else "" for number in zone],
            "zone_name": stated.to_numpy(),
            "area_ha": area,
            "outside_ha": straight_area_m2(shapely.difference(shapes, within)) / 1e4,
            "share_of_zone": area / whole,
            "source": source["source"].to_numpy(),
            "illustrative": source["illustrative"].to_numpy(dtype=bool),
        },
        geometry=shapes,
        crs=STORED_CRS,
        index=source.index,
    )


def _align(source: gpd.GeoDataFrame, column: str, frame: pd.DataFrame) -> pd.Series:
    """Return a column of a source for the rows of a frame; nulls where the source has no such column."""
    if column not in source or column == source.active_geometry_name:
        return pd.Series(None, index=frame.index, dtype=object)
    return source[column].loc[frame.index].astype(object)


def _write_cell(value: Any) -> str:
    """Write a cell as text: numbers without needless decimals, nothing for a null."""
    if value is None or pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).strip()
