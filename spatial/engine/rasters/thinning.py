"""Thinning: one cell for every square of cells, so that a large raster can be shown small.

The middle cell stands for its square. Nothing is mixed: what is shown of a place is true of a cell there, and
all layers of a grid are thinned alike.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.grids import Grid
from spatial.engine.rasters.stacks import RasterStack

MOST_CELLS = 2_500_000
"""Grids of more cells than this are thinned out for a page."""
_BLOCK = 1024

Array = npt.NDArray[Any]


def choose_every(grid: Grid, most: int = MOST_CELLS) -> int:
    """Return one of how many rows and columns is taken so that a grid has about so many cells at most.

    Examples
    --------
    >>> choose_every(Grid("EPSG:4546", 0, 0, 50, 1000, 1000)), choose_every(Grid("", 0, 0, 50, 4000, 2500))
    (1, 2)
    """
    return max(1, math.ceil(math.sqrt(grid.rows * grid.columns / most) - 1e-9))


def thin_grid(grid: Grid, every: int) -> Grid:
    """Return a grid of larger cells, each in the place of `every` × `every`; they stand over at edges."""
    rows, columns = -(-grid.rows // every), -(-grid.columns // every)
    return Grid(grid.crs, grid.left, grid.top, grid.cell_m * every, rows, columns)


def thin_cells(cells: Array, every: int) -> Array:
    """Return the middle cell of every square; at the lower and right edge the last there is.

    Examples
    --------
    >>> thin_cells(np.arange(20).reshape(4, 5), 3).tolist()
    [[6, 9], [16, 19]]
    """
    picks = [np.minimum(np.arange(0, side, every) + every // 2, side - 1) for side in cells.shape]
    return cells[np.ix_(*picks)]


def choose_block(every: int) -> int:
    """Return the side of blocks that hold whole squares, cells."""
    return every * max(1, _BLOCK // every)


def read_thin(stack: RasterStack, name: str, every: int) -> Array:
    """Return the cells of a layer as `thin_grid` has them, read block by block."""
    rows, columns = thin_grid(stack.grid, every).shape
    parts = [
        (block, thin_cells(stack.read(name, block), every)) for block in stack.blocks(choose_block(every))
    ]
    found = np.zeros((rows, columns), dtype=parts[0][1].dtype)
    for block, part in parts:
        row, column = block.row // every, block.column // every
        found[row : row + part.shape[0], column : column + part.shape[1]] = part
    return found
