"""Zones and lines are a theorem: any dirty polygons in, a partition of the territory out.

Areas are measured in an equal-area projection of the ellipsoid, not by the code under test; what was
taken from whom is held against plain overlays of the cleaned claims.
"""

from __future__ import annotations

import time
from itertools import permutations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Proj
from shapely import MultiPolygon, Polygon
from shapely.affinity import translate

from spatial.engine.shapes.topology import repair_polygons
from spatial.plan.contract import contract_of
from spatial.plan.records import LineClaim, Lines, ZoneClaim, Zones
from spatial.plan.rules import read_rules
from spatial.plan.zoning import LINE_NAMES, ZONE_NAMES, Zoning, settle_zoning
from spatial.themes.land import claims as claiming
from spatial.themes.land.zones import conflicts, lines, zone_balance, zones

CRS = "EPSG:4490"
EQUAL_AREA = Proj("+proj=aea +lat_1=34.8 +lat_2=35.4 +lat_0=35 +lon_0=112.5 +a=6378137 +rf=298.257222101")
ZONE_OF_LINE = {"permanent_farmland": "farming", "ecological_redline": "ecology", "urban_boundary": "urban"}
M = 1 / 111_000
"""About a metre of latitude, in degrees."""
FINE = 1e-11
"""Grid of the oracle's overlays, ten times finer: without one, GEOS now and then loses a face of them."""

# Like Jiyuan: on both sides of 112.5°E, where two 3° Gauss-Krüger zones meet at 112.5; an exclave, a hole.
TERRITORY = shapely.segmentize(
    MultiPolygon(
        [
            Polygon(
                [(112.44, 35.02), (112.57, 35.0), (112.6, 35.09), (112.52, 35.16), (112.41, 35.13)],
                [[(112.52, 35.05), (112.54, 35.05), (112.53, 35.07)]],
            ),
            shapely.box(112.62, 35.02, 112.65, 35.05),
        ]
    ),
    100 * M,
)


def square_metres(shapes: object) -> float:
    """Area of shapes whose edges are straight in longitude and latitude."""
    dense = shapely.segmentize(np.atleast_1d(np.asarray(shapes, dtype=object)), 20 * M)
    flat = shapely.transform(dense, lambda x: np.column_stack(EQUAL_AREA(x[:, 0], x[:, 1])))
    return float(shapely.area(flat).sum())


def territory_of(shape: object, *, illustrative: bool = False) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"id": ["territory"], "name": ["济源市"], "illustrative": [illustrative]}, geometry=[shape], crs=CRS
    )


def source_of(shapes: list[object], kinds: list[str], *, rough: list[bool] | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "id": [f"f{number}" for number in range(len(shapes))],
            "name": "图斑",
            "source": "drawn",
            "illustrative": rough or False,
            "kind": kinds,
        },
        geometry=shapes,
        crs=CRS,
    )


class Result:
    """All layers made from claims."""

    def __init__(
        self,
        claimed: list[tuple[str, object]],
        *,
        territory: object = TERRITORY,
        zone_spec: dict[str, object] | None = None,
        line_spec: dict[str, object] | None = None,
    ) -> None:
        self.territory = territory_of(territory)
        sources = {"drawn": source_of([shape for _, shape in claimed], [kind for kind, _ in claimed])}
        zone_plan = Zones(
            claims=tuple(ZoneClaim(zone=key, source="drawn", where={"kind": key}) for key in ZONE_NAMES),
        ).model_copy(update=zone_spec or {})
        line_plan = Lines(
            claims=tuple(LineClaim(line=key, source="drawn", where={"kind": key}) for key in LINE_NAMES),
        ).model_copy(update=line_spec or {})
        self.zoning = settle_zoning(zone_plan, line_plan, read_rules("zones"), read_rules("lines"))
        self.zone_claims = claiming.zone_claims(zone_plan, sources)
        self.line_claims = claiming.line_claims(line_plan, sources)
        self.faces = claiming.land_faces(self.territory, self.zone_claims, self.line_claims, self.zoning)
        self.zones, self.lines = zones(self.faces), lines(self.faces)
        self.conflicts = conflicts(self.faces)
        self.balance = zone_balance(self.zones, self.lines, self.territory, self.zoning)

    def zone(self, key: str) -> object:
        return shapely.union_all(self.zones.geometry[self.zones["zone"] == key])

    def line(self, key: str) -> object:
        return shapely.union_all(self.lines.geometry[self.lines["line"] == key])

    def lost(self, **which: str) -> float:
        rows = self.conflicts
        for column, value in which.items():
            rows = rows[rows[column] == value]
        return square_metres(rows.geometry.to_numpy())


def overlap_m2(shapes: np.ndarray) -> float:
    one, other = shapely.STRtree(shapes).query(shapes)
    pairs = one < other
    return square_metres(shapely.intersection(shapes[one[pairs]], shapes[other[pairs]]))


def assert_partition(result: Result) -> None:
    """Hold a result against all that the plan's reader is promised."""
    land = result.territory.geometry.iloc[0]
    whole = square_metres(land)
    made, held = result.zones.geometry.to_numpy(), result.lines.geometry.to_numpy()
    for shapes in (made, held):
        assert set(shapely.get_type_id(shapes)) <= {3}
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid(shapes)
        assert overlap_m2(shapes) <= 1
    assert abs(square_metres(made) - whole) <= 1
    assert square_metres(shapely.symmetric_difference(shapely.union_all(made), land)) <= 1
    for line, zone in ZONE_OF_LINE.items():
        assert square_metres(shapely.difference(result.line(line), result.zone(zone))) <= 1
    assert_no_loose_sliver(result)
    for function, frame in ((zones, result.zones), (lines, result.lines), (conflicts, result.conflicts)):
        contract_of(function).schema(function.__name__).validate(frame)
        assert frame.crs == CRS
    contract_of(zone_balance).schema("zone_balance").validate(result.balance)


def assert_no_loose_sliver(result: Result) -> None:
    small = result.zones[result.zones["area_ha"] * 1e4 < result.zoning.min_area_m2]
    held = shapely.union_all(result.lines.geometry)
    for _, row in small.iterrows():
        others = result.zones.geometry[result.zones["id"] != row["id"]]
        touches = shapely.length(shapely.intersection(others, row.geometry.boundary)).sum() > 1 * M
        assert not touches or shapely.area(shapely.intersection(held, row.geometry)) > 0


def areal(shape: object) -> object:
    """Keep the polygons that an overlay leaves, without the lines and points where shapes touch."""
    parts = shapely.get_parts(shape)
    return shapely.multipolygons(parts[shapely.get_dimensions(parts) == 2])


def assert_all_land_accounted(result: Result) -> None:
    """Hold lines and conflicts against overlays of the cleaned claims."""
    land = result.territory.geometry.iloc[0]
    claimed = {
        key: areal(
            shapely.intersection(shapely.union_all(rows.geometry, grid_size=FINE), land, grid_size=FINE)
        )
        for rows_of in (result.zone_claims, result.line_claims)
        for key, rows in rows_of.groupby("target")
    }
    taken = Polygon()
    for key in result.zoning.line_order:
        mine = areal(shapely.difference(claimed[key], taken, grid_size=FINE))
        assert square_metres(mine) == pytest.approx(square_metres(result.line(key)), abs=1)
        taken = areal(shapely.union(taken, claimed[key], grid_size=FINE))
    for winner, loser in permutations(LINE_NAMES, 2):
        expected = square_metres(shapely.intersection(claimed[loser], result.line(winner), grid_size=FINE))
        assert result.lost(kind="line_line", winner=winner, loser=loser) == pytest.approx(expected, abs=1)
    for loser in ZONE_NAMES:
        gone = shapely.difference(claimed[loser], result.zone(loser), grid_size=FINE)
        assert result.lost(loser=loser) == pytest.approx(square_metres(gone), abs=1)
        for line, zone in ZONE_OF_LINE.items():
            expected = square_metres(
                shapely.intersection(claimed[loser], result.line(line), grid_size=FINE)
            ) * (zone != loser)
            assert result.lost(kind="zone_line", winner=line, loser=loser) == pytest.approx(expected, abs=1)
    assert (result.conflicts["area_m2"] > 0).all()
    sizes = [square_metres(shape) for shape in result.conflicts.geometry]
    assert result.conflicts["area_m2"].to_numpy() == pytest.approx(sizes, rel=1e-5, abs=1e-3)


# Claims share a lattice, so that edges coincide, overlap in part and meet in vertices; shifted by next to
# nothing or by a gap; or lie anywhere, beyond the territory too.
lattice = st.tuples(st.integers(0, 7), st.integers(0, 6)).map(
    lambda at: (112.42 + at[0] / 35, 34.99 + at[1] / 35)
)
border = st.sampled_from(shapely.get_coordinates(TERRITORY).tolist()).map(tuple)
anywhere = st.tuples(st.floats(112.3, 112.75), st.floats(34.9, 35.25))
corner = st.one_of(lattice, lattice, border, anywhere)
shift = st.sampled_from([0.0, 0.0, 1e-12, 3e-11, 1e-10, 1e-9, 1e-8, 1e-6, 1e-4])
rough = st.lists(corner, min_size=3, max_size=8).map(Polygon)
boxes = st.tuples(corner, corner).map(lambda pair: shapely.box(*pair[0], *pair[1]))
threads = st.tuples(corner, corner, st.sampled_from([1e-9, 1e-7, 1e-5])).map(
    lambda thread: shapely.LineString(thread[:2]).buffer(thread[2], cap_style="flat", quad_segs=1)
)
plain = st.tuples(st.one_of(rough, boxes, threads), shift, shift).map(lambda given: translate(*given))
overlapping = st.lists(plain, min_size=1, max_size=3).map(
    lambda shapes: MultiPolygon([part for part in shapely.get_parts(shapes) if not part.is_empty])
)
odd = st.sampled_from(
    [
        None,
        Polygon(),
        shapely.Point(112.5, 35.1),
        shapely.LineString([(112.5, 35.0), (112.5, 35.2)]),
        TERRITORY,
    ]
)
mixed = st.tuples(plain, odd).map(
    lambda pair: shapely.GeometryCollection([part for part in pair if part is not None])
)
dirty = st.one_of(plain, plain, plain, overlapping, odd, mixed)
claimed_land = st.lists(st.tuples(st.sampled_from([*ZONE_NAMES, *LINE_NAMES]), dirty), max_size=9)
zone_plans = st.fixed_dictionaries(
    {
        "priority": st.permutations(list(ZONE_NAMES)).map(tuple),
        "unclaimed": st.sampled_from(list(ZONE_NAMES)),
        "min_area_m2": st.sampled_from([0.0, 1000.0, 5e6]),
    }
)
line_plans = st.fixed_dictionaries({"priority": st.permutations(list(LINE_NAMES)).map(tuple)})


@given(claimed_land, zone_plans, line_plans)
@settings(max_examples=50, deadline=None)
def test_any_dirty_polygons_give_a_partition(
    claimed: list[tuple[str, object]], zone_spec: dict[str, object], line_spec: dict[str, object]
) -> None:
    result = Result(claimed, zone_spec=zone_spec, line_spec=line_spec)
    assert_partition(result)
    assert_all_land_accounted(result)


def test_the_oracle_sees_what_is_wrong() -> None:
    result = Result([("urban", shapely.box(112.45, 35.05, 112.5, 35.1))])
    assert_partition(result)
    result.zones = result.zones.iloc[1:]
    with pytest.raises(AssertionError):
        assert_partition(result)


def metre_box(west: float, south: float, east: float, north: float) -> Polygon:
    """Return a box in metres east and north of a corner near the city."""
    east_m = M / np.cos(np.radians(35.1))
    return shapely.box(112.5 + west * east_m, 35.1 + south * M, 112.5 + east * east_m, 35.1 + north * M)


LAND = metre_box(0, 0, 1000, 1000)


def test_the_stronger_line_cuts_a_hole_into_the_weaker() -> None:
    inner, outer = metre_box(400, 400, 600, 600), metre_box(200, 200, 800, 800)
    result = Result([("urban_boundary", outer), ("permanent_farmland", inner)], territory=LAND)
    (boundary,) = result.lines.geometry[result.lines["line"] == "urban_boundary"]
    assert len(boundary.interiors) == 1
    assert square_metres(result.line("permanent_farmland")) == pytest.approx(square_metres(inner), abs=0.01)
    (conflict,) = result.conflicts[result.conflicts["kind"] == "line_line"].to_dict("records")
    assert (conflict["winner"], conflict["loser"]) == ("permanent_farmland", "urban_boundary")
    assert (conflict["rule"], conflict["name"]) == ("lines.priority", "永久基本农田优先于城镇开发边界")
    assert conflict["area_m2"] == pytest.approx(square_metres(inner), abs=0.01)
    assert square_metres(result.zone("farming")) == pytest.approx(square_metres(inner), abs=0.01)
    assert_partition(result)


def test_a_line_takes_its_land_into_its_zone() -> None:
    result = Result(
        [("urban", metre_box(0, 0, 500, 1000)), ("ecological_redline", metre_box(100, 100, 300, 300))],
        territory=LAND,
    )
    (conflict,) = result.conflicts.to_dict("records")
    assert (conflict["kind"], conflict["winner"], conflict["loser"], conflict["rule"]) == (
        "zone_line", "ecological_redline", "urban", "zones.line_prevails",
    )  # fmt: skip
    assert_all_land_accounted(result)


def test_each_loser_of_one_patch_has_its_own_feature() -> None:
    patch = metre_box(100, 100, 300, 300)
    result = Result([(key, patch) for key in (*LINE_NAMES, *ZONE_NAMES)], territory=LAND)
    assert set(zip(result.conflicts["winner"], result.conflicts["loser"], strict=True)) == {
        ("permanent_farmland", "ecological_redline"),
        ("permanent_farmland", "urban_boundary"),
        ("permanent_farmland", "ecology"),
        ("permanent_farmland", "urban"),
    }
    assert result.conflicts["area_m2"].to_numpy() == pytest.approx(square_metres(patch), abs=0.01)


def test_the_thinnest_overlap_is_a_conflict() -> None:
    # A tenth of a millimetre, 1 km long: 0.1 m².
    result = Result(
        [
            ("permanent_farmland", metre_box(0, 0, 500, 1000)),
            ("urban_boundary", metre_box(499.9999, 0, 1000, 1000)),
        ],
        territory=LAND,
    )
    assert result.lost(kind="line_line") == pytest.approx(0.1, rel=0.2)


def test_apart_conflicts_are_apart_features() -> None:
    result = Result(
        [
            ("farming", LAND),
            ("urban", MultiPolygon([metre_box(0, 0, 100, 100), metre_box(500, 500, 600, 600)])),
        ],
        territory=LAND,
    )
    assert result.conflicts["id"].tolist() == ["conflict-0001", "conflict-0002"]
    assert result.conflicts.geometry.bounds["miny"].is_monotonic_decreasing
    assert set(result.conflicts["rule"]) == {"zones.priority"}


def test_unclaimed_land_goes_to_the_zone_of_the_rule() -> None:
    result = Result(
        [("urban", metre_box(0, 0, 500, 1000))], territory=LAND, zone_spec={"unclaimed": "farming"}
    )
    assert result.zones[["zone", "source"]].to_numpy().tolist() == [
        ["farming", "zones.unclaimed"],
        ["urban", "drawn"],
    ]
    assert result.conflicts.empty


def test_without_any_claim_the_territory_is_one_zone() -> None:
    result = Result([])
    assert set(result.zones["zone"]) == {"ecology"}
    assert len(result.zones) == 2
    assert_partition(result)


@pytest.mark.parametrize(("one", "other"), [("farming", "urban"), ("urban", "farming")])
def test_a_sliver_goes_to_the_zone_that_it_shares_most_edge_with(one: str, other: str) -> None:
    # A gap of 1 m by 900 m. `one` has 300 m of its edge, `other` the rest and all of the far side.
    claimed = [
        (one, metre_box(0, 0, 500, 300)),
        (other, metre_box(0, 300, 500, 1000)),
        (other, metre_box(501, 0, 1000, 900)),
        (other, metre_box(500, 900, 1000, 1000)),
    ]
    result = Result(claimed, territory=LAND)
    assert set(result.zones["zone"]) == {one, other}
    assert square_metres(result.faces.geometry[result.faces["merged"]].to_numpy()) == pytest.approx(
        900, rel=0.01
    )
    assert square_metres(result.zone(one)) == pytest.approx(square_metres(claimed[0][1]), abs=0.01)
    assert_partition(result)
    kept = Result(claimed, territory=LAND, zone_spec={"min_area_m2": 0.0})
    assert set(kept.zones["zone"]) == {one, other, "ecology"}


def test_a_sliver_of_a_claim_that_is_merged_is_a_conflict() -> None:
    crumb = metre_box(100, 100, 110, 110)
    result = Result([("ecology", LAND), ("farming", crumb)], territory=LAND)
    assert set(result.zones["zone"]) == {"ecology"}
    (conflict,) = result.conflicts.to_dict("records")
    assert (conflict["winner"], conflict["loser"], conflict["rule"]) == (
        "ecology",
        "farming",
        "zones.min_area",
    )
    assert_all_land_accounted(result)


def test_a_sliver_that_holds_a_line_stays() -> None:
    crumb = metre_box(100, 100, 110, 110)
    result = Result([("ecology", LAND), ("permanent_farmland", crumb)], territory=LAND)
    assert sorted(result.zones["zone"]) == ["ecology", "farming"]
    assert square_metres(result.line("permanent_farmland")) == pytest.approx(100, rel=0.01)
    assert_partition(result)


def test_neighbours_with_different_vertices_share_them_afterwards() -> None:
    left = metre_box(0, 0, 500, 1000)
    right = shapely.segmentize(metre_box(500, 0, 1000, 1000), 7 * M)
    result = Result([("farming", left), ("urban", right)], territory=LAND)
    assert len(result.zones) == 2
    assert shapely.coverage_is_valid(result.zones.geometry.to_numpy())
    assert result.conflicts.empty


def test_lines_alone_make_no_zones_and_zones_alone_no_lines() -> None:
    rules = read_rules("zones"), read_rules("lines")
    sources = {"drawn": source_of([metre_box(0, 0, 500, 500)], ["urban"])}
    land, zone_plan = territory_of(LAND), Zones(claims=(ZoneClaim(zone="urban", source="drawn"),))
    line_plan = Lines(claims=(LineClaim(line="urban_boundary", source="drawn"),))
    for zone_spec, line_spec in ((zone_plan, None), (None, line_plan), (None, None)):
        zoning = settle_zoning(zone_spec, line_spec, *rules)
        faces = claiming.land_faces(
            land, claiming.zone_claims(zone_spec, sources), claiming.line_claims(line_spec, sources), zoning
        )
        made, held = zones(faces), lines(faces)
        balance = zone_balance(made, held, land, zoning)
        assert (len(made) > 0, len(held) > 0) == (zone_spec is not None, line_spec is not None)
        assert set(balance["section"]) - {"territory"} == {
            name for name, there in (("zone", zone_spec), ("line", line_spec)) if there
        }
        for function, frame in (
            (zones, made),
            (lines, held),
            (conflicts, conflicts(faces)),
            (zone_balance, balance),
        ):
            contract_of(function).schema(function.__name__).validate(frame)


def test_balance_adds_up() -> None:
    result = Result([("urban", shapely.box(112.45, 35.05, 112.5, 35.1)), ("ecological_redline", TERRITORY)])
    balance = result.balance.set_index("id")
    of_zones = balance[balance["section"] == "zone"]
    whole = balance.loc["balance-territory"]
    assert of_zones["area_ha"].sum() == pytest.approx(whole["area_ha"], abs=1e-4)
    assert of_zones["share"].sum() == pytest.approx(1, abs=1e-9)
    assert of_zones["parts"].sum() == len(result.zones)
    assert whole["parts"] == 2
    assert list(balance["key"]) == [*ZONE_NAMES, *LINE_NAMES, "territory"]
    assert balance.loc["balance-ecological-redline", "share"] == pytest.approx(1)


def test_sources_and_marks_come_from_the_claims_that_won() -> None:
    left, middle, right = (metre_box(x, 0, x + 200, 1000) for x in (0, 200, 400))
    sources = {
        "survey": source_of([left], ["farming"]),
        "sketch": source_of(
            [middle, metre_box(100, 0, 150, 1000)], ["farming", "ecology"], rough=[True, True]
        ),
        "fields": source_of([right], ["permanent_farmland"]),
    }
    zone_plan = Zones(
        claims=(
            ZoneClaim(zone="farming", source="survey"),
            ZoneClaim(zone="farming", source="sketch", where={"kind": "farming"}),
            ZoneClaim(zone="urban", source="sketch", where={"kind": "ecology"}),
        ),
        unclaimed="ecology",
    )
    line_plan = Lines(claims=(LineClaim(line="permanent_farmland", source="fields"),))
    zoning: Zoning = settle_zoning(zone_plan, line_plan, read_rules("zones"), read_rules("lines"))
    made = {}
    for rough_land in (False, True):
        faces = claiming.land_faces(
            territory_of(LAND, illustrative=rough_land),
            claiming.zone_claims(zone_plan, sources),
            claiming.line_claims(line_plan, sources),
            zoning,
        )
        made[rough_land] = zones(faces).set_index("zone"), lines(faces).set_index("line")
    made_zones, made_lines = made[False]
    assert made_zones["source"].to_dict() == {"farming": "fields,sketch,survey", "ecology": "zones.unclaimed"}
    # What is left between illustrative claims is no better known than they are.
    assert made_zones["illustrative"].to_dict() == {"farming": True, "ecology": True}
    assert made_lines["source"].to_dict() == {"permanent_farmland": "fields"}
    assert made_lines["illustrative"].to_dict() == {"permanent_farmland": False}
    assert made[True][1]["illustrative"].to_dict() == {"permanent_farmland": True}


def test_ids_are_by_place_and_the_order_of_claims_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    claimed = [
        (key, shapely.Point(*at).buffer(0.008, 3))
        for key in (*ZONE_NAMES, *LINE_NAMES)
        for at in rng.uniform([112.42, 35.0], [112.6, 35.15], (6, 2))
    ]
    one, other = Result(claimed), Result([claimed[place] for place in rng.permutation(len(claimed))])
    for first, second in (
        (one.zones, other.zones),
        (one.lines, other.lines),
        (one.conflicts, other.conflicts),
    ):
        assert first.drop(columns="geometry").equals(second.drop(columns="geometry"))
        assert first.to_wkb().equals(second.to_wkb())
    assert one.zones["id"].is_unique
    north = one.zones[one.zones["zone"] == "urban"].geometry.bounds["maxy"]
    assert north.is_monotonic_decreasing
    assert one.zones["id"].str.match(r"zone-(ecology|farming|urban)-\d{4}$").all()
    assert one.lines["id"].str.match(r"line-[a-z-]+-\d{4}$").all()


def draw_ragged(count: int) -> list[tuple[str, Polygon]]:
    """Return star-shaped claims strewn over the territory, each on top of several others."""
    rng = np.random.default_rng(3)
    middle = rng.uniform([112.41, 35.0], [112.6, 35.16], (count, 1, 2))
    angle = np.sort(rng.uniform(0, 2 * np.pi, (count, 20)), axis=1)
    reach = rng.uniform(0.03, 0.17, (count, 1)) * rng.uniform(0.5, 1.5, (count, 20)) / np.sqrt(count)
    shapes = shapely.polygons(middle + np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=-1))
    return list(zip(rng.choice([*ZONE_NAMES, *LINE_NAMES], count), shapes, strict=True))


def test_ragged_polygons_are_accounted_for() -> None:
    result = Result(draw_ragged(250))
    assert_partition(result)
    assert_all_land_accounted(result)


def test_five_thousand_ragged_polygons() -> None:
    """A county's worth of dirty claims in well under 10 s."""
    claimed = draw_ragged(5000)
    start = time.process_time()
    result = Result(claimed)
    assert time.process_time() - start < 10
    made = result.zones.geometry.to_numpy()
    assert abs(square_metres(made) - square_metres(TERRITORY)) <= 1
    for frame, column in ((result.zones, "zone"), (result.lines, "line")):
        classes = np.array([shapely.multipolygons(rows.geometry) for _, rows in frame.groupby(column)])
        assert shapely.is_valid(classes).all()
        assert shapely.coverage_is_valid(classes)


def test_repair_is_the_same_before_and_after_reading() -> None:
    tie = Polygon([(112.45, 35.05), (112.5, 35.1), (112.5, 35.05), (112.45, 35.1)])
    raw, mended = Result([("urban", tie)]), Result([("urban", repair_polygons([tie])[0])])
    assert raw.zones.to_wkb().equals(mended.zones.to_wkb())
