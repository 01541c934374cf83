"""Verdicts: margins and turning points by hand; the verdict at other speeds is that of a faster network."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from spatial.engine.geodesy import area_m2
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import Mode, Network
from spatial.engine.travel.roads import draw_links
from spatial.plan.contract import contract_of
from spatial.plan.records import Circle, Roads
from spatial.plan.rules import read_rules
from spatial.themes.access.arrivals import circle_journeys
from spatial.themes.access.circles import circle_reaches, circle_rings
from spatial.themes.access.coverage import circle_coverage, coverage_grounds
from spatial.themes.access.margins import circle_margins, circle_targets
from spatial.themes.access.promises import circle_promises
from spatial.themes.access.residents import population_problem, residents
from spatial.themes.access.tallies import coverage_scale
from spatial.themes.access.verdicts import FACTORS, area_tests, promise_flags, promises

# Towns along one road, a kilometre a minute at 60 km/h.
STEP_DEG = 0.01
SEATS = [(112.5 + STEP_DEG * n, 35.1) for n in (2, 4, 6, 8)]
LAND = shapely.box(112.0, 34.9, 113.0, 35.3)
TERRITORY = gpd.GeoDataFrame({"id": ["territory"]}, geometry=[LAND], crs=4490)
AREA = shapely.box(112.5, 35.0985, 112.6, 35.1015)
STRUCTURE = gpd.GeoDataFrame(
    {"id": ["strip", "dot"], "name": ["片", "点"], "name_en": ["Strip", "Dot"], "kind": ["district", "point"], "illustrative": [True, False]},
    geometry=[AREA, shapely.Point(112.5, 35.1)],
    crs=4490,
)  # fmt: skip
PACE_MIN = pyproj.Geod(a=6378137, rf=298.257222101).inv(112.5, 35.1, 112.51, 35.1)[2] / 1000


def networks(factor: float = 1.0) -> dict[Mode, Network]:
    lon = 112.5 + 0.01 * np.arange(21)
    table = draw_links(lon, np.full(21, 35.1), np.stack([np.arange(20), np.arange(1, 21)], 1), mode="drive")
    return {"drive": build_network(table, crs="EPSG:4546", speeds={"other": 60 * factor})}


def roads(factor: float = 1.0, **keys: Any) -> Roads:
    base = {"source": "roads", "off_road": "200 m", "off_road_speed": f"{6 * factor} km/h"}
    return Roads.model_validate(base | keys)


def towns(accuracy_m: float = 0.0) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "id": [f"town-{n}" for n in range(4)],
            "name": list("甲乙丙丁"),
            "name_en": "",
            "tags": "",
            "people": np.nan,
            "accuracy_m": accuracy_m,
        },
        geometry=[shapely.Point(seat) for seat in SEATS],
        crs=4490,
    )


def circle(**keys: Any) -> Circle:
    base = {
        "id": "c",
        "name": {"zh": "圈", "en": "Ring"},
        "from": "middle",
        "time": "4 min",
        "method": "network",
    }
    return Circle.model_validate(base | {"speed": "60 km/h", "detour": 1, "must_reach": "towns"} | keys)


def judge(
    *specs: Circle,
    spec: Roads | None = None,
    nets: dict[Mode, Network] | None = None,
    seats: gpd.GeoDataFrame | None = None,
    frames: dict[str, gpd.GeoDataFrame] | None = None,
) -> pd.DataFrame:
    spec, nets, seats = (
        spec or roads(),
        networks() if nets is None else nets,
        towns() if seats is None else seats,
    )
    reaches = circle_reaches(specs, read_rules("commute"), STRUCTURE, {"middle": (112.5, 35.1)}, TERRITORY)
    journeys = circle_journeys(specs, reaches, spec, nets)
    rings = circle_rings(specs, reaches, journeys, nets)
    aims = circle_promises(specs, STRUCTURE, seats, TERRITORY)
    margins = circle_margins(
        circle_specs=specs,
        circle_reaches=reaches,
        circle_journeys=journeys,
        circle_targets=circle_targets(seats, STRUCTURE),
        road_networks=nets,
        road_spec=spec,
    )
    problem = population_problem(None, {}, seats)
    coverage = circle_coverage(
        circle_specs=specs,
        circle_rings=rings,
        circle_promises=aims,
        coverage_scale=coverage_scale(margins, residents(None, {}, seats, problem), problem, seats, ()),
        coverage_grounds=coverage_grounds(TERRITORY, TERRITORY.iloc[:0], seats),
    )
    frame = promises(
        circle_specs=specs,
        circle_promises=aims,
        circle_coverage=coverage,
        circle_margins=margins,
        area_tests=area_tests(
            circle_specs=specs,
            circle_reaches=reaches,
            circle_journeys=journeys,
            circle_rings=rings,
            circle_promises=aims,
            road_networks=nets,
        ),
        promise_flags=promise_flags(
            circle_specs=specs,
            circle_promises=aims,
            circle_margins=margins,
            structure=STRUCTURE,
            road_spec=spec,
            road_networks=nets,
            source_frames=frames or {},
        ),
    )
    contract = contract_of(promises)
    assert contract is not None
    contract.schema("promises").validate(frame, lazy=True)
    return frame.set_index("id")


def speeds(row: pd.Series) -> list[str]:
    return row[["slower_20", "slower_10", "faster_10", "faster_20"]].tolist()


def test_margins_and_turning_points_of_towns() -> None:
    frame = judge(circle(id="a", share=0.5), circle(id="b", share=0.75), circle(id="d", share=1.0))
    second, third, fourth = (PACE_MIN * n for n in (4, 6, 8))
    kept, broken, whole = (frame.loc[f"{name}-promise"] for name in "abd")
    assert (kept["verdict"], broken["verdict"], whole["verdict"]) == ("kept", "broken", "broken")
    assert kept["margin_min"] == pytest.approx(4 - second, abs=2e-3)
    assert broken["margin_min"] == pytest.approx(4 - third, abs=2e-3)
    assert kept["flip_factor"] == pytest.approx(second / 4, abs=1e-3)
    assert broken["flip_factor"] == pytest.approx(third / 4, abs=1e-3)
    assert whole["flip_factor"] == pytest.approx(fourth / 4, abs=1e-3)
    assert [kept["margin_share"], broken["margin_share"]] == pytest.approx([0, -0.25])
    assert speeds(kept) == ["broken", "broken", "kept", "kept"]
    assert speeds(broken) == ["broken"] * 4
    assert kept["name_en"] == "Ring: all towns"


@pytest.mark.parametrize("method", ["network", "buffer"])
@pytest.mark.parametrize("promise", ["towns", "strip"])
def test_the_verdict_at_other_speeds_is_that_of_a_plan_with_these_speeds(method: str, promise: str) -> None:
    keys = {"must_reach": promise, "method": method, "share": 0.5 if promise == "towns" else 0.3}
    row = judge(circle(**keys)).iloc[0]
    other = []
    for factor in FACTORS:
        faster = circle(**keys, speed=f"{60 * factor} km/h")
        other.append(judge(faster, spec=roads(factor), nets=networks(factor))["verdict"].iloc[0])
    assert speeds(row) == other
    flip = row["flip_factor"]
    for factor, turned in ((flip - 0.006, "broken"), (flip + 0.006, "kept")):
        faster = circle(**keys, speed=f"{60 * factor} km/h")
        assert judge(faster, spec=roads(factor), nets=networks(factor))["verdict"].iloc[0] == turned


def test_areas_have_no_minutes_but_turn() -> None:
    row = judge(circle(must_reach="strip", share=0.3)).iloc[0]
    assert row["verdict"] == "kept"
    assert np.isnan(row["margin_min"])
    assert 0.5 < row["flip_factor"] < 1


def test_what_no_speed_mends_does_not_turn() -> None:
    row = judge(circle(must_reach="territory")).iloc[0]
    assert row["verdict"] == "broken"
    assert np.isnan(row["flip_factor"])
    assert speeds(row) == ["broken"] * 4
    assert row["margin_share"] == pytest.approx(row["share"] - 1)


def test_towns_without_a_road_leave_the_verdict_open() -> None:
    seats = towns()
    seats.loc[3, "geometry"] = shapely.Point(112.1, 35.25)
    row = judge(circle(share=0.75), seats=seats).iloc[0]
    assert row["verdict"] == "undecidable"
    assert speeds(row) == ["broken"] * 2 + ["undecidable"] * 2
    assert np.isnan(row["flip_factor"])
    assert "no_road_near" in row["flags"]
    sure = judge(circle(share=0.5), seats=seats).iloc[0]
    assert (sure["verdict"], sure["flip_factor"]) == ("kept", pytest.approx(PACE_MIN, abs=1e-3))
    assert judge(circle(share=1.0, time="9 min"), seats=seats)["verdict"].iloc[0] == "undecidable"


def test_what_cannot_be_measured_has_no_firmness() -> None:
    row = judge(circle(mode="bus")).iloc[0]
    assert row["verdict"] == "undecidable"
    assert row[["share", "margin_share", "margin_min", "flip_factor"]].isna().all()
    assert row[["slower_20", "faster_20"]].isna().all()
    assert judge().empty


def test_flags_say_what_the_verdict_rests_on() -> None:
    drawn = {"roads": gpd.GeoDataFrame({"illustrative": [True]}, geometry=[LAND], crs=4490)}
    all_of_them = judge(circle(), circle(id="d", must_reach="strip"), frames=drawn, seats=towns(500.0))[
        "flags"
    ]
    assert all_of_them.tolist() == [
        "illustrative_roads,class_speeds,seat_accuracy",
        "illustrative_roads,class_speeds,off_road,illustrative_elements",
    ]
    measured = roads(speeds={"drive.other": "60 km/h"})
    assert judge(circle(), spec=measured)["flags"].tolist() == [""]
    assert judge(circle(), spec=roads(columns={"speed": "v"}))["flags"].tolist() == [""]
    assert judge(circle(method="buffer"))["flags"].tolist() == ["straight_line"]


def test_turning_points_grow_with_the_share_asked_for() -> None:
    shares = [0.2, 0.4, 0.6, 0.8]
    frame = judge(*(circle(id=f"c{n}", share=share, must_reach="strip") for n, share in enumerate(shares)))
    assert (np.diff(frame["flip_factor"].dropna()) > 0).all()
    assert frame["flip_factor"].notna().sum() >= 3
    assert area_m2([AREA])[0] > 0


def test_promises_are_named_in_words() -> None:
    asked = {
        "territory": "全域",
        "towns": "全部镇街",
        "towns[tag=plain]": "带“plain”标签的镇街",
        "strip": "片",
        "towns[": "towns[",
    }
    specs = tuple(circle(id=f"c{at}", must_reach=text) for at, text in enumerate(asked))
    aims = circle_promises(specs, STRUCTURE, towns(), TERRITORY)
    assert aims["aim_zh"].tolist() == list(asked.values())
    assert aims["aim_en"].tolist()[3] == "Strip"
    assert judge(circle(must_reach="strip"))["name"].tolist() == ["圈：片"]
