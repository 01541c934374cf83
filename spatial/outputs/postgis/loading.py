"""Rows into tables by COPY: texts escaped, numbers exact to the last bit, shapes as hexadecimal WKB."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.outputs.formats.slices import type_frame
from spatial.outputs.postgis.tables import Table

if TYPE_CHECKING:
    from psycopg import Connection

_NULL = "\\N"
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
_TABLE = str.maketrans(_ESCAPES)
_CHUNK = 20_000
_MAKERS = {
    "MultiPolygon": ("Polygon", shapely.multipolygons),
    "MultiLineString": ("LineString", shapely.multilinestrings),
    "MultiPoint": ("Point", shapely.multipoints),
}


def load_frame(connection: Connection[Any], table: Table, frame: pd.DataFrame) -> str:
    """Copy a layer's rows into its empty table.

    Parameters
    ----------
    connection : psycopg.Connection
        Within the transaction that created the table.
    table : Table
    frame : DataFrame or GeoDataFrame
        Follows the table's contract; geometry in EPSG:4490, third coordinates are left out.

    Returns
    -------
    str
        SHA-256 of the rows as copied: two layers with the same hash have the same rows in the same order.

    Raises
    ------
    CrsError
        The layer is not in EPSG:4490.
    psycopg.Error
        A row breaks a constraint, or the server fails.
    """
    from psycopg import sql

    digest = hashlib.sha256()
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    # Rows of a table that nobody else sees yet need no hint bits later.
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FREEZE)").format(
        sql.Identifier(table.schema, table.name), columns
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in render_rows(table, frame):
            digest.update(chunk)
            copy.write(chunk)
    return digest.hexdigest()


def render_rows(table: Table, frame: pd.DataFrame) -> Iterator[bytes]:
    """Yield the rows as PostgreSQL's text format has them, some thousands at a time, so memory stays flat."""
    for start in range(0, len(frame), _CHUNK):
        rows = type_frame(table.name, frame.iloc[start : start + _CHUNK], table.contract)
        cells = [
            _render_column(rows[key], column.kind) for key, column in table.contract.all_columns().items()
        ]
        if table.geometry_type and isinstance(rows, gpd.GeoDataFrame):
            cells.append(_render_shapes(rows.geometry.to_numpy(), table.geometry_type))
        yield ("\n".join(map("\t".join, zip(*cells, strict=True))) + "\n").encode()


def _render_column(values: pd.Series[Any], kind: str) -> list[str]:
    absent = values.isna().to_numpy()
    if kind == "text":
        texts = values.where(~absent, "").tolist()
        joined = "".join(texts)
        if any(mark in joined for mark in _ESCAPES):
            texts = [text.translate(_TABLE) for text in texts]
    elif kind == "number":
        texts = list(map(repr, values.to_numpy(dtype="float64").tolist()))
    elif kind == "integer":
        texts = list(map(str, values.fillna(0).to_numpy(dtype="int64").tolist()))
    else:
        texts = np.where(values.fillna(False).to_numpy(dtype=bool), "t", "f").tolist()
    if absent.any():
        texts = [_NULL if no else text for no, text in zip(absent.tolist(), texts, strict=True)]
    return texts


def _render_shapes(shapes: npt.NDArray[np.object_], geometry_type: str) -> list[str]:
    texts = shapely.to_wkb(to_multi(shapes, geometry_type), hex=True)
    return [_NULL if text is None else text for text in texts]


def to_multi(shapes: npt.NDArray[np.object_], geometry_type: str) -> npt.NDArray[np.object_]:
    """Return shapes with single ones as multi ones of one part, where the column's type is a multi one."""
    if geometry_type not in _MAKERS:
        return shapes
    single, make = _MAKERS[geometry_type]
    found = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType[single.upper()].value)
    if not len(found):
        return shapes
    made = shapes.copy()
    full = found[~shapely.is_empty(shapes[found])]
    made[found] = shapely.from_wkt(f"{geometry_type.upper()} EMPTY")
    made[full] = make(shapes[full], indices=np.arange(len(full)))
    return made


def find_lone_parts(frame: pd.DataFrame, table: Table) -> list[str]:
    """Return ids of multi shapes of fewer than two parts: in the table single ones look like them."""
    if not isinstance(frame, gpd.GeoDataFrame) or table.geometry_type not in _MAKERS:
        return []
    shapes = frame.geometry.to_numpy()
    multi = shapely.get_type_id(shapes) == shapely.GeometryType[table.geometry_type.upper()].value
    return frame["id"][multi & (shapely.get_num_geometries(shapes) < 2)].tolist()
