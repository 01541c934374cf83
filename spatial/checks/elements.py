"""Checks of where elements of the structure lie: in the territory, outside the core, on a clear side."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import distance_m
from spatial.engine.shapes.ribbons import measure_side
from spatial.plan.findings import STORED_CRS, Finding, Severity
from spatial.plan.parts.structure import LAYER_OF_KIND, AxisElement, BeltElement, Element, Structure

_OUTSIDE_SHARE = 0.05
"""Boundaries of two sources differ by so much of a belt that follows them; more is worth a look."""
_WHOLLY = 0.999
_CLEAR_SIDE = 0.34
"""A line within 70° of the direction across its side has that side; the cosine of 70°."""


def area_findings(
    structure_spec: Structure | None,
    structure_areas: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    metric_crs: str,
) -> list[Finding]:
    """Report cores and districts of which more than 5 % lay outside the territory and was cut off.

    Returns
    -------
    list of Finding
        Warnings ``structure.outside_territory``; an error where all of an element lies outside, with a word
        on the coordinate system if it comes from a source.
    """
    land = _land(territory, metric_crs)
    areas = _shapes(structure_areas)
    findings = []
    for element in structure_spec.elements if structure_spec else ():
        share, outside = _outside(areas.get(element.id), land, metric_crs)
        if share > _OUTSIDE_SHARE:
            severity, fix_zh, fix_en = _weigh(element, share, metric_crs) or (
                "warning", "请核对其来源或半径", "check its source or radius",
            )  # fmt: skip
            findings.append(
                Finding(
                    "structure.outside_territory", severity, LAYER_OF_KIND[element.kind], element.id,
                    f"“{element.name.pick('zh')}”有 {share:.1%} 在规划范围之外，已裁去"
                    f"（限值 {_OUTSIDE_SHARE:.0%}）；{fix_zh}",
                    f"{share:.1%} of {element.name.pick('en')!r} lay outside the territory and was cut off "
                    f"(limit {_OUTSIDE_SHARE:.0%}); {fix_en}",
                    share, _OUTSIDE_SHARE, outside,
                )
            )  # fmt: skip
    return findings


def belt_findings(
    structure_spec: Structure | None,
    structure_lines: gpd.GeoDataFrame,
    structure_ribbons: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    metric_crs: str,
) -> list[Finding]:
    """Report belts that leave the territory, and belts on a side that their line does not clearly have.

    A belt on both sides is measured by its line, a belt on one side by its own area, because its line
    may well be the boundary.

    Returns
    -------
    list of Finding
        Warnings ``belts.outside_territory`` (an error where the whole line of a source lies outside) and
        ``belts.side_unclear``.
    """
    land = _land(territory, metric_crs)
    lines, ribbons = _shapes(structure_lines), _shapes(structure_ribbons)
    findings: list[Finding] = []
    for belt in structure_spec.elements if structure_spec else ():
        if isinstance(belt, BeltElement) and belt.id in ribbons:
            shape = lines[belt.id] if belt.side == "both" else ribbons[belt.id]
            share, outside = _outside(shape, land, metric_crs)
            away = _weigh(belt, _outside(lines[belt.id], land, metric_crs)[0], metric_crs)
            findings += _report_outside(belt, share, outside, away if share > _WHOLLY else None)
            findings += _report_side(belt, measure_side(lines[belt.id], belt.side))
    return findings


def axis_findings(
    structure_spec: Structure | None,
    structure_lines: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    metric_crs: str,
) -> list[Finding]:
    """Report axes that lie wholly outside the territory; one that leads out of it is as it should be.

    Returns
    -------
    list of Finding
        Errors ``axes.outside_territory``.
    """
    land, lines = _land(territory, metric_crs), _shapes(structure_lines)
    findings = []
    for axis in structure_spec.elements if structure_spec else ():
        share, outside = _outside(lines.get(axis.id), land, metric_crs)
        away = _weigh(axis, share, metric_crs)
        if isinstance(axis, AxisElement) and away:
            severity, fix_zh, fix_en = away
            findings.append(
                Finding(
                    "axes.outside_territory", severity, "axes", axis.id,
                    f"“{axis.name.pick('zh')}”全部在规划范围之外；{fix_zh}",
                    f"{axis.name.pick('en')!r} lies wholly outside the territory; {fix_en}",
                    share, _WHOLLY, outside,
                )
            )  # fmt: skip
    return findings


def point_findings(
    points: gpd.GeoDataFrame, cores: gpd.GeoDataFrame, territory: gpd.GeoDataFrame
) -> list[Finding]:
    """Report points inside a core, which should lie outside it, and points outside the territory.

    Returns
    -------
    list of Finding
        Warnings ``points.inside_core``, errors ``points.outside_territory``.
    """
    land = shapely.union_all(territory.geometry.array)
    outside = ~shapely.intersects(land, points.geometry.array)
    away_m = np.zeros(len(points))
    away_m[outside] = distance_m(points.geometry.array[outside], land) if outside.any() else 0.0
    findings = []
    for row, metres in zip(points.itertuples(index=False), away_m.tolist(), strict=True):
        name_en = row.name_en or row.name
        for core in cores[cores.intersects(row.geometry)].itertuples(index=False):
            findings.append(
                Finding(
                    "points.inside_core", "warning", "points", row.id,
                    f"节点“{row.name}”落在“{core.name}”之内；节点应在核心之外，请改 at，或把它并入核心",
                    f"the point {name_en!r} lies inside {core.name_en or core.name!r}; points lie outside "
                    "the core: correct `at`, or make it part of the core",
                    geometry=row.geometry,
                )
            )  # fmt: skip
        if metres > 0:
            findings.append(
                Finding(
                    "points.outside_territory", "error", "points", row.id,
                    f"节点“{row.name}”在规划范围之外 {metres / 1000:.2f} km；请核对坐标（先经度，后纬度）",
                    f"the point {name_en!r} lies {metres / 1000:.2f} km outside the territory; "
                    "check its coordinates (longitude first)",
                    metres, 0.0, row.geometry,
                )
            )  # fmt: skip
    return findings


def _weigh(element: Element, share: float, metric_crs: str) -> tuple[Severity, str, str] | None:
    """Return what to say of an element that lies wholly outside; None where part of it is inside."""
    if share <= _WHOLLY:
        return None
    source = getattr(element, "source", None)
    if not source:
        return "error", "请核对坐标（先经度，后纬度）", "check its coordinates (longitude first)"
    return (
        "error",
        f"来源 {source} 的坐标系（crs）很可能有误：规划范围的投影坐标系是 {metric_crs}",
        f"the coordinate system (crs) of source {source} is probably wrong: the projected one of the "
        f"territory is {metric_crs}",
    )


def _report_outside(
    belt: BeltElement,
    share: float,
    outside: BaseGeometry | None,
    away: tuple[Severity, str, str] | None,
) -> Iterator[Finding]:
    if share > _OUTSIDE_SHARE:
        severity, fix_zh, fix_en = away or (
            "warning", "请核对线的位置和 side", "check where its line runs and `side`",
        )  # fmt: skip
        what_zh, what_en = ("的中线", "the line of ") if belt.side == "both" else ("", "")
        yield Finding(
            "belts.outside_territory", severity, "belts", belt.id,
            f"“{belt.name.pick('zh')}”{what_zh}有 {share:.1%} 在规划范围之外（限值 {_OUTSIDE_SHARE:.0%}），"
            f"范围外的部分已裁去；{fix_zh}",
            f"{share:.1%} of {what_en}{belt.name.pick('en')!r} lies outside the territory "
            f"(limit {_OUTSIDE_SHARE:.0%}), where the belt was cut off; {fix_en}",
            share, _OUTSIDE_SHARE, outside,
        )  # fmt: skip


def _report_side(belt: BeltElement, clarity: float) -> Iterator[Finding]:
    if clarity < _CLEAR_SIDE:
        yield Finding(
            "belts.side_unclear", "warning", "belts", belt.id,
            f"“{belt.name.pick('zh')}”写 side: {belt.side}，但它的线没有明确的这一侧"
            f"（明确度 {clarity:.2f}，限值 {_CLEAR_SIDE}）；请改 side，或只取线的一段",
            f"{belt.name.pick('en')!r} asks for side: {belt.side}, which its line does not clearly have "
            f"(clarity {clarity:.2f}, limit {_CLEAR_SIDE}); correct `side`, or take a part of the line only",
            clarity, _CLEAR_SIDE,
        )  # fmt: skip


def _shapes(frame: gpd.GeoDataFrame) -> dict[str, BaseGeometry]:
    return dict(zip(frame["id"], frame.geometry, strict=True))


def _land(territory: gpd.GeoDataFrame, metric_crs: str) -> BaseGeometry:
    return shapely.union_all(transform_shapes(territory.geometry.array, STORED_CRS, metric_crs))


def _outside(
    shape: BaseGeometry | None, land: BaseGeometry, metric_crs: str
) -> tuple[float, BaseGeometry | None]:
    """Return what share of a line or polygon lies outside, and that part in degrees."""
    if shape is None:
        return 0.0, None
    outside = shapely.difference(shape, land)
    whole, part = (item.area or item.length for item in (shape, outside))
    return float(part / whole), transform_shapes([outside], metric_crs, STORED_CRS)[0]
