"""Networks from files, built once: the second run loads what the first one saved beside its inputs' hash."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import platformdirs
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import choose_gauss_kruger
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import Mode, Network, from_arrays, to_arrays
from spatial.engine.travel.roads import RoadTable
from spatial.engine.travel.slopes import climb_roads, sample_roads
from spatial.errors import Fault, SourceError, SpatialError
from spatial.plan.findings import Finding
from spatial.plan.records import Source
from spatial.plan.rules import read_rules
from spatial.sources.elevation import measure_cell, read_heights
from spatial.sources.files import hash_parts
from spatial.sources.osm import OsmRoads, make_table, read_osm
from spatial.sources.roads import LineRoads, RoadColumns, make_line_table, read_line_roads
from spatial.sources.speeds import choose_class_speeds, find_absent
from spatial.sources.vector import fingerprint_source

_KEPT = 40


@dataclass(frozen=True)
class Travel:
    """What shapes times on roads besides the roads.

    Parameters
    ----------
    speeds : mapping of str to float, optional
        km/h by ``class`` or ``mode.class`` over the rule table's.
    maxspeed_share : float, optional
        Share of posted speeds that is driven; None takes the rule table's.
    junction_s : float, optional
        Delay at each junction for cars, seconds; None takes the rule table's. Others have none.
    heights : Path, optional
        Elevation model: walking and cycling follow its slope.
    """

    speeds: Mapping[str, float] | None = None
    maxspeed_share: float | None = None
    junction_s: float | None = None
    heights: Path | None = None


def open_networks(
    path: Path,
    modes: Iterable[Mode],
    *,
    crs: str | None = None,
    travel: Travel | None = None,
    within: BaseGeometry | None = None,
    kept: bool = True,
    told: Callable[[str], None] | None = None,
) -> dict[Mode, Network]:
    """Return networks of an OpenStreetMap extract; the file is parsed once, and not at all if they are kept.

    Parameters
    ----------
    path : Path
        As `read_osm` takes it.
    modes : iterable of {"drive", "cycle", "walk"}
    crs : str, optional
        Metric system; None chooses the one of the roads' middle.
    travel : Travel, optional
    within : shapely geometry, optional
        Longitude and latitude; roads that do not touch it are left out.
    kept : bool
        Whether networks are taken from and saved to the user's cache (``SPATIAL_CACHE`` overrides where).
    told : callable, optional
        Called with ``parse`` and ``build`` before these begin, if they do.

    Raises
    ------
    SourceError
        As `read_osm` and `read_heights`.
    GeometryError
        No road is open to one of the modes.
    """
    travel, tell = travel or Travel(), told or _keep_quiet
    if not path.is_file():
        raise SourceError(Fault(path.name, "", "no such file", "check the path"))
    digest = hash_parts([path], path.parent) if kept else ""
    inputs = {"file": digest, "within": within.wkb_hex if within else None}
    roads = cache(lambda: read_osm(path, within))

    def build(mode: Mode) -> Network:
        tell("parse")
        read = roads()
        tell("build")
        return build_mode(read, mode, crs=crs, travel=travel)

    return {mode: _open(inputs | _describe(mode, crs, travel), mode, build, kept) for mode in modes}


@dataclass(frozen=True)
class LineFile:
    """A file of road lines.

    Parameters
    ----------
    name : str
    source : Source
    folder : Path
        As `read_source` takes them.
    columns : RoadColumns
    join_m : float
        As in `read_line_roads`.
    """

    name: str
    source: Source
    folder: Path
    columns: RoadColumns = field(default_factory=RoadColumns)
    join_m: float = 0.0


def open_line_networks(
    lines: LineFile,
    modes: Iterable[Mode],
    *,
    crs: str | None = None,
    travel: Travel | None = None,
    kept: bool = True,
    told: Callable[[str], None] | None = None,
    found: list[Finding] | None = None,
) -> dict[Mode, Network]:
    """Return networks of a file of lines, as `open_networks` does of an extract.

    Parameters
    ----------
    lines : LineFile
    modes, crs, travel, kept, told
        As in `open_networks`.
    found : list of Finding, optional
        Grows by what was found on reading the file, also where networks come from the cache.

    Raises
    ------
    SourceError
        As `read_line_roads` and `read_heights`.
    GeometryError
        No road is open to one of the modes.
    """
    travel, tell = travel or Travel(), told or _keep_quiet
    columns = asdict(lines.columns)
    inputs = {
        "file": fingerprint_source(lines.source, lines.folder),
        "source": lines.source.model_dump_json(),
        "lines": {"name": lines.name, "columns": columns, "join_m": lines.join_m},
    }
    known = sorted(travel.speeds or {})

    @cache
    def read() -> LineRoads:
        tell("parse")
        return read_line_roads(
            lines.name, lines.source, lines.folder, lines.columns, join_m=lines.join_m, known=known
        )

    def build(mode: Mode) -> Network:
        roads = read()
        tell("build")
        return build_mode(roads, mode, crs=crs, travel=travel)

    if found is not None:
        found += _recall(inputs | {"known": known}, lambda: read().findings, kept)
    return {mode: _open(inputs | _describe(mode, crs, travel), mode, build, kept) for mode in modes}


def _recall(inputs: dict[str, Any], read: Callable[[], Iterable[Finding]], kept: bool) -> tuple[Finding, ...]:
    """Return what reading a file found: from beside its networks, or by reading it."""
    if not kept:
        return tuple(read())
    _, file = _name_saved(inputs, "found")
    try:
        return tuple(_thaw(row) for row in json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        found = tuple(read())
    _write_beside(file, json.dumps([_freeze(one) for one in found], ensure_ascii=False).encode())
    return found


def _freeze(found: Finding) -> dict[str, Any]:
    shape = found.geometry
    return {**vars(found), "geometry": None if shape is None else shape.wkb_hex}


def _thaw(row: dict[str, Any]) -> Finding:
    shape = row.pop("geometry")
    return Finding(**row, geometry=None if shape is None else shapely.from_wkb(shape))


def _keep_quiet(step: str) -> None:
    """Tell nobody."""


def build_mode(
    roads: OsmRoads | LineRoads, mode: Mode, *, crs: str | None = None, travel: Travel | None = None
) -> Network:
    """Build the network of one mode with the speeds of the rule table and of `travel`.

    Parameters
    ----------
    roads : OsmRoads or LineRoads
        As `read_osm`, `read_line_roads` and `node_roads` return them.
    mode : {"drive", "cycle", "walk"}
    crs, travel
        As in `open_networks`.

    Raises
    ------
    GeometryError
        No road is open to the mode.
    SourceError
        As `read_heights`.
    """
    travel = travel or Travel()
    make = make_table if isinstance(roads, OsmRoads) else make_line_table
    table: RoadTable = make(roads, mode, travel.speeds)  # type: ignore[arg-type]
    absent = find_absent(mode, travel.speeds or {}, table.class_.tolist())
    if absent:
        note = f"speeds given for classes that no road has, without effect: {', '.join(absent)}"
        table = replace(table, notes=(*table.notes, note))
    rules = read_rules("speeds")
    drive = mode == "drive"
    share = rules.value("drive.maxspeed_share") if travel.maxspeed_share is None else travel.maxspeed_share
    delay = rules.value("drive.junction") if travel.junction_s is None else travel.junction_s
    network = build_network(
        table,
        crs=crs or choose_crs(table.lon, table.lat),
        speeds=choose_class_speeds(mode, travel.speeds),
        maxspeed_share=float(share) if drive else 1.0,
        junction_s=float(delay) if drive else 0.0,
    )
    if travel.heights is None or drive:
        return network
    samples = sample_roads(network, max(measure_cell(travel.heights), 10.0))
    return climb_roads(network, samples, read_heights(travel.heights, samples.xy, network.crs))


def choose_crs(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> str:
    """Return the metric system of the region that vertices lie in.

    Examples
    --------
    >>> choose_crs(np.array([112.4, 112.8]), np.array([35.0, 35.3]))
    'EPSG:4547'
    """
    margin = 0.01
    return choose_gauss_kruger(
        shapely.box(lon.min() - margin, lat.min() - margin, lon.max() + margin, lat.max() + margin)
    )


def measure_share_within(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], territory: BaseGeometry
) -> float:
    """Return which share of the vertices of roads lies in a territory: 0 says that they are elsewhere.

    Parameters
    ----------
    lon, lat : ndarray of float64
        Degrees, of a table or of a source.
    territory : shapely geometry
        Longitude and latitude.

    Examples
    --------
    >>> box = shapely.box(111.9, 34.9, 112.5, 35.1)
    >>> measure_share_within(np.array([112.0, 113.0]), np.array([35.0, 35.0]), box)
    0.5
    """
    if not len(lon):
        return 0.0
    shapely.prepare(territory)
    return float(shapely.contains_xy(territory, lon, lat).mean())


def _describe(mode: Mode, crs: str | None, travel: Travel) -> dict[str, Any]:
    heights = travel.heights if mode != "drive" else None
    if heights is not None and not heights.is_file():
        raise SourceError(Fault(heights.name, "", "no such file", "check the path"))
    return {
        "mode": mode,
        "crs": crs,
        "speeds": dict(travel.speeds or {}),
        "maxspeed_share": travel.maxspeed_share,
        "junction_s": travel.junction_s,
        "heights": hash_parts([heights], heights.parent) if heights else None,
    }


def _open(inputs: dict[str, Any], mode: Mode, build: Callable[[Mode], Network], kept: bool) -> Network:
    """Load the network of these inputs, or build and save it."""
    if not kept:
        return build(mode)
    text, file = _name_saved(inputs, "npz")
    if file.is_file():
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                network = from_arrays(dict(arrays))
            os.utime(file)
            return network
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, SpatialError):
            file.unlink(missing_ok=True)  # cut short or of another kind: built again
    network = build(mode)
    _save(network, file, text)
    return network


def _name_saved(inputs: dict[str, Any], ending: str) -> tuple[str, Path]:
    """Return what went in as text, and the file of the cache that bears its hash."""
    text = json.dumps(inputs | {"code": _hash_code()}, sort_keys=True, ensure_ascii=False)
    return text, find_networks() / f"{sha256(text.encode()).hexdigest()[:32]}.{ending}"


def _write_beside(file: Path, data: bytes) -> None:
    """Write beside and rename; a cache that cannot be written is done without."""
    beside = file.with_name(f".{file.stem}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        beside.replace(file)
        _drop_old(file.parent, file.suffix)
    except OSError:
        beside.unlink(missing_ok=True)


def _drop_old(folder: Path, ending: str) -> None:
    saved = sorted(folder.glob(f"*{ending}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in saved[_KEPT:]:
        old.unlink(missing_ok=True)
        old.with_suffix(".json").unlink(missing_ok=True)


def _save(network: Network, file: Path, text: str) -> None:
    """Write beside and rename; a cache that cannot be written is done without."""
    beside = file.with_name(f".{file.stem}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as stream:
            np.savez(stream, **to_arrays(network))  # type: ignore[arg-type]
        beside.replace(file)
        file.with_suffix(".json").write_text(text, encoding="utf-8")
        _drop_old(file.parent, ".npz")
    except OSError:
        beside.unlink(missing_ok=True)


def find_networks() -> Path:
    """Return the folder of saved networks in the user's cache; ``SPATIAL_CACHE`` overrides its root."""
    root = os.environ.get("SPATIAL_CACHE") or platformdirs.user_cache_dir("spatial-planning-toolkit")
    return Path(root) / "networks"


@cache
def _hash_code() -> str:
    """Return a hash of what shapes a network besides its inputs: this code, the rules, the libraries."""
    import pyproj

    digest = sha256(f"{np.__version__} {shapely.__version__} {pyproj.proj_version_str}".encode())
    digest.update(read_rules("speeds").model_dump_json().encode())
    package = Path(__file__).resolve().parents[1]
    for room in ("engine", "sources"):
        for file in sorted((package / room).glob("*.py")):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()
