"""Carrying scale 承载规模 and balances of the evaluation: tables of areas on the ellipsoid.

Cells count whole, so sums differ from the territory's polygon by what its border cuts, and agree with each
other exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from spatial.engine.rasters.crossings import cross_areas, present_area_ha
from spatial.engine.rasters.stacks import RasterStack
from spatial.plan.contract import Column, contract_of, layer
from spatial.plan.ecosystems import name_kinds
from spatial.plan.judging import settle_table
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import RuleTable

RESULTS = (
    "ecology_importance",
    "farming_suitability",
    "urban_suitability",
    "land_conflict",
    "land_potential",
)
"""Layers of classes whose areas are balanced, in order."""
_NOTHING_HA = 1e-6
"""What sums of the same cells in another order may differ by."""
EVERYWHERE = "evaluation_support"
"""A layer of values that no cell of the territory lacks."""
_UNGRADED = ("未评价（缺数据）", "Not evaluated, for lack of data")
_DTYPES = {"text": "str", "number": "float64", "integer": "int64", "truth": "bool"}


@layer(
    "双评价结果汇总", "Balance of the evaluation", "none",
    needs=("evaluation",),
    result=Column("text", "评价", "Result"),
    result_en=Column("text", "评价（英文）", "Result in English"),
    grade=Column("integer", "等级代码", "Class"),
    name_en=Column("text", "英文名称", "English name"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    share=Column("number", "占比", "Share"),
)  # fmt: skip
def suitability_balance(evaluation_rasters: RasterStack | None) -> pd.DataFrame:
    """Return the area and share of each class of each result; class 0 is land that is not evaluated.

    The areas of one result add up to those of another.
    """
    rows = list(_balance(evaluation_rasters)) if evaluation_rasters is not None else []
    return _frame(rows, suitability_balance)


def _balance(stack: RasterStack) -> Iterator[dict[str, object]]:
    everything = present_area_ha(stack, EVERYWHERE)
    for result in (name for name in RESULTS if name in stack):
        said, areas = stack.layers[result], stack.areas_ha(result)
        rest = everything - sum(areas.values())
        rest = rest if rest > _NOTHING_HA else 0.0
        for grade, (zh, en) in {**said.classes, 0: _UNGRADED}.items():
            area = areas.get(grade, 0.0) if grade else rest
            share = area / everything if everything else 0.0
            yield {
                "id": f"{result}-{grade}", "name": zh, "result": said.zh, "result_en": said.en,
                "grade": grade, "name_en": en, "area_ha": area, "share": share,
            }  # fmt: skip


@dataclass(frozen=True)
class _Limit:
    """How much of something one constraint allows; `basis` says what the number was made from."""

    item: str
    constraint: str
    value: float
    basis_zh: str
    basis_en: str


_ITEMS = {
    "farmland": ("耕地承载规模", "Farmland", "ha"),
    "urban_land": ("城镇建设用地承载规模", "Urban land", "ha"),
    "urban_population": ("城镇人口承载规模", "Urban population", "人 people"),
}
_CONSTRAINTS = {
    "land": ("土地约束", "by land"),
    "water": ("水资源约束", "by water"),
    "environment": ("环境约束", "by environment"),
}
_STILL_IN = {
    "farmland": (
        "，不含现状建设用地、水域湿地，含现状林草地；与建设规模不可相加",
        ", without built land, water and wetland, with present forest; not to be added to urban land",
    ),
    "urban_land": (
        "，不含水域湿地，含现状建设用地、耕地、林草地；与耕地规模不可相加",
        ", without water and wetland, with present built land, fields, forest; not to be added to farmland",
    ),
}
"""What land that a constraint by land counts is used for now."""


@layer(
    "承载规模", "Carrying scale", "none",
    needs=("evaluation",),
    name_en=Column("text", "英文名称", "English name"),
    item=Column("text", "对象", "Of what"),
    constraint=Column("text", "约束", "Constraint"),
    value=Column("number", "规模", "Scale"),
    unit=Column("text", "单位", "Unit"),
    shortest=Column("truth", "短板", "Short board"),
    basis=Column("text", "依据", "Basis"),
    basis_en=Column("text", "依据（英文）", "Basis in English"),
)  # fmt: skip
def carrying_capacity(
    evaluation_rasters: RasterStack | None,
    evaluation_spec: Evaluation | None,
    evaluation_capacity_rules: RuleTable,
    evaluation_cover_rules: RuleTable,
) -> pd.DataFrame:
    """Return how much farmland, urban land and how many people land, water and environment carry.

    The short board is the constraint that allows least. Farmland and urban land by land are each the most
    that there could be of one: much land is suitable for both, so they do not add up. A constraint that the
    plan gives no numbers for has no row.
    """
    limits: list[_Limit] = []
    if evaluation_rasters is not None and evaluation_spec is not None:
        rules = settle_table(evaluation_capacity_rules, evaluation_spec, "capacity")
        cover = settle_table(evaluation_cover_rules, evaluation_spec, "cover")
        limits = [*_by_land(evaluation_rasters, evaluation_spec, rules, cover)]
        limits += _by_water(evaluation_spec, rules)
        limits += _by_environment(evaluation_spec, rules)
    least = {item: min((one.value for one in limits if one.item == item), default=0.0) for item in _ITEMS}
    rows = [
        {
            "id": f"{one.item}-{one.constraint}",
            "name": f"{_ITEMS[one.item][0]}（{_CONSTRAINTS[one.constraint][0]}）",
            "name_en": f"{_ITEMS[one.item][1]} {_CONSTRAINTS[one.constraint][1]}",
            "item": one.item, "constraint": one.constraint, "value": one.value, "unit": _ITEMS[one.item][2],
            "shortest": one.value == least[one.item], "basis": one.basis_zh, "basis_en": one.basis_en,
        }
        for item in _ITEMS for one in limits if one.item == item
    ]  # fmt: skip
    return _frame(rows, carrying_capacity)


def _head_m2(spec: Evaluation, rules: RuleTable) -> float:
    given = spec.targets.land_per_head_m2
    return float(given if given is not None else rules.value("land_per_head"))


def _by_land(stack: RasterStack, spec: Evaluation, rules: RuleTable, cover: RuleTable) -> Iterator[_Limit]:
    """Yield what suitable land outside land that is extremely important for ecology allows.

    Present use that the rows ``*.not_counted`` name is left out where land cover is known.
    """
    out, head = rules.value("urban.excluded_ecology"), _head_m2(spec, rules)
    bars = {"ecology_importance": (out,)} if "ecology_importance" in stack else {}
    zh, en = ("、生态极重要区以外", " outside extreme ecological importance") if bars else ("", "")
    for item, name, grades, said in (
        (
            "farmland",
            "farming_suitability",
            "farming.classes",
            ("农业适宜、一般适宜区", "suitable for farming"),
        ),
        ("urban_land", "urban_concentrated", "urban.grades", ("城镇建设1–4级土地", "land of grades 1 to 4")),
    ):
        if name not in stack:
            continue
        key = "farming.not_counted" if item == "farmland" else "urban.not_counted"
        left = {"ecosystem": name_kinds(cover, rules.value(key))} if "ecosystem" in stack else {}
        area = _sum_areas(stack, name, rules.value(grades), bars | left)
        use_zh, use_en = _STILL_IN[item] if left else ("", "")
        yield _Limit(item, "land", area, f"{said[0]}{zh}{use_zh}", f"{said[1]}{en}{use_en}")
        if item == "urban_land":
            basis = f"人均 {head:g} m²", f"{head:g} m² a person"
            yield _Limit("urban_population", "land", area * 1e4 / head, *basis)


def _sum_areas(
    stack: RasterStack, name: str, counted: tuple[int, ...], excluded: Mapping[str, tuple[int, ...]]
) -> float:
    """Return the area of some classes of a layer where no other has a class that is excluded of it."""
    areas = cross_areas(stack, [name, *excluded])
    return sum(
        area
        for (one, *rest), area in areas.items()
        if one in counted
        and not any(code in barred for code, barred in zip(rest, excluded.values(), strict=True))
    )


def _by_water(spec: Evaluation, rules: RuleTable) -> Iterator[_Limit]:
    """Yield ``share W / quota + rain-fed`` for farmland and ``share W / need`` for people."""
    water = spec.carrying.water
    if water is None:
        return
    if water.farming_share is not None and water.irrigation_m3_ha is not None:
        used = water.total_m3 * water.farming_share
        area = used / water.irrigation_m3_ha + water.rainfed_ha
        yield _Limit(
            "farmland", "water", area,
            f"{used:,.0f} m³ ÷ {water.irrigation_m3_ha:g} m³/ha + 雨养 {water.rainfed_ha:g} ha",
            f"{used:,.0f} m³ / {water.irrigation_m3_ha:g} m³/ha + rain-fed {water.rainfed_ha:g} ha",
        )  # fmt: skip
    if water.urban_share is not None and water.per_head_m3 is not None:
        used = water.total_m3 * water.urban_share
        basis = (
            f"{used:,.0f} m³ ÷ {water.per_head_m3:g} m³/人",
            f"{used:,.0f} m³ / {water.per_head_m3:g} m³ a person",
        )
        yield from _people("water", used / water.per_head_m3, _head_m2(spec, rules), basis)


def _by_environment(spec: Evaluation, rules: RuleTable) -> Iterator[_Limit]:
    people = spec.carrying.environment_population
    if people is not None:
        yield from _people("environment", people, _head_m2(spec, rules), ("规划给定", "given by the plan"))


def _people(constraint: str, people: float, head_m2: float, basis: tuple[str, str]) -> Iterator[_Limit]:
    """Yield a number of people and the land that they need."""
    yield _Limit("urban_population", constraint, people, *basis)
    zh, en = (f"{text} × {head_m2:g} m²" for text in basis)
    yield _Limit("urban_land", constraint, people * head_m2 / 1e4, zh, en)


def _frame(rows: list[dict[str, object]], function: object) -> pd.DataFrame:
    contract = contract_of(function)  # type: ignore[arg-type]
    assert contract is not None
    columns = contract.all_columns()
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.astype({name: _DTYPES[column.kind] for name, column in columns.items()})
