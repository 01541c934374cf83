"""Where people live: points or polygons with a count, from a source or from the towns."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Population

_GIVEN_COLUMNS = ("id", "name", "source", "illustrative", "geometry")


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


def find_miscounts(frame: gpd.GeoDataFrame, source: str, column: str) -> str:
    """Say in Chinese and English why the counts of a source cannot be used; empty where they can."""
    if column not in frame.columns:
        own = ", ".join(str(name) for name in frame.columns if name not in _GIVEN_COLUMNS)
        return _say(
            f"来源 {source} 无“{column}”列，现有：{own or '无'}",
            f"source {source} has no column {column}; there is {own or 'none'}",
        )
    counts = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = np.flatnonzero(~np.isfinite(counts) | (counts < 0))
    if len(wrong) or not len(frame):
        zh, en = _name_row(frame, column, int(wrong[0])) if len(wrong) else ("", "")
        return _say(
            f"{len(wrong)} 行的“{column}”不是有效数量{zh}",
            f"{len(wrong)} rows of column {column} are no valid count{en}",
        )
    shapes = frame.geometry.to_numpy()
    unplaced = int((~np.isin(shapely.get_dimensions(shapes), (0, 2)) | shapely.is_empty(shapes)).sum())
    if unplaced:
        return f"{unplaced} 行不是点或面 · {unplaced} rows are neither points nor polygons"
    return ""


def _name_row(frame: gpd.GeoDataFrame, column: str, row: int) -> tuple[str, str]:
    value, key = frame[column].iloc[row], frame["id"].iloc[row]
    zh, en = ("空值", "null") if pd.isna(value) else (f"“{str(value)[:40]}”", repr(str(value)[:40]))
    return f"（第 {row + 1} 行 {key}：{zh}）", f" (row {row + 1}, {key}: {en})"


def _say(zh: str, en: str) -> str:
    """Join both languages; the mark between them must not stand in what a file says."""
    return " · ".join(text.replace(" · ", "·") for text in (zh, en))


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
