"""Reconcile: sector plans read, held against each other, and the files that tell of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.shapes.topology import name_faults, repair_polygons
from spatial.errors import Fault, PlanError
from spatial.outputs.answers.blueprint import write_blueprint
from spatial.outputs.answers.blueprinttables import BlueprintPapers
from spatial.pipeline import check_plan
from spatial.plan.base import Text
from spatial.plan.departments import read_departments
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.parts.landuse import Scheme, crosswalk, read_codes
from spatial.plan.parts.sector import Sector
from spatial.plan.reading.reader import PlanFile, load_plan
from spatial.plan.rules import read_rules
from spatial.plan.settling import read_settling
from spatial.plan.styles import read_styles
from spatial.plan.zoning import GRID_DEG
from spatial.studies.blueprint.alignment import compare_indicators, doubt_base
from spatial.studies.blueprint.differences import Blueprint, reconcile_parties
from spatial.studies.blueprint.parties import Party
from spatial.studies.blueprint.shared_base import Standing, hold_to_bases, map_districts
from spatial.version import __version__

Progress = Callable[[str, int, int], None]
COMMON: Scheme = "2023"
"""The classification that all are led to, by its first level."""
_DIGITS = 2


@dataclass(frozen=True, eq=False)
class Reconciled:
    """What a run came to.

    Parameters
    ----------
    blueprint : Blueprint
    findings : geopandas.GeoDataFrame
        What was wrong with files and codes.
    indicators : pandas.DataFrame
        Core indicators side by side; see `compare_indicators`.
    files : tuple of Path
    notes : tuple of str
    """

    blueprint: Blueprint
    findings: gpd.GeoDataFrame
    indicators: pd.DataFrame
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error: exit code 1. A difference is none."""
        return bool((self.findings["severity"] == "error").any())


def reconcile_plans(
    plans: Sequence[str | Path],
    *,
    tolerance_m: float | None = None,
    out: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Reconciled:
    """Read sector plans, tell where they differ and propose a base that all could share.

    Parameters
    ----------
    plans : sequence of str or Path
        At least two plan files with a part ``sector``.
    tolerance_m : float, optional
        Differences nowhere wider are mismatches of edges; as ``rules/reconcile.yaml`` says unless given.
    out : path, optional
        Folder for ``blueprint.gpkg``, ``.csv``, ``.html`` and ``.xlsx``; nothing is written without it.
    progress : callable, optional
        Called with (step, done, total).

    Returns
    -------
    Reconciled

    Raises
    ------
    PlanError, SourceError
        Fewer than two plans, one given twice, one without the part ``sector``, and whatever is wrong with
        their files: of all plans together as far as they can be read.
    OutputError
        A file cannot be written.
    """
    files = _load(plans)
    names = {code: Text(zh=row.zh, en=row.en) for code, row in read_codes(COMMON).items() if row.level == 1}
    parties, found, standings = list[Party](), list[Finding](), list[Standing]()
    for number, file in enumerate(files):
        if progress:
            progress(file.plan.name, number, len(files) + 1)
        party, frames, findings = _read_party(file, set(names))
        parties.append(party)
        standings += _stand(file, party, frames)
        found += findings
    departments = {row.key: row.name for row in read_departments().departments}
    settling, metric_crs = read_settling(read_rules("reconcile"), tolerance_m), _choose_crs(files)
    made = reconcile_parties(parties, names, settling, departments, metric_crs)
    plans_read = [file.plan for file in files]
    indicators = compare_indicators(plans_read)
    found += doubt_base(plans_read, indicators)
    found += hold_to_bases(standings, settling.tolerance_m, metric_crs)
    result = Reconciled(made, frame_findings(found), indicators)
    return result if out is None else _deliver(result, Path(out), files, parties, names)


def _load(plans: Sequence[str | Path]) -> list[PlanFile]:
    if len(plans) < 2:
        problem, remedy = f"{len(plans)} plan is given", "give two or more, such as landuse.yaml forest.yaml"
        raise PlanError(Fault("reconcile", "", problem, remedy))
    files, faults = [], []
    for plan in plans:
        try:
            files.append(load_plan(plan))
        except PlanError as error:
            faults += list(error.faults)
    for at, file in enumerate(files):
        if file.plan.sector is None:
            remedy = "add `sector:` with source, column and scheme or classes; see layers/jiyuan/sectors"
            faults.append(
                Fault(str(file.path), "sector", "is missing: the plan says of no land what it is", remedy)
            )
        if file.plan.name in [other.plan.name for other in files[:at]]:
            problem = f"another plan is called {file.plan.name} as well"
            faults.append(Fault(str(file.path), "name", problem, "give each plan a name of its own"))
    if faults:
        raise PlanError(faults)
    return files


def _choose_crs(files: Sequence[PlanFile]) -> str:
    """Return the metric system of the first plan: widths are told in it, areas are not."""
    return check_plan(files[0].path, only=("territory",)).metric_crs


def _stand(file: PlanFile, party: Party, frames: Mapping[str, gpd.GeoDataFrame]) -> list[Standing]:
    """Return how a plan stands on its base; nothing where it names none."""
    sector = file.plan.sector
    if sector is None or sector.base is None:
        return []
    districts = map_districts(frames[sector.base.districts])
    if sector.base.district not in districts:
        problem = f"source {sector.base.districts} has no polygon of that name"
        remedy = f"there is {', '.join(districts)}" if districts else "give polygons with names"
        raise PlanError(Fault(file.where("sector.base.district"), sector.base.district, problem, remedy))
    return [Standing(file.plan, shapely.union_all(party.shapes, grid_size=GRID_DEG), districts)]


def _read_party(
    file: PlanFile, classes: set[str]
) -> tuple[Party, Mapping[str, gpd.GeoDataFrame], list[Finding]]:
    """Return a plan as a party, its sources, and what was wrong with its codes and files."""
    plan, sector = file.plan, file.plan.sector
    assert sector is not None
    build = check_plan(file.path, only=("territory",), besides=("source_frames", "source_findings"))
    frames: Mapping[str, gpd.GeoDataFrame] = build.besides["source_frames"]
    frame = frames[sector.source]
    if sector.column not in frame:
        known = ", ".join(str(column) for column in frame.columns if column not in ("geometry", "id"))
        problem, remedy = f"source {sector.source} has no such column", f"there is {known}"
        raise PlanError(Fault(file.where("sector.column"), sector.column, problem, remedy))
    codes = tuple(_write_code(value) for value in frame[sector.column])
    meanings = _read_codes(sector, codes, classes)
    party = Party(
        plan.name,
        plan.title,
        sector.department,
        sector.role,
        sector.partial,
        build.layers["territory"].geometry.union_all(),
        repair_polygons(frame.geometry.to_numpy()),
        codes,
        tuple(meanings[code] for code in codes),
        bool(frame["illustrative"].any()),
    )
    doubts = _doubt(plan.name, frame, codes, meanings, party)
    return party, frames, [*build.besides["source_findings"], *doubts]


def _write_code(value: object) -> str:
    """Return a code as text: a reader of numbers makes 101.0 of 0101 no more than it has to."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def _read_codes(sector: Sector, codes: Sequence[str], classes: set[str]) -> dict[str, frozenset[str]]:
    """Return what each code means: the plan's own words first, then those of its scheme; none if unknown."""
    meanings = {code: frozenset(sector.meaning(code) or ()) & classes for code in dict.fromkeys(codes)}
    left = [code for code in meanings if sector.meaning(code) is None]
    if sector.scheme is not None and left:
        table = crosswalk(left, sector.scheme, COMMON)
        for code, candidates in zip(table["code"], table["candidates"], strict=True):
            found = {item.strip()[:_DIGITS] for item in candidates.split("|") if item.strip()}
            meanings[code] = frozenset(found) & classes
    return meanings


def _doubt(
    name: str,
    frame: gpd.GeoDataFrame,
    codes: Sequence[str],
    meanings: Mapping[str, frozenset[str]],
    party: Party,
) -> list[Finding]:
    """Return findings on codes that mean nothing or several things, and on shapes that were no polygons."""
    found = []
    count = pd.Series(codes).value_counts()
    title, english = party.title.pick("zh"), party.title.pick("en")
    for code in sorted(code for code, said in meanings.items() if not said):
        found.append(Finding(
            "reconcile.code_unknown", "error", "differences", name,
            f"{title}：编码“{code}”（{count[code]} 个图斑）在分类表中没有，按未说明处理。",
            f"{english}: code “{code}” ({count[code]} polygons) is in no table and says nothing.",
            value=float(count[code]),
        ))  # fmt: skip
    for code in sorted(code for code, said in meanings.items() if len(said) > 1):
        several = "、".join(sorted(meanings[code]))
        found.append(Finding(
            "reconcile.code_many", "info", "differences", name,
            f"{title}：编码“{code}”（{count[code]} 个图斑）可对应 {several}，不作猜测。",
            f"{english}: code “{code}” ({count[code]} polygons) may be {several}; none is guessed.",
            value=float(count[code]),
        ))  # fmt: skip
    faults = pd.Series(name_faults(frame.geometry)).value_counts()
    found += [
        Finding(
            "reconcile.shape", "warning", "differences", name,
            f"{title}：{number} 个图斑几何有误（{fault}），已修复或舍去。",
            f"{english}: {number} shapes were wrong ({fault}) and are mended or left out.",
            value=float(number),
        )
        for fault, number in faults.items() if fault
    ]  # fmt: skip
    return found


def _deliver(
    result: Reconciled,
    folder: Path,
    files: Sequence[PlanFile],
    parties: Sequence[Party],
    names: Mapping[str, Text],
) -> Reconciled:
    years = [file.plan.date or dt.date(file.plan.year, 1, 1) for file in files]
    table = read_rules("reconcile")
    papers = BlueprintPapers(
        metric_crs=_choose_crs(files),
        provenance={
            "tool": f"spatial-planning-toolkit {__version__}",
            **{f"plan.{file.plan.name}": f"sha256 {file.digest}" for file in files},
            "rules.reconcile": table.version,
            "classification": f"landuse_{COMMON}",
        },
        stamp=max(years),
        plans={party.key: party.title for party in parties},
        classes=names,
        colours=read_styles().landuse,
        illustrative=any(party.illustrative for party in parties),
    )
    frames = {
        **result.blueprint._asdict(), "findings": result.findings, "indicators": result.indicators
    }  # fmt: skip
    written, notes = write_blueprint(folder, frames, papers)
    return replace(result, files=written, notes=notes)
