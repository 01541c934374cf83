"""Public services: a street worked out by hand, sites held against every candidate built, people never lost."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.checks import services as checks
from spatial.engine.inequality import split_theil
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import Network
from spatial.engine.travel.roads import draw_links
from spatial.plan.contract import contract_of
from spatial.plan.parts.services import Services
from spatial.plan.records import Roads
from spatial.plan.rules import read_rules
from spatial.themes.access.life_circles import life_walks
from spatial.themes.services import service_access as access
from spatial.themes.services import service_choice as choice
from spatial.themes.services import service_gap as gaps
from spatial.themes.services import service_sites as sites
from spatial.themes.services import service_travel as travel
from spatial.themes.services import services as theme

RULES, FACILITIES, SPEEDS = read_rules("services"), read_rules("facilities"), read_rules("speeds")
LAT = 35.1
_SINE = np.sin(np.radians(LAT))
DEGREE_M = 6_378_137 * np.radians(1) * np.cos(np.radians(LAT)) / (1 - 0.006694380 * _SINE**2) ** 0.5
"""Of longitude, on the ellipsoid."""
MINUTE = 60 / DEGREE_M
"""Degrees of longitude that are walked in a minute, at the 60 m/min of the table of facilities."""
EDGE = 112.53
UNITS = {"西区": shapely.box(112.4, 35.0, EDGE, 35.2), "东区": shapely.box(EDGE, 35.0, 112.7, 35.2)}
NOBODY = gpd.GeoDataFrame({"id": [], "name": []}, geometry=[], crs="EPSG:4490")
LAYERS = (
    access.service_access, access.service_times, gaps.service_gap, gaps.service_inequality,
    gaps.service_districts, sites.service_sites, sites.service_effects,
)  # fmt: skip


def street(*islands: tuple[float, float]) -> Network:
    """Return one street from west to east, with a node every 300 m, and pieces of road joined to nothing."""
    lon = [*np.linspace(112.48, 112.58, 31), *(end for island in islands for end in island)]
    lat = [LAT] * 31 + [LAT + 0.03] * (2 * len(islands))
    links = [(k, k + 1) for k in range(30)] + [(31 + 2 * k, 32 + 2 * k) for k in range(len(islands))]
    table = draw_links(np.array(lon), np.array(lat), links, mode="walk", class_="residential")
    return build_network(table, crs="EPSG:4546", speeds={"residential": 5.0})


def frame(
    rows: list[tuple[float, dict[str, Any]]], lat: float = LAT, crs: str = "EPSG:4490"
) -> gpd.GeoDataFrame:
    columns = pd.DataFrame([row for _, row in rows])
    columns["id"] = [f"row-{number}" for number in range(len(rows))]
    columns["name"] = columns["name"] if "name" in columns else columns["id"]
    columns["illustrative"] = True
    return gpd.GeoDataFrame(columns, geometry=shapely.points([lon for lon, _ in rows], lat), crs=crs)


def units(shapes: dict[str, shapely.Polygon] | None = None) -> gpd.GeoDataFrame:
    shapes = shapes or UNITS
    return gpd.GeoDataFrame(
        {"id": list(shapes), "name": list(shapes)}, geometry=list(shapes.values()), crs="EPSG:4490"
    )


def run(frames: dict[str, gpd.GeoDataFrame], network: Network | None = None, **given: Any) -> dict[str, Any]:
    """Run all nodes as the pipeline does, and hold the layers to their contracts."""
    rules = RULES.override(given.pop("rules", {}))
    frames = {"units": units()} | frames
    words: dict[str, Any] = {"facilities": "facilities", "people": "people", "districts": "units"}
    spec = Services.model_validate(words | given)
    roads = Roads(source="roads")
    asked = theme.service_asked(spec, rules, FACILITIES)
    areas = theme.service_units(spec, frames, NOBODY)
    people = theme.service_people(spec, frames, areas)
    there = theme.service_facilities(spec, frames)
    networks = {"walk": network or street()}
    ways = travel.service_ways(asked, roads, networks, life_walks(FACILITIES, SPEEDS, roads))
    spots = travel.service_spots(people, ways)
    measures = travel.service_measures(asked, people, there, ways, spots)
    share = gaps.service_share(spec, rules)
    found = choice.service_candidates(spec, frames, areas, people)
    built = choice.service_built(
        service_spec=spec, service_rules=rules, service_measures=measures, service_people=people,
        service_units=areas, service_candidates=found, service_ways=ways, service_spots=spots,
    )  # fmt: skip
    made: dict[str, Any] = {}
    made["access"] = access.service_access(people, measures, areas)
    made["times"] = access.service_times(people, measures, there)
    made["gap"] = gap = gaps.service_gap(people, measures, areas)
    made["inequality"] = unequal = gaps.service_inequality(people, measures, gap, areas)
    made["districts"] = by_district = gaps.service_districts(areas, people, gap, there, share)
    made["sites"] = chosen = sites.service_sites(built, found, areas, people)
    made["effects"] = sites.service_effects(built, areas, people)
    for function, layer in zip(LAYERS, list(made.values()), strict=True):
        contract = contract_of(function)
        assert contract is not None
        contract.schema(function.__name__).validate(layer)
    notes = choice.service_candidate_notes(found, rules, ways)
    made["findings"] = [
        *checks.service_findings(spec, asked, gap, by_district, unequal),
        *checks.service_input_findings(
            spec, asked, theme.service_problems(people), theme.service_strays(people), rules
        ),
        *checks.service_facility_findings(spec, asked, there, FACILITIES, gap),
        *checks.service_site_findings(spec, asked, chosen, notes, gap),
    ]
    made |= {"measures": measures, "people": people, "built": built}
    return made


def rules_of(made: dict[str, Any]) -> list[str]:
    return [one.rule for one in made["findings"]]


WEST, EAST = 112.505, 112.545
HOMES = [
    (WEST, {"people": 100, "old": 40}), (WEST + 5 * MINUTE, {"people": 50, "old": 10}),
    (EAST, {"people": 300, "old": 30}), (EAST + 8 * MINUTE, {"people": 50, "old": 0}),
]  # fmt: skip
SCHOOLS = [(WEST - 4 * MINUTE, {"category": "primary", "name": "甲校"})]
PRIMARY = [{"category": "primary", "within": "10 min"}]


def test_minutes_shares_and_the_gap_are_those_worked_out_by_hand() -> None:
    made = run({"people": frame(HOMES), "facilities": frame(SCHOOLS)}, services=PRIMARY)
    far = (EAST - WEST) / MINUTE + 4
    expected = [4, 9, far, far + 8]
    assert made["times"]["time_min"].tolist() == pytest.approx(expected, abs=0.05)
    assert made["times"]["state"].tolist() == ["within", "within", "beyond", "beyond"]
    assert set(made["times"]["facility"]) == {"甲校"}
    west, east, whole = made["gap"].to_dict("records")
    assert (west["district"], west["people"], west["met_share"], west["below_people"]) == ("西区", 150, 1, 0)
    assert west["mean_min"] == pytest.approx((100 * 4 + 50 * 9) / 150, abs=0.05)
    assert (west["median_min"], east["median_min"]) == (
        pytest.approx(4, abs=0.05),
        pytest.approx(far, abs=0.05),
    )
    assert (east["met_share"], east["below_people"], east["unreached_people"]) == (0, 350, 0)
    assert (whole["level"], whole["people"], whole["met_share"]) == ("total", 500, pytest.approx(0.3))
    row = made["inequality"].iloc[0]
    index = split_theil(expected, ["西", "西", "东", "东"], [100, 50, 300, 50])
    assert row["theil"] == pytest.approx(index.total, rel=2e-3)
    assert row["theil_between"] + row["theil_within"] == pytest.approx(row["theil"])
    assert np.isnan(row["ratio"])  # the lowest share is zero
    assert (row["best"], row["worst"]) == ("西区", "东区")
    ranks = made["districts"].set_index("name")
    assert (ranks.loc["西区", "rank"], ranks.loc["东区", "rank"]) == (1, 2)
    assert (ranks.loc["东区", "worst"], ranks.loc["东区", "below"]) == ("小学", 1)
    assert "services.below" in rules_of(made)
    assert made["access"]["missing"].tolist() == ["", "", "小学", "小学"]


def test_groups_have_people_of_their_own_and_places_without_them_are_left_out() -> None:
    asked = [*PRIMARY, {"category": "day_care", "group": "old", "within": "10 min"}]
    there = [*SCHOOLS, (EAST, {"category": "day_care", "name": "照料"})]
    made = run(
        {"people": frame(HOMES), "facilities": frame(there)},
        services=asked,
        groups={"all": "people", "old": "old"},
    )
    care = made["times"][made["times"]["service"] == "老年人日间照料中心"]
    assert (len(care), care["people"].sum()) == (3, 80)
    total = made["gap"].set_index("id").loc["day-care-all"]
    assert (total["people"], total["within_people"]) == (80, 30)
    assert made["access"]["services"].tolist() == [2, 2, 2, 1]
    assert made["access"]["missing"].tolist() == ["老年人日间照料中心"] * 2 + ["小学"] * 2


def _again(
    there: list[tuple[float, dict[str, Any]]], spots: list[float], homes: gpd.GeoDataFrame
) -> pd.Series:
    """Return the inequality with facilities at more spots, all measured from the start."""
    more = [(lon, {"category": "primary", "name": "新校"}) for lon in spots]
    return run({"people": homes, "facilities": frame(there + more)}, services=PRIMARY)["inequality"].iloc[0]


@pytest.mark.parametrize("narrow", ["theil", "ratio"])
def test_the_site_that_narrows_the_gap_is_the_best_of_all_candidates_once_each_is_built(narrow: str) -> None:
    chance = np.random.default_rng(4)
    homes = frame([(lon, {"people": int(n)}) for lon, n in
                   zip(chance.uniform(112.485, 112.575, 25), chance.integers(10, 200, 25), strict=True)])  # fmt: skip
    spots = chance.uniform(112.49, 112.57, 9)
    frames = {
        "people": homes,
        "facilities": frame(SCHOOLS),
        "places": frame([(lon, {"name": f"地块{number}"}) for number, lon in enumerate(spots)]),
    }
    made = run(frames, services=PRIMARY, candidates="places", narrow=narrow)
    chosen = made["sites"].set_index("aim")
    each = [_again(SCHOOLS, [lon], homes) for lon in spots]
    measure = "theil_between" if narrow == "theil" else "minutes_ratio"
    best = int(np.argmin([one[measure] for one in each]))
    assert chosen.loc["narrow", "name"] == f"小学：地块{best}"
    assert chosen.loc["narrow", "theil_after"] == pytest.approx(each[best]["theil_between"])
    assert chosen.loc["narrow", "minutes_ratio_after"] == pytest.approx(each[best]["minutes_ratio"])
    most = int(np.argmax([one["met_share"] for one in each]))
    assert chosen.loc["covering", "met_share_after"] == pytest.approx(each[most]["met_share"])
    gained = (each[most]["met_share"] - chosen.loc["covering", "met_share_before"]) * homes["people"].sum()
    assert chosen.loc["covering", "gained_people"] == pytest.approx(gained)
    assert chosen["optimal"].all()
    assert (chosen["solver"] == "enumeration").all()
    assert (chosen["tried"] == 9).all()
    assert chosen.loc["median", "after_min"] <= chosen["after_min"].min() + 1e-9


def test_two_sites_are_built_together_and_measured_anew() -> None:
    spots = [EAST, EAST + 8 * MINUTE, WEST]
    frames = {"people": frame(HOMES), "facilities": frame(SCHOOLS),
              "places": frame([(lon, {"name": f"地块{number}"}) for number, lon in enumerate(spots)])}  # fmt: skip
    made = run(frames, services=PRIMARY, candidates="places", add=2)
    median = made["sites"][made["sites"]["aim"] == "median"]
    assert (median["together"] == len(median)).all()
    told = _again(SCHOOLS, [spots[int(name[-1])] for name in median["name"]], frames["people"])
    assert median["theil_after"].iloc[0] == pytest.approx(told["theil_between"])
    effects = made["effects"][made["effects"]["aim"] == "median"].set_index("district")
    assert effects.loc["东区", "gained_people"] == 350
    assert effects.loc["西区", "gained_people"] == 0
    assert effects["gained_people"].sum() == median["gained_people"].iloc[0]
    # One site serves both homes of the east: a second one brings nobody more within ten minutes.
    assert len(made["sites"][made["sites"]["aim"] == "covering"]) == 1


def test_people_whom_no_way_leads_anywhere_are_counted_and_never_dropped() -> None:
    homes = pd.concat(
        [frame(HOMES), frame([(WEST, {"people": 70, "old": 7})], lat=LAT + 0.06)], ignore_index=True
    )
    homes["id"] = [f"row-{number}" for number in range(5)]
    made = run({"people": homes, "facilities": frame(SCHOOLS)}, services=PRIMARY)
    west, _, whole = made["gap"].to_dict("records")
    assert (west["people"], west["unreached_people"], west["below_people"]) == (220, 70, 70)
    assert whole["people"] == 570
    assert west["mean_min"] == pytest.approx((100 * 4 + 50 * 9 + 70 * 120) / 220, abs=0.05)
    assert made["times"]["state"].tolist()[-1] == "unsnapped"
    finding = next(one for one in made["findings"] if one.rule == "services.unreached")
    assert (finding.severity, finding.value) == ("warning", 70)


def test_capacity_is_shared_out_whole_and_only_where_it_is_known_of_all() -> None:
    there = [
        (WEST - 4 * MINUTE, {"category": "primary", "capacity": 60}), (EAST, {"category": "primary", "capacity": 90}),
    ]  # fmt: skip
    made = run({"people": frame(HOMES), "facilities": frame(there)}, services=PRIMARY)
    held = made["times"]["people"] * made["times"]["per_1000"] / 1000
    assert held.sum() == pytest.approx(150)
    there[1][1]["capacity"] = -1
    made = run({"people": frame(HOMES), "facilities": frame(there)}, services=PRIMARY)
    assert made["times"]["per_1000"].isna().all()
    assert "services.capacity" in rules_of(made)


def test_facilities_that_do_not_count_and_those_that_are_not_there() -> None:
    there = [
        *SCHOOLS,
        (EAST, {"category": None, "name": "无类"}),
        (EAST, {"category": "学校", "name": "乙校"}),
    ]
    asked = [*PRIMARY, {"category": "park"}, {"category": "primary_school"}]
    made = run({"people": frame(HOMES), "facilities": frame(there)}, services=asked)
    told = {one.rule: one for one in made["findings"]}
    assert told["services.uncategorised"].value == 2
    assert "公园" in told["services.absent"].message_zh
    assert "primary_school" in told["services.unknown"].message_en
    park = made["gap"].set_index("id").loc["park-all"]
    assert (park["below_people"], park["unreached_people"]) == (500, 500)
    assert np.isnan(park["median_min"])
    named = run(
        {"people": frame(HOMES), "facilities": frame(there)}, services=PRIMARY, categories={"学校": "primary"}
    )
    assert named["gap"].set_index("id").loc["primary-all", "met_share"] == 1.0


def test_people_that_cannot_be_counted_or_live_elsewhere_are_told() -> None:
    homes = frame([*HOMES, (112.75, {"people": 5, "old": 1})])
    made = run(
        {"people": homes, "facilities": frame(SCHOOLS)},
        services=PRIMARY,
        groups={"all": "people", "kids": "kids"},
    )
    told = {one.rule: one for one in made["findings"]}
    assert told["services.outside"].value == 5
    assert "kids" in told["services.people"].message_en
    assert made["gap"].set_index("id").loc["primary-all", "people"] == 500
    nobody = run({"people": homes.assign(people=-1), "facilities": frame(SCHOOLS)}, services=PRIMARY)
    assert nobody["gap"].empty
    assert nobody["districts"].empty
    assert {"services.people", "services.not_measured"} <= set(rules_of(nobody))


def test_candidates_outside_or_off_the_road_are_told_and_places_stand_in_where_none_are_named() -> None:
    places = pd.concat(
        [frame([(EAST, {}), (112.9, {})]), frame([(EAST, {})], lat=LAT + 0.06)], ignore_index=True
    )
    frames = {"people": frame(HOMES), "facilities": frame(SCHOOLS), "places": places}
    told = {one.rule: one for one in run(frames, services=PRIMARY, candidates="places")["findings"]}
    assert told["services.candidates_outside"].value == 1
    assert told["services.candidates_off_road"].value == 1
    usual = run(frames, services=PRIMARY)
    assert (usual["sites"]["tried"] == 4).all()
    assert "services.candidates_thinned" not in rules_of(usual)
    few = run(frames, services=PRIMARY, rules={"candidates.most": 2})
    assert (few["sites"]["tried"] == 2).all()
    assert "services.candidates_thinned" in rules_of(few)


def test_where_no_candidate_helps_no_site_is_named() -> None:
    frames = {"people": frame(HOMES[:2]), "facilities": frame(SCHOOLS), "places": frame([(EAST, {})])}
    made = run(frames, services=PRIMARY, candidates="places")
    assert made["sites"].empty
    assert made["effects"].empty
    assert "services.no_site" in rules_of(made)


def test_services_of_the_table_one_district_and_no_roads() -> None:
    frames = {
        "people": frame(HOMES),
        "facilities": frame(SCHOOLS),
        "units": units({"全区": shapely.box(112, 35, 113, 36)}),
    }
    made = run(frames)
    assert len(made["inequality"]) == len(RULES.value("services"))
    assert (made["inequality"]["theil_between"].dropna() == 0).all()
    assert "services.one_district" in rules_of(made)
    asked = theme.service_asked(Services(facilities="f", people="p"), RULES, FACILITIES)
    assert {one.category: one.limit_min for one in asked}["primary"] == FACILITIES.value("primary.minutes")
    assert travel.service_ways(asked, None, {}, 1.0) == {}
    car = run(frames, services=[{"category": "primary", "mode": "drive"}])
    assert car["gap"].empty
    assert "services.not_measured" in rules_of(car)


def test_one_category_asked_for_twice_has_two_names_and_rows_of_its_own() -> None:
    asked = [*PRIMARY, {"category": "primary", "group": "old", "within": "5 min"}]
    made = run({"people": frame(HOMES), "facilities": frame(SCHOOLS)}, services=asked,
               groups={"all": "people", "old": "old"})  # fmt: skip
    assert made["gap"]["id"].is_unique
    assert made["inequality"]["name"].tolist() == ["小学（all，walk）", "小学（old，walk）"]
    assert made["inequality"]["people"].tolist() == [500, 80]


def test_a_plan_without_the_part_has_nothing() -> None:
    assert theme.service_asked(None, RULES, FACILITIES) == ()
    people = theme.service_people(None, {}, theme.service_units(None, {}, NOBODY))
    assert access.service_access(people, (), theme.service_units(None, {}, NOBODY)).empty
    assert checks.service_findings(None, (), pd.DataFrame(), NOBODY, pd.DataFrame()) == []
    assert checks.service_input_findings(None, (), {}, {}, RULES) == []
    assert checks.service_facility_findings(None, (), NOBODY, FACILITIES, pd.DataFrame()) == []
    assert checks.service_site_findings(None, (), NOBODY, {}, pd.DataFrame()) == []


def test_people_outside_the_districts_compete_for_capacity_and_are_not_reported() -> None:
    school = EDGE + MINUTE
    there = [(school, {"category": "primary", "capacity": 90})]
    homes = [
        (school + 2 * MINUTE, {"people": 100, "old": 0}), (school - 4 * MINUTE, {"people": 200, "old": 0})
    ]  # fmt: skip
    wide = units({"全区": shapely.box(112.4, 35.0, 112.7, 35.2)})
    east = {"units": units({"东区": UNITS["东区"]})}
    frames = {"people": frame(homes), "facilities": frame(there)}
    part, whole = (run(frames | given, services=PRIMARY) for given in (east, {"units": wide}))
    told = whole["times"].set_index("name")["per_1000"]
    mine = part["times"].set_index("name")["per_1000"]
    assert (len(mine), len(told)) == (1, 2)
    assert mine.iloc[0] < 900  # what those inside would have alone
    assert mine.to_dict() == pytest.approx(told[mine.index].to_dict())


@pytest.mark.parametrize(("away", "severity"), [(5, "info"), (500, "warning")])
def test_many_people_outside_the_districts_are_a_warning_and_their_number_is_in_the_table(
    away: int, severity: str
) -> None:
    homes = frame([*HOMES, (112.75, {"people": away, "old": 1})])
    made = run({"people": homes, "facilities": frame(SCHOOLS)}, services=PRIMARY)
    finding = next(one for one in made["findings"] if one.rule == "services.outside")
    assert (finding.severity, finding.value) == (severity, away)
    assert f"{away / (500 + away):.1%}" in finding.message_zh
    assert made["inequality"]["outside_people"].tolist() == [away]
    assert made["inequality"]["people"].tolist() == [500]
