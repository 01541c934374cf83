"""Grounds of proposals: the evaluation, present use and given land as whole rasters of the territory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.grids import Grid, measure_cells
from spatial.engine.rasters.stacks import RasterStack

Grades = npt.NDArray[np.uint8]
Truths = npt.NDArray[np.bool_]

LAYERS = (
    "ecology_importance",
    "farming_concentrated",
    "farming_suitability",
    "urban_concentrated",
    "ecosystem",
)
"""Layers of the evaluation that proposals are drawn from."""
NEEDS: dict[str, tuple[str, ...]] = {
    "permanent_farmland": ("farming_concentrated", "ecosystem"),
    "ecological_redline": ("ecology_importance",),
    "urban_boundary": ("urban_concentrated", "existing_urban"),
}
"""What each line cannot be drawn without: layers of the evaluation, or land that the plan gives."""
ZONES_NEED = ("farming_suitability",)
GIVEN: dict[str, str] = {
    "approved_farmland": "permanent_farmland",
    "protection": "ecological_redline",
    "existing_urban": "urban_boundary",
}
"""Land that a plan gives to a line, in the order in which it prevails."""
_HECTARE_M2 = 1e4


@dataclass(frozen=True, eq=False)
class Ground:
    """Whole rasters, one byte a cell each.

    Parameters
    ----------
    grid : Grid
    inside : ndarray of bool
        The territory.
    layers : mapping of str to ndarray of uint8
        Those of `LAYERS` that there are; 0 missing and outside.
    given : mapping of str to ndarray of bool
        Land given to each line, inside and apart from each other; empty where none is.
    built : ndarray of bool
        Existing built area, whoever else is given it.
    cell_ha : float
        Mean area of the territory's cells on the ellipsoid, hectares.
    """

    grid: Grid
    inside: Truths
    layers: Mapping[str, Grades]
    given: Mapping[str, Truths]
    built: Truths
    cell_ha: float

    @property
    def cell_m(self) -> float:
        """Side of a cell, metres."""
        return self.grid.cell_m

    def lacks(self, line: str) -> tuple[str, ...]:
        """Return what is missing for a line to be drawn."""
        there = {*self.layers, *(["existing_urban"] if self.built.any() else [])}
        return tuple(name for name in NEEDS[line] if name not in there)

    def lacks_for_zones(self) -> tuple[str, ...]:
        """Return what is missing for zones to be drawn: they need every line and more."""
        lines = [name for line in NEEDS for name in self.lacks(line)]
        return (*lines, *(name for name in ZONES_NEED if name not in self.layers))

    def where(self, layer: str, classes: tuple[int, ...]) -> Truths:
        """Return where a layer has one of some classes; nowhere without the layer."""
        if layer not in self.layers:
            return np.zeros(self.inside.shape, dtype=bool)
        listed = np.zeros(256, dtype=bool)
        listed[list(classes)] = True
        return listed[self.layers[layer]]

    def given_to_others(self, line: str) -> Truths:
        """Return land that the plan gives to other lines."""
        taken = np.zeros(self.inside.shape, dtype=bool)
        for other, land in self.given.items():
            if other != line:
                taken |= land
        return taken


def survey_ground(stack: RasterStack, masks: Mapping[str, Grades]) -> Ground:
    """Read what proposals are drawn from; layers are cut to the territory.

    Parameters
    ----------
    stack : RasterStack
    masks : mapping of str to ndarray of uint8
        As `spatial.grading.proposals.proposal_masks` returns them.
    """
    inside = masks["inside"] > 0
    layers = {name: np.where(inside, stack.read(name), np.uint8(0)) for name in LAYERS if name in stack}
    given, taken = {}, ~inside
    for name, line in GIVEN.items():
        land = masks.get(name, np.zeros(inside.shape, dtype=np.uint8)) > 0
        given[line] = land & ~taken
        taken |= given[line]
    built = (masks.get("existing_urban", np.zeros(inside.shape, dtype=np.uint8)) > 0) & inside
    sizes = measure_cells(stack.grid, stack.grid.whole)[inside]
    cell_m2 = float(sizes.mean()) if len(sizes) else stack.grid.cell_m**2
    return Ground(stack.grid, inside, layers, given, built, cell_m2 / _HECTARE_M2)
