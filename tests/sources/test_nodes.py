"""Nodes of the sources: what kind each is, and the networks that circles run on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hamilton.caching import fingerprinting

from spatial.cache import register_fingerprints
from spatial.engine.travel.network import Network
from spatial.errors import SourceError
from spatial.plan.records import Circle, Connections, Facilities, Roads, Source
from spatial.sources.nodes import (
    line_roads,
    road_area,
    road_findings,
    road_modes,
    road_networks,
    road_refs,
    source_findings,
    source_reads,
)
from spatial.sources.references import SourceRef, list_rasters, reference_sources

BOUNDARY = gpd.GeoDataFrame({"id": ["t"]}, geometry=[shapely.box(112.0, 35.0, 112.1, 35.1)], crs=4490)
CROSS = [[(112.0, 35.05), (112.1, 35.05)], [(112.05, 35.0), (112.05, 35.1)], [(115.0, 35.0), (115.1, 35.0)]]


def circle(**keys: Any) -> Circle:
    base = {"id": "c", "name": "圈", "from": "core", "time": "15 min", "method": "network"}
    return Circle.model_validate(base | keys)


def lines(**columns: list[Any]) -> gpd.GeoDataFrame:
    base = {"id": list("abc"), "name": "", "source": "roads", "illustrative": True, "grade": "county"}
    return gpd.GeoDataFrame(base | columns, geometry=[shapely.LineString(line) for line in CROSS], crs=4490)


def build(spec: Roads, frame: gpd.GeoDataFrame, *modes: str) -> tuple[dict[str, Network], list[Any]]:
    asked = road_modes(tuple(circle(mode=mode) for mode in modes or ("drive",)), None, None)
    area = road_area(spec, BOUNDARY)
    ref = SourceRef("roads", Source(file="roads.geojson"), ".", "x")
    noded = line_roads(spec, asked, {"roads": frame}, area)
    refs = road_refs(spec, (ref, SourceRef("other", Source(file="o.gpkg"), ".", "y")))
    assert list(refs) == ["roads"]
    made = road_networks(
        road_spec=spec,
        road_modes=asked,
        road_refs=refs,
        line_roads=noded,
        road_area=area,
        metric_crs="EPSG:4546",
    )
    return dict(made), road_findings(spec, asked, noded, made)


def roads(**keys: Any) -> Roads:
    return Roads.model_validate({"source": "roads", **keys})


def test_only_modes_that_circles_need_are_built() -> None:
    assert road_modes((circle(method="buffer"), circle(mode="bus")), None, None) == ()
    assert road_modes((circle(mode="walk"), circle(), circle(id="d")), None, None) == ("drive", "walk")
    assert road_modes((), Connections(), None) == ("drive",)
    assert road_modes((), Connections(villages="v", stops="s"), None) == ("drive", "walk")
    assert road_modes((), None, Facilities(source="f")) == ("walk",)


def test_lines_become_a_network_with_the_classes_and_speeds_of_the_plan() -> None:
    spec = roads(classes={"county": "tertiary"}, speeds={"tertiary": "36 km/h"})
    made, findings = build(spec, lines())
    network = made["drive"]
    assert set(network.road_class) == {"tertiary"}
    assert network.size == (5, 8, 4)  # the third line lies far off and is left out
    assert network.road_seconds == pytest.approx(np.repeat(network.road_m / 10, 2).reshape(-1, 2), rel=1e-5)
    assert [found.rule for found in findings] == ["roads.network"]
    assert "5 nodes" in findings[0].message_en


def test_what_the_columns_of_a_plan_s_roads_say_wrongly_is_a_finding() -> None:
    columns = {"speed": "limit", "oneway": "way", "level": "z"}
    frame = lines(limit=["quick", 0, "60"], way=["F", "perhaps", "B"], z=["0", "half", "1"])
    _, findings = build(roads(columns=columns, classes={"county": "ox_track"}), frame)
    found = {one.rule: one for one in findings}
    assert set(found) == {
        "roads.network", "sources.road_class_unknown", "sources.road_speed_unusable",
        "sources.road_speed_zero", "sources.road_oneway_unusable", "sources.road_level_unusable",
    }  # fmt: skip
    near = frame.iloc[:2]  # the third line lies far off and is no business of the plan
    assert found["sources.road_speed_unusable"].feature_id == near["id"].iloc[0]
    assert found["sources.road_level_unusable"].feature_id == near["id"].iloc[1]
    for rule, one in found.items():
        if rule != "roads.network":
            assert (one.layer, one.geometry is not None) == ("roads", True)
            assert shapely.distance(one.geometry, near.union_all()) < 1e-9
    named = roads(columns=columns, classes={"county": "ox_track"}, speeds={"ox_track": "9 km/h"})
    assert "sources.road_class_unknown" not in {one.rule for one in build(named, frame)[1]}


def test_levels_keep_a_bridge_off_the_road_below() -> None:
    made, _ = build(roads(columns={"level": "z"}), lines(z=[0, 1, 0]))
    assert made["drive"].size[0] == 4


def test_closed_modes_are_reported_and_the_others_built() -> None:
    spec = roads(classes={"county": "footway"})
    made, findings = build(spec, lines(), "drive", "walk")
    assert list(made) == ["walk"]
    assert [(found.rule, found.severity, found.feature_id) for found in findings] == [
        ("roads.closed", "error", "drive"),
        ("roads.network", "info", "walk"),
    ]


def test_roads_elsewhere_are_reported() -> None:
    made, findings = build(roads(margin="0 m"), lines().iloc[2:])
    assert made == {}
    assert [found.rule for found in findings] == ["roads.closed"]
    assert "within 0 km" in findings[0].message_en


def test_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SourceError, match="v_max"):
        build(roads(columns={"speed": "v_max"}), lines())


def test_no_roads_no_network() -> None:
    asked = road_modes((circle(),), None, None)
    area = road_area(None, BOUNDARY)
    assert line_roads(None, asked, {}, area) is None
    made = road_networks(
        road_spec=None,
        road_modes=asked,
        road_refs={},
        line_roads=None,
        road_area=area,
        metric_crs="EPSG:4546",
    )
    assert made == {}
    assert road_findings(None, asked, None, made) == []


def test_the_margin_is_metres_on_the_ground() -> None:
    area = road_area(roads(margin="10 km"), BOUNDARY)
    west, south, east, north = area.bounds
    up = 10_000 / 110_574
    assert (35.0 - south, north - 35.1) == pytest.approx((up, up))
    assert (112.0 - west, east - 112.1) == pytest.approx([up / np.cos(np.radians(35.1))] * 2)


def test_kinds_of_sources_are_told_and_only_features_are_read(tmp_path: Path) -> None:
    (tmp_path / "town.osm.pbf").write_bytes(b"not read here")
    (tmp_path / "heights.tif").write_bytes(b"nor this")
    (tmp_path / "seats.csv").write_text("name,lon,lat\n甲,112.28,35.12\n", encoding="utf-8")
    sources = {
        "streets": Source(file="town.osm.pbf"),
        "heights": Source(file="heights.tif"),
        "seats": Source(file="seats.csv", crs="EPSG:4490"),
    }
    refs = reference_sources(sources, tmp_path, {"heights"})
    assert [ref.kind for ref in refs] == ["extract", "raster", "features"]
    assert refs[0].locate() == tmp_path / "town.osm.pbf"
    assert list(source_reads(refs)) == ["seats"]
    with pytest.raises(SourceError, match=r"not a vector format"):
        reference_sources(sources, tmp_path)
    spare = reference_sources(sources, tmp_path, unused={"heights", "seats"})
    assert [ref.kind for ref in spare] == ["extract", "spare", "features"]
    reads = source_reads(spare)
    (told,) = [one for one in source_findings(reads, spare) if one.rule == "sources.unused"]
    assert (told.severity, told.layer) == ("info", "heights")
    with pytest.raises(SourceError, match=r"\.csv is not a format"):
        reference_sources({"seats": sources["seats"]}, tmp_path, {"seats"})
    with pytest.raises(SourceError, match="no such file"):
        reference_sources({"streets": Source(file="gone.osm.pbf")}, tmp_path)


def test_an_extract_becomes_networks(real_data: Path) -> None:
    boundary = gpd.GeoDataFrame({"id": ["t"]}, geometry=[shapely.box(1.50, 42.50, 1.56, 42.54)], crs=4490)
    spec = Roads.model_validate({"source": "streets", "margin": "2 km"})
    sources = {"streets": Source(file=str(real_data / "osm" / "andorra.osm.pbf"))}
    asked = road_modes((circle(), circle(mode="walk")), None, None)
    area = road_area(spec, boundary)
    made = road_networks(
        road_spec=spec,
        road_modes=asked,
        road_refs=road_refs(spec, reference_sources(sources, real_data)),
        line_roads=line_roads(spec, asked, {}, area),
        road_area=area,
        metric_crs="EPSG:32631",
    )
    assert list(made) == ["drive", "walk"]
    assert made["walk"].size[0] > made["drive"].size[0] > 300
    assert made["drive"].crs == "EPSG:32631"


def test_networks_are_told_apart_by_what_they_hold() -> None:
    register_fingerprints()
    one, same, other = (
        build(roads(speeds={"other": speed}), lines())[0]["drive"]
        for speed in ("36 km/h", "36 km/h", "37 km/h")
    )
    assert fingerprinting.hash_value(one) == fingerprinting.hash_value(same)
    assert fingerprinting.hash_value(one) != fingerprinting.hash_value(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.array(["a", "b"], dtype=object), np.array(["a", "c"], dtype=object)),
        (np.zeros(2), np.zeros((2, 1))),
        (np.zeros(2, dtype=np.int64), np.zeros(2)),
        (np.array([shapely.Point(0, 0)]), np.array([shapely.Point(0, 1)])),
        (np.array([None, "a"], dtype=object), np.array(["None", "a"], dtype=object)),
    ],
)
def test_arrays_are_told_apart_by_type_shape_and_values(one: np.ndarray, other: np.ndarray) -> None:
    register_fingerprints()
    assert fingerprinting.hash_value(one) == fingerprinting.hash_value(one.copy())
    assert fingerprinting.hash_value(one) != fingerprinting.hash_value(other)


def test_an_elevation_model_slows_walkers(real_data: Path) -> None:
    boundary = gpd.GeoDataFrame({"id": ["t"]}, geometry=[shapely.box(1.51, 42.50, 1.54, 42.52)], crs=4490)
    sources = {
        "streets": Source(file=str(real_data / "osm" / "andorra.osm.pbf")),
        "heights": Source(file=str(real_data / "dem" / "N42E001.hgt.zip")),
    }
    seconds = []
    for keys in ({}, {"elevation": "heights"}):
        spec = Roads.model_validate({"source": "streets", "margin": "0 m"} | keys)
        refs = reference_sources(sources, real_data, list_rasters(spec) or {"heights"})
        made = road_networks(
            road_spec=spec,
            road_modes=("walk",),
            road_refs=road_refs(spec, refs),
            line_roads=None,
            road_area=road_area(spec, boundary),
            metric_crs="EPSG:32631",
        )
        seconds.append(made["walk"].road_seconds.sum(dtype=float))
    assert seconds[1] > seconds[0] * 1.02


def test_networks_are_described_in_both_languages() -> None:
    _, found = build(roads(classes={"county": "tertiary"}), lines())
    note = next(one for one in found if one.rule == "roads.network")
    assert not re.search(r"[A-Za-z]{2,}", note.message_zh)
    assert "个节点" in note.message_zh
    assert "nodes" in note.message_en
