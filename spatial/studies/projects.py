"""Projects that ask for approval: read from any file, their attributes understood, doubts about them told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.gcj02 import unshift_gcj02
from spatial.engine.shapes.regions import measure_shapes
from spatial.errors import Fault, PlanError
from spatial.plan.departments import Attribute, Departments
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.records import Source
from spatial.sources.origin import list_some
from spatial.sources.vector import read_source

Shapes = npt.NDArray[np.object_]

_IDS = ("id", "项目编号", "编号", "标识", "项目标识", "项目代码", "XMBH", "XMDM", "project_id")
_NAMES = ("项目名称", "XMMC", "地块名称", "名称", "title", "project")
# Columns that `read_source` makes, and those of boundary-point text beside what attributes take.
_MADE = (
    "id", "name", "name_en", "source", "illustrative", "geometry", "wkt", "lon", "lat", "stated_area_ha",
    "map_sheet", "land_code", "given_crs",
)  # fmt: skip
_CLOSE_DEG = 5e-5
_CORNERS = 20_000
_LEAST_CORNERS = 4


@dataclass(frozen=True)
class Projects:
    """Projects as read.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        EPSG:4490: ``id, name``, a column of texts for each attribute of the rules (empty where unknown),
        ``area_m2, length_m, illustrative, geometry``.
    findings : tuple of Finding
        Those that have a `feature_id` stand on that project's own page.
    """

    frame: gpd.GeoDataFrame
    findings: tuple[Finding, ...]


def read_projects(
    path: Path, table: Departments, *, crs: str | None = None, given: Mapping[str, str] | None = None
) -> Projects:
    """Read projects from a vector file, a table with WKT, or boundary-point text 界址点.

    Parameters
    ----------
    path : Path
        ``.shp``, ``.zip``, ``.gpkg``, ``.geojson``, ``.txt``, ``.csv`` and what else is read.
    table : Departments
        Which attributes are asked for, and what their columns may be called.
    crs : str, optional
        Of a file that does not say its own.
    given : mapping of str to str, optional
        Attributes of all projects that do not state them, as `read_given` returns them.

    Raises
    ------
    SourceError
        As `read_source`.
    """
    source = Source(file=path.name, crs=crs)
    read = read_source("project", source, path.parent, lenient=True, ids=_IDS)
    frame = read.frame
    findings = [*read.findings, *(_say_mended(*one) for one in read.mended)]
    columns = {str(name).lower(): str(name) for name in frame.columns}
    if frame["id"].str.fullmatch(r"project-\d{4,}").all():
        findings.append(_say_numbered(path.name, len(frame)))
    kept: dict[str, Any] = {"id": frame["id"].to_numpy(), "name": _read_names(frame, columns)}
    for attribute in table.attributes:
        kept[attribute.key], strange = _read_attribute(frame, columns, attribute)
        findings += [_say_strange(path.name, attribute, strange)] if strange else []
        if given and attribute.key in given:
            blank = kept[attribute.key] == ""
            kept[attribute.key] = np.where(blank, given[attribute.key], kept[attribute.key])
            findings.append(_say_given(attribute, given[attribute.key], int(blank.sum())))
    if unknown := _list_unknown(columns, table):
        findings.append(_say_unknown(path.name, unknown))
    shapes = frame.geometry.to_numpy()
    kind, amounts = shapely.get_dimensions(shapes), measure_shapes(shapes)
    if (kind < 2).any():
        findings.append(_say_flat(path.name, frame["id"].to_numpy()[kind < 2]))
    kept |= {
        "area_m2": np.where(kind == 2, amounts, 0.0),
        "length_m": np.where(kind == 1, amounts, 0.0),
        "illustrative": _read_illustrative(frame),
    }
    return Projects(gpd.GeoDataFrame(kept, geometry=shapes, crs=STORED_CRS), tuple(findings))


def read_given(texts: Sequence[str], table: Departments) -> dict[str, str]:
    """Return the attributes that were typed as ``KEY=VALUE``, each as rules know it.

    Raises
    ------
    PlanError
        No such attribute, or a value that it cannot have: all of them at once.

    Examples
    --------
    >>> from spatial.plan.departments import read_departments
    >>> read_given(["kind=工业", "所在区镇=克井镇"], read_departments())
    {'kind': 'industry', 'district': '克井镇'}
    """
    given, faults = dict[str, str](), list[Fault]()
    for text in texts:
        key, _, value = (part.strip() for part in text.partition("="))
        names = {one.key: {one.key, one.name.zh, *one.columns} for one in table.attributes}
        attribute = next((one for one in table.attributes if key in names[one.key]), None)
        words = list_words(attribute) if attribute is not None else {}
        if attribute is None or not value:
            remedy = f"write KEY=VALUE with one of {', '.join(names)}"
            faults.append(Fault("--attribute", "", f"{text!r} gives no attribute of projects", remedy))
        elif words and value.lower() not in words:
            remedy = f"write one of {', '.join(attribute.values)}, or its Chinese name"
            faults.append(Fault("--attribute", attribute.key, f"{value!r} is not known", remedy))
        else:
            given[attribute.key] = words.get(value.lower(), value)
    if faults:
        raise PlanError(faults)
    return given


def _list_unknown(columns: Mapping[str, str], table: Departments) -> list[str]:
    """Return the columns of a file that nothing is read from."""
    asked = [name for attribute in table.attributes for name in attribute.columns]
    known = {name.lower() for name in (*_IDS, *_NAMES, *_MADE, *asked)}
    return [name for key, name in columns.items() if key not in known and not key.endswith("_original")]


def _read_names(frame: gpd.GeoDataFrame, columns: dict[str, str]) -> Shapes:
    names = frame["name"].to_numpy(dtype=object)
    for other in _NAMES:
        if (names != "").any():
            break
        if other.lower() in columns:
            names = _as_texts(frame[columns[other.lower()]])
    return np.where(names == "", frame["id"].to_numpy(dtype=object), names)


def _as_texts(column: pd.Series[Any]) -> Shapes:
    texts = column.astype(object).where(column.notna(), "")
    return np.array([str(value).strip() for value in texts], dtype=object)


def _read_illustrative(frame: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    own = next((name for name in ("illustrative_original", "illustrative") if name in frame), None)
    if own is None:
        return np.zeros(len(frame), dtype=bool)
    return np.array([text.lower() in ("true", "1", "yes", "是") for text in _as_texts(frame[own])])


def _read_attribute(
    frame: gpd.GeoDataFrame, columns: dict[str, str], attribute: Attribute
) -> tuple[Shapes, list[str]]:
    """Return an attribute's values as rules know them, empty where unknown, and what was not understood."""
    column = next((columns[name.lower()] for name in attribute.columns if name.lower() in columns), None)
    if column is None:
        return np.full(len(frame), "", dtype=object), []
    known, given = list_words(attribute), _as_texts(frame[column])
    lowered = [text.removesuffix(".0").lower() for text in given]
    if not attribute.values:
        return given, []
    values = np.array([known.get(text, "") for text in lowered], dtype=object)
    return values, sorted(
        {str(text) for text, value in zip(given, values, strict=True) if text and not value}
    )


def list_words(attribute: Attribute) -> dict[str, str]:
    """Return what files may write for each value of an attribute, in lower case.

    Examples
    --------
    >>> from spatial.plan.departments import read_departments
    >>> list_words(read_departments().attributes[0])["住宅"]
    'housing'
    """
    known = {value.lower(): value for value in attribute.values}
    for value, label in attribute.values.items():
        known |= {label.zh.lower(): value, label.en.lower(): value}
        # Kinds that a label numbers are written without their number too.
        known |= {label.pick(tongue).lower().lstrip("0123456789 "): value for tongue in ("zh", "en")}
    for value, others in attribute.also.items():
        known |= {str(other).lower(): value for other in others}
    return known


def _say_numbered(file: str, count: int) -> Finding:
    return Finding(
        "projects.no_id", "info", "projects", "",
        f"{file}：没有 id（或 {'、'.join(_IDS[1:6])}）字段，{count} 个项目按文件中的顺序编号。",
        f"{file}: there is no column id (or {_IDS[1]}, {_IDS[2]} …); {count} "
        f"project{' was' if count == 1 else 's were'} numbered in the order of the file.",
        float(count),
    )  # fmt: skip


def _say_mended(key: str, zh: str, en: str) -> Finding:
    return Finding("projects.repaired", "info", "projects", key, f"{zh}。", f"{en}.")


def _say_given(attribute: Attribute, value: str, count: int) -> Finding:
    label = attribute.values.get(value)
    said, en = (label.zh, label.en) if label else (value, value)
    return Finding(
        "projects.given", "info", "projects", "",
        f"{count} 个项目文件中未填写{attribute.name.zh}，按 --attribute 取“{said}”；文件已填写的不变。",
        f"{count} {'project states' if count == 1 else 'projects state'} no {attribute.name.en.lower()}: "
        f"taken as {en} (--attribute); what the file states stays.",
        float(count),
    )  # fmt: skip


def _say_unknown(file: str, names: list[str]) -> Finding:
    shown = list_some([name[:40] for name in names], 20)
    return Finding(
        "projects.unknown_columns", "info", "projects", "",
        f"{file}：{len(names)} 个字段未识别，未予使用：{shown}。",
        f"{file}: {len(names)} column{'' if len(names) == 1 else 's'} not recognised and not used: {shown}.",
        float(len(names)),
    )  # fmt: skip


def _say_strange(file: str, attribute: Attribute, strange: list[str]) -> Finding:
    shown = list_some([text[:40] for text in strange])
    known = "、".join(f"{key}（{label.zh[:12]}）" for key, label in attribute.values.items())
    return Finding(
        "projects.unknown_value", "warning", "projects", "",
        f"{file}：{attribute.name.zh}的值不认识：{shown}；与其有关的规则不予审查或按无例外处理。可用：{known}。",
        f"{file}: {attribute.name.en.lower()} has values that are not known: {shown}; rules that hang on "
        f"it are not judged, and its exceptions do not apply. Known are {', '.join(attribute.values)}.",
        float(len(strange)),
    )  # fmt: skip


def _say_flat(file: str, ids: Shapes) -> Finding:
    kind = "project is a line or point" if len(ids) == 1 else "projects are lines or points"
    return Finding(
        "projects.no_area", "warning", "projects", "",
        f"{file}：{len(ids)} 个项目是线或点，没有面积（{list_some(ids)}）；"
        "线按长度、点按位置审查，不能代替用地范围。",
        f"{file}: {len(ids)} {kind} without an area ({list_some(ids)}), judged by length or "
        "position, which does not stand for the land that will be used.",
        float(len(ids)),
    )  # fmt: skip


def doubt_projects(projects: gpd.GeoDataFrame, land: Any, edges: Any) -> list[Finding]:
    """Say which projects lie outside the territory, and whether they look shifted as GCJ-02 is.

    Parameters
    ----------
    projects : geopandas.GeoDataFrame
        EPSG:4490.
    land : shapely.Polygon or shapely.MultiPolygon or None
        The territory.
    edges : array-like of shapely geometries
        What corners of projects often lie on: edges of the plan's lines and zones.

    Returns
    -------
    list of Finding

    Notes
    -----
    Nothing in a coordinate tells GCJ-02 from CGCS2000. Two signs are looked for: projects that leave the
    territory and would not once the shift is taken off, and corners that would come to lie within some 5 m of
    the plan's edges and do not now. A file without either may be shifted all the same.
    """
    shapes = projects.geometry.to_numpy().copy()
    long = shapely.get_num_coordinates(shapes) > _CORNERS
    shapes[long] = shapely.simplify(shapes[long], _CLOSE_DEG / 5, preserve_topology=False)
    back = shapely.transform(shapes, lambda xy: np.column_stack(unshift_gcj02(*xy.T)))
    found: list[Finding] = []
    moved = 0
    if land is not None:
        shapely.prepare(land)
        inside, meets = shapely.covers(land, shapes), shapely.intersects(land, shapes)
        away = projects["id"].to_numpy()[~meets]
        found += [_say_outside(len(away), list_some(away))] if len(away) else []
        moved = int((~inside & shapely.covers(land, back)).sum())
    now, then = (_count_close(one, edges) for one in (shapes, back))
    if moved or (then >= _LEAST_CORNERS and then > 5 * now):
        found.append(_say_shifted(moved, now, then))
    return found


def _count_close(shapes: Shapes, edges: Any) -> int:
    """Return how many corners lie within some metres of edges; of very many, of an even sample."""
    corners = shapely.get_coordinates(shapes)
    corners = corners[:: max(1, len(corners) // _CORNERS)]
    lines = shapely.boundary(np.asarray(edges, dtype=object).ravel())
    parts = shapely.get_parts(lines[~shapely.is_empty(lines)])
    if not len(parts) or not len(corners):
        return 0
    points = shapely.points(corners)
    return len(np.unique(shapely.STRtree(parts).query(points, predicate="dwithin", distance=_CLOSE_DEG)[0]))


def _say_outside(count: int, shown: str) -> Finding:
    return Finding(
        "projects.outside", "warning", "projects", "",
        f"{count} 个项目全部位于规划范围以外（{shown}）；请核对坐标系和所属行政区。",
        f"{count} {'project lies' if count == 1 else 'projects lie'} wholly outside the plan's territory "
        f"({shown}); check the coordinates.",
        float(count),
    )  # fmt: skip


def _say_shifted(moved: int, now: int, then: int) -> Finding:
    return Finding(
        "projects.gcj02", "warning", "projects", "",
        f"疑似 GCJ-02（火星坐标）：去除偏移后，{moved} 个项目由越界变为在规划范围内，"
        f"落在规划线上（约 5 米内）的拐点由 {now} 个变为 {then} 个；请向数据提供方核实，未作改正。",
        f"Coordinates look like GCJ-02: with its shift taken off {moved} projects come to lie inside the "
        f"territory, and {then} corners lie within some 5 m of the plan's edges, now {now}; ask whoever "
        "made the file. Nothing was corrected.",
        float(then),
    )  # fmt: skip
