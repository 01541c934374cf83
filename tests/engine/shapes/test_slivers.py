"""Slivers go to the neighbour with the longest edge, until none is left that could go."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.shapes.slivers import absorb_slivers, width_m


def test_the_longest_edge_takes_it_and_lengths_of_one_class_add_up() -> None:
    contacts = {(0, 3): 2.0, (1, 3): 1.5, (2, 3): 1.0}
    classes, sizes, slivers = [0, 1, 1, 2], [9, 9, 9, 0.5], [False, False, False, True]
    assert absorb_slivers(classes, sizes, slivers, contacts, 1.0).tolist() == [0, 1, 1, 1]


def test_a_tie_falls_to_the_lower_class() -> None:
    taken = absorb_slivers([3, 1, 2], [9, 9, 0.5], [False, False, True], {(0, 2): 1.0, (1, 2): 1.0}, 1.0)
    assert taken.tolist() == [3, 1, 1]


def test_slivers_that_grow_together_far_enough_stay() -> None:
    # The smallest goes first, to the next one; together they reach the size that is enough.
    taken = absorb_slivers([0, 1, 2], [0.4, 0.7, 9], [True, True, False], {(0, 1): 5.0, (1, 2): 1.0}, 1.0)
    assert taken.tolist() == [1, 1, 2]


def test_slivers_that_stay_too_small_go_on_together() -> None:
    taken = absorb_slivers([0, 1, 2], [0.1, 0.2, 9], [True, True, False], {(0, 1): 5.0, (1, 2): 1.0}, 1.0)
    assert taken.tolist() == [2, 2, 2]


def test_one_that_touches_nothing_stays() -> None:
    assert absorb_slivers([1], [0.1], [True], {}, 1.0).tolist() == [1]
    assert absorb_slivers([], [], [], {}, 1.0).tolist() == []


def test_what_is_held_stays_and_takes_in_others() -> None:
    # Part 0 is small, but must not move; the sliver beside it may join it and then stays as well.
    taken = absorb_slivers([0, 1, 2], [0.1, 0.1, 9], [False, True, False], {(0, 1): 2.0, (1, 2): 1.0}, 1.0)
    assert taken.tolist() == [0, 0, 2]


parts = st.integers(1, 14).flatmap(
    lambda count: st.tuples(
        st.lists(st.integers(0, 2), min_size=count, max_size=count),
        st.lists(st.floats(0.01, 3), min_size=count, max_size=count),
        st.lists(st.booleans(), min_size=count, max_size=count),
        st.dictionaries(
            st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
                lambda pair: pair[0] < pair[1]
            ),
            st.floats(0.1, 5),
            max_size=30,
        ),
    )
)


@given(parts)
@settings(max_examples=300, deadline=None)
def test_no_sliver_is_left_that_could_go(
    case: tuple[list[int], list[float], list[bool], dict[tuple[int, int], float]],
) -> None:
    classes, sizes, loose, contacts = case
    contacts = {pair: length for pair, length in contacts.items() if classes[pair[0]] != classes[pair[1]]}
    slivers = [small and size < 1.0 for small, size in zip(loose, sizes, strict=True)]
    taken = absorb_slivers(classes, sizes, slivers, contacts, 1.0)
    firm = ~np.array(slivers)
    assert (taken[firm] == np.array(classes)[firm]).all()
    groups = {part: {part} for part in range(len(classes))}
    for left, right in contacts:
        if taken[left] == taken[right] and groups[left] is not groups[right]:
            merged = groups[left] | groups[right]
            groups.update(dict.fromkeys(merged, merged))
    for part, group in groups.items():
        alone = not any((left in group) != (right in group) for left, right in contacts)
        big = sum(sizes[member] for member in group) >= 1.0
        assert alone or big or firm[list(group)].any(), f"part {part} is a sliver that could go"


def test_width_is_that_of_a_strip() -> None:
    metre = 1 / 111_195
    strip = shapely.box(112.5, 35.1, 112.5 + 0.001 * metre / np.cos(np.radians(35.1)), 35.1 + 1000 * metre)
    assert width_m([strip, shapely.Polygon(), None]) == pytest.approx([0.001, 0, 0], rel=5e-3)
