"""Conform: projects checked against a plan by all departments at once, and the parallel-approval form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.cache import fingerprint
from spatial.errors import Fault, PlanError
from spatial.outputs.answers.opinions import OpinionPapers, write_opinions
from spatial.pipeline import check_plan, list_layers
from spatial.plan.departments import Departments, SliverLimits, read_departments
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.reading.units import parse_quantity
from spatial.results import Build
from spatial.studies.conformance import Answer, Judge
from spatial.studies.drawing_quotas import Drawn, draw_quotas
from spatial.studies.journeys import Progress, keep_quiet
from spatial.studies.locations import Located, Units, find_shared_land, locate_projects
from spatial.studies.opinions import frame_opinions, frame_verdicts
from spatial.studies.projects import doubt_projects, read_given, read_projects
from spatial.studies.suggestions import suggest_changes, suggest_cuts
from spatial.version import __version__

_GROUND = ("territory", "zones", "lines", "roads", "rivers", "districts")
_LEDGER = ("land_ledger", "ledger_parcels")
_AREAS = {"m2": 1.0, "m²": 1.0, "ha": 1e4, "平方米": 1.0}
_WIDTHS = {"mm": 0.001, "cm": 0.01, "m": 1.0, "米": 1.0}


@dataclass(frozen=True)
class Conformity:
    """What came of checking projects.

    Parameters
    ----------
    opinions : geopandas.GeoDataFrame
        One row for each project and rule; see `spatial.studies.opinions.frame_opinions`.
    verdicts : geopandas.GeoDataFrame
        One row for each project.
    projects, suggestions, findings : geopandas.GeoDataFrame
    draws : pandas.DataFrame
        What each project draws on the land ledger; empty unless that was asked for.
    files : tuple of Path
    notes : tuple of str
    """

    opinions: gpd.GeoDataFrame
    verdicts: gpd.GeoDataFrame
    projects: gpd.GeoDataFrame
    suggestions: gpd.GeoDataFrame
    findings: gpd.GeoDataFrame
    draws: pd.DataFrame = field(default_factory=pd.DataFrame)
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether a project is rejected or not judged by all rules, or a finding is an error: exit code 1."""
        held = self.verdicts["verdict"].isin(("reject", "incomplete")).any()
        return bool(held or (self.findings["severity"] == "error").any())


@dataclass(frozen=True)
class _Ground:
    """A plan made ready: what departments judge by, and what maps are drawn on."""

    build: Build
    judge: Judge
    table: Departments


def check_projects(  # noqa: PLR0913 (a question in one call; all but two have a default)
    plan: str | PathLike[str],
    projects: str | PathLike[str],
    *,
    departments: str | PathLike[str] | None = None,
    crs: str | None = None,
    tolerance: Sequence[str] = (),
    suggest: bool = False,
    ledger: bool = False,
    attributes: Sequence[str] = (),
    overrides: Sequence[str] = (),
    out: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Conformity:
    """Check projects against a plan by the rules of all departments.

    Parameters
    ----------
    plan : str or path
        Plan file, its folder, or the name of a shipped plan.
    projects : str or path
        Any vector file, a table with WKT, or boundary-point text 界址点.
    departments : str or path, optional
        Table of rules; the shipped one unless given.
    crs : str, optional
        Of a file of projects that does not say its own.
    tolerance : sequence of str
        An area such as ``1 m2``, a width such as ``0.01 m``, or both, over those of the table.
    suggest : bool
        Look for the smallest trim or shift by which a rejected project would pass.
    ledger : bool
        Let projects draw on the quotas of the plan's land ledger too, in the order of their file.
    attributes : sequence of str
        Such as ``kind=industry``: of all projects that do not state it themselves.
    overrides : sequence of str
        Such as ``zones.min_area=500 m2``.
    out : str or path, optional
        Folder for ``opinions.html``, ``opinions.xlsx`` and ``opinions.gpkg``.
    progress : callable, optional
        Called with (step, done, total).

    Returns
    -------
    Conformity

    Raises
    ------
    PlanError, SourceError, RuleError, OutputError
        Bad input or a folder that cannot be written; the last good files stay.
    """
    show = progress or keep_quiet
    table = read_departments(Path(departments) if departments is not None else None)
    limits = read_tolerance(tolerance, table.tolerance)
    given = read_given(attributes, table)
    read = read_projects(Path(projects), table, crs=crs, given=given)
    ground = _prepare(plan, table, limits, overrides, show)
    show("judging", 0, 0)
    judge, answers = ground.judge, ground.judge.answer(read.frame)
    located = locate_projects(read.frame, _list_units(ground.build), limits)
    found = [
        *read.findings, *_doubt(read.frame, ground.build), *located.findings,
        *find_shared_land(read.frame, limits), *_count_unjudged(judge),
    ]  # fmt: skip
    suggestions = suggest_changes(judge, read.frame, answers if suggest else [])
    draws = pd.DataFrame()
    if ledger:
        drawn = _draw(ground, read.frame, answers, located)
        if suggest:
            suggestions = suggest_cuts(suggestions, read.frame, answers, drawn.table)
        judge, answers, draws = drawn.judge, [*answers, drawn.answer], drawn.table
    made = Conformity(
        opinions=frame_opinions(judge, read.frame, answers),
        verdicts=frame_verdicts(judge, read.frame, answers),
        draws=draws,
        projects=read.frame.assign(located=located.texts),
        suggestions=suggestions,
        findings=frame_findings(found),
    )
    if out is None:
        return made
    show("writing", 0, 0)
    said = {"attributes": ", ".join(f"{key}={value}" for key, value in given.items())} if given else {}
    return _write(made, ground, Path(out), Path(projects), suggest=suggest, given=said)


def read_tolerance(given: Sequence[str], base: SliverLimits) -> SliverLimits:
    """Return the limits below which a common part is a touch, from what was typed.

    Raises
    ------
    PlanError
        Neither an area nor a width.

    Examples
    --------
    >>> read_tolerance(["5 m2", "0.1 m"], SliverLimits(area="1 m2", width="1 mm"))
    SliverLimits(area_m2=5.0, width_m=0.1)
    """
    changed: dict[str, float] = {}
    for text in given:
        for key, units in (("area_m2", _AREAS), ("width_m", _WIDTHS)):
            try:
                changed[key] = parse_quantity(text, units, "1 m2")
                break
            except ValueError:
                continue
        else:
            problem = f"{text!r} is neither an area nor a width"
            raise PlanError(Fault("--tolerance", "", problem, "write such as 1m2 or 0.01m"))
    return base.model_copy(update=changed)


def _prepare(
    plan: str | PathLike[str],
    table: Departments,
    limits: SliverLimits,
    overrides: Sequence[str],
    show: Callable[[str, int, int], None],
) -> _Ground:
    """Build the layers that the rules ask for, and make their regions."""
    known = list_layers()
    asked = [rule.layer for department in table.departments for rule in department.rules if rule.layer]
    wanted = [
        name for name in dict.fromkeys((*_GROUND, *_LEDGER, *asked)) if name in known and name != "findings"
    ]
    where = plan if isinstance(plan, str) else Path(plan)
    build = check_plan(where, only=wanted, overrides=overrides, progress=show, besides=("source_frames",))
    frames: dict[str, Any] = {
        name: frame for name, frame in build.layers.items() if isinstance(frame, gpd.GeoDataFrame)
    }
    frames |= {f"sources.{name}": frame for name, frame in build.besides["source_frames"].items()}
    return _Ground(build, Judge(table, frames, build.metric_crs, limits), table)


def _list_units(build: Build) -> list[Units]:
    """Return the towns and districts that the plan has areas of, the finest first."""
    spec, found = build.plan.functional_zones, list[Units]()
    if spec is not None and spec.units is not None and spec.units in build.besides["source_frames"]:
        found.append(Units(spec.units, build.besides["source_frames"][spec.units]))
    if "districts" in build.layers:
        found.append(Units("districts", build.layers["districts"]))
    flat = [one for one in found if (shapely.get_dimensions(one.frame.geometry.to_numpy()) == 2).all()]
    return [one for one in flat if len(one.frame)]


def _draw(ground: _Ground, projects: gpd.GeoDataFrame, answers: list[Answer], located: Located) -> Drawn:
    """Let projects draw on the plan's ledger, or refuse a plan without one."""
    table, parcels = (ground.build.layers[name] for name in _LEDGER)
    if table.empty:
        remedy = "write `ledger:` with quotas and parcels, or leave --ledger out"
        raise PlanError(Fault("--ledger", "", "the plan has no land ledger", remedy))
    return draw_quotas(ground.judge, projects, answers, table, parcels, located=located)


def _doubt(projects: gpd.GeoDataFrame, build: Build) -> list[Finding]:
    land = build.layers["territory"].geometry.to_numpy()
    edges = [build.layers[name].geometry.to_numpy() for name in ("lines", "zones") if name in build.layers]
    return doubt_projects(projects, shapely.union_all(land) if len(land) else None, np.concatenate(edges))


def _count_unjudged(judge: Judge) -> list[Finding]:
    """Say which rules nobody could be held against, since the plan lacks what they ask for."""
    lost = [one for one in judge.asked if judge.targets[one.key].missing]
    return [
        Finding(
            "projects.not_judged", "warning", one.rule.target, one.rule.id,
            f"{one.department.name.pick('zh')}“{one.rule.title.pick('zh')}”未审查：规划缺少图层 "
            f"{one.rule.target} 或其中所需要素。",
            f"{one.department.name.pick('en')}, {one.rule.title.pick('en')}: not judged, the plan lacks "
            f"{one.rule.target} or the shapes it asks for.",
        )
        for one in lost
    ]  # fmt: skip


def _write(
    made: Conformity, ground: _Ground, out: Path, source: Path, *, suggest: bool, given: dict[str, str]
) -> Conformity:
    build, table, limits = ground.build, ground.table, ground.judge.tolerance
    papers = OpinionPapers(
        plan=build.plan,
        table=table,
        tolerance=limits,
        ground=_gather_ground(ground),
        illustrative=_is_illustrative(made.projects, build),
        metric_crs=build.metric_crs,
        suggested=suggest,
        provenance={
            **build.provenance,
            "tool": f"spatial-planning-toolkit {__version__}",
            "projects": source.name,
            "rules": f"{table.version} sha256 {fingerprint(table)}",
            "tolerance": f"{limits.area_m2:g} m2, {limits.width_m:g} m",
            **given,
        },
    )
    frames: dict[str, Any] = {
        "verdicts": made.verdicts, "opinions": made.opinions, "projects": made.projects,
        "suggestions": made.suggestions, "findings": made.findings,
    }  # fmt: skip
    files, notes = write_opinions(out, frames | ({"draws": made.draws} if len(made.draws) else {}), papers)
    return replace(made, files=files, notes=notes)


def _gather_ground(ground: _Ground) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers that maps are drawn on, and what else rules were held against."""
    layers = ground.build.layers
    drawn: dict[str, Any] = {name: layers[name] for name in _GROUND if name in layers}
    for one in ground.judge.asked:
        frame = ground.judge.targets[one.key].frame
        if one.rule.source and frame is not None:
            drawn[f"{one.rule.target}/{one.rule.id}"] = frame
    return drawn


def _is_illustrative(projects: gpd.GeoDataFrame, build: Build) -> bool:
    stamped = any(source.illustrative for source in build.plan.sources.values())
    return stamped or bool(projects["illustrative"].any())
