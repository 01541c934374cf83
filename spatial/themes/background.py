"""What a planner finds his way by: roads and rivers, as the plan's sources draw them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import length_m
from spatial.engine.travel.network import Mode, Network
from spatial.plan.contract import Column, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Background, Roads

_GRADES = {
    "motorway": "expressway", "trunk": "trunk", "primary": "primary", "secondary": "secondary",
    "motorway_link": "expressway", "trunk_link": "trunk", "primary_link": "primary", "ferry": "ferry",
}  # fmt: skip
"""Classes of a network that are drawn, and the grades that styles know them by."""
_COLUMNS = {
    "name_en": Column("text", "英文名称", "English name"),
    "grade": Column("text", "等级", "Grade"),
    "length_km": Column("number", "长度（公里）", "Length (km)"),
    "source": Column("text", "来源", "Source"),
    "illustrative": Column("truth", "示意", "Illustrative"),
}


@layer("道路", "Roads", "LineString", needs=("roads",), **_COLUMNS)
def roads(
    road_spec: Roads | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    road_networks: dict[Mode, Network],
    territory: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the roads within the territory with their grade; none without `roads` in the plan.

    Parameters
    ----------
    road_spec : Roads or None
        Source and the column of the grade.
    source_frames : dict
        Sources by name, EPSG:4490.
    road_networks : dict
        Networks by mode. An OpenStreetMap extract is no frame: of it, the greater roads of a network are
        drawn, if there is one.
    territory : geopandas.GeoDataFrame
        One polygon, EPSG:4490; roads are cut at its border.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490; `grade` is ``other`` where the source gives none; geodesic length in km.
    """
    frame = source_frames.get(road_spec.source) if road_spec else None
    if road_spec is not None and frame is None and road_networks:
        frame = _draw_network(next(iter(road_networks.values())), road_spec)
    return _cut_lines("road", road_spec, frame, territory)


@layer("河流", "Rivers", "LineString", needs=("rivers",), **_COLUMNS)
def rivers(
    river_spec: Background | None, source_frames: dict[str, gpd.GeoDataFrame], territory: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the rivers of the plan with their grade, whole, since a river may be the border.

    See `roads`; only the cut at the border is left out.
    """
    frame = source_frames.get(river_spec.source) if river_spec else None
    return _cut_lines("river", river_spec, frame, None)


def _draw_network(network: Network, spec: Roads) -> gpd.GeoDataFrame:
    """Return the greater roads of a network as a source of lines gives them, pieces of one road as one."""
    grade = np.array([_GRADES.get(word, "") for word in network.road_class], dtype=object)
    shown = np.flatnonzero(grade != "")
    pieces = pd.DataFrame({"grade": grade[shown], "name": network.road_name[shown]})
    # A map that names every stretch between two junctions is unreadable.
    which = pieces.groupby(["grade", "name"], sort=True).ngroup().to_numpy()
    order = np.argsort(which, kind="stable")
    whole = shapely.line_merge(shapely.multilinestrings(network.shapes(shown[order]), indices=which[order]))
    first = pieces.iloc[order[np.r_[True, np.diff(which[order]) > 0]]] if len(shown) else pieces
    return gpd.GeoDataFrame(
        {
            "name": first["name"].to_numpy(object),
            "source": spec.source,
            "illustrative": False,
            spec.grade_column: first["grade"].to_numpy(object),
        },
        geometry=transform_shapes(whole, network.crs, STORED_CRS),
        crs=STORED_CRS,
    )


def _cut_lines(
    kind: str,
    spec: Background | None,
    frame: gpd.GeoDataFrame | None,
    territory: gpd.GeoDataFrame | None,
) -> gpd.GeoDataFrame:
    if spec is None or frame is None:
        frame, shapes = gpd.GeoDataFrame({"name": [], "source": [], "illustrative": []}), np.empty(0, object)
    else:
        shapes = frame.geometry.to_numpy()
        if territory is not None:
            shapes = shapely.intersection(shapes, territory.geometry.union_all())
    lines = np.isin(shapely.get_type_id(shapes), (1, 5)) & ~shapely.is_empty(shapes)
    frame, shapes = frame[lines], shapes[lines]
    numbers = [f"{kind}-{number:04d}" for number in range(1, len(frame) + 1)]
    columns = {
        "id": np.array(numbers, dtype=object),
        "name": frame["name"].to_numpy(object),
        "name_en": _read_text(frame, "name_en", ""),
        "grade": _read_text(frame, spec.grade_column if spec else "", "other"),
        "length_km": length_m(shapes) / 1000,
        "source": frame["source"].to_numpy(object),
        "illustrative": frame["illustrative"].to_numpy(bool),
    }
    made = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=STORED_CRS), crs=STORED_CRS)
    texts = ("id", "name", "name_en", "grade", "source")
    return made.astype(dict.fromkeys(texts, "str"))


def _read_text(frame: gpd.GeoDataFrame, column: str, default: str) -> np.ndarray:
    if column not in frame.columns:
        return np.full(len(frame), default, dtype=object)
    values = frame[column]
    return values.astype(object).where(values.notna(), default).astype(str).to_numpy(object)
