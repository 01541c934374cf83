"""Checks of proposals: whether they are partitions, reach their aims, keep limits, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import geopandas as gpd
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.plan.findings import Finding
from spatial.plan.proposals import ALTERNATIVES, SUBZONES, Choice
from spatial.plan.zoning import LINE_NAMES

CLOSURE_M2 = 1.0
"""By how much areas may miss their sum or overlap before that is an error."""
_ROUND = 0.0005
"""What a share may be above its limit by rounding of edges, of the concentrated zone."""
_NEEDS = {
    "ecology_importance": ("生态保护重要性", "importance for ecology"),
    "farming_concentrated": ("农业生产等级", "grades of farming"),
    "ecosystem": ("土地覆被", "land cover"),
    "urban_concentrated": ("城镇建设等级", "grades of building"),
    "existing_urban": ("现状建成区 existing_urban", "`existing_urban`"),
    "farming_suitability": ("农业生产适宜性", "suitability for farming"),
}
_LAYERS = {"zone": "proposed_zones", "line": "proposed_lines"}


def proposal_findings(
    *,
    proposal_choices: tuple[Choice, ...],
    proposal_lacking: dict[str, tuple[str, ...]],
    proposal_balance: pd.DataFrame,
    proposed_zones: gpd.GeoDataFrame,
    proposed_lines: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
) -> list[Finding]:
    """Report on the proposals.

    Returns
    -------
    list of Finding
        ``proposals.none`` (info, alone: no line at all can be proposed, as where an evaluation is there for
        the green network only). ``proposals.status`` (info: suggestions, not official),
        ``proposals.left_out`` (warning: some line cannot be proposed),
        ``proposals.unverified_rules`` (warning), ``proposals.no_population`` (info),
        ``proposals.farmland_short``, ``proposals.need_short``, ``proposals.need_below_built``,
        ``proposals.expansion``, ``proposals.subzone`` (warnings), ``proposals.partition`` and
        ``proposals.overlap`` (errors, from 1 m²).
    """
    if not proposal_choices:
        return []
    if set(LINE_NAMES) <= set(proposal_lacking):
        return [_tell_none(proposal_lacking)]
    found = [_state_status(proposal_choices[0]), *_list_left_out(proposal_lacking)]
    found += _list_unverified(proposal_choices[0])
    if proposal_choices[0].need_ha is None and "urban_boundary" not in proposal_lacking:
        found.append(_miss_population(proposal_choices[0]))
    for choice in proposal_choices:
        rows = proposal_balance[proposal_balance["alternative"] == choice.alternative]
        told = {(row.section, row.key): row for row in rows.itertuples()}
        area = {key: float(row.area_ha) for (_, key), row in told.items()}
        found += _judge_farmland(choice, area)
        found += _judge_need(choice, area)
        if ("measure", "expansion") in told:
            found += _judge_expansion(choice, float(told["measure", "expansion"].ratio))
        found += _judge_subzones(choice, area)
        for kind, frame in (("zone", proposed_zones), ("line", proposed_lines)):
            mine = frame[frame["alternative"] == choice.alternative]
            found += _check_apart(choice, kind, mine, territory)
    return found


def _title(choice: Choice) -> tuple[str, str]:
    text = ALTERNATIVES[choice.alternative]
    return f"建议方案“{text.zh}”", f"The proposal “{text.en}”"


def _state_status(choice: Choice) -> Finding:
    text = ALTERNATIVES[choice.alternative]
    return Finding(
        "proposals.status", "info", "proposed_lines", "",
        f"三区三线建议方案由双评价按规则表 proposals 自动生成，仅供比选，不是法定界线；推荐“{text.zh}”。"
        "建议线须经调查、论证与审批方可使用。",
        "Proposed zones and lines are made from the evaluation by the rule table `proposals`, to be "
        f"compared; they are not official lines. Recommended is “{text.en}”. Survey them, argue "
        "for them and have them approved before any use.",
    )  # fmt: skip


def _tell_none(lacking: Mapping[str, tuple[str, ...]]) -> Finding:
    names = list(dict.fromkeys(name for each in lacking.values() for name in each))
    zh, en = ("、".join(_NEEDS[name][0] for name in names), ", ".join(_NEEDS[name][1] for name in names))
    return Finding(
        "proposals.none", "info", "proposed_lines", "",
        f"缺少{zh}，三条控制线均未生成建议线，也未生成三区建议方案；不以猜测代替。",
        f"For lack of {en} none of the three lines is proposed, and no zones; nothing is guessed.",
        float(len(names)),
    )  # fmt: skip


def _list_left_out(lacking: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    for line, names in lacking.items():
        zh, en = ("、".join(_NEEDS[name][0] for name in names), ", ".join(_NEEDS[name][1] for name in names))
        text = LINE_NAMES[line]
        yield Finding(
            "proposals.left_out", "warning", "proposed_lines", line,
            f"缺少{zh}，未生成{text.zh}建议线，因而也未生成三区建议方案；不以猜测代替。",
            f"For lack of {en} no {text.en.lower()} is proposed, and so no zones either; nothing is guessed.",
            float(len(names)),
        )  # fmt: skip


def _list_unverified(choice: Choice) -> Iterator[Finding]:
    rows = [rule for rule in choice.table.rules if rule.confidence != "given"]
    weak = [rule.key for rule in rows if rule.confidence in ("low", "default")]
    yield Finding(
        "proposals.unverified_rules", "warning", "proposed_lines", "",
        f"建议方案的 {len(rows)} 行规则未经官方文本核对，其中 {len(weak)} 行把握低或为本工具默认；"
        "对外使用前请逐行核对 rules/proposals.yaml，或在规划的 evaluation.proposals 中改写。",
        f"{len(rows)} rows of rules of the proposals are not checked against an official text; {len(weak)} "
        "of them are of low confidence or defaults of this tool. Check each row of rules/proposals.yaml, or "
        "replace it under `evaluation.proposals`, before you use them officially.",
        float(len(rows)),
    )  # fmt: skip


def _miss_population(choice: Choice) -> Finding:
    return Finding(
        "proposals.no_population", "info", "proposed_lines", "urban_boundary",
        f"规划未给出城镇人口（targets.population），开发边界只按扩展倍数上限 {choice.limit:g} 确定，"
        "不代表需求。",
        "The plan gives no urban population (`targets.population`): the boundary is sized by the limit of "
        f"{choice.limit:g} times the built area alone, which is no need.",
        value=choice.limit,
    )  # fmt: skip


def _judge_farmland(choice: Choice, area: Mapping[str, float]) -> Iterator[Finding]:
    """Yield whether the aim of permanent farmland is missed, and how much could be had at most."""
    if "farmland_aim" not in area:
        return
    aim, got, most = area["farmland_aim"], area.get("farmland", 0.0), area["farmland_most"]
    if got >= aim * (1 - choice.by_name("short_of_target")):
        return
    zh, en = _title(choice)
    yield Finding(
        "proposals.farmland_short", "warning", "proposed_lines", f"{choice.alternative}.permanent_farmland",
        f"{zh}的永久基本农田目标为耕地 {aim:,.0f} 公顷，只达到 {got:,.0f} 公顷"
        f"（{got / aim:.1%}）；本顺序下最多可划入 {most:,.0f} 公顷。请核减目标，或调整次序与等级。",
        f"{en} aims at {aim:,.0f} ha of cultivated land in permanent farmland and has {got:,.0f} ha "
        f"({got / aim:.1%}); at most {most:,.0f} ha can be had in this order. Lower the target, or change "
        "order or grades.",
        got, aim,
    )  # fmt: skip


def _judge_need(choice: Choice, area: Mapping[str, float]) -> Iterator[Finding]:
    if choice.need_ha is None or "concentrated" not in area:
        return
    need, got, zh, en = choice.need_ha, area["concentrated"], *_title(choice)
    stands = area.get("base_urban", 0.0) if choice.base_ha is None else 0.0
    if need < stands:
        yield Finding(
            "proposals.need_below_built", "info", "proposed_lines", f"{choice.alternative}.urban_boundary",
            f"{zh}：人口需求用地 {need:,.0f} 公顷小于现状建成区 {stands:,.0f} 公顷，"
            "集中建设区只含现状，不再扩展。",
            f"{en}: the population needs {need:,.0f} ha, less than the {stands:,.0f} ha that are built; the "
            "concentrated zone holds what stands and does not grow.",
            need, stands,
        )  # fmt: skip
    elif got < need * (1 - choice.by_name("short_of_target")):
        yield Finding(
            "proposals.need_short", "warning", "proposed_lines", f"{choice.alternative}.urban_boundary",
            f"{zh}：人口需求用地 {need:,.0f} 公顷，集中建设区只有 {got:,.0f} 公顷（{got / need:.1%}），"
            f"受扩展上限 {area['boundary_most']:,.0f} 公顷或可扩展土地所限。",
            f"{en}: the population needs {need:,.0f} ha, the concentrated zone has {got:,.0f} ha "
            f"({got / need:.1%}), held by the limit of {area['boundary_most']:,.0f} ha or by the land.",
            got, need,
        )  # fmt: skip


def _judge_expansion(choice: Choice, ratio: float) -> Iterator[Finding]:
    if ratio <= choice.limit:
        return
    zh, en = _title(choice)
    yield Finding(
        "proposals.expansion", "warning", "proposed_lines", f"{choice.alternative}.urban_boundary",
        f"{zh}的开发边界为基期城镇用地的 {ratio:.3f} 倍，超过上限 {choice.limit:g} 倍；"
        "请核对基期用地（targets.base_urban）与现状建成区。",
        f"{en} has a boundary of {ratio:.3f} times the urban land of the base year, above the limit of "
        f"{choice.limit:g}; check `targets.base_urban` and the existing built area.",
        ratio, choice.limit,
    )  # fmt: skip


def _judge_subzones(choice: Choice, area: Mapping[str, float]) -> Iterator[Finding]:
    core = area.get("concentrated", 0.0)
    if not core:
        return
    for key, limit in (("elastic", choice.elastic_share), ("special", choice.special_share)):
        share = area.get(key, 0.0) / core
        if share <= limit + _ROUND:
            continue
        zh, en = _title(choice)
        text = SUBZONES[key]
        yield Finding(
            "proposals.subzone", "warning", "proposed_growth", f"{choice.alternative}.{key}",
            f"{zh}的{text.zh}占集中建设区 {share:.2%}，超过上限 {limit:.0%}。",
            f"{en}: the {text.en.lower()} is {share:.2%} of the concentrated one, above {limit:.0%}.",
            share, limit,
        )  # fmt: skip


def _check_apart(
    choice: Choice, kind: str, frame: gpd.GeoDataFrame, territory: gpd.GeoDataFrame
) -> Iterator[Finding]:
    """Yield whether zones miss the territory, or polygons of zones or lines overlap, by a square metre."""
    if frame.empty:
        return
    zh, en = _title(choice)
    areas = straight_area_m2(frame.geometry)
    missed = float(areas.sum() - straight_area_m2(territory.geometry).sum())
    if kind == "zone" and abs(missed) > CLOSURE_M2:
        yield Finding(
            "proposals.partition", "error", _LAYERS[kind], choice.alternative,
            f"{zh}的三区面积之和与全域相差 {missed:.2f} 平方米，应不超过 {CLOSURE_M2:g} 平方米。",
            f"{en}: the zones add up to {missed:.2f} m² more than the territory; it should be within "
            f"{CLOSURE_M2:g} m².",
            missed, CLOSURE_M2,
        )  # fmt: skip
    # Polygons of a coverage share all vertices; only where they do not is the costly union asked for.
    if shapely.coverage_is_valid(frame.geometry.to_numpy()):
        return
    over = float(areas.sum() - straight_area_m2([shapely.union_all(frame.geometry.to_numpy())]).sum())
    if over > CLOSURE_M2:
        yield Finding(
            "proposals.overlap", "error", _LAYERS[kind], choice.alternative,
            f"{zh}的图斑互相重叠 {over:.2f} 平方米。", f"{en}: polygons overlap by {over:.2f} m².",
            over, CLOSURE_M2,
        )  # fmt: skip
