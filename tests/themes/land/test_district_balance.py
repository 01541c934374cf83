"""Tests of areas by district: they add up to the balance, whatever the districts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.plan.contract import contract_of
from spatial.plan.findings import STORED_CRS
from spatial.themes.land.district_balance import district_balance

if TYPE_CHECKING:
    from spatial.results import Build

BOX = shapely.box(112.0, 35.0, 112.4, 35.2)
EAST = 112.1234567


def _zones() -> gpd.GeoDataFrame:
    shapes = [
        shapely.box(112.0, 35.0, EAST, 35.2),
        shapely.box(EAST, 35.0, 112.4, 35.1),
        shapely.box(EAST, 35.1, 112.4, 35.2),
    ]
    return gpd.GeoDataFrame({"zone": ["ecology", "farming", "ecology"]}, geometry=shapes, crs=STORED_CRS)


def _lines() -> gpd.GeoDataFrame:
    ring = shapely.Point(112.2, 35.1).buffer(0.05)
    return gpd.GeoDataFrame({"line": ["urban_boundary"]}, geometry=[ring], crs=STORED_CRS)


def _balance(zones: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> pd.DataFrame:
    rows = [
        (section, key, straight_area_m2(frame.geometry[frame[section] == key]).sum() / 1e4)
        for section, frame in (("zone", zones), ("line", lines))
        for key in sorted(set(frame[section]))
    ]
    whole = ("territory", "territory", straight_area_m2([BOX]).sum() / 1e4)
    return pd.DataFrame([*rows, whole], columns=["section", "key", "area_ha"])


def _districts(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    names = [f"区{place}" for place in range(len(shapes))]
    return gpd.GeoDataFrame(
        {"id": [f"district-{name}" for name in names], "name": names, "name_en": ""},
        geometry=list(shapes),
        crs=STORED_CRS,
    )


def _make(*shapes: shapely.Geometry) -> tuple[pd.DataFrame, pd.DataFrame]:
    zones, lines = _zones(), _lines()
    balance = _balance(zones, lines)
    table = district_balance(zones, lines, balance, _districts(*shapes))
    contract = contract_of(district_balance)
    assert contract
    contract.schema("district_balance").validate(table)
    return table, balance.set_index("key")["area_ha"]


WEST = shapely.Polygon([(112.0, 35.0), (112.17, 35.0), (112.23, 35.2), (112.0, 35.2)])


@pytest.mark.parametrize(
    "shapes",
    [
        (BOX,),
        (WEST, shapely.difference(BOX, WEST)),
        (WEST, BOX),  # overlap: the first has it
        (WEST,),  # the rest lies in no district
        (shapely.box(10, 10, 11, 11),),
    ],
)
def test_areas_of_a_class_add_up_to_its_whole(shapes: tuple[shapely.Geometry, ...]) -> None:
    table, balance = _make(*shapes)
    sums = table.groupby("key")["area_ha"].sum()
    for key in ("ecology", "farming", "urban_boundary"):
        assert sums[key] == pytest.approx(balance[key], abs=1e-4)


def test_land_in_no_district_has_rows_of_its_own() -> None:
    table, _ = _make(WEST)
    left = table[table["district"] == ""]
    assert set(left["key"]) == {"ecology", "farming", "urban_boundary"}
    assert (left["name_en"] == "In no district").all()
    east = shapely.difference(BOX, WEST)
    outside = straight_area_m2([shapely.intersection(east, _lines().geometry.iloc[0])])[0] / 1e4
    assert left.set_index("key")["area_ha"]["urban_boundary"] == pytest.approx(outside, rel=1e-9)


def test_nothing_without_districts_or_without_zones() -> None:
    assert _make()[0].empty
    zones, lines = _zones().iloc[:0], _lines().iloc[:0]
    nothing = pd.DataFrame({"section": [], "key": [], "area_ha": []})
    assert district_balance(zones, lines, nothing, _districts(BOX)).empty


def test_jiyuan_adds_up(jiyuan: Build) -> None:
    table, balance = jiyuan.layers["district_balance"], jiyuan.layers["zone_balance"]
    sums = table.groupby("key")["area_ha"].sum()
    for row in balance[balance["section"] != "territory"].itertuples():
        assert sums[row.key] == pytest.approx(row.area_ha, abs=1e-3)
    assert np.isfinite(table["area_ha"]).all()
