"""Which source is being read, what the plan says of it, and what was found on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spatial.errors import Fault, SourceError
from spatial.plan.findings import Finding, Severity
from spatial.plan.records import Source

FORMATS = {
    ".gpkg": "GeoPackage", ".shp": "Shapefile", ".geojson": "GeoJSON", ".json": "GeoJSON",
    ".geojsonl": "GeoJSON lines", ".gdb": "FileGDB", ".kml": "KML", ".kmz": "KML", ".csv": "CSV",
    ".fgb": "FlatGeobuf", ".gml": "GML", ".gpx": "GPX", ".dxf": "DXF", ".tab": "MapInfo", ".mif": "MapInfo",
    ".txt": "boundary points 界址点",
}  # fmt: skip
"""File endings that are read, and what they are called. A ``.zip`` may hold any of them."""

EXTRACTS = {".pbf": "OpenStreetMap", ".osm": "OpenStreetMap", ".bz2": "OpenStreetMap", ".gz": "OpenStreetMap"}
"""Endings of OpenStreetMap extracts: read as roads, not as features."""

RASTERS = dict.fromkeys((".tif", ".tiff", ".hgt", ".img", ".asc", ".bil", ".dem"), "raster")
"""Endings of elevation models."""

_OTHER_FORMATS = {
    ".mdb": "open it in ArcGIS and export a file geodatabase (.gdb) or a GeoPackage",
    ".dwg": "save it as DXF, or export a GeoPackage",
    ".rar": "unpack it, or pack it as .zip",
    ".7z": "unpack it, or pack it as .zip",
    ".xlsx": "save the sheet as CSV with columns lon and lat",
    ".xls": "save the sheet as CSV with columns lon and lat",
    ".vrt": "name the file that it points to",
}


@dataclass
class Origin:
    """A source on its way in.

    Parameters
    ----------
    name : str
        Key of the source in the plan; stands in findings as their layer.
    source : Source
        What the plan says of it.
    where : str
        File as the plan writes it, or its URL; stands in messages.
    findings : list of Finding
        Grows while the source is read.
    lenient : bool
        The file was named on the command line, not in a plan: rows whose coordinates cannot be used are left
        out and named, instead of refusing the whole file, and messages speak of options.
    ids : tuple of str
        What the column of ids may be called, in any case, the likeliest first.
    mended : list of (str, str, str)
        Of each shape that was repaired: its id, and what was done in Chinese and English.
    """

    name: str
    source: Source
    where: str
    findings: list[Finding] = field(default_factory=list)
    lenient: bool = False
    ids: tuple[str, ...] = ("id",)
    mended: list[tuple[str, str, str]] = field(default_factory=list)

    def refuse(self, key: str, problem: str, remedy: str) -> SourceError:
        """Return the error that says why this source is not read."""
        return SourceError(Fault(self.where, key, problem, remedy))

    def note(self, rule: str, severity: Severity, zh: str, en: str, **more: Any) -> None:
        """Add a finding; `rule` is what follows ``sources.``, `more` goes to the finding as it is."""
        feature_id = str(more.pop("feature_id", ""))
        self.findings.append(
            Finding(
                f"sources.{rule}",
                severity,
                self.name,
                feature_id,
                f"{self.where}：{zh}",
                f"{self.where}: {en}",
                **more,
            )
        )

    def refuse_format(self, ending: str, formats: Mapping[str, str] = FORMATS) -> None:
        """Refuse a file ending that is not one of `formats`.

        Raises
        ------
        SourceError
            Names the ending and what to do instead.
        """
        if ending.lower() in formats or ending.lower() == ".zip":
            return
        remedy = _OTHER_FORMATS.get(ending.lower(), f"give one of {', '.join([*formats, '.zip'])}")
        what = "vector format" if formats is FORMATS else "format"
        raise self.refuse("", f"{ending or 'a file without ending'} is not a {what} that is read", remedy)


def name_origin(name: str, source: Source, *, lenient: bool = False) -> Origin:
    """Return the origin of a source, before anything is read.

    Examples
    --------
    >>> name_origin("roads", Source(file="roads.gpkg")).where
    'roads.gpkg'
    """
    return Origin(name, source, source.file or source.url or "", lenient=lenient)


def list_some(items: Iterable[object], most: int = 8) -> str:
    """Return the first items in one line, with how many more there are.

    Examples
    --------
    >>> list_some(range(5), 3)
    '0, 1, 2 … (5)'
    """
    names = [str(item) for item in items]
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} … ({len(names)})"
