"""Checks of claims: what is missing, broken or beyond the territory, each with numbers and a remedy."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Polygon

from spatial.checks.claims import claims_findings
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.records import LineClaim, Lines, ZoneClaim, Zones
from spatial.plan.rules import read_rules
from spatial.themes import claims

CRS = "EPSG:4490"
M = 1 / 111_000


def metre_box(west: float, south: float, east: float, north: float) -> Polygon:
    east_m = M / np.cos(np.radians(35.1))
    return shapely.box(112.5 + west * east_m, 35.1 + south * M, 112.5 + east * east_m, 35.1 + north * M)


LAND = metre_box(0, 0, 1000, 1000)
TIE = Polygon([(112.501, 35.101), (112.504, 35.104), (112.504, 35.101), (112.501, 35.104)])


def check(shapes: list[object], *, claim: ZoneClaim | LineClaim, tolerance_m: float = 0.001) -> list[Finding]:
    ids = [f"图斑{number}" for number in range(len(shapes))]
    sources = {"plots": gpd.GeoDataFrame({"id": ids, "illustrative": False}, geometry=shapes, crs=CRS)}
    of_zone = isinstance(claim, ZoneClaim)
    zone_plan = Zones(claims=(claim,)) if of_zone else None
    line_plan = None if of_zone else Lines(claims=(claim,))
    zoning = claims.zoning(zone_plan, line_plan, read_rules("zones"), read_rules("lines"))
    territory = gpd.GeoDataFrame({"illustrative": [False]}, geometry=[LAND], crs=CRS)
    found = claims_findings(
        claims.zone_claims(zone_plan, sources),
        claims.line_claims(line_plan, sources),
        territory,
        zoning.model_copy(update={"tolerance_m": tolerance_m}),
    )
    assert len(frame_findings(found)) == len(found)
    return found


ZONE = ZoneClaim(zone="farming", source="plots")
LINE = LineClaim(line="permanent_farmland", source="plots")


@pytest.mark.parametrize(
    ("claim", "rule", "words"),
    [
        (
            ZoneClaim(zone="urban", source="nowhere"),
            "zones.no_match",
            "城镇空间（nowhere）：计划中没有这个数据源",
        ),
        (
            LineClaim(line="urban_boundary", source="plots", where={"id": "x"}),
            "lines.no_match",
            "没有符合条件",
        ),
        (ZoneClaim(zone="urban", source="plots", where={"DLBM": "0101"}), "zones.no_match", "没有字段 DLBM"),
    ],
)
def test_claims_without_polygons_are_errors(claim: ZoneClaim | LineClaim, rule: str, words: str) -> None:
    (finding,) = check([LAND], claim=claim)
    assert (finding.rule, finding.severity) == (rule, "error")
    assert words in finding.message_zh


def test_repairs_are_told_once_a_kind() -> None:
    (finding,) = check([TIE, TIE, LAND], claim=LINE)
    assert (finding.rule, finding.severity, finding.value) == ("lines.repaired", "warning", 2)
    assert "自相交" in finding.message_zh
    assert "self-intersection" in finding.message_en
    assert "图斑0, 图斑1" in finding.message_zh
    assert len(finding.geometry.geoms) == 2


def test_shapes_that_are_no_polygons_are_left_out() -> None:
    found = check([LAND, None, Polygon(), shapely.Point(112.5, 35.1)], claim=ZONE)
    assert {finding.rule for finding in found} == {"zones.left_out"}
    assert len(found) == 3


def test_land_beyond_the_territory_is_measured() -> None:
    shapes = [metre_box(900, 0, 1100, 500), metre_box(5000, 0, 5100, 100), metre_box(10, 10, 20, 20)]
    (finding,) = check(shapes, claim=ZONE)
    assert (finding.rule, finding.severity) == ("zones.outside_territory", "warning")
    assert finding.value == pytest.approx(100 * 500 + 100 * 100, rel=0.01)
    assert not finding.geometry.intersects(LAND.buffer(-1e-9))
    assert len(finding.geometry.geoms) == 2


def test_rounding_at_the_border_is_not_reported() -> None:
    strip = metre_box(0, 0, 1000.0005, 1000)
    assert check([strip], claim=ZONE) == []
    (finding,) = check([strip], claim=ZONE, tolerance_m=0.0001)
    assert finding.severity == "info"
    assert finding.value == pytest.approx(0.5, rel=0.05)


def test_a_claim_within_the_territory_has_no_findings() -> None:
    assert check([LAND], claim=ZONE) == []
    assert check([LAND], claim=LINE) == []
