"""Checks of what the industry map shows: numbers kept back, single firms, competing units, failing links."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.plan.findings import Finding
from spatial.plan.parts.industry import Industry
from spatial.plan.rules import RuleTable

_LISTED = 5
_SEARCHED = 20_000
"""Names among which the nearest is looked for at most."""
_MEASURES = {"jobs": "从业人员", "output": "产值", "firms": "企业数"}


def industry_shown_findings(
    *,
    industry_spec: Industry | None,
    firms: gpd.GeoDataFrame,
    industry_structure: pd.DataFrame,
    industry_units: gpd.GeoDataFrame,
    industry_similarity: gpd.GeoDataFrame,
    industry_chain: pd.DataFrame,
    industry_least: int,
    industry_rules: RuleTable,
) -> list[Finding]:
    """Report what the industry map keeps back, whom it shows one by one, and which units compete.

    Returns
    -------
    list of Finding
        ``industry.hidden`` or ``industry.all_shown`` (info): how much is kept back, or that nothing is.
        ``industry.points``: single firms are shown with their numbers, a warning where numbers are kept back
        all the same, else info. ``industry.pooled`` (warning): units of which so much is hidden that indices
        say little. ``industry.competing`` (warning): pairs of units alike. ``industry.undecided`` (info):
        pairs of which it cannot be told.
        ``industry.link_unknown`` and ``industry.link_amount`` (warnings): links that cannot be used.
    """
    if industry_spec is None or industry_units.empty:
        return []
    return [
        *_tell_hidden(industry_structure, industry_least),
        *_tell_points(firms, industry_spec, int((industry_structure["shown"] != "published").sum())),
        *_find_pooled(industry_units, float(industry_rules.value("pooled.share"))),
        *_find_competing(industry_similarity, industry_spec, float(industry_rules.value("compete.cosine"))),
        *_tell_undecided(industry_similarity),
        *_find_strangers(industry_chain, firms),
        *_find_wrong_amounts(industry_chain),
    ]


def _tell_hidden(structure: pd.DataFrame, least: int) -> Iterator[Finding]:
    if least <= 1:
        yield Finding(
            "industry.all_shown", "info", "industry_structure", "",
            "产业地图：industry.least_firms 为 1，所有数据均公开，包括只有一家企业的数据。",
            "industry map: industry.least_firms is 1; all numbers are shown, also those of single firms",
            float(least),
        )  # fmt: skip
        return
    total = int((structure["shown"] != "published").sum())
    if total:
        yield Finding(
            "industry.hidden", "info", "industry_structure", "",
            f"产业结构表 {len(structure)} 个数据中 {total} 个不公开（少于 {least} 家企业、"
            "单个企业占绝大部分，或为防止反推；各属哪种不作说明）。"
            "专业化、多样化与相似系数只用公开数据计算，为下限。",
            f"of {len(structure)} numbers of the structure {total} are not shown (of less than {least} "
            "firms, one firm has nearly all, or others would follow; which of these is not told); "
            "indices are made from what is shown and tell the least that holds",
            float(total), float(least),
        )  # fmt: skip


def _tell_points(firms: gpd.GeoDataFrame, spec: Industry, hidden: int) -> Iterator[Finding]:
    if spec.show == "points" and len(firms):
        undone = f"，{hidden} 个不公开的合计可由此算出" if hidden else ""
        undone_en = f", from which the {hidden} sums that are kept back follow" if hidden else ""
        yield Finding(
            "industry.points", "warning" if hidden else "info", "firms", "",
            f"产业地图逐一显示 {len(firms)} 家企业及其数据（industry.show: points）{undone}；"
            "名录不宜公开时请用 places（默认，只显示位置与行业）或 none。",
            f"the industry map shows {len(firms)} firms one by one with their numbers (industry.show: points)"
            f"{undone_en}; where the list is not public use places (the default: where and what) or none",
            float(len(firms)),
        )  # fmt: skip


def _find_pooled(units: gpd.GeoDataFrame, most: float) -> Iterator[Finding]:
    for row in units[["name", "name_en", "pooled", "firms"]].to_dict("records"):
        pooled, total = float(row["pooled"]), float(row["firms"])
        if pooled > most or np.isnan(total):
            name, english = row["name"], row["name_en"] or row["name"]
            part = "的合计" if np.isnan(total) else f"有 {pooled:.0%} 的结构"
            part_en = "the total" if np.isnan(total) else f"{pooled:.0%} of the structure"
            yield Finding(
                "industry.pooled", "warning", "industry_units", "",
                f"{name}{part}不公开，指数参考价值有限；可用 level: section 或更大的比较单元。",
                f"{part_en} of {english} is not shown, so that its indices say little; use level: section or "
                "larger units",
                None if np.isnan(pooled) else float(pooled), most,
            )  # fmt: skip


def _find_competing(pairs: gpd.GeoDataFrame, spec: Industry, least: float) -> Iterator[Finding]:
    alike = pairs[pairs["verdict"] == "competing"]
    for row in alike.head(_LISTED).to_dict("records"):
        known = math.floor(row["similarity"] * 100) / 100  # a bound is not rounded up
        shared_zh = f"，共同产业：{row['shared']}" if row["shared"] else ""
        shared_en = f"; in common: {row['shared_en']}" if row["shared_en"] else ""
        yield Finding(
            "industry.competing", "warning", "industry_similarity", str(row["id"]),
            f"{row['unit']}与{row['other']}产业结构相似系数不低于 {known:.2f}"
            f"（按{_MEASURES[spec.measure]}，限值 {least:g}），存在同质化竞争{shared_zh}。",
            f"{row['name_en']} are alike in industry: {known:.2f} or more (by "
            f"{spec.measure}, limit {least:g}), so that they compete{shared_en}",
            float(row["similarity"]), least, row["geometry"],
        )  # fmt: skip
    if len(alike) > _LISTED:
        yield Finding(
            "industry.competing", "warning", "industry_similarity", "",
            f"另有 {len(alike) - _LISTED} 对单元产业同质化，见相似系数表。",
            f"{len(alike) - _LISTED} more pairs of units are alike in industry; see the table of similarity",
            float(len(alike)), least,
        )  # fmt: skip


def _tell_undecided(pairs: gpd.GeoDataFrame) -> Iterator[Finding]:
    count = int((pairs["verdict"] == "undecided").sum())
    if count:
        yield Finding(
            "industry.undecided", "info", "industry_similarity", "",
            f"{len(pairs)} 对单元中 {count} 对是否同质化未定：相似系数下限低于限值，但有数据未公开。",
            f"of {len(pairs)} pairs of units {count} are undecided: the least similarity is below the limit, "
            "but something is hidden",
            float(count),
        )  # fmt: skip


def _find_wrong_amounts(chain: pd.DataFrame) -> Iterator[Finding]:
    wrong = chain[(chain["given"] != "") & chain["amount"].isna()]
    if len(wrong):
        shown = "、".join(f"第 {line} 行 {text[:20]}" for line, text in wrong["given"].head(_LISTED).items())
        shown_en = ", ".join(
            f"line {line}: {text[:20]}" for line, text in wrong["given"].head(_LISTED).items()
        )
        yield Finding(
            "industry.link_amount", "warning", "industry_links", "",
            f"{len(wrong)} 条联系的金额为负或不是数值，未计入（{shown}）。",
            f"amounts of links that are below zero or no number and do not count: {len(wrong)} ({shown_en})",
            float(len(wrong)), 0.0,
        )  # fmt: skip


def _find_strangers(chain: pd.DataFrame, firms: gpd.GeoDataFrame) -> Iterator[Finding]:
    """Report names of links that no counted firm has, with the nearest name where firms are shown."""
    ends = [chain[chain[end] < 0][key] for end, key in (("one", "supplier"), ("other", "buyer"))]
    lost = pd.concat(ends).sort_index(kind="stable")
    if lost.empty:
        return
    known = firms["name"].unique().tolist()
    zh, en = list[str](), list[str]()
    for line, name in list(lost.items())[:_LISTED]:
        near = difflib.get_close_matches(str(name), known, 1, 0.8) if len(known) <= _SEARCHED else []
        hint = ("", "") if not near else (f"，最接近 {near[0]}", f", nearest {near[0]}")
        if name in known:
            hint = ("，在名录中但未计入", ", on the list but not counted")
        zh.append(f"第 {line} 行“{str(name)[:30]}”{hint[0]}")
        en.append(f"line {line}: {str(name)[:30]!r}{hint[1]}")
    rows = int(((chain["one"] < 0) | (chain["other"] < 0)).sum())
    yield Finding(
        "industry.link_unknown", "warning", "industry_links", "",
        f"{rows} 条联系的企业不在名录中或未计入，已舍去（{'；'.join(zh)}）。",
        f"links left out because a firm is not on the list or does not count: {rows} ({'; '.join(en)})",
        float(rows), 0.0,
    )  # fmt: skip
