"""Layers by way of Arrow, so with titles of columns: GeoParquet and the file geodatabase."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from spatial.errors import Fault, OutputError
from spatial.outputs.files import replacing, replacing_folder
from spatial.outputs.formats.shapefile import RESERVED
from spatial.outputs.formats.slices import Slice
from spatial.plan.contract import Column, Contract
from spatial.plan.findings import STORED_CRS

_LARGEST_INTEGER = 2**31 - 1
_ALIAS = b"GDAL:OGR:alternative_name"
_METADATA = b"spatial_planning_toolkit"


def write_parquet(path: Path, frame: pd.DataFrame, contract: Contract, provenance: Mapping[str, str]) -> None:
    """Write a layer as GeoParquet 1.0, a table as Parquet; atomically.

    Parameters
    ----------
    path : Path
        The file to write or replace.
    frame : DataFrame or GeoDataFrame
        Rows in their declared types, EPSG:4490.
    contract : Contract
        Titles: of the layer in the metadata of the file, of columns in that of its fields.
    provenance : mapping of str to str
        What the layer was made from, stored in the metadata of the file.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import parquet

    with replacing(path) as beside:
        if isinstance(frame, gpd.GeoDataFrame):
            frame.to_parquet(beside, index=False, compression="zstd", write_covering_bbox=False)
            table = parquet.read_table(beside)
        else:
            table = pa.Table.from_pandas(frame, preserve_index=False)
        about = {"title": {"zh": contract.zh, "en": contract.en}, "provenance": dict(provenance)}
        told = json.dumps(about, ensure_ascii=False, sort_keys=True).encode()
        schema = _declare(table.schema, contract.all_columns())
        schema = schema.with_metadata({**(table.schema.metadata or {}), _METADATA: told})
        parquet.write_table(table.cast(schema), beside, compression="zstd")


def write_geodatabase(
    path: Path, slices: Sequence[Slice], contracts: Mapping[str, Contract]
) -> dict[str, dict[str, str]]:
    """Write slices as a file geodatabase (.gdb) for ArcGIS 10 and later; atomically.

    Parameters
    ----------
    path : Path
        The folder ``….gdb`` to write or replace.
    slices : sequence of Slice
        One feature class or table each.
    contracts : mapping of str to Contract
        Titles, which become aliases of classes and fields.

    Returns
    -------
    dict
        Slice to column to field: those whose names ArcGIS reserves end in ``_``.

    Raises
    ------
    OutputError
        Another program has the old database open, or the system refused.

    Notes
    -----
    Coordinates are kept to 1e-9 of a degree, 0.1 mm, as the format's grid has it. The format has no true and
    false: they are 1 and 0. It bears random identifiers, so two runs differ in bytes.
    """
    _refuse_locked(path)
    renamed = {}
    with replacing_folder(path) as beside:
        database = beside / path.name
        for piece in slices:
            renamed[piece.name] = {key: f"{key}_" if key in RESERVED else key for key in piece.columns}
            title = contracts[piece.layer].zh
            _append(database, piece, renamed[piece.name], title)
        for file in list(database.iterdir()):
            file.replace(beside / file.name)
        database.rmdir()
    return renamed


def _append(database: Path, piece: Slice, names: Mapping[str, str], title: str) -> None:
    import pyarrow as pa

    columns = {names[key]: _fit_number(piece.frame[key], column) for key, column in piece.columns.items()}
    table = pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)
    aliased = {names[key]: column for key, column in piece.columns.items()}
    table = table.cast(_declare(table.schema, aliased, narrow=True))
    if piece.geometry_type is not None:
        table = table.append_column(
            pa.field("geometry", pa.binary(), metadata={b"ARROW:extension:name": b"geoarrow.wkb"}),
            pa.array(_to_wkb(piece), type=pa.binary()),
        )
    with warnings.catch_warnings():
        # GDAL warns that areas of many parts take it long; they are right all the same.
        warnings.filterwarnings("ignore", ".*organizePolygons.*", RuntimeWarning)
        pyogrio.write_arrow(
            table,
            database,
            layer=piece.name,
            driver="OpenFileGDB",
            geometry_name="geometry" if piece.geometry_type else None,
            geometry_type=piece.geometry_type,
            crs=STORED_CRS if piece.geometry_type else None,
            append=database.exists(),
            layer_options={"LAYER_ALIAS": title},
        )


def _to_wkb(piece: Slice) -> Any:
    """Return shapes as WKB, all single or all multi as the slice's type has it."""
    shapes = piece.frame.geometry.to_numpy()
    if str(piece.geometry_type).startswith("Multi"):
        shapes = np.array([_to_multi(shape) for shape in shapes], dtype=object)
    return shapely.to_wkb(shapes, flavor="iso")


def _to_multi(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    if shape is None or shape.geom_type.startswith("Multi"):
        return shape
    kinds = {"Polygon": shapely.MultiPolygon, "LineString": shapely.MultiLineString}
    return kinds.get(shape.geom_type, shapely.MultiPoint)([shape])


def _fit_number(values: pd.Series[Any], column: Column) -> pd.Series[Any]:
    """Return a column in a type that ArcGIS 10 reads: whole numbers of 32 bits, else of 53."""
    if column.kind == "truth":
        return values.astype("Int16")
    if column.kind == "integer":
        largest = values.abs().max()
        return values.astype("Int32" if pd.isna(largest) or largest <= _LARGEST_INTEGER else "float64")
    return values


def _declare(schema: Any, columns: Mapping[str, Column], *, narrow: bool = False) -> Any:
    """Return an Arrow schema whose fields bear titles, by the key that GDAL takes for an alias.

    A column that is all null gets its declared type; `narrow` types of whole numbers stay as they are.
    """
    import pyarrow as pa

    types = {"text": pa.string(), "number": pa.float64(), "integer": pa.int64(), "truth": pa.bool_()}
    for at, field in enumerate(schema):
        if field.name in columns:
            column = columns[field.name]
            kept = narrow and column.kind in ("integer", "truth")
            told = {_ALIAS: column.zh.encode(), b"en": column.en.encode()}
            typed = field if kept else field.with_type(types[column.kind])
            schema = schema.set(at, typed.with_metadata(told))
    return schema


def _refuse_locked(path: Path) -> None:
    """Refuse to replace a database in use: ArcGIS leaves locks in it."""
    if path.is_dir() and any(path.glob("*.lock")):
        remedy = "close it in ArcGIS and run again; if none has it open, remove the .lock files in it"
        raise OutputError(Fault(str(path), "", "is open in another program", remedy))
