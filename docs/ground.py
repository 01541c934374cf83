"""The ground of Jiyuan, drawn from known heights: rivers, plain, reservoir and two peaks lie where they do.

Valleys are worn into the hills by running water (stream power, solved implicitly down the drainage), so that
the ground looks like ground. Nothing here is measured. Numbers are rounded on the way, and nothing but sums,
products and roots decides which way water runs, so that every machine draws the same.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.interpolate import RBFInterpolator

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Cells = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

PLAN = Path(__file__).parents[1] / "layers" / "jiyuan"
WEST, NORTH, STEP = 111.98, 35.33, 0.001
ROWS, COLUMNS = 480, 840
M_LON, M_LAT = 91_100.0, 111_000.0
"""Metres of a degree at 35.1° N."""
POOL_M, DAM_LON = 275.0, 112.366
PEAKS = {"天坛峰": (112.284, 35.178, 1715.0), "鳌背山": (112.166, 35.240, 1930.0)}
SUMMITS = (
    (112.00, 35.05, 850), (112.05, 35.15, 1250), (112.03, 35.25, 1450), (112.10, 35.28, 1600),
    (112.166, 35.24, 1850), (112.22, 35.26, 1600), (112.284, 35.178, 1600), (112.30, 35.25, 1400),
    (112.36, 35.20, 1300), (112.42, 35.26, 1250), (112.45, 35.21, 1100), (112.50, 35.25, 1100),
    (112.55, 35.225, 900), (112.60, 35.25, 1050), (112.66, 35.24, 950), (112.70, 35.22, 850),
    (112.75, 35.24, 900), (112.82, 35.25, 900), (112.20, 35.33, 1300), (112.50, 35.33, 1050),
    (112.75, 35.33, 1000), (112.12, 35.165, 900), (112.20, 35.12, 850), (112.28, 35.11, 800),
    (112.35, 35.13, 800), (112.40, 35.12, 650), (112.45, 35.13, 560), (112.14, 35.07, 700),
    (112.20, 35.05, 640), (112.26, 35.03, 600), (112.33, 35.05, 600), (112.38, 35.03, 520),
    (112.08, 35.06, 780), (112.39, 34.99, 420), (112.33, 34.97, 450), (112.20, 34.99, 520),
    (112.44, 34.98, 370), (112.51, 34.947, 280), (112.51, 35.00, 300), (112.56, 34.98, 250),
    (112.44, 35.06, 330), (112.60, 35.00, 215), (112.65, 34.99, 170), (112.48, 35.025, 290),
    (112.55, 35.03, 210), (112.10, 34.92, 550), (112.30, 34.90, 500), (112.45, 34.87, 420),
    (112.55, 34.87, 330), (112.65, 34.90, 200), (112.47, 35.10, 300), (112.60, 35.185, 420),
    (112.67, 35.20, 550), (112.75, 35.19, 450), (112.52, 35.18, 450),
)  # fmt: skip
"""Longitude, latitude and height that hills thereabouts rise to."""
PLAIN = (
    (112.47, 35.06), (112.485, 35.09), (112.497, 35.12), (112.525, 35.163), (112.56, 35.176),
    (112.60, 35.169), (112.64, 35.167), (112.66, 35.18), (112.70, 35.175), (112.75, 35.172),
    (112.90, 35.18), (112.90, 34.95), (112.72, 34.965), (112.67, 35.00), (112.62, 35.022),
    (112.575, 35.034), (112.54, 35.043), (112.50, 35.047),
)  # fmt: skip
FLATS = (
    (112.585, 35.09, 148), (112.54, 35.08, 172), (112.62, 35.05, 141), (112.70, 35.08, 131),
    (112.70, 35.04, 127), (112.76, 35.10, 125), (112.82, 35.05, 119), (112.82, 35.15, 127),
    (112.66, 35.12, 143), (112.60, 35.13, 168), (112.562, 35.157, 208),
    (112.687, 35.157, 160), (112.73, 35.155, 146), (112.513, 35.112, 210),
    (112.50, 35.077, 205), (112.475, 35.062, 228), (112.60, 35.046, 150), (112.65, 35.03, 135),
    (112.72, 35.02, 125), (112.80, 34.97, 118), (112.53, 35.15, 235), (112.64, 35.16, 172),
)  # fmt: skip
"""Heights of the plain."""
FALLS = {
    "沁河": ((0, 205), (0.35, 172), (0.6, 147), (1, 124)),
    "北蟒河": ((0, 520), (0.12, 290), (0.33, 200), (0.6, 150), (1, 125)),
    "南蟒河": ((0, 290), (0.2, 232), (0.5, 165), (1, 129)),
    "济河": ((0, 143), (1, 124)),
    "东洋河": ((0, 1050), (0.2, 720), (0.5, 470), (0.8, 320), (1, POOL_M)),
    "逢石河": ((0, 950), (0.2, 680), (0.5, 450), (0.8, 315), (1, POOL_M)),
    "大峪河": ((0, 430), (0.4, 270), (1, 138)),
    "砚瓦河": ((0, 248), (0.4, 195), (1, 136)),
}
"""Heights of rivers along their length, 0 the spring, 1 the mouth. The Yellow River is told by longitude."""


@cache
def read_shapes(name: str, key: str | None = None) -> dict[str, BaseGeometry]:
    """Return the features of one file of the plan, joined by a column; by name without one."""
    import shapely

    rows = json.loads((PLAN / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
    found: dict[str, list[BaseGeometry]] = {}
    for row in rows:
        shape = shapely.from_geojson(json.dumps(row["geometry"]))
        found.setdefault(row["properties"][key or "name"], []).append(shapely.make_valid(shape))
    return {value: shapely.union_all(shapes) for value, shapes in found.items()}


def middles(factor: int = 1) -> tuple[Cells, Cells]:
    """Return longitudes and latitudes of the middles of cells `factor` times as wide as the finest."""
    step = STEP * factor
    lons = WEST + step * (np.arange(COLUMNS // factor) + 0.5)
    lats = NORTH - step * (np.arange(ROWS // factor) + 0.5)
    return tuple(np.meshgrid(lons, lats))  # type: ignore[return-value]


def burn(shape: BaseGeometry, factor: int = 1) -> Mask:
    """Return the cells whose middle lies in a shape."""
    import shapely

    shapely.prepare(shape)
    return np.asarray(shapely.contains_xy(shape, *middles(factor)))


def grow(shape: BaseGeometry, metres: float) -> BaseGeometry:
    """Buffer a shape in degrees by so many metres; scaled so that both axes agree."""
    from shapely import affinity

    flat = affinity.scale(shape, M_LON, M_LAT, origin=(0, 0))
    return affinity.scale(flat.buffer(metres, quad_segs=4), 1 / M_LON, 1 / M_LAT, origin=(0, 0))


def fit(points: tuple[tuple[float, float, float], ...], factor: int, smooth: float = 0.0) -> Cells:
    """Return a smooth surface through points."""
    table = np.array(points)
    lon, lat = middles(factor)
    known = np.column_stack([table[:, 0] * 0.82, table[:, 1]])
    asked = np.column_stack([lon.ravel() * 0.82, lat.ravel()])
    surface = RBFInterpolator(known, table[:, 2], kernel="linear", smoothing=smooth)
    return np.round(surface(asked), 3).reshape(lon.shape)


def noise(seed: int, cells: float, factor: int = 1) -> Cells:
    """Return smooth noise of mean 0 and deviation 1, of about so many of its own cells a bump."""
    chance = np.random.default_rng(seed).random((ROWS // factor, COLUMNS // factor))
    wave = ndimage.gaussian_filter(chance, cells / 2, mode="wrap")
    return np.round((wave - wave.mean()) / wave.std(), 3)


@cache
def draw_flats() -> Cells:
    """Return the plain, as if it went on everywhere, on cells of some 200 m."""
    return np.round(fit(FLATS, 2, smooth=0.02) + 0.8 * noise(3, 9, 2), 3)


@cache
def river_points(name: str) -> Cells:
    """Return places every 10 m or so along a river, each with the height of its water: lon, lat, m."""
    import shapely

    line = read_shapes("rivers")[name]
    along = np.linspace(0, 1, int(line.length / 0.0001) + 2)
    spots = shapely.line_interpolate_point(line, along, normalized=True)
    lon, lat = shapely.get_x(spots), shapely.get_y(spots)
    if name == "黄河":
        height = np.where(lon < DAM_LON, POOL_M, 142 - (lon - DAM_LON) * 60)
    else:
        shares, metres = zip(*FALLS[name], strict=True)
        height = np.interp(along, shares, metres)
        at = ((NORTH - lat) / STEP).astype(int) // 2, ((lon - WEST) / STEP).astype(int) // 2
        on_plain = burn(shapely.Polygon(PLAIN), 2)[at]
        height = np.minimum.accumulate(np.where(on_plain, draw_flats()[at] - 2.5, height))
    return np.column_stack([lon, lat, height])


def burn_rivers(factor: int) -> Cells:
    """Return the height of water in the cells of rivers, the lowest where two meet; NaN elsewhere."""
    water = np.full((ROWS // factor, COLUMNS // factor), np.inf)
    for name in ("黄河", *FALLS):
        lon, lat, height = river_points(name).T
        row = ((NORTH - lat) / (STEP * factor)).astype(int)
        column = ((lon - WEST) / (STEP * factor)).astype(int)
        np.minimum.at(water, (row, column), height)
    return np.where(np.isinf(water), np.nan, water)


def distance_m(mask: Mask, factor: int = 1) -> tuple[Cells, npt.NDArray[np.int64]]:
    """Return the distance to the nearest cell of a mask in metres, and which that is."""
    sides = (M_LAT * STEP * factor, M_LON * STEP * factor)
    far, nearest = ndimage.distance_transform_edt(~mask, sampling=sides, return_indices=True)
    return np.round(far, 2), nearest


def _send(height: Cells, fixed: Mask) -> tuple[npt.NDArray[np.int64], Cells]:
    """Return for each cell the neighbour it drains to most steeply, and how far that is; pits keep theirs."""
    rows, columns = height.shape
    dy, dx = M_LAT * STEP * 2, M_LON * STEP * 2
    own = np.arange(height.size).reshape(height.shape)
    steepest, into, length = np.zeros_like(height), own.copy(), np.ones_like(height)
    padded = np.pad(height, 1, constant_values=np.inf)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            if not (down or right):
                continue
            far = float(np.sqrt((down * dy) ** 2 + (right * dx) ** 2))
            there = padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
            steeper = ((height - there) / far > steepest) & ~fixed
            steepest = np.where(steeper, (height - there) / far, steepest)
            into = np.where(steeper, own + down * columns + right, into)
            length = np.where(steeper, far, length)
    return into.ravel(), length.ravel()


def _order(into: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return the cells by how many steps they are from where their water ends, nearest first."""
    steps, jump = (into != np.arange(into.size)).astype(np.int64), into
    while True:
        more = steps + steps[jump]
        if (more == steps).all():
            break
        steps, jump = more, jump[jump]
    ranked = np.argsort(steps, kind="stable")
    return np.split(ranked, np.cumsum(np.bincount(steps))[:-1])


def erode(height: Cells, fixed: Mask, rise: Cells, soft: Cells) -> Cells:
    """Let the ground rise by a step while rivers cut into it, to the end of that step."""
    into, length = _send(height, fixed)
    levels = _order(into)
    area = np.ones(height.size)
    for cells in reversed(levels[1:]):
        np.add.at(area, into[cells], area[cells])
    flat = np.where(fixed, height, height + rise).ravel()
    wear = np.round(soft.ravel() * np.sqrt(area + 5) / length, 9)
    for cells in levels[1:]:
        flat[cells] = (flat[cells] + wear[cells] * flat[into[cells]]) / (1 + wear[cells])
    return np.asarray(np.round(flat, 4)).reshape(height.shape)


def carve_ground() -> Cells:
    """Return heights on cells of some 200 m: the plain as known, hills worn by water to the heights known."""
    import shapely

    top, plain = fit(SUMMITS + FLATS, 2), burn(shapely.Polygon(PLAIN), 2)
    water = burn_rivers(2)
    lon, _ = middles(2)
    pool = (distance_m((water == POOL_M), 2)[0] < 480) & (lon < DAM_LON)
    known = np.where(pool, POOL_M, np.where(np.isnan(water), draw_flats(), water))
    fixed = pool | plain | ~np.isnan(water)
    far, (row, column) = distance_m(fixed, 2)
    height = np.where(fixed, known, known[row, column] + far * (0.03 + 0.008 * noise(5, 3, 2)))
    farmed = ndimage.gaussian_filter(burn(read_shapes("zones", "zone")["farming"], 2).astype(float), 2)
    soft = 90 * (1 + np.round(1.5 * farmed, 3)) * (1 + 0.25 * np.clip(noise(7, 12, 2), -2, 2))
    rise = np.clip(top - 130, 5, None) * 0.3
    for turn in range(96):
        height = erode(height, fixed, rise, soft)
        if turn % 4 == 3:
            reach = ndimage.gaussian_filter(ndimage.maximum_filter(height, (15, 17)), 4)
            rise = np.round(rise * np.clip((top - 90) / (reach - 90), 0.75, 1.33), 3)
            height = np.where(fixed, height, np.round(ndimage.gaussian_filter(height, 0.35), 4))
    return height


def raise_peaks(height: Cells) -> Cells:
    """Return the ground with the peaks as high as they are known to be, and nothing above the highest."""
    lon, lat = middles()
    above = np.clip(height - 1600, 0, None)
    height = height - above + above / (1 + above / 250)
    for x, y, metres in PEAKS.values():
        far2 = ((lon - x) * M_LON) ** 2 + ((lat - y) * M_LAT) ** 2
        at = int((NORTH - y) / STEP), int((x - WEST) / STEP)
        near = np.round(np.exp(-far2 / 1300**2), 6)
        height = height * (1 - near) + (height + (metres - height[at])) * near
        height = np.where((far2 < 3000**2) & (height > metres), metres - 1, height)
    return height


@cache
def draw_elevation() -> tuple[Cells, Mask]:
    """Return heights in metres on the finest cells, and where there is broad water."""
    import shapely

    coarse = carve_ground()
    height = np.round(ndimage.zoom(coarse, 2, order=1, grid_mode=True, mode="nearest"), 3)
    plain = ndimage.gaussian_filter(burn(shapely.Polygon(PLAIN)).astype(float), 4)
    height = np.round(ndimage.gaussian_filter(height, 0.7), 3)
    steep = np.clip(ndimage.gaussian_gradient_magnitude(height, 1.5) / 18, 0, 1)
    height += np.round(steep * (1 - plain), 3) * (12 * noise(11, 2.6) + 5 * noise(12, 1.5))
    farmed = ndimage.gaussian_filter(burn(read_shapes("zones", "zone")["farming"]).astype(float), 1.5)
    height += np.round(0.75 * farmed * (ndimage.gaussian_filter(height, 6) - height), 3)
    height = raise_peaks(height)
    rivers = burn_rivers(1)
    far, (row, column) = distance_m(~np.isnan(rivers))
    bed = rivers[row, column]
    width = np.clip(340 * (1 + 0.5 * noise(13, 9)), 110, 800)
    share = np.round(np.clip((far - 50) / width, 0, 1), 4)
    height = np.maximum(bed + (height - bed) * share, np.where(share < 1, bed, height))
    lon, _ = middles()
    near = (distance_m(rivers == POOL_M)[0] < 1800) & (lon < DAM_LON)
    low, _ = ndimage.label((height < POOL_M + 3) & near)
    at_river = np.unique(low[(rivers == POOL_M) & near])
    pool = np.isin(low, at_river[at_river > 0])
    height = np.where(pool, POOL_M, height)
    broad = ~np.isnan(rivers) & (distance_m(burn_lines("黄河", "沁河"))[0] < 1)
    return np.round(height), pool | broad


def burn_lines(*names: str) -> Mask:
    """Return the cells that lie along rivers."""
    found = np.zeros((ROWS, COLUMNS), dtype=bool)
    for name in names:
        lon, lat, _ = river_points(name).T
        found[((NORTH - lat) / STEP).astype(int), ((lon - WEST) / STEP).astype(int)] = True
    return found


def slope_share(height: Cells) -> Cells:
    """Return the tangent of the slope."""
    down, right = np.gradient(height, M_LAT * STEP, M_LON * STEP)
    return np.round(np.sqrt(down**2 + right**2), 4)
