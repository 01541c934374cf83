"""Tallies: how much of the towns, the land, the people and the things of a plan a ring holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import area_m2
from spatial.engine.shapes.shares import share_within
from spatial.themes.access.counts import Counted

_EQUAL_KM2 = 1e-6
"""One square metre: what two overlays of the same edge may disagree by."""


@dataclass(frozen=True)
class Tally:
    """How much of a total is inside and of how much that is unknown; `reason` where nobody can say."""

    inside: float = np.nan
    total: float = np.nan
    outside: str = ""
    reason: str = ""
    unknown: float = 0.0

    @property
    def share(self) -> float:
        """Share that is inside; NaN where nobody can say."""
        return np.nan if self.reason else self.inside / self.total

    def judge(self, required: float) -> str:
        """Return the verdict: undecidable where it hangs on what is unknown."""
        if self.share >= required:
            return "kept"
        return "undecidable" if (self.inside + self.unknown) / self.total >= required else "broken"


@dataclass(frozen=True)
class Scale:
    """What weighs towns, land and people against a ring."""

    margins: gpd.GeoDataFrame
    residents: gpd.GeoDataFrame
    population_problem: str
    towns: gpd.GeoDataFrame
    counts: tuple[Counted, ...]

    def count_seats(self, circle: str, targets: Collection[str]) -> Tally:
        """Return how many of the towns or points a circle reaches."""
        rows = self.margins[(self.margins["circle"] == circle) & self.margins["target"].isin(targets)]
        if rows.empty:
            return Tally(reason="没有列出的镇 · no towns are listed")
        counts = rows["state"].value_counts()
        outside = "、".join(_name_beyond(rows.sort_values("margin_min", kind="stable")))
        return Tally(counts.get("inside", 0), len(rows), outside, unknown=counts.get("unsnapped", 0))

    def measure_area(self, ring: BaseGeometry, target: BaseGeometry) -> Tally:
        """Return how much of the land is in the ring, km²."""
        inside, total = area_m2([shapely.intersection(ring, target), target]) / 1e6
        left = total - inside
        if left <= _EQUAL_KM2:
            return Tally(total, total)
        return Tally(inside, total, f"{left:.2f} km²")

    def count_people(self, ring: BaseGeometry, target: BaseGeometry) -> Tally:
        """Return how many of the people on the land are in the ring."""
        if self.population_problem:
            return Tally(reason=self.population_problem)
        homes, people = self.residents.geometry.to_numpy(), self.residents["people"].to_numpy()
        total = float((people * share_within(homes, target)).sum())
        inside = float((people * share_within(homes, shapely.intersection(ring, target))).sum())
        return _weigh_people(inside, total)

    def count_things(self, ring: BaseGeometry, land: BaseGeometry, things: Counted) -> Tally:
        """Return how many of the things on the land are in the ring."""
        if things.problem:
            return Tally(reason=things.problem)
        total = float(things.within(land).sum())
        if not total > 0:
            return Tally(reason="范围内没有 · there are none")
        inside = float(things.within(shapely.intersection(ring, land)).sum())
        return Tally(inside, total, things.name_beyond(land, ring))

    def count_townspeople(self, circle: str, targets: Collection[str]) -> Tally:
        """Return how many people live in those of the towns that a circle reaches."""
        rows = self.margins[(self.margins["circle"] == circle) & self.margins["target"].isin(targets)]
        people = self.towns.set_index("id")["people"].reindex(rows["target"]).to_numpy(dtype=float)
        if np.isnan(people).any():
            return Tally(reason="所选镇人口不齐 · not all of these towns have people")
        if (rows["state"] == "unsnapped").any():
            return Tally(reason="有镇附近没有道路 · some of these towns have no road near")
        within = (rows["state"] == "inside").to_numpy()
        return _weigh_people(float(people[within].sum()), float(people.sum()))


def coverage_scale(
    circle_margins: gpd.GeoDataFrame,
    residents: gpd.GeoDataFrame,
    population_problem: str,
    towns: gpd.GeoDataFrame,
    circle_counts: tuple[Counted, ...],
) -> Scale:
    """Return what weighs towns, land, people and things against the rings of the plan's circles."""
    return Scale(circle_margins, residents, population_problem, towns, circle_counts)


def _name_beyond(rows: pd.DataFrame) -> Iterator[str]:
    """Name the targets that are not inside, with what is known of them."""
    for row in rows[rows["state"] != "inside"].itertuples():
        accuracy = f" (±{row.accuracy_m / 1000:g} km)" if row.accuracy_m > 0 else ""
        if row.state == "unsnapped":
            over_ground = row.method == "surface"
            why = "不在可通行地面上 not on a path" if over_ground else "附近无道路 no road near"
            yield f"{row.name} {why}"
        elif row.state == "unreached":
            yield f"{row.name} 无路可达 not connected"
        elif row.method == "buffer":
            yield f"{row.name} +{row.margin_m / 1000:.1f} km{accuracy}"
        else:
            yield f"{row.name} {row.minutes:.1f} min (+{row.margin_min:.1f})"


def _weigh_people(inside: float, total: float) -> Tally:
    if not total > 0:
        return Tally(reason="目标范围内没有人口 · nobody lives there")
    left = total - inside
    return Tally(inside, total, f"{left:.0f}" if left >= 0.5 else "")
