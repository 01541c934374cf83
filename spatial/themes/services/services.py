"""Public services 公共服务: which are asked for, who needs them, and where facilities are."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.shapes.topology import repair_polygons
from spatial.engine.travel.network import Floats, Longs
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.services import DISTRICTS, Asked, Service, Services
from spatial.plan.picking import find_miscounts
from spatial.plan.rules import RuleTable


def service_asked(
    service_spec: Services | None, service_rules: RuleTable, facility_rules: RuleTable
) -> tuple[Asked, ...]:
    """Return the services of the plan, else those of the rule table, with their standards.

    A category without minutes in plan and table of facilities is left out, and a check says so.
    """
    if service_spec is None:
        return ()
    own = [Service(category=key) for key in service_rules.value("services")]
    chosen = [_ask(service_spec, one, service_rules, facility_rules) for one in service_spec.services or own]
    kept = [one for one in chosen if one.limit_min > 0]
    many = pd.Series([one.category for one in kept]).value_counts()
    return tuple(
        one if many[one.category] == 1 else _tell_apart(one)
        for one in kept
    )  # fmt: skip


def _ask(spec: Services, one: Service, rules: RuleTable, facility_rules: RuleTable) -> Asked:
    known = {rule.key: rule for rule in facility_rules.rules}
    usual = {rule.key: str(rule.value) for rule in rules.rules}.get(f"group.{one.category}", "")
    group = one.group or (usual if usual in spec.groups else next(iter(spec.groups)))
    told = known.get(f"{one.category}.minutes")
    limit = one.within_min or (float(str(told.value)) if told else 0.0)
    label = one.name or (known[one.category].label if one.category in known else None)
    return Asked(
        id=one.category.replace("_", "-"),
        category=one.category,
        group=group,
        mode=one.mode,
        limit_min=limit,
        cap_min=max(float(rules.value("unreached")), 2 * limit),
        zh=label.pick("zh") if label else one.category,
        en=label.pick("en") if label else one.category,
    )


def _tell_apart(one: Asked) -> Asked:
    """Return a service whose category is asked for more than once under an id and a name of its own."""
    return Asked(
        id=f"{one.id}-{one.group.replace('_', '-')}-{one.mode}",
        category=one.category, group=one.group, mode=one.mode, limit_min=one.limit_min, cap_min=one.cap_min,
        zh=f"{one.zh}（{one.group}，{one.mode}）", en=f"{one.en} ({one.group}, {one.mode})",
    )  # fmt: skip


def service_units(
    service_spec: Services | None, source_frames: dict[str, gpd.GeoDataFrame], districts: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the districts that people are told apart by, one row a name: ``name, name_en``, EPSG:4490."""
    spec = service_spec
    own = spec is not None and (spec.districts != DISTRICTS or DISTRICTS in source_frames)
    frame = source_frames[spec.districts] if spec is not None and own else districts
    frame = frame[:0] if spec is None else frame
    frame = frame[shapely.get_dimensions(frame.geometry.to_numpy()) == 2]
    names = frame["name"].where(frame["name"] != "", frame["id"]).astype(str)
    english = frame["name_en"].fillna("").astype(str) if "name_en" in frame else pd.Series("", names.index)
    once = ~names.duplicated().to_numpy()
    shapes = repair_polygons(frame.geometry.to_numpy())
    united = [shapely.union_all(shapes[(names == name).to_numpy()]) for name in names[once]]
    columns = {"name": names[once].to_numpy(), "name_en": english[once].to_numpy()}
    return gpd.GeoDataFrame(columns, geometry=np.array([*united, None], dtype=object)[:-1], crs=STORED_CRS)


def _middles(frame: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Return a point for each row: itself, or one inside."""
    return np.asarray(shapely.point_on_surface(frame.geometry.to_numpy()), dtype=object)


@dataclass(frozen=True, eq=False)
class People:
    """Places of people inside the districts.

    Parameters
    ----------
    frame : GeoDataFrame
        ``id, name, illustrative`` and their shapes, EPSG:4490.
    unit : ndarray of int64
        The district of each.
    groups : dict of str to ndarray
        People of each group at each place.
    problems : dict of str to str
        Why a group cannot be counted, in Chinese and English.
    away_points : ndarray of shapely.Point
        Places of people in no district, EPSG:4490. Nothing is told of them, but they go to the same
        facilities.
    away : dict of str to ndarray
        People of each group at each of these.
    """

    frame: gpd.GeoDataFrame
    unit: Longs
    groups: dict[str, Floats]
    problems: dict[str, str]
    away_points: npt.NDArray[np.object_]
    away: dict[str, Floats]

    @property
    def points(self) -> npt.NDArray[np.object_]:
        """Where journeys begin."""
        return _middles(self.frame)

    @property
    def outside(self) -> dict[str, float]:
        """People of each group in no district."""
        return {key: float(count.sum()) for key, count in self.away.items()}

    @staticmethod
    def locate(points: npt.NDArray[np.object_], units: gpd.GeoDataFrame) -> Longs:
        """Return the district that each point lies in, the first of several; -1 for none."""
        found = np.full(len(points), -1, dtype=np.int64)
        point, unit = shapely.STRtree(units.geometry.to_numpy()).query(points, predicate="intersects")
        order = np.argsort(-unit, kind="stable")
        found[point[order]] = unit[order]
        return found


def service_people(
    service_spec: Services | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    service_units: gpd.GeoDataFrame,
) -> People:
    """Return the places of people in the districts; counts that nobody can use are never taken for zero."""
    columns = ["id", "name", "illustrative", "geometry"]
    if service_spec is None:
        empty = gpd.GeoDataFrame({"id": [], "name": [], "illustrative": []}, geometry=[], crs=STORED_CRS)
        return People(empty, np.empty(0, dtype=np.int64), {}, {}, np.empty(0, dtype=object), {})
    frame = source_frames[service_spec.people]
    told = {
        key: find_miscounts(frame, service_spec.people, name) for key, name in service_spec.groups.items()
    }
    problems = {key: problem for key, problem in told.items() if problem}
    placed = np.isin(shapely.get_dimensions(frame.geometry.to_numpy()), (0, 2))
    frame = frame[placed & ~shapely.is_empty(frame.geometry.to_numpy())]
    points = _middles(frame)
    unit = People.locate(points, service_units)
    counts = {
        key: pd.to_numeric(frame[name]).to_numpy(dtype=float)
        for key, name in service_spec.groups.items()
        if key not in problems
    }
    inside = unit >= 0
    return People(
        frame[columns][inside].reset_index(drop=True),
        unit[inside],
        {key: count[inside] for key, count in counts.items()},
        problems,
        points[~inside],
        {key: count[~inside] for key, count in counts.items()},
    )


def service_facilities(
    service_spec: Services | None, source_frames: dict[str, gpd.GeoDataFrame]
) -> gpd.GeoDataFrame:
    """Return the facilities: ``name, category, capacity, illustrative``, points in EPSG:4490.

    The category is empty where the source says none; a capacity that is missing, negative or no number is
    null. Those outside the districts count as well: people may cross.
    """
    kinds = {"name": "str", "category": "str", "capacity": "float64", "illustrative": "bool"}
    if service_spec is None:
        empty = {name: pd.Series(dtype=kind) for name, kind in kinds.items()}
        return gpd.GeoDataFrame(empty, geometry=[], crs=STORED_CRS)
    spec, frame = service_spec, source_frames[service_spec.facilities]
    shapes = frame.geometry.to_numpy()
    frame = frame[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    column = spec.category_column
    said = frame[column] if column in frame else pd.Series("", index=frame.index)
    category = said.astype(object).where(said.notna(), "").astype(str).str.strip()
    capacity = pd.Series(np.nan, index=frame.index)
    if spec.capacity_column in frame:
        capacity = pd.to_numeric(frame[spec.capacity_column], errors="coerce").astype(float)
    columns = {
        "name": frame["name"].where(frame["name"] != "", frame["id"]).to_numpy(),
        "category": category.map(lambda word: spec.categories.get(word, word)).to_numpy(),
        "capacity": capacity.where((capacity >= 0) & np.isfinite(capacity)).to_numpy(),
        "illustrative": frame["illustrative"].to_numpy(),
    }
    made = gpd.GeoDataFrame(columns, geometry=_middles(frame), crs=STORED_CRS)
    return made.astype(kinds)


def service_problems(service_people: People) -> dict[str, str]:
    """Return why groups cannot be counted, in Chinese and English, by group."""
    return service_people.problems


def service_strays(service_people: People) -> dict[str, tuple[float, float]]:
    """Return the people of each group that live in none of the districts, and those of the whole source."""
    inside = {key: float(count.sum()) for key, count in service_people.groups.items()}
    return {key: (away, away + inside[key]) for key, away in service_people.outside.items()}
