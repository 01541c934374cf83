"""The sources as nodes of the pipeline: what is read once, and what each layer starts from."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.travel.network import Mode, Network
from spatial.errors import Fault, GeometryError, SourceError
from spatial.plan.findings import Finding
from spatial.plan.parts.boundary_roads import BoundaryRoads
from spatial.plan.parts.commuting import Commuting
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.parts.services import Services
from spatial.plan.records import Circle, Connections, Facilities, Roads, Territory
from spatial.sources import districts
from spatial.sources.networks import Travel, build_mode, open_networks
from spatial.sources.origin import name_origin
from spatial.sources.references import SourceRef
from spatial.sources.roads import LineRoads, RoadColumns, node_roads
from spatial.sources.speeds import MODES
from spatial.sources.tables import read_table
from spatial.sources.vector import SourceRead, read_source

_DEGREE_M = 110_574.0
"""Metres of one degree of latitude where that is shortest."""

_MODES_ZH: dict[str, str] = {"drive": "小汽车", "cycle": "自行车", "walk": "步行", "bus": "公交"}
_NOTES_ZH = (
    (
        r"network: (\d+) nodes, (\d+) directed edges, (\d+) roads, (.*) km",
        r"\1 个节点、\2 条有向边、\3 段道路，共 \4 公里",
    ),
    (r"connected parts: (\d+); the largest has (\d+) nodes", r"连通部分 \1 个，最大者含 \2 个节点"),
    (r"roads that cannot be both .*: (\d+), (.*) km", r"与最大连通部分不能往返的道路 \1 段、\2 公里"),
    (r"nodes added for turn restrictions: (\d+)", r"因转向限制增加节点 \1 个"),
    (r"roads without length, kept at (.*) s: (\d+)", r"长度为零的道路 \2 段，按 \1 秒计"),
    (r"ways used for \w+: (\d+)", r"采用线路 \1 条"),
    (r"ways closed to \w+: (\d+)", r"不允许通行的线路 \1 条"),
    (r"ways without a speed above zero, left out: (\d+)", r"车速不大于零而舍去的线路 \1 条"),
    (r"ways with a single vertex, left out: (\d+)", r"只有一个顶点而舍去的线路 \1 条"),
    (r"vertices given twice in a row, dropped: (\d+)", r"去除连续重复顶点 \1 个"),
    (r"barriers in use: (\d+)", r"计入阻隔 \1 处"),
    (r"vertices added where lines meet: (\d+)", r"在相交处加入顶点 \1 个"),
    (r"segments that lie on another: (\d+)", r"与他线重合的线段 \1 段"),
    (r"ends that stop short of a line: (\d+)", r"未接上道路的端点 \1 处"),
    (r"of these, moved onto it: (\d+)", r"其中已接上 \1 处"),
    (r"turn restrictions honoured: (\d+)", r"采用转向限制 \1 条"),
)
"""Notes of the engine in Chinese; others stay as they are."""


def source_reads(source_refs: tuple[SourceRef, ...]) -> dict[str, SourceRead]:
    """Read every source of features; all refusals are raised together."""
    reads, faults = dict[str, SourceRead](), list[Fault]()
    for ref in source_refs:
        if ref.kind != "features":
            continue
        try:
            reads[ref.name] = read_source(ref.name, ref.source, Path(ref.folder))
        except SourceError as error:
            faults += error.faults
    if faults:
        raise SourceError(faults)
    return reads


def source_tables(source_refs: tuple[SourceRef, ...]) -> dict[str, pd.DataFrame]:
    """Read every source that is a table: its columns, and the line of the file as index; refused together."""
    tables, faults = dict[str, pd.DataFrame](), list[Fault]()
    for ref in source_refs:
        if ref.kind != "table":
            continue
        try:
            tables[ref.name] = read_table(name_origin(ref.name, ref.source), ref.locate())
        except SourceError as error:
            faults += error.faults
    if faults:
        raise SourceError(faults)
    return tables


def source_frames(source_reads: dict[str, SourceRead]) -> dict[str, gpd.GeoDataFrame]:
    """Return the frames of all sources by name, EPSG:4490."""
    return {name: read.frame for name, read in source_reads.items()}


def source_findings(source_reads: dict[str, SourceRead], source_refs: tuple[SourceRef, ...]) -> list[Finding]:
    """Return what was repaired or seen while reading, and the rasters that nothing is made from."""
    found = [finding for read in source_reads.values() for finding in read.findings]
    for ref in source_refs:
        if ref.kind == "spare":
            where = ref.source.file or ref.source.url
            found.append(Finding(
                "sources.unused", "info", ref.name, "",
                f"{where}：规划未使用该栅格（来源 {ref.name}），未读取。",
                f"{where}: no part of the plan names this raster (source {ref.name}); it is not read.",
            ))  # fmt: skip
    return found


def boundary(territory_spec: Territory, source_frames: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return the territory as the provider or the source draws it."""
    return districts.read_boundary(territory_spec, source_frames)


def counties(territory_spec: Territory) -> gpd.GeoDataFrame:
    """Return the administrative units one level below the territory; empty without an adcode."""
    return districts.read_counties(territory_spec)


def provider_areas(territory_spec: Territory) -> dict[str, float]:
    """Return the territory's area by each provider, km²; empty without an adcode."""
    return districts.measure_provider_areas(territory_spec.adcode)


def reference_boundary(territory_spec: Territory, boundary: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the provider's boundary that a source's is compared with; empty where none is needed."""
    return districts.read_reference(territory_spec, boundary)


def road_modes(
    circle_specs: tuple[Circle, ...],
    connection_spec: Connections | None,
    facility_spec: Facilities | None,
    *,
    evaluation_spec: Evaluation | None = None,
    boundary_road_spec: BoundaryRoads | None = None,
    service_spec: Services | None = None,
    commuting_spec: Commuting | None = None,
) -> tuple[Mode, ...]:
    """Return the modes that a network is needed for; an evaluation without given minutes needs cars."""
    asked: set[str] = {circle.mode for circle in circle_specs if circle.method != "buffer"}
    by_car = evaluation_spec is not None and "location" not in evaluation_spec.factors
    if connection_spec is not None or boundary_road_spec is not None or by_car:
        asked.add("drive")
    if commuting_spec is not None:
        asked.add(commuting_spec.mode)
    if facility_spec is not None or (connection_spec is not None and connection_spec.villages):
        asked.add("walk")
    if service_spec is not None:
        asked |= {one.mode for one in service_spec.services} or {"walk"}
    return tuple(mode for mode in MODES if mode in asked)


def road_refs(road_spec: Roads | None, source_refs: tuple[SourceRef, ...]) -> dict[str, SourceRef]:
    """Return the source of the roads and that of the heights, so that no other source rebuilds a network."""
    names = (road_spec.source, road_spec.elevation) if road_spec else ()
    return {ref.name: ref for ref in source_refs if ref.name in names}


def road_area(road_spec: Roads | None, boundary: gpd.GeoDataFrame) -> BaseGeometry:
    """Return the box that roads are read in: round the territory, with the plan's margin, EPSG:4490."""
    west, south, east, north = boundary.total_bounds
    margin_m = road_spec.margin_m if road_spec else 0.0
    up = margin_m / _DEGREE_M
    across = up / max(np.cos(np.radians(max(abs(south), abs(north)))), 0.01)
    return shapely.box(west - across, south - up, east + across, north + up)


def line_roads(
    road_spec: Roads | None,
    road_modes: tuple[Mode, ...],
    source_frames: dict[str, gpd.GeoDataFrame],
    road_area: BaseGeometry,
) -> LineRoads | None:
    """Return the noded lines of the roads; None without need, for an extract, and where none lies near.

    Raises
    ------
    SourceError
        The source holds no lines, or a column that the plan names is not there.
    """
    if road_spec is None or not road_modes or road_spec.source not in source_frames:
        return None
    frame = source_frames[road_spec.source]
    near = frame[shapely.intersects(frame.geometry.to_numpy(), road_area)]
    if not len(near):
        return None
    columns = RoadColumns(
        class_=road_spec.grade_column if road_spec.grade_column in frame else None,
        **road_spec.columns.model_dump(),
        classes=road_spec.classes,
    )
    return node_roads(near, columns, join_m=road_spec.join_m, known=tuple(road_spec.speeds))


def road_networks(
    *,
    road_spec: Roads | None,
    road_modes: tuple[Mode, ...],
    road_refs: dict[str, SourceRef],
    line_roads: LineRoads | None,
    road_area: BaseGeometry,
    metric_crs: str,
) -> dict[Mode, Network]:
    """Return the network of every mode that is needed, in the plan's metric CRS.

    A mode that no road is open to is left out, as are all of them where no road lies near the territory.

    Raises
    ------
    SourceError
        An extract or an elevation model that cannot be read.
    """
    if road_spec is None:
        return {}
    travel = Travel(
        speeds=road_spec.speeds,
        maxspeed_share=road_spec.maxspeed_share,
        junction_s=None if road_spec.junction_min is None else road_spec.junction_min * 60,
        heights=road_refs[road_spec.elevation].locate() if road_spec.elevation else None,
    )

    def build(modes: Sequence[Mode]) -> dict[Mode, Network]:
        if line_roads is None:
            path = road_refs[road_spec.source].locate()
            return open_networks(path, modes, crs=metric_crs, travel=travel, within=road_area)
        return {mode: build_mode(line_roads, mode, crs=metric_crs, travel=travel) for mode in modes}

    if line_roads is None and road_refs[road_spec.source].kind != "extract":
        return {}
    try:
        return build(road_modes)
    except GeometryError:
        return {mode: network for mode in road_modes for network in _try(build, mode)}


def _try(build: Callable[[Sequence[Mode]], dict[Mode, Network]], mode: Mode) -> list[Network]:
    """Return the network of one mode in a list, or none where no road is open to it."""
    try:
        return [build([mode])[mode]]
    except GeometryError:
        return []


def road_findings(
    road_spec: Roads | None,
    road_modes: tuple[Mode, ...],
    line_roads: LineRoads | None,
    road_networks: dict[Mode, Network],
) -> list[Finding]:
    """Report what the networks hold (``roads.network``) and what they lack.

    Returns
    -------
    list of Finding
        ``roads.closed``, an error: a mode that no road is open to, or no road near the territory. Ends that
        stop short of another road, as the reader of lines reports them.
    """
    if road_spec is None:
        return []
    found = list(line_roads.findings) if line_roads else []
    for mode in road_modes:
        if mode in road_networks:
            notes = road_networks[mode].notes
            zh = f"{_MODES_ZH.get(mode, mode)}路网：{'；'.join(map(_translate, notes))}"
            en = f"{mode} network: {'; '.join(notes)}"
            found.append(Finding("roads.network", "info", "roads", mode, zh, en))
        else:
            found.append(_find_closed(mode, road_spec))
    return found


def _translate(note: str) -> str:
    """Return a note in Chinese, or as it is where nobody has said how it reads."""
    for pattern, chinese in _NOTES_ZH:
        if match := re.fullmatch(pattern, note):
            return match.expand(chinese)
    return note


def _find_closed(mode: str, spec: Roads) -> Finding:
    reach_km = spec.margin_m / 1000
    return Finding(
        "roads.closed", "error", "roads", mode,
        f"来源 {spec.source} 在规划范围及其外 {reach_km:g} km 内没有可供 {mode} 通行的道路；"
        "请核对来源的位置、roads.classes 与 roads.speeds",
        f"source {spec.source} holds no road open to {mode} within {reach_km:g} km of the territory; "
        "check where it lies, roads.classes and roads.speeds",
    )  # fmt: skip
