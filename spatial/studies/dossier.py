"""Dossiers of functional zones 三图一表: a plan's layers made once, then a folder for every zone."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from spatial.blame import blaming
from spatial.errors import Fault, PlanError
from spatial.outputs.crew import Task, run_crew
from spatial.outputs.dossier.extract import WANTED, list_zones
from spatial.outputs.dossier.folder import name_folder, prepare_stock, write_dossier
from spatial.outputs.jobs import require_extras
from spatial.outputs.order import Order
from spatial.pipeline import check_plan, list_layers
from spatial.plan.reading.reader import load_plan
from spatial.results import Build, Language

Progress = Callable[[str, int, int], None]
_NEAR, _LISTED = 3, 12


@dataclass(frozen=True)
class Dossiers:
    """What was written.

    Parameters
    ----------
    build : Build
        The layers that the dossiers are made from, and their findings.
    folders : tuple of Path
        A folder for each zone, in the plan's order.
    notes : tuple of str
        What a user should know of single pages.
    """

    build: Build
    folders: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error: exit code 1."""
        return self.build.has_errors


def write_dossiers(
    where: str | Path,
    out: str | Path | None = None,
    *,
    zones: Sequence[str] = (),
    overrides: Sequence[str] = (),
    language: Language | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Dossiers:
    """Write for each functional zone three maps and a table: master plan, start-up area, panorama, firms.

    Parameters
    ----------
    where : str or Path
        Plan file, its folder, or the name of a shipped plan.
    out : str or Path, optional
        Folder for the folders of the zones; ``out/<plan name>/dossier`` in the working folder unless given.
    zones : sequence of str
        Names of zones, in Chinese or English, or short names; all unless given.
    overrides : sequence of str
        Such as ``functional_zones.where.kind=zone``.
    language : {"zh", "en", "both"}, optional
        The plan's own unless given.
    workers : int, optional
        Processes; as many as there are processors unless given.
    progress : callable, optional
        Called with (step, done, total).

    Returns
    -------
    Dossiers

    Raises
    ------
    PlanError
        The plan has no functional zones, or none of a given name.
    SourceError, OutputError
        Bad input, or files that cannot be written; the last good folders stay.
    """
    require_extras(("atlas", "workbook"))
    file = load_plan(where, overrides)
    if file.plan.functional_zones is None:
        remedy = "add `functional_zones: {source: …}`, polygons with a name each"
        raise PlanError(Fault(str(file.path), "functional_zones", "the plan has no functional zones", remedy))
    made = [name for name in WANTED if name in list_layers()]
    build = check_plan(where, only=made, overrides=overrides, progress=progress)
    order = build.order(language=language)
    with blaming(file):
        chosen = choose_zones(order, zones)
    folder = Path(out) if out is not None else Path("out") / file.plan.name / "dossier"
    notes = _write(order, chosen, folder, workers, progress)
    every = list_zones(order)
    folders = tuple(folder / name_folder(every.index(name) + 1, name) for name in chosen)
    return Dossiers(build, folders, tuple(notes))


def choose_zones(order: Order, wanted: Sequence[str]) -> list[str]:
    """Return the names of the wanted zones in the plan's order, of all where none is named.

    Raises
    ------
    PlanError
        No zone of that name; says which names come near. All such names at once.
    """
    names = list_zones(order)
    if not names:
        remedy = "check functional_zones.source and functional_zones.where"
        raise PlanError(Fault("functional_zones", "", "the source has no zone that fits", remedy))
    frame = order.layers["functional_zones"]
    known: dict[str, str] = {}
    for column in ("short", "name_en", "name"):
        known |= dict(zip(frame[column].astype(str), names, strict=True))
    known.pop("", None)
    faults = [_refuse(name, list(known)) for name in wanted if name.strip() not in known]
    if faults:
        raise PlanError(faults)
    chosen = {known[name.strip()] for name in wanted}
    return [name for name in names if not wanted or name in chosen]


def _refuse(name: str, known: Sequence[str]) -> Fault:
    near = difflib.get_close_matches(name, known, n=_NEAR, cutoff=0.4)
    near += [other for other in known if name and name in other and other not in near][: _NEAR - len(near)]
    if near:
        remedy = f"did you mean {', '.join(repr(one) for one in near)}?"
    else:
        remedy = f"there is {', '.join(known[:_LISTED])}{', …' if len(known) > _LISTED else ''}"
    return Fault("--zone", name, "there is no such functional zone", remedy)


def _write(
    order: Order, zones: Sequence[str], folder: Path, workers: int | None, progress: Progress | None
) -> list[str]:
    """Write the folders; all that could be written is there before the first error is raised."""
    total = len(zones)

    def said(item: str, done: int) -> None:
        if progress:
            progress(item or "dossier", done, total)

    task = Task(prepare_stock, partial(write_dossier, out=folder.resolve()), order, tuple(zones))
    outcomes = run_crew(task, workers=workers, said=said)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    return [note for outcome in outcomes for note in outcome.notes]
