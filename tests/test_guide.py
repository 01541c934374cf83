"""The planners' guide: what it shows can be read, and agrees with itself."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyproj
import pytest
import yaml

from spatial.plan.reading.formula import parse_formula
from spatial.plan.records import Plan

GUIDE = (Path(__file__).resolve().parents[1] / "layers" / "README.md").read_text(encoding="utf-8")
EXAMPLES: list[dict[str, Any]] = [
    yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: next(iter(example)))
def test_examples_can_be_read(example: dict[str, Any]) -> None:
    bare = {"name": "demo", "title": "示例", "year": 2035, "territory": {"adcode": 419001}}
    Plan.model_validate(bare | example)


def test_the_formula_of_the_guide_agrees_with_its_elements() -> None:
    structure = next(example["structure"] for example in EXAMPLES if "structure" in example)
    kinds = Counter(element["kind"] for element in structure["elements"])
    wanted = {kind: least for kind, (least, _) in parse_formula(structure["formula"]).required().items()}
    assert kinds == wanted


def test_the_codes_of_the_guide_are_what_it_says() -> None:
    for meridian, code in re.findall(r"(\d{3})° (?:is )?EPSG:(\d+)", GUIDE):
        assert f"CM {meridian}E" in pyproj.CRS(int(code)).name
    for zone, code in re.findall(r"\b(\d\d) (?:is )?EPSG:(\d+)", GUIDE):
        assert f"zone {zone}" in pyproj.CRS(int(code)).name
