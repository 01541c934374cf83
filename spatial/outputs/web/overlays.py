"""Raster layers on the web map: classes of cells, warped to the map's own projection, with a legend.

An image that a browser lays between two corners is straight in Web Mercator. So cells are brought there
first; an image of degrees would lie off by many cells in the middle of a large territory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from affine import Affine

from spatial.engine.areas import straight_area_m2
from spatial.errors import CrsError, Fault, OutputError
from spatial.outputs.web.packed import write_numbers
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS
from spatial.plan.styles import UNSTYLED, LayerStyle, Styles

SHOWN_CRS = "EPSG:3857"
"""Web Mercator, in which the page draws."""

_SLUG = re.compile(r"[a-z][a-z0-9_]*\Z")
_FINER = 3.0
_MOST_CELLS = 4096
_MOST_CLASSES = 255

Grid = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class RasterOverlay:
    """A raster layer for the map.

    Parameters
    ----------
    key : str
        Name of the layer: lower-case letters, digits and _.
    values : numpy.ndarray, shape (rows, columns)
        Northern row first. Numbers or texts that the style's classes take; NaN, None and masked cells are
        nothing and stay clear.
    bounds : tuple of float
        West, south, east and north edges of the grid, in units of `crs`.
    crs : str
        CRS of the grid, such as ``EPSG:4490``.
    style : LayerStyle
        Title, group, order and classes; of a class the label, fill and opacity of the fill are used.
    """

    key: str
    values: Any
    bounds: tuple[float, float, float, float]
    crs: str
    style: LayerStyle


@dataclass(frozen=True, eq=False)
class WarpedOverlay:
    """A raster layer as the page draws it.

    Parameters
    ----------
    overlay : RasterOverlay
        What it is made from.
    classes : tuple of str
        Keys of the classes that are there, in legend order.
    cells : numpy.ndarray of uint8, shape (rows, columns)
        0 for nothing, else one more than a place in `classes`; rows of equal height in Web Mercator.
    corners : tuple of float
        West, south, east and north in degrees.
    areas_km2 : tuple of float
        Area of each class on the ellipsoid, by the cells as given.
    """

    overlay: RasterOverlay
    classes: tuple[str, ...]
    cells: Grid
    corners: tuple[float, float, float, float]
    areas_km2: tuple[float, ...]

    def write(self) -> str:
        """Return the layer as the text of a packed block."""
        rows, columns = self.cells.shape
        header = {"rows": rows, "columns": columns, "corners": self.corners, "classes": list(self.classes)}
        return write_numbers(header, {"cells": self.cells.ravel().astype(np.int64)})

    def describe(self, styles: Styles) -> dict[str, Any]:
        """Describe the layer to the page, as `features.describe_layer` describes one of features."""
        style = self.overlay.style
        return {
            "key": self.overlay.key,
            "title": {"zh": style.title.zh, "en": style.title.en},
            "group": style.group,
            "order": style.order,
            "tooltip": style.tooltip,
            "classed": True,
            "label": None,
            "columns": [],
            "classes": list(self._describe_classes(styles)),
        }

    def _describe_classes(self, styles: Styles) -> Iterator[dict[str, Any]]:
        for key, area in zip(self.classes, self.areas_km2, strict=True):
            one = styles.unstyled if key == UNSTYLED else self.overlay.style.classes[key]
            yield {
                "key": key,
                "label": {"zh": one.label.zh, "en": one.label.en},
                "count": None,
                "area_km2": round(area, 4),
                "shape": "polygon",
                "style": one.model_dump(exclude={"label"}) | {"hatch": "none", "stroke": None, "halo": None},
            }


def warp_overlay(overlay: RasterOverlay) -> WarpedOverlay:
    """Sort the cells of a raster layer into classes and bring them to the map's projection.

    Parameters
    ----------
    overlay : RasterOverlay
        Any CRS. Cells become about a third as wide, so that borders move by a quarter of a cell at most; a
        grid that would have more than 4096 cells a side is thinned out to that.

    Returns
    -------
    WarpedOverlay

    Raises
    ------
    CrsError
        The CRS is unknown.
    OutputError
        The name is no slug, the grid is not of two dimensions, the bounds hold nothing, or more than 255
        classes are there.

    Examples
    --------
    >>> from spatial.plan.styles import read_styles
    >>> zones = read_styles().layers["zones"]
    >>> grid = np.array([["ecology", "urban"]])
    >>> warped = warp_overlay(RasterOverlay("risk", grid, (112.0, 35.0, 112.2, 35.1), "EPSG:4490", zones))
    >>> warped.classes, set(warped.cells.ravel().tolist()) == {1, 2}
    (('ecology', 'urban'), True)
    """
    from rasterio.errors import CRSError as UnknownCrs
    from rasterio.warp import Resampling, reproject, transform_bounds

    _check(overlay)
    codes, classes = _classify(overlay)
    try:
        bounds = transform_bounds(overlay.crs, SHOWN_CRS, *overlay.bounds)
    except UnknownCrs as error:
        remedy = f"give one such as {STORED_CRS}"
        raise CrsError(Fault("map", overlay.key, f"the CRS '{overlay.crs}' is not known", remedy)) from error
    scale = min(_FINER, _MOST_CELLS / max(codes.shape))
    cells = np.zeros([max(1, round(side * scale)) for side in codes.shape], dtype=np.uint8)
    reproject(
        codes,
        cells,
        src_transform=_lay(overlay.bounds, codes),
        src_crs=overlay.crs,
        dst_transform=_lay(bounds, cells),
        dst_crs=SHOWN_CRS,
        resampling=Resampling.nearest,
    )
    corners = transform_bounds(SHOWN_CRS, "EPSG:4326", *bounds)
    areas = tuple(_measure(overlay, codes, len(classes)).tolist())
    return WarpedOverlay(overlay, classes, cells, corners, areas)


def warn_overlays(warped: Sequence[WarpedOverlay]) -> list[Text]:
    """Tell of cells that no class takes."""
    return [
        Text(
            zh=f"栅格图层“{one.overlay.style.title.pick('zh')}”中有的值没有样式，以警示样式绘制。",
            en=f"{one.overlay.style.title.pick('en')}: cells without a class are drawn in the warning style.",
        )
        for one in warped
        if UNSTYLED in one.classes
    ]


def _check(overlay: RasterOverlay) -> None:
    faults = []
    west, south, east, north = overlay.bounds
    if not _SLUG.match(overlay.key):
        faults.append(
            Fault("map", overlay.key, "is not a layer name", "use lower-case letters, digits and _")
        )
    if np.ndim(overlay.values) != 2 or not np.size(overlay.values):
        faults.append(Fault("map", overlay.key, "is not a grid of rows and columns", "give two dimensions"))
    if not (west < east and south < north):
        faults.append(Fault("map", overlay.key, "its bounds hold nothing", "give west, south, east, north"))
    if faults:
        raise OutputError(faults)


def _classify(overlay: RasterOverlay) -> tuple[Grid, tuple[str, ...]]:
    """Return a code for each cell, 0 for nothing, and the classes that are there."""
    style = overlay.style
    masked = np.ma.asarray(overlay.values)
    flat = pd.Series(np.ma.getdata(masked).ravel())
    places, distinct = pd.factorize(flat.mask(np.ma.getmaskarray(masked).ravel()))
    column = style.class_column or "value"
    named = style.classify(pd.DataFrame({column: distinct}))
    present = set(named)
    classes = tuple(key for key in [*style.classes, UNSTYLED] if key in present)
    if len(classes) > _MOST_CLASSES:
        problem = f"has {len(classes)} classes, more than {_MOST_CLASSES}"
        raise OutputError(Fault("map", overlay.key, problem, "grade its values"))
    place_of = {key: place for place, key in enumerate(classes, start=1)}
    lookup = np.array([*(place_of[key] for key in named), 0], dtype=np.uint8)
    return lookup[places].reshape(masked.shape), classes


def _lay(bounds: tuple[float, float, float, float], cells: Grid) -> Affine:
    """Return what takes column and row of a grid to coordinates."""
    west, south, east, north = bounds
    rows, columns = cells.shape
    return Affine((east - west) / columns, 0.0, west, 0.0, (south - north) / rows, north)


def _measure(overlay: RasterOverlay, codes: Grid, count: int) -> npt.NDArray[np.float64]:
    """Return the area of each class in km²: all cells of a row count as large as the middle one."""
    import geopandas as gpd

    rows, columns = codes.shape
    west, south, east, north = overlay.bounds
    wide, high = (east - west) / columns, (north - south) / rows
    left = west + (columns // 2) * wide
    tops = north - high * np.arange(rows)
    cells = gpd.GeoSeries(shapely.box(left, tops - high, left + wide, tops), crs=overlay.crs)
    sizes = straight_area_m2(cells.to_crs(STORED_CRS).to_numpy()) / 1e6
    counted = [np.count_nonzero(codes == place, axis=1) @ sizes for place in range(1, count + 1)]
    return np.array(counted, dtype=float)
