"""The grammar of what a circle must reach, and the elements that a word names."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from spatial.plan.promises import Promise, find_elements, parse_promise

STRUCTURE = gpd.GeoDataFrame(
    {
        "id": ["core", "north", "south", "empty"],
        "name": ["主核", "北带", "南带", "空"],
        "name_en": ["Main core", "North belt", "", "Empty"],
        "kind": ["core", "belt", "belt", "ring"],
    },
    geometry=[*shapely.box([112, 113, 114], 35, [112.5, 113.5, 114.5], 35.5), shapely.Polygon()],
    crs=4490,
)


@pytest.mark.parametrize(
    ("text", "promise"),
    [
        ("towns", Promise("towns")),
        (" towns[ tag = plain ] ", Promise("towns", "plain")),
        ("towns[tag=平原]", Promise("towns", "平原")),
        ("territory", Promise("territory")),
        ("全域", Promise("territory")),
        ("core", Promise("named", "core")),
        ("townside", Promise("named", "townside")),
        ("梨林镇", Promise("named", "梨林镇")),
    ],
)
def test_promises_are_read(text: str, promise: Promise) -> None:
    assert parse_promise(text) == promise


@pytest.mark.parametrize("text", ["", "towns[", "towns[tag]", "towns[tag=]", "towns[tag=平 原]", "towns[tag=a,b]", "towns[kind=a]", "towns all", "core[tag=a]"])  # fmt: skip
def test_nonsense_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(ValueError, match=r"towns\[tag=plain\]"):
        parse_promise(text)


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("core", ["core"]),
        ("主核", ["core"]),
        ("Main core", ["core"]),
        ("belt", ["north", "south"]),
        ("nowhere", []),
        ("empty", []),
    ],
)
def test_elements_are_found_by_id_name_and_kind(word: str, ids: list[str]) -> None:
    assert find_elements(word, STRUCTURE)["id"].tolist() == ids
