"""An explanation of one place's evaluation, as text in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from spatial.outputs.reasons import ACTIONS, CONFIDENCES, tell_value
from spatial.plan.base import Text
from spatial.plan.evaluation import BURNT, FACTORS
from spatial.plan.rasters import RasterContract
from spatial.plan.rules import Rule
from spatial.plan.traces import Cell, Note

_MONTH = "_months."
"""Between a factor and the number of a month."""


class _Layer(Protocol):
    @property
    def contract(self) -> RasterContract: ...


def tell_explanation(
    inputs: Mapping[str, Cell],
    notes: tuple[Note, ...],
    results: Mapping[str, Cell],
    layers: Mapping[str, _Layer],
    told: Mapping[str, str] | None = None,
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
    told : mapping of str to str, optional
        Where inputs come from.

    Examples
    --------
    >>> list(tell_explanation({"elevation": 312.0}, (), {}, {}))
    ['因子 Factors', '  高程 Elevation: 312 m']
    """
    yield "因子 Factors"
    for name, value in inputs.items():
        whole = name.partition(".")[0]
        source = f"（{told[whole]}）" if told and whole in told else ""
        yield f"  {_title_input(name)}: {_show(value)}{_unit(name, value)}{source}"
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
    factor, _, month = name.partition(_MONTH)
    if month:
        return f"{FACTORS[factor].zh} {month}月 {FACTORS[factor].en}, month {month}"
    if name in FACTORS:
        return f"{FACTORS[name].zh} {FACTORS[name].en}"
    return f"{BURNT[name][0]} {BURNT[name][1]} (1 = 内 inside)" if name in BURNT else name


def _unit(name: str, value: Cell) -> str:
    name = name.partition(_MONTH)[0]
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
    yield f"  {_both(ACTIONS[one.action])}: {given} → {made}"
    if one.rule is not None:
        yield from _tell_rule(one.rule, one.table)


def _tell_rule(rule: Rule, table: str) -> Iterator[str]:
    unit = f" {rule.unit}" if rule.unit else ""
    label = _both(rule.label)
    yield f"    依据 rule {table}:{rule.key}: {label}: {tell_value(rule.value)}{unit}"
    yield f"    来源 source: {rule.source}；可信度 confidence: {_both(CONFIDENCES[rule.confidence])}"
    if rule.note:
        yield f"    注 note: {rule.note}"


def _both(text: Text) -> str:
    return f"{text.pick('zh')} {text.pick('en')}"
