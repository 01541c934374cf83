"""The structure's layers, on a made-up land between 112.0 and 112.6 E that a river bounds in the south."""

import inspect

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, box

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2, distance_m
from spatial.plan.contract import contract_of
from spatial.plan.parts.structure import LAYER_OF_KIND, Structure
from spatial.themes.layout import elements as nodes
from spatial.themes.layout import structure as layers

CRS = "EPSG:4490"
METRIC = "EPSG:4546"
ALONG = np.linspace(0, 1, 160)
RIVER = np.column_stack(
    [112.0 + 0.5 * ALONG, 35.03 - 0.1 * ALONG + 0.012 * np.sin(25 * ALONG) + 0.004 * np.sin(71 * ALONG)]
)
"""From 112.0 E 35.03 N to 112.5 E 34.93 N, as the Yellow River at Xiaolangdi, with bends."""
LAND = shapely.Polygon([*RIVER, (112.6, 34.93), (112.6, 35.25), (112.0, 35.25)])
PLACES = {
    "甲镇": (112.1, 35.15), "乙镇": (112.25, 35.2), "丙镇": (112.45, 35.12), "丁镇": (112.3, 35.08),
    "Jia": (112.1, 35.15), "外地": (113.4, 35.0),
}  # fmt: skip


def source(*rows, illustrative=True):
    names, shapes = zip(*rows, strict=True)
    frame = {
        "id": [f"s{number}" for number in range(len(names))], "name": list(names),
        "source": "test", "illustrative": illustrative, "class": 3,
    }  # fmt: skip
    return gpd.GeoDataFrame(frame, geometry=list(shapes), crs=CRS)


def sources(river=RIVER):
    return {
        "areas": source(
            ("中心城区", box(112.40, 35.08, 112.46, 35.12)),
            ("东区", box(112.466, 35.09, 112.49, 35.12)),
            ("远区", box(112.05, 35.20, 112.08, 35.22)),
            ("界外区", box(112.58, 35.10, 112.70, 35.12)),
            ("境外", box(113.0, 35.10, 113.1, 35.12)),
            ("乙镇", box(112.2, 35.18, 112.3, 35.22)),
        ),
        "rivers": source(("黄河", LineString(river)), ("支流", LineString([(112.2, 35.1), (112.25, 35.0)]))),
        "roads": source(("干道", LineString([(112.05, 35.1), (112.5, 35.2)])), illustrative=False),
        "unused": source(("别的", Point(112.2, 35.1))),
    }


def district_frame():
    rows = {
        "id": ["d1", "d2"],
        "name": ["西区", "北区"],
        "name_en": ["West", ""],
        "code": ["419101", "419102"],
    }
    frame = gpd.GeoDataFrame(
        rows | {"level": "district", "source": "test", "illustrative": False, "area_km2": 1.0},
        geometry=[box(112.1, 35.05, 112.2, 35.15), box(112.2, 35.05, 112.3, 35.15)],
        crs=CRS,
    )
    return frame


def territory_frame(shape=LAND):
    dense = shapely.segmentize(shape, 100 / 111_700)
    snapped = transform_shapes(shapely.set_precision(metric(dense), 0.001), METRIC, CRS)
    return gpd.GeoDataFrame({"id": ["territory"], "name": ["某市"]}, geometry=snapped, crs=CRS)


def run(name, **inputs):
    """Make a node from its parameters, as the pipeline does."""
    if name not in inputs:
        function = getattr(nodes, name, None) or getattr(layers, name)
        inputs[name] = function(
            **{need: run(need, **inputs) for need in inspect.signature(function).parameters}
        )
    return inputs[name]


def draw(*elements, name="structure", formula="一核", **inputs):
    """Make a layer from elements as a plan writes them."""
    spec = Structure.model_validate(
        {"formula": formula, "elements": [{"name": item["id"], **item} for item in elements]}
    )
    given = {
        "structure_spec": spec, "source_frames": sources(), "districts": district_frame(), "gazetteer": PLACES,
        "territory": territory_frame(), "metric_crs": METRIC, "towns": town_frame(),
    }  # fmt: skip
    return run(name, **(given | inputs))


def town_frame(**accuracy_m):
    seats = [Point(PLACES[name]) for name in accuracy_m]
    return gpd.GeoDataFrame({"accuracy_m": np.array([*accuracy_m.values()], float)}, geometry=seats, crs=CRS)


def test_a_point_on_an_approximate_seat_is_illustrative():
    spots = [
        {"id": key, "kind": "point", "at": name} for key, name in zip("abcd", list(PLACES)[:4], strict=True)
    ]
    towns = town_frame(甲镇=2000, 乙镇=500, 丙镇=np.nan)
    marks = draw(*spots, name="points", towns=towns).set_index("id")["illustrative"]
    assert marks.to_dict() == {"a": True, "b": False, "c": False, "d": False}


def test_a_source_without_names_is_told_with_its_columns():
    rivers = sources()["rivers"].assign(name="")
    frame = draw(belt(along=["淇河"]), name="structure_faults", source_frames={"rivers": rivers})
    assert frame[["problem", "near"]].to_dict("records") == [{"problem": "unnamed_source", "near": "class"}]
    frame = draw(belt(along=["淇河"]), name="structure_faults")
    assert frame["problem"].tolist() == ["unknown_name"]


def metric(shapes):
    return transform_shapes(np.atleast_1d(np.asarray(shapes, dtype=object)), CRS, METRIC)


def shape_of(frame, key):
    return frame.set_index("id").geometry[key]


def belt(**more):
    return {"id": "belt", "kind": "belt", "source": "rivers", "along": ["黄河"], "width": "4 km", **more}


CORE = {"id": "core", "kind": "core", "source": "areas", "areas": ["中心城区", "东区"], "smooth": "400 m"}
EVERY_KIND = [
    CORE,
    belt(side="north", cut=["core"]),
    {"id": "axis", "kind": "axis", "through": ["甲镇", "乙镇", [112.45, 35.12]], "rank": 2},
    {"id": "road", "kind": "axis", "source": "roads", "rank": 1},
    {"id": "point", "kind": "point", "at": "丁镇", "function": {"zh": "康养", "en": "Health"}},
    {"id": "ring", "kind": "ring", "round": "core", "distance": "1 km", "width": "500 m"},
    {"id": "west", "kind": "district", "districts": ["西区", "419102"]},
]


@pytest.mark.parametrize("name", ["structure", "cores", "belts", "points", "axes"])
@pytest.mark.parametrize("elements", [EVERY_KIND, EVERY_KIND[:1], EVERY_KIND[4:5]])
def test_layers_keep_their_contract(name, elements):
    frame = draw(*elements, name=name)
    contract_of(getattr(layers, name)).schema(name).validate(frame)
    assert frame.crs == CRS
    assert frame.geometry.is_valid.all()
    assert not frame.geometry.is_empty.any()
    assert frame.geometry.notna().all()


@pytest.mark.parametrize("name", ["structure", "cores", "belts", "points", "axes"])
def test_without_a_structure_layers_are_empty(name):
    frame = draw(CORE, name=name, structure_spec=None)
    contract_of(getattr(layers, name)).schema(name).validate(frame)
    assert len(frame) == 0
    assert frame.crs == CRS


def test_the_structure_is_ordered_and_described():
    frame = draw(*EVERY_KIND[::-1])
    assert frame["id"].tolist() == ["core", "belt", "road", "axis", "ring", "west", "point"]
    rows = frame.set_index("id")
    assert rows["recipe"]["belt"] == "沿 黄河 北侧 4 km，圆端，扣除 core"
    assert rows["function"].to_dict() == {**dict.fromkeys(rows.index, ""), "point": "康养"}
    assert rows["function_en"]["point"] == "Health"
    assert rows["illustrative"].to_dict() == {
        "core": True, "belt": True, "road": False, "axis": False, "ring": True, "west": False, "point": False,
    }  # fmt: skip
    assert rows["area_km2"].notna().to_dict() == {
        key: key not in ("road", "axis", "point") for key in rows.index
    }
    assert rows["length_km"].notna().to_dict() == {key: key in ("road", "axis") for key in rows.index}
    assert rows["area_km2"]["core"] == pytest.approx(area_m2([rows.geometry["core"]])[0] / 1e6)
    assert rows["length_km"]["road"] == pytest.approx(42.5, abs=0.5)


def test_each_layer_has_its_kinds():
    whole = draw(*EVERY_KIND)
    for name in ("cores", "belts", "points", "axes"):
        part = draw(*EVERY_KIND, name=name)
        expected = whole[[LAYER_OF_KIND[kind] == name for kind in whole["kind"]]]
        assert part["id"].tolist() == expected["id"].tolist()
        assert len(part)


def test_a_core_is_one_polygon_when_smoothed():
    assert shape_of(draw(CORE | {"smooth": "0 m"}), "core").geom_type == "MultiPolygon"
    core = shape_of(draw(CORE), "core")
    assert core.geom_type == "Polygon"
    named = area_m2([box(112.4, 35.08, 112.46, 35.12), box(112.466, 35.09, 112.49, 35.12)]).sum()
    assert area_m2([core])[0] == pytest.approx(named, rel=0.07)


def test_smoothing_never_leaves_the_territory():
    core = shape_of(draw(CORE | {"areas": ["界外区", "东区"], "smooth": "6 km"}), "core")
    assert area_m2([core - LAND])[0] < 1
    assert core.bounds[2] > 112.59


def test_discs_have_a_true_radius():
    at, radius_m = (112.3, 35.12), 3000
    core = shape_of(
        draw({"id": "core", "kind": "pole", "discs": [{"at": list(at), "radius": "3 km"}]}), "core"
    )
    rim = shapely.points(shapely.get_coordinates(core))
    assert distance_m(rim, Point(at)) == pytest.approx(radius_m, abs=1)


def test_areas_towns_districts_and_discs_are_united():
    frame = draw(
        {
            "id": "core", "kind": "core", "parts": "many", "source": "areas", "areas": ["远区"], "towns": ["乙镇"],
            "districts": ["West"], "discs": [{"at": "Jia", "radius": "2 km"}],
        }
    )  # fmt: skip
    core = shape_of(frame, "core")
    inside = [(112.06, 35.21), (112.25, 35.2), (112.15, 35.1), PLACES["甲镇"]]
    assert all(core.contains(Point(spot)) for spot in inside)


def test_towns_without_a_source_are_looked_up_among_districts():
    assert shape_of(draw({"id": "core", "kind": "core", "towns": ["西区"]}), "core").contains(
        Point(112.15, 35.1)
    )


def test_a_whole_source_is_taken_when_nothing_is_named():
    rivers = shape_of(draw({"id": "axis", "kind": "axis", "source": "rivers"}), "axis")
    assert rivers.geom_type == "MultiLineString"
    assert (
        shape_of(draw({"id": "core", "kind": "core", "source": "areas"}), "core").geom_type == "MultiPolygon"
    )


@pytest.mark.parametrize("ends", ["round", "flat", "taper"])
@pytest.mark.parametrize("lift", [0.0, -0.004, 0.004])
def test_a_north_belt_of_a_river_that_is_the_boundary(ends, lift):
    """The river may lie a little outside the territory, or weave in and out of it."""
    wave = lift * np.sin(40 * ALONG) if lift > 0 else np.full_like(ALONG, lift)
    river = RIVER + np.column_stack([np.zeros_like(ALONG), wave])
    frame = draw(belt(side="north", ends=ends), source_frames=sources(river))
    ribbon, line = metric([shape_of(frame, "belt"), LineString(river)])
    random = np.random.default_rng(1)
    inner = ribbon.buffer(-5)
    west, south, east, north = inner.bounds
    spots = shapely.points(random.uniform(west, east, 4000), random.uniform(south, north, 4000))
    spots = spots[shapely.contains(inner, spots)]
    foot = shapely.line_interpolate_point(line, shapely.line_locate_point(line, spots))
    assert len(spots) > 300
    assert (shapely.get_y(foot) < shapely.get_y(spots)).all()
    assert (shapely.distance(line, spots) <= 4001).all()
    land = territory_frame().geometry[0]
    assert area_m2([shape_of(frame, "belt") - land])[0] < 1
    # Nothing of the land just north of the river is lost, away from the ends.
    middle = RIVER[40:120]
    strip = shapely.Polygon(np.vstack([np.add(middle, (0, 0.006)), np.add(middle, (0, 0.016))[::-1]]))
    assert area_m2([shapely.intersection(strip, land) - shape_of(frame, "belt")])[0] < 1


@pytest.mark.parametrize("ends", ["round", "flat", "taper"])
def test_both_sides_are_north_and_south(ends):
    wide = draw(belt(ends=ends, width="8 km"), belt(ends=ends, side="north") | {"id": "n"}, belt(ends=ends, side="south") | {"id": "s"}, territory=territory_frame(box(111, 34, 114, 36)))  # fmt: skip
    both, north, south = (shape_of(wide, key) for key in ("belt", "n", "s"))
    assert area_m2([both.symmetric_difference(north | south)])[0] < 20
    assert area_m2([north & south])[0] < 20


def test_the_direction_of_digitising_does_not_matter():
    there = shape_of(draw(belt(side="north", ends="taper")), "belt")
    back = shape_of(draw(belt(side="north", ends="taper"), source_frames=sources(RIVER[::-1])), "belt")
    assert area_m2([there.symmetric_difference(back)])[0] < 1


@settings(deadline=None, max_examples=10)
@given(st.integers(500, 9000), st.integers(1, 5000), st.sampled_from(["round", "taper"]))
def test_a_wider_belt_contains_a_narrower_one(width, more, ends):
    frame = draw(
        belt(side="north", ends=ends, width=f"{width} m"),
        belt(side="north", ends=ends, width=f"{width + 50 + more} m") | {"id": "wide"},
    )
    narrow, wide = shape_of(frame, "belt"), shape_of(frame, "wide")
    assert area_m2([narrow - wide])[0] < 1e-4 * area_m2([wide])[0]


def test_cuts_are_disjoint_from_what_they_cut_out():
    frame = draw(
        CORE | {"areas": ["中心城区"]},
        {"id": "west", "kind": "cluster", "towns": ["西区"]},
        {"id": "belt", "kind": "belt", "through": ["甲镇", "丙镇"], "width": "6 km", "cut": ["core", "west"]},
        {"id": "other", "kind": "corridor", "through": ["乙镇", "丁镇"], "width": "3 km", "cut": ["belt"]},
    )
    cut = shape_of(frame, "belt")
    for key in ("core", "west"):
        assert area_m2([cut & shape_of(frame, key)])[0] < 1
        assert cut.distance(shape_of(frame, key)) < 1e-9
    assert area_m2([cut & shape_of(frame, "other")])[0] < 1


def test_two_belts_may_cut_each_other():
    pair = [
        {"id": key, "kind": "belt", "through": spots, "width": "3 km", "cut": [other]}
        for key, other, spots in (("a", "b", ["甲镇", "丙镇"]), ("b", "a", ["乙镇", "丁镇"]))
    ]
    frame = draw(*pair)
    assert area_m2([shape_of(frame, "a") & shape_of(frame, "b")])[0] < 1
    assert frame.geometry.is_valid.all()


def test_a_belt_through_places_is_smooth_unless_told_otherwise():
    corner = {"id": "belt", "kind": "belt", "through": ["甲镇", "乙镇", "丁镇"], "width": "1 km"}
    soft, hard = (shape_of(draw(corner | more), "belt") for more in ({}, {"smooth": False}))
    assert area_m2([soft.symmetric_difference(hard)])[0] > 1e5
    for shape in (soft, hard):
        assert all(shape.contains(Point(PLACES[name])) for name in ("甲镇", "乙镇", "丁镇"))


def test_an_axis_is_not_clipped_and_passes_its_places():
    axis = shape_of(draw({"id": "axis", "kind": "axis", "through": ["甲镇", "丙镇", "外地"]}), "axis")
    assert axis.geom_type == "LineString"
    assert axis.bounds[2] == pytest.approx(113.4)
    assert (
        max(metric(axis)[0].distance(spot) for spot in metric([Point(PLACES["甲镇"]), Point(PLACES["丙镇"])]))
        < 0.01
    )


def test_a_road_keeps_its_line():
    road = shape_of(draw({"id": "axis", "kind": "axis", "source": "roads", "along": ["干道"]}), "axis")
    assert road.hausdorff_distance(sources()["roads"].geometry[0]) < 1e-9


def test_rings_go_round_the_outer_edge_at_a_distance():
    disc = {"id": "core", "kind": "core", "discs": [{"at": "丙镇", "radius": "2 km"}]}
    ring = {"id": "ring", "kind": "ring", "round": "core", "distance": "1 km", "width": "2 km"}
    outer = {"id": "outer", "kind": "ring", "round": "ring", "distance": "500 m", "width": "500 m"}
    frame = draw(outer, ring, disc)
    away = distance_m(shapely.points(shapely.get_coordinates(shape_of(frame, "ring"))), Point(PLACES["丙镇"]))
    assert away.min() == pytest.approx(3000, abs=5)
    assert away.max() == pytest.approx(5000, abs=5)
    assert len(shape_of(frame, "ring").interiors) == 1
    assert area_m2([shape_of(frame, "outer") & shape_of(frame, "ring")])[0] < 1
    beyond = distance_m(
        shapely.points(shapely.get_coordinates(shape_of(frame, "outer"))), Point(PLACES["丙镇"])
    )
    assert beyond.min() == pytest.approx(5500, abs=5)


def test_rings_round_each_other_are_not_drawn():
    rings = [
        {"id": key, "kind": "ring", "round": other, "distance": "1 km", "width": "1 km"}
        for key, other in (("a", "b"), ("b", "a"))
    ]
    assert draw(*rings, CORE)["id"].tolist() == ["core"]


@pytest.mark.parametrize(
    "wrong",
    [
        CORE | {"areas": ["没有的区"]},
        CORE | {"source": "absent", "areas": []},
        CORE | {"source": "rivers", "areas": ["黄河"]},
        CORE | {"areas": ["境外"]},
        {"id": "core", "kind": "core", "towns": ["甲镇"]},
        {"id": "core", "kind": "core", "discs": [{"at": "外地", "radius": "1 km"}]},
        {"id": "core", "kind": "district", "districts": ["南区"]},
        {"id": "core", "kind": "belt", "source": "areas", "width": "1 km"},
        {"id": "core", "kind": "belt", "source": "rivers", "along": ["长江"], "width": "1 km"},
        {"id": "core", "kind": "axis", "through": ["甲镇", "无名镇"]},
        {"id": "core", "kind": "axis", "through": ["甲镇", "Jia"]},
        {"id": "core", "kind": "axis", "through": ["甲镇", "Jia"], "smooth": False},
        {"id": "core", "kind": "axis", "through": ["甲镇", [21.0, 0.0]]},
        {"id": "core", "kind": "core", "discs": [{"at": [112.0, 89.99], "radius": "30 km"}]},
        {"id": "core", "kind": "point", "at": "无名镇"},
        {"id": "core", "kind": "belt", "through": ["甲镇", "乙镇"], "width": "1 km", "cut": ["wide"]},
    ],
)
def test_what_cannot_be_made_is_left_out(wrong):
    wide = {"id": "wide", "kind": "belt", "through": ["甲镇", "乙镇"], "width": "30 km"}
    frame = draw(wrong, wide)
    assert frame["id"].tolist() == ["wide"]
    contract_of(layers.structure).schema("structure").validate(frame)


@pytest.mark.parametrize("at", [(12.59, 35.09), (-69.0, -35.0), (21.0, 0.0), (112.0, 89.99), (-159.0, 0.0)])
def test_places_far_away_make_no_error(at):
    point = {"id": "p", "kind": "point", "at": list(at)}
    ring = {"id": "ring", "kind": "ring", "round": "p", "distance": "1 km", "width": "1 km"}
    assert draw(CORE, point, ring)["id"].tolist() == ["core", "p"]


def test_faults_name_what_was_sought():
    faults = draw(
        CORE | {"areas": ["中心城"]}, {"id": "p", "kind": "point", "at": "甲镇"}, name="structure_faults"
    )
    assert faults.to_dict("records") == [
        {
            "element": "core",
            "problem": "unknown_name",
            "name": "中心城",
            "where": "source:areas",
            "near": "中心城区",
        }
    ]
    assert draw(CORE, name="structure_faults").empty
    assert isinstance(draw(CORE, name="structure_faults"), pd.DataFrame)


def test_only_sources_in_use_go_further():
    used = draw(CORE, EVERY_KIND[3], name="structure_sources")
    assert {key: list(frame.columns) for key, frame in used.items()} == {
        key: ["name", "illustrative", "geometry"] for key in ("areas", "roads")
    }


def test_a_source_of_mixed_shapes_gives_what_fits():
    mixed = sources()
    square = box(112.2, 35.1, 112.25, 35.15)
    whole = shapely.GeometryCollection([square, LineString([(112.1, 35.1), (112.2, 35.2)]), MultiPolygon([])])
    mixed["areas"] = source(("甲", whole), ("乙", None), ("丙", Point(112.3, 35.1)))
    frame = draw({"id": "core", "kind": "core", "source": "areas"}, source_frames=mixed)
    core, whole = metric([shape_of(frame, "core"), shapely.segmentize(square, 100 / 111_700)])
    assert core.symmetric_difference(whole).area < 1


def test_two_runs_are_identical():
    first, second = draw(*EVERY_KIND), draw(*EVERY_KIND)
    assert first.to_wkb().equals(second.to_wkb())
