"""Scoring: values to grades, and grades to one grade by matrices, weights and shifts.

Values are float32 with NaN where missing. Grades are uint8 with 0 where missing; 1 is the best unless a
caller means it otherwise. No break or matrix stands here: they come from rule tables. What is missing stays
missing wherever a function does not say how it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spatial.errors import GeometryError

Grades = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float32]
Truths = npt.NDArray[np.bool_]
Missing = Literal["missing", "skip"]
Edge = Literal["below", "above"]

_STRIP_CELLS = 1 << 15
"""Cells weighed at once, so that sums stay in the cache."""


def grade_by_breaks(
    values: npt.ArrayLike,
    breaks: Sequence[float],
    grades: Sequence[int] | None = None,
    edges: Edge | Sequence[Edge] = "below",
) -> Grades:
    """Return the grade of each value by the interval between breaks that it lies in.

    Parameters
    ----------
    values : array_like
        NaN where missing; infinities count.
    breaks : sequence of float
        Rising.
    grades : sequence of int, optional
        One more than breaks, for the lowest values first, 1 to 255; counted up from 1 unless given.
    edges : str or sequence of str
        To which interval a value that equals a break belongs: the one ``below`` it or the one ``above`` it.
        Breaks are rounded to float32 as the values are, so that 0.6 equals 0.6. GeometryError where breaks do
        not rise, or grades or edges do not fit them.

    Examples
    --------
    >>> grade_by_breaks([0, 2, 2.1, float("nan")], [2, 6]).tolist()
    [1, 1, 2, 0]
    >>> grade_by_breaks([399, 400], [400], [5, 4], "above").tolist()
    [5, 4]
    """
    given = list(grades) if grades is not None else list(range(1, len(breaks) + 2))
    sides = [edges] * len(breaks) if isinstance(edges, str) else list(edges)
    if any(low >= high for low, high in pairwise(breaks)):
        raise GeometryError(f"breaks do not rise: {list(breaks)}")
    if len(given) != len(breaks) + 1 or len(sides) != len(breaks):
        raise GeometryError(f"{len(breaks)} breaks, {len(given)} grades and {len(sides)} edges do not match")
    if not all(1 <= grade <= 255 for grade in given):
        raise GeometryError(f"grades are numbers from 1 to 255: {given}")
    array = np.asarray(values, dtype=np.float32)
    found = np.full(array.shape, given[0], dtype=np.uint8)
    # Steps from grade to grade, modulo 256, so that grades that fall need no case of their own.
    steps = np.diff(np.array(given, dtype=np.uint8))
    for limit, side, step in zip(np.asarray(breaks, dtype=np.float32), sides, steps, strict=True):
        beyond = array > limit if side == "below" else array >= limit
        found += beyond.view(np.uint8) * step
    found *= (array == array).view(np.uint8)  # noqa: PLR0124 - false for NaN alone
    return found


def shift_grade(
    grade: Grades, by: int | npt.NDArray[Any], where: Truths | None = None, best: int = 1, worst: int = 5
) -> Grades:
    """Return grades moved by so many, held between best and worst; what is missing stays missing.

    Parameters
    ----------
    grade : ndarray of uint8
    by : int or ndarray of int
        Positive makes worse.
    where : ndarray of bool, optional
        Cells to move; all unless given.

    Examples
    --------
    >>> shift_grade(np.array([0, 1, 4, 5], np.uint8), 2).tolist()
    [0, 3, 5, 5]
    """
    moved = np.clip(grade.astype(np.int16) + np.asarray(by, dtype=np.int16), best, worst).astype(np.uint8)
    change = grade > 0 if where is None else (grade > 0) & where
    return np.where(change, moved, grade)


def shift_by_breaks(
    grade: Grades,
    values: npt.ArrayLike,
    breaks: Sequence[float],
    shifts: Sequence[int],
    edges: Edge | Sequence[Edge] = "below",
    *,
    best: int = 1,
    worst: int = 5,
) -> Grades:
    """Return grades moved by the interval that a value lies in; where the value is missing, they stay.

    Parameters
    ----------
    grade : ndarray of uint8
    values, breaks, edges
        As in `grade_by_breaks`.
    shifts : sequence of int
        One more than breaks, for the lowest values first; positive makes worse. A shift by four leads to the
        worst of five grades from any.
    best, worst : int

    Examples
    --------
    >>> shift_by_breaks(np.array([2, 2, 2], np.uint8), [3000, 4000, 6000], [3500, 5000], [0, 1, 4]).tolist()
    [2, 3, 5]
    """
    if len(shifts) != len(breaks) + 1:
        raise GeometryError(f"{len(breaks)} breaks and {len(shifts)} shifts do not match")
    place = grade_by_breaks(values, breaks, edges=edges)
    return _shift(grade, place, np.array([0, *shifts]), best, worst)


def shift_by_codes(
    grade: Grades, codes: Grades, shifts: Mapping[int, int], *, best: int = 1, worst: int = 5
) -> Grades:
    """Return grades moved by what a table says of another grade or class; other codes move none.

    Parameters are those of `shift_grade`; positive shifts make worse.

    Examples
    --------
    >>> shift_by_codes(np.array([2, 2, 2], np.uint8), np.array([1, 3, 0], np.uint8), {3: 1}).tolist()
    [2, 3, 2]
    """
    by = np.zeros(256, dtype=np.int16)
    by[list(shifts)] = list(shifts.values())
    return _shift(grade, codes, by, best, worst)


def _shift(grade: Grades, codes: Grades, by: npt.NDArray[Any], best: int, worst: int) -> Grades:
    """Return grades moved by `by` of their code; where that is 0 they stay even beyond best and worst."""
    before = np.arange(256)[:, None]
    table = np.where((before > 0) & (by != 0), np.clip(before + by, best, worst), before)
    return _pick(table.astype(np.uint8), grade, codes)


def _pick(table: Grades, rows: Grades, columns: Grades) -> Grades:
    """Return a table's entries at rows and columns: one look-up by whole numbers is faster than two."""
    last = int(rows.max(initial=0)) * table.shape[1] + table.shape[1] - 1
    place = rows if last < 255 else rows.astype(np.uint16)
    return table.ravel()[place * place.dtype.type(table.shape[1]) + columns]


def set_grade(grade: Grades, to: int, where: Truths) -> Grades:
    """Return grades with those of some cells replaced; what is missing stays missing.

    Examples
    --------
    >>> set_grade(np.array([0, 1, 2], np.uint8), 5, np.array([True, True, False])).tolist()
    [0, 5, 2]
    """
    return np.where((grade > 0) & where, np.uint8(to), grade)


def combine_matrix(
    rows: Grades | None,
    columns: Grades | None,
    matrix: Sequence[Sequence[int]],
    missing: Missing = "missing",
) -> Grades:
    """Return the entry of a matrix at the row and column that two grades name.

    Parameters
    ----------
    rows, columns : ndarray of uint8, optional
        From 1. Where one is None, its dimension is left out, and the other is returned unchanged.
    matrix : sequence of sequence of int
        By rows; any shape.
    missing : str
        What a cell gets that is missing on one side: ``missing``, or by ``skip`` its grade on the other.

    Raises
    ------
    GeometryError
        Both dimensions left out, or grades beyond the matrix.

    Examples
    --------
    >>> land, water = np.array([1, 2, 2, 0], np.uint8), np.array([2, 2, 0, 1], np.uint8)
    >>> combine_matrix(land, water, [[1, 3], [2, 4]]).tolist()
    [3, 4, 0, 0]
    >>> combine_matrix(land, water, [[1, 3], [2, 4]], missing="skip").tolist()
    [3, 4, 2, 1]
    """
    if rows is None or columns is None:
        alone = rows if columns is None else columns
        if alone is None:
            raise GeometryError("both dimensions of a matrix are left out")
        return alone.copy()
    table = np.zeros((len(matrix) + 1, len(matrix[0]) + 1), dtype=np.uint8)
    table[1:, 1:] = np.asarray(matrix, dtype=np.uint8)
    if missing == "skip":
        table[1:, 0] = np.arange(1, table.shape[0])
        table[0, 1:] = np.arange(1, table.shape[1])
    for name, grade, most in (("row", rows, len(matrix)), ("column", columns, len(matrix[0]))):
        if grade.size and grade.max() > most:
            raise GeometryError(f"{name} grade {grade.max()} is beyond a matrix of {most} {name}s")
    return _pick(table, rows, columns)


def weigh_grades(
    grades: Sequence[npt.NDArray[Any]], weights: Sequence[float]
) -> tuple[Values, npt.NDArray[np.uint8]]:
    """Return the weighted mean of what is present in each cell, and how many are.

    A missing factor is left out: the weights of the others are raised to add up to one again. So it counts
    as neither best nor worst.

    Parameters
    ----------
    grades : sequence of ndarray
        Grades (uint8, 0 missing) or values (float, NaN missing), one a factor, all of one shape.
        GeometryError where there are not as many weights.
    weights : sequence of float
        One a factor, none below 0, not all 0; any sum. A factor of weight 0 is no support.

    Returns
    -------
    score : ndarray of float32
        NaN where no factor is present.
    support : ndarray of uint8
        Number of factors present.

    Examples
    --------
    >>> score, support = weigh_grades([np.array([1, 0], np.uint8), np.array([5, 5], np.uint8)], [3, 1])
    >>> score.tolist(), support.tolist()
    ([2.0, 5.0], [2, 1])
    """
    if len(grades) != len(weights) or not grades:
        raise GeometryError(f"{len(grades)} factors and {len(weights)} weights do not match")
    if min(weights) < 0 or sum(weights) <= 0:
        raise GeometryError(f"weights are numbers from 0, not all 0: {list(weights)}")
    score = np.full(grades[0].shape, np.nan, dtype=np.float32)
    support = np.zeros(grades[0].shape, dtype=np.uint8)
    given = [(grade, np.float32(share)) for grade, share in zip(grades, weights, strict=True) if share > 0]
    rows = max(1, _STRIP_CELLS * len(score) // max(1, score.size))
    for begin in range(0, len(score), rows):
        part = slice(begin, begin + rows)
        _weigh([(grade[part], share) for grade, share in given], score[part], support[part])
    return score, support


def _weigh(
    grades: list[tuple[npt.NDArray[Any], np.float32]], score: Values, support: npt.NDArray[np.uint8]
) -> None:
    """Write the mean and the support of some rows, few enough to stay in the cache."""
    weight = np.zeros(score.shape, dtype=np.float32)
    total = np.zeros(score.shape, dtype=np.float32)
    for grade, share in grades:
        there = is_present(grade)
        support += there.view(np.uint8)
        if there.all():
            total += np.multiply(grade, share, dtype=np.float32)
            weight += share
            continue
        # Grades that are missing are 0 and add nothing.
        value = np.where(there, grade, np.float32(0)) if grade.dtype.kind == "f" else grade
        total += np.multiply(value, share, dtype=np.float32)
        weight += np.multiply(there, share, dtype=np.float32)
    np.divide(total, weight, out=score, where=support > 0)


def is_present(array: npt.NDArray[Any]) -> Truths:
    """Tell which cells are not missing: numbers that are not NaN, whole numbers other than 0."""
    return ~np.isnan(array) if array.dtype.kind == "f" else array != 0


def count_support(*arrays: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return how many arrays have something in each cell.

    Examples
    --------
    >>> count_support(np.array([1, 0], np.uint8), np.array([np.nan, np.nan], np.float32)).tolist()
    [1, 0]
    """
    support = np.zeros(arrays[0].shape, dtype=np.uint8)
    for array in arrays:
        support += is_present(array)
    return support


def worst_of(*grades: Grades, missing: Missing = "skip") -> Grades:
    """Return the highest grade of each cell.

    Parameters
    ----------
    *grades : ndarray of uint8
    missing : str
        ``skip``: of those present, missing only where none is; ``missing``: missing where any is.

    Examples
    --------
    >>> worst_of(np.array([1, 0], np.uint8), np.array([3, 2], np.uint8)).tolist()
    [3, 2]
    """
    found = np.maximum.reduce(grades)
    return found if missing == "skip" else _blank(found, grades)


def best_of(*grades: Grades, missing: Missing = "skip") -> Grades:
    """Return the lowest grade of each cell; parameters as in `worst_of`.

    Examples
    --------
    >>> best_of(np.array([1, 0], np.uint8), np.array([3, 2], np.uint8)).tolist()
    [1, 2]
    """
    # 0 less one is 255: what is missing comes last, and the sum brings it back to 0.
    found = np.minimum.reduce([grade - np.uint8(1) for grade in grades]) + np.uint8(1)
    return found if missing == "skip" else _blank(found, grades)


def _blank(found: Grades, grades: Sequence[Grades]) -> Grades:
    return np.where(np.minimum.reduce(grades) == 0, np.uint8(0), found)


def mode_of(stack: Grades, ties: Literal["low", "high"] = "low") -> Grades:
    """Return the most frequent grade of each cell over the first axis, without those that are missing.

    Parameters
    ----------
    stack : ndarray of uint8, shape (n, ...)
        Such as one layer a month.
    ties : str
        Which of several that are equally frequent: the ``low`` or the ``high`` number.

    Examples
    --------
    >>> mode_of(np.array([[1], [2], [2], [1], [0]], np.uint8), "high").tolist()
    [2]
    """
    most = np.zeros(stack.shape[1:], dtype=np.uint8)
    found = np.zeros(stack.shape[1:], dtype=np.uint8)
    for grade in range(1, int(stack.max(initial=0)) + 1):
        count = np.zeros(stack.shape[1:], dtype=np.uint8)
        for layer in stack:
            count += (layer == grade).view(np.uint8)
        take = count > most if ties == "low" else (count >= most) & (count > 0)
        found[take], most[take] = grade, count[take]
    return found


def map_codes(codes: npt.NDArray[Any], grades: Mapping[int, int]) -> Grades:
    """Return what a table says of each code as a grade or class, 0 for codes that it does not name.

    Examples
    --------
    >>> map_codes(np.array([10, 20, 30]), {10: 1, 20: 3}).tolist()
    [1, 3, 0]
    """
    return _look_up(codes, grades, np.zeros(0, dtype=np.uint8))


def map_values(codes: npt.NDArray[Any], values: Mapping[int, float]) -> Values:
    """Return what a table says of each code as a value, NaN for codes that it does not name.

    Examples
    --------
    >>> map_values(np.array([10, 30], np.uint8), {10: 0.25}).tolist()
    [0.25, nan]
    """
    return _look_up(codes, values, np.full(0, np.nan, dtype=np.float32))


def _look_up(codes: npt.NDArray[Any], table: Mapping[int, float], kind: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the table's entry of each code; codes that it does not name get NaN or 0."""
    blank: Any = np.nan if kind.dtype.kind == "f" else 0
    small = codes.dtype in (np.uint8, np.uint16)
    most = int(np.iinfo(codes.dtype).max) if small else max(table, default=0)
    entries = np.full(most + 2, blank, dtype=kind.dtype)
    for code, entry in table.items():
        if 0 <= code <= most:
            entries[code] = entry
    if small:
        return entries[codes]
    whole = np.where(np.isfinite(codes), codes, -1).astype(np.int64)
    return entries[np.where((whole < 0) | (whole > most) | (whole != codes), most + 1, whole)]
