"""Tables of proposals 建议方案: alternatives side by side, in whole hectares and in ratios."""

from __future__ import annotations

import pandas as pd

from spatial.outputs.order import Order
from spatial.outputs.papers.cells import Cell, Quantity, Table
from spatial.outputs.papers.layouts import lay_out

_KEY = "proposal_comparison"
_HECTARES = "ha"


def list_proposal_tables(order: Order) -> list[Table]:
    """Return the table of alternatives; none without proposals.

    Cells of the evaluation are no finer than a hectare or so: areas are shown in whole ones, and kept as
    they are in the workbook's cells.
    """
    frame = order.layers.get(_KEY)
    if frame is None or frame.empty:
        return []
    table = lay_out(_KEY, frame, order.contracts[_KEY])
    rows = tuple(
        tuple(_show(cell, whole=whole) for cell in row)
        for row, whole in zip(table.rows, _are_areas(frame), strict=True)
    )
    return [Table(table.key, table.title, table.heads, rows, notes=table.notes)]


def _are_areas(frame: pd.DataFrame) -> list[bool]:
    return [str(unit).endswith(_HECTARES) for unit in frame["unit"]]


def _show(cell: Cell, *, whole: bool) -> Cell:
    if isinstance(cell, float) and not isinstance(cell, bool):
        return Quantity(cell, "integer", 0) if whole else Quantity(cell, "number", 2)
    return cell
