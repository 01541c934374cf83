"""Rings without a plan: what lies within so many minutes of places, from a file of roads alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2
from spatial.engine.network import FAR, Floats, Longs, Network, Seconds
from spatial.engine.routing import sweep
from spatial.engine.snapping import Snaps
from spatial.engine.stretches import arrive_at, cut_roads, find_front, split_bands
from spatial.journeys import (
    SNAP,
    Given,
    Progress,
    Roads,
    gather_places,
    read_columns,
    read_length,
    read_minutes,
    read_mode,
    read_speeds,
    snap_places,
)
from spatial.outputs.rings import RingPapers, write_rings
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS, frame_findings
from spatial.version import __version__


@dataclass(frozen=True)
class Rings:
    """What can be reached from places, or from where they can be reached.

    Parameters
    ----------
    rings : geopandas.GeoDataFrame
        EPSG:4490, one row for each origin and number of minutes: all that lies within them.
    bands : geopandas.GeoDataFrame
        The same without what fewer minutes reach: disjoint.
    origins : geopandas.GeoDataFrame
        The places, with their distance to the nearest road.
    network : geopandas.GeoDataFrame or None
        Roads with the minutes at which they are reached, where asked for.
    table : pandas.DataFrame
        For each origin and number of minutes: area, people, kilometres of road.
    findings : geopandas.GeoDataFrame
        What is wrong or worth knowing, worst first.
    files : tuple of Path
        What was written.
    notes : tuple of str
        How the network was built.
    """

    rings: gpd.GeoDataFrame
    bands: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    network: gpd.GeoDataFrame | None
    table: pd.DataFrame
    findings: gpd.GeoDataFrame
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error: exit code 1."""
        return bool((self.findings["severity"] == "error").any())

    def describe(self) -> list[str]:
        """Return what came of it in lines to print, the files last."""
        lines = [f"note 注意: {text}" for text in self.notes]
        lines += [f"{row.severity}: {row.message_zh}\n{row.message_en}" for row in self.findings.itertuples()]
        lines += self.table.to_string(index=False).splitlines()
        return [*lines, *map(str, self.files)]


@dataclass(frozen=True)
class Question:
    """What is asked of a network.

    Parameters
    ----------
    minutes : tuple of float
        Rising.
    towards : bool
        Journeys lead to the places, not away from them.
    together : bool
        One set of rings for all places: within so many minutes of the nearest.
    """

    minutes: tuple[float, ...]
    towards: bool = False
    together: bool = False

    @property
    def limits_s(self) -> Floats:
        """The minutes in seconds."""
        return np.array(self.minutes) * 60


@dataclass(frozen=True, eq=False)
class Group:
    """The places of one set of rings, and their names."""

    key: str
    name: str
    rows: Longs


def draw_rings(
    roads: str | PathLike[str],
    origins: Given | Iterable[Given],
    minutes: str | float | Iterable[float] = (15, 30, 60),
    *,
    mode: str = "drive",
    speed: str | Sequence[str] | None = None,
    towards: bool = False,
    together: bool = False,
    dem: str | PathLike[str] | None = None,
    columns: Sequence[str] | None = None,
    snap: str = SNAP,
    network: bool = False,
    crs: str | None = None,
    basemap: str = "none",
    out: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Rings:
    """Draw what lies within so many minutes of places, along roads.
    """
    show = progress or (lambda step, done, total: None)
    question = Question(read_minutes(minutes), towards, together)
    source = Roads(
        Path(roads), read_mode(mode), read_speeds(speed), Path(dem) if dem else None, read_columns(columns)
    )
    places = gather_places(origins, "--from", crs)
    show("reading roads", 0, 1)
    built = source.open()
    snapped = snap_places(built, places, read_length(snap, "--snap"), where=source.path.name, layer="origins")
    groups = _group(snapped.frame, question)
    frames = []
    for done, group in enumerate(groups):
        show("sweep", done, len(groups))
        frames.append(_draw(built, snapped.snaps, group, question))
    show("writing", 0, 1)
    rings = _frame(frames, built)
    made = Rings(
        rings=rings,
        bands=_peel(rings),
        origins=snapped.frame,
        network=_trace(built, snapped.snaps, question) if network else None,
        table=_tabulate(rings, snapped.frame),
        findings=frame_findings([*places.findings, *snapped.findings]),
        notes=built.notes,
    )
    if out is None:
        return made
    papers = RingPapers(
        title=Text(zh="等时圈", en="Rings"),
        subtitle=Text(zh=source.path.name, en=source.path.name),
        minutes=question.minutes,
        metric_crs=built.crs,
        provenance={"tool": f"spatial-planning-toolkit {__version__}", "roads": source.path.name},
        stamp=dt.date.fromtimestamp(source.path.stat().st_mtime),
        basemap=basemap,
    )
    layers = {"rings": made.rings, "bands": made.bands, "origins": made.origins}
    layers |= {} if made.network is None else {"network": made.network}
    layers |= {"findings": made.findings}
    drawn = layers | {"roads": _choose_roads(built, made)}
    files, notes = write_rings(Path(out), layers, drawn=drawn, table=made.table, papers=papers)
    return replace(made, files=files, notes=(*made.notes, *notes))


def _group(frame: gpd.GeoDataFrame, question: Question) -> list[Group]:
    """Return the places of each set of rings."""
    there = np.flatnonzero(frame["snapped"])
    if question.together:
        return [Group("all", f"{len(there)} 处 places", there)] if len(there) else []
    names = zip(frame["id"].iloc[there], frame["name"].iloc[there], there, strict=True)
    return [Group(key, name, np.array([at])) for key, name, at in names]


def _take(snaps: Snaps, rows: Longs) -> Snaps:
    return Snaps(snaps.road[rows], snaps.share[rows], snaps.offset_m[rows])


def _draw(network: Network, snaps: Snaps, group: Group, question: Question) -> gpd.GeoDataFrame:
    """Return the rings of one group: a row for each number of minutes, in the network's system."""
    net = network.reverse() if question.towards else network
    starts = _take(snaps, group.rows)
    seconds = _sweep(net, starts, question)
    front = find_front(net, seconds, starts)
    rows = []
    for limit, limit_s in zip(question.minutes, question.limits_s, strict=True):
        road, low, high = front.within(limit_s)
        km = float((net.road_m[road] * (high - low)).sum() / 1000)
        lines = cut_roads(net, road, low, high)
        shape = shapely.union_all(shapely.buffer(lines, 100, quad_segs=2))
        rows.append(
            {
                "id": f"{group.key}-{limit:g}",
                "name": f"{group.name} · {limit:g} min",
                "origin": group.key,
                "origin_name": group.name,
                "time_min": limit,
                "mode": network.mode,
                "direction": "towards" if question.towards else "from",
                "network_km": km,
                "label": f"{limit:g} 分钟",
                "label_en": f"{limit:g} min",
                "geometry": shape,
            }
        )
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=network.crs)


def _sweep(network: Network, starts: Snaps, question: Question) -> Seconds:
    run = network.road_seconds[starts.road]
    left = np.column_stack([1 - starts.share, starts.share])
    open_ = run < FAR
    nodes = network.road_exits[starts.road][open_]
    return sweep(network, (nodes, (run * left)[open_]), float(question.limits_s[-1]))


def _frame(frames: list[gpd.GeoDataFrame], network: Network) -> gpd.GeoDataFrame:
    """Return all rings in the stored system, with their areas."""
    rings = pd.concat(frames, ignore_index=True)
    shapes = transform_shapes(rings.geometry.to_numpy(), network.crs, STORED_CRS)
    rings = gpd.GeoDataFrame(rings.drop(columns="geometry"), geometry=shapes, crs=STORED_CRS)
    rings.insert(7, "area_km2", area_m2(shapes) / 1e6)
    return rings


def _peel(rings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return rings without what the ring before them covers."""
    inner = rings.groupby("origin", sort=False).shift(1)
    bands = rings.copy()
    bands.insert(bands.columns.get_loc("time_min") + 1, "from_min", inner["time_min"].fillna(0.0))
    before = inner["geometry"].to_numpy()
    there = ~shapely.is_missing(before)
    shapes = rings.geometry.to_numpy().copy()
    shapes[there] = shapely.difference(shapes[there], before[there])
    for name in ("area_km2", "network_km", "people"):
        if name in bands:
            bands[name] = rings[name] - inner[name].fillna(0.0)
    return bands.set_geometry(gpd.GeoSeries(shapes, crs=STORED_CRS))


def _trace(network: Network, snaps: Snaps, question: Question) -> gpd.GeoDataFrame:
    """Return the roads reached from the nearest place, cut where the minutes run out."""
    net = network.reverse() if question.towards else network
    starts = _take(snaps, np.flatnonzero(snaps.road >= 0))
    front = find_front(net, _sweep(net, starts, question), starts)
    road, low, high, band = split_bands(front, question.limits_s)
    lines = transform_shapes(cut_roads(net, road, low, high), net.crs, STORED_CRS)
    ends = [arrive_at(front, road, share) / 60 for share in (low, high)]
    return gpd.GeoDataFrame(
        {
            "id": [f"road-{number:06d}" for number in range(1, len(road) + 1)],
            "name": net.road_name[road],
            "class": net.road_class[road],
            "time_min": np.array(question.minutes)[band],
            "start_min": ends[0],
            "end_min": ends[1],
            "length_km": net.road_m[road] * (high - low) / 1000,
        },
        geometry=lines,
        crs=STORED_CRS,
    )


def _tabulate(rings: gpd.GeoDataFrame, origins: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return a row for each origin and number of minutes; origins that are not on the network too."""
    return pd.DataFrame(rings.drop(columns=["geometry", "id", "name", "label", "label_en"]))


_GRADES = {"motorway": "main", "trunk": "main", "primary": "main", "secondary": "middle", "tertiary": "middle"}


def _choose_roads(network: Network, made: Rings) -> gpd.GeoDataFrame:
    """Return the roads to draw below the rings: those round them, so that one finds one's way."""
    grade = pd.Series(network.road_class).str.removesuffix("_link").map(_GRADES).fillna("minor").to_numpy()
    lines = transform_shapes(network.shapes(), network.crs, STORED_CRS)
    return gpd.GeoDataFrame(
        {"id": [f"road-{number:06d}" for number in range(1, len(lines) + 1)], "name": network.road_name, "grade": grade},
        geometry=lines, crs=STORED_CRS,
    )
