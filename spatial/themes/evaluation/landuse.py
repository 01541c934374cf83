"""Present use against the evaluation: where they conflict, and where land is left to use.

Second-pass rasters. Ecosystems from land cover stand for the present use, which a survey says better.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spatial.plan.base import Text
from spatial.plan.ecosystems import name_kinds
from spatial.plan.grounds import Factors, Thresholds, drop_silent
from spatial.plan.judging import Grades, Judge, settle_table
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rasters import raster
from spatial.plan.rules import RuleTable

CONFLICTS = {
    1: Text(zh="生态极重要区内的建设用地", en="Built land where ecology is extremely important"),
    2: Text(zh="生态极重要区内的耕地、园地", en="Farmland or orchards where ecology is extremely important"),
    3: Text(zh="农业不适宜区内的耕地", en="Farmland on land unsuitable for farming"),
    4: Text(zh="城镇不适宜区内的建设用地", en="Built land on land unsuitable for building"),
    5: Text(zh="无冲突", en="No conflict"),
}
POTENTIALS = {
    1: Text(zh="仅农业潜力", en="For farming only"),
    2: Text(zh="仅城镇建设潜力（非现状耕地）", en="For building only, not present cropland"),
    3: Text(zh="农业与城镇皆可", en="For farming or building"),
    4: Text(zh="现状耕地，亦适宜城镇建设", en="Present cropland, suitable for building too"),
    5: Text(zh="现状耕地，不作城镇潜力", en="Present cropland, no potential for building"),
    6: Text(zh="现状建设用地", en="Present built land"),
    7: Text(zh="现状林地、湿地、水域（不计潜力）", en="Present forest, wetland and water, not counted"),
    8: Text(zh="其他无潜力土地", en="Other land without potential"),
}


def _find_use(
    ecosystem: Grades, existing_urban: Grades | None, judge: Judge, cover: RuleTable
) -> dict[str, np.ndarray]:
    """Return where each use of the rows ``conflict.*`` lies; given polygons of built land count as built."""
    use = {
        name: np.isin(ecosystem, name_kinds(cover, judge.value(f"conflict.{name}")))
        for name in ("ecology", "farmland", "urban")
    }
    if existing_urban is not None:
        use["urban"] |= existing_urban > 0
        use["farmland"] &= existing_urban == 0
    return use


@raster(
    "现状冲突", "Conflicts of present use", kind="class", classes=CONFLICTS, stage=2,
    one_of=("ecology_importance", "farming_suitability", "urban_suitability"),
)  # fmt: skip
def land_conflict(  # noqa: PLR0913 (each input is an argument)
    *,
    ecosystem: Grades,
    evaluation_capacity_rules: RuleTable,
    evaluation_cover_rules: RuleTable,
    evaluation_spec: Evaluation,
    ecology_importance: Grades | None = None,
    farming_suitability: Grades | None = None,
    urban_suitability: Grades | None = None,
    existing_urban: Grades | None = None,
    evaluation_ecology_rules: RuleTable | None = None,
    factor_specs: Factors | None = None,
    ecology_thresholds: Thresholds | None = None,
) -> Grades:
    """Class conflicts, the first of the list that holds.

    Without one, a cell is free of conflicts only where nothing that is missing there could make one; else it
    is missing.
    """
    judge = Judge.of(evaluation_capacity_rules, evaluation_spec, "capacity")
    cover = settle_table(evaluation_cover_rules, evaluation_spec, "cover")
    use = _find_use(ecosystem, existing_urban, judge, cover)
    ecology = drop_silent(
        ecology_importance, evaluation_spec, evaluation_ecology_rules, factor_specs, ecology_thresholds
    )
    sure, open_ = (
        _find_conflicts(use, ecology, farming_suitability, urban_suitability, blank)
        for blank in (False, True)
    )
    known = ecosystem > 0
    if existing_urban is not None:
        known |= existing_urban > 0
    undecided = np.logical_or.reduce(open_)
    found = np.select([~known, *sure, undecided], [0, 1, 2, 3, 4, 0], 5).astype(np.uint8)
    graded = {"ecology": ecology_importance, "farming": farming_suitability, "urban": urban_suitability}
    judge.note("class", {"ecosystem": ecosystem, **graded}, found)
    return found


def _find_conflicts(
    use: Mapping[str, np.ndarray],
    ecology: Grades | None,
    farming: Grades | None,
    urban: Grades | None,
    blank: bool,
) -> list[np.ndarray]:
    """Return where each conflict holds, or by `blank` where it may, for all that is known of the cell."""

    def where(grade: Grades | None, bad: int) -> np.ndarray:
        if grade is None:
            return np.zeros(use["urban"].shape, dtype=bool)
        return (grade == bad) | (blank & (grade == 0))

    extreme, poor, steep = where(ecology, 1), where(farming, 3), where(urban, 3)
    return [extreme & use["urban"], extreme & use["ecology"], poor & use["farmland"], steep & use["urban"]]


@raster("潜力用地", "Potential land", kind="class", classes=POTENTIALS, stage=2)
def land_potential(  # noqa: PLR0913 (each input is an argument)
    *,
    ecosystem: Grades,
    farming_suitability: Grades,
    urban_suitability: Grades,
    evaluation_capacity_rules: RuleTable,
    evaluation_cover_rules: RuleTable,
    evaluation_spec: Evaluation,
    ecology_importance: Grades | None = None,
    existing_urban: Grades | None = None,
    evaluation_ecology_rules: RuleTable | None = None,
    factor_specs: Factors | None = None,
    ecology_thresholds: Thresholds | None = None,
) -> Grades:
    """Class land by what it could be used for besides what it is used for.

    Potential is suitable land that is not extremely important for ecology. Land in use already is told
    apart by its use: cropland holds no further potential for farming, built land none at all, and the uses of
    the rows ``potential.kept`` (forest, wetland, water) are kept out however suitable they are. Land that
    would be potential is missing where its importance is.
    """
    judge = Judge.of(evaluation_capacity_rules, evaluation_spec, "capacity")
    cover = settle_table(evaluation_cover_rules, evaluation_spec, "cover")
    use = _find_use(ecosystem, existing_urban, judge, cover)
    kept = np.isin(ecosystem, name_kinds(cover, judge.value("potential.kept")))
    free = ~use["urban"] & ~kept
    ecology = drop_silent(
        ecology_importance, evaluation_spec, evaluation_ecology_rules, factor_specs, ecology_thresholds
    )
    if ecology is not None:
        free &= ecology != judge.value("urban.excluded_ecology")
    counted = judge.value("farming.classes")
    fields = use["farmland"]
    farm = free & np.isin(farming_suitability, counted)
    town = free & np.isin(urban_suitability, counted)
    known = (ecosystem > 0) & (farming_suitability > 0) & (urban_suitability > 0)
    if ecology is not None:
        known &= (ecology > 0) | ~(farm | town)
    cases = [use["urban"], kept, fields & town, fields, farm & town, farm, town]
    found = np.select([~known, *cases], [0, 6, 7, 4, 5, 3, 1, 2], 8).astype(np.uint8)
    judge.note(
        "class", {"ecosystem": ecosystem, "farming": farming_suitability, "urban": urban_suitability}, found
    )
    return found
