"""Terrain from rasters: heights and land cover at nodes, and what is refused or reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spatial.engine.travel.network import FAR
from spatial.errors import CrsError, GeometryError, PlanError, SourceError
from spatial.plan.rules import read_rules
from spatial.sources.terrain import Ground, lay_terrain, list_codes, list_speeds, steepest

rasterio = pytest.importorskip("rasterio")

CRS = "EPSG:4547"
WEST, NORTH, CELL = 500_000.0, 3_880_000.0, 30.0


def write(
    file: Path, values: np.ndarray, *, crs: str | None = CRS, nodata: float | None = None, cell: float = CELL
) -> Path:
    """Write a raster whose first cell has its north-west corner at WEST, NORTH."""
    from rasterio.transform import Affine

    profile = {"driver": "GTiff", "count": 1, "dtype": values.dtype, "crs": crs, "nodata": nodata}
    profile |= {
        "height": values.shape[0],
        "width": values.shape[1],
        "transform": Affine(cell, 0, WEST, 0, -cell, NORTH),
    }
    with rasterio.open(file, "w", **profile) as raster:
        raster.write(values, 1)
    return file


def box(left: float, low: float, right: float, top: float) -> tuple[float, float, float, float]:
    """Return a box in cells from the raster's north-west corner."""
    return WEST + left * CELL, NORTH - low * CELL, WEST + right * CELL, NORTH - top * CELL


@pytest.fixture
def slope(tmp_path: Path) -> Path:
    """Rises by 3 m a cell to the east and 6 m to the south."""
    row, column = np.mgrid[0:60, 0:80]
    return write(tmp_path / "dem.tif", (3.0 * column + 6.0 * row).astype(np.float32))


def test_heights_are_those_of_the_place(slope: Path) -> None:
    land = lay_terrain(Ground(slope), box(10, 40, 50, 10), CRS, 25.0).terrain
    xy = land.places(np.arange(land.nodes))
    assert (xy[:, 0].min(), xy[:, 1].min()) >= (box(10, 40, 50, 10)[0], box(10, 40, 50, 10)[1])
    assert (xy % 25 == 0).all()
    expected = 3 * ((xy[:, 0] - WEST) / CELL - 0.5) + 6 * ((NORTH - xy[:, 1]) / CELL - 0.5)
    assert land.height_m.ravel() == pytest.approx(expected, abs=0.01)
    assert land.pace == pytest.approx(1.2)


def test_degrees_are_read_too(tmp_path: Path) -> None:
    from pyproj import Transformer
    from rasterio.transform import Affine

    lon, lat = np.meshgrid(114.0 + 3e-4 * np.arange(100), 35.06 - 3e-4 * np.arange(100))
    x, y = Transformer.from_crs("EPSG:4490", CRS, always_xy=True).transform(lon, lat)
    heights = (3 * (x - WEST) / CELL + 6 * (NORTH - y) / CELL).astype(np.float32)
    to = Affine(3e-4, 0, 114.0 - 1.5e-4, 0, -3e-4, 35.06 + 1.5e-4)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:4490", "transform": to}
    with rasterio.open(tmp_path / "degrees.tif", "w", height=100, width=100, **profile) as raster:
        raster.write(heights, 1)
    land = lay_terrain(Ground(tmp_path / "degrees.tif"), box(20, 50, 50, 25), CRS, 25.0).terrain
    x, y = land.places(np.arange(land.nodes)).T
    assert land.height_m.ravel() == pytest.approx(3 * (x - WEST) / CELL + 6 * (NORTH - y) / CELL, abs=0.5)


def test_the_box_is_cut_to_the_model_and_refused_beyond_it(slope: Path) -> None:
    land = lay_terrain(Ground(slope), box(60, 50, 500, -500), CRS, 25.0).terrain
    assert land.pace.shape[1] <= 20 * CELL / 25 + 1
    assert np.isfinite(land.height_m).all()
    with pytest.raises(SourceError, match=r"dem\.tif: spans 114\.00 to 114\.03 E.*take the sheet"):
        lay_terrain(Ground(slope), box(500, 40, 600, 10), CRS, 25.0)


def test_voids_are_no_path_and_reported(tmp_path: Path) -> None:
    values = np.zeros((60, 80), np.int16)
    values[20:30, 30:40] = -32768
    laid = lay_terrain(
        Ground(write(tmp_path / "void.tif", values, nodata=-32768)), box(0, 60, 80, 0), CRS, 25.0
    )
    (found,) = laid.findings
    assert (found.rule, found.severity) == ("terrain.voids", "warning")
    assert found.value == pytest.approx(100 / 4800, rel=0.3)
    assert np.isnan(laid.terrain.height_m).mean() == found.value


def test_a_raster_without_crs_and_no_raster_are_refused(tmp_path: Path) -> None:
    bare = write(tmp_path / "bare.tif", np.zeros((9, 9), np.float32), crs=None)
    with pytest.raises(CrsError, match="does not say where it lies"):
        lay_terrain(Ground(bare), box(0, 9, 9, 0), CRS, 25.0)
    text = tmp_path / "text.tif"
    text.write_text("no raster")
    with pytest.raises(SourceError, match="cannot be read as heights"):
        lay_terrain(Ground(text), box(0, 9, 9, 0), CRS, 25.0)
    with pytest.raises(SourceError, match="no such file"):
        lay_terrain(Ground(tmp_path / "none.tif"), box(0, 9, 9, 0), CRS, 25.0)


def test_too_many_nodes_are_refused_with_the_cell_that_would_do(slope: Path) -> None:
    with pytest.raises(GeometryError, match="take at least"):
        lay_terrain(Ground(slope), box(0, 60, 80, 0), CRS, 0.5)


def test_land_cover_gives_the_pace(tmp_path: Path, slope: Path) -> None:
    codes = np.full((60, 80), 41, np.uint8)
    codes[:, 40:] = 11
    cover = write(tmp_path / "nlcd.tif", codes, nodata=255)
    laid = lay_terrain(Ground(slope, cover), box(0, 60, 80, 0), CRS, 25.0)
    assert laid.codes == "nlcd"
    assert set(np.unique(laid.terrain.pace)) == {np.float32(3.6 / list_speeds("nlcd")[41]), FAR}
    west = laid.terrain.places(np.arange(laid.terrain.nodes))[:, 0] < WEST + 40 * CELL
    assert ((laid.terrain.pace.ravel() < FAR) == west).all()


def test_classes_that_several_lists_know_are_not_guessed(tmp_path: Path, slope: Path) -> None:
    cover = write(tmp_path / "cover.tif", np.full((60, 80), 10, np.uint8))
    with pytest.raises(SourceError, match=r"globeland30 or worldcover.*say whose"):
        lay_terrain(Ground(slope, cover), box(0, 60, 80, 0), CRS, 25.0)
    strange = write(tmp_path / "strange.tif", np.full((60, 80), 77, np.uint8))
    with pytest.raises(SourceError, match="no known code list"):
        lay_terrain(Ground(slope, strange), box(0, 60, 80, 0), CRS, 25.0)
    laid = lay_terrain(Ground(slope, cover, "globeland30", 4.0), box(0, 60, 80, 0), CRS, 25.0)
    assert laid.terrain.pace == pytest.approx(3.6 / 2.5)


def test_unknown_classes_and_land_without_any_take_the_usual_pace_and_are_said(
    tmp_path: Path, slope: Path
) -> None:
    codes = np.full((60, 40), 10, np.uint8)
    codes[:30] = 33
    cover = write(tmp_path / "half.tif", codes)
    laid = lay_terrain(Ground(slope, cover, "worldcover", 4.0), box(0, 60, 80, 0), CRS, 25.0)
    rules = {found.rule: found for found in laid.findings}
    assert set(rules) == {"terrain.no_cover", "terrain.unknown_cover"}
    assert rules["terrain.no_cover"].value == pytest.approx(0.5, abs=0.02)
    assert rules["terrain.unknown_cover"].value == pytest.approx(0.25, abs=0.02)
    assert "33" in rules["terrain.unknown_cover"].message_zh
    assert set(np.unique(laid.terrain.pace)) == {np.float32(3.6 / 4.0), np.float32(3.6 / 3.24)}


def test_the_table_of_land_cover_is_sound() -> None:
    from typing import get_args

    from spatial.plan.records import Terrain

    for codes in list_codes():
        speeds = list_speeds(codes)
        assert all(0 <= kmh <= 6 for kmh in speeds.values())
        assert 0 in speeds.values()
    for rule in read_rules("landcover").rules:
        assert (rule.value == 0) <= (rule.confidence == "default"), rule.key
    assert steepest() == 1.0
    known = Terrain.model_fields["codes"].annotation
    assert {word for part in get_args(known) for word in get_args(part)} == set(list_codes())
    with pytest.raises(PlanError, match="no list of land cover codes"):
        list_speeds("mine")


def test_zion_is_read(real_data: Path) -> None:
    ground = Ground(real_data / "zion" / "srtm.tif", real_data / "zion" / "nlcd2011.tif")
    laid = lay_terrain(ground, (320_000, 4_120_000, 326_000, 4_126_000), "EPSG:32612", 30.0)
    assert laid.codes == "nlcd"
    assert not laid.findings
    assert 1000 < laid.terrain.height_m.min() < laid.terrain.height_m.max() < 2900
