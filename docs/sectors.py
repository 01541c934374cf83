"""Three sector plans of the shipped city: illustrations that differ as real plans do.

Run ``python docs/sectors.py`` to write ``layers/jiyuan/sectors`` anew; a test tells when they are old.
All follow from the shipped plan's own zones, areas, rivers and roads. They differ on purpose: another base
map some metres off, a town that grows onto farmland, forest planned on fields, codes that mean several
classes. Nothing here is surveyed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

PLAN = Path(__file__).resolve().parents[1] / "layers" / "jiyuan"
FOLDER = PLAN / "sectors"
METRIC, GEODETIC = "EPSG:4547", "EPSG:4490"
SIMPLER_M, SMALLEST_M2 = 25.0, 20_000.0
"""Edges are drawn no finer, and no polygon smaller."""
RIVER_M = {"main": 140.0, "tributary": 35.0}
OFF_M = (9.0, -6.0)
"""By how much the base map of the urban plan lies off that of the land-use plan, east and north."""


def read_shapes(name: str, **picked: str) -> list[BaseGeometry]:
    """Return the shapes of a file of the plan, in metres: those whose columns hold what is picked."""
    frame = gpd.read_file(PLAN / f"{name}.geojson").set_crs(GEODETIC, allow_override=True).to_crs(METRIC)
    for column, value in picked.items():
        frame = frame[frame[column] == value]
    return list(shapely.make_valid(frame.geometry.to_numpy()))


def unite(shapes: Iterable[BaseGeometry]) -> BaseGeometry:
    """Return all land of some shapes, without holes and teeth finer than is drawn."""
    whole = shapely.union_all(list(shapes), grid_size=0.01)
    return shapely.make_valid(shapely.simplify(whole, SIMPLER_M, preserve_topology=True))


def cut(land: BaseGeometry, *taken: BaseGeometry) -> BaseGeometry:
    """Return land without what others have taken."""
    for other in taken:
        land = shapely.difference(land, other, grid_size=0.01)
    return land


def part(land: BaseGeometry) -> list[BaseGeometry]:
    """Return the polygons of some land, the small ones left out, from north to south."""
    parts = [p for p in shapely.get_parts(land) if p.geom_type == "Polygon" and p.area >= SMALLEST_M2]
    return sorted(parts, key=lambda p: (-p.bounds[3], p.bounds[0]))


def blobs(land: BaseGeometry, count: int, radius_m: float, seed: int) -> BaseGeometry:
    """Return uneven pieces of land, spread by chance."""
    random = np.random.default_rng(seed)
    west, south, east, north = land.bounds
    shapely.prepare(land)
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    made: list[BaseGeometry] = []
    while len(made) < count:
        x, y = random.uniform(west, east), random.uniform(south, north)
        if land.contains(shapely.Point(x, y)):
            waves = sum(
                random.uniform(0, 0.5 / n) * np.sin(n * angle + random.uniform(0, 6)) for n in range(1, 5)
            )
            reach = radius_m * random.uniform(0.6, 1.4) * (1 + waves)
            stretch = random.uniform(0.6, 1.0)
            made.append(
                shapely.Polygon(np.c_[x + reach * np.cos(angle), y + stretch * reach * np.sin(angle)])
            )
    return meet(shapely.union_all(made), land)


def meet(land: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """Return the land that two have in common."""
    return shapely.intersection(land, other, grid_size=0.01)


def draw_grass(ecology: BaseGeometry) -> BaseGeometry:
    """Draw grass on the heights: land-use plan and forest plan know of the same."""
    return blobs(ecology, 60, 900, 7)


def draw_landuse() -> list[tuple[str, BaseGeometry]]:
    """Draw the land-use plan: all land of the city, in codes of the third survey."""
    urban = unite(read_shapes("zones", zone="urban"))
    industry = unite(read_shapes("areas", kind="industrial_zone"))
    city = unite(read_shapes("areas", kind="city"))
    farming, ecology = (unite(read_shapes("zones", zone=zone)) for zone in ("farming", "ecology"))
    water = unite(
        line.buffer(width, cap_style="flat")
        for kind, width in RIVER_M.items()
        for line in read_shapes("rivers", kind=kind)
    )
    whole = unite([urban, farming, ecology])
    water = meet(water, whole)
    roads = unite(
        line.buffer(35) for grade in ("expressway", "trunk") for line in read_shapes("roads", grade=grade)
    )
    roads = cut(meet(roads, whole), water)
    great = unite(line.buffer(400) for line in read_shapes("rivers", kind="main"))
    banks = meet(cut(meet(shapely.buffer(water, 60), whole), water, urban, roads), great)
    taken = shapely.union_all([water, roads, banks], grid_size=0.01)
    factories = cut(meet(urban, industry), taken)
    shops = cut(blobs(meet(urban, city), 6, 260, 3), taken, factories)
    homes = cut(urban, taken, factories, shops)
    villages = cut(blobs(farming, 150, 210, 5), taken, urban)
    grass = cut(draw_grass(ecology), taken, urban, farming, villages)
    used = shapely.union_all([taken, urban, villages], grid_size=0.01)
    fields = cut(farming, used)
    forest = cut(ecology, used, farming, grass)
    return [
        ("1101", water), ("1106", banks), ("1003", roads), ("0601", factories), ("05H1", shops),
        ("0701", homes), ("0702", villages), ("0103", fields), ("0401", grass), ("0301", forest),
    ]  # fmt: skip


def draw_urban() -> list[tuple[str, BaseGeometry]]:
    """Draw the urban master plan: the town, codes of the urban land standard, another base map."""
    urban = unite(read_shapes("zones", zone="urban"))
    industry = unite(read_shapes("areas", kind="industrial_zone"))
    city = unite(read_shapes("areas", kind="city"))
    area = shapely.simplify(shapely.buffer(shapely.union_all([city, industry]), 1500, quad_segs=4), SIMPLER_M)
    growth = shapely.intersection(affinity.translate(shapely.intersection(urban, city), 1400, -900), area)
    built = shapely.make_valid(
        shapely.simplify(shapely.union_all([shapely.intersection(urban, area), growth]), SIMPLER_M)
    )
    water = unite(line.buffer(RIVER_M["tributary"] + 25) for line in read_shapes("rivers", kind="tributary"))
    water = meet(water, area)
    works = cut(meet(built, industry), water)
    parks = cut(blobs(built, 9, 240, 11), water, works)
    homes = cut(built, water, works, parks)
    rest = cut(area, water, built)
    made = [("E1", water), ("M", works), ("G1", parks), ("R", homes), ("E2", rest)]
    return [(code, affinity.translate(shape, *OFF_M)) for code, shape in made]


def draw_forest() -> list[tuple[str, BaseGeometry]]:
    """Draw the forest plan: its own land only, some of it on fields."""
    ecology, farming = (unite(read_shapes("zones", zone=zone)) for zone in ("ecology", "farming"))
    urban = unite(read_shapes("zones", zone="urban"))
    stands = shapely.make_valid(
        shapely.simplify(shapely.buffer(shapely.buffer(ecology, -70), 78, quad_segs=3), SIMPLER_M)
    )
    planted = cut(blobs(farming, 24, 420, 13), urban)
    open_land = blobs(ecology, 40, 600, 17)
    water = unite(line.buffer(RIVER_M[kind]) for kind in RIVER_M for line in read_shapes("rivers", kind=kind))
    grass = draw_grass(ecology)
    forest = cut(stands, open_land, planted, grass, water)
    return [("乔木林", forest), ("宜林地", cut(open_land, planted)), ("退耕还林", planted)]


PLANS = {
    "landuse": (draw_landuse, GEODETIC, "DLBM"),
    "urban": (draw_urban, METRIC, "用地代码"),
    "forest": (draw_forest, METRIC, "林种"),
}
"""How each is drawn, the coordinate system of its file, and the column of its codes."""


def write_towns(folder: Path) -> Path:
    """Write areas of the towns: what lies nearest to each seat, which is no boundary of anything."""
    from spatial import read_plan

    towns = read_plan("jiyuan").towns
    seats = gpd.GeoSeries([shapely.Point(town.seat) for town in towns], crs=GEODETIC).to_crs(METRIC)
    land = shapely.simplify(shapely.buffer(unite(read_shapes("zones")), 60), SIMPLER_M)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(list(seats)), extend_to=land))
    features = []
    for town, seat in zip(towns, seats, strict=True):
        cell = next(cell for cell in cells if cell.contains(seat))
        shape = meet(cell, land)
        kept = max(shapely.get_parts(shape), key=shapely.area) if shape.geom_type != "Polygon" else shape
        names = {"name": town.name.zh, "name_en": town.name.en, "code": town.code, "illustrative": True}
        features.append(describe(kept, GEODETIC, names))
    return write_features(folder / "town_areas.geojson", GEODETIC, features)


def describe(shape: BaseGeometry, crs: str, properties: dict[str, object]) -> dict[str, object]:
    """Return a polygon as a feature in a coordinate system, to some centimetres."""
    flat = gpd.GeoSeries([shape], crs=METRIC).to_crs(crs).iloc[0]
    rounded = shapely.make_valid(shapely.set_precision(flat, 1e-6 if crs == GEODETIC else 0.1))
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(rounded))}


def write_features(path: Path, crs: str, features: list[dict[str, object]]) -> Path:
    """Write features as GeoJSON that names its coordinate system."""
    system = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{crs.partition(':')[2]}"}}
    whole = {"type": "FeatureCollection", "name": path.stem, "crs": system, "features": features}
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")
    return path


def write_plan(folder: Path, name: str) -> Path:
    """Write one of the plans as GeoJSON."""
    draw, crs, column = PLANS[name]
    features = []
    for code, land in draw():
        for number, shape in enumerate(part(land), 1):
            names = {"id": f"{name}-{code}-{number:03d}", column: code, "illustrative": True}
            features.append(describe(shape, crs, names))
    return write_features(folder / f"{name}.geojson", crs, features)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    target.mkdir(exist_ok=True, parents=True)
    for each in PLANS:
        print(write_plan(target, each))
    print(write_towns(target.parent))
