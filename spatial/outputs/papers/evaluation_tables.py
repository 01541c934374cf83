"""Tables of the evaluation 双评价: factors, rules used, areas of classes, what land carries, firmness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from spatial.engine.rasters.grids import measure_cells
from spatial.engine.rasters.stacks import RasterStack
from spatial.outputs.order import Order
from spatial.outputs.papers.cells import Cell, Derived, Head, Quantity, Table
from spatial.outputs.papers.layouts import TOTAL
from spatial.outputs.papers.plan_tables import VERIFIED, show_value
from spatial.outputs.papers.words import CONFIDENCES, make_text
from spatial.plan.base import Text
from spatial.plan.parts.evaluation import BURNT, FACTORS
from spatial.plan.records import Source
from spatial.plan.rules import Rule
from spatial.plan.traces import list_rules

EVALUATION_TABLES = (
    "suitability_balance",
    "carrying_capacity",
    "evaluation_stability",
    "suitability_sensitivity",
    "proposal_comparison",
    "proposal_balance",
    "green_connectivity",
    "evaluation_factors",
    "evaluation_rules",
)
"""Keys of the tables, in the order in which a planner reads them."""
FIRM, SHAKY = 0.95, 0.6
"""Shares of runs in which a class is kept: from the first on it counts as firm, up to the second as shaky."""
LOCATION = "location"
_GRADED = "location_grade"
_STABLE = "_stability"
_HA_M2 = 1e4
_SAMPLED = {
    "average": Text(zh="平均", en="average"),
    "bilinear": Text(zh="双线性", en="bilinear"),
    "nearest": Text(zh="最近邻", en="nearest"),
    "mode": Text(zh="众数", en="mode"),
    "amounts": Text(zh="源细取平均，源粗取双线性", en="average of finer cells, else bilinear"),
    "classes": Text(zh="源细取众数，源粗取最近邻", en="mode of finer cells, else nearest"),
}
_TOUCHED = Text(zh="触及的栅格均计入", en="every cell touched")
_CENTRE = Text(zh="中心在内的栅格", en="cells whose centre is inside")
_ROADS = Text(zh="由规划道路计算", en="made from the plan's roads")


class Firmness(NamedTuple):
    """How firm a result stands: layer, mean share of runs that keep the class, firm and shaky land."""

    layer: str
    mean: float
    firm: float
    shaky: float


def list_evaluation_tables(order: Order) -> list[Table]:
    """Return the tables of the evaluation that the order has something for; none without an evaluation."""
    if order.plan.evaluation is None or order.rasters is None:
        return []
    made = (
        _lay_out_balance(order),
        _lay_out_carrying(order),
        _lay_out_firmness(order),
        _lay_out_factors(order),
        _lay_out_rules(order),
    )
    return [table for table in made if table is not None]


def _titles(*titles: tuple[str, str]) -> Iterator[Head]:
    return (Head(Text(zh=zh, en=en)) for zh, en in titles)


def _layer(order: Order, name: str) -> pd.DataFrame | None:
    frame = order.layers.get(name)
    return frame if frame is not None and len(frame) else None


def _lay_out_balance(order: Order) -> Table | None:
    """Return areas and shares of the classes of each result; a result's rows add up to the territory."""
    frame = _layer(order, "suitability_balance")
    if frame is None:
        return None
    rows: list[tuple[Cell, ...]] = []
    strong = []
    for (zh, en), part in frame.groupby(["result", "result_en"], sort=False):
        name, head = make_text(zh, en), len(rows)
        told = [row for row in part.to_dict("records") if row["grade"] or row["area_ha"]]
        areas = tuple((head + at, 2) for at in range(1, len(told) + 1))
        shares = tuple((head + at, 3) for at in range(1, len(told) + 1))
        total = Derived(float(part["area_ha"].sum()), "sum", areas)
        strong.append(head)
        rows.append((name, TOTAL, total, Derived(float(part["share"].sum()), "sum", shares)))
        for at, row in enumerate(told, start=head + 1):
            share = Derived(float(row["share"]), "ratio", ((at, 2), (head, 2)))
            rows.append((name, make_text(row["name"], row["name_en"]), float(row["area_ha"]), share))
    heads = (
        *_titles(("评价", "Result"), ("类别", "Class")),
        Head(Text(zh="面积（公顷）", en="Area (ha)"), "number", 2),
        Head(Text(zh="占全域比例", en="Share of the territory"), "share", 2),
    )
    note = Text(
        zh="按整格统计，椭球面积；与规划范围多边形之差为边界所切栅格。",
        en="Whole cells on the ellipsoid; they differ from the territory's polygon by what its border cuts.",
    )
    title = Text(zh="双评价结果汇总", en="Balance of the evaluation")
    return Table("suitability_balance", title, heads, tuple(rows), notes=(note,), strong=tuple(strong))


def _lay_out_carrying(order: Order) -> Table | None:
    """Return what each constraint allows, with the short board named."""
    frame = _layer(order, "carrying_capacity")
    if frame is None:
        return None
    short = Text(zh="短板", en="short board")
    rows: list[tuple[Cell, ...]] = [
        (
            make_text(row.name, row.name_en),
            Quantity(float(row.value), "integer", 0),
            make_text(*_split_unit(row.unit)),
            short if row.shortest else None,
            make_text(row.basis, row.basis_en),
        )
        for row in frame.itertuples(index=False)
    ]
    strong = tuple(int(at) for at in np.flatnonzero(frame["shortest"].to_numpy()))
    heads = (
        *_titles(("承载规模", "Carrying scale")),
        Head(Text(zh="规模", en="Scale"), "integer", 0),
        *_titles(("单位", "Unit"), ("短板", "Short board"), ("依据", "Basis")),
    )
    note = Text(
        zh="数值为上限，不是目标；短板是各约束中最小者。规划未给数的约束没有行。土地约束下的耕地与建设规模"
        "大部分是同一片土地，且含现状林地，不可相加。",
        en="Values are upper limits, not aims; the short board is the least. A constraint that the plan "
        "gives no numbers for has no row. Farmland and urban land by land are mostly the same land, present "
        "forest among it, and must not be added up.",
    )
    title = Text(zh="承载规模", en="Carrying scale")
    return Table("carrying_capacity", title, heads, tuple(rows), notes=(note,), strong=strong)


def _split_unit(unit: object) -> tuple[str, str]:
    """Return a unit in Chinese and English; ``ha`` is both."""
    zh, _, en = str(unit).partition(" ")
    return ("公顷", "ha") if zh == "ha" else (zh, en or zh)


def measure_firmness(stack: RasterStack | None) -> list[Firmness]:
    """Return how firm each result stands, by area on the ellipsoid; none without layers of stability."""
    found = []
    for name in stack.names if stack is not None else ():
        if stack is None or not name.endswith(_STABLE):
            continue
        sums = np.zeros(4)
        for block in stack.blocks():
            kept, areas = stack.read(name, block), measure_cells(stack.grid, block)
            there = ~np.isnan(kept)
            kept, areas = kept[there], areas[there]
            # Shares are kept as float32, in which 0.95 is a little less.
            firm, shaky = areas[kept >= np.float32(FIRM)].sum(), areas[kept <= np.float32(SHAKY)].sum()
            sums += (areas.sum(), (kept * areas).sum(), firm, shaky)
        if sums[0]:
            found.append(Firmness(name, *(sums[1:] / sums[0]).tolist()))
    return found


def _lay_out_firmness(order: Order) -> Table | None:
    stack, spec = order.rasters, order.plan.evaluation
    found = measure_firmness(stack)
    if not found or stack is None or spec is None:
        return None
    rows: list[tuple[Cell, ...]] = [
        (make_text(stack.layers[one.layer].zh, stack.layers[one.layer].en), one.mean, one.firm, one.shaky)
        for one in found
    ]
    heads = (
        *_titles(("评价", "Result")),
        Head(Text(zh="类别不变的模拟，面积平均", en="Runs that keep the class, mean by area"), "share", 1),
        Head(
            Text(zh=f"{FIRM:.0%} 以上不变的面积", en=f"Land that keeps it in {FIRM:.0%} or more"), "share", 1
        ),
        Head(Text(zh=f"不超过 {SHAKY:.0%} 不变的面积", en=f"Land in {SHAKY:.0%} or fewer"), "share", 1),
    )
    note = Text(
        zh=f"{spec.runs} 次模拟，随机种子 {spec.seed}；只变动断点、累计占比与权重，"
        "矩阵与地块形态不变，结果偏乐观。",
        en=f"{spec.runs} runs, seed {spec.seed}; breaks, shares and weights move, matrices and patches stay, "
        "so this is on the high side.",
    )
    return Table(
        "evaluation_stability", Text(zh="稳健性", en="Robustness"), heads, tuple(rows), notes=(note,)
    )


def _lay_out_factors(order: Order) -> Table | None:
    """Return which factor comes from which source, in which unit, and how its cells are taken."""
    spec = order.plan.evaluation
    if spec is None:
        return None
    sources = order.plan.sources
    rows: list[tuple[Cell, ...]] = []
    for name, kind in FACTORS.items():
        factor = spec.factors.get(name)
        if factor is not None:
            sampled = _SAMPLED[factor.resampling or ("classes" if kind.classes else "amounts")]
            unit = f"{factor.unit} → {kind.unit}" if factor.unit else kind.unit
            rows.append(_row(make_text(kind.zh, kind.en), factor.source, sources, unit, sampled))
        elif name == LOCATION and order.rasters is not None and _GRADED in order.rasters:
            rows.append((make_text(kind.zh, kind.en), _ROADS, "", "", None, kind.unit, "", False))
    for name, (zh, en, touched) in BURNT.items():
        source = getattr(spec, name)
        if source:
            how = _TOUCHED if touched else _CENTRE
            rows.append(_row(make_text(zh, en), source, sources, "", how))
    titles = (
        ("因子", "Factor"), ("来源", "Source"), ("出处", "Origin"), ("许可", "Licence"), ("日期", "Date"),
        ("单位", "Unit"), ("取样", "Sampling"), ("示意", "Illustrative"),
    )  # fmt: skip
    note = Text(
        zh=f"统一到 {spec.cell_m:g} m 格网（{order.metric_crs}）。没有数据的因子略去，不评为最好或最差。",
        en=f"Laid on a grid of {spec.cell_m:g} m ({order.metric_crs}). A factor without data is left out, "
        "not graded best or worst.",
    )
    title = Text(zh="评价因子与数据", en="Factors and their data")
    return Table("evaluation_factors", title, tuple(_titles(*titles)), tuple(rows), notes=(note,))


def _row(name: Text, source: str, sources: dict[str, Source], unit: str, how: Text) -> tuple[Cell, ...]:
    said = sources.get(source)
    if said is None:
        return name, source, "", "", None, unit, how, False
    date = said.date.isoformat() if said.date else None
    return name, source, said.origin, said.licence, date, unit, how, said.illustrative


def list_used_rules(order: Order) -> list[tuple[str, Rule]]:
    """Return the rows that grading, matrices and corrections went by, with their table, each once.

    Only known where the order has digests; rows that make amounts, such as those of soil loss, are among all
    rules of the plan.
    """
    used: dict[tuple[str, str], Rule] = {}
    for digest in order.digests.results.values() if order.digests else ():
        counted = list_rules(digest.steps)
        for step in digest.steps:
            if step.rule is not None and (step.table, step.rule.key) in counted:
                used[step.table, step.rule.key] = step.rule
    return [(table, rule) for (table, _), rule in used.items()]


def _lay_out_rules(order: Order) -> Table | None:
    rows: list[tuple[Cell, ...]] = [
        (
            rule.label,
            f"{table}:{rule.key}",
            show_value(rule.value),
            rule.unit,
            rule.confidence not in VERIFIED,
            CONFIDENCES.get(rule.confidence, rule.confidence),
            rule.source,
        )
        for table, rule in list_used_rules(order)
    ]
    if not rows:
        return None
    titles = (
        ("规则", "Rule"), ("键", "Key"), ("取值", "Value"), ("单位", "Unit"), ("未核实", "Unverified"),
        ("可信度", "Confidence"), ("来源", "Source"),
    )  # fmt: skip
    title = Text(zh="分级、矩阵与修正所用规则", en="Rules of grading, matrices and corrections")
    return Table("evaluation_rules", title, tuple(_titles(*titles)), tuple(rows))
