"""Remoteness: how long it takes from every cell of a grid to a centre, along roads and off them.

The roads are burnt into a square lattice over the grid and swept from the centre, against the direction of
travel, as rings over a surface are (`rings.surfaces`). Between four nodes of the lattice times are
interpolated; a cell that a road may be joined in takes no longer than the way on foot from its middle to the
road there, and on along it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rings.outlines import SurfaceRules
from spatial.engine.rings.surfaces import STEEPEST, build_surface, pace_at
from spatial.engine.rings.terrain import Terrain
from spatial.engine.rings.treks import set_out
from spatial.engine.travel.departures import index_open_roads
from spatial.engine.travel.network import FAR, Floats, Network, Seconds
from spatial.errors import GeometryError

Whole = npt.NDArray[np.signedinteger[Any]]
MOST_NODES = 2_000_000
"""Nodes of a lattice of level ground: about half a gigabyte while it is swept. Larger grids get fewer."""


@dataclass(frozen=True, eq=False)
class Remoteness:
    """Times to a centre, known at the nodes of a lattice and along the roads.

    Parameters
    ----------
    crs : str
        Metric system of the lattice.
    step_m : float
        Distance between nodes, metres.
    column, row : int
        Of the first node: it lies at ``column * step_m`` east and ``row * step_m`` north of the origin.
    seconds : ndarray of float32, shape (high, wide)
        To the centre, `FAR` where no way leads; later rows lie north.
    road_xy : ndarray of float64, shape (s, 2)
        Places on roads, metres, at most a step apart, at which a road may be joined.
    road_s : ndarray of float32, shape (s,)
        Seconds to the centre from there.
    road_pace : ndarray of float32, shape (s,)
        Seconds a metre of the ground beside them.
    """

    crs: str
    step_m: float
    column: int
    row: int
    seconds: Seconds
    road_xy: Floats
    road_s: Seconds
    road_pace: Seconds

    def minutes(self, grid: Grid, block: Block) -> npt.NDArray[np.float32]:
        """Return the minutes from the middle of each cell of a block to the centre.

        Parameters
        ----------
        grid : Grid
            In the lattice's system; the side of its cells divides the step, or is the step.
        block : Block
            What it is part of changes no cell.

        Returns
        -------
        ndarray of float32, shape (height, width)
            NaN where no way leads, and outside the lattice.
        """
        cell = grid.cell_m
        # Whole numbers, so that a cell is the same in every block.
        columns = round(grid.left / cell) + block.column + np.arange(block.width)
        rows = round(grid.top / cell) - block.row - np.arange(block.height) - 1
        up, across = (np.asarray((one + 0.5) * cell / self.step_m, dtype=float) for one in (rows, columns))
        found = self._between(up, across)
        self._join(found, rows, columns, cell)
        return np.where(np.isfinite(found), found / 60, np.nan).astype(np.float32)

    def _between(self, up: Floats, across: Floats) -> Floats:
        """Return seconds between the nodes that are reached, of the four round each place; else infinite."""
        (low, rise), (left, run) = _part(up, self.row), _part(across, self.column)
        high, wide = self.seconds.shape
        total, weight = np.zeros((len(up), len(across))), np.zeros((len(up), len(across)))
        for north in (0, 1):
            row = low + north
            for east in (0, 1):
                column = left + east
                there = ((row >= 0) & (row < high))[:, None] & ((column >= 0) & (column < wide))[None, :]
                seconds = self.seconds[np.clip(row, 0, high - 1)][:, np.clip(column, 0, wide - 1)]
                share = (rise if north else 1 - rise)[:, None] * (run if east else 1 - run)[None, :]
                share = np.where(there & (seconds < FAR), share, 0.0)
                total += share * seconds
                weight += share
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(weight > 0, total / weight, np.inf))

    def _join(self, found: Floats, rows: Whole, columns: Whole, cell: float) -> None:
        """Lower the seconds of cells that hold places on roads to those of walking there and going on."""
        x, y = self.road_xy.T
        low, high = rows[-1] * cell, (rows[0] + 1) * cell
        west, east = columns[0] * cell, (columns[-1] + 1) * cell
        near = (x >= west) & (x < east) & (y >= low) & (y < high)
        x, y = x[near], y[near]
        column, row = np.floor(x / cell), np.floor(y / cell)
        metres = np.hypot(x - (column + 0.5) * cell, y - (row + 0.5) * cell)
        at = (rows[0] - row).astype(np.int64), (column - columns[0]).astype(np.int64)
        np.minimum.at(found, at, self.road_s[near] + metres * self.road_pace[near])


def _part(at: Floats, first: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the node before each place, counted from the first, and how far on the place lies."""
    low = np.floor(at)
    return low.astype(np.int64) - first, at - low


def lay_level_ground(grid: Grid, shape: BaseGeometry, kmh: float, most: int = MOST_NODES) -> Terrain:
    """Return level ground that covers a grid and a shape, all of it at one speed.

    Parameters
    ----------
    grid : Grid
    shape : shapely geometry
        In the grid's system.
    kmh : float
        Speed off the roads.
    most : int
        Nodes at most: the step between them is the least whole number of cells that keeps to it.

    Examples
    --------
    >>> from shapely import Point
    >>> ground = lay_level_ground(Grid("EPSG:4546", 0.0, 500.0, 50.0, 10, 10), Point(100, 100), 3)
    >>> ground.pace.shape, round(float(ground.pace[0, 0]), 2)
    ((13, 13), 1.2)
    """
    bounds = np.array([grid.bounds, shape.bounds])
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    times = 1
    while True:
        step = grid.cell_m * times
        column, row = math.floor(west / step) - 1, math.floor(south / step) - 1
        wide, high = math.ceil(east / step) + 2 - column, math.ceil(north / step) + 2 - row
        if wide * high <= most:
            break
        times += 1
    flat = np.zeros((high, wide), dtype=np.float32)
    return Terrain(grid.crs, step, column, row, flat, flat + np.float32(3.6 / kmh))


def measure_remoteness(
    network: Network,
    centre: BaseGeometry,
    ground: Terrain,
    *,
    kmh: float,
    snap_m: float,
    steepest: float = STEEPEST,
) -> Remoteness:
    """Return how long it takes to a centre from everywhere on the ground.

    Parameters
    ----------
    network : Network
        Roads of cars as drawn, in the ground's system.
    centre : shapely geometry
        Point or area in the ground's system; all of an area is reached at 0 s.
    ground : Terrain
    kmh : float
        Speed between a point and its road.
    snap_m : float
        Farthest road of a point, metres.
    steepest : float
        Rise over run beyond which ground is no path.

    Raises
    ------
    GeometryError
        Journeys to the centre can end neither on a road nor on the ground there.
    """
    surface = build_surface(ground, network, barrier=network, steepest=steepest, towards=True)
    rules = SurfaceRules(cell_m=ground.cell_m, usual_kmh=kmh, roads=True, steepest=steepest)
    trek = set_out(surface, centre, rules, index=index_open_roads(network), snap_m=snap_m)
    if trek.problem:
        raise GeometryError("the centre lies on ground that cannot be stood on, and no road is near")
    lattice = trek.seconds[: ground.nodes].reshape(ground.pace.shape)
    xy, seconds = np.empty((0, 2)), np.empty(0, dtype=np.float32)
    if surface.burnt is not None:
        least = surface.burnt.least(trek.seconds)
        joined = surface.burnt.open & (least < FAR)
        xy, seconds = surface.burnt.xy[joined], least[joined]
    pace = pace_at(ground, xy).astype(np.float32) if len(xy) else np.empty(0, dtype=np.float32)
    return Remoteness(ground.crs, ground.cell_m, ground.column, ground.row, lattice, xy, seconds, pace)
