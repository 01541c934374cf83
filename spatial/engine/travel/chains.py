"""Join pieces of road that follow each other without a choice into one road, keeping their shape.

A piece can be run in two ways: run ``2 p`` goes as it is drawn, run ``2 p + 1`` against it. Where exactly
two pieces meet, a run that comes in can only go on with one other; following that to the end gives the
chain. The end of every chain is found for all runs at once by pointer jumping.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatial.engine.travel.network import Floats, Longs, Truths
from spatial.engine.travel.roads import Pieces, RoadTable, number_words


@dataclass(frozen=True, eq=False)
class Roads:
    """Chains of pieces between places where one can choose.

    Parameters
    ----------
    road_of : ndarray of int64, shape (p,)
        Road that each piece belongs to.
    flipped : ndarray of bool, shape (p,)
        Whether the piece is drawn against its road.
    ends : ndarray of int64, shape (r, 2)
        Place numbers of start and end.
    length_m : ndarray of float64, shape (r,)
        On the ellipsoid.
    kmh : ndarray of float64, shape (r, 2)
        Forward and backward; 0 where not allowed.
    way : ndarray of int64, shape (r,)
        Row of the table that gives class, name and id: that of the longest piece.
    shape_start : ndarray of int64, shape (r + 1,)
        First vertex of each road.
    lon, lat : ndarray of float64, shape (k,)
        Vertices from start to end.
    aloft : ndarray of bool, shape (k,)
        Whether the step from each vertex to the next is a bridge or a tunnel.
    """

    road_of: Longs
    flipped: Truths
    ends: Longs
    length_m: Floats
    kmh: Floats
    way: Longs
    shape_start: Longs
    lon: Floats
    lat: Floats
    aloft: Truths


def join_chains(table: RoadTable, pieces: Pieces, kept_places: Longs) -> Roads:
    """Join pieces through places where exactly two of them meet and nothing changes.

    Parameters
    ----------
    table : RoadTable
    pieces : Pieces
        As cut from `table`.
    kept_places : ndarray of int64
        Places that stay ends of roads whatever meets there.

    Returns
    -------
    Roads
        In the order of their first piece, drawn as that piece is. Pieces are joined only if class, speed
        in both directions, pavement and ferry agree, so that time runs evenly along every road.
    """
    following = _cut_rings(_follow(pieces, _tell_kinds(table, pieces), kept_places))
    last, ahead = _jump(following)
    least = np.full(len(following), len(following))
    np.minimum.at(least, last, np.arange(len(following)))
    chosen = np.flatnonzero(
        least[last] % 2 == 0
    )  # of a chain's two runs, the one with its first piece forward
    run = chosen[np.lexsort((-ahead[chosen], least[last[chosen]]))]
    opens = np.ones(len(run), dtype=bool)
    opens[1:] = last[run[1:]] != last[run[:-1]]
    return _describe(table, pieces, run, opens)


def _tell_kinds(table: RoadTable, pieces: Pieces) -> Longs:
    """Return a number for each run: equal where class, pavement, ferry and both speeds are."""
    _, classes = number_words(table.class_)
    _, speeds = np.unique(pieces.kmh, return_inverse=True)
    speeds = speeds.reshape(-1, 2).astype(np.int64)
    count = int(speeds.max(initial=0)) + 1
    way = pieces.way
    kind = (classes[way] * 3 + table.paved[way] + 1) * 2 + np.isfinite(table.ferry_s[way])
    along = (kind[:, None] * count + speeds) * count + speeds[:, ::-1]
    return np.asarray(along.ravel(), dtype=np.int64)


def _follow(pieces: Pieces, kind: Longs, kept_places: Longs) -> Longs:
    """Return the run that each run must go on with; itself where there is none or a choice."""
    entry = pieces.ends.ravel()  # run s begins at entry[s] and ends at entry[s ^ 1]
    through = np.bincount(entry, minlength=len(pieces.place_id)) == 2
    through[kept_places] = False
    at = np.flatnonzero(through[entry])
    one, other = at[np.argsort(entry[at], kind="stable")].reshape(-1, 2).T
    fit = (one // 2 != other // 2) & (kind[one ^ 1] == kind[other])
    one, other = one[fit], other[fit]
    following = np.arange(len(entry))
    following[one ^ 1], following[other ^ 1] = other, one
    return following


def _jump(following: Longs) -> tuple[Longs, Longs]:
    """Return the last run that each run comes to, and how many runs ahead that is."""
    last = following.copy()
    ahead = (following != np.arange(len(following))).astype(np.int64)
    for _ in range(len(following).bit_length()):
        further = last[last]
        if np.array_equal(further, last):
            break
        ahead += ahead[last]
        last = further
    return last, ahead


def _cut_rings(following: Longs) -> Longs:
    """Open every ring without a junction where its first piece starts."""
    last, _ = _jump(following)
    if np.array_equal(following[last], last):
        return following
    least, hop = np.arange(len(following)), following.copy()
    for _ in range(len(following).bit_length()):
        least, hop = np.minimum(least, least[hop]), hop[hop]
    ring = following[last] != last
    head = np.unique(least[ring])
    head = head[head % 2 == 0]
    opened = following.copy()
    before = following[head ^ 1] ^ 1
    opened[before], opened[head ^ 1] = before, head ^ 1
    return opened


def _describe(table: RoadTable, pieces: Pieces, run: Longs, opens: Truths) -> Roads:
    """Put the runs of every road together; `opens` marks the first run of each."""
    piece, turned = run // 2, run % 2
    road = np.cumsum(opens) - 1
    closes = np.append(opens[1:], True) if len(opens) else opens
    entry = pieces.ends.ravel()
    longest = np.lexsort((-pieces.length_m[piece], road))[np.flatnonzero(opens)]
    road_of, flipped = np.empty(len(run), dtype=np.int64), np.empty(len(run), dtype=bool)
    road_of[piece], flipped[piece] = road, turned == 1
    at, count = _walk(pieces, run, closes)
    return Roads(
        road_of=road_of,
        flipped=flipped,
        ends=np.column_stack([entry[run[opens]], entry[run[closes] ^ 1]]),
        length_m=np.bincount(road, pieces.length_m[piece]).astype(np.float64),
        kmh=np.column_stack([pieces.kmh[piece[opens], way] for way in (turned[opens], 1 - turned[opens])]),
        way=pieces.way[piece[longest]],
        shape_start=np.concatenate([[0], np.cumsum(np.bincount(road, count))]).astype(np.int64),
        lon=pieces.lon[at],
        lat=pieces.lat[at],
        aloft=np.repeat(table.aloft[pieces.way[piece]], count),
    )


def _walk(pieces: Pieces, run: Longs, closes: Truths) -> tuple[Longs, Longs]:
    """Return the positions of the vertices along all runs, and how many each run gives.

    A run leaves out its last vertex, which is the first of the next one, unless it closes its road.
    """
    piece, turned = run // 2, run % 2
    count = pieces.last[piece] - pieces.first[piece] + closes
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    begin = np.where(turned == 1, pieces.last[piece], pieces.first[piece])
    return np.repeat(begin, count) + np.repeat(1 - 2 * turned, count) * within, count
