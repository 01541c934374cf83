"""Slope and relief of heights: the whole way from file to file, against ``gdaldem``.

``python -m benchmarks.relief [--processor]``, by default 3 000 × 3 000 cells of float32; set
``SPATIAL_BENCH_CELLS`` for others. Both read one deflated GeoTIFF and write one, tiled, deflated, with
overviews. ``gdaldem roughness`` is the range of three by three cells, which our relief is for a window of
three; the window of twelve, about 20 ha at 50 m, has no counterpart there. Processor seconds count those of
programs that are called.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.windows import Window
from scipy.ndimage import zoom

from benchmarks.rasters import SIDE, Everywhere, make_grid
from benchmarks.sheet import Sheet, run_alone
from spatial.engine.rasters.relief import relief_m, slope_deg
from spatial.grading.streaming import Inputs, RasterLayer, stream
from spatial.plan.rasters import RasterContract
from spatial.sources.raster import RasterSource

CREATE = ("-co", "TILED=YES", "-co", "COMPRESS=DEFLATE", "-co", "BLOCKXSIZE=512", "-co", "BLOCKYSIZE=512")


def slope(elevation: Any, cell_m: float) -> np.ndarray:
    return slope_deg(elevation, cell_m)


def narrow(elevation: Any) -> np.ndarray:
    return relief_m(elevation, 3)


def wide(elevation: Any) -> np.ndarray:
    return relief_m(elevation, 12)


LAYERS = {
    "slope": RasterLayer("slope", slope, RasterContract("坡度", "Slope", halo_cells=1)),
    "narrow": RasterLayer("narrow", narrow, RasterContract("起伏", "Relief", halo_cells=2)),
    "wide": RasterLayer("wide", wide, RasterContract("起伏", "Relief", halo_cells=7)),
}
RIVALS = {"slope": "slope", "narrow": "roughness"}


def make_heights(file: Path, side: int) -> None:
    """Write hills of several sizes, to the centimetre."""
    chance, step = np.random.default_rng(3), 512
    coarse = [chance.normal(size=(side // size + 2, side // size + 2)) * size for size in (400, 60)]
    profile = {
        "driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "float32", "tiled": True,
        "crs": "EPSG:4547", "blockxsize": 512, "blockysize": 512, "compress": "deflate", "predictor": 3,
        "nodata": -9999, "transform": make_grid(side).transform,
    }  # fmt: skip
    heights = sum(zoom(one, side / (len(one) - 2), order=1)[:side, :side] for one in coarse)
    with rasterio.open(file, "w", **profile) as raster:
        for row in range(0, side, step):
            cells = np.round(heights[row : row + step], 2).astype(np.float32)
            raster.write(cells, 1, window=Window(0, row, side, len(cells)))


def by_us(folder: Path, side: int, name: str) -> Path:
    """Make one layer by a pass; nothing of an earlier one is taken."""
    cache = folder / "ours"
    shutil.rmtree(cache, ignore_errors=True)
    source = RasterSource(str(folder / "heights.tif"), "EPSG:4547", "nearest", -9999.0)
    inputs = Inputs({"elevation": source, "inside": Everywhere()}, {"elevation": "e", "inside": "i"})
    return stream(make_grid(side), {name: LAYERS[name]}, inputs, cache).stack.path_of(name)


def by_gdal(folder: Path, name: str) -> Path:
    """Make one layer by ``gdaldem``, and its overviews by ``gdaladdo``."""
    out = folder / "gdal.tif"
    out.unlink(missing_ok=True)
    subprocess.run(
        ["gdaldem", RIVALS[name], "-q", str(folder / "heights.tif"), str(out), *CREATE], check=True
    )
    subprocess.run(["gdaladdo", "-q", "-r", "average", str(out)], check=True)
    return out


def read_processor() -> float:
    """Return the processor seconds of this process and of programs that it has called."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def measure(sheet: Sheet) -> None:
    """Put seconds on the sheet."""
    sheet.begin(f"Slope and relief of {SIDE:,} × {SIDE:,} heights, file to file, deflated, overviews")
    if shutil.which("gdaldem") is None:
        sheet.note("gdaldem is not installed: no comparison with it")
        return
    timer = read_processor if sheet.processor else sheet.timer
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        make_heights(folder / "heights.tif", SIDE)
        for name in LAYERS:
            tasks: dict[str, Callable[[], Any]] = {"ours": lambda name=name: by_us(folder, SIDE, name)}
            if name in RIVALS:
                tasks[f"gdaldem {RIVALS[name]}"] = lambda name=name: by_gdal(folder, name)
            asked = {f"gdaldem {RIVALS[name]}": 1.0} if name in RIVALS else {}
            label = {"slope": "slope", "narrow": "relief, window 3", "wide": "relief, window 12"}[name]
            sheet.compare(label, sheet.race(tasks, timer=timer), asked)
            if name in RIVALS:
                _compare_cells(sheet, label, by_us(folder, SIDE, name), folder / "gdal.tif")


def _compare_cells(sheet: Sheet, label: str, ours: Path, gdal: Path) -> None:
    """Say how far the two are apart where both have a value; edges are missing in one of them."""
    with rasterio.open(ours) as one, rasterio.open(gdal) as other:
        mine, its = one.read(1), other.read(1)
        both = ~np.isnan(mine) & (its != other.nodata)
    sheet.bound(f"{label}: largest difference", float(np.abs(mine[both] - its[both]).max()), 0.01)


if __name__ == "__main__":
    os.environ.setdefault("GDAL_CACHEMAX", "256")
    sys.exit(run_alone(measure))
