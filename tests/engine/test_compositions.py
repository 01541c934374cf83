"""Compositions: worked by hand, against scipy and PySAL, and never above the truth where something is hidden."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cityblock, cosine
from scipy.stats import entropy

from spatial.engine.compositions import Composition, hide
from spatial.engine.suppression import add_totals, protect_totals

# Three districts and four industries. District A: 60 of its 100 jobs in the first, where the city has 90 of 300.
JOBS = np.array([[60.0, 20, 20, 0], [20, 60, 10, 10], [10, 10, 50, 30]])


def test_by_hand() -> None:
    whole = Composition(add_totals(JOBS))
    # LQ of A in the first industry: 0.6 / (90 / 300) = 2; in the second 0.2 / 0.3; K: |.6-.3| + |.2-.3| + ...
    assert whole.quotients()[0].round(4).tolist() == [2.0, 0.6667, 0.75, 0.0]
    krugman = abs(0.6 - 0.3) + abs(0.2 - 0.3) + abs(0.2 - 80 / 300) + 40 / 300
    assert whole.specialisation()[0] == pytest.approx(krugman)
    shannon = -(0.6 * np.log(0.6) + 2 * 0.2 * np.log(0.2))
    assert whole.diversity()[0] == pytest.approx(shannon)
    # Cosine of A and B: (60*20 + 20*60 + 20*10) / sqrt((60²+20²+20²)(20²+60²+10²+10²)).
    assert whole.similarity()[0, 1] == pytest.approx(2600 / np.sqrt(4400 * 4200))
    assert whole.rests.tolist() == [0.0, 0.0, 0.0]


def test_against_scipy() -> None:
    table = np.random.default_rng(3).gamma(0.5, 100, (6, 9)).round()
    whole, shares = Composition(add_totals(table)), table / table.sum(axis=1, keepdims=True)
    all_ = table.sum(axis=0) / table.sum()
    np.testing.assert_allclose(whole.diversity(), entropy(shares, axis=1))
    np.testing.assert_allclose(whole.specialisation(), [cityblock(row, all_) for row in shares])
    expected = [[1 - cosine(one, other) for other in shares] for one in shares]
    np.testing.assert_allclose(whole.similarity(), expected, atol=1e-12)


def test_against_pysal() -> None:
    multigroup = pytest.importorskip("segregation.multigroup", reason="PySAL's segregation is not installed")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(JOBS, columns=list("abcd"))
    total = multigroup.MultiDiversity(frame, list("abcd")).statistic
    assert Composition(add_totals(JOBS.sum(axis=0, keepdims=True))).diversity()[0] == pytest.approx(total)


def test_units_without_anything_are_unknown() -> None:
    empty = Composition(add_totals([[0.0, 0.0], [1.0, 3.0]]))
    assert np.isnan(empty.specialisation()[0])
    assert np.isnan(empty.diversity()[0])
    assert np.isnan(empty.similarity()[0]).all()
    assert empty.similarity()[1, 1] == 1


counts = st.lists(
    st.lists(st.sampled_from([0, 1, 2, 4, 9, 30]), min_size=5, max_size=5), min_size=2, max_size=5
)


@settings(max_examples=100, deadline=None)
@given(counts, st.integers(0, 2**31))
def test_what_is_told_of_hidden_amounts_is_the_least_that_holds(cells: list[list[int]], seed: int) -> None:
    firms = add_totals(cells)
    jobs = np.array(cells) * np.random.default_rng(seed).integers(1, 50, np.shape(cells))
    hidden = protect_totals(firms, (firms > 0) & (firms < 3), 3)
    known, whole = hide(jobs, hidden), Composition(add_totals(jobs))
    for least, true in (
        (known.specialisation(), whole.specialisation()),
        (known.diversity(), whole.diversity()),
        (known.similarity(), whole.similarity()),
    ):
        seen = np.isfinite(least)
        assert (least[seen] <= true[seen] + 1e-9).all()
    seen = np.isfinite(known.quotients())
    np.testing.assert_allclose(known.quotients()[seen], whole.quotients()[seen])


def test_amounts_that_differ_only_where_hidden_give_the_same_measures() -> None:
    """Nothing hidden has a say: another table with the same shown numbers tells the same."""
    one, other = JOBS.copy(), JOBS.copy()
    hidden = np.zeros((4, 5), dtype=bool)
    hidden[:2, :2] = True
    other[0, 0] += 7
    other[0, 1] -= 7
    other[1, 0] -= 7
    other[1, 1] += 7
    for measure in ("quotients", "specialisation", "diversity", "similarity"):
        np.testing.assert_array_equal(
            getattr(hide(one, hidden), measure)(), getattr(hide(other, hidden), measure)()
        )
