"""Hexagons: a grid of equal cells that lines pass through, the same wherever and whenever it is laid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.travel.network import Floats, Longs, Texts
from spatial.errors import Fault, GeometryError

_STEPS = 8
_MOST = 2_000_000


@dataclass(frozen=True, eq=False)
class Hexagons:
    """Cells of a grid that begins at the origin of its metric system.

    Parameters
    ----------
    size_m : float
        Distance between the centres of neighbours, metres.
    column, row : ndarray of int64, shape (h,)
        Axial coordinates of the cells, ordered by row, then column.
    """

    size_m: float
    column: Longs
    row: Longs

    @property
    def centres(self) -> Floats:
        """Centres, metres, shape (h, 2)."""
        x = self.size_m * (self.column + self.row / 2)
        return np.column_stack([x, self.size_m * np.sqrt(0.75) * self.row])

    @property
    def shapes(self) -> Texts:
        """Cells as polygons."""
        angle = np.radians(np.arange(30, 390, 60))
        corners = self.size_m / np.sqrt(3) * np.column_stack([np.cos(angle), np.sin(angle)])
        return np.asarray(shapely.polygons(self.centres[:, None, :] + corners[None]), dtype=object)

    @property
    def ids(self) -> list[str]:
        """Names that say where a cell lies in the grid, the same in every run."""
        return [
            f"hex{self.size_m:g}_{column}_{row}"
            for column, row in zip(self.column.tolist(), self.row.tolist(), strict=True)
        ]


def lay_hexagons(lines: npt.ArrayLike, size_m: float) -> Hexagons:
    """Return the hexagons that lines pass through.

    Parameters
    ----------
    lines : array-like of shapely lines
        In a metric system.
    size_m : float
        Distance between the centres of neighbours, metres. A corner that a line cuts by less than an eighth
        of it may be passed over.

    Raises
    ------
    GeometryError
        A size that is not above zero, or so small that there would be millions of cells.

    Examples
    --------
    >>> hexagons = lay_hexagons([shapely.LineString([(0, 0), (1000, 0)])], 500)
    >>> hexagons.ids, round(float(shapely.area(hexagons.shapes[0])))
    (['hex500_0_0', 'hex500_1_0', 'hex500_2_0'], 216506)
    """
    if not (np.isfinite(size_m) and size_m > 0):
        raise GeometryError(Fault("", "size_m", f"{size_m} m is no size of cells", "give metres above zero"))
    shapes = np.asarray(lines, dtype=object)
    if shapely.length(shapes).sum() / size_m * _STEPS > _MOST * _STEPS:
        problem = f"cells of {size_m:g} m along these lines would be over {_MOST}"
        raise GeometryError(Fault("", "size_m", problem, "take larger cells"))
    xy = shapely.get_coordinates(shapely.segmentize(shapes, size_m / _STEPS))
    cells = np.unique(_round_axial(xy / size_m), axis=0)
    order = np.lexsort((cells[:, 0], cells[:, 1]))
    return Hexagons(float(size_m), cells[order, 0], cells[order, 1])


def sort_into_hexagons(xy: npt.ArrayLike, size_m: float) -> tuple[Hexagons, Longs]:
    """Return the hexagons that points lie in, and which of them each point lies in.

    Parameters
    ----------
    xy : array-like, shape (n, 2)
        Points in a metric system.
    size_m : float
        Distance between the centres of neighbours, metres.

    Raises
    ------
    GeometryError
        A size that is not above zero.

    Examples
    --------
    >>> hexagons, cell = sort_into_hexagons([(0, 0), (1010, 5), (990, 0)], 500)
    >>> hexagons.ids, cell.tolist()
    (['hex500_0_0', 'hex500_2_0'], [0, 1, 1])
    """
    if not (np.isfinite(size_m) and size_m > 0):
        raise GeometryError(Fault("", "size_m", f"{size_m} m is no size of cells", "give metres above zero"))
    places = np.asarray(xy, dtype=float).reshape(-1, 2)
    cells, at = np.unique(_round_axial(places / size_m)[:, ::-1], axis=0, return_inverse=True)
    return Hexagons(float(size_m), cells[:, 1], cells[:, 0]), at.reshape(-1).astype(np.int64)


def _round_axial(xy: Floats) -> Longs:
    """Return axial coordinates of the cell that each place lies in, the side of cells being 1 across."""
    row = xy[:, 1] / np.sqrt(0.75)
    column = xy[:, 0] - row / 2
    cube = np.column_stack([column, row, -column - row])
    near = np.round(cube)
    off = np.abs(near - cube)
    # Of the three, whose sum is zero, the one that was rounded most follows from the others.
    worst = off.argmax(axis=1)
    near[worst == 0, 0] = -(near[:, 1] + near[:, 2])[worst == 0]
    near[worst == 1, 1] = -(near[:, 0] + near[:, 2])[worst == 1]
    return near[:, :2].astype(np.int64)
