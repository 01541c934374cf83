"""Drift: soil that wind carries off, by the revised wind erosion equation (RWEQ).

Fryrear, D. W. et al. (1998/2000), Revised Wind Erosion Equation. Values are float32, NaN where any input is
missing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]
Number = npt.ArrayLike


def erodible_fraction(
    sand: Number, silt: Number, clay: Number, organic_matter: Number, lime: Number = 0.0
) -> Values:
    """Return the share EF of soil that wind can carry, 0 to 1.

    ``(29.09 + 0.31 sand + 0.17 silt + 0.33 sand/clay - 2.59 OM - 0.95 CaCO3) / 100``, held between 0 and 1.

    Parameters
    ----------
    sand, silt, clay, organic_matter, lime : array_like
        Percent. The formula was fitted to soils of 5 to 39 percent of clay; sand without any clay gives 1.

    Examples
    --------
    >>> round(float(erodible_fraction(60, 25, 15, 1.0)), 4)
    0.5067
    """
    sand, clay = _wide(sand), _wide(clay)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((clay == 0) & (sand == 0), 0.0, sand / clay)
    fraction = 29.09 + 0.31 * sand + 0.17 * _wide(silt) + 0.33 * ratio
    return _slim(np.clip((fraction - 2.59 * _wide(organic_matter) - 0.95 * _wide(lime)) / 100, 0, 1))


def crust_factor(clay: Number, organic_matter: Number) -> Values:
    """Return the factor SCF of soil crusts, ``1 / (1 + 0.0066 clay² + 0.021 OM²)``, both in percent.

    Examples
    --------
    >>> round(float(crust_factor(10, 2)), 4)
    0.5734
    """
    return _slim(1 / (1 + 0.0066 * _wide(clay) ** 2 + 0.021 * _wide(organic_matter) ** 2))


def wind_cover(cover: Number, decay: Number) -> Values:
    """Return the factor C of plants against wind, ``exp(-a SC)``.

    Parameters
    ----------
    cover : array_like
        Percent of the ground that plants cover, 0 to 100.
    decay : array_like
        a, by kind of plants.

    Examples
    --------
    >>> round(float(wind_cover(30, 0.1151)), 4)
    0.0317
    """
    return _slim(np.exp(-_wide(decay) * _wide(cover)))


def sand_flux(
    weather: Number, erodible: Number, crust: Number, rough: Number, cover: Number, *, distance_m: float
) -> Values:
    """Return the soil SL that wind carries off, kg/m².

    Parameters
    ----------
    weather : array_like
        WF, kg/m.
    erodible, crust, rough, cover : array_like
        EF, SCF, K' and C, each 0 to 1.
    distance_m : float
        z, how far downwind of the field's edge the loss is asked.

    Notes
    -----
    ``Q = 109.8 F`` and ``s = 150.71 F^-0.3711`` with ``F = WF EF SCF K' C``;
    ``SL = (2 z / s²) Q exp(-(z / s)²)``. Where F is 0, nothing is carried off.

    Examples
    --------
    >>> round(float(sand_flux(20, 0.5, 0.5, 0.8, 0.5, distance_m=50)), 4)
    1.3453
    """
    force = _wide(weather) * _wide(erodible) * _wide(crust) * _wide(rough) * _wide(cover)
    with np.errstate(divide="ignore"):
        length = 150.71 * force**-0.3711
    carried = 2 * distance_m / length**2 * (109.8 * force) * np.exp(-((distance_m / length) ** 2))
    return _slim(np.where(force == 0, 0.0, carried))


def sand_retained(
    weather: Number, erodible: Number, crust: Number, rough: Number, cover: Number, *, distance_m: float
) -> Values:
    """Return the soil that plants keep from the wind, kg/m²: the loss of bare ground less that under plants.

    The parameters are those of `sand_flux`. Where winds are so strong that bare soil is blown out before the
    distance is reached, the equation makes the loss fall again, and the difference can be below 0.

    Examples
    --------
    >>> round(float(sand_retained(20, 0.5, 0.5, 0.8, 0.5, distance_m=50)), 3)
    2.631
    """
    bare = _wide(sand_flux(weather, erodible, crust, rough, 1.0, distance_m=distance_m))
    return _slim(bare - sand_flux(weather, erodible, crust, rough, cover, distance_m=distance_m))


def _wide(values: Number) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _slim(values: npt.NDArray[Any]) -> Values:
    return np.asarray(values, dtype=np.float32)
