"""Roads from an OpenStreetMap extract (PBF): streamed once, kept as arrays, asked for one mode at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.travel.network import Floats, Longs, Mode, Texts
from spatial.engine.travel.roads import RoadTable
from spatial.errors import Fault, SourceError
from spatial.plan.rules import read_rules
from spatial.sources.extract import DEGREES, NOWHERE, Gathered, Values, gather
from spatial.sources.speeds import choose_class_speeds
from spatial.sources.tags import (
    ACCESS_KEYS,
    GROUND_KEYS,
    SPEED_KEYS,
    blocks,
    parse_duration,
    parse_maxspeed,
    read_ground,
    read_way,
)

_INSTALL = "install the extra: pip install 'spatial-planning-toolkit[network]'"


@dataclass(frozen=True, eq=False)
class OsmRoads:
    """Highways and ferries of an extract, for all modes.

    Parameters
    ----------
    where : str
        Name of the file, for messages.
    way_start : ndarray of int64, shape (w + 1,)
        First vertex of each way. A way that lacks vertices in the middle is several rows with one id.
    lon, lat : ndarray of float64, shape (v,)
        Degrees, WGS84.
    vertex_id, way_id : ndarray of int64
        OpenStreetMap's ids of nodes and ways.
    name : ndarray of str, shape (w,)
        ``name``, else ``ref``, else ``""``.
    access, speed, ground : ndarray of int64, shape (w,)
        Row of `access_tags`, `speed_tags` and `ground_tags` that holds for each way.
    access_tags, speed_tags, ground_tags : tuple of mapping
        Every combination of tags once.
    barrier_id : ndarray of int64
    barrier_tags : tuple of mapping
        Nodes with a barrier on one of the ways.
    turns : ndarray of int64, shape (k, 3)
        Restrictions for cars: from way, via node, to way.
    turn_only : ndarray of bool, shape (k,)
    notes : tuple of str
        What was left out.
    """

    where: str
    way_start: Longs
    lon: Floats
    lat: Floats
    vertex_id: Longs
    way_id: Longs
    name: Texts
    access: Longs
    speed: Longs
    ground: Longs
    access_tags: tuple[Mapping[str, str | None], ...]
    speed_tags: tuple[Mapping[str, str | None], ...]
    ground_tags: tuple[Mapping[str, str | None], ...]
    barrier_id: Longs
    barrier_tags: tuple[Mapping[str, str | None], ...]
    turns: Longs
    turn_only: npt.NDArray[np.bool_]
    notes: tuple[str, ...]


def read_osm(path: Path, within: BaseGeometry | None = None) -> OsmRoads:
    """Read the roads of an OpenStreetMap extract.

    The file is streamed once. Memory holds the roads and 16 bytes for every node of the file; where the file
    is larger than 200 MB, nodes are kept in a temporary file instead.

    Parameters
    ----------
    path : Path
        ``.osm.pbf``; ``.osm``, ``.osm.gz`` and ``.osm.bz2`` are read too, slower.
    within : shapely geometry, optional
        Polygon in longitude and latitude: ways that do not touch it are left out. Ways are not cut.

    Returns
    -------
    OsmRoads

    Raises
    ------
    SourceError
        No such file, not an OpenStreetMap file, cut short, without roads, or without roads in `within`.
    """
    if not path.is_file():
        raise _refuse(path, "no such file", "check the path")
    if path.stat().st_size == 0:
        raise _refuse(path, "is empty", "download it again")
    try:
        gathered = gather(path, within.bounds if within is not None else None)
    except ModuleNotFoundError as error:
        raise _refuse(path, "is read with pyosmium, which is not installed", _INSTALL) from error
    except (RuntimeError, ValueError, OSError) as error:
        text = str(error).strip() or type(error).__name__
        problem = f"is not an OpenStreetMap file, or was cut short: {text}"
        raise _refuse(path, problem, "download it again and compare its size with the server's") from error
    if not len(gathered.counts) and within is None:
        raise _refuse(path, "holds no roads (no way has `highway`)", "export it again with highways")
    return _as_arrays(path, gathered, within)


def _refuse(path: Path, problem: str, remedy: str) -> SourceError:
    return SourceError(Fault(path.name, "", problem, remedy))


def _as_arrays(path: Path, gathered: Gathered, within: BaseGeometry | None) -> OsmRoads:
    vertex_id, x, y = gathered.vertices.T
    way = np.repeat(np.arange(len(gathered.counts)), gathered.counts)
    found = (x != NOWHERE) & (y != NOWHERE)
    opens = np.ones(len(way), dtype=bool)  # a new row where the way changes or vertices are lacking
    opens[1:] = (way[1:] != way[:-1]) | ~found[:-1]
    row = (np.cumsum(opens) - 1)[found]
    begins = np.append(True, row[1:] != row[:-1])[: len(row)]
    row, at = row[begins], np.cumsum(begins) - 1
    way_of = way[opens][row]
    lon, lat, vertex_id = x[found] * DEGREES, y[found] * DEGREES, vertex_id[found].copy()
    kept = np.bincount(at, minlength=len(row)) > 1
    if within is not None:
        kept[kept] = _intersects(lon, lat, at, kept, within)
    if not kept.any():
        raise _refuse(path, *_say_where(gathered.box))
    stays = kept[at]
    if lost := int((~found).sum()):
        gathered.seen["vertices that the extract leaves out, where ways were cut"] = lost
    codes = gathered.codes[way_of[kept]]
    counts = np.bincount(at[stays], minlength=len(row))[kept]
    barrier_id = np.array(sorted(gathered.barriers), dtype=np.int64)
    barrier_id = barrier_id[_are_among(barrier_id, vertex_id[stays])]
    turns = np.array(sorted(set(gathered.turns)), dtype=np.int64).reshape(-1, 4)
    return OsmRoads(
        where=path.name,
        way_start=np.concatenate([[0], np.cumsum(counts)]),
        lon=lon[stays],
        lat=lat[stays],
        vertex_id=vertex_id[stays],
        way_id=gathered.way_id[way_of[kept]],
        name=np.array(list(gathered.names), dtype=object)[codes[:, 0]],
        access=codes[:, 1],
        speed=codes[:, 2],
        ground=codes[:, 3],
        access_tags=_as_mappings(ACCESS_KEYS, gathered.access),
        speed_tags=_as_mappings(SPEED_KEYS, gathered.speed),
        ground_tags=_as_mappings(GROUND_KEYS, gathered.ground),
        barrier_id=barrier_id,
        barrier_tags=tuple(gathered.barriers[number] for number in barrier_id.tolist()),
        turns=turns[:, :3],
        turn_only=turns[:, 3] == 1,
        notes=tuple(f"{what}: {count}" for what, count in sorted(gathered.seen.items()) if count),
    )


def _are_among(few: Longs, many: Longs) -> npt.NDArray[np.bool_]:
    """Say which of a few sorted numbers are among many."""
    size = 1 << (16 * len(few)).bit_length()  # most of the many are told apart by their last bits already
    likely = np.zeros(size, dtype=bool)
    likely[few & (size - 1)] = True
    many = many[likely[many & (size - 1)]]
    seen = np.zeros(len(few) + 1, dtype=bool)
    at = np.searchsorted(few, many)
    seen[at[np.append(few, -1)[at] == many]] = True
    return seen[:-1]


def _as_mappings(keys: tuple[str, ...], known: dict[Values, int]) -> tuple[Mapping[str, str | None], ...]:
    return tuple(dict(zip(keys, values, strict=True)) for values in known)


def _intersects(
    lon: Floats, lat: Floats, at: Longs, kept: npt.NDArray[np.bool_], within: BaseGeometry
) -> npt.NDArray[np.bool_]:
    stays = kept[at]
    _, row = np.unique(at[stays], return_inverse=True)
    lines = shapely.linestrings(np.column_stack([lon[stays], lat[stays]]), indices=row)
    shapely.prepare(within)
    return np.asarray(shapely.intersects(within, lines))


def _say_where(box: tuple[int, ...]) -> tuple[str, str]:
    west, south, east, north = (value * DEGREES for value in box)
    if west > east:
        return "holds roads but not where they run (no nodes)", "export it with complete ways"
    where = f"{west:.2f} to {east:.2f} E, {south:.2f} to {north:.2f} N"
    return f"holds no roads in the area asked for; its roads lie in {where}", "take the extract of that area"


def make_table(roads: OsmRoads, mode: Mode, overrides: Mapping[str, float] | None = None) -> RoadTable:
    """Tell for one mode which roads it may use, which way, and how fast.

    Parameters
    ----------
    roads : OsmRoads
    mode : {"drive", "cycle", "walk"}
    overrides : mapping of str to float, optional
        As in `choose_class_speeds`: a class that is given a speed is opened, one that is given 0 is closed.

    Returns
    -------
    RoadTable
        Turn restrictions for drive only.
    """
    classes = choose_class_speeds(mode, overrides)
    rules = [read_way(tags, mode, classes) for tags in roads.access_tags]
    class_ = np.array([rule.class_ for rule in rules], dtype=object)[roads.access]
    allowed = np.array([rule.allowed for rule in rules])[roads.access]
    posted, ferry_s, unread = _read_speeds(roads, allowed)
    push = np.array([rule.push for rule in rules])[roads.access]
    posted[push] = np.fmin(posted[push], float(read_rules("speeds").value("cycle.push")))
    ground = [read_ground(tags) for tags in roads.ground_tags]
    blocked = [blocks(tags, mode) for tags in roads.barrier_tags]
    drive = mode == "drive"
    return RoadTable(
        mode=mode,
        way_start=roads.way_start,
        lon=roads.lon,
        lat=roads.lat,
        vertex_id=roads.vertex_id,
        class_=class_,
        maxspeed_kmh=posted,
        oneway=np.array([rule.oneway for rule in rules], dtype=np.int8)[roads.access],
        allowed=allowed,
        way_id=roads.way_id,
        name=roads.name,
        ferry_s=np.where(class_ == "ferry", ferry_s, np.nan),
        paved=np.array([paved for paved, _ in ground], dtype=np.int8)[roads.ground],
        aloft=np.array([aloft for _, aloft in ground], dtype=bool)[roads.ground],
        barrier_id=roads.barrier_id[np.array(blocked, dtype=bool)],
        turns=roads.turns if drive else roads.turns[:0],
        turn_only=roads.turn_only if drive else roads.turn_only[:0],
        notes=roads.notes + unread,
    )


def _read_speeds(roads: OsmRoads, allowed: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Return posted speeds as drawn and against, seconds of ferries, and what was not understood."""
    walk_kmh = float(read_rules("speeds").value("maxspeed.walk"))
    posted = np.full((len(roads.speed_tags), 2), np.nan)
    seconds = np.full(len(roads.speed_tags), np.nan)
    unread: Counter[str] = Counter()
    used = np.bincount(roads.speed[allowed], minlength=len(posted))
    for number, tags in enumerate(roads.speed_tags):
        for column, key in enumerate(("maxspeed:forward", "maxspeed:backward")):
            text = tags[key] or tags["maxspeed"]
            kmh = parse_maxspeed(text, walk_kmh)
            posted[number, column] = np.nan if kmh is None else kmh
            if kmh is None and used[number]:
                unread[str(text)] += int(used[number]) if column == 0 or tags[key] else 0
        seconds[number] = parse_duration(tags["duration"]) or np.nan
    some = ", ".join(f"{text!r} × {count}" for text, count in sorted(unread.items())[:8] if count)
    notes = (
        (f"posted speeds not understood, class speed taken: {sum(unread.values())} ({some})",) if some else ()
    )
    return posted[roads.speed], seconds[roads.speed], notes
