"""What a question about journeys starts from: minutes, a network, and places that lie on it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from spatial.engine.crs import parse_crs
from spatial.engine.travel.graph import Starts
from spatial.engine.travel.network import Floats, Longs, Mode, Network
from spatial.engine.travel.snapping import RoadIndex, Snaps, index_roads, snap_points
from spatial.errors import Fault, PlanError
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.records import Source
from spatial.sources.networks import LineFile, Travel, open_line_networks, open_networks
from spatial.sources.roads import RoadColumns
from spatial.sources.speeds import choose_class_speeds
from spatial.sources.vector import read_source
from spatial.studies.lonely import find_lonely, refuse_elsewhere
from spatial.studies.questions import read_columns, read_mode, read_speeds

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps of it are done, and of how many."""
Given = str | PathLike[str]
"""A position written as ``112.59,35.09`` or ``name=112.59,35.09``, or a file of places."""

SNAP = "1km"
"""Farthest road that a place is snapped to unless told otherwise."""
OFF_ROAD_KMH = 3.0
"""Speed of walkers on the way from a place to its road, km/h: that of rings off the road."""
_OSM = (".pbf", ".osm", ".bz2", ".gz", ".o5m")
_ELSEWHERE_M = 50_000.0
_FARTHEST_M = 2e7
_SAME_DATUM = "sources.ballpark_transform"
_LOST = ("sources.no_number", "sources.no_geometry", "sources.off_earth")
_NUMBER = r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"
_POSITION = re.compile(rf"(?:(?P<name>[^=]*)=)?\s*(?P<lon>{_NUMBER})\s*[,，]\s*(?P<lat>{_NUMBER})\s*")


def keep_quiet(step: str, done: int, total: int) -> None:
    """Show no progress."""


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
    findings : list of Finding
        What was found in a file of lines the last time that it was opened.
    """

    path: Path
    mode: Mode
    speeds: Mapping[str, float]
    dem: Path | None = None
    columns: RoadColumns | None = None
    findings: list[Finding] = field(default_factory=list, compare=False)

    @property
    def is_extract(self) -> bool:
        """Whether the roads come from an OpenStreetMap extract."""
        return self.path.suffix.lower() in _OSM

    def open(self, show: Progress) -> Network:
        """Return the network: from the cache, or read and built.

        Parameters
        ----------
        show : callable
            Told what is being done.

        Raises
        ------
        SpatialError
            The file cannot be read, or holds no road for this mode.
        """
        show("open roads", 0, 0)

        def told(step: str) -> None:
            show(step, 0, 0)

        steady = self.speeds.get("")
        own = {name: kmh for name, kmh in self.speeds.items() if name}
        if steady is None:
            travel = Travel(speeds=own, heights=self.dem)
        else:
            # Posted speeds times infinity slow nobody and are not driven: each road has the one speed.
            every = {name: steady for name in choose_class_speeds(self.mode) if name != "ferry"}
            travel = Travel(speeds=every | own, maxspeed_share=math.inf, heights=self.dem)
        if self.is_extract:
            return open_networks(self.path, [self.mode], travel=travel, told=told)[self.mode]
        lines = LineFile(
            self.path.stem,
            Source(file=self.path.name),
            self.path.parent,
            self.columns or RoadColumns(),
        )
        found: list[Finding] = []
        network = open_line_networks(lines, [self.mode], travel=travel, told=told, found=found)[self.mode]
        self.findings[:] = [one for one in found if one.rule != _SAME_DATUM]
        return network

    def describe(self) -> dict[str, str]:
        """Return what was given, for the record."""
        said = {"roads": self.path.name, "mode": self.mode}
        speeds = ", ".join(f"{name or 'all roads'} {kmh:g} km/h" for name, kmh in self.speeds.items())
        said["speeds"] = speeds or "rule table layers/rules/speeds"
        return said | ({"elevation": self.dem.name} if self.dem else {})


def ask_roads(
    path: str | PathLike[str],
    mode: str,
    speed: str | Sequence[str] | None = None,
    dem: str | PathLike[str] | None = None,
    columns: Sequence[str] | None = None,
) -> Roads:
    """Return where roads come from, from what was typed.

    Raises
    ------
    PlanError
        A mode, speed or column that cannot be, or what would have no effect.
    """
    source = Roads(
        Path(path),
        read_mode(mode),
        read_speeds(speed),
        Path(dem) if dem is not None else None,
        read_columns(columns),
    )
    if source.dem is not None and source.mode == "drive":
        remedy = "leave it out, or travel by --mode walk or cycle"
        raise PlanError(Fault("--dem", "", "slopes do not change the times of cars here", remedy))
    if source.columns is not None and source.is_extract:
        remedy = "leave --column out; the tags of an extract say all that"
        raise PlanError(Fault("--column", "", f"{source.path.name} is no file of lines", remedy))
    return source


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
    own = None if crs or path.suffix.lower() != ".csv" else "EPSG:4326"
    read = read_source(path.stem, Source(file=path.name, crs=crs or own), path.parent, lenient=True)
    findings = [_weigh(found) for found in read.findings if found.rule != _SAME_DATUM]
    frame = read.frame.drop(columns=["source", "illustrative"])
    unnamed = frame["name"] == ""
    frame["name"] = frame["name"].where(~unnamed, frame["id"])
    dimension = shapely.get_dimensions(frame.geometry.to_numpy())
    frame["geometry"] = frame.geometry.representative_point().to_numpy()
    if own:
        findings.append(
            Finding(
                "places.crs_assumed", "info", path.stem, "",
                f"{path.name}：未注明坐标系，按 WGS 84 经纬度读取；若为火星坐标（GCJ-02）请先换算。",
                f"{path.name}: taken as WGS 84 degrees for want of --crs; those of Chinese web maps (GCJ-02) "
                "would be hundreds of metres off.",
            )
        )  # fmt: skip
    if not (dimension > 0).any():
        return Places(frame, tuple(findings))
    count = int((dimension > 0).sum())
    note = Finding(
        "places.point_on_shape", "info", path.stem, "",
        f"{path.name}：{count} 个线或面要素取其上一点。",
        f"{path.name}: of {count} lines and areas a point on them was taken.",
        value=float(count),
    )  # fmt: skip
    return Places(frame, (*findings, note))


def _weigh(found: Finding) -> Finding:
    """Return a finding of the reader as an error where it cost a place."""
    return replace(found, severity="error") if found.rule in _LOST else found


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
    xy : ndarray of float64, shape (q, 2)
        The places in the network's system, metres.
    snaps : Snaps
    limit_m : float
        Farthest road that was snapped to.
    findings : tuple of Finding
        Places that no road is near to; see `find_lonely`.
    """

    frame: gpd.GeoDataFrame
    xy: Floats
    snaps: Snaps
    limit_m: float
    findings: tuple[Finding, ...]

    def lead_s(self, mode: Mode) -> Floats:
        """Return the seconds from each place to its road: walkers walk it, others start on the road."""
        there = (self.snaps.road >= 0) & (mode == "walk")
        return np.where(there, self.snaps.offset_m, 0.0) * 3.6 / OFF_ROAD_KMH

    def describe(self, mode: Mode) -> str:
        """Say how the places came to the roads."""
        way = (
            f"the way there walked at {OFF_ROAD_KMH:g} km/h"
            if mode == "walk"
            else "the way there not counted"
        )
        return f"nearest road within {self.limit_m:g} m, {way}"


def take_snaps(snaps: Snaps, rows: Longs) -> Snaps:
    """Return some of the snapped places."""
    return Snaps(snaps.road[rows], snaps.share[rows], snaps.offset_m[rows])


def delay_starts(starts: Starts, lead_s: Floats) -> Starts:
    """Return starts that are left so many seconds later, one number for each sweep."""
    seconds = starts.seconds + np.repeat(lead_s, np.diff(starts.first)).astype(np.float32)
    return Starts(starts.first, starts.nodes, seconds)


def snap_places(
    network: Network,
    places: Places,
    limit_m: float,
    *,
    where: str,
    layer: str,
    index: RoadIndex | None = None,
    tell: bool = True,
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
    tell : bool
        Whether places without a road are findings; of hexagons and homes nobody wants them one by one.

    Raises
    ------
    SourceError
        All places lie far from all roads: the network is that of another region.
    """
    points = places.frame.geometry.to_numpy()
    xy = project(points, network.crs)
    snaps = snap_points(network, xy, limit_m, index=index or index_roads(network))
    if (snaps.offset_m > _ELSEWHERE_M).all():
        raise refuse_elsewhere(network, points, float(snaps.offset_m.min()), where, layer)
    there = snaps.road >= 0
    frame: gpd.GeoDataFrame = places.frame[["id", "name", "geometry"]].copy()
    frame.insert(2, "snapped", there)
    frame.insert(3, "offset_m", snaps.offset_m.round(2))
    frame.insert(4, "road", np.where(there, network.road_name[snaps.road], ""))
    frame = frame.reset_index(drop=True)
    found = tuple(find_lonely(network, frame, xy, limit_m, layer)) if tell else ()
    return Snapped(frame, xy, snaps, limit_m, found)


def project(points: Floats, crs: str) -> Floats:
    """Return metric coordinates of points in the stored system; far away where a projection has none."""
    turn = Transformer.from_crs(parse_crs(STORED_CRS), parse_crs(crs), always_xy=True)
    xy = np.column_stack(turn.transform(*shapely.get_coordinates(points).T))
    return np.where(np.isfinite(xy), xy, _FARTHEST_M)
