"""Journeys overland: rings of places over terrain, with the roads on it or without any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import shapely
from shapely import MultiPolygon

from spatial.engine.rings.outlines import SurfaceRules, trace_outlines
from spatial.engine.rings.surfaces import Start, Surface, build_surface, sweep_surface
from spatial.engine.travel.network import FAR, Mode, Network, Seconds
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.routing import sweep
from spatial.errors import GeometryError
from spatial.plan.findings import Finding
from spatial.sources.networks import choose_crs
from spatial.sources.terrain import Laid, lay_terrain, steepest
from spatial.studies.drawing import Group, Question
from spatial.studies.journeys import (
    Places,
    Progress,
    Roads,
    Snapped,
    snap_places,
    take_snaps,
)
from spatial.studies.standing import NEAR_CELLS, OverlandQuestion, Standing, stand_on

Box = tuple[float, float, float, float]
"""West, south, east, north, metres."""
_DOWNHILL = 1.2
"""Above how much faster than on the flat Tobler's walkers ever are."""
_MARGIN_CELLS = 6


@dataclass
class Overland:
    """Ground, roads, places on them and the question, from which rings are drawn; `Drawing` for surfaces."""

    asked: OverlandQuestion
    question: Question
    crs: str
    network: Network | None
    barrier: Network | None
    standing: Standing
    snapped: Snapped | None
    codes: str = ""
    found: dict[str, Finding] = field(default_factory=dict)

    @property
    def mode(self) -> Mode:
        """How one travels."""
        return self.asked.mode

    @property
    def frame(self) -> gpd.GeoDataFrame:
        """The places."""
        return self.standing.frame

    @property
    def rules(self) -> SurfaceRules:
        """How rings are reckoned and drawn."""
        return SurfaceRules(
            cell_m=self.question.cell_m,
            usual_kmh=self.asked.ground.pace_kmh,
            cover=self.codes,
            roads=self.network is not None,
        )

    def groups(self, together: bool | None = None) -> list[Group]:
        """Return the places of each set of rings; those that nothing can start from are in none."""
        there = np.flatnonzero(self.frame["stands"])
        names, keys = self.frame["name"].to_numpy(), self.frame["id"].to_numpy()
        if not (self.question.together if together is None else together):
            return [Group(keys[at], names[at], np.array([at])) for at in there]
        if len(there) == 1:
            return [Group("all", str(names[there[0]]), there)]
        return [Group("all", f"{len(there)} 处", there)] if len(there) else []

    def sweep(self, groups: Sequence[Group], show: Progress) -> Iterator[tuple[Group, _Swept]]:
        """Yield each group with its surface and the seconds on it."""
        for at, group in enumerate(groups):
            show("terrain", at, len(groups))
            box = self._box(group)
            laid = lay_terrain(self.asked.ground, box, self.crs, self.question.cell_m)
            self.codes = laid.codes
            self._note(laid)
            surface = build_surface(
                laid.terrain,
                self.network,
                barrier=self.barrier,
                steepest=steepest(),
                towards=self.question.towards,
            )
            show("sweep and draw", at, len(groups))
            seconds = sweep_surface(surface, self._start(group), float(self.question.limits_s[-1]))
            self._mind_the_edge(surface, seconds, box)
            yield group, _Swept(surface, seconds)
            show("sweep and draw", at + 1, len(groups))

    def draw(self, group: Group, swept: _Swept) -> tuple[list[MultiPolygon], list[float]]:
        """Return the rings of a group in the metric system, and the kilometres of road in them."""
        xy = self.standing.xy[group.rows]
        shapes = trace_outlines(swept.surface, swept.seconds, self.question.minutes, self.rules, xy)
        return shapes, [swept.road_km(limit) for limit in self.question.limits_s.tolist()]

    def notes(self) -> tuple[str, ...]:
        """Return how it was drawn."""
        return (f"rings: {self.rules.describe()}",)

    def findings(self) -> list[Finding]:
        """Return what was found about the places and the ground."""
        return [*self.standing.findings, *self.found.values()]

    def describe(self) -> dict[str, str]:
        """Return what was given, for the record."""
        ground = self.asked.ground
        said = {"method": "surface", "mode": self.mode, "elevation": ground.elevation.name}
        said |= {"land_cover": f"{ground.land_cover.name} ({self.codes})"} if ground.land_cover else {}
        said |= self.asked.roads.describe() if self.asked.roads else {}
        return said | {"metric_crs": self.crs, "rings": self.rules.describe()}

    def _start(self, group: Group) -> Start:
        xy = self.standing.xy[group.rows]
        if self.snapped is None:
            return Start(xy)
        snaps = take_snaps(self.snapped.snaps, group.rows)
        if self.mode == "walk":
            far = snaps.offset_m > NEAR_CELLS * self.question.cell_m
            snaps = replace(snaps, road=np.where(far, np.int32(-1), snaps.road))
        return Start(xy, snaps, np.nan_to_num(snaps.offset_m) * 3.6 / self.asked.ground.pace_kmh)

    def _box(self, group: Group) -> Box:
        """Return the box that rings cannot leave, in the metric system."""
        walk_ms = self.asked.ground.fastest_kmh * _DOWNHILL / 3.6
        limit_s = float(self.question.limits_s[-1])
        xy, left_s = self.standing.xy[group.rows], np.full(len(group.rows), limit_s)
        if self.network is not None and self.mode == "walk":
            run = self.network.road_seconds.min(axis=1).astype(float)
            walk_ms = max(walk_ms, float((self.network.road_m / np.maximum(run, 1e-3)).max()))
        elif self.network is not None and self.snapped is not None:
            starts = starts_of(
                self.network, take_snaps(self.snapped.snaps, group.rows), towards=self.question.towards
            )
            seconds = sweep(
                self.network, (starts.nodes, starts.seconds), limit_s, towards=self.question.towards
            )
            xy = np.concatenate([xy, self.network.node_xy[seconds < FAR]])
            left_s = np.concatenate([left_s, limit_s - seconds[seconds < FAR].astype(float)])
        reach = (left_s * walk_ms + _MARGIN_CELLS * self.question.cell_m)[:, None]
        (west, south), (east, north) = (xy - reach).min(axis=0), (xy + reach).max(axis=0)
        return float(west), float(south), float(east), float(north)

    def _note(self, laid: Laid) -> None:
        for finding in laid.findings:
            worst = self.found.get(finding.rule)
            if worst is None or (finding.value or 0) > (worst.value or 0):
                self.found[finding.rule] = finding

    def _mind_the_edge(self, surface: Surface, seconds: Seconds, box: Box) -> None:
        """Note when rings come to the edge of the terrain: beyond it there may be more."""
        first = _first_at_edge(surface, seconds, box)
        known = self.found.get("terrain.at_the_edge")
        if first > self.question.limits_s[-1] or (known and (known.value or 0) <= first / 60):
            return
        minutes = first / 60
        self.found["terrain.at_the_edge"] = Finding(
            "terrain.at_the_edge", "warning", "rings", "",
            f"约 {minutes:.0f} 分钟起，等时圈到达高程数据的边缘，实际可能更大；请换用范围更大的数据。",
            f"from about {minutes:.0f} minutes up, rings come to the edge of the elevation model and may be "
            "larger; take a model of a larger region.",
            value=minutes,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Swept:
    surface: Surface
    seconds: Seconds

    def road_km(self, limit_s: float) -> float:
        """Return the kilometres of road whose pieces are reached from end to end."""
        burnt = self.surface.burnt
        if burnt is None:
            return 0.0
        near = burnt.least(self.seconds) <= limit_s
        pieces = np.diff(burnt.first) - 1
        road = np.repeat(np.arange(len(pieces)), pieces)
        first = burnt.first[:-1][road] + np.arange(len(road)) - (np.cumsum(pieces) - pieces)[road]
        length = (burnt.network.road_m[burnt.roads] / pieces)[road]
        return float(length[near[first] & near[first + 1]].sum() / 1000)


def _first_at_edge(surface: Surface, seconds: Seconds, box: Box) -> float:
    """Return the earliest arrival at the edge of the elevation model, where that cuts the box asked for."""
    from scipy.ndimage import label

    terrain = surface.terrain
    high, wide = terrain.pace.shape
    low = np.array([terrain.column, terrain.row])
    asked = np.array(box) / terrain.cell_m
    west, south = (asked[:2] < low - 1).tolist()
    east, north = (asked[2:] > low + np.array([wide, high])).tolist()
    rim = np.zeros((high + 2, wide + 2), dtype=bool)
    rim[0, :], rim[-1, :] = south, north
    rim[1:-1, 0], rim[1:-1, -1] = west, east
    # A model in degrees ends aslant: land without heights that meets such a side is beyond it too.
    parts, _ = label(np.pad(np.isnan(terrain.height_m), 1) | rim)
    beyond = np.isin(parts, np.unique(parts[rim])) & (parts > 0)
    beside = beyond[:-2, 1:-1] | beyond[2:, 1:-1] | beyond[1:-1, :-2] | beyond[1:-1, 2:]
    first = float(seconds[: terrain.nodes].reshape(high, wide)[beside].min(initial=FAR))
    if surface.burnt is not None:
        at = np.rint(surface.burnt.xy / terrain.cell_m).astype(np.int64) - low
        off = (at < 0).any(axis=1) | (at >= [wide, high]).any(axis=1)
        first = min(first, float(surface.burnt.least(seconds)[off].min(initial=FAR)))
    return first


def open_overland(
    asked: OverlandQuestion, places: Places, question: Question, snap_m: float, show: Progress
) -> Overland:
    """Open roads and ground, and see which places journeys can start from.

    Raises
    ------
    SourceError
        A file that cannot be read, or none of the places lies on the elevation model.
    PlanError
        None of the places stands where a journey can start.
    """
    network = barrier = snapped = None
    crs = choose_crs(*shapely.get_coordinates(places.frame.geometry.to_numpy()).T)
    if asked.roads is not None:
        network = asked.roads.open(show)
        barrier = network if asked.mode == "drive" else _open_barrier(asked.roads, show)
        crs = network.crs
        snapped = snap_places(network, places, snap_m, where=asked.roads.path.name, layer="origins")
    show("terrain", 0, 0)
    standing = stand_on(asked, places, crs, barrier=barrier, snapped=snapped, cell_m=question.cell_m)
    return Overland(asked, question, crs, network, barrier, standing, snapped)


def _open_barrier(roads: Roads, show: Progress) -> Network | None:
    """Return the network of cars, for the motorways that nobody walks across."""
    try:
        return replace(roads, mode="drive", speeds={}, dem=None).open(show)
    except GeometryError:
        return None
