"""The report's chapter on functional zones says what the layers hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import pytest
import shapely

from spatial.outputs.papers.blocks import Stock
from spatial.outputs.papers.functional_chapter import tell_functional
from spatial.plan.base import Text


@pytest.fixture
def stock(jiyuan: Any) -> Stock:
    return Stock(jiyuan.order(), {}, {})


def sentences(stock: Stock) -> str:
    return "\n".join(f"{block.zh} {block.en}" for block in tell_functional(stock) if isinstance(block, Text))


def test_zones_and_area_are_those_of_the_layer(stock: Stock, jiyuan: Any) -> None:
    zones = jiyuan.layers["functional_zones"]
    said = sentences(stock)
    assert f"功能区共 {len(zones)} 个" in said
    assert f"{zones['area_ha'].sum():,.0f} 公顷" in said
    assert "核心起步区" not in said  # Jiyuan gives none


def test_kinds_and_parts_are_told_where_there_are_any(stock: Stock, jiyuan: Any) -> None:
    zones = gpd.GeoDataFrame(
        {"area_ha": [100.0, 50.0], "units": [1, 2], "kind": ["farming", "services"], "startup_ha": [7.0, 0.0],
         "communities": [2, 1]},
        geometry=[shapely.box(0, 0, 1, 1)] * 2, crs="EPSG:4490",
    )  # fmt: skip
    order = replace(stock.order, layers={**stock.order.layers, "functional_zones": zones})
    said = sentences(Stock(order, {}, {}))
    assert "There are 2 functional zones, 150 ha in all; 1 lie in several units." in said
    assert "1 zones, 100 ha" in said
    assert "Start-up areas: 7 ha in 1 zones; communities: 3." in said


def test_a_plan_without_zones_has_no_chapter(stock: Stock) -> None:
    layers = {name: frame for name, frame in stock.order.layers.items() if name != "functional_zones"}
    assert not list(tell_functional(Stock(replace(stock.order, layers=layers), {}, {})))
