"""Numbers and parts of protocol buffers, unpacked into arrays.

A number takes as many bytes as it needs: seven bits in each, least first, the eighth says that more follow. A
message is a row of fields, each a number or some bytes, with its tag before it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spatial.engine.travel.network import Longs

Bytes = npt.NDArray[np.uint8]


class UnusualError(ValueError):
    """The file is broken, or made in a way that is not read here."""


class Ragged(NamedTuple):
    """Numbers of several owners, one after the other: those of owner i are ``start[i]:start[i + 1]``."""

    values: Longs
    start: Longs

    @property
    def owner(self) -> Longs:
        """Owner of each number."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


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


def unpack_parts(data: Bytes, start: Longs, end: Longs) -> Ragged:
    """Unpack the numbers between several begins and ends."""
    length = end - start
    first = np.cumsum(length) - length
    packed = data[np.arange(int(length.sum())) + np.repeat(start - first, length)]
    stops = np.concatenate([[0], np.cumsum(packed < 128)])
    return Ragged(unpack_numbers(packed), stops[np.concatenate([first, [len(packed)]])])


def read_numbers(buffer: Bytes, at: Longs) -> tuple[Longs, Longs]:
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


def split_message(data: bytes, at: int, end: int) -> list[tuple[int, int, int]]:
    """Return number, begin and end of the parts of a message that holds many short ones, and nothing else."""
    parts = []
    try:
        while at < end:
            tag, length = data[at], data[at + 1]
            at += 2
            if length > 127:
                more, at = read_number(data, at)
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


def split_texts(table: bytes) -> list[bytes]:
    """Return the texts of a table, which are its parts: so many that each step counts."""
    texts: list[bytes] = []
    keep, at, end = texts.append, 0, len(table)
    try:
        while at < end:
            length, begin = table[at + 1], at + 2
            if table[at] & 135 != 2:
                raise UnusualError("a field that is not bytes")
            if length > 127:
                more, begin = read_number(table, begin)
                length = length & 127 | more << 7
            at = begin + length
            keep(table[begin:at])
    except IndexError as error:
        raise UnusualError("cut short") from error
    if at > end:
        raise UnusualError("cut short")
    return texts


def read_number(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at a position, and where it ends."""
    value, shift = 0, 0
    while (byte := data[at]) > 127:
        value |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
    return value | byte << shift, at + 1
