"""What the legend says: amounts on the ellipsoid, overlaps counted once, times in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from pyproj import Geod

from spatial.outputs.web.features import choose_layers
from spatial.outputs.web.legend import add_amounts, list_times, measure_class

if TYPE_CHECKING:
    from .conftest import City

GEOD = Geod(a=6378137.0, rf=298.257222101)


def geodesic_km2(shape: shapely.Polygon) -> float:
    """Area by pyproj, with edges cut so short that it does not matter which line joins their ends."""
    return abs(GEOD.geometry_area_perimeter(shapely.segmentize(shape, 2e-4))[0]) / 1e6


def test_disjoint_polygons_add_up_and_overlaps_count_once() -> None:
    one = shapely.Point(112.3, 35.1).buffer(0.1)
    far = shapely.Point(113.3, 35.1).buffer(0.05)
    near = shapely.Point(112.35, 35.1).buffer(0.1)
    assert measure_class([one, far])["area_km2"] == pytest.approx(
        geodesic_km2(one) + geodesic_km2(far), rel=1e-7
    )
    both = measure_class([one, near])
    assert both["merged"]
    assert both["area_km2"] == pytest.approx(geodesic_km2(one.union(near)), rel=1e-7)
    assert both["area_km2"] < geodesic_km2(one) + geodesic_km2(near)


def test_a_class_too_large_to_merge_says_that_it_is_summed() -> None:
    turns = np.linspace(0, 2 * np.pi, 120_000)
    ring = shapely.Polygon(np.column_stack([112.3 + np.cos(turns) / 10, 35.1 + np.sin(turns) / 10]))
    both = measure_class([ring, ring])
    assert not both["merged"]
    assert both["area_km2"] == pytest.approx(2 * measure_class([ring])["area_km2"], abs=1e-5)


def test_lines_have_lengths_and_points_nothing() -> None:
    line = shapely.LineString([(112, 35), (112.5, 35.2), (113, 35)])
    length = GEOD.geometry_length(line) / 1e3
    assert measure_class([line, line]) == {
        "area_km2": None,
        "merged": False,
        "length_km": pytest.approx(2 * length, rel=1e-6),
    }
    nothing = {"area_km2": None, "merged": False, "length_km": None}
    assert measure_class([shapely.Point(112, 35)]) == nothing
    assert measure_class([]) == nothing
    assert measure_class([shapely.Polygon(), None]) in (nothing, nothing | {"area_km2": 0.0, "merged": True})


def test_amounts_come_from_the_stored_shapes_not_from_the_rounded_ones(city: City) -> None:
    sliver = shapely.box(112.1, 35.0, 112.1 + 4e-7, 35.2)
    zones = city.layers["zones"]
    city.layers = {"zones": zones.set_geometry([sliver, *zones.geometry[1:]])}
    drawn = choose_layers(city.layers, city.styles, city.contracts)
    described = [{"classes": [{"key": key} for key in ("ecology", "farming", "urban")]}]
    add_amounts(described, drawn, city.layers)
    areas = [one["area_km2"] for one in described[0]["classes"]]
    assert areas[0] == pytest.approx(geodesic_km2(sliver), abs=1e-6)
    assert areas[0] > 0
    assert "times" not in described[0]


def test_times_rise_and_only_layers_by_time_have_them(city: City) -> None:
    circles = city.layers["commute_circles"]
    city.layers["commute_circles"] = circles.assign(time_min=[60.0, np.nan, 7.5, 15.0])
    drawn = {layer.key: layer for layer in choose_layers(city.layers, city.styles, city.contracts)}
    assert list_times(drawn["commute_circles"]) == [7.5, 60.0]
    assert list_times(drawn["zones"]) == []
