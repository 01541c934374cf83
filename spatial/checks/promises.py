"""Checks of promises: those that lead nowhere, are broken, or hang on what is not known well enough."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.plan.findings import Finding
from spatial.plan.records import Circle, Population

_CURES = {
    "gaps": ("可行的补救见“缺口补救”图层（gaps）", "See layer gaps for what would help"),
    "network": ("请核对道路、车速与时间", "Check roads, speeds and time"),
    "surface": ("请核对时间、道路与步行速度", "Check time, roads and walking speeds"),
    "buffer": ("请核对速度、绕行系数与时间", "Check speed, detour and time"),
}
"""What a broken promise asks for, by method, or that remedies were found."""


def circle_promise_findings(
    circle_specs: tuple[Circle, ...],
    circle_coverage: pd.DataFrame,
    circle_promises: gpd.GeoDataFrame,
    circle_margins: gpd.GeoDataFrame,
    circle_rings: gpd.GeoDataFrame,
    *,
    gaps: gpd.GeoDataFrame,
) -> list[Finding]:
    """Report promises that lead nowhere (``circles.bad_promise``) or are not kept.

    Returns
    -------
    list of Finding
        ``circles.bad_promise`` is an error; ``circles.promise_broken`` a warning, with the share seen, the
        share required, and the towns or the land that are left out; ``circles.promise_undecidable`` a
        warning, with the reason.
    """
    names = {circle.id: _names(circle) for circle in circle_specs}
    rings = dict(zip(circle_rings["id"], circle_rings.geometry, strict=True))
    judged = circle_coverage[circle_coverage["required_share"].notna()].set_index("circle")
    findings = []
    for aim in circle_promises.itertuples():
        zh, en = names[aim.circle]
        row = judged.loc[aim.circle]
        if not aim.subject:
            message = f"“{zh}”的 must_reach：{aim.problem_zh}", f"must_reach of “{en}”: {aim.problem_en}"
            findings.append(Finding("circles.bad_promise", "error", "circle_coverage", row["id"], *message))
        elif row["verdict"] == "broken":
            left = _left_out(aim, circle_margins, rings[aim.circle])
            cure = _CURES[row["method"] if aim.circle not in set(gaps["circle"]) else "gaps"]
            findings.append(_break(row, aim, names[aim.circle], left, cure))
        elif row["verdict"] == "undecidable" and rings[aim.circle] is not None:
            findings.append(_leave_open(row, aim, names[aim.circle]))
    return findings


def _left_out(aim: Any, margins: gpd.GeoDataFrame, ring: BaseGeometry) -> BaseGeometry:
    if aim.subject == "area":
        return shapely.difference(aim.geometry, ring)
    return shapely.union_all(_targets(aim, margins).query("state != 'inside'").geometry.to_numpy())


def _targets(aim: Any, margins: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return margins[(margins["circle"] == aim.circle) & margins["target"].isin(aim.targets.split(","))]


def _break(
    row: pd.Series, aim: Any, names: tuple[str, str], left: BaseGeometry, cure: tuple[str, str]
) -> Finding:
    share, required = float(row["share"]), float(row["required_share"])
    # A share just short of what is required must not read as if it were enough.
    seen = 100 * (round(share, 3) if round(share, 3) < required else math.floor(share * 1000) / 1000)
    return Finding(
        "circles.promise_broken", "warning", "circle_coverage", row["id"],
        f"“{names[0]}”承诺到达{aim.aim_zh}的 {required:.1%}，实为 {seen:.1f}%；圈外：{row['outside']}。"
        f"{cure[0]}，或修改承诺",
        f"“{names[1]}” promises {required:.1%} of {aim.aim_en} but reaches {seen:.1f}%; "
        f"outside: {row['outside']}. {cure[1]}, or change the promise",
        share, required, left,
    )  # fmt: skip


def _leave_open(row: pd.Series, aim: Any, names: tuple[str, str]) -> Finding:
    return Finding(
        "circles.promise_undecidable", "warning", "circle_coverage", row["id"],
        f"“{names[0]}”对{aim.aim_zh}的承诺无法判定：{row['outside']}",
        f"whether “{names[1]}” keeps its promise of {aim.aim_en} cannot be decided: {row['outside']}",
        limit=float(row["required_share"]),
    )  # fmt: skip


def circle_uncertain_findings(
    circle_specs: tuple[Circle, ...], circle_promises: gpd.GeoDataFrame, circle_margins: gpd.GeoDataFrame
) -> list[Finding]:
    """Report promises that hang on seats nearer to the edge than they are accurate (``circles.uncertain``).

    Returns
    -------
    list of Finding
        A warning where the verdict could turn, else info. `value` is the smallest possible share, `limit`
        the share required.
    """
    specs = {circle.id: circle for circle in circle_specs}
    findings = []
    for aim in circle_promises.itertuples():
        rows = _targets(aim, circle_margins)
        unsure = rows[rows["margin_min"].abs() <= rows["accuracy_min"].where(rows["accuracy_m"] > 0)]
        if aim.subject not in ("towns", "points") or unsure.empty:
            continue
        circle = specs[aim.circle]
        slack = rows["accuracy_min"].fillna(0.0)
        low = float((rows["margin_min"] + slack <= 0).mean())
        high = float((rows["margin_min"] - slack <= 0).mean())
        turns = low < circle.share <= high
        zh, en = _names(circle)
        seats_zh = "、".join(_tell(unsure, "name"))
        seats_en = ", ".join(_tell(unsure, "name_en"))
        end_zh, end_en = (
            ("结论可能因此改变", "the verdict may turn") if turns else ("结论不受影响", "the verdict stands")
        )
        findings.append(
            Finding(
                "circles.uncertain", "warning" if turns else "info", "circle_coverage",
                f"{aim.circle}-promise-{aim.subject}",
                f"“{zh}”边缘附近的驻地位置精度不足：{seats_zh}；"
                f"覆盖率在 {low:.1%}～{high:.1%} 之间，{end_zh}；请核实驻地坐标",
                f"seats near the edge of “{en}” are not known well enough: {seats_en}; "
                f"the share lies between {low:.1%} and {high:.1%}, {end_en}; survey these seats",
                low, circle.share, shapely.union_all(unsure.geometry.to_numpy()),
            )
        )  # fmt: skip
    return findings


def _tell(rows: gpd.GeoDataFrame, column: str) -> list[str]:
    """Name seats with how far they are from the edge and how well that is known: in km, or by road in min."""
    return [
        f"{row[column]} {row['margin_m'] / 1000:+.1f} km (±{row['accuracy_m'] / 1000:g} km)"
        if row["method"] == "buffer"
        else f"{row[column]} {row['margin_min']:+.1f} min (±{row['accuracy_min']:.1f} min)"
        for row in rows.to_dict("records")
    ]


_FLAGS = {
    "straight_line": ("直线缓冲，未用道路", "a straight line, no roads"),
    "illustrative_roads": ("道路为示意", "roads are illustrative"),
    "class_speeds": ("车速按道路等级取值，非实测", "speeds go by class of road, not measured"),
    "walking_speeds": (
        "步行速度按坡度与地类取值，非实测",
        "walking speeds go by slope and land cover, not measured",
    ),
    "off_road": ("面积取决于离路可达距离的假定", "the area depends on the reach off the road"),
    "illustrative_elements": ("起点或目标为示意", "start or aim is illustrative"),
    "seat_accuracy": ("驻地坐标精度不足", "seats are not known well enough"),
    "no_road_near": ("部分镇附近无道路", "no road is near to some towns"),
}


def promise_firmness_findings(promises: pd.DataFrame) -> list[Finding]:
    """Say of each decided promise at what speeds its verdict turns, and on what it rests.

    Returns
    -------
    list of Finding
        ``promises.fragile``, a warning, where speeds 10 % off would turn the verdict; else
        ``promises.firmness``, info. `value` is the factor that turns it, `limit` 1.
    """
    findings = []
    for row in promises[promises["verdict"] != "undecidable"].to_dict("records"):
        verdict = {"kept": ("兑现", "kept"), "broken": ("未兑现", "broken")}[row["verdict"]]
        fragile = {row["slower_10"], row["faster_10"]} != {row["verdict"]}
        turn_zh, turn_en = _tell_turn(row["flip_factor"])
        flags = [_FLAGS[word] for word in row["flags"].split(",") if word]
        rest_zh = f"；结论依据：{'、'.join(zh for zh, _ in flags)}" if flags else ""
        rest_en = f". It rests on this: {', '.join(en for _, en in flags)}" if flags else ""
        findings.append(
            Finding(
                "promises.fragile" if fragile else "promises.firmness",
                "warning" if fragile else "info",
                "promises",
                row["id"],
                f"“{row['name']}”{verdict[0]}；{turn_zh}{rest_zh}",
                f"“{row['name_en']}” is {verdict[1]}; {turn_en}{rest_en}",
                None if math.isnan(row["flip_factor"]) else row["flip_factor"],
                1.0,
            )
        )
    return findings


def _tell_turn(factor: float) -> tuple[str, str]:
    if math.isnan(factor):
        return "速度变化四倍以内结论不变", "no change of speed up to four times turns that"
    change = f"{factor - 1:+.0%}"
    return f"所有车速变化 {change} 时结论翻转", f"that turns when all speeds change by {change}"


def circle_population_findings(population_spec: Population | None, population_problem: str) -> list[Finding]:
    """Report a population source that people cannot be counted from (``circles.population``), a warning."""
    if population_spec is None or not population_problem:
        return []
    zh, en = population_problem.split(" · ")
    return [
        Finding(
            "circles.population", "warning", "circle_coverage", "",
            f"无法统计人口覆盖：{zh}；请补全来源 {population_spec.source} 的“{population_spec.column}”列",
            f"people cannot be counted: {en}; complete column {population_spec.column} "
            f"of source {population_spec.source}",
        )
    ]  # fmt: skip


def _names(circle: Circle) -> tuple[str, str]:
    return circle.name.pick("zh"), circle.name.pick("en")
