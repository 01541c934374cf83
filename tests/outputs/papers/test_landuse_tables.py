"""Table of space: sums, shares and changes are formulas that come to the layer's numbers."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.themes.land.test_landuse import make

from spatial.outputs.papers.cells import Derived, Quantity, Table, number_of, say, show_row
from spatial.outputs.papers.landuse_tables import lay_out_landuse
from spatial.plan.base import Text

TITLE = Text(zh="空间功能结构调整表", en="Table of space")


def made(then: list[str] | None) -> tuple[pd.DataFrame, Table]:
    _, _, balance, _ = make(["0101", "0301", "0701", "0508"], then, ["", "", "203", "201"])
    frame = balance.reset_index()
    return frame, lay_out_landuse(frame, TITLE, 2020, 2035 if then else None)


def test_sums_shares_and_changes_are_formulas() -> None:
    frame, table = made(["01", "0301", "0701"])
    kinds: dict[str, int] = {}
    for row in table.rows:
        for cell in row:
            one = cell.value if isinstance(cell, Quantity) else cell
            if isinstance(one, Derived):
                terms = [number_of(table.rows[at][column]) or 0.0 for at, column in one.cells]
                wanted = {"sum": sum(terms), "ratio": terms[0] / (terms[1] or 1) if len(terms) > 1 else 0.0,
                          "difference": terms[0] - terms[1] if len(terms) > 1 else 0.0}  # fmt: skip
                assert one.value == pytest.approx(wanted[one.how], abs=1e-6)
                kinds[one.how] = kinds.get(one.how, 0) + 1
    assert set(kinds) == {"sum", "ratio", "difference"}
    body = [row for at, row in enumerate(table.rows) if at not in table.strong]
    assert [number_of(row[3]) for row in body] == pytest.approx(frame["base_ha"].tolist())
    assert [number_of(row[4]) for row in body] == pytest.approx(frame["base_share"].tolist())
    assert [number_of(row[7]) for row in body] == pytest.approx(frame["change_ha"].tolist(), abs=1e-6)
    total = number_of(table.rows[table.strong[0]][3])
    assert total == pytest.approx(frame.loc[frame["section"] == "class", "base_ha"].sum())
    assert say(table.notes[0], "zh") == "基期 2020 年，目标年 2035 年。"


def test_without_a_target_there_are_no_columns_of_it() -> None:
    _, table = made(None)
    assert len(table.heads) == 5
    assert {len(row) for row in table.rows} == {5}
    assert show_row(table, table.strong[0], "zh")[2] == "合计"
