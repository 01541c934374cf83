"""Compositions: how rows of a table of amounts differ in what they are made of.

Each measure takes amounts of which some may be hidden, and uses only what is shown: what is hidden in a row
is known as one rest, by the row's total. Such a measure is never above the one of the whole table, so that it
tells the least that can be said, and nothing that is hidden follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from spatial.engine.suppression import add_totals
from spatial.engine.travel.network import Floats

Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Composition:
    """A table of amounts with totals, some of them hidden.

    Parameters
    ----------
    table : ndarray of float, shape (m + 1, n + 1)
        Amounts, totals in the last row and column; NaN where hidden.

    Examples
    --------
    >>> whole = Composition(add_totals([[3, 1], [1, 3]]))
    >>> whole.quotients().round(2).tolist()
    [[1.5, 0.5], [0.5, 1.5]]
    >>> whole.specialisation().tolist(), whole.diversity().round(3).tolist()
    ([0.5, 0.5], [0.562, 0.562])
    >>> whole.similarity().round(2).tolist()
    [[1.0, 0.6], [0.6, 1.0]]
    """

    table: Floats

    @property
    def shares(self) -> Floats:
        """Share of each column in its row, NaN where hidden or where the row is empty, shape (m, n)."""
        return _divide(self.table[:-1, :-1], self.table[:-1, -1:])

    @property
    def whole(self) -> Floats:
        """Share of each column in all, shape (n,)."""
        return _divide(self.table[-1, :-1], self.table[-1, -1])

    @property
    def rests(self) -> Floats:
        """Share of each row that is hidden, shape (m,)."""
        return np.clip(1.0 - np.nansum(self.shares, axis=1), 0.0, 1.0) * _divide(self._sums, self._sums)

    @property
    def _sums(self) -> Floats:
        return self.table[:-1, -1]

    def quotients(self) -> Floats:
        """Return location quotients: share in the row over share in all, shape (m, n).

        ``LQ = (x_ui / x_u) / (x_i / x)``; NaN where one of the four is hidden or zero below the line. Source:
        Haig (1926); the measure of over-representation of regional science.
        """
        return _divide(self.shares, self.whole[None, :])

    def specialisation(self) -> Floats:
        """Return Krugman's index of each row: ``K = Σ_i |s_ui - s_i|``, 0 (as all) to 2, shape (m,).

        Source: Krugman (1991), Geography and Trade. Columns hidden in the row or in the totals are one.
        """
        gap = self.shares - self.whole[None, :]
        seen = np.isfinite(gap)
        own = np.where(seen, self.shares, 0.0).sum(axis=1)
        all_ = np.where(seen, self.whole[None, :], 0.0).sum(axis=1)
        rest = np.where(seen.all(axis=1), 0.0, np.abs(all_ - own))
        known = _divide(self._sums, self._sums) * _divide(self.table[-1, -1], self.table[-1, -1])
        return (np.where(seen, np.abs(gap), 0.0).sum(axis=1) + rest) * known

    def diversity(self) -> Floats:
        """Return Shannon's index of each row: ``H = -Σ_i s_ui ln s_ui``, 0 (one column) to ln n, shape (m,).

        Source: Shannon (1948). What is hidden in a row counts as one column.
        """
        shares, rests = np.nan_to_num(self.shares), self.rests
        known = _divide(self._sums, self._sums)
        return np.maximum(-(xlogy(shares, shares).sum(axis=1) + xlogy(rests, rests)), 0.0) * known

    def similarity(self) -> Floats:
        """Return the cosine of each pair of rows: 0 (nothing in common) to 1 (same shares), shape (m, m).

        ``cos = Σ_i s_ui s_vi / sqrt(Σ_i s_ui² Σ_i s_vi²)``. What is hidden in a row counts as a column that
        no other row has. Source: Jaffe (1986) for structures of activity.
        """
        shares, rests = np.nan_to_num(self.shares), self.rests
        length = np.sqrt((shares**2).sum(axis=1) + np.nan_to_num(rests) ** 2)
        cosines = np.minimum(_divide(shares @ shares.T, length[:, None] * length[None, :]), 1.0)
        unknown = ~np.isfinite(rests)
        cosines[unknown, :] = np.nan
        cosines[:, unknown] = np.nan
        np.fill_diagonal(cosines, np.where(unknown, np.nan, 1.0))
        return cosines


def hide(table: npt.ArrayLike, hidden: npt.ArrayLike) -> Composition:
    """Return the composition of amounts of which some are hidden.

    Parameters
    ----------
    table : array-like, shape (m, n)
        Amounts, zero or more.
    hidden : array-like of bool, shape (m + 1, n + 1)
        What is not to be used, totals last.

    Examples
    --------
    >>> hide([[3, 1], [1, 3]], np.zeros((3, 3))).rests.tolist()
    [0.0, 0.0]
    """
    full = add_totals(table)
    return Composition(np.where(np.asarray(hidden, dtype=bool), np.nan, full))


def _divide(above: npt.ArrayLike, below: npt.ArrayLike) -> Floats:
    """Return quotients, NaN where there is nothing to divide by."""
    over, under = np.broadcast_arrays(np.asarray(above, dtype=float), np.asarray(below, dtype=float))
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)
