"""Land cover of the shipped plan of Hebi: an illustration for the green network, drawn the same each time.

Run ``python docs/hebi_cover.py`` to write ``layers/hebi/landcover.tif`` anew; a test tells when it is old.
Codes are those of CLCD. Woods lie where the plan's drawing has ecology, in parks of the city and in country
parks of the plain, grass along rivers; villages and fields are on the rest. Nothing is measured.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import hebi
import hebi_base
import numpy as np
import rasterio
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter
from sectors import GEODETIC, METRIC
from shapely.geometry.base import BaseGeometry

WEST, NORTH, STEP, COLUMNS, ROWS = 113.98, 36.07, 0.0015, 516, 428
CROP, FOREST, SHRUB, GRASS, WATER, BUILT = 1, 2, 3, 4, 5, 8
"""Classes of CLCD."""
COUNTRY_PARKS = 28
PLACE = rasterio.transform.Affine(STEP, 0, WEST, 0, -STEP, NORTH)


def burn(shapes: list[BaseGeometry]) -> np.ndarray:
    """Return the cells whose middle lies in shapes that are in metres."""
    flat = gpd.GeoSeries(shapes, crs=METRIC).to_crs(GEODETIC)
    made = rasterize(flat, (ROWS, COLUMNS), fill=0, default_value=1, transform=PLACE, dtype="uint8")
    return np.asarray(made, dtype=bool)


def draw_cover() -> np.ndarray:
    """Return the class of each cell."""
    random = np.random.default_rng(hebi.SEED + 41)
    rough = gaussian_filter(random.normal(0, 1, (ROWS, COLUMNS)), 4, mode="wrap")
    rough /= rough.std()
    zones, rivers = hebi.draw_zones(), hebi.draw_rivers()
    cover = np.full((ROWS, COLUMNS), CROP)
    ecology = burn([zones["ecology"]])
    cover[ecology] = np.select([rough > -0.6, rough > -1.1, rough > -1.9], [FOREST, SHRUB, GRASS], CROP)[
        ecology
    ]
    cover[burn([hebi.patches(zones["farming"], 110, 260, hebi.SEED + 42)])] = BUILT
    cover[burn([hebi.patches(zones["farming"], COUNTRY_PARKS, 580, hebi.SEED + 43)])] = FOREST
    cover[burn([zones["urban"]])] = BUILT
    cover[burn([rivers[name].buffer(260) for name in ("淇河", "卫河")])] = GRASS
    cover[burn([rivers[name].buffer(130) for name in ("羑河", "汤河", "思德河")])] = GRASS
    cover[burn([hebi_base.draw_land()["1401"]])] = FOREST
    cover[burn([rivers["淇河"].buffer(75), rivers["卫河"].buffer(75)])] = WATER
    return cover


def write_cover(folder: Path) -> Path:
    """Write the land cover as a small GeoTIFF in degrees of CGCS2000."""
    packed: dict[str, Any] = {"compress": "deflate", "zlevel": 9, "blockysize": ROWS}
    path = folder / "landcover.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=ROWS,
        width=COLUMNS,
        count=1,
        dtype="uint8",
        crs=GEODETIC,
        transform=PLACE,
        nodata=0,
        **packed,
    ) as file:
        file.write(draw_cover().astype("uint8"), 1)
    return path


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else hebi.FOLDER
    target.mkdir(exist_ok=True, parents=True)
    each = write_cover(target)
    print(each, each.stat().st_size)
