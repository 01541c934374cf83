"""The ground of a plan: territory 全域, districts 区县, towns 镇街, places 地点, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.crs import choose_gauss_kruger
from spatial.engine.geodesy import area_m2
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Place, Territory, Town

Shapes = npt.NDArray[np.object_]

_EDGE_M = 100.0
_GRID_DEG = 1e-10
_LONGEST_DEGREE_M = 111_700.0
_TYPES = {"number": "float64", "truth": "bool", "integer": "int64", "text": "str"}


def metric_crs(boundary: gpd.GeoDataFrame) -> str:
    """Return the CRS of lengths and topology: the 3° Gauss-Krüger zone that holds most of the territory.

    Returns
    -------
    str
        Such as ``EPSG:4546``.

    Raises
    ------
    CrsError
        The boundary has no area.

    Examples
    --------
    >>> metric_crs(gpd.GeoDataFrame(geometry=[shapely.box(112.0, 34.9, 112.8, 35.3)], crs=STORED_CRS))
    'EPSG:4546'
    """
    return choose_gauss_kruger(shapely.union_all(boundary.geometry.array))


@layer(
    "规划范围", "Territory", "Polygon",
    name_en=Column("text", "英文名称", "English name"),
    adcode=Column("text", "行政区划代码", "Administrative code"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
    area_km2=Column("number", "面积（平方公里）", "Area (km²)"),
    stated_area_km2=Column("number", "公布面积（平方公里）", "Stated area (km²)", nullable=True),
)  # fmt: skip
def territory(territory_spec: Territory, boundary: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the whole area of the plan as one row.

    Edges are straight in longitude and latitude. They are cut into pieces of at most 100 m, so that they
    are straight in a metric CRS and along a geodesic as well, to within a millimetre: what is cut out of
    the territory has the same edge there, and areas of the parts add up to its own.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490. `area_km2` is ellipsoidal; `adcode` is empty and `stated_area_km2` null where the plan
        says nothing.

    Examples
    --------
    >>> border = gpd.GeoDataFrame(
    ...     {"name": ["济源市"], "source": ["border"], "illustrative": [False]},
    ...     geometry=[shapely.box(112.1, 34.9, 112.7, 35.2)],
    ...     crs=STORED_CRS,
    ... )
    >>> territory(Territory(source="border"), border)["area_km2"].round(1).tolist()
    [1821.9]
    """
    shape = shapely.union_all(_polygons(_densify(boundary)))
    named = territory_spec.name or Text(zh=str(boundary["name"].iloc[0]) or "全域")
    stated_m2 = territory_spec.stated_area_m2
    row = {
        "id": "territory",
        "name": named.pick("zh"),
        "name_en": named.en,
        "adcode": str(territory_spec.adcode or ""),
        "source": str(boundary["source"].iloc[0]),
        "illustrative": bool(boundary["illustrative"].any()),
        "area_km2": float(area_m2([shape])[0]) / 1e6,
        "stated_area_km2": np.nan if stated_m2 is None else stated_m2 / 1e6,
    }
    return _frame(territory, [row], [shape])


@layer(
    "区县", "Districts", "Polygon",
    name_en=Column("text", "英文名称", "English name"),
    code=Column("text", "行政区划代码", "Administrative code"),
    level=Column("text", "级别", "Level"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
    area_km2=Column("number", "面积（平方公里）", "Area (km²)"),
)  # fmt: skip
def districts(counties: gpd.GeoDataFrame, territory: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the administrative units below the territory, clipped to it; empty where none are known.

    The provider gives Chinese names only: `name_en` is empty.

    Examples
    --------
    >>> border = gpd.GeoDataFrame(
    ...     {"name": ["济源市"], "source": ["border"], "illustrative": [False]},
    ...     geometry=[shapely.box(112.1, 34.9, 112.7, 35.2)],
    ...     crs=STORED_CRS,
    ... )
    >>> whole = territory(Territory(source="border"), border)
    >>> units = border.assign(id="district-419001", code="419001", level="county")
    >>> districts(units, whole)["code"].tolist()
    ['419001']
    """
    whole = territory.geometry.union_all()
    clipped = _polygons(shapely.intersection(_densify(counties), whole, grid_size=_GRID_DEG))
    left = ~shapely.is_empty(clipped)
    shapes = clipped[left]
    kept = counties[left]
    rows = [
        {**row, "name_en": "", "area_km2": area / 1e6}
        for row, area in zip(
            kept[["id", "name", "code", "level", "source", "illustrative"]].to_dict("records"),
            area_m2(shapes).tolist(),
            strict=True,
        )
    ]
    return _frame(districts, rows, shapes)


@layer(
    "镇街", "Towns", "Point",
    needs=("towns",),
    name_en=Column("text", "英文名称", "English name"),
    code=Column("text", "行政区划代码", "Administrative code"),
    role=Column("text", "职能", "Role"),
    role_en=Column("text", "英文职能", "Role in English"),
    tags=Column("text", "标签", "Tags"),
    people=Column("number", "人口", "People", nullable=True),
    accuracy_m=Column("number", "位置精度（米）", "Accuracy (m)", nullable=True),
)  # fmt: skip
def towns(town_specs: tuple[Town, ...]) -> gpd.GeoDataFrame:
    """Return the seats of towns and subdistricts, in the plan's order.

    `tags` are joined by commas; `people` and `accuracy_m` are null where the plan says nothing:
    an accuracy that nobody stated is unknown, not perfect. A code that is given twice
    gets a number in `id`, and is reported by the checks.

    Examples
    --------
    >>> towns((Town(name=Text(zh="王屋镇"), code="419001107", seat=(112.28, 35.12)),))["id"].tolist()
    ['town-419001107']
    """
    ids = _number_repeats([f"town-{town.code}" for town in town_specs])
    rows = [
        {
            "id": key,
            "name": town.name.pick("zh"),
            "name_en": town.name.en,
            "code": town.code,
            **_describe(town.role, town.tags),
            "people": np.nan if town.people is None else float(town.people),
            "accuracy_m": np.nan if town.accuracy_m is None else town.accuracy_m,
        }
        for key, town in zip(ids, town_specs, strict=True)
    ]
    return _frame(towns, rows, _points([town.seat for town in town_specs]))


@layer(
    "地点", "Places", "Point",
    needs=("places",),
    name_en=Column("text", "英文名称", "English name"),
    role=Column("text", "职能", "Role"),
    role_en=Column("text", "英文职能", "Role in English"),
    tags=Column("text", "标签", "Tags"),
)  # fmt: skip
def places(place_specs: tuple[Place, ...]) -> gpd.GeoDataFrame:
    """Return the named places, in the plan's order.

    Examples
    --------
    >>> places((Place(name=Text(zh="小浪底"), at=(112.37, 34.92)),))["name"].tolist()
    ['小浪底']
    """
    rows = [
        {
            "id": f"place-{number:04d}",
            "name": place.name.pick("zh"),
            "name_en": place.name.en,
            **_describe(place.role, place.tags),
        }
        for number, place in enumerate(place_specs, 1)
    ]
    return _frame(places, rows, _points([place.at for place in place_specs]))


def gazetteer(towns: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> dict[str, tuple[float, float]]:
    """Return the position that each Chinese and English name of a town or place answers to.

    Of two with one name the first is taken, towns before places; the checks report the name.

    Examples
    --------
    >>> gazetteer(towns(()), places((Place(name=Text(zh="小浪底"), at=(112.37, 34.92)),)))
    {'小浪底': (112.37, 34.92)}
    """
    found: dict[str, tuple[float, float]] = {}
    for frame in (towns, places):
        for column in ("name", "name_en"):
            for name, point in zip(frame[column], frame.geometry, strict=True):
                if name:
                    found.setdefault(name, (point.x, point.y))
    return found


def _describe(role: Text | None, tags: tuple[str, ...]) -> dict[str, str]:
    return {
        "role": role.pick("zh") if role else "",
        "role_en": role.en if role else "",
        "tags": ",".join(tags),
    }


def _number_repeats(names: Sequence[str]) -> list[str]:
    counts = pd.Series(names, dtype="str").groupby(list(names)).cumcount() if names else []
    return [f"{name}-{count + 1}" if count else name for name, count in zip(names, counts, strict=True)]


def _points(positions: Sequence[tuple[float, float]]) -> Shapes:
    return np.asarray(shapely.points(np.array(positions, dtype=float).reshape(-1, 2)), dtype=object)


def _densify(frame: gpd.GeoDataFrame) -> Shapes:
    """Return polygons with edges of at most 100 m, each still straight in longitude and latitude."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    return np.asarray(shapely.segmentize(shapes, _EDGE_M / _LONGEST_DEGREE_M), dtype=object)


def _polygons(shapes: Shapes) -> Shapes:
    """Return what of each shape is polygons, as one valid polygon or multipolygon."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    flat = shapely.get_dimensions(parts) == 2
    return np.array(
        [shapely.union_all(parts[flat & (owner == number)]) for number in range(len(shapes))], dtype=object
    )


def _frame(function: Any, rows: Sequence[dict[str, Any]], shapes: Shapes | Sequence[Any]) -> gpd.GeoDataFrame:
    """Return rows as the frame that a layer's contract declares, also where there are none."""
    contract: Contract = function.contract
    kinds = {name: _TYPES[column.kind] for name, column in contract.all_columns().items()}
    frame = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    return gpd.GeoDataFrame(frame, geometry=np.asarray(shapes, dtype=object), crs=STORED_CRS)
