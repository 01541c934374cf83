"""What several rooms of tests share: a cache of their own, real data where it is, one build of Jiyuan."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from spatial.results import Build

TOP = Path(__file__).resolve().parents[1]
RANGES = {
    "elevation": (12, 100, 900), "rain": (30, 350, 900), "evaporation": (30, 300, 700),
    "accumulated_temperature": (30, 3500, 5000), "vegetation": (6, 0, 1), "silt": (8, 20, 85),
    "sand": (9, 20, 60), "clay": (9, 5, 20), "organic": (9, 0.5, 3), "erosivity": (25, 80, 900),
    "air_calm": (20, 0.02, 0.4), "geology_hazard": (10, 1, 5),
}  # fmt: skip
"""Factors of the hamlet: how smooth, least and most."""


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the tests out of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["SPATIAL_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("SPATIAL_TEST_DATA") or TOP.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no real data: set SPATIAL_TEST_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def jiyuan(own_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The shipped plan, built once in a process."""
    from spatial.pipeline import build_plan

    return build_plan("jiyuan", tmp_path_factory.mktemp("jiyuan"))


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
    import geopandas as gpd
    import numpy as np
    import shapely
    from scipy.ndimage import gaussian_filter

    rasterio = pytest.importorskip("rasterio")
    border = shapely.Polygon(
        [(114.0, 35.0), (114.06, 35.0), (114.06, 35.04), (114.03, 35.05), (114.0, 35.04)]
    )
    folder = tmp_path_factory.mktemp("hamlet")
    gpd.GeoDataFrame({"name": ["小村"]}, geometry=[border], crs=4490).to_file(folder / "border.gpkg")
    gpd.GeoDataFrame(
        {"name": ["园"]}, geometry=[shapely.box(114.04, 35.02, 114.055, 35.035)], crs=4490
    ).to_file(folder / "park.gpkg")
    rows, columns, step = 110, 130, 0.0008
    chance = np.random.default_rng(11)
    place = rasterio.transform.Affine(step, 0, 113.98, 0, -step, 35.07)
    kept = {"driver": "GTiff", "height": rows, "width": columns, "count": 1, "transform": place}
    rasters = {}
    for name, (smooth, least, most) in RANGES.items():
        cells = gaussian_filter(chance.normal(size=(rows, columns)), smooth / 2)
        rasters[name] = (least + (most - least) * (cells - cells.min()) / np.ptp(cells)).astype(np.float32)
    rasters["geology_hazard"] = np.round(rasters["geology_hazard"]).astype(np.uint8)
    rasters["landcover"] = np.where(chance.normal(size=(rows, columns)) > 0, 10, 40).astype(np.uint8)
    rasters["landcover"][60:70, 40:60] = 50
    for name, cells in rasters.items():
        with rasterio.open(folder / f"{name}.tif", "w", dtype=cells.dtype, crs="EPSG:4490", **kept) as file:
            file.write(cells, 1)
    return Hamlet(folder)


_DATABASES = count(1)


@pytest.fixture(scope="session")
def postgres() -> ModuleType:
    """The module beside this one that starts a server; tests skip where psycopg is not installed."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: extra postgis")
    spec = importlib.util.spec_from_file_location("throw_away_cluster", TOP / "tests" / "cluster.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def cluster(postgres: ModuleType) -> Iterator[Any]:
    """A PostgreSQL server with PostGIS, one a process, on loopback; tests skip where there is none."""
    try:
        server = postgres.start_cluster()
    except postgres.UnavailableError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture
def database(postgres: ModuleType, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty database with PostGIS, of one test alone; its users' password is in PGPASSWORD."""
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    made = postgres.make_database(cluster, f"plan_{next(_DATABASES)}")
    yield made
    postgres.drop_database(made)
