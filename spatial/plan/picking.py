"""Rows of a source: those that the values of columns pick, and counts that nobody can use."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.plan.findings import STORED_CRS

_GIVEN_COLUMNS = ("id", "name", "source", "illustrative", "geometry")


def select_rows(
    frame: gpd.GeoDataFrame | None, where: Mapping[str, str | int | float]
) -> tuple[gpd.GeoDataFrame, str]:
    """Return the rows of a source whose columns have these values, or one row of nothing and why.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame or None
        A source, with ``id`` and ``illustrative``.
    where : mapping
        Column to value; texts and numbers of one meaning are one.

    Returns
    -------
    rows : geopandas.GeoDataFrame
        Those that fit all of it; a row without geometry where there are none.
    fault : str
        Empty, or ``no source``, ``no column <name>``, ``no match``.
    """
    nothing = gpd.GeoDataFrame({"id": [""], "illustrative": [False]}, geometry=[None], crs=STORED_CRS)
    if frame is None:
        return nothing, "no source"
    fits = np.ones(len(frame), dtype=bool)
    for key, value in where.items():
        if key not in frame.columns:
            return nothing, f"no column {key}"
        fits &= _equals(frame[key], value)
    return (frame[fits], "") if fits.any() else (nothing, "no match")


def _equals(column: pd.Series, value: str | int | float) -> npt.NDArray[np.bool_]:
    """Compare as texts; in a column of numbers, as numbers, so that 1, 1.0 and "1" are one."""
    same = column.notna() & (column.astype(str).str.strip() == str(value).strip())
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        same |= column == pd.to_numeric(str(value), errors="coerce")
    return np.asarray(same, dtype=bool)


def find_miscounts(frame: gpd.GeoDataFrame, source: str, column: str) -> str:
    """Say in Chinese and English why the counts of a source cannot be used; empty where they can.

    A missing, negative or unreadable count is never taken for zero; the first row with one is named, counted
    from 1, with its id and value. For an absent column those that are there are listed.
    """
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
