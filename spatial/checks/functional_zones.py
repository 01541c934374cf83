"""Checks of functional zones: land that two manage, or nobody."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from spatial.plan.findings import Finding
from spatial.plan.parts.functional import FunctionalZones

_ONE_M2_HA = 1e-4


def functional_findings(
    functional_spec: FunctionalZones | None,
    functional_zones: gpd.GeoDataFrame,
    functional_units: gpd.GeoDataFrame,
    zone_units: gpd.GeoDataFrame,
) -> list[Finding]:
    """Report functional zones that are not managed once.

    Returns
    -------
    list of Finding
        ``functional_zones.none`` (error): the plan's words pick no zone. ``functional_zones.no_units``
        (warning): there are no units to lay them over. ``functional_zones.orphan`` and
        ``functional_zones.double`` (warning): land in no unit, or managed twice, from one square metre up.
        ``functional_zones.split`` (info): a zone lies in several units, which have to agree on it.
    """
    if functional_spec is None:
        return []
    if functional_zones.empty:
        return [Finding(
            "functional_zones.none", "error", "functional_zones", "",
            f"来源 {functional_spec.source} 中没有符合条件的功能区；请核对 where。",
            f"source {functional_spec.source} has no zone that fits; check `where`.",
        )]  # fmt: skip
    if functional_units.empty:
        return [Finding(
            "functional_zones.no_units", "warning", "functional_zones", "",
            "没有可叠加的行政单元；请在 functional_zones.units 指定乡镇或区县面数据。",
            "there are no units to lay the zones over; name polygons of towns under functional_zones.units.",
        )]  # fmt: skip
    return [*_find_parts(zone_units), *_find_split(functional_zones)]


def _find_parts(parts: gpd.GeoDataFrame) -> list[Finding]:
    words = {
        "orphan": ("orphan", "不在任何行政单元内", "lies in no unit"),
        "double_zone": ("double", "同时属于另一功能区（重复管理）", "is in another functional zone as well"),
        "double_unit": ("double", "位于重叠的行政单元内", "lies where units overlap"),
    }
    doubtful = parts[parts["state"].isin(list(words)) & (parts["area_ha"] >= _ONE_M2_HA)]
    return [
        Finding(
            f"functional_zones.{words[row.state][0]}", "warning", "zone_units", row.id,
            f"{row.zone_name}有 {row.area_ha:,.4g} 公顷{words[row.state][1]}。",
            f"{row.area_ha:,.4g} ha of {row.zone_name} {words[row.state][2]}.",
            value=float(row.area_ha), limit=0.0, geometry=row.geometry,
        )
        for row in doubtful.itertuples()
    ]  # fmt: skip


def _find_split(zones: pd.DataFrame) -> list[Finding]:
    return [
        Finding(
            "functional_zones.split", "info", "functional_zones", row.id,
            f"{row.name}跨 {row.units} 个行政单元（{row.lies_in}），须共同管理。",
            f"{row.name} lies in {row.units} units ({row.lies_in}), which have to manage it together.",
            value=float(row.units), limit=1.0,
        )
        for row in zones.set_index("name", drop=False).itertuples(index=False)
        if row.units > 1
    ]  # fmt: skip
