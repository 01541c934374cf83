"""Hazards and the environment that building meets: geology of several kinds, and what waters can bear.

Raster layers of grades, 1 the best or least to 5 the worst, 0 missing. Every number comes from the table
``evaluation_urban``.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from spatial.engine.rasters import scoring
from spatial.plan.base import Text
from spatial.plan.judging import Grades, Judge, Values, read_codes
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rasters import raster
from spatial.plan.rules import RuleTable
from spatial.themes.evaluation.slopes import GRADES

DANGERS = {
    1: Text(zh="低", en="low"),
    2: Text(zh="较低", en="rather low"),
    3: Text(zh="较高", en="rather high"),
    4: Text(zh="高", en="high"),
    5: Text(zh="极高", en="extremely high"),
}
"""Names of the five grades of a hazard."""
_CODED = ("geology_hazard", "fault", "landslide", "collapse")
"""Hazards that come as grades 1 to 5."""
_Array = npt.NDArray[Any]


@raster(
    "地质灾害危险性", "Geological hazard, grade (5 the highest)", kind="grade", classes=DANGERS,
    one_of=(*_CODED, "subsidence_total", "subsidence_rate"),
)  # fmt: skip
def geology_grade(
    *,
    evaluation_urban_rules: RuleTable,
    evaluation_spec: Evaluation,
    geology_hazard: _Array | None = None,
    fault: _Array | None = None,
    landslide: _Array | None = None,
    collapse: _Array | None = None,
    subsidence_total: Values | None = None,
    subsidence_rate: Values | None = None,
) -> Grades:
    """Return the highest of the hazards that have something to say of a cell.

    Faults, landslides and collapses come as grades; subsidence is graded in all and a year.
    """
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    coded = dict(zip(_CODED, (geology_hazard, fault, landslide, collapse), strict=True))
    grades = {name: _keep_grades(codes) for name, codes in coded.items() if codes is not None}
    sinking = {"total": subsidence_total, "rate": subsidence_rate}
    grades |= {
        f"subsidence_{name}": judge.grade(f"subsidence.{name}", values)
        for name, values in sinking.items()
        if values is not None
    }
    found = scoring.worst_of(*grades.values())
    judge.note("combine", dict(grades), found)
    return found


def _keep_grades(codes: _Array) -> Grades:
    """Return codes that are grades; others are missing."""
    found = read_codes(codes)
    assert found is not None
    return scoring.map_codes(found, {grade: grade for grade in DANGERS})


@raster("水环境容量等级", "Water environment, grade", kind="grade", classes=GRADES)
def water_environment_grade(
    water_environment: Values, evaluation_urban_rules: RuleTable, evaluation_spec: Evaluation
) -> Grades:
    """Grade what the waters can take up; the unit is that of the method which the rule's row is of."""
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    return judge.grade("water_environment", water_environment)
