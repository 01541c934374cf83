"""OpenStreetMap's binary format read straight into arrays, a block at a time.

Only what every current extract is made of: blocks that are plain or zlib-packed, dense nodes, one version
of each thing. Anything else is `UnusualError`, and left to pyosmium, which reads it all but thing by thing.
The format is that of the OpenStreetMap wiki (*PBF Format*): protocol buffers, numbers of variable length,
ids and coordinates as differences.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spatial.engine.network import Longs

Bytes = npt.NDArray[np.uint8]

_LARGEST_HEADER, _LARGEST_BLOB = 64 * 1024, 32 * 1024 * 1024
_KNOWN_FEATURES = {b"OsmSchema-V0.6", b"DenseNodes"}
_MOST_FIELDS = 16
_PLAIN = {17: 100, 19: 0, 20: 0}
"""Granularity in 1e-9 degrees and offsets that every writer uses."""


class UnusualError(ValueError):
    """The file is broken, or made in a way that is not read here."""


class Field(NamedTuple):
    """One field of a message: its number, its value, or where its bytes begin and end."""

    number: int
    value: int
    start: int
    end: int


class Ragged(NamedTuple):
    """Numbers of several owners, one after the other: those of owner i are ``start[i]:start[i + 1]``."""

    values: Longs
    start: Longs

    @property
    def owner(self) -> Longs:
        """Owner of each number."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


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
        return [self.table[start:end] for _, start, end in _split(self.table, 0, len(self.table))]

    def node_tags(self) -> Ragged:
        """Return key, value, key, value … of each node."""
        tags = unpack_numbers(self.packed_tags)
        stops = np.flatnonzero(tags == 0)
        if len(tags) and len(stops) != len(self.node_id):
            raise UnusualError("tags without a node")
        first = np.zeros(len(self.node_id) + 1, dtype=np.int64)
        if len(tags):
            first[1:] = stops - np.arange(len(stops))
        return Ragged(tags[tags != 0], first)


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
        length = end - start
        first = np.cumsum(length) - length
        at = np.arange(int(length.sum())) + np.repeat(start - first, length)
        packed = self.data[at]
        stops = np.concatenate([[0], np.cumsum(packed < 128)])
        return Ragged(unpack_numbers(packed), stops[np.concatenate([first, [len(packed)]])])


def read_blocks(path: Path) -> Iterator[Block]:
    """Yield the blocks of a file.

    Raises
    ------
    UnusualError
        Broken, cut short, or made in a way that is not read here.
    """
    with path.open("rb") as stream:
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
                yield _read_block(_inflate(blob))


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
            tag, at = _read_number(data, at)
            if tag & 7 == 0:
                value, at = _read_number(data, at)
                yield Field(tag >> 3, value, 0, 0)
            elif tag & 7 == 2:
                length, at = _read_number(data, at)
                if at + length > end:
                    raise UnusualError("cut short")
                yield Field(tag >> 3, 0, at, at + length)
                at += length
            else:
                raise UnusualError("a field that is neither number nor bytes")
    except IndexError as error:
        raise UnusualError("cut short") from error


def _split(data: bytes, at: int, end: int) -> list[tuple[int, int, int]]:
    """Return number, begin and end of the parts of a message that holds many short ones, and nothing else."""
    parts = []
    try:
        while at < end:
            tag, length = data[at], data[at + 1]
            at += 2
            if length > 127:
                more, at = _read_number(data, at)
                length = length & 127 | more << 7
            if tag & 135 != 2:
                raise UnusualError("a field that is not bytes")
            parts.append((tag >> 3, at, at + length))
            at += length
    except IndexError as error:
        raise UnusualError("cut short") from error
    if at > end:
        raise UnusualError("cut short")
    return parts


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while (byte := data[at]) > 127:
        value |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
    return value | byte << shift, at + 1


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def unpack_numbers(packed: Bytes) -> Longs:
    """Unpack numbers of variable length: seven bits a byte, least first, the eighth says that more follow.

    Examples
    --------
    >>> unpack_numbers(np.array([3, 0x8E, 0x02, 0x96, 0x01], dtype=np.uint8)).tolist()
    [3, 270, 150]
    """
    last = np.flatnonzero(packed < 128)
    if len(packed) and packed[-1] > 127:
        raise UnusualError("cut short")
    first = np.concatenate([[0], last[:-1] + 1])[: len(last)]
    length = last - first + 1
    numbers = (packed[first] & 127).astype(np.int64)
    for byte in range(1, int(length.max(initial=1))):
        longer = np.flatnonzero(length > byte)
        numbers[longer] |= (packed[first[longer] + byte] & 127).astype(np.int64) << (7 * byte)
    return numbers


def unzigzag(numbers: Longs) -> Longs:
    """Return signed numbers from those that take turns: 0, -1, 1, -2 and so on.

    Examples
    --------
    >>> unzigzag(np.arange(5)).tolist()
    [0, -1, 1, -2, 2]
    """
    return ((numbers >> 1) & np.int64(2**63 - 1)) ^ -(numbers & 1)


def sum_differences(ragged: Ragged) -> Longs:
    """Sum up differences within each owner.

    Examples
    --------
    >>> sum_differences(Ragged(np.array([5, 1, 1, 7, -2]), np.array([0, 3, 5]))).tolist()
    [5, 6, 7, 7, 5]
    """
    total = np.concatenate([[0], np.cumsum(ragged.values)])
    return total[1:] - np.repeat(total[ragged.start[:-1]], np.diff(ragged.start))


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
        for number, start, end in _split(data, group.start, group.end):
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
        value, after = _read_numbers(buffer, at[active] + 1)
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


def _read_numbers(buffer: Bytes, at: Longs) -> tuple[Longs, Longs]:
    """Read a number of variable length at each of several positions."""
    value, after = np.zeros(len(at), dtype=np.int64), at.copy()
    going = np.arange(len(at))
    for byte in range(10):
        if len(going) and int(after[going].max()) >= len(buffer):
            raise UnusualError("cut short")
        bits = buffer[after[going]]
        value[going] |= (bits & 127).astype(np.int64) << (7 * byte)
        after[going] += 1
        going = going[bits > 127]
        if not len(going):
            break
    return value, after


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
