"""Trade-offs of the proposals: what each alternative comes to, what it costs, and who gave land to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.geodesy import length_m
from spatial.engine.rasters.tiling import roundness
from spatial.plan.base import Text
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.proposals import ALTERNATIVES, SUBZONES, Choice
from spatial.plan.zoning import LINE_NAMES, NAMES, ZONE_NAMES
from spatial.themes.evaluation.drafts import Draft
from spatial.themes.evaluation.faces import Drawn
from spatial.themes.evaluation.proposals import OTHER, RECOMMENDED
from spatial.themes.land.zones import conflicts

_HECTARE_M2 = 1e4
_NOTHING_HA = 1e-10


@dataclass(frozen=True)
class _Row:
    """A row of the balance."""

    section: str
    key: str
    zh: str
    en: str
    area_ha: float = np.nan
    share: float = np.nan
    ratio: float = np.nan
    plan_ha: float = np.nan


@layer(
    "建议方案对比表", "Balance of the proposals", "none",
    needs=("evaluation",),
    alternative=Column("text", "方案", "Alternative"),
    status=Column("text", "方案地位", "Status"),
    section=Column("text", "分类", "Section"),
    key=Column("text", "代码", "Key"),
    name_en=Column("text", "英文名称", "English name"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)", nullable=True),
    share=Column("number", "占比", "Share", nullable=True),
    ratio=Column("number", "比值", "Ratio", nullable=True),
    plan_ha=Column("number", "规划方案面积（公顷）", "The plan's own area (ha)", nullable=True),
    difference_ha=Column("number", "与规划方案之差（公顷）", "More than the plan's own (ha)", nullable=True),
)  # fmt: skip
def proposal_balance(
    *,
    proposal_faces: tuple[Drawn, ...],
    proposed_zones: gpd.GeoDataFrame,
    proposed_lines: gpd.GeoDataFrame,
    proposed_growth: gpd.GeoDataFrame,
    given_land: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
    zone_balance: pd.DataFrame,
) -> pd.DataFrame:
    """Return what each alternative comes to beside the plan's own zones and lines, and what it costs.

    Areas of zones, lines and zones of the boundary are those of their polygons; aims and trade-offs are by
    whole cells. Shares are of the territory, of the concentrated zone for zones of the boundary, and of
    cultivated land for farmland. Ratios: how many times the urban land of the base year the boundary holds,
    and compactness 4πA/P², weighed by area.
    """
    whole = float(straight_area_m2(territory.geometry).sum()) / _HECTARE_M2
    built = _measure_built(given_land, territory)
    own = {(row.section, row.key): row.area_ha for row in zone_balance.itertuples()}
    rows = []
    for drawn in proposal_faces:
        choice = drawn.draft.choice
        mine = [
            frame[frame["alternative"] == choice.alternative]
            for frame in (proposed_zones, proposed_lines, proposed_growth)
        ]
        for row in (
            *_list_areas(drawn.draft, mine, own, whole),
            *_list_ratios(choice, mine[1], built),
            *_list_costs(drawn.draft),
        ):
            status = RECOMMENDED if choice.recommended else OTHER
            names = {"alternative": choice.alternative, "name": row.zh, "name_en": row.en}
            rows.append({**row.__dict__, **names, "status": status})
    kept = [*_Row.__dataclass_fields__, "alternative", "name", "name_en", "status"]
    table = pd.DataFrame(rows, columns=kept)
    table["difference_ha"] = table["area_ha"] - table["plan_ha"]
    table["id"] = (table["alternative"] + "-" + table["section"] + "-" + table["key"]).str.replace("_", "-")
    return shape_rows(table, proposal_balance)


def _measure_built(given: gpd.GeoDataFrame, territory: gpd.GeoDataFrame) -> tuple[float, float]:
    """Return area and compactness of the existing built area, hectares."""
    towns = given.geometry.to_numpy()[(given["target"] == "urban_boundary").to_numpy()]
    united = shapely.get_parts(shapely.intersection(shapely.union_all(towns), territory.geometry.union_all()))
    united = united[shapely.get_dimensions(united) == 2]
    areas = straight_area_m2(united)
    return float(areas.sum()) / _HECTARE_M2, roundness(areas, length_m(united))


def _list_areas(
    draft: Draft, mine: list[gpd.GeoDataFrame], own: dict[tuple[str, str], float], whole: float
) -> Iterator[_Row]:
    zone_rows, line_rows, growth_rows = mine
    if draft.has_zones:
        yield from (
            _area_row("zone", key, NAMES[key], zone_rows, whole, own.get(("zone", key), np.nan))
            for key in ZONE_NAMES
        )
        yield _Row("territory", "territory", "全域", "Territory", whole, 1.0 if whole else 0.0, plan_ha=whole)
    drawn = [line for line in LINE_NAMES if line not in draft.lacking]
    yield from (
        _area_row("line", key, NAMES[key], line_rows, whole, own.get(("line", key), np.nan)) for key in drawn
    )
    if "urban_boundary" in drawn:
        core = float(growth_rows["area_ha"][growth_rows["subzone"] == "concentrated"].sum())
        yield from (
            _area_row("subzone", key, text, growth_rows, core, np.nan) for key, text in SUBZONES.items()
        )


def _area_row(  # noqa: PLR0917 (a row's facts)
    section: str, key: str, text: Text, frame: gpd.GeoDataFrame, whole: float, plan_ha: float
) -> _Row:
    area = float(frame["area_ha"][frame[section] == key].sum())
    zh, en = f"{text.zh}（建议）", f"{text.en} (proposed)"
    return _Row(section, key, zh, en, area, area / whole if whole else np.nan, plan_ha=plan_ha)


def _list_ratios(choice: Choice, line_rows: gpd.GeoDataFrame, built: tuple[float, float]) -> Iterator[_Row]:
    towns = line_rows[line_rows["line"] == "urban_boundary"]
    base = choice.base_ha if choice.base_ha is not None else built[0]
    if not len(towns) or not base:
        return
    area = float(towns["area_ha"].sum())
    yield _Row("measure", "base_urban", "基期城镇用地", "Urban land of the base year", base)
    yield _Row(
        "measure", "expansion", "扩展倍数", "Boundary by urban land of the base year", ratio=area / base
    )
    round_ = roundness(towns["area_ha"].to_numpy() * _HECTARE_M2, length_m(towns.geometry))
    yield _Row("measure", "compactness", "开发边界紧凑度 4πA/P²", "Compactness of the boundary", ratio=round_)
    if built[0]:
        yield _Row(
            "measure", "compactness_built", "现状建成区紧凑度 4πA/P²",
            "Compactness of the built area", ratio=built[1],
        )  # fmt: skip


_COSTS: dict[str, tuple[str, str, str]] = {
    "cultivated": ("measure", "现状耕地（按栅格）", "Cultivated land, by cells"),
    "farmland_aim": ("aim", "永久基本农田目标（耕地）", "Aim: cultivated land in permanent farmland"),
    "farmland": (
        "aim",
        "永久基本农田（建议）内的耕地（按栅格）",
        "Cultivated land in the proposed line, by cells",
    ),
    "farmland_most": ("aim", "可划入的耕地上限", "Most cultivated land that could be taken in"),
    "concentrated_aim": ("aim", "集中建设区目标", "Aim: the concentrated zone"),
    "need": ("aim", "人口需求用地", "Land that the population needs"),
    "boundary_most": ("aim", "本方案开发边界上限", "Most that this alternative lets the boundary hold"),
    "good_farmland_lost": ("cost", "开发边界占用优质耕地", "Good farmland within the boundary"),
    "extreme_outside": ("cost", "红线外的生态极重要区", "Extremely important land outside the red line"),
    "built_outside": ("cost", "开发边界外的现状建成区", "Built area outside the boundary"),
}


def _list_costs(draft: Draft) -> Iterator[_Row]:
    need = draft.choice.need_ha
    amounts = dict(draft.amounts) | ({"need": need} if need is not None else {})
    fields = amounts.get("cultivated", 0.0)
    for key, (section, zh, en) in _COSTS.items():
        if key in amounts and (key != "need" or "urban_boundary" not in draft.lacking):
            share = amounts[key] / fields if "farmland" in key and fields else np.nan
            yield _Row(section, key, zh, en, amounts[key], share)


@layer(
    "建议方案归属变化", "Land passed on in the proposals", "none",
    needs=("evaluation",),
    alternative=Column("text", "方案", "Alternative"),
    stage=Column("text", "阶段", "Stage"),
    loser=Column("text", "主张者", "Claimed by"),
    winner=Column("text", "归属者", "Has it"),
    rule=Column("text", "规则", "Rule"),
    name_en=Column("text", "英文名称", "English name"),
    parts=Column("integer", "图斑数", "Parts"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
)  # fmt: skip
def proposal_transfers(proposal_faces: tuple[Drawn, ...]) -> pd.DataFrame:
    """Return who claimed land, who has it, and by which rule, in each alternative.

    Stage ``cells``: what lines claimed of the evaluation and did not get, or got by cleaning without a
    claim; no parts are counted. Stage ``edges``: what given land and the edges of polygons moved then.
    """
    rows = [row for drawn in proposal_faces for row in (*_pass_cells(drawn.draft), *_pass_edges(drawn))]
    table = pd.DataFrame(
        rows, columns=["alternative", "stage", "loser", "winner", "rule", "parts", "area_ha"]
    )
    zh = {key: text.zh for key, text in NAMES.items()} | {"": "线外土地"}
    en = {key: text.en for key, text in NAMES.items()} | {"": "Land outside lines"}
    table["name"] = table["loser"].map(zh) + "→" + table["winner"].map(zh)
    table["name_en"] = table["loser"].map(en) + " → " + table["winner"].map(en)
    table["id"] = [f"transfer-{number:04d}" for number in range(1, len(table) + 1)]
    return shape_rows(table, proposal_transfers)


def _pass_cells(draft: Draft) -> Iterator[tuple[object, ...]]:
    for one in draft.passed:
        yield draft.choice.alternative, "cells", one.loser, one.winner, one.rule, 0, one.area_ha


def _pass_edges(drawn: Drawn) -> Iterator[tuple[object, ...]]:
    """Yield the conflicts of the faces, those over given land by a rule of their own."""
    bound = np.zeros(len(drawn.faces), dtype=bool)
    for line in LINE_NAMES:
        if f"binds_{line}" in drawn.faces:
            bound |= (drawn.faces[f"binds_{line}"] & (drawn.faces["line"] == line)).to_numpy()
    for faces, rule in ((drawn.faces[bound], "proposals.given"), (drawn.faces[~bound], "")):
        found = conflicts(faces.reset_index(drop=True))
        found = found[found["kind"] == "line_line"] if drawn.draft.has_zones and rule else found
        found = found.assign(rule=rule or found["rule"], area_ha=found["area_m2"] / _HECTARE_M2)
        sums = found.groupby(["loser", "winner", "rule"], sort=True)["area_ha"].agg(["size", "sum"])
        for (loser, winner, said), (parts, area) in zip(sums.index, sums.to_numpy(), strict=True):
            if area > _NOTHING_HA:
                yield drawn.draft.choice.alternative, "edges", loser, winner, said, int(parts), area


def proposal_lacking(proposal_drafts: tuple[Draft, ...]) -> dict[str, tuple[str, ...]]:
    """Return what each line that is not proposed would have needed; the same in every alternative."""
    return dict(proposal_drafts[0].lacking) if proposal_drafts else {}


@layer(
    "建议方案并列表", "Proposals side by side", "none",
    needs=("evaluation",),
    name_en=Column("text", "英文名称", "English name"),
    section=Column("text", "分类", "Section"),
    unit=Column("text", "单位", "Unit"),
    farming_first=Column("number", "耕地优先", "Farming first", nullable=True),
    ecology_first=Column("number", "生态优先", "Ecology first", nullable=True),
    growth=Column("number", "发展导向", "Growth", nullable=True),
    plan=Column("number", "规划方案", "The plan's own", nullable=True),
)  # fmt: skip
def proposal_comparison(proposal_balance: pd.DataFrame) -> pd.DataFrame:
    """Return areas, aims, ratios and costs of the alternatives side by side, and the plan's own areas.

    The same numbers as in `proposal_balance`; null where an alternative or the plan has none.
    """
    rows = proposal_balance.assign(value=proposal_balance["area_ha"].fillna(proposal_balance["ratio"]))
    first = rows.drop_duplicates(["section", "key"])
    table = first[["section", "key", "name", "name_en", "plan_ha"]].rename(columns={"plan_ha": "plan"})
    table["plan"] = table["plan"].fillna(_own_expansion(first))
    table["unit"] = first["area_ha"].notna().map({True: "公顷 ha", False: "倍 ratio"})
    for alternative in ALTERNATIVES:
        mine = rows[rows["alternative"] == alternative].set_index(["section", "key"])["value"]
        table[alternative] = mine.reindex(pd.MultiIndex.from_frame(first[["section", "key"]])).to_numpy()
    table["id"] = (table["section"] + "-" + table["key"]).str.replace("_", "-")
    return shape_rows(table.reset_index(drop=True), proposal_comparison)


def _own_expansion(rows: pd.DataFrame) -> pd.Series:
    """Return how many times the urban land of the base year the plan's own boundary holds, at that row."""
    own = rows["plan_ha"][(rows["section"] == "line") & (rows["key"] == "urban_boundary")].sum()
    base = rows["area_ha"][rows["key"] == "base_urban"].sum()
    there = (rows["section"] == "measure") & (rows["key"] == "expansion")
    ratio = own / base if own > 0 and base > 0 else np.nan
    return pd.Series(np.where(there, ratio, np.nan), index=rows.index)
