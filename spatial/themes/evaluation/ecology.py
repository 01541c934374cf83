"""Importance for ecology 生态保护重要性, first pass: services and sensitivities, cell by cell.

Amounts per cell that do not need the rest of the territory, and classes of sensitivity: 1 extremely
sensitive, 2 sensitive, 3 general, 0 missing. What needs totals of the whole raster is in
`spatial.themes.evaluation.importance`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters import drift, ecology, relief, scoring
from spatial.plan.base import Text
from spatial.plan.ecosystems import cover_factors, read_crosswalk, runoff_shares, wind_decays
from spatial.plan.judging import Grades, Judge, Values, settle_table
from spatial.plan.parts.evaluation import Evaluation, Factor
from spatial.plan.rasters import raster
from spatial.plan.rules import RuleTable

SENSITIVITY = {
    1: Text(zh="极敏感", en="Extremely sensitive"),
    2: Text(zh="敏感", en="Sensitive"),
    3: Text(zh="一般", en="General"),
}
_Array = npt.NDArray[Any]


@raster("生态系统类型", "Ecosystem", kind="class")
def ecosystem(
    landcover: _Array,
    factor_specs: Mapping[str, Factor],
    evaluation_cover_rules: RuleTable,
    evaluation_spec: Evaluation,
) -> Grades:
    """Return the ecosystem that stands for each class of land cover, as codes of ``evaluation_cover``."""
    judge = Judge.of(evaluation_cover_rules, evaluation_spec, "cover")
    scheme = factor_specs["landcover"].scheme
    assert scheme is not None
    found = scoring.map_codes(landcover, read_crosswalk(judge.table, scheme))
    judge.note("class", {"landcover": landcover}, found)
    return found


@raster("水源涵养量", "Water retained", unit="mm/a")
def water_retention(
    *,
    rain: Values,
    evaporation: Values,
    ecosystem: Grades,
    evaluation_cover_rules: RuleTable,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
) -> Values:
    """Return rain less runoff and evaporation; ecosystems without a row of runoff count as keeping none.

    `evaporation` is taken for the actual one.
    """
    cover = settle_table(evaluation_cover_rules, evaluation_spec, "cover")
    rules = settle_table(evaluation_ecology_rules, evaluation_spec, "ecology")
    share = scoring.map_values(ecosystem, runoff_shares(cover, rules))
    kept = ecology.retained_water(rain, evaporation, share)
    return np.where((ecosystem > 0) & np.isnan(share) & ~np.isnan(rain + evaporation), np.float32(0), kept)


@raster("潜在土壤侵蚀 RKLS", "Soil loss of bare ground, R K LS", unit="t/(ha·a)", keep=False)
def bare_loss(
    *,
    erosivity: Values,
    sand: Values,
    silt: Values,
    clay: Values,
    organic: Values,
    slope: Values,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
) -> Values:
    """Return what rain would take from bare ground by RUSLE."""
    rules = settle_table(evaluation_ecology_rules, evaluation_spec, "ecology")
    # The factor is organic matter; the formula asks for carbon.
    k = ecology.erodibility(sand, silt, clay, organic / np.float32(_MATTER_PER_CARBON))
    return ecology.soil_loss(erosivity, k, relief.ls_factor(slope, rules.value("slope_length")), 1.0)


_MATTER_PER_CARBON = 1.724
"""Organic matter by organic carbon (van Bemmelen)."""


@raster("植被覆盖与管理因子 C", "Cover and management C", keep=False)
def cover_c(
    ecosystem: Grades,
    vegetation: Values,
    evaluation_cover_rules: RuleTable,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
) -> Values:
    """Return the factor C by ecosystem and cover."""
    cover = settle_table(evaluation_cover_rules, evaluation_spec, "cover")
    rules = settle_table(evaluation_ecology_rules, evaluation_spec, "ecology")
    table, dry = cover_factors(cover, rules)
    breaks, edges = rules.value("cover_factor.breaks"), rules.value("cover_factor.edges")
    return ecology.cover_factor(ecosystem, vegetation, table, breaks, dry=dry, edges=edges)


@raster("水土保持量", "Soil kept from rain", unit="t/(ha·a)")
def soil_conservation(bare_loss: Values, cover_c: Values) -> Values:
    """Return the soil that plants keep in place, R K LS (1 - C)."""
    return bare_loss * (1 - cover_c)


@raster("年土壤流失量", "Soil loss by rain", unit="t/(ha·a)")
def soil_loss_rate(bare_loss: Values, cover_c: Values) -> Values:
    """Return the soil loss by RUSLE, R K LS C."""
    return bare_loss * cover_c


@raster("防风固沙量", "Sand kept from wind", unit="kg/m²")
def sand_conservation(  # noqa: PLR0913 (each input is an argument)
    *,
    wind_force: Values,
    sand: Values,
    silt: Values,
    clay: Values,
    organic: Values,
    ecosystem: Grades,
    vegetation: Values,
    evaluation_cover_rules: RuleTable,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
) -> Values:
    """Return the soil that plants keep from the wind by RWEQ; ecosystems without a row of decay keep none."""
    cover = settle_table(evaluation_cover_rules, evaluation_spec, "cover")
    rules = settle_table(evaluation_ecology_rules, evaluation_spec, "ecology")
    decay = scoring.map_values(ecosystem, wind_decays(cover, rules))
    kept = drift.sand_retained(
        wind_force, drift.erodible_fraction(sand, silt, clay, organic), drift.crust_factor(clay, organic),
        rules.value("windbreak.roughness"), drift.wind_cover(vegetation * 100, decay),
        distance_m=rules.value("windbreak.distance"),
    )  # fmt: skip
    known = (ecosystem > 0) & np.isnan(decay) & ~np.isnan(wind_force)
    return np.where(known, np.float32(0), np.maximum(kept, 0))


@raster("水土流失敏感性", "Sensitivity to erosion by water", kind="class", classes=SENSITIVITY)
def erosion_sensitivity(
    *,
    relief_range: Values,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
    erosivity: Values | None = None,
    silt: Values | None = None,
    vegetation: Values | None = None,
) -> Grades:
    """Class the root of the product of rain, relief, soil and cover; those without data are left out."""
    judge = Judge.of(evaluation_ecology_rules, evaluation_spec, "ecology")
    given = {"erosivity": erosivity, "relief": relief_range, "silt": silt, "cover": vegetation}
    return _judge_sensitivity(judge, "erosion_sensitivity", given)


@raster("石漠化敏感性", "Sensitivity to rocky desertification", kind="class", classes=SENSITIVITY)
def karst_sensitivity(
    carbonate: Values,
    slope: Values,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
    vegetation: Values | None = None,
) -> Grades:
    """Class the root of the product of carbonate rock, slope and cover."""
    judge = Judge.of(evaluation_ecology_rules, evaluation_spec, "ecology")
    return _judge_sensitivity(judge, "karst", {"carbonate": carbonate, "slope": slope, "cover": vegetation})


@raster(
    "土地沙化敏感性", "Sensitivity to sandification", kind="class", classes=SENSITIVITY,
    one_of=("wind_days", "sand", "evaporation"),
)  # fmt: skip
def sand_sensitivity(
    *,
    inside: Grades,
    evaluation_ecology_rules: RuleTable,
    evaluation_spec: Evaluation,
    rain: Values | None = None,
    evaporation: Values | None = None,
    wind_days: Values | None = None,
    sand: Values | None = None,
    vegetation: Values | None = None,
) -> Grades:
    """Class the root of the product of dryness, wind, sand and cover; those without data are left out."""
    judge = Judge.of(evaluation_ecology_rules, evaluation_spec, "ecology")
    dry = None if rain is None or evaporation is None else ecology.aridity(evaporation, rain)
    given = {"aridity": dry, "wind_days": wind_days, "sand": sand, "cover": vegetation}
    if all(values is None for values in given.values()):
        return np.zeros(inside.shape, dtype=np.uint8)
    return _judge_sensitivity(judge, "desertification", given)


def _judge_sensitivity(judge: Judge, prefix: str, given: Mapping[str, Values | None]) -> Grades:
    """Return the class of the geometric mean of the factors that are given, missing below the fewest."""
    there = {name: values for name, values in given.items() if values is not None}
    grades = {name: judge.grade(f"{prefix}.{name}", values) for name, values in there.items()}
    first = next(iter(grades.values()))
    if len(grades) < judge.value("sensitivity.least"):
        missing = np.zeros_like(first)
        judge.note("skip", dict(given), missing, "sensitivity.least")
        return missing
    mean = ecology.geometric_mean(*grades.values())
    judge.note("combine", dict(grades), mean)
    return judge.grade(f"{prefix}.class", mean)


@raster("评价因子支撑数", "Factors that support the evaluation", unit="")
def evaluation_support(  # noqa: PLR0913 (each factor is an argument)
    *,
    inside: Grades,
    farming_land: Grades | None = None,
    farming_water: Grades | None = None,
    farming_heat: Grades | None = None,
    weather_grade: Grades | None = None,
    soil_environment: Grades | None = None,
    soil_salinity: _Array | None = None,
    urban_land: Grades | None = None,
    urban_water: Grades | None = None,
    air_grade: Grades | None = None,
    water_environment_grade: Grades | None = None,
    comfort: Grades | None = None,
    geology_grade: Grades | None = None,
    storm_surge: Values | None = None,
    location_grade: Grades | None = None,
    water_retention: Values | None = None,
    soil_conservation: Values | None = None,
    sand_conservation: Values | None = None,
    erosion_sensitivity: Grades | None = None,
    karst_sensitivity: Grades | None = None,
    sand_sensitivity: Grades | None = None,
) -> Values:
    """Count the factors, graded ones of all three evaluations, that have something to say of each cell."""
    given = [
        farming_land, farming_water, farming_heat, weather_grade, soil_environment, soil_salinity, urban_land,
        urban_water, air_grade, water_environment_grade, comfort, geology_grade, storm_surge, location_grade,
        water_retention, soil_conservation, sand_conservation, erosion_sensitivity,
        karst_sensitivity, sand_sensitivity,
    ]  # fmt: skip
    there = [array for array in given if array is not None]
    if not there:
        return np.zeros(inside.shape, dtype=np.float32)
    return scoring.count_support(*there).astype(np.float32)
