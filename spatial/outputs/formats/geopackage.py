"""The plan's database: one GeoPackage with all layers, aliases, styles, findings and provenance.

Layers are written by GDAL; what GDAL cannot say (names of columns in Chinese, QGIS styles, provenance) is
added as the standard's schema and metadata extensions. Same input, same bytes.
"""

from __future__ import annotations

import datetime
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from spatial.errors import Fault, OutputError
from spatial.outputs.files import replacing
from spatial.outputs.formats.qml import PARTS, style_to_qml
from spatial.outputs.formats.slices import type_frame
from spatial.outputs.web.symbols import Part
from spatial.plan.base import Text
from spatial.plan.contract import Contract
from spatial.plan.styles import ALL, UNSTYLED, LayerStyle, Styles

_GDAL_TYPES = {"Polygon": "MultiPolygon", "LineString": "MultiLineString", "any": "Unknown", "none": None}
_PROVENANCE_URI = "urn:spatial-planning-toolkit:provenance:1"
_STYLE_NAME_LENGTH = 30

_TABLES = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name)
);
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
  min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value)
);
CREATE TABLE gpkg_metadata (
  id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT NULL DEFAULT 'dataset',
  md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml',
  metadata TEXT NOT NULL DEFAULT ''
);
CREATE TABLE gpkg_metadata_reference (
  reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, row_id_value INTEGER,
  timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
  CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id)
);
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
);
"""

_INSERT_STYLE = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,
  styleQML, styleSLD, useAsDefault, description, owner, ui, update_time)
VALUES ('', '', ?, ?, ?, ?, '', ?, ?, '', NULL, ?)
"""

_EXTENSIONS = (
    ("gpkg_data_columns", "gpkg_schema", "http://www.geopackage.org/spec121/#extension_schema"),
    ("gpkg_data_column_constraints", "gpkg_schema", "http://www.geopackage.org/spec121/#extension_schema"),
    ("gpkg_metadata", "gpkg_metadata", "http://www.geopackage.org/spec121/#extension_metadata"),
    ("gpkg_metadata_reference", "gpkg_metadata", "http://www.geopackage.org/spec121/#extension_metadata"),
)


def write_geopackage(
    path: str | os.PathLike[str],
    layers: Mapping[str, pd.DataFrame],
    *,
    contracts: Mapping[str, Contract],
    styles: Styles,
    provenance: Mapping[str, str],
    stamp: datetime.date,
) -> None:
    """Write all layers into one GeoPackage, atomically and with the same bytes for the same input.

    Parameters
    ----------
    path : path-like
        The file to write or replace; folders on the way are made.
    layers : mapping of str to DataFrame or GeoDataFrame
        Layers by name, in the order of the file. Frames follow their contract: columns ``id``, ``name`` and
        the declared ones; geometry in EPSG:4490 unless the shape is ``none``. Nulls become NULL; frames
        without rows are written too.
    contracts : mapping of str to Contract
        The contract of each layer: column types, geometry type, titles and Chinese column names.
    styles : Styles
        QGIS styles: the layer's own is its default, further ones with `of` stand beside it. The only style of
        a layer draws all its rows. A layer without a style gets names of columns only.
    provenance : mapping of str to str
        Plan hash, source hashes, versions: stored as JSON in the metadata of the file.
    stamp : datetime.date
        The date that the file gives as its last change; today's would differ from run to run.

    Raises
    ------
    CrsError
        A layer is not in EPSG:4490.
    OutputError
        There is nothing to write, the file is open in another program, or the system refused; the last good
        file stays.

    Notes
    -----
    Areas and lines are stored as multi types, so that a layer keeps its type whatever the plan holds;
    points are multi only when a feature needs it; shape ``any`` is stored as GEOMETRY. GeoPackage 1.3.

    Examples
    --------
    >>> import tempfile
    >>> import geopandas as gpd
    >>> import shapely
    >>> from spatial.plan.styles import read_styles
    >>> columns = {"id": ["town-1"], "name": ["济源"]}
    >>> frame = gpd.GeoDataFrame(columns, geometry=[shapely.Point(112.6, 35.1)], crs="EPSG:4490")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "plan.gpkg")
    ...     write_geopackage(file, {"towns": frame}, contracts={"towns": Contract("镇", "Towns", "Point")},
    ...                      styles=read_styles(), provenance={"plan": "00"}, stamp=datetime.date(2026, 1, 1))
    ...     gpd.read_file(file, layer="towns").loc[0, "name"]
    '济源'
    """
    target = Path(path)
    if not layers:
        raise OutputError(Fault(str(target), "", "there is no layer to write", "build at least one layer"))
    _refuse_open(target)
    with replacing(target) as beside, _explaining(target):
        titles = Counter(contracts[name].zh for name in layers)
        with _gdal_options(stamp):
            for name, frame in layers.items():
                contract = contracts[name]
                title = contract.zh if titles[contract.zh] == 1 else f"{contract.zh} {name}"
                _write_layer(beside, name, frame, contract, title)
        with closing(sqlite3.connect(beside)) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            database.executescript(_TABLES)
            _register(database, stamp)
            for name, frame in layers.items():
                _write_aliases(database, name, contracts[name])
                rows = style_rows(name, frame, contracts[name], styles)
                database.executemany(_INSERT_STYLE, [(*row, _moment(stamp)) for row in rows])
            _write_provenance(database, provenance, stamp)


def _refuse_open(target: Path) -> None:
    """Refuse to replace a database in use: its write-ahead log would spoil the new one."""
    log = target.with_name(target.name + "-wal")
    if log.exists():
        remedy = f"close it in QGIS and other programs; if none has it open, remove {log.name}"
        raise OutputError(Fault(str(target), "", "is open in another program", remedy))


@contextmanager
def _explaining(target: Path) -> Iterator[None]:
    """Turn what GDAL and SQLite say when they cannot write into an `OutputError`."""
    try:
        yield
    except (sqlite3.Error, DataSourceError, DataLayerError, FeatureError, GeometryError) as error:
        cause = str(error).rsplit("failed: ", 1)[-1]  # before it GDAL cites the whole statement
        remedy = "free some space, allow writing there, or choose another folder"
        raise OutputError(Fault(str(target), "", f"cannot be written: {cause}", remedy)) from error


@contextmanager
def _gdal_options(stamp: datetime.date) -> Iterator[None]:
    """Fix GDAL's clock and spatial index while the layers are written, then put its options back."""
    options = {
        "OGR_CURRENT_DATE": _moment(stamp),
        # An index built in a second thread depends on timing; its temporary file would lie about.
        "OGR_GPKG_ALLOW_THREADED_RTREE": "NO",
        # The file is flushed once, when it is complete.
        "OGR_SQLITE_SYNCHRONOUS": "OFF",
    }
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _moment(stamp: datetime.date) -> str:
    return f"{stamp:%Y-%m-%d}T00:00:00.000Z"


def _write_layer(file: Path, name: str, frame: pd.DataFrame, contract: Contract, title: str) -> None:
    """Append a layer to the file, its columns in the types of the contract."""
    geometry_type = _geometry_type(frame, contract)
    pyogrio.write_dataframe(
        type_frame(name, frame, contract),
        file,
        layer=name,
        driver="GPKG",
        geometry_type=geometry_type,
        promote_to_multi=bool(geometry_type and geometry_type.startswith("Multi")),
        dataset_options={"VERSION": "1.3"},
        layer_options={"IDENTIFIER": title, "DESCRIPTION": contract.en},
    )


def _geometry_type(frame: pd.DataFrame, contract: Contract) -> str | None:
    if contract.shape == "Point":
        return "MultiPoint" if (frame.geometry.geom_type == "MultiPoint").any() else "Point"
    return _GDAL_TYPES[contract.shape]


def _register(database: sqlite3.Connection, stamp: datetime.date) -> None:
    """Name the added tables in the file's own lists."""
    database.executemany("INSERT INTO gpkg_extensions VALUES (?, NULL, ?, ?, 'read-write')", _EXTENSIONS)
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)"
        " VALUES ('layer_styles', 'attributes', 'layer_styles', 'QGIS styles', ?, 0)",
        (_moment(stamp),),
    )


def _write_aliases(database: sqlite3.Connection, layer: str, contract: Contract) -> None:
    """Store Chinese and English names of columns; readers take `name` as alias, which must not repeat."""
    taken: set[str] = set()
    for key, column in contract.all_columns().items():
        alias = column.zh if column.zh not in taken else f"{column.zh} {key}"
        taken.add(alias)
        database.execute(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description)"
            " VALUES (?, ?, ?, ?, ?)",
            (layer, key, alias, column.zh, column.en),
        )


def style_rows(
    layer: str, frame: pd.DataFrame, contract: Contract, styles: Styles
) -> list[tuple[str, str, str, str, int, str]]:
    """Return a row of ``layer_styles`` for each style of a layer, the default one first."""
    own = [styles.layers.get(layer), *(style for style in styles.layers.values() if style.of == layer)]
    rows = []
    for at, style in enumerate(own):
        classes = _classes(frame, style)
        document = style_to_qml(
            style,
            contract,
            parts=_drawn_parts(frame, classes, style) if contract.shape == "any" else None,
            whole=len(own) == 1,
            unstyled=styles.unstyled if (classes == UNSTYLED).any() else None,
            terms=styles.terms,
        )
        title = style.title if style and at else Text(zh=contract.zh, en=contract.en)
        geometry = "" if contract.shape == "none" else "geom"
        name = title.pick("zh")[:_STYLE_NAME_LENGTH]
        rows.append((layer, geometry, name, document, int(at == 0), title.pick("en")))
    return rows


def _classes(frame: pd.DataFrame, style: LayerStyle | None) -> pd.Series[Any]:
    return pd.Series(ALL, index=frame.index) if style is None else style.classify(frame)


def _drawn_parts(
    frame: pd.DataFrame, classes: pd.Series[Any], style: LayerStyle | None
) -> list[tuple[str, Part]] | None:
    """Return which classes come with which geometry types, areas first, classes in the order of the style."""
    kinds = frame.geometry.geom_type.str.removeprefix("Multi")
    seen = set(zip(classes, kinds, strict=True))
    order = [*(style.classes if style else ()), UNSTYLED]
    return [(key, part) for part in PARTS for key in order if (key, part) in seen] or None


def _write_provenance(
    database: sqlite3.Connection, provenance: Mapping[str, str], stamp: datetime.date
) -> None:
    """Store what the file was made from as metadata of the whole file."""
    text = json.dumps(dict(provenance), ensure_ascii=False, sort_keys=True, indent=1)
    database.execute(
        "INSERT INTO gpkg_metadata VALUES (1, 'dataset', ?, 'application/json', ?)", (_PROVENANCE_URI, text)
    )
    database.execute(
        "INSERT INTO gpkg_metadata_reference VALUES ('geopackage', NULL, NULL, NULL, ?, 1, NULL)",
        (_moment(stamp),),
    )
