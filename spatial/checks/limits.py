"""Checks of lines, proposed and the plan's own, against limits, aims and the carrying scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from spatial.plan.findings import Finding
from spatial.plan.judging import settle_table
from spatial.plan.parts.evaluation import Alternative, Evaluation
from spatial.plan.proposals import ALTERNATIVES, Bound, Choice, bound_targets
from spatial.plan.rules import RuleTable

_BOUNDARY, _FIELDS = "urban_boundary", "permanent_farmland"


@dataclass(frozen=True)
class _Board:
    """The short board for urban land: how much, and of which constraint."""

    value: float
    zh: str
    en: str


def limit_findings(
    *,
    proposal_choices: tuple[Choice, ...],
    proposal_balance: pd.DataFrame,
    carrying_capacity: pd.DataFrame,
    evaluation_spec: Evaluation | None,
    evaluation_capacity_rules: RuleTable,
) -> list[Finding]:
    """Report which lines, proposed and the plan's own, are beyond limits, and targets beyond their rules.

    Returns
    -------
    list of Finding
        Warnings with value and limit: ``proposals.above_limit`` (a boundary above what its alternative lets
        it hold), ``proposals.above_aim`` (a concentrated zone above its aim), ``proposals.above_carrying``,
        ``lines.above_limit``, ``lines.above_carrying``, ``lines.farmland_short`` (the plan's own lines),
        ``evaluation.target_beyond_rule``; ``proposals.no_special`` (info: no special-use zone, and why).
    """
    if evaluation_spec is None or not proposal_choices:
        return []
    capacity = settle_table(evaluation_capacity_rules, evaluation_spec, "capacity")
    rules = proposal_choices[0].table
    found = [
        finding
        for bound in bound_targets(evaluation_spec, rules, capacity)
        for finding in _judge_target(bound)
    ]
    board = _find_board(carrying_capacity)
    areas = {choice.alternative: _read_areas(choice, proposal_balance) for choice in proposal_choices}
    for choice in proposal_choices:
        found += _judge_boundary(choice, areas[choice.alternative], board)
    found += _explain_no_special(proposal_choices, areas)
    return [*found, *_judge_own(proposal_choices[0], proposal_balance, board)]


def _read_areas(choice: Choice, balance: pd.DataFrame, column: str = "area_ha") -> dict[str, float]:
    rows = balance[balance["alternative"] == choice.alternative]
    told = rows[rows[column].notna()]
    return dict(zip(told["key"].astype(str), told[column].astype(float), strict=True))


def _find_board(carrying: pd.DataFrame) -> _Board | None:
    """Return the least of the carrying scales of urban land; none where nothing is told of it."""
    rows = carrying[(carrying["item"] == "urban_land") & carrying["shortest"]]
    if rows.empty:
        return None
    row = rows.iloc[0]
    return _Board(float(row["value"]), str(row["name"]), str(row["name_en"]))


def _judge_target(bound: Bound) -> Iterator[Finding]:
    low, high = bound.least, bound.most
    limit = low if low is not None and bound.value < low else high
    if limit is None or (bound.value <= limit if limit == high else bound.value >= limit):
        return
    zh, en = ("低于", "below") if bound.value < limit else ("高于", "above")
    yield Finding(
        "evaluation.target_beyond_rule", "warning", "proposed_lines", f"targets.{bound.target}",
        f"规划目标 targets.{bound.target}：{bound.title.zh} {bound.value:g}，{zh}规则 {bound.rule} "
        f"的 {limit:g}；建议方案照规划所给计算，请说明依据或改回。",
        f"The plan's target `targets.{bound.target}`: {bound.title.en} {bound.value:g} is {en} the {limit:g} "
        f"of the rule {bound.rule}. The proposals follow the plan; give the grounds for it or change it.",
        bound.value, limit,
    )  # fmt: skip


def _judge_boundary(choice: Choice, area: Mapping[str, float], board: _Board | None) -> Iterator[Finding]:
    """Yield where a proposed boundary or its concentrated zone is larger than it was to be."""
    text = ALTERNATIVES[choice.alternative]
    zh, en = f"建议方案“{text.zh}”", f"The proposal “{text.en}”"
    place = f"{choice.alternative}.{_BOUNDARY}"
    got, most = area.get(_BOUNDARY, 0.0), area.get("boundary_most")
    if most is not None and got > most:
        yield Finding(
            "proposals.above_limit", "warning", "proposed_lines", place,
            f"{zh}的开发边界 {got:,.0f} 公顷，超过本方案上限 {most:,.0f} 公顷；"
            "超出部分来自现状建成区或边界圆整，使用前请收缩。",
            f"{en} has a boundary of {got:,.0f} ha, above the {most:,.0f} ha that it lets itself hold; what "
            "is above comes of land that is built or of rounding. Draw it in before use.",
            got, most,
        )  # fmt: skip
    if board is not None and got > board.value:
        yield Finding(
            "proposals.above_carrying", "warning", "proposed_lines", place,
            f"{zh}的开发边界 {got:,.0f} 公顷，超过短板 {board.value:,.0f} 公顷（{board.zh}）；"
            "划定时未以承载规模为上限，请核减或论证。",
            f"{en} has a boundary of {got:,.0f} ha, above the short board of {board.value:,.0f} "
            f"ha ({board.en}), which does not limit the drawing. Reduce it or argue for it.",
            got, board.value,
        )  # fmt: skip
    core, aim = area.get("concentrated"), area.get("concentrated_aim")
    if core is not None and aim is not None and core > aim * (1 + choice.by_name("short_of_target")):
        yield Finding(
            "proposals.above_aim", "warning", "proposed_growth", f"{choice.alternative}.concentrated",
            f"{zh}的集中建设区 {core:,.0f} 公顷，比目标 {aim:,.0f} 公顷多 {core - aim:,.0f} 公顷；"
            "多出的是圆整、填洞和过小分区并入所带的土地。",
            f"{en} has a concentrated zone of {core:,.0f} ha, {core - aim:,.0f} ha above its aim of "
            f"{aim:,.0f} ha: land that rounding, filled holes and zones too small to stand have added.",
            core, aim,
        )  # fmt: skip


def _explain_no_special(
    choices: tuple[Choice, ...], areas: Mapping[Alternative, Mapping[str, float]]
) -> Iterator[Finding]:
    """Yield why there is no special-use zone in some alternatives, once for all of them."""
    none = [
        choice
        for choice in choices
        if choice.special_share > 0
        and areas[choice.alternative].get("concentrated", 0.0) > 0
        and not areas[choice.alternative].get("special", 0.0)
    ]
    if not none:
        return
    reach, least = none[0].by_name("urban.special_reach"), none[0].by_name("urban.least_hole")
    zh = "、".join(ALTERNATIVES[choice.alternative].zh for choice in none)
    en = ", ".join(ALTERNATIVES[choice.alternative].en for choice in none)
    yield Finding(
        "proposals.no_special", "info", "proposed_growth", "special",
        f"建议方案（{zh}）没有特别用途区：边界的凹湾与空洞（宽不超过 {2 * reach:g} 米）中，"
        f"没有圆整后仍不小于 {least:g} 公顷的开敞地，故图例不列此类；需要时由规划另行划定。",
        f"No special-use zone in the proposals {en}: in bays and holes of the boundary up to {2 * reach:g} m "
        f"wide no open land of {least:g} ha or more is left once it is rounded, so the legend leaves the "
        "class out. The plan draws one where it is wanted.",
        0.0, least,
    )  # fmt: skip


def _judge_own(choice: Choice, balance: pd.DataFrame, board: _Board | None) -> Iterator[Finding]:
    """Yield where the plan's own lines are beyond what proposals are held to."""
    area, own = _read_areas(choice, balance), _read_areas(choice, balance, "plan_ha")
    town, base = own.get(_BOUNDARY, 0.0), area.get("base_urban", 0.0)
    if town and base and town > base * choice.limit:
        ratio = town / base
        yield Finding(
            "lines.above_limit", "warning", "lines", _BOUNDARY,
            f"规划方案的城镇开发边界 {town:,.0f} 公顷，为基期城镇用地 {base:,.0f} 公顷的 {ratio:.2f} 倍，"
            f"超过上限 {choice.limit:g} 倍。",
            f"The plan's own urban boundary of {town:,.0f} ha is {ratio:.2f} times the {base:,.0f} ha of "
            f"urban land of the base year, above the limit of {choice.limit:g}.",
            ratio, choice.limit,
        )  # fmt: skip
    if board is not None and town > board.value:
        yield Finding(
            "lines.above_carrying", "warning", "lines", _BOUNDARY,
            f"规划方案的城镇开发边界 {town:,.0f} 公顷，超过短板 {board.value:,.0f} 公顷（{board.zh}）。",
            f"The plan's own urban boundary of {town:,.0f} ha is above the short board of "
            f"{board.value:,.0f} ha ({board.en}).",
            town, board.value,
        )  # fmt: skip
    fields, aim = own.get(_FIELDS, 0.0), choice.farmland_target * area.get("cultivated", 0.0)
    if 0 < fields < aim * (1 - choice.by_name("short_of_target")):
        yield Finding(
            "lines.farmland_short", "warning", "lines", _FIELDS,
            f"规划方案的永久基本农田 {fields:,.0f} 公顷，低于目标 {aim:,.0f} 公顷"
            f"（现状耕地的 {choice.farmland_target:.0%}），而线内面积还不全是耕地。",
            f"The plan's own permanent farmland of {fields:,.0f} ha is below the target of {aim:,.0f} ha, "
            f"{choice.farmland_target:.0%} of the cultivated land, and not all in the line need be fields.",
            fields, aim,
        )  # fmt: skip
