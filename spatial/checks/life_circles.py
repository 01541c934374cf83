"""Checks of living circles: facilities that do not count, categories without any, and how much is covered."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from spatial.plan.base import Text
from spatial.plan.findings import Finding
from spatial.plan.records import Facilities
from spatial.plan.rules import RuleTable

_SUBJECTS = {
    "people": ("人口", "of people"),
    "homes": ("居住用地", "of residential land"),
    "area": ("面积", "of land"),
}
_ALL = Text(zh="全部设施", en="all of them together")
_MOST = 12


def life_facility_findings(
    facility_spec: Facilities | None, facilities: gpd.GeoDataFrame, facility_rules: RuleTable
) -> list[Finding]:
    """Report facilities that do not count (``life.uncounted``) and categories without any (``life.absent``).

    Returns
    -------
    list of Finding
        The first is a warning, the second info: what is not there was perhaps not asked for.
    """
    if facility_spec is None:
        return []
    findings = []
    left = facilities[~facilities["counted"].astype(bool)]
    if len(left):
        words = left["category"].value_counts()
        text = ", ".join(f"{word or '∅'} ({count})" for word, count in words.head(_MOST).items())
        source = facility_spec.source
        findings.append(
            Finding(
                "life.uncounted", "warning", "life_circles", "",
                f"来源 {source} 中 {len(left)} 处设施未计入（类别未知或面积不足）：{text}；"
                "请在 facilities.categories 中写明其类别",
                f"{len(left)} facilities of source {source} are not counted, being of no known category "
                f"or too small: {text}; name their categories in facilities.categories",
                float(len(left)),
            )
        )  # fmt: skip
    there = set(facilities[facilities["counted"].astype(bool)]["category"])
    parts = facility_rules.value("composite")
    absent = [facility_rules[key].label for key in parts if key not in there]
    if absent:
        names_zh = "、".join(label.pick("zh") for label in absent)
        names_en = ", ".join(label.pick("en") for label in absent)
        findings.append(
            Finding(
                "life.absent", "info", "life_circles", "",
                f"15分钟社区生活圈所需的 {len(absent)} 类设施没有数据：{names_zh}；故不计综合覆盖率",
                f"there are no facilities of {len(absent)} categories of the 15-minute living circle: "
                f"{names_en}; so it is not made",
                float(len(absent)),
            )
        )  # fmt: skip
    return findings


def life_coverage_findings(life_coverage: pd.DataFrame, facility_rules: RuleTable) -> list[Finding]:
    """Say what share each walk of the table covers (``life.coverage``), info, the least first.

    Shares are of people where they are known, else of residential land, else of all land.
    """
    rows = life_coverage[life_coverage["standard"].astype(bool)]
    subject = next((one for one in _SUBJECTS if (rows["subject"] == one).any()), None)
    if subject is None:
        return []
    chosen = rows[rows["subject"] == subject].sort_values("share", kind="stable")
    zh, en = _SUBJECTS[subject]
    labels = [_ALL if key == "composite" else facility_rules[key].label for key in chosen["category"]]
    walks = list(zip(labels, chosen["time_min"], chosen["share"], strict=True))
    told_zh = "；".join(f"{label.pick('zh')} {minutes:g} 分钟 {share:.1%}" for label, minutes, share in walks)
    told_en = "; ".join(f"{label.pick('en')} {minutes:g} min {share:.1%}" for label, minutes, share in walks)
    return [
        Finding(
            "life.coverage", "info", "life_coverage", subject,
            f"步行圈覆盖的{zh}：{told_zh}", f"share {en} within the walk: {told_en}",
            float(chosen["share"].iloc[0]),
        )
    ]  # fmt: skip


def life_place_findings(life_places: gpd.GeoDataFrame) -> list[Finding]:
    """Say where the fewest kinds of facilities are within a walk (``life.least``), info."""
    least = life_places[life_places["reached"] == life_places["reached"].min()]
    if least.empty:
        return []
    fewest = int(least["reached"].iloc[0])
    names = [name for name in least["name"] if name][:_MOST]
    zh, en = ("：" + "、".join(names), ": " + ", ".join(names)) if names else ("", "")
    return [
        Finding(
            "life.least", "info", "life_places", "",
            f"{len(least)} 处居住地步行可达的设施最少（{fewest} 类）{zh}",
            f"{len(least)} places have the least within a walk ({fewest} categories){en}",
            float(fewest), None, least.geometry.union_all(),
        )
    ]  # fmt: skip
