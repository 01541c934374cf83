"""Two scenarios side by side: plans, a plan and a change to it, networks; and what is no pair."""

from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely.geometry import LineString
from typer.testing import CliRunner

from spatial.cli import app
from spatial.errors import PlanError, SourceError
from spatial.outputs.answers.compare import choose_places
from spatial.studies.compare import compare_given, compare_plans, compare_roads
from spatial.studies.comparison import Comparison
from spatial.studies.rings import draw_rings

pytest.importorskip("contourpy")

CRS = "EPSG:4546"
EAST, NORTH = 550_000.0, 3_880_000.0
FASTER = "roads.speeds.secondary=60km/h"


def lonlat(x: float, y: float) -> str:
    point = gpd.GeoSeries([shapely.Point(EAST + x, NORTH + y)], crs=CRS).to_crs(4490).iloc[0]
    return f"{point.x:.9f},{point.y:.9f}"


def write_town(file: Path, bridges: list[float]) -> Path:
    """Write streets 500 m apart on both banks of a river, joined by bridges at these eastings only."""
    at = np.arange(-2000, 2001, 500.0)
    south, north = at[at <= 0], at[at >= 500]
    # Vertices at every junction: an edge of 4 km bends away from its straight line in degrees.
    lines = [LineString([(EAST + x, NORTH + y) for x in at]) for y in at]
    for x in at:
        lines += [LineString([(EAST + x, NORTH + y) for y in bank]) for bank in (south, north)]
    lines += [LineString([(EAST + x, NORTH), (EAST + x, NORTH + 500)]) for x in bridges]
    names = [f"路{number}" for number in range(len(lines) - len(bridges))] + ["大桥"] * len(bridges)
    gpd.GeoDataFrame({"name": names}, geometry=lines, crs=CRS).to_file(file)
    return file


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A town with three bridges, and the same town without the one in the middle."""
    folder = tmp_path_factory.mktemp("towns")
    whole = write_town(folder / "whole.gpkg", [-1500, 0, 1500])
    return whole, write_town(folder / "without.gpkg", [-1500, 1500])


def across(before: Path, after: Path, **options: object) -> Comparison:
    asked = {"mode": "walk", "speed": "6km/h", "places": f"北岸={lonlat(0, 500)}"} | options
    return compare_roads(before, after, f"南岸={lonlat(0, 0)}", (10, 20), **asked)


def sums(made: Comparison) -> pd.Series:
    return made.changes.rings.groupby(["circle", "change"])["area_km2"].sum()


# ---- networks


def test_a_bridge_less_costs_land_and_minutes(towns: tuple[Path, Path]) -> None:
    made = across(*towns)
    rings = made.changes.rings
    assert set(rings["change"]) == {"lost", "kept"}
    lost = rings[rings["change"] == "lost"].geometry.union_all()
    north = gpd.GeoSeries([shapely.Point(EAST, NORTH + 600)], crs=CRS).to_crs(4490).iloc[0]
    assert lost.covers(north)
    # Over the bridge 500 m, without it 1.5 km there, 500 m over and 1.5 km back: 5 and 35 minutes at 6 km/h.
    place = made.changes.places.iloc[0]
    assert [place["minutes_before"], place["minutes_after"]] == pytest.approx([5, 35], abs=0.01)
    assert [place["change"], place["state_before"], place["state_after"]] == ["leaves", "inside", "beyond"]
    assert place["band_before_min"] == 10
    assert np.isnan(place["band_after_min"])
    roads = made.changes.roads
    assert roads["change"].tolist() == ["lost"]
    assert roads["length_km"].iloc[0] == pytest.approx(0.5, rel=2e-3)
    assert made.differs
    assert not made.has_errors


def test_swapping_swaps_lost_and_gained(towns: tuple[Path, Path]) -> None:
    there, back = across(*towns), across(*reversed(towns))
    turn = {"lost": "gained", "kept": "kept", "gained": "lost"}
    one, two = sums(there), sums(back)
    assert len(one) == len(two) == 4
    for (circle, change), km2 in one.items():
        assert two[circle, turn[change]] == pytest.approx(km2, abs=1e-9)
    assert there.table["difference"].to_numpy(float) == pytest.approx(
        -_swapped(there, back)["difference"].to_numpy(float), abs=1e-6, nan_ok=True
    )
    assert back.changes.places["change"].tolist() == ["enters"]
    assert back.changes.roads["change"].tolist() == ["gained"]


def _swapped(there: Comparison, back: Comparison) -> pd.DataFrame:
    """Return the rows of one table in the order of the other, what was lost beside what was gained."""
    turn = {"lost_km2": "gained_km2", "gained_km2": "lost_km2"}
    other = back.table.assign(measure=back.table["measure"].replace(turn)).set_index(["subject", "measure"])
    return other.loc[list(zip(there.table["subject"], there.table["measure"], strict=True))]


def test_a_network_against_itself_differs_in_nothing(towns: tuple[Path, Path]) -> None:
    made = across(towns[0], towns[0])
    assert not made.differs
    assert set(made.changes.rings["change"]) == {"kept"}
    assert (made.table["difference"].dropna() == 0).all()
    assert made.changes.places["change"].tolist() == ["same"]
    assert not len(made.findings)


def test_areas_add_up_to_those_of_the_rings(towns: tuple[Path, Path]) -> None:
    made, found = across(*towns), sums(across(*towns))
    for path, gone in zip(towns, ("lost", "gained"), strict=True):
        rings = draw_rings(path, f"南岸={lonlat(0, 0)}", (10, 20), mode="walk", speed="6km/h").rings
        for ring in rings.itertuples():
            own = found.get((ring.id, "kept"), 0) + found.get((ring.id, gone), 0)
            assert own * 1e6 == pytest.approx(ring.area_km2 * 1e6, abs=1)
    table = made.table.set_index(["subject", "measure"])
    for circle in made.changes.rings["circle"].unique():
        row = table.loc[(circle, "area_km2")]
        assert row["after"] - row["before"] == pytest.approx(row["difference"])
        assert row["share"] == pytest.approx(row["difference"] / row["before"])


def test_faster_roads_never_lose_land(towns: tuple[Path, Path], tmp_path: Path) -> None:
    frame = gpd.read_file(towns[0]).assign(limit=20)
    slow, fast = tmp_path / "slow.gpkg", tmp_path / "fast.gpkg"
    frame.to_file(slow)
    frame.assign(limit=[25 if number % 3 else 20 for number in range(len(frame))]).to_file(fast)
    made = compare_roads(slow, fast, lonlat(0, 0), (3, 5), columns=["speed=limit"])
    rings = made.changes.rings
    assert (rings.loc[rings["change"] == "gained", "area_km2"] > 0.1).all()
    # Not one square metre is lost: what a faster road reaches in time a slower one does too.
    assert rings.loc[rings["change"] == "lost", "area_km2"].sum() * 1e6 < 1
    assert not len(made.changes.roads)


def test_journeys_to_the_places_are_measured_the_other_way(tmp_path: Path) -> None:
    lines = [LineString([(EAST, NORTH), (EAST + 1000, NORTH)])]
    lines += [LineString([(EAST + 1000, NORTH), (EAST + 500, NORTH + 2000), (EAST, NORTH)])]
    frame = gpd.GeoDataFrame({"way": ["F", "F"]}, geometry=lines, crs=CRS)
    frame.to_file(tmp_path / "one.gpkg")
    frame.assign(way=["B", "B"]).to_file(tmp_path / "both.gpkg")
    ends = [tmp_path / "one.gpkg", tmp_path / "both.gpkg"]
    asked = {"columns": ["oneway=way"], "speed": "30km/h", "places": lonlat(1000, 0)}
    away, towards = (
        compare_roads(*ends, lonlat(0, 0), (5,), towards=flag, **asked).changes.places.iloc[0]
        for flag in (False, True)
    )
    assert away["minutes_before"] == pytest.approx(2, abs=0.02)
    assert towards["minutes_before"] > 8
    assert towards["minutes_after"] == pytest.approx(2, abs=0.02)
    assert towards["change"] == "enters"


def test_people_are_counted_in_what_is_lost(towns: tuple[Path, Path], tmp_path: Path) -> None:
    spots = gpd.GeoDataFrame(
        {"people": [100.0, 7.0]},
        geometry=shapely.points([[EAST, NORTH + 500], [EAST, NORTH - 500]]),
        crs=CRS,
    )
    spots.to_file(tmp_path / "people.gpkg")
    made = across(*towns, people=tmp_path / "people.gpkg")
    table = made.table.set_index(["subject", "measure"])
    row = table.loc[("place-0001-10", "people")]
    assert [row["before"], row["after"], row["difference"]] == [107, 7, -100]
    people = made.changes.rings.set_index(["circle", "change"])["people"]
    assert people["place-0001-10", "lost"] == 100
    assert people["place-0001-10", "kept"] == 7


def test_an_origin_far_from_the_second_network_is_named_and_not_graded(
    towns: tuple[Path, Path], tmp_path: Path
) -> None:
    frame = gpd.read_file(towns[0]).to_crs(CRS)
    frame[frame.geometry.bounds["miny"] > NORTH + 400].to_file(tmp_path / "north.gpkg")
    asked = [f"南={lonlat(0, -2000)}", f"北={lonlat(0, 1000)}"]
    made = compare_roads(towns[0], tmp_path / "north.gpkg", asked, (5,), mode="walk")
    assert set(made.changes.rings["circle"]) == {"place-0002-5"}
    rules = set(made.findings["rule"])
    assert {"compare.only_before", "origins.far_from_roads"} <= rules
    assert made.findings["message_zh"].str.contains("南").any()
    assert made.has_errors


# ---- plans


@pytest.fixture(scope="module")
def faster() -> Comparison:
    return compare_plans("jiyuan", overrides=[FASTER])


def test_a_plan_against_itself_differs_in_nothing() -> None:
    made = compare_plans("jiyuan", "jiyuan")
    assert not made.differs
    assert (made.table["difference"].fillna(0) == 0).all()
    assert not len(made.findings)


def test_faster_roads_in_a_plan_reach_more(faster: Comparison) -> None:
    assert "lost" not in set(faster.changes.rings["change"])
    assert set(faster.changes.places["change"]) <= {"faster", "same", "enters"}
    xiaye = faster.changes.places.set_index("id").loc["plain_30-town-419001110"]
    assert xiaye["change"] == "enters"
    assert xiaye["minutes_before"] > 30 >= xiaye["minutes_after"]
    assert [xiaye["band_before_min"], xiaye["band_after_min"]] == [60, 30]
    rows = faster.table.set_index(["subject", "measure"])
    assert rows.loc[("plain_30", "towns"), "difference"] == 1
    assert rows.loc[("core_15", "area_km2"), "difference"] > 10
    assert (
        rows.loc[("core_15", "promise_share"), ["verdict_before", "verdict_after"]].tolist() == ["kept"] * 2
    )
    assert not len(faster.changes.roads)
    assert not len(faster.changes.lands)


def test_slower_roads_break_a_promise() -> None:
    made = compare_plans("jiyuan", overrides=["roads.speeds.trunk=40km/h", "roads.speeds.secondary=30km/h"])
    row = made.table.set_index(["subject", "measure"]).loc[("core_15", "promise_share")]
    assert [row["verdict_before"], row["verdict_after"]] == ["kept", "broken"]
    assert "gained" not in set(made.changes.rings["change"])
    broken = made.findings[made.findings["rule"] == "circles.promise_broken"]
    assert broken["feature_id"].tolist() == ["core_15-promise-area"]  # that of territory_60 is no news


def test_another_order_of_zones_moves_land_between_them() -> None:
    made = compare_plans(
        "jiyuan", overrides=["lines.priority=[ecological_redline, permanent_farmland, urban_boundary]"]
    )
    lands = made.changes.lands
    assert set(lands["layer"]) >= {"lines"}
    table = made.table.set_index(["subject", "measure"])
    for key in ("permanent_farmland", "ecological_redline"):
        own = lands[(lands["layer"] == "lines") & (lands["key"] == key)].set_index("change")["area_km2"]
        net = own.get("gained", 0.0) - own.get("lost", 0.0)
        assert net * 100 == pytest.approx(table.loc[(key, "area_ha"), "difference"], abs=0.01)
        assert abs(net) > 0.01


def test_circles_of_one_plan_alone_are_told_not_graded() -> None:
    made = compare_plans("jiyuan", overrides=["circles.core_15.id=core_20", "circles.plain_30.time=40 min"])
    rules = made.findings.set_index("rule")
    assert "核心区15分钟通勤圈" in rules.loc["compare.only_before", "message_zh"]
    assert rules.loc["compare.other_time", "value"] == 40
    assert "core_15" not in set(made.changes.rings["circle"])


# ---- files


def test_files_are_the_same_twice_and_hold_all(faster: Comparison, tmp_path: Path) -> None:
    one, two = (compare_plans("jiyuan", overrides=[FASTER], out=tmp_path / name) for name in "ab")
    assert [file.name for file in one.files] == ["compare.gpkg", "compare.csv", "compare.html"]
    for left, right in zip(one.files, two.files, strict=True):
        assert left.read_bytes() == right.read_bytes()
    layers = {name for name, _ in pyogrio.list_layers(one.files[0])}
    assert {"ring_changes", "place_changes", "land_changes", "road_changes", "findings"} <= layers
    read = gpd.read_file(one.files[0], layer="ring_changes")
    assert read["area_km2"].sum() == pytest.approx(faster.changes.rings["area_km2"].sum())
    table = pd.read_csv(one.files[1])
    assert {"subject", "measure", "unit", "before", "after", "difference", "share"} <= set(table.columns)
    assert len(table) == len(faster.table)


def test_the_map_shows_what_changed_and_needs_no_network(towns: tuple[Path, Path], tmp_path: Path) -> None:
    made = across(*towns, out=tmp_path)
    page = (tmp_path / "compare.html").read_text(encoding="utf-8")
    config = json.loads(re.search(r'id="plan-data-config">(.*?)</script>', page, re.DOTALL)[1])
    keys = [layer["key"] for layer in config["layers"]]
    assert {"ring_changes_0", "ring_changes_1", "road_changes", "place_changes", "origins"} <= set(keys)
    most = made.changes.rings.loc[lambda rows: rows["change"] == "lost"].nlargest(1, "area_km2")
    first = json.loads(re.search(r'id="plan-data-ring_changes_0">(.*?)</script>', page, re.DOTALL)[1])
    assert str(most["circle"].iloc[0]) in json.dumps(first)
    assert not re.search(r'<(?:script|link|img)[^>]*(?:src|href)="https?://', page)


def test_names_are_data_in_the_map(towns: tuple[Path, Path], tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    compare_roads(*towns, f"{evil}={lonlat(0, 0)}", (5,), mode="walk", out=tmp_path)
    assert evil not in (tmp_path / "compare.html").read_text(encoding="utf-8")


def test_one_row_a_place_that_in_which_it_changed_most(faster: Comparison) -> None:
    shown = choose_places(faster.changes.places)
    assert not shown["place"].duplicated().any()
    assert shown.set_index("place").loc["town-419001110", "change"] == "enters"
    assert (
        not shapely.to_wkb(shown.geometry.to_numpy()).tolist().count(shapely.to_wkb(shown.geometry.iloc[0]))
        > 1
    )


# ---- the command


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["compare", *map(str, arguments)])
    return done.exit_code, done.output


def test_the_command_tells_verdicts_and_places(tmp_path: Path) -> None:
    code, said = run("jiyuan", "--set", FASTER, "-o", tmp_path)
    assert code == 0
    assert "兑现 kept" in said
    assert "下冶镇" in said
    assert str(tmp_path / "compare.html") in said.replace("\n", "")


def test_the_command_says_that_nothing_differs(towns: tuple[Path, Path], tmp_path: Path) -> None:
    code, said = run("--roads", towns[0], "--roads", towns[0], "--from", lonlat(0, 0), "-o", tmp_path)
    assert code == 0
    assert "nothing differs 两个方案没有差别" in said


@pytest.mark.parametrize(
    ("plans", "roads", "origins", "overrides", "said"),
    [
        ([], [], [], [], "0 plans are given"),
        (["a", "b", "c"], [], [], [], "3 plans are given"),
        (["jiyuan"], [], [], [], "nothing to be compared with"),
        (["jiyuan"], ["a.gpkg"], [], [], "two questions"),
        ([], ["a.gpkg"], ["112,35"], [], "--roads is given 1 times"),
        ([], ["a.gpkg", "b.gpkg"], [], [], "--from: no place is given"),
        ([], ["a.gpkg", "b.gpkg"], ["112,35"], ["year=2030"], "no plan to change"),
        (["jiyuan", "hebi"], [], ["112,35"], [], "circles of its own"),
    ],
)
def test_what_is_no_pair_is_refused(plans, roads, origins, overrides, said) -> None:
    with pytest.raises(PlanError, match=re.escape(said)):
        compare_given(plans, [Path(road) for road in roads], origins, overrides, out=None, progress=None)


def test_a_file_that_is_not_there_is_refused(towns: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="absent"):
        compare_roads(towns[0], tmp_path / "absent.gpkg", lonlat(0, 0), (5,))


def test_heidelberg_without_a_bridge(real_data: Path, tmp_path: Path) -> None:
    from spatial.sources.networks import open_networks
    from spatial.studies.scenarios import draw_roads

    net = open_networks(real_data / "osm" / "heidelberg.osm.pbf", ["drive"])["drive"]
    roads = gpd.GeoDataFrame(
        {"name": net.road_name.astype(str), "kind": net.road_class.astype(str)},
        geometry=list(draw_roads(net)),
        crs=4490,
    )
    roads.to_file(tmp_path / "whole.gpkg")
    bridge = roads["name"] == "Theodor-Heuss-Brücke"
    assert bridge.any()
    roads[~bridge].to_file(tmp_path / "without.gpkg")
    made = compare_roads(
        tmp_path / "whole.gpkg", tmp_path / "without.gpkg", "Bismarckplatz=8.6935,49.4095", (5, 10),
        columns=["class=kind"], places=["Neuenheim=8.688,49.4190", "Rohrbach=8.6900,49.3850"],
    )  # fmt: skip
    assert set(made.changes.rings["change"]) == {"lost", "kept"}
    real_km = roads[bridge].to_crs(25832).length.sum() / 1000
    only = made.changes.roads.set_index("change")["length_km"]
    assert only["lost"] == pytest.approx(real_km, rel=0.02)
    places = made.changes.places.set_index("name")
    assert places.loc["Neuenheim", "difference_min"] > 1
    assert places.loc["Rohrbach", "change"] == "same"
