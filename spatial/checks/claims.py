"""Checks of claims: polygons that are missing, had to be repaired, or leave the territory."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.checks.zones import CLOSURE_M2
from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.slivers import width_m
from spatial.engine.shapes.topology import repair_polygons
from spatial.plan.findings import Finding, Severity
from spatial.plan.records import LineClaim, Lines, ZoneClaim, Zones
from spatial.plan.zoning import GRID_DEG, NAMES, Zoning, say_area

_SMALL_SHARE, _WRONG_SHARE = 0.02, 0.5
"""Of a claim's own area: less beyond the territory is a boundary drawn twice, more is in the wrong place."""
_SHOWN = 8
_DRAWN_MOST = 100
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
    metric_crs: str,
) -> list[Finding]:
    """Tell which claims have no polygons, which of those are no good, and which leave the territory.

    Rules: ``zones.no_match`` (error), ``zones.left_out``, ``zones.repaired``, ``zones.outside_territory``,
    and the same for ``lines``. Strips beyond the territory that are thinner than the
    tolerance are not reported. Beyond it, up to 1 m² or less than 2 % of the claim's area is an info, more
    a warning; more than half of it is an error, because then the coordinate system is probably wrong.
    """
    land = repair_polygons([territory.geometry.union_all()])[0]
    shapely.prepare(land)
    found = []
    for layer, claims in (("zones", zone_claims), ("lines", line_claims)):
        for _, rows in claims.groupby("claim"):
            found += _check_shapes(layer, rows)
            found += _check_outside(layer, rows, land, zoning.tolerance_m, metric_crs)
    return found


def claim_features_findings(
    zone_spec: Zones | None,
    line_spec: Lines | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    zone_claims: gpd.GeoDataFrame,
    line_claims: gpd.GeoDataFrame,
) -> list[Finding]:
    """Tell which features of a claimed source no claim takes, with the values that no `where` asks for.

    Returns
    -------
    list of Finding
        Warnings ``zones.unused_features``, or ``lines.unused_features`` where only lines claim from the
        source. `value` is their number. A source whose columns of `where` are all absent is not reported
        once more.
    """  # fmt: skip
    specs: list[tuple[str, ZoneClaim | LineClaim]] = [
        *(("zones", claim) for claim in (zone_spec.claims if zone_spec else ())),
        *(("lines", claim) for claim in (line_spec.claims if line_spec else ())),
    ]
    taken = pd.concat([zone_claims[["source", "feature"]], line_claims[["source", "feature"]]])
    columns: dict[str, tuple[str, list[str]]] = {}
    for layer, claim in specs:
        _, keys = columns.setdefault(claim.source, (layer, []))
        keys += [key for key in claim.where if key not in keys]
    found = []
    for source, (layer, keys) in columns.items():
        frame = source_frames.get(source, gpd.GeoDataFrame())
        asked = [key for key in keys if key in frame.columns]
        if asked:
            features = taken["feature"][taken["source"] == source]
            found += _tell_unused(layer, source, frame[~frame["id"].astype(str).isin(features)], asked)
    return found


def _tell_unused(layer: str, source: str, rows: gpd.GeoDataFrame, columns: list[str]) -> list[Finding]:
    if rows.empty:
        return []
    texts = [rows[column].astype(str).str.strip().where(rows[column].notna(), "") for column in columns]
    counts = pd.Series(list(zip(*texts, strict=True))).value_counts(sort=True)
    shown = list(counts.items())[:_SHOWN]
    zh, en = (
        joint.join(f"{' / '.join(value or null for value in values)} ×{count}" for values, count in shown)
        for joint, null in (("，", "空值"), (", ", "null"))
    )
    more = " …" if len(counts) > _SHOWN else ""
    column = " / ".join(columns)
    places = shapely.centroid(shapely.envelope(rows.geometry.to_numpy()[:_DRAWN_MOST]))
    return [
        Finding(
            f"{layer}.unused_features", "warning", layer, "",
            f"来源 {source} 有 {len(rows)} 个要素未被任何 claim 采用（字段“{column}”）：{zh}{more}；"
            "请改正数据中的值，或在 where 中采用它们。",
            f"source {source}: {len(rows)} features are in no claim (column {column}): {en}{more}; correct "
            "the values in the data, or claim them by `where`.",
            float(len(rows)), 0.0, shapely.multipoints(places[~shapely.is_empty(places)]),
        )
    ]  # fmt: skip


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
            known = str(ill["known"].iloc[0])
            known_zh, known_en = (f"；现有：{known}", f"; there is {known}") if known else ("", "")
            found.append(
                Finding(
                    f"{layer}.no_match", "error", layer, "",
                    f"{zh}：{absent[0]}{column}{known_zh}；请核对 source 与 where。",
                    f"{en}: {absent[1]}{column}{known_en}; look at its source and where.",
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
    layer: str, rows: gpd.GeoDataFrame, land: BaseGeometry, tolerance_m: float, metric_crs: str
) -> list[Finding]:
    """Report land beyond the territory; strips thinner than the tolerance come from rounding."""
    every = rows.geometry.to_numpy()
    every = every[~(shapely.is_missing(every) | shapely.is_empty(every))]
    shapes = every[~shapely.covers(land, every)]
    crossing = shapely.intersects(land, shapes)
    cut = shapely.difference(shapes[crossing], land, grid_size=GRID_DEG)
    beyond = shapely.get_parts(np.concatenate([shapes[~crossing], cut]))
    beyond = beyond[width_m(beyond) >= tolerance_m]
    if not len(beyond):
        return []
    area = float(straight_area_m2(beyond).sum())
    share = area / float(straight_area_m2(every).sum())
    severity, fix_zh, fix_en = _weigh_overhang(area, share, metric_crs)
    zh, en = _describe(rows)
    size = say_area(area)
    # A share that is not nothing must not read as if it were.
    part = f"{share:.1%}" if share >= 0.001 else f"{share:.3%}"
    return [
        Finding(
            f"{layer}.outside_territory", severity, layer, "",
            f"{zh}有 {size.zh}（占其 {part}）在规划范围之外，已舍去；{fix_zh}。",
            f"{en} has {size.en} ({part} of it) outside the territory, left out; {fix_en}.",
            area, geometry=shapely.union_all(beyond),
        )
    ]  # fmt: skip


def _weigh_overhang(area: float, share: float, metric_crs: str) -> tuple[Severity, str, str]:
    """Return how bad land beyond the territory is, and what to do about it in both languages."""
    if share > _WRONG_SHARE:
        return (
            "error",
            f"坐标系（crs）很可能有误：规划范围的投影坐标系是 {metric_crs}，请核对数据的坐标系与中央经线",
            "its coordinate system (crs) is probably wrong: the projected one of the territory is "
            f"{metric_crs}; check that of the data and its central meridian",
        )
    small = area <= CLOSURE_M2 or share < _SMALL_SHARE
    return "info" if small else "warning", "请按规划范围裁剪数据", "clip the data to it"
