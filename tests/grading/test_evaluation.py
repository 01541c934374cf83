"""An evaluation from end to end: from a plan with an elevation model to graded slopes in its output folder."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.engine.geodesy import area_m2
from spatial.errors import PlanError, SourceError
from spatial.pipeline import Build, build_plan, check_plan
from spatial.plan.reading.reader import load_plan

rasterio = pytest.importorskip("rasterio")

PLAN = """
name: hills
title: {zh: 山村, en: Hills}
year: 2035
territory: {source: border, name: {zh: 山村, en: Hills}}
evaluation: EVALUATION
sources:
  border: {file: border.gpkg, licence: x}
"""
SIMPLE = "{cell: 50 m, factors: {elevation: {source: dem}}}"
BORDER = shapely.Polygon([(114.0, 35.0), (114.06, 35.0), (114.06, 35.04), (114.03, 35.05), (114.0, 35.04)])


def write_dem(file: Path, *, crs: str | None = "EPSG:4490", **more: object) -> None:
    """Write a slope that rises eastward by 10 % in the west and 50 % in the east."""
    from rasterio.transform import Affine

    step = 0.0004
    x = np.arange(260) * step * 91_280  # metres of a degree at 35° N
    rise = np.where(x < x[130], x * 0.1, x[130] * 0.1 + (x - x[130]) * 0.5)
    cells = np.broadcast_to(rise, (220, 260)).astype(more.pop("dtype", np.float32))
    cells = np.array(more.pop("change", lambda cells: cells)(cells.copy()))
    unit = more.pop("unit", None)
    kept = {"driver": "GTiff", "height": 220, "width": 260, "count": 1, "dtype": cells.dtype, "crs": crs}
    with rasterio.open(
        file, "w", transform=Affine(step, 0, 113.98, 0, -step, 35.07), **kept, **more
    ) as raster:
        raster.write(cells, 1)
        if unit:
            raster.units = [unit]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    gpd.GeoDataFrame({"name": ["山村"]}, geometry=[BORDER], crs=4490).to_file(tmp_path / "border.gpkg")
    write_dem(tmp_path / "dem.tif")
    return tmp_path


def build(folder: Path, evaluation: str = SIMPLE, **more: str) -> Build:
    return build_plan(write(folder, evaluation, **more), folder / "out")


def write(folder: Path, evaluation: str, dem: str = "  dem: {file: dem.tif, licence: x}\n") -> Path:
    file = folder / "plan.yaml"
    file.write_text(PLAN.replace("EVALUATION", evaluation) + dem, encoding="utf-8")
    return file


def rules(made: Build) -> dict[str, str]:
    found = made.findings[made.findings["rule"].str.startswith("evaluation.")]
    return dict(zip(found["rule"], found["message_en"], strict=True))


def test_slopes_are_graded_and_written(folder: Path) -> None:
    made = build(folder)
    stack = made.rasters
    assert stack is not None
    slope = stack.read("slope")
    # arctan 10 % and 50 %; the knee between them lies within two cells of the model.
    assert np.nanpercentile(slope, 25) == pytest.approx(np.degrees(np.arctan(0.1)), abs=0.1)
    assert np.nanpercentile(slope, 75) == pytest.approx(np.degrees(np.arctan(0.5)), abs=0.15)
    areas = stack.areas_ha("farming_slope")
    assert set(areas) <= {2, 3, 4, 5}
    assert sum(areas.values()) == pytest.approx(area_m2([BORDER])[0] / 1e4, rel=0.002)  # whole cells
    assert areas[2] + areas[5] > 0.97 * sum(areas.values())  # 5.7° and 26.6° by 2/6/15/25
    assert (folder / "out" / "rasters" / "slope.tif") in made.files


def test_files_have_colours_names_and_come_again_byte_by_byte(folder: Path) -> None:
    made = build(folder)
    file = folder / "out" / "rasters" / "farming_slope.tif"
    first = {path: path.read_bytes() for path in made.files if "rasters" in path.parts}
    with rasterio.open(file) as raster:
        assert raster.colorinterp[0].name == "palette"
        assert raster.colormap(1)[1] != raster.colormap(1)[5]
        assert raster.nodata == 0
        assert raster.crs.to_epsg() == 4547
        assert set(np.unique(raster.read(1))) <= {0, 2, 3, 4, 5}
        assert raster.tags()["source.dem"].startswith("sha256")
    names = (file.parent / "farming_slope.tif.aux.xml").read_text(encoding="utf-8")
    assert "<Category>差 worst</Category>" in names
    again = build(folder)
    assert again.written == ()
    file.unlink()
    assert build(folder).written
    assert {path: path.read_bytes() for path in first} == first


def test_a_changed_model_is_read_anew_and_what_is_gone_from_the_plan_leaves_the_folder(folder: Path) -> None:
    first = build(folder)
    write_dem(folder / "dem.tif", change=lambda cells: cells * 0)
    second = build(folder)
    assert first.rasters.path_of("slope") != second.rasters.path_of("slope")
    assert np.nanmax(second.rasters.read("slope")) == 0
    assert "evaluation.one_value" in rules(second)
    own = folder / "out" / "rasters" / "own_slope.tif"
    own.write_bytes(b"the user's")
    third = build(folder, "{cell: 50 m}", dem="")
    assert "slope" not in third.rasters
    assert own.is_file()
    assert not list((folder / "out" / "rasters").glob("*_slope.tif.aux.xml"))
    left_out = third.findings[third.findings["rule"] == "evaluation.left_out"].set_index("layer")[
        "message_en"
    ]
    assert left_out["slope"].startswith("raster layer slope is not made, for lack of elevation")
    assert "for lack of slope" in left_out["farming_slope"]


def test_a_plan_without_an_evaluation_has_no_rasters(folder: Path) -> None:
    file = write(folder, SIMPLE, dem="")
    file.write_text(file.read_text(encoding="utf-8").replace(f"evaluation: {SIMPLE}\n", ""), encoding="utf-8")
    made = build_plan(file, folder / "out")
    assert made.rasters is None
    assert not (folder / "out" / "rasters").exists()


def test_provenance_names_the_raster(folder: Path) -> None:
    build(folder)
    note = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert note["provenance"]["source.dem"].startswith("sha256 ")
    assert "rasters/slope.tif" in note["files"]


def refusal(folder: Path, evaluation: str = SIMPLE) -> str:
    with pytest.raises((SourceError, PlanError)) as caught:
        check_plan(write(folder, evaluation))
    return str(caught.value)


def test_rasters_that_cannot_be_trusted_are_refused(folder: Path) -> None:
    write_dem(folder / "dem.tif", crs=None)
    assert "does not say where it lies; write `crs` at source dem" in refusal(folder)
    write_dem(folder / "dem.tif", unit="ft")
    assert "dem.tif: unit: its values are in feet" in refusal(folder)
    write_dem(folder / "dem.tif", crs="EPSG:32648")
    assert "spans" in refusal(folder)
    (folder / "dem.tif").write_bytes(b"no raster")
    assert "dem.tif: cannot be read as a raster" in refusal(folder)

    def two(cells: np.ndarray) -> np.ndarray:
        cells[60:70, 60:70], cells[80:90, 80:90] = -9999, -32768
        return cells

    write_dem(folder / "dem.tif", change=two)
    assert "-32768 and -9999 both look like missing cells" in refusal(folder)


def test_feet_that_the_plan_speaks_of_are_converted(folder: Path) -> None:
    metres = build(folder).rasters.read("slope")
    write_dem(folder / "dem.tif", unit="ft", change=lambda cells: cells / 0.3048)
    made = build(folder, "{cell: 50 m, factors: {elevation: {source: dem, unit: ft}}}")
    np.testing.assert_allclose(made.rasters.read("slope"), metres, atol=1e-2)


@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_unlabelled_voids_are_masked_and_told(folder: Path, dtype: type) -> None:
    def pierce(cells: np.ndarray) -> np.ndarray:
        cells[100:120, 100:120] = -9999
        return cells

    write_dem(folder / "dem.tif", change=pierce, dtype=dtype)
    made = build(folder)
    told = rules(made)
    assert "are -9999, not labelled as nodata" in told["evaluation.voids"]
    assert "lacks" in told["evaluation.partial"]
    slope = made.rasters.read("slope")
    assert np.nanmax(slope) < 28  # no cliff at the rim of the hole
    write_dem(folder / "dem.tif", change=pierce, dtype=dtype, nodata=-9999)
    labelled = build(folder)
    assert "evaluation.voids" not in rules(labelled)
    np.testing.assert_array_equal(labelled.rasters.read("slope"), slope)


def test_factors_coarser_than_the_grid_are_told_of_once() -> None:
    from spatial.grading.evaluation import _join_coarse
    from spatial.plan.findings import Finding

    def coarse(name: str, cell: float) -> Finding:
        return Finding("evaluation.coarse", "info", "evaluation", name, "粗", "coarse", cell, 100.0)

    other = Finding("evaluation.voids", "info", "evaluation", "clay", "缺", "void")
    alone = [coarse("clay", 500.0), other]
    assert _join_coarse(alone) == alone
    joined = _join_coarse([other, coarse("clay", 500.0), coarse("rain", 1000.0)])
    assert [one.rule for one in joined] == ["evaluation.voids", "evaluation.coarse"]
    assert "2 factors" in joined[1].message_en
    assert "500 m" in joined[1].message_zh
    assert "1000 m" in joined[1].message_zh
    assert joined[1].value == 1000.0


def test_a_model_coarser_than_the_grid_is_told(folder: Path) -> None:
    assert (
        "some 40 m are coarser than the grid's of 20 m"
        in rules(build(folder, SIMPLE.replace("50", "20")))["evaluation.coarse"]
    )
    assert "evaluation.coarse" not in rules(build(folder))


def test_half_a_territory_is_told_with_its_share(folder: Path) -> None:
    gpd.GeoDataFrame(
        {"name": ["山村"]}, geometry=[shapely.box(114.0, 35.0, 114.14, 35.04)], crs=4490
    ).to_file(folder / "border.gpkg")
    made = build(folder)
    (found,) = made.findings[made.findings["rule"] == "evaluation.partial"].to_dict("records")
    assert found["value"] == pytest.approx(1 - 0.084 / 0.14, abs=0.01)
    assert found["feature_id"] == "elevation"


@pytest.mark.parametrize(
    ("evaluation", "told"),
    [
        ("{factors: {elevatoin: {source: dem}}}", "'elevatoin' is no factor"),
        ("{factors: {elevation: {source: dme}}}", "did you mean 'dem'?"),
        ("{factors: {landcover: {source: dem}}}", "needs `scheme`"),
        ("{factors: {landcover: {source: dem, scheme: nlcd, resampling: average}}}", "have no mean"),
        ("{factors: {rain: {source: dem, unit: inch}}}", "'inch' is no unit of rain; there is mm"),
        ("{weights: {hazards: {rain: 0.5, heat: 0.4}}}", "add up to 0.9; make them add up to 1"),
        ("{breaks: {slope: [6, 2, 15]}}", "do not rise"),
        ("{cell: 1 m}", "cell"),
        ("{factors: {elevation: {source: dem}}, protection: dem}", "a raster, where polygons are needed"),
    ],
)
def test_what_a_plan_says_wrong_is_told(folder: Path, evaluation: str, told: str) -> None:
    assert told in refusal(folder, evaluation)


def test_a_source_of_polygons_is_burnt(folder: Path) -> None:
    from spatial.engine.crs import transform_shapes
    from spatial.engine.rasters.grids import lay_grid
    from spatial.sources.raster import BurntSource

    shapes = transform_shapes([BORDER], "EPSG:4490", "EPSG:4547")
    grid = lay_grid(shapes[0].bounds, "EPSG:4547", 50)
    inside = BurntSource(tuple(shapes)).read(grid, grid.whole)
    y, x = np.mgrid[: grid.rows, : grid.columns]
    centres = shapely.contains_xy(shapes[0], grid.left + (x + 0.5) * 50, grid.top - (y + 0.5) * 50)
    np.testing.assert_array_equal(inside, centres)
    touched = BurntSource(tuple(shapes), touched=True).read(grid, grid.whole)
    boxes = shapely.box(
        grid.left + x * 50, grid.top - (y + 1) * 50, grid.left + (x + 1) * 50, grid.top - y * 50
    )
    np.testing.assert_array_equal(touched, shapely.intersects(shapes[0], boxes))
    for block in grid.blocks(37):
        np.testing.assert_array_equal(
            BurntSource(tuple(shapes), touched=True).read(grid, block), touched[block.slices]
        )


def test_the_shipped_schema_knows_the_evaluation(folder: Path) -> None:
    plan = load_plan(write(folder, "{profile: 2019-draft, targets: {land_per_head: 100 m2}}")).plan
    assert plan.evaluation is not None
    assert plan.evaluation.targets.land_per_head_m2 == 100


def test_zion_has_the_slopes_of_its_canyon(real_data: Path, tmp_path: Path) -> None:
    zion = real_data / "zion" / "srtm.tif"
    if not zion.is_file():
        pytest.skip("no Zion model")
    with rasterio.open(zion) as raster:
        west, south, east, north = rasterio.warp.transform_bounds(raster.crs, 4326, *raster.bounds)
    inner = shapely.box(west, south, east, north).buffer(-0.2 * min(east - west, north - south))
    gpd.GeoDataFrame({"name": ["Zion"]}, geometry=[inner], crs=4490).to_file(tmp_path / "border.gpkg")
    file = write(tmp_path, "{cell: 50 m, factors: {elevation: {source: dem}}}")
    text = file.read_text(encoding="utf-8").replace("dem.tif", zion.as_posix())
    file.write_text(text, encoding="utf-8")
    made = build_plan(file, tmp_path / "out")
    slope = made.rasters.read("slope")
    inside = ~np.isnan(slope)
    assert inside.sum() * 2500 == pytest.approx(area_m2([inner])[0], rel=0.01)
    assert 10 < np.nanmedian(slope) < 25
    assert np.nanmax(slope) > 55
