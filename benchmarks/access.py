"""Floating catchments (E2SFCA) against PySAL `access`, on the same journeys, with the same result.

Both tools start from the same three arrays, so the whole way is measured, and then the measure alone, on
journeys that each tool has gathered already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.sheet import Sheet, is_there, run_alone
from spatial.engine.travel.access import enhanced_two_step, gather_times
from spatial.engine.travel.impedance import gaussian_within, steps

TARGET = 30.0
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


def compare(sheet: Sheet, case: Case, kind: str) -> None:
    """Measure both ways, and how far the results lie apart."""
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
    gap = np.abs(result - rival) / np.maximum(np.abs(rival), 1e-300)
    tasks = {
        "ours": lambda: enhanced_two_step(gather(case), case.supply, case.demand, ours),
        "PySAL": lambda: run_rival(load_rival(case), theirs),
    }
    alone = {
        "ours": lambda: enhanced_two_step(times, case.supply, case.demand, ours),
        "PySAL": lambda: run_rival(loaded, theirs),
    }
    what = f"E2SFCA by {kind}, {len(case.minutes)} journeys"
    sheet.compare(what, sheet.race(tasks), {"PySAL": TARGET})
    sheet.compare(f"{what}, gathered", sheet.race(alone))
    sheet.bound(f"{what}: largest relative gap", float(gap[rival > 0].max(initial=0.0)), 1e-9)


def measure(sheet: Sheet) -> None:
    """Two counties, weights by zones and by distance."""
    sheet.begin("Floating catchments (PySAL access)")
    if not is_there(sheet, "access"):
        return
    for origins, targets in ((2_000, 60), (10_000, 120)):
        case = draw_case(origins, targets)
        for kind in ("zones", "gaussian"):
            compare(sheet, case, kind)


if __name__ == "__main__":
    sys.exit(run_alone(measure))
