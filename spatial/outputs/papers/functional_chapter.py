"""The report's chapter on functional zones 产业功能区: system, kinds, start-up areas, management."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from spatial.outputs.papers.blocks import Block, Stock
from spatial.outputs.papers.words import find_words, make_text


def tell_functional(stock: Stock) -> Iterator[Block]:
    """Say how many zones there are, of which ecosystems and kinds, where they lie; with maps and tables."""
    zones = stock.layer("functional_zones")
    if zones is None or zones.empty:
        return
    area = float(zones["area_ha"].sum())
    several = int((zones["units"] > 1).sum())
    yield make_text(
        f"功能区共 {len(zones)} 个，面积合计 {area:,.0f} 公顷；其中 {several} 个跨行政单元。",
        f"There are {len(zones)} functional zones, {area:,.0f} ha in all; {several} lie in several units.",
    )
    yield from _tell_system(stock)
    yield from _tell_kinds(zones)
    yield from _tell_parts(zones)
    yield from stock.draw("ecosystem_zones", "zone_kinds", "zone_parts", "functional_zones")
    yield from stock.table("ecosystems")
    yield from stock.table("functional_zones")


def _tell_system(stock: Stock) -> Iterator[Block]:
    ecosystems = stock.layer("ecosystems")
    if ecosystems is None or ecosystems.empty:
        return
    apart = ecosystems["kind"] == "civil_military"
    counts = [(int(rows["zones"].sum()), len(rows)) for rows in (ecosystems[~apart], ecosystems[apart])]
    differing = ecosystems[ecosystems["difference"].fillna(0) != 0]
    (zones, groups), (more, others) = counts
    yield make_text(
        f"图上为 {groups}+{others} 个产业生态圈、{zones}+{more} 个功能区（“+”后为军民融合）；"
        + (f"与规划所列数量不符的生态圈 {len(differing)} 个。" if len(differing) else "与规划所列数量一致。"),
        f"There are {groups} + {others} ecosystems with {zones} + {more} zones; "
        + (
            f"{len(differing)} ecosystems differ from what the plan states."
            if len(differing)
            else "the counts are those that the plan states."
        ),
    )


def _tell_kinds(zones: pd.DataFrame) -> Iterator[Block]:
    if "kind" not in zones or not (zones["kind"].fillna("") != "").any():
        return
    kinds = zones[zones["kind"].fillna("") != ""].groupby("kind", sort=False)["area_ha"].agg(["size", "sum"])
    words = find_words("functional_zones", "kind")
    told = [
        (words.get(str(kind), make_text(str(kind))), int(row["size"]), float(row["sum"]))
        for kind, row in kinds.iterrows()
    ]
    yield make_text(
        "；".join(f"{name.pick('zh')} {count} 个、{area:,.0f} 公顷" for name, count, area in told) + "。",
        "; ".join(f"{name.pick('en')}: {count} zones, {area:,.0f} ha" for name, count, area in told) + ".",
    )


def _tell_parts(zones: pd.DataFrame) -> Iterator[Block]:
    startup, communities = (
        float(zones["startup_ha"].fillna(0).sum()),
        int(zones["communities"].fillna(0).sum()),
    )
    if startup <= 0 and communities <= 0:
        return
    with_startup = int((zones["startup_ha"].fillna(0) > 0).sum())
    yield make_text(
        f"核心起步区 {startup:,.0f} 公顷（{with_startup} 个功能区已划），产业社区 {communities} 处。",
        f"Start-up areas: {startup:,.0f} ha in {with_startup} zones; communities: {communities}.",
    )
