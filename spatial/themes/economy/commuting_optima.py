"""Optima of commuting 最短通勤: the least, the greatest and the random way to work between zones."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from spatial.engine.travel.allocation import allocate, even_out, mean_at_random, merge_costs, merge_places
from spatial.engine.travel.network import Floats, Longs
from spatial.plan.parts.commuting import Commuting
from spatial.plan.rules import RuleTable
from spatial.themes.economy.commuting_trips import Trips
from spatial.themes.economy.commuting_zones import Minutes


@dataclass(frozen=True, eq=False)
class Optimum:
    """The least, the greatest and the random commute between workers and jobs of zones that roads reach.

    Parameters
    ----------
    basis : str
        ``counts`` of the zones, the larger sum scaled down to the smaller; ``flows``, their sums by zone.
    workers, jobs : float
        Sums before scaling.
    people : float
        How many are brought to work.
    present_min, least_min, random_min, most_min : float
        Mean minutes; NaN where there is nobody, and for `present_min` without flows.
    least_m : float
        The least mean straight distance, metres, of an allocation of its own.
    groups : int
        Into how many groups zones were merged; 0 where every zone stands for itself.
    proved : bool
        Whether all three are within a hundred thousandth of what is best.
    start, end, amount : ndarray
        The shortest commute: rows of zones (of the largest zone of a group), and people.
    """

    basis: str
    zones: int
    workers: float
    jobs: float
    people: float
    present_min: float
    least_min: float
    random_min: float
    most_min: float
    least_m: float
    groups: int
    proved: bool
    start: Longs
    end: Longs
    amount: Floats


def commuting_optima(
    *,
    commuting_spec: Commuting | None,
    commuting_zones: gpd.GeoDataFrame,
    commuting_middles: Floats,
    commuting_minutes: Minutes,
    commuting_distances: Floats,
    commuting_trips: Trips,
    commuting_rules: RuleTable,
) -> list[Optimum]:
    """Return the commutes from the counts of zones and, where the plan has flows, from their sums.

    Only with sums of its own do the flows lie between the least and the greatest commute; so excess is told
    against these.
    """
    if commuting_spec is None:
        return []
    known = commuting_minutes.reached & np.isfinite(
        commuting_zones[["jobs", "workers"]].to_numpy(dtype=float)
    ).all(axis=1)
    kept = np.flatnonzero(known)
    counts = [commuting_zones[name].to_numpy(dtype=float)[kept] for name in ("workers", "jobs")]
    exact = int(commuting_rules.value("zones.exact"))
    ground = _Ground(commuting_minutes.between, commuting_distances, commuting_middles, exact)
    found = [ground.solve("counts", kept, counts[0], counts[1], np.nan)]
    if commuting_trips.given:
        kept = np.flatnonzero(commuting_minutes.reached)
        start, end, people = commuting_trips.within(commuting_minutes.reached)
        count = len(commuting_zones)
        leaving, coming = (_sum_by(side, people, count)[kept] for side in (start, end))
        spent = float(people @ commuting_minutes.between[start, end]) if len(people) else 0.0
        present = spent / people.sum() if people.sum() > 0 else np.nan
        found.append(ground.solve("flows", kept, leaving, coming, present))
    return found


def _sum_by(rows: Longs, amounts: Floats, count: int) -> Floats:
    return np.bincount(rows, amounts, count).astype(float)


@dataclass(frozen=True, eq=False)
class _Ground:
    between: Floats
    apart: Floats
    middles: Floats
    exact: int

    def solve(self, basis: str, kept: Longs, workers: Floats, jobs: Floats, present_min: float) -> Optimum:
        """Return the commutes of these zones; zones beyond what can be solved exactly are merged."""
        give, take = even_out(workers, jobs)
        people = float(give.sum())
        sums = float(workers.sum()), float(jobs.sum())
        if people <= 0 or not len(kept):
            none, lost = np.empty(0, dtype=np.int64), float("nan")
            means = present_min, lost, lost, lost, lost
            return Optimum(basis, len(kept), *sums, 0.0, *means, 0, True, none, none, np.empty(0))
        cost, far = (part[np.ix_(kept, kept)] for part in (self.between, self.apart))
        random = mean_at_random(cost, give, take)
        busy = np.flatnonzero((give > 0) | (take > 0))
        groups, first = 0, kept
        if len(busy) > self.exact:
            label = np.zeros(len(kept), dtype=np.int64)
            label[busy] = merge_places(self.middles[kept[busy]], self.exact)
            groups = int(label.max()) + 1
            cost, far = (merge_costs(part, give, take, label) for part in (cost, far))
            weight = give + take
            first = kept[np.lexsort((-weight, label))[np.searchsorted(np.sort(label), np.arange(groups))]]
            give, take = (_sum_by(label, part, groups) for part in (give, take))
        least, most = allocate(cost, give, take), allocate(cost.max() - cost, give, take)
        most_min = float(cost.max()) - most.cost / people
        near = allocate(far, give, take)
        proved = least.is_proved and most.is_proved and near.is_proved
        means = present_min, least.cost / people, random, most_min, near.cost / people
        start, end = first[least.source], first[least.target]
        return Optimum(basis, len(kept), *sums, people, *means, groups, proved, start, end, least.amount)
