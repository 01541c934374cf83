"""Margins of circles: when each town and point is reached, and how far that is within or beyond the time."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import distance_m
from spatial.engine.rings.treks import Trek
from spatial.engine.travel.departures import index_open_roads
from spatial.engine.travel.journeys import Journey, Visit
from spatial.engine.travel.network import Floats, Mode, Network
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Circle, Roads

_COLUMNS = [
    "circle", "target", "name", "name_en", "method", "state", "minutes", "margin_min", "margin_m",
    "accuracy_m", "accuracy_min", "offset_m", "geometry",
]  # fmt: skip
_NOTHING: dict[str, Any] = {
    "state": "unknown", "minutes": np.nan, "margin_min": np.nan, "margin_m": np.nan,
    "accuracy_min": np.nan, "offset_m": np.nan,
}  # fmt: skip


def circle_targets(towns: gpd.GeoDataFrame, structure: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the towns and the points of the structure: ``target, name, name_en, accuracy_m, geometry``.

    A point that lies on a town's seat is as accurate as that seat.
    """
    points = structure[structure.geom_type == "Point"]
    seats = np.concatenate([towns.geometry.to_numpy(), points.geometry.to_numpy()])
    keys = shapely.to_wkb(seats)
    accuracy = dict(zip(keys, towns["accuracy_m"], strict=False))
    named = pd.concat(
        [towns[["id", "name", "name_en"]], points[["id", "name", "name_en"]]], ignore_index=True
    )
    columns = named.rename(columns={"id": "target"}).assign(
        name_en=named["name_en"].where(named["name_en"] != "", named["name"]),
        accuracy_m=np.array([accuracy.get(key, np.nan) for key in keys], dtype=float),
    )
    return gpd.GeoDataFrame(columns, geometry=seats, crs=STORED_CRS)


def circle_margins(
    *,
    circle_specs: tuple[Circle, ...],
    circle_reaches: gpd.GeoDataFrame,
    circle_journeys: dict[str, Journey | Trek],
    circle_targets: gpd.GeoDataFrame,
    road_networks: dict[Mode, Network],
    road_spec: Roads | None,
) -> gpd.GeoDataFrame:
    """Return when each circle reaches each town's seat and each point of the structure.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490, one row for each circle and target: ``circle, target, name, name_en, method, state,
        minutes, margin_min, margin_m, accuracy_m, accuracy_min, offset_m, geometry`` (the seat).
        `margin_min` is `minutes` less the circle's, so 0 or less is inside. `state` is ``inside``,
        ``beyond``, ``unreached`` (no way leads there), ``unsnapped`` (no road near) or ``unknown`` (the
        circle cannot be made); of the last three `minutes` and `margin_min` are NaN. `margin_m` is the
        ellipsoidal distance beyond the radius, of buffers only; `offset_m` that to the nearest road.

    Notes
    -----
    Along roads, arrival is that at the nearest place of a road that can be left to the side, and the way from
    there at the speed off the road. `accuracy_min` is the accuracy of the seat at the circle's speed, or at
    the speed of that road. Over the ground it is the arrival at the seat itself; `unsnapped` then says that
    it stands where there is no path.
    """
    tables = [
        circle_targets.assign(
            circle=circle.id,
            method=circle.method,
            **(
                _measure_straight(circle, reach, circle_targets)
                if circle.method == "buffer"
                else _measure_journey(
                    circle, circle_journeys[circle.id], circle_targets, road_networks, road_spec
                )
            ),
        )
        for circle, reach in zip(circle_specs, circle_reaches.itertuples(), strict=True)
    ]
    empty = circle_targets.iloc[:0].assign(circle="", method="", **_NOTHING)
    frame = pd.concat(tables or [empty], ignore_index=True)[_COLUMNS]
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=STORED_CRS)


def _measure_straight(circle: Circle, reach: Any, targets: gpd.GeoDataFrame) -> dict[str, Any]:
    if reach.geometry is None:
        return _NOTHING
    away_m = distance_m(targets.geometry.to_numpy(), reach.geometry)
    pace = reach.radius_m / circle.time_min
    margin_m = away_m - reach.radius_m
    return {
        "state": np.where(margin_m <= 0, "inside", "beyond"),
        "minutes": away_m / pace,
        "margin_min": margin_m / pace,
        "margin_m": margin_m,
        "accuracy_min": targets["accuracy_m"].to_numpy() / pace,
        "offset_m": np.nan,
    }


def _measure_journey(
    circle: Circle,
    journey: Journey | Trek,
    targets: gpd.GeoDataFrame,
    networks: dict[Mode, Network],
    spec: Roads | None,
) -> dict[str, Any]:
    if journey.problem or circle.mode == "bus":
        return _NOTHING
    if isinstance(journey, Trek):
        return _tell_visit(circle, journey.visit(_project(targets, journey.crs)), targets)
    if spec is None:
        return _NOTHING
    network = networks[circle.mode]
    index = index_open_roads(network, journey.rules)
    visit = journey.visit(network, _project(targets, network.crs), index, spec.snap_m)
    return _tell_visit(circle, visit, targets)


def _project(targets: gpd.GeoDataFrame, crs: str) -> Floats:
    return shapely.get_coordinates(transform_shapes(targets.geometry.to_numpy(), STORED_CRS, crs))


def _tell_visit(circle: Circle, visit: Visit, targets: gpd.GeoDataFrame) -> dict[str, Any]:
    minutes = visit.seconds / 60
    state = np.select(
        [np.isnan(minutes), np.isinf(minutes), minutes <= circle.time_min],
        ["unsnapped", "unreached", "inside"],
        "beyond",
    )
    minutes = np.where(np.isfinite(minutes), minutes, np.nan)
    return {
        "state": state,
        "minutes": minutes,
        "margin_min": minutes - circle.time_min,
        "margin_m": np.nan,
        "accuracy_min": targets["accuracy_m"].to_numpy() / (visit.kmh * 1000 / 60),
        "offset_m": visit.offset_m,
    }
