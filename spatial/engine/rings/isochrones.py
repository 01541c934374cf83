"""Rings of equal time round starts, as polygons: the land from which one is on a reached road in time.

A ring is the union of discs round all places along the roads: a place that is reached with time to spare
lets one leave the road, as far as that time allows at the speed off the road, up to a stated distance. The
land along a road that is *not* reached in time does not belong, even where a reached road is near. Both are
put together as a field on a lattice, negative inside, and the ring is its zero line.

What follows from the way it is made, not from luck:

- The field of a longer limit is nowhere above that of a shorter one, whole numbers throughout, and a zero
  line moves outward wherever its field falls: rings of longer limits hold those of shorter ones, exactly.
- The field of a limit is made from what is reached within that limit and nothing else: a ring is the same
  whether asked for alone or with others, and however far the sweep went.
- Corners of a ring lie on sides of lattice cells, one to a side, and edges run inside cells: a ring cannot
  cross or touch itself. They stand at one of 16 places on that side, so no corner is moved by more than
  1/32 of a cell. No further corner is taken out: what takes out corners ring by ring breaks the nesting,
  and what does so for all rings together makes each depend on the others.

Rivers, railways and walls are not known: only what the roads do says where one cannot cross.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import shapely
from shapely import MultiPolygon

from spatial.engine.rings.arrivals import Origins, Scene, survey
from spatial.engine.rings.contours import draw_zero_line
from spatial.engine.rings.fields import MOST_CELLS, margin_cells, raise_field
from spatial.engine.threads import run_parts
from spatial.engine.travel.network import FAR, Floats, Network, Seconds
from spatial.errors import Fault, GeometryError

_MOST_ABREAST = 1_000_000
"""Samples along roads up to which rings are drawn side by side."""


@dataclass(frozen=True)
class RingRules:
    """How rings are drawn; print it beside them.

    Parameters
    ----------
    cell_m : float
        Side of a lattice cell, metres; a multiple of 1/8.
    off_road_m : float
        How far from a road land still belongs, metres; up to 100 cells.
    off_road_kmh : float
        Speed off the road, km/h: near the edge of a ring the time left, not `off_road_m`, is what binds.
    keep_out_m : float, optional
        Width of land on each side of a road not reached in time that does not belong, even where a road
        that is reached lies near: at most one cell, and one cell by default. 0: such roads count for nothing,
        and only then is a ring never smaller for a road added to the network (a new road that is not reached
        takes land away). Bridges and tunnels that are not reached keep nothing out.
    smallest_m2 : float
        Islands and holes smaller than this are dropped, square metres in the plane of the CRS. An island
        that holds a start is always kept.
    fenced : tuple of str
        Classes of road that one cannot leave to the side. The same holds on bridges and in tunnels.

    Raises
    ------
    GeometryError
        A value that no ring can be drawn with.

    Examples
    --------
    >>> RingRules().describe()
    'cell 25 m; off the road up to 100 m at 3 km/h; parts below 10000 m2 dropped; barriers not known'
    """

    cell_m: float = 25.0
    off_road_m: float = 100.0
    off_road_kmh: float = 3.0
    keep_out_m: float | None = None
    smallest_m2: float = 10_000.0
    fenced: tuple[str, ...] = ("ferry", "motorway", "motorway_link")

    def __post_init__(self) -> None:
        numbers = {
            name: getattr(self, name) for name in ("cell_m", "off_road_m", "off_road_kmh", "smallest_m2")
        }
        faults = [
            Fault("", name, f"{value!r} is no size or speed for a ring", "write a number from 0 up")
            for name, value in (numbers | {"keep_out_m": self.strip_m}).items()
            if not (np.isfinite(value) and value >= 0)
        ]
        if not faults and (self.cell_m <= 0 or self.cell_m * 8 % 1):
            faults.append(Fault("", "cell_m", f"{self.cell_m} m", "write a multiple of 0.125 m above 0"))
        if not faults and self.off_road_m > MOST_CELLS * self.cell_m:
            remedy = f"take cells of at least {self.off_road_m / MOST_CELLS:g} m"
            faults.append(Fault("", "off_road_m", f"{self.off_road_m} m is over {MOST_CELLS} cells", remedy))
        if not faults and self.strip_m > self.cell_m:
            faults.append(Fault("", "keep_out_m", f"{self.strip_m} m is wider than a cell", "lower it"))
        if faults:
            raise GeometryError(faults)

    @property
    def strip_m(self) -> float:
        """Width kept out on each side of roads that are not reached, metres."""
        return self.cell_m if self.keep_out_m is None else self.keep_out_m

    def describe(self, language: Literal["en", "zh"] = "en") -> str:
        """Say the rules in one line."""
        values = (
            f"{self.cell_m:g}",
            f"{self.off_road_m:g}",
            f"{self.off_road_kmh:g}",
            f"{self.smallest_m2:.0f}",
        )
        if language == "zh":
            text = "格网 {} 米；离路最远 {} 米、{} 公里/小时；小于 {} 平方米的岛与洞略去；阻隔未知"
        else:
            text = (
                "cell {} m; off the road up to {} m at {} km/h; parts below {} m2 dropped; barriers not known"
            )
        coarse = 0 < self.off_road_m < 2 * self.cell_m
        more = {
            "en": "; cells over half the way off the road: areas come out too large",
            "zh": "；格网大于离路距离的一半，面积偏大",
        }
        return text.format(*values) + (more[language] if coarse else "")


def trace_rings(
    network: Network,
    seconds: Seconds,
    minutes: Sequence[float],
    rules: RingRules | None = None,
    *,
    origins: Origins | None = None,
    towards: bool = False,
) -> list[MultiPolygon]:
    """Draw the ring of every limit: what is reached in that time or less.

    Parameters
    ----------
    network : Network
    seconds : ndarray of float32, shape (n,)
        Arrival at its nodes, `FAR` where not reached; swept at least as far as the longest limit.
    minutes : sequence of float
        Limits, in any order.
    rules : RingRules, optional
        The default ones suit a town on foot or by car; for an hour by car take cells of 50 to 100 m.
    origins : Origins, optional
        Where the sweep started. Without them the nodes of least arrival are taken for the starts, which
        leaves out the road between a start and its nodes.
    towards : bool
        The journeys lead to the starts, as in the sweep. False for a reversed network, which was swept away
        from them.

    Returns
    -------
    list of MultiPolygon
        In the network's CRS, in the order of `minutes`: valid, and each within those of longer limits.
        Empty where nothing is reached in time.

    Raises
    ------
    GeometryError
        Minutes that are not positive numbers; seconds that do not fit the network; a lattice too large for
        the memory.

    Notes
    -----
    The field at a node x is the least over places p with arrival t(p) <= limit of ``|x - p| - reach(p)``,
    where ``reach = max(5/4 cell, min(off_road_m, (limit - t) * off_road_kmh / 3.6))``; raised, within
    `keep_out_m` of a road place that is not reached, to at least the distance to the nearest reached place
    less that to the nearest not reached. Distances beyond two cells are sums of up to
    three straight ones, at most 0.2 cells too long up to six cells, and never too short.

    Examples
    --------
    >>> from spatial.engine.travel.assembly import build_network
    >>> from spatial.engine.travel.roads import draw_links
    >>> links = draw_links([114.0, 114.02], [35.0, 35.0], [[0, 1]])
    >>> network = build_network(links, crs="EPSG:4547", speeds={"other": 6})
    >>> near, far = trace_rings(network, np.array([0.0, FAR], np.float32), [5, 10])
    >>> bool(far.covers(near)), round(near.area / 1e4), round(far.area / 1e4)
    (True, 10, 20)
    """
    rules = rules or RingRules()
    limits = _check(network, seconds, minutes)
    if not len(limits):
        return []
    scene = survey(
        network,
        np.asarray(seconds, dtype=np.float32),
        float(limits.max()),
        cell_m=rules.cell_m,
        margin=margin_cells(rules.off_road_m, rules.cell_m),
        fenced=rules.fenced,
        origins=origins,
        towards=towards,
    )
    rings: list[MultiPolygon] = [MultiPolygon()] * len(limits)

    def trace(begin: int, end: int) -> None:
        for at in range(begin, end):
            rings[at] = _trace(scene, float(limits[at]), rules)

    # Each ring takes a field of its own: side by side only where fields are small against the memory.
    run_parts(trace, len(limits), 1 if scene.seconds.size <= _MOST_ABREAST else len(limits))
    return rings


def cut_bands(rings: Sequence[MultiPolygon]) -> list[MultiPolygon]:
    """Cut rings into bands that do not overlap: what is reached within a limit but not within the last.

    Parameters
    ----------
    rings : sequence of MultiPolygon
        From the shortest limit to the longest, as `trace_rings` returns them.

    Returns
    -------
    list of MultiPolygon
        As many; together they are the last ring.

    Raises
    ------
    GeometryError
        The rings do not grow.

    Examples
    --------
    >>> inner, outer = MultiPolygon([shapely.box(1, 1, 2, 2)]), MultiPolygon([shapely.box(0, 0, 3, 3)])
    >>> [band.area for band in cut_bands([inner, outer])]
    [1.0, 8.0]
    """
    if any(inner.area > outer.area for inner, outer in pairwise(rings)):
        raise GeometryError("bands are cut from rings in order of their minutes, shortest first")
    cut = [shapely.difference(outer, inner) for inner, outer in pairwise(rings)]
    return [*rings[:1], *map(_as_multi, cut)]


def thin_rings(rings: Sequence[MultiPolygon], tolerance_m: float) -> list[MultiPolygon]:
    """Take corners out of a set of rings, for drawing: shared edges stay shared, and the rings nested.

    Parameters
    ----------
    rings : sequence of MultiPolygon
        From the shortest limit to the longest, as `trace_rings` returns them.
    tolerance_m : float
        Metres: a corner goes where the triangle with its neighbours is smaller than the square of this.
        Half a cell leaves about a third of the corners. Tips narrower than this may draw back further.

    Returns
    -------
    list of MultiPolygon
        Valid and nested, but each depends on the others: measure with the rings themselves.

    Examples
    --------
    >>> ring = MultiPolygon([shapely.Polygon([(0, 0), (5, 0.1), (10, 0), (10, 10), (0, 10)])])
    >>> shapely.get_num_coordinates(thin_rings([ring], 1)).tolist()
    [5]
    """
    bands = np.array(cut_bands(rings), dtype=object)
    thin = shapely.coverage_simplify(bands, tolerance_m)
    return [_as_multi(shapely.coverage_union_all(thin[: count + 1])) for count in range(len(thin))]


def _as_multi(shape: shapely.Geometry) -> MultiPolygon:
    return MultiPolygon([part for part in shapely.get_parts(shape) if part.area > 0])


def _check(network: Network, seconds: Seconds, minutes: Sequence[float]) -> Floats:
    """Return the limits in seconds, or refuse."""
    asked = np.asarray(minutes, dtype=np.float64).ravel()
    wrong = ~(np.isfinite(asked) & (asked > 0) & (asked * 60 < FAR))
    if wrong.any():
        text = ", ".join(f"{value:g}" for value in asked[wrong])
        raise GeometryError(Fault("", "minutes", f"{text} is no time limit", "write minutes above zero"))
    if np.shape(seconds) != (len(network.node_xy),):
        raise GeometryError(
            f"the network has {len(network.node_xy)} nodes, but there are {np.shape(seconds)} seconds"
        )
    return asked * 60


def _trace(scene: Scene, limit_s: float, rules: RingRules) -> MultiPolygon:
    field = raise_field(
        scene,
        limit_s,
        cell_m=rules.cell_m,
        off_road_m=rules.off_road_m,
        off_road_kmh=rules.off_road_kmh,
        keep_out_m=rules.strip_m,
    )
    starts = scene.start_xy[scene.start_s <= limit_s]
    return draw_zero_line(field, rules.cell_m, smallest_m2=rules.smallest_m2, starts=starts)
