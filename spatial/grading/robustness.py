"""Robustness of the evaluation: how often a cell keeps its class when breaks and weights are moved a little.

Monte-Carlo over seeded draws, and one rule at a time. Breaks move by a share that the table
``evaluation_capacity`` states; matrices and slope formulas stay. Patches stay those of the evaluation itself,
so a cell's compactness is not measured anew in every run. Both are simplifications, and the layers say so.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial import themes
from spatial.engine.rasters.grids import Grid, measure_cells
from spatial.engine.rasters.passes import Pass, Step, plan_pass, run_pass
from spatial.engine.rasters.portions import share_breaks
from spatial.grading.streaming import INSIDE, Inputs, RasterLayer, find_layers
from spatial.grading.wholes import Counts
from spatial.plan.judging import settle_table
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rasters import RasterContract
from spatial.plan.rules import Intervals, Rule, RuleTable
from spatial.plan.traces import tracing

Constants = dict[str, Any]
RESULTS = {
    "ecology": ("ecology_importance", "生态保护重要性稳定度", "Stability of the importance for ecology"),
    "farming": ("farming_suitability", "农业生产适宜性稳定度", "Stability of the suitability for farming"),
    "urban": ("urban_suitability", "城镇建设适宜性稳定度", "Stability of the suitability for building"),
}
"""By group of rules: the result whose stability is asked, and titles."""
_SCALARS = ("unsuitable.", "conservation.extreme.", "conservation.important.", "windbreak.extreme.",
            "windbreak.important.")  # fmt: skip
_MOST_LIMITS = 16
"""Factors drawn for each row, so that what one row says moves no other row's draws."""
_CODES = ("soil_capacity", "water", "geology_hazard", "storm_surge")
"""Last parts of keys whose value is a code and no amount."""


@dataclass(frozen=True)
class Swing:
    """What moving one rule does to a result.

    Parameters
    ----------
    group : str
    rule : Rule
        As the evaluation has it.
    best_ha, low_ha, high_ha : float
        Area of the best class as evaluated, with the rule's numbers lowered, and raised.
    moved_share : float
        Share of the evaluated land that changes its class, the larger of both.
    """

    group: str
    rule: Rule
    best_ha: float
    low_ha: float
    high_ha: float
    moved_share: float


def is_movable(rule: Rule) -> bool:
    """Tell whether a row holds limits of amounts, which may be moved, rather than codes or matrices."""
    if isinstance(rule.value, Intervals) or rule.key.endswith(".shares"):
        return rule.key != "relief.window"
    is_number = isinstance(rule.value, (int, float)) and not isinstance(rule.value, bool)
    return is_number and rule.key.startswith(_SCALARS) and rule.key.rpartition(".")[2] not in _CODES


def move_rule(rule: Rule, factors: Sequence[float]) -> Rule:
    """Return a row with its limits multiplied, each by its factor; all by the first if they would not rise.

    Shares stay below 1.
    """
    value: Any = rule.value
    old = value.breaks if isinstance(value, Intervals) else value if isinstance(value, tuple) else (value,)
    new = [float(one) * factor for one, factor in zip(old, factors[: len(old)], strict=True)]
    if any(low >= high for low, high in pairwise(new)):
        new = [float(one) * factors[0] for one in old]
    if isinstance(value, Intervals):
        moved: Any = value.model_copy(update={"breaks": tuple(new)})
    elif isinstance(value, tuple):
        moved = tuple(min(one, 1.0) for one in new)
    else:
        moved = new[0]
    return rule.model_copy(update={"value": moved})


def _settled(spec: Evaluation, tables: Mapping[str, RuleTable]) -> dict[str, RuleTable]:
    return {group: settle_table(tables[f"evaluation_{group}_rules"], spec, group) for group in RESULTS}


def draw_runs(
    spec: Evaluation, tables: Mapping[str, RuleTable], tallies: Mapping[str, Counts]
) -> tuple[Constants, ...]:
    """Return the rules of each run: breaks and weights moved by chance, by the plan's seed.

    Parameters
    ----------
    spec : Evaluation
        `seed` and `runs` count.
    tables : mapping of str to RuleTable
        As shipped, by node.
    tallies : mapping of str to ndarray
        Amounts of the services that are graded by shares.
    """
    spread = settle_table(tables["evaluation_capacity_rules"], spec, "capacity").value("robustness.spread")
    chance, settled = np.random.default_rng(spec.seed), _settled(spec, tables)
    runs = []
    for _ in range(spec.runs):
        moved = {}
        for group, table in settled.items():
            rows = []
            for rule in table.rules:
                factors = (1 + chance.uniform(-spread, spread, _MOST_LIMITS)).tolist()
                rows.append(move_rule(rule, factors) if is_movable(rule) else rule)
            moved[group] = table.model_copy(update={"rules": tuple(rows)})
        weights = {group: _stir(shares, chance, spread) for group, shares in spec.weights.items()}
        runs.append(
            _make_run(spec.model_copy(update={"weights": weights, "breaks": {}, "rules": {}}), moved, tallies)
        )
    return tuple(runs)


def _stir(shares: Mapping[str, float], chance: np.random.Generator, spread: float) -> dict[str, float]:
    stirred = {name: share * (1 + chance.uniform(-spread, spread)) for name, share in shares.items()}
    total = sum(stirred.values())
    return {name: share / total for name, share in stirred.items()}


def _make_run(spec: Evaluation, moved: Mapping[str, RuleTable], tallies: Mapping[str, Counts]) -> Constants:
    rules = moved["ecology"]
    limits = {name: share_breaks(counts, rules.value(f"{name}.shares")) for name, counts in tallies.items()}
    tables = {f"evaluation_{group}_rules": table for group, table in moved.items()}
    return {**tables, "evaluation_spec": spec, "ecology_thresholds": limits}


def _plan_chain(result: str, inputs: Inputs, cell_m: float) -> Pass | None:
    """Return the steps from values to a result, which all look at one cell only; None if it is not made."""
    layers = find_layers(themes, 1) | find_layers(themes, 2)
    steps = [
        Step(name, one.function, one.contract.halo(cell_m), one.contract.kind, one.contract.one_of)
        for name, one in layers.items()
        if name not in inputs.sources or one.contract.kind != "value"
    ]
    # Grades and classes are made anew from values, which stay.
    sources = [name for name in inputs.sources if name not in layers or layers[name].contract.kind == "value"]
    work = plan_pass(steps, [result], sources, {"cell_m": cell_m, **inputs.constants})
    assert not any(work.halos.values())
    return work if work.wanted else None


def _run(work: Pass, moved: Constants, arrays: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.uint8]:
    """Return the result of a chain at the cells of some arrays, by other rules."""
    high, wide, *_ = next(iter(arrays.values())).shape  # months lie behind
    grid = Grid("", 0, 0, 1, high, wide)
    turned = replace(work, constants={**work.constants, **moved})
    (result,) = work.wanted
    return run_pass(turned, grid, grid.whole, lambda name, _: arrays[name])[result]


def make_layers(inputs: Inputs, runs: Sequence[Constants], cell_m: float) -> dict[str, RasterLayer]:
    """Return the raster layers of stability: the share of runs in which a cell keeps its class.

    Parameters
    ----------
    inputs : Inputs
        Of the second pass.
    runs : sequence of dict
        From `draw_runs`.
    cell_m : float
    """
    found = {}
    for group, (result, zh, en) in RESULTS.items():
        work = _plan_chain(result, inputs, cell_m)
        if work is None:
            continue
        name = f"{group}_stability"
        found[name] = RasterLayer(name, _judge_stability(work, runs), RasterContract(zh, en, unit="share"))
    return found


def _judge_stability(work: Pass, runs: Sequence[Constants]) -> Any:
    taken = sorted({name for step in work.steps for name in step.takes} & work.constants.keys())

    def stability(**given: Any) -> npt.NDArray[np.float32]:
        arrays = {name: given[name] for name in work.inputs}
        base = _run(work, {}, arrays)
        kept = np.zeros(base.shape, dtype=np.uint16)
        for moved in runs:
            kept += _run(work, moved, arrays) == base
        return np.where(base == 0, np.nan, kept / np.float32(len(runs))).astype(np.float32)

    names = [*work.inputs, *taken, "robust_runs"]
    kind = inspect.Parameter.KEYWORD_ONLY
    stability.__dict__["__signature__"] = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    return stability


def measure_swings(
    grid: Grid,
    inputs: Inputs,
    spec: Evaluation,
    tables: Mapping[str, RuleTable],
    tallies: Mapping[str, Counts],
) -> list[Swing]:
    """Return what moving each rule that was used does to its result, one at a time, largest first.

    Parameters
    ----------
    grid : Grid
    inputs : Inputs
        Of the second pass.
    spec : Evaluation
    tables : mapping of str to RuleTable
        As shipped, by node.
    tallies : mapping of str to ndarray
        Amounts of the services that are graded by shares.
    """
    spread = settle_table(tables["evaluation_capacity_rules"], spec, "capacity").value("robustness.spread")
    settled = _settled(spec, tables)
    plain = spec.model_copy(update={"breaks": {}, "rules": {}})
    found = []
    for group, (result, _, _) in RESULTS.items():
        work = _plan_chain(result, inputs, grid.cell_m)
        if work is None:
            continue
        variants = []
        for rule in _list_used(work, grid, inputs, settled[group]):
            for factor in (1 - spread, 1 + spread):
                rows = tuple(move_rule(one, [factor] * _MOST_LIMITS) if one.key == rule.key else one
                             for one in settled[group].rules)  # fmt: skip
                table = settled[group].model_copy(update={"rules": rows})
                variants.append((rule, _make_run(plain, {**settled, group: table}, tallies)))
        best, moved, total = _weigh(work, grid, inputs, [run for _, run in variants])
        for at in range(0, len(variants), 2):
            share = max(moved[at : at + 2]) / total if total else 0.0
            found.append(Swing(group, variants[at][0], best[-1], best[at], best[at + 1], share))
    return sorted(found, key=lambda one: (one.group, -one.moved_share, one.rule.key))


def _list_used(work: Pass, grid: Grid, inputs: Inputs, table: RuleTable) -> list[Rule]:
    """Return the movable rows that the steps of a chain read, in the table's order."""
    cell = replace(grid.whole, row=grid.rows // 2, column=grid.columns // 2, height=1, width=1)
    arrays = {name: inputs.sources[name].read(grid, cell) for name in work.inputs}
    with tracing() as notes:
        _run(work, {}, arrays)
    used = {one.rule.key for one in notes if one.rule and one.action != "skip" and one.table == table.name}
    return [rule for rule in table.rules if rule.key in used and is_movable(rule)]


def _weigh(
    work: Pass, grid: Grid, inputs: Inputs, runs: Sequence[Constants]
) -> tuple[list[float], list[float], float]:
    """Return the area, ha, of the best class by run, the unchanged one last, of changed cells, and of all."""
    best, moved, total = np.zeros(len(runs) + 1), np.zeros(len(runs)), 0.0
    for block in grid.blocks():
        inside = inputs.sources[INSIDE].read(grid, block) > 0
        if not inside.any():
            continue
        arrays = {name: inputs.sources[name].read(grid, block) for name in work.inputs}
        area = measure_cells(grid, block) * inside / 1e4
        base = _run(work, {}, arrays)
        total += float(area[base > 0].sum())
        best[-1] += area[base == 1].sum()
        for at, run in enumerate(runs):
            other = _run(work, run, arrays)
            best[at] += area[other == 1].sum()
            moved[at] += area[(other != base) & (base > 0)].sum()
    return best.tolist(), moved.tolist(), total
