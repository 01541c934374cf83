"""Reconcile: the shipped sector plans, the files that are written, and what is refused."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
from typer.testing import CliRunner

from spatial.cli import app
from spatial.engine.areas import straight_area_m2
from spatial.errors import PlanError
from spatial.plan.shelf import find_shelf
from spatial.studies.blueprint.reconcile import Reconciled, reconcile_plans

SECTORS = find_shelf() / "jiyuan" / "sectors"
PLANS = [SECTORS / f"{name}.yaml" for name in ("landuse", "urban", "forest")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Reconciled:
    return reconcile_plans(PLANS, out=tmp_path_factory.mktemp("blueprint"))


def test_the_shipped_plans_differ_in_every_way_that_was_drawn(made: Reconciled) -> None:
    differences = made.blueprint.differences
    assert {"conflict", "edge", "missing", "unclaimed"} <= set(differences["kind"])
    town = differences[(differences["says_landuse"] == "01 [0103]") & (differences["says_urban"] == "07 [R]")]
    assert (town["kind"] == "conflict").any()
    assert set(town.loc[town["kind"] == "conflict", "proposed"]) == {"01"}
    assert differences["agree"].str.contains("住房城乡建设").any()
    assert not made.has_errors
    assert {row.rule for row in made.findings.itertuples()} == {"reconcile.code_many", "reconcile.schemes"}


def test_the_base_tiles_the_territory_and_the_file_holds_it(made: Reconciled) -> None:
    path = next(file for file in made.files if file.suffix == ".gpkg")
    base, territory = gpd.read_file(path, layer="base"), made.blueprint.base.geometry.union_all()
    whole = straight_area_m2([territory])[0]
    assert base["area_ha"].sum() * 1e4 == pytest.approx(whole, abs=1.0)
    assert len(gpd.read_file(path, layer="differences")) == len(made.blueprint.differences)


def test_the_workbook_sums_what_the_map_shows(made: Reconciled) -> None:
    book = openpyxl.load_workbook(next(file for file in made.files if file.suffix == ".xlsx"), data_only=True)
    assert len(book.sheetnames) == 1 + 1 + 3 + 1
    last = [row for row in book.worksheets[0].iter_rows(values_only=True) if row[0]][-1]
    assert last[3] == pytest.approx(made.blueprint.differences["area_m2"].sum() / 1e4)


def test_the_same_plans_give_the_same_bytes(made: Reconciled, tmp_path: Path) -> None:
    again = reconcile_plans(PLANS, out=tmp_path)
    for one, other in zip(made.files, again.files, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_a_wider_tolerance_leaves_fewer_conflicts(made: Reconciled) -> None:
    wide = reconcile_plans(PLANS, tolerance_m=200).blueprint.differences
    assert (wide["kind"] == "conflict").sum() < (made.blueprint.differences["kind"] == "conflict").sum()


def test_the_command_tells_kinds_and_files(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["reconcile", *map(str, PLANS), "-o", str(tmp_path), "--tolerance", "30m"])
    assert run.exit_code == 0, run.output
    assert "用途冲突 Conflict" in run.output
    assert (tmp_path / "blueprint.html").exists()


def test_all_that_is_wrong_with_the_plans_is_told_at_once() -> None:
    with pytest.raises(PlanError) as told:
        reconcile_plans(["jiyuan", PLANS[0], PLANS[0], "nowhere.yaml"])
    text = str(told.value)
    assert "add `sector:`" in text
    assert "another plan is called landuse" in text
    assert "nowhere.yaml" in text


def test_one_plan_is_not_enough() -> None:
    with pytest.raises(PlanError, match="1 plan is given"):
        reconcile_plans(PLANS[:1])


def write(folder: Path, text: str) -> Path:
    (folder / "land.csv").write_text(
        'code,WKT\n0103,"POLYGON((112.5 35.0,112.6 35.0,112.6 35.1,112.5 35.1,112.5 35.0))"\n'
        'XX,"POLYGON((112.6 35.0,112.7 35.0,112.7 35.1,112.6 35.1,112.6 35.0))"\n',
        encoding="utf-8",
    )
    path = folder / "other.yaml"
    path.write_text(text, encoding="utf-8")
    return path


OTHER = """
name: other
title: 其他规划
year: 2020
territory: {adcode: 419001}
sector: {source: land, column: COLUMN, scheme: survey}
sources:
  land: {file: land.csv, crs: "EPSG:4490"}
"""


def test_an_unknown_code_is_an_error_that_changes_nothing_else(tmp_path: Path) -> None:
    made = reconcile_plans([PLANS[0], write(tmp_path, OTHER.replace("COLUMN", "code"))])
    (row,) = made.findings[made.findings["severity"] == "error"].itertuples()
    assert row.rule == "reconcile.code_unknown"
    assert "XX" in row.message_zh
    assert made.has_errors


def test_a_column_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"there is .*code"):
        reconcile_plans([PLANS[0], write(tmp_path, OTHER.replace("COLUMN", "DLBM"))])


def test_codes_without_a_meaning_are_refused_by_the_reader(tmp_path: Path) -> None:
    text = OTHER.replace("COLUMN", "code").replace(", scheme: survey", "")
    with pytest.raises(PlanError, match="say what the codes mean"):
        reconcile_plans([PLANS[0], write(tmp_path, text)])


DISTRICTS = """
name: NAME
title: NAME区规划
year: 2020
territory: {adcode: 419001, provider: PROVIDER}
sector:
  source: land
  column: code
  scheme: survey
  indicators: {耕地保有量: {value: 10, unit: UNIT, year: 2035}, INDICATOR: {value: 5, unit: km2, year: 2035}}
sources:
  land: {file: land.csv, crs: "EPSG:4490"}
"""


def test_a_district_that_leaves_the_common_base_is_named(tmp_path: Path) -> None:
    plans = []
    for name, unit, indicator, provider in (
        ("one", "km2", "林地保有量", "amap"),
        ("two", "km2", "林地保有量", "amap"),
        ("three", "ha", "湿地面积", "tianditu"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        text = DISTRICTS.replace("NAME", name).replace("UNIT", unit).replace("INDICATOR", indicator)
        plans.append(write(folder, text.replace("PROVIDER", provider)))
    made = reconcile_plans(plans, out=tmp_path / "out")
    states = made.indicators.set_index(["indicator", "plan"])["state"].to_dict()
    assert states["耕地保有量", "three"] == "unit"
    assert states["林地保有量", "three"] == "missing"
    assert states["湿地面积", "one"] == "missing"
    assert states["耕地保有量", "one"] == "same"
    rules = made.findings["rule"].tolist()
    assert rules.count("reconcile.indicator") == 4
    assert rules.count("reconcile.boundary") == 1
    book = openpyxl.load_workbook(next(file for file in made.files if file.suffix == ".xlsx"))
    assert "核心指标对照" in "".join(book.sheetnames)
