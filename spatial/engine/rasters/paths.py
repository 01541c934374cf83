"""Paths: ways from cell to cell as lines, and the stretches of them that pass one class of land."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.grids import Grid

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
_KNIGHT = 3
"""Rows and columns together that a knight's move takes."""


def fill_path(path: Longs, resistance: npt.NDArray[np.float32]) -> tuple[Floats, Longs]:
    """Return the cells that a path passes, with those it slips between on a knight's move.

    Of the two cells beside such a move the one that resists more stands for both.

    Parameters
    ----------
    path : ndarray of int64, shape (k, 2)
        Row and column of each cell stepped on.
    resistance : ndarray of float32, shape (h, w)

    Returns
    -------
    places : ndarray of float64, shape (n, 2)
        Row and column, halfway along the move for cells that it slips between.
    cells : ndarray of int64, shape (n, 2)

    Examples
    --------
    >>> rows = np.array([[1, 1, 1], [1, 9, 1]], np.float32)
    >>> places, cells = fill_path(np.array([[0, 0], [1, 2]]), rows)
    >>> places.tolist(), cells.tolist()
    ([[0.0, 0.0], [0.5, 1.0], [1.0, 2.0]], [[0, 0], [1, 1], [1, 2]])
    """
    step = np.diff(path, axis=0)
    long = np.flatnonzero(np.abs(step).sum(axis=1) == _KNIGHT)
    # Halfway a move of (1, 2) lies between two rows: the cells beside it are one above and one below.
    half = step[long] / 2
    beside = np.stack([path[long] + np.floor(half), path[long] + np.ceil(half)]).astype(np.int64)
    resists = resistance[beside[..., 0], beside[..., 1]]
    worse = np.where((resists[1] > resists[0])[:, None], beside[1], beside[0])
    places = np.insert(path.astype(float), long + 1, path[long] + half, axis=0)
    return places, np.insert(path, long + 1, worse, axis=0)


def list_stretches(places: Floats, codes: Longs) -> list[tuple[int, Floats]]:
    """Return the stretches of a way that pass land of one code other than 0, each from halfway to halfway.

    Parameters
    ----------
    places : ndarray of float64, shape (n, 2)
        Along the way.
    codes : ndarray of int64, shape (n,)
        Of the land at each place.

    Returns
    -------
    list of (int, ndarray of float64, shape (k, 2))
        Code, and the places of the stretch.

    Examples
    --------
    >>> way = np.array([[0.0, 0], [0, 1], [0, 2], [0, 3]])
    >>> list_stretches(way, np.array([0, 5, 5, 0]))[0][1].tolist()
    [[0.0, 0.5], [0.0, 1.0], [0.0, 2.0], [0.0, 2.5]]
    """
    begins = np.flatnonzero(np.diff(codes, prepend=codes[:1] - 1))
    found = []
    for low, high in zip(begins.tolist(), [*begins[1:].tolist(), len(codes)], strict=True):
        if codes[low]:
            ends = [places[[low - 1, low]].mean(axis=0)] if low else []
            after = [places[[high - 1, high]].mean(axis=0)] if high < len(codes) else []
            found.append((int(codes[low]), np.vstack([*ends, places[low:high], *after])))
    return found


def place_cells(grid: Grid, places: npt.ArrayLike) -> Floats:
    """Return the eastings and northings of the middles of cells, in the system of the grid.

    Parameters
    ----------
    grid : Grid
    places : array-like, shape (n, 2)
        Row and column; halves lie between.

    Examples
    --------
    >>> place_cells(Grid("EPSG:4546", 0, 20, 10.0, 2, 3), [[0, 0], [0.5, 1]]).tolist()
    [[5.0, 15.0], [15.0, 10.0]]
    """
    row, column = np.asarray(places, dtype=float).T
    x, y = grid.left + (column + 0.5) * grid.cell_m, grid.top - (row + 0.5) * grid.cell_m
    return np.column_stack([x, y])
