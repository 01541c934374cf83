"""A small plan with rasters of many factors, for tests of what is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.ndimage import gaussian_filter

BORDER = shapely.Polygon([(114.0, 35.0), (114.06, 35.0), (114.06, 35.04), (114.03, 35.05), (114.0, 35.04)])
PARK = shapely.box(114.04, 35.02, 114.055, 35.035)
ROWS, COLUMNS, STEP = 110, 130, 0.0008
RANGES = {
    "elevation": (12, 100, 900), "rain": (30, 350, 900), "evaporation": (30, 300, 700),
    "accumulated_temperature": (30, 3500, 5000), "vegetation": (6, 0, 1), "silt": (8, 20, 85),
    "sand": (9, 20, 60), "clay": (9, 5, 20), "organic": (9, 0.5, 3), "erosivity": (25, 80, 900),
    "air_calm": (20, 0.02, 0.4), "geology_hazard": (10, 1, 5),
}  # fmt: skip


@dataclass(frozen=True)
class Hamlet:
    """A folder with rasters; `write` puts a plan into it."""

    folder: Path

    def write(self, *, profile: str = "2020-trial", evaluated: bool = True) -> Path:
        names = [*RANGES, "landcover"]
        factors = ", ".join(
            f"{name}: {{source: {name}{', scheme: worldcover' * (name == 'landcover')}}}" for name in names
        )
        evaluation = f"evaluation: {{cell: 100 m, runs: 2, profile: {profile}, protection: park, factors: {{{factors}}}}}\n"
        files = "".join(f"  {name}: {{file: {name}.tif, licence: x}}\n" for name in names * evaluated)
        (self.folder / "plan.yaml").write_text(
            "name: hamlet\ntitle: {zh: 小村, en: Hamlet}\nyear: 2035\n"
            "territory: {source: border, name: {zh: 小村, en: Hamlet}}\n"
            f"{evaluation * evaluated}"
            "sources:\n  border: {file: border.gpkg, licence: x}\n  park: {file: park.gpkg, licence: x}\n"
            f"{files}",
            encoding="utf-8",
        )
        return self.folder


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Hamlet:
    """Smooth noise for every factor, the same at every run."""
    rasterio = pytest.importorskip("rasterio")
    folder = tmp_path_factory.mktemp("hamlet")
    gpd.GeoDataFrame({"name": ["小村"]}, geometry=[BORDER], crs=4490).to_file(folder / "border.gpkg")
    gpd.GeoDataFrame({"name": ["园"]}, geometry=[PARK], crs=4490).to_file(folder / "park.gpkg")
    chance = np.random.default_rng(11)
    place = rasterio.transform.Affine(STEP, 0, 113.98, 0, -STEP, 35.07)
    kept = {"driver": "GTiff", "height": ROWS, "width": COLUMNS, "count": 1, "transform": place}
    rasters = {}
    for name, (smooth, least, most) in RANGES.items():
        cells = gaussian_filter(chance.normal(size=(ROWS, COLUMNS)), smooth / 2)
        rasters[name] = (least + (most - least) * (cells - cells.min()) / np.ptp(cells)).astype(np.float32)
    rasters["geology_hazard"] = np.round(rasters["geology_hazard"]).astype(np.uint8)
    rasters["landcover"] = np.where(chance.normal(size=(ROWS, COLUMNS)) > 0, 10, 40).astype(np.uint8)
    rasters["landcover"][60:70, 40:60] = 50
    for name, cells in rasters.items():
        with rasterio.open(folder / f"{name}.tif", "w", dtype=cells.dtype, crs="EPSG:4490", **kept) as file:
            file.write(cells, 1)
    return Hamlet(folder)
