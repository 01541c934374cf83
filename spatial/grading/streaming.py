"""Streaming: raster layers of the themes, evaluated block by block over a grid into files of the cache.

All layers of a pass are made together, so each source cell is read once with the cells round its block. Files
are kept by the hash of code and inputs. A run that was stopped goes on behind the last whole block.
"""

from __future__ import annotations

import json
import os
import pkgutil
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.cache import fingerprint, hash_code
from spatial.engine.compute import run_ordered
from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rasters.passes import Pass, Step, plan_pass, run_pass
from spatial.engine.rasters.stacks import RasterStack, StackLayer
from spatial.engine.rasters.tiles import TILE, Cells, pack_tile
from spatial.errors import Fault, OutputError
from spatial.outputs.files import refuse, replacing
from spatial.outputs.parts import Parts
from spatial.plan.rasters import RasterContract, raster_of
from spatial.sources.raster import BlockSource, TiffReader, close_sources, holding_little

Array = npt.NDArray[Any]
INSIDE = "inside"
"""The source that says which cells belong to the territory; what lies outside is missing in every file."""
_NOTE = "stack.json"
_PACKED = {"value": 0.9, "grade": 0.25, "class": 0.25}
"""Size of packed cells against plain ones, hardly ever reached."""


@dataclass(frozen=True)
class RasterLayer:
    """A raster function of the themes with its contract."""

    name: str
    function: Callable[..., Array]
    contract: RasterContract


@dataclass(frozen=True)
class Seen:
    """What was seen of a source inside the territory: cells, how many are present, least and most."""

    cells: int = 0
    present: int = 0
    least: float | None = None
    greatest: float | None = None

    def __add__(self, other: Seen) -> Seen:
        """Return what was seen in both."""
        lows = [value for value in (self.least, other.least) if value is not None]
        highs = [value for value in (self.greatest, other.greatest) if value is not None]
        return Seen(
            self.cells + other.cells,
            self.present + other.present,
            min(lows, default=None),
            max(highs, default=None),
        )


@dataclass(frozen=True)
class Streamed:
    """What a pass made.

    Parameters
    ----------
    stack : RasterStack
    seen : mapping of str to Seen
        By source.
    left_out : mapping of str to tuple of str
        Layers that were not made, and the inputs that they lack.
    """

    stack: RasterStack
    seen: Mapping[str, Seen] = field(default_factory=dict)
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Inputs:
    """What a pass is made from.

    Parameters
    ----------
    sources : mapping of str to BlockSource
        By the name that functions take them by; `INSIDE` must be among them.
    identities : mapping of str to str
        Of each source, a hash of all that its cells depend on.
    constants : mapping of str to object
        Handed to functions by name; those that are used are part of the hash.
    told : mapping of str to str
        Where a source's cells come from, for whoever asks; no part of the hash.
    """

    sources: Mapping[str, BlockSource]
    identities: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)


def find_layers(package: ModuleType, stage: int = 1) -> dict[str, RasterLayer]:
    """Return the raster layers of a pass that the modules of a package declare, by name."""
    modules = [
        import_module(module.name)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    found = {
        name: RasterLayer(name, function, contract)
        for module in modules
        for name, function in vars(module).items()
        if (contract := raster_of(function))
        and function.__module__ == module.__name__
        and contract.stage == stage
    }
    return {name: found[name] for name in sorted(found)}


def stream(
    grid: Grid,
    layers: Mapping[str, RasterLayer],
    inputs: Inputs,
    folder: Path,
    *,
    notes: Mapping[str, str] | None = None,
    size: int = 2 * TILE,
    tile: int = TILE,
    workers: int | None = None,
) -> Streamed:
    """Make all layers that the inputs suffice for, or take them from the cache.

    Parameters
    ----------
    grid : Grid
    layers : mapping of str to RasterLayer
    inputs : Inputs
    folder : Path
        Of the cache; a folder in it is named by the hash of code and inputs.
    notes : mapping of str to str
        Metadata of the files.
    size, tile : int
        Sides of blocks and tiles, cells; a block holds whole tiles. They do not change a cell.
    workers : int, optional
        Threads.

    Raises
    ------
    OutputError
        Not enough space, a folder that cannot be written, or another run that makes the same rasters.
    GeometryError
        A function that breaks its contract.
    """
    assert size % tile == 0
    constants = {"cell_m": grid.cell_m, **inputs.constants}
    steps = [
        Step(one.name, one.function, one.contract.halo(grid.cell_m), one.contract.kind, one.contract.one_of)
        for one in layers.values()
    ]
    wanted = [one.name for one in layers.values() if one.contract.keep]
    work = plan_pass(steps, wanted, tuple(inputs.sources), constants)
    left_out = _list_lacking(steps, work, {*inputs.sources, *constants})
    key = _hash(grid, work, inputs, tile)
    place = folder / key
    stack = RasterStack(grid, {name: _describe(layers[name], place) for name in work.wanted}, TiffReader())
    known = _recall(place / _NOTE, stack)
    if known is None:
        with _alone(place), holding_little():
            check_space(place, grid, stack)
            known = _make(
                place, stack, work, inputs, notes=notes or {}, size=size, tile=tile, workers=workers
            )
    else:
        os.utime(place)  # the least lately used are forgotten first
    return Streamed(stack, known, left_out)


def _list_lacking(steps: list[Step], work: Pass, there: set[str]) -> dict[str, tuple[str, ...]]:
    made = {*there, *(step.name for step in work.steps)}
    lacking = {step.name: tuple(name for name in step.needs if name not in made) for step in steps}
    for step in steps:
        if step.one_of and made.isdisjoint(step.one_of):
            lacking[step.name] += (" or ".join(step.one_of),)
    return {name: names for name, names in lacking.items() if names}


def _hash(grid: Grid, work: Pass, inputs: Inputs, tile: int) -> str:
    taken = {name for step in work.steps for name in step.takes}
    constants = {name: work.constants[name] for name in sorted(taken & work.constants.keys())}
    sources = {name: inputs.identities[name] for name in sorted({*work.inputs, INSIDE})}
    return fingerprint((hash_code(), _name_libraries(), grid, work.wanted, tile, constants, sources))[:32]


def _name_libraries() -> tuple[str, ...]:
    import rasterio
    import scipy

    return rasterio.__version__, rasterio.__gdal_version__, scipy.__version__


def _describe(layer: RasterLayer, place: Path) -> StackLayer:
    said = layer.contract
    classes = {key: (text.pick("zh"), text.pick("en")) for key, text in said.classes.items()}
    return StackLayer(
        layer.name, said.kind, said.zh, said.en, said.unit, classes, place / f"{layer.name}.tif"
    )


def _recall(note: Path, stack: RasterStack) -> dict[str, Seen] | None:
    """Return what was seen when the files were made; None unless all are there."""
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        whole = all(stack.path_of(name).stat().st_size == size for name, size in known["files"].items())
    except (OSError, ValueError, KeyError):
        return None
    return {name: Seen(*seen) for name, seen in known["seen"].items()} if whole else None


def check_space(folder: Path, grid: Grid, stack: RasterStack) -> None:
    """Refuse a pass whose files may not fit on the disk.

    Raises
    ------
    OutputError
        Says how much is needed and how much there is.
    """
    cells = grid.rows * grid.columns
    sizes = [
        cells * (4 if layer.kind == "value" else 1) * _PACKED[layer.kind] for layer in stack.layers.values()
    ]
    need = sum(sizes) * (1 + 4 / 3)  # parts, then files with overviews
    free = shutil.disk_usage(folder).free
    if need > free:
        problem = (
            f"{len(sizes)} rasters of {grid.rows:,} x {grid.columns:,} cells may need {need / 1e9:,.1f} GB, "
            f"and {free / 1e9:,.1f} GB are free"
        )
        remedy = "free space, set SPATIAL_CACHE to a larger disk, or take larger cells (evaluation.cell)"
        raise OutputError(Fault(str(folder), "", problem, remedy))


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Hold a folder for this run; the system lets go of it however the run ends."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        with (place / "lock").open("a+b") as file:
            try:
                _lock(file.fileno())
            except OSError as error:
                problem, remedy = "another run is making these rasters", "wait for it to end"
                raise OutputError(Fault(str(place), "", problem, remedy)) from error
            yield
    except OutputError:
        raise
    except OSError as error:
        raise refuse(place, error) from error


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _make(
    place: Path, stack: RasterStack, work: Pass, inputs: Inputs, *,
    notes: Mapping[str, str], size: int, tile: int, workers: int | None,
) -> dict[str, Seen]:  # fmt: skip
    """Make the files of a stack, block by block, behind what an earlier run has left."""
    grid = stack.grid
    blocks = grid.blocks(size)
    parts = Parts(place, {"size": size, "tile": tile, "layers": list(work.wanted)})
    done = {line["block"] for line in parts.done}
    todo = [number for number in range(len(blocks)) if number not in done]

    def make(number: int) -> tuple[int, dict[str, dict[int, bytes]], dict[str, Seen]]:
        return number, *_make_block(stack, work, inputs, blocks[number], tile)

    try:
        for number, tiles, seen in run_ordered(make, todo, workers=workers, name="rasters", done=len(done)):
            plain = {name: [one.cells, one.present, one.least, one.greatest] for name, one in seen.items()}
            parts.add(number, tiles, {"seen": plain})
    finally:
        close_sources()
        parts.close()
    for name in work.wanted:
        layer = stack.layers[name]
        cells: Cells = "float32" if layer.kind == "value" else "uint8"
        parts.join(
            name, layer.path, grid, cells, tile, notes=notes,
            description=f"{layer.zh} {layer.en}", unit=layer.unit,
        )  # fmt: skip
    seen = _sum_seen(parts.done)
    _note(place / _NOTE, stack, seen)
    parts.remove()
    return seen


def _make_block(
    stack: RasterStack, work: Pass, inputs: Inputs, block: Block, tile: int
) -> tuple[dict[str, dict[int, bytes]], dict[str, Seen]]:
    """Return the packed tiles of a block by layer and number, and what was seen of the sources in it."""
    grid = stack.grid
    inside = inputs.sources[INSIDE].read(grid, block) != 0
    everywhere = bool(inside.all())
    if not everywhere and not inside.any():
        return {}, {}
    found = run_pass(work, grid, block, lambda name, part: inputs.sources[name].read(grid, part))
    across = -(-grid.columns // tile)
    tiles: dict[str, dict[int, bytes]] = {}
    for name in work.wanted:
        cells = found[name]
        empty = cells.dtype.type(0 if cells.dtype == np.uint8 else np.nan)
        kept = cells if everywhere else np.where(inside, cells, empty)
        tiles[name] = {}
        for row in range(0, block.height, tile):
            for column in range(0, block.width, tile):
                number = (block.row + row) // tile * across + (block.column + column) // tile
                tiles[name][number] = pack_tile(kept[row : row + tile, column : column + tile], tile)
    looked = {
        name: found[name] if everywhere else found[name][inside] for name in work.inputs if name != INSIDE
    }
    return tiles, {name: _look(cells) for name, cells in looked.items()}


def _look(cells: Array) -> Seen:
    if not cells.size:
        return Seen()
    least = cells.min()
    if not np.isnan(least):  # nothing is missing: two quick passes instead of four
        return Seen(cells.size, cells.size, float(least), float(cells.max()))
    present = int(np.count_nonzero(cells == cells))  # noqa: PLR0124 (NaN is not itself)
    if not present:
        return Seen(cells.size)
    least, greatest = np.fmin.reduce(cells, axis=None), np.fmax.reduce(cells, axis=None)
    return Seen(cells.size, present, float(least), float(greatest))


def _sum_seen(lines: list[dict[str, Any]]) -> dict[str, Seen]:
    total: dict[str, Seen] = {}
    for line in sorted(lines, key=lambda line: line["block"]):
        for name, seen in line["seen"].items():
            total[name] = total.get(name, Seen()) + Seen(*seen)
    return total


def _note(path: Path, stack: RasterStack, seen: Mapping[str, Seen]) -> None:
    """Write last of all that the files are whole."""
    record = {
        "files": {name: stack.path_of(name).stat().st_size for name in stack.names},
        "seen": {name: [one.cells, one.present, one.least, one.greatest] for name, one in seen.items()},
    }
    with replacing(path) as beside:
        beside.write_text(json.dumps(record, sort_keys=True, indent=1) + "\n", encoding="utf-8")
