"""Properties of the whole evaluation: a finer grid converges, and one constraint more makes nothing better."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.engine.rasters.stacks import RasterStack
from spatial.pipeline import check_plan

rasterio = pytest.importorskip("rasterio")

BORDER = shapely.box(114.0, 35.0, 114.09, 35.07)
PLAN = """
name: dome
title: {zh: 丘, en: Dome}
year: 2035
territory: {source: border, name: {zh: 丘, en: Dome}}
evaluation:
  cell: CELL m
  runs: 1
  factors:
    elevation: {source: dem}
FACTORS
sources:
  border: {file: border.gpkg, licence: x}
  dem: {file: dem.tif, licence: x}
SOURCES
"""
STEP = 0.0002
ROWS, COLUMNS = 600, 700
M_LON, M_LAT = 91_160.0, 110_950.0


def write(path: Path, cells: np.ndarray) -> None:
    place = rasterio.transform.Affine(STEP, 0, 113.975, 0, -STEP, 35.095)
    kept = {"driver": "GTiff", "height": ROWS, "width": COLUMNS, "count": 1, "dtype": cells.dtype}
    with rasterio.open(path, "w", transform=place, crs="EPSG:4490", **kept) as raster:
        raster.write(cells, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with smooth hills of known form, and factors that make land worse in parts of it."""
    folder = tmp_path_factory.mktemp("dome")
    gpd.GeoDataFrame({"name": ["丘"]}, geometry=[BORDER], crs=4490).to_file(folder / "border.gpkg")
    x = (np.arange(COLUMNS) - COLUMNS / 2) * STEP * M_LON
    y = (np.arange(ROWS) - ROWS / 2)[:, None] * STEP * M_LAT
    height = 900 + 260 * np.sin(x / 700) * np.cos(y / 900) + 200 * np.exp(-(x**2 + y**2) / 3000**2)
    write(folder / "dem.tif", height.astype(np.float32))
    chance = np.random.default_rng(5)
    for name in ("geology_hazard", "soil_capacity"):
        coarse = chance.choice([1, 3, 5], size=(ROWS // 50, COLUMNS // 50))
        write(folder / f"{name}.tif", np.kron(coarse, np.ones((50, 50))).astype(np.uint8))
    rain = np.broadcast_to(np.linspace(150, 1300, COLUMNS), (ROWS, COLUMNS)).astype(np.float32)
    write(folder / "rain.tif", rain)
    return folder


def make(folder: Path, cell: float, *more: str) -> RasterStack:
    factors = "\n".join(f"    {name}: {{source: {name}}}" for name in more)
    sources = "\n".join(f"  {name}: {{file: {name}.tif, licence: x}}" for name in more)
    text = PLAN.replace("CELL", f"{cell:g}").replace("FACTORS", factors).replace("SOURCES", sources)
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    made = check_plan(folder, only=["territory"], besides=["evaluation_stack"])
    stack = made.besides["evaluation_stack"]
    assert isinstance(stack, RasterStack)
    return stack


def measure_shares(stack: RasterStack, name: str) -> np.ndarray:
    areas = stack.areas_ha(name)
    total = sum(areas.values())
    return np.array([areas.get(grade, 0.0) / total for grade in range(1, 6)])


def test_a_finer_grid_converges(folder: Path) -> None:
    """Areas of slope grades come nearer to those of the finest grid as cells shrink."""
    shares = {cell: measure_shares(make(folder, cell), "farming_slope") for cell in (160, 80, 40, 20)}
    far = [np.abs(shares[cell] - shares[20]).sum() for cell in (160, 80, 40)]
    assert far[0] > far[1] > far[2]
    assert far[2] < 0.02
    assert (shares[20] > 0.005).sum() >= 4


def test_areas_do_not_depend_on_the_cell(folder: Path) -> None:
    """Whole cells stand for the territory: what they may miss or add is half a cell along its border."""
    totals = [sum(make(folder, cell).areas_ha("farming_grade").values()) for cell in (100, 50)]
    assert totals[0] == pytest.approx(totals[1], rel=0.01)


@pytest.mark.parametrize(
    ("more", "grade"),
    [("soil_capacity", "farming_grade"), ("geology_hazard", "urban_grade")],
)
def test_one_constraint_more_improves_no_cell(folder: Path, more: str, grade: str) -> None:
    """Soil and hazards only take away: before patches are looked at, no cell is better with them than without."""
    without, given = make(folder, 100).read(grade), make(folder, 100, more).read(grade)
    there = (without > 0) & (given > 0)
    assert there.sum() > 5000
    assert (given[there] >= without[there]).all()
    assert (given[there] > without[there]).any()


def test_water_that_is_plentiful_or_short_is_told_apart(folder: Path) -> None:
    """Rain is a dimension, not a constraint: it may better a grade, but dry land is never better than wet land."""
    stack = make(folder, 100, "rain")
    land, water, base = (stack.read(name) for name in ("farming_land", "farming_water", "farming_grade"))
    for grade in range(1, 6):
        by_water = [base[(land == grade) & (water == wet)] for wet in range(1, 6)]
        means = [cells.mean() for cells in by_water if len(cells)]
        assert means == sorted(means)
