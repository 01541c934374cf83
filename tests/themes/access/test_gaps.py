"""Gaps: the remedy that one sees on the map is found, its effect is that of a network built with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2
from spatial.engine.rings.isochrones import RingRules
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.departures import index_open_roads, leave_points
from spatial.engine.travel.journeys import Journey
from spatial.engine.travel.network import Mode, Network
from spatial.engine.travel.roads import draw_links
from spatial.plan.contract import contract_of
from spatial.plan.records import Circle, Roads
from spatial.plan.rules import read_rules
from spatial.themes.access.gaps import gap_aims, gap_counts, gap_means, gap_searches, gaps
from spatial.themes.access.remedies import Aim, Means, Remedy, _choose_distinct, _Trial

CRS = "EPSG:4546"
# A horseshoe: east along the south, north, back west along the north; the towns lie on its northern arm.
LON = np.concatenate([112.5 + 0.01 * np.arange(6), [112.55], 112.55 - 0.01 * np.arange(1, 6)])
LAT = np.concatenate([np.full(6, 35.1), [35.11], np.full(5, 35.11)])
LINKS = np.stack([np.arange(11), np.arange(1, 12)], axis=1)
SPEEDS = {"unclassified": 30.0, "tertiary": 40.0, "secondary": 50.0, "primary": 60.0}
MEANS = Means(SPEEDS | {"trunk": 80.0, "track": 10.0}, "tertiary", 1500.0, 300.0)
RULES = RingRules(off_road_m=200, off_road_kmh=6, cell_m=25)
TOWNS = np.array([shapely.Point(112.5 + 0.01 * n, 35.11) for n in range(3)], dtype=object)


def horseshoe(*links: tuple[int, int], south: str = "tertiary") -> Network:
    rows = np.concatenate([LINKS, np.array(links, dtype=int).reshape(-1, 2)])
    table = draw_links(LON, LAT, rows, mode="drive")
    table.class_[:] = [south if n < 5 else "unclassified" if n == 5 else "tertiary" for n in range(len(rows))]
    table.name[:] = ["北岸路" if n >= 6 else "南岸路" for n in range(len(rows))]
    return build_network(table, crs=CRS, speeds=SPEEDS)


def set_out(network: Network) -> Journey:
    start = shapely.get_coordinates(
        transform_shapes(np.array([shapely.Point(112.5, 35.1)]), "EPSG:4490", CRS)
    )
    departure = leave_points(network, start, index_open_roads(network), snap_m=100, off_road_kmh=6)
    return Journey("", departure, departure.sweep(network), RULES)


def circle(**keys: Any) -> Circle:
    base = {
        "id": "c",
        "name": {"zh": "圈", "en": "Ring"},
        "from": "middle",
        "time": "5 min",
        "method": "network",
    }
    return Circle.model_validate(base | {"must_reach": "towns"} | keys)


def aim(spec: Circle, **keys: Any) -> Aim:
    nobody = np.empty(0, dtype=object)
    base = {"places": TOWNS, "names": np.array(["甲", "乙", "丙"], dtype=object), "people": np.full(3, np.nan),
            "land": None, "homes": nobody, "residents": np.empty(0)}  # fmt: skip
    return Aim(circle=spec, **(base | keys))


def search(one: Aim, network: Network, means: Means = MEANS) -> tuple[pd.DataFrame, dict[str, int]]:
    found = gap_searches({"c": one}, {"drive": means}, {"c": set_out(network)}, {"drive": network})
    frame = gaps({"c": one}, found)
    contract = contract_of(gaps)
    assert contract is not None
    contract.schema("gaps").validate(frame, lazy=True)
    assert frame.crs.to_epsg() == 4490
    return frame, gap_counts(found)


def minutes(network: Network, places: np.ndarray = TOWNS) -> np.ndarray:
    xy = shapely.get_coordinates(transform_shapes(places, "EPSG:4490", CRS))
    return set_out(network).visit(network, xy, index_open_roads(network), 300).seconds / 60


def test_the_link_across_the_mouth_is_found_and_its_effect_is_exact() -> None:
    network = horseshoe()
    assert (minutes(network) > 5).all()
    frame, tried = search(aim(circle()), network)
    best = frame.iloc[0]
    assert (best["kind"], best["verdict_after"], best["newly"]) == ("link", "kept", "甲、乙、丙")
    assert (best["share_before"], best["share_after"], best["gain"], best["gain_unit"]) == (0, 1, 3, "places")
    assert best["length_km"] == pytest.approx(1.109, abs=0.02)
    assert best["gain_per_km"] == pytest.approx(3 / best["length_km"])
    assert tried["c"] >= len(frame)
    built = horseshoe((0, 11))
    assert (minutes(built) <= 5).all()
    first = best["geometry"]
    assert {tuple(np.round(xy, 4)) for xy in first.coords} == {(112.5, 35.1), (112.5, 35.11)}


def test_remedies_are_ranked_by_what_a_kilometre_brings() -> None:
    frame, _ = search(aim(circle(time="7 min")), horseshoe())
    assert frame["rank"].tolist() == list(range(1, len(frame) + 1))
    assert (np.diff(frame["gain_per_km"]) <= 0).all()
    assert (frame["gain"] > 0).all()
    assert len(frame) <= 5


def test_works_shorter_than_the_least_length_rank_as_if_they_had_it() -> None:
    one, network = aim(circle(time="7 min")), horseshoe()
    long = replace(MEANS, least_m=50_000.0)
    frame, _ = search(one, network, long)
    assert (np.diff(frame["gain"]) <= 0).all()  # all rank as if they were equally long
    assert frame["gain_per_km"].tolist() == pytest.approx((frame["gain"] / frame["length_km"]).tolist())


def test_no_road_stands_in_more_than_two_trials() -> None:
    line = shapely.LineString([(0, 0), (1, 0)])
    trials = [
        _Trial(Remedy("upgrade", tuple(range(count)), "", "", "primary", 1.0, 50.0, line), horseshoe)
        for count in range(1, 6)
    ]
    assert [len(trial.remedy.roads) for trial in _choose_distinct(trials)] == [1, 2]


def test_a_link_longer_than_the_plan_allows_is_not_proposed() -> None:
    frame, _ = search(aim(circle()), horseshoe(), replace(MEANS, reach_m=1000.0))
    assert not (frame["kind"] == "link").any()


def test_raising_the_roads_under_way_has_the_effect_of_better_roads() -> None:
    network = horseshoe()
    far = minutes(network)[2]  # the eastern one of the towns, reached first
    limit = far * 0.95
    only = aim(
        circle(time=f"{limit:.4f} min"),
        places=TOWNS[2:],
        names=np.array(["丙"], dtype=object),
        people=np.full(1, np.nan),
    )
    frame, _ = search(only, network, replace(MEANS, reach_m=100.0))
    raised = frame[frame["kind"] == "upgrade"].iloc[0]
    assert (raised["from_class"], raised["to_class"], raised["speed_kmh"]) == ("tertiary", "secondary", 50)
    assert (raised["verdict_after"], raised["newly"]) == ("kept", "丙")
    assert minutes(horseshoe(south="secondary"), TOWNS[2:])[0] < limit or "北岸路" in raised["name"]


def test_people_count_where_they_are_known() -> None:
    frame, _ = search(aim(circle(), people=np.array([100.0, 200, 300])), horseshoe())
    assert frame["gain_unit"].unique().tolist() == ["people"]
    assert frame["gain"].max() == 600


def test_land_is_counted_in_km2_or_by_those_who_live_there() -> None:
    land = shapely.box(112.495, 35.105, 112.53, 35.115)
    empty = {"places": TOWNS[:0], "names": np.empty(0, object), "people": np.empty(0), "land": land}
    frame, _ = search(aim(circle(must_reach="north"), **empty), horseshoe())
    best = frame.iloc[0]
    assert (best["kind"], best["gain_unit"], best["newly"]) == ("link", "km2", "")
    total = area_m2([land])[0] / 1e6
    assert best["gain"] == pytest.approx((best["share_after"] - best["share_before"]) * total, rel=1e-6)
    built = horseshoe((0, 11))
    ring = set_out(built).rings(built, [5])[0]
    truth = area_m2([shapely.intersection(ring, land)])[0] / 1e6
    assert best["share_after"] * total == pytest.approx(truth, rel=0.02)
    homes = {"homes": TOWNS, "residents": np.array([1.0, 2, 4])}
    frame, _ = search(aim(circle(must_reach="north"), **empty, **homes), horseshoe())
    assert frame["gain_unit"].iloc[0] == "people"
    assert frame["gain"].max() == 7


def test_where_nothing_helps_nothing_is_listed() -> None:
    frame, tried = search(aim(circle(time="1 min")), horseshoe(), replace(MEANS, reach_m=100.0))
    assert frame.empty
    assert tried["c"] > 0
    assert frame.columns.tolist()[:3] == ["id", "name", "name_en"]


def verdicts(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["circle", "method", "verdict", "flip_factor"])
    return frame.astype({"flip_factor": float})


def test_only_promises_in_trouble_are_looked_at() -> None:
    specs = tuple(circle(id=name) for name in "abcde")
    table = verdicts(
        ("a", "network", "broken", np.nan),
        ("b", "network", "kept", 0.95),
        ("c", "network", "kept", 0.5),
        ("d", "buffer", "broken", 1.1),
        ("e", "network", "undecidable", np.nan),
    )
    targets = gpd.GeoDataFrame(
        {"target": ["t1", "t2"], "name": ["甲", "乙"]},
        geometry=[shapely.Point(112.5, 35), shapely.Point(112.6, 35)],
        crs=4490,
    )
    aims = gpd.GeoDataFrame(
        {"circle": list("abcde"), "targets": ["t1,t2", "t2", "t1", "t1", "t1"]}, geometry=[None] * 5, crs=4490
    )
    found = gap_aims(
        circle_specs=specs,
        circle_promises=aims,
        promises=table,
        circle_targets=targets,
        towns=pd.DataFrame({"id": ["t1"], "people": [5.0]}),
        residents=gpd.GeoDataFrame({"people": []}, geometry=[], crs=4490),
    )
    assert list(found) == ["a", "b"]
    assert found["a"].names.tolist() == ["甲", "乙"]
    assert found["a"].people[0] == 5
    assert found["a"].unit == "places"  # the people of one town are not known
    land = aims.assign(geometry=gpd.GeoSeries([shapely.box(112.4, 34.9, 112.55, 35.1)] * 5, crs=4490))
    people = gpd.GeoDataFrame({"people": [7.0, 9.0]}, geometry=targets.geometry.to_numpy(), crs=4490)
    of_land = gap_aims(
        circle_specs=specs,
        circle_promises=land,
        promises=table,
        circle_targets=targets,
        towns=pd.DataFrame({"id": ["t1"], "people": [5.0]}),
        residents=people,
    )
    assert of_land["a"].residents.tolist() == [7.0]
    assert of_land["a"].unit == "people"


def test_speeds_are_the_plans_before_those_of_the_table() -> None:
    spec = Roads.model_validate(
        {"source": "roads", "gap": "2 km", "snap": "300 m",
         "speeds": {"primary": "66 km/h", "drive.primary": "77 km/h", "secondary": "44 km/h"}}
    )  # fmt: skip
    means: dict[Mode, Means] = gap_means(spec, read_rules("speeds"), read_rules("commute"))
    assert (means["drive"].kmh["primary"], means["walk"].kmh["primary"]) == (77, 66)
    assert means["drive"].kmh["secondary"] == 44
    assert means["drive"].kmh["trunk"] == float(read_rules("speeds").value("drive.trunk"))
    assert (means["drive"].reach_m, means["drive"].snap_m, means["walk"].link_class) == (2000, 300, "footway")
    assert gap_means(None, read_rules("speeds"), read_rules("commute")) == {}
