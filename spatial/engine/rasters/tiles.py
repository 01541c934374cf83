"""Tiles of a GeoTIFF: cells packed and unpacked, halved for overviews, and the header before them.

The layout is that of a cloud-optimised GeoTIFF: header, overviews from the smallest, then the full
resolution, each in tiles row by row. The format is TIFF 6.0 with the BigTIFF, GeoTIFF 1.1 and GDAL tags.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.grids import Grid
from spatial.errors import Fault, GeometryError

TILE = 512
"""Side of a tile, cells."""
Array = npt.NDArray[Any]
Cells = Literal["float32", "uint8"]
Colour = tuple[int, int, int]
_COLOUR_TAG = 320
_TYPES = {"ascii": (2, 1), "short": (3, 2), "long": (4, 4), "double": (12, 8), "long8": (16, 8)}
_CODES = {"short": "H", "long": "I", "double": "d", "long8": "Q"}


@dataclass(frozen=True)
class Level:
    """One resolution of a raster.

    Parameters
    ----------
    rows, columns : int
        Cells.
    begins, lengths : tuple of int
        Of each tile, row by row, in bytes; `begins` counts from the end of the header. A tile of length 0 is
        missing throughout.
    """

    rows: int
    columns: int
    begins: tuple[int, ...]
    lengths: tuple[int, ...]


def count_tiles(rows: int, columns: int, tile: int = TILE) -> tuple[int, int]:
    """Return how many rows and columns of tiles a raster has.

    Examples
    --------
    >>> count_tiles(513, 512)
    (2, 1)
    """
    return -(-rows // tile), -(-columns // tile)


def list_levels(rows: int, columns: int, tile: int = TILE) -> tuple[tuple[int, int], ...]:
    """Return the sizes of a raster and its overviews, each half of the last, down to a single tile.

    Examples
    --------
    >>> list_levels(1500, 700)
    ((1500, 700), (750, 350), (375, 175))
    """
    sizes = [(rows, columns)]
    while max(sizes[-1]) > tile:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return tuple(sizes)


def is_empty(cells: Array) -> bool:
    """Tell whether all cells are missing: NaN of floats, 0 of classes."""
    return not cells.any() if cells.dtype == np.uint8 else bool(np.isnan(cells).all())


def pack_tile(cells: Array, tile: int = TILE) -> bytes:
    """Return a tile as it stands in the file: deflated; empty where all is missing.

    Parameters
    ----------
    cells : ndarray of float32 or uint8
        At most a tile; what it lacks at the lower and right edge is missing.
    """
    if is_empty(cells):
        return b""
    if cells.shape != (tile, tile):
        whole = np.full((tile, tile), _missing(cells.dtype), dtype=cells.dtype)
        whole[: cells.shape[0], : cells.shape[1]] = cells
        cells = whole
    # Runs of like bytes are nearly all that there is to gain, and are found in a fraction of the time.
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    return packer.compress(_predict(cells).tobytes()) + packer.flush()


def _missing(kind: Any) -> float:
    return 0 if np.dtype(kind) == np.uint8 else np.nan


def _predict(cells: Array) -> Array:
    """Return bytes that compress better: floats as planes of like bytes, each less the one before it."""
    if cells.dtype == np.uint8:
        return np.ascontiguousarray(cells)
    rows, columns = cells.shape
    # One bit pattern for all that is missing: the same cells must give the same bytes.
    plain = np.where(np.isnan(cells), np.float32(np.nan), cells).astype(">f4")
    planes = plain.view(np.uint8).reshape(rows, columns, 4).transpose(0, 2, 1).reshape(rows, columns * 4)
    steps = planes.copy()
    steps[:, 1:] -= planes[:, :-1]
    return steps


def unpack_tile(data: bytes, cells: Cells, tile: int = TILE) -> Array:
    """Return the cells of a packed tile.

    Examples
    --------
    >>> some = np.array([[1.5, np.nan], [-2.25, 0.0]], dtype=np.float32)
    >>> unpack_tile(pack_tile(some, 2), "float32", 2).tolist()
    [[1.5, nan], [-2.25, 0.0]]
    """
    if not data:
        return np.full((tile, tile), _missing(cells), dtype=cells)
    plain = np.frombuffer(zlib.decompress(data), dtype=np.uint8)
    if cells == "uint8":
        return plain.reshape(tile, tile)
    planes = np.cumsum(plain.reshape(tile, tile * 4), axis=1, dtype=np.uint8)
    joined = np.ascontiguousarray(planes.reshape(tile, 4, tile).transpose(0, 2, 1))
    return joined.view(">f4").reshape(tile, tile).astype(np.float32)


def halve(cells: Array) -> Array:
    """Return cells of twice the side, for an overview.

    Values are the mean of those present; classes the most frequent one present, of equals the first in
    reading order.

    Examples
    --------
    >>> halve(np.array([[3, 2], [2, 0]], dtype=np.uint8)).tolist()
    [[2]]
    """
    four = [np.ascontiguousarray(cells[down::2, right::2]) for down in (0, 1) for right in (0, 1)]
    return _most_frequent(four) if cells.dtype == np.uint8 else _mean(four)


def _mean(four: list[Array]) -> Array:
    total, count = np.zeros(four[0].shape), np.zeros(four[0].shape, dtype=np.uint8)
    for one in four:
        here = ~np.isnan(one)
        total += np.where(here, one, 0)
        count += here
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _most_frequent(four: list[Array]) -> Array:
    best, most = four[0], _count_votes(four, 0)
    for at in (1, 2, 3):
        votes = _count_votes(four, at)
        best = np.where(votes > most, four[at], best)
        most = np.maximum(votes, most)
    return best


def _count_votes(four: list[Array], at: int) -> Array:
    """Return how many of the others are like one of four, 0 where it is missing, in small numbers."""
    votes = np.ones(four[at].shape, dtype=np.uint8)
    for other in range(4):
        if other != at:
            votes += four[at] == four[other]
    return votes * (four[at] != 0)


def write_header(
    grid: Grid,
    cells: Cells,
    levels: Sequence[Level],
    notes: Mapping[str, str],
    *,
    description: str = "",
    unit: str = "",
    tile: int = TILE,
) -> bytes:
    """Return all of a GeoTIFF that stands before the tiles.

    Parameters
    ----------
    grid : Grid
        Its system must have an EPSG code.
    cells : {"float32", "uint8"}
        Classes get a colour table of greys, for `colour_header` to fill.
    levels : sequence of Level
        Full resolution first.
    notes : mapping of str to str
        Metadata, told by GDAL and QGIS.

    Raises
    ------
    GeometryError
        The grid's system has no EPSG code.
    """
    base = [_list_entries(grid, cells, level, tile, overview=at > 0) for at, level in enumerate(levels)]
    base[0] += _place_entries(grid) + _note_entries(notes, description, unit)
    for entries in base:
        entries.append((42113, "ascii", b"0\0" if cells == "uint8" else b"nan\0"))
    size = len(_lay_out(base, levels, 0))
    return _lay_out(base, levels, size)


Entry = tuple[int, str, Any]


def _list_entries(grid: Grid, cells: Cells, level: Level, tile: int, *, overview: bool) -> list[Entry]:
    paletted = cells == "uint8"
    entries: list[Entry] = [
        (254, "long", [int(overview)]),
        (256, "long", [level.columns]),
        (257, "long", [level.rows]),
        (258, "short", [8 if paletted else 32]),
        (259, "short", [8]),
        (262, "short", [3 if paletted else 1]),
        (277, "short", [1]),
        (284, "short", [1]),
        (317, "short", [1 if paletted else 3]),
        (322, "long", [tile]),
        (323, "long", [tile]),
        (339, "short", [1 if paletted else 3]),
    ]
    if paletted:
        greys = [key * 257 for key in range(256)]
        entries.append((_COLOUR_TAG, "short", greys * 3))
    return entries


def _place_entries(grid: Grid) -> list[Entry]:
    from pyproj import CRS

    code = CRS.from_user_input(grid.crs).to_epsg()
    if code is None:
        raise GeometryError(Fault("", grid.crs, "the grid's system has no EPSG code", "choose one that has"))
    keys = [1, 1, 0, 4, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, code, 3076, 0, 1, 9001]
    return [
        (33550, "double", [grid.cell_m, grid.cell_m, 0.0]),
        (33922, "double", [0.0, 0.0, 0.0, grid.left, grid.top, 0.0]),
        (34735, "short", keys),
    ]


def _note_entries(notes: Mapping[str, str], description: str, unit: str) -> list[Entry]:
    # GDAL takes the signs of XML out twice.
    items = [
        f"<Item name={quoteattr(key)}>{escape(escape(text))}</Item>" for key, text in sorted(notes.items())
    ]
    for role, text in (("description", description), ("unittype", unit)):
        if text:
            name = role.upper()
            items.append(f'<Item name="{name}" sample="0" role="{role}">{escape(escape(text))}</Item>')
    text = f"<GDALMetadata>{''.join(items)}</GDALMetadata>\0"
    return [(42112, "ascii", text.encode())] if items else []


def _lay_out(base: Sequence[list[Entry]], levels: Sequence[Level], header: int) -> bytes:
    """Return the header whose tiles begin at `header`; its size does not depend on that."""
    out = bytearray(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16))
    for at, (entries, level) in enumerate(zip(base, levels, strict=True)):
        places = [
            begin + header if length else 0 for begin, length in zip(level.begins, level.lengths, strict=True)
        ]
        tiles: list[Entry] = [(324, "long8", places), (325, "long", list(level.lengths))]
        _append_directory(out, sorted([*entries, *tiles]), last=at == len(base) - 1)
    out += b"\0" * (-len(out) % 16)
    return bytes(out)


def _append_directory(out: bytearray, entries: Sequence[Entry], *, last: bool) -> None:
    body, extra = bytearray(struct.pack("<Q", len(entries))), bytearray()
    begin = len(out) + 8 + 20 * len(entries) + 8
    for tag, kind, values in entries:
        number, size = _TYPES[kind]
        data = values if kind == "ascii" else struct.pack(f"<{len(values)}{_CODES[kind]}", *values)
        body += struct.pack("<HHQ", tag, number, len(data) // size)
        if len(data) <= 8:
            body += data.ljust(8, b"\0")
        else:
            body += struct.pack("<Q", begin + len(extra))
            extra += data + b"\0" * (-len(data) % 8)
    after = begin + len(extra)
    out += body + struct.pack("<Q", 0 if last else after) + extra


def find_colours(header: bytes) -> tuple[int, ...]:
    """Return where in a file of `write_header` the colour tables of its levels stand; none for values."""
    found, at = [], 16
    while at:
        (count,) = struct.unpack_from("<Q", header, at)
        for entry in range(count):
            tag, _, _, place = struct.unpack_from("<HHQQ", header, at + 8 + 20 * entry)
            if tag == _COLOUR_TAG:
                found.append(int(place))
        (at,) = struct.unpack_from("<Q", header, at + 8 + 20 * count)
    return tuple(found)


def pack_colours(colours: Mapping[int, Colour]) -> bytes:
    """Return a colour table as it stands in the file; classes without a colour are grey.

    Parameters
    ----------
    colours : mapping of int to (int, int, int)
        Class to red, green and blue, 0 to 255.
    """
    table = [colours.get(key, (128, 128, 128) if key else (255, 255, 255)) for key in range(256)]
    planes = [colour[part] * 257 for part in range(3) for colour in table]
    return struct.pack("<768H", *planes)
