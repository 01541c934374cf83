"""Terrain, land cover, climate and soil of the shipped plan: an illustration, the same each time it is drawn.

Run ``python docs/terrain.py`` to write ``layers/jiyuan/terrain`` anew; a test tells when the files are out of
date. Heights come from `ground`; all else follows from them and from the plan's own zones, lines and areas by
rules of thumb: it rains more and is colder higher up, villages lie on farmland that no line keeps.
Nothing here is measured, and no number stands for a record of any station.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ground
import numpy as np
from ground import Cells, Mask, burn, distance_m, draw_elevation, grow, noise, read_shapes, slope_share

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

FOLDER = ground.PLAN / "terrain"
MISSING = -32768
CROP, FOREST, SHRUB, GRASS, WATER, BARREN, BUILT, WETLAND = 1, 2, 3, 4, 5, 7, 8, 9
"""Classes of CLCD."""
COARSE, COARSER = 5, 10
"""Finest cells along the side of a cell of climate, soil and hazards: some 500 m and 1 km."""
TENTHS = ("temperature", "wind_speed")
"""Rasters whose whole numbers are tenths; the files say so."""
RESERVES = {
    ("王屋山片区保护地（示意）", "Wangwu reserve (illustrative)"): (
        (112.10, 35.20), (112.16, 35.22), (112.22, 35.19), (112.27, 35.145), (112.34, 35.15),
        (112.45, 35.185), (112.432, 35.31), (112.05, 35.31), (112.05, 35.22),
    ),
    ("太行山片区保护地（示意）", "Taihang reserve (illustrative)"): (
        (112.45, 35.185), (112.54, 35.20), (112.62, 35.19), (112.68, 35.185), (112.77, 35.19),
        (112.77, 35.31), (112.432, 35.31),
    ),
}  # fmt: skip
"""Where of the red line a reserve is taken to be."""
BUILT_PARTS = {"中心城区": 620, "虎岭高新技术产业开发区": 750, "玉川产业集聚区": 900, "济东新区": 950}
"""Metres from the edge of a planned area to what is taken to be built of it."""
TOWNS_FROM_M, TOWN_EDGE_M = 90, 90


@cache
def draw_slope() -> Cells:
    """Return the tangent of the slope of the finest cells."""
    return slope_share(draw_elevation()[0])


@cache
def find_built() -> dict[str, BaseGeometry]:
    """Return the existing built areas by name: the planned ones and the boundaries of towns, less an edge."""
    import shapely

    planned = read_shapes("areas")
    found = {name: grow(planned[name], -metres) for name, metres in BUILT_PARTS.items()}
    city = grow(shapely.union_all(list(planned.values())), 1500)
    for name, shape in read_shapes("lines").items():
        if "城镇开发边界" in name and not shape.intersects(city):
            found[name.replace("城镇开发边界", "建成区")] = grow(shape, -TOWN_EDGE_M)
    return {name: shape for name, shape in found.items() if not shape.is_empty}


def find_territory() -> BaseGeometry:
    """Return the land that the plan's zones claim, closed over gaps of 60 m."""
    import shapely

    return grow(grow(shapely.union_all(list(read_shapes("zones", "zone").values())), 60), -60)


@cache
def find_villages() -> Mask:
    """Return the cells of villages: on claimed farmland that no line keeps, gentle, in clumps."""
    zone, line = read_shapes("zones", "zone"), read_shapes("lines", "line")
    free = burn(zone["farming"]) & ~burn(line["permanent_farmland"]) | burn(zone["urban"])
    clumps = noise(21, 5) + 0.35 * noise(22, 40)
    plain = draw_elevation()[0] < 260
    return np.asarray(free & (draw_slope() < 0.12) & (clumps > np.where(plain, 0.95, 1.55)))


@cache
def draw_cover() -> Cells:
    """Return the classes of land cover of the finest cells."""
    height, water = draw_elevation()
    slope, rough = draw_slope(), noise(23, 4) + 0.6 * noise(24, 14)
    zone = read_shapes("zones", "zone")
    farmed = burn(zone["farming"]) | burn(zone["urban"])
    lower = np.round(np.clip((height - 300) / 900, 0, 1), 3)
    woods = rough + 1.5 * lower + 2.2 * np.clip(slope - 0.12, 0, 0.35) - 0.55
    cover = np.select([woods > 0, woods > -0.45, woods > -1.45], [FOREST, SHRUB, GRASS], CROP)
    cover[(cover == CROP) & (slope > 0.12)] = GRASS
    cover[(cover == FOREST) & (height > 1750) & (rough < 0.8)] = GRASS
    cover[(slope > 0.62) & (rough < -0.6)] = BARREN
    cover[farmed & (slope < 0.2) & (rough < 1.45)] = CROP
    cover[~farmed & (height < 240) & (slope < 0.06)] = CROP
    cover[find_villages()] = BUILT
    below_dam = distance_m(ground.burn_lines("黄河") & (height < 200))[0] < 520
    beside_qin = distance_m(ground.burn_lines("沁河") & (height < 160))[0] < 260
    cover[(below_dam | beside_qin) & (rough > -0.5) & (cover != BUILT)] = WETLAND
    for shape in find_built().values():
        cover[burn(shape) & (rough < 1.75)] = BUILT
    cover[water] = WATER
    return cover.astype(np.float64)


def shrink(values: Cells, times: int) -> Cells:
    """Return means over squares of so many cells."""
    rows, columns = values.shape
    return values.reshape(rows // times, times, columns // times, times).mean((1, 3))


def draw_vegetation() -> Cells:
    """Return the share of ground under plants on cells of 500 m, %, by land cover and height."""
    cover, height = draw_cover(), draw_elevation()[0]
    usual = {CROP: 58, FOREST: 84, SHRUB: 68, GRASS: 52, WATER: 4, BARREN: 12, BUILT: 22, WETLAND: 48}
    plants = np.select([cover == code for code in usual], list(usual.values()), 0).astype(float)
    plants += np.where(cover == FOREST, np.clip((height - 700) / 80, -6, 8), 0)
    return np.clip(shrink(plants, COARSE) + 2.5 * noise(31, 3, COARSE), 0, 97)


def draw_hazard() -> Cells:
    """Return the grade of geological hazards on cells of 500 m, 1 low to 5 extremely high."""
    height, water = draw_elevation()
    slope = shrink(draw_slope(), COARSE)
    banks = shrink((distance_m(water & (height == ground.POOL_M))[0] < 700).astype(float), COARSE)
    mined = shrink(burn(grow(read_shapes("areas")["玉川产业集聚区"], 1500)).astype(float), COARSE)
    loess = np.exp(-(((shrink(height, COARSE) - 330) / 130) ** 2))
    danger = 7.5 * slope + 1.1 * banks + 0.5 * mined + 3 * loess * slope + 0.3 * noise(41, 4, COARSE)
    return np.digitize(np.round(danger, 3), (0.35, 1.1, 2.5, 3.9)) + 1.0


def draw_soil_capacity() -> Cells:
    """Return the capacity of the soil for pollutants on cells of 500 m: 1 high, 3 middle, 5 low."""
    smelters = burn(grow(read_shapes("areas")["玉川产业集聚区"], -900))
    far = shrink(distance_m(smelters)[0], COARSE) + 350 * noise(42, 3, COARSE)
    return np.select([far < 500, far < 1900], [5.0, 3.0], 1.0)


def draw_climate(times: int) -> dict[str, Cells]:
    """Return what weather makes on cells so many times as wide as the finest, from height and place."""
    height = shrink(draw_elevation()[0], times)
    lon, lat = ground.middles(times)
    up, east, north = (height - 130) / 100, lon - 112.4, lat - 35.08
    wave = noise(51, 12, times)
    return {
        "rain": 592 + 11 * up - 60 * east - 55 * north + 5 * wave,
        "evaporation": 505 - 7 * up + 20 * east + 4 * noise(52, 10, times),
        "temperature": 147 - 6 * up + 2 * wave - 10 * north,
        "accumulated_temperature": 4950 - 180 * up + 15 * wave,
        "humidity": 64 + 0.35 * up - 4 * east + 0.8 * wave,
        "erosivity": 2750 + 75 * up - 500 * east + 40 * wave,
        "wind_speed": 19 + 1.15 * up + 6 * east + 1.2 * noise(53, 8, times),
        "wind_days": 7 + 1.1 * up + 4 * east + noise(54, 8, times),
        "air_calm": np.clip(19 - 0.9 * up - 6 * east + 1.5 * noise(53, 8, times), 2, 45),
        "water_modulus": 133 + 5.5 * up - 30 * north + 3 * wave,
    }


def draw_soil() -> dict[str, Cells]:
    """Return texture and organic matter on cells of 500 m, g/kg; sand, silt and clay add up to 1000."""
    height, slope = shrink(draw_elevation()[0], COARSE), shrink(draw_slope(), COARSE)
    loess = np.exp(-(((height - 360) / 190) ** 2))
    rock = np.clip((height - 550) / 700, 0, 1) + np.clip(slope - 0.2, 0, 0.3)
    wave = noise(61, 8, COARSE)
    silt = np.round(450 + 140 * loess - 50 * rock + 14 * wave)
    clay = np.round(205 - 35 * loess - 45 * rock + 9 * noise(62, 8, COARSE))
    woods = shrink((draw_cover() == FOREST).astype(float), COARSE)
    return {"silt": silt, "clay": clay, "sand": 1000 - silt - clay, "organic": 17 + 16 * woods + 1.5 * wave}


def draw_rasters() -> dict[str, tuple[Cells, str]]:
    """Return the cells of each raster and its kind of number."""
    height, _ = draw_elevation()
    kinds = {"temperature": "int16", "accumulated_temperature": "int16"}
    made = {"elevation": (height, "int16"), "landcover": (draw_cover(), "uint8")}
    made["vegetation"] = (draw_vegetation(), "uint8")
    made["geology_hazard"] = (draw_hazard(), "uint8")
    made["soil_capacity"] = (draw_soil_capacity(), "uint8")
    fine = draw_climate(COARSE)
    made |= {name: (fine[name], "int16") for name in kinds}
    made |= {name: (cells, "int16") for name, cells in draw_climate(COARSER).items() if name not in kinds}
    made |= {name: (cells, "int16") for name, cells in draw_soil().items()}
    return {name: (np.round(cells), kind) for name, (cells, kind) in made.items()}


def write_raster(path: Path, cells: Cells, kind: str) -> None:
    """Write cells as a small GeoTIFF in degrees of CGCS2000."""
    import rasterio

    rows, columns = cells.shape
    step = ground.STEP * ground.ROWS / rows
    place = rasterio.transform.Affine(step, 0, ground.WEST, 0, -step, ground.NORTH)
    packed: dict[str, Any] = {"compress": "deflate", "predictor": 2, "zlevel": 9, "blockysize": rows}
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=1, dtype=kind, crs="EPSG:4490",
        transform=place, nodata=0 if kind == "uint8" else MISSING, **packed,
    ) as raster:  # fmt: skip
        raster.write(cells.astype(kind), 1)
        if path.stem in TENTHS:
            raster.scales = (0.1,)


def draw_shapes() -> dict[str, list[tuple[str, str, BaseGeometry]]]:
    """Return the polygons of each file, with names in both languages."""
    import shapely

    red = read_shapes("lines", "line")["ecological_redline"]
    reserves = [(zh, en, red.intersection(shapely.Polygon(ring))) for (zh, en), ring in RESERVES.items()]
    river = read_shapes("rivers")["黄河"]
    pool = river.intersection(shapely.box(111, 34, ground.DAM_LON, 36))
    banks = grow(pool, 1000).intersection(find_territory())
    water = [("小浪底北岸水源保护区（示意）", "Xiaolangdi north bank source area (illustrative)", banks)]
    built = [
        (zh, f"Built area {number}", shape) for number, (zh, shape) in enumerate(find_built().items(), 1)
    ]
    return {"reserves": reserves, "water_source": water, "built": built}


def tidy(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    """Yield the parts of a shape that matter, with few corners in whole steps of some 10 m."""
    import shapely

    plain = shapely.set_precision(grow(grow(shape, -30), 30).simplify(0.0002), 0.0001)
    for part in shapely.get_parts(plain):
        if part.area * ground.M_LON * ground.M_LAT > 100_000:
            yield part


def write_shapes(path: Path, rows: list[tuple[str, str, BaseGeometry]]) -> None:
    """Write polygons as GeoJSON, one feature a line; one of several parts is numbered."""
    lines = []
    for zh, en, shape in rows:
        parts = list(tidy(shape))
        for number, part in enumerate(parts, 1):
            mark = (f"{number:02d}", f" {number}") if len(parts) > 1 else ("", "")
            lines.append(write_feature(zh + mark[0], en + mark[1], part))
    head = f'{{"type":"FeatureCollection","name":"{path.stem}","features":[\n'
    path.write_text(head + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def write_feature(zh: str, en: str, shape: BaseGeometry) -> str:
    """Return a feature as text."""
    import shapely

    said = {"name": zh, "name_en": en, "illustrative": True, "source": "illustrative"}
    feature = {"type": "Feature", "properties": said, "geometry": json.loads(shapely.to_geojson(shape))}
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))


def write_terrain(folder: Path) -> list[Path]:
    """Write all files into a folder."""
    made = []
    for name, (cells, kind) in draw_rasters().items():
        made.append(folder / f"{name}.tif")
        write_raster(made[-1], cells, kind)
    for name, rows in draw_shapes().items():
        made.append(folder / f"{name}.geojson")
        write_shapes(made[-1], rows)
    return made


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    target.mkdir(exist_ok=True)
    for file in write_terrain(target):
        print(f"{file}: {file.stat().st_size / 1000:.0f} kB")
