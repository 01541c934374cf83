"""Questions of accessibility without a plan, and two scenarios compared: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spatial.options import (
    AfterOption,
    CellOption,
    CodesOption,
    ColumnOption,
    CountedOption,
    CountOption,
    CoverOption,
    CrsOption,
    DemOption,
    FolderOption,
    FromOption,
    HexagonOption,
    LimitOption,
    MeasuredOption,
    MethodOption,
    MinutesOption,
    ModeOption,
    OffRoadOption,
    OriginsOption,
    PairOption,
    PeopleColumnOption,
    PeopleOption,
    PlansArgument,
    RoadsOption,
    RoadsOrNoneOption,
    SnapOption,
    SpeedOption,
    TableOption,
    TilesOption,
    ToOption,
    TowardsOption,
)
from spatial.terminal import Steps, open_console

if TYPE_CHECKING:
    from spatial.studies.matrix import Matrix
    from spatial.studies.reach import Reach
    from spatial.studies.rings import Rings


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
    from spatial.studies.rings import draw_rings

    with Steps() as steps:
        made = draw_rings(
            roads, origins, minutes, mode=mode, method=method, speed=speed, towards=towards,
            together=together, dem=dem, land_cover=land_cover, codes=codes,
            columns=column, snap=snap, cell=cell, off_road=off_road, people=people,
            people_column=people_column, network=network, crs=crs,
            basemap=basemap, out=out, progress=steps.show,
        )  # fmt: skip
    _answer(made)


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
    from spatial.studies.matrix import tabulate_times

    with Steps() as steps:
        made = tabulate_times(
            roads, origins, targets, limit=limit, mode=mode, speed=speed, dem=dem, columns=column,
            snap=snap, crs=crs, out=out, progress=steps.show,
        )  # fmt: skip
    _answer(made)


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
    from spatial.studies.reach import measure_reach

    with Steps() as steps:
        made = measure_reach(
            roads, targets, minutes, people=people, column=column_counted, origins=origins,
            hexagon=hexagon, mode=mode, speed=speed, dem=dem, columns=column, towards=towards,
            snap=snap, crs=crs, out=out, basemap=basemap, progress=steps.show,
        )  # fmt: skip
    _answer(made)


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
    from spatial.outputs.answers.comparesummary import print_comparison
    from spatial.studies.compare import compare_given

    with Steps() as steps:
        made = compare_given(
            plans or (), roads or (), origins or (), overrides or (), minutes=minutes, places=targets,
            mode=mode, speed=speed, towards=towards, dem=dem, columns=column, snap=snap, cell=cell,
            off_road=off_road, people=people, people_column=people_column, crs=crs, basemap=basemap,
            out=out, progress=steps.show,
        )  # fmt: skip
    print_comparison(
        open_console(), made.table, made.changes.places, findings=made.findings, notes=made.notes,
        files=made.files, differs=made.differs,
    )  # fmt: skip
    raise typer.Exit(int(made.has_errors))


def _answer(made: Rings | Matrix | Reach) -> None:
    """Print what came of a question without a plan; leave with 1 if a finding is an error."""
    from spatial.outputs.answers.ringsummary import print_answer

    print_answer(open_console(), made.table, made.findings, made.notes, made.files)
    raise typer.Exit(int(made.has_errors))
