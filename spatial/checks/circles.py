"""Checks of circles: unknown starts, roads that are not near, and what a straight line hides."""

from __future__ import annotations

import itertools

import geopandas as gpd

from spatial.engine.rings.treks import Trek
from spatial.engine.travel.journeys import Journey
from spatial.plan.findings import Finding
from spatial.plan.records import Circle, Roads
from spatial.plan.rules import RuleTable

_CONFIDENCE = {
    "found": ("见于来源", "found in a source"),
    "high": ("可信度高", "confidence high"),
    "medium": ("可信度中", "confidence medium"),
    "low": ("可信度低", "confidence low"),
    "default": ("工具默认值，非规范", "a default of this tool, no norm"),
}


_WAYS = {"network": ("路网", "along roads"), "surface": ("地形", "over the ground")}


def circle_making_findings(
    circle_specs: tuple[Circle, ...],
    circle_rings: gpd.GeoDataFrame,
    circle_reaches: gpd.GeoDataFrame,
    commute_circles: gpd.GeoDataFrame,
    road_spec: Roads | None,
) -> list[Finding]:
    """Report circles that could not be made: unknown start, method not available, too far, nothing left.

    Returns
    -------
    list of Finding
        ``circles.unknown_origin``, ``circles.method_unavailable``, ``circles.no_network``,
        ``circles.off_network``, ``circles.no_terrain``, ``circles.no_ground`` and ``circles.too_far`` are
        errors, ``circles.outside_territory`` a warning.
    """
    radii = circle_reaches["radius_m"] / 1000
    made = set(commute_circles["circle"])
    findings = []
    for circle, problem, radius_km in zip(circle_specs, circle_rings["problem"], radii, strict=True):
        if problem:
            findings.append(_explain(circle, problem, radius_km, road_spec))
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


def _explain(circle: Circle, problem: str, radius_km: float, roads: Roads | None) -> Finding:
    zh, en = _names(circle)
    snap_km = roads.snap_m / 1000 if roads else 0.0
    texts = {
        "unknown_origin": (
            f"“{zh}”的起点“{circle.origin}”不是要素、镇、地点或 territory；请改 from",
            f"“{en}” starts from {circle.origin!r}, which is no element, town, place or territory; "
            "correct `from`",
        ),
        "method_unavailable": _miss_method(circle, zh, en),
        "no_network": (
            f"“{zh}”要按 {circle.mode} 沿道路测算，但没有可供其通行的道路；请核对 roads 的 classes 与 speeds",
            f"“{en}” is measured along roads by {circle.mode}, but no road is open to it; check `classes` "
            "and `speeds` of roads",
        ),
        "off_network": (
            f"“{zh}”的起点“{circle.origin}”{snap_km:g} km 内没有可上的道路；"
            "请核对起点、道路来源或 roads.snap",
            f"no road that can be joined lies within {snap_km:g} km of {circle.origin!r}, where “{en}” "
            "starts; check the start, the source of the roads, or roads.snap",
        ),
        "no_terrain": (
            f"“{zh}”要求 method: surface，但没有高程；请在 terrain 下写 elevation。未以直线缓冲代替",
            f"“{en}” asks for method: surface, but there are no heights; name a source as `elevation` of "
            "`terrain`. It is not replaced by a buffer",
        ),
        "no_ground": (
            f"“{zh}”的起点“{circle.origin}”不在可通行的地面上（水面、无高程或高程数据之外）；请核对起点与地形来源",
            f"“{en}” starts from {circle.origin!r}, which is no path: on water, where no height "
            "is known, or outside the elevation model; check the start and the sources of `terrain`",
        ),
        "too_far": (
            f"“{zh}”半径 {radius_km:.0f} km，越过极点或180°经线，无法绘制；请核对时间和速度",
            f"“{en}” with a radius of {radius_km:.0f} km would cross a pole or the 180th meridian; "
            "check time and speed",
        ),
    }
    message_zh, message_en = texts[problem]
    return Finding(f"circles.{problem}", "error", "commute_circles", circle.id, message_zh, message_en)


def _miss_method(circle: Circle, zh: str, en: str) -> tuple[str, str]:
    """Say why a method is not available: no roads, no network for buses."""
    if circle.mode != "bus":
        why_zh = "但计划没有 roads，无路网可用；请在 roads 下写明道路来源（线文件或 .osm.pbf）"
        why_en = "but the plan has no `roads`; name a source of roads there (a line file or .osm.pbf)"
    else:
        why_zh = f"本版本尚不支持 mode: {circle.mode}；可改用 mode: drive 或 method: buffer"
        why_en = f"not available in this version for mode: {circle.mode}; take mode: drive or method: buffer"
    return (
        f"“{zh}”要求 method: {circle.method}，{why_zh}。未以直线缓冲代替",
        f"“{en}” asks for method: {circle.method}, {why_en}. It is not replaced by a buffer",
    )


def circle_order_findings(
    circle_specs: tuple[Circle, ...], circle_reaches: gpd.GeoDataFrame
) -> list[Finding]:
    """Report buffers (``circles.order``) that reach less in more time than another from the same start."""
    radii = dict(zip(circle_reaches["id"], circle_reaches["radius_m"], strict=True))
    findings = []
    for less, more in itertools.permutations([spec for spec in circle_specs if spec.method == "buffer"], 2):
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


def circle_network_findings(
    circle_specs: tuple[Circle, ...],
    circle_journeys: dict[str, Journey | Trek],
    commute_circles: gpd.GeoDataFrame,
) -> list[Finding]:
    """Say how circles along roads (``circles.network``) and over the ground (``circles.surface``) were drawn.

    With what a buffer claims too much.
    """
    whole = commute_circles[commute_circles["form"] == "cumulative"].set_index("circle")
    findings = []
    for circle in circle_specs:
        journey = circle_journeys.get(circle.id)
        if journey is None or circle.id not in whole.index:
            continue
        zh, en = _names(circle)
        area_km2, ratio = whole.loc[circle.id, ["area_km2", "overclaim"]]
        way_zh, way_en = _WAYS[circle.method]
        findings.append(
            Finding(
                f"circles.{circle.method}", "info", "commute_circles", circle.id,
                f"“{zh}”按{way_zh}测算，面积 {area_km2:.1f} km²；同等时间与速度的直线圈是其 {ratio:.2f} 倍；"
                f"{journey.rules.describe('zh')}",
                f"“{en}” is measured {way_en}: {area_km2:.1f} km²; the straight-line reach of the same "
                f"time and speed is {ratio:.2f} times that; {journey.rules.describe()}",
                float(ratio),
            )
        )  # fmt: skip
    return findings


def _names(circle: Circle) -> tuple[str, str]:
    return circle.name.pick("zh"), circle.name.pick("en")
