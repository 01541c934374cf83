"""Location models: which of many candidate sites to add so that places fare best, with proof if there is one.

Minutes say how long each place takes to what is there already, and to each candidate; the nearest counts. A
score says how bad such minutes are, the lower the better: `mean_minutes` makes the p-median model of Hakimi
(1964), Operations Research 12, 450-459, `share_beyond` the maximal covering model of Church & ReVelle (1974),
Papers in Regional Science 32, 101-118, and any other function of minutes a model of its own.

Three methods answer, and the result says which: ``enumeration`` looks at all sets of sites, ``milp`` proves
one best through HiGHS, ``greedy_exchange`` adds the best site after the other and swaps them while that helps
(Teitz & Bart 1968, Operations Research 16, 955-961), which is no proof.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csc_array, hstack, vstack

from spatial.engine.amounts import check_amounts, check_fit, make_fault
from spatial.engine.travel.network import Floats, Longs

Method = Literal["enumeration", "milp", "greedy_exchange"]
Score = Callable[[Floats], Floats]
"""From minutes, shape (places, alternatives), to how bad each alternative is, shape (alternatives,)."""

MOST_CELLS = 400_000_000
"""Minutes that an enumeration may look at: a second or a few."""
MOST_LEVELS = 20_000
"""Different gains that places may have, up to which HiGHS is asked for a proof: some seconds."""
_BLOCK = 4_000_000
_NODES = 20_000
_ROUNDS = 120
_QUICKER = 20
_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Sites:
    """Sites that a model chose.

    Parameters
    ----------
    chosen : ndarray of int64
        Numbers of the candidates, rising; as many as asked for, or fewer where more do not help.
    before, after : float
        Score without them and with them.
    bound : float
        No set of as many sites scores less than this; NaN where nothing is proven.
    method : {"enumeration", "milp", "greedy_exchange"}
    """

    chosen: Longs
    before: float
    after: float
    bound: float
    method: Method

    @property
    def gap(self) -> float:
        """How far the score may be from the best, as a share of the best improvement; NaN where not known."""
        best = self.before - self.bound
        if not np.isfinite(best):
            return float("nan")
        return max((self.after - self.bound) / best, 0.0) if best > 0 else 0.0

    @property
    def is_optimal(self) -> bool:
        """Whether it is proven that no other set of sites scores less."""
        return bool(self.gap <= 1e-6)


def mean_minutes(weights: npt.ArrayLike) -> Score:
    """Return the score of the p-median model: the mean minutes of all people.

    Examples
    --------
    >>> mean_minutes([1, 3])(np.array([[10.0], [2.0]])).tolist()
    [4.0]
    """
    share = _share(weights)
    return lambda minutes: share @ minutes


def share_beyond(weights: npt.ArrayLike, limit_min: float) -> Score:
    """Return the score of the maximal covering model: the share of people farther than a limit.

    Examples
    --------
    >>> share_beyond([1, 3], 5.0)(np.array([[10.0], [5.0]])).tolist()
    [0.25]
    """
    share = _share(weights)
    return lambda minutes: share @ (minutes > limit_min).astype(float)


def _share(weights: npt.ArrayLike) -> Floats:
    people = check_amounts("weights", weights)
    total = people.sum()
    return people / total if total > 0 else people


def choose_sites(
    minutes: npt.ArrayLike,
    candidates: npt.ArrayLike,
    add: int,
    score: Score,
    *,
    gains: Floats | None = None,
    most_cells: int = MOST_CELLS,
    most_levels: int = MOST_LEVELS,
) -> Sites:
    """Choose the sites that lower a score most.

    Parameters
    ----------
    minutes : array_like of float, shape (n,)
        Of each place to the nearest of what is there; finite: cap what cannot be reached.
    candidates : array_like of float, shape (n, m)
        Of each place to each candidate; finite.
    add : int
        How many sites to add.
    score : Score
        What to lower.
    gains : ndarray of float64, shape (n, m), optional
        Where the score is a sum over places of which each takes its best site: by how much each candidate
        alone lowers it at each place, zero or more (`median_gains`, `covering_gains`). Makes proof by
        ``milp`` possible, and a bound for ``greedy_exchange``.
    most_cells, most_levels : int
        Up to how many minutes all sets are looked at, and up to how many different gains of places, counted
        place by place, HiGHS is asked for a proof.

    Raises
    ------
    GeometryError
        Minutes that are missing, infinite or negative, shapes that do not fit, fewer than one site.

    Examples
    --------
    >>> now, then = np.array([30.0, 30.0, 5.0]), np.array([[5.0, 20.0], [30.0, 20.0], [5.0, 5.0]])
    >>> found = choose_sites(now, then, 1, mean_minutes([100, 100, 100]))
    >>> found.chosen.tolist(), found.method, found.is_optimal
    ([0], 'enumeration', True)
    """
    now, then = _check(minutes, candidates, add)
    before = float(score(now[:, None])[0])
    useful = np.flatnonzero((then < now[:, None]).any(axis=0))
    if not len(useful):
        return Sites(np.empty(0, dtype=np.int64), before, before, before, "enumeration")
    then = then[:, useful]
    add = min(add, len(useful))
    mine = None if gains is None else np.asarray(gains, dtype=float)[:, useful]
    provable = mine is not None and _count_levels(mine) <= most_levels
    # HiGHS is quicker than to look at more than a few million minutes.
    if comb(len(useful), add) * add * len(now) <= most_cells / (_QUICKER if provable else 1):
        found = _enumerate(now, then, add, score)
    else:
        found = _exchange(now, then, add, score, None if provable else mine)
        if mine is not None and provable:
            found = _prove(now, then, score, mine, found)
    chosen = _drop_idle(now, then, found, score, before)
    return Sites(useful[chosen], before, found.after if len(chosen) else before, found.bound, found.method)


def _count_levels(gains: Floats) -> int:
    """Return how many different gains above zero places have, counted place by place."""
    return int((np.diff(np.sort(gains, axis=1), axis=1, prepend=0.0) > 0).sum())


def _drop_idle(now: Floats, then: Floats, found: _Found, score: Score, before: float) -> Longs:
    """Return the chosen sites without those that lower nothing beside the others."""
    kept = found.chosen.tolist()
    for one in found.chosen.tolist():
        rest = [other for other in kept if other != one]
        without = float(score(np.minimum(now, then[:, rest].min(axis=1))[:, None])[0]) if rest else before
        if without <= found.after + _TINY * abs(found.after):
            kept = rest
    return np.array(kept, dtype=np.int64)


def median_gains(minutes: npt.ArrayLike, candidates: npt.ArrayLike, weights: npt.ArrayLike) -> Floats:
    """Return by how much each candidate lowers `mean_minutes` at each place, shape (n, m).

    Examples
    --------
    >>> median_gains([10.0, 4.0], [[4.0], [6.0]], [1, 1]).tolist()
    [[3.0], [0.0]]
    """
    now, then = _check(minutes, candidates, 1)
    gains: Floats = _share(check_fit("weights", weights, len(now), "places"))[:, None] * np.maximum(
        now[:, None] - then, 0.0
    )
    return gains


def covering_gains(
    minutes: npt.ArrayLike, candidates: npt.ArrayLike, weights: npt.ArrayLike, limit_min: float
) -> Floats:
    """Return by how much each candidate lowers `share_beyond` at each place, shape (n, m).

    Examples
    --------
    >>> covering_gains([10.0, 4.0], [[4.0], [3.0]], [1, 1], 5.0).tolist()
    [[0.5], [0.0]]
    """
    now, then = _check(minutes, candidates, 1)
    newly = (now[:, None] > limit_min) & (then <= limit_min)
    return _share(check_fit("weights", weights, len(now), "places"))[:, None] * newly


def _check(minutes: npt.ArrayLike, candidates: npt.ArrayLike, add: int) -> tuple[Floats, Floats]:
    now, then = check_amounts("minutes", minutes), np.asarray(candidates, dtype=float)
    if then.ndim != 2 or len(then) != len(now):
        seen = f"minutes of shape {then.shape} for {len(now)} places"
        raise make_fault("candidates", seen, "give one row a place and one column a candidate")
    check_amounts("candidates", then.ravel())
    if add < 1:
        raise make_fault("add", f"{add} sites cannot be added", "ask for one or more")
    return now, then


@dataclass(frozen=True, eq=False)
class _Found:
    chosen: Longs
    after: float
    bound: float
    method: Method


def _enumerate(now: Floats, then: Floats, add: int, score: Score) -> _Found:
    """Look at every set of sites, many side by side."""
    sets, step = combinations(range(then.shape[1]), add), max(1, _BLOCK // max(1, len(now)))
    best, chosen = np.inf, np.arange(add)
    while block := list(islice(sets, step)):
        which = np.array(block)
        nearest = np.minimum(now[:, None], then[:, which[:, 0]])
        for column in which.T[1:]:
            np.minimum(nearest, then[:, column], out=nearest)
        scores = score(nearest)
        at = int(np.argmin(scores))
        # Sums differ in their last digits by the order of columns; the first of equals is kept.
        if scores[at] < best - _TINY * abs(best) or not np.isfinite(best):
            best, chosen = float(scores[at]), which[at]
    return _Found(chosen.astype(np.int64), best, best, "enumeration")


def _exchange(now: Floats, then: Floats, add: int, score: Score, gains: Floats | None) -> _Found:
    """Add the best site after the other, then swap one for another as long as that helps."""
    chosen, after = list[int](), float(score(now[:, None])[0])
    while len(chosen) < add:
        at, value = _best_beside(now, then, chosen, score)
        chosen.append(at)
        after = value
    improved = True
    while improved:
        improved = False
        for place in range(add):
            rest = chosen[:place] + chosen[place + 1 :]
            at, value = _best_beside(now, then, rest, score)
            if value < after - _TINY * abs(after):
                chosen, after, improved = [*rest, at], value, True
    bound = np.nan if gains is None else _bound(gains, chosen, add, after)
    return _Found(np.array(sorted(chosen), dtype=np.int64), after, bound, "greedy_exchange")


def _best_beside(now: Floats, then: Floats, chosen: list[int], score: Score) -> tuple[int, float]:
    """Return the candidate that scores least beside those chosen, and its score."""
    base = np.minimum(now, then[:, chosen].min(axis=1)) if chosen else now
    step, scores = max(1, _BLOCK // max(1, len(now))), list[Floats]()
    for begin in range(0, then.shape[1], step):
        scores.append(score(np.minimum(base[:, None], then[:, begin : begin + step])))
    values = np.concatenate(scores)
    values[chosen] = np.inf
    at = int(np.argmin(values))
    return at, float(values[at])


def _bound(gains: Floats, chosen: list[int], add: int, after: float) -> float:
    """Return what no set of sites scores less than.

    Each place takes its best site, so what sites add to those chosen never rises as more are chosen: no set
    gains more than the chosen one and the largest additions to it (Nemhauser, Wolsey & Fisher 1978). Mostly
    closer is the Lagrangian bound of Cornuejols, Fisher & Nemhauser (1977), Management Science 23, 789-810:
    each place pays a price to be served, and prices are moved until sites compete for it no more.
    """
    gains = gains[gains.any(axis=1)]
    held = gains[:, chosen].max(axis=1)
    best = float(held.sum())
    upper = best + float(np.sort(np.maximum(gains - held[:, None], 0.0).sum(axis=0))[::-1][:add].sum())
    price, pace, idle = held.copy(), 1.0, 0
    for _ in range(_ROUNDS):
        profit = gains - price[:, None]
        worth = np.maximum(profit, 0.0).sum(axis=0)
        taken = np.argsort(-worth, kind="stable")[:add]
        value = float(price.sum() + worth[taken].sum())
        idle = 0 if value < upper - _TINY * abs(upper) else idle + 1
        upper = min(upper, value)
        slope = 1.0 - (profit[:, taken] > 0).sum(axis=1)
        length = float((slope**2).sum())
        if upper - best <= _TINY * best or length == 0:
            break
        pace = pace / 2 if idle % 8 == 7 else pace
        price = np.maximum(price - pace * (value - best) / length * slope, 0.0)
    return float(after - max(upper - best, 0.0))


def _prove(now: Floats, then: Floats, score: Score, gains: Floats, known: _Found) -> _Found:
    """Ask HiGHS for the best set; what is known stays where it does no better."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    add, many = len(known.chosen), gains.shape[1]
    worth, rows, upper = _state(gains, add)
    kinds = np.concatenate([np.ones(many), np.zeros(len(worth) - many)])
    options = {"mip_rel_gap": 0.0, "node_limit": _NODES}
    made = milp(-worth, integrality=kinds, bounds=Bounds(0, 1), options=options,
                constraints=LinearConstraint(rows, -np.inf, upper))  # fmt: skip
    before = float(score(now[:, None])[0])
    if made.x is None:
        return known
    chosen = np.flatnonzero(made.x[:many] > 0.5)
    after = float(score(np.minimum(now, then[:, chosen].min(axis=1))[:, None])[0]) if len(chosen) else before
    bound = before + float(made.mip_dual_bound)
    if after <= known.after + _TINY * abs(known.after):
        return _Found(chosen.astype(np.int64), after, min(bound, after), "milp")
    return _Found(known.chosen, known.after, min(bound, known.after), "milp")


def _state(gains: Floats, add: int) -> tuple[Floats, csc_array, Floats]:
    """Return what each variable is worth, the rows of the constraints, and their upper limits.

    Variables are the sites, then for each place one for each level of gain that a site gives it, best first:
    a level is had if the next better one is, or a site is chosen that gives just it (Elloumi 2010, Journal of
    Combinatorial Optimization 19, 69-83). Only the sites need to be whole numbers.
    """
    many = gains.shape[1]
    place, site = np.nonzero(gains)
    amount = gains[place, site]
    order = np.lexsort((site, -amount, place))
    place, site, amount = place[order], site[order], amount[order]
    new = np.ones(len(place), dtype=bool)
    new[1:] = (np.diff(place) != 0) | (np.diff(amount) != 0)
    level = np.cumsum(new) - 1
    at = np.flatnonzero(new)
    count = len(at)
    last = np.append(np.diff(place[at]) != 0, True) if count else np.empty(0, dtype=bool)
    # The worth of a level is what it has more than the next lower one of the same place.
    lower = np.append(amount[at[1:]], 0.0)
    worth = amount[at] - np.where(last, 0.0, lower)
    better = np.flatnonzero(~np.append(True, np.diff(place[at]) != 0)[:count]) if count else np.empty(0, int)
    sites = coo_array((-np.ones(len(site)), (level, site)), shape=(count, many))
    chain = coo_array(
        (
            np.concatenate([np.ones(count), -np.ones(len(better))]),
            (
                np.concatenate([np.arange(count), better]),
                np.concatenate([np.arange(count), better - 1]),
            ),
        ),
        shape=(count, count),
    )
    budget = coo_array(np.concatenate([np.ones(many), np.zeros(count)])[None, :])
    rows = csc_array(vstack([hstack([sites, chain]), budget]))
    return np.concatenate([np.zeros(many), worth]), rows, np.append(np.zeros(count), float(add))
