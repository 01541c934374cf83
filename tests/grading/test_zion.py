"""The evaluation on real land: the canyon of Zion, its slopes and its importance for ecology with the reserve given.

Rain and soil are not known there, so services that need them are left out, as a plan would have it. Vegetation is
not known either: shares that are usual for a class of land cover stand for it, which makes the test no statement
on the canyon but one on what the toolkit makes of it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2
from spatial.engine.rasters.grids import measure_cells
from spatial.engine.rasters.stacks import RasterStack
from spatial.pipeline import Build, build_plan

rasterio = pytest.importorskip("rasterio")
pytest.importorskip("rasterio.features")

CELL_M = 50.0
PLANTS = {
    11: 0,
    21: 30,
    22: 20,
    23: 10,
    31: 5,
    41: 75,
    42: 70,
    43: 72,
    52: 35,
    71: 30,
    81: 60,
    82: 55,
    90: 80,
    95: 75,
}
PLAN = """
name: zion
title: {zh: 锡安, en: Zion}
year: 2035
territory: {source: border, name: {zh: 锡安, en: Zion}}
evaluation:
  cell: 50 m
  runs: 4
  factors:
    elevation: {source: dem}
    landcover: {source: cover, scheme: nlcd}
    vegetation: {source: plants, unit: "%"}
  protection: reserve
sources:
  border: {file: border.gpkg, licence: x}
  reserve: {file: ZION/zion.gpkg, licence: CC0-1.0}
  dem: {file: ZION/srtm.tif, licence: CC0-1.0}
  cover: {file: ZION/nlcd2011.tif, licence: CC0-1.0}
  plants: {file: plants.tif, licence: x}
"""


@pytest.fixture(scope="module")
def park(real_data: Path) -> shapely.Geometry:
    if not (real_data / "zion" / "zion.gpkg").is_file():
        pytest.skip("no data of Zion")
    return gpd.read_file(real_data / "zion" / "zion.gpkg").to_crs(4490).union_all()


@pytest.fixture(scope="module")
def made(park: shapely.Geometry, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("zion")
    # The land round the reserve, as far as the elevation model goes for certain.
    west, south, east, north = park.bounds
    border = shapely.box(west + 0.02, south + 0.02, east - 0.02, north - 0.02)
    gpd.GeoDataFrame({"name": ["Zion"]}, geometry=[border], crs=4490).to_file(folder / "border.gpkg")
    with rasterio.open(real_data / "zion" / "nlcd2011.tif") as raster:
        shares = np.zeros(256, np.uint8)
        shares[list(PLANTS)] = list(PLANTS.values())
        cells, profile = shares[raster.read(1)], raster.profile | {"nodata": 255}
    with rasterio.open(folder / "plants.tif", "w", **profile) as raster:
        raster.write(cells, 1)
    zion = (real_data / "zion").as_posix()
    (folder / "plan.yaml").write_text(PLAN.replace("ZION", zion), encoding="utf-8")
    return build_plan(folder / "plan.yaml", folder / "out")


def stack_of(made: Build) -> RasterStack:
    assert made.rasters is not None
    return made.rasters


def burn(shape: shapely.Geometry, stack: RasterStack) -> np.ndarray:
    """Return the cells of a stack whose middle lies in a shape of CGCS2000."""
    grid = stack.grid
    (there,) = transform_shapes([shape], "EPSG:4490", grid.crs)
    x = grid.left + (np.arange(grid.columns) + 0.5) * CELL_M
    y = grid.top - (np.arange(grid.rows) + 0.5) * CELL_M
    shapely.prepare(there)
    return shapely.contains_xy(there, *np.meshgrid(x, y))


def test_slope_grades_are_those_of_gdal(made: Build, real_data: Path, tmp_path: Path) -> None:
    """GDAL warps to the same grid, makes its own slope, and the breaks are counted by hand."""
    if shutil.which("gdaldem") is None or shutil.which("gdalwarp") is None:
        pytest.skip("gdal-bin is not installed")
    stack = stack_of(made)
    grid = stack.grid
    west, south, east, north = grid.bounds
    box = [f"{value}" for value in (west, south, east, north)]
    (tmp_path / "crs.wkt").write_text(rasterio.crs.CRS.from_user_input(grid.crs).to_wkt(), encoding="utf-8")
    warp = ["gdalwarp", "-q", "-t_srs", "crs.wkt", "-te", *box, "-tr", "50", "50", "-r", "bilinear"]
    dem = (real_data / "zion" / "srtm.tif").as_posix()
    subprocess.run([*warp, "-ot", "Float32", dem, "dem.tif"], check=True, cwd=tmp_path)
    subprocess.run(["gdaldem", "slope", "dem.tif", "slope.tif", "-q"], check=True, cwd=tmp_path)
    with rasterio.open(tmp_path / "slope.tif") as raster:
        theirs = raster.read(1)
    grades = stack.read("farming_slope")
    inside = (grades > 0) & (theirs >= 0)
    assert inside.sum() > 0.99 * (grades > 0).sum()
    by_hand = np.select([theirs <= 2, theirs <= 6, theirs <= 15, theirs <= 25], [1, 2, 3, 4], 5)
    assert (grades[inside] == by_hand[inside]).mean() > 0.97
    ours, others = (np.bincount(one[inside], minlength=6)[1:] for one in (grades, by_hand))
    np.testing.assert_allclose(ours / inside.sum(), others / inside.sum(), atol=0.004)


def test_the_canyon_is_steep_and_its_floor_is_not(made: Build) -> None:
    """The valley of the Virgin River at Springdale is built on; the walls above it are among the steepest."""
    stack = stack_of(made)
    slope, graded = stack.read("slope"), stack.read("farming_slope")
    assert np.nanmax(slope) > 60
    assert 0.15 < (graded[graded > 0] == 5).mean() < 0.3
    place = transform_shapes([shapely.Point(-112.9986, 37.1889)], "EPSG:4490", stack.grid.crs)[0]
    town = stack.at(place.x, place.y)
    assert town["slope"] < 10
    assert town["urban_suitability"] in (1, 2)
    steep = slope > 25
    assert (stack.read("farming_suitability")[steep] == 3).all()
    assert (stack.read("urban_suitability")[steep] == 3).all()


def test_the_reserve_is_extremely_important_and_no_general_land(made: Build, park: shapely.Geometry) -> None:
    stack = stack_of(made)
    inner, outside = burn(park.buffer(-0.0005), stack), ~burn(park.buffer(0.001), stack)
    importance = stack.read("ecology_importance")
    graded = importance > 0
    assert (importance[inner & graded] == 1).all()
    shares = [(importance[outside & graded] == code).mean() for code in (1, 2, 3)]
    assert shares[0] < 0.4
    assert shares[2] > 0.3
    conserved = stack.read("conservation_importance")
    steep_woods = (stack.read("slope") > 25) & np.isin(stack.read("ecosystem"), (2, 3, 4))
    # Cover is a mean over the cell, so that woods at an edge may fall below 60 %.
    assert (conserved[steep_woods & graded] <= 2).mean() > 0.6
    assert (conserved[stack.read("slope") < 15] != 1).all()


def test_areas_add_up_and_what_lacks_is_told(made: Build) -> None:
    totals = made.layers["suitability_balance"].groupby("result")["area_ha"].sum()
    territory = area_m2([made.layers["territory"].geometry.iloc[0]])[0] / 1e4
    assert totals.to_numpy() == pytest.approx(totals.iloc[0], rel=1e-9)
    assert totals.iloc[0] == pytest.approx(territory, rel=0.003)
    stack = stack_of(made)
    cells = measure_cells(stack.grid, stack.grid.whole)
    by_hand = cells[stack.read("ecology_importance") == 1].sum() / 1e4
    balance = made.layers["suitability_balance"].set_index("id")["area_ha"]
    assert balance["ecology_importance-1"] == pytest.approx(by_hand, rel=1e-6)
    lacking = made.findings[made.findings["rule"] == "evaluation.missing_factors"].set_index("feature_id")
    assert "water" in lacking.loc["farming", "message_en"]


def test_files_are_dark_where_importance_is_extreme(made: Build) -> None:
    """A planner reads dark as more: classes from most to least have no green-to-red row of good and bad."""
    folder = next(path.parent for path in made.files if path.name == "conservation_importance.tif")
    for name in ("ecology_importance", "conservation_importance", "erosion_sensitivity"):
        with rasterio.open(folder / f"{name}.tif") as raster:
            brightness = [sum(raster.colormap(1)[code][:3]) for code in (1, 2, 3)]
        assert brightness == sorted(brightness), name
