"""Suitability for farming 农业生产适宜性: land, water and heat, then what soil and weather take away.

Raster layers of grades, 1 the best to 5 the worst, 0 missing. Every number comes from the table
``evaluation_farming``.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from spatial.engine.rasters import ecology
from spatial.plan.judging import Grades, Judge, Values, read_codes
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rasters import raster
from spatial.plan.rules import RuleTable
from spatial.themes.evaluation.slopes import GRADES

_Array = npt.NDArray[Any]


@raster("农业土地资源等级", "Land for farming, grade", kind="grade", classes=GRADES)
def farming_land(
    farming_slope: Grades,
    evaluation_farming_rules: RuleTable,
    evaluation_spec: Evaluation,
    silt: Values | None = None,
) -> Grades:
    """Grade the land by slope; much silt makes it worse."""
    judge = Judge.of(evaluation_farming_rules, evaluation_spec, "farming")
    return judge.shift("silt", farming_slope, silt)


@raster(
    "农业水资源等级", "Water for farming, grade", kind="grade", classes=GRADES,
    one_of=("rain", "water_quota_modulus"),
)  # fmt: skip
def farming_water(
    *,
    inside: Grades,
    evaluation_farming_rules: RuleTable,
    evaluation_spec: Evaluation,
    rain: Values | None = None,
    evaporation: Values | None = None,
    water_quota_modulus: Values | None = None,
) -> Grades:
    """Grade the water by the first factor of the table's order that the plan gives; missing without any."""
    judge = Judge.of(evaluation_farming_rules, evaluation_spec, "farming")
    dry = None if rain is None or evaporation is None else ecology.aridity(evaporation, rain)
    given = {"rain": rain, "aridity": dry, "water_quota_modulus": water_quota_modulus}
    return judge.first("water_order", given, inside.shape)


@raster("农业光热条件等级", "Heat for farming, grade", kind="grade", classes=GRADES)
def farming_heat(
    heat_sum: Values, evaluation_farming_rules: RuleTable, evaluation_spec: Evaluation
) -> Grades:
    """Grade the heat by the accumulated temperature."""
    judge = Judge.of(evaluation_farming_rules, evaluation_spec, "farming")
    return judge.grade("accumulated_temperature", heat_sum)


@raster("农业基础等级", "Farming before corrections, grade", kind="grade", classes=GRADES, keep=False)
def farming_base(
    *,
    farming_land: Grades,
    evaluation_farming_rules: RuleTable,
    evaluation_spec: Evaluation,
    farming_water: Grades | None = None,
    farming_heat: Grades | None = None,
) -> Grades:
    """Combine land, water and heat by matrices, or by weights where the plan gives some.

    A dimension that the plan has no data for is left out. A cell that is missing in one that it has is
    missing.
    """
    judge = Judge.of(evaluation_farming_rules, evaluation_spec, "farming")
    shares = evaluation_spec.weights.get("farming")
    if shares:
        return judge.weigh({"land": farming_land, "water": farming_water, "heat": farming_heat}, shares)
    base = judge.combine("matrix.land_water", farming_land, farming_water, ("land", "water"))
    return judge.combine("matrix.base_heat", base, farming_heat, ("base", "heat"))


@raster("农业气象灾害危险性", "Weather hazard, grade (5 the highest)", kind="grade", classes=GRADES)
def weather_grade(
    weather_hazard: Values, evaluation_farming_rules: RuleTable, evaluation_spec: Evaluation
) -> Grades:
    """Grade the share of years with a disaster, 5 the highest hazard."""
    return Judge.of(evaluation_farming_rules, evaluation_spec, "farming").grade(
        "weather_hazard", weather_hazard
    )


@raster("农业生产等级（集中度修正前）", "Farming before patches, grade", kind="grade", classes=GRADES)
def farming_grade(  # noqa: PLR0913 (each factor is an argument)
    *,
    farming_base: Grades,
    evaluation_farming_rules: RuleTable,
    evaluation_spec: Evaluation,
    slope: Values,
    soil_environment: Grades | None = None,
    soil_salinity: _Array | None = None,
    weather_grade: Grades | None = None,
    farming_water: Grades | None = None,
    silt: Values | None = None,
    heat_sum: Values | None = None,
) -> Grades:
    """Correct the base for soil environment, salinity, weather, in this order, then what is unsuitable."""
    judge = Judge.of(evaluation_farming_rules, evaluation_spec, "farming")
    capacity = soil_environment
    grade = judge.move("soil_capacity", farming_base, capacity)
    grade = judge.move("soil_salinity", grade, read_codes(soil_salinity))
    grade = judge.correct("weather_hazard.matrix", grade, weather_grade, "weather_hazard")
    limits = judge.table.under("unsuitable")
    if not limits:
        return grade
    grade = judge.forbid("unsuitable.slope", grade, slope > limits["slope"], slope)
    grade = judge.forbid("unsuitable.silt", grade, None if silt is None else silt >= limits["silt"], silt)
    heat, least = heat_sum, limits["accumulated_temperature"]
    grade = judge.forbid(
        "unsuitable.accumulated_temperature", grade, None if heat is None else heat < least, heat
    )
    poor = None if capacity is None else capacity >= limits["soil_capacity"]
    grade = judge.forbid("unsuitable.soil_capacity", grade, poor, capacity)
    lack = None if farming_water is None else farming_water >= limits["water"]
    return judge.forbid("unsuitable.water", grade, lack, farming_water)
