"""Conformance: verdicts follow the table, pieces add up, moving away never worsens, nothing absent passes."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.areas import straight_area_m2
from spatial.engine.gcj02 import shift_gcj02
from spatial.plan.departments import Departments, SliverLimits, read_departments
from spatial.studies.conformance import CONDITIONAL, NOT_JUDGED, PASS, REJECT, Judge
from spatial.studies.opinions import frame_opinions, frame_verdicts
from spatial.studies.projects import doubt_projects
from spatial.studies.suggestions import suggest_changes

CRS = "EPSG:4546"
LAND = shapely.box(111.0, 34.8, 111.4, 35.2)
FARMLAND = shapely.box(111.1, 35.0, 111.2, 35.1)
TEXT = {"zh": "甲", "en": "a"}


def rule(**more: object) -> dict[str, object]:
    base = {"id": "one", "title": TEXT, "layer": "lines", "relation": "overlaps", "verdict": "reject",
            "todo": TEXT, "basis": TEXT, "confidence": "default"}  # fmt: skip
    return {key: value for key, value in (base | more).items() if value is not None}


def table(*rules: dict[str, object]) -> Departments:
    attributes = [
        {"key": "kind", "name": TEXT, "columns": ["kind"], "values": {"housing": TEXT, "road": TEXT}}
    ]
    department = {"key": "nature", "name": TEXT, "rules": list(rules)}
    return Departments.model_validate(
        {"name": "own", "version": "1", "title": TEXT, "tolerance": {"area": "1 m2", "width": "1 mm"},
         "attributes": attributes, "departments": [department]}
    )  # fmt: skip


def layer(*shapes: shapely.Geometry, **columns: object) -> gpd.GeoDataFrame:
    ids = [f"f{number}" for number in range(len(shapes))]
    return gpd.GeoDataFrame({"id": ids, "name": ids, **columns}, geometry=list(shapes), crs=4490)


def send(*shapes: shapely.Geometry, kind: str = "housing") -> gpd.GeoDataFrame:
    count = len(shapes)
    return gpd.GeoDataFrame(
        {"id": [f"p{at}" for at in range(count)], "name": "p", "kind": kind, "illustrative": True,
         "area_m2": straight_area_m2(shapes), "length_m": 0.0},
        geometry=list(shapes), crs=4490,
    )  # fmt: skip


def judge(*rules: dict[str, object], limits: SliverLimits | None = None, **frames: gpd.GeoDataFrame) -> Judge:
    return Judge(table(*rules), {"territory": layer(LAND), **frames}, CRS, limits)


def verdict(one: Judge, *shapes: shapely.Geometry, kind: str = "housing") -> list[int]:
    return one.answer(send(*shapes, kind=kind))[0].verdict.tolist()


INSIDE, ACROSS, BESIDE = (shapely.box(x, 35.04, x + 0.01, 35.05) for x in (111.15, 111.196, 111.25))


def test_each_relation_holds_where_it_says() -> None:
    lines = {"lines": layer(FARMLAND)}
    assert verdict(judge(rule(), **lines), INSIDE, ACROSS, BESIDE) == [REJECT, REJECT, PASS]
    assert verdict(judge(rule(relation="outside"), **lines), INSIDE, ACROSS, BESIDE) == [PASS, REJECT, REJECT]
    above = judge(rule(relation="share_above", share=0.6), **lines)
    assert verdict(above, INSIDE, ACROSS, BESIDE) == [REJECT, PASS, PASS]
    # ACROSS and BESIDE lie 0 and some 4 560 m away.
    near, far = (judge(rule(relation="within", distance=f"{m} m"), **lines) for m in (4500, 4700))
    assert verdict(near, INSIDE, ACROSS, BESIDE) == [REJECT, REJECT, PASS]
    assert verdict(far, BESIDE) == [REJECT]
    assert far.answer(send(BESIDE))[0].distance[0] == pytest.approx(4566, rel=2e-3)


def test_exceptions_and_kinds_of_projects() -> None:
    other = {
        "when": {"kind": ["road"]},
        "verdict": "conditional",
        "todo": TEXT,
        "basis": TEXT,
        "confidence": "low",
    }
    with_other = judge(rule(exceptions=[other]), lines=layer(FARMLAND))
    assert verdict(with_other, INSIDE) == [REJECT]
    assert verdict(with_other, INSIDE, BESIDE, kind="road") == [CONDITIONAL, PASS]
    only = judge(rule(projects={"kind": ["road"]}), lines=layer(FARMLAND))
    assert verdict(only, INSIDE, kind="housing") == [PASS]
    assert verdict(only, INSIDE, kind="road") == [REJECT]
    assert verdict(only, INSIDE, kind="") == [NOT_JUDGED]


@pytest.mark.parametrize(
    "frames",
    [
        {},
        {"lines": layer(FARMLAND).iloc[:0]},
        {"lines": layer(FARMLAND)},
        {"lines": layer(FARMLAND, line="urban_boundary")},
        {"lines": layer(FARMLAND.boundary, line="permanent_farmland")},
    ],
)
def test_what_the_plan_lacks_is_not_judged(frames: dict[str, gpd.GeoDataFrame]) -> None:
    asked = judge(rule(where={"line": "permanent_farmland"}), **frames)
    answers = asked.answer(send(INSIDE))
    assert answers[0].verdict.tolist() == [NOT_JUDGED]
    opinions = frame_opinions(asked, send(INSIDE), answers)
    assert "lines" in opinions["text_zh"][0]
    assert frame_verdicts(asked, send(INSIDE), answers)["verdict"].tolist() == ["incomplete"]


def test_a_project_outside_the_plan_passes_nothing() -> None:
    away = shapely.box(112, 36, 112.01, 36.01)
    rules = [rule(), rule(id="two", layer="territory", relation="outside")]
    answers = judge(*rules, lines=layer(FARMLAND)).answer(send(away))
    assert [answer.verdict[0] for answer in answers] == [NOT_JUDGED, REJECT]


def test_touch_and_sliver_pass_and_say_so() -> None:
    touch = shapely.box(111.2, 35.04, 111.21, 35.05)
    corner = shapely.box(111.2, 35.1, 111.21, 35.11)
    hair = shapely.box(111.2 - 1e-9, 35.04, 111.21, 35.05)
    one = judge(rule(), lines=layer(FARMLAND))
    answer = one.answer(send(touch, corner, hair, BESIDE))[0]
    assert answer.verdict.tolist() == [PASS] * 4
    assert answer.touch.tolist() == [True, True, True, False]
    opinions = frame_opinions(one, send(touch, corner, hair, BESIDE), [answer])
    assert opinions["text_zh"].str.contains("容差").tolist() == [True, True, True, False]
    # Long slivers thinner than the width do not count, however large together.
    strip = shapely.box(111.2 - 2e-6, 35.04, 111.21, 35.05)
    assert verdict(one, strip) == [REJECT]
    assert verdict(
        judge(rule(), lines=layer(FARMLAND), limits=SliverLimits(area="1 m2", width="1 m")), strip
    ) == [PASS]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_pieces_add_up_and_a_union_of_rules_is_no_milder(seed: int) -> None:
    draw = np.random.default_rng(seed)
    x, y = draw.uniform(111.05, 111.25, 8), draw.uniform(34.95, 35.15, 8)
    shapes = [shapely.Point(a, b).buffer(draw.uniform(0.001, 0.03)) for a, b in zip(x, y, strict=True)]
    lines = layer(FARMLAND, shapely.box(111.15, 35.05, 111.3, 35.15))
    first, second = rule(), rule(id="two", relation="outside")
    both = judge(first, second, lines=lines).answer(send(*shapes))
    assert both[0].amount + both[1].amount == pytest.approx(straight_area_m2(shapes), abs=0.1)
    alone = judge(first, lines=lines).answer(send(*shapes))
    together = np.max([answer.verdict for answer in both], axis=0)
    assert (together >= alone[0].verdict).all()


@settings(deadline=None, max_examples=25)
@given(st.floats(0, 0.1), st.floats(0, 0.1), st.floats(0.001, 0.01))
def test_moving_away_never_worsens(start: float, step: float, size: float) -> None:
    """The farther east of farmland that lies west, the less of it is taken."""
    one = judge(rule(), rule(id="two", relation="within", distance="800 m"), lines=layer(FARMLAND))
    near, far = (shapely.box(111.15 + x, 35.03, 111.15 + x + size, 35.05) for x in (start, start + step))
    for answer in one.answer(send(near, far)):
        assert answer.amount[1] <= answer.amount[0] + 0.05
        assert answer.verdict[1] <= answer.verdict[0]


def test_many_at_once_are_judged_as_one_by_one() -> None:
    draw = np.random.default_rng(5)
    x, y = draw.uniform(111.0, 111.35, 300), draw.uniform(34.8, 35.15, 300)
    shapes = list(shapely.box(x, y, x + 0.02, y + 0.01))
    one = judge(rule(), rule(id="two", relation="within", distance="2 km"), lines=layer(FARMLAND))
    many = one.answer(send(*shapes))
    for at in range(0, 300, 37):
        alone = one.answer(send(shapes[at]))
        assert [a.verdict[0] for a in alone] == [a.verdict[at] for a in many]
        assert [a.amount[0] for a in alone] == pytest.approx([a.amount[at] for a in many])


def test_suggestions_are_judged_again_and_pass() -> None:
    one = judge(rule(), rule(id="two", layer="territory", relation="outside"), lines=layer(FARMLAND))
    sent = send(ACROSS, BESIDE, INSIDE)
    made = suggest_changes(one, sent, one.answer(sent))
    assert sorted(set(made["project_id"])) == ["p0", "p2"]
    assert made.loc[made["project_id"] == "p0", "method"].tolist() == ["trim", "shift"]
    for row in made[made["method"] != "none"].itertuples():
        again = one.answer(send(row.geometry))
        assert max(answer.verdict[0] for answer in again) < REJECT
    shift = made[(made["project_id"] == "p0") & (made["method"] == "shift")].iloc[0]
    # 0.004 degrees of it lie in the farmland: some 365 m.
    assert shift["distance_m"] == pytest.approx(365, rel=0.02)
    assert shift["bearing_deg"] == 90
    trim = made[(made["project_id"] == "p0") & (made["method"] == "trim")].iloc[0]
    assert trim["kept"] == pytest.approx(0.6, abs=1e-3)


def test_nothing_to_suggest_is_an_empty_layer() -> None:
    one = judge(rule(), lines=layer(FARMLAND))
    made = suggest_changes(one, send(BESIDE), one.answer(send(BESIDE)))
    assert made.empty
    assert made.crs == "EPSG:4490"


def test_lines_and_points_are_judged_by_length_and_place() -> None:
    line = shapely.LineString([(111.15, 35.05), (111.25, 35.05)])
    one = judge(rule(), lines=layer(FARMLAND))
    sent = send(line, shapely.Point(111.15, 35.05), shapely.Point(111.3, 35.05))
    answer = one.answer(sent)[0]
    assert answer.verdict.tolist() == [REJECT, REJECT, PASS]
    assert answer.share[0] == pytest.approx(0.5, abs=1e-6)
    opinions = frame_opinions(one, sent, [answer])
    assert opinions["area_m2"].tolist() == [0, 0, 0]
    assert opinions["length_m"][0] == pytest.approx(4562, rel=2e-3)


def test_gcj02_is_suspected_by_corners_on_the_plans_edges() -> None:
    corners = shapely.box(111.1, 35.0, 111.12, 35.1)
    moved = shapely.transform(corners, lambda xy: np.column_stack(shift_gcj02(*xy.T)))
    edges = [FARMLAND, shapely.box(111.1, 35.0, 111.12, 35.1)]
    assert "projects.gcj02" in [one.rule for one in doubt_projects(send(moved), LAND, edges)]
    assert not doubt_projects(send(corners), LAND, edges)


def test_the_shipped_rules_ask_for_layers_that_there_are() -> None:
    from spatial.pipeline import list_layers

    rules = [rule for department in read_departments().departments for rule in department.rules]
    assert {rule.layer for rule in rules if rule.layer} <= set(list_layers())
    assert pd.Series([rule.id for rule in rules]).is_unique
