"""What a question about journeys starts from: minutes, a network, and places that lie on it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import cast, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from spatial.engine.crs import parse_crs, transform_shapes
from spatial.engine.network import Floats, Mode, Network
from spatial.engine.snapping import RoadIndex, Snaps, index_roads, snap_points
from spatial.errors import Fault, PlanError, SourceError
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.records import Source
from spatial.plan.units import parse_quantity
from spatial.sources.networks import LineFile, Travel, open_line_networks, open_networks
from spatial.sources.origin import list_some
from spatial.sources.roads import RoadColumns
from spatial.sources.speeds import list_classes
from spatial.sources.vector import read_source

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps of it are done, and of how many."""
Given = str | PathLike[str]
"""A position written as ``112.59,35.09`` or ``name=112.59,35.09``, or a file of places."""

SNAP = "1km"
"""Farthest road that a place is snapped to unless told otherwise."""
_OSM = (".pbf", ".osm", ".bz2", ".gz", ".o5m")
_ELSEWHERE_M = 50_000.0
_FARTHEST_M = 2e7
_NUMBER = r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"
_POSITION = re.compile(rf"(?:(?P<name>[^=]*)=)?\s*(?P<lon>{_NUMBER})\s*[,，]\s*(?P<lat>{_NUMBER})\s*")
_SPEEDS = {"km/h": 1.0, "kmh": 1.0, "m/s": 3.6, "m/min": 0.06, "公里/小时": 1.0}
_LENGTHS = {"m": 1.0, "km": 1000.0, "米": 1.0, "公里": 1000.0, "千米": 1000.0}


@dataclass(frozen=True)
class Roads:
    """Where roads come from and how fast they are.

    Parameters
    ----------
    path : Path
        OpenStreetMap extract, or any file of lines.
    mode : {"drive", "cycle", "walk"}
    speeds : mapping of str to float
        km/h by class over the rule table's; the key ``""`` is one speed for all roads.
    dem : Path, optional
        Elevation model: walking and cycling follow its slope.
    columns : RoadColumns, optional
        Of a file of lines.
    """

    path: Path
    mode: Mode
    speeds: Mapping[str, float]
    dem: Path | None = None
    columns: RoadColumns | None = None

    def open(self) -> Network:
        """Return the network: from the cache, or read and built.

        Raises
        ------
        SpatialError
            The file cannot be read, or holds no road for this mode.
        """
        steady = self.speeds.get("")
        own = {name: kmh for name, kmh in self.speeds.items() if name}
        if steady is None:
            travel = Travel(speeds=own, heights=self.dem)
        else:
            # Posted speeds times infinity slow nobody and are not driven: the one speed is that of every road.
            every = dict.fromkeys(list_classes() - {"ferry"}, steady)
            from_table = _list_open(self.mode)
            every = {name: kmh for name, kmh in every.items() if name in from_table}
            travel = Travel(speeds=every | own, maxspeed_share=math.inf, heights=self.dem)
        if self.path.suffix.lower() in _OSM:
            return open_networks(self.path, [self.mode], travel=travel)[self.mode]
        lines = LineFile(
            self.path.stem,
            Source(file=self.path.name),
            self.path.parent,
            self.columns or RoadColumns(),
        )
        return open_line_networks(lines, [self.mode], travel=travel)[self.mode]


def _list_open(mode: Mode) -> set[str]:
    from spatial.sources.speeds import choose_class_speeds

    return set(choose_class_speeds(mode))


@dataclass(frozen=True)
class Places:
    """Places that journeys start from or lead to.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        EPSG:4490 points: ``id`` (unique), ``name``, then the columns of the file they come from.
    findings : tuple of Finding
        What was left out or changed on reading.
    """

    frame: gpd.GeoDataFrame
    findings: tuple[Finding, ...] = ()


def read_mode(mode: str) -> Mode:
    """Return a mode of travel, or refuse it.

    Raises
    ------
    PlanError
        Not one of drive, cycle, walk.
    """
    if mode not in get_args(Mode):
        raise PlanError(Fault("--mode", "", f"{mode!r} is no mode", f"write one of {', '.join(get_args(Mode))}"))
    return cast(Mode, mode)


def read_minutes(minutes: str | float | Iterable[float]) -> tuple[float, ...]:
    """Return rising minutes, or refuse them.

    Parameters
    ----------
    minutes : str, float or iterable of float
        Such as ``"15,30,60"`` or ``[15, 30, 60]``.

    Raises
    ------
    PlanError
        None, or one that is not a number, zero, negative, infinite, given twice or less than the one before.

    Examples
    --------
    >>> read_minutes("15, 30,60")
    (15.0, 30.0, 60.0)
    """
    if isinstance(minutes, str):
        parts: list[object] = [part.strip() for part in re.split("[,，]", minutes)]
    else:
        parts = [minutes] if isinstance(minutes, (int, float)) else list(minutes)
    values = [_as_number(part) for part in parts]
    remedy = "write rising minutes above zero, such as 15,30,60"
    faults = [
        Fault("--minutes", "", f"{part!r} {problem}", remedy)
        for at, (part, value) in enumerate(zip(parts, values, strict=True))
        if (problem := _doubt_minutes(value, values[:at]))
    ]
    if faults or not values:
        raise PlanError(faults or Fault("--minutes", "", "no minutes are given", remedy))
    return tuple(values)


def _as_number(part: object) -> float:
    try:
        return float(part)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _doubt_minutes(value: float, before: Sequence[float]) -> str:
    """Say what is wrong with a number of minutes that stands behind others; "" if nothing is."""
    if not math.isfinite(value):
        return "is not a number of minutes"
    if value <= 0:
        return "is not above zero"
    if value in before:
        return "is given twice"
    return f"comes after {max(before):g}" if before and value < max(before) else ""


def read_speeds(speeds: str | Sequence[str] | None) -> dict[str, float]:
    """Return km/h by class of road; the key ``""`` is one speed for all roads.

    Parameters
    ----------
    speeds : str or sequence of str, optional
        ``5km/h``, or ``primary=50km/h`` for a class of road.

    Raises
    ------
    PlanError
        No number, no unit, zero for all roads, negative, above 300 km/h.

    Examples
    --------
    >>> read_speeds(["5km/h", "steps=2 km/h"])
    {'': 5.0, 'steps': 2.0}
    """
    found: dict[str, float] = {}
    for text in [speeds] if isinstance(speeds, str) else (speeds or ()):
        name, _, quantity = text.rpartition("=")
        try:
            kmh = parse_quantity(quantity, _SPEEDS, "5 km/h")
        except ValueError as error:
            raise PlanError(Fault("--speed", name.strip(), str(error))) from error
        if kmh > 300 or (kmh == 0 and not name.strip()):
            problem = f"{quantity!r} is no speed to travel at"
            raise PlanError(Fault("--speed", name.strip(), problem, "write more than 0 and at most 300 km/h"))
        found[name.strip()] = kmh
    return found


def read_length(text: str, key: str) -> float:
    """Return metres, or refuse what is no length above zero.

    Examples
    --------
    >>> read_length("1km", "--snap")
    1000.0
    """
    try:
        metres = parse_quantity(text, _LENGTHS, "1km")
    except ValueError as error:
        raise PlanError(Fault(key, "", str(error))) from error
    if not metres > 0:
        raise PlanError(Fault(key, "", f"{text!r} is not above zero", "write such as 1km"))
    return metres


def read_columns(pairs: Sequence[str] | None) -> RoadColumns | None:
    """Return which column of a file of lines says what, from texts such as ``class=fclass``.

    Raises
    ------
    PlanError
        Something that a column cannot say.
    """
    if not pairs:
        return None
    known = {"class": "class_", "speed": "speed", "oneway": "oneway", "level": "level"}
    known |= {"bridge": "bridge", "tunnel": "tunnel", "surface": "surface"}
    said = {}
    for pair in pairs:
        what, _, column = (part.strip() for part in pair.partition("="))
        if what not in known or not column:
            remedy = f"write WHAT=COLUMN, where WHAT is one of {', '.join(known)}"
            raise PlanError(Fault("--column", "", f"{pair!r} is not understood", remedy))
        said[known[what]] = column
    return RoadColumns(**said)


def gather_places(given: Given | Iterable[Given], key: str, crs: str | None = None) -> Places:
    """Return places from positions and files.

    Parameters
    ----------
    given : str, path or iterable of them
        Positions ``lon,lat`` or ``name=lon,lat`` (degrees), and files of features: points are taken as they
        are, of lines and areas a point on them.
    key : str
        Where it was given, for messages, such as ``--from``.
    crs : str, optional
        Of files that do not say theirs; CSV files without it are degrees.

    Raises
    ------
    PlanError
        Nothing given, or a position that is none.
    SourceError
        A file that cannot be read.

    Examples
    --------
    >>> gather_places(["济源=112.59,35.09", "112.37,34.92"], "--from").frame["name"].tolist()
    ['济源', '112.37,34.92']
    """
    parts = [given] if isinstance(given, (str, PathLike)) else list(given)
    if not parts:
        raise PlanError(Fault(key, "", "no place is given", "write 112.59,35.09 or name a file of points"))
    written = [match for part in parts if (match := _POSITION.fullmatch(str(part)))]
    files = [Path(part) for part in parts if not _POSITION.fullmatch(str(part))]
    frames = [_place_positions(written, key)] if written else []
    findings: list[Finding] = []
    for path in files:
        read = _read_file(path, key, crs)
        frames.append(read.frame)
        findings += read.findings
    frame = frames[0] if len(frames) == 1 else _join(frames)
    return Places(frame, tuple(findings))


def _place_positions(written: Sequence[re.Match[str]], key: str) -> gpd.GeoDataFrame:
    lon = np.array([float(match["lon"]) for match in written])
    lat = np.array([float(match["lat"]) for match in written])
    for match, x, y in zip(written, lon, lat, strict=True):
        if not (abs(x) <= 180 and abs(y) <= 90):
            turned = f"; turned round it would be {match['lat']},{match['lon']}" if abs(x) <= 90 else ""
            remedy = f"write longitude,latitude in degrees, such as 112.59,35.09{turned}"
            raise PlanError(Fault(key, "", f"{match[0]!r} is no position", remedy))
    names = [(match["name"] or "").strip() or f"{match['lon']},{match['lat']}" for match in written]
    ids = [f"place-{number:04d}" for number in range(1, len(written) + 1)]
    columns = {"id": ids, "name": names}
    return gpd.GeoDataFrame(columns, geometry=shapely.points(lon, lat), crs=STORED_CRS)


def _read_file(path: Path, key: str, crs: str | None) -> Places:
    if not path.exists():
        remedy = "write longitude,latitude such as 112.59,35.09, or the path of a file"
        raise PlanError(Fault(key, "", f"{str(path)!r} is neither a position nor a file", remedy))
    own = "EPSG:4490" if path.suffix.lower() == ".csv" else None
    read = read_source(path.stem, Source(file=path.name, crs=crs or own), path.parent)
    frame = read.frame.drop(columns=["source", "illustrative"])
    unnamed = frame["name"] == ""
    frame["name"] = frame["name"].where(~unnamed, frame["id"])
    dimension = shapely.get_dimensions(frame.geometry.to_numpy())
    frame["geometry"] = frame.geometry.representative_point().to_numpy()
    if not (dimension > 0).any():
        return Places(frame, read.findings)
    count = int((dimension > 0).sum())
    note = Finding(
        "places.point_on_shape", "info", path.stem, "",
        f"{path.name}：{count} 个线或面要素取其上一点。",
        f"{path.name}: of {count} lines and areas a point on them was taken.",
        value=float(count),
    )  # fmt: skip
    return Places(frame, (*read.findings, note))


def _join(frames: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    frame = pd.concat(frames, ignore_index=True)
    again = frame["id"].duplicated(keep=False)
    frame.loc[again, "id"] = [f"{name}#{at}" for at, name in enumerate(frame["id"][again], 1)]
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=STORED_CRS)


@dataclass(frozen=True, eq=False)
class Snapped:
    """Places on a network.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        EPSG:4490: ``id, name, snapped, offset_m, road, geometry``.
    snaps : Snaps
    findings : tuple of Finding
        Places that no road is near to.
    """

    frame: gpd.GeoDataFrame
    snaps: Snaps
    findings: tuple[Finding, ...]


def snap_places(
    network: Network, places: Places, limit_m: float, *, where: str, layer: str, index: RoadIndex | None = None
) -> Snapped:
    """Snap places to the nearest road of the largest connected part.

    Parameters
    ----------
    network : Network
    places : Places
    limit_m : float
        Metres; what lies farther from any road is a finding and takes part in no journey.
    where : str
        Name of the file of roads, for messages.
    layer : str
        What the places are called in findings: ``origins`` or ``targets``.
    index : RoadIndex, optional
        Of the network, where it was made before.

    Raises
    ------
    SourceError
        All places lie far from all roads: the network is that of another region.
    """
    points = places.frame.geometry.to_numpy()
    snaps = snap_points(network, _project(points, network.crs), limit_m, index=index or index_roads(network))
    if (snaps.offset_m > _ELSEWHERE_M).all():
        raise _refuse_elsewhere(network, points, float(snaps.offset_m.min()), where, layer)
    there = snaps.road >= 0
    frame = places.frame[["id", "name", "geometry"]].copy()
    frame.insert(2, "snapped", there)
    frame.insert(3, "offset_m", snaps.offset_m.round(2))
    frame.insert(4, "road", np.where(there, network.road_name[snaps.road], ""))
    return Snapped(frame.reset_index(drop=True), snaps, tuple(_find_lonely(frame, limit_m, layer)))


def _project(points: Floats, crs: str) -> Floats:
    """Return metric coordinates, the poles of the projection for places that it has none for."""
    turn = Transformer.from_crs(parse_crs(STORED_CRS), parse_crs(crs), always_xy=True)
    xy = np.column_stack(turn.transform(*shapely.get_coordinates(points).T))
    return np.where(np.isfinite(xy), xy, _FARTHEST_M)


def _find_lonely(frame: gpd.GeoDataFrame, limit_m: float, layer: str) -> Iterable[Finding]:
    for row in frame[~frame["snapped"]].itertuples():
        far = f"{row.offset_m / 1000:.2f} km"
        yield Finding(
            f"{layer}.far_from_roads", "error", layer, str(row.id),
            f"{row.name}：距最近道路 {far}，超过 {limit_m:g} 米，未参与计算；请核对位置，或用 --snap 放宽。",
            f"{row.name}: the nearest road is {far} away, beyond {limit_m:g} m, so it was left out; "
            "check where it lies, or widen --snap.",
            value=float(row.offset_m), limit=limit_m, geometry=row.geometry,
        )  # fmt: skip


def _refuse_elsewhere(
    network: Network, points: Floats, nearest_m: float, where: str, layer: str
) -> SourceError:
    corners = shapely.box(*network.node_xy.min(axis=0), *network.node_xy.max(axis=0))
    area = transform_shapes([corners], network.crs, STORED_CRS)[0]
    west, south, east, north = area.bounds
    lon, lat = shapely.get_coordinates(points).T
    shown = list_some([f"{x:.4f},{y:.4f}" for x, y in zip(lon, lat, strict=True)], 3)
    problem = f"its roads lie in {west:.2f} to {east:.2f} E, {south:.2f} to {north:.2f} N, {nearest_m / 1000:.0f} km"
    turned = shapely.contains_xy(area, lat, lon).any()
    remedy = "write longitude first" if turned else f"take the extract of the region that the {layer} lie in"
    return SourceError(Fault(where, "", f"{problem} and more from the {layer} ({shown})", remedy))
