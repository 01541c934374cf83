"""Checks of the territory: what is printed, what is suspected, what is wrong."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.checks.territory import territory_findings
from spatial.engine.gcj02 import shift_gcj02
from spatial.plan.records import Place, Source, Territory, Town
from spatial.sources.districts import measure_provider_areas, read_boundary, read_counties, read_reference
from spatial.sources.vector import read_source
from spatial.themes import territory as theme

STATED = Territory.model_validate({"adcode": 419001, "stated_area": "1931 km2"})


def town(name="沁园街道", code="419001001", seat=(112.59, 35.09), **more):
    return Town.model_validate({"name": name, "code": code, "seat": list(seat), **more})


def place(name, at):
    return Place.model_validate({"name": name, "at": list(at)})


def findings(spec=STATED, frames=None, towns=(), places=(), **instead):
    boundary = read_boundary(spec, frames or {})
    territory = theme.territory(spec, boundary)
    nodes = {
        "territory": territory,
        "boundary": boundary,
        "reference_boundary": read_reference(spec, boundary),
        "provider_areas": measure_provider_areas(spec.adcode),
        "districts": theme.districts(read_counties(spec), territory),
        "towns": theme.towns(tuple(towns)),
        "places": theme.places(tuple(places)),
    }
    return territory_findings(**(nodes | instead))


def only(found, rule):
    (item,) = [item for item in found if item.rule == rule]
    assert item.message_zh
    return item


def draw(folder, shape):
    """Write a boundary and read it as the toolkit does."""
    gpd.GeoDataFrame({"name": ["济源"]}, geometry=[shape], crs=4490).to_file(folder / "border.gpkg")
    return {"border": read_source("border", Source(file="border.gpkg"), folder).frame}


def amap_jiyuan():
    return read_boundary(Territory(adcode=419001, provider="amap"), {}).geometry.iloc[0]


def test_all_areas_are_printed_and_none_is_forced():
    found = findings()
    assert {item.severity for item in found} == {"info"}
    stated = only(found, "territory.area_stated")
    assert stated.value == pytest.approx(1891.1, abs=0.1)
    assert stated.limit == pytest.approx(1931)
    assert "1891.1 km²" in stated.message_en
    assert "1931.0 km²" in stated.message_en
    assert "-2.1 %" in stated.message_en
    assert "相差 -2.1%" in stated.message_zh
    by_provider = [item for item in found if item.rule == "territory.area_provider"]
    assert [item.message_en.split("by ")[1].split(" ")[0] for item in by_provider] == ["tianditu", "amap"]
    assert "+0.0 %" in by_provider[0].message_en
    assert "1894.9 km²" in by_provider[1].message_en


def test_a_provider_s_boundary_is_said_to_be_wgs84():
    assert "taken as CGCS2000" in only(findings(), "territory.wgs84").message_en


def test_a_boundary_in_gcj02_is_suspected(tmp_path):
    shifted = shapely.transform(amap_jiyuan(), lambda xy: np.column_stack(shift_gcj02(*xy.T)))
    for spec in (Territory(source="border"), Territory(source="border", adcode=419001)):
        item = only(findings(spec, draw(tmp_path, shifted)), "territory.gcj02")
        assert item.severity == "warning"
        assert "GCJ-02" in item.message_en
        assert "济源市" in item.message_zh
        assert item.value > 100
        assert item.limit < 1
        assert shifted.contains(item.geometry)


@pytest.mark.parametrize("adcode", [419001, 410600, 510100])
def test_gcj02_is_told_between_two_providers(tmp_path, adcode):
    shape = read_boundary(Territory(adcode=adcode), {}).geometry.iloc[0]
    shifted = shapely.transform(shape, lambda xy: np.column_stack(shift_gcj02(*xy.T)))
    spec = Territory(source="border", adcode=adcode)
    assert only(findings(spec, draw(tmp_path, shifted)), "territory.gcj02")
    assert "territory.gcj02" not in [item.rule for item in findings(spec, draw(tmp_path, shape))]


def test_a_plan_s_own_boundary_is_not_suspected_for_being_different(tmp_path):
    shape = amap_jiyuan()
    east = shapely.affinity.translate(shape, 0.0, -0.006)
    coarse = shape.simplify(0.01)
    for drawn in (shape, east, coarse):
        found = findings(Territory(source="border"), draw(tmp_path, drawn))
        assert "territory.gcj02" not in [item.rule for item in found]
        assert "territory.wgs84" not in [item.rule for item in found]


def test_a_boundary_that_is_no_unit_is_compared_with_nothing(tmp_path):
    spec = Territory(source="border")
    assert findings(spec, draw(tmp_path, shapely.box(112.5, 35, 112.51, 35.01))) == []


def test_towns_and_places_outside_are_errors_with_their_distance():
    found = findings(
        towns=[town(), town("郑州", "410101", (113.65, 34.76))], places=[place("洛阳<b>", (112.45, 34.62))]
    )
    item = only(found, "towns.outside")
    assert item.severity == "error"
    assert item.feature_id == "town-410101"
    assert item.value == pytest.approx(92_000, rel=0.05)
    assert f"{item.value:.0f} m outside" in item.message_en
    assert "(113.65000, 34.76000)" in item.message_en
    assert item.geometry == shapely.Point(113.65, 34.76)
    assert "洛阳<b>" in only(found, "places.outside").message_en


def test_an_accuracy_that_is_not_stated_is_unknown():
    found = findings(towns=[town("甲", "1", (112.6, 35.1)), town("乙", "2", (112.6, 35.09), accuracy="0 m")])
    item = only(found, "towns.accuracy_unknown")
    assert (item.severity, item.value) == ("info", 1)
    assert "：甲；" in item.message_zh
    outside = only(findings(towns=[town("丙", "3", (115, 35))]), "towns.outside")
    assert (outside.severity, outside.limit) == ("error", None)


def test_a_seat_outside_within_its_accuracy_is_a_warning():
    found = findings(
        towns=[town("北", "1", (112.6, 35.2758), accuracy="2 km"), town("南", "2", (112.6, 35.09))]
    )
    item = only(found, "towns.outside")
    assert item.severity == "warning"
    assert 0 < item.value <= item.limit == 2000
    assert "within its accuracy of ±2000 m" in item.message_en


def test_codes_and_names_given_twice_are_errors():
    found = findings(
        towns=[town("甲", "1"), town("乙", "1"), town("丙", "2"), town("丙", "3")],
        places=[place("甲", (112.5, 35.1)), place("丁", (112.5, 35.1)), place("丁", (112.5, 35.1))],
    )
    wrong = sorted(
        (item.rule, item.message_en.split(" is given")[0]) for item in found if item.severity == "error"
    )
    assert wrong == [
        ("places.duplicate_name", "the name 丁"),
        ("places.duplicate_name", "the name 甲"),
        ("towns.duplicate_code", "the code 1"),
        ("towns.duplicate_name", "the name 丙"),
    ]


def test_an_invalid_or_empty_boundary_is_an_error():
    spec = Territory(adcode=419001)
    boundary = read_boundary(spec, {})
    bowtie = shapely.Polygon([(112.5, 35.0), (112.6, 35.1), (112.6, 35.0), (112.5, 35.05)])
    item = only(findings(boundary=boundary.set_geometry([bowtie], crs=4490)), "territory.invalid")
    assert "Self-intersection" in item.message_en
    item = only(findings(boundary=boundary.set_geometry([shapely.Polygon()], crs=4490)), "territory.invalid")
    assert "no area" in item.message_en


def test_land_that_no_district_covers_is_measured():
    item = only(findings(Territory(adcode=510100)), "districts.gap")
    assert item.severity == "info"
    assert item.value == pytest.approx(59.8, abs=0.5)
    assert item.geometry.area > 0
    assert "districts.gap" not in [found.rule for found in findings()]


def test_checks_change_nothing():
    spec = Territory(adcode=419001)
    boundary = read_boundary(spec, {})
    before = boundary.to_json()
    findings(boundary=boundary, towns=[town(), town()])
    assert boundary.to_json() == before
