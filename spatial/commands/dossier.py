"""Three maps and one table 三图一表 of functional zones: parse, call, print."""

from __future__ import annotations

from typing import Annotated

import typer

from spatial.options import DirOption, LanguageOption, PlanArgument, SetOption
from spatial.terminal import Steps

_ZONE_HELP = "Name or short name of a functional zone; may be repeated; all unless given. 功能区名称"

ZoneOption = Annotated[list[str] | None, typer.Option("--zone", metavar="NAME", help=_ZONE_HELP)]


def dossier(
    plan: PlanArgument,
    zone: ZoneOption = None,
    out: DirOption = None,
    language: LanguageOption = None,
    overrides: SetOption = None,
) -> None:
    """Write three maps and a table of firms for each functional zone. 功能区三图一表.

    A folder for each zone 每个功能区一个文件夹: 1 master plan 总体规划图, 2 control of the start-up area
    起步区控制图, 3 urban design and industry 城市设计与产业全景图, 4 table of firms 企业表; as pictures, as
    one PDF (A3), and the tables as a workbook. They lie in out/NAME/dossier unless -o is given.
    """
    from spatial.studies.dossier import write_dossiers

    with Steps() as steps:
        made = write_dossiers(
            plan, out, zones=zone or (), overrides=overrides or (), language=language, progress=steps.show
        )
    for row in made.build.findings.itertuples():
        if row.severity == "error":
            typer.echo(f"{row.severity}: {row.message_zh}\n  {row.message_en} {row.rule}", err=True)
    for note in made.notes:
        typer.echo(note, err=True)
    for folder in made.folders:
        typer.echo(str(folder))
    raise typer.Exit(int(made.has_errors))
