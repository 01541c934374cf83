"""Checks of land use: maps without their column, land that no table places, areas that miss the whole."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from spatial.engine.areas import straight_area_m2
from spatial.plan.findings import Finding
from spatial.plan.parts.landuse import LandUse
from spatial.plan.rules import RuleTable


def landuse_findings(
    *,
    landuse_spec: LandUse | None,
    landuse_parcels: pd.DataFrame,
    landuse_unsettled: pd.DataFrame,
    source_frames: dict[str, gpd.GeoDataFrame],
    territory: gpd.GeoDataFrame,
    landuse_rules: RuleTable,
) -> list[Finding]:
    """Report absent columns, the land that is to be settled, and sums that are not the territory's area."""
    if landuse_spec is None:
        return []
    found = list[Finding]()
    whole = float(straight_area_m2(territory.geometry).sum()) / 1e4
    limit = float(landuse_rules.value("tolerance"))
    for kind, said in (("base", landuse_spec), ("target", landuse_spec.target)):
        if said is None:
            continue
        frame = source_frames.get(said.source)
        for column in (said.column, said.settlement):
            if frame is not None and column is not None and column not in frame:
                found.append(_find_column(kind, said.source, column))
        rows = landuse_parcels[landuse_parcels["map"] == kind]
        total = float(rows["area_ha"].sum())
        if len(rows) and abs(total - whole) > limit * whole:
            found.append(_find_sum(kind, total, whole))
        open_rows = landuse_unsettled[landuse_unsettled["map"] == kind]
        if len(open_rows):
            found.append(_find_open(kind, open_rows, total))
    return found


def _find_column(kind: str, source: str, column: str) -> Finding:
    return Finding(
        "landuse.column", "error", "landuse_balance", kind,
        f"来源 {source} 没有“{column}”列；请核对方案中的 landuse。",
        f"Source {source} has no column {column}; see to `landuse` in the plan.",
    )  # fmt: skip


def _find_sum(kind: str, total: float, whole: float) -> Finding:
    more = total - whole
    return Finding(
        "landuse.sum", "warning", "landuse_balance", kind,
        f"用地图（{kind}）面积之和 {total:.2f} 公顷，与规划范围相差 {more:.2f} 公顷；请查重叠、缝隙与越界。",
        f"The map of land use ({kind}) adds up to {total:.2f} ha, {more:.2f} ha more than the territory; "
        "look for overlaps, gaps and land outside.",
        total, whole,
    )  # fmt: skip


def _find_open(kind: str, rows: pd.DataFrame, total: float) -> Finding:
    area = float(rows["area_ha"].sum())
    codes = ", ".join(rows["code"].head(8))
    return Finding(
        "landuse.unsettled", "info", "landuse_unsettled", kind,
        f"{len(rows)} 个地类编码（{codes}）对应多个用地用海分类或未知，共 {area:.2f} 公顷"
        f"（{area / total:.1%}），未作分配；见待核地类表。",
        f"{len(rows)} codes ({codes}) lead to several classes or to none that is known, {area:.2f} ha "
        f"({area / total:.1%}); they are not shared out: see landuse_unsettled.",
        area,
    )  # fmt: skip
