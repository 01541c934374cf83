"""The system of functional zones: hand-drawn zones held against districts, formula, ecosystems and parts."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spatial.checks.functional_system import functional_system_findings
from spatial.engine.areas import straight_area_m2
from spatial.plan.contract import contract_of
from spatial.plan.findings import Finding
from spatial.plan.parts.functional import FunctionalZones
from spatial.themes.economy import functional_parts, functional_system, functional_zones

STEP, WEST, SOUTH = 0.01, 104.0, 30.0
SYSTEM = {
    "formula": "1+1个产业生态圈、2+1个产业功能区",
    "ecosystems": [
        {"name": {"zh": "电子圈", "en": "Electronics"}, "zones": 2},
        {"name": {"zh": "融合圈", "en": "Joint"}, "zones": 1, "kind": "civil_military", "established": False},
    ],
}


def square(column: float, row: float, width: float = 1, height: float = 1) -> shapely.Polygon:
    west, south = WEST + column * STEP, SOUTH + row * STEP
    return shapely.box(west, south, west + width * STEP, south + height * STEP)


def draw(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows).assign(source="drawn", illustrative=True)
    table["id"] = [f"r{number}" for number in range(len(table))]
    return gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4490")


DISTRICTS = draw([
    {"name": "东区", "geometry": square(5, 0, 5, 4)},
    {"name": "西部县", "geometry": square(0, 0, 5, 4)},
])  # fmt: skip


def zone(name: str, shape: shapely.Polygon, **said: object) -> dict[str, Any]:
    return {
        "name": name,
        "geometry": shape,
        "ecosystem": "电子圈",
        "kind": "制造业",
        "district": "西部",
        **said,
    }


def three_zones() -> list[dict[str, Any]]:
    return [
        zone("一", square(0, 0), industries="集成电路、显示，集成电路"),
        zone("二", square(2, 0), kind="services", industries="软件"),
        zone("三", square(6, 0), ecosystem="Joint", kind="new_economy", district="东区"),
    ]


Made = tuple[dict[str, Any], list[Finding]]


def make(
    zones: list[dict[str, Any]], *, parts: dict[str, list[dict[str, Any]]] | None = None, **spec: object
) -> Made:
    parts = parts or {}
    whole = FunctionalZones.model_validate(
        {"source": "zones", "system": SYSTEM} | {key: {"source": key} for key in parts} | spec
    )
    frames = {"zones": draw(zones), **{key: draw(rows) for key, rows in parts.items()}}
    rows = functional_zones.functional_rows(whole, frames)
    units = functional_zones.functional_units(whole, frames, DISTRICTS)
    made: dict[str, Any] = {
        "startup_areas": functional_parts.startup_areas(whole, frames, rows),
        "zone_communities": functional_parts.zone_communities(whole, frames, rows),
    }
    made["zone_traits"] = functional_system.zone_traits(
        functional_spec=whole, source_frames=frames, functional_rows=rows, districts=DISTRICTS, **made
    )
    made["ecosystems"] = functional_system.ecosystems(whole, rows, made["zone_traits"])
    made["functional_zones"] = functional_zones.functional_zones(
        rows, functional_zones.zone_units(rows, units), made["zone_traits"]
    )
    for module, name in ((functional_parts, "startup_areas"), (functional_parts, "zone_communities"),
                         (functional_system, "ecosystems"), (functional_zones, "functional_zones")):  # fmt: skip
        contract = contract_of(getattr(module, name))
        assert contract is not None
        contract.schema(name).validate(made[name])
    found = functional_system_findings(functional_spec=whole, source_frames=frames, **made)
    return made, found


def rules(found: list[Finding]) -> list[str]:
    return [finding.rule.removeprefix("functional_zones.") for finding in found]


def test_a_system_as_the_plan_says_gives_no_finding() -> None:
    made, found = make(three_zones())
    assert found == []
    zones = made["functional_zones"].set_index("name")
    assert zones["kind"].tolist() == ["manufacturing", "services", "new_economy"]
    assert zones.loc["一", "industries"] == "集成电路、显示"
    assert zones["ecosystem"].tolist() == ["电子圈", "电子圈", "融合圈"]
    assert zones["district_in"].tolist() == ["西部县", "西部县", "东区"]
    assert zones["district_share"].round(9).tolist() == [1.0, 1.0, 1.0]
    table = made["ecosystems"].set_index("name")
    assert table[["zones_stated", "zones", "difference"]].values.tolist() == [[2, 2, 0], [1, 1, 0]]
    assert table["area_ha"].sum() == pytest.approx(zones["area_ha"].sum())
    assert table["established"].tolist() == [True, False]


def test_counts_that_differ_name_the_ecosystem() -> None:
    _, found = make(three_zones()[1:])
    assert rules(found) == ["formula", "count"]
    assert all(finding.severity == "error" for finding in found)
    assert "电子圈-1" in found[0].message_zh
    assert "Electronics -1" in found[0].message_en
    assert (found[1].value, found[1].limit) == (1.0, 2.0)


def test_a_single_number_of_the_formula_is_of_all() -> None:
    system = SYSTEM | {"formula": "3个功能区"}
    assert make(three_zones(), system=system)[1] == []
    assert rules(make([*three_zones(), zone("四", square(0, 2))], system=system)[1]) == ["formula", "count"]


def test_an_ecosystem_that_is_not_listed_and_one_that_is_misspelt() -> None:
    zones = three_zones()
    zones[1]["ecosystem"] = "电于圈"
    _, found = make(zones)
    assert rules(found) == ["formula", "count", "ecosystem"]
    assert "是否为“电子圈”" in found[-1].message_zh


def test_zones_that_overlap_are_named_once_with_their_area() -> None:
    zones = three_zones()
    zones[1]["geometry"] = square(0.5, 0)
    _, found = make(zones)
    assert rules(found) == ["overlap"]
    assert found[0].value == pytest.approx(straight_area_m2([square(0.5, 0, 0.5)])[0] / 1e4)
    assert rules(make(zones, system=None)[1]) == []


def test_unknown_kinds_and_districts() -> None:
    zones = three_zones()
    zones[0] |= {"kind": "渔业", "district": "东区"}
    zones[1] |= {"kind": "", "district": "高新区"}
    made, found = make(zones)
    assert rules(found) == ["kind", "district_unknown", "district"]
    assert made["functional_zones"]["kind"].tolist() == ["unknown", "", "new_economy"]
    assert made["functional_zones"]["district_share"].fillna(-1).round(9).tolist() == [0.0, -1.0, 1.0]
    assert "渔业" in found[0].message_zh


def test_a_zone_on_a_district_edge_is_held_against_the_larger_part() -> None:
    zones = three_zones()
    zones[1]["geometry"] = square(4.3, 0)
    made, found = make(zones)
    assert found == []
    assert made["functional_zones"]["district_share"].iloc[1] == pytest.approx(0.7, abs=1e-6)
    zones[1]["district"] = "东区、西部县"
    assert make(zones)[0]["functional_zones"]["district_share"].iloc[1] == pytest.approx(1.0)


def test_parts_inside_partly_and_wholly_outside_and_of_no_zone() -> None:
    startup = [
        {"name": "起一", "zone": "一", "geometry": square(0, 0, 0.5, 0.5), "plot_ratio": "2.5", "use": 1001},
        {"name": "起二", "zone": "二", "geometry": square(2.75, 0, 0.5, 1), "plot_ratio": None, "use": ""},
        {"name": "起三", "zone": "三", "geometry": square(8, 2), "plot_ratio": 1.0, "use": "商业"},
        {"name": "起四", "zone": "一一", "geometry": square(8, 3), "plot_ratio": 1.0, "use": None},
    ]
    homes = [{"name": "甲", "zone": "一", "geometry": square(0.5, 0.5, 0.25, 0.25)},
             {"name": "乙", "zone": "一", "geometry": square(0.5, 0, 0.25, 0.25)}]  # fmt: skip
    made, found = make(three_zones(), parts={"startup": startup, "communities": homes})
    told = [(finding.rule.rpartition(".")[2], finding.severity, finding.feature_id) for finding in found]
    assert told == [
        ("part_unknown", "error", "startup-area-004"),
        ("startup_outside", "warning", "startup-area-002"),
        ("startup_outside", "error", "startup-area-003"),
    ]
    areas = made["startup_areas"]
    assert areas["plot_ratio"].fillna(-1).tolist() == [2.5, -1, 1, 1]
    assert areas["use"].tolist() == ["1001", "", "商业", ""]
    assert areas["height_m"].isna().all()
    assert areas["share_of_zone"].iloc[0] == pytest.approx(0.25, rel=1e-3)
    assert areas["outside_ha"].iloc[1] == pytest.approx(areas["area_ha"].iloc[1] / 2, rel=1e-6)
    zones = made["functional_zones"].set_index("name")
    assert zones["communities"].tolist() == [2, 0, 0]
    cell = straight_area_m2([square(0.5, 0.5, 0.25, 0.25), square(0.5, 0, 0.25, 0.25)]).sum() / 1e4
    assert zones.loc["一", "communities_ha"] == pytest.approx(cell)


def test_a_named_column_that_is_not_there_is_an_error() -> None:
    _, found = make(three_zones(), columns={"kind": "类别"})
    assert rules(found) == ["column"]
    assert "类别" in found[0].message_zh
    zones = [{"name": row["name"], "geometry": row["geometry"]} for row in three_zones()]
    assert make(zones, system=None)[1] == []


def test_nothing_is_made_without_the_part() -> None:
    nothing = functional_zones.functional_rows(None, {})
    assert functional_parts.startup_areas(None, {}, nothing).empty
    assert functional_parts.zone_communities(None, {}, nothing).empty


def test_a_zone_is_shown_by_its_short_name_else_by_its_name() -> None:
    rows = three_zones()
    rows[0]["code"] = "01-01"
    rows[1]["name_en"] = "Second"
    frame = make(rows, columns={"short": "code"})[0]["functional_zones"]
    assert frame["short"].tolist() == ["01-01", "二", "三"]
    assert frame["short_en"].tolist() == ["01-01", "Second", ""]
