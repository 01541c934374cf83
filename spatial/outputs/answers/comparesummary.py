"""What became of one scenario in another, in the terminal: verdicts, figures that differ, places, files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from spatial.outputs.answers.compare import choose_places
from spatial.outputs.answers.ringsummary import print_findings

_ROWS = 40
_PLACES = 15
_VERDICTS = {"kept": "兑现 kept", "broken": "未兑现 broken", "undecidable": "无法判定 undecidable", "": ""}
_MOVES = {"leaves": "移出 leaves", "enters": "进入 enters", "slower": "变慢 slower", "faster": "变快 faster"}


def print_comparison(
    console: Console,
    table: pd.DataFrame,
    places: gpd.GeoDataFrame,
    *,
    findings: pd.DataFrame,
    notes: Iterable[str],
    files: Iterable[Path],
    differs: bool,
) -> None:
    """Print what differs; the paths of the files come last, each on its own line.

    Parameters
    ----------
    console : rich.console.Console
    table : pandas.DataFrame
        As `tabulate_figures` returns it: rows that differ are printed, and all verdicts.
    places : geopandas.GeoDataFrame
        The layer ``place_changes``: those that enter or leave a circle first, then by minutes.
    findings : pandas.DataFrame
    notes : iterable of str
    files : iterable of Path
    differs : bool
        Without a difference one line says so.
    """
    for note in notes:
        console.print(f"note 注意: {note}", markup=False)
    print_findings(console, findings)
    if not differs:
        console.print("nothing differs 两个方案没有差别", markup=False)
    _print_figures(console, table)
    _print_places(console, places)
    for file in files:
        console.print(str(file), markup=False, soft_wrap=True)


def _print_figures(console: Console, table: pd.DataFrame) -> None:
    moved = (table["difference"] != 0) | (table["verdict_before"] != table["verdict_after"])
    told = table[moved | (table["verdict_after"] != "")]
    if not len(told):
        return
    grid = Table(box=None, pad_edge=False)
    grid.add_column("指标\nmeasure", overflow="fold", min_width=20)
    for head in ("前\nbefore", "后\nafter", "差\ndifference", "%"):
        grid.add_column(head, justify="right", no_wrap=True)
    grid.add_column("结论\nverdict", overflow="fold")
    subject = None
    for row in told.head(_ROWS).to_dict("records"):
        if row["subject"] != subject:
            subject = row["subject"]
            grid.add_row(escape(str(row["name"])), style="bold")
            if row["name_en"] != row["name"]:
                grid.add_row(escape(str(row["name_en"])), style="dim")
        both = [_VERDICTS.get(row[name], row[name]) for name in ("verdict_before", "verdict_after")]
        grid.add_row(
            escape(f"  {row['measure_zh']} {row['measure_en']} ({row['unit']})"),
            *(_number(row[name]) for name in ("before", "after")),
            _number(row["difference"], sign=True),
            "" if pd.isna(row["share"]) or not row["share"] else f"{row['share']:+.1%}",
            escape(both[1] if both[0] == both[1] else f"{both[0]} → {both[1]}"),
            style="bold" if both[0] != both[1] else "",
        )
    console.print(grid)
    if len(told) > _ROWS:
        console.print(f"… {len(told) - _ROWS} more rows in the CSV file 其余见 CSV", markup=False)


def _print_places(console: Console, places: gpd.GeoDataFrame) -> None:
    moved = choose_places(places)
    moved = moved[moved["change"].isin(list(_MOVES))]
    if not len(moved):
        return
    rank = moved["change"].map({change: at // 2 for at, change in enumerate(_MOVES)}).astype(float)
    order = moved.assign(rank=rank, much=-moved["difference_min"].abs().fillna(float("inf")))
    grid = Table(box=None, pad_edge=False)
    for head in ("地点\nplace", "圈层\ncircle", "变化\nchange"):
        grid.add_column(head, overflow="fold")
    for head in ("前\nmin before", "后\nmin after", "差\ndifference"):
        grid.add_column(head, justify="right", no_wrap=True)
    for row in order.sort_values(["rank", "much"], kind="stable").head(_PLACES).to_dict("records"):
        grid.add_row(
            escape(_join(row["name"], row["name_en"])),
            escape(str(row["circle"])),
            _MOVES[row["change"]],
            *(_number(row[name]) for name in ("minutes_before", "minutes_after")),
            _number(row["difference_min"], sign=True),
        )
    console.print()
    console.print(grid)
    if len(moved) > _PLACES:
        console.print(f"… {len(moved) - _PLACES} more in the layer place_changes 其余见图层", markup=False)


def _join(zh: object, en: object) -> str:
    return str(zh) if zh == en or not en else f"{zh} {en}"


def _number(value: float, *, sign: bool = False) -> str:
    if pd.isna(value):
        return "-"
    if value == 0:
        return "0"
    text = f"{value:+,.2f}" if sign else f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")
