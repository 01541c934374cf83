"""Changes between two scenarios: land, places, roads and figures, each held against its like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.geodesy import length_m
from spatial.engine.shapes.differences import GRID_DEG, Shapes, split_lines, split_pair
from spatial.engine.travel.network import Floats
from spatial.plan.findings import STORED_CRS, Finding

Count = Callable[[Shapes], Floats]
"""Tells how many people live in each of some shapes."""

_NAMES = ["name", "name_en"]
_CHANGES = ("lost", "kept", "gained")
_FIGURE = ["subject", *_NAMES, "measure", "value", "verdict"]
_NUMBERS = {
    "time_min", "area_km2", "people", "length_km", "minutes_before", "minutes_after", "difference_min",
    "band_before_min", "band_after_min",
}  # fmt: skip
_ONE_SIDED = ("lost_km2", "gained_km2")
_STEP_MIN = 1e-3
_MOST_NAMED = 8
_ROUNDING = 1e-9
_WHAT = {"circles": ("圈层", "circles"), "visits": ("地点", "places"), "lands": ("用途", "kinds of land")}


@dataclass(frozen=True, eq=False)
class Scenario:
    """What two plans or two networks are compared by. All geometry is EPSG:4490.

    Parameters
    ----------
    circles : geopandas.GeoDataFrame
        ``circle, name, name_en, time_min, geometry``: all land within a time, one row a circle.
    visits : geopandas.GeoDataFrame
        ``circle, circle_name, circle_name_en, place, name, name_en, minutes, state, band_min, geometry``:
        when a circle reaches a place. `state` is that of `circle_margins`; `minutes` is NaN where nothing
        is known; `band_min` is the shortest circle that the place lies in, NaN if none.
    lands : geopandas.GeoDataFrame
        ``layer, key, name, name_en, geometry``: land by kind, such as zones; several rows of a kind count
        together.
    roads : ndarray of shapely lines
    figures : pandas.DataFrame
        ``subject, name, name_en, measure, value, verdict``; `verdict` is empty where there is none.
    land_layers : tuple of str
        The layers of `lands` that were made at all: no land of a kind then means that there is none.
    count : callable, optional
        None where nobody knows where people live.
    """

    circles: gpd.GeoDataFrame
    visits: gpd.GeoDataFrame
    lands: gpd.GeoDataFrame
    roads: Shapes
    figures: pd.DataFrame
    land_layers: tuple[str, ...] = ()
    count: Count | None = None


@dataclass(frozen=True, eq=False)
class Changes:
    """What became of one scenario in another.

    Parameters
    ----------
    rings : geopandas.GeoDataFrame
        ``id, name, name_en, circle, time_min, change, area_km2, people, geometry``; `change` is lost, kept
        or gained. Of a circle, lost and kept are what it was, kept and gained what it is.
    places : geopandas.GeoDataFrame
        ``id, name, name_en, place, circle, circle_name, circle_name_en, change, minutes_before,
        minutes_after, difference_min, state_before, state_after, band_before_min, band_after_min,
        geometry``; `change` is leaves, enters, slower, faster, same or unknown.
    lands : geopandas.GeoDataFrame
        ``id, name, name_en, layer, key, change, area_km2, geometry``; lost and gained only.
    roads : geopandas.GeoDataFrame
        ``id, name, name_en, change, length_km, geometry``: stretches of road that one side alone has.
    figures : pandas.DataFrame
        ``subject, name, name_en, measure, before, after, difference, share, verdict_before,
        verdict_after``.
    findings : tuple of Finding
        What could not be held against its like.
    """

    rings: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    lands: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    figures: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def differs(self) -> bool:
        """Whether anything differs at all."""
        rows = self.figures
        moved = (rows["before"] != rows["after"]) & ~(rows["before"].isna() & rows["after"].isna())
        return bool(
            self.findings
            or (self.rings["change"] != "kept").any()
            or (~self.places["change"].isin(("same", "unknown"))).any()
            or len(self.lands)
            or len(self.roads)
            or moved.any()
            or (rows["verdict_before"] != rows["verdict_after"]).any()
        )


def compare_scenarios(before: Scenario, after: Scenario) -> Changes:
    """Hold all of one scenario against its like in another.

    Parameters
    ----------
    before, after : Scenario

    Raises
    ------
    GeometryError
        Land that does not add up; see `split_pair`.
    """
    rings, measured = _compare_circles(before, after)
    figures = [pd.concat([own, side.figures]) for own, side in zip(measured, (before, after), strict=True)]
    return Changes(
        rings=rings,
        places=_compare_visits(before.visits, after.visits),
        lands=_compare_lands(before, after),
        roads=_compare_roads(before.roads, after.roads),
        figures=_compare_figures(*figures),
        findings=tuple(_find_single(before, after)),
    )


def _compare_circles(before: Scenario, after: Scenario) -> tuple[gpd.GeoDataFrame, list[pd.DataFrame]]:
    """Return the land of circles that both have, by change, and what each side's circles measure."""
    both = before.circles.merge(after.circles, on="circle", suffixes=("_before", ""))
    rows, shapes = [], []
    figures: tuple[list[dict[str, object]], list[dict[str, object]]] = ([], [])
    for row in both.itertuples():
        split = split_pair(row.geometry_before, row.geometry)
        km2 = straight_area_m2(list(split)) / 1e6
        was, now = (_count(side, list(split)) for side in (before, after))
        people = (was[0], now[1], now[2])
        own = {"circle": row.circle, "name": row.name, "name_en": row.name_en, "time_min": row.time_min}
        for change, part, area, lives in zip(_CHANGES, split, km2, people, strict=True):
            if area > 0:
                rows.append(own | {"change": change, "area_km2": area, "people": lives})
                shapes.append(part)
        named = {"subject": row.circle, "name": row.name, "name_en": row.name_en, "verdict": ""}
        first = {"area_km2": km2[0] + km2[1], "people": was[0] + was[1], "lost_km2": km2[0]}
        second = {"area_km2": km2[1] + km2[2], "people": now[1] + now[2], "gained_km2": km2[2]}
        first |= {"gained_km2": 0.0, "time_min": row.time_min_before}
        second |= {"lost_km2": 0.0, "time_min": row.time_min}
        for side, amounts in zip(figures, (first, second), strict=True):
            side.extend(named | {"measure": key, "value": value} for key, value in amounts.items())
    columns = ["circle", *_NAMES, "time_min", "change", "area_km2", "people"]
    frame = pd.DataFrame(rows, columns=columns).astype({"area_km2": float, "people": float})
    frame.insert(0, "id", frame["circle"].astype(str) + "-" + frame["change"].astype(str))
    return _frame(frame, shapes), [_drop_unknown(pd.DataFrame(side, columns=_FIGURE)) for side in figures]


def _drop_unknown(figures: pd.DataFrame) -> pd.DataFrame:
    """Leave out people where nobody can count them."""
    return figures[~((figures["measure"] == "people") & figures["value"].isna())]


def _count(side: Scenario, shapes: Sequence[shapely.Geometry]) -> Floats:
    if side.count is None:
        return np.full(len(shapes), np.nan)
    return side.count(np.array(shapes, dtype=object))


def _compare_visits(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    both = before.merge(after, on=["circle", "place"], suffixes=("_before", ""))
    one, two = both["minutes_before"].to_numpy(float), both["minutes"].to_numpy(float)
    was, now = both["state_before"] == "inside", both["state"] == "inside"
    known = ~both[["state_before", "state"]].isin(("unknown", "unsnapped")).any(axis=1)
    # Out of reach is later than any minute.
    late = [np.where(np.isnan(minutes), np.inf, minutes) for minutes in (one, two)]
    change = np.select(
        [~known, was & ~now, ~was & now, late[1] > late[0] + _STEP_MIN, late[1] < late[0] - _STEP_MIN],
        ["unknown", "leaves", "enters", "slower", "faster"],
        "same",
    )
    frame = pd.DataFrame(
        {
            "id": both["circle"].astype(str) + "-" + both["place"].astype(str),
            **{key: both[key] for key in (*_NAMES, "place", "circle", "circle_name", "circle_name_en")},
            "change": change,
            "minutes_before": one,
            "minutes_after": two,
            "difference_min": np.where(change == "same", one * 0, two - one),
            "state_before": both["state_before"],
            "state_after": both["state"],
            "band_before_min": both["band_min_before"],
            "band_after_min": both["band_min"],
        }
    )
    return _frame(frame, both["geometry"])


def _compare_lands(before: Scenario, after: Scenario) -> gpd.GeoDataFrame:
    sides = [_unite_lands(side.lands) for side in (before, after)]
    both = set(before.land_layers) & set(after.land_layers)
    rows, shapes = [], []
    for kind, names in _name_lands(before.lands, after.lands).items():
        if kind[0] not in both:
            continue
        split = split_pair(*(side.get(kind) for side in sides))
        for change, part in (("lost", split.lost), ("gained", split.gained)):
            if not part.is_empty:
                km2 = straight_area_m2([part])[0] / 1e6
                rows.append((f"{kind[0]}-{kind[1]}-{change}", *names, *kind, change, km2))
                shapes.append(part)
    columns = ["id", *_NAMES, "layer", "key", "change", "area_km2"]
    return _frame(pd.DataFrame(rows, columns=columns).astype({"area_km2": float}), shapes)


def _name_lands(*frames: gpd.GeoDataFrame) -> dict[tuple[str, str], tuple[str, str]]:
    rows = pd.concat([frame[["layer", "key", *_NAMES]] for frame in frames]).drop_duplicates(["layer", "key"])
    return {(row.layer, row.key): (row.name, row.name_en) for row in rows.itertuples(index=False)}


def _unite_lands(frame: gpd.GeoDataFrame) -> dict[tuple[str, str], shapely.Geometry]:
    """Return all land of each kind; parts of one kind that touch or overlap count once."""
    return {
        kind: shapely.union_all(part.geometry.to_numpy(), grid_size=GRID_DEG)
        for kind, part in frame.groupby(["layer", "key"], sort=False)
    }


def _compare_roads(before: Shapes, after: Shapes) -> gpd.GeoDataFrame:
    parts = dict(zip(("lost", "gained"), split_lines(before, after), strict=True))
    there = {change: lines for change, lines in parts.items() if not lines.is_empty}
    names = {"lost": ("取消的道路", "Roads only before"), "gained": ("新增的道路", "Roads only after")}
    frame = pd.DataFrame(
        {
            "id": [f"roads-{change}" for change in there],
            "name": [names[change][0] for change in there],
            "name_en": [names[change][1] for change in there],
            "change": list(there),
            "length_km": length_m(list(there.values())) / 1000,
        }
    )
    return _frame(frame, list(there.values()))


def _frame(frame: pd.DataFrame, shapes: Iterable[shapely.Geometry]) -> gpd.GeoDataFrame:
    kinds = {name: "float64" if name in _NUMBERS else "str" for name in frame}
    return gpd.GeoDataFrame(
        frame.astype(kinds), geometry=gpd.GeoSeries(list(shapes), index=frame.index, crs=STORED_CRS)
    )


def _compare_figures(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    keys = ["subject", "measure"]
    both = before.merge(after, on=keys, how="outer", suffixes=("_before", "_after"), sort=False)
    # What is said of one subject stands together, subjects and measures as they first come.
    said = list(dict.fromkeys(_keys(pd.concat([before, after]))))
    subjects = {subject: at for at, subject in enumerate(dict.fromkeys(subject for subject, _ in said))}
    place = {key: (subjects[key[0]], at) for at, key in enumerate(said)}
    both = both.iloc[sorted(range(len(both)), key=[place[key] for key in _keys(both)].__getitem__)]
    one, two = both["value_before"].astype(float), both["value_after"].astype(float)
    difference = two - one
    # Sums in another order differ in the last digit, which is no difference.
    difference = difference.where(difference.abs() > _ROUNDING * one.abs().clip(lower=1), difference * 0)
    frame = pd.DataFrame(
        {
            "subject": both["subject"],
            "name": both["name_after"].fillna(both["name_before"]),
            "name_en": both["name_en_after"].fillna(both["name_en_before"]),
            "measure": both["measure"],
            "before": one,
            "after": two.where(difference != 0, one),
            "difference": difference,
            "share": (difference / one).where((one != 0) & ~both["measure"].isin(_ONE_SIDED)),
            "verdict_before": both["verdict_before"].fillna(""),
            "verdict_after": both["verdict_after"].fillna(""),
        }
    )
    return frame.reset_index(drop=True)


def _keys(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    return zip(frame["subject"], frame["measure"], strict=True)


def _find_single(before: Scenario, after: Scenario) -> Iterator[Finding]:
    """Report what only one side has, and circles of the same name but another time."""
    for attribute, key in (("circles", "circle"), ("visits", "place"), ("lands", "layer")):
        one, two = (_list_named(side, attribute, key) for side in (before, after))
        for alone, here, zh, en in (
            (one[~one[key].isin(two[key])], "before", "前一方案", "the first"),
            (two[~two[key].isin(one[key])], "after", "后一方案", "the second"),
        ):
            if len(alone):
                yield _tell_single(attribute, here, alone, zh, en)
    both = before.circles.merge(after.circles, on="circle", suffixes=("_before", ""))
    for row in both[both["time_min"] != both["time_min_before"]].itertuples():
        yield Finding(
            "compare.other_time", "warning", "ring_changes", str(row.circle),
            f"{row.name}：时限由 {row.time_min_before:g} 分钟改为 {row.time_min:g} 分钟，面积随之不同。",
            f"{row.name_en or row.name}: {row.time_min_before:g} minutes before, {row.time_min:g} after, "
            "and its land differs with that.",
            value=float(row.time_min), limit=float(row.time_min_before),
        )  # fmt: skip


def _list_named(side: Scenario, attribute: str, key: str) -> pd.DataFrame:
    if attribute == "lands":
        layers = list(side.land_layers)
        return pd.DataFrame({"layer": layers, "name": layers, "name_en": layers}, dtype="str")
    return pd.DataFrame(getattr(side, attribute).drop_duplicates(key))


def _tell_single(attribute: str, here: str, alone: pd.DataFrame, zh: str, en: str) -> Finding:
    what_zh, what_en = _WHAT[attribute]
    layer = {"circles": "ring_changes", "visits": "place_changes", "lands": "land_changes"}[attribute]
    more = "…" if len(alone) > _MOST_NAMED else ""
    named = [", ".join(map(str, alone[name].head(_MOST_NAMED))) + more for name in _NAMES]
    return Finding(
        f"compare.only_{here}", "warning", layer, "",
        f"{len(alone)} 个{what_zh}只在{zh}中有，未作比较：{named[0]}。",
        f"{len(alone)} {what_en} are in {en} scenario only and were not compared: {named[1] or named[0]}.",
        value=float(len(alone)),
    )  # fmt: skip
