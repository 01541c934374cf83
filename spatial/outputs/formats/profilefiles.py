"""Layers of a database profile as files: GeoPackage, geodatabase or Shapefiles, fields of stated widths."""

from __future__ import annotations

import datetime as dt
import decimal
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from spatial.errors import Fault, OutputError
from spatial.outputs.files import replacing, replacing_folder
from spatial.outputs.formats.shapefile import TEXT_BYTES, Encoding, state_encoding
from spatial.plan.findings import STORED_CRS
from spatial.plan.profiles import FieldSpec, LayerSpec

ProfileFormat: TypeAlias = Literal["gpkg", "fgdb", "shp"]

_DRIVERS = {"gpkg": "GPKG", "fgdb": "OpenFileGDB", "shp": "ESRI Shapefile"}
_PRECISION = 15


def write_profile(
    layers: Mapping[str, gpd.GeoDataFrame],
    specs: Mapping[str, LayerSpec],
    path: Path,
    form: ProfileFormat,
    *,
    encoding: Encoding = "gbk",
    stamp: dt.date,
) -> Path:
    """Write layers of a profile, atomically.

    Parameters
    ----------
    layers : mapping of str to GeoDataFrame
        By the profile's names, EPSG:4490, single polygons, columns named like the fields.
    specs : mapping of str to LayerSpec
        Fields with their widths and aliases; columns that a frame lacks are written empty.
    path : Path
        Without an ending: ``.gpkg`` or ``.gdb`` is added, Shapefiles go into a folder of this name.
    form : {"gpkg", "fgdb", "shp"}
    encoding : {"gbk", "utf-8"}
        Of Shapefiles.
    stamp : datetime.date
        Day that the files bear.

    Returns
    -------
    Path
        The file or folder written.

    Raises
    ------
    OutputError
        Texts that are wider than their field (a Shapefile counts bytes), all at once; the system refused.
    """
    _refuse_wide(layers, specs, form, encoding)
    try:
        if form == "gpkg":
            target = path.with_suffix(".gpkg")
            with replacing(target) as beside:
                _write_layers(layers, specs, beside, form, encoding=encoding, stamp=stamp)
            return target
        target = path.with_suffix(".gdb") if form == "fgdb" else path
        with replacing_folder(target) as folder:
            inner = folder / target.name if form == "fgdb" else folder
            _write_layers(layers, specs, inner, form, encoding=encoding, stamp=stamp)
            if form == "fgdb":
                for file in list(inner.iterdir()):
                    file.replace(folder / file.name)
                inner.rmdir()
        return target
    except (DataSourceError, DataLayerError, FeatureError, GeometryError) as error:
        remedy = "free some space, allow writing there, or choose another folder"
        raise OutputError(Fault(str(path), "", f"cannot be written: {error}", remedy)) from error


def _write_layers(
    layers: Mapping[str, gpd.GeoDataFrame],
    specs: Mapping[str, LayerSpec],
    path: Path,
    form: ProfileFormat,
    *,
    encoding: Encoding,
    stamp: dt.date,
) -> None:
    with _clock_stopped(stamp), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*organizePolygons.*", RuntimeWarning)
        warnings.filterwarnings("ignore", ".*written without loss.*|.*not successfully written.*")
        warnings.filterwarnings("ignore", ".*of type Date will be written as a DateTime.*")
        for name, frame in layers.items():
            file = path / f"{name}.shp" if form == "shp" else path
            # GDAL may lack the tables of GBK: texts of Shapefiles are handed over as bytes.
            options = {"ENCODING": ""} if form == "shp" else _options(specs[name], form)
            pyogrio.write_arrow(
                _make_table(frame, specs[name], form, encoding), file,
                layer=name, driver=_DRIVERS[form], geometry_name="geometry", geometry_type="Polygon",
                crs=STORED_CRS, append=form != "shp" and path.exists(), layer_options=options,
            )  # fmt: skip
            if form == "shp":
                state_encoding(file.with_suffix(".dbf"), encoding)


def _options(spec: LayerSpec, form: ProfileFormat) -> dict[str, str]:
    key = "LAYER_ALIAS" if form == "fgdb" else "IDENTIFIER"
    return {key: spec.title.pick("zh") if form == "fgdb" else f"{spec.name} {spec.title.pick('zh')}"}


@contextmanager
def _clock_stopped(stamp: dt.date) -> Iterator[None]:
    """Let GDAL write the plan's day where it would write that of the clock."""
    day = f"{stamp.isoformat()}T00:00:00Z"
    before = {key: pyogrio.get_gdal_config_option(key) for key in ("OGR_CURRENT_DATE",)}
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": day})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _make_table(frame: gpd.GeoDataFrame, spec: LayerSpec, form: ProfileFormat, encoding: Encoding) -> Any:
    """Return an Arrow table whose fields bear widths and aliases, by the keys that GDAL takes for them."""
    import pyarrow as pa  # type: ignore[import-untyped]

    arrays, fields = [], []
    for field in spec.fields:
        values = (
            frame[field.name] if field.name in frame else pd.Series(None, index=frame.index, dtype=object)
        )
        kind = _arrow_type(field, form)
        told = {b"GDAL:OGR:alternative_name": field.title.pick("zh").encode()}
        if field.kind == "text" and field.width:
            told[b"GDAL:OGR:width"] = str(_width(field, form)).encode()
        fields.append(pa.field(field.name, kind, metadata=told))
        cells = [_cell(value, field, form) for value in values]
        encoded = form == "shp" and field.kind == "text"
        arrays.append(_encode(cells, encoding) if encoded else pa.array(cells, type=kind))
    wkb = shapely.to_wkb(shapely.orient_polygons(frame.geometry.to_numpy()), flavor="iso")
    fields.append(pa.field("geometry", pa.binary(), metadata={b"ARROW:extension:name": b"geoarrow.wkb"}))
    arrays.append(pa.array(wkb.tolist(), type=pa.binary()))
    return pa.table(arrays, schema=pa.schema(fields))


def _encode(texts: list[Any], encoding: Encoding) -> Any:
    """Return texts as an array that Arrow takes for strings and that holds their bytes in an encoding."""
    import pyarrow as pa

    data = pa.array([None if text is None else text.encode(encoding) for text in texts], type=pa.binary())
    return pa.Array.from_buffers(pa.string(), len(data), data.buffers(), null_count=data.null_count)


def _arrow_type(field: FieldSpec, form: ProfileFormat) -> Any:
    import pyarrow as pa

    if field.kind == "number":
        # A dBase table holds decimals as digits; the other formats hold numbers of 64 bits.
        return pa.decimal128(_PRECISION, field.decimals) if form == "shp" and field.decimals else pa.float64()
    return {"text": pa.string(), "integer": pa.int32(), "date": pa.date32()}[field.kind]


def _cell(value: Any, field: FieldSpec, form: ProfileFormat) -> Any:
    if value is None or (not isinstance(value, str) and pd.isna(value)) or value == "":
        return None
    if field.kind != "number":
        return str(value) if field.kind == "text" else value
    rounded = round(float(value), field.decimals) if field.decimals is not None else float(value)
    if form == "shp" and field.decimals:
        return decimal.Decimal(rounded).quantize(decimal.Decimal(1).scaleb(-field.decimals))
    return rounded


def _width(field: FieldSpec, form: ProfileFormat) -> int:
    width = int(field.width or 0)
    return min(width, TEXT_BYTES) if form == "shp" else width


def _refuse_wide(
    layers: Mapping[str, gpd.GeoDataFrame],
    specs: Mapping[str, LayerSpec],
    form: ProfileFormat,
    encoding: Encoding,
) -> None:
    """Refuse texts that their field cannot hold: a text cut short would be another one."""
    faults = []
    for name, frame in layers.items():
        for field in specs[name].fields:
            if field.kind != "text" or not field.width or field.name not in frame:
                continue
            width = _width(field, form)
            for text in frame[field.name].dropna().astype(str).unique():
                if fault := _measure(text, width, f"{name}.{field.name}", form, encoding):
                    faults.append(fault)
    if faults:
        raise OutputError(faults)


def _measure(text: str, width: int, key: str, form: ProfileFormat, encoding: Encoding) -> Fault | None:
    try:
        size = len(text.encode(encoding)) if form == "shp" else len(text)
    except UnicodeEncodeError:
        problem = f"{encoding.upper()} lacks a character of {text[:40]!r}"
        return Fault("--encoding", key, problem, "write it with --encoding utf-8, or change the name")
    if size <= width:
        return None
    unit = f"bytes in {encoding.upper()}" if form == "shp" else "characters"
    return Fault(
        "--profile", key, f"{text[:40]!r} has {size} {unit}, the field holds {width}", "shorten the name"
    )
