"""Compiled kernels: how they are declared, whether they are ready, and how they are made ready meanwhile.

numba compiles a kernel at its first call (seconds) and keeps the result on disk. An answer that somebody
waits for must not wait for that, so callers ask `is_ready` first, answer by scipy when it says no, and let
`warm_kernels` compile in a process of its own for the next time.
"""

from __future__ import annotations

import atexit
import importlib
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

ROOMS = ("buckets", "contraction", "lanes")
"""Modules of `spatial.engine.travel` that hold kernels, named in their `ENTRIES`."""
REHEARSALS = ("buckets", "hierarchy")
"""Modules whose `rehearse` calls all kernels."""

_READY: set[str] = set()
_RUNNING: list[subprocess.Popen[bytes]] = []


def kernel(function: F) -> F:
    """Compile a function at its first call, free of the interpreter's lock, and keep the result on disk.

    Where no folder can be written, the result is kept for this process only.
    """
    from numba import njit

    try:
        return cast(F, njit(cache=True, nogil=True)(function))
    except RuntimeError:
        return cast(F, njit(nogil=True)(function))


@cache
def load_room(name: str) -> ModuleType | None:
    """Return a module of kernels, or None where numba is absent or switched off."""
    try:
        from numba import config
    except ImportError:
        return None
    return (
        None
        if getattr(config, "DISABLE_JIT", 0)
        else importlib.import_module(f"spatial.engine.travel.{name}")
    )


def is_ready(name: str) -> bool:
    """Tell whether a module's kernels answer at once: compiled in this process or kept on disk.

    Examples
    --------
    >>> is_ready("buckets") in (True, False)
    True
    """
    room = load_room(name)
    if room is None:
        return False
    if name not in _READY and all(_is_kept(getattr(room, entry)) for entry in room.ENTRIES):
        _READY.add(name)
    return name in _READY


def _is_kept(dispatcher: Any) -> bool:
    if dispatcher.signatures:
        return True
    folder = dispatcher.stats.cache_path
    if folder is None:
        return False
    function = dispatcher.py_func
    source = Path(function.__code__.co_filename)
    index = f"{source.stem}.{function.__qualname__}-{function.__code__.co_firstlineno}.*.nbi"
    kept = list(Path(folder).glob(index))
    return bool(kept) and max(map(_changed, kept)) >= _changed(source)


def _changed(file: Path) -> int:
    return file.stat().st_mtime_ns


def warm_kernels() -> None:
    """Start compiling all kernels in another process, at low priority, once; do not wait for it.

    It outlives this process if need be. Where another process cannot be started, nothing happens: the
    kernels are then compiled by the first long job.
    """
    if _RUNNING or load_room(ROOMS[0]) is None or not sys.executable:
        return
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "-m", "spatial.engine.kernels"]
    try:
        _RUNNING.append(subprocess.Popen(command, start_new_session=True, **quiet))  # type: ignore[call-overload]
    except OSError:
        return
    atexit.register(_let_go)


def _let_go() -> None:
    """Take note if the compiler is done; leave it to itself if not, without waiting and without a warning."""
    for process in _RUNNING:
        if process.poll() is None:
            process.returncode = 0
    _RUNNING.clear()


def rehearse() -> None:
    """Compile every kernel that is not on disk yet, by calling it on a graph of a few nodes."""
    import os

    if hasattr(os, "nice"):
        os.nice(10)
    for name in REHEARSALS:
        room = load_room(name)
        if room is not None:
            room.rehearse()


if __name__ == "__main__":
    rehearse()
