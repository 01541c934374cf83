"""Layers as display tables by their contracts, with the formulas and sums that a planner expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from spatial.outputs.papers.cells import (
    Cell,
    Derived,
    Form,
    Head,
    Quantity,
    Table,
    difference,
    is_absent,
    number_of,
    ratio,
    sum_column,
)
from spatial.outputs.papers.words import decode, find_words, make_text
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract

TOTAL = Text(zh="合计", en="Total")
_ENDINGS: tuple[tuple[str, Form, int], ...] = (
    ("margin_share", "points", 2),
    ("share", "share", 2),
    ("share_before", "share", 2),
    ("share_after", "share", 2),
    ("gain_per_km", "number", 4),
    ("margin_min", "signed", 1),
    ("_min", "number", 1),
    ("_kmh", "number", 1),
    ("_ha", "number", 2),
    ("_km2", "number", 2),
    ("_m2", "number", 1),
    ("_km", "number", 2),
    ("_m", "number", 0),
    ("people", "integer", 0),
    ("jobs", "integer", 0),
    ("firms", "integer", 0),
    ("_wan", "integer", 0),
    ("value", "general", 0),
    ("limit", "general", 0),
)


@dataclass(frozen=True)
class Formula:
    """A column made from two others of the same row."""

    how: Literal["ratio", "difference"]
    first: str
    second: str


@dataclass(frozen=True)
class Layout:
    """How a layer is shown.

    Parameters
    ----------
    columns : tuple of str, optional
        Columns in order; all of the contract unless given, the id last.
    heads : mapping of str to Head
        Heads of columns that are not the contract's, or are to read otherwise.
    formulas : mapping of str to Formula
        Columns that follow from others.
    sums : tuple of str
        Columns with a sum below them.
    notes : tuple of Text
        What must be known to read it.
    """

    columns: tuple[str, ...] = ()
    heads: Mapping[str, Head] = field(default_factory=dict)
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    sums: tuple[str, ...] = ()
    notes: tuple[Text, ...] = ()


def lay_out(
    name: str,
    frame: pd.DataFrame,
    contract: Contract,
    layout: Layout | None = None,
    *,
    title: Text | None = None,
) -> Table:
    """Make a display table of a layer.

    Names and other texts with an English twin (``name_en``) become one bilingual column; coded values become
    words; formulas and sums are `Derived`.

    Parameters
    ----------
    name : str
        Name of the layer; the table's key.
    frame : DataFrame
        Its rows; a geometry is left out.
    contract : Contract
        Titles, kinds and units.
    layout : Layout, optional
        What to show; all columns in the order of the contract, the id last, unless given.
    title : Text, optional
        The contract's unless given.
    """
    layout = layout or Layout()
    known = contract.all_columns()
    columns = list(layout.columns) or _order_columns(known)
    columns = [column for column in columns if column in frame or column in layout.formulas]
    heads = tuple(layout.heads.get(column) or make_head(column, known.get(column)) for column in columns)
    plain = [_read_column(name, frame, column, known.get(column)) for column in columns]
    rows = [list(row) for row in zip(*plain, strict=True)] if columns else []
    _apply(layout.formulas, columns, rows)
    totals = _sum_up(rows, columns, layout.sums)
    return Table(
        name,
        title or make_text(contract.zh, contract.en),
        heads,
        tuple(tuple(row) for row in [*rows, *totals]),
        totals=len(totals),
        notes=layout.notes,
    )


def make_head(column: str, declared: Column | None) -> Head:
    """Return the head of a column: the contract's title with its unit, and the form that its name calls for.

    Examples
    --------
    >>> make_head("area_ha", Column("number", "面积（公顷）", "Area (ha)")).form
    'number'
    """
    title = make_text(declared.zh, declared.en) if declared else make_text(column)
    if declared is None or declared.kind in ("text", "truth"):
        return Head(title)
    if declared.kind == "integer":
        return Head(title, "integer", 0)
    for ending, form, digits in _ENDINGS:
        if column.endswith(ending):
            return Head(title, form, digits)
    return Head(title, "number", 3)


def _order_columns(known: Mapping[str, Column]) -> list[str]:
    """Return the columns to show: names first, ids last, English twins inside their Chinese ones."""
    twins = {column for column in known if column.endswith("_en") and column.removesuffix("_en") in known}
    # A finding's name is its message over again.
    twins |= {"message_en", "name"} if "message_zh" in known else set()
    return [column for column in known if column not in twins | {"id"}] + ["id"]


def _read_column(layer: str, frame: pd.DataFrame, column: str, declared: Column | None) -> list[Cell]:
    if column not in frame:
        return [None] * len(frame)
    values = frame[column]
    twin = "message_en" if column == "message_zh" else f"{column}_en"
    if twin in frame:
        return [make_text(zh, en) for zh, en in zip(values.tolist(), frame[twin].tolist(), strict=True)]
    if declared is not None and declared.kind != "text":
        return [None if is_absent(value) else value for value in values.tolist()]
    if column == "flags" or find_words(layer, column):
        words = {value: decode(layer, column, value) for value in values.dropna().unique()}
        return [words.get(value, "") if not is_absent(value) else None for value in values.tolist()]
    return [value if isinstance(value, str | Text) else _as_cell(value) for value in values.tolist()]


def _as_cell(value: Any) -> Cell:
    if is_absent(value):
        return None
    return value if isinstance(value, bool | int | float | Derived | Quantity) else str(value)


def _apply(formulas: Mapping[str, Formula], columns: Sequence[str], rows: list[list[Cell]]) -> None:
    """Put formulas where both of their cells are there; elsewhere what the layer says stays."""
    for target, formula in formulas.items():
        if not {target, formula.first, formula.second} <= set(columns):
            continue
        make = ratio if formula.how == "ratio" else difference
        place, first, second = (columns.index(name) for name in (target, formula.first, formula.second))
        for at, row in enumerate(rows):
            made = make(rows, (at, first), (at, second))
            if made is not None:
                row[place] = made


def _sum_up(rows: Sequence[Sequence[Cell]], columns: Sequence[str], sums: Sequence[str]) -> list[list[Cell]]:
    wanted = [columns.index(column) for column in sums if column in columns]
    wanted = [place for place in wanted if any(number_of(row[place]) is not None for row in rows)]
    if not rows or not wanted:
        return []
    total: list[Cell] = [None] * len(columns)
    for place in wanted:
        total[place] = sum_column(rows, place)
    if total[0] is None:
        total[0] = TOTAL
    return [total]
