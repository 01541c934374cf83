"""What a legend says beside each class: how many, how large, how long, and which times its features bear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.geodesy import length_m
from spatial.outputs.web.features import DrawnLayer

TIME_COLUMN = "time_min"
"""The class column whose values are minutes: a layer drawn by it gets a slider."""

_MOST_VERTICES = 200_000
_POLYGON, _LINE = 2, 1


def add_amounts(
    described: Iterable[dict[str, Any]], drawn: Iterable[DrawnLayer], layers: Mapping[str, pd.DataFrame]
) -> None:
    """Add to descriptions of layers what their classes amount to, measured on the stored shapes.

    Parameters
    ----------
    described : iterable of dict
        As `features.describe_layer` gives them, in the order of `drawn`; changed in place. Each class gets
        ``area_km2`` and ``length_km`` (None where there is none) and ``merged`` (whether land under several
        features counts once); each layer ``times``, its minutes in rising order, where there are several.
    drawn : iterable of DrawnLayer
        The layers that are described.
    layers : mapping of str to frame
        The layers as they are stored, unrounded, in any known CRS.
    """
    for entry, layer in zip(described, drawn, strict=True):
        shapes = _find_stored(layer, layers)
        names = layer.classes.to_numpy()
        for one in entry["classes"]:
            # Shapes of a diagram are no land: they have no area to tell.
            one.update(measure_class([] if layer.style.diagram else shapes[names == one["key"]]))
        times = list_times(layer)
        if len(times) > 1:
            entry["times"] = times


def measure_class(shapes: Any) -> dict[str, Any]:
    """Measure what one class draws.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        Longitude and latitude in degrees, CGCS2000. None and empty count nothing.

    Returns
    -------
    dict
        ``area_km2``: on the ellipsoid, None without polygons. ``merged``: True where land under several
        polygons counts once; False for a class so large that it is only summed. ``length_km``: of the lines,
        None where there are polygons or no lines.

    Examples
    --------
    >>> square = shapely.box(112.0, 35.0, 112.01, 35.01)
    >>> measure_class([square, square])
    {'area_km2': 1.012695, 'merged': True, 'length_km': None}
    """
    shapes = np.asarray(shapes, dtype=object)
    dimensions = shapely.get_dimensions(shapes)
    if (dimensions == _POLYGON).any():
        polygons = shapes[dimensions == _POLYGON]
        merged = len(polygons) == 1 or int(shapely.get_num_coordinates(polygons).sum()) <= _MOST_VERTICES
        if merged and len(polygons) > 1:
            polygons = np.array([shapely.union_all(shapely.make_valid(polygons))])
        area = float(straight_area_m2(polygons).sum()) / 1e6
        return {"area_km2": round(area, 6), "merged": merged, "length_km": None}
    if (dimensions == _LINE).any():
        length = float(length_m(shapes[dimensions == _LINE]).sum()) / 1e3
        return {"area_km2": None, "merged": False, "length_km": round(length, 4)}
    return {"area_km2": None, "merged": False, "length_km": None}


def list_times(layer: DrawnLayer) -> list[float]:
    """Return the minutes of a layer that is drawn by them, in rising order; of any other layer none."""
    if layer.style.class_column != TIME_COLUMN or TIME_COLUMN not in layer.frame:
        return []
    minutes = pd.to_numeric(layer.frame[TIME_COLUMN], errors="coerce").dropna()
    return sorted({round(float(value), 6) for value in minutes if np.isfinite(value)})


def _find_stored(layer: DrawnLayer, layers: Mapping[str, pd.DataFrame]) -> Any:
    """Return the shapes of a drawn layer as they are stored, row by row as drawn."""
    frame: Any = layer.style.select(layers[layer.style.of or layer.key])
    shapes = frame.to_crs(layer.frame.crs).geometry.to_numpy()
    return shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
