"""What a plan says of public services: words that are refused, and the word that stands for the districts."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from spatial.plan.parts.services import Services
from spatial.plan.reading.references import find_broken_references

GIVEN: dict[str, Any] = {"facilities": "f", "people": "p"}


def test_words_of_a_plan() -> None:
    spec = Services.model_validate(GIVEN | {"services": [{"category": "primary", "within": "15 min"}]})
    assert (spec.services[0].within_min, spec.services[0].mode, spec.districts) == (15, "walk", "districts")
    assert dict(spec.groups) == {"all": "people"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"services": [{"category": "primary", "group": "old"}]},
        {"services": [{"category": "primary"}, {"category": "primary"}]},
        {"services": [{"category": "primary", "mode": "bus"}]},
        {"services": [{"category": "primary", "within": "15"}]},
        {"groups": {}},
        {"share": 1.2},
        {"add": 0},
        {"narrow": "gini"},
        {"district": "d"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Services.model_validate(GIVEN | wrong)


def test_districts_may_be_the_plans_own_or_a_source() -> None:
    sources = {"f": {"file": "f.gpkg"}, "p": {"file": "p.gpkg"}}
    assert find_broken_references({"services": GIVEN | {"districts": "districts"}, "sources": sources}) == []
    broken = find_broken_references({"services": GIVEN | {"districts": "wards"}, "sources": sources})
    assert [path for path, *_ in broken] == [("services", "districts")]
