"""Many plans of one land held against each other: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spatial.options import FolderOption
from spatial.terminal import Steps, open_console

if TYPE_CHECKING:
    from spatial.studies.blueprint.reconcile import Reconciled

_EDGES_ALONE = 1e-4
"""Plans with no more land in common than this share lie side by side, and a share agreed on says nothing."""


def reconcile(
    plans: Annotated[
        list[str],
        typer.Argument(
            help="Sector plans: YAML files with a part `sector`. 专项规划文件", show_default=False
        ),
    ],
    out: FolderOption = Path("out/blueprint"),
    tolerance: Annotated[
        str | None,
        typer.Option(
            help="What is nowhere wider is a mismatch of edges, such as 10m. 边界容差", show_default=False
        ),
    ] = None,
) -> None:
    """Find and settle where sector plans differ: one blueprint. 多规合一：差异图斑与统一底数."""
    from spatial.studies.blueprint.reconcile import reconcile_plans
    from spatial.studies.questions import read_length

    width = None if tolerance is None else read_length(tolerance, "--tolerance")
    with Steps() as steps:
        made = reconcile_plans(plans, tolerance_m=width, out=out, progress=steps.show)
    _answer(made)
    raise typer.Exit(int(made.has_errors))


def _answer(made: Reconciled) -> None:
    """Print the differences by kind, the findings and the files."""
    from rich.table import Table

    from spatial.plan.settling import KINDS, STATES

    console = open_console()
    table = Table("差异 Difference", "状态 State", "图斑 Pieces", "公顷 ha", box=None, pad_edge=False)
    sums = made.blueprint.differences.groupby(["kind", "state"])["area_m2"].agg(["size", "sum"])
    for kind, label in KINDS.items():
        for state, word in STATES.items():
            if (kind, state) in sums.index:
                count, area = sums.loc[(kind, state)]
                table.add_row(
                    f"{label.zh} {label.en}", f"{word.zh} {word.en}", f"{count:,.0f}", f"{area / 1e4:,.2f}"
                )
    console.print(table)
    areas = made.blueprint.base.groupby("state")["area_ha"].sum()
    single, whole = areas.get("single", 0.0), areas.sum()
    several = whole - single
    if several <= _EDGES_ALONE * whole:
        console.print(
            f"各规划用地互不重叠 Plans side by side: {single:,.2f} ha；"
            f"边界不吻合 at their edges: {several:,.2f} ha"
        )
    else:
        share = areas.get("agreed", 0.0) / several
        console.print(
            f"一致 Agreed: {share:.2%}（多个规划涉及的 {several:,.2f} 公顷中 of the ha in several plans）；"
            f"仅一个规划涉及 in one plan only: {single:,.2f} ha"
        )
    for row in made.findings.itertuples():
        console.print(f"{row.severity}: {row.message_zh}\n  {row.message_en} {row.rule}", markup=False)
    for note in made.notes:
        typer.echo(note, err=True)
    for file in made.files:
        typer.echo(str(file))
