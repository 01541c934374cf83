"""E2SFCA against PySAL `access`, interleaved in one run on the same journeys, with the same result.

Run from the top of the tree in an environment that has PySAL's `access` (`pip install access`):
``python -m benchmarks.access``. Both tools start from the same three arrays, so the whole way is measured,
and then the measure alone, on journeys each tool has gathered already. Exit code 1 if the result differs or
the whole way is not 30 times as fast.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from spatial.engine.access import enhanced_two_step, gather_times
from spatial.engine.impedance import gaussian_within, steps

TARGET = 30.0
ROUNDS = 5
ZONES = {10: 1.0, 20: 0.68, 30: 0.22}


class Case(NamedTuple):
    """People, beds and the journeys between them."""

    origin: np.ndarray
    target: np.ndarray
    minutes: np.ndarray
    supply: np.ndarray
    demand: np.ndarray


def draw_case(origins: int, targets: int, seed: int = 7) -> Case:
    """Draw a county: hamlets and clinics around towns, journeys of up to 40 minutes with detours."""
    random = np.random.default_rng(seed)
    towns = random.uniform(0, 60_000, (12, 2))
    places = [
        towns[random.integers(0, 12, count)] + random.normal(0, 4_000, (count, 2))
        for count in (origins, targets)
    ]
    gaps = np.linalg.norm(places[0][:, None] - places[1][None], axis=2) / 500.0
    gaps *= random.uniform(1.15, 1.6, gaps.shape)
    origin, target = np.nonzero(gaps <= 40)
    demand = random.integers(1, 400, origins).astype(float)
    supply = random.integers(1, 60, targets).astype(float)
    return Case(origin, target, np.round(gaps[origin, target], 2), supply, demand)


def load_rival(case: Case) -> Any:
    """Hand the same case to PySAL."""
    import access
    import pandas as pd

    people = pd.DataFrame({"id": np.arange(len(case.demand)), "people": case.demand})
    beds = pd.DataFrame({"id": np.arange(len(case.supply)), "beds": case.supply})
    journeys = pd.DataFrame({"origin": case.origin, "dest": case.target, "cost": case.minutes})
    return access.Access(
        demand_df=people,
        demand_index="id",
        demand_value="people",
        supply_df=beds,
        supply_index="id",
        supply_value="beds",
        cost_df=journeys,
        cost_origin="origin",
        cost_dest="dest",
        cost_name="cost",
    )


def run_rival(loaded: Any, weigh: Callable[[float], float]) -> np.ndarray:
    """Run PySAL's E2SFCA; places that it leaves out reach nothing."""
    loaded.access_df = loaded.access_df.drop(columns=["e2sfca_beds"], errors="ignore")
    found = loaded.enhanced_two_stage_fca(name="e2sfca", weight_fn=weigh)["e2sfca_beds"]
    return found.sort_index().fillna(0.0).to_numpy()


def gather(case: Case) -> Any:
    """Gather the case's journeys."""
    return gather_times(
        case.origin, case.target, case.minutes, origins=len(case.demand), targets=len(case.supply)
    )


def interleave(jobs: dict[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median seconds of each job, run in turn so that noise falls on all alike.

    Short jobs are repeated until a turn lasts about as long as that of the longest: on a busy machine one
    interruption costs more than a whole run of theirs.
    """
    warm = {name: clock(job) for name, job in jobs.items()}
    repeats = {name: max(1, round(max(warm.values()) / 2 / clock(job))) for name, job in jobs.items()}
    seen: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            seen[name].append(clock(job, repeats[name]))
    return {name: median(times) for name, times in seen.items()}


def clock(job: Callable[[], Any], repeats: int = 1) -> float:
    """Return the seconds of one run, averaged over repeats."""
    start = time.perf_counter()
    for _ in range(repeats):
        job()
    return (time.perf_counter() - start) / repeats


def compare(case: Case, kind: str) -> tuple[float, float, float]:
    """Print one row and return both ratios and the largest relative difference of the results."""
    from access import weights

    if kind == "zones":
        ours, theirs = steps(ZONES), weights.step_fn(ZONES)
    else:
        ours = gaussian_within(30)
        floor = np.exp(-0.5)
        theirs = lambda t: max(np.exp(-0.5 * (t / 30) ** 2) - floor, 0.0) / (1 - floor)  # noqa: E731
    times, loaded = gather(case), load_rival(case)
    result = enhanced_two_step(times, case.supply, case.demand, ours).access
    rival = run_rival(loaded, theirs)
    gap = float(
        np.max(np.abs(result - rival) / np.maximum(np.abs(rival), 1e-300), initial=0.0, where=rival > 0)
    )
    seen = interleave(
        {
            "ours": lambda: enhanced_two_step(gather(case), case.supply, case.demand, ours),
            "pysal": lambda: run_rival(load_rival(case), theirs),
            "ours, gathered": lambda: enhanced_two_step(times, case.supply, case.demand, ours),
            "pysal, gathered": lambda: run_rival(loaded, theirs),
        }
    )
    whole, measure = seen["pysal"] / seen["ours"], seen["pysal, gathered"] / seen["ours, gathered"]
    print(
        f"{kind:8} {len(case.minutes):>9,} journeys  ours {seen['ours'] * 1e3:8.2f} ms  PySAL "
        f"{seen['pysal'] * 1e3:8.1f} ms  ratio {whole:6.1f}  "
        f"measure alone {measure:6.1f}  largest gap {gap:.1e}"
    )
    return whole, measure, gap


def main() -> int:
    """Print the table; 1 if a promise is broken."""
    try:
        import access  # noqa: F401
    except ImportError:
        print("PySAL `access` is not installed: nothing to compare with")
        return 2
    kept = True
    for origins, targets in ((2_000, 60), (10_000, 120)):
        case = draw_case(origins, targets)
        for kind in ("zones", "gaussian"):
            whole, _, gap = compare(case, kind)
            kept &= whole >= TARGET and gap < 1e-9
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
