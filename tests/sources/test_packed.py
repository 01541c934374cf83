"""Packed numbers, texts and tags: what was packed comes out again, and what is cut short is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spatial.sources import extract
from spatial.sources.packed import UnusualError, split_texts
from spatial.sources.pbf import Block, Things


def pack_number(value: int) -> bytes:
    rest = bytearray()
    while value > 127:
        rest.append(value & 127 | 128)
        value >>= 7
    return bytes([*rest, value])


@given(
    nodes=st.lists(st.lists(st.tuples(st.integers(1, 700), st.integers(1, 40_000)), max_size=4), max_size=12),
    key=st.sampled_from([1, 5, 127, 128, 129, 255, 256, 300, 389]),
)
@settings(max_examples=200, deadline=None)
def test_tags_of_nodes_with_a_key_are_found_among_those_of_all(
    nodes: list[list[tuple[int, int]]], key: int
) -> None:
    nodes = [[(key if at % 3 == 0 else one, other) for at, (one, other) in enumerate(tags)] for tags in nodes]
    packed = b"".join(
        b"".join(pack_number(number) for tag in tags for number in tag) + b"\0" for tags in nodes
    )
    ids = np.arange(len(nodes))
    none = Things(np.empty(0, np.uint8), ids[:0], {})
    block = Block(b"", ids, ids, ids, np.frombuffer(packed, dtype=np.uint8), none, none)
    rows, tags = block.node_tags(key)
    found = {}
    for row, begin, end in zip(rows.tolist(), tags.start[:-1], tags.start[1:], strict=True):
        part = tags.values[begin:end].tolist()
        found[row] = list(zip(part[::2], part[1::2], strict=True))
    assert all(found[row] == nodes[row] for row in found)
    assert {row for row in found if any(one == key for one, _ in found[row])} == {
        row for row, tags in enumerate(nodes) if any(one == key for one, _ in tags)
    }


@given(texts=st.lists(st.binary(max_size=300), max_size=20), cut=st.integers(1, 400))
@settings(max_examples=100, deadline=None)
def test_tables_of_texts_are_read_or_refused(texts: list[bytes], cut: int) -> None:
    table = b"".join(b"\x0a" + pack_number(len(text)) + text for text in texts)
    assert split_texts(table) == texts
    ends = np.cumsum([0] + [1 + len(pack_number(len(text))) + len(text) for text in texts])
    if len(table) > cut and len(table) - cut not in ends:
        with pytest.raises(UnusualError):
            split_texts(table[:-cut])


@given(
    rows=hnp.arrays(np.int64, st.tuples(st.integers(1, 40), st.integers(1, 9)), elements=st.integers(-1, 3)),
    scale=st.sampled_from([1, 1000, 10**5]),
    most=st.sampled_from([2, 200, 2**62]),
)
@settings(max_examples=100, deadline=None)
def test_rows_are_told_apart_by_all_their_numbers(rows: np.ndarray, scale: int, most: int) -> None:
    rows = np.where(rows > 0, rows * scale, rows)
    _, same = np.unique(rows, axis=0, return_inverse=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extract, "_MOST_KEYS", most)
        _, told = np.unique(extract._tell_apart(rows), return_inverse=True)
    assert len(set(zip(same.tolist(), told.tolist(), strict=True))) == same.max() + 1 == told.max() + 1
