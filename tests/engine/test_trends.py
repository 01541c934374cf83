"""Trends: both lead back to the values that they were made from."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from spatial.engine.trends import carry_on, rate_of, step_of

values = st.floats(1, 1e4)
years = st.integers(1, 100)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), years)
def test_equal_steps_lead_to_the_last_value(first: float, last: float, passed: int) -> None:
    step = step_of(first, last, passed)
    assert step is not None
    made = carry_on(first, passed, step=step)
    assert made is not None
    assert math.isclose(made, last, rel_tol=1e-9, abs_tol=1e-5)


@given(values, values, years)
def test_an_equal_rate_leads_to_the_last_value(first: float, last: float, passed: int) -> None:
    rate = rate_of(first, last, passed)
    assert rate is not None
    made = carry_on(first, passed, rate=rate)
    assert made is not None
    assert math.isclose(made, last, rel_tol=1e-6)
    # By hand: the power that the doc names.
    assert math.isclose(1 + rate, (last / first) ** (1 / passed), rel_tol=1e-9)


@given(values, values, years)
def test_both_say_which_way_it_goes(first: float, last: float, passed: int) -> None:
    step, rate = step_of(first, last, passed), rate_of(first, last, passed)
    assert step is not None
    assert rate is not None
    if not math.isclose(first, last):
        assert (step > 0) == (rate > 0) == (last > first)


def test_there_is_no_trend_without_time_and_no_rate_at_or_below_zero() -> None:
    assert step_of(1.0, 2.0, 0) is None
    assert rate_of(1.0, 2.0, 0) is None
    assert rate_of(0.0, 2.0, 3) is None
    assert rate_of(1.0, -2.0, 3) is None
    assert carry_on(1.0, 3) is None
    assert carry_on(1.0, 3, rate=-1.0) is None
    assert carry_on(1e300, 1e6, rate=0.5) is None
