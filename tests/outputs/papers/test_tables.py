"""Tests of display tables: every layer has one, figures are the layers', formulas come to their values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.outputs.order import Order
from spatial.outputs.papers.cells import (
    ABSENT,
    Derived,
    Head,
    Quantity,
    Table,
    clean,
    number_of,
    say,
    show_cell,
    show_number,
)
from spatial.outputs.papers.key_figures import lay_out_summary
from spatial.outputs.papers.plan_tables import lay_out_rules, list_rules
from spatial.outputs.papers.tables import list_tables
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.parts.evaluation import Evaluation

if TYPE_CHECKING:
    from spatial.results import Build

HOSTILE = "=HYPERLINK(1)\x00\u202e<script>"


def make_order(build: Build, **changes: object) -> Order:
    order = Order(
        build.plan,
        build.layers,
        build.contracts,
        build.provenance,
        build.metric_crs,
        not_built=build.not_built,
    )
    return replace(order, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tables(jiyuan: Build) -> dict[str, Table]:
    order = make_order(jiyuan)
    made = list_tables(order)
    return {table.key: table for table in [lay_out_summary(order, made), *made]}


def evaluate(cell: Derived, rows: tuple[tuple[object, ...], ...]) -> float:
    """Work out a formula from the cells that it names, apart from how its value was made."""
    values = [number_of(rows[at][column]) for at, column in cell.cells]  # type: ignore[arg-type]
    terms = [math.nan if value is None else value for value in values]
    made = {
        "sum": lambda: sum(terms),
        "ratio": lambda: terms[0] / terms[1],
        "difference": lambda: terms[0] - terms[1],
        "same": lambda: terms[0],
    }[cell.how]()
    return made if cell.rounded is None else round(made, cell.rounded)


def test_every_layer_with_rows_has_a_table_and_no_other(jiyuan: Build, tables: Mapping[str, Table]) -> None:
    parts = {"cores", "belts", "points", "axes"}
    built = {name for name, frame in jiyuan.layers.items() if len(frame)}
    assert built - parts <= set(tables)
    made_here = {"summary", "conflict_sums", "finding_counts", "sources", "rules", "not_built", "provenance"}
    made_here |= {"indicator_trends", "evaluation_factors", "evaluation_rules", "evaluation_stability"}
    assert set(tables) - made_here <= built


def test_rows_are_as_long_as_heads_and_titles_are_in_both_languages(tables: Mapping[str, Table]) -> None:
    for table in tables.values():
        assert {len(row) for row in table.rows} == {len(table.heads)}
        for text in (table.title, *(head.title for head in table.heads)):
            assert text.zh
            assert text.en


def test_formulas_come_to_their_values(tables: Mapping[str, Table]) -> None:
    count = 0
    for table in tables.values():
        for cell in (cell for row in table.rows for cell in row):
            made = cell.value if isinstance(cell, Quantity) else cell
            if isinstance(made, Derived):
                rows = tables[made.table or table.key].rows
                assert evaluate(made, rows) == pytest.approx(made.value, rel=1e-12, abs=1e-9)
                count += 1
    assert count > 150


@pytest.mark.parametrize(
    ("layer", "column", "place"),
    [
        ("promises", "margin_share", 7),
        ("circle_times", "margin_min", 5),
        ("circle_coverage", "share", 6),
        ("gaps", "gain_per_km", 13),
        ("gaps", "share_after", 9),
        ("structure", "area_km2", 4),
    ],
)
def test_figures_are_those_of_the_layer(
    jiyuan: Build, tables: Mapping[str, Table], layer: str, column: str, place: int
) -> None:
    wanted = jiyuan.layers[layer][column].to_numpy(dtype=float)
    seen = [number_of(cell) for cell in tables[layer].column(place)]
    assert [value is None for value in seen] == np.isnan(wanted).tolist()
    for value, want in zip(seen, wanted, strict=True):
        assert value is None or value == pytest.approx(want, rel=1e-9, abs=1e-12)


def test_balance_and_its_parts_by_district_agree(jiyuan: Build, tables: Mapping[str, Table]) -> None:
    balance = jiyuan.layers["zone_balance"].set_index("key")
    shares = {say(row[1], "en"): number_of(row[3]) for row in tables["zone_balance"].rows}  # type: ignore[arg-type]
    for key, name in (("ecology", "Ecological space"), ("urban_boundary", "Urban development boundary")):
        assert shares[name] == pytest.approx(balance.loc[key, "share"], rel=1e-12)
    gap = next(row for row in tables["zone_balance"].rows if say(row[1], "zh") == "三区合计减全域")  # type: ignore[arg-type]
    assert abs(number_of(gap[2]) or 0.0) < 1e-4
    *_, last = tables["district_balance"].rows
    assert [abs(value) for cell in last if (value := number_of(cell)) is not None] == pytest.approx(
        [0.0] * 6, abs=1e-4
    )


def test_straight_rings_are_held_against_roads(jiyuan: Build, tables: Mapping[str, Table]) -> None:
    circles = jiyuan.layers["commute_circles"]
    own = circles[circles["form"] == "cumulative"]
    seen = [number_of(cell) for cell in tables["commute_circles"].column(7)]
    assert seen == pytest.approx(own["overclaim"].tolist(), rel=1e-9)


def test_conflict_sums_are_those_of_the_layer(jiyuan: Build, tables: Mapping[str, Table]) -> None:
    table = tables["conflict_sums"]
    assert number_of(table.rows[-1][4]) == len(jiyuan.layers["conflicts"])
    assert number_of(table.rows[-1][5]) == pytest.approx(jiyuan.layers["conflicts"]["area_m2"].sum() / 1e4)


def test_codes_are_words(tables: Mapping[str, Table]) -> None:
    verdicts = [say(cell, "en") for cell in tables["promises"].column(4)]  # type: ignore[arg-type]
    assert verdicts == ["kept", "kept", "not kept"]
    assert {say(cell, "zh") for cell in tables["circle_times"].column(2)} == {"圈内", "圈外"}  # type: ignore[arg-type]
    aims = [say(cell, "en") for cell in tables["promises"].column(1)]  # type: ignore[arg-type]
    assert aims == ["Core of industry and city", "towns tagged “plain”", "the whole territory"]


def test_outsiders_have_english_names(tables: Mapping[str, Table]) -> None:
    told = " ".join(say(cell, "en") for cell in tables["circle_coverage"].column(9))  # type: ignore[arg-type]
    assert re.search(r"Wangwu \d+\.\d min", told)
    assert "王屋镇" not in told
    assert "no population source" in told
    assert "无人口来源" not in told


def test_rules_are_those_in_use(jiyuan: Build) -> None:
    rows = list_rules(make_order(jiyuan))
    own = {"commute", "lines", "speeds", "zones"}
    of_evaluation = {f"evaluation_{part}" for part in ("capacity", "cover", "ecology", "farming", "urban")}
    more = {"directions", "evaluation_factors", "facilities", "green", "indicators", "proposals"}
    assert own | of_evaluation <= {table for table, _ in rows} <= own | of_evaluation | more
    assert not [rule.key for _, rule in rows if rule.key.startswith(("cycle.", "bus."))]
    assert {"drive.motorway", "walk.residential"} <= {rule.key for _, rule in rows}


def test_rules_of_an_evaluation_are_those_of_its_profile_with_the_plans_own_rows(jiyuan: Build) -> None:
    spec = Evaluation(profile="2020-trial", rules={"urban.unsuitable.slope": 20})
    plan = jiyuan.plan.model_copy(update={"evaluation": spec})
    order = replace(make_order(jiyuan), plan=plan, provenance={"rules.evaluation_urban": "2026-11"})
    rows = {rule.key: rule for _, rule in list_rules(order)}
    assert (rows["unsuitable.slope"].value, rows["unsuitable.slope"].source) == (20, "plan")
    assert rows["slope"].source != "plan"
    assert not [key for key in rows if key.startswith("20")]  # no row of another profile
    table = lay_out_rules(order)
    assert table is not None
    (shown,) = (row for row in table.rows if row[1] == "unsuitable.slope")
    assert (shown[5], shown[7]) == (False, "plan")


def test_sources_have_licence_date_and_hash(jiyuan: Build, tables: Mapping[str, Table]) -> None:
    rows = {row[0]: row for row in tables["sources"].rows if isinstance(row[0], str)}
    assert set(rows) == set(jiyuan.plan.sources)
    assert rows["roads"][3] == "CC0-1.0"
    assert rows["roads"][4] == "2026-11-22"
    assert rows["roads"][6] is True
    assert len(str(rows["roads"][8])) == 64


def test_what_is_not_built_is_listed_with_the_reason(jiyuan: Build, tables: Mapping[str, Table]) -> None:
    assert [row[1] for row in tables["not_built"].rows] == list(jiyuan.not_built)
    reasons = [say(row[2], "en") for row in tables["not_built"].rows]  # type: ignore[arg-type]
    parts = ("facilities", "evaluation", "landuse", "boundary_roads", "commuting", "industry", "services")
    parts += ("assessment",)
    assert all(any(part in reason for part in parts) for reason in reasons)


def test_a_layer_of_tomorrow_is_shown_by_its_contract(jiyuan: Build) -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b"],
            "name": ["耕地保有量", HOSTILE],
            "name_en": ["Farmland kept", ""],
            "target_ha": [100.0, np.nan],
            "share": [0.999999, 0.5],
            "status": ["达标", None],
            "binding": [True, False],
        }
    )
    contract = Contract(
        "指标", "Indicators", "none",
        {
            "name_en": Column("text", "英文名称", "English name"),
            "target_ha": Column("number", "目标（公顷）", "Target (ha)", nullable=True),
            "share": Column("number", "完成率", "Share"),
            "status": Column("text", "状态", "Status", nullable=True),
            "binding": Column("truth", "约束性", "Binding"),
        },
    )  # fmt: skip
    order = make_order(
        jiyuan,
        layers={**jiyuan.layers, "indicators": frame},
        contracts={**jiyuan.contracts, "indicators": contract},
    )
    table = next(table for table in list_tables(order) if table.key == "indicators")
    assert [say(head.title, "en") for head in table.heads] == [
        "Name", "Target (ha)", "Share", "Status", "Binding", "Id",
    ]  # fmt: skip
    shown = [show_cell(cell, head, "both") for cell, head in zip(table.rows[0], table.heads, strict=True)]
    assert shown == ["耕地保有量 Farmland kept", "100.00", "99.9999%", "达标", "是 yes", "a"]
    second = [show_cell(cell, head, "zh") for cell, head in zip(table.rows[1], table.heads, strict=True)]
    assert second == ["=HYPERLINK(1)  <script>", ABSENT, "50.00%", ABSENT, "否", "b"]


def test_nothing_but_a_territory(jiyuan: Build) -> None:
    layers = {name: frame if name == "territory" else frame.iloc[:0] for name, frame in jiyuan.layers.items()}
    plan = jiyuan.plan.model_copy(update={"evaluation": None})
    order = make_order(jiyuan, layers=layers, plan=plan)
    keys = [table.key for table in list_tables(order)]
    assert keys == ["territory", "sources", "not_built", "provenance"]
    summary = lay_out_summary(order, list_tables(order))
    assert number_of(next(row[1] for row in summary.rows if say(row[0], "en") == "error")) == 0  # type: ignore[arg-type]


def test_a_layer_without_zones_has_lines_only(jiyuan: Build) -> None:
    balance = jiyuan.layers["zone_balance"]
    parts = jiyuan.layers["district_balance"]
    layers = {
        **jiyuan.layers,
        "zone_balance": balance[balance["section"] != "zone"],
        "district_balance": parts[parts["section"] != "zone"],
    }
    made = {table.key: table for table in list_tables(make_order(jiyuan, layers=layers))}
    assert len(made["zone_balance"].rows) == 5
    assert len(made["district_balance"].heads) == 4
    for row in made["district_balance"].rows:
        assert len(row) == 4


@given(
    st.floats(-1e15, 1e15) | st.sampled_from([math.nan, math.inf, -math.inf]),
    st.sampled_from(["number", "share", "signed", "points", "integer", "general"]),
)
def test_numbers_never_read_as_nan_or_minus_nothing(value: float, form: str) -> None:
    text = show_number(value, form)  # type: ignore[arg-type]
    assert "nan" not in text
    assert "inf" not in text
    assert text not in ("-0", "−0", "−0.00", "−0.00%", "+0.00")
    assert "-" not in text


@given(st.floats(0.9, 1 - 1e-8))
def test_a_share_short_of_all_does_not_read_as_all(value: float) -> None:
    assert not show_number(value, "share").startswith("100.")


@given(st.text())
def test_cleaned_texts_hold_nothing_that_xml_cannot(text: str) -> None:
    kept = clean(text)
    assert all(ord(sign) >= 32 or sign in "\n\t" for sign in kept)
    assert "\u202e" not in kept
    kept.encode("utf-8")
    assert clean(kept) == kept


def test_both_languages_once_where_they_are_the_same() -> None:
    head = Head(Text(zh="甲", en="A"))
    assert show_cell(Text(zh="G208", en="G208"), head, "both") == "G208"
    assert show_cell(Text(zh="三区"), head, "en") == "三区"
