"""Rings of equal time: what must hold on any network, by chance; and what they look like, by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spatial.engine.rings.arrivals import Origins
from spatial.engine.rings.contours import draw_zero_line
from spatial.engine.rings.fields import Field
from spatial.engine.rings.isochrones import RingRules, cut_bands, thin_rings, trace_rings
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import FAR, Network
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.roads import draw_links
from spatial.engine.travel.routing import sweep
from spatial.engine.travel.snapping import Snaps, snap_points
from spatial.engine.travel.stretches import arrive_at, find_front
from spatial.errors import GeometryError

SPEEDS = {"other": 5.0, "motorway": 9.0}
NO_STARTS = np.empty((0, 2))
FINE = RingRules(keep_out_m=0, smallest_m2=0, fenced=())


def make_network(lon, lat, links, *, oneway=(), motorway=(), aloft=()):
    """Straight roads round 114 E 35 N, on foot."""
    table = draw_links(lon, lat, links)
    table.oneway[list(oneway)] = 1
    table.class_[list(motorway)] = "motorway"
    table.aloft[list(aloft)] = True
    return build_network(table, crs="EPSG:4547", speeds=SPEEDS)


def at(road, share):
    return Snaps(np.array([road], np.int32), np.array([share]), np.zeros(1))


def ask(network: Network, start: Snaps, limit_min=1e6):
    return sweep(network, starts_of(network, start)[0], limit_min * 60)


def holds(outer, inner):
    return inner.is_empty or outer.covers(inner)


def place_of(network, start):
    lines = network.shapes(start.road)
    return shapely.line_interpolate_point(lines, start.share, normalized=True)


@st.composite
def towns(draw):
    """A small network of chance with one-way roads, motorways, bridges and parts apart, and a start on it."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    nodes = draw(st.integers(2, 20))
    wide = draw(st.sampled_from([0.002, 0.008, 0.02]))
    lon, lat = 114 + random.uniform(-wide, wide, nodes), 35 + random.uniform(-wide, wide, nodes)
    links = random.integers(0, nodes, (draw(st.integers(1, 30)), 2))
    links = np.unique(np.sort(links[links[:, 0] != links[:, 1]], axis=1), axis=0)
    links = links if len(links) else np.array([[0, 1]])
    some = [np.flatnonzero(random.random(len(links)) < share) for share in (0.3, 0.15, 0.15)]
    network = make_network(lon, lat, links, oneway=some[0], motorway=some[1], aloft=some[2])
    start = at(random.integers(0, network.size[2]), draw(st.sampled_from([0.0, 0.3, 0.5, 1.0])))
    return network, start


RULES = st.builds(
    RingRules,
    cell_m=st.sampled_from([12.5, 25.0, 40.0]),
    off_road_m=st.sampled_from([0.0, 60.0, 100.0, 333.0]),
    off_road_kmh=st.sampled_from([0.0, 3.0, 12.0]),
    keep_out_m=st.sampled_from([None, 0.0, 7.0]),
    smallest_m2=st.sampled_from([0.0, 3_000.0, 50_000.0]),
)
MINUTES = st.lists(st.floats(0.05, 40), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(towns(), RULES, MINUTES)
def test_rings_are_valid_nested_and_hold_their_start(town, rules, minutes):
    network, start = town
    rings = trace_rings(network, ask(network, start), sorted(minutes), rules, origins=Origins.of(start))
    assert all(isinstance(ring, shapely.MultiPolygon) for ring in rings)
    assert all(shapely.is_valid(rings))
    assert all(holds(outer, inner) for inner, outer in pairwise(rings))
    assert shapely.intersects(rings, place_of(network, start)[0]).all()


@settings(max_examples=40, deadline=None)
@given(towns(), RULES, MINUTES)
def test_rings_are_the_same_alone_together_and_however_far_the_sweep_went(town, rules, minutes):
    network, start = town
    origins = Origins.of(start)
    together = trace_rings(network, ask(network, start), minutes, rules, origins=origins)
    for limit, ring in zip(minutes, together, strict=True):
        (alone,) = trace_rings(network, ask(network, start, limit), [limit], rules, origins=origins)
        assert alone.equals_exact(ring, 0.0)


@settings(max_examples=30, deadline=None)
@given(towns(), RULES, MINUTES)
def test_bands_are_disjoint_and_make_up_the_largest_ring(town, rules, minutes):
    network, start = town
    rings = trace_rings(network, ask(network, start), sorted(minutes), rules, origins=Origins.of(start))
    bands = cut_bands(rings)
    assert all(shapely.is_valid(bands))
    assert sum(band.area for band in bands) == pytest.approx(rings[-1].area, rel=1e-9)
    assert all(one.intersection(two).area == 0 for at_, one in enumerate(bands) for two in bands[at_ + 1 :])
    assert shapely.union_all(bands).symmetric_difference(rings[-1]).area < 1e-6
    assert shapely.coverage_is_valid(bands)


@settings(max_examples=30, deadline=None)
@given(towns(), RULES, MINUTES, st.sampled_from([1.0, 12.5, 200.0]))
def test_thinned_rings_are_valid_and_nested_with_fewer_corners(town, rules, minutes, tolerance):
    network, start = town
    rings = trace_rings(network, ask(network, start), sorted(minutes), rules, origins=Origins.of(start))
    thin = thin_rings(rings, tolerance)
    assert all(shapely.is_valid(thin))
    assert all(holds(outer, inner) for inner, outer in pairwise(thin))
    assert (shapely.get_num_coordinates(thin) <= shapely.get_num_coordinates(rings)).all()


@settings(max_examples=30, deadline=None)
@given(towns(), RULES, st.floats(1, 30), st.floats(0.5, 1))
def test_faster_roads_reach_no_less(town, rules, limit, factor):
    network, start = town
    seconds = ask(network, start)
    run = np.where(network.road_seconds < FAR, network.road_seconds * np.float32(factor), FAR)
    faster = replace(network, road_seconds=run.astype(np.float32))
    sooner = np.where(seconds < FAR, seconds * np.float32(factor), FAR).astype(np.float32)
    (slow,) = trace_rings(network, seconds, [limit], rules, origins=Origins.of(start))
    (fast,) = trace_rings(faster, sooner, [limit], rules, origins=Origins.of(start))
    assert holds(fast, slow)


@settings(max_examples=60, deadline=None)
@given(towns(), RULES, MINUTES, st.integers(0, 30))
def test_an_added_road_brings_no_node_later_and_takes_no_land_where_nothing_is_kept_out(
    town, rules, minutes, which
):
    """Roads that are not reached keep land out by default: there a new one may well make a ring smaller."""
    network, start = town
    others = np.setdiff1d(np.arange(network.size[2]), start.road)
    if not len(others):
        return
    closed = others[which % len(others)]
    run = network.road_seconds.copy()
    run[closed] = FAR
    edges = np.where(network.road == closed, np.float32(9e8), network.seconds)
    before = replace(network, road_seconds=run, seconds=edges)
    late, soon = ask(before, start, 1e5), ask(network, start, 1e5)
    assert (soon <= late).all()
    open_land, origins = replace(rules, keep_out_m=0.0, smallest_m2=0.0), Origins.of(start)
    less = trace_rings(before, late, minutes, open_land, origins=origins)
    more = trace_rings(network, soon, minutes, open_land, origins=origins)
    assert all(holds(outer, inner) for outer, inner in zip(more, less, strict=True))


@settings(max_examples=30, deadline=None)
@given(towns(), st.floats(1, 30))
def test_every_place_reached_is_inside_where_nothing_is_kept_out(town, limit):
    network, start = town
    seconds = ask(network, start)
    (ring,) = trace_rings(network, seconds, [limit], FINE, origins=Origins.of(start))
    road = np.repeat(np.arange(network.size[2]), 400)
    share = np.tile(np.linspace(0, 1, 400), network.size[2])
    reached = arrive_at(find_front(network, seconds, start), road, share) <= limit * 60 - 0.01
    points = shapely.line_interpolate_point(network.shapes()[road], share, normalized=True)
    assert shapely.intersects(ring, points[reached]).all()


@settings(max_examples=30, deadline=None)
@given(towns(), RULES, st.floats(1, 30))
def test_journeys_towards_a_start_are_those_of_the_reversed_network(town, rules, limit):
    network, start = town
    turned = network.reverse()
    seconds = sweep(network, starts_of(network, start, towards=True)[0], towards=True)
    (one,) = trace_rings(network, seconds, [limit], rules, origins=Origins.of(start), towards=True)
    (two,) = trace_rings(turned, ask(turned, start), [limit], rules, origins=Origins.of(start))
    assert one.symmetric_difference(two).area <= 1e-3 * one.area


@settings(max_examples=30, deadline=None)
@given(towns(), RULES, st.floats(1, 30))
def test_small_parts_are_dropped_but_for_the_start(town, rules, limit):
    network, start = town
    (ring,) = trace_rings(network, ask(network, start), [limit], rules, origins=Origins.of(start))
    place = place_of(network, start)[0]
    for part in ring.geoms:
        assert shapely.Polygon(part.exterior).area >= rules.smallest_m2 or part.intersects(place)
        assert all(shapely.Polygon(hole).area >= rules.smallest_m2 for hole in part.interiors)


FIELDS = hnp.arrays(
    np.int16,
    st.tuples(st.integers(1, 8), st.integers(1, 8)),
    elements=st.one_of(st.integers(-3, 3), st.integers(-600, 600)),
)


@settings(max_examples=200, deadline=None)
@given(FIELDS, st.data())
def test_zero_lines_are_valid_and_move_outward_where_the_field_falls(value, data):
    fall = data.draw(hnp.arrays(np.int16, value.shape, elements=st.sampled_from([0, 0, 1, 2, 300])))
    high, low = (np.pad(field, 1, constant_values=100) for field in (value, value - fall))
    inner, outer = (
        draw_zero_line(Field(field, 170_001, 1_400_003), 12.5, smallest_m2=0, starts=NO_STARTS)
        for field in (high, low)
    )
    assert inner.is_valid
    assert outer.is_valid
    assert holds(outer, inner)
    assert inner.is_empty == (value >= 0).all()


@settings(max_examples=100, deadline=None)
@given(FIELDS, st.data(), st.floats(0, 3000))
def test_dropping_small_parts_keeps_the_nesting(value, data, smallest):
    fall = data.draw(hnp.arrays(np.int16, value.shape, elements=st.sampled_from([0, 0, 1, 300])))
    fields = [Field(np.pad(field, 1, constant_values=100), 3, -5) for field in (value, value - fall)]
    starts = np.array([[3, -5], [4, -4], [6, -1]]) * 12.5 + 12.5
    inner, outer = (draw_zero_line(field, 12.5, smallest_m2=smallest, starts=starts) for field in fields)
    assert inner.is_valid
    assert outer.is_valid
    assert holds(outer, inner)


def line(length_m=2000.0, **more):
    """One road from west to east."""
    degrees = length_m / 91_287.0
    return make_network([114.0, 114.0 + degrees], [35.0, 35.0], [[0, 1]], **more)


def test_a_ring_along_one_road_has_the_stated_reach():
    network = line()
    start = at(0, 0.5)
    rules = RingRules(off_road_m=100, smallest_m2=0)
    (ring,) = trace_rings(network, ask(network, start), [600], rules, origins=Origins.of(start))
    true = network.shapes()[0].buffer(100)
    assert ring.hausdorff_distance(true) < 0.2 * 25
    assert ring.area == pytest.approx(true.area, rel=0.02)


def test_the_road_is_cut_where_the_time_runs_out():
    network = line()
    start = at(0, 0.0)
    far = 10 * 60 * 5 / 3.6  # metres in ten minutes
    (ring,) = trace_rings(network, ask(network, start), [10], RingRules(), origins=Origins.of(start))
    west = network.shape_xy[0, 0]
    assert ring.bounds[2] - west == pytest.approx(far, abs=8)
    half_way = shapely.LineString([(west + far / 2, 0), (west + far / 2, 1e7)]).intersection(ring)
    assert half_way.length == pytest.approx(200, abs=2)
    near_end = shapely.LineString([(west + far - 50, 0), (west + far - 50, 1e7)]).intersection(ring)
    # 36 s are left there: 30 m; the discs before it are wider, so their rim slants by the ratio of speeds
    assert near_end.length == pytest.approx(2 * 30 / np.sqrt(1 - (3 / 5) ** 2), abs=4)


def test_a_start_between_two_nodes_has_its_road_at_once():
    network = line(20_000)
    start = at(0, 0.5)
    seconds = ask(network, start, 30)
    assert (seconds == FAR).all()
    (ring,) = trace_rings(network, seconds, [30], origins=Origins.of(start))
    east_west = ring.bounds[2] - ring.bounds[0]
    assert east_west == pytest.approx(2 * 2500, abs=16)


def test_a_one_way_road_is_not_gone_against():
    network = line(4000, oneway=[0])
    start = at(0, 0.5)
    (ring,) = trace_rings(network, ask(network, start), [12], origins=Origins.of(start))
    middle = place_of(network, start)[0].x
    assert ring.bounds[2] - middle == pytest.approx(1000, abs=8)
    behind = network.shapes()[0].intersection(shapely.box(0, 0, middle, 1e7))
    assert ring.intersection(behind).length < 20
    (back,) = trace_rings(network, np.full(2, FAR), [12], origins=Origins.of(start), towards=True)
    assert middle - back.bounds[0] == pytest.approx(1000, abs=8)


def test_a_place_off_the_road_is_reached_by_a_straight_way():
    network = line()
    place = network.shape_xy.mean(axis=0) + np.array([0, 400])
    snaps = snap_points(network, place, 500)
    origins = Origins.of(snaps, place, lead_s=400 / 5 * 3.6)
    (ring,) = trace_rings(network, np.full(2, FAR, np.float32), [6], origins=origins)
    assert ring.covers(shapely.LineString([place, place - [0, 400]]))
    assert len(ring.geoms) == 1
    (early,) = trace_rings(network, np.full(2, FAR, np.float32), [2], origins=origins)
    assert early.covers(shapely.Point(place))
    assert not early.intersects(network.shapes()[0])


def width_at(ring, network, share):
    x = place_of(network, at(0, share))[0].x
    return shapely.LineString([(x, 0), (x, 1e7)]).intersection(ring).length


def test_one_cannot_leave_a_motorway_or_a_bridge_to_the_side():
    for narrow in ({"motorway": [0]}, {"aloft": [0]}):
        network = line(**narrow)
        (ring,) = trace_rings(network, ask(network, at(0, 0.5)), [600], origins=Origins.of(at(0, 0.5)))
        assert width_at(ring, network, 0.2) < 2.6 * 25
    (ring,) = trace_rings(
        line(motorway=[0]),
        ask(network, at(0, 0.5)),
        [600],
        RingRules(fenced=()),
        origins=Origins.of(at(0, 0.5)),
    )
    assert width_at(ring, network, 0.2) > 190


def cross(gap_m=60.0):
    """A road, and beside it one that leads nowhere."""
    up = gap_m / 110_941.0
    return make_network([114.0, 114.02, 114.005, 114.015], [35.0, 35.0, 35 + up, 35 + up], [[0, 1], [2, 3]])


def test_a_road_that_is_not_reached_is_left_out_of_the_land_beside_one_that_is():
    network = cross()
    road = int(np.argmax(network.road_m))
    other = network.shapes()[1 - road]
    start = at(road, 0.5)
    origins = Origins.of(start)
    (ring,) = trace_rings(network, ask(network, start), [60], RingRules(smallest_m2=0), origins=origins)
    assert not ring.intersects(other)
    assert ring.covers(network.shapes()[road])
    (over,) = trace_rings(network, ask(network, start), [60], FINE, origins=origins)
    assert over.covers(other)
    (filled,) = trace_rings(network, ask(network, start), [60], RingRules(smallest_m2=1e6), origins=origins)
    assert filled.covers(ring)


def test_a_tunnel_or_bridge_that_is_not_reached_cuts_nothing_out():
    up = 60 / 110_941.0
    ends = [114.0, 114.02, 114.005, 114.015], [35.0, 35.0, 35 + up, 35 + up], [[0, 1], [2, 3]]
    ground, tunnel = make_network(*ends), make_network(*ends, aloft=[1])
    road = int(np.argmax(ground.road_m))
    assert tunnel.road_m[road] == ground.road_m[road]
    start = at(road, 0.5)
    rules = RingRules(smallest_m2=0)
    cut, whole, free = (
        trace_rings(network, ask(network, start), [60], rules, origins=Origins.of(start))[0]
        for network, rules in ((ground, rules), (tunnel, rules), (tunnel, replace(rules, keep_out_m=0.0)))
    )
    other = ground.shapes()[1 - road]
    assert whole.covers(other)
    assert whole.equals(free)
    assert not cut.intersects(other)


def test_a_start_beside_roads_that_are_not_reached_has_no_hole_round_it():
    network = cross(gap_m=5.0)
    for road in (0, 1):
        start = at(road, 0.5)
        (ring,) = trace_rings(network, ask(network, start), [3], origins=Origins.of(start))
        assert ring.intersects(place_of(network, start)[0])


def test_several_starts_make_one_ring():
    network = line(8000)
    starts = Snaps(np.zeros(2, np.int32), np.array([0.1, 0.9]), np.zeros(2))
    far = np.full(2, FAR, np.float32)
    (both,) = trace_rings(network, far, [6], origins=Origins.of(starts))
    alone = [trace_rings(network, far, [6], origins=Origins.of(at(0, share)))[0] for share in (0.1, 0.9)]
    assert len(both.geoms) == 2
    assert both.symmetric_difference(shapely.union_all(alone)).area == 0


def test_without_origins_the_nodes_of_least_arrival_are_the_starts():
    network = line(400)
    (ring,) = trace_rings(network, np.array([0, FAR], np.float32), [1], RingRules(smallest_m2=1e9))
    assert ring.covers(shapely.Point(network.node_xy[0]))


def test_nothing_reached_gives_empty_rings_and_no_minutes_none():
    network = line()
    far = np.full(2, FAR, np.float32)
    assert [ring.is_empty for ring in trace_rings(network, far, [5, 10])] == [True, True]
    lost = Snaps(np.array([-1], np.int32), np.array([np.nan]), np.array([9e3]))
    assert trace_rings(network, far, [5], origins=Origins.of(lost))[0].is_empty
    assert trace_rings(network, far, []) == []
    assert cut_bands([]) == []
    assert thin_rings([], 10) == []


@pytest.mark.parametrize("minutes", [[0], [-5], [np.nan], [np.inf], [15, 0.0]])
def test_minutes_that_are_no_limit_are_refused(minutes):
    with pytest.raises(GeometryError, match="no time limit"):
        trace_rings(line(), np.zeros(2, np.float32), minutes)


def test_seconds_of_another_network_are_refused():
    with pytest.raises(GeometryError, match="2 nodes"):
        trace_rings(line(), np.zeros(3, np.float32), [5])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cell_m": 0}, "multiple of 0.125"),
        ({"cell_m": 33.3}, "multiple of 0.125"),
        ({"cell_m": -25}, "from 0 up"),
        ({"off_road_m": np.nan}, "from 0 up"),
        ({"off_road_m": 3000}, "take cells of at least 30 m"),
        ({"keep_out_m": 26}, "wider than a cell"),
        ({"smallest_m2": -1}, "from 0 up"),
    ],
)
def test_rules_that_no_ring_can_be_drawn_with_are_refused(wrong, message):
    with pytest.raises(GeometryError, match=message):
        RingRules(**wrong)


def test_a_lattice_beyond_the_memory_is_refused_with_a_remedy():
    network = make_network([114.0, 114.9], [35.0, 35.9], [[0, 1]])
    with pytest.raises(GeometryError, match=r"take cells .* times as wide"):
        trace_rings(network, np.zeros(2, np.float32), [5], RingRules(cell_m=1))


def test_rules_say_themselves_in_both_languages():
    assert "25 m" in RingRules().describe()
    assert "25 米" in RingRules().describe("zh")
    assert "too large" not in RingRules(cell_m=50).describe()
    assert "too large" in RingRules(cell_m=100).describe()
    assert "偏大" in RingRules(cell_m=100).describe("zh")


def test_bands_need_rings_that_grow():
    small, large = (shapely.MultiPolygon([shapely.box(0, 0, side, side)]) for side in (1, 2))
    with pytest.raises(GeometryError, match="shortest first"):
        cut_bands([large, small])


def test_quality_on_real_streets(real_data: Path):
    """On foot, 15 and 30 minutes from the middle of Heidelberg: precision and recall along every road."""
    pytest.importorskip("osmium")
    from spatial.sources.osm import make_table, read_osm
    from spatial.sources.speeds import choose_class_speeds

    table = make_table(read_osm(real_data / "osm" / "heidelberg.osm.pbf"), "walk")
    network = build_network(table, crs="EPSG:25832", speeds=choose_class_speeds("walk"))
    start = snap_points(network, [477_600.0, 5_472_900.0], 200)
    seconds = ask(network, start, 30)
    rings = trace_rings(network, seconds, [15, 30], origins=Origins.of(start))
    road = np.repeat(np.arange(network.size[2]), 12)
    share = np.tile((np.arange(12) + 0.5) / 12, network.size[2])
    weight = network.road_m[road]
    times = arrive_at(find_front(network, seconds, start), road, share) / 60
    x, y = shapely.get_coordinates(
        shapely.line_interpolate_point(network.shapes()[road], share, normalized=True)
    ).T
    shapely.prepare(rings)
    inner, outer = (shapely.contains_xy(ring, x, y) for ring in rings)
    for said, true in ((outer, times <= 30), (outer & ~inner, (times > 15) & (times <= 30))):
        assert weight[said & true].sum() >= 0.96 * weight[said].sum()
        assert weight[said & true].sum() >= 0.99 * weight[true].sum()
    assert rings[1].covers(rings[0])
