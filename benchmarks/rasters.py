"""Rasters: ten factors weighted and put through a matrix, against reading and writing the same files alone.

``python -m benchmarks.rasters [--processor]``, by default 3 000 × 3 000 cells; ``SPATIAL_BENCH_CELLS=10000``
for the size that was asked. Ours goes the whole way: journal, GeoTIFF with overviews, what was seen of each
source. One rival does no arithmetic: rasterio reads the ten inputs window by window and writes
a tiled, deflated file of the same cells with overviews. The other, rioxarray with dask, makes the same
grades. Memory is the peak of a process of its own at two sizes.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.windows import Window

from benchmarks.sheet import Sheet, is_there, run_alone
from spatial.engine.rasters.grids import Block, Grid
from spatial.grading.streaming import Inputs, RasterLayer, stream
from spatial.plan.rasters import RasterContract
from spatial.sources.raster import RasterSource

FACTORS = tuple(f"factor_{number}" for number in range(10))
WEIGHTS = np.arange(1, 11, dtype=np.float32) / 55
MATRIX = np.array(
    [[1, 1, 1, 2, 5], [1, 1, 2, 3, 5], [2, 2, 3, 4, 5], [3, 4, 4, 5, 5], [5, 5, 5, 5, 5]], dtype=np.uint8
)
BREAKS = np.array([1.8, 2.6, 3.4, 4.2], dtype=np.float32)
TOLD_MB = 1024.0
SIDE = int(os.environ.get("SPATIAL_BENCH_CELLS", "3000"))


def integrate(
    factor_0: Any, factor_1: Any, factor_2: Any, factor_3: Any, factor_4: Any,
    factor_5: Any, factor_6: Any, factor_7: Any, factor_8: Any, factor_9: Any,
) -> np.ndarray:  # fmt: skip
    """Weigh ten factors, grade the sum, and put it through a matrix with the first factor."""
    factors = (
        factor_0,
        factor_1,
        factor_2,
        factor_3,
        factor_4,
        factor_5,
        factor_6,
        factor_7,
        factor_8,
        factor_9,
    )
    out = np.empty(factor_0.shape, dtype=np.uint8)
    table = np.zeros((6, 6), dtype=np.uint8)
    table[1:, 1:] = MATRIX
    for row in range(0, out.shape[0], 64):  # strips stay in the processor's cache
        strips = [factor[row : row + 64] for factor in factors]
        score = strips[0] * WEIGHTS[0]
        for strip, weight in zip(strips[1:], WEIGHTS[1:], strict=True):
            score += strip * weight
        grade = np.ones(score.shape, dtype=np.uint8)
        for limit in BREAKS:
            grade += score > limit
        missing = np.isnan(score)
        grade[missing] = 0
        first = np.where(np.isnan(strips[0]), np.float32(0), strips[0]).astype(np.uint8)
        out[row : row + 64] = table[grade, first]
    return out


LAYERS = {
    "integrated": RasterLayer("integrated", integrate, RasterContract("集成", "Integrated", "grade")),
}


class Everywhere:
    """A territory that is the whole grid."""

    def read(self, grid: Grid, block: Block) -> np.ndarray:
        return np.ones(block.shape, dtype=np.uint8)


def make_inputs(folder: Path, side: int, kind: str, *, alike: bool = False) -> None:
    """Write ten factors of patches of grades with some noise; those that are `alike` are copies of one."""
    rng, step = np.random.default_rng(5), 1024
    profile = {
        "driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": kind, "tiled": True,
        "crs": "EPSG:4547", "blockxsize": 512, "blockysize": 512, "compress": "deflate",
        "predictor": 3 if kind == "float32" else 1, "nodata": 0 if kind == "uint8" else np.nan,
        "transform": make_grid(side).transform,
    }  # fmt: skip
    for name in FACTORS[:1] if alike else FACTORS:
        scale = rng.uniform(0.002, 0.01, 4)
        with rasterio.open(folder / f"{name}.tif", "w", **profile) as raster:
            for row in range(0, side, step):
                y, x = np.mgrid[row : min(row + step, side), 0:side].astype(np.float32)
                wave = (
                    3 + 1.6 * np.sin(x * scale[0] + y * scale[1]) + 0.9 * np.cos(y * scale[2] - x * scale[3])
                )
                noise = rng.random(wave.shape, dtype=np.float32) < 0.025
                wave[noise] += 1
                cells = np.clip(np.rint(wave) if kind == "uint8" else wave, 1, 5).astype(kind)
                raster.write(cells, 1, window=Window(0, row, side, cells.shape[0]))
    for name in FACTORS[1:] if alike else ():
        shutil.copyfile(folder / f"{FACTORS[0]}.tif", folder / f"{name}.tif")


def make_grid(side: int) -> Grid:
    return Grid("EPSG:4547", 500_000.0, 3_900_000.0, 50.0, side, side)


def by_us(folder: Path, side: int, kind: str) -> Path:
    """Make the integrated grades by a pass; nothing of an earlier one is taken."""
    cache = folder / "ours"
    shutil.rmtree(cache, ignore_errors=True)
    nodata = 0.0 if kind == "uint8" else None
    sources: dict[str, Any] = {
        name: RasterSource(str(folder / f"{name}.tif"), "EPSG:4547", "nearest", nodata) for name in FACTORS
    }
    inputs = Inputs({**sources, "inside": Everywhere()}, dict.fromkeys((*FACTORS, "inside"), kind))
    return stream(make_grid(side), LAYERS, inputs, cache).stack.path_of("integrated")


def by_rasterio(folder: Path, side: int, answer: Path) -> Path:
    """Read the ten inputs and write the answer's cells, window by window, without any arithmetic."""
    out = folder / "rival.tif"
    profile = {
        "driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "uint8", "tiled": True,
        "crs": "EPSG:4547", "blockxsize": 512, "blockysize": 512, "compress": "deflate", "nodata": 0,
        "transform": make_grid(side).transform,
    }  # fmt: skip
    inputs = [rasterio.open(folder / f"{name}.tif") for name in FACTORS]
    with rasterio.open(answer) as known, rasterio.open(out, "w", **profile) as raster:
        for block in make_grid(side).blocks(1024):
            window = Window(block.column, block.row, block.width, block.height)
            for one in inputs:
                one.read(1, window=window)
            raster.write(known.read(1, window=window), 1, window=window)
    for one in inputs:
        one.close()
    _add_overviews(out, side)
    return out


def by_dask(folder: Path, side: int, kind: str) -> Path:
    """Make the same grades by rioxarray and dask, as their guides do: chunks, arithmetic, one write."""
    import threading

    import dask.array as da
    import rioxarray

    inputs = [
        rioxarray.open_rasterio(folder / f"{name}.tif", chunks={"band": 1, "x": 1024, "y": 1024}, lock=False)
        for name in FACTORS
    ]

    def judge(*parts: np.ndarray) -> np.ndarray:
        plain = [part[0].astype(np.float32) for part in parts]
        if kind == "uint8":
            plain = [np.where(part == 0, np.float32(np.nan), part) for part in plain]
        return integrate(*plain)[None]

    grades = inputs[0].copy(
        data=da.map_blocks(
            judge, *(one.data for one in inputs), dtype=np.uint8, meta=np.zeros((0, 0, 0), np.uint8)
        )
    )
    out = folder / "dask.tif"
    out.unlink(missing_ok=True)
    grades.rio.write_nodata(0, inplace=True)
    grades.rio.to_raster(
        out, driver="GTiff", tiled=True, blockxsize=512, blockysize=512, compress="deflate", dtype="uint8",
        lock=threading.Lock(),
    )  # fmt: skip
    _add_overviews(out, side)
    return out


def _add_overviews(path: Path, side: int) -> None:
    levels = [2**power for power in range(1, 12) if side / 2 ** (power - 1) > 512]
    with rasterio.open(path, "r+") as raster:
        raster.build_overviews(levels, Resampling.mode)


def measure_peak(folder: Path, side: int, kind: str) -> float:
    """Return the most memory that a process of its own takes for a pass, MB."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rasters", "--peak", str(folder), str(side), kind],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    return float(done.stdout)


def read_peak() -> float:
    """Return the most memory that this process has taken, MB."""
    status = Path("/proc/self/status")
    if status.is_file():  # what the system tells otherwise counts the parent's memory too
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _share_same(one: Path, other: Path) -> float:
    with rasterio.open(one) as ours, rasterio.open(other) as its:
        return float((ours.read(1) == its.read(1)).mean())


def measure(sheet: Sheet) -> None:
    """Put seconds and megabytes on the sheet."""
    sheet.begin(f"Ten factors to one grade, {SIDE:,} × {SIDE:,} cells, deflated tiles, overviews")
    sheet.note("ratio: rasterio's reading and writing alone / ours; 10 000 × 10 000 was asked")
    with_dask = is_there(sheet, "rioxarray", "dask")
    for kind in ("uint8", "float32"):
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text)
            make_inputs(folder, SIDE, kind)
            answer = by_us(folder, SIDE, kind).replace(folder / "answer.tif")
            tasks: dict[str, Callable[[], Any]] = {
                "ours": lambda folder=folder, kind=kind: by_us(folder, SIDE, kind),
                "rasterio": lambda folder=folder, answer=answer: by_rasterio(folder, SIDE, answer),
            }
            asked = {"rasterio": round(1 / 1.5, 2), "dask": {"uint8": 2.0, "float32": 1.2}[kind]}
            if with_dask:
                tasks["dask"] = lambda folder=folder, kind=kind: by_dask(folder, SIDE, kind)
            sheet.compare(f"{kind}: read, integrate, write", sheet.race(tasks), asked)
            for rival in ("rival", "dask") if with_dask else ("rival",):
                same = _share_same(by_us(folder, SIDE, kind), folder / f"{rival}.tif")
                sheet.bound(f"{kind}: share of cells that are the same ({rival})", same, 1.0, least=True)
    for side in (SIDE // 2, SIDE):
        with tempfile.TemporaryDirectory() as text:
            make_inputs(Path(text), side, "float32", alike=True)
            peak = measure_peak(Path(text), side, "float32")
            sheet.bound(f"float32: peak memory, {side:,} × {side:,} cells", peak, TOLD_MB, "MB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        by_us(Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
        print(read_peak())
    else:
        sys.exit(run_alone(measure))
