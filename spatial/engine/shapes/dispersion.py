"""Dispersion round a place: wedges by bearing, and the standard deviational ellipse of land."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Proj
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import GEOD
from spatial.errors import GeometryError

Floats = npt.NDArray[np.float64]

_ARC_DEG = 1.0
_RAY_PARTS = 32
_STRAIGHT_DEG = 0.005
"""Edges straight in longitude and latitude are cut into pieces of half a kilometre before projection."""


def draw_wedge(
    centre: tuple[float, float], bearing_deg: float, width_deg: float, reach_m: float
) -> shapely.Polygon:
    """Return the land within a distance of a place and within half a width of a bearing from it.

    Parameters
    ----------
    centre : (float, float)
        Longitude and latitude, degrees.
    bearing_deg : float
        Middle of the wedge, from true north, clockwise.
    width_deg : float
        Angle between its sides, > 0; 360 and more is the whole disc.
    reach_m : float
        Geodesic length of its sides, > 0.

    Returns
    -------
    shapely.Polygon
        Longitude and latitude. Wedges that lie side by side share the vertices of the side between them.

    Raises
    ------
    GeometryError
        A width or reach that is not above zero.

    Examples
    --------
    >>> east = draw_wedge((112.5, 35.0), 90, 90, 1000)
    >>> from spatial.engine.geodesy import area_m2
    >>> round(float(area_m2([east])[0]) / (3.14159265 * 1000**2 / 4), 3)
    1.0
    """
    if not (width_deg > 0 and reach_m > 0):
        raise GeometryError(f"a wedge of {width_deg:g}° and {reach_m:g} m has no area")
    if width_deg >= 360:
        return shapely.Polygon(_follow(centre, np.linspace(0, 360, 721)[:-1], reach_m))
    low, high = bearing_deg - width_deg / 2, bearing_deg + width_deg / 2
    arc = np.linspace(low, high, max(int(np.ceil(width_deg / _ARC_DEG * 2)), 2) + 1)
    along = reach_m * np.arange(1, _RAY_PARTS) / _RAY_PARTS
    out, back = (_ray(centre, side, distances) for side, distances in ((low, along), (high, along[::-1])))
    return shapely.Polygon(np.concatenate([[centre], out, _follow(centre, arc, reach_m), back]))


def _follow(centre: tuple[float, float], bearings: Floats, reach_m: float) -> Floats:
    count = len(bearings)
    turned = np.round(np.mod(bearings, 360.0), 9)
    lon, lat, _ = GEOD.fwd(
        np.full(count, centre[0]), np.full(count, centre[1]), turned, np.full(count, reach_m)
    )
    return np.column_stack([lon, lat])


def _ray(centre: tuple[float, float], bearing: float, distances: Floats) -> Floats:
    count = len(distances)
    turned = np.full(count, np.round(np.mod(bearing, 360.0), 9))
    lon, lat, _ = GEOD.fwd(np.full(count, centre[0]), np.full(count, centre[1]), turned, distances)
    return np.column_stack([lon, lat])


@dataclass(frozen=True)
class Ellipse:
    """The standard deviational ellipse of land.

    Parameters
    ----------
    centre : (float, float)
        Longitude and latitude of the mean centre.
    major_m, minor_m : float
        Standard deviations of the land along the axis on which it spreads most and across it, metres.
    azimuth_deg : float
        Direction of the longer axis from true north, clockwise, 0 to below 180; 0 for land that spreads
        alike in all directions.
    """

    centre: tuple[float, float]
    major_m: float
    minor_m: float
    azimuth_deg: float

    def draw(self, factor: float = 1.0, vertices: int = 90) -> shapely.Polygon:
        """Return its outline, semi-axes `factor` standard deviations long, longitude and latitude."""
        turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
        along, across = factor * self.major_m * np.cos(turn), factor * self.minor_m * np.sin(turn)
        angle = np.radians(self.azimuth_deg)
        east = along * np.sin(angle) + across * np.cos(angle)
        north = along * np.cos(angle) - across * np.sin(angle)
        lon, lat = _plane(self.centre)(east, north, inverse=True)
        return shapely.Polygon(np.column_stack([lon, lat]))


def measure_ellipse(land: BaseGeometry) -> Ellipse | None:
    """Measure how land spreads about its mean centre; None for land without area.

    Parameters
    ----------
    land : shapely geometry
        Polygons in longitude and latitude, not overlapping.

    Notes
    -----
    Lefever (1926) and Yuill (1971), for areas and not for points: every square metre counts alike, by the
    second moments of the polygons (Green's theorem) in an equal-area projection about their centre. The axes
    are those of the covariance matrix.

    Examples
    --------
    >>> disc = draw_wedge((112.5, 35.0), 0, 360, 2000)
    >>> found = measure_ellipse(disc)
    >>> round(found.major_m), round(found.minor_m)
    (1000, 1000)
    """
    rough = shapely.centroid(land)
    if shapely.is_empty(rough) or not shapely.area(land) > 0:
        return None
    at = (float(rough.x), float(rough.y))
    plane = _plane(at)
    dense = shapely.segmentize(land, _STRAIGHT_DEG)
    flat = shapely.transform(dense, lambda xy: np.column_stack(plane(xy[:, 0], xy[:, 1])))
    mean, spread = _moments(flat)
    values, axes = np.linalg.eigh(spread)
    minor, major = np.sqrt(np.maximum(values, 0.0))
    east, north = axes[:, 1]
    alike = major - minor <= 1e-6 * major
    azimuth = 0.0 if alike else float(np.round(np.degrees(np.arctan2(east, north)) % 180.0, 9)) % 180.0
    lon, lat = plane(mean[0], mean[1], inverse=True)
    return Ellipse((float(lon), float(lat)), float(major), float(minor), azimuth)


def _plane(at: tuple[float, float]) -> Proj:
    return Proj(proj="laea", lon_0=at[0], lat_0=at[1], a=GEOD.a, rf=1 / GEOD.f)


def _moments(land: BaseGeometry) -> tuple[Floats, Floats]:
    """Return the centre and the covariance of the area of polygons in a plane."""
    parts = shapely.get_parts(land)
    parts = parts[shapely.get_dimensions(parts) == 2]
    rings, owner = shapely.get_rings(parts, return_index=True)
    first = np.concatenate([[True], owner[1:] != owner[:-1]])  # the outer ring of each part
    ahead = shapely.is_ccw(rings) == first
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    (x0, y0), (x1, y1) = xy[:-1][same].T, xy[1:][same].T
    cross = (x0 * y1 - x1 * y0) * np.where(ahead[ring[1:][same]], 1.0, -1.0)
    area = cross.sum() / 2
    mean = np.array([((x0 + x1) * cross).sum(), ((y0 + y1) * cross).sum()]) / (6 * area)
    xx = ((x0 * x0 + x0 * x1 + x1 * x1) * cross).sum() / 12
    yy = ((y0 * y0 + y0 * y1 + y1 * y1) * cross).sum() / 12
    xy_ = ((x0 * y1 + 2 * x0 * y0 + 2 * x1 * y1 + x1 * y0) * cross).sum() / 24
    return mean, np.array([[xx, xy_], [xy_, yy]]) / area - np.outer(mean, mean)
