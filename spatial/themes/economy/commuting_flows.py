"""Commuting 通勤: how long the way to work is now, how short it could be, and the flows of both."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.engine.crs import transform_shapes
from spatial.engine.shapes.bows import draw_bows
from spatial.engine.travel.network import Floats, Longs
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.commuting import Commuting
from spatial.plan.rules import RuleTable
from spatial.themes.economy.commuting_optima import Optimum
from spatial.themes.economy.commuting_trips import Trips
from spatial.themes.economy.commuting_zones import Minutes

_LIMITS = ("tolerable_min", "extreme_min", "near_km")
_BASES = {"counts": ("按岗位与就业人口", "From jobs and workers"), "flows": ("按通勤流量", "From flows")}


@layer(
    "通勤效率", "Commuting", "none",
    needs=("commuting", "roads"),
    name_en=Column("text", "英文名称", "English name"),
    basis=Column("text", "依据", "Basis"),
    mode=Column("text", "出行方式", "Mode"),
    zones=Column("integer", "单元数", "Zones"),
    workers=Column("number", "就业人口", "Workers"),
    jobs=Column("number", "岗位数", "Jobs"),
    difference=Column("number", "岗位减就业人口", "Jobs less workers"),
    scaled=Column("text", "按较小者缩减", "Scaled down"),
    people=Column("number", "计入人数", "People"),
    present_min=Column("number", "现状平均通勤（分钟）", "Mean commute now (min)", nullable=True),
    least_min=Column("number", "最小可能平均通勤（分钟）", "Least possible mean (min)", nullable=True),
    random_min=Column("number", "随机平均通勤（分钟）", "Mean at random (min)", nullable=True),
    most_min=Column("number", "最大可能平均通勤（分钟）", "Greatest possible mean (min)", nullable=True),
    excess_min=Column("number", "过剩通勤（分钟）", "Excess commuting (min)", nullable=True),
    excess_share=Column("number", "过剩通勤率", "Excess commuting share", nullable=True),
    potential_share=Column("number", "通勤潜力利用率", "Commuting potential used (share)", nullable=True),
    tolerable_min=Column("number", "可承受时限（分钟）", "Bearable up to (min)"),
    tolerable_share=Column("number", "时限内通勤占比", "Within it (share)", nullable=True),
    extreme_min=Column("number", "极端通勤时限（分钟）", "Extreme above (min)"),
    extreme_share=Column("number", "极端通勤占比", "Above it (share)", nullable=True),
    present_km=Column("number", "现状平均直线距离（公里）", "Straight distance now (km)", nullable=True),
    least_km=Column("number", "最小平均直线距离（公里）", "Least straight distance (km)", nullable=True),
    near_km=Column("number", "就近通勤距离（公里）", "Near up to (km)"),
    near_share=Column("number", "就近通勤占比", "Near (share)", nullable=True),
    solved=Column("text", "求解方式", "How solved"),
    groups=Column("integer", "合并后单元数", "Groups"),
)  # fmt: skip
def commuting(
    *,
    commuting_optima: list[Optimum],
    commuting_spec: Commuting | None,
    commuting_minutes: Minutes,
    commuting_distances: Floats,
    commuting_trips: Trips,
    commuting_rules: RuleTable,
) -> pd.DataFrame:
    """Return the commute of the whole, once by the counts of zones and once by the flows where these exist.

    The least mean is that of a transport problem (White 1988): the same homes and jobs, people changed over.
    Where jobs and workers differ, the larger are scaled down evenly to the smaller, as `difference` and
    `scaled` say. Excess share = (now - least) / now; potential used = (now - least) / (greatest - least)
    (Horner 2002). `least_km` is the least mean straight distance, found by itself (职住分离度).

    `solved`: ``exact``, proved by prices; ``merged``, zones were merged into `groups`, so that the least is a
    commute that is possible but may not be the least; ``unproved``, the solver gave up before the proof;
    ``none`` where nothing is measured.
    """
    told = _measure_flows(commuting_trips, commuting_minutes, commuting_distances, commuting_rules)
    rows = list[dict[str, object]]()
    for one in commuting_optima:
        zh, en = _BASES[one.basis]
        limits = {key: value for key, value in told.items() if key in _LIMITS}
        rows.append({
            "id": f"commuting-{one.basis}", "name": zh, "name_en": en, "basis": one.basis,
            "mode": commuting_spec.mode if commuting_spec else "", "zones": one.zones,
            "workers": one.workers, "jobs": one.jobs, "difference": one.jobs - one.workers,
            "scaled": _name_scaled(one), "people": one.people, "present_min": one.present_min,
            "least_min": one.least_min, "random_min": one.random_min, "most_min": one.most_min,
            "least_km": one.least_m / 1000, "groups": one.groups, **_measure_excess(one),
            "solved": _name_solution(one),
            **(told if one.basis == "flows" else limits),
        })  # fmt: skip
    return shape_rows(pd.DataFrame(rows), commuting)


def _measure_flows(trips: Trips, minutes: Minutes, apart: Floats, rules: RuleTable) -> dict[str, float]:
    """Return the limits of the rule table, and what shares of the journeys keep to them."""
    tolerable, extreme = (float(rules.value(f"{key}.time")) for key in ("long", "extreme"))
    near_m = float(rules.value("near.distance"))
    start, end, people = trips.within(minutes.reached)
    spent, way_m = (part[start, end] if len(start) else np.empty(0) for part in (minutes.between, apart))
    told = {"tolerable_min": tolerable, "extreme_min": extreme, "near_km": near_m / 1000}
    if people.sum() > 0:
        measured = (
            ("tolerable_share", spent <= tolerable), ("extreme_share", spent > extreme),
            ("near_share", way_m < near_m), ("present_km", way_m / 1000),
        )  # fmt: skip
        told |= {name: float(people @ part / people.sum()) for name, part in measured}
    return told


def _name_scaled(one: Optimum) -> str:
    if abs(one.jobs - one.workers) <= 1e-9 * max(one.jobs, one.workers):
        return "none"
    return "jobs" if one.jobs > one.workers else "workers"


def _name_solution(one: Optimum) -> str:
    if np.isnan(one.least_min):
        return "none"
    return "merged" if one.groups else "exact" if one.proved else "unproved"


def _measure_excess(one: Optimum) -> dict[str, float]:
    """Return the excess in minutes, as a share, and what of the potential is used; rounding is no excess."""
    now, least, most = one.present_min, one.least_min, one.most_min
    over = 0.0 if abs(now - least) <= 1e-6 * max(now, 1.0) else now - least
    return {
        "excess_min": over,
        "excess_share": over / now if now > 0 else np.nan,
        "potential_share": over / (most - least) if most - least > 1e-9 else np.nan,
    }


_FLOW = {
    "name_en": Column("text", "英文名称", "English name"),
    "rank": Column("integer", "次序", "Rank"),
    "start": Column("text", "居住单元", "Homes in"),
    "end": Column("text", "就业单元", "Jobs in"),
    "people": Column("number", "人数", "People"),
    "share": Column("number", "占全部份额", "Share of all"),
    "of_largest": Column("number", "与最大流量之比", "Over the largest drawn"),
    "time_min": Column("number", "时间（分钟）", "Time (min)", nullable=True),
}


@layer("通勤流量", "Commute flows", "LineString", needs=("commuting",), **_FLOW)
def commute_flows(
    *,
    commuting_zones: gpd.GeoDataFrame,
    commuting_middles: Floats,
    commuting_minutes: Minutes,
    commuting_trips: Trips,
    commuting_rules: RuleTable,
    metric_crs: str,
) -> gpd.GeoDataFrame:
    """Return present flows between zones, the largest first; lines bend to the right on the way to work.

    Flows inside a zone and with places outside have no line; those with less than the rule table's share of
    all people in the flows, and those beyond its number of lines, are not drawn. A line is no route.
    """
    both = (commuting_trips.start >= 0) & (commuting_trips.end >= 0)
    picked = commuting_trips.start[both], commuting_trips.end[both], commuting_trips.people[both]
    whole = float(commuting_trips.people.sum())
    ground = commuting_zones, commuting_middles, commuting_minutes.between
    return shape_rows(
        _draw("commute-flow", picked, whole, ground, (commuting_rules, metric_crs)), commute_flows
    )


@layer("最短通勤流量", "Flows of the shortest commute", "LineString", needs=("commuting", "roads"), **_FLOW)
def minimal_flows(
    *,
    commuting_optima: list[Optimum],
    commuting_zones: gpd.GeoDataFrame,
    commuting_middles: Floats,
    commuting_minutes: Minutes,
    commuting_rules: RuleTable,
    metric_crs: str,
) -> gpd.GeoDataFrame:
    """Return who would go where if the mean commute were the least, drawn as `commute_flows` are.

    Against the flows where there are any, else from the counts of zones. Of several least commutes one is
    drawn.
    """
    ground = commuting_zones, commuting_middles, commuting_minutes.between
    none = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    best = commuting_optima[-1] if commuting_optima else None
    picked = (best.start, best.end, best.amount) if best else none
    whole = best.people if best else 0.0
    return shape_rows(
        _draw("minimal-flow", picked, whole, ground, (commuting_rules, metric_crs)), minimal_flows
    )


def _draw(
    key: str,
    trips: tuple[Longs, Longs, Floats],
    whole: float,
    ground: tuple[gpd.GeoDataFrame, Floats, Floats],
    how: tuple[RuleTable, str],
) -> gpd.GeoDataFrame:
    """Return lines of the journeys that are large enough, numbered from the largest."""
    zones, middles, between = ground
    rules, crs = how
    start, end, people = trips[0], trips[1], trips[2].round(6)
    share = people / whole if whole > 0 else people
    drawn = np.flatnonzero((start != end) & (share >= float(rules.value("flows.share"))))
    drawn = drawn[np.lexsort((end[drawn], start[drawn], -people[drawn]))][: int(rules.value("flows.most"))]
    start, end = start[drawn], end[drawn]
    lines = transform_shapes(draw_bows(middles[start], middles[end]), crs, STORED_CRS)
    names, english = zones["name"].to_numpy(), zones["name_en"].where(zones["name_en"] != "", zones["name"])
    minutes = between[start, end] if between.size else np.full(len(drawn), np.nan)
    frame = pd.DataFrame({
        "id": [f"{key}-{rank:04d}" for rank in range(1, len(drawn) + 1)],
        "name": [f"{a}→{b}" for a, b in zip(names[start], names[end], strict=True)],
        "name_en": [f"{a} → {b}" for a, b in zip(english.iloc[start], english.iloc[end], strict=True)],
        "rank": np.arange(1, len(drawn) + 1), "start": names[start], "end": names[end],
        "people": people[drawn], "share": share[drawn],
        "of_largest": people[drawn] / people[drawn].max(initial=1.0),
        "time_min": np.where(np.isfinite(minutes), minutes, np.nan),
    })  # fmt: skip
    return gpd.GeoDataFrame(frame, geometry=lines, crs=STORED_CRS)
