"""The table of departments: shipped and users' own, every fault at once with its line."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from spatial.errors import PlanError, RuleError
from spatial.plan.departments import read_departments
from spatial.plan.shelf import find_shelf

SHIPPED = (find_shelf() / "rules" / "departments.yaml").read_text(encoding="utf-8")


def test_what_is_not_established_says_so() -> None:
    rules = [rule for department in read_departments().departments for rule in department.rules]
    bases = [(one.basis.zh, one.confidence) for rule in rules for one in (rule, *rule.exceptions)]
    for basis, confidence in bases:
        assert ("工具默认" in basis) == (confidence == "default"), basis
        assert confidence in ("found", "high", "medium", "default")


def test_every_rule_asked_of_speaks_both_languages() -> None:
    for department in read_departments().departments:
        for rule in department.rules:
            for one in (rule, *rule.exceptions):
                texts = [text for text in (one.todo, one.basis) if text is not None]
                assert all(text.zh and text.en for text in texts), rule.id


def test_the_ten_limited_activities_are_ten() -> None:
    activity = next(one for one in read_departments().attributes if one.key == "activity")
    assert len(activity.values) == 10


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"relation": "near"}, "relation"),
        ({"relation": "within"}, "distance"),
        ({"relation": "share_above"}, "share"),
        ({"source": "constraints"}, "either"),
        ({"confidence": "certain"}, "confidence"),
        ({"distance": "500"}, "unit"),
        ({"projects": {"colour": "red"}}, "colour"),
        ({"verdict": "conditional", "todo": None}, "todo"),
        ({"strange": 1}, "strange"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path: Path, change: dict[str, object], word: str) -> None:
    table = yaml.safe_load(SHIPPED)
    table["departments"][0]["rules"][1] |= change
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(table, allow_unicode=True), encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        read_departments(path)
    assert word in str(caught.value)
    assert f"{path}:" in str(caught.value)


def test_rules_are_not_given_twice(tmp_path: Path) -> None:
    table = yaml.safe_load(SHIPPED)
    table["departments"][0]["rules"].append(copy.deepcopy(table["departments"][1]["rules"][0]))
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(table, allow_unicode=True), encoding="utf-8")
    with pytest.raises(RuleError, match="given twice"):
        read_departments(path)


@pytest.mark.parametrize("text", ["- a\n", "a: [", "", "a: &x 1\n"])
def test_what_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((RuleError, PlanError)):
        read_departments(path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="nowhere"):
        read_departments(tmp_path / "nowhere.yaml")
