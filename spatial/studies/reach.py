"""Reach: how many people or places each hexagon of a region reaches within so many minutes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.shapes.hexagons import lay_hexagons
from spatial.engine.travel.choice import Choice, choose
from spatial.engine.travel.network import Floats, Network
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.routing import matrix
from spatial.engine.travel.snapping import index_roads
from spatial.errors import Fault, PlanError
from spatial.outputs.answers.reach import ReachPapers, name_column, write_reach
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS, Finding, frame_findings
from spatial.sources.origin import list_some
from spatial.sources.people import People
from spatial.studies.journeys import (
    SNAP,
    Given,
    Places,
    Progress,
    Roads,
    Snapped,
    ask_roads,
    gather_places,
    keep_quiet,
    snap_places,
    take_snaps,
)
from spatial.studies.questions import read_length, read_minutes
from spatial.version import __version__

Shapes = npt.NDArray[np.object_]

_MOST_NUMBERS = 4_000_000


@dataclass(frozen=True)
class Reach:
    """How much is reached from where.

    Parameters
    ----------
    reach : geopandas.GeoDataFrame
        EPSG:4490, one row for each hexagon or origin: ``id, name, offset_m`` and, for each number of minutes,
        ``reach_<minutes>``: people, or the sum of a column of the targets, or how many they are.
    table : pandas.DataFrame
        Per number of minutes: total, least, median, mean and most over the rows.
    findings : geopandas.GeoDataFrame
    files : tuple of Path
    notes : tuple of str
    """

    reach: gpd.GeoDataFrame
    table: pd.DataFrame
    findings: gpd.GeoDataFrame
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error: exit code 1."""
        return bool((self.findings["severity"] == "error").any())


def measure_reach(  # noqa: PLR0913 (a question in one call; all but two have a default)
    roads: str | PathLike[str],
    targets: Given | Iterable[Given] | None = None,
    minutes: str | float | Iterable[float] = (15, 30),
    *,
    people: str | PathLike[str] | None = None,
    column: str | None = None,
    origins: Given | Iterable[Given] | None = None,
    hexagon: str = "500m",
    mode: str = "drive",
    speed: str | Sequence[str] | None = None,
    dem: str | PathLike[str] | None = None,
    columns: Sequence[str] | None = None,
    towards: bool = False,
    snap: str = SNAP,
    crs: str | None = None,
    out: str | PathLike[str] | None = None,
    basemap: str = "none",
    progress: Progress | None = None,
) -> Reach:
    """Count what can be reached from everywhere: cumulative opportunities.

    Parameters
    ----------
    roads, minutes, mode, speed, dem, columns, snap, crs, basemap, progress
        As for `draw_rings`.
    targets : str, path or iterable of them, optional
        Places that are counted, as `draw_rings` takes origins.
    people : path, optional
        Instead of targets: a grid of counts, or points or areas with a count.
    column : str, optional
        Of the targets: what each offers, such as jobs or beds; one each unless given. Of a vector file of
        people: its counts.
    origins : str, path or iterable of them, optional
        Where from; without them every hexagon that a road passes through, from the place on a road that is
        nearest to its centre.
    hexagon : str
        Distance between the centres of hexagons.
    towards : bool
        Count who reaches the hexagon instead.
    out : path, optional
        Folder for ``reach.html``, ``reach.gpkg`` and ``reach.csv``.

    Returns
    -------
    Reach

    Raises
    ------
    PlanError, SourceError, OutputError
        As `draw_rings`.

    Notes
    -----
    Source of the measure: Wachs & Kumagai (1973), Socio-Economic Planning Sciences 7, 437-456. Each cell of a
    grid of people counts at its centre. On foot, ways between places and roads take their time at 3 km/h; a
    hexagon starts on the road.
    """
    show = progress or keep_quiet
    limits_s = np.array(read_minutes(minutes)) * 60
    source, snap_m = ask_roads(roads, mode, speed, dem, columns), read_length(snap, "--snap")
    size_m = read_length(hexagon, "--hexagon")
    given = _read_targets(targets, people, column, crs)
    network = source.open(show)
    index = index_roads(network)
    where = source.path.name
    wanted = given if isinstance(given, _Targets) else _scatter(given, network, snap_m)
    many = not isinstance(given, _Targets)
    ends = snap_places(
        network, wanted.places, snap_m, where=where, layer="targets", index=index, tell=not many
    )
    starts, shapes = _lay_origins(network, origins, size_m, crs)
    far_m = snap_m if shapes is None else 2 * size_m
    begin = snap_places(
        network, starts, far_m, where=where, layer="origins", index=index, tell=shapes is None
    )
    counting = _Counting(network, begin, ends, wanted.amount, limits_s)
    sums = counting.count(show, from_road=shapes is not None, towards=towards)
    lost = _find_lost(ends, wanted.amount) if many else ends.findings
    left = _find_islands(begin) if shapes is not None else begin.findings
    frame = _frame(begin, shapes, sums, limits_s)
    made = Reach(
        reach=frame,
        table=_summarise(frame, limits_s, float(wanted.amount.sum())),
        findings=frame_findings([*source.findings, *wanted.places.findings, *starts.findings, *lost, *left]),
        notes=(*network.notes, f"engine {counting.choice}"),
    )
    if out is None:
        return made
    show("writing", 0, 0)
    papers = _describe(source, network, limits_s, wanted.what, towards=towards, basemap=basemap)
    files, told = write_reach(
        Path(out), {"reach": made.reach, "findings": made.findings}, network=network, papers=papers
    )
    return replace(made, files=files, notes=(*made.notes, *told))


@dataclass(frozen=True, eq=False)
class _Targets:
    """What is counted: places, how much each offers, and what that is called in Chinese and English."""

    places: Places
    amount: Floats
    what: tuple[str, str]


def _read_targets(
    targets: Given | Iterable[Given] | None,
    people: str | PathLike[str] | None,
    column: str | None,
    crs: str | None,
) -> _Targets | People:
    if (targets is None) == (people is None):
        remedy = "give --to for places, or --people for people"
        raise PlanError(Fault("--to", "", "say what is counted, one thing at a time", remedy))
    if people is not None:
        return People(Path(people), column, crs)
    assert targets is not None
    places = gather_places(targets, "--to", crs)
    if column is None:
        return _Targets(places, np.ones(len(places.frame)), ("终点数", "Targets"))
    amount = _read_amounts(places.frame, column)
    return _Targets(places, amount, (column, column))


def _read_amounts(frame: gpd.GeoDataFrame, column: str) -> Floats:
    if column not in frame:
        there = [name for name in frame.columns if name not in ("id", "geometry")]
        remedy = f"there is {list_some(there, 20)}"
        raise PlanError(Fault("--count", "", f"the targets have no column {column!r}", remedy))
    amount = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = ~(np.isfinite(amount) & (amount >= 0))
    if wrong.any():
        problem = f"{int(wrong.sum())} targets have no number in {column!r}: {list_some(frame['id'][wrong])}"
        raise PlanError(Fault("--count", "", problem, "give each zero or more"))
    return amount


def _scatter(people: People, network: Network, margin_m: float) -> _Targets:
    """Return people as places: each cell of a grid at its centre, each area at a point on it."""
    low, high = network.shape_xy.min(axis=0) - margin_m, network.shape_xy.max(axis=0) + margin_m
    area = transform_shapes([shapely.segmentize(shapely.box(*low, *high), 1000)], network.crs, STORED_CRS)
    points, amount = people.scatter(area[0])
    ids = np.arange(len(points)).astype(str)
    frame = gpd.GeoDataFrame({"id": ids, "name": ids}, geometry=points, crs=STORED_CRS)
    return _Targets(Places(frame, tuple(people.findings)), amount, ("人口", "People"))


def _lay_origins(
    network: Network, origins: Given | Iterable[Given] | None, size_m: float, crs: str | None
) -> tuple[Places, Shapes | None]:
    """Return the places to start from, and the shapes of the hexagons where they are hexagons."""
    if origins is not None:
        return gather_places(origins, "--from", crs), None
    roads = np.flatnonzero(network.road_components() == 0)
    cells = lay_hexagons(network.shapes(roads), size_m)
    centres = transform_shapes(shapely.points(cells.centres), network.crs, STORED_CRS)
    frame = gpd.GeoDataFrame({"id": cells.ids, "name": cells.ids}, geometry=centres, crs=STORED_CRS)
    return Places(frame), transform_shapes(cells.shapes, network.crs, STORED_CRS)


class _Counting:
    """Sums of what is reached within limits, a part of the origins at a time."""

    def __init__(
        self, network: Network, starts: Snapped, ends: Snapped, amount: Floats, limits_s: Floats
    ) -> None:
        self.network, self.starts, self.ends = network, starts, ends
        self.amount, self.limits_s = amount, limits_s
        self.choice: Choice | None = None

    def count(self, show: Progress, *, from_road: bool, towards: bool) -> Floats:
        """Return sums, shape (origins, limits); NaN for those that no road is near to."""
        count, limit_s = len(self.starts.frame), float(self.limits_s[-1])
        sweeps = starts_of(self.network, self.starts.snaps, towards=towards)
        self.choice = choose(self.network, sweeps, limit_s, towards=towards, targets=len(self.amount))
        lead = np.zeros(count) if from_road else self.starts.lead_s(self.network.mode)
        arrive = self.ends.lead_s(self.network.mode).astype(np.float32)
        sums = np.full((count, len(self.limits_s)), np.nan)
        step = max(1, _MOST_NUMBERS // max(1, len(self.amount)))
        for begin in range(0, count, step):
            show("sweep and count", begin, count)
            rows = np.arange(begin, min(begin + step, count))
            from_ = take_snaps(self.starts.snaps, rows)
            seconds = matrix(
                self.network, from_, self.ends.snaps, limit_s, towards=towards, choice=self.choice
            )
            seconds += arrive + lead[rows, None].astype(np.float32)
            for at, limit in enumerate(self.limits_s):
                sums[rows, at] = (seconds <= limit) @ self.amount
        show("sweep and count", count, count)
        sums[self.starts.snaps.road < 0] = np.nan
        return sums


def _frame(starts: Snapped, shapes: Shapes | None, sums: Floats, limits_s: Floats) -> gpd.GeoDataFrame:
    frame = starts.frame[["id", "name", "offset_m", "geometry"]].copy()
    for at, limit in enumerate(limits_s):
        frame.insert(3 + at, name_column(limit / 60), sums[:, at])
    if shapes is None:
        return frame
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=STORED_CRS))
    return frame.drop(columns="offset_m")


def _summarise(frame: gpd.GeoDataFrame, limits_s: Floats, total: float) -> pd.DataFrame:
    rows = []
    for limit in limits_s / 60:
        values = frame[name_column(limit)].dropna()
        measures = {"least": values.min(), "median": values.median(), "mean": values.mean()}
        rows.append({"time_min": limit, **measures, "most": values.max(), "total": total})
    return pd.DataFrame(rows).astype(float)


def _find_lost(ends: Snapped, amount: Floats) -> Iterator[Finding]:
    """Report people that live far from any road, together: cells of a grid are many."""
    lost = float(amount[ends.snaps.road < 0].sum())
    if lost > 0:
        share, limit = lost / float(amount.sum()), f"{ends.limit_m:g}"
        zh = f"{lost:.0f} 人（{share:.2%}）距道路超过 {limit} 米，未计入。"
        en = f"{lost:.0f} people ({share:.2%}) live over {limit} m from any road and are not counted."
        yield Finding("targets.far_from_roads", "warning", "targets", "", zh, en, value=lost)


def _find_islands(starts: Snapped) -> Iterator[Finding]:
    lost = int((starts.snaps.road < 0).sum())
    if lost:
        zh = f"{lost} 个六边形内没有接入主路网的道路，无数值。"
        en = f"{lost} hexagons have no road of the largest connected part, and no value."
        yield Finding("origins.far_from_roads", "info", "origins", "", zh, en, value=float(lost))


def _describe(
    source: Roads,
    network: Network,
    limits_s: Floats,
    what: tuple[str, str],
    *,
    towards: bool,
    basemap: str,
) -> ReachPapers:
    way = "reaching the place" if towards else "reached from the place"
    provenance = {"tool": f"spatial-planning-toolkit {__version__}", **source.describe()}
    provenance |= {"metric_crs": network.crs, "counted": f"{what[1]}, {way}"}
    return ReachPapers(
        what=Text(zh=what[0], en=what[1]),
        where=source.path.name,
        mode=source.mode,
        minutes=tuple((limits_s / 60).tolist()),
        towards=towards,
        metric_crs=network.crs,
        provenance=provenance,
        stamp=dt.date.fromtimestamp(source.path.stat().st_mtime),
        basemap=basemap,
    )
