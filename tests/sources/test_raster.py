"""Raster sources: cells do not depend on blocks, and are GDAL's own or worked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spatial.engine.rasters.grids import Block, Grid
from spatial.sources.raster import RasterSource, TiffReader

rasterio = pytest.importorskip("rasterio")

GRID = Grid("EPSG:4546", 450_000.0, 3_880_000.0, 50.0, 230, 310)


def write(file: Path, cells: np.ndarray, transform, crs="EPSG:4546", **more) -> str:
    size = {"height": cells.shape[0], "width": cells.shape[1], "count": 1, "dtype": cells.dtype}
    with rasterio.open(file, "w", driver="GTiff", crs=crs, transform=transform, **size, **more) as raster:
        raster.write(cells, 1)
    return str(file)


def affine(cell: float, left: float, top: float):
    from rasterio.transform import Affine

    return Affine(cell, 0, left, 0, -cell, top)


def read_by(source: RasterSource, size: int, grid: Grid = GRID) -> np.ndarray:
    whole = np.empty(grid.shape, dtype=np.float32)
    for block in grid.blocks(size):
        whole[block.slices] = source.read(grid, block)
    return whole


@pytest.mark.parametrize("how", ["average", "bilinear", "nearest", "mode"])
@pytest.mark.parametrize("step", [0.0002, 0.0021])
def test_cells_do_not_depend_on_their_block_and_are_those_of_gdal(tmp_path: Path, how, step: float) -> None:
    from rasterio.enums import Resampling
    from rasterio.warp import reproject

    rng = np.random.default_rng(3)
    side = int(0.25 / step)
    cells = rng.integers(0, 9, (side, side)).astype(np.int16)
    cells[rng.random(cells.shape) < 0.05] = -1
    transform = affine(step, 110.4, 35.12)
    path = write(tmp_path / "a.tif", cells, transform, "EPSG:4326", nodata=-1)
    source = RasterSource(path, "EPSG:4326", how, -1.0)
    whole = read_by(source, 1000)
    np.testing.assert_array_equal(read_by(source, 37), whole)
    np.testing.assert_array_equal(read_by(source, 128), whole)
    known = np.full(GRID.shape, np.nan, dtype=np.float32)
    reproject(
        cells.astype(np.float32), known, src_transform=transform, src_crs="EPSG:4326", src_nodata=-1,
        dst_transform=GRID.transform, dst_crs=GRID.crs, dst_nodata=np.nan, resampling=Resampling[how],
    )  # fmt: skip
    both = ~np.isnan(whole) & ~np.isnan(known)
    assert both.mean() > 0.6
    assert (np.isnan(whole) == np.isnan(known)).mean() > 0.999
    # An eighth of a source cell is what the warp may be off by; steps of classes then fall elsewhere.
    assert (np.abs(whole[both] - known[both]) < 0.5).mean() > 0.98


def test_cells_that_are_the_grids_own_are_read_as_they_are(tmp_path: Path) -> None:
    cells = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60)
    path = write(tmp_path / "a.tif", cells, affine(50, GRID.left - 500, GRID.top + 250), nodata=1000)
    whole = read_by(RasterSource(path, GRID.crs, "average", 1000.0), 33)
    inside = cells[5:, 10:].astype(np.float32)
    inside[inside == 1000] = np.nan
    np.testing.assert_array_equal(whole[:35, :50], inside)
    assert np.isnan(whole[35:]).all()
    assert np.isnan(whole[:, 50:]).all()


def test_cells_four_times_finer_are_averaged_and_missing_ones_left_out(tmp_path: Path) -> None:
    fine = np.random.default_rng(0).random((460 * 2, 620 * 2)).astype(np.float32)
    fine[:4, :4] = np.nan
    fine[4, 4] = np.nan
    path = write(tmp_path / "a.tif", fine, affine(12.5, GRID.left, GRID.top))
    whole = read_by(RasterSource(path, GRID.crs, "average"), 100)
    means = fine.reshape(230, 4, 310, 4)
    with np.errstate(invalid="ignore"):
        count = (~np.isnan(means)).sum(axis=(1, 3))
        expected = np.nansum(means, axis=(1, 3)) / count
    np.testing.assert_allclose(whole, expected, rtol=1e-5)
    assert np.isnan(whole[0, 0])
    assert not np.isnan(whole[1, 1])


def test_values_become_the_unit_used_inside(tmp_path: Path) -> None:
    cells = np.full((230, 310), 500, np.int16)
    path = write(tmp_path / "a.tif", cells, affine(50, GRID.left, GRID.top))
    source = RasterSource(path, GRID.crs, "average", None, 0.1, -273.15)
    np.testing.assert_allclose(source.read(GRID, Block(0, 0, 2, 2)), 50 - 273.15, rtol=1e-6)


def test_a_mask_inside_the_file_is_heeded(tmp_path: Path) -> None:
    cells = np.ones((230, 310), np.uint8)
    mask = np.full(cells.shape, 255, np.uint8)
    mask[:10] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write(tmp_path / "a.tif", cells, affine(50, GRID.left, GRID.top))
        with rasterio.open(path, "r+") as raster:
            raster.write_mask(mask)
    whole = read_by(RasterSource(path, GRID.crs, "average"), 64)
    assert np.isnan(whole[:10]).all()
    assert (whole[10:] == 1).all()


def test_blocks_of_files_are_read(tmp_path: Path) -> None:
    cells = np.arange(100, dtype=np.uint8).reshape(10, 10)
    path = write(tmp_path / "a.tif", cells, affine(50, 0, 0))
    np.testing.assert_array_equal(TiffReader()(Path(path), Block(2, 3, 4, 5)), cells[2:6, 3:8])
