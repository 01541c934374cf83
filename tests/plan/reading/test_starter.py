"""New plans: whatever the city is called, the text reads back as what was asked for."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from yaml.reader import Reader

from spatial.plan.base import Slug
from spatial.plan.reading.formula import parse_formula
from spatial.plan.reading.reader import load_plan
from spatial.plan.reading.starter import Seat, compose_plan, name_plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("new")


def compose(title="某市", seats=(), centre="某市中心", **more):
    asked = {"territory": "{adcode: 410600}", "core_radius_m": 3000, "schema": "plan.schema.json"} | more
    return compose_plan("demo", title, centre=Seat(centre, 114.123456789, 35.7), seats=seats, **asked)


def read(folder, text):
    file = folder / "plan.yaml"
    file.write_text(text, encoding="utf-8", newline="\n")
    return load_plan(file).plan


def test_a_new_plan_says_what_was_asked(folder):
    seats = [Seat("甲县", 114.1, 35.71, "410611"), Seat("乙区", 114.2, 35.72, "410622")]
    plan = read(folder, compose(seats=seats))
    assert (plan.name, plan.title.zh, plan.territory.adcode) == ("demo", "某市", 410600)
    assert [(town.name.zh, town.code, town.seat) for town in plan.towns] == [
        ("甲县", "410611", (114.1, 35.71)), ("乙区", "410622", (114.2, 35.72)),
    ]  # fmt: skip
    assert [(place.name.zh, place.at) for place in plan.places] == [("某市中心", (114.12346, 35.7))]
    core, *points = plan.structure.elements
    assert (core.kind, core.discs[0].at, core.discs[0].radius_m) == ("core", "某市中心", 3000)
    assert [(point.kind, point.at) for point in points] == [("point", "甲县"), ("point", "乙区")]
    # What nobody has promised is not judged.
    assert [(circle.time_min, circle.must_reach) for circle in plan.circles] == [
        (15, None),
        (30, None),
        (60, None),
    ]


@pytest.mark.parametrize("count", [0, 1, 2, 11, 100])
def test_the_formula_agrees_with_the_elements(folder, count):
    plan = read(folder, compose(seats=[Seat(f"县{n}", 114, 35, f"{n:06d}") for n in range(count)]))
    required = parse_formula(plan.structure.formula).required()
    kinds = [element.kind for element in plan.structure.elements]
    assert {kind: kinds.count(kind) for kind in required} == {
        kind: least for kind, (least, _) in required.items()
    }
    assert len(kinds) == 1 + count


def test_a_boundary_file_is_a_source(folder):
    text = compose(
        territory="{source: boundary}", sources='  boundary: {file: "../甲 乙/b.gpkg", licence: unknown}\n'
    )
    plan = read(folder, text)
    assert plan.territory.source == "boundary"
    assert plan.sources["boundary"].file == "../甲 乙/b.gpkg"


def test_what_is_written_as_a_remark_is_right_too(folder):
    text = compose()
    first = text.index("# sources:")
    remark = re.sub(r"(?m)^# ", "", text[first:])
    plan = read(folder, text[:first] + remark)
    assert plan.zones.claims[0].where == {"kind": "农业"}
    assert plan.lines.claims[0].source == "zones"


def test_editors_find_the_schema():
    assert compose().splitlines()[0] == "# yaml-language-server: $schema=plan.schema.json"


ODD = [
    "x: y",
    "a # b",
    "'",
    '"',
    "{}",
    "[a, b]",
    "*x",
    "&x",
    "!x",
    "- a",
    "a\nb",
    "null",
    "2035",
    "yes",
    "\\",
    "{name}",
    "%s",
    "<script>alert(1)</script>",
    "a\tb",
    "：",
    "a\u2028b",
    "𠀀",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_stay_as_they_are(folder, name):
    plan = read(folder, compose(title=name, centre=name + "1", seats=[Seat(name, 114, 35, "1")]))
    assert plan.title.zh == name
    assert plan.towns[0].name.zh == name
    assert plan.structure.elements[1].name.zh == name


def test_what_is_not_text_is_left_out(folder):
    assert read(folder, compose(title="甲\0乙\x07")).title.zh == "甲乙"


@settings(deadline=None, max_examples=60)
@given(
    title=st.text(min_size=1, max_size=20),
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    radius=st.floats(1, 3000),
)
def test_any_city_anywhere(folder, title, lon, lat, radius):
    shown = Reader.NON_PRINTABLE.sub("", title)
    if not shown.strip():
        return
    text = compose_plan(
        name_plan(title),
        title,
        territory="{adcode: 410600}",
        centre=Seat("心", lon, lat),
        core_radius_m=radius,
        schema="x",
    )
    plan = read(folder, text)
    assert plan.title.zh == shown.strip()
    assert plan.places[0].at == (pytest.approx(lon, abs=1e-5), pytest.approx(lat, abs=1e-5))
    assert plan.structure.elements[0].discs[0].radius_m == pytest.approx(radius, abs=0.5)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hebi", "hebi"),
        ("He-Bi 2035", "he_bi_2035"),
        ("鹤壁", "plan"),
        ("", "plan"),
        ("2035", "plan_2035"),
        ("__x__", "x"),
        ("鹤壁hebi", "hebi"),
    ],
)
def test_names_of_plans(text, name):
    assert name_plan(text) == name


@given(text=st.text() | st.text("abc09_- ", min_size=50, max_size=90))
def test_any_folder_gives_a_name_that_a_plan_may_have(text):
    name = name_plan(text)
    assert TypeAdapter(Slug).validate_python(name) == name
    assert name_plan(name) == name
