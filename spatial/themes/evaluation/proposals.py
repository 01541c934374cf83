"""Proposed zones and lines 建议三区三线, drawn from the evaluation in several alternatives side by side.

They are suggestions: every name says so, and nothing here is an official line.
"""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.engine.areas import straight_area_m2
from spatial.plan.base import Text
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.plan.proposals import SUBZONES
from spatial.plan.zoning import LINE_NAMES, ZONE_NAMES
from spatial.themes.evaluation.faces import Drawn
from spatial.themes.land.zones import lines, zones

RECOMMENDED, OTHER = "recommended", "alternative"
_HECTARE_M2 = 1e4


@layer(
    "三区建议方案", "Proposed zones", "Polygon",
    needs=("evaluation",),
    alternative=Column("text", "方案", "Alternative"),
    status=Column("text", "方案地位", "Status"),
    zone=Column("text", "空间类型", "Zone"),
    name_en=Column("text", "英文名称", "English name"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def proposed_zones(proposal_faces: tuple[Drawn, ...]) -> gpd.GeoDataFrame:
    """Return zones proposed from the evaluation: in each alternative, polygons that tile the territory.

    Not official. No rows of an alternative where one of the three lines could not be drawn.
    """
    return _gather(proposal_faces, lambda drawn: zones(drawn.faces), proposed_zones, ZONE_NAMES)


@layer(
    "三线建议方案", "Proposed lines", "Polygon",
    needs=("evaluation",),
    alternative=Column("text", "方案", "Alternative"),
    status=Column("text", "方案地位", "Status"),
    line=Column("text", "控制线", "Line"),
    name_en=Column("text", "英文名称", "English name"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def proposed_lines(proposal_faces: tuple[Drawn, ...]) -> gpd.GeoDataFrame:
    """Return lines proposed from the evaluation: in each alternative, polygons that never overlap.

    Not official. A line that the evaluation lacks the layers for is left out.
    """
    return _gather(proposal_faces, lambda drawn: lines(drawn.faces), proposed_lines, LINE_NAMES)


@layer(
    "城镇开发边界分区建议方案", "Proposed zones of the urban boundary", "Polygon",
    needs=("evaluation",),
    alternative=Column("text", "方案", "Alternative"),
    status=Column("text", "方案地位", "Status"),
    subzone=Column("text", "边界内分区", "Zone within the boundary"),
    name_en=Column("text", "英文名称", "English name"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def proposed_growth(proposal_faces: tuple[Drawn, ...]) -> gpd.GeoDataFrame:
    """Return the zones of the proposed urban boundary, which tile it: concentrated, elastic, special use.

    Not official.
    """

    def frame(drawn: Drawn) -> gpd.GeoDataFrame:
        town = drawn.faces["line"] == "urban_boundary"
        table = drawn.growth.assign(
            area_ha=straight_area_m2(drawn.growth.geometry) / _HECTARE_M2,
            illustrative=bool(drawn.faces["line_illustrative"][town].any()),
        )
        order = table["subzone"].map({name: rank for rank, name in enumerate(SUBZONES)})
        bounds = table.geometry.bounds
        return table.iloc[np.lexsort((bounds["minx"], -bounds["maxy"], order))].reset_index(drop=True)

    return _gather(proposal_faces, frame, proposed_growth, SUBZONES)


def _gather(
    drawn: tuple[Drawn, ...],
    make: Callable[[Drawn], gpd.GeoDataFrame],
    function: Callable[..., object],
    names: dict[str, Text],
) -> gpd.GeoDataFrame:
    """Return the polygons of all alternatives, named as proposals, numbered class by class."""
    tables = [gpd.GeoDataFrame(geometry=[], crs=STORED_CRS)]
    for one in drawn:
        choice = one.draft.choice
        table = make(one)
        kind = next(key for key in ("zone", "line", "subzone") if key in table)
        number = (table.groupby(kind).cumcount() + 1).astype(str).str.zfill(4)
        head = choice.alternative.replace("_", "-")
        tables.append(table.assign(
            id=f"proposed-{kind}-{head}-" + table[kind].str.replace("_", "-") + "-" + number,
            name=table[kind].map({key: f"{text.zh}（建议）" for key, text in names.items()}),
            name_en=table[kind].map({key: f"{text.en} (proposed)" for key, text in names.items()}),
            alternative=choice.alternative,
            status=RECOMMENDED if choice.recommended else OTHER,
        ))  # fmt: skip
    filled = [table for table in tables if len(table)] or tables
    return shape_rows(pd.concat(filled, ignore_index=True), function)
