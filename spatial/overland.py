"""Journeys overland: rings of places over terrain, with the roads on it or without any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely import MultiPolygon

from spatial.drawing import Group, Question
from spatial.engine.burning import find_bars, ties
from spatial.engine.network import FAR, Floats, Longs, Mode, Network, Seconds
from spatial.engine.outlines import SurfaceRules, trace_outlines
from spatial.engine.places import starts_of
from spatial.engine.routing import sweep
from spatial.engine.surfaces import Start, Surface, build_surface, sweep_surface
from spatial.engine.terrain import Terrain
from spatial.errors import Fault, GeometryError, PlanError, SourceError
from spatial.journeys import (
    Given,
    Places,
    Progress,
    Roads,
    Snapped,
    ask_roads,
    project,
    snap_places,
    take_snaps,
)
from spatial.plan.findings import Finding
from spatial.questions import read_mode, read_speeds
from spatial.sources.networks import choose_crs
from spatial.sources.terrain import Ground, Laid, lay_terrain, list_codes, steepest

OFF_ROAD = "off_road"
"""Class that stands for the ground in ``--speed off_road=4km/h``."""
_DOWNHILL = 1.2
"""Above how much faster than on the flat Tobler's walkers ever are."""
_NEAR_CELLS = 2.0
_MARGIN_CELLS = 6
_WHY = {
    "outside": ("位于高程数据之外", "lies outside the elevation model"),
    "void": ("处没有高程（数据空洞）", "stands on a void of the elevation model"),
    "water": ("处不可通行（水面或无路可走的地类）", "stands on water or other land that is no path"),
    "road": ("附近没有道路", "has no road near that a journey can start on"),
}


@dataclass(frozen=True)
class OverlandQuestion:
    """What journeys overland are asked with.

    Parameters
    ----------
    ground : Ground
    mode : {"drive", "cycle", "walk"}
    roads : Roads or None
        None: on foot over the ground alone.
    """

    ground: Ground
    mode: Mode
    roads: Roads | None


def ask_overland(
    roads: Given | None,
    mode: str,
    speed: str | Sequence[str] | None,
    dem: Given | None,
    *,
    land_cover: Given | None = None,
    codes: str | None = None,
    columns: Sequence[str] | None = None,
) -> OverlandQuestion:
    """Return what was asked of journeys overland.

    Raises
    ------
    PlanError
        No elevation model, a car without roads, codes without land cover, or a speed that cannot be.
    """
    faults = []
    if dem is None:
        faults.append(Fault("--method surface", "", "there is no elevation model", "add --dem FILE"))
    if roads is None and read_mode(mode) != "walk":
        remedy = "add --roads FILE, or take --mode walk"
        faults.append(Fault("--method surface", "", f"there are no roads to {mode} on", remedy))
    if codes is not None and codes not in list_codes():
        remedy = f"write one of {', '.join(list_codes())}"
        faults.append(Fault("--codes", "", f"{codes!r} is no list of land cover codes", remedy))
    if codes is not None and land_cover is None:
        faults.append(
            Fault("--codes", "", "there is no land cover that it is about", "add --land-cover FILE")
        )
    if faults or dem is None:
        raise PlanError(faults)
    texts = [speed] if isinstance(speed, str) else list(speed or ())
    own = [text for text in texts if text.partition("=")[0].strip() == OFF_ROAD]
    rest = [text for text in texts if text not in own]
    kmh = read_speeds(own).get(OFF_ROAD)
    if kmh == 0 or (roads is None and rest):
        problem = "no speed over the ground" if kmh == 0 else "there are no roads that it would be of"
        raise PlanError(Fault("--speed", (own if kmh == 0 else rest)[0], problem, "write off_road=4km/h"))
    ground = Ground(Path(dem), None if land_cover is None else Path(land_cover), codes, kmh)
    source = None
    if roads is not None:
        source = ask_roads(roads, mode, rest, None if mode == "drive" else dem, columns)
    return OverlandQuestion(ground, read_mode(mode), source)


@dataclass(frozen=True, eq=False)
class Standing:
    """Places on the ground.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        EPSG:4490: ``id, name, stands, geometry``, with roads also ``offset_m, road``.
    xy : ndarray of float64, shape (q, 2)
        Metres.
    findings : tuple of Finding
        Places that no journey can start from, and why.
    """

    frame: gpd.GeoDataFrame
    xy: Floats
    findings: tuple[Finding, ...]


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
            laid = lay_terrain(self.asked.ground, self._box(group), self.crs, self.question.cell_m)
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
            self._mind_the_edge(surface, seconds)
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
            far = snaps.offset_m > _NEAR_CELLS * self.question.cell_m
            snaps = replace(snaps, road=np.where(far, np.int32(-1), snaps.road))
        return Start(xy, snaps, np.nan_to_num(snaps.offset_m) * 3.6 / self.asked.ground.pace_kmh)

    def _box(self, group: Group) -> tuple[float, float, float, float]:
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

    def _mind_the_edge(self, surface: Surface, seconds: Seconds) -> None:
        """Note when rings come to the edge of the terrain: beyond it there may be more."""
        first = _first_at_edge(surface, seconds)
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


def _first_at_edge(surface: Surface, seconds: Seconds) -> float:
    """Return the earliest arrival at the rim of the terrain, or beside land without heights that meets it."""
    from scipy.ndimage import label

    terrain = surface.terrain
    arrival = seconds[: terrain.nodes].reshape(terrain.pace.shape)
    parts, _ = label(np.pad(np.isnan(terrain.height_m), 1, constant_values=True))
    beyond = parts == parts[0, 0]
    beside = beyond[:-2, 1:-1] | beyond[2:, 1:-1] | beyond[1:-1, :-2] | beyond[1:-1, 2:]
    first = float(arrival[beside].min(initial=FAR))
    if surface.burnt is not None:
        at = np.rint(surface.burnt.xy / terrain.cell_m).astype(np.int64) - [terrain.column, terrain.row]
        high, wide = terrain.pace.shape
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
    standing = _stand(asked, places, crs, barrier=barrier, snapped=snapped, cell_m=question.cell_m)
    return Overland(asked, question, crs, network, barrier, standing, snapped)


def _open_barrier(roads: Roads, show: Progress) -> Network | None:
    """Return the network of cars, for the motorways that nobody walks across."""
    try:
        return replace(roads, mode="drive", speeds={}, dem=None).open(show)
    except GeometryError:
        return None


def _stand(
    asked: OverlandQuestion,
    places: Places,
    crs: str,
    *,
    barrier: Network | None,
    snapped: Snapped | None,
    cell_m: float,
) -> Standing:
    xy = project(places.frame.geometry.to_numpy(), crs)
    bars = find_bars(barrier)
    why, refusals = [], []
    for at, place in enumerate(xy):
        road_m = float(snapped.snaps.offset_m[at]) if snapped and snapped.snaps.road[at] >= 0 else np.inf
        try:
            reason = _doubt_ground(asked.ground, place[None], crs, cell_m, bars)
        except SourceError as error:
            refusals.append(error)
            reason = "outside"
        by_road = road_m < np.inf if asked.mode != "walk" else road_m <= _NEAR_CELLS * cell_m
        why.append("" if by_road else "road" if asked.mode != "walk" else reason)
    if len(refusals) == len(why):
        raise refusals[0]
    frame = places.frame[["id", "name", "geometry"]].reset_index(drop=True)
    stands = np.array([not reason for reason in why], dtype=bool)
    frame.insert(2, "stands", stands)
    if snapped is not None:
        frame.insert(3, "offset_m", snapped.frame["offset_m"].to_numpy())
        frame.insert(4, "road", snapped.frame["road"].to_numpy())
    if not stands.any():
        names = zip(frame["name"], why, strict=True)
        remedy = "move it to where one can walk, or check the data there"
        raise PlanError([Fault("--from", str(name), _WHY[reason][1], remedy) for name, reason in names][:20])
    return Standing(frame, xy, tuple(_find_lost(frame, why)))


def _find_lost(frame: gpd.GeoDataFrame, why: Sequence[str]) -> Iterable[Finding]:
    for row, reason in zip(frame.itertuples(), why, strict=True):
        if reason:
            zh, en = _WHY[reason]
            yield Finding(
                "origins.no_ground", "error", "origins", str(row.id),
                f"{row.name}{zh}，未参与计算；请核对位置。",
                f"{row.name} {en}, so it was left out; check where it lies.",
                geometry=row.geometry,
            )  # fmt: skip


def _doubt_ground(ground: Ground, place: Floats, crs: str, cell_m: float, bars: np.ndarray) -> str:
    """Say why no journey can start from a place; "" if one can."""
    (x, y), reach = place[0], 3 * cell_m
    terrain: Terrain = lay_terrain(ground, (x - reach, y - reach, x + reach, y + reach), crs, cell_m).terrain
    node: Longs = ties(terrain, place, bars)[1]
    if len(node):
        return ""
    around = terrain.corners(place)[1]
    if not len(around):
        return "outside"
    return "void" if np.isnan(terrain.height_m.ravel()[around]).all() else "water"
