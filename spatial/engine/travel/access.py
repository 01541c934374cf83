"""Accessibility: what can be reached from each origin, and what is left of it once it is shared.

Journeys come as one sparse matrix, rows origins, columns targets, values minutes; a pair that is not stored
cannot be travelled, and a stored zero is a journey of no time. `gather_times` makes it from three arrays.

::

    how far            nearest
    how much           cumulative  gravity
    enough or not      covered  coverage
    how much a head    two_step  enhanced_two_step

How much a journey counts is an impedance, a function from minutes to weights: see `travel.impedance`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array, issparse

from spatial.engine.amounts import check_above_zero, check_amounts, check_fit, make_fault
from spatial.engine.travel.impedance import Impedance, within
from spatial.engine.travel.network import Floats, Longs, Truths
from spatial.errors import GeometryError


def gather_times(
    origin: npt.ArrayLike, target: npt.ArrayLike, minutes: npt.ArrayLike, *, origins: int, targets: int
) -> csr_array:
    """Gather journeys into a matrix, in an order that does not depend on theirs.

    Parameters
    ----------
    origin, target : array_like of int, shape (n,)
        Numbers of the places that each journey leads from and to, from zero.
    minutes : array_like of float, shape (n,)
        Time of each journey, zero or more. Leave out pairs that cannot be travelled.
    origins, targets : int
        How many places there are on either side; those without a journey count too.

    Returns
    -------
    csr_array, shape (origins, targets)

    Raises
    ------
    GeometryError
        Arrays of different lengths, numbers out of range, a pair given twice, or minutes that are missing,
        infinite or negative.

    Examples
    --------
    >>> gather_times([0, 1, 1], [0, 0, 1], [5, 20, 0], origins=3, targets=2).nnz
    3
    """
    rows, columns = _check_places("origin", origin, origins), _check_places("target", target, targets)
    values = check_amounts("minutes", minutes)
    if not len(rows) == len(columns) == len(values):
        seen = f"{len(rows)} origins, {len(columns)} targets and {len(values)} minutes"
        raise make_fault("journeys", f"there are {seen}", "give three arrays of one length")
    times = coo_array((values, (rows, columns)), shape=(origins, targets)).tocsr()
    if times.nnz != len(values):
        raise _refuse_twice(len(values) - times.nnz)
    return times


def cumulative(times: csr_array, supply: npt.ArrayLike, *, limit_min: float) -> Floats:
    """Add up what lies within a limit of each origin (cumulative opportunities).

    Source: Wachs & Kumagai (1973), Socio-Economic Planning Sciences 7, 437-456.

    Parameters
    ----------
    times : csr_array, shape (origins, targets)
        Minutes; pairs not stored cannot be travelled.
    supply : array_like of float, shape (targets,)
        What each target offers: jobs, beds, places, or 1 each to count the targets.
    limit_min : float
        Longest journey that counts, included.

    Returns
    -------
    ndarray of float64, shape (origins,)
        In units of `supply`; zero where nothing is reached.

    Raises
    ------
    GeometryError
        Minutes or supply that are missing, infinite or negative, or shapes that do not fit.

    Examples
    --------
    >>> times = gather_times([0, 0, 1], [0, 1, 1], [5, 12, 20], origins=2, targets=2)
    >>> cumulative(times, [100, 40], limit_min=15).tolist()
    [140.0, 0.0]
    """
    return gravity(times, supply, within(limit_min))


def gravity(times: csr_array, supply: npt.ArrayLike, impedance: Impedance) -> Floats:
    """Add up all that each origin reaches, the farther the less: ``A_i = Σ_j S_j f(t_ij)``.

    Source: Hansen (1959), Journal of the American Institute of Planners 25, 73-76. Parameters, result and
    errors as in `cumulative`; a weight that is missing, infinite or negative is refused as well.

    Examples
    --------
    >>> from spatial.engine.travel.impedance import power
    >>> times = gather_times([0, 0], [0, 1], [1, 2], origins=1, targets=2)
    >>> gravity(times, [10, 40], power(2)).tolist()
    [20.0]
    """
    weights = _weigh(times, impedance)
    return weights @ check_fit("supply", supply, weights.shape[1], "targets")


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest targets of each origin.

    Parameters
    ----------
    minutes : ndarray of float64, shape (origins, k)
        Times in rising order; NaN where there are fewer than k within reach.
    target : ndarray of int64, shape (origins, k)
        Which targets; -1 where there are fewer.
    """

    minutes: Floats
    target: Longs

    @property
    def mean_min(self) -> Floats:
        """Mean time to the nearest k; NaN where there are fewer (a mean of less would flatter them)."""
        return self.minutes.mean(axis=1)

    @property
    def last_min(self) -> Floats:
        """Time to the k-th nearest; NaN where there are fewer."""
        return self.minutes[:, -1]


def nearest(times: csr_array, k: int = 1, *, among: npt.ArrayLike | None = None) -> Nearest:
    """Find the k nearest targets of each origin, the lower number first where times are equal.

    Parameters
    ----------
    times : csr_array, shape (origins, targets)
        Minutes; pairs not stored cannot be travelled.
    k : int
        How many, at least 1.
    among : array_like of bool, shape (targets,), optional
        Targets to look among; all by default.

    Raises
    ------
    GeometryError
        As in `cumulative`, or `k` below 1.

    Examples
    --------
    >>> times = gather_times([0, 0, 1], [0, 1, 1], [9, 4, 7], origins=2, targets=2)
    >>> found = nearest(times, 2)
    >>> found.target.tolist(), found.mean_min.tolist()
    ([[1, 0], [1, -1]], [6.5, nan])
    """
    if k < 1:
        raise make_fault("k", f"{k} nearest targets cannot be found", "ask for one or more")
    times = _check_times(times)
    left = np.array(times.data, dtype=float)
    if among is not None:
        left[check_fit("among", among, times.shape[1], "targets")[times.indices] == 0] = np.inf
    found = Nearest(np.full((times.shape[0], k), np.nan), np.full((times.shape[0], k), -1, np.int64))
    counts = np.diff(times.indptr)
    rows = np.flatnonzero(counts)
    starts, counts = times.indptr[rows], counts[rows]
    for place in range(min(k, times.shape[1]) if rows.size else 0):
        # Taking the least out of each row k times is far cheaper than sorting the rows, as k is small.
        least = np.minimum.reduceat(left, starts)
        hits = np.flatnonzero(left == np.repeat(least, counts))
        first = hits[np.searchsorted(hits, starts)]
        some = np.isfinite(least)
        found.minutes[rows[some], place] = least[some]
        found.target[rows[some], place] = times.indices[first[some]]
        left[first] = np.inf
    return found


def covered(
    times: csr_array, supply: npt.ArrayLike, *, limit_min: float, needed: float | None = None
) -> Truths:
    """Tell which origins have enough within a limit, whoever else uses it (coverage without competition).

    Parameters are those of `cumulative`; `needed` is how much supply makes enough, anything above zero by
    default. Returns one truth per origin.

    Examples
    --------
    >>> times = gather_times([0, 0, 1], [0, 1, 1], [5, 12, 20], origins=2, targets=2)
    >>> covered(times, [1, 1], limit_min=15).tolist()
    [True, False]
    """
    if needed is not None:
        return cumulative(times, supply, limit_min=limit_min) >= check_above_zero("needed", needed)
    # Tiny amounts may vanish in a sum, so presence is counted rather than added up.
    return cumulative(times, check_amounts("supply", supply) > 0, limit_min=limit_min) > 0


def coverage(reached: npt.ArrayLike, demand: npt.ArrayLike) -> float:
    """Return the share of demand (people, hectares of homes) at origins that are reached; NaN without demand.

    Examples
    --------
    >>> coverage([True, False, True], [50, 30, 20])
    0.7
    """
    truths = np.asarray(reached, dtype=bool)
    people = check_fit("demand", demand, len(truths), "origins")
    total = people.sum()
    return float(people[truths].sum() / total) if total > 0 else float("nan")


@dataclass(frozen=True, eq=False)
class Shares:
    """Supply shared out among demand.

    Parameters
    ----------
    access : ndarray of float64, shape (origins,)
        Supply per head at each origin; zero where no supply is in reach, NaN where all is undefined because
        the origin, itself without demand, reaches supply that nobody claims.
    ratio : ndarray of float64, shape (targets,)
        Supply per weighted head at each target; NaN where nobody is in reach.
    """

    access: Floats
    ratio: Floats


def two_step(times: csr_array, supply: npt.ArrayLike, demand: npt.ArrayLike, *, limit_min: float) -> Shares:
    """Share supply out by the two-step floating catchment area method (2SFCA).

    First each target's supply is divided by the demand within the limit of it, then each origin adds up the
    ratios of the targets within the limit: Luo & Wang (2003), Environment and Planning B 30, 865-884.
    ``Σ demand × access = Σ supply`` over all supply that some demand reaches.

    Parameters
    ----------
    times : csr_array, shape (origins, targets)
        Minutes; pairs not stored cannot be travelled.
    supply : array_like of float, shape (targets,)
        What each target offers: beds, doctors, school places.
    demand : array_like of float, shape (origins,)
        How many people at each origin claim it.
    limit_min : float
        Longest journey that counts, included.

    Raises
    ------
    GeometryError
        Minutes, supply or demand that are missing, infinite or negative, or shapes that do not fit.

    Examples
    --------
    >>> times = gather_times([0, 1, 1], [0, 0, 1], [5, 10, 10], origins=2, targets=2)
    >>> two_step(times, [30, 10], [100, 200], limit_min=10).access.round(3).tolist()
    [0.1, 0.15]
    """
    return enhanced_two_step(times, supply, demand, within(limit_min))


def enhanced_two_step(
    times: csr_array, supply: npt.ArrayLike, demand: npt.ArrayLike, impedance: Impedance
) -> Shares:
    """Share supply out by the enhanced two-step floating catchment area method (E2SFCA).

    As `two_step`, with journeys weighted in both steps: ``R_j = S_j / Σ_k D_k f(t_kj)`` and
    ``A_i = Σ_j R_j f(t_ij)``: Luo & Qi (2009), Health & Place 15, 1100-1107. Their zones are `steps`; the
    continuous Gaussian form is `gaussian_within`, after Dai (2010).

    Examples
    --------
    >>> from spatial.engine.travel.impedance import steps
    >>> times = gather_times([0, 1, 1], [0, 0, 1], [5, 15, 10], origins=2, targets=2)
    >>> enhanced_two_step(times, [30, 10], [100, 200], steps({10: 1, 20: 0.5})).access.round(3).tolist()
    [0.15, 0.125]
    """
    weights = _weigh(times, impedance)
    offered = check_fit("supply", supply, weights.shape[1], "targets")
    claimed = weights.T @ check_fit("demand", demand, weights.shape[0], "origins")
    ratio = np.divide(offered, claimed, out=np.full(len(offered), np.nan), where=claimed > 0)
    access = weights @ np.nan_to_num(ratio, nan=0.0)
    unclaimed = (offered > 0) & (claimed == 0)
    if unclaimed.any():
        access[(weights > 0) @ unclaimed.astype(float) > 0] = np.nan
    return Shares(access, ratio)


def _check_places(name: str, numbers: npt.ArrayLike, count: int) -> Longs:
    """Return place numbers as integers, or refuse those that name no place."""
    given = np.atleast_1d(np.asarray(numbers))
    if given.size and given.dtype.kind not in "iu":
        raise make_fault(name, f"numbers of type {given.dtype}", "number the places by integers from zero")
    if given.size and (given.min() < 0 or given.max() >= count):
        wrong = given[(given < 0) | (given >= count)]
        seen = f"place {wrong[0]} is none of the {count} places" + (
            f" ({len(wrong)} like it)" if len(wrong) > 1 else ""
        )
        raise make_fault(name, seen, "number the places from zero")
    return given.astype(np.int64, copy=False)


def _check_times(times: csr_array) -> csr_array:
    """Return journeys with sorted, single, non-negative entries, or refuse them."""
    if not issparse(times) or times.format != "csr":
        raise make_fault(
            "times", f"journeys given as {type(times).__name__}", "make them with `gather_times`"
        )
    check_amounts("minutes", times.data)
    if not times.has_canonical_format:
        single = times.copy()
        single.sum_duplicates()
        if single.nnz != times.nnz:
            raise _refuse_twice(times.nnz - single.nnz)
        times = single
    return csr_array(times)


def _weigh(times: csr_array, impedance: Impedance) -> csr_array:
    """Return the journeys with weights in place of minutes."""
    times = _check_times(times)
    weights = check_amounts("weights of the impedance", impedance(np.asarray(times.data, dtype=float)))
    check_fit("weights of the impedance", weights, times.nnz, "journeys")
    return csr_array((weights, times.indices, times.indptr), shape=times.shape)


def _refuse_twice(count: int) -> GeometryError:
    """Make the error of pairs that have more than one time."""
    pairs = "pair of origin and target is" if count == 1 else "pairs of origin and target are"
    seen = f"{count} {pairs} given more than once"
    return make_fault("journeys", seen, "keep the shortest journey of each pair")
