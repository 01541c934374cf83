"""Where people live: points or polygons with a count, from a source or from the towns."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.plan.findings import STORED_CRS
from spatial.plan.picking import find_miscounts
from spatial.plan.records import Population


def population_problem(
    population_spec: Population | None, source_frames: dict[str, gpd.GeoDataFrame], towns: gpd.GeoDataFrame
) -> str:
    """Say in Chinese and English why people cannot be counted; empty where they can.

    A missing, negative or unreadable count is never taken for zero; the first row with one is named, counted
    from 1, with its id and value. For an absent column those that are there are listed.
    """
    if population_spec is None:
        if len(towns) and towns["people"].notna().all():
            return ""
        return "无人口来源，各镇人口也不齐 · no population source, and not all towns have people"
    source = population_spec.source
    return find_miscounts(source_frames[source], source, population_spec.column)


def residents(
    population_spec: Population | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    towns: gpd.GeoDataFrame,
    population_problem: str,
) -> gpd.GeoDataFrame:
    """Return where people live: ``people, geometry`` in EPSG:4490.

    From the population source, else from the seats of the towns if all towns have people; empty where
    there is a `population_problem`.
    """
    if population_problem:
        return gpd.GeoDataFrame({"people": np.zeros(0)}, geometry=[], crs=STORED_CRS)
    frame = towns if population_spec is None else source_frames[population_spec.source]
    column = "people" if population_spec is None else population_spec.column
    counts = pd.to_numeric(frame[column]).to_numpy(dtype=float)
    return gpd.GeoDataFrame({"people": counts}, geometry=frame.geometry.to_numpy(), crs=STORED_CRS)
