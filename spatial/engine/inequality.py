"""Inequality of a measure between places, weighted by the people there: Gini, Theil and their parts.

Weights say how many people have each value. Values without weight do not count, and may be missing.
All indices are free of scale; where there is nothing to share (no people, or all values zero) they are NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from spatial.engine.amounts import check_amounts, check_fit, make_fault
from spatial.engine.travel.network import Floats, Longs, Texts


def gini(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Return the Gini coefficient: 0 where all have the same, towards 1 where one has all.

    ``G = Σ_i Σ_j w_i w_j |x_i - x_j| / (2 W² μ)``, without correction for small numbers. It is added up over
    the gaps between sorted values, where every term is positive: equal values give exactly zero.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        What each place has, zero or more.
    weights : array_like of float, shape (n,), optional
        How many people have it; 1 each by default.

    Raises
    ------
    GeometryError
        Values or weights that are missing, infinite or negative, or not as many of one as of the other.

    Examples
    --------
    >>> gini([1, 1, 1]), round(gini([0, 0, 0, 8]), 3), round(gini([0, 8], weights=[3, 1]), 3)
    (0.0, 0.75, 0.75)
    """
    amounts, people = _check(values, weights)
    if not (amounts[people > 0] > 0).any():
        return float("nan")
    order = np.argsort(amounts, kind="stable")
    heights = amounts[order] / amounts.max()
    gaps = np.diff(heights, prepend=0.0)
    below = np.cumsum(people[order])
    above = np.append(1.0, 1.0 - below[:-1] / below[-1])
    return float((gaps * above * (1.0 - above)).sum() / (gaps * above).sum())


def theil(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Return Theil's T: 0 where all have the same, ln(people / owners) where few have all in equal parts.

    ``T = Σ_i p_i (x_i / μ) ln(x_i / μ)`` with ``p_i = w_i / W``; a value of zero adds nothing. Source: Theil
    (1967), Economics and Information Theory. Parameters and errors as in `gini`.

    Examples
    --------
    >>> theil([3, 3]), round(theil([0, 0, 0, 8]), 3)
    (0.0, 1.386)
    """
    amounts, people = _check(values, weights)
    if not (amounts[people > 0] > 0).any():
        return float("nan")
    share = people / people.sum()
    relative = amounts / amounts.max()  # first, so that very small values keep a mean above zero
    relative /= (share * relative).sum()
    return max(float((share * xlogy(relative, relative)).sum()), 0.0)


@dataclass(frozen=True, eq=False)
class Split:
    """An index of inequality taken apart by groups: ``total = between + within + overlap``.

    Parameters
    ----------
    total : float
        The index of all.
    between : float
        What would be left if everyone had the mean of the own group.
    within : float
        What the groups' own inequality adds.
    overlap : float
        What neither explains: Gini only, zero where no two groups' values overlap. Theil leaves none.
    group : ndarray of str, shape (g,)
        Names of the groups, sorted.
    people, mean, index : ndarray of float64, shape (g,)
        Each group's weight, mean value (NaN without people) and own index (NaN where it has none).
    """

    total: float
    between: float
    within: float
    overlap: float
    group: Texts
    people: Floats
    mean: Floats
    index: Floats


def split_theil(values: npt.ArrayLike, groups: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Split:
    """Take Theil's T apart by groups, such as districts: between and within add up exactly.

    ``T = Σ_g s_g ln(s_g / p_g) + Σ_g s_g T_g``, with p the share of people and s the share of what there is.
    Source: Shorrocks (1980), Econometrica 48, 613-625.

    Parameters
    ----------
    values, weights : array_like of float, shape (n,)
        As in `gini`.
    groups : array_like of str, shape (n,)
        Which group each place belongs to.

    Raises
    ------
    GeometryError
        As in `gini`, or a place without group.

    Examples
    --------
    >>> parts = split_theil([1, 1, 3, 3], ["east", "east", "west", "west"])
    >>> round(parts.between, 3), parts.within, parts.mean.tolist()
    (0.131, 0.0, [1.0, 3.0])
    """
    amounts, people = _check(values, weights)
    group, member = _number(groups, len(amounts))
    held, mean, index = _measure_groups(theil, amounts, people, member, len(group))
    total, between = theil(amounts, people), theil(np.nan_to_num(mean), held)
    within = float((_share(held * np.nan_to_num(mean)) * np.nan_to_num(index)).sum())
    return Split(total, between, within, 0.0, group, held, mean, index)


def split_gini(values: npt.ArrayLike, groups: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Split:
    """Take the Gini coefficient apart by groups: between, within, and what their overlap adds.

    ``G = G_between + Σ_g p_g s_g G_g + overlap``. Source: Mookherjee & Shorrocks (1982), Economic Journal 92,
    886-902. Parameters and errors as in `split_theil`.

    Examples
    --------
    >>> parts = split_gini([0, 2, 1, 3], ["east", "east", "west", "west"])
    >>> round(parts.total, 4), round(parts.between, 4), round(parts.within, 4), round(parts.overlap, 4)
    (0.4167, 0.1667, 0.1667, 0.0833)
    """
    amounts, people = _check(values, weights)
    group, member = _number(groups, len(amounts))
    held, mean, index = _measure_groups(gini, amounts, people, member, len(group))
    total, between = gini(amounts, people), gini(np.nan_to_num(mean), held)
    both = _share(held) * _share(held * np.nan_to_num(mean))
    within = float((both * np.nan_to_num(index)).sum())
    overlap = total - between - within
    return Split(total, between, within, overlap, group, held, mean, index)


def _check(values: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Floats, Floats]:
    """Return values and weights; a value without weight becomes zero, which changes no index."""
    given = np.atleast_1d(np.asarray(values))
    people = np.ones(len(given)) if weights is None else check_fit("weights", weights, len(given), "values")
    return check_amounts("values", np.where(people > 0, given, 0)), people


def _number(groups: npt.ArrayLike, count: int) -> tuple[Texts, Longs]:
    """Return the sorted names of groups and the number of each place's group."""
    names = np.asarray(groups, dtype=object)
    if names.shape != (count,):
        raise make_fault("groups", f"names of shape {names.shape} for {count} values", "give one for each")
    strange = [name for name in names if not isinstance(name, str) or not name]
    if strange:
        seen = f"{len(strange)} of {count} places have no group by name, such as {strange[0]!r}"
        raise make_fault("groups", seen, "name the group of each place")
    group, member = np.unique(names, return_inverse=True)
    return group, member


def _measure_groups(
    index: Callable[[Floats, Floats], float], amounts: Floats, people: Floats, member: Longs, count: int
) -> tuple[Floats, Floats, Floats]:
    """Return people, mean and index of each group."""
    held = np.bincount(member, people, count).astype(float)
    total = np.bincount(member, people * amounts, count).astype(float)
    mean = np.divide(total, held, out=np.full(count, np.nan), where=held > 0)
    parts = [member == number for number in range(count)]
    return held, mean, np.array([index(amounts[part], people[part]) for part in parts], dtype=float)


def _share(parts: Floats) -> Floats:
    """Return each part's share of all; NaN where there is nothing to share."""
    total = parts.sum()
    return parts / total if total > 0 else np.full(len(parts), np.nan)
