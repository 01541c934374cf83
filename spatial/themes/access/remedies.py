"""Remedies for a promise: links and faster roads, each tried by measuring everything anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2
from spatial.engine.travel.departures import index_open_roads
from spatial.engine.travel.journeys import Journey
from spatial.engine.travel.links import Spot, add_link, place_spot, raise_roads
from spatial.engine.travel.network import Floats, Longs, Network, Truths
from spatial.engine.travel.shortcuts import (
    choose_spots,
    find_dead_ends,
    load_roads,
    pair_islands,
    propose_links,
)
from spatial.engine.travel.snapping import RoadIndex, snap_points
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Circle

LADDER = ("track", "unclassified", "tertiary", "secondary", "primary", "trunk")
"""Classes of road by rising speed; a road is raised by one step."""
_LINKS, _UPGRADES, _EXACT = 40, 24, 8
_SPOTS = 200
_VARIANTS = 2
_LEAST = 1e-3
_WORTH_S = 30.0


@dataclass(frozen=True, eq=False)
class Aim:
    """What a circle in trouble should reach.

    Parameters
    ----------
    circle : Circle
    places : ndarray of shapely Point
        Towns or points, EPSG:4490; none where land is to be reached.
    names, people : ndarray
        Of the places; people NaN where they are not known.
    land : shapely geometry or None
        EPSG:4490.
    homes, residents : ndarray
        Where people live in that land, and how many; none where they cannot be counted.
    """

    circle: Circle
    places: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    people: Floats
    land: BaseGeometry | None
    homes: npt.NDArray[np.object_]
    residents: Floats

    @property
    def unit(self) -> str:
        """What a gain is counted in: people where they are known, else places or km²."""
        if self.land is not None:
            return "people" if len(self.homes) else "km2"
        return "people" if np.isfinite(self.people).all() else "places"


@dataclass(frozen=True)
class Means:
    """What may be built.

    Parameters
    ----------
    kmh : dict of str to float
        Speed by class of road.
    link_class : str
        Class of new links.
    reach_m, snap_m : float
        Longest link; farthest road that a place is joined to.
    least_m : float
        Shorter works rank as if they were so long: a stub that tips a place over the edge is no remedy.
    """

    kmh: dict[str, float]
    link_class: str
    reach_m: float
    snap_m: float
    least_m: float = 0.0


@dataclass(frozen=True, eq=False)
class State:
    """What is reached: share of the aim, gain in the aim's unit, which places."""

    share: float
    amount: float
    inside: Truths


@dataclass(frozen=True, eq=False)
class Remedy:
    """One thing that might be built, and what it brings.

    Parameters
    ----------
    kind : {"link", "upgrade"}
    roads : tuple of int
        Roads raised, or those that the link joins.
    name : str
        Of the roads.
    from_class, to_class : str
    length_m : float
    kmh : float
    line : shapely geometry
        Metres, in the network's CRS.
    """

    kind: Literal["link", "upgrade"]
    roads: tuple[int, ...]
    name: str
    from_class: str
    to_class: str
    length_m: float
    kmh: float
    line: BaseGeometry


@dataclass(frozen=True, eq=False)
class _Trial:
    """A remedy with how to build it: networks are large, so each is made when it is measured."""

    remedy: Remedy
    build: Callable[[], Network]


def _is_excelled(pair: tuple[Remedy, State], others: list[tuple[Remedy, State]]) -> bool:
    """Tell whether one of the others brings as much by raising fewer of the same roads."""
    remedy, state = pair
    return remedy.kind == "upgrade" and any(
        other.kind == "upgrade" and set(other.roads) < set(remedy.roads) and gained.amount >= state.amount
        for other, gained in others
    )


def _choose_distinct(trials: list[_Trial]) -> list[_Trial]:
    """Return the first few with no road, nor name, in more than two: lest all be stretches of one road."""
    chosen: list[_Trial] = []
    times: Counter[int | str] = Counter()
    for trial in trials:
        if trial.remedy.kind == "upgrade":
            raised: list[int | str] = [*trial.remedy.roads]
            raised += [trial.remedy.name] if trial.remedy.name else []
            if any(times[one] >= _VARIANTS for one in raised):
                continue
            times.update(raised)
        chosen.append(trial)
        if len(chosen) == _EXACT:
            break
    return chosen


@dataclass(eq=False)
class Search:
    """A search for remedies of one circle: everything that is asked of the network is kept here."""

    aim: Aim
    journey: Journey
    network: Network
    means: Means
    xy: Floats = field(init=False)
    index: RoadIndex = field(init=False)
    weight_m: Floats = field(init=False)
    land: BaseGeometry = field(init=False)
    ring: BaseGeometry = field(init=False)
    tried: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.index = index_open_roads(self.network, self.journey.rules)
        spots = transform_shapes(self.aim.places, STORED_CRS, self.network.crs)
        self.xy = shapely.get_coordinates(spots)
        self.weight_m = np.zeros(len(self.network.road_m))
        if self.aim.land is not None:
            self.land = transform_shapes(np.array([self.aim.land]), STORED_CRS, self.network.crs)[0]
            shapely.prepare(self.land)
            lines = self.network.shapes()
            crossing = shapely.intersects(self.land, lines)
            self.weight_m[crossing] = shapely.length(shapely.intersection(lines[crossing], self.land))
            now = self.journey.rings(self.network, [self.aim.circle.time_min])
            self.ring = transform_shapes(now, STORED_CRS, self.network.crs)[0]

    @property
    def limit_s(self) -> float:
        """The circle's time in seconds."""
        return self.aim.circle.time_min * 60

    def run(self) -> tuple[State, list[tuple[Remedy, State]]]:
        """Return what is reached now, and the remedies that bring most for each kilometre, best first.

        All candidates are swept; the best eight are then measured exactly, rings included.
        """
        before = self._measure(self.network, self.journey, self.index)
        trials = [*self._links(), *self._upgrades()]
        self.tried = len(trials)
        base = self._roughly(self.network, self.journey)
        gains = [self._try(trial) - base for trial in trials]
        order = sorted(range(len(trials)), key=lambda at: (-gains[at] / self._size(trials[at].remedy), at))
        useful = []
        for trial in _choose_distinct([trials[at] for at in order if gains[at] > 0]):
            network = trial.build()
            after = self._measure(network, self._go(network), self._index_with(trial.remedy, network))
            if after.amount - before.amount > _LEAST:
                useful.append((trial.remedy, after))
        useful.sort(key=lambda pair: -(pair[1].amount - before.amount) / self._size(pair[0]))
        return before, [pair for at, pair in enumerate(useful) if not _is_excelled(pair, useful[:at])]

    def _size(self, remedy: Remedy) -> float:
        return max(remedy.length_m, self.means.least_m)

    def _index_with(self, remedy: Remedy, network: Network) -> RoadIndex:
        """Return the roads that places are joined to, the new link among them."""
        if remedy.kind == "upgrade":
            return self.index
        main = network.road_components()[: len(self.network.road_m)] == 0
        if main.sum() != (self.network.road_components() == 0).sum():  # an island was joined
            return index_open_roads(network, self.journey.rules)
        link = len(network.road_m) - 1  # the pieces beside its ends lie on roads that are there already
        lines = np.append(self.index.lines, network.shapes(np.array([link])))
        return RoadIndex(np.append(self.index.roads, link), lines, shapely.STRtree(lines))

    def _try(self, trial: _Trial) -> float:
        network = trial.build()
        journey = self._go(network)
        opened = 0.0
        if trial.remedy.kind == "link" and self.aim.land is not None:
            reached = (journey.seconds[-2:] <= self.limit_s).all()  # its two ends are the last nodes
            blank = shapely.intersection(shapely.difference(trial.remedy.line, self.ring), self.land)
            opened = blank.length if reached else 0.0
        return self._roughly(network, journey) + opened

    def _go(self, network: Network) -> Journey:
        return replace(self.journey, seconds=self.journey.departure.sweep(network))

    def _roughly(self, network: Network, journey: Journey) -> float:
        """Return what is reached in a cheap measure that puts candidates in order: people, places, metres."""
        if self.aim.land is None:
            seconds = journey.visit(network, self.xy, self.index, self.means.snap_m).seconds
            weight = self.aim.people if self.aim.unit == "people" else np.ones(len(seconds))
            return float(weight[seconds <= self.limit_s].sum())
        road, low, high = journey.departure.front(network, journey.seconds).within(self.limit_s)
        mine = road < len(self.weight_m)
        return float((self.weight_m[road[mine]] * (high - low)[mine]).sum())

    def _measure(self, network: Network, journey: Journey, index: RoadIndex) -> State:
        if self.aim.land is None:
            inside = journey.visit(network, self.xy, index, self.means.snap_m).seconds <= self.limit_s
            weight = self.aim.people if self.aim.unit == "people" else np.ones(len(inside))
            return State(float(inside.mean()), float(weight[inside].sum()), inside)
        ring = journey.rings(network, [self.aim.circle.time_min])[0]
        part, total = area_m2([shapely.intersection(ring, self.aim.land), self.aim.land]) / 1e6
        shapely.prepare(ring)
        inside = shapely.covers(ring, self.aim.homes) if len(self.aim.homes) else np.zeros(0, dtype=bool)
        amount = float(self.aim.residents[inside].sum()) if len(inside) else float(part)
        return State(float(part / total), amount, inside)

    def _late(self) -> tuple[Longs, Longs, Floats]:
        """Return what is late: roads, nodes that they are reached by, and weights: places or metres."""
        front = self.journey.departure.front(self.network, self.journey.seconds)
        best = np.argmin(front.begin, axis=1)
        by = self.network.road_nodes[np.arange(len(best)), best].astype(np.int64)
        if self.aim.land is None:
            snaps = snap_points(self.network, self.xy, self.means.snap_m, index=self.index)
            seconds = self.journey.visit(self.network, self.xy, self.index, self.means.snap_m).seconds
            late = (snaps.road >= 0) & ~(seconds <= self.limit_s)
            road = snaps.road[late].astype(np.int64)
            return road, by[road], np.ones(len(road))
        left = self.weight_m.copy()
        road, low, high = front.within(self.limit_s)
        np.subtract.at(left, road, self.weight_m[road] * (high - low))
        road = np.flatnonzero(left > 1.0)
        return road, by[road], left[road]

    def _links(self) -> Iterator[_Trial]:
        kmh, reach_m = self.means.kmh[self.means.link_class], self.means.reach_m
        network, front = self.network, self.journey.departure.front(self.network, self.journey.seconds)
        dead = choose_spots(network, self.journey.seconds, self._dead_ends(), reach_m=reach_m, most=_SPOTS)
        spots = [*dead, *pair_islands(network, self.index, reach_m)[:_SPOTS], *self._late_spots()]
        found = propose_links(
            network,
            front,
            spots,
            self.index,
            reach_m=reach_m,
            kmh=kmh,
            least_s=self._least_s(),
            most=2 * _LINKS,
        )
        seen = set[tuple[tuple[float, ...], ...]]()
        for one in found:
            xy = np.array([place_spot(network, one.start), place_spot(network, one.end)])
            key = tuple(sorted(tuple(end) for end in xy.round(-2).tolist()))
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > _LINKS:
                break
            name = "—".join(filter(None, (network.road_name[spot.road] for spot in (one.start, one.end))))
            remedy = Remedy(
                kind="link",
                roads=(one.start.road, one.end.road),
                name=name,
                from_class="",
                to_class=self.means.link_class,
                length_m=one.metres,
                kmh=kmh,
                line=shapely.LineString(xy),
            )
            yield _Trial(
                remedy, partial(add_link, network, one.start, one.end, kmh=kmh, class_=remedy.to_class)
            )

    def _least_s(self) -> float:
        """Return what a link must save to bring a place in time: the least lateness; for land 30 s."""
        if self.aim.land is not None:
            return _WORTH_S
        seconds = self.journey.visit(self.network, self.xy, self.index, self.means.snap_m).seconds
        late = seconds[np.isfinite(seconds) & (seconds > self.limit_s)] - self.limit_s
        return float(late.min()) if len(late) else _WORTH_S

    def _dead_ends(self) -> list[Spot]:
        network, roads = self.network, self.index.roads
        dead = find_dead_ends(network, self.index)
        return [
            Spot(int(road), float(side))
            for side in (0, 1)
            for road in roads[np.isin(network.road_nodes[roads, side], dead)]
        ]

    def _late_spots(self) -> list[Spot]:
        if self.aim.land is not None:
            return []
        snaps = snap_points(self.network, self.xy, self.means.snap_m, index=self.index)
        seconds = self.journey.visit(self.network, self.xy, self.index, self.means.snap_m).seconds
        late = np.flatnonzero((snaps.road >= 0) & ~(seconds <= self.limit_s))
        return [Spot(int(snaps.road[at]), float(snaps.share[at])) for at in late]

    def _upgrades(self) -> Iterator[_Trial]:
        """Yield roads that late journeys run along, raised one class: each alone, and all of one name."""
        network = self.network
        road, node, weight = self._late()
        loads = load_roads(network, self.journey.seconds, node, weight)
        np.add.at(loads, road, weight)
        groups: dict[tuple[str, str, int], list[int]] = {}
        for at in np.flatnonzero(loads > 0).tolist():
            name, class_ = str(network.road_name[at]), str(network.road_class[at])
            if class_ in LADDER[:-1]:
                groups[name, class_, at] = [at]
                if name:
                    groups.setdefault((name, class_, -1), []).append(at)
        scored = []
        for (name, class_, which), roads in groups.items():
            if which < 0 and len(roads) == 1:
                continue
            kmh = self.means.kmh[LADDER[LADDER.index(class_) + 1]]
            run = network.road_seconds[roads].min(axis=1)
            saved = np.maximum(run - network.road_m[roads] * 3.6 / kmh, 0.0)
            gain = float((saved * loads[roads]).sum())
            scored.append((-gain / float(network.road_m[roads].sum()), roads, name, class_, kmh))
        for score, roads, name, class_, kmh in sorted(scored)[:_UPGRADES]:
            if score < 0:
                yield self._raise(roads, name, class_, kmh)

    def _raise(self, roads: list[int], name: str, class_: str, kmh: float) -> _Trial:
        remedy = Remedy(
            kind="upgrade",
            roads=tuple(roads),
            name=name,
            from_class=class_,
            to_class=LADDER[LADDER.index(class_) + 1],
            length_m=float(self.network.road_m[roads].sum()),
            kmh=kmh,
            line=shapely.union_all(self.network.shapes(np.array(roads))),
        )
        return _Trial(remedy, partial(raise_roads, self.network, roads, kmh))
