"""Roads before any graph: the table that sources hand over, its speeds, and its ways cut where they meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from spatial.engine.geodesy import GEOD
from spatial.engine.travel.network import Floats, Longs, Mode, Texts, Truths

OTHER = "other"
"""Key of the speed for classes that the speeds do not name."""


def _no_ids() -> Longs:
    return np.empty(0, dtype=np.int64)


def _no_turns() -> Longs:
    return np.empty((0, 3), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class RoadTable:
    """Roads of one mode as they come from a source.

    Parameters
    ----------
    mode : str
        ``drive``, ``cycle`` or ``walk``.
    way_start : ndarray of int64, shape (w + 1,)
        Vertices of way i are ``way_start[i]:way_start[i + 1]``.
    lon, lat : ndarray of float64, shape (v,)
        Vertices, degrees, CGCS2000 or WGS84.
    vertex_id : ndarray of int64, shape (v,)
        Ways meet where they share a vertex id: same place and same level.
    class_ : ndarray of str, shape (w,)
        Class, such as ``primary``; speeds are looked up by it.
    maxspeed_kmh : ndarray of float64, shape (w,) or (w, 2)
        Posted speed, or as drawn and against it; NaN where none.
    oneway : ndarray of int8, shape (w,)
        1 as drawn only, -1 against it only, 0 both.
    allowed : ndarray of bool, shape (w,)
        False where this mode may not go; such ways are kept so that they can be counted.
    way_id : ndarray of int64, shape (w,)
        The source's id.
    name : ndarray of str, shape (w,)
        ``""`` where there is none.
    ferry_s : ndarray of float64, shape (w,)
        Seconds of the whole crossing where the way is a ferry with a stated duration, else NaN.
    paved : ndarray of int8, shape (w,)
        1 paved, 0 not, -1 unknown.
    aloft : ndarray of bool, shape (w,)
        Bridge or tunnel: the terrain's height is not the road's.
    barrier_id : ndarray of int64
        Vertex ids that this mode cannot pass; it can come as far as there.
    turns : ndarray of int64, shape (k, 3)
        Turn restrictions: from way id, via vertex id, to way id.
    turn_only : ndarray of bool, shape (k,)
        True: from that way one may only turn into that one; False: one may not.
    notes : tuple of str
        What was counted and left out while reading.
    """

    mode: Mode
    way_start: Longs
    lon: Floats
    lat: Floats
    vertex_id: Longs
    class_: Texts
    maxspeed_kmh: Floats
    oneway: npt.NDArray[np.int8]
    allowed: Truths
    way_id: Longs
    name: Texts
    ferry_s: Floats
    paved: npt.NDArray[np.int8]
    aloft: Truths
    barrier_id: Longs = field(default_factory=_no_ids)
    turns: Longs = field(default_factory=_no_turns)
    turn_only: Truths = field(default_factory=lambda: np.empty(0, dtype=bool))
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Numbers of ways and of vertices."""
        return len(self.way_id), len(self.vertex_id)


def draw_links(
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    links: npt.ArrayLike,
    *,
    mode: Mode = "walk",
    class_: str = OTHER,
    oneway: bool = False,
) -> RoadTable:
    """Return the table of straight links between points: the smallest source of a network.

    Parameters
    ----------
    lon, lat : array-like of float, shape (n,)
        Degrees.
    links : array-like of int, shape (w, 2)
        Points that each link joins, from and to.
    mode : {"walk", "cycle", "drive"}
    class_ : str
        Class of all links.
    oneway : bool
        Whether they lead one way only.

    Examples
    --------
    >>> draw_links([112.0, 112.01, 112.02], [35.0, 35.0, 35.0], [[0, 1], [1, 2]]).size
    (2, 4)
    """
    ends = np.asarray(links, dtype=np.int64).reshape(-1, 2)
    count = len(ends)
    return RoadTable(
        mode=mode,
        way_start=np.arange(0, 2 * count + 1, 2),
        lon=np.asarray(lon, dtype=float)[ends.ravel()],
        lat=np.asarray(lat, dtype=float)[ends.ravel()],
        vertex_id=ends.ravel(),
        class_=np.full(count, class_, dtype=object),
        maxspeed_kmh=np.full(count, np.nan),
        oneway=np.full(count, int(oneway), dtype=np.int8),
        allowed=np.ones(count, dtype=bool),
        way_id=np.arange(count),
        name=np.full(count, "", dtype=object),
        ferry_s=np.full(count, np.nan),
        paved=np.full(count, -1, dtype=np.int8),
        aloft=np.zeros(count, dtype=bool),
    )


@dataclass(frozen=True, eq=False)
class Pieces:
    """Ways cut where they meet: inside a piece no vertex belongs to another piece.

    Parameters
    ----------
    way : ndarray of int64, shape (p,)
        Row of the table.
    first, last : ndarray of int64, shape (p,)
        Positions of the end vertices in `lon` and `lat`.
    lon, lat : ndarray of float64, shape (v,)
        Vertices of the ways in use, degrees; no two neighbours of a way are the same vertex.
    ends : ndarray of int64, shape (p, 2)
        Numbers of the places where the piece starts and ends. Pieces meet where they share one; at a
        barrier each piece ends in a place of its own.
    place_id : ndarray of int64
        Vertex id by place number, ascending; places at barriers come after these.
    length_m : ndarray of float64, shape (p,)
        On the ellipsoid.
    kmh : ndarray of float64, shape (p, 2)
        Speed as drawn and against it; 0 where not allowed.
    notes : tuple of str
        What was left out, and why.
    """

    way: Longs
    first: Longs
    last: Longs
    lon: Floats
    lat: Floats
    ends: Longs
    place_id: Longs
    length_m: Floats
    kmh: Floats
    notes: tuple[str, ...]


def measure_steps(lon: Floats, lat: Floats) -> Floats:
    """Return the length of each step from a vertex to the next, metres on the CGCS2000 ellipsoid.

    Middle-latitude formula with the two radii of curvature; its error for steps below 10 km is under one
    part in a million.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (v,)
        Degrees.

    Returns
    -------
    ndarray of float64, shape (v - 1,)

    Examples
    --------
    >>> measure_steps(np.array([112.0, 112.01]), np.array([35.0, 35.0])).round(1)
    array([912.9])
    """
    middle = np.radians((lat[1:] + lat[:-1]) / 2)
    bend = 1 - GEOD.es * np.sin(middle) ** 2
    east = np.radians(np.diff(lon)) * np.cos(middle) * GEOD.a / np.sqrt(bend)
    north = np.radians(np.diff(lat)) * GEOD.a * (1 - GEOD.es) / bend**1.5
    return np.hypot(east, north)


def choose_speeds(table: RoadTable, speeds: Mapping[str, float], maxspeed_share: float = 1.0) -> Floats:
    """Return the speed on every way as drawn and against it, km/h; 0 where it may not be gone.

    Parameters
    ----------
    table : RoadTable
    speeds : mapping of str to float
        km/h by class for this mode; ``other`` is for classes not named; 0 closes a class.
    maxspeed_share : float
        Share of the posted speed that is really driven.

    Returns
    -------
    ndarray of float64, shape (w, 2)
        Driving takes the posted speed where there is one; cycling and walking are only slowed by it.
    """
    words, codes = number_words(table.class_)
    other = speeds.get(OTHER, 0.0)
    by_class = np.array([float(speeds.get(word, other)) for word in words])[codes]
    posted = np.asarray(table.maxspeed_kmh, dtype=float).reshape(len(codes), -1) * maxspeed_share
    base = np.repeat(by_class[:, None], 2, axis=1)
    if table.mode == "drive":
        kmh = np.where(np.isfinite(posted), posted, base)
        kmh[by_class <= 0] = 0.0
    else:
        kmh = np.fmin(base, posted)
    kmh[~table.allowed] = 0.0
    kmh[table.oneway > 0, 1] = 0.0
    kmh[table.oneway < 0, 0] = 0.0
    return np.where(kmh > 0, kmh, 0.0)


def number_words(words: Texts) -> tuple[list[str], Longs]:
    """Return each word once, in order, and which of these stands at each place.

    Examples
    --------
    >>> words, codes = number_words(np.array(["b", "a", "b"], dtype=object))
    >>> words, codes.tolist()
    (['a', 'b'], [1, 0, 1])
    """
    every = words.tolist()
    once = sorted(set(every))
    number = {word: at for at, word in enumerate(once)}
    return once, np.fromiter(map(number.__getitem__, every), dtype=np.int64, count=len(every))


def cut_ways(table: RoadTable, kmh: Floats) -> Pieces:
    """Cut ways where they meet others, at barriers, and where they come back on themselves.

    Parameters
    ----------
    table : RoadTable
    kmh : ndarray of float64, shape (w, 2)
        As `choose_speeds` returns it.

    Returns
    -------
    Pieces
        Of the ways with a speed in some direction. Vertices given twice in a row are dropped, ways that
        are left with one vertex are counted and dropped.
    """
    used: Truths = np.asarray((kmh > 0).any(axis=1))
    counts = np.diff(table.way_start)
    way = np.repeat(np.arange(len(counts)), counts)
    repeated = np.zeros(len(way), dtype=bool)
    repeated[1:] = (way[1:] == way[:-1]) & (table.vertex_id[1:] == table.vertex_id[:-1])
    left = np.bincount(way[~repeated], minlength=len(counts))
    kept = ~repeated & (used & (left > 1))[way]
    doubled = int((repeated & used[way]).sum())
    way, lon, lat = way[kept], table.lon[kept], table.lat[kept]
    place_id, place = np.unique(table.vertex_id[kept], return_inverse=True)
    barrier = np.isin(place_id, table.barrier_id)
    first, last = _pair_breaks(way, place, barrier | np.isin(place_id, table.turns[:, 1]))
    ends = np.column_stack([place[first], place[last]])
    blocked = barrier[ends]
    ends[blocked] = len(place_id) + np.arange(blocked.sum())
    steps = np.concatenate([[0.0], np.cumsum(measure_steps(lon, lat))])
    length_m = steps[last] - steps[first]
    more = {"vertices given twice in a row, dropped": doubled, "barriers in use": int(barrier.sum())}
    return Pieces(
        way[first],
        first,
        last,
        lon,
        lat,
        ends,
        place_id,
        length_m,
        _time_ferries(table.ferry_s, kmh, way[first], length_m),
        _note_cut(table, used, left, more),
    )


def _pair_breaks(way: Longs, place: Longs, special: Truths) -> tuple[Longs, Longs]:
    """Return the positions where pieces begin and end.

    Breaks are the ends of ways, vertices that are used more than once, barriers and restricted turns.
    """
    breaks = ((np.bincount(place, minlength=len(special)) > 1) | special)[place]
    change = np.flatnonzero(np.diff(way))
    breaks[change] = breaks[change + 1] = True
    breaks[:1] = breaks[-1:] = True
    at = np.flatnonzero(breaks)
    same = way[at[1:]] == way[at[:-1]]
    return at[:-1][same], at[1:][same]


def _time_ferries(ferry_s: Floats, kmh: Floats, way: Longs, length_m: Floats) -> Floats:
    """Give ferries with a stated duration the speed that makes up that duration."""
    speed = kmh[way]
    timed = np.isfinite(ferry_s[way]) & (ferry_s[way] > 0)
    whole_m = np.bincount(way, length_m, minlength=len(ferry_s))[way]
    crossing = 3.6 * whole_m[timed] / ferry_s[way][timed]
    speed[timed] = np.where(speed[timed] > 0, crossing[:, None], 0.0)
    return speed


def _note_cut(table: RoadTable, used: Truths, left: Longs, more: Mapping[str, int]) -> tuple[str, ...]:
    counted = {
        f"ways used for {table.mode}": int((used & (left > 1)).sum()),
        f"ways closed to {table.mode}": int((~table.allowed).sum()),
        "ways without a speed above zero, left out": int((table.allowed & ~used).sum()),
        "ways with a single vertex, left out": int((used & (left < 2)).sum()),
    } | dict(more)
    return tuple(f"{what}: {count}" for what, count in counted.items() if count)
