"""Rings without a plan as files: a map, a GeoPackage and a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from spatial.outputs.files import replacing
from spatial.outputs.ringstyles import choose_contracts, grade_styles
from spatial.plan.base import Text


@dataclass(frozen=True)
class RingPapers:
    """What is written besides the layers.

    Parameters
    ----------
    title : Text
        Of the map.
    minutes : tuple of float
        Rising.
    metric_crs : str
        System of distances.
    provenance : dict
        What went in and how it was reckoned.
    stamp : datetime.date
        Date that the files bear.
    basemap : str
        As `write_webmap` takes it.
    """

    title: Text
    subtitle: Text
    minutes: tuple[float, ...]
    metric_crs: str
    provenance: dict[str, str]
    stamp: dt.date
    basemap: str = "none"


def write_rings(
    folder: Path,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    drawn: Mapping[str, gpd.GeoDataFrame],
    table: pd.DataFrame,
    papers: RingPapers,
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write ``rings.html``, ``rings.gpkg`` and ``rings.csv`` into a folder, each atomically.

    Parameters
    ----------
    folder : Path
        Made if absent.
    layers : mapping of str to GeoDataFrame
        For the GeoPackage, EPSG:4490, by the names of `CONTRACTS`, ``findings`` besides.
    drawn : mapping of str to GeoDataFrame
        For the map.
    table : pandas.DataFrame
        For the CSV file, which is UTF-8 with a byte order mark, as spreadsheets want it.
    papers : RingPapers

    Returns
    -------
    tuple of Path, tuple of str
        Files, and what a reader of the map should know.

    Raises
    ------
    OutputError
        A file cannot be written; the last good one stays.
    """
    from spatial.outputs.geopackage import write_geopackage
    from spatial.outputs.webmap import MapHeading, write_webmap

    styles = grade_styles(papers.minutes)
    files = (folder / "rings.gpkg", folder / "rings.csv", folder / "rings.html")
    write_geopackage(
        files[0],
        layers,
        contracts=choose_contracts(layers),
        styles=styles,
        provenance=papers.provenance,
        stamp=papers.stamp,
    )
    with replacing(files[1]) as beside:
        table.to_csv(beside, index=False, encoding="utf-8-sig", lineterminator="\n")
    heading = MapHeading(title=papers.title, subtitle=papers.subtitle, provenance=papers.provenance)
    notes = write_webmap(
        files[2],
        drawn,
        heading=heading,
        styles=styles,
        contracts=choose_contracts(drawn),
        metric_crs=papers.metric_crs,
        basemap=papers.basemap,
    )
    return files, tuple(notes)
