"""Plans that name one base: what each way of leaving it is told as."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.plan.records import Plan
from spatial.studies.blueprint.shared_base import Standing, hold_to_bases

WEST = shapely.box(114.30, 35.70, 114.32, 35.72)
EAST = shapely.box(114.32, 35.70, 114.34, 35.72)
MAP = {"west": WEST, "east": EAST}


def stand(district: str, land: shapely.Geometry, scheme: str = "2023", **more: shapely.Geometry) -> Standing:
    base = {"name": "base", "districts": "map", "district": district}
    plan = Plan.model_validate({
        "name": f"plan_{district}", "title": district, "year": 2025, "territory": {"adcode": 410600},
        "sector": {"source": "land", "column": "code", "scheme": scheme, "base": base},
    })  # fmt: skip
    return Standing(plan, land, MAP | more)


def rules(*standings: Standing, tolerance_m: float = 20.0) -> list[tuple[str, str, str]]:
    found = hold_to_bases(standings, tolerance_m, "EPSG:4547")
    return [(one.rule.removeprefix("reconcile."), one.severity, one.feature_id) for one in found]


def test_plans_that_keep_to_the_base_are_told_so() -> None:
    assert rules(stand("west", WEST), stand("east", EAST)) == [("base_kept", "info", "")]


def test_a_moved_boundary_is_land_beyond_and_land_without_a_code() -> None:
    moved = shapely.affinity.translate(EAST, -0.002)
    found = hold_to_bases([stand("west", WEST), stand("east", moved)], 20, "EPSG:4547")
    assert [one.rule for one in found] == ["reconcile.base_outside", "reconcile.base_silent"]
    strip = straight_area_m2([shapely.box(114.318, 35.70, 114.32, 35.72)])[0] / 1e4
    assert [one.value for one in found] == pytest.approx([strip, strip], rel=1e-6)
    assert all(one.feature_id == "plan_east" for one in found)


@pytest.mark.parametrize(("shift", "found"), [(0.0001, 0), (0.0004, 2)])
def test_what_is_nowhere_wider_than_the_tolerance_is_a_matter_of_edges(shift: float, found: int) -> None:
    told = rules(stand("west", WEST), stand("east", shapely.affinity.translate(EAST, shift)))
    assert len([one for one in told if one[1] == "error"]) == found


def test_another_scheme_another_map_and_a_second_plan_are_errors() -> None:
    third = stand("east", EAST, scheme="2020", east=shapely.box(114.32, 35.70, 114.35, 35.72))
    told = rules(stand("west", WEST), stand("east", EAST), third)
    assert {("base_map", "error", "plan_east"), ("base_scheme", "error", "plan_east")} <= set(told)
    assert [one[0] for one in told].count("base_twice") == 2


def test_a_map_that_lacks_a_district_names_it() -> None:
    own = Standing(stand("east", EAST).plan, EAST, {"east": EAST, "north": WEST})
    found = hold_to_bases([stand("west", WEST), stand("west", WEST), own], 20, "EPSG:4547")
    (told,) = [one for one in found if one.rule == "reconcile.base_map"]
    assert "north、west" in told.message_zh


def test_a_district_without_a_plan_is_missed() -> None:
    assert rules(stand("west", WEST)) == [("base_absent", "warning", "")]


def test_plans_of_different_bases_are_not_compared() -> None:
    other = stand("east", EAST, scheme="2020")
    sector = other.sector.model_copy(update={"base": other.base.model_copy(update={"name": "another"})})
    apart = Standing(other.plan.model_copy(update={"sector": sector}), EAST, MAP)
    assert {one[0] for one in rules(stand("west", WEST), apart)} == {"base_absent"}


def test_land_that_is_not_there_at_all_is_all_silent() -> None:
    found = hold_to_bases([stand("west", shapely.Polygon())], 20, "EPSG:4547")
    (told,) = [one for one in found if one.rule == "reconcile.base_silent"]
    assert told.value == pytest.approx(float(np.sum(straight_area_m2([WEST]))) / 1e4)
