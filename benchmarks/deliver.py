"""A whole delivery, cold and again, against writing it in one process: one run, interleaved, medians.

Run from the top of the tree: ``python -m benchmarks.deliver [PLAN] [--rounds 3]``. Every round builds the
plan with ``--deliver`` in new processes: cold (an empty cache of layers, an empty folder) with the atlas
drawn in a process beside, cold in one process alone, and again with nothing changed. What is printed are
medians of clock and processor seconds (those of all processes), ratios, and whether the promise is kept: 90 s
cold and 5 s when nothing changed, on two cores. Other work on the machine slows the clock, not the processor
seconds. Exit code 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

COLD_S, AGAIN_S = 90.0, 5.0
_BESIDE = "from spatial.cli import main; main()"
_ALONE = f"import os; os.cpu_count = lambda: 1; {_BESIDE}"
Seconds = tuple[float, float]


def build(plan: str, out: Path, cache: Path, program: str) -> Seconds:
    """Return clock and processor seconds of one build in a process of its own."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, "build", plan, "--deliver", "-o", str(out)],
        env=os.environ | {"SPATIAL_CACHE": str(cache)},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode > 1:
        raise SystemExit(f"the build failed with exit code {done.returncode}")
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run_round(plan: str, folder: Path) -> dict[str, Seconds]:
    """Ask all three questions once, each cold one in folders of its own."""
    return {
        "cold, atlas in a process beside": build(plan, folder / "two", folder / "cache_two", _BESIDE),
        "cold, one process": build(plan, folder / "one", folder / "cache_one", _ALONE),
        "again, nothing changed": build(plan, folder / "two", folder / "cache_two", _BESIDE),
    }


def main() -> None:
    """Print medians, ratios and whether the promises are kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plan", nargs="?", default="jiyuan")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    taken: dict[str, list[Seconds]] = {}
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory(prefix="deliver-") as folder:
            for name, seconds in run_round(given.plan, Path(folder)).items():
                taken.setdefault(name, []).append(seconds)
                print(f"  {name}: {seconds[0]:.1f} s, processor {seconds[1]:.1f} s", flush=True)
    medians = {name: tuple(map(median, zip(*rows, strict=True))) for name, rows in taken.items()}
    beside, alone, again = medians.values()
    for name, (clock, processor) in medians.items():
        print(f"{name:<34}{clock:8.1f} s   processor {processor:6.1f} s")
    print(f"two processes take {beside[0] / alone[0]:.2f} of the time of one")
    print(f"nothing changed takes {again[0] / beside[0]:.3f} of cold")
    kept = beside[0] <= COLD_S and again[0] <= AGAIN_S
    print(f"cold {COLD_S:g} s, again {AGAIN_S:g} s: {'kept' if kept else 'broken'}")
    raise SystemExit(not kept)


if __name__ == "__main__":
    main()
