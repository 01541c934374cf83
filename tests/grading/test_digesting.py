"""Digests against the explanation of single cells: the same steps with the same outcome, of every cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spatial import themes
from spatial.engine.rasters.grids import Block
from spatial.engine.rasters.thinning import choose_every, read_thin, thin_cells
from spatial.grading.digesting import digest_result, list_cases
from spatial.grading.streaming import find_layers
from spatial.grading.wholes import join_stack
from spatial.pipeline import Build, check_plan
from spatial.plan.digests import Digest
from spatial.plan.rules import Intervals
from spatial.studies.explain import trace_cell

pytest.importorskip("rasterio")
BESIDES = ("evaluation_inputs", "evaluation_stack", "assessment_stack", "evaluation_digests")


@pytest.fixture(scope="module", params=["2020-trial", "2019-draft"])
def made(hamlet: Any, request: pytest.FixtureRequest) -> Build:
    return check_plan(hamlet.write(profile=request.param), besides=BESIDES)


def steps_of(digest: Digest, row: int, column: int) -> list[tuple[str, str, str, int | None]]:
    """Return what a digest tells of a cell: layer, action, row of rules and outcome."""
    case = digest.table[digest.cells[row, column]]
    return [
        (step.layer, step.action, step.rule.key if step.rule else "", int(case[step.result]) or None)
        for step in digest.steps
        if step.result is not None
    ]


def test_every_step_is_what_explain_tells_of_the_cell(made: Build) -> None:
    inputs, first, second, digests = (made.besides[name] for name in BESIDES)
    joined = join_stack(inputs, first)
    inside = np.argwhere(second.read("farming_suitability") > 0)
    for row, column in np.random.default_rng(5).choice(inside, 8, replace=False).tolist():
        told = trace_cell(Block(row, column, 1, 1), first.grid, inputs, lambda _: joined)
        for digest in digests.results.values():
            found = steps_of(digest, row, column)
            known = {one[:3] for one in found}
            expected = [
                (note.layer, note.action, note.rule.key if note.rule else "", note.result or None)
                for note in told.notes
                # Amounts are told by the intervals that they lie in.
                if not isinstance(note.result, float)
            ]
            for layer in {one[0] for one in found}:
                only = [one for one in expected if one[0] == layer and one[:3] in known]
                assert [one for one in found if one[0] == layer] == only


def test_intervals_hold_the_value_that_was_graded(made: Build) -> None:
    _, first, _, digests = (made.besides[name] for name in BESIDES)
    digest = digests.results["farming_suitability"]
    step = next(one for one in digest.steps if one.layer == "farming_slope" and one.action == "grade")
    assert step.rule is not None
    assert isinstance(step.rule.value, Intervals)
    (given,) = step.inputs
    assert given.kind == "interval"
    assert given.column is not None
    number = digest.table[digest.cells, given.column]
    slope = first.read("slope")
    limits = [-np.inf, *step.rule.value.breaks, np.inf]
    for at in range(1, len(limits)):
        values = slope[number == at]
        assert (values > limits[at - 1]).all()
        assert (values <= limits[at]).all()


def test_every_layer_of_a_digest_is_the_raster_of_its_name(made: Build) -> None:
    *_, first, second, digests = (made.besides[name] for name in BESIDES)
    seen = 0
    for digest in digests.results.values():
        for name, column in digest.layers.items():
            stack = second if name in second else first
            if name in stack:
                seen += 1
                assert (digest.table[digest.cells, column] == stack.read(name)).all(), name
        assert digest.cells.max() == len(digest.table) - 1
        counts = np.bincount(digest.cells.ravel())[1:]
        assert (np.diff(counts) <= 0).all()
    assert seen > 15


def test_a_thinned_digest_tells_of_the_middle_cells(made: Build) -> None:
    inputs, first, second, _ = (made.besides[name] for name in BESIDES)
    layers = find_layers(themes, 1) | find_layers(themes, 2)
    every = 4
    found = digest_result("urban_suitability", layers, join_stack(inputs, first), second, every)
    shown = found.table[found.cells, found.layers["urban_suitability"]]
    assert (shown == read_thin(second, "urban_suitability", every)).all()
    assert (shown == thin_cells(second.read("urban_suitability"), every)).all()
    assert choose_every(second.grid, most=second.grid.rows * second.grid.columns) == 1


def test_ecosystems_have_names(made: Build) -> None:
    contract = made.besides[BESIDES[-1]].contracts["ecosystem"]
    assert contract.classes[3].en == "Mixed forest"


def test_nothing_is_digested_without_an_evaluation(hamlet: Any) -> None:
    build = check_plan(hamlet.write(evaluated=False), besides=BESIDES)
    assert build.besides["evaluation_digests"] is None


def test_cases_are_all_rows_that_there_are() -> None:
    chance = np.random.default_rng(1)
    columns = [chance.integers(0, 3, (20, 30)).astype(np.uint8) for _ in range(9)]
    inside = chance.random((20, 30)) < 0.8
    table, cells = list_cases(columns, inside)
    assert (cells[~inside] == 0).all()
    assert (table[0] == 0).all()
    for number, column in enumerate(columns):
        assert (table[cells, number] == np.where(inside, column, 0)).all()
    assert len({row.tobytes() for row in table[1:]}) == len(table) - 1
