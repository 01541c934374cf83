"""Names in the database: kept whole, kept apart, and the contract of a layer there and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spatial.errors import OutputError
from spatial.pipeline import list_layers
from spatial.plan.departments import read_departments
from spatial.plan.published import (
    LONGEST,
    contract_from_json,
    contract_to_json,
    department_schema,
    fit_name,
    list_platforms,
    stem_of,
    version_schema,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=90)


@given(TEXTS, st.integers(0, 30))
def test_names_fit_and_keep_their_beginning(text: str, room: int) -> None:
    name = fit_name(text, room=room)
    assert len(name.encode()) <= LONGEST - room
    assert name == text or text.startswith(name[: -len("_12345678")])


@given(TEXTS, TEXTS)
def test_different_plans_have_different_schemas(one: str, other: str) -> None:
    assume(one != other)
    names = []
    for plan in (one, other):
        try:
            names.append(stem_of(plan))
        except OutputError:
            return
    assert names[0] != names[1] or {one, other} == {names[0], names[0].removeprefix("plan_")}
    for name in names:
        for made in (version_schema(name, 9999), department_schema(name, "natural_resources")):
            assert len(made.encode()) <= LONGEST
            assert not made.startswith("pg_")


@pytest.mark.parametrize("name", list(list_layers()))
def test_contracts_come_back_as_they_were(name: str) -> None:
    contract = list_layers()[name]
    back = contract_from_json(json.loads(json.dumps(contract_to_json(contract))))
    assert (back.zh, back.en, back.shape, back.columns) == (
        contract.zh,
        contract.en,
        contract.shape,
        contract.columns,
    )
    assert list(back.columns) == list(contract.columns)


def test_every_department_has_a_platform_with_the_layers_of_its_rules() -> None:
    table = read_departments()
    platforms = list_platforms(table)
    assert [one.key for one in platforms] == [one.key for one in table.departments]
    for platform, department in zip(platforms, table.departments, strict=True):
        assert {rule.layer for rule in department.rules if rule.layer} <= set(platform.layers)
        assert "territory" in platform.layers
