"""Passes: order, what is left out, and that blocks of any size meet without seams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rasters.passes import Step, plan_pass, run_pass
from spatial.errors import GeometryError


def blurred(dem: np.ndarray) -> np.ndarray:
    return ndimage.uniform_filter(dem, 3, mode="nearest").astype(np.float32)


def highest(blurred: np.ndarray) -> np.ndarray:
    return ndimage.maximum_filter(blurred, 5, mode="nearest").astype(np.float32)


def graded(highest: np.ndarray, dem: np.ndarray, limit: float) -> np.ndarray:
    return np.where(highest - dem > limit, 2, 1).astype(np.uint8)


STEPS = [Step("graded", graded, 0, "grade"), Step("highest", highest, 2), Step("blurred", blurred, 1)]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 31), st.integers(0, 9))
def test_any_block_size_gives_the_same(rows: int, columns: int, size: int, seed: int) -> None:
    grid = Grid("EPSG:4546", 0.0, 0.0, 50.0, rows, columns)
    dem = np.random.default_rng(seed).random(grid.shape).astype(np.float32)
    work = plan_pass(STEPS, ["graded", "highest"], ["dem"], {"limit": 0.3})
    made = {name: np.zeros(grid.shape) for name in work.wanted}
    for block in grid.blocks(size):
        found = run_pass(work, grid, block, lambda _, part: dem[part.slices])
        for name, cells in made.items():
            cells[block.slices] = found[name]
    np.testing.assert_array_equal(made["highest"], highest(blurred(dem)))
    np.testing.assert_array_equal(made["graded"], graded(highest(blurred(dem)), dem, 0.3))


def test_what_lacks_an_input_is_left_out_and_all_that_needs_it() -> None:
    steps = [
        Step("wet", lambda rain: rain),
        Step("farm", lambda wet, slope: wet),
        Step("slope", lambda dem: dem),
        Step("town", lambda slope, wet=None: slope),
    ]
    work = plan_pass(steps, ["wet", "farm", "town"], ["dem", "soil"], {})
    assert work.wanted == ("town",)
    assert work.inputs == ("dem",)
    assert {step.name for step in work.steps} == {"slope", "town"}


def test_an_optional_input_is_waited_for() -> None:
    steps = [
        Step("town", lambda slope, wet=None: wet),
        Step("wet", lambda rain: rain + 1),
        Step("slope", lambda dem: dem),
    ]
    work = plan_pass(steps, ["town"], ["dem", "rain"], {})
    grid = Grid("EPSG:4546", 0.0, 0.0, 50.0, 1, 1)
    found = run_pass(work, grid, grid.whole, lambda _, block: np.ones(block.shape, np.float32))
    assert found["town"] == 2


def test_a_circle_is_refused() -> None:
    with pytest.raises(GeometryError, match="need each other"):
        plan_pass([Step("a", lambda b: b), Step("b", lambda a: a)], ["a"], [], {})


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (np.ones((2, 3), np.float32), "value"),
        (np.ones((3, 3), np.int64), "value"),
        (np.ones((3, 3), np.int64), "grade"),
        (np.ones((3, 3), np.float32), "class"),
    ],
)
def test_other_cells_than_promised_are_refused(made: np.ndarray, kind) -> None:
    work = plan_pass([Step("odd", lambda dem: made, 0, kind)], ["odd"], ["dem"], {})
    grid = Grid("EPSG:4546", 0.0, 0.0, 50.0, 3, 3)
    with pytest.raises(GeometryError, match="odd"):
        run_pass(work, grid, Block(0, 0, 3, 3), lambda _, block: np.ones(block.shape, np.float32))
