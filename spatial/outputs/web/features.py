"""Layers as the web map takes them: which are drawn, by which class, with which texts and where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.errors import CrsError, Fault, OutputError
from spatial.outputs.web.anchors import find_edges, find_middles, trace_spine
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.findings import STORED_CRS
from spatial.plan.styles import ALL, UNSTYLED, ClassStyle, LayerStyle, Styles

DECIMALS = 6
"""Decimals of a degree in the map: 0.11 m or finer. One rounding for all, so shared edges stay shared."""

_SLUG = re.compile(r"[a-z][a-z0-9_]*\Z")
_ENGLISH_NAMES = ("name_en", "message_en")
_HIDDEN = frozenset({"id", "name", "recipe", "message_zh"})
_LISTED = 5
_SHAPES = {0: "point", 1: "line", 2: "polygon"}


@dataclass(frozen=True)
class DrawnLayer:
    """A layer with something to draw.

    Parameters
    ----------
    key : str
        Key of the style entry.
    style : LayerStyle
        Its style.
    contract : Contract or None
        Titles and columns; None for a layer that declares none.
    frame : geopandas.GeoDataFrame
        Rows to draw, EPSG:4490, rounded, without null or empty geometry.
    classes : pandas.Series of str
        Class of each row.
    absent : int
        Rows without geometry, which are not drawn.
    """

    key: str
    style: LayerStyle
    contract: Contract | None
    frame: gpd.GeoDataFrame
    classes: pd.Series[Any]
    absent: int

    def unstyled_values(self) -> list[str]:
        """Return the values of the class column that no class takes, sorted."""
        if self.style.class_column is None or not len(self.frame):
            return []
        if self.style.class_column not in self.frame:
            return [f"{self.style.class_column}?"]
        values = self.frame.loc[self.classes == UNSTYLED, self.style.class_column]
        return sorted({str(value) for value in values.dropna()} | ({""} if values.isna().any() else set()))


def choose_layers(
    layers: Mapping[str, pd.DataFrame], styles: Styles, contracts: Mapping[str, Contract]
) -> list[DrawnLayer]:
    """Choose what the map draws: rows with geometry of all layers, styled ones first, in panel order.

    Parameters
    ----------
    layers : mapping of str to frame
        Tables (frames without geometry) are ignored.
    styles : Styles
        Layers without an entry are drawn in the warning style.
    contracts : mapping of str to Contract
        May lack layers.

    Raises
    ------
    CrsError
        A frame has no CRS.
    OutputError
        A layer's name is not a slug.
    """
    frames = {
        name: frame
        for name, frame in layers.items()
        if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name is not None
    }
    styled = {entry.of or key for key, entry in styles.layers.items()}
    entries = dict(styles.layers) | {
        name: _style_unknown(name, styles, contracts.get(name)) for name in frames if name not in styled
    }
    chosen = []
    for key, entry in entries.items():
        name = entry.of or key
        if name in frames:
            chosen.append(_draw(key, entry, frames[name], contracts.get(name)))
    return [layer for layer in chosen if len(layer.frame) or layer.absent]


def _style_unknown(name: str, styles: Styles, contract: Contract | None) -> LayerStyle:
    """Return the warning style for a layer that has none."""
    if not _SLUG.match(name):
        raise OutputError(Fault("map", name, "is not a layer name", "use lower-case letters, digits and _"))
    title = Text(zh=contract.zh, en=contract.en) if contract else Text(zh=name, en=name)
    return LayerStyle(
        title=title, group=list(styles.groups)[-1], order=10_000, classes={ALL: styles.unstyled}
    )


def _draw(key: str, style: LayerStyle, frame: gpd.GeoDataFrame, contract: Contract | None) -> DrawnLayer:
    if frame.crs is None:
        raise CrsError(Fault("map", key, "the layer has no coordinate system", f"set it to {STORED_CRS}"))
    frame = gpd.GeoDataFrame(style.select(frame)).to_crs(STORED_CRS)
    shapes = shapely.transform(
        shapely.force_2d(frame.geometry.to_numpy()), lambda xy: np.round(xy, DECIMALS) + 0.0
    )
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=STORED_CRS))
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    drawn = frame[there]
    return DrawnLayer(key, style, contract, drawn, style.classify(drawn), int((~there).sum()))


def write_features(layer: DrawnLayer, metric_crs: str, territory: BaseGeometry | None = None) -> str:
    """Write a layer as GeoJSON text for a script block of a page.

    Parameters
    ----------
    layer : DrawnLayer
        What to write.
    metric_crs : str
        CRS in which middles and spines are sought.
    territory : shapely geometry, optional
        In that CRS; names of areas that it clips do not stand on its outline.

    Returns
    -------
    str
        A FeatureCollection on one line. Features carry, beside properties and geometry, their `class`,
        `anchors` (points where the name may stand), `spine` (a line along it) and `label` (zh and en). No
        ``<`` is in it, so no text can end the block.
    """
    frame = layer.frame
    properties = _to_rows(list_columns(layer), len(frame))
    members: Iterator[dict[str, Any]] = (
        {"type": "Feature", "id": key, "class": name, "properties": texts} | place
        for key, name, texts, place in zip(
            frame["id"].astype(str),
            layer.classes,
            properties,
            list_places(layer, metric_crs, territory),
            strict=True,
        )
    )
    shapes = shapely.to_geojson(frame.geometry.to_numpy())
    features = ",\n".join(
        f'{dump_json(member)[:-1]},"geometry":{shape}}}'
        for member, shape in zip(members, shapes, strict=True)
    )
    return f'{{"type":"FeatureCollection","features":[\n{features}\n]}}'


def dump_json(value: Any) -> str:
    r"""Write JSON that may stand in a script block of a page, keys in the order given.

    Examples
    --------
    >>> dump_json({"name": "</script>"})
    '{"name":"\\u003c/script>"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def list_columns(layer: DrawnLayer, *, with_label: bool = False) -> dict[str, pd.Series[Any]]:
    """List the columns that popups and search read, and labels if asked; others stay out of the file.

    Parameters
    ----------
    layer : DrawnLayer
        Details that its style names, or all columns where it names none.
    with_label : bool
        Whether to take the column of labels and its English twin too.

    Returns
    -------
    dict of str to pandas.Series
        ``name_en`` is the English message where a layer has no English name.
    """
    frame = layer.frame
    labels = [layer.style.label_column] if with_label and layer.style.label_column else []
    wanted = ["name", *_list_details(layer), "rank", *labels]
    twins = [f"{column}_en" for column in wanted]
    kept = {name: frame[name] for name in dict.fromkeys(wanted + twins) if name in frame}
    english = next((frame[name] for name in _ENGLISH_NAMES if name in frame), None)
    return kept if english is None else kept | {"name_en": english}


def _list_details(layer: DrawnLayer) -> list[str]:
    if layer.style.details:
        return [name for name in layer.style.details if name in layer.frame]
    every = [name for name in layer.frame.columns if name != layer.frame.active_geometry_name]
    return [name for name in every if name not in _HIDDEN and not name.endswith("_en")]


def _to_rows(columns: Mapping[str, pd.Series[Any]], count: int) -> list[dict[str, Any]]:
    """Return the cells of each row that hold something."""
    plain = {column: [to_plain(value) for value in values] for column, values in columns.items()}
    rows = zip(*plain.values(), strict=True) if plain else iter([()] * count)
    return [{key: cell for key, cell in zip(plain, row, strict=True) if cell is not None} for row in rows]


def to_plain(value: Any) -> str | int | float | bool | None:
    """Return a cell as JSON can hold it; nulls, not-a-number and empty texts as None.

    Examples
    --------
    >>> to_plain(np.float64(0.1) * 3), to_plain(float("nan")), to_plain("")
    (0.3, None, None)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    return str(value) or None


def list_places(
    layer: DrawnLayer, metric_crs: str, territory: BaseGeometry | None, *, quick: bool = False
) -> Iterable[dict[str, Any]]:
    """List for each row where its name may stand and what it says there.

    Parameters
    ----------
    layer : DrawnLayer
        Rows with geometry.
    metric_crs : str
        CRS in which middles and spines are sought.
    territory : shapely geometry or None
        In that CRS; names of areas that it clips do not stand on its outline.
    quick : bool
        Whether names for the edge stand in the middle: an edge that no other shares takes all pairs of areas.

    Returns
    -------
    iterable of dict
        ``anchors`` (longitude and latitude), ``label`` (zh and en) where there is one, ``spine`` where there
        is one.
    """
    frame, style = layer.frame, layer.style
    column = style.label_column
    shapes = frame.geometry.to_numpy()
    if column is None or column not in frame:
        points = _positions(shapely.point_on_surface(shapes))
        return ({"anchors": [point]} for point in points)
    metric = frame.geometry.to_crs(metric_crs)
    if style.label.place == "edge" and not quick and (shapely.get_dimensions(shapes) == 2).all():
        anchors = [_to_degrees(points, metric_crs) for points in find_edges(metric.to_numpy(), territory)]
    else:
        anchors = [[point] for point in _to_degrees(find_middles(metric.to_numpy()), metric_crs)]
    along = style.label.place == "along"
    spines = [trace_spine(shape) if along else None for shape in metric]
    twin = f"{column}_en"
    texts = {"zh": frame[column]} | ({"en": frame[twin]} if twin in frame else {})
    labels = _to_rows(texts, len(frame))
    return (
        {"anchors": points}
        | ({"label": label} if label else {})
        | ({} if spine is None else {"spine": _line(spine, metric_crs)})
        for points, label, spine in zip(anchors, labels, spines, strict=True)
    )


def _to_degrees(points: Any, metric_crs: str) -> list[list[float]]:
    return _positions(gpd.GeoSeries(points, crs=metric_crs).to_crs(STORED_CRS).to_numpy())


def _positions(points: Any) -> list[list[float]]:
    return [
        [round(float(x), DECIMALS), round(float(y), DECIMALS)] for x, y in shapely.get_coordinates(points)
    ]


def _line(spine: Any, metric_crs: str) -> list[list[float]]:
    return _to_degrees(shapely.points(shapely.get_coordinates(spine)), metric_crs)


def describe_layer(layer: DrawnLayer, styles: Styles) -> dict[str, Any]:
    """Describe a layer to the page: titles, columns, the classes that are present, in legend order."""
    style = layer.style
    columns = layer.contract.all_columns() if layer.contract else {}
    return {
        "key": layer.key,
        "title": _text(style.title),
        "group": style.group,
        "order": style.order,
        "tooltip": style.tooltip,
        "classed": style.class_column is not None,
        "label": style.label.model_dump() if style.label_column in layer.frame else None,
        "columns": [
            {"key": name, "title": {"zh": column.zh, "en": column.en}}
            for name in _list_details(layer)
            for column in [columns.get(name) or Column("text", name, name)]
        ],
        "classes": list(_describe_classes(layer, styles)),
    }


def _describe_classes(layer: DrawnLayer, styles: Styles) -> Iterator[dict[str, Any]]:
    known = dict(layer.style.classes) | {UNSTYLED: _name_unstyled(layer, styles)}
    areas = _areas_km2(layer.frame)
    dimensions = shapely.get_dimensions(layer.frame.geometry.to_numpy())
    for key, style in known.items():
        rows = (layer.classes == key).to_numpy()
        if not rows.any():
            continue
        yield {
            "key": key,
            "label": _text(style.label),
            "count": int(rows.sum()),
            "area_km2": None if areas is None else round(float(areas[rows].sum()), 4) or None,
            "shape": _SHAPES[int(dimensions[rows].max())],
            "style": style.model_dump(exclude={"label"}),
        }


def _name_unstyled(layer: DrawnLayer, styles: Styles) -> ClassStyle:
    values = layer.unstyled_values()
    listed = ", ".join(values[:_LISTED]) + (" …" if len(values) > _LISTED else "")
    label = styles.unstyled.label
    named = Text(zh=f"{label.pick('zh')}：{listed}", en=f"{label.pick('en')}: {listed}")
    return styles.unstyled.model_copy(update={"label": named})


def _areas_km2(frame: gpd.GeoDataFrame) -> Any:
    """Return the areas that the layer itself states, or None."""
    for column, factor in (("area_km2", 1.0), ("area_ha", 0.01), ("area_m2", 1e-6)):
        if column in frame:
            return np.nan_to_num(frame[column].to_numpy(dtype=float, na_value=np.nan)) * factor
    return None


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def find_bounds(layers: Iterable[DrawnLayer]) -> list[float] | None:
    """Return west, south, east and north of the territory, else of all that is drawn, else None."""
    drawn = [layer for layer in layers if len(layer.frame)]
    ground = [layer for layer in drawn if layer.key == "territory"] or drawn
    if not ground:
        return None
    bounds = np.array([layer.frame.total_bounds for layer in ground])
    return [*bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist()]
