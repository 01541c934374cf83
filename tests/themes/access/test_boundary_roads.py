"""Boundary roads: a small town worked out by hand, and a real network with crossing roads taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pydantic import ValidationError

from spatial.checks.boundary_roads import boundary_findings
from spatial.engine.crs import transform_shapes
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.borders import find_borders, find_crossings, group_near
from spatial.engine.travel.links import Spot, add_link
from spatial.engine.travel.network import Network
from spatial.engine.travel.roads import draw_links
from spatial.plan.contract import contract_of
from spatial.plan.parts.boundary_roads import BoundaryRoads
from spatial.plan.records import Roads
from spatial.plan.rules import read_rules
from spatial.themes.access import boundary_roads as theme
from spatial.themes.access.boundary_trials import Trial

CRS = "EPSG:4546"
RULES, SPEEDS = read_rules("boundary_roads"), read_rules("speeds")
NOBODY = gpd.GeoDataFrame({"people": []}, geometry=[], crs="EPSG:4490")


def survey(network: Network, units: gpd.GeoDataFrame, **given: Any) -> dict[str, Any]:
    """Run all nodes of the theme as the pipeline does, and hold the layers to their contracts."""
    rules = RULES.override(given.pop("rules", {}))
    residents, frames = given.pop("residents", NOBODY), {"units": units} | given.pop("frames", {})
    spec = BoundaryRoads.model_validate({"districts": "units"} | given)
    areas = theme.boundary_units(spec, frames, NOBODY)
    borders = theme.boundary_borders(areas, network.crs, rules)
    ground = theme.boundary_ground(
        boundary_road_spec=spec, road_networks={"drive": network}, road_spec=Roads(source="roads"),
        speed_rules=SPEEDS, boundary_road_rules=rules,
    )  # fmt: skip
    problem = theme.boundary_job_problem(spec, frames)
    places = theme.boundary_places(
        boundary_road_spec=spec, boundary_ground=ground, boundary_borders=borders, boundary_units=areas,
        residents=residents, towns=NOBODY, source_frames=frames, boundary_job_problem=problem,
    )  # fmt: skip
    surveys = theme.boundary_surveys(ground, borders)
    gains = theme.boundary_gains(ground, places, surveys, rules)
    roads = theme.boundary_roads(gains, places, areas, NOBODY, network.crs)
    joints = theme.boundary_joints(
        boundary_surveys=surveys, boundary_units=areas, boundary_roads=roads, boundary_road_spec=spec,
        boundary_ground=ground, metric_crs=network.crs,
    )  # fmt: skip
    for function, frame in ((theme.boundary_roads, roads), (theme.boundary_joints, joints)):
        contract = contract_of(function)
        assert contract is not None
        contract.schema("layer").validate(frame)
    found = boundary_findings(spec, joints, roads, theme.boundary_left(gains), problem)
    return {
        "roads": roads,
        "joints": joints,
        "findings": found,
        "ground": ground,
        "places": places,
        "borders": borders,
    }


# Two towns of one street each, cut at the border; 2 km to the north a secondary road joins them.
LON = np.array([112.50, 112.52, 112.5225, 112.5275, 112.53, 112.55])
NORTH, SOUTH = 35.118, 35.10
UNITS = {"西区": shapely.box(112.4, 35.0, 112.525, 35.2), "东区": shapely.box(112.525, 35.0, 112.6, 35.2)}
SINE = np.sin(np.radians(SOUTH))
DEGREE_M = 6_378_137 * np.radians(1) * np.cos(np.radians(SOUTH)) / (1 - 0.006694380 * SINE**2) ** 0.5
"""Of longitude, on the ellipsoid."""
HOMES = {112.515: 100.0, 112.535: 300.0}


def towns(street: str = "tertiary") -> tuple[Network, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    lon, lat = np.concatenate([LON, LON]), np.concatenate([np.full(6, SOUTH), np.full(6, NORTH)])
    links = [(0, 1), (1, 2), (3, 4), (4, 5), (0, 6), (5, 11), *((k, k + 1) for k in range(6, 11))]
    table = draw_links(lon, lat, links, mode="drive")
    table.class_[:] = [street] * 4 + ["secondary"] * 7
    table.name[:] = ["幸福路"] * 4 + ["环路"] * 7
    network = build_network(table, crs=CRS, speeds={"tertiary": 30.0, "secondary": 40.0, "service": 15.0})
    units = gpd.GeoDataFrame(
        {"id": list(UNITS), "name": list(UNITS)}, geometry=list(UNITS.values()), crs="EPSG:4490"
    )
    homes = gpd.GeoDataFrame(
        {"people": list(HOMES.values())}, geometry=shapely.points(list(HOMES), SOUTH), crs="EPSG:4490"
    )
    return network, units, homes


def test_two_ends_that_face_each_other_are_joined_with_the_minutes_worked_out_by_hand() -> None:
    network, units, homes = towns()
    made = survey(network, units, residents=homes)
    best = made["roads"].iloc[0]
    assert (best["kind"], best["name"], best["to_class"]) == ("dead_ends", "打通 幸福路", "tertiary")
    degree_m = DEGREE_M
    assert best["length_m"] == pytest.approx(0.005 * degree_m, rel=1e-3)
    straight_min = 0.02 * degree_m * 3.6 / 30 / 60
    round_m = 0.05 * degree_m + 2 * 0.018 * 110_940
    around_min = round_m * 3.6 / 40 / 60 + 0.03 * degree_m * 3.6 / 30 / 60
    assert best["before_min"] == pytest.approx(around_min, rel=2e-3)
    assert best["after_min"] == pytest.approx(straight_min, rel=2e-3)
    assert best["person_minutes"] == pytest.approx(400 * (around_min - straight_min), rel=2e-3)
    assert (best["people"], best["helped"], best["jobs"]) == (400, 400, 0)
    joint = made["joints"].iloc[0]
    assert (joint["crossings"], joint["trunk_links"], joint["dead_ends"]) == (1, 1, 1)
    assert (joint["verdict"], joint["best"]) == ("weak", "打通 幸福路")
    assert [one.rule for one in made["findings"]] == ["boundary_roads.weak", "boundary_roads.best"]


def test_what_is_gained_is_what_a_network_built_with_the_link_has() -> None:
    network, units, homes = towns()
    one, other = (int(np.argmin(np.abs(network.node_xy - spot).sum(axis=1))) for spot in _ends(network))
    road = [int(np.flatnonzero((network.road_nodes == node).any(axis=1))[0]) for node in (one, other)]
    spots = [
        Spot(r, float(network.road_nodes[r, 1] == node)) for r, node in zip(road, (one, other), strict=True)
    ]
    built = add_link(network, spots[0], spots[1], kmh=30.0, class_="tertiary")
    before = survey(network, units, residents=homes)["roads"].iloc[0]
    after = survey(built, units, residents=homes)
    assert not len(after["roads"]) or after["roads"]["before_min"].iloc[0] == pytest.approx(
        before["after_min"], rel=1e-3
    )
    assert after["joints"]["crossings"].tolist() == [2]
    assert after["joints"]["dead_ends"].tolist() == [0]


def _ends(network: Network) -> np.ndarray:
    points = shapely.points([[LON[2], SOUTH], [LON[3], SOUTH]])
    return shapely.get_coordinates(transform_shapes(points, "EPSG:4490", network.crs))


def test_jobs_count_as_goals_and_ends_beyond_reach_or_of_lanes_do_not() -> None:
    network, units, homes = towns()
    jobs = gpd.GeoDataFrame(
        {"id": ["w"], "name": ["园"], "jobs": [50]}, geometry=[shapely.Point(112.54, SOUTH)], crs="EPSG:4490"
    )
    made = survey(network, units, residents=homes, frames={"work": jobs}, jobs="work")
    assert made["roads"].iloc[0]["jobs"] == 50
    wrong = survey(network, units, residents=homes, frames={"work": jobs.assign(jobs=-1)}, jobs="work")
    assert "boundary_roads.jobs" in [one.rule for one in wrong["findings"]]
    assert (wrong["roads"]["jobs"] == 0).all()
    assert "dead_ends" not in set(survey(network, units, residents=homes, within="200 m")["roads"]["kind"])
    lanes, units, homes = towns("service")
    assert "dead_ends" not in set(survey(lanes, units, residents=homes)["roads"]["kind"])


def test_a_road_that_goes_on_in_a_lower_class_is_raised() -> None:
    lon = np.array([112.50, 112.52, 112.54, 112.56])
    table = draw_links(lon, np.full(4, SOUTH), [(0, 1), (1, 2), (2, 3)], mode="drive")
    table.class_[:] = ["primary", "tertiary", "tertiary"]
    network = build_network(table, crs=CRS, speeds={"primary": 60.0, "tertiary": 30.0})
    _, units, homes = towns()
    made = survey(network, units, residents=homes, within="3 km")
    drop = made["roads"].set_index("kind").loc["class_drop"]
    assert (drop["from_class"], drop["to_class"]) == ("tertiary", "primary")
    assert drop["length_m"] == pytest.approx(0.04 * DEGREE_M, rel=1e-3)
    # From 112.515 to 112.535: of 0.015 on the slower road half the time is saved.
    assert drop["minutes_saved"] == pytest.approx(0.015 * DEGREE_M * (1 / 30 - 1 / 60) * 3.6 / 60, rel=0.01)
    assert made["joints"]["class_drops"].tolist() == [1]


def test_districts_that_nothing_joins_and_those_that_are_no_neighbours() -> None:
    table = draw_links(LON[:4], np.full(4, SOUTH), [(0, 1), (1, 2)], mode="drive")
    apart = draw_links(LON, np.full(6, SOUTH), [(0, 1), (1, 2), (3, 4), (4, 5)], mode="drive")
    for one in (table, apart):
        one.class_[:] = "tertiary"
    _, units, homes = towns()
    network = build_network(apart, crs=CRS, speeds={"tertiary": 30.0})
    made = survey(network, units, residents=homes)
    assert made["joints"]["verdict"].tolist() == ["apart"]
    best = made["roads"].iloc[0]
    assert (best["kind"], best["before_min"]) == ("dead_ends", pytest.approx(60))
    far = units.assign(geometry=[units.geometry[0], shapely.box(112.7, 35.0, 112.8, 35.2)])
    none = survey(network, far, residents=homes)
    assert [one.rule for one in none["findings"]] == ["boundary_roads.no_border"]
    assert boundary_findings(None, none["joints"], none["roads"], 0, "") == []


def test_carriageways_are_one_road_and_a_road_along_the_border_is_none() -> None:
    lon = np.array([112.50, 112.55, 112.50, 112.55, 112.5249, 112.5251, 112.5249])
    lat = np.array([35.1, 35.1, 35.1002, 35.1002, 35.11, 35.12, 35.13])
    table = draw_links(lon, lat, [(0, 1), (3, 2), (4, 5), (5, 6), (1, 3), (0, 2), (2, 4)], mode="drive")
    table.class_[:] = "primary"
    network = build_network(table, crs=CRS, speeds={"primary": 60.0})
    _, units, _ = towns()
    made = survey(network, units)
    # Two carriageways, and a road that goes over the border and back again.
    assert made["joints"]["crossings"].tolist() == [3]
    assert made["places"].counted == "cells"


def test_words_of_the_plan() -> None:
    assert BoundaryRoads.model_validate({"within": "300 m"}).within_m == 300
    for wrong in ({"within": "9 km"}, {"trunk_links": 0}, {"district": "units"}):
        with pytest.raises(ValidationError):
            BoundaryRoads.model_validate(wrong)


@dataclass(frozen=True)
class City:
    """A real city and an artificial border through it: easting, and how far it goes from south to north."""

    file: str
    crs: str
    x: float
    south: float
    north: float

    @property
    def sides(self) -> np.ndarray:
        boxes = [(self.x - 2500, self.x), (self.x, self.x + 2500)]
        return np.array([shapely.box(one, self.south, two, self.north) for one, two in boxes], dtype=object)


HEIDELBERG = City("osm/heidelberg.osm.pbf", "EPSG:25832", 477_000.0, 5_465_000, 5_481_000)
PORTO_ALEGRE = City("poa/poa.osm.pbf", "EPSG:31982", 481_500.0, 6_668_000, 6_683_000)
"""The border is where half of the junctions lie on either side, over the whole extract: chosen once, not tuned."""


def _cut(real_data: Path, city: City) -> tuple[Network, gpd.GeoDataFrame, np.ndarray]:
    """Return the network without the crossings, the units, and where roads were cut: between junctions."""
    from spatial.sources.networks import build_mode, open_networks
    from spatial.sources.roads import RoadColumns, node_roads

    net = open_networks(real_data / city.file, ["drive"], crs=city.crs)["drive"]
    sides = city.sides
    box = shapely.union_all(sides)
    lines = net.shapes()
    (border,) = find_borders(sides, 1.0, 10.0)
    found = find_crossings(border, net, lines, shapely.STRtree(lines))
    group = group_near(found.xy, net.road_class[found.road], 60.0)
    room_m = np.minimum(found.share, 1 - found.share) * net.road_m[found.road]
    kept = (np.bincount(group)[group] == 1) & (room_m > 70)
    kept &= np.isin(
        net.road_class[found.road].astype(str), ["residential", "tertiary", "secondary", "primary", "trunk"]
    )
    places, cut = found.xy[kept], found.road[kept]
    gaps = shapely.union_all(shapely.buffer(shapely.points(places), 60.0))
    lines[cut] = shapely.difference(lines[cut], gaps)
    ahead, back = (net.road_seconds < 1e8).T
    roads = gpd.GeoDataFrame(
        {"name": net.road_name.astype(str), "kind": net.road_class.astype(str),
         "oneway": np.where(ahead & back, "no", np.where(ahead, "1", "-1"))},
        geometry=lines, crs=city.crs,
    )[shapely.intersects(lines, box)].explode(ignore_index=True).to_crs(4490)  # fmt: skip
    network = build_mode(
        node_roads(roads, RoadColumns(class_="kind", oneway="oneway")), "drive", crs=city.crs
    )
    names = ["西区", "东区"]
    units = gpd.GeoDataFrame({"id": names, "name": names}, geometry=sides, crs=city.crs).to_crs(4490)
    return network, units, places


def _measure_random(made: dict[str, Any], network: Network, city: City, count: int) -> list[float]:
    """Return what links between random roads on both sides of the border bring."""
    ground, chance = made["ground"], np.random.default_rng(3)
    middles = shapely.get_coordinates(
        shapely.line_interpolate_point(ground.index.lines, 0.5, normalized=True)
    )
    sides = [
        np.flatnonzero((middles[:, 0] > low) & (middles[:, 0] < low + 500)) for low in (city.x - 500, city.x)
    ]
    gains = list[float]()
    while len(gains) < count:
        ends: Sequence[int] = [int(chance.choice(side)) for side in sides]
        line = shapely.LineString(middles[list(ends)])
        if line.length > 1000:
            continue
        spots = [Spot(int(ground.index.roads[end]), 0.5) for end in ends]
        build = partial(add_link, network, spots[0], spots[1], kmh=30.0, class_="tertiary")
        trial = Trial(made["borders"][0], "opening", "", "", "tertiary", line.length, 30.0, line, 0.0, build)
        gains.append(ground.measure(trial, made["places"]).person_minutes)
    return gains


@pytest.mark.parametrize("city", [HEIDELBERG, PORTO_ALEGRE], ids=["heidelberg", "porto-alegre"])
def test_all_crossing_roads_that_were_taken_away_are_found_above_random_links(
    real_data: Path, city: City
) -> None:
    """Hold what was measured on two cities, without tuning, to what was asked: recall 1.0, better than chance.

    Of all pairs of a removed road and a random link, 78 % (Heidelberg) and 77 % (Porto Alegre) go to the removed
    road where cells with roads stand for people; fifteen random links, as few as once were taken here, say 80 and
    72 %. With the people of Porto Alegre's hexagons it is 55 %: where blocks are small a lost street saves nobody
    much, and a random link may be eight times as long.
    """
    network, units, places = _cut(real_data, city)
    assert len(places) >= 8
    made = survey(network, units, rules={"reach.distance": 3000})
    links = made["roads"][made["roads"]["kind"] != "class_drop"].to_crs(city.crs)
    metres = shapely.distance(links.geometry.to_numpy()[:, None], shapely.points(places)[None, :])
    assert (metres.min(axis=0) < 30).all()  # recall 1.0
    found = links["person_minutes"].to_numpy()[metres.argmin(axis=0)]
    chance = np.array(_measure_random(made, network, city, 60))
    more = found[:, None] - chance
    above = (more > 0.005).mean() + (np.abs(more) <= 0.005).mean() / 2
    assert above > 0.75
    assert found.max() > 10 * chance.max()
