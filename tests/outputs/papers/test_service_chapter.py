"""The chapter on public services: true numbers, districts by name, nothing said of what is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from spatial.outputs.papers.service_chapter import (
    SERVICE_LAYOUTS,
    SERVICE_TABLES,
    tell_outside,
    tell_service,
    tell_site,
)
from spatial.plan.contract import contract_of
from spatial.themes.services import service_access, service_gap, service_sites

ROW: dict[str, Any] = {
    "name": "小学", "name_en": "Primary school", "group": "children", "met_share": 0.5, "best": "西区",
    "best_share": 0.6, "worst": "东区", "worst_share": 0.2, "ratio": 3.0, "theil": 0.4, "theil_between": 0.1,
}  # fmt: skip
NAMES = {"西区": "West", "东区": ""}


def test_a_service_is_told_with_its_best_and_worst_district() -> None:
    told = tell_service(ROW, NAMES)
    assert told.zh == (
        "小学（学龄儿童）：达标比例 50.0%，西区最高 60.0%，东区最低 20.0%，最高为最低的 3.00 倍；"
        "出行时间的不均衡有 25% 在区与区之间。"
    )
    assert told.en == (
        "Primary school (school children): 50.0% within the standard; West 60.0%, 东区 20.0%: 3.00 to one; "
        "between districts lies 25% of the inequality of minutes."
    )


@pytest.mark.parametrize(
    ("given", "absent"),
    [({"ratio": np.nan}, "倍"), ({"theil": 0.0}, "不均衡"), ({"best": "", "worst": ""}, "最高"),
     ({"met_share": np.nan}, "达标比例")],
)  # fmt: skip
def test_what_is_not_known_is_not_said(given: dict[str, Any], absent: str) -> None:
    told = tell_service(ROW | given, NAMES)
    assert absent not in told.zh
    assert "nan" not in told.zh + told.en


@pytest.mark.parametrize("optimal", [True, False])
def test_sites_built_together_are_told_together_and_whether_that_is_proven(optimal: bool) -> None:
    row = {"service": "小学", "service_en": "Primary school", "theil_before": 0.044159, "theil_after": 0.013342,
           "gained_people": 3645.0, "optimal": optimal}  # fmt: skip
    rows = pd.DataFrame([
        row | {"name": "小学：甲地", "name_en": "Primary school: 甲地", "district": "西区"},
        row | {"name": "小学：乙地", "name_en": "Primary school: 乙地", "district": "东区"},
    ])  # fmt: skip
    told = tell_site(rows, NAMES)
    assert "甲地（西区）、乙地（东区）" in told.zh
    assert "甲地 (West), 乙地 (东区)" in told.en
    assert "0.0442 降至 0.0133" in told.zh
    assert "3,645" in told.en
    assert ("proven)" in told.en and "not proven" not in told.en) is optimal


def test_tables_show_columns_that_layers_have() -> None:
    layers = [getattr(room, name) for room in (service_access, service_gap, service_sites)
              for name in SERVICE_TABLES if hasattr(room, name)]  # fmt: skip
    assert {layer.__name__ for layer in layers} == set(SERVICE_TABLES)
    for layer in layers:
        contract = contract_of(layer)
        assert contract is not None
        layout = SERVICE_LAYOUTS.get(layer.__name__)
        assert set(layout.columns if layout else ()) <= set(contract.all_columns())


def test_people_outside_the_districts_are_told_with_their_number() -> None:
    rows = pd.DataFrame([
        ROW | {"group": "all", "people": 488_422.0, "outside_people": 897_434.0},
        ROW | {"group": "all", "people": 488_422.0, "outside_people": 897_434.0, "name": "公园"},
        ROW | {"people": 10.0, "outside_people": 0.0},
    ])  # fmt: skip
    (told,) = tell_outside(rows)
    assert "1,385,856 人，其中 897,434 人（64.8%）" in told.zh
    assert "897,434 of 1,385,856 people (64.8%)" in told.en
    assert "（全体人口，仅行政区内）" in tell_service(rows.iloc[0].to_dict(), NAMES).zh
    assert "inside the districts only" in tell_service(rows.iloc[0].to_dict(), NAMES).en
    assert "仅" not in tell_service(rows.iloc[2].to_dict(), NAMES).zh


def test_the_share_of_all_services_says_that_it_is_of_pairs() -> None:
    contract = contract_of(service_gap.service_districts)
    assert contract is not None
    column = contract.all_columns()["met_share"]
    assert "人—服务" in column.zh
    assert "person-service pairs" in column.en
    notes = SERVICE_LAYOUTS["service_districts"].notes
    assert any("人—服务" in note.pick("zh") and "no share of people" in note.pick("en") for note in notes)
    assert not any("，无人剔除" in note.pick("zh") for one in SERVICE_LAYOUTS.values() for note in one.notes)
