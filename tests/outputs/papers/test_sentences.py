"""Tests of sentences: change the number and the sentence changes, units and plurals are right, no nan."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.outputs.papers import sentences as tell
from spatial.plan.base import Text

NAME = Text(zh="核心区", en="Core")
AIM = Text(zh="全域", en="the whole territory")
NAN = math.nan

CASES: list[tuple[Callable[..., Text], Sequence[object], dict[str, object]]] = [
    (tell.tell_territory, (1894.95, 1931.0), {}),
    (tell.tell_sources, (6, 2), {}),
    (tell.tell_class, (NAME, 100.0, 0.25, 3), {}),
    (tell.tell_zone_sum, (100.0, 99.0), {}),
    (tell.tell_conflict, (NAME, AIM, "zones.priority", 2, 5.5), {}),
    (tell.tell_circle, (NAME, 15.0, Text(zh="小汽车", en="Car"), 100.0, 150.0), {}),
    (tell.tell_towns, (NAME, 11, 16, [(AIM, 22.5)]), {}),
    (tell.tell_verdict, (NAME, AIM, "kept"), {"share": 0.96, "required": 0.95}),
    (tell.tell_firmness, (0.97, 3.5, ["class_speeds"]), {}),
    (tell.tell_gap, (NAME, 6.8, 0.9, 0.96, "kept"), {}),
    (tell.tell_connections, (NAME,), {"total": 16, "kept": 12, "beyond": 3, "limit": 30.0, "unit": "min"}),
    (tell.tell_farthest, (NAME, 16.1, "min"), {}),
    (tell.tell_life, (NAME, 0.5, 10.0, 20.0), {}),
    (tell.tell_findings, (1, 2, 3), {}),
    (tell.tell_rules, (29, 18), {}),
    (tell.tell_rest, (60, 100), {}),
]


def _changed(value: object) -> object:
    return value + 1 if isinstance(value, int) else value * 1.1 if isinstance(value, float) else value


@pytest.mark.parametrize(
    ("function", "args", "options"), CASES, ids=lambda case: getattr(case, "__name__", "")
)
def test_another_number_is_another_sentence(
    function: Callable[..., Text], args: Sequence[object], options: dict[str, object]
) -> None:
    base = function(*args, **options)
    numbers = [at for at, value in enumerate(args) if isinstance(value, int | float)]
    keys = [key for key, value in options.items() if isinstance(value, int | float)]
    assert numbers or keys
    for at in numbers:
        other = function(*[_changed(value) if at == place else value for place, value in enumerate(args)])
        assert other.zh != base.zh
        assert other.en != base.en
    for key in keys:
        other = function(*args, **{**options, key: _changed(options[key])})
        assert other.zh != base.zh
        assert other.en != base.en


@pytest.mark.parametrize(
    "call",
    [
        lambda: tell.tell_territory(NAN),
        lambda: tell.tell_class(NAME, NAN, 0.5, 1),
        lambda: tell.tell_class(NAME, 1.0, NAN, 1),
        lambda: tell.tell_gap(NAME, 1.0, 0.5, NAN, "kept"),
        lambda: tell.tell_life(NAME, NAN, 1.0, 2.0),
        lambda: tell.tell_farthest(NAME, math.inf, "m"),
    ],
)
def test_a_sentence_without_its_number_is_refused(call: Callable[[], Text]) -> None:
    with pytest.raises(ValueError, match="a sentence needs a"):
        call()


@given(
    st.one_of(st.none(), st.floats(0, 1), st.just(NAN)),
    st.one_of(st.none(), st.floats(0.25, 4), st.just(NAN)),
    st.one_of(st.none(), st.floats(-99, 99), st.just(NAN)),
)
def test_no_nan_in_verdicts(share: float | None, flip: float | None, margin: float | None) -> None:
    verdict = tell.tell_verdict(NAME, AIM, "broken", share=share, required=0.95, reason="无人口 · no people")
    for text in (verdict, tell.tell_firmness(flip, margin, [])):
        for side in (text.zh, text.en):
            assert "nan" not in side.lower()
            assert "none" not in side.lower()


def test_a_share_just_short_does_not_read_as_enough() -> None:
    text = tell.tell_verdict(NAME, AIM, "broken", share=0.949999, required=0.95)
    assert "94.9999%" in text.zh
    assert "not kept" in text.en
    assert "−0.0001%" in text.en


def test_undecidable_says_the_reason_in_each_language() -> None:
    reason = Text(zh="无人口来源", en="no population source")
    text = tell.tell_verdict(NAME, AIM, "undecidable", share=None, required=0.95, reason=reason)
    assert text.zh.endswith("原因：无人口来源。")
    assert text.en.endswith("Reason: no population source.")
    assert "无" not in text.en


def test_plurals() -> None:
    assert "in 1 part." in tell.tell_class(NAME, 1.0, 0.5, 1).en
    assert "in 2 parts." in tell.tell_class(NAME, 1.0, 0.5, 2).en
    assert "no sources (0)" in tell.tell_sources(0, 0).en
    assert "1 source, none" in tell.tell_sources(1, 0).en
    assert "of which 1 is illustrative" in tell.tell_sources(3, 1).en
    assert tell.tell_findings(1, 0, 2).en == "The checks found 1 error, 0 warnings and 2 notes."
    assert "1 was not" in tell.tell_rules(3, 1).en
    assert "2 more are in" in tell.tell_rest(1, 3).en


def test_units_and_directions() -> None:
    more = tell.tell_circle(NAME, 30.0, Text(zh="步行", en="On foot"), 100.0, 150.0)
    less = tell.tell_circle(NAME, 30.0, Text(zh="步行", en="On foot"), 100.0, 90.0)
    assert "夸大 50.0%" in more.zh
    assert "50.0% more" in more.en
    assert "偏小 10.0%" in less.zh
    assert "10.0% less" in less.en
    assert "90.00 km²" in less.en
    assert "超时 3.0 分钟" in tell.tell_firmness(1.2, -3.0, []).zh
    assert "in time by 3.0 min" in tell.tell_firmness(0.8, 3.0, []).en
    assert "200 米" in tell.tell_farthest(NAME, 200.4, "m").zh
    assert "小 36.05 平方公里（−1.87%）" in tell.tell_territory(1894.95, 1931.0).zh


def test_straight_rings_need_not_be_there() -> None:
    text = tell.tell_circle(NAME, 15.0, Text(zh="小汽车", en="Car"), 100.0, None)
    assert text.en == "“Core” (car, 15 min) has 100.00 km²."
    assert "直线" not in text.zh


def test_towns_beyond_are_named_with_minutes() -> None:
    beyond = [(Text(zh="坡头镇", en="Potou"), 22.47), (Text(zh="岛", en="Isle"), None)]
    text = tell.tell_towns(NAME, 14, 16, beyond)
    assert text.zh == "“核心区”到达 16 个镇街中的 14 个；圈外：坡头镇 22.5 分钟、岛 到不了。"
    assert text.en == "“Core” reaches 14 of 16 towns. Beyond it: Potou 22.5 min, Isle not at all."
    assert tell.tell_towns(NAME, 1, 1, []).en == "“Core” reaches 1 of 1 town."
