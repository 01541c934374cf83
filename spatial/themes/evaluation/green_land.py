"""Land of the green network 绿色网络: which cells are patches, and how the others resist.

Patches are cells of the classes of importance that the rules name, on semi-natural land, with that of
reserves, cut by great roads and opened so that thin strips do not count. All numbers are rows of
``rules/green.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.engine.rasters.cells import coarsen_cells, coarsen_grid, mark_areas, mark_lines, prolong_lines
from spatial.engine.rasters.grids import Block, Grid, measure_cells
from spatial.engine.rasters.patches import label_patches
from spatial.engine.rasters.stacks import RasterStack
from spatial.plan.ecosystems import ecosystem_codes, name_kinds
from spatial.plan.judging import settle_table
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.records import Roads
from spatial.plan.rules import RuleTable

Grades = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float32]
Truths = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
_HECTARE_M2 = 1e4
_STRIP = 512
"""Rows that are worked on at a time."""
_HALF = 0.5
_OTHER = "other"
_BEYOND = 3
"""Cells that roads are led on beyond the border."""


@dataclass(frozen=True, eq=False)
class GreenLand:
    """Patches and resistance on one grid.

    Parameters
    ----------
    grid : Grid
        The evaluation's, or one of larger cells where that has too many.
    resistance : ndarray of float32
        With roads; NaN where nothing is known.
    cover : ndarray of uint8
        Ecosystems; 0 where unknown.
    road : ndarray of uint8
        Number of the greatest road grade in `grades` that touches a cell, from 1; 0 for none.
    grades : tuple of str
    label : ndarray of int32
        Patch of each cell, from 1, cores first, larger ones first; 0 outside.
    area_ha : ndarray of float64, shape (n,)
        On the ellipsoid.
    cores : int
        How many of them are cores.
    left_out : int
        Stepping stones beyond the most that the rules allow.
    region_ha : float
        Land that something is known of.
    lacking : tuple of str
        Of ``ecology_importance``, ``ecosystem``, ``slope`` and ``roads`` what there is not.
    """

    grid: Grid
    resistance: Values
    cover: Grades
    road: Grades
    grades: tuple[str, ...]
    label: npt.NDArray[np.int32]
    area_ha: Floats
    cores: int
    left_out: int
    region_ha: float
    lacking: tuple[str, ...]


def green_table(green_rules: RuleTable, evaluation_spec: Evaluation | None) -> RuleTable:
    """Return the rules of the green network with the plan's own numbers.

    Raises
    ------
    RuleError
        Resistance of an ecosystem or grade that there is not.
    """
    if evaluation_spec is None:
        return green_rules
    green, own = evaluation_spec.green, {}
    if green.dispersal_m is not None:
        own["dispersal.distance"] = green.dispersal_m
    if green.core_m2 is not None:
        own["core.area"] = green.core_m2 / _HECTARE_M2
    if green.stone_m2 is not None:
        own["stone.area"] = green.stone_m2 / _HECTARE_M2
    for name, value in green.resistance.items():
        own[name if name.startswith("road.") else f"resistance.{name}"] = value
    return green_rules.override(own, "plan.yaml: evaluation.green")


def green_land(
    *,
    evaluation_rasters: RasterStack | None,
    evaluation_spec: Evaluation | None,
    burnt_shapes: Mapping[str, tuple[BaseGeometry, ...]],
    roads: gpd.GeoDataFrame,
    road_spec: Roads | None,
    territory: gpd.GeoDataFrame,
    green_table: RuleTable,
    evaluation_cover_rules: RuleTable,
) -> GreenLand | None:
    """Return patches and resistance; None without an evaluation that knows ecosystems or importance."""
    stack = evaluation_rasters
    if stack is None or evaluation_spec is None:
        return None
    if "ecosystem" not in stack and "ecology_importance" not in stack:
        return None
    cover_rules = settle_table(evaluation_cover_rules, evaluation_spec, "cover")
    times = _times(stack.grid, green_table)
    grid = coarsen_grid(stack.grid, times)
    resistance, patched, cover = _lay_strips(stack, times, burnt_shapes, cover_rules, green_table)
    road, grades = _burn_roads(grid, roads, road_spec, territory, green_table)
    told = [0.0] + [float(green_table.value(f"road.{grade}")) for grade in grades]
    resistance = np.maximum(resistance, np.array(told, dtype=np.float32)[road])
    cut = np.isin(grades, green_table.value("source.cut"))
    patched &= ~np.append(False, cut)[road] & np.isfinite(resistance)
    label, area, cores, left_out = _choose_patches(grid, patched, green_table)
    wanted = ("ecology_importance", "ecosystem", "slope")
    lacking = (*(name for name in wanted if name not in stack), *(() if len(roads) else ("roads",)))
    region = float(measure_cells(grid, grid.whole)[np.isfinite(resistance)].sum()) / _HECTARE_M2
    return GreenLand(
        grid=grid, resistance=resistance, cover=cover, road=road, grades=grades, label=label,
        area_ha=area, cores=cores, left_out=left_out, region_ha=region, lacking=lacking,
    )  # fmt: skip


def green_lacking(green_land: GreenLand | None) -> tuple[str, ...]:
    """Return which inputs of the network there are not; none where no network is made."""
    return green_land.lacking if green_land is not None else ()


def green_left_out(green_land: GreenLand | None) -> int | None:
    """Return how many stepping stones are left out for being too many; None where no network is made."""
    return green_land.left_out if green_land is not None else None


def _lay_strips(
    stack: RasterStack,
    times: int,
    burnt_shapes: Mapping[str, tuple[BaseGeometry, ...]],
    cover_rules: RuleTable,
    rules: RuleTable,
) -> tuple[Values, Truths, Grades]:
    """Return resistance, patches and cover on cells `times` as large, made strip by strip: memory stays flat.

    A larger cell has the mean resistance of what is known in it, is patch where half of it is, and has the
    cover of its middle.
    """
    built, reserve = (_array(burnt_shapes, name) for name in ("existing_urban", "protection"))
    fine, coarse = stack.grid, coarsen_grid(stack.grid, times)
    resistance = np.empty(coarse.shape, dtype=np.float32)
    patched, cover = np.empty(coarse.shape, dtype=bool), np.empty(coarse.shape, dtype=np.uint8)
    step = max(1, _STRIP // times)
    for low in range(0, coarse.rows, step):
        block = Block(low * times, 0, min(step * times, fine.rows - low * times), fine.columns)
        part = replace(fine, top=fine.bounds_of(block)[3], rows=block.height)
        kinds, importance = (_read(stack, name, block) for name in ("ecosystem", "ecology_importance"))
        town = mark_areas(part, built) & ((kinds > 0) | (importance > 0))
        kinds = np.where(town, np.uint8(ecosystem_codes(cover_rules)["urban"]), kinds)
        slope = stack.read("slope", block) if "slope" in stack else None
        parts = coarsen_cells(_resist(kinds, importance, slope, cover_rules, rules), times, np.nan)
        known = np.isfinite(parts)
        sums, count = np.where(known, parts, 0).sum(axis=2), known.sum(axis=2)
        target = slice(low, low + len(parts))
        resistance[target] = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
        graded = importance if "ecology_importance" in stack else None
        sources = _find_sources(kinds, graded, mark_areas(part, reserve), cover_rules, rules)
        patched[target] = coarsen_cells(sources, times, False).mean(axis=2) >= _HALF
        cover[target] = coarsen_cells(kinds, times, 0)[:, :, times * times // 2]
    return resistance, patched, cover


def _read(stack: RasterStack, name: str, block: Block) -> Grades:
    """Return a block of a layer of classes, all missing where there is none."""
    return stack.read(name, block) if name in stack else np.zeros(block.shape, dtype=np.uint8)


def _array(burnt_shapes: Mapping[str, tuple[BaseGeometry, ...]], name: str) -> npt.NDArray[np.object_]:
    shapes = burnt_shapes.get(name, ())
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


def _times(grid: Grid, rules: RuleTable) -> int:
    return max(1, int(np.ceil(np.sqrt(grid.rows * grid.columns / rules.value("grid.most")))))


def _resist(
    cover: Grades, importance: Grades, slope: Values | None, cover_rules: RuleTable, rules: RuleTable
) -> Values:
    """Return the resistance of land by its cover, else by its importance, times the factor of its slope."""
    table = np.full(256, np.nan, dtype=np.float32)
    for name, code in ecosystem_codes(cover_rules).items():
        table[code] = rules.value(f"resistance.{name}")
    instead = np.full(256, np.nan, dtype=np.float32)
    for number, value in rules.under("importance").items():
        instead[int(number)] = value
    found = np.where(cover > 0, table[cover], instead[importance])
    if slope is not None:
        factors = np.array(rules.value("slope.factors"), dtype=np.float32)
        band = np.digitize(slope, np.array(rules.value("slope.breaks"), dtype=np.float32))
        found = found * np.where(np.isnan(slope), np.float32(1), factors[np.minimum(band, len(factors) - 1)])
    return np.asarray(found, dtype=np.float32)


def _find_sources(
    cover: Grades, importance: Grades | None, reserve: Truths, cover_rules: RuleTable, rules: RuleTable
) -> Truths:
    """Return the cells that patches are made of; without any importance all semi-natural land."""
    natural = np.isin(cover, name_kinds(cover_rules, rules.value("source.kinds")))
    if importance is None:
        return natural
    natural |= (cover == 0) & (importance > 0)
    found = natural & np.isin(importance, rules.value("source.importance"))
    if rules.value("source.protection"):
        found |= natural & reserve
    return np.asarray(found)


def _burn_roads(
    grid: Grid, roads: gpd.GeoDataFrame, spec: Roads | None, territory: gpd.GeoDataFrame, rules: RuleTable
) -> tuple[Grades, tuple[str, ...]]:
    """Return the greatest road that touches each cell, and the grades, those that resist least first.

    Roads are cut at the border of the territory; there they are led on, or the cells that stand across it
    would let everything past their ends.
    """
    rows = {name: value for name, value in rules.under("road").items() if name != "skipped"}
    grades = tuple(sorted(rows, key=lambda name: (rows[name], name)))
    if not len(roads):
        return np.zeros(grid.shape, dtype=np.uint8), grades
    words = spec.classes if spec is not None else {}
    named = [words.get(word, word) for word in roads["grade"].astype(str)]
    kept = ~np.isin(named, rules.value("road.skipped"))
    rank = np.array([grades.index(name if name in rows else _OTHER) + 1 for name in named], dtype=np.uint8)
    lines = transform_shapes(roads.geometry.to_numpy(), roads.crs, grid.crs)
    border = transform_shapes(territory.geometry.to_numpy(), territory.crs, grid.crs)
    lines = prolong_lines(lines, shapely.union_all(shapely.boundary(border)), _BEYOND * grid.cell_m)
    return mark_lines(grid, lines[kept], rank[kept]), grades


def _choose_patches(
    grid: Grid, patched: Truths, rules: RuleTable
) -> tuple[npt.NDArray[np.int32], Floats, int, int]:
    """Return patches large enough: their label, cores first; areas, ha; how many cores; stones left out."""
    from scipy.ndimage import binary_opening

    radius = int(rules.value("source.opening") / grid.cell_m + 0.5)
    if radius:
        across = np.hypot(*np.mgrid[-radius : radius + 1, -radius : radius + 1])
        patched = binary_opening(patched, across <= radius)
    label, kind = label_patches(patched.astype(np.uint8), diagonal=True)
    weights = measure_cells(grid, grid.whole).ravel()
    area = np.bincount(label.ravel(), weights, len(kind))[1:] / _HECTARE_M2
    order = np.argsort(-area, kind="stable")
    cores = int((area >= rules.value("core.area")).sum())
    stones = int((area >= rules.value("stone.area")).sum()) - cores
    kept = min(stones, rules.value("stone.most"))
    taken = order[: cores + kept]
    number = np.zeros(len(kind), dtype=np.int32)
    number[taken + 1] = np.arange(1, len(taken) + 1)
    return number[label], area[taken], cores, stones - kept
