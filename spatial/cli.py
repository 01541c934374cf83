"""The command line: parse, call, print. Heavy things are imported where they are used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spatial.commands import find_commands
from spatial.commands.validation import validate
from spatial.errors import Fault, PlanError, SpatialError
from spatial.options import (
    AtOption,
    BorderOption,
    CityArgument,
    CodeOption,
    DeliverOption,
    DirOption,
    EncodingOption,
    FileOption,
    FormatOption,
    GraphOption,
    KeyOption,
    LanguageOption,
    OnlyOption,
    PlanArgument,
    ProfileOption,
    SetOption,
)
from spatial.terminal import Steps, open_console
from spatial.version import __version__

if TYPE_CHECKING:
    from spatial.outputs.formats.shapefile import Encoding
    from spatial.results import Build, Language

app = typer.Typer(
    name="spatial",
    help="From a territorial plan's text to checked zone maps. 国土空间规划：由规划文本生成并校核分区图。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 a finding is an error, 2 bad input. --debug shows where an error arose.",
)

_OF_NETWORKS = ("contourpy", "numba", "osmium")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spatial-planning-toolkit {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version. 版本")
    ] = False,
) -> None:
    """From a territorial plan's text to checked zone maps. 国土空间规划：由规划文本生成并校核分区图."""


@app.command()
def build(  # noqa: PLR0917 (each option of the command is an argument)
    plan: PlanArgument,
    out: DirOption = None,
    whole: DeliverOption = False,
    language: LanguageOption = None,
    only: OnlyOption = None,
    overrides: SetOption = None,
    tianditu_key: KeyOption = None,
) -> None:
    """Make the layers, check them, write GeoPackage and map, or all that is handed in. 生成图层与成果."""
    from spatial.pipeline import build_plan

    with Steps() as steps:
        made = build_plan(
            plan,
            out,
            only=only or (),
            overrides=overrides or (),
            tianditu_key=tianditu_key,
            deliver=whole,
            language=language,
            progress=steps.show,
        )
    _report(made, language)
    raise typer.Exit(int(made.has_errors))


@app.command()
def check(plan: PlanArgument, profile: ProfileOption = None, overrides: SetOption = None) -> None:
    """Read a plan, make its layers and list the findings; write nothing. 校核规划，不写文件.

    With --profile the argument is a data file, and its layers are held against those of a database norm, as
    by `spatial validate`. 给出 --profile 时校核数据文件。
    """
    if profile is not None:
        validate(Path(plan), profile)
    from spatial.pipeline import check_plan

    with Steps() as steps:
        made = check_plan(plan, overrides=overrides or (), progress=steps.show)
    _report(made)
    raise typer.Exit(int(made.has_errors))


@app.command()
def export(  # noqa: PLR0917 (each option of the command is an argument)
    plan: PlanArgument,
    form: FormatOption = None,
    out: DirOption = None,
    encoding: EncodingOption = None,
    language: LanguageOption = None,
    only: OnlyOption = None,
    overrides: SetOption = None,
    profile: ProfileOption = None,
) -> None:
    """Write the layers for ArcGIS, QGIS, databases and others. 导出为其他格式.

    With --profile they are written in the layers and fields of a database norm, as gpkg, shp or fgdb.
    给出 --profile 时按数据库规范的图层与字段导出。
    """
    if profile is not None:
        _export_profile(plan, profile, out, form=form, encoding=encoding, only=only, overrides=overrides)
        return
    if form is None:
        raise PlanError(
            Fault("--format", "", "is missing", "write such as --format shp, or --profile planning")
        )
    from spatial.pipeline import export_plan

    with Steps() as steps:
        made = export_plan(
            plan,
            out or Path("out") / "export",
            form,
            encoding=encoding,
            only=only or (),
            overrides=overrides or (),
            language=language,
            progress=steps.show,
        )
    _report(made, language)
    raise typer.Exit(int(made.has_errors))


def _export_profile(
    plan: str, profile: str, out: Path | None, *, form: str | None, encoding: Encoding | None,
    only: list[str] | None, overrides: list[str] | None,
) -> None:  # fmt: skip
    from spatial.studies.databases import export_profile

    if only:
        raise PlanError(Fault("--only", ", ".join(only), "does not go with --profile", "leave it out"))
    with Steps() as steps:
        made = export_profile(
            plan, profile, out or Path("out") / "export", form or "gpkg",
            encoding=encoding, overrides=overrides or (), progress=steps.show,
        )  # fmt: skip
    for note in made.notes:
        typer.echo(f"note 注意: {note}")
    typer.echo(
        f"layers 图层（要素数）: {', '.join(f'{name} {count}' for name, count in made.layers.items())}"
    )
    typer.echo(str(made.file))


@app.command()
def new(
    city: CityArgument,
    adcode: CodeOption = None,
    boundary: BorderOption = None,
) -> None:
    """Write a plan that builds at once. 新建可直接生成的规划."""
    from spatial.starter import start_plan

    file = start_plan(city, adcode=adcode, boundary=boundary)
    typer.echo(f"{file}\n\nNext: spatial build {file.parent}")


for _command in find_commands():
    app.command()(_command)


@app.command()
def explain(plan: PlanArgument, at: AtOption, overrides: SetOption = None) -> None:
    """Tell why the evaluation says what it says of a place. 逐步说明某地的双评价结果."""
    from spatial.outputs.explained import tell_explanation
    from spatial.studies.explain import explain_place

    with Steps() as steps:
        made = explain_place(plan, at, overrides=overrides or (), progress=steps.show)
    typer.echo(f"双评价说明 Evaluation explained: {made.lon:g}, {made.lat:g}")
    for line in tell_explanation(made.inputs, made.notes, made.results, made.layers, made.told, made.named):
        typer.echo(line)
    for name in made.differs:
        typer.echo(f"与栅格不一致 the raster says otherwise, please report: {name}", err=True)
    raise typer.Exit(int(bool(made.differs)))


@app.command()
def layers(graph: GraphOption = None) -> None:
    """List the layers, or draw how they depend on each other. 列出图层."""
    from spatial.pipeline import draw_layers, list_layers

    if graph is not None:
        draw_layers(graph)
        typer.echo(str(graph))
        return
    from rich.table import Table

    table = Table("layer", "图层", "title", "geometry", "columns", box=None, pad_edge=False)
    for name, contract in list_layers().items():
        table.add_row(name, contract.zh, contract.en, contract.shape, ", ".join(contract.columns))
    open_console().print(table)


@app.command()
def schema(out: FileOption = None) -> None:
    """Print the JSON Schema of plan.yaml for editors. 输出规划文件的 JSON Schema."""
    from spatial.plan.reading.schema import export_schema

    text = export_schema()
    if out is None:
        typer.echo(text, nl=False)
        return
    from spatial.outputs.files import replacing

    with replacing(out) as beside:
        beside.write_text(text, encoding="utf-8")
    typer.echo(str(out))


def _report(made: Build, language: Language | None = None) -> None:
    """Print what was rebuilt, then the summary: balance, promises, findings and, last, the files."""
    from spatial.outputs.summary import print_summary

    console = open_console()
    rebuilt = [name for name in made.rebuilt if name not in made.not_built]
    if rebuilt:
        lines = [f"rebuilt 重新生成: {', '.join(rebuilt)}"]
    else:
        lines = ["nothing changed: no layer was rebuilt 未变化，未重新生成图层"]
    lines += [f"not built 未生成: {name} (the plan has no `{part}`)" for name, part in made.not_built.items()]
    if made.rasters is not None:
        grid = made.rasters.grid
        size = f"{len(made.rasters.names)}, {grid.rows:,} x {grid.columns:,} cells of {grid.cell_m:g} m"
        lines.append(f"raster layers 栅格图层: {size}")
    lines += [f"note 注意: {text}" for text in made.notes]
    lines += [f"removed 已删除旧成果: {path}" for path in made.removed]
    if made.files and not made.written:
        lines.append("the files are up to date 成果文件已是最新")
    for line in lines:
        console.print(line, markup=False)
    language = language or made.plan.language
    print_summary(
        console,
        made.layers,
        made.contracts,
        made.findings,
        made.files,
        language=language,
        title=made.plan.title.pick("zh" if language != "en" else "en"),
    )


def main() -> None:
    """Run the command line; errors of users are messages, not traces."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console or pipe in another code page must not break on a Chinese name.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    try:
        app(arguments)
    except SpatialError as error:
        if debug:
            raise
        for fault in error.faults:
            typer.echo(str(fault), err=True)
        sys.exit(2)
    except Exception as error:
        if debug:
            raise
        if isinstance(error, ModuleNotFoundError) and error.name in _OF_NETWORKS:
            typer.echo(f"Networks of roads need the library {error.name}, which is not installed.", err=True)
            typer.echo("Install it: pip install 'spatial-planning-toolkit[network]'", err=True)
            sys.exit(2)
        typer.echo(f"A fault of the toolkit, not of your plan: {type(error).__name__}: {error}", err=True)
        for note in getattr(error, "__notes__", ()):
            typer.echo(note, err=True)
        typer.echo("Please run again with --debug and report what it prints.", err=True)
        sys.exit(3)


if __name__ == "__main__":
    main()
