"""Streaming: any block size gives the same bytes, stopped runs go on, and nothing is made twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rasters.passes import Step
from spatial.errors import GeometryError, OutputError
from spatial.grading.streaming import Inputs, RasterLayer, Streamed, stream
from spatial.plan.base import Text
from spatial.plan.rasters import RasterContract
from spatial.sources.raster import ArraySource, StackSource

rasterio = pytest.importorskip("rasterio")
GRID = Grid("EPSG:4546", 450_000.0, 3_900_000.0, 50.0, 75, 110)


class Cells:
    """Cells of an array as a source, which counts what is read of it."""

    def __init__(self, cells: np.ndarray) -> None:
        self.cells, self.read_cells = cells, 0

    def read(self, grid: Grid, block: Block) -> np.ndarray:
        self.read_cells += block.height * block.width
        return self.cells[block.slices]


def blurred(dem: np.ndarray) -> np.ndarray:
    return ndimage.uniform_filter(dem, 5, mode="nearest").astype(np.float32)


def graded(blurred: np.ndarray, cell_m: float) -> np.ndarray:
    return np.select([blurred > 0.55, blurred > 0.45], [3, 2], 1).astype(np.uint8)


def soil_grade(soil: np.ndarray) -> np.ndarray:
    return soil


LAYERS = {
    "blurred": RasterLayer("blurred", blurred, RasterContract("平滑", "Blurred", unit="m", halo_m=100)),
    "graded": RasterLayer(
        "graded", graded, RasterContract("分级", "Graded", "grade", classes={1: Text(zh="低", en="low")})
    ),
    "soil_grade": RasterLayer("soil_grade", soil_grade, RasterContract("土", "Soil", "grade")),
}


def make_inputs(seed: int = 1, identity: str = "a") -> Inputs:
    rng = np.random.default_rng(seed)
    dem = rng.random(GRID.shape).astype(np.float32)
    y, x = np.mgrid[: GRID.rows, : GRID.columns]
    inside = ((x - 50) ** 2 + (y - 40) ** 2 < 30**2).astype(np.uint8)
    return Inputs({"dem": Cells(dem), "inside": Cells(inside)}, {"dem": identity, "inside": "b"})


def run(
    folder: Path, size: int = 32, layers: Any = LAYERS, inputs: Inputs | None = None, workers: int = 2
) -> Streamed:
    return stream(GRID, layers, inputs or make_inputs(), folder, size=size, tile=16, workers=workers)


def test_a_pass_makes_what_the_functions_make_of_the_whole(tmp_path: Path) -> None:
    inputs = make_inputs()
    made = run(tmp_path, inputs=inputs)
    dem, inside = inputs.sources["dem"].cells, inputs.sources["inside"].cells == 1
    assert made.stack.names == ("blurred", "graded")
    assert made.left_out == {"soil_grade": ("soil",)}
    np.testing.assert_array_equal(made.stack.read("blurred"), np.where(inside, blurred(dem), np.nan))
    grades = np.where(inside, graded(blurred(dem), 50.0), 0)
    np.testing.assert_array_equal(made.stack.read("graded"), grades)
    assert made.stack.counts("graded") == {
        key: int((grades == key).sum()) for key in (1, 2, 3) if (grades == key).any()
    }
    assert made.seen["dem"].cells == inside.sum() == made.seen["dem"].present
    assert made.seen["dem"].least == dem[inside].min()
    block = Block(30, 40, 20, 30)
    np.testing.assert_array_equal(made.stack.read("graded", block, halo=3), grades[GRID.pad(block, 3).slices])
    x, y = GRID.left + 50.5 * 50, GRID.top - 40.5 * 50
    assert made.stack.at(x, y) == {"blurred": blurred(dem)[40, 50], "graded": grades[40, 50]}
    with pytest.raises(GeometryError, match="outside the grid"):
        made.stack.at(0, 0)
    with pytest.raises(GeometryError, match="no such raster layer"):
        made.stack.read("nothing")


def test_areas_are_those_of_the_ellipsoid(tmp_path: Path) -> None:
    stack = run(tmp_path).stack
    cells, areas = stack.counts("graded"), stack.areas_ha("graded")
    assert areas.keys() == cells.keys()
    for key, count in cells.items():
        assert areas[key] == pytest.approx(count * 0.25, rel=5e-4)  # k is 1.00003 here
        assert areas[key] != count * 0.25


@pytest.mark.parametrize(("size", "workers"), [(16, 1), (16, 3), (48, 2), (128, 1)])
def test_any_block_size_gives_the_same_bytes(tmp_path: Path, size: int, workers: int) -> None:
    first, other = run(tmp_path / "a").stack, run(tmp_path / "b", size, workers=workers).stack
    for name in first.names:
        assert first.path_of(name).read_bytes() == other.path_of(name).read_bytes()


def test_files_are_whole_geotiffs_with_overviews(tmp_path: Path) -> None:
    stack = run(tmp_path).stack
    with rasterio.open(stack.path_of("blurred")) as raster:
        assert raster.overviews(1) == [2, 4, 8]
        assert raster.units == ("m",)
        whole = raster.read(1, out_shape=(38, 55))  # the first overview
    values = stack.read("blurred")
    four = np.pad(values, ((0, 1), (0, 0)), constant_values=np.nan).reshape(38, 2, 55, 2)
    with np.errstate(invalid="ignore"):
        count = (~np.isnan(four)).sum(axis=(1, 3))
        mean = np.where(count, np.nansum(four, axis=(1, 3)) / np.maximum(count, 1), np.nan)
    np.testing.assert_allclose(whole, mean.astype(np.float32), rtol=1e-6)


def test_what_is_made_is_taken_from_the_cache_and_made_anew_when_it_must(tmp_path: Path) -> None:
    first = run(tmp_path)
    again = make_inputs()
    assert run(tmp_path, inputs=again).stack == first.stack
    assert again.sources["dem"].read_cells == 0
    assert run(tmp_path, inputs=make_inputs(identity="c")).stack.path_of("graded") != first.stack.path_of(
        "graded"
    )
    first.stack.path_of("graded").unlink()
    third = make_inputs()
    assert run(tmp_path, inputs=third).seen == first.seen
    assert third.sources["dem"].read_cells > 0
    assert not list(tmp_path.rglob("*.part"))


def test_blocks_outside_the_territory_are_not_read(tmp_path: Path) -> None:
    inputs = make_inputs()
    run(tmp_path, 16, inputs=inputs)
    y, x = np.nonzero(inputs.sources["inside"].cells)
    blocks = len(set(zip((y // 16).tolist(), (x // 16).tolist(), strict=True)))
    assert inputs.sources["dem"].read_cells <= blocks * 20 * 20


def test_a_stopped_run_goes_on_behind_the_last_whole_block(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole").stack
    seen: list[int] = []

    def failing(dem: np.ndarray) -> np.ndarray:
        seen.append(1)
        if len(seen) == 5:
            raise KeyboardInterrupt
        return blurred(dem)

    broken = LAYERS | {"blurred": RasterLayer("blurred", failing, LAYERS["blurred"].contract)}
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", 16, broken, workers=1)
    assert not list((tmp_path / "cut").rglob("*.tif"))
    (journal,) = (tmp_path / "cut").rglob("journal.part")
    with journal.open("ab") as file:
        file.write(b'{"block": 7, "end"')  # as a killed process leaves it
    (data,) = (tmp_path / "cut").rglob("tiles.part")
    with data.open("ab") as file:
        file.write(b"torn")
    inputs = make_inputs()
    stack = run(tmp_path / "cut", 16, inputs=inputs, workers=1).stack
    fresh = make_inputs()
    run(tmp_path / "fresh", 16, inputs=fresh, workers=1)
    assert 0 < inputs.sources["dem"].read_cells < fresh.sources["dem"].read_cells
    for name in whole.names:
        assert stack.path_of(name).read_bytes() == whole.path_of(name).read_bytes()


KILLED = """
import sys, time
sys.path.insert(0, sys.argv[2])
import test_streaming as t
from pathlib import Path
def slow(dem):
    time.sleep(0.15)
    return t.blurred(dem)
layers = t.LAYERS | {"blurred": t.RasterLayer("blurred", slow, t.LAYERS["blurred"].contract)}
import spatial.outputs.parts as parts
parts._SAFE_S = 0.0
print("begun", flush=True)
t.run(Path(sys.argv[1]), 16, layers, workers=1)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_process_loses_no_finished_block(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "cut"), str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        until = time.monotonic() + 30
        while time.monotonic() < until:
            found = list((tmp_path / "cut").rglob("journal.part"))
            if found and found[0].read_bytes().count(b"\n") > 4:
                break
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
    inputs, fresh = make_inputs(), make_inputs()
    stack = run(tmp_path / "cut", 16, inputs=inputs, workers=1).stack
    whole = run(tmp_path / "whole", 16, inputs=fresh, workers=1).stack
    assert inputs.sources["dem"].read_cells < fresh.sources["dem"].read_cells
    assert stack.path_of("graded").read_bytes() == whole.path_of("graded").read_bytes()


def test_a_small_disk_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 1000, 1000))
    inputs = make_inputs()
    with pytest.raises(OutputError, match=r"may need .* GB"):
        run(tmp_path, inputs=inputs)
    assert inputs.sources["dem"].read_cells == 0


@pytest.mark.skipif(os.name == "nt", reason="locks of another kind")
def test_two_runs_do_not_write_the_same_files(tmp_path: Path) -> None:
    def nested(dem: np.ndarray) -> np.ndarray:
        with pytest.raises(OutputError, match="another run"):
            run(tmp_path)
        return blurred(dem)

    layers = LAYERS | {"blurred": RasterLayer("blurred", nested, LAYERS["blurred"].contract)}
    run(tmp_path, 128, layers, workers=1)


def test_a_second_pass_reads_what_the_first_made(tmp_path: Path) -> None:
    first = run(tmp_path).stack

    def doubled(graded: np.ndarray) -> np.ndarray:
        return (graded * 2).astype(np.uint8)

    layers = {"doubled": RasterLayer("doubled", doubled, RasterContract("倍", "Doubled", "class"))}
    sources = {"graded": StackSource(first, "graded"), "inside": make_inputs().sources["inside"]}
    inputs = Inputs(sources, {"graded": str(first.path_of("graded")), "inside": "b"})
    second = run(tmp_path, layers=layers, inputs=inputs).stack
    np.testing.assert_array_equal(second.read("doubled"), first.read("graded") * 2)


def test_values_of_a_lattice_are_interpolated() -> None:
    rows, columns = np.mgrid[0:20, 0:30]
    plane = (rows * 3.0 + columns * 5.0).astype(np.float32)
    plane[0, 0] = np.nan
    source = ArraySource(plane, GRID.left + 25, GRID.top - 25, 200.0, GRID.crs)
    found = source.read(GRID, Block(10, 10, 8, 9))
    y, x = np.mgrid[10:18, 10:19]
    np.testing.assert_allclose(found, y / 4 * 3 + x / 4 * 5, rtol=1e-5)
    assert np.isnan(source.read(GRID, Block(0, 0, 1, 1))).all()


def test_steps_know_what_they_need() -> None:
    assert Step("a", graded).needs == ("blurred", "cell_m")
