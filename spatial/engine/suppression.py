"""Suppression of small numbers in tables with totals, so that nothing hidden follows from what is shown.

A table is rows by columns with a total of each row, of each column and of all: the last row and the last
column. A cell that is hidden alone in its row follows from the total of the row. With all equations of the
table at hand, a hidden cell follows from what is shown exactly where it is a bridge of the graph whose nodes
are rows and columns and whose edges are hidden cells (Gusfield 1988, A graph theoretic approach to
statistical data security).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from spatial.engine.travel.network import Floats, Longs

Truths = npt.NDArray[np.bool_]
_FREE = 1e-12
_LEAST_COST = 1e-6
_TOTAL_COST = 10.0


def add_totals(table: npt.ArrayLike) -> Floats:
    """Return a table with a last column and a last row of sums.

    Examples
    --------
    >>> add_totals([[1, 2], [3, 4]]).tolist()
    [[1.0, 2.0, 3.0], [3.0, 4.0, 7.0], [4.0, 6.0, 10.0]]
    """
    wide = np.asarray(table, dtype=float)
    wide = np.column_stack([wide, wide.sum(axis=1)])
    return np.vstack([wide, wide.sum(axis=0)])


def protect_totals(
    count: npt.ArrayLike, small: npt.ArrayLike, least: float, *, cost: npt.ArrayLike | None = None
) -> Truths:
    """Return which cells of a table with totals must be hidden, so that those asked for stay hidden.

    The cheapest cells are hidden first; totals only where nothing else will do. The hidden cells of a row
    or column together hold `least` members or more, or its total is hidden as well: their sum is known.

    Parameters
    ----------
    count : array-like, shape (m + 1, n + 1)
        Members of each cell, totals last. Cells without members are zero for everyone to see.
    small : array-like of bool, shape (m + 1, n + 1)
        Cells that must be hidden.
    least : float
        Fewest members that a sum may be published of.
    cost : array-like, shape (m + 1, n + 1), optional
        What is lost with each cell; its members unless given.

    Returns
    -------
    ndarray of bool, shape (m + 1, n + 1)
        True for hidden cells, with no bridge among them; see `find_bridges`.

    Examples
    --------
    >>> asked = np.zeros((3, 4), dtype=bool)
    >>> asked[0, 0] = True
    >>> protect_totals(add_totals([[2, 9, 9], [5, 8, 9]]), asked, 3).astype(int).tolist()
    [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    """
    amount = np.asarray(count, dtype=float)
    there = amount > 0
    hidden = np.asarray(small, dtype=bool) & there
    price = np.array(amount if cost is None else cost, dtype=float)
    price = price if price[-1, -1] > 0 else amount.copy()
    # A total is dear: it is of use to more readers than any of its cells. No cell is free.
    price += price[-1, -1] * _LEAST_COST
    price[-1, :] += _TOTAL_COST * price[-1, -1]
    price[:, -1] += _TOTAL_COST * price[-1, -1]
    while True:
        before = hidden.copy()
        _fill_lines(hidden, amount, price, least)
        if (hidden != before).any():
            continue
        bridges = np.argwhere(find_bridges(hidden))
        if not len(bridges):
            return hidden
        _close_circle(hidden, there, price, bridges[0])


def _fill_lines(hidden: Truths, amount: Floats, cost: Floats, least: float) -> None:
    """Hide more cells where those hidden in a row or column are too few together; changes `hidden`."""
    for across in (False, True):
        gone = hidden.T if across else hidden  # a view: what is hidden here is hidden in the table
        members, price = (amount.T, cost.T) if across else (amount, cost)
        for line in np.flatnonzero(gone[:, :-1].any(axis=1) & ~gone[:, -1]):
            short = least - members[line, :-1][gone[line, :-1]].sum()
            for cell in np.argsort(price[line], kind="stable"):
                if short <= 0 or gone[line, -1]:
                    break
                if members[line, cell] > 0 and not gone[line, cell]:
                    gone[line, cell] = True
                    short -= members[line, cell]


def _close_circle(hidden: Truths, there: Truths, cost: Floats, bridge: Longs) -> None:
    """Hide the cheapest cells that put a hidden cell on a circle of hidden cells; changes `hidden`."""
    rows, columns = hidden.shape
    usable = there.copy()
    usable[tuple(bridge)] = False
    row, column = np.nonzero(usable)
    price = np.where(hidden, _FREE * cost[-1, -1], cost)[row, column]
    graph = coo_array((price, (row, column + rows)), shape=(rows + columns, rows + columns))
    _, before = dijkstra(graph.tocsr(), directed=False, indices=bridge[0], return_predecessors=True)
    at = int(bridge[1]) + rows
    while at != bridge[0]:
        step = int(before[at])
        if step < 0:
            raise ValueError("a table without totals cannot be protected")
        hidden[min(at, step), max(at, step) - rows] = True
        at = step


def find_bridges(hidden: npt.ArrayLike) -> Truths:
    """Return which hidden cells follow from those that are shown.

    Parameters
    ----------
    hidden : array-like of bool, shape (m + 1, n + 1)
        Hidden cells of a table with totals.

    Examples
    --------
    >>> find_bridges([[True, False], [False, False]]).tolist()
    [[True, False], [False, False]]
    >>> find_bridges([[True, True], [True, True]]).any()
    np.False_
    """
    table = np.asarray(hidden, dtype=bool)
    rows, columns = table.shape
    near: list[list[int]] = [
        *((np.flatnonzero(table[row]) + rows).tolist() for row in range(rows)),
        *(np.flatnonzero(table[:, column]).tolist() for column in range(columns)),
    ]
    order, parent = _visit(near)
    place = [0] * len(near)
    for at, node in enumerate(order):
        place[node] = at
    lowest = place.copy()
    found = np.zeros_like(table)
    for node in reversed(order):
        back = [place[step] for step in near[node] if parent[step] != node and step != parent[node]]
        deep = [lowest[step] for step in near[node] if parent[step] == node]
        lowest[node] = min([place[node], *back, *deep])
        if parent[node] >= 0 and lowest[node] == place[node]:
            found[min(node, parent[node]), max(node, parent[node]) - rows] = True
    return found


def _visit(near: list[list[int]]) -> tuple[list[int], list[int]]:
    """Return nodes depth first, and the node that each was reached from, -1 where a search began."""
    order, parent = list[int](), [-1] * len(near)
    seen, rest = [False] * len(near), [iter(steps) for steps in near]
    for root in range(len(near)):
        stack = [] if seen[root] else [root]
        while stack:
            here = stack[-1]
            if not seen[here]:
                seen[here] = True
                order.append(here)
            step = next((one for one in rest[here] if not seen[one]), None)
            if step is None:
                stack.pop()
            else:
                parent[step] = here
                stack.append(step)
    return order, parent
