"""Node lines that were drawn without junctions: where they cross or touch at the same level they meet.

Lines of different levels (bridges, tunnels) pass over each other, with one exception: a line that ends
where nothing of its own level goes on must come down there, so it joins what it touches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from spatial.engine.travel.network import Floats, Longs, Texts, Truths


@dataclass(frozen=True, eq=False)
class NodedLines:
    """Lines with a vertex wherever they meet.

    Parameters
    ----------
    line : ndarray of int64, shape (w,)
        Input line that each way comes from; a line of several parts is several ways.
    way_start : ndarray of int64, shape (w + 1,)
        First vertex of each way.
    xy : ndarray of float64, shape (v, 2)
        Vertices, metres.
    vertex_id : ndarray of int64, shape (v,)
        Equal where ways meet.
    miss_xy : ndarray of float64, shape (k, 2)
        Ends that stop short of another line: near misses, joined or not.
    miss_m : ndarray of float64, shape (k,)
        How far they are from it, metres.
    miss_joined : ndarray of bool, shape (k,)
        Whether the end was moved onto the other line.
    notes : tuple of str
        What was counted.
    """

    line: Longs
    way_start: Longs
    xy: Floats
    vertex_id: Longs
    miss_xy: Floats
    miss_m: Floats
    miss_joined: Truths
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Parts:
    """Line strings, and their vertices one after the other."""

    shapes: Texts
    line: Longs
    level: Longs
    start: Longs
    xy: Floats

    @property
    def ends(self) -> Longs:
        """Positions of first and last vertices, shape (2 w,)."""
        return np.column_stack([self.start[:-1], self.start[1:] - 1]).ravel()

    @property
    def part(self) -> Longs:
        """Part of each vertex, shape (v,)."""
        return np.repeat(np.arange(len(self.line)), np.diff(self.start))


def node_lines(
    lines: Any,
    level: npt.ArrayLike,
    *,
    same_m: float = 0.01,
    near_m: float = 5.0,
    join_m: float = 0.0,
) -> NodedLines:
    """Give lines a common vertex wherever they meet at the same level.

    Parameters
    ----------
    lines : array-like of shapely LineString or MultiLineString
        In a plane, metres. None and empty are left out.
    level : array-like of int, shape as `lines`
        0 on the ground, 1 above, -1 below.
    same_m : float
        Places nearer than this are the same place.
    near_m : float
        Ends that stop short of another line by less than this are reported.
    join_m : float
        Those that stop short by less than this are moved onto it; 0 moves none.

    Returns
    -------
    NodedLines

    Examples
    --------
    >>> cross = [shapely.LineString([(0, 0), (2, 0)]), shapely.LineString([(1, -1), (1, 1)])]
    >>> [len(np.unique(node_lines(cross, level).vertex_id)) for level in ([0, 0], [0, 1])]
    [5, 4]
    """
    parts = _take_apart(lines, np.asarray(level, dtype=np.int64))
    alone, miss, target, miss_m = _find_misses(parts, same_m, near_m)
    joined = _choose_joined(parts, miss, target, miss_m, join_m)
    miss_xy = parts.xy[parts.ends[miss]]
    parts = _move_ends(parts, miss[joined], target[joined])
    alone[parts.ends[miss[joined]]] = False
    pairs, overlaps = _meet(parts, alone, same_m)
    part, xy, level_at, alone_at = _insert(parts, alone, pairs)
    notes = _note_noding(len(pairs.at), overlaps, miss_m, joined)
    return NodedLines(
        line=parts.line,
        way_start=np.searchsorted(part, np.arange(len(parts.line) + 1)),
        xy=xy,
        vertex_id=_identify(xy, level_at, alone_at, same_m),
        miss_xy=miss_xy,
        miss_m=miss_m,
        miss_joined=joined,
        notes=notes,
    )


def _take_apart(lines: Any, level: Longs) -> _Parts:
    shapes, owner = shapely.get_parts(np.asarray(lines, dtype=object).ravel(), return_index=True)
    usable = (shapely.get_type_id(shapes) == 1) & (shapely.length(shapes) > 0)
    shapes, owner = shapely.force_2d(shapes[usable]), owner[usable]
    xy, part = shapely.get_coordinates(shapes, return_index=True)
    start = np.searchsorted(part, np.arange(len(shapes) + 1))
    return _Parts(shapes, owner, level[owner], start, xy)


def _find_misses(parts: _Parts, same_m: float, near_m: float) -> tuple[Truths, Longs, Longs, Floats]:
    """Tell which ends are alone at their level, and which of them stop short of another line.

    Returns
    -------
    alone : by vertex
    end, target, metres : number of the end (2 w), part that it misses, by how much
    """
    alone = np.zeros(len(parts.xy), dtype=bool)
    points = shapely.points(parts.xy[parts.ends])
    own = np.arange(len(points)) // 2
    tree = shapely.STRtree(parts.shapes)
    end, other = tree.query(points, predicate="dwithin", distance=max(near_m, same_m))
    metres = shapely.distance(points[end], parts.shapes[other])
    foreign = other != own[end]
    even = parts.level[other] == parts.level[own[end]]
    is_alone = ~shapely.is_closed(parts.shapes)[own]
    is_alone[end[foreign & even & (metres <= same_m)]] = False
    alone[parts.ends[is_alone]] = True
    touching = np.zeros(len(points), dtype=bool)
    touching[end[foreign & (metres <= same_m)]] = True
    missing = foreign & even & is_alone[end] & ~touching[end] & (metres <= near_m)
    end, other, metres = end[missing], other[missing], metres[missing]
    nearest = np.lexsort((other, metres, end))
    _, first = np.unique(end[nearest], return_index=True)
    at = nearest[first]
    return alone, end[at], other[at], metres[at]


def _choose_joined(parts: _Parts, miss: Longs, target: Longs, miss_m: Floats, join_m: float) -> Truths:
    """Say which ends are moved: of two ends that face each other only the first."""
    joined = miss_m <= join_m
    goes_to = dict(zip(miss[joined].tolist(), target[joined].tolist(), strict=True))
    facing = [
        any(goes_to.get(back, -1) == end // 2 and back < end for back in (2 * to, 2 * to + 1))
        for end, to in zip(miss.tolist(), target.tolist(), strict=True)
    ]
    return joined & ~np.array(facing, dtype=bool)


def _move_ends(parts: _Parts, end: Longs, target: Longs) -> _Parts:
    """Move ends onto the parts that they stop short of."""
    if not len(end):
        return parts
    xy = parts.xy.copy()
    points = shapely.points(xy[parts.ends[end]])
    shares = shapely.line_locate_point(parts.shapes[target], points)
    xy[parts.ends[end]] = shapely.get_coordinates(
        shapely.line_interpolate_point(parts.shapes[target], shares)
    )
    shapes = shapely.linestrings(xy, indices=parts.part)
    return _Parts(shapes, parts.line, parts.level, parts.start, xy)


@dataclass(frozen=True, eq=False)
class _Insertions:
    """New vertices: after which vertex, at what share of the step to the next one, where."""

    at: Longs
    share: Floats
    xy: Floats


def _meet(parts: _Parts, alone: Truths, same_m: float) -> tuple[_Insertions, int]:
    """Find where steps between vertices cross or touch; also count steps that lie on each other."""
    step = np.ones(len(parts.xy), dtype=bool)
    step[parts.start[1:] - 1] = False
    at = np.flatnonzero(step)
    begin, finish = parts.xy[at], parts.xy[at + 1]
    segments = shapely.linestrings(np.stack([begin, finish], axis=1))
    one, other = shapely.STRtree(segments).query(segments, predicate="dwithin", distance=same_m)
    level = parts.level[parts.part[at]]
    apart = (one < other) & (at[other] != at[one] + 1)
    one, other = one[apart], other[apart]
    even = level[one] == level[other]
    found = _cross(begin, finish, one[even], other[even])
    for segment, neighbour in ((one, other), (other, one)):
        for vertex in (at[neighbour], at[neighbour] + 1):
            fit = even | alone[vertex]
            found.append(_touch(parts.xy, (begin, finish), (segment[fit], vertex[fit]), same_m))
    index, share, xy = (np.concatenate(column) for column in zip(*found, strict=True))
    overlaps = _count_overlaps(begin, finish, (one[even], other[even]), same_m)
    return _Insertions(at[index], share, xy), overlaps


_Found = tuple[Longs, Floats, Floats]


def _cross(begin: Floats, finish: Floats, one: Longs, other: Longs) -> list[_Found]:
    """Return where the insides of segments cross, on each of the two."""
    r, s = finish[one] - begin[one], finish[other] - begin[other]
    gap = begin[other] - begin[one]
    turn = r[:, 0] * s[:, 1] - r[:, 1] * s[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (gap[:, 0] * s[:, 1] - gap[:, 1] * s[:, 0]) / turn
        u = (gap[:, 0] * r[:, 1] - gap[:, 1] * r[:, 0]) / turn
    inside = (turn != 0) & (t > 0) & (t < 1) & (u > 0) & (u < 1)
    where = begin[one[inside]] + t[inside, None] * r[inside]
    return [(one[inside], t[inside], where), (other[inside], u[inside], where)]


def _touch(xy: Floats, segments: tuple[Floats, Floats], pairs: tuple[Longs, Longs], same_m: float) -> _Found:
    """Return where vertices lie on the inside of segments."""
    segment, vertex = pairs
    begin, along = segments[0][segment], segments[1][segment] - segments[0][segment]
    square = np.einsum("ij,ij->i", along, along)
    share = np.einsum("ij,ij->i", xy[vertex] - begin, along) / np.where(square > 0, square, 1.0)
    foot = begin + share[:, None] * along
    near = (share > 0) & (share < 1) & (np.hypot(*(xy[vertex] - foot).T) <= same_m)
    return segment[near], share[near], xy[vertex[near]]


def _count_overlaps(begin: Floats, finish: Floats, pairs: tuple[Longs, Longs], same_m: float) -> int:
    """Count pairs of segments that share a stretch, not only a place."""
    one, other = pairs
    along = finish[one] - begin[one]
    length = np.maximum(np.hypot(*along.T), 1e-12)
    unit = along / length[:, None]
    shares, sides = [], []
    for tip in (begin[other], finish[other]):
        gap = tip - begin[one]
        shares.append(np.einsum("ij,ij->i", gap, unit))
        sides.append(np.abs(gap[:, 0] * unit[:, 1] - gap[:, 1] * unit[:, 0]))
    low, high = np.minimum(*shares), np.maximum(*shares)
    stretch = np.minimum(high, length) - np.maximum(low, 0.0)
    return int(((np.maximum(*sides) <= same_m) & (stretch > 10 * same_m)).sum())


def _insert(parts: _Parts, alone: Truths, new: _Insertions) -> tuple[Longs, Floats, Longs, Truths]:
    """Return vertices, old and new, in order along their parts."""
    after = np.concatenate([np.arange(len(parts.xy)), new.at])
    share = np.concatenate([np.zeros(len(parts.xy)), new.share])
    order = np.lexsort((share, after))
    part = parts.part[after][order]
    xy = np.concatenate([parts.xy, new.xy])[order]
    is_alone = np.concatenate([alone, np.zeros(len(new.at), dtype=bool)])[order]
    return part, xy, parts.level[part], is_alone


def _identify(xy: Floats, level: Longs, alone: Truths, same_m: float) -> Longs:
    """Return place numbers: near vertices of one level share one; what ends alone shares what it touches."""
    one, other = KDTree(xy).query_pairs(same_m, output_type="ndarray").T
    fit = (level[one] == level[other]) | alone[one] | alone[other]
    links = coo_array((np.ones(fit.sum(), dtype=np.int8), (one[fit], other[fit])), shape=(len(xy), len(xy)))
    _, place = connected_components(links.tocsr(), directed=False)
    return place.astype(np.int64)


def _note_noding(inserted: int, overlaps: int, miss_m: Floats, joined: Truths) -> tuple[str, ...]:
    counted = {
        "vertices added where lines meet": inserted,
        "segments that lie on another": overlaps,
        "ends that stop short of a line": len(miss_m),
        "of these, moved onto it": int(joined.sum()),
    }
    return tuple(f"{what}: {count}" for what, count in counted.items() if count)
