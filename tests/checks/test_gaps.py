"""Findings of gaps: what was tried, and what came of it."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import shapely

from spatial.checks.gaps import gap_findings
from spatial.plan.findings import frame_findings
from spatial.plan.records import Circle, Roads

SPECS = (
    Circle.model_validate(
        {"id": "c", "name": {"zh": "圈", "en": "Ring"}, "from": "x", "time": "5 min", "share": 0.9}
    ),
)
ROADS = Roads.model_validate({"source": "roads", "gap": "2 km"})


def listed(**keys: Any) -> gpd.GeoDataFrame:
    row = {"circle": "c", "name": "新建连接 甲", "name_en": "Link 甲", "length_km": 1.5, "gain_per_km": 12.34, "gain_unit": "people",
           "share_before": 0.5, "share_after": 0.95, "verdict_after": "kept"}  # fmt: skip
    row |= keys
    return gpd.GeoDataFrame(
        {key: [value] for key, value in row.items()}, geometry=[shapely.Point(0, 0)], crs=4490
    )


def tell(frame: gpd.GeoDataFrame) -> Any:
    found = gap_findings(SPECS, {"c": 17}, frame, ROADS)
    assert len(found) == 1
    assert len(frame_findings(found)) == 1
    return found[0]


def test_the_best_remedy_is_told() -> None:
    found = tell(listed())
    assert (found.rule, found.severity, found.value, found.limit) == ("gaps.tried", "info", 0.95, 0.9)
    assert "17 candidates were tried (links up to 2 km" in found.message_en
    assert "“Link 甲” (1.5 km, 12.3 people a km); 1 of those listed keep the promise" in found.message_en
    assert "试算 17 个方案" in found.message_zh


def test_large_gains_are_written_out() -> None:
    found = tell(listed(gain_per_km=128_232.7))
    assert "128,233 people a km" in found.message_en
    assert "128,233 人" in found.message_zh


def test_what_does_not_suffice_says_so() -> None:
    assert "none alone keeps it" in tell(listed(verdict_after="broken", share_after=0.6)).message_en
    assert "keep" not in tell(listed(share_before=0.92)).message_en  # it is kept already


def test_nothing_found_says_so() -> None:
    found = tell(listed().iloc[:0])
    assert found.value is None
    assert "none alone brings more" in found.message_en
    assert gap_findings(SPECS, {}, listed(), ROADS) == []
