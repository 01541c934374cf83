"""The contract of a raster layer, declared once beside the function that makes its blocks.

``@raster(...)`` only notes the contract; the function stays a plain one, from blocks to a block.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from spatial.engine.rasters.stacks import RasterKind
from spatial.plan.base import Text


@dataclass(frozen=True)
class RasterContract:
    """What a raster layer is.

    Parameters
    ----------
    zh, en : str
        Title.
    kind : {"value", "grade", "class"}
        Values are float32 with NaN where missing; grades and classes uint8 with 0 where missing.
    unit : str
        Of values.
    halo_m, halo_cells : float, int
        How far round a cell the function looks, in metres and in cells; the larger counts.
    classes : mapping of int to Text
        Titles of grades or classes.
    keep : bool
        Whether the layer is written; else it is only made on the way to others.
    one_of : tuple of str
        Parameters with a default of which at least one must be there.
    stage : int
        In which pass the layer is made: 2 needs something of the whole raster that pass 1 made.
    """

    zh: str
    en: str
    kind: RasterKind = "value"
    unit: str = ""
    halo_m: float = 0.0
    halo_cells: int = 0
    classes: Mapping[int, Text] = field(default_factory=dict)
    keep: bool = True
    one_of: tuple[str, ...] = ()
    stage: int = 1

    def halo(self, cell_m: float) -> int:
        """Return how many cells round a block the function needs.

        Examples
        --------
        >>> RasterContract("起伏度", "Relief", halo_m=225).halo(50)
        5
        """
        return max(self.halo_cells, math.ceil(self.halo_m / cell_m - 1e-9))


_Function = TypeVar("_Function", bound=Callable[..., Any])


def raster(  # noqa: PLR0913 (each is a fact of the layer that its contract states)
    zh: str,
    en: str,
    *,
    kind: RasterKind = "value",
    unit: str = "",
    halo_m: float = 0.0,
    halo_cells: int = 0,
    classes: Mapping[int, Text] | None = None,
    keep: bool = True,
    one_of: tuple[str, ...] = (),
    stage: int = 1,
) -> Callable[[_Function], _Function]:
    """Declare that a function makes the blocks of a raster layer.

    Its parameters are named after raster layers, raster sources, ``cell_m``, specs and rule tables. One with
    a default is optional: it is left at it where the plan gives no such source. The function must give the
    same cells whatever block they are in, provided that its inputs reach its halo beyond the block.

    Raises
    ------
    ValueError
        Classes of a layer of values, or outside 1 to 255.

    Examples
    --------
    >>> @raster("坡度", "Slope", unit="°", halo_cells=1)
    ... def slope(elevation, cell_m): ...
    >>> raster_of(slope).unit
    '°'
    """
    named = dict(classes or {})
    if named and (kind == "value" or not all(1 <= key <= 255 for key in named)):
        raise ValueError("classes are 1 to 255, of layers of grades or classes")

    def declare(function: _Function) -> _Function:
        contract = RasterContract(zh, en, kind, unit, halo_m, halo_cells, named, keep, one_of, stage)
        function.__dict__["raster"] = contract
        return function

    return declare


def raster_of(function: Callable[..., Any]) -> RasterContract | None:
    """Return the contract that ``@raster`` noted on a function, or None."""
    return getattr(function, "raster", None) if inspect.isfunction(function) else None
