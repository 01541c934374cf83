"""Circles and bands: what more time, speed and detour do, and that bands are a partition of what is reached."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.geodesy import area_m2
from spatial.errors import RuleError
from spatial.plan.contract import contract_of
from spatial.plan.records import Circle
from spatial.plan.rules import RuleTable, read_rules
from spatial.themes.access.arrivals import circle_journeys
from spatial.themes.access.circles import circle_reaches, circle_rings, circle_straight_lines, commute_circles

GEOD = pyproj.Geod(a=6378137, rf=298.257222101)
RULES = read_rules("commute")
# Short edges, as the layer has them: only then do areas not depend on where an edge is cut.
LAND = shapely.segmentize(shapely.box(112.0, 34.9, 112.8, 35.3), 0.001)
TERRITORY = gpd.GeoDataFrame({"id": ["territory"]}, geometry=[LAND], crs=4490)
CORE = shapely.Polygon([(112.52, 35.05), (112.62, 35.05), (112.62, 35.12), (112.57, 35.08), (112.52, 35.12)])
STRUCTURE = gpd.GeoDataFrame(
    {
        "id": ["core", "river", "potou"],
        "name": ["核心区", "河谷带", "坡头节点"],
        "name_en": ["Core area", "River belt", "Potou"],
        "kind": ["core", "axis", "point"],
    },
    geometry=[CORE, shapely.LineString([(112.1, 35.0), (112.5, 34.95)]), shapely.Point(112.51, 34.947)],
    crs=4490,
)
GAZETTEER = {"梨林镇": (112.704, 35.082), "Lilin": (112.704, 35.082)}


def circle(**keys: Any) -> Circle:
    given = {"id": "c", "name": {"zh": "圈", "en": "Circle"}, "from": "core", "time": "15 min"} | keys
    return Circle.model_validate(given)


def draw(specs: tuple[Circle, ...], reaches: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    rings = trace(specs, reaches)
    return commute_circles(specs, reaches, rings, circle_straight_lines(specs, reaches, rings), land)


def trace(specs: tuple[Circle, ...], reaches: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return circle_rings(specs, reaches, circle_journeys(specs, reaches, None, {}), {})


def make(*specs: Circle, rules: RuleTable = RULES) -> gpd.GeoDataFrame:
    reaches = circle_reaches(specs, rules, STRUCTURE, GAZETTEER, TERRITORY)
    frame = draw(specs, reaches, TERRITORY)
    contract = contract_of(commute_circles)
    assert contract is not None
    contract.schema("commute_circles").validate(frame, lazy=True)
    assert frame.crs.to_epsg() == 4490
    return frame


def whole(frame: gpd.GeoDataFrame, form: str = "cumulative") -> np.ndarray:
    return frame[frame["form"] == form].geometry.to_numpy()


def test_radius_is_speed_times_time_over_detour() -> None:
    row = make(circle(time="30 min", speed="45 km/h", detour=1.5)).iloc[0]
    assert row["radius_m"] == pytest.approx(15_000)
    assert (row["speed_kmh"], row["detour"], row["time_min"]) == (45, 1.5, 30)


@pytest.mark.parametrize("mode", ["drive", "bus", "cycle", "walk"])
def test_speed_and_detour_come_from_the_rules_of_the_mode(mode: str) -> None:
    row = make(circle(mode=mode)).iloc[0]
    speed, detour = float(RULES.value(f"{mode}.speed")), float(RULES.value(f"{mode}.detour"))
    assert row["radius_m"] == pytest.approx(speed / 3.6 * 15 * 60 / detour)


def test_a_table_without_the_mode_is_an_error() -> None:
    with pytest.raises(RuleError, match=r"drive\.speed"):
        make(circle(), rules=RULES.model_copy(update={"rules": ()}))


@pytest.mark.parametrize(
    ("origin", "start"),
    [
        ("core", CORE),
        ("核心区", CORE),
        ("Core area", CORE),
        ("axis", STRUCTURE.geometry[1]),
        ("point", STRUCTURE.geometry[2]),
        ("梨林镇", shapely.Point(112.704, 35.082)),
        ("Lilin", shapely.Point(112.704, 35.082)),
        ("territory", TERRITORY.geometry[0]),
    ],
)
def test_a_circle_starts_from_whatever_the_plan_names(origin: str, start: shapely.Geometry) -> None:
    reaches = circle_reaches((circle(**{"from": origin}),), RULES, STRUCTURE, GAZETTEER, TERRITORY)
    assert reaches.geometry[0].equals(start)


def test_the_edge_is_at_the_true_distance_from_the_element() -> None:
    frame = make(circle(time="15 min", speed="36 km/h", detour=1, clip=False))
    vertices = shapely.get_coordinates(whole(frame)[0])
    samples = shapely.get_coordinates(shapely.segmentize(CORE, 1e-4))
    many = len(samples)
    for lon, lat in vertices[::40]:
        metres = GEOD.inv(np.full(many, lon), np.full(many, lat), samples[:, 0], samples[:, 1])[2].min()
        assert metres == pytest.approx(9_000, abs=0.5)


def test_circles_that_cannot_be_made_have_no_row_and_say_why() -> None:
    specs = (
        circle(id="a", method="network"),
        circle(id="b", **{"from": "nowhere"}),
        circle(id="c", time="1000 h"),
        circle(id="d"),
    )
    reaches = circle_reaches(specs, RULES, STRUCTURE, GAZETTEER, TERRITORY)
    rings = trace(specs, reaches)
    assert rings["problem"].tolist() == ["method_unavailable", "unknown_origin", "too_far", ""]
    assert rings.geometry.isna().tolist() == [True, True, True, False]
    assert make(*specs)["circle"].tolist() == ["d", "d"]


def test_clip_keeps_to_the_territory() -> None:
    clipped, free = (make(circle(time="2 h", clip=clip)) for clip in (True, False))
    assert shapely.covers(LAND.buffer(1e-9), whole(clipped)[0])
    assert not shapely.covers(LAND, whole(free)[0])
    assert clipped["area_km2"].iloc[0] == pytest.approx(area_m2([LAND])[0] / 1e6)


def test_a_circle_outside_the_territory_has_no_row() -> None:
    far = gpd.GeoDataFrame({"id": ["territory"]}, geometry=[shapely.box(100, 30, 101, 31)], crs=4490)
    specs = (circle(),)
    reaches = circle_reaches(specs, RULES, STRUCTURE, GAZETTEER, far)
    assert draw(specs, reaches, far).empty


def test_no_circles_make_an_empty_layer_of_the_same_form() -> None:
    empty, full = make(), make(circle())
    assert empty.empty
    assert empty.columns.tolist() == full.columns.tolist()
    assert empty.dtypes.astype(str).tolist() == full.dtypes.astype(str).tolist()


def test_names_and_ids_are_stable() -> None:
    frame = make(circle(id="near", must_reach="core"), circle(id="far", time="1 h", name="远圈"))
    assert frame["id"].tolist() == ["near-cumulative", "far-cumulative", "near-band", "far-band"]
    assert frame["name"].tolist() == ["圈", "远圈"] * 2
    assert frame["name_en"].tolist() == ["Circle", ""] * 2
    assert frame["must_reach"].isna().tolist() == [False, True] * 2


def test_bands_are_cut_by_time_then_by_order() -> None:
    specs = [circle(id="b", time="30 min"), circle(id="a", time="15 min"), circle(id="same", time="30 min")]
    frame = make(*specs)
    bands = frame[frame["form"] == "band"].set_index("circle")
    assert bands.index.tolist() == ["b", "a"]  # nothing is left for the third: same ring as the first
    assert len(shapely.get_parts(bands.geometry["b"])[0].interiors) == 1
    assert bands.geometry["a"].equals(frame.geometry[1])


minutes = st.integers(2, 90)
origins = st.sampled_from(["core", "river", "potou", "梨林镇", "territory"])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(minutes, origins, st.booleans()), min_size=1, max_size=5))
def test_bands_are_disjoint_and_cover_what_the_circles_cover(asked: list[tuple[int, str, bool]]) -> None:
    specs = [
        circle(id=f"c{n}", time=f"{time} min", clip=clip, **{"from": origin})
        for n, (time, origin, clip) in enumerate(asked)
    ]
    frame = make(*specs)
    rings, bands = whole(frame), whole(frame, "band")
    for n, band in enumerate(bands):
        assert area_m2(shapely.intersection(bands[n + 1 :], band)).sum() < 1.0
        assert band.is_valid
    reached = shapely.union_all(rings)
    assert area_m2(bands).sum() == pytest.approx(area_m2([reached])[0], abs=1.0)
    assert area_m2([shapely.symmetric_difference(shapely.union_all(bands), reached)])[0] < 1.0
    assert (frame["area_km2"] > 0).all()


@settings(max_examples=15, deadline=None)
@given(
    origins, st.floats(2, 60), st.floats(5, 80), st.floats(1, 2.5), st.floats(1.01, 2), st.sampled_from("tsd")
)
def test_more_time_or_speed_reaches_no_less_and_more_detour_no_more(
    origin: str, time_min: float, speed_kmh: float, detour: float, factor: float, what: str
) -> None:
    more = {"t": time_min, "s": speed_kmh, "d": detour}
    more[what] *= factor
    less = {"t": time_min, "s": speed_kmh, "d": detour}
    if what == "d":
        less, more = more, less
    small, large = (
        whole(make(circle(time=f"{k['t']} min", speed=f"{k['s']} km/h", detour=k["d"], clip=False, **{"from": origin})))[0]
        for k in (less, more)
    )  # fmt: skip
    assert shapely.covers(large, small) or area_m2([shapely.difference(small, large)])[0] < 1.0
