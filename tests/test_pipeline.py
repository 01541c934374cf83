"""The main job from end to end, on the shipped plan."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

from spatial import pipeline
from spatial.errors import OutputError, PlanError, SourceError
from spatial.pipeline import build_plan, check_plan, draw_layers, list_layers
from spatial.plan.shelf import find_shelf
from spatial.results import Build

GEOD = pyproj.Geod(a=6378137, rf=298.257222101)
NAMED = [
    "territory", "districts", "towns", "places", "cores", "belts", "points", "axes", "structure",
    "zones", "lines", "conflicts", "zone_balance", "district_balance", "commute_circles",
    "circle_coverage", "circle_times", "promises", "gaps", "connections",
    "life_circles", "life_coverage", "life_places", "findings",
]  # fmt: skip


def area(shape: shapely.Geometry) -> float:
    return abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0])


def copy_plan(folder: Path) -> Path:
    shutil.copytree(find_shelf() / "jiyuan", folder)
    return folder / "plan.yaml"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_every_named_layer_is_made_and_written(jiyuan: Build) -> None:
    assert set(NAMED) <= set(jiyuan.layers)
    file = next(path for path in jiyuan.files if path.name == "plan.gpkg")
    written = {name for name, _ in pyogrio.list_layers(file)}
    assert set(jiyuan.layers) - set(jiyuan.not_built) <= written
    assert not jiyuan.has_errors
    files = [path.name for path in jiyuan.files if path.parent.name != "rasters"]
    assert files[-2:] == ["plan.gpkg", "map.html"]
    rasters = {path.name for path in jiyuan.files if path.parent.name == "rasters"}
    assert {"ecology_importance.tif", "farming_suitability.tif", "urban_suitability.tif"} <= rasters


def test_zones_in_the_file_partition_the_territory(jiyuan: Build) -> None:
    file = next(path for path in jiyuan.files if path.name == "plan.gpkg")
    zones = gpd.read_file(file, layer="zones")
    territory = gpd.read_file(file, layer="territory").geometry.iloc[0]
    assert zones.crs.to_epsg() == 4490
    assert abs(sum(map(area, zones.geometry)) - area(territory)) <= 1.0
    assert shapely.coverage_is_valid(zones.geometry.to_numpy())
    for one, two in itertools.combinations(zones.dissolve("zone").geometry, 2):
        assert area(shapely.intersection(one, two)) <= 1.0


def test_lines_in_the_file_never_overlap_and_lie_in_their_zone(jiyuan: Build) -> None:
    file = next(path for path in jiyuan.files if path.name == "plan.gpkg")
    lines = gpd.read_file(file, layer="lines").dissolve("line").geometry
    zones = gpd.read_file(file, layer="zones").dissolve("zone").geometry
    for one, two in itertools.combinations(lines, 2):
        assert area(shapely.intersection(one, two)) <= 1.0
    homes = {"permanent_farmland": "farming", "ecological_redline": "ecology", "urban_boundary": "urban"}
    for line, zone in homes.items():
        assert area(shapely.difference(lines[line], zones[zone])) <= 1.0


def test_balance_adds_up_to_the_territory(jiyuan: Build) -> None:
    balance = jiyuan.layers["zone_balance"]
    zones = balance[balance["section"] == "zone"]
    territory = balance[balance["section"] == "territory"]
    assert zones["area_ha"].sum() == pytest.approx(territory["area_ha"].iloc[0], abs=1e-4)
    assert zones["share"].sum() == pytest.approx(1.0)
    assert territory["area_ha"].iloc[0] == pytest.approx(jiyuan.layers["territory"]["area_km2"].iloc[0] * 100)


def test_circles_grow_with_their_minutes(jiyuan: Build) -> None:
    rings = jiyuan.layers["commute_circles"]
    rings = rings[rings["form"] == "cumulative"].sort_values("time_min")
    assert list(rings["time_min"]) == [15, 30, 60]
    assert np.all(np.diff(rings["area_km2"]) > 0)
    assert set(jiyuan.layers["circle_coverage"]["verdict"]) <= {"kept", "broken", "undecidable", "info"}


def test_second_run_does_no_layer_work(jiyuan: Build) -> None:
    folder = jiyuan.files[0].parent
    before = {path: path.stat().st_mtime_ns for path in jiyuan.files}
    again = build_plan("jiyuan", folder)
    assert again.rebuilt == ()
    assert again.written == ()
    assert {path: path.stat().st_mtime_ns for path in again.files} == before


def test_two_runs_give_identical_bytes(
    jiyuan: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPATIAL_CACHE", str(tmp_path / "cache"))
    other = build_plan("jiyuan", tmp_path / "out")
    assert set(other.rebuilt) == set(other.layers) - {"findings"}
    for mine, theirs in zip(jiyuan.files, other.files, strict=True):
        assert mine.name == theirs.name
        assert mine.read_bytes() == theirs.read_bytes(), mine.name


def test_a_change_rebuilds_only_what_depends_on_it(jiyuan: Build) -> None:
    made = check_plan("jiyuan", overrides=["circles.1.speed=61 km/h"])
    assert set(made.rebuilt) == {"commute_circles", "circle_coverage", "circle_times", "promises"}
    assert (
        made.layers["commute_circles"]["speed_kmh"].tolist().count(61.0) == 1
    )  # of the straight line beside


def test_a_changed_source_is_read_again(tmp_path: Path) -> None:
    plan = copy_plan(tmp_path / "plan")
    first = check_plan(plan)
    zones = plan.parent / "zones.geojson"
    drawn = json.loads(zones.read_text(encoding="utf-8"))
    del drawn["features"][0]
    zones.write_text(json.dumps(drawn), encoding="utf-8")
    second = check_plan(plan)
    assert "zones" in second.rebuilt
    assert "territory" not in second.rebuilt
    assert "commute_circles" not in second.rebuilt
    assert first.provenance["source.zones"] != second.provenance["source.zones"]


def test_only_makes_what_it_is_told(tmp_path: Path) -> None:
    made = build_plan("jiyuan", tmp_path, only=["zones"])
    assert list(made.layers) == ["zones", "findings"]
    assert {name for name, _ in pyogrio.list_layers(tmp_path / "plan.gpkg")} >= {"zones", "findings"}
    with pytest.raises(PlanError, match="there is no such layer"):
        build_plan("jiyuan", tmp_path, only=["zone"])


def test_no_pickle_lies_in_the_plans_folder(tmp_path: Path) -> None:
    plan = copy_plan(tmp_path / "plan")
    before = sorted(path.name for path in plan.parent.iterdir())
    check_plan(plan)
    assert sorted(path.name for path in plan.parent.iterdir()) == before


def test_a_plan_of_a_territory_alone_says_what_is_not_built(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(
        "name: bare\ntitle: 只有边界\nyear: 2035\nterritory: {adcode: 419001}\n", encoding="utf-8"
    )
    made = build_plan(file, tmp_path / "out")
    assert made.not_built["zones"] == "zones"
    assert made.not_built["gaps"] == "circles, roads"
    assert set(made.not_built) == {name for name in made.layers if made.contracts[name].needs}
    assert "structure" in made.not_built["cores"]
    assert not made.has_errors


def test_faults_of_all_sources_come_at_once(tmp_path: Path) -> None:
    plan = copy_plan(tmp_path / "plan")
    (plan.parent / "zones.geojson").write_text("not a map")
    (plan.parent / "rivers.geojson").unlink()
    with pytest.raises(SourceError) as caught:
        check_plan(plan)
    text = str(caught.value)
    assert "zones.geojson" in text or "rivers.geojson" in text


def test_an_unwritable_folder_leaves_the_last_good_files(jiyuan: Build, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        build_plan("jiyuan", blocked / "out")
    assert blocked.read_text() == "in the way"


def test_a_broken_cache_entry_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPATIAL_CACHE", str(tmp_path))
    check_plan("jiyuan")
    entries = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and path.stat().st_size and "." not in path.name
    ]
    assert entries
    for path in entries:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "zones" in check_plan("jiyuan").rebuilt


def test_provenance_names_all_that_went_in(jiyuan: Build) -> None:
    assert jiyuan.files[0].name == "manifest.json"
    record = json.loads(jiyuan.files[0].read_text(encoding="utf-8"))
    assert {"plan_sha256", "tool", "code_sha256", "rules.zones", "styles", "boundary"} <= set(
        record["provenance"]
    )
    assert {f"source.{name}" for name in jiyuan.plan.sources} <= set(record["provenance"])
    files = {name for name in record["files"] if not name.startswith("rasters/")}
    assert files == {"plan.gpkg", "map.html"}


def test_every_layer_has_a_style_or_is_a_table() -> None:
    from spatial.plan.styles import read_styles

    styles = read_styles().layers
    for name, contract in list_layers().items():
        assert contract.shape == "none" or name in styles, name


def test_graph_is_a_picture_of_all_layers(tmp_path: Path) -> None:
    draw_layers(tmp_path / "layers.svg")
    text = (tmp_path / "layers.svg").read_text(encoding="utf-8")
    assert text.startswith("<svg")
    for name in list_layers():
        assert f">{name}" in text


def test_every_node_of_the_sources_is_made_use_of() -> None:
    nodes = {node.name: node for node in pipeline._make_driver().list_available_variables()}
    wants = [node.required_dependencies | node.optional_dependencies for node in nodes.values()]
    read = {
        name
        for name, node in nodes.items()
        if any(one.__module__.startswith("spatial.sources") for one in node.originating_functions or ())
    }
    assert "source_reads" in read
    # A function that only helps others would stand here: it is no node and belongs in another module.
    assert {name for name in read - set().union(*wants) if not name.endswith("_findings")} == set()
