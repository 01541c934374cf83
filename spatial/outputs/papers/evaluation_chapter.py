"""The report's chapter on the evaluation 双评价: what it says, what it was made from, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from spatial.outputs.order import Order
from spatial.outputs.papers.blocks import MOST_SIGNS, Block, Stock, shorten_cells
from spatial.outputs.papers.cells import say
from spatial.outputs.papers.evaluation_tables import list_used_rules, measure_firmness
from spatial.outputs.papers.green_chapter import tell_green
from spatial.outputs.papers.plan_tables import VERIFIED
from spatial.outputs.papers.sentences import write_number, write_share
from spatial.outputs.papers.words import join_texts, make_text
from spatial.plan.base import Text
from spatial.plan.parts.evaluation import FACTORS, Evaluation

_RESULTS = ("farming", "urban", "ecology", "land_conflict", "land_potential")
"""Sheets of the results."""
_TOLD = ("evaluation.missing_factors", "evaluation.ungraded", "evaluation.simplified", "carrying.exceeded")
"""Findings that the chapter repeats in their own words, in this order."""


def tell_evaluation(stock: Stock) -> Iterator[Block]:
    """Yield the chapter; nothing without an evaluation."""
    spec, stack = stock.order.plan.evaluation, stock.order.rasters
    if spec is None or stack is None:
        return
    yield tell_profile(stock.order, spec)
    yield from _tell_classes(stock)
    yield from stock.draw(*_RESULTS)
    yield from stock.table("suitability_balance")
    yield from _tell_carrying(stock)
    yield from stock.table("carrying_capacity")
    yield from _tell_firmness(stock)
    yield from stock.table("evaluation_stability")
    yield from stock.table("suitability_sensitivity", (0, 1, 3, 4, 5, 6))
    yield from _tell_proposals(stock)
    yield from tell_green(stock)
    yield from _repeat_findings(stock)
    yield from stock.table("evaluation_factors", (0, 1, 2, 4, 5, 6, 7))
    yield from _tell_rules(stock)


def tell_profile(order: Order, spec: Evaluation) -> Text:
    """Say by which profile, on which grid and from how many factors the evaluation was made."""
    given = [name for name in FACTORS if name in spec.factors]
    sources = [order.plan.sources.get(spec.factors[name].source) for name in given]
    drawn = sum(source.illustrative for source in sources if source is not None)
    zh = (
        f"双评价采用规则表 {spec.profile}，格网 {spec.cell_m:g} m（{order.metric_crs}），"
        f"数据因子 {len(given)} 项"
    )
    en = (
        f"The evaluation follows the rules {spec.profile} on a grid of {spec.cell_m:g} m "
        f"({order.metric_crs}), from {len(given)} factors with data"
    )
    if drawn:
        zh += f"，其中 {drawn} 项为示意数据，结果只用于演示方法"
        en += f", {drawn} of them illustrative: the results show the method only"
    weights = "；".join(
        f"{group}: " + ", ".join(f"{name} {share:g}" for name, share in shares.items())
        for group, shares in spec.weights.items()
    )
    if weights:
        zh, en = f"{zh}；权重 {weights}", f"{en}; weights {weights}"
    if spec.breaks:
        names = ", ".join(spec.breaks)
        zh, en = f"{zh}；规划自定断点 {names}", f"{en}; breaks of the plan's own: {names}"
    return Text(zh=f"{zh}。", en=f"{en}.")


def _tell_classes(stock: Stock) -> Iterator[Text]:
    frame = stock.layer("suitability_balance")
    if frame is None:
        return
    for (zh, en), part in frame.groupby(["result", "result_en"], sort=False):
        yield tell_areas(make_text(zh, en), part)


def tell_areas(result: Text, rows: pd.DataFrame) -> Text:
    """Say how large each class of a result is, without those that there are none of.

    Examples
    --------
    >>> rows = pd.DataFrame({"name": ["适宜"], "name_en": ["Suitable"], "area_ha": [1200.0], "share": [0.25]})
    >>> tell_areas(Text(zh="农业", en="Farming"), rows).en
    'Farming: Suitable 1,200.00 ha (25.00%).'
    """
    told = [row for row in rows.to_dict("records") if row["area_ha"] > 0]

    def list_classes(column: str, unit: str) -> list[str]:
        return [
            f"{row[column]} {write_number(row['area_ha'])} {unit}（{write_share(row['share'])}）"
            if unit == "公顷"
            else f"{row[column]} {write_number(row['area_ha'])} {unit} ({write_share(row['share'])})"
            for row in told
        ]

    return Text(
        zh=f"{result.pick('zh')}：{'，'.join(list_classes('name', '公顷'))}。",
        en=f"{result.pick('en')}: {', '.join(list_classes('name_en', 'ha'))}.",
    )


def _tell_carrying(stock: Stock) -> Iterator[Text]:
    frame = stock.layer("carrying_capacity")
    for _, rows in frame.groupby("item", sort=False) if frame is not None else ():
        yield tell_short_board(rows)


def tell_short_board(rows: pd.DataFrame) -> Text:
    """Say what the constraints of one item allow, and which of them is the short board."""
    least = rows[rows["shortest"]].iloc[0]
    zh, en = str(least["unit"]).split()[0].replace("ha", "公顷"), str(least["unit"]).split()[-1]
    amount = f"{least['value']:,.0f}"
    if len(rows) == 1:
        return Text(
            zh=f"{least['name']} {amount} {zh}；其他约束规划未给数，不能判断短板。",
            en=f"{least['name_en']}: {amount} {en}; the plan gives no numbers for other constraints, "
            "so no short board can be named.",
        )
    others = rows[~rows["shortest"]].to_dict("records")
    more_zh = "，".join(f"{row['name']} {row['value']:,.0f} {zh}" for row in others)
    more_en = ", ".join(f"{row['name_en']} {row['value']:,.0f} {en}" for row in others)
    return Text(
        zh=f"{least['name']} {amount} {zh}，为短板；另有{more_zh}。",
        en=f"{least['name_en']}: {amount} {en}, the short board; besides {more_en}.",
    )


def _tell_firmness(stock: Stock) -> Iterator[Text]:
    stack = stock.order.rasters
    for one in measure_firmness(stack):
        if stack is not None:
            layer = stack.layers[one.layer]
            yield Text(
                zh=f"{layer.zh}：面积平均 {one.mean:.1%} 的模拟中类别不变；"
                f"{one.shaky:.1%} 的面积在六成以下的模拟中不变，划线时宜逐处核对。",
                en=f"{layer.en}: the class is kept in {one.mean:.1%} of the runs, mean by area; "
                f"{one.shaky:.1%} of the land keeps it in six of ten runs or fewer: look at each place "
                "before drawing lines there.",
            )


def _tell_proposals(stock: Stock) -> Iterator[Block]:
    names = [name for name in stock.pictures if name.startswith("proposed")]
    if stock.layer("proposal_comparison") is None and not names:
        return
    yield Text(
        zh="以下三区三线为依据评价生成的建议方案（建议），供比选，不是划定成果。",
        en="The zones and lines below are proposals made from the evaluation, to choose between; "
        "none is official.",
    )
    yield from stock.draw(*names)
    yield from stock.table("proposal_comparison")


def _repeat_findings(stock: Stock) -> Iterator[Text]:
    found = stock.layer("findings")
    if found is None:
        return
    for rule in _TOLD:
        rows = found[found["rule"] == rule]
        texts = [
            make_text(row["message_zh"], row["message_en"][:1].upper() + row["message_en"][1:])
            for row in rows.to_dict("records")
        ]
        if rule == "evaluation.simplified" and texts:
            joined = join_texts(
                [Text(zh=text.pick("zh").rstrip("。"), en=text.pick("en").rstrip(".")) for text in texts],
                "；",
                "; ",
            )
            texts = [Text(zh=f"简化之处：{say(joined, 'zh')}。", en=f"Simplified: {say(joined, 'en')}.")]
        yield from texts


def _tell_rules(stock: Stock) -> Iterator[Block]:
    used = list_used_rules(stock.order)
    if not used:
        return
    loose = [rule for _, rule in used if rule.confidence not in VERIFIED]
    weak = [rule for rule in loose if rule.confidence in ("low", "default")]
    yield Text(
        zh=f"分级、矩阵与修正用到 {len(used)} 行规则，均未对照官方文本逐条核对；"
        f"其中 {len(loose)} 行不见于所引资料，内 {len(weak)} 行把握低或为本工具默认，"
        "表中标“未核实”。正式使用前须逐行核对。",
        en=f"Grading, matrices and corrections used {len(used)} rows of rules, none checked against the "
        f"official text; {len(loose)} of them are in no source that was found, {len(weak)} of these of low "
        "confidence or defaults of this tool, marked unverified in the table. Check each row before "
        "official use.",
    )
    for table in stock.table("evaluation_rules", (0, 1, 2, 3, 4, 5)):
        yield shorten_cells(table, MOST_SIGNS)
