"""Shapes as they come: what cannot be used is dropped, what can be mended is mended, all of it reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.geodesy import area_m2
from spatial.engine.shapes.topology import repair_polygons
from spatial.sources.origin import Origin, list_some

Shapes = npt.NDArray[np.object_]
Truths = npt.NDArray[np.bool_]

_DIMENSIONS = {0: ("点", "points"), 1: ("线", "lines"), 2: ("面", "polygons")}
_COLLECTION = 7
_DRAWN_MOST = 100


def drop_unusable(origin: Origin, shapes: Shapes, ids: Shapes) -> Truths:
    """Return which shapes can be used: neither missing, nor empty, nor with coordinates that are not numbers.

    The ids of the others are reported.

    Raises
    ------
    SourceError
        None can be used.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> shapes = np.array([shapely.Point(112, 35), None], dtype=object)
    >>> drop_unusable(Origin("a", Source(file="a.gpkg"), "a.gpkg"), shapes, np.array(["1", "2"])).tolist()
    [True, False]
    """
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    infinite = np.zeros(len(shapes), dtype=bool)
    infinite[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    usable: Truths = ~(missing | infinite)
    if not usable.any():
        problem = f"none of its {len(shapes)} features has a usable geometry"
        raise origin.refuse(origin.source.layer or "", problem, "export it again with geometry")
    lost = {
        "没有几何": ("no geometry", missing),
        "坐标不是有限数值": ("coordinates that are not numbers", infinite),
    }
    for zh, (en, which) in lost.items():
        if which.any():
            count, shown = int(which.sum()), list_some(ids[which])
            origin.note(
                "no_geometry",
                "warning",
                f"{count} 个要素{zh}，已舍去（{shown}）。",
                f"{count} features with {en} were left out ({shown}).",
                value=float(count),
            )
    return usable


def flatten(origin: Origin, shapes: Shapes) -> Shapes:
    """Return shapes without heights and measures, and report how many had them.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> origin = Origin("a", Source(file="a.gpkg"), "a.gpkg")
    >>> flatten(origin, np.array([shapely.Point(112, 35, 131.5)]))[0].has_z, origin.findings[0].rule
    (False, 'sources.heights_dropped')
    """
    high = shapely.has_z(shapes) | shapely.has_m(shapes)
    if not high.any():
        return shapes
    count = int(high.sum())
    origin.note(
        "heights_dropped",
        "info",
        f"{count} 个要素带高程或量测值（Z/M），已去掉。",
        f"heights or measures (Z/M) of {count} features were dropped.",
        value=float(count),
    )
    return np.asarray(shapely.force_2d(shapes), dtype=object)


def open_collections(origin: Origin, shapes: Shapes, ids: Shapes) -> Shapes:
    """Return shapes of which no one is a collection: its parts of the majority's dimension stay, as a multi.

    The majority is counted over the shapes that are no collections, else over the parts of all. Layers of
    mixed dimension are kept and reported. A collection without a part of that dimension becomes empty.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> mixed = shapely.GeometryCollection([shapely.box(112, 35, 113, 36), shapely.Point(112, 35)])
    >>> origin = Origin("a", Source(file="a.gpkg"), "a.gpkg")
    >>> open_collections(origin, np.array([mixed]), np.array(["1"]))[0].geom_type
    'Polygon'
    """
    shapes = shapes.copy()
    mixed = shapely.get_type_id(shapes) == _COLLECTION
    parts = [_list_parts(shape) for shape in shapes[mixed]]
    plain = shapely.get_dimensions(shapes[~mixed])
    every = plain if len(plain) else shapely.get_dimensions(np.concatenate([*parts, np.empty(0, object)]))
    counts = np.bincount(every[every >= 0], minlength=3)
    wanted = int(2 - np.argmax(counts[::-1]))
    kept = [part[shapely.get_dimensions(part) == wanted] for part in parts]
    for position, part in zip(np.flatnonzero(mixed), kept, strict=True):
        shapes[position] = _join(part, wanted)
    if mixed.any():
        lost = sum(map(len, parts)) - sum(map(len, kept))
        zh, en = _DIMENSIONS[wanted]
        origin.note(
            "collections",
            "warning",
            f"{int(mixed.sum())} 个几何集合只保留{zh}，舍去 {lost} 个部分（{list_some(ids[mixed])}）。",
            f"of {int(mixed.sum())} geometry collections only the {en} were kept, {lost} parts were left out "
            f"({list_some(ids[mixed])}).",
            value=float(lost),
        )
    _note_mixed(origin, np.bincount(plain[plain >= 0], minlength=3))
    return shapes


def _list_parts(shape: shapely.Geometry) -> Shapes:
    """Return the single parts of a collection, however deep they are nested."""
    parts = shapely.get_parts(np.array([shape], dtype=object))
    while (shapely.get_type_id(parts) > 3).any():
        parts = shapely.get_parts(parts)
    return np.asarray(parts[~shapely.is_empty(parts)], dtype=object)


def _join(parts: Shapes, dimension: int) -> shapely.Geometry:
    if len(parts) == 1:
        return parts[0]
    if dimension == 2:
        # Parts of a collection may overlap; those of a multipolygon must not.
        return shapely.union_all(shapely.make_valid(parts)) if len(parts) else shapely.Polygon()
    return (shapely.multipoints, shapely.multilinestrings)[dimension](parts)


def _note_mixed(origin: Origin, counts: npt.NDArray[np.int64]) -> None:
    found = [(number, *_DIMENSIONS[dimension]) for dimension, number in enumerate(counts) if number]
    if len(found) > 1:
        zh = "、".join(f"{number} 个{name}" for number, name, _ in found)
        en = ", ".join(f"{number} {name}" for number, _, name in found)
        origin.note(
            "mixed_types", "info", f"几何类型混合：{zh}，均保留。", f"holds mixed geometries, all kept: {en}."
        )


def repair_shapes(origin: Origin, shapes: Shapes, ids: Shapes) -> Shapes:
    """Return valid shapes of the same dimension; what was mended is reported with its area.

    Parameters
    ----------
    shapes : numpy.ndarray of object
        Longitude and latitude in degrees, CGCS2000.
    ids : numpy.ndarray of object
        Their ids.

    Returns
    -------
    numpy.ndarray of object
        Same length; empty where nothing of the dimension was left.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> bowtie = shapely.Polygon([(112, 35), (113, 36), (113, 35), (112, 36)])
    >>> origin = Origin("a", Source(file="a.gpkg"), "a.gpkg")
    >>> repair_shapes(origin, np.array([bowtie]), np.array(["1"]))[0].geom_type
    'MultiPolygon'
    """
    wrong = ~shapely.is_valid(shapes)
    if not wrong.any():
        return shapes
    before = shapes[wrong]
    after = repair_polygons(before)  # a line is invalid only where it is a point: nothing is left of it
    result = shapes.copy()
    result[wrong] = after
    _note_repair(origin, before, after, ids[wrong])
    return result


def _note_repair(origin: Origin, before: Shapes, after: Shapes, ids: Shapes) -> None:
    count, shown, gone = len(before), list_some(ids), int(shapely.is_empty(after).sum())
    areas, made = area_m2(before), area_m2(after)
    start, end = float(areas.sum()), float(made.sum())
    for one, old, new in zip(ids, areas, made, strict=True):
        zh = f"图形无效，读入时已修复，面积由 {old:.0f} 平方米变为 {new:.0f} 平方米；请核对用地范围"
        en = f"The shape was invalid and repaired on reading: {old:.0f} m² became {new:.0f} m²; check it"
        origin.mended.append((str(one), zh, en))
    reason = str(shapely.is_valid_reason(before[0])).partition("[")[0].strip()
    middles = shapely.centroid(shapely.envelope(before[:_DRAWN_MOST]))
    origin.note(
        "repaired",
        "warning",
        f"{count} 个无效图形（{reason}）已修复，面积由 {start:.0f} 平方米变为 {end:.0f} 平方米，"
        f"其中 {gone} 个无法修复而舍去（{shown}）。",
        f"{count} invalid shapes ({reason}) were repaired, area {start:.0f} m² became {end:.0f} m²; {gone} "
        f"of them could not be and were left out ({shown}).",
        value=end - start,
        geometry=shapely.MultiPoint(middles),
    )


def name_rows(origin: Origin, frame: pd.DataFrame) -> Shapes:
    """Return a unique id for each row: of the column of ids (`Origin.ids`), else from its position.

    Ids that are given twice get a number behind them, and are reported.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> table = pd.DataFrame({"id": ["a", "a", None]})
    >>> name_rows(Origin("towns", Source(file="a.gpkg"), "a.gpkg"), table).tolist()
    ['a', 'a-2', 'towns-0003']
    """
    ranks = {name.lower(): rank for rank, name in reversed(list(enumerate(origin.ids)))}
    named = [name for name in frame.columns if str(name).lower() in ranks]
    column = "id" if "id" in named else min(named, key=lambda name: ranks[str(name).lower()], default=None)
    made = np.array([f"{origin.name}-{number:04d}" for number in range(1, len(frame) + 1)], dtype=object)
    if column is None:
        return made
    given = as_texts(frame[column])
    ids = np.where(given == "", made, given)
    twice = [value for value, count in Counter(ids.tolist()).items() if count > 1]
    if twice:
        origin.note(
            "duplicate_ids",
            "warning",
            f"字段 {column} 中 {len(twice)} 个标识重复，已加序号区分（{list_some(twice)}）。",
            f"{len(twice)} values of column {column} are given more than once and were numbered "
            f"({list_some(twice)}).",
            value=float(len(twice)),
        )
    return np.array(number_repeats(ids.tolist()), dtype=object)


def number_repeats(names: Iterable[str]) -> list[str]:
    """Return names of which no two are equal: a repeat gets the first free number from 2 behind it.

    Examples
    --------
    >>> number_repeats(["a", "a", "a-2", "b", "a"])
    ['a', 'a-3', 'a-2', 'b', 'a-4']
    """
    given = list(names)
    taken, last, result = set(given), dict[str, int](), []
    for name in given:
        own, number = name, last.get(name, 0) + 1
        while number > 1 and (own := f"{name}-{number}") in taken:
            number += 1
        taken.add(own)
        last[name] = number
        result.append(own)
    return result


def as_texts(column: pd.Series) -> Shapes:
    """Return a column as texts: whole numbers without a point, missing values as empty text.

    Examples
    --------
    >>> as_texts(pd.Series([1.0, None, 2.0])).tolist()
    ['1', '', '2']
    """
    known = column.notna().to_numpy()
    texts = np.full(len(column), "", dtype=object)
    values = column[known]
    if (
        pd.api.types.is_float_dtype(column)
        and len(values)
        and (values % 1 == 0).all()
        and values.abs().max() < 2**53
    ):
        values = values.astype("int64")
    texts[known] = [str(value) for value in values]
    return texts
