"""Findings of promises: broken ones with what is left out, undecidable ones with the reason, close calls."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spatial.checks.promises import (
    circle_population_findings,
    circle_promise_findings,
    circle_uncertain_findings,
    promise_firmness_findings,
)
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.records import Circle, Population


def circle(**keys: Any) -> Circle:
    base = {"id": "c", "name": {"zh": "圈", "en": "Ring"}, "from": "core", "time": "15 min"}
    return Circle.model_validate(base | keys)


def rings(*problems: str) -> gpd.GeoDataFrame:
    shape = shapely.Point(112.5, 35.0).buffer(0.1)
    shapes = [None if problem else shape for problem in problems]
    return gpd.GeoDataFrame(
        {"id": ["c"][: len(problems)], "problem": list(problems)}, geometry=shapes, crs=4490
    )


def judge(*given: Any, closed_by: tuple[str, ...] = ()) -> list[Finding]:
    """Judge promises of which some have remedies in the layer of gaps."""
    return circle_promise_findings(*given, gaps=gpd.GeoDataFrame({"circle": list(closed_by)}))


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1
    assert frame_findings(findings)["message_zh"].str.len().min() > 10
    return findings[0]


LAND = shapely.box(112.45, 34.95, 112.7, 35.05)


def promise(subject: str, targets: str = "", problem: str = "", shape: Any = None) -> gpd.GeoDataFrame:
    row = {
        "circle": ["c"],
        "promise": ["towns"],
        "subject": [subject],
        "targets": [targets],
        "aim_zh": ["全部镇街"],
        "aim_en": ["all towns"],
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
            "method": "buffer",
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
        "method": "buffer",
        "margin_m": [value[0] for value in metres.values()],
        "margin_min": [value[0] / 1000 for value in metres.values()],
        "accuracy_m": [value[1] for value in metres.values()],
        "accuracy_min": [value[1] / 1000 for value in metres.values()],
        "state": ["inside" if value[0] <= 0 else "beyond" for value in metres.values()],
    }
    spots = [shapely.Point(112 + n / 10, 35) for n in range(len(names))]
    return gpd.GeoDataFrame(frame, geometry=spots, crs=4490)


def test_a_broken_promise_of_towns_shows_the_towns() -> None:
    seats = margins(a=(-1000, 0), b=(1000, 0), other=(5000, 0))
    found = only(judge((circle(),), coverage("broken", 0.94999), promise("towns", "a,b"), seats, rings("")))
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
        judge(
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
        judge(
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
    kept = judge((circle(),), coverage("kept", 1), promise("towns", "a"), margins(a=(0, 0)), rings(""))
    assert kept == []
    assert circle_uncertain_findings((circle(),), promise("towns", "a"), margins(a=(-10, 0))) == []
    assert circle_uncertain_findings((circle(),), promise("area", shape=LAND), margins(a=(-10, 500))) == []


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


def test_by_road_the_edge_is_told_in_minutes() -> None:
    seats = margins(a=(-5000, 2000), b=(1500, 2000)).assign(method="network")
    found = only(circle_uncertain_findings((circle(share=0.5),), promise("towns", "a,b"), seats))
    assert "B +1.5 min (±2.0 min)" in found.message_en
    assert (found.severity, found.value) == ("info", 0.5)


def test_what_cannot_be_decided_says_why_once() -> None:
    table = coverage("undecidable", 0.5).assign(outside="丙镇 附近无道路 no road near")
    asked = (circle(),), table, promise("towns", "a"), margins(a=(0, 0))
    found = only(judge(*asked, rings("")))
    assert (found.rule, found.severity) == ("circles.promise_undecidable", "warning")
    assert "no road near" in found.message_en
    assert judge(*asked, rings("no_network")) == []  # that is an error of its own


def test_a_broken_promise_by_road_points_to_what_would_help() -> None:
    table = coverage("broken", 0.5).assign(method="network")
    asked = (circle(),), table, promise("towns", "a"), margins(a=(1, 0)), rings("")
    found = only(judge(*asked, closed_by=("c",)))
    assert "See layer gaps" in found.message_en
    assert "gaps" in found.message_zh
    # Where nothing that was tried helps, the layer has nothing to show.
    for others in ((), ("another",)):
        found = only(judge(*asked, closed_by=others))
        assert "gaps" not in found.message_en + found.message_zh
        assert "Check roads" in found.message_en


def test_the_share_seen_is_what_tables_say_unless_that_reads_as_enough() -> None:
    asked = promise("towns", "a"), margins(a=(1, 0)), rings("")
    assert "49.3%" in only(judge((circle(),), coverage("broken", 0.49271), *asked)).message_en
    assert "94.9%" in only(judge((circle(),), coverage("broken", 0.94999), *asked)).message_en


def test_no_promises_nothing_to_say() -> None:
    empty = promise("towns").iloc[:0]
    assert judge((), coverage("kept", 1).iloc[:0], empty, margins(), rings()) == []
    assert circle_uncertain_findings((), empty, margins()) == []


def verdict(**keys: Any) -> pd.DataFrame:
    row = {"id": "c-promise", "name": "圈：towns", "name_en": "Ring: towns", "verdict": "kept", "flags": "",
           "slower_10": "kept", "faster_10": "kept", "flip_factor": 0.5}  # fmt: skip
    return pd.DataFrame([row | keys])


def test_a_verdict_says_when_it_turns_and_on_what_it_rests() -> None:
    found = only(promise_firmness_findings(verdict(flags="illustrative_roads,class_speeds")))
    assert (found.rule, found.severity, found.value, found.limit) == ("promises.firmness", "info", 0.5, 1.0)
    assert "kept; that turns when all speeds change by -50%" in found.message_en
    assert "roads are illustrative, speeds go by class of road" in found.message_en
    assert "道路为示意、车速按道路等级取值" in found.message_zh


def test_a_verdict_that_a_tenth_would_turn_is_fragile() -> None:
    found = only(promise_firmness_findings(verdict(verdict="broken", slower_10="broken", flip_factor=1.04)))
    assert (found.rule, found.severity) == ("promises.fragile", "warning")
    assert "broken; that turns when all speeds change by +4%" in found.message_en


def test_a_verdict_that_never_turns_says_so() -> None:
    found = only(promise_firmness_findings(verdict(flip_factor=float("nan"))))
    assert "no change of speed up to four times" in found.message_en
    assert found.value is None
    assert promise_firmness_findings(verdict(verdict="undecidable")) == []
