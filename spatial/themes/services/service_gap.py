"""Gap in public services 公共服务落差: minutes and shares by district and group, and how unequal they are."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.engine.disparities import spread, weighted_median
from spatial.engine.inequality import gini, split_theil
from spatial.engine.travel.network import Truths
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.services import Services
from spatial.plan.rules import RuleTable
from spatial.themes.services.service_travel import Times
from spatial.themes.services.services import People

TOTAL = "total"


def service_share(service_spec: Services | None, service_rules: RuleTable) -> float:
    """Return the share of people within the standard that every district should have."""
    given = service_spec.share if service_spec is not None else None
    return float(service_rules.value("share.least")) if given is None else given


@layer(
    "公共服务落差", "Gap in public services", "none",
    needs=("services", "roads"),
    level=Column("text", "层次", "Level"),
    district=Column("text", "行政区", "District"),
    service=Column("text", "服务", "Service"),
    service_en=Column("text", "服务英文名", "Service in English"),
    group=Column("text", "人群", "Group"),
    mode=Column("text", "方式", "Mode"),
    limit_min=Column("number", "标准（分钟）", "Standard (min)"),
    people=Column("number", "人数", "People"),
    within_people=Column("number", "达标人数", "People within the standard"),
    met_share=Column("number", "达标比例", "Share within the standard", nullable=True),
    below_people=Column("number", "未达标人数", "People below the standard"),
    unreached_people=Column("number", "无路可达人数", "People whom no way leads there"),
    mean_min=Column("number", "平均时间（分钟，封顶）", "Mean time, capped (min)", nullable=True),
    median_min=Column("number", "中位时间（分钟）", "Median time (min)", nullable=True),
    cap_min=Column("number", "封顶（分钟）", "Cap (min)"),
    per_1000=Column("number", "每千人可得容量", "Capacity for each 1000 people", nullable=True),
)  # fmt: skip
def service_gap(
    service_people: People, service_measures: tuple[Times, ...], service_units: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return how each group of each district fares with each service; the last row of a service is of all.

    Nobody who lives in a district is dropped: people whom no way leads to a facility are below the standard,
    count as the cap in the mean, and make the median null where they are half. `level` is ``district`` or
    ``total``.
    """
    rows = list[dict[str, Any]]()
    names = service_units["name"].tolist()
    for one in service_measures:
        parts = [(service_people.unit == number, name) for number, name in enumerate(names)]
        rows += [
            _sum(one, where) | {"level": "district", "district": name, "id": f"{one.service.id}-{number:02d}"}
            for number, (where, name) in enumerate(parts, 1)
        ]
        everybody = np.ones(len(one.weights), dtype=bool)
        rows.append(
            _sum(one, everybody) | {"level": TOTAL, "district": "全部", "id": f"{one.service.id}-all"}
        )
    frame = pd.DataFrame(rows)
    if rows:
        frame["name"] = frame["service"] + " · " + frame["district"]
    return shape_rows(frame, service_gap)


def _sum(times: Times, where: Truths) -> dict[str, Any]:
    """Return what people at some places have of a service."""
    weights, minutes = times.weights[where], times.minutes[where]
    people, within = float(weights.sum()), float(weights[times.within[where]].sum())
    median = weighted_median(minutes, weights)
    shared = np.nan
    if times.per_1000 is not None and people > 0:
        told = np.isfinite(times.per_1000[where]) & (weights > 0)
        held = float(weights[told].sum())
        shared = float((times.per_1000[where][told] * weights[told]).sum()) / held if held else np.nan
    return {
        **times.service.describe(),
        "people": people,
        "within_people": within,
        "met_share": within / people if people else np.nan,
        "below_people": people - within,
        "unreached_people": float(weights[~np.isfinite(minutes)].sum()),
        "mean_min": float((times.capped[where] * weights).sum()) / people if people else np.nan,
        "median_min": median if np.isfinite(median) else np.nan,
        "per_1000": shared,
    }


@layer(
    "公共服务不均衡程度", "Inequality of public services", "none",
    needs=("services", "roads"),
    name_en=Column("text", "英文名称", "English name"),
    group=Column("text", "人群", "Group"),
    people=Column("number", "人数", "People"),
    met_share=Column("number", "达标比例", "Share within the standard", nullable=True),
    best=Column("text", "达标比例最高的行政区", "District with the highest share"),
    best_share=Column("number", "最高达标比例", "Highest share", nullable=True),
    worst=Column("text", "达标比例最低的行政区", "District with the lowest share"),
    worst_share=Column("number", "最低达标比例", "Lowest share", nullable=True),
    ratio=Column("number", "达标比例最高与最低之比", "Ratio of highest to lowest share", nullable=True),
    minutes_ratio=Column("number", "平均时间最长与最短之比", "Ratio of mean minutes", nullable=True),
    theil=Column("number", "时间的泰尔指数", "Theil index of minutes", nullable=True),
    theil_between=Column("number", "区间泰尔指数", "Theil between districts", nullable=True),
    theil_within=Column("number", "区内泰尔指数", "Theil within districts", nullable=True),
    gini=Column("number", "时间的基尼系数", "Gini coefficient of minutes", nullable=True),
    outside_people=Column("number", "行政区外人数（未计入）", "People outside the districts, not counted"),
)  # fmt: skip
def service_inequality(
    service_people: People,
    service_measures: tuple[Times, ...],
    service_gap: pd.DataFrame,
    service_units: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return how unequal each service is: best and worst district, Theil between and within, Gini.

    Theil and Gini are of capped minutes over all people of the group; districts without such people do not
    count, nor do people in none of them, whose number is in `outside_people`. A ratio is null where the
    lowest share is zero: no number says how many times more that is. No district is named where all have the
    same share.
    """
    names = service_units["name"].to_numpy(dtype=object)[service_people.unit]
    rows, each = list[dict[str, Any]](), len(service_units) + 1
    for one in service_measures:
        mine = service_gap.iloc[len(rows) * each : (len(rows) + 1) * each]
        parts = mine[(mine["level"] != TOTAL) & (mine["people"] > 0)]
        row = {
            **one.service.describe(),
            "id": one.service.id,
            "name": one.service.zh,
            "name_en": one.service.en,
            "outside_people": service_people.outside[one.service.group],
        }
        if len(parts):
            index = split_theil(one.capped, names, one.weights)
            row |= _compare(parts) | {
                "theil": index.total, "theil_between": index.between, "theil_within": index.within,
                "gini": gini(one.capped, one.weights),
            }  # fmt: skip
        within, people = float(parts["within_people"].sum()), float(parts["people"].sum())
        rows.append(row | {"people": people, "met_share": within / people if people else np.nan})
    frame = pd.DataFrame(rows)
    for name in ("best", "worst"):
        frame[name] = frame[name].fillna("") if name in frame else ""
    return shape_rows(frame, service_inequality)


def _compare(parts: pd.DataFrame) -> dict[str, Any]:
    """Return the best and the worst district of a service and how far apart they are."""
    share, mean = parts["met_share"].to_numpy(dtype=float), parts["mean_min"].to_numpy(dtype=float)
    best, worst = np.lexsort((mean, -share))[0], np.lexsort((-mean, share))[0]
    ratio, minutes = float(spread(share[:, None])[0]), float(spread(mean[:, None])[0])
    same = share[best] == share[worst]
    return {
        "best": "" if same else parts["district"].iloc[best], "best_share": share[best],
        "worst": "" if same else parts["district"].iloc[worst], "worst_share": share[worst],
        "ratio": ratio if np.isfinite(ratio) else np.nan,
        "minutes_ratio": minutes if np.isfinite(minutes) else np.nan,
    }  # fmt: skip


@layer(
    "各区公共服务水平", "Public services by district", "Polygon",
    needs=("services", "roads"),
    name_en=Column("text", "英文名称", "English name"),
    rank=Column("integer", "位次", "Rank"),
    people=Column("number", "人口", "People"),
    services=Column("integer", "服务数", "Services"),
    met_share=Column(
        "number", "综合达标比例（按“人—服务”对计）", "Share of person-service pairs within the standard",
        nullable=True,
    ),
    below=Column("integer", "低于要求的服务数", "Services below the share wanted"),
    worst=Column("text", "最薄弱的服务", "Worst service"),
    worst_share=Column("number", "最薄弱服务达标比例", "Share of the worst service", nullable=True),
    lacking=Column("text", "低于要求的服务", "Services below"),
    wanted_share=Column("number", "要求达标比例", "Share wanted"),
    mean_min=Column("number", "平均时间（分钟，封顶）", "Mean time, capped (min)", nullable=True),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def service_districts(
    service_units: gpd.GeoDataFrame,
    service_people: People,
    service_gap: pd.DataFrame,
    service_facilities: gpd.GeoDataFrame,
    service_share: float,
) -> gpd.GeoDataFrame:
    """Return the districts with their share of people within the standard over all services.

    The overall share is that of all pairs of a person and a service, so that somebody counts once for each
    service that his group asks for: it is no share of people. The service with the lowest share is
    named. Rank 1 has the highest share; districts without people come last.
    """
    rough = bool(service_people.frame["illustrative"].any() or service_facilities["illustrative"].any())
    gap = service_gap[service_gap["level"] != TOTAL]
    crowd = next(iter(service_people.groups.values()), np.zeros(len(service_people.unit)))
    held = np.bincount(service_people.unit, crowd, len(service_units))
    rows = []
    for number, unit in enumerate(service_units.itertuples()):
        mine = gap[(gap["district"] == unit.name) & (gap["people"] > 0)].sort_values(
            "met_share", kind="stable"
        )
        lacking = mine[mine["met_share"] < service_share]
        people = float(mine["people"].sum())
        rows.append({
            "id": f"service-district-{number + 1:02d}", "name": unit.name, "name_en": unit.name_en,
            "people": held[number], "services": len(mine), "below": len(lacking),
            "met_share": float(mine["within_people"].sum()) / people if people else np.nan,
            "worst": mine["service"].iloc[0] if len(mine) else "",
            "worst_share": mine["met_share"].iloc[0] if len(mine) else np.nan,
            "lacking": "、".join(f"{row.service} {row.met_share:.0%}" for row in lacking.itertuples()),
            "wanted_share": service_share, "illustrative": rough,
            "mean_min": float((mine["mean_min"] * mine["people"]).sum()) / people if people else np.nan,
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    if rows:
        frame["rank"] = frame["met_share"].rank(method="min", ascending=False, na_option="bottom").astype(int)
    made = gpd.GeoDataFrame(frame, geometry=service_units.geometry.to_numpy(), crs=STORED_CRS)
    return shape_rows(made if len(gap) else made[:0], service_districts)
