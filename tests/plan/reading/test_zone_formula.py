"""The formula of a functional-zone system: every count, either order, and nonsense that names its place."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from spatial.errors import PlanError
from spatial.plan.parts.functional import FunctionalZones, ZoneSystem, read_kind
from spatial.plan.reading.zone_formula import NOUNS, SystemFormula, check_system, parse_system


@pytest.mark.parametrize(
    ("text", "ecosystems", "zones"),
    [
        ("16+1个产业生态圈、61+5个产业功能区", (16, 1), (61, 5)),
        ("“16＋1”个产业生态圈", None, None),
        ("１６＋１个生态圈，６１＋５个功能区", (16, 1), (61, 5)),
        ("十六加一个生态圈、六十一加五个功能区", (16, 1), (61, 5)),
        ("66个功能区", (), (66,)),
        ("61+5功能区；17生态圈", (17,), (61, 5)),
        ("16 + 1 ecosystems and 61 + 5 functional zones", (16, 1), (61, 5)),
        ("两大生态圈和十功能区", (2,), (10,)),
    ],
)
def test_formulas_of_plans(text, ecosystems, zones):
    if ecosystems is None:
        with pytest.raises(PlanError, match="is nothing that is counted"):
            parse_system(text)
        return
    assert parse_system(text) == SystemFormula(ecosystems, zones)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no count"),
        ("、，", "holds no count"),
        ("16+1+2个生态圈", "'2' at position 6.*third number"),
        ("16+个生态圈", "'个' at position 4.*is no count"),
        ("16个圈子", "'圈' at position 4.*nothing that is counted"),
        ("3个生态圈、4个生态圈", "a second time"),
        ("0个功能区", "a number is 1 to 9999"),
        ("9" * 5000 + "个功能区", "a number is 1 to 9999"),
        ("生态圈16", "'生' at position 1"),
    ],
)
def test_nonsense_names_its_position(text, said):
    with pytest.raises(PlanError, match=said):
        check_system(text)


counts = st.lists(st.integers(1, 9999), min_size=1, max_size=2).map(tuple)


@given(counts, counts, st.booleans())
def test_what_is_written_is_read(ecosystems, zones, both):
    formula = SystemFormula(ecosystems, zones if both else ())
    assert parse_system(str(formula)) == formula


@given(st.text(alphabet="0169十一两加+＋个大生态圈产业功能区、 和zone", max_size=24))
def test_any_text_is_read_or_refused_with_its_place(text):
    if not any(word in text.lower() for words in NOUNS.values() for word in words):
        with pytest.raises(PlanError, match=r"position|holds no count"):
            parse_system(text)
        return
    with suppress(PlanError):
        formula = parse_system(text)
        numbers = [*formula.ecosystems, *formula.zones]
        assert numbers
        assert all(1 <= number <= 9999 for number in numbers)


def test_kinds_in_words():
    words = {"农业": "farming", "制造业": "manufacturing", "服务类": "services", "新经济": "new_economy"}
    assert {word: read_kind(word) for word in words} == words
    assert (read_kind("渔业"), read_kind("  ")) == ("unknown", "")


def test_an_ecosystem_is_listed_once_and_a_formula_is_one():
    with pytest.raises(ValidationError, match="listed twice"):
        ZoneSystem.model_validate({"ecosystems": [{"name": "甲"}, {"name": "甲"}]})
    with pytest.raises(ValidationError, match="position 1"):
        ZoneSystem.model_validate({"formula": "很多功能区"})


def test_a_column_that_picks_zones_is_not_their_kind_unless_it_is_named():
    spec = {"source": "zones", "where": {"kind": "zone"}}
    assert "kind" not in FunctionalZones.model_validate(spec).find_columns()
    named = FunctionalZones.model_validate(spec | {"columns": {"kind": "类别"}})
    assert named.find_columns()["kind"] == "类别"
