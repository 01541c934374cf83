"""Ecology: formulas worked by hand and from their definitions, and the known bugs of others not repeated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.engine.rasters.ecology import (
    accumulated_at,
    accumulated_temperature,
    aridity,
    comfort_index,
    cover_factor,
    dryland_cover,
    erodibility,
    geometric_mean,
    rain_erosivity,
    retained_water,
    soil_loss,
    soil_retained,
    temperature_at,
)
from spatial.engine.rasters.relief import ls_factor
from spatial.engine.rasters.scoring import grade_by_breaks
from spatial.errors import GeometryError
from spatial.plan.ecosystems import cover_factors, ecosystem_codes
from spatial.plan.rules import read_rules

MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
share = st.floats(0, 1)


def epic(sand, silt, clay, organic):
    """The published formula once more, in plain floats."""
    sn1 = 1 - sand / 100
    coarse = 0.2 + 0.3 * math.exp(-0.0256 * sand * (1 - silt / 100))
    clayey = (silt / (clay + silt)) ** 0.3
    carbon = 1 - 0.25 * organic / (organic + math.exp(3.72 - 2.95 * organic))
    sandy = 1 - 0.7 * sn1 / (sn1 + math.exp(-5.51 + 22.9 * sn1))
    return 0.1317 * (-0.01383 + 0.51575 * coarse * clayey * carbon * sandy)


@pytest.mark.parametrize("soil", [(40, 40, 20, 1.0), (10, 70, 20, 0.5), (85, 10, 5, 2.0), (20, 30, 50, 3.5)])
def test_erodibility_by_its_formula(soil):
    assert erodibility(*soil) == pytest.approx(max(0, epic(*soil)), rel=1e-5)


def test_silt_erodes_more_than_clay_and_sand_hardly():
    silt, clay, sand = (float(erodibility(*soil, 1.0)) for soil in ((10, 80, 10), (10, 20, 70), (95, 3, 2)))
    assert silt > clay > sand >= 0


def test_soils_that_are_none_or_pure():
    assert math.isnan(erodibility(np.nan, 40, 20, 1))
    assert math.isnan(erodibility(40, 40, 20, np.nan))
    assert math.isnan(erodibility(40, np.nan, 20, 1))
    assert erodibility(100, 0, 0, 0.1) == 0


def test_erosivity_sums_half_months():
    """Two days in the warm season, one in the cold, one too light: by hand."""
    daily, warm = [20.0, 11.9, 12.0, 30.0], [True, True, True, False]
    expected = 0.3937 * (20**1.7265 + 12**1.7265) + 0.3101 * 30**1.7265
    found = rain_erosivity(daily, warm, alphas=(0.3937, 0.3101), power=1.7265, least_mm=12)
    assert found == pytest.approx(expected, rel=1e-6)
    field = np.array(daily)[:, None, None] * np.array([[1.0, 0.0], [np.nan, 1.0]])
    found = rain_erosivity(field, warm, alphas=(0.3937, 0.3101), power=1.7265, least_mm=12)
    np.testing.assert_allclose(found, [[expected, 0], [np.nan, expected]], rtol=1e-6)
    with pytest.raises(GeometryError, match="do not match"):
        rain_erosivity(daily, [True], alphas=(1, 1), power=1, least_mm=1)


def test_rusle_from_its_definitions():
    """A field of 9 percent and 22.13 m has LS near 1; R 3000, K 0.04, C 0.1 lose 12 t/ha and keep 108."""
    steep = np.array([math.degrees(math.atan(0.09))], np.float32)
    ls = ls_factor(steep, 22.13)
    assert ls[0] == pytest.approx(16.8 * math.sin(math.atan(0.09)) - 0.5, rel=1e-5)
    assert soil_loss(3000, 0.04, ls, 0.1)[0] == pytest.approx(12 * ls[0], rel=1e-6)
    assert soil_retained(3000, 0.04, ls, 0.1)[0] == pytest.approx(108 * ls[0], rel=1e-6)


@given(st.floats(0, 1e4), st.floats(0, 0.1), st.floats(0, 50), share)
def test_what_is_lost_and_kept_is_all_there_is(r, k, ls, c):
    bare = r * k * ls
    assert float(soil_loss(r, k, ls, c)) + float(soil_retained(r, k, ls, c)) == pytest.approx(bare, abs=1e-2)
    assert math.isnan(soil_loss(r, np.nan, ls, c))


def test_cover_of_each_kind_and_interval():
    cover_rules, ecology = read_rules("evaluation_cover"), read_rules("evaluation_ecology")
    factors, dry = cover_factors(cover_rules, ecology)
    code = ecosystem_codes(cover_rules)
    breaks, edges = ecology.value("cover_factor.breaks"), ecology.value("cover_factor.edges")
    cover = np.array([0.05, 0.1, 0.2, 0.4, 0.6, 0.9, 0.95], np.float32)

    def ask(name):
        kinds = np.full(len(cover), code[name], np.uint8)
        return cover_factor(kinds, cover, factors, breaks, dry=dry, edges=edges)

    np.testing.assert_allclose(ask("mixed_forest"), [0.1, 0.08, 0.08, 0.06, 0.02, 0.004, 0.001])
    np.testing.assert_allclose(ask("steppe"), [0.45, 0.24, 0.24, 0.15, 0.09, 0.043, 0.011], rtol=1e-6)
    np.testing.assert_allclose(ask("paddy"), [0] * 7)
    np.testing.assert_allclose(ask("urban"), [0.01] * 7)
    np.testing.assert_allclose(ask("bare"), [0.7] * 7)
    np.testing.assert_allclose(ask("dry_land"), np.clip(0.221 - 0.595 * np.log10(cover), 0, 1), rtol=1e-5)


def test_cover_that_is_missing():
    kinds = np.array([1, 2, 3, 9, 0], np.uint8)
    found = cover_factor(kinds, np.nan, {1: [0.4, 0.1], 2: [0.01]}, [0.5], dry=[3])
    np.testing.assert_allclose(found, [np.nan, 0.01, np.nan, np.nan, np.nan])
    with pytest.raises(GeometryError, match="3 factors for 1 breaks"):
        cover_factor(kinds, 0.5, {1: [1, 2, 3]}, [0.5])


@given(share, share)
def test_more_cover_never_loses_more(a, b):
    less, more = dryland_cover(sorted([a, b]))
    assert 0 <= more <= less <= 1


def test_cover_of_dry_fields_is_a_share_and_no_percent():
    assert dryland_cover(1.0) == pytest.approx(0.221)
    assert math.isnan(dryland_cover(np.nan))


def test_water_by_hand():
    rain = np.array([1000, 500, np.nan])
    np.testing.assert_allclose(
        retained_water(rain, [600, 600, 600], 0.0229), [377.1, -111.45, np.nan], rtol=1e-5
    )
    np.testing.assert_allclose(aridity([600, 600, 600], [1200, 0, np.nan]), [0.5, np.nan, np.nan])


def test_sensitivity_by_hand():
    """(5·3·1·3)^(1/4) = 2.59 is sensitive; four times 5 is extreme; one missing is missing."""
    parts = [np.array(item, np.uint8) for item in ([5, 5, 1], [3, 5, 1], [1, 5, 0], [3, 5, 1])]
    found = geometric_mean(*parts)
    np.testing.assert_allclose(found, [45**0.25, 5, np.nan], rtol=1e-6)
    steps = read_rules("evaluation_ecology").value("erosion_sensitivity.class")
    assert grade_by_breaks(found, steps.breaks, steps.grades, steps.edges).tolist() == [2, 1, 0]
    np.testing.assert_allclose(geometric_mean(*parts[:2]), [15**0.5, 5, 1], rtol=1e-6)


def test_mixed_factors_of_a_mean():
    found = geometric_mean(np.array([1, 5], np.uint8), np.array([np.nan, 0.2], np.float32))
    np.testing.assert_allclose(found, [np.nan, 1.0], rtol=1e-6)


@given(st.lists(st.sampled_from([1, 3, 5]), min_size=2, max_size=4), st.data())
def test_a_factor_more_sensitive_is_never_less(parts, data):
    which = data.draw(st.integers(0, len(parts) - 1))
    worse = [5 if number == which else part for number, part in enumerate(parts)]
    as_arrays = [[np.array([part], np.uint8) for part in given_parts] for given_parts in (parts, worse)]
    before, after = (float(geometric_mean(*item)[0]) for item in as_arrays)
    assert after >= before
    assert 1 <= before <= 5.0001


def test_comfort_by_hand_and_by_table():
    """20 °C and half humidity: T = 68, 68 - 0.55 * 0.5 * 10 = 65.25."""
    assert comfort_index(20, 0.5) == pytest.approx(65.25)
    steps = read_rules("evaluation_urban").value("comfort")
    thi = [31.9, 32, 40, 45, 50, 55.9, 56, 60, 65, 65.1, 70, 75, 80, 85, 90, 90.1, np.nan]
    found = grade_by_breaks(thi, steps.breaks, steps.grades, steps.edges)
    assert found.tolist() == [1, 2, 3, 4, 5, 5, 6, 7, 7, 6, 6, 5, 4, 3, 2, 1, 0]


def test_height_takes_degrees_and_never_thirty_two():
    """500 m up is 3 °C colder: 5.4 °F, and no 32 in a difference."""
    assert temperature_at(14, 500, 0.6) == pytest.approx(11)
    assert comfort_index(14, 1) - comfort_index(temperature_at(14, 500, 0.6), 1) == pytest.approx(
        5.4, rel=1e-5
    )
    assert accumulated_at(4800, 0, 300, 0.6) == 4800
    assert accumulated_at(4800, 100, 300, 0.6) == pytest.approx(4800 - 180)
    assert accumulated_at(4800, -100, 300, 0.6) == pytest.approx(4800 + 180)
    assert accumulated_at(4800, 5000, 300, 0.6) == 0
    assert math.isnan(accumulated_at(4800, np.nan, 300, 0.6))


def test_heat_from_months_by_hand():
    means = np.array([-5, 0, 6, 14, 20, 25, 27, 26, 20, 14, 7, -1], float)
    by_hand = sum(days * max(mean, 0) for days, mean in zip(MONTHS, means, strict=True))
    assert accumulated_temperature(means, MONTHS) == pytest.approx(by_hand)
    field = np.stack([means, np.where(np.arange(12) == 3, np.nan, means)], axis=1)
    np.testing.assert_allclose(accumulated_temperature(field, MONTHS), [by_hand, np.nan], rtol=1e-6)
    with pytest.raises(GeometryError, match="do not match"):
        accumulated_temperature(means, MONTHS[:6])


@given(st.floats(0, 1500))
def test_correcting_the_sum_loses_at_least_what_correcting_months_does(rise):
    """With the season held as long as it was, uphill the loss is never understated."""
    means = np.array([-5, 0.5, 6, 14, 20, 25, 27, 26, 20, 14, 7, -1], float)
    days = sum(number for number, mean in zip(MONTHS, means, strict=True) if mean > 0)
    exact = float(accumulated_temperature(temperature_at(means, rise, 0.6), MONTHS))
    simple = float(accumulated_at(accumulated_temperature(means, MONTHS), rise, days, 0.6))
    assert simple <= exact + 0.1
    if rise < 80:
        assert simple == pytest.approx(exact, abs=1)
