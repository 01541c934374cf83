"""How rings without a plan look and what their columns are called: graded by minutes, near dark, far pale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.styles import ClassStyle, LabelStyle, LayerStyle, Styles, read_styles

_RAMP = ("#3b1c6b", "#4f5fa8", "#3f93a8", "#7cc49a", "#e3e3a0")
"""From near to far: dark to light in grey print too, told apart by colour-blind readers."""
_DARKER = 0.72

_MEASURES = {
    "area_km2": Column("number", "面积（km²）", "Area (km²)"),
    "network_km": Column("number", "可达道路（km）", "Roads reached (km)"),
    "people": Column("number", "人口", "People", nullable=True),
}
_RING = {
    "origin": Column("text", "起点标识", "Origin"),
    "origin_name": Column("text", "起点", "Origin name"),
    "time_min": Column("number", "时间（分钟）", "Time (min)"),
    "mode": Column("text", "出行方式", "Mode"),
    "direction": Column("text", "方向", "Direction"),
}

CONTRACTS: Mapping[str, Contract] = {
    "rings": Contract("等时圈（累计）", "Rings, cumulative", "Polygon", _RING | _MEASURES),
    "bands": Contract(
        "等时圈（环带）",
        "Bands, disjoint",
        "Polygon",
        {**_RING, "from_min": Column("number", "起始时间（分钟）", "From (min)"), **_MEASURES},
    ),
    "origins": Contract(
        "起点",
        "Origins",
        "Point",
        {
            "snapped": Column("truth", "已接入路网", "On the network"),
            "stands": Column("truth", "可作起点", "A journey can start there"),
            "offset_m": Column("number", "距道路（m）", "To the nearest road (m)", nullable=True),
            "road": Column("text", "道路", "Road"),
        },
    ),
    "network": Contract(
        "路网到达时间",
        "Roads by arrival",
        "LineString",
        {
            "class": Column("text", "道路等级", "Class"),
            "time_min": Column("number", "到达时限（分钟）", "Reached within (min)"),
            "start_min": Column("number", "到达起端（分钟）", "Its start (min)", nullable=True),
            "end_min": Column("number", "到达终端（分钟）", "Its end (min)", nullable=True),
            "length_km": Column("number", "长度（km）", "Length (km)"),
        },
    ),
    "roads": Contract("道路", "Roads", "LineString", {"grade": Column("text", "等级", "Grade")}),
    "findings": Contract(
        "检查结果",
        "Findings",
        "any",
        {
            "rule": Column("text", "规则", "Rule"),
            "severity": Column("text", "级别", "Severity"),
            "layer": Column("text", "图层", "Layer"),
            "feature_id": Column("text", "要素标识", "Feature"),
            "message_zh": Column("text", "说明（中文）", "Message (Chinese)"),
            "message_en": Column("text", "说明（英文）", "Message (English)"),
            "value": Column("number", "数值", "Value", nullable=True),
            "limit": Column("number", "限值", "Limit", nullable=True),
        },
    ),
}
"""Layers of ``rings.gpkg`` and ``rings.html``; ``roads`` is drawn only."""

_GROUPS = {
    "rings": Text(zh="等时圈", en="Rings"),
    "base": Text(zh="道路", en="Roads"),
    "findings": Text(zh="检查", en="Checks"),
}


def choose_contracts(layers: Mapping[str, pd.DataFrame]) -> dict[str, Contract]:
    """Return the contract of each layer, without the columns that it does not have."""
    chosen = {}
    for name, frame in layers.items():
        whole = CONTRACTS[name]
        columns = {key: column for key, column in whole.columns.items() if key in frame}
        chosen[name] = Contract(whole.zh, whole.en, whole.shape, columns)
    return chosen


def mix_colours(count: int, colours: Sequence[str] = _RAMP) -> list[str]:
    """Return so many colours along a ramp; by default from near to far.

    Examples
    --------
    >>> mix_colours(3)
    ['#3b1c6b', '#3f93a8', '#e3e3a0']
    """
    ramp = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in colours], dtype=float)
    at = np.linspace(0, len(ramp) - 1, count) if count > 1 else np.array([1.0])
    mixed = np.column_stack([np.interp(at, np.arange(len(ramp)), part) for part in ramp.T]).round()
    return ["#" + "".join(f"{int(value):02x}" for value in row) for row in mixed]


def grade_styles(minutes: Sequence[float], *, nearest: bool = False, many: bool = False) -> Styles:
    """Return the styles of rings of these minutes, rising.

    `nearest` says that bands are those of the nearest of several places; of `many` places the names are left
    out.

    Examples
    --------
    >>> list(grade_styles((15, 30)).layers["bands"].classes)
    ['15', '30']
    """
    shipped = read_styles()
    colours = dict(zip(minutes, mix_colours(len(minutes)), strict=True))
    layers = {
        "rings": _style_rings(colours),
        "bands": _style_bands(colours, nearest),
        "network": _style_network(colours),
        "origins": _style_origins(many),
        "roads": style_roads(),
        "findings": shipped.layers["findings"].model_copy(update={"show": False}),
    }
    update = {"groups": _GROUPS, "views": {}, "layers": layers, "paper": shipped.ground}
    return shipped.model_copy(update=update)


def _within(minutes: float) -> Text:
    return Text(zh=f"{minutes:g} 分钟以内", en=f"Up to {minutes:g} minutes")


def _between(low: float, high: float) -> Text:
    return Text(zh=f"{low:g}～{high:g} 分钟", en=f"{low:g} to {high:g} minutes") if low else _within(high)


def _key(minutes: float) -> str:
    return f"{minutes:.9f}".rstrip("0").rstrip(".")


def _darken(colour: str) -> str:
    return "#" + "".join(f"{int(int(colour[at : at + 2], 16) * _DARKER):02x}" for at in (1, 3, 5))


def _style_rings(colours: Mapping[float, str]) -> LayerStyle:
    return LayerStyle(
        title=Text(zh="等时圈（累计）", en="Rings, cumulative"),
        group="rings",
        order=50,
        show=False,
        class_column="time_min",
        graded=True,
        label_column="label",
        label=LabelStyle(size=12, colour="#2f1747", bold=True, place="edge", priority=75),
        tooltip=False,
        details=("origin_name", "time_min", "mode", "direction", "area_km2", "network_km", "people"),
        classes={
            _key(limit): ClassStyle(label=_within(limit), stroke=_darken(colour), width=2.0)
            for limit, colour in colours.items()
        },
    )


def _style_bands(colours: Mapping[float, str], nearest: bool) -> LayerStyle:
    lows = [0.0, *list(colours)[:-1]]
    near = Text(zh="环带（至最近起点）", en="Bands of the nearest place")
    return LayerStyle(
        title=near if nearest else Text(zh="等时圈（环带）", en="Bands, disjoint"),
        group="rings",
        order=20,
        class_column="time_min",
        graded=True,
        label_column="label",
        label=LabelStyle(size=12, colour="#2f1747", bold=True, place="centre", priority=70),
        details=("origin_name", "from_min", "time_min", "area_km2", "network_km", "people"),
        classes={
            _key(limit): ClassStyle(
                label=_between(low, limit), fill=colour, fill_opacity=0.6, stroke=_darken(colour), width=0.8
            )
            for low, (limit, colour) in zip(lows, colours.items(), strict=True)
        },
    )


def _style_network(colours: Mapping[float, str]) -> LayerStyle:
    lows = [0.0, *list(colours)[:-1]]
    return LayerStyle(
        title=Text(zh="路网到达时间", en="Roads by arrival"),
        group="rings",
        order=35,
        show=False,
        class_column="time_min",
        graded=True,
        details=("class", "time_min", "start_min", "end_min", "length_km"),
        classes={
            _key(limit): ClassStyle(label=_between(low, limit), stroke=colour, width=1.6)
            for low, (limit, colour) in zip(lows, colours.items(), strict=True)
        },
    )


def _style_origins(many: bool) -> LayerStyle:
    return LayerStyle(
        title=Text(zh="起点", en="Origins"),
        group="rings",
        order=70,
        label_column=None if many else "name",
        label=LabelStyle(size=13, colour="#1b1b1b", bold=True, priority=90),
        details=("offset_m", "road"),
        classes={
            "all": ClassStyle(
                label=Text(zh="起点", en="Origin"),
                fill="#ffffff",
                fill_opacity=1,
                stroke="#b3260a",
                width=1.2 if many else 2.6,
                radius=2.5 if many else 5,
                halo=None if many else "#ffffff",
            )
        },
    )


def style_roads() -> LayerStyle:
    """Return the style of the roads below rings: greys, by grade."""
    grey = {"main": ("#5c6268", 1.5), "middle": ("#858b91", 0.9), "minor": ("#b4b9be", 0.5)}
    labels = {
        "main": Text(zh="高速、干线公路", en="Motorways, trunk and primary roads"),
        "middle": Text(zh="次要道路", en="Secondary and tertiary roads"),
        "minor": Text(zh="其他道路", en="Other roads"),
    }
    return LayerStyle(
        title=Text(zh="道路", en="Roads"),
        group="base",
        order=30,
        class_column="grade",
        label_column="name",
        label=LabelStyle(size=10, colour="#5c5148", place="along", priority=10, min_zoom=15),
        tooltip=False,
        classes={
            key: ClassStyle(label=labels[key], stroke=colour, width=width)
            for key, (colour, width) in grey.items()
        },
    )
