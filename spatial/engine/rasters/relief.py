"""Relief of the ground: slope, aspect, relative relief in a moving window, and the factor of slope length.

Rasters are north up with square cells; heights and cells are in metres. Everything here is focal: a block
padded by its halo (one cell for slope and aspect, half a window for relief) has inside what the whole raster
has there, bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from spatial.errors import GeometryError

Values = npt.NDArray[np.float32]

_STRIP_CELLS = 1 << 18
"""Cells worked on at once, so that what lies between two steps of a formula stays in the cache."""

Gradient = Callable[[Values, Values], Values]


def slope_deg(elevation: Values, cell_m: float, edges: bool = False) -> Values:
    """Return the slope in degrees by Horn's formula.

    Parameters
    ----------
    elevation : ndarray of float32, shape (h, w)
        Metres; NaN where missing.
    cell_m : float
    edges : bool
        What happens beside missing cells and outside the array. False: slope is missing wherever one of the
        nine cells is, as ``gdaldem slope`` does. True: a missing neighbour counts as high as the cell itself,
        as ``gdaldem slope -compute_edges`` does at missing cells: slopes there are too gentle, by up to half.

    Returns
    -------
    ndarray of float32, shape (h, w)
        0 to 90.

    Notes
    -----
    Horn, B. K. P. (1981), Hill shading and the reflectance map, Proc. IEEE 69: weights 1, 2, 1.

    Examples
    --------
    >>> plane = np.arange(9, dtype=np.float32).reshape(3, 3) % 3 * 10
    >>> float(slope_deg(plane, 10.0)[1, 1]), float(slope_deg(plane, 10.0)[0, 0])
    (45.0, nan)
    """

    def angle(east: Values, north: Values) -> Values:
        return cast(Values, np.rad2deg(np.arctan(np.sqrt(east * east + north * north))))

    return _gradients(elevation, cell_m, edges, angle)


def aspect_deg(elevation: Values, cell_m: float, edges: bool = False) -> Values:
    """Return where slopes face, degrees clockwise from north, 0 to below 360; flat cells are missing.

    Parameters
    ----------
    elevation, cell_m, edges
        As in `slope_deg`.

    Examples
    --------
    >>> plane = np.arange(9, dtype=np.float32).reshape(3, 3) % 3 * 10  # rises eastward, so it faces west
    >>> float(aspect_deg(plane, 10.0)[1, 1])
    270.0
    """

    def bearing(east: Values, north: Values) -> Values:
        found = np.rad2deg(np.arctan2(-east, -north)) % np.float32(360)
        found[(east == 0) & (north == 0)] = np.nan
        # A bearing a hair west of north rounds to 360 in float32.
        found[found == 360] = 0
        return found

    return _gradients(elevation, cell_m, edges, bearing)


def _gradients(elevation: Values, cell_m: float, edges: bool, measure: Gradient) -> Values:
    """Return a measure of the rise eastward and northward, in strips of rows."""
    _refuse_shape(elevation, cell_m)
    high, wide = elevation.shape
    found = np.full((high, wide), np.nan, dtype=np.float32)
    rows = max(1, _STRIP_CELLS // max(1, wide))
    for begin in range(0, high, rows):
        end = min(high, begin + rows)
        framed = np.full((end - begin + 2, wide + 2), np.nan, dtype=np.float32)
        low, top = max(0, begin - 1), min(high, end + 1)
        framed[low - begin + 1 : top - begin + 1, 1:-1] = elevation[low:top]
        found[begin:end] = measure(*_horn(framed, cell_m, edges))
    return found


def _horn(framed: Values, cell_m: float, edges: bool) -> tuple[Values, Values]:
    """Return the rise per metre eastward and northward of all cells but the frame."""
    middle = framed[1:-1, 1:-1]

    def at(down: int, right: int) -> Values:
        beside = framed[1 + down : framed.shape[0] - 1 + down, 1 + right : framed.shape[1] - 1 + right]
        return np.where(np.isnan(beside), middle, beside) if edges else beside

    # Heights above the middle cell: float32 keeps millimetres of them even on the highest mountains.
    nw, ne = at(-1, -1) - middle, at(-1, 1) - middle
    sw, se = at(1, -1) - middle, at(1, 1) - middle
    scale = np.float32(1 / (8 * cell_m))
    east = ((ne - nw) + (se - sw) + 2 * (at(0, 1) - at(0, -1))) * scale
    north = ((nw - sw) + (ne - se) + 2 * (at(-1, 0) - at(1, 0))) * scale
    return east, north


def relief_m(elevation: Values, window: int) -> Values:
    """Return the relative relief: the highest less the lowest cell of a moving window round each cell.

    Parameters
    ----------
    elevation : ndarray of float32, shape (h, w)
        Metres; NaN where missing.
    window : int
        Cells along a side. An even window has one cell more to the north and west of its cell than to the
        south and east.

    Returns
    -------
    ndarray of float32, shape (h, w)
        Missing where the cell is. Missing neighbours, and those outside the array, are left out.

    Examples
    --------
    >>> relief_m(np.array([[1, 2, 4, 8]], np.float32), 3).tolist()
    [[1.0, 3.0, 6.0, 4.0]]
    """
    _refuse_shape(elevation, 1.0)
    if window < 1:
        raise GeometryError(f"a window of {window} cells holds nothing")
    high, wide = elevation.shape
    found = np.empty((high, wide), dtype=np.float32)
    rows = max(window, _STRIP_CELLS // max(1, wide))
    for begin in range(0, high, rows):
        end = min(high, begin + rows)
        low, top = max(0, begin - window // 2), min(high, end + (window - 1) // 2)
        framed = np.full((end - begin + window - 1, wide + window - 1), np.nan, dtype=np.float32)
        inner = slice(low - begin + window // 2, top - begin + window // 2)
        framed[inner, window // 2 : window // 2 + wide] = elevation[low:top]
        found[begin:end] = _span(framed, window)
    found[np.isnan(elevation)] = np.nan
    return found


def _span(framed: Values, window: int) -> Values:
    """Return the highest less the lowest of each full window; what is missing is left out."""
    missing = np.isnan(framed)
    highest: Values = np.where(missing, np.float32(-np.inf), framed)
    lowest: Values = np.where(missing, np.float32(np.inf), framed)
    covered = 1
    # Two windows that overlap make one of their union, so its side doubles with each step.
    while covered < window:
        step = min(covered, window - covered)
        for axis in (0, 1):
            highest = np.maximum(*_pair(highest, step, axis))
            lowest = np.minimum(*_pair(lowest, step, axis))
        covered += step
    with np.errstate(invalid="ignore"):
        return highest - lowest


def _pair(values: Values, step: int, axis: int) -> tuple[Values, Values]:
    """Return all of an array but its last rows or columns, and all but its first."""
    if axis == 0:
        return values[:-step], values[step:]
    return values[:, :-step], values[:, step:]


def ls_factor(slope: Values, length_m: float | Values) -> Values:
    """Return the factor of slope length and steepness of the soil-loss equation.

    Parameters
    ----------
    slope : ndarray of float32
        Degrees; NaN where missing.
    length_m : float or ndarray of float32
        Horizontal length of the slope above, metres. One length for all cells makes the factor one of
        steepness alone, and the same on any grid; no flow is routed here.

    Notes
    -----
    ``L = (length / 22.13)^m`` with m = 0.2, 0.3, 0.4, 0.5 for slopes up to 1, 3, 5 degrees and beyond
    (Wischmeier and Smith 1978, in degrees as Chinese surveys use it). S is 10.8 sin + 0.03 below 5 degrees,
    16.8 sin - 0.5 below 10 (McCool et al. 1987), and 21.91 sin - 0.96 beyond (Liu et al. 1994).

    Examples
    --------
    >>> ls_factor(np.array([0, 10], np.float32), 22.13).round(3).tolist()
    [0.029999999329447746, 2.8450000286102295]
    """
    steep = np.asarray(slope, dtype=np.float64)
    sine = np.sin(np.deg2rad(steep))
    flat = [steep <= 1, steep <= 3, steep <= 5]
    powers = [(np.asarray(length_m) / 22.13) ** exponent for exponent in (0.2, 0.3, 0.4, 0.5)]
    rise = np.select([steep < 5, steep < 10], [10.8 * sine + 0.03, 16.8 * sine - 0.5], 21.91 * sine - 0.96)
    return np.asarray(np.select(flat, powers[:3], powers[3]) * rise, dtype=np.float32)


def _refuse_shape(elevation: npt.NDArray[Any], cell_m: float) -> None:
    if elevation.ndim != 2:
        raise GeometryError(f"heights of shape {elevation.shape} are no raster of rows and columns")
    if not cell_m > 0:
        raise GeometryError(f"cells of {cell_m} m are none")
