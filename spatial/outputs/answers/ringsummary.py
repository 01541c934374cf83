"""What came of a question without a plan, in the terminal: notes, findings, a table, files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

_ROWS = 30
_FINDINGS = 20
_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_HEADS = {
    "origin_name": "起点\nfrom",
    "target_name": "终点\nto",
    "time_min": "分钟\nmin",
    "area_km2": "面积\nkm²",
    "network_km": "道路\nroad km",
    "people": "人口\npeople",
    "offset_m": "距道路\nto road m",
    "least": "最少\nleast",
    "median": "中位\nmedian",
    "mean": "平均\nmean",
    "most": "最多\nmost",
    "total": "总量\nof",
}


def print_answer(
    console: Console,
    table: pd.DataFrame,
    findings: pd.DataFrame,
    notes: Iterable[str],
    files: Iterable[Path],
) -> None:
    """Print what came of a question; the paths of the files come last, each on its own line.

    Parameters
    ----------
    console : rich.console.Console
    table : pandas.DataFrame
        Its first rows are printed, of the columns that have a heading here.
    findings : pandas.DataFrame
        As `frame_findings` makes it; the first twenty are printed, worst first.
    notes : iterable of str
    files : iterable of Path

    Examples
    --------
    >>> import sys
    >>> table = pd.DataFrame({"origin_name": ["济源"], "time_min": [15.0], "area_km2": [12.345]})
    >>> print_answer(Console(file=sys.stdout, width=60), table, pd.DataFrame({"severity": []}), ["one"], [])
    note 注意: one
    起点  分钟   面积
    from   min    km²
    济源    15  12.35
    """
    for note in notes:
        console.print(f"note 注意: {note}", markup=False)
    print_findings(console, findings)
    _print_table(console, table, [name for name in _HEADS if name in table])
    for file in files:
        console.print(str(file), markup=False, soft_wrap=True)


def print_findings(console: Console, findings: pd.DataFrame) -> None:
    """Print the first twenty findings of a question, in both languages."""
    for row in findings.head(_FINDINGS).to_dict("records"):
        style = _STYLES[row["severity"]]
        both = f"{row['message_zh']}\n  {row['message_en']}"
        console.print(f"[{style}]{row['severity']}[/] {escape(both)}")
    if len(findings) > _FINDINGS:
        console.print(f"… {len(findings) - _FINDINGS} more findings in the layer findings", markup=False)


def _print_table(console: Console, table: pd.DataFrame, columns: list[str]) -> None:
    grid = Table(box=None, pad_edge=False)
    for name in columns:
        number = pd.api.types.is_numeric_dtype(table[name])
        grid.add_column(_HEADS[name], justify="right" if number else "left", overflow="fold")
    for row in table[columns].head(_ROWS).to_dict("records"):
        grid.add_row(*(escape(_write(name, value)) for name, value in row.items()))
    console.print(grid)
    if len(table) > _ROWS:
        console.print(f"… {len(table) - _ROWS} more rows in the CSV file", markup=False)


def _write(name: object, value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if pd.isna(value):
        return "-"
    return f"{value:,.0f}" if name == "people" else f"{value:g}" if name == "time_min" else f"{value:,.2f}"
