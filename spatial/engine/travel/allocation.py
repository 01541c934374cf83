"""Allocation: how supply is brought to demand at the least cost, proved to be so, and what chance costs.

The transport problem of Hitchcock (1941) is solved by SciPy's HiGHS over few pairs, chosen by prices that
Sinkhorn's scaling guesses. Prices of the solution then tell which other pairs would lower the cost; these are
added until there are none. So the result is the least over all pairs, not over those that were looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array

from spatial.engine.amounts import check_fit, make_fault
from spatial.engine.travel.network import Floats, Longs, Truths

_PAIRS = 6
"""Cheapest pairs of each place that a solution begins with, and those that it gains in a round."""
_SCALINGS = 70
_WIDTHS = (0.1, 0.03, 0.01)
"""Disorder of the guess, over the spread of the costs: one scaling after the other, each from the last."""
_ROUNDS = 100
_TOLERANCE = 1e-7
"""Of prices, where the mean cost is one: as HiGHS takes it."""
_CLOSE = 1e-6
"""Share of the cost by which a solution may be above its bound and still counts as the least."""
_GAVE_UP = 1
"""Status of a solver that reached its number of iterations."""
_PATIENCE = 5
"""Iterations for each pair before the solver is said to go round in circles; a few for each place do."""
_EVEN = 1e-6
"""Share by which supply and demand may differ before they are said not to be the same."""


@dataclass(frozen=True, eq=False)
class Allocation:
    """Who is supplied from where.

    Parameters
    ----------
    source, target : ndarray of int64, shape (k,)
        Pairs that something is brought between, in rising order.
    amount : ndarray of float64, shape (k,)
        How much, above zero.
    cost : float
        Of all together.
    bound : float
        No allocation costs less than this: within a millionth of `cost` unless the solver gave up.
    """

    source: Longs
    target: Longs
    amount: Floats
    cost: float
    bound: float

    @property
    def is_proved(self) -> bool:
        """Whether the cost is within a hundred thousandth of its bound."""
        return self.cost - self.bound <= 10 * _CLOSE * abs(self.cost) + 1e-12


def allocate(cost: npt.ArrayLike, supply: npt.ArrayLike, demand: npt.ArrayLike) -> Allocation:
    """Bring all supply to all demand at the least cost.

    Parameters
    ----------
    cost : array_like of float, shape (n, m)
        Of bringing one unit; finite.
    supply, demand : array_like of float, shape (n,) and (m,)
        Zero or more, the same sum to a millionth (scaled to that of the supply).

    Raises
    ------
    GeometryError
        Amounts that are missing, infinite, negative or of different sums; costs that are not finite.

    Notes
    -----
    Time grows with about the square of the places, memory with their product: 500 by 500 takes about 1 s of
    one processor, 1 000 by 1 000 from 2 to 12 s, 2 000 by 2 000 about half a minute.

    Examples
    --------
    >>> best = allocate([[1, 5], [4, 2]], [30, 10], [20, 20])
    >>> list(zip(best.source.tolist(), best.target.tolist(), best.amount.tolist())), best.cost
    ([(0, 0, 20.0), (0, 1, 10.0), (1, 1, 10.0)], 90.0)
    """
    costs = _check_costs(cost)
    offered = check_fit("supply", supply, costs.shape[0], "rows of cost")
    wanted = check_fit("demand", demand, costs.shape[1], "columns of cost")
    _refuse_uneven(offered, wanted)
    rows, columns = np.flatnonzero(offered), np.flatnonzero(wanted)
    if not len(rows):
        nothing = np.empty(0, dtype=np.int64)
        return Allocation(nothing, nothing, np.empty(0), 0.0, 0.0)
    unit = offered.sum() / max(len(rows), len(columns))
    inner = costs[np.ix_(rows, columns)]
    level = float(np.abs(inner).mean()) or 1.0
    give, take = offered[rows] / unit, wanted[columns] / wanted.sum() * (offered.sum() / unit)
    pairs, amount, bound = _improve(inner / level, give, take)
    kept = amount > _TOLERANCE
    source, target = rows[pairs[0][kept]], columns[pairs[1][kept]]
    sent = amount[kept] * unit
    return Allocation(source, target, sent, float(costs[source, target] @ sent), bound * unit * level)


def _check_costs(cost: npt.ArrayLike) -> Floats:
    costs = np.asarray(cost, dtype=float)
    if costs.ndim != 2:
        raise make_fault(
            "cost", f"an array of shape {costs.shape}", "give a row for each supply, a column a demand"
        )
    if not np.isfinite(costs).all():
        wrong = int((~np.isfinite(costs)).sum())
        raise make_fault("cost", f"{wrong} costs are not finite", "leave out places that cannot be reached")
    return costs


def _refuse_uneven(offered: Floats, wanted: Floats) -> None:
    if abs(offered.sum() - wanted.sum()) > _EVEN * max(offered.sum(), wanted.sum()):
        seen = f"{offered.sum():.15g} is not {wanted.sum():.15g}, the demand"
        raise make_fault("supply", seen, "scale both to one sum first, with `even_out`")


def _improve(cost: Floats, give: Floats, take: Floats) -> tuple[tuple[Longs, Longs], Floats, float]:
    """Solve over few pairs, add those that prices say are too dear to leave out, and solve again.

    It ends when no pair is left out that would lower the cost by a millionth. A solver that gives up leaves
    the last solution, whose bound tells how far it may be from the least.
    """
    chosen = _cheapest(cost - sum_prices(*_guess_prices(cost, give, take)))
    chosen[_fill_in_turn(give, take)] = True
    best: tuple[tuple[Longs, Longs], Floats, float] | None = None
    for _ in range(_ROUNDS):
        rows, columns = np.nonzero(chosen)
        pairs = rows.astype(np.int64), columns.astype(np.int64)
        found = _solve(cost[pairs], pairs, give, take, patient=best is None)
        if found is None:
            break
        amount, (of_rows, of_columns) = found
        reduced = cost - sum_prices(of_rows, of_columns)
        least = np.minimum(reduced.min(axis=1), 0.0)
        bound = float(of_rows @ give + of_columns @ take + least @ give)
        best = pairs, amount, bound if best is None else max(bound, best[2])
        wrong = (reduced < -_TOLERANCE) & ~chosen
        whole = float(cost[pairs] @ amount)
        if not wrong.any() or whole - best[2] <= _CLOSE * abs(whole):
            break
        chosen |= _cheapest(reduced) & wrong
    assert best is not None
    return best


def sum_prices(rows: Floats, columns: Floats) -> Floats:
    """Return the sum of the prices of each pair, shape (n, m).

    Examples
    --------
    >>> sum_prices(np.array([1.0, 2.0]), np.array([10.0])).tolist()
    [[11.0], [12.0]]
    """
    return np.asarray(rows[:, None] + columns[None, :], dtype=float)


def _guess_prices(cost: Floats, give: Floats, take: Floats) -> tuple[Floats, Floats]:
    """Return prices of an allocation with ever less disorder, by Sinkhorn's scaling (1967).

    A guess that is not finite is none: the solution does not depend on it, only the time that it takes.
    """
    rows, columns = np.zeros(len(give)), np.zeros(len(take))
    for width in (float(cost.std()) or 1.0) * np.array(_WIDTHS):
        left = cost - sum_prices(rows, columns)
        with np.errstate(all="ignore"):
            kernel = np.exp((left.min() - left) / width) + 1e-300
            of_rows = np.ones(len(give))
            for _ in range(_SCALINGS):
                of_columns = take / (kernel.T @ of_rows)
                of_rows = give / (kernel @ of_columns)
            rows = rows + np.nan_to_num(width * np.log(of_rows), posinf=0, neginf=0)
            columns = columns + np.nan_to_num(width * np.log(of_columns), posinf=0, neginf=0)
    return rows, columns


def _cheapest(reduced: Floats) -> Truths:
    """Mark the few cheapest pairs of each row and of each column, and as many of all again."""
    rows, columns = reduced.shape
    marks = np.zeros(reduced.shape, dtype=bool)
    few = min(_PAIRS, columns)
    marks[np.arange(rows)[:, None], np.argpartition(reduced, few - 1, axis=1)[:, :few]] = True
    few = min(_PAIRS, rows)
    marks[np.argpartition(reduced, few - 1, axis=0)[:few], np.arange(columns)[None, :]] = True
    # Large places have many partners: of all pairs those that cost least are theirs.
    many = min(2 * _PAIRS * (rows + columns), reduced.size)
    marks.reshape(-1)[np.argpartition(reduced, many - 1, axis=None)[:many]] = True
    return marks


def _fill_in_turn(give: Floats, take: Floats) -> tuple[Longs, Longs]:
    """Return pairs over which all can be brought: each in turn gives to the next that still takes."""
    ends = np.concatenate([np.cumsum(give), np.cumsum(take)])
    order = np.argsort(ends, kind="stable")
    at_row = np.concatenate([[0], np.cumsum(order < len(give))[:-1]])
    at_column = np.concatenate([[0], np.cumsum(order >= len(give))[:-1]])
    return np.minimum(at_row, len(give) - 1), np.minimum(at_column, len(take) - 1)


def _solve(
    cost: Floats, pairs: tuple[Longs, Longs], give: Floats, take: Floats, *, patient: bool
) -> tuple[Floats, tuple[Floats, Floats]] | None:
    """Return amounts over pairs and the prices of rows and columns; None if the solver runs in circles.

    Raises
    ------
    GeometryError
        It finds nothing though it is given all the time it wants.
    """
    from scipy.optimize import linprog

    count = len(cost)
    which = np.concatenate([pairs[0], len(give) + pairs[1]])
    ones = np.ones(2 * count)
    sums = csr_array(coo_array((ones, (which, np.tile(np.arange(count), 2))), (len(give) + len(take), count)))
    given = {"A_eq": sums, "b_eq": np.concatenate([give, take])}
    found = linprog(cost, **given, method="highs-ds", options={"maxiter": int(_PATIENCE * (count + 1000))})
    if found.status == _GAVE_UP and patient:
        found = linprog(cost, **given, method="highs-ipm")
    if found.status == _GAVE_UP:
        return None
    if found.status != 0:
        raise make_fault("cost", f"the solver stopped: {found.message}", "report this with the data")
    prices = np.asarray(found.eqlin.marginals, dtype=float)
    return np.asarray(found.x, dtype=float), (prices[: len(give)], prices[len(give) :])


def even_out(supply: npt.ArrayLike, demand: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Scale the larger of two sums down to the smaller, each place by the same share.

    Examples
    --------
    >>> [part.tolist() for part in even_out([30, 10], [10, 10])]
    [[15.0, 5.0], [10.0, 10.0]]
    """
    offered, wanted = np.asarray(supply, dtype=float), np.asarray(demand, dtype=float)
    least = min(offered.sum(), wanted.sum())
    if least <= 0:
        return np.zeros_like(offered), np.zeros_like(wanted)
    return offered * (least / offered.sum()), wanted * (least / wanted.sum())


def mean_at_random(cost: npt.ArrayLike, supply: npt.ArrayLike, demand: npt.ArrayLike) -> float:
    """Return the mean cost where each place gives to every other by its share of the demand; NaN of nothing.

    Examples
    --------
    >>> mean_at_random([[0, 10], [10, 0]], [30, 10], [20, 20])
    5.0
    """
    offered, wanted = np.asarray(supply, dtype=float), np.asarray(demand, dtype=float)
    whole = offered.sum() * wanted.sum()
    return float(offered @ np.asarray(cost, dtype=float) @ wanted / whole) if whole > 0 else float("nan")


def merge_places(xy: npt.ArrayLike, most: int) -> Longs:
    """Give places the numbers of square cells, as small as they may be for no more than so many numbers.

    Cells double from the smallest that could do.

    Examples
    --------
    >>> merge_places([[0, 0], [1, 0], [100, 0]], 2).tolist()
    [0, 0, 1]
    """
    where = np.asarray(xy, dtype=float).reshape(-1, 2)
    if len(where) <= most:
        return np.arange(len(where))
    where = where - where.min(axis=0)
    width = float(where.max()) / (4.0 * most) or 1.0
    while True:
        cells = np.floor(where / width).astype(np.int64)
        _, label = np.unique(cells, axis=0, return_inverse=True)
        if label.max() < most or width > 2 * where.max() + 1:
            return np.asarray(label.reshape(-1), dtype=np.int64)
        width *= 2


def merge_costs(cost: npt.ArrayLike, supply: npt.ArrayLike, demand: npt.ArrayLike, label: Longs) -> Floats:
    """Return the mean cost between groups, each place weighted by what it gives or takes.

    An allocation of groups at these costs is one of their places as well: each place gives and takes its
    share of what its group does. So the least cost of groups is never below that of places. Groups that give
    or take nothing cost the plain mean.

    Examples
    --------
    >>> merge_costs([[0, 4], [8, 0]], [1, 3], [1, 1], np.array([0, 0])).tolist()
    [[3.5]]
    """
    groups = int(label.max()) + 1
    give, take = (_weigh_groups(part, label, groups) for part in (supply, demand))
    return np.asarray(give.T @ (np.asarray(cost, dtype=float) @ take), dtype=float)


def _weigh_groups(amounts: npt.ArrayLike, label: Longs, groups: int) -> csr_array:
    """Return the share that each place has in its group, shape (n, groups)."""
    given = np.asarray(amounts, dtype=float)
    sums = np.bincount(label, given, groups)[label]
    shares = np.where(sums > 0, given / np.where(sums > 0, sums, 1.0), 1.0 / np.bincount(label)[label])
    return csr_array((shares, (np.arange(len(label)), label)), shape=(len(label), groups))
