"""Rows into tables by binary COPY: texts as they are, numbers exact to the last bit, shapes as WKB."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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

_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_CHUNK = 5_000
_NUMBERS = {"integer": ("int64", ">i8"), "number": ("float64", ">f8"), "truth": ("bool", "u1")}
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
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary, FREEZE)").format(
        sql.Identifier(table.schema, table.name), columns
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_HEAD)
        for chunk in _ahead(render_rows(table, frame)):
            digest.update(chunk)
            copy.write(chunk)
        copy.write(_END)
    return digest.hexdigest()


def _ahead(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield chunks while the next one is rendered: the server works on one meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = pool.submit(next, chunks, None)
            yield chunk


def render_rows(table: Table, frame: pd.DataFrame) -> Iterator[bytes]:
    """Yield the rows as PostgreSQL's binary COPY has them, some thousands at a time, so memory stays flat."""
    columns = table.contract.all_columns()
    mark = len(table.columns).to_bytes(2, "big")
    for start in range(0, len(frame), _CHUNK):
        rows = type_frame(table.name, frame.iloc[start : start + _CHUNK], table.contract)
        cells = [_render_column(rows[key], column.kind) for key, column in columns.items()]
        if table.geometry_type and isinstance(rows, gpd.GeoDataFrame):
            shapes = to_multi(rows.geometry.to_numpy(), table.geometry_type)
            cells.append(_put_lengths(shapely.to_wkb(shapes).tolist()))
        yield mark + mark.join(map(b"".join, zip(*cells, strict=True)))


def _render_column(values: pd.Series[Any], kind: str) -> list[bytes]:
    absent = values.isna().to_numpy()
    if kind == "text":
        return _put_lengths(
            [None if no else text.encode() for no, text in zip(absent.tolist(), values.tolist(), strict=True)]
        )
    inner, outer = _NUMBERS[kind]
    plain = values.to_numpy(dtype="float64") if kind == "number" else values.fillna(0).to_numpy(dtype=inner)
    data = plain.astype(outer).tobytes()
    size = np.dtype(outer).itemsize
    head = size.to_bytes(4, "big")
    cells = [head + data[at : at + size] for at in range(0, len(data), size)]
    return [_NULL if no else cell for no, cell in zip(absent.tolist(), cells, strict=True)]


def _put_lengths(values: list[bytes | None]) -> list[bytes]:
    """Return each value with its length before it; an absent one has the length -1."""
    return [_NULL if value is None else len(value).to_bytes(4, "big") + value for value in values]


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
