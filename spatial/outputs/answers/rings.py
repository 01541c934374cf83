"""Rings without a plan as files: a map, a GeoPackage and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.travel.network import Network
from spatial.outputs.answers.ringstyles import choose_contracts, grade_styles
from spatial.outputs.answers.trio import Face, Papers, write_trio
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS

_GRADES = {
    "motorway": "main",
    "trunk": "main",
    "primary": "main",
    "secondary": "middle",
    "tertiary": "middle",
}
_ROUND = 0.06
_MOST_NAMED = 30
_MOST_ROADS = 30_000
_FINEST_DEG = 3e-5


@dataclass(frozen=True, kw_only=True)
class RingPapers(Papers):
    """What is written besides the layers.

    Parameters
    ----------
    title, subtitle : Text
        Of the map.
    minutes : tuple of float
        Rising.
    note : Text, optional
        How rings were measured: cells, the way off the road, speeds.
    """

    title: Text
    subtitle: Text
    minutes: tuple[float, ...]
    note: Text | None = None


def write_rings(
    folder: Path,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    drawn: Mapping[str, gpd.GeoDataFrame],
    network: Network | None,
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
        For the map; the roads round them are added.
    network : Network or None
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
    from spatial.outputs.web.webmap import MapHeading

    nearest = layers["bands"]["origin"].nunique() > drawn["bands"]["origin"].nunique()
    many = len(drawn["origins"]) > _MOST_NAMED
    if network is not None:
        drawn = {**drawn, "roads": choose_roads(network, [drawn["rings"], drawn["origins"]])}
    return write_trio(
        folder,
        "rings",
        stored=Face(layers, choose_contracts(layers), grade_styles(papers.minutes)),
        drawn=Face(drawn, choose_contracts(drawn), grade_styles(papers.minutes, nearest=nearest, many=many)),
        table=table,
        heading=MapHeading(
            title=papers.title, subtitle=papers.subtitle, provenance=papers.provenance, note=papers.note
        ),
        papers=papers,
    )


def choose_roads(network: Network, drawn: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return the roads to draw below rings, so that one finds one's way: those round them, cut to their box.

    Parameters
    ----------
    network : Network
    drawn : sequence of GeoDataFrame
        EPSG:4490: what says where the map lies.

    Returns
    -------
    GeoDataFrame
        EPSG:4490, ``name, grade, id``: a row for each name of main and middle roads, and one for all minor
        roads unless they are too many to draw.
    """
    bounds = np.array([frame.total_bounds for frame in drawn if len(frame) and not frame.is_empty.all()])
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    margin = _ROUND * (high - low) + 0.002
    lines = transform_shapes(network.shapes(), network.crs, STORED_CRS)
    cut = shapely.clip_by_rect(lines, *(low - margin), *(high + margin))
    grade = pd.Series(network.road_class.astype(str)).str.removesuffix("_link").map(_GRADES)
    grade = grade.fillna("minor").to_numpy()
    there = ~shapely.is_empty(cut)
    if there.sum() > _MOST_ROADS:
        there &= grade != "minor"
    name = np.where(grade == "minor", "", network.road_name.astype(str))
    joined = pd.DataFrame({"grade": grade[there], "name": name[there], "line": cut[there]})
    joined = joined.groupby(["grade", "name"], as_index=False)["line"].agg(_join_lines)
    ids = [f"road-{number:05d}" for number in range(1, len(joined) + 1)]
    return gpd.GeoDataFrame(joined[["name", "grade"]].assign(id=ids), geometry=joined["line"], crs=STORED_CRS)


def _join_lines(lines: pd.Series) -> shapely.Geometry:
    """Return the lines of one road as few as possible, without vertices that a map does not show."""
    whole = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines.to_numpy())))
    return shapely.simplify(whole, _FINEST_DEG, preserve_topology=False)
