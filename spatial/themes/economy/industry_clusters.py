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
from spatial.themes.economy.industry import COUNTED
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
    """Return the clusters of each industry as outlines of their firms, the largest first.

    Clusters are those of DBSCAN in straight lines. `chance` is the share of random draws, as many firms from
    the whole list whatever their industry, in which as many or more are inner firms; `verdict` is
    ``clustered`` up to the chance of the rules, ``with_all`` where firms as such lie so close, ``untested``
    where there is one industry only or the list is too long to draw from it often enough. Draws end at the
    fifth that does as well, whose number gives the share (Besag and Clifford 1991). Numbers are hidden where
    the outline, beside the table of structure, would tell of too few firms.
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
        shown = _tell_shown(numbers, groups, (made, at), (industry_least, ways.dominance))
        for rank, (members, how) in enumerate(zip(groups, shown, strict=True), 1):
            outline = shapely.convex_hull(shapely.multipoints(xy[members]))
            shape = {"rank": rank, "geometry": shapely.buffer(outline, ways.margin_m)}
            rows.append(own | shape | _tell(numbers, members, (made, at), how))
    return _frame(rows, metric_crs, float(rules.value("cluster.chance")))


def _frame(rows: list[dict[str, object]], crs: str, surely: float) -> gpd.GeoDataFrame:
    columns = None if rows else ["members", "geometry", "chance", "industry", "rank", "shown", "share"]
    table = pd.DataFrame(rows, columns=columns)
    frame = gpd.GeoDataFrame(table, geometry="geometry", crs=crs).to_crs(STORED_CRS)
    frame = frame.sort_values("members", ascending=False, kind="stable")
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
    groups: list[Integers],
    where: tuple[Tabulation, int],
    limits: tuple[int, float],
) -> list[str]:
    """Say which clusters of an industry have their numbers shown.

    They are hidden where one firm has nearly all, and where the table of structure, less the clusters that
    lie wholly in the same units, would leave a number of too few firms, or one that the table hides.
    """
    (made, industry), (least, dominance) = where, limits
    if least <= 1:
        return ["published"] * len(groups)
    units = [frozenset(numbers["unit"][members].tolist()) for members in groups]
    cells, hidden = made.sums["firms"][:-1, industry], made.hidden[:-1, industry]
    shown = list[str]()
    for members, mine in zip(groups, units, strict=True):
        inside = sum(len(other) for other, its in zip(groups, units, strict=True) if its <= mine)
        rest = cells[list(mine)].sum() - inside
        alone = any(
            np.nanmax(np.nan_to_num(numbers[key][members])) > dominance * np.nansum(numbers[key][members])
            for key in ("jobs", "output")
        )
        follows = hidden[list(mine)].any() or 0 < rest < least
        shown.append("dominant" if alone else "second" if follows else "published")
    return shown


def _tell(
    numbers: dict[str, npt.NDArray[Any]], members: Integers, where: tuple[Tabulation, int], shown: str
) -> dict[str, object]:
    """Return units and numbers of a cluster, null where they are not shown."""
    made, industry = where
    seen = shown == "published"
    whole = made.published("firms")[-1, industry]
    return {
        "units": "、".join(made.units[unit] for unit in np.unique(numbers["unit"][members])),
        "members": len(members),
        "firms": float(len(members)) if seen else np.nan,
        "jobs": float(np.nansum(numbers["jobs"][members])) if seen else np.nan,
        "output_wan": float(np.nansum(numbers["output"][members])) if seen else np.nan,
        "share": len(members) / whole if seen else np.nan,
        "shown": shown,
    }
