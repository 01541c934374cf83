"""Checks of development directions: names that lead nowhere, missing land, growth that goes elsewhere."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from spatial.plan.findings import Finding
from spatial.plan.parts.directions import ACTION_NAMES, Directions

_SAID = {
    "lags": (
        "新增用地少于平均份额，未体现“{zh}”",
        "gets less than an even share of new land; the plan says “{en}”",
    ),
    "exceeds": (
        "新增用地多于平均份额，与“{zh}”不符",
        "gets more than an even share of new land; the plan says “{en}”",
    ),
    "unplanned": (
        "新增用地明显多于平均份额，规划未提及该方向",
        "gets far more than an even share of new land; the plan does not name it",
    ),
    "follows": ("新增用地与“{zh}”相符", "grows as the plan says, “{en}”"),
}  # fmt: skip


def direction_findings(
    direction_spec: Directions | None,
    direction_faults: list[tuple[str, str]],
    direction_land: gpd.GeoDataFrame,
    direction_growth: pd.DataFrame,
) -> list[Finding]:
    """Report what the plan's directions lack, and whether growth follows them.

    Returns
    -------
    list of Finding
        ``directions.unknown`` (error): a centre, place, area or land of a year that is not found.
        ``directions.one_year`` (info): fewer than two years of land, so growth cannot be told.
        ``directions.lags``, ``directions.exceeds``, ``directions.unplanned`` (warning) and
        ``directions.follows`` (info): the latest step of growth against the plan; `value` is the share of
        new land, `limit` the even share.
    """
    if direction_spec is None:
        return []
    found = [_find_unknown(key, name) for key, name in direction_faults]
    if len(direction_land) < 2:
        found.append(Finding(
            "directions.one_year", "info", "direction_growth", "",
            f"发展方向：有 {len(direction_land)} 个年份的用地，少于两个，不能判断增长方向；"
            "请在 directions.land 中给出。",
            f"directions: land of {len(direction_land)} years, fewer than two, so growth cannot be told; "
            "give more under directions.land",
        ))  # fmt: skip
    latest = direction_growth[direction_growth["to_year"] == direction_growth["to_year"].max()]
    return [*found, *(_judge(row) for row in latest.to_dict("records") if row["verdict"] in _SAID)]


def _find_unknown(key: str, name: str) -> Finding:
    what_zh, what_en = "未找到", "is not found"
    if key.startswith("land"):
        what_zh, what_en = "中没有符合条件的面", "has no polygons that fit"
    return Finding(
        "directions.unknown", "error", "directions", key,
        f"directions.{key}：“{name}”{what_zh}；请核对名称。",
        f"directions.{key}: {name!r} {what_en}; check the name",
    )  # fmt: skip


def _judge(row: dict[str, object]) -> Finding:
    zh, en = _SAID[str(row["verdict"])]
    action = ACTION_NAMES.get(str(row["action"]))
    words = {"zh": action.zh if action else "", "en": action.en.lower() if action else ""}
    share, even = float(str(row["share_of_new"])), float(str(row["even_share"]))
    years = f"{row['from_year']}–{row['to_year']}"
    where = "方向" if row["form"] == "sector" else ""
    return Finding(
        f"directions.{row['verdict']}", "info" if row["verdict"] == "follows" else "warning",
        "direction_growth", str(row["id"]),
        f"{years} 年{row['name']}{where}：{zh.format(**words)}（占新增 {share:.1%}，平均份额 {even:.1%}）。",
        f"{years}, {row['name_en']}: {en.format(**words)} ({share:.1%} of new land, even share {even:.1%})",
        share, even,
    )  # fmt: skip
