"""Importance for ecology 生态保护重要性, second pass: services by their share of the total, and all combined.

Classes: 1 extremely important 极重要, 2 important 重要, 3 general 一般, 0 missing. `ecology_thresholds` holds
the amounts from which on cells belong to the first shares of the territory's total; see
`spatial.grading.wholes.find_thresholds`.

What the plan gives no data for is left out. A cell that lacks what the plan gives elsewhere is missing,
unless what it has decides whatever the rest may be: nothing is more than extremely important.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spatial.engine.rasters import scoring
from spatial.engine.rasters.portions import grade_by_shares
from spatial.plan.base import Text
from spatial.plan.ecosystems import name_kinds
from spatial.plan.grounds import Factors, Thresholds, list_sensitivities, list_services, speaks
from spatial.plan.judging import Grades, Judge, Values, settle_table
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rasters import raster
from spatial.plan.rules import RuleTable
from spatial.themes.evaluation.ecology import SENSITIVITY

IMPORTANCE = {
    1: Text(zh="极重要", en="Extremely important"),
    2: Text(zh="重要", en="Important"),
    3: Text(zh="一般", en="General"),
}
SHARED = {
    "retention": "water_retention",
    "conservation": "soil_conservation",
    "windbreak": "sand_conservation",
}
"""Services that are graded by shares of the total: prefix of their rows, and layer of their amounts."""


@raster("水源涵养重要性", "Importance for water retention", kind="class", classes=IMPORTANCE, stage=2)
def retention_importance(
    water_retention: Values,
    ecology_thresholds: Thresholds,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
) -> Grades:
    """Class cells by the share of all retained water that the largest of them hold."""
    judge = Judge.of(evaluation_ecology_rules, evaluation_spec, "ecology")
    return _judge_share(judge, "retention", water_retention, ecology_thresholds)


def _judge_share(judge: Judge, prefix: str, values: Values, thresholds: Thresholds) -> Grades:
    limits = thresholds[prefix]
    grade = grade_by_shares(values, limits)
    named = {f"from_{number}": limit for number, limit in enumerate(limits, start=1)}
    judge.note("grade", {prefix: values, **named}, grade, f"{prefix}.shares")
    return grade


@raster(
    "水土保持重要性", "Importance for soil conservation", kind="class", classes=IMPORTANCE, stage=2,
    one_of=("soil_conservation", "vegetation"),
)  # fmt: skip
def conservation_importance(  # noqa: PLR0913 (each input is an argument)
    *,
    inside: Grades,
    evaluation_ecology_rules: RuleTable,
    evaluation_cover_rules: RuleTable,
    evaluation_spec: Evaluation,
    ecology_thresholds: Thresholds,
    soil_conservation: Values | None = None,
    slope: Values | None = None,
    vegetation: Values | None = None,
    ecosystem: Grades | None = None,
) -> Grades:
    """Class cells by slope and cover where the profile says so, else by their share of all soil kept."""
    judge = Judge.of(evaluation_ecology_rules, evaluation_spec, "ecology")
    if judge.row("conservation.extreme.slope") is None:
        if soil_conservation is None:
            return _say_missing(judge, "conservation.shares", inside)
        return _judge_share(judge, "conservation", soil_conservation, ecology_thresholds)
    if slope is None or vegetation is None or ecosystem is None:
        return _say_missing(judge, "conservation.extreme.slope", inside)
    cover = settle_table(evaluation_cover_rules, evaluation_spec, "cover")
    plants = np.isin(ecosystem, name_kinds(cover, judge.value("conservation.kinds")))
    known = (ecosystem > 0) & ~np.isnan(slope) & (~np.isnan(vegetation) | ~plants)
    given = {"slope": slope, "cover": vegetation}
    turned = (
        {"conservation.extreme.slope": "conservation.extreme.slope_north"} if evaluation_spec.northern else {}
    )
    return _judge_conditions(judge, "conservation", given, known=known, fit=plants, turned=turned)


@raster(
    "防风固沙重要性", "Importance for wind-break", kind="class", classes=IMPORTANCE, stage=2,
    one_of=("sand_conservation", "wind_days"),
)  # fmt: skip
def windbreak_importance(
    *,
    inside: Grades,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
    ecology_thresholds: Thresholds,
    sand_conservation: Values | None = None,
    sand: Values | None = None,
    wind_days: Values | None = None,
    vegetation: Values | None = None,
) -> Grades:
    """Class cells by sand, wind and cover where the profile says so, else by their share of all sand kept."""
    judge = Judge.of(evaluation_ecology_rules, evaluation_spec, "ecology")
    if judge.row("windbreak.extreme.sand") is None:
        if sand_conservation is None:
            return _say_missing(judge, "windbreak.shares", inside)
        return _judge_share(judge, "windbreak", sand_conservation, ecology_thresholds)
    if sand is None or wind_days is None or vegetation is None:
        return _say_missing(judge, "windbreak.extreme.sand", inside)
    given = {"sand": sand, "wind_days": wind_days, "cover": vegetation}
    known = ~np.isnan(sand + wind_days + vegetation)
    return _judge_conditions(judge, "windbreak", given, known=known, fit=known)


def _say_missing(judge: Judge, key: str, inside: Grades) -> Grades:
    missing = np.zeros(inside.shape, dtype=np.uint8)
    judge.note("skip", {key: None}, missing, key)
    return missing


def _judge_conditions(
    judge: Judge,
    prefix: str,
    given: Mapping[str, Values],
    *,
    known: np.ndarray,
    fit: np.ndarray,
    turned: Mapping[str, str] | None = None,
) -> Grades:
    """Return 1 where all limits of the extreme rows are reached, 2 for the important ones, else 3.

    `turned` names rows that others stand for.
    """
    found = np.where(known, np.uint8(3), np.uint8(0))
    for number, level in ((2, "important"), (1, "extreme")):
        reached = known & fit
        for name, values in given.items():
            key = f"{prefix}.{level}.{name}"
            key = (turned or {}).get(key, key)
            holds = values >= np.float32(judge.value(key))
            judge.note("condition", {name: values}, holds, key)
            reached &= holds
        found = np.where(reached, np.uint8(number), found)
    judge.note("combine", dict(given), found)
    return found


@raster(
    "生物多样性维护重要性", "Importance for biodiversity", kind="class", classes=IMPORTANCE, stage=2,
    one_of=("protection", "water_source"),
)  # fmt: skip
def biodiversity_importance(
    inside: Grades,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
    protection: Grades | None = None,
    water_source: Grades | None = None,
) -> Grades:
    """Class protected areas and water sources; other land is general where the plan gives any of them."""
    judge = Judge.of(evaluation_ecology_rules, evaluation_spec, "ecology")
    given = {"protection": protection, "water_source": water_source}
    found = np.zeros(inside.shape, dtype=np.uint8)
    for name, burnt in given.items():
        if burnt is not None:
            grade = np.where(burnt > 0, np.uint8(judge.value(f"{name}.class")), np.uint8(max(IMPORTANCE)))
            judge.note("grade", {name: burnt}, grade, f"{name}.class")
            found = scoring.best_of(found, grade)
    return found


@raster(
    "生态系统服务功能重要性", "Importance of services", kind="class", classes=IMPORTANCE, stage=2,
    one_of=(*(f"{name}_importance" for name in SHARED), "biodiversity_importance"),
)  # fmt: skip
def service_importance(  # noqa: PLR0913 (each input is an argument)
    *,
    inside: Grades,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
    retention_importance: Grades | None = None,
    conservation_importance: Grades | None = None,
    windbreak_importance: Grades | None = None,
    biodiversity_importance: Grades | None = None,
    factor_specs: Factors | None = None,
    ecology_thresholds: Thresholds | None = None,
) -> Grades:
    """Return the most important of the services that the plan gives data for.

    A cell that lacks one of them is missing, unless another is extremely important there.
    """
    judge = Judge.of(evaluation_ecology_rules, evaluation_spec, "ecology")
    named = {
        "retention": retention_importance, "conservation": conservation_importance,
        "windbreak": windbreak_importance, "biodiversity": biodiversity_importance,
    }  # fmt: skip
    if factor_specs is not None:
        spoken = {*list_services(judge, factor_specs, ecology_thresholds or ()), "biodiversity"}
        named = {name: grade if name in spoken else None for name, grade in named.items()}
    return judge.best(named, inside.shape)


@raster(
    "生态敏感性（脆弱性）", "Sensitivity", kind="class", classes=SENSITIVITY, stage=2,
    one_of=("erosion_sensitivity", "karst_sensitivity", "sand_sensitivity", "soil_loss_rate"),
)  # fmt: skip
def sensitivity(  # noqa: PLR0913 (each input is an argument)
    *,
    inside: Grades,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
    erosion_sensitivity: Grades | None = None,
    karst_sensitivity: Grades | None = None,
    sand_sensitivity: Grades | None = None,
    soil_loss_rate: Values | None = None,
    factor_specs: Factors | None = None,
    ecology_thresholds: Thresholds | None = None,
) -> Grades:
    """Return the most sensitive of what the plan gives data for.

    A cell that lacks one of them is missing, unless another is extremely sensitive there. Where the profile
    has limits of soil loss and there are amounts of it, they stand for the sensitivity to erosion by water.
    """
    judge = Judge.of(evaluation_ecology_rules, evaluation_spec, "ecology")
    water = erosion_sensitivity
    if soil_loss_rate is not None and judge.row("fragility.water") is not None:
        water = judge.grade("fragility.water", soil_loss_rate)
        if erosion_sensitivity is not None:
            judge.note("unused", {"erosion_sensitivity": erosion_sensitivity}, water, "fragility.water")
    named = {"erosion": water, "karst": karst_sensitivity, "sand": sand_sensitivity}
    if factor_specs is not None:
        spoken = list_sensitivities(judge, factor_specs, ecology_thresholds or ())
        named = {name: grade if name in spoken else None for name, grade in named.items()}
    return judge.best(named, inside.shape)


@raster(
    "生态保护重要性", "Importance for ecology", kind="class", classes=IMPORTANCE, stage=2,
    one_of=("service_importance", "sensitivity"),
)  # fmt: skip
def ecology_importance(
    *,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
    service_importance: Grades | None = None,
    sensitivity: Grades | None = None,
    factor_specs: Factors | None = None,
    ecology_thresholds: Thresholds | None = None,
) -> Grades:
    """Combine services and sensitivity by the matrix: extremely important if either is.

    Where the plan gives no data for one of the two, the other decides. A cell that is missing in one that it
    gives is missing, unless the matrix has one class only for what the cell is in the other.
    """
    judge = Judge.of(evaluation_ecology_rules, evaluation_spec, "ecology")
    service, fragile = service_importance, sensitivity
    if factor_specs is not None:
        spoken = speaks(judge, evaluation_spec, factor_specs, ecology_thresholds or ())
        service, fragile = (
            one if said else None for one, said in zip((service, fragile), spoken, strict=True)
        )
    if service is None and fragile is None:
        return np.zeros_like(sensitivity if service_importance is None else service_importance)
    found = _combine(service, fragile, judge.value("importance.matrix"))
    judge.note("matrix", {"service": service, "sensitivity": fragile}, found, "importance.matrix")
    return found


def _combine(rows: Grades | None, columns: Grades | None, matrix: tuple[tuple[int, ...], ...]) -> Grades:
    """Return the entries of a matrix; where one side is missing, what the other leaves no choice of."""
    found = scoring.combine_matrix(rows, columns, matrix)
    if rows is None or columns is None:
        return found
    for grade, lines in ((rows, matrix), (columns, tuple(zip(*matrix, strict=True)))):
        sure = {at: line[0] for at, line in enumerate(lines, start=1) if len({*line}) == 1}
        found = np.where(found == 0, scoring.map_codes(grade, sure), found)
    return found
