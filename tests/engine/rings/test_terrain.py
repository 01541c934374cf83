"""Terrain: which steps are open, and that none slips through water, cliffs or motorways."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import label

from spatial.engine.rings.terrain import STEPS, WORST_DETOUR, Terrain, meet, open_steps
from spatial.engine.travel.network import FAR
from spatial.errors import GeometryError


def terrain(pace: np.ndarray, height: np.ndarray | None = None, cell: float = 10.0) -> Terrain:
    height = np.zeros(pace.shape) if height is None else height
    return Terrain("EPSG:4547", cell, 5, 7, height.astype(np.float32), pace.astype(np.float32))


def is_open(bits: np.ndarray, row: int, column: int, step: tuple[int, int]) -> bool:
    return bool(bits[row, column] >> STEPS.index(step) & 1)


def reach(bits: np.ndarray, start: tuple[int, int]) -> set[tuple[int, int]]:
    """Return what open steps lead to, one step at a time."""
    seen, left = {start}, [start]
    while left:
        row, column = left.pop()
        for step in STEPS:
            there = row + step[1], column + step[0]
            if is_open(bits, row, column, step) and there not in seen:
                seen.add(there)
                left.append(there)
    return seen


def test_steps_stand_beside_their_way_back() -> None:
    assert len(set(STEPS)) == 16
    for there, back in zip(STEPS[::2], STEPS[1::2], strict=True):
        assert there == (-back[0], -back[1])


def test_worst_detour_is_halfway_between_two_steps() -> None:
    angle = np.arctan2(1, 2) / 2
    a, b = np.linalg.solve(np.array([[1, 2], [0, 1]], float), [np.cos(angle), np.sin(angle)])
    assert a * 1 + b * np.sqrt(5) - 1 == pytest.approx(WORST_DETOUR)


passables = st.integers(3, 8).flatmap(
    lambda wide: st.lists(st.lists(st.booleans(), min_size=wide, max_size=wide), min_size=3, max_size=8)
)


@given(passables)
def test_steps_are_open_both_ways_and_stay_on_ground(rows: list[list[bool]]) -> None:
    there = np.array(rows)
    bits = open_steps(terrain(np.where(there, 1.0, FAR)))
    for row, column in np.argwhere(bits > 0):
        for number, (right, up) in enumerate(STEPS):
            if bits[row, column] >> number & 1:
                assert there[row, column]
                assert there[row + up, column + right]
                assert is_open(bits, row + up, column + right, (-right, -up))


@given(passables)
def test_no_step_slips_through_water(rows: list[list[bool]]) -> None:
    """What is apart for steps to the side and across free corners is apart for knights too."""
    there = np.array(rows)
    bits = open_steps(terrain(np.where(there, 1.0, FAR)))
    # Water that holds together by sides or corners parts the ground: ground holds together by sides only,
    # or by corners past which one side is free, which is the same.
    parts, _ = label(there)
    for row, column in np.argwhere(there)[:3]:
        same = {tuple(place) for place in np.argwhere(parts == parts[row, column]).tolist()}
        assert reach(bits, (row, column)) == same


def test_cliffs_and_voids_are_no_path() -> None:
    height = np.zeros((5, 5))
    height[:, 3:] = 12.0
    bits = open_steps(terrain(np.ones((5, 5)), height))
    assert not is_open(bits, 2, 2, (1, 0))
    assert not is_open(bits, 2, 1, (2, 1))  # its second half climbs 12 m within 11.2 m
    assert is_open(open_steps(terrain(np.ones((5, 5)), height), steepest=1.3), 2, 2, (1, 0))
    height[2, 2] = np.nan
    assert open_steps(terrain(np.ones((5, 5)), height))[2, 2] == 0


def test_a_bar_parts_the_ground() -> None:
    land = terrain(np.ones((9, 9)))
    xy = land.places(np.arange(81))
    for slope in (0.0, 0.3, 1.0, 2.5):
        middle = xy.mean(axis=0) + np.array([1.3, 2.1])
        along = np.array([np.cos(np.arctan(slope)), np.sin(np.arctan(slope))])
        bar = shapely.LineString([middle - 500 * along, middle + 500 * along])
        bits = open_steps(land, bars=np.array([bar], dtype=object))
        side = ((xy - middle) @ [-along[1], along[0]] > 0).reshape(9, 9)
        for begin in ((0, 8), (8, 0)):
            found = np.zeros((9, 9), dtype=bool)
            found[tuple(np.transpose(sorted(reach(bits, begin))))] = True
            assert (found == (side == side[begin])).all()


def test_lines_meet_as_shapely_says() -> None:
    random = np.random.default_rng(3)
    ends = random.integers(0, 6, (4, 400, 2)).astype(float)
    ends = ends[:, ~((ends[0] == ends[1]).all(axis=1) | (ends[2] == ends[3]).all(axis=1))]
    one = shapely.linestrings(np.stack([ends[0], ends[1]], axis=1))
    other = shapely.linestrings(np.stack([ends[2], ends[3]], axis=1))
    assert (meet(*ends) == shapely.intersects(one, other)).all()


def test_heights_between_nodes_and_corners() -> None:
    high, wide = np.mgrid[0:4, 0:5]
    land = terrain(np.ones((4, 5)), 3.0 * wide + 2.0 * high)
    assert land.heights(np.array([[55.0, 75.0], [40.0, 75.0]])).tolist() == pytest.approx(
        [3 * 0.5 + 2 * 0.5, np.nan], nan_ok=True
    )
    place, node = land.corners(np.array([[55.0, 75.0]]))
    assert place.tolist() == [0] * 4
    assert sorted(node.tolist()) == [0, 1, 5, 6]
    assert len(land.corners(np.array([[75.0, 85.0]]), 2)[1]) == 16


def test_nodes_in_an_area_are_those_that_can_be_stood_on() -> None:
    pace = np.ones((6, 6))
    pace[2, 2] = FAR
    land = terrain(pace)
    inside = land.inside(shapely.box(60, 80, 80, 100))
    assert sorted(inside.tolist()) == [
        row * 6 + column for row in (1, 2, 3) for column in (1, 2, 3) if (row, column) != (2, 2)
    ]
    assert not len(land.inside(shapely.box(-900, -900, -800, -800)))


def test_what_is_no_terrain_is_refused() -> None:
    with pytest.raises(GeometryError, match="no cell"):
        terrain(np.ones((1, 9)))
    with pytest.raises(GeometryError, match="do not match"):
        terrain(np.ones((3, 3)), np.zeros((3, 4)))
    pace = np.broadcast_to(np.float32(1), (3000, 3000))
    with pytest.raises(GeometryError, match="take at least"):
        Terrain("EPSG:4547", 25.0, 0, 0, pace, pace)
