"""Wholes: what raster functions are handed, and what is known of a raster only over all of it.

Tallies of amounts, thresholds of shares, and patches: found once between two passes, then handed to raster
functions like any other input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from spatial.cache import fingerprint
from spatial.engine.grids import Block, Grid
from spatial.engine.patches import measure_patches
from spatial.engine.portions import share_breaks, tally_values
from spatial.engine.scoring import map_codes
from spatial.engine.stacks import RasterStack
from spatial.grading.streaming import Inputs
from spatial.plan.evaluation import BURNT, Evaluation
from spatial.plan.judging import WORST, settle_table
from spatial.plan.rules import RuleTable
from spatial.sources.factors import Opened
from spatial.sources.raster import BlockSource, BurntSource, StackSource
from spatial.themes.evaluation.importance import SHARED

Counts = npt.NDArray[np.int64]
LAND = {"farming": "farming_grade", "urban": "urban_grade"}
"""Evaluations whose grades are corrected by the patches they form."""


@dataclass(frozen=True, eq=False)
class PatchSource:
    """What is known of each patch, at each of its cells; NaN where there is none."""

    label: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]

    def read(self, grid: Grid, block: Block) -> npt.NDArray[np.float32]:
        """Return the cells of a block, float32."""
        assert grid.shape == self.label.shape
        return self.values[self.label[block.slices]]


def list_inputs(
    evaluation_spec: Evaluation,
    factor_sources: Opened,
    burnt_shapes: Mapping[str, tuple[BaseGeometry, ...]],
    raster_tables: Mapping[str, RuleTable],
    made: Mapping[str, tuple[BlockSource, str]] | None = None,
) -> Inputs:
    """Return what raster functions may ask for by name, and what tells it apart.

    `made` are factors that the plan gives no raster of but what they are made from, and how they are made.
    """
    burnt = {
        name: BurntSource(shapes, touched=name in BURNT and BURNT[name][2])
        for name, shapes in burnt_shapes.items()
    }
    identities = {name: fingerprint((source.touched, burnt_shapes[name])) for name, source in burnt.items()}
    for name, opened in factor_sources.sources.items():
        identities[name] = fingerprint((opened.sha256, opened.crs, opened.resampling, opened.nodata,
                                        opened.scale, opened.offset))  # fmt: skip
    made = made or {}
    identities |= {name: fingerprint(source) for name, (source, _) in made.items()}
    told = {name: f"sources.{factor.source}" for name, factor in evaluation_spec.factors.items()}
    told |= {name: f"sources.{source}" for name in burnt if (source := getattr(evaluation_spec, name, None))}
    sources = {name: source for name, (source, _) in made.items()}
    return Inputs(
        {**sources, **factor_sources.sources, **burnt},
        identities,
        {**raster_tables, "evaluation_spec": evaluation_spec, "factor_specs": evaluation_spec.factors},
        told | {name: text for name, (_, text) in made.items()},
    )


def join_stack(first: Inputs, stack: RasterStack) -> Inputs:
    """Return the inputs of the second pass: those of the first, what it made, thresholds and patches.

    Parameters
    ----------
    first : Inputs
        As `list_inputs` returns them: plan's part and rule tables are among the constants.
    stack : RasterStack
        What the first pass made of them.
    """
    tables, spec = first.constants, first.constants["evaluation_spec"]
    sources: dict[str, Any] = dict(first.sources)
    identities = dict(first.identities)
    for name in stack.names:
        sources[name], identities[name] = StackSource(stack, name), stack.path_of(name).parent.name + name
    for group, name in LAND.items():
        if name in stack:
            table = settle_table(tables[f"evaluation_{group}_rules"], spec, group)
            ratio, patch = measure_land(stack, name, table.value("class"))
            known = fingerprint((identities[name], table))
            sources |= {f"{group}_ratio": ratio, f"{group}_patch": patch}
            identities |= {f"{group}_ratio": known, f"{group}_patch": known}
    rules = settle_table(tables["evaluation_ecology_rules"], spec, "ecology")
    thresholds = find_thresholds(
        tally_services(stack), {name: rules.value(f"{name}.shares") for name in SHARED}
    )
    return Inputs(sources, identities, {**first.constants, "ecology_thresholds": thresholds})


def tally_services(stack: RasterStack) -> dict[str, Counts]:
    """Return the tally of the amounts of each service that the stack has, over the whole territory."""
    found = {}
    for prefix, name in SHARED.items():
        if name in stack:
            found[prefix] = sum(
                (tally_values(stack.read(name, block)) for block in stack.blocks()),
                start=np.zeros(1, dtype=np.int64),
            )
    return found


def find_thresholds(
    tallies: Mapping[str, Counts], shares: Mapping[str, tuple[float, ...]]
) -> dict[str, tuple[float, ...]]:
    """Return the amounts from which on the largest cells hold the shares of the total, by service."""
    return {prefix: share_breaks(counts, shares[prefix]) for prefix, counts in tallies.items()}


def measure_land(
    stack: RasterStack, name: str, classes: Mapping[int, int]
) -> tuple[PatchSource, PatchSource]:
    """Return compactness and area, m², of the patches that cells of one class form.

    Land of the worst grade forms none. The whole raster is held: some 10 bytes a cell.

    Parameters
    ----------
    stack : RasterStack
    name : str
        A layer of grades.
    classes : mapping of int to int
        Of each grade; cells of one class side by side are one patch.
    """
    patched = {grade: kind for grade, kind in classes.items() if grade < WORST}
    patches = measure_patches(map_codes(stack.read(name), patched), stack.grid.cell_m)
    area = patches.area_m2.astype(np.float32)
    area[0] = np.nan
    return PatchSource(patches.label, patches.ratio), PatchSource(patches.label, area)
