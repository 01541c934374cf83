"""The cache of layers: where it lies, and how inputs and results are told apart.

Entries are pickles, so the cache lies in the user's own cache folder and never in a plan's folder.
A folder belongs to one state of the toolkit's code: results of other code are never taken.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import platformdirs
from hamilton.caching import fingerprinting
from pydantic import BaseModel
from shapely.geometry.base import BaseGeometry

_KEPT = 3
_LARGEST_BYTES = 4_000_000_000


@cache
def hash_code() -> str:
    """Return a hash of the toolkit's own code and of the libraries that shape its results."""
    import pyproj
    import shapely

    digest = hashlib.sha256()
    package = Path(__file__).resolve().parent
    for file in sorted(package.rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    for library in (shapely, pyproj, gpd, pd, np):
        digest.update(f"{library.__name__} {library.__version__}".encode())
    digest.update(f"{shapely.geos_version_string} {pyproj.proj_version_str}".encode())
    return digest.hexdigest()


def find_cache() -> Path:
    """Return the cache folder of this state of the code; make it and forget the oldest others.

    ``SPATIAL_CACHE`` overrides where caches lie.
    """
    root = Path(os.environ.get("SPATIAL_CACHE") or platformdirs.user_cache_dir("spatial-planning-toolkit"))
    folder = root / "layers" / hash_code()[:16]
    if (
        folder.is_dir()
        and sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) > _LARGEST_BYTES
    ):
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    others = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in others[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _hash(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _hash_record(record: BaseModel, *_: object, **__: object) -> str:
    return _hash(type(record).__qualname__.encode(), record.model_dump_json().encode())


def _hash_geometry(shape: BaseGeometry, *_: object, **__: object) -> str:
    return _hash(shape.wkb)


def _hash_frame(frame: pd.DataFrame, *_: object, **__: object) -> str:
    """Hash names, types, index, values, geometry and CRS; the order of rows counts."""
    parts = [repr([(name, str(kind)) for name, kind in frame.dtypes.items()]).encode()]
    parts.append(pd.util.hash_pandas_object(frame.index).to_numpy().tobytes())
    for name in frame.columns:
        column = frame[name]
        if isinstance(column, gpd.GeoSeries):
            parts += [wkb or b"" for wkb in column.to_wkb()]
            parts.append(column.crs.to_wkt().encode() if column.crs else b"no crs")
        else:
            parts.append(pd.util.hash_pandas_object(column.astype(str), index=False).to_numpy().tobytes())
    return _hash(*parts)


def _hash_array(array: np.ndarray, *_: object, **__: object) -> str:
    """Hash type, shape and values: of objects (texts, geometries) what they say, not where they lie."""
    head = f"{array.dtype} {array.shape}".encode()
    if array.dtype != object:
        return _hash(head, np.ascontiguousarray(array).tobytes())
    codes, words = pd.factorize(array.ravel(), use_na_sentinel=False)
    said = [word.wkb if isinstance(word, BaseGeometry) else repr(word).encode() for word in words]
    return _hash(head, np.asarray(codes, dtype=np.int64).tobytes(), *said)


def register_fingerprints() -> None:
    """Teach Hamilton to tell records, geometries, frames and arrays apart by what they hold.

    Its own rule for frames leaves out the CRS, that for arrays leaves out type and shape and hashes
    addresses instead of objects, and the one for unknown objects stops at a depth and then takes all
    for equal, which would hand out stale layers.
    """
    fingerprinting.set_max_depth(50)
    fingerprinting.hash_value.register(BaseModel, _hash_record)
    fingerprinting.hash_value.register(BaseGeometry, _hash_geometry)
    fingerprinting.hash_value.register(gpd.GeoDataFrame, _hash_frame)
    fingerprinting.hash_value.register(pd.DataFrame, _hash_frame)
    fingerprinting.hash_value.register(np.ndarray, _hash_array)
