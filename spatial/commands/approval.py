"""Projects checked against a plan by all departments at once: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spatial.options import CrsOption, FolderOption, PlanArgument, SetOption
from spatial.terminal import Steps, open_console

_PROJECTS_HELP = "Projects: .shp .zip .gpkg .geojson .csv with WKT, .txt of boundary points. 送审项目"
_TABLE_HELP = "Rules of the departments; the shipped ones unless given. 部门规则表"
_TOLERANCE_HELP = "Below it an overlap is a touch: an area, a width, or both. 容差"
_ATTRIBUTE_HELP = "Of all projects that do not state it: kind=industry, district=克井镇. 统一填写属性"

ProjectsArgument = Annotated[Path, typer.Argument(metavar="PROJECTS", help=_PROJECTS_HELP)]
DepartmentsOption = Annotated[
    Path | None, typer.Option("--departments", metavar="FILE.yaml", help=_TABLE_HELP)
]
ToleranceOption = Annotated[
    list[str] | None, typer.Option("--tolerance", metavar="1m2|0.01m", help=_TOLERANCE_HELP)
]
SuggestOption = Annotated[
    bool, typer.Option("--suggest", help="Find the smallest trim or shift that would pass. 给出调整建议")
]
AttributeOption = Annotated[
    list[str] | None, typer.Option("--attribute", metavar="KEY=VALUE", help=_ATTRIBUTE_HELP)
]
LedgerOption = Annotated[
    bool, typer.Option("--ledger", help="Projects draw on the plan's land quotas too. 核减用地指标")
]


def conform(  # noqa: PLR0913, PLR0917 (each option of the command is an argument)
    plan: PlanArgument,
    projects: ProjectsArgument,
    out: FolderOption = Path("out/conform"),
    departments: DepartmentsOption = None,
    crs: CrsOption = None,
    tolerance: ToleranceOption = None,
    suggest: SuggestOption = False,
    ledger: LedgerOption = False,
    attribute: AttributeOption = None,
    overrides: SetOption = None,
) -> None:
    """Check projects by the rules of all departments at once: one opinion sheet. 项目并联审批.

    Columns read 字段: id 项目编号/编号/标识, name 项目名称, kind 项目类型/地块用途,
    district 所在区镇/区镇/所属乡镇, activity 有限人为活动类别 (1–10), national_major 国家重大项目,
    建设单位, 项目代码, 收件编号; others are listed as not used.

    Exit code 退出码: 1 if a project is rejected 不同意 or incomplete 待补充审查 (a rule was not judged
    未审查, whatever conditions stand beside it), or a finding is an error; 0 if all pass or are
    conditional 有条件同意; 2 for bad input.
    """
    from spatial.outputs.answers.opinionsummary import print_verdicts
    from spatial.studies.conform import check_projects

    with Steps() as steps:
        made = check_projects(
            plan, projects, departments=departments, crs=crs, tolerance=tolerance or (), suggest=suggest,
            ledger=ledger, attributes=attribute or (), overrides=overrides or (), out=out,
            progress=steps.show,
        )  # fmt: skip
    print_verdicts(
        open_console(), made.verdicts, made.suggestions, made.findings, notes=made.notes, files=made.files
    )
    raise typer.Exit(int(made.has_errors))
