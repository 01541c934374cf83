"""Circles along roads: rings, minutes and verdicts on a network small enough to work out by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.engine.geodesy import area_m2, distance_m
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import Mode, Network
from spatial.engine.travel.roads import draw_links
from spatial.plan.contract import contract_of
from spatial.plan.records import Circle, Roads
from spatial.plan.rules import read_rules
from spatial.themes.access.arrivals import circle_journeys
from spatial.themes.access.circles import circle_reaches, circle_rings, circle_straight_lines, commute_circles
from spatial.themes.access.coverage import circle_coverage, coverage_grounds
from spatial.themes.access.margins import circle_margins, circle_targets
from spatial.themes.access.promises import circle_promises
from spatial.themes.access.residents import population_problem, residents
from spatial.themes.access.tallies import coverage_scale

# A road of 0.1° east from the middle, a turning north halfway, and an island of road far in the north.
LON = [112.5, 112.55, 112.6, 112.55, 112.55, 112.56]
LAT = [35.1, 35.1, 35.1, 35.14, 35.25, 35.25]
LINKS = [[0, 1], [1, 2], [1, 3], [4, 5]]
LAND = shapely.box(112.0, 34.9, 113.0, 35.3)
TERRITORY = gpd.GeoDataFrame({"id": ["territory"]}, geometry=[LAND], crs=4490)
ROADS = Roads.model_validate(
    {"source": "roads", "snap": "500 m", "off_road_speed": "6 km/h", "off_road": "200 m"}
)
SEATS = {
    "甲镇": (112.55, 35.1),
    "乙镇": (112.6, 35.1),
    "丙镇": (112.55, 35.14),
    "丁镇": (112.3, 35.2),
    "戊镇": (112.5, 35.1),
}
CORE = shapely.box(112.48, 35.09, 112.51, 35.11)
STRUCTURE = gpd.GeoDataFrame(
    {"id": ["core", "axis", "near"], "name": ["核", "轴", "点"], "name_en": ["Core", "Axis", "Dot"], "kind": ["core", "axis", "point"]},
    geometry=[CORE, shapely.LineString([(112.5, 35.08), (112.5, 35.12)]), shapely.Point(112.55, 35.1005)],
    crs=4490,
)  # fmt: skip
KM = {
    name: float(distance_m(np.array([shapely.Point(LON[1], LAT[1])]), shapely.Point(spot))[0]) / 1000
    for name, spot in SEATS.items()
}


@pytest.fixture(scope="module")
def networks() -> dict[Mode, Network]:
    table = draw_links(LON, LAT, LINKS, mode="drive")
    return {"drive": build_network(table, crs="EPSG:4546", speeds={"other": 60})}


def towns() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "id": [f"town-{n}" for n in range(len(SEATS))],
            "name": list(SEATS),
            "name_en": "",
            "tags": ["a", "a", "a", "far", "a"],
            "people": np.array([10.0, 20, 30, 40, 50]),
            "accuracy_m": [0.0, 500, 0, 0, 0],
        },
        geometry=[shapely.Point(seat) for seat in SEATS.values()],
        crs=4490,
    )


def circle(**keys: Any) -> Circle:
    base = {
        "id": "c",
        "name": "圈",
        "from": "middle",
        "time": "6 min",
        "method": "network",
        "speed": "60 km/h",
    }
    return Circle.model_validate(base | {"detour": 1} | keys)


class World:
    """All that is made of some circles."""

    def __init__(self, networks: dict[Mode, Network], *specs: Circle, roads: Roads | None = ROADS) -> None:
        gazetteer = {"middle": (112.5, 35.1), "wild": (112.2, 35.0)}
        self.specs = specs
        self.reaches = circle_reaches(specs, read_rules("commute"), STRUCTURE, gazetteer, TERRITORY)
        self.journeys = circle_journeys(specs, self.reaches, roads, networks)
        self.rings = circle_rings(specs, self.reaches, self.journeys, networks)
        self.margins = circle_margins(
            circle_specs=specs,
            circle_reaches=self.reaches,
            circle_journeys=self.journeys,
            circle_targets=circle_targets(towns(), STRUCTURE),
            road_networks=networks,
            road_spec=roads,
        )
        straight = circle_straight_lines(specs, self.reaches, self.rings)
        self.circles = commute_circles(specs, self.reaches, self.rings, straight, TERRITORY)
        problem = population_problem(None, {}, towns())
        self.coverage = circle_coverage(
            circle_specs=specs,
            circle_rings=self.rings,
            circle_promises=circle_promises(specs, STRUCTURE, towns(), TERRITORY),
            coverage_scale=coverage_scale(
                self.margins, residents(None, {}, towns(), problem), problem, towns(), ()
            ),
            coverage_grounds=coverage_grounds(TERRITORY, TERRITORY.iloc[:0], towns()),
        ).set_index("id")
        for made, function in (
            (self.circles, commute_circles),
            (self.coverage.reset_index(), circle_coverage),
        ):
            contract = contract_of(function)
            assert contract is not None
            contract.schema("layer").validate(made, lazy=True)

    def minutes(self) -> pd.Series:
        return self.margins.set_index("target")["minutes"]


def test_minutes_are_those_along_the_road(networks: dict[Mode, Network]) -> None:
    world = World(networks, circle())
    start = KM["戊镇"]
    by_hand = [start, start + KM["乙镇"], start + KM["丙镇"], np.nan, 0.0]
    assert world.minutes()[[f"town-{n}" for n in range(5)]].to_numpy() == pytest.approx(
        by_hand, abs=2e-3, nan_ok=True
    )
    off_m = float(distance_m(np.array([shapely.Point(112.55, 35.1005)]), shapely.Point(112.55, 35.1))[0])
    # The point lies beside the road north, which is nearer than the way along it at walking pace.
    assert world.minutes()["near"] == pytest.approx(start + off_m / 1000, abs=2e-3)


def test_states_tell_inside_beyond_and_not_joined(networks: dict[Mode, Network]) -> None:
    margins = World(networks, circle()).margins.set_index("target")
    states = margins["state"][[f"town-{n}" for n in range(5)]].tolist()
    assert states == ["inside", "beyond", "beyond", "unsnapped", "inside"]
    assert margins["margin_m"].isna().all()
    assert margins["accuracy_min"]["town-1"] == pytest.approx(0.5, rel=1e-3)
    assert margins["offset_m"]["town-3"] > 10_000


def test_outsiders_are_named_with_their_minutes(networks: dict[Mode, Network]) -> None:
    row = World(networks, circle(must_reach="towns[tag=a]", share=0.5)).coverage.loc["c-promise-towns"]
    assert (row["inside"], row["total"], row["verdict"], row["method"]) == (2, 4, "kept", "network")
    start = KM["戊镇"]
    third, second = start + KM["丙镇"], start + KM["乙镇"]
    assert (
        row["outside"]
        == f"丙镇 {third:.1f} min (+{third - 6:.1f})、乙镇 {second:.1f} min (+{second - 6:.1f})"
    )


@pytest.mark.parametrize(("share", "verdict"), [(0.4, "kept"), (0.5, "undecidable"), (0.8, "broken")])
def test_a_town_that_no_road_is_near_to_is_neither_in_nor_out(
    networks: dict[Mode, Network], share: float, verdict: str
) -> None:
    row = World(networks, circle(must_reach="towns", share=share)).coverage.loc["c-promise-towns"]
    assert row["verdict"] == verdict
    assert "丁镇 附近无道路 no road near" in row["outside"]
    assert row["share"] == pytest.approx(0.4)


def test_people_hang_on_towns_that_are_joined(networks: dict[Mode, Network]) -> None:
    coverage = World(networks, circle(must_reach="towns[tag=a]"), circle(id="d", must_reach="towns")).coverage
    assert coverage.loc["c-promise-people", ["inside", "total"]].tolist() == [60, 110]
    assert "d-promise-people" not in coverage.index


def test_the_ring_follows_the_road_and_stands_beside_the_straight_line(networks: dict[Mode, Network]) -> None:
    circles = World(networks, circle()).circles.set_index("form")
    assert circles.index.tolist() == ["cumulative", "band", "beside"]
    ring = circles.geometry["cumulative"]
    along = KM["戊镇"]
    reached, beyond = ring.covers(shapely.Point(112.545, 35.1)), ring.covers(shapely.Point(112.59, 35.1))
    assert (reached, beyond) == (True, False)
    assert along < 6  # the turning is passed, so some of the road north belongs too
    assert ring.covers(shapely.Point(112.55, 35.105))
    assert circles["method"].tolist() == ["network", "network", "buffer"]
    assert circles["radius_m"].isna().tolist() == [True, True, False]
    assert circles["radius_m"]["beside"] == pytest.approx(6000)
    ratio = circles["area_km2"]["beside"] / circles["area_km2"]["cumulative"]
    assert circles["overclaim"]["cumulative"] == pytest.approx(ratio)
    assert ratio > 10
    assert circles["overclaim"][["band", "beside"]].isna().all()


def test_rings_nest_and_do_not_depend_on_what_else_is_asked(networks: dict[Mode, Network]) -> None:
    times = [circle(id="a", time="3 min"), circle(id="b", time="6 min"), circle(id="c", time="9 min")]
    together = World(networks, *times).rings.geometry
    for inner, outer in pairwise(together):
        assert area_m2([shapely.difference(inner, outer)])[0] < 1e-3
    for spec, ring in zip(times, together, strict=True):
        assert World(networks, spec).rings.geometry[0].equals(ring)


def test_from_an_area_its_edge_is_where_the_clock_starts(networks: dict[Mode, Network]) -> None:
    world = World(networks, circle(**{"from": "core"}))
    saved_km = (
        float(distance_m(np.array([shapely.Point(112.51, 35.1)]), shapely.Point(112.5, 35.1))[0]) / 1000
    )
    assert world.minutes()["town-0"] == pytest.approx(KM["戊镇"] - saved_km, abs=5e-3)
    assert world.minutes()["town-4"] == 0
    assert (
        area_m2([shapely.difference(CORE, world.rings.geometry[0])])[0] < 5.0
    )  # edges straight in degrees or in metres


def test_a_line_is_an_area_too(networks: dict[Mode, Network]) -> None:
    world = World(networks, circle(**{"from": "axis"}))
    assert world.journeys["c"].problem == ""
    assert world.minutes()["town-0"] == pytest.approx(KM["戊镇"], abs=0.02)


@pytest.mark.parametrize(
    ("keys", "roads", "problem"),
    [
        ({}, None, "method_unavailable"),
        ({"mode": "bus"}, ROADS, "method_unavailable"),
        ({"method": "surface"}, ROADS, "no_terrain"),
        ({"mode": "walk"}, ROADS, "no_network"),
        ({"from": "nowhere"}, ROADS, "unknown_origin"),
        ({"from": "wild"}, ROADS, "off_network"),
    ],
)
def test_what_cannot_be_measured_is_left_out_with_the_reason(
    networks: dict[Mode, Network], keys: dict[str, str], roads: Roads | None, problem: str
) -> None:
    world = World(networks, circle(must_reach="towns", **keys), roads=roads)
    assert world.rings["problem"].tolist() == [problem]
    assert world.circles.empty  # nor is it replaced by a buffer
    assert (world.coverage["verdict"] == "undecidable").all()
    assert (world.margins["state"] == "unknown").all()
    assert world.coverage["outside"].str.contains(" · ").all()


@pytest.mark.parametrize(
    ("off_road", "cell_m"), [(None, 25), ("100 m", 25), ("1 km", 25), ("2 km", 50), ("2300 m", 62.5)]
)
def test_the_cell_follows_the_reach_off_the_road(
    networks: dict[Mode, Network], off_road: str | None, cell_m: float
) -> None:
    keys = {"off_road": off_road} if off_road else {}
    rules = (
        World(networks, circle(), roads=Roads.model_validate({"source": "roads", **keys})).journeys["c"].rules
    )
    assert rules.cell_m == cell_m
