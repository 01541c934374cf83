"""A layer of many features packed into one block of a page: integer deltas and coded columns, deflated.

A block is base64 of zlib's format. Inside lie, one after the other: the length of a JSON header in four
bytes, the header, and arrays of unsigned numbers. Each array is kept as planes: first the lowest byte of
every number, then the second, so that the many empty high bytes cost nothing. Signed numbers are zigzagged
(0, -1, 1, -2 … become 0, 1, 2, 3 …). ``packed.js`` reads it.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.outputs.web.features import DECIMALS, DrawnLayer, list_columns, list_places, to_plain

PACKED_ABOVE = 300
"""Layers of more features than this are packed."""
PACKED_VERTICES = 50_000
"""Layers of more vertices than this are packed, however few features they have."""
PLACED = 3_000
"""Up to so many features the middle of the largest inscribed circle is sought for names; above, the page
finds a point inside by itself."""

_POINT, _LINE, _SHELL, _HOLE = range(4)
_POLYGON = 3
_FIRST_MULTI = 4
_MOST_DECIMALS = 6
_MOST_SCALED = 2.0**46
_LEVEL = 6

Numbers = npt.NDArray[Any]


def should_pack(layer: DrawnLayer) -> bool:
    """Say whether a layer has so many features or vertices that plain GeoJSON would be slow.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from spatial.plan.styles import read_styles
    >>> frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy([112, 113], [35, 35]), crs=4490)
    >>> should_pack(DrawnLayer("towns", read_styles().layers["towns"], None, frame, pd.Series("all"), 0))
    False
    """
    shapes = layer.frame.geometry.to_numpy()
    return len(shapes) > PACKED_ABOVE or int(shapely.get_num_coordinates(shapes).sum()) > PACKED_VERTICES


def write_packed(layer: DrawnLayer, metric_crs: str, territory: BaseGeometry | None = None) -> str:
    """Write a layer as the text of a packed block.

    Parameters
    ----------
    layer : DrawnLayer
        What to write, EPSG:4490; coordinates are kept to `DECIMALS` decimals of a degree.
    metric_crs : str
        CRS in which middles and spines for names are sought.
    territory : shapely geometry, optional
        In that CRS; names of areas that it clips do not stand on its outline.

    Returns
    -------
    str
        Base64, so no text of a user can end the block. Identical input gives identical text.
    """
    frame = layer.frame
    arrays = pack_shapes(frame.geometry.to_numpy())
    codes, keys = pd.factorize(layer.classes)
    arrays["class"] = codes.astype(np.int64)
    columns = []
    for key, series in {"#id": frame["id"].astype(str), **list_columns(layer, with_label=True)}.items():
        told, numbers = pack_column(series)
        columns.append({"key": key} | told)
        # A column may be called class or paths, like an array of the shapes.
        arrays[f"={key}"] = numbers
    label = layer.style.label_column
    header: dict[str, Any] = {
        "count": len(frame),
        "decimals": DECIMALS,
        "classes": list(keys),
        "columns": columns,
        "label": label if label in frame else None,
    }
    if label in frame and len(frame) <= PLACED:
        quick = len(frame) > PACKED_ABOVE
        places = list_places(layer, metric_crs, territory, quick=quick)
        header["places"] = [
            {name: place[name] for name in ("anchors", "spine") if name in place} for place in places
        ]
    return write_numbers(header, arrays)


def pack_shapes(shapes: Any) -> dict[str, Numbers]:
    """Take shapes apart into paths of integer steps.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        In degrees, of any type, collections too; neither None nor empty.

    Returns
    -------
    dict of str to numpy.ndarray of int64, none negative
        ``paths``: paths of each shape; ``kinds`` of each path: 0 point, 1 line, 2 shell, 3 hole of the shell
        before it; ``sizes``: vertices of each path, rings without their last; ``x0``, ``y0``: first vertex of
        each path from that of the path before, zigzagged, in units of the last decimal kept; ``dx``, ``dy``:
        steps from vertex to vertex.

    Examples
    --------
    >>> packed = pack_shapes([shapely.Point(1e-6, 0), shapely.LineString([(0, 0), (2e-6, -1e-6)])])
    >>> {name: numbers.tolist() for name, numbers in packed.items() if name in ("kinds", "x0", "dy")}
    {'kinds': [0, 1], 'x0': [2, 1], 'dy': [1]}
    """
    shapes = np.asarray(shapes, dtype=object)
    paths, kinds, owners = _take_apart(shapes)
    coordinates, index = shapely.get_coordinates(paths, return_index=True)
    sizes = np.bincount(index, minlength=len(paths))
    ends = np.cumsum(sizes) - 1
    kept = np.ones(len(index), dtype=bool)
    kept[ends[kinds >= _SHELL]] = False
    sizes = sizes - (kinds >= _SHELL)
    units = np.rint(coordinates[kept] * 10**DECIMALS).astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    first = np.diff(units[starts], axis=0, prepend=[[0, 0]])
    inner = np.ones(len(units), dtype=bool)
    inner[starts] = False
    steps = np.diff(units, axis=0, prepend=[[0, 0]])[inner]
    return {
        "paths": np.bincount(owners, minlength=len(shapes)),
        "kinds": kinds,
        "sizes": sizes,
        "x0": _zigzag(first[:, 0]),
        "y0": _zigzag(first[:, 1]),
        "dx": _zigzag(steps[:, 0]),
        "dy": _zigzag(steps[:, 1]),
    }


def _take_apart(shapes: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return the paths of all shapes, what each is, and which shape it is of."""
    parts, owners = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) >= _FIRST_MULTI).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        owners = owners[index]
    types = shapely.get_type_id(parts)
    areas = np.flatnonzero(types == _POLYGON)
    others = np.flatnonzero(types != _POLYGON)
    rings, index = shapely.get_rings(parts[areas], return_index=True)
    of_part = np.concatenate([others, areas[index]])
    holes = np.diff(index, prepend=-1) == 0
    kinds = np.concatenate([np.where(types[others] == 0, _POINT, _LINE), np.where(holes, _HOLE, _SHELL)])
    order = np.argsort(of_part, kind="stable")
    paths = np.concatenate([parts[others], rings])[order]
    return paths, kinds[order].astype(np.int64), owners[of_part[order]]


def pack_column(values: pd.Series[Any]) -> tuple[dict[str, Any], Numbers]:
    """Code a column as numbers: scaled ones, or places in a list of its distinct values.

    Parameters
    ----------
    values : pandas.Series
        Any cells; nulls, not-a-number and empty texts are nothing and become 0.

    Returns
    -------
    dict
        ``decimals`` of a numeric column, whose cells are zigzagged after scaling and one more than that; or
        ``values`` of any other, whose cells are one more than a place in that list.
    numpy.ndarray of int64

    Examples
    --------
    >>> told, codes = pack_column(pd.Series(["林地", None, "林地"]))
    >>> told, codes.tolist()
    ({'values': ['林地']}, [1, 0, 1])
    >>> told, codes = pack_column(pd.Series([1.25, float("nan"), -2.0]))
    >>> told, codes.tolist()
    ({'decimals': 2}, [251, 0, 400])
    """
    scaled = _scale(values) if _is_number(values) else None
    if scaled is not None:
        decimals, numbers, there = scaled
        return {"decimals": decimals}, np.where(there, _zigzag(numbers) + 1, 0)
    if pd.api.types.infer_dtype(values, skipna=True) in ("string", "empty"):
        codes, distinct = pd.factorize(values.where(values != ""))
        return {"values": [str(text) for text in distinct]}, codes.astype(np.int64) + 1
    # In Python True and 1 are the same key; readers must see yes and 1.
    cells = [to_plain(value) for value in values]
    known: dict[tuple[type, Any], int] = {}
    mixed = [0 if cell is None else known.setdefault((type(cell), cell), len(known) + 1) for cell in cells]
    return {"values": [cell for _, cell in known]}, np.array(mixed, dtype=np.int64)


def _is_number(values: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _scale(values: pd.Series[Any]) -> tuple[int, Numbers, npt.NDArray[np.bool_]] | None:
    """Return decimals, whole numbers and where there are any; None where they are too large for that."""
    floats = values.to_numpy(dtype=float, na_value=np.nan)
    there = np.isfinite(floats)
    if (np.abs(floats[there]) >= _MOST_SCALED).any():
        return None
    rounded = np.round(np.where(there, floats, 0.0), _MOST_DECIMALS)
    for decimals in range(_MOST_DECIMALS + 1):
        if np.array_equal(np.round(rounded, decimals), rounded):
            scaled = np.rint(rounded * 10.0**decimals)
            return (
                None if (np.abs(scaled) >= _MOST_SCALED).any() else (decimals, scaled.astype(np.int64), there)
            )
    return None


def _zigzag(numbers: Numbers) -> Numbers:
    return np.where(numbers < 0, -2 * numbers - 1, 2 * numbers)


def write_numbers(header: Mapping[str, Any], arrays: Mapping[str, Numbers]) -> str:
    r"""Write a header and arrays as the text of a block.

    Parameters
    ----------
    header : mapping
        What JSON can hold; ``arrays`` is added: names, lengths and counts of planes.
    arrays : mapping of str to numpy.ndarray of int64
        None negative.

    Examples
    --------
    >>> text = write_numbers({}, {"a": np.array([1, 2, 300])})
    >>> zlib.decompress(base64.b64decode(text))[4:]
    b'{"arrays":[["a",3,2]]}\x01\x02,\x00\x00\x01'
    """
    planes = {name: _split_planes(numbers) for name, numbers in arrays.items()}
    listed = [[name, len(numbers), len(planes[name])] for name, numbers in arrays.items()]
    told = json.dumps(
        {**header, "arrays": listed}, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()
    squeeze = zlib.compressobj(_LEVEL)
    pieces = [squeeze.compress(len(told).to_bytes(4, "little") + told)]
    pieces += [squeeze.compress(plane) for split in planes.values() for plane in split]
    return base64.b64encode(b"".join([*pieces, squeeze.flush()])).decode("ascii")


def _split_planes(numbers: Numbers) -> list[bytes]:
    """Return the lowest bytes of all numbers, then the second ones, as many as the largest needs."""
    largest = int(numbers.max(initial=0))
    count = (largest.bit_length() + 7) // 8
    octets = numbers.astype("<u8").view(np.uint8).reshape(-1, 8)
    return [np.ascontiguousarray(octets[:, place]).tobytes() for place in range(count)]
