"""Roads of the drawing of Chengdu: rings, radials and county roads that meet where they cross.

No road of the city is drawn here: rings and radials are circles and straight courses through the seats,
county roads join neighbours among seats and functional zones.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import shapely
from chengdu import INNER, SEATS, Line, Rows, draw_mountains, find_territory, roughen, to_metres
from chengdu_zones import place_zones
from shapely.geometry.base import BaseGeometry

RINGS = (
    (3_000, "trunk"),
    (6_500, "trunk"),
    (10_000, "trunk"),
    (14_000, "expressway"),
    (35_000, "expressway"),
)
"""Radius in metres and class of each ring; the outermost is flatter in the north, near the boundary."""
RADIALS = (
    ("新都区", (104.20, 30.93)), ("青白江区", "金堂县", (104.62, 30.93)),
    ("龙泉驿区", "简阳市", (104.72, 30.24)),
    ((104.075, 30.45), (104.09, 30.28)), ("双流区", "新津区", "蒲江县", (103.38, 30.12)),
    ("温江区", "崇州市", "大邑县", "邛崃市", (103.14, 30.33)), ("郫都区", "都江堰市", (103.50, 31.12)),
    ((104.03, 30.80), "彭州市", (103.86, 31.20)), ((104.22, 30.71), (104.42, 30.78), (104.75, 30.66)),
)  # fmt: skip
"""Where each goes from the middle: seats by name, other places by degrees."""
SPOKES = 16


def draw_roads() -> Rows:
    """Return all roads, with a vertex wherever two meet."""
    courses = [*_draw_rings(), *_draw_radials(), *_draw_spokes()]
    courses += _draw_county([line for _, line in courses])
    held = [(names, shapely.intersection(line, find_territory())) for names, line in courses]
    parts = [(names, part) for names, line in held for part in shapely.get_parts(line) if part.length > 60]
    merged = _meet([line for _, line in parts])
    return [(names, line) for (names, _), line in zip(parts, merged, strict=True)]


def _name(words: tuple[str, str], number: int, grade: str) -> dict[str, object]:
    return {"name": f"{words[0]} {number:02d}", "name_en": f"{words[1]} {number:02d}", "grade": grade}


def _draw_rings() -> list[tuple[dict[str, object], BaseGeometry]]:
    rings = []
    for number, (radius, grade) in enumerate(RINGS, 1):
        angle = np.linspace(0, 2 * np.pi, 97)
        flat = 0.30 * np.clip(np.sin(angle), 0, None) ** 2 if radius > 20_000 else 0.0
        reach = radius * (1 + 0.03 * np.sin(3 * angle) - flat)
        ring = np.c_[reach * np.cos(angle), reach * np.sin(angle)]
        ring[-1] = ring[0]
        rings.append((_name(("环线", "Ring"), number, grade), shapely.LineString(ring)))
    return rings


def _draw_radials() -> list[tuple[dict[str, object], BaseGeometry]]:
    radials = []
    inner = shapely.Polygon(_draw_rings()[1][1].coords)
    for number, stops in enumerate(RADIALS, 1):
        spots = [to_metres(SEATS[stop][1:] if isinstance(stop, str) else stop) for stop in stops]
        first = spots[0] / np.hypot(*spots[0]) * 4_000
        whole = shapely.LineString(roughen([first, *spots], 60 + number, share=0.05))
        line = max(shapely.get_parts(shapely.difference(whole, inner)), key=shapely.length)
        radials.append((_name(("放射线", "Radial"), number, "expressway"), line))
    return radials


def _draw_spokes() -> list[tuple[dict[str, object], BaseGeometry]]:
    spokes = []
    for number in range(SPOKES):
        turn = 2 * np.pi * (number + 0.5) / SPOKES
        along = np.array([[600.0], [5_000.0], [10_000.0], [15_500.0]]) * [np.cos(turn), np.sin(turn)]
        line = shapely.LineString(roughen(along, 80 + number, bends=2, share=0.05))
        spokes.append((_name(("城市干道", "City road"), number + 1, "trunk"), line))
    cross = [
        ("middle", shapely.LineString([(-3_100, 0), (3_100, 0)])),
        ("north", shapely.LineString([(0, -3_100), (0, 3_100)])),
    ]
    spokes += [
        (_name(("城市干道", "City road"), SPOKES + n, "trunk"), line) for n, (_, line) in enumerate(cross, 1)
    ]
    circle = shapely.LineString([(600 * np.cos(a), 600 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 25)])
    return [*spokes, (_name(("城市干道", "City road"), SPOKES + 3, "trunk"), circle)]


def _draw_county(main: list[BaseGeometry]) -> list[tuple[dict[str, object], BaseGeometry]]:
    """Return county roads between neighbours: no third lies in the circle over the two (Gabriel)."""
    spots = _list_spots()
    roads = []
    for one, two in _pair_neighbours(spots):
        course = roughen(spots[[one, two]], 1000 + 211 * one + two, bends=3, share=0.08)
        line = shapely.LineString(course)
        if shapely.intersection(line, draw_mountains()).length < 6_000:
            roads.append((_name(("县道", "County road"), len(roads) + 1, "county"), line))
    ends = shapely.points(spots)
    near = shapely.union_all(main)
    for spot in ends:
        if 150 < spot.distance(near) < 9_000:
            roads.append(
                (_name(("联络线", "Link road"), len(roads) + 1, "county"), shapely.shortest_line(spot, near))
            )
    return roads


def _list_spots() -> Line:
    """Return seats outside the main city, middles of zones, and country towns by chance elsewhere."""
    seats = [to_metres(seat[1:]) for name, seat in SEATS.items() if name not in INNER]
    zones = [np.array(shape.centroid.coords[0]) for _, shape, _ in place_zones()]
    random = np.random.default_rng(71)
    room = shapely.buffer(shapely.difference(find_territory(), draw_mountains()), -1_200)
    west, south, east, north = room.bounds
    spots = [*seats, *zones]
    for _ in range(900):
        spot = np.array([random.uniform(west, east), random.uniform(south, north)])
        far = np.hypot(*(np.array(spots) - spot).T).min() > 5_500
        if far and np.hypot(*spot) > 13_000 and room.contains(shapely.Point(spot)):
            spots.append(spot)
    return np.array(spots)


def _pair_neighbours(spots: Line) -> list[tuple[int, int]]:
    gap = ((spots[:, None] - spots[None]) ** 2).sum(axis=2)
    pairs = [(a, b) for a, b in combinations(range(len(spots)), 2) if gap[a, b] < 16_000.0**2]
    return [(a, b) for a, b in pairs if ((gap[a] + gap[b]) < gap[a, b] - 1e-6).sum() == 0]


def _meet(lines: list[BaseGeometry]) -> list[BaseGeometry]:
    """Return lines with a common vertex wherever two of them cross or touch."""
    tree = shapely.STRtree(lines)
    spots: list[list[BaseGeometry]] = [[] for _ in lines]
    for one, two in tree.query(lines, predicate="intersects").T:
        if one < two:
            met = shapely.intersection(lines[one], lines[two])
            found = [part for part in shapely.get_parts(met) if part.geom_type == "Point"]
            spots[one] += found
            spots[two] += found
    ends = [shapely.Point(line.coords[end]) for line in lines for end in (0, -1)]
    for end, other in tree.query(ends, predicate="dwithin", distance=0.5).T:
        spots[other].append(ends[end])
    return [_insert(line, found) for line, found in zip(lines, spots, strict=True)]


def _insert(line: BaseGeometry, spots: list[BaseGeometry]) -> BaseGeometry:
    """Return a line with further vertices."""
    own = shapely.get_coordinates(line)
    at = np.r_[0.0, np.cumsum(np.hypot(*np.diff(own, axis=0).T))]
    new = shapely.get_coordinates(spots) if spots else np.empty((0, 2))
    where = shapely.line_locate_point(line, shapely.points(new)) if spots else np.empty(0)
    order = np.argsort(np.r_[at, where], kind="stable")
    both = np.r_[own, new][order]
    apart = np.r_[True, np.hypot(*np.diff(both, axis=0).T) > 0.5]
    apart[-1] = True
    return shapely.LineString(both[apart])
