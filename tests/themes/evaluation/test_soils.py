"""Soil environment by metals: limits of GB 15618, by hand."""

from __future__ import annotations

import numpy as np

from spatial.plan.ecosystems import name_kinds
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import read_rules
from spatial.themes.evaluation import soils

RULED = {
    "evaluation_farming_rules": read_rules("evaluation_farming"),
    "evaluation_cover_rules": read_rules("evaluation_cover"),
    "evaluation_spec": Evaluation(profile="2019-draft"),
}


def row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_limits_follow_acidity() -> None:
    acid = row(5.5, 5.6, 6.5, 7.5, 7.6, np.nan)
    found = soils.metal_capacity(soil_ph=acid, soil_cadmium=row(*[0.5] * 6), **RULED)
    np.testing.assert_array_equal(found, [[3, 3, 3, 3, 1, 0]])  # 0.3 up to pH 7.5, 0.6 above
    found = soils.metal_capacity(soil_ph=acid, soil_cadmium=row(1.5, 1.6, 2.0, 3.1, 4.0, 9), **RULED)
    np.testing.assert_array_equal(found, [[3, 3, 3, 5, 3, 0]])  # control 1.5, 2, 2, 3, 4


def test_paddy_has_limits_of_its_own() -> None:
    (paddy,) = name_kinds(RULED["evaluation_cover_rules"], ("paddy",))
    use = np.array([[paddy, 1]], np.uint8)
    lead = {"soil_ph": row(7, 7), "soil_lead": row(130, 130), "ecosystem": use}
    np.testing.assert_array_equal(soils.metal_capacity(**lead, **RULED), [[1, 3]])  # 140 against 120


def test_the_worst_metal_counts_and_a_missing_one_says_nothing() -> None:
    found = soils.metal_capacity(
        soil_ph=row(6, 6, 6),
        soil_cadmium=row(0.1, 0.1, np.nan),
        soil_mercury=row(0.1, 2.6, np.nan),
        soil_arsenic=row(41, 1, np.nan),
        **RULED,
    )
    np.testing.assert_array_equal(found, [[3, 5, 0]])


def test_more_of_a_metal_never_improves_the_capacity() -> None:
    chance = np.random.default_rng(2)
    acid = chance.uniform(4, 9, (30, 30)).astype(np.float32)
    for metal in soils.METALS:
        content = chance.uniform(0, 500, (30, 30)).astype(np.float32)
        less, more = (
            soils.metal_capacity(soil_ph=acid, **{f"soil_{metal}": content * np.float32(times)}, **RULED)
            for times in (1, 1.7)
        )
        assert (more >= less).all()


def test_limits_rise_from_screening_to_control() -> None:
    table = RULED["evaluation_farming_rules"]
    for metal in soils.METALS:
        limits = [np.array(table.value(f"soil.{metal}.{name}")) for name in ("screening", "control")]
        paddy = np.array(table.value(f"soil.{metal}.screening_paddy"))
        assert (limits[0] < limits[1]).all()
        assert (paddy < limits[1]).all()


def test_codes_that_the_plan_gives_go_first() -> None:
    rules = {name: RULED[name] for name in ("evaluation_farming_rules", "evaluation_spec")}
    given = row(1, 3, 5, 2, np.nan)
    found = soils.soil_environment(soil_capacity=given, metal_capacity=np.full((1, 5), 5, np.uint8), **rules)
    np.testing.assert_array_equal(found, [[1, 3, 5, 0, 0]])
    found = soils.soil_environment(metal_capacity=np.full((1, 1), 3, np.uint8), **rules)
    np.testing.assert_array_equal(found, [[3]])
