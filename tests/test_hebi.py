"""The shipped plan of Hebi: its files are what the generator draws, and it builds without a fault."""

from __future__ import annotations

import importlib
import json
import shutil
from itertools import combinations
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from typer.testing import CliRunner

from spatial.cli import app
from spatial.pipeline import check_plan
from spatial.studies.blueprint.reconcile import reconcile_plans

TOP = Path(__file__).resolve().parents[1]
FOLDER = TOP / "layers" / "hebi"
DISTRICTS = ("qibin", "development_zone", "demonstration_zone")
TABLES = ("people", "facilities", "firms", "links", "quotas")
SHAPES = ("three_districts", "areas", "rivers", "roads", "zones", "lines", "ledger", "built")


@pytest.fixture(scope="module")
def hebi() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOP / "docs"))
        yield importlib.import_module("hebi")


@pytest.fixture(scope="module")
def tables(hebi: Any) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOP / "docs"))
        yield importlib.import_module("hebi_tables")


@pytest.fixture(scope="module")
def drawn(hebi: Any, tables: Any) -> dict[str, list[dict[str, Any]]]:
    return {**hebi.list_features(), "ledger": tables.list_parcels(), "built": tables.list_built()}


@pytest.fixture(scope="module")
def base(tables: Any) -> dict[str, list[dict[str, Any]]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOP / "docs"))
        return dict(importlib.import_module("hebi_base").list_land())


@pytest.mark.parametrize("name", SHAPES)
def test_the_shipped_shapes_are_what_is_drawn(name: str, drawn: dict[str, list[dict[str, Any]]]) -> None:
    compare(drawn[name], FOLDER / f"{name}.geojson")


@pytest.mark.parametrize("name", DISTRICTS)
def test_the_shipped_base_is_what_is_drawn(name: str, base: dict[str, list[dict[str, Any]]]) -> None:
    compare(base[name], FOLDER / "base" / f"{name}.geojson")


def compare(drawn: list[dict[str, Any]], path: Path) -> None:
    shipped = json.loads(path.read_text(encoding="utf-8"))["features"]
    assert [row["properties"] for row in drawn] == [row["properties"] for row in shipped]
    assert all(row["properties"]["illustrative"] for row in shipped)
    for one, other in zip(drawn, shipped, strict=True):
        shapes = [shapely.geometry.shape(row["geometry"]) for row in (one, other)]
        assert shapely.hausdorff_distance(*shapes) < 2e-5


@pytest.mark.parametrize("name", TABLES)
def test_the_shipped_tables_are_what_is_drawn(name: str, tables: Any) -> None:
    drawn = pd.DataFrame(tables.list_tables()[name]).astype(str).reset_index(drop=True)
    shipped = pd.read_csv(FOLDER / f"{name}.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(drawn, shipped, check_dtype=False)


def test_the_shipped_land_cover_is_what_is_drawn(tables: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOP / "docs"))
        cover = importlib.import_module("hebi_cover")
    with rasterio.open(FOLDER / "landcover.tif") as file:
        shipped = file.read(1)
        assert file.transform.almost_equals(cover.PLACE)
        assert file.crs.to_epsg() == 4490
    assert (shipped != cover.draw_cover()).mean() < 1e-4


def test_no_shape_is_drawn_that_is_not_shipped(drawn: dict[str, list[dict[str, Any]]]) -> None:
    assert set(drawn) == set(SHAPES)
    files = {file.name for file in FOLDER.iterdir() if file.is_file()}
    made = {f"{name}.geojson" for name in SHAPES} | {f"{name}.csv" for name in TABLES}
    assert files == made | {"plan.yaml", "SOURCES.md", "landcover.tif"}
    assert all((FOLDER / name).stat().st_size < 300_000 for name in files)


@pytest.fixture(scope="module")
def build() -> Any:
    only = (
        "structure", "functional_zones", "zone_units", "boundary_joints", "boundary_roads", "land_ledger",
        "service_districts", "industry_similarity", "indicators", "directions", "promises",
    )  # fmt: skip
    return check_plan(FOLDER / "plan.yaml", only=only)


def test_the_plan_says_what_its_text_says(build: Any) -> None:
    structure = build.layers["structure"]
    assert structure["kind"].value_counts().to_dict() == {"district": 3, "centre": 1}
    middle = structure[structure["kind"] == "centre"].geometry.iloc[0].centroid
    place = {row.id: row.geometry.centroid for row in structure.itertuples()}
    assert place["north"].y > middle.y > place["south"].y
    assert place["east"].x > middle.x
    assert set(build.layers["promises"]["verdict"]) <= {"kept", "info"}
    told = build.layers["indicators"].set_index("indicator")
    assert told.loc["high_tech_share", "target_value"] == 70
    assert told.loc["high_tech_share", "relation"] == ">"
    assert told.loc["value_added_share", "target_value"] == 50


def find_gaps(hebi: Any) -> list[shapely.Point]:
    """Return where streets as first drawn cross between districts and those left only come near, in metres."""
    shapes = list(hebi.draw_districts().values())
    shared = shapely.union_all([one.boundary & other.boundary for one, other in combinations(shapes, 2)])
    left = shapely.union_all([line for _, _, line in hebi.open_gaps(hebi.draw_streets())])
    gaps = []
    for _, _, line in hebi.draw_streets():
        at = line.project(shapely.points(shapely.get_coordinates(line & shared)))
        beside = line.interpolate(np.c_[at - 170, at + 170])
        whole = (at > 170) & (at < line.length - 170) & (left.distance(beside) < 1).all(axis=1)
        crossed = line.interpolate(at)
        gaps += list(crossed[whole & (left.distance(crossed) > 50)])
    return gaps


def test_every_street_that_was_interrupted_is_found_again(build: Any, hebi: Any) -> None:
    gaps = find_gaps(hebi)
    assert len(gaps) >= 10
    found = build.layers["boundary_roads"].to_crs(hebi.METRIC)
    assert [gap.wkt for gap in gaps if found.distance(gap).min() > 25] == []
    joints = build.layers["boundary_joints"].set_index("name")
    assert joints.loc["经济技术开发区—城乡一体化示范区", "verdict"] == "apart"
    best = build.layers["boundary_roads"].sort_values("rank").iloc[0]
    assert {best["district"], best["other"]} == {"经济技术开发区", "城乡一体化示范区"}
    assert best["person_minutes"] > 0


def test_districts_differ_as_they_were_drawn(build: Any) -> None:
    served = build.layers["service_districts"].set_index("name")["met_share"]
    assert served.idxmax() == "淇滨区"
    assert served.idxmin() == "经济技术开发区"
    pairs = build.layers["industry_similarity"].set_index("name")
    assert pairs["similarity"].idxmax() == "经济技术开发区—城乡一体化示范区"
    assert (build.layers["land_ledger"]["balance_ha"] >= 0).all()
    split = build.layers["functional_zones"].set_index("name")["units"]
    assert split.to_dict() == {"北部产业片区": 2, "东部产业片区": 1, "南部产业片区": 2}


def test_no_finding_is_an_error(build: Any) -> None:
    assert not build.has_errors


def test_the_three_districts_stand_on_one_base() -> None:
    made = reconcile_plans([FOLDER / "base" / f"{name}.yaml" for name in DISTRICTS])
    assert set(made.findings["rule"]) == {"reconcile.base_kept"}
    assert not made.has_errors
    assert set(made.indicators["state"]) == {"same"}
    assert len(made.indicators) == 9
    assert set(made.blueprint.differences["kind"]) <= {"edge"}
    assert made.blueprint.differences["area_m2"].sum() < 2000


def test_a_district_that_leaves_the_base_fails_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "hebi"
    shutil.copytree(FOLDER, folder)
    change(folder / "base" / "qibin.geojson", '"0102"', '"R2"')
    change(folder / "base" / "development_zone.yaml", "耕地保有量: {", "林地保有量: {")
    land = gpd.read_file(folder / "base" / "demonstration_zone.geojson")
    land.geometry = land.geometry.translate(xoff=0.003)
    land.to_file(folder / "base" / "demonstration_zone.geojson", engine="pyogrio")
    plans = [str(folder / "base" / f"{name}.yaml") for name in DISTRICTS]
    run = CliRunner().invoke(app, ["reconcile", *plans, "-o", str(tmp_path / "out")])
    assert run.exit_code == 1, run.output
    for rule in ("code_unknown", "indicator", "base_outside", "base_silent"):
        assert f"reconcile.{rule}" in run.output
    assert "base_kept" not in run.output


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
