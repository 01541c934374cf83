"""Tables of functional zones: sums, differences as formulas, and ecosystems of which no number is stated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spatial.outputs.papers.cells import Derived
from spatial.outputs.papers.functional_tables import FUNCTIONAL_LAYOUTS, FUNCTIONAL_TABLES
from spatial.outputs.papers.layouts import lay_out
from spatial.pipeline import list_layers
from spatial.plan.contract import shape_rows
from spatial.themes.economy.functional_system import ecosystems


def test_ecosystems_have_sums_and_differences() -> None:
    frame = pd.DataFrame({
        "id": ["ecosystem-001", "ecosystem-002"], "name": ["甲", "乙"], "name_en": "", "kind": "industry",
        "listed": [True, False], "established": [True, False], "zones_stated": [4.0, np.nan], "zones": [3, 2],
        "difference": [-1.0, np.nan], "area_ha": [10.0, 30.0], "share": [0.25, 0.75], "industries": "",
    })  # fmt: skip
    contract = list_layers()["ecosystems"]
    table = lay_out("ecosystems", shape_rows(frame, ecosystems), contract, FUNCTIONAL_LAYOUTS["ecosystems"])
    at = {head.title.zh: place for place, head in enumerate(table.heads)}
    first, second, total = table.rows
    gap = first[at["相差（图上 − 规划）"]]
    assert isinstance(gap, Derived)
    assert (gap.how, gap.value) == ("difference", -1.0)
    assert second[at["规划功能区数"]] is None or pd.isna(second[at["规划功能区数"]])
    sums = {name: total[at[name]] for name in ("规划功能区数", "图上功能区数", "面积（公顷）")}
    assert {name: cell.value for name, cell in sums.items() if isinstance(cell, Derived)} == {
        "规划功能区数": pytest.approx(4), "图上功能区数": pytest.approx(5), "面积（公顷）": pytest.approx(40),
    }  # fmt: skip


def test_layouts_are_of_layers_and_their_columns() -> None:
    layers = list_layers()
    assert set(FUNCTIONAL_LAYOUTS) <= set(FUNCTIONAL_TABLES) <= set(layers)
    for name, layout in FUNCTIONAL_LAYOUTS.items():
        assert {*layout.columns, *layout.sums, *layout.formulas} <= set(layers[name].all_columns())
