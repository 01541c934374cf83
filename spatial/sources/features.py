"""Features by GDAL: the layer of a file, its rows and shapes, and what it says of its CRS."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
from pyproj import CRS
from pyproj.exceptions import CRSError

from spatial.sources.encoding import BYTES, decode_table, find_codec
from spatial.sources.files import find_sidecar
from spatial.sources.georeference import Statement
from spatial.sources.origin import FORMATS, Origin, list_some

_OWN_ENCODING = {".tab", ".mif", ".dxf"}
_MAY_CURVE = {"GPKG", "OpenFileGDB", "GML"}
_CURVES = "'CIRCULARSTRING', 'COMPOUNDCURVE', 'CURVEPOLYGON', 'MULTICURVE', 'MULTISURFACE'"


@dataclass(frozen=True)
class Table:
    """Rows of a file before they are checked: attributes, shapes, and what it says of its CRS."""

    attributes: pd.DataFrame
    shapes: npt.NDArray[np.object_]
    crs: Statement


def read_features(origin: Origin, path: Path) -> Table:
    """Read one layer of a file as it is; warnings of the libraries become findings.

    Dates become texts, lists and mappings JSON: their types differ by format, and no layer needs them.

    Raises
    ------
    SourceError
        Not the format that its ending says, no or several layers to choose from, no geometry, no feature,
        texts in an encoding that is not said.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.plan.records import Source
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.geojson")
    ...     _ = file.write_text('{"type": "Point", "coordinates": [112.6, 35.1]}', encoding="utf-8")
    ...     table = read_features(Origin("a", Source(file="a.geojson"), "a.geojson"), file)
    >>> len(table.shapes), table.crs.text
    (1, 'EPSG:4326')
    """
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        table = _read_layer(origin, path)
    messages = [str(warning.message).strip() for warning in seen]
    for text in dict.fromkeys(message.splitlines()[0][:300] for message in messages if message):
        if text.startswith("Measured (M)"):  # shapes come without them, so nothing else could tell
            origin.note(
                "measures_dropped", "info", "图形带量测值（M），已去掉。", "its measures (M) were dropped."
            )
        else:
            origin.note("reader", "info", f"读取程序提示：{text}", f"the reading library says: {text}")
    return table


def _read_layer(origin: Origin, path: Path) -> Table:
    _refuse_pointer(origin, path)
    _refuse_label(origin, path)
    try:
        layer = _choose_layer(origin, path)
        info, frame = _read_rows(origin, path, layer)
    except pyogrio.errors.DataSourceError as error:
        kind, reason = FORMATS[path.suffix.lower()], str(error).splitlines()[0][:300]
        problem = f"is not a {kind} file, or a broken one: {reason}"
        raise origin.refuse("", problem, f"export it again as {kind}") from error
    if "geometry" not in frame.columns or not isinstance(frame, gpd.GeoDataFrame):
        raise origin.refuse(layer, "the layer has no geometry", "name a layer that has one, or give CSV")
    if frame.empty:
        remedy = "export it again, without a selection or filter"
        raise origin.refuse(layer, "the layer holds zero features", remedy)
    _note_curves(origin, path, layer, str(info["driver"]))
    attributes = _take_attributes(origin, frame)
    if path.suffix.lower() == ".shp":
        attributes = decode_table(origin, attributes, path)
    shapes = np.array(frame.geometry.array, dtype=object)
    return Table(attributes, shapes, _state_crs(origin, path, info))


def _read_rows(origin: Origin, path: Path, layer: str) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read a layer in the first encoding that fits: a Shapefile's texts stay bytes and are decoded later."""
    ending, asked = path.suffix.lower(), origin.source.encoding
    attempts: list[str | None] = [BYTES] if ending == ".shp" else [None]
    if asked and ending in _OWN_ENCODING:  # GDAL may know the encoding by itself: then the plan's is wrong
        attempts.append(find_codec(origin, asked))
    elif asked and ending in (".gpkg", ".gdb", ".fgb", ".kmz"):
        origin.note(
            "encoding_unused",
            "info",
            f"{FORMATS[ending]} 总是 UTF-8，方案中的 `encoding` 未使用。",
            f"{FORMATS[ending]} is always UTF-8; `encoding` in the plan was not used.",
        )
    for encoding in attempts:
        try:
            info = pyogrio.read_info(path, layer=layer, encoding=encoding)
            return info, pyogrio.read_dataframe(path, layer=layer, encoding=encoding, on_invalid="fix")
        except UnicodeDecodeError as error:
            wrong = error
        except pyogrio.errors.DataSourceError:
            raise
        except Exception as error:  # for files that are not whole pyogrio also raises what it never meant to
            problem = f"cannot be read: {type(error).__name__}: {str(error)[:300]}"
            raise origin.refuse(layer, problem, "open it in QGIS to see whether it is whole") from error
    remedy = (
        "write `encoding: gbk` in the plan"
        if ending in _OWN_ENCODING and not asked
        else "export it again as UTF-8"
    )
    problem = f"texts such as {wrong.object[:24]!r} are not {asked or 'UTF-8'}"
    raise origin.refuse("encoding", problem, remedy) from wrong


def _take_attributes(origin: Origin, frame: gpd.GeoDataFrame) -> pd.DataFrame:
    attributes = pd.DataFrame(frame.loc[:, frame.columns != frame.geometry.name])
    twice = attributes.columns.duplicated()
    if twice.any():
        shown = list_some(dict.fromkeys(attributes.columns[twice]))
        origin.note(
            "duplicate_fields",
            "warning",
            f"字段名重复：{shown}；只能读出其中一个的值，请改名后重新导出。",
            f"several fields are called {shown}: the values of one of them only can be read; rename them.",
        )
        attributes = attributes.loc[:, ~twice]
    return attributes.apply(_plain) if len(attributes.columns) else attributes


def _refuse_pointer(origin: Origin, path: Path) -> None:
    """Refuse a file that only points to other data, whatever its ending says."""
    if path.is_file():
        with path.open("rb") as stream:
            start = stream.read(400)
        if b"<OGRVRT" in start:
            raise origin.refuse(
                "", "is a VRT, which only points to other data", "name the file that it points to"
            )


def _refuse_label(origin: Origin, path: Path) -> None:
    """Refuse a .prj that cannot be read, such as that of a local system with a Chinese name in GBK."""
    label = find_sidecar(path, ".prj")
    if path.suffix.lower() != ".shp" or label is None:
        return
    data = label.read_bytes()
    try:
        text = data.decode("utf-8").strip()
        if text:
            CRS.from_user_input(text)
    except (UnicodeDecodeError, CRSError) as error:
        shown = data[:60].decode("gb18030", "replace")
        remedy = "label the file again in QGIS, or remove its .prj and write `crs:` in the plan"
        raise origin.refuse("crs", f"the .prj cannot be read: {shown!r}", remedy) from error


def _choose_layer(origin: Origin, path: Path) -> str:
    listed = pyogrio.list_layers(path)
    names = [str(name) for name, kind in listed if kind is not None]
    asked = origin.source.layer
    if asked is None and len(names) == 1:
        return names[0]
    if not names:
        raise origin.refuse("layer", "the file holds no layer with geometry", "export it again with geometry")
    if asked is None:
        problem = f"the file holds {len(names)} layers: {list_some(names, 20)}"
        raise origin.refuse("layer", problem, f"write for example `layer: {names[0]}`")
    if asked in [str(name) for name, _ in listed]:
        return asked
    near = difflib.get_close_matches(asked, names, 1)
    remedy = f"did you mean {near[0]!r}?" if near else "write one of these"
    raise origin.refuse("layer", f"there is no layer {asked!r}; there is {list_some(names, 20)}", remedy)


def _plain(column: pd.Series) -> pd.Series:
    """Return times as text and lists as JSON: their types differ by format, and no layer needs them."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype(str).astype(object).where(column.notna(), None)
    if column.dtype == object:
        return column.map(_plain_value)
    return column


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value) if isinstance(value, dt.date) else value


def _note_curves(origin: Origin, path: Path, layer: str, driver: str) -> None:
    """Report curves: the reader has made them into straight edges of at most 4° of arc."""
    if driver not in _MAY_CURVE:
        return
    quoted = layer.replace("\\", "\\\\").replace('"', '\\"')
    found = pyogrio.read_dataframe(
        path,
        sql=f'SELECT OGR_GEOMETRY FROM "{quoted}" WHERE OGR_GEOMETRY IN ({_CURVES})',
        sql_dialect="OGRSQL",
        read_geometry=False,
    )
    if len(found):
        kinds = list_some(sorted(found["OGR_GEOMETRY"].unique()))
        origin.note(
            "curves",
            "info",
            f"{len(found)} 个要素含曲线（{kinds}），已按圆弧每段不超过 4° 折线化。",
            f"{len(found)} features hold curves ({kinds}); arcs were made into edges of at most 4°.",
            value=float(len(found)),
        )


def _state_crs(origin: Origin, path: Path, info: dict[str, Any]) -> Statement:
    """Return what the file says of its CRS; GeoJSON without ``crs`` is WGS84 by its format only."""
    by_format = info["driver"] in ("GeoJSON", "GeoJSONSeq") and info["crs"] in ("EPSG:4326", "OGC:CRS84")
    if by_format and origin.source.crs and path.suffix.lower() != ".geojsonl":
        by_format = "crs" not in json.loads(path.read_bytes())
    return Statement(info["crs"], by_format)
