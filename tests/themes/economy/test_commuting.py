"""Jobs and homes: zones along one street worked out by hand, and what must hold whatever is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from spatial.checks.commuting import commuting_findings
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import Network
from spatial.engine.travel.roads import draw_links
from spatial.errors import RuleError
from spatial.plan.contract import contract_of
from spatial.plan.findings import Finding
from spatial.plan.parts.commuting import Commuting
from spatial.plan.parts.functional import FunctionalZones
from spatial.plan.records import Roads
from spatial.plan.rules import read_rules
from spatial.themes.economy import commuting as theme
from spatial.themes.economy import commuting_flows as flows
from spatial.themes.economy import commuting_optima as best
from spatial.themes.economy import commuting_trips as trips
from spatial.themes.economy import commuting_zones as zones

CRS = "EPSG:4546"
RULES = read_rules("commuting")
NAMES = ("甲", "乙", "丙")
LON = (112.50, 112.55, 112.62)
LAT = 35.10
KMH = 40.0
SIZE = 0.004


def street(lon: tuple[float, ...] = LON, kmh: float = KMH, links: Any = None) -> Network:
    pairs = links or [(k, k + 1) for k in range(len(lon) - 1)]
    table = draw_links(np.array(lon), np.full(len(lon), LAT), pairs, mode="drive")
    table.class_[:] = "tertiary"
    return build_network(table, crs=CRS, speeds={"tertiary": kmh})


def draw_zones(
    jobs: Any, workers: Any, *, lon: tuple[float, ...] = LON, points: bool = False, names: Any = NAMES
) -> gpd.GeoDataFrame:
    shapes = shapely.points(lon, LAT)
    if not points:
        shapes = np.array([shapely.box(x - SIZE, LAT - SIZE, x + SIZE, LAT + SIZE) for x in lon])
    rows = {"id": [f"z{k}" for k in range(len(lon))], "name": list(names), "source": "cells",
            "illustrative": True, "jobs": jobs, "workers": workers}  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4490")


@dataclass(frozen=True)
class Made:
    """All that the theme makes of a plan."""

    balance: gpd.GeoDataFrame
    bands: pd.DataFrame
    whole: pd.DataFrame
    flows: gpd.GeoDataFrame
    minimal: gpd.GeoDataFrame
    facilities: pd.DataFrame
    minutes: np.ndarray
    findings: list[Finding]

    @property
    def rules(self) -> list[str]:
        return sorted(found.rule for found in self.findings)


def run(
    frame: gpd.GeoDataFrame,
    *,
    flows_table: pd.DataFrame | None = None,
    network: Network | None = None,
    roads: bool = True,
    rules: dict[str, Any] | None = None,
    facilities: gpd.GeoDataFrame | None = None,
    **asked: Any,
) -> Made:
    """Run all nodes as the pipeline does, and hold every layer to its contract."""
    named = {"flows": flows_table, "facilities": facilities}
    keys = {"flows": "trips", "facilities": "places"}
    spec = Commuting.model_validate(
        {"zones": "cells", **{key: keys[key] for key, one in named.items() if one is not None}, **asked}
    )
    frames = {"cells": frame} | ({"places": facilities} if facilities is not None else {})
    table = RULES.override(rules or {})
    made = zones.commuting_zones(spec, None, frames)
    middles = zones.commuting_middles(made, CRS)
    network = (network or street()) if roads else None
    minutes = zones.commuting_minutes(
        commuting_spec=spec, commuting_zones=made, commuting_middles=middles, road_spec=Roads(source="roads"),
        road_networks={"drive": network} if network else {}, commuting_rules=table,
    )  # fmt: skip
    journeys = trips.commuting_trips(spec, {"trips": flows_table} if flows_table is not None else {}, made)
    reach = theme.commuting_reach(made, minutes, table)
    counted = theme.commuting_facilities(spec, made, frames)
    balance = theme.job_balance(
        commuting_zones=made, commuting_minutes=minutes, commuting_reach=reach, commuting_trips=journeys,
        commuting_facilities=counted, commuting_rules=table,
    )  # fmt: skip
    apart = zones.commuting_distances(middles, minutes, table)
    optima = best.commuting_optima(
        commuting_distances=apart,
        commuting_spec=spec, commuting_zones=made, commuting_middles=middles, commuting_minutes=minutes,
        commuting_trips=journeys, commuting_rules=table,
    )  # fmt: skip
    ground = {"commuting_zones": made, "commuting_middles": middles, "commuting_minutes": minutes,
              "commuting_rules": table, "metric_crs": CRS}  # fmt: skip
    whole = flows.commuting(
        commuting_optima=optima, commuting_spec=spec, commuting_minutes=minutes, commuting_distances=apart,
        commuting_trips=journeys, commuting_rules=table,
    )  # fmt: skip
    doubts = trips.commuting_doubts(
        commuting_minutes=minutes, commuting_spec=spec, commuting_trips=journeys, commuting_zones=made, source_frames=frames,
        commuting_rules=table,
    )  # fmt: skip
    findings = commuting_findings(
        commuting_spec=spec, commuting_zones=made, commuting_doubts=doubts,
        commuting_problem=zones.commuting_problem(minutes), job_balance=balance, commuting=whole,
        commuting_rules=table,
    )  # fmt: skip
    result = Made(
        balance, theme.job_bands(made, reach, table), whole,
        flows.commute_flows(commuting_trips=journeys, **ground),
        flows.minimal_flows(commuting_optima=optima, **ground),
        theme.zone_facilities(made, counted), minutes.between, findings,
    )  # fmt: skip
    layers = (
        (theme.job_balance, result.balance), (theme.job_bands, result.bands), (flows.commuting, whole),
        (flows.commute_flows, result.flows), (flows.minimal_flows, result.minimal),
        (theme.zone_facilities, result.facilities),
    )  # fmt: skip
    for function, layer in layers:
        contract = contract_of(function)
        assert contract is not None
        contract.schema(function.__name__).validate(layer)
    return result


def trip_table(rows: list[tuple[Any, Any, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["from", "to", "people"])
    table.index = pd.RangeIndex(2, len(rows) + 2)
    return table


SINE = np.sin(np.radians(LAT))
DEGREE_M = 6_378_137 * np.radians(1) * np.cos(np.radians(LAT)) / (1 - 0.006694380 * SINE**2) ** 0.5
"""Of longitude, on the ellipsoid."""
BALANCED = [("甲", "甲", 100), ("乙", "乙", 200), ("丙", "丙", 50)]


def between(one: int, other: int) -> float:
    return float(abs(LON[one] - LON[other]) * DEGREE_M * 0.06 / KMH)


def test_minutes_and_bands_are_those_worked_out_by_hand() -> None:
    made = run(draw_zones([300, 100, 0], [100, 200, 100]))
    area_m2 = 2 * SIZE * DEGREE_M * 2 * SIZE * 110_940
    inner = np.sqrt(area_m2 / np.pi) * 0.905 * 1.3 * 0.06 / 25
    assert made.balance["within_min"].to_numpy() == pytest.approx([inner] * 3, rel=1e-3)
    assert made.minutes[0, 1] == pytest.approx(between(0, 1), rel=2e-3)
    assert made.minutes[0, 2] == pytest.approx(between(0, 2), rel=2e-3)
    assert np.diag(made.minutes) == pytest.approx([inner] * 3, rel=1e-3)
    assert (between(0, 1) > 5, between(1, 2) < 10, 10 < between(0, 2) < 30) == (True, True, True)
    table = made.bands.pivot(index="name", columns="time_min", values=["jobs", "workers"])
    assert table["jobs"].loc["甲"].tolist() == [300, 400, 400, 400]
    assert table["workers"].loc["乙"].tolist() == [200, 400, 400, 400]
    assert table["jobs"].loc["丙"].tolist() == [0, 100, 100, 400]
    row = made.balance.set_index("name")
    assert row["ratio"].to_dict() == {"甲": 3.0, "乙": 0.5, "丙": 0.0}
    assert row["balance"].to_dict() == {"甲": "workplace", "乙": "homes", "丙": "no_jobs"}
    assert row["balanced_band"].to_dict() == {"甲": "30", "乙": "10", "丙": "30"}
    assert row["jobs_per_worker"].to_numpy() == pytest.approx([1, 1, 1])
    assert row["jobs_share"].tolist() == [1, 1, 1]
    assert row["internal"].isna().all()
    assert row["facilities"].isna().all()


def test_the_least_the_random_and_the_greatest_commute_are_those_worked_out_by_hand() -> None:
    table = trip_table([("甲", "丙", 100), ("乙", "甲", 150), ("乙", "乙", 50), ("丙", "甲", 100)])
    made = run(draw_zones([250, 50, 100], [100, 200, 100]), flows_table=table)
    ab, bc, ac = between(0, 1), between(1, 2), between(0, 2)
    inner = float(made.balance["within_min"].iloc[0])
    whole = made.whole.set_index("basis")
    now = (100 * ac + 150 * ab + 50 * inner + 100 * ac) / 400
    least = (250 * inner + 150 * ab) / 400  # all in 甲 and 丙 stay, 150 of 乙 go to 甲
    assert whole["present_min"]["flows"] == pytest.approx(now, rel=2e-3)
    assert whole["least_min"].to_numpy() == pytest.approx([least, least], rel=2e-3)
    times = np.array([[inner, ab, ac], [ab, inner, bc], [ac, bc, inner]])
    random = np.array([100, 200, 100]) @ times @ np.array([250, 50, 100]) / 400**2
    assert whole["random_min"]["flows"] == pytest.approx(random, rel=2e-3)
    most = (100 * ac + 100 * ac + 150 * ab + 50 * inner) / 400  # both ends change over; 乙 has no longer way
    assert whole["most_min"]["flows"] == pytest.approx(most, rel=2e-3)
    assert whole["excess_share"]["flows"] == pytest.approx((now - least) / now, rel=1e-2)
    assert whole["potential_share"]["flows"] == pytest.approx(1.0, abs=1e-6)
    assert (whole["tolerable_share"]["flows"], whole["extreme_share"]["flows"]) == (1.0, 0.0)
    assert set(whole["solved"]) == {"exact"}
    inner_km = np.sqrt(4 * SIZE**2 * DEGREE_M * 110_940 / np.pi) * 0.905 / 1000
    ab_km, ac_km = ((LON[k] - LON[0]) * DEGREE_M / 1000 for k in (1, 2))
    assert whole["least_km"]["flows"] == pytest.approx((250 * inner_km + 150 * ab_km) / 400, rel=2e-3)
    now_km = (200 * ac_km + 150 * ab_km + 50 * inner_km) / 400
    assert whole["present_km"]["flows"] == pytest.approx(now_km, rel=2e-3)
    assert whole["near_share"]["flows"] == pytest.approx(200 / 400)
    row = made.balance.set_index("name").loc["乙"]
    assert (row["internal"], row["out_trips"], row["in_trips"]) == (50, 150, 0)
    assert (row["self_containment"], row["self_sufficiency"]) == (0.25, 1.0)
    assert row["independence"] == pytest.approx(50 / 150)
    assert row["mean_min"] == pytest.approx((150 * ab + 50 * inner) / 200, rel=2e-3)
    assert made.flows[["name", "people", "rank"]].to_numpy().tolist() == [
        ["乙→甲", 150, 1], ["甲→丙", 100, 2], ["丙→甲", 100, 3]
    ]  # fmt: skip
    assert made.minimal["name"].tolist() == ["乙→甲"]
    assert made.minimal["people"].tolist() == pytest.approx([150])
    assert made.rules == ["commuting.high", "commuting.low"]


def test_nobody_travels_too_far_where_all_work_at_home() -> None:
    made = run(draw_zones([100, 200, 50], [100, 200, 50]), flows_table=trip_table(BALANCED))
    whole = made.whole.set_index("basis").loc["flows"]
    assert made.balance["ratio"].tolist() == [1, 1, 1]
    assert set(made.bands["ratio"]) == {1.0}
    assert (whole["excess_min"], whole["excess_share"], whole["potential_share"]) == (0, 0, 0)
    assert made.balance["self_containment"].tolist() == [1, 1, 1]
    assert made.balance["independence"].isna().all()
    assert made.flows.empty
    assert made.minimal.empty
    assert made.findings == []


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from([0.0, 0.5]))
def test_the_present_lies_between_the_least_and_the_greatest(seed: int, least: float) -> None:
    random = np.random.default_rng(seed)
    lon = tuple(112.5 + np.cumsum(random.uniform(0.009, 0.05, 6)))
    names = [f"区{k}" for k in range(6)]
    pairs = [(a, b, int(random.integers(1, 90))) for a in names for b in names if random.random() < 0.5]
    frame = draw_zones(random.integers(0, 300, 6), random.integers(0, 300, 6), lon=lon, names=names)
    slow = run(frame, flows_table=trip_table(pairs), network=street(lon), rules={"between.least": least})
    fast = run(
        frame, flows_table=trip_table(pairs), network=street(lon, 60.0), rules={"between.least": least}
    )
    for one in slow.whole.to_dict("records"):
        assert one["least_min"] <= one["random_min"] + 1e-6 <= one["most_min"] + 2e-6
    now = slow.whole.set_index("basis").loc["flows"]
    assert now["least_min"] - 1e-6 <= now["present_min"] <= now["most_min"] + 1e-6
    assert 0 <= now["excess_share"] <= 1
    assert (fast.whole["least_min"] <= slow.whole["least_min"] + 1e-6).all()


def test_a_new_road_never_lengthens_the_least_commute() -> None:
    lon, names = (112.50, 112.56, 112.62, 112.68), ["甲", "乙", "丙", "丁"]
    frame = draw_zones([400, 0, 0, 10], [0, 10, 300, 100], lon=lon, names=names)
    chain = street(lon)
    table = draw_links(np.array(lon), np.full(4, LAT), [(0, 1), (1, 2), (2, 3), (0, 3)], mode="drive")
    table.class_[:] = ["tertiary"] * 3 + ["trunk"]
    linked = build_network(table, crs=CRS, speeds={"tertiary": KMH, "trunk": 100.0})
    before, after = (run(frame, network=one).whole["least_min"].iloc[0] for one in (chain, linked))
    assert after < before


def test_jobs_that_are_more_than_workers_are_scaled_down_and_it_is_said() -> None:
    made = run(draw_zones([300, 100, 100], [100, 100, 50]))
    whole = made.whole.iloc[0]
    assert (whole["people"], whole["difference"], whole["scaled"]) == (250, 250, "jobs")
    inner = float(made.balance["within_min"].iloc[0])
    least = (200 * inner + 50 * between(0, 1)) / 250  # 乙 and 丙 keep 50 jobs each, 甲 150
    assert whole["least_min"] == pytest.approx(least, rel=2e-3)
    (found,) = [one for one in made.findings if one.rule == "commuting.scaled"]
    assert (found.value, found.limit) == (500, 250)
    assert "250" in found.message_zh


def test_zones_that_no_road_reaches_are_left_out_and_their_people_told() -> None:
    lon = (*LON, 113.2)
    frame = draw_zones([100, 100, 100, 40], [100, 100, 100, 60], lon=lon, names=(*NAMES, "丁"))
    made = run(frame)
    row = made.balance.set_index("name").loc["丁"]
    assert (row["reached"], row["band_balance"], row["balanced_band"]) == (False, "unknown", "unreached")
    assert np.isnan(row["band_jobs"])
    assert (made.whole["workers"].iloc[0], made.whole["zones"].iloc[0]) == (300, 3)
    (found,) = [one for one in made.findings if one.rule == "commuting.unreached"]
    assert (found.value, found.feature_id) == (100, "job-zone-0004")
    assert "60" in found.message_zh
    assert "40" in found.message_zh


def test_without_roads_the_ratio_is_told_and_nothing_more() -> None:
    made = run(draw_zones([300, 100, 0], [100, 200, 100]), roads=False)
    assert made.balance["ratio"].tolist() == [3, 0.5, 0]
    assert made.bands.empty
    assert made.whole["least_min"].isna().all()
    assert set(made.whole["solved"]) == {"none"}
    assert "commuting.no_network" in made.rules
    assert "commuting.unreached" not in made.rules
    many = run(draw_zones([1, 1, 1], [1, 1, 1]), rules={"zones.most": 2})
    assert many.rules == ["commuting.too_many"]


def test_counts_that_nobody_can_use_are_errors_and_left_out() -> None:
    made = run(draw_zones([300, -5, None], ["100", "many", 80]))
    wrong = [one for one in made.findings if one.rule == "commuting.count"]
    assert [(one.feature_id, one.severity) for one in wrong] == [
        ("job-zone-0002", "error"), ("job-zone-0003", "error"), ("job-zone-0002", "error")
    ]  # fmt: skip
    assert "-5" in wrong[0].message_en
    assert made.balance["balance"].tolist() == ["workplace", "unknown", "unknown"]
    assert made.whole["zones"].tolist() == [1]
    absent = run(draw_zones([1, 1, 1], [1, 1, 1]), columns={"jobs": "posts"})
    assert [one.rule for one in absent.findings if one.severity == "error"] == ["commuting.no_column"]
    empty = run(draw_zones([0, 0, 0], [1, 1, 1]))
    assert "commuting.no_jobs_at_all" in empty.rules
    assert empty.rules.count("commuting.no_jobs") == 3


def test_flows_are_held_against_zones_names_and_each_other() -> None:
    rows = [("甲", "乙", 50), ("甲", "乙", 50), ("乙", "乙", 30), ("乙", "乙", 20), ("z2", "丙", 100),
            ("甲区", "乙", 9), ("甲", "乙", None), ("丙", "甲", -3), ("市外", "甲", 40), ("市外", "市外", 5)]  # fmt: skip
    made = run(draw_zones([100, 100, 100], [50, 50, 100]), flows_table=trip_table(rows), outside=["市外"])
    told = {one.rule: one for one in made.findings if one.rule.startswith("commuting.flow")}
    assert "是否为“甲”" in told["commuting.flow_name"].message_zh
    assert "第 7 行" in told["commuting.flow_name"].message_zh
    twice = [one for one in made.findings if one.rule == "commuting.flow_twice"]
    assert [one.value for one in twice] == [50, 50]
    lines = [one.message_en for one in made.findings if one.rule == "commuting.flow_count"]
    assert [("line 8" in line, "line 9" in line) for line in lines] == [(True, False), (False, True)]
    sums = [
        (one.feature_id, one.value, one.limit) for one in made.findings if one.rule == "commuting.flow_sum"
    ]
    assert sums == [("job-zone-0001", 40, 100)]
    (left,) = [one for one in made.findings if one.rule == "commuting.flow_left_out"]
    assert (left.value, left.severity) == (40, "info")
    row = made.balance.set_index("name").loc["甲"]
    assert (row["in_trips"], row["out_trips"]) == (40, 50)
    assert made.whole.set_index("basis")["people"]["flows"] == 200


def test_names_of_two_zones_and_a_table_without_columns_are_told() -> None:
    frame = draw_zones([1, 1, 1], [1, 1, 1], names=("甲", "甲", "乙"))
    made = run(frame, flows_table=trip_table([("甲", "乙", 1), ("z0", "乙", 1)]))
    assert "several zones" in next(
        one.message_en for one in made.findings if one.rule == "commuting.flow_name"
    )
    assert made.flows["start"].tolist() == ["甲"]
    table = trip_table([("甲", "乙", 1)]).rename(columns={"people": "persons"})
    made = run(draw_zones([1, 1, 1], [1, 1, 1]), flows_table=table)
    assert [one.rule for one in made.findings if one.severity == "error"] == ["commuting.no_column"]
    assert "persons" in made.findings[0].message_en
    assert made.whole["basis"].tolist() == ["counts"]


def test_flows_that_are_small_are_not_drawn() -> None:
    rows = [("甲", "乙", 900), ("乙", "丙", 90), ("丙", "甲", 10)]
    frame = draw_zones([1, 1, 1], [1, 1, 1])
    made = run(frame, flows_table=trip_table(rows), rules={"flows.share": 0.05})
    assert made.flows["people"].tolist() == [900, 90]
    assert made.flows["share"].tolist() == [0.9, 0.09]
    assert run(frame, flows_table=trip_table(rows), rules={"flows.most": 1}).flows["rank"].tolist() == [1]


def test_facilities_are_counted_inside_each_zone() -> None:
    places = gpd.GeoDataFrame(
        {"id": list("abcd"), "name": list("abcd"), "category": ["primary", "primary", "market", "market"]},
        geometry=shapely.points([LON[0], LON[0] + 0.001, LON[1], 113.4], LAT), crs="EPSG:4490",
    )  # fmt: skip
    frame = draw_zones([100, 100, 100], [500, 0, 100])
    made = run(frame, facilities=places)
    row = made.balance.set_index("name")
    assert row["facilities"].tolist() == [2, 1, 0]
    assert row["facility_kinds"].tolist() == [1, 1, 0]
    assert (row["facilities_per_1000"]["甲"], np.isnan(row["facilities_per_1000"]["乙"])) == (4, True)
    assert made.facilities[["name", "category", "count"]].to_numpy().tolist() == [
        ["甲", "primary", 2], ["乙", "market", 1]
    ]  # fmt: skip
    (found,) = [one for one in made.findings if one.rule == "commuting.facilities"]
    assert (found.value, "4" in found.message_en) == (1, True)
    points = run(draw_zones([1, 1, 1], [1, 1, 1], points=True), facilities=places)
    assert points.balance["facilities"].isna().all()
    assert points.rules == ["commuting.facilities"]
    plain = run(frame, facilities=places.drop(columns="category"))
    assert plain.balance["facilities"].tolist() == [2, 1, 0]
    assert plain.rules.count("commuting.facilities") == 2


def test_points_have_half_the_way_to_the_next_as_their_radius() -> None:
    made = run(draw_zones([1, 1, 1], [1, 1, 1], points=True))
    radius_m = 0.05 * DEGREE_M / 2
    wanted = radius_m * 0.905 * 1.3 * 0.06 / 25
    assert made.balance["within_min"].iloc[0] == pytest.approx(wanted, rel=2e-3)
    lone = run(draw_zones([5], [5], lon=(112.5,), points=True, names=["甲"]), network=street())
    assert np.isnan(lone.balance["within_min"].iloc[0])
    assert lone.whole["least_min"].iloc[0] == 0


def test_a_neighbour_is_no_nearer_than_homes_and_jobs_are() -> None:
    lon = (112.50, 112.509)
    frame = draw_zones([100, 100], [100, 100], lon=lon, names=["甲", "乙"])
    made = run(frame, network=street(lon))
    inner = float(made.balance["within_min"].iloc[0])
    assert made.minutes[0, 1] == pytest.approx(inner)
    loose = run(frame, network=street(lon), rules={"between.least": 0})
    assert loose.minutes[0, 1] == pytest.approx(0.009 * DEGREE_M * 0.06 / KMH, rel=2e-3)
    assert loose.minutes[0, 1] < inner


def test_zones_beyond_the_limit_are_merged_and_it_is_said() -> None:
    lon = tuple(112.5 + 0.02 * np.arange(8))
    names = [f"区{k}" for k in range(8)]
    random = np.random.default_rng(2)
    frame = draw_zones(random.integers(10, 99, 8), random.integers(10, 99, 8), lon=lon, names=names)
    exact = run(frame, network=street(lon))
    merged = run(frame, network=street(lon), rules={"zones.exact": 4})
    row = merged.whole.iloc[0]
    assert row["solved"] == "merged"
    assert 1 < row["groups"] <= 4
    assert row["least_min"] >= exact.whole["least_min"].iloc[0] - 1e-6
    assert row["random_min"] == pytest.approx(exact.whole["random_min"].iloc[0])
    assert "commuting.merged" in merged.rules


def test_nothing_is_made_without_the_part_and_no_zones_are_an_error() -> None:
    empty = zones.commuting_zones(None, None, {})
    assert empty.empty
    table = RULES.override({})
    minutes = zones.commuting_minutes(
        commuting_spec=None, commuting_zones=empty, commuting_middles=zones.commuting_middles(empty, CRS),
        road_spec=None, road_networks={}, commuting_rules=table,
    )  # fmt: skip
    journeys = trips.commuting_trips(None, {}, empty)
    balance = theme.job_balance(
        commuting_zones=empty, commuting_minutes=minutes, commuting_trips=journeys, commuting_rules=table,
        commuting_reach=theme.commuting_reach(empty, minutes, table), commuting_facilities=None,
    )  # fmt: skip
    assert balance.empty
    whole = flows.commuting(
        commuting_optima=[], commuting_spec=None, commuting_minutes=minutes, commuting_trips=journeys,
        commuting_distances=zones.commuting_distances(np.empty((0, 2)), minutes, table), commuting_rules=table,
    )  # fmt: skip
    assert whole.empty
    lines = draw_zones([1, 1, 1], [1, 1, 1]).set_geometry([shapely.LineString([(112, 35), (113, 35)])] * 3)
    assert run(lines.set_crs("EPSG:4490")).rules == ["commuting.no_zones"]


def test_zones_may_be_those_that_functional_zones_are_drawn_from() -> None:
    frame = draw_zones([1, 2, 3], [4, 5, 6])
    functional = FunctionalZones(source="cells", where={"name": "乙"})
    spec = Commuting(zones="functional_zones")
    assert zones.commuting_zones(spec, functional, {"cells": frame})["jobs"].tolist() == [2]
    assert zones.commuting_zones(spec, None, {"cells": frame}).empty


def test_a_main_band_that_is_no_band_is_refused() -> None:
    with pytest.raises(RuleError, match="none of the bands"):
        run(draw_zones([1, 1, 1], [1, 1, 1]), rules={"band.main": 20})


def test_a_plan_that_asks_for_what_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError):
        Commuting.model_validate({"zones": "cells", "mode": "bus"})
    with pytest.raises(ValidationError):
        Commuting.model_validate({"zones": "cells", "columns": {"job": "x"}})


def test_flows_to_different_places_outside_all_count_though_their_numbers_are_the_same() -> None:
    rows = [("甲", "市外", 40), ("甲", "其他", 40), ("市外", "乙", 7), ("其他", "乙", 9), ("甲", "其他", 40)]
    made = run(
        draw_zones([100, 100, 100], [80, 50, 100]), flows_table=trip_table(rows), outside=["市外", "其他"]
    )
    by_name = made.balance.set_index("name")
    assert by_name.loc["甲", "out_trips"] == 80
    assert by_name.loc["乙", "in_trips"] == 16
    (twice,) = [one for one in made.findings if one.rule == "commuting.flow_twice"]
    assert twice.value == 40
    assert "甲—其他" in twice.message_zh


def test_a_zone_given_by_name_and_by_id_is_one_place() -> None:
    made = run(draw_zones([100] * 3, [100] * 3), flows_table=trip_table([("甲", "乙", 30), ("z0", "z1", 30)]))
    assert made.balance.set_index("name").loc["甲", "out_trips"] == 30


def test_a_band_with_a_zone_without_a_count_has_no_ratio() -> None:
    made = run(draw_zones([300, 60, None], [100, 50, 80]), rules={"bands": [1, 10, 15, 60], "band.main": 60})
    assert made.balance["band_ratio"].isna().all()
    assert set(made.balance["band_balance"]) == {"unknown"}
    assert made.balance["band_jobs"].tolist() == [360, 360, 360]
    near = made.bands[made.bands["time_min"] == 1].set_index("name")
    assert near["ratio"].to_dict() == pytest.approx({"甲": 3, "乙": 1.2, "丙": np.nan}, nan_ok=True)
    assert near["balance"].to_dict() == {"甲": "workplace", "乙": "balanced", "丙": "unknown"}
    assert made.bands.loc[made.bands["time_min"] == 60, "ratio"].isna().all()
