"""Trials of boundary roads: links across borders and roads raised, each measured on the changed network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.travel.borders import (
    Border,
    Crossings,
    find_crossings,
    follow_road,
    group_near,
)
from spatial.engine.travel.facing import Pairs, choose_pairs, pair_ends
from spatial.engine.travel.links import add_link, raise_roads
from spatial.engine.travel.network import Floats, Longs, Network, Texts
from spatial.engine.travel.routing import matrix
from spatial.engine.travel.snapping import RoadIndex, Snaps
from spatial.plan.rules import RuleTable

Kind = Literal["dead_ends", "facing", "one_end", "opening", "class_drop"]
_KINDS: tuple[Kind, ...] = ("dead_ends", "facing", "one_end", "opening")


@dataclass(frozen=True, eq=False)
class Ground:
    """A network with what is asked of it at borders.

    Parameters
    ----------
    network : Network
    index : RoadIndex
        Roads whose ends are joined and whose crossings count.
    kmh : dict of str to float
        Speed by class.
    rules : RuleTable
    within_m : float
        How far from a border ends are looked at.
    """

    network: Network
    index: RoadIndex
    kmh: dict[str, float]
    rules: RuleTable
    within_m: float

    @property
    def cap_s(self) -> float:
        """Seconds that a journey counts as if it takes longer or cannot be made."""
        return float(self.rules.value("unreached")) * 60

    def rank(self, word: str) -> int:
        """Return the place of a class in the order of the rule table; -1 for one that is not listed."""
        order, plain = list(self.rules.value("class.order")), word.removesuffix("_link")
        return order.index(plain) if plain in order else -1

    def class_of(self, road: int) -> str:
        """Return the class of a road."""
        return str(self.network.road_class[road])

    def survey(self, border: Border) -> Survey:
        """Look at one border: who crosses it, which ends face each other, where a class drops."""
        return _survey(self, border)

    def measure(self, trial: Trial, places: Places) -> Gain:
        """Measure a trial on the network with it and on the one without."""
        return _measure(self, trial, places)


@dataclass(frozen=True, eq=False)
class Places:
    """Where people and jobs are, summed by cells and joined to roads.

    Parameters
    ----------
    unit : ndarray of int
        The area that each lies in; -1 in none.
    xy : ndarray, shape (q, 2)
    snaps : Snaps
    people, jobs : ndarray
    counted : str
        ``people``, ``towns`` where these are not known, or ``cells`` of roads where there are no towns.
    """

    unit: Longs
    xy: Floats
    snaps: Snaps
    people: Floats
    jobs: Floats
    counted: str

    def near(self, unit: int, xy: Floats, reach_m: float, least: int) -> Longs:
        """Return the places in an area within reach of a spot, or the nearest few."""
        mine = np.flatnonzero((self.unit == unit) & (self.snaps.road >= 0))
        metres = np.hypot(*(self.xy[mine] - xy).T)
        order = np.argsort(metres, kind="stable")
        count = max(int((metres <= reach_m).sum()), least)
        return np.sort(mine[order[:count]])


@dataclass(frozen=True, eq=False)
class Trial:
    """Something that might be built at a border; `build` makes the network with it."""

    border: Border
    kind: Kind
    name: str
    from_class: str
    to_class: str
    length_m: float
    kmh: float
    line: BaseGeometry
    ends_s: float
    build: Callable[[], Network]


@dataclass(frozen=True)
class Gain:
    """What a trial brings.

    Parameters
    ----------
    before_min, after_min : float
        Mean minutes of a journey to people and jobs across the border, both ways.
    people, jobs, helped : float
        Within reach on both sides; people who save at least the rule table's minutes.
    person_minutes : float
        Minutes saved in all, if everyone within reach makes one such journey.
    """

    before_min: float
    after_min: float
    people: float
    jobs: float
    helped: float
    person_minutes: float


def _measure(ground: Ground, trial: Trial, places: Places) -> Gain:
    rules, middle = ground.rules, shapely.get_coordinates(shapely.centroid(trial.line))[0]
    reach_m, least = float(rules.value("reach.distance")), int(rules.value("reach.least"))
    rows = [places.near(unit, middle, reach_m, least) for unit in (trial.border.one, trial.border.other)]
    one, other = (_take(places.snaps, row) for row in rows)
    if not len(rows[0]) or not len(rows[1]):
        return Gain(np.nan, np.nan, 0.0, 0.0, 0.0, 0.0)
    before = _time(ground.network, one, other, ground.cap_s)
    after = _time(trial.build(), one, other, ground.cap_s)
    people = [places.people[row] for row in rows]
    goals = [places.people[row] + places.jobs[row] for row in rows]
    saved, spent, total = [], [0.0, 0.0], 0.0
    for side, (was, now) in enumerate(zip(before, after, strict=True)):
        goal = goals[1 - side] / max(float(goals[1 - side].sum()), 1e-9)
        was_s, now_s = (was @ goal, now @ goal) if side == 0 else (goal @ was, goal @ now)
        saved.append((was_s - now_s) / 60)
        spent[0] += float(people[side] @ was_s) / 60
        spent[1] += float(people[side] @ now_s) / 60
        total += float(people[side].sum())
    least_min = float(rules.value("helped.least"))
    helped = sum(float(one[gain >= least_min].sum()) for one, gain in zip(people, saved, strict=True))
    jobs = sum(float(places.jobs[row].sum()) for row in rows)
    mean = [amount / total if total else np.nan for amount in spent]
    return Gain(mean[0], mean[1], total, jobs, helped, spent[0] - spent[1])


def _take(snaps: Snaps, rows: Longs) -> Snaps:
    return Snaps(snaps.road[rows], snaps.share[rows], snaps.offset_m[rows])


def _time(network: Network, one: Snaps, other: Snaps, cap_s: float) -> tuple[Floats, Floats]:
    """Return seconds there and back, rows for the first side, none above the cap."""
    there = matrix(network, one, other, cap_s).astype(float)
    back = matrix(network, one, other, cap_s, towards=True).astype(float)
    return np.minimum(there, cap_s), np.minimum(back, cap_s)


@dataclass(frozen=True, eq=False)
class Survey:
    """What was found at one border.

    Parameters
    ----------
    border : Border
    crossings : Crossings
        Of roads that count.
    group : ndarray of int
        Carriageways of one road have one number.
    links, drops : tuple of Trial
        Links that might be built, and roads whose class drops at the border, best first by a rough measure.
    """

    border: Border
    crossings: Crossings
    group: Longs
    links: tuple[Trial, ...]
    drops: tuple[Trial, ...]


def _survey(ground: Ground, border: Border) -> Survey:
    rules, network, index = ground.rules, ground.network, ground.index
    found = find_crossings(border, network, index.lines, index.tree)
    crossings = Crossings(index.roads[found.road].astype(np.int64), found.share, found.xy)
    words = network.road_class[crossings.road]
    group = group_near(crossings.xy, words, float(rules.value("crossing.distance")))
    pairs = pair_ends(
        border,
        network,
        index,
        within_m=ground.within_m,
        least_m=float(rules.value("link.least")),
        most_deg=(float(rules.value("mate.dead_ends")), float(rules.value("mate.angle"))),
    )
    saved, kmh, classes = _save_ends(ground, pairs)
    kept = choose_pairs(
        pairs,
        saved,
        least_s=tuple(60 * float(rules.value(f"saved.{kind}")) for kind in _KINDS),  # type: ignore[arg-type]
        apart_m=float(rules.value("distinct.distance")),
        most_open=int(rules.value("most.opened")),
    )
    links = [_link(ground, border, pairs, int(at), (saved[at], kmh[at], classes[at])) for at in kept]
    links.sort(key=lambda one: -one.ends_s)
    return Survey(
        border, crossings, group, tuple(links), tuple(_find_drops(ground, border, crossings, group))
    )


def _save_ends(ground: Ground, pairs: Pairs) -> tuple[Floats, Floats, Texts]:
    """Return by how much a link brings its ends nearer, seconds, with its speed and class."""
    least = str(ground.rules.value("link.class"))
    names = [
        min((ground.class_of(spot.road) for spot in both), key=ground.rank).removesuffix("_link")
        for both in zip(pairs.start, pairs.end, strict=True)
    ]
    higher = [name if ground.rank(name) > ground.rank(least) else least for name in names]
    kmh = np.array([ground.kmh.get(name, ground.kmh[least]) for name in higher])
    if not names:
        return np.zeros(0), kmh, np.array([], dtype=object)
    (first, one), (second, other) = (_gather(spots) for spots in (pairs.start, pairs.end))
    there = matrix(ground.network, first, second, ground.cap_s)[one, other]
    back = matrix(ground.network, first, second, ground.cap_s, towards=True)[one, other]
    now = np.minimum(np.minimum(there, back).astype(float), ground.cap_s)
    return now - pairs.metres * 3.6 / kmh, kmh, np.array(higher, dtype=object)


def _gather(spots: tuple[object, ...]) -> tuple[Snaps, Longs]:
    """Return each spot once, and which of these stands at each place."""
    keys = np.array([(spot.road, spot.share) for spot in spots])  # type: ignore[attr-defined]
    once, at = np.unique(keys, axis=0, return_inverse=True)
    return Snaps(once[:, 0].astype(np.int32), once[:, 1], np.zeros(len(once))), at.reshape(-1)


def _link(ground: Ground, border: Border, pairs: Pairs, at: int, said: tuple[float, float, str]) -> Trial:
    (saved_s, kmh, class_), start, end = said, pairs.start[at], pairs.end[at]
    names = dict.fromkeys(str(ground.network.road_name[spot.road]) for spot in (start, end))
    return Trial(
        border=border,
        kind=_KINDS[int(pairs.tier[at])],
        name="—".join(filter(None, names)),
        from_class="",
        to_class=class_,
        length_m=float(pairs.metres[at]),
        kmh=float(kmh),
        line=shapely.LineString([pairs.start_xy[at], pairs.end_xy[at]]),
        ends_s=float(saved_s),
        build=partial(add_link, ground.network, start, end, kmh=float(kmh), class_=class_),
    )


def _find_drops(ground: Ground, border: Border, crossings: Crossings, group: Longs) -> list[Trial]:
    """Return roads that go on in a lower class beyond the border, longest first."""
    _, first = np.unique(group, return_index=True)
    found, told = list[Trial](), set[tuple[int, ...]]()
    for at in first.tolist():
        trial = _find_drop(ground, border, int(crossings.road[at]), float(crossings.share[at]))
        if trial is not None and (key := tuple(sorted(trial[0]))) not in told:
            told.add(key)
            found.append(trial[1])
    return sorted(found, key=lambda one: -one.length_m)


def _find_drop(
    ground: Ground, border: Border, road: int, share: float
) -> tuple[tuple[int, ...], Trial] | None:
    network = ground.network
    ways = [[road, *follow_road(network, road, way, ground.within_m)] for way in (0, 1)]
    ranks = [ground.rank(ground.class_of(way[-1])) for way in ways]
    high = int(np.argmax(ranks))
    class_ = ground.class_of(ways[high][-1])
    if min(ranks) < 0 or ranks[0] == ranks[1] or class_ not in ground.rules.value("class.drop"):
        return None
    lower = tuple(one for one in ways[1 - high] if 0 <= ground.rank(ground.class_of(one)) < ranks[high])
    if not lower or class_ not in ground.kmh:
        return None
    low = ground.class_of(ways[1 - high][-1])
    if low in ground.rules.value("class.skipped"):
        return None
    lines = network.shapes(np.array(lower))
    names = dict.fromkeys(str(network.road_name[one]) for one in (ways[high][-1], *lower))
    trial = Trial(
        border=border,
        kind="class_drop",
        name="—".join(list(filter(None, names))[:2]),
        from_class=low,
        to_class=class_,
        length_m=float(network.road_m[list(lower)].sum()),
        kmh=ground.kmh[class_],
        line=shapely.line_merge(shapely.multilinestrings(list(lines))),
        ends_s=0.0,
        build=partial(raise_roads, network, list(lower), ground.kmh[class_]),
    )
    return lower, trial
