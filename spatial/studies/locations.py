"""Locations of projects: the town or district each lies in against what it states, land asked for twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.shapes.regions import GRID_DEG, measure_shapes, measure_without_slivers
from spatial.plan.departments import SliverLimits
from spatial.plan.findings import Finding
from spatial.sources.origin import list_some

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]


class Units(NamedTuple):
    """Towns or districts of a plan: what the plan calls them, and a row each with ``name`` and a shape."""

    label: str
    frame: gpd.GeoDataFrame


class Located(NamedTuple):
    """Where projects lie.

    Parameters
    ----------
    texts : numpy.ndarray of str
        Units and the share of the project in each, in Chinese, the largest first; empty where none holds it.
    wrong : numpy.ndarray of bool
        Whether a project states another unit than that which has most of it.
    findings : tuple of Finding
    """

    texts: Shapes
    wrong: Truths
    findings: tuple[Finding, ...]


def locate_projects(projects: gpd.GeoDataFrame, levels: Sequence[Units], limits: SliverLimits) -> Located:
    """Tell in which unit each project lies, and whether it is the one that the project states.

    Parameters
    ----------
    projects : geopandas.GeoDataFrame
        EPSG:4490, with ``id`` and ``district``.
    levels : sequence of Units
        The finest first. A project is held against the first level that has a unit of the name it states, by
        name, English name or code; one that states none, or an unknown one, against the first.
    limits : SliverLimits
        Parts below it are no part.

    Examples
    --------
    >>> towns = gpd.GeoDataFrame({"name": ["甲镇", "乙镇"]}, crs=4490,
    ...     geometry=[shapely.box(112, 35, 112.1, 35.1), shapely.box(112.1, 35, 112.2, 35.1)])
    >>> sent = gpd.GeoDataFrame({"id": ["p"], "district": ["甲镇"]}, crs=4490,
    ...     geometry=[shapely.box(112.11, 35.01, 112.12, 35.02)])
    >>> located = locate_projects(sent, [Units("towns", towns)], SliverLimits(area="1 m2", width="1 mm"))
    >>> located.texts[0], bool(located.wrong[0])
    ('乙镇', True)
    """
    count = len(projects)
    texts, wrong = np.full(count, "", dtype=object), np.zeros(count, dtype=bool)
    levels = [level for level in levels if len(level.frame)]
    if not levels:
        return Located(texts, wrong, ())
    shapes = projects.geometry.to_numpy()
    shares = [_share(shapes, level.frame.geometry.to_numpy(), limits) for level in levels]
    known = [_list_names(level.frame) for level in levels]
    stated = [str(name).strip() for name in projects.get("district", [""] * count)]
    findings: list[Finding] = []
    for at, name in enumerate(stated):
        which = next((number for number, names in enumerate(known) if name.lower() in names), 0)
        row, units = shares[which][at], levels[which].frame["name"].astype(str).to_numpy()
        order = [int(one) for one in np.argsort(-row, kind="stable") if row[one] > 0]
        if not order:
            continue
        texts[at] = _write_shares(row, units, order)
        wrong[at] = bool(name) and known[which].get(name.lower()) != order[0]
        if wrong[at]:
            findings.append(_say_wrong(str(projects["id"].iloc[at]), name, texts[at], levels[which].label))
    if findings:
        findings.insert(0, _say_all_wrong([one.feature_id for one in findings]))
    return Located(texts, wrong, tuple(findings))


def _list_names(frame: gpd.GeoDataFrame) -> dict[str, int]:
    """Return the row of each unit by all that it may be called, in lower case."""
    known: dict[str, int] = {}
    for column in ("code", "name_en", "name"):
        if column in frame:
            known |= {str(name).strip().lower(): at for at, name in enumerate(frame[column])}
    return {name: at for name, at in known.items() if name}


def _share(shapes: Shapes, units: Shapes, limits: SliverLimits) -> Floats:
    """Return the share of each project in each unit: of its area, length or points."""
    result = np.zeros((len(shapes), len(units)))
    rows, columns = shapely.STRtree(units).query(shapes, predicate="intersects")
    pieces = shapely.intersection(shapes[rows], units[columns], grid_size=GRID_DEG)
    kind = shapely.get_dimensions(shapes[rows])
    amounts, own = measure_shapes(pieces), measure_shapes(shapes)
    amounts[shapely.get_dimensions(pieces) != kind] = 0.0
    amounts[(kind == 2) & (measure_without_slivers(pieces, limits.width_m) <= limits.area_m2)] = 0.0
    # Points have no measure of their own: a unit that holds one has all of it.
    amounts[kind == 0] = 1.0
    whole = np.where(shapely.get_dimensions(shapes) == 0, 1.0, own)
    np.add.at(result, (rows, columns), amounts / np.where(whole > 0, whole, 1.0)[rows])
    return result


def _write_shares(row: Floats, units: Shapes, order: list[int]) -> str:
    if len(order) == 1 and row[order[0]] > 0.9999:
        return str(units[order[0]])
    return "，".join(f"{units[one]} {row[one]:.1%}" for one in order)


def _say_wrong(key: str, stated: str, found: str, label: str) -> Finding:
    return Finding(
        "projects.district_of_project", "info", "projects", key,
        f"填报所在区镇为“{stated}”，按规划的区镇范围（{label}）位于{found}；请核实，用地指标未予审查。",
        f"States {stated} as its district, but lies in {found} by the plan's {label}; check it. Its land "
        "quota was not judged.",
    )  # fmt: skip


def _say_all_wrong(ids: list[str]) -> Finding:
    return Finding(
        "projects.district", "warning", "projects", "",
        f"{len(ids)} 个项目填报的所在区镇与图上位置不符（{list_some(ids)}），见各项目意见单。",
        f"{_count(len(ids), 'project states', 'projects state')} another district than where the map has it "
        f"({list_some(ids)}); see the page of each.",
        float(len(ids)),
    )  # fmt: skip


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def find_shared_land(projects: gpd.GeoDataFrame, limits: SliverLimits) -> list[Finding]:
    """Say which projects ask for the same land, and how much of it.

    Parameters
    ----------
    projects : geopandas.GeoDataFrame
        EPSG:4490, with ``id`` and ``name``. Lines and points share no land.
    limits : SliverLimits
        Common land below it is a touch.

    Returns
    -------
    list of Finding
        One warning for all pairs, and for each project one that names those it shares land with.

    Examples
    --------
    >>> one, other = shapely.box(112, 35, 112.001, 35.001), shapely.box(112.0005, 35, 112.0015, 35.001)
    >>> sent = gpd.GeoDataFrame({"id": ["a", "b"], "name": ["甲", "乙"]}, geometry=[one, other], crs=4490)
    >>> limits = SliverLimits(area="1 m2", width="1 mm")
    >>> [finding.feature_id for finding in find_shared_land(sent, limits)]
    ['', 'a', 'b']
    """
    shapes = projects.geometry.to_numpy()
    faces = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    left, right = shapely.STRtree(shapes[faces]).query(shapes[faces], predicate="intersects")
    pairs = np.column_stack([faces[left], faces[right]])[left < right]
    common = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]], grid_size=GRID_DEG)
    areas, solid = measure_shapes(common), measure_without_slivers(common, limits.width_m)
    meets = (shapely.get_dimensions(common) == 2) & (solid > limits.area_m2)
    ids, names = (projects[column].astype(str).to_numpy() for column in ("id", "name"))
    others: dict[int, list[str]] = {}
    for (one, other), area in zip(pairs[meets], areas[meets], strict=True):
        for key, twin in ((one, other), (other, one)):
            words = f"{ids[twin]} {names[twin]}".strip()
            others.setdefault(int(key), []).append(f"{words} {area:,.2f} m²")
    found = [_say_shared(ids[key], others[key]) for key in sorted(others)]
    if not found:
        return []
    shown = list_some(
        f"{ids[one]}–{ids[other]} {area:,.0f} m²"
        for (one, other), area in zip(pairs[meets], areas[meets], strict=True)
    )
    return [_say_all_shared(int(meets.sum()), shown), *found]


def _say_shared(key: str, others: list[str]) -> Finding:
    shown = list_some(others)
    return Finding(
        "projects.shared_land_of_project", "info", "projects", key,
        f"与 {len(others)} 个项目用地重叠（{shown}），各自审查，未相互扣除。",
        f"Shares land with {_count(len(others), 'project', 'projects')} ({shown}); "
        "each was judged by itself.",
        float(len(others)),
    )  # fmt: skip


def _say_all_shared(count: int, shown: str) -> Finding:
    return Finding(
        "projects.shared_land", "warning", "projects", "",
        f"{count} 对项目用地相互重叠（{shown}）；各自审查，面积和指标未相互扣除。",
        f"{_count(count, 'pair of projects shares', 'pairs of projects share')} land ({shown}); each was "
        "judged by itself, nothing was taken off.",
        float(count),
    )  # fmt: skip
