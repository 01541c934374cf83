"""Checks of the green network: whether it holds together, what its corridors cross, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import pandas as pd

from spatial.plan.findings import Finding
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import RuleTable

_ALONE = 0
_FEW = 8
_FIRST = 3
_NOT_MADE = Finding(
    "green.not_made", "info", "green_patches", "",
    "既无土地覆被也无生态保护重要性，未生成绿色网络。",
    "neither land cover nor importance for ecology is known: no green network is made.",
)  # fmt: skip
_LACKING = {
    "ecology_importance": (
        "无生态保护重要性：源地取全部自然与半自然用地。",
        "no importance for ecology: all semi-natural land counts as patch.",
    ),
    "ecosystem": (
        "无土地覆被：阻力按生态保护重要性取值，源地未剔除耕地与建设用地。",
        "no land cover: land resists by its importance; fields and built land may be in patches.",
    ),
    "slope": ("无坡度：阻力未计坡度。", "no slope: land resists as if it were level."),
    "roads": ("无道路：道路未计为障碍。", "no roads: none is a barrier."),
}


def green_findings(
    *,
    green_table: RuleTable,
    evaluation_spec: Evaluation | None,
    green_left_out: int | None,
    green_lacking: tuple[str, ...],
    green_patches: gpd.GeoDataFrame,
    green_corridors: gpd.GeoDataFrame,
    green_gaps: gpd.GeoDataFrame,
    green_connectivity: pd.DataFrame,
) -> list[Finding]:
    """Report on the green network.

    Returns
    -------
    list of Finding
        ``green.not_made`` (info; neither land cover nor importance is known), ``green.lacking`` (info; what
        else is not known, and what that changes), ``green.no_core`` (warning; no patch is large enough),
        ``green.isolated_core`` (warning; no corridor within the dispersal distance), ``green.parts``
        (warning; in how many parts the network falls), ``green.built`` (warning; a corridor leads through
        built land for longer than the limit, metres), ``green.first`` (info; corridors that gain most,
        `value` the best one's per cent), ``green.left_out`` (info; stepping stones beyond the most),
        ``green.basis`` (info; how many numbers are defaults).
    """
    if green_left_out is None:
        return [_NOT_MADE] if evaluation_spec is not None else []
    found = [*_find_lonely(green_patches, green_table), *_find_parts(green_connectivity)]
    found += [*_find_built(green_gaps, green_corridors, green_table), *_name_first(green_corridors)]
    if green_left_out:
        most = int(green_table.value("stone.most"))
        found.append(Finding(
            "green.left_out", "info", "green_patches", "",
            f"踏脚石超过 {most} 个，较小的 {green_left_out} 个未计入网络（stone.most）。",
            f"there are more than {most} stepping stones; the {green_left_out} smallest are left out "
            "(stone.most).",
            float(green_left_out), float(most),
        ))  # fmt: skip
    found += [
        Finding("green.lacking", "info", "green_patches", name, *_LACKING[name]) for name in green_lacking
    ]
    return [*found, *_tell_basis(green_table, green_connectivity)]


def _find_lonely(patches: gpd.GeoDataFrame, rules: RuleTable) -> Iterator[Finding]:
    cores = patches[patches["kind"] == "core"]
    reach_km = float(rules.value("dispersal.distance")) / 1000
    if cores.empty:
        least = float(rules.value("core.area"))
        yield Finding(
            "green.no_core", "warning", "green_patches", "",
            f"没有面积达到 {least:g} 公顷的核心源地；请核对生态保护重要性，或调整 core_area。",
            f"no patch reaches the {least:g} ha of a core; check the importance for ecology, or change "
            "core_area.",
            0.0, least,
        )  # fmt: skip
    for row in cores[cores["links"] == _ALONE].itertuples():
        if len(patches) > 1:
            yield Finding(
                "green.isolated_core", "warning", "green_patches", str(row.id),
                f"{row.name}（{row.area_ha:,.0f} 公顷）在扩散距离 {reach_km:g} km 内没有廊道与其他斑块相连。",
                f"{row.name_en} ({row.area_ha:,.0f} ha) has no corridor to another patch within the "
                f"dispersal distance of {reach_km:g} km.",
                0.0, 1.0,
            )  # fmt: skip


def _find_parts(table: pd.DataFrame) -> Iterator[Finding]:
    rows = table.set_index("id")
    if "present" not in rows.index or rows.loc["present", "parts"] < 2:
        return
    now, later = rows.loc["present"], rows.loc["restored"]
    yield Finding(
        "green.parts", "warning", "green_connectivity", "present",
        f"按扩散距离，{now['patches']:.0f} 个斑块分为 {now['parts']:.0f} 个互不连通的部分；"
        f"廊道全部修复后为 {later['parts']:.0f} 个，等效连通面积由 {now['eca_pc_ha']:,.0f} "
        f"增至 {later['eca_pc_ha']:,.0f} 公顷。",
        f"at the dispersal distance the {now['patches']:.0f} patches fall into {now['parts']:.0f} parts; "
        f"with all corridors restored into {later['parts']:.0f}, and the equivalent connected area rises "
        f"from {now['eca_pc_ha']:,.0f} to {later['eca_pc_ha']:,.0f} ha.",
        float(now["parts"]), 1.0,
    )  # fmt: skip


def _find_built(gaps: gpd.GeoDataFrame, corridors: gpd.GeoDataFrame, rules: RuleTable) -> Iterator[Finding]:
    limit = float(rules.value("built.limit"))
    lengths = gaps[gaps["kind"] == "built"].groupby("corridor", sort=True)["length_m"].sum()
    named = corridors.set_index("id")
    for corridor, metres in lengths[lengths > limit].items():
        row = named.loc[corridor]
        yield Finding(
            "green.built", "warning", "green_corridors", str(corridor),
            f"廊道 {row['name']} 穿越建设用地 {metres:,.0f} m，超过 {limit:g} m；"
            "请改线，或在城镇内预留绿带。",
            f"the corridor {row['name_en']} leads through built land for {metres:,.0f} m, more than "
            f"{limit:g} m; lead it elsewhere, or keep a green belt free.",
            float(metres), limit,
        )  # fmt: skip


def _name_first(corridors: gpd.GeoDataFrame) -> Iterator[Finding]:
    """Name the corridors whose restoration alone raises connectivity most."""
    best = corridors[corridors["gain"] > 0].sort_values(["gain", "id"], ascending=[False, True]).head(_FIRST)
    if best.empty:
        return
    zh = "；".join(
        f"{row.name_}（+{row.gain:.2g}%）" for row in best.rename(columns={"name": "name_"}).itertuples()
    )
    en = "; ".join(f"{row.name_en} (+{row.gain:.2g} %)" for row in best.itertuples())
    yield Finding(
        "green.first", "info", "green_corridors", str(best["id"].iloc[0]),
        f"宜优先修复的廊道（单独修复后 PC 的增幅）：{zh}。",
        f"corridors to restore first, by what PC gains from each alone: {en}.",
        float(best["gain"].iloc[0]),
    )  # fmt: skip


def _tell_basis(rules: RuleTable, table: pd.DataFrame) -> Iterator[Finding]:
    weak = [rule for rule in rules.rules if rule.confidence == "default"]
    given = [rule.key for rule in rules.rules if rule.confidence == "given"]
    own_zh = f"；计划给定：{', '.join(given[:_FEW])}" if given else ""
    own_en = f"; the plan gives {', '.join(given[:_FEW])}" if given else ""
    cell = float(table["cell_m"].max()) if len(table) else 0.0
    yield Finding(
        "green.basis", "info", "green_connectivity", "",
        f"绿色网络的阻力、面积、扩散等 {len(weak)} 行取值为本工具默认，无规范依据{own_zh}；"
        f"请按目标物种在 evaluation.green 中给定。按 {cell:g} m 栅格计算；道路占满所触栅格，"
        "桥隧与动物通道未知，须现场核对；相邻斑块间的环路在其周围窗口内求取，其余为全局最小成本。",
        f"{len(weak)} rows on resistance, areas and dispersal are defaults of this tool without a norm "
        f"behind them{own_en}; give those of your species in evaluation.green. Made on cells of {cell:g} m; "
        "a road fills the cells it touches, bridges, tunnels and wildlife crossings are not known and must "
        "be checked on site; ways round are sought in a window round them, the backbone is the least of all.",
        float(len(weak)),
    )  # fmt: skip
