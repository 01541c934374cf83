"""Sites for public services: where one more facility would help most, before and after, by district."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.engine.disparities import Groups, spread
from spatial.engine.travel.network import Floats
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.themes.services.service_choice import Built, Candidates
from spatial.themes.services.services import People

_AIMS = {
    "median": ("平均时间最短", "least mean time"),
    "covering": ("新增达标人口最多", "most people within the standard"),
    "narrow": ("区间落差最小", "least gap between districts"),
}


@layer(
    "公共服务选址比选", "Sites for public services", "Point",
    needs=("services", "roads"),
    name_en=Column("text", "英文名称", "English name"),
    service=Column("text", "服务", "Service"),
    service_en=Column("text", "服务英文名", "Service in English"),
    group=Column("text", "人群", "Group"),
    aim=Column("text", "目标", "Aim"),
    district=Column("text", "行政区", "District"),
    together=Column("integer", "一并新增数", "Sites built together"),
    tried=Column("integer", "比选候选点数", "Candidates looked at"),
    solver=Column("text", "求解方法", "Solved by"),
    optimal=Column("truth", "已证最优", "Proven optimal"),
    gap_share=Column("number", "最优性差距", "Optimality gap", nullable=True),
    gained_people=Column("number", "新增达标人数", "People gained"),
    met_share_before=Column("number", "达标比例（现状）", "Share within before", nullable=True),
    met_share_after=Column("number", "达标比例（建成后）", "Share within after", nullable=True),
    before_min=Column("number", "平均时间（现状，分钟，封顶）", "Mean before, capped (min)", nullable=True),
    after_min=Column("number", "平均时间（建成后，分钟，封顶）", "Mean after, capped (min)", nullable=True),
    ratio_before=Column("number", "达标比例最高与最低之比（现状）", "Ratio of shares before", nullable=True),
    ratio_after=Column("number", "达标比例最高与最低之比（建成后）", "Ratio of shares after", nullable=True),
    minutes_ratio_before=Column("number", "平均时间之比（现状）", "Ratio of means before", nullable=True),
    minutes_ratio_after=Column("number", "平均时间之比（建成后）", "Ratio of means after", nullable=True),
    theil_before=Column("number", "区间泰尔指数（现状）", "Theil between districts before", nullable=True),
    theil_after=Column("number", "区间泰尔指数（建成后）", "Theil between districts after", nullable=True),
    worst_before=Column("text", "最低的行政区（现状）", "Lowest district before"),
    worst_after=Column("text", "最低的行政区（建成后）", "Lowest district after"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def service_sites(
    service_built: tuple[Built, ...],
    service_candidates: Candidates,
    service_units: gpd.GeoDataFrame,
    service_people: People,
) -> gpd.GeoDataFrame:
    """Return the sites that each aim chooses for each service, with the gap before and after they are built.

    Aims: ``median`` (p-median), ``covering`` (maximal covering) and ``narrow`` (least gap between districts).
    A service without a row for an aim has no candidate that helps it. Figures are of all people and districts
    with the sites of that aim built together, measured anew on the network. `solver` is ``enumeration`` or
    ``milp`` (HiGHS), which prove the best, or ``greedy_exchange``, which does not; its gap is a bound where
    there is one. Land, cost and capacity are not looked at.
    """
    rows, frame = list[dict[str, Any]](), service_candidates.frame
    shapes = frame.geometry.to_numpy()
    chosen = list[int]()
    for one in service_built:
        told = _tell(one, service_units, service_people)
        for place in one.sites.chosen.tolist():
            name = str(frame["name"].iloc[place] or frame["id"].iloc[place])
            rows.append(told | {
                "id": f"site-{one.times.service.id}-{one.aim}-{len(chosen) + 1:03d}",
                "name": f"{one.times.service.zh}：{name}",
                "name_en": f"{one.times.service.en}: {name}",
                "district": service_units["name"].iloc[service_candidates.unit[place]],
                "illustrative": bool(frame["illustrative"].iloc[place]),
            })  # fmt: skip
            chosen.append(place)
    made = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes[chosen], crs=STORED_CRS)
    return shape_rows(made, service_sites)


def _tell(one: Built, units: gpd.GeoDataFrame, people: People) -> dict[str, Any]:
    """Return what is the same for all sites that are built together."""
    before = _weigh(one, one.times.minutes, units, people)
    after = _weigh(one, one.after, units, people)
    sites = one.sites
    told = {f"{key}_{when}": value for when, part in (("before", before), ("after", after))
            for key, value in part.items()}  # fmt: skip
    newly = (one.after <= one.times.service.limit_min) & ~one.times.within
    return one.times.service.describe() | told | {
        "aim": one.aim,
        "together": len(sites.chosen),
        "tried": one.tried,
        "solver": sites.method,
        "optimal": sites.is_optimal,
        "gap_share": sites.gap,
        "gained_people": float(one.times.weights[newly].sum()),
        "before_min": before["mean"],
        "after_min": after["mean"],
    }  # fmt: skip


def _weigh(one: Built, minutes: Floats, units: gpd.GeoDataFrame, people: People) -> dict[str, Any]:
    """Return share, mean, ratios, Theil between districts and the worst district for given minutes."""
    weights, service = one.times.weights, one.times.service
    groups = Groups.of(people.unit, weights, len(units))
    capped = np.minimum(minutes, service.cap_min)[:, None]
    within = (minutes <= service.limit_min).astype(float)[:, None]
    shares, means = groups.means(within), groups.means(capped)
    ratio, minutes_ratio = float(spread(shares)[0]), float(spread(means)[0])
    some = np.flatnonzero(groups.people > 0)
    worst = some[np.lexsort((-means[some, 0], shares[some, 0]))[0]]
    return {
        "met_share": float(groups.share @ within[:, 0]),
        "mean": float(groups.share @ capped[:, 0]),
        "ratio": ratio if np.isfinite(ratio) else np.nan,
        "minutes_ratio": minutes_ratio if np.isfinite(minutes_ratio) else np.nan,
        "theil": float(groups.theil(capped)[1][0]),
        "worst": units["name"].iloc[worst],
    }


@layer(
    "公共服务选址前后各区变化", "Districts before and after sites are built", "none",
    needs=("services", "roads"),
    service=Column("text", "服务", "Service"),
    service_en=Column("text", "服务英文名", "Service in English"),
    group=Column("text", "人群", "Group"),
    aim=Column("text", "目标", "Aim"),
    district=Column("text", "行政区", "District"),
    people=Column("number", "人数", "People"),
    gained_people=Column("number", "新增达标人数", "People gained"),
    met_share_before=Column("number", "达标比例（现状）", "Share within before"),
    met_share_after=Column("number", "达标比例（建成后）", "Share within after"),
    before_min=Column("number", "平均时间（现状，分钟，封顶）", "Mean before, capped (min)"),
    after_min=Column("number", "平均时间（建成后，分钟，封顶）", "Mean after, capped (min)"),
)  # fmt: skip
def service_effects(
    service_built: tuple[Built, ...], service_units: gpd.GeoDataFrame, service_people: People
) -> pd.DataFrame:
    """Return, for each service and aim, how every district fares before and after the sites are built.

    Districts without people of the group are left out, as are aims that no candidate helps.
    """
    parts = []
    for one in service_built:
        if not len(one.sites.chosen):
            continue
        service, unit = one.times.service, service_people.unit
        groups = Groups.of(unit, one.times.weights, len(service_units))
        both = np.column_stack([one.times.minutes, one.after])
        shares = groups.means((both <= service.limit_min).astype(float))
        newly = one.after <= service.limit_min
        newly &= ~one.times.within
        means = groups.means(np.minimum(both, service.cap_min))
        part = pd.DataFrame({
            **service.describe(), "aim": one.aim, "district": service_units["name"].to_numpy(),
            "people": groups.people,
            "gained_people": np.bincount(unit[newly], one.times.weights[newly], len(service_units)),
            "met_share_before": shares[:, 0], "met_share_after": shares[:, 1],
            "before_min": means[:, 0], "after_min": means[:, 1],
        })  # fmt: skip
        part["id"] = [f"{service.id}-{one.aim}-{number:02d}" for number in range(1, len(part) + 1)]
        part["name"] = part["service"] + " · " + _AIMS[one.aim][0] + " · " + part["district"]
        parts.append(part[groups.people > 0])
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return shape_rows(whole, service_effects)
