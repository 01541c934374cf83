"""Zones of jobs and homes 职住单元: their counts, and the minutes between them along roads."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2
from spatial.engine.travel.departures import index_open_roads
from spatial.engine.travel.journeys import choose_ring_rules
from spatial.engine.travel.network import Floats, Mode, Network, Truths
from spatial.engine.travel.routing import matrix
from spatial.engine.travel.snapping import snap_points
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.commuting import Commuting
from spatial.plan.parts.functional import FunctionalZones
from spatial.plan.picking import select_rows
from spatial.plan.records import Roads
from spatial.plan.rules import RuleTable


def commuting_zones(
    commuting_spec: Commuting | None,
    functional_spec: FunctionalZones | None,
    source_frames: dict[str, gpd.GeoDataFrame],
) -> gpd.GeoDataFrame:
    """Return the zones: ``zone`` (id in the source), ``name``, ``name_en``, ``jobs``, ``workers``, EPSG:4490.

    A count that is missing, unreadable or negative is NaN; `jobs_given` and `workers_given` hold what the
    source says, `jobs_there` and `workers_there` whether it has such a column. Rows that are neither points
    nor polygons are left out. A zone without a name is called by its id.
    """
    frame = _pick(commuting_spec, functional_spec, source_frames)
    frame = frame[frame.geometry.geom_type.isin(("Point", "Polygon", "MultiPolygon"))].reset_index(drop=True)
    columns = commuting_spec.columns if commuting_spec else Commuting(zones="none").columns
    ids = frame["id"].astype("str")
    table = {
        "zone": ids,
        "name": frame["name"].where(frame["name"] != "", ids).astype("str"),
        "name_en": frame["name_en"].fillna("").astype("str") if "name_en" in frame else "",
        "source": frame["source"].astype("str"),
    }
    for own, column in (("jobs", columns.jobs), ("workers", columns.workers)):
        given = frame[column] if column in frame else pd.Series(np.nan, index=frame.index)
        counts = pd.to_numeric(given, errors="coerce").astype(float)
        table[own] = counts.where(np.isfinite(counts) & (counts >= 0))
        table[f"{own}_given"] = given.astype("str")
        table[f"{own}_there"] = column in frame
    return gpd.GeoDataFrame(pd.DataFrame(table), geometry=frame.geometry.to_numpy(), crs=STORED_CRS)


def _pick(
    spec: Commuting | None, functional: FunctionalZones | None, frames: dict[str, gpd.GeoDataFrame]
) -> gpd.GeoDataFrame:
    """Return the rows of the source, or those that the functional zones of the plan are drawn from."""
    nothing = gpd.GeoDataFrame(
        {name: pd.Series(dtype="str") for name in ("id", "name", "source")}, geometry=[], crs=STORED_CRS
    )
    if spec is None:
        return nothing
    if spec.zones in frames:
        return frames[spec.zones]
    if functional is None:
        return nothing
    rows, fault = select_rows(frames.get(functional.source), functional.where)
    return nothing if fault else rows


@dataclass(frozen=True, eq=False)
class Minutes:
    """Minutes between zones along roads.

    Parameters
    ----------
    between : ndarray of float64, shape (n, n)
        From homes to jobs; infinite where no road leads. On the diagonal, inside each zone.
    reached : ndarray of bool, shape (n,)
        Whether a road reaches the zone.
    inner : ndarray of float64, shape (n,)
        Inside each zone, whether or not a road reaches it; NaN where there is no other zone to tell.
    inner_m : ndarray of float64, shape (n,)
        Mean straight distance inside each zone, metres, likewise.
    problem : str
        Empty, or why there are none: ``no_network``, ``too_many``.
    """

    between: Floats
    reached: Truths
    inner: Floats
    inner_m: Floats
    problem: str = ""


def commuting_middles(commuting_zones: gpd.GeoDataFrame, metric_crs: str) -> Floats:
    """Return the middle of each zone, metres in the plan's system: the centroid where it lies inside."""
    shapes = transform_shapes(commuting_zones.geometry.to_numpy(), STORED_CRS, metric_crs)
    middle = shapely.centroid(shapes)
    middle = np.where(shapely.intersects(shapes, middle), middle, shapely.point_on_surface(shapes))
    return shapely.get_coordinates(middle).reshape(-1, 2)


def commuting_minutes(
    *,
    commuting_spec: Commuting | None,
    commuting_zones: gpd.GeoDataFrame,
    commuting_middles: Floats,
    road_spec: Roads | None,
    road_networks: dict[Mode, Network],
    commuting_rules: RuleTable,
) -> Minutes:
    """Return the minutes from every zone to every other, and inside each, by the plan's mode.

    A zone is joined to the nearest road that can be stopped on within the plan's `snap` or its own radius,
    and the way there counts at the speed off the road. Inside a zone the mean journey follows from its
    radius, by the rule table; a journey to another zone is not shorter than the table's share of both inner
    ones.
    """
    count = len(commuting_zones)
    radius_m = _radii(commuting_zones, commuting_middles, float(commuting_rules.value("within.share")))
    mode = commuting_spec.mode if commuting_spec else "drive"
    inner_m = radius_m * float(commuting_rules.value("within.factor"))
    kmh = float(commuting_rules.value(f"within.{mode}"))
    inner = inner_m * float(commuting_rules.value("within.detour")) * 0.06 / kmh
    network = road_networks.get(mode)
    problem = "too_many" if count > int(commuting_rules.value("zones.most")) else ""
    if network is None or road_spec is None or problem or not count:
        return Minutes(np.empty((0, 0)), np.zeros(count, dtype=bool), inner, inner_m, problem or "no_network")
    index = index_open_roads(network)
    snaps = snap_points(network, commuting_middles, np.inf, index=index)
    areal = np.asarray(shapely.get_dimensions(commuting_zones.geometry.to_numpy()) == 2)
    far = ~(snaps.offset_m <= np.maximum(road_spec.snap_m, np.where(areal, radius_m, 0.0)))
    snaps.road[far], snaps.share[far] = -1, np.nan
    kmh = choose_ring_rules(mode, None, road_spec.off_road_kmh).off_road_kmh
    lead = np.where(far, np.inf, snaps.offset_m * 0.06 / kmh)
    minutes = matrix(network, snaps, snaps).astype(float) / 60
    minutes[minutes > 1e6] = np.inf
    minutes += lead[:, None] + lead[None, :]
    known = np.nan_to_num(inner, nan=0.0)
    least = float(commuting_rules.value("between.least")) * (known[:, None] + known[None, :])
    minutes = np.maximum(minutes, least)
    minutes[np.arange(count), np.arange(count)] = np.where(far, np.inf, known)
    return Minutes(minutes, _find_joined(minutes, ~far), inner, inner_m)


def _find_joined(minutes: Floats, reached: Truths) -> Truths:
    """Return the zones that all reach each other: those that lack most others go first."""
    joined = reached.copy()
    while True:
        kept = np.flatnonzero(joined)
        missing = ~np.isfinite(minutes[np.ix_(kept, kept)])
        if not missing.any():
            return joined
        joined[kept[int(np.argmax(missing.sum(axis=0) + missing.sum(axis=1)))]] = False


def _radii(zones: gpd.GeoDataFrame, middles: Floats, share: float) -> Floats:
    """Return the radius of a disc as large as each zone; of points, a share of the way to the next zone."""
    shapes = zones.geometry.to_numpy()
    radii = np.sqrt(area_m2(shapes) / np.pi)
    points = np.flatnonzero(shapely.get_dimensions(shapes) == 0)
    if len(points):
        from scipy.spatial import KDTree

        apart = KDTree(middles).query(middles[points], k=min(2, len(middles)))[0].reshape(len(points), -1)
        radii[points] = apart[:, 1] * share if apart.shape[1] > 1 else np.nan
    return np.asarray(radii, dtype=float)


def commuting_distances(
    commuting_middles: Floats, commuting_minutes: Minutes, commuting_rules: RuleTable
) -> Floats:
    """Return straight distances between middles of zones in metres, shape (n, n), bounded as minutes are."""
    if not commuting_minutes.reached.any():
        return np.empty((0, 0))
    apart = np.hypot(*(commuting_middles[:, None] - commuting_middles[None, :]).transpose(2, 0, 1))
    inner = np.nan_to_num(commuting_minutes.inner_m, nan=0.0)
    share = float(commuting_rules.value("between.least"))
    apart = np.maximum(apart, share * (inner[:, None] + inner[None, :]))
    np.fill_diagonal(apart, inner)
    return np.asarray(apart, dtype=float)


def commuting_problem(commuting_minutes: Minutes) -> str:
    """Return why nothing was measured along roads; empty where it was."""
    return commuting_minutes.problem
