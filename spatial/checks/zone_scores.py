"""Checks of the assessment: values that mean nothing, zones without a rank, ranks that do not stand firm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from spatial.plan.findings import Finding, Severity
from spatial.plan.parts.assessment import Assessment, Criterion, list_criteria
from spatial.plan.parts.functional import KIND_NAMES
from spatial.plan.rules import RuleTable

_SHOWN = 5
_WHOLES = (1.0, 100.0)
_CLOSE = 1e-6


class _Case(NamedTuple):
    """What is said of rows of the table that are not used; `by` is what they are gathered by."""

    severity: Severity
    by: str
    zh: str
    en: str


_CASES = {
    "unknown_zone": _Case(
        "warning", "zone", "没有名为“{what}”的功能区", "there is no functional zone called {what}"
    ),
    "unknown_indicator": _Case(
        "warning", "indicator", "不认识指标“{what}”", "there is no indicator called {what}"
    ),
    "not_a_number": _Case(
        "warning", "value", "“{what}”不是数值，按缺失处理", "{what} is no number and counts as missing"
    ),
    "contradictory": _Case(
        "error",
        "zone",
        "“{what}”的同一指标给出不同数值，均不采用",
        "{what} has different values for one indicator; none of them is used",
    ),
    "repeated": _Case(
        "info", "zone", "“{what}”的同一数值重复给出，只计一次", "{what} has a value twice; it counts once"
    ),
    "no_year": _Case(
        "warning", "year", "“{what}”不是年份，不采用", "{what} is no year; these rows are not used"
    ),
    "other_year": _Case(
        "info",
        "year",
        "{what} 年不是考核年份，未采用",
        "{what} is not the year that is assessed; these rows are not used",
    ),
    "not_in_set": _Case(
        "info",
        "indicator",
        "指标“{what}”不属于该类功能区的考核指标，未采用",
        "{what} is no indicator of zones of this kind; these rows are not used",
    ),
}


def zone_score_findings(
    *,
    assessment_spec: Assessment | None,
    assessment_rules: RuleTable,
    assessment_cells: pd.DataFrame,
    assessment: gpd.GeoDataFrame,
    assessment_scores: pd.DataFrame,
    assessment_weights: pd.DataFrame,
) -> list[Finding]:
    """Report what stands in the way of a fair assessment.

    Returns
    -------
    list of Finding
        ``assessment.no_zones``, ``.no_column``, ``.contradictory``, ``.no_percent`` (error);
        ``.unknown_zone``, ``.unknown_indicator``, ``.not_a_number``, ``.no_year``, ``.weights``,
        ``.no_kind``, ``.no_set``, ``.unscored``, ``.doubtful``, ``.unstable`` (warning); ``.repeated``,
        ``.other_year``, ``.not_in_set``, ``.partial``, ``.few``, ``.alike``, ``.alone``,
        ``.defaults`` (info).
    """
    if assessment_spec is None:
        return []
    if assessment.empty:
        return [Finding(
            "assessment.no_zones", "error", "assessment", "",
            "没有功能区可供考核；请在规划中给出 functional_zones。",
            "there are no functional zones to assess; give them under `functional_zones`.",
        )]  # fmt: skip
    lacking = assessment_cells[assessment_cells["problem"] == "no_column"]
    if len(lacking):
        row = lacking.iloc[0]
        return [Finding(
            "assessment.no_column", "error", "assessment", "",
            f"考核数据表 {assessment_spec.table} 缺少列：{row['zone']}；现有：{row['near']}。"
            "请改列名，或写在 assessment.columns。",
            f"the table {assessment_spec.table} lacks {row['zone']}; it has {row['near']}. "
            "Rename its columns, or name them under assessment.columns.",
        )]  # fmt: skip
    criteria = list_criteria(assessment_spec, assessment_rules)
    return [
        *_list_rows(assessment_cells),
        *_list_percents(assessment_cells, assessment, criteria),
        *_list_doubtful(assessment_scores, float(assessment_rules.value("doubt.factor"))),
        *_list_weights(assessment_spec, assessment_rules),
        *_list_zones(assessment, float(assessment_rules.value("missing.most"))),
        *_list_kinds(assessment, assessment_weights, criteria, assessment_rules),
        *_list_unstable(assessment, float(assessment_rules.value("stability.lost"))),
        *_say_defaults(assessment_spec, assessment),
    ]


def _list_rows(cells: pd.DataFrame) -> Iterator[Finding]:
    """Tell of rows that are not used, those of one cause and one name together."""
    for problem, case in _CASES.items():
        for what, rows in cells[cells["problem"] == problem].groupby(case.by, sort=True):
            lines = [str(line) for line in rows["line"]]
            more = "…" if len(lines) > _SHOWN else ""
            shown, shown_en = ("、".join(lines[:_SHOWN]) + more, ", ".join(lines[:_SHOWN]) + more)
            near = str(rows["near"].iloc[0])
            close = (f"；相近的有：{near}", f"; near to it: {near.replace('、', ', ')}") if near else ("", "")
            word = str(what)[:60] or "（空）"
            yield Finding(
                f"assessment.{problem}", case.severity, "assessment_scores", str(rows["zone_id"].iloc[0]),
                f"考核数据表第 {shown} 行：{case.zh.format(what=word)}{close[0]}。",
                f"Table of values, line {shown_en}: {case.en.format(what=word)}{close[1]}.",
                float(len(rows)),
            )  # fmt: skip


def _list_percents(
    cells: pd.DataFrame, zones: gpd.GeoDataFrame, criteria: dict[str, tuple[Criterion, ...]]
) -> Iterator[Finding]:
    """Tell of each share that no share can be: a slip that would press all other zones together."""
    called = {one.key: one.name for rows in criteria.values() for one in rows}
    names = {row.zone: (row.name, row.name_en or row.name) for row in zones.itertuples(index=False)}
    for row in cells[cells["problem"] == "no_percent"].to_dict("records"):
        zh, en = names.get(row["zone_id"], (row["zone"], row["zone"]))
        what, value = called[row["key"]], float(row["number"])
        yield Finding(
            "assessment.no_percent", "error", "assessment_scores", str(row["zone_id"]),
            f"考核数据表第 {row['line']} 行：{zh}的{what.pick('zh')}为 {value:.6g} %，"
            f"不在 0～100 % 之内，按缺失处理；请核对。"
            f"若该指标（{row['key']}）可以超出，请列入 assessment.rules 的 percent.free。",
            f"Table of values, line {row['line']}: {what.pick('en')} of {en} is {value:.6g} %, not within 0 "
            f"to 100 %, and counts as missing; check it. If the indicator ({row['key']}) may leave this, "
            "list it in percent.free under assessment.rules.",
            value, 100.0 if value > 0 else 0.0,
        )  # fmt: skip


def _list_doubtful(scores: pd.DataFrame, factor: float) -> Iterator[Finding]:
    """Tell of values of another size than those of their kind: one of them presses all others together."""
    ratio = scores["value"] / scores["median"].where(scores["median"] > 0)
    strange = scores[(ratio > factor) | ((ratio > 0) & (ratio < 1 / factor))]
    for row in strange.itertuples():
        yield Finding(
            "assessment.doubtful", "warning", "assessment_scores", str(row.id),
            f"{row.zone_name}的{row.indicator_name}为 {row.value:.6g} {row.unit}，同类中位数为 "
            f"{row.median:.6g}，相差 {factor:g} 倍以上；请核对单位与数值。",
            f"{row.zone_name}: {row.indicator_name_en} is {row.value:.6g} {row.unit_en}, the median of its "
            f"kind {row.median:.6g}, more than {factor:g} times off; check unit and value.",
            float(row.value), float(row.median),
        )  # fmt: skip


def _list_weights(spec: Assessment, rules: RuleTable) -> Iterator[Finding]:
    for kind, rows in list_criteria(spec, rules).items():
        total = sum(row.weight for row in rows)
        if rows and min(abs(total - whole) / whole for whole in _WHOLES) > _CLOSE:
            name = KIND_NAMES[kind]
            yield Finding(
                "assessment.weights", "warning", "assessment_weights", "",
                f"{name.zh}类指标的专家权重之和为 {total:g}，不是 1（或 100）；已按比例归一，请核对。",
                f"{name.en}: expert weights sum to {total:g}, not to 1 (or 100); brought to one, check them.",
                float(total), 1.0,
            )  # fmt: skip


def _list_zones(zones: gpd.GeoDataFrame, most: float) -> Iterator[Finding]:
    for row in zones.itertuples():
        place = {"geometry": row.geometry.representative_point()}
        english = row.name_en or row.name
        if row.kind not in KIND_NAMES:
            yield Finding(
                "assessment.no_kind", "warning", "assessment", str(row.id),
                f"{row.name}没有类别（农业、制造业、服务业、新经济之一），不参评；请补 kind 列。",
                f"{english} has no kind (farming, manufacturing, services, new_economy) and is not ranked.",
                **place,
            )  # fmt: skip
        elif row.missing and row.missing_weight > most:
            yield Finding(
                "assessment.unscored", "warning", "assessment", str(row.id),
                f"{row.name}缺失指标权重 {row.missing_weight:.0%}，超过 {most:.0%}，不参评："
                f"{row.missing_names}。",
                f"{english} lacks {row.missing_weight:.0%} of the weight, more than {most:.0%}, and is not "
                f"ranked: {row.missing_names_en}.",
                float(row.missing_weight), most, **place,
            )  # fmt: skip
        elif row.missing:
            yield Finding(
                "assessment.partial", "info", "assessment", str(row.id),
                f"{row.name}缺 {row.missing} 项指标（{row.missing_names}），按其余指标计分，"
                f"缺失权重 {row.missing_weight:.0%}。",
                f"{english} lacks {row.missing_names_en}, {row.missing_weight:.0%} of the weight, "
                "and is scored on the rest.",
                float(row.missing_weight), most, **place,
            )  # fmt: skip


def _list_kinds(
    zones: gpd.GeoDataFrame,
    weights: pd.DataFrame,
    criteria: dict[str, tuple[Criterion, ...]],
    rules: RuleTable,
) -> Iterator[Finding]:
    least = int(rules.value("entropy.least"))
    for kind, name in KIND_NAMES.items():
        own = zones[zones["kind"] == kind]
        if own.empty:
            continue
        rows = weights[weights["kind"] == kind]
        ranked = int(rows["zones"].max()) if len(rows) else 0
        told = f"{name.zh}类功能区", f"{name.en} zones"
        if not criteria[kind]:
            texts = f"{told[0]}没有考核指标，不参评。", f"{told[1]}: there is no indicator with a weight."
            yield Finding("assessment.no_set", "warning", "assessment_weights", "", *texts)
        elif ranked < 2:
            texts = (f"{told[0]}可参评的不足两个，无从排名。",
                     f"{told[1]}: fewer than two can be scored, so there is no ranking.")  # fmt: skip
            yield Finding("assessment.alone", "info", "assessment", "", *texts, float(len(own)), 2.0)
        elif ranked < least:
            texts = (f"{told[0]}只有 {ranked} 个参评，少于 {least} 个，不计算熵权，只用专家权重。",
                     f"{told[1]}: {ranked} are ranked, fewer than {least}; no entropy weights, "
                     "expert weights alone are used.")  # fmt: skip
            yield Finding(
                "assessment.few", "info", "assessment_weights", "", *texts, float(ranked), float(least)
            )
        elif rows["entropy"].isna().any():
            texts = (f"{told[0]}各项指标数值全部相同，没有熵权。",
                     f"{told[1]}: all values are the same, so there are no entropy weights.")  # fmt: skip
            yield Finding("assessment.alike", "info", "assessment_weights", "", *texts)


def _list_unstable(zones: gpd.GeoDataFrame, most: float) -> Iterator[Finding]:
    firsts = zones[(zones["rank"] == 1) & (1 - zones["stability"] > most)]
    for row in firsts.itertuples():
        lost = 1 - row.stability
        rival = (
            (f"，最常被{row.rival}超越", f", most often to {row.rival_en or row.rival}")
            if row.rival
            else ("", "")
        )
        yield Finding(
            "assessment.unstable", "warning", "assessment", str(row.id),
            f"{row.name}居{KIND_NAMES[row.kind].zh}类首位，但权重略作变动后有 {lost:.0%} 的次数失去首位"
            f"{rival[0]}；名次不稳，请慎用。",
            f"{row.name_en or row.name} is first of its kind ({KIND_NAMES[row.kind].en}) but loses that "
            f"in {lost:.0%} of the runs with slightly changed weights{rival[1]}; do not rely on its rank.",
            float(lost), most, row.geometry.representative_point(),
        )  # fmt: skip


def _say_defaults(spec: Assessment, zones: gpd.GeoDataFrame) -> Iterator[Finding]:
    own = [name for kind, name in KIND_NAMES.items() if kind in set(zones["kind"]) and kind not in spec.sets]
    if own:
        yield Finding(
            "assessment.defaults", "info", "assessment_weights", "",
            f"{'、'.join(name.zh for name in own)}类的指标、目标与专家权重为本项目示例默认值，不是任何规范或"
            "考核办法的规定；正式考核请在 assessment.sets 中给出。",
            f"Indicators, targets and expert weights of {', '.join(name.en.lower() for name in own)} are "
            "examples of this project and no norm; give your own under assessment.sets.",
            float(len(own)),
        )  # fmt: skip
