"""Layers in formats that others ask for: Shapefile, file geodatabase, GeoParquet, GeoJSON and more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal, TypeAlias

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from spatial.errors import Fault, OutputError
from spatial.outputs.files import refuse, replacing
from spatial.outputs.formats.shapefile import Encoding, describe_fields, fit_characters, write_shapefile
from spatial.outputs.formats.slices import slice_layers, type_frame
from spatial.outputs.order import Order
from spatial.plan.base import Text
from spatial.plan.contract import Contract

Format: TypeAlias = Literal["shp", "fgdb", "parquet", "gpkg", "geojson", "sld", "txt"]

_ARROW: tuple[Format, ...] = ("fgdb", "parquet")
_ENCODINGS: dict[Format, Encoding] = {"shp": "utf-8", "txt": "gbk"}
"""Formats whose texts may be in either encoding, and the one they are in unless it is said."""
_STALE = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj", ".idm", ".ind", ".shp.xml")
_FIELDS = "fields.csv"
_MICROMETRE_DECIMALS = 12


@dataclass(frozen=True)
class Export:
    """What was written, and what a user should know of it."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def export_layers(order: Order, folder: Path, form: Format, *, encoding: Encoding | None = None) -> Export:
    """Write the layers of a plan into a folder in one format.

    Parameters
    ----------
    order : Order
        Layers in EPSG:4490, contracts, plan, provenance.
    folder : Path
        Where the files go; made if need be. Files of the same names are replaced, others stay.
    form : {"shp", "fgdb", "parquet", "gpkg", "geojson", "sld", "txt"}
        Shapefile and GeoJSON: a file for each layer, and ``fields.csv`` with what the fields mean. File
        geodatabase and GeoPackage: one for all. GeoParquet: a file for each layer. SLD: the styles. Text: the
        boundary points 界址点 of each layer of areas.
    encoding : {"utf-8", "gbk"}, optional
        Of texts in Shapefiles (UTF-8 unless given) and boundary-point texts (GBK unless given).

    Returns
    -------
    Export
        ``export_<format>.json`` among the files says what went in and lists the notes.

    Raises
    ------
    CrsError
        A layer is not in EPSG:4490.
    OutputError
        A library is not installed, the encoding lacks characters, or a file cannot be written.
    """
    require_arrow(form)
    if encoding not in (None, "utf-8") and form not in _ENCODINGS:
        problem = f"is for Shapefiles and boundary-point texts; {form} holds texts in UTF-8"
        raise OutputError(Fault("--encoding", encoding, problem, "leave it out, or take --format shp"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files, notes = _WRITERS[form](order, folder, encoding or _ENCODINGS.get(form, "utf-8"))
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise refuse(folder, error) from error
    except (DataSourceError, DataLayerError, FeatureError, GeometryError) as error:
        remedy = "free some space, allow writing there, or choose another folder"
        raise OutputError(Fault(str(folder), "", f"cannot be written: {error}", remedy)) from error
    told = tuple(_say(note, order.tongue) for note in notes)
    files.append(_write_record(order, folder / f"export_{form}.json", files, told))
    return Export(tuple(files), told)


def require_arrow(form: Format) -> None:
    """Refuse a format whose library is not installed.

    Raises
    ------
    OutputError
        Says which, and the line that installs it.
    """
    if form in _ARROW and find_spec("pyarrow") is None:
        remedy = "install it: pip install 'spatial-planning-toolkit[parquet]'"
        raise OutputError(
            Fault("--format", form, "needs the library pyarrow, which is not installed", remedy)
        )


_Written: TypeAlias = tuple[list[Path], list[Text]]


def _export_shapefiles(order: Order, folder: Path, encoding: Encoding) -> _Written:
    slices, empty = slice_layers(order.layers, order.contracts)
    replaced = fit_characters(slices, encoding, folder)
    private = Path(mkdtemp(prefix=".part-", dir=folder))
    notes, renamed = [*_note_empty(empty), *filter(None, [replaced])], {}
    try:
        for piece in slices:
            renamed[piece.name], said = write_shapefile(piece, private, encoding=encoding, stamp=order.stamp)
            notes += said
        files = _move_shapefiles(private, folder)
    finally:
        shutil.rmtree(private, ignore_errors=True)
    table = folder / _FIELDS
    _write_table(table, describe_fields(renamed, slices))
    changed = sum(key != field for names in renamed.values() for key, field in names.items())
    notes.append(
        Text(
            zh=f"Shapefile 字段名最长 10 个字符：{changed} 个字段已缩写，对照见 {_FIELDS}。",
            en=f"Names of fields have 10 characters at most: {changed} are shortened, see {_FIELDS}.",
        )
    )
    return [*files, table], notes


def _move_shapefiles(private: Path, folder: Path) -> list[Path]:
    """Put finished files in their place, the shapes last; indexes of older ones are taken away."""
    made = sorted(private.iterdir(), key=lambda file: (file.suffix == ".shp", file.name))
    names = {file.name for file in made}
    for stem in sorted({file.stem for file in made}):
        for ending in _STALE:
            if f"{stem}{ending}" not in names:
                (folder / f"{stem}{ending}").unlink(missing_ok=True)
    for file in made:
        file.replace(folder / file.name)
    return sorted(folder / name for name in names if name.endswith((".shp", ".dbf")))


def _export_geodatabase(order: Order, folder: Path, _: Encoding) -> _Written:
    from spatial.outputs.formats.arrowfiles import write_geodatabase

    slices, empty = slice_layers(order.layers, order.contracts)
    path = folder / f"{order.plan.name}.gdb"
    renamed = write_geodatabase(path, slices, order.contracts)
    notes = _note_empty(empty)
    if changed := sorted({key for names in renamed.values() for key, name in names.items() if name != key}):
        zh = f"ArcGIS 的保留字作字段名时加了下划线：{'、'.join(changed)}。"
        en = f"Fields whose names ArcGIS reserves end in an underscore: {', '.join(changed)}."
        notes.append(Text(zh=zh, en=en))
    return [path], notes


def _export_parquet(order: Order, folder: Path, _: Encoding) -> _Written:
    from spatial.outputs.formats.arrowfiles import write_parquet

    files = []
    for name, frame in order.layers.items():
        file = folder / f"{name}.parquet"
        write_parquet(
            file, type_frame(name, frame, order.contracts[name]), order.contracts[name], order.provenance
        )
        files.append(file)
    return files, []


def _export_geojson(order: Order, folder: Path, _: Encoding) -> _Written:
    files, empty = [], []
    for name, frame in order.layers.items():
        if len(frame):
            files.append(folder / f"{name}.geojson")
            _write_geojson(files[-1], name, type_frame(name, frame, order.contracts[name]))
        else:
            empty.append(name)
    table = folder / _FIELDS
    _write_table(table, _describe_columns(order.layers, order.contracts))
    zh = "GeoJSON 坐标为 CGCS2000（crs 成员已写明 EPSG:4490），未转换到 WGS 84；二者相差通常不足一米。"
    en = (
        "The GeoJSON files are in CGCS2000, as their crs member says (EPSG:4490), and not moved to WGS 84; "
        "the two differ by less than a metre as a rule."
    )
    return [*files, table], [*_note_empty(empty), Text(zh=zh, en=en)]


def _write_geojson(file: Path, name: str, frame: pd.DataFrame) -> None:
    with replacing(file) as beside:
        pyogrio.write_dataframe(
            frame,
            beside,
            layer=name,
            driver="GeoJSON",
            geometry_type="Unknown" if isinstance(frame, gpd.GeoDataFrame) else None,
            layer_options={"COORDINATE_PRECISION": str(_MICROMETRE_DECIMALS), "WRITE_NAME": "YES"},
        )


def _export_geopackage(order: Order, folder: Path, _: Encoding) -> _Written:
    from spatial.outputs.formats.geopackage import write_geopackage
    from spatial.plan.styles import read_styles

    file = folder / "plan.gpkg"
    write_geopackage(
        file,
        order.layers,
        contracts=order.contracts,
        styles=read_styles().fit(order.layers),
        provenance=order.provenance,
        stamp=order.stamp,
    )
    return [file], []


def _export_styles(order: Order, folder: Path, _: Encoding) -> _Written:
    from spatial.outputs.formats.sld import list_sld, write_sld

    files = []
    for name, sheet in list_sld(order).items():
        files.append(folder / f"{name}.sld")
        write_sld(sheet, files[-1], order.tongue)
    return files, []


def _export_boundary_texts(order: Order, folder: Path, encoding: Encoding) -> _Written:
    """Write each layer of areas as boundary-point text; other layers are no parcels."""
    from spatial.outputs.formats.boundary_text import write_boundary_text

    files, others = [], []
    maker = order.plan.outputs.compiler
    header = {"数据产生单位": maker.pick("zh") if maker else "", "数据产生日期": order.date}
    for name, frame in order.layers.items():
        areas = isinstance(frame, gpd.GeoDataFrame) and order.contracts[name].shape == "Polygon"
        rows = frame[~(frame.geometry.isna() | frame.geometry.is_empty)] if areas else frame[:0]
        if len(rows):
            files.append(folder / f"{name}.txt")
            write_boundary_text(files[-1], rows, encoding=encoding, header=header)
        else:
            others.append(name)
    zh = "界址点文本只写面图层；坐标为 CGCS2000 三度带高斯克吕格投影，横坐标加带号，面积为椭球面积（公顷）。"
    en = (
        "Boundary points are written of layers of areas; CGCS2000 Gauss-Krüger in zones of 3° with the zone "
        "before the easting, areas on the ellipsoid in hectares."
    )
    left = [Text(zh=f"未写出：{'、'.join(others)}。", en=f"Left out: {', '.join(others)}.")] if others else []
    return files, [Text(zh=zh, en=en), *left]


_WRITERS: dict[Format, Callable[[Order, Path, Encoding], _Written]] = {
    "shp": _export_shapefiles,
    "fgdb": _export_geodatabase,
    "parquet": _export_parquet,
    "geojson": _export_geojson,
    "gpkg": _export_geopackage,
    "sld": _export_styles,
    "txt": _export_boundary_texts,
}


def _note_empty(names: Sequence[str]) -> list[Text]:
    if not names:
        return []
    zh, en = (
        f"没有要素、未写出的图层：{'、'.join(names)}。",
        f"Layers without rows are left out: {', '.join(names)}.",
    )
    return [Text(zh=zh, en=en)]


def _describe_columns(layers: Mapping[str, pd.DataFrame], contracts: Mapping[str, Contract]) -> pd.DataFrame:
    rows = [
        (name, key, key, column.zh, column.en, column.kind)
        for name, frame in layers.items()
        if len(frame)
        for key, column in contracts[name].all_columns().items()
    ]
    return pd.DataFrame(rows, columns=["layer", "field", "column", "zh", "en", "type"])


def _write_table(file: Path, table: pd.DataFrame) -> None:
    """Write a table that Excel opens with its Chinese intact: UTF-8 with a mark at its beginning."""
    with replacing(file) as beside:
        table.to_csv(beside, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _write_record(order: Order, file: Path, files: Sequence[Path], notes: Sequence[str]) -> Path:
    record = {
        "title": {"zh": order.plan.title.pick("zh"), "en": order.plan.title.pick("en")},
        "date": order.date,
        "provenance": dict(order.provenance),
        "files": [path.name for path in files],
        "notes": list(notes),
    }
    with replacing(file) as beside:
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        beside.write_text(text, encoding="utf-8", newline="\n")
    return file


def _say(text: Text, language: str) -> str:
    if language == "both":
        return " ".join(dict.fromkeys((text.pick("zh"), text.pick("en"))))
    return text.pick(language)
