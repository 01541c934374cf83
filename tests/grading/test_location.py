"""Location from the plan's own roads, from end to end: which centre, what is told, and what is refused."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from spatial.cli import app, main
from spatial.errors import PlanError
from spatial.pipeline import Build, check_plan

rasterio = pytest.importorskip("rasterio")

BORDER = shapely.box(114.0, 35.0, 114.06, 35.04)
PLAN = """
name: hills
title: {zh: 山村, en: Hills}
year: 2035
territory: {source: border, name: {zh: 山村, en: Hills}}
places: [{name: {zh: 东站, en: East station}, at: [114.055, 35.02]}]
structure:
  formula: 一核
  elements: [{id: heart, kind: core, name: {zh: 老城, en: Old town}, discs: [{at: [114.005, 35.02], radius: 300 m}]}]
ROADS
evaluation: {cell: 100 m, runs: 1, factors: {elevation: {source: dem}FACTORS}MORE}
sources:
  border: {file: border.gpkg, licence: x}
  dem: {file: dem.tif, licence: x}
  roads: {file: roads.gpkg, licence: x}
"""
ROADS = "roads: {source: roads, speeds: {primary: SPEED}}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("location")
    gpd.GeoDataFrame({"name": ["山村"]}, geometry=[BORDER], crs=4490).to_file(place / "border.gpkg")
    road = shapely.LineString([(114.001, 35.02), (114.03, 35.021), (114.058, 35.02)])
    roads = gpd.GeoDataFrame({"name": ["路"], "grade": ["primary"]}, geometry=[road], crs=4490)
    roads.to_file(place / "roads.gpkg")
    y, x = np.mgrid[0:110, 0:130].astype(np.float32)
    step = rasterio.transform.Affine(0.0008, 0, 113.98, 0, -0.0008, 35.07)
    kept = {
        "driver": "GTiff",
        "height": 110,
        "width": 130,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4490",
    }
    for name, cells in (("dem", x + y / 2), ("minutes", np.full_like(x, 30) + x / 10)):
        with rasterio.open(place / f"{name}.tif", "w", transform=step, **kept) as raster:
            raster.write(cells, 1)
    return place


def write(
    folder: Path, *, roads: str = ROADS, speed: str = "40 km/h", factors: str = "", more: str = ""
) -> Path:
    raster = "  minutes: {file: minutes.tif, licence: x}\n" if factors else ""
    text = PLAN
    for word, part in {"ROADS": roads, "SPEED": speed, "FACTORS": factors, "MORE": more}.items():
        text = text.replace(word, part)
    (folder / "plan.yaml").write_text(text + raster, encoding="utf-8")
    return folder


BESIDES = ("evaluation_inputs", "evaluation_stack", "evaluation_grid")


def check(folder: Path, **said: str) -> tuple[Build, np.ndarray]:
    build = check_plan(write(folder, **said), besides=BESIDES)
    inputs, grid = build.besides["evaluation_inputs"], build.besides["evaluation_grid"]
    source = inputs.sources.get("location")
    return build, np.array([]) if source is None else source.read(grid, grid.whole)


def told(build: Build, rule: str) -> str:
    (found,) = build.findings[build.findings["rule"] == rule].to_dict("records")
    return str(found["message_en"])


def at(build: Build, minutes: np.ndarray, lon: float, lat: float) -> float:
    grid = build.besides["evaluation_grid"]
    (x,), (y,) = rasterio.warp.transform("EPSG:4490", grid.crs, [lon], [lat])
    return float(minutes[grid.cell_of(x, y)])


def test_minutes_to_the_core_are_graded_and_told(folder: Path) -> None:
    build, minutes = check(folder)
    assert "Old town (the structure's core" in told(build, "evaluation.location")
    assert at(build, minutes, 114.005, 35.02) == 0
    # Some 4.3 km from the edge of the disc at 40 km/h.
    assert at(build, minutes, 114.055, 35.02) == pytest.approx(4.26 / 40 * 60, abs=1.5)
    assert at(build, minutes, 114.03, 35.038) > at(build, minutes, 114.03, 35.021) + 20  # two km on foot
    grades = build.besides["evaluation_stack"].read("location_grade")
    assert set(np.unique(grades)) >= {0, 1, 2}
    assert "Minutes to the centre" not in told_urban(build)


def told_urban(build: Build) -> str:
    frame = build.findings
    rows = frame[(frame["rule"] == "evaluation.missing_factors") & (frame["feature_id"] == "urban")]
    return " ".join(rows["message_en"])


def test_a_plan_may_name_the_centre(folder: Path) -> None:
    build, minutes = check(folder, more=", centre: 东站")
    assert "to 东站 (named by the plan)" in told(build, "evaluation.location")
    assert at(build, minutes, 114.055, 35.02) < 1.6 < at(build, minutes, 114.005, 35.02)


def test_slower_roads_never_give_a_better_grade(folder: Path) -> None:
    grades, minutes = [], []
    for speed in ("60 km/h", "12 km/h"):
        build, found = check(folder, speed=speed)
        grades.append(build.besides["evaluation_stack"].read("location_grade"))
        minutes.append(found)
    assert (grades[1] >= grades[0]).all()
    assert (minutes[1] >= minutes[0] - 1e-3).all()
    assert (grades[1] > grades[0]).any()


def test_minutes_that_the_plan_gives_go_first(folder: Path) -> None:
    build, minutes = check(folder, factors=", location: {source: minutes}")
    assert np.nanmin(minutes) >= 30
    assert not (build.findings["rule"].str.startswith("evaluation.location")).any()


@pytest.mark.parametrize("lacks", ["roads"])
def test_without_roads_there_are_no_minutes_and_no_grade(folder: Path, lacks: str) -> None:
    build, minutes = check(folder, roads="")
    assert minutes.size == 0
    assert f"the plan lacks {lacks}" in told(build, "evaluation.location_absent")
    assert "location_grade" not in build.besides["evaluation_stack"]
    assert "Minutes to the centre" in told_urban(build)


def test_a_centre_that_is_not_there_is_refused_with_its_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["spatial", "check", str(write(folder, more=", centre: 东占"))])
    with pytest.raises(SystemExit, match="2"):
        main()
    said = capsys.readouterr().err
    assert "plan.yaml:11: evaluation.centre: " in said
    assert "did you mean 东站?" in said
    assert "Traceback" not in said
    with pytest.raises(PlanError, match="nothing called"):
        check(folder, more=", centre: 东占")


def test_explain_says_minutes_unit_and_how_they_were_counted(folder: Path) -> None:
    result = CliRunner().invoke(app, ["explain", str(write(folder)), "--at", "114.03,35.021"])
    assert result.exit_code == 0, result.output
    (line,) = [one for one in result.output.splitlines() if one.strip().startswith("至市县中心时间")]
    assert " min（" in line
    assert "to Old town, by car along the plan's roads" in line
