"""Slivers: how thin a polygon is, and which neighbour takes parts too small to stand alone."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.areas import straight_area_m2
from spatial.engine.geodesy import length_m
from spatial.engine.shapes.topology import SharedEdges

Contacts = Mapping[tuple[int, int], float]


def width_m(shapes: Any) -> npt.NDArray[np.float64]:
    """Mean widths of polygons: twice the area over the perimeter, which is the width of a long strip.

    Parameters
    ----------
    shapes : array-like of shapely polygons
        Longitude and latitude in degrees, CGCS2000; also empty or None.

    Returns
    -------
    numpy.ndarray of float64
        Metres, 0 for what has no area.

    Examples
    --------
    >>> import shapely
    >>> width_m([shapely.box(112.0, 35.0, 112.00001, 35.1)]).round(2).tolist()
    [0.91]
    """
    areas, perimeters = straight_area_m2(shapes), length_m(shapes)
    return 2 * areas / np.where(perimeters > 0, perimeters, 1.0)


def absorb_slivers(
    classes: Any, sizes: Any, slivers: Any, contacts: Contacts, enough: float
) -> npt.NDArray[np.int64]:
    """Give each sliver of a coverage to the neighbouring class that it shares most edge with.

    Parameters
    ----------
    classes, sizes, slivers : array-like of int, of float, of bool
        Class and size of each part, and whether it may be given away. Parts of one class never touch.
    contacts : mapping of (int, int) to float
        Length of the edges that two parts share, each pair of positions once.
    enough : float
        Slivers that have grown together to this size stay what they then are.

    Returns
    -------
    numpy.ndarray of int64
        The new class of each part. A sliver without neighbours keeps its own.

    Notes
    -----
    The smallest goes first; a tie of sizes falls to the first part, one of lengths to the lower class.

    Examples
    --------
    >>> contacts = {(0, 1): 2.0, (1, 2): 3.0}
    >>> absorb_slivers([0, 1, 2], [9.0, 0.1, 9.0], [False, True, False], contacts, 1.0).tolist()
    [0, 2, 2]
    """
    groups = _Groups(np.asarray(classes), np.asarray(sizes), np.asarray(slivers), contacts)
    queue = [(groups.sizes[part], part) for part in groups.near]
    heapq.heapify(queue)
    while queue:
        size, part = heapq.heappop(queue)
        # An entry is stale when its group has joined another or has grown since.
        if groups.find(part) != part or groups.sizes[part] != size or not groups.free[part]:
            continue
        root = groups.give_away(part)
        if root is not None and groups.free[root] and groups.sizes[root] < enough:
            heapq.heappush(queue, (groups.sizes[root], root))
    return np.array(
        [groups.classes[groups.find(part)] for part in range(len(groups.classes))], dtype=np.int64
    )


def measure_contacts(part: Any, edges: SharedEdges, asked: Any) -> dict[tuple[int, int], float]:
    """Return how much edge parts of a coverage share, for `absorb_slivers`; only the proportions matter.

    Parameters
    ----------
    part : array-like of int
        Number of the part that each polygon of the coverage belongs to.
    edges : SharedEdges
        Of the polygons; longitude and latitude in degrees.
    asked : array-like of bool
        By part: pairs without any of these are left out.
    """
    part, asked = np.asarray(part, dtype=np.int64), np.asarray(asked, dtype=bool)
    left, right = part[edges.left], part[edges.right]
    wanted = (left != right) & (asked[left] | asked[right])
    lon0, lat0, lon1, lat1 = edges.ends[wanted].T
    # A degree of longitude is shorter than one of latitude by the cosine of the latitude.
    length = np.hypot((lon1 - lon0) * np.cos(np.radians((lat0 + lat1) / 2)), lat1 - lat0)
    pairs = np.sort(np.stack([left, right], axis=1)[wanted], axis=1)
    found, which = np.unique(pairs, axis=0, return_inverse=True)
    sums = np.bincount(which.ravel(), weights=length, minlength=len(found))
    return {(int(one), int(other)): float(value) for (one, other), value in zip(found, sums, strict=True)}


class _Groups:
    """Parts that have grown together, each group known by one of them; `near` is kept for free ones only."""

    def __init__(
        self,
        classes: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.float64],
        slivers: npt.NDArray[np.bool_],
        contacts: Contacts,
    ) -> None:
        self.classes: list[int] = classes.tolist()
        self.sizes: list[float] = sizes.tolist()
        self.free: list[bool] = slivers.tolist()
        self.near: dict[int, dict[int, float]] = {int(part): {} for part in np.flatnonzero(slivers)}
        self._parents = list(range(len(self.classes)))
        for (left, right), length in contacts.items():
            for part, other in ((left, right), (right, left)):
                if part in self.near:
                    self.near[part][other] = length

    def find(self, part: int) -> int:
        """Return the part by which the group of `part` is known."""
        while self._parents[part] != part:
            self._parents[part] = self._parents[self._parents[part]]
            part = self._parents[part]
        return part

    def give_away(self, part: int) -> int | None:
        """Join a group with its neighbours of the class that it touches longest; return the group, if any."""
        touching: dict[int, float] = defaultdict(float)
        for other, length in self.near[part].items():
            touching[self.find(other)] += length
        touching.pop(part, None)
        lengths: dict[int, float] = defaultdict(float)
        for other, length in touching.items():
            lengths[self.classes[other]] += length
        if not lengths:
            return None
        best = max(lengths, key=lambda klass: (lengths[klass], -klass))
        for other in touching:
            if self.classes[other] == best:
                part = self._join(part, other)
        self.classes[part] = best
        return part

    def _join(self, part: int, other: int) -> int:
        """Make two groups one; with anything firm in it, it is firm and is never given away."""
        root, leaf = (other, part) if self.free[part] else (part, other)
        if self.free[root]:
            for neighbour, length in self.near.pop(leaf).items():
                self.near[root][neighbour] = self.near[root].get(neighbour, 0.0) + length
        self._parents[leaf] = root
        self.sizes[root] += self.sizes[leaf]
        return root
