"""Disparities between groups of people, such as districts: means and Theil's parts of many alternatives.

Values come as one column an alternative, rows places; every place belongs to one group and weighs what people
it has. `engine.inequality` measures one column with more care; this one measures hundreds side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.special import xlogy

from spatial.engine.amounts import check_amounts, check_fit, make_fault
from spatial.engine.travel.network import Floats, Longs


@dataclass(frozen=True, eq=False)
class Groups:
    """Places in groups, with the people at each.

    Parameters
    ----------
    people : ndarray of float64, shape (g,)
        Of each group.
    share : ndarray of float64, shape (n,)
        Of each place of all people.
    sums : csr_array, shape (g, n)
        Adds up what places have by group, each as often as people are there.
    """

    people: Floats
    share: Floats
    sums: csr_array

    @classmethod
    def of(cls, member: npt.ArrayLike, people: npt.ArrayLike, count: int) -> Groups:
        """Make groups from the number of each place's group, from zero.

        Raises
        ------
        GeometryError
            A place without group, or people that are missing, infinite or negative.

        Examples
        --------
        >>> Groups.of([0, 0, 1], [10, 30, 60], 2).people.tolist()
        [40.0, 60.0]
        """
        number: Longs = np.asarray(member, dtype=np.int64)
        weights = check_fit("people", people, len(number), "places")
        if len(number) and not 0 <= number.min() <= number.max() < count:
            raise make_fault("member", "a place that is in none of the groups", "leave such places out")
        sums = csr_array((weights, (number, np.arange(len(number)))), shape=(count, len(number)))
        total = weights.sum()
        return cls(np.asarray(sums.sum(axis=1)).ravel(), weights / total if total > 0 else weights, sums)

    def means(self, values: Floats) -> Floats:
        """Return the mean of each group, shape (g, c); NaN for groups without people.

        Examples
        --------
        >>> Groups.of([0, 0, 1], [1, 3, 1], 2).means(np.array([[8.0], [4.0], [6.0]])).tolist()
        [[5.0], [6.0]]
        """
        held = self.people[:, None]
        return np.divide(
            self.sums @ values, held, out=np.full((len(held), values.shape[1]), np.nan), where=held > 0
        )

    def theil(self, values: Floats) -> tuple[Floats, Floats]:
        """Return Theil's T of all places and its part between groups, shape (c,); NaN where all is zero.

        Formula and source as in `engine.inequality.split_theil`.

        Examples
        --------
        >>> groups = Groups.of([0, 0, 1, 1], [1, 1, 1, 1], 2)
        >>> total, between = groups.theil(np.array([[1.0], [1.0], [3.0], [3.0]]))
        >>> total.round(3).tolist(), between.round(3).tolist()
        ([0.131], [0.131])
        """
        mean = self.share @ values
        some = mean > 0
        safe = np.where(some, mean, 1.0)
        relative = values / safe
        groups = np.nan_to_num(self.means(values)) / safe
        parts = self.people / max(float(self.people.sum()), np.finfo(float).tiny)
        total, between = self.share @ xlogy(relative, relative), parts @ xlogy(groups, groups)
        return tuple(np.where(some, np.maximum(one, 0.0), np.nan) for one in (total, between))  # type: ignore[return-value]


def spread(values: Floats) -> Floats:
    """Return the greatest over the least of each column, groups without value left out; infinite over zero.

    Examples
    --------
    >>> spread(np.array([[2.0, 1.0], [8.0, 0.0], [np.nan, 4.0]])).tolist()
    [4.0, inf]
    """
    if not len(values) or np.isnan(values).all():
        return np.full(values.shape[1], np.nan)
    most, least = np.nanmax(values, axis=0), np.nanmin(values, axis=0)
    same = most == least
    return np.where(same, 1.0, np.divide(most, least, out=np.full(len(most), np.inf), where=least > 0))


def weighted_median(values: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Return the value that half of the people do not exceed; infinite values count, NaN without people.

    Examples
    --------
    >>> weighted_median([5, 10, np.inf], [3, 1, 1]), weighted_median([5, np.inf], [1, 3])
    (5.0, inf)
    """
    given = np.asarray(values, dtype=float)
    people = check_fit("weights", weights, len(given), "values")
    check_amounts("weights", people)
    if np.isnan(given[people > 0]).any():
        raise make_fault("values", "values that are missing", "give infinity for what is never reached")
    if not people.sum() > 0:
        return float("nan")
    order = np.argsort(given, kind="stable")
    below = np.cumsum(people[order])
    return float(given[order][np.searchsorted(below, below[-1] / 2)])
