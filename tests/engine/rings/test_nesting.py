"""Nesting of rings: areas add up by even and odd, whatever order and direction rings come in."""

import functools
import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.engine.rings.nesting import nest_rings


def square(size, x=0.0, y=0.0):
    return np.array([[x - size, y - size], [x + size, y - size], [x + size, y + size], [x - size, y + size]])


@given(st.permutations(range(5)), st.lists(st.booleans(), min_size=5, max_size=5))
def test_nested_squares_alternate(order, turned):
    sizes = [5, 4, 3, 2, 1]
    rings = [square(sizes[at])[:: -1 if turn else 1] for at, turn in zip(order, turned, strict=True)]
    shape = nest_rings(rings)
    assert shape.is_valid
    assert shape.area == pytest.approx(4 * (25 - 16 + 9 - 4 + 1))
    assert shape.geom_type == "MultiPolygon"


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique=True, min_size=1, max_size=8))
def test_holes_and_parts_against_symmetric_difference(cells):
    holes = [square(0.3, 10 * x, 10 * y) for x, y in cells]
    rings = [*holes, *(square(1, 10 * x, 10 * y) for x, y in cells), square(100, 200, 200)]
    shape = nest_rings(rings)
    oracle = functools.reduce(shapely.symmetric_difference, map(shapely.Polygon, rings))
    assert shapely.equals(shape, oracle)
    assert len(getattr(shape, "geoms", [shape])) == len(cells) + 1


def test_a_hole_that_touches_its_shell_and_no_ring_at_all():
    triangle = np.array([[-5.0, -5], [0, 0], [0, -3]])
    for rings in itertools.permutations([square(5), triangle]):
        shape = nest_rings(list(rings))
        assert len(shape.interiors) == 1
        assert shape.is_valid
    assert nest_rings([]).is_empty
