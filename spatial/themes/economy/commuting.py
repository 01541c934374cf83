"""Jobs and homes in balance 职住平衡: zones, what lies within some minutes of them, and facilities there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.travel.access import cumulative, gather_times, two_step
from spatial.engine.travel.network import Floats, Truths
from spatial.errors import Fault, RuleError
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.commuting import Commuting
from spatial.plan.rules import RuleTable
from spatial.themes.economy.commuting_trips import Trips
from spatial.themes.economy.commuting_zones import Minutes


@dataclass(frozen=True, eq=False)
class Reach:
    """Jobs and workers within some minutes of each zone; NaN rows for zones that no road reaches.

    Parameters
    ----------
    bands : tuple of float
        Minutes, rising.
    jobs, workers : ndarray of float64, shape (n, bands)
    unknown : ndarray of bool, shape (n, bands)
        Whether jobs or workers of a zone within the band are not known: the band has no ratio then.
    shared : ndarray of float64, shape (n,)
        Jobs for each worker within the main band, where all who reach a job share it; NaN where unknown.
    main : int
        Which of the bands is the main one.
    """

    bands: tuple[float, ...]
    jobs: Floats
    workers: Floats
    unknown: Truths
    shared: Floats
    main: int


def commuting_reach(
    commuting_zones: gpd.GeoDataFrame, commuting_minutes: Minutes, commuting_rules: RuleTable
) -> Reach:
    """Return what lies within each band of each zone, the zone itself included; unknown counts are none.

    Raises
    ------
    RuleError
        The main band of the rule table is none of its bands.
    """
    bands = tuple(sorted(float(band) for band in commuting_rules.value("bands")))
    wanted = float(commuting_rules.value("band.main"))
    if wanted not in bands:
        fault = Fault(
            "rules/commuting.yaml", "band.main", f"{wanted:g} is none of the bands", "name one of them"
        )
        raise RuleError(fault)
    main = bands.index(wanted)
    shape = len(commuting_zones), len(bands)
    sums = np.full(shape, np.nan), np.full(shape, np.nan)
    reach = Reach(bands, *sums, np.zeros(shape, dtype=bool), np.full(shape[0], np.nan), main)
    kept = np.flatnonzero(commuting_minutes.reached)
    if not len(kept):
        return reach
    minutes = commuting_minutes.between[np.ix_(kept, kept)]
    minutes[np.arange(len(kept)), np.arange(len(kept))] = 0.0  # a zone always lies within reach of itself
    start, end = np.nonzero(minutes <= max(bands))
    times = gather_times(start, end, minutes[start, end], origins=len(kept), targets=len(kept))
    counts = [commuting_zones[name].fillna(0.0).to_numpy(dtype=float)[kept] for name in ("jobs", "workers")]
    gaps = commuting_zones[["jobs", "workers"]].isna().any(axis=1).to_numpy()[kept].astype(float)
    for at, band in enumerate(bands):
        reach.unknown[kept, at] = cumulative(times, gaps, limit_min=band) > 0
        reach.jobs[kept, at] = cumulative(times, counts[0], limit_min=band)
        reach.workers[kept, at] = cumulative(times, counts[1], limit_min=band)
    reach.shared[kept] = two_step(times, counts[0], counts[1], limit_min=bands[main]).access
    return reach


def _divide(jobs: npt.ArrayLike, workers: npt.ArrayLike) -> Floats:
    """Return jobs for each worker; NaN where there are no workers, or where one is not known."""
    above, below = np.asarray(jobs, dtype=float), np.asarray(workers, dtype=float)
    ratio = np.full(above.shape, np.nan)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio


def _rate_bands(reach: Reach, rules: RuleTable) -> tuple[Floats, npt.NDArray[np.object_]]:
    """Return ratio and state of each band of each zone: NaN and ``unknown`` where a count is missing."""
    ratios, states = _divide(reach.jobs, reach.workers), _judge(reach.jobs, reach.workers, rules)
    return np.where(reach.unknown, np.nan, ratios), np.where(reach.unknown, "unknown", states)


def _judge(jobs: npt.ArrayLike, workers: npt.ArrayLike, rules: RuleTable) -> npt.NDArray[np.object_]:
    """Return the state of each zone by the rule table.

    ``dormitory``, ``homes``, ``balanced`` (both limits included), ``jobs``, ``workplace`` by rising ratio;
    ``no_jobs`` and ``no_workers`` where there are none, ``empty`` without both, ``unknown`` without a count.
    """
    above, below = np.asarray(jobs, dtype=float), np.asarray(workers, dtype=float)
    ratio = np.nan_to_num(_divide(above, below), nan=-1.0)
    low, high, few, many = (
        float(rules.value(key))
        for key in ("balance.low", "balance.high", "state.dormitory", "state.workplace")
    )
    cases = [
        (~np.isfinite(above + below), "unknown"), ((above == 0) & (below == 0), "empty"),
        (below == 0, "no_workers"), (above == 0, "no_jobs"),
        (ratio < min(few, low), "dormitory"), (ratio < low, "homes"), (ratio <= high, "balanced"),
        (ratio <= max(many, high), "jobs"),
    ]  # fmt: skip
    states = np.select([truth for truth, _ in cases], [word for _, word in cases], "workplace")
    return states.astype(object)


def commuting_facilities(
    commuting_spec: Commuting | None,
    commuting_zones: gpd.GeoDataFrame,
    source_frames: dict[str, gpd.GeoDataFrame],
) -> pd.DataFrame | None:
    """Return facilities by the row of the zone that they lie in and by category: ``row, category, count``.

    None where the plan names none, or zones are points, which hold nothing. A facility on a shared edge, or
    where zones overlap, is counted in the first of them. Category is empty where the source has no such
    column.
    """
    if commuting_spec is None or commuting_spec.facilities is None:
        return None
    shapes = commuting_zones.geometry.to_numpy()
    if not (shapely.get_dimensions(shapes) == 2).all():
        return None
    frame = source_frames[commuting_spec.facilities]
    column = commuting_spec.columns.category
    words = frame[column].fillna("").astype("str") if column in frame else pd.Series("", index=frame.index)
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    point, zone = shapely.STRtree(shapes).query(points, predicate="intersects")
    found = pd.DataFrame({"row": zone, "point": point}).sort_values(["point", "row"]).drop_duplicates("point")
    found["category"] = words.to_numpy()[found["point"]]
    return found.groupby(["row", "category"], as_index=False).size().rename(columns={"size": "count"})


@layer(
    "职住平衡", "Jobs and homes in balance", "any",
    needs=("commuting",),
    name_en=Column("text", "英文名称", "English name"),
    zone=Column("text", "单元标识", "Zone id"),
    jobs=Column("number", "岗位数", "Jobs", nullable=True),
    workers=Column("number", "就业人口（居住地）", "Resident workers", nullable=True),
    ratio=Column("number", "职住比", "Jobs for each worker", nullable=True),
    balance=Column("text", "职住状态", "Balance"),
    reached=Column("truth", "道路可达", "Reached by road"),
    within_min=Column("number", "区内平均时间（分钟）", "Minutes inside (min)", nullable=True),
    band_min=Column("number", "主要时间圈（分钟）", "Main band (min)"),
    band_jobs=Column("number", "圈内岗位", "Jobs within the band", nullable=True),
    band_workers=Column("number", "圈内就业人口", "Workers within the band", nullable=True),
    band_ratio=Column("number", "圈内职住比", "Ratio within the band", nullable=True),
    band_balance=Column("text", "圈内职住状态", "Balance within the band"),
    jobs_share=Column("number", "圈内岗位占全部份额", "Share of all jobs within the band", nullable=True),
    jobs_per_worker=Column("number", "人均可达岗位（计竞争）", "Jobs in reach a worker", nullable=True),
    balanced_band=Column("text", "职住平衡的最小时间圈（分钟）", "Smallest balanced band (min)"),
    mean_min=Column("number", "居民平均通勤（分钟）", "Mean commute of residents (min)", nullable=True),
    internal=Column("number", "区内就业人数", "Live and work here", nullable=True),
    out_trips=Column("number", "外出就业", "Leave to work", nullable=True),
    in_trips=Column("number", "外来就业", "Come to work", nullable=True),
    self_containment=Column("number", "居住者本地就业率", "Share of residents who work here", nullable=True),
    self_sufficiency=Column("number", "岗位本地供给率", "Share of jobs that residents fill", nullable=True),
    independence=Column("number", "独立指数", "Independence index", nullable=True),
    facilities=Column("number", "社区设施数", "Community facilities", nullable=True),
    facility_kinds=Column("number", "设施类别数", "Categories of facilities", nullable=True),
    facilities_per_1000=Column("number", "每千就业人口设施数", "Facilities for 1,000 workers", nullable=True),
    source=Column("text", "来源", "Source"),
)  # fmt: skip
def job_balance(
    *,
    commuting_zones: gpd.GeoDataFrame,
    commuting_minutes: Minutes,
    commuting_reach: Reach,
    commuting_trips: Trips,
    commuting_facilities: pd.DataFrame | None,
    commuting_rules: RuleTable,
) -> gpd.GeoDataFrame:
    """Return jobs and homes by zone: the ratio, what lies within some minutes, and who works where he lives.

    A band holds all zones whose middle is reached along the roads in so many minutes, whole, itself always;
    it has no ratio where one of them lacks a count, and its sums are those of the others.
    `jobs_per_worker` shares each job among all workers who reach it (two-step floating catchment areas).
    `balanced_band` is ``none`` where no band is in balance, ``unreached`` where no road leads. From the
    flows: `self_containment` is the share of residents who work in their zone, `self_sufficiency` of jobs
    that they fill, `independence` journeys inside over those that cross its edge (Thomas 1969). `facilities`
    are within the polygon.
    """
    zones, rules, reach = commuting_zones, commuting_rules, commuting_reach
    frame = gpd.GeoDataFrame(zones[["zone", "name", "name_en", "jobs", "workers", "source"]].copy())
    frame = frame.set_geometry(gpd.GeoSeries(zones.geometry.to_numpy(), index=zones.index, crs=STORED_CRS))
    frame["id"] = [f"job-zone-{number:04d}" for number in range(1, len(zones) + 1)]
    frame["ratio"] = _divide(zones["jobs"], zones["workers"])
    frame["balance"] = _judge(zones["jobs"], zones["workers"], rules)
    frame["reached"] = commuting_minutes.reached
    frame["within_min"] = commuting_minutes.inner
    jobs, workers = reach.jobs[:, reach.main], reach.workers[:, reach.main]
    frame["band_min"], frame["band_jobs"], frame["band_workers"] = reach.bands[reach.main], jobs, workers
    ratios, states = _rate_bands(reach, rules)
    frame["band_ratio"], frame["band_balance"] = ratios[:, reach.main], states[:, reach.main]
    whole = float(zones["jobs"].sum())
    frame["jobs_share"] = jobs / whole if whole > 0 else np.nan
    frame["jobs_per_worker"] = reach.shared
    frame["balanced_band"] = _find_balanced(reach, rules)
    for name, values in _measure_trips(commuting_trips, commuting_minutes, len(zones)).items():
        frame[name] = values
    if commuting_facilities is not None:
        by_zone = commuting_facilities.groupby("row")["count"].agg(["sum", "size"]).reindex(zones.index)
        frame["facilities"] = by_zone["sum"].fillna(0).to_numpy(dtype=float)
        frame["facility_kinds"] = by_zone["size"].fillna(0).to_numpy(dtype=float)
        frame["facilities_per_1000"] = 1000 * _divide(frame["facilities"], frame["workers"])
    return shape_rows(frame, job_balance)


def _find_balanced(reach: Reach, rules: RuleTable) -> npt.NDArray[np.object_]:
    """Return the smallest band of each zone that is in balance, in minutes as text, or why there is none."""
    balanced = _rate_bands(reach, rules)[1] == "balanced"
    words = np.array([*(f"{band:g}" for band in reach.bands), "none"], dtype=object)
    found = words[np.where(balanced.any(axis=1), balanced.argmax(axis=1), len(reach.bands))]
    return np.where(np.isfinite(reach.jobs[:, 0]), found, "unreached")


def _measure_trips(trips: Trips, minutes: Minutes, count: int) -> dict[str, Any]:
    """Return who stays, leaves and comes, by zone; NaN throughout where no flows are given."""
    if not trips.given:
        return {}
    inside = trips.start == trips.end
    leaving, coming = ~inside & (trips.start >= 0), ~inside & (trips.end >= 0)
    stay = np.bincount(trips.start[inside], trips.people[inside], count)
    out = np.bincount(trips.start[leaving], trips.people[leaving], count)
    into = np.bincount(trips.end[coming], trips.people[coming], count)
    start, end, people = trips.within(minutes.reached)
    spent = np.bincount(start, people * minutes.between[start, end], count) if len(start) else np.zeros(count)
    return {
        "internal": stay,
        "out_trips": out,
        "in_trips": into,
        "self_containment": _divide(stay, stay + out),
        "self_sufficiency": _divide(stay, stay + into),
        "independence": _divide(stay, out + into),
        "mean_min": _divide(spent, np.bincount(start, people, count)),
    }


@layer(
    "职住时间圈", "Jobs and homes by band", "none",
    needs=("commuting", "roads"),
    name_en=Column("text", "英文名称", "English name"),
    zone=Column("text", "单元标识", "Zone id"),
    time_min=Column("number", "时间圈（分钟）", "Band (min)"),
    jobs=Column("number", "岗位数", "Jobs"),
    workers=Column("number", "就业人口", "Workers"),
    ratio=Column("number", "职住比", "Jobs for each worker", nullable=True),
    balance=Column("text", "职住状态", "Balance"),
)  # fmt: skip
def job_bands(
    commuting_zones: gpd.GeoDataFrame, commuting_reach: Reach, commuting_rules: RuleTable
) -> pd.DataFrame:
    """Return jobs and workers within each band of each zone that a road reaches, bands within each other.

    A band with a zone whose jobs or workers are not known has no ratio.
    """
    reach = commuting_reach
    row, band = np.nonzero(np.isfinite(reach.jobs))
    jobs, workers = reach.jobs[row, band], reach.workers[row, band]
    ratios, states = (rated[row, band] for rated in _rate_bands(reach, commuting_rules))
    zones = commuting_zones.iloc[row]
    minutes = np.array(reach.bands)[band]
    frame = pd.DataFrame({
        "id": [f"job-zone-{at + 1:04d}-{limit:g}" for at, limit in zip(row, minutes, strict=True)],
        "name": zones["name"].to_numpy(), "name_en": zones["name_en"].to_numpy(),
        "zone": zones["zone"].to_numpy(), "time_min": minutes, "jobs": jobs, "workers": workers,
        "ratio": ratios, "balance": states,
    })  # fmt: skip
    return shape_rows(frame, job_bands)


@layer(
    "单元社区设施", "Community facilities by zone", "none",
    needs=("commuting",),
    name_en=Column("text", "英文名称", "English name"),
    zone=Column("text", "单元标识", "Zone id"),
    category=Column("text", "设施类别", "Category"),
    count=Column("integer", "设施数", "Facilities"),
    per_1000=Column("number", "每千就业人口", "For 1,000 workers", nullable=True),
)  # fmt: skip
def zone_facilities(
    commuting_zones: gpd.GeoDataFrame, commuting_facilities: pd.DataFrame | None
) -> pd.DataFrame:
    """Return community facilities inside each zone by category; a category that a zone lacks has no row."""
    if commuting_facilities is None:
        return shape_rows(pd.DataFrame(), zone_facilities)
    rows = commuting_facilities["row"].to_numpy()
    keys = commuting_facilities["category"].astype("str")
    zones, count = commuting_zones.iloc[rows], commuting_facilities["count"].to_numpy()
    frame = pd.DataFrame({
        "id": [f"job-zone-{row + 1:04d}-{key or 'none'}" for row, key in zip(rows, keys, strict=True)],
        "name": zones["name"].to_numpy(), "name_en": zones["name_en"].to_numpy(),
        "zone": zones["zone"].to_numpy(), "category": keys.to_numpy(),
        "count": count, "per_1000": 1000 * _divide(count, zones["workers"].to_numpy()),
    })  # fmt: skip
    return shape_rows(frame, zone_facilities)
