"""Roads from line files: columns as Chinese surveys, Geofabrik and navigation data write them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.engine.travel.network import FAR
from spatial.errors import SourceError
from spatial.plan.records import Source
from spatial.sources.networks import LineFile, Travel, build_mode, open_line_networks
from spatial.sources.roads import RoadColumns, make_line_table, node_roads, read_line_roads
from spatial.sources.speeds import choose_class_speeds

EAST = shapely.LineString([(112.50, 35.05), (112.54, 35.05)])
NORTH = shapely.LineString([(112.52, 35.03), (112.52, 35.07)])
DRIVE = choose_class_speeds("drive")


def frame_of(*shapes, **columns):
    columns = {"name": [""] * len(shapes)} | columns
    return gpd.GeoDataFrame(columns | {"source": "roads"}, geometry=list(shapes), crs="EPSG:4490")


def build(frame, columns=None, mode="drive", join_m=0.0, **speeds):
    roads = node_roads(frame, columns, join_m=join_m)
    return build_mode(roads, mode, crs="EPSG:4547", travel=Travel(speeds=speeds))


def kmh_of(network):
    return dict(
        zip(
            network.road_class.tolist(),
            (network.road_m * 3.6 / network.road_seconds.min(axis=1)).round(2).tolist(),
            strict=True,
        )
    )


def test_lines_that_cross_become_a_junction():
    assert build(frame_of(EAST, NORTH)).size == (5, 8, 4)


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        (RoadColumns(level="layer"), {"layer": [1, 0]}),
        (RoadColumns(level="layer"), {"layer": ["1", None]}),
        (RoadColumns(bridge="bridge"), {"bridge": ["T", "F"]}),
        (RoadColumns(tunnel="隧道"), {"隧道": ["是", "否"]}),
    ],
)
def test_bridges_and_tunnels_pass(columns, values):
    network = build(frame_of(EAST, NORTH, **values), columns)
    assert network.size == (4, 4, 2)
    assert network.shape_aloft.sum() == 2


def test_a_bridge_without_a_level_is_above_and_zero_means_that_none_is_stated():
    columns = RoadColumns(level="layer", bridge="bridge")
    assert build(frame_of(EAST, NORTH, layer=[0, 0], bridge=["T", "F"]), columns).size == (4, 4, 2)


@pytest.mark.parametrize(
    ("value", "there", "back"),
    [
        ("F", True, False), ("FT", True, False), ("yes", True, False), (True, True, False), (1, True, False),
        (1.0, True, False), ("单向", True, False), ("T", False, True), ("TF", False, True), (-1, False, True),
        ("B", True, True), ("no", True, True), (False, True, True), (0, True, True), (None, True, True), ("双向", True, True),
    ],
)  # fmt: skip
def test_one_way_columns(value, there, back):
    network = build(frame_of(EAST, oneway=[value]), RoadColumns(oneway="oneway"))
    assert (network.road_seconds < FAR).tolist() == [[there, back]]
    walk = build(frame_of(EAST, oneway=[value]), RoadColumns(oneway="oneway"), "walk")
    assert (walk.road_seconds < FAR).tolist() == [[True, True]]


@pytest.mark.parametrize("value", ["县道", "secondary", " 县道 ", "次干路", "三级公路"])
def test_classes_are_known_by_their_chinese_and_osm_names(value):
    network = build(frame_of(EAST, grade=[value]), RoadColumns(class_="grade"))
    assert kmh_of(network) == {"secondary": DRIVE["secondary"]}


def test_own_classes_are_named_or_taken_as_they_are():
    columns = RoadColumns(class_="grade", classes={"A1": "primary"})
    frame = frame_of(EAST, NORTH, grade=["a1", "tractor"])
    network = build(frame, columns, tractor=9)
    assert kmh_of(network) == {"primary": DRIVE["primary"], "tractor": 9}
    unknown = build(frame, columns)
    assert kmh_of(unknown)["tractor"] == DRIVE["other"]
    assert "class 'tractor' has no speed of its own, that of 'other' is taken: 1" in unknown.notes


def test_classes_of_other_modes_are_closed():
    frame = frame_of(EAST, NORTH, grade=["高速公路", "人行道"])
    columns = RoadColumns(class_="grade")
    assert build(frame, columns).road_class.tolist() == ["motorway"]
    assert build(frame, columns, "walk").road_class.tolist() == ["footway"]


def test_speeds_are_posted_or_unknown():
    columns = RoadColumns(speed="limit")
    lines = [shapely.LineString([(112.5, 35 + k / 100), (112.54, 35 + k / 100)]) for k in range(4)]
    network = build(frame_of(*lines, limit=["40", 0, None, "60 km/h"]), columns)
    kmh = (network.road_m * 3.6 / network.road_seconds[:, 0]).round(2)
    assert sorted(kmh.tolist()) == [15, 15, 40, 60]
    bad = build(frame_of(EAST, limit=["quick"]), columns)
    assert "speed 'quick' is not understood, class speed taken: 1" in bad.notes
    odd = build(frame_of(EAST, limit=["maybe"]), RoadColumns(oneway="limit"))
    assert "one-way 'maybe' is not understood, taken as both ways: 1" in odd.notes


def test_surface_is_read():
    network = build(frame_of(EAST, NORTH, 路面=["水泥", "土路"]), RoadColumns(surface="路面"))
    assert sorted(network.road_paved.tolist()) == [0, 0, 1, 1]


def test_ends_that_stop_short_are_found_and_joined_only_when_asked():
    short = shapely.LineString([(112.52, 35.05002), (112.52, 35.07)])
    told = node_roads(frame_of(EAST, short))
    (finding,) = told.findings
    assert (finding.rule, finding.severity, finding.value) == ("sources.road_end_short", "warning", 1.0)
    assert "2.22 m" in finding.message_en
    assert "2.22 米" in finding.message_zh
    np.testing.assert_allclose(shapely.get_coordinates(finding.geometry), [[112.52, 35.05002]])
    assert build(frame_of(EAST, short)).size[2] == 2
    assert build(frame_of(EAST, short), join_m=3).size[2] == 3
    assert node_roads(frame_of(EAST, short), join_m=3).findings[0].rule == "sources.road_end_joined"


def test_places_stay_where_they_are():
    table = make_line_table(node_roads(frame_of(EAST, NORTH)), "drive")
    np.testing.assert_allclose(table.lon[table.way_start[:-1]], [112.50, 112.52], atol=1e-12)
    np.testing.assert_allclose(table.lat[table.way_start[1:] - 1], [35.05, 35.07], atol=1e-12)


def test_what_are_no_lines_is_counted_or_refused():
    point = shapely.Point(112.5, 35)
    assert "features that are not lines, left out: 1" in build(frame_of(EAST, point)).notes
    with pytest.raises(SourceError, match="roads: holds no lines"):
        node_roads(frame_of(point))


def test_columns_that_are_not_there_are_named_together():
    columns = RoadColumns(class_="grade", oneway="way")
    with pytest.raises(SourceError) as caught:
        node_roads(frame_of(EAST, fclass=["primary"]), columns)
    assert [fault.key for fault in caught.value.faults] == ["class", "oneway"]
    assert "there is name, fclass" in str(caught.value)


@pytest.mark.parametrize("ending", ["gpkg", "shp", "geojson", "gdb"])
def test_any_line_file_becomes_a_network(tmp_path, ending):
    frame = gpd.GeoDataFrame(
        {
            "name": ["G208", "乡道"],
            "fclass": ["trunk", "tertiary"],
            "oneway": ["B", "F"],
            "maxspeed": [0.0, 30.0],
        },
        geometry=[EAST, NORTH],
        crs="EPSG:4490",
    )
    options = {"driver": "OpenFileGDB"} if ending == "gdb" else {}
    frame.to_file(tmp_path / f"roads.{ending}", encoding="utf-8", **options)
    columns = RoadColumns(class_="fclass", speed="maxspeed", oneway="oneway")
    source = Source(file=f"roads.{ending}", crs="EPSG:4490" if ending == "geojson" else None)
    lines = LineFile("roads", source, tmp_path, columns)
    first = open_line_networks(lines, ["drive", "walk"])
    assert first["drive"].size == (5, 6, 4)
    assert sorted(set(first["drive"].road_name.tolist())) == ["G208", "乡道"]
    assert first["drive"].crs == "EPSG:4547"
    again = open_line_networks(lines, ["walk"])["walk"]
    np.testing.assert_array_equal(again.seconds, first["walk"].seconds)
    assert read_line_roads("roads", source, tmp_path, columns).noded.line.tolist() == [0, 1]


def rules_of(findings):
    return {(one.rule, one.feature_id) for one in findings}


def test_what_columns_say_that_is_not_understood_is_found_with_feature_and_place():
    lines = [shapely.LineString([(112.5, 35 + k / 100), (112.54, 35 + k / 100)]) for k in range(4)]
    frame = frame_of(
        *lines,
        id=["a", "b", "c", "d"],
        kind=["primary", "牛道", "tractor", "tractor"],
        limit=["60", "0", "-30", "300"],
        way=["F", "maybe", "B", None],
        lev=["1", "0.5", "x", None],
    )
    columns = RoadColumns(class_="kind", speed="limit", oneway="way", level="lev")
    found = node_roads(frame, columns).findings
    assert rules_of(found) == {
        ("sources.road_class_unknown", "b"), ("sources.road_class_unknown", ""),
        ("sources.road_speed_zero", "b"),
        ("sources.road_speed_unusable", "c"), ("sources.road_speed_unusable", "d"),
        ("sources.road_oneway_unusable", "b"),
        ("sources.road_level_unusable", "b"), ("sources.road_level_unusable", "c"),
    }  # fmt: skip
    several = next(one for one in found if one.rule == "sources.road_class_unknown" and not one.feature_id)
    assert several.value == 2
    assert "c, d" in several.message_zh
    assert len(several.geometry.geoms) == 2
    assert all(shapely.distance(one.geometry, shapely.multilinestrings(lines)) < 1e-9 for one in found)
    assert {one.layer for one in found} == {"roads"}
    known = node_roads(frame, columns, known=["tractor", "walk.牛道"]).findings
    assert "sources.road_class_unknown" not in {one.rule for one in known}


def test_a_level_that_is_not_understood_is_the_ground():
    columns = RoadColumns(level="layer")
    assert build(frame_of(EAST, NORTH, layer=["0.5", "0"]), columns).size == (5, 8, 4)
    assert build(frame_of(EAST, NORTH, layer=["20", "0"]), columns).size == (5, 8, 4)
    assert build(frame_of(EAST, NORTH, layer=["2.0", "0"]), columns).size == (4, 4, 2)


def test_lines_without_length_and_what_are_no_lines_are_named():
    dot = shapely.LineString([(112.52, 35.05), (112.52, 35.05)])
    roads = node_roads(frame_of(EAST, dot, shapely.Point(112.5, 35), id=["a", "b", "c"]))
    assert rules_of(roads.findings) == {("sources.road_without_length", "b"), ("sources.road_no_line", "c")}
    assert build_mode(roads, "drive", crs="EPSG:4547").size == (2, 2, 1)
    with pytest.raises(SourceError, match="all its lines have no length"):
        node_roads(frame_of(dot))


def test_rare_values_are_told_together():
    lines = [shapely.LineString([(112.5, 35 + k / 1000), (112.54, 35 + k / 1000)]) for k in range(30)]
    found = node_roads(
        frame_of(*lines, kind=[f"k{n}" for n in range(30)]), RoadColumns(class_="kind")
    ).findings
    assert len(found) == 11
    assert sum(one.value for one in found) == 30


def test_findings_are_told_again_when_the_network_comes_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPATIAL_CACHE", str(tmp_path / "cache"))
    frame_of(EAST, NORTH, kind=["primary", "牛道"]).drop(columns="source").to_file(tmp_path / "r.gpkg")
    lines = LineFile("r", Source(file="r.gpkg"), tmp_path, RoadColumns(class_="kind"))
    first, steps, second = [], [], []
    one = open_line_networks(lines, ["drive"], found=first)
    two = open_line_networks(lines, ["drive"], found=second, told=steps.append)
    assert steps == []  # nothing was parsed
    assert first == second
    assert {one.rule for one in first} >= {"sources.road_class_unknown"}
    assert one["drive"].notes == two["drive"].notes
    for file in (tmp_path / "cache" / "networks").glob("*.found"):
        file.write_text("[{", encoding="utf-8")
    third = []
    open_line_networks(lines, ["drive"], found=third)
    assert third == first
    # A speed of the user's own is an answer, so the finding goes.
    fourth = []
    open_line_networks(lines, ["drive"], travel=Travel(speeds={"牛道": 8}), found=fourth)
    assert "sources.road_class_unknown" not in {one.rule for one in fourth}
