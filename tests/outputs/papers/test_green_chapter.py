"""The section on the green network and the table of proposals: true numbers, none of them technical."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spatial.outputs.order import Order
from spatial.outputs.papers.blocks import Stock
from spatial.outputs.papers.cells import Table, show_row
from spatial.outputs.papers.chapters import list_chapters
from spatial.outputs.papers.green_chapter import tell_breaks, tell_green
from spatial.outputs.papers.proposal_tables import list_proposal_tables
from spatial.outputs.papers.tables import list_tables
from spatial.pipeline import check_plan
from spatial.plan.base import Text


@pytest.fixture(scope="module")
def order(hamlet: Any) -> Order:
    return check_plan(hamlet.write(), besides=("evaluation_digests",)).order(language="zh")


@pytest.fixture
def net(order: Order) -> Order:
    """An order with a small network: a core and two stones, two corridors, a pinch and three gaps."""
    patches = pd.DataFrame({
        "id": ["c", "s", "t"], "name": list("甲乙丙"), "kind": ["core", "stepping_stone", "stepping_stone"],
        "area_ha": [90.0, 3.0, 2.0], "part": [1, 1, 2],
    })  # fmt: skip
    line = gpd.GeoSeries([shapely.LineString([(0, 0), (1, 1)])] * 2, crs="EPSG:4490")
    corridors = gpd.GeoDataFrame(
        {
            "id": ["c--s", "c--t"], "name": ["甲—乙", "甲—丙"], "name_en": ["A to B", "A to C"],
            "kind": ["backbone", "backbone"], "length_m": [300.0, 1200.0], "gain": [0.5, 2.25],
            "within_reach": [True, False],
        },
        geometry=line,
    )  # fmt: skip
    pinches = pd.DataFrame({"severity": ["severe"], "width_m": [120.0]})
    barriers = {"barrier": ["高速公路", "高速公路", "河流"], "barrier_en": ["Motorway", "Motorway", "River"]}
    gaps = pd.DataFrame(barriers | {"length_m": [100.0, 50.0, 25.0]})
    base = {"patches": 3, "area_ha": 95.0, "links": 2, "parts": 2, "dispersal_m": 5000.0, "cell_m": 100.0}
    rows = [
        {"id": key, "name": key, "name_en": key, "pc": pc, "iic": 0.05, "eca_pc_ha": eca, "eca_iic_ha": 70.0}
        | base
        for key, pc, eca in (("present", 0.0559, 80.0), ("restored", 0.0674, 100.0))
    ]
    made = {
        "green_patches": patches, "green_corridors": corridors, "green_pinches": pinches,
        "green_gaps": gaps, "green_connectivity": pd.DataFrame(rows),
    }  # fmt: skip
    return replace(order, layers={**order.layers, **made})


def test_the_network_is_told_in_words_and_a_table(net: Order) -> None:
    table = {one.key: one for one in list_tables(net) if one.key == "green_connectivity"}
    blocks = list(tell_green(Stock(net, table, {})))
    told = "\n".join(block.pick("zh") for block in blocks if isinstance(block, Text))
    for part in (
        "核心源地 1 处（90.00 公顷），踏脚石 2 处（5.00 公顷），连通部分 2 个",
        "PC 0.0559，IIC 0.0500；等效连通面积 ECA 80.00 公顷",
        "PC 0.0674，ECA 100.00 公顷（+25.0%）",
        "生态廊道 2 条（主干 2 条），共 1.50 公里，其中 1 条在扩散距离内",
        "甲—丙，PC 增 2.25%",
        "夹点 1 处（严重 1 处，最窄有效宽度 120 米），断点 3 处、共 175 米（河流 1 处、高速公路 2 处）",
    ):
        assert part in told
    (shown,) = [block for block in blocks if isinstance(block, Table)]
    assert "0.0559" in show_row(shown, 0, "en")
    assert "标识" not in {head.title.zh for head in shown.heads}


def test_a_network_that_is_not_there_is_not_told(net: Order) -> None:
    assert tell_breaks(None, None).pick("zh") == "廊道无夹点，无断点。"
    none = {name: frame.iloc[:0] for name, frame in net.layers.items() if name.startswith("green_")}
    assert not list(tell_green(Stock(replace(net, layers={**net.layers, **none}), {}, {})))


def test_alternatives_are_shown_in_whole_hectares_and_ratios(order: Order) -> None:
    row = {"name_en": "A", "section": "zone", "ecology_first": None, "growth": 2.0, "plan": None}
    frame = pd.DataFrame(
        [
            row | {"id": "a", "name": "甲", "unit": "公顷 ha", "farming_first": 1234.5678},
            row | {"id": "b", "name": "乙", "unit": "倍 ratio", "farming_first": 1.1732},
        ]
    )
    layers = {**order.layers, "proposal_comparison": frame}
    (table,) = list_proposal_tables(replace(order, layers=layers))
    assert "1,235" in show_row(table, 0, "zh")
    assert "1.17" in show_row(table, 1, "zh")
    assert not list_proposal_tables(replace(order, layers={}))


def test_the_report_has_no_ids_and_no_sum_without_a_name(order: Order) -> None:
    tables = [one for chapter in list_chapters(order, {}) for one in chapter.blocks if isinstance(one, Table)]
    assert not [table.key for table in tables for head in table.heads if head.title.zh == "标识"]
    balance = next(table for table in tables if table.key == "suitability_balance")
    assert all(show_row(balance, at, "zh")[1] == "合计" for at in balance.strong)
