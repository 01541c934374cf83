"""The output folder as a whole: what is written, what is up to date, and the manifest of what went in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from spatial.errors import OutputError, SpatialError
from spatial.outputs.files import replacing
from spatial.outputs.jobs import KINDS, list_jobs, trace_libraries
from spatial.outputs.order import Order
from spatial.outputs.press import Outcome, run_jobs
from spatial.outputs.rasters import FOLDER as RASTERS
from spatial.plan.records import OutputKind

MANIFEST = "manifest.json"
"""The file of an output folder that lists all others."""
_Entries: TypeAlias = dict[str, dict[str, Any]]
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Delivery:
    """What stands in the folder; `written` are the files of this run, the others were up to date.

    The manifest comes first in `files`. `removed` are files of an earlier delivery that are no longer made.
    """

    files: tuple[Path, ...]
    written: tuple[Path, ...]
    notes: tuple[str, ...]
    removed: tuple[Path, ...] = ()


def write_outputs(
    order: Order,
    folder: Path,
    *,
    whole: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Delivery:
    """Write the plan's outputs into `folder`, each atomically, unless they are up to date.

    A file is up to date when what went into it is what the manifest says, and its own bytes are too. One file
    that is gone or was changed is written anew alone.

    Parameters
    ----------
    order : Order
        What is to be written.
    folder : Path
        The output folder; made if need be.
    whole : bool
        Write all kinds of output in the folders that are handed in (文本, 图集, 附表, 数据库); else those
        that the plan asks for, side by side. A whole delivery removes files of earlier ones that are no
        longer made, if the manifest says that we wrote them and their bytes are still ours.
    progress : callable, optional
        Called with (file, done, total).

    Raises
    ------
    OutputError
        The folder or a file cannot be written: what could be written was, and the last good files stay.
    """
    kinds = KINDS if whole else order.plan.outputs.files
    known = _read_manifest(folder / MANIFEST)
    jobs = list_jobs(order, kinds, whole=whole)
    stamps = {job.kind: _stamp(order, job.kind) for job in jobs}
    wanted = {path: stamps[job.kind] for job in jobs for path in job.paths}
    current = {
        path: known[path]
        for path, stamp in wanted.items()
        if path in known and known[path].get("made_from") == stamp and _is_ours(folder, path, known[path])
    }
    due = [replace(job, paths=left) for job in jobs if (left := _without(job.paths, current))]
    outcomes = run_jobs(due, order, folder, _count(progress, sum(len(job.paths) for job in due)))
    made = {path: outcome for outcome in outcomes if not outcome.error for path in outcome.paths}
    failed = [outcome for outcome in outcomes if outcome.error]
    # Of a plain build only rasters go: those of an earlier run would pass for current.
    theirs = {path: entry for path, entry in known.items() if whole or path.startswith(f"{RASTERS}/")}
    removed = () if failed else _remove_stale(folder, theirs, wanted)
    kept = {path: entry for path, entry in known.items() if path not in made and path not in removed}
    entries = _order_entries(
        wanted, {**kept, **{path: _describe(folder, path, wanted[path], made[path]) for path in made}}
    )
    if entries != known or not (failed or (folder / MANIFEST).is_file()):
        _write_manifest(folder / MANIFEST, order, entries)
    _raise_failures(failed)
    files = (folder / MANIFEST, *(folder / path for path in wanted))
    written = (folder / MANIFEST, *(folder / path for path in made)) if made or removed else ()
    notes = tuple(dict.fromkeys(note for path in wanted for note in entries[path]["notes"]))
    return Delivery(files, written, notes, tuple(folder / path for path in removed))


def hash_bytes(data: bytes) -> str:
    """Return the SHA-256 of some bytes in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _stamp(order: Order, kind: OutputKind) -> str:
    """Return a hash of all that goes into files of a kind."""
    inputs = {**order.provenance, "language": order.tongue, "libraries": trace_libraries(kind)}
    if kind == "webmap":
        inputs["tianditu"] = order.tianditu_key or ""
    return hash_bytes(json.dumps(inputs, sort_keys=True).encode())


def _is_ours(folder: Path, path: str, entry: Mapping[str, Any]) -> bool:
    """Say whether a file is there with the bytes that the manifest says."""
    file = folder / path
    try:
        return file.stat().st_size == entry["bytes"] and _hash_file(file) == entry["sha256"]
    except OSError:
        return False


def _hash_file(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _without(paths: Sequence[str], current: Collection[str]) -> tuple[str, ...]:
    return tuple(path for path in paths if path not in current)


def _count(progress: Callable[[str, int, int], None] | None, total: int) -> Callable[[str], None]:
    """Return what tells the progress of each file that is done."""
    done = 0

    def tell(path: str) -> None:
        nonlocal done
        done += 1
        if progress:
            progress(path, done, total)

    return tell


def _describe(folder: Path, path: str, stamp: str, outcome: Outcome) -> dict[str, Any]:
    file = folder / path
    return {
        "sha256": _hash_file(file),
        "bytes": file.stat().st_size,
        "made_from": stamp,
        "notes": list(outcome.notes),
    }


def _order_entries(wanted: Iterable[str], entries: _Entries) -> _Entries:
    """Return entries in the order of writing, others behind them by name."""
    first = [path for path in wanted if path in entries]
    return {path: entries[path] for path in [*first, *sorted(set(entries) - set(first))]}


def _remove_stale(folder: Path, known: _Entries, wanted: Collection[str]) -> tuple[str, ...]:
    """Remove files of an earlier delivery that are no longer made; return those that are forgotten.

    One that somebody changed is left to him. One that cannot be removed now is tried again next time.
    """
    forgotten = []
    for path, entry in known.items():
        if path in wanted:
            continue
        try:
            if _is_ours(folder, path, entry):
                (folder / path).unlink()
            forgotten.append(path)
        except OSError:
            continue
    return tuple(forgotten)


def _raise_failures(failed: Sequence[Outcome]) -> None:
    """Raise what kept files from being written: a fault of our own, else all that a user can mend."""
    errors = [outcome.error for outcome in failed if outcome.error]
    own = [error for error in errors if not isinstance(error, SpatialError)]
    if own:
        raise own[0]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise OutputError(
            fault for error in errors if isinstance(error, SpatialError) for fault in error.faults
        )


def _read_manifest(file: Path) -> _Entries:
    """Return the files that an earlier run wrote; an unreadable manifest is as good as none."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))["files"]
        return {path: entry for path, entry in entries.items() if _is_entry(path, entry)}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _is_entry(path: str, entry: Mapping[str, Any]) -> bool:
    """Say whether an entry is one of ours; a path that leads out of the folder is nobody's to remove."""
    parts = PurePosixPath(path).parts
    leads_out = path.startswith("/") or ".." in parts or ":" in path or "\\" in path
    kinds = {"sha256": str, "bytes": int, "made_from": str, "notes": list}
    return not leads_out and all(isinstance(entry.get(key), kind) for key, kind in kinds.items())


def _write_manifest(file: Path, order: Order, entries: _Entries) -> None:
    plan = order.plan
    record = {
        "title": {"zh": plan.title.pick("zh"), "en": plan.title.pick("en")},
        "date": order.date,
        "language": order.tongue,
        "tool": order.provenance.get("tool", ""),
        "provenance": dict(order.provenance),
        "files": entries,
    }
    with replacing(file) as beside:
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        beside.write_text(text, encoding="utf-8", newline="\n")
