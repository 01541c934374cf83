"""Checks of boundary roads: districts that too few main roads join, and what links across would save."""

from __future__ import annotations

import geopandas as gpd

from spatial.plan.findings import Finding
from spatial.plan.parts.boundary_roads import BoundaryRoads

_LISTED = 3
_COUNTED = {
    "towns": ("人口不明，以镇街数代替人口", "people are not known; towns stand for them"),
    "cells": ("人口不明，以有道路的栅格数代替人口", "people are not known; cells with roads stand for them"),
}
_UNITS = {"people": ("人", "person"), "towns": ("镇", "town"), "cells": ("格", "cell")}


def boundary_findings(
    boundary_road_spec: BoundaryRoads | None,
    boundary_joints: gpd.GeoDataFrame,
    boundary_roads: gpd.GeoDataFrame,
    boundary_left: int,
    boundary_job_problem: str,
) -> list[Finding]:
    """Report how districts are joined, and which links would save most.

    Returns
    -------
    list of Finding
        ``boundary_roads.no_border`` (warning): no two districts share a boundary, or there are no roads.
        ``boundary_roads.apart`` and ``boundary_roads.weak`` (warning): no road, or too few main roads, across
        a boundary; `value` main roads, `limit` those wanted. ``boundary_roads.best`` (info): the links that
        save most. ``boundary_roads.counted`` (info): what stands for people. ``boundary_roads.jobs``
        (warning): jobs that cannot be counted. ``boundary_roads.left`` (info): candidates not measured.
    """
    if boundary_road_spec is None:
        return []
    found = []
    if boundary_joints.empty:
        found.append(Finding(
            "boundary_roads.no_border", "warning", "boundary_joints", "",
            "断头路：没有共有界线的行政区，或附近没有可供小汽车通行的道路；"
            "请核对 boundary_roads.districts 与 roads。",
            "boundary roads: no two districts share a boundary, or no road for cars lies near one; check "
            "boundary_roads.districts and roads",
        ))  # fmt: skip
    if boundary_job_problem:
        zh, en = boundary_job_problem.split(" · ", 1)
        found.append(Finding(
            "boundary_roads.jobs", "warning", "boundary_roads", "",
            f"断头路：岗位未计入：{zh}", f"boundary roads: jobs are not counted: {en}",
        ))  # fmt: skip
    found += [_tell_joint(row) for row in boundary_joints.to_dict("records") if row["verdict"] != "joined"]
    return [*found, *_tell_candidates(boundary_roads, boundary_left)]


def _tell_joint(row: dict[str, object]) -> Finding:
    district, other, shared = row["district"], row["other"], float(str(row["shared_km"]))
    trunk, wanted, all_roads = row["trunk_links"], row["wanted"], row["crossings"]
    if row["verdict"] == "apart":
        zh = f"{district}与{other}共有界线 {shared:.1f} km，没有道路跨越；要求干路 {wanted} 条。"
        en = f"{district} and {other} share {shared:.1f} km and no road crosses; "
        en += f"{wanted} main roads are wanted"
    else:
        zh = (
            f"{district}与{other}共有界线 {shared:.1f} km，跨界道路 {all_roads} 条，"
            f"其中干路 {trunk} 条，少于要求的 {wanted} 条。"
        )
        en = (
            f"{district} and {other} share {shared:.1f} km; {all_roads} roads cross, of them {trunk} main "
            f"roads, fewer than the {wanted} wanted"
        )
    return Finding(
        f"boundary_roads.{row['verdict']}", "warning", "boundary_joints", str(row["id"]), zh, en,
        float(str(trunk)), float(str(wanted)),
    )  # fmt: skip


def _tell_candidates(roads: gpd.GeoDataFrame, left: int) -> list[Finding]:
    found = []
    best = roads[roads["person_minutes"] > 0].head(_LISTED)
    if len(roads):
        counted = str(roads["counted"].iloc[0])
        unit_zh, unit_en = _UNITS[counted]
        amounts = [f"{amount:,.1f}" for amount in best["person_minutes"]]
        zh = "；".join(f"{n} {a} {unit_zh}·分钟" for n, a in zip(best["name"], amounts, strict=True))
        en = "; ".join(f"{n} {a} {unit_en}-minutes" for n, a in zip(best["name_en"], amounts, strict=True))
        found.append(Finding(
            "boundary_roads.best", "info", "boundary_roads", "",
            f"断头路：{len(roads)} 个候选逐条加入路网重新测算，"
            f"{'节省最多的是 ' + zh if zh else '均无节省'}。",
            f"boundary roads: {len(roads)} candidates were each built and measured anew; "
            f"{'most is saved by ' + en if en else 'none saves anything'}",
        ))  # fmt: skip
        if counted in _COUNTED:
            zh, en = _COUNTED[counted]
            found.append(Finding(
                "boundary_roads.counted", "info", "boundary_roads", "",
                f"断头路：{zh}。", f"boundary roads: {en}",
            ))  # fmt: skip
    if left:
        found.append(Finding(
            "boundary_roads.left", "info", "boundary_roads", "",
            f"断头路：另有 {left} 个候选按粗略估算节省最少，未逐条测算。",
            f"boundary roads: {left} more candidates save least by a rough measure and were not measured",
        ))  # fmt: skip
    return found
