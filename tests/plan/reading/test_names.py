"""Names in elements: where each is looked for, and what is near when it is not there."""

import pytest
from pydantic import TypeAdapter

from spatial.plan.parts.structure import Element
from spatial.plan.reading.names import NameFault, find_name_faults

ELEMENT = TypeAdapter(Element)
SOURCES = {"areas": ["中心城区", "虎岭高新技术产业开发区", ""], "rivers": ["黄河", "沁河"]}
DISTRICTS = ["淇滨区", "山城区", "410611"]
PLACES = ["坡头镇", "王屋镇", "Wangwu"]


def faults(**given):
    element = ELEMENT.validate_python({"id": "x", "name": "某", **given})
    return find_name_faults([element], SOURCES, DISTRICTS, PLACES)


@pytest.mark.parametrize(
    "given",
    [
        {
            "kind": "core",
            "source": "areas",
            "areas": ["中心城区"],
            "discs": [{"at": "Wangwu", "radius": "1 km"}],
        },
        {"kind": "core", "source": "areas"},
        {"kind": "district", "districts": ["淇滨区", "410611"]},
        {"kind": "cluster", "towns": ["山城区"]},
        {"kind": "belt", "source": "rivers", "along": ["黄河"], "width": "1 km"},
        {"kind": "axis", "through": ["坡头镇", [112, 35]]},
        {"kind": "point", "at": [112, 35]},
    ],
)
def test_known_names_are_no_faults(given):
    assert faults(**given) == []


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (
            {"kind": "core", "source": "areas", "areas": ["虎岭高新区"]},
            NameFault("x", "unknown_name", "虎岭高新区", "source:areas", "虎岭高新技术产业开发区"),
        ),
        ({"kind": "core", "source": "areaz"}, NameFault("x", "unknown_source", "areaz", "sources", "areas")),
        ({"kind": "core", "towns": ["坡头镇"]}, NameFault("x", "seat_only", "坡头镇", "districts", "")),
        (
            {"kind": "core", "towns": ["坡头"], "source": "areas"},
            NameFault("x", "unknown_name", "坡头", "source:areas", "坡头镇"),
        ),
        (
            {"kind": "block", "districts": ["淇宾区"]},
            NameFault("x", "unknown_name", "淇宾区", "districts", "淇滨区"),
        ),
        (
            {"kind": "belt", "source": "rivers", "along": ["长江"], "width": "1 km"},
            NameFault("x", "unknown_name", "长江", "source:rivers", ""),
        ),
        (
            {"kind": "ring", "round": "core", "distance": "1 km", "width": "1 km"},
            NameFault("x", "unknown_name", "core", "elements", ""),
        ),
    ],
)
def test_unknown_names_come_with_those_near(given, fault):
    assert faults(**given) == [fault]


def test_each_name_is_reported_once():
    assert len(faults(kind="axis", through=["甲", "乙", "甲"])) == 2


def test_a_missing_source_is_reported_without_each_of_its_names():
    assert [fault.problem for fault in faults(kind="core", source="none", areas=["甲", "乙"])] == [
        "unknown_source"
    ]
