"""The web map against default folium at 100 000 polygons, in a real Chromium with the network cut.

Run from the top of the tree: ``python -m benchmarks.webmap [COUNT]``. Both maps are made from the same frame
in the same run: ours by ``write_webmap``, folium's by ``GeoJson`` with a ``style_function`` and a tooltip, as
its documentation shows it. Folium's page gets its scripts from the same local carriers, so that neither waits
for a network; tiles are left out. A page counts as loaded when two frames were painted after the last layer
stood. Ours is opened five times and folium's once, since that takes minutes; medians. Exit code 1 where a
promise of issue 4 is broken.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely

from spatial.outputs.web.offline import inline_page
from spatial.outputs.web.webmap import MapHeading, write_webmap
from spatial.plan.base import Text
from spatial.plan.styles import read_styles

COUNT = 100_000
FEW = 1_000
VERTICES = 36
ROUNDS = 5
ROUNDS_FOLIUM = 1
LONGEST_MS = 400_000
CELL = 0.0012
COLOURS = {"ecology": "#a8d08d", "farming": "#f7e9a0", "urban": "#f08a7d"}
FILE_MB = 16.0
TIMES_FASTER = 10.0
TIMES_PYTHON = 5.0
TIMES_FIRST = 6.0
_PAINTED = "requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))"
DONE = f"() => new Promise(done => {_PAINTED})"
OURS = f"""() => new Promise(done => {{
  const look = () => (performance.getEntriesByName('plan-drawn').length ? {_PAINTED} : setTimeout(look, 5));
  look();
}})"""


def make_parcels(count: int) -> gpd.GeoDataFrame:
    """Return parcels side by side, edges crooked and shared, in three classes, with a name and an area."""
    rng = np.random.default_rng(1)
    columns = int(np.ceil(np.sqrt(count * 1.3)))
    rows = -(-count // columns)
    share = np.arange(VERTICES // 4) / (VERTICES // 4)
    jitter = rng.uniform(-0.25, 0.25, (rows + 1, columns + 1, 2))
    nodes = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1)), axis=-1) + jitter

    def join(one: Any, other: Any) -> Any:
        edge = one[..., None, :] + (other - one)[..., None, :] * share[:, None]
        edge[..., 1:, :] += rng.normal(0, 0.012, edge[..., 1:, :].shape)
        return edge

    def turn(edge: Any, end: Any) -> Any:
        return np.concatenate([end[..., None, :], edge[..., :0:-1, :]], axis=-2)

    flat, tall = join(nodes[:, :-1], nodes[:, 1:]), join(nodes[:-1], nodes[1:])
    ends = nodes[1:, 1:], nodes[1:, :-1]
    sides = [flat[:-1], tall[:, 1:], turn(flat[1:], ends[0]), turn(tall[:, :-1], ends[1])]
    rings = np.concatenate(sides, axis=-2).reshape(rows * columns, VERTICES, 2)[:count]
    rings = np.round(np.array([112.0, 34.8]) + CELL * np.concatenate([rings, rings[:, :1]], axis=1), 6)
    columns_of = {
        "id": [f"parcel-{at:06d}" for at in range(count)],
        "name": [f"地块 {at:06d}" for at in range(count)],
        "zone": rng.choice(list(COLOURS), count),
        "area_ha": np.round(rng.uniform(0.3, 3.0, count), 2),
    }
    return gpd.GeoDataFrame(columns_of, geometry=shapely.polygons(rings), crs=4490)


def write_ours(parcels: gpd.GeoDataFrame, path: Path) -> None:
    """Write our map."""
    styles = read_styles()
    heading = MapHeading(title=Text(zh="地块", en="Parcels"))
    write_webmap(
        path, {"zones": parcels}, heading=heading, styles=styles, contracts={}, metric_crs="EPSG:4546"
    )


def write_folium(parcels: gpd.GeoDataFrame, path: Path) -> None:
    """Write folium's map, scripts inside."""
    page = folium.Map(tiles=None)
    page.default_js = [("leaflet", "leaflet@1.9/leaflet.js"), ("jquery", "jquery.min.js")]
    page.default_css = [("leaflet", "leaflet@1.9/leaflet.css")]
    layer = folium.GeoJson(
        parcels.to_crs(4326),
        style_function=lambda feature: {
            "fillColor": COLOURS[feature["properties"]["zone"]],
            "fillOpacity": 0.6,
            "color": "#555555",
            "weight": 1,
        },
        tooltip=folium.GeoJsonTooltip(["name", "zone", "area_ha"]),
    ).add_to(page)
    west, south, east, north = parcels.total_bounds
    page.fit_bounds([[south, west], [north, east]])
    assert layer is not None
    path.write_text(inline_page(page.get_root().render()), encoding="utf-8")


def clock(job: Callable[[], Any]) -> float:
    """Return the processor seconds of a job."""
    start = time.process_time()
    job()
    return time.process_time() - start


def load(browser: Any, path: Path, script: str) -> tuple[float, float]:
    """Return seconds until all is painted, and the heap in MB."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    page = context.new_page()
    page.set_default_timeout(LONGEST_MS)
    page.goto(path.as_uri(), wait_until="load")
    seconds = page.evaluate(script) / 1000
    session = context.new_cdp_session(page)
    used = session.send("Runtime.getHeapUsage")
    heap = (used["usedSize"] + used.get("backingStorageSize", 0)) / 1e6
    context.close()
    return seconds, heap


def find_browser() -> str | None:
    """Return the path of a Chromium that is installed, or None for Playwright's own."""
    return os.environ.get("SPATIAL_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")


def measure(folder: Path, count: int) -> dict[str, dict[str, float]]:
    """Return Python seconds, megabytes, seconds to load and heap of each page."""
    from playwright.sync_api import sync_playwright

    parcels, few = make_parcels(count), make_parcels(FEW)
    writers = {"ours": (write_ours, parcels), "few": (write_ours, few), "folium": (write_folium, parcels)}
    seen: dict[str, dict[str, float]] = {}
    for name, (write, frame) in writers.items():
        path = folder / f"{name}.html"
        rounds = 1 if name == "folium" else 3
        python = median(clock(lambda w=write, f=frame, p=path: w(f, p)) for _ in range(rounds))  # type: ignore[misc]
        seen[name] = {"python": python, "megabytes": path.stat().st_size / 1e6}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in writers}
        for at in range(ROUNDS):
            for name in writers:
                if name != "folium" or at < ROUNDS_FOLIUM:
                    script = DONE if name == "folium" else OURS
                    runs[name].append(load(browser, folder / f"{name}.html", script))
        browser.close()
    for name, timed in runs.items():
        seen[name] |= {"load": median(one for one, _ in timed), "heap": median(heap for _, heap in timed)}
    return seen


def tell(promise: str, value: float, limit: float, *, above: bool = False) -> bool:
    """Print a promise and return whether it is kept."""
    kept = value >= limit if above else value <= limit
    print(f"{promise:46} {value:8.1f}  {'≥' if above else '≤'} {limit:5.1f}  {'kept' if kept else 'BROKEN'}")
    return kept


def main() -> int:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory() as folder:
        seen = measure(Path(folder), count)
    print(f"{count} polygons of {VERTICES} vertices; `few` is ours with {FEW}; processor seconds for Python")
    print(f"{'':10}{'Python s':>10}{'file MB':>10}{'load s':>10}{'heap MB':>10}")
    for name, row in seen.items():
        print(f"{name:10}{row['python']:10.2f}{row['megabytes']:10.1f}{row['load']:10.2f}{row['heap']:10.0f}")
    ours, few, rival = seen["ours"], seen["few"], seen["folium"]
    kept = [
        tell("file, MB", ours["megabytes"], FILE_MB),
        tell("load, times as fast as folium", rival["load"] / ours["load"], TIMES_FASTER, above=True),
        tell("first paint, times that of 1 000 polygons", ours["load"] / few["load"], TIMES_FIRST),
        tell("Python, times as fast as folium", rival["python"] / ours["python"], TIMES_PYTHON, above=True),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
