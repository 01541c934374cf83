"""Findings of circles: each said once, with values, remedy and place; none where all is well."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.checks.circles import (
    circle_making_findings,
    circle_order_findings,
    circle_population_findings,
    circle_promise_findings,
    circle_straight_line_findings,
    circle_uncertain_findings,
)
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.records import Circle, Population
from spatial.plan.rules import read_rules

RULES = read_rules("commute")


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
        ("method_unavailable", "network", "not replaced by a buffer"),
        ("too_far", "9000 km", "9000 km"),
    ],
)
def test_a_circle_that_cannot_be_made_is_an_error(problem: str, word_zh: str, word_en: str) -> None:
    specs = (circle(method="network"),)
    found = only(circle_making_findings(specs, rings(problem), reaches(9e6), made()))
    assert (found.rule, found.severity, found.feature_id) == (f"circles.{problem}", "error", "c")
    assert word_zh in found.message_zh
    assert word_en in found.message_en


def test_a_circle_of_which_nothing_is_left_is_a_warning() -> None:
    found = only(circle_making_findings((circle(),), rings(""), reaches(9e3), made()))
    assert (found.rule, found.severity) == ("circles.outside_territory", "warning")
    assert "clip: false" in found.message_en


def test_a_circle_that_was_made_is_no_finding() -> None:
    assert circle_making_findings((circle(),), rings(""), reaches(9e3), made("c", "c")) == []


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


LAND = shapely.box(112.45, 34.95, 112.7, 35.05)


def promise(subject: str, targets: str = "", problem: str = "", shape: Any = None) -> gpd.GeoDataFrame:
    row = {
        "circle": ["c"],
        "promise": ["towns"],
        "subject": [subject],
        "targets": [targets],
        "problem_zh": [problem],
        "problem_en": [problem],
    }
    return gpd.GeoDataFrame(row, geometry=[shape], crs=4490)


def coverage(verdict: str, share: float | None, subject: str = "towns") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [f"c-promise-{subject}", "c-towns"],
            "circle": "c",
            "promise": ["towns", None],
            "share": [share, share],
            "required_share": [0.95, None],
            "verdict": [verdict, "info"],
            "outside": "丙镇 +1.0 km",
        }
    )


def margins(**metres: tuple[float, float]) -> gpd.GeoDataFrame:
    names = list(metres)
    frame = {
        "circle": "c",
        "target": names,
        "name": [f"{name}镇" for name in names],
        "name_en": [name.upper() for name in names],
        "margin_m": [value[0] for value in metres.values()],
        "accuracy_m": [value[1] for value in metres.values()],
    }
    spots = [shapely.Point(112 + n / 10, 35) for n in range(len(names))]
    return gpd.GeoDataFrame(frame, geometry=spots, crs=4490)


def test_a_broken_promise_of_towns_shows_the_towns() -> None:
    seats = margins(a=(-1000, 0), b=(1000, 0), other=(5000, 0))
    found = only(
        circle_promise_findings(
            (circle(),), coverage("broken", 0.94999), promise("towns", "a,b"), seats, rings("")
        )
    )
    assert (found.rule, found.severity, found.feature_id) == (
        "circles.promise_broken",
        "warning",
        "c-promise-towns",
    )
    assert (found.value, found.limit) == (0.94999, 0.95)
    assert "94.9%" in found.message_en  # never rounded up to what was promised
    assert "丙镇 +1.0 km" in found.message_zh
    assert found.geometry is not None
    assert found.geometry.equals(shapely.Point(112.1, 35))


def test_a_broken_promise_of_land_shows_the_land() -> None:
    found = only(
        circle_promise_findings(
            (circle(),),
            coverage("broken", 0.5, "area"),
            promise("area", shape=LAND),
            margins(),
            rings(""),
        )
    )
    assert found.geometry is not None
    assert found.geometry.equals(shapely.difference(LAND, rings("").geometry[0]))


def test_a_promise_that_leads_nowhere_is_an_error() -> None:
    found = only(
        circle_promise_findings(
            (circle(),),
            coverage("undecidable", None, ""),
            promise("", problem="没有这个要素"),
            margins(),
            rings(""),
        )
    )
    assert (found.rule, found.severity) == ("circles.bad_promise", "error")
    assert "没有这个要素" in found.message_zh


def test_a_kept_promise_is_no_finding() -> None:
    kept = circle_promise_findings(
        (circle(),), coverage("kept", 1), promise("towns", "a"), margins(a=(0, 0)), rings("")
    )
    assert kept == []
    assert circle_uncertain_findings((circle(),), promise("towns", "a"), margins(a=(-10, 0))) == []
    assert circle_uncertain_findings((circle(),), promise("area", shape=LAND), margins(a=(-10, 500))) == []


def test_a_seat_of_unknown_accuracy_counts_as_it_lies() -> None:
    seats = margins(a=(-5000, np.nan), b=(-3000, np.nan), d=(1500, 2000))
    found = only(circle_uncertain_findings((circle(share=0.6),), promise("towns", "a,b,d"), seats))
    assert (found.severity, found.value) == ("info", pytest.approx(2 / 3))


@pytest.mark.parametrize(
    ("share", "severity", "word"),
    [(0.5, "info", "the verdict stands"), (0.75, "warning", "the verdict may turn")],
)
def test_a_seat_near_the_edge_is_uncertain(share: float, severity: str, word: str) -> None:
    seats = margins(a=(-5000, 2000), b=(-3000, 2000), d=(1500, 2000), far=(9000, 2000))
    found = only(circle_uncertain_findings((circle(share=share),), promise("towns", "a,b,d,far"), seats))
    assert (found.rule, found.severity) == ("circles.uncertain", severity)
    assert word in found.message_en
    assert "D +1.5 km (±2 km)" in found.message_en
    assert "B" not in found.message_en.split(":")[1].split(";")[0]
    assert (found.value, found.limit) == (0.5, share)


def test_an_unusable_population_source_is_a_warning() -> None:
    source = Population.model_validate({"source": "census"})
    found = only(circle_population_findings(source, "1 行没有有效人口数 · 1 rows without a valid count"))
    assert (found.rule, found.severity) == ("circles.population", "warning")
    assert "1 rows" in found.message_en
    assert "census" in found.message_zh
    assert circle_population_findings(None, "无 · none") == []
    assert circle_population_findings(source, "") == []


def test_a_plan_without_circles_has_nothing_to_say() -> None:
    assert circle_making_findings((), rings(), reaches(), made()) == []
    assert circle_order_findings((), reaches()) == []
    assert circle_straight_line_findings((), reaches(), RULES) == []
    empty = promise("towns").iloc[:0]
    assert circle_promise_findings((), coverage("kept", 1).iloc[:0], empty, margins(), rings()) == []
    assert circle_uncertain_findings((), empty, margins()) == []
