"""Development directions: a town drawn by hand whose growth is known, and names that lead nowhere."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from pydantic import ValidationError

from spatial.checks.directions import direction_findings
from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.dispersion import draw_wedge
from spatial.plan.contract import contract_of
from spatial.plan.parts.directions import Directions
from spatial.plan.rules import read_rules
from spatial.themes.layout import direction_growth as growth
from spatial.themes.layout import directions as theme

MIDDLE = (112.6, 35.1)
PLACES = {"市中心": MIDDLE, "老街": (112.61, 35.1)}
RULES = read_rules("directions")
WHOLE = gpd.GeoDataFrame({"name": ["市"]}, geometry=[shapely.box(112.3, 34.9, 112.9, 35.3)], crs="EPSG:4490")


def land(name: str, *shapes: shapely.Polygon) -> gpd.GeoDataFrame:
    rows = {
        "id": [f"{name}-{k}" for k in range(len(shapes))],
        "name": name,
        "source": "s",
        "illustrative": False,
    }
    return gpd.GeoDataFrame(rows, geometry=list(shapes), crs="EPSG:4490")


def disc(reach_m: float) -> shapely.Polygon:
    return draw_wedge(MIDDLE, 0, 360, reach_m)


OLD, NEW = disc(2000), shapely.union(disc(2000), draw_wedge(MIDDLE, 135, 45, 4000))
"""A round town that grows to the southeast only."""


def tell(actions: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    frames = {
        "old": land("old", OLD),
        "new": land("new", NEW),
        "areas": land("新区", shapely.box(112.62, 35.08, 112.63, 35.09)),
    }
    zones = land("zone", disc(3000)).assign(zone="urban")
    part = {"centre": "市中心", "reach": "5 km", "actions": actions} | more
    spec = Directions.model_validate(part)
    centre, reach = theme.direction_centre(spec, PLACES), theme.direction_reach(spec, RULES)
    drawn = theme.directions(
        direction_spec=spec, direction_centre=centre, direction_reach=reach, direction_rules=RULES,
        gazetteer=PLACES, source_frames=frames, territory=WHOLE,
    )  # fmt: skip
    sectors = growth.direction_sectors(centre, reach, RULES, WHOLE)
    years = theme.direction_land(spec, frames, zones)
    table = growth.direction_growth(sectors, drawn, years, RULES)
    rose = growth.growth_rose(table, sectors, centre, reach)
    ellipses = growth.growth_ellipses(years, sectors, RULES)
    made = {"directions": drawn, "direction_growth": table, "growth_rose": rose, "growth_ellipses": ellipses}
    for name, frame in made.items():
        contract = contract_of(getattr(theme if name == "directions" else growth, name))
        assert contract is not None
        contract.schema(name).validate(frame)
    faults = theme.direction_faults(spec, centre, PLACES, frames)
    return made | {"findings": direction_findings(spec, faults, years, table), "years": years}


YEARS = {"land": [{"source": "old", "year": 2015}, {"source": "new", "year": 2025}]}


def test_growth_to_the_southeast_follows_a_plan_that_says_so() -> None:
    made = tell(
        [{"toward": "southeast", "action": "extend"}, {"toward": "northwest", "action": "improve"}], **YEARS
    )
    table = made["direction_growth"].set_index("toward")
    new_ha = straight_area_m2([NEW])[0] / 1e4 - straight_area_m2([OLD])[0] / 1e4
    assert table["new_ha"].sum() == pytest.approx(new_ha, rel=1e-6)
    assert table.loc["southeast", "share_of_new"] == pytest.approx(1, abs=1e-3)
    assert table.loc["southeast", "even_share"] == pytest.approx(1 / 8, rel=1e-3)
    assert table.loc["southeast", "ratio"] == pytest.approx(8, rel=1e-2)
    assert table["verdict"].to_dict() == {
        **dict.fromkeys(["north", "northeast", "east", "south", "southwest", "west"], "quiet"),
        "southeast": "follows", "northwest": "follows",
    }  # fmt: skip
    assert made["growth_rose"]["toward"].tolist() == ["southeast"]
    assert [one.rule for one in made["findings"]] == ["directions.follows"] * 2
    first, last = made["growth_ellipses"].to_dict("records")
    assert (first["flattening"], last["shift_deg"]) == pytest.approx((0, 135), abs=0.05)
    assert last["azimuth_deg"] == pytest.approx(135, abs=0.1)
    # A quarter circle's variance: the disc of 2 km has 1 km along each axis, √2 of it is drawn.
    assert first["major_km"] == pytest.approx(2**0.5, rel=1e-3)


def test_growth_elsewhere_is_told() -> None:
    made = tell(
        [{"toward": "southeast", "action": "improve"}, {"toward": "north", "action": "build"}], **YEARS
    )
    verdicts = made["direction_growth"].set_index("toward")["verdict"]
    assert (verdicts["southeast"], verdicts["north"]) == ("exceeds", "lags")
    made = tell([{"toward": "north", "action": "improve"}], **YEARS)
    assert made["direction_growth"].set_index("toward")["verdict"]["southeast"] == "unplanned"
    found = {one.rule: one for one in made["findings"]}
    assert found["directions.unplanned"].severity == "warning"
    assert "东南" in found["directions.unplanned"].message_zh


def test_turning_everything_turns_the_figures_with_it() -> None:
    def run(toward: str, bearing: float) -> pd.DataFrame:
        grown = shapely.union(OLD, draw_wedge(MIDDLE, bearing, 45, 4000))
        years = gpd.GeoDataFrame(
            {"year": [2015, 2025], "kind": "built", "illustrative": False},
            geometry=[OLD, grown],
            crs="EPSG:4490",
        )
        sectors = growth.direction_sectors(MIDDLE, 5000.0, RULES, WHOLE)
        drawn = tell([{"toward": toward, "action": "extend"}])["directions"]
        return growth.direction_growth(sectors, drawn, years, RULES).set_index("toward")

    one, other = run("southeast", 135), run("west", 270)
    assert one.loc["southeast", "new_ha"] == pytest.approx(other.loc["west", "new_ha"], rel=1e-4)
    assert one.loc["southeast", "ratio"] == pytest.approx(other.loc["west", "ratio"], rel=1e-3)
    assert (one.loc["southeast", "verdict"], other.loc["west", "verdict"]) == ("follows", "follows")


def test_wedges_areas_and_discs_are_drawn_and_planned_zones_count() -> None:
    made = tell(
        [
            {"toward": "northwest", "action": "improve"},
            {"area": "新区", "source": "areas", "action": "build"},
            {"at": "老街", "radius": "500 m", "action": "renew", "name": {"zh": "改造老街", "en": "Renew"}},
        ],
        land=[{"source": "old", "year": 2020}],
        planned=2035,
    )
    drawn = made["directions"].set_index("form")
    assert drawn["name"].to_dict() == {"wedge": "优化西北", "area": "建设新区", "disc": "改造老街"}
    assert drawn.loc["wedge", "area_km2"] == pytest.approx(3.14159265 * 25 / 8, rel=1e-3)
    assert drawn.loc["disc", "area_km2"] == pytest.approx(3.14159265 / 4, rel=1e-2)
    assert made["years"]["kind"].tolist() == ["built", "planned"]
    table = made["direction_growth"].set_index("form")
    assert table.loc["sector", "new_ha"].sum() == pytest.approx(3.14159265 * 500, rel=1e-3)
    assert table.loc["disc", "verdict"] == "full"
    assert table.loc["disc", "before_ha"] == pytest.approx(100 * drawn.loc["disc", "area_km2"], rel=1e-6)


def test_names_that_lead_nowhere_and_a_single_year_are_told() -> None:
    made = tell(
        [
            {"area": "不存在", "source": "areas", "action": "build"},
            {"at": "无此地", "radius": "1 km", "action": "renew"},
        ],
        centre="别处",
        land=[{"source": "old", "year": 2020, "where": {"kind": "none"}}],
    )
    assert made["directions"].empty
    found = [one for one in made["findings"] if one.rule == "directions.unknown"]
    assert [one.feature_id for one in found] == ["centre", "actions.0.area", "actions.1.at", "land.0.source"]
    assert {one.severity for one in found} == {"error"}
    assert [one.rule for one in made["findings"]][-1] == "directions.one_year"
    assert made["direction_growth"].empty
    assert direction_findings(None, [], made["years"], made["direction_growth"]) == []


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"actions": [{"action": "build"}]}, "give one of"),
        ({"actions": [{"action": "build", "toward": "east", "at": "x", "radius": "1 km"}]}, "give one of"),
        ({"actions": [{"action": "build", "area": "x"}]}, "`area` and `source` together"),
        ({"actions": [{"action": "renew", "at": "x"}]}, "`at` and `radius` together"),
        ({"actions": [{"action": "build", "toward": "up"}]}, "northwest"),
        ({"actions": [{"action": "build", "toward": "east"}] * 2}, "given twice"),
        ({"actions": []}, "at least 1"),
        ({"actions": [{"action": "build", "toward": "east"}], "planned": 2030,
          "land": [{"source": "a", "year": 2030}]}, "2030"),
    ],
)  # fmt: skip
def test_parts_that_contradict_themselves_are_refused(part: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Directions.model_validate({"centre": "市中心"} | part)
