"""Conformance: projects held against the rules of all departments at once, rule by rule.

Pure: frames in, opinions out. Each target of a rule (a layer, the rows it picks, a distance) becomes a region
once; regions are asked side by side in threads, and one project takes milliseconds after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.compute import run_ordered
from spatial.engine.crs import transform_shapes
from spatial.engine.shapes.regions import Held, Region, measure_shapes, measure_without_slivers
from spatial.plan.departments import (
    Department,
    DepartmentRule,
    Departments,
    Exemption,
    SliverLimits,
    list_values,
)
from spatial.plan.findings import STORED_CRS

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]
Truths = npt.NDArray[np.bool_]

PASS, CONDITIONAL, NOT_JUDGED, REJECT = range(4)
"""Verdicts as numbers, the worse the higher: what nobody looked at may still be a rejection."""
CODES = ("pass", "conditional", "not_judged", "reject")
_EDGE_M = 500.0
_WORTH_THREADS = 200
_QUAD_SEGS = 32
_NOTHING = shapely.Polygon()


class Asked(NamedTuple):
    """A rule with its department and the target that it asks for."""

    department: Department
    rule: DepartmentRule
    key: tuple[Any, ...]


class Sent(NamedTuple):
    """Projects as arrays: their shapes, how large each is, also without slivers, and their attributes."""

    shapes: Shapes
    own: Floats
    solid: Floats
    texts: dict[str, npt.NDArray[np.str_]]
    away: Truths


class Answer(NamedTuple):
    """What one rule says of all projects.

    Parameters
    ----------
    verdict : numpy.ndarray of int
        `PASS` … `REJECT`.
    pieces : numpy.ndarray of shapely geometry
        What of each project the rule is about; empty where it is about nothing.
    amount, share, distance : numpy.ndarray of float64
        Of the pieces: m² of polygons, m of lines; share of the project; metres to the nearest shape, NaN
        where none was asked for.
    touch : numpy.ndarray of bool
        Where the piece is below the tolerance, or nothing but a common edge or point.
    exemption : list of int
        Which exception stood for the rule; -1 for none.
    reason : list of str
        Why a project was not judged or the rule does not apply, as keys of the texts; empty otherwise.
    features : list of tuple of int
        Rows of the target that the piece lies in.
    words : mapping of int to (str, str)
        What is said in Chinese and English of a project in place of the usual sentence.
    """

    verdict: npt.NDArray[np.int64]
    pieces: Shapes
    amount: Floats
    share: Floats
    distance: Floats
    touch: Truths
    exemption: npt.NDArray[np.int64]
    reason: list[str]
    features: list[tuple[int, ...]]
    words: Mapping[int, tuple[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class Target:
    """What of the plan a rule asks for, made ready; `missing` says why there is nothing."""

    frame: gpd.GeoDataFrame | None
    missing: str
    distance_m: float | None
    metric_crs: str

    @cached_property
    def region(self) -> Region:
        """The land it covers, or all land within the distance of it."""
        assert self.frame is not None
        shapes = self.frame.geometry.to_numpy()
        if self.distance_m is None:
            return Region(shapes)
        wide = shapely.buffer(self._metric, self.distance_m, quad_segs=_QUAD_SEGS)
        return Region(transform_shapes(shapely.segmentize(wide, _EDGE_M), self.metric_crs, STORED_CRS))

    @cached_property
    def _metric(self) -> Shapes:
        assert self.frame is not None
        shapes = shapely.segmentize(self.frame.geometry.to_numpy(), 0.005)
        return transform_shapes(shapes, STORED_CRS, self.metric_crs)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._metric)

    def measure_distances(self, shapes: Shapes) -> Floats:
        """Return metres from each shape to the nearest one of the target, 0 where they meet."""
        moved = transform_shapes(shapes, STORED_CRS, self.metric_crs)
        (at, _), metres = self._tree.query_nearest(moved, return_distance=True, all_matches=False)
        result = np.full(len(shapes), np.nan)
        result[at] = metres
        return result


class Judge:
    """The rules of all departments, with everything of the plan that they ask for made ready.

    Parameters
    ----------
    table : Departments
    frames : mapping of str to GeoDataFrame
        Layers by name and sources as ``sources.<name>``, EPSG:4490. What is absent or empty is not judged.
    metric_crs : str
        For distances.
    tolerance : SliverLimits, optional
        That of the table unless given.

    Examples
    --------
    >>> from spatial.plan.departments import read_departments
    >>> land = gpd.GeoDataFrame({"id": ["t"]}, geometry=[shapely.box(112, 35, 113, 36)], crs=4490)
    >>> judge = Judge(read_departments(), {"territory": land}, "EPSG:4547")
    >>> project = gpd.GeoDataFrame({"id": ["p"]}, geometry=[shapely.box(112.9, 35, 113.1, 35.1)], crs=4490)
    >>> CODES[judge.answer(project)[0].verdict[0]]
    'reject'
    """

    def __init__(
        self,
        table: Departments,
        frames: Mapping[str, gpd.GeoDataFrame],
        metric_crs: str,
        tolerance: SliverLimits | None = None,
    ) -> None:
        self.table = table
        self.metric_crs = metric_crs
        self.tolerance = tolerance or table.tolerance
        self.asked = [
            Asked(department, rule, _key(rule))
            for department in table.departments
            for rule in department.rules
        ]
        self.targets = {
            one.key: _pick(one.rule, frames, metric_crs, one.rule.distance_m) for one in self.asked
        }
        land = frames.get("territory")
        self._land = Region(land.geometry.to_numpy()) if land is not None and len(land) else None
        for target in self.targets.values():
            if target.frame is not None:
                _ = target.region

    def answer(self, projects: gpd.GeoDataFrame) -> list[Answer]:
        """Hold projects against all rules.

        Parameters
        ----------
        projects : geopandas.GeoDataFrame
            EPSG:4490, valid shapes; one column of texts for each attribute of the table, empty where unknown.

        Returns
        -------
        list of Answer
            In the order of `asked`.
        """
        shapes = projects.geometry.to_numpy()
        texts = {
            one.key: projects[one.key].to_numpy(dtype=object).astype(str)
            for one in self.table.attributes
            if one.key in projects
        }
        ready = [(key, target) for key, target in self.targets.items() if target.frame is not None]
        # Threads take longer to start than a handful of projects to answer.
        workers = None if len(shapes) >= _WORTH_THREADS else 1
        parts = run_ordered(lambda one: one[1].region.hold(shapes), ready, workers=workers)
        held = dict(zip([key for key, _ in ready], parts, strict=True))
        away = self.find_away(shapes)
        solid = measure_without_slivers(shapes, self.tolerance.width_m)
        sent = Sent(shapes, measure_shapes(shapes), solid, texts, away)
        return [self._answer_rule(one, sent, held.get(one.key)) for one in self.asked]

    def find_away(self, shapes: Shapes) -> Truths:
        """Tell which shapes (EPSG:4490) lie wholly outside the territory; none where the plan has none."""
        if self._land is None:
            return np.zeros(len(shapes), dtype=bool)
        return np.array([not names for names in self._land.hold(shapes).owners], dtype=bool)

    def _answer_rule(self, asked: Asked, sent: Sent, held: Held | None) -> Answer:
        rule, shapes, own = asked.rule, sent.shapes, sent.own
        target = self.targets[asked.key]
        unclear, applies = _find_meant(sent, rule.projects)
        reason = np.full(len(shapes), "", dtype=object)
        reason[~applies] = "not_meant"
        reason[unclear] = "unknown_attribute"
        if rule.layer != "territory":
            reason[sent.away] = "outside_plan"
        if held is None:
            reason[:] = target.missing
            held = Held(np.full(len(shapes), shapely.Polygon(), dtype=object), [()] * len(shapes))
        open_ = reason == ""
        pieces = np.full(len(shapes), _NOTHING, dtype=object)
        if rule.relation == "outside":
            pieces[open_] = held.beyond(shapes)[open_]
        else:
            pieces[open_] = held.shapes[open_]
        # A project that lies inside is its own piece: it is measured once, not once a rule.
        whole = np.fromiter((one is other for one, other in zip(pieces, shapes, strict=True)), bool)
        amount = np.where(whole, own, 0.0)
        amount[~whole] = measure_shapes(pieces[~whole])
        share = np.divide(amount, own, out=np.zeros(len(own)), where=own > 0)
        solid = np.where(whole, sent.solid, 0.0)
        some = ~whole & (amount > 0)
        if some.any():
            solid[some] = measure_without_slivers(pieces[some], self.tolerance.width_m)
        hit, touch = self._weigh(rule, pieces, solid, amount)
        if rule.share is not None:
            hit &= share > rule.share
        if rule.relation != "outside":
            touch |= open_ & ~hit & (amount == 0) & np.array([len(names) > 0 for names in held.owners])
        verdict, exemption = _apply(rule, sent, hit)
        verdict[~open_ & (reason != "not_meant")] = NOT_JUDGED
        distance = np.full(len(shapes), np.nan)
        if rule.relation == "within" and hit.any():
            distance[hit] = target.measure_distances(shapes[hit])
        return Answer(
            verdict, pieces, amount, share, distance, touch, exemption, reason.tolist(), held.owners
        )

    def _weigh(
        self, rule: DepartmentRule, pieces: Shapes, solid: Floats, amount: Floats
    ) -> tuple[Truths, Truths]:
        """Tell where the relation holds, and where there is something, but below the tolerance."""
        kind = shapely.get_dimensions(pieces)
        least = np.where(kind == 2, rule.area_m2 or self.tolerance.area_m2, 0.0)
        hit = solid > least
        return hit, (amount > 0) & ~hit

    def extend(self, asked: Asked) -> Judge:
        """Return the judge with one rule more, whose answers come from elsewhere."""
        other = copy(self)
        other.asked = [*self.asked, asked]
        other.targets = {**self.targets, asked.key: Target(None, "", None, self.metric_crs)}
        return other

    def name_features(self, asked: Asked, rows: tuple[int, ...], most: int = 5) -> str:
        """Return the ids of shapes of a rule's target, for the record."""
        frame = self.targets[asked.key].frame
        if frame is None or not rows:
            return ""
        names = [str(name) for name in frame["id"].to_numpy()[list(rows[:most])]]
        return ", ".join(names) + (f" … ({len(rows)})" if len(rows) > most else "")


def summarise(
    verdicts: npt.NDArray[np.int64], asked: Iterable[Asked]
) -> tuple[list[str], dict[str, list[str]]]:
    """Return the verdict of each project, and that of each department.

    Parameters
    ----------
    verdicts : numpy.ndarray of shape (projects, rules)
    asked : iterable of Asked

    Returns
    -------
    list of str
        ``reject``, ``incomplete`` (no rejection, but rules that were not judged, whatever the conditions),
        ``conditional`` or ``pass``.
    dict of str to list of str
        By department; ``not_judged`` where none of its rules was.
    """
    keys = [one.department.key for one in asked]
    departments = {
        key: [_sum_up(row) for row in verdicts[:, [at for at, name in enumerate(keys) if name == key]]]
        for key in dict.fromkeys(keys)
    }
    return [_sum_up(row, whole=True) for row in verdicts], departments


def _sum_up(row: npt.NDArray[np.int64], *, whole: bool = False) -> str:
    worst = int(row.max(initial=PASS))
    if worst != NOT_JUDGED:
        return CODES[worst]
    return "not_judged" if not whole and (row == NOT_JUDGED).all() else "incomplete"


def _key(rule: DepartmentRule) -> tuple[Any, ...]:
    where = tuple((column, list_values(values)) for column, values in sorted(rule.where.items()))
    return rule.target, where, rule.distance_m


def _pick(
    rule: DepartmentRule, frames: Mapping[str, gpd.GeoDataFrame], metric_crs: str, distance_m: float | None
) -> Target:
    """Return the rows of a layer that a rule asks for, or why there are none."""
    frame = frames.get(rule.target)
    if frame is None or frame.empty:
        return Target(None, "no_layer", distance_m, metric_crs)
    for column, values in rule.where.items():
        if column not in frame:
            return Target(None, "no_column", distance_m, metric_crs)
        frame = frame[_fits(frame[column], list_values(values))]
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    flat = distance_m is not None or (shapely.get_dimensions(frame.geometry.to_numpy()) == 2).all()
    missing = "no_rows" if frame.empty else "" if flat else "no_area"
    return Target(None if missing else frame, missing, distance_m, metric_crs)


def _fits(column: pd.Series[Any], values: tuple[str, ...]) -> Truths:
    texts = column.astype(str).str.strip()
    if pd.api.types.is_bool_dtype(column):
        texts = texts.str.lower()
    return np.asarray(texts.isin(values) & column.notna(), dtype=bool)


def _find_meant(sent: Sent, wanted: Mapping[str, Any]) -> tuple[Truths, Truths]:
    """Tell of which projects an attribute that a rule hangs on is unknown, and which the rule is for."""
    unclear, applies = (np.full(len(sent.shapes), value) for value in (False, True))
    for key, values in wanted.items():
        texts = sent.texts.get(key, np.full(len(sent.shapes), ""))
        unclear |= texts == ""
        applies &= np.isin(texts, list_values(values))
    return unclear, applies


def _apply(
    rule: DepartmentRule, sent: Sent, hit: Truths
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the verdicts where the relation holds, and which exception stands in each."""
    exemption = np.full(len(hit), -1)
    verdict = np.where(hit, CODES.index(rule.verdict), PASS)
    for number, other in reversed(list(enumerate(rule.exceptions if hit.any() else ()))):
        unclear, fits = _find_meant(sent, other.when)
        rows = hit & fits & ~unclear
        exemption[rows] = number
        verdict[rows] = CODES.index(other.verdict)
    return verdict, exemption


def list_exemptions(rule: DepartmentRule) -> Iterator[Exemption | DepartmentRule]:
    """Yield a rule and its exceptions, so that position -1 is the rule and 0 the first exception.

    Examples
    --------
    >>> from spatial.plan.departments import read_departments
    >>> rule = read_departments().departments[0].rules[1]
    >>> [one.verdict for one in list_exemptions(rule)]
    ['conditional', 'reject']
    """
    yield from rule.exceptions
    yield rule
