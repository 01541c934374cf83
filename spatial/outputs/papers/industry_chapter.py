"""The report's chapter on industry 产业地图: what leads where, who competes, what lies together."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from spatial.outputs.papers.blocks import Block, Stock
from spatial.outputs.papers.sentences import count_things, write_number
from spatial.outputs.papers.words import make_text
from spatial.plan.base import Text

_NAMED = 5
_PICTURES = ("industry", "industry_firms", "industry_density")
_UNIT_COLUMNS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
_PAIR_COLUMNS = (0, 1, 2, 3)
_MEASURES = {"jobs": Text(zh="从业人员", en="jobs"), "output": Text(zh="产值", en="output"),
             "firms": Text(zh="企业数", en="firms")}  # fmt: skip


def tell_industry(stock: Stock) -> Iterator[Block]:
    """Yield the chapter: leading industries, competing units, clusters and links; none without units."""
    units = stock.layer("industry_units")
    if units is None:
        return
    yield from tell_leading(units)
    yield from stock.draw(*_PICTURES)
    yield from stock.table("industry_units", _UNIT_COLUMNS)
    pairs = stock.layer("industry_similarity")
    if pairs is not None:
        yield tell_competition(pairs)
        yield from stock.draw("industry_competition")
        yield from _list_pairs(stock)
    clusters = stock.layer("industry_clusters")
    if clusters is not None:
        yield tell_clusters(clusters)
        yield from stock.draw("industry_clusters")
    links = stock.layer("industry_links")
    if links is not None:
        yield tell_links(links)
        yield from stock.draw("industry_links", "industry_firm_links")


def tell_leading(units: pd.DataFrame) -> Iterator[Text]:
    """Say how many firms there are in how many units, and what leads in the first of them.

    Examples
    --------
    >>> row = {"name": "东区", "name_en": "", "firms": 9.0, "measure": "jobs", "leading": "汽车制造业"}
    >>> [one.en for one in tell_leading(pd.DataFrame([row | {"leading_en": "Motor vehicles"}]))]
    ['1 unit is compared by jobs.', '东区: Motor vehicles.']
    """
    measure = _MEASURES[str(units["measure"].iloc[0])]
    count = len(units)
    verb = "is" if count == 1 else "are"
    yield Text(
        zh=f"按{measure.zh}比较 {count} 个单元的产业结构；主导产业按区位商和占比确定，阈值见规则表。",
        en=f"{count_things(count, 'unit', 'units')} {verb} compared by {measure.en}.",
    )
    for row in units[units["leading"] != ""].head(_NAMED).to_dict("records"):
        yield make_text(
            f"{row['name']}：主导产业为{row['leading']}。",
            f"{row['name_en'] or row['name']}: {row['leading_en']}.",
        )
    rest = int((units["leading"] != "").sum()) - _NAMED
    if rest > 0:
        yield make_text(f"其余 {rest} 个单元见表。", f"{rest} more are in the table.")


def tell_competition(pairs: pd.DataFrame) -> Text:
    """Say how many pairs of units are alike enough to compete, which is most alike, and what is undecided.

    Examples
    --------
    >>> row = {"unit": "东区", "other": "西区", "name_en": "E–W", "similarity": 0.934, "verdict": "different"}
    >>> tell_competition(pd.DataFrame([row])).en
    'Of 1 pair of units none is alike enough to compete.'
    >>> tell_competition(pd.DataFrame([row | {"verdict": "undecided"}])).en[39:]
    'alike enough to compete; 1 is undecided, for numbers are not shown.'
    """
    alike, count = pairs[pairs["verdict"] == "competing"], len(pairs)
    of = count_things(count, "pair of units", "pairs of units")
    open_ = int(pairs["verdict"].isin(("undecided", "unknown")).sum())
    more_zh = f"；另有 {open_} 对因部分数据不公开而未定" if open_ else ""
    more_en = (
        f"; {open_} {'is' if open_ == 1 else 'are'} undecided, for numbers are not shown" if open_ else ""
    )
    if alike.empty:
        known = "is known to be" if open_ else "is"
        return Text(
            zh=f"{count} 对单元中没有{'可确定为' if open_ else ''}产业结构高度相似者{more_zh}。",
            en=f"Of {of} none {known} alike enough to compete{more_en}.",
        )
    first = alike.iloc[0]
    least = write_number(int(float(first["similarity"]) * 100) / 100)
    verb = "is" if len(alike) == 1 else "are"
    return Text(
        zh=f"{count} 对单元中 {len(alike)} 对产业结构高度相似，存在同质化竞争；"
        f"最相似的是{first['unit']}与{first['other']}（相似系数不低于 {least}）{more_zh}。",
        en=f"Of {of} {len(alike)} {verb} alike enough to compete; most alike are {first['name_en']} "
        f"(similarity {least} or more){more_en}.",
    )


def _list_pairs(stock: Stock) -> Iterator[Block]:
    """Yield the table of pairs where some compete; the matrix is in the workbook."""
    pairs = stock.layer("industry_similarity")
    if pairs is not None and (pairs["verdict"] == "competing").any():
        yield from stock.table("industry_similarity", _PAIR_COLUMNS)


def tell_clusters(clusters: pd.DataFrame) -> Text:
    """Say how many clusters there are, and how many are of industries that chance would not put so.

    Examples
    --------
    >>> tell_clusters(pd.DataFrame({"verdict": ["clustered"], "industry": ["汽车制造业"]})).en
    'Firms of one industry lie together in 1 cluster, 1 of it in industries more clustered than by chance.'
    """
    count, sure = len(clusters), int((clusters["verdict"] == "clustered").sum())
    return Text(
        zh=f"同行业企业形成集聚区 {count} 处，其中 {sure} 处所属行业的集聚强于随机。",
        en=f"Firms of one industry lie together in {count_things(count, 'cluster', 'clusters')}, {sure} of "
        f"{'it' if count == 1 else 'them'} in industries more clustered than by chance.",
    )


def tell_links(links: pd.DataFrame) -> Text:
    """Say between how many pairs of units supplies are known, and of how many nothing is shown.

    Examples
    --------
    >>> rows = {"between": ["units"], "shown": ["hidden"]}
    >>> tell_links(pd.DataFrame(rows)).en
    'Supplies run from unit to unit, or inside one, in 1 case; numbers of 1 are not shown.'
    """
    between = links[links["between"] == "units"]
    count, hidden = len(between), int((between["shown"] != "published").sum())
    return Text(
        zh=f"单元之间及单元内部的供需联系 {count} 组，其中 {hidden} 组数据不公开。",
        en=f"Supplies run from unit to unit, or inside one, in {count_things(count, 'case', 'cases')}; "
        f"numbers of {hidden} are not shown.",
    )
