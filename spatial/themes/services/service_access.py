"""Access to public services 公共服务可达性: what each place of people reaches, in how long, and what not."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.engine.travel.network import Floats, Truths
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.themes.services.service_travel import Times
from spatial.themes.services.services import People


@layer(
    "公共服务可达性", "Access to public services", "any",
    needs=("services", "roads"),
    district=Column("text", "行政区", "District"),
    people=Column("number", "人口", "People"),
    services=Column("integer", "适用服务数", "Services"),
    within=Column("integer", "达标服务数", "Services within the standard"),
    met_share=Column("number", "达标服务占比", "Share of services within the standard", nullable=True),
    missing=Column("text", "未达标服务", "Services beyond the standard"),
    worst=Column("text", "差距最大的服务", "Service farthest beyond its standard"),
    worst_min=Column("number", "该服务时间（分钟）", "Minutes to it (min)", nullable=True),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def service_access(
    service_people: People, service_measures: tuple[Times, ...], service_units: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the places of people with how many services they reach within the standard, and which not.

    Journeys begin at a point inside polygons. A service counts where its group has people. `people` are
    those of the plan's first group that can be counted. The worst service is that whose minutes exceed
    its standard most, as a multiple; minutes are null where no way leads to a facility.
    """
    frame = service_people.frame
    rows = pd.DataFrame({"name": frame["name"].to_numpy(), "illustrative": frame["illustrative"].to_numpy()})
    rows["id"] = [f"people-{number:05d}" for number in range(1, len(rows) + 1)]
    rows["district"] = service_units["name"].to_numpy(dtype=object)[service_people.unit]
    rows["people"] = next(iter(service_people.groups.values()), np.zeros(len(rows)))
    counted, within, over, minutes = _stack(service_measures, len(rows))
    names = np.array([*(one.service.zh for one in service_measures), ""], dtype=object)
    rows["services"], rows["within"] = counted.sum(axis=1), (counted & within).sum(axis=1)
    some = rows["services"].to_numpy() > 0
    rows["met_share"] = np.divide(
        rows["within"], rows["services"], out=np.full(len(rows), np.nan), where=some
    )
    lacking = counted & ~within
    rows["missing"] = ["、".join(names[:-1][row]) for row in lacking]
    worst = np.where(lacking, over, -np.inf).argmax(axis=1) if len(names) > 1 else np.zeros(len(rows), int)
    worst = np.where(lacking.any(axis=1), worst, -1)
    rows["worst"] = names[worst]
    chosen = np.column_stack([minutes, np.full(len(rows), np.nan)])[np.arange(len(rows)), worst]
    rows["worst_min"] = np.where(np.isfinite(chosen), chosen, np.nan)
    made = gpd.GeoDataFrame(rows, geometry=frame.geometry.to_numpy(), crs=STORED_CRS)
    return shape_rows(made if service_measures else made[:0], service_access)


def _stack(measures: tuple[Times, ...], count: int) -> tuple[Truths, Truths, Floats, Floats]:
    """Return, by place and service: counted, within the standard, minutes as a multiple of it, minutes."""
    if not measures:
        none = np.empty((count, 0))
        return none.astype(bool), none.astype(bool), none, none
    minutes = np.column_stack([one.minutes for one in measures])
    limits = np.array([one.service.limit_min for one in measures])
    counted = np.column_stack([one.weights for one in measures]) > 0
    return counted, minutes <= limits, minutes / limits, minutes


@layer(
    "居住地到各类服务的时间", "Minutes from each place to each service", "none",
    needs=("services", "roads"),
    place=Column("text", "居住地标识", "Place id"),
    service=Column("text", "服务", "Service"),
    service_en=Column("text", "服务英文名", "Service in English"),
    group=Column("text", "人群", "Group"),
    people=Column("number", "人数", "People"),
    limit_min=Column("number", "标准（分钟）", "Standard (min)"),
    time_min=Column("number", "到最近设施（分钟）", "To the nearest facility (min)", nullable=True),
    facility=Column("text", "最近设施", "Nearest facility"),
    state=Column("text", "状态", "State"),
    per_1000=Column("number", "每千人可得容量", "Capacity for each 1000 people", nullable=True),
)  # fmt: skip
def service_times(
    service_people: People,
    service_measures: tuple[Times, ...],
    service_facilities: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return the minutes from each place to the nearest facility of each service, and what capacity is left.

    Places without people of the service's group are left out. Capacity is shared out by the enhanced two-step
    method, Gaussian up to the standard, where every facility of the category has one.
    """
    places = [f"people-{number:05d}" for number in range(1, len(service_people.frame) + 1)]
    called = np.append(service_facilities["name"].to_numpy(dtype=object), "")
    parts = [
        pd.DataFrame({
            "id": [f"{one.service.id}-{place}" for place in places],
            "name": service_people.frame["name"].to_numpy(),
            "place": places,
            "service": one.service.zh,
            "service_en": one.service.en,
            "group": one.service.group,
            "people": one.weights,
            "limit_min": one.service.limit_min,
            "time_min": np.where(np.isfinite(one.minutes), one.minutes, np.nan),
            "facility": called[one.nearest],
            "state": one.states,
            "per_1000": np.nan if one.per_1000 is None else one.per_1000,
        })[one.weights > 0]
        for one in service_measures
    ]  # fmt: skip
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return shape_rows(whole, service_times)
