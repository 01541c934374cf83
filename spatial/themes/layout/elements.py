"""How elements of the structure are drawn: names, areas, lines, ribbons and at last shapes.

Each step is a node of its own, in the metric CRS. An element with a name that leads nowhere is not
drawn; `structure_faults` says why, and the checks report it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import buffer_geodesic
from spatial.engine.shapes.ribbons import (
    clip_polygons,
    curve_through,
    cut_polygons,
    make_ribbon,
    make_ring,
    smooth_outline,
)
from spatial.errors import CrsError, GeometryError
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.structure import (
    AxisElement,
    BeltElement,
    CoreElement,
    DistrictElement,
    Element,
    PointElement,
    RingElement,
    Spot,
    Structure,
)
from spatial.plan.reading.names import find_name_faults

_EDGE_M = 100.0
"""Longest edge: shorter ones are straight in degrees and in metres alike, to a fraction of a millimetre."""
_LONGEST_DEGREE_M = 111_700.0
_GIVEN_COLUMNS = ("id", "name", "source", "illustrative", "geometry")
SEAT_ACCURACY_M = 500.0
"""A point on a seat that is known less well than this is drawn where nobody may take it for surveyed."""


def structure_sources(
    structure_spec: Structure | None, source_frames: dict[str, gpd.GeoDataFrame]
) -> dict[str, gpd.GeoDataFrame]:
    """Return the sources that elements are made from, with ``name, illustrative, geometry`` only.

    A change in another source or column then rebuilds nothing here. EPSG:4490.
    """
    used = {getattr(element, "source", None) for element in _elements(structure_spec)}
    return {
        name: frame[["name", "illustrative", "geometry"]]
        for name, frame in sorted(source_frames.items())
        if name in used
    }


def source_columns(source_frames: dict[str, gpd.GeoDataFrame]) -> dict[str, tuple[str, ...]]:
    """Return the columns that the file of each source has, without those that every source is given."""
    return {
        name: tuple(str(column) for column in frame.columns if column not in _GIVEN_COLUMNS)
        for name, frame in sorted(source_frames.items())
    }


def structure_faults(
    structure_spec: Structure | None,
    structure_sources: dict[str, gpd.GeoDataFrame],
    districts: gpd.GeoDataFrame,
    gazetteer: dict[str, tuple[float, float]],
    source_columns: dict[str, tuple[str, ...]],
) -> pd.DataFrame:
    """Return the names in elements that lead nowhere.

    Returns
    -------
    pandas.DataFrame
        Columns of text: ``element, problem, name, where, near``. `problem` is ``unknown_name``,
        ``unknown_source``, ``unnamed_source`` (a source without names) or ``seat_only`` (a town whose seat
        is known, but no polygon); `where` it was looked for is ``source:NAME``, ``sources``,
        ``districts``, ``elements`` or ``gazetteer``; `near` holds up to three similar names, or the
        columns of a source without names, joined by ``、``.
    """
    known = {key: frame["name"].tolist() for key, frame in structure_sources.items()}
    units = pd.concat([districts[column] for column in ("name", "code", "name_en")]).tolist()
    faults = find_name_faults(_elements(structure_spec), known, units, list(gazetteer), source_columns)
    rows = pd.DataFrame(map(asdict, faults), columns=["element", "problem", "name", "where", "near"])
    return rows.astype("str")


def structure_areas(
    *,
    structure_spec: Structure | None,
    structure_sources: dict[str, gpd.GeoDataFrame],
    structure_faults: pd.DataFrame,
    districts: gpd.GeoDataFrame,
    gazetteer: dict[str, tuple[float, float]],
    metric_crs: str,
) -> gpd.GeoDataFrame:
    """Return the areas of cores and districts as named: united, not yet smoothed or clipped.

    Returns
    -------
    geopandas.GeoDataFrame
        ``id, illustrative, geometry`` in `metric_crs`; no row for elements that cannot be made.
    """
    rows = []
    for element in _sound(structure_spec, structure_faults):
        if isinstance(element, (CoreElement, DistrictElement)):
            frames = _gather_areas(element, structure_sources, districts)
            illustrative = any(bool(frame["illustrative"].any()) for frame in frames)
            # Over a pole, or with no place in the metric CRS, nothing is drawn; the check reports it empty.
            with suppress(GeometryError, CrsError):
                shapes = [*_draw_discs(element, gazetteer), *(s for frame in frames for s in frame.geometry)]
                united = shapely.union_all(_to_metric(_pick(shapes, 2), metric_crs))
                rows.append((element.id, illustrative, united))
    return _draw(rows, metric_crs)


def structure_lines(
    *,
    structure_spec: Structure | None,
    structure_sources: dict[str, gpd.GeoDataFrame],
    structure_faults: pd.DataFrame,
    gazetteer: dict[str, tuple[float, float]],
    metric_crs: str,
) -> gpd.GeoDataFrame:
    """Return the lines that belts and axes follow: lines of a source, joined, or a curve through places.

    Returns
    -------
    geopandas.GeoDataFrame
        ``id, illustrative, geometry`` in `metric_crs`; no row for elements that cannot be made.
    """
    rows = []
    for element in _sound(structure_spec, structure_faults):
        if not isinstance(element, (BeltElement, AxisElement)):
            continue
        if element.through:
            with suppress(CrsError):
                rows.append((element.id, False, _draw_through(element, gazetteer, metric_crs)))
        else:
            frame = _choose(structure_sources[str(element.source)], element.along)
            # Not united: that would break a river in pieces where its drawing crosses itself.
            lines = shapely.multilinestrings(_to_metric(_pick(frame.geometry, 1), metric_crs))
            rows.append((element.id, bool(frame["illustrative"].any()), shapely.line_merge(lines)))
    return _draw(rows, metric_crs)


def structure_ribbons(
    structure_spec: Structure | None, structure_lines: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the ribbons of belts along their lines, not yet clipped or cut.

    Returns
    -------
    geopandas.GeoDataFrame
        ``id, illustrative, geometry``, CRS and illustrative marks of `structure_lines`.
    """
    belts = {element.id: element for element in _elements(structure_spec) if isinstance(element, BeltElement)}
    rows = []
    for key, illustrative, line in _rows(structure_lines):
        if belt := belts.get(key):
            reach_m = belt.width_m / 2 if belt.side == "both" else belt.width_m
            ribbon = make_ribbon(line, reach_m, side=belt.side, ends=belt.ends)
            rows.append((key, illustrative, shapely.segmentize(ribbon, _EDGE_M)))
    return _draw(rows, str(structure_lines.crs))


def structure_spots(
    structure_spec: Structure | None,
    structure_faults: pd.DataFrame,
    gazetteer: dict[str, tuple[float, float]],
    towns: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the positions of points, ``id, illustrative, geometry`` in EPSG:4490.

    A point is illustrative where it lies on the seat of a town whose accuracy the plan states as worse than
    500 m (`SEAT_ACCURACY_M`): the seat is approximate, and so is the point.
    """
    rough = set(shapely.to_wkb(towns.geometry[towns["accuracy_m"] > SEAT_ACCURACY_M].to_numpy()))
    spots = {
        element.id: shapely.Point(_locate(element.at, gazetteer))
        for element in _sound(structure_spec, structure_faults)
        if isinstance(element, PointElement)
    }
    return _draw([(key, spot.wkb in rough, spot) for key, spot in spots.items()], STORED_CRS)


def structure_shapes(
    *,
    structure_spec: Structure | None,
    structure_areas: gpd.GeoDataFrame,
    structure_lines: gpd.GeoDataFrame,
    structure_ribbons: gpd.GeoDataFrame,
    structure_spots: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    metric_crs: str,
) -> gpd.GeoDataFrame:
    """Return the polygons of the structure: areas smoothed, all clipped to the territory, belts cut.

    Rings go round the outer edge of their element, also where it has holes. What a belt cuts out is the
    other element before its own cuts, so that two belts may cut each other.

    Returns
    -------
    geopandas.GeoDataFrame
        ``id, illustrative, geometry`` in `metric_crs`; no row where nothing is left.
    """
    elements = {element.id: element for element in _elements(structure_spec)}
    land = transform_shapes(territory.geometry.array, STORED_CRS, metric_crs)[0]
    spots = structure_spots.to_crs(metric_crs)
    spots = spots[np.isfinite(spots.get_coordinates()).all(axis=1)]
    frames = (structure_areas, structure_lines, structure_ribbons, spots)
    marks = {key: mark for frame in frames for key, mark, _ in _rows(frame)}
    shapes: dict[str, BaseGeometry] = {}
    for key, _, area in _rows(structure_areas):
        smoothed = smooth_outline(area, getattr(elements[key], "smooth_m", 0.0))
        shapes[key] = clip_polygons(shapely.segmentize(smoothed, _EDGE_M), land)
    shapes |= {key: clip_polygons(ribbon, land) for key, _, ribbon in _rows(structure_ribbons)}
    thin = {key: shape for frame in (structure_lines, spots) for key, _, shape in _rows(frame)}
    for ring in _order_rings(elements.values(), thin | shapes):
        band = make_ring((thin | shapes)[ring.round], ring.distance_m, ring.width_m)
        shapes[ring.id] = clip_polygons(shapely.segmentize(band, _EDGE_M), land)
        marks[ring.id] = marks[ring.round]
    return _draw([(key, marks[key], _cut(elements[key], shapes)) for key in shapes], metric_crs)


def _elements(spec: Structure | None) -> tuple[Element, ...]:
    return spec.elements if spec else ()


def _sound(spec: Structure | None, faults: pd.DataFrame) -> list[Element]:
    wrong = set(faults["element"])
    return [element for element in _elements(spec) if element.id not in wrong]


def _locate(spot: Spot, gazetteer: dict[str, tuple[float, float]]) -> tuple[float, float]:
    return gazetteer[spot] if isinstance(spot, str) else spot


def _choose(frame: gpd.GeoDataFrame, names: Sequence[str]) -> gpd.GeoDataFrame:
    return frame[frame["name"].isin(names)] if names else frame


def _gather_areas(
    element: CoreElement | DistrictElement, sources: dict[str, gpd.GeoDataFrame], districts: gpd.GeoDataFrame
) -> list[gpd.GeoDataFrame]:
    frames = []
    if element.source:
        frames.append(_choose(sources[element.source], (*element.areas, *element.towns)))
    called = (*element.districts, *(() if element.source else element.towns))
    if called:
        answers = districts[["name", "code", "name_en"]].isin(called).any(axis=1)
        frames.append(districts[answers])
    return frames


def _pick(shapes: Iterable[Any], dimension: int) -> Any:
    """Return the single parts of that dimension; all else in a source says nothing about the element."""
    parts = shapely.get_parts(shapely.get_parts(np.array([*shapes], dtype=object)))
    return parts[shapely.get_dimensions(parts) == dimension]


def _to_metric(shapes: Any, crs: str) -> Any:
    return transform_shapes(shapely.segmentize(shapes, _EDGE_M / _LONGEST_DEGREE_M), STORED_CRS, crs)


def _rows(frame: gpd.GeoDataFrame) -> list[tuple[str, bool, BaseGeometry]]:
    return list(zip(frame["id"], frame["illustrative"], frame.geometry, strict=True))


def _draw(rows: Sequence[tuple[str, bool, BaseGeometry]], crs: str) -> gpd.GeoDataFrame:
    """Return rows of id, mark and shape as a frame, without those that are empty."""
    kept = [row for row in rows if not row[2].is_empty]
    frame = pd.DataFrame({"id": [row[0] for row in kept], "illustrative": [row[1] for row in kept]})
    shapes = np.array([row[2] for row in kept], dtype=object)
    return gpd.GeoDataFrame(frame.astype({"id": "str", "illustrative": "bool"}), geometry=shapes, crs=crs)


def _draw_discs(
    element: CoreElement | DistrictElement, gazetteer: dict[str, tuple[float, float]]
) -> list[BaseGeometry]:
    return [
        buffer_geodesic(shapely.Point(_locate(disc.at, gazetteer)), disc.radius_m) for disc in element.discs
    ]


def _draw_through(
    element: BeltElement | AxisElement, gazetteer: dict[str, tuple[float, float]], crs: str
) -> BaseGeometry:
    spots = shapely.points([_locate(spot, gazetteer) for spot in element.through])
    knots = shapely.get_coordinates(transform_shapes(spots, STORED_CRS, crs))
    if element.smooth:
        return curve_through(knots, _EDGE_M)
    moved = np.concatenate([[True], (np.diff(knots, axis=0) != 0).any(axis=1)])
    return shapely.linestrings(knots[moved]) if moved.sum() > 1 else shapely.LineString()


def _order_rings(elements: Iterable[Element], known: Iterable[str]) -> list[RingElement]:
    """Return the rings in the order in which they can be drawn, without those round nothing."""
    waiting = [element for element in elements if isinstance(element, RingElement)]
    ordered: list[RingElement] = []
    reached = set(known)
    while ready := [ring for ring in waiting if ring.round in reached]:
        ordered += ready
        reached |= {ring.id for ring in ready}
        waiting = [ring for ring in waiting if ring.id not in reached]
    return ordered


def _cut(element: Element, shapes: dict[str, BaseGeometry]) -> BaseGeometry:
    away = [shapes[other] for other in getattr(element, "cut", ()) if other in shapes and other != element.id]
    return cut_polygons(shapes[element.id], shapely.union_all(away)) if away else shapes[element.id]
