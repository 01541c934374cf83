"""Roads from any file of lines: columns say class, speed, one-way and level; where lines meet they join."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.geodesy import GEOD
from spatial.engine.travel.network import Floats, Mode, Texts, Truths
from spatial.engine.travel.noding import NodedLines, node_lines
from spatial.engine.travel.roads import OTHER, RoadTable
from spatial.errors import Fault, SourceError
from spatial.plan.findings import Finding
from spatial.plan.records import Source
from spatial.plan.rules import read_rules
from spatial.sources.doubts import Doubts
from spatial.sources.origin import list_some
from spatial.sources.speeds import MODES, choose_class_speeds, list_classes
from spatial.sources.tags import parse_maxspeed, read_ground
from spatial.sources.vector import read_source

_ONE_WAY = {
    "f": 1, "ft": 1, "yes": 1, "true": 1, "1": 1, "单向": 1, "顺向": 1, "是": 1,
    "t": -1, "tf": -1, "reverse": -1, "-1": -1, "逆向": -1,
    "b": 0, "n": 0, "no": 0, "false": 0, "0": 0, "双向": 0, "否": 0, "": 0,
}  # fmt: skip
_HIGHEST = 9
_TRUE = {"t", "true", "yes", "y", "1", "是", "桥", "隧道", "viaduct"}
_SURFACES = {
    "水泥": "concrete", "混凝土": "concrete", "沥青": "asphalt", "柏油": "asphalt", "硬化": "paved",
    "砂石": "gravel", "碎石": "gravel", "土": "ground", "土路": "ground", "未硬化": "unpaved",
}  # fmt: skip


@dataclass(frozen=True)
class RoadColumns:
    """Which column of a file says what; None where none does.

    Parameters
    ----------
    class_ : str, optional
        Class of road; Chinese names and those of OpenStreetMap are known.
    speed : str, optional
        Posted speed, km/h unless the text says otherwise; 0 and empty are unknown.
    oneway : str, optional
        Yes, true, 1, F, FT, 单向 lead as drawn; -1, T, TF, 逆向 against it; no, 0, B, 双向 both ways.
    level : str, optional
        0 on the ground, 1 and more above, below 0 under it.
    bridge, tunnel : str, optional
        Truth; a bridge without `level` is at 1, a tunnel at -1.
    surface : str, optional
        Pavement, by OpenStreetMap's words or 水泥, 沥青, 硬化, 砂石, 土路.
    classes : mapping of str to str, optional
        Values of `class_` and the classes that they stand for.
    """

    class_: str | None = None
    speed: str | None = None
    oneway: str | None = None
    level: str | None = None
    bridge: str | None = None
    tunnel: str | None = None
    surface: str | None = None
    classes: Mapping[str, str] | None = None


@dataclass(frozen=True, eq=False)
class LineRoads:
    """Lines of a file, noded, with what their columns say; for all modes.

    Parameters
    ----------
    noded : NodedLines
        In a plane of its own, metres.
    lon, lat : ndarray of float64
        Vertices of `noded`, degrees.
    class_, name : ndarray of str, by line
    speed_kmh : ndarray of float64, by line
        NaN where none is posted.
    oneway, paved : ndarray of int8, by line
    aloft : ndarray of bool, by line
    notes : tuple of str
        What was counted.
    findings : tuple of Finding
        Ends that stop short of another line and what is not understood, with their places.
    """

    noded: NodedLines
    lon: Floats
    lat: Floats
    class_: Texts
    name: Texts
    speed_kmh: Floats
    oneway: npt.NDArray[np.int8]
    paved: npt.NDArray[np.int8]
    aloft: Truths
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]


def read_line_roads(
    name: str,
    source: Source,
    folder: Path,
    columns: RoadColumns | None = None,
    *,
    join_m: float = 0.0,
    known: Collection[str] = (),
) -> LineRoads:
    """Read roads from a GeoPackage, Shapefile, FileGDB, GeoJSON or any other file of lines.

    Parameters
    ----------
    name, source, folder
        As `read_source` takes them.
    columns : RoadColumns, optional
    join_m, known
        As in `node_roads`.

    Raises
    ------
    SourceError
        As `read_source` and `node_roads`.
    """
    read = read_source(name, source, folder)
    roads = node_roads(read.frame, columns, join_m=join_m, known=known)
    return replace(roads, findings=(*read.findings, *roads.findings))


def node_roads(
    frame: gpd.GeoDataFrame,
    columns: RoadColumns | None = None,
    *,
    near_m: float = 5.0,
    join_m: float = 0.0,
    known: Collection[str] = (),
) -> LineRoads:
    """Node the lines of a frame and read what its columns say.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        EPSG:4490, as `read_source` returns it; features that are not lines are left out and counted.
    columns : RoadColumns, optional
        None: every line is of class ``other``, both ways, on the ground.
    near_m : float
        Ends that stop short of another line by less than this are reported.
    join_m : float
        Those that stop short by less than this are joined, and counted; 0 joins none.
    known : collection of str
        Classes that the rule table has no speed for but the user has, as keys of `choose_class_speeds`.

    Returns
    -------
    LineRoads
        With findings on what its columns say that is not understood; see `Doubts`.

    Raises
    ------
    SourceError
        No lines, or a column that is not there.

    Examples
    --------
    >>> lines = shapely.linestrings([[(112, 35), (112.02, 35)], [(112.01, 35), (112.01, 35.01)]])
    >>> frame = gpd.GeoDataFrame({"name": ["国道", ""], "source": "demo"}, geometry=lines, crs="EPSG:4490")
    >>> make_line_table(node_roads(frame), "walk").size
    (2, 5)
    """
    columns = columns or RoadColumns()
    _refuse_columns(frame, columns)
    doubts = Doubts(frame)
    lines = _choose_lines(frame, doubts)
    rows, frame = np.flatnonzero(lines), frame[lines]
    plane, scale = _lay_flat(np.array(frame.geometry.array, dtype=object))
    level, aloft = _read_levels(frame, columns, doubts, rows)
    noded = node_lines(plane, level, near_m=near_m, join_m=join_m)
    class_ = _read_classes(frame, columns, doubts, rows, known)
    surface = _texts(frame, columns.surface)
    paved = [read_ground({"surface": _SURFACES.get(text, text)})[0] for text in surface]
    oneway, speed = _read_ways(frame, columns, doubts, rows)
    name = _name(frame)
    return LineRoads(
        noded=noded,
        lon=noded.xy[:, 0] / scale[0],
        lat=noded.xy[:, 1] / scale[1],
        class_=class_,
        name=frame["name"].fillna("").astype(str).to_numpy(dtype=object),
        speed_kmh=speed,
        oneway=oneway,
        paved=np.array(paved, dtype=np.int8),
        aloft=aloft,
        notes=(*doubts.notes(), *noded.notes),
        findings=(*doubts.findings(name), *_find_misses(name, noded, scale)),
    )


def _choose_lines(frame: gpd.GeoDataFrame, doubts: Doubts) -> Truths:
    """Tell which rows are lines of some length; the others are doubted."""
    shapes = frame.geometry.to_numpy()
    lines = frame.geometry.geom_type.isin(["LineString", "MultiLineString"]).to_numpy()
    if not lines.any():
        raise SourceError(Fault(_name(frame), "", "holds no lines", "name a file or layer of road lines"))
    long = lines & (shapely.length(shapes) > 0)
    for row in np.flatnonzero(~lines):
        doubts.add("no_line", int(row))
    for row in np.flatnonzero(lines & ~long):
        doubts.add("zero_length", int(row))
    if not long.any():
        problem, remedy = "all its lines have no length", "check the coordinates"
        raise SourceError(Fault(_name(frame), "", problem, remedy))
    return np.asarray(long)


def make_line_table(roads: LineRoads, mode: Mode, overrides: Mapping[str, float] | None = None) -> RoadTable:
    """Tell for one mode which roads it may use, which way, and how fast.

    Parameters
    ----------
    roads : LineRoads
    mode : {"drive", "cycle", "walk"}
    overrides : mapping of str to float, optional
        As in `choose_class_speeds`.

    Returns
    -------
    RoadTable
        Walking takes no notice of one-way roads. A class that only other modes know is closed; one that
        no mode knows is open at the speed of ``other``.
    """
    speeds = choose_class_speeds(mode, overrides)
    known = list_classes()
    line = roads.noded.line
    open_ = np.array([name in speeds or name not in known for name in roads.class_], dtype=bool)
    return RoadTable(
        mode=mode,
        way_start=roads.noded.way_start,
        lon=roads.lon,
        lat=roads.lat,
        vertex_id=roads.noded.vertex_id,
        class_=roads.class_[line],
        maxspeed_kmh=roads.speed_kmh[line],
        oneway=(roads.oneway if mode != "walk" else np.zeros_like(roads.oneway))[line],
        allowed=open_[line],
        way_id=line.astype(np.int64),
        name=roads.name[line],
        ferry_s=np.full(len(line), np.nan),
        paved=roads.paved[line],
        aloft=roads.aloft[line],
        notes=roads.notes,
    )


def _name(frame: gpd.GeoDataFrame) -> str:
    return str(frame["source"].iloc[0]) if "source" in frame and len(frame) else "roads"


def _refuse_columns(frame: gpd.GeoDataFrame, columns: RoadColumns) -> None:
    asked = {field.name: getattr(columns, field.name) for field in fields(columns) if field.name != "classes"}
    there = [name for name in frame.columns if name not in ("id", "source", "illustrative", "geometry")]
    faults = [
        Fault(
            _name(frame), key.rstrip("_"), f"there is no column {name!r}", f"there is {list_some(there, 20)}"
        )
        for key, name in asked.items()
        if name is not None and name not in frame.columns
    ]
    if faults:
        raise SourceError(faults)


def _lay_flat(shapes: Texts) -> tuple[Texts, tuple[float, float]]:
    """Scale degrees to metres at the middle latitude: straight lines stay straight, and back it is exact."""
    _, south, _, north = shapely.total_bounds(shapes)
    bend = 1 - GEOD.es * np.sin(np.radians((south + north) / 2)) ** 2
    east = np.radians(GEOD.a / np.sqrt(bend)) * np.cos(np.radians((south + north) / 2))
    scale = (float(east), float(np.radians(GEOD.a * (1 - GEOD.es) / bend**1.5)))
    return shapely.transform(shapes, lambda xy: xy * np.array(scale)), scale


def _texts(frame: gpd.GeoDataFrame, column: str | None) -> list[str]:
    """Return a column as lower-case texts, whole numbers without decimals; ``""`` where there is nothing."""
    if column is None:
        return [""] * len(frame)
    return ["" if pd.isna(value) else _text(value) for value in frame[column]]


def _text(value: Any) -> str:
    whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    return str(int(value) if whole else value).strip().lower()


def _read_levels(
    frame: gpd.GeoDataFrame, columns: RoadColumns, doubts: Doubts, rows: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.int64], Truths]:
    bridge = np.array([text in _TRUE for text in _texts(frame, columns.bridge)])
    tunnel = np.array([text in _TRUE for text in _texts(frame, columns.tunnel)])
    level = bridge.astype(np.int64) - tunnel
    if columns.level:
        texts = _texts(frame, columns.level)
        said = pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(dtype=float)
        usable = np.isfinite(said) & (np.abs(said) <= _HIGHEST) & (said == np.round(said))
        for at in np.flatnonzero(~usable & (np.array(texts) != "")):
            doubts.add("level", int(rows[at]), texts[at])
        level = np.where(usable & (said != 0), np.nan_to_num(said), level).astype(np.int64)
    return level, bridge | tunnel | (level != 0)


def _read_classes(
    frame: gpd.GeoDataFrame,
    columns: RoadColumns,
    doubts: Doubts,
    rows: npt.NDArray[np.intp],
    known: Collection[str],
) -> Texts:
    if columns.class_ is None:
        return np.full(len(frame), OTHER, dtype=object)
    own = {key.strip().lower(): value for key, value in (columns.classes or {}).items()}
    names = {**read_rules("speeds").value("classes"), **own}
    class_ = [names.get(text, text) or OTHER for text in _texts(frame, columns.class_)]
    fast = list_classes() | {key.removeprefix(f"{mode}.") for key in known for mode in MODES}
    for row, text in zip(rows, class_, strict=True):
        if text not in fast:
            doubts.add("class", int(row), text)
    return np.array(class_, dtype=object)


def _read_ways(
    frame: gpd.GeoDataFrame, columns: RoadColumns, doubts: Doubts, rows: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.int8], Floats]:
    walk_kmh = float(read_rules("speeds").value("maxspeed.walk"))
    oneway = np.zeros(len(frame), dtype=np.int8)
    speed = np.full(len(frame), np.nan)
    said = zip(rows, _texts(frame, columns.oneway), _texts(frame, columns.speed), strict=True)
    for at, (row, way, posted) in enumerate(said):
        oneway[at] = _ONE_WAY.get(way, 0)
        if way not in _ONE_WAY:
            doubts.add("oneway", int(row), way)
        kmh = parse_maxspeed("" if posted == "0" else posted, walk_kmh)
        speed[at] = np.nan if kmh is None else kmh
        if kmh is None:
            doubts.add("speed", int(row), posted)
        elif posted == "0":
            doubts.add("zero_speed", int(row))
    return oneway, speed


def _find_misses(name: str, noded: NodedLines, scale: tuple[float, float]) -> tuple[Finding, ...]:
    found = []
    for joined, zh, en in (
        (False, "未与其相接，可用 join 参数连接", "and are not joined; `join` would join them"),
        (True, "已连接", "and were joined"),
    ):
        chosen = noded.miss_joined == joined
        if chosen.any():
            count, most = int(chosen.sum()), float(noded.miss_m[chosen].max())
            finding = Finding(
                "sources.road_end_joined" if joined else "sources.road_end_short",
                "info" if joined else "warning",
                name,
                "",
                f"{name}：{count} 处线端距另一条道路不足 {most:.2f} 米，{zh}。",
                f"{name}: {count} ends stop short of another road, by {most:.2f} m at most, {en}.",
                value=float(count),
                geometry=shapely.MultiPoint(noded.miss_xy[chosen] / np.array(scale)),
            )
            found.append(finding)
    return tuple(found)
