"""Ranking by several criteria: entropy weights, TOPSIS, and how firm ranks stand when weights are moved.

Alternatives are rows, criteria columns; a value that is not known is NaN and counts neither for nor against
its row. A row that is nowhere better and somewhere worse than another never ranks above it, and criteria may
be scaled or shifted without any change. Sources: Hwang and Yoon (1981), Multiple Attribute Decision Making;
Shannon (1948), A Mathematical Theory of Communication.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy
from scipy.stats import rankdata

from spatial.engine.amounts import check_amounts, check_fit, make_fault

Floats = npt.NDArray[np.float64]
Direction = Literal["up", "down", "near"]
"""Which values are good: high ones, low ones, those near a target."""

_MIDDLE = 0.5
_DIGITS = 12
"""Scores that agree so far are equal: what is beyond is rounding of floating-point numbers."""
_PAIRS_AT_ONCE = 8_000_000


def normalise(values: npt.ArrayLike, directions: Sequence[Direction], targets: npt.ArrayLike) -> Floats:
    """Return criteria on one scale: 1 for the best value there is, 0 for the worst, linear between.

    Parameters
    ----------
    values : array_like of float, shape (n, k)
        Alternatives by criteria; NaN where not known.
    directions : sequence of {"up", "down", "near"}, length k
        What is good.
    targets : array_like of float, shape (k,)
        Only read where the direction is ``near``: the smaller the distance the better.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        0 to 1, 0.5 where all known values of a criterion are equally good, NaN where `values` are.

    Raises
    ------
    GeometryError
        Infinite values, a shape that does not fit, a direction that is not known or lacks its target.

    Examples
    --------
    >>> normalise([[1, 5, 0.5], [3, 5, 1.1], [2, 5, 2.0]], ["up", "down", "near"], [0, 0, 1]).tolist()
    [[0.0, 0.5, 0.5555555555555556], [1.0, 0.5, 1.0], [0.5, 0.5, 0.0]]
    """
    table, aims = _check_table(values), np.asarray(targets, dtype=float)
    if len(directions) != table.shape[1] or aims.shape != (table.shape[1],):
        given = f"{len(directions)} directions and {aims.size} targets for {table.shape[1]} criteria"
        raise make_fault("directions", given, "give one of each for each criterion")
    merits = np.empty_like(table)
    for at, direction in enumerate(directions):
        merits[:, at] = _turn(table[:, at], direction, float(aims[at]))
    low, high = _find_ends(merits)
    span = high - low
    with np.errstate(invalid="ignore"):
        scaled = (merits - low) / np.where(span > 0, span, 1.0)
    return np.where(np.isnan(table), np.nan, np.where(span > 0, scaled, _MIDDLE))


def _turn(values: Floats, direction: str, target: float) -> Floats:
    """Return numbers that are the higher the better."""
    if direction == "up":
        return values
    if direction == "down":
        return -values
    if direction == "near" and np.isfinite(target):
        return -np.abs(values - target)
    problem = f"{direction!r} with the target {target}"
    raise make_fault("directions", problem, "write up, down, or near with a target")


def entropy_weights(normalised: npt.ArrayLike) -> Floats:
    """Return weights by how much criteria tell alternatives apart: one less their entropy, to a sum of one.

    ``p_ij = r_ij / Σ_i r_ij``, ``e_j = -Σ_i p_ij ln p_ij / ln n_j``, ``w_j = (1 - e_j) / Σ_j (1 - e_j)`` with
    n_j the number of known values.

    Parameters
    ----------
    normalised : array_like of float, shape (n, k)
        From `normalise`.

    Returns
    -------
    numpy.ndarray, shape (k,)
        Zero for a criterion in which all are equal; all NaN where no criterion tells anything apart.

    Examples
    --------
    >>> entropy_weights([[0.0, 0.5, 0.0], [1.0, 0.5, 1.0], [1.0, 0.5, 0.0]]).round(3).tolist()
    [0.27, 0.0, 0.73]
    """
    table = _check_table(normalised)
    known = ~np.isnan(table)
    filled = np.where(known, table, 0.0)
    low, high = _find_ends(table)
    sums = filled.sum(axis=0)
    shares = filled / np.where(sums > 0, sums, 1.0)
    spread = np.log(np.maximum(known.sum(axis=0), 2))
    told = 1.0 + xlogy(shares, shares).sum(axis=0) / spread
    told = np.where(high > low, np.clip(told, 0.0, None), 0.0)
    return told / told.sum() if told.sum() > 0 else np.full(table.shape[1], np.nan)


def combine_weights(first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
    """Return the products of two sets of weights, brought to a sum of one; NaN where all products are zero.

    Examples
    --------
    >>> combine_weights([0.5, 0.5], [0.2, 0.8]).round(3).tolist()
    [0.2, 0.8]
    """
    one = check_amounts("first", first)
    product = one * check_fit("second", second, len(one), "weights")
    return product / product.sum() if product.sum() > 0 else np.full(len(one), np.nan)


def closeness(normalised: npt.ArrayLike, weights: npt.ArrayLike) -> Floats:
    """Return TOPSIS closeness: 1 for one that is best in all, 0 for one that is worst in all.

    ``C_i = D_i⁻ / (D_i⁺ + D_i⁻)``, with the weighted distances ``D_i^± = √Σ_j w_j² (r_ij - r_j^±)²`` from the
    best and the worst value of each criterion. For a row with NaN the sums run over what is known of it,
    which is the same as sharing the missing weight among the rest.

    Parameters
    ----------
    normalised : array_like of float, shape (n, k)
        From `normalise`.
    weights : array_like of float, shape (k,) or (m, k)
        Zero or more; their sum has no influence.

    Returns
    -------
    numpy.ndarray, shape (n,) or (m, n)
        0.5 where nothing tells a row from the others; NaN where nothing is known of it.

    Examples
    --------
    >>> closeness([[1, 1], [0, 0], [1, 0]], [0.5, 0.5]).tolist()
    [1.0, 0.0, 0.5]
    """
    table = _check_table(normalised)
    gap, reach = _square_distances(table)
    squares = np.square(_check_weights(weights, table.shape[1]))
    if squares.ndim == 1:
        # Row by row in the same order, so that equal rows give equal numbers to the last bit.
        far, near = (np.sqrt((part * squares).sum(axis=1)) for part in (gap, reach))
    else:
        far, near = (np.sqrt(squares @ part.T) for part in (gap, reach))
    whole = far + near
    found = np.where(whole > 0, near / np.where(whole > 0, whole, 1.0), _MIDDLE)
    return np.where(np.isnan(table).all(axis=1), np.nan, found)


def gap_shares(normalised: npt.ArrayLike, weights: npt.ArrayLike) -> Floats:
    """Return which part of its squared distance from the best each row owes to each criterion.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        Rows add up to one; all zeros for a row that is best in all; NaN where a value is not known.

    Examples
    --------
    >>> gap_shares([[1, 1], [0, 0], [1, 0]], [0.6, 0.2]).round(3).tolist()
    [[0.0, 0.0], [0.9, 0.1], [0.0, 1.0]]
    """
    table = _check_table(normalised)
    gap, _ = _square_distances(table)
    parts = gap * np.square(_check_weights(weights, table.shape[1]))
    sums = parts.sum(axis=1, keepdims=True)
    return np.where(np.isnan(table), np.nan, parts / np.where(sums > 0, sums, 1.0))


def rank(scores: npt.ArrayLike) -> Floats:
    """Return ranks, 1 for the highest score; equal scores share the best rank, NaN has none.

    Scores that differ by less than 10⁻¹² are equal.

    Parameters
    ----------
    scores : array_like of float, shape (n,) or (m, n)
        Each row of a table is ranked by itself.

    Examples
    --------
    >>> rank([0.2, 0.9, float("nan"), 0.9]).tolist()
    [3.0, 1.0, nan, 1.0]
    """
    table = np.round(np.asarray(scores, dtype=float), _DIGITS)
    if not table.size:
        return table
    unknown = np.isnan(table)
    ranks = rankdata(np.where(unknown, np.inf, -table), method="min", axis=-1)
    return np.where(unknown, np.nan, ranks)


def perturb_weights(weights: npt.ArrayLike, runs: int, spread: float, seed: int) -> Floats:
    """Return sets of weights in which each was moved evenly by up to a share of itself, to a sum of one.

    Parameters
    ----------
    weights : array_like of float, shape (k,)
        Zero or more, not all zero; a weight of zero stays zero.
    runs : int
        How many sets, 1 or more.
    spread : float
        0 up to, but not 1: 0.25 moves each weight to between 75 and 125 % of itself.
    seed : int
        The same seed gives the same sets.

    Returns
    -------
    numpy.ndarray, shape (runs, k)

    Raises
    ------
    GeometryError
        Weights, runs or spread out of bounds.

    Examples
    --------
    >>> sets = perturb_weights([0.75, 0.25, 0.0], 4, 0.2, seed=1)
    >>> sets.shape, sets.sum(axis=1).round(12).tolist(), sets[:, 2].any()
    ((4, 3), [1.0, 1.0, 1.0, 1.0], np.False_)
    """
    base = check_amounts("weights", weights)
    if runs < 1 or not 0 <= spread < 1 or not base.sum() > 0:
        problem = f"runs {runs}, spread {spread}, weights that sum to {base.sum()}"
        raise make_fault("weights", problem, "give 1 run or more, a spread of 0 up to 1, and some weight")
    factors = np.random.default_rng(seed).uniform(1.0 - spread, 1.0 + spread, (runs, len(base)))
    moved = factors * base
    return np.asarray(moved / moved.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Stability:
    """How firm ranks stand over many sets of weights.

    Parameters
    ----------
    kept : numpy.ndarray, shape (n,)
        Share of runs in which a row has the rank that the given weights give it; NaN for one without rank.
    low, high : numpy.ndarray, shape (n,)
        Ranks that 5 % and 95 % of the runs do not go below: from here to there it mostly lies.
    reversed : numpy.ndarray, shape (n, n)
        Share of runs in which the row is overtaken by the column, which stands below it with the given
        weights; zero elsewhere.
    """

    kept: Floats
    low: Floats
    high: Floats
    reversed: Floats


def measure_stability(normalised: npt.ArrayLike, weights: npt.ArrayLike, sets: npt.ArrayLike) -> Stability:
    """Return how ranks by `closeness` stand when other sets of weights take the place of the given ones.

    Parameters
    ----------
    normalised : array_like of float, shape (n, k)
        From `normalise`.
    weights : array_like of float, shape (k,)
        The weights that ranks are held against.
    sets : array_like of float, shape (runs, k)
        Other weights, such as `perturb_weights` gives.

    Examples
    --------
    >>> table = [[1.0, 0.0], [0.0, 0.9]]
    >>> found = measure_stability(table, [0.6, 0.4], [[0.6, 0.4], [0.4, 0.6], [0.7, 0.3], [0.8, 0.2]])
    >>> found.kept.tolist(), found.reversed.tolist()
    ([0.75, 0.75], [[0.0, 0.25], [0.0, 0.0]])
    """
    given = np.round(closeness(normalised, weights), _DIGITS)
    scores = np.round(closeness(normalised, sets), _DIGITS)
    own, ranks = rank(given), rank(scores)
    known = ~np.isnan(own)
    filled = np.where(known, ranks, 0.0)
    low, high = np.quantile(filled, [0.05, 0.95], axis=0, method="inverted_cdf")
    return Stability(
        kept=np.where(known, (ranks == own).mean(axis=0), np.nan),
        low=np.where(known, low, np.nan),
        high=np.where(known, high, np.nan),
        reversed=_count_reversals(given, scores),
    )


def _count_reversals(given: Floats, scores: Floats) -> Floats:
    """Return the share of runs in which a row falls behind one that it stands before; NaN never does."""
    count = len(given)
    lost = np.zeros((count, count))
    step = max(1, _PAIRS_AT_ONCE // max(1, count * count))
    for start in range(0, len(scores), step):
        block = scores[start : start + step]
        lost += (block[:, :, None] < block[:, None, :]).sum(axis=0)
    before = given[:, None] > given[None, :]
    return np.where(before, lost / max(1, len(scores)), 0.0)


def _square_distances(table: Floats) -> tuple[Floats, Floats]:
    """Return squared distances from the best and the worst known value of each criterion, 0 where unknown."""
    low, high = _find_ends(table)
    known = ~np.isnan(table)
    gap = np.where(known, high - np.where(known, table, high), 0.0)
    reach = np.where(known, np.where(known, table, low) - low, 0.0)
    return np.square(gap), np.square(reach)


def _find_ends(table: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and the highest known value of each column; zeros where none is known."""
    unknown = np.isnan(table)
    low = np.min(np.where(unknown, np.inf, table), axis=0, initial=np.inf)
    high = np.max(np.where(unknown, -np.inf, table), axis=0, initial=-np.inf)
    nothing = unknown.all(axis=0)
    return np.where(nothing, 0.0, low), np.where(nothing, 0.0, high)


def _check_table(values: npt.ArrayLike) -> Floats:
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or np.isinf(table).any():
        raise make_fault("values", f"shape {table.shape}, or infinite", "give a finite table, NaN if unknown")
    return table


def _check_weights(weights: npt.ArrayLike, count: int) -> Floats:
    table = np.asarray(weights, dtype=float)
    if table.ndim not in (1, 2) or table.shape[-1] != count or not (table >= 0).all():
        problem = f"weights of shape {table.shape} for {count} criteria, or some below 0 or missing"
        raise make_fault("weights", problem, "give one number for each criterion, zero or more")
    return table
