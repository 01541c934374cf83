"""Ranking: by hand, against pymcdm, and what must hold whatever the numbers are."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial.engine.ranking import (
    closeness,
    combine_weights,
    entropy_weights,
    gap_shares,
    measure_stability,
    normalise,
    perturb_weights,
    rank,
)
from spatial.errors import GeometryError

VALUES = st.integers(-50, 50).map(float)
"""Whole numbers, so that equal values and ties are common and differences are exact."""


@st.composite
def tables(draw, missing=False):
    """Draw a table of values with directions, targets and weights."""
    rows, columns = draw(st.integers(1, 9)), draw(st.integers(1, 5))
    cell = st.one_of(VALUES, st.just(float("nan"))) if missing else VALUES
    values = draw(arrays(float, (rows, columns), elements=cell))
    directions = draw(st.lists(st.sampled_from(["up", "down", "near"]), min_size=columns, max_size=columns))
    targets = draw(arrays(float, columns, elements=VALUES))
    weights = draw(arrays(float, columns, elements=st.integers(1, 20).map(float)))
    return values, directions, targets, weights / weights.sum()


def test_by_hand():
    # Three zones; output is good when high, energy when low.
    merits = normalise([[10, 4], [20, 2], [15, 6]], ["up", "down"], [np.nan, np.nan])
    assert merits.tolist() == [[0.0, 0.5], [1.0, 1.0], [0.5, 0.0]]
    # Shares 0, 2/3, 1/3 in one column and 1/3, 2/3, 0 in the other: equally disorderly.
    entropy = -(2 / 3 * log(2 / 3) + 1 / 3 * log(1 / 3)) / log(3)
    assert entropy == pytest.approx(0.5793801642856950)
    assert entropy_weights(merits) == pytest.approx([0.5, 0.5])
    weights = [0.8, 0.2]
    first = sqrt(0.1**2) / (sqrt(0.8**2 + 0.1**2) + sqrt(0.1**2))
    third = 0.4 / (sqrt(0.4**2 + 0.2**2) + 0.4)
    assert closeness(merits, weights) == pytest.approx([first, 1.0, third])
    assert rank(closeness(merits, weights)).tolist() == [3.0, 1.0, 2.0]
    shares = gap_shares(merits, weights)
    assert shares[0] == pytest.approx([0.64 / 0.65, 0.01 / 0.65])
    assert shares[1].tolist() == [0.0, 0.0]
    assert combine_weights([0.5, 0.3, 0.2], [0.2, 0.2, 0.6]) == pytest.approx([10 / 28, 6 / 28, 12 / 28])


def test_entropy_weights_by_hand():
    table = [[0.0, 1.0, 0.5], [1.0, 1.0, 0.5], [0.0, 0.0, 0.5]]
    two = 1 - log(2) / log(3)  # all in one row: entropy 0; in two rows alike: ln 2 / ln 3
    assert entropy_weights(table) == pytest.approx([1 / (1 + two), two / (1 + two), 0.0])


def test_agrees_with_pymcdm():
    methods = pytest.importorskip("pymcdm.methods", reason="pymcdm, an oracle of tests only, is not there")
    weigh = pytest.importorskip("pymcdm.weights", reason="pymcdm, an oracle of tests only, is not there")
    scale = pytest.importorskip(
        "pymcdm.normalizations", reason="pymcdm, an oracle of tests only, is not there"
    )
    generator = np.random.default_rng(7)
    for _ in range(40):
        rows, columns = generator.integers(3, 40), generator.integers(2, 8)
        values = generator.normal(50, 20, (rows, columns))
        signs = generator.choice([-1, 1], columns)
        weights = generator.dirichlet(np.ones(columns))
        merits = normalise(values, ["up" if sign > 0 else "down" for sign in signs], np.zeros(columns))
        theirs = methods.TOPSIS(scale.minmax_normalization)(values, weights, signs, validation=False)
        assert closeness(merits, weights) == pytest.approx(theirs)
        # Theirs takes a column with a zero in it for one of no entropy, so none is quite zero.
        assert entropy_weights(merits) == pytest.approx(weigh.entropy_weights(merits + 1e-300), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(tables())
def test_one_that_is_nowhere_better_never_ranks_above(drawn):
    values, directions, targets, weights = drawn
    merits = normalise(values, directions, targets)
    ranks = rank(closeness(merits, weights))
    nowhere_better = (merits[:, None, :] <= merits[None, :, :]).all(axis=2)
    worse, better = np.nonzero(nowhere_better)
    assert (ranks[worse] >= ranks[better]).all()
    runs = rank(closeness(merits, perturb_weights(weights, 20, 0.5, 3)))
    assert (runs[:, worse] >= runs[:, better]).all()


@settings(max_examples=60, deadline=None)
@given(tables(missing=True), st.integers(-3, 3), VALUES)
def test_scaling_and_shifting_a_criterion_change_nothing(drawn, power, shift):
    values, directions, targets, weights = drawn
    merits = normalise(values, directions, targets)
    moved = normalise(values * 2.0**power + shift, directions, targets * 2.0**power + shift)
    assert moved == pytest.approx(merits, nan_ok=True)
    assert entropy_weights(moved) == pytest.approx(entropy_weights(merits), nan_ok=True)
    assert rank(closeness(moved, weights)) == pytest.approx(rank(closeness(merits, weights)), nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(tables(missing=True))
def test_weights_sum_to_one_and_a_constant_has_none(drawn):
    values, directions, targets, weights = drawn
    merits = normalise(values, directions, targets)
    constant = np.array([len(set(column[~np.isnan(column)])) < 2 for column in merits.T])
    found = entropy_weights(merits)
    if constant.all():
        assert np.isnan(found).all()
        return
    assert found.sum() == pytest.approx(1.0)
    assert (found >= 0).all()
    assert (found[constant] == 0).all()
    both = combine_weights(weights, found)
    assert both.sum() == pytest.approx(1.0)
    assert perturb_weights(both, 5, 0.9, 1).sum(axis=1) == pytest.approx(np.ones(5))
    scores = closeness(merits, both)
    assert ((scores >= 0) & (scores <= 1) | np.isnan(scores)).all()


@settings(max_examples=60, deadline=None)
@given(tables(missing=True), st.randoms(use_true_random=False))
def test_equal_rows_stay_equal_and_the_order_of_rows_has_no_say(drawn, random):
    values, directions, targets, weights = drawn
    order = [at % len(values) for at in range(2 * len(values))]
    random.shuffle(order)
    ranks = rank(closeness(normalise(values, directions, targets), weights))
    twice = rank(closeness(normalise(values[order], directions, targets), weights))
    for at, original in enumerate(order):
        same = [other for other, row in enumerate(order) if row == original]
        assert np.array_equal(twice[same], np.full(2, twice[at]), equal_nan=True)
        if not np.isnan(ranks[original]):
            assert twice[at] == 2 * ranks[original] - 1


@settings(max_examples=60, deadline=None)
@given(tables(missing=True))
def test_stability_counts_what_one_by_one_gives(drawn):
    values, directions, targets, weights = drawn
    merits = normalise(values, directions, targets)
    sets = perturb_weights(weights, 12, 0.6, 5)
    found = measure_stability(merits, weights, sets)
    given_scores = closeness(merits, weights).round(12)
    own = rank(given_scores)
    scores = np.array([closeness(merits, one) for one in sets]).round(12)
    ranks = np.array([rank(one) for one in scores])
    for at in range(len(values)):
        if np.isnan(own[at]):
            assert np.isnan([found.kept[at], found.low[at], found.high[at]]).all()
            continue
        assert found.kept[at] == pytest.approx((ranks[:, at] == own[at]).mean())
        assert found.low[at] == np.sort(ranks[:, at])[0]
        assert found.high[at] == np.sort(ranks[:, at])[-1]
        for other in range(len(values)):
            overtaken = given_scores[at] > given_scores[other]
            wanted = (scores[:, at] < scores[:, other]).mean() if overtaken else 0.0
            assert found.reversed[at, other] == pytest.approx(wanted)


@settings(max_examples=60, deadline=None)
@given(tables(missing=True))
def test_shares_of_the_gap_add_up(drawn):
    values, directions, targets, weights = drawn
    merits = normalise(values, directions, targets)
    sums = np.nansum(gap_shares(merits, weights), axis=1)
    scores = closeness(merits, weights)
    assume(len(scores) > 0)
    for total, score, row in zip(sums, scores, merits, strict=True):
        best = np.isnan(row).all() or score == 1.0 or total == 0.0
        assert total == (0.0 if best else pytest.approx(1.0))


def test_missing_values_are_neither_best_nor_worst():
    merits = normalise([[1, 9], [np.nan, 5], [3, 1]], ["up", "up"], [0, 0])
    scores = closeness(merits, [0.5, 0.5])
    assert scores[1] == 0.5
    assert np.isnan(closeness([[np.nan, np.nan], [0.0, 1.0]], [0.5, 0.5])[0])
    # What is known of a row alone decides: its missing criterion may weigh anything.
    assert closeness(merits, [5.0, 0.1])[1] == 0.5


def test_the_same_seed_gives_the_same_sets_and_bounds_hold():
    one, other = (perturb_weights([0.5, 0.3, 0.2], 500, 0.25, 11) for _ in range(2))
    assert np.array_equal(one, other)
    assert not np.array_equal(one, perturb_weights([0.5, 0.3, 0.2], 500, 0.25, 12))
    ratio = one[:, 0] / one[:, 1] / (0.5 / 0.3)
    assert ratio.min() >= 0.75 / 1.25
    assert ratio.max() <= 1.25 / 0.75
    still = perturb_weights([0.5, 0.3, 0.2], 3, 0.0, 1)
    assert still == pytest.approx(np.array([[0.5, 0.3, 0.2]] * 3))


@pytest.mark.parametrize(
    "call",
    [
        lambda: normalise([1.0, 2.0], ["up"], [0]),
        lambda: normalise([[np.inf]], ["up"], [0]),
        lambda: normalise([[1.0]], ["up", "up"], [0, 0]),
        lambda: normalise([[1.0]], ["high"], [0]),
        lambda: normalise([[1.0]], ["near"], [np.nan]),
        lambda: closeness([[1.0, 0.0]], [1.0]),
        lambda: closeness([[1.0]], [-1.0]),
        lambda: closeness([[1.0]], [np.nan]),
        lambda: combine_weights([1.0], [0.5, 0.5]),
        lambda: perturb_weights([0.0], 5, 0.2, 1),
        lambda: perturb_weights([1.0], 0, 0.2, 1),
        lambda: perturb_weights([1.0], 5, 1.0, 1),
    ],
)
def test_what_means_nothing_is_refused(call):
    with pytest.raises(GeometryError):
        call()


def test_an_empty_table_gives_nothing():
    empty = normalise(np.empty((0, 2)), ["up", "down"], [0, 0])
    assert rank(closeness(empty, [0.5, 0.5])).size == 0
    assert np.isnan(entropy_weights(empty)).all()
