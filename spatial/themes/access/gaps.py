"""Gaps 缺口: what would close the gap between a promise and what is reached, by what a kilometre brings."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.engine.rings.treks import Trek
from spatial.engine.travel.journeys import Journey
from spatial.engine.travel.network import Mode, Network
from spatial.plan.contract import Column, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Circle, Roads
from spatial.plan.rules import RuleTable
from spatial.themes.access.remedies import LADDER, Aim, Means, Remedy, Search, State

NEAR = 0.9
"""A kept promise that speeds a tenth lower would break is looked at as well."""
MOST = 5
_WHAT = {"link": ("新建连接", "Link"), "upgrade": ("提级", "Raise")}
_LINK_CLASS: dict[Mode, str] = {"drive": "tertiary", "cycle": "cycleway", "walk": "footway"}


def gap_means(road_spec: Roads | None, speed_rules: RuleTable, commute_rules: RuleTable) -> dict[Mode, Means]:
    """Return what may be built for each mode, at the speeds of the plan and the rule table."""
    if road_spec is None:
        return {}
    means = {}
    for mode, class_ in _LINK_CLASS.items():
        words = {*LADDER, class_}
        known = {rule.key: rule.value for rule in speed_rules.rules}
        table = {word: float(str(known.get(f"{mode}.{word}", 0))) for word in words}
        general = {word: road_spec.speeds[word] for word in words if word in road_spec.speeds}
        own = {
            word: road_spec.speeds[f"{mode}.{word}"] for word in words if f"{mode}.{word}" in road_spec.speeds
        }
        least_m = float(commute_rules.value("gap.least_length"))
        means[mode] = Means(table | general | own, class_, road_spec.gap_m, road_spec.snap_m, least_m)
    return means


def gap_aims(
    *,
    circle_specs: tuple[Circle, ...],
    circle_promises: gpd.GeoDataFrame,
    promises: pd.DataFrame,
    circle_targets: gpd.GeoDataFrame,
    towns: gpd.GeoDataFrame,
    residents: gpd.GeoDataFrame,
) -> dict[str, Aim]:
    """Return what circles along roads should reach whose promise is broken, or kept only just."""
    troubled = promises[
        (promises["method"] == "network")
        & (
            (promises["verdict"] == "broken")
            | ((promises["verdict"] == "kept") & (promises["flip_factor"] > NEAR))
        )
    ]
    specs = {circle.id: circle for circle in circle_specs}
    people = towns.set_index("id")["people"]
    aims = {}
    for aim in circle_promises[circle_promises["circle"].isin(troubled["circle"])].itertuples():
        seats = circle_targets[circle_targets["target"].isin(aim.targets.split(","))]
        homes, counts = np.empty(0, dtype=object), np.empty(0)
        if aim.geometry is not None:
            # Of polygons, the middle stands for the people: remedies are compared, not counted.
            middles = shapely.point_on_surface(residents.geometry.to_numpy())
            there = shapely.covers(aim.geometry, middles)
            homes, counts = middles[there], residents["people"].to_numpy(dtype=float)[there]
        aims[aim.circle] = Aim(
            circle=specs[aim.circle],
            places=seats.geometry.to_numpy(),
            names=seats["name"].to_numpy(dtype=object),
            people=people.reindex(seats["target"]).to_numpy(dtype=float),
            land=aim.geometry,
            homes=homes,
            residents=counts,
        )
    return aims


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found: how many candidates were tried, what is reached now, the best remedies."""

    tried: int
    before: State
    remedies: tuple[tuple[Remedy, State], ...]


def gap_searches(
    gap_aims: dict[str, Aim],
    gap_means: dict[Mode, Means],
    circle_journeys: dict[str, Journey | Trek],
    road_networks: dict[Mode, Network],
) -> dict[str, Found]:
    """Return, for each promise in trouble, the remedies that bring most for a kilometre."""
    found = {}
    for name, aim in gap_aims.items():
        mode = aim.circle.mode
        if mode == "bus":
            continue
        journey = circle_journeys[name]
        if isinstance(journey, Trek):  # no road closes a gap in ground that is walked
            continue
        search = Search(aim, journey, road_networks[mode], gap_means[mode])
        before, remedies = search.run()
        lines = np.array([one.line for one, _ in remedies[:MOST]] + [None], dtype=object)[:-1]
        stored = transform_shapes(lines, road_networks[mode].crs, STORED_CRS)
        kept = [
            (replace(one, line=line), state)
            for (one, state), line in zip(remedies[:MOST], stored, strict=True)
        ]
        found[name] = Found(search.tried, before, tuple(kept))
    return found


def gap_counts(gap_searches: dict[str, Found]) -> dict[str, int]:
    """Return how many candidates were tried for each promise in trouble, by circle."""
    return {circle: found.tried for circle, found in gap_searches.items()}


@layer(
    "缺口补救", "Gaps", "LineString",
    needs=("circles", "roads"),
    name_en=Column("text", "英文名称", "English name"),
    circle=Column("text", "圈层", "Circle"),
    rank=Column("integer", "次序", "Rank"),
    kind=Column("text", "类别", "Kind"),
    from_class=Column("text", "现状等级", "Present class", nullable=True),
    to_class=Column("text", "建成等级", "Class when built"),
    length_km=Column("number", "长度（公里）", "Length (km)"),
    speed_kmh=Column("number", "速度（公里/小时）", "Speed (km/h)"),
    share_before=Column("number", "现状覆盖率", "Share before"),
    share_after=Column("number", "建成后覆盖率", "Share after"),
    verdict_after=Column("text", "建成后结论", "Verdict after"),
    gain=Column("number", "新增", "Gain"),
    gain_unit=Column("text", "新增单位", "Unit of gain"),
    gain_per_km=Column("number", "每公里新增", "Gain per km"),
    newly=Column("text", "新纳入的镇或节点", "Newly inside"),
)  # fmt: skip
def gaps(gap_aims: dict[str, Aim], gap_searches: dict[str, Found]) -> gpd.GeoDataFrame:
    """Return what would close the gap of each promise that is broken or kept only just.

    `kind` is ``link`` (a new road, straight, both ways, from a dead end, an island or a late town to a road
    within the plan's reach) or ``upgrade`` (roads that late journeys run along, raised to the next class:
    a section, or all of one name). Candidates are put in order by a sweep each; the best eight are measured
    exactly, rings included, and the best five are listed, by gain for each kilometre; works shorter than the
    rule table's least length rank as if they had it. The gain is in people
    where they are known, else in towns or points, or in km². A length is that of the straight line or
    of the roads raised: a road built in the mountains is longer.
    """
    rows = [
        _tell(gap_aims[circle], search.before, remedy, state, rank)
        for circle, search in gap_searches.items()
        for rank, (remedy, state) in enumerate(search.remedies, 1)
    ]
    columns = gaps.__dict__["contract"].all_columns()
    kinds = {"number": "float64", "integer": "int64", "text": "str"}
    frame = pd.DataFrame([row for row, _ in rows], columns=list(columns))
    frame = frame.astype({name: kinds[column.kind] for name, column in columns.items()})
    return gpd.GeoDataFrame(frame, geometry=[line for _, line in rows], crs=STORED_CRS)


def _tell(
    aim: Aim, before: State, remedy: Remedy, after: State, rank: int
) -> tuple[dict[str, object], BaseGeometry]:
    gain, km = after.amount - before.amount, remedy.length_m / 1000
    what_zh, what_en = _WHAT[remedy.kind]
    newly = list(aim.names[after.inside & ~before.inside]) if aim.land is None else list[str]()
    name = remedy.name or "（无名道路）"
    return {
        "id": f"{aim.circle.id}-gap-{rank}",
        "name": f"{what_zh} {name}",
        "name_en": f"{what_en} {remedy.name or 'an unnamed road'}",
        "circle": aim.circle.id,
        "rank": rank,
        "kind": remedy.kind,
        "from_class": remedy.from_class or None,
        "to_class": remedy.to_class,
        "length_km": km,
        "speed_kmh": remedy.kmh,
        "share_before": before.share,
        "share_after": after.share,
        "verdict_after": "kept" if after.share >= aim.circle.share else "broken",
        "gain": gain,
        "gain_unit": aim.unit,
        "gain_per_km": gain / km,
        "newly": "、".join(newly),
    }, remedy.line
