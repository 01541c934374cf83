"""Travel to public services: minutes of all people to the nearest facility, and capacity shared out."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.travel.access import enhanced_two_step, gather_times
from spatial.engine.travel.approaches import approach
from spatial.engine.travel.departures import index_open_roads
from spatial.engine.travel.impedance import gaussian_within
from spatial.engine.travel.journeys import choose_ring_rules
from spatial.engine.travel.network import FAR, Floats, Longs, Mode, Network, Texts, Truths
from spatial.engine.travel.routing import matrix
from spatial.engine.travel.snapping import RoadIndex, Snaps, snap_points
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.services import Asked
from spatial.plan.records import Roads
from spatial.themes.services.services import People

_FACILITIES_A_SWEEP = 500


@dataclass(frozen=True, eq=False)
class Spots:
    """Places joined to roads, with the seconds of the way there."""

    snaps: Snaps
    lead_s: Floats

    def take(self, rows: Longs | Truths) -> Spots:
        """Return some of them."""
        snaps = self.snaps
        return Spots(Snaps(snaps.road[rows], snaps.share[rows], snaps.offset_m[rows]), self.lead_s[rows])

    def beside(self, other: Spots) -> Spots:
        """Return these and then others."""
        one, two = self.snaps, other.snaps
        snaps = Snaps(
            np.concatenate([one.road, two.road]),
            np.concatenate([one.share, two.share]),
            np.concatenate([one.offset_m, two.offset_m]),
        )
        return Spots(snaps, np.concatenate([self.lead_s, other.lead_s]))

    @property
    def joined(self) -> Truths:
        """Whether a road is near."""
        return np.asarray(self.snaps.road >= 0, dtype=bool)


@dataclass(frozen=True, eq=False)
class Way:
    """How people of one mode get about; minutes are divided by `pace`, to walk as the rule table does."""

    network: Network
    index: RoadIndex
    snap_m: float
    off_road_kmh: float
    pace: float

    def join(self, points: npt.NDArray[np.object_]) -> Spots:
        """Join points, EPSG:4490, to the nearest road that can be joined."""
        xy = shapely.get_coordinates(transform_shapes(points, STORED_CRS, self.network.crs)).reshape(-1, 2)
        snaps = snap_points(self.network, xy, self.snap_m, index=self.index)
        lead = np.where(snaps.road >= 0, np.nan_to_num(snaps.offset_m) * 3.6 / self.off_road_kmh, 0.0)
        return Spots(snaps, lead)

    def nearest(self, people: Spots, goals: Spots) -> tuple[Floats, Longs]:
        """Return minutes to the goal reached soonest, infinite where none is, and which; -1 for none."""
        seconds, which = approach(self.network, people.snaps, goals.snaps, goals.lead_s)
        minutes = (np.where(np.isnan(seconds), np.inf, seconds) + people.lead_s) / 60 / self.pace
        return minutes, which.astype(np.int64)

    def table(self, people: Spots, goals: Spots, limit_min: float) -> Floats:
        """Return minutes from people to goals, shape (people, goals), infinite beyond the limit."""
        limit_s = limit_min * 60 * self.pace
        seconds = matrix(self.network, goals.snaps, people.snaps, limit_s, towards=True).astype(float)
        seconds[seconds >= float(FAR)] = np.inf
        minutes = (seconds + goals.lead_s[:, None] + people.lead_s) / 60 / self.pace
        minutes[minutes > limit_min] = np.inf
        return np.asarray(minutes.T)


def service_ways(
    service_asked: tuple[Asked, ...],
    road_spec: Roads | None,
    road_networks: dict[Mode, Network],
    life_walks: float,
) -> dict[Mode, Way]:
    """Return how people get about by each mode that a service asks for; walkers keep the facilities' pace."""
    made = dict[Mode, Way]()
    for mode in dict.fromkeys(one.mode for one in service_asked):
        if road_spec is not None and mode in road_networks:
            network = road_networks[mode]
            kmh = choose_ring_rules(mode, road_spec.off_road_m, road_spec.off_road_kmh).off_road_kmh
            pace = life_walks if mode == "walk" else 1.0
            made[mode] = Way(network, index_open_roads(network), road_spec.snap_m, kmh, pace)
    return made


@dataclass(frozen=True, eq=False)
class Times:
    """How long people take to the nearest facility of a service.

    Parameters
    ----------
    service : Asked
    weights : ndarray of float64
        People of the service's group at each place.
    minutes : ndarray of float64
        Infinite where no way leads there, no road is near or there is no facility.
    nearest : ndarray of int64
        Row of the facility; -1 for none.
    joined : ndarray of bool
        Whether a road is near the place.
    goals : Spots
        The facilities.
    per_1000 : ndarray of float64, optional
        Capacity for each 1000 people, shared out by E2SFCA.
    """

    service: Asked
    weights: Floats
    minutes: Floats
    nearest: Longs
    joined: Truths
    goals: Spots
    per_1000: Floats | None

    @property
    def within(self) -> Truths:
        """Whether the standard is kept."""
        return np.asarray(self.minutes <= self.service.limit_min, dtype=bool)

    @property
    def capped(self) -> Floats:
        """Minutes, those that are longer or not possible counted as the cap."""
        return np.minimum(self.minutes, self.service.cap_min)

    @property
    def states(self) -> Texts:
        """How each place fares: ``within``, ``beyond``, ``unreached``, ``unsnapped`` or ``absent``."""
        absent = np.full(len(self.minutes), not len(self.goals.lead_s))
        cases = [self.within, np.isfinite(self.minutes), absent, ~self.joined]
        names = ["within", "beyond", "absent", "unsnapped"]
        return np.select(cases, names, "unreached").astype(object)


def service_spots(service_people: People, service_ways: dict[Mode, Way]) -> dict[Mode, Spots]:
    """Return the places of people joined to the roads of each mode."""
    return {mode: way.join(service_people.points) for mode, way in service_ways.items()}


def service_measures(
    service_asked: tuple[Asked, ...],
    service_people: People,
    service_facilities: gpd.GeoDataFrame,
    service_ways: dict[Mode, Way],
    service_spots: dict[Mode, Spots],
) -> tuple[Times, ...]:
    """Return the minutes of every service whose group can be counted and whose mode has roads.

    Capacity is shared out among all people of the source, those in no district as well: they compete for it.
    """
    away = _Rivals(service_people, service_ways, {})
    return tuple(
        _measure(one, service_people.groups[one.group], service_facilities, service_ways[one.mode],
                 (service_spots[one.mode], away))
        for one in service_asked
        if one.group in service_people.groups and one.mode in service_ways
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Rivals:
    """People in no district, joined to the roads of a mode once they are asked for."""

    people: People
    ways: dict[Mode, Way]
    joined: dict[Mode, Spots]

    def add(self, service: Asked, spots: Spots, weights: Floats) -> tuple[Spots, Floats]:
        """Return places and people of a service's group with those in no district after them."""
        if not len(self.people.away_points):
            return spots, weights
        if service.mode not in self.joined:
            self.joined[service.mode] = self.ways[service.mode].join(self.people.away_points)
        both = np.concatenate([weights, self.people.away[service.group]])
        return spots.beside(self.joined[service.mode]), both


def _measure(
    service: Asked, weights: Floats, facilities: gpd.GeoDataFrame, way: Way, both: tuple[Spots, _Rivals]
) -> Times:
    people, away = both
    rows = np.flatnonzero((facilities["category"] == service.category).to_numpy())
    goals = way.join(facilities.geometry.to_numpy()[rows])
    minutes, which = way.nearest(people, goals)
    nearest = np.append(rows, -1)[which]
    capacity = facilities["capacity"].to_numpy(dtype=float)[rows]
    shared = None
    if len(rows) and np.isfinite(capacity).all() and capacity.sum() > 0:
        crowd, demand = away.add(service, people, weights)
        shared = _share_out(service, demand, capacity, way, (crowd, goals))[: len(weights)]
    return Times(service, weights, minutes, nearest, people.joined, goals, shared)


def _share_out(
    service: Asked, weights: Floats, capacity: Floats, way: Way, both: tuple[Spots, Spots]
) -> Floats:
    """Return the capacity for each 1000 people that places have (E2SFCA, Gaussian up to the standard)."""
    people, goals = both
    place, goal, minutes = list[Longs](), list[Longs](), list[Floats]()
    for begin in range(0, len(capacity), _FACILITIES_A_SWEEP):
        part = np.arange(begin, min(begin + _FACILITIES_A_SWEEP, len(capacity)))
        table = way.table(people, goals.take(part), service.limit_min)
        one, other = np.nonzero(np.isfinite(table))
        place, goal = [*place, one], [*goal, part[other]]
        minutes.append(table[one, other])
    times = gather_times(
        np.concatenate(place), np.concatenate(goal), np.concatenate(minutes),
        origins=len(weights), targets=len(capacity),
    )  # fmt: skip
    return 1000 * enhanced_two_step(times, capacity, weights, gaussian_within(service.limit_min)).access
