"""Trends: what a value changes by in a year, by equal steps and at an equal rate, and where that leads."""

from __future__ import annotations

import math


def step_of(first: float, last: float, years: float) -> float | None:
    """Return the change in one year, by equal steps; None where no time has passed.

    Examples
    --------
    >>> step_of(60.0, 62.0, 4)
    0.5
    """
    return (last - first) / years if years > 0 else None


def rate_of(first: float, last: float, years: float) -> float | None:
    """Return the growth in one year at a constant rate, as a share: ``(last / first) ** (1 / years) - 1``.

    None where no time has passed, or a value is not above zero, for which there is no such rate.

    Examples
    --------
    >>> round(rate_of(100.0, 121.0, 2), 12)
    0.1
    """
    if years <= 0 or first <= 0 or last <= 0:
        return None
    return math.expm1((math.log(last) - math.log(first)) / years)


def carry_on(
    last: float, years: float, *, step: float | None = None, rate: float | None = None
) -> float | None:
    """Return the value so many years on, by equal steps or at a constant rate; None where it has neither.

    Parameters
    ----------
    last : float
        Value now.
    years : float
        How far on; negative is back.
    step, rate : float, optional
        One of the two.

    Examples
    --------
    >>> carry_on(62.0, 3, step=0.5), round(carry_on(100.0, 2, rate=0.1), 9)
    (63.5, 121.0)
    """
    if step is not None:
        return last + step * years
    if rate is None or rate <= -1:
        return None
    try:
        value = last * math.exp(math.log1p(rate) * years)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None
