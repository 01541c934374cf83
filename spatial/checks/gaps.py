"""Checks of gaps: what was tried to mend each promise in trouble, and what came of it."""

from __future__ import annotations

import geopandas as gpd

from spatial.plan.findings import Finding
from spatial.plan.records import Circle, Roads

_UNITS = {"people": ("人", "people"), "places": ("处镇或节点", "towns or points"), "km2": ("km²", "km²")}


def gap_findings(
    circle_specs: tuple[Circle, ...],
    gap_counts: dict[str, int],
    gaps: gpd.GeoDataFrame,
    road_spec: Roads | None,
) -> list[Finding]:
    """Say what would close the gap of each promise that is broken or kept only just (``gaps.tried``), info.

    Returns
    -------
    list of Finding
        `value` is the share that the best remedy would reach (null where none helps), `limit` the share
        required.
    """
    names = {circle.id: circle for circle in circle_specs}
    reach_km = road_spec.gap_m / 1000 if road_spec else 0.0
    findings = []
    for name, tried in gap_counts.items():
        circle, rows = names[name], gaps[gaps["circle"] == name]
        zh, en = circle.name.pick("zh"), circle.name.pick("en")
        end_zh, end_en = _tell_best(rows, circle.share)
        findings.append(
            Finding(
                "gaps.tried", "info", "gaps", name,
                f"“{zh}”：试算 {tried} 个方案（{reach_km:g} km 以内的新连接，道路提高一级），{end_zh}",
                f"“{en}”: {tried} candidates were tried (links up to {reach_km:g} km, roads raised one "
                f"class); {end_en}",
                float(rows["share_after"].max()) if len(rows) else None,
                circle.share,
            )
        )  # fmt: skip
    return findings


def _tell_best(rows: gpd.GeoDataFrame, required: float) -> tuple[str, str]:
    if rows.empty:
        return "单独实施均无增益；圈外部分需要新的道路，或修改承诺", (
            "none alone brings more; what is left out needs new roads, or another promise"
        )
    best = rows.iloc[0]
    unit_zh, unit_en = _UNITS[best["gain_unit"]]
    closing = int((rows["verdict_after"] == "kept").sum())
    ends_zh, ends_en = "", ""
    if best["share_before"] < required:
        ends_zh = f"；其中 {closing} 个单独即可达到承诺" if closing else "；单独均不足以兑现承诺"
        ends_en = f"; {closing} of those listed keep the promise" if closing else "; none alone keeps it"
    gain = float(best["gain_per_km"])
    per_km = f"{gain:,.0f}" if gain >= 1000 else f"{gain:.3g}"
    return (
        f"每公里增益最大的是“{best['name']}”（{best['length_km']:.1f} km，"
        f"每公里 {per_km} {unit_zh}）{ends_zh}",
        f"most for a kilometre brings “{best['name_en']}” ({best['length_km']:.1f} km, {per_km} {unit_en} "
        f"a km){ends_en}",
    )
