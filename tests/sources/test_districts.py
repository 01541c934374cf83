"""Administrative boundaries by code, against the facts that are known of them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.engine.gcj02 import shift_gcj02
from spatial.errors import PlanError, SourceError
from spatial.plan.records import Territory
from spatial.sources.districts import (
    find_adcode,
    measure_provider_areas,
    read_boundary,
    read_counties,
    read_reference,
)


def boundary_of(adcode, provider="tianditu"):
    return read_boundary(Territory(adcode=adcode, provider=provider), {})


def source_frame(*shapes, name="境界"):
    return gpd.GeoDataFrame(
        {"id": [str(n) for n in range(len(shapes))], "name": name, "source": "border", "illustrative": False},
        geometry=list(shapes),
        crs=4490,
    )


@pytest.mark.parametrize(
    ("adcode", "name"),
    [(410000, "河南省"), (410600, "鹤壁市"), (410621, "浚县"), (419001, "济源市"), (110000, "北京市")],
)
@pytest.mark.parametrize("provider", ["tianditu", "amap"])
def test_boundaries_of_every_level_are_found(adcode, name, provider):
    frame = boundary_of(adcode, provider)
    assert frame["name"].tolist() == [name]
    assert frame["adcode"].tolist() == [str(adcode)]
    assert frame["source"].tolist() == [provider]
    assert frame["illustrative"].tolist() == [False]
    assert frame.crs == "EPSG:4490"
    assert frame.geometry.is_valid.all()


def test_jiyuan_lies_where_it_is_known_to_lie():
    np.testing.assert_allclose(boundary_of(419001).total_bounds, (112.03, 34.895, 112.766, 35.283), atol=2e-3)


@pytest.mark.parametrize(
    ("adcode", "level", "count", "first"),
    [
        (410000, "city", 18, "郑州市"), (410600, "county", 5, "鹤山区"), (410621, "county", 1, "浚县"),
        (419001, "county", 1, "济源市"), (110000, "county", 16, "东城区"), (441900, "county", 1, "东莞市"),
        (469021, "county", 1, "定安县"),
    ],
)  # fmt: skip
def test_units_are_one_level_below(adcode, level, count, first):
    frame = read_counties(Territory(adcode=adcode))
    assert list(frame.columns) == ["id", "name", "code", "level", "source", "illustrative", "geometry"]
    assert len(frame) == count
    assert frame["name"].iloc[0] == first
    assert set(frame["level"]) == {level}
    assert frame["code"].is_monotonic_increasing
    assert frame["id"].is_unique


def test_without_a_code_there_are_no_units_and_no_areas():
    frame = read_counties(Territory(source="border"))
    assert frame.empty
    assert frame.crs == "EPSG:4490"
    assert list(frame.columns) == ["id", "name", "code", "level", "source", "illustrative", "geometry"]
    assert measure_provider_areas(None) == {}


def test_areas_of_jiyuan_by_each_provider():
    areas = measure_provider_areas(419001)
    assert areas == {"tianditu": pytest.approx(1891, abs=1), "amap": pytest.approx(1895, abs=1)}


def test_an_area_is_given_by_those_providers_that_know_the_code():
    assert list(measure_provider_areas(710000)) == ["tianditu", "amap"]


@pytest.mark.parametrize(
    ("adcode", "near"), [(410601, "410600 鹤壁市"), (419002, "419001 济源市"), (999999, "41 for 河南省")]
)
def test_unknown_codes_are_refused_with_near_ones(adcode, near):
    for ask in (
        lambda: boundary_of(adcode),
        lambda: read_counties(Territory(adcode=adcode)),
        lambda: measure_provider_areas(adcode),
    ):
        with pytest.raises(PlanError) as caught:
            ask()
        (fault,) = caught.value.faults
        assert fault.key == "territory.adcode"
        assert str(adcode) in fault.problem
        assert near in fault.remedy


def test_a_source_wins_over_the_code_and_its_polygons_are_united():
    square = shapely.box(112.5, 35.0, 112.6, 35.1)
    other = shapely.affinity.translate(square, 0.1)
    point = shapely.Point(112.5, 35)
    frame = read_boundary(
        Territory(adcode=419001, source="border"), {"border": source_frame(square, other, point)}
    )
    assert len(frame) == 1
    assert frame.geometry.iloc[0].equals(shapely.union(square, other))
    assert frame["name"].tolist() == ["境界"]
    assert frame["source"].tolist() == ["border"]
    assert frame["adcode"].tolist() == ["419001"]


def test_a_source_without_polygons_is_no_territory():
    line = shapely.LineString([(112.5, 35), (112.6, 35)])
    with pytest.raises(
        SourceError, match=r"sources\.border: .*needs polygons.*holds LineString; close the line"
    ):
        read_boundary(Territory(source="border"), {"border": source_frame(line)})


@pytest.mark.parametrize("adcode", [410000, 410600, 410621, 419001, 510100])
def test_the_code_of_a_boundary_is_found_again(adcode):
    assert find_adcode(boundary_of(adcode).geometry.iloc[0]) == adcode


def test_a_shifted_boundary_still_tells_its_code():
    shape = boundary_of(419001, "amap").geometry.iloc[0]
    moved = shapely.transform(shape, lambda xy: np.column_stack(shift_gcj02(*xy.T)))
    assert find_adcode(moved) == 419001


def test_what_is_no_unit_has_no_code():
    assert find_adcode(shapely.box(112.5, 35.0, 112.51, 35.01)) is None
    assert find_adcode(shapely.box(0, 0, 1, 1)) is None
    assert find_adcode(shapely.Polygon()) is None


def test_a_reference_is_given_for_sources_only():
    shape = boundary_of(419001).geometry.iloc[0]
    own = boundary_of(419001)
    assert read_reference(Territory(adcode=419001), own).empty
    drawn = read_boundary(Territory(source="border"), {"border": source_frame(shape)})
    for spec in (Territory(source="border"), Territory(source="border", adcode=419001)):
        reference = read_reference(spec, drawn)
        assert reference["name"].tolist() == ["济源市"]
        assert reference["source"].tolist() == ["amap"]
    nowhere = read_boundary(Territory(source="border"), {"border": source_frame(shapely.box(0, 0, 1, 1))})
    assert read_reference(Territory(source="border"), nowhere).empty
