"""Comfort by months and heat at the cell's height, by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from spatial.engine.rasters import ecology
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import read_rules
from spatial.themes.evaluation import climate, farming

URBAN, FARMING = read_rules("evaluation_urban"), read_rules("evaluation_farming")
SPEC = Evaluation(profile="2019-draft")
DAYS = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
BOTH = {"evaluation_urban_rules": URBAN, "evaluation_farming_rules": FARMING, "evaluation_spec": SPEC}


def at_full_humidity(fahrenheit: list[float]) -> np.ndarray:
    """Return a cell's twelve months, °C, whose index at full humidity is the temperature itself."""
    return ((np.array(fahrenheit, np.float32) - 32) / np.float32(1.8)).reshape(1, 1, 12)


def comfort(fahrenheit: list[float], **more: np.ndarray) -> int:
    months = at_full_humidity(fahrenheit)
    found = climate.comfort_months(
        temperature_months=months, humidity_months=np.ones_like(months), **BOTH, **more
    )
    return int(found[0, 0])


def test_the_most_frequent_month_decides_and_of_two_the_worse() -> None:
    assert comfort([62] * 5 + [58] * 4 + [30] * 3) == 7
    assert comfort([62] * 5 + [58] * 5 + [30] * 2) == 6  # five of grade 7, five of grade 6
    assert comfort([62] * 4 + [20] * 4 + [95] * 4) == 1  # too cold and too hot are one grade
    assert comfort([62] * 11 + [np.nan]) == 0


def test_months_are_lifted_to_the_cells_height() -> None:
    # 0.6 °C each 100 m are 1.08 °F: 62 °F at 0 m is 56.6 °F at 500 m, which is grade 6.
    high, low = np.full((1, 1), 500, np.float32), np.zeros((1, 1), np.float32)
    assert comfort([62] * 12, elevation=high, climate_height=low) == 6
    assert comfort([62] * 12, elevation=high) == 7


def test_months_go_before_the_years_mean() -> None:
    seven, one = np.full((1, 1), 7, np.uint8), np.ones((1, 1), np.uint8)
    assert climate.comfort(URBAN, SPEC, comfort_months=seven, comfort_year=one)[0, 0] == 7
    assert climate.comfort(URBAN, SPEC, comfort_year=one)[0, 0] == 1


def test_heat_is_summed_from_months_above_freezing_and_corrected_for_height() -> None:
    celsius = np.array([-3, 0, 6, 14, 20, 25, 27, 26, 21, 15, 7, 1], np.float32)
    months = celsius.reshape(1, 1, 12)
    inside = np.ones((1, 1), np.uint8)
    rules = {"inside": inside, "evaluation_farming_rules": FARMING, "evaluation_spec": SPEC}
    plain = climate.heat_sum(temperature_months=months, **rules)
    by_hand = (np.maximum(celsius, 0) * DAYS).sum()
    np.testing.assert_allclose(plain, by_hand, rtol=1e-6)
    high, low = np.full((1, 1), 700, np.float32), np.full((1, 1), 200, np.float32)
    lifted = climate.heat_sum(temperature_months=months, elevation=high, climate_height=low, **rules)
    np.testing.assert_allclose(lifted, (np.where(celsius < 3, 0, celsius - 3) * DAYS).sum(), rtol=1e-6)
    given = np.full((1, 1), 4800, np.float32)
    found = climate.heat_sum(accumulated_temperature=given, elevation=high, climate_height=low, **rules)
    np.testing.assert_allclose(found, 4800 - 5 * 0.6 * 300)  # season_days of the table
    assert climate.heat_sum(accumulated_temperature=given, elevation=high, **rules) is given


def test_higher_land_never_has_more_heat() -> None:
    chance = np.random.default_rng(1)
    months = chance.uniform(-10, 30, (20, 20, 12)).astype(np.float32)
    low = np.full((20, 20), 100, np.float32)
    rules = {
        "inside": low.astype(np.uint8),
        "evaluation_farming_rules": FARMING,
        "evaluation_spec": SPEC,
        "climate_height": low,
    }
    sums = [
        climate.heat_sum(temperature_months=months, elevation=low + np.float32(rise), **rules)
        for rise in (0, 50, 400, 1500)
    ]
    assert all((lower >= higher).all() for lower, higher in pairwise(sums))
    grades = [farming.farming_heat(one, FARMING, SPEC) for one in sums]
    assert all((lower <= higher).all() for lower, higher in pairwise(grades))


def test_a_year_of_equal_months_is_graded_as_its_mean() -> None:
    warm, damp = np.full((1, 1), 14.0, np.float32), np.full((1, 1), 0.6, np.float32)
    year = climate.comfort_year(temperature=warm, humidity=damp, **BOTH)
    months = climate.comfort_months(
        temperature_months=np.repeat(warm[..., None], 12, axis=2),
        humidity_months=np.repeat(damp[..., None], 12, axis=2),
        **BOTH,
    )
    assert year[0, 0] == months[0, 0] == 6  # 57.2 °F, and the index 57.4
    assert float(ecology.comfort_index(14.0, 0.6)) < 60
