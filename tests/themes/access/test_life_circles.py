"""Living circles: walks by hand along one street, shares by counting heads, what is missing named."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from spatial.checks.life_circles import life_coverage_findings, life_facility_findings, life_place_findings
from spatial.engine.geodesy import area_m2
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import Mode, Network
from spatial.engine.travel.roads import draw_links
from spatial.plan.contract import contract_of
from spatial.plan.findings import frame_findings
from spatial.plan.records import Facilities, Roads
from spatial.plan.rules import RuleTable, read_rules
from spatial.themes.access.life_circles import (
    facilities,
    facility_categories,
    life_circles,
    life_rings,
    life_walks,
)
from spatial.themes.access.life_coverage import life_coverage, life_homes, life_places

GEOD = pyproj.Geod(a=6378137, rf=298.257222101)
RULES, SPEEDS = read_rules("facilities"), read_rules("speeds")
CATEGORIES = facility_categories(RULES)
ROADS = Roads.model_validate({"source": "roads", "snap": "300 m"})
TERRITORY = gpd.GeoDataFrame({"id": ["t"]}, geometry=[shapely.box(112.0, 34.9, 113.0, 35.3)], crs=4490)


def east(metres: float) -> tuple[float, float]:
    return GEOD.fwd(112.5, 35.1, 90, metres)[:2]


def street(kmh: float = 5.0) -> dict[Mode, Network]:
    """A straight street of four kilometres, a vertex every hundred metres."""
    spots = [east(100.0 * n) for n in range(41)]
    links = np.stack([np.arange(40), np.arange(1, 41)], axis=1)
    table = draw_links([x for x, _ in spots], [y for _, y in spots], links, mode="walk")
    return {"walk": build_network(table, crs="EPSG:4546", speeds={"other": kmh})}


def source(*rows: tuple[str, Any], column: str = "category") -> dict[str, gpd.GeoDataFrame]:
    shapes = [shapely.Point(east(place)) if isinstance(place, (int, float)) else place for _, place in rows]
    return {"pois": gpd.GeoDataFrame({column: [word for word, _ in rows]}, geometry=shapes, crs=4490)}


class World:
    def __init__(
        self,
        sources: dict[str, gpd.GeoDataFrame],
        *,
        people: list[tuple[float, float]] | None = None,
        networks: dict[Mode, Network] | None = None,
        rules: RuleTable = RULES,
        **keys: Any,
    ) -> None:
        self.spec = Facilities.model_validate({"source": "pois"} | keys)
        homes = people or []
        residents = gpd.GeoDataFrame(
            {"people": np.array([count for _, count in homes], dtype=float)},
            geometry=[shapely.Point(east(metres)) for metres, _ in homes],
            crs=4490,
        )
        categories = facility_categories(rules)
        self.there = facilities(self.spec, categories, sources)
        self.rings = life_rings(
            facilities=self.there,
            facility_categories=categories,
            life_walks=life_walks(rules, SPEEDS, ROADS),
            road_spec=ROADS,
            road_networks=street() if networks is None else networks,
        )
        self.circles = life_circles(self.there, categories, rules, self.rings, TERRITORY)
        self.homes = life_homes(self.spec, sources, residents, TERRITORY)
        self.coverage = life_coverage(
            facility_categories=categories,
            life_rings=self.rings,
            life_circles=self.circles,
            life_homes=self.homes,
            territory=TERRITORY,
        )
        self.places = life_places(categories, self.circles, self.homes)
        for made, function in (
            (self.circles, life_circles),
            (self.coverage, life_coverage),
            (self.places, life_places),
        ):
            contract = contract_of(function)
            assert contract is not None
            contract.schema("layer").validate(made, lazy=True)

    def share(self, category: str, minutes: float, subject: str = "people") -> float:
        return float(self.coverage.set_index("id")["share"][f"{category}-{minutes:g}-{subject}"])


def test_categories_are_those_of_the_table() -> None:
    known = {one.key: one for one in CATEGORIES}
    assert (known["market"].minutes, known["market"].group) == (10, "daily")
    assert known["park"].min_area_m2 == 400
    assert len(known) == len(CATEGORIES) > 10


def test_the_walk_is_at_the_tables_pace() -> None:
    assert life_walks(RULES, SPEEDS, ROADS) == pytest.approx(3.6 / 5)
    slow = Roads.model_validate({"source": "roads", "speeds": {"walk.residential": "4 km/h"}})
    assert life_walks(RULES, SPEEDS, slow) == pytest.approx(3.6 / 4)


def test_shares_are_counted_along_the_street() -> None:
    # A market in the middle of the street: 300, 600 and 900 m at 60 m/min.
    people = [(2000.0 + metres, 10.0) for metres in (-1000, -850, -550, -250, 0, 250, 550, 850, 1000)]
    world = World(source(("market", 2000)), people=people)
    assert [world.share("market", minutes) for minutes in (5, 10, 15)] == pytest.approx([3 / 9, 5 / 9, 7 / 9])
    rows = world.coverage[world.coverage["category"] == "market"]
    assert rows.groupby("time_min")["standard"].all().to_dict() == {5.0: False, 10.0: True, 15.0: False}
    assert world.coverage["subject"].unique().tolist() == ["people", "area"]
    circle = world.circles.iloc[0]
    assert (circle["category"], circle["group"], circle["time_min"], circle["facilities"]) == (
        "market",
        "daily",
        10,
        1,
    )
    assert circle["area_km2"] == pytest.approx(area_m2([circle["geometry"]])[0] / 1e6)


def test_the_nearest_of_several_counts_and_columns_can_be_named() -> None:
    sources = source(("菜市场", 1000), ("菜市场", 3000), column="类别")
    world = World(
        sources,
        people=[(1200, 1), (2800, 1), (2000, 2)],
        category_column="类别",
        categories={"菜市场": "market"},
    )
    assert world.share("market", 5) == pytest.approx(0.5)
    assert world.circles["facilities"].tolist() == [2]
    assert life_facility_findings(world.spec, world.there, RULES)[0].rule == "life.absent"


def test_a_park_is_entered_at_its_edge_and_small_ones_do_not_count() -> None:
    (west, south), (right, north) = east(1000), (east(1500)[0], 35.102)
    park, small = shapely.box(west, south - 0.0005, right, north), shapely.Point(east(3500)).buffer(5e-5)
    world = World(source(("park", park), ("park", small)), people=[(800, 1), (1250, 1), (1700, 1), (3500, 1)])
    assert world.share("park", 5) == pytest.approx(0.75)
    assert world.circles["facilities"].tolist() == [1]
    left = life_facility_findings(world.spec, world.there, RULES)[0]
    assert (left.rule, left.value) == ("life.uncounted", 1.0)


def test_homes_are_weighed_by_land() -> None:
    patch = shapely.box(east(1400)[0], 35.0995, east(2000)[0], 35.1005)
    far = shapely.box(east(3500)[0], 35.0995, east(3800)[0], 35.1005)
    homes = gpd.GeoDataFrame({"id": ["a", "b"], "name": ["东里", "西里"]}, geometry=[patch, far], crs=4490)
    world = World(source(("market", 2000)) | {"land": homes}, homes="land")
    ring = world.rings[world.rings["time_min"] == 10].geometry.iloc[0]
    both = shapely.union(patch, far)
    expected = area_m2([shapely.intersection(ring, both)])[0] / area_m2([both])[0]
    assert world.share("market", 10, "homes") == pytest.approx(expected, rel=1e-6)
    assert 0.4 < expected < 0.75
    assert world.places["name"].tolist() == ["西里", "东里"]
    assert world.places["reached"].tolist() == [0, 1]
    assert world.places["missing"].str.contains("市").tolist() == [True, False]
    assert world.places["people"].isna().all()


def test_the_composite_needs_all_its_parts() -> None:
    parts = RULES.value("composite")
    some = World(source(*((part, 2000) for part in parts[:-1])), people=[(2000, 1)])
    assert "composite" not in some.circles["category"].tolist()
    every = [(part, 2000 + 50 * number) for number, part in enumerate(parts)]
    world = World(source(*every), people=[(2000, 1), (2700, 2), (3900, 3)])
    whole = world.circles.set_index("category").geometry
    expected = shapely.intersection_all([whole[part] for part in parts])
    assert shapely.equals(whole["composite"], expected)
    assert world.share("composite", 15) <= min(
        world.share(part, dict((c.key, c.minutes) for c in CATEGORIES)[part]) for part in parts
    )
    assert [found.rule for found in life_facility_findings(world.spec, world.there, RULES)] == []
    absent = life_facility_findings(some.spec, some.there, RULES)[0]
    assert absent.rule == "life.absent"
    assert RULES[parts[-1]].label.pick("en") in absent.message_en


def test_more_facilities_cover_no_less() -> None:
    people = [(100.0 * n, 1.0) for n in range(41)]
    one, two = (
        World(source(*rows), people=people) for rows in ([("shop", 500)], [("shop", 500), ("shop", 2500)])
    )
    for minutes in (5, 10, 15):
        assert two.share("shop", minutes) >= one.share("shop", minutes)


def test_without_facilities_a_network_or_people_nothing_is_invented() -> None:
    full = World(source(("market", 2000)), people=[(2000, 1)])
    nothing = World(source(("market", 2000)), networks={})
    assert nothing.circles.empty
    assert nothing.coverage.empty
    assert nothing.places.empty
    assert nothing.circles.dtypes.astype(str).tolist() == full.circles.dtypes.astype(str).tolist()
    assert World(source(("spaceport", 2000))).circles.empty
    assert "people" not in World(source(("market", 2000))).coverage["subject"].tolist()
    assert facilities(None, CATEGORIES, {}).empty
    far = World(source(("market", shapely.Point(112.1, 35.25))))
    assert far.circles.empty


def test_findings_name_the_least_served() -> None:
    world = World(source(("market", 2000), ("moon base", 10)), people=[(2000, 5), (3900, 7)])
    told = life_coverage_findings(world.coverage, RULES) + life_place_findings(world.places)
    assert [found.rule for found in told] == ["life.coverage", "life.least"]
    assert "41.7%" in told[0].message_en
    assert told[1].value == 0
    assert "moon base (1)" in life_facility_findings(world.spec, world.there, RULES)[0].message_en
    assert life_facility_findings(None, world.there, RULES) == []
    assert life_coverage_findings(world.coverage.iloc[:0], RULES) == []
    assert life_place_findings(world.places.iloc[:0]) == []
    assert len(frame_findings(told)) == 2
    assert isinstance(world.coverage, pd.DataFrame)
