"""The shipped rules of the evaluation, worked by hand: each matrix and correction on five by five cells."""

from __future__ import annotations

import numpy as np
import pytest

from spatial.engine.rasters.patches import concentrate
from spatial.engine.rasters.scoring import (
    combine_matrix,
    grade_by_breaks,
    map_codes,
    shift_by_breaks,
    shift_by_codes,
)
from spatial.plan.rules import read_rules

FARMING, URBAN = read_rules("evaluation_farming"), read_rules("evaluation_urban")
ECOLOGY, CAPACITY = read_rules("evaluation_ecology"), read_rules("evaluation_capacity")
BASE = np.repeat(np.arange(1, 6, dtype=np.uint8)[:, None], 5, axis=1)
ACROSS = np.broadcast_to(np.arange(1, 6, dtype=np.uint8), (5, 5))
MATRICES = """
   farming land by water     urban land by water     farming base by heat
   1 1 1 2 5                 1 1 1 2 3               1 1 1 2 5
   1 1 2 3 5                 1 1 2 2 3               1 2 2 3 5
   2 2 3 4 5                 2 2 3 3 4               2 2 3 4 5
   3 4 4 5 5                 3 4 4 5 5               3 4 4 5 5
   5 5 5 5 5                 5 5 5 5 5               5 5 5 5 5
"""


def digits(text):
    """Read five by five digits, rows parted by blanks."""
    return [[int(digit) for digit in row] for row in text.split()]


@pytest.mark.parametrize(
    ("table", "key", "place"),
    [(FARMING, "matrix.land_water", 0), (URBAN, "matrix.land_water", 1), (FARMING, "matrix.base_heat", 2)],
)
def test_matrices_are_those_of_the_standards(table, key, place):
    rows = [line.split()[5 * place : 5 * place + 5] for line in MATRICES.strip().splitlines()[1:]]
    expected = [[int(item) for item in row] for row in rows]
    assert combine_matrix(BASE, ACROSS, table.value(key)).tolist() == expected


@pytest.mark.parametrize(
    ("table", "key", "codes", "expected"),
    [
        (FARMING, "soil_capacity", [0, 1, 3, 5, 2], "11251 22352 33453 44554 55555"),
        (FARMING, "soil_salinity", [0, 1, 3, 4, 5], "11112 22223 33334 44445 55555"),
        (URBAN, "comfort.shift", [0, 1, 2, 6, 7], "12111 23222 34333 45444 55555"),
        (URBAN, "geology_hazard", [1, 2, 3, 4, 5], "11235 22345 33455 44555 55555"),
        (URBAN, "storm_surge.shift", [0, 1, 2, 3, 4], "11112 22223 33334 44445 55555"),
    ],
)
def test_corrections_by_codes(table, key, codes, expected):
    """Rows are the grade before, columns the codes."""
    found = shift_by_codes(BASE, np.broadcast_to(np.array(codes, np.uint8), (5, 5)), table.value(key))
    assert found.tolist() == digits(expected)


@pytest.mark.parametrize(
    ("table", "key", "values", "expected"),
    [
        (FARMING, "silt", [np.nan, 59.9, 60, 79.9, 80], "11225 22335 33445 44555 55555"),
        (URBAN, "elevation", [np.nan, 3499, 3500, 5000, 5001], "11225 22335 33445 44555 55555"),
        (URBAN, "relief", [np.nan, 99, 100, 200, 201], "11223 22334 33445 44555 55555"),
        (FARMING, "concentration", [0.19, 0.2, 0.4, 0.6, 0.8], "52111 53211 54321 55431 55541"),
        (URBAN, "concentration", [0.19, 0.2, 0.59, 0.6, 0.99], "52211 53322 54433 55544 55555"),
    ],
)
def test_corrections_by_breaks(table, key, values, expected):
    row = table.value(key)
    across = np.broadcast_to(np.array(values, np.float32), (5, 5))
    assert shift_by_breaks(BASE, across, row.breaks, row.shifts, row.edges).tolist() == digits(expected)
    assert concentrate(BASE, across, row.breaks, row.shifts, edges=row.edges).tolist() == digits(expected)


def test_corrections_by_matrix():
    assert combine_matrix(BASE, ACROSS, FARMING.value("weather_hazard.matrix")).tolist() == digits(
        "11112 22222 33333 44444 55555"
    )
    # Worst +2, poor +1, best -1 where the grade is 2 to 4.
    location = BASE.astype(int) + np.array([-1, 0, 0, 1, 2])
    location[[0, 4], 0] = [1, 5]
    assert combine_matrix(BASE, ACROSS, URBAN.value("location.matrix")).tolist() == np.clip(
        location, 1, 5
    ).tolist()  # fmt: skip


def test_environment_counts_how_many_are_worst():
    air, water = BASE, ACROSS
    by = np.array(URBAN.value("environment.shifts"))[(air == 5).astype(int) + (water == 5)]
    assert by[4, 4] == 2
    assert set(by[4, :4]) == set(by[:4, 4]) == {1}
    assert not by[:4, :4].any()


def test_importance_is_extreme_if_either_is():
    found = combine_matrix(BASE[:3, :3], ACROSS[:3, :3], ECOLOGY.value("importance.matrix"))
    assert found.tolist() == digits("111 122 123")


def test_classes_of_grades():
    for table in (FARMING, URBAN):
        assert map_codes(np.arange(6, dtype=np.uint8), table.value("class")).tolist() == [0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("table", "key", "on_breaks", "between"),
    [
        (FARMING, "slope", [1, 2, 3, 4], [1, 2, 3, 4, 5]),
        (FARMING, "rain", [4, 3, 2, 1], [5, 4, 3, 2, 1]),
        (FARMING, "aridity", [1, 2, 3, 4], [1, 2, 3, 4, 5]),
        (FARMING, "water_quota_modulus", [4, 3, 2, 1], [5, 4, 3, 2, 1]),
        (FARMING, "accumulated_temperature", [4, 3, 2, 1], [5, 4, 3, 2, 1]),
        (FARMING, "weather_hazard", [1, 2, 3, 4], [1, 2, 3, 4, 5]),
        (URBAN, "slope", [1, 2, 3, 4], [1, 2, 3, 4, 5]),
        (URBAN, "water_modulus", [4, 3, 2, 1], [5, 4, 3, 2, 1]),
        (URBAN, "air_calm", [1, 2, 3, 4], [1, 2, 3, 4, 5]),
        (URBAN, "wind_speed", [4, 3, 2, 1], [5, 4, 3, 2, 1]),
        (URBAN, "storm_surge", [2, 3, 3], [1, 2, 3, 4]),
        (URBAN, "location.city", [1, 2, 3, 4], [1, 2, 3, 4, 5]),
        (URBAN, "location.provincial", [1, 2, 3, 4], [1, 2, 3, 4, 5]),
        (URBAN, "relief.window", [12, 9, 3], [15, 12, 9, 3]),
        (ECOLOGY, "erosion_sensitivity.erosivity", [3, 3], [1, 3, 5]),
        (ECOLOGY, "erosion_sensitivity.cover", [3, 3], [5, 3, 1]),
        (ECOLOGY, "erosion_sensitivity.class", [2, 2], [3, 2, 1]),
        (ECOLOGY, "desertification.aridity", [3, 3], [1, 3, 5]),
        (ECOLOGY, "2020-trial.fragility.water", [2, 1], [3, 2, 1]),
    ],
)
def test_grades_on_breaks_and_between(table, key, on_breaks, between):
    row = table.value(key)
    breaks = np.array(row.breaks, float)
    middles = np.concatenate([[breaks[0] - 1], (breaks[:-1] + breaks[1:]) / 2, [breaks[-1] + 1]])
    for asked, expected in ((breaks, on_breaks), (middles, between)):
        assert grade_by_breaks(asked, row.breaks, row.grades, row.edges).tolist() == expected


def test_shares_and_limits_are_shares():
    for key in ("retention.shares", "conservation.shares", "windbreak.shares"):
        first, second = ECOLOGY.value(key)
        assert 0 < first < second < 1
    assert sum(FARMING.value("weather_hazard.weights").values()) == pytest.approx(1)
    assert sum(ECOLOGY.value("coast.weights").values()) == pytest.approx(1)
    assert (
        0
        < CAPACITY.value("boundary.special_share")
        <= max(CAPACITY.value("boundary.elastic_share").values())
        < 1
    )
    low, high = CAPACITY.value("land_per_head.range")
    assert low <= CAPACITY.value("land_per_head") <= high
