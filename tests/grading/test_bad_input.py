"""Bad input of an evaluation on the command line: what is refused, with which words, and what is only told."""

from __future__ import annotations

import re
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.cli import main
from spatial.pipeline import check_plan

rasterio = pytest.importorskip("rasterio")

BORDER = shapely.box(114.0, 35.0, 114.04, 35.03)
PLAN = """
name: hills
title: {zh: 山村, en: Hills}
year: 2035
territory: {source: border, name: {zh: 山村, en: Hills}}
evaluation: {cell: 100 m, runs: 1EVALUATION}
sources:
  border: {file: border.gpkg, licence: x}
  dem: {file: dem.tif, licence: x}
"""
HEIGHTS = ", factors: {elevation: {source: dem}}"
Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    gpd.GeoDataFrame({"name": ["山村"]}, geometry=[BORDER], crs=4490).to_file(tmp_path / "border.gpkg")
    write_raster(tmp_path / "dem.tif")
    return tmp_path


def write_raster(file: Path, cells: np.ndarray | None = None, *, unit: str = "", **more: object) -> None:
    y, x = np.mgrid[0:75, 0:85].astype(np.float32)
    cells = x * 5 + y * 3 if cells is None else cells
    bands = cells if cells.ndim == 3 else cells[None]
    kept = {
        "driver": "GTiff", "height": 75, "width": 85, "count": len(bands), "dtype": bands.dtype,
        "crs": "EPSG:4490", "transform": rasterio.transform.Affine(0.0008, 0, 113.98, 0, -0.0008, 35.05),
    }  # fmt: skip
    with rasterio.open(file, "w", **(kept | more)) as raster:
        raster.write(bands)
        if unit:
            raster.units = [unit]


def write_plan(folder: Path, evaluation: str = HEIGHTS, *names: str) -> Path:
    sources = "".join(f"  {name}: {{file: {name}.tif, licence: x}}\n" for name in names)
    text = PLAN.replace("EVALUATION", evaluation) + sources
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    return folder


def refusal(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what ``spatial check`` says of a plan that it refuses."""
    monkeypatch.setattr("sys.argv", ["spatial", "check", str(folder)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def told(folder: Path) -> dict[str, str]:
    found = check_plan(folder).findings
    rows = found[found["rule"].str.startswith("evaluation.")]
    return dict(zip(rows["rule"] + " " + rows["feature_id"], rows["message_en"], strict=True))


@pytest.mark.parametrize(
    ("raster", "parts"),
    [
        ({"crs": None}, ("plan.yaml:9: sources.dem.file: dem.tif: crs", "EPSG:4490, or assign it in QGIS")),
        ({"unit": "ft"}, ("dem.tif: unit: its values are in feet", "write `unit: ft`")),
        ({"crs": "EPSG:32648"}, ("dem.tif: spans", "take the sheet of that area, or check its CRS")),
        ({"cells": np.ones((3, 75, 85), np.float32)}, ("has 3 bands", "export the one band")),
        ({"cells": np.ones((12, 75, 85), np.float32)}, ("has 12 bands", "export the one band")),
    ],
)
def test_rasters_that_cannot_be_trusted_are_refused_with_file_and_remedy(
    folder: Path,
    raster: dict[str, object],
    parts: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_raster(folder / "dem.tif", **raster)
    said = refusal(write_plan(folder), monkeypatch, capsys)
    for part in parts:
        assert part in said


@pytest.mark.parametrize(
    ("evaluation", "parts"),
    [
        (
            ", factors: {elevatoin: {source: dem}}",
            (
                "plan.yaml:6: evaluation.factors.elevatoin",
                "'elevatoin' is no factor; did you mean elevation",
            ),
        ),
        (", weights: {erosion: 2}", ("erosion holds no weights", "farming: {land, water, heat}")),
        (HEIGHTS + ", weights: {urban: {land: 0.5, water: 0.4}}", ("urban add up to 0.9", "add up to 1")),
        (HEIGHTS + ", weights: {urban: {land: 0.5, soil: 0.5}}", ("weights.urban.soil", "there is farming")),
        (HEIGHTS + ", breaks: {urban.slope: [3, 15, 8, 25]}", ("do not rise; order them",)),
        (HEIGHTS + ", breaks: {urban.slope: [3, 8]}", ("plan.yaml:6: evaluation.breaks.urban.slope",)),
        (HEIGHTS + ", rules: {urban.slop: 3}", ("evaluation.rules.urban.slop", "did you mean slope")),
        (HEIGHTS + ", rules: {urban.matrix.land_water: [[1, 2], [2, 3]]}", ("not of the kind or the size",)),
    ],
)
def test_what_a_plan_says_wrong_is_refused_with_its_line(
    folder: Path,
    evaluation: str,
    parts: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refusal(write_plan(folder, evaluation), monkeypatch, capsys)
    assert "plan.yaml:6: " in said
    for part in parts:
        assert part in said


def test_a_raster_that_no_part_of_the_plan_names_is_let_lie_and_told(folder: Path) -> None:
    write_raster(folder / "spare.tif")
    found = check_plan(write_plan(folder, HEIGHTS, "spare")).findings
    (row,) = found[found["rule"] == "sources.unused"].to_dict("records")
    assert (row["severity"], row["layer"]) == ("info", "spare")
    assert "spare.tif: no part of the plan names this raster" in row["message_en"]


def test_a_raster_of_a_hundred_thousand_cells_a_side_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    square = shapely.box(260_000, 3_660_000, 740_000, 4_140_000)  # 480 km a side
    gpd.GeoDataFrame({"name": ["省"]}, geometry=[square], crs=4547).to_crs(4490).to_file(
        tmp_path / "border.gpkg"
    )
    side, place = 100_000, rasterio.transform.Affine(5, 0, 250_000, 0, -5, 4_150_000)
    kept = {"driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "int16", "nodata": -32768}
    tiles = {"tiled": True, "compress": "deflate", "SPARSE_OK": True, "BIGTIFF": "YES"}
    with rasterio.open(tmp_path / "dem.tif", "w", crs="EPSG:4547", transform=place, **kept, **tiles):
        pass
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**11, 0, 5 * 10**10))
    write_plan(tmp_path)
    text = (tmp_path / "plan.yaml").read_text(encoding="utf-8").replace("100 m", "5 m")
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    cache = tmp_path / "cache"
    monkeypatch.setenv("SPATIAL_CACHE", str(cache))
    said = refusal(tmp_path, monkeypatch, capsys)
    assert "rasters of 96,0" in said
    assert "GB, and 50.0 GB are free; free space, set SPATIAL_CACHE to a larger disk" in said
    assert sum(file.stat().st_size for file in (cache / "rasters").rglob("*") if file.is_file()) < 1000


def test_a_soil_raster_of_one_class_is_told_and_tells_no_land_from_another(folder: Path) -> None:
    write_raster(folder / "soil.tif", np.full((75, 85), 3, np.uint8))
    plan = write_plan(folder, HEIGHTS.replace("}}", "}, soil_capacity: {source: soil}}"), "soil")
    assert "has the one value 3 in all the territory" in told(plan)["evaluation.one_value soil_capacity"]


def test_factors_in_another_unit_than_the_plan_says_are_errors(folder: Path) -> None:
    write_raster(folder / "damp.tif", np.full((75, 85), 65.0, np.float32))
    for name, cells in (("sand", 450), ("silt", 350), ("clay", 200)):
        write_raster(folder / f"{name}.tif", np.full((75, 85), cells, np.float32))
    soils = "".join(f", {name}: {{source: {name}UNIT}}" for name in ("sand", "silt", "clay"))
    warm = "}, temperature: {source: dem}, humidity: {source: dampSHARE}, erosivity: {source: dem}, organic: {source: dem}"
    evaluation = HEIGHTS.replace("}}", warm + soils + "}")
    names = ("damp", "sand", "silt", "clay")

    def found(unit: str, share: str) -> dict[str, str]:
        text = evaluation.replace("UNIT", unit).replace("SHARE", share)
        rows = check_plan(write_plan(folder, text, *names)).findings
        rows = rows[rows["rule"] == "evaluation.implausible"]
        assert set(rows["severity"]) <= {"error"}
        return dict(zip(rows["feature_id"], rows["message_en"], strict=True))

    told = found("", "")
    assert "source silt) is taken for 350–350 % in the territory, which cannot be" in told["silt"]
    assert "write `unit: g/kg` at evaluation.factors.silt" in told["silt"]
    assert 'write `unit: "%"` at evaluation.factors.humidity' in told["humidity"]
    assert "add up to 1000 %" in told["texture"]
    assert not found(", unit: g/kg", ', unit: "%"').keys() & {"sand", "silt", "clay", "humidity", "texture"}


def test_high_ground_needs_the_unit_of_its_heights(folder: Path) -> None:
    y, x = np.mgrid[0:75, 0:85]
    write_raster(folder / "dem.tif", ((x + y) * 15 / 0.3048).astype(np.float32))
    assert "write `unit: m`" in told(write_plan(folder))["evaluation.heights_unit elevation"]
    stated = write_plan(folder, HEIGHTS.replace("dem}", "dem, unit: ft}"))
    assert "evaluation.heights_unit elevation" not in told(stated)


def test_a_few_missing_cells_are_counted_and_only_told(folder: Path) -> None:
    y, x = np.mgrid[0:75, 0:85]
    cells = (x * 5 + y * 3).astype(np.float32)
    cells[40, 40] = np.nan
    write_raster(folder / "dem.tif", cells, nodata=np.nan)
    plan = write_plan(folder) / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("100 m", "50 m"), encoding="utf-8")
    few = check_plan(plan).findings
    (row,) = few[few["rule"] == "evaluation.partial"].to_dict("records")
    assert row["severity"] == "info"
    assert re.search(r"lacks [1-4] of the 4,\d+ cells of the territory \(0\.0\d+ %\)", row["message_en"])


def test_voids_of_elevation_models_are_masked_and_told(folder: Path) -> None:
    y, x = np.mgrid[0:75, 0:85]
    cells = (x * 5 + y * 3).astype(np.int16)
    cells[30:40, 30:45] = -32768
    write_raster(folder / "dem.tif", cells)
    said = told(write_plan(folder))
    assert "are -32768, not labelled as nodata" in said["evaluation.voids elevation"]
    assert "lacks" in said["evaluation.partial elevation"]


def test_twelve_bands_are_months_of_temperature_and_one_humidity_is_every_months(folder: Path) -> None:
    write_raster(folder / "warm.tif", np.full((12, 75, 85), 16.0, np.float32))
    write_raster(folder / "damp.tif", np.full((75, 85), 0.99, np.float32))
    evaluation = HEIGHTS.replace("}}", "}, temperature: {source: warm}, humidity: {source: damp}}")
    build = check_plan(write_plan(folder, evaluation, "warm", "damp"), besides=("evaluation_stack",))
    stack = build.besides["evaluation_stack"]
    assert set(np.unique(stack.read("comfort"))) == {0, 7}  # 60.8 °F
    inside = stack.read("heat_sum")
    np.testing.assert_allclose(inside[~np.isnan(inside)], 16 * 365.25, rtol=1e-5)
    assert "comfort_year" not in stack
    rules = set(build.findings["rule"])
    assert "evaluation.one_month" in rules
    simplified = build.findings[build.findings["rule"] == "evaluation.simplified"]["layer"]
    assert "comfort_year" not in set(simplified)


def test_what_is_neither_a_year_nor_its_months_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_raster(folder / "warm.tif", np.full((4, 75, 85), 16.0, np.float32))
    plan = write_plan(folder, HEIGHTS.replace("}}", "}, temperature: {source: warm}}"), "warm")
    said = refusal(plan, monkeypatch, capsys)
    assert "has 4 bands; export the one band that holds the factor, or all twelve months" in said
