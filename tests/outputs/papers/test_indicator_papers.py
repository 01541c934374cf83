"""Table and chapter of indicators: one row an indicator, formulas, groups, and sentences with every number."""

from __future__ import annotations

import pandas as pd
import pytest

from spatial.outputs.papers.cells import Derived, Quantity, Table, number_of, say, show_cell, show_row
from spatial.outputs.papers.indicator_chapter import (
    tell_counts,
    tell_measure,
    tell_need,
    tell_states,
    tell_trend,
)
from spatial.outputs.papers.indicator_tables import STATES, lay_out_indicators, lay_out_trends, lay_out_years
from spatial.plan.base import Text
from spatial.themes.indicators import indicators
from tests.themes.test_indicators import build, measures, one

TITLE = Text(zh="规划指标一览表", en="Indicators")
PLAN = (
    {"id": "urbanisation", "nature": "预期性", "values": {2018: 62.36, 2020: 64}, "targets": {2025: 66, 2035: "> 72"}},
    {"id": "permanent_farmland", "unit": "公顷", "nature": "约束性", "targets": {2035: 1000},
     "from": "lines.permanent_farmland.area_ha"},
    one(id="own", name={"zh": "自定", "en": "Own"}, unit="元/人", values={2020: 87599}, targets={2026: "> 100000"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    measured = measures(lines__permanent_farmland__area_ha=(990.5, "ha"))
    rows, years, _ = build(*PLAN, measured=measured)
    return rows, years


def texts(table: Table, language: str = "zh") -> list[list[str]]:
    return [show_row(table, at, language) for at in range(len(table.rows))]  # type: ignore[arg-type]


def test_one_row_an_indicator_with_a_column_a_target_year(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table = lay_out_indicators(frames[0], TITLE)
    heads = [say(head.title, "zh") for head in table.heads]
    assert heads[9:12] == ["2025 年目标", "2026 年目标", "2035 年目标"]
    rows = texts(table)
    assert [rows[at][1] for at in table.strong] == ["空间底线", "空间结构与效率", "其他指标"]
    body = [row for at, row in enumerate(rows) if at not in table.strong]
    assert [row[0] for row in body] == ["1", "2", "3"]
    assert body[0][:5] == ["1", "永久基本农田保护面积", "公顷", "约束性", "市域"]
    assert body[1][5:12] == ["2018", "62.36", "2020", "64", "≥66", "—", "＞72"]
    assert body[2][8:11] == ["87,599", "—", "＞100,000"]
    assert body[1][12] == "2025：按趋势可达标；2035：按趋势可达标"


def test_differences_are_formulas_and_empty_columns_are_left_out(
    frames: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    table = lay_out_trends(frames[0])
    heads = {say(head.title, "zh"): at for at, head in enumerate(table.heads)}
    count = 0
    for row in table.rows:
        for cell in row:
            made = cell.value if isinstance(cell, Quantity) else cell
            if isinstance(made, Derived):
                first, second = (number_of(table.rows[at][column]) for at, column in made.cells)
                assert first is not None
                assert second is not None
                assert made.value == pytest.approx(first - second)
                count += 1
    assert count == 4
    missed = next(row for row in table.rows if say(row[0], "en").startswith("Permanent"))  # type: ignore[arg-type]
    assert show_cell(missed[heads["图上是否达标"]], table.heads[heads["图上是否达标"]], "zh") == "未达标"
    few = lay_out_trends(build(one(values={2022: 60}, targets={2030: 80}))[0])
    assert "图上量算值" not in [say(head.title, "zh") for head in few.heads]


def test_years_have_a_row_for_each_kind(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table = lay_out_years(frames[1], TITLE)
    rows = [row for row in texts(table, "en") if row[0] == "Urbanisation"]
    assert [row[2] for row in rows] == ["actual", "target", "linear trend", "constant growth"]
    assert say(table.heads[3].title, "en") == "2018"
    assert rows[0][3] == "62.36"


def test_every_state_has_words() -> None:
    doc = indicators.__doc__ or ""
    for state in STATES:
        assert f"``{state}``" in doc


def test_sentences_state_the_numbers(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rows = frames[0]
    assert tell_counts(rows).zh == "规划指标共 3 项，其中约束性 1 项、预期性 2 项。"
    assert "按趋势可达标 2 项" in tell_states(rows).zh
    records = {row["id"]: row for row in rows.to_dict("records")}
    trend = tell_trend(records["urbanisation-2035"])
    assert "2035 年目标 ＞72%，2020 年为 64%，线性趋势推至目标年为 76.3" in trend.zh
    assert trend.en.endswith("on track.")
    assert "须年均增长 +2.23%" in tell_need(records["own-2026"]).zh
    assert tell_measure(records["permanent_farmland-2035"]).en == (
        "Permanent basic farmland: the map has 990.50 ha, target ≥ 1,000 in 2035: missed."
    )
