"""Departures and journeys: against hand-made times, and against starts set densely along the roads of an area."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.crs import GEOGRAPHIC, transform_shapes
from spatial.engine.rings.isochrones import RingRules
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.departures import Departure, index_open_roads, leave_area, leave_points
from spatial.engine.travel.journeys import Journey
from spatial.engine.travel.network import FAR, Network
from spatial.engine.travel.roads import RoadTable, draw_links
from spatial.engine.travel.routing import sweep
from spatial.engine.travel.snapping import Snaps

CRS = "EPSG:4547"
WAYS = {"snap_m": 500.0, "off_road_kmh": 3.6}
SIDE = 6


def grid(*, mode: str = "drive", oneway: bool = False) -> RoadTable:
    """Streets a good kilometre apart, 6 by 6."""
    lon, lat = np.meshgrid(114 + 0.01 * np.arange(SIDE), 35 + 0.01 * np.arange(SIDE))
    at = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    links = np.concatenate(
        [np.stack([at[:, :-1].ravel(), at[:, 1:].ravel()], 1), np.stack([at[:-1].ravel(), at[1:].ravel()], 1)]
    )
    return draw_links(lon.ravel(), lat.ravel(), links, mode=mode, oneway=oneway)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def network() -> Network:
    return build_network(grid(), crs=CRS, speeds={"other": 36})


def middle(network: Network) -> np.ndarray:
    return network.node_xy.mean(axis=0)


def test_from_a_point_the_way_to_the_road_counts(network: Network) -> None:
    x, y = network.node_xy[:, 0].min(), network.node_xy[:, 1].min()
    corner = int(np.argmin(np.hypot(*(network.node_xy - [x, y]).T)))
    index = index_open_roads(network)
    departure = leave_points(network, network.node_xy[corner] - [0, 36.0], index, **WAYS)
    seconds = departure.sweep(network)
    assert seconds[corner] == pytest.approx(36, abs=0.5)  # 36 m at 1 m/s
    assert not departure.is_lost
    beside = leave_points(network, network.node_xy[corner] - [0, 600.0], index, **WAYS)
    assert beside.is_lost
    assert (beside.sweep(network) == FAR).all()


def test_nowhere_is_lost() -> None:
    assert Departure.nowhere().is_lost
    assert len(Departure.nowhere().origins().lead_s) == 0


def test_nodes_inside_an_area_are_reached_at_once_and_roads_cut_at_its_edge(network: Network) -> None:
    index = index_open_roads(network)
    inner = int(np.argmin(np.hypot(*(network.node_xy - middle(network)).T)))
    area = shapely.Point(network.node_xy[inner]).buffer(100)
    departure = leave_area(network, area, index, **WAYS)
    assert departure.nodes.tolist() == [inner]
    assert len(departure.snaps.road) == 4
    seconds = departure.sweep(network)
    ends = network.heads[network.indptr[inner] : network.indptr[inner + 1]]
    lengths = network.road_m[network.road[network.indptr[inner] : network.indptr[inner + 1]]]
    assert seconds[ends] == pytest.approx((lengths - 100) / 10, abs=0.2)


def test_an_area_between_the_roads_is_left_by_its_nearest_edge(network: Network) -> None:
    index = index_open_roads(network)
    low = network.node_xy.min(axis=0)
    yard = shapely.box(low[0] + 400, low[1] + 300, low[0] + 500, low[1] + 700)
    departure = leave_area(network, yard, index, **WAYS)
    assert len(departure.nodes) == 0
    assert departure.lead_s == pytest.approx(300, abs=15)
    assert leave_area(network, yard, index, snap_m=100, off_road_kmh=3.6).is_lost
    far = shapely.transform(yard, lambda xy: xy - 90_000)
    assert leave_area(network, far, index, **WAYS).is_lost


def test_a_motorway_that_only_passes_starts_nothing() -> None:
    table = draw_links(
        [114.0, 114.01, 114.02, 114.01, 114.01],
        [35.0, 35.0, 35.0, 34.99, 35.01],
        [[0, 1], [1, 2], [3, 1], [1, 4]],
        mode="drive",
    )
    table.class_[:2] = "motorway"
    network = build_network(table, crs=CRS, speeds={"other": 36, "motorway": 100})
    index = index_open_roads(network)
    assert len(index.roads) == 2
    west = network.node_xy[:, 0].min()
    level = float(np.median(network.shape_xy[:, 1]))
    passing = shapely.box(west + 200, level - 50, west + 400, level + 50)
    departure = leave_area(network, passing, index, snap_m=600, off_road_kmh=3.6)
    assert len(departure.nodes) == 0
    assert departure.lead_s == pytest.approx(
        512, abs=5
    )  # on foot to the crossing road, not onto the motorway


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(150, 3000), st.booleans())
def test_an_area_equals_starts_set_densely_along_its_roads(
    across: float, up: float, radius_m: float, oneway: bool
) -> None:
    network = build_network(grid(oneway=oneway), crs=CRS, speeds={"other": 36})
    index = index_open_roads(network)
    if not len(index.roads):
        return
    low, high = network.node_xy.min(axis=0), network.node_xy.max(axis=0)
    area = shapely.Point(low + (high - low) * [across, up]).buffer(radius_m, quad_segs=3)
    departure = leave_area(network, area, index, snap_m=0.0, off_road_kmh=3.6)
    share = np.linspace(0, 1, 401)
    roads = np.repeat(index.roads, len(share))
    share = np.tile(share, len(index.roads))
    lines = network.shapes(roads)
    inside = shapely.intersects(area, shapely.line_interpolate_point(lines, share, normalized=True))
    assert departure.is_lost != inside.any() or not inside.any()
    if not inside.any() or departure.is_lost:
        return
    dense = leave_points(network, np.empty((0, 2)), index, **WAYS)
    snaps = Snaps(roads[inside].astype(np.int32), share[inside], np.zeros(inside.sum()))
    dense = Departure(None, dense.nodes, snaps, np.zeros(inside.sum()), np.zeros((inside.sum(), 2)))
    expected, found = dense.sweep(network), departure.sweep(network)
    assert (found <= expected + 0.01).all()
    step_s = float(network.road_m.max()) / 400 / 10  # between dense starts, at 10 m/s
    assert (expected - found <= step_s + 0.01).all()


def journey(network: Network, departure: Departure) -> Journey:
    return Journey("", departure, departure.sweep(network), RingRules(off_road_kmh=3.6))


def test_places_are_visited_by_road_and_then_on_foot(network: Network) -> None:
    index = index_open_roads(network)
    start = network.node_xy[0]
    went = journey(network, leave_points(network, start, index, **WAYS))
    ends = network.heads[network.indptr[0] : network.indptr[1]]
    road = network.road[network.indptr[0]]
    halfway = shapely.get_coordinates(
        shapely.line_interpolate_point(network.shapes([road])[0], 0.5, normalized=True)
    )[0]
    places = np.array([start, halfway, network.node_xy[ends[0]] + [0, 0.0], start - np.array([0, 90_000])])
    visit = went.visit(network, places, index, 500)
    whole = float(network.road_m[road]) / 10
    assert visit.seconds[:3] == pytest.approx([0, whole / 2, whole], abs=0.05)
    assert np.isnan(visit.seconds[3])
    assert visit.kmh[:3] == pytest.approx([36, 36, 36], rel=1e-4)
    assert np.isnan(visit.kmh[3])
    assert visit.offset_m[3] > 80_000


def test_a_place_inside_the_area_is_reached_at_once_and_one_that_no_way_leads_to_never() -> None:
    table = draw_links([114.0, 114.01, 114.02], [35.0, 35.0, 35.0], [[0, 1], [1, 2]], mode="drive")
    table.class_[1] = "second"
    network = build_network(table, crs=CRS, speeds={"other": 36, "second": 36})
    index = index_open_roads(network)
    area = shapely.Point(network.node_xy[network.node_xy[:, 0].argmin()]).buffer(200)
    went = journey(network, leave_area(network, area, index, **WAYS))
    assert went.visit(network, shapely.get_coordinates(area.centroid) + 99, index, 500).seconds.tolist() == [
        0.0
    ]
    cut = Journey("", Departure.nowhere(), np.full(3, FAR), RingRules())
    assert np.isinf(cut.visit(network, network.node_xy[:1], index, 500).seconds).all()


def test_rings_hold_the_area_and_nest(network: Network) -> None:
    area = shapely.Point(middle(network)).buffer(700)
    went = journey(network, leave_area(network, area, index_open_roads(network), **WAYS))
    near, far = went.rings(network, [1, 3])
    stored = transform_shapes(np.array([area], dtype=object), CRS, GEOGRAPHIC)[0]
    assert shapely.area(shapely.difference(stored, near)) < 1e-12
    assert shapely.covers(far, near) or shapely.area(shapely.difference(near, far)) < 1e-12
    alone = went.rings(network, [3])[0]
    assert alone.equals(far)


def test_the_sweep_takes_what_each_start_has_spent(network: Network) -> None:
    index = index_open_roads(network)
    both = leave_points(network, network.node_xy[[0, 20]] + [0, 40.0], index, **WAYS)
    one, other = (
        leave_points(network, network.node_xy[[node]] + [0, 40.0], index, **WAYS).sweep(network)
        for node in (0, 20)
    )
    assert both.sweep(network) == pytest.approx(np.minimum(one, other), abs=1e-3)
    assert sweep(network, ([0], [0])).max() < FAR
