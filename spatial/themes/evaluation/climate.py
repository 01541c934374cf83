"""Climate of a cell from months or the year: comfort for building, and the heat that crops have.

Monthly rasters have twelve bands, January first, and are handed on as arrays of shape (height, width, 12).
Temperatures that hold for other heights than the cell's are corrected where the plan says for which.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters import ecology, scoring
from spatial.plan.base import Text
from spatial.plan.judging import Grades, Judge, Values
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rasters import raster
from spatial.plan.rules import RuleTable

Months = npt.NDArray[np.float32]
"""Shape (height, width, 12)."""
COMFORT = {
    1: Text(zh="1（最不舒适）", en="1 (least)"),
    **{number: Text(zh=str(number), en=str(number)) for number in range(2, 7)},
    7: Text(zh="7（最舒适）", en="7 (most)"),
}
_DAYS = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@raster("气候舒适度（逐月众数）", "Comfort by months, 7 the best", kind="grade", classes=COMFORT, keep=False)
def comfort_months(
    *,
    temperature_months: Months,
    humidity_months: Months,
    evaluation_urban_rules: RuleTable,
    evaluation_farming_rules: RuleTable,
    evaluation_spec: Evaluation,
    elevation: Values | None = None,
    climate_height: Values | None = None,
) -> Grades:
    """Grade each month and take the most frequent grade, of equally frequent ones the worse.

    A cell that lacks a month is missing.
    """
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    lapse = Judge.of(evaluation_farming_rules, evaluation_spec, "farming").value("lapse")
    warm = _lift(temperature_months, elevation, climate_height, lapse)
    row = judge.value("comfort")
    index = ecology.comfort_index(warm, humidity_months)
    grades = scoring.grade_by_breaks(index, row.breaks, row.grades, row.edges)
    layers = np.moveaxis(grades, -1, 0)
    whole = (layers > 0).all(axis=0)
    found = np.where(whole, scoring.mode_of(layers, "low"), np.uint8(0))
    judge.note("grade", {f"month_{number}": one for number, one in enumerate(layers, 1)}, found, "comfort")
    return found


@raster("气候舒适度（年均值近似）", "Comfort by yearly means, 7 the best", kind="grade", classes=COMFORT)
def comfort_year(
    *,
    temperature: Values,
    humidity: Values,
    evaluation_urban_rules: RuleTable,
    evaluation_farming_rules: RuleTable,
    evaluation_spec: Evaluation,
    elevation: Values | None = None,
    climate_height: Values | None = None,
) -> Grades:
    """Grade temperature and humidity of the year's mean; the guide takes the mode of twelve months."""
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    lapse = Judge.of(evaluation_farming_rules, evaluation_spec, "farming").value("lapse")
    warm = _lift(temperature, elevation, climate_height, lapse)
    return judge.grade("comfort", ecology.comfort_index(warm, humidity))


@raster(
    "气候舒适度", "Comfort, 7 the best", kind="grade", classes=COMFORT,
    one_of=("comfort_months", "comfort_year"),
)  # fmt: skip
def comfort(
    evaluation_urban_rules: RuleTable,
    evaluation_spec: Evaluation,
    comfort_months: Grades | None = None,
    comfort_year: Grades | None = None,
) -> Grades:
    """Return the comfort by months where the plan gives months, else by the year's means."""
    found = comfort_year if comfort_months is None else comfort_months
    assert found is not None
    judge = Judge.of(evaluation_urban_rules, evaluation_spec, "urban")
    judge.note("combine", {"comfort": found}, found)
    return found


@raster(
    "活动积温（计算取用）", "Accumulated temperature as taken", unit="°C·d",
    one_of=("accumulated_temperature", "temperature_months"),
)  # fmt: skip
def heat_sum(
    *,
    inside: Grades,
    evaluation_farming_rules: RuleTable,
    evaluation_spec: Evaluation,
    accumulated_temperature: Values | None = None,
    temperature_months: Months | None = None,
    elevation: Values | None = None,
    climate_height: Values | None = None,
) -> Values:
    """Return the accumulated temperature: as given, else from monthly means at or above 0 °C.

    Where the plan says which height temperatures hold for, they are corrected to the cell's: monthly means
    each, which is exact, and a given sum by the row ``season_days``.
    """
    judge = Judge.of(evaluation_farming_rules, evaluation_spec, "farming")
    lapse = judge.value("lapse")
    if accumulated_temperature is None:
        assert temperature_months is not None
        months = _lift(temperature_months, elevation, climate_height, lapse)
        return ecology.accumulated_temperature(np.moveaxis(months, -1, 0), _DAYS)
    if elevation is None or climate_height is None:
        return accumulated_temperature
    rise, days = elevation - climate_height, judge.value("season_days")
    found = ecology.accumulated_at(accumulated_temperature, rise, days, lapse)
    judge.note("combine", {"given": accumulated_temperature, "rise_m": rise}, found, "season_days")
    return found


def _lift(warm: Values, elevation: Values | None, at: Values | None, lapse: float) -> Values:
    """Return temperatures at the cells' own height; as they are where it is not said which they hold for."""
    if elevation is None or at is None:
        return warm
    rise = elevation - at
    return ecology.temperature_at(warm, rise[..., None] if warm.ndim > rise.ndim else rise, lapse)
