"""Drawing: sweep from places, draw their rings, measure them, and cut the roads where the minutes run out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPolygon

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2
from spatial.engine.rings.arrivals import Origins
from spatial.engine.rings.isochrones import RingRules, trace_rings
from spatial.engine.travel.choice import Choice, choose
from spatial.engine.travel.graph import Starts
from spatial.engine.travel.network import Floats, Ints, Longs, Mode, Network, Seconds
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.routing import batch, sweep
from spatial.engine.travel.stretches import arrive_at, cut_roads, find_front, split_bands
from spatial.plan.findings import STORED_CRS, Finding
from spatial.studies.journeys import Progress, Snapped, delay_starts, keep_quiet, take_snaps

_MOST_NUMBERS = 12_000_000


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
    cell_m, off_road_m : float
        As in `RingRules`.
    """

    minutes: tuple[float, ...]
    towards: bool = False
    together: bool = False
    cell_m: float = 25.0
    off_road_m: float = 100.0

    @property
    def limits_s(self) -> Floats:
        """The minutes in seconds."""
        return np.array(self.minutes) * 60


@dataclass(frozen=True, eq=False)
class Group:
    """The places of one set of rings, by their rows, and what they are called together."""

    key: str
    name: str
    rows: Longs


class Drawing:
    """A network, the places on it and the question, from which rings are drawn."""

    def __init__(self, network: Network, snapped: Snapped, question: Question) -> None:
        self.network, self.snapped, self.question = network, snapped, question
        self.way = network.reverse() if question.towards else network
        self.rules = RingRules(cell_m=question.cell_m, off_road_m=question.off_road_m)
        self.lead_s = snapped.lead_s(network.mode)
        self.starts = delay_starts(starts_of(network, snapped.snaps, towards=question.towards), self.lead_s)
        self.choice: Choice | None = None

    @property
    def crs(self) -> str:
        """Metric system of the rings that are drawn."""
        return self.network.crs

    @property
    def mode(self) -> Mode:
        """How one travels."""
        return self.network.mode

    @property
    def frame(self) -> gpd.GeoDataFrame:
        """The places."""
        return self.snapped.frame

    def findings(self) -> list[Finding]:
        """Return what was found about the places."""
        return list(self.snapped.findings)

    def groups(self, together: bool | None = None) -> list[Group]:
        """Return the places of each set of rings; those that no road is near to are in none."""
        frame = self.snapped.frame
        there = np.flatnonzero(frame["snapped"])
        if self.question.together if together is None else together:
            if len(there) == 1:
                return [Group("all", str(frame["name"].iloc[there[0]]), there)]
            return [Group("all", f"{len(there)} 处", there)] if len(there) else []
        names = zip(frame["id"].iloc[there], frame["name"].iloc[there], there, strict=True)
        return [Group(key, name, np.array([at])) for key, name, at in names]

    def sweep(self, groups: Sequence[Group], show: Progress) -> Iterator[tuple[Group, Seconds]]:
        """Yield each group with the seconds at the nodes, a batch at a time."""
        limit_s = float(self.question.limits_s[-1])
        sweeps = Starts.of([_merge(self.starts.take(group.rows)) for group in groups])
        self.choice = choose(self.network, sweeps, limit_s, towards=self.question.towards)
        step = max(1, _MOST_NUMBERS // max(1, len(self.network.node_xy)))
        if self.choice.engine == "hierarchy":
            show("contract", 0, 0)
        for begin in range(0, len(groups), step):
            show("sweep and draw", begin, len(groups))
            part = sweeps.take(np.arange(begin, min(begin + step, len(groups))))
            rows = batch(self.network, part, limit_s, towards=self.question.towards, choice=self.choice)
            for at, seconds in enumerate(rows, begin):
                yield groups[at], seconds
                show("sweep and draw", at + 1, len(groups))

    def draw(self, group: Group, seconds: Seconds) -> tuple[list[MultiPolygon], list[float]]:
        """Return the rings of a group in the network's system, and the kilometres of road in them."""
        starts, lead_s = take_snaps(self.snapped.snaps, group.rows), self.lead_s[group.rows]
        origins = Origins.of(starts, self.snapped.xy[group.rows], lead_s=lead_s)
        shapes = trace_rings(self.way, seconds, self.question.minutes, self.rules, origins=origins)
        front = find_front(self.way, seconds, starts, lead_s)
        stretches = (front.within(limit) for limit in self.question.limits_s)
        km = [float((self.way.road_m[road] * (high - low)).sum() / 1000) for road, low, high in stretches]
        return shapes, km

    def describe(self) -> dict[str, str]:
        """Return how places came to the roads and rings are drawn, for the record."""
        return {
            "metric_crs": self.crs,
            "rings": self.rules.describe(),
            "snapping": self.snapped.describe(self.mode),
        }

    def notes(self) -> tuple[str, ...]:
        """Return how it was drawn."""
        engine = (f"engine {self.choice}",) if self.choice else ()
        return (*engine, f"rings: {self.rules.describe()}")


def _merge(several: Starts) -> tuple[Ints, Seconds]:
    return several.nodes, several.seconds


class Draws(Protocol):
    """What rings are drawn by: sweeps of groups of places, and the shapes and road kilometres of each."""

    question: Question
    network: Any

    @property
    def crs(self) -> str: ...  # noqa: D102
    @property
    def mode(self) -> Mode: ...  # noqa: D102
    @property
    def frame(self) -> gpd.GeoDataFrame: ...  # noqa: D102
    def groups(self, together: bool | None = None) -> list[Group]: ...  # noqa: D102
    def sweep(self, groups: Sequence[Group], show: Progress) -> Iterator[tuple[Group, Any]]: ...  # noqa: D102
    def draw(self, group: Group, seconds: Any, /) -> tuple[list[MultiPolygon], list[float]]: ...  # noqa: D102
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102
    def findings(self) -> list[Finding]: ...  # noqa: D102
    def describe(self) -> dict[str, str]: ...  # noqa: D102


def draw_groups(drawing: Draws, groups: Sequence[Group], show: Progress) -> gpd.GeoDataFrame:
    """Draw all rings; return them in the stored system, with their areas."""
    question, rows = drawing.question, []
    shapes: list[MultiPolygon] = []
    for group, seconds in drawing.sweep(groups, show):
        drawn, kilometres = drawing.draw(group, seconds)
        shapes += drawn
        rows += [
            (f"{group.key}-{limit:g}", f"{group.name} · {limit:g} min", group.key, group.name, limit, km)
            for limit, km in zip(question.minutes, kilometres, strict=True)
        ]
    stored = transform_shapes(np.array(shapes, dtype=object), drawing.crs, STORED_CRS)
    columns = ["id", "name", "origin", "origin_name", "time_min", "network_km"]
    frame = pd.DataFrame(rows, columns=columns).astype({"time_min": float, "network_km": float})
    frame.insert(5, "mode", drawing.mode)
    frame.insert(6, "direction", "towards" if question.towards else "from")
    frame.insert(7, "area_km2", area_m2(stored) / 1e6)
    frame["label"] = [f"{limit:g} 分钟" for limit in frame["time_min"]]
    frame["label_en"] = [f"{limit:g} min" for limit in frame["time_min"]]
    if drawing.network is None:
        frame = frame.drop(columns="network_km")
    return gpd.GeoDataFrame(frame, geometry=stored, crs=STORED_CRS)


def draw_nearest(rings: gpd.GeoDataFrame, drawing: Draws) -> gpd.GeoDataFrame:
    """Return one set of rings for all places: what is within so many minutes of the nearest.

    Parameters
    ----------
    rings : GeoDataFrame
        Those of the single places, as `draw_groups` returns them.
    drawing : Draws
    """
    if isinstance(drawing, Drawing):
        return draw_groups(drawing, drawing.groups(together=True), keep_quiet)
    # Surfaces of places far apart are not swept at once: their rings together are the same land.
    first = rings.groupby("time_min", sort=False).first().reset_index()
    united = rings.groupby("time_min", sort=False)["geometry"].agg(shapely.union_all).to_numpy()
    name = f"{rings['origin'].nunique()} 处"
    first["name"] = [f"{name} · {limit:g} min" for limit in first["time_min"]]
    first["id"] = [f"all-{limit:g}" for limit in first["time_min"]]
    together = first.assign(origin="all", origin_name=name, area_km2=area_m2(united) / 1e6)
    together = together.drop(columns=["network_km", "people"], errors="ignore")
    return gpd.GeoDataFrame(together, geometry=united, crs=STORED_CRS)[[*together.columns]]


def peel_rings(rings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return rings without what the ring before them covers."""
    inner = rings.groupby("origin", sort=False).shift(1)
    bands = rings.copy()
    bands.insert(bands.columns.get_loc("time_min") + 1, "from_min", inner["time_min"].fillna(0.0))
    low, high = bands["from_min"], bands["time_min"]
    bands["label"] = [f"{a:g}～{b:g} 分钟" if a else f"{b:g} 分钟内" for a, b in zip(low, high, strict=True)]
    bands["label_en"] = [
        f"{a:g} to {b:g} min" if a else f"up to {b:g} min" for a, b in zip(low, high, strict=True)
    ]
    shapes, before = rings.geometry.to_numpy().copy(), inner["geometry"].to_numpy()
    there = ~shapely.is_missing(before)
    shapes[there] = shapely.difference(shapes[there], before[there])
    for name in ("area_km2", "network_km", "people"):
        if name in bands:
            bands[name] = rings[name] - inner[name].fillna(0.0)
    return bands.set_geometry(gpd.GeoSeries(shapes, index=bands.index, crs=STORED_CRS))


def trace_roads(drawing: Drawing) -> gpd.GeoDataFrame:
    """Return the roads reached from the nearest place, cut where the minutes run out."""
    net, snaps = drawing.way, drawing.snapped.snaps
    limit_s = float(drawing.question.limits_s[-1])
    seconds = sweep(drawing.network, _merge(drawing.starts), limit_s, towards=drawing.question.towards)
    front = find_front(net, seconds, snaps, drawing.lead_s)
    road, low, high, band = split_bands(front, drawing.question.limits_s)
    start, end = (arrive_at(front, road, share) / 60 for share in (low, high))
    columns = {
        "id": [f"road-{number:06d}" for number in range(1, len(road) + 1)],
        "name": net.road_name[road],
        "class": net.road_class[road],
        "time_min": np.array(drawing.question.minutes)[band],
        "start_min": start,
        "end_min": end,
        "length_km": net.road_m[road] * (high - low) / 1000,
    }
    lines = transform_shapes(cut_roads(net, road, low, high), net.crs, STORED_CRS)
    return gpd.GeoDataFrame(columns, geometry=lines, crs=STORED_CRS)
