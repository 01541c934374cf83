"""Scoring: edges of intervals, every entry of every matrix, and that stricter never comes out better."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spatial.engine.rasters import scoring
from spatial.engine.rasters.scoring import (
    best_of,
    combine_matrix,
    count_support,
    grade_by_breaks,
    is_present,
    map_codes,
    map_values,
    mode_of,
    set_grade,
    shift_by_breaks,
    shift_by_codes,
    shift_grade,
    weigh_grades,
    worst_of,
)
from spatial.errors import GeometryError

MATRIX = [[1, 1, 1, 2, 5], [1, 1, 2, 3, 5], [2, 2, 3, 4, 5], [3, 4, 4, 5, 5], [5, 5, 5, 5, 5]]
grades = arrays.arrays(np.uint8, 12, elements=st.integers(0, 5))
values = arrays.arrays(
    np.float32, 12, elements=st.one_of(st.just(float("nan")), st.integers(-50, 50).map(float))
)
rising = st.lists(st.integers(-40, 40), min_size=1, max_size=6, unique=True).map(sorted)


def u8(*items):
    return np.array(items, np.uint8)


def test_a_value_on_a_break_lies_where_the_table_says():
    asked = [1.9, 2, 2.1, 6, 25, 26, np.nan, np.inf, -np.inf]
    assert grade_by_breaks(asked, [2, 6, 15, 25]).tolist() == [1, 1, 2, 2, 4, 5, 0, 5, 1]
    assert grade_by_breaks([399, 400, 1199, 1200], [200, 400, 800, 1200], [5, 4, 3, 2, 1], "above").tolist() == [
        4, 3, 2, 1,
    ]  # fmt: skip
    assert grade_by_breaks([2.32, 2.33, 3.66, 3.67], [2.33, 3.66], [3, 2, 1], ["above", "below"]).tolist() == [
        3, 2, 2, 1,
    ]  # fmt: skip


def test_breaks_are_those_of_float32():
    """0.6 as float32 is not 0.6 as float64; a value of 0.6 lies on a break of 0.6 all the same."""
    asked = np.array([0.6], np.float32)
    assert grade_by_breaks(asked, [0.6]).tolist() == [1]
    assert grade_by_breaks(asked, [0.6], edges="above").tolist() == [2]


@given(values, rising, st.sampled_from(["below", "above"]))
def test_grades_are_those_of_a_plain_search(asked, breaks, edges):
    side = "left" if edges == "below" else "right"
    place = np.searchsorted(np.array(breaks, np.float32), asked, side=side) + 1
    expected = np.where(np.isnan(asked), 0, place)
    np.testing.assert_array_equal(grade_by_breaks(asked, breaks, edges=edges), expected)


@given(values, rising, st.integers(0, 5), st.integers(0, 30))
def test_a_stricter_break_never_improves_a_grade(asked, breaks, which, by):
    """Where low values are good, a lower break is stricter."""
    which %= len(breaks)
    stricter = sorted(
        {*breaks[:which], *(item for item in breaks[which:])} - {breaks[which]} | {breaks[which] - by}
    )
    if len(stricter) == len(breaks):
        assert (grade_by_breaks(asked, stricter) >= grade_by_breaks(asked, breaks)).all()


@pytest.mark.parametrize(
    ("breaks", "given_grades", "edges"),
    [([2, 2], None, "below"), ([3, 2], None, "below"), ([1, 2], [1, 2], "below"),
     ([1, 2], None, ["below"]), ([1], [0, 1], "below"), ([1], [1, 256], "below")],
)  # fmt: skip
def test_breaks_that_do_not_fit_are_refused(breaks, given_grades, edges):
    with pytest.raises(GeometryError):
        grade_by_breaks([1.0], breaks, given_grades, edges)


@pytest.mark.parametrize("grade", range(6))
@pytest.mark.parametrize("by", range(-5, 6))
def test_shifts_are_held_between_best_and_worst(grade, by):
    expected = 0 if grade == 0 else min(5, max(1, grade + by))
    assert shift_grade(u8(grade), by).tolist() == [expected]
    assert shift_grade(u8(grade), np.array([by])).tolist() == [expected]
    assert shift_grade(u8(grade), by, np.array([False])).tolist() == [grade]


def test_other_bounds_than_five():
    assert shift_grade(u8(1, 2, 3), 1, worst=3).tolist() == [2, 3, 3]
    assert shift_grade(u8(2, 3, 7), -3, best=2, worst=7).tolist() == [2, 2, 4]


def test_corrections_by_hand():
    """A 5 by 5 of base grade (rows) against what corrects it (columns)."""
    base = np.repeat(u8(1, 2, 3, 4, 5)[:, None], 5, axis=1)
    heights = np.broadcast_to(np.array([100, 3500, 5000, 5001, np.nan], np.float32), (5, 5))
    assert shift_by_breaks(base, heights, [3500, 5000], [0, 1, 4], ["above", "below"]).tolist() == [
        [1, 2, 2, 5, 1], [2, 3, 3, 5, 2], [3, 4, 4, 5, 3], [4, 5, 5, 5, 4], [5, 5, 5, 5, 5],
    ]  # fmt: skip
    hazard = np.broadcast_to(u8(0, 1, 3, 4, 5), (5, 5))
    assert shift_by_codes(base, hazard, {1: 0, 2: 0, 3: 1, 4: 2, 5: 4}).tolist() == [
        [1, 1, 2, 3, 5], [2, 2, 3, 4, 5], [3, 3, 4, 5, 5], [4, 4, 5, 5, 5], [5, 5, 5, 5, 5],
    ]  # fmt: skip
    assert set_grade(base, 5, hazard == 5)[:, 4].tolist() == [5] * 5
    assert set_grade(u8(0), 5, np.array([True])).tolist() == [0]


@given(grades, values, rising)
def test_a_correction_that_only_worsens_never_improves(base, asked, breaks):
    shifts = list(range(len(breaks) + 1))
    found = shift_by_breaks(base, asked, breaks, shifts)
    assert (found >= base).all()
    np.testing.assert_array_equal(found[np.isnan(asked)], base[np.isnan(asked)])
    np.testing.assert_array_equal(found == 0, base == 0)


@pytest.mark.parametrize("code", [0, 1, 7, 254, 255])
@pytest.mark.parametrize("grade", [0, 1, 5, 255])
def test_codes_and_grades_of_any_size(code, grade):
    found = shift_by_codes(u8(grade), u8(code), {7: 2, 255: -1}, worst=255)
    by = {7: 2, 255: -1}.get(code, 0)
    assert found.tolist() == [0 if grade == 0 else min(255, max(1, grade + by))]
    assert shift_by_breaks(u8(grade), [code], [6, 254], [0, 2, -1], worst=255).tolist() == [
        0 if grade == 0 else min(255, max(1, grade + (2 if 6 < code <= 254 else -1 if code == 255 else 0)))
    ]


def test_shifts_and_breaks_that_do_not_fit_are_refused():
    with pytest.raises(GeometryError, match="do not match"):
        shift_by_breaks(u8(1), [1.0], [1, 2], [0, 1])


@pytest.mark.parametrize("matrix", [MATRIX, [[1, 2, 3], [4, 5, 6]], np.arange(1, 201).reshape(10, 20).tolist(),
                                    (np.arange(400).reshape(20, 20) % 255 + 1).tolist()])  # fmt: skip
def test_every_entry_of_a_matrix(matrix):
    high, wide = len(matrix), len(matrix[0])
    rows, columns = np.meshgrid(np.arange(high + 1), np.arange(wide + 1), indexing="ij")
    rows, columns = rows.astype(np.uint8), columns.astype(np.uint8)
    found = combine_matrix(rows, columns, matrix)
    np.testing.assert_array_equal(found[1:, 1:], matrix)
    assert (found[0] == 0).all()
    assert (found[:, 0] == 0).all()
    skipped = combine_matrix(rows, columns, matrix, missing="skip")
    np.testing.assert_array_equal(skipped[1:, 1:], matrix)
    assert skipped[0].tolist() == list(range(wide + 1))
    assert skipped[:, 0].tolist() == list(range(high + 1))


def test_a_dimension_that_is_left_out_changes_nothing():
    base = u8(0, 1, 5)
    for found in (combine_matrix(base, None, MATRIX), combine_matrix(None, base, MATRIX)):
        assert found.tolist() == [0, 1, 5]
        found[0] = 9
    assert base[0] == 0
    with pytest.raises(GeometryError, match="both"):
        combine_matrix(None, None, MATRIX)


def test_grades_beyond_a_matrix_are_refused():
    with pytest.raises(GeometryError, match="column grade 6"):
        combine_matrix(u8(1), u8(6), MATRIX)
    with pytest.raises(GeometryError, match="row grade 7"):
        combine_matrix(u8(7), u8(1), MATRIX)


@given(grades, grades, grades)
def test_a_matrix_that_rises_keeps_the_order(land, water, more):
    worse = worst_of(water, more)
    found, after = combine_matrix(land, water, MATRIX), combine_matrix(land, worse, MATRIX)
    known = found > 0
    assert (after[known] >= found[known]).all()


def test_weights_are_raised_where_a_factor_is_missing():
    score, support = weigh_grades([u8(1, 1, 0, 0), u8(5, 0, 5, 0), u8(3, 3, 3, 0)], [0.5, 0.25, 0.25])
    np.testing.assert_allclose(score, [2.5, (0.5 + 0.75) / 0.75, 4.0, np.nan], rtol=1e-6)
    assert support.tolist() == [3, 2, 2, 0]
    assert score.dtype == np.float32
    mixed, _ = weigh_grades([np.array([0.0, np.nan], np.float32), u8(4, 4)], [1, 3])
    np.testing.assert_allclose(mixed, [3, 4])


def test_a_factor_without_weight_is_no_support():
    score, support = weigh_grades([u8(1, 0), u8(5, 5)], [1, 0])
    np.testing.assert_allclose(score, [1, np.nan])
    assert support.tolist() == [1, 0]


@given(st.lists(grades, min_size=1, max_size=5), st.data())
def test_a_mean_lies_between_its_parts(stack, data):
    weights = data.draw(st.lists(st.integers(0, 9), min_size=len(stack), max_size=len(stack)).filter(any))
    score, support = weigh_grades(stack, weights)
    counted = [grade for grade, weight in zip(stack, weights, strict=True) if weight]
    np.testing.assert_array_equal(support, count_support(*counted))
    np.testing.assert_array_equal(np.isnan(score), support == 0)
    there = support > 0
    assert (score[there] >= best_of(*counted)[there] - 1e-5).all()
    assert (score[there] <= worst_of(*counted)[there] + 1e-5).all()
    doubled, _ = weigh_grades(stack, [2 * weight for weight in weights])
    np.testing.assert_allclose(doubled, score, rtol=1e-6)


@pytest.mark.parametrize("weights", [[1], [1, -1], [0, 0], [1, 1, 1]])
def test_weights_that_do_not_fit_are_refused(weights):
    with pytest.raises(GeometryError):
        weigh_grades([u8(1), u8(2)], weights)


def test_worst_and_best_with_and_without_what_is_missing():
    a, b = u8(0, 0, 1, 2, 5), u8(0, 3, 3, 1, 5)
    assert worst_of(a, b).tolist() == [0, 3, 3, 2, 5]
    assert best_of(a, b).tolist() == [0, 3, 1, 1, 5]
    assert worst_of(a, b, missing="missing").tolist() == [0, 0, 3, 2, 5]
    assert best_of(a, b, missing="missing").tolist() == [0, 0, 1, 1, 5]
    assert worst_of(a).tolist() == best_of(a).tolist() == a.tolist()


@given(st.lists(grades, min_size=1, max_size=4), grades)
def test_another_constraint_never_improves_the_worst(stack, more):
    assert (worst_of(*stack, more) >= worst_of(*stack)).all()


def test_the_most_frequent_of_months():
    months = np.array([[1, 2, 3, 0], [1, 3, 3, 0], [2, 2, 1, 0], [2, 3, 1, 0], [0, 2, 3, 0]], np.uint8)
    assert mode_of(months).tolist() == [1, 2, 3, 0]
    assert mode_of(months, "high").tolist() == [2, 2, 3, 0]


@given(arrays.arrays(np.uint8, (12, 5), elements=st.integers(0, 7)), st.sampled_from(["low", "high"]))
def test_the_mode_is_that_of_a_count(months, ties):
    for column, found in zip(months.T, mode_of(months, ties), strict=True):
        counts = {grade: (column == grade).sum() for grade in range(1, 8) if (column == grade).any()}
        most = [grade for grade, count in counts.items() if count == max(counts.values())]
        assert found == (0 if not most else min(most) if ties == "low" else max(most))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32])
def test_codes_that_no_table_names_are_missing(dtype):
    codes = np.array([10, 20, 0, 255, 11], dtype)
    assert map_codes(codes, {10: 1, 20: 3, 255: 7}).tolist() == [1, 3, 0, 7, 0]
    np.testing.assert_array_equal(
        map_values(codes, {10: 0.5}), np.float32([0.5, np.nan, np.nan, np.nan, np.nan])
    )
    assert map_codes(codes, {}).tolist() == [0] * 5
    assert map_codes(codes, {10: 1, 70_000: 2})[0] == 1


def test_codes_that_are_no_codes_are_missing():
    assert map_codes(np.array([np.nan, 10.5, np.inf, 10]), {10: 1, 0: 3}).tolist() == [0, 0, 0, 1]
    assert map_codes(np.array([-1, -10, 10, 70_000]), {10: 1, 0: 3}).tolist() == [0, 0, 1, 0]


def test_what_is_there():
    assert is_present(np.array([0.0, np.nan])).tolist() == [True, False]
    assert is_present(u8(0, 3)).tolist() == [False, True]


def test_each_function_keeps_shape_and_kind():
    block = np.arange(24, dtype=np.uint8).reshape(4, 6) % 6
    value = np.linspace(0, 30, 24, dtype=np.float32).reshape(4, 6)
    made = [
        grade_by_breaks(value, [2, 6]), shift_grade(block, 1), set_grade(block, 5, block > 2),
        combine_matrix(block, block, MATRIX), worst_of(block, block), best_of(block, block),
        shift_by_breaks(block, value, [3], [0, 1]), shift_by_codes(block, block, {1: 1}), map_codes(block, {1: 1}),
    ]  # fmt: skip
    assert all(item.shape == (4, 6) and item.dtype == np.uint8 for item in made)
    assert not any(np.shares_memory(item, block) for item in made)
    assert scoring.__doc__.startswith("Scoring: ")


def test_a_chain_by_hand():
    """Land 1 to 5 by water 1 to 5, then +1 by salt everywhere: the matrix, one worse, never past 5."""
    land, water = np.meshgrid(np.arange(1, 6), np.arange(1, 6), indexing="ij")
    base = combine_matrix(land.astype(np.uint8), water.astype(np.uint8), MATRIX)
    salty = shift_by_codes(base, np.full((5, 5), 5, np.uint8), {5: 1})
    for row, column in product(range(5), range(5)):
        assert salty[row, column] == min(5, MATRIX[row][column] + 1)
