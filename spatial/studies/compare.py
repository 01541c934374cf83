"""Comparison of two scenarios: two plans, a plan and a change to it, or two networks without a plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from spatial.engine.travel.network import Network
from spatial.errors import Fault, PlanError
from spatial.outputs.answers.compare import ComparePapers
from spatial.outputs.answers.rings import choose_roads
from spatial.pipeline import check_plan
from spatial.plan.base import Text
from spatial.plan.contract import Contract
from spatial.plan.findings import Finding, frame_findings
from spatial.results import Build
from spatial.sources.people import People
from spatial.studies.changes import Scenario
from spatial.studies.comparison import Comparison, deliver_comparison, hold_together
from spatial.studies.journeys import (
    SNAP,
    Given,
    Progress,
    Roads,
    ask_roads,
    gather_places,
    keep_quiet,
    snap_places,
)
from spatial.studies.matrix import tabulate_times
from spatial.studies.questions import read_length, read_minutes
from spatial.studies.rings import Rings, draw_rings
from spatial.studies.scenarios import BESIDES, describe_plan, describe_rings, describe_visits
from spatial.version import __version__

_GROUND = ("territory", "districts", "roads", "rivers")
_MODES = {"drive": ("驾车", "by car"), "cycle": ("骑行", "by bicycle"), "walk": ("步行", "on foot")}


def compare_given(
    plans: Sequence[str],
    roads: Sequence[Path],
    origins: Sequence[str],
    overrides: Sequence[str],
    **options: Any,
) -> Comparison:
    """Compare what the command line gives: plans, or roads and places to start from.

    Parameters
    ----------
    plans : sequence of str
        Two, or one with overrides; or none.
    roads : sequence of Path
        Two, or none.
    origins, overrides : sequence of str
    **options
        ``out`` and ``progress``, and for roads all that `compare_roads` takes.

    Raises
    ------
    PlanError
        Plans and roads at once, not two of them, no place to start from, or what would have no effect.
    SourceError, OutputError
        As `compare_plans` and `compare_roads`.
    """
    faults = list(_doubt_pair(plans, roads, origins, overrides))
    if faults:
        raise PlanError(faults)
    if roads:
        return compare_roads(roads[0], roads[1], origins, **options)
    pair = (plans[0], plans[1] if len(plans) == 2 else None)
    return compare_plans(*pair, overrides=overrides, out=options["out"], progress=options["progress"])


def _doubt_pair(
    plans: Sequence[str], roads: Sequence[Path], origins: Sequence[str], overrides: Sequence[str]
) -> Iterator[Fault]:
    if plans and roads:
        yield Fault("compare", "", "plans and --roads are two questions", "give only one of them")
    elif roads:
        if len(roads) != 2:
            problem = f"--roads is given {len(roads)} times"
            yield Fault("--roads", "", problem, "give it twice: the roads before and those after")
        if not origins:
            yield Fault("--from", "", "no place is given", "write 112.59,35.09 or name a file")
        if overrides:
            yield Fault("--set", "", "there is no plan to change", "leave it out with --roads")
    elif not 1 <= len(plans) <= 2:
        remedy = "give one plan and --set, two plans, or --roads twice and --from"
        yield Fault("compare", "", f"{len(plans)} plans are given", remedy)
    elif origins:
        yield Fault("--from", "", "a plan has circles of its own", "leave it out, or give --roads")


def compare_plans(
    before: str | Path,
    after: str | Path | None = None,
    *,
    overrides: Sequence[str] = (),
    out: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Build two plans and tell what became of the first in the second.

    Parameters
    ----------
    before : str or Path
        Plan file, its folder, or the name of a shipped plan.
    after : str or Path, optional
        Likewise; the first plan unless given, and then there must be overrides.
    overrides : sequence of str
        Such as ``roads.speeds.secondary=60 km/h``, of the second scenario only.
    out : path, optional
        Folder for ``compare.html``, ``compare.gpkg`` and ``compare.csv``; nothing is written without it.
    progress : callable, optional
        Called with (step, done, total).

    Returns
    -------
    Comparison

    Raises
    ------
    PlanError, SourceError, OutputError
        As `build_plan`; nothing to compare with.

    Examples
    --------
    >>> compare_plans("jiyuan", "jiyuan").differs
    False
    """
    if after is None and not overrides:
        remedy = "name a second plan, or change the first by --set KEY=VALUE"
        raise PlanError(Fault("compare", "", f"{before} has nothing to be compared with", remedy))
    show = progress or keep_quiet
    one = check_plan(before, progress=show, besides=BESIDES)
    two = check_plan(before if after is None else after, overrides=overrides, progress=show, besides=BESIDES)
    show("compare", 0, 0)
    scenarios = (describe_plan(one), describe_plan(two))
    made = hold_together(scenarios, [one.findings, two.findings])
    if out is None:
        return made
    show("writing", 0, 0)
    ground, contracts = _choose_ground(one)
    return deliver_comparison(made, Path(out), ground, contracts, _describe_plans(one, two, overrides))


def _choose_ground(build: Build) -> tuple[dict[str, gpd.GeoDataFrame], dict[str, Contract]]:
    """Return what the map draws below: the first scenario's ground, as far as it has any."""
    ground = {name: build.layers[name] for name in _GROUND if len(build.layers[name])}
    return ground, {name: build.contracts[name] for name in ground}


def _describe_plans(one: Build, two: Build, overrides: Sequence[str]) -> ComparePapers:
    first, second = one.plan, two.plan
    said = f"--set {' '.join(overrides)}" if overrides else ""
    same = first.title == second.title
    names = [second.title.pick(word) if not same else "" for word in ("zh", "en")]
    provenance = {"tool": f"spatial-planning-toolkit {__version__}"}
    for side, build in (("before", one), ("after", two)):
        provenance |= {f"{side}.{key}": value for key, value in build.provenance.items() if key != "tool"}
    return ComparePapers(
        title=Text(zh=f"情景对比：{first.title.pick('zh')}", en=f"Comparison: {first.title.pick('en')}"),
        subtitle=Text(zh=f"对比：{names[0]} {said}".strip(), en=f"Against: {names[1]} {said}".strip()),
        metric_crs=one.metric_crs,
        provenance=provenance | ({"after.overrides": " ".join(overrides)} if overrides else {}),
        stamp=second.date or dt.date(second.year, 1, 1),
        language=first.language,
        basemap="none",
    )


def compare_roads(  # noqa: PLR0913 (a question in one call; all but three have a default)
    before: str | PathLike[str],
    after: str | PathLike[str],
    origins: Given | Iterable[Given],
    minutes: str | float | Iterable[float] = (15, 30),
    *,
    places: Given | Iterable[Given] | None = None,
    mode: str = "drive",
    speed: str | Sequence[str] | None = None,
    dem: str | PathLike[str] | None = None,
    columns: Sequence[str] | None = None,
    towards: bool = False,
    snap: str = SNAP,
    cell: str = "25m",
    off_road: str = "100m",
    people: str | PathLike[str] | None = None,
    people_column: str | None = None,
    crs: str | None = None,
    out: str | PathLike[str] | None = None,
    basemap: str = "none",
    progress: Progress | None = None,
) -> Comparison:
    """Draw the same rings on two networks and tell what became of them.

    Parameters
    ----------
    before, after : path
        OpenStreetMap extracts or files of lines.
    places : str, path or iterable of them, optional
        Places whose minutes are compared; the way from the origins, or to them with `towards`.
    columns : sequence of str, optional
        As for `draw_rings`; of whichever of the two is a file of lines.
    origins, minutes, mode, speed, dem, towards, snap, cell, off_road, people, people_column, crs, basemap
        As for `draw_rings`, the same on both networks.
    out, progress
        As for `compare_plans`.

    Returns
    -------
    Comparison

    Raises
    ------
    PlanError, SourceError, OutputError
        As `draw_rings`.
    """
    show = progress or keep_quiet
    journeys: dict[str, Any] = {"mode": mode, "speed": speed, "dem": dem, "snap": snap, "crs": crs}
    rules = {"towards": towards, "cell": cell, "off_road": off_road}
    ask = _Inquiry(_list_given(origins), read_minutes(minutes), _list_given(places), journeys, rules, show)
    counted = People(Path(people), people_column, crs) if people else None
    sides = [ask.open(path, _columns_of(path, (before, after), columns), counted) for path in (before, after)]
    show("compare", 0, 0)
    scenarios, found = [side.scenario for side in sides], [side.findings for side in sides]
    made = hold_together(scenarios, found, _find_systems(sides), _tell_networks(sides))
    if counted is not None and counted.findings:
        # People are counted in parts of rings while those are compared, so what was met is known only now.
        made = made.with_findings(counted.findings)
    if out is None:
        return made
    show("writing", 0, 0)
    rings = sides[0].made.rings
    ground = {
        "roads": choose_roads(sides[0].network, [rings, sides[1].made.rings, sides[0].made.origins]),
        "origins": sides[0].made.origins,
    }
    return deliver_comparison(made, Path(out), ground, {}, _describe_sides(sides, ask, basemap))


def _list_given(given: Given | Iterable[Given] | None) -> list[Given]:
    if given is None:
        return []
    return [given] if isinstance(given, (str, PathLike)) else list(given)


def _columns_of(
    path: str | PathLike[str], both: Sequence[str | PathLike[str]], columns: Sequence[str] | None
) -> Sequence[str] | None:
    """Return the columns for a file of lines; an extract beside one has no use for them."""
    extracts = [ask_roads(one, "drive").is_extract for one in both]
    return None if not all(extracts) and ask_roads(path, "drive").is_extract else columns


@dataclass(frozen=True, eq=False)
class _Side:
    """One network with what was drawn on it."""

    source: Roads
    network: Network
    made: Rings
    scenario: Scenario
    findings: gpd.GeoDataFrame


@dataclass(frozen=True, eq=False)
class _Inquiry:
    """What is asked of both networks."""

    origins: list[Given]
    minutes: tuple[float, ...]
    places: list[Given]
    journeys: dict[str, Any]
    rules: dict[str, Any]
    show: Progress

    def open(self, path: str | PathLike[str], columns: Sequence[str] | None, people: People | None) -> _Side:
        """Draw the rings on one network, and measure the minutes of places."""
        ways = self.journeys | {"columns": columns, "progress": self.show}
        made = draw_rings(path, self.origins, self.minutes, **ways, **self.rules)
        journeys = self.journeys
        source = ask_roads(path, journeys["mode"], journeys["speed"], journeys["dem"], columns)
        network = source.open(keep_quiet)
        visits, found = None, [made.findings]
        if self.places:
            places = gather_places(self.places, "--to", journeys["crs"])
            snap_m = read_length(journeys["snap"], "--snap")
            snapped = snap_places(network, places, snap_m, where=source.path.name, layer="targets")
            towards = self.rules["towards"]
            pair = (self.places, self.origins) if towards else (self.origins, self.places)
            times = tabulate_times(path, *pair, **ways)
            visits = describe_visits(times, snapped, made, towards=towards)
            found.append(frame_findings(snapped.findings))
        scenario = describe_rings(made, network, people=people, visits=visits)
        return _Side(source, network, made, scenario, pd.concat(found, ignore_index=True))


def _find_systems(sides: Sequence[_Side]) -> list[Finding]:
    """Report networks in two metric systems: their rings are drawn on lattices that do not match."""
    one, two = (side.network.crs for side in sides)
    if one == two:
        return []
    return [
        Finding(
            "compare.other_crs", "warning", "ring_changes", "",
            f"两个路网分别用 {one} 和 {two} 绘制，格网不同，圈层边缘会有一格以内的差别。",
            f"the networks are drawn in {one} and {two}, so edges of rings may differ by up to a cell.",
        )
    ]  # fmt: skip


def _tell_networks(sides: Sequence[_Side]) -> tuple[str, ...]:
    return tuple(
        f"{word} {side.source.path.name}: {note}"
        for word, side in zip(("before", "after"), sides, strict=True)
        for note in side.made.notes
    )


def _describe_sides(sides: Sequence[_Side], ask: _Inquiry, basemap: str) -> ComparePapers:
    names = [side.source.path.name for side in sides]
    zh, en = _MODES[sides[0].source.mode]
    limits = "/".join(f"{limit:g}" for limit in ask.minutes)
    provenance = {"tool": f"spatial-planning-toolkit {__version__}"}
    for word, side in zip(("before", "after"), sides, strict=True):
        provenance |= {f"{word}.{key}": value for key, value in side.source.describe().items()}
    provenance |= {f"rings.{key}": str(value) for key, value in ask.rules.items()}
    stamps = [side.source.path.stat().st_mtime for side in sides]
    return ComparePapers(
        title=Text(zh=f"路网对比：{zh} {limits} 分钟", en=f"Two networks, {en}: {limits} minutes"),
        subtitle=Text(zh=f"前 {names[0]} · 后 {names[1]}", en=f"Before {names[0]} · after {names[1]}"),
        metric_crs=sides[0].network.crs,
        provenance=provenance | {"snapping": str(ask.journeys["snap"])},
        stamp=dt.date.fromtimestamp(max(stamps)),
        basemap=basemap,
    )
