"""Dirty files for the readers, made as other programs make them."""

from __future__ import annotations

import sqlite3
import struct
import warnings
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from spatial.errors import SourceError
from spatial.plan.records import Source
from spatial.sources.vector import read_source

SQUARE = shapely.box(112.5, 35.0, 112.6, 35.1)
BOWTIE = shapely.Polygon([(112.5, 35.0), (112.6, 35.1), (112.6, 35.0), (112.5, 35.1)])


def write(path: Path, shapes, crs="EPSG:4490", attributes=None, **options) -> Path:
    """Write a vector file as GDAL does, without complaints about what is dirty in it."""
    frame = gpd.GeoDataFrame(attributes or {}, geometry=np.array(shapes, dtype=object), crs=crs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(frame, path, **options)
    return path


def read(path: Path, **said):
    """Read a file as the source `data` of a plan in its folder."""
    return read_source("data", Source(file=path.name, **said), path.parent)


def rules(result) -> list[str]:
    return sorted(finding.rule.removeprefix("sources.") for finding in result.findings)


def finding(result, rule: str):
    (found,) = [item for item in result.findings if item.rule == f"sources.{rule}"]
    assert found.message_zh
    assert found.message_en
    assert found.layer == "data"
    return found


def refusal(path: Path, **said):
    """Return the one fault for which a file is refused; its message always names the file."""
    with pytest.raises(SourceError) as caught:
        read(path, **said)
    (fault,) = caught.value.faults
    assert fault.where.startswith(path.name)
    assert fault.problem
    assert fault.remedy
    return fault


def write_curve(path: Path) -> Path:
    """Write a GeoPackage whose one polygon is a circle: a CURVEPOLYGON of a CIRCULARSTRING."""
    write(path, [SQUARE], SPATIAL_INDEX="NO")
    points = [(112.5, 35.0), (112.6, 35.1), (112.7, 35.0), (112.6, 34.9), (112.5, 35.0)]
    ring = struct.pack("<BII", 1, 8, len(points)) + b"".join(struct.pack("<2d", *point) for point in points)
    blob = b"GP\0\1" + struct.pack("<i", 4490) + struct.pack("<BII", 1, 10, 1) + ring
    with sqlite3.connect(path) as database:
        table, column = database.execute(
            "SELECT table_name, column_name FROM gpkg_geometry_columns"
        ).fetchone()
        database.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'CURVEPOLYGON'")
        database.execute(f'UPDATE "{table}" SET "{column}" = ?', (blob,))
    database.close()
    return path


@pytest.fixture(scope="session")
def dirty():
    """Return the makers and readers of dirty files."""
    return SimpleNamespace(
        write=write, read=read, rules=rules, finding=finding, refusal=refusal, write_curve=write_curve,
        square=SQUARE, bowtie=BOWTIE,
    )  # fmt: skip
