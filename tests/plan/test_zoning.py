"""What a plan and the rule tables together say of zones and lines."""

from __future__ import annotations

from typing import get_args

from spatial.plan.records import Line, Lines, Zone, Zones
from spatial.plan.rules import read_rules
from spatial.plan.styles import read_styles
from spatial.plan.zoning import LINE_NAMES, ZONE_NAMES, settle_zoning


def test_the_tables_speak_where_the_plan_is_silent() -> None:
    zoning = settle_zoning(Zones(claims=()), None, read_rules("zones"), read_rules("lines"))
    assert zoning.has_zones
    assert not zoning.has_lines
    assert zoning.line_order == ("permanent_farmland", "ecological_redline", "urban_boundary")
    assert zoning.zone_of_line["permanent_farmland"] == "farming"
    assert (zoning.unclaimed, zoning.tolerance_m, zoning.min_area_m2) == ("ecology", 0.001, 1000.0)


def test_the_plan_comes_first_and_zero_is_a_word_too() -> None:
    zones = Zones.model_validate(
        {
            "claims": (),
            "priority": ("urban",),
            "unclaimed": "farming",
            "tolerance": "10 mm",
            "min_area": "0 m2",
        }
    )
    lines = Lines(claims=(), priority=("urban_boundary", "permanent_farmland"))
    zoning = settle_zoning(zones, lines, read_rules("zones"), read_rules("lines"))
    assert zoning.zone_order == ("urban", "farming", "ecology")
    assert zoning.line_order == ("urban_boundary", "permanent_farmland", "ecological_redline")
    assert (zoning.unclaimed, zoning.tolerance_m, zoning.min_area_m2) == ("farming", 0.01, 0.0)


def test_names_are_those_of_the_records_and_of_the_styles() -> None:
    assert set(ZONE_NAMES) == set(get_args(Zone))
    assert set(LINE_NAMES) == set(get_args(Line))
    for layer, names in (("zones", ZONE_NAMES), ("lines", LINE_NAMES)):
        classes = read_styles().layers[layer].classes
        assert {key: classes[key].label for key in names} == dict(names)
