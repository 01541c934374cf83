"""Tables of places: CSV files with two columns of coordinates, or one of WKT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.sources.origin import Origin, list_some
from spatial.sources.tables import as_numbers, read_text, split_text

_PAIRS = (
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
    ("longitude", "latitude"),
    ("经度", "纬度"),
    ("东经", "北纬"),
    ("easting", "northing"),
    ("x", "y"),
    ("横坐标", "纵坐标"),
)
_SHAPES = ("wkt", "geometry", "geom")
Shapes = npt.NDArray[np.object_]


def read_points(origin: Origin, path: Path) -> tuple[pd.DataFrame, Shapes]:
    """Read a CSV file: its columns, and the shape of each row.

    Separators are comma, semicolon or tab. Numbers become numbers, unless a leading zero says that they
    are codes. Rows without coordinates have None.

    Raises
    ------
    SourceError
        No header with coordinates, ragged rows, a coordinate that is not a number (line and value named).

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> from spatial.sources.origin import name_origin
    >>> read_points(name_origin("seats", Source(file="none.csv")), Path("none.csv"))
    Traceback (most recent call last):
    spatial.errors.SourceError: none.csv: cannot be read: No such file or directory; check the file
    """
    frame = split_text(origin, read_text(origin, path))
    shapes = _make_shapes(origin, frame)
    return frame.apply(as_numbers).reset_index(drop=True), shapes


def _make_shapes(origin: Origin, frame: pd.DataFrame) -> Shapes:
    known = {str(name).lower(): str(name) for name in frame.columns}
    for easting, northing in _PAIRS:
        if easting in known and northing in known:
            x = _as_coordinates(origin, frame, known[easting])
            y = _as_coordinates(origin, frame, known[northing])
            whole = np.isfinite(x) & np.isfinite(y)
            shapes = np.full(len(frame), None, dtype=object)
            shapes[whole] = shapely.points(x[whole], y[whole])
            return shapes
    for name in _SHAPES:
        if name in known:
            return _as_shapes(origin, frame[known[name]])
    raise origin.refuse(
        list_some(frame.columns),
        "no two columns are coordinates",
        "name them lon and lat, 经度 and 纬度, easting and northing or x and y, or give a column wkt",
    )


def _as_coordinates(origin: Origin, frame: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    texts = frame[name].str.strip()
    numbers = pd.to_numeric(texts.where(texts != "", None), errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(numbers) & (texts != "").to_numpy())
    if len(wrong) and origin.lenient:
        lines = list_some(texts.index[wrong])
        origin.note(
            "no_number",
            "warning",
            f"“{name}”列有 {len(wrong)} 行不是数值，已舍去（第 {lines} 行）。",
            f"column {name!r} is not a number in {len(wrong)} rows, which were left out (lines {lines}).",
            value=float(len(wrong)),
        )
    elif len(wrong):
        problem = f"line {texts.index[wrong[0]]}: {texts.iloc[wrong[0]]!r} is not a number"
        raise origin.refuse(name, problem, "write decimal degrees or metres, such as 112.59")
    return numbers


def _as_shapes(origin: Origin, texts: pd.Series) -> Shapes:
    try:
        filled = np.array([text.strip() or None for text in texts], dtype=object)
        return np.asarray(shapely.from_wkt(filled), dtype=object)
    except shapely.errors.ShapelyError as error:
        problem = f"is not WKT: {str(error)[:120]}"
        raise origin.refuse(str(texts.name), problem, "write such as POINT (112.59 35.09)") from error
