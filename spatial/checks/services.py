"""Checks of public services: districts below the standard, facilities and people that do not count."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.plan.findings import Finding, Severity
from spatial.plan.parts.services import DISTRICTS, Asked, Services
from spatial.plan.rules import RuleTable

_MOST = 12
_WIDEST = 3


def service_findings(
    service_spec: Services | None,
    service_asked: tuple[Asked, ...],
    service_gap: pd.DataFrame,
    service_districts: gpd.GeoDataFrame,
    service_inequality: pd.DataFrame,
) -> list[Finding]:
    """Report districts below the share wanted, services without a result, and the widest gaps.

    Returns
    -------
    list of Finding
        ``services.below`` (warning): a district with services below the share wanted; `value` how many.
        ``services.gap`` (info): where best and worst district are farthest apart; `value` percentage points.
        ``services.not_measured`` (warning): services without a result, such as without roads of their mode.
        ``services.one_district`` (info): there is nothing to compare.
    """
    if service_spec is None:
        return []
    found = [
        _tell_district(row, service_gap) for row in service_districts.to_dict("records") if row["below"] > 0
    ]
    told = set(service_gap["service"])
    silent = [one for one in service_asked if one.zh not in told]
    if silent:
        zh, en = "、".join(one.zh for one in silent), ", ".join(one.en for one in silent)
        found.append(Finding(
            "services.not_measured", "warning", "service_gap", "",
            f"公共服务：{len(silent)} 类服务未能测算（缺少人群数量、行政区或该方式的路网）：{zh}。",
            f"public services: {len(silent)} services are not measured, for want of people, of districts or "
            f"of a network of their mode: {en}",
            float(len(silent)),
        ))  # fmt: skip
    if len(service_districts) == 1:
        found.append(Finding(
            "services.one_district", "info", "service_districts", "",
            "公共服务：只有一个行政区，无从比较落差；请在 services.districts 指定下一级行政区。",
            "public services: there is one district only, so no gap to compare; name smaller units in "
            "services.districts",
        ))  # fmt: skip
    return [*found, *_tell_gap(service_inequality)]


def _tell_district(row: dict[str, object], gap: pd.DataFrame) -> Finding:
    name, wanted = row["name"], float(str(row["wanted_share"]))
    mine = gap[(gap["district"] == name) & (gap["level"] == "district") & (gap["met_share"] < wanted)]
    told = mine.sort_values("met_share", kind="stable").itertuples()
    lacking = ", ".join(f"{one.service_en} {one.met_share:.0%}" for one in told)
    return Finding(
        "services.below", "warning", "service_districts", str(row["id"]),
        f"{name}：{row['below']} 类公共服务达标人口比例低于 {wanted:.0%}：{row['lacking']}。",
        f"{row['name_en'] or name}: {row['below']} public services are within the standard for fewer than "
        f"{wanted:.0%} of people: {lacking}",
        float(str(row["below"])), 0.0,
    )  # fmt: skip


def _tell_unreached(gap: pd.DataFrame, absent: set[str]) -> list[Finding]:
    """Say whom no way leads to a service; where there is no facility at all, that is said already."""
    rows = gap[(gap["level"] == "total") & (gap["unreached_people"] > 0) & ~gap["service"].isin(list(absent))]
    return [
        Finding(
            "services.unreached", "warning", "service_gap", row.id,
            f"{row.service}：{row.unreached_people:,.0f} 人（占 {row.unreached_people / row.people:.1%}）"
            "（行政区内）无路可达任何设施，已计为未达标，未剔除。",
            f"{row.service_en}: no way leads {row.unreached_people:,.0f} people "
            f"({row.unreached_people / row.people:.1%}) to any facility; they count as below the standard",
            float(row.unreached_people), 0.0,
        )
        for row in rows.itertuples()
    ]  # fmt: skip


def _tell_gap(rows: pd.DataFrame) -> list[Finding]:
    rows = rows.assign(apart=rows["best_share"] - rows["worst_share"])
    rows = rows[rows["apart"] > 0].sort_values("apart", ascending=False, kind="stable").head(_WIDEST)
    if rows.empty:
        return []
    told = list(rows.itertuples())
    zh = "；".join(
        f"{one.name} {one.best} {one.best_share:.0%}、{one.worst} {one.worst_share:.0%}" for one in told
    )
    en = "; ".join(
        f"{one.name_en} {one.best} {one.best_share:.0%}, {one.worst} {one.worst_share:.0%}" for one in told
    )
    return [Finding(
        "services.gap", "info", "service_inequality", "",
        f"公共服务落差最大（达标人口比例）：{zh}。",
        f"the widest gaps in public services, by the share of people within the standard: {en}",
        float(100 * told[0].apart),
    )]  # fmt: skip


def service_input_findings(
    service_spec: Services | None,
    service_asked: tuple[Asked, ...],
    service_problems: dict[str, str],
    service_strays: dict[str, tuple[float, float]],
    service_rules: RuleTable,
) -> list[Finding]:
    """Report groups that cannot be counted, people outside all districts, and services without a standard.

    Returns
    -------
    list of Finding
        Warnings: ``services.people``, ``services.unknown``, and ``services.outside`` (`value` people), which
        is info where the plan names districts of its own and the share is at most that of the rule table.
    """
    if service_spec is None:
        return []
    found = []
    for group, problem in service_problems.items():
        zh, en = problem.split(" · ", 1)
        found.append(Finding(
            "services.people", "warning", "service_gap", group,
            f"公共服务：人群 {group} 未计入：{zh}", f"public services: group {group} is not counted: {en}",
        ))  # fmt: skip
    found += _tell_outside(service_spec, service_strays, float(service_rules.value("outside.most")))
    known = {one.category for one in service_asked}
    unknown = sorted({one.category for one in service_spec.services} - known)
    if unknown:
        names = ", ".join(unknown)
        found.append(Finding(
            "services.unknown", "warning", "service_gap", "",
            f"公共服务：{names} 在 facilities.yaml 中没有时间标准；请写 within，或用表中的类别。",
            f"public services: facilities.yaml has no minutes for {names}; give `within`, or a category of "
            "the table",
        ))  # fmt: skip
    return found


def _tell_outside(spec: Services, strays: dict[str, tuple[float, float]], most: float) -> list[Finding]:
    """Say how many people live in no district: all shares are of the others alone."""
    group, (outside, whole) = max(strays.items(), key=lambda item: item[1], default=("", (0.0, 0.0)))
    if not outside > 0:
        return []
    # A plan that names districts of its own may well mean a part of the city, but hardly leave out many.
    severe = spec.districts == DISTRICTS or outside > most * whole
    severity: Severity = "warning" if severe else "info"
    return [Finding(
        "services.outside", severity, "service_access", group,
        f"公共服务：{whole:,.0f} 人（人群 {group}）中有 {outside:,.0f} 人（{outside / whole:.1%}）"
        "不在任何行政区内，未计入；各项比例均只就行政区内人口而言。",
        f"public services: {outside:,.0f} of {whole:,.0f} people ({outside / whole:.1%}, group {group}) "
        "live in none of the districts and are not counted; all shares are of those inside",
        float(outside), most * whole,
    )]  # fmt: skip


def service_facility_findings(
    service_spec: Services | None,
    service_asked: tuple[Asked, ...],
    service_facilities: gpd.GeoDataFrame,
    facility_rules: RuleTable,
    service_gap: pd.DataFrame,
) -> list[Finding]:
    """Report facilities without a known category, services that none or not all can reach, half capacities.

    Returns
    -------
    list of Finding
        Warnings: ``services.uncategorised``, ``services.absent`` (no facility of a category) and
        ``services.unreached`` (people whom no way leads to any facility, counted as below the standard).
        ``services.capacity``, info: capacities are not known of all.
    """
    if service_spec is None:
        return []
    found, frame = [], service_facilities
    known = {one.category for one in service_asked} | {rule.key for rule in facility_rules.rules}
    left = frame[~frame["category"].isin(list(known))]
    if len(left):
        words = left["category"].value_counts().head(_MOST)
        text = ", ".join(f"{word or '∅'} ({count})" for word, count in words.items())
        found.append(Finding(
            "services.uncategorised", "warning", "service_access", "",
            f"公共服务：来源 {service_spec.facilities} 中 {len(left)} 处设施没有类别或类别未知，"
            f"未计入：{text}；请填写类别，或在 services.categories 写明",
            f"public services: {len(left)} facilities of source {service_spec.facilities} have no known "
            f"category and are not counted: {text}; give it, or name it in services.categories",
            float(len(left)),
        ))  # fmt: skip
    counts = frame["category"].value_counts()
    absent = [one for one in service_asked if one.category not in counts]
    if absent:
        zh, en = "、".join(one.zh for one in absent), ", ".join(one.en for one in absent)
        found.append(Finding(
            "services.absent", "warning", "service_gap", "",
            f"公共服务：来源 {service_spec.facilities} 没有以下类别的设施，"
            f"行政区内全部人口计为未达标：{zh}。",
            f"public services: source {service_spec.facilities} has no facility of {en}; everybody in the "
            "districts counts as below the standard",
            float(len(absent)),
        ))  # fmt: skip
    found += _tell_unreached(service_gap, {one.zh for one in absent})
    return [*found, *_tell_capacity(frame, service_asked)]


def _tell_capacity(frame: gpd.GeoDataFrame, asked: tuple[Asked, ...]) -> list[Finding]:
    """Say where only some facilities of a category have a capacity: the unknown cannot be shared out."""
    told = frame["capacity"].notna().groupby(frame["category"]).agg(["sum", "size"])
    half = told[(told["sum"] > 0) & (told["sum"] < told["size"])]
    return [
        Finding(
            "services.capacity", "info", "service_times", one.id,
            f"{one.zh}：{half.loc[one.category, 'size']} 处设施中 "
            f"{half.loc[one.category, 'size'] - half.loc[one.category, 'sum']} 处没有有效容量，"
            "故不计每千人可得容量。",
            f"{one.en}: {half.loc[one.category, 'size'] - half.loc[one.category, 'sum']} of "
            f"{half.loc[one.category, 'size']} facilities have no valid capacity, so none is shared out",
        )
        for one in asked
        if one.category in half.index
    ]  # fmt: skip


def service_site_findings(
    service_spec: Services | None,
    service_asked: tuple[Asked, ...],
    service_sites: gpd.GeoDataFrame,
    service_candidate_notes: dict[str, int],
    service_gap: pd.DataFrame,
) -> list[Finding]:
    """Report which site narrows the gap of each service, where none does, and candidates that are not used.

    Returns
    -------
    list of Finding
        ``services.site`` (info): the sites of the aim ``narrow``. ``services.no_site`` (info): services that
        no candidate helps. ``services.candidates_outside`` (warning): in none of the districts.
        ``services.candidates_off_road`` (warning): no road near. ``services.candidates_thinned`` (info): not
        all places of people were looked at.
    """
    if service_spec is None:
        return []
    narrow = service_sites[service_sites["aim"] == "narrow"]
    found = [_tell_site(rows) for _, rows in narrow.groupby("service", sort=False)]
    measured = set(service_gap["service"])
    idle = [one for one in service_asked if one.zh in measured and one.zh not in set(narrow["service"])]
    if idle:
        zh, en = "、".join(one.zh for one in idle), ", ".join(one.en for one in idle)
        found.append(Finding(
            "services.no_site", "info", "service_sites", "",
            f"公共服务：任一候选点都不能缩小以下服务的区间落差：{zh}。",
            f"public services: no candidate narrows the gap of {en}",
        ))  # fmt: skip
    notes = service_candidate_notes
    words: dict[str, tuple[Severity, str, str]] = {
        "outside": ("warning", "个候选点不在任何行政区内，未采用",
                    "candidates lie in none of the districts and are not used"),
        "off_road": ("warning", "个候选点附近没有道路，未采用",
                     "candidates have no road near and are not used"),
        "thinned": ("info", "个居住地中只取未达标人口最多的作候选点（见 services.yaml candidates.most）",
                    "places of people are more than candidates.most of services.yaml; those with most people "
                    "below the standard are taken as candidates"),
    }  # fmt: skip
    for key, (severity, zh, en) in words.items():
        if notes.get(key, 0):
            found.append(Finding(
                f"services.candidates_{key}", severity, "service_sites", "",
                f"公共服务：{notes[key]} {zh}。", f"public services: {notes[key]} {en}", float(notes[key]),
            ))  # fmt: skip
    return found


def _tell_site(rows: gpd.GeoDataFrame) -> Finding:
    one = rows.iloc[0]
    names = "、".join(
        f"{place.name.split('：', 1)[-1]}（{place.district}）" for place in rows.itertuples(index=False)
    )
    english = ", ".join(str(place).split(": ", 1)[-1] for place in rows["name_en"])
    proof = ("已证最优", "proven") if one["optimal"] else ("启发式，未证最优", "a heuristic, not proven")
    ratio = [_say(one[f"ratio_{when}"]) for when in ("before", "after")]
    return Finding(
        "services.site", "info", "service_sites", str(one["id"]),
        f"{one['service']}：新增于 {names} 最能缩小区间落差（{proof[0]}）："
        f"区间泰尔指数 {one['theil_before']:.3g} → {one['theil_after']:.3g}，"
        f"达标比例之比 {ratio[0]} → {ratio[1]}，新增达标 {one['gained_people']:,.0f} 人。",
        f"{one['service_en']}: the gap narrows most with {english} ({proof[1]}): Theil between districts "
        f"{one['theil_before']:.3g} → {one['theil_after']:.3g}, ratio of shares {ratio[0]} → {ratio[1]}, "
        f"{one['gained_people']:,.0f} more people within the standard",
        float(one["theil_after"]), float(one["theil_before"]), geometry=rows.geometry.iloc[0],
    )  # fmt: skip


def _say(ratio: float) -> str:
    return f"{ratio:.2f}" if np.isfinite(ratio) else "∞"
