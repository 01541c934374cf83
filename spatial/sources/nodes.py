"""The sources as nodes of the pipeline: what is read once, and what each layer starts from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from spatial.errors import Fault, SourceError
from spatial.plan.findings import Finding
from spatial.plan.records import Source, Territory
from spatial.sources import districts
from spatial.sources.vector import SourceRead, fingerprint_source, read_source


@dataclass(frozen=True)
class SourceRef:
    """A source of the plan with the hash of its bytes, so that a changed file is read anew."""

    name: str
    source: Source
    folder: str
    sha256: str


def reference_sources(sources: dict[str, Source], folder: Path) -> tuple[SourceRef, ...]:
    """Hash the files of all sources.

    Raises
    ------
    SourceError
        Files that cannot be read, all at once.
    """
    references, faults = [], list[Fault]()
    for name, source in sources.items():
        try:
            references.append(SourceRef(name, source, str(folder), fingerprint_source(source, folder)))
        except SourceError as error:
            faults += error.faults
    if faults:
        raise SourceError(faults)
    return tuple(references)


def source_reads(source_refs: tuple[SourceRef, ...]) -> dict[str, SourceRead]:
    """Read every source; all refusals are raised together."""
    reads, faults = dict[str, SourceRead](), list[Fault]()
    for ref in source_refs:
        try:
            reads[ref.name] = read_source(ref.name, ref.source, Path(ref.folder))
        except SourceError as error:
            faults += error.faults
    if faults:
        raise SourceError(faults)
    return reads


def source_frames(source_reads: dict[str, SourceRead]) -> dict[str, gpd.GeoDataFrame]:
    """Return the frames of all sources by name, EPSG:4490."""
    return {name: read.frame for name, read in source_reads.items()}


def source_findings(source_reads: dict[str, SourceRead]) -> list[Finding]:
    """Return what was repaired or seen while reading."""
    return [finding for read in source_reads.values() for finding in read.findings]


def boundary(territory_spec: Territory, source_frames: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return the territory as the provider or the source draws it."""
    return districts.read_boundary(territory_spec, source_frames)


def counties(territory_spec: Territory) -> gpd.GeoDataFrame:
    """Return the administrative units one level below the territory; empty without an adcode."""
    return districts.read_counties(territory_spec)


def provider_areas(territory_spec: Territory) -> dict[str, float]:
    """Return the territory's area by each provider, km²; empty without an adcode."""
    return districts.measure_provider_areas(territory_spec.adcode)


def reference_boundary(territory_spec: Territory, boundary: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the provider's boundary that a source's is compared with; empty where none is needed."""
    return districts.read_reference(territory_spec, boundary)
