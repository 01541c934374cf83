"""Heights from rasters written here: planes are met exactly, edges and voids are told apart."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

rasterio = pytest.importorskip("rasterio")

from spatial.errors import CrsError, SourceError  # noqa: E402
from spatial.sources.elevation import measure_cell, read_heights  # noqa: E402

WEST, NORTH, CELL = 114.0, 35.1, 0.001


def write(path, grid, crs="EPSG:4490", **more):
    transform = rasterio.Affine(CELL, 0, WEST, 0, -CELL, NORTH)
    with rasterio.open(
        path, "w", driver="GTiff", height=grid.shape[0], width=grid.shape[1], count=1, dtype=grid.dtype,
        crs=crs, transform=transform, **more,
    ) as raster:  # fmt: skip
        raster.write(grid, 1)
    return path


@pytest.fixture
def plane(tmp_path):
    """Return a plane that rises 1 m a cell to the east and 2 m to the south."""
    row, column = np.mgrid[0:100, 0:80]
    return write(tmp_path / "plane.tif", (column + 2 * row).astype("float32"))


def expected(xy):
    return (xy[:, 0] - WEST) / CELL - 0.5 + 2 * ((NORTH - xy[:, 1]) / CELL - 0.5)


def test_a_plane_is_met_between_its_cells(plane):
    xy = np.random.default_rng(1).uniform([114.001, 35.001], [114.079, 35.099], (500, 2))
    np.testing.assert_allclose(read_heights(plane, xy, "EPSG:4490"), expected(xy), atol=1e-4)


def test_places_in_another_system_are_turned(plane):
    from pyproj import Transformer

    xy = np.random.default_rng(1).uniform([114.001, 35.001], [114.079, 35.099], (50, 2))
    metres = np.column_stack(Transformer.from_crs("EPSG:4490", "EPSG:4547", always_xy=True).transform(*xy.T))
    np.testing.assert_allclose(read_heights(plane, metres, "EPSG:4547"), expected(xy), atol=1e-3)


def test_outside_is_unknown_and_the_outermost_half_cell_is_not(plane):
    xy = np.array([[113.99, 35.05], [114.0001, 35.05], [114.04, 35.0999], [114.04, 35.2], [114.05, 35.05]])
    heights = read_heights(plane, xy, "EPSG:4490")
    assert np.isnan(heights).tolist() == [True, False, False, True, False]


def test_voids_are_unknown(tmp_path):
    grid = np.full((10, 10), 100, dtype="int16")
    grid[4:6, 4:6] = -32768
    path = write(tmp_path / "void.tif", grid, nodata=-32768)
    xy = np.array([[114.005, 35.095], [114.0015, 35.0985]])
    assert np.isnan(read_heights(path, xy, "EPSG:4490")).tolist() == [True, False]


def test_a_zip_holds_one_raster(plane, tmp_path):
    with zipfile.ZipFile(tmp_path / "sheet.zip", "w") as archive:
        archive.write(plane, "folder/plane.tif")
        archive.writestr("readme.txt", "nothing")
    xy = np.array([[114.05, 35.05]])
    assert read_heights(tmp_path / "sheet.zip", xy, "EPSG:4490") == read_heights(plane, xy, "EPSG:4490")
    with zipfile.ZipFile(tmp_path / "sheet.zip", "a") as archive:
        archive.write(plane, "other.tif")
    with pytest.raises(SourceError, match="holds 2 rasters"):
        read_heights(tmp_path / "sheet.zip", xy, "EPSG:4490")


def test_what_is_no_elevation_model_is_refused(plane, tmp_path):
    xy = np.array([[114.05, 35.05]])
    with pytest.raises(SourceError, match="no such file"):
        read_heights(tmp_path / "none.tif", xy, "EPSG:4490")
    for name in ("a.tif", "b.zip", "c.hgt"):
        (tmp_path / name).write_bytes(b"text")
        with pytest.raises(SourceError, match=f"{name}: cannot be read as heights"):
            read_heights(tmp_path / name, xy, "EPSG:4490")
    with pytest.raises(SourceError, match="covers none of the places"):
        read_heights(plane, [[10.0, 10.0]], "EPSG:4490")
    with pytest.raises(CrsError, match="does not say where it lies"):
        read_heights(write(tmp_path / "bare.tif", np.ones((5, 5), "float32"), crs=None), xy, "EPSG:4490")


def test_cells_are_measured_in_metres(plane, tmp_path):
    assert measure_cell(plane) == pytest.approx(111.3 * np.sqrt(np.cos(np.radians(35.05))), rel=0.01)
    metric = write(tmp_path / "metric.tif", np.ones((5, 5), "float32"), crs="EPSG:4547")
    assert measure_cell(metric) == pytest.approx(CELL)


def test_srtm_over_andorra(real_data):
    path = real_data / "dem" / "N42E001.hgt.zip"
    heights = read_heights(path, [[1.5218, 42.5063], [1.4447, 42.6026], [5.0, 42.5]], "EPSG:4490")
    assert heights[0] == pytest.approx(1020, abs=60)  # Andorra la Vella
    assert heights[1] > 2000  # near Coma Pedrosa
    assert np.isnan(heights[2])
