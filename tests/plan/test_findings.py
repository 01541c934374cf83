"""Findings as a layer: worst first, numbered, and the same whatever order they come in."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.pipeline import list_layers
from spatial.plan.findings import STORED_CRS, Finding, frame_findings

CONTRACT = list_layers()["findings"]


def finding(rule="a.b", severity="error", **more):
    return Finding(
        rule, severity, **{"layer": "zones", "feature_id": "", "message_zh": "坏", "message_en": "bad"} | more
    )


def test_worst_first_then_by_rule_layer_and_feature():
    given = [
        finding("z.z", "info"), finding("b.b", "warning"), finding("a.a", "warning"), finding("z.a"), finding("a.z", layer="towns"),
        finding("a.z", layer="lines"), finding("a.z", layer="lines", feature_id="7"),
    ]  # fmt: skip
    frame = frame_findings(given)
    assert list(zip(frame["severity"], frame["rule"], frame["layer"], frame["feature_id"], strict=True)) == [
        ("error", "a.z", "lines", ""), ("error", "a.z", "lines", "7"), ("error", "a.z", "towns", ""), ("error", "z.a", "zones", ""),
        ("warning", "a.a", "zones", ""), ("warning", "b.b", "zones", ""), ("info", "z.z", "zones", ""),
    ]  # fmt: skip
    assert frame["id"].tolist() == [f"finding-{number:04d}" for number in range(1, 8)]


def test_what_is_said_stays_as_it_is():
    place = shapely.box(112, 35, 113, 36)
    frame = frame_findings(
        [finding(message_zh="<b>甲</b>", message_en="x", value=3, limit=2.5, geometry=place), finding()]
    )
    row = frame[frame["value"].notna()].iloc[0]
    assert (row["name"], row["message_zh"], row["message_en"], row["value"], row["limit"]) == (
        "<b>甲</b>",
        "<b>甲</b>",
        "x",
        3.0,
        2.5,
    )
    assert row.geometry.equals(place)
    assert frame.geometry.isna().sum() == 1
    assert frame["limit"].isna().sum() == 1


@pytest.mark.parametrize(
    "findings",
    [[], [finding()], [finding(value=1, geometry=shapely.Point(1, 2)), finding("c.d", "info", limit=0)]],
    ids=["none", "one", "two"],
)
def test_the_frame_keeps_the_contract_of_the_layer(findings):
    frame = frame_findings(findings)
    assert isinstance(frame, gpd.GeoDataFrame)
    assert frame.crs == STORED_CRS
    assert len(CONTRACT.schema("findings").validate(frame, lazy=True)) == len(findings)


def test_an_unknown_severity_is_a_fault_of_the_programmer():
    with pytest.raises(KeyError):
        frame_findings([finding(severity="fatal")])


@pytest.mark.parametrize(
    "other",
    [
        {"message_zh": "甲"},
        {"value": 1},
        {"limit": 2},
        {"geometry": shapely.Point(112, 35)},
        {"feature_id": "1"},
    ],
    ids=str,
)
def test_findings_that_differ_in_one_thing_have_one_order(other):
    pair = [finding(), finding(**other)]
    assert frame_findings(pair).to_json(na="null") == frame_findings(pair[::-1]).to_json(na="null")


FINDINGS = st.lists(
    st.builds(
        Finding,
        rule=st.sampled_from(["a.b", "c.d"]),
        severity=st.sampled_from(["error", "warning", "info"]),
        layer=st.sampled_from(["", "zones"]),
        feature_id=st.sampled_from(["", "1"]),
        message_zh=st.sampled_from(["甲", "乙"]),
        message_en=st.just("x"),
        value=st.none() | st.sampled_from([0.0, 1.0, np.float64(2)]),
        limit=st.none() | st.sampled_from([1.0, 2.0]),
        geometry=st.none() | st.builds(shapely.Point, st.integers(0, 2), st.just(35)),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=60)
@given(findings=FINDINGS, data=st.data())
def test_the_order_they_come_in_has_no_say(findings, data):
    first, second = frame_findings(findings), frame_findings(data.draw(st.permutations(findings)))
    assert first["id"].is_unique
    assert len(first) == len(findings)
    assert first.to_json(na="null") == second.to_json(na="null")
