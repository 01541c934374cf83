"""Journeys over a network: from one departure to every node, to places, and the rings they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.crs import GEOGRAPHIC, transform_shapes
from spatial.engine.departures import Departure
from spatial.engine.isochrones import RingRules, trace_rings
from spatial.engine.network import FAR, Floats, Network, Seconds
from spatial.engine.snapping import RoadIndex, Snaps, snap_points
from spatial.engine.stretches import arrive_at


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
