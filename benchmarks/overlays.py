"""Parcels in zones and classes of parcels, against geopandas and DuckDB spatial.

A county's survey has half a million parcels. Synthetic ones: a lattice with crooked edges whose vertices
neighbours share, under 200 zones of 400 vertices, some of which overlap. Areas are ellipsoidal; DuckDB's are
planar, in square degrees.
"""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.sheet import Sheet, Task, is_there, run_alone
from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.overlays import intersect_areas
from spatial.engine.shapes.topology import dissolve, partition, repair_polygons

PARCELS, ZONES, DIRTY = 500_000, 200, 100_000
OVERLAY, DISSOLVE, PARTITION_S = 4.0, 10.0, 60.0
_WEST, _SOUTH, _WIDE, _HIGH = 112.0, 34.9, 0.9, 0.72


def lay_parcels(count: int, seed: int = 1) -> Any:
    """Return parcels of eight vertices that tile a box; neighbours share their vertices."""
    side = int(np.ceil(np.sqrt(count)))
    draw, step = np.random.default_rng(seed), _WIDE / side
    across, up = np.meshgrid(np.arange(side + 1), np.arange(side + 1))
    shake = (draw.random((side + 1, side + 1, 2)) - 0.5) * step * 0.5
    corner = np.stack([_WEST + step * across, _SOUTH + step * _HIGH / _WIDE * up], -1) + shake
    lower = (corner[:, :-1] + corner[:, 1:]) / 2 + (draw.random((side + 1, side, 2)) - 0.5) * step * 0.2
    left = (corner[:-1] + corner[1:]) / 2 + (draw.random((side, side + 1, 2)) - 0.5) * step * 0.2
    south, north = corner[:-1], corner[1:]
    ring = [
        south[:, :-1],
        lower[:-1],
        south[:, 1:],
        left[:, 1:],
        north[:, 1:],
        lower[1:],
        north[:, :-1],
        left[:, :-1],
    ]
    return shapely.polygons(np.stack(ring, 2).reshape(-1, 8, 2)[:count])


def lay_zones(count: int, vertices: int = 400, seed: int = 2) -> Any:
    """Return wavy polygons, scattered over the box."""
    draw, side = np.random.default_rng(seed), int(np.ceil(np.sqrt(count)))
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    at = np.column_stack([np.arange(count) % side, np.arange(count) // side]) + draw.random((count, 2))
    phase = draw.random((count, 2, 1)) * 6
    wave = 0.8 + 0.15 * np.sin(5 * turn + phase[:, 0]) + 0.08 * np.sin(17 * turn + phase[:, 1])
    radius = _WIDE / side / 2 * (wave + draw.normal(0, 0.3 / vertices, (count, vertices)))
    lon = _WEST + _WIDE * at[:, :1] / side + radius * np.cos(turn)
    lat = _SOUTH + _HIGH * at[:, 1:] / side + radius * 0.8 * np.sin(turn)
    return shapely.polygons(np.stack([lon, lat], -1))


def overlay(parcels: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> Any:
    """Do as the documentation of geopandas does, and measure."""
    return straight_area_m2(gpd.overlay(parcels, zones).geometry)


def ask_duckdb(parcels: Any, zones: Any) -> Any:
    """Return a task that sums common areas in DuckDB; shapes are tables of it before the clock runs."""
    import duckdb

    base = duckdb.connect()
    base.execute("LOAD spatial")
    for name, shapes in (("parcels", parcels), ("zones", zones)):
        table = pd.DataFrame({"wkb": shapely.to_wkb(shapes)})
        base.execute(f"CREATE TABLE {name} AS SELECT ST_GeomFromWKB(wkb) AS shape FROM table")
        del table
    query = (
        "SELECT sum(ST_Area(ST_Intersection(p.shape, z.shape))) FROM parcels p "
        "JOIN zones z ON ST_Intersects(p.shape, z.shape)"
    )
    return lambda: base.execute(query).fetchone()[0]


def _load_duckdb(sheet: Sheet) -> bool:
    if not is_there(sheet, "duckdb"):
        return False
    import duckdb

    try:
        if is_there(sheet, "duckdb_extensions"):
            from duckdb_extensions import import_extension

            import_extension("spatial")
        duckdb.connect().execute("LOAD spatial")
    except duckdb.Error as error:
        sheet.note(f"DuckDB without its extension spatial: no comparison ({str(error).splitlines()[0][:80]})")
        return False
    return True


def classify(parcels: Any, count: int = 10) -> Any:
    """Return classes in large patches with scattered exceptions, as land use is."""
    lon, lat = shapely.get_coordinates(shapely.centroid(parcels)).T
    noise = np.random.default_rng(3).normal(0, 0.15, len(parcels))
    wave = np.sin(lon * 60) + np.cos(lat * 70) + noise
    return np.clip(((wave + 2) / 4 * count).astype(int), 0, count - 1)


def soil(parcels: Any, seed: int = 4) -> Any:
    """Return polygons as they come: moved by centimetres, so that many overlap; some cross themselves."""
    draw = np.random.default_rng(seed)
    rings = shapely.get_coordinates(shapely.get_exterior_ring(parcels)).reshape(len(parcels), -1, 2)[:, :-1]
    rings = rings + draw.normal(0, 3e-7, rings.shape)
    rings[::97, 1:3] = rings[::97, 2:0:-1]
    return shapely.polygons(rings)


def measure(sheet: Sheet) -> None:
    """Intersection areas, dissolve, and a partition of dirty polygons."""
    sheet.begin("Overlays (geopandas, DuckDB spatial)")
    parcels, zones = lay_parcels(PARCELS), lay_zones(ZONES)
    left, right = (
        gpd.GeoDataFrame({n: range(len(s))}, geometry=s, crs=4490) for n, s in (("p", parcels), ("z", zones))
    )
    tasks: dict[str, Task] = {
        "ours": lambda: intersect_areas(parcels, zones),
        "geopandas.overlay": lambda: overlay(left, right),
    }
    asked = {"geopandas.overlay": OVERLAY}
    if _load_duckdb(sheet):
        tasks["duckdb"] = ask_duckdb(parcels, zones)
    sheet.compare(f"areas of {PARCELS} parcels in {ZONES} zones", sheet.race(tasks), asked)
    missed = abs(intersect_areas(parcels, zones).area.sum() - overlay(left, right).sum())
    sheet.bound("sum of areas: difference to geopandas.overlay", float(missed), 1.0, "m²")
    labels = classify(parcels)
    left["class"] = labels
    seen = sheet.race(
        {"ours": lambda: dissolve(parcels, labels), "geopandas.dissolve": lambda: left.dissolve("class")}
    )
    sheet.compare(f"dissolve of {PARCELS} parcels to 10 classes", seen, {"geopandas.dissolve": DISSOLVE})
    _measure_partition(sheet)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sheet.note(f"peak memory of the process, rivals and data included: {peak:.2f} GiB")


def _measure_partition(sheet: Sheet) -> None:
    dirty = soil(lay_parcels(DIRTY))
    area = shapely.box(_WEST + 0.01, _SOUTH + 0.01, _WEST + _WIDE - 0.01, _SOUTH + _HIGH - 0.01)
    begin = time.perf_counter()
    made = partition(area, repair_polygons(dirty), 1e-9)
    seconds = time.perf_counter() - begin
    missed = abs(straight_area_m2(made.faces).sum() - straight_area_m2([area]).sum())
    sheet.bound(f"partition of {DIRTY} dirty polygons ({len(made.faces)} faces)", seconds, PARTITION_S, "s")
    sheet.bound("faces miss the area by", float(missed), 1.0, "m²")


if __name__ == "__main__":
    sys.exit(run_alone(measure))
