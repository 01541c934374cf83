"""The second pass of the evaluation 双评价 as nodes of the pipeline: what needs the whole raster.

Services of ecology are graded by their share of the territory's total, and land by how compact its patches
are; see `spatial.wholes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shapely.geometry.base import BaseGeometry

from spatial import themes
from spatial.cache import find_rasters
from spatial.engine.stacks import RasterStack
from spatial.plan.evaluation import Evaluation
from spatial.plan.rules import RuleTable
from spatial.sources.factors import Opened
from spatial.streaming import Streamed, find_layers, stream
from spatial.wholes import join_stack, list_inputs


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
    evaluation_stack: RasterStack | None, assessment_stack: RasterStack | None
) -> RasterStack | None:
    """Return the layers of both passes in one stack, results first; None without an evaluation."""
    if evaluation_stack is None or assessment_stack is None:
        return None
    return replace(evaluation_stack, layers={**assessment_stack.layers, **evaluation_stack.layers})
