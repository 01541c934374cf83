"""Remoteness: minutes to a centre against the network's own times, straight walks, and slower roads."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rings.remoteness import Remoteness, lay_level_ground, measure_remoteness
from spatial.engine.rings.terrain import WORST_DETOUR
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import FAR, Network
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.roads import draw_links
from spatial.engine.travel.routing import sweep
from spatial.engine.travel.snapping import snap_points
from spatial.errors import GeometryError

CRS = "EPSG:4547"
KMH = 3.0
PACE = 3.6 / KMH
LON, LAT = 114.0, 35.0
DEGREE = 1 / 91_160
STREETS = [[0, 1], [1, 2], [2, 3], [1, 4], [4, 5], [3, 5]]


def streets(kmh: float = 30.0, side: float = 1 / 60) -> Network:
    """Return a crooked loop with a dead end, some 1.5 km a side, as roads of cars."""
    lon = LON + np.array([0.0, 1.0, 2.1, 3.0, 1.2, 2.6]) * side
    lat = LAT + np.array([0.1, 0.2, 0.0, 0.4, 1.1, 1.3]) * side
    links = draw_links(lon, lat, STREETS, mode="drive", class_="other")
    return build_network(links, crs=CRS, speeds={"other": kmh})


def transform_xy(lon_lat: np.ndarray) -> np.ndarray:
    turn = Transformer.from_crs("EPSG:4490", CRS, always_xy=True)
    return np.column_stack(turn.transform(*lon_lat.T))


def grid_over(network: Network, cell: float = 50.0, margin: float = 1000.0) -> Grid:
    low, high = network.shape_xy.min(axis=0) - margin, network.shape_xy.max(axis=0) + margin
    left, top = np.floor(low[0] / cell) * cell, np.ceil(high[1] / cell) * cell
    columns, rows = np.ceil((high[0] - left) / cell), np.ceil((top - low[1]) / cell)
    return Grid(CRS, float(left), float(top), cell, int(rows), int(columns))


def measure(network: Network, grid: Grid, centre: shapely.Point, **more: int) -> Remoteness:
    ground = lay_level_ground(grid, centre, KMH, **more)
    return measure_remoteness(network, centre, ground, kmh=KMH, snap_m=2000)


def centre_of(network: Network) -> shapely.Point:
    return shapely.Point(network.node_xy[0] + [40.0, -30.0])


@settings(max_examples=6, deadline=None)
@given(kmh=st.floats(8, 90), cell=st.sampled_from([25.0, 50.0, 100.0]))
def test_a_cell_with_a_junction_has_the_networks_time_and_the_walk_to_its_middle(
    kmh: float, cell: float
) -> None:
    network = streets(kmh)
    grid, centre = grid_over(network, cell), centre_of(network)
    minutes = measure(network, grid, centre).minutes(grid, grid.whole)
    snaps = snap_points(network, np.array([[centre.x, centre.y]]), 2000)
    starts = starts_of(network, snaps)
    lead = (snaps.offset_m[0] * PACE).astype(np.float32)
    # By the network alone, with no ground at all; every way is as long there as back.
    alone = sweep(network, (starts.nodes, starts.seconds + lead), np.inf)
    walk = 0.5**0.5 * cell * PACE
    for (x, y), seconds in zip(network.node_xy, alone, strict=True):
        row, column = grid.cell_of(x, y)
        assert minutes[row, column] * 60 <= seconds + walk + 0.1
        # Walking the whole way can beat slow roads, but nothing beats the straight line at the best speed.
        straight = np.hypot(x - centre.x, y - centre.y)
        assert minutes[row, column] * 60 >= (straight - walk) * 3.6 / max(kmh, KMH) - 0.1
    if kmh > 20:
        far = int(alone.argmax())
        row, column = grid.cell_of(*network.node_xy[far])
        assert minutes[row, column] * 60 == pytest.approx(alone[far], abs=walk + 0.1)


@settings(max_examples=6, deadline=None)
@given(kmh=st.floats(10, 90), slower=st.floats(0.2, 1.0))
def test_slower_roads_bring_no_cell_nearer(kmh: float, slower: float) -> None:
    quick = streets(kmh)
    grid, centre = grid_over(quick, 100.0), centre_of(quick)
    slow = streets(kmh * slower)
    fast_minutes = measure(quick, grid, centre).minutes(grid, grid.whole)
    slow_minutes = measure(slow, grid, centre).minutes(grid, grid.whole)
    assert (slow_minutes >= fast_minutes - 1e-3).all()


def test_away_from_roads_it_is_the_straight_walk_within_the_lattices_detour() -> None:
    network = streets()
    grid = grid_over(network, 50.0, margin=3000.0)
    centre = shapely.Point(grid.left + 800.0, grid.top - 800.0)  # kilometres from any road
    ground = lay_level_ground(grid, centre, KMH)
    minutes = measure_remoteness(network, centre, ground, kmh=KMH, snap_m=100.0).minutes(
        grid, Block(0, 0, 32, 32)
    )
    rows, columns = np.mgrid[0:32, 0:32]
    metres = np.hypot((columns + 0.5) * 50 - 800, (rows + 0.5) * 50 - 800)
    straight = metres * PACE / 60
    far = metres > 200
    assert (minutes[far] >= straight[far] * (1 - 1e-3)).all()
    assert (minutes[far] <= straight[far] * (1 + WORST_DETOUR) + 0.2).all()


@pytest.mark.parametrize("most", [2_000_000, 3000])
def test_a_cell_does_not_depend_on_its_block(most: int) -> None:
    network = streets()
    grid, centre = grid_over(network), centre_of(network)
    remoteness = measure(network, grid, centre, most=most)
    assert remoteness.seconds.size <= most
    whole = remoteness.minutes(grid, grid.whole)
    for block in grid.blocks(37):
        assert np.array_equal(remoteness.minutes(grid, block), whole[block.slices], equal_nan=True)


def test_one_way_streets_are_followed_towards_the_centre() -> None:
    loop = [[0, 1], [1, 2], [2, 3], [3, 4], [4, 0]]
    lon, lat = LON + np.array([0.0, 1.0, 2.0, 1.6, 0.4]) / 60, LAT + np.array([0.0, 0.2, 0.0, 1.0, 1.1]) / 60
    links = draw_links(lon, lat, loop, mode="drive", class_="other", oneway=True)
    network = build_network(links, crs=CRS, speeds={"other": 60})
    xy = transform_xy(np.column_stack([lon, lat]))
    legs = np.hypot(*(np.roll(xy, -1, axis=0) - xy).T) * 0.06 / 60
    grid = grid_over(network)
    minutes = measure(network, grid, shapely.Point(xy[0])).minutes(grid, grid.whole)
    walk = 0.5**0.5 * 50 * PACE / 60
    after, before = (minutes[grid.cell_of(*xy[point])] for point in (1, 4))
    assert after == pytest.approx(legs[1:].sum(), abs=walk + 0.1)  # all the way round
    assert before == pytest.approx(legs[4], abs=walk + 0.1)


def test_an_area_is_reached_at_once_and_what_lies_outside_the_lattice_is_missing() -> None:
    network = streets()
    grid = grid_over(network)
    area = shapely.Point(network.node_xy[1]).buffer(400)
    ground = lay_level_ground(grid, area, KMH)
    remoteness = measure_remoteness(network, area, ground, kmh=KMH, snap_m=2000)
    row, column = grid.cell_of(*network.node_xy[1])
    assert remoteness.minutes(grid, Block(row, column, 1, 1))[0, 0] == 0
    away = Grid(CRS, grid.left - 100_000, grid.top, grid.cell_m, 3, 3)
    assert np.isnan(remoteness.minutes(away, away.whole)).all()
    assert (remoteness.road_s < FAR).all()


def test_a_centre_in_the_water_without_roads_is_refused() -> None:
    network = streets()
    grid = grid_over(network)
    ground = lay_level_ground(grid, shapely.Point(grid.left, grid.top), KMH)
    ground.pace[:] = FAR
    with pytest.raises(GeometryError, match="no road is near"):
        measure_remoteness(
            network, shapely.Point(grid.left + 100, grid.top - 100), ground, kmh=KMH, snap_m=10
        )
