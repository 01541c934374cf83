"""The second pass of the evaluation 双评价 as nodes of the pipeline: what needs the whole raster.

Services of ecology are graded by their share of the territory's total, and land by how compact its patches
are; see `spatial.grading.wholes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shapely.geometry.base import BaseGeometry

from spatial import themes
from spatial.cache import find_rasters
from spatial.engine.stacks import RasterStack
from spatial.grading.robustness import draw_runs, make_layers, measure_swings
from spatial.grading.streaming import Streamed, find_layers, stream
from spatial.grading.wholes import join_stack, list_inputs, tally_services
from spatial.plan.evaluation import Evaluation
from spatial.plan.rules import RuleTable
from spatial.sources.factors import Opened
from spatial.sources.raster import close_sources


def assessment_pass(
    *,
    evaluation_spec: Evaluation | None,
    evaluation_pass: Streamed | None,
    factor_sources: Opened,
    burnt_shapes: dict[str, tuple[BaseGeometry, ...]],
    raster_tables: Mapping[str, RuleTable],
) -> Streamed | None:
    """Make the layers of the second pass, or take them from the cache; None without an evaluation.

    Raises
    ------
    OutputError
        As `stream`.
    RuleError
        Breaks or weights of the plan that no rule knows.
    """
    if evaluation_spec is None or evaluation_pass is None:
        return None
    stack = evaluation_pass.stack
    first = list_inputs(evaluation_spec, factor_sources, burnt_shapes, raster_tables)
    inputs = join_stack(first, stack, evaluation_spec, raster_tables)
    return stream(stack.grid, find_layers(themes, 2), inputs, find_rasters())


def assessment_stack(assessment_pass: Streamed | None) -> RasterStack | None:
    """Return the layers of the second pass; None without an evaluation."""
    return assessment_pass.stack if assessment_pass else None


def evaluation_rasters(
    evaluation_stack: RasterStack | None,
    assessment_stack: RasterStack | None,
    robustness_pass: Streamed | None,
) -> RasterStack | None:
    """Return the layers of all passes in one stack, results first; None without an evaluation."""
    if evaluation_stack is None or assessment_stack is None or robustness_pass is None:
        return None
    results = {**assessment_stack.layers, **robustness_pass.stack.layers}
    return replace(evaluation_stack, layers={**results, **evaluation_stack.layers})


def robustness_pass(
    *,
    evaluation_spec: Evaluation | None,
    evaluation_stack: RasterStack | None,
    factor_sources: Opened,
    burnt_shapes: dict[str, tuple[BaseGeometry, ...]],
    raster_tables: Mapping[str, RuleTable],
) -> Streamed | None:
    """Make the layers of stability, or take them from the cache; None without an evaluation.

    Raises
    ------
    OutputError
        As `stream`.
    """
    if evaluation_spec is None or evaluation_stack is None:
        return None
    first = list_inputs(evaluation_spec, factor_sources, burnt_shapes, raster_tables)
    inputs = join_stack(first, evaluation_stack, evaluation_spec, raster_tables)
    runs = draw_runs(evaluation_spec, raster_tables, tally_services(evaluation_stack))
    layers = make_layers(inputs, runs, evaluation_stack.grid.cell_m)
    told = replace(inputs, constants={**inputs.constants, "robust_runs": runs})
    return stream(evaluation_stack.grid, layers, told, find_rasters())


def rule_swings(
    evaluation_spec: Evaluation | None,
    evaluation_stack: RasterStack | None,
    factor_sources: Opened,
    burnt_shapes: dict[str, tuple[BaseGeometry, ...]],
    raster_tables: Mapping[str, RuleTable],
) -> list[Any]:
    """Return what moving each rule does to its result, as `Swing`; none without an evaluation."""
    if evaluation_spec is None or evaluation_stack is None:
        return []
    first = list_inputs(evaluation_spec, factor_sources, burnt_shapes, raster_tables)
    inputs = join_stack(first, evaluation_stack, evaluation_spec, raster_tables)
    try:
        return measure_swings(
            evaluation_stack.grid, inputs, evaluation_spec, raster_tables, tally_services(evaluation_stack)
        )
    finally:
        close_sources()
