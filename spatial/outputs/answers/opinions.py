"""The parallel-approval form 并联审批意见单 as files: pages to print, a workbook and a GeoPackage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd

from spatial.outputs.answers.opinionstyles import make_contracts, make_styles
from spatial.plan.contract import Contract
from spatial.plan.departments import Departments, SliverLimits
from spatial.plan.records import Plan


@dataclass(frozen=True, kw_only=True)
class OpinionPapers:
    """What the form is written with besides its frames.

    Parameters
    ----------
    plan : Plan
        That the projects were held against.
    table : Departments
        Rules and names.
    tolerance : SliverLimits
        As used.
    ground : mapping of str to GeoDataFrame
        Layers that the small maps are drawn on, EPSG:4490.
    illustrative : bool
        Whether plan or projects are a drawing, which every page then says.
    metric_crs : str
        Of maps and distances.
    suggested : bool
        Whether suggestions were asked for.
    provenance : dict of str to str
    """

    plan: Plan
    table: Departments
    tolerance: SliverLimits
    ground: Mapping[str, gpd.GeoDataFrame]
    illustrative: bool
    metric_crs: str
    suggested: bool
    provenance: dict[str, str]

    @property
    def date(self) -> dt.date:
        """The plan's own date: the clock would change the bytes from run to run."""
        return self.plan.date or dt.date(self.plan.year, 1, 1)


def write_opinions(
    folder: Path, frames: Mapping[str, Any], papers: OpinionPapers
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write ``opinions.html``, ``opinions.xlsx`` and ``opinions.gpkg``, each atomically.

    Parameters
    ----------
    folder : Path
        Made if absent.
    frames : mapping of str to GeoDataFrame
        ``verdicts, opinions, projects, suggestions, findings``, and ``draws`` (a table) with a land ledger.
    papers : OpinionPapers

    Returns
    -------
    tuple of Path, tuple of str
        Files, and what a reader should know.

    Raises
    ------
    OutputError
        A file cannot be written; the last good one stays.
    """
    from spatial.outputs.answers.opinionbook import write_book
    from spatial.outputs.answers.opinionsheet import write_sheets
    from spatial.outputs.formats.geopackage import write_geopackage

    contracts = {name: one for name, one in make_contracts(papers.table).items() if name in frames}
    ordered = {name: _order(frames[name], contract) for name, contract in contracts.items()}
    files = tuple(folder / f"opinions.{ending}" for ending in ("html", "xlsx", "gpkg"))
    notes = write_sheets(files[0], ordered, papers)
    write_book(files[1], ordered, contracts, papers)
    write_geopackage(
        files[2],
        ordered,
        contracts=contracts,
        styles=make_styles(),
        provenance=papers.provenance,
        stamp=papers.date,
    )
    return files, notes


def _order(frame: Any, contract: Contract) -> Any:
    columns = list(contract.all_columns())
    return frame[columns if contract.shape == "none" else [*columns, "geometry"]]
