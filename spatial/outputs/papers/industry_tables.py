"""Tables of the industry map 产业地图: structure by unit, the units, and the matrix of their similarity."""

from __future__ import annotations

import math

from spatial.outputs.order import Order
from spatial.outputs.papers.cells import Cell, Head, Table
from spatial.outputs.papers.layouts import Layout, lay_out
from spatial.plan.base import Text

INDUSTRY_TABLES = ("industry_units", "industry_structure", "industry_matrix", "industry_similarity")
"""Keys of the tables, in the order in which they are read."""
_KEPT = Text(
    zh="空格为不公开的数据（见“公开情况”列）：企业过少、单个企业占绝大部分，或可由此反推他者；"
    "为免推算企业数，不逐格说明原因。",
    en="Numbers that are absent are not shown: too few firms, one with nearly all, or others would follow. "
    "Which of these it is is not told, for it would bound how many firms there are.",
)
_LEAST = Text(
    zh="指数只用公开数据计算，未公开部分视为单元独有的一个产业，故为下限；未公开部分为 0 时即为准确值。",
    en="Indices are made from what is shown; what is hidden counts as one industry that the unit alone has, "
    "so that they tell the least that holds. They are exact where nothing is hidden.",
)
_UNDECIDED = Text(
    zh="相似系数下限低于限值而有数据未公开的，结论为“未定”，不等于结构不同。",
    en="Where the least similarity is below the limit and something is hidden, the pair is undecided, which "
    "is not to say that it is different.",
)
_NAMES = Text(
    zh="行业名称与代码按 GB/T 4754-2017 的公开文本，未与标准原文核对。",
    en="Codes and names of industries are of public copies of GB/T 4754-2017, not checked against its text.",
)
_FIRST = Head(Text(zh="首位产业区位商", en="Location quotient of the first"), "number", 2)
_SHARE = {
    "share": Head(Text(zh="占单元比例", en="Share of the unit"), "share", 1),
    "quotient": Head(Text(zh="区位商", en="Location quotient"), "number", 2),
    "pooled": Head(Text(zh="未公开部分占比", en="Share not shown"), "share", 1),
}
_LAYOUTS = {
    "industry_structure": Layout(
        ("unit", "code", "industry", "firms", "jobs", "output_wan", "share", "quotient", "leading", "shown",
         "measure", "id"),
        heads=_SHARE, notes=(_KEPT, _NAMES),
    ),
    "industry_units": Layout(
        ("name", "leading", "quotient", "industries", "firms", "jobs", "output_wan", "specialisation",
         "diversity", "pooled", "measure", "id"),
        heads={**_SHARE, "quotient": _FIRST},
        notes=(_KEPT, _LEAST),
    ),
    "industry_similarity": Layout(
        ("name", "similarity", "verdict", "shared", "pooled", "distance_km", "id"),
        heads=_SHARE, notes=(_LEAST, _UNDECIDED),
    ),
}  # fmt: skip


def list_industry_tables(order: Order) -> list[Table]:
    """Return the tables of the industry map; none without one."""
    made = []
    for name in INDUSTRY_TABLES:
        frame = order.layers.get(name)
        if name in _LAYOUTS and frame is not None and len(frame):
            made.append(lay_out(name, frame, order.contracts[name], _LAYOUTS[name]))
    return made + _lay_out_matrix(order)


def _lay_out_matrix(order: Order) -> list[Table]:
    """Return the similarity of each two units as a square table; none with fewer than two."""
    pairs, units = order.layers.get("industry_similarity"), order.layers.get("industry_units")
    if pairs is None or units is None or pairs.empty:
        return []
    known = {frozenset(pair): value for *pair, value in
             zip(pairs["unit"], pairs["other"], pairs["similarity"], strict=True)}  # fmt: skip
    names = units["name"].tolist()

    def tell(one: str, other: str) -> Cell:
        value = 1.0 if one == other else float(known.get(frozenset((one, other)), math.nan))
        return None if math.isnan(value) else value

    rows = tuple((one, *(tell(one, other) for other in names)) for one in names)
    heads = (Head(Text(zh="单元", en="Unit")), *(Head(Text(zh=name), "number", 2) for name in names))
    title = Text(zh="产业结构相似系数矩阵", en="Similarity of industry, each two units")
    return [Table("industry_matrix", title, heads, rows, notes=(_LEAST,))]
