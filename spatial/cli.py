"""The command line: parse, call, print. Heavy things are imported where they are used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spatial.errors import SpatialError
from spatial.options import (
    AfterOption,
    AtOption,
    BorderOption,
    CellOption,
    CityArgument,
    CodeOption,
    CodesOption,
    ColumnOption,
    CountedOption,
    CountOption,
    CoverOption,
    CrsOption,
    DemOption,
    DirOption,
    FileOption,
    FolderOption,
    FromOption,
    GraphOption,
    HexagonOption,
    KeyOption,
    LimitOption,
    MeasuredOption,
    MethodOption,
    MinutesOption,
    ModeOption,
    OffRoadOption,
    OnlyOption,
    OriginsOption,
    PairOption,
    PeopleColumnOption,
    PeopleOption,
    PlanArgument,
    PlansArgument,
    RoadsOption,
    RoadsOrNoneOption,
    SetOption,
    SnapOption,
    SpeedOption,
    TableOption,
    TilesOption,
    ToOption,
    TowardsOption,
)
from spatial.steps import Steps
from spatial.version import __version__

if TYPE_CHECKING:
    from rich.console import Console

    from spatial.matrix import Matrix
    from spatial.pipeline import Build
    from spatial.reach import Reach
    from spatial.rings import Rings

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
def build(
    plan: PlanArgument,
    out: DirOption = None,
    only: OnlyOption = None,
    overrides: SetOption = None,
    tianditu_key: KeyOption = None,
) -> None:
    """Make the layers, check them, write GeoPackage and map. 生成图层与成果."""
    from spatial.pipeline import build_plan

    with Steps() as steps:
        made = build_plan(
            plan,
            out,
            only=only or (),
            overrides=overrides or (),
            tianditu_key=tianditu_key,
            progress=steps.show,
        )
    _report(made)
    raise typer.Exit(int(made.has_errors))


@app.command()
def check(plan: PlanArgument, overrides: SetOption = None) -> None:
    """Read a plan, make its layers and list the findings; write nothing. 校核规划，不写文件."""
    from spatial.pipeline import check_plan

    with Steps() as steps:
        made = check_plan(plan, overrides=overrides or (), progress=steps.show)
    _report(made)
    raise typer.Exit(int(made.has_errors))


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


@app.command()
def rings(  # noqa: PLR0913, PLR0917 (each option of the command is an argument)
    origins: FromOption,
    roads: RoadsOrNoneOption = None,
    out: FolderOption = Path("out/rings"),
    minutes: MinutesOption = "15,30,60",
    mode: ModeOption = "drive",
    method: MethodOption = "network",
    speed: SpeedOption = None,
    towards: TowardsOption = False,
    together: Annotated[bool, typer.Option("--together", help="One set of rings for all. 合并起点")] = False,
    dem: DemOption = None,
    column: ColumnOption = None,
    snap: SnapOption = "1km",
    cell: CellOption = "25m",
    off_road: OffRoadOption = "100m",
    people: PeopleOption = None,
    people_column: PeopleColumnOption = None,
    network: Annotated[bool, typer.Option("--network", help="Roads with arrival times too. 附路网")] = False,
    land_cover: CoverOption = None,
    codes: CodesOption = None,
    crs: CrsOption = None,
    basemap: TilesOption = "none",
) -> None:
    """Draw what lies within so many minutes of places, without a plan. 无需规划，直接画等时圈."""
    from spatial.rings import draw_rings

    with Steps() as steps:
        made = draw_rings(
            roads, origins, minutes, mode=mode, method=method, speed=speed, towards=towards,
            together=together, dem=dem, land_cover=land_cover, codes=codes,
            columns=column, snap=snap, cell=cell, off_road=off_road, people=people,
            people_column=people_column, network=network, crs=crs,
            basemap=basemap, out=out, progress=steps.show,
        )  # fmt: skip
    _answer(made)


@app.command()
def matrix(  # noqa: PLR0913, PLR0917 (each option of the command is an argument)
    roads: RoadsOption,
    origins: FromOption,
    out: TableOption = Path("matrix.csv"),
    targets: ToOption = None,
    limit: LimitOption = None,
    mode: ModeOption = "drive",
    speed: SpeedOption = None,
    dem: DemOption = None,
    column: ColumnOption = None,
    snap: SnapOption = "1km",
    crs: CrsOption = None,
) -> None:
    """Tell the minutes between places, without a plan. 无需规划，直接算两地时间."""
    from spatial.matrix import tabulate_times

    with Steps() as steps:
        made = tabulate_times(
            roads, origins, targets, limit=limit, mode=mode, speed=speed, dem=dem, columns=column,
            snap=snap, crs=crs, out=out, progress=steps.show,
        )  # fmt: skip
    _answer(made)


@app.command()
def reach(  # noqa: PLR0913, PLR0917 (each option of the command is an argument)
    roads: RoadsOption,
    out: FolderOption = Path("out/reach"),
    targets: CountOption = None,
    people: PeopleOption = None,
    column_counted: CountedOption = None,
    minutes: MinutesOption = "15,30",
    hexagon: HexagonOption = "500m",
    origins: OriginsOption = None,
    mode: ModeOption = "drive",
    speed: SpeedOption = None,
    towards: TowardsOption = False,
    dem: DemOption = None,
    column: ColumnOption = None,
    snap: SnapOption = "1km",
    crs: CrsOption = None,
    basemap: TilesOption = "none",
) -> None:
    """Count what everywhere reaches, on hexagons, without a plan. 无需规划，各处可达数量."""
    from spatial.reach import measure_reach

    with Steps() as steps:
        made = measure_reach(
            roads, targets, minutes, people=people, column=column_counted, origins=origins,
            hexagon=hexagon, mode=mode, speed=speed, dem=dem, columns=column, towards=towards,
            snap=snap, crs=crs, out=out, basemap=basemap, progress=steps.show,
        )  # fmt: skip
    _answer(made)


@app.command()
def compare(  # noqa: PLR0913, PLR0917 (each option of the command is an argument)
    plans: PlansArgument = None,
    out: FolderOption = Path("out/compare"),
    overrides: AfterOption = None,
    roads: PairOption = None,
    origins: OriginsOption = None,
    targets: MeasuredOption = None,
    minutes: MinutesOption = "15,30",
    mode: ModeOption = "drive",
    speed: SpeedOption = None,
    towards: TowardsOption = False,
    dem: DemOption = None,
    column: ColumnOption = None,
    snap: SnapOption = "1km",
    cell: CellOption = "25m",
    off_road: OffRoadOption = "100m",
    people: PeopleOption = None,
    people_column: PeopleColumnOption = None,
    crs: CrsOption = None,
    basemap: TilesOption = "none",
) -> None:
    """Tell what differs between two plans or two networks: map and table. 情景对比."""
    from spatial.compare import compare_given
    from spatial.outputs.comparesummary import print_comparison

    with Steps() as steps:
        made = compare_given(
            plans or (), roads or (), origins or (), overrides or (), minutes=minutes, places=targets,
            mode=mode, speed=speed, towards=towards, dem=dem, columns=column, snap=snap, cell=cell,
            off_road=off_road, people=people, people_column=people_column, crs=crs, basemap=basemap,
            out=out, progress=steps.show,
        )  # fmt: skip
    print_comparison(
        _console(), made.table, made.changes.places, findings=made.findings, notes=made.notes,
        files=made.files, differs=made.differs,
    )  # fmt: skip
    raise typer.Exit(int(made.has_errors))


@app.command()
def explain(plan: PlanArgument, at: AtOption, overrides: SetOption = None) -> None:
    """Tell why the evaluation says what it says of a place. 逐步说明某地的双评价结果."""
    from spatial.explain import explain_place
    from spatial.outputs.explained import tell_explanation

    with Steps() as steps:
        made = explain_place(plan, at, overrides=overrides or (), progress=steps.show)
    typer.echo(f"双评价说明 Evaluation explained: {made.lon:g}, {made.lat:g}")
    for line in tell_explanation(made.inputs, made.notes, made.results, made.layers):
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
    _console().print(table)


@app.command()
def schema(out: FileOption = None) -> None:
    """Print the JSON Schema of plan.yaml for editors. 输出规划文件的 JSON Schema."""
    from spatial.plan.schema import export_schema

    text = export_schema()
    if out is None:
        typer.echo(text, nl=False)
        return
    from spatial.outputs.files import replacing

    with replacing(out) as beside:
        beside.write_text(text, encoding="utf-8")
    typer.echo(str(out))


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _report(made: Build) -> None:
    """Print what was rebuilt, then the summary: balance, promises, findings and, last, the files."""
    from spatial.outputs.summary import print_summary

    console = _console()
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
    if made.files and not made.written:
        lines.append("the files are up to date 成果文件已是最新")
    for line in lines:
        console.print(line, markup=False)
    print_summary(
        console,
        made.layers,
        made.contracts,
        made.findings,
        made.files,
        language=made.plan.language,
        title=made.plan.title.pick("zh" if made.plan.language != "en" else "en"),
    )


def _answer(made: Rings | Matrix | Reach) -> None:
    """Print what came of a question without a plan; leave with 1 if a finding is an error."""
    from spatial.outputs.ringsummary import print_answer

    print_answer(_console(), made.table, made.findings, made.notes, made.files)
    raise typer.Exit(int(made.has_errors))


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
        typer.echo("Please run again with --debug and report what it prints.", err=True)
        sys.exit(3)


if __name__ == "__main__":
    main()
