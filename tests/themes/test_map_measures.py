"""Measures of the map: names that indicators ask for, with the numbers of the layers they are of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from spatial.pipeline import check_plan
from spatial.plan.parts.indicators import MEASURE

if TYPE_CHECKING:
    from spatial.results import Build

_LAYERS = ("indicators", "zone_balance", "district_balance", "commute_circles", "promises", "territory")


@pytest.fixture(scope="module")
def built() -> Build:
    return check_plan("jiyuan", only=_LAYERS, besides=("map_measures",))


def test_every_measure_is_named_as_indicators_ask_for_it_and_once(built: Build) -> None:
    table: pd.DataFrame = built.besides["map_measures"]
    assert not table.duplicated(["measure", "of"]).any()
    assert all(re.match(MEASURE, name) for name in table["measure"])
    assert table["value"].notna().all()
    assert set(table["unit"]) <= {"ha", "km2", "1", "个"}


def test_numbers_are_those_of_the_layers(built: Build) -> None:
    table = built.besides["map_measures"].set_index(["measure", "of"])["value"]
    balance = built.layers["zone_balance"].set_index("key")
    for key, row in balance[balance["section"] != "territory"].iterrows():
        assert table[f"{row['section']}s.{key}.area_ha", ""] == row["area_ha"]
        assert table[f"{row['section']}s.{key}.share", ""] == row["share"]
    for row in built.layers["district_balance"].itertuples():
        assert table[f"{row.section}s.{row.key}.area_ha", row.name] == row.area_ha
    promises = built.layers["promises"].set_index("circle")["share"]
    assert {circle: table[f"circles.{circle}.share", ""] for circle in promises.index} == promises.to_dict()
    whole = built.layers["territory"]["area_km2"].sum()
    assert table["territory.area_km2", ""] == whole


def test_jiyuan_holds_its_lines_and_a_circle_against_the_map(built: Build) -> None:
    rows = built.layers["indicators"].set_index("indicator")
    balance = built.layers["zone_balance"].set_index("key")["area_ha"]
    assert rows.loc["permanent_farmland", "measured_value"] == balance["permanent_farmland"]
    assert rows.loc["redline_area", "measured_value"] == balance["ecological_redline"]
    assert rows.loc["core_cover", "measured_value"] == pytest.approx(
        100 * built.layers["promises"].set_index("circle").loc["core_15", "share"]
    )
    assert rows.loc["urbanisation", ["base_value", "target_value", "relation"]].tolist() == [62.36, 65, ">"]
    assert rows.loc["gdp_per_head", "needed_rate"] == pytest.approx((100_000 / 87_599) ** 0.5 - 1)
    assert (
        not built.layers["findings"].query("severity == 'error'")["rule"].str.startswith("indicators").any()
    )
