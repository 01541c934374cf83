"""What an output folder consists of: files, who writes them, and what that takes to be installed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from spatial.errors import Fault, OutputError
from spatial.outputs.order import Order
from spatial.outputs.rasters import FOLDER as RASTERS
from spatial.outputs.rasters import list_rasters, write_raster
from spatial.plan.records import OutputKind
from spatial.plan.styles import read_styles

Write: TypeAlias = Callable[[Order, Sequence[Path]], list[str]]
"""Writes those files of a job that are asked for, each atomically; returns what a user should know."""

KINDS: tuple[OutputKind, ...] = ("geopackage", "webmap", "atlas", "workbook", "report")
"""All kinds of output, in the order of writing."""
_FOLDERS: dict[OutputKind, str] = {
    "geopackage": "数据库/",
    "webmap": "",
    "atlas": "图集/",
    "workbook": "附表/",
    "report": "文本/",
}
_NEEDS: dict[OutputKind, dict[str, tuple[str, str]]] = {
    "atlas": {"matplotlib": ("matplotlib", "atlas"), "fontTools": ("fonttools", "atlas")},
    "workbook": {"xlsxwriter": ("XlsxWriter", "report")},
    "report": {
        "docx": ("python-docx", "report"),
        "jinja2": ("Jinja2", "report"),
        "matplotlib": ("matplotlib", "atlas"),
        "fontTools": ("fonttools", "atlas"),
    },
}
"""Kind of output to the modules that it needs: each with its distribution and the extra that brings it."""
_FONT_CARRIER = "zhplot"
_ATLAS = Path("atlas.pdf")
_SCORE_FOLDER, _SCOREBOOK = "考核/", "assessment.pdf"
_PICTURE_MM = 166.0  # between the margins of the text, where its scale is true


@dataclass(frozen=True)
class Job:
    """Files that one writer makes together.

    Parameters
    ----------
    kind : str
        Kind of output that the files belong to.
    paths : tuple of str
        Where they lie in the output folder, with ``/`` on every system.
    write : callable
        Their writer; it may be asked for some of them only.
    """

    kind: OutputKind
    paths: tuple[str, ...]
    write: Write


def list_jobs(order: Order, kinds: Collection[OutputKind], *, whole: bool) -> list[Job]:
    """Return what makes an output folder, in the order of the kinds.

    Parameters
    ----------
    order : Order
        What is to be written; which sheets and styles there are depends on its layers.
    kinds : collection of str
        Kinds of output.
    whole : bool
        Whether to lay the files out as they are handed in: folders for text, atlas, tables and database, each
        sheet of the atlas as a picture too, SLD styles beside the database. Else all lie side by side.
    """
    jobs = [
        job
        for kind in KINDS
        if kind in kinds
        for job in _JOBS[kind](order, _FOLDERS[kind] if whole else "", whole)
    ]
    return [*jobs, *_list_rasters(order, _FOLDERS["geopackage"] if whole else "")]


def require_extras(kinds: Collection[OutputKind]) -> None:
    """Refuse kinds of output whose libraries are not installed, before anything is computed.

    Raises
    ------
    OutputError
        Names each kind, the libraries that it lacks and the line that installs them.
    """
    lacking = {
        kind: found
        for kind, modules in _NEEDS.items()
        if kind in kinds
        and (found := [brought for module, brought in modules.items() if not _is_there(module)])
    }
    if not lacking:
        return
    extras = ",".join(sorted({extra for found in lacking.values() for _, extra in found}))
    remedy = f"install them: pip install 'spatial-planning-toolkit[{extras}]'"
    raise OutputError(
        Fault("outputs", kind, f"needs libraries that are not installed: {_join(found)}", remedy)
        for kind, found in lacking.items()
    )


def _join(found: Sequence[tuple[str, str]]) -> str:
    return ", ".join(name for name, _ in found)


def trace_libraries(kind: OutputKind) -> dict[str, str]:
    """Return the versions of the libraries that write a kind of output: with others, files may differ."""
    names = [name for name, _ in _NEEDS.get(kind, {}).values()]
    found = {}
    for name in [*names, _FONT_CARRIER] if "matplotlib" in names else names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # another distribution brings the module, or the system the font
            found[name] = ""
    return found


def _is_there(module: str) -> bool:
    return find_spec(module) is not None


def _list_database(order: Order, folder: str, whole: bool) -> Iterator[Job]:
    yield Job("geopackage", (f"{folder}plan.gpkg",), _write_geopackage)
    if whole:
        from spatial.outputs.formats.sld import list_sld

        styles = tuple(f"{folder}styles/{name}.sld" for name in list_sld(order))
        yield Job("geopackage", styles, _write_styles)


def _list_rasters(order: Order, folder: str) -> Iterator[Job]:
    """Raster layers are part of the database and always written where there are any."""
    if files := list_rasters(order.rasters):
        yield Job("geopackage", tuple(f"{folder}{RASTERS}/{file}" for file in files), _write_rasters)


def _list_page(_: Order, folder: str, whole: bool) -> Iterator[Job]:
    yield Job("webmap", (f"{folder}map.html",), _write_webmap)


def _list_atlas(order: Order, folder: str, whole: bool) -> Iterator[Job]:
    from spatial.outputs.atlas.book import name_page
    from spatial.outputs.atlas.sheets import list_sheets

    pages = (f"{folder}{name_page(_ATLAS, sheet)}" for sheet in list_sheets(order))
    yield Job("atlas", (f"{folder}{_ATLAS}", *pages), _write_atlas)
    from spatial.outputs.atlas.scorecards import has_cards

    if has_cards(order):
        yield Job("atlas", (f"{_SCORE_FOLDER if whole else ''}{_SCOREBOOK}",), _write_scorebook)


def _list_workbook(_: Order, folder: str, whole: bool) -> Iterator[Job]:
    yield Job("workbook", (f"{folder}tables.xlsx",), _write_workbook)


def _list_report(_: Order, folder: str, whole: bool) -> Iterator[Job]:
    yield Job("report", (f"{folder}report.docx", f"{folder}report.html"), _write_report)


_JOBS: dict[OutputKind, Callable[[Order, str, bool], Iterator[Job]]] = {
    "geopackage": _list_database,
    "webmap": _list_page,
    "atlas": _list_atlas,
    "workbook": _list_workbook,
    "report": _list_report,
}


def _write_geopackage(order: Order, targets: Sequence[Path]) -> list[str]:
    from spatial.outputs.formats.geopackage import write_geopackage

    # What the plan says nothing of would stand in QGIS as dozens of empty layers.
    layers = {
        name: frame for name, frame in order.layers.items() if len(frame) or name not in order.not_built
    }
    write_geopackage(
        targets[0],
        layers,
        contracts=order.contracts,
        styles=read_styles().fit(order.layers),
        provenance=order.provenance,
        stamp=order.stamp,
    )
    return []


def _write_rasters(order: Order, targets: Sequence[Path]) -> list[str]:
    if order.rasters is not None:
        for target in targets:
            write_raster(order.rasters, target, read_styles(), order.provenance)
    return []


def _write_styles(order: Order, targets: Sequence[Path]) -> list[str]:
    from spatial.outputs.formats.sld import list_sld, write_sld

    sheets = list_sld(order)
    for target in targets:
        write_sld(sheets[target.stem], target, order.tongue)
    return []


def _write_webmap(order: Order, targets: Sequence[Path]) -> list[str]:
    return write_map(order, targets[0])


def write_map(order: Order, path: Path) -> list[str]:
    """Write the web map of an order; return what a user should know of it.

    Raises
    ------
    OutputError
        The basemap is unknown, a script has no local carrier, or the file cannot be written.
    """
    from spatial.outputs.web.evaluated import list_overlays, write_digests
    from spatial.outputs.web.webmap import MapHeading, write_webmap

    plan, styles = order.plan, read_styles().fit(order.layers)
    heading = MapHeading(
        title=plan.title,
        subtitle=order.subtitle,
        language=order.tongue,
        approval_number=plan.outputs.approval_number,
        compiler=plan.outputs.compiler,
        illustrative=order.illustrative,
        provenance=dict(order.provenance),
        date=order.date,
    )
    return list(
        write_webmap(
            path,
            order.layers,
            heading=heading,
            styles=styles,
            contracts=order.contracts,
            rasters=list_overlays(order, styles),
            digests=write_digests(order.digests, styles, plan.name),
            basemap=plan.outputs.basemap,
            tianditu_key=order.tianditu_key,
            metric_crs=order.metric_crs,
            simplify_m=plan.outputs.simplify_m,
        )
    )


def _write_atlas(order: Order, targets: Sequence[Path]) -> list[str]:
    """Write the atlas with all its pages, or only those pages that are asked for."""
    from spatial.outputs.atlas.book import name_page, save_page, write_atlas
    from spatial.outputs.atlas.sheets import list_sheets

    if targets[0].suffix == ".pdf":
        return write_atlas(order, targets[0])
    names = {name_page(_ATLAS, sheet): sheet.name for sheet in list_sheets(order)}
    return [note for target in targets for note in save_page(order, names[target.name], target)]


def _write_scorebook(order: Order, targets: Sequence[Path]) -> list[str]:
    from spatial.outputs.atlas.scorebook import write_scorebook

    return [note for target in targets for note in write_scorebook(order, target)]


def _write_workbook(order: Order, targets: Sequence[Path]) -> list[str]:
    from spatial.outputs.papers.workbook import write_workbook

    return list(write_workbook(order, targets[0]))


def _write_report(order: Order, targets: Sequence[Path]) -> list[str]:
    """Write the text as a document and as a page, both with the same pictures, drawn once."""
    from spatial.outputs.atlas.book import save_picture
    from spatial.outputs.atlas.sheets import list_sheets
    from spatial.outputs.atlas.trendcharts import save_trend_charts
    from spatial.outputs.papers.report import write_page, write_report

    writers = {".docx": write_report, ".html": write_page}
    with TemporaryDirectory(prefix="spatial-") as folder:
        pictures = {}
        for sheet in list_sheets(order):
            pictures[sheet.name] = Path(folder, f"{sheet.name}.png")
            save_picture(order, sheet.name, pictures[sheet.name], width_mm=_PICTURE_MM)
        charts = Path(folder, "indicator_years.png")
        if save_trend_charts(order, charts, width_mm=_PICTURE_MM):
            pictures["indicator_years"] = charts
        return [text for target in targets for text in writers[target.suffix](order, target, pictures)]
