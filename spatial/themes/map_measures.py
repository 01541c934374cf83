"""Measures of the map: what the plan's own layers come to, by the names that indicators ask for them."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import pandas as pd

_Measure = tuple[str, str, float, str, bool]
"""Name, of whom, value, unit, whether it was measured on illustrative data."""
WHOLE = ""
"""Of the whole territory."""


def map_measures(land_measures: pd.DataFrame, reach_measures: pd.DataFrame) -> pd.DataFrame:
    """Return what layers of the plan come to, one row a measure.

    Returns
    -------
    pandas.DataFrame
        ``measure`` (``LAYER.ROW.COLUMN``, as the `from` of an indicator names it), ``of`` (a district; empty
        is the whole territory), ``value``, ``unit`` (shares have the unit ``1``), ``illustrative``.
    """
    return pd.concat([land_measures, reach_measures], ignore_index=True)


def land_measures(
    *,
    territory: gpd.GeoDataFrame,
    zone_balance: pd.DataFrame,
    district_balance: pd.DataFrame,
    zones: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    structure: gpd.GeoDataFrame,
    functional_zones: gpd.GeoDataFrame,
    landuse_balance: pd.DataFrame,
) -> pd.DataFrame:
    """Return measures of land.

    ``territory.area_km2``; ``zones.ZONE.area_ha`` and ``lines.LINE.area_ha``, also of each district, with
    ``share`` and ``parts`` of the whole; ``structure.ELEMENT.area_km2``; ``functional_zones.count`` and
    ``functional_zones.area_ha``; ``landuse.CLASS.base_ha`` and ``landuse.CLASS.target_ha``.
    """
    sketched = {"zones": _is_sketched(zones), "lines": _is_sketched(lines)}
    return _frame(
        [
            *_measure_territory(territory),
            *_measure_balance(zone_balance, district_balance, sketched),
            *_measure_areas(structure, functional_zones),
            *_measure_landuse(landuse_balance),
        ]
    )


def reach_measures(
    commute_circles: gpd.GeoDataFrame,
    promises: pd.DataFrame,
    life_coverage: pd.DataFrame,
    connections: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return measures of what is reached.

    ``circles.CIRCLE.area_km2`` and ``circles.CIRCLE.share`` (of what it promises to reach);
    ``life.CATEGORY.people`` and ``life.CATEGORY.homes``, shares within the walk of the table;
    ``connections.KIND.share`` of places that are near enough.
    """
    return _frame(
        [
            *_measure_circles(commute_circles, promises),
            *_measure_life(life_coverage),
            *_measure_connections(connections),
        ]
    )


def _frame(rows: list[_Measure]) -> pd.DataFrame:
    kinds = {"measure": "str", "of": "str", "value": "float64", "unit": "str", "illustrative": "bool"}
    table = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    return table.drop_duplicates(["measure", "of"]).reset_index(drop=True)


def _is_sketched(frame: pd.DataFrame) -> bool:
    return "illustrative" in frame and bool(frame["illustrative"].any())


def _measure_territory(territory: gpd.GeoDataFrame) -> Iterator[_Measure]:
    if len(territory):
        area = float(territory["area_km2"].sum())
        yield "territory.area_km2", WHOLE, area, "km2", _is_sketched(territory)


def _measure_balance(
    balance: pd.DataFrame, districts: pd.DataFrame, sketched: dict[str, bool]
) -> Iterator[_Measure]:
    for row in balance[balance["section"].isin(("zone", "line"))].itertuples():
        head, drawn = f"{row.section}s.{row.key}", sketched[f"{row.section}s"]
        yield f"{head}.area_ha", WHOLE, float(row.area_ha), "ha", drawn
        yield f"{head}.share", WHOLE, float(row.share), "1", drawn
        yield f"{head}.parts", WHOLE, float(row.parts), "个", drawn
    for row in districts.itertuples():
        head, drawn = f"{row.section}s.{row.key}", sketched.get(f"{row.section}s", False)
        for name in dict.fromkeys((row.name, row.name_en)):
            if name:
                yield f"{head}.area_ha", str(name), float(row.area_ha), "ha", drawn


def _measure_areas(structure: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> Iterator[_Measure]:
    for row in structure[structure["area_km2"].notna()].itertuples():
        yield f"structure.{row.id}.area_km2", WHOLE, float(row.area_km2), "km2", bool(row.illustrative)
    if len(zones):
        drawn = _is_sketched(zones)
        yield "functional_zones.count", WHOLE, float(len(zones)), "个", drawn
        yield "functional_zones.area_ha", WHOLE, float(zones["area_ha"].sum()), "ha", drawn


def _measure_landuse(balance: pd.DataFrame) -> Iterator[_Measure]:
    for row in balance.itertuples():
        for column in ("base_ha", "target_ha"):
            value = getattr(row, column)
            if pd.notna(value):
                yield f"landuse.{row.key}.{column}", WHOLE, float(value), "ha", False


def _measure_circles(circles: gpd.GeoDataFrame, promises: pd.DataFrame) -> Iterator[_Measure]:
    for row in circles[circles["form"] == "cumulative"].itertuples():
        yield f"circles.{row.circle}.area_km2", WHOLE, float(row.area_km2), "km2", False
    for row in promises[promises["share"].notna()].itertuples():
        drawn = "illustrative" in str(row.flags)
        yield f"circles.{row.circle}.share", WHOLE, float(row.share), "1", drawn


def _measure_life(coverage: pd.DataFrame) -> Iterator[_Measure]:
    told = coverage[coverage["standard"].astype(bool) & coverage["share"].notna()]
    for row in told[told["subject"].isin(("people", "homes"))].itertuples():
        yield f"life.{row.category}.{row.subject}", WHOLE, float(row.share), "1", False


def _measure_connections(connections: gpd.GeoDataFrame) -> Iterator[_Measure]:
    known = connections[connections["verdict"].isin(("kept", "broken"))]
    for kind, rows in known.groupby("kind"):
        yield f"connections.{kind}.share", WHOLE, float((rows["verdict"] == "kept").mean()), "1", False
