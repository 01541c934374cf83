"""Executor: one function over many items side by side, with results in order and memory kept flat."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, TypeVar

from spatial.engine.threads import count_threads

Kind = Literal["threads", "processes"]
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Pace:
    """How far a run is.

    Parameters
    ----------
    name : str
        What is run.
    done, total : int
        Items.
    rate : float
        Items a second of this run; 0 before the first.
    left_s : float
        Seconds left at that rate; infinite before the first.
    """

    name: str
    done: int
    total: int
    rate: float
    left_s: float

    def __str__(self) -> str:
        """Return one line, such as ``slope 3/10, 2.5/s, 0:03 left``."""
        head = f"{self.name} {self.done}/{self.total}".strip()
        if not self.rate:
            return head
        minutes, seconds = divmod(round(self.left_s), 60)
        return f"{head}, {self.rate:.1f}/s, {minutes}:{seconds:02d} left"


Report = Callable[[Pace], None]
_REPORT: ContextVar[Report | None] = ContextVar("report", default=None)


@contextmanager
def reporting(report: Report | None) -> Iterator[None]:
    """Have runs inside the block call `report` after each item."""
    token = _REPORT.set(report)
    try:
        yield
    finally:
        _REPORT.reset(token)


def run_ordered(
    task: Callable[[_Item], _Result],
    items: Sequence[_Item],
    *,
    workers: int | None = None,
    kind: Kind = "threads",
    name: str = "",
    done: int = 0,
) -> Iterator[_Result]:
    """Yield ``task(item)`` for each item, in the order of the items.

    At most twice as many items as workers are under way or waiting to be taken, so memory does not grow with
    their number. An error of an item is raised in its turn, and the rest is not begun.

    Parameters
    ----------
    task : callable
        Must not depend on the order of the items; for processes it and its items must be picklable.
    items : sequence
    workers : int, optional
        As `count_threads` unless given.
    kind : {"threads", "processes"}
        Threads for work that leaves the interpreter's lock: arrays, compression, files.
    name : str
        Of the run, in reports.
    done : int
        Items that an earlier run has finished; they count in reports but not in the rate.

    Examples
    --------
    >>> list(run_ordered(abs, [-3, 2, -1], workers=2))
    [3, 2, 1]
    """
    report, begin = _REPORT.get(), time.monotonic()
    total = len(items) + done
    for count, result in enumerate(_run(task, items, workers or count_threads(), kind), 1):
        yield result
        if report is not None:
            rate = count / max(time.monotonic() - begin, 1e-9)
            report(Pace(name, count + done, total, rate, (len(items) - count) / rate))


def _run(
    task: Callable[[_Item], _Result], items: Iterable[_Item], workers: int, kind: Kind
) -> Iterator[_Result]:
    if workers == 1 and kind == "threads":
        yield from map(task, items)
        return
    pool: Executor = ThreadPoolExecutor(workers) if kind == "threads" else ProcessPoolExecutor(workers)
    waiting: deque[Future[_Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(task, item))
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        pool.shutdown(wait=True)
