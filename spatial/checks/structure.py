"""Checks of the structure: formula against elements, names that lead nowhere, absent elements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.parts.structure import (
    LAYER_OF_KIND,
    AxisElement,
    BeltElement,
    CoreElement,
    DistrictElement,
    Element,
    Structure,
)
from spatial.plan.reading.formula import Pair, parse_formula

_WORDS = {
    "core": "个核", "centre": "个中心", "main": "个主中心", "pole": "个极", "sub": "个副中心",
    "belt": "条带", "axis": "条轴", "corridor": "条走廊", "screen": "道屏", "network": "张网", "ring": "个环",
    "district": "个片区", "zone": "个区", "cluster": "个组团", "block": "个板块", "wing": "个翼",
    "node": "个节点", "point": "个点",
}  # fmt: skip
"""Kind to the Chinese word for it, with its measure word."""
_AREA_FIX = (
    "请核对来源里是否有面、是否在规划范围内",
    "check that the source has polygons and that they lie in the territory",
)
_FIXES = {
    CoreElement: _AREA_FIX,
    DistrictElement: _AREA_FIX,
    BeltElement: (
        "请核对来源里是否有线、是否在规划范围内，side 和 cut 是否把它全部去掉",
        "check that the source has lines in the territory, and that side and cut leave something of it",
    ),
    AxisElement: (
        "请核对来源里是否有线，或经过的地点是否不同",
        "check that the source has lines, or that the places differ",
    ),
}
_OTHER_FIX = ("请核对它所环绕的要素和规划范围", "check the element that it goes round, and the territory")
_SOUGHT = {
    "source": ("来源 {} 中", "source {} has"),
    "sources": ("sources 中", "sources have"),
    "districts": ("行政区中", "the districts have"),
    "elements": ("要素中", "the elements have"),
    "gazetteer": ("towns 和 places 中", "towns and places have"),
}


def structure_findings(
    structure_spec: Structure | None,
    structure: gpd.GeoDataFrame,
    structure_faults: pd.DataFrame,
    metric_crs: str,
) -> list[Finding]:
    """Hold the elements against the formula and report those that are absent or in pieces.

    Returns
    -------
    list of Finding
        Errors ``structure.count``, ``structure.unknown_name``, ``structure.empty_element`` and
        ``structure.many_parts``; ``structure.not_in_formula`` for information. An element with an unknown
        name is not reported as empty once more.
    """
    if structure_spec is None:
        return []
    elements = {element.id: element for element in structure_spec.elements}
    made = dict(zip(structure["id"], structure.geometry, strict=True))
    explained = {*made, *structure_faults["element"]}
    return [
        *_compare_counts(structure_spec.formula, structure_spec.elements),
        *_report_names(elements, structure_faults),
        *(_report_empty(element) for key, element in elements.items() if key not in explained),
        *_report_parts(elements, made, metric_crs),
    ]


def _compare_counts(formula: str, elements: Iterable[Element]) -> Iterator[Finding]:
    """Compare what the formula asks for with what the plan has, kind by kind."""
    having: dict[str, list[Element]] = {}
    for element in elements:
        having.setdefault(element.kind, []).append(element)
    parsed = parse_formula(formula)
    for pair in parsed.pairs:
        found = having.pop(pair.kind, [])
        least, exact = parsed.required()[pair.kind]
        if len(found) < least or (exact and len(found) > least):
            yield _report_count(formula, pair, found, least)
    for kind, found in having.items():
        zh, en = _list_names(found)
        yield Finding(
            "structure.not_in_formula", "info", "structure", "",
            f"公式“{formula}”没有提到，但要素有 {len(found)} {_WORDS[kind]}{zh}",
            f"the formula {formula!r} does not name the kind {kind}; the elements have {len(found)}{en}",
            len(found), 0,
        )  # fmt: skip


def _report_count(formula: str, pair: Pair, found: list[Element], least: int) -> Finding:
    zh, en = _list_names(found)
    many_zh, many_en = ("（两个以上）", " or more") if pair.count is None else ("", "")
    return Finding(
        "structure.count", "error", "structure", "",
        f"公式“{formula}”写“{pair.text}”{many_zh}，要素有 {len(found)} {_WORDS[pair.kind]}{zh}；"
        f"请增减 kind: {pair.kind} 的要素，或改公式",
        f"the formula {formula!r} says {pair.text!r}, {least}{many_en} of kind {pair.kind}; "
        f"the elements have {len(found)}{en}; add or remove elements of this kind, or correct the formula",
        len(found), least,
    )  # fmt: skip


def _list_names(elements: list[Element]) -> tuple[str, str]:
    names = [_names(element) for element in elements]
    zh, en = "、".join(name for name, _ in names), ", ".join(name for _, name in names)
    return (f"：{zh}", f": {en}") if names else ("", "")


def _report_names(elements: dict[str, Element], faults: pd.DataFrame) -> Iterator[Finding]:
    for fault in faults.to_dict("records"):
        element, name = elements[fault["element"]], fault["name"]
        zh, en = _names(element)
        if fault["problem"] == "seat_only":
            rule = "structure.empty_element"
            message_zh = f"“{zh}”未生成：“{name}”只有驻地坐标，没有镇域面；请给 source 和 areas，或改用 discs"
            message_en = (
                f"{en!r} was not made: of {name!r} the seat is known, but no polygon; "
                "give source and areas, or use discs"
            )
        else:
            rule = "structure.unknown_name"
            kind, _, source = fault["where"].partition(":")
            where_zh, where_en = (text.format(source) for text in _SOUGHT[kind])
            near = fault["near"]
            near_zh = f"相近的有：{near}" if near else "也没有相近的名称"
            near_en = f"near it: {near.replace('、', ', ')}" if near else "nothing is near it"
            message_zh = f"“{zh}”未生成：{where_zh}没有“{name}”；{near_zh}"
            message_en = f"{en!r} was not made: {where_en} no {name!r}; {near_en}"
            if fault["problem"] == "unnamed_source":
                message_zh = (
                    f"“{zh}”未生成：来源 {source} 没有名称字段，无法找到“{name}”；它的字段：{near or '无'}；"
                    f"请在 sources.{source} 写 name_column"
                )
                message_en = (
                    f"{en!r} was not made: source {source} has no column of names to find {name!r} in; it "
                    f"has {near.replace('、', ', ') or 'none'}; write `name_column` in sources.{source}"
                )
        yield Finding(rule, "error", LAYER_OF_KIND[element.kind], element.id, message_zh, message_en)


def _report_empty(element: Element) -> Finding:
    zh, en = _names(element)
    fix_zh, fix_en = _FIXES.get(type(element), _OTHER_FIX)
    return Finding(
        "structure.empty_element", "error", LAYER_OF_KIND[element.kind], element.id,
        f"“{zh}”没有任何图形；{fix_zh}",
        f"nothing is there of {en!r}; {fix_en}",
    )  # fmt: skip


def _report_parts(
    elements: dict[str, Element], made: dict[str, BaseGeometry], metric_crs: str
) -> Iterator[Finding]:
    for key, shape in made.items():
        element = elements[key]
        count = int(shapely.get_num_geometries(shape))
        if count == 1 or getattr(element, "parts", "many") == "many":
            continue
        gap_m = _widest_gap(transform_shapes(shapely.get_parts(shape), STORED_CRS, metric_crs))
        zh, en = _names(element)
        yield Finding(
            "structure.many_parts", "error", LAYER_OF_KIND[element.kind], element.id,
            f"“{zh}”应为 1 块，实为 {count} 块，相隔至多 {gap_m:.0f} m；"
            f"请把 smooth 加到 {gap_m / 2:.0f} m 以上，补画相连的部分，或写 parts: many",
            f"{en!r} should be 1 polygon and is {count}, up to {gap_m:.0f} m apart; raise smooth above "
            f"{gap_m / 2:.0f} m, draw what joins them, or write parts: many",
            count, 1, shape,
        )  # fmt: skip


def _widest_gap(parts: Iterable[BaseGeometry]) -> float:
    """Return how far apart parts are, at the widest step of the shortest chain that joins them all."""
    waiting = list(parts)
    joined = waiting.pop()
    widest = 0.0
    while waiting:
        gaps = shapely.distance(joined, waiting)
        nearest = int(gaps.argmin())
        widest = max(widest, float(gaps[nearest]))
        joined = shapely.union(joined, waiting.pop(nearest))
    return widest


def _names(element: Element) -> tuple[str, str]:
    return element.name.pick("zh"), element.name.pick("en")
