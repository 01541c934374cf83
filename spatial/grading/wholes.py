"""Wholes: what raster functions are handed, and what is known of a raster only over all of it.

Tallies of amounts, thresholds of shares, and patches: found once between two passes, then handed to raster
functions like any other input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from spatial.cache import find_rasters, fingerprint
from spatial.engine.rasters.portions import share_breaks, tally_values
from spatial.engine.rasters.stacks import RasterStack
from spatial.grading.patching import Land, stream_land
from spatial.grading.streaming import INSIDE, Inputs
from spatial.plan.judging import settle_table
from spatial.plan.parts.evaluation import BURNT, Evaluation
from spatial.plan.rules import RuleTable
from spatial.sources.factors import MONTHS, Opened
from spatial.sources.raster import BlockSource, BurntSource, MonthlySource, StackSource
from spatial.themes.evaluation.importance import SHARED

Counts = npt.NDArray[np.int64]
LAND = {"farming": "farming_grade", "urban": "urban_grade"}
"""Evaluations whose grades are corrected by the patches they form."""


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
        parts = opened.months if isinstance(opened, MonthlySource) else (opened,)
        identities[name] = fingerprint([
            (one.sha256, one.crs, one.resampling, one.nodata, one.scale, one.offset, one.band)
            for one in parts
        ])  # fmt: skip
    made = made or {}
    identities |= {name: fingerprint(source) for name, (source, _) in made.items()}
    given = evaluation_spec.factors
    told = {name: f"sources.{given[name.removesuffix(MONTHS)].source}" for name in factor_sources.sources}
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

    Raises
    ------
    OutputError
        Patches that cannot be kept.
    """
    tables, spec = first.constants, first.constants["evaluation_spec"]
    sources: dict[str, Any] = dict(first.sources)
    identities = dict(first.identities)
    for name in stack.names:
        sources[name], identities[name] = StackSource(stack, name), stack.path_of(name).parent.name + name
    for group, name in LAND.items():
        if name in stack:
            table = settle_table(tables[f"evaluation_{group}_rules"], spec, group)
            land, known = Land(stack, name, table.value("class")), fingerprint((identities[name], table))
            inside = sources[INSIDE], identities[INSIDE]
            made = stream_land(group, land, inside, known, stack=stack, folder=find_rasters()).stack
            sources |= {one: StackSource(made, one) for one in made.names}
            identities |= dict.fromkeys(made.names, known)
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
