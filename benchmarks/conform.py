"""Projects held against the rules of all departments of the shipped plan, once it is loaded."""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.sheet import Sheet, run_alone
from spatial.engine.areas import straight_area_m2
from spatial.pipeline import check_plan
from spatial.plan.departments import read_departments
from spatial.studies.conformance import Judge
from spatial.studies.opinions import frame_opinions, frame_verdicts

ONE_MS, MANY_S, MANY = 20.0, 20.0, 10_000
_LAYERS = ("territory", "zones", "lines", "roads", "rivers")


def load_judge() -> tuple[Judge, Any]:
    """Return the judge of the shipped plan, and the bounds of its territory."""
    build = check_plan("jiyuan", only=_LAYERS, besides=("source_frames",))
    frames: dict[str, Any] = {name: build.layers[name] for name in _LAYERS}
    frames |= {f"sources.{name}": frame for name, frame in build.besides["source_frames"].items()}
    return Judge(read_departments(), frames, build.metric_crs), build.layers["territory"].total_bounds


def scatter_projects(count: int, bounds: Any, seed: int = 1) -> gpd.GeoDataFrame:
    """Return squares of 50 to 400 m, scattered over the territory, of all kinds."""
    draw = np.random.default_rng(seed)
    west, south, east, north = bounds
    x, y, size = (
        draw.uniform(west, east, count),
        draw.uniform(south, north, count),
        draw.uniform(5e-4, 4e-3, count),
    )
    shapes = shapely.box(x, y, x + size, y + size)
    kinds = draw.choice(["housing", "industry", "public", "transport", "tourism", ""], count)
    columns = {"id": [f"p{at}" for at in range(count)], "name": "p", "kind": kinds, "activity": ""}
    columns |= {"national_major": "", "district": "", "area_m2": straight_area_m2(shapes), "length_m": 0.0}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4490)


def measure(sheet: Sheet) -> None:
    """One project, and ten thousand, from shapes to opinions and verdicts in frames."""
    sheet.begin("Projects against all departments")
    judge, bounds = load_judge()
    many = scatter_projects(MANY, bounds)

    def ask(projects: gpd.GeoDataFrame) -> float:
        begin = sheet.timer()
        answers = judge.answer(projects)
        frame_opinions(judge, projects, answers)
        frame_verdicts(judge, projects, answers)
        return sheet.timer() - begin

    single = [ask(many.iloc[[at]]) for at in range(100)]
    sheet.bound(
        f"one project, {len(judge.asked)} rules, median of 100", float(np.median(single)) * 1e3, ONE_MS, "ms"
    )
    begin = time.perf_counter()
    sheet.bound(f"{MANY} projects, opinions in frames", ask(many), MANY_S, "s")
    sheet.note(f"by the clock {time.perf_counter() - begin:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sheet.note(f"peak memory of the process: {peak:.2f} GiB")


if __name__ == "__main__":
    sys.exit(run_alone(measure))
