"""A mesh: where places of Web Mercator lie in a grid of any other system, told at nodes and straight between.

A page draws in Web Mercator and knows no other projection. With a mesh it finds the cell under a place to a
small share of a cell, so that cells are never moved: pictures and answers come from the same lookup.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import Transformer
from pyproj.exceptions import CRSError as UnknownCrs

from spatial.errors import CrsError, Fault
from spatial.plan.findings import STORED_CRS

SHOWN_CRS = "EPSG:3857"
"""Web Mercator, in which the page draws."""
FIT_CELLS = 0.04
"""How far a mesh may be off, in cells."""
_EDGE_STEPS = 64
_FIRST_NODES = 5
_MOST_NODES = 257
_DECIMALS = 4

Bounds = tuple[float, float, float, float]
Places = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Columns and rows of a grid at evenly spaced nodes of a box in Web Mercator.

    Parameters
    ----------
    corners : tuple of float
        West, south, east and north of the box, degrees of WGS 84, which the page takes for CGCS2000.
    columns, rows : ndarray of float64, shape (nodes, nodes)
        At each node, the northern row of nodes first: how many cells it lies right of the grid's left edge,
        and below its upper one. Between nodes they are bilinear.
    """

    corners: Bounds
    columns: Places
    rows: Places

    def describe(self) -> dict[str, Any]:
        """Return what the page needs, as JSON can hold it."""
        across = [np.round(places, _DECIMALS).tolist() for places in (self.columns, self.rows)]
        return {"corners": self.corners, "columns": across[0], "rows": across[1]}

    def look_up(self, x: Places, y: Places) -> tuple[Places, Places]:
        """Return column and row of places in Web Mercator, metres, as the page finds them."""
        west, south, east, north = lay_box(self.corners)
        count = len(self.rows) - 1
        across = np.clip((x - west) / (east - west) * count, 0, count)
        down = np.clip((north - y) / (north - south) * count, 0, count)
        left, top = np.minimum(across.astype(int), count - 1), np.minimum(down.astype(int), count - 1)
        right, low = across - left, down - top

        def mix(places: Places) -> Places:
            upper = places[top, left] * (1 - right) + places[top, left + 1] * right
            lower = places[top + 1, left] * (1 - right) + places[top + 1, left + 1] * right
            return np.asarray(upper * (1 - low) + lower * low)

        return mix(self.columns), mix(self.rows)


def lay_mesh(bounds: Bounds, crs: str, shape: tuple[int, int]) -> Mesh:
    """Return the mesh over a grid, with as many nodes as it takes to be right to `FIT_CELLS` of a cell.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east and north edges of the grid, in units of `crs`.
    crs : str
        CRS of the grid.
    shape : tuple of int
        Rows and columns.

    Raises
    ------
    CrsError
        The CRS is unknown.

    Examples
    --------
    >>> mesh = lay_mesh((112.0, 35.0, 112.2, 35.1), "EPSG:4490", (1, 2))
    >>> (mesh.columns[0].round(2) + 0.0).tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0]
    """
    try:
        there = Transformer.from_crs(crs, SHOWN_CRS, always_xy=True)
        back = Transformer.from_crs(SHOWN_CRS, crs, always_xy=True)
    except UnknownCrs as error:
        remedy = f"give one such as {STORED_CRS}"
        raise CrsError(Fault("map", "", f"the CRS '{crs}' is not known", remedy)) from error
    box = there.transform_bounds(*bounds, densify_pts=_EDGE_STEPS)
    degrees = Transformer.from_crs(SHOWN_CRS, "EPSG:4326", always_xy=True)
    lon, lat = degrees.transform([box[0], box[2]], [box[1], box[3]])
    # Rounded as the page reads them: mesh and corners must speak of the same box.
    corners = (round(lon[0], 9), round(lat[0], 9), round(lon[1], 9), round(lat[1], 9))
    nodes = _FIRST_NODES
    while True:
        mesh = Mesh(corners, *_place(lay_box(corners), nodes, bounds, shape, back))
        if nodes >= _MOST_NODES or _miss(mesh, bounds, shape, back) <= FIT_CELLS:
            return mesh
        nodes = 2 * nodes - 1


def lay_box(corners: Bounds) -> Bounds:
    """Return west, south, east and north in Web Mercator, metres, of corners in degrees."""
    there = Transformer.from_crs("EPSG:4326", SHOWN_CRS, always_xy=True)
    (west, east), (south, north) = there.transform([corners[0], corners[2]], [corners[1], corners[3]])
    return west, south, east, north


def _place(
    box: Bounds, nodes: int, bounds: Bounds, shape: tuple[int, int], back: Transformer
) -> tuple[Places, Places]:
    """Return columns and rows at so many nodes a side."""
    x, y = np.meshgrid(np.linspace(box[0], box[2], nodes), np.linspace(box[3], box[1], nodes))
    return _find_cells(x, y, bounds, shape, back)


def _find_cells(
    x: Places, y: Places, bounds: Bounds, shape: tuple[int, int], back: Transformer
) -> tuple[Places, Places]:
    west, south, east, north = bounds
    own_x, own_y = back.transform(x, y)
    rows, columns = shape
    return (own_x - west) / (east - west) * columns, (north - own_y) / (north - south) * rows


def _miss(mesh: Mesh, bounds: Bounds, shape: tuple[int, int], back: Transformer) -> float:
    """Return how many cells the mesh is off at the middles between its nodes, where it is off most."""
    west, south, east, north = lay_box(mesh.corners)
    share = (np.arange(len(mesh.rows) - 1) + 0.5) / (len(mesh.rows) - 1)
    x, y = np.meshgrid(west + share * (east - west), north - share * (north - south))
    told, true = mesh.look_up(x, y), _find_cells(x, y, bounds, shape, back)
    return float(max(np.abs(one - other).max() for one, other in zip(told, true, strict=True)))
