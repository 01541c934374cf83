"""Cells and shapes: lines marked on the cells they touch, and cells of one label outlined as polygons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.rasters.grids import Grid

Shapes = npt.NDArray[np.object_]
Labels = npt.NDArray[np.int32]


def mark_lines(grid: Grid, lines: Shapes, rank: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.uint8]:
    """Return the highest rank of the lines that touch each cell, 0 where there is none.

    A line marks every cell it touches, so that marked cells leave no gap that a step could slip through.

    Parameters
    ----------
    grid : Grid
    lines : ndarray of shapely geometries
        In the system of the grid.
    rank : ndarray of int, shape (k,)
        1 to 255.

    Examples
    --------
    >>> line = np.array([shapely.LineString([(5, 5), (25, 5)])])
    >>> mark_lines(Grid("EPSG:4546", 0, 20, 10.0, 2, 3), line, np.array([7])).tolist()
    [[0, 0, 0], [7, 7, 7]]
    """
    from rasterio.features import rasterize

    there = ~(shapely.is_empty(lines) | shapely.is_missing(lines))
    lines, rank = lines[there], rank[there]
    marked = np.zeros(grid.shape, dtype=np.uint8)
    if len(lines):
        order = np.argsort(rank, kind="stable")
        shapes = [(lines[k], int(rank[k])) for k in order]
        rasterize(shapes, out=marked, transform=grid.transform, all_touched=True)
    return marked


def prolong_lines(lines: Shapes, border: shapely.Geometry, by_m: float) -> Shapes:
    """Return lines whose ends near a border go on straight, so that no cell of the border lets past.

    Parameters
    ----------
    lines : ndarray of LineString or MultiLineString
        In the same metric system as the border.
    border : shapely geometry
    by_m : float
        How far they go on, and how near to the border an end must be, metres.

    Returns
    -------
    ndarray of MultiLineString
        The lines, with the pieces beyond.

    Examples
    --------
    >>> road = np.array([shapely.LineString([(0, 5), (10, 5)])])
    >>> prolong_lines(road, shapely.box(0, 0, 10, 10).boundary, 4.0)[0].bounds
    (-4.0, 5.0, 14.0, 5.0)
    """
    parts, owner = shapely.get_parts(lines, return_index=True)
    real = shapely.get_num_points(parts) > 1
    parts, owner = parts[real], owner[real]
    pieces, whose = [parts], [owner]
    for last, before in ((0, 1), (-1, -2)):
        end, inner = (shapely.get_coordinates(shapely.get_point(parts, k)) for k in (last, before))
        ahead = end - inner
        ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
        out = shapely.dwithin(shapely.points(end), border, by_m)
        pieces.append(shapely.linestrings(np.stack([end, end + by_m * ahead], axis=1))[out])
        whose.append(owner[out])
    order = np.argsort(np.concatenate(whose), kind="stable")
    indices = np.concatenate(whose)[order]
    found = np.empty(len(lines), dtype=object)
    shapely.multilinestrings(np.concatenate(pieces)[order], indices=indices, out=found)
    return found


def mark_areas(grid: Grid, areas: Shapes) -> npt.NDArray[np.bool_]:
    """Return the cells whose centre lies in any of some polygons in the system of the grid.

    Examples
    --------
    >>> mark_areas(Grid("EPSG:4546", 0, 10, 10.0, 1, 3), np.array([shapely.box(0, 0, 16, 10)])).tolist()
    [[True, True, False]]
    """
    from rasterio.features import rasterize

    areas = areas[~(shapely.is_empty(areas) | shapely.is_missing(areas))]
    marked = np.zeros(grid.shape, dtype=np.uint8)
    if len(areas):
        rasterize(list(areas), out=marked, transform=grid.transform)
    return marked.astype(bool)


def outline_cells(grid: Grid, label: Labels, count: int) -> Shapes:
    """Return the outline of the cells of each label from 1 to `count`, in the system of the grid.

    Cells that share a corner only make parts of one multipolygon. Each is valid, with no vertex within an
    edge.

    Examples
    --------
    >>> label = np.array([[1, 1, 0], [0, 0, 2]], np.int32)
    >>> [shape.area for shape in outline_cells(Grid("EPSG:4546", 0, 20, 10.0, 2, 3), label, 2)]
    [200.0, 100.0]
    """
    from rasterio.features import shapes

    found: list[list[shapely.Polygon]] = [[] for _ in range(count)]
    mask = (label > 0) & (label <= count)
    for outline, number in shapes(label, mask=mask, connectivity=4, transform=grid.transform):
        rings = [np.asarray(ring) for ring in outline["coordinates"]]
        found[int(number) - 1].append(shapely.Polygon(rings[0], rings[1:]))
    made = np.empty(count, dtype=object)
    for number, parts in enumerate(found):
        made[number] = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return made


def coarsen_grid(grid: Grid, times: int) -> Grid:
    """Return the grid of cells that many times as large, from the same corner; those at the edge jut out.

    Examples
    --------
    >>> coarsen_grid(Grid("EPSG:4546", 0, 30, 10.0, 3, 5), 2).shape
    (2, 3)
    """
    return replace(
        grid,
        cell_m=grid.cell_m * times,
        rows=-(-grid.rows // times),
        columns=-(-grid.columns // times),
    )


def coarsen_cells(values: npt.NDArray[Any], times: int, fill: float) -> npt.NDArray[Any]:
    """Return the cells of each larger one, shape (rows, columns, times²), filled up at the edge.

    Examples
    --------
    >>> coarsen_cells(np.array([[1, 2, 3]]), 2, 0).tolist()
    [[[1, 2, 0, 0], [3, 0, 0, 0]]]
    """
    high, wide = (-(-side // times) for side in values.shape)
    full = np.full((high * times, wide * times), fill, dtype=values.dtype)
    full[: values.shape[0], : values.shape[1]] = values
    parts = full.reshape(high, times, wide, times).swapaxes(1, 2)
    return parts.reshape(high, wide, times * times)
