"""Zones 三区 and lines 三线: a partition of the territory, lines that never overlap, and what that cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.topology import dissolve, find_shared_edges, label_parts
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.zoning import LINE_NAMES, NAMES, ZONE_NAMES, Zoning

_DTYPES = {"text": "str", "number": "float64", "integer": "int64", "truth": "bool"}


@layer(
    "三区", "Three zones", "Polygon",
    needs=("zones",),
    zone=Column("text", "空间类型", "Zone"),
    name_en=Column("text", "英文名称", "English name"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def zones(land_faces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the zones: single polygons that tile the territory.

    Land in a line is in the line's zone; other land in the first zone of the priority that claims it,
    else in the zone of unclaimed land. Parts below the least area that hold no line are in the zone
    that they share most edge with. Numbered by zone from north to south, then from west to east.
    """
    return _gather_parts(land_faces, "zone", ZONE_NAMES, zones)


@layer(
    "三线", "Three lines", "Polygon",
    needs=("lines",),
    line=Column("text", "控制线", "Line"),
    name_en=Column("text", "英文名称", "English name"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def lines(land_faces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the land in the lines: single polygons that never overlap, however small.

    Land that several lines claim is in the first of the priority; where the weaker one encloses
    it, a hole is left there (开天窗). Numbered as the zones are.
    """
    return _gather_parts(land_faces, "line", LINE_NAMES, lines)


def _gather_parts(
    faces: gpd.GeoDataFrame, kind: str, names: Mapping[str, Text], function: Callable[..., object]
) -> gpd.GeoDataFrame:
    parts = faces[faces[f"{kind}_part"] >= 0].drop_duplicates(f"{kind}_part").sort_values(f"{kind}_part")
    shapes = dissolve(faces.geometry, faces[f"{kind}_part"])
    frame = gpd.GeoDataFrame(
        {
            kind: parts[kind].to_numpy(),
            "area_ha": straight_area_m2(shapes) / 1e4,
            "source": parts[f"{kind}_source"].to_numpy(),
            "illustrative": parts[f"{kind}_illustrative"].to_numpy(),
        },
        geometry=shapes,
        crs=STORED_CRS,
    )
    frame["name"] = frame[kind].map({name: text.pick("zh") for name, text in names.items()})
    frame["name_en"] = frame[kind].map({name: text.pick("en") for name, text in names.items()})
    frame = _sort_by_place(frame, frame[kind].map({name: rank for rank, name in enumerate(names)}))
    number = (frame.groupby(kind).cumcount() + 1).astype(str).str.zfill(4)
    frame["id"] = f"{kind}-" + frame[kind].str.replace("_", "-") + "-" + number
    return _shape_up(frame, function)


def _sort_by_place(frame: gpd.GeoDataFrame, rank: pd.Series) -> gpd.GeoDataFrame:
    """Sort by rank, then from north to south, then from west to east."""
    bounds = frame.geometry.bounds
    order = np.lexsort(
        (
            -shapely.area(frame.geometry.to_numpy()),
            bounds["minx"],
            -bounds["maxy"],
            rank.to_numpy(dtype=float),
        )
    )
    return frame.iloc[order].reset_index(drop=True)


def _shape_up(frame: gpd.GeoDataFrame, function: Callable[..., object]) -> gpd.GeoDataFrame:
    """Give a layer the columns of its contract, in order, typed also where it has no rows."""
    contract: Contract = function.__dict__["contract"]
    columns = contract.all_columns()
    kinds = {name: _DTYPES[column.kind] for name, column in columns.items()}
    geometry = [] if contract.shape == "none" else ["geometry"]
    return frame.reindex(columns=[*columns, *geometry]).astype(kinds)


@layer(
    "冲突图斑", "Conflicts", "Polygon",
    needs=("zones",),
    kind=Column("text", "冲突类型", "Kind"),
    winner=Column("text", "优先方", "Winner"),
    loser=Column("text", "让出方", "Loser"),
    rule=Column("text", "依据规则", "Rule"),
    area_m2=Column("number", "面积（平方米）", "Area (m²)"),
)  # fmt: skip
def conflicts(land_faces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return all land that was claimed and not given: who has it, who gave it up, by which rule.

    ``line_line``: two lines claim it (``lines.priority``). ``zone_line``: it is in a line, and claimed by
    another zone than the line's (``zones.line_prevails``). ``zone_zone``: two zones claim it
    (``zones.priority``), or it was part of a sliver (``zones.min_area``). Where several lose the same
    land, each has its own feature; nothing is too small to be one.
    """
    tables = [gpd.GeoDataFrame({"area_m2": np.empty(0)}, geometry=[], crs=STORED_CRS)]
    for kind, winner, loser, rule, which in _list_conflicts(land_faces):
        faces = land_faces.geometry[which]
        shapes = dissolve(faces, label_parts(np.zeros(len(faces)), find_shared_edges(faces)))
        table = gpd.GeoDataFrame({"area_m2": straight_area_m2(shapes)}, geometry=shapes, crs=STORED_CRS)
        label = f"{NAMES[winner].pick('zh')}优先于{NAMES[loser].pick('zh')}"
        table = table.assign(kind=kind, winner=winner, loser=loser, rule=rule, name=label)
        tables.append(_sort_by_place(table, pd.Series(0, index=table.index)))
    frame = pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)
    frame["id"] = [f"conflict-{number:04d}" for number in range(1, len(frame) + 1)]
    return _shape_up(frame, conflicts)


def _list_conflicts(faces: gpd.GeoDataFrame) -> Iterator[tuple[str, str, str, str, pd.Series]]:
    """Yield kind, winner, loser, rule and the faces of every conflict that there is."""
    for loser in NAMES:
        sort = "line" if loser in LINE_NAMES else "zone"
        lost = faces[f"claims_{loser}"] & (faces[sort] != loser)
        in_line = faces["line"] != ""
        cases = [
            (f"{sort}_line", "line", "lines.priority" if sort == "line" else "zones.line_prevails", in_line),
            ("zone_zone", "zone", "zones.priority", ~in_line & ~faces["merged"]),
            ("zone_zone", "zone", "zones.min_area", ~in_line & faces["merged"]),
        ]
        for kind, by, rule, fits in cases:
            for winner in sorted(set(faces[by][lost & fits]), key=list(NAMES).index):
                yield kind, winner, loser, rule, lost & fits & (faces[by] == winner)


@layer(
    "三区三线平衡表", "Balance of zones and lines", "none",
    needs=("zones",),
    section=Column("text", "分类", "Section"),
    key=Column("text", "代码", "Key"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    share=Column("number", "占全域比例", "Share of the territory"),
    parts=Column("integer", "图斑数", "Parts"),
)  # fmt: skip
def zone_balance(
    zones: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, territory: gpd.GeoDataFrame, zoning: Zoning
) -> pd.DataFrame:
    """Return the areas of zones and lines, then that of the territory, which is the sum of the zones.

    All three zones and all three lines are listed if the plan has any; no rows if it has neither.
    """
    whole = float(straight_area_m2(territory.geometry).sum()) / 1e4
    rows = []
    for section, names, frame in (("zone", ZONE_NAMES, zones), ("line", LINE_NAMES, lines)):
        for key in names if getattr(zoning, f"has_{section}s") else ():
            parts = frame[frame[section] == key]
            rows.append((section, key, names[key].pick("zh"), parts["area_ha"].sum(), len(parts)))
    if rows:
        rows.append(("territory", "territory", "全域", whole, len(shapely.get_parts(territory.geometry))))
    table = pd.DataFrame(rows, columns=["section", "key", "name", "area_ha", "parts"])
    table["share"] = table["area_ha"] / whole if whole else 0.0
    table["id"] = "balance-" + table["key"].str.replace("_", "-")
    return _shape_up(table, zone_balance)
