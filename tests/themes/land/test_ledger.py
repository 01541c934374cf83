"""The land ledger: sums are those of the parcels, over-draws are errors, nothing unknown is counted."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.checks.ledger import ledger_findings
from spatial.engine.areas import straight_area_m2
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.ledger import Ledger
from spatial.themes.land.ledger import land_ledger, ledger_parcels

WORDS = ("已批准", "已供应", "批而未供", "低效")


def spec(hectares: float = 50, **more: Any) -> Ledger:
    quotas = [{"district": district, "kind": "工业", "area": f"{hectares} ha"} for district in ("甲", "乙")]
    return Ledger.model_validate({"parcels": "stock", "quotas": quotas} | more)


def stock(rows: list[tuple[str, str, str]], size: float = 0.002) -> dict[str, gpd.GeoDataFrame]:
    shapes = [shapely.box(111 + at * 0.01, 35, 111 + at * 0.01 + size, 35 + size) for at in range(len(rows))]
    columns = dict(zip(("district", "kind", "status"), map(list, zip(*rows, strict=True)), strict=True))
    ids = [f"p{at}" for at in range(len(rows))]
    extra = {"id": ids, "name": ids, "source": "stock", "illustrative": False}
    return {"stock": gpd.GeoDataFrame(extra | columns, geometry=shapes, crs=STORED_CRS)}


def rules(found: list[Any]) -> set[str]:
    return {one.rule for one in found} - {"ledger.stock"}


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("甲乙丙"), st.just("工业"), st.sampled_from(WORDS)), min_size=1))
def test_sums_are_those_of_the_parcels(rows: list[tuple[str, str, str]]) -> None:
    frames = stock(rows)
    parcels = ledger_parcels(spec(), frames)
    table = land_ledger(parcels, spec())
    statuses = [f"{name}_ha" for name in ("approved", "supplied", "unused", "inefficient")]
    whole = straight_area_m2(frames["stock"].geometry).sum() / 1e4
    assert table[statuses].to_numpy().sum() == pytest.approx(whole)
    assert table["parcels"].sum() == len(rows)
    assert (table["quota_ha"] - table["drawn_ha"]).to_numpy() == pytest.approx(table["balance_ha"])
    inefficient = [row for row in rows if row[2] == "低效"]
    assert table["drawn_ha"].sum() == pytest.approx(whole * (1 - len(inefficient) / len(rows)))
    over = set(table.loc[table["balance_ha"] < -1e-4, "district"])
    errors = [one for one in ledger_findings(table, parcels, spec()) if one.severity == "error"]
    assert {one.message_zh[0] for one in errors} == over


def test_an_overdraw_is_an_error() -> None:
    frames = stock([("甲", "工业", "已批准")] * 3)
    parcels = ledger_parcels(spec(10), frames)
    found = ledger_findings(land_ledger(parcels, spec(10)), parcels, spec(10))
    assert rules(found) == {"ledger.overdrawn"}
    (error,) = [one for one in found if one.severity == "error"]
    assert error.value > error.limit == 10


def test_what_is_not_known_is_named_and_not_counted() -> None:
    frames = stock([("甲", "工业", "在建"), ("", "工业", "已供应"), ("甲", "工业", "在用")])
    one = spec(statuses={"在用": "supplied"})
    parcels = ledger_parcels(one, frames)
    table = land_ledger(parcels, one)
    assert rules(ledger_findings(table, parcels, one)) == {"ledger.no_status", "ledger.no_district"}
    assert table["parcels"].sum() == 1


def test_overlapping_parcels_are_told() -> None:
    frames = stock([("甲", "工业", "已供应")] * 2)
    frames["stock"].geometry = [
        shapely.box(111, 35, 111.002, 35.002),
        shapely.box(111.001, 35, 111.003, 35.002),
    ]
    parcels = ledger_parcels(spec(), frames)
    found = {one.rule: one for one in ledger_findings(land_ledger(parcels, spec()), parcels, spec())}
    half = straight_area_m2([shapely.box(111.001, 35, 111.002, 35.002)])[0]
    assert found["ledger.overlap"].value == pytest.approx(half, rel=1e-6)


@pytest.mark.parametrize("frames", [{}, None])
def test_without_a_ledger_layers_are_empty(frames: dict[str, Any] | None) -> None:
    parcels = ledger_parcels(None if frames is None else spec(), frames or {})
    assert parcels.empty
    assert parcels.crs == STORED_CRS
    assert land_ledger(parcels, None).empty
    assert ledger_findings(land_ledger(parcels, None), parcels, None) == []


def test_columns_that_are_absent_leave_parcels_unknown() -> None:
    frames = stock([("甲", "工业", "已供应")])
    parcels = ledger_parcels(spec(status_column="nowhere"), frames)
    assert parcels["status"].tolist() == [""]
    assert not np.isnan(parcels["area_ha"]).any()
