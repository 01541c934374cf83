"""Suitability 适宜性, second pass: grades corrected by how compact patches are, and final classes.

Classes: 1 suitable 适宜, 2 generally suitable 一般适宜, 3 unsuitable 不适宜, 0 missing. The inputs
``farming_ratio`` and ``farming_patch`` (and those of building) hold, at each cell, the compactness and the
area in m² of the patch that it lies in; see `spatial.grading.patching`.
"""

from __future__ import annotations

from spatial.plan.base import Text
from spatial.plan.judging import Grades, Judge, Values
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rasters import raster
from spatial.plan.rules import RuleTable
from spatial.themes.evaluation.slopes import GRADES

CLASSES = {
    1: Text(zh="适宜", en="Suitable"),
    2: Text(zh="一般适宜", en="Generally suitable"),
    3: Text(zh="不适宜", en="Unsuitable"),
}


@raster("农业生产等级", "Farming, grade", kind="grade", classes=GRADES, stage=2)
def farming_concentrated(
    farming_grade: Grades,
    farming_ratio: Values,
    farming_patch: Values,
    evaluation_farming_rules: RuleTable,
    evaluation_spec: Evaluation,
) -> Grades:
    """Correct grades by the compactness of patches (地块集中度); the worst grade stays."""
    judge = Judge.of(evaluation_farming_rules, evaluation_spec, "farming")
    return judge.compact(farming_grade, farming_ratio, farming_patch)


@raster("农业生产适宜性", "Suitability for farming", kind="class", classes=CLASSES, stage=2)
def farming_suitability(
    farming_concentrated: Grades, evaluation_farming_rules: RuleTable, evaluation_spec: Evaluation
) -> Grades:
    """Return the class of each grade."""
    return Judge.of(evaluation_farming_rules, evaluation_spec, "farming").classify(farming_concentrated)


@raster("城镇建设等级", "Building, grade", kind="grade", classes=GRADES, stage=2)
def urban_concentrated(
    urban_grade: Grades,
    urban_ratio: Values,
    urban_patch: Values,
    evaluation_urban_rules: RuleTable,
    evaluation_spec: Evaluation,
) -> Grades:
    """Correct grades by the compactness of patches (地块集中度); the worst grade stays."""
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    return judge.compact(urban_grade, urban_ratio, urban_patch)


@raster("城镇建设适宜性", "Suitability for urban building", kind="class", classes=CLASSES, stage=2)
def urban_suitability(
    urban_concentrated: Grades, evaluation_urban_rules: RuleTable, evaluation_spec: Evaluation
) -> Grades:
    """Return the class of each grade."""
    return Judge.of(evaluation_urban_rules, evaluation_spec, "urban").classify(urban_concentrated)
