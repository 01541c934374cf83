"""OpenStreetMap's binary format read straight into arrays, a block at a time.

Only what every current extract is made of: blocks that are plain or zlib-packed, dense nodes, one version
of each thing. Anything else is `UnusualError`, and left to pyosmium, which reads it all but thing by thing.
The format is that of the OpenStreetMap wiki (*PBF Format*): protocol buffers, numbers of variable length,
ids and coordinates as differences.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from spatial.engine.travel.network import Longs
from spatial.sources.packed import (
    Bytes,
    Ragged,
    UnusualError,
    read_number,
    read_numbers,
    split_message,
    split_texts,
    unpack_numbers,
    unpack_parts,
    unzigzag,
)

_LARGEST_HEADER, _LARGEST_BLOB = 64 * 1024, 32 * 1024 * 1024
_KNOWN_FEATURES = {b"OsmSchema-V0.6", b"DenseNodes"}
_MOST_FIELDS = 16
_AHEAD = 4
"""Blocks that are unpacked before they are asked for."""
_PLAIN = {17: 100, 19: 0, 20: 0}
"""Granularity in 1e-9 degrees and offsets that every writer uses."""


class Field(NamedTuple):
    """One field of a message: its number, its value, or where its bytes begin and end."""

    number: int
    value: int
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Block:
    """Some thousand things of a file.

    Parameters
    ----------
    table : bytes
        Texts that keys and values number, still packed; see `strings`.
    node_id, x, y : ndarray of int64
        Nodes and where they are, 1e-7 degrees.
    packed_tags : ndarray of uint8
        Tags of the nodes, still packed; see `node_tags`.
    ways, relations : Things
    """

    table: bytes
    node_id: Longs
    x: Longs
    y: Longs
    packed_tags: Bytes
    ways: Things
    relations: Things

    @cached_property
    def strings(self) -> list[bytes]:
        """Texts that keys and values number."""
        return split_texts(self.table)

    def node_tags(self, key: int) -> tuple[Longs, Ragged]:
        """Return nodes that may have a key, and key, value, key, value … of each.

        Of all nodes hardly any has a barrier: only those that hold the bytes of its number are unpacked.
        """
        packed = self.packed_tags
        stops = np.flatnonzero(packed == 0)  # numbers of several bytes do not end with zero
        if len(packed) and (len(stops) != len(self.node_id) or packed[-1]):
            raise UnusualError("tags without a node")
        low = packed == (key & 127 | (128 if key > 127 else 0))
        rows = np.unique(np.searchsorted(stops, np.flatnonzero(low)))
        begin = np.append(-1, stops)[rows] + 1
        tags = unpack_parts(packed, begin, stops[rows])
        if (np.diff(tags.start) % 2).any():
            raise UnusualError("keys without values")
        return rows, tags


@dataclass(frozen=True, eq=False)
class Things:
    """Ways or relations of a block, their tags and members still packed.

    Parameters
    ----------
    data : ndarray of uint8
        The block.
    ids : ndarray of int64
    where : dict of int to (ndarray, ndarray)
        By field number, where each thing's packed numbers begin and end in `data`.
    """

    data: Bytes
    ids: Longs
    where: dict[int, tuple[Longs, Longs]]

    def unpack(self, number: int, rows: Longs | None = None) -> Ragged:
        """Unpack a field of all things or of some."""
        start, end = self.where.get(number, (np.zeros(len(self.ids), np.int64),) * 2)
        if rows is not None:
            start, end = start[rows], end[rows]
        return unpack_parts(self.data, start, end)


def read_blocks(path: Path) -> Iterator[Block]:
    """Yield the blocks of a file; another thread unpacks some of them ahead.

    Raises
    ------
    UnusualError
        Broken, cut short, or made in a way that is not read here.
    """
    with path.open("rb") as stream, ThreadPoolExecutor(1) as pool:
        ahead: deque[Future[Block]] = deque()
        for blob in _read_blobs(stream):
            ahead.append(pool.submit(_unpack_block, blob))
            if len(ahead) > _AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _unpack_block(blob: bytes) -> Block:
    return _read_block(_inflate(blob))


def _read_blobs(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the packed blocks of data."""
    while size := stream.read(4):
        header = stream.read(_check(int.from_bytes(size, "big"), _LARGEST_HEADER))
        kind, length = b"", 0
        for field in _fields(header, 0, len(header)):
            kind = header[field.start : field.end] if field.number == 1 else kind
            length = field.value if field.number == 3 else length
        blob = stream.read(_check(length, _LARGEST_BLOB))
        if len(size) < 4 or len(blob) < length or not kind:
            raise UnusualError("cut short")
        if kind == b"OSMHeader":
            _refuse_features(_inflate(blob))
        elif kind == b"OSMData":
            yield blob


def _check(size: int, largest: int) -> int:
    if size > largest:
        raise UnusualError(f"a part of {size} bytes")
    return size


def _inflate(blob: bytes) -> bytes:
    for field in _fields(blob, 0, len(blob)):
        if field.number == 1:
            return blob[field.start : field.end]
        if field.number == 3:
            return _unzip(blob[field.start : field.end])
    raise UnusualError("packed in another way than zlib's")


def _unzip(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, _LARGEST_BLOB)
    except zlib.error as error:
        raise UnusualError(str(error)) from error
    if not unpacker.eof:
        raise UnusualError("cut short, or larger than a block may be")
    return data


def _refuse_features(data: bytes) -> None:
    needed = {data[field.start : field.end] for field in _fields(data, 0, len(data)) if field.number == 4}
    if needed - _KNOWN_FEATURES:
        raise UnusualError(f"needs {needed - _KNOWN_FEATURES}")


def _fields(data: bytes, at: int, end: int) -> Iterator[Field]:
    """Yield the fields of a message."""
    try:
        while at < end:
            tag, at = read_number(data, at)
            if tag & 7 == 0:
                value, at = read_number(data, at)
                yield Field(tag >> 3, value, 0, 0)
            elif tag & 7 == 2:
                length, at = read_number(data, at)
                if at + length > end:
                    raise UnusualError("cut short")
                yield Field(tag >> 3, 0, at, at + length)
                at += length
            else:
                raise UnusualError("a field that is neither number nor bytes")
    except IndexError as error:
        raise UnusualError("cut short") from error


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _read_block(data: bytes) -> Block:
    table = b""
    groups: list[Field] = []
    for field in _fields(data, 0, len(data)):
        if field.number == 1:
            table = data[field.start : field.end]
        elif field.number == 2:
            groups.append(field)
        elif _signed(field.value) != _PLAIN.get(field.number, _signed(field.value)):
            raise UnusualError("coordinates that are not in 1e-7 degrees")
    parts: dict[int, list[tuple[int, int]]] = {1: [], 2: [], 3: [], 4: []}
    for group in groups:
        for number, start, end in split_message(data, group.start, group.end):
            parts.setdefault(number, []).append((start, end))
    if parts[1] or len(parts[2]) > 1:
        raise UnusualError("nodes that are not dense, or several lists of them in a block")
    buffer = np.frombuffer(data, dtype=np.uint8)
    ways, relations = _find_things(buffer, parts[3]), _find_things(buffer, parts[4])
    return Block(table, *_read_dense(buffer, data, parts[2]), ways, relations)


def _read_dense(
    buffer: Bytes, data: bytes, dense: list[tuple[int, int]]
) -> tuple[Longs, Longs, Longs, Bytes]:
    packed = dict.fromkeys((1, 8, 9, 10), buffer[:0])
    for start, end in dense:
        for field in _fields(data, start, end):
            packed[field.number] = buffer[field.start : field.end]
    node_id, y, x = (np.cumsum(unzigzag(unpack_numbers(packed[number]))) for number in (1, 8, 9))
    if not len(node_id) == len(x) == len(y):
        raise UnusualError("nodes without a place")
    return node_id, x, y, packed[10]


def _find_things(buffer: Bytes, parts: list[tuple[int, int]]) -> Things:
    """Find the fields of all messages at once: one field of each a round."""
    at, end = np.array(parts, dtype=np.int64).reshape(-1, 2).T.copy()
    ids = np.zeros(len(at), dtype=np.int64)
    where: dict[int, tuple[Longs, Longs]] = {}
    active = np.flatnonzero(at < end)
    for _ in range(_MOST_FIELDS):
        if not len(active):
            return Things(buffer, ids, where)
        tag = buffer[at[active]]
        value, after = read_numbers(buffer, at[active] + 1)
        packed = (tag & 7) == 2
        if (tag > 127).any() or not (packed | ((tag & 7) == 0)).all():
            raise UnusualError("a field that is neither number nor bytes")
        named = tag == 8
        ids[active[named]] = value[named]
        for number in np.unique(tag[packed] >> 3).tolist():
            these = packed & ((tag >> 3) == number)
            start, stop = where.setdefault(number, (np.zeros_like(at), np.zeros_like(at)))
            start[active[these]], stop[active[these]] = after[these], (after + value)[these]
        at[active] = after + np.where(packed, value, 0)
        if (at[active] > end[active]).any():
            raise UnusualError("cut short")
        active = active[at[active] < end[active]]
    raise UnusualError("messages of many fields")


def match_tags(keys: Ragged, values: Ragged, columns: dict[int, int], width: int) -> Longs:
    """Return the value that each thing has for each of some keys, as numbers of texts; -1 where none.

    Parameters
    ----------
    keys, values : Ragged
        Numbers of texts, by thing.
    columns : dict of int to int
        Column of the result by number of the key's text.
    width : int
        Number of columns.

    Returns
    -------
    ndarray of int64, shape (things, width)
    """
    if not np.array_equal(keys.start, values.start):
        raise UnusualError("keys without values")
    found = np.full((len(keys.start) - 1, width), -1, dtype=np.int64)
    column_of = np.full(max(columns, default=0) + 2, -1)
    column_of[list(columns)] = list(columns.values())
    column = column_of[np.minimum(keys.values, len(column_of) - 1)]
    hit = np.flatnonzero(column >= 0)
    found[keys.owner[hit], column[hit]] = values.values[hit]
    return found
