"""Portions: the largest cells that together hold the first half, or another share, of all there is.

A histogram of the bits of float32 numbers makes it stream: tallies of blocks add up to the tally of the whole
exactly, in any order, and what they lose is at most 1/4096 of a value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

TALLY_BINS = 1 << 19
"""Bins of a tally: positive float32 numbers by their first 19 bits after the sign, so that a bin is at most
1/2048 wide in relation to its values."""
_DROPPED_BITS = 12


def tally_values(values: npt.ArrayLike) -> Counts:
    """Return how many positive values fall into each of `TALLY_BINS` bins.

    Tallies of blocks add up to the tally of the whole, in any order and for any size of block, exactly.

    Parameters
    ----------
    values : array_like
        Amounts per cell, all cells of equal area. NaN and what is not above 0 are left out.

    Examples
    --------
    >>> int(tally_values([1.0, 2.0, -3.0, 0.0, float("nan")]).sum())
    2
    """
    array = np.ascontiguousarray(values, dtype=np.float32).ravel()
    bits = array[(array > 0) & np.isfinite(array)].view(np.uint32)
    return np.bincount(bits >> np.uint32(_DROPPED_BITS), minlength=TALLY_BINS).astype(np.int64)


def share_breaks(counts: Counts, shares: Sequence[float]) -> tuple[float, ...]:
    """Return from which value on cells belong to the first shares of the total, largest cells first.

    The cells are counted from the largest down until they hold the share; cells of one bin of the tally stay
    together, so the share is reached or passed, never missed.

    Parameters
    ----------
    counts : ndarray of int64, shape (TALLY_BINS,)
        From `tally_values`.
    shares : sequence of float
        Rising, above 0, at most 1, such as 0.5 and 0.8.

    Returns
    -------
    tuple of float
        One a share, falling; infinity where there is no amount at all.

    Examples
    --------
    >>> share_breaks(tally_values([8.0, 4.0, 2.0, 1.0, 1.0]), [0.5, 0.8])
    (8.0, 2.0)
    """
    if not counts.any():
        return tuple(float("inf") for _ in shares)
    starts = (np.arange(TALLY_BINS, dtype=np.uint32) << np.uint32(_DROPPED_BITS)).view(np.float32)
    held = np.flatnonzero(counts)[::-1]
    # The middle of a bin stands for its values: 1/4096 off at most.
    amounts = counts[held] * (starts[held].astype(np.float64) * (1 + 1 / 4096))
    reached = np.cumsum(amounts)
    first = np.searchsorted(reached, np.asarray(shares) * reached[-1] * (1 - 1e-12))
    return tuple(float(starts[held[place]]) for place in np.minimum(first, len(held) - 1))


def grade_by_shares(values: npt.ArrayLike, thresholds: Sequence[float]) -> npt.NDArray[np.uint8]:
    """Return 1 for values in the first share, 2 for those in the second, and so on; the rest comes last.

    Parameters
    ----------
    values : array_like
        As they were tallied. What is not above 0 belongs to the rest; NaN is missing.
    thresholds : sequence of float
        From `share_breaks`.

    Examples
    --------
    >>> grade_by_shares([8, 4, 1, 0, float("nan")], (8.0, 2.0)).tolist()
    [1, 2, 3, 3, 0]
    """
    array = np.asarray(values, dtype=np.float32)
    grade = np.ones(array.shape, dtype=np.uint8)
    for threshold in thresholds:
        grade += ~(array >= np.float32(threshold)) | (array <= 0)
    grade[np.isnan(array)] = 0
    return grade
