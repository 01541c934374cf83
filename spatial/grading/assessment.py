"""The second pass of the evaluation 双评价 as nodes of the pipeline: what needs the whole raster.

Services of ecology are graded by their share of the territory's total, and land by how compact its patches
are; see `spatial.grading.wholes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spatial import themes
from spatial.cache import find_rasters
from spatial.engine.rasters.stacks import RasterStack
from spatial.grading.digesting import RESULTS, digest_cells, trace_rules
from spatial.grading.robustness import draw_runs, make_layers, measure_swings
from spatial.grading.streaming import Inputs, Streamed, find_layers, stream
from spatial.grading.wholes import join_stack, tally_services
from spatial.plan.digests import Digests
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import RuleTable
from spatial.sources.raster import close_sources


def assessment_pass(
    evaluation_inputs: Inputs | None, evaluation_stack: RasterStack | None
) -> Streamed | None:
    """Make the layers of the second pass, or take them from the cache; None without an evaluation.

    Raises
    ------
    OutputError
        As `stream`.
    RuleError
        Breaks or weights of the plan that no rule knows.
    """
    if evaluation_inputs is None or evaluation_stack is None:
        return None
    inputs = join_stack(evaluation_inputs, evaluation_stack)
    return stream(evaluation_stack.grid, find_layers(themes, 2), inputs, find_rasters())


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


def evaluation_digests(
    evaluation_inputs: Inputs | None,
    evaluation_stack: RasterStack | None,
    assessment_stack: RasterStack | None,
) -> Digests | None:
    """Return how every cell came to the results, for the map; None without an evaluation."""
    if evaluation_inputs is None or evaluation_stack is None or assessment_stack is None:
        return None
    return digest_cells(evaluation_inputs, evaluation_stack, assessment_stack)


def rules_in_use(
    evaluation_inputs: Inputs | None,
    evaluation_stack: RasterStack | None,
    assessment_stack: RasterStack | None,
) -> frozenset[tuple[str, str]]:
    """Return the rows, as table and key, that the results went by; none without an evaluation."""
    if evaluation_inputs is None or evaluation_stack is None or assessment_stack is None:
        return frozenset()
    inputs = join_stack(evaluation_inputs, evaluation_stack)
    layers = find_layers(themes, 1) | find_layers(themes, 2)
    results = [name for name in RESULTS if name in assessment_stack]
    try:
        return frozenset().union(*(trace_rules(one, layers, inputs, assessment_stack) for one in results))
    finally:
        close_sources()


def robustness_pass(
    evaluation_spec: Evaluation | None,
    evaluation_inputs: Inputs | None,
    evaluation_stack: RasterStack | None,
    raster_tables: Mapping[str, RuleTable],
) -> Streamed | None:
    """Make the layers of stability, or take them from the cache; None without an evaluation.

    Raises
    ------
    OutputError
        As `stream`.
    """
    if evaluation_spec is None or evaluation_inputs is None or evaluation_stack is None:
        return None
    inputs = join_stack(evaluation_inputs, evaluation_stack)
    runs = draw_runs(evaluation_spec, raster_tables, tally_services(evaluation_stack))
    layers = make_layers(inputs, runs, evaluation_stack.grid.cell_m)
    told = replace(inputs, constants={**inputs.constants, "robust_runs": runs})
    return stream(evaluation_stack.grid, layers, told, find_rasters())


def rule_swings(
    evaluation_spec: Evaluation | None,
    evaluation_inputs: Inputs | None,
    evaluation_stack: RasterStack | None,
    raster_tables: Mapping[str, RuleTable],
) -> list[Any]:
    """Return what moving each rule does to its result, as `Swing`; none without an evaluation."""
    if evaluation_spec is None or evaluation_inputs is None or evaluation_stack is None:
        return []
    inputs = join_stack(evaluation_inputs, evaluation_stack)
    tallies = tally_services(evaluation_stack)
    try:
        return measure_swings(evaluation_stack.grid, inputs, evaluation_spec, raster_tables, tallies)
    finally:
        close_sources()
