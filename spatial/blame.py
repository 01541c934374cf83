"""Blame: faults met in the files of a plan's sources, told with the line of the plan that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath

from spatial.errors import CrsError, Fault, PlanError, RuleError, SourceError
from spatial.plan.reading.reader import PlanFile
from spatial.plan.records import Source

_SAID = ("layer", "crs", "encoding", "name_column")


@contextmanager
def blaming(file: PlanFile) -> Iterator[None]:
    """Raise errors of sources again as errors of the plan's lines that name them.

    Parameters
    ----------
    file : PlanFile
        Whose sources are read inside.

    Raises
    ------
    SourceError, CrsError, PlanError, RuleError
        As they were raised inside, each fault with ``plan.yaml:12`` and ``sources.roads.file`` before its own
        file. One of ``plan.yaml`` gets the line of its key. A fault that belongs to no source stays as it is.
    """
    try:
        yield
    except (SourceError, CrsError, PlanError, RuleError) as error:
        faults = [blame_line(fault, file) for fault in error.faults]
        if list(error.faults) == faults:
            raise
        raise type(error)(faults) from error


def blame_line(fault: Fault, file: PlanFile) -> Fault:
    """Return a fault of a source's file as one of the plan's line.

    Parameters
    ----------
    fault : Fault
        `where` is a source's name, its file as the plan writes it or the last part of it, or its address.
    file : PlanFile

    Returns
    -------
    Fault
        `key` is that of the plan, such as ``sources.roads.crs``; the file comes first in `problem`. Of
        several sources of one file all are named, and the line is that of the first.
    """
    if fault.where == "plan.yaml":
        return replace(fault, where=_find_line(fault.key, file))
    sources = file.plan.sources
    names = [name for name, source in sources.items() if _is_of(fault.where, name, source)]
    if not names:
        return fault
    keys = [f"sources.{name}.{_choose_key(fault.key, sources[name])}" for name in names]
    place = sources[names[0]].file or sources[names[0]].url or names[0]
    own = fault.where if fault.where != names[0] else place
    inner = ": ".join(part for part in (own, fault.key, fault.problem) if part)
    return replace(fault, where=file.where(keys[0]), key=", ".join(keys), problem=inner)


def _find_line(key: str, file: PlanFile) -> str:
    """Return where a dotted key stands; steps of the plan may hold dots themselves, as names of rules do."""
    words, path = key.split("."), tuple[str | int, ...]()
    known = {*file.lines.at, *file.lines.given}
    while words:
        steps = (".".join(words[:count]) for count in range(1, len(words) + 1))
        found = next((step for step in steps if (*path, step) in known), None)
        if found is None:
            break
        path, words = (*path, found), words[found.count(".") + 1 :]
    return file.lines.where(path)


def _is_of(where: str, name: str, source: Source) -> bool:
    """Tell whether a fault's place is that of a source."""
    place = source.file or source.url or ""
    inner = where.startswith(f"{place}/") or where.startswith(f"{place}:")
    return where in (name, f"sources.{name}", place, PurePath(place).name) or inner


def _choose_key(key: str, source: Source) -> str:
    """Return the key of a source that a fault is about: its own if the plan says it, else its place."""
    if key in _SAID and key in source.model_fields_set:
        return key
    return "url" if source.file is None else "file"
