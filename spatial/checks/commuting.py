"""Checks of jobs and homes 职住平衡: counts nobody can use, flows that do not sum, zones out of balance."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.plan.findings import Finding, Severity
from spatial.plan.parts.commuting import Commuting
from spatial.plan.rules import RuleTable

_MOST = 20
"""Findings of one kind that are listed one by one; more are told in one."""
_MODES = {"drive": ("小汽车", "car"), "cycle": ("骑行", "bicycle"), "walk": ("步行", "foot")}
_COUNTS = (("jobs", "岗位数", "jobs"), ("workers", "就业人口", "workers"))


def commuting_findings(
    *,
    commuting_spec: Commuting | None,
    commuting_zones: gpd.GeoDataFrame,
    commuting_doubts: pd.DataFrame,
    commuting_problem: str,
    job_balance: gpd.GeoDataFrame,
    commuting: pd.DataFrame,
    commuting_rules: RuleTable,
) -> list[Finding]:
    """Report zones, counts and flows that cannot be right, and zones that are out of balance.

    Returns
    -------
    list of Finding
        Errors: ``commuting.no_zones``; ``commuting.no_column`` (jobs, workers or a column of the flows);
        ``commuting.count`` (missing, unreadable or negative); ``commuting.no_jobs_at_all``,
        ``commuting.no_workers_at_all``. Warnings: ``commuting.no_network`` and ``commuting.too_many``
        (nothing measured along roads); ``commuting.unreached``; ``commuting.no_jobs`` (people live there);
        ``commuting.flow_name``, ``commuting.flow_count``, ``commuting.flow_twice``; ``commuting.flow_sum``
        (sums of flows that are not the zone's jobs or workers); ``commuting.facilities``. Notes:
        ``commuting.low`` and ``commuting.high`` (ratio outside the rule's band), ``commuting.scaled``,
        ``commuting.merged``, ``commuting.unproved``, ``commuting.flow_left_out``.
    """
    spec = commuting_spec
    if spec is None:
        return []
    if commuting_zones.empty:
        return [Finding(
            "commuting.no_zones", "error", "job_balance", "",
            f"来源 {spec.zones} 中没有点或面；请核对 commuting.zones。",
            f"source {spec.zones} has neither points nor polygons; check commuting.zones.",
        )]  # fmt: skip
    found = [*_find_columns(spec, commuting_zones), *_find_counts(commuting_zones, job_balance)]
    found += [*_find_roads(spec, commuting_problem, job_balance), *_find_states(job_balance, commuting_rules)]
    found += _find_doubts(commuting_doubts)
    return [*found, *_find_sums(commuting_doubts, job_balance), *_find_whole(commuting)]


def _find_columns(spec: Commuting, zones: gpd.GeoDataFrame) -> list[Finding]:
    """Report columns that are not there, and sums of nothing."""
    found = []
    for own, zh, en in _COUNTS:
        column = getattr(spec.columns, own)
        if not zones[f"{own}_there"].any():
            found.append(Finding(
                "commuting.no_column", "error", "job_balance", "",
                f"来源 {spec.zones} 无“{column}”列（{zh}）；请在 commuting.columns 指定。",
                f"source {spec.zones} has no column {column} ({en}); name it under commuting.columns.",
            ))  # fmt: skip
        elif not zones[own].sum() > 0:
            found.append(Finding(
                f"commuting.no_{own}_at_all", "error", "job_balance", "",
                f"全部单元的{zh}合计为 0；请核对“{column}”列。",
                f"the {en} of all zones come to 0; check column {column}.", value=0.0, limit=0.0,
            ))  # fmt: skip
    return found


def _find_counts(zones: gpd.GeoDataFrame, balance: gpd.GeoDataFrame) -> list[Finding]:
    found = []
    for own, zh, en in _COUNTS:
        wrong = np.flatnonzero(zones[own].isna() & zones[f"{own}_there"])
        for row in wrong[:_MOST]:
            said = str(zones[f"{own}_given"].iloc[row])[:40]
            name = zones["name"].iloc[row]
            found.append(Finding(
                "commuting.count", "error", "job_balance", balance["id"].iloc[row],
                f"{name}的{zh}“{said}”不是有效数量；该单元不计入平均通勤；"
                "含该单元的时间圈合计按 0 计，不给出职住比。",
                f"{en} of {name} are no valid count: {said!r}; the mean commute leaves this zone out, "
                "bands count none there, and those with it in them have no ratio.",
                geometry=balance.geometry.iloc[row],
            ))  # fmt: skip
        if len(wrong) > _MOST:
            found.append(Finding(
                "commuting.count", "error", "job_balance", "",
                f"共 {len(wrong)} 个单元的{zh}不是有效数量，仅列出前 {_MOST} 个。",
                f"{en} of {len(wrong)} zones are no valid count; the first {_MOST} are listed.",
                value=float(len(wrong)), limit=0.0,
            ))  # fmt: skip
    return found


def _find_roads(spec: Commuting, problem: str, balance: gpd.GeoDataFrame) -> list[Finding]:
    """Report that nothing could be measured along roads, or which zones no road reaches."""
    zh, en = _MODES[spec.mode]
    if problem == "too_many":
        return [Finding(
            "commuting.too_many", "warning", "job_balance", "",
            f"{len(balance)} 个单元超过规则表 zones.most，未计算出行时间；请合并单元或调高上限。",
            f"{len(balance)} zones are more than zones.most of the rule table: no times are measured; "
            "merge zones or raise it.", value=float(len(balance)),
        )]  # fmt: skip
    if problem:
        return [Finding(
            "commuting.no_network", "warning", "job_balance", "",
            f"没有可供{zh}通行的路网，时间圈与平均通勤未计算；请在 roads 指定道路。",
            f"there is no network by {en}: bands and the mean commute are not measured; name roads "
            "under `roads`.",
        )]  # fmt: skip
    away = balance[~balance["reached"]]
    found = [_tell_unreached(row) for row in away.head(_MOST).to_dict("records")]
    if len(away) > _MOST:
        workers, jobs = (float(away[name].sum()) for name in ("workers", "jobs"))
        found.append(Finding(
            "commuting.unreached", "warning", "job_balance", "",
            f"共 {len(away)} 个单元无道路可达（就业人口 {workers:,.0f}、岗位 {jobs:,.0f}），"
            f"不计入时间圈与平均通勤；仅列出前 {_MOST} 个。",
            f"no road reaches {len(away)} zones ({workers:,.0f} workers, {jobs:,.0f} jobs): they "
            "are left out of "
            f"bands and the mean commute; the first {_MOST} are listed.", value=workers + jobs, limit=0.0,
        ))  # fmt: skip
    return found


def _tell_unreached(row: Mapping[Hashable, Any]) -> Finding:
    workers, jobs = (float(row[name]) for name in ("workers", "jobs"))
    counts = [f"{0.0 if np.isnan(number) else number:,.0f}" for number in (workers, jobs)]
    return Finding(
        "commuting.unreached", "warning", "job_balance", str(row["id"]),
        f"{row['name']}无道路可达，其就业人口 {counts[0]}、岗位 {counts[1]} 不计入时间圈与平均通勤。",
        f"no road reaches {row['name']}: its {counts[0]} workers and {counts[1]} jobs are left out "
        "of bands and "
        "the mean commute.",
        value=float(np.nan_to_num(workers) + np.nan_to_num(jobs)), limit=0.0, geometry=row["geometry"],
    )  # fmt: skip


def _find_states(balance: gpd.GeoDataFrame, rules: RuleTable) -> list[Finding]:
    """Report zones without jobs and those out of the band, those of most people first."""
    low, high = (float(rules.value(f"balance.{edge}")) for edge in ("low", "high"))
    ordered = balance.sort_values("workers", ascending=False, kind="stable")
    none = ordered[(ordered["balance"] == "no_jobs") & (ordered["workers"] > 0)]
    found = [
        Finding(
            "commuting.no_jobs", "warning", "job_balance", row.id,
            f"{row.name}有就业人口 {row.workers:,.0f}，没有岗位。",
            f"{row.name} has {row.workers:,.0f} resident workers and no jobs.",
            value=0.0, limit=low, geometry=row.geometry,
        )
        for row in none.head(_MOST).set_index("name", drop=False).itertuples(index=False)
    ]  # fmt: skip
    beyond = (
        ("low", ordered["ratio"] < low, low, "低于", "below"),
        ("high", ordered["ratio"] > high, high, "高于", "above"),
    )
    for key, truths, limit, zh, en in beyond:
        chosen = ordered[truths & (ordered["ratio"] > 0)]
        found += [
            Finding(
                f"commuting.{key}", "info", "job_balance", row.id,
                f"{row.name}的职住比 {row.ratio:.2f} {zh}平衡区间 {low:g}～{high:g}"
                f"（岗位 {row.jobs:,.0f}，就业人口 {row.workers:,.0f}）。",
                f"{row.name} has {row.ratio:.2f} jobs for each worker, {en} the band {low:g} to {high:g} "
                f"({row.jobs:,.0f} jobs, {row.workers:,.0f} workers).",
                value=float(row.ratio), limit=limit,
            )
            for row in chosen.head(_MOST).set_index("name", drop=False).itertuples(index=False)
        ]  # fmt: skip
        if len(chosen) > _MOST:
            found.append(Finding(
                f"commuting.{key}", "info", "job_balance", "",
                f"共 {len(chosen)} 个单元的职住比{zh}平衡区间，仅列出就业人口最多的 {_MOST} 个。",
                f"the ratio of {len(chosen)} zones is {en} the band; the {_MOST} with most workers "
                "are listed.",
                value=float(len(chosen)),
            ))  # fmt: skip
    return found


_DOUBTS = {
    "unknown": (
        "commuting.flow_name",
        "流量表中的“{name}”不是任何单元{hint_zh}，涉及 {value:.0f} 处（首见第 {line} 行），未计入。",
        "{name!r} in the flows is no zone{hint_en}; {value:.0f} cells have it, the first in line "
        "{line}: left out.",
    ),
    "ambiguous": (
        "commuting.flow_name",
        "流量表中的“{name}”是多个单元的名称，涉及 {value:.0f} 处（首见第 {line} 行），未计入；请改用标识。",
        "{name!r} in the flows is the name of several zones; {value:.0f} cells have it, the first "
        "in line {line}: "
        "left out; give ids instead.",
    ),
    "miscount": (
        "commuting.flow_count", "流量表第 {line} 行（{name}）的人数“{other}”不是有效数量，未计入。",
        "line {line} of the flows ({name}): {other!r} is no valid count; left out.",
    ),
    "repeated": (
        "commuting.flow_twice", "流量 {name} 重复给出（第 {other} 行，人数相同），计一次：{value:,.0f} 人。",
        "flow {name} is given more than once with the same number (lines {other}): it counts once, "
        "{value:,.0f}.",
    ),
    "parts": (
        "commuting.flow_twice",
        "流量 {name} 分多行给出（第 {other} 行，人数不同），已相加：{value:,.0f} 人。",
        "flow {name} is given in several rows with different numbers (lines {other}): they are added up, "
        "{value:,.0f}.",
    ),
    "left_out": (
        "commuting.flow_left_out",
        "{limit:,.0f} 人的流量中有 {value:,.0f} 人往来规划范围外或道路不可达的单元，不计入平均通勤。",
        "of {limit:,.0f} people in the flows {value:,.0f} travel from or to places outside or "
        "zones that no road "
        "reaches; the mean commute leaves them out.",
    ),
    "no_category": (
        "commuting.facilities",
        "设施来源 {other} 无“{name}”列，设施未分类；请在 commuting.columns.category 指定。",
        "source {other} has no column {name}: its facilities are counted without a category; name it under "
        "commuting.columns.category.",
    ),
    "point_zones": (
        "commuting.facilities", "职住单元为点，{name} 的 {value:.0f} 处设施无法按单元统计。",
        "zones are points: the {value:.0f} facilities of {name} cannot be counted by zone.",
    ),
    "outside": (
        "commuting.facilities", "{name} 的 {limit:.0f} 处设施中有 {value:.0f} 处不在任何单元内，未计入。",
        "{value:.0f} of the {limit:.0f} facilities of {name} lie in no zone and are not counted.",
    ),
    "no_column": (
        "commuting.no_column", "流量表无“{name}”列，现有：{other}；请在 commuting.columns 指定。",
        "the flows have no column {name}; there is {other}; name it under commuting.columns.",
    ),
}  # fmt: skip


_SEVERITIES: dict[str, Severity] = {"no_column": "error", "left_out": "info"}


def _find_doubts(doubts: pd.DataFrame) -> list[Finding]:
    """Report what is wrong with rows of the flows."""
    found = []
    for kind, (rule, zh, en) in _DOUBTS.items():
        chosen = doubts[doubts["kind"] == kind]
        for row in chosen.head(_MOST).to_dict("records"):
            near = str(row["other"])
            row |= {
                "hint_zh": f"（是否为“{near}”？）" if near and kind == "unknown" else "",
                "hint_en": f" (did you mean {near!r}?)" if near and kind == "unknown" else "",
                "name": row["name"] or "（空）",
            }
            severity: Severity = _SEVERITIES.get(kind, "warning")
            value = None if np.isnan(row["value"]) else float(row["value"])
            found.append(
                Finding(rule, severity, "commute_flows", "", zh.format(**row), en.format(**row), value=value)
            )
        if len(chosen) > _MOST:
            found.append(Finding(
                rule, "warning", "commute_flows", "",
                f"流量表同类问题共 {len(chosen)} 处，仅列出前 {_MOST} 处。",
                f"{len(chosen)} such rows in the flows; the first {_MOST} are listed.",
                value=float(len(chosen)),
            ))  # fmt: skip
    return found


def _find_sums(doubts: pd.DataFrame, balance: gpd.GeoDataFrame) -> list[Finding]:
    """Report zones whose flows do not come to their jobs or workers, those that miss most first."""
    words = {
        "workers": (
            "外出与区内就业流量合计",
            "就业人口",
            "flows from {0} come to {1:,.0f}, its workers to {2:,.0f}",
        ),
        "jobs": ("到岗流量合计", "岗位数", "flows to {0} come to {1:,.0f}, its jobs to {2:,.0f}"),
    }
    found = []
    for kind, (zh, what, en) in words.items():
        chosen = doubts[doubts["kind"] == f"sum_{kind}"]
        for row in chosen.head(_MOST).to_dict("records"):
            value, limit, at = float(row["value"]), float(row["limit"]), int(row["line"])
            found.append(Finding(
                "commuting.flow_sum", "warning", "job_balance", balance["id"].iloc[at],
                f"{row['name']}的{zh} {value:,.0f} 与{what} {limit:,.0f} 相差 {value - limit:+,.0f}。",
                f"{en.format(row['name'], value, limit)}: {value - limit:+,.0f}.", value=value, limit=limit,
            ))  # fmt: skip
        if len(chosen) > _MOST:
            found.append(Finding(
                "commuting.flow_sum", "warning", "job_balance", "",
                f"共 {len(chosen)} 个单元的流量合计与{what}不符，仅列出相差最多的 {_MOST} 个。",
                f"the flows of {len(chosen)} zones do not come to their {kind}; the {_MOST} that "
                "miss most are listed.",
                value=float(len(chosen)),
            ))  # fmt: skip
    return found


def _find_whole(commuting: pd.DataFrame) -> list[Finding]:
    """Report how jobs and workers were made to fit, and where zones were merged."""
    found = []
    for row in commuting.to_dict("records"):
        if row["basis"] == "counts" and row["scaled"] != "none":
            jobs, workers = row["jobs"], row["workers"]
            zh, en = ("岗位", "jobs") if row["scaled"] == "jobs" else ("就业人口", "workers")
            found.append(Finding(
                "commuting.scaled", "info", "commuting", row["id"],
                f"岗位 {jobs:,.0f} 与就业人口 {workers:,.0f} 相差 {jobs - workers:+,.0f}；"
                f"计算最小通勤时{zh}按比例缩减至 {row['people']:,.0f}。",
                f"there are {jobs:,.0f} jobs and {workers:,.0f} workers ({jobs - workers:+,.0f}); "
                "for the least "
                f"commute {en} are scaled down evenly to {row['people']:,.0f}.",
                value=float(jobs), limit=float(workers),
            ))  # fmt: skip
        if row["solved"] == "unproved":
            found.append(Finding(
                "commuting.unproved", "info", "commuting", row["id"],
                "求解器未能证明最小通勤为最小，结果为可行值。",
                "the solver gave up before the least commute was proved to be the least; it is a "
                "possible one.",
            ))  # fmt: skip
        if row["solved"] == "merged":
            found.append(Finding(
                "commuting.merged", "info", "commuting", row["id"],
                f"{row['zones']} 个单元超过精确求解上限，合并为 {row['groups']} 组；"
                "最小通勤为可行值，未证明最小，"
                "过剩通勤可能偏低。",
                f"{row['zones']} zones are more than are solved exactly: merged into "
                f"{row['groups']} groups; the "
                "least commute is possible but not proved to be the least, so excess may be told too low.",
                value=float(row["zones"]), limit=float(row["groups"]),
            ))  # fmt: skip
    return found
