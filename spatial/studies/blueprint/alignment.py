"""The common base 统一底板: whether plans share boundary, classification and core indicators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from spatial.plan.findings import Finding
from spatial.plan.parts.indicators import CoreIndicator, state_core
from spatial.plan.records import Plan

COLUMNS = ("indicator", "plan", "value", "unit", "year", "state")
STATES = {
    "same": ("一致", "the same"),
    "missing": ("缺少", "is missing"),
    "unit": ("单位不同", "has another unit"),
    "year": ("年份不同", "is of another year"),
}
"""How an indicator of a plan stands to that of most plans."""


def compare_indicators(plans: Sequence[Plan]) -> pd.DataFrame:
    """Hold the core indicators of plans against each other.

    Returns
    -------
    pandas.DataFrame
        One row for each indicator that any plan gives or its base asks for, and each plan: ``indicator,
        plan, value, unit, year, state``; value and year are null where the plan gives none. The unit and
        year of most plans, of the first where as many have another, are those that the rest is held to.
    """
    given = {plan.name: _state_indicators(plan) for plan in plans}
    asked = [
        name for plan in plans if plan.sector and plan.sector.base for name in plan.sector.base.indicators
    ]
    rows = []
    for name in dict.fromkeys([*asked, *(key for own in given.values() for key in own)]):
        told = [own[name] for own in given.values() if name in own]
        unit = Counter(item.unit for item in told).most_common(1)[0][0] if told else ""
        year = Counter(item.year for item in told).most_common(1)[0][0] if told else None
        for plan, own in given.items():
            item = own.get(name)
            value = (None, "", None) if item is None else (item.value, item.unit, item.year)
            rows.append((name, plan, *value, _state(item, unit, year)))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"value": "float64", "year": "float64"})


def _state_indicators(plan: Plan) -> dict[str, CoreIndicator]:
    own: dict[str, CoreIndicator] = dict(state_core(plan.indicators))
    return own | (plan.sector.indicators if plan.sector else {})


def _state(item: CoreIndicator | None, unit: str, year: int | None) -> str:
    if item is None:
        return "missing"
    return "unit" if item.unit != unit else "year" if item.year != year else "same"


def doubt_base(plans: Sequence[Plan], indicators: pd.DataFrame) -> list[Finding]:
    """Report where plans do not stand on one base.

    Returns
    -------
    list of Finding
        ``reconcile.indicator`` (warning; error in a plan that names a base): an indicator that a plan lacks,
        or gives in another unit or for another year than most. ``reconcile.boundary`` (warning): boundaries
        from different providers or sources. ``reconcile.schemes`` (info): codes of different
        classifications, each led to the common one.
    """
    titles = {plan.name: plan.title for plan in plans}
    bound = {plan.name for plan in plans if plan.sector and plan.sector.base}
    found = [
        Finding(
            "reconcile.indicator", "error" if row.plan in bound else "warning", "differences", row.plan,
            f"{titles[row.plan].pick('zh')}：核心指标“{row.indicator}”{STATES[row.state][0]}，与其他规划不统一。",
            f"{titles[row.plan].pick('en')}: core indicator “{row.indicator}” {STATES[row.state][1]}.",
        )
        for row in indicators[indicators["state"] != "same"].itertuples()
    ]  # fmt: skip
    borders = {plan.name: plan.territory.source or plan.territory.provider for plan in plans}
    if len(set(borders.values())) > 1:
        told = ", ".join(f"{name}: {border}" for name, border in borders.items())
        found.append(Finding(
            "reconcile.boundary", "warning", "differences", "",
            f"各规划边界来源不同（{told}），底图不统一；行政边界处的差异可能由此产生。",
            f"the plans take their boundaries from different places ({told}); differences along borders may "
            "come from that.",
        ))  # fmt: skip
    schemes = {plan.name: (plan.sector.scheme or "own") if plan.sector else "" for plan in plans}
    if len(set(schemes.values())) > 1:
        told = ", ".join(f"{name}: {scheme}" for name, scheme in schemes.items())
        found.append(Finding(
            "reconcile.schemes", "info", "differences", "",
            f"各规划编码体系不同（{told}），已统一换算到用地用海分类一级类。",
            f"the plans' codes are of different classifications ({told}); each is led to the common one.",
        ))  # fmt: skip
    return found
