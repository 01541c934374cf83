"""What of two shapes or sets of lines is in both and what in one alone, noded so that the parts add up."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.topology import dissolve, partition, repair_polygons
from spatial.errors import GeometryError

Shapes = npt.NDArray[np.object_]

GRID_DEG = 1e-10
"""Grid on which edges are noded: a hundredth of a millimetre."""
_MOST_OFF_M2 = 1.0
_SAME_DEG = 1e-7
_BESIDE_DEG = 5e-7


class Split(NamedTuple):
    """Two shapes taken apart.

    Parameters
    ----------
    lost, kept, gained : shapely.Polygon or shapely.MultiPolygon
        What the first alone covers, what both do, what the second alone does; valid, sharing all vertices of
        their common edges; empty polygons where there is nothing.
    """

    lost: shapely.Geometry
    kept: shapely.Geometry
    gained: shapely.Geometry


def split_pair(before: shapely.Geometry | None, after: shapely.Geometry | None) -> Split:
    """Take two shapes apart: what is lost, kept and gained from one to the other.

    Parameters
    ----------
    before, after : shapely polygons or None
        Longitude and latitude, edges straight; None is an empty one. Invalid ones are repaired.

    Returns
    -------
    Split

    Raises
    ------
    GeometryError
        The parts do not add up to the shapes within 1 m².

    Notes
    -----
    All edges are noded at once on a grid of 1e-10° and polygonised (see `topology.partition`); an overlay in
    floating point can lose a part without a word, faces of one arrangement cannot. That lost and kept are
    `before`, and kept and gained `after`, is measured each time.

    Examples
    --------
    >>> made = split_pair(shapely.box(0, 0, 2, 1), shapely.box(1, 0, 4, 1))
    >>> [round(part.area, 9) for part in made]
    [1.0, 1.0, 2.0]
    """
    pair = repair_polygons([before, after])
    there = pair[~shapely.is_empty(pair)]
    if not len(there):
        return Split(shapely.Polygon(), shapely.Polygon(), shapely.Polygon())
    if shapely.equals_identical(*pair):
        return Split(shapely.Polygon(), pair[0], shapely.Polygon())
    west, south, east, north = shapely.total_bounds(there)
    margin = 1e-3 + (east - west + north - south) * 1e-3
    made = partition(
        shapely.box(west - margin, south - margin, east + margin, north + margin), pair, GRID_DEG
    )
    # 0 is in neither, 1 in the first alone, 2 in the second alone, 3 in both.
    owner = np.bincount(made.face, weights=made.claim + 1, minlength=len(made.faces)).astype(int)
    lost, gained, kept = (_unite(made.faces[owner == number]) for number in (1, 2, 3))
    split = Split(lost, kept, gained)
    _refuse_loss(split, pair)
    return split


def _unite(faces: Shapes) -> shapely.Geometry:
    return dissolve(faces, np.zeros(len(faces), dtype=int))[0] if len(faces) else shapely.Polygon()


def _refuse_loss(split: Split, pair: Shapes) -> None:
    parts, wholes = straight_area_m2(list(split)), straight_area_m2(pair)
    off_m2 = np.abs(np.array([parts[0] + parts[1], parts[1] + parts[2]]) - wholes)
    if off_m2.max() > _MOST_OFF_M2:
        raise GeometryError(
            f"parts of two shapes do not add up: they are {off_m2[0]:.1f} m² and {off_m2[1]:.1f} m² off"
        )


def split_lines(before: Any, after: Any) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Return the stretches of lines that only the first set has, and those that only the second has.

    Parameters
    ----------
    before, after : array-like of shapely.LineString
        Longitude and latitude.

    Returns
    -------
    lost, gained : shapely.MultiLineString
        Whole edges from vertex to vertex. Edges are the same if both ends agree to a centimetre, whichever
        way they are drawn; so is an edge that lies along edges of the other set within 5 cm, since roads
        that end at a line put a vertex on it.

    Examples
    --------
    >>> road, branch = shapely.LineString([(0, 0), (1, 0), (2, 0)]), shapely.LineString([(1, 0), (1, 1)])
    >>> lost, gained = split_lines([road, branch], [road])
    >>> lost.wkt, gained.is_empty
    ('MULTILINESTRING ((1 0, 1 1))', True)
    """
    edges, keys = zip(*(_list_edges(lines) for lines in (before, after)), strict=True)
    alone = [~np.isin(keys[0], keys[1]), ~np.isin(keys[1], keys[0])]
    # A line cut at a vertex that the other set lacks is the same line, so all edges near are looked at.
    lost = _drop_covered(edges[0][alone[0]], edges[1])
    gained = _drop_covered(edges[1][alone[1]], edges[0])
    return _join(lost), _join(gained)


def _list_edges(lines: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.void]]:
    """Return each edge once as ``x0, y0, x1, y1``, and as a key that the direction does not change."""
    xy, owner = shapely.get_coordinates(shapely.get_parts(np.asarray(lines, dtype=object)), return_index=True)
    inner = owner[1:] == owner[:-1]
    ends = np.hstack([xy[:-1][inner], xy[1:][inner]])
    rounded = np.round(ends / _SAME_DEG).astype(np.int64)
    turn = (rounded[:, 0] > rounded[:, 2]) | (
        (rounded[:, 0] == rounded[:, 2]) & (rounded[:, 1] > rounded[:, 3])
    )
    rounded[turn] = rounded[turn][:, [2, 3, 0, 1]]
    keys, first = np.unique(np.ascontiguousarray(rounded).view("V32").ravel(), return_index=True)
    return ends[first], keys


def _drop_covered(edges: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Leave out edges whose ends and middle lie on edges of the others."""
    if not len(edges) or not len(others):
        return edges
    tree = shapely.STRtree(shapely.linestrings(others.reshape(-1, 2, 2)))
    middle = (edges[:, :2] + edges[:, 2:]) / 2
    near = np.ones(len(edges), dtype=bool)
    for points in (edges[:, :2], edges[:, 2:], middle):
        hit = tree.query(shapely.points(points[near]), predicate="dwithin", distance=_BESIDE_DEG)[0]
        still = np.zeros(int(near.sum()), dtype=bool)
        still[hit] = True
        near[near] = still
    return edges[~near]


def _join(edges: npt.NDArray[np.float64]) -> shapely.Geometry:
    if not len(edges):
        return shapely.MultiLineString()
    merged = shapely.line_merge(shapely.multilinestrings(edges.reshape(-1, 2, 2)))
    return shapely.normalize(shapely.multilinestrings(shapely.get_parts(merged)))
