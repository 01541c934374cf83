"""Heights from an elevation model at places, read only where they are."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from spatial.engine.crs import parse_crs
from spatial.engine.geodesy import SEMI_MAJOR_M
from spatial.engine.travel.network import Floats
from spatial.errors import CrsError, Fault, SourceError

if TYPE_CHECKING:
    from rasterio import DatasetReader

_RASTERS = (".hgt", ".tif", ".tiff", ".img", ".asc", ".bil", ".dem")


def read_heights(path: Path, xy: npt.ArrayLike, crs: str) -> Floats:
    """Return the height of the terrain at places, interpolated between four cells.

    Parameters
    ----------
    path : Path
        GeoTIFF, ``.hgt`` or another single-band raster of heights in metres; a ``.zip`` that holds one.
    xy : array-like of float, shape (k, 2)
        Places in `crs`, easting or longitude first.
    crs : str
        Such as ``EPSG:4546``.

    Returns
    -------
    ndarray of float64, shape (k,)
        Metres; NaN outside the raster and where one of the four cells is void.

    Raises
    ------
    SourceError
        No such file, not a raster, or no place lies on it.
    CrsError
        The raster says not where it lies.
    """
    with open_heights(path) as raster:
        return _sample(path, raster, np.asarray(xy, dtype=float).reshape(-1, 2), crs)


def measure_cell(path: Path) -> float:
    """Return the side of a raster's cells in metres: the step at which roads are worth sampling.

    Raises
    ------
    SourceError, CrsError
        As `read_heights`.
    """
    with open_heights(path) as raster:
        across, down = abs(raster.transform.a), abs(raster.transform.e)
        if parse_crs(raster.crs.to_wkt()).is_geographic:
            middle = np.radians((raster.bounds.top + raster.bounds.bottom) / 2)
            return float(np.radians(np.sqrt(across * np.cos(middle) * down)) * SEMI_MAJOR_M)
        return float(np.sqrt(across * down))


@contextmanager
def open_heights(path: Path, what: str = "heights") -> Iterator[DatasetReader]:
    """Open a single-band raster, also in a zip; `what` it holds stands in messages.

    Raises
    ------
    SourceError, CrsError
        As `read_heights`.
    """
    import rasterio

    if not path.is_file():
        raise SourceError(Fault(path.name, "", "no such file", "check the path"))
    try:
        with rasterio.open(look_inside(path)) as raster:
            if raster.crs is None:
                fault = Fault(path.name, "crs", "the raster does not say where it lies", "assign its system")
                raise CrsError(fault)
            yield raster
    except (rasterio.errors.RasterioError, zipfile.BadZipFile) as error:
        problem = f"cannot be read as {what}: {str(error).splitlines()[0]}"
        raise SourceError(
            Fault(path.name, "", problem, "give a GeoTIFF or .hgt, or a .zip with one")
        ) from error


def look_inside(path: Path) -> str:
    """Return the raster's name for GDAL: the one raster inside a zip."""
    if path.suffix.lower() != ".zip":
        return str(path)
    with zipfile.ZipFile(path) as archive:
        rasters = [name for name in archive.namelist() if PurePosixPath(name).suffix.lower() in _RASTERS]
    if len(rasters) != 1:
        problem = f"holds {len(rasters)} rasters ({', '.join(_RASTERS)})"
        raise SourceError(Fault(path.name, "", problem, "put one raster in the zip, or give it unpacked"))
    return f"/vsizip/{path.resolve().as_posix()}/{rasters[0]}"


def _sample(path: Path, raster: DatasetReader, xy: Floats, crs: str) -> Floats:
    from rasterio.windows import Window

    turn = Transformer.from_crs(parse_crs(crs), parse_crs(raster.crs.to_wkt()), always_xy=True)
    x, y = turn.transform(xy[:, 0], xy[:, 1])
    back = ~raster.transform
    column = back.a * x + back.b * y + back.c - 0.5  # the centre of the first cell is 0, 0
    row = back.d * x + back.e * y + back.f - 0.5
    inside = (column >= -0.5) & (column <= raster.width - 0.5) & (row >= -0.5) & (row <= raster.height - 0.5)
    if not inside.any():
        box = ", ".join(f"{value:.2f}" for value in raster.bounds)
        remedy = "take the sheet of that area"
        raise SourceError(Fault(path.name, "", f"covers none of the places; it spans {box}", remedy))
    left, top = int(max(column[inside].min(), 0)), int(max(row[inside].min(), 0))
    right = int(min(column[inside].max() + 2, raster.width))
    bottom = int(min(row[inside].max() + 2, raster.height))
    cells = raster.read(1, window=Window(left, top, right - left, bottom - top), masked=True)
    heights = np.full(len(xy), np.nan)
    grid = cells.astype(float).filled(np.nan)
    heights[inside] = _interpolate(grid, row[inside] - top, column[inside] - left)
    return heights


def _interpolate(grid: Floats, row: Floats, column: Floats) -> Floats:
    """Interpolate between four cell centres; in the outer half of the outermost cells the nearest holds."""
    row = np.clip(row, 0, grid.shape[0] - 1)
    column = np.clip(column, 0, grid.shape[1] - 1)
    up = np.clip(row.astype(int), 0, max(grid.shape[0] - 2, 0))
    left = np.clip(column.astype(int), 0, max(grid.shape[1] - 2, 0))
    down, right = np.minimum(up + 1, grid.shape[0] - 1), np.minimum(left + 1, grid.shape[1] - 1)
    dy, dx = row - up, column - left
    above = grid[up, left] * (1 - dx) + grid[up, right] * dx
    below = grid[down, left] * (1 - dx) + grid[down, right] * dx
    return np.asarray(above * (1 - dy) + below * dy, dtype=np.float64)
