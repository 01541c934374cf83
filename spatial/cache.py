"""The cache of layers: where it lies, and how inputs and results are told apart.

Entries are pickles, so the cache lies in the user's own cache folder and never in a plan's folder.
A folder belongs to one state of the toolkit's code: results of other code are never taken.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import platformdirs
from hamilton.caching import fingerprinting
from pydantic import BaseModel
from shapely.geometry.base import BaseGeometry

from spatial.errors import Fault, OutputError

_KEPT = 3
_PASSES = 16
_STARTED = time.time()
_LARGEST_BYTES = 4_000_000_000
_PLAIN = (str, int, float, dt.date, PurePath, np.generic)


@cache
def hash_code() -> str:
    """Return a hash of the toolkit's own code and of the libraries that shape its results."""
    import pyproj
    import shapely

    digest = hashlib.sha256()
    package = Path(__file__).resolve().parent
    for file in sorted(file for kind in ("*.py", "*.js", "*.css") for file in package.rglob(kind)):
        digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    for library in (shapely, pyproj, gpd, pd, np):
        digest.update(f"{library.__name__} {library.__version__}".encode())
    digest.update(f"{shapely.geos_version_string} {pyproj.proj_version_str}".encode())
    return digest.hexdigest()


def find_cache() -> Path:
    """Return the cache folder of this state of the code; make it and forget the oldest others.

    ``SPATIAL_CACHE`` overrides where caches lie.

    Raises
    ------
    OutputError
        The folder cannot be made or written.
    """
    root = Path(os.environ.get("SPATIAL_CACHE") or platformdirs.user_cache_dir("spatial-planning-toolkit"))
    folder = root / "layers" / hash_code()[:16]
    try:
        if _measure(folder) > _LARGEST_BYTES:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        others = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError as error:
        problem = f"the cache cannot be kept there: {error.strerror}"
        remedy = "set SPATIAL_CACHE to a folder that you may write to"
        raise OutputError(Fault(str(root), "", problem, remedy)) from error
    for old in others[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _measure(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


class _UnknownError(TypeError):
    """A value that nobody has said how to tell apart."""


def fingerprint(value: Any) -> str:
    """Return a hash of a value's kind and content; values that differ in either differ in it.

    Parameters
    ----------
    value : object
        Frames, geometries, arrays, records, dataclasses, and plain values and containers of them.

    Returns
    -------
    str
        Hexadecimal digits, or Hamilton's mark for what cannot be told apart, which is then made anew.

    Examples
    --------
    >>> fingerprint({}) == fingerprint([]), fingerprint(1) == fingerprint(True)
    (False, False)
    """
    digest = hashlib.sha256()
    try:
        _feed(digest, value)
    except _UnknownError:
        return fingerprinting.UNHASHABLE
    return digest.hexdigest()


def _feed(digest: Any, value: Any) -> None:
    """Add a value to a digest: its type, how many parts it has, and the parts."""
    if isinstance(value, bytes):
        _add(digest, b"bytes", value)
    elif value is None or isinstance(value, _PLAIN):
        _add(digest, type(value).__qualname__.encode(), repr(value).encode())
    else:
        parts = list(_split(value))
        _add(digest, type(value).__qualname__.encode(), str(len(parts)).encode())
        for part in parts:
            _feed(digest, part)


def _split(value: Any) -> Iterable[Any]:
    """Return what a value consists of; raise `_UnknownError` where nobody knows."""
    if isinstance(value, pd.DataFrame):
        return _split_frame(value)
    if isinstance(value, np.ndarray):
        return value.tolist() if value.dtype == object else (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, BaseModel):
        return (value.model_dump_json(),)
    if isinstance(value, BaseGeometry):
        return (value.wkb,)
    if dataclasses.is_dataclass(value):
        return [getattr(value, item.name) for item in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        return [part for item in value.items() for part in item]
    if isinstance(value, (list, tuple)):
        return value
    raise _UnknownError(type(value).__qualname__)


def _add(digest: Any, *texts: bytes) -> None:
    for text in texts:
        digest.update(len(text).to_bytes(8, "little") + text)


def _split_frame(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield names, types, index, values, geometry and CRS of a frame; the order of rows counts."""
    yield [(str(name), str(kind)) for name, kind in frame.dtypes.items()]
    yield pd.util.hash_pandas_object(frame.index).to_numpy()
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        if isinstance(column, gpd.GeoSeries):
            yield [wkb or b"" for wkb in column.to_wkb()]
            yield column.crs.to_wkt() if column.crs else "no crs"
        else:
            yield pd.util.hash_pandas_object(column.astype(str), index=False).to_numpy()


def register_fingerprints() -> None:
    """Have Hamilton tell values apart by `fingerprint`.

    Its own rules take an empty list for an empty mapping, 1 for True, and frames that differ in CRS for
    equal; results are kept by fingerprint, so a layer would be handed another's value.
    """
    known = (*fingerprinting.hash_value.registry, pd.DataFrame, np.ndarray)
    for kind in known:
        fingerprinting.hash_value.register(kind, lambda value, *_, **__: fingerprint(value))


def find_rasters() -> Path:
    """Return the folder for rasters of this state of the code; forget those least lately used.

    Rasters lie apart from the other results: they are large, and a run that was stopped goes on from them.

    Raises
    ------
    OutputError
        The folder cannot be made or written.
    """
    folder = find_cache().parents[1] / "rasters" / hash_code()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        for place, most in ((folder.parent, _KEPT), (folder, _PASSES)):
            others = sorted(place.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
            # What this process made may still be in use: a build reads its rasters when it draws its map.
            for old in (path for path in others[most:] if path.stat().st_mtime < _STARTED):
                shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            Fault(str(folder), "", f"rasters cannot be kept there: {error.strerror}")
        ) from error
    return folder
