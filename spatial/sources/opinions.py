"""Opinions on projects, read from the GeoPackage that the check of projects writes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from spatial.errors import Fault, SourceError

LAYERS = ("opinions", "projects")


@dataclass(frozen=True, eq=False)
class OpinionFile:
    """What a file of opinions holds.

    Parameters
    ----------
    opinions, projects : geopandas.GeoDataFrame
        As they stand there, in the file's CRS; geometry may be null.
    provenance : dict of str to str
        What they were computed on: ``plan_sha256``, ``source.…`` and the rest.
    """

    opinions: gpd.GeoDataFrame
    projects: gpd.GeoDataFrame
    provenance: dict[str, str]


def read_opinions(path: Path) -> OpinionFile:
    """Read the layers ``opinions`` and ``projects`` of a file, and what they were computed on.

    Parameters
    ----------
    path : Path
        A GeoPackage as ``spatial conform`` writes it.

    Raises
    ------
    SourceError
        No such file, it lacks a layer, or it does not say which plan the opinions were computed on.
    """
    remedy = "give the opinions.gpkg that spatial conform writes 请给出 spatial conform 生成的 opinions.gpkg"
    if not path.is_file():
        raise SourceError(Fault(str(path), "", "there is no such file 文件不存在", remedy))
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        absent = [name for name in LAYERS if name not in layers]
        there = ", ".join(layers) or "none"
        if absent:
            raise SourceError(
                Fault(str(path), name, f"has no layer {name}; it has {there}", remedy) for name in absent
            )
        opinions, projects = (gpd.read_file(path, layer=name) for name in LAYERS)
    except (DataSourceError, DataLayerError) as error:
        raise SourceError(Fault(str(path), "", "cannot be read as opinions", remedy)) from error
    provenance = _read_provenance(path)
    if not provenance.get("plan_sha256"):
        problem = "does not say which plan the opinions were computed on 未记录所依据的规划"
        raise SourceError(
            Fault(str(path), "plan_sha256", problem, "run spatial conform again, and submit its file")
        )
    return OpinionFile(opinions, projects, provenance)


def _read_provenance(path: Path) -> dict[str, str]:
    """Return what a GeoPackage says it was made from; nothing where it says nothing that can be read."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "SELECT metadata FROM gpkg_metadata"
                " WHERE md_standard_uri LIKE 'urn:spatial-planning-toolkit:provenance:%'"
            ).fetchall()
        told = json.loads(rows[0][0]) if rows else {}
    except (sqlite3.Error, ValueError):
        return {}
    return {str(key): str(value) for key, value in told.items()} if isinstance(told, dict) else {}
