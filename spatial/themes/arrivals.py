"""Arrivals of circles along roads: where their journeys begin, and when the network's nodes are reached."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.engine.departures import Departure, index_open_roads, leave_area, leave_points
from spatial.engine.isochrones import RingRules
from spatial.engine.journeys import Journey, choose_ring_rules
from spatial.engine.network import Mode, Network
from spatial.engine.snapping import RoadIndex
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Circle, Roads


def circle_journeys(
    circle_specs: tuple[Circle, ...],
    circle_reaches: gpd.GeoDataFrame,
    road_spec: Roads | None,
    road_networks: dict[Mode, Network],
) -> dict[str, Journey]:
    """Return the journeys of every circle that is not a buffer, by the circle's id.

    From a point they begin at the nearest road that can be joined, within the plan's limit, and the way
    there counts at the speed off the road. From an area, its nodes are reached at 0 s and roads are cut
    at its edge; a line counts as an area one cell wide.

    The problem of a journey is empty, or why there is none: ``unknown_origin``, ``method_unavailable``
    (terrain, a mode without a network, or no roads in the plan), ``no_network`` (no road open to the mode),
    ``off_network`` (no road near the start).
    """
    indices = {mode: index_open_roads(network) for mode, network in road_networks.items()}
    return {
        circle.id: _set_out(circle, start, road_spec, road_networks, indices)
        for circle, start in zip(circle_specs, circle_reaches.geometry, strict=True)
        if circle.method != "buffer"
    }


def _set_out(
    circle: Circle,
    start: BaseGeometry | None,
    spec: Roads | None,
    networks: dict[Mode, Network],
    indices: dict[Mode, RoadIndex],
) -> Journey:
    mode = circle.mode
    if spec is None or circle.method != "network" or mode == "bus":
        return _stay("method_unavailable")
    if mode not in networks:
        return _stay("no_network")
    if start is None:
        return _stay("unknown_origin")
    network = networks[mode]
    rules = choose_ring_rules(mode, spec.off_road_m, spec.off_road_kmh)
    shape = transform_shapes(np.array([start], dtype=object), STORED_CRS, network.crs)[0]
    ways = {"snap_m": spec.snap_m, "off_road_kmh": rules.off_road_kmh}
    if shapely.get_dimensions(shape) == 0:
        departure = leave_points(network, shapely.get_coordinates(shape), indices[mode], **ways)
    else:
        area = shape if shapely.get_dimensions(shape) == 2 else shape.buffer(rules.cell_m / 2)
        departure = leave_area(network, area, indices[mode], **ways)
    if departure.is_lost:
        return _stay("off_network")
    return Journey("", departure, departure.sweep(network), rules)


def _stay(problem: str) -> Journey:
    return Journey(problem, Departure.nowhere(), np.empty(0, dtype=np.float32), RingRules())
