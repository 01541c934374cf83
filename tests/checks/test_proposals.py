"""Checks of proposals: silent where aims are met and limits kept, with the numbers where they are not."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spatial.checks.proposals import proposal_findings
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.parts.evaluation import Evaluation, Targets
from spatial.plan.proposals import settle_choices
from spatial.plan.rules import read_rules

TABLES = [read_rules(name) for name in ("proposals", "evaluation_capacity", "evaluation_cover")]
GOOD = {
    "farmland_aim": 800.0, "farmland": 810.0, "farmland_most": 900.0, "concentrated": 100.0, "elastic": 15.0,
    "special": 10.0, "base_urban": 96.2, "boundary_most": 130.0, "concentrated_aim": 100.0,
}  # fmt: skip
TERRITORY = gpd.GeoDataFrame(geometry=[shapely.box(112.0, 35.0, 112.02, 35.01)], crs="EPSG:4490")
HALVES = [shapely.box(112.0, 35.0, 112.01, 35.01), shapely.box(112.01, 35.0, 112.02, 35.01)]


def judge(
    amounts: dict[str, float] | None = None,
    *,
    ratio: float = 1.3,
    zones: list[shapely.Polygon] | None = None,
    lines: list[shapely.Polygon] | None = None,
    lacking: dict[str, tuple[str, ...]] | None = None,
    **targets: object,
) -> dict[str, Finding]:
    """Return the findings on one alternative by rule."""
    spec = Evaluation(targets=Targets(**({"population": 10_000} | targets)))
    choice = settle_choices(spec, *TABLES)[0]
    rows = [("aim", key, area, None) for key, area in (GOOD | (amounts or {})).items()]
    balance = pd.DataFrame(
        [*rows, ("measure", "expansion", None, ratio)], columns=["section", "key", "area_ha", "ratio"]
    )
    balance["alternative"] = choice.alternative
    frames = [
        gpd.GeoDataFrame({"alternative": choice.alternative}, index=range(len(shapes)), geometry=shapes,
                         crs="EPSG:4490")
        for shapes in (HALVES if zones is None else zones, HALVES[:1] if lines is None else lines)
    ]  # fmt: skip
    found = proposal_findings(
        proposal_choices=(choice,), proposal_lacking=lacking or {}, proposal_balance=balance,
        proposed_zones=frames[0], proposed_lines=frames[1], territory=TERRITORY,
    )  # fmt: skip
    frame_findings(found)
    return {finding.rule: finding for finding in found}


ALWAYS = {"proposals.status", "proposals.unverified_rules"}


def test_where_all_is_well_only_the_standing_is_told() -> None:
    found = judge()
    assert set(found) == ALWAYS
    assert "不是法定界线" in found["proposals.status"].message_zh
    assert "not official" in found["proposals.status"].message_en


@pytest.mark.parametrize(
    ("amounts", "rule", "value", "limit"),
    [
        ({"farmland": 791.0}, "proposals.farmland_short", 791.0, 800.0),
        ({"concentrated": 98.0, "elastic": 9.0, "special": 9.0}, "proposals.need_short", 98.0, 100.0),
        ({"base_urban": 101.0}, "proposals.need_below_built", 100.0, 101.0),
        ({"elastic": 15.2}, "proposals.subzone", 0.152, 0.15),
        ({"special": 10.2}, "proposals.subzone", 0.102, 0.1),
    ],
)
def test_what_is_missed_is_told_with_its_numbers(
    amounts: dict[str, float], rule: str, value: float, limit: float
) -> None:
    found = judge(amounts)
    assert set(found) - ALWAYS == {rule}
    assert found[rule].value == pytest.approx(value)
    assert found[rule].limit == pytest.approx(limit)


def test_a_miss_within_the_tables_tolerance_is_none() -> None:
    assert set(judge({"farmland": 793.0})) == ALWAYS


def test_what_could_be_had_at_most_is_told() -> None:
    text = judge({"farmland": 700.0, "farmland_most": 712.0})["proposals.farmland_short"]
    assert "712" in text.message_zh
    assert "712" in text.message_en


def test_expansion_is_held_to_the_plans_limit() -> None:
    assert "proposals.expansion" not in judge(ratio=1.3)
    assert judge(ratio=1.31)["proposals.expansion"].limit == 1.3
    assert "proposals.expansion" not in judge(ratio=1.31, expansion=1.4)


def test_without_people_the_limit_alone_counts() -> None:
    found = judge(population=None)
    assert "proposals.no_population" in found
    assert not {"proposals.need_short", "proposals.need_below_built"} & set(found)


def test_a_line_that_is_left_out_is_named_with_what_it_lacks() -> None:
    found = judge(lacking={"urban_boundary": ("existing_urban",)})["proposals.left_out"]
    assert "城镇开发边界" in found.message_zh
    assert "existing_urban" in found.message_en
    assert found.severity == "warning"


def test_zones_that_miss_the_territory_are_an_error() -> None:
    found = judge(zones=HALVES[:1])["proposals.partition"]
    assert found.severity == "error"
    assert found.value < -1


def test_polygons_that_overlap_are_an_error() -> None:
    over = shapely.box(112.009, 35.0, 112.02, 35.01)
    found = judge(lines=[HALVES[0], over])["proposals.overlap"]
    assert found.severity == "error"
    assert found.value == pytest.approx(0.001 * 91_290 * 0.01 * 110_940, rel=0.01)


def test_without_an_evaluation_nothing_is_said() -> None:
    empty = gpd.GeoDataFrame({"alternative": []}, geometry=[], crs="EPSG:4490")
    found = proposal_findings(
        proposal_choices=(), proposal_lacking={}, proposal_balance=pd.DataFrame(),
        proposed_zones=empty, proposed_lines=empty, territory=TERRITORY,
    )  # fmt: skip
    assert found == []
