"""Shapes and lines taken apart: parts add up, swapping swaps them, and nothing thin or dirty is lost."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.areas import straight_area_m2
from spatial.engine.geodesy import length_m
from spatial.engine.shapes.differences import split_lines, split_pair

CORNER = st.tuples(st.integers(0, 400), st.integers(0, 400))


def blob(points: list[tuple[int, int]]) -> shapely.Geometry:
    """Return land with crossing edges, holes and thin parts, in degrees near Jiyuan."""
    xy = np.array(points, dtype=float) / 4000 + np.array([112.0, 35.0])
    return shapely.buffer(shapely.LineString(xy), 0.0031, quad_segs=3)


blobs = st.lists(CORNER, min_size=2, max_size=7, unique=True).map(blob)


@settings(max_examples=60, deadline=None)
@given(blobs, blobs)
def test_parts_add_up_and_swapping_swaps_them(one: shapely.Geometry, two: shapely.Geometry) -> None:
    there, back = split_pair(one, two), split_pair(two, one)
    lost, kept, gained = straight_area_m2(list(there))
    before, after = straight_area_m2([one, two])
    assert abs(lost + kept - before) < 1
    assert abs(kept + gained - after) < 1
    assert straight_area_m2(list(back)) == pytest.approx([gained, kept, lost], abs=1e-3)
    assert shapely.is_valid(list(there)).all()
    assert kept == pytest.approx(straight_area_m2([one.intersection(two)])[0], abs=1)


@settings(max_examples=30, deadline=None)
@given(blobs)
def test_the_same_shape_loses_nothing(shape: shapely.Geometry) -> None:
    turned = shapely.reverse(shape)
    for other in (shape, turned, shapely.normalize(shape)):
        split = split_pair(shape, other)
        assert split.lost.is_empty
        assert split.gained.is_empty
        # Nodes move by half a step of 1e-10 degrees at most, 6 micrometres, all along the outline.
        allowed = 0.01 + 6e-6 * length_m([shape])[0]
        assert straight_area_m2([split.kept]) == pytest.approx(straight_area_m2([shape]), abs=allowed)


def test_one_side_empty_or_absent() -> None:
    box = shapely.box(112, 35, 112.1, 35.1)
    for nothing in (None, shapely.Polygon()):
        assert split_pair(box, nothing).lost.equals(box)
        assert split_pair(nothing, box).gained.equals(box)
        assert all(part.is_empty for part in split_pair(nothing, nothing))


def test_a_shape_that_crosses_itself_is_repaired_first() -> None:
    bow = shapely.Polygon([(112, 35), (112.02, 35.02), (112.02, 35), (112, 35.02)])
    split = split_pair(bow, shapely.box(112, 35, 112.01, 35.02))
    assert straight_area_m2([split.lost])[0] == pytest.approx(straight_area_m2([split.kept])[0], rel=1e-3)
    assert split.gained.area == pytest.approx(0.0001, rel=1e-6)


def test_edges_a_hair_apart_do_not_cost_land() -> None:
    # Thousands of nearly equal vertices are what floating overlays trip over.
    turn = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    ring = np.column_stack([112 + 0.2 * np.cos(turn), 35 + 0.2 * np.sin(turn)])
    one, two = shapely.Polygon(ring), shapely.Polygon(ring + 1e-9 * np.sin(37 * turn)[:, None])
    split = split_pair(one, two)
    before, after = straight_area_m2([one, two])
    lost, kept, gained = straight_area_m2(list(split))
    assert abs(lost + kept - before) < 1
    assert abs(kept + gained - after) < 1


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(112 + x / 1000, 35 + y / 1000) for x, y in points])


def test_a_road_of_one_side_alone_is_found_whichever_way_it_is_drawn() -> None:
    street, lane = line((0, 0), (5, 0), (9, 1)), line((5, 0), (5, 7))
    lost, gained = split_lines([street, lane], [shapely.reverse(street)])
    assert shapely.normalize(shapely.line_merge(lost)).equals(lane)
    assert gained.is_empty


def test_a_junction_put_on_a_road_is_no_change_of_the_road() -> None:
    whole, halves = [line((0, 0), (9, 0))], [line((0, 0), (4, 0)), line((4, 0), (9, 0))]
    lane = line((4, 0), (4, 7))
    lost, gained = split_lines([*halves, lane], whole)
    assert lost.length == pytest.approx(lane.length)
    assert gained.is_empty


def test_a_road_moved_by_metres_is_two_roads() -> None:
    lost, gained = split_lines([line((0, 0), (9, 0))], [line((0, 0.05), (9, 0.05))])
    assert lost.length == pytest.approx(0.009)
    assert gained.length == pytest.approx(0.009)


def test_no_roads_at_all() -> None:
    lost, gained = split_lines([], [line((0, 0), (9, 0))])
    assert lost.is_empty
    assert gained.length == pytest.approx(0.009)
    assert all(part.is_empty for part in split_lines([], []))
