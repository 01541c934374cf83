"""Impedance: how much a journey counts, the longer the less.

An impedance is a function from minutes to weights, zero or more. Those made here start at 1 for a journey of
no time (`power`: for one of `least_min` = 1) and never rise; one's own may do as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from spatial.engine.amounts import check_above_zero, check_amounts, make_fault
from spatial.engine.travel.network import Floats

Impedance = Callable[[Floats], Floats]
"""From minutes (any shape, zero or more) to weights of the same shape, zero or more."""


def within(limit_min: float) -> Impedance:
    """Count a journey fully up to a limit, the limit included, and not at all beyond.

    Examples
    --------
    >>> within(15)(np.array([0.0, 15.0, 15.1])).tolist()
    [1.0, 1.0, 0.0]
    """
    return steps({limit_min: 1.0})


def steps(weights: Mapping[float, float]) -> Impedance:
    """Weigh journeys by zones of time, as Luo & Qi (2009) do.

    Parameters
    ----------
    weights : mapping of float to float
        Upper end of each zone in minutes (included) to its weight; beyond the last zone the weight is zero.

    Raises
    ------
    GeometryError
        No zone, or an end or a weight that is missing, infinite or negative.

    Examples
    --------
    >>> steps({10: 1.0, 20: 0.68, 30: 0.22})(np.array([10.0, 10.5, 30.0, 31.0])).tolist()
    [1.0, 0.68, 0.22, 0.0]
    """
    ends = check_amounts("zone ends", sorted(weights))
    if not ends.size:
        raise make_fault("zones", "there is no zone", "give at least one end with its weight")
    heights = np.append(check_amounts("zone weights", [weights[end] for end in sorted(weights)]), 0.0)

    def weigh(minutes: Floats) -> Floats:
        # Comparing with every end takes no branch, which is several times as fast as a search per journey.
        zone = np.zeros(np.shape(minutes), dtype=np.intp)
        for end in ends:
            zone += minutes > end
        return heights[zone]

    return weigh


def exponential(rate_per_min: float) -> Impedance:
    """Let the weight fall as ``exp(-rate t)``; it halves every ``ln 2 / rate`` minutes.

    Examples
    --------
    >>> exponential(0.1)(np.array([0.0, 10.0])).round(3).tolist()
    [1.0, 0.368]
    """
    rate = check_above_zero("rate_per_min", rate_per_min)
    return lambda minutes: np.exp(-rate * minutes)


def power(exponent: float, *, least_min: float = 1.0) -> Impedance:
    """Let the weight fall as ``t ** -exponent``, Hansen's (1959) gravity.

    Journeys below `least_min` count as that long: without it a journey of no time weighs infinitely much.

    Examples
    --------
    >>> power(2)(np.array([0.0, 1.0, 2.0])).tolist()
    [1.0, 1.0, 0.25]
    """
    fall, least = check_above_zero("exponent", exponent), check_above_zero("least_min", least_min)
    return lambda minutes: np.maximum(minutes, least) ** -fall


def gaussian(width_min: float) -> Impedance:
    """Let the weight fall as ``exp(-t² / (2 width²))``; at `width_min` it is 0.607.

    Examples
    --------
    >>> gaussian(20)(np.array([0.0, 20.0, 40.0])).round(3).tolist()
    [1.0, 0.607, 0.135]
    """
    width = check_above_zero("width_min", width_min)
    return lambda minutes: np.exp(-0.5 * (minutes / width) ** 2)


def gaussian_within(limit_min: float) -> Impedance:
    """Let the weight fall along a Gaussian that reaches exactly zero at a limit.

    ``(exp(-(t / limit)² / 2) - exp(-1/2)) / (1 - exp(-1/2))`` up to the limit, zero beyond: Dai (2010),
    Health & Place 16, 1038-1052, the "Gaussian 2SFCA" of most Chinese studies.

    Examples
    --------
    >>> gaussian_within(30)(np.array([0.0, 15.0, 30.0, 45.0])).round(3).tolist()
    [1.0, 0.701, 0.0, 0.0]
    """
    limit, floor = check_above_zero("limit_min", limit_min), np.exp(-0.5)
    return lambda minutes: np.maximum(np.exp(-0.5 * (minutes / limit) ** 2) - floor, 0.0) / (1 - floor)
