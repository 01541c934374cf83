"""Raster layers on the web map: classes of cells on their own grid, with a legend.

An image that a browser lays between two corners is straight in Web Mercator, and a grid of another system is
not. So cells stay as they are, and a mesh tells the page which cell lies under each of its pixels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.errors import Fault, OutputError
from spatial.outputs.web.mesh import Mesh, lay_mesh
from spatial.outputs.web.packed import write_numbers
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS
from spatial.plan.styles import UNSTYLED, LayerStyle, Styles

_SLUG = re.compile(r"[a-z][a-z0-9_]*\Z")
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
    areas_ha : mapping of str to float, optional
        Area of each class where it is known better than by these cells, hectares.
    note : Text, optional
        What a reader should know of the cells, below the legend.
    digest : str, optional
        Key of the block that holds the cells, and what each of them is explained by.
    column : int
        Of the digest's table: the class of the layer.
    """

    key: str
    values: Any
    bounds: tuple[float, float, float, float]
    crs: str
    style: LayerStyle
    areas_ha: Mapping[str, float] = field(default_factory=dict)
    note: Text | None = None
    digest: str | None = None
    column: int = 0


@dataclass(frozen=True, eq=False)
class SortedOverlay:
    """A raster layer as the page draws it.

    Parameters
    ----------
    overlay : RasterOverlay
        What it is made from.
    classes : tuple of str
        Keys of the classes that are there, in legend order.
    cells : numpy.ndarray of uint8, shape (rows, columns)
        0 for nothing, else one more than a place in `classes`, on the grid as given.
    mesh : Mesh
        Where places of the map lie in the grid.
    areas_km2 : tuple of float
        Area of each class on the ellipsoid.
    """

    overlay: RasterOverlay
    classes: tuple[str, ...]
    cells: Grid
    mesh: Mesh
    areas_km2: tuple[float, ...]

    def write(self) -> str:
        """Return the layer as the text of a packed block."""
        if self.overlay.digest is not None:
            header = {"of": self.overlay.digest, "column": self.overlay.column, "classes": list(self.classes)}
            return write_numbers(header, {})
        rows, columns = self.cells.shape
        header = {
            "rows": rows,
            "columns": columns,
            "mesh": self.mesh.describe(),
            "classes": list(self.classes),
        }
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
            "note": style_note(self.overlay.note),
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


def style_note(note: Text | None) -> dict[str, str | None] | None:
    """Return a note as the page takes texts."""
    return {"zh": note.zh, "en": note.en} if note else None


def sort_overlay(overlay: RasterOverlay) -> SortedOverlay:
    """Sort the cells of a raster layer into classes, and lay the mesh by which the page finds them.

    Parameters
    ----------
    overlay : RasterOverlay
        Any CRS. No cell is moved: the page asks the mesh for the cell under a pixel, which is right to a
        small share of a cell.

    Returns
    -------
    SortedOverlay

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
    >>> found = sort_overlay(RasterOverlay("risk", grid, (112.0, 35.0, 112.2, 35.1), "EPSG:4490", zones))
    >>> found.classes, found.cells.tolist()
    (('ecology', 'urban'), [[1, 2]])
    """
    _check(overlay)
    codes, classes = _classify(overlay)
    rows, columns = codes.shape
    mesh = lay_mesh(overlay.bounds, overlay.crs, (rows, columns))
    if set(classes) <= overlay.areas_ha.keys():
        areas = tuple(overlay.areas_ha[key] / 100 for key in classes)
    else:
        areas = tuple(_measure(overlay, codes, len(classes)).tolist())
    return SortedOverlay(overlay, classes, codes, mesh, areas)


def warn_overlays(found: Sequence[SortedOverlay]) -> list[Text]:
    """Tell of cells that no class takes."""
    return [
        Text(
            zh=f"栅格图层“{one.overlay.style.title.pick('zh')}”中有的值没有样式，以警示样式绘制。",
            en=f"{one.overlay.style.title.pick('en')}: cells without a class are drawn in the warning style.",
        )
        for one in found
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
