"""Grids of square cells in metres, and the blocks that they are worked through in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pyproj import Proj

from spatial.errors import Fault, GeometryError

if TYPE_CHECKING:
    from affine import Affine

Bounds = tuple[float, float, float, float]
_STEP = 64
"""Cells between the places at which the scale of the projection is taken."""


@dataclass(frozen=True)
class Block:
    """A rectangle of cells.

    Parameters
    ----------
    row, column : int
        Of the upper left cell in the grid.
    height, width : int
        In cells.
    """

    row: int
    column: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, as of an array."""
        return self.height, self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Where the block lies in an array of the whole grid."""
        return (
            slice(self.row, self.row + self.height),
            slice(self.column, self.column + self.width),
        )

    def within(self, outer: Block) -> tuple[slice, slice]:
        """Return where the block lies in an array of a block round it.

        Examples
        --------
        >>> Block(4, 4, 2, 2).within(Block(3, 2, 5, 5))
        (slice(1, 3, None), slice(2, 4, None))
        """
        row, column = self.row - outer.row, self.column - outer.column
        return slice(row, row + self.height), slice(column, column + self.width)


@dataclass(frozen=True)
class Grid:
    """Square cells, north up, whose edges lie at whole multiples of their side.

    Parameters
    ----------
    crs : str
        Metric system.
    left, top : float
        Upper left corner, metres in `crs`.
    cell_m : float
        Side of a cell, metres.
    rows, columns : int

    Examples
    --------
    >>> grid = Grid("EPSG:4546", 500_000.0, 3_900_000.0, 50.0, 3, 4)
    >>> grid.bounds
    (500000.0, 3899850.0, 500200.0, 3900000.0)
    """

    crs: str
    left: float
    top: float
    cell_m: float
    rows: int
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def transform(self) -> Affine:
        """From columns and rows to eastings and northings of corners."""
        return self.transform_of(self.whole)

    def transform_of(self, block: Block) -> Affine:
        """Return the transform of a block: from its columns and rows to eastings and northings."""
        from affine import Affine

        west, _, _, north = self.bounds_of(block)
        return Affine(self.cell_m, 0.0, west, 0.0, -self.cell_m, north)

    @property
    def whole(self) -> Block:
        """All cells as one block."""
        return Block(0, 0, self.rows, self.columns)

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north, metres."""
        return self.bounds_of(self.whole)

    def bounds_of(self, block: Block) -> Bounds:
        """Return west, south, east and north of a block, metres."""
        west, north = self.left + block.column * self.cell_m, self.top - block.row * self.cell_m
        return west, north - block.height * self.cell_m, west + block.width * self.cell_m, north

    def blocks(self, size: int = 1024) -> tuple[Block, ...]:
        """Return the blocks that cover the grid, row by row; those at the lower and right edge are cut.

        Examples
        --------
        >>> [block.shape for block in Grid("EPSG:4546", 0, 0, 50, 3, 4).blocks(3)]
        [(3, 3), (3, 1)]
        """
        return tuple(
            Block(row, column, min(size, self.rows - row), min(size, self.columns - column))
            for row in range(0, self.rows, size)
            for column in range(0, self.columns, size)
        )

    def pad(self, block: Block, halo: int) -> Block:
        """Return a block with `halo` more cells on each side, cut at the edges of the grid."""
        row, column = max(block.row - halo, 0), max(block.column - halo, 0)
        bottom = min(block.row + block.height + halo, self.rows)
        right = min(block.column + block.width + halo, self.columns)
        return Block(row, column, bottom - row, right - column)

    def cell_of(self, x: float, y: float) -> tuple[int, int] | None:
        """Return row and column of the cell that a place lies in, or None outside."""
        column, row = (
            math.floor((x - self.left) / self.cell_m),
            math.floor((self.top - y) / self.cell_m),
        )
        return (row, column) if 0 <= row < self.rows and 0 <= column < self.columns else None


def lay_grid(bounds: Bounds, crs: str, cell_m: float) -> Grid:
    """Return the least grid that covers a box and whose edges lie at whole multiples of the cell.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north, metres in `crs`.
    crs : str
        Metric system.
    cell_m : float
        Side of a cell, metres.

    Raises
    ------
    GeometryError
        A box without area or a cell that is no length.

    Examples
    --------
    >>> lay_grid((10.0, 20.0, 110.0, 70.0), "EPSG:4546", 50.0)
    Grid(crs='EPSG:4546', left=0.0, top=100.0, cell_m=50.0, rows=2, columns=3)
    """
    west, south, east, north = bounds
    if not (math.isfinite(west + south + east + north) and west < east and south < north):
        raise GeometryError(Fault("", "", f"a grid needs a box with an area, not {bounds}", "check the CRS"))
    if not (math.isfinite(cell_m) and cell_m > 0):
        raise GeometryError(Fault("", "cell", f"{cell_m:g} is no side of a cell", "write one such as 50 m"))
    left, low = math.floor(west / cell_m), math.floor(south / cell_m)
    right, top = math.ceil(east / cell_m), math.ceil(north / cell_m)
    return Grid(crs, left * cell_m, top * cell_m, float(cell_m), top - low, right - left)


def measure_cells(grid: Grid, block: Block) -> npt.NDArray[np.float64]:
    """Return the area of each cell on the ellipsoid.

    The planar area is divided by the areal scale of the projection, taken at the middle of every 64 × 64
    cells: in a 3° Gauss-Krüger zone at 50 m that is right to some 0.003 % of a cell.

    Returns
    -------
    ndarray of float64, shape (height, width)
        Square metres.
    """
    rows, tall = _middles(block.row, block.height)
    columns, wide = _middles(block.column, block.width)
    x, y = np.meshgrid(grid.left + columns * grid.cell_m, grid.top - rows * grid.cell_m)
    proj = _projection(grid.crs)
    lon, lat = proj(x, y, inverse=True)
    scale = np.asarray(proj.get_factors(lon, lat).areal_scale)
    return np.repeat(np.repeat(grid.cell_m**2 / scale, tall, axis=0), wide, axis=1)


def _middles(first: int, count: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Return the middles of the steps that a stretch of cells lies in, and the cells in each.

    Steps begin at multiples of the step in the grid, so that a cell's area does not depend on its block.
    """
    steps = np.arange(first, first + count) // _STEP
    found, counts = np.unique(steps, return_counts=True)
    return np.asarray((found + 0.5) * _STEP, dtype=np.float64), counts


@lru_cache(maxsize=8)
def _projection(crs: str) -> Any:
    return Proj(crs)
