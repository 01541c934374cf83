"""The table of facilities: every category is whole, and nothing from memory poses as found."""

import re

import pytest

from spatial.plan.rules import read_rules

TABLE = read_rules("facilities")
GROUPS = TABLE.value("groups")
CATEGORIES = [category for group in GROUPS for category in TABLE.value(f"group.{group}")]
TERM = re.compile(r"[a-z_:]+(=|!~|~)[^=~!&]+")


def test_keys_are_single_and_groups_share_no_category():
    keys = [rule.key for rule in TABLE.rules]
    assert len(keys) == len(set(keys))
    assert len(CATEGORIES) == len(set(CATEGORIES))
    assert set(TABLE.value("composite")) <= set(CATEGORIES)
    heads = {key.split(".")[0] for key in keys} - {
        "groups",
        "group",
        "composite",
        "denominator",
        "walk",
        "distance",
    }
    assert heads == set(CATEGORIES)


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_is_whole(category):
    tags, minutes, radius = (TABLE[f"{category}{part}"] for part in ("", ".minutes", ".radius"))
    assert tags.label.zh
    assert tags.label.en
    assert tags.confidence == "default"
    assert all(TERM.fullmatch(term) for tag in tags.value for term in tag.split(" & "))
    assert minutes.value in (5, 10, 15)
    assert minutes.unit == "min"
    assert radius.value > 0
    assert radius.unit == "m"


@pytest.mark.parametrize("category", [name for name in CATEGORIES if name != "hospital"])
def test_radius_and_minutes_agree(category):
    minutes, radius = (TABLE.value(f"{category}.{part}") for part in ("minutes", "radius"))
    assert radius == TABLE.value(f"distance.{minutes}")


def test_what_is_remembered_is_never_called_found():
    for rule in TABLE.rules:
        if "own knowledge" in rule.source:
            assert rule.confidence in ("high", "medium", "low"), rule.key
            assert "not checked" in rule.source, rule.key
        if rule.confidence == "found":
            assert "STANDARDS" in rule.source, rule.key
        if "project default" in rule.source:
            assert rule.confidence == "default", rule.key
