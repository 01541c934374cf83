"""Findings about the structure: each has its rule, its severity, both languages, the value and a remedy."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, box

from spatial.checks.elements import area_findings, axis_findings, belt_findings, point_findings
from spatial.checks.structure import structure_findings
from spatial.engine.crs import transform_shapes
from spatial.engine.shapes.ribbons import make_ribbon
from spatial.plan.parts.structure import Structure
from spatial.plan.reading.names import find_name_faults

CRS, METRIC = "EPSG:4490", "EPSG:4546"
LAND = box(112.0, 34.9, 112.6, 35.25)
CORE = {
    "id": "core",
    "kind": "core",
    "name": {"zh": "核心区", "en": "Core"},
    "discs": [{"at": "主城", "radius": "1 km"}],
}
BELT = {
    "id": "belt",
    "kind": "belt",
    "name": {"zh": "沿河带", "en": "River belt"},
    "through": ["甲", "乙"],
    "width": "2 km",
}
POINTS = [
    {"id": f"p{number}", "kind": "point", "name": {"zh": f"点{number}", "en": f"Point {number}"}, "at": "甲"}
    for number in (1, 2)
]


def plan(formula, *elements):
    return Structure.model_validate({"formula": formula, "elements": elements})


def frame(shapes, crs=CRS, **columns):
    table = pd.DataFrame({"id": pd.Series(list(shapes), dtype="str")} | columns)
    return gpd.GeoDataFrame(table, geometry=np.array([*shapes.values()], dtype=object), crs=crs)


def faults(spec=None):
    rows = find_name_faults(spec.elements, {}, [], ["主城", "甲镇", "乙镇"]) if spec else []
    return pd.DataFrame([vars(row) for row in rows], columns=["element", "problem", "name", "where", "near"])


def check(formula, *elements, made=None, wrong=None):
    """Check a plan of which every element was made, as a disc, unless told otherwise."""
    spec = plan(formula, *elements)
    shapes = (
        {element.id: Point(112.3, 35.1).buffer(0.01) for element in spec.elements} if made is None else made
    )
    return structure_findings(spec, frame(shapes), faults() if wrong is None else wrong, METRIC)


def metric(shapes, keys=("belt",)):
    moved = transform_shapes(np.array(shapes, dtype=object), CRS, METRIC)
    return frame(dict(zip(keys, moved, strict=True)), METRIC, illustrative=False)


def territory(shape=LAND):
    return frame({"territory": shape})


def rules(findings):
    return [(finding.rule, finding.severity) for finding in findings]


def test_a_plan_that_agrees_has_no_findings():
    assert check("一核一带多点", CORE, BELT, *POINTS) == []
    assert structure_findings(None, frame({}), faults(), METRIC) == []
    for check_of in (area_findings, belt_findings):
        given = [frame({}, METRIC)] * (1 if check_of is area_findings else 2)
        assert check_of(None, *given, territory(), METRIC) == []


@pytest.mark.parametrize(
    ("formula", "value", "limit"), [("一核两带多点", 1, 2), ("一核一带三点", 2, 3), ("一核一带1点", 2, 1)]
)
def test_a_count_that_disagrees_names_both(formula, value, limit):
    (finding,) = check(formula, CORE, BELT, *POINTS)
    assert rules([finding]) == [("structure.count", "error")]
    assert (finding.value, finding.limit) == (value, limit)
    assert formula in finding.message_zh
    assert formula in finding.message_en


def test_the_message_of_a_count():
    (finding,) = check("一核两带", CORE, BELT, BELT | {"id": "b2"}, BELT | {"id": "b3", "name": "山带"})
    assert finding.message_zh == (
        "公式“一核两带”写“两带”，要素有 3 条带：沿河带、沿河带、山带；请增减 kind: belt 的要素，或改公式"
    )
    assert finding.message_en == (
        "the formula '一核两带' says '两带', 2 of kind belt; the elements have 3: River belt, River belt, 山带; "
        "add or remove elements of this kind, or correct the formula"
    )


def test_many_means_two_or_more():
    assert check("一核多点", CORE, *POINTS) == []
    (finding,) = check("一核多点", CORE, POINTS[0])
    assert "写“多点”（两个以上），要素有 1 个点：点1" in finding.message_zh
    assert "2 or more of kind point" in finding.message_en
    (finding,) = check("一核若干组团", CORE)
    assert "要素有 0 个组团；" in finding.message_zh


def test_kinds_that_the_formula_does_not_name_are_information():
    findings = check("一核", CORE, BELT, *POINTS)
    assert rules(findings) == [("structure.not_in_formula", "info")] * 2
    assert findings[1].message_zh == "公式“一核”没有提到，但要素有 2 个点：点1、点2"


def test_a_core_is_no_centre():
    assert rules(check("一中心", CORE)) == [
        ("structure.count", "error"),
        ("structure.not_in_formula", "info"),
    ]


def test_an_unknown_name_is_reported_once_with_those_near():
    spec = plan("一核一带", CORE, BELT | {"through": ["甲镇", "乙"]})
    findings = structure_findings(spec, frame({"core": Point(112, 35).buffer(0.1)}), faults(spec), METRIC)
    assert rules(findings) == [("structure.unknown_name", "error")]
    assert (findings[0].layer, findings[0].feature_id) == ("belts", "belt")
    assert findings[0].message_zh == "“沿河带”未生成：towns 和 places 中没有“乙”；相近的有：乙镇"
    assert findings[0].message_en == "'River belt' was not made: towns and places have no '乙'; near it: 乙镇"


def test_where_a_name_was_sought_is_said():
    spec = plan(
        "一核一片一环",
        {"id": "core", "kind": "core", "name": "核", "source": "areas", "areas": ["某区"]},
        {"id": "west", "kind": "district", "name": "片", "districts": ["西区"]},
        {"id": "ring", "kind": "ring", "name": "环", "round": "none", "distance": "1 km", "width": "1 km"},
    )
    rows = find_name_faults(spec.elements, {"areas": []}, [], [])
    rows += find_name_faults(spec.elements, {}, [], [])[:1]
    wrong = pd.DataFrame([vars(row) for row in rows])
    texts = [finding.message_zh for finding in structure_findings(spec, frame({}), wrong, METRIC)]
    assert [text.partition("：")[2].partition("没有")[0] for text in texts] == [
        "来源 areas 中", "行政区中", "要素中", "sources 中",
    ]  # fmt: skip
    assert all("没有相近的名称" in text for text in texts[:2])


def test_a_town_of_which_only_the_seat_is_known():
    spec = plan("一核", {"id": "core", "kind": "core", "name": "核心区", "towns": ["甲镇"]})
    (finding,) = structure_findings(spec, frame({}), faults(spec), METRIC)
    assert rules([finding]) == [("structure.empty_element", "error")]
    assert "只有驻地坐标" in finding.message_zh
    assert "discs" in finding.message_en


@pytest.mark.parametrize(
    ("element", "layer", "said"),
    [
        (CORE, "cores", "polygons"),
        (BELT, "belts", "side and cut"),
        ({"id": "a", "kind": "axis", "name": "轴", "through": ["甲", "乙"]}, "axes", "places differ"),
        (
            {"id": "r", "kind": "ring", "name": "环", "round": "core", "distance": "1 km", "width": "1 km"},
            "structure",
            "goes round",
        ),
        ({"id": "d", "kind": "wing", "name": "翼", "districts": ["西区"]}, "structure", "polygons"),
    ],
)
def test_an_element_of_which_nothing_is_there(element, layer, said):
    findings = [f for f in check("一核", element, made={}) if f.rule == "structure.empty_element"]
    assert len(findings) == 1
    assert findings[0].layer == layer
    assert said in findings[0].message_en
    assert findings[0].severity == "error"


def test_a_core_in_parts_says_how_far_apart_they_are():
    spec = plan("一核", CORE)
    boxes = [box(500_000, 3_880_000, 502_000, 3_882_000), box(502_600, 3_880_000, 504_000, 3_882_000)]
    far = box(500_000, 3_882_900, 501_000, 3_884_000)
    shape = transform_shapes([MultiPolygon([*boxes, far])], METRIC, CRS)[0]
    (finding,) = structure_findings(spec, frame({"core": shape}), faults(), METRIC)
    assert rules([finding]) == [("structure.many_parts", "error")]
    assert (finding.value, finding.limit) == (3, 1)
    assert "相隔至多 900 m；请把 smooth 加到 450 m 以上" in finding.message_zh
    assert finding.geometry == shape
    allowed = plan("一核", CORE | {"parts": "many"})
    assert structure_findings(allowed, frame({"core": shape}), faults(), METRIC) == []


def test_a_core_that_leaves_the_territory():
    core = box(112.55, 35.0, 112.65, 35.1)
    (finding,) = area_findings(plan("一核", CORE), metric([core], ["core"]), territory(), METRIC)
    assert rules([finding]) == [("structure.outside_territory", "warning")]
    assert finding.value == pytest.approx(0.5, abs=1e-3)
    assert finding.geometry.bounds == pytest.approx((112.6, 35.0, 112.65, 35.1), abs=1e-3)
    assert area_findings(plan("一核", CORE), metric([core]), territory(), METRIC) == []


@pytest.mark.parametrize(("east", "count"), [(112.59, 0), (112.61, 0), (112.7, 1)])
def test_a_belt_whose_line_leaves_the_territory(east, count):
    line = shapely.segmentize(LineString([(112.2, 35.1), (east, 35.1)]), 0.001)
    lines = metric([line])
    ribbons = frame({"belt": make_ribbon(lines.geometry[0], 1000)}, METRIC)
    findings = belt_findings(plan("一带", BELT), lines, ribbons, territory(), METRIC)
    assert rules(findings) == [("belts.outside_territory", "warning")] * count
    for finding in findings:
        assert finding.value == pytest.approx(0.2, abs=0.01)
        assert "中线有 20.0% 在规划范围之外（限值 5%）" in finding.message_zh
        assert "20.0% of the line of 'River belt'" in finding.message_en


def test_elements_of_a_source_in_the_wrong_place_are_errors_of_its_crs():
    drawn = {"source": "data"}
    core = {"id": "core", "kind": "core", "name": {"zh": "核", "en": "Core"}, **drawn}
    (finding,) = area_findings(
        plan("一核", core), metric([box(115, 35, 115.1, 35.1)], ["core"]), territory(), METRIC
    )
    river = metric([LineString([(115, 35.1), (115.2, 35.1)])])
    ribbons = frame({"belt": make_ribbon(river.geometry[0], 1000)}, METRIC)
    along = {key: value for key, value in BELT.items() if key != "through"} | drawn
    found = [finding, *belt_findings(plan("一带", along), river, ribbons, territory(), METRIC)]
    axis = {"id": "belt", "kind": "axis", "name": {"zh": "轴", "en": "Axis"}, **drawn}
    found += axis_findings(plan("一轴", axis), river, territory(), METRIC)
    assert rules(found) == [
        (f"{layer}.outside_territory", "error") for layer in ("structure", "belts", "axes")
    ]
    for item in found:
        assert "来源 data 的坐标系（crs）很可能有误：规划范围的投影坐标系是 EPSG:4546" in item.message_zh
        assert "of source data is probably wrong" in item.message_en
    inside = metric([LineString([(112.2, 35.1), (115.2, 35.1)])])
    assert axis_findings(plan("一轴", axis), inside, territory(), METRIC) == []


def test_a_source_without_names_lists_its_columns():
    spec = plan("一带", {key: value for key, value in BELT.items() if key != "through"} | {"source": "rivers", "along": ["淇河"]})  # fmt: skip
    rows = find_name_faults(spec.elements, {"rivers": ["", ""]}, [], [], {"rivers": ["河名", "等级"]})
    wrong = pd.DataFrame([vars(row) for row in rows])
    texts = [item for item in structure_findings(spec, frame({}), wrong, METRIC)]
    assert rules(texts) == [("structure.unknown_name", "error")]
    assert (
        "来源 rivers 没有名称字段，无法找到“淇河”；它的字段：河名、等级；请在 sources.rivers 写 name_column"
        in texts[0].message_zh
    )
    assert "it has 河名, 等级; write `name_column`" in texts[0].message_en


def river_findings(lift, side):
    """Check a belt along a river that runs `lift` degrees north of the southern boundary."""
    along = np.linspace(112.1, 112.5, 200)
    river = LineString(np.column_stack([along, 34.9 + lift + 0.002 * np.sin(80 * along)]))
    lines = metric([river])
    ribbons = frame({"belt": make_ribbon(lines.geometry[0], 4000, side=side)}, METRIC)
    return belt_findings(plan("一带", BELT | {"side": side}), lines, ribbons, territory(), METRIC)


def test_a_belt_north_of_a_river_that_is_the_boundary_is_no_finding():
    assert river_findings(0.0, "north") == []


def test_a_belt_on_the_outer_side_of_the_boundary_is():
    assert rules(river_findings(0.0, "south")) == [("belts.outside_territory", "warning")]
    (finding,) = river_findings(-0.02, "north")
    assert 0.4 < finding.value < 0.8
    assert "的中线" not in finding.message_zh


def test_a_side_that_the_line_does_not_have():
    line = LineString([(112.2, 35.0), (112.21, 35.2)])
    lines = metric([line])
    ribbons = frame({"belt": make_ribbon(lines.geometry[0], 1000, side="north")}, METRIC)
    (finding,) = belt_findings(plan("一带", BELT | {"side": "north"}), lines, ribbons, territory(), METRIC)
    assert rules([finding]) == [("belts.side_unclear", "warning")]
    assert finding.value < finding.limit
    assert belt_findings(plan("一带", BELT | {"side": "east"}), lines, ribbons, territory(), METRIC) == []


def test_points_inside_a_core_or_outside_the_territory():
    shapes = {
        "in": Point(112.3, 35.1),
        "out": Point(112.65, 35.1),
        "good": Point(112.4, 35.2),
        "edge": Point(112.0, 35.0),
    }
    names = {"name": ["内", "外", "好", "边"], "name_en": ["Inner", "", "Good", "Edge"]}
    points = frame(shapes, **names)
    cores = frame({"core": box(112.25, 35.05, 112.35, 35.15)}, name="核心区", name_en="")
    findings = point_findings(points, cores, territory())
    assert rules(findings) == [("points.inside_core", "warning"), ("points.outside_territory", "error")]
    assert [finding.feature_id for finding in findings] == ["in", "out"]
    assert "落在“核心区”之内" in findings[0].message_zh
    assert "'Inner' lies inside '核心区'" in findings[0].message_en
    assert findings[1].value == pytest.approx(4559, abs=5)
    assert "在规划范围之外 4.56 km" in findings[1].message_zh
    assert point_findings(frame({}, name=[], name_en=[]), cores, territory()) == []


def test_every_message_is_in_both_languages():
    everything = [
        *check("一核两带三点", CORE, BELT, *POINTS, made={}),
        *river_findings(-0.02, "north"),
        *check("一环", CORE),
    ]
    for finding in everything:
        assert any("一" <= letter <= "鿿" for letter in finding.message_zh)
        assert finding.message_en
        assert finding.message_en.isprintable()
