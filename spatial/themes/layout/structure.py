"""The structure 总体格局: cores 核, belts 带, points 点, axes 轴 and all elements in one layer.

The layers only order and describe the shapes that `spatial.themes.layout.elements` draws.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2, length_m
from spatial.plan.contract import Column, Contract, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.structure import LAYER_OF_KIND, AxisElement, Element, Structure
from spatial.plan.reading.formula import KINDS
from spatial.plan.reading.recipes import write_recipe

_TYPES = {"text": "str", "integer": "int64", "number": "float64", "truth": "bool"}
_COLUMNS = {
    "kind": Column("text", "类型", "Kind"),
    "rank": Column("integer", "级别", "Rank"),
    "name_en": Column("text", "英文名称", "English name"),
    "function": Column("text", "功能", "Function"),
    "function_en": Column("text", "英文功能", "Function in English"),
    "recipe": Column("text", "生成方法", "Recipe"),
    "illustrative": Column("truth", "示意", "Illustrative"),
    "area_km2": Column("number", "面积（平方公里）", "Area (km²)", nullable=True),
    "length_km": Column("number", "长度（公里）", "Length (km)", nullable=True),
}


@layer("总体格局", "Structure", "any", needs=("structure",), **_COLUMNS)
def structure(
    structure_spec: Structure | None,
    structure_shapes: gpd.GeoDataFrame,
    structure_lines: gpd.GeoDataFrame,
    structure_spots: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return all elements that could be made, by importance of their kind, then rank, then as in the plan.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490; polygons, lines and points. `area_km2` (ellipsoidal) is null but for polygons,
        `length_km` (geodesic) null but for lines. Empty without a structure in the plan.
    """
    elements = structure_spec.elements if structure_spec else ()
    names = {element.id: element.name.pick("zh") for element in elements}
    axes = structure_lines[structure_lines["id"].isin([e.id for e in elements if isinstance(e, AxisElement)])]
    drawn = {
        key: (illustrative, shape)
        for frame in (structure_shapes, axes, structure_spots)
        for key, illustrative, shape in zip(frame["id"], frame["illustrative"], _store(frame), strict=True)
    }
    order = list(KINDS)
    made = sorted(
        (element for element in elements if element.id in drawn),
        key=lambda element: (order.index(element.kind), element.rank),
    )
    shapes = np.array([drawn[element.id][1] for element in made], dtype=object)
    rows = [_describe(element, names, drawn[element.id][0]) for element in made]
    kinds = {name: _TYPES[column.kind] for name, column in _contract().all_columns().items()}
    frame = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    dimensions = shapely.get_dimensions(shapes)
    frame["area_km2"] = np.where(dimensions == 2, area_m2(shapes) / 1e6, np.nan)
    frame["length_km"] = np.where(dimensions == 1, length_m(shapes) / 1e3, np.nan)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=STORED_CRS)


@layer("核与中心", "Cores", "Polygon", needs=("structure",), **_COLUMNS)
def cores(structure: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return 核, 心, 极, 主, 副: kinds ``core, centre, pole, main, sub`` of the structure."""
    return _of_layer(structure, "cores")


@layer("发展带", "Belts", "Polygon", needs=("structure",), **_COLUMNS)
def belts(structure: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return 带, 廊, 屏, 网: kinds ``belt, corridor, screen, network`` of the structure."""
    return _of_layer(structure, "belts")


@layer("节点", "Points", "Point", needs=("structure",), **_COLUMNS)
def points(structure: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return 点, 节点: kinds ``point, node`` of the structure."""
    return _of_layer(structure, "points")


@layer("发展轴", "Axes", "LineString", needs=("structure",), **_COLUMNS)
def axes(structure: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return 轴: kind ``axis`` of the structure."""
    return _of_layer(structure, "axes")


def _contract() -> Contract:
    contract: Contract = structure.__dict__["contract"]
    return contract


def _store(frame: gpd.GeoDataFrame) -> Any:
    """Return the shapes of a frame in degrees; an edge that folds on the way is mended."""
    shapes = transform_shapes(frame.geometry.array, str(frame.crs), STORED_CRS)
    folded = ~shapely.is_valid(shapes)
    shapes[folded] = shapely.make_valid(shapes[folded], method="structure", keep_collapsed=False)
    return shapes


def _describe(element: Element, names: dict[str, str], illustrative: bool) -> dict[str, Any]:
    function = element.function
    return {
        "id": element.id,
        "name": names[element.id],
        "kind": element.kind,
        "rank": element.rank,
        "name_en": element.name.en,
        "function": function.pick("zh") if function else "",
        "function_en": function.en if function else "",
        "recipe": write_recipe(element, names),
        "illustrative": illustrative,
    }


def _of_layer(frame: gpd.GeoDataFrame, layer_name: str) -> gpd.GeoDataFrame:
    return frame[frame["kind"].map(LAYER_OF_KIND) == layer_name].reset_index(drop=True)
