"""Drawing of the shipped plan of Chengdu: an illustration on real boundaries, the same each time.

Run ``python docs/chengdu.py`` to write the data files of ``layers/chengdu`` anew; a test tells when they
are old. Boundaries are the provider's. Of all else only counts and the names of five ecosystems are facts:
16 ecosystems of 61 zones, and one civil-military of 5. Roads, rivers, zones, lines and all tables are drawn
by a seeded chance at plausible spots, under neutral labels, and say so in each row.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

PLAN = Path(__file__).resolve().parents[1] / "layers" / "chengdu"
MIDDLE = (104.066, 30.657)
SCALE_M = (95_830.0, 110_880.0)
"""Metres a degree of longitude and of latitude there: near enough for a drawing, and the same everywhere."""
DIGITS = 5
"""Decimals of degrees in the files: about a metre."""
SEATS = {
    "锦江区": ("Jinjiang", 104.083, 30.656), "青羊区": ("Qingyang", 104.038, 30.668),
    "金牛区": ("Jinniu", 104.052, 30.705), "武侯区": ("Wuhou", 104.043, 30.630),
    "成华区": ("Chenghua", 104.110, 30.675), "龙泉驿区": ("Longquanyi", 104.275, 30.557),
    "青白江区": ("Qingbaijiang", 104.251, 30.879), "新都区": ("Xindu", 104.159, 30.823),
    "温江区": ("Wenjiang", 103.849, 30.690), "双流区": ("Shuangliu", 103.924, 30.574),
    "郫都区": ("Pidu", 103.890, 30.800), "新津区": ("Xinjin", 103.811, 30.410),
    "金堂县": ("Jintang", 104.412, 30.862), "大邑县": ("Dayi", 103.522, 30.588),
    "蒲江县": ("Pujiang", 103.506, 30.197), "都江堰市": ("Dujiangyan", 103.647, 30.988),
    "彭州市": ("Pengzhou", 103.958, 30.990), "邛崃市": ("Qionglai", 103.464, 30.410),
    "崇州市": ("Chongzhou", 103.673, 30.630), "简阳市": ("Jianyang", 104.547, 30.405),
}  # fmt: skip
"""Seats, each within some 3 km, from general knowledge."""
INNER = ("锦江区", "青羊区", "金牛区", "武侯区", "成华区")
FOOTHILLS = (
    (102.9, 30.22), (103.18, 30.30), (103.30, 30.42), (103.37, 30.56), (103.47, 30.69), (103.55, 30.84),
    (103.59, 30.95), (103.66, 31.05), (103.80, 31.10), (103.90, 31.17), (104.02, 31.25), (104.10, 31.45),
)  # fmt: skip
"""Where the plain meets the mountains of the northwest, from southwest to northeast."""
RIDGE = ((104.14, 30.26), (104.25, 30.40), (104.34, 30.55), (104.42, 30.68), (104.52, 30.83))
"""Middle of the range of hills in the east, from southwest to northeast."""
Line = npt.NDArray[np.float64]
Rows = list[tuple[dict[str, object], BaseGeometry]]


def to_metres(points: object) -> Line:
    """Return degrees as metres east and north of the middle of the city."""
    return np.asarray((np.asarray(points, dtype=float) - MIDDLE) * SCALE_M)


def to_degrees(shape: BaseGeometry) -> BaseGeometry:
    """Return a shape in metres as one in degrees, rounded."""
    turned = shapely.transform(shape, lambda xy: xy / SCALE_M + MIDDLE)
    flat = shapely.set_precision(turned, 10.0**-DIGITS)
    return flat if flat.geom_type != "GeometryCollection" else shapely.MultiPolygon()


@cache
def read_districts() -> dict[str, BaseGeometry]:
    """Return the provider's districts by name, in metres."""
    from spatial.plan.records import Territory
    from spatial.sources.districts import read_counties

    frame = read_counties(Territory(adcode=510100, provider="amap"))
    shapes = shapely.transform(frame.geometry.to_numpy(), to_metres)
    return dict(zip(frame["name"], shapely.set_precision(shapes, 0.01), strict=True))


@cache
def find_territory() -> BaseGeometry:
    """Return all districts as one, widened by 60 m and drawn coarser: claims overhang it a little."""
    whole = shapely.union_all(list(read_districts().values()), grid_size=0.01)
    return shapely.simplify(shapely.buffer(whole, 60, quad_segs=2), 50)


def roughen(points: object, seed: int, *, bends: int = 4, share: float = 0.14) -> Line:
    """Return a line through points with bends between them, finer and finer, each a share of its piece."""
    random, line = np.random.default_rng(seed), np.asarray(points, dtype=float)
    for _ in range(bends):
        step = np.diff(line, axis=0)
        across = np.c_[-step[:, 1], step[:, 0]] * random.uniform(-share, share, (len(step), 1))
        wider = np.empty((2 * len(line) - 1, 2))
        wider[::2], wider[1::2] = line, line[:-1] + step / 2 + across
        line = wider
    return line


def draw_blob(at: object, radius_m: float, random: np.random.Generator, waves: float = 0.5) -> BaseGeometry:
    """Return a roundish polygon; `waves` tells how far it may be from a circle."""
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    swing = sum(
        random.uniform(0, waves / (n + 2)) * np.sin(n * angle + random.uniform(0, 6)) for n in range(2, 5)
    )
    reach = radius_m * (1 + swing)
    return shapely.Polygon(np.asarray(at, dtype=float) + np.c_[reach * np.cos(angle), reach * np.sin(angle)])


@cache
def draw_mountains() -> BaseGeometry:
    """Return the mountains of the northwest and the hills of the east, within the territory."""
    edge = roughen(to_metres(FOOTHILLS), 11)
    northwest = shapely.Polygon([*edge, to_metres((102.9, 31.5))])
    random = np.random.default_rng(12)
    spine = roughen(to_metres(RIDGE), 13)
    east = shapely.union_all([draw_blob(spot, random.uniform(2200, 4200), random) for spot in spine[::3]])
    whole = shapely.make_valid(shapely.union_all([northwest, shapely.simplify(east, 60)], grid_size=0.01))
    return shapely.intersection(whole, find_territory(), grid_size=0.01)


RIVERS = (
    ("main", "103.47,31.20 103.58,31.03 103.66,30.90 103.74,30.70 103.80,30.52 103.82,30.42 103.86,30.33"
             " 103.87,30.22"),
    ("tributary", "103.61,30.995 103.78,30.88 103.95,30.77 104.03,30.69 104.08,30.63 104.06,30.53"
                  " 103.99,30.40 103.86,30.33"),
    ("tributary", "103.61,30.995 103.85,30.91 104.05,30.85 104.25,30.85 104.42,30.87"),
    ("main", "103.93,31.24 104.03,31.05 104.20,30.95 104.42,30.87 104.52,30.74 104.57,30.56 104.55,30.42"
             " 104.62,30.25 104.66,30.12"),
    ("tributary", "103.20,30.62 103.37,30.50 103.50,30.43 103.66,30.42 103.82,30.42"),
    ("tributary", "103.42,30.74 103.58,30.62 103.72,30.53 103.80,30.52"),
    ("tributary", "103.36,30.16 103.50,30.21 103.62,30.30 103.74,30.37 103.82,30.42"),
)  # fmt: skip
"""Kind and course of each river, in degrees."""


def draw_rivers() -> Rows:
    """Return rivers: from the gap in the foothills fanning over the plain, and one in the east."""
    rows: Rows = []
    for number, (kind, course) in enumerate(RIVERS):
        points = [[float(part) for part in spot.split(",")] for spot in course.split()]
        line = shapely.LineString(roughen(to_metres(points), 20 + number, share=0.1))
        names = label(("河流", "River"), number + 1) | {"kind": kind}
        rows.append((names, shapely.intersection(line, find_territory())))
    return rows


@cache
def draw_city() -> dict[str, BaseGeometry]:
    """Return built and planned towns by name: the main city and one round each seat outside of it."""
    random = np.random.default_rng(31)
    towns = {"中心城区": draw_blob((0, 0), 12_500, random, 0.75)}
    for name, (_, *seat) in SEATS.items():
        if name not in INNER:
            near = name in ("龙泉驿区", "新都区", "温江区", "双流区", "郫都区")
            radius = random.uniform(4200, 5200) if near else random.uniform(2600, 3900)
            towns[name] = draw_blob(to_metres(seat), radius, random)
    return towns


def label(prefix: tuple[str, str], number: int) -> dict[str, object]:
    """Return neutral names, Chinese and English, of something with a number."""
    return {"name": f"{prefix[0]} {number:02d}", "name_en": f"{prefix[1]} {number:02d}"}


def draw_zones() -> Rows:
    """Return claims for the three zones: towns and works, mountains and hills, and the rest."""
    from chengdu_zones import draw_functional_zones

    land = find_territory()
    works = [
        shapely.buffer(shape, 120, quad_segs=2)
        for row, shape in draw_functional_zones()
        if row["kind"] != "farming"
    ]
    towns = shapely.union_all([*draw_city().values(), *works], grid_size=0.01)
    urban = shapely.intersection(shapely.simplify(towns, 25), land, grid_size=0.01)
    hills = draw_mountains()
    farming = shapely.difference(shapely.difference(land, hills, grid_size=0.01), urban, grid_size=0.01)
    rows: Rows = []
    parts = {
        "urban": ("城镇空间", "Urban space", urban),
        "farming": ("农业空间", "Farming space", farming),
        "ecology": ("生态空间", "Ecological space", shapely.difference(hills, urban, grid_size=0.01)),
    }  # fmt: skip
    for zone, (name, name_en, shape) in parts.items():
        kept = [part for part in shapely.get_parts(shape) if part.area > 2e5]
        rows += [
            (label((name, name_en), number) | {"zone": zone}, part) for number, part in enumerate(kept, 1)
        ]
    return rows


def draw_lines() -> Rows:
    """Return claims for the three lines: round towns, inside the mountains, fields without villages."""
    random = np.random.default_rng(41)
    zones = draw_zones()
    space = {
        zone: shapely.union_all([s for row, s in zones if row["zone"] == zone])
        for zone in ("urban", "farming", "ecology")
    }
    west, south, east, north = space["farming"].bounds
    villages = [
        draw_blob(
            (random.uniform(west, east), random.uniform(south, north)), random.uniform(500, 1100), random
        )
        for _ in range(420)
    ]
    banks = [
        shapely.buffer(shape, 260 if row["kind"] == "main" else 120, quad_segs=2)
        for row, shape in draw_rivers()
    ]
    taken = shapely.union_all([*villages, *banks], grid_size=0.1)
    fields = shapely.difference(shapely.buffer(space["farming"], -420, quad_segs=2), taken, grid_size=0.1)
    heights = shapely.buffer(shapely.buffer(space["ecology"], -1900, quad_segs=3), 500, quad_segs=3)
    rows: Rows = []
    parts = {"urban_boundary": ("城镇开发边界", "Urban boundary", space["urban"], 5e5),
             "permanent_farmland": ("永久基本农田", "Permanent farmland", fields, 3e6),
             "ecological_redline": ("生态保护红线", "Ecological red line", heights, 2e6)}  # fmt: skip
    for line, (name, name_en, shape, smallest) in parts.items():
        coarse = shape if line == "urban_boundary" else shapely.simplify(shape, 45)
        kept = [part for part in shapely.get_parts(coarse) if part.area > smallest]
        rows += [
            (label((name, name_en), number) | {"line": line}, part) for number, part in enumerate(kept, 1)
        ]
    return rows


def draw_areas() -> Rows:
    """Return the main city, for the structure and the circles."""
    return [({"name": "中心城区", "name_en": "Main city", "kind": "city"}, draw_city()["中心城区"])]


def write_features(path: Path, rows: Rows) -> Path:
    """Write rows as GeoJSON, one a line, each stamped as an illustration."""
    lines = []
    for names, shape in rows:
        properties = names | {"illustrative": True, "source": "illustrative"}
        geometry = json.loads(shapely.to_geojson(to_degrees(shape)))
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    head = f'{{"type":"FeatureCollection","name":"{path.stem}","features":[\n'
    path.write_text(head + ",\n".join(lines) + "\n]}\n", encoding="utf-8")
    return path


def draw_all() -> dict[str, Rows]:
    """Return the rows of all files of shapes by the stem of their name."""
    from chengdu_roads import draw_roads
    from chengdu_zones import draw_communities, draw_functional_zones, draw_startups

    return {
        "areas": draw_areas(),
        "rivers": draw_rivers(),
        "roads": draw_roads(),
        "zones": draw_zones(),
        "lines": draw_lines(),
        "functional_zones": draw_functional_zones(),
        "startups": draw_startups(),
        "communities": draw_communities(),
    }


if __name__ == "__main__":
    sys.modules["chengdu"] = sys.modules[__name__]
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PLAN
    target.mkdir(exist_ok=True, parents=True)
    from chengdu_tables import draw_tables, write_table

    for stem, drawn in draw_all().items():
        print(write_features(target / f"{stem}.geojson", drawn))
    for stem, table in draw_tables().items():
        print(write_table(target / f"{stem}.csv", table))
