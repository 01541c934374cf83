"""Clusters of industry 产业集聚区: firms of one industry that lie together more than chance would have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.clusters import count_inner, find_clusters
from spatial.engine.crs import transform_shapes
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.plan.industry_codes import IndustryCodes
from spatial.plan.rules import RuleTable
from spatial.themes.economy.industry import COUNTED, HIDDEN, PUBLISHED
from spatial.themes.economy.industry_structure import Tabulation

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_SEED = 47542017
_DRAWN_MOST = 2_000_000
"""Firms that all random draws may come to: of a long list fewer draws are made."""
_ENOUGH = 5
"""Draws that do as well, after which no more are made."""
_DRAWS_LEAST = 19
"""Fewer draws cannot tell a chance of one in twenty."""


@dataclass(frozen=True)
class _Ways:
    """How clusters are looked for."""

    reach_m: float
    least: int
    margin_m: float
    trials: int
    dominance: float


@layer(
    "产业集聚区", "Clusters of industry", "Polygon",
    needs=("industry",),
    industry=Column("text", "行业", "Industry"),
    industry_en=Column("text", "行业（英文）", "Industry (English)"),
    code=Column("text", "行业代码", "Industry code"),
    family=Column("text", "产业类群", "Family of industries"),
    rank=Column("integer", "同行业内次序", "Rank in the industry"),
    units=Column("text", "所在单元", "Units"),
    firms=Column("number", "企业数", "Firms", nullable=True),
    jobs=Column("number", "从业人员（人）", "Jobs", nullable=True),
    output_wan=Column("number", "产值（万元）", "Output (10 000 yuan)", nullable=True),
    share=Column("number", "占本行业企业比例", "Share of the industry's firms", nullable=True),
    chance=Column("number", "随机概率", "Chance", nullable=True),
    verdict=Column("text", "结论", "Verdict"),
    shown=Column("text", "公开情况", "Shown"),
)  # fmt: skip
def industry_clusters(
    *,
    industry_roll: gpd.GeoDataFrame,
    industry_tabulation: Tabulation,
    industry_codes: IndustryCodes,
    industry_least: int,
    industry_rules: RuleTable,
    metric_crs: str,
) -> gpd.GeoDataFrame:
    """Return the clusters of each industry as outlines of their firms, the largest first, then those hidden.

    Clusters are those of DBSCAN in straight lines. `chance` is the share of random draws, as many firms from
    the whole list whatever their industry, in which as many or more are inner firms; `verdict` is
    ``clustered`` up to the chance of the rules, ``with_all`` where firms as such lie so close, ``untested``
    where there is one industry only or the list is too long to draw from it often enough. Draws end at the
    fifth that does as well, whose number gives the share (Besag and Clifford 1991). `shown`: ``published``,
    or ``hidden`` where the numbers, beside the table of structure, would tell of too few firms.
    """
    roll = industry_roll[industry_roll["state"] == COUNTED]
    numbers = {key: roll[key].to_numpy() for key in ("unit", "jobs", "output")}
    code_of = roll["industry"].to_numpy()
    rules = industry_rules
    ways = _Ways(
        float(rules.value("cluster.distance")),
        max(int(rules.value("cluster.firms")), industry_least),
        float(rules.value("cluster.margin")),
        min(int(rules.value("cluster.trials")), _DRAWN_MOST // max(len(roll), 1)),
        float(rules.value("suppress.dominance")),
    )
    xy = shapely.get_coordinates(transform_shapes(roll.geometry.to_numpy(), STORED_CRS, metric_crs))
    rows = list[dict[str, object]]()
    made = industry_tabulation
    for at, code in enumerate(made.industries):
        mine = np.flatnonzero(code_of == code)
        label = find_clusters(xy[mine], ways.reach_m, ways.least)
        chance = _draw_chance(xy, mine, ways) if (label >= 0).any() else np.nan
        names = industry_codes.name(code)
        own: dict[str, object] = {
            "code": code, "family": industry_codes.family(code), "industry": names.zh,
            "industry_en": names.en, "chance": chance,
        }  # fmt: skip
        groups = [mine[label == number] for number in range(label.max(initial=-1) + 1)]
        shown = _tell_shown(numbers, mine, groups, (made, at), (industry_least, ways.dominance))
        for rank, number in enumerate(_order(groups, shown, xy), 1):
            members, how = groups[number], shown[number]
            outline = shapely.convex_hull(shapely.multipoints(xy[members]))
            shape = {"rank": rank, "geometry": shapely.buffer(outline, ways.margin_m)}
            rows.append(own | shape | _tell(numbers, members, (made, at), how))
    return _frame(rows, metric_crs, float(rules.value("cluster.chance")))


def _order(groups: list[Integers], shown: list[str], xy: Floats) -> list[int]:
    """Return the clusters shown, the largest first, then the hidden ones from west to east.

    By size the place of a hidden one among the others would bound how many firms it has.
    """
    west = [xy[members].min(axis=0).tolist() for members in groups]
    sizes = [len(members) if how == PUBLISHED else 0 for members, how in zip(groups, shown, strict=True)]
    return sorted(range(len(groups)), key=lambda one: (-sizes[one], west[one]))


def _frame(rows: list[dict[str, object]], crs: str, surely: float) -> gpd.GeoDataFrame:
    columns = None if rows else ["firms", "geometry", "chance", "industry", "rank", "shown", "share"]
    table = pd.DataFrame(rows, columns=columns)
    frame = gpd.GeoDataFrame(table, geometry="geometry", crs=crs).to_crs(STORED_CRS)
    frame = frame.sort_values("firms", ascending=False, kind="stable")
    frame["id"] = [f"industry-cluster-{number:03d}" for number in range(1, len(frame) + 1)]
    frame["name"] = [
        f"{name}集聚区 {rank}" for name, rank in zip(frame["industry"], frame["rank"], strict=True)
    ]
    cases = [frame["chance"].isna(), frame["chance"] <= surely]
    frame["verdict"] = np.select(cases, ["untested", "clustered"], "with_all")
    return shape_rows(frame, industry_clusters)


def _draw_chance(xy: Floats, mine: Integers, ways: _Ways) -> float:
    """Return how often as many firms of any industry have as many about them; NaN where untested."""
    if ways.trials < _DRAWS_LEAST or len(mine) == len(xy):
        return float("nan")
    random = np.random.default_rng(_SEED)
    found, more = count_inner(xy[mine], ways.reach_m, ways.least), 0
    for draw in range(1, ways.trials + 1):
        drawn = random.choice(len(xy), len(mine), replace=False)
        more += count_inner(xy[drawn], ways.reach_m, ways.least) >= found
        if more == _ENOUGH:
            return more / draw
    return (more + 1) / (ways.trials + 1)


def _tell_shown(
    numbers: dict[str, npt.NDArray[Any]],
    firms: Integers,
    groups: list[Integers],
    where: tuple[Tabulation, int],
    limits: tuple[int, float],
) -> list[str]:
    """Say which clusters of an industry have their numbers shown.

    They are hidden where one firm has nearly all; where the table of structure hides a number of their units;
    and where that table, less the clusters shown in the same units, would leave a number of too few firms or
    of which one has nearly all. A hidden cluster is part of what is left. With each one that is hidden there
    is more left, so that it is asked again until nothing changes.
    """
    (made, industry), (least, dominance) = where, limits
    if least <= 1:
        return [PUBLISHED] * len(groups)
    units = [frozenset(numbers["unit"][members].tolist()) for members in groups]
    gaps = made.hidden[:-1, industry]
    hidden = np.array([
        _is_one(numbers, members, dominance) or bool(gaps[list(its)].any())
        for members, its in zip(groups, units, strict=True)
    ], dtype=bool)  # fmt: skip
    while True:
        before = hidden.copy()
        for grounds in _join_units([its for at, its in enumerate(units) if not before[at]]):
            told = [at for at, its in enumerate(units) if not before[at] and its <= grounds]
            left = firms[np.isin(numbers["unit"][firms], list(grounds))]
            left = np.setdiff1d(left, np.concatenate([groups[at] for at in told]))
            if 0 < len(left) < least or _is_one(numbers, left, dominance):
                hidden[[at for at in told if units[at] == grounds] or told] = True
        if (hidden == before).all():
            return np.where(hidden, HIDDEN, PUBLISHED).tolist()


def _is_one(numbers: dict[str, npt.NDArray[Any]], firms: Integers, dominance: float) -> bool:
    """Say whether one of some firms has nearly all jobs or output."""
    amounts = [np.nan_to_num(numbers[key][firms].astype(float)) for key in ("jobs", "output")]
    return any(amount.max(initial=0.0) > dominance * amount.sum() for amount in amounts)


def _join_units(units: list[frozenset[int]]) -> list[frozenset[int]]:
    """Return the units of each cluster, and those of all clusters that hang together by units in common."""
    joint = list[frozenset[int]]()
    for its in units:
        apart = [one for one in joint if not one & its]
        joint = [*apart, its.union(*(one for one in joint if one & its))]
    return list(dict.fromkeys([*units, *joint]))


def _tell(
    numbers: dict[str, npt.NDArray[Any]], members: Integers, where: tuple[Tabulation, int], shown: str
) -> dict[str, object]:
    """Return units and numbers of a cluster, null where they are not shown."""
    made, industry = where
    seen = shown == PUBLISHED
    whole = made.published("firms")[-1, industry]
    return {
        "units": "、".join(made.units[unit] for unit in np.unique(numbers["unit"][members])),
        "firms": float(len(members)) if seen else np.nan,
        "jobs": float(np.nansum(numbers["jobs"][members])) if seen else np.nan,
        "output_wan": float(np.nansum(numbers["output"][members])) if seen else np.nan,
        "share": len(members) / whole if seen else np.nan,
        "shown": shown,
    }
