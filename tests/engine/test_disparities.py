"""Disparities: against the measures of one column, by hand, and against PySAL's inequality where it is there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.disparities import Groups, spread, weighted_median
from spatial.engine.inequality import split_theil, theil
from spatial.errors import GeometryError


def draw(seed: int, places: int = 30, columns: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    values = chance.exponential(10, (places, columns)) * (chance.random((places, columns)) > 0.1)
    return values, chance.integers(0, 4, places), chance.integers(0, 50, places).astype(float)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_many_columns_side_by_side_are_what_one_is_alone(seed: int) -> None:
    values, member, people = draw(seed)
    groups = Groups.of(member, people, 4)
    total, between = groups.theil(values)
    means = groups.means(values)
    for column in range(values.shape[1]):
        alone = split_theil(values[:, column], [f"d{one}" for one in member], people)
        assert total[column] == pytest.approx(alone.total, nan_ok=True)
        assert between[column] == pytest.approx(alone.between, abs=1e-12, nan_ok=True)
        for number in range(4):
            mine = member == number
            expected = (
                np.average(values[mine, column], weights=people[mine]) if people[mine].sum() else np.nan
            )
            assert means[number, column] == pytest.approx(expected, nan_ok=True)


def test_theil_by_hand_and_what_it_is_free_of() -> None:
    groups = Groups.of([0, 0, 1, 1], [1, 1, 1, 1], 2)
    values = np.array([[1.0, 5.0, 0.0], [1.0, 5.0, 0.0], [3.0, 5.0, 0.0], [3.0, 5.0, 0.0]])
    total, between = groups.theil(values)
    # Half the people have a quarter, half three quarters: ½·½·ln ½ + ½·1½·ln 1½.
    assert total[0] == between[0] == pytest.approx(0.5 * 0.5 * np.log(0.5) + 0.5 * 1.5 * np.log(1.5))
    assert (total[1], between[1]) == (0.0, 0.0)
    assert np.isnan(total[2])
    again, _ = groups.theil(values[:, :1] * 7)
    assert again[0] == pytest.approx(total[0])


def test_the_library_finds_the_same_theil() -> None:
    library = pytest.importorskip(
        "inequality.theil", reason="inequality is not installed: an oracle of tests only"
    )
    chance = np.random.default_rng(2)
    values, member = chance.uniform(1, 9, 40), np.repeat([0, 1, 2, 3], 10)
    total, between = Groups.of(member, np.ones(40), 4).theil(values[:, None])
    told = library.TheilD(values, member)
    assert total[0] == pytest.approx(float(np.ravel(told.T)[0]))
    assert between[0] == pytest.approx(float(np.ravel(told.bg)[0]))
    assert theil(values) == pytest.approx(float(library.Theil(values).T))


def test_spread_of_shares() -> None:
    values = np.array([[2.0, 1.0, 3.0], [8.0, 0.0, 3.0], [np.nan, 4.0, np.nan]])
    assert spread(values).tolist() == [4.0, np.inf, 1.0]
    assert spread(np.array([[0.0], [0.0]])).tolist() == [1.0]
    assert np.isnan(spread(np.array([[np.nan]]))).all()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=12))
def test_a_weighted_median_is_the_median_of_all_people(rows: list[tuple[int, int]]) -> None:
    values, weights = (np.array(one, dtype=float) for one in zip(*rows, strict=True))
    people = np.sort(np.repeat(values, weights.astype(int)))
    found = weighted_median(values, weights)
    if not len(people):
        assert np.isnan(found)
    else:
        assert found == people[(len(people) - 1) // 2]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(GeometryError):
        Groups.of([0, 2], [1, 1], 2)
    with pytest.raises(GeometryError):
        Groups.of([0, 1], [1, -1], 2)
    with pytest.raises(GeometryError):
        weighted_median([1, np.nan], [1, 1])
    assert weighted_median([1, np.nan], [1, 0]) == 1
