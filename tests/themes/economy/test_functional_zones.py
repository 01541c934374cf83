"""Functional zones over units: hand-drawn cases, and parts that add up whatever is drawn."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.checks.functional_zones import functional_findings
from spatial.engine.areas import straight_area_m2
from spatial.plan.parts.functional import FunctionalZones
from spatial.themes.economy import functional_zones as theme

STEP, WEST, SOUTH = 0.01, 112.0, 35.0
SPEC = FunctionalZones(source="zones", where={"kind": "zone"}, units="units")


def square(column: float, row: float, width: float = 1, height: float = 1) -> shapely.Polygon:
    west, south = WEST + column * STEP, SOUTH + row * STEP
    return shapely.box(west, south, west + width * STEP, south + height * STEP)


def frame(shapes: dict[str, shapely.Polygon], **columns: object) -> gpd.GeoDataFrame:
    rows = {"id": list(shapes), "name": list(shapes), "source": "s", "illustrative": False, **columns}
    return gpd.GeoDataFrame(rows, geometry=list(shapes.values()), crs="EPSG:4490")


def lay(
    zones: dict[str, shapely.Polygon], units: dict[str, shapely.Polygon]
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[str]]:
    frames = {"zones": frame(zones, kind="zone"), "units": frame(units)}
    rows = theme.functional_rows(SPEC, frames)
    over = theme.functional_units(SPEC, frames, frame({}))
    parts = theme.zone_units(rows, over)
    whole = theme.functional_zones(rows, parts)
    found = functional_findings(SPEC, whole, over, parts)
    theme.zone_units.__dict__["contract"].schema("zone_units").validate(parts)
    theme.functional_zones.__dict__["contract"].schema("functional_zones").validate(whole)
    return whole, parts, sorted(finding.rule for finding in found)


def test_parts_are_told_by_unit_orphans_and_double_management() -> None:
    zones = {"甲": square(0, 0, 4, 1), "乙": square(3, 0, 2, 1)}
    units = {"东": square(0, 0, 2, 1), "西": square(1.5, 0, 2, 1)}
    whole, parts, rules = lay(zones, units)
    cell = straight_area_m2([square(0, 0)])[0] / 1e4
    found = parts.groupby(["zone_name", "unit_name", "state"])["area_ha"].sum() / cell
    assert found.round(6).to_dict() == {
        ("甲", "东", "single"): 1.5, ("甲", "东", "double_unit"): 0.5, ("甲", "西", "single"): 1.0,
        ("甲", "西", "double_zone"): 0.5, ("甲", "", "orphan"): 0.5,
        ("乙", "西", "double_zone"): 0.5, ("乙", "", "orphan"): 1.5,
    }  # fmt: skip
    row = whole.set_index("name").loc["甲"]
    assert (row["units"], row["lies_in"]) == (2, "东、西")
    assert (row["orphan_ha"] / cell, row["double_ha"] / cell) == pytest.approx((0.5, 1.0))
    assert rules.count("functional_zones.orphan") == 2
    assert rules.count("functional_zones.double") == 3
    assert rules.count("functional_zones.split") == 1


def test_rows_of_one_name_are_one_zone() -> None:
    rows = frame({"a": square(0, 0), "b": square(2, 0)}, kind="zone").assign(name="甲")
    zones = theme.functional_rows(SPEC, {"zones": rows})
    assert zones["name"].tolist() == ["甲"]
    assert straight_area_m2(zones.geometry)[0] == pytest.approx(2 * straight_area_m2([square(0, 0)])[0])


def test_nothing_is_made_without_the_part_and_a_wrong_pick_is_an_error() -> None:
    rows = theme.functional_rows(None, {})
    parts = theme.zone_units(rows, rows)
    assert parts.empty
    assert theme.functional_zones(rows, parts).empty
    assert functional_findings(None, rows, rows, parts) == []
    spec = FunctionalZones(source="zones", where={"kind": "other"})
    none = theme.functional_rows(spec, {"zones": frame({"a": square(0, 0)}, kind="zone")})
    (finding,) = functional_findings(spec, theme.functional_zones(none, parts), rows, parts)
    assert (finding.rule, finding.severity) == ("functional_zones.none", "error")


def test_without_units_that_is_said() -> None:
    _, parts, rules = lay({"甲": square(0, 0)}, {})
    assert rules == ["functional_zones.no_units"]
    assert parts["state"].tolist() == ["orphan"]


boxes = st.builds(square, st.integers(0, 4), st.integers(0, 2), st.integers(1, 3), st.integers(1, 2))


@settings(max_examples=40, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=4), st.lists(boxes, max_size=4))
def test_parts_of_each_zone_add_up(zones: list[shapely.Polygon], units: list[shapely.Polygon]) -> None:
    named = {f"z{number}": shape for number, shape in enumerate(zones)}
    whole, parts, _ = lay(named, {f"u{number}": shape for number, shape in enumerate(units)})
    sums = parts.groupby("zone_name")["area_ha"].sum()
    for name, area in zip(whole["name"], whole["area_ha"], strict=True):
        assert sums[name] == pytest.approx(area, abs=1e-4)
    assert shapely.is_valid(parts.geometry.to_numpy()).all()
    assert parts.groupby("zone")["share_of_zone"].sum().round(9).eq(1).all()
    once = shapely.union_all(zones)
    double = parts.loc[parts["state"] == "double_zone", "area_ha"].sum()
    total = straight_area_m2([once])[0] / 1e4
    assert parts["area_ha"].sum() >= total - 1e-4
    if parts["area_ha"].sum() > total + 1e-4:
        assert double > 0 or (parts["state"] == "orphan").any()
