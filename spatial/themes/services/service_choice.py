"""Choice of sites for public services: what may be built where, by three aims, and how people fare then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely

from spatial.engine.disparities import Groups, spread
from spatial.engine.travel.location_models import (
    Score,
    Sites,
    choose_sites,
    covering_gains,
    mean_minutes,
    median_gains,
    share_beyond,
)
from spatial.engine.travel.network import Floats, Longs, Mode
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.services import Services
from spatial.plan.rules import RuleTable
from spatial.themes.services.service_travel import Spots, Times, Way
from spatial.themes.services.services import People

Aim = Literal["median", "covering", "narrow"]
AIMS: tuple[Aim, ...] = ("median", "covering", "narrow")


@dataclass(frozen=True, eq=False)
class Candidates:
    """Where something may be built.

    Parameters
    ----------
    frame : GeoDataFrame
        ``id, name, illustrative``, points in EPSG:4490, inside the districts.
    unit : ndarray of int64
        The district of each.
    given : bool
        Whether the plan names them; else they are the places of people.
    outside : int
        How many of those that the plan names lie in no district, and are not used.
    """

    frame: gpd.GeoDataFrame
    unit: Longs
    given: bool
    outside: int


def service_candidates(
    service_spec: Services | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    service_units: gpd.GeoDataFrame,
    service_people: People,
) -> Candidates:
    """Return where something may be built: what the plan names in districts, else the places of people."""
    columns = ["id", "name", "illustrative", "geometry"]
    if service_spec is None or service_spec.candidates is None:
        frame = service_people.frame.set_geometry(gpd.GeoSeries(service_people.points, crs=STORED_CRS))
        return Candidates(frame[columns], service_people.unit, given=False, outside=0)
    frame = source_frames[service_spec.candidates]
    shapes = frame.geometry.to_numpy()
    frame = frame[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    points = np.asarray(shapely.point_on_surface(frame.geometry.to_numpy()), dtype=object)
    unit = People.locate(points, service_units)
    frame = frame.set_geometry(gpd.GeoSeries(points, index=frame.index, crs=STORED_CRS))[columns]
    inside = unit >= 0
    return Candidates(
        frame[inside].reset_index(drop=True), unit[inside], given=True, outside=int((~inside).sum())
    )


def service_candidate_notes(
    service_candidates: Candidates, service_rules: RuleTable, service_ways: dict[Mode, Way]
) -> dict[str, int]:
    """Return how many candidates lie ``outside``, have no road near (``off_road``), were ``thinned`` out."""
    frame, given = service_candidates.frame, service_candidates.given
    shapes = frame.geometry.to_numpy()
    joined = [way.join(shapes).joined for way in service_ways.values()]
    lost = int((~np.any(joined, axis=0)).sum()) if joined and given else 0
    many = 0 if given or len(frame) <= int(service_rules.value("candidates.most")) else len(frame)
    return {"outside": service_candidates.outside, "off_road": lost, "thinned": many}


@dataclass(frozen=True, eq=False)
class Built:
    """What was chosen for a service by one aim, and how people fare once it is built.

    Parameters
    ----------
    times : Times
        Before.
    aim : {"median", "covering", "narrow"}
    sites : Sites
        Rows of the candidates.
    after : ndarray of float64
        Minutes of all places to the nearest of facilities and sites, measured anew on the network.
    tried : int
        How many candidates were looked at.
    """

    times: Times
    aim: Aim
    sites: Sites
    after: Floats
    tried: int


def service_built(
    *,
    service_spec: Services | None,
    service_rules: RuleTable,
    service_measures: tuple[Times, ...],
    service_people: People,
    service_units: gpd.GeoDataFrame,
    service_candidates: Candidates,
    service_ways: dict[Mode, Way],
    service_spots: dict[Mode, Spots],
) -> tuple[Built, ...]:
    """Return what each aim chooses for each service.

    ``median`` lowers the mean minutes of all people most, ``covering`` brings most people within the
    standard, ``narrow`` lowers the gap between districts most, by what the plan says: Theil's index between
    districts or the ratio of mean minutes, both of capped minutes. Capacity has no say.
    """
    if service_spec is None or not len(service_units):
        return ()
    found, shapes = list[Built](), service_candidates.frame.geometry.to_numpy()
    joined = {mode: way.join(shapes) for mode, way in service_ways.items()}
    for times in service_measures:
        mode = times.service.mode
        way, people, spots = service_ways[mode], service_spots[mode], joined[mode]
        if not times.weights.sum() > 0:
            continue
        rows = _narrow_down(times, service_candidates, spots, int(service_rules.value("candidates.most")))
        table = way.table(people, spots.take(rows), times.service.cap_min)
        trial = np.minimum(table, times.service.cap_min)
        groups = Groups.of(service_people.unit, times.weights, len(service_units))
        for aim in AIMS:
            sites = _choose(times, trial, aim, (service_spec, service_rules, groups))
            sites = Sites(rows[sites.chosen], sites.before, sites.after, sites.bound, sites.method)
            goals = times.goals.beside(spots.take(sites.chosen))
            found.append(Built(times, aim, sites, way.nearest(people, goals)[0], len(rows)))
    return tuple(found)


def _narrow_down(times: Times, candidates: Candidates, spots: Spots, most: int) -> Longs:
    """Return the candidates near a road; of places of people those with most people below the standard."""
    rows = np.flatnonzero(spots.joined)
    if candidates.given or len(rows) <= most:
        return rows
    lacking = np.where(times.within, 0.0, times.weights)[rows]
    return np.sort(rows[np.argsort(-lacking, kind="stable")[:most]])


def _choose(times: Times, trial: Floats, aim: Aim, how: tuple[Services, RuleTable, Groups]) -> Sites:
    spec, rules, groups = how
    now, weights, limit = times.capped, times.weights, times.service.limit_min
    score: Score
    gains: Floats | None = None
    if aim == "median":
        score, gains = mean_minutes(weights), median_gains(now, trial, weights)
    elif aim == "covering":
        score, gains = share_beyond(weights, limit), covering_gains(now, trial, weights, limit)
    else:
        score = _gap_score(groups, spec.narrow)
    return choose_sites(
        now, trial, spec.add, score, gains=gains,
        most_cells=int(rules.value("exact.cells")), most_levels=int(rules.value("exact.levels")),
    )  # fmt: skip


def _gap_score(groups: Groups, measure: Literal["theil", "ratio"]) -> Score:
    """Return the score of the gap between districts: Theil's index, or worst to best mean minutes.

    Where there is nothing to compare, the gap is zero. Of sets of sites that narrow it alike, the one with
    the lower mean minutes scores less, by a billionth of these.
    """

    def score(minutes: Floats) -> Floats:
        gap = spread(groups.means(minutes)) if measure == "ratio" else groups.theil(minutes)[1]
        mean = groups.share @ minutes
        return np.asarray(np.nan_to_num(gap, nan=0.0, posinf=1e9) + 1e-9 * mean)

    return score
