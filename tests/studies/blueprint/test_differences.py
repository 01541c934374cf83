"""One blueprint: hand-drawn plans whose differences are known, and properties of any plans at all."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.areas import straight_area_m2
from spatial.plan.base import Text
from spatial.plan.rules import read_rules
from spatial.plan.settling import read_settling
from spatial.studies.blueprint.differences import KINDS, Blueprint, reconcile_parties
from spatial.studies.blueprint.parties import Party

NAMES = {code: Text(zh=f"类{code}", en=f"class {code}") for code in ("01", "03", "05", "07", "12", "17")}
DEPARTMENTS = {
    "natural_resources": Text(zh="自然资源"),
    "forestry": Text(zh="林业"),
    "urban": Text(zh="住建"),
}
CRS = "EPSG:4546"
WEST, SOUTH, STEP = 112.0, 35.0, 0.01


def square(column: float, row: float, width: float = 1, height: float = 1) -> shapely.Polygon:
    west, south = WEST + column * STEP, SOUTH + row * STEP
    return shapely.box(west, south, west + width * STEP, south + height * STEP)


LAND = square(0, 0, 4, 2)


def plan(
    key: str,
    claims: list[tuple[shapely.Polygon, str]],
    *,
    role: str = "land",
    partial: bool = False,
    territory: shapely.Polygon = LAND,
) -> Party:
    shapes = np.array([shape for shape, _ in claims], dtype=object)
    codes = tuple(code for _, code in claims)
    classes = tuple(frozenset(code.split("/")) if code != "?" else frozenset[str]() for code in codes)
    return Party(key, Text(zh=key), key, role, partial, territory, shapes, codes, classes)


def settle(*sectors: Party, tolerance_m: float | None = None) -> Blueprint:
    settling = read_settling(read_rules("reconcile"), tolerance_m)
    return reconcile_parties(sectors, NAMES, settling, DEPARTMENTS, CRS)


def check_partition(made: Blueprint, land: shapely.Geometry) -> None:
    whole = straight_area_m2([land])[0]
    assert made.base["area_ha"].sum() * 1e4 == pytest.approx(whole, abs=1.0)
    assert shapely.is_valid(made.base.geometry.to_numpy()).all()
    assert shapely.coverage_is_valid(made.base.geometry.to_numpy())


def test_each_kind_is_told_apart() -> None:
    survey = plan("survey", [
        (square(0, 0), "01"), (square(1, 0), "03"), (square(2, 0), "05/17"), (square(0, 1, 2, 1), "01"),
        (square(1, 1, 1, 1), "03"), (square(3, 0, 1, 1), "07"),
    ], role="survey")  # fmt: skip
    urban = plan("urban", [
        (square(0, 0), "07"), (square(1, 0), "03"), (square(2, 0), "05/17"), (square(0, 1, 2, 1), "01"),
    ], role="urban")  # fmt: skip
    made = settle(survey, urban)
    kinds = made.differences.set_index("kind")
    assert set(kinds.index) == {"conflict", "self", "code", "missing", "unclaimed"}
    cell = straight_area_m2([square(0, 0)])[0]
    assert kinds.loc["conflict", "area_m2"] == pytest.approx(cell)
    assert kinds.loc["conflict", "says_survey"] == "01 [01]"
    assert kinds.loc["conflict", "says_urban"] == "07 [07]"
    assert kinds.loc["conflict", "proposed"] == "01"
    assert kinds.loc["conflict", "rule"] == "settle.4.farmland_built"
    assert kinds.loc["conflict", "agree"] == "survey、住建、自然资源、agriculture"
    assert kinds.loc["code", "state"] == "open"
    assert kinds.loc["code", "proposed"] == ""
    assert kinds.loc["missing", "proposed"] == "07"
    assert kinds.loc["missing", "agree"] == "survey、住建"
    assert kinds.loc["unclaimed", "state"] == "open"
    assert kinds.loc["self", "says_survey"] == "01/03 [01, 03]"
    check_partition(made, LAND)


def test_a_narrow_strip_is_an_edge_mismatch_and_takes_the_better_edge() -> None:
    shift = 10 / 91_000 / STEP  # ten metres of longitude
    survey = plan("s", [(square(0, 0, 2, 2), "01"), (square(2, 0, 2, 2), "07")], role="survey")
    urban = plan("u", [(square(0, 0, 2 + shift, 2), "01"), (square(2 + shift, 0, 2, 2), "07")], role="urban")
    made = settle(urban, survey)
    (row,) = made.differences.itertuples()
    assert (row.kind, row.proposed, row.rule) == ("edge", "07", "edge.roles")
    (row,) = settle(urban, survey, tolerance_m=5).differences.itertuples()
    assert row.kind == "conflict"


def test_a_partial_plan_lacks_nothing_by_its_silence() -> None:
    land = plan("land", [(square(0, 0, 4, 2), "01")])
    forest = plan("forest", [(square(0, 0), "03")], role="forest", partial=True)
    made = settle(land, forest)
    assert made.differences["kind"].tolist() == ["conflict"]
    made = settle(land, plan("forest", [(square(0, 0), "01")], role="forest"))
    assert made.differences["kind"].tolist() == ["missing"]


def test_land_of_one_plan_alone_is_not_agreed_on() -> None:
    made = settle(plan("land", [(LAND, "01")]), plan("forest", [(square(0, 0), "01")], partial=True))
    assert made.differences.empty
    shares = made.base.groupby("state")["area_ha"].sum() / made.base["area_ha"].sum()
    assert shares.to_dict() == pytest.approx({"agreed": 1 / 8, "single": 7 / 8}, rel=1e-3)


def test_inside_built_land_the_urban_plan_is_taken_and_without_one_it_stays_open() -> None:
    land = plan("land", [(LAND, "07")])
    (row,) = settle(land, plan("city", [(LAND, "12")], role="urban")).differences.itertuples()
    assert row.rule == "settle.3.transport"
    names = {**NAMES, "14": Text(zh="绿地", en="Parks")}
    settling = read_settling(read_rules("reconcile"))
    for role, proposed, state in (("urban", "14", "proposed"), ("other", "", "open")):
        parks = plan("city", [(LAND, "14")], role=role)
        made = reconcile_parties((land, parks), names, settling, DEPARTMENTS, CRS)
        (row,) = made.differences.itertuples()
        assert (row.rule, row.proposed, row.state) == ("settle.8.built_built", proposed, state)


def test_silence_outside_its_own_territory_lacks_nothing() -> None:
    west = plan("w", [(square(0, 0, 2, 2), "01")], territory=square(0, 0, 2, 2))
    east = plan("e", [(square(2, 0, 2, 2), "07")], territory=square(2, 0, 2, 2))
    made = settle(west, east)
    assert made.differences.empty
    check_partition(made, LAND)


def test_an_unknown_code_says_nothing_and_shows() -> None:
    made = settle(plan("a", [(LAND, "?")]), plan("b", [(LAND, "01")]))
    (row,) = made.differences.itertuples()
    assert row.kind == "missing"
    assert row.says_a == "? [?]"


boxes = st.builds(
    lambda x, y, w, h, code: (square(x, y, w, h), code),
    st.integers(0, 3), st.integers(0, 1), st.integers(1, 3), st.integers(1, 2),
    st.sampled_from(["01", "03", "07", "05/17", "?"]),
)  # fmt: skip
plans = st.lists(boxes, min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.lists(plans, min_size=2, max_size=3))
def test_the_base_is_a_partition_and_areas_add_up(claims: list[list[tuple[shapely.Polygon, str]]]) -> None:
    made = settle(*(plan(f"p{number}", rows) for number, rows in enumerate(claims)))
    check_partition(made, LAND)
    assert set(made.differences["kind"]) <= set(KINDS)
    whole = straight_area_m2([LAND])[0] / 1e4
    for column in (*(f"p{number}_ha" for number in range(len(claims))), "base_ha"):
        assert made.balance[column].sum() == pytest.approx(whole, abs=1e-3)
    agreed = made.base.loc[made.base["state"].isin(["agreed", "single"]), "area_ha"].sum()
    assert agreed + made.differences["area_m2"].sum() / 1e4 == pytest.approx(whole, abs=1e-3)
    for _, pair in made.matrix.groupby(["plan_a", "plan_b"]):
        assert pair["area_ha"].sum() <= whole + 1e-3


@settings(max_examples=20, deadline=None)
@given(plans)
def test_a_plan_is_in_no_conflict_with_itself(
    claims: list[tuple[shapely.Polygon, str]],
) -> None:
    made = settle(plan("a", claims), plan("b", claims))
    assert "conflict" not in set(made.differences["kind"])


@settings(max_examples=20, deadline=None)
@given(st.lists(plans, min_size=2, max_size=2))
def test_the_order_of_plans_changes_no_area(claims: list[list[tuple[shapely.Polygon, str]]]) -> None:
    one = settle(*(plan(f"p{number}", rows) for number, rows in enumerate(claims)))
    other = settle(*(plan(f"p{number}", rows) for number, rows in reversed(list(enumerate(claims)))))
    sums = [made.differences.groupby("kind")["area_m2"].sum().to_dict() for made in (one, other)]
    assert sums[0] == pytest.approx(sums[1], abs=1.0)
