"""Grounds of the importance for ecology: which services and sensitivities the plan gives the data for.

Those without data are left out; where the data of the others has gaps, cells are missing. The two must not be
taken for each other, and no single cell tells which of them it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from spatial.plan.judging import Grades, Judge
from spatial.plan.parts.evaluation import Evaluation, Factor
from spatial.plan.rules import RuleTable

Thresholds = Mapping[str, tuple[float, ...]]
Factors = Mapping[str, Factor]
_CONDITIONS = {
    "conservation": ("conservation.extreme.slope", {"elevation", "vegetation", "landcover"}),
    "windbreak": ("windbreak.extreme.sand", {"sand", "wind_days", "vegetation"}),
}
"""Services that a profile may grade by conditions: a row that tells, and the factors that they need."""


def list_services(judge: Judge, factors: Collection[str], shared: Collection[str]) -> frozenset[str]:
    """Return the services that the plan gives the data for, besides biodiversity.

    Parameters
    ----------
    judge : Judge
        Of ecology.
    factors, shared : collection of str
        Factors that the plan gives, and services of `SHARED` whose amounts were made.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> judge = Judge.of(read_rules("evaluation_ecology"), Evaluation(), "ecology")
    >>> sorted(list_services(judge, {"sand", "wind_days", "vegetation"}, {"retention"}))
    ['retention', 'windbreak']
    """
    found = {"retention"} & {*shared}
    for name, (row, needed) in _CONDITIONS.items():
        if name in shared if judge.row(row) is None else needed <= {*factors}:
            found.add(name)
    return frozenset(found)


def list_sensitivities(judge: Judge, factors: Collection[str], shared: Collection[str]) -> frozenset[str]:
    """Return the sensitivities that the plan gives enough factors for; parameters as of `list_services`.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> judge = Judge.of(read_rules("evaluation_ecology"), Evaluation(), "ecology")
    >>> sorted(list_sensitivities(judge, {"elevation", "sand", "vegetation"}, ()))
    ['erosion', 'sand']
    """
    given, least = {*factors}, judge.value("sensitivity.least")
    counts = {
        "erosion": len(given & {"erosivity", "silt", "vegetation"}) + 1 if "elevation" in given else 0,
        "karst": len(given & {"vegetation"}) + 2 if {"carbonate", "elevation"} <= given else 0,
        "sand": len(given & {"wind_days", "sand", "vegetation"}) + ({"rain", "evaporation"} <= given),
    }
    found = {name for name, count in counts.items() if count >= least}
    if "conservation" in shared and judge.row("fragility.water") is not None:
        found.add("erosion")  # from amounts of soil loss, which are made along with those of soil kept
    return frozenset(found)


def speaks(
    judge: Judge, spec: Evaluation, factors: Collection[str], shared: Collection[str]
) -> tuple[bool, bool]:
    """Tell whether the plan gives data for any service, and for any sensitivity; as `list_services`."""
    polygons = bool(spec.protection or spec.water_source)
    return (
        polygons or bool(list_services(judge, factors, shared)),
        bool(list_sensitivities(judge, factors, shared)),
    )


def drop_silent(
    importance: Grades | None,
    spec: Evaluation,
    rules: RuleTable | None,
    factors: Factors | None,
    thresholds: Thresholds | None,
) -> Grades | None:
    """Return the importance, or None where the plan gives no data for any of it.

    Parameters
    ----------
    importance : ndarray of uint8, optional
    spec : Evaluation
    rules : RuleTable, optional
        ``evaluation_ecology``; without it, or without factors, the importance is returned as it is.
    factors, thresholds : mapping, optional
    """
    if importance is None or rules is None or factors is None:
        return importance
    judge = Judge.of(rules, spec, "ecology")
    return importance if any(speaks(judge, spec, factors, thresholds or ())) else None
