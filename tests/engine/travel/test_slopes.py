"""Walking and cycling on slopes: published values, planes of known slope, bridges, voids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import FAR
from spatial.engine.travel.roads import draw_links
from spatial.engine.travel.slopes import climb_roads, cycle_factor, sample_roads, walk_factor
from spatial.errors import GeometryError

CRS = "EPSG:4547"


def hill(mode="walk", **more):
    """Make one road of about 1 km, drawn to the east."""
    table = draw_links([114.0, 114.0 + 0.0109583], [35.0, 35.0], [[0, 1]], mode=mode)
    return build_network(replace(table, **more), crs=CRS, speeds={"other": 5, "steps": 5})


def test_tobler_as_published():
    kmh = 6 * np.exp(-0.175) * walk_factor([-0.05, 0.0, 0.05, 0.5, -0.5])
    np.testing.assert_allclose(kmh, 6 * np.exp(-3.5 * np.abs(np.array([0, 0.05, 0.1, 0.55, -0.45]))))


def test_parkin_and_rotheram_as_published():
    ms = 6.01 * cycle_factor([0.0, 0.01, 0.05, -0.01, -0.1, -0.5])
    np.testing.assert_allclose(
        ms, [6.01, 6.01 - 0.4002, 6.01 - 5 * 0.4002, 6.01 + 0.2379, 6.01 + 2.379, 6.01 * 35 / 21.6]
    )


@given(st.floats(-1, 1))
def test_nobody_stands_still(slope):
    assert walk_factor(slope) > 0.02
    assert cycle_factor(slope) >= 4 / 15 * walk_factor(slope)


@pytest.mark.parametrize("slope", [-0.2, -0.05, 0.0, 0.03, 0.15])
@pytest.mark.parametrize(("mode", "factor"), [("walk", walk_factor), ("cycle", cycle_factor)])
def test_a_plane_is_walked_at_its_slope(mode, factor, slope):
    network = hill(mode)
    samples = sample_roads(network)
    rise = (samples.xy[:, 0] - samples.xy[0, 0]) * slope
    steep = climb_roads(network, samples, 500 + rise)
    expected = network.road_seconds[0] / [factor(slope), factor(-slope)]
    np.testing.assert_allclose(steep.road_seconds[0], expected, rtol=2e-3)  # the grid is not quite the ground
    np.testing.assert_allclose(steep.seconds, steep.road_seconds[steep.road, (~steep.forward).astype(int)])


def test_driving_does_not_mind():
    network = hill("drive")
    samples = sample_roads(network)
    assert climb_roads(network, samples, np.arange(len(samples.xy)) * 5.0) is network


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(5, 400))
def test_places_lie_evenly_on_their_roads(seed, step_m):
    random = np.random.default_rng(seed)
    links = np.array([(a, b) for a in range(12) for b in (a + 1, a + 3) if b < 12])
    table = draw_links(114 + random.uniform(0, 0.02, 12), 35 + random.uniform(0, 0.02, 12), links)
    network = build_network(table, crs=CRS, speeds={"other": 5})
    samples = sample_roads(network, step_m)
    for road, line in enumerate(network.shapes()):
        places = samples.xy[samples.start[road] : samples.start[road + 1]]
        shares = np.linspace(0, 1, len(places))
        expected = shapely.get_coordinates(shapely.line_interpolate_point(line, shares, normalized=True))
        np.testing.assert_allclose(places, expected, atol=1e-6)
        assert line.length / (len(places) - 1) <= max(2 * step_m, line.length)


def test_a_bridge_is_as_high_as_its_ends():
    table = draw_links([114.0, 114.005, 114.006, 114.011], [35.0] * 4, [[0, 1], [1, 2], [2, 3]])
    table = replace(table, aloft=np.array([False, True, False]))
    network = build_network(table, crs=CRS, speeds={"other": 5})
    assert network.size[2] == 1
    samples = sample_roads(network, 10)
    assert 0.05 < samples.aloft.mean() < 0.15
    gorge = np.where(samples.aloft, -200.0, 100.0)
    np.testing.assert_allclose(
        climb_roads(network, samples, gorge).road_seconds, network.road_seconds, rtol=1e-5
    )
    on_land = replace(samples, aloft=np.zeros(len(gorge), dtype=bool))
    assert (climb_roads(network, on_land, gorge).road_seconds > 1.2 * network.road_seconds).all()


def test_voids_take_the_heights_beside_them_and_are_told():
    network = hill()
    samples = sample_roads(network)
    rise = (samples.xy[:, 0] - samples.xy[0, 0]) * 0.1
    holes = rise.copy()
    holes[5:9] = np.nan
    np.testing.assert_allclose(
        climb_roads(network, samples, holes).road_seconds,
        climb_roads(network, samples, rise).road_seconds,
        rtol=1e-5,
    )
    assert any(
        "without a height" in note and note.endswith(": 4")
        for note in climb_roads(network, samples, holes).notes
    )
    nothing = climb_roads(network, samples, np.full(len(rise), np.nan))
    np.testing.assert_array_equal(nothing.road_seconds, network.road_seconds)


def test_roads_lend_no_heights_to_each_other():
    table = draw_links([114.0, 114.01, 114.02, 114.03], [35.0] * 4, [[0, 1], [2, 3]])
    network = build_network(table, crs=CRS, speeds={"other": 5})
    samples = sample_roads(network)
    heights = np.where(np.arange(len(samples.xy)) < samples.start[1], 800.0, np.nan)
    heights[samples.start[1] + 3] = 100.0
    steep = climb_roads(network, samples, heights)
    np.testing.assert_allclose(steep.road_seconds, network.road_seconds, rtol=1e-6)


def test_steps_keep_their_speed_and_one_way_stays_one_way():
    network = hill(class_=np.array(["steps"], object))
    samples = sample_roads(network)
    np.testing.assert_array_equal(
        climb_roads(network, samples, np.arange(len(samples.xy)) * 3.0).road_seconds, network.road_seconds
    )
    one_way = hill(oneway=np.ones(1, np.int8))
    assert climb_roads(one_way, samples, np.arange(len(samples.xy)) * 3.0).road_seconds[0, 1] == FAR


def test_wrong_heights_are_refused():
    network = hill()
    with pytest.raises(GeometryError, match="3 heights were given for"):
        climb_roads(network, sample_roads(network), [1.0, 2.0, 3.0])
    with pytest.raises(GeometryError, match="not above zero"):
        sample_roads(network, 0.0)
