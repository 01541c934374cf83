"""Agreement: sets of classes as bits, held against plain sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.engine.shapes.agreement import (
    AGREED,
    DISPUTED,
    OPEN,
    SILENT,
    cross_areas,
    encode_sets,
    gather_claims,
    judge_faces,
    number_claims,
)
from spatial.errors import GeometryError

CLASSES = 64
sets = st.frozensets(st.integers(0, CLASSES - 1), max_size=4)
claims = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), sets), max_size=30)


def read(mask: int) -> set[int]:
    return {place for place in range(CLASSES) if int(mask) >> place & 1}


def say(rows: list[tuple[int, int, frozenset[int]]]) -> np.ndarray:
    face, party, said = zip(*rows, strict=True) if rows else ((), (), ())
    return gather_claims(face, party, encode_sets(said, CLASSES), (6, 3))


@given(claims)
def test_what_a_party_says_is_what_its_claims_share_or_all_of_them(
    rows: list[tuple[int, int, frozenset[int]]],
) -> None:
    said = say(rows)
    for face in range(6):
        for party in range(3):
            own = [set(classes) for f, p, classes in rows if (f, p) == (face, party) and classes]
            shared = set.intersection(*own) if own else set()
            assert read(said.masks[face, party]) == (shared or set().union(*own))
            assert said.torn[face, party] == (bool(own) and not shared)


@given(claims)
def test_states_follow_from_what_all_who_speak_share(rows: list[tuple[int, int, frozenset[int]]]) -> None:
    masks = say(rows).masks
    state, common = judge_faces(masks)
    for row, kind, mask in zip(masks, state, common, strict=True):
        spoken = [read(item) for item in row if item]
        shared = set.intersection(*spoken) if spoken else set()
        assert read(mask) == shared
        expected = SILENT if not spoken else (DISPUTED, AGREED)[len(shared)] if len(shared) < 2 else OPEN
        assert kind == expected


@given(claims)
def test_one_more_party_never_settles_a_dispute(rows: list[tuple[int, int, frozenset[int]]]) -> None:
    masks = say(rows).masks
    before, after = judge_faces(masks[:, :2])[0], judge_faces(masks)[0]
    assert (after[before == DISPUTED] == DISPUTED).all()


@given(claims, st.lists(st.floats(0, 1e6), min_size=6, max_size=6))
def test_areas_of_pairs_add_up(rows: list[tuple[int, int, frozenset[int]]], areas: list[float]) -> None:
    masks = say(rows).masks
    table = cross_areas(masks, areas, 0, 2)
    spoken = (masks[:, [0, 2]] != 0).any(axis=1)
    assert sum(table.values()) == pytest.approx(np.asarray(areas)[spoken].sum(), abs=1e-6)
    assert (0, 0) not in table


@given(claims)
def test_like_rows_share_a_number_and_no_others(rows: list[tuple[int, int, frozenset[int]]]) -> None:
    masks = say(rows).masks
    numbers = number_claims(masks)
    for one in range(6):
        for other in range(6):
            assert (numbers[one] == numbers[other]) == (masks[one] == masks[other]).all()
    assert sorted(set(numbers.tolist())) == list(range(numbers.max(initial=-1) + 1))


def test_more_classes_than_bits_are_refused() -> None:
    with pytest.raises(GeometryError, match="coarser"):
        encode_sets([[64]], 65)


def test_nothing_is_said_of_no_faces() -> None:
    said = gather_claims([], [], [], (0, 2))
    assert said.masks.shape == (0, 2)
    assert number_claims(said.masks).tolist() == []
    assert judge_faces(said.masks)[0].tolist() == []
