"""The workbook 附表: the summary and all tables of an order, one sheet each."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from spatial.outputs.order import Order
from spatial.outputs.papers.key_figures import lay_out_summary
from spatial.outputs.papers.spreadsheet import Imprint, write_tables
from spatial.outputs.papers.tables import list_tables


def write_workbook(order: Order, path: Path) -> list[str]:
    """Write all tables of an order as an Excel workbook, the summary first; see `write_tables`.

    Parameters
    ----------
    order : Order
        What is to be written; `order.tongue` is the language.
    path : pathlib.Path
        The ``.xlsx`` file to write or replace.

    Returns
    -------
    list of str
        What a user should know: rows or signs that a sheet could not hold.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    tables = list_tables(order)
    tables.insert(0, lay_out_summary(order, tables))
    imprint = Imprint(
        title=order.plan.title,
        subtitle=order.subtitle,
        language=order.tongue,
        date=order.plan.date or dt.date(order.plan.year, 1, 1),
        compiler=order.plan.outputs.compiler or "",
        comment=order.provenance.get("plan_sha256", ""),
        illustrative=order.illustrative,
    )
    return write_tables(tables, imprint, path)
