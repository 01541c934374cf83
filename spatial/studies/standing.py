"""Standing: what journeys overland are asked with, and which places they can start from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from spatial.engine.rings.burning import find_bars, ties
from spatial.engine.travel.network import Floats, Mode, Network
from spatial.errors import Fault, PlanError, SourceError
from spatial.plan.findings import Finding
from spatial.sources.terrain import Ground, lay_terrain, list_codes
from spatial.studies.journeys import Given, Places, Roads, Snapped, ask_roads, project
from spatial.studies.questions import read_mode, read_speeds

OFF_ROAD = "off_road"
"""Class that stands for the ground in ``--speed off_road=4km/h``."""
NEAR_CELLS = 2.0
"""Cells within which walkers start on a road straight away."""
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
        faults.append(Fault("--codes", "", "there is no land cover to read", "add --land-cover FILE"))
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


def stand_on(
    asked: OverlandQuestion,
    places: Places,
    crs: str,
    *,
    barrier: Network | None,
    snapped: Snapped | None,
    cell_m: float,
) -> Standing:
    """See which places journeys can start from: on the ground that can be stood on, by car on a road.

    Parameters
    ----------
    asked : OverlandQuestion
    places : Places
    crs : str
        Metric system.
    barrier : Network or None
        Whose motorways nobody walks across.
    snapped : Snapped or None
        The places on the roads. Walkers use roads within two cells.
    cell_m : float

    Raises
    ------
    SourceError
        None of the places lies on the elevation model.
    PlanError
        None of them stands where a journey can start.
    """
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
        by_road = road_m < np.inf if asked.mode != "walk" else road_m <= NEAR_CELLS * cell_m
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


def _doubt_ground(
    ground: Ground, place: Floats, crs: str, cell_m: float, bars: npt.NDArray[np.object_]
) -> str:
    """Say why no journey can start from a place; "" if one can."""
    (x, y), reach = place[0], 3 * cell_m
    terrain = lay_terrain(ground, (x - reach, y - reach, x + reach, y + reach), crs, cell_m).terrain
    node = ties(terrain, place, bars)[1]
    if len(node):
        return ""
    around = terrain.corners(place)[1]
    if not len(around):
        return "outside"
    return "void" if np.isnan(terrain.height_m.ravel()[around]).all() else "water"
