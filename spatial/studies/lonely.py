"""Places that no road is near to, or only one that leads nowhere: each is named and told apart."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.travel.network import Floats, Network
from spatial.engine.travel.snapping import snap_points
from spatial.errors import Fault, SourceError
from spatial.plan.findings import STORED_CRS, Finding
from spatial.sources.origin import list_some

_MOST_NAMED = 200
_OFF_ROAD_M = 100.0
"""How far off a road land still belongs to rings unless told otherwise."""
_WHY = {
    "far_from_roads": (
        "距最近道路 {far} km，超过 {limit} 米，未参与计算；请核对位置，或用 --snap 放宽。",
        "the nearest road is {far} km away, beyond {limit} m, so it was left out; check where it lies, or "
        "widen --snap.",
    ),
    "on_an_island": (
        "旁边的道路（{near} 米）与主路网不连通，最近的连通道路距 {far} km，未参与计算；请核对道路是否断开。",
        "the road beside it ({near} m) is cut off from the main part of the network, whose nearest road is "
        "{far} km away, so it was left out; see whether a link is missing.",
    ),
    "no_start": (
        "旁边（{near} 米）只有高速公路、桥隧或轮渡，不能由此出发；最近的其他道路距 {far} km，未参与计算。",
        "beside it ({near} m) is but a motorway, bridge, tunnel or ferry, where no journey starts; the "
        "nearest other road is {far} km away, so it was left out.",
    ),
}
"""Why a place takes part in no journey."""


def find_lonely(
    network: Network, frame: gpd.GeoDataFrame, xy: Floats, limit_m: float, layer: str
) -> Iterator[Finding]:
    """Report places that did not come to a road, and those that came to one from afar.

    Parameters
    ----------
    network : Network
    frame : geopandas.GeoDataFrame
        EPSG:4490: ``id, name, snapped, offset_m, geometry``.
    xy : ndarray of float64, shape (q, 2)
        The same places in the network's system, metres.
    limit_m : float
        Farthest road that was snapped to.
    layer : str
        ``origins`` or ``targets``.

    Yields
    ------
    Finding
        Errors ``far_from_roads``, ``on_an_island`` (the road beside it is cut off from the rest) and
        ``no_start`` (it is a motorway, bridge or ferry): each of the first 200, the others by number. An
        info ``off_the_road``: in time, but with a way to the road that rings by car leave out.
    """
    lonely = np.flatnonzero(~frame["snapped"].to_numpy())
    if len(lonely) > _MOST_NAMED:
        more = len(lonely) - _MOST_NAMED
        zh, en = f"另有 {more} 处远离道路，未参与计算。", f"{more} more places far from roads were left out."
        yield Finding(f"{layer}.far_from_roads", "error", layer, "", zh, en, value=float(more), limit=limit_m)
    if len(lonely):
        named = lonely[:_MOST_NAMED]
        yield from _name_lonely(network, frame.iloc[named], xy[named], limit_m, layer=layer)
    away = frame[frame["snapped"] & (frame["offset_m"] > _OFF_ROAD_M)]
    if len(away):
        most = float(away["offset_m"].max())
        order = away.sort_values("offset_m", ascending=False, kind="stable")
        some = list_some(order["name"], 5)
        yield Finding(
            f"{layer}.off_the_road", "info", layer, str(away["id"].iloc[0]) if len(away) == 1 else "",
            f"{len(away)} 处距道路超过 {_OFF_ROAD_M:g} 米（{some}，最远 {most:.0f} 米），可能在水面或无路处；"
            "驾车、骑行从最近道路起算，到道路的一段未计时。",
            f"{len(away)} places are over {_OFF_ROAD_M:g} m from a road ({some}; {most:.0f} m at most), "
            "perhaps on water; by car and bicycle journeys start on the nearest road and the way "
            "there is not counted.",
            value=most, limit=_OFF_ROAD_M,
            geometry=shapely.multipoints(away.geometry.to_numpy()[:_MOST_NAMED]),
        )  # fmt: skip


def _name_lonely(
    network: Network, frame: gpd.GeoDataFrame, xy: Floats, limit_m: float, *, layer: str
) -> Iterator[Finding]:
    beside = snap_points(network, xy, limit_m, everywhere=True)
    part = network.road_components()
    for row, road, near_m in zip(frame.itertuples(), beside.road, beside.offset_m, strict=True):
        kind = "far_from_roads" if road < 0 else "on_an_island" if part[road] != 0 else "no_start"
        zh, en = _WHY[kind]
        said = {"far": f"{row.offset_m / 1000:.2f}", "near": f"{near_m:.0f}", "limit": f"{limit_m:g}"}
        yield Finding(
            f"{layer}.{kind}", "error", layer, str(row.id),
            f"{row.name}：{zh.format(**said)}", f"{row.name}: {en.format(**said)}",
            value=float(row.offset_m), limit=limit_m, geometry=row.geometry,
        )  # fmt: skip


def refuse_elsewhere(
    network: Network, points: np.ndarray, nearest_m: float, where: str, layer: str
) -> SourceError:
    """Return the error of places that all lie far from a network: it is that of another region.

    Parameters
    ----------
    network : Network
    points : ndarray of shapely points
        EPSG:4490.
    nearest_m : float
        How far the nearest of them is from a road.
    where, layer : str
        Name of the file of roads, and what the places are called.
    """
    corners = shapely.box(*network.shape_xy.min(axis=0), *network.shape_xy.max(axis=0))
    area = transform_shapes([corners], network.crs, STORED_CRS)[0]
    west, south, east, north = area.bounds
    lon, lat = shapely.get_coordinates(points).T
    shown = list_some([f"{x:.4f},{y:.4f}" for x, y in zip(lon, lat, strict=True)], 3)
    box = f"{west:.2f} to {east:.2f} E, {south:.2f} to {north:.2f} N"
    problem = f"its roads lie in {box}, {nearest_m / 1000:.0f} km"
    turned = shapely.contains_xy(area, lat, lon).any()
    remedy = "write longitude first" if turned else f"take the extract of the region that the {layer} lie in"
    return SourceError(Fault(where, "", f"{problem} and more from the {layer} ({shown})", remedy))
