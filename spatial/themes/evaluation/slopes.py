"""Slope of the ground and its grades for farming and building, as raster layers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.relief import slope_deg
from spatial.plan.base import Text
from spatial.plan.judging import Judge
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rasters import raster
from spatial.plan.rules import RuleTable

Values = npt.NDArray[np.float32]
Grades = npt.NDArray[np.uint8]

GRADES = {
    1: Text(zh="好", en="best"),
    2: Text(zh="较好", en="good"),
    3: Text(zh="一般", en="fair"),
    4: Text(zh="较差", en="poor"),
    5: Text(zh="差", en="worst"),
}
"""Names of the five grades of suitability."""


@raster("坡度", "Slope", unit="°", halo_cells=1)
def slope(elevation: Values, cell_m: float) -> Values:
    """Return the slope by Horn's formula, degrees; missing where one of the nine heights is.

    Examples
    --------
    >>> plane = np.arange(9, dtype=np.float32).reshape(3, 3) % 3 * 10
    >>> float(slope(plane, 10.0)[1, 1])
    45.0
    """
    return slope_deg(elevation, cell_m)


@raster("坡度分级（农业）", "Slope grade for farming", kind="grade", classes=GRADES)
def farming_slope(slope: Values, evaluation_farming_rules: RuleTable, evaluation_spec: Evaluation) -> Grades:
    """Return the grade of the slope for farming by the profile's breaks; 1 is best, 0 missing."""
    return Judge.of(evaluation_farming_rules, evaluation_spec, "farming").grade("slope", slope)


@raster("坡度分级（城镇）", "Slope grade for building", kind="grade", classes=GRADES)
def urban_slope(slope: Values, evaluation_urban_rules: RuleTable, evaluation_spec: Evaluation) -> Grades:
    """Return the grade of the slope for building by the profile's breaks; 1 is best, 0 missing."""
    return Judge.of(evaluation_urban_rules, evaluation_spec, "urban").grade("slope", slope)
