"""Databases to be judged: GeoPackage, file geodatabase or a folder of Shapefiles, read as they are."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyogrio

from spatial.errors import Fault, SourceError
from spatial.plan.datasets import DataLayer, Dataset, FoundField
from spatial.plan.profiles import FieldKind
from spatial.plan.records import Source
from spatial.sources.encoding import BYTES, decode_table
from spatial.sources.files import find_sidecar
from spatial.sources.origin import Origin

_KINDS: dict[str, FieldKind] = {
    "OFTString": "text", "OFTInteger": "integer", "OFTInteger64": "integer", "OFTReal": "number",
    "OFTDate": "date", "OFTDateTime": "date", "OFTTime": "text",
}  # fmt: skip
_DBASE: dict[str, FieldKind] = {"C": "text", "N": "number", "F": "number", "D": "date", "L": "integer"}
_CURVES = "'CIRCULARSTRING', 'COMPOUNDCURVE', 'CURVEPOLYGON', 'MULTICURVE', 'MULTISURFACE'"
_METRES_OF_DEGREE = 111_320.0


def read_database(path: str | Path, *, encoding: str | None = None) -> Dataset:
    """Read every layer of a data file without mending anything.

    Parameters
    ----------
    path : path-like
        A ``.gpkg``, a ``.gdb``, a ``.shp``, or a folder of Shapefiles and dBase tables.
    encoding : str, optional
        Of Shapefiles that do not say theirs.

    Returns
    -------
    Dataset
        Shapes in the layers' own systems. A shape that cannot be read at all is None.

    Raises
    ------
    SourceError
        No such file, a format that is not read, nothing in it, or a file that is broken.
    """
    file = Path(path)
    form, members = _list_members(file)
    layers, faults = list[DataLayer](), list[Fault]()
    for member, name in members:
        try:
            layers.append(_read_layer(member, name, encoding))
        except (RuntimeError, ValueError, OSError, ElementTree.ParseError) as error:
            if isinstance(error, SourceError):
                faults += error.faults
                continue
            problem = (
                f"cannot be read: {str(error).splitlines()[0][:200] if str(error) else type(error).__name__}"
            )
            remedy = "open it in QGIS to see whether it is whole, and export it again"
            faults.append(Fault(str(member), name, problem, remedy))
    if faults:
        raise SourceError(faults)
    return Dataset(str(path), form, tuple(layers))


def _list_members(file: Path) -> tuple[str, list[tuple[Path, str]]]:
    """Return the format, and file and layer of everything in it."""
    remedy = "give a GeoPackage (.gpkg), a file geodatabase (.gdb), a .shp or a folder of Shapefiles"
    if not file.exists():
        raise SourceError(Fault(str(file), "", "no such file or folder", remedy))
    ending = file.suffix.lower()
    if ending in (".gpkg", ".gdb"):
        try:
            names = [str(name) for name, _ in pyogrio.list_layers(file)]
        except pyogrio.errors.DataSourceError as error:
            problem = f"is not a whole {ending} database: {str(error).splitlines()[0][:200]}"
            raise SourceError(Fault(str(file), "", problem, "export it again")) from error
        members = [(file, name) for name in names]
    elif ending == ".shp":
        members = [(file, file.stem)]
    elif file.is_dir():
        shapes = sorted(one for one in file.iterdir() if one.suffix.lower() == ".shp")
        stems = {one.stem for one in shapes}
        tables = [one for one in file.iterdir() if one.suffix.lower() == ".dbf" and one.stem not in stems]
        members = [(one, one.stem) for one in [*shapes, *sorted(tables)]]
    else:
        unpack = "unpack it first; " if ending in (".zip", ".rar", ".7z") else ""
        raise SourceError(
            Fault(str(file), "", f"{ending or 'a file without ending'} is not read", unpack + remedy)
        )
    if not members:
        raise SourceError(Fault(str(file), "", "holds no layer", remedy))
    return {".gpkg": "GeoPackage", ".gdb": "FileGDB"}.get(ending, "Shapefile"), members


def _read_layer(file: Path, name: str, encoding: str | None) -> DataLayer:
    if file.suffix.lower() in (".shp", ".dbf"):
        return _read_shapefile(file, name, encoding)
    info = pyogrio.read_info(file, layer=name)
    frame, shapes = _read_rows(file, name, None)
    grid = _read_grid(file, name) if file.suffix.lower() == ".gdb" else (None, None)
    return DataLayer(
        name, frame, shapes, tuple(_list_fields(file, name, info)), _type_of(info), info["crs"],
        _count_curves(file, name) if _type_of(info) else 0, *grid,
    )  # fmt: skip


def _type_of(info: dict[str, Any]) -> str:
    text = str(info["geometry_type"] or "")
    return "" if text == "None" else text


def _read_rows(file: Path, name: str, encoding: str | None) -> tuple[pd.DataFrame, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of shapes and texts: the checks tell of them, each by its feature
        frame = pyogrio.read_dataframe(file, layer=name, encoding=encoding, on_invalid="ignore")
    table = pd.DataFrame(frame)
    if "geometry" not in table or not hasattr(frame, "geometry"):
        return table, np.full(len(table), None, dtype=object)
    shapes = np.array(frame.geometry.array, dtype=object)
    return table.drop(columns=frame.geometry.name), shapes


def _list_fields(file: Path, name: str, info: dict[str, Any]) -> Iterator[FoundField]:
    """Yield fields with widths and aliases, which GDAL tells by the metadata of its Arrow schema."""
    with pyogrio.open_arrow(file, layer=name, use_pyarrow=True) as (_, reader):
        told = {one.name: one.metadata or {} for one in reader.schema}
    for field, kind in zip(info["fields"], info["ogr_types"], strict=True):
        said = told.get(field, {})
        width = said.get(b"GDAL:OGR:width")
        alias = said.get(b"GDAL:OGR:alternative_name", b"").decode()
        kinds = _KINDS.get(str(kind), "text")
        yield FoundField(str(field), kinds, int(width) if width and kinds == "text" else None, None, alias)


def _count_curves(file: Path, name: str) -> int:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    query = f'SELECT OGR_GEOMETRY FROM "{quoted}" WHERE OGR_GEOMETRY IN ({_CURVES})'
    return len(pyogrio.read_dataframe(file, sql=query, sql_dialect="OGRSQL", read_geometry=False))


def _read_grid(file: Path, name: str) -> tuple[float | None, float | None]:
    """Return resolution and tolerance of a class of a file geodatabase in metres, from its own catalogue."""
    items = pyogrio.read_dataframe(file, layer="GDB_Items", read_geometry=False)
    for row in items.loc[items["Name"] == name, "Definition"].dropna():
        text = str(row)
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            continue
        root = ElementTree.fromstring(text.encode())
        system = root.find("SpatialReference")
        if system is None:
            continue
        wkt, scale, tolerance = (system.findtext(key) for key in ("WKT", "XYScale", "XYTolerance"))
        unit = _METRES_OF_DEGREE if wkt and wkt.startswith("GEOGCS") else 1.0
        fine = unit / float(scale) if scale and float(scale) > 0 else None
        return fine, unit * float(tolerance) if tolerance else None
    return None, None


def _read_shapefile(file: Path, name: str, encoding: str | None) -> DataLayer:
    table = find_sidecar(file, ".dbf") if file.suffix.lower() == ".shp" else file
    if table is None:
        raise SourceError(
            Fault(str(file), "", f"{file.stem}.dbf is missing", "copy all parts of the Shapefile")
        )
    info = pyogrio.read_info(file, encoding=BYTES)
    frame, shapes = _read_rows(file, str(info["layer_name"]), BYTES)
    origin = Origin(name, Source(file=file.name, encoding=encoding), file.name)
    doubts = list[tuple[str, str]]()
    try:
        frame = decode_table(origin, frame, file)
    except SourceError as error:
        doubts = [(f"文字不能解码：{error}", f"texts cannot be decoded: {error}")]
        frame = frame.map(_decode_anyhow)
    doubts += [(one.message_zh, one.message_en) for one in origin.findings]
    names = dict(zip(info["fields"], frame.columns, strict=True))
    fields = tuple(
        FoundField(str(names.get(field, field)), kind, width, decimals)
        for field, kind, width, decimals in _read_header(table.read_bytes())
    )  # fmt: skip
    return DataLayer(
        name, frame, shapes, fields, _type_of(info), info["crs"], counts_bytes=True, doubts=tuple(doubts)
    )


def _decode_anyhow(value: Any) -> Any:
    return value.encode(BYTES).decode("gb18030", "replace") if isinstance(value, str) else value


def _read_header(data: bytes) -> Iterator[tuple[str, FieldKind, int | None, int | None]]:
    """Yield the fields of a dBase table by its published layout: name, kind, width in bytes, decimals."""
    for at in range(32, struct.unpack("<H", data[8:10])[0] - 1, 32):
        if data[at] == 0x0D:
            break
        name = data[at : at + 11].split(b"\0")[0].decode(BYTES)
        letter, width, decimals = chr(data[at + 11]), data[at + 16], data[at + 17]
        kind = _DBASE.get(letter, "text")
        if kind == "number" and not decimals and letter == "N":
            kind = "integer"
        is_number = kind in ("number", "integer")
        yield name, kind, width if kind == "text" else None, decimals if is_number else None
