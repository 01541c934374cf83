"""An explanation of one place's evaluation, as text in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from spatial.plan.evaluation import BURNT, FACTORS
from spatial.plan.rasters import RasterContract
from spatial.plan.rules import Intervals, Rule
from spatial.plan.traces import Cell, Note

_ACTIONS = {
    "grade": "分级 grade",
    "matrix": "判别矩阵 matrix",
    "weights": "加权 weigh",
    "correct": "修正 correct",
    "forbid": "不适宜条件 unsuitable if",
    "condition": "条件（1 满足，0 不满足） condition (1 holds, 0 does not)",
    "class": "归类 class",
    "combine": "综合 combine",
    "skip": "缺数据，跳过 no data, skipped",
    "made": "计算 compute",
}
_CONFIDENCE = {
    "found": "见于资料 found in a source",
    "high": "高（未核对原文）high, not verified",
    "medium": "中（未核对原文）medium, not verified",
    "low": "低（未核对原文）low, not verified",
    "default": "本工具默认，非规范 default of this tool, no norm",
    "given": "规划给定 given by the plan",
}


class _Layer(Protocol):
    @property
    def contract(self) -> RasterContract: ...


def tell_explanation(
    inputs: Mapping[str, Cell],
    notes: tuple[Note, ...],
    results: Mapping[str, Cell],
    layers: Mapping[str, _Layer],
) -> Iterator[str]:
    """Yield the lines of an explanation.

    Parameters
    ----------
    inputs : mapping of str to number
        Factors and polygons at the place, None where missing.
    notes : tuple of Note
        In the order in which the steps were done.
    results : mapping of str to number
        Final classes.
    layers : mapping of str to layer
        With `contract`, for titles, units and names of classes.

    Examples
    --------
    >>> list(tell_explanation({"elevation": 312.0}, (), {}, {}))
    ['因子 Factors', '  高程 Elevation: 312 m']
    """
    yield "因子 Factors"
    for name, value in inputs.items():
        yield f"  {_title_input(name)}: {_show(value)}{_unit(name, value)}"
    said = ""
    for one in notes:
        if one.layer != said:
            said = one.layer
            yield ""
            yield _title(said, layers)
        yield from _tell_note(one, layers)
    if results:
        yield ""
        yield "结论 Results"
        for name, value in results.items():
            yield f"  {_title(name, layers)}: {_name_class(name, value, layers)}"


def _title(name: str, layers: Mapping[str, _Layer]) -> str:
    return f"{layers[name].contract.zh} {layers[name].contract.en}" if name in layers else name


def _title_input(name: str) -> str:
    if name in FACTORS:
        return f"{FACTORS[name].zh} {FACTORS[name].en}"
    return f"{BURNT[name][0]} {BURNT[name][1]} (1 = 内 inside)" if name in BURNT else name


def _unit(name: str, value: Cell) -> str:
    unit = FACTORS[name].unit if name in FACTORS else ""
    return f" {unit}" if unit and value is not None else ""


def _show(value: Cell) -> str:
    return "缺失 missing" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _name_class(name: str, value: Cell, layers: Mapping[str, _Layer]) -> str:
    contract = layers[name].contract if name in layers else None
    if contract is None or value is None:
        return _show(value)
    text = contract.classes.get(int(value)) if contract.kind != "value" else None
    if text is None:
        return f"{_show(value)} {contract.unit}".rstrip()
    return f"{value} {text.pick('zh')} {text.pick('en')}"


def _tell_note(one: Note, layers: Mapping[str, _Layer]) -> Iterator[str]:
    given = ", ".join(f"{name} {_show(value)}" for name, value in one.inputs.items())
    made = _name_class(one.layer, one.result, layers) if one.action == "made" else _show(one.result)
    yield f"  {_ACTIONS[one.action]}: {given} → {made}"
    if one.rule is not None:
        yield from _tell_rule(one.rule, one.table)


def _tell_rule(rule: Rule, table: str) -> Iterator[str]:
    unit = f" {rule.unit}" if rule.unit else ""
    label = f"{rule.label.pick('zh')} {rule.label.pick('en')}"
    yield f"    依据 rule {table}:{rule.key}: {label}: {_tell_value(rule.value)}{unit}"
    yield f"    来源 source: {rule.source}；可信度 confidence: {_CONFIDENCE[rule.confidence]}"
    if rule.note:
        yield f"    注 note: {rule.note}"


def _tell_value(value: Any) -> str:
    """Write a row's value: breaks with grades or shifts, a matrix by rows, others as they are."""
    if isinstance(value, Intervals):
        outcome = getattr(value, "grades", getattr(value, "shifts", ()))
        breaks = ", ".join(f"{one:g}" for one in value.breaks)
        return f"{breaks} → {', '.join(map(str, outcome))}"
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return "; ".join(" ".join(f"{one:g}" for one in row) for row in value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in value.items())
    return str(value)
