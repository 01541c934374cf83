"""Digesting: the steps of all cells of the evaluation, noted at once, and the cases that they come to.

The raster functions themselves are run over the cells once more, and what they do is noted as they do it, as
``spatial explain`` does with one cell. So the page tells what was done, not what somebody thinks is done.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial import themes
from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rasters.passes import Pass, Step, plan_pass, run_pass
from spatial.engine.rasters.scoring import grade_by_breaks
from spatial.engine.rasters.stacks import RasterStack
from spatial.engine.rasters.thinning import choose_block, choose_every, thin_cells, thin_grid
from spatial.grading.streaming import INSIDE, Inputs, RasterLayer, find_layers
from spatial.grading.wholes import join_stack
from spatial.plan.base import Text
from spatial.plan.digests import Digest, DigestInput, Digests, DigestStep
from spatial.plan.rules import Intervals, RuleTable
from spatial.plan.traces import Sweep, list_rules, making, note, sweeping, tracing
from spatial.sources.raster import StackSource, close_sources

RESULTS = (
    "farming_suitability",
    "urban_suitability",
    "ecology_importance",
    "land_conflict",
    "land_potential",
)
"""Layers that a reader may ask the reasons of. A result that another needs is taken as given there."""
ECOSYSTEM = "ecosystem"
"""Layer whose classes are named by a rule table."""
_AREA = "patch_m2"

Cells = npt.NDArray[np.uint8]
Array = npt.NDArray[Any]


def digest_cells(first: Inputs, stack: RasterStack, results: RasterStack) -> Digests:
    """Return how every cell came to the results that were made.

    Cells are those of the grid as far as it has at most 2 500 000; of a larger grid the middle one of every
    2 × 2, 3 × 3 … cells stands for them, and `Digests.every` says so.

    Parameters
    ----------
    first : Inputs
        Of the first pass.
    stack, results : RasterStack
        Of the first and the second pass.
    """
    grid = stack.grid
    inputs = join_stack(first, stack)
    every = choose_every(grid)
    layers = find_layers(themes, 1) | find_layers(themes, 2)
    try:
        found = {
            name: digest_result(name, layers, inputs, results, every) for name in RESULTS if name in results
        }
    finally:
        close_sources()
    named = {step.layer for digest in found.values() for step in digest.steps}
    named |= {name for digest in found.values() for step in digest.steps for name in _names(step)}
    contracts = {name: layers[name].contract for name in sorted(named & layers.keys())}
    if ECOSYSTEM in contracts:
        names = name_ecosystems(inputs.constants["evaluation_cover_rules"])
        contracts[ECOSYSTEM] = replace(contracts[ECOSYSTEM], classes=names)
    return Digests(thin_grid(grid, every), every, found, contracts)


def name_ecosystems(cover: RuleTable) -> dict[int, Text]:
    """Return what the table of land cover calls each ecosystem, by its code.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> name_ecosystems(read_rules("evaluation_cover"))[3].zh
    '针阔混交林'
    """
    return {code: cover[f"code.{name}"].label for name, code in cover.under("code").items()}


def _names(step: DigestStep) -> Iterator[str]:
    return (one.name for one in step.inputs)


def digest_result(
    result: str, layers: Mapping[str, RasterLayer], inputs: Inputs, stack: RasterStack, every: int
) -> Digest:
    """Return how every cell came to one result.

    Parameters
    ----------
    result : str
    layers : mapping of str to RasterLayer
        Of both passes.
    inputs : Inputs
        Of the second pass.
    stack : RasterStack
        Of the second pass: results that this one needs are read from it.
    every : int
        As of `choose_every`.
    """
    grid = stack.grid
    given = {name: StackSource(stack, name) for name in RESULTS if name != result and name in stack}
    sources = {**inputs.sources, **given}
    work = plan_steps(result, layers, sources, {"cell_m": grid.cell_m, **inputs.constants})
    gathered = _Gathered(thin_grid(grid, every).shape)
    for block in grid.blocks(choose_block(every)):
        inside = thin_cells(sources[INSIDE].read(grid, block), every) != 0
        if not inside.any():
            continue
        arrays = {name: thin_cells(sources[name].read(grid, block), every) for name in work.inputs}
        gathered.add(_sweep(work, arrays), inside, block, every)
    table, cells = list_cases(gathered.columns, gathered.inside)
    kept, places = _fold(table)
    steps = tuple(_renumber(step, places) for step in gathered.steps)
    made = {step.layer: step.result for step in steps if step.action == "made" and step.result is not None}
    return Digest(result, steps, np.ascontiguousarray(table[:, kept]), cells, made)


def plan_steps(
    result: str, layers: Mapping[str, RasterLayer], sources: Mapping[str, Any], constants: Mapping[str, Any]
) -> Pass:
    """Return the steps to a result, which look at one cell only: amounts and other results are given."""
    taken = {
        name
        for name in sources
        if name not in layers or layers[name].contract.kind == "value" or (name in RESULTS and name != result)
    }
    steps = [
        Step(name, _watch(name, one.function), one.contract.halo(constants["cell_m"]),
             one.contract.kind, one.contract.one_of)
        for name, one in layers.items() if name not in taken
    ]  # fmt: skip
    work = plan_pass(steps, [result], sorted(taken), constants)
    assert not any(work.halos.values())
    return work


def trace_rules(
    result: str, layers: Mapping[str, RasterLayer], inputs: Inputs, stack: RasterStack
) -> set[tuple[str, str]]:
    """Return the rows, as table and key, that the steps to one result go by; parameters as `digest_result`.

    Every cell goes through the same steps, so one cell tells. Rows of steps that are skipped, or whose layer
    the profile does without, do not count.
    """
    grid = stack.grid
    given = {name: StackSource(stack, name) for name in RESULTS if name != result and name in stack}
    sources = {**inputs.sources, **given}
    work = plan_steps(result, layers, sources, {"cell_m": grid.cell_m, **inputs.constants})
    cell = Block(grid.rows // 2, grid.columns // 2, 1, 1)
    with tracing() as notes:
        run_pass(work, grid, cell, lambda name, part: sources[name].read(grid, part))
    return list_rules(notes)


def _watch(name: str, function: Callable[..., Array]) -> Callable[..., Array]:
    """Return a function that also notes what it made."""

    @functools.wraps(function)
    def watched(**given: Any) -> Array:
        with making(name):
            made = function(**given)
            note("made", {}, made)
        return made

    return watched


def _sweep(work: Pass, arrays: Mapping[str, Array]) -> list[Sweep]:
    shape = next(iter(arrays.values())).shape
    grid = Grid("", 0, 0, 1, *shape)
    with sweeping() as sweeps:
        run_pass(work, grid, grid.whole, lambda name, _: arrays[name])
    return sweeps


@dataclass
class _Gathered:
    """Columns of what was noted, block after block."""

    shape: tuple[int, int]
    steps: list[DigestStep] = field(default_factory=list)
    columns: list[Cells] = field(default_factory=list)
    inside: npt.NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.inside = np.zeros(self.shape, dtype=bool)

    def add(self, sweeps: Sequence[Sweep], inside: Array, block: Block, every: int) -> None:
        """Take the steps of a block."""
        steps, columns = _read_sweeps(sweeps, inside.shape)
        if not self.steps:
            self.steps = steps
            self.columns = [np.zeros(self.shape, dtype=np.uint8) for _ in columns]
        assert len(columns) == len(self.columns)
        row, column = block.row // every, block.column // every
        place = slice(row, row + inside.shape[0]), slice(column, column + inside.shape[1])
        self.inside[place] = inside
        for whole, part in zip(self.columns, columns, strict=True):
            whole[place] = part


class _Columns:
    """Columns of a block; an array that was noted before is the same column."""

    def __init__(self) -> None:
        self.cells: list[Cells] = []
        self._held: list[Array] = []
        self._known: dict[tuple[Any, ...], int] = {}

    def place(self, array: Array) -> int:
        """Return the number of an array's column."""
        key = array.__array_interface__["data"][0], array.strides, array.dtype
        if key not in self._known:
            self._known[key] = len(self.cells)
            self.cells.append(array.astype(np.uint8))
            # While it is held, no other array lies at its address.
            self._held.append(array)
        return self._known[key]


def _read_sweeps(sweeps: Sequence[Sweep], shape: tuple[int, ...]) -> tuple[list[DigestStep], list[Cells]]:
    """Return steps and the columns that they name."""
    columns = _Columns()
    steps = []
    for one in sweeps:
        if getattr(one.result, "shape", None) != shape or one.result.dtype.kind == "f":
            continue
        inputs = tuple(_read_input(name, value, one, columns) for name, value in one.inputs.items())
        done = None if one.action == "skip" else columns.place(one.result)
        steps.append(DigestStep(one.layer, one.action, inputs, done, one.rule, one.table))
    return steps, columns.cells


def _read_input(name: str, value: Any, one: Sweep, columns: _Columns) -> DigestInput:
    if value is None:
        return DigestInput(name, "absent")
    if getattr(value, "shape", None) != one.result.shape:
        return DigestInput(name, "number")
    if value.dtype.kind in "bui":
        return DigestInput(name, "truth" if value.dtype.kind == "b" else "code", columns.place(value))
    row = one.rule.value if one.rule else None
    if isinstance(row, Intervals) and name != _AREA:
        return DigestInput(
            name, "interval", columns.place(grade_by_breaks(value, row.breaks, None, row.edges))
        )
    return DigestInput(name, "number")


def list_cases(
    columns: Sequence[Cells], inside: npt.NDArray[np.bool_]
) -> tuple[Cells, npt.NDArray[np.int32]]:
    """Return the distinct rows of some columns of cells, frequent ones first, and the row of each cell.

    Returns
    -------
    ndarray of uint8, shape (cases, columns)
        The first row is all 0 and stands for cells that are not inside.
    ndarray of int32, shape of `inside`

    Examples
    --------
    >>> table, cells = list_cases([np.array([[5, 6, 6]], np.uint8)], np.array([[True, True, True]]))
    >>> table.ravel().tolist(), cells.tolist()
    ([0, 6, 5], [[2, 1, 1]])
    """
    flat = [column[inside] for column in columns]
    code = np.zeros(int(inside.sum()), dtype=np.int64)
    for column in flat:
        # Cases stay below 2^31, so that another byte always fits.
        code = pd.factorize(code * 256 + column)[0].astype(np.int64)
    found, first, counts = np.unique(code, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    place = np.empty(len(found), dtype=np.int32)
    place[order] = np.arange(1, len(found) + 1)
    cells = np.zeros(inside.shape, dtype=np.int32)
    cells[inside] = place[code]
    rows = np.stack([column[first[order]] for column in flat], axis=1)
    return np.vstack([np.zeros((1, len(flat)), dtype=np.uint8), rows]), cells


def _fold(table: Cells) -> tuple[list[int], list[int]]:
    """Return which columns differ from all before them, and where each column's like is among those."""
    known: dict[bytes, int] = {}
    kept: list[int] = []
    places: list[int] = []
    for number, column in enumerate(table.T):
        key = column.tobytes()
        if key not in known:
            known[key] = len(kept)
            kept.append(number)
        places.append(known[key])
    return kept, places


def _renumber(step: DigestStep, places: Sequence[int]) -> DigestStep:
    inputs = tuple(
        DigestInput(one.name, one.kind, None if one.column is None else places[one.column])
        for one in step.inputs
    )
    result = None if step.result is None else places[step.result]
    return DigestStep(step.layer, step.action, inputs, result, step.rule, step.table)
