"""Checks of the land ledger: over-drawn quotas, parcels that draw on none, and parcels that overlap."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.plan.findings import Finding
from spatial.plan.parts.ledger import Ledger

_CLOSURE_HA = 1e-4
"""One square metre: below it a balance is rounding."""


def ledger_findings(
    land_ledger: pd.DataFrame, ledger_parcels: gpd.GeoDataFrame, ledger_spec: Ledger | None
) -> list[Finding]:
    """Tell where more is drawn than the quota, and which parcels cannot be counted."""
    if ledger_spec is None:
        return []
    return [
        *_list_overdrawn(land_ledger, ledger_parcels),
        *_list_without_quota(land_ledger, ledger_spec),
        *_list_unknown(ledger_parcels),
        *_measure_overlaps(ledger_parcels),
        *_sum_stock(land_ledger),
    ]


def _list_overdrawn(table: pd.DataFrame, parcels: gpd.GeoDataFrame) -> Iterator[Finding]:
    for row in table[(table["balance_ha"] < -_CLOSURE_HA) & (table["quota_ha"] > 0)].itertuples():
        own = parcels[(parcels["district"] == row.district) & (parcels["kind"] == row.kind)]
        yield Finding(
            "ledger.overdrawn", "error", "land_ledger", str(row.id),
            f"{row.district}“{row.kind}”用地已用 {row.drawn_ha:,.4f} 公顷，"
            f"超过指标 {row.quota_ha:,.4f} 公顷，超用 {-row.balance_ha:,.4f} 公顷；请调剂指标或核减地块。",
            f"{row.district}, {row.kind}: {row.drawn_ha:,.4f} ha drawn of a quota of {row.quota_ha:,.4f} ha, "
            f"{-row.balance_ha:,.4f} ha too much; move quota here or take parcels out.",
            float(row.drawn_ha), float(row.quota_ha),
            shapely.MultiPoint(shapely.centroid(own.geometry.to_numpy())),
        )  # fmt: skip


def _list_without_quota(table: pd.DataFrame, spec: Ledger) -> Iterator[Finding]:
    known = {(quota.district, quota.kind) for quota in spec.quotas}
    for row in table.itertuples():
        if (row.district, row.kind) not in known and row.drawn_ha > _CLOSURE_HA:
            yield Finding(
                "ledger.no_quota", "error", "land_ledger", str(row.id),
                f"{row.district}“{row.kind}”没有指标，而已用 {row.drawn_ha:,.4f} 公顷。",
                f"{row.district}, {row.kind}: no quota, and {row.drawn_ha:,.4f} ha drawn.",
                float(row.drawn_ha), 0.0,
            )  # fmt: skip


def _list_unknown(parcels: gpd.GeoDataFrame) -> Iterator[Finding]:
    for column, zh in (("status", "状态"), ("district", "行政区"), ("kind", "用途")):
        rows = parcels[parcels[column] == ""]
        if len(rows):
            shown = ", ".join(rows["id"].head(5)) + (" …" if len(rows) > 5 else "")
            area = float(rows["area_ha"].sum())
            yield Finding(
                f"ledger.no_{column}", "warning", "ledger_parcels", str(rows["id"].iloc[0]),
                f"{len(rows)} 个地块（{area:,.4f} 公顷）的{zh}缺失或不认识，"
                f"未计入台账：{shown}。",
                f"{len(rows)} parcels ({area:,.4f} ha) have no {column} or one that is not known and "
                f"were not counted: {shown}.",
                float(len(rows)), None, shapely.MultiPoint(shapely.centroid(rows.geometry.to_numpy())),
            )  # fmt: skip


def _measure_overlaps(parcels: gpd.GeoDataFrame) -> Iterator[Finding]:
    shapes = parcels.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    common = shapely.intersection(shapes[one], shapes[other])
    areas = straight_area_m2(common)
    many = areas > _CLOSURE_HA * 1e4
    if many.any():
        pair = ", ".join(parcels["id"].iloc[[one[np.argmax(areas)], other[np.argmax(areas)]]])
        yield Finding(
            "ledger.overlap", "warning", "ledger_parcels", str(parcels["id"].iloc[one[np.argmax(areas)]]),
            f"{int(many.sum())} 对地块重叠，共 {areas[many].sum():,.0f} 平方米被重复计入，"
            f"最大者 {pair}。",
            f"{int(many.sum())} pairs of parcels overlap and {areas[many].sum():,.0f} m² are counted twice; "
            f"the largest: {pair}.",
            float(areas[many].sum()), 0.0, shapely.union_all(common[many]),
        )  # fmt: skip


def _sum_stock(table: pd.DataFrame) -> list[Finding]:
    unused, inefficient = (float(table[key].sum()) for key in ("unused_ha", "inefficient_ha"))
    return [
        Finding(
            "ledger.stock", "info", "land_ledger", "",
            f"可盘活存量：批而未供 {unused:,.2f} 公顷，低效用地 {inefficient:,.2f} 公顷。",
            f"Stock to be used: {unused:,.2f} ha approved and not supplied, "
            f"{inefficient:,.2f} ha inefficient.",
            unused + inefficient,
        )
    ]  # fmt: skip
