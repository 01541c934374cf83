"""The report's section on the green network 绿色网络: patches, connectivity, corridors, pinches and gaps."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from spatial.outputs.papers.blocks import Block, Stock
from spatial.outputs.papers.cells import Head
from spatial.outputs.papers.layouts import Layout
from spatial.outputs.papers.sentences import count_things, write_number
from spatial.outputs.papers.words import join_texts, make_text
from spatial.plan.base import Text

CONNECTIVITY = Layout(
    heads={
        "pc": Head(Text(zh="连通概率指数 PC", en="Probability of connectivity PC"), "number", 4),
        "iic": Head(Text(zh="整体连通性指数 IIC", en="Integral index IIC"), "number", 4),
    },
    notes=(
        Text(
            zh="PC、IIC（0～1）为全域内随机两点落在相互连通斑块的概率；ECA 是连通程度相同的单一斑块的面积。",
            en="PC and IIC (0 to 1) are the chance that two places of the territory, taken at random, lie in "
            "patches that connect; ECA is the area of a single patch that would connect as much.",
        ),
    ),
)
"""How the table of connectivity is shown: its indices differ in the third decimal."""
_SHOWN = (0, 1, 2, 3, 4, 5, 6, 7, 8)
"""Columns of the table in the report, without what holds for all rows."""
_PRESENT, _RESTORED = "present", "restored"


def tell_green(stock: Stock) -> Iterator[Block]:
    """Yield the section: patches, indices, what restoring would bring, corridors, pinches, gaps, the map."""
    patches, table = stock.layer("green_patches"), stock.layer("green_connectivity")
    if patches is not None:
        yield tell_patches(patches)
    if table is not None:
        yield from tell_connectivity(table)
    corridors = stock.layer("green_corridors")
    if corridors is not None:
        yield tell_corridors(corridors)
        yield tell_breaks(stock.layer("green_pinches"), stock.layer("green_gaps"))
    yield from stock.draw("green_network")
    yield from stock.table("green_connectivity", _SHOWN)


def tell_patches(patches: pd.DataFrame) -> Text:
    """Say how many cores and stepping stones there are, how large, and how many parts they fall into.

    Examples
    --------
    >>> rows = pd.DataFrame({"kind": ["core"], "area_ha": [90.0], "part": [1]})
    >>> tell_patches(rows).en
    'Green network: 1 core (90.00 ha) and 0 stepping stones (0.00 ha), in 1 part.'
    """
    cores = patches["kind"] == "core"
    many, stones = int(cores.sum()), int((~cores).sum())
    large = write_number(float(patches.loc[cores, "area_ha"].sum()))
    small = write_number(float(patches.loc[~cores, "area_ha"].sum()))
    parts = int(patches["part"].nunique())
    return Text(
        zh=f"绿色网络：核心源地 {many} 处（{large} 公顷），踏脚石 {stones} 处（{small} 公顷），"
        f"连通部分 {parts} 个。",
        en=f"Green network: {count_things(many, 'core', 'cores')} ({large} ha) and "
        f"{count_things(stones, 'stepping stone', 'stepping stones')} ({small} ha), in "
        f"{count_things(parts, 'part', 'parts')}.",
    )


def tell_connectivity(table: pd.DataFrame) -> Iterator[Text]:
    """Say PC, IIC and ECA at present, and what restoring all corridors would add to them."""
    rows = {row["id"]: row for row in table.to_dict("records")}
    now, later = rows.get(_PRESENT), rows.get(_RESTORED)
    if now is None:
        return
    pc, iic = write_number(now["pc"], 4), write_number(now["iic"], 4)
    whole, both = write_number(now["eca_pc_ha"]), write_number(now["eca_iic_ha"])
    reach = f"{now['dispersal_m']:,.0f}"
    yield Text(
        zh=f"现状连通性（扩散距离 {reach} 米）：PC {pc}，IIC {iic}；等效连通面积 ECA {whole} 公顷（按 PC）、"
        f"{both} 公顷（按 IIC）。",
        en=f"Connectivity at present (dispersal {reach} m): PC {pc}, IIC {iic}; equivalent connected area "
        f"ECA {whole} ha by PC, {both} ha by IIC.",
    )
    if later is not None and now["eca_pc_ha"]:
        more = f"{later['eca_pc_ha'] / now['eca_pc_ha'] - 1:+.1%}"
        yield Text(
            zh=f"廊道全部修复后 PC {write_number(later['pc'], 4)}，"
            f"ECA {write_number(later['eca_pc_ha'])} 公顷（{more}）。",
            en=f"With all corridors restored PC is {write_number(later['pc'], 4)}, ECA "
            f"{write_number(later['eca_pc_ha'])} ha ({more}).",
        )


def tell_corridors(corridors: pd.DataFrame) -> Text:
    """Say how many corridors there are, how many are within reach, and which gains most when restored."""
    total, near = len(corridors), int(corridors["within_reach"].sum())
    backbone, length = int((corridors["kind"] == "backbone").sum()), float(corridors["length_m"].sum()) / 1000
    best = corridors.loc[corridors["gain"].idxmax()]
    zh = (
        f"生态廊道 {total} 条（主干 {backbone} 条），共 {write_number(length)} 公里，"
        f"其中 {near} 条在扩散距离内"
    )
    en = (
        f"There are {count_things(total, 'corridor', 'corridors')} ({backbone} of the backbone), "
        f"{write_number(length)} km in all, {near} of them within dispersal reach"
    )
    if best["gain"] > 0:
        zh += f"；单独修复收益最大的是{best['name']}，PC 增 {best['gain']:.2f}%"
        en += f"; restored alone, {best['name_en']} gains most: PC rises by {best['gain']:.2f}%"
    return make_text(f"{zh}。", f"{en}.")


def tell_breaks(pinches: pd.DataFrame | None, gaps: pd.DataFrame | None) -> Text:
    """Say how many pinches and gaps corridors have, how narrow they get, and what they cross.

    Examples
    --------
    >>> tell_breaks(None, None).en
    'Corridors have no pinches and no gaps.'
    """
    pinch_zh, pinch_en, gap_zh, gap_en = "无夹点", "no pinches", "无断点", "no gaps"
    if pinches is not None:
        severe = int((pinches["severity"] == "severe").sum())
        width = f"{float(pinches['width_m'].min()):,.0f}"
        pinch_zh = f"夹点 {len(pinches)} 处（严重 {severe} 处，最窄有效宽度 {width} 米）"
        pinch_en = (
            f"{count_things(len(pinches), 'pinch', 'pinches')} ({severe} severe, the narrowest "
            f"effectively {width} m wide)"
        )
    if gaps is not None:
        crossed = join_texts(
            [
                make_text(f"{zh} {len(rows)} 处", f"{en.lower()} {len(rows)}")
                for (zh, en), rows in gaps.groupby(["barrier", "barrier_en"], sort=True)
            ]
        )
        length = f"{float(gaps['length_m'].sum()):,.0f}"
        gap_zh = f"断点 {len(gaps)} 处、共 {length} 米（{crossed.pick('zh')}）"
        gap_en = f"{count_things(len(gaps), 'gap', 'gaps')} of {length} m ({crossed.pick('en')})"
    return make_text(f"廊道{pinch_zh}，{gap_zh}。", f"Corridors have {pinch_en} and {gap_en}.")
