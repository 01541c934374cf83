"""Patching: the patches that cells of one class of grade form, traced once in strips and kept as rasters.

A province does not fit into memory. Its grades are read strip by strip, and compactness and area of each
patch are written beside the other rasters of the cache; whoever asks again, takes them from there.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rasters.patches import label_patches
from spatial.engine.rasters.scoring import map_codes
from spatial.engine.rasters.stacks import RasterStack
from spatial.engine.rasters.tiles import TILE
from spatial.engine.rasters.tracing import Traced, trace_patches
from spatial.grading.streaming import INSIDE, RasterLayer, Streamed, stream
from spatial.grading.streaming import Inputs as Handed
from spatial.plan.judging import WORST
from spatial.plan.rasters import RasterContract
from spatial.sources.raster import BlockSource

Measure = Literal["ratio", "area"]
Values = npt.NDArray[np.float32]
_STRIP_CELLS = 6_000_000
"""Cells of a strip: some 250 MB while its patches are told apart. Smaller strips cut more patches in two."""


class Land:
    """The patches of a layer of grades, traced when they are first asked for.

    Parameters
    ----------
    stack : RasterStack
    name : str
        The layer.
    classes : mapping of int to int
        Of each grade; cells of one class side by side are one patch. Land of the worst grade forms none.
    strip_cells : int
        Cells of a strip at most, but for a single row. Strips change no patch.
    """

    def __init__(
        self, stack: RasterStack, name: str, classes: Mapping[int, int], strip_cells: int = _STRIP_CELLS
    ) -> None:
        self._stack, self._name = stack, name
        self._classes = {grade: kind for grade, kind in classes.items() if grade < WORST}
        rows = TILE
        while rows > 1 and rows * stack.grid.columns > strip_cells:
            rows //= 2
        self._rows, self._lock = rows, threading.Lock()
        self._held: OrderedDict[int, npt.NDArray[np.int32]] = OrderedDict()

    @cached_property
    def traced(self) -> Traced:
        """Patches of the whole layer."""
        return trace_patches(self._strips(), self._stack.grid.cell_m)

    @cached_property
    def _values(self) -> dict[Measure, Values]:
        area = self.traced.area_m2.astype(np.float32)
        area[0] = np.nan
        return {"ratio": self.traced.ratio, "area": area}

    def read(self, measure: Measure, block: Block) -> Values:
        """Return what is known of the patch that each cell of a block lies in; NaN where there is none."""
        found = np.empty(block.shape, dtype=np.float32)
        bottom = block.row + block.height
        for number in range(block.row // self._rows, -(-bottom // self._rows)):
            first = number * self._rows
            top, low = max(first, block.row), min(first + self._rows, bottom)
            owner = self._owners(number, block)
            part = owner[top - first : low - first, block.column : block.column + block.width]
            found[top - block.row : low - block.row] = self._values[measure][part]
        return found

    def _owners(self, number: int, block: Block) -> npt.NDArray[np.int32]:
        """Return the patch of each cell of a strip; strips of two rows of blocks are held."""
        with self._lock:
            parts = self.traced.parts[number]
            if number not in self._held:
                most = 2 * -(-block.height // self._rows) + 1
                while len(self._held) >= most:
                    self._held.popitem(last=False)
                label, _ = label_patches(self._read(number * self._rows, self._rows))
                self._held[number] = parts[label]
            self._held.move_to_end(number)
            return self._held[number]

    def _read(self, row: int, rows: int) -> npt.NDArray[np.uint8]:
        grid = self._stack.grid
        block = Block(row, 0, min(rows, grid.rows - row), grid.columns)
        return map_codes(self._stack.read(self._name, block), self._classes)

    def _strips(self) -> Iterator[npt.NDArray[np.uint8]]:
        for row in range(0, self._stack.grid.rows, TILE):  # tiles are unpacked once
            cells = self._read(row, TILE)
            for first in range(0, len(cells), self._rows):
                yield cells[first : first + self._rows]


@dataclass(frozen=True, eq=False)
class LandSource:
    """One measure of a land's patches, at each of their cells."""

    land: Land
    measure: Measure

    def read(self, grid: Grid, block: Block) -> Values:
        """Return the cells of a block, float32; NaN where there is no patch."""
        return self.land.read(self.measure, block)


def stream_land(group: str, land: Land, inside: tuple[BlockSource, str], known: str, *,
                stack: RasterStack, folder: Path) -> Streamed:  # fmt: skip
    """Write compactness and area of a land's patches, or take them from the cache.

    Parameters
    ----------
    group : str
        Layers are called ``GROUP_ratio`` and ``GROUP_patch``; the area is in m² of the grid's plane.
    land : Land
    inside : tuple of BlockSource and str
        The territory, and its identity.
    known : str
        Of the land, a hash of all that its patches depend on.
    stack : RasterStack
        That the land's grades are of.
    folder : Path
        Of the cache.

    Raises
    ------
    OutputError
        As `spatial.grading.streaming.stream`.
    """
    sources: dict[str, Any] = {
        "land_ratio": LandSource(land, "ratio"), "land_area": LandSource(land, "area"), INSIDE: inside[0],
    }  # fmt: skip
    identities = {name: known for name in sources} | {INSIDE: inside[1]}
    compact = RasterContract("地块紧凑度", "Compactness of patches")
    wide = RasterContract("地块面积", "Area of patches", unit="m²")
    layers = {
        f"{group}_ratio": RasterLayer(f"{group}_ratio", _take_ratio, compact),
        f"{group}_patch": RasterLayer(f"{group}_patch", _take_area, wide),
    }
    return stream(stack.grid, layers, Handed(sources, identities), folder)


def _take_ratio(land_ratio: Values) -> Values:
    return land_ratio


def _take_area(land_area: Values) -> Values:
    return land_area
