"""Checks of circles: unknown starts, promises broken or unreadable, and what a straight line hides."""

from __future__ import annotations

import itertools
import math
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.plan.findings import Finding
from spatial.plan.records import Circle, Population
from spatial.plan.rules import RuleTable

_CONFIDENCE = {
    "found": ("见于来源", "found in a source"),
    "high": ("可信度高", "confidence high"),
    "medium": ("可信度中", "confidence medium"),
    "low": ("可信度低", "confidence low"),
    "default": ("工具默认值，非规范", "a default of this tool, no norm"),
}


def circle_making_findings(
    circle_specs: tuple[Circle, ...],
    circle_rings: gpd.GeoDataFrame,
    circle_reaches: gpd.GeoDataFrame,
    commute_circles: gpd.GeoDataFrame,
) -> list[Finding]:
    """Report circles that could not be made: unknown start, method not available, too far, nothing left.

    Returns
    -------
    list of Finding
        ``circles.unknown_origin``, ``circles.method_unavailable`` and ``circles.too_far`` are errors,
        ``circles.outside_territory`` is a warning.
    """
    radii = circle_reaches["radius_m"] / 1000
    made = set(commute_circles["circle"])
    findings = []
    for circle, problem, radius_km in zip(circle_specs, circle_rings["problem"], radii, strict=True):
        if problem:
            findings.append(_explain(circle, problem, radius_km))
        elif circle.id not in made:
            zh, en = _names(circle)
            findings.append(
                Finding(
                    "circles.outside_territory", "warning", "commute_circles", circle.id,
                    f"“{zh}”全部在规划范围之外，裁剪后为空；请核对起点“{circle.origin}”或写 clip: false",
                    f"nothing of “{en}” lies in the territory; check its start {circle.origin!r} "
                    "or write clip: false",
                )
            )  # fmt: skip
    return findings


def _explain(circle: Circle, problem: str, radius_km: float) -> Finding:
    zh, en = _names(circle)
    texts = {
        "unknown_origin": (
            f"“{zh}”的起点“{circle.origin}”不是要素、镇、地点或 territory；请改 from",
            f"“{en}” starts from {circle.origin!r}, which is no element, town, place or territory; "
            "correct `from`",
        ),
        "method_unavailable": (
            f"“{zh}”要求 method: {circle.method}，本版本尚不支持，未以直线缓冲代替；可改写 method: buffer",
            f"“{en}” asks for method: {circle.method}, not available in this version "
            "and not replaced by a buffer; write method: buffer to have one",
        ),
        "too_far": (
            f"“{zh}”半径 {radius_km:.0f} km，越过极点或180°经线，无法绘制；请核对时间和速度",
            f"“{en}” with a radius of {radius_km:.0f} km would cross a pole or the 180th meridian; "
            "check time and speed",
        ),
    }
    message_zh, message_en = texts[problem]
    return Finding(f"circles.{problem}", "error", "commute_circles", circle.id, message_zh, message_en)


def circle_order_findings(
    circle_specs: tuple[Circle, ...], circle_reaches: gpd.GeoDataFrame
) -> list[Finding]:
    """Report circles (``circles.order``) that reach less in more time than another from the same start."""
    radii = dict(zip(circle_reaches["id"], circle_reaches["radius_m"], strict=True))
    findings = []
    for less, more in itertools.permutations(circle_specs, 2):
        same = less.origin == more.origin and less.time_min < more.time_min
        if not same or radii[more.id] >= radii[less.id]:
            continue
        low, high = radii[more.id] / 1000, radii[less.id] / 1000
        findings.append(
            Finding(
                "circles.order", "warning", "commute_circles", more.id,
                f"“{_names(more)[0]}”{more.time_min:g} 分钟只到 {low:.1f} km，少于“{_names(less)[0]}”"
                f"{less.time_min:g} 分钟的 {high:.1f} km；请核对速度和绕行系数",
                f"“{_names(more)[1]}” reaches {low:.1f} km in {more.time_min:g} min, less than "
                f"“{_names(less)[1]}” in {less.time_min:g} min with {high:.1f} km; check speed and detour",
                low, high,
            )
        )  # fmt: skip
    return findings


def circle_straight_line_findings(
    circle_specs: tuple[Circle, ...], circle_reaches: gpd.GeoDataFrame, commute_rules: RuleTable
) -> list[Finding]:
    """Remind (``circles.straight_line``) that a buffer is no road, with the numbers it was made from."""
    findings = []
    for circle, speed, detour, radius_m in zip(
        circle_specs,
        circle_reaches["speed_kmh"],
        circle_reaches["detour"],
        circle_reaches["radius_m"],
        strict=True,
    ):
        if circle.method != "buffer":
            continue
        speed_zh, speed_en = _origin_of(circle.speed_kmh, f"{circle.mode}.speed", commute_rules)
        detour_zh, detour_en = _origin_of(circle.detour, f"{circle.mode}.detour", commute_rules)
        zh, en = _names(circle)
        findings.append(
            Finding(
                "circles.straight_line", "info", "commute_circles", circle.id,
                f"“{zh}”为直线缓冲：速度 {speed:g} km/h（{speed_zh}），绕行系数 {detour:g}（{detour_zh}），"
                f"半径 {radius_m / 1000:.2f} km；在河流、山地附近会高估，正式使用应以路网测算",
                f"“{en}” is a straight-line buffer: {speed:g} km/h ({speed_en}), "
                f"detour {detour:g} ({detour_en}), radius {radius_m / 1000:.2f} km; "
                "it claims too much near rivers and mountains, formal use needs the road network",
                float(radius_m),
            )
        )  # fmt: skip
    return findings


def _origin_of(own: float | None, key: str, rules: RuleTable) -> tuple[str, str]:
    if own is not None:
        return "计划给定", "given by the plan"
    zh, en = _CONFIDENCE[rules[key].confidence]
    return f"{key}，{zh}", f"{key}, {en}"


def circle_promise_findings(
    circle_specs: tuple[Circle, ...],
    circle_coverage: pd.DataFrame,
    circle_promises: gpd.GeoDataFrame,
    circle_margins: gpd.GeoDataFrame,
    circle_rings: gpd.GeoDataFrame,
) -> list[Finding]:
    """Report promises that lead nowhere (``circles.bad_promise``) or are not kept.

    Returns
    -------
    list of Finding
        ``circles.bad_promise`` is an error; ``circles.promise_broken`` a warning, with the share seen, the
        share required, and the towns or the land that are left out.
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
            findings.append(_break(row, names[aim.circle], left))
    return findings


def _left_out(aim: Any, margins: gpd.GeoDataFrame, ring: BaseGeometry) -> BaseGeometry:
    if aim.subject == "area":
        return shapely.difference(aim.geometry, ring)
    return shapely.union_all(_targets(aim, margins).query("margin_m > 0").geometry.to_numpy())


def _targets(aim: Any, margins: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return margins[(margins["circle"] == aim.circle) & margins["target"].isin(aim.targets.split(","))]


def _break(row: pd.Series, names: tuple[str, str], left: BaseGeometry) -> Finding:
    share, required = float(row["share"]), float(row["required_share"])
    # Rounded down: a share just short of what is required must not read as if it were enough.
    seen = math.floor(share * 1000) / 10
    return Finding(
        "circles.promise_broken", "warning", "circle_coverage", row["id"],
        f"“{names[0]}”承诺到达 {row['promise']} 的 {required:.1%}，实为 {seen:.1f}%；圈外：{row['outside']}。"
        "请核对速度、绕行系数与时间，或修改承诺",
        f"“{names[1]}” promises {required:.1%} of {row['promise']} but reaches {seen:.1f}%; "
        f"outside: {row['outside']}. Check speed, detour and time, or change the promise",
        share, required, left,
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
        unsure = rows[rows["margin_m"].abs() <= rows["accuracy_m"].where(rows["accuracy_m"] > 0)]
        if aim.subject not in ("towns", "points") or unsure.empty:
            continue
        circle = specs[aim.circle]
        slack_m = rows["accuracy_m"].fillna(0.0)  # unknown ones are told by the check of the towns
        low = float((rows["margin_m"] + slack_m <= 0).mean())
        high = float((rows["margin_m"] - slack_m <= 0).mean())
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
    return [
        f"{name} {margin_m / 1000:+.1f} km (±{accuracy_m / 1000:g} km)"
        for name, margin_m, accuracy_m in zip(rows[column], rows["margin_m"], rows["accuracy_m"], strict=True)
    ]


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
