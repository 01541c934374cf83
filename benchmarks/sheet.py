"""The sheet that benchmarks write their figures on: one line each, what was asked, and whether it is kept.

A module of benchmarks has a function ``measure(sheet)`` which asks ours and the rivals the same questions in
turn, in one run, and hands what came of it to the sheet. ``python -m benchmarks`` finds these modules.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

ROUNDS = 5
SLOW_S = 10.0
SHORT_S = 0.05

Task = Callable[[], Any]
Measure = Callable[["Sheet"], None]


@dataclass
class Sheet:
    """Prints one line a figure and remembers whether promises are kept.

    Parameters
    ----------
    data : Path
        Folder of real data.
    extract : Path
        OpenStreetMap extract to measure on.
    processor : bool
        Whether processor seconds of all threads are counted instead of those of the clock.
    """

    data: Path
    extract: Path
    processor: bool = False
    kept: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def timer(self) -> Callable[[], float]:
        """The clock."""
        return time.process_time if self.processor else time.perf_counter

    def begin(self, title: str) -> None:
        """Print the head of a table."""
        print(f"\n{title}\n{'what':66} {'ours':>11}  {'rival':>38} {'ratio':>9}  {'asked':>9}")

    def compare(self, what: str, seen: Mapping[str, float], asked: Mapping[str, float] | None = None) -> None:
        """Print medians (seconds) of ours and rivals, and of each how many times as long it takes."""
        ours = seen["ours"]
        rivals = [name for name in seen if name != "ours"]
        for name in rivals:
            rival = f"{name} {_say(seen[name])}"
            self._line(what, _say(ours), rival, seen[name] / ours, (asked or {}).get(name))
        if not rivals:
            self._line(what, _say(ours), "", None, None)

    def bound(self, what: str, value: float, limit: float, unit: str = "", least: bool = False) -> None:
        """Print a value that must stay below a bound, or at least be that."""
        kept = value >= limit if least else value <= limit
        self._count(what, kept)
        asked = f"{'≥' if least else '≤'} {limit:g}"
        shown = f"{value:.4g} {unit}".strip()
        print(
            f"{what:66} {shown:>11}  {'':>38} {'':>9}  {asked:>9}  {'kept' if kept else 'BROKEN'}", flush=True
        )

    def note(self, text: str) -> None:
        """Print what else is worth knowing."""
        print(f"  {text}", flush=True)

    def _line(self, what: str, ours: str, rival: str, ratio: float | None, asked: float | None) -> None:
        verdict = ""
        if ratio is not None and asked is not None:
            self._count(f"{what} ({rival})", ratio >= asked)
            verdict = "kept" if ratio >= asked else "BROKEN"
        times = "" if ratio is None else f"{ratio:.1f} x"
        wanted = "" if asked is None else f"≥ {asked:g} x"
        print(f"{what:66} {ours:>11}  {rival:>38} {times:>9}  {wanted:>9}  {verdict}".rstrip(), flush=True)

    def _count(self, what: str, kept: bool) -> None:
        self.kept += kept
        if not kept:
            self.broken.append(what)

    def conclude(self) -> int:
        """Print what was broken; return the exit code."""
        print(f"\n{self.kept} kept, {len(self.broken)} broken")
        for what in self.broken:
            print(f"  BROKEN {what}")
        return 1 if self.broken else 0

    def race(
        self, tasks: Mapping[str, Task], rounds: int = ROUNDS, timer: Callable[[], float] | None = None
    ) -> dict[str, float]:
        """Return each task's median seconds: every round asks all, after one that does not count.

        A short task is asked again and again for `SHORT_S` in each round, one longer than `SLOW_S` only once.
        """
        timer = timer or self.timer
        first = {name: _clock(task, 1, timer) for name, task in tasks.items()}
        seen: dict[str, list[float]] = {name: [] for name in tasks}
        for _ in range(rounds):
            for name, task in tasks.items():
                if first[name] < SLOW_S:
                    seen[name].append(_clock(task, max(1, int(SHORT_S / max(first[name], 1e-9))), timer))
        return {name: median(times or [first[name]]) for name, times in seen.items()}


def _say(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def _clock(task: Task, times: int, timer: Callable[[], float]) -> float:
    """Return the mean seconds that a task takes."""
    gc.collect()
    begin = timer()
    for _ in range(times):
        task()
    return (timer() - begin) / times


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Silence tools that tell of their progress, compiled ones too."""
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        yield
    finally:
        sys.stdout.flush()
        for stream, before in zip((1, 2), kept, strict=True):
            os.dup2(before, stream)
            os.close(before)
        os.close(nowhere)


def find_data() -> Path:
    """Return the folder of real data."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("SPATIAL_TEST_DATA") or beside)


def is_there(sheet: Sheet, *rivals: str) -> bool:
    """Tell whether rivals are installed; say which are not."""
    absent = [name for name in rivals if find_spec(name) is None]
    if absent:
        sheet.note(f"{', '.join(absent)} not installed: no comparison with it")
    return not absent


def run(
    choose: Callable[[dict[str, Any]], Sequence[Measure]],
    parser: argparse.ArgumentParser,
    arguments: Sequence[str],
) -> int:
    """Parse the options that all benchmarks share, measure, and return 1 if a promise is broken."""
    parser.add_argument(
        "--extract", type=Path, help="OpenStreetMap extract; by default Heidelberg of the real data"
    )
    parser.add_argument(
        "--processor", action="store_true", help="processor seconds of all threads: for a busy machine"
    )
    asked = vars(parser.parse_args(arguments))
    data = find_data()
    extract = asked.pop("extract") or data / "osm" / "heidelberg.osm.pbf"
    if not extract.is_file():
        print(f"no extract {extract.name}: give one by --extract, or set SPATIAL_TEST_DATA to the real data")
        return 2
    warnings.simplefilter("ignore")
    logging.disable(logging.INFO)
    sheet = Sheet(data, extract, asked.pop("processor"))
    for measure in choose(asked):
        measure(sheet)
    return sheet.conclude()


def run_alone(measure: Measure, arguments: Sequence[str] | None = None) -> int:
    """Run one module of benchmarks."""
    text = sys.modules[measure.__module__].__doc__ or ""
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    return run(lambda _: [measure], parser, sys.argv[1:] if arguments is None else arguments)
