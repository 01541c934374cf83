"""Balance by district 分区平衡: the area of each zone and line in each administrative unit."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.plan.contract import Column, layer

_ONE_M2_HA = 1e-4


@layer(
    "分区三区三线汇总", "Zones and lines by district", "none",
    needs=("zones",),
    name_en=Column("text", "英文名称", "English name"),
    district=Column("text", "行政区标识", "District id"),
    section=Column("text", "分类", "Section"),
    key=Column("text", "代码", "Key"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
)  # fmt: skip
def district_balance(
    zones: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    zone_balance: pd.DataFrame,
    districts: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return the area of each zone and line in each administrative unit.

    The areas of a class add up to its whole. They are ellipsoidal, with edges straight in longitude and
    latitude as in `zone_balance`. Where units overlap, the first has the land. What lies in no unit, from one
    square metre up, has rows of its own with an empty `district`. No rows without districts or without zones
    and lines.
    """
    classes = zone_balance[zone_balance["section"].isin(["zone", "line"])]
    grounds = _take_apart(districts.geometry.to_numpy())
    rows = []
    for section, key, whole in classes[["section", "key", "area_ha"]].itertuples(index=False):
        frame = zones if section == "zone" else lines
        shapes = frame.geometry.to_numpy()[(frame[section] == key).to_numpy()]
        areas = [_measure(shapes, ground) for ground in grounds]
        units = zip(districts["id"], districts["name"], districts["name_en"], areas, strict=True)
        rows += [(name, english, unit, section, key, area) for unit, name, english, area in units]
        left = whole - sum(areas)
        if areas and left > _ONE_M2_HA:
            rows.append(("未归入行政区", "In no district", "", section, key, left))
    columns = list(district_balance.__dict__["contract"].all_columns())
    table = pd.DataFrame(rows, columns=columns[1:])
    table["id"] = table["key"].str.replace("_", "-") + "-" + table["district"].replace("", "none")
    return table[columns].astype({name: "float64" if name == "area_ha" else "str" for name in columns})


def _take_apart(shapes: npt.NDArray[np.object_]) -> list[shapely.Geometry]:
    """Return the shapes without what an earlier one has: units of some sources overlap."""
    tree = shapely.STRtree(shapes)
    apart = []
    for place, shape in enumerate(shapes):
        earlier = [other for other in tree.query(shape, predicate="intersects") if other < place]
        apart.append(shapely.difference(shape, shapely.union_all(shapes[earlier])) if earlier else shape)
    return apart


def _measure(shapes: npt.NDArray[np.object_], ground: shapely.Geometry) -> float:
    """Return the hectares of the shapes that lie on a ground."""
    shapely.prepare(ground)
    inside = shapely.covers(ground, shapes)
    cut = shapes[~inside & shapely.intersects(ground, shapes)]
    parts = np.concatenate([shapes[inside], shapely.intersection(cut, ground)])
    return float(straight_area_m2(parts).sum()) / 1e4
