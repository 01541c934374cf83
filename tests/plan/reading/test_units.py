"""Quantities: each unit by a value worked out by hand, and nothing read that has no unit."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from spatial.plan.reading import units
from spatial.plan.reading.units import Area, Length, Speed, Time, parse_quantity

TABLES = {Length: units._LENGTH, Area: units._AREA, Time: units._TIME, Speed: units._SPEED}
READ = {
    Length: {
        "2 km": 2000, "2km": 2000, "900 m": 900, "0.5 km": 500, "250 cm": 2.5, "1 mm": 0.001, "3 公里": 3000, "3千米": 3000,
        "40 米": 40, "0 m": 0, " 2 km ": 2000, "２　ｋｍ": 2000, "2 ㎞": 2000, "1e3 m": 1000, "+5 m": 5,
    },
    Area: {
        "1931 km2": 1.931e9, "1931 km²": 1.931e9, "1 ㎢": 1e6, "5 m2": 5, "1 ha": 1e4, "15 亩": 1e4, "1.5 mu": 1000,
        "2 公顷": 2e4, "1 平方公里": 1e6, "7 平方米": 7,
    },
    Time: {"30 min": 30, "1 h": 60, "90 s": 1.5, "1.5 小时": 90, "15分钟": 15, "30 秒": 0.5},
    Speed: {"40 km/h": 40, "40km/h": 40, "40 kmh": 40, "10 m/s": 36, "80 m/min": 4.8, "60 公里/小时": 60},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [(kind, text, value) for kind, cases in READ.items() for text, value in cases.items()],
)
def test_values_worked_out_by_hand(kind, text, value):
    assert TypeAdapter(kind).validate_python(text) == pytest.approx(value, rel=1e-12)


def test_every_unit_is_in_the_table_above():
    for kind, table in TABLES.items():
        for unit in table:
            assert any(text.strip().endswith(unit) for text in READ[kind]), unit


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (30, "30 has no unit; write a number and a unit, such as 30 min"),
        (1.5, "1.5 has no unit"),
        ("30", '"30" has no unit'),
        ("30 ", '"30 " has no unit'),
        (True, "true is not a number with a unit"),
        (None, "null is not a number with a unit"),
        ([30, "min"], '[30, "min"] is not a number with a unit'),
        ("", '"" is not a number with a unit'),
        ("min", '"min" is not a number with a unit'),
        ("half an hour", "is not a number with a unit; write it as 30 min"),
        ("三十分钟", "is not a number with a unit"),
        ("nan min", "is not a number with a unit"),
        ("inf min", "is not a number with a unit"),
        ("1e999 min", "cannot be; write a finite number"),
        ("-3 min", "cannot be; write a finite number, zero or more"),
        ("30 minutes", '"minutes" in "30 minutes" is no unit here; use one of s, min, h'),
        ("30 MIN", "is no unit here"),
        ("30 km", '"km" in "30 km" is no unit here'),
        ("1,5 h", "write 1.5 h, with a point"),
        ("1，5 h", "write 1.5 h, with a point"),
        ("1 000 min", "is no unit here"),
        ("1_000 min", "is no unit here"),
        ("30 min 20 s", "is no unit here"),
        ("0x10 min", "is no unit here"),
        ("1. min", "is no unit here"),
        (".5 h", "is not a number with a unit"),
        ("30 min\n40 min", "is no unit here"),
    ],
)
def test_what_is_no_time(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_quantity(text, units._TIME, "30 min")


def test_a_length_is_no_area_nor_a_speed_a_length():
    for kind, text in (
        (Area, "2 km"),
        (Length, "2 km2"),
        (Length, "40 km/h"),
        (Speed, "40 km"),
        (Time, "5 m"),
    ):
        with pytest.raises(ValidationError, match="is no unit here"):
            TypeAdapter(kind).validate_python(text)


def test_long_input_gives_a_short_message():
    with pytest.raises(ValueError, match="no unit") as caught:
        parse_quantity("5" + "x" * 100_000, units._TIME, "30 min")
    assert len(str(caught.value)) < 400


NUMBERS = st.floats(0, 1e12).map(lambda number: 0.0 if number < 1e-9 else number)


@given(
    number=NUMBERS,
    kind=st.sampled_from(list(TABLES)),
    space=st.sampled_from(["", " ", "  ", "　"]),
    data=st.data(),
)
def test_any_quantity_comes_back(number, kind, space, data):
    unit, factor = data.draw(st.sampled_from(sorted(TABLES[kind].items())))
    value = TypeAdapter(kind).validate_python(f"{number!r}{space}{unit}")
    assert value == pytest.approx(number * factor, rel=1e-12)
    inside = TypeAdapter(kind).json_schema()["unit"]
    assert TypeAdapter(kind).validate_python(f"{value!r} {inside}") == value


@given(kind=st.sampled_from(list(TABLES)), data=st.data())
def test_what_an_editor_accepts_is_read(kind, data):
    schema = TypeAdapter(kind).json_schema()
    assert all(re.search(schema["pattern"], example) for example in schema["examples"])
    text = data.draw(
        st.from_regex(re.compile(schema["pattern"], re.ASCII)).filter(lambda text: len(text) < 40)
    )
    value = TypeAdapter(kind).validate_python(text)
    assert math.isfinite(value)
    assert value >= 0


@given(kind=st.sampled_from(list(TABLES)), data=st.data())
def test_what_is_written_as_in_the_handbook_an_editor_accepts(kind, data):
    text = data.draw(
        st.sampled_from(
            [text for text in READ[kind] if "e" not in text and "+" not in text and text.isprintable()]
        )
    )
    if text.isascii() or "²" in text:
        assert re.search(TypeAdapter(kind).json_schema()["pattern"], text)


ANYTHING = st.one_of(
    st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.text()), st.dates()
)


@given(
    value=ANYTHING | st.from_regex(r"\A[+-]?[0-9.,eE]{0,6} ?[a-z²2/公里]{0,4}\Z"),
    kind=st.sampled_from(list(TABLES)),
)
def test_anything_else_is_refused_in_one_way(value, kind):
    try:
        number = parse_quantity(value, TABLES[kind], "x")
    except ValueError as error:
        assert "; " in str(error)  # noqa: PT017 - either outcome is right, and both are held to something
    else:
        assert isinstance(value, str)
        assert math.isfinite(number)
        assert number >= 0
