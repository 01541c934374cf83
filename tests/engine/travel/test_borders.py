"""Borders and what crosses or faces them: streets drawn by hand, and streets of any number cut at any place."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.borders import find_borders, find_crossings, follow_road, group_near
from spatial.engine.travel.facing import choose_pairs, pair_ends
from spatial.engine.travel.network import Network
from spatial.engine.travel.roads import draw_links
from spatial.engine.travel.snapping import index_roads

MIDDLE, STEP = 112.5, 0.002  # about 182 m of longitude
LIMITS = {"within_m": 400.0, "least_m": 10.0, "most_deg": (90.0, 45.0)}


def streets(cuts: list[bool], class_: str = "tertiary") -> Network:
    """Streets side by side across a border at the middle, 333 m apart, joined far in the west and the east."""
    lon, lat, links = list[float](), list[float](), list[tuple[int, int]]()
    for row, is_cut in enumerate(cuts):
        first = len(lon)
        lon += [MIDDLE + STEP * k for k in (-20, -0.4, 0.4, 20)]
        lat += [35.0 + 0.003 * row] * 4
        links += [(first, first + 1), (first + 2, first + 3)]
        links += [] if is_cut else [(first + 1, first + 2)]
        links += [(first - 4, first), (first - 1, first + 3)] if row else []
    table = draw_links(np.array(lon), np.array(lat), links, mode="drive", class_=class_)
    return build_network(table, crs="EPSG:4546", speeds={class_: 30.0})


def halves(network: Network) -> np.ndarray:
    """Two areas that meet at the middle of the streets."""
    west, south, east, north = shapely.total_bounds(network.shapes())
    middle = (west + east) / 2
    boxes = [
        shapely.box(west, south - 500, middle, north + 500),
        shapely.box(middle, south - 500, east, north + 500),
    ]
    return np.array(boxes, dtype=object)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=6))
def test_whole_streets_cross_and_cut_ones_face_each_other(cuts: list[bool]) -> None:
    network = streets(cuts)
    (border,) = find_borders(halves(network), 1.0, 100.0)
    lines = network.shapes()
    crossings = find_crossings(border, network, lines, shapely.STRtree(lines))
    assert len(crossings.road) == cuts.count(False)
    pairs = pair_ends(border, network, index_roads(network, everywhere=True), **LIMITS)
    kept = choose_pairs(pairs, np.full(len(pairs.start), 100.0), (0, 0, 1e6, 1e6), 150.0, 5)
    dead = [at for at in kept if pairs.dead[at] == 2]
    assert len(dead) == cuts.count(True)
    assert (
        np.abs(pairs.start_xy[dead][:, 1] - pairs.end_xy[dead][:, 1]).max(initial=0) < 30
    )  # each with its own
    assert (pairs.start_xy[dead][:, 0] < pairs.end_xy[dead][:, 0]).all()


def test_a_link_never_runs_across_a_road_and_none_is_left_where_nothing_is_saved() -> None:
    network = streets([True, False, True])
    (border,) = find_borders(halves(network), 1.0, 100.0)
    index = index_roads(network, everywhere=True)
    pairs = pair_ends(border, network, index, **LIMITS)
    at = np.array([0.02, 0.98])[None, :, None]
    inner = pairs.start_xy[:, None] + (pairs.end_xy - pairs.start_xy)[:, None] * at
    assert not shapely.intersects(shapely.linestrings(inner), shapely.union_all(index.lines)).any()
    none = choose_pairs(pairs, np.zeros(len(pairs.start)), (1, 1, 1, 1), 150.0, 5)
    assert len(none) == 0


def test_areas_with_a_gap_share_a_border_and_corners_do_not() -> None:
    gap = [shapely.box(0, 0, 100, 100), shapely.box(105, 0, 200, 100), shapely.box(105, 105, 200, 200)]
    found = find_borders(np.array(gap, dtype=object), 20, 50)
    assert [(one.one, one.other) for one in found] == [(0, 1), (1, 2)]
    assert found[0].side_of(shapely.points([[50, 50], [150, 50]])).tolist() == [0, 1]
    assert found[0].holds(shapely.points([[50, 50], [150, 150]])).tolist() == [True, False]


def test_a_road_is_followed_straight_on_and_not_round_a_corner() -> None:
    lon = MIDDLE + STEP * np.array([0, 1, 2, 3, 2])
    lat = 35.0 + np.array([0, 0, 0, 0, 0.002])
    table = draw_links(lon, lat, [(0, 1), (1, 2), (2, 3), (2, 4)], mode="drive")
    table.class_[:] = ["primary", "tertiary", "tertiary", "tertiary"]
    network = build_network(table, crs="EPSG:4546", speeds={"primary": 60.0, "tertiary": 30.0})
    first = int(np.flatnonzero(network.road_class == "primary")[0])
    way = int(np.argmax(network.node_xy[network.road_nodes[first], 0]))
    seen = follow_road(network, first, way, 1000)
    assert len(seen) == 2
    ends = network.node_xy[network.road_nodes[seen[-1]], 0]
    assert ends.max() == network.node_xy[:, 0].max()
    assert len(follow_road(network, first, way, 100)) == 1
    assert follow_road(network, first, 1 - way, 100) == []


def test_places_are_grouped_by_word_and_distance() -> None:
    xy = np.array([[0.0, 0], [50, 0], [100, 0], [50, 1]])
    words = np.array(["a", "a", "a", "b"], dtype=object)
    assert group_near(xy, words, 60).tolist() == [0, 0, 0, 1]
    assert group_near(xy[:0], words[:0], 60).tolist() == []
