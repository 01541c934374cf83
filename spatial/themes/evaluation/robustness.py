"""Sensitivity of the evaluation to single rules, as a table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from spatial.plan.contract import Column, layer


@layer(
    "规则敏感性", "Sensitivity to rules", "none",
    needs=("evaluation",),
    name_en=Column("text", "英文名称", "English name"),
    result=Column("text", "评价", "Evaluation"),
    rule=Column("text", "规则", "Rule"),
    best_ha=Column("number", "最优等级面积（公顷）", "Best class (ha)"),
    low_ha=Column("number", "断点下调后（公顷）", "With the limits lowered (ha)"),
    high_ha=Column("number", "断点上调后（公顷）", "With the limits raised (ha)"),
    moved_share=Column("number", "改变等级的面积占比", "Share of land that changes its class"),
)  # fmt: skip
def suitability_sensitivity(rule_swings: list[Any]) -> pd.DataFrame:
    """Return what moving each rule by the stated share does to its result, one at a time, largest first.

    The best class is 1: extremely important, or suitable.
    """
    rows = [
        {
            "id": f"{one.group}-{one.rule.key}", "name": one.rule.label.pick("zh"),
            "name_en": one.rule.label.pick("en"), "result": one.group, "rule": one.rule.key,
            "best_ha": one.best_ha, "low_ha": one.low_ha, "high_ha": one.high_ha,
            "moved_share": one.moved_share,
        }
        for one in rule_swings
    ]  # fmt: skip
    texts = ("id", "name", "name_en", "result", "rule")
    numbers = ("best_ha", "low_ha", "high_ha", "moved_share")
    frame = pd.DataFrame(rows, columns=[*texts, *numbers])
    return frame.astype(dict.fromkeys(texts, "str") | dict.fromkeys(numbers, "float64"))
