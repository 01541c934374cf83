"""Crossings: areas of the combinations of classes that several rasters have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatial.engine.rasters.grids import measure_cells
from spatial.engine.rasters.stacks import RasterStack

_HECTARE_M2 = 1e4
_BASE = 256


def cross_areas(stack: RasterStack, names: Sequence[str]) -> dict[tuple[int, ...], float]:
    """Return the area of each combination of classes, hectares on the ellipsoid; cells count whole.

    Parameters
    ----------
    stack : RasterStack
    names : sequence of str
        Layers of grades or classes, at most seven. 0 stands for missing; where all are missing too.

    Returns
    -------
    dict of tuple of int to float
        One class a layer, in the order of `names`, sorted.
    """
    total: dict[tuple[int, ...], float] = {}
    for block in stack.blocks():
        code = np.zeros(block.shape, dtype=np.int64)
        for name in names:
            code = code * _BASE + stack.read(name, block)
        found, place = np.unique(code, return_inverse=True)
        areas = np.bincount(place.ravel(), weights=measure_cells(stack.grid, block).ravel()) / _HECTARE_M2
        for key, area in zip(found.tolist(), areas.tolist(), strict=True):
            classes = tuple(key // _BASE**power % _BASE for power in range(len(names) - 1, -1, -1))
            total[classes] = total.get(classes, 0.0) + area
    return dict(sorted(total.items()))


def present_area_ha(stack: RasterStack, name: str) -> float:
    """Return the area of the cells of a layer of values that are not missing, hectares on the ellipsoid."""
    return float(
        sum(
            measure_cells(stack.grid, block)[~np.isnan(stack.read(name, block))].sum()
            for block in stack.blocks()
        )
        / _HECTARE_M2
    )
