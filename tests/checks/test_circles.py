"""Findings of circles: each said once, with values, remedy and place; none where all is well."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.checks.circles import (
    circle_making_findings,
    circle_network_findings,
    circle_order_findings,
    circle_straight_line_findings,
)
from spatial.engine.rings.isochrones import RingRules
from spatial.engine.travel.departures import Departure
from spatial.engine.travel.journeys import Journey
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.records import Circle, Roads
from spatial.plan.rules import read_rules

RULES = read_rules("commute")
ROADS = Roads.model_validate({"source": "roads", "snap": "2 km"})


def circle(**keys: Any) -> Circle:
    base = {"id": "c", "name": {"zh": "圈", "en": "Ring"}, "from": "core", "time": "15 min"}
    return Circle.model_validate(base | keys)


def reaches(*radii: float) -> gpd.GeoDataFrame:
    ids = ["c", "d", "e"][: len(radii)]
    frame = {"id": ids, "speed_kmh": 45.0, "detour": 1.3, "radius_m": list(radii)}
    return gpd.GeoDataFrame(frame, geometry=[shapely.Point(112.5, 35)] * len(radii), crs=4490)


def rings(*problems: str) -> gpd.GeoDataFrame:
    shape = shapely.Point(112.5, 35.0).buffer(0.1)
    shapes = [None if problem else shape for problem in problems]
    return gpd.GeoDataFrame(
        {"id": ["c", "d", "e"][: len(problems)], "problem": list(problems)}, geometry=shapes, crs=4490
    )


def made(*ids: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"circle": list(ids)}, geometry=[shapely.Point()] * len(ids), crs=4490)


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1
    assert frame_findings(findings)["message_zh"].str.len().min() > 10
    return findings[0]


@pytest.mark.parametrize(
    ("problem", "word_zh", "word_en"),
    [
        ("unknown_origin", "core", "'core'"),
        ("method_unavailable", "roads", "name a source of roads there"),
        ("method_unavailable", "未以直线缓冲代替", "not replaced by a buffer"),
        ("no_network", "classes", "no road is open to it"),
        ("off_network", "2 km", "within 2 km of 'core'"),
        ("too_far", "9000 km", "9000 km"),
    ],
)
def test_a_circle_that_cannot_be_made_is_an_error(problem: str, word_zh: str, word_en: str) -> None:
    specs = (circle(method="network"),)
    found = only(circle_making_findings(specs, rings(problem), reaches(9e6), made(), ROADS))
    assert (found.rule, found.severity, found.feature_id) == (f"circles.{problem}", "error", "c")
    assert word_zh in found.message_zh
    assert word_en in found.message_en


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({"method": "surface", "mode": "bus"}, "mode: bus"),
        ({"method": "network", "mode": "bus"}, "mode: bus"),
    ],
)
def test_what_is_not_there_yet_is_not_blamed_on_the_roads(keys: dict[str, str], word: str) -> None:
    found = only(
        circle_making_findings((circle(**keys),), rings("method_unavailable"), reaches(9e6), made(), ROADS)
    )
    assert word in found.message_en
    assert "not available in this version" in found.message_en


@pytest.mark.parametrize(
    ("problem", "word_zh", "word_en"),
    [("no_terrain", "terrain", "`elevation`"), ("no_ground", "水面", "on water")],
)
def test_ground_that_is_not_there_is_an_error(problem: str, word_zh: str, word_en: str) -> None:
    specs = (circle(method="surface"),)
    found = only(circle_making_findings(specs, rings(problem), reaches(9e6), made(), ROADS))
    assert (found.rule, found.severity) == (f"circles.{problem}", "error")
    assert word_zh in found.message_zh
    assert word_en in found.message_en


def test_a_circle_of_which_nothing_is_left_is_a_warning() -> None:
    found = only(circle_making_findings((circle(),), rings(""), reaches(9e3), made(), None))
    assert (found.rule, found.severity) == ("circles.outside_territory", "warning")
    assert "clip: false" in found.message_en


def test_a_circle_that_was_made_is_no_finding() -> None:
    assert circle_making_findings((circle(),), rings(""), reaches(9e3), made("c", "c"), None) == []


def test_more_time_must_not_reach_less() -> None:
    specs = (circle(), circle(id="d", time="30 min"), circle(id="e", time="60 min", **{"from": "elsewhere"}))
    found = only(circle_order_findings(specs, reaches(9_000, 8_000, 1_000)))
    assert (found.rule, found.feature_id, found.value, found.limit) == ("circles.order", "d", 8.0, 9.0)
    assert circle_order_findings(specs, reaches(9_000, 9_000, 1_000)) == []


def test_a_buffer_says_what_it_is_made_from() -> None:
    found = only(circle_straight_line_findings((circle(speed="50 km/h"),), reaches(8_653.8), RULES))
    assert (found.rule, found.severity) == ("circles.straight_line", "info")
    assert "given by the plan" in found.message_en
    assert "drive.detour, a default of this tool, no norm" in found.message_en
    assert "8.65 km" in found.message_zh
    assert circle_straight_line_findings((circle(method="network"),), reaches(1), RULES) == []


def test_a_circle_along_roads_says_how_it_was_drawn_and_what_a_buffer_claims() -> None:
    journey = Journey("", Departure.nowhere(), np.zeros(1, np.float32), RingRules(off_road_m=50))
    frame = made("c", "c").assign(
        form=["cumulative", "beside"], area_km2=[10.0, 15.0], overclaim=[1.5, np.nan]
    )
    found = only(circle_network_findings((circle(method="network"),), {"c": journey}, frame))
    assert (found.rule, found.severity, found.value) == ("circles.network", "info", 1.5)
    assert "1.50 times" in found.message_en
    assert "off the road up to 50 m" in found.message_en
    assert "离路最远 50 米" in found.message_zh
    assert circle_network_findings((circle(),), {}, frame) == []


def test_a_plan_without_circles_has_nothing_to_say() -> None:
    assert circle_making_findings((), rings(), reaches(), made(), None) == []
    assert circle_order_findings((), reaches()) == []
    assert circle_straight_line_findings((), reaches(), RULES) == []
    assert circle_network_findings((), {}, made().assign(form="")) == []
