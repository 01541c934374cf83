"""Accessibility on worked examples, by properties, and against PySAL `access` where it is installed."""

import warnings
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import coo_array, csr_array

from spatial.engine.travel.access import (
    coverage,
    covered,
    cumulative,
    enhanced_two_step,
    gather_times,
    gravity,
    nearest,
    two_step,
)
from spatial.engine.travel.impedance import exponential, gaussian, gaussian_within, power, steps, within
from spatial.errors import GeometryError

ZONES = {10: 1.0, 20: 0.68, 30: 0.22}
IMPEDANCES = {
    "within": within(20),
    "steps": steps(ZONES),
    "exponential": exponential(0.1),
    "power": power(1.5),
    "gaussian": gaussian(12),
    "gaussian_within": gaussian_within(30),
}


@pytest.fixture
def valley():
    """Three villages and two clinics: the first village reaches both, the last one reaches the far one only.

    ======== ====== ========= =========
    village  people clinic 0  clinic 1
    ======== ====== ========= =========
    0        100    5 min     15 min
    1        300    10 min    --
    2        500    --        25 min
    ======== ====== ========= =========
    """
    times = gather_times([0, 0, 1, 2], [0, 1, 0, 1], [5, 15, 10, 25], origins=3, targets=2)
    return times, np.array([40.0, 20.0]), np.array([100.0, 300.0, 500.0])


@st.composite
def counties(draw):
    """Draw journeys between a few places, with supply and demand; some reach nothing, some offer nothing."""
    origins, targets = draw(st.integers(1, 8)), draw(st.integers(1, 6))
    minutes = draw(arrays(float, (origins, targets), elements=st.floats(0, 40)))
    open_ = draw(arrays(bool, (origins, targets)))
    origin, target = np.nonzero(open_)
    times = gather_times(origin, target, minutes[open_], origins=origins, targets=targets)
    amounts = st.one_of(st.just(0.0), st.floats(0.01, 1e4))
    return (
        times,
        draw(arrays(float, targets, elements=amounts)),
        draw(arrays(float, origins, elements=amounts)),
    )


# Worked by hand


def test_cumulative_counts_what_lies_within_the_limit(valley):
    times, supply, _ = valley
    assert cumulative(times, supply, limit_min=15).tolist() == [60, 40, 0]
    assert cumulative(times, supply, limit_min=14.9).tolist() == [40, 40, 0]


def test_gravity_weighs_by_distance(valley):
    times, supply, _ = valley
    assert gravity(times, supply, power(1)) == pytest.approx([40 / 5 + 20 / 15, 4, 20 / 25])
    assert gravity(times, supply, exponential(0.1)) == pytest.approx(
        [40 * exp(-0.5) + 20 * exp(-1.5), 40 * exp(-1), 20 * exp(-2.5)]
    )
    assert gravity(times, supply, gaussian(10)) == pytest.approx(
        [40 * exp(-0.125) + 20 * exp(-1.125), 40 * exp(-0.5), 20 * exp(-3.125)]
    )


def test_a_journey_of_no_time_is_a_journey():
    times = gather_times([0], [0], [0], origins=2, targets=1)
    assert cumulative(times, [7], limit_min=0.0).tolist() == [7, 0]
    assert gravity(times, [7], power(2)).tolist() == [7, 0]
    assert nearest(times).minutes[0, 0] == 0


def test_nearest_gives_mean_and_last_and_says_where_there_are_fewer(valley):
    times, _, _ = valley
    found = nearest(times, 2)
    assert found.target.tolist() == [[0, 1], [0, -1], [1, -1]]
    np.testing.assert_array_equal(found.minutes, [[5, 15], [10, np.nan], [25, np.nan]])
    np.testing.assert_array_equal(found.mean_min, [10, np.nan, np.nan])
    np.testing.assert_array_equal(found.last_min, [15, np.nan, np.nan])


def test_nearest_looks_among_some(valley):
    times, supply, _ = valley
    found = nearest(times, among=supply < 30)
    np.testing.assert_array_equal(found.minutes[:, 0], [15, np.nan, 25])
    assert found.target[:, 0].tolist() == [1, -1, 1]


def test_nearest_of_equals_is_the_lower_number():
    times = gather_times([0, 0, 0], [2, 1, 0], [3, 3, 3], origins=1, targets=3)
    assert nearest(times, 2).target.tolist() == [[0, 1]]


def test_two_step_shares_clinics_out(valley):
    # Within 15 min: clinic 0 serves 100 + 300 people, clinic 1 the 100 of village 0 alone.
    shares = two_step(*valley, limit_min=15)
    assert shares.ratio == pytest.approx([40 / 400, 20 / 100])
    assert shares.access == pytest.approx([0.1 + 0.2, 0.1, 0.0])


def test_enhanced_two_step_weighs_in_both_steps(valley):
    # Clinic 0: 100 × 1 + 300 × 1; clinic 1: 100 × 0.68 + 500 × 0.22.
    shares = enhanced_two_step(*valley, steps(ZONES))
    ratio = [40 / 400, 20 / (68 + 110)]
    assert shares.ratio == pytest.approx(ratio)
    assert shares.access == pytest.approx([ratio[0] + 0.68 * ratio[1], ratio[0], 0.22 * ratio[1]])


def test_supply_that_nobody_claims_is_no_access_of_zero():
    times = gather_times([0, 1, 2], [0, 0, 1], [5, 5, 5], origins=4, targets=2)
    shares = two_step(times, [10, 10], [0, 0, 50, 50], limit_min=10)
    np.testing.assert_array_equal(shares.ratio, [np.nan, 0.2])
    np.testing.assert_array_equal(shares.access, [np.nan, np.nan, 0.2, 0.0])


def test_coverage_is_the_share_of_people_with_enough(valley):
    times, supply, demand = valley
    reached = covered(times, supply, limit_min=15)
    assert reached.tolist() == [True, True, False]
    assert coverage(reached, demand) == pytest.approx(400 / 900)
    assert covered(times, supply, limit_min=15, needed=50).tolist() == [True, False, False]
    assert covered(times, [0, 20], limit_min=15).tolist() == [True, False, False]
    assert np.isnan(coverage(reached, [0, 0, 0]))


def test_zones_end_where_they_say():
    ends = np.array([0, 10, 10.001, 20, 30, 30.001])
    assert steps(ZONES)(ends).tolist() == [1, 1, 0.68, 0.68, 0.22, 0]
    assert within(10)(ends).tolist() == [1, 1, 0, 0, 0, 0]


# By properties


@pytest.mark.parametrize("name", IMPEDANCES)
@settings(deadline=None)
@given(county=counties())
def test_shared_supply_is_conserved(name, county):
    times, supply, demand = county
    shares = enhanced_two_step(times, supply, demand, IMPEDANCES[name])
    claimed = ~np.isnan(shares.ratio)
    peopled = demand > 0
    given_out = (demand[peopled] * shares.access[peopled]).sum()
    assert given_out == pytest.approx(supply[claimed].sum(), rel=1e-9)


@pytest.mark.parametrize("name", IMPEDANCES)
@settings(deadline=None)
@given(county=counties(), longer=st.floats(0, 30))
def test_gravity_falls_as_journeys_grow(name, county, longer):
    times, supply, _ = county
    slower = csr_array((times.data + longer, times.indices, times.indptr), shape=times.shape)
    near, far = (gravity(each, supply, IMPEDANCES[name]) for each in (times, slower))
    assert (far <= near * (1 + 1e-12)).all()


@settings(deadline=None)
@given(county=counties(), limit=st.floats(0, 40), more=st.floats(0, 20))
def test_reach_grows_with_the_limit(county, limit, more):
    times, supply, _ = county
    small, large = (cumulative(times, supply, limit_min=each) for each in (limit, limit + more))
    assert (small <= large * (1 + 1e-12)).all()
    assert (covered(times, supply, limit_min=limit) <= covered(times, supply, limit_min=limit + more)).all()


@settings(deadline=None)
@given(county=counties(), k=st.integers(1, 8))
def test_nearest_is_the_sorted_row(county, k):
    times, _, _ = county
    found = nearest(times, k)
    for row in range(times.shape[0]):
        wanted = np.sort(times.data[times.indptr[row] : times.indptr[row + 1]])[:k]
        np.testing.assert_array_equal(found.minutes[row], np.append(wanted, [np.nan] * (k - len(wanted))))
    kept = found.target >= 0
    rows = np.nonzero(kept)[0]
    np.testing.assert_array_equal(times.toarray()[rows, found.target[kept]], found.minutes[kept])


@settings(deadline=None)
@given(county=counties(), seed=st.integers(0, 99))
def test_the_order_of_journeys_changes_no_bit(county, seed):
    times, supply, demand = county
    listed = times.tocoo()
    order = np.random.default_rng(seed).permutation(listed.nnz)
    origin, target = (places[order] for places in listed.coords)
    again = gather_times(origin, target, listed.data[order], origins=times.shape[0], targets=times.shape[1])
    for impedance in IMPEDANCES.values():
        one, two = (enhanced_two_step(each, supply, demand, impedance).access for each in (times, again))
        assert one.tobytes() == two.tobytes()


def test_unsorted_rows_are_read_right_and_left_as_they_are():
    times = csr_array(([9.0, 4.0], [1, 0], [0, 2]), shape=(1, 2))
    assert nearest(times, 2).target.tolist() == [[0, 1]]
    assert cumulative(times, [1, 10], limit_min=5).tolist() == [1]
    assert times.data.tolist() == [9, 4]


@settings(deadline=None)
@given(minutes=st.floats(0, 500))
def test_weights_lie_between_zero_and_one(minutes):
    for impedance in IMPEDANCES.values():
        assert 0 <= impedance(np.array([minutes]))[0] <= 1


# Against PySAL


@pytest.mark.parametrize("name", ["within", "steps", "gaussian", "gaussian_within"])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_same_as_pysal(name, seed):
    rival = pytest.importorskip("access", reason="PySAL's access is not installed, nothing to compare with")
    import pandas as pd

    random = np.random.default_rng(seed)
    origins, targets = 40, 12
    minutes = random.uniform(0, 45, (origins, targets)).round(1)
    origin, target = np.nonzero(minutes <= 40)
    # Everywhere are people, so that no ratio is undefined: PySAL would divide by zero.
    demand, supply = (
        random.integers(1, 900, origins).astype(float),
        random.integers(0, 60, targets).astype(float),
    )
    impedance = IMPEDANCES[name]
    weigh = {
        "within": rival.weights.step_fn({20: 1}),
        "steps": rival.weights.step_fn(ZONES),
        "gaussian": rival.weights.gaussian(12),
        "gaussian_within": lambda t: float(impedance(np.array([t]))[0]),
    }[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = rival.Access(
            demand_df=pd.DataFrame({"id": np.arange(origins), "people": demand}),
            demand_index="id",
            demand_value="people",
            supply_df=pd.DataFrame({"id": np.arange(targets), "beds": supply}),
            supply_index="id",
            supply_value="beds",
            cost_df=pd.DataFrame({"origin": origin, "dest": target, "cost": minutes[origin, target]}),
            cost_origin="origin",
            cost_dest="dest",
            cost_name="cost",
        )
        if name == "within":
            found = theirs.two_stage_fca(name="fca", max_cost=20)["fca_beds"]
        else:
            found = theirs.enhanced_two_stage_fca(name="fca", weight_fn=weigh)["fca_beds"]
    times = gather_times(origin, target, minutes[origin, target], origins=origins, targets=targets)
    ours = enhanced_two_step(times, supply, demand, impedance).access
    np.testing.assert_allclose(ours, found.reindex(range(origins)).fillna(0.0), rtol=1e-12)


# Bad input


@pytest.mark.parametrize(
    ("minutes", "message"),
    [
        ([1, np.nan], "1 of 2 numbers is missing, the first at 1"),
        ([-1, -2], "2 of 2 numbers are negative, the first at 0: -1.0"),
        ([1, np.inf], "infinite.*leave out what cannot be reached"),
        (["soon", 1], "these are no numbers"),
        ([[1, 2]], r"shape \(1, 2\)"),
        ([1, 2, 3], "2 origins, 2 targets and 3 minutes"),
    ],
)
def test_wrong_minutes_are_refused(minutes, message):
    with pytest.raises(GeometryError, match=message):
        gather_times([0, 1], [0, 1], minutes, origins=2, targets=2)


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ([0, 2], "origin: place 2 is none of the 2 places"),
        ([-1, -1], r"place -1 is none of the 2 places \(2 like it\)"),
        ([0.0, 1.0], "numbers of type float64"),
        ([1, 1], "1 pair of origin and target is given more than once"),
    ],
)
def test_wrong_places_are_refused(origin, message):
    with pytest.raises(GeometryError, match=message):
        gather_times(origin, [1, 1], [3, 4], origins=2, targets=2)


def test_matrices_that_hold_wrong_journeys_are_refused():
    shape = (1, 2)
    for data, message in (([1.0, np.nan], "missing"), ([-1.0, 1.0], "negative")):
        with pytest.raises(GeometryError, match=message):
            cumulative(csr_array((data, ([0, 0], [0, 1])), shape=shape), [1, 1], limit_min=5)
    twice = csr_array(([1.0, 2.0], [1, 1], [0, 2]), shape=shape)
    with pytest.raises(GeometryError, match="more than once"):
        nearest(twice)
    with pytest.raises(GeometryError, match="gather_times"):
        nearest(coo_array(shape))


def test_wrong_amounts_are_refused(valley):
    times, supply, demand = valley
    with pytest.raises(GeometryError, match="supply: 3 given for 2 targets"):
        cumulative(times, [1, 2, 3], limit_min=5)
    with pytest.raises(GeometryError, match="demand: 1 of 3 numbers is negative"):
        two_step(times, supply, [1, 2, -3], limit_min=5)
    with pytest.raises(GeometryError, match="demand: 2 given for 3 origins"):
        two_step(times, supply, demand[:2], limit_min=5)
    with pytest.raises(GeometryError, match="weights of the impedance: 4 of 4 numbers are negative"):
        gravity(times, supply, lambda minutes: -minutes)
    with pytest.raises(GeometryError, match="weights of the impedance: 1 given for 4 journeys"):
        gravity(times, supply, lambda minutes: np.ones(1))
    with pytest.raises(GeometryError, match="k: 0 nearest"):
        nearest(times, 0)
    with pytest.raises(GeometryError, match=r"needed: 0\.0 has no meaning"):
        covered(times, supply, limit_min=5, needed=0)


@pytest.mark.parametrize("make", [exponential, power, gaussian, gaussian_within])
@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf])
def test_wrong_impedances_are_refused(make, value):
    with pytest.raises(GeometryError, match="above zero"):
        make(value)


def test_wrong_zones_are_refused():
    with pytest.raises(GeometryError, match="no zone"):
        steps({})
    with pytest.raises(GeometryError, match=r"zone weights.*negative"):
        steps({10: -1})
    with pytest.raises(GeometryError, match=r"zone ends.*missing"):
        within(float("nan"))


def test_nothing_at_all_is_measured_as_nothing():
    times = gather_times([], [], [], origins=2, targets=0)
    assert cumulative(times, [], limit_min=5).tolist() == [0, 0]
    assert nearest(times).target.tolist() == [[-1], [-1]]
    assert two_step(times, [], [1, 1], limit_min=5).access.tolist() == [0, 0]
