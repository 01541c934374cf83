"""Checks of zones and lines: silent about errors where all is well, loud where a layer is broken on purpose."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely import Polygon
from shapely.affinity import translate

from spatial.checks.zones import conflicts_findings, lines_findings, zones_findings
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.records import LineClaim, Lines, ZoneClaim, Zones
from spatial.plan.rules import read_rules
from spatial.plan.zoning import LINE_NAMES, ZONE_NAMES, Zoning
from spatial.themes.land import claims, zones

CRS = "EPSG:4490"
M = 1 / 111_000
ELLIPSOID = Geod(a=6378137, rf=298.257222101)


def metre_box(west: float, south: float, east: float, north: float) -> Polygon:
    east_m = M / np.cos(np.radians(35.1))
    return shapely.box(112.5 + west * east_m, 35.1 + south * M, 112.5 + east * east_m, 35.1 + north * M)


LAND = metre_box(0, 0, 1000, 1000)
CLAIMED = [
    ("farming", metre_box(0, 0, 600, 1000)),
    ("urban", metre_box(500, 0, 1000, 800)),
    ("permanent_farmland", metre_box(100, 100, 300, 300)),
    ("urban_boundary", metre_box(250, 250, 400, 400)),
]


@dataclass
class Made:
    territory: gpd.GeoDataFrame
    faces: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    conflicts: gpd.GeoDataFrame
    zoning: Zoning

    def findings(self) -> list[Finding]:
        return [
            *zones_findings(self.zones, self.territory, self.faces, self.zoning),
            *lines_findings(self.lines, self.zones, self.zoning),
            *conflicts_findings(self.conflicts, self.zoning),
        ]

    def rules(self, severity: str) -> set[str]:
        return {finding.rule for finding in self.findings() if finding.severity == severity}

    def only(self, rule: str) -> Finding:
        (finding,) = [finding for finding in self.findings() if finding.rule == rule]
        return finding


def make(claimed: list[tuple[str, Polygon]], **zone_spec: object) -> Made:
    territory = gpd.GeoDataFrame({"illustrative": [False]}, geometry=[LAND], crs=CRS)
    keys, shapes = zip(*claimed, strict=True) if claimed else ((), ())
    ids = [f"f{number}" for number in range(len(keys))]
    drawn = gpd.GeoDataFrame(
        {"id": ids, "illustrative": False, "kind": list(keys)}, geometry=list(shapes), crs=CRS
    )
    zone_plan = Zones(
        claims=tuple(ZoneClaim(zone=key, source="drawn", where={"kind": key}) for key in ZONE_NAMES)
    ).model_copy(update=zone_spec)
    line_plan = Lines(
        claims=tuple(LineClaim(line=key, source="drawn", where={"kind": key}) for key in LINE_NAMES)
    )
    zoning = claims.zoning(zone_plan, line_plan, read_rules("zones"), read_rules("lines"))
    faces = claims.land_faces(
        territory,
        claims.zone_claims(zone_plan, {"drawn": drawn}),
        claims.line_claims(line_plan, {"drawn": drawn}),
        zoning,
    )
    made_zones, made_lines = zones.zones(faces), zones.lines(faces)
    return Made(territory, faces, made_zones, made_lines, zones.conflicts(faces), zoning)


def test_a_sound_result_has_no_errors_and_says_its_settings() -> None:
    made = make(CLAIMED)
    assert made.rules("error") == set()
    settings = made.only("zones.settings")
    for text in (settings.message_zh, settings.message_en):
        assert "0.001" in text
        assert "1000" in text
    assert "永久基本农田、生态保护红线、城镇开发边界" in settings.message_zh


def test_findings_fit_the_layer_of_findings() -> None:
    frame = frame_findings(make(CLAIMED).findings())
    assert frame["message_zh"].str.len().gt(0).all()
    assert frame["message_en"].str.len().gt(0).all()
    assert set(frame["layer"]) <= {"zones", "lines", "conflicts"}


def test_a_missing_zone_is_an_error() -> None:
    made = make(CLAIMED)
    lost = made.zones["zone"] == "urban"
    area = made.zones.loc[lost, "area_ha"].sum() * 1e4
    made.zones = made.zones[~lost]
    assert {"zones.partition", "lines.outside_zone"} <= made.rules("error")
    assert made.only("zones.partition").value == pytest.approx(-area, abs=0.1)


def test_an_overlap_is_measured_and_shown() -> None:
    made = make([("farming", metre_box(0, 0, 500, 1000)), ("urban", metre_box(500, 0, 1000, 1000))])
    shapes = made.zones.geometry.to_numpy().copy()
    shapes[0] = shapely.union(shapes[0], metre_box(400, 0, 510, 1000))
    made.zones = made.zones.set_geometry(gpd.GeoSeries(shapes, crs=CRS))
    assert {"zones.overlap", "zones.coverage", "zones.partition"} <= made.rules("error")
    overlap = made.only("zones.overlap")
    strip = shapely.segmentize(metre_box(500, 0, 510, 1000), 1e-4)
    assert overlap.value == pytest.approx(abs(ELLIPSOID.geometry_area_perimeter(strip)[0]), rel=1e-4)
    assert overlap.geometry.area == pytest.approx(strip.area, rel=1e-4)


def test_parts_of_one_zone_must_not_overlap_either() -> None:
    made = make([("farming", LAND)])
    twice = gpd.GeoSeries([LAND, metre_box(0, 0, 100, 100)], crs=CRS)
    made.zones = made.zones.iloc[[0, 0]].set_geometry(twice.values)
    overlap = made.only("zones.overlap")
    assert overlap.value == pytest.approx(10_000, rel=0.01)


def test_vertices_that_only_one_neighbour_has_are_an_error() -> None:
    made = make([("farming", metre_box(0, 0, 500, 1000)), ("urban", metre_box(500, 0, 1000, 1000))])
    shapes = made.zones.geometry.to_numpy().copy()
    shapes[0] = shapely.segmentize(shapes[0], 100 * M)
    made.zones = made.zones.set_geometry(gpd.GeoSeries(shapes, crs=CRS))
    assert made.rules("error") == {"zones.coverage"}


def test_lines_that_overlap_or_leave_their_zone_are_errors() -> None:
    made = make(CLAIMED)
    moved = made.lines["line"] == "urban_boundary"
    made.lines.loc[moved, "geometry"] = made.lines.geometry[moved].apply(translate, args=(-60 * M, -60 * M))
    assert {"lines.overlap", "lines.coverage", "lines.outside_zone"} <= made.rules("error")
    assert made.only("lines.outside_zone").value > 1


def test_unclaimed_land_is_counted() -> None:
    made = make(CLAIMED)
    unclaimed = made.only("zones.unclaimed")
    rest = shapely.segmentize(metre_box(600, 800, 1000, 1000), 1e-4)
    assert unclaimed.severity == "warning"
    assert unclaimed.value == pytest.approx(abs(ELLIPSOID.geometry_area_perimeter(rest)[0]), rel=1e-4)
    assert "8.00%" in unclaimed.message_zh
    assert "生态空间" in unclaimed.message_zh
    assert unclaimed.geometry.symmetric_difference(rest).area < 1e-12
    assert "zones.unclaimed" not in make([("urban", LAND)]).rules("warning")


def test_a_little_unclaimed_land_is_no_warning() -> None:
    made = make([("farming", metre_box(0, 0, 999.5, 1000))])
    assert made.rules("info") >= {"zones.merged"}
    kept = make([("farming", metre_box(0, 0, 999.5, 1000))], min_area_m2=0.0)
    assert "zones.unclaimed" in kept.rules("warning")
    thin = make([("farming", metre_box(0, 0, 999.9995, 1000))], min_area_m2=0.0)
    assert thin.only("zones.unclaimed").severity == "info"


def test_merged_slivers_are_counted() -> None:
    crumbs = [("farming", metre_box(x, 500, x + 10, 510)) for x in (200, 300, 400)]
    made = make([("ecology", LAND), *crumbs])
    merged = made.only("zones.merged")
    assert merged.value == pytest.approx(300, rel=0.01)
    assert "3 slivers" in merged.message_en


def test_slivers_that_stay_are_listed_with_the_reason() -> None:
    made = make([("ecology", LAND), ("permanent_farmland", metre_box(100, 100, 110, 110))])
    sliver = made.only("zones.sliver")
    assert sliver.feature_id in set(made.zones["id"])
    assert "it holds a line" in sliver.message_en
    assert sliver.value == pytest.approx(100, rel=0.01)
    alone = make([("ecology", LAND)], min_area_m2=2e6)
    assert "no zone touches it" in alone.only("zones.sliver").message_en


def test_small_patches_of_lines_are_counted_not_removed() -> None:
    crumbs = [("permanent_farmland", metre_box(x, 500, x + 10, 510)) for x in (200, 300, 400)]
    made = make([("farming", LAND), *crumbs])
    small = made.only("lines.small")
    assert small.value == len(made.lines) == 3
    assert shapely.is_valid(small.geometry)  # patches side by side become one
    assert small.geometry.area == pytest.approx(shapely.area(made.lines.geometry.to_numpy()).sum())


def test_conflicts_of_lines_are_warnings_unless_thin() -> None:
    made = make(CLAIMED)
    assert made.only("conflicts.line_line").severity == "warning"
    assert made.only("conflicts.line_line").value == pytest.approx(2500, rel=0.01)
    thin = make(
        [
            ("permanent_farmland", metre_box(0, 0, 500, 900)),
            ("urban_boundary", metre_box(499.9995, 0, 900, 900)),
        ]
    )
    assert thin.only("conflicts.line_line").severity == "info"
    assert "1 are thinner" in thin.only("conflicts.line_line").message_en


def test_plans_without_zones_or_lines_have_no_findings() -> None:
    zoning = claims.zoning(None, None, read_rules("zones"), read_rules("lines"))
    made = make([])
    empty = made.faces.iloc[:0]
    nothing = Made(
        made.territory, empty, zones.zones(empty), zones.lines(empty), zones.conflicts(empty), zoning
    )
    assert nothing.findings() == []


def test_lines_without_zones_say_their_settings_too() -> None:
    made = make(CLAIMED)
    made.zoning = made.zoning.model_copy(update={"has_zones": False})
    found = lines_findings(made.lines, made.zones.iloc[:0], made.zoning)
    assert [finding.rule for finding in found] == ["zones.settings"]
