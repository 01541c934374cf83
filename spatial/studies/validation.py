"""Validation: a data file held against a profile of layers, judged from its fields to its topology."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spatial.checks.profile import coverage, shapes, structure, values
from spatial.checks.profile.subject import Holding, Subject
from spatial.engine.crs import looks_like_degrees, parse_crs, transform_shapes
from spatial.errors import CrsError
from spatial.outputs.answers.validationfiles import Report, write_report
from spatial.pipeline import list_layers
from spatial.plan.base import Text
from spatial.plan.datasets import DataLayer, Dataset
from spatial.plan.findings import STORED_CRS, Finding, frame_findings
from spatial.plan.profiles import Measures, Profile, read_measures, read_profile
from spatial.sources.databases import read_database
from spatial.version import __version__

Progress = Callable[[str, int, int], None]
_ROOMS = (structure, values, shapes, coverage)


@dataclass(frozen=True)
class Validation:
    """What came of it.

    Parameters
    ----------
    findings : geopandas.GeoDataFrame
        Worst first, EPSG:4490.
    layers : dict of str to int
        Layers that were checked and how many rows each has.
    profile : Profile
    notes : tuple of str
        What a reader should know, in both languages.
    files : tuple of Path
        What was written.
    """

    findings: gpd.GeoDataFrame
    layers: dict[str, int]
    profile: Profile
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error: exit code 1."""
        return bool((self.findings["severity"] == "error").any())


def validate_data(
    path: str | Path,
    profile: str,
    *,
    out: Path | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> Validation:
    """Hold a data file against a profile.

    Parameters
    ----------
    path : path-like
        A GeoPackage, a file geodatabase, a Shapefile or a folder of them.
    profile : str
        Such as ``planning``; `list_profiles` has all.
    out : Path, optional
        Folder for findings as layer, table and workbook; nothing is written unless given.
    encoding : str, optional
        Of Shapefiles that do not say theirs.
    progress : callable, optional
        Called with (step, done, total).

    Returns
    -------
    Validation

    Raises
    ------
    PlanError
        No such profile.
    SourceError
        A file that cannot be read at all; what is wrong in one that can be is a finding.
    OutputError
        A file cannot be written.
    """
    chosen, measures = read_profile(profile), read_measures()
    data = read_database(path, encoding=encoding)
    holding = hold_data(data, chosen, measures)
    found = judge_data(holding, progress)
    frame = frame_findings(found)
    made = Validation(
        frame, {one.data.name: len(one.data.table) for one in holding.subjects}, chosen, _note(holding)
    )
    if out is None:
        return made
    report = Report(
        findings=frame,
        contract=list_layers()["findings"],
        titles={f"database.{rule}": measures.title(rule) for rule in measures.rules},
        source=Path(path).name,
        profile=chosen.title,
        provenance={"source": Path(path).name, "profile": profile, "rules": measures.table.version,
                    "tool": __version__},
        stamp=dt.date.fromtimestamp(Path(path).stat().st_mtime),
        notes=tuple(Text(zh=note, en=note) for note in made.notes),
    )  # fmt: skip
    return Validation(frame, made.layers, chosen, made.notes, write_report(report, out))


def hold_data(data: Dataset, profile: Profile, measures: Measures) -> Holding:
    """Set the layers of a data file beside those of a profile; a layer's own name goes before other names."""
    layers = {layer.name.lower(): layer for layer in reversed(data.layers)}
    subjects = []
    for spec in profile.layers.values():
        names = [name.lower() for name in (spec.name, *spec.aliases)]
        found = next((layers[name] for name in names if name in layers), None)
        if found is not None:
            placed, in_degrees = _place(found)
            subjects.append(Subject(found, spec, profile, measures, placed, in_degrees))
    return Holding(data, profile, measures, tuple(subjects))


def judge_data(holding: Holding, progress: Progress | None = None) -> list[Finding]:
    """Run every check: of the file, and of each of its layers."""
    steps = [(step, subject) for room in _ROOMS for step in room.LAYER_STEPS for subject in holding.subjects]
    total = len(steps) + sum(len(getattr(room, "FILE_STEPS", ())) for room in _ROOMS)
    found, done = list[Finding](), 0
    for step, subject in steps:
        if progress:
            progress(subject.data.name, done, total)
        found += step(subject)
        done += 1
    for room in _ROOMS:
        for check in getattr(room, "FILE_STEPS", ()):
            if progress:
                progress("all", done, total)
            found += check(holding)
            done += 1
    return found


def _place(layer: DataLayer) -> tuple[npt.NDArray[np.object_], bool]:
    """Return a layer's shapes in EPSG:4490, None where that cannot be told, and whether it is in degrees."""
    nowhere = np.full(len(layer.shapes), None, dtype=object)
    flat = shapely.force_2d(layer.shapes)
    coordinates, owner = shapely.get_coordinates(flat, return_index=True)
    flat[np.unique(owner[~np.isfinite(coordinates).all(axis=1)])] = None
    there = ~(shapely.is_missing(flat) | shapely.is_empty(flat))
    if not there.any():
        return flat, False
    stated = layer.crs or (STORED_CRS if looks_like_degrees(shapely.total_bounds(flat[there])) else None)
    if stated is None:
        return nowhere, False
    try:
        crs = parse_crs(stated)
        crs = crs.sub_crs_list[0] if crs.is_compound else crs
        moved = nowhere
        moved[there] = transform_shapes(flat[there], crs, STORED_CRS)
    except CrsError:
        return np.full(len(layer.shapes), None, dtype=object), False
    bounds = shapely.total_bounds(moved[there])
    if not looks_like_degrees(bounds):
        return np.full(len(layer.shapes), None, dtype=object), False
    return moved, bool(crs.is_geographic)


def _note(holding: Holding) -> tuple[str, ...]:
    """Return what a reader should know of how it was judged."""
    notes = []
    if any(subject.data.counts_bytes for subject in holding.subjects):
        notes.append(
            "Shapefile 字段长度按编码后的字节计，其他格式按字符计 "
            "widths are bytes in a Shapefile and characters elsewhere"
        )
    if holding.territory is None:
        name = holding.profile.territory
        notes.append(
            f"没有可用的 {name} 图层，未检查越界、对全域的缝隙与面积之和 "
            f"there is no usable layer {name}: land outside, gaps to it and sums were not checked"
        )
    lost = [
        one.data.name for one in holding.subjects if len(one.shapes) and shapely.is_missing(one.shapes).all()
    ]
    lost = [
        name for name in lost if any(one.data.geometry for one in holding.subjects if one.data.name == name)
    ]
    if lost:
        notes.append(
            f"坐标无法落到 CGCS2000，未检查图形：{'、'.join(lost)} their shapes were not checked, for they "
            "cannot be placed in CGCS2000"
        )
    return tuple(notes)
