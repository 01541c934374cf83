"""Tiles: what is packed comes back, GDAL reads the file as written, and overviews are halves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spatial.engine.rasters.grids import Grid
from spatial.engine.rasters.tiles import (
    Level,
    find_colours,
    halve,
    list_levels,
    pack_colours,
    pack_tile,
    unpack_tile,
    write_header,
)
from spatial.errors import GeometryError

rasterio = pytest.importorskip("rasterio")
FLOATS = hnp.arrays(np.float32, (16, 16), elements=st.floats(width=32, allow_infinity=False))
CLASSES = hnp.arrays(np.uint8, (16, 16))


@settings(max_examples=60, deadline=None)
@given(FLOATS | CLASSES)
def test_what_is_packed_comes_back(cells: np.ndarray) -> None:
    back = unpack_tile(pack_tile(cells, 16), cells.dtype.name, 16)
    np.testing.assert_array_equal(back, cells)


@settings(max_examples=60, deadline=None)
@given(CLASSES)
def test_an_overview_of_classes_holds_the_most_frequent(cells: np.ndarray) -> None:
    half = halve(cells)
    for row in range(8):
        for column in range(8):
            four = [key for key in cells[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].ravel() if key]
            counts = Counter(four)
            if not four:
                assert half[row, column] == 0
            else:
                assert counts[half[row, column]] == max(counts.values())


def test_an_overview_of_values_is_the_mean_of_those_present() -> None:
    cells = np.array([[1, 2, np.nan, np.nan], [3, np.nan, np.nan, np.nan]], dtype=np.float32)
    np.testing.assert_array_equal(halve(cells), [[2, np.nan]])


def write(path: Path, grid: Grid, values: np.ndarray, tile: int) -> bytes:
    """Write a file of two levels in the plain way."""
    sizes, packed = list_levels(*grid.shape, tile), []
    for at, (rows, columns) in enumerate(sizes):
        whole = values if at == 0 else np.resize(values, (rows, columns))
        packed.append(
            [
                pack_tile(whole[row : row + tile, column : column + tile], tile)
                for row in range(0, rows, tile)
                for column in range(0, columns, tile)
            ]
        )
    data, levels = b"", {}
    for at in reversed(range(len(sizes))):
        begins = []
        for one in packed[at]:
            begins.append(len(data))
            data += one
        levels[at] = Level(*sizes[at], tuple(begins), tuple(map(len, packed[at])))
    ordered = [levels[at] for at in range(len(sizes))]
    header = write_header(
        grid, values.dtype.name, ordered, {"tool": "<&>"}, description="坡度", unit="°", tile=tile
    )
    path.write_bytes(header + data)
    return header


@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.filterwarnings("error")
def test_gdal_reads_the_file_as_it_was_meant(tmp_path: Path, kind: str) -> None:
    grid = Grid("EPSG:4546", 450_000.0, 3_900_000.0, 50.0, 75, 50)
    values = np.random.default_rng(1).integers(0, 6, grid.shape).astype(kind)
    values[:32, :32] = 0 if kind == "uint8" else np.nan  # a tile that is missing throughout
    header = write(tmp_path / "a.tif", grid, values, 32)
    with rasterio.open(tmp_path / "a.tif") as raster:
        assert raster.crs.to_epsg() == 4546
        assert raster.transform == grid.transform
        assert raster.block_shapes == [(32, 32)]
        assert raster.compression.name == "deflate"
        assert raster.overviews(1) == [2, 4]
        assert raster.descriptions == ("坡度",)
        assert raster.units == ("°",)
        assert raster.tags()["tool"] == "<&>"
        assert raster.nodata == 0 if kind == "uint8" else np.isnan(raster.nodata)
        np.testing.assert_array_equal(raster.read(1), values)
        if kind == "uint8":
            assert raster.colormap(1)[3] == (3, 3, 3, 255)
    assert len(find_colours(header)) == (3 if kind == "uint8" else 0)


def test_colours_are_put_in_place(tmp_path: Path) -> None:
    grid = Grid("EPSG:4546", 450_000.0, 3_900_000.0, 50.0, 40, 40)
    header = write(tmp_path / "a.tif", grid, np.ones(grid.shape, np.uint8), 32)
    data = bytearray((tmp_path / "a.tif").read_bytes())
    for at in find_colours(header):
        table = pack_colours({1: (10, 200, 30)})
        data[at : at + len(table)] = table
    (tmp_path / "a.tif").write_bytes(bytes(data))
    with rasterio.open(tmp_path / "a.tif") as raster:
        assert raster.colormap(1)[1][:3] == (10, 200, 30)
        assert (raster.read(1) == 1).all()


def test_a_system_without_a_code_is_refused() -> None:
    grid = Grid("+proj=laea +lat_0=35 +lon_0=112", 0.0, 0.0, 50.0, 4, 4)
    with pytest.raises(GeometryError, match="EPSG"):
        write_header(grid, "uint8", [Level(4, 4, (0,), (0,))], {})
