"""Bows: from place to place, to the right of the way, and apart from the way back."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.engine.shapes.bows import draw_bows

metres = st.tuples(st.integers(-100_000, 100_000), st.integers(-100_000, 100_000))


@given(metres, metres)
def test_bows_join_their_ends_and_lie_to_the_right(start: tuple[int, int], end: tuple[int, int]) -> None:
    way = np.subtract(end, start)
    if np.hypot(*way) < 1:
        return
    (there,) = draw_bows([start], [end])
    places = shapely.get_coordinates(there)
    np.testing.assert_allclose(places[[0, -1]], [start, end], atol=1e-6)
    beside = np.cross(np.append(way, 0), np.column_stack([places[1:-1] - start, np.zeros(15)]))[:, 2]
    assert (beside < 0).all()
    (back,) = draw_bows([end], [start])
    assert there.intersection(back).length == 0


def test_no_places_have_no_bows() -> None:
    assert len(draw_bows(np.empty((0, 2)), np.empty((0, 2)))) == 0
