"""Tables of the shipped plan of Hebi: people, facilities, firms and parcels, all made up, the same each time.

Run ``python docs/hebi_tables.py`` to write them into ``layers/hebi`` anew; a test tells when they are old.
Names are numbers, and no figure stands for a record of anything.
"""

from __future__ import annotations

import csv
import io
import sys
from functools import cache
from pathlib import Path

import geopandas as gpd
import hebi
import numpy as np
import shapely
from sectors import GEODETIC, METRIC, cut, meet, write_features
from shapely.geometry.base import BaseGeometry

Row = dict[str, object]
SEED = 410600
DENSITY = {"主城区": 9200, "北部产业片区": 1900, "东部产业片区": 1600, "南部产业片区": 2300}
"""People on a square kilometre; towns and the country below."""
TOWN_DENSITY, CELL_M, VILLAGES = 5600, 520.0, 900
FACILITIES: dict[str, tuple[str, int, int | None, float]] = {
    "kindergarten": ("幼儿园", 84, 270, 450), "primary": ("小学", 72, 900, 650),
    "middle": ("初中", 22, 1200, 1100),
    "health_centre": ("社区卫生服务中心", 46, None, 800), "hospital": ("医院", 5, None, 1800),
    "day_care": ("老年人日间照料中心", 64, 40, 600), "care_home": ("养老院", 12, 150, 1500),
    "culture_centre": ("文化活动中心", 15, None, 1500), "sport": ("健身场地", 26, None, 800),
    "park": ("社区公园", 24, None, 900),
}  # fmt: skip
"""Category to label, number in the three districts, capacity and least distance between two."""
FAVOUR = {"淇滨区": 1.0, "经济技术开发区": 0.75, "城乡一体化示范区": 0.8}
"""How well districts are looked after: the gap that `services` measures is put in here."""
FIRMS: dict[str, tuple[int, dict[str, float]]] = {
    "主城区": (96, {
        "65": 5, "651": 4, "72": 6, "74": 6, "66": 5, "51": 6, "59": 3, "52": 6, "61": 4}),
    "北部产业片区": (64, {
        "39": 7, "397": 4, "398": 5, "38": 6, "382": 4, "35": 6, "59": 4}),
    "东部产业片区": (98, {
        "36": 8, "367": 11, "33": 8, "331": 3, "39": 2, "27": 3, "272": 1, "65": 3, "74": 3, "59": 2}),
    "南部产业片区": (92, {
        "36": 6, "367": 9, "33": 6, "331": 3, "34": 5, "39": 3, "14": 3, "135": 3, "26": 2, "59": 2}),
}  # fmt: skip
"""Area to number of firms and weights of divisions and groups of GB/T 4754-2017."""
SIZES = {"3": (110, 62), "2": (130, 85), "1": (120, 55), "5": (34, 75), "6": (42, 60), "7": (30, 45)}
"""First digit of a code to middle number of jobs, and output in 10 000 yuan a job."""
CHAINS = {
    "36": ("33", "34", "39", "29"),
    "39": ("38", "26", "29"),
    "38": ("33",),
    "27": ("26",),
    "14": ("13",),
}
"""Buyers' divisions to those of their suppliers."""
LINKS = 90
USES = {
    "主城区": ("居住", "居住", "居住", "公共服务"),
    "北部产业片区": ("工业",),
    "东部产业片区": ("工业",),
    "南部产业片区": ("工业",),
}
SHARE_OF_BLOCKS = 0.4
STATUSES = (("已供应", 0.44), ("已批准", 0.14), ("批而未供", 0.22), ("低效", 0.20))
QUOTAS = {
    ("淇滨区", "工业"): 75, ("淇滨区", "居住"): 190, ("淇滨区", "公共服务"): 80,
    ("经济技术开发区", "工业"): 130,
    ("城乡一体化示范区", "工业"): 230, ("城乡一体化示范区", "居住"): 70, ("城乡一体化示范区", "公共服务"): 25,
}  # fmt: skip
"""Hectares."""
BUILT_M = {2015: 620.0, 2020: 330.0}
"""Metres from the edge of an area to what is taken to be built of it in a year."""


def as_degrees(xy: np.ndarray) -> np.ndarray:
    """Return positions in metres as degrees, to a metre."""
    points = gpd.GeoSeries(shapely.points(xy), crs=METRIC).to_crs(GEODETIC)
    return np.round(shapely.get_coordinates(points.to_numpy()), 5)


def spread(land: BaseGeometry, count: int, gap_m: float, random: np.random.Generator) -> np.ndarray:
    """Return positions on land, none nearer to another than a gap, in metres; fewer where room ends."""
    west, south, east, north = land.bounds
    shapely.prepare(land)
    kept = np.empty((0, 2))
    for _ in range(count * 60):
        spot = np.array([random.uniform(west, east), random.uniform(south, north)])
        free = len(kept) == 0 or np.hypot(*(kept - spot).T).min() > gap_m
        if free and land.contains(shapely.Point(spot)):
            kept = np.vstack([kept, spot])
        if len(kept) == count:
            break
    return kept


@cache
def draw_people() -> tuple[np.ndarray, np.ndarray]:
    """Return where people live, in metres, and how many: cells of towns, villages of the country."""
    random = np.random.default_rng(SEED)
    town = {name: (shape, DENSITY[name]) for name, shape in hebi.draw_areas().items()}
    town |= {name: (shape, TOWN_DENSITY) for name, shape in hebi.draw_towns().items()}
    places, people = [], []
    for shape, density in town.values():
        west, south, east, north = shape.bounds
        grid = np.array(
            [(x, y) for x in np.arange(west, east, CELL_M) for y in np.arange(south, north, CELL_M)]
        )
        grid = grid[shapely.contains_xy(shape, grid)]
        places.append(grid + random.normal(0, 45, grid.shape))
        people.append(density * (CELL_M / 1000) ** 2 * random.lognormal(-0.06, 0.35, len(grid)))
    whole = shapely.union_all(list(hebi.read_counties().values()), grid_size=0.01)
    heights = hebi.flat(shapely.Polygon(hebi.MOUNTAINS))
    plain = cut(shapely.buffer(whole, -400), heights, *(shapely.buffer(one[0], 300) for one in town.values()))
    villages = spread(plain, VILLAGES, 750, random)
    near = shapely.union_all([row[4].buffer(700) for row in hebi.draw_roads() if row[2] != "expressway"])
    villages = villages[shapely.contains_xy(near, villages)]
    hamlets = spread(meet(meet(shapely.buffer(whole, -400), heights), near), 70, 900, random)
    places += [villages, hamlets]
    people += [random.lognormal(6.7, 0.42, len(villages)), random.lognormal(5.6, 0.4, len(hamlets))]
    return np.vstack(places), np.round(np.concatenate(people))


def list_people() -> list[Row]:
    """Return where people live: all, those of 60 and more, and children of 6 to 14; the country is older."""
    random = np.random.default_rng(SEED + 1)
    xy, people = draw_people()
    city = shapely.union_all([*hebi.draw_areas().values(), *hebi.draw_towns().values()])
    inside = shapely.contains_xy(city, xy)
    old = np.where(inside, 0.165, 0.235) * random.normal(1, 0.08, len(xy))
    young = np.where(inside, 0.118, 0.124) * random.normal(1, 0.06, len(xy))
    rows = zip(as_degrees(xy), people, np.round(people * old), np.round(people * young), strict=True)
    return [
        {"name": f"居住点{number:04d}", "lon": lon, "lat": lat, "people": int(all_of), "people_60": int(aged),
         "people_6_14": int(children)}
        for number, ((lon, lat), all_of, aged, children) in enumerate(rows, 1)
    ]  # fmt: skip


def list_facilities() -> list[Row]:
    """Return facilities of the three districts: near people, fewer where a district is favoured less."""
    random = np.random.default_rng(SEED + 2)
    xy, people = draw_people()
    favour = sum(
        FAVOUR[name] * shapely.contains_xy(shape, xy) for name, shape in hebi.draw_districts().items()
    )
    weight = people * favour
    rows: list[Row] = []
    for category, (label, count, capacity, gap_m) in FACILITIES.items():
        order = random.choice(
            len(xy), size=min(400, int((weight > 0).sum())), replace=False, p=weight / weight.sum()
        )
        kept = np.empty((0, 2))
        for spot in xy[order] + random.normal(0, 70, (len(order), 2)):
            if len(kept) < count and (len(kept) == 0 or np.hypot(*(kept - spot).T).min() > gap_m):
                kept = np.vstack([kept, spot])
        for number, (lon, lat) in enumerate(as_degrees(kept), 1):
            size = "" if capacity is None else int(round(capacity * random.choice([0.67, 1, 1, 1.33]), -1))
            rows.append(
                {
                    "name": f"{label}{number:02d}",
                    "lon": lon,
                    "lat": lat,
                    "category": category,
                    "capacity": size,
                }
            )
    return rows


@cache
def list_firms() -> list[Row]:
    """Return firms of the main city and the three areas, by weights of industries; great ones are key."""
    random = np.random.default_rng(SEED + 3)
    rows: list[Row] = []
    for area, (count, weights) in FIRMS.items():
        xy = spread(shapely.buffer(hebi.draw_areas()[area], -60), count, 110, random)
        share = np.array(list(weights.values())) / sum(weights.values())
        for (lon, lat), code in zip(
            as_degrees(xy), random.choice(list(weights), len(xy), p=share), strict=True
        ):
            jobs, output = SIZES[code[0]]
            people = max(4, round(random.lognormal(np.log(jobs), 0.75)))
            made = round(people * output * random.lognormal(0, 0.3))
            rows.append(
                {
                    "name": "",
                    "lon": lon,
                    "lat": lat,
                    "code": code,
                    "jobs": people,
                    "output": made,
                    "year": 2024,
                }
            )
    great = sorted((int(str(row["output"])) for row in rows), reverse=True)[23]
    for number, row in enumerate(rows, 1):
        row["name"], row["role"] = f"企业{number:04d}", "重点" if int(str(row["output"])) >= great else ""
    suppliers = {link["supplier"] for link in list_links(rows)}
    for row in rows:
        row["role"] = row["role"] or ("配套" if row["name"] in suppliers else "")
    return rows


def list_links(firms: list[Row]) -> list[Row]:
    """Return who supplies whom with how much: suppliers of a buyer's chain, the great ones first."""
    random = np.random.default_rng(SEED + 4)
    division = np.array([str(row["code"])[:2] for row in firms])
    output = np.array([float(str(row["output"])) for row in firms])
    rows: dict[tuple[int, int], int] = {}
    buyers = [at for at in np.argsort(-output) if division[at] in CHAINS][:40]
    for _ in range(LINKS * 3):
        buyer = int(random.choice(buyers, p=output[buyers] / output[buyers].sum()))
        able = np.flatnonzero(np.isin(division, CHAINS[division[buyer]]))
        seller = int(random.choice(able, p=output[able] / output[able].sum()))
        most = min(0.25 * output[seller], 0.15 * output[buyer])
        if seller != buyer and len(rows) < LINKS:
            rows.setdefault((seller, buyer), max(20, round(most * random.uniform(0.2, 1))))
    return [
        {"supplier": firms[seller]["name"], "buyer": firms[buyer]["name"], "amount": amount}
        for (seller, buyer), amount in sorted(rows.items())
    ]


def list_parcels() -> list[Row]:
    """Return parcels of the ledger: parts of blocks between the streets, each in one district."""
    random = np.random.default_rng(SEED + 5)
    streets = shapely.buffer(shapely.union_all([row[4] for row in hebi.draw_roads()]), 30)
    words, shares = zip(*STATUSES, strict=True)
    rows: list[Row] = []
    for district, land in hebi.draw_districts().items():
        for area, uses in USES.items():
            inside = cut(meet(hebi.draw_areas()[area], shapely.buffer(land, -25)), streets)
            blocks = [each for each in shapely.get_parts(inside) if each.area > 80_000]
            blocks.sort(key=lambda each: each.bounds)
            for at in np.flatnonzero(random.random(len(blocks)) < SHARE_OF_BLOCKS):
                use, status = str(random.choice(uses)), str(random.choice(words, p=shares))
                more = {"district": district, "kind": use, "status": status}
                label = f"{district}{use}用地{len(rows) + 1:03d}"
                rows.append(hebi.tell(trim(blocks[at], random), label, "", **more))
    return rows


def trim(block: BaseGeometry, random: np.random.Generator) -> BaseGeometry:
    """Return one side of a block, cut off straight across."""
    west, south, east, north = block.bounds
    share = random.uniform(0.15, 0.5)
    if random.random() < 0.5:
        return hebi.largest(meet(block, shapely.box(west, south, west + share * (east - west), north)))
    return hebi.largest(meet(block, shapely.box(west, south, east, south + share * (north - south))))


def list_built() -> list[Row]:
    """Return built-up land of each year: the areas and towns less an edge that was built later."""
    shapes = hebi.draw_areas() | hebi.draw_towns()
    rows = []
    for year, edge_m in BUILT_M.items():
        for name, shape in shapes.items():
            later = 260.0 if name.endswith("产业片区") else 0.0
            for part in shapely.get_parts(shapely.buffer(shape, -edge_m - later)):
                rows.append(hebi.tell(part, f"{name}建成区{year}", "", year=year))
    return rows


def write_table(path: Path, rows: list[Row]) -> Path:
    """Write rows as CSV in UTF-8 with the mark that spreadsheets look for."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text("\ufeff" + text.getvalue(), encoding="utf-8")
    return path


def list_tables() -> dict[str, list[Row]]:
    """Return the rows of every table."""
    quotas = [
        {"district": district, "kind": kind, "area_ha": area} for (district, kind), area in QUOTAS.items()
    ]
    return {
        "people": list_people(), "facilities": list_facilities(), "firms": list_firms(),
        "links": list_links(list_firms()), "quotas": quotas,
    }  # fmt: skip


def write_tables(folder: Path) -> list[Path]:
    """Write all tables, and the parcels and built-up land."""
    made = [write_table(folder / f"{name}.csv", rows) for name, rows in list_tables().items()]
    for name, rows in (("ledger", list_parcels()), ("built", list_built())):
        made.append(write_features(folder / f"{name}.geojson", GEODETIC, rows))
    return made


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else hebi.FOLDER
    target.mkdir(exist_ok=True, parents=True)
    for each in write_tables(target):
        print(each, each.stat().st_size)
