"""Regions: shapes made ready to be asked, again and again, which part of others they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.geodesy import length_m
from spatial.engine.shapes.overlays import halve
from spatial.engine.shapes.slivers import width_m

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

_EMPTY = (shapely.Point(), shapely.LineString(), shapely.Polygon())
GRID_DEG = 1e-10
"""Grid on which pieces are put together again: a hundredth of a millimetre heals the cuts of halving."""

_LONG = 20_000


class Region:
    """The land that polygons cover together.

    Parameters
    ----------
    shapes : array-like of shapely polygons
        Valid; longitude and latitude in degrees. They may overlap.

    Notes
    -----
    One region must not be asked by two threads at once: GEOS makes the index of its tree and of prepared
    shapes when they are first asked.

    Examples
    --------
    >>> region = Region([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> held = region.hold([shapely.box(0.5, 0, 1.5, 1), shapely.box(5, 5, 6, 6)])
    >>> shapely.area(held.shapes).tolist(), held.owners
    ([1.0, 0.0], [(0, 1), ()])
    """

    def __init__(self, shapes: Any) -> None:
        self._pieces, self._owner = halve(np.asarray(shapes, dtype=object).ravel())
        shapely.prepare(self._pieces)
        self._tree = shapely.STRtree(self._pieces)

    def hold(self, shapes: Any) -> Held:
        """Return which part of each shape lies in the region.

        Parameters
        ----------
        shapes : array-like of shapely geometries
            Points, lines or polygons, valid.
        """
        shapes = np.asarray(shapes, dtype=object).ravel()
        kind = shapely.get_dimensions(shapes)
        shape, piece = self._tree.query(shapes, predicate="intersects")
        result = _nothing_of(kind)
        owners: list[tuple[int, ...]] = [()] * len(shapes)
        covers: dict[int, Shapes] = {}
        if not len(shape):
            return Held(result, owners, covers)
        within = shapely.contains_properly(self._pieces[piece], shapes[shape])
        parts = shapes[shape]
        parts[~within] = shapely.intersection(self._pieces[piece[~within]], shapes[shape[~within]])
        first = np.flatnonzero(np.diff(shape, prepend=-1))
        last = np.append(first[1:], len(shape))
        for begin, end in zip(first, last, strict=True):
            at = shape[begin]
            result[at] = _join(parts[begin:end], int(kind[at]))
            owners[at] = tuple(np.unique(self._owner[piece[begin:end]]).tolist())
            covers[int(at)] = self._pieces[piece[begin:end]]
        return Held(result, owners, covers)


class Held:
    """Parts of shapes that a region holds, which of its shapes hold them, and by which of its pieces."""

    def __init__(
        self, shapes: Shapes, owners: list[tuple[int, ...]], covers: dict[int, Shapes] | None = None
    ) -> None:
        self.shapes = shapes
        self.owners = owners
        self._covers = covers or {}

    def beyond(self, shapes: Any) -> Shapes:
        """Return what of the shapes the region does not hold."""
        shapes = np.asarray(shapes, dtype=object).ravel()
        rest = shapes.copy()
        cut = ~shapely.is_empty(self.shapes)
        # Shapes that are wholly held leave nothing; of very long outlines a grid would take minutes.
        same = cut & np.fromiter((one is other for one, other in zip(shapes, self.shapes, strict=True)), bool)
        long = shapely.get_num_coordinates(shapes) > _LONG
        rows = cut & ~same & ~long
        rest[rows] = shapely.difference(shapes[rows], self.shapes[rows], grid_size=GRID_DEG)
        for at in np.flatnonzero(cut & ~same & long):
            rest[at] = shapely.difference(shapes[at], shapely.union_all(self._covers[int(at)]))
        rest[same] = shapely.Point()
        kind = shapely.get_dimensions(shapes)
        for at in np.flatnonzero(cut):
            rest[at] = _join(rest[at : at + 1], int(kind[at]))
        return rest


def _nothing_of(kind: Any) -> Shapes:
    empty: Shapes = np.array(_EMPTY, dtype=object)
    return empty[np.clip(kind, 0, 2)]


def _join(parts: Shapes, kind: int) -> shapely.Geometry:
    """Unite what of the parts has the dimension of their shape: a polygon that is touched gives no point."""
    single = parts[0]
    if len(parts) > 1:
        fine = kind == 2 and shapely.get_num_coordinates(parts).sum() <= _LONG
        single = shapely.union_all(parts, grid_size=GRID_DEG if fine else None)
    if shapely.get_type_id(single) < 7 and shapely.get_dimensions(single) == kind:
        return single
    opened = shapely.get_parts([single])
    kept = opened[shapely.get_dimensions(opened) == kind]
    if not len(kept):
        return _EMPTY[kind]
    return shapely.union_all(kept) if len(kept) > 1 else kept[0]


def measure_shapes(shapes: Any) -> Floats:
    """Measure polygons by area (m²), lines by length (m), and count points.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        Longitude and latitude in degrees, CGCS2000.

    Examples
    --------
    >>> measure_shapes([shapely.MultiPoint([(0, 0), (1, 1)]), shapely.Polygon()]).tolist()
    [2.0, 0.0]
    """
    shapes = np.asarray(shapes, dtype=object).ravel()
    kind, amounts = shapely.get_dimensions(shapes), np.zeros(len(shapes))
    filled = ~shapely.is_empty(shapes)
    for dimension, measure in ((2, straight_area_m2), (1, length_m), (0, shapely.get_num_geometries)):
        rows = (kind == dimension) & filled
        if rows.any():
            amounts[rows] = measure(shapes[rows])
    return amounts


def measure_without_slivers(shapes: Any, width: float) -> Floats:
    """Measure shapes as `measure_shapes` does, without polygons thinner and lines shorter than a width.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        Longitude and latitude in degrees, CGCS2000.
    width : float
        Metres.

    Examples
    --------
    >>> strip = shapely.box(112.0, 35.0, 112.000001, 35.01)
    >>> measure_without_slivers([strip], 0.001)[0] > 100, measure_without_slivers([strip], 1.0).tolist()
    (np.True_, [0.0])
    """
    parts, owner = shapely.get_parts(np.asarray(shapes, dtype=object).ravel(), return_index=True)
    amounts, kind = measure_shapes(parts), shapely.get_dimensions(parts)
    thin = np.zeros(len(parts), dtype=bool)
    thin[kind == 2] = width_m(parts[kind == 2]) < width
    thin[kind == 1] = amounts[kind == 1] < width
    return np.bincount(owner, weights=np.where(thin, 0.0, amounts), minlength=np.size(shapes)).astype(
        np.float64
    )
