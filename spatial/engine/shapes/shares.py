"""Shares of shapes in a region: points in or out, polygons by area."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import area_m2


def share_within(shapes: npt.NDArray[np.object_], region: BaseGeometry) -> npt.NDArray[np.float64]:
    """Return 1 or 0 for points in or out of a region, and the share of each polygon's area in it.

    Parameters
    ----------
    shapes : ndarray of shapely geometry, shape (q,)
        Longitude and latitude.
    region : shapely geometry
        As `shapes`; its edge belongs to it.

    Examples
    --------
    >>> box = shapely.box(112.0, 35.0, 112.2, 35.1)
    >>> shapes = np.array([shapely.Point(112.1, 35.05), shapely.box(112.1, 35.0, 112.3, 35.1)])
    >>> share_within(shapes, box).round(3)
    array([1. , 0.5])
    """
    shapely.prepare(region)
    share = shapely.covers(region, shapes).astype(float)
    cut = (shapely.get_dimensions(shapes) == 2) & (share == 0) & shapely.intersects(region, shapes)
    if cut.any():
        share[cut] = area_m2(shapely.intersection(shapes[cut], region)) / area_m2(shapes[cut])
    return share
