"""Raster sources: any raster laid on a grid block by block, polygons burnt into it, and arrays sampled.

Amounts become float32 with NaN where the source has none. Cells finer than the grid's are averaged, coarser
ones interpolated between four centres; classes take the most frequent or the nearest. A raster whose cells
are the grid's own is read as it is. Warping is GDAL's, in pieces of a fixed lattice, so that a cell does
not depend on the block it is asked in.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import parse_crs
from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rasters.stacks import RasterStack
from spatial.plan.parts.evaluation import Resampling

if TYPE_CHECKING:
    from rasterio import DatasetReader

Array = npt.NDArray[Any]
_CACHE_BYTES = 256 * 1024 * 1024
_HERE = threading.local()
_ALIGNED = 1e-6
_PIECE = 256


class BlockSource(Protocol):
    """Anything that has a cell for each cell of a grid."""

    def read(self, grid: Grid, block: Block) -> Array:
        """Return the cells of a block."""
        ...


@dataclass(frozen=True)
class RasterSource:
    """A raster file as amounts or classes on a grid.

    Parameters
    ----------
    path : str
        As GDAL takes it.
    crs : str
        System of the file, or that which the plan says it has.
    resampling : {"average", "bilinear", "nearest", "mode"}
    nodata : float, optional
        Value of missing cells.
    scale, offset : float
        Into the unit used inside.
    sha256 : str
        Of the bytes of the file.
    band : int
        Which of the file, from 1.
    """

    path: str
    crs: str
    resampling: Resampling
    nodata: float | None = None
    scale: float = 1.0
    offset: float = 0.0
    sha256: str = ""
    band: int = 1

    def read(self, grid: Grid, block: Block) -> Array:
        """Return the cells of a block, float32; NaN outside the file and where it has none.

        Examples
        --------
        >>> source = RasterSource("dem.tif", "EPSG:4326", "bilinear")
        >>> source.resampling
        'bilinear'
        """
        dataset, place = _open(self, grid)
        if place is None:
            values = _read_warped(dataset, grid, block, self.band)
        else:
            values = _read_part(dataset, block, place, self.nodata, self.band)
        if (self.scale, self.offset) != (1.0, 0.0):
            values = (values * np.float32(self.scale) + np.float32(self.offset)).astype(np.float32)
        return values


@dataclass(frozen=True)
class MonthlySource:
    """The twelve months of an amount, January first.

    Parameters
    ----------
    months : tuple of RasterSource
        Twelve bands of a file, or one source twelve times.
    """

    months: tuple[RasterSource, ...]

    def read(self, grid: Grid, block: Block) -> Array:
        """Return the cells of a block, float32, shape (height, width, 12)."""
        return np.stack([month.read(grid, block) for month in self.months], axis=-1)


def _window(block: Block) -> Any:
    from rasterio.windows import Window

    return Window(block.column, block.row, block.width, block.height)


def _open(source: RasterSource, grid: Grid) -> tuple[DatasetReader, tuple[int, int] | None]:
    """Return this thread's handle on a source, and where the grid begins in it if cells are the same."""
    held: dict[Any, Any] = _HERE.__dict__.setdefault("held", {})
    key = replace(source, band=1, scale=1.0, offset=0.0), grid  # bands share a handle
    if key not in held:
        held[key] = _lay(source, grid)
    return held[key]


@contextmanager
def holding_little() -> Iterator[None]:
    """Keep GDAL from holding more than 256 MB of cells read, for all threads, until the block is left."""
    import rasterio

    with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES):
        yield


def close_sources() -> None:
    """Close what this thread has open; other threads' files close when those end."""
    for dataset, _ in _HERE.__dict__.pop("held", {}).values():
        dataset.close()


def _lay(source: RasterSource, grid: Grid) -> tuple[Any, tuple[int, int] | None]:
    import rasterio
    from rasterio.enums import Resampling as How
    from rasterio.vrt import WarpedVRT

    raster = rasterio.open(source.path)
    place = _find_place(raster, source.crs, grid)
    if place is not None:
        return raster, place
    nodata = np.nan if source.nodata is None and raster.dtypes[0].startswith("float") else source.nodata
    warped = WarpedVRT(
        raster, src_crs=parse_crs(source.crs).to_wkt(), crs=parse_crs(grid.crs).to_wkt(),
        transform=grid.transform, height=grid.rows, width=grid.columns,
        resampling=How[source.resampling], src_nodata=nodata, nodata=np.nan, dtype="float32",
    )  # fmt: skip
    return warped, None


def _find_place(raster: DatasetReader, crs: str, grid: Grid) -> tuple[int, int] | None:
    """Return row and column of the grid's first cell in a raster, if their cells are the same."""
    at, cell = raster.transform, grid.cell_m
    if parse_crs(crs) != parse_crs(grid.crs) or (at.b, at.d) != (0, 0):
        return None
    row, column = (at.f - grid.top) / cell, (grid.left - at.c) / cell
    off = (at.a / cell - 1, -at.e / cell - 1, row - round(row), column - round(column))
    return (round(row), round(column)) if max(map(abs, off)) < _ALIGNED else None


def _read_warped(warped: Any, grid: Grid, block: Block, band: int) -> Array:
    """Return cells of a warped raster, asked for in pieces of a lattice that no block moves.

    GDAL reckons places along each line of a piece to an eighth of a cell of the source, from the ends of the
    line, so that a cell would else depend on where the block begins.
    """
    found = np.empty(block.shape, dtype=np.float32)
    bottom, right = block.row + block.height, block.column + block.width
    for row in range(block.row // _PIECE * _PIECE, bottom, _PIECE):
        for column in range(block.column // _PIECE * _PIECE, right, _PIECE):
            high, wide = min(_PIECE, grid.rows - row), min(_PIECE, grid.columns - column)
            piece = Block(row, column, high, wide)
            top, left = max(row, block.row), max(column, block.column)
            shared = Block(top, left, min(row + high, bottom) - top, min(column + wide, right) - left)
            found[shared.within(block)] = warped.read(band, window=_window(piece))[shared.within(piece)]
    return found


def _read_part(
    raster: DatasetReader, block: Block, place: tuple[int, int], nodata: float | None, band: int
) -> Array:
    """Return cells of a raster on the grid; NaN outside it."""
    from rasterio.enums import MaskFlags

    row, column = block.row + place[0], block.column + place[1]
    top, left = max(row, 0), max(column, 0)
    bottom, right = min(row + block.height, raster.height), min(column + block.width, raster.width)
    if top >= bottom or left >= right:
        return np.full(block.shape, np.nan, dtype=np.float32)
    part = Block(top, left, bottom - top, right - left)
    plain = raster.read(band, window=_window(part))
    values = plain.astype(np.float32, copy=False)
    void = _fit(nodata, plain.dtype)
    if void is not None and (empty := plain == void).any():
        values[empty] = np.nan
    if MaskFlags.per_dataset in raster.mask_flag_enums[band - 1]:
        values[raster.read_masks(band, window=_window(part)) == 0] = np.nan
    if part.shape == block.shape:
        return values
    whole = np.full(block.shape, np.nan, dtype=np.float32)
    whole[part.within(Block(row, column, *block.shape))] = values
    return whole


def _fit(nodata: float | None, kind: np.dtype[Any]) -> Any:
    """Return the value of missing cells as one of their own kind; None where no cell can have it.

    Compared with a plain float, whole numbers would be turned into wide floats first, which takes longer than
    reading them.
    """
    if nodata is None or np.isnan(nodata):
        return None
    if kind.kind == "f":
        return nodata
    bounds = np.iinfo(kind)
    return kind.type(nodata) if bounds.min <= nodata <= bounds.max and nodata == int(nodata) else None


@dataclass(frozen=True, eq=False)
class BurntSource:
    """Polygons burnt into a grid.

    Parameters
    ----------
    shapes : tuple of shapely geometry
        In the system of the grid.
    touched : bool
        Whether a cell that is only touched counts as inside; else its centre must lie inside.
    """

    shapes: tuple[BaseGeometry, ...]
    touched: bool = False

    def read(self, grid: Grid, block: Block) -> Array:
        """Return the cells of a block, uint8: 1 inside, 0 not."""
        from rasterio.features import rasterize

        box = shapely.box(*grid.bounds_of(block))
        near = [shape for shape in self.shapes if shapely.intersects(shape, box)]
        if not near:
            return np.zeros(block.shape, dtype=np.uint8)
        if any(shapely.contains_properly(shape, box) for shape in near):
            return np.ones(block.shape, dtype=np.uint8)
        to = grid.transform_of(block)
        return rasterize(near, block.shape, transform=to, all_touched=self.touched, dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class ArraySource:
    """Values on a lattice of their own, interpolated between four nodes.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
        Row 0 northernmost; NaN where missing.
    left, top, step_m : float
        The first node and the distance between nodes, metres.
    crs : str
    """

    values: Array
    left: float
    top: float
    step_m: float
    crs: str

    def read(self, grid: Grid, block: Block) -> Array:
        """Return the cells of a block, float32; NaN outside and where one of the four nodes has none."""
        west, _, _, north = grid.bounds_of(block)
        x = west + (np.arange(block.width) + 0.5) * grid.cell_m
        y = north - (np.arange(block.height) + 0.5) * grid.cell_m
        x, y = np.meshgrid(x, y)
        if parse_crs(grid.crs) != parse_crs(self.crs):
            turn = Transformer.from_crs(parse_crs(grid.crs), parse_crs(self.crs), always_xy=True)
            x, y = turn.transform(x, y)
        return _interpolate(self.values, (self.top - y) / self.step_m, (x - self.left) / self.step_m)


def _interpolate(values: Array, row: Array, column: Array) -> Array:
    from scipy import ndimage

    found = ndimage.map_coordinates(
        np.asarray(values, dtype=np.float64), [row, column], order=1, cval=np.nan, prefilter=False
    )
    return found.astype(np.float32)


@dataclass(frozen=True, eq=False)
class StackSource:
    """A layer of a stack on the same grid: what an earlier pass made."""

    stack: RasterStack
    name: str

    def read(self, grid: Grid, block: Block) -> Array:
        """Return the cells of a block as they were written."""
        assert grid == self.stack.grid
        return self.stack.read(self.name, block)


@dataclass(frozen=True)
class TiffReader:
    """Reads blocks of the files of a stack."""

    def __call__(self, path: Path, block: Block) -> Array:
        """Return the cells of a block of a GeoTIFF's first band."""
        import rasterio

        with rasterio.open(path) as raster:
            return raster.read(1, window=_window(block))
