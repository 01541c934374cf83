"""Recipes: one line that says how an element was made."""

import pytest
from pydantic import TypeAdapter

from spatial.plan.parts.structure import Element
from spatial.plan.reading.recipes import write_recipe

ELEMENT = TypeAdapter(Element)
NAMES = {"core": "核心区"}


@pytest.mark.parametrize(
    ("given", "recipe"),
    [
        (
            {"kind": "core", "source": "areas", "areas": ["甲", "乙"], "smooth": "900 m"},
            "合并 甲、乙（来源 areas），平滑 900 m",
        ),
        ({"kind": "core", "source": "areas"}, "合并 来源 areas 的全部面"),
        (
            {"kind": "cluster", "towns": ["甲镇"], "source": "towns", "districts": ["419001"]},
            "合并 镇域 甲镇；行政区 419001",
        ),
        (
            {"kind": "pole", "discs": [{"at": [112.59, 35.09], "radius": "2.5 km"}]},
            "合并 112.5900°E 35.0900°N 周围 2.5 km",
        ),
        (
            {"kind": "belt", "source": "rivers", "width": "5 km", "ends": "flat"},
            "沿 来源 rivers 的全部线 两侧共 5 km，平端",
        ),
        (
            {
                "kind": "corridor",
                "through": ["甲", "乙", "丙"],
                "width": "800 m",
                "side": "east",
                "cut": ["core"],
            },
            "经 甲、乙、丙 的平滑曲线 东侧 800 m，圆端，扣除 核心区",
        ),
        ({"kind": "axis", "through": ["甲", "乙"]}, "经 甲、乙 的折线"),
        ({"kind": "point", "at": "坡头镇"}, "位于 坡头镇"),
        (
            {"kind": "ring", "round": "core", "distance": "2 km", "width": "1 km"},
            "环绕 核心区，距外缘 2 km，宽 1 km",
        ),
    ],
)
def test_recipes(given, recipe):
    assert write_recipe(ELEMENT.validate_python({"id": "x", "name": "某", **given}), NAMES) == recipe
