"""Boundary roads 断头路: links that would join districts, by the minutes that they save on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.shapes.topology import repair_polygons
from spatial.engine.travel.borders import Border, find_borders
from spatial.engine.travel.network import FAR, Floats, Mode, Network
from spatial.engine.travel.snapping import RoadIndex, snap_points
from spatial.plan.contract import Column, Contract, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.boundary_roads import BoundaryRoads
from spatial.plan.picking import find_miscounts
from spatial.plan.records import Roads
from spatial.plan.rules import RuleTable
from spatial.themes.access.boundary_trials import Gain, Ground, Places, Survey, Trial

_TYPES = {"text": "str", "number": "float64", "integer": "int64", "truth": "bool"}
_KINDS = {
    "dead_ends": ("打通", "Join"),
    "facing": ("连通", "Join across"),
    "one_end": ("接通", "Connect"),
    "opening": ("新增联系", "Open"),
    "class_drop": ("提级", "Raise"),
}


def boundary_units(
    boundary_road_spec: BoundaryRoads | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    districts: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the districts whose borders are looked at, one row a name: ``name``, EPSG:4490."""
    spec = boundary_road_spec
    frame = districts if spec is None or spec.districts is None else source_frames[spec.districts]
    frame = frame[:0] if spec is None else frame
    frame = frame[frame.geometry.geom_type.isin(("Polygon", "MultiPolygon"))]
    names = frame["name"].where(frame["name"] != "", frame["id"]).astype(str).to_numpy()
    shapes = repair_polygons(frame.geometry.to_numpy())
    once = list(dict.fromkeys(names))
    united = [shapely.union_all(shapes[names == name]) for name in once]
    return gpd.GeoDataFrame({"name": once}, geometry=np.array(united, dtype=object), crs=STORED_CRS)


def boundary_borders(
    boundary_units: gpd.GeoDataFrame, metric_crs: str, boundary_road_rules: RuleTable
) -> list[Border]:
    """Return the borders that districts share, in the plan's metric CRS."""
    areas = transform_shapes(boundary_units.geometry.to_numpy(), STORED_CRS, metric_crs)
    gap_m = float(boundary_road_rules.value("boundary.tolerance"))
    return find_borders(areas, gap_m, float(boundary_road_rules.value("boundary.least")))


def boundary_ground(
    *,
    boundary_road_spec: BoundaryRoads | None,
    road_networks: dict[Mode, Network],
    road_spec: Roads | None,
    speed_rules: RuleTable,
    boundary_road_rules: RuleTable,
) -> Ground | None:
    """Return the network for cars with the roads whose ends are joined; None without part or roads."""
    network = road_networks.get("drive")
    if boundary_road_spec is None or network is None or road_spec is None:
        return None
    rules = boundary_road_rules
    part = network.road_components()
    length_m = np.bincount(part[part >= 0], network.road_m[part >= 0])
    whole = np.append(length_m, 0.0)[part] >= float(rules.value("part.least"))
    skipped = np.isin(network.road_class.astype(str), list(rules.value("class.skipped")))
    roads = np.flatnonzero(whole & ~skipped & (network.road_seconds < FAR).any(axis=1))
    lines = network.shapes(roads)
    shapely.prepare(lines)
    table = {key: float(value) for key, value in speed_rules.under("drive").items() if _is_number(value)}
    own = {key.removeprefix("drive."): value for key, value in road_spec.speeds.items()}
    index = RoadIndex(roads, lines, shapely.STRtree(lines))
    return Ground(network, index, table | own, rules, boundary_road_spec.within_m)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def boundary_job_problem(
    boundary_road_spec: BoundaryRoads | None, source_frames: dict[str, gpd.GeoDataFrame]
) -> str:
    """Say in Chinese and English why jobs cannot be counted; empty where they can, or none are named."""
    spec = boundary_road_spec
    if spec is None or spec.jobs is None:
        return ""
    return find_miscounts(source_frames[spec.jobs], spec.jobs, spec.jobs_column)


def boundary_places(
    *,
    boundary_road_spec: BoundaryRoads | None,
    boundary_ground: Ground | None,
    boundary_borders: list[Border],
    boundary_units: gpd.GeoDataFrame,
    residents: gpd.GeoDataFrame,
    towns: gpd.GeoDataFrame,
    source_frames: dict[str, gpd.GeoDataFrame],
    boundary_job_problem: str,
) -> Places | None:
    """Return people and jobs on roads, by cells; without people towns, without towns cells of roads."""
    ground, spec = boundary_ground, boundary_road_spec
    if ground is None or spec is None or not boundary_borders:
        return None
    crs = ground.network.crs
    if len(residents) and residents["people"].sum() > 0:
        counted, at, people = "people", residents, residents["people"].to_numpy(dtype=float)
    elif len(towns):
        counted, at, people = "towns", towns, np.ones(len(towns))
    else:
        counted, at, people = "cells", None, np.ones(len(ground.network.node_xy))
    xy = ground.network.node_xy if at is None else _middles(at, crs)
    jobs = np.zeros(len(people))
    if spec.jobs is not None and not boundary_job_problem:
        frame = source_frames[spec.jobs]
        xy = np.concatenate([xy, _middles(frame, crs)])
        jobs = np.concatenate([jobs, pd.to_numeric(frame[spec.jobs_column]).to_numpy(dtype=float)])
        people = np.concatenate([people, np.zeros(len(frame))])
    areas = transform_shapes(boundary_units.geometry.to_numpy(), STORED_CRS, crs)
    return _sum_cells(ground, areas, (xy, people, jobs), counted)


def _middles(frame: gpd.GeoDataFrame, crs: str) -> Floats:
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    return shapely.get_coordinates(transform_shapes(points, STORED_CRS, crs)).reshape(-1, 2)


def _sum_cells(ground: Ground, areas: Any, given: tuple[Floats, Floats, Floats], counted: str) -> Places:
    """Return one place for each cell in each area: that which holds most, with the sums of all."""
    xy, people, jobs = given
    point, area = shapely.STRtree(areas).query(shapely.points(xy), predicate="intersects")
    unit = np.full(len(xy), -1, dtype=np.int64)
    unit[point[::-1]] = area[::-1]
    cell = np.floor(xy / float(ground.rules.value("place.cell"))).astype(np.int64)
    table = pd.DataFrame({"unit": unit, "x": cell[:, 0], "y": cell[:, 1], "people": people, "jobs": jobs})
    table["both"] = table["people"] + table["jobs"]
    table = table[(table["unit"] >= 0) & (table["both"] > 0)]
    groups = table.groupby(["unit", "x", "y"])
    row = groups["both"].idxmax().to_numpy()
    sums = groups[["people", "jobs"]].sum()
    if counted == "cells":  # a cell counts once, however many junctions it has
        sums["people"] = np.minimum(sums["people"], 1.0)
    snaps = snap_points(ground.network, xy[row], float(ground.rules.value("place.snap")), index=ground.index)
    return Places(unit[row], xy[row], snaps, sums["people"].to_numpy(), sums["jobs"].to_numpy(), counted)


def boundary_surveys(boundary_ground: Ground | None, boundary_borders: list[Border]) -> list[Survey]:
    """Return what was found at each border."""
    if boundary_ground is None:
        return []
    return [boundary_ground.survey(border) for border in boundary_borders]


@dataclass(frozen=True, eq=False)
class Measured:
    """Trials with what they bring, most minutes first, and how many were left unmeasured."""

    trials: tuple[tuple[Trial, Gain], ...]
    left: int


def boundary_gains(
    boundary_ground: Ground | None,
    boundary_places: Places | None,
    boundary_surveys: list[Survey],
    boundary_road_rules: RuleTable,
) -> Measured:
    """Measure the candidates of all borders anew; those that rough measures put last are left out."""
    if boundary_ground is None or boundary_places is None:
        return Measured((), 0)
    most = int(boundary_road_rules.value("most.measured"))
    links = sorted((one for survey in boundary_surveys for one in survey.links), key=lambda one: -one.ends_s)
    drops = sorted(
        (one for survey in boundary_surveys for one in survey.drops), key=lambda one: -one.length_m
    )
    share = max(most - len(drops), most // 2)
    chosen = [*links[:share], *drops[: most - min(share, len(links))]]
    found = [(one, boundary_ground.measure(one, boundary_places)) for one in chosen]
    found.sort(key=lambda pair: (-pair[1].person_minutes, -pair[0].ends_s))
    return Measured(tuple(found), len(links) + len(drops) - len(chosen))


def boundary_left(boundary_gains: Measured) -> int:
    """Return how many candidates were not measured."""
    return boundary_gains.left


@layer(
    "断头路与边界道路", "Boundary roads", "LineString",
    needs=("boundary_roads",),
    name_en=Column("text", "英文名称", "English name"),
    rank=Column("integer", "次序", "Rank"),
    kind=Column("text", "类别", "Kind"),
    district=Column("text", "行政区一", "District"),
    other=Column("text", "行政区二", "Other district"),
    from_class=Column("text", "现状等级", "Present class", nullable=True),
    to_class=Column("text", "建成等级", "Class when built"),
    length_m=Column("number", "长度（米）", "Length (m)"),
    speed_kmh=Column("number", "速度（公里/小时）", "Speed (km/h)"),
    ends_saved_min=Column("number", "两端点间节省（分钟）", "Saved between the ends (min)", nullable=True),
    before_min=Column("number", "现状平均时间（分钟）", "Mean minutes before (min)", nullable=True),
    after_min=Column("number", "建成后平均时间（分钟）", "Mean minutes after (min)", nullable=True),
    minutes_saved=Column("number", "平均节省（分钟）", "Minutes saved (min)", nullable=True),
    people=Column("number", "两侧人口", "People on both sides"),
    jobs=Column("number", "两侧岗位", "Jobs on both sides"),
    helped=Column("number", "受益人口", "People helped"),
    person_minutes=Column("number", "共节省（人·分钟）", "Saved in all (person-minutes)"),
    counted=Column("text", "计数对象", "Counted"),
    over_water=Column("truth", "跨越河流", "Over water"),
)  # fmt: skip
def boundary_roads(
    boundary_gains: Measured,
    boundary_places: Places | None,
    boundary_units: gpd.GeoDataFrame,
    rivers: gpd.GeoDataFrame,
    metric_crs: str,
) -> gpd.GeoDataFrame:
    """Return links across borders of districts and roads to be raised, those that save most minutes first.

    `kind`: ``dead_ends`` joins two dead ends that face each other, ``facing`` two roads that stop at
    junctions and face each other, ``one_end`` one such end and a road across, ``opening`` two roads that both
    go on, ``class_drop`` raises a road to the class that it has across. Each is built into the network
    and journeys between people, and from people to jobs, on both sides are measured anew. A length is that of
    a straight line: no land, slope or cost is looked at, and motorways, railways and lanes may lie between.
    `counted` says what stands for people where they are not known: ``towns``, or ``cells`` with roads.
    """
    names = boundary_units["name"].to_list()
    counted = boundary_places.counted if boundary_places else ""
    rows = [
        _tell(trial, gain, names) | {"rank": rank, "id": f"boundary-road-{rank:03d}", "counted": counted}
        for rank, (trial, gain) in enumerate(boundary_gains.trials, 1)
    ]
    lines = np.array([*(trial.line for trial, _ in boundary_gains.trials), None], dtype=object)[:-1]
    stored = transform_shapes(lines, metric_crs, STORED_CRS)
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=stored, crs=STORED_CRS)
    water = shapely.union_all(rivers.geometry.to_numpy())
    frame["over_water"] = shapely.intersects(stored, water) if len(stored) else False
    return _shape_up(frame, boundary_roads)


def _tell(trial: Trial, gain: Gain, names: list[str]) -> dict[str, object]:
    one, other = names[trial.border.one], names[trial.border.other]
    zh, en = _KINDS[trial.kind]
    road = trial.name or f"{one}—{other}（无名道路）"
    return {
        "name": f"{zh} {road}",
        "name_en": f"{en} {trial.name or f'unnamed road {one}—{other}'}",
        "kind": trial.kind,
        "district": one,
        "other": other,
        "from_class": trial.from_class or None,
        "to_class": trial.to_class,
        "length_m": trial.length_m,
        "speed_kmh": trial.kmh,
        "ends_saved_min": np.nan if trial.kind == "class_drop" else trial.ends_s / 60,
        "before_min": gain.before_min,
        "after_min": gain.after_min,
        "minutes_saved": gain.before_min - gain.after_min,
        "people": gain.people,
        "jobs": gain.jobs,
        "helped": gain.helped,
        "person_minutes": gain.person_minutes,
    }


@layer(
    "行政区道路衔接", "Joints of districts", "LineString",
    needs=("boundary_roads",),
    name_en=Column("text", "英文名称", "English name"),
    district=Column("text", "行政区一", "District"),
    other=Column("text", "行政区二", "Other district"),
    shared_km=Column("number", "共有界线（公里）", "Shared boundary (km)"),
    crossings=Column("integer", "跨界道路数", "Crossing roads"),
    trunk_links=Column("integer", "跨界干路数", "Crossing main roads"),
    wanted=Column("integer", "要求干路数", "Main roads wanted"),
    class_drops=Column("integer", "等级下降处", "Class drops"),
    dead_ends=Column("integer", "成对断头路", "Pairs of dead ends"),
    candidates=Column("integer", "候选连接", "Candidates"),
    best=Column("text", "节省最多的连接", "Best candidate"),
    verdict=Column("text", "结论", "Verdict"),
)  # fmt: skip
def boundary_joints(
    *,
    boundary_surveys: list[Survey],
    boundary_units: gpd.GeoDataFrame,
    boundary_roads: gpd.GeoDataFrame,
    boundary_road_spec: BoundaryRoads | None,
    boundary_ground: Ground | None,
    metric_crs: str,
) -> gpd.GeoDataFrame:
    """Return each pair of districts with a shared boundary: the roads that cross it and what is missing.

    Carriageways of one class that cross side by side count as one road; motorways and lanes below the rule
    table's classes are not counted. `verdict`: ``apart`` (no road crosses), ``weak`` (fewer main roads than
    the plan wants), ``joined``.
    """
    names = boundary_units["name"].to_list()
    rows = list[dict[str, object]]()
    for survey in boundary_surveys:
        one, other = names[survey.border.one], names[survey.border.other]
        mine = boundary_roads[(boundary_roads["district"] == one) & (boundary_roads["other"] == other)]
        count, trunk = _count_crossings(survey, boundary_ground)
        wanted = boundary_road_spec.trunk_links if boundary_road_spec else 0
        rows.append({
            "id": f"joint-{len(rows) + 1:03d}", "name": f"{one}—{other}", "name_en": f"{one}–{other}",
            "district": one, "other": other, "shared_km": shapely.length(survey.border.line) / 1000,
            "crossings": count, "trunk_links": trunk, "wanted": wanted, "class_drops": len(survey.drops),
            "dead_ends": sum(link.kind == "dead_ends" for link in survey.links),
            "candidates": len(survey.links) + len(survey.drops),
            "best": mine["name"].iloc[0] if len(mine) and mine["person_minutes"].iloc[0] > 0 else "",
            "verdict": "apart" if count == 0 else "weak" if trunk < wanted else "joined",
        })  # fmt: skip
    lines = np.array([*(survey.border.line for survey in boundary_surveys), None], dtype=object)[:-1]
    stored = transform_shapes(lines, metric_crs, STORED_CRS)
    return _shape_up(gpd.GeoDataFrame(pd.DataFrame(rows), geometry=stored, crs=STORED_CRS), boundary_joints)


def _count_crossings(survey: Survey, ground: Ground | None) -> tuple[int, int]:
    """Return how many roads cross a border, and how many of them are main roads."""
    if ground is None or not len(survey.group):
        return 0, 0
    _, first = np.unique(survey.group, return_index=True)
    main = [
        ground.class_of(int(road)) in ground.rules.value("class.main")
        for road in survey.crossings.road[first]
    ]
    return len(first), sum(main)


def _shape_up(frame: Any, function: Callable[..., object]) -> Any:
    """Give a layer the columns of its contract, in order, typed also where it has no rows."""
    contract: Contract = function.__dict__["contract"]
    columns = contract.all_columns()
    kinds = {name: _TYPES[column.kind] for name, column in columns.items()}
    return frame.reindex(columns=[*columns, "geometry"]).astype(kinds).reset_index(drop=True)
