"""Data files held against a profile of database layers: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spatial.terminal import Steps, open_console

if TYPE_CHECKING:
    from spatial.studies.validation import Validation

_DATA_HELP = "GeoPackage, .gdb, .shp or a folder of Shapefiles. 数据文件"
_PROFILE_HELP = "Which layers and fields it should have: planning, survey. 图层规范"
_OUT_HELP = "Folder for findings as layer, table and workbook. 成果文件夹"

DataArgument = Annotated[Path, typer.Argument(metavar="DATA", help=_DATA_HELP)]
ProfileOption = Annotated[str, typer.Option("--profile", metavar="NAME", help=_PROFILE_HELP)]
ReportOption = Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help=_OUT_HELP)]
CodecOption = Annotated[
    str | None, typer.Option("--encoding", metavar="gbk", help="Of Shapefiles that do not say theirs. 编码")
]


def validate(
    data: DataArgument,
    profile: ProfileOption = "planning",
    out: ReportOption = None,
    encoding: CodecOption = None,
) -> None:
    """Hold a data file against the layers of a database norm. 数据库质检."""
    from spatial.studies.validation import validate_data

    with Steps() as steps:
        made = validate_data(data, profile, out=out, encoding=encoding, progress=steps.show)
    _print(made)
    raise typer.Exit(int(made.has_errors))


def _print(made: Validation) -> None:
    """Print what was checked, how often each rule was broken, the first findings and the files."""
    from spatial.outputs.answers.validationsummary import print_validation

    print_validation(
        open_console(), made.findings, made.layers, made.profile.title, notes=made.notes, files=made.files
    )
