"""Promises: what is counted, against a hand count; what cannot be known is never given a number."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from spatial.engine.geodesy import area_m2
from spatial.plan.contract import contract_of
from spatial.plan.records import Circle, Count, Population
from spatial.plan.rules import read_rules
from spatial.themes.access.arrivals import circle_journeys
from spatial.themes.access.circles import circle_reaches, circle_rings
from spatial.themes.access.counts import circle_counts
from spatial.themes.access.coverage import circle_coverage, coverage_grounds
from spatial.themes.access.margins import circle_margins, circle_targets
from spatial.themes.access.promises import circle_promises
from spatial.themes.access.residents import population_problem, residents
from spatial.themes.access.tallies import coverage_scale

GEOD = pyproj.Geod(a=6378137, rf=298.257222101)
MIDDLE = (112.5, 35.1)
LAND = shapely.box(112.0, 34.9, 113.0, 35.3)
TERRITORY = gpd.GeoDataFrame({"id": ["territory"]}, geometry=[LAND], crs=4490)
# Towns at known distances east of the middle; the circle of most tests has a radius of 10 km.
KM = {"甲镇": 2.0, "乙镇": 8.0, "丙镇": 11.0, "丁镇": 25.0}
SEATS = [GEOD.fwd(*MIDDLE, 90, km * 1000)[:2] for km in KM.values()]
CORE = shapely.box(112.45, 35.05, 112.55, 35.15)


def towns_frame(people: list[float] | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "id": [f"town-{n}" for n in range(4)],
            "name": list(KM),
            "name_en": ["Jia", "Yi", "Bing", ""],
            "tags": ["plain", "plain,river", "plains", ""],
            "people": np.array(people or [np.nan] * 4, dtype=float),
            "accuracy_m": [0.0, 500.0, 2000.0, 0.0],
        },
        geometry=[shapely.Point(seat) for seat in SEATS],
        crs=4490,
    )


STRUCTURE = gpd.GeoDataFrame(
    {
        "id": ["core", "big", "spine", "near", "far"],
        "name": ["核心区", "大片区", "主轴", "近点", "远点"],
        "name_en": ["Core", "Big", "Spine", "Near", "Far"],
        "kind": ["core", "district", "axis", "point", "point"],
    },
    geometry=[
        CORE,
        shapely.box(112.0, 35.0, 113.0, 35.2),
        shapely.LineString([MIDDLE, SEATS[3]]),
        shapely.Point(SEATS[0]),
        shapely.Point(SEATS[2]),
    ],
    crs=4490,
)


def circle(**keys: Any) -> Circle:
    base = {"id": "c", "name": "圈", "from": "middle", "time": "10 min", "speed": "60 km/h", "detour": 1}
    return Circle.model_validate(base | keys)


def measure(
    specs: tuple[Circle, ...], reaches: gpd.GeoDataFrame, towns: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    return circle_margins(
        circle_specs=specs,
        circle_reaches=reaches,
        circle_journeys=circle_journeys(specs, reaches, None, {}),
        circle_targets=circle_targets(towns, STRUCTURE),
        road_networks={},
        road_spec=None,
    )


def cover(
    *specs: Circle,
    towns: gpd.GeoDataFrame | None = None,
    population: Population | None = None,
    sources: dict[str, gpd.GeoDataFrame] | None = None,
    districts: gpd.GeoDataFrame | None = None,
    counts: tuple[Count, ...] = (),
) -> pd.DataFrame:
    towns = towns_frame() if towns is None else towns
    sources = sources or {}
    reaches = circle_reaches(specs, read_rules("commute"), STRUCTURE, {"middle": MIDDLE}, TERRITORY)
    problem = population_problem(population, sources, towns)
    frame = circle_coverage(
        circle_specs=specs,
        circle_rings=circle_rings(specs, reaches, circle_journeys(specs, reaches, None, {}), {}),
        circle_promises=circle_promises(specs, STRUCTURE, towns, TERRITORY),
        coverage_scale=coverage_scale(
            measure(specs, reaches, towns),
            residents(population, sources, towns, problem),
            problem,
            towns,
            circle_counts(counts, sources),
        ),
        coverage_grounds=coverage_grounds(
            TERRITORY, TERRITORY.iloc[:0] if districts is None else districts, towns
        ),
    )
    contract = contract_of(circle_coverage)
    assert contract is not None
    contract.schema("circle_coverage").validate(frame, lazy=True)
    return frame.set_index("id")


def test_margins_are_distance_less_radius() -> None:
    reaches = circle_reaches((circle(),), read_rules("commute"), STRUCTURE, {"middle": MIDDLE}, TERRITORY)
    margins = measure((circle(),), reaches, towns_frame()).set_index("target")
    assert margins["margin_m"][["town-0", "town-1", "town-2", "town-3"]].to_numpy() == pytest.approx(
        [-8_000, -2_000, 1_000, 15_000], abs=0.05
    )
    assert margins["minutes"][["town-0", "town-2"]].tolist() == pytest.approx([2, 11], abs=1e-4)
    assert margins["margin_min"]["town-3"] == pytest.approx(15, abs=1e-4)
    assert margins["accuracy_min"]["town-2"] == pytest.approx(2)
    assert margins["state"].tolist() == ["inside", "inside", "beyond", "beyond", "inside", "beyond"]
    assert margins["accuracy_m"].to_dict() | {"far": 2000.0} == margins["accuracy_m"].to_dict()
    assert margins["name_en"]["town-3"] == "丁镇"


def test_towns_are_counted_and_those_outside_named_with_how_far() -> None:
    row = cover(circle(must_reach="towns", share=0.5)).loc["c-promise-towns"]
    assert (row["inside"], row["total"], row["share"], row["required_share"]) == (2, 4, 0.5, 0.5)
    assert row["verdict"] == "kept"
    assert row["outside"] == "丙镇 +1.0 km (±2 km)、丁镇 +15.0 km"


def test_a_share_just_short_is_broken() -> None:
    assert cover(circle(must_reach="towns", share=0.51))["verdict"]["c-promise-towns"] == "broken"


@pytest.mark.parametrize(
    ("promise", "subject", "total", "verdict"),
    [
        ("towns[tag=plain]", "towns", 2, "kept"),
        ("towns[tag=river]", "towns", 1, "kept"),
        ("towns", "towns", 4, "broken"),
        ("丙镇", "towns", 1, "broken"),
        ("Yi", "towns", 1, "kept"),
        ("near", "points", 1, "kept"),
        ("point", "points", 2, "broken"),
        ("core", "area", None, "kept"),
        ("大片区", "area", None, "broken"),
        ("territory", "area", None, "broken"),
    ],
)
def test_each_promise_is_judged_on_its_own_subject(
    promise: str, subject: str, total: float | None, verdict: str
) -> None:
    frame = cover(circle(must_reach=promise))
    judged = frame[frame["required_share"].notna()]
    assert judged.index.tolist() == [f"c-promise-{subject}"]
    assert judged["verdict"].iloc[0] == verdict
    assert judged["promise"].iloc[0] == promise
    if total is not None:
        assert judged["total"].iloc[0] == total


@pytest.mark.parametrize("promise", ["spine", "nowhere", "towns[tag=sea]", "towns["])
def test_a_promise_that_leads_nowhere_is_undecidable_with_the_reason(promise: str) -> None:
    frame = cover(circle(must_reach=promise))
    row = frame[frame["required_share"].notna()].iloc[0]
    assert row["verdict"] == "undecidable"
    assert np.isnan(row["share"])
    assert " · " in row["outside"]


def test_area_is_the_ellipsoidal_share() -> None:
    frame = cover(circle(must_reach="big", share=0.2))
    row = frame.loc["c-promise-area"]
    lon, lat, _ = GEOD.fwd(
        np.full(720, MIDDLE[0]), np.full(720, MIDDLE[1]), np.arange(720) / 2, np.full(720, 10_000)
    )
    disc = shapely.Polygon(np.column_stack([lon, lat]))
    big = STRUCTURE.geometry[1]
    expected = area_m2([shapely.intersection(disc, big), big]) / 1e6
    assert row["total"] == pytest.approx(expected[1], rel=1e-9)
    assert row["inside"] == pytest.approx(expected[0], rel=1e-4)
    assert row["outside"] == f"{row['total'] - row['inside']:.2f} km²"


def test_the_whole_territory_is_told_beside_the_promise() -> None:
    frame = cover(circle(must_reach="core"))
    told = frame[frame["promise"].isna()]
    assert told["subject"].tolist() == ["towns", "area", "people"]
    assert told["verdict"].tolist() == ["info", "info", "undecidable"]
    assert told["required_share"].isna().all()
    assert "no population source" in told["outside"]["c-people"]
    assert "丙镇" in told["outside"]["c-towns"]
    assert frame["name"].tolist() == ["圈：承诺·面积", "圈：镇", "圈：面积", "圈：人口"]


def test_everything_reached_reads_as_everything() -> None:
    frame = cover(circle(time="3 h", must_reach="territory"))
    row = frame.loc["c-promise-area"]
    assert row["share"] == 1
    assert row["verdict"] == "kept"
    assert row["outside"] == ""


@pytest.mark.parametrize(
    ("keys", "reason"),
    [({"method": "surface"}, "method not available"), ({"from": "nowhere"}, "unknown origin"), ({"time": "1000 h"}, "too far")],
)  # fmt: skip
def test_a_circle_that_cannot_be_made_decides_nothing(keys: dict[str, str], reason: str) -> None:
    frame = cover(circle(must_reach="towns", **keys))
    assert len(frame) == 4
    assert (frame["verdict"] == "undecidable").all()
    assert frame["outside"].str.contains(reason).all()
    assert frame[["inside", "total", "share"]].isna().all(axis=None)


def test_without_towns_nothing_is_said_of_them() -> None:
    frame = cover(circle(must_reach="territory"), towns=towns_frame().iloc[:0])
    assert frame["verdict"]["c-towns"] == "undecidable"
    assert np.isnan(frame["share"]["c-towns"])


def test_people_of_towns_are_counted_when_all_are_known() -> None:
    frame = cover(circle(must_reach="towns[tag=plain]"), towns=towns_frame([100, 200, 300, 400]))
    assert frame.loc["c-people", ["inside", "total", "share"]].tolist() == [300, 1000, 0.3]
    assert frame["outside"]["c-people"] == "700"
    assert frame.loc["c-promise-people", ["inside", "total", "verdict"]].tolist() == [300, 300, "info"]


def test_people_of_some_towns_are_not_people_of_all() -> None:
    some = towns_frame([100, 200, np.nan, np.nan])
    frame = cover(circle(must_reach="towns[tag=plain]"), circle(id="d", must_reach="towns"), towns=some)
    assert frame["inside"]["c-promise-people"] == 300
    assert "d-promise-people" not in frame.index
    assert frame["verdict"]["c-people"] == "undecidable"


def points_source(counts: list[Any]) -> dict[str, gpd.GeoDataFrame]:
    spots = [shapely.Point(seat) for seat in (*SEATS, (120.0, 35.0))]
    return {
        "people": gpd.GeoDataFrame(
            {"id": [f"p-{n}" for n in range(len(counts))], "count": counts}, geometry=spots, crs=4490
        )
    }


POPULATION = Population.model_validate({"source": "people", "column": "count"})


def test_people_at_points_are_counted_within_the_territory() -> None:
    frame = cover(
        circle(must_reach="big"), population=POPULATION, sources=points_source([10, 20, 30, 40, 999])
    )
    assert frame.loc["c-people", ["inside", "total"]].tolist() == [30, 100]
    assert frame.loc["c-promise-people", ["inside", "total", "verdict"]].tolist() == [30, 100, "info"]


def test_people_of_polygons_are_shared_out_by_area() -> None:
    halves = [shapely.box(111.0, 34.9, 113.0, 35.3), shapely.box(112.49, 35.09, 112.51, 35.11)]
    source = {"people": gpd.GeoDataFrame({"count": ["1000", "8"]}, geometry=halves, crs=4490)}
    frame = cover(circle(), population=POPULATION, sources=source)
    row = frame.loc["c-people"]
    disc_km2 = frame["inside"]["c-area"]
    assert row["total"] == pytest.approx(508, rel=1e-6)
    assert row["inside"] == pytest.approx(8 + 1000 * disc_km2 * 1e6 / area_m2(halves[:1])[0], rel=1e-6)


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        (
            [1, 2, None, 4, 5],
            "第 3 行 p-2：空值） · 1 rows of column count are no valid count (row 3, p-2: null)",
        ),
        ([1, 2, -3, 4, 5], "1 rows of column count are no valid count (row 3, p-2: '-3')"),
        (["a", "2", "3", "4", "many"], "2 行的“count”不是有效数量（第 1 行 p-0：“a”）"),
        (["a · b", "2", "3", "4", "5"], "（第 1 行 p-0：“a·b”） · 1 rows"),
    ],
)
def test_a_missing_count_is_never_zero(counts: list[Any], word: str) -> None:
    frame = cover(circle(), population=POPULATION, sources=points_source(counts))
    assert frame["verdict"]["c-people"] == "undecidable"
    assert word in frame["outside"]["c-people"]


def test_a_wrong_population_source_is_undecidable() -> None:
    wrong = Population.model_validate({"source": "people", "column": "head"})
    found = cover(circle(), population=wrong, sources=points_source([1, 2, 3, 4, 5]))["outside"]["c-people"]
    assert "无“head”列，现有：count" in found
    assert "no column head; there is count" in found
    line = gpd.GeoDataFrame({"count": [5]}, geometry=[STRUCTURE.geometry[2]], crs=4490)
    found = cover(circle(), population=POPULATION, sources={"people": line})["outside"]["c-people"]
    assert "neither points nor polygons" in found
    nobody = points_source([0, 0, 0, 0, 0])
    assert "nobody" in cover(circle(), population=POPULATION, sources=nobody)["outside"]["c-people"]


def test_no_circles_make_an_empty_table() -> None:
    assert cover().empty


def test_more_minutes_cover_no_less() -> None:
    shares = np.array(
        [
            cover(circle(time=f"{time} min"), towns=towns_frame([1, 2, 3, 4])).loc[
                ["c-towns", "c-area", "c-people"], "share"
            ]
            for time in (5, 10, 20, 40)
        ]
    )
    assert (np.diff(shares, axis=0) >= 0).all()


def test_each_district_is_told_where_there_is_more_than_one() -> None:
    halves = gpd.GeoDataFrame(
        {"id": ["west", "east"], "name": ["西区", "东区"]},
        geometry=[shapely.box(112.0, 34.9, 112.55, 35.3), shapely.box(112.55, 34.9, 113.0, 35.3)],
        crs=4490,
    )
    frame = cover(circle(), districts=halves, towns=towns_frame([1, 2, 3, 4]))
    assert frame["district"].isna().tolist() == [True] * 3 + [False] * 6
    assert frame.loc["c-west-towns", ["inside", "total", "district"]].tolist() == [1, 1, "西区"]
    assert frame.loc["c-east-towns", ["inside", "total"]].tolist() == [1, 3]
    parts = frame.loc[["c-west-area", "c-east-area"], ["inside", "total"]].sum()
    assert parts.tolist() == pytest.approx(frame.loc["c-area", ["inside", "total"]].tolist(), rel=1e-6)
    assert frame["name"]["c-east-people"] == "圈：东区·人口"
    assert frame.loc[["c-west-people", "c-east-people"], "inside"].sum() == frame["inside"]["c-people"]
    assert len(cover(circle(), districts=halves.iloc[:1])) == 3


def villages(**columns: Any) -> gpd.GeoDataFrame:
    """Two villages within ten kilometres of the middle, one 25 km off, one outside the territory."""
    east = shapely.Point(SEATS[3])
    shapes = [shapely.Point(MIDDLE), shapely.Point(SEATS[0]), east, shapely.Point(100, 20)]
    table = {"id": ["v-1", "v-2", "v-3", "v-4"], "name": ["近村", "", "远村", "外村"], "illustrative": False}
    return gpd.GeoDataFrame(table | columns, geometry=shapes, crs=4490)


def count(**keys: Any) -> Count:
    return Count.model_validate({"id": "villages", "name": "村庄", "source": "villages"} | keys)


def test_villages_are_counted_and_those_outside_named() -> None:
    row = cover(circle(), counts=(count(),), sources={"villages": villages()}).loc["c-counts.villages"]
    assert (row["inside"], row["total"], row["verdict"]) == (2, 3, "info")
    assert row["outside"] == "远村"
    assert row["name"] == "圈：村庄"


def test_jobs_are_summed_and_rows_picked() -> None:
    there = {"villages": villages(jobs=[10, 20, 30, 40], kind=["a", "a", "a", "b"])}
    told = cover(circle(), counts=(count(column="jobs"), count(id="b", where={"kind": "b"})), sources=there)
    assert told.loc["c-counts.villages", ["inside", "total"]].tolist() == [30, 60]
    assert told.loc["c-counts.b", "verdict"] == "undecidable"


def test_jobs_of_polygons_are_shared_out_by_area() -> None:
    place = villages(jobs=[8.0, 0, 0, 0])
    wide = shapely.buffer(shapely.Point(MIDDLE), 0.01)
    place = place.set_geometry(gpd.GeoSeries([wide, *place.geometry[1:]], crs=4490))
    row = cover(circle(time="0.5 min"), counts=(count(column="jobs"),), sources={"villages": place})
    told = row.loc["c-counts.villages"]
    assert 0 < told["inside"] < told["total"] == pytest.approx(8)


@pytest.mark.parametrize(
    ("keys", "columns", "why"),
    [
        ({"column": "jobs"}, {}, "no column jobs"),
        ({"column": "jobs"}, {"jobs": [1, -2, 3, 4]}, "row 2"),
        ({"column": "jobs"}, {"jobs": [1, None, 3, 4]}, "null"),
        ({"where": {"kind": "b"}}, {"kind": "a"}, "no match"),
        ({"where": {"sort": "b"}}, {}, "no column sort"),
    ],
)
def test_counts_that_nobody_can_trust_are_undecidable(
    keys: dict[str, Any], columns: dict[str, Any], why: str
) -> None:
    row = cover(circle(), counts=(count(**keys),), sources={"villages": villages(**columns)})
    told = row.loc["c-counts.villages"]
    assert told["verdict"] == "undecidable"
    assert why in told["outside"]
    assert np.isnan(told["inside"])
