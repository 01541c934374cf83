"""Stops of public transport from a GTFS feed, as points. Timetables are not read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.errors import Fault, SourceError
from spatial.plan.findings import STORED_CRS, Finding
from spatial.sources.vector import SourceRead

_NEEDED = ("stop_id", "stop_lat", "stop_lon")
_BOARDING = ("", "0")
"""``location_type`` of places where one boards: others are stations, entrances and nodes of paths."""


def read_stops(name: str, path: Path) -> SourceRead:
    """Read the stops of a GTFS feed.

    Parameters
    ----------
    name : str
        Name of the source, for messages and the column ``source``.
    path : Path
        The feed: a ``.zip``, or a folder of its files.

    Returns
    -------
    SourceRead
        Points in EPSG:4490 (GTFS is WGS84, equal to within a metre) with columns ``id`` (``stop_id``),
        ``name``, ``source``, ``illustrative`` (False), ``geometry``. Stations, entrances and stops without
        a place are left out; the latter are a finding.

    Raises
    ------
    SourceError
        No such feed, no ``stops.txt``, a column missing, or no stop with a place.
    """
    table = _read_table(path)
    lost = [column for column in _NEEDED if column not in table]
    if lost:
        raise _refuse(path, f"stops.txt lacks {', '.join(lost)}", "export the feed again")
    kind = table.get("location_type", pd.Series("", index=table.index)).fillna("").str.strip()
    table = table[kind.isin(_BOARDING)]
    lon, lat = (
        pd.to_numeric(table[column], errors="coerce").to_numpy(float) for column in ("stop_lon", "stop_lat")
    )
    placed = (np.abs(lon) <= 180) & (np.abs(lat) <= 90) & ~((lon == 0) & (lat == 0))
    if not placed.any():
        raise _refuse(path, "holds no stop with a place", "export the feed again")
    names = table.get("stop_name", pd.Series("", index=table.index)).fillna("").str.strip()
    frame = gpd.GeoDataFrame(
        {
            "id": table["stop_id"].to_numpy(dtype=object)[placed],
            "name": names.to_numpy(dtype=object)[placed],
            "source": np.full(int(placed.sum()), name, dtype=object),
            "illustrative": np.zeros(int(placed.sum()), dtype=bool),
        },
        geometry=gpd.points_from_xy(lon[placed], lat[placed]),
        crs=STORED_CRS,
    )
    return SourceRead(frame, _find_lost(name, path, table["stop_id"].to_numpy(dtype=object)[~placed]))


def _refuse(path: Path, problem: str, remedy: str) -> SourceError:
    return SourceError(Fault(path.name, "", problem, remedy))


def _read_table(path: Path) -> pd.DataFrame:
    """Read stops.txt, all columns as text."""
    try:
        if path.is_dir():
            data = (path / "stops.txt").read_bytes()
        else:
            with zipfile.ZipFile(path) as feed:
                inside = next((entry for entry in feed.namelist() if entry.split("/")[-1] == "stops.txt"), "")
                data = feed.read(inside) if inside else b""
    except FileNotFoundError as error:
        raise _refuse(path, "no such feed, or no stops.txt in it", "check the path") from error
    except (zipfile.BadZipFile, OSError) as error:
        raise _refuse(
            path, f"is not a GTFS feed: {error}", "give the feed's .zip as it was published"
        ) from error
    if not data.strip():
        raise _refuse(path, "holds no stops.txt", "give the feed's .zip as it was published")
    try:
        table = pd.read_csv(io.BytesIO(data), dtype=str, encoding="utf-8-sig", skipinitialspace=True)
    except (UnicodeDecodeError, pd.errors.ParserError) as error:
        raise _refuse(path, f"stops.txt cannot be read: {error}", "GTFS is CSV in UTF-8") from error
    return table.rename(columns=str.strip)


def _find_lost(name: str, path: Path, lost: npt.NDArray[np.object_]) -> tuple[Finding, ...]:
    if not len(lost):
        return ()
    some = "、".join(map(str, lost[:5])), ", ".join(map(str, lost[:5]))
    return (
        Finding(
            "sources.stop_without_place",
            "warning",
            name,
            "",
            f"{path.name}：{len(lost)} 个站点没有有效坐标（{some[0]}），未读入。",
            f"{path.name}: {len(lost)} stops have no valid place ({some[1]}) and were left out.",
            value=float(len(lost)),
        ),
    )
