"""Streets, facilities, homes, villages and bus stops of the shipped plan of Jiyuan: an illustration.

Run ``python docs/streets.py`` to write them into ``layers/jiyuan`` anew; a test tells when they are old. The
main city and the seats of the towns get a lattice of streets, added to the roads that were drawn by hand.
Facilities stand at street corners, villages and hamlets beside the roads. Where each lies is chance; none
stands for a real one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

PLAN = Path(__file__).resolve().parents[1] / "layers" / "jiyuan"
CITY = "中心城区"
METRIC, GEODETIC = "EPSG:4547", "EPSG:4490"
CITY_STEP_M, TOWN_STEP_M, TOWN_REACH_M = 320.0, 220.0, 750.0
IN_CITY = {
    "kindergarten": ("幼儿园", 83), "primary": ("小学", 50), "middle": ("初中", 22),
    "health_centre": ("社区卫生服务中心", 22), "health_station": ("卫生服务站", 43), "hospital": ("医院", 9),
    "market": ("菜市场", 43), "shop": ("便利店", 126), "day_care": ("日间照料中心", 54),
    "care_home": ("养老院", 11),
    "culture_centre": ("文化活动中心", 14), "culture_station": ("文化活动站", 29), "sport": ("体育场地", 25),
    "park": ("公园", 32),
}  # fmt: skip
"""Facilities of the main city: what they are called, and how many."""
IN_TOWN = (
    "kindergarten",
    "primary",
    "middle",
    "health_centre",
    "market",
    "shop",
    "day_care",
    "culture_station",
)
"""What each seat of a town has one of."""
HOMES, VILLAGES, REMOTE, HAMLETS, STOP_STEP_M = 260, 150, 60, 240, 2_500.0
VILLAGE_OFF_M, HAMLET_OFF_M = (60.0, 900.0), (10.0, 320.0)
"""How far from a road villages and hamlets lie, least and most."""


def read_shapes(name: str) -> gpd.GeoDataFrame:
    """Return a file of the plan, in metres."""
    return gpd.read_file(PLAN / f"{name}.geojson").set_crs(GEODETIC, allow_override=True).to_crs(METRIC)


def read_drawn_roads() -> gpd.GeoDataFrame:
    """Return the roads that were drawn by hand."""
    roads = read_shapes("roads")
    return roads[roads["grade"] != "street"]


def lay_lattice(land: BaseGeometry, step_m: float) -> Iterator[BaseGeometry]:
    """Yield streets of a square lattice over some land, from west to east and then from south to north."""
    west, south, east, north = land.bounds
    for x in np.arange(west + step_m / 2, east, step_m):
        yield shapely.LineString([(x, south), (x, north)])
    for y in np.arange(south + step_m / 2, north, step_m):
        yield shapely.LineString([(west, y), (east, y)])


def list_seats() -> list[tuple[str, BaseGeometry]]:
    """Return the towns outside the main city with the places of their seats."""
    from spatial import read_plan

    towns = [town for town in read_plan("jiyuan").towns if "subdistrict" not in town.tags]
    spots = gpd.GeoSeries([shapely.Point(town.seat) for town in towns], crs=GEODETIC).to_crs(METRIC)
    return list(zip((str(town.name.zh) for town in towns), spots, strict=True))


def draw_streets() -> list[tuple[str, BaseGeometry]]:
    """Return the streets: whose each is, and its line; each seat is joined to the nearest road."""
    areas, drawn = read_shapes("areas"), read_drawn_roads()
    slow = shapely.union_all(drawn.geometry[drawn["grade"] != "expressway"].to_numpy())
    city = areas.geometry[areas["name"] == CITY].iloc[0].buffer(-150)
    plots = [(CITY, city, CITY_STEP_M)]
    plots += [(name, spot.buffer(TOWN_REACH_M, quad_segs=4), TOWN_STEP_M) for name, spot in list_seats()]
    made = []
    for name, land, step in plots:
        lines = [
            part
            for line in lay_lattice(land, step)
            for part in shapely.get_parts(shapely.intersection(line, land))
            if part.geom_type == "LineString" and part.length > step
        ]
        if not any(line.intersects(slow) for line in lines):
            middle = min(lines, key=lambda line: line.distance(slow))
            lines.append(shapely.shortest_line(middle, slow))
        made += [(name, line) for line in lines]
    return made


def find_corners(streets: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Return where streets cross, from north to south."""
    lines = np.array(streets, dtype=object)
    one, other = shapely.STRtree(lines).query(lines, predicate="intersects")
    pairs = one < other
    crossed = shapely.intersection(lines[one[pairs]], lines[other[pairs]])
    points = [point for point in shapely.get_parts(crossed) if point.geom_type == "Point"]
    return sorted(points, key=lambda point: (-point.y, point.x))


def place_facilities(chance: np.random.Generator) -> list[tuple[str, str, BaseGeometry]]:
    """Return facilities at street corners: name, category, place."""
    streets = draw_streets()
    city = [line for name, line in streets if name == CITY]
    corners, made = find_corners(city), []
    for category, (label, count) in IN_CITY.items():
        for number, at in enumerate(chance.choice(len(corners), count, replace=False), 1):
            made.append((f"{label}{number:02d}", category, beside(corners[at], chance, 30, 120)))
    for name, _ in list_seats():
        near = find_corners([line for called, line in streets if called == name])
        for category, at in zip(IN_TOWN, chance.permutation(len(near)), strict=False):
            label = IN_CITY[category][0]
            made.append((f"{name}{label}", category, beside(near[at], chance, 20, 60)))
    return made


def beside(point: BaseGeometry, chance: np.random.Generator, least_m: float, most_m: float) -> BaseGeometry:
    """Return a place so far from a point, in any direction."""
    off, turn = chance.uniform(least_m, most_m), chance.uniform(0, 2 * np.pi)
    return shapely.Point(point.x + off * np.cos(turn), point.y + off * np.sin(turn))


def draw_homes(
    villages: Sequence[tuple[str, BaseGeometry]], chance: np.random.Generator
) -> list[tuple[str, BaseGeometry]]:
    """Return residential land: quarters inside what is built with streets near, then the villages."""
    built = shapely.union_all(read_shapes("terrain/built").geometry.to_numpy())
    streets = shapely.union_all([line for _, line in draw_streets()])
    land = shapely.intersection(built, shapely.buffer(streets, 160))
    west, south, east, north = land.bounds
    shapely.prepare(land)
    made: list[tuple[str, BaseGeometry]] = []
    taken: list[BaseGeometry] = []
    while len(made) < HOMES:
        x, y = chance.uniform(west, east), chance.uniform(south, north)
        half = chance.uniform(70, 130)
        quarter = shapely.box(x - half, y - half, x + half, y + half)
        if land.contains(shapely.Point(x, y)) and not any(other.intersects(quarter) for other in taken):
            taken.append(quarter)
            made.append((f"居住小区{len(made) + 1:03d}", quarter))
    sides = [chance.uniform(60, 140) for _ in villages]
    return made + [
        (name, shapely.buffer(point, side, quad_segs=2))
        for (name, point), side in zip(villages, sides, strict=True)
    ]


def place_stops() -> list[tuple[str, BaseGeometry]]:
    """Return bus stops along roads that are no expressways, and in every seat of a town."""
    drawn = read_drawn_roads()
    made = []
    for line in drawn.geometry[drawn["grade"] != "expressway"]:
        for part in shapely.get_parts(line):
            for at in np.arange(STOP_STEP_M / 2, part.length, STOP_STEP_M):
                made.append(part.interpolate(at))
    made += [spot for _, spot in list_seats()]
    return [(f"公交站{number:03d}", spot) for number, spot in enumerate(made, 1)]


def place_beside(
    label: str, count: int, off_m: tuple[float, float], chance: np.random.Generator
) -> list[tuple[str, BaseGeometry]]:
    """Return places beside the roads outside the main city, by chance along their whole length."""
    areas, drawn = read_shapes("areas"), read_drawn_roads()
    land = shapely.union_all(read_shapes("zones").geometry.to_numpy(), grid_size=0.01)
    city = areas.geometry[areas["name"] == CITY].iloc[0]
    roads = drawn.geometry[drawn["grade"] == "county"].to_numpy()
    parts = shapely.get_parts(shapely.difference(roads, city))
    parts = np.array([part for part in parts if part.length > 200], dtype=object)
    ends = np.cumsum(shapely.length(parts))
    made: list[tuple[str, BaseGeometry]] = []
    while len(made) < count:
        along = chance.uniform(0, ends[-1])
        index = int(np.searchsorted(ends, along))
        point = beside(parts[index].interpolate(ends[index] - along), chance, *off_m)
        if land.contains(point):
            made.append((f"{label}{len(made) + 1:03d}", point))
    return made


def place_remote(first: int, chance: np.random.Generator) -> list[tuple[str, BaseGeometry]]:
    """Return villages anywhere in the territory, most of them in the hills and far from the roads drawn."""
    land = shapely.union_all(read_shapes("zones").geometry.to_numpy(), grid_size=0.01)
    land = shapely.buffer(land, -300)
    west, south, east, north = land.bounds
    shapely.prepare(land)
    made: list[tuple[str, BaseGeometry]] = []
    while len(made) < REMOTE:
        point = shapely.Point(chance.uniform(west, east), chance.uniform(south, north))
        if land.contains(point):
            made.append((f"村{first + len(made):03d}", point))
    return made


def write_points(path: Path, rows: Sequence[tuple[object, ...]], columns: Sequence[str]) -> Path:
    """Write places as CSV with longitude and latitude; the last of each row is where it lies."""
    spots = gpd.GeoSeries([row[-1] for row in rows], crs=METRIC).to_crs(GEODETIC)
    lines = [",".join([columns[0], "lon", "lat", *columns[1:]])]
    for row, spot in zip(rows, spots, strict=True):
        lines.append(",".join([str(row[0]), f"{spot.x:.5f}", f"{spot.y:.5f}", *map(str, row[1:-1])]))
    path.write_text("\ufeff" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_roads(path: Path) -> Path:
    """Write the roads as drawn, a line of text each, and the streets, which have no names; all are paved."""
    whole = json.loads((PLAN / "roads.geojson").read_text(encoding="utf-8"))
    kept = [feature for feature in whole["features"] if feature["properties"]["grade"] != "street"]
    for _, line in draw_streets():
        flat = gpd.GeoSeries([line], crs=METRIC).to_crs(GEODETIC).iloc[0]
        names = {"name": "", "name_en": "", "grade": "street", "bridge": False, "illustrative": True,
                 "source": "illustrative"}  # fmt: skip
        shape = json.loads(shapely.to_geojson(shapely.set_precision(flat, 1e-6)))
        kept.append({"type": "Feature", "properties": names, "geometry": shape})
    for feature in kept:
        feature["properties"]["surface"] = "paved"
    lines = [json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in kept]
    head = '{"type":"FeatureCollection","name":"roads","features":['
    path.write_text("\n".join([head, ",\n".join(lines), "]}"]) + "\n", encoding="utf-8")
    return path


def write_homes(path: Path, homes: Sequence[tuple[str, BaseGeometry]]) -> Path:
    """Write residential land as GeoJSON."""
    flat = gpd.GeoSeries([shape for _, shape in homes], crs=METRIC).to_crs(GEODETIC)
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "illustrative": True, "source": "illustrative"},
            "geometry": json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-6))),
        }
        for (name, _), shape in zip(homes, flat, strict=True)
    ]
    lines = [json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features]
    head = '{"type":"FeatureCollection","name":"homes","features":['
    path.write_text("\n".join([head, ",\n".join(lines), "]}"]) + "\n", encoding="utf-8")
    return path


def write_all(folder: Path) -> list[Path]:
    """Write roads and places into a folder."""
    chance = np.random.default_rng(419001)
    facilities = place_facilities(chance)
    villages = place_beside("村", VILLAGES, VILLAGE_OFF_M, chance)
    villages += place_remote(VILLAGES + 1, chance)
    hamlets = place_beside("组", HAMLETS, HAMLET_OFF_M, chance)
    return [
        write_roads(folder / "roads.geojson"),
        write_points(folder / "facilities.csv", facilities, ("name", "category")),
        write_homes(folder / "homes.geojson", draw_homes(villages, chance)),
        write_points(folder / "stops.csv", place_stops(), ("name",)),
        write_points(folder / "villages.csv", villages, ("name",)),
        write_points(folder / "hamlets.csv", hamlets, ("name",)),
    ]


if __name__ == "__main__":
    for written in write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else PLAN):
        print(written)
