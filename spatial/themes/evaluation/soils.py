"""Soil environment 土壤环境: metals in the soil against what GB 15618 asks, by acidity and use.

Capacity is coded as the drafts do: 1 high, 3 middle, 5 low, 0 missing. Every number comes from the table
``evaluation_farming``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters import scoring
from spatial.plan.base import Text
from spatial.plan.ecosystems import name_kinds
from spatial.plan.judging import Grades, Judge, Values, read_codes, settle_table
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rasters import raster
from spatial.plan.rules import RuleTable

CAPACITIES = {
    1: Text(zh="高（不超筛选值）", en="high (within the screening value)"),
    3: Text(zh="中（超筛选值，不超管制值）", en="middle (above the screening value)"),
    5: Text(zh="低（超管制值）", en="low (above the control value)"),
}
METALS = ("cadmium", "mercury", "arsenic", "lead", "chromium")
_Array = npt.NDArray[Any]


@raster(
    "土壤重金属环境容量", "Capacity for metals", kind="grade", classes=CAPACITIES,
    one_of=tuple(f"soil_{metal}" for metal in METALS), keep=False,
)  # fmt: skip
def metal_capacity(  # noqa: PLR0913 (each metal is an argument)
    *,
    soil_ph: Values,
    evaluation_farming_rules: RuleTable,
    evaluation_cover_rules: RuleTable,
    evaluation_spec: Evaluation,
    ecosystem: Grades | None = None,
    soil_cadmium: Values | None = None,
    soil_mercury: Values | None = None,
    soil_arsenic: Values | None = None,
    soil_lead: Values | None = None,
    soil_chromium: Values | None = None,
) -> Grades:
    """Code each metal by its screening and control values; the worst of them counts.

    Paddy has screening values of its own where land cover tells paddy from other land. Without acidity a cell
    is missing, and a metal that is missing says nothing.
    """
    judge = Judge.of(evaluation_farming_rules, evaluation_spec, "farming")
    cover = settle_table(evaluation_cover_rules, evaluation_spec, "cover")
    paddy = np.zeros(soil_ph.shape, dtype=bool)
    if ecosystem is not None:
        paddy = np.isin(ecosystem, name_kinds(cover, judge.value("soil.paddy")))
    acid = judge.grade("soil.ph", soil_ph)
    given = (soil_cadmium, soil_mercury, soil_arsenic, soil_lead, soil_chromium)
    codes = {
        metal: _code_metal(judge, metal, values, acid, paddy)
        for metal, values in zip(METALS, given, strict=True)
        if values is not None
    }
    found = scoring.worst_of(*codes.values())
    judge.note("combine", dict(codes), found)
    return found


def _code_metal(judge: Judge, metal: str, values: Values, acid: Grades, paddy: _Array) -> Grades:
    """Return the capacity for one metal: above which of its limits its content lies."""
    limits = {
        name: np.array([np.nan, *judge.value(f"soil.{metal}.{name}")], dtype=np.float32)[acid]
        for name in ("screening", "screening_paddy", "control")
    }
    screening = np.where(paddy, limits["screening_paddy"], limits["screening"])
    code = 1 + 2 * (values > screening).astype(np.uint8) + 2 * (values > limits["control"])
    found = np.where((acid == 0) | np.isnan(values), np.uint8(0), code.astype(np.uint8))
    shown = {metal: values, "screening": screening, "control": limits["control"]}
    judge.note("grade", shown, found, f"soil.{metal}.screening")
    return found


@raster(
    "土壤环境容量", "Soil environment capacity", kind="grade", classes=CAPACITIES,
    one_of=("soil_capacity", "metal_capacity"),
)  # fmt: skip
def soil_environment(
    evaluation_farming_rules: RuleTable,
    evaluation_spec: Evaluation,
    soil_capacity: _Array | None = None,
    metal_capacity: Grades | None = None,
) -> Grades:
    """Return the capacity that the plan gives as a raster of codes, else that by metals."""
    given = read_codes(soil_capacity)
    found = metal_capacity if given is None else scoring.map_codes(given, {code: code for code in CAPACITIES})
    assert found is not None
    judge = Judge.of(evaluation_farming_rules, evaluation_spec, "farming")
    judge.note("combine", {"capacity": found}, found)
    return found
