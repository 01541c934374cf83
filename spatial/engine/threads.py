"""Share work between threads: kernels leave the interpreter's lock, so threads run side by side."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise


def count_threads() -> int:
    """Return how many threads this process may run at once; ``SPATIAL_THREADS`` overrides it."""
    asked = os.environ.get("SPATIAL_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def run_parts(task: Callable[[int, int], None], count: int, least: int = 1) -> None:
    """Call ``task(begin, end)`` for parts of ``range(count)``, in as many threads as pay.

    Parameters
    ----------
    task : callable
        Works on items begin to end; parts must not touch each other's results.
    count : int
        Number of items.
    least : int
        Items below which a further thread is not worth its start.

    Examples
    --------
    >>> seen = []
    >>> run_parts(lambda begin, end: seen.extend(range(begin, end)), 5)
    >>> sorted(seen)
    [0, 1, 2, 3, 4]
    """
    threads = max(1, min(count_threads(), count // max(1, least)))
    if threads == 1:
        task(0, count)
        return
    # More parts than threads, so that a thread that met easy items takes another part.
    parts = min(count // max(1, least), threads * 4)
    bounds = [count * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(task, a, b) for a, b in pairwise(bounds)]:
            done.result()
