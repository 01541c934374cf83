"""An explanation of one place's evaluation, as text in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from spatial.outputs.reasons import ACTIONS, CONFIDENCES, tell_value, title_name
from spatial.plan.base import Text
from spatial.plan.parts.evaluation import BURNT, FACTORS
from spatial.plan.rasters import RasterContract
from spatial.plan.rules import Rule
from spatial.plan.traces import Cell, Note

_MONTH = "_months."
"""Between a factor and the number of a month."""
_SUPPORT = "evaluation_support"
"""Layer that counts what is present of its inputs."""
_WORDS = ("moved", "not_lowered", "may_rise", "weighted_mean")
"""Inputs that are no layers and no factors, which their names alone do not tell."""
_ENDS = ("made", "class")
"""Steps whose result is a class of the layer."""
Names = Mapping[str, Mapping[int, Text]]


class _Layer(Protocol):
    @property
    def contract(self) -> RasterContract: ...


def tell_explanation(  # noqa: PLR0917 (in the order in which they are told)
    inputs: Mapping[str, Cell],
    notes: tuple[Note, ...],
    results: Mapping[str, Cell],
    layers: Mapping[str, _Layer],
    told: Mapping[str, str] | None = None,
    named: Names | None = None,
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
    named : mapping of str to mapping of int to Text, optional
        What codes of inputs mean.

    Examples
    --------
    >>> list(tell_explanation({"elevation": 312.0}, (), {}, {}))
    ['因子 Factors', '  高程 Elevation: 312 m']
    """
    yield "因子 Factors"
    for name, value in inputs.items():
        whole = name.partition(".")[0]
        source = f"（{told[whole]}）" if told and whole in told else ""
        yield f"  {_title_input(name)}: {_show_input(name, value, layers, named or {})}{source}"
    said, unused = "", {name for one in notes if one.action == "unused" for name in one.inputs}
    for one in notes:
        if one.layer != said:
            said = one.layer
            yield ""
            yield _title(said, layers) + (f"（{_both(ACTIONS['unused'])}）" if said in unused else "")
        yield from _tell_note(one, layers, named or {})
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
    return f"{BURNT[name][0]} {BURNT[name][1]}" if name in BURNT else name


def _show_input(
    name: str, value: Cell, layers: Mapping[str, _Layer], named: Names, rule: Rule | None = None
) -> str:
    """Write what went in: codes with their names, amounts with their unit, polygons as in or out."""
    if name in BURNT:
        return "在内 inside" if value else "不在其内 not inside"
    if value is None:
        return _show(value)
    text = named.get(name, {}).get(int(value))
    if text is not None:
        return f"{value:g} {_both(text)}"
    if name in layers:
        return _name_class(name, value, layers)
    if not isinstance(value, float):
        return _show(value)  # grades and truths have no unit, also where they are called as their factor
    factor = FACTORS.get(name.partition(_MONTH)[0])
    unit = factor.unit if factor else rule.unit if rule else ""
    return f"{_show(value)} {unit}".rstrip()


def _show(value: Cell) -> str:
    return "缺失 missing" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _name_class(name: str, value: Cell, layers: Mapping[str, _Layer]) -> str:
    contract = layers[name].contract if name in layers else None
    if contract is None or value is None:
        return _show(value)
    text = contract.classes.get(int(value)) if contract.kind != "value" else None
    if text is None:
        return f"{_show(value)} {contract.unit}".rstrip()
    return str(value) if text.pick("zh") == str(value) else f"{value} {_both(text)}"


def _tell_note(one: Note, layers: Mapping[str, _Layer], named: Names) -> Iterator[str]:
    given = ", ".join(
        f"{_both(title_name(name, {})) if name in _WORDS else name} "
        f"{_show_input(name, value, layers, named, one.rule)}"
        for name, value in one.inputs.items()
    )
    made = _name_class(one.layer, one.result, layers) if one.action in _ENDS else _show(one.result)
    if one.layer == _SUPPORT:
        count = len(one.inputs)
        made = f"{made}（规划给出 {count} 项 of {count} that the plan gives data for）"
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
