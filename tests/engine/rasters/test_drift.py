"""Drift: RWEQ worked from its definitions, and the slip of others in its first factor not repeated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.engine.rasters.drift import crust_factor, erodible_fraction, sand_flux, sand_retained, wind_cover

share = st.floats(0, 1)


def rweq(force, z):
    most, length = 109.8 * force, 150.71 * force**-0.3711
    return 2 * z / length**2 * most * math.exp(-((z / length) ** 2))


@pytest.mark.parametrize("force", [0.01, 0.5, 2.0, 10.0, 40.0])
@pytest.mark.parametrize("distance", [10.0, 50.0, 100.0])
def test_flux_by_its_definition(force, distance):
    assert sand_flux(force, 1, 1, 1, 1, distance_m=distance) == pytest.approx(rweq(force, distance), rel=1e-5)
    parts = force / (0.5 * 0.8 * 0.9 * 0.7)
    assert sand_flux(parts, 0.5, 0.8, 0.9, 0.7, distance_m=distance) == pytest.approx(
        rweq(force, distance), rel=1e-5
    )


def test_the_loss_is_the_slope_of_what_is_carried():
    """Q(z) = Qmax (1 - exp(-(z/s)²)); its derivative is (2z/s²) Qmax exp(-(z/s)²), not (2-z)/s² …"""
    force, z, step = 5.0, 50.0, 0.01
    most, length = 109.8 * force, 150.71 * force**-0.3711

    def carried(x):
        return most * (1 - math.exp(-((x / length) ** 2)))

    slope = (carried(z + step) - carried(z - step)) / (2 * step)
    assert sand_flux(force, 1, 1, 1, 1, distance_m=z) == pytest.approx(slope, rel=1e-4)
    assert sand_flux(force, 1, 1, 1, 1, distance_m=z) > 0


def test_factors_by_hand():
    expected = (29.09 + 0.31 * 60 + 0.17 * 25 + 0.33 * 60 / 15 - 2.59 * 1 - 0.95 * 2) / 100
    assert erodible_fraction(60, 25, 15, 1, 2) == pytest.approx(expected, rel=1e-6)
    assert crust_factor(10, 2) == pytest.approx(1 / (1 + 0.66 + 0.084), rel=1e-6)
    assert wind_cover(30, 0.1151) == pytest.approx(math.exp(-3.453), rel=1e-5)
    assert wind_cover(0, 0.1151) == 1


def test_soils_that_are_none_or_pure():
    assert erodible_fraction(100, 0, 0, 0) == 1
    assert 0 < float(erodible_fraction(0, 100, 0, 0)) < 1
    assert math.isnan(erodible_fraction(np.nan, 20, 10, 1))
    assert math.isnan(erodible_fraction(60, 20, np.nan, 1))


def test_no_wind_carries_nothing_and_missing_wind_is_missing():
    found = sand_flux([0.0, np.nan, 5.0], 1, 1, 1, [1, 1, np.nan], distance_m=50)
    np.testing.assert_array_equal(found, np.float32([0, np.nan, np.nan]))


@given(st.floats(0, 15), share, share, share)
def test_plants_keep_what_they_do_not_lose(weather, erodible, crust, cover):
    """As long as bare ground is not blown out before the distance is reached, plants keep something."""
    bare = float(sand_flux(weather, erodible, crust, 1, 1, distance_m=50))
    kept = float(sand_retained(weather, erodible, crust, 1, cover, distance_m=50))
    left = float(sand_flux(weather, erodible, crust, 1, cover, distance_m=50))
    assert kept + left == pytest.approx(bare, abs=1e-3)
    assert kept >= -1e-5
