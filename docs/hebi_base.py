"""Land use of the three districts of the shipped plan of Hebi, drawn on one base: an illustration.

Run ``python docs/hebi_base.py`` to write ``layers/hebi/base`` anew; a test tells when it is old. The land is
drawn once for all three and then cut at their boundaries, so that the plans meet without gap or overlap.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

import geopandas as gpd
import hebi
import numpy as np
import shapely
from hebi_places import NEW_CITY, ZONE_A, ZONE_B
from sectors import GEODETIC, METRIC, cut, meet, write_features
from shapely.geometry.base import BaseGeometry

FOLDER = hebi.FOLDER / "base"
FILES = {"qibin": NEW_CITY, "development_zone": ZONE_A, "demonstration_zone": ZONE_B}
ROADS_M = {"expressway": 28.0, "trunk": 22.0, "arterial": 20.0}
"""Half the width that is taken for a road of a grade; other roads are in the land beside them."""
GRID_DEG, LEAST_M2 = 1e-6, 200.0
"""Vertices are written no finer, and slivers of less are left out."""


@cache
def draw_land() -> dict[str, BaseGeometry]:
    """Return the land of all three districts by code of 用地用海 (2023): no gap and no overlap."""
    whole = shapely.union_all(list(hebi.settle(hebi.draw_districts()).values()), grid_size=0.01)
    areas = hebi.draw_areas()
    water = shapely.union_all([line.buffer(70) for line in hebi.draw_rivers().values()])
    lines = [(line, ROADS_M[grade]) for _, _, grade, _, line in hebi.draw_roads() if grade in ROADS_M]
    roads = shapely.union_all([line.buffer(half_m, cap_style="flat") for line, half_m in lines])
    works = shapely.union_all([shape for name, shape in areas.items() if name != "主城区"])
    parks = shapely.union_all([
        hebi.patches(areas["主城区"], 16, 260, hebi.SEED + 31), hebi.patches(works, 8, 200, hebi.SEED + 32)
    ])  # fmt: skip
    zones = hebi.draw_zones()
    villages = hebi.patches(meet(zones["farming"], whole), 55, 170, hebi.SEED + 36)
    steps: list[tuple[str, BaseGeometry]] = [
        ("1701", water),
        ("1202", roads),
        ("1401", parks),
        ("0804", hebi.patches(areas["主城区"], 12, 190, hebi.SEED + 33)),
        ("0901", hebi.patches(areas["主城区"], 18, 220, hebi.SEED + 34)),
        ("1001", works),
        ("0701", areas["主城区"]),
        ("0703", cut(villages, hebi.draw_growth())),
        ("0201", hebi.patches(meet(zones["farming"], whole), 18, 330, hebi.SEED + 35)),
        ("0301", zones["ecology"]),
        ("0102", whole),
    ]
    made, left = {}, whole
    for code, shape in steps:
        made[code] = meet(shape, left)
        left = cut(left, shape)
    flat = [shapely.MultiPolygon(split(shape, 0.0)) for shape in made.values()]
    thin = shapely.coverage_simplify(np.array(flat), 6.0, simplify_boundary=False)
    return dict(zip(made, thin, strict=True))


def split(land: BaseGeometry, least_m2: float = LEAST_M2) -> list[BaseGeometry]:
    """Return the polygons of some land from north to south."""
    parts = [each for each in shapely.get_parts(land) if each.geom_type == "Polygon" and each.area > least_m2]
    return sorted(parts, key=lambda each: (-each.bounds[3], each.bounds[0]))


def list_land() -> dict[str, list[dict[str, object]]]:
    """Return the features of each district's file; all of them share the vertices of their common edges."""
    districts = hebi.settle(hebi.draw_districts())
    pieces = [
        (name, code, each)
        for name, district in FILES.items() for code, shape in draw_land().items()
        for each in split(meet(shape, districts[district]))
    ]  # fmt: skip
    shapes = round_together([each for _, _, each in pieces])
    files: dict[str, list[dict[str, object]]] = {name: [] for name in FILES}
    for (name, code, _), shape in zip(pieces, shapes, strict=True):
        names = {"id": f"{name}-{len(files[name]) + 1:03d}", "用地编码": code, "illustrative": True}
        outline = json.loads(shapely.to_geojson(shape))
        files[name].append({"type": "Feature", "properties": names, "geometry": outline})
    return files


def round_together(shapes: list[BaseGeometry]) -> list[BaseGeometry]:
    """Return polygons in degrees with rounded vertices, which open no slits and make no overlaps."""
    flat = gpd.GeoSeries(shapes, crs=METRIC).to_crs(GEODETIC).to_numpy()
    lines = shapely.union_all(shapely.boundary(flat), grid_size=GRID_DEG)
    faces = shapely.get_parts(shapely.polygonize([lines]))
    face, shape = shapely.STRtree(flat).query(shapely.point_on_surface(faces), predicate="intersects")
    owner = np.full(len(faces), -1)
    owner[face[::-1]] = shape[::-1]  # where rounding lays two over each other the first has it
    return [shapely.union_all(faces[owner == number], grid_size=GRID_DEG) for number in range(len(flat))]


def write_land(folder: Path) -> list[Path]:
    """Write the land of each district."""
    return [write_features(folder / f"{name}.geojson", GEODETIC, rows) for name, rows in list_land().items()]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    target.mkdir(exist_ok=True, parents=True)
    for each in write_land(target):
        print(each, each.stat().st_size)
