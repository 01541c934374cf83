"""Patching: patches traced in strips and kept as rasters are those of the whole, and are traced once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rasters.patches import measure_patches
from spatial.engine.rasters.stacks import RasterStack, StackLayer
from spatial.grading import patching
from spatial.grading.patching import Land, LandSource, stream_land

CLASSES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 3}
GRID = Grid("EPSG:4547", 500_000.0, 3_900_000.0, 50.0, 700, 310)


class Everywhere:
    def read(self, grid: Grid, block: Block) -> np.ndarray:
        return np.ones(block.shape, dtype=np.uint8)


class Held:
    """Reads blocks of an array, and counts them."""

    def __init__(self, cells: np.ndarray) -> None:
        self.cells, self.reads = cells, 0

    def __call__(self, path: Path, block: Block) -> np.ndarray:
        self.reads += 1
        return self.cells[block.slices]


def make_stack(smooth: float, seed: int = 3) -> tuple[RasterStack, Held]:
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=GRID.shape), smooth)
    cells = np.digitize(noise, np.quantile(noise, [0.1, 0.3, 0.5, 0.7, 0.9])).astype(np.uint8)
    reader = Held(cells)
    layer = StackLayer("grade", "grade", "级", "Grade", "", {}, Path("none"))
    return RasterStack(GRID, {"grade": layer}, reader), reader


def whole(stack: RasterStack) -> dict[str, np.ndarray]:
    cells = stack.read("grade")
    kinds = np.array([0, 1, 1, 2, 2, 0], dtype=np.uint8)[cells]  # the worst grade forms no patch
    patches = measure_patches(kinds, GRID.cell_m)
    area = patches.area_m2.astype(np.float32)
    area[0] = np.nan
    return {"ratio": patches.spread(patches.ratio), "area": patches.spread(area)}


@pytest.mark.parametrize("smooth", [0.0, 1.0, 12.0])
@pytest.mark.parametrize("strip_cells", [1, 310 * 40, 10**9])
def test_patches_are_those_of_the_whole(smooth: float, strip_cells: int) -> None:
    stack, _ = make_stack(smooth)
    land = Land(stack, "grade", CLASSES, strip_cells)
    expected = whole(stack)
    for block in (GRID.whole, *GRID.blocks(256), Block(513, 7, 60, 90)):
        for measure in ("ratio", "area"):
            found = LandSource(land, measure).read(GRID, block)
            np.testing.assert_allclose(found, expected[measure][block.slices], rtol=1e-6)


def test_patches_are_written_once_and_taken_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, reader = make_stack(2.0)
    traced = []
    plain = patching.trace_patches

    def count(*args: object) -> object:
        traced.append(1)
        return plain(*args)

    monkeypatch.setattr(patching, "trace_patches", count)
    made = []
    for _ in range(3):
        before = reader.reads
        made.append(
            stream_land(
                "farming",
                Land(stack, "grade", CLASSES),
                (Everywhere(), "all"),
                "known",
                stack=stack,
                folder=tmp_path,
            ).stack
        )
    assert len(traced) == 1
    assert reader.reads == before  # the last one read no grade at all
    expected = whole(stack)
    for name, measure in (("farming_ratio", "ratio"), ("farming_patch", "area")):
        np.testing.assert_allclose(made[-1].read(name), expected[measure], rtol=1e-6)
