"""Growth by direction 分方位增长: land by sector and year, deviational ellipses, a rose of new land."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.areas import straight_area_m2
from spatial.engine.geodesy import GEOD
from spatial.engine.shapes.dispersion import draw_wedge, measure_ellipse
from spatial.plan.contract import Column, Contract, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.directions import BEARINGS, GROWING, TOWARD_NAMES
from spatial.plan.rules import RuleTable

_LEAST_HA = 0.01
_TYPES = {"text": "str", "number": "float64", "integer": "int64", "truth": "bool"}
_KINDS = {"built": ("建成区", "Built-up land"), "planned": ("规划城镇用地", "Planned urban land")}


def direction_sectors(
    direction_centre: tuple[float, float] | None,
    direction_reach: float,
    direction_rules: RuleTable,
    territory: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the sectors round the centre within the reach and the territory: ``toward``, EPSG:4490."""
    if direction_centre is None:
        return gpd.GeoDataFrame({"toward": []}, geometry=[], crs=STORED_CRS)
    count = int(direction_rules.value("sectors"))
    whole = territory.geometry.union_all()
    bearings = [360 * number / count for number in range(count)]
    wedges = [draw_wedge(direction_centre, one, 360 / count, direction_reach) for one in bearings]
    words = {round(bearing, 6): word for word, bearing in BEARINGS.items()}
    return gpd.GeoDataFrame(
        {"toward": [words.get(round(one, 6), f"{one:g}°") for one in bearings], "bearing": bearings},
        geometry=shapely.intersection(np.array(wedges, dtype=object), whole),
        crs=STORED_CRS,
    )


@layer(
    "分方位增长", "Growth by direction", "none",
    needs=("directions",),
    name_en=Column("text", "英文名称", "English name"),
    form=Column("text", "形式", "Form"),
    toward=Column("text", "方位", "Toward"),
    action=Column("text", "规划行动", "Planned action"),
    from_year=Column("integer", "起始年", "From"),
    to_year=Column("integer", "终止年", "To"),
    before_ha=Column("number", "期初面积（公顷）", "Land before (ha)"),
    after_ha=Column("number", "期末面积（公顷）", "Land after (ha)"),
    new_ha=Column("number", "新增（公顷）", "New (ha)"),
    lost_ha=Column("number", "减少（公顷）", "Lost (ha)"),
    growth=Column("number", "新增与期初之比", "New over land before", nullable=True),
    share_of_new=Column("number", "占新增比例", "Share of new land", nullable=True),
    even_share=Column("number", "平均份额", "Even share", nullable=True),
    ratio=Column("number", "新增份额与平均份额之比", "Share over even share", nullable=True),
    verdict=Column("text", "结论", "Verdict"),
)  # fmt: skip
def direction_growth(
    direction_sectors: gpd.GeoDataFrame,
    directions: gpd.GeoDataFrame,
    direction_land: gpd.GeoDataFrame,
    direction_rules: RuleTable,
) -> pd.DataFrame:
    """Return land by sector and named district for each step from one year to the next.

    All areas are on the ellipsoid, within the reach of the wedges and the territory. New land is that of the
    later year which was not land in the earlier one; sectors add up to it. The even share of a part is its
    share of the ground that was still free in the earlier year: what it would get if growth had no direction.
    `verdict` compares the share of new land with it by the rule table: ``follows``; ``lags`` for extend and
    build below the least; ``exceeds`` for improve and renew above the most; ``unplanned`` for a sector that
    the plan does not name above its most; ``quiet`` for others; ``full`` where no ground was free;
    ``unknown`` where nothing is new at all. Named districts lie over sectors and do not add up with them.
    """
    parts = _list_parts(direction_sectors, directions)
    rows = []
    steps = list(direction_land.itertuples())
    for old, new in pairwise(steps):
        rows.append(_compare(parts, direction_sectors, (old, new)))
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame({"id": [], "ratio": []})
    table["verdict"] = _judge(table, direction_rules) if rows else []
    table["id"] = [f"growth-{number:03d}" for number in range(1, len(table) + 1)]
    return _shape_up(table, direction_growth)


def _list_parts(sectors: gpd.GeoDataFrame, directions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return sectors with the action that the plan has for them, then areas and discs."""
    wedges = directions[directions["form"] == "wedge"].set_index("toward")["action"]
    own = sectors.assign(
        form="sector",
        action=sectors["toward"].map(wedges).fillna("").astype(str),
        name=[TOWARD_NAMES[word].zh if word in TOWARD_NAMES else word for word in sectors["toward"]],
        name_en=[TOWARD_NAMES[word].en if word in TOWARD_NAMES else word for word in sectors["toward"]],
    )
    named = directions[directions["form"] != "wedge"].assign(toward="")
    columns = ["name", "name_en", "form", "toward", "action", "geometry"]
    return gpd.GeoDataFrame(
        pd.concat([own[columns], named[columns]], ignore_index=True), geometry="geometry", crs=STORED_CRS
    )


def _compare(parts: gpd.GeoDataFrame, sectors: gpd.GeoDataFrame, step: tuple[Any, Any]) -> pd.DataFrame:
    """Return all parts with what became of their land between two years."""
    (old, new), ground = step, shapely.union_all(sectors.geometry.to_numpy())
    before, after = (shapely.intersection(row.geometry, ground) for row in (old, new))
    fresh, gone = shapely.difference(after, before), shapely.difference(before, after)
    free = shapely.difference(ground, before)
    shapes = parts.geometry.to_numpy()
    measured = {
        f"{word}_ha": _measure_ha(shapely.intersection(shapes, land))
        for word, land in (
            ("before", before),
            ("after", after),
            ("new", fresh),
            ("lost", gone),
            ("free", free),
        )
    }
    table = parts.drop(columns="geometry").assign(
        from_year=old.year,
        to_year=new.year,
        **measured,
    )
    total = float(_measure_ha(np.array([fresh], dtype=object))[0])
    room = float(_measure_ha(np.array([free], dtype=object))[0])
    table["growth"] = _divide(measured["new_ha"], measured["before_ha"])
    table["share_of_new"] = _divide(measured["new_ha"], np.full(len(table), total))
    table["even_share"] = _divide(measured["free_ha"], np.full(len(table), room))
    table["ratio"] = _divide(table["share_of_new"].to_numpy(), table["even_share"].to_numpy(), 0.0)
    return table


def _measure_ha(shapes: object) -> np.ndarray:
    return straight_area_m2(shapes) / 1e4


def _divide(part: np.ndarray, whole: np.ndarray, least: float = _LEAST_HA) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > least)


def _judge(table: pd.DataFrame, rules: RuleTable) -> np.ndarray:
    ratio, action = table["ratio"].to_numpy(dtype=float), table["action"]
    known, grows = np.isfinite(ratio), action.isin(GROWING).to_numpy()
    holds = action.isin(("improve", "renew")).to_numpy()
    low = ratio < float(rules.value("growth.least"))
    high = ratio > float(rules.value("growth.most"))
    beyond = ratio > float(rules.value("unplanned.most"))
    full = table["even_share"].to_numpy(dtype=float) == 0
    cases = [full, ~known, grows & low, holds & high, grows | holds, beyond]
    words = ["full", "unknown", "lags", "exceeds", "follows", "unplanned"]
    return np.select(cases, words, "quiet").astype(object)


@layer(
    "新增用地玫瑰图", "Rose of new land", "Polygon",
    needs=("directions",),
    name_en=Column("text", "英文名称", "English name"),
    toward=Column("text", "方位", "Toward"),
    action=Column("text", "规划行动", "Planned action"),
    from_year=Column("integer", "起始年", "From"),
    to_year=Column("integer", "终止年", "To"),
    new_ha=Column("number", "新增（公顷）", "New (ha)"),
    share_of_new=Column("number", "占新增比例", "Share of new land", nullable=True),
    ratio=Column("number", "新增份额与平均份额之比", "Share over even share", nullable=True),
    verdict=Column("text", "结论", "Verdict"),
)  # fmt: skip
def growth_rose(
    direction_growth: pd.DataFrame,
    direction_sectors: gpd.GeoDataFrame,
    direction_centre: tuple[float, float] | None,
    direction_reach: float,
) -> gpd.GeoDataFrame:
    """Return a petal for each sector with new land, of the latest step.

    Their areas are in the proportion of new land, the largest as long as the
    wedges reach: a diagram laid over the map, not land.
    """
    table = direction_growth[direction_growth["form"] == "sector"]
    table = table[(table["to_year"] == table["to_year"].max()) & (table["new_ha"] > _LEAST_HA)]
    bearing = dict(zip(direction_sectors["toward"], direction_sectors.get("bearing", []), strict=True))
    most = table["new_ha"].max()
    width = 360 / max(len(direction_sectors), 1)
    petals = [
        draw_wedge(
            direction_centre or (0, 0),
            bearing[row.toward],
            width,
            direction_reach * (row.new_ha / most) ** 0.5,
        )
        for row in table.itertuples()
    ]
    frame = gpd.GeoDataFrame(table.copy(), geometry=np.array(petals, dtype=object), crs=STORED_CRS)
    frame["id"] = [f"rose-{word}" for word in frame["toward"]]
    frame["name"] = [
        f"{name} +{new:,.0f} 公顷" for name, new in zip(frame["name"], frame["new_ha"], strict=True)
    ]
    return _shape_up(frame, growth_rose)


@layer(
    "增长椭圆", "Growth ellipses", "Polygon",
    needs=("directions",),
    name_en=Column("text", "英文名称", "English name"),
    year=Column("integer", "年份", "Year"),
    kind=Column("text", "用地", "Land"),
    land_ha=Column("number", "用地面积（公顷）", "Land (ha)"),
    centre_lon=Column("number", "重心经度（°）", "Mean centre, longitude (°)"),
    centre_lat=Column("number", "重心纬度（°）", "Mean centre, latitude (°)"),
    major_km=Column("number", "长半轴（公里）", "Semi-major axis (km)"),
    minor_km=Column("number", "短半轴（公里）", "Semi-minor axis (km)"),
    azimuth_deg=Column("number", "长轴方位角（°）", "Azimuth of the longer axis (°)"),
    flattening=Column("number", "扁率", "Flattening"),
    shift_km=Column("number", "重心较上期移动（公里）", "Shift of the centre (km)", nullable=True),
    shift_deg=Column("number", "重心移动方位（°）", "Bearing of the shift (°)", nullable=True),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def growth_ellipses(
    direction_land: gpd.GeoDataFrame, direction_sectors: gpd.GeoDataFrame, direction_rules: RuleTable
) -> gpd.GeoDataFrame:
    """Return the standard deviational ellipse of each year's land within the reach, and the centre's shift.

    By the second moments of the areas, so every hectare counts alike; the semi-axes are standard deviations
    times the factor of the rule table. Azimuths are from true north, clockwise.
    """
    ground = shapely.union_all(direction_sectors.geometry.to_numpy())
    rows, shapes = list[dict[str, object]](), list[BaseGeometry]()
    factor, vertices = (
        float(direction_rules.value("ellipse.factor")),
        int(direction_rules.value("ellipse.vertices")),
    )
    last: tuple[float, float] | None = None
    for one in direction_land.itertuples():
        land = shapely.intersection(one.geometry, ground)
        found = measure_ellipse(land)
        if found is None:
            continue
        major, minor = factor * found.major_m / 1000, factor * found.minor_m / 1000
        what_zh, what_en = _KINDS[str(one.kind)]
        shift = (np.nan, np.nan) if last is None else _shift(last, found.centre)
        rows.append({
            "id": f"ellipse-{one.year}", "name": f"{one.year} 年{what_zh}",
            "name_en": f"{what_en} {one.year}",
            "year": one.year, "kind": one.kind, "land_ha": float(straight_area_m2([land])[0]) / 1e4,
            "centre_lon": found.centre[0], "centre_lat": found.centre[1], "major_km": major,
            "minor_km": minor, "azimuth_deg": found.azimuth_deg, "flattening": 1 - minor / major,
            "shift_km": shift[0], "shift_deg": shift[1], "illustrative": one.illustrative,
        })  # fmt: skip
        shapes.append(found.draw(factor, vertices))
        last = found.centre
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=STORED_CRS)
    return _shape_up(frame, growth_ellipses)


def _shift(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    azimuth, _, metres = GEOD.inv(*start, *end)
    return metres / 1000, azimuth % 360


def _shape_up(frame: Any, function: Callable[..., object]) -> Any:
    """Give a layer the columns of its contract, in order, typed also where it has no rows."""
    contract: Contract = function.__dict__["contract"]
    columns = contract.all_columns()
    geometry = [] if contract.shape == "none" else ["geometry"]
    kinds = {name: _TYPES[column.kind] for name, column in columns.items()}
    return frame.reindex(columns=[*columns, *geometry]).astype(kinds).reset_index(drop=True)
