"""Passes over a grid: functions of blocks in order, each given the cells round its block that it needs."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rasters.stacks import RasterKind
from spatial.errors import Fault, GeometryError

Array = npt.NDArray[Any]
Read = Callable[[str, Block], Array]


@dataclass(frozen=True)
class Step:
    """A function from blocks to a block.

    Parameters
    ----------
    name : str
        Of the layer that it makes.
    function : callable
        Its parameters are names of inputs, of other steps, and of constants; those with a default may lack.
    halo : int
        Cells round a block that it looks at.
    kind : {"value", "grade", "class"}
        Values are float32 with NaN where missing; grades and classes uint8 with 0 where missing.
    one_of : tuple of str
        Parameters with a default of which at least one must be there.
    """

    name: str
    function: Callable[..., Array]
    halo: int = 0
    kind: RasterKind = "value"
    one_of: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """Parameters without a default."""
        return tuple(name for name, one in self._parameters() if one.default is inspect.Parameter.empty)

    @property
    def takes(self) -> tuple[str, ...]:
        """All parameters."""
        return tuple(name for name, _ in self._parameters())

    def _parameters(self) -> Iterable[tuple[str, inspect.Parameter]]:
        return inspect.signature(self.function).parameters.items()


@dataclass(frozen=True)
class Pass:
    """Steps in an order in which each finds its inputs made.

    Parameters
    ----------
    steps : tuple of Step
    wanted : tuple of str
        Steps whose blocks are handed on.
    inputs : tuple of str
        What is read.
    halos : mapping of str to int
        How many cells beyond a block each input and step is needed.
    constants : mapping of str to object
        The same for every block, handed to functions by name.
    """

    steps: tuple[Step, ...]
    wanted: tuple[str, ...]
    inputs: tuple[str, ...]
    halos: Mapping[str, int]
    constants: Mapping[str, Any]


def plan_pass(
    steps: Sequence[Step], wanted: Collection[str], inputs: Collection[str], constants: Mapping[str, Any]
) -> Pass:
    """Choose and order the steps that can be made, and add up how far each must see.

    A step whose needed inputs are not there is left out, and so are those that need it. An input or step that
    only lacking steps would use is not read or made.

    Raises
    ------
    GeometryError
        Steps that need each other.

    Examples
    --------
    >>> steps = [Step("slope", lambda dem: dem, 1), Step("grade", lambda slope, rain=None: slope, 2)]
    >>> made = plan_pass(steps, ["grade"], ["dem", "soil"], {})
    >>> [step.name for step in made.steps], made.inputs, dict(made.halos)
    (['slope', 'grade'], ('dem',), {'grade': 0, 'slope': 2, 'dem': 3})
    """
    named = {step.name: step for step in steps}
    there, possible = {*inputs, *constants}, list[Step]()
    for name in _sort(named):
        enough = not named[name].one_of or not there.isdisjoint(named[name].one_of)
        if enough and there.issuperset(named[name].needs):
            possible.append(named[name])
            there.add(name)
    halos = {name: 0 for name in wanted if name in {step.name for step in possible}}
    for step in reversed(possible):
        if step.name in halos:
            reach = halos[step.name] + step.halo
            for taken in there.intersection(step.takes) - constants.keys():
                halos[taken] = max(halos.get(taken, 0), reach)
    used = tuple(step for step in possible if step.name in halos)
    return Pass(
        used,
        tuple(step.name for step in used if step.name in set(wanted)),
        tuple(name for name in inputs if name in halos),
        halos,
        constants,
    )


def _sort(named: Mapping[str, Step]) -> list[str]:
    sorter = TopologicalSorter({name: [n for n in step.takes if n in named] for name, step in named.items()})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        names = ", ".join(map(str, error.args[1]))
        raise GeometryError(Fault("", names, "raster layers need each other", "undo the circle")) from error


def run_pass(work: Pass, grid: Grid, block: Block, read: Read) -> dict[str, Array]:
    """Make the wanted layers of one block.

    Parameters
    ----------
    work : Pass
    grid : Grid
    block : Block
    read : callable
        Returns the cells of an input in a block.

    Returns
    -------
    dict of str to ndarray
        By layer; inputs too, under their names, cut to the block.

    Raises
    ------
    GeometryError
        A function that returns another shape or kind of cells than it must.
    """
    held: dict[str, tuple[Block, Array]] = {}
    found: dict[str, Array] = {}
    users = Counter(name for step in work.steps for name in step.takes)
    for name in work.inputs:
        around = grid.pad(block, work.halos[name])
        held[name] = around, read(name, around)
        found[name] = held[name][1][block.within(around)]
    for step in work.steps:
        reach = grid.pad(block, work.halos[step.name] + step.halo)
        given = {
            name: held[name][1][reach.within(held[name][0])] if name in held else work.constants[name]
            for name in step.takes
            if name in held or name in work.constants
        }
        cells = _check(step, step.function(**given), reach)
        around = grid.pad(block, work.halos[step.name])
        held[step.name] = around, cells[around.within(reach)]
        if step.name in work.wanted:
            found[step.name] = held[step.name][1][block.within(around)]
        for name in step.takes:
            users[name] -= 1
            if not users[name]:
                held.pop(name, None)
    return found


def _check(step: Step, cells: Any, reach: Block) -> Array:
    """Return what a function made as the cells of its kind; refuse what would be changed by that."""
    kind = np.float32 if step.kind == "value" else np.uint8
    cells = np.asarray(cells)
    wrong = cells.shape != reach.shape or (
        cells.dtype.kind != "f" if kind is np.float32 else cells.dtype != np.uint8
    )
    if wrong:
        problem = f"made {cells.dtype} of shape {cells.shape}, not {np.dtype(kind)} of shape {reach.shape}"
        raise GeometryError(Fault("", step.name, problem, "mend the function of this raster layer"))
    return cells.astype(kind, copy=False)
