"""Coordinate systems: read, choose, transform, and notice when coordinates contradict their label.

Always longitude first (``always_xy``). CGCS2000 (EPSG:4490) is taken as equal to WGS84 to within a
metre, as PROJ does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import area_m2
from spatial.errors import CrsError, Fault

Shapes = npt.NDArray[np.object_]
Bounds = tuple[float, float, float, float]

GEOGRAPHIC = "EPSG:4490"
"""CGCS2000, longitude and latitude in degrees."""

_LOCAL_DATUMS = {"beijing1954": "Beijing 54", "newbeijing": "New Beijing", "xian1980": "Xi'an 80"}
_FIRST_MERIDIAN, _LAST_MERIDIAN = 75, 135
_SOUTH_OF_CHINA, _NORTH_OF_CHINA = 3.0, 54.0
_MARGIN_LON_DEG, _MARGIN_LAT_DEG = 3.0, 30.0
# How far eastings in a zone of 6° reach, 3° and a margin to each side of the false easting of 500 km.
_OFF_AXIS_M = (100_000.0, 900_000.0)


def parse_crs(text: str | int | CRS) -> CRS:
    """Read a coordinate system as a plan or a file writes it.

    Parameters
    ----------
    text : str, int or pyproj.CRS
        ``EPSG:4490``, ``4490``, WKT or anything else that PROJ reads.

    Returns
    -------
    pyproj.CRS

    Raises
    ------
    CrsError
        Unknown, or of Beijing 54, New Beijing or Xi'an 80, whose transformation to CGCS2000 needs local
        parameters that are not published.

    Examples
    --------
    >>> parse_crs("EPSG:4546").to_epsg()
    4546
    """
    try:
        crs = CRS.from_user_input(int(text) if isinstance(text, str) and text.strip().isdigit() else text)
    except (CRSError, OverflowError) as error:
        raise CrsError(
            Fault("", "", f"{str(text)[:80]!r} is not a coordinate system", "write a code such as EPSG:4490")
        ) from error
    geodetic = crs.geodetic_crs
    if geodetic is None or geodetic.datum is None:
        raise CrsError(
            Fault(
                "",
                "",
                f"{crs.name!r} does not say where on the Earth it lies",
                "give a code such as EPSG:4490",
            )
        )
    datum = re.sub(r"[^a-z0-9]", "", geodetic.datum.name.lower()).removeprefix("d")
    for key, name in _LOCAL_DATUMS.items():
        if datum.startswith(key):
            raise CrsError(
                Fault(
                    "",
                    "",
                    f"{crs.name!r} is {name}: going to CGCS2000 needs local parameters, not published",
                    "have the data transformed by the surveying authority and give CGCS2000 (EPSG:4490)",
                )
            )
    return crs


@lru_cache(maxsize=64)
def _transformer(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def transform_shapes(shapes: Any, source: str | int | CRS, target: str | int | CRS) -> Shapes:
    """Transform shapely geometries from one coordinate system to another, longitude or easting first.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        None and empty stay as they are; heights are dropped.
    source, target : str, int or pyproj.CRS
        As `parse_crs` reads them.

    Returns
    -------
    numpy.ndarray of object
        Same length and order.

    Raises
    ------
    CrsError
        A system that `parse_crs` refuses, or coordinates that it cannot transform.

    Examples
    --------
    >>> transform_shapes([shapely.Point(114.0, 35.0)], "EPSG:4490", "EPSG:4547")[0].x
    500000.0
    """
    start, end = parse_crs(source), parse_crs(target)
    flat = shapely.force_2d(np.asarray(shapes, dtype=object).ravel())
    if start == end or not len(flat):
        return np.asarray(flat, dtype=object)
    coordinates = shapely.get_coordinates(flat)
    try:
        moved = np.column_stack(_transformer(start, end).transform(coordinates[:, 0], coordinates[:, 1]))
    except ProjError as error:
        raise CrsError(f"{start.name} to {end.name}: {error}") from error
    wrong = ~np.isfinite(moved).all(axis=1)
    if wrong.any():
        x, y = coordinates[wrong][0]
        raise CrsError(
            Fault(
                "",
                "",
                f"({x}, {y}) has no place in {end.name}",
                f"check that the coordinates are in {start.name}",
            )
        )
    return np.asarray(shapely.set_coordinates(flat.copy(), moved), dtype=object)


def choose_gauss_kruger(polygon: BaseGeometry) -> str:
    """Choose the metric system of a territory.

    In China the CGCS2000 3° Gauss-Krüger zone without prefix (EPSG:4534 to 4554) that holds most of the
    ellipsoidal area; elsewhere the WGS84 UTM zone of the centroid.

    Parameters
    ----------
    polygon : shapely.Polygon or shapely.MultiPolygon
        Longitude and latitude in degrees, CGCS2000.

    Returns
    -------
    str
        Such as ``EPSG:4546``.

    Raises
    ------
    CrsError
        Empty, without area, not degrees, or outside the latitudes of UTM (80° S to 84° N).

    Notes
    -----
    Central meridian c (75, 78 … 135) has the code 4509 + c / 3. "In China" is generous: latitude 3° to
    54°, and a zone with a CGCS2000 code. Of two equal zones the western one is taken.

    Examples
    --------
    >>> choose_gauss_kruger(shapely.box(112.0, 34.9, 112.8, 35.3))
    'EPSG:4546'
    """
    if polygon.is_empty or not looks_like_degrees(polygon.bounds):
        raise CrsError(f"no metric system fits bounds {polygon.bounds}; give a polygon in degrees")
    west, south, east, north = polygon.bounds
    zones = np.arange(np.floor(west / 3 + 0.5), np.floor(east / 3 + 0.5) + 1)
    strips = [shapely.box(zone * 3 - 1.5, south - 1, zone * 3 + 1.5, north + 1) for zone in zones]
    areas = area_m2(shapely.intersection(polygon, strips))
    if not areas.sum() > 0:
        raise CrsError("no metric system fits a territory without area; give a polygon")
    meridian = int(zones[np.argmax(areas)]) * 3
    middle = polygon.centroid
    in_china = (
        _FIRST_MERIDIAN <= meridian <= _LAST_MERIDIAN and _SOUTH_OF_CHINA <= middle.y <= _NORTH_OF_CHINA
    )
    if in_china:
        return f"EPSG:{4509 + meridian // 3}"
    if not -80 <= middle.y <= 84:
        raise CrsError(
            f"latitude {middle.y:.2f}° has no UTM zone; territories near the poles are not supported"
        )
    return f"EPSG:{(32600 if middle.y >= 0 else 32700) + min(int((middle.x + 180) // 6) + 1, 60)}"


def looks_like_degrees(bounds: Bounds | npt.ArrayLike) -> bool:
    """Say whether bounds (min x, min y, max x, max y) could be longitude and latitude in degrees.

    Examples
    --------
    >>> looks_like_degrees((112.0, 34.9, 112.8, 35.3)), looks_like_degrees((35.0, 112.0, 35.3, 112.8))
    (True, False)
    """
    west, south, east, north = np.asarray(bounds, dtype=float)
    return bool(-180 <= west <= east <= 180 and -90 <= south <= north <= 90)


def contradicts(crs: str | int | CRS, bounds: Bounds | npt.ArrayLike) -> Fault | None:
    """Say how coordinates contradict the system that they are labelled with.

    Parameters
    ----------
    crs : str, int or pyproj.CRS
        The label, as `parse_crs` reads it.
    bounds : array-like of four float
        Min x, min y, max x, max y; x is longitude or easting.

    Returns
    -------
    Fault or None
        Degrees labelled as metres, metres labelled as degrees, swapped axes, a zone prefix too many or
        missing, or outside the area that the system is made for by 3° of longitude or 30° of latitude.
        `where` and `key` are left to the caller; None where nothing speaks against the label.

    Raises
    ------
    CrsError
        As `parse_crs`.

    Examples
    --------
    >>> str(contradicts("EPSG:4546", (112.0, 34.9, 112.8, 35.3)))[:40]
    'coordinates such as (112.4, 35.1) are de'
    """
    label = parse_crs(crs)
    west, south, east, north = (float(value) for value in np.asarray(bounds, dtype=float))
    if not np.isfinite([west, south, east, north]).all():
        return None
    x, y = (west + east) / 2, (south + north) / 2
    if label.is_geographic:
        found = _contradict_degrees(label, (west, south, east, north))
    else:
        found = _contradict_metres(label, (west, south, east, north))
    return Fault("", "", f"coordinates such as ({x:.9g}, {y:.9g}) {found[0]}", found[1]) if found else None


def _contradict_degrees(label: CRS, bounds: Bounds) -> tuple[str, str] | None:
    west, south, east, north = bounds
    swapped = (south, west, north, east)
    if not looks_like_degrees(bounds) and not looks_like_degrees(swapped):
        return f"are metres, but {label.name} is in degrees", _name_zones(bounds)
    x, y = (west + east) / 2, (south + north) / 2
    if not looks_like_degrees(bounds) or (not _lies_within(label, x, y) and _lies_within(label, y, x)):
        return "have latitude first", "put longitude first"
    return None


def _name_zones(bounds: Bounds) -> str:
    """Say which Gauss-Krüger system metres are in; a guess of the zone would move them by 270 km.

    A zone number before the easting tells the zone: 13 to 23 are 6° wide (code 4478 + number), 25 to 45
    are 3° wide (code 4488 + number, central meridian three times the number). Without one nothing tells it.
    """
    west, south, east, north = bounds
    easting = max((west + east) / 2, (south + north) / 2)  # with a number it is greater than any northing
    number = int(easting // 1e6)
    code = 4478 + number if 13 <= number <= 23 else 4488 + number if 25 <= number <= 45 else 0
    if code and _OFF_AXIS_M[0] <= easting % 1e6 <= _OFF_AXIS_M[1]:
        meridian, width = (6 * number - 3, 6) if number < 24 else (3 * number, 3)
        return (
            f"the zone number {number} before the eastings is that of `crs: EPSG:{code}` "
            f"(CGCS2000, {width}° zone, central meridian {meridian}°)"
        )
    return (
        "name the projection that they are in; CGCS2000 in 3° zones without zone number: central meridian "
        f"{', '.join(f'{degree}° is EPSG:{4509 + degree // 3}' for degree in (108, 111, 114, 117))} …, "
        "within 1.5° of your area"
    )


def _contradict_metres(label: CRS, bounds: Bounds) -> tuple[str, str] | None:
    if looks_like_degrees(bounds):
        return f"are degrees, but {label.name} is in metres", f"write `crs: {GEOGRAPHIC}`"
    west, south, east, north = bounds
    x, y = (west + east) / 2, (south + north) / 2
    if _lies_within(label, x, y):
        return None
    if _lies_within(label, y, x):
        return f"have their axes swapped for {label.name}", "put the easting first"
    return f"lie far outside the area of {label.name}", _suggest(label, x, y)


def _lies_within(crs: CRS, x: float, y: float) -> bool:
    """Say whether a position lies in or near the area that a system is made for.

    Areas on record end with the country's land, the formulas do not; hence the wide margins.
    """
    area = crs.area_of_use
    if area is None:
        return True
    lon, lat = x, y
    if crs.is_projected:
        lon, lat = _transformer(crs, CRS.from_user_input(GEOGRAPHIC)).transform(x, y)
    if not area.south - _MARGIN_LAT_DEG <= lat <= area.north + _MARGIN_LAT_DEG:
        return False
    width = area.east - area.west + (360 if area.east < area.west else 0) + 2 * _MARGIN_LON_DEG
    return bool((lon - area.west + _MARGIN_LON_DEG) % 360 <= width)


def _suggest(crs: CRS, x: float, y: float) -> str:
    """Say what to do about coordinates far outside a projected system: most often the zone prefix."""
    prefix = int(x // 1e6)
    if 13 <= prefix <= 45 and _lies_within(crs, x - prefix * 1e6, y):
        return f"the eastings begin with the zone number {prefix}: name the system with that zone prefix"
    false_easting = next(
        (
            row["value"]
            for row in crs.to_json_dict()["conversion"]["parameters"]
            if row["name"] == "False easting"
        ),
        0,
    )
    if false_easting > 1e6 and x < 1e6:
        return "the eastings lack the zone number: name the system without zone prefix"
    return "check the zone and the central meridian"
