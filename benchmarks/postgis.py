"""Publishing 500 000 parcels to PostGIS against ogr2ogr, from the same GeoPackage to the same server.

Run from the top of the tree: ``python -m benchmarks postgis``. Both start from the GeoPackage on disk and end
with a table with a spatial index that was committed. Ours also checks that every shape is valid, makes keys,
comments, roles, views and audit, and does all in one transaction; ogr2ogr (COPY, its default for a new table)
checks nothing. The server is a throw-away one on loopback with the settings of a fresh installation, safe
against power cuts; its processor seconds are read from the process table (Linux).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import geopandas as gpd
import psycopg

from benchmarks.sheet import Sheet, run_alone
from benchmarks.webmap import make_parcels
from spatial.outputs.postgis.publication import Parcel, publish_layers
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.postgres import read_address
from spatial.plan.styles import read_styles
from tests.cluster import PASSWORD, TEMPLATE, Cluster, UnavailableError, start_cluster

COUNT = 500_000
ROUNDS = 3
SHARE = 0.5
CONTRACT = Contract(
    "地块",
    "Parcels",
    "Polygon",
    {"zone": Column("text", "类别", "Class"), "area_ha": Column("number", "面积（公顷）", "Area (ha)")},
)
Seconds = tuple[float, float]


def publish_ours(file: Path, url: str) -> None:
    """Read the GeoPackage and publish its layer."""
    frame = gpd.read_file(file, use_arrow=True)
    parcel = Parcel(
        "parcels", Text(zh="地块", en="Parcels"), {"parcels": frame}, {"parcels": CONTRACT}, read_styles()
    )
    publish_layers(read_address(url), parcel)


def publish_theirs(file: Path, url: str) -> None:
    """Let ogr2ogr do it."""
    target = f"PG:{url}"
    command = [
        "ogr2ogr",
        "-f",
        "PostgreSQL",
        target,
        str(file),
        "-nln",
        "parcels",
        "-nlt",
        "PROMOTE_TO_MULTI",
    ]
    subprocess.run(command, check=True)


def clock(cluster: Cluster, database: str, job: Callable[[], None]) -> Seconds:
    """Return clock and processor seconds of a job, those of the server's processes too, in a new database."""
    admin = psycopg.connect(cluster.url("postgres"), autocommit=True)
    with admin:
        admin.execute(f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}")
        admin.execute("CHECKPOINT")
    start, before = time.perf_counter(), spent(cluster)
    job()
    taken = time.perf_counter() - start
    processor = spent(cluster) - before
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as again:
        again.execute(f"DROP DATABASE {database} WITH (FORCE)")
    return taken, processor


def spent(cluster: Cluster) -> float:
    """Return processor seconds of this process, its children, and the server's processes, ended ones too."""
    own = sum(os.times()[:4])
    ticks = os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{cluster.postmaster}/task/{cluster.postmaster}/children").read_text().split()
    fields = [
        Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        for pid in [str(cluster.postmaster), *children]
    ]
    return own + sum(sum(map(int, row[11:15])) for row in fields) / ticks


def measure(sheet: Sheet, count: int = COUNT) -> None:
    """Publish in turn, each time into a new database."""
    sheet.begin(f"Publishing {count:,} parcels of 36 vertices to PostGIS")
    if shutil.which("ogr2ogr") is None:
        sheet.note("left out: there is no ogr2ogr (gdal-bin)")
        return
    os.environ["PGPASSWORD"] = PASSWORD
    try:
        cluster = start_cluster(durable=True)
    except UnavailableError as error:
        sheet.note(f"left out: {error}")
        return
    jobs = {"ours": publish_ours, "ogr2ogr": publish_theirs}
    seen: dict[str, list[Seconds]] = {name: [] for name in jobs}
    with tempfile.TemporaryDirectory(prefix="parcels-") as folder:
        file = Path(folder, "parcels.gpkg")
        parcels = make_parcels(count)
        # Two of half a million cross themselves; ours refuses such, ogr2ogr takes them.
        parcels[parcels.is_valid].to_file(file, VERSION="1.3")
        for at in range(ROUNDS):
            for name, job in jobs.items():
                url = cluster.url(f"round_{at}")
                seen[name].append(clock(cluster, f"round_{at}", lambda job=job, url=url: job(file, url)))  # type: ignore[misc]
    clocks = {name: median(row[0] for row in rows) for name, rows in seen.items()}
    processors = {name: median(row[1] for row in rows) for name, rows in seen.items()}
    sheet.compare("from GeoPackage to committed table, clock", clocks, {"ogr2ogr": SHARE})
    sheet.compare("the same, processor seconds of client and server", processors, {"ogr2ogr": SHARE})
    cluster.stop()


def main() -> int:
    """Run alone."""
    return run_alone(measure)


if __name__ == "__main__":
    sys.exit(main())
