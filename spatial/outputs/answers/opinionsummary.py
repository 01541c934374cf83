"""What came of checking projects, in the terminal: findings, a verdict each, suggestions, files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from spatial.outputs.answers.ringsummary import print_findings
from spatial.plan.departments import VERDICTS

_ROWS = 40
_STYLES = {"reject": "bold red", "conditional": "yellow", "incomplete": "magenta", "pass": "green"}
_HEADS = (
    "项目\nproject",
    "名称\nname",
    "结论\nverdict",
    "不同意\nno",
    "有条件\nif",
    "未审查\n?",
    "规模\nsize",
)


def print_verdicts(
    console: Console,
    verdicts: pd.DataFrame,
    suggestions: pd.DataFrame,
    findings: pd.DataFrame,
    *,
    notes: Iterable[str] = (),
    files: Iterable[Path] = (),
) -> None:
    """Print what came of checking projects; the paths of the files come last, each on its own line.

    Parameters
    ----------
    console : rich.console.Console
    verdicts, suggestions, findings : pandas.DataFrame
        As `spatial.studies.conform.check_projects` makes them.
    notes : iterable of str
    files : iterable of Path

    Examples
    --------
    >>> import sys
    >>> row = {"id": "P1", "name": "厂房", "verdict": "pass", "rejects": 0, "conditions": 0, "not_judged": 0}
    >>> nothing = pd.DataFrame({"severity": [], "project_id": [], "feature_id": [], "layer": []}, dtype=str)
    >>> table = pd.DataFrame([row | {"area_m2": 12000.0, "length_m": 0.0}])
    >>> print_verdicts(Console(file=sys.stdout, width=80), table, nothing, nothing)
    ... # doctest: +NORMALIZE_WHITESPACE
    项目     名称  结论     不同意  有条件  未审查     规模
    project  name  verdict      no      if       ?     size
    P1       厂房  同意          0       0       0  1.20 ha
    1 个项目：1 同意 pass
    """
    # What is said of one project stands on its page; here it would hide the rest.
    own = findings["feature_id"].ne("") & findings["severity"].eq("info") & findings["layer"].eq("projects")
    print_findings(console, findings[~own])
    grid = Table(box=None, pad_edge=False)
    for at, head in enumerate(_HEADS):
        grid.add_column(head, justify="right" if at > 2 else "left", overflow="fold")
    for row in verdicts.head(_ROWS).to_dict("records"):
        word = f"[{_STYLES[row['verdict']]}]{VERDICTS[row['verdict']].zh}[/]"
        counts = (str(row[key]) for key in ("rejects", "conditions", "not_judged"))
        grid.add_row(escape(str(row["id"])), escape(str(row["name"])), word, *counts, _write_size(row))
    console.print(grid)
    if len(verdicts) > _ROWS:
        console.print(f"… {len(verdicts) - _ROWS} more projects in the workbook", markup=False)
    for row in suggestions.head(_ROWS).to_dict("records"):
        console.print(f"{row['project_id']}: {row['text_zh']}\n  {row['text_en']}", markup=False)
    counts = verdicts["verdict"].value_counts()
    said = "，".join(f"{counts[key]} {VERDICTS[key].zh} {key}" for key in VERDICTS if key in counts)
    console.print(f"{len(verdicts)} 个项目：{said}", markup=False)
    for note in notes:
        console.print(f"note 注意: {note}", markup=False)
    for file in files:
        console.print(str(file), markup=False, soft_wrap=True)


def _write_size(row: dict[Any, Any]) -> str:
    """Write the area of a project, the length of a line, and nothing for a point."""
    if row["length_m"] > 0:
        return f"{row['length_m']:,.0f} m"
    return f"{row['area_m2'] / 1e4:,.2f} ha" if row["area_m2"] > 0 else "—"
