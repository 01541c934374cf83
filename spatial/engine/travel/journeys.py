"""Journeys over a network: from one departure to every node, to places, and the rings they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.crs import GEOGRAPHIC, transform_shapes
from spatial.engine.rings.isochrones import RingRules, trace_rings
from spatial.engine.travel.departures import Departure
from spatial.engine.travel.network import FAR, Floats, Mode, Network, Seconds
from spatial.engine.travel.snapping import RoadIndex, Snaps, snap_points
from spatial.engine.travel.stretches import arrive_at

_FINEST_M = 25.0
_STEP_M = 12.5
_CELLS = 40
"""Off-road reach in cells: with finer ones a ring shows no more, but takes longer."""
_FASTEST_KMH: dict[Mode, float] = {"drive": np.inf, "cycle": 15.0, "walk": 5.0}


def choose_ring_rules(
    mode: Mode, off_road_m: float | None = None, off_road_kmh: float | None = None
) -> RingRules:
    """Return how rings are drawn: the cell follows the reach off the road, whose speed fits the mode.

    Parameters
    ----------
    mode : {"drive", "cycle", "walk"}
    off_road_m, off_road_kmh : float, optional
        None takes the usual. Off the road, cyclists keep to 15 km/h and walkers to 5 km/h.

    Examples
    --------
    >>> choose_ring_rules("drive", 2000, 15).describe()
    'cell 50 m; off the road up to 2000 m at 15 km/h; parts below 40000 m2 dropped; barriers not known'
    >>> choose_ring_rules("walk", off_road_kmh=15).off_road_kmh
    5.0
    """
    usual = RingRules()
    reach_m = usual.off_road_m if off_road_m is None else off_road_m
    cell_m = max(_FINEST_M, float(np.ceil(reach_m / _CELLS / _STEP_M)) * _STEP_M)
    return RingRules(
        cell_m=cell_m,
        off_road_m=reach_m,
        off_road_kmh=min(off_road_kmh or usual.off_road_kmh, _FASTEST_KMH[mode]),
        smallest_m2=max(usual.smallest_m2, 16 * cell_m**2),
    )


@dataclass(frozen=True, eq=False)
class Visit:
    """When places are reached.

    Parameters
    ----------
    seconds : ndarray of float64, shape (q,)
        Arrival, the way from the road included; infinite where no way leads there, NaN where no road is near.
    offset_m : ndarray of float64, shape (q,)
        Distance to the nearest road that can be joined, metres.
    kmh : ndarray of float64, shape (q,)
        Speed on that road, NaN where none is near.
    """

    seconds: Floats
    offset_m: Floats
    kmh: Floats


@dataclass(frozen=True, eq=False)
class Journey:
    """Journeys over a network from one departure.

    Parameters
    ----------
    problem : str
        Empty, or why there are none.
    departure : Departure
        Where they begin.
    seconds : ndarray of float32, shape (n,)
        Arrival at the network's nodes, without limit.
    rules : RingRules
        How rings are drawn; places that journeys lead to are left the road for at the speed off the road.
    """

    problem: str
    departure: Departure
    seconds: Seconds
    rules: RingRules

    def rings(self, network: Network, minutes: Sequence[float]) -> npt.NDArray[np.object_]:
        """Return the rings of several limits, longitude and latitude: what is reached in that time or less.

        An area that journeys begin from belongs to all of its rings.
        """
        drawn = trace_rings(network, self.seconds, minutes, self.rules, origins=self.departure.origins())
        shapes = np.empty(len(drawn), dtype=object)
        shapes[:] = drawn
        if self.departure.area is not None:
            shapes = shapely.union(shapes, self.departure.area)
        return transform_shapes(shapes, network.crs, GEOGRAPHIC)

    def visit(self, network: Network, xy: Floats, index: RoadIndex, snap_m: float) -> Visit:
        """Return when places are reached.

        Parameters
        ----------
        network : Network
        xy : ndarray of float64, shape (q, 2)
            Metres, in the network's CRS.
        index : RoadIndex
            Roads that may be left to the side.
        snap_m : float
            Farthest road, metres.
        """
        snaps = snap_points(network, xy, snap_m, index=index)
        on = snaps.road >= 0
        seconds = np.full(len(xy), np.nan)
        front = self.departure.front(network, self.seconds)
        seconds[on] = arrive_at(front, snaps.road[on].astype(np.int64), snaps.share[on])
        seconds[seconds >= FAR] = np.inf
        seconds += snaps.offset_m * 3.6 / self.rules.off_road_kmh
        if self.departure.area is not None:
            shapely.prepare(self.departure.area)
            seconds[shapely.intersects_xy(self.departure.area, *xy.T)] = 0.0
        return Visit(seconds, snaps.offset_m, _speeds(network, snaps))


def _speeds(network: Network, snaps: Snaps) -> Floats:
    """Return the speed of the faster direction of the road that each place lies on, km/h."""
    run = network.road_seconds[snaps.road].min(axis=1).astype(float)
    return np.where((snaps.road >= 0) & (run < FAR), network.road_m[snaps.road] / run * 3.6, np.nan)
