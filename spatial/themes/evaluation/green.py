"""Green network 绿色网络 as layers: patches, corridors, pinches, gaps, and a table of connectivity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import length_m
from spatial.engine.rasters.cells import outline_cells
from spatial.engine.rasters.grids import Grid
from spatial.engine.rasters.paths import fill_path, list_stretches, place_cells
from spatial.plan.contract import Column, contract_of, layer
from spatial.plan.ecosystems import ecosystem_codes
from spatial.plan.findings import STORED_CRS
from spatial.plan.judging import settle_table
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import RuleTable
from spatial.themes.evaluation.green_land import GreenLand
from spatial.themes.evaluation.green_web import GreenWeb, Way

Shapes = npt.NDArray[np.object_]
_KINDS = {"core": ("核心源地", "Core"), "stepping_stone": ("踏脚石", "Stepping stone")}
_SCENARIOS = {
    "cores_only": ("仅核心源地（无踏脚石）", "Cores alone, without stepping stones"),
    "present": ("现状（核心源地与踏脚石）", "At present, cores and stepping stones"),
    "restored": ("廊道全部修复后", "With all corridors restored"),
}
_DTYPES = {"text": "str", "number": "float64", "integer": "int64", "truth": "bool"}
_ROAD = 1000
"""Codes of roads on a way begin above those of ecosystems."""


def _tell_patch(land: GreenLand, patch: int) -> tuple[str, str, str, str]:
    """Return id, kind, name and English name of a patch, counted by kind from the largest."""
    kind = "core" if patch <= land.cores else "stepping_stone"
    number = patch if patch <= land.cores else patch - land.cores
    zh, en = _KINDS[kind]
    return f"{kind}-{number:03d}", kind, f"{zh}{number}", f"{en} {number}"


def _frame(rows: list[dict[str, Any]], function: Any, shapes: Shapes | None = None, crs: str = "") -> Any:
    """Return rows in the columns of a layer's contract, with shapes of a metric system stored in degrees."""
    contract = contract_of(function)
    assert contract is not None
    columns = {name: _DTYPES[column.kind] for name, column in contract.all_columns().items()}
    frame = pd.DataFrame(rows, columns=list(columns)).astype(columns)
    if shapes is None:
        return frame
    stored = transform_shapes(shapes, crs, STORED_CRS) if len(shapes) else shapes
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(stored, crs=STORED_CRS), crs=STORED_CRS)


def _array(shapes: list[Any]) -> Shapes:
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


@layer(
    "生态源地与踏脚石", "Patches of the green network", "Polygon",
    needs=("evaluation",),
    name_en=Column("text", "英文名称", "English name"),
    kind=Column("text", "类型", "Kind"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    dpc=Column("number", "连通概率重要性 dPC（%）", "Importance dPC (%)"),
    diic=Column("number", "整体连通性重要性 dIIC（%）", "Importance dIIC (%)"),
    connector=Column("number", "其中作为踏脚石的贡献（%）", "Of dPC, as a connector (%)"),
    links=Column("integer", "扩散距离内的相邻斑块数", "Neighbouring patches within reach"),
    part=Column("integer", "所属连通部分", "Part of the network"),
)  # fmt: skip
def green_patches(green_land: GreenLand | None, green_web: GreenWeb | None) -> gpd.GeoDataFrame:
    """Return the patches of the network: cores and stepping stones, and what each is worth to connectivity.

    Areas are of whole cells on the ellipsoid. ``links`` counts neighbours whose least cost is within reach,
    also where no corridor is drawn as their way leads through other patches.
    """
    if green_land is None or green_web is None:
        return _frame([], green_patches, _array([]))
    land, web = green_land, green_web
    count = len(land.area_ha)
    told = [_tell_patch(land, patch) for patch in range(1, count + 1)]
    rows = [
        {
            "id": told[k][0], "name": told[k][2], "name_en": told[k][3], "kind": told[k][1],
            "area_ha": land.area_ha[k], "dpc": web.weights.pc[k], "diic": web.weights.iic[k],
            "connector": web.weights.connector[k], "links": web.links[k], "part": web.part[k],
        }
        for k in range(count)
    ]  # fmt: skip
    return _frame(rows, green_patches, outline_cells(land.grid, land.label, count), land.grid.crs)


def _lines(grid: Grid, ways: list[npt.NDArray[np.float64]]) -> Shapes:
    """Return lines through the middles of cells, without vertices on a straight."""
    return shapely.simplify(_array([shapely.LineString(place_cells(grid, way)) for way in ways]), 0.0)


def _tell_way(land: GreenLand, way: Way) -> dict[str, Any]:
    first, second = (_tell_patch(land, patch) for patch in way.ends)
    return {
        "id": f"{first[0]}--{second[0]}",
        "name": f"{first[2]}—{second[2]}",
        "name_en": f"{first[3]} to {second[3]}",
        "from_patch": first[0],
        "to_patch": second[0],
    }


@layer(
    "生态廊道", "Corridors of the green network", "LineString",
    needs=("evaluation",),
    name_en=Column("text", "英文名称", "English name"),
    kind=Column("text", "类型", "Kind"),
    from_patch=Column("text", "起点斑块", "From patch"),
    to_patch=Column("text", "终点斑块", "To patch"),
    length_m=Column("number", "长度（米）", "Length (m)"),
    cost=Column("number", "累积阻力", "Cost"),
    mean_resistance=Column("number", "平均阻力", "Mean resistance"),
    width_m=Column("number", "最窄处有效宽度（米）", "Effective width where narrowest (m)"),
    chance=Column("number", "现状连通概率", "Probability at present"),
    chance_restored=Column("number", "修复后连通概率", "Probability once restored"),
    gain=Column("number", "单独修复后 PC 增幅（%）", "Gain of PC if restored alone (%)"),
    within_reach=Column("truth", "在扩散距离内", "Within dispersal reach"),
    pinches=Column("integer", "夹点数", "Pinches"),
)  # fmt: skip
def green_corridors(
    green_land: GreenLand | None, green_web: GreenWeb | None, green_table: RuleTable
) -> gpd.GeoDataFrame:
    """Return the least costly ways between neighbouring patches.

    Those of the ``backbone`` join all patches at the least cost; a ``loop`` is a way round. The width is
    the side of a cell over the greatest share of the current that one cell carries: how wide even land would
    be that spreads it as much.
    """
    if green_land is None or green_web is None:
        return _frame([], green_corridors, _array([]))
    land, ways, reach = green_land, green_web.ways, green_web.reach
    lines = _lines(land.grid, [way.path.astype(float) for way in ways])
    length = length_m(transform_shapes(lines, land.grid.crs, STORED_CRS))
    chance = float(green_table.value("dispersal.chance"))
    rows = [
        _tell_way(land, way)
        | {
            "kind": "backbone" if way.tree else "loop",
            "length_m": metres,
            "cost": way.cost,
            "mean_resistance": way.cost / metres,
            "width_m": land.grid.cell_m / max(way.peak, 1e-6),
            "chance": way.chance,
            "chance_restored": chance ** (way.restored / reach),
            "gain": gain,
            "within_reach": way.cost <= reach,
            "pinches": len(way.pinches),
        }
        for way, metres, gain in zip(ways, length.tolist(), green_web.gains, strict=True)
    ]
    return _frame(rows, green_corridors, lines, land.grid.crs)


@layer(
    "廊道夹点", "Pinch points of corridors", "Point",
    needs=("evaluation",),
    name_en=Column("text", "英文名称", "English name"),
    corridor=Column("text", "廊道", "Corridor"),
    severity=Column("text", "程度", "Severity"),
    share=Column("number", "电流占比", "Share of the current"),
    width_m=Column("number", "有效宽度（米）", "Effective width (m)"),
    length_m=Column("number", "狭窄段栅格累计长度（米）", "Narrow cells end to end (m)"),
)  # fmt: skip
def green_pinches(
    green_land: GreenLand | None, green_web: GreenWeb | None, green_table: RuleTable
) -> gpd.GeoDataFrame:
    """Return where corridors crowd.

    Cells there carry so much of the current between two patches that none beside them can stand in. The
    effective width is the side of a cell over its share.
    """
    if green_land is None or green_web is None:
        return _frame([], green_pinches, _array([]))
    land, rows, points = green_land, [], []
    for way in green_web.ways:
        told = _tell_way(land, way)
        for number, pinch in enumerate(way.pinches, start=1):
            width = land.grid.cell_m / pinch.share
            rows.append({
                "id": f"{told['id']}-p{number}",
                "name": f"{told['name']} 夹点{number}", "name_en": f"{told['name_en']}, pinch {number}",
                "corridor": told["id"], "share": pinch.share, "width_m": width,
                "severity": "severe" if width <= green_table.value("pinch.severe") else "narrow",
                "length_m": pinch.cells * land.grid.cell_m,
            })  # fmt: skip
            points.append(shapely.Point(place_cells(land.grid, [[pinch.row, pinch.column]])[0]))
    return _frame(rows, green_pinches, _array(points), land.grid.crs)


@layer(
    "廊道断点", "Gaps of corridors", "LineString",
    needs=("evaluation",),
    name_en=Column("text", "英文名称", "English name"),
    corridor=Column("text", "廊道", "Corridor"),
    kind=Column("text", "类型", "Kind"),
    barrier=Column("text", "穿越对象", "What it crosses"),
    barrier_en=Column("text", "穿越对象（英文）", "What it crosses, in English"),
    length_m=Column("number", "长度（米）", "Length (m)"),
)  # fmt: skip
def green_gaps(
    green_land: GreenLand | None,
    green_web: GreenWeb | None,
    green_table: RuleTable,
    evaluation_cover_rules: RuleTable,
    evaluation_spec: Evaluation | None,
) -> gpd.GeoDataFrame:
    """Return the stretches of corridors over land that resists most: across roads, built land and the like.

    A road takes the whole cell that it touches, so a crossing is as long as the cells are wide.
    """
    if green_land is None or green_web is None or evaluation_spec is None:
        return _frame([], green_gaps, _array([]))
    land, rows, ways = green_land, [], []
    cover = settle_table(evaluation_cover_rules, evaluation_spec, "cover")
    names = _name_barriers(cover, land.grades, green_table)
    codes = _code_barriers(land, green_table)
    for way in green_web.ways:
        told = _tell_way(land, way)
        places, cells = fill_path(way.path, land.resistance)
        for number, (code, stretch) in enumerate(list_stretches(places, codes[tuple(cells.T)]), start=1):
            zh, en, kind = names[code]
            rows.append({
                "id": f"{told['id']}-g{number}",
                "name": f"{told['name']} 断点{number}：{zh}",
                "name_en": f"{told['name_en']}, gap {number}: {en}",
                "corridor": told["id"], "kind": kind, "barrier": zh, "barrier_en": en, "length_m": 0.0,
            })  # fmt: skip
            ways.append(stretch)
    frame = _frame(rows, green_gaps, _lines(land.grid, ways), land.grid.crs)
    return frame.assign(length_m=length_m(frame.geometry.to_numpy()))


def _code_barriers(land: GreenLand, rules: RuleTable) -> npt.NDArray[np.int64]:
    """Return what each cell that resists too much is: an ecosystem, or a road where that resists more."""
    told = np.array([0.0] + [float(rules.value(f"road.{grade}")) for grade in land.grades])[land.road]
    barrier = (land.resistance >= rules.value("gap.resistance")) & (land.label == 0)
    # Where the road made the cell what it is, its resistance is just the road's.
    road = barrier & (land.road > 0) & (land.resistance == told.astype(np.float32))
    code = np.where(road, land.road.astype(np.int64) + _ROAD, land.cover.astype(np.int64))
    return np.where(barrier, np.where(code > 0, code, _ROAD), 0)


def _name_barriers(
    cover: RuleTable, grades: tuple[str, ...], rules: RuleTable
) -> Mapping[int, tuple[str, str, str]]:
    """Return Chinese and English names and the kind of each barrier by code."""
    named = {_ROAD: ("高阻力用地", "Land of high resistance", "cover")}
    for name, code in ecosystem_codes(cover).items():
        label = cover[f"code.{name}"].label
        named[code] = (label.pick("zh"), label.pick("en"), "built" if name == "urban" else "cover")
    for number, grade in enumerate(grades, start=1):
        label = rules[f"road.{grade}"].label
        zh, en = label.pick("zh").removesuffix("的阻力"), label.pick("en").removesuffix(", resistance")
        named[_ROAD + number] = (zh, en, "road")
    return named


@layer(
    "生态网络连通性", "Connectivity of the green network", "none",
    needs=("evaluation",),
    name_en=Column("text", "英文名称", "English name"),
    patches=Column("integer", "斑块数", "Patches"),
    area_ha=Column("number", "斑块面积（公顷）", "Area of patches (ha)"),
    links=Column("integer", "扩散距离内的相邻斑块对数", "Pairs of neighbouring patches within reach"),
    parts=Column("integer", "连通部分数", "Parts"),
    pc=Column("number", "连通概率指数 PC", "Probability of connectivity PC"),
    iic=Column("number", "整体连通性指数 IIC", "Integral index IIC"),
    eca_pc_ha=Column("number", "等效连通面积 ECA（PC，公顷）", "Equivalent connected area, PC (ha)"),
    eca_iic_ha=Column("number", "等效连通面积 ECA（IIC，公顷）", "Equivalent connected area, IIC (ha)"),
    dispersal_m=Column("number", "扩散距离（米）", "Dispersal distance (m)"),
    cell_m=Column("number", "计算栅格（米）", "Cell (m)"),
)  # fmt: skip
def green_connectivity(
    green_land: GreenLand | None, green_web: GreenWeb | None, green_table: RuleTable
) -> pd.DataFrame:
    """Return how well the network connects: of cores alone, at present, and with all corridors restored.

    ``links`` counts pairs of neighbouring patches whose least cost is within reach: more than the corridors
    within reach, for ways that lead through other patches are not drawn again.
    """
    rows = []
    if green_land is not None and green_web is not None:
        land = green_land
        for key, found in green_web.indices.items():
            count = land.cores if key == "cores_only" else len(land.area_ha)
            rows.append({
                "id": key, "name": _SCENARIOS[key][0], "name_en": _SCENARIOS[key][1], "patches": count,
                "area_ha": float(land.area_ha[:count].sum()), "links": found.links, "parts": found.parts,
                "pc": found.pc, "iic": found.iic, "eca_pc_ha": found.eca_pc, "eca_iic_ha": found.eca_iic,
                "dispersal_m": float(green_table.value("dispersal.distance")), "cell_m": land.grid.cell_m,
            })  # fmt: skip
    found_frame: pd.DataFrame = _frame(rows, green_connectivity)
    return found_frame
