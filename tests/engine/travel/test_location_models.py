"""Location models: against all sets by brute force, against spopt where it is there, and what bounds promise."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.travel.location_models import (
    choose_sites,
    covering_gains,
    mean_minutes,
    median_gains,
    share_beyond,
)
from spatial.errors import GeometryError

NEVER = {"most_cells": 0}
"""No enumeration, so that the other methods must answer."""


def draw(seed: int, places: int = 40, sites: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    xy, there, built = chance.random((places, 2)), chance.random((sites, 2)), chance.random((2, 2))
    far = [np.hypot(*(xy[:, None] - other).transpose(2, 0, 1)) * 60 for other in (built, there)]
    return far[0].min(axis=1), far[1], chance.integers(0, 500, places).astype(float)


def brute(minutes: np.ndarray, candidates: np.ndarray, score, add: int) -> float:  # type: ignore[no-untyped-def]
    """Return the least score of all sets, one set at a time."""
    return min(
        float(score(np.minimum(minutes, candidates[:, list(one)].min(axis=1))[:, None])[0])
        for one in combinations(range(candidates.shape[1]), add)
    )


@pytest.mark.parametrize("add", [1, 2, 3])
@pytest.mark.parametrize("aim", ["median", "covering"])
@pytest.mark.parametrize("seed", range(4))
def test_enumeration_and_proof_find_what_brute_force_finds(add: int, aim: str, seed: int) -> None:
    now, then, people = draw(seed)
    score = mean_minutes(people) if aim == "median" else share_beyond(people, 12)
    gains = median_gains(now, then, people) if aim == "median" else covering_gains(now, then, people, 12)
    best = brute(now, then, score, add)
    looked = choose_sites(now, then, add, score)
    proven = choose_sites(now, then, add, score, gains=gains, **NEVER)
    rough = choose_sites(now, then, add, score, gains=gains, most_levels=0, **NEVER)
    assert [one.method for one in (looked, proven, rough)] == ["enumeration", "milp", "greedy_exchange"]
    for one in (looked, proven):
        assert one.after == pytest.approx(best, abs=1e-12)
        assert one.is_optimal
        assert one.gap == pytest.approx(0, abs=1e-6)
    assert rough.bound <= best + 1e-12 <= rough.after + 2e-12
    assert rough.after <= rough.before
    assert len(rough.chosen) <= add
    told = float(score(np.minimum(now, then[:, looked.chosen].min(axis=1))[:, None])[0])
    assert looked.after == pytest.approx(told)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_a_heuristic_is_never_better_than_its_bound(seed: int, add: int) -> None:
    now, then, people = draw(seed, places=15, sites=7)
    score = mean_minutes(people)
    rough = choose_sites(now, then, add, score, gains=median_gains(now, then, people), most_levels=0, **NEVER)
    best = brute(now, then, score, add)
    assert rough.bound - 1e-9 <= best <= rough.after + 1e-9
    if rough.is_optimal:
        assert rough.after == pytest.approx(best)


def test_any_score_may_be_lowered_and_is_then_no_proof_by_heuristic() -> None:
    now, then, _ = draw(3)

    def spread(minutes: np.ndarray) -> np.ndarray:
        return np.asarray(minutes.max(axis=0) - minutes.min(axis=0))

    looked = choose_sites(now, then, 2, spread)
    rough = choose_sites(now, then, 2, spread, **NEVER)
    assert looked.after == pytest.approx(brute(now, then, spread, 2))
    assert looked.is_optimal
    assert rough.method == "greedy_exchange"
    assert np.isnan(rough.gap)
    assert not rough.is_optimal
    assert looked.after <= rough.after + 1e-12


def test_sites_that_help_nobody_are_not_chosen() -> None:
    now = np.array([5.0, 5.0, 30.0])
    then = np.array([[9.0, 9.0, 4.0], [9.0, 9.0, 9.0], [40.0, 10.0, 31.0]])
    score = mean_minutes([1, 1, 1])
    assert choose_sites(now, then, 2, score).chosen.tolist() == [1, 2]
    assert choose_sites(now, then, 3, score).chosen.tolist() == [1, 2]
    nobody = choose_sites(now, then[:, :1], 1, score)
    assert (nobody.chosen.tolist(), nobody.before, nobody.gap) == ([], nobody.after, 0.0)
    beyond = choose_sites(
        now, then, 2, share_beyond([1, 1, 1], 12), gains=covering_gains(now, then, [1] * 3, 12)
    )
    assert beyond.chosen.tolist() == [1]
    assert beyond.after == 0.0


def test_of_equal_sites_the_first_is_taken_by_every_method() -> None:
    now, then = np.array([30.0, 30.0]), np.array([[9.0, 5.0, 5.0], [9.0, 5.0, 5.0]])
    score, gains = mean_minutes([1, 1]), median_gains(now, then, [1, 1])
    for more in ({}, NEVER, {**NEVER, "most_levels": 0}):
        found = choose_sites(now, then, 1, score, gains=gains, **more)
        assert found.after == 5.0
        assert found.chosen.tolist() in ([1], [2]) if more == NEVER else found.chosen.tolist() == [1]


@pytest.mark.parametrize(
    ("minutes", "candidates", "add"),
    [([1.0, np.inf], [[1.0], [1.0]], 1), ([1.0], [[1.0], [2.0]], 1), ([1.0], [[-1.0]], 1), ([1.0], [[1.0]], 0),
     ([1.0], [1.0], 1)],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    minutes: list[float], candidates: list[list[float]], add: int
) -> None:
    with pytest.raises(GeometryError):
        choose_sites(minutes, candidates, add, mean_minutes([1.0] * len(minutes)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # spopt builds models as PuLP 4 will not
def test_spopt_finds_the_same() -> None:
    locate = pytest.importorskip(
        "spopt.locate", reason="spopt is not installed: it is an oracle of tests only"
    )
    pulp = pytest.importorskip("pulp")
    pytest.importorskip("highspy", reason="highspy is not installed: spopt solves through it")
    now, then, people = draw(11, places=60, sites=15)
    solver = pulp.HiGHS(msg=False)
    both = np.column_stack([now, then])  # what is there already is one facility that must be kept
    for add in (1, 2, 3):
        weights = people[:, None]
        covers = locate.MCLP.from_cost_matrix(
            both, weights, service_radius=12, p_facilities=add + 1, predefined_facilities_arr=_keep(both)
        )
        covers.solve(solver)
        mine = choose_sites(
            now, then, add, share_beyond(people, 12), gains=covering_gains(now, then, people, 12), **NEVER
        )
        assert (1 - mine.after) * people.sum() == pytest.approx(covers.problem.objective.value())
        median = locate.PMedian.from_cost_matrix(
            both, weights, p_facilities=add + 1, predefined_facilities_arr=_keep(both)
        )
        median.solve(solver)
        mine = choose_sites(
            now, then, add, mean_minutes(people), gains=median_gains(now, then, people), **NEVER
        )
        assert mine.after * people.sum() == pytest.approx(median.problem.objective.value())


def _keep(both: np.ndarray) -> np.ndarray:
    return np.array([1] + [0] * (both.shape[1] - 1))
