"""Amounts: numbers of people, beds and minutes that measures take, refused where they mean nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spatial.engine.travel.network import Floats
from spatial.errors import Fault, GeometryError


def check_amounts(name: str, values: npt.ArrayLike) -> Floats:
    """Return one-dimensional numbers, or refuse those that are missing, infinite or negative.

    Raises
    ------
    GeometryError
        Saying how many of which values are wrong, and where the first is.

    Examples
    --------
    >>> check_amounts("supply", [1, -2])
    Traceback (most recent call last):
    spatial.errors.GeometryError: supply: 1 of 2 numbers is negative, the first at 1: -2.0; give zero or more
    """
    try:
        amounts = np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError) as error:
        raise make_fault(name, f"these are no numbers ({error})", "give numbers, zero or more") from error
    if amounts.ndim != 1:
        raise make_fault(name, f"an array of shape {amounts.shape}", "give one number per place")
    if not amounts.size or (np.isfinite(_add(amounts)) and amounts.min() >= 0):
        return amounts
    for what, wrong, remedy in (
        ("missing", np.isnan(amounts), "leave out what is unknown or say what it is"),
        ("infinite", np.isinf(amounts), "leave out what cannot be reached"),
        ("negative", amounts < 0, "give zero or more"),
    ):
        if count := np.count_nonzero(wrong):
            first = int(np.argmax(wrong))
            verb = "is" if count == 1 else "are"
            seen = f"{count} of {len(amounts)} numbers {verb} {what}, the first at {first}: {amounts[first]}"
            raise make_fault(name, seen, remedy)
    return amounts


def check_fit(name: str, values: npt.ArrayLike, count: int, places: str) -> Floats:
    """Return amounts, or refuse them where there is not one for each place.

    Raises
    ------
    GeometryError
        As `check_amounts`, or saying how many amounts there are for how many places.

    Examples
    --------
    >>> check_fit("supply", [1, 2], 2, "targets").tolist()
    [1.0, 2.0]
    """
    amounts = check_amounts(name, values)
    if len(amounts) != count:
        raise make_fault(name, f"{len(amounts)} given for {count} {places}", "give one number for each")
    return amounts


def check_above_zero(name: str, value: float) -> float:
    """Return a number, or refuse it unless it is finite and above zero.

    Raises
    ------
    GeometryError
        The number is zero, negative, missing or infinite.

    Examples
    --------
    >>> check_above_zero("width_min", 20)
    20.0
    """
    number = float(value)
    if not np.isfinite(number) or number <= 0:
        raise make_fault(name, f"{number} has no meaning here", "give a number above zero")
    return number


def make_fault(name: str, problem: str, remedy: str) -> GeometryError:
    """Make the error of one argument, with what would be right.

    Examples
    --------
    >>> str(make_fault("k", "0 targets", "ask for one or more"))
    'k: 0 targets; ask for one or more'
    """
    return GeometryError(Fault("", name, problem, remedy))


def _add(amounts: Floats) -> float:
    """Add up without complaint: one pass tells whether all are finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(amounts.sum())
