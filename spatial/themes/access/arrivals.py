"""Arrivals of circles: where journeys along roads or over the ground begin, and when all else is reached."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.engine.rings.isochrones import RingRules
from spatial.engine.rings.outlines import SurfaceRules
from spatial.engine.rings.surfaces import Surface, build_surface
from spatial.engine.rings.terrain import Terrain
from spatial.engine.rings.treks import Trek, set_out
from spatial.engine.travel.departures import Departure, index_open_roads, leave_area, leave_points
from spatial.engine.travel.journeys import Journey, choose_ring_rules
from spatial.engine.travel.network import Mode, Network
from spatial.engine.travel.snapping import RoadIndex
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Circle, Roads


def circle_journeys(
    circle_specs: tuple[Circle, ...],
    circle_reaches: gpd.GeoDataFrame,
    road_spec: Roads | None,
    road_networks: dict[Mode, Network],
    surface_ground: tuple[Terrain, SurfaceRules] | None = None,
) -> dict[str, Journey | Trek]:
    """Return the journeys of every circle that is not a buffer, by the circle's id.

    From a point they begin at the nearest road that can be joined, within the plan's limit, and the way
    there counts at the speed off the road. From an area, its nodes are reached at 0 s and roads are cut
    at its edge; a line counts as an area one cell wide.

    The problem of a journey is empty, or why there is none: ``unknown_origin``, ``method_unavailable``
    (a mode without a network, or no roads in the plan), ``no_network`` (no road open to the mode),
    ``off_network`` (no road near the start); over the ground ``no_terrain`` (no source of heights) and
    ``no_ground`` (the start stands on water or where no height is known).
    """
    indices = {mode: index_open_roads(network) for mode, network in road_networks.items()}
    lands = _Lands(surface_ground, road_spec, road_networks, indices)
    return {
        circle.id: lands.set_out(circle, start)
        if circle.method == "surface"
        else _set_out(circle, start, road_spec, road_networks, indices)
        for circle, start in zip(circle_specs, circle_reaches.geometry, strict=True)
        if circle.method != "buffer"
    }


class _Lands:
    """The ground, with the roads of each mode on it: made when the first circle asks for it."""

    def __init__(
        self,
        ground: tuple[Terrain, SurfaceRules] | None,
        spec: Roads | None,
        networks: dict[Mode, Network],
        indices: dict[Mode, RoadIndex],
    ) -> None:
        self.ground, self.spec, self.networks, self.indices = ground, spec, networks, indices
        self.made: dict[Mode, Surface] = {}

    def set_out(self, circle: Circle, start: BaseGeometry | None) -> Trek:
        """Return the journeys of a circle over the ground."""
        mode = circle.mode
        if mode == "bus" or (mode != "walk" and self.spec is None):
            return Trek.stay("method_unavailable")
        if mode != "walk" and mode not in self.networks:
            return Trek.stay("no_network")
        if self.ground is None:
            return Trek.stay("no_terrain")
        if start is None:
            return Trek.stay("unknown_origin")
        terrain, rules = self.ground
        network = self.networks.get(mode)
        if mode not in self.made:
            self.made = {mode: self._build(terrain, rules, network)}  # one at a time: they are large
        shape = transform_shapes(np.array([start], dtype=object), STORED_CRS, terrain.crs)[0]
        rules = replace(rules, roads=network is not None)
        snap_m = self.spec.snap_m if self.spec else 0.0
        return set_out(self.made[mode], shape, rules, index=self.indices.get(mode), snap_m=snap_m)

    def _build(self, terrain: Terrain, rules: SurfaceRules, network: Network | None) -> Surface:
        cars = self.networks.get("drive")
        return build_surface(terrain, network, barrier=cars, steepest=rules.steepest)


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
