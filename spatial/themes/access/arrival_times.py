"""Arrival times 到达时间: in how many minutes each circle reaches each town and point, inside or beyond."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from spatial.plan.contract import Column, layer
from spatial.plan.records import Circle


@layer(
    "到达时间", "Arrival times", "none",
    needs=("circles",),
    name_en=Column("text", "英文名称", "English name"),
    circle=Column("text", "圈层", "Circle"),
    target=Column("text", "对象标识", "Target id"),
    method=Column("text", "测算方法", "Method"),
    state=Column("text", "圈内外", "Inside or not"),
    time_min=Column("number", "到达时间（分钟）", "Arrival (min)", nullable=True),
    limit_min=Column("number", "时间限值（分钟）", "Time limit (min)"),
    margin_min=Column("number", "时间余量（分钟）", "Margin (min)", nullable=True),
    accuracy_m=Column("number", "位置精度（米）", "Accuracy (m)", nullable=True),
    accuracy_min=Column("number", "位置精度折合时间（分钟）", "Accuracy as time (min)", nullable=True),
    offset_m=Column("number", "距最近道路（米）", "From the nearest road (m)", nullable=True),
)  # fmt: skip
def circle_times(circle_specs: tuple[Circle, ...], circle_margins: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return who is inside each circle and who is not, with minutes; earliest first.

    `state` is that of `circle_margins`: ``inside``, ``beyond``, ``unreached`` (no way leads there),
    ``unsnapped`` (no road near) or ``unknown`` (the circle cannot be made); of the last three there are no
    minutes. `margin_min` is the limit less the arrival, so negative is too late.
    """
    limits = {circle.id: circle.time_min for circle in circle_specs}
    rank = {circle.id: place for place, circle in enumerate(circle_specs)}
    columns = circle_times.__dict__["contract"].all_columns()
    frame = pd.DataFrame(circle_margins.drop(columns=["geometry", "margin_min"]))
    frame["id"] = frame["circle"] + "-" + frame["target"]
    frame["time_min"] = frame["minutes"]
    frame["limit_min"] = frame["circle"].map(limits).astype("float64")
    frame["margin_min"] = frame["limit_min"] - frame["time_min"]
    order = frame.assign(place=frame["circle"].map(rank)).sort_values(["place", "time_min", "id"]).index
    kinds = {name: "float64" if column.kind == "number" else "str" for name, column in columns.items()}
    return frame.loc[order, list(columns)].reset_index(drop=True).astype(kinds)
