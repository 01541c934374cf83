"""Connections 连接: towns to an expressway, villages to a bus stop, hamlets to a paved road."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.travel.approaches import approach, find_entrances
from spatial.engine.travel.departures import index_open_roads
from spatial.engine.travel.journeys import choose_ring_rules
from spatial.engine.travel.network import Floats, Mode, Network
from spatial.engine.travel.snapping import RoadIndex, Snaps, index_roads, snap_points
from spatial.plan.contract import Column, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Connections, Roads
from spatial.plan.rules import RuleTable


@dataclass(frozen=True, eq=False)
class Ways:
    """Networks with what places are joined to them by."""

    networks: dict[Mode, Network]
    indices: dict[Mode, RoadIndex]
    spec: Roads

    def join(self, mode: Mode, frame: gpd.GeoDataFrame) -> tuple[Snaps, Floats]:
        """Return where places are joined to the network, and the seconds on the way there."""
        network = self.networks[mode]
        spots = transform_shapes(frame.geometry.to_numpy(), STORED_CRS, network.crs)
        xy = shapely.get_coordinates(shapely.point_on_surface(spots))
        snaps = snap_points(network, xy, self.spec.snap_m, index=self.indices[mode])
        kmh = choose_ring_rules(mode, None, self.spec.off_road_kmh).off_road_kmh
        return snaps, snaps.offset_m * 3.6 / kmh


@layer(
    "连接检查", "Connections", "Point",
    needs=("connections",),
    name_en=Column("text", "英文名称", "English name"),
    kind=Column("text", "类别", "Kind"),
    time_min=Column("number", "时间（分钟）", "Time (min)", nullable=True),
    limit_min=Column("number", "时间限值（分钟）", "Time limit (min)", nullable=True),
    distance_m=Column("number", "距离（米）", "Distance (m)", nullable=True),
    limit_m=Column("number", "距离限值（米）", "Distance limit (m)", nullable=True),
    to=Column("text", "到达", "To", nullable=True),
    verdict=Column("text", "结论", "Verdict"),
    reason=Column("text", "原因", "Reason"),
)  # fmt: skip
def connections(
    *,
    connection_spec: Connections | None,
    road_spec: Roads | None,
    road_networks: dict[Mode, Network],
    towns: gpd.GeoDataFrame,
    source_frames: dict[str, gpd.GeoDataFrame],
    facility_rules: RuleTable,
) -> gpd.GeoDataFrame:
    """Return how each town, village and hamlet of the plan is connected; empty without `connections`.

    ``expressway``: a town's minutes by car to where a motorway can be entered. ``bus``: a village's minutes
    on foot to the nearest stop. ``paved``: a hamlet's straight distance to the nearest road known to be
    paved. `verdict` is ``kept``, ``broken`` or ``undecidable``, with the reason: no road near, nothing to be
    reached, or pavement unknown. The limit of the walk is the plan's, else that of the table of facilities.
    """
    rows: list[pd.DataFrame] = []
    if connection_spec is not None and road_spec is not None:
        indices = {mode: index_open_roads(network) for mode, network in road_networks.items()}
        ways = Ways(road_networks, indices, road_spec)
        walk_min = connection_spec.to_stop_min or float(str(facility_rules.value("bus_stop.minutes")))
        if "drive" in road_networks and len(towns):
            rows.append(_drive_to_expressway(towns, ways, connection_spec.to_expressway_min))
        if "walk" in road_networks and connection_spec.villages and connection_spec.stops:
            villages, stops = source_frames[connection_spec.villages], source_frames[connection_spec.stops]
            rows.append(_walk_to_stop(villages, stops, ways, walk_min))
        if road_networks and connection_spec.hamlets:
            hamlets = source_frames[connection_spec.hamlets]
            rows.append(_measure_paved(hamlets, road_networks, connection_spec.to_paved_m))
    columns = connections.__dict__["contract"].all_columns()
    kinds = {name: "float64" if column.kind == "number" else "str" for name, column in columns.items()}
    empty = pd.DataFrame({name: [] for name in (*columns, "geometry")})
    frame = pd.concat(rows, ignore_index=True) if rows else empty
    return gpd.GeoDataFrame(
        frame[list(columns)].astype(kinds), geometry=list(frame["geometry"]), crs=STORED_CRS
    )


def _drive_to_expressway(towns: gpd.GeoDataFrame, ways: Ways, limit_min: float) -> pd.DataFrame:
    network, index = ways.networks["drive"], ways.indices["drive"]
    snaps, lead = ways.join("drive", towns)
    entrances, names = find_entrances(network, index)
    seconds, which = approach(network, snaps, entrances)
    to = np.array([*names, None], dtype=object)[which]
    absent = "" if names else "路网中没有高速公路出入口 · the network has no expressway entrance"
    return _frame("expressway", towns, minutes=(seconds + lead) / 60, to=to, limit=limit_min, absent=absent)


def _walk_to_stop(
    villages: gpd.GeoDataFrame, stops: gpd.GeoDataFrame, ways: Ways, limit_min: float
) -> pd.DataFrame:
    snaps, lead = ways.join("walk", villages)
    goals, goal_lead = ways.join("walk", stops)
    seconds, which = approach(ways.networks["walk"], snaps, goals, np.nan_to_num(goal_lead))
    to = np.array([*stops["name"], None], dtype=object)[which]
    return _frame("bus", villages, minutes=(seconds + lead) / 60, to=to, limit=limit_min)


def _frame(
    kind: str,
    places: gpd.GeoDataFrame,
    *,
    minutes: Floats,
    to: npt.NDArray[np.object_],
    limit: float,
    absent: str = "",
) -> pd.DataFrame:
    open_ = np.isnan(minutes) | bool(absent)
    verdict = np.select([open_, minutes <= limit], ["undecidable", "kept"], "broken")
    reason = np.select([np.isnan(minutes), np.isinf(minutes)], [_NO_ROAD, absent or _NO_WAY], absent)
    known = np.where(np.isfinite(minutes), minutes, np.nan)
    told = {"time_min": known, "limit_min": limit, "distance_m": np.nan, "limit_m": np.nan, "to": to}
    return _table(kind, places, **told, verdict=verdict, reason=reason)


_NO_ROAD = "附近没有道路 · no road near"
_NO_WAY = "无路可达 · nothing can be reached"
_UNKNOWN = "最近道路的路面未知 · pavement of the nearest road unknown"
_NO_PAVED = "路网中没有已知的硬化路 · no road is known to be paved"


def _measure_paved(hamlets: gpd.GeoDataFrame, networks: dict[Mode, Network], limit_m: float) -> pd.DataFrame:
    network = networks["walk"] if "walk" in networks else next(iter(networks.values()))
    spots = transform_shapes(hamlets.geometry.to_numpy(), STORED_CRS, network.crs)
    xy = shapely.get_coordinates(shapely.point_on_surface(spots))
    every = index_roads(network, everywhere=True)
    paved_m, unknown_m = (_measure_to(network, xy, every, pavement) for pavement in (1, -1))
    open_ = (unknown_m <= limit_m) | np.isnan(paved_m)
    verdict = np.select([paved_m <= limit_m, open_], ["kept", "undecidable"], "broken")
    reason = np.select([verdict != "undecidable", unknown_m <= limit_m], ["", _UNKNOWN], _NO_PAVED)
    told = {"time_min": np.nan, "limit_min": np.nan, "distance_m": paved_m, "limit_m": limit_m, "to": None}
    return _table("paved", hamlets, **told, verdict=verdict, reason=reason)


def _measure_to(network: Network, xy: Floats, every: RoadIndex, pavement: int) -> Floats:
    """Return the distance to the nearest road of a pavement, NaN where there is no such road."""
    index = _only(every, network.road_paved[every.roads] == pavement)
    return snap_points(network, xy, np.inf, index=index).offset_m


def _only(index: RoadIndex, chosen: npt.NDArray[np.bool_]) -> RoadIndex:
    return RoadIndex(index.roads[chosen], index.lines[chosen], shapely.STRtree(index.lines[chosen]))


def _table(kind: str, places: gpd.GeoDataFrame, **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "id": f"{kind}-" + places["id"].astype(str),
            "name": places["name"].astype(str),
            "name_en": places["name_en"].fillna("").astype(str) if "name_en" in places else "",
            "kind": kind,
        }
    )
    points = shapely.point_on_surface(places.geometry.to_numpy())
    return frame.assign(**columns, geometry=points).reset_index(drop=True)
