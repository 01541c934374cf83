"""Ecology: formulas of soil loss, drifting sand, retained water, heat and comfort, cell by cell.

Every function takes arrays that match each other (or plain numbers) and gives float32 with NaN where any
input is missing. Coefficients of published formulas stand here with their source; what a guide or a planner
may set (thresholds, tables by land cover, lapse rates) is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.scoring import Edge, grade_by_breaks
from spatial.errors import GeometryError

Values = npt.NDArray[np.float32]
Number = npt.ArrayLike

_SI_ERODIBILITY = 0.1317
"""From short ton·acre·h per (100 acre·foot·short ton·inch), as EPIC gives K, to t·ha·h/(ha·MJ·mm)."""


def erodibility(sand: Number, silt: Number, clay: Number, organic: Number) -> Values:
    """Return the soil erodibility K by EPIC, corrected for Chinese soils, t·ha·h/(ha·MJ·mm).

    Parameters
    ----------
    sand, silt, clay : array_like
        Percent by weight, by the American limits (0.05 and 0.002 mm).
    organic : array_like
        Organic carbon, percent; organic matter divided by 1.724.

    Notes
    -----
    Williams et al. (1984), EPIC; ``K = (-0.01383 + 0.51575 K_EPIC) 0.1317`` by Zhang et al. (2008). What
    would fall below 0 (nearly pure sand) is 0.

    Examples
    --------
    >>> round(float(erodibility(40, 40, 20, 1.0)), 4)
    0.0182
    """
    sand, silt, clay, organic = (_wide(item) for item in (sand, silt, clay, organic))
    fine = silt + clay
    ratio = np.divide(silt, fine, out=np.where(np.isnan(fine), np.nan, 0.0), where=fine > 0)
    rest = 1 - sand / 100
    epic = (
        (0.2 + 0.3 * np.exp(-0.0256 * sand * (1 - silt / 100)))
        * ratio**0.3
        * (1 - 0.25 * organic / (organic + np.exp(3.72 - 2.95 * organic)))
        * (1 - 0.7 * rest / (rest + np.exp(-5.51 + 22.9 * rest)))
    )
    return _slim(np.maximum((-0.01383 + 0.51575 * epic) * _SI_ERODIBILITY, 0))


def rain_erosivity(
    daily_mm: Number, warm: Sequence[bool], *, alphas: tuple[float, float], power: float, least_mm: float
) -> Values:
    """Return the erosivity R of the rain of some days, MJ·mm/(ha·h) in all.

    ``R = sum of alpha P^power`` over days of at least `least_mm`; half-months add up to the same.

    Parameters
    ----------
    daily_mm : array_like, shape (days, ...)
        Rain of each day; of several years too: divide by their number. A missing day makes the sum missing.
    warm : sequence of bool
        Which days lie in the warm season.
    alphas : tuple of float
        In the warm and in the cold season.
    power, least_mm : float
        The exponent, and the least daily rain that erodes.

    Raises
    ------
    GeometryError
        Days and seasons that do not match.

    Examples
    --------
    >>> float(rain_erosivity([10.0, 20.0], [True, False], alphas=(0.5, 0.25), power=2, least_mm=12))
    100.0
    """
    rain = _wide(daily_mm)
    if len(rain) != len(warm):
        raise GeometryError(f"{len(rain)} days of rain and {len(warm)} days of seasons do not match")
    alpha = np.where(np.asarray(warm, dtype=bool), *alphas).reshape((-1, *(1,) * (rain.ndim - 1)))
    counted = np.where(rain < least_mm, 0.0, rain)
    return _slim((alpha * counted**power).sum(axis=0))


def soil_loss(erosivity: Number, erodible: Number, terrain: Number, cover: Number) -> Values:
    """Return the soil loss by RUSLE, ``R K LS C``, t/(ha·yr) from R per year and K in SI units.

    Examples
    --------
    >>> float(soil_loss(3000, 0.04, 2.0, 0.1))
    24.0
    """
    return _slim(_wide(erosivity) * _wide(erodible) * _wide(terrain) * _wide(cover))


def soil_retained(erosivity: Number, erodible: Number, terrain: Number, cover: Number) -> Values:
    """Return the soil that plants keep in place, ``R K LS (1 - C)``, t/(ha·yr).

    Examples
    --------
    >>> float(soil_retained(3000, 0.04, 2.0, 0.1))
    216.0
    """
    return _slim(_wide(erosivity) * _wide(erodible) * _wide(terrain) * (1 - _wide(cover)))


def cover_factor(
    kinds: npt.NDArray[np.uint8],
    cover: Number,
    table: Mapping[int, Sequence[float]],
    breaks: Sequence[float],
    *,
    dry: Sequence[int] = (),
    edges: Edge | Sequence[Edge] = "above",
) -> Values:
    """Return the factor C of plants by kind of land and how much of it they cover.

    Parameters
    ----------
    kinds : ndarray of uint8
        0 missing.
    cover : array_like
        Share 0 to 1. Missing cover does not matter to kinds with one factor.
    table : mapping of int to sequence of float
        By kind: one factor, or one for each interval between breaks, sparse first. Other kinds are missing.
    breaks : sequence of float
        Rising shares.
    dry : sequence of int
        Kinds that follow `dryland_cover`.
    edges : str or sequence of str
        As in `grade_by_breaks`.

    Examples
    --------
    >>> kinds = np.array([1, 1, 2, 3], np.uint8)
    >>> found = cover_factor(kinds, [0.2, 0.8, np.nan, 1.0], {1: [0.4, 0.1], 2: [0.0]}, [0.5], dry=[3])
    >>> found.round(3).tolist()
    [0.4000000059604645, 0.10000000149011612, 0.0, 0.22100000083446503]
    """
    share = np.broadcast_to(_slim(_wide(cover)), kinds.shape)
    place = grade_by_breaks(share, breaks, edges=edges)
    found = np.full(kinds.shape, np.nan, dtype=np.float32)
    for kind, factors in table.items():
        if len(factors) not in (1, len(breaks) + 1):
            raise GeometryError(f"kind {kind} has {len(factors)} factors for {len(breaks)} breaks")
        here = kinds == kind
        row = np.array([np.nan, *factors] if len(factors) > 1 else [factors[0]] * (len(breaks) + 2))
        found[here] = row[place[here]]
    for kind in dry:
        here = kinds == kind
        found[here] = dryland_cover(share[here])
    return found


def dryland_cover(cover: Number) -> Values:
    """Return the factor C of dry fields, ``0.221 - 0.595 log10(cover)``, held between 0 and 1.

    Parameters
    ----------
    cover : array_like
        A share from 0 to 1, not percent: at 100 percent the formula would fall below 0.

    Examples
    --------
    >>> dryland_cover([1.0, 0.1, 0.0]).round(3).tolist()
    [0.22100000083446503, 0.8159999847412109, 1.0]
    """
    share = _wide(cover)
    with np.errstate(divide="ignore"):
        return _slim(np.clip(0.221 - 0.595 * np.log10(share), 0, 1))


def retained_water(rain: Number, evaporation: Number, runoff_share: Number) -> Values:
    """Return the water that land keeps, ``P - P alpha - ET``, mm/yr; below 0 where evaporation takes more.

    Examples
    --------
    >>> float(retained_water(1000, 600, 0.02))
    380.0
    """
    fallen = _wide(rain)
    return _slim(fallen - fallen * _wide(runoff_share) - _wide(evaporation))


def aridity(evaporation: Number, rain: Number) -> Values:
    """Return how many times the rain could evaporate; missing where there is no rain.

    Examples
    --------
    >>> float(aridity(1200, 600))
    2.0
    """
    fallen = _wide(rain)
    return _slim(_wide(evaporation) / np.where(fallen > 0, fallen, np.nan))


def geometric_mean(*grades: npt.NDArray[Any]) -> Values:
    """Return ``(a b c …)^(1/n)`` of factors; missing where any of them is.

    Parameters
    ----------
    *grades : ndarray
        Grades (uint8, 0 missing) or values (float, NaN missing). A factor without data is left out by not
        handing it in.

    Examples
    --------
    >>> geometric_mean(np.array([1, 5], np.uint8), np.array([3, 0], np.uint8)).round(4).tolist()
    [1.732100009918213, nan]
    """
    product = np.ones(np.broadcast_shapes(*(grade.shape for grade in grades)), dtype=np.float64)
    for grade in grades:
        product *= np.where(grade == 0, np.nan, grade) if grade.dtype.kind in "ui" else grade
    return _slim(product ** (1 / len(grades)))


def comfort_index(temperature_c: Number, humidity: Number) -> Values:
    """Return the temperature-humidity index ``T - 0.55 (1 - f)(T - 58)``, T in degrees Fahrenheit.

    Parameters
    ----------
    temperature_c : array_like
        Mean of a month, degrees Celsius.
    humidity : array_like
        Relative, 0 to 1.

    Examples
    --------
    >>> round(float(comfort_index(25, 0.6)), 2), float(comfort_index(10, 1.0))
    (72.82, 50.0)
    """
    fahrenheit = _wide(temperature_c) * 1.8 + 32
    return _slim(fahrenheit - 0.55 * (1 - _wide(humidity)) * (fahrenheit - 58))


def temperature_at(temperature_c: Number, rise_m: Number, lapse: float) -> Values:
    """Return temperatures so much higher up, degrees Celsius.

    Parameters
    ----------
    temperature_c : array_like
    rise_m : array_like
        Height of the cell less the height that the temperatures hold for.
    lapse : float
        Degrees Celsius lost each 100 m. A difference: no 32 is added where it is turned into Fahrenheit.

    Examples
    --------
    >>> float(temperature_at(14, 500, 0.6))
    11.0
    """
    return _slim(_wide(temperature_c) - _wide(rise_m) * (lapse / 100))


def accumulated_temperature(monthly_c: Number, days: Sequence[float], floor: float = 0.0) -> Values:
    """Return the accumulated temperature of a year from monthly means, degree-days.

    Parameters
    ----------
    monthly_c : array_like, shape (12, ...)
        Degrees Celsius; correct them for height first: that is the exact way.
    days : sequence of float
        Of each month.
    floor : float
        Months whose mean is below it do not count. Those above count whole, not only what exceeds it.

    Examples
    --------
    >>> float(accumulated_temperature([-5.0, 10.0], [31, 30]))
    300.0
    """
    means = _wide(monthly_c)
    if len(means) != len(days):
        raise GeometryError(f"{len(means)} temperatures and {len(days)} months do not match")
    length = np.asarray(days, dtype=np.float64).reshape((-1, *(1,) * (means.ndim - 1)))
    return _slim((np.where(means < floor, 0.0, means) * length).sum(axis=0))


def accumulated_at(accumulated: Number, rise_m: Number, days: Number, lapse: float) -> Values:
    """Return accumulated temperatures so much higher up, degree-days, never below 0.

    Each of the days that were counted loses `lapse` degrees Celsius per 100 m. That is exact where the season
    keeps its length. Where it grows shorter, days drop out that had less to lose, so the loss is overstated
    uphill, the more the higher. Where monthly means are known, correct those instead.

    Parameters
    ----------
    accumulated : array_like
        Degree-days at the height that they hold for.
    rise_m : array_like
        Height of the cell less that height.
    days : array_like
        Number of days counted in a year.
    lapse : float
        Degrees Celsius each 100 m.

    Examples
    --------
    >>> float(accumulated_at(4800, 500, 300, 0.6))
    3900.0
    """
    loss = _wide(rise_m) * (lapse / 100) * _wide(days)
    return _slim(np.maximum(_wide(accumulated) - loss, 0))


def _wide(values: Number) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _slim(values: npt.NDArray[Any]) -> Values:
    return np.asarray(values, dtype=np.float32)
