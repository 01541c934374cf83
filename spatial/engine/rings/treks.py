"""Treks: journeys over a surface from one departure, to places and as rings; what `Journey` is on roads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import GEOGRAPHIC, transform_shapes
from spatial.engine.rings.outlines import SurfaceRules, trace_outlines
from spatial.engine.rings.surfaces import Start, Surface, arrive_on_foot, pace_at, start_nodes, sweep_surface
from spatial.engine.travel.journeys import Journey, Visit
from spatial.engine.travel.network import Floats, Network, Seconds
from spatial.engine.travel.snapping import RoadIndex, snap_points
from spatial.errors import GeometryError

_NEAR_CELLS = 2.0


@dataclass(frozen=True, eq=False)
class Trek:
    """Journeys over a surface from one departure.

    Parameters
    ----------
    problem : str
        Empty, or why there are none.
    rules : SurfaceRules
        How they are reckoned and drawn.
    surface : Surface or None
        Without its graph; None where there is a problem.
    seconds : ndarray of float32, shape (n,)
        Arrival at the surface's nodes, without limit.
    xy : ndarray of float64, shape (q, 2)
        The places that they begin at, metres.
    area : shapely geometry or None
        The area that they begin in, in the surface's CRS.
    """

    problem: str
    rules: SurfaceRules
    surface: Surface | None
    seconds: Seconds
    xy: Floats
    area: BaseGeometry | None

    @classmethod
    def stay(cls, problem: str) -> Trek:
        """Return what cannot be set out on."""
        return cls(problem, SurfaceRules(), None, np.empty(0, np.float32), np.empty((0, 2)), None)

    @property
    def crs(self) -> str:
        """Metric system of the surface."""
        return self._on().terrain.crs

    def rings(self, minutes: Sequence[float]) -> npt.NDArray[np.object_]:
        """Return the rings of several limits, longitude and latitude: what is reached in that time or less.

        An area that journeys begin from belongs to all of its rings.
        """
        surface = self._on()
        drawn = trace_outlines(surface, self.seconds, minutes, self.rules, self.xy)
        shapes = np.empty(len(drawn), dtype=object)
        shapes[:] = drawn
        if self.area is not None:
            shapes = shapely.union(shapes, self.area)
        return transform_shapes(shapes, surface.terrain.crs, GEOGRAPHIC)

    def visit(self, xy: Floats) -> Visit:
        """Return when places are reached; NaN where neither the ground can be stood on nor a road is near.

        Parameters
        ----------
        xy : ndarray of float64, shape (q, 2)
            Metres, in the terrain's CRS.
        """
        surface = self._on()
        seconds = arrive_on_foot(surface, self.seconds, xy)
        if self.area is not None:
            shapely.prepare(self.area)
            seconds[shapely.intersects_xy(self.area, *xy.T)] = 0.0
        return Visit(seconds, np.full(len(xy), np.nan), 3.6 / pace_at(surface.terrain, xy))

    def _on(self) -> Surface:
        if self.surface is None:
            raise GeometryError(f"there are no journeys: {self.problem}")
        return self.surface


def set_out(
    surface: Surface,
    shape: BaseGeometry,
    rules: SurfaceRules,
    *,
    index: RoadIndex | None = None,
    snap_m: float = 0.0,
) -> Trek:
    """Set out over a surface from points, or from anywhere in an area.

    Parameters
    ----------
    surface : Surface
        With its graph, for journeys from the start.
    shape : shapely geometry
        In the surface's CRS; a line counts as an area one cell wide.
    rules : SurfaceRules
    index : RoadIndex, optional
        Roads that journeys from points may start on; needed by car and bicycle.
    snap_m : float
        Farthest of these roads, metres. Walkers use those within two cells, and go to others overland.

    Returns
    -------
    Trek
        Its problem is ``no_ground`` where journeys can begin neither on the ground nor on a road.
    """
    if shapely.get_dimensions(shape) == 0:
        start = _start_at(surface, shapely.get_coordinates(shape), rules, index, snap_m)
    else:
        area = shape if shapely.get_dimensions(shape) == 2 else shape.buffer(rules.cell_m / 2)
        start = Start(np.empty((0, 2)), area=area)
    if not len(start_nodes(surface, start)[0]):
        return Trek.stay("no_ground")
    seconds = sweep_surface(surface, start)
    return Trek("", rules, surface.put_away(), seconds, start.xy, start.area)


def _start_at(
    surface: Surface, xy: Floats, rules: SurfaceRules, index: RoadIndex | None, snap_m: float
) -> Start:
    if surface.burnt is None or index is None:
        return Start(xy)
    network = surface.burnt.network
    on_foot = network.mode == "walk"
    snaps = snap_points(
        network, xy, min(snap_m, _NEAR_CELLS * rules.cell_m) if on_foot else snap_m, index=index
    )
    lead_s = np.where(snaps.road >= 0, np.nan_to_num(snaps.offset_m) * 3.6 / rules.usual_kmh, 0.0)
    return Start(xy, snaps, lead_s)


def draw_reach(
    journey: Journey | Trek, network: Network | None, minutes: Sequence[float]
) -> npt.NDArray[np.object_]:
    """Return the rings of journeys along roads or over a surface, longitude and latitude.

    Raises
    ------
    GeometryError
        Journeys along roads without a network.
    """
    if isinstance(journey, Trek):
        return journey.rings(minutes)
    if network is None:
        raise GeometryError("journeys along roads need their network")
    return journey.rings(network, minutes)
