"""Targets as planners write them: every relation in many words, and nothing that is not one number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from spatial.plan.reading.targets import FALLING, RISING, SIGNS, Target, is_met, parse_target, show_target

numbers = st.floats(-1e12, 1e12, allow_nan=False).map(lambda value: round(value, 6))
relations = st.sampled_from(sorted(SIGNS))


@pytest.mark.parametrize(
    ("written", "value", "relation", "unit"),
    [
        (65, 65.0, None, ""), (62.36, 62.36, None, ""), ("65", 65.0, None, ""), ("> 65", 65.0, ">", ""),
        ("＞65", 65.0, ">", ""), (">=65%", 65.0, ">=", "%"), ("≥ 65 %", 65.0, ">=", "%"),
        ("不低于 65", 65.0, ">=", ""), ("不超过2.9亿m³", 2.9, "<=", "亿m3"), ("100,000 以上", 1e5, ">=", ""),
        ("控制在 550 km² 以内", 550.0, "<=", "km2"), ("约 50 万人", 50.0, "~", "万人"),
        ("50 左右", 50.0, "~", ""), ("less than 3", 3.0, "<", ""), ("At least 8 km/km2", 8.0, ">=", "km/km2"),
        ("1e5", 1e5, None, ""), ("-3.5", -3.5, None, ""), ("=8", 8.0, "=", ""), ("near 500000", 5e5, "~", ""),
    ],
)  # fmt: skip
def test_what_planners_write(written: object, value: float, relation: str | None, unit: str) -> None:
    assert parse_target(written) == {"value": value, "relation": relation, "unit": unit}


@pytest.mark.parametrize(
    "written",
    ["", "  ", "many", "60-65", "60~65", "60 至 65", ">", "> 60 < 70", "> 5 以下", "nan", "inf", "1e400",
     "12,34", None, True, [65], "65; DROP", "> 65 > 70", "６５－７０"],
)  # fmt: skip
def test_what_is_no_target_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"target|relations|finite"):
        parse_target(written)
    with pytest.raises(ValidationError):
        Target.model_validate(written)


@given(numbers, relations)
def test_what_is_printed_is_read_back(value: float, relation: str) -> None:
    read = parse_target(show_target(relation, value))
    assert read["relation"] == relation
    assert math.isclose(read["value"], value, rel_tol=1e-9, abs_tol=1e-9)
    assert parse_target(show_target(relation, value, "en"))["relation"] == relation


@given(numbers, numbers)
def test_exactly_one_side_is_met(value: float, target: float) -> None:
    assert is_met(value, ">", target) != is_met(value, "<=", target)
    assert is_met(value, "<", target) != is_met(value, ">=", target)
    assert is_met(value, "=", target) == (is_met(value, ">=", target) and is_met(value, "<=", target))
    assert is_met(target, "~", target)


@given(numbers, relations, numbers)
def test_more_never_unmeets_what_rises(value: float, relation: str, target: float) -> None:
    if relation in RISING and is_met(value, relation, target):  # type: ignore[arg-type]
        assert is_met(value + 1, relation, target)  # type: ignore[arg-type]
    if relation in FALLING and is_met(value, relation, target):  # type: ignore[arg-type]
        assert is_met(value - 1, relation, target)  # type: ignore[arg-type]


def test_the_sum_of_a_thousandth_is_still_met() -> None:
    assert is_met(sum([0.1] * 10), ">=", 1.0)
    assert not is_met(sum([0.1] * 10), ">", 1.0)
