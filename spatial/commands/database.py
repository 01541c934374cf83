"""Commands of the shared database: publish a plan, list, compare, restore, fetch its versions, opinions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spatial.options import PlanArgument, SetOption
from spatial.terminal import Steps, open_console

if TYPE_CHECKING:
    from spatial.plan.postgres import Ask

_URL = "postgresql://USER@HOST/DATABASE"
_TO_HELP = "The database; the password is asked for, or PGPASSWORD, or ~/.pgpass. 数据库地址，不含密码"
_AS_HELP = "Its name in the database; the plan's unless given. 库内名称"
_NAME_HELP = "Name of a published plan. 已发布的规划"
_DEPARTMENTS_HELP = "Table of departments with a sub-platform each; the shipped one unless given. 部门表"
_ROLES_HELP = "What names of roles begin with; the database's name and _ unless given. 角色名前缀"

ToOption = Annotated[str, typer.Option("--to", metavar=_URL, help=_TO_HELP)]
AtOption = Annotated[str, typer.Option("--at", metavar=_URL, help=_TO_HELP)]
NameArgument = Annotated[str, typer.Argument(metavar="PLAN", help=_NAME_HELP)]
VersionArgument = Annotated[int, typer.Argument(metavar="VERSION", help="Its number. 版本号")]
NoteOption = Annotated[str, typer.Option(metavar="TEXT", help="What is said of the version. 版本说明")]


def publish(  # noqa: PLR0917 (each option of the command is an argument)
    plan: PlanArgument,
    to: ToOption,
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help=_AS_HELP)] = None,
    note: NoteOption = "",
    departments: Annotated[Path | None, typer.Option(metavar="FILE", help=_DEPARTMENTS_HELP)] = None,
    roles: Annotated[str | None, typer.Option(metavar="PREFIX", help=_ROLES_HELP)] = None,
    overrides: SetOption = None,
) -> None:
    """Build a plan and publish it to PostGIS as a new version. 发布到 PostGIS 共享库，生成新版本."""
    from spatial.outputs.postgis.summary import print_publication
    from spatial.studies.publishing import publish_plan

    with Steps() as steps:
        made = publish_plan(
            plan, to, name=name, note=note, departments=departments, prefix=roles,
            overrides=overrides or (), ask=_find_asker(), progress=steps.show,
        )  # fmt: skip
    console = open_console()
    print_publication(console, made.publication)
    if made.build.rasters is not None:
        console.print("raster layers are not published, they stay files 栅格图层不入库", markup=False)
    if made.build.has_errors:
        told = "the plan has findings that are errors: see the layer findings 规划存在错误，见 findings 图层"
        console.print(told, markup=False)
    raise typer.Exit(int(made.build.has_errors))


def versions(
    at: AtOption,
    plan: Annotated[str | None, typer.Argument(metavar="[PLAN]", help=_NAME_HELP)] = None,
) -> None:
    """List the versions of published plans. 列出已发布的版本."""
    from spatial.outputs.postgis.summary import print_versions
    from spatial.studies.publishing import find_versions

    print_versions(open_console(), find_versions(at, plan, ask=_find_asker()))


def diff(
    plan: NameArgument,
    before: Annotated[int, typer.Argument(metavar="BEFORE", help="The older version. 旧版本号")],
    after: Annotated[int, typer.Argument(metavar="AFTER", help="The newer version. 新版本号")],
    at: AtOption,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE.gpkg|csv", help="All of it. 成果文件")
    ] = None,
) -> None:
    """Tell what differs between two published versions; exit code 1 if anything does. 版本对比."""
    from spatial.outputs.postgis.summary import print_revision
    from spatial.studies.publishing import compare_published

    made = compare_published(at, plan, before, after, out=out, ask=_find_asker())
    print_revision(open_console(), made.table, made.changes)
    if out is not None:
        typer.echo(str(out))
    raise typer.Exit(int(made.differs))


def restore(plan: NameArgument, version: VersionArgument, at: AtOption, note: NoteOption = "") -> None:
    """Make an older version current again, as a new version. 恢复旧版本，历史保留."""
    from spatial.outputs.postgis.summary import print_publication
    from spatial.studies.publishing import restore_published

    print_publication(open_console(), restore_published(at, plan, version, note=note, ask=_find_asker()))


def fetch(
    plan: NameArgument,
    at: AtOption,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE.gpkg", help="GeoPackage. 成果文件")],
    version: Annotated[int | None, typer.Option(metavar="VERSION", help="The current one. 版本号")] = None,
) -> None:
    """Read a published version back into one GeoPackage. 从共享库取回为 GeoPackage."""
    from spatial.studies.publishing import fetch_published

    made = fetch_published(at, plan, out, version=version, ask=_find_asker())
    typer.echo(f"{made.version.plan} version 第 {made.version.version} 版: {len(made.layers)} layers 图层")
    typer.echo(str(out))


def submit(
    plan: NameArgument,
    opinions: Annotated[
        Path, typer.Argument(metavar="OPINIONS.gpkg", help="Written by spatial conform. 并联审批意见")
    ],
    at: AtOption,
    version: Annotated[
        int | None, typer.Option(metavar="VERSION", help="That they were computed on. 所依据的版本号")
    ] = None,
) -> None:
    """Put computed opinions and their projects beside a published plan. 项目与审查意见入库."""
    from spatial.studies.publishing import submit_opinions

    sent = submit_opinions(at, plan, opinions, version=version, ask=_find_asker())
    for note in sent.notes:
        typer.echo(f"note 注意: {note}")
    size = f"{sent.projects} projects 个项目, {sent.rows} opinions 条意见"
    typer.echo(f"{sent.plan} version 第 {sent.version} 版: {size}")


def _find_asker() -> Ask | None:
    """Return what asks for a password at the terminal; None where nobody sits there."""
    if not sys.stdin.isatty():
        return None

    def ask(address: str) -> str:
        return str(typer.prompt(f"password of 密码 {address}", hide_input=True, err=True))

    return ask
