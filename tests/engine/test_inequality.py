"""Gini and Theil: by hand, against the sums that define them, and taken apart exactly."""

from math import log

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial.engine.inequality import gini, split_gini, split_theil, theil
from spatial.errors import GeometryError

AMOUNTS = st.one_of(st.just(0.0), st.floats(1e-3, 1e6))


@st.composite
def places(draw):
    """Draw values, weights and groups, with something to share."""
    count = draw(st.integers(1, 12))
    values, weights = (draw(arrays(float, count, elements=AMOUNTS)) for _ in range(2))
    assume((values * weights).any())
    groups = draw(st.lists(st.sampled_from(["北", "east", "west"]), min_size=count, max_size=count))
    return values, weights, groups


def test_by_hand():
    # Four people with 1, 2, 3, 4: differences add up to 20 over 2 × 16 × 2.5.
    assert gini([4, 1, 3, 2]) == pytest.approx(20 / (2 * 16 * 2.5))
    assert gini([5, 0], weights=[1, 9]) == pytest.approx(0.9)
    assert theil([5, 0], weights=[1, 9]) == pytest.approx(log(10))
    assert theil([1, 3]) == pytest.approx((0.5 * log(0.5) + 1.5 * log(1.5)) / 2)


def test_parts_by_hand():
    parts = split_theil([1, 1, 3, 3], ["a", "a", "b", "b"])
    assert parts.total == pytest.approx(parts.between)
    assert parts.within == 0
    parts = split_theil([1, 3, 1, 3], ["a", "a", "b", "b"])
    assert parts.between == 0
    assert parts.within == pytest.approx(parts.total)
    apart = split_gini([1, 2, 8, 9], ["a", "a", "b", "b"])
    assert apart.overlap == pytest.approx(0, abs=1e-15)
    assert apart.index == pytest.approx([0.5 / 3, 0.5 / 17])


def test_districts_are_named_with_their_means():
    parts = split_gini([1, 3, 10, 7], ["沁园", "沁园", "承留", "空"], weights=[3, 1, 2, 0])
    assert parts.group.tolist() == ["承留", "沁园", "空"]
    assert parts.people.tolist() == [2, 4, 0]
    np.testing.assert_array_equal(parts.mean, [10, 1.5, np.nan])
    np.testing.assert_array_equal(np.isnan(parts.index), [False, False, True])


@settings(deadline=None)
@given(case=places())
def test_gini_is_the_mean_difference(case):
    values, weights, _ = case
    people = weights / weights.sum()
    mean = (people * values).sum()
    gaps = np.abs(values[:, None] - values[None]) * people[:, None] * people[None]
    assert gini(values, weights) == pytest.approx(gaps.sum() / (2 * mean), rel=1e-9, abs=1e-12)


@settings(deadline=None)
@given(case=places())
def test_indices_keep_their_bounds(case):
    values, weights, _ = case
    assert 0 <= gini(values, weights) <= 1
    assert 0 <= theil(values, weights) <= log(weights.sum() / weights[weights > 0].min()) + 1e-9


@settings(deadline=None)
@given(case=places(), factor=st.floats(1e-6, 1e6))
def test_indices_are_free_of_scale(case, factor):
    values, weights, _ = case
    for index in (gini, theil):
        expected = index(values, weights)
        assert index(values * factor, weights) == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert index(values, weights * factor) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(deadline=None)
@given(value=st.floats(1e-300, 1e300), weights=arrays(float, 5, elements=st.floats(0.1, 1e5)))
def test_equal_values_are_equal(value, weights):
    assert gini([value] * 5, weights) == 0
    assert theil([value] * 5, weights) == pytest.approx(0, abs=1e-14)


@settings(deadline=None)
@given(case=places())
def test_parts_add_up(case):
    values, weights, groups = case
    parts = split_theil(values, groups, weights)
    assert parts.between + parts.within == pytest.approx(parts.total, rel=1e-9, abs=1e-12)
    assert parts.overlap == 0
    parts = split_gini(values, groups, weights)
    assert parts.between + parts.within + parts.overlap == pytest.approx(parts.total)
    assert parts.overlap >= -1e-9  # what is left of three rounded terms


@settings(deadline=None)
@given(case=places())
def test_weights_count_people(case):
    values, _, _ = case
    assume(values.any())
    twice = np.concatenate([values, values[:1]])
    weights = np.ones(len(values))
    weights[0] = 2
    for index in (gini, theil):
        assert index(twice) == pytest.approx(index(values, weights), rel=1e-9, abs=1e-12)


def test_values_without_people_may_be_missing():
    assert gini([1, 3, np.nan], [1, 1, 0]) == gini([1, 3])
    with pytest.raises(GeometryError, match="values: 1 of 3 numbers is missing"):
        gini([1, 3, np.nan])


@pytest.mark.parametrize(("values", "weights"), [([0, 0], None), ([], None), ([1, 2], [0, 0])])
def test_nothing_to_share_has_no_index(values, weights):
    assert np.isnan(gini(values, weights))
    assert np.isnan(theil(values, weights))
    groups = ["a"] * len(values)
    assert np.isnan(split_theil(values, groups, weights).total)
    assert np.isnan(split_gini(values, groups, weights).between)


def test_wrong_input_is_refused():
    with pytest.raises(GeometryError, match="values: 1 of 2 numbers is negative"):
        gini([1, -1])
    with pytest.raises(GeometryError, match="weights: 1 given for 2 values"):
        theil([1, 2], [1])
    with pytest.raises(GeometryError, match="weights: 1 of 2 numbers is negative"):
        theil([1, 2], [1, -1])
    with pytest.raises(GeometryError, match="1 of 2 places have no group by name, such as None"):
        split_theil([1, 2], ["a", None])
    with pytest.raises(GeometryError, match=r"names of shape \(1,\) for 2 values"):
        split_gini([1, 2], ["a"])
