"""The report's chapter on the assessment of zones 差异化考核: each kind by itself, and its tables."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from spatial.outputs.order import Order
from spatial.outputs.papers.blocks import Block, Stock
from spatial.outputs.papers.cells import Form, Head, Table
from spatial.outputs.papers.layouts import Layout, lay_out
from spatial.outputs.papers.sentences import count_things
from spatial.outputs.papers.words import find_words, make_text
from spatial.plan.base import Text

ASSESSMENT_TABLES = ("assessment", "assessment_scores", "assessment_weights")
"""Keys of the tables, in the order in which they are read."""
_METHOD = Text(
    zh="得分为 TOPSIS 相对接近度×100：指标按方向在同类之内极差标准化，100 为各项均为同类最优，"
    "0 为各项均为最劣。各类分别排名，不同类的得分不可比。",
    en="The score is TOPSIS closeness × 100: indicators are scaled within a kind from its worst to its best; "
    "100 is best of its kind in all, 0 worst in all. Scores of different kinds cannot be compared.",
)
_WEIGHTS = Text(
    zh="组合权重 = 专家权重 × 熵权，归一。熵权 = (1－信息熵) 归一，指标越能区分同类功能区权重越大。",
    en="Combined weight = expert × entropy weight, to a sum of one. Entropy weights are 1 less entropy, to a "
    "sum of one: the more an indicator tells zones apart, the more it weighs.",
)
_FIRM = Text(
    zh="名次保持率：各权重独立随机浮动（规则表“功能区差异化考核”）后名次不变的次数比例；"
    "名次区间为其中 5%～95% 的名次。",
    en="Rank kept: share of the runs with weights moved at random (rules of the assessment) that leave the "
    "rank as it is; ranks of 5 to 95 % of the runs beside it.",
)
_GAP = Text(
    zh="占与最优差距的份额：该功能区与同类最优的加权距离平方中由此指标造成的部分。",
    en="Share of the gap: which part of the zone's squared distance from the best it owes to the indicator.",
)
_BEST = 3
"""Zones of a kind that the text names."""


def _head(zh: str, en: str, form: Form, digits: int) -> Head:
    return Head(Text(zh=zh, en=en), form, digits)


_SCORE = _head("得分（0–100）", "Score (0–100)", "number", 1)
_LAYOUTS = {
    "assessment": Layout(
        ("name", "kind", "rank", "ranked", "score", "standing", "stability", "rank_low", "rank_high",
         "targets", "reached", "weakest", "weighing", "expert_rank", "entropy_rank", "combined_rank", "rival",
         "rival_share", "indicators", "missing", "missing_weight", "missing_names", "year", "source",
         "illustrative", "zone", "id"),
        heads={
            "rank": _head("同类名次", "Rank in its kind", "integer", 0),
            "score": _SCORE,
            "stability": _head("名次保持率", "Rank kept", "share", 0),
            "rank_low": _head("名次区间（5%）", "Rank, 5 % of runs", "integer", 0),
            "rank_high": _head("名次区间（95%）", "Rank, 95 % of runs", "integer", 0),
            "expert_rank": _head("专家权重名次", "Rank by expert weights", "integer", 0),
            "entropy_rank": _head("熵权名次", "Rank by entropy weights", "integer", 0),
            "combined_rank": _head("组合权重名次", "Rank by combined weights", "integer", 0),
            "rival_share": _head("被超越的比例", "Share of runs overtaken", "share", 0),
            "missing_weight": _head("缺失权重", "Weight missing", "share", 1),
        },
        notes=(_METHOD, _FIRM),
    ),
    "assessment_scores": Layout(
        ("zone_name", "kind", "indicator_name", "unit", "direction", "value", "target", "reached",
         "normalised", "weight", "contribution", "drag", "place", "known", "median", "indicator", "zone",
         "id"),
        heads={
            "target": _head("目标值", "Target", "general", 0),
            "median": _head("同类中位数", "Median of its kind", "general", 0),
            "weight": _head("权重", "Weight", "share", 1),
            "drag": _head("占与最优差距的份额", "Share of the gap to the best", "share", 1),
            "place": _head("同类位次", "Place in its kind", "integer", 0),
        },
        notes=(_METHOD, _GAP),
    ),
    "assessment_weights": Layout(
        ("kind", "indicator_name", "unit", "direction", "target", "expert", "entropy", "combined", "weight",
         "zones", "lowest", "highest", "indicator", "id"),
        heads={
            "target": _head("目标值", "Target", "general", 0),
            "expert": _head("专家权重", "Expert weight", "share", 1),
            "entropy": _head("熵权", "Entropy weight", "share", 1),
            "combined": _head("组合权重", "Combined weight", "share", 1),
            "weight": _head("采用权重", "Weight used", "share", 1),
            "lowest": _head("最小值", "Lowest", "general", 0),
            "highest": _head("最大值", "Highest", "general", 0),
        },
        notes=(_WEIGHTS,),
    ),
}  # fmt: skip


def list_assessment_tables(order: Order) -> list[Table]:
    """Return the tables of the assessment: zones by kind and rank, their indicators, the weights."""
    frames = {name: order.layers.get(name) for name in ASSESSMENT_TABLES}
    return [
        lay_out(name, _sort(frame) if "rank" in frame else frame, order.contracts[name], _LAYOUTS[name])
        for name, frame in frames.items()
        if frame is not None and len(frame) and name in order.contracts
    ]


def _sort(zones: pd.DataFrame) -> pd.DataFrame:
    """Return zones by kind, in the order in which kinds are named, and rank."""
    kinds = {kind: at for at, kind in enumerate(find_words("assessment", "kind"))}
    keys = zones.assign(kind_order=zones["kind"].map(kinds).fillna(len(kinds)))
    return zones.loc[keys.sort_values(["kind_order", "rank"], kind="stable").index]


def tell_assessment(stock: Stock) -> Iterator[Block]:
    """Yield the chapter: of each kind who leads and how firmly, the map, ranks and weights."""
    zones = stock.layer("assessment")
    if zones is None:
        return
    kinds = find_words("assessment", "kind")
    for kind, rows in _sort(zones).groupby("kind", sort=False):
        yield tell_kind(kinds.get(str(kind), Text(zh="无类别", en="No kind")), rows)
    yield from stock.draw("assessment")
    yield from stock.table("assessment", (0, 1, 2, 4, 5, 6, 7, 8, 10, 11))
    yield from stock.table("assessment_weights", (0, 1, 2, 4, 5, 6, 7, 8))


def tell_kind(kind: Text, zones: pd.DataFrame) -> Text:
    """Say of one kind how many zones are ranked, which lead, and how often a rank stands.

    Examples
    --------
    >>> row = {"name": "甲", "name_en": "A", "rank": None, "targets": 3, "reached": 2}
    >>> rows = pd.DataFrame([row])
    >>> tell_kind(Text(zh="服务业", en="Services"), rows).en
    'Services: 1 zone, 0 ranked; 2 of 3 targets are reached.'
    """
    ranked = zones[zones["rank"].notna()].sort_values("rank", kind="stable")
    reached, targets = int(zones["reached"].sum()), int(zones["targets"].sum())
    zh = f"{kind.pick('zh')}类功能区 {len(zones)} 个，参评 {len(ranked)} 个"
    en = f"{kind.pick('en')}: {count_things(len(zones), 'zone', 'zones')}, {len(ranked)} ranked"
    if len(ranked):
        best = ranked.head(_BEST)
        leaders = list(zip(best["name"], best["name_en"], best["score"], strict=True))
        names = [f"{name}（{score:.1f} 分）" for name, _, score in leaders]
        told = [f"{make_text(name, english).en} ({score:.1f})" for name, english, score in leaders]
        kept = float(ranked["stability"].median())
        zh += f"；前列依次为{'、'.join(names)}。权重扰动下名次保持率中位数 {kept:.0%}"
        en += f"; {', '.join(told)} lead. Ranks stand in {kept * 100:.0f} % of runs (median)"
    return make_text(f"{zh}；有数据的目标 {targets} 项，达到 {reached} 项。",
                     f"{en}; {reached} of {targets} targets are reached.")  # fmt: skip
