"""Blocks of the report: paragraphs, tables and pictures, and what chapters take them from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from spatial.outputs.order import Order
from spatial.outputs.papers import sentences
from spatial.outputs.papers.cells import Cell, Table
from spatial.outputs.papers.words import make_text
from spatial.plan.base import Text
from spatial.plan.contract import Contract
from spatial.plan.styles import read_styles

MOST_ROWS = 60
"""Rows of a table in the report; all are in the workbook."""
MOST_SIGNS = 120
"""Signs of a rule's value in the report; all are in the workbook."""


@dataclass(frozen=True)
class Picture:
    """A map with its caption; `name` is that of the sheet."""

    name: str
    title: Text
    path: Path


_ID = Contract("", "", "none").all_columns()["id"].zh
Block = Text | Table | Picture
"""A paragraph, a table or a picture."""


@dataclass(frozen=True)
class Chapter:
    """A chapter: its title and what stands in it, in order."""

    title: Text
    blocks: tuple[Block, ...]
    numbered: bool = True


@dataclass(frozen=True)
class Stock:
    """What chapters are made from."""

    order: Order
    tables: Mapping[str, Table]
    pictures: Mapping[str, Path]

    def layer(self, name: str) -> pd.DataFrame | None:
        """Return a layer that has rows, else None."""
        frame = self.order.layers.get(name)
        return frame if frame is not None and len(frame) else None

    def table(self, key: str, columns: Sequence[int] = ()) -> Iterator[Table]:
        """Yield a table cut to the length of the report, with some of its columns where given.

        Ids are for computers: unless asked for, they stay in the workbook.
        """
        if key in self.tables:
            table = self.tables[key]
            chosen = columns or [at for at, head in enumerate(table.heads) if head.title.zh != _ID]
            yield shorten_table(pick_columns(table, chosen), MOST_ROWS)

    def draw(self, *names: str) -> Iterator[Picture]:
        """Yield the pictures of these names that there are."""
        for name in names:
            if name in self.pictures:
                yield Picture(name, _name_picture(self.order, name), self.pictures[name])


def shorten_table(table: Table, most: int) -> Table:
    """Return a table with at most so many rows above its totals, and how many are left out said below it.

    Examples
    --------
    >>> from spatial.outputs.papers.cells import Head
    >>> head = Head(Text(zh="甲", en="A"))
    >>> shorten_table(Table("a", head.title, (head,), (("1",), ("2",), ("3",))), 2).notes[0].en
    'The first 2 of 3 rows; 1 more is in the workbook.'
    """
    body = len(table.rows) - table.totals
    if body <= most:
        return table
    note = sentences.tell_rest(most, body)
    rows = (*table.rows[:most], *table.rows[body:])
    strong = tuple(place for place in table.strong if place < most)
    return replace(table, rows=rows, notes=(*table.notes, note), strong=strong)


def pick_columns(table: Table, columns: Sequence[int]) -> Table:
    """Return a table with these columns only; all of them unless some are given."""
    if not columns:
        return table
    chosen = [column for column in columns if column < len(table.heads)]
    heads = tuple(table.heads[column] for column in chosen)
    return replace(
        table, heads=heads, rows=tuple(tuple(row[column] for column in chosen) for row in table.rows)
    )


def shorten_cells(table: Table, most: int) -> Table:
    """Return a table whose texts are cut to so many signs, with a sign that says so."""

    def cut(cell: Cell) -> Cell:
        return cell[: most - 1] + "…" if isinstance(cell, str) and len(cell) > most else cell

    return replace(table, rows=tuple(tuple(cut(cell) for cell in row) for row in table.rows))


def _name_picture(order: Order, name: str) -> Text:
    styles = read_styles()
    sheet = getattr(styles, "sheets", {}).get(name)
    if sheet is not None:
        return make_text(sheet.title.pick("zh"), sheet.title.pick("en"))
    contract = order.contracts.get(name)
    return make_text(contract.zh, contract.en) if contract else make_text(name)
