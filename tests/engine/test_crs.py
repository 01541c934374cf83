"""Coordinate systems: read, refused, chosen, transformed, contradicted."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.engine.crs import (
    choose_gauss_kruger,
    contradicts,
    looks_like_degrees,
    parse_crs,
    transform_shapes,
)
from spatial.errors import CrsError

JIYUAN = shapely.box(112.03, 34.89, 112.77, 35.28)


@pytest.mark.parametrize(
    "text", ["EPSG:4490", "epsg:4490", "4490", " 4490 ", 4490, pyproj.CRS(4490), pyproj.CRS(4490).to_wkt()]
)
def test_a_system_is_read_however_it_is_written(text: object) -> None:
    assert parse_crs(text) == pyproj.CRS(4490)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "mars", "EPSG:999999", "99999999999999999999999", -1])
def test_nonsense_is_refused_with_a_remedy(text: object) -> None:
    with pytest.raises(CrsError, match="write a code such as EPSG:4490"):
        parse_crs(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [4214, 2401, 2421, 2422, 2442, 21413, 4610, 2349, 2370, 2390, 2327])
def test_systems_that_need_local_parameters_are_refused(code: int) -> None:
    with pytest.raises(CrsError, match="local parameters") as caught:
        parse_crs(code)
    assert "surveying authority" in str(caught.value)


@pytest.mark.parametrize("code", [4214, 2349])
def test_they_are_refused_as_wkt_of_other_software_too(code: int) -> None:
    with pytest.raises(CrsError, match="local parameters"):
        parse_crs(pyproj.CRS(code).to_wkt("WKT1_ESRI"))


def test_a_system_without_a_place_on_the_earth_is_refused() -> None:
    drawing = 'LOCAL_CS["drawing",LOCAL_DATUM["none",0],UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
    with pytest.raises(CrsError, match="where on the Earth"):
        parse_crs(drawing)


def test_every_zone_of_china_has_its_code() -> None:
    for meridian in range(75, 136, 3):
        code = choose_gauss_kruger(shapely.box(meridian - 1, 35, meridian + 1, 36))
        assert code == f"EPSG:{4534 + (meridian - 75) // 3}"
        parameters = {
            row["name"]: row["value"] for row in pyproj.CRS(code).to_json_dict()["conversion"]["parameters"]
        }
        assert parameters["Longitude of natural origin"] == meridian
        assert parameters["False easting"] == 500_000


def test_the_zone_that_holds_most_of_the_area_is_chosen() -> None:
    assert choose_gauss_kruger(JIYUAN) == "EPSG:4546"
    assert choose_gauss_kruger(shapely.box(112.4, 35, 112.7, 35.2)) == "EPSG:4547"
    mostly_west = shapely.union(shapely.box(112.0, 35, 112.5, 35.5), shapely.box(112.5, 35.2, 113.5, 35.3))
    assert choose_gauss_kruger(mostly_west) == "EPSG:4546"
    assert (
        choose_gauss_kruger(shapely.box(112.0, 35, 113.0, 35.5)) == "EPSG:4546"
    )  # equal halves: the western


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [(1.55, 42.55, "EPSG:32631"), (-51.2, -30.0, "EPSG:32722"), (8.68, 49.4, "EPSG:32632"), (151.2, -33.9, "EPSG:32756"), (179.5, 10, "EPSG:32660")],
)  # fmt: skip
def test_outside_china_the_utm_zone_is_chosen(lon: float, lat: float, code: str) -> None:
    assert choose_gauss_kruger(shapely.Point(lon, lat).buffer(0.05)) == code


@pytest.mark.parametrize(
    "shape",
    [
        shapely.Polygon(),
        shapely.box(5e5, 3.88e6, 5.1e5, 3.89e6),
        shapely.LineString([(112, 35), (113, 35)]),
        shapely.box(20, 85, 21, 86),
    ],
)
def test_no_metric_system_is_made_up(shape: shapely.Geometry) -> None:
    with pytest.raises(CrsError):
        choose_gauss_kruger(shape)


def test_there_and_back_is_the_same_place() -> None:
    shapes = np.array(
        [JIYUAN, None, shapely.Polygon(), shapely.Point(112.5, 35, 99), shapely.LineString()], dtype=object
    )
    there = transform_shapes(shapes, "EPSG:4490", "EPSG:4546")
    back = transform_shapes(there, "EPSG:4546", "EPSG:4490")
    assert there[0].bounds[0] == pytest.approx(594_000, abs=1_000)  # easting first
    assert back[1] is None
    assert back[2].is_empty
    assert not back[3].has_z
    assert shapely.equals_exact(back[0], JIYUAN, 1e-10)
    assert shapes[0] is JIYUAN
    assert len(transform_shapes([], "EPSG:4490", "EPSG:4546")) == 0


def test_transform_keeps_its_input() -> None:
    shapes = np.array([shapely.Point(112.5, 35)], dtype=object)
    transform_shapes(shapes, 4490, 4546)
    assert shapes[0].x == 112.5


def test_a_place_that_has_no_coordinates_is_refused() -> None:
    with pytest.raises(CrsError, match="has no place in"):
        transform_shapes([shapely.Point(112.5, 95)], "EPSG:4490", "EPSG:4546")


@pytest.mark.parametrize(
    ("crs", "bounds", "problem", "remedy"),
    [
        (4546, (112.0, 34.9, 112.8, 35.3), "are degrees", "crs: EPSG:4490"),
        (3857, (112.0, 34.9, 112.8, 35.3), "are degrees", "crs: EPSG:4490"),
        (4490, (594_000, 3.86e6, 662_000, 3.91e6), "are metres", "EPSG:4546"),
        (4490, (34.9, 112.0, 35.3, 112.8), "latitude first", "longitude first"),
        (4490, (43.5, 87.2, 44.0, 87.9), "latitude first", "longitude first"),
        (4546, (3.86e6, 594_000, 3.91e6, 662_000), "swapped", "easting first"),
        (4546, (37_594_000, 3.86e6, 37_662_000, 3.91e6), "far outside", "zone number 37"),
        (4525, (594_000, 3.86e6, 662_000, 3.91e6), "far outside", "lack the zone number"),
        (4546, (594_000, -3.91e6, 662_000, -3.86e6), "far outside", "check the zone"),
    ],
)
def test_contradictions_are_told_with_a_remedy(
    crs: int, bounds: tuple[float, float, float, float], problem: str, remedy: str
) -> None:
    fault = contradicts(crs, bounds)
    assert fault is not None
    assert problem in fault.problem
    assert remedy in fault.remedy


@pytest.mark.parametrize("code", [*range(4491, 4502), *range(4513, 4534)])
def test_a_zone_number_tells_the_system_of_metres_labelled_as_degrees(code: int) -> None:
    system = pyproj.CRS.from_epsg(code)
    area = system.area_of_use
    assert area is not None
    middle = shapely.Point((area.west + area.east) / 2, (area.south + area.north) / 2)
    metres = transform_shapes([middle], 4490, code)[0]
    for bounds in (metres.bounds, (metres.y, metres.x, metres.y, metres.x)):
        fault = contradicts(4490, bounds)
        assert fault is not None
        assert f"`crs: EPSG:{code}`" in fault.remedy
    assert f"central meridian {system.to_cf()['longitude_of_central_meridian']:g}°" in fault.remedy


@pytest.mark.parametrize("bounds", [(594_000, 3.86e6, 662_000, 3.91e6), (12_467_000, 4_150_000, 12_550_000, 4_200_000)])  # fmt: skip
def test_without_a_zone_number_no_single_zone_is_named(bounds: tuple[float, float, float, float]) -> None:
    fault = contradicts(4490, bounds)
    assert fault is not None
    assert "crs:" not in fault.remedy
    for meridian in (108, 111, 114, 117):
        assert f"{meridian}° is EPSG:{4509 + meridian // 3}" in fault.remedy


@pytest.mark.parametrize(
    ("crs", "bounds"),
    [
        (4490, (112.0, 34.9, 112.8, 35.3)),
        (4326, (1.4, 42.4, 1.8, 42.7)),
        (4490, (1.4, 42.4, 1.8, 42.7)),
        (4490, (87.2, 43.5, 87.9, 44.0)),
        (4546, (594_000, 3.86e6, 662_000, 3.91e6)),
        (4547, (320_000, 3.86e6, 390_000, 3.91e6)),
        (4525, (37_594_000, 3.86e6, 37_662_000, 3.91e6)),
        (32649, (594_000, 3.86e6, 662_000, 3.91e6)),
        (3857, (12_467_000, 4_150_000, 12_550_000, 4_200_000)),
        (4490, (np.nan, np.nan, np.nan, np.nan)),
    ],
)
def test_right_labels_are_left_alone(crs: int, bounds: tuple[float, float, float, float]) -> None:
    assert contradicts(crs, bounds) is None


@given(
    lon=st.floats(74, 134), lat=st.floats(18, 53), width=st.floats(0.001, 1.0), height=st.floats(0.001, 1.0)
)
def test_anything_in_china_is_labelled_right_in_its_own_zone(
    lon: float, lat: float, width: float, height: float
) -> None:
    land = shapely.box(lon, lat, lon + width, lat + height)
    code = choose_gauss_kruger(land)
    metres = transform_shapes([land], 4490, code)[0]
    assert contradicts(4490, land.bounds) is None
    assert contradicts(code, metres.bounds) is None
    assert contradicts(code, land.bounds) is not None
    assert contradicts(4490, metres.bounds) is not None


def test_degrees_are_known_by_their_range() -> None:
    assert looks_like_degrees((-180, -90, 180, 90))
    assert not looks_like_degrees((0, 0, 181, 1))
    assert not looks_like_degrees((np.nan,) * 4)
