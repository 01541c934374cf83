"""What came of checking a data file, in the terminal: layers, counts by rule, findings, files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from spatial.plan.base import Text
from spatial.plan.profiles import read_measures

_SHOWN = 20
_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def print_validation(
    console: Console,
    findings: pd.DataFrame,
    layers: Mapping[str, int],
    profile: Text,
    *,
    notes: Iterable[str] = (),
    files: Iterable[Path] = (),
) -> None:
    """Print what came of a check; the paths of the files come last, each on its own line.

    Parameters
    ----------
    console : rich.console.Console
    findings : pandas.DataFrame
        As `frame_findings` makes it.
    layers : mapping of str to int
        Rows of the layers that were checked.
    profile : Text
    notes : iterable of str
    files : iterable of Path
    """
    console.print(f"{profile.pick('zh')} {profile.pick('en')}", style="bold", markup=False)
    listed = ", ".join(f"{name} {count}" for name, count in layers.items()) or "none 无"
    console.print(f"layers checked 已质检图层（行数）: {listed}", markup=False)
    for note in notes:
        console.print(f"note 注意: {note}", markup=False)
    if findings.empty:
        console.print("no finding 未发现问题", style="green")
    else:
        _print_counts(console, findings)
        _print_findings(console, findings)
    for file in files:
        console.print(str(file), markup=False, soft_wrap=True)


def _print_findings(console: Console, findings: pd.DataFrame) -> None:
    for row in findings.head(_SHOWN).to_dict("records"):
        where = escape(" ".join(part for part in (row["layer"], row["feature_id"]) if part))
        console.print(f"[{_STYLES[row['severity']]}]{row['severity']}[/] {where}", soft_wrap=True)
        for message in (row["message_zh"], row["message_en"]):
            console.print(f"  {message}", markup=False, soft_wrap=True)
    if len(findings) > _SHOWN:
        rest = len(findings) - _SHOWN
        console.print(f"… {rest} more 另有 {rest} 条：用 --out 写出全部 --out writes all", markup=False)


def _print_counts(console: Console, findings: pd.DataFrame) -> None:
    measures = read_measures()
    grid = Table("", "n", "检查项", "rule 规则", box=None, pad_edge=False)
    grid.columns[1].justify = "right"
    for severity, style in _STYLES.items():
        counts = findings.loc[findings["severity"] == severity, "rule"].value_counts().sort_index()
        for rule, count in counts.items():
            title = measures.title(str(rule).removeprefix("database."))
            name = escape(title.pick("zh"))
            grid.add_row(f"[{style}]{severity}[/]", str(count), name, escape(str(rule)))
    console.print(grid)
