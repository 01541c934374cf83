"""The structure formula: every count and kind, longest match, and nonsense that names its place."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import PlanError
from spatial.plan.parts.structure import BeltKind, CoreKind, DistrictKind, PointKind
from spatial.plan.reading.formula import KINDS, Formula, Pair, check_formula, parse_formula, write_count

WORDS = [word for words in KINDS.values() for word in words]
VOCABULARY = "一二两三四五六七八九十双多若干0189０９N核心中极主副带轴廊走环点节片区组团板块翼网屏、，· “”个大"


def pairs(text):
    return [(pair.count, pair.kind) for pair in parse_formula(text).pairs]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一核两带多点", [(1, "core"), (2, "belt"), (None, "point")]),
        ("一中心三片区", [(1, "centre"), (3, "district")]),
        ("一主两副三轴", [(1, "main"), (2, "sub"), (3, "axis")]),
        ("一主中心两副中心", [(1, "main"), (2, "sub")]),
        ("一心一环多组团", [(1, "centre"), (1, "ring"), (None, "cluster")]),
        ("“一核、两带、多点”", [(1, "core"), (2, "belt"), (None, "point")]),
        (" 一核， 两带 · 若干 节点 ", [(1, "core"), (2, "belt"), (None, "node")]),
        ("1核2带N点", [(1, "core"), (2, "belt"), (None, "point")]),
        ("１核心＋１２组团", [(1, "core"), (12, "cluster")]),
        ("双极十二点", [(2, "pole"), (12, "point")]),
        ("二十一廊道十区", [(21, "corridor"), (10, "zone")]),
        ("一个中心、三大板块", [(1, "centre"), (3, "block")]),
        ("一核心区三片一区", [(1, "core"), (3, "district"), (1, "zone")]),
        ("两屏一网两翼一走廊", [(2, "screen"), (1, "network"), (2, "wing"), (1, "corridor")]),
    ],
)
def test_formulas_of_plans(text, expected):
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("一核两带多电", "'电' at position 6"),
        ("核两带", "'核' at position 1"),
        ("一核两", "the end at position 4"),
        ("一核二三带", "'三' at position 4"),
        ("一核心城", "'城' at position 4"),
        ("0核", "a count is 1 to 999"),
        ("1234点", "a count is 1 to 999"),
        ("９" * 5000 + "点", "a count is 1 to 999"),
        ("一核两带一核心", "a second time"),
        ("", "no count and kind"),
        ("、，· ", "no count and kind"),
        ("one core", "'o' at position 1"),
    ],
)
def test_nonsense_names_its_position(text, said):
    with pytest.raises(PlanError, match=said):
        parse_formula(text)


def test_required_counts():
    assert parse_formula("一主两副若干点").required() == {
        "main": (1, True),
        "sub": (2, True),
        "point": (2, False),
    }


def test_kinds_are_those_of_the_elements():
    literals = (CoreKind, BeltKind, PointKind, DistrictKind)
    assert set(KINDS) == {kind for literal in literals for kind in get_args(literal)} | {"axis", "ring"}


def test_the_text_of_a_pair_is_what_the_plan_wrote():
    assert [pair.text for pair in parse_formula("“一个中心”、三大 板块").pairs] == ["一个中心", "三大 板块"]


def test_check_formula_gives_back_the_text():
    assert check_formula(" 一核，两带 ") == " 一核，两带 "


@pytest.mark.parametrize("count", range(1, 100))
def test_every_chinese_count_is_read_back(count):
    assert pairs(write_count(count) + "点") == [(count, "point")]


COUNTS = st.none() | st.integers(1, 999)


def _write(count, style):
    if count is None:
        return ["多", "若干", "N"][style % 3]
    if style % 2 == 0:
        return write_count(count)
    return (
        str(count).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
        if style == 3
        else str(count)
    )


@given(
    st.lists(
        st.tuples(COUNTS, st.sampled_from(sorted(KINDS)), st.integers(0, 5), st.integers(0, 9)),
        min_size=1,
        max_size=len(KINDS),
        unique_by=lambda row: row[1],
    ),
    st.sampled_from(["", "、", "，", ", ", " · ", "”“"]),
)
def test_round_trip_of_any_formula(rows, between):
    words = [_write(count, style) + KINDS[kind][word % len(KINDS[kind])] for count, kind, style, word in rows]
    formula = parse_formula(between.join(words))
    assert formula.pairs == tuple(
        Pair(count, kind, text) for (count, kind, *_), text in zip(rows, words, strict=True)
    )
    again = parse_formula(str(formula))
    assert [(pair.count, pair.kind) for pair in again.pairs] == [(count, kind) for count, kind, *_ in rows]


@given(st.text() | st.text(alphabet=VOCABULARY, max_size=30))
def test_any_text_is_a_formula_or_a_value_error(text):
    try:
        formula = parse_formula(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017
    else:
        assert isinstance(formula, Formula)
        assert formula.pairs
