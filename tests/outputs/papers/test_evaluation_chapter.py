"""The report's chapter and tables of the evaluation: what is said is what the rasters and rules say."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spatial.engine.rasters.grids import measure_cells
from spatial.outputs.evaluationsummary import tell_evaluation_lines
from spatial.outputs.order import Order
from spatial.outputs.papers.blocks import Picture
from spatial.outputs.papers.cells import Table, number_of
from spatial.outputs.papers.chapters import list_chapters
from spatial.outputs.papers.evaluation_chapter import tell_short_board
from spatial.outputs.papers.evaluation_tables import EVALUATION_TABLES, list_used_rules, measure_firmness
from spatial.outputs.papers.key_figures import lay_out_summary
from spatial.outputs.papers.tables import list_tables
from spatial.outputs.papers.workbook import write_workbook
from spatial.pipeline import check_plan
from spatial.plan.base import Text


@pytest.fixture(scope="module")
def order(hamlet: Any) -> Order:
    return check_plan(hamlet.write(), besides=("evaluation_digests",)).order(language="zh")


def texts(order: Order) -> str:
    pictures = {"farming": Path("farming.png"), "urban": Path("urban.png")}
    chapter = next(one for one in list_chapters(order, pictures) if one.title.zh == "双评价")
    return "\n".join(block.pick("zh") for block in chapter.blocks if isinstance(block, Text))


def test_the_chapter_says_profile_areas_missing_factors_and_rules(order: Order) -> None:
    told = texts(order)
    balance = order.layers["suitability_balance"]
    for row in balance[balance["area_ha"] > 0].itertuples():
        assert f"{row.name} {row.area_ha:,.2f} 公顷（{row.share:.2%}）" in told
    assert "规则表 2020-trial，格网 100 m" in told
    for part in ("农业生产适宜性缺", "简化之处：", "不能判断短板", "模拟中类别不变"):
        assert part in told
    used = list_used_rules(order)
    loose = sum(rule.confidence not in ("found", "given") for _, rule in used)
    assert f"用到 {len(used)} 行规则" in told
    assert f"其中 {loose} 行不见于所引资料" in told


def test_findings_and_chapter_count_the_same_rows(order: Order) -> None:
    findings = order.layers["findings"]
    rows = findings[findings["rule"] == "evaluation.unverified_rules"].set_index("feature_id")
    used = list_used_rules(order)
    for group, row in rows.iterrows():
        mine = [rule for table, rule in used if table == f"evaluation_{group}"]
        assert row["value"] == sum(rule.confidence != "given" for rule in mine)
    assert "the 2019 draft's is taken" in rows.loc["farming", "message_en"]
    assert not any(rule.key.startswith("erosion_sensitivity") for _, rule in used)


def test_pictures_and_tables_stand_in_the_chapter(order: Order) -> None:
    pictures = {"farming": Path("farming.png"), "zones": Path("zones.png")}
    chapter = next(one for one in list_chapters(order, pictures) if one.title.zh == "双评价")
    assert [block.name for block in chapter.blocks if isinstance(block, Picture)] == ["farming"]
    keys = [block.key for block in chapter.blocks if isinstance(block, Table)]
    assert keys == [key for key in EVALUATION_TABLES if key in keys]
    assert {"suitability_balance", "carrying_capacity", "evaluation_stability", "evaluation_rules"} <= set(
        keys
    )


def test_factors_are_told_with_source_unit_and_sampling(order: Order) -> None:
    table = next(one for one in list_tables(order) if one.key == "evaluation_factors")
    rows = {row[0].pick("en"): row for row in table.rows if isinstance(row[0], Text)}
    spec = order.plan.evaluation
    assert spec is not None
    assert len(rows) == len(spec.factors) + 1
    assert rows["Elevation"][1] == "elevation"
    assert rows["Elevation"][5] == "m"
    reserve = rows["Reserves worth a red line"][6]
    assert isinstance(reserve, Text)
    assert reserve.zh == "触及的栅格均计入"


def test_unverified_rows_are_marked_and_values_can_be_read(order: Order) -> None:
    table = next(one for one in list_tables(order) if one.key == "evaluation_rules")
    rows = {row[1]: row for row in table.rows}
    assert rows["evaluation_farming:slope"][2] == "2, 6, 15, 25 → 1, 2, 3, 4, 5"
    assert rows["evaluation_farming:slope"][4] is False
    assert rows["evaluation_farming:unsuitable.slope"][4] is True
    assert str(rows["evaluation_farming:matrix.land_water"][2]).startswith("1 1 1 2 5; 1 1 2 3 5")


def test_firmness_is_weighed_by_area(order: Order) -> None:
    stack = order.rasters
    assert stack is not None
    found = {one.layer: one for one in measure_firmness(stack)}
    kept, areas = stack.read("farming_stability"), measure_cells(stack.grid, stack.grid.whole)
    there = ~np.isnan(kept)
    one = found["farming_stability"]
    assert one.mean == pytest.approx(np.average(kept[there], weights=areas[there]))
    assert one.firm == pytest.approx(areas[there & (kept > 0.949)].sum() / areas[there].sum())
    assert one.firm + one.shaky <= 1
    assert measure_firmness(None) == []


def test_sums_of_the_balance_are_formulas_that_agree(order: Order) -> None:
    table = next(one for one in list_tables(order) if one.key == "suitability_balance")
    starts = [*table.strong, len(table.rows)]
    for start, end in pairwise(starts):
        areas = [number_of(row[2]) or 0.0 for row in table.rows[start + 1 : end]]
        assert number_of(table.rows[start][2]) == pytest.approx(sum(areas))
        assert number_of(table.rows[start][3]) == pytest.approx(1)
        for row, area in zip(table.rows[start + 1 : end], areas, strict=True):
            assert number_of(row[3]) == pytest.approx(area / sum(areas))


def test_the_workbook_has_a_sheet_of_each_table_and_key_figures_that_link(
    order: Order, tmp_path: Path
) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    write_workbook(order, tmp_path / "tables.xlsx")
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    assert {"双评价结果汇总", "承载规模", "稳健性", "评价因子与数据"} <= set(book.sheetnames)
    summary = lay_out_summary(order, list_tables(order))
    names = [row[0].pick("zh") for row in summary.rows if isinstance(row[0], Text)]
    assert "农业生产适宜性：适宜" in names


def test_the_short_board_is_named_only_where_there_are_several_constraints() -> None:
    row = {"name": "甲", "name_en": "A", "value": 5.0, "unit": "人 people", "shortest": True}
    alone = tell_short_board(pd.DataFrame([row]))
    assert "不能判断短板" in alone.pick("zh")
    other = row | {"name": "乙", "name_en": "B", "value": 9.0, "shortest": False}
    both = tell_short_board(pd.DataFrame([other, row]))
    assert both.pick("zh") == "甲 5 人，为短板；另有乙 9 人。"
    assert both.pick("en") == "A: 5 people, the short board; besides B 9 people."


def test_the_terminal_tells_results_and_short_boards(order: Order) -> None:
    lines = tell_evaluation_lines(order.layers, "zh")
    assert len(lines) == 3 + int(order.layers["carrying_capacity"]["shortest"].sum())
    assert len(tell_evaluation_lines(order.layers, "both")) == 2 * len(lines)
    assert tell_evaluation_lines({}, "en") == []


def test_nothing_is_said_without_an_evaluation(order: Order) -> None:
    bare = replace(order, plan=order.plan.model_copy(update={"evaluation": None}), rasters=None, digests=None)
    assert all(one.title.zh != "双评价" for one in list_chapters(bare, {}))
