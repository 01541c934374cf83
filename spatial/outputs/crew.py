"""A crew: many items of one kind written by several processes, each taking the next that nobody has taken.

Matplotlib holds the interpreter's lock, so only further processes draw while this one does. They are plain
programs that get their work through a private folder, as those of the press do, and for the same reasons.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, TypeVar

from spatial.engine.threads import count_threads
from spatial.errors import SpatialError

_PROGRAM = "import sys; from spatial.outputs.crew import serve; serve(sys.argv[1])"
_TASK = "task.pickle"
_FEWEST = 4
_PAUSE_S = 0.05
_Stock = TypeVar("_Stock")


@dataclass(frozen=True)
class Task(Generic[_Stock]):
    """What a crew does with each item.

    Parameters
    ----------
    make : callable
        From what is given to what each process makes of it once.
    write : callable
        From that and an item to what a user should know of it.
    given : object
        Must be picklable, as the two functions.
    items : tuple of str
    """

    make: Callable[[Any], _Stock]
    write: Callable[[_Stock, str], list[str]]
    given: Any
    items: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """What came of an item: what to know of it, or the error that kept it from being written."""

    notes: tuple[str, ...] = ()
    error: Exception | None = None


def run_crew(
    task: Task[Any],
    *,
    workers: int | None = None,
    said: Callable[[str, int], None] = lambda _item, _done: None,
) -> list[Written]:
    """Do a task for all its items; return what came of each, in their order. No failure stops the rest.

    Parameters
    ----------
    task : Task
    workers : int, optional
        Processes, this one counted; as many as threads may run unless given, and one for a few items.
    said : callable
        Called with an item that this process begins, and how many are done.
    """
    most = max(1, len(task.items) // _FEWEST)
    hands = min(workers or count_threads(), most) if sys.executable else 1
    stock = task.make(task.given)
    with TemporaryDirectory(prefix="spatial-") as name:
        private = Path(name)
        others = [_hire(private, task) for _ in range(hands - 1)]
        try:
            _work(task, stock, private, said)
            _wait(others, private, len(task.items), said)
        finally:
            for other in others:
                if other.poll() is None:
                    other.kill()
                other.wait()
        # What a process that died left undone is done here.
        return [_read(private, at) or _do(task, stock, at) for at in range(len(task.items))]


def _hire(private: Path, task: Task[Any]) -> subprocess.Popen[bytes]:
    file = private / _TASK
    if not file.exists():
        file.write_bytes(pickle.dumps(task))
    paths = [path for path in sys.path if path] + [str(Path.cwd())] * ("" in sys.path)
    return subprocess.Popen(  # this very interpreter, on a module of ours
        [sys.executable, "-c", _PROGRAM, str(private)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def serve(private: str) -> None:
    """Take part in the task that lies in a private folder: a further process of the crew."""
    folder = Path(private)
    task = pickle.loads((folder / _TASK).read_bytes())  # written by our own parent
    _work(task, task.make(task.given), folder, lambda _item, _done: None)


def _work(task: Task[Any], stock: Any, private: Path, said: Callable[[str, int], None]) -> None:
    """Do items that nobody has taken until there are none."""
    for at, item in enumerate(task.items):
        if not _claim(private / f"{at}.claim"):
            continue
        said(item, _count(private))
        result = private / f"{at}.result"
        result.with_suffix(".part").write_bytes(pickle.dumps(_portable(_do(task, stock, at))))
        result.with_suffix(".part").replace(result)


def _claim(file: Path) -> bool:
    """Take an item, if nobody has: making a file that must not exist is one step on every system."""
    try:
        with file.open("xb"):
            return True
    except FileExistsError:
        return False


def _do(task: Task[Any], stock: Any, at: int) -> Written:
    try:
        return Written(tuple(task.write(stock, task.items[at])))
    except Exception as error:  # a fault in one item must not cost the others
        error.add_note(f"while writing {task.items[at]}")
        return Written(error=error)


def _wait(
    others: Sequence[subprocess.Popen[bytes]], private: Path, total: int, said: Callable[[str, int], None]
) -> None:
    """Wait until the other processes are done or dead."""
    while any(other.poll() is None for other in others):
        said("", min(_count(private), total))
        time.sleep(_PAUSE_S)


def _count(private: Path) -> int:
    return sum(1 for _ in private.glob("*.result"))


def _read(private: Path, at: int) -> Written | None:
    try:
        written: Written = pickle.loads((private / f"{at}.result").read_bytes())  # our own
    except (OSError, EOFError, pickle.UnpicklingError):
        return None
    return written


def _portable(written: Written) -> Written:
    """Return a result whose error survives the way between processes, with its notes."""
    error = written.error
    if error is None or isinstance(error, SpatialError):
        return written
    plain = RuntimeError(f"{type(error).__name__}: {error}")
    for note in (*getattr(error, "__notes__", ()), *traceback.format_exception(error)):
        plain.add_note(note.rstrip())
    return Written(error=plain)
