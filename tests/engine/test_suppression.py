"""Suppression: what is hidden cannot be worked out from what is shown, by algebra and by linear programming."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from spatial.engine.suppression import add_totals, find_bridges, protect_totals


def equations(hidden: np.ndarray) -> np.ndarray:
    """Rows: what each line of the table says of its hidden cells, total against parts."""
    rows, columns = hidden.shape
    place = {tuple(cell): at for at, cell in enumerate(np.argwhere(hidden))}
    found = []
    for line in range(rows):
        found.append([(cell, 1 if cell[1] < columns - 1 else -1) for cell in place if cell[0] == line])
    for line in range(columns):
        found.append([(cell, 1 if cell[0] < rows - 1 else -1) for cell in place if cell[1] == line])
    matrix = np.zeros((len(found), len(place)))
    for row, terms in enumerate(found):
        for cell, sign in terms:
            matrix[row, place[cell]] = sign
    return matrix


def determined(hidden: np.ndarray) -> np.ndarray:
    """Which hidden cells follow from the equations: those whose unit vector lies in their row space."""
    matrix = equations(hidden)
    rank = np.linalg.matrix_rank(matrix)
    found = np.zeros_like(hidden)
    for at, cell in enumerate(np.argwhere(hidden)):
        unit = np.zeros((1, matrix.shape[1]))
        unit[0, at] = 1
        found[tuple(cell)] = np.linalg.matrix_rank(np.vstack([matrix, unit])) == rank
    return found


tables = st.tuples(st.integers(1, 5), st.integers(1, 6)).flatmap(
    lambda size: st.lists(
        st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 5, 8, 20]), min_size=size[1], max_size=size[1]),
        min_size=size[0], max_size=size[0],
    )
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(tables, st.integers(2, 4))
def test_nothing_hidden_follows_from_what_is_shown(cells: list[list[int]], least: int) -> None:
    table = add_totals(cells)
    small = (table > 0) & (table < least)
    hidden = protect_totals(table, small, least)
    assert hidden[small].all()
    assert not hidden[table == 0].any()
    assert not determined(hidden).any()
    for lines, amounts in ((hidden, table), (hidden.T, table.T)):
        for line, amount in zip(lines, amounts, strict=True):
            if line[:-1].any() and not line[-1]:
                assert amount[:-1][line[:-1]].sum() >= least


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=3, max_size=5))
def test_bridges_are_those_of_the_graph_and_of_algebra(cells: list[list[bool]]) -> None:
    hidden = np.array(cells)
    graph = nx.Graph(((f"r{row}", f"c{column}") for row, column in np.argwhere(hidden).tolist()))
    expected = {frozenset(edge) for edge in nx.bridges(graph)}
    found = {
        frozenset((f"r{row}", f"c{column}")) for row, column in np.argwhere(find_bridges(hidden)).tolist()
    }
    assert found == expected
    np.testing.assert_array_equal(find_bridges(hidden), determined(hidden))


def test_amounts_that_are_above_zero_can_be_any_of_a_range() -> None:
    """An attacker who knows that amounts are not negative still finds a range for each hidden one."""
    table = add_totals([[2, 40, 9, 0], [7, 1, 30, 12], [60, 8, 5, 2]])
    hidden = protect_totals(table, (table > 0) & (table < 3), 3)
    matrix, cells = equations(hidden), np.argwhere(hidden)
    right = matrix @ table[hidden]
    for at in range(len(cells)):
        ends = []
        for sign in (1, -1):
            aim = np.zeros(len(cells))
            aim[at] = sign
            ends.append(sign * linprog(aim, A_eq=matrix, b_eq=right, bounds=(0, 1000)).fun)
        assert ends[1] - ends[0] >= 1


def test_the_cheapest_cells_go_with_a_small_one_and_totals_last() -> None:
    table = add_totals([[2, 9, 90], [50, 8, 90], [40, 30, 90]])
    hidden = protect_totals(table, table == 2, 3)
    assert sorted(map(tuple, np.argwhere(hidden).tolist())) == [(0, 0), (0, 1), (2, 0), (2, 1)] or sorted(
        map(tuple, np.argwhere(hidden).tolist())
    ) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert not hidden[-1].any()
    assert not hidden[:, -1].any()
    dear = np.ones_like(table)
    dear[0, 1], dear[-1, -1] = 500, 1000
    assert protect_totals(table, table == 2, 3, cost=dear)[0].tolist() == [True, False, True, False]


def test_a_table_of_one_cell_is_hidden_whole_and_an_empty_one_is_let_through() -> None:
    assert protect_totals(add_totals([[1]]), add_totals([[1]]) == 1, 3).all()
    assert not protect_totals(np.zeros((3, 3)), np.zeros((3, 3)), 3).any()
    with pytest.raises(ValueError, match="without totals"):
        protect_totals([[1, 0], [0, 0]], [[True, False], [False, False]], 1)
