"""The drawing of the shipped plan of Hebi: districts, areas, roads, zones and lines, the same each time.

Run ``python docs/hebi.py`` to write the shapes of ``layers/hebi`` anew; a test tells when they are old.
Control points are from general knowledge; all between them is generated. Only the boundaries of the five
counties and districts are real: they are the provider's, and what is drawn keeps within them.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from hebi_places import (
    AREAS,
    BETWEEN,
    EAST_OF,
    ENGLISH,
    GAP_M,
    GAPS,
    HILLS,
    LANE_M,
    MAIN_ROADS,
    MOUNTAINS,
    NEW_CITY,
    RADII_M,
    RIVERS,
    SEATS,
    SOUTH_OF,
    TURN_DEG,
    ZONE_A,
    ZONE_B,
)  # fmt: skip
from scipy.spatial import Delaunay
from sectors import GEODETIC, METRIC, cut, describe, meet, part, write_features
from shapely.geometry.base import BaseGeometry

INSET_M, COARSE_M = 30.0, 25.0
FOLDER = Path(__file__).resolve().parents[1] / "layers" / "hebi"
SEED = 4106


def place(points: list[tuple[float, float]]) -> np.ndarray:
    """Return positions in degrees as metres."""
    return np.asarray(shapely.get_coordinates(flat(shapely.LineString(points))))


def flat(shape: BaseGeometry) -> BaseGeometry:
    """Return a shape in degrees as one in metres."""
    return gpd.GeoSeries([shape], crs=GEODETIC).to_crs(METRIC).iloc[0]


def curve(points: list[tuple[float, float]]) -> BaseGeometry:
    """Return a gentle line through all points (Catmull-Rom), in metres."""
    xy = place(points)
    whole = np.vstack([2 * xy[0] - xy[1], xy, 2 * xy[-1] - xy[-2]])
    t = np.linspace(0, 1, 9)[:-1, None]
    made = []
    for a, b, c, d in zip(whole, whole[1:], whole[2:], whole[3:], strict=False):
        made.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        )
    return shapely.LineString(np.vstack([*made, xy[-1:]]))


@cache
def read_counties() -> dict[str, BaseGeometry]:
    """Return the five counties and districts as the provider draws them, in metres."""
    from spatial.plan.records import Territory
    from spatial.sources.districts import read_counties as read

    frame = read(Territory(adcode=410600, provider="amap")).to_crs(METRIC)
    return dict(zip(frame["name"], shapely.make_valid(frame.geometry.to_numpy()), strict=True))


@cache
def find_land() -> BaseGeometry:
    """Return the territory a little widened and simplified: claims overhang a little."""
    whole = shapely.union_all(list(read_counties().values()), grid_size=0.01)
    return shapely.simplify(shapely.buffer(whole, 12), 10.0)


@cache
def draw_districts() -> dict[str, BaseGeometry]:
    """Return the three districts: 淇滨区 a little within its boundary, less the two zones taken out of it."""
    land = shapely.simplify(shapely.buffer(read_counties()[NEW_CITY], -INSET_M), COARSE_M)
    land = max(shapely.get_parts(land), key=shapely.area)
    south, east = flat(shapely.Polygon(SOUTH_OF)), flat(shapely.Polygon(EAST_OF))
    first = largest(meet(land, south))
    second = largest(cut(meet(land, east), first))
    return {NEW_CITY: largest(cut(land, first, second)), ZONE_A: first, ZONE_B: second}


def patches(land: BaseGeometry, count: int, radius_m: float, seed: int) -> BaseGeometry:
    """Return uneven pieces of land about points spread by chance."""
    random = np.random.default_rng(seed)
    west, south, east, north = land.bounds
    shapely.prepare(land)
    angle = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    made: list[BaseGeometry] = []
    while len(made) < count:
        at = np.array([random.uniform(west, east), random.uniform(south, north)])
        reach = radius_m * random.uniform(0.6, 1.4) * (1 + random.normal(0, 0.12, len(angle)))
        flat_share = random.uniform(0.6, 1.0)
        if land.contains(shapely.Point(at)):
            ring = np.c_[np.cos(angle), flat_share * np.sin(angle)] * reach[:, None]
            made.append(shapely.Polygon(at + ring))
    return meet(shapely.union_all(made), land)


def largest(shape: BaseGeometry) -> BaseGeometry:
    """Return the largest polygon of a shape."""
    return max(shapely.get_parts(shape), key=shapely.area)


@cache
def draw_areas() -> dict[str, BaseGeometry]:
    """Return the main city and three industrial areas, corners a little rounded."""
    three = shapely.buffer(shapely.union_all(list(draw_districts().values())), -6)
    made = {}
    for name, (_, _, corners) in AREAS.items():
        shape = shapely.buffer(shapely.buffer(flat(shapely.Polygon(corners)), -120), 120, quad_segs=3)
        made[name] = largest(meet(shape, three))
    return made


@cache
def draw_towns() -> dict[str, BaseGeometry]:
    """Return urban land round the other seats, in uneven outlines."""
    random = np.random.default_rng(SEED)
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    made = {}
    for name, radius in RADII_M.items():
        waves = sum(random.uniform(0, 0.35 / n) * np.sin(n * angle + random.uniform(0, 6)) for n in (2, 3, 4))
        x, y = place([SEATS[name], SEATS[name]])[0]
        reach = radius * (1 + waves)
        shape = shapely.Polygon(np.c_[x + 0.8 * reach * np.cos(angle), y + reach * np.sin(angle)])
        made[name] = largest(meet(shape, read_counties()[name]))
    return made


@cache
def draw_rivers() -> dict[str, BaseGeometry]:
    """Return the rivers as gentle lines, in metres."""
    return {name: curve(points) for name, (_, _, points) in RIVERS.items()}


def draw_streets() -> list[tuple[str, str, BaseGeometry]]:
    """Return the streets of the main city and the areas: a grid, every other line an arterial."""
    planned = [*draw_areas().values(), flat(shapely.Polygon(BETWEEN))]
    city = shapely.buffer(shapely.buffer(shapely.union_all(planned), 1000), -760, quad_segs=3)
    middle = shapely.Point(place([(114.30, 35.742), (114.3, 35.7)])[0])
    turned = shapely.affinity.rotate(city, -TURN_DEG, origin=middle)
    west, south, east, north = turned.bounds
    made = []
    for label, low, high in (("纵路", west, east), ("横路", south, north)):
        for number, at in enumerate(np.arange(low + 330, high, LANE_M), 1):
            ends = [(at, south), (at, north)] if label == "纵路" else [(west, at), (east, at)]
            line = shapely.affinity.rotate(meet(shapely.LineString(ends), turned), TURN_DEG, origin=middle)
            grade = "arterial" if number % 2 else "street"
            for each in shapely.get_parts(line):
                if each.length > 900:
                    made.append((f"{label}{number:02d}", grade, each))
    return made


def open_gaps(streets: list[tuple[str, str, BaseGeometry]]) -> list[tuple[str, str, BaseGeometry]]:
    """Return the streets without a stretch of some of them where they cross from one district to another.

    Between the last two districts every street is open: they are joined by none.
    """
    random = np.random.default_rng(SEED + 1)
    shapes = list(draw_districts().values())
    pairs = [(one, other) for at, one in enumerate(shapes) for other in shapes[at + 1 :]]
    shared = shapely.union_all([meet(one.boundary, other.boundary) for one, other in pairs])
    shut = shapely.buffer(meet(pairs[-1][0].boundary, pairs[-1][1].boundary), 1)
    made = []
    for name, grade, line in streets:
        holes = [
            shapely.Point(spot).buffer(random.uniform(*GAP_M) / 2)
            for spot in shapely.get_coordinates(meet(line, shared))
            if random.uniform() < GAPS or shut.intersects(shapely.Point(spot))
        ]
        left = cut(line, *holes)
        made += [(name, grade, each) for each in shapely.get_parts(left) if each.length > 300]
    return made


def draw_lanes() -> list[tuple[str, str, BaseGeometry]]:
    """Return county roads: neighbours (Gabriel graph) among points spread over town and country."""
    random = np.random.default_rng(SEED + 2)
    land = shapely.buffer(shapely.union_all(list(read_counties().values())), -900)
    city = shapely.buffer(shapely.union_all(list(draw_areas().values())), 900)
    heights = flat(shapely.Polygon(MOUNTAINS))
    mains = shapely.union_all([curve(points) for _, grade, points in MAIN_ROADS.values() if grade == "trunk"])
    west, south, east, north = land.bounds
    nodes = [place([seat, seat])[0] for seat in SEATS.values()]
    for _ in range(9000):
        spot = np.array([random.uniform(west, east), random.uniform(south, north)])
        point = shapely.Point(spot)
        gap = 5200 if heights.contains(point) else 3300
        free = land.contains(point) and not city.contains(point) and mains.distance(point) > 900
        if free and np.hypot(*(np.array(nodes) - spot).T).min() > gap:
            nodes.append(spot)
    xy = np.array(nodes)
    made = []
    for one, other in sorted({tuple(sorted(pair)) for tri in Delaunay(xy).simplices
                              for pair in (tri[:2], tri[1:], tri[::2])}):  # fmt: skip
        middle, half = (xy[one] + xy[other]) / 2, np.hypot(*(xy[one] - xy[other])) / 2
        near = np.hypot(*(xy - middle).T)
        near[[one, other]] = np.inf
        line = shapely.LineString([xy[one], middle + random.normal(0, 0.05 * half, 2), xy[other]])
        inside = meet(line, land).length > 0.97 * line.length
        if near.min() > half and inside and meet(line, city).length < 0.5 * line.length:
            made.append((f"县道{len(made) + 1:03d}", "county", line))
    return made


@cache
def draw_roads() -> list[tuple[str, str, str, bool, BaseGeometry]]:
    """Return all roads: name, English name, grade, whether a bridge, and the line in metres."""
    lines = [(name, grade, curve(points)) for name, (_, grade, points) in MAIN_ROADS.items()]
    others = [line for name, grade, line in lines if grade != "expressway"]
    lower = [*open_gaps(draw_streets()), *draw_lanes()]
    made = []
    for name, grade, line in lines:
        english = MAIN_ROADS[name][0]
        if grade != "expressway":
            made.append((name, english, grade, False, line))
            continue
        doors = [shapely.Point(xy).buffer(400) for xy in find_doors(line, others)]
        over = meet(line, shapely.union_all([*others, *(each for _, _, each in lower)]))
        spots = [shapely.Point(xy) for xy in shapely.get_coordinates(over)]
        holes = shapely.union_all(
            [spot.buffer(60) for spot in spots if not any(d.contains(spot) for d in doors)]
        )
        made.append((name, english, grade, False, cut(line, holes)))
        made.append((name + "跨线桥", english + " bridges", grade, True, meet(line, holes)))
    words = {"纵路": "North–south street ", "横路": "East–west street ", "县道": "County road "}
    for name, grade, line in lower:
        made.append((name, words[name[:2]] + name[2:], grade, False, line))
    return made


def find_doors(line: BaseGeometry, others: list[BaseGeometry]) -> list[np.ndarray]:
    """Return the vertices that an expressway shares with another main road: its interchanges."""
    known = {tuple(np.round(xy, 2)) for other in others for xy in shapely.get_coordinates(other)}
    return [xy for xy in shapely.get_coordinates(line) if tuple(np.round(xy, 2)) in known]


@cache
def draw_growth() -> BaseGeometry:
    """Return the land that towns and industry may grow on: what is planned and an edge."""
    planned = shapely.union_all([*draw_areas().values(), *draw_towns().values()])
    edge = shapely.buffer(planned, 180, join_style="mitre")
    return cut(edge, shapely.buffer(draw_rivers()["淇河"], 230))


@cache
def draw_zones() -> dict[str, BaseGeometry]:
    """Return claims of the three zones: they overlap a little, and leave little open."""
    land, random = find_land(), np.random.default_rng(SEED + 4)
    heights = flat(shapely.Polygon(MOUNTAINS))
    ragged = patches(shapely.buffer(heights.boundary, 1500), 70, 900, SEED + 3)
    hills = shapely.union_all([
        flat(shapely.Point(x, y)).buffer(radius * random.uniform(0.9, 1.1)) for x, y, radius in HILLS
    ])  # fmt: skip
    banks = shapely.union_all([
        shapely.buffer(line, 170 if RIVERS[name][1] == "main" else 60) for name, line in draw_rivers().items()
    ])  # fmt: skip
    urban = shapely.union_all([draw_growth(), *draw_villages()], grid_size=0.01)
    worn = cut(heights, patches(heights, 25, 700, SEED + 5))
    ecology = cut(shapely.union_all([worn, ragged, hills, banks], grid_size=0.01), urban)
    ecology = clean(meet(ecology, land), 60_000)
    urban = clean(cut(meet(urban, land), ecology), 20_000)
    farming = clean(cut(land, ecology, urban), 40_000)
    thin = shapely.coverage_simplify(np.array([ecology, farming, urban]), COARSE_M)
    return dict(zip(("ecology", "farming", "urban"), thin, strict=True))


def clean(shape: BaseGeometry, least_m2: float) -> BaseGeometry:
    """Return the larger polygons of a shape."""
    parts = [each for each in shapely.get_parts(shape) if each.geom_type == "Polygon"]
    return shapely.union_all([each for each in parts if each.area > least_m2], grid_size=0.01)


@cache
def draw_villages() -> list[BaseGeometry]:
    """Return towns of the country: small uneven patches where county roads meet."""
    built = shapely.buffer(shapely.union_all([*draw_areas().values(), *draw_towns().values()]), 1500)
    land = cut(shapely.buffer(find_land(), -1500), flat(shapely.Polygon(MOUNTAINS)), built)
    return part(patches(land, 22, 420, SEED + 6))


@cache
def draw_lines() -> dict[str, BaseGeometry]:
    """Return claims of the three lines; farmland and the boundary for growth disagree in one place."""
    zones = draw_zones()
    roads = shapely.union_all(
        [line for _, _, grade, _, line in draw_roads() if grade in ("expressway", "trunk")]
    )
    fields = cut(
        shapely.buffer(zones["farming"], -60),
        patches(zones["farming"], 120, 330, SEED + 7),
        shapely.buffer(roads, 80),
    )
    deep = shapely.buffer(shapely.buffer(zones["ecology"], -320), 180)
    growth = draw_growth()
    odd = flat(shapely.Point(114.3795, 35.765)).buffer(450)
    fields = shapely.union_all([cut(fields, shapely.buffer(growth, 40)), meet(odd, growth)])
    made = {"permanent_farmland": fields, "ecological_redline": deep}
    made["urban_boundary"] = growth
    least = {"ecological_redline": 300_000.0}
    thin = {key: shapely.simplify(meet(shape, find_land()), COARSE_M) for key, shape in made.items()}
    return {key: clean(shapely.make_valid(shape), least.get(key, 60_000)) for key, shape in thin.items()}


def list_features() -> dict[str, list[dict[str, object]]]:
    """Return the features of every file of shapes."""
    towns = {f"{name}城区": (f"Town of {name}", "town", shape) for name, shape in draw_towns().items()}
    areas = {name: (*AREAS[name][:2], shape) for name, shape in draw_areas().items()} | towns
    three = settle(draw_districts())
    files: dict[str, list[dict[str, object]]] = {
        "three_districts": [tell(shape, name, ENGLISH[name]) for name, shape in three.items()],
        "areas": [tell(shape, name, en, kind=kind) for name, (en, kind, shape) in areas.items()],
        "rivers": [
            tell(line, name, RIVERS[name][0], kind=RIVERS[name][1]) for name, line in draw_rivers().items()
        ],
        "roads": [
            tell(line, name, en, grade=grade, bridge=bridge)
            for name, en, grade, bridge, line in draw_roads() if not line.is_empty
        ],
    }  # fmt: skip
    for kind, shapes in (("zone", draw_zones()), ("line", draw_lines())):
        files[f"{kind}s"] = [
            tell(each, f"{key}-{number:03d}", "", **{kind: key})
            for key, shape in shapes.items() for number, each in enumerate(part(shape), 1)
        ]  # fmt: skip
    return files


def settle(shapes: dict[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """Return neighbours with every vertex of their common edges in both, so that rounding opens no slits."""
    lines = shapely.union_all([shape.boundary for shape in shapes.values()], grid_size=0.01)
    faces = shapely.get_parts(shapely.polygonize([lines]))
    return {
        name: max((face for face in faces if shape.contains(face.representative_point())), key=shapely.area)
        for name, shape in shapes.items()
    }


def tell(shape: BaseGeometry, name: str, english: str, **more: object) -> dict[str, object]:
    """Return a shape as a feature with its names and the stamp of an illustration."""
    return describe(shape, GEODETIC, {"name": name, "name_en": english, **more, "illustrative": True})


def write_shapes(folder: Path) -> list[Path]:
    """Write all files of shapes."""
    return [
        write_features(folder / f"{name}.geojson", GEODETIC, rows) for name, rows in list_features().items()
    ]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    target.mkdir(exist_ok=True, parents=True)
    for each in write_shapes(target):
        print(each, each.stat().st_size)
