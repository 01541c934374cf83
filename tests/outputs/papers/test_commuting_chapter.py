"""The chapter and the tables of jobs and homes, from a plan's files to what a planner reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.outputs.order import Order
from spatial.outputs.papers.blocks import Stock
from spatial.outputs.papers.cells import Derived, Table, show_row
from spatial.outputs.papers.chapters import list_chapters
from spatial.outputs.papers.commuting_chapter import (
    COMMUTING_TABLES,
    keep_sure,
    tell_commute,
    tell_commuting,
)
from spatial.outputs.papers.layouts import Formula, Layout
from spatial.outputs.papers.tables import list_tables
from spatial.pipeline import check_plan
from spatial.plan.base import Text

PLAN = """
name: street
title: {zh: 一条街, en: Street}
year: 2035
territory: {source: border, name: {zh: 一条街, en: Street}}
roads: {source: roads, grade_column: grade, classes: {town: tertiary}}
commuting: {zones: cells, flows: flows, facilities: places}
sources:
  border: {file: border.geojson, licence: x}
  roads: {file: roads.geojson, licence: x}
  cells: {file: cells.geojson, licence: x}
  flows: {file: flows.csv, licence: x}
  places: {file: places.geojson, licence: x}
"""
FLOWS = "from,to,people\n甲,甲,60\n甲,乙,40\n乙,甲,90\n乙,乙,10\n丙区,乙,7\n"


def write(folder: Path, file: str, shapes: list[object], **columns: object) -> None:
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4490).to_file(folder / f"{file}.geojson")


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Order:
    folder = tmp_path_factory.mktemp("street")
    write(folder, "border", [shapely.box(114.0, 35.0, 114.1, 35.05)], name=["一条街"])
    write(
        folder, "roads", [shapely.LineString([(114.0, 35.02), (114.1, 35.02)])], name=["街"], grade=["town"]
    )
    cells = [shapely.box(west, 35.01, west + 0.02, 35.03) for west in (114.01, 114.07)]
    write(
        folder,
        "cells",
        cells,
        name=["甲", "乙"],
        name_en=["East", "West"],
        jobs=[150, 50],
        workers=[100, 100],
    )
    spots = [shapely.Point(114.02, 35.02), shapely.Point(114.02, 35.022)]
    write(folder, "places", spots, name=["校一", "校二"], category=["primary", "primary"])
    (folder / "flows.csv").write_text(FLOWS, "utf-8")
    (folder / "plan.yaml").write_text(PLAN, "utf-8")
    return check_plan(folder).order(language="zh")


def test_the_plan_is_built_from_its_files(order: Order) -> None:
    balance, whole = order.layers["job_balance"], order.layers["commuting"]
    assert balance["ratio"].tolist() == [1.5, 0.5]
    assert balance["facilities"].tolist() == [2, 0]
    assert whole["basis"].tolist() == ["counts", "flows"]
    flows = whole.set_index("basis").loc["flows"]
    assert flows["least_min"] < flows["present_min"] <= flows["most_min"]
    rules = set(order.layers["findings"]["rule"])
    assert {"commuting.flow_name", "commuting.high", "commuting.low"} <= rules
    assert order.layers["zone_facilities"]["per_1000"].tolist() == [20]


def test_the_chapter_tells_balance_commute_and_excess(order: Order) -> None:
    stock = Stock(order, {table.key: table for table in list_tables(order)}, {})
    blocks = list(tell_commuting(stock))
    texts = [block for block in blocks if isinstance(block, Text)]
    assert texts[0].en.startswith("2 zones have 200 jobs and 200 resident workers, 1.00 jobs for each worker")
    assert texts[1].en.startswith("Within 30 minutes 2 of 2 zones are in balance")
    assert "最小可能平均通勤" in texts[2].zh
    excess = order.layers["commuting"].set_index("basis")["excess_share"]["flows"]
    assert f"过剩通勤率 {excess:.2%}" in texts[3].zh
    assert [block.key for block in blocks if isinstance(block, Table)] == [
        "commuting", "job_balance", "commute_flows"
    ]  # fmt: skip
    assert "职住平衡" in [chapter.title.zh for chapter in list_chapters(order, {})]


def test_tables_hold_ratios_as_formulas_and_the_whole_upright(order: Order) -> None:
    tables = {table.key: table for table in list_tables(order)}
    assert set(COMMUTING_TABLES) <= set(tables)
    balance = tables["job_balance"]
    at = [head.title.en for head in balance.heads].index("Jobs for each worker")
    cell = balance.rows[0][at]
    assert isinstance(cell, Derived)
    assert (cell.how, cell.value) == ("ratio", 1.5)
    rows = [show_row(tables["commuting"], at, "en") for at in range(len(tables["commuting"].rows))]
    told = {row[0]: row[1:] for row in rows}
    assert told["Zones"] == ["2", "2"]
    assert told["How solved"] == ["Exactly (proved)", "Exactly (proved)"]
    assert told["Mean commute now (min)"][0] == "—"
    assert told["Excess commuting share"][1].endswith("%")
    assert "Groups" not in told


def test_nothing_is_told_without_zones_and_merging_is_said(order: Order) -> None:
    layers = {name: frame for name, frame in order.layers.items() if name != "job_balance"}
    bare = replace(order, layers=layers)
    assert list(tell_commuting(Stock(bare, {}, {}))) == []
    row = {"basis": "counts", "least_min": 5.0, "random_min": 9.0, "most_min": 12.0,
           "present_min": None, "solved": "merged"}  # fmt: skip
    assert "not proved" in tell_commute(row).en


def test_a_ratio_that_is_not_known_is_no_formula() -> None:
    layout = Layout(formulas={"ratio": Formula("ratio", "jobs", "workers")})
    frame = pd.DataFrame({"ratio": [2.0, np.nan], "jobs": [4.0, 3.0], "workers": [2.0, 0.0]})
    assert keep_sure(layout, frame).formulas == layout.formulas
    assert keep_sure(layout, frame.assign(workers=1.0)).formulas == {}
