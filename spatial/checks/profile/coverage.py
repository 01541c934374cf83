"""Layers of a data file as coverages: overlaps, gaps, unmatched edges, land outside, sums of areas."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.checks.profile.subject import FileStep, Holding, LayerStep, Subject
from spatial.engine.areas import straight_area_m2
from spatial.engine.geodesy import length_m
from spatial.engine.shapes.coverages import (
    Overlaps,
    find_crossing_overlaps,
    find_gaps,
    find_mismatches,
    find_outside,
    find_overlaps,
)
from spatial.engine.shapes.slivers import width_m
from spatial.plan.findings import Finding

Floats = npt.NDArray[np.float64]
_UNITS = ((1e4, "公顷", "hectares"), (2000 / 3, "亩", "mu"), (1e6, "平方公里", "square kilometres"))


def _wide(pieces: Any, limit: float) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return which pieces are wider than rounding, the largest first, and the areas of all."""
    areas = straight_area_m2(pieces)
    wide = np.flatnonzero(width_m(pieces) > limit)
    return wide[np.argsort(-areas[wide], kind="stable")], areas


def _check_overlaps(subject: Subject) -> Iterator[Finding]:
    if subject.spec.coverage == "free" or not subject.is_areal:
        return
    found = find_overlaps(subject.areas)
    rows, areas = _wide(found.pieces, subject.measures.limit("width"))
    yield from subject.tell_rows(
        "overlap", found.left[rows],
        lambda at: (
            f"与 {subject.keys[found.right[rows[at]]]} 重叠 {areas[rows[at]]:.2f} 平方米；请消除重叠。",
            f"Overlaps {subject.keys[found.right[rows[at]]]} by {areas[rows[at]]:.2f} m²; mend it.",
        ),
        more=lambda at: {"value": float(areas[rows[at]]), "limit": 0.0, "geometry": found.pieces[rows[at]]},
    )  # fmt: skip
    yield from _check_edges(subject, found)


def _check_edges(subject: Subject, found: Overlaps) -> Iterator[Finding]:
    """Tell of features whose edges run along a neighbour's without its vertices: a gap waiting to open."""
    edges, wrong = find_mismatches(subject.areas)
    wrong[np.concatenate([found.left, found.right])] = False
    rows = np.flatnonzero(wrong)
    yield from subject.tell_rows(
        "edge", rows,
        lambda _: ("与相邻图斑的公共边折点不一致，坐标变换或取整后会出现缝隙；请补齐公共折点。",
                   "A shared edge has a vertex on one side only: transformed, it would open; add it."),
        more=lambda at: {"geometry": edges[rows[at]]},
    )  # fmt: skip


def _check_gaps(holding: Holding) -> Iterator[Finding]:
    for subject in holding.subjects:
        if subject.spec.coverage != "partition" or not subject.is_areal:
            continue
        own = subject.spec.name == holding.profile.territory
        whole = None if own else holding.territory
        gaps = find_gaps(subject.areas, whole)
        rows, areas = _wide(gaps, holding.measures.limit("width"))
        most = int(holding.measures.limit("shown"))
        for at in rows[:most]:
            yield subject.tell(
                "gap",
                f"图层 {subject.data.name} 有缝隙 {areas[at]:.2f} 平方米；请补齐或并入相邻图斑。",
                f"The layer {subject.data.name} leaves a gap of {areas[at]:.2f} m²; fill it.",
                value=float(areas[at]), limit=0.0, geometry=gaps[at],
            )  # fmt: skip
        if len(rows) > most:
            total = float(areas[rows].sum())
            yield subject.tell(
                "gap",
                f"图层 {subject.data.name} 缝隙共 {len(rows)} 处、{total:.2f} 平方米，未全部逐条列出。",
                f"{subject.data.name} has {len(rows)} gaps, {total:.2f} m², of which not all are listed.",
                value=total,
            )


def _check_outside(holding: Holding) -> Iterator[Finding]:
    if holding.territory is None:
        return
    for subject in holding.subjects:
        inside = subject.spec.name == holding.profile.territory or subject.spec.coverage == "free"
        if subject.is_areal and not inside:
            yield from _find_outside(subject, find_outside(subject.areas, holding.territory))


def _find_outside(subject: Subject, parts: Any) -> Iterator[Finding]:
    rows, areas = _wide(parts, subject.measures.limit("width"))
    yield from subject.tell_rows(
        "outside", rows,
        lambda at: (
            f"超出规划范围 {areas[rows[at]]:.2f} 平方米；请裁切或核对行政区界线。",
            f"{areas[rows[at]]:.2f} m² lie outside the territory; clip it, or see to the boundary.",
        ),
        more=lambda at: {"value": float(areas[rows[at]]), "limit": 0.0, "geometry": parts[rows[at]]},
    )  # fmt: skip


def _check_lines(holding: Holding) -> Iterator[Finding]:
    """Hold the layers that exclude each other against each other (不交叉不重叠不冲突)."""
    there = [subject for name in holding.profile.exclusive if (subject := holding.find(name)) is not None]
    for one, other in combinations(there, 2):
        yield from _check_pair(one, other)


def _check_pair(one: Subject, other: Subject) -> Iterator[Finding]:
    found = find_crossing_overlaps(one.areas, other.areas)
    rows, areas = _wide(found.pieces, one.measures.limit("width"))
    yield from one.tell_rows(
        "lines_overlap", found.left[rows],
        lambda at: (
            f"与 {other.data.name} 的 {other.keys[found.right[rows[at]]]} "
            f"重叠 {areas[rows[at]]:.2f} 平方米；控制线之间不得交叉重叠。",
            f"Overlaps {other.keys[found.right[rows[at]]]} of {other.data.name} "
            f"by {areas[rows[at]]:.2f} m²; control lines must not overlap.",
        ),
        more=lambda at: {"value": float(areas[rows[at]]), "limit": 0.0, "geometry": found.pieces[rows[at]]},
    )  # fmt: skip


def _check_areas(subject: Subject) -> Iterator[Finding]:
    """Hold the area field against the area on the ellipsoid, and guess what a wrong one is."""
    column = subject.column(subject.spec.area_field) if subject.spec.area_field else None
    if column is None or not subject.is_areal:
        return
    stated = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    areas = straight_area_m2(subject.areas)
    limit, share = subject.measures.limit("area"), subject.measures.limit("area_share")
    # An area is as sure as its vertices: one that moves by the resolution takes its share of the edge along.
    edge = length_m(shapely.boundary(subject.areas)) * subject.measures.limit("resolution")
    allowed = np.maximum(limit, share * areas) + edge
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((np.abs(stated - areas) > allowed) & (areas > 0))
    flat = shapely.area(subject.data.shapes)
    name = f"{subject.data.name}.{subject.spec.area_field}"
    yield from subject.tell_rows(
        "area_field", rows,
        lambda at: (
            f"{name} 为 {stated[rows[at]]:.2f}，椭球面积为 {areas[rows[at]]:.2f} 平方米"
            f"{_guess(stated[rows[at]], areas[rows[at]], flat[rows[at]])[0]}；请重新计算。",
            f"{name} is {stated[rows[at]]:.2f}, the area on the ellipsoid is {areas[rows[at]]:.2f} m²"
            f"{_guess(stated[rows[at]], areas[rows[at]], flat[rows[at]])[1]}; compute it again.",
        ),
        more=lambda at: {"value": float(stated[rows[at]]), "limit": float(areas[rows[at]])},
    )  # fmt: skip


def _guess(stated: float, area: float, flat: float) -> tuple[str, str]:
    """Say what a wrong area looks like: hectares, mu, square kilometres, or measured in the plane."""
    for unit, zh, en in _UNITS:
        if abs(stated * unit - area) <= max(1.0, 1e-3 * area):
            return f"（似以{zh}计）", f" (it seems to be in {en})"
    if flat > 0 and abs(stated - flat) <= max(0.01, 1e-6 * flat):
        return "（似为平面面积）", " (it seems to be measured in the plane of the projection)"
    return "", ""


def _check_sums(holding: Holding) -> Iterator[Finding]:
    """Hold the sum of each partition against the whole, by the shapes on the ellipsoid."""
    if holding.territory is None:
        return
    whole, limit = float(straight_area_m2([holding.territory])[0]), holding.measures.limit("total")
    for subject in holding.subjects:
        if subject.spec.coverage != "partition" or not subject.is_areal:
            continue
        total = float(straight_area_m2(subject.areas).sum())
        if abs(total - whole) > limit:
            yield subject.tell(
                "area_sum",
                f"图层 {subject.data.name} 面积之和与规划范围相差 {total - whole:.2f} 平方米；"
                "请查缝隙、重叠与越界。",
                f"The areas of {subject.data.name} add up to {total - whole:.2f} m² more than the "
                "territory; look for gaps, overlaps and land outside.",
                value=total, limit=whole,
            )  # fmt: skip


FILE_STEPS: tuple[FileStep, ...] = (_check_gaps, _check_outside, _check_lines, _check_sums)
"""Checks of the file."""
LAYER_STEPS: tuple[LayerStep, ...] = (_check_overlaps, _check_areas)
"""Checks of each layer."""
