"""Stacks: what a pass over a grid made, layer by layer, read again by blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.grids import Block, Grid, measure_cells
from spatial.errors import Fault, GeometryError

Array = npt.NDArray[Any]
RasterKind = Literal["value", "grade", "class"]
_CLASSES = 256
_HECTARE_M2 = 1e4


class Reader(Protocol):
    """Reads the cells of a block from the file of a layer."""

    def __call__(self, path: Path, block: Block) -> Array:
        """Return the values of the block."""
        ...


@dataclass(frozen=True)
class StackLayer:
    """One layer of a stack.

    Parameters
    ----------
    name : str
    kind : {"value", "grade", "class"}
        Values are float32 with NaN where missing, grades and classes uint8 with 0 where missing.
    zh, en : str
        Title.
    unit : str
    classes : mapping of int to (str, str)
        Titles of grades or classes in Chinese and English.
    path : Path
        GeoTIFF whose folder is named by the hash of all that it was made from.
    """

    name: str
    kind: RasterKind
    zh: str
    en: str
    unit: str
    classes: Mapping[int, tuple[str, str]]
    path: Path


@dataclass(frozen=True)
class RasterStack:
    """Layers on one grid, each in a file of its own.

    Parameters
    ----------
    grid : Grid
    layers : mapping of str to StackLayer
    reader : Reader
        Reads blocks; this room opens no files itself.
    """

    grid: Grid
    layers: Mapping[str, StackLayer]
    reader: Reader

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a layer of that name."""
        return name in self.layers

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers."""
        return tuple(self.layers)

    def path_of(self, name: str) -> Path:
        """Return the GeoTIFF of a layer.

        Raises
        ------
        GeometryError
            There is no such layer.
        """
        if name not in self.layers:
            known = ", ".join(self.layers) or "none"
            raise GeometryError(Fault("", name, "there is no such raster layer", f"there is {known}"))
        return self.layers[name].path

    def read(self, name: str, block: Block | None = None, halo: int = 0) -> Array:
        """Return a layer's cells: of a block with `halo` cells round it as far as the grid goes, or all."""
        path = self.path_of(name)
        return self.reader(path, self.grid.pad(block or self.grid.whole, halo))

    def blocks(self, size: int = 1024) -> tuple[Block, ...]:
        """Return the blocks of the grid."""
        return self.grid.blocks(size)

    def at(self, x: float, y: float) -> dict[str, float | int | None]:
        """Return every layer's value at a place of the grid's system; None where it is missing.

        Raises
        ------
        GeometryError
            The place lies outside the grid.
        """
        cell = self.grid.cell_of(x, y)
        if cell is None:
            raise GeometryError(
                Fault("", "", f"{x:.0f}, {y:.0f} lies outside the grid", "name a place inside")
            )
        found: dict[str, float | int | None] = {}
        for name, layer in self.layers.items():
            value = self.reader(layer.path, Block(*cell, 1, 1))[0, 0]
            if layer.kind == "value":
                found[name] = None if np.isnan(value) else float(value)
            else:
                found[name] = int(value) or None
        return found

    def counts(self, name: str) -> dict[int, int]:
        """Return how many cells each class of a grade or class layer has, without the missing ones."""
        total = sum(
            (np.bincount(values.ravel(), minlength=_CLASSES) for _, values in self._classes(name)),
            np.zeros(_CLASSES, dtype=np.int64),
        )
        return {key: int(total[key]) for key in range(1, _CLASSES) if total[key]}

    def areas_ha(self, name: str) -> dict[int, float]:
        """Return the area of each class on the ellipsoid, hectares, without the missing cells.

        Whole cells are counted. Planar cells of a 3° zone are up to 0.05 % too large; `measure_cells` takes
        that out.
        """
        total = np.zeros(_CLASSES)
        for block, values in self._classes(name):
            weights = measure_cells(self.grid, block)
            total += np.bincount(values.ravel(), weights=weights.ravel(), minlength=_CLASSES)
        return {key: float(total[key]) / _HECTARE_M2 for key in range(1, _CLASSES) if total[key]}

    def _classes(self, name: str) -> Iterator[tuple[Block, Array]]:
        path = self.path_of(name)
        if self.layers[name].kind == "value":
            raise GeometryError(Fault("", name, "is a layer of values, not of classes", "name another layer"))
        for block in self.grid.blocks():
            yield block, self.reader(path, block)
