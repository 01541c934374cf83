"""Vector sources: any file that a plan names becomes one kind of frame, or is refused with a clear word."""

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
import shapely
from pyproj.exceptions import CRSError

from spatial.errors import SourceError
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.records import Source
from spatial.sources.archives import open_plain
from spatial.sources.encoding import BYTES, check_garbled, decode_table, find_codec
from spatial.sources.files import check_sidecars, find_sidecar, hash_parts, list_parts, locate_source
from spatial.sources.georeference import Statement, choose_crs, locate_shapes
from spatial.sources.origin import FORMATS, Origin, list_some, name_origin
from spatial.sources.points import read_points
from spatial.sources.repair import (
    as_texts,
    drop_unusable,
    flatten,
    name_rows,
    open_collections,
    repair_shapes,
)

Shapes = npt.NDArray[np.object_]

_OWN_COLUMNS = ("id", "name", "source", "illustrative", "geometry")
_LABEL_AGAIN = "label the file again in QGIS, or remove its .prj and write `crs:` in the plan"
_OWN_ENCODING = {".tab", ".mif", ".dxf"}
_MAY_CURVE = {"GPKG", "OpenFileGDB", "GML"}
_CURVES = "'CIRCULARSTRING', 'COMPOUNDCURVE', 'CURVEPOLYGON', 'MULTICURVE', 'MULTISURFACE'"


@dataclass(frozen=True)
class SourceRead:
    """A source as read.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        EPSG:4490, two-dimensional, valid, not empty. Columns ``id`` (text, unique), ``name`` (text, may be
        empty), ``source`` (the plan's name of the source), ``illustrative`` (truth), then the file's own
        columns under their own names, then ``geometry``. A file's column that is called like one of these
        is kept as ``<name>_original`` where it says something else.
    findings : tuple of Finding
        What was repaired, dropped or noticed.
    """

    frame: gpd.GeoDataFrame
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Table:
    """Rows of a file before they are checked: attributes, shapes, and what it says of its CRS."""

    attributes: pd.DataFrame
    shapes: Shapes
    crs: Statement


def read_source(name: str, source: Source, folder: Path) -> SourceRead:
    r"""Read a vector source of a plan.

    Parameters
    ----------
    name : str
        Key of the source in the plan.
    source : Source
        What the plan says of it. A URL is downloaded once into the user's cache.
    folder : Path
        Folder of the plan; files are relative to it.

    Returns
    -------
    SourceRead

    Raises
    ------
    SourceError
        The file is missing, incomplete, not a vector file, in an unknown encoding, without or with a wrong
        CRS, or holds no usable feature. Messages name file, key, value seen and remedy.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     seats = Path(folder, "seats.csv")
    ...     _ = seats.write_text("name,lon,lat\n王屋镇,112.28,35.12\n", encoding="utf-8")
    ...     read = read_source("seats", Source(file="seats.csv", crs="EPSG:4490"), Path(folder))
    >>> read.frame[["id", "name"]].values.tolist()
    [['seats-0001', '王屋镇']]
    """
    origin = name_origin(name, source)
    path = locate_source(origin, folder)
    try:
        with open_plain(origin, path) as plain:
            table = _read_table(origin, plain)
        return _check_table(origin, table)
    except SourceError:
        raise
    except CRSError as error:
        problem = f"its coordinate system cannot be read: {_first_line(error)}"
        raise origin.refuse("crs", problem, _LABEL_AGAIN) from error
    except Exception as error:  # files are untrusted, and the readers below raise whatever they like
        problem = f"cannot be read: {_first_line(error)}"
        raise origin.refuse("", problem, "open it in QGIS to see whether it is whole") from error


def fingerprint_source(source: Source, folder: Path) -> str:
    """Return the SHA-256 of the bytes of a source's file and of its sidecars; of a folder, of all its files.

    Raises
    ------
    SourceError
        As `read_source`, where there is no such file or it cannot be downloaded.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.csv").write_text("x,y")
    ...     len(fingerprint_source(Source(file="a.csv"), Path(folder)))
    64
    """
    origin = name_origin("", source)
    path = locate_source(origin, folder)
    try:
        return hash_parts(list_parts(path), path.parent)
    except OSError as error:
        raise origin.refuse(
            "", f"cannot be read: {error.strerror}", "check the file's permissions"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__


def _read_table(origin: Origin, path: Path) -> _Table:
    """Read a file's rows; warnings of the readers become findings."""
    origin.refuse_format(path.suffix)
    check_sidecars(origin, path)
    if path.suffix.lower() == ".csv":
        attributes, shapes = read_points(origin, path)
        return _Table(attributes, shapes, Statement(None))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        table = _read_by_gdal(origin, path)
    for text in dict.fromkeys(
        _first_line(warning.message) for warning in seen if isinstance(warning.message, Warning)
    ):
        if not text.startswith("Measured (M)"):  # reported with the heights
            origin.note("reader", "info", f"读取程序提示：{text}", f"the reading library says: {text}")
    return table


def _read_by_gdal(origin: Origin, path: Path) -> _Table:
    _refuse_pointer(origin, path)
    _refuse_foreign_prj(origin, path)
    try:
        layer = _choose_layer(origin, path)
        info = pyogrio.read_info(path, layer=layer, encoding=BYTES if path.suffix.lower() == ".shp" else None)
    except pyogrio.errors.DataSourceError as error:
        kind = FORMATS[path.suffix.lower()]
        problem = f"is not a {kind} file, or a broken one: {_first_line(error)}"
        raise origin.refuse("", problem, f"export it again as {kind}") from error
    frame = pyogrio.read_dataframe(
        path, layer=layer, encoding=_choose_encoding(origin, path), on_invalid="fix", fid_as_index=False
    )
    if "geometry" not in frame.columns or not isinstance(frame, gpd.GeoDataFrame):
        raise origin.refuse(layer, "the layer has no geometry", "name a layer that has one, or give CSV")
    if frame.empty:
        raise origin.refuse(
            layer, "the layer holds zero features", "export it again, without a selection or filter"
        )
    _note_curves(origin, path, layer, str(info["driver"]))
    shapes = np.array(frame.geometry.array, dtype=object)
    columns = [name for name in frame.columns if name != frame.geometry.name]
    attributes = pd.DataFrame({name: _plain(frame[name]) for name in columns}, index=frame.index)
    if path.suffix.lower() == ".shp":
        attributes = decode_table(origin, attributes, path)
    return _Table(attributes, shapes, _state_crs(origin, path, info))


def _refuse_pointer(origin: Origin, path: Path) -> None:
    """Refuse a file that only points to other data, whatever its ending says."""
    if path.is_file():
        with path.open("rb") as stream:
            start = stream.read(400)
        if b"<OGRVRT" in start:
            raise origin.refuse(
                "", "is a VRT, which only points to other data", "name the file that it points to"
            )


def _refuse_foreign_prj(origin: Origin, path: Path) -> None:
    """Refuse a .prj in GBK, which a local coordinate system with a Chinese name has: GDAL cannot read it."""
    label = find_sidecar(path, ".prj")
    if path.suffix.lower() == ".shp" and label is not None:
        try:
            label.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            text = label.read_bytes()[:60].decode("gb18030", "replace")
            raise origin.refuse("crs", f"the .prj is not UTF-8: {text!r}", _LABEL_AGAIN) from error


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


def _choose_encoding(origin: Origin, path: Path) -> str | None:
    """Return how GDAL's texts are decoded: a Shapefile's afterwards, others as the plan or the file says."""
    ending, asked = path.suffix.lower(), origin.source.encoding
    if ending == ".shp":
        return BYTES
    if asked and ending in _OWN_ENCODING:
        return find_codec(origin, asked)
    if asked and ending in (".gpkg", ".gdb", ".fgb", ".kmz"):
        origin.note(
            "encoding_unused",
            "info",
            f"{FORMATS[ending]} 总是 UTF-8，方案中的 `encoding` 未使用。",
            f"{FORMATS[ending]} is always UTF-8; `encoding` in the plan was not used.",
        )
    return None


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


def _check_table(origin: Origin, table: _Table) -> SourceRead:
    """Turn rows into the frame that layers are made from."""
    attributes = table.attributes
    if attributes.empty and not len(table.shapes):
        raise origin.refuse("", "holds zero features", "export it again, without a selection or filter")
    name_column = _find_names(origin, attributes)
    check_garbled(origin, attributes, name_column)
    ids = name_rows(origin, attributes)
    rows = np.flatnonzero(drop_unusable(origin, table.shapes, ids))
    crs = choose_crs(origin, table.crs)
    shapes = open_collections(origin, flatten(origin, table.shapes[rows]), ids[rows])
    rows, shapes = _drop_empty(origin, rows, shapes)
    shapes = repair_shapes(origin, locate_shapes(origin, shapes, ids[rows], crs), ids[rows])
    rows, shapes = _drop_empty(origin, rows, shapes)
    frame = _frame(origin, attributes.iloc[rows], ids[rows], shapes, name_column)
    return SourceRead(frame, tuple(origin.findings))


def _drop_empty(
    origin: Origin, rows: npt.NDArray[np.intp], shapes: Shapes
) -> tuple[npt.NDArray[np.intp], Shapes]:
    """Leave out what became empty when it was mended; the mending reports how much that was."""
    left = ~shapely.is_empty(shapes)
    if not left.any():
        raise origin.refuse("", "no feature is left after repair", "open it in QGIS and correct its shapes")
    return rows[left], shapes[left]


def _find_names(origin: Origin, attributes: pd.DataFrame) -> str | None:
    """Return the column of names: as the plan says, or unless it says so, ``name`` in any case or none."""
    asked, columns = origin.source.name_column, [str(name) for name in attributes.columns]
    if asked in columns:
        return asked
    if "name_column" in origin.source.model_fields_set:
        near = difflib.get_close_matches(asked, columns, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"there is {list_some(columns, 20) or 'no column'}"
        raise origin.refuse("name_column", f"there is no column {asked!r}", remedy)
    return next((column for column in columns if column.lower() == "name"), None)


def _frame(
    origin: Origin, attributes: pd.DataFrame, ids: Shapes, shapes: Shapes, name_column: str | None
) -> gpd.GeoDataFrame:
    names = as_texts(attributes[name_column]) if name_column else np.full(len(ids), "", dtype=object)
    own = {
        "id": ids,
        "name": names,
        "source": np.full(len(ids), origin.name, dtype=object),
        "illustrative": np.full(len(ids), origin.source.illustrative),
    }
    said = {"id", "name"} if name_column == "name" else {"id"}
    kept = attributes.drop(columns=[name for name in attributes.columns if name in said])
    kept = kept.rename(columns={name: f"{name}_original" for name in kept.columns if name in _OWN_COLUMNS})
    frame = pd.concat([pd.DataFrame(own), kept.reset_index(drop=True)], axis=1)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=STORED_CRS)
