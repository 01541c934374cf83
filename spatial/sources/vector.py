"""Vector sources: any file that a plan names becomes one kind of frame, or is refused with a clear word."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.errors import SourceError
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.records import Source
from spatial.sources.archives import open_plain
from spatial.sources.boundary_text import read_parcels
from spatial.sources.encoding import check_garbled
from spatial.sources.features import Table, read_features
from spatial.sources.files import check_sidecars, hash_parts, list_parts, locate_source
from spatial.sources.georeference import Statement, choose_crs, locate_shapes
from spatial.sources.origin import Origin, list_some, name_origin
from spatial.sources.points import read_points
from spatial.sources.repair import (
    as_texts,
    drop_unusable,
    flatten,
    name_rows,
    number_repeats,
    open_collections,
    repair_shapes,
)

Shapes = npt.NDArray[np.object_]

_OWN_COLUMNS = ("id", "name", "source", "illustrative", "geometry")


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
    mended : tuple of (str, str, str)
        Id of each shape that was repaired, and what was done, in Chinese and English.
    """

    frame: gpd.GeoDataFrame
    findings: tuple[Finding, ...]
    mended: tuple[tuple[str, str, str], ...] = ()


def read_source(
    name: str, source: Source, folder: Path, *, lenient: bool = False, ids: tuple[str, ...] = ("id",)
) -> SourceRead:
    r"""Read a vector source of a plan.

    Parameters
    ----------
    name : str
        Key of the source in the plan.
    source : Source
        What the plan says of it. A URL is downloaded once into the user's cache.
    folder : Path
        Folder of the plan; files are relative to it.
    lenient : bool
        Rows with coordinates that are no numbers or off the Earth are left out and named; else they refuse
        the file. For files named on the command line: messages then speak of its options.
    ids : tuple of str
        What the column of ids may be called, in any case, the likeliest first.

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
    origin = name_origin(name, source, lenient=lenient)
    origin.ids = ids
    path = locate_source(origin, folder)
    try:
        with open_plain(origin, path) as plain:
            table = _read_table(origin, plain)
        return _check_table(origin, table)
    except SourceError:
        raise
    except (RuntimeError, ValueError, OSError, shapely.errors.ShapelyError) as error:
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


def _read_table(origin: Origin, path: Path) -> Table:
    origin.refuse_format(path.suffix)
    check_sidecars(origin, path)
    if path.suffix.lower() == ".csv":
        attributes, shapes = read_points(origin, path)
        return Table(attributes, shapes, Statement(None))
    if path.suffix.lower() == ".txt":
        return Table(*read_parcels(origin, path))
    return read_features(origin, path)


def _check_table(origin: Origin, table: Table) -> SourceRead:
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
    return SourceRead(frame, tuple(origin.findings), tuple(origin.mended))


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
    frame.columns = number_repeats(frame.columns)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=STORED_CRS)
