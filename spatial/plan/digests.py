"""Digests: how every cell of the evaluation came to its class, as one table of the cases that there are.

Cells that went through the same grades, step by step, are one case. A territory of a million cells has some
thousands of cases, so that a page can hold the explanation of every cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy.typing as npt

from spatial.engine.rasters.grids import Grid
from spatial.plan.rasters import RasterContract
from spatial.plan.rules import Rule

InputKind = Literal["code", "truth", "interval", "number", "absent"]
"""What is kept of an input: its grade or class, 1 where it holds, the number of the interval between the
rule's breaks that it lies in, from 1, nothing of an amount, or nothing for want of data."""


@dataclass(frozen=True)
class DigestInput:
    """What went into a step: its name, the column of the table that holds it if any, and what is in there."""

    name: str
    kind: InputKind
    column: int | None = None


@dataclass(frozen=True)
class DigestStep:
    """A step that every cell goes through; see `spatial.plan.traces.Note`.

    `result` is the column that holds what came out, None of a step that was skipped for want of data.
    """

    layer: str
    action: str
    inputs: tuple[DigestInput, ...]
    result: int | None
    rule: Rule | None = None
    table: str = ""


@dataclass(frozen=True, eq=False)
class Digest:
    """How every cell came to one result.

    Parameters
    ----------
    result : str
        Layer.
    steps : tuple of DigestStep
        In the order in which they were done.
    table : numpy.ndarray of uint8, shape (cases, columns)
        The first case is of cells outside the territory: all 0. Grades and classes are 0 where missing.
    cells : numpy.ndarray of int32, shape (rows, columns)
        Case of each cell; frequent cases have low numbers.
    layers : mapping of str to int
        Column of each raster layer that was made on the way.
    """

    result: str
    steps: tuple[DigestStep, ...]
    table: npt.NDArray[Any]
    cells: npt.NDArray[Any]
    layers: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Digests:
    """How every cell of a grid came to all results.

    Parameters
    ----------
    grid : Grid
        Of the cells; coarser than that of the evaluation where `every` is above 1.
    every : int
        One of how many rows and columns was taken: the middle one.
    results : mapping of str to Digest
    contracts : mapping of str to RasterContract
        Of all layers that steps name.
    """

    grid: Grid
    every: int
    results: Mapping[str, Digest]
    contracts: Mapping[str, RasterContract]
