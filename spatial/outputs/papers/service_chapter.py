"""The report's chapter on public services 公共服务落差: shares, who is worst off, which site helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from spatial.outputs.papers.blocks import Block, Stock
from spatial.outputs.papers.cells import Head
from spatial.outputs.papers.layouts import Layout
from spatial.outputs.papers.words import decode, make_text
from spatial.plan.base import Text

_CAPPED = Text(
    zh="平均时间、泰尔指数与基尼系数按封顶时间计：超过封顶或无法到达的行程按封顶计，行政区内无人剔除；"
    "中位时间与达标比例不封顶。行政区以外的人口未计入，人数见“公共服务不均衡程度”表。",
    en="Means, Theil and Gini are of capped minutes: journeys beyond the cap, or not possible, count as the "
    "cap, and nobody inside the districts is left out; medians and shares need no cap. People outside the "
    "districts are not counted; the table of inequality tells how many they are.",
)
_PAIRS = Text(
    zh="综合达标比例按“人—服务”对计：每人按其人群适用的每类服务各计一次，不是达标人口占全部人口的比例。",
    en="The share of all services is of person-service pairs: a person counts once for each service that the "
    "group asks for. It is no share of people.",
)
_SITED = Text(
    zh="数值为按该目标新增全部设施后在路网上重新测算的结果；未考虑用地、造价与容量。",
    en="Figures are measured anew on the network with all sites of the aim built; land, cost and capacity "
    "are not looked at.",
)
_SHARED = Text(
    zh="每千人可得容量按增强型两步移动搜索法（E2SFCA，高斯衰减至标准时间）分配，仅用于全部设施都给出容量的类别；"
    "行政区以外的人口同样占用容量，但不列出。",
    en="Capacity is shared out by the enhanced two-step method (E2SFCA, Gaussian up to the standard), for "
    "categories whose facilities all state one; people outside the districts take their part of it, and are "
    "not listed.",
)
SERVICE_TABLES = (
    "service_districts", "service_gap", "service_inequality", "service_sites", "service_effects",
    "service_access", "service_times",
)  # fmt: skip
"""Tables of public services, in the order in which a planner reads them."""
SERVICE_LAYOUTS = {
    "service_districts": Layout(notes=(_PAIRS, _CAPPED)),
    "service_gap": Layout(
        (
            "service",
            "group",
            "mode",
            "limit_min",
            "district",
            "people",
            "within_people",
            "met_share",
            "below_people",
            "unreached_people",
            "mean_min",
            "median_min",
            "cap_min",
            "per_1000",
            "id",
        ),
        notes=(_CAPPED, _SHARED),
    ),
    "service_inequality": Layout(notes=(_CAPPED,)),
    "service_sites": Layout(
        (
            "name",
            "aim",
            "district",
            "together",
            "solver",
            "optimal",
            "gap_share",
            "gained_people",
            "met_share_before",
            "met_share_after",
            "before_min",
            "after_min",
            "ratio_before",
            "ratio_after",
            "theil_before",
            "theil_after",
            "id",
        ),
        heads={
            f"theil_{when}": Head(
                Text(zh=f"区间泰尔指数（{zh}）", en=f"Theil between districts {when}"), "number", 4
            )
            for when, zh in (("before", "现状"), ("after", "建成后"))
        },
        notes=(_SITED, _CAPPED),
    ),
    "service_effects": Layout(
        (
            "service",
            "group",
            "aim",
            "district",
            "people",
            "gained_people",
            "met_share_before",
            "met_share_after",
            "before_min",
            "after_min",
            "id",
        ),
        notes=(_SITED, _CAPPED),
    ),
    "service_times": Layout(notes=(_SHARED,)),
}
"""How these tables are shown."""


def tell_services(stock: Stock) -> Iterator[Block]:
    """Yield the chapter: each service, the districts, the sites that would narrow the gap, and the maps."""
    unequal = stock.layer("service_inequality")
    if unequal is None:
        return
    units = stock.layer("service_districts")
    names = {} if units is None else dict(zip(units["name"], units["name_en"], strict=True))
    yield from tell_outside(unequal)
    for row in unequal.to_dict("records"):
        yield tell_service(row, names)
    yield from stock.draw("service_districts")
    yield from stock.table("service_districts", (0, 1, 2, 4, 5, 6, 7, 10))
    yield from stock.table("service_inequality", (0, 1, 3, 4, 5, 6, 7, 8, 11, 14))
    sites = stock.layer("service_sites")
    if sites is not None:
        for _, rows in sites[sites["aim"] == "narrow"].groupby("service", sort=False):
            yield tell_site(rows, names)
    yield from stock.draw("service_sites")
    yield from stock.table("service_sites", (0, 1, 2, 7, 8, 9, 14, 15))


def tell_outside(unequal: pd.DataFrame) -> Iterator[Text]:
    """Say of each group how many people live in no district, and that shares are of those inside.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": ["all"], "people": [300.0], "outside_people": [100.0]})
    >>> next(tell_outside(rows)).zh
    '全体人口共 400 人，其中 100 人（25.0%）不在所评价的行政区内，未计入；以下比例均为行政区内人口的比例。'
    """
    rows = unequal[unequal["outside_people"] > 0].drop_duplicates("group")
    for row in rows.to_dict("records"):
        people, outside = _call(row["group"]), float(row["outside_people"])
        whole = outside + float(row["people"])
        zh = f"{people.pick('zh')}共 {whole:,.0f} 人，其中 {outside:,.0f} 人（{outside / whole:.1%}）"
        yield make_text(
            f"{zh}不在所评价的行政区内，未计入；以下比例均为行政区内人口的比例。",
            f"{people.pick('en')}: {outside:,.0f} of {whole:,.0f} people ({outside / whole:.1%}) live "
            "outside the districts looked at and are not counted; all shares below are of those inside.",
        )


def _call(group: str) -> Text:
    """Return what a group of people is called."""
    word = decode("service_inequality", "group", group)
    return word if isinstance(word, Text) else make_text(word)


def tell_service(row: Mapping[Any, Any], names: Mapping[str, str]) -> Text:
    """Say what share of people has a service within its standard, where most and least, how unequal.

    Examples
    --------
    >>> told = {"name": "小学", "name_en": "Primary school", "group": "all", "met_share": 0.5, "best": "西区",
    ...         "best_share": 0.6, "worst": "东区", "worst_share": 0.2, "ratio": 3.0, "theil": 0.0,
    ...         "theil_between": 0.0}
    >>> tell_service(told, {}).zh
    '小学（全体人口）：达标比例 50.0%，西区最高 60.0%，东区最低 20.0%，最高为最低的 3.00 倍。'
    """
    people, inside = _call(row["group"]), ("", "")
    if row.get("outside_people", 0.0) > 0:
        inside = ("，仅行政区内", " inside the districts only")
    if pd.isna(row["met_share"]):
        return make_text(f"{row['name']}：该人群没有人口。", f"{row['name_en']}: the group has no people.")
    zh = f"{row['name']}（{people.pick('zh')}{inside[0]}）：达标比例 {row['met_share']:.1%}"
    en = f"{row['name_en']} ({people.pick('en')}{inside[1]}): {row['met_share']:.1%} within the standard"
    if row["best"]:
        zh += f"，{row['best']}最高 {row['best_share']:.1%}，{row['worst']}最低 {row['worst_share']:.1%}"
        best, worst = (names.get(row[key]) or row[key] for key in ("best", "worst"))
        en += f"; {best} {row['best_share']:.1%}, {worst} {row['worst_share']:.1%}"
        if pd.notna(row["ratio"]):
            zh, en = f"{zh}，最高为最低的 {row['ratio']:.2f} 倍", f"{en}: {row['ratio']:.2f} to one"
    if pd.notna(row["theil"]) and row["theil"] > 0:
        share = row["theil_between"] / row["theil"]
        zh += f"；出行时间的不均衡有 {share:.0%} 在区与区之间"
        en += f"; between districts lies {share:.0%} of the inequality of minutes"
    return make_text(f"{zh}。", f"{en}.")


def tell_site(rows: pd.DataFrame, names: Mapping[str, str]) -> Text:
    """Say where one more facility of a service would narrow the gap most, and what that brings."""
    row = rows.iloc[0]
    places = [name.split("：", 1)[-1] for name in rows["name"]]
    zh = "、".join(f"{place}（{unit}）" for place, unit in zip(places, rows["district"], strict=True))
    pairs = zip(rows["name_en"], rows["district"], strict=True)
    en = ", ".join(f"{name.split(': ', 1)[-1]} ({names.get(unit) or unit})" for name, unit in pairs)
    before, after = (f"{row[f'theil_{when}']:.3g}" for when in ("before", "after"))
    gained = f"{row['gained_people']:,.0f}"
    proof = ("已证最优", "proven") if row["optimal"] else ("启发式，未证最优", "a heuristic, not proven")
    return make_text(
        f"{row['service']}：设于{zh}最能缩小区间落差（{proof[0]}），区间泰尔指数由 {before} 降至 {after}，"
        f"新增达标 {gained} 人。",
        f"{row['service_en']}: built at {en}, the gap narrows most ({proof[1]}); Theil between districts "
        f"falls from {before} to {after}, and {gained} more people are within the standard.",
    )
