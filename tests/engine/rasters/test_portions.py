"""Portions: the first half of a total from tallies, against sorting all values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spatial.engine.rasters.portions import TALLY_BINS, grade_by_shares, share_breaks, tally_values

amounts = arrays.arrays(
    np.float32,
    st.integers(1, 60),
    elements=st.one_of(
        st.just(float("nan")), st.floats(-10, 0, width=32), st.floats(2.0**-10, 2.0**20, width=32)
    ),
)


def test_by_hand():
    """Of 100 in all, 30 + 20 make the half; 30 + 20 + 20 + 10 make 80."""
    field = np.array([[30, 20, 20], [10, 10, 10], [0, -5, np.nan]], np.float32)
    breaks = share_breaks(tally_values(field), [0.5, 0.8])
    assert breaks == (20, 10)
    assert grade_by_shares(field, breaks).tolist() == [[1, 1, 1], [2, 2, 2], [3, 3, 0]]


@given(amounts, st.lists(st.integers(1, 20), min_size=1, max_size=3, unique=True).map(sorted))
def test_the_share_is_reached_and_not_by_a_cell_too_many(field, twentieths):
    shares = [item / 20 for item in twentieths]
    breaks = share_breaks(tally_values(field), shares)
    grade = grade_by_shares(field, breaks)
    positive = np.where(field > 0, field, 0).astype(float)
    total = positive.sum()
    for number, share in enumerate(shares, 1):
        inside = (grade > 0) & (grade <= number)
        held = positive[inside].sum()
        assert held >= share * total * (1 - 1 / 2048)
        if inside.any() and (positive > 0).any():
            # Without the bin that crossed the share, it is not reached.
            lowest = positive[inside].min()
            above = positive[inside & (positive > lowest * (1 + 1 / 1024))].sum()
            assert above <= share * total * (1 + 1 / 1024)
            assert lowest >= np.max(positive[~inside], initial=0)
    np.testing.assert_array_equal(grade == 0, np.isnan(field))
    assert (grade[field <= 0] == len(shares) + 1).all()


@settings(deadline=None)
@given(amounts, st.integers(8, 40))
def test_tallies_of_blocks_add_up_exactly(field, size):
    parts = [tally_values(field[begin : begin + size]) for begin in range(0, len(field), size)]
    np.testing.assert_array_equal(sum(parts[::-1], np.zeros(TALLY_BINS, np.int64)), tally_values(field))


def test_against_sorting_many_values():
    field = np.random.default_rng(0).lognormal(3, 2, 200_000).astype(np.float32)
    ordered = np.sort(field.astype(float))[::-1]
    reached = np.cumsum(ordered) / ordered.sum()
    for share, found in zip((0.5, 0.8), share_breaks(tally_values(field), (0.5, 0.8)), strict=True):
        assert found == pytest.approx(ordered[np.searchsorted(reached, share)], rel=2e-3)


def test_equal_values_stay_together():
    field = np.full(10, 7, np.float32)
    breaks = share_breaks(tally_values(field), [0.5, 0.8])
    assert set(grade_by_shares(field, breaks).tolist()) == {1}


@pytest.mark.parametrize("field", [[], [np.nan], [0.0, -1.0], [np.inf, np.nan]])
def test_where_there_is_nothing_nothing_is_important(field):
    breaks = share_breaks(tally_values(field), [0.5, 0.8])
    assert breaks == (np.inf, np.inf)
    assert grade_by_shares([0.0, -1.0, np.nan], breaks).tolist() == [3, 3, 0]
