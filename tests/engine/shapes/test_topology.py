"""Dirty polygons become coverages; overlays of cleaned inputs are the oracle."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from spatial.engine.shapes.topology import (
    dissolve,
    find_shared_edges,
    label_parts,
    name_faults,
    partition,
    repair_polygons,
)

GRID = 1e-10
BOW_TIE = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
with np.errstate(invalid="ignore"):
    NOT_A_NUMBER = Polygon([(0, 0), (1, 0), (1, np.nan)])
    INFINITE = Polygon([(0, 0), (1, 0), (np.inf, 1)])

# Few columns and rows, so that edges coincide, cross in vertices and overlap in part.
lattice = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(
    lambda at: (112.4 + at[0] / 30, 35.0 + at[1] / 30)
)
anywhere = st.tuples(st.floats(112.35, 112.65), st.floats(34.95, 35.25))
corner = st.one_of(lattice, anywhere)
dirty = st.lists(corner, min_size=3, max_size=9).map(Polygon)
AREA = Polygon(
    [(112.4, 35.0), (112.6, 35.02), (112.58, 35.2), (112.41, 35.19)],
    [[(112.48, 35.08), (112.52, 35.08), (112.5, 35.12)]],
)


@pytest.mark.parametrize(
    ("shape", "fault", "area"),
    [
        (box(0, 0, 1, 1), "", 1.0),
        (None, "missing", 0.0),
        (Polygon(), "empty", 0.0),
        (BOW_TIE, "Self-intersection", 2.0),
        (shapely.Point(0, 0), "no polygon", 0.0),
        (shapely.LineString([(0, 0), (1, 1)]), "no polygon", 0.0),
        (NOT_A_NUMBER, "not finite", 0.0),
        (INFINITE, "not finite", 0.0),
        (Polygon([(0, 0), (1, 1), (2, 2)]), "Self-intersection", 0.0),
        (Polygon([(0, 0, 5), (1, 0, 5), (1, 1, 5), (0, 1, 5)]), "", 1.0),
        (MultiPolygon([box(0, 0, 2, 1), box(1, 0, 3, 1)]), "Self-intersection", 3.0),
        (MultiPolygon([box(0, 0, 3, 3), box(1, 1, 2, 2)]), "Nested shells", 9.0),
        (Polygon(box(0, 0, 1, 1).exterior, [box(5, 5, 6, 6).exterior]), "Hole lies outside shell", 2.0),
        (
            shapely.GeometryCollection(
                [shapely.Point(9, 9), box(0, 0, 2, 1), MultiPolygon([box(1, 0, 3, 1)])]
            ),
            "collection",
            3.0,
        ),
        (shapely.GeometryCollection([shapely.Point(9, 9)]), "collection", 0.0),
    ],
)
def test_repair_keeps_all_land_and_nothing_else(shape: object, fault: str, area: float) -> None:
    assert name_faults([shape]).tolist() == [fault]
    (whole,) = repair_polygons([shape])
    assert whole.geom_type in ("Polygon", "MultiPolygon")
    assert whole.is_valid
    assert not whole.has_z
    assert whole.area == pytest.approx(area)


def test_repair_of_nothing_is_nothing() -> None:
    assert len(repair_polygons([])) == 0
    assert len(name_faults([])) == 0


# Whose parts GEOS leaves side by side with an edge in common.
SIDE_BY_SIDE = Polygon(
    [(112.43333333333334, 35), (112.5, 35.25), (112.4, 35), (112.4, 35.03333333333333), (112.5, 35.25)]
)


@given(st.lists(dirty, max_size=6))
@example([SIDE_BY_SIDE])
@settings(max_examples=60, deadline=None)
def test_repair_changes_nothing_twice(shapes: list[Polygon]) -> None:
    once = repair_polygons(shapes)
    assert shapely.is_valid(once).all()
    assert shapely.equals_exact(repair_polygons(once), once).all()
    assert set(name_faults(once)) <= {"", "empty"}


@given(st.lists(dirty, max_size=7))
@settings(max_examples=80, deadline=None)
def test_faces_tile_the_area_and_know_their_claims(shapes: list[Polygon]) -> None:
    claims = repair_polygons([*shapes, Polygon()])
    faces, face, claim = partition(AREA, claims, GRID)
    assert shapely.coverage_is_valid(faces)
    # An edge moves by less than a grid step.
    off = GRID * (AREA.length + shapely.length(claims).sum())
    assert shapely.area(faces).sum() == pytest.approx(AREA.area, abs=off)
    assert shapely.union_all(faces).symmetric_difference(AREA).area < off
    covered = np.bincount(claim, weights=shapely.area(faces)[face], minlength=len(claims))
    np.testing.assert_allclose(covered, shapely.area(shapely.intersection(claims, AREA)), atol=off)
    assert (np.diff(face) >= 0).all()


def test_vertices_lie_on_the_grid() -> None:
    claims = [Polygon([(0.0, 0.0), (1.0, 0.3333333), (0.7777777, 1.0)])]
    faces, _, _ = partition(box(-1, -1, 2, 2), claims, 0.25)
    assert not (shapely.get_coordinates(faces) % 0.25).any()


def test_an_edge_goes_through_a_vertex_that_it_passes() -> None:
    # The middle of the long edge lies half a grid step off it: one edge, not a face of no width.
    claims = [box(0, 0, 4, 2), Polygon([(0, 2), (2, 2 + GRID / 4), (4, 2), (4, 4), (0, 4)])]
    faces, _, _ = partition(box(0, 0, 4, 4), claims, GRID)
    assert shapely.area(faces).tolist() == [8.0, 8.0]


def test_claims_elsewhere_and_empty_areas_make_no_faces() -> None:
    assert partition(box(0, 0, 1, 1), [box(5, 5, 6, 6)], GRID).face.tolist() == []
    assert len(partition(box(0, 0, 1, 1), [], GRID).faces) == 1
    assert len(partition(Polygon(), [box(0, 0, 1, 1)], GRID).faces) == 0


@given(st.lists(dirty, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_shared_edges_are_what_boundaries_have_in_common(shapes: list[Polygon]) -> None:
    faces, _, _ = partition(AREA, repair_polygons(shapes), GRID)
    edges = find_shared_edges(faces)
    found = np.zeros((len(faces), len(faces)))
    lengths = np.hypot(edges.ends[:, 2] - edges.ends[:, 0], edges.ends[:, 3] - edges.ends[:, 1])
    np.add.at(found, (edges.left, edges.right), lengths)
    one, other = np.triu_indices(len(faces), 1)
    common = shapely.length(shapely.intersection(faces[one], faces[other]))
    touch = shapely.get_dimensions(shapely.intersection(faces[one], faces[other])) == 1
    np.testing.assert_allclose(found[one, other][touch], common[touch], rtol=1e-6, atol=1e-12)
    assert not found[one, other][~touch].any()
    assert (edges.left < edges.right).all()


@given(st.lists(dirty, min_size=1, max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_parts_are_those_of_a_union(shapes: list[Polygon], random: object) -> None:
    faces, _, _ = partition(AREA, repair_polygons(shapes), GRID)
    classes = np.array([random.choice([-1, 0, 1]) for _ in faces])  # type: ignore[attr-defined]
    labels = label_parts(classes, find_shared_edges(faces))
    parts = dissolve(faces, labels)
    assert (labels[classes < 0] == -1).all()
    assert len(parts) == labels.max(initial=-1) + 1
    assert shapely.is_valid(parts).all()
    assert set(shapely.get_type_id(parts)) <= {3}
    oracle = sum(len(shapely.get_parts(shapely.union_all(faces[classes == klass]))) for klass in (0, 1))
    assert len(parts) == oracle
    assert shapely.area(parts).sum() == pytest.approx(shapely.area(faces[classes >= 0]).sum(), abs=1e-13)


def test_dissolving_loses_no_vertex() -> None:
    # The vertex (1, 1) is on a straight edge of the union, but the neighbour above turns there.
    row = [box(0, 0, 1, 1), box(1, 0, 2, 1)]
    above = [Polygon([(0, 1), (1, 1), (1, 2), (0, 2)]), Polygon([(1, 1), (2, 1), (2, 2), (1, 2)])]
    parts = dissolve([*row, *above], [0, 0, 1, 2])
    assert shapely.coverage_is_valid(parts)
    assert shapely.get_num_coordinates(parts).tolist() == [7, 5, 5]


def test_parts_that_touch_in_a_point_are_two() -> None:
    squares = [box(0, 0, 1, 1), box(1, 1, 2, 2)]
    assert label_parts([0, 0], find_shared_edges(squares)).tolist() == [0, 1]


def test_nothing_has_no_edges_and_no_parts() -> None:
    edges = find_shared_edges([])
    assert len(edges.left) == 0
    assert label_parts([], edges).tolist() == []
    assert len(dissolve([], [])) == 0


def test_order_of_faces_does_not_change_the_parts() -> None:
    grid = np.array([box(x, y, x + 1, y + 1) for x in range(4) for y in range(4)], dtype=object)
    labels = np.repeat([0, 1], 8)
    shuffled = np.random.default_rng(1).permutation(16)
    assert [part.wkb for part in dissolve(grid, labels)] == [
        part.wkb for part in dissolve(grid[shuffled], labels[shuffled])
    ]
