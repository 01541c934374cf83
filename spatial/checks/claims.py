"""Checks of claims: polygons that are missing, had to be repaired, or leave the territory."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.checks.zones import CLOSURE_M2
from spatial.engine.areas import straight_area_m2
from spatial.engine.slivers import width_m
from spatial.engine.topology import repair_polygons
from spatial.plan.findings import Finding
from spatial.plan.zoning import GRID_DEG, NAMES, Zoning, say_area

_ABSENT = {
    "no source": ("计划中没有这个数据源", "the plan has no such source"),
    "no match": ("没有符合条件的要素", "no feature fits"),
    "no column": ("数据源没有字段", "the source has no column"),
}
_USELESS = {
    "missing": ("没有几何", "no geometry"),
    "empty": ("几何为空", "an empty geometry"),
    "not finite": ("坐标不是有限数值", "coordinates that are not numbers"),
    "no polygon": ("不是面", "no polygon"),
}
_MENDED = {
    "collection": ("几何集合", "geometry collection"),
    "Self-intersection": ("自相交", "self-intersection"),
    "Ring Self-intersection": ("环自接触", "ring self-intersection"),
    "Hole lies outside shell": ("洞在外环之外", "hole outside its shell"),
    "Holes are nested": ("洞套洞", "nested holes"),
    "Nested shells": ("面套面", "nested shells"),
    "Interior is disconnected": ("内部不连通", "disconnected interior"),
}


def claims_findings(
    zone_claims: gpd.GeoDataFrame,
    line_claims: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    zoning: Zoning,
) -> list[Finding]:
    """Tell which claims have no polygons, which of those are no good, and which leave the territory.

    Rules: ``zones.no_match`` (error), ``zones.left_out``, ``zones.repaired``, ``zones.outside_territory``,
    and the same for ``lines``. Strips beyond the territory that are thinner than the
    tolerance are not reported; up to 1 m² is no more than an info.
    """
    land = repair_polygons([territory.geometry.union_all()])[0]
    shapely.prepare(land)
    found = []
    for layer, claims in (("zones", zone_claims), ("lines", line_claims)):
        for _, rows in claims.groupby("claim"):
            found += _check_shapes(layer, rows)
            found += _check_outside(layer, rows, land, zoning.tolerance_m)
    return found


def _describe(rows: pd.DataFrame) -> tuple[str, str]:
    row = rows.iloc[0]
    where = f", {row['where']}" if row["where"] else ""
    source = f"{row['source']}{where}"
    return f"{NAMES[row['target']].zh}（{source}）", f"{NAMES[row['target']].en} ({source})"


def _check_shapes(layer: str, rows: gpd.GeoDataFrame) -> list[Finding]:
    zh, en = _describe(rows)
    found = []
    for fault, ill in rows[rows["fault"] != ""].groupby("fault"):
        absent = next((texts for key, texts in _ABSENT.items() if str(fault).startswith(key)), None)
        if absent:
            column = str(fault).removeprefix("no column") if str(fault).startswith("no column") else ""
            found.append(
                Finding(
                    f"{layer}.no_match", "error", layer, "",
                    f"{zh}：{absent[0]}{column}；请核对 source 与 where。",
                    f"{en}: {absent[1]}{column}; look at its source and where.",
                )
            )  # fmt: skip
        else:
            found.append(_tell_fault(layer, zh, en, str(fault), ill))
    return found


def _tell_fault(layer: str, zh: str, en: str, fault: str, rows: gpd.GeoDataFrame) -> Finding:
    useless = fault in _USELESS
    why_zh, why_en = _USELESS.get(fault) or _MENDED.get(fault, (fault, fault.lower()))
    shown = ", ".join(rows["feature"].iloc[:5]) + (" …" if len(rows) > 5 else "")
    done = ("已舍去", "were left out") if useless else ("已修复", "were repaired")
    return Finding(
        f"{layer}.{'left_out' if useless else 'repaired'}", "warning", layer, "",
        f"{zh}：{len(rows)} 个图形{why_zh}，{done[0]}（{shown}）。",
        f"{en}: {len(rows)} shapes with {why_en} {done[1]} ({shown}).",
        float(len(rows)),
        geometry=None if useless else shapely.MultiPoint(shapely.centroid(shapely.envelope(rows.geometry))),
    )  # fmt: skip


def _check_outside(
    layer: str, rows: gpd.GeoDataFrame, land: BaseGeometry, tolerance_m: float
) -> list[Finding]:
    """Report land beyond the territory; strips thinner than the tolerance come from rounding."""
    shapes = rows.geometry.to_numpy()
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    shapes = shapes[~shapely.covers(land, shapes)]
    crossing = shapely.intersects(land, shapes)
    cut = shapely.difference(shapes[crossing], land, grid_size=GRID_DEG)
    beyond = shapely.get_parts(np.concatenate([shapes[~crossing], cut]))
    beyond = beyond[width_m(beyond) >= tolerance_m]
    if not len(beyond):
        return []
    area = float(straight_area_m2(beyond).sum())
    zh, en = _describe(rows)
    size = say_area(area)
    return [
        Finding(
            f"{layer}.outside_territory", "warning" if area > CLOSURE_M2 else "info", layer, "",
            f"{zh}有 {size.zh}在规划范围之外，已舍去；请按规划范围裁剪数据。",
            f"{en} has {size.en} outside the territory, left out; clip the data to it.",
            area, geometry=shapely.union_all(beyond),
        )
    ]  # fmt: skip
