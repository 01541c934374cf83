"""The three files of an answer: database, table and map, each atomically."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from spatial.outputs.files import replacing
from spatial.plan.contract import Contract
from spatial.plan.styles import Styles

if TYPE_CHECKING:
    from spatial.outputs.web.webmap import MapHeading


@dataclass(frozen=True, kw_only=True)
class Papers:
    """What every answer is written with besides its layers.

    Parameters
    ----------
    metric_crs : str
        System of distances.
    provenance : dict
        What went in and how it was reckoned.
    stamp : datetime.date
        Date that the files bear.
    basemap : str
        As `write_webmap` takes it.
    """

    metric_crs: str
    provenance: dict[str, str]
    stamp: dt.date
    basemap: str = "none"


@dataclass(frozen=True)
class Face:
    """Layers as one output shows them: frames in EPSG:4490, their contracts and styles."""

    layers: Mapping[str, gpd.GeoDataFrame]
    contracts: Mapping[str, Contract]
    styles: Styles


def write_trio(
    folder: Path,
    stem: str,
    *,
    stored: Face,
    drawn: Face,
    table: pd.DataFrame,
    heading: MapHeading,
    papers: Papers,
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write ``<stem>.gpkg``, ``<stem>.csv`` and ``<stem>.html`` into a folder.

    Parameters
    ----------
    folder : Path
        Made if absent.
    stem : str
        Name of the files without their endings.
    stored, drawn : Face
        For the database, and for the map.
    table : pandas.DataFrame
        UTF-8 with a byte order mark, as spreadsheets want it.
    heading : MapHeading
    papers : Papers

    Returns
    -------
    tuple of Path, tuple of str
        Files, and what a reader of the map should know.

    Raises
    ------
    OutputError
        A file cannot be written; the last good one stays.
    """
    from spatial.outputs.formats.geopackage import write_geopackage
    from spatial.outputs.web.webmap import write_webmap

    files = tuple(folder / f"{stem}{ending}" for ending in (".gpkg", ".csv", ".html"))
    write_geopackage(
        files[0],
        stored.layers,
        contracts=stored.contracts,
        styles=stored.styles,
        provenance=papers.provenance,
        stamp=papers.stamp,
    )
    with replacing(files[1]) as beside:
        table.to_csv(beside, index=False, encoding="utf-8-sig", lineterminator="\n")
    notes = write_webmap(
        files[2],
        drawn.layers,
        heading=heading,
        styles=drawn.styles,
        contracts=drawn.contracts,
        metric_crs=papers.metric_crs,
        basemap=papers.basemap,
    )
    return files, tuple(notes)
