"""How two scenarios side by side look: lost in orange, gained in blue, kept in grey, one layer a circle."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from spatial.outputs.answers.ringstyles import CONTRACTS as RING_CONTRACTS
from spatial.outputs.answers.ringstyles import style_roads
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.styles import ClassStyle, LabelStyle, LayerStyle, Styles, read_styles

MOST_DRAWN = 12
"""So many circles are drawn, those that differ most; the GeoPackage has them all."""
_LOST, _GAINED, _KEPT = "#c2500a", "#1d6fb8", "#b9bec3"
_GROUPS = {
    "changes": Text(zh="情景对比", en="Comparison"),
    "base": Text(zh="基础地理", en="Base"),
    "findings": Text(zh="检查", en="Checks"),
}
_LAND_TITLES = {
    "zones": Text(zh="三区变化", en="Zones that changed"),
    "lines": Text(zh="三线变化", en="Lines that changed"),
    "conflicts": Text(zh="冲突图斑变化", en="Conflicts that changed"),
}
_CHANGE = Column("text", "变化", "Change")
_ENGLISH = Column("text", "英文名称", "English name")
_AREA = Column("number", "面积（km²）", "Area (km²)")
CONTRACTS: Mapping[str, Contract] = {
    "ring_changes": Contract(
        "圈层变化",
        "Circles: lost, kept, gained",
        "Polygon",
        {
            "name_en": _ENGLISH,
            "circle": Column("text", "圈层", "Circle"),
            "time_min": Column("number", "时间（分钟）", "Time (min)"),
            "change": _CHANGE,
            "area_km2": _AREA,
            "people": Column("number", "人口", "People", nullable=True),
        },
    ),
    "place_changes": Contract(
        "地点时间变化",
        "Places: minutes before and after",
        "Point",
        {
            "name_en": _ENGLISH,
            "place": Column("text", "地点标识", "Place"),
            "circle": Column("text", "圈层", "Circle"),
            "circle_name": Column("text", "圈层名称", "Circle name"),
            "circle_name_en": Column("text", "圈层英文名称", "Circle name in English"),
            "change": _CHANGE,
            "minutes_before": Column("number", "前（分钟）", "Before (min)", nullable=True),
            "minutes_after": Column("number", "后（分钟）", "After (min)", nullable=True),
            "difference_min": Column("number", "相差（分钟）", "Difference (min)", nullable=True),
            "state_before": Column("text", "前状态", "State before"),
            "state_after": Column("text", "后状态", "State after"),
            "band_before_min": Column("number", "前所在圈（分钟）", "Band before (min)", nullable=True),
            "band_after_min": Column("number", "后所在圈（分钟）", "Band after (min)", nullable=True),
        },
    ),
    "land_changes": Contract(
        "用途变化",
        "Land: lost and gained by kind",
        "Polygon",
        {
            "name_en": _ENGLISH,
            "layer": Column("text", "图层", "Layer"),
            "key": Column("text", "类别", "Kind"),
            "change": _CHANGE,
            "area_km2": _AREA,
        },
    ),
    "road_changes": Contract(
        "道路变化",
        "Roads of one scenario alone",
        "LineString",
        {"name_en": _ENGLISH, "change": _CHANGE, "length_km": Column("number", "长度（km）", "Length (km)")},
    ),
    "roads": RING_CONTRACTS["roads"],
    "origins": RING_CONTRACTS["origins"],
    "findings": RING_CONTRACTS["findings"],
}
"""Layers of ``compare.gpkg`` and ``compare.html``; what lies below them is drawn only."""
_TERMS = {
    "change": {
        "lost": Text(zh="失去", en="Lost"),
        "kept": Text(zh="不变", en="Kept"),
        "gained": Text(zh="新增", en="Gained"),
        "leaves": Text(zh="移出圈外", en="Leaves the circle"),
        "enters": Text(zh="进入圈内", en="Enters the circle"),
        "slower": Text(zh="变慢", en="Slower"),
        "faster": Text(zh="变快", en="Faster"),
        "same": Text(zh="不变", en="Same"),
        "unknown": Text(zh="无法比较", en="Cannot be told"),
    }
}
_STATES = {
    "inside": Text(zh="圈内", en="Inside"),
    "beyond": Text(zh="圈外", en="Beyond"),
    "unreached": Text(zh="不可达", en="Out of reach"),
    "unsnapped": Text(zh="附近无路", en="No road near"),
    "unknown": Text(zh="未知", en="Unknown"),
}


def choose_styles(
    rings: gpd.GeoDataFrame,
    lands: gpd.GeoDataFrame,
    ground: Mapping[str, pd.DataFrame],
    contracts: Mapping[str, Contract],
) -> Styles:
    """Return the styles of a comparison: an entry for each of the circles that differ most.

    Parameters
    ----------
    rings, lands : geopandas.GeoDataFrame
        The layers ``ring_changes`` and ``land_changes``.
    ground : mapping of str to frame
        What is drawn below.
    contracts : mapping of str to Contract
        Of those that a plan made: they keep their looks. Roads of a network are drawn in greys.
    """
    shipped = read_styles()
    layers = {"place_changes": _style_places()}
    # No circle is hidden because its twin differs more: all are in the panel, one is on at first.
    for at, circle in enumerate(rank_circles(rings)[:MOST_DRAWN]):
        rows = rings[rings["circle"] == circle]
        layers[f"ring_changes_{at}"] = _style_circle(circle, rows.iloc[0], first=at == 0)
    moved = bool((rings["change"] != "kept").any())
    for layer in dict.fromkeys(lands["layer"]):
        layers[f"land_changes_{layer}"] = _style_land(layer, show=not moved)
    layers["road_changes"] = _style_road_changes()
    below = {
        name: shipped.layers[name].model_copy(update={"group": "base"})
        for name in ground
        if name in contracts
    }
    if "roads" in ground and "roads" not in contracts:
        below["roads"] = style_roads()
    if "origins" in ground:
        below["origins"] = _style_origins()
    findings = shipped.layers["findings"].model_copy(update={"show": False})
    terms = {**shipped.terms, **_TERMS, "state_before": _STATES, "state_after": _STATES}
    update = {"groups": _GROUPS, "views": {}, "layers": {**layers, **below, "findings": findings}}
    return shipped.model_copy(update=update | {"terms": terms})


def rank_circles(rings: gpd.GeoDataFrame) -> list[str]:
    """Return the circles, those of which most land was lost or gained first."""
    moved = rings["area_km2"].where(rings["change"] != "kept", 0.0)
    sums = moved.groupby(rings["circle"], sort=False).sum()
    return [str(circle) for circle in sums.sort_values(ascending=False, kind="stable").index]


def _style_circle(circle: str, row: pd.Series, *, first: bool) -> LayerStyle:
    return LayerStyle(
        title=Text(zh=f"{row['name']}：增减", en=f"{row['name_en']}: lost and gained"),
        group="changes",
        order=40,
        of="ring_changes",
        where={"circle": (circle,)},
        show=first,
        class_column="change",
        details=("change", "time_min", "area_km2", "people"),
        classes={
            "lost": ClassStyle(
                label=_TERMS["change"]["lost"],
                fill=_LOST,
                fill_opacity=0.75,
                stroke="#8a3800",
                width=1,
                hatch="diagonal",
            ),
            "gained": ClassStyle(
                label=_TERMS["change"]["gained"], fill=_GAINED, fill_opacity=0.75, stroke="#0e4a80", width=1
            ),
            "kept": ClassStyle(
                label=_TERMS["change"]["kept"], fill=_KEPT, fill_opacity=0.5, stroke="#7d848a", width=0.8
            ),
        },
    )


def _style_land(layer: str, *, show: bool) -> LayerStyle:
    lost, gained = (
        Text(zh="不再属于该类", en="No longer of the kind"),
        Text(zh="新属于该类", en="Newly of it"),
    )
    return LayerStyle(
        title=_LAND_TITLES.get(layer, Text(zh=layer, en=layer)),
        group="changes",
        order=42,
        of="land_changes",
        where={"layer": (layer,)},
        show=show,
        class_column="change",
        details=("key", "change", "area_km2"),
        classes={
            "lost": ClassStyle(
                label=lost, fill=_LOST, fill_opacity=0.45, stroke=_LOST, width=1.2, hatch="diagonal"
            ),
            "gained": ClassStyle(
                label=gained, fill=_GAINED, fill_opacity=0.45, stroke=_GAINED, width=1.2, hatch="back"
            ),
        },
    )


def _style_road_changes() -> LayerStyle:
    return LayerStyle(
        title=Text(zh="道路变化", en="Roads of one scenario alone"),
        group="changes",
        order=60,
        class_column="change",
        details=("change", "length_km"),
        classes={
            "lost": ClassStyle(
                label=Text(zh="只在前一方案", en="Only before"),
                stroke=_LOST,
                width=4,
                dash=(7, 4),
                halo="#ffffff",
            ),
            "gained": ClassStyle(
                label=Text(zh="只在后一方案", en="Only after"), stroke=_GAINED, width=4, halo="#ffffff"
            ),
        },
    )


def _style_places() -> LayerStyle:
    looks = {
        "leaves": (_LOST, 8, "triangle"),
        "enters": (_GAINED, 8, "triangle"),
        "slower": ("#f0a878", 5.5, "circle"),
        "faster": ("#8fbfe8", 5.5, "circle"),
        "same": ("#ffffff", 3, "circle"),
        "unknown": ("#d0d0d0", 3, "square"),
    }
    return LayerStyle(
        title=Text(zh="地点时间变化", en="Places: minutes before and after"),
        group="changes",
        order=75,
        class_column="change",
        label_column="label",
        label=LabelStyle(size=12, colour="#1b1b1b", priority=85),
        details=(
            "circle_name", "change", "minutes_before", "minutes_after", "difference_min", "state_before",
            "state_after", "band_before_min", "band_after_min",
        ),
        classes={
            key: ClassStyle(
                label=_TERMS["change"][key],
                fill=fill,
                fill_opacity=1,
                stroke="#333333",
                width=1,
                radius=radius,
                symbol=symbol,
                halo="#ffffff" if radius > 5 else None,
            )
            for key, (fill, radius, symbol) in looks.items()
        },
    )  # fmt: skip


def _style_origins() -> LayerStyle:
    rule = ClassStyle(
        label=Text(zh="起点", en="Origin"),
        fill="#ffffff",
        fill_opacity=1,
        stroke="#1b1b1b",
        width=2.4,
        radius=5,
    )
    return LayerStyle(
        title=Text(zh="起点", en="Origins"),
        group="changes",
        order=78,
        label_column="name",
        label=LabelStyle(size=13, bold=True, priority=90),
        classes={"all": rule},
    )
