"""References to a plan's sources: which file each is and what its bytes hash to, before anything is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spatial.errors import Fault, SourceError
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.reading.references import is_extract
from spatial.plan.records import Roads, Source, Terrain
from spatial.sources.files import hash_parts, list_parts, locate_source
from spatial.sources.origin import EXTRACTS, RASTERS, name_origin
from spatial.sources.tables import TABLES
from spatial.sources.vector import fingerprint_source

Kind = Literal["features", "table", "extract", "raster", "spare"]
"""How a source is read; ``spare`` is a raster that no part of the plan names, and is not read."""
_FORMATS: dict[Kind, Mapping[str, str]] = {
    "table": TABLES, "extract": EXTRACTS, "raster": RASTERS, "spare": RASTERS,
}  # fmt: skip


@dataclass(frozen=True)
class SourceRef:
    """A source of the plan with the hash of its bytes, so that a changed file is read anew."""

    name: str
    source: Source
    folder: str
    sha256: str
    kind: Kind = "features"

    def locate(self) -> Path:
        """Return the file of a table, an extract or a raster."""
        return locate_source(name_origin(self.name, self.source), Path(self.folder), _FORMATS[self.kind])


def reference_sources(
    sources: Mapping[str, Source],
    folder: Path,
    rasters: Collection[str] = (),
    tables: Collection[str] = (),
    unused: Collection[str] = (),
) -> tuple[SourceRef, ...]:
    """Hash the files of all sources.

    Parameters
    ----------
    sources : mapping of str to Source
    folder : Path
        Of the plan.
    rasters : collection of str
        Names of the sources that are rasters. OpenStreetMap extracts are told by their ending.
    tables : collection of str
        Names of the sources that are tables without shapes.
    unused : collection of str
        Names of the sources that the plan says nothing else of; rasters among them are let lie.

    Raises
    ------
    SourceError
        Files that cannot be read, all at once.
    """
    references, faults = [], list[Fault]()
    for name, source in sources.items():
        try:
            kind = _tell_kind(name, source, rasters, tables, unused)
            references.append(_reference(name, source, folder, kind))
        except SourceError as error:
            faults += error.faults
    if faults:
        raise SourceError(faults)
    return tuple(references)


def _tell_kind(
    name: str, source: Source, rasters: Collection[str], tables: Collection[str], unused: Collection[str]
) -> Kind:
    place = source.file or source.url or ""
    if name in rasters:
        return "raster"
    if name in tables:
        return "table"
    if is_extract(place):
        return "extract"
    is_spare = name in unused and place.lower().endswith(tuple(RASTERS))
    return "spare" if is_spare else "features"


def _reference(name: str, source: Source, folder: Path, kind: Kind) -> SourceRef:
    if kind == "features":
        return SourceRef(name, source, str(folder), fingerprint_source(source, folder))
    origin = name_origin(name, source)
    path = locate_source(origin, folder, _FORMATS[kind])
    try:
        return SourceRef(name, source, str(folder), hash_parts(list_parts(path), path.parent), kind)
    except OSError as error:
        problem, remedy = f"cannot be read: {error.strerror}", "check the file's permissions"
        raise origin.refuse("", problem, remedy) from error


def list_rasters(
    road_spec: Roads | None, terrain_spec: Terrain | None = None, evaluation_spec: Evaluation | None = None
) -> frozenset[str]:
    """Return the names of the sources that the plan uses as rasters."""
    used = {road_spec.elevation} if road_spec else set()
    used |= {terrain_spec.elevation, terrain_spec.land_cover} if terrain_spec else set()
    used |= {factor.source for factor in evaluation_spec.factors.values()} if evaluation_spec else set()
    return frozenset(name for name in used if name)
