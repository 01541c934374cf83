"""Rings of equal time over a surface, as polygons: the land that is reached on it in that time or less.

Rings are drawn as those of networks are (`rings.isochrones`, `rings.contours`): as the zero
line of a whole-number field on a lattice, so they are valid, nested exactly, and the same whether asked for
alone or with others. Here the field is the arrival at the nodes less the limit; along roads, which are
narrower than a cell, it is the distance from the places reached in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from shapely import MultiPolygon

from spatial.engine.rings.contours import draw_zero_line
from spatial.engine.rings.fields import Field
from spatial.engine.rings.lattice import CORNERS, ROUND, UNIT, distances_to, place_on_lattice
from spatial.engine.rings.surfaces import STEEPEST, Surface
from spatial.engine.rings.terrain import WORST_DETOUR
from spatial.engine.travel.network import FAR, Floats, Seconds
from spatial.errors import Fault, GeometryError

_PACE = 1.2
"""Seconds a metre at 3 km/h: a cell at this pace is 256 units of the field."""
_AWAY = 4 * UNIT
_HALF_ROAD = UNIT * 5 // 4
_HOLD = -UNIT // 4
_RIM = 2


@dataclass(frozen=True)
class SurfaceRules:
    """How rings over a surface are reckoned and drawn; print it beside them.

    Parameters
    ----------
    cell_m : float
        Distance between nodes, metres.
    usual_kmh : float
        Speed on foot on flat ground without a known land cover, km/h.
    cover : str
        Whence land cover is known; "" if it is not.
    roads : bool
        Whether there are roads.
    smallest_m2 : float
        Islands and holes smaller than this are dropped, square metres; an island with a start stays.
    steepest : float
        Rise over run beyond which ground is no path.

    Examples
    --------
    >>> SurfaceRules(cell_m=25).describe().split("; ")[1:3]
    ['16 neighbours: ways over even ground 0 to 2.7 % too long', 'on foot 3 km/h, slopes by Tobler']
    """

    cell_m: float = 25.0
    usual_kmh: float = 3.0
    cover: str = ""
    roads: bool = False
    smallest_m2: float = 10_000.0
    steepest: float = STEEPEST

    def describe(self, language: Literal["en", "zh"] = "en") -> str:
        """Say the rules in one line."""
        detour = f"{100 * WORST_DETOUR:.1f}"
        cell, kmh, smallest = f"{self.cell_m:g}", f"{self.usual_kmh:g}", f"{self.smallest_m2:.0f}"
        if language == "zh":
            cover = (
                f"按 {self.cover} 地类速度，其余 {kmh} 公里/小时" if self.cover else f"平地 {kmh} 公里/小时"
            )
            return (
                f"格网 {cell} 米；16 邻域，平地路程偏长 0～{detour}%；步行{cover}，坡度按 Tobler 函数；"
                f"{'叠加道路' if self.roads else '无道路'}；小于 {smallest} 平方米的岛与洞略去；"
                "除水面与高速公路外的阻隔未知"
            )
        cover = f"by land cover {self.cover}, else {kmh} km/h" if self.cover else f"{kmh} km/h"
        return (
            f"cell {cell} m; 16 neighbours: ways over even ground 0 to {detour} % too long; on foot {cover}, "
            f"slopes by Tobler; {'with roads' if self.roads else 'no roads'}; parts below {smallest} m2 "
            "dropped; barriers other than water and motorways not known"
        )


def trace_outlines(
    surface: Surface,
    seconds: Seconds,
    minutes: Sequence[float],
    rules: SurfaceRules,
    places: Floats | None = None,
) -> list[MultiPolygon]:
    """Draw the ring of every limit: what is reached in that time or less.

    Parameters
    ----------
    surface : Surface
    seconds : ndarray of float32, shape (n,)
        As `sweep_surface` returns them, at least as far as the longest limit.
    minutes : sequence of float
        Limits, in any order.
    rules : SurfaceRules
    places : ndarray of float64, shape (q, 2), optional
        Starts, metres: they belong to every ring.

    Returns
    -------
    list of MultiPolygon
        In the terrain's CRS, in the order of `minutes`: valid, and each within those of longer limits.

    Raises
    ------
    GeometryError
        Minutes that are not positive numbers; seconds that are not this surface's.

    Examples
    --------
    >>> from spatial.engine.rings.surfaces import Start, build_surface, sweep_surface
    >>> from spatial.engine.rings.terrain import Terrain
    >>> flat = np.zeros((81, 81), np.float32)
    >>> surface = build_surface(Terrain("EPSG:4547", 10.0, 0, 0, flat, flat + 1))
    >>> seconds = sweep_surface(surface, Start.at([[400.0, 400.0]]))
    >>> ring, = trace_outlines(surface, seconds, [5], SurfaceRules(cell_m=10))
    >>> round(ring.area / (np.pi * 300**2), 2)
    0.97
    """
    asked = np.asarray(minutes, dtype=np.float64).ravel()
    wrong = asked[~(np.isfinite(asked) & (asked > 0) & (asked * 60 < FAR))]
    if len(wrong):
        text = ", ".join(f"{value:g}" for value in wrong)
        raise GeometryError(Fault("", "minutes", f"{text} is no time limit", "write minutes above zero"))
    if seconds.shape != (surface.nodes,):
        raise GeometryError(f"{seconds.shape} seconds are not those of {surface.nodes} nodes")
    starts = np.empty((0, 2)) if places is None else places[np.isfinite(places).all(axis=1)]
    cell_m, least = surface.terrain.cell_m, rules.smallest_m2
    fields = (_raise_field(surface, seconds, limit * 60, starts) for limit in asked.tolist())
    return [draw_zero_line(field, cell_m, smallest_m2=least, starts=starts) for field in fields]


def _raise_field(surface: Surface, seconds: Seconds, limit_s: float, starts: Floats) -> Field:
    """Return the field of one limit: whole numbers, of a longer limit nowhere higher."""
    terrain = surface.terrain
    high, wide = terrain.pace.shape
    value = np.full((high + 2 * _RIM, wide + 2 * _RIM), _AWAY, dtype=np.int16)
    late = seconds[: terrain.nodes].astype(np.float64) - limit_s
    units = np.ceil(late * (UNIT / (_PACE * terrain.cell_m)))
    value[_RIM:-_RIM, _RIM:-_RIM] = np.clip(units, -_AWAY, _AWAY).reshape(high, wide)
    value[_RIM:-_RIM, _RIM:-_RIM] -= (late <= 0).reshape(high, wide) & (units >= 0).reshape(high, wide)
    field = Field(value, terrain.column - _RIM, terrain.row - _RIM)
    if surface.burnt is not None:
        near = surface.burnt.least(seconds) <= limit_s
        _lower(field, surface.burnt.xy[near], terrain.cell_m)
    if len(starts):
        _hold(field, starts, terrain.cell_m)
    return field


def _lower(field: Field, xy: Floats, cell_m: float) -> None:
    """Lower the field round places on roads to the distance from a disc of five quarters of a cell."""
    cell, spot = place_on_lattice(xy, cell_m)
    column, row = cell[0].astype(np.int64) - field.column, cell[1].astype(np.int64) - field.row
    high, wide = field.value.shape
    flat = field.value.reshape(-1)
    for right, up in CORNERS + ROUND:
        inside = (column + right > 0) & (column + right < wide - 1) & (row + up > 0) & (row + up < high - 1)
        node = ((row + up) * wide + column + right)[inside]
        away = distances_to((right, up))[spot[inside]] - np.int16(_HALF_ROAD)
        np.minimum.at(flat, node, away)


def _hold(field: Field, starts: Floats, cell_m: float) -> None:
    """Let the cells of the starts belong to the ring."""
    cell, _ = place_on_lattice(starts, cell_m)
    column, row = cell[0].astype(np.int64) - field.column, cell[1].astype(np.int64) - field.row
    high, wide = field.value.shape
    for right, up in CORNERS:
        inside = (column + right > 0) & (column + right < wide - 1) & (row + up > 0) & (row + up < high - 1)
        at = (row + up)[inside], (column + right)[inside]
        field.value[at] = np.minimum(field.value[at], _HOLD)
