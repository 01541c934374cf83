"""Suitability for urban building 城镇建设适宜性: land and water, then hazards, environment and location.

Raster layers of grades, 1 the best to 5 the worst, 0 missing. Every number comes from the table
``evaluation_urban``.
"""

from __future__ import annotations

import numpy as np

from spatial.engine.rasters import relief, scoring
from spatial.errors import Fault, RuleError
from spatial.plan.judging import WORST, Grades, Judge, Values
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rasters import raster
from spatial.plan.rules import RuleTable
from spatial.themes.evaluation.slopes import GRADES

_WIDEST = 15
"""Cells along the widest window of relief; the halo is half of it."""


@raster("地形起伏度", "Relief", unit="m", halo_cells=_WIDEST // 2 + 1)
def relief_range(
    elevation: Values, cell_m: float, evaluation_urban_rules: RuleTable, evaluation_spec: Evaluation
) -> Values:
    """Return the highest less the lowest height in a moving window of about 20 ha.

    Raises
    ------
    RuleError
        A table that asks for a window wider than 15 cells.
    """
    steps = Judge.of(evaluation_urban_rules, evaluation_spec, "urban").value("relief.window")
    window = int(scoring.grade_by_breaks([cell_m], steps.breaks, steps.grades, steps.edges)[0])
    if window > _WIDEST:
        problem = f"a window of {window} cells is wider than {_WIDEST}"
        raise RuleError(Fault("rules/evaluation_urban.yaml", "relief.window", problem, "give fewer cells"))
    return relief.relief_m(elevation, window)


@raster("城镇土地资源等级", "Land for building, grade", kind="grade", classes=GRADES)
def urban_land(
    urban_slope: Grades,
    elevation: Values,
    relief_range: Values,
    evaluation_urban_rules: RuleTable,
    evaluation_spec: Evaluation,
) -> Grades:
    """Grade the land by slope; great height and relief make it worse."""
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    grade = judge.shift("elevation", urban_slope, elevation)
    return judge.shift("relief", grade, relief_range)


@raster(
    "城镇水资源等级", "Water for building, grade", kind="grade", classes=GRADES,
    one_of=("water_quota_modulus", "water_modulus"),
)  # fmt: skip
def urban_water(
    inside: Grades,
    evaluation_urban_rules: RuleTable,
    evaluation_spec: Evaluation,
    water_quota_modulus: Values | None = None,
    water_modulus: Values | None = None,
) -> Grades:
    """Grade the water by the first factor of the table's order that the plan gives; missing without any."""
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    given = {"water_quota_modulus": water_quota_modulus, "water_modulus": water_modulus}
    return judge.first("water_order", given, inside.shape)


@raster("城镇基础等级", "Building before corrections, grade", kind="grade", classes=GRADES, keep=False)
def urban_base(
    *,
    urban_land: Grades,
    evaluation_urban_rules: RuleTable,
    evaluation_spec: Evaluation,
    urban_water: Grades | None = None,
) -> Grades:
    """Combine land and water by a matrix, or by the plan's weights; without data of water, land alone."""
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    shares = evaluation_spec.weights.get("urban")
    if shares:
        return judge.weigh({"land": urban_land, "water": urban_water}, shares)
    return judge.combine("matrix.land_water", urban_land, urban_water, ("land", "water"))


@raster(
    "大气环境容量等级", "Air, grade", kind="grade", classes=GRADES, one_of=("air_calm", "wind_speed")
)  # fmt: skip
def air_grade(
    evaluation_urban_rules: RuleTable,
    evaluation_spec: Evaluation,
    air_calm: Values | None = None,
    wind_speed: Values | None = None,
) -> Grades:
    """Grade calm days and mean wind and take the worse."""
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    given = {"air_calm": air_calm, "wind_speed": wind_speed}
    grades = {name: judge.grade(name, values) for name, values in given.items() if values is not None}
    found = scoring.worst_of(*grades.values())
    judge.note("combine", dict(grades), found)
    return found


@raster("区位优势度等级", "Location by travel time, grade", kind="grade", classes=GRADES)
def location_grade(
    location: Values, evaluation_urban_rules: RuleTable, evaluation_spec: Evaluation
) -> Grades:
    """Grade the minutes to the centre of the city or county, along the network or over terrain."""
    return Judge.of(evaluation_urban_rules, evaluation_spec, "urban").grade("location.city", location)


@raster("风暴潮危险性", "Storm surge, grade (4 the highest)", kind="grade", classes=GRADES)
def surge_grade(
    storm_surge: Values, evaluation_urban_rules: RuleTable, evaluation_spec: Evaluation
) -> Grades:
    """Grade the height of storm surges."""
    return Judge.of(evaluation_urban_rules, evaluation_spec, "urban").grade("storm_surge", storm_surge)


@raster("城镇建设等级（集中度修正前）", "Building before patches, grade", kind="grade", classes=GRADES)
def urban_grade(  # noqa: PLR0913 (each factor is an argument)
    *,
    urban_base: Grades,
    evaluation_urban_rules: RuleTable,
    evaluation_spec: Evaluation,
    slope: Values,
    elevation: Values,
    geology_grade: Grades | None = None,
    surge_grade: Grades | None = None,
    air_grade: Grades | None = None,
    water_environment_grade: Grades | None = None,
    comfort: Grades | None = None,
    location_grade: Grades | None = None,
    urban_water: Grades | None = None,
) -> Grades:
    """Correct the base for geology, surge, environment, comfort and location, in this order.

    What the profile calls unsuitable comes last, so that a good location makes no such land suitable.
    """
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    geology = geology_grade
    grade = judge.move("geology_hazard", urban_base, geology)
    grade = judge.move("storm_surge.shift", grade, surge_grade)
    grade = _correct_environment(judge, grade, air_grade, water_environment_grade)
    grade = judge.move("comfort.shift", grade, comfort)
    grade = judge.correct("location.matrix", grade, location_grade, "location")
    limits = judge.table.under("unsuitable")
    if not limits:
        return grade
    grade = judge.forbid("unsuitable.slope", grade, slope > limits["slope"], slope)
    grade = judge.forbid("unsuitable.elevation", grade, elevation > limits["elevation"], elevation)
    bad = None if geology is None else geology >= limits["geology_hazard"]
    grade = judge.forbid("unsuitable.geology_hazard", grade, bad, geology)
    surge = None if surge_grade is None else surge_grade >= limits["storm_surge"]
    grade = judge.forbid("unsuitable.storm_surge", grade, surge, surge_grade)
    lack = None if urban_water is None else urban_water >= limits["water"]
    return judge.forbid("unsuitable.water", grade, lack, urban_water)


def _correct_environment(judge: Judge, grade: Grades, air: Grades | None, water: Grades | None) -> Grades:
    """Move grades by how many of air and water environment are worst; what is missing is not worst."""
    given = [one for one in (air, water) if one is not None]
    if not given:
        return judge.move("environment.shifts", grade, None)
    # Codes count from 1, for 0 is missing.
    worst = np.add.reduce([(one == WORST).astype(np.uint8) for one in given])
    codes = np.where(scoring.count_support(*given) > 0, worst + 1, 0).astype(np.uint8)
    by = dict(enumerate(judge.value("environment.shifts"), start=1))
    return judge.move("environment.shifts", grade, codes, by)
