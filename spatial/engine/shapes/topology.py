"""Coverages: dirty polygons become faces that share every vertex and never overlap.

All in one plane, the one in which the edges are straight; nothing here knows what the polygons mean.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spatial.engine.threads import run_parts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7
_WORTH_THREADS = 5_000


class Partition(NamedTuple):
    """Faces of an area, and which claims cover which of them.

    Parameters
    ----------
    faces : numpy.ndarray of shapely.Polygon
        They tile the area; neighbours share all vertices of their common edges.
    face, claim : numpy.ndarray of int64
        Positions of a face and of a claim that covers it; one pair for each, sorted by face, then claim.
    """

    faces: Shapes
    face: Integers
    claim: Integers


class SharedEdges(NamedTuple):
    """Edges that two polygons of a coverage have in common.

    Parameters
    ----------
    left, right : numpy.ndarray of int64
        Positions of the two polygons, the lower first.
    ends : numpy.ndarray of shape (n, 4)
        ``x0, y0, x1, y1`` of each edge.
    """

    left: Integers
    right: Integers
    ends: Floats


def name_faults(shapes: Any) -> Shapes:
    """Say what is wrong with shapes that should be polygons.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        Of any type, also None.

    Returns
    -------
    numpy.ndarray of str
        Empty where nothing is wrong, else ``missing``, ``empty``, ``not finite``, ``no polygon``,
        ``collection``, or what the validity test says, such as ``Self-intersection``. Heights and
        measures are no fault.

    Examples
    --------
    >>> bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> name_faults([bow_tie, shapely.box(0, 0, 1, 1), None]).tolist()
    ['Self-intersection', '', 'missing']
    """
    shapes = np.asarray(shapes, dtype=object).ravel()
    kinds = shapely.get_type_id(shapes)
    with np.errstate(invalid="ignore"):
        invalid = ~shapely.is_valid(shapes)
    reasons = np.full(len(shapes), "", dtype=object)
    reasons[invalid] = [str(text).partition("[")[0] for text in shapely.is_valid_reason(shapes[invalid])]
    reasons[~np.isin(kinds, (_POLYGON, _MULTIPOLYGON, _COLLECTION))] = "no polygon"
    reasons[kinds == _COLLECTION] = "collection"
    reasons[_not_finite(shapes)] = "not finite"
    reasons[shapely.is_empty(shapes)] = "empty"
    reasons[shapely.is_missing(shapes)] = "missing"
    return reasons


def _not_finite(shapes: Shapes) -> Truths:
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    wrong = np.zeros(len(shapes), dtype=bool)
    wrong[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    return wrong


def repair_polygons(shapes: Any) -> Shapes:
    """Return valid polygons that cover what the shapes cover.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        Of any type, also None; heights and measures are dropped.

    Returns
    -------
    numpy.ndarray of shapely.Polygon and shapely.MultiPolygon
        Same length. Every lobe of a self-crossing ring is kept, parts that overlap are united, and a hole
        outside its shell is land. Points, lines and what has no area fall away; an empty polygon stands
        where nothing is left.

    Examples
    --------
    >>> bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> shapely.area(repair_polygons([bow_tie, None])).tolist()
    [2.0, 0.0]
    """
    shapes = np.asarray(shapes, dtype=object).ravel()
    faults = name_faults(shapes)
    result = np.asarray(shapely.force_2d(shapes), dtype=object)
    result[np.isin(faults, ("missing", "empty", "not finite", "no polygon"))] = shapely.Polygon()
    for place in np.flatnonzero(faults == "collection"):
        result[place] = _unite_parts(result[place])
    wrong = ~shapely.is_valid(result)
    # The other method would turn land that two parts both cover into a hole.
    result[wrong] = shapely.make_valid(result[wrong], method="structure", keep_collapsed=False)
    # It may also leave parts that share an edge side by side, which is no valid polygon either.
    for place in np.flatnonzero((shapely.get_type_id(result) == _COLLECTION) | ~shapely.is_valid(result)):
        result[place] = _unite_parts(result[place])
    result[~(shapely.area(result) > 0)] = shapely.Polygon()
    return result


def _unite_parts(collection: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts([collection])
    while (shapely.get_type_id(parts) > _POLYGON).any():
        parts = shapely.get_parts(parts)
    polygons = parts[shapely.get_type_id(parts) == _POLYGON]
    united = shapely.union_all(shapely.make_valid(polygons, method="structure", keep_collapsed=False))
    return united if shapely.get_dimensions(united) == 2 else shapely.Polygon()


def partition(area: shapely.Geometry, claims: Any, grid: float) -> Partition:
    """Cut an area into faces along the edges of claims.

    Parameters
    ----------
    area : shapely.Polygon or shapely.MultiPolygon
        Valid; what is to be tiled.
    claims : array-like of shapely polygons
        Valid (see `repair_polygons`); they may overlap, leave gaps, leave the area or be empty.
    grid : float
        All vertices come to lie on multiples of it, in units of the coordinates. An edge that passes a
        vertex within half of it goes through that vertex.

    Returns
    -------
    Partition
        No faces if the area is empty.

    Notes
    -----
    All edges are noded at once by snap rounding (Hobby 1999, *Practical segment intersection with
    finite precision output*) as GEOS does it, so that any two edges meet in vertices of both. The faces
    of that arrangement tile the area, whatever the claims were; each face lies wholly inside or outside
    a claim (but for the rounding), so one interior point tells which.

    Examples
    --------
    >>> made = partition(shapely.box(0, 0, 3, 1), [shapely.box(0, 0, 2, 1), shapely.box(1, 0, 9, 1)], 1e-9)
    >>> shapely.area(made.faces).sum(), np.bincount(made.face).tolist()
    (np.float64(3.0), [1, 2, 1])
    """
    claims = np.asarray(claims, dtype=object).ravel()
    shapely.prepare(area)
    near = np.flatnonzero(shapely.intersects(area, claims) & ~shapely.is_empty(claims))
    faces = _node_faces(area, claims[near], grid)
    points = shapely.point_on_surface(faces)
    inside = shapely.intersects(area, points)
    faces, points = faces[inside], points[inside]
    claim, face = shapely.STRtree(points).query(claims[near], predicate="intersects")
    order = np.lexsort((claim, face))
    return Partition(faces, face[order], near[claim[order]])


def _node_faces(area: shapely.Geometry, claims: Shapes, grid: float) -> Shapes:
    """Return the faces of the arrangement of all edges, those outside the area among them."""
    if area.is_empty:
        return np.empty(0, dtype=object)
    west, south, east, north = area.bounds
    margin = 4 * grid + (east - west + north - south) * 1e-6
    # Edges far from the area bound no face of it, however large the claim that they belong to.
    edges = shapely.clip_by_rect(
        shapely.boundary(claims), west - margin, south - margin, east + margin, north + margin
    )
    noded = shapely.union_all([shapely.boundary(area), *edges], grid_size=grid)
    return np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))), dtype=object)


def find_shared_edges(shapes: Any) -> SharedEdges:
    """Find the edges that polygons of a coverage have in common.

    Parameters
    ----------
    shapes : array-like of shapely polygons
        A coverage: an edge belongs to two of them at most.

    Returns
    -------
    SharedEdges
        Each edge once.

    Examples
    --------
    >>> edges = find_shared_edges([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> edges.left.tolist(), edges.right.tolist(), edges.ends.tolist()
    ([0], [1], [[1.0, 0.0, 1.0, 1.0]])
    """
    parts, owner = shapely.get_parts(np.asarray(shapes, dtype=object), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    _, vertex = np.unique(coordinates.view(np.complex128).ravel(), return_inverse=True)
    start = np.flatnonzero(np.diff(ring) == 0)
    low = np.minimum(vertex[start], vertex[start + 1])
    key = low * (vertex.max(initial=0) + 1) + np.maximum(vertex[start], vertex[start + 1])
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(np.diff(key[order]) == 0)
    one, other = start[order[first]], start[order[first + 1]]
    of = owner[part[ring]] if len(ring) else np.empty(0, dtype=np.int64)
    apart = of[one] != of[other]
    one, other = one[apart], other[apart]
    ends = np.sort(coordinates[np.stack([one, one + 1])].view(np.complex128)[..., 0], axis=0)
    return SharedEdges(
        np.minimum(of[one], of[other]),
        np.maximum(of[one], of[other]),
        np.ascontiguousarray(ends.T).view(np.float64).reshape(-1, 4),
    )


def label_parts(classes: Any, edges: SharedEdges) -> Integers:
    """Tell which polygons of a coverage hang together in parts of one class.

    Parameters
    ----------
    classes : array-like of int
        Class of each polygon; polygons of a negative class belong to no part.
    edges : SharedEdges
        Parts hang together by edges, not by points.

    Returns
    -------
    numpy.ndarray of int64
        Number of the part of each polygon, from 0 in order of appearance; -1 for no part.

    Examples
    --------
    >>> row = [shapely.box(x, 0, x + 1, 1) for x in range(4)]
    >>> label_parts([5, 5, -1, 5], find_shared_edges(row)).tolist()
    [0, 0, -1, 1]
    """
    classes = np.asarray(classes, dtype=np.int64)
    same = classes[edges.left] == classes[edges.right]
    count = len(classes)
    links = coo_array((np.ones(same.sum()), (edges.left[same], edges.right[same])), shape=(count, count))
    labels = connected_components(links, directed=False)[1] if count else np.empty(0, dtype=np.int64)
    taken = classes >= 0
    _, first, inverse = np.unique(labels[taken], return_index=True, return_inverse=True)
    result = np.full(count, -1, dtype=np.int64)
    result[taken] = np.argsort(np.argsort(first))[inverse]
    return result


def dissolve(shapes: Any, labels: Any) -> Shapes:
    """Unite the polygons of a coverage by label; no vertex is lost.

    Parameters
    ----------
    shapes : array-like of shapely.Polygon
        A coverage.
    labels : array-like of int
        From 0 without gaps; polygons with a negative label are left out.

    Returns
    -------
    numpy.ndarray of shapely polygons
        One for each label, in order, with a canonical first vertex.

    Examples
    --------
    >>> row = [shapely.box(x, 0, x + 1, 1) for x in range(3)]
    >>> shapely.get_num_coordinates(dissolve(row, [0, 0, 1])).tolist()
    [7, 5]
    """
    shapes, labels = np.asarray(shapes, dtype=object), np.asarray(labels, dtype=np.int64)
    order = np.argsort(labels, kind="stable")
    order = order[np.searchsorted(labels[order], 0) :]
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    result = np.asarray(shapes[order[starts]], dtype=object)
    ends = np.append(starts[1:], len(order))
    many = np.flatnonzero(ends - starts > 1)

    def unite(begin: int, end: int) -> None:
        for group in many[begin:end]:
            result[group] = shapely.coverage_union_all(shapes[order[starts[group] : ends[group]]])

    # GEOS leaves the interpreter's lock; a thread for a handful of polygons would take longer to start.
    run_parts(unite, len(many), 1 if len(order) > _WORTH_THREADS else max(1, len(many)))
    return np.asarray(shapely.normalize(result), dtype=object)
