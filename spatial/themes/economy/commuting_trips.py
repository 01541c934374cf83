"""Trips between zones of jobs and homes 通勤流量: zones found by name, and what is doubtful about them."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.travel.network import Floats, Longs, Truths
from spatial.plan.parts.commuting import Commuting
from spatial.plan.rules import RuleTable
from spatial.themes.economy.commuting_zones import Minutes

DOUBTS = ("kind", "name", "other", "line", "value", "limit")
"""Columns of what is doubtful: kind of doubt, zone or word, what it is held against, line of the table."""


@dataclass(frozen=True, eq=False)
class Trips:
    """Who travels between which zones, each pair once.

    Parameters
    ----------
    start, end : ndarray of int64, shape (k,)
        Rows of the zones; -1 is outside the plan. Never both.
    people : ndarray of float64, shape (k,)
    doubts : DataFrame
        What was left out or looks wrong, columns `DOUBTS`.
    given : bool
        Whether the plan names a table of flows that could be used.
    """

    start: Longs
    end: Longs
    people: Floats
    doubts: pd.DataFrame
    given: bool

    def within(self, kept: Truths) -> tuple[Longs, Longs, Floats]:
        """Return the journeys that begin and end in zones of these."""
        both = (self.start >= 0) & (self.end >= 0)
        both[both] = kept[self.start[both]] & kept[self.end[both]]
        return self.start[both], self.end[both], self.people[both]


def commuting_trips(
    commuting_spec: Commuting | None,
    source_tables: dict[str, pd.DataFrame],
    commuting_zones: gpd.GeoDataFrame,
) -> Trips:
    """Return the flows of the plan, with zones found by their names, else by their ids.

    Left out and told: rows with a name that is none of a zone or of two, with people that are missing,
    unreadable or negative, and those between two places outside. A pair given twice with the same number
    counts once, with different ones as their sum, and is told as well; places outside are told apart by what
    they are called in the table.
    """
    nothing = np.empty(0, dtype=np.int64)
    if commuting_spec is None or commuting_spec.flows is None:
        return Trips(nothing, nothing, np.empty(0), pd.DataFrame(columns=list(DOUBTS)), False)
    table = source_tables[commuting_spec.flows]
    named = commuting_spec.columns
    wanted = (named.start, named.end, named.people)
    absent = [column for column in wanted if column not in table]
    if absent:
        rows = [
            ("no_column", column, "、".join(map(str, table.columns)), -1, np.nan, np.nan) for column in absent
        ]
        return Trips(nothing, nothing, np.empty(0), pd.DataFrame(rows, columns=list(DOUBTS)), False)
    texts = [table[column].map(_as_word).to_numpy(dtype=object) for column in wanted[:2]]
    people = pd.to_numeric(table[named.people], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    finder = _Finder(commuting_zones, commuting_spec.outside)
    start, end = (finder.find(words) for words in texts)
    lines = np.asarray(table.index, dtype=np.int64)
    doubts = [*finder.list_unknown(texts, lines), *_list_miscounts(texts, people, table[named.people], lines)]
    usable = (start > -2) & (end > -2) & ((start >= 0) | (end >= 0)) & np.isfinite(people) & (people >= 0)
    # Two places outside are one to the sums, but flows to both of them are not one flow given twice.
    names = commuting_zones["name"].to_list()
    places = [_name_places(at, words, names) for at, words in zip((start, end), texts, strict=True)]
    rows = pd.DataFrame({
        "start": start, "end": end, "from": places[0], "to": places[1], "people": people, "line": lines,
    })[usable]  # fmt: skip
    pair = ["start", "end", "from", "to"]
    doubts += _list_repeats(rows[rows.duplicated(pair, keep=False)])
    once = rows.drop_duplicates([*pair, "people"])
    sums = once.groupby(["start", "end"], as_index=False)["people"].sum()
    sums = sums[sums["people"] > 0]
    return Trips(
        sums["start"].to_numpy(dtype=np.int64),
        sums["end"].to_numpy(dtype=np.int64),
        sums["people"].to_numpy(dtype=float),
        pd.DataFrame(doubts, columns=list(DOUBTS)),
        True,
    )


def _as_word(value: object) -> str:
    """Return what a cell says; whole numbers without a point, as ids are written."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None or value != value else str(value).strip()  # noqa: PLR0124


class _Finder:
    """Zones by name and by id; -1 outside the plan, -2 unknown, -3 a name of two zones."""

    def __init__(self, zones: gpd.GeoDataFrame, outside: tuple[str, ...]) -> None:
        names, ids = zones["name"].to_list(), zones["zone"].to_list()
        self.known: dict[str, int] = {word: row for row, word in enumerate(ids)}
        self.known |= {word: row for row, word in enumerate(names)}
        twice = [word for word, times in Counter(names).items() if times > 1]
        self.known |= dict.fromkeys(twice, -3)
        self.known |= dict.fromkeys(outside, -1)

    def find(self, words: npt.NDArray[np.object_]) -> Longs:
        return np.array([self.known.get(word, -2) for word in words], dtype=np.int64)

    def list_unknown(self, texts: list[npt.NDArray[np.object_]], lines: Longs) -> list[tuple[object, ...]]:
        """Return each word that is no zone, with the nearest name and how many rows have it."""
        words = pd.DataFrame({"word": np.concatenate(texts), "line": np.concatenate([lines, lines])})
        words["place"] = self.find(words["word"].to_numpy(dtype=object))
        rows = list[tuple[object, ...]]()
        for (word, place), group in words[words["place"] < -1].groupby(["word", "place"], sort=True):
            near = difflib.get_close_matches(str(word), list(self.known), 1)
            kind = "unknown" if place == -2 else "ambiguous"
            hint = near[0] if near and kind == "unknown" else ""
            rows.append((kind, str(word), hint, int(group["line"].min()), float(len(group)), np.nan))
        return rows


def _list_miscounts(
    texts: list[npt.NDArray[np.object_]], people: Floats, given: pd.Series, lines: Longs
) -> list[tuple[object, ...]]:
    wrong = np.flatnonzero(~np.isfinite(people) | (people < 0))
    said = given.astype("str").to_numpy()
    return [
        ("miscount", f"{texts[0][row]}—{texts[1][row]}", str(said[row])[:40], int(lines[row]), np.nan, np.nan)
        for row in wrong
    ]


def _name_places(rows: Longs, words: npt.NDArray[np.object_], names: list[str]) -> list[str]:
    """Return the names of zones, and of other places what the table calls them."""
    return [names[row] if row >= 0 else str(word) for row, word in zip(rows, words, strict=True)]


def _list_repeats(rows: pd.DataFrame) -> list[tuple[object, ...]]:
    found = list[tuple[object, ...]]()
    for (_, _, *places), group in rows.groupby(["start", "end", "from", "to"], sort=True):
        pair = "—".join(places)
        same = group["people"].nunique() == 1
        lines = "、".join(str(line) for line in group["line"])
        found.append(("repeated" if same else "parts", pair, lines, int(group["line"].min()),
                      float(group["people"].drop_duplicates().sum()), np.nan))  # fmt: skip
    return found


def commuting_doubts(
    *,
    commuting_spec: Commuting | None,
    commuting_trips: Trips,
    commuting_minutes: Minutes,
    commuting_zones: gpd.GeoDataFrame,
    source_frames: dict[str, gpd.GeoDataFrame],
    commuting_rules: RuleTable,
) -> pd.DataFrame:
    """Return what is doubtful about the flows, zones whose flows do not sum, and facilities not counted.

    Kinds ``sum_workers`` and ``sum_jobs`` give the row of the zone in `line`, the sum of its flows in
    `value` and its count in `limit`, those that miss most first.
    """
    rows = commuting_trips.doubts.values.tolist()
    count, tolerance = len(commuting_zones), float(commuting_rules.value("flows.tolerance"))
    sides = {"workers": commuting_trips.start, "jobs": commuting_trips.end} if commuting_trips.given else {}
    for kind, side in sides.items():
        known = side >= 0
        sums = np.bincount(side[known], commuting_trips.people[known], count)
        wanted = commuting_zones[kind].to_numpy(dtype=float)
        missed = np.abs(sums - wanted)
        wrong = np.flatnonzero(missed > np.maximum(tolerance * wanted, 0.5))
        names = commuting_zones["name"].to_list()
        rows += [
            (f"sum_{kind}", names[at], "", int(at), float(sums[at]), float(wanted[at]))
            for at in wrong[np.argsort(-missed[wrong], kind="stable")]
        ]
    whole = float(commuting_trips.people.sum())
    timed = float(commuting_trips.within(commuting_minutes.reached)[2].sum())
    if commuting_minutes.reached.any() and timed < whole:
        rows.append(("left_out", "", "", -1, whole - timed, whole))
    rows += _doubt_facilities(commuting_spec, commuting_zones, source_frames)
    return pd.DataFrame(rows, columns=list(DOUBTS))


def _doubt_facilities(
    spec: Commuting | None, zones: gpd.GeoDataFrame, frames: dict[str, gpd.GeoDataFrame]
) -> list[tuple[object, ...]]:
    """Return why facilities are not counted: no zone holds them, or nothing says what they are."""
    if spec is None or spec.facilities is None or zones.empty:
        return []
    frame, shapes = frames[spec.facilities], zones.geometry.to_numpy()
    found = list[tuple[object, ...]]()
    if spec.columns.category not in frame:
        found.append(("no_category", spec.columns.category, spec.facilities, -1, np.nan, np.nan))
    if not (shapely.get_dimensions(shapes) == 2).all():
        return [*found, ("point_zones", spec.facilities, "", -1, float(len(frame)), np.nan)]
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    inside = np.unique(shapely.STRtree(shapes).query(points, predicate="intersects")[0])
    if len(inside) < len(frame):
        found.append(("outside", spec.facilities, "", -1, float(len(frame) - len(inside)), float(len(frame))))
    return found
