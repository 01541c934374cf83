"""The press: jobs of writing, the drawn ones in a process beside the others; no failure stops the rest.

Matplotlib holds the interpreter's lock, so only a second process draws while this one writes. It is a plain
program that gets its order through a private folder: unlike `multiprocessing` it does not run the caller's
script again, which in a notebook or in an unguarded script would go wrong.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from spatial.errors import SpatialError
from spatial.outputs.jobs import Job
from spatial.outputs.order import Order

Said: TypeAlias = Callable[[str], None]
"""Called with the path of each file that is done."""

_DRAWN = frozenset({"atlas"})
_FEWEST = 3
_PROGRAM = "import sys; from spatial.outputs.press import serve; serve(sys.argv[1])"
_TASK, _RESULT = "task.pickle", "result.pickle"


@dataclass(frozen=True)
class Outcome:
    """What came of a job: what to know of its files, or the error that kept them from being written."""

    paths: tuple[str, ...]
    notes: tuple[str, ...] = ()
    error: Exception | None = None


def run_jobs(jobs: Sequence[Job], order: Order, folder: Path, said: Said = lambda _: None) -> list[Outcome]:
    """Run jobs that write into `folder`; return what came of each, in their order.

    Parameters
    ----------
    jobs : sequence of Job
        What is to be written.
    order : Order
        What it is written from.
    folder : Path
        The output folder.
    said : callable
        Told of each file that is done.
    """
    apart = [job for job in jobs if job.kind in _DRAWN]
    files = sum(len(job.paths) for job in apart)
    if files < _FEWEST or len(apart) == len(jobs) or (os.cpu_count() or 1) == 1 or not sys.executable:
        return [run_job(job, order, folder, said) for job in jobs]
    with _Beside(apart, order, folder) as beside:
        here = {job.paths: run_job(job, order, folder, said) for job in jobs if job not in apart}
        there = {outcome.paths: outcome for outcome in beside.wait()}
    for outcome in there.values():
        _tell(outcome, said)
    # What a second process that died left undone is done here.
    return [here.get(job.paths) or there.get(job.paths) or run_job(job, order, folder, said) for job in jobs]


def run_job(job: Job, order: Order, folder: Path, said: Said = lambda _: None) -> Outcome:
    """Run one job; its error is returned, with the names of its files noted on it."""
    try:
        notes = job.write(order, [folder / path for path in job.paths])
    except Exception as error:  # a fault in one writer must not cost the files of the others
        error.add_note(f"while writing {', '.join(job.paths)}")
        return Outcome(job.paths, error=error)
    outcome = Outcome(job.paths, tuple(notes))
    _tell(outcome, said)
    return outcome


def _tell(outcome: Outcome, said: Said) -> None:
    if outcome.error is None:
        for path in outcome.paths:
            said(path)


class _Beside:
    """A second process that runs jobs; it ends with the block at the latest."""

    def __init__(self, jobs: Sequence[Job], order: Order, folder: Path) -> None:
        self._jobs, self._order, self._out = jobs, order, folder
        self._private = TemporaryDirectory(prefix="spatial-")

    def __enter__(self) -> _Beside:
        task = Path(self._private.name, _TASK)
        task.write_bytes(pickle.dumps((self._jobs, self._order, self._out.resolve())))
        paths = [path for path in sys.path if path] + [str(Path.cwd())] * ("" in sys.path)
        self._process = subprocess.Popen(  # this very interpreter, on a module of ours
            [sys.executable, "-c", _PROGRAM, str(task.parent)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._private.cleanup()

    def wait(self) -> list[Outcome]:
        """Return what came of the jobs; nothing of those that a process which died did not come to."""
        self._process.wait()
        try:
            outcomes = pickle.loads(Path(self._private.name, _RESULT).read_bytes())  # our own
        except (OSError, EOFError, pickle.UnpicklingError):
            return []
        return list(outcomes)


def serve(private: str) -> None:
    """Run the jobs that lie in a private folder, and leave there what came of them: the second process."""
    folder = Path(private)
    jobs, order, out = pickle.loads((folder / _TASK).read_bytes())  # written by our own parent
    outcomes = [_portable(run_job(job, order, out)) for job in jobs]
    result = folder / _RESULT
    result.with_suffix(".part").write_bytes(pickle.dumps(outcomes))
    result.with_suffix(".part").replace(result)


def _portable(outcome: Outcome) -> Outcome:
    """Return an outcome whose error survives the way between processes, with its notes."""
    error = outcome.error
    if error is None or isinstance(error, SpatialError):
        return outcome
    plain = RuntimeError(f"{type(error).__name__}: {error}")
    for note in getattr(error, "__notes__", ()):
        plain.add_note(note)
    return Outcome(outcome.paths, error=plain)
