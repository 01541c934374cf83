"""Table of space 空间功能结构调整表: classes and building land in base and target year, with sums."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from spatial.outputs.order import Order
from spatial.outputs.papers.cells import (
    Cell,
    Head,
    Quantity,
    Table,
    difference,
    is_absent,
    ratio,
    sum_column,
)
from spatial.outputs.papers.layouts import TOTAL
from spatial.outputs.papers.words import make_text
from spatial.plan.base import Text

_SECTIONS = {
    "class": Text(zh="用地用海分类", en="Classes of land use"),
    "building": Text(zh="其中：建设用地", en="Of it: building land"),
}
_BASE, _TARGET = 3, 5
"""Columns of the areas; each is followed by its share."""
_HEADS = (
    Head(Text(zh="分类", en="Section")),
    Head(Text(zh="代码", en="Code")),
    Head(Text(zh="名称", en="Name")),
    Head(Text(zh="基期面积（公顷）", en="Base year (ha)"), "number", 2),
    Head(Text(zh="基期占比", en="Share in the base year"), "share", 2),
    Head(Text(zh="目标年面积（公顷）", en="Target year (ha)"), "number", 2),
    Head(Text(zh="目标年占比", en="Share in the target year"), "share", 2),
    Head(Text(zh="变化（公顷）", en="Change (ha)"), "signed", 2),
)
_HA_DECIMALS = 6
_NOTES = (
    Text(
        zh="面积为 CGCS2000 椭球面积。三调地类对应多个用地用海分类时不作分摊，列入“待核”；"
        "建设用地为分类中的一部分，不与分类相加。",
        en="Areas are ellipsoidal (CGCS2000). Land whose survey class may be of several classes is not "
        "shared out, it is listed as unsettled. Building land is part of the classes: do not add both.",
    ),
)


def list_landuse_tables(order: Order) -> list[Table]:
    """Return the table of space; none where land use is not built."""
    frame = order.layers.get("landuse_balance")
    if frame is None or frame.empty:
        return []
    contract, spec = order.contracts["landuse_balance"], order.plan.landuse
    years = (spec.year, spec.target.year if spec.target else None) if spec else (None, None)
    return [lay_out_landuse(frame, make_text(contract.zh, contract.en), *years)]


def lay_out_landuse(
    frame: pd.DataFrame, title: Text, base: int | None = None, target: int | None = None
) -> Table:
    """Return areas by class, their sum, and those of building land; the target only where there is one.

    Parameters
    ----------
    frame : DataFrame
        Layer ``landuse_balance``: areas in hectares.
    title : Text
    base, target : int, optional
        The years, as far as the plan says.
    """
    has_target = bool(frame["target_ha"].notna().any())
    rows: list[list[Cell]] = []
    strong: list[int] = []
    whole = 0
    for section, name in _SECTIONS.items():
        first = len(rows)
        rows += [_start(row, name) for row in frame[frame["section"] == section].to_dict("records")]
        if len(rows) > first:
            rows.append(_sum(rows, first, name, has_target))
            strong.append(len(rows) - 1)
        whole = strong[0] if strong else 0
    for at, row in enumerate(rows):
        row[_BASE + 1] = ratio(rows, (at, _BASE), (whole, _BASE))
        if has_target:
            row[_TARGET + 1] = ratio(rows, (at, _TARGET), (whole, _TARGET))
            made = difference(rows, (at, _TARGET), (at, _BASE), _HA_DECIMALS)
            row[_TARGET + 2] = None if made is None else Quantity(made, "signed", 2)
    shown = len(_HEADS) if has_target else _TARGET
    cells = tuple(tuple(row[:shown]) for row in rows)
    notes = (*_tell_years(base, target), *_NOTES)
    return Table("landuse_balance", title, _HEADS[:shown], cells, notes=notes, strong=tuple(strong))


def _tell_years(base: int | None, target: int | None) -> list[Text]:
    named = [("基期", "Base year", base), ("目标年", "target year", target)]
    told = [(zh, en, year) for zh, en, year in named if year is not None]
    if not told:
        return []
    return [
        make_text(
            "，".join(f"{zh} {year} 年" for zh, _, year in told) + "。",
            ", ".join(f"{en} {year}" for _, en, year in told) + ".",
        )
    ]


def _start(row: Mapping[Hashable, Any], section: Text) -> list[Cell]:
    key, target = str(row["key"]), row["target_ha"]
    code = key if key.isdigit() else ""
    areas: list[Cell] = [
        float(row["base_ha"]),
        None,
        None if is_absent(target) else float(target),
        None,
        None,
    ]
    return [section, code, str(row["name"]), *areas]


def _sum(rows: Sequence[Sequence[Cell]], first: int, section: Text, has_target: bool) -> list[Cell]:
    target = sum_column(rows, _TARGET, first) if has_target else None
    return [section, "", TOTAL, sum_column(rows, _BASE, first), None, target, None, None]
