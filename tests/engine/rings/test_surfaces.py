"""Surfaces: arrival over flat ground against circles, scikit-image and networks; cars, slopes and motorways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter

from spatial.engine.rings.burning import burn_roads, find_bars
from spatial.engine.rings.friction import Links, grid_graph
from spatial.engine.rings.surfaces import Start, Surface, arrive_on_foot, build_surface, sweep_surface
from spatial.engine.rings.terrain import WORST_DETOUR, Terrain, open_steps
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import FAR, Mode, Network
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.roads import draw_links
from spatial.engine.travel.routing import sweep
from spatial.engine.travel.snapping import snap_points
from spatial.errors import GeometryError

CRS = "EPSG:4547"
LON, LAT = 114.0, 35.0
"""Where the networks of these tests begin: 500 km east of the origin of the CRS."""
DEGREE = 1 / 91_160  # about a metre along the parallel


def level(
    high: int, wide: int, *, cell: float = 10.0, pace: float = 1.2, at: tuple[int, int] = (0, 0)
) -> Terrain:
    flat = np.zeros((high, wide), np.float32)
    return Terrain(CRS, cell, *at, flat, flat + np.float32(pace))


def hills(seed: int, size: int = 30, cell: float = 25.0, at: tuple[int, int] = (0, 0)) -> Terrain:
    random = np.random.default_rng(seed)
    height = gaussian_filter(random.normal(size=(size, size)), 3) * 600
    pace = random.choice([0.75, 1.2, 1.2, 2.0], (size, size))
    return Terrain(CRS, cell, *at, height.astype(np.float32), pace.astype(np.float32))


def road(
    mode: Mode = "walk", class_: str = "other", metres: float = 600, kmh: float = 6.0, **more: bool
) -> Network:
    links = draw_links([LON, LON + metres * DEGREE], [LAT, LAT], [[0, 1]], mode=mode, class_=class_, **more)
    return build_network(links, crs=CRS, speeds={class_: kmh})


def ground_of(network: Network, cell: float = 10.0, margin: int = 20, pace: float = 1.2) -> Terrain:
    low = np.floor(network.shape_xy.min(axis=0) / cell).astype(int) - margin
    wide, high = np.ceil(network.shape_xy.max(axis=0) / cell).astype(int) + margin - low
    return level(int(high), int(wide), cell=cell, pace=pace, at=(int(low[0]), int(low[1])))


def arrival(surface: Surface, start: Start, xy: np.ndarray) -> np.ndarray:
    return arrive_on_foot(surface, sweep_surface(surface, start), np.atleast_2d(xy))


def test_on_flat_ground_ways_are_straight_to_within_the_stated_detour(
    capsys: pytest.CaptureFixture[str],
) -> None:
    land = level(301, 301)
    start = np.array([1504.0, 1497.0])
    seconds = sweep_surface(build_surface(land), Start.at([start]))[: land.nodes]
    straight = np.hypot(*(land.places(np.arange(land.nodes)) - start).T) * 1.2
    ratio = seconds[straight > 300] / straight[straight > 300]
    with capsys.disabled():
        print(
            f"\nmetric error of 16 neighbours: {ratio.min() - 1:+.2%} to {ratio.max() - 1:+.2%}, mean {ratio.mean() - 1:+.2%}"
        )
    assert ratio.min() > 1 - 1e-4
    assert ratio.max() < 1 + WORST_DETOUR + 1e-4
    assert ratio.max() > 1 + WORST_DETOUR - 0.005


@settings(max_examples=20, deadline=None)
@given(pace=arrays(np.float32, (9, 8), elements=st.floats(0.5, 3, width=32)), start=st.integers(0, 71))
def test_by_eight_neighbours_on_the_flat_it_is_what_scikit_image_says(pace: np.ndarray, start: int) -> None:
    graph = pytest.importorskip("skimage.graph")
    land = Terrain(CRS, 10.0, 0, 0, np.zeros_like(pace), pace)
    eight = open_steps(land) & np.uint16(0xFF)
    found = sweep(grid_graph(land, eight, Links.none()), ([start], [0.0]))
    costs, _ = graph.MCP_Geometric(pace.astype(float)).find_costs([divmod(start, 8)])
    assert found == pytest.approx(costs.ravel() * 10, rel=1e-5)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), ends=st.tuples(st.integers(0, 899), st.integers(0, 899)))
def test_there_is_the_way_back_of_towards(seed: int, ends: tuple[int, int]) -> None:
    land = hills(seed)
    a, b = land.places(np.array(ends))
    there = sweep_surface(build_surface(land), Start.at([a]))[ends[1]]
    back = sweep_surface(build_surface(land, towards=True), Start.at([b]))[ends[0]]
    assert there == pytest.approx(back, rel=1e-4)


def test_up_is_slower_than_down() -> None:
    height = np.tile(np.linspace(0, 120, 61, dtype=np.float32), (21, 1))  # 1 in 5 over 600 m
    land = Terrain(CRS, 10.0, 0, 0, height, np.full(height.shape, 1.2, np.float32))
    foot, top = np.array([[0.0, 100.0]]), np.array([[600.0, 100.0]])
    up = arrival(build_surface(land), Start.at(foot), top)[0]
    down = arrival(build_surface(land), Start.at(top), foot)[0]
    # Tobler: exp(-3.5 |0.2 + 0.05|) against exp(-3.5 |-0.2 + 0.05|), over exp(-3.5 * 0.05) on the flat. Steps
    # aslant are gentler and longer, which pays neither up nor down here.
    assert up == pytest.approx(720 * np.exp(3.5 * 0.20), rel=0.01)
    assert down == pytest.approx(720 * np.exp(3.5 * 0.10), rel=0.01)
    assert arrival(build_surface(land, towards=True), Start.at(foot), top)[0] == pytest.approx(down, rel=1e-5)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), factor=st.floats(1.01, 3))
def test_faster_ground_is_never_slower(seed: int, factor: float) -> None:
    land = hills(seed)
    quick = Terrain(CRS, land.cell_m, 0, 0, land.height_m, (land.pace / factor).astype(np.float32))
    start = Start.at([[370.0, 360.0]])
    slow, fast = (sweep_surface(build_surface(each), start) for each in (land, quick))
    assert fast == pytest.approx(slow / factor, rel=1e-4)


def test_a_limit_only_cuts() -> None:
    surface, start = build_surface(hills(1)), Start.at([[370.0, 360.0]])
    whole, part = sweep_surface(surface, start), sweep_surface(surface, start, 600)
    assert (part == np.where(whole <= 600, whole, FAR)).all()
    assert 0 < (part < FAR).sum() < len(part)


def test_a_road_is_gone_along_at_its_own_speed_and_left_for_the_ground() -> None:
    network = road(metres=600, kmh=12)  # 0.3 s a metre, the ground 1.2
    land = ground_of(network)
    surface = build_surface(land, network)
    west, east = network.node_xy[np.argsort(network.node_xy[:, 0])]
    seconds = sweep_surface(surface, Start(west[None], snap_points(network, west[None], 5), np.zeros(1)))
    assert surface.burnt is not None
    assert surface.burnt.at_junctions(seconds).max() == pytest.approx(network.seconds[0], rel=1e-5)
    beside = east + np.array([0.0, 100.0])
    assert arrive_on_foot(surface, seconds, beside[None])[0] == pytest.approx(
        network.seconds[0] + 120, rel=0.02
    )


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 99), towards=st.booleans())
def test_a_road_never_lengthens_a_trip(seed: int, towards: bool) -> None:
    random = np.random.default_rng(seed)
    count = 7
    lon, lat = LON + random.uniform(0, 700, (2, count)) * DEGREE
    links = draw_links(lon, lat - LON + LAT, random.integers(0, count, (9, 2)), mode="walk")
    network = build_network(links, crs=CRS, speeds={"other": random.uniform(2, 9)})
    low = np.floor(network.shape_xy.min(axis=0) / 25).astype(int) - 3
    land = hills(seed, size=45, at=(int(low[0]), int(low[1])))
    start = Start.at(land.places(random.integers(0, land.nodes, 1)))
    bare = sweep_surface(build_surface(land, towards=towards), start)[: land.nodes]
    with_roads = sweep_surface(build_surface(land, network, towards=towards), start)[: land.nodes]
    assert (with_roads <= bare * (1 + 1e-5)).all()


def test_a_car_is_left_behind_where_one_leaves_the_road() -> None:
    """Two roads that do not meet: by car one comes to the second on foot only; on foot one walks along it."""
    links = {
        mode: draw_links(
            [LON, LON + 300 * DEGREE, LON + 400 * DEGREE, LON + 1000 * DEGREE],
            [LAT] * 4,
            [[0, 1], [2, 3]],
            mode=mode,
        )
        for mode in ("walk", "drive")
    }
    for mode, slow in (("walk", False), ("drive", True)):
        network = build_network(links[mode], crs=CRS, speeds={"other": 60})
        west, east = network.shape_xy[np.argsort(network.shape_xy[:, 0])][[0, -1]]
        snaps = snap_points(network, west[None], 5, everywhere=True)
        start = Start(west[None], snaps, np.zeros(1))
        found = arrival(build_surface(ground_of(network), network), start, east[None])[0]
        on_foot = 100 * 1.2 + (600 * 1.2 if slow else 0)
        assert found > on_foot
        assert found < on_foot + 90


def test_nobody_walks_across_a_motorway_but_under_its_bridge() -> None:
    cars = road("drive", "motorway", metres=900, kmh=100)
    land = ground_of(cars, margin=6)
    start = cars.shape_xy.mean(axis=0) + np.array([0.0, -30.0])
    other = start + np.array([0.0, 60.0])
    assert len(find_bars(cars)) == 1
    free, barred = build_surface(land), build_surface(land, barrier=cars)
    assert arrival(free, Start.at([start]), other)[0] == pytest.approx(72, rel=0.03)
    # Round the end of the motorway, which lies six cells from the rim.
    assert arrival(barred, Start.at([start]), other)[0] > 900 * 1.2
    lane = draw_links([LON + 450 * DEGREE] * 2, [LAT - 25 / 110_940, LAT + 25 / 110_940], [[0, 1]])
    walkers = build_network(lane, crs=CRS, speeds={"other": 3})
    assert arrival(build_surface(land, walkers, barrier=cars), Start.at([start]), other)[0] == pytest.approx(
        72, rel=0.1
    )


def test_an_area_is_left_from_all_over() -> None:
    import shapely

    land = level(101, 101)
    surface = build_surface(land)
    start = Start(np.empty((0, 2)), area=shapely.box(400, 400, 600, 600))
    seconds = sweep_surface(surface, start)[: land.nodes].reshape(101, 101)
    assert (seconds[40:61, 40:61] == 0).all()
    assert seconds[50, 100] == pytest.approx(400 * 1.2)


def test_on_water_nothing_starts_and_nothing_arrives() -> None:
    land = level(21, 21)
    pace = land.pace.copy()
    pace[:, 8:13] = FAR
    surface = build_surface(Terrain(CRS, 10.0, 0, 0, land.height_m, pace))
    middle, west, east = np.array([[100.0, 100.0]]), np.array([[30.0, 100.0]]), np.array([[170.0, 100.0]])
    assert (sweep_surface(surface, Start.at(middle)) == FAR).all()
    assert np.isinf(arrival(surface, Start.at(west), east)[0])
    assert np.isnan(arrival(surface, Start.at(west), middle)[0])


def test_a_surface_that_was_put_away_is_swept_no_more() -> None:
    surface = build_surface(level(5, 5)).put_away()
    with pytest.raises(GeometryError, match="put away"):
        sweep_surface(surface, Start.at([[20.0, 20.0]]))


@pytest.mark.parametrize("mode", ["walk", "drive"])
@pytest.mark.parametrize("towards", [False, True])
def test_it_agrees_with_the_network_of_andorra(
    real_data: Path, mode: Mode, towards: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where roads lead, nothing is later than along them; by car nothing is earlier either."""
    from spatial.sources.networks import Travel, open_networks
    from spatial.sources.terrain import Ground, lay_terrain

    dem = real_data / "dem" / "N42E001.hgt.zip"
    networks = open_networks(
        real_data / "osm" / "andorra.osm.pbf", [mode, "drive"], travel=Travel(heights=dem)
    )
    network = networks[mode]
    place = np.array([[378_700.0, 4_707_200.0]])  # Andorra la Vella
    low, high = place[0] - 4000, place[0] + 4000
    land = lay_terrain(Ground(dem), (*low, *high), network.crs, 25.0).terrain
    snaps = snap_points(network, place, 1000)
    starts = starts_of(network, snaps, towards=towards)
    alone = sweep(network, (starts.nodes, starts.seconds), 1800, towards=towards)
    surface = build_surface(land, network, barrier=networks["drive"], towards=towards)
    turned = Start(place, snaps, np.zeros(1))
    assert surface.burnt is not None
    found = surface.burnt.at_junctions(sweep_surface(surface, turned, 1800))
    near = (alone < FAR) & ((network.node_xy > low) & (network.node_xy < high)).all(axis=1)
    ratio = found[near] / np.maximum(alone[near], 1)
    same = np.abs(found[near] - alone[near]) < 1
    with capsys.disabled():
        print(
            f"\n{mode}{' towards' if towards else ''}: {near.sum()} junctions within 30 min, "
            f"{same.mean():.1%} within a second, median ratio {np.median(ratio):.3f}, least {ratio.min():.3f}"
        )
    assert (found[near] <= alone[near] + 0.1).all()
    assert near.sum() > 200
    if mode == "drive":
        assert same.all()


def test_cuts_lie_along_the_roads_a_cell_apart() -> None:
    network = road(metres=600)
    burnt = burn_roads(ground_of(network), network)
    steps = np.hypot(*np.diff(burnt.xy, axis=0).T)
    assert steps == pytest.approx(steps[0])
    assert steps[0] <= 10.5
