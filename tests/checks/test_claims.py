"""Checks of claims: what is missing, broken or beyond the territory, each with numbers and a remedy."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Polygon

from spatial.checks.claims import claim_features_findings, claims_findings
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.records import LineClaim, Lines, ZoneClaim, Zones
from spatial.plan.rules import read_rules
from spatial.themes.land import claims

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
        "EPSG:4547",
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
    shapes = [metre_box(900, 0, 1100, 500), metre_box(5000, 0, 5100, 100), metre_box(10, 10, 400, 400)]
    (finding,) = check(shapes, claim=ZONE)
    assert (finding.rule, finding.severity) == ("zones.outside_territory", "warning")
    assert finding.value == pytest.approx(100 * 500 + 100 * 100, rel=0.01)
    assert "占其 22.9%" in finding.message_zh
    assert "(22.9% of it)" in finding.message_en
    assert not finding.geometry.intersects(LAND.buffer(-1e-9))
    assert len(finding.geometry.geoms) == 2


@pytest.mark.parametrize("claim", [ZONE, LINE])
@pytest.mark.parametrize("east", [5000, 270_000])
def test_a_claim_in_the_wrong_place_is_an_error_of_its_crs(claim: ZoneClaim | LineClaim, east: int) -> None:
    away = metre_box(east, 0, east + 900, 900)
    (finding,) = check([away, metre_box(0, 0, 800, 800)], claim=claim)
    assert (finding.rule.partition(".")[2], finding.severity) == ("outside_territory", "error")
    assert "坐标系（crs）很可能有误" in finding.message_zh
    assert "EPSG:4547" in finding.message_zh
    assert "probably wrong" in finding.message_en
    (whole,) = check([away], claim=claim)
    assert (whole.severity, "占其 100.0%" in whole.message_zh) == ("error", True)


def test_a_tiny_overhang_does_not_read_as_none() -> None:
    (finding,) = check([metre_box(0, 0, 1000, 1000.3)], claim=ZONE)
    assert "占其 0.0%" not in finding.message_zh
    assert "(0.030% of it)" in finding.message_en


@pytest.mark.parametrize(("north", "severity"), [(1019, "info"), (1022, "warning")])
def test_an_overhang_below_two_per_cent_is_an_info(north: int, severity: str) -> None:
    (finding,) = check([metre_box(0, 0, 1000, north)], claim=ZONE)
    assert (finding.rule, finding.severity) == ("zones.outside_territory", severity)


def plots(**columns: list[object]) -> gpd.GeoDataFrame:
    count = len(next(iter(columns.values())))
    shapes = [metre_box(100 * number, 0, 100 * number + 90, 90) for number in range(count)]
    ids = [f"图斑{number}" for number in range(count)]
    return gpd.GeoDataFrame({"id": ids, "illustrative": False, **columns}, geometry=shapes, crs=CRS)


def unused(frame: gpd.GeoDataFrame, *claims_of: ZoneClaim | LineClaim) -> list[Finding]:
    zone_plan = Zones(claims=tuple(claim for claim in claims_of if isinstance(claim, ZoneClaim)))
    line_plan = Lines(claims=tuple(claim for claim in claims_of if isinstance(claim, LineClaim)))
    sources = {"plots": frame}
    zone_rows, line_rows = claims.zone_claims(zone_plan, sources), claims.line_claims(line_plan, sources)
    found = claim_features_findings(zone_plan, line_plan, sources, zone_rows, line_rows)
    assert len(frame_findings(found)) == len(found)
    return found


def where(**asked: str | int) -> ZoneClaim:
    return ZoneClaim(zone="urban", source="plots", where=asked)


def test_features_that_no_claim_takes_are_told_with_their_values() -> None:
    frame = plots(类型=["城镇空间", "城市空间", None, "生态空间", "城市空间"])
    (finding,) = unused(frame, where(类型="城镇空间"), where(类型="生态空间"))
    assert (finding.rule, finding.severity, finding.value) == ("zones.unused_features", "warning", 3)
    assert (
        "来源 plots 有 3 个要素未被任何 claim 采用（字段“类型”）：城市空间 ×2，空值 ×1；"
        in finding.message_zh
    )
    assert "城市空间 ×2, null ×1;" in finding.message_en
    assert len(finding.geometry.geoms) == 3


def test_what_a_zone_leaves_a_line_may_take() -> None:
    frame = plots(kind=["a", "b"])
    line = LineClaim(line="urban_boundary", source="plots", where={"kind": "b"})
    assert unused(frame, where(kind="a"), line) == []
    (finding,) = unused(frame, line)
    assert finding.rule == "lines.unused_features"
    assert "a ×1" in finding.message_zh
    assert unused(frame, ZONE) == []
    assert unused(frame, where(DLBM=1)) == []


def test_values_of_two_columns_and_many_values_are_shown_short() -> None:
    (finding,) = unused(plots(a=["x", "x"], b=[1, 2]), where(a="x", b=1))
    assert "（字段“a / b”）：x / 2 ×1；" in finding.message_zh
    (finding,) = unused(plots(a=[f"v{number}" for number in range(12)]), where(a="v0"))
    assert finding.message_zh.count("×1") == 8
    assert " …；" in finding.message_zh


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"类型": "城市空间"}, "没有符合条件的要素；现有：类型 = 城镇空间, 生态空间；"),
        ({"DLMC": "旱地"}, "没有字段 DLMC；现有：类型；"),
    ],
)
def test_a_claim_that_fits_nothing_lists_what_there_is(asked: dict[str, str], words: str) -> None:
    frame = plots(类型=["城镇空间", "生态空间", None])
    plan = Zones(claims=(where(**asked),))
    rules = claims.zoning(plan, None, read_rules("zones"), read_rules("lines"))
    land = gpd.GeoDataFrame({"illustrative": [False]}, geometry=[LAND], crs=CRS)
    rows = claims.zone_claims(plan, {"plots": frame})
    (finding,) = claims_findings(rows, claims.line_claims(None, {}), land, rules, "EPSG:4547")
    assert words in finding.message_zh
    assert "; there is " in finding.message_en


def test_rounding_at_the_border_is_not_reported() -> None:
    strip = metre_box(0, 0, 1000.0005, 1000)
    assert check([strip], claim=ZONE) == []
    (finding,) = check([strip], claim=ZONE, tolerance_m=0.0001)
    assert finding.severity == "info"
    assert finding.value == pytest.approx(0.5, rel=0.05)


def test_a_claim_within_the_territory_has_no_findings() -> None:
    assert check([LAND], claim=ZONE) == []
    assert check([LAND], claim=LINE) == []
