"""The evaluation 双评价 as nodes of the pipeline: its grid, its sources, and the pass that makes rasters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from spatial import themes
from spatial.cache import find_rasters
from spatial.engine.crs import transform_shapes
from spatial.engine.rasters.grids import Grid, lay_grid
from spatial.engine.rasters.stacks import RasterStack
from spatial.engine.rings.remoteness import Remoteness
from spatial.errors import Fault, SourceError
from spatial.grading.location import LOCATION, MinuteSource
from spatial.grading.plausibility import TEXTURE, doubt_texture, doubt_values
from spatial.grading.streaming import INSIDE, Inputs, Seen, Streamed, find_layers, stream
from spatial.grading.wholes import list_inputs
from spatial.plan.findings import Finding
from spatial.plan.parts.evaluation import BURNT, FACTORS, Evaluation, FactorKind
from spatial.plan.rules import RuleTable
from spatial.sources.factors import MONTHS, Opened, open_factors
from spatial.sources.references import SourceRef

_COARSE = "evaluation.coarse"
_MARGIN = 24
"""Cells of the grid beyond the territory, so that moving windows see past the border."""


def evaluation_grid(
    evaluation_spec: Evaluation | None, boundary: gpd.GeoDataFrame, metric_crs: str
) -> Grid | None:
    """Return the grid of the evaluation: the territory with a margin of 24 cells, in the metric system."""
    if evaluation_spec is None:
        return None
    shapes = transform_shapes(boundary.geometry.to_numpy(), boundary.crs, metric_crs)
    cell, boxes = evaluation_spec.cell_m, [shape.bounds for shape in shapes]
    west, south = (min(box[side] for box in boxes) - _MARGIN * cell for side in (0, 1))
    east, north = (max(box[side] for box in boxes) + _MARGIN * cell for side in (2, 3))
    return lay_grid((west, south, east, north), metric_crs, cell)


def factor_refs(
    evaluation_spec: Evaluation | None, source_refs: tuple[SourceRef, ...]
) -> dict[str, SourceRef]:
    """Return the sources of the factors, so that no other source makes them read again."""
    names = {factor.source for factor in evaluation_spec.factors.values()} if evaluation_spec else set()
    return {ref.name: ref for ref in source_refs if ref.name in names}


def factor_sources(
    evaluation_spec: Evaluation | None, factor_refs: dict[str, SourceRef], evaluation_grid: Grid | None
) -> Opened:
    """Open the rasters of the factors.

    Raises
    ------
    SourceError
        As `open_factors`; all refusals together.
    """
    if evaluation_spec is None or evaluation_grid is None:
        return Opened()
    return open_factors(evaluation_spec.factors, factor_refs, evaluation_grid)


def burnt_shapes(
    evaluation_spec: Evaluation | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    boundary: gpd.GeoDataFrame,
    metric_crs: str,
) -> dict[str, tuple[BaseGeometry, ...]]:
    """Return the polygons to burn by what they stand for, in the metric system; the territory is `inside`.

    Raises
    ------
    SourceError
        A source that is no source of features.
    """
    if evaluation_spec is None:
        return {}
    named = {name: getattr(evaluation_spec, name) for name in BURNT}
    faults = [
        Fault(
            f"evaluation.{name}",
            source,
            "is a raster, where polygons are needed",
            "name a source of polygons",
        )
        for name, source in named.items()
        if source and source not in source_frames
    ]
    if faults:
        raise SourceError(faults)
    frames = {name: source_frames[source] for name, source in named.items() if source} | {INSIDE: boundary}
    return {
        name: tuple(
            transform_shapes(frame.geometry[~frame.geometry.is_empty].to_numpy(), frame.crs, metric_crs)
        )
        for name, frame in frames.items()
    }


def evaluation_inputs(
    *,
    evaluation_spec: Evaluation | None,
    factor_sources: Opened,
    burnt_shapes: dict[str, tuple[BaseGeometry, ...]],
    raster_tables: Mapping[str, RuleTable],
    location_remoteness: Remoteness | None = None,
    location_told: str = "",
) -> Inputs | None:
    """Return what raster functions may ask for by name; None without an evaluation."""
    if evaluation_spec is None:
        return None
    made = {LOCATION: (MinuteSource(location_remoteness), location_told)} if location_remoteness else {}
    return list_inputs(evaluation_spec, factor_sources, burnt_shapes, raster_tables, made)


def evaluation_pass(evaluation_grid: Grid | None, evaluation_inputs: Inputs | None) -> Streamed | None:
    """Make the raster layers of the themes, or take them from the cache; None without an evaluation.

    Raises
    ------
    OutputError
        As `stream`.
    """
    if evaluation_grid is None or evaluation_inputs is None:
        return None
    return stream(evaluation_grid, find_layers(themes), evaluation_inputs, find_rasters())


def evaluation_stack(evaluation_pass: Streamed | None) -> RasterStack | None:
    """Return the raster layers of the evaluation; None without one."""
    return evaluation_pass.stack if evaluation_pass else None


def _join_coarse(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in which all factors coarser than the grid are told of at once, named by the worst."""
    found = list(findings)
    coarse = [one for one in found if one.rule == _COARSE]
    if len(coarse) < 2:
        return found
    worst = max(coarse, key=lambda one: one.value or 0.0)
    cell = f"{worst.limit or 0.0:g}"
    zh = "、".join(f"{FACTORS[one.feature_id].zh} {one.value or 0.0:.0f} m" for one in coarse)
    en = ", ".join(f"{FACTORS[one.feature_id].en} {one.value or 0.0:.0f} m" for one in coarse)
    joined = Finding(
        _COARSE, "info", "evaluation", worst.feature_id,
        f"{len(coarse)} 项因子的栅格粗于评价格网 {cell} m（{zh}）；加密不增加细节，坡度偏缓。",
        f"The cells of {len(coarse)} factors are coarser than the grid's of {cell} m "
        f"({en}); laid finer they show no more, and slopes of heights are too gentle.",
        value=worst.value, limit=worst.limit,
    )  # fmt: skip
    first = found.index(coarse[0])
    rest = [one for one in found if one.rule != _COARSE]
    return [*rest[:first], joined, *rest[first:]]


def evaluation_findings(
    evaluation_spec: Evaluation | None,
    factor_sources: Opened,
    evaluation_pass: Streamed | None,
    evaluation_factor_rules: RuleTable,
) -> list[Finding]:
    """Report what was seen of the factors.

    Returns
    -------
    list of Finding
        ``evaluation.voids``, ``evaluation.partial``, ``evaluation.absent``, ``evaluation.one_value``,
        ``evaluation.left_out`` for each layer that lacks inputs, and what `spatial.grading.plausibility` says
        of values.
    """
    if evaluation_spec is None or evaluation_pass is None:
        return []
    found, given = _join_coarse(factor_sources.findings), evaluation_spec.factors
    for source_name, seen in evaluation_pass.seen.items():
        name = source_name.removesuffix(MONTHS)
        if name in FACTORS:
            file = given[name].source if name in given else "roads"
            found += _doubt(name, FACTORS[name], file, seen, evaluation_factor_rules)
            found += doubt_values(name, given.get(name), file, seen, evaluation_factor_rules)
    if set(TEXTURE) <= given.keys():
        files = {part: given[part].source for part in TEXTURE}
        grid = evaluation_pass.stack.grid
        found += doubt_texture(factor_sources.sources, files, grid, evaluation_factor_rules)
    for name, lacking in evaluation_pass.left_out.items():
        names = ", ".join(lacking)
        found.append(Finding(
            "evaluation.left_out", "info", name, "",
            f"缺少 {names}，未生成栅格图层 {name}；缺失的因子不评为最好或最差。",
            f"raster layer {name} is not made, for lack of {names}: what lacks is not graded best or worst.",
        ))  # fmt: skip
    return found


def _doubt(name: str, kind: FactorKind, source: str, seen: Seen, table: RuleTable) -> list[Finding]:
    """Return doubts about what a raster holds inside the territory."""
    lacking = 1 - seen.present / seen.cells if seen.cells else 1.0
    found = []
    if not seen.present:
        found.append(Finding(
            "evaluation.absent", "error", "evaluation", name,
            f"{kind.zh}（来源 {source}）在规划范围内没有任何数值；请核对范围、坐标系与空值。",
            f"{kind.en} (source {source}) has no value in the territory; check its extent, CRS and nodata.",
            value=1.0,
        ))  # fmt: skip
    elif lacking > 0:
        limit, few = table.value("partial.share"), f"{seen.cells - seen.present:,}"
        found.append(Finding(
            "evaluation.partial", "warning" if lacking > limit else "info", "evaluation", name,
            f"{kind.zh}（来源 {source}）在规划范围 {seen.cells:,} 个栅格中缺 {few} 个"
            f"（{lacking * 100:.2g}%）；缺失栅格保持缺失，不评级。",
            f"{kind.en} (source {source}) lacks {few} of the {seen.cells:,} cells of the territory "
            f"({lacking * 100:.2g} %); missing cells stay missing and are not graded.",
            value=lacking, limit=limit,
        ))  # fmt: skip
    if seen.present and seen.least == seen.greatest:
        found.append(Finding(
            "evaluation.one_value", "warning", "evaluation", name,
            f"{kind.zh}（来源 {source}）在规划范围内只有一个值 {seen.least:g}，不能区分好坏；请核对数据。",
            f"{kind.en} (source {source}) has the one value {seen.least:g} in all the territory and tells no "
            "land from another; check the data.",
            value=seen.least,
        ))  # fmt: skip
    return found
