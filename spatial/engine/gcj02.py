"""GCJ-02, the offset of public Chinese web maps: the public formula, and how to recognise it.

The official formula is secret; the one here is publicly known, found from outside, and agrees with
official maps to some metres: enough to recognise GCJ-02 and to warn, not to survey with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import GEOD
from spatial.errors import GeometryError

Floats = npt.NDArray[np.float64]

_METRES_PER_DEGREE = 111_320.0
# Two providers' boundaries of the same city give ratios of 1.8 to 3 as they are, and 0.42 to 0.54 when
# one of them is shifted; the limit lies between.
_CLEARLY = 0.8
# Amplitudes (m) and frequencies (half turns per degree) of the published GCJ-02 series.
_IN_LON = ((20.0, 6.0), (20.0, 2.0), (20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30))
_IN_LAT_BY_LON = ((20.0, 6.0), (20.0, 2.0))
_IN_LAT_BY_LAT = ((20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30))
_GCJ_SEMI_MAJOR_M = 6378245.0
_GCJ_ECCENTRICITY_2 = 0.00669342162296594323
_GCJ_AREA = (72.004, 0.8293, 137.8347, 55.8271)


def _waves(terms: tuple[tuple[float, float], ...], degrees: Floats) -> Floats:
    amplitudes, frequencies = np.array(terms).T
    return np.asarray(np.sin(np.multiply.outer(degrees, frequencies) * np.pi) @ amplitudes * 2 / 3)


def shift_gcj02(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS84 or CGCS2000 positions to GCJ-02 by the public formula.

    Parameters
    ----------
    lon, lat : array-like of float
        Degrees. Outside the box in which the formula holds (China and around) nothing is moved.

    Returns
    -------
    tuple of numpy.ndarray
        Longitude and latitude as a GCJ-02 map gives them: some 250 to 700 m away.

    Notes
    -----
    The official formula is secret. This one is publicly known, found from outside, and agrees with
    official maps to some metres: enough to recognise GCJ-02, not to survey with.

    Examples
    --------
    >>> lon, lat = shift_gcj02(116.4, 39.9)
    >>> round(float(lon), 4), round(float(lat), 4)
    (116.4062, 39.9014)
    """
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    east = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * root + _waves(_IN_LON, x)
    north = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * root
    north = north + _waves(_IN_LAT_BY_LON, x) + _waves(_IN_LAT_BY_LAT, y)
    turned = np.radians(lat)
    flat = 1 - _GCJ_ECCENTRICITY_2 * np.sin(turned) ** 2
    meridian_m = _GCJ_SEMI_MAJOR_M * (1 - _GCJ_ECCENTRICITY_2) / flat**1.5
    parallel_m = _GCJ_SEMI_MAJOR_M / np.sqrt(flat) * np.cos(turned)
    west, south, far_east, far_north = _GCJ_AREA
    inside = (lon >= west) & (lon <= far_east) & (lat >= south) & (lat <= far_north)
    return (
        lon + np.where(inside, np.degrees(east / parallel_m), 0.0),
        lat + np.where(inside, np.degrees(north / meridian_m), 0.0),
    )


def unshift_gcj02(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Take the GCJ-02 shift off again, by iteration of `shift_gcj02` (to 1e-9 degrees).

    Examples
    --------
    >>> lon, lat = unshift_gcj02(*shift_gcj02(112.6, 35.1))
    >>> round(float(lon), 8), round(float(lat), 8)
    (112.6, 35.1)
    """
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    back_lon, back_lat = lon, lat
    for _ in range(8):
        there_lon, there_lat = shift_gcj02(back_lon, back_lat)
        back_lon, back_lat = back_lon + lon - there_lon, back_lat + lat - there_lat
    return back_lon, back_lat


@dataclass(frozen=True)
class Gcj02Fit:
    """How well a polygon fits a reference: as it is, and with the GCJ-02 shift taken off.

    Distances are means over the boundary, in metres; overlaps are intersection over union, 0 to 1.
    """

    as_is_m: float
    unshifted_m: float
    as_is_overlap: float
    unshifted_overlap: float
    shift_m: float

    @property
    def suspected(self) -> bool:
        """True where taking the shift off brings boundary and area clearly (a fifth or more) nearer."""
        boundary = self.unshifted_m < _CLEARLY * self.as_is_m and self.as_is_m > 0.2 * self.shift_m
        return boundary and 1 - self.unshifted_overlap < _CLEARLY * (1 - self.as_is_overlap)


def measure_gcj02_fit(shape: BaseGeometry, reference: BaseGeometry) -> Gcj02Fit:
    """Measure whether a polygon lies where GCJ-02 would put it, against a boundary that is known to be right.

    Parameters
    ----------
    shape, reference : shapely.Polygon or shapely.MultiPolygon
        The same area from two origins; longitude and latitude in degrees.

    Returns
    -------
    Gcj02Fit
        With ``suspected`` to ask.

    Raises
    ------
    GeometryError
        One of the two is empty.

    Examples
    --------
    >>> square = shapely.box(112.4, 35.0, 112.8, 35.3)
    >>> moved = shapely.transform(square, lambda xy: np.column_stack(shift_gcj02(*xy.T)))
    >>> measure_gcj02_fit(moved, square).suspected, measure_gcj02_fit(square, square).suspected
    (True, False)
    """
    if shape.is_empty or reference.is_empty:
        raise GeometryError("there is nothing to compare: one of the two areas is empty")
    back = shapely.transform(shape, lambda xy: np.column_stack(unshift_gcj02(*xy.T)))
    scale = np.array([np.cos(np.radians(reference.centroid.y)), 1.0]) * _METRES_PER_DEGREE
    known, given, unshifted = (
        shapely.make_valid(shapely.transform(item, lambda xy: xy * scale))
        for item in (reference, shape, back)
    )
    middle = shape.centroid
    lon, lat = unshift_gcj02(middle.x, middle.y)
    return Gcj02Fit(
        as_is_m=_boundary_gap_m(given, known),
        unshifted_m=_boundary_gap_m(unshifted, known),
        as_is_overlap=_overlap(given, known),
        unshifted_overlap=_overlap(unshifted, known),
        shift_m=float(GEOD.inv(lon, lat, middle.x, middle.y)[2]),
    )


def _boundary_gap_m(shape: BaseGeometry, reference: BaseGeometry) -> float:
    samples = shapely.line_interpolate_point(
        shapely.line_merge(shape.boundary), np.linspace(0, 1, 2000), normalized=True
    )
    return float(np.mean(shapely.distance(samples, reference.boundary)))


def _overlap(shape: BaseGeometry, reference: BaseGeometry) -> float:
    return float(shape.intersection(reference).area / shape.union(reference).area)
