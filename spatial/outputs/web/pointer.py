"""The plan's metric coordinate system told to a page, so that it can write metres under the pointer."""

from __future__ import annotations

from typing import Any

from pyproj import CRS

# EPSG codes of the method and of its parameters: names differ between versions of PROJ, codes do not.
_TRANSVERSE_MERCATOR = "9807"
_PARAMETERS = {"8801": "lat0", "8802": "lon0", "8805": "scale", "8806": "east0", "8807": "north0"}
# Ellipsoids whose coordinates are CGCS2000's to within a metre: CGCS2000 itself, GRS 1980, WGS 84.
_INVERSE_FLATTENINGS = (298.257222101, 298.257223563)
_TOLERANCE = 1e-9
_UNITS = {"degree", "metre", "unity"}


def describe_grid(metric_crs: str) -> dict[str, Any] | None:
    """Describe a transverse Mercator grid by its parameters.

    Parameters
    ----------
    metric_crs : str
        CRS of the plan's distances, such as ``EPSG:4546``.

    Returns
    -------
    dict or None
        ``name``, ``code``, ``major`` (m), ``flattening``, ``lon0`` and ``lat0`` (degrees), ``scale``,
        ``east0`` and ``north0`` (m). None for another projection, or a datum that is not CGCS2000's to within
        a metre: the page then writes degrees only.

    Examples
    --------
    >>> grid = describe_grid("EPSG:4546")
    >>> grid["lon0"], grid["east0"]
    (111.0, 500000.0)
    >>> describe_grid("EPSG:3857") is None
    True
    """
    crs = CRS.from_user_input(metric_crs)
    operation, ellipsoid = crs.coordinate_operation, crs.ellipsoid
    if operation is None or ellipsoid is None or operation.method_code != _TRANSVERSE_MERCATOR:
        return None
    inverse = float(ellipsoid.inverse_flattening or 0)
    if not any(abs(inverse - known) < _TOLERANCE for known in _INVERSE_FLATTENINGS):
        return None
    # Values as given: angles of EPSG's grids are degrees, lengths metres and the scale a plain number.
    found = {_PARAMETERS[one.code]: float(one.value) for one in operation.params if one.code in _PARAMETERS}
    units = {one.unit_name for one in operation.params if one.code in _PARAMETERS}
    if set(found) != set(_PARAMETERS.values()) or not units <= _UNITS:
        return None
    return {
        "name": crs.name,
        "code": metric_crs,
        "major": float(ellipsoid.semi_major_metre),
        "flattening": 1 / inverse,
        **{name: found[name] for name in ("lon0", "lat0", "scale", "east0", "north0")},
    }
