"""Claims: which rows of a source fit, and what was wrong with them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.plan.records import LineClaim, Lines, ZoneClaim, Zones
from spatial.plan.rules import read_rules
from spatial.themes.land.claims import land_faces, line_claims, zone_claims, zoning

CRS = "EPSG:4490"


def frame(shapes: list[object], **columns: object) -> gpd.GeoDataFrame:
    ids = [f"p{number}" for number in range(len(shapes))]
    return gpd.GeoDataFrame(
        {"id": ids, "name": "图斑", "source": "plots", "illustrative": False, **columns},
        geometry=shapes,
        crs=CRS,
    )


def square(x: float) -> shapely.Polygon:
    return shapely.box(112.5 + x / 100, 35.1, 112.51 + x / 100, 35.11)


PLOTS = frame(
    [square(x) for x in range(4)],
    DLBM=["0101", "0102", "0101", None],
    code=[1.0, 2.0, np.nan, 1.0],
    rank=[1, 2, 3, 1],
    built=[True, False, False, True],
)


@pytest.mark.parametrize(
    ("where", "features"),
    [
        ({}, ["p0", "p1", "p2", "p3"]),
        ({"DLBM": "0101"}, ["p0", "p2"]),
        ({"DLBM": " 0101 "}, ["p0", "p2"]),
        ({"DLBM": "0101", "code": 1}, ["p0"]),
        ({"code": 1}, ["p0", "p3"]),
        ({"code": "1"}, ["p0", "p3"]),
        ({"rank": 1.0}, ["p0", "p3"]),
        ({"rank": "1"}, ["p0", "p3"]),
        ({"built": "True"}, ["p0", "p3"]),
    ],
)
def test_rows_are_chosen_by_all_columns(where: dict[str, str | int | float], features: list[str]) -> None:
    claims = zone_claims(
        Zones(claims=(ZoneClaim(zone="farming", source="plots", where=where),)), {"plots": PLOTS}
    )
    assert claims["feature"].tolist() == features
    assert set(claims["fault"]) == {""}
    assert set(claims["target"]) == {"farming"}
    assert claims.crs == CRS


@pytest.mark.parametrize(
    ("source", "where", "fault"),
    [
        ("nowhere", {}, "no source"),
        ("plots", {"DLMC": "旱地"}, "no column DLMC"),
        ("plots", {"DLBM": "101"}, "no match"),
        ("plots", {"code": "nan"}, "no match"),
        ("plots", {"rank": "x"}, "no match"),
    ],
)
def test_a_claim_without_polygons_says_why(
    source: str, where: dict[str, str | int | float], fault: str
) -> None:
    claim = LineClaim(line="permanent_farmland", source=source, where=where)
    claims = line_claims(Lines(claims=(claim,)), {"plots": PLOTS})
    assert claims["fault"].tolist() == [fault]
    assert claims.geometry.isna().all()


def test_shapes_are_repaired_and_told() -> None:
    tie = shapely.Polygon([(112.5, 35.1), (112.52, 35.12), (112.52, 35.1), (112.5, 35.12)])
    plots = frame(
        [tie, shapely.force_3d(square(0), 120.0), shapely.Polygon(), None, shapely.Point(112.5, 35.1)]
    )
    claims = zone_claims(Zones(claims=(ZoneClaim(zone="urban", source="plots"),)), {"plots": plots})
    assert claims["fault"].tolist() == ["Self-intersection", "", "empty", "missing", "no polygon"]
    assert claims.geometry.is_valid.all()
    assert not claims.geometry.has_z.any()
    assert claims.geometry.is_empty.tolist() == [False, False, True, True, True]


def test_without_claims_there_are_typed_columns() -> None:
    empty, full = (
        zone_claims(None, {}),
        zone_claims(Zones(claims=(ZoneClaim(zone="urban", source="plots"),)), {"plots": PLOTS}),
    )
    assert len(empty) == 0
    assert empty.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()


def test_faces_say_who_claimed_what() -> None:
    spec = Zones(claims=(ZoneClaim(zone="farming", source="plots"), ZoneClaim(zone="urban", source="more")))
    sources = {"plots": PLOTS, "more": frame([shapely.box(112.535, 35.1, 112.55, 35.11)])}
    rules = zoning(spec, None, read_rules("zones"), read_rules("lines"))
    whole = frame([shapely.box(112.5, 35.1, 112.55, 35.11)])
    faces = land_faces(whole, zone_claims(spec, sources), line_claims(None, sources), rules)
    both = faces[faces["claims_farming"] & faces["claims_urban"]]
    assert both["zone"].tolist() == ["farming"]
    assert faces["zone"].value_counts().to_dict() == {"farming": 5, "urban": 1}
    assert set(faces["line"]) == {""}
    assert set(faces["line_part"]) == {-1}


def test_without_zones_and_lines_there_are_no_faces() -> None:
    rules = zoning(None, None, read_rules("zones"), read_rules("lines"))
    faces = land_faces(frame([square(0)]), zone_claims(None, {}), line_claims(None, {}), rules)
    assert len(faces) == 0
