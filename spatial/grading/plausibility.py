"""Plausibility of factors: what their values inside the territory can be, by ``evaluation_factors.yaml``.

A raster in another unit than the plan says changes every result and looks like any other, so what cannot be
is an error and what seldom is a warning, each with the unit that would make sense of the values.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spatial.engine.rasters.grids import Grid
from spatial.grading.streaming import Seen
from spatial.plan.findings import Finding
from spatial.plan.parts.evaluation import FACTORS, UNITS, Conversion, Factor
from spatial.plan.rules import RuleTable
from spatial.sources.raster import BlockSource, close_sources

TEXTURE = ("sand", "silt", "clay")
_SIDE = 32
"""Cells of a side of the patches that sums of texture are looked at in."""
_PATCHES = 64
_ROUNDING = 1e-6

Range = tuple[float, float]


def doubt_values(
    name: str, factor: Factor | None, source: str, seen: Seen, table: RuleTable
) -> list[Finding]:
    """Return what is implausible or unusual of the values of a factor.

    Parameters
    ----------
    name : str
        Of the factor.
    factor : Factor, optional
        What the plan says of it; None where it is made from other things.
    source : str
    seen : Seen
        In the unit used inside.
    table : RuleTable
        ``evaluation_factors``.

    Returns
    -------
    list of Finding
        ``evaluation.implausible`` (error), or ``evaluation.unusual`` or ``evaluation.heights_unit``
        (warnings); `value` is the number that is beyond `limit`.
    """
    if seen.least is None or seen.greatest is None or FACTORS[name].classes:
        return []
    span, ranges = (seen.least, seen.greatest), _list_ranges(name, table)
    for kind, allowed in ranges.items():
        beyond = _find_beyond(span, allowed)
        if beyond is not None:
            fits = _name_units(name, factor, span, ranges)
            is_error = kind == "possible"
            return [_tell(name, source, is_error, span=span, allowed=allowed, beyond=beyond, fits=fits)]
    reach = table.under("reach").get(name)
    if reach is not None and seen.greatest < reach:
        fits = _name_units(name, factor, span, ranges, reach)
        allowed = reach, ranges["possible"][1]
        return [_tell(name, source, False, span=span, allowed=allowed, beyond=seen.greatest, fits=fits)]
    limit = table.value("heights.unit")
    if name == "elevation" and factor is not None and factor.unit is None and seen.greatest > limit:
        return [_ask_unit(source, seen.greatest, limit)]
    return []


def doubt_texture(
    sources: Mapping[str, BlockSource], names: Mapping[str, str], grid: Grid, table: RuleTable
) -> list[Finding]:
    """Return an error where sand, silt and clay do not add up to all of the soil.

    Parameters
    ----------
    sources : mapping of str to BlockSource
        By factor.
    names : mapping of str to str
        Sources of the plan, by factor.
    grid : Grid
    table : RuleTable
        ``evaluation_factors``.

    Returns
    -------
    list of Finding
        ``evaluation.implausible``, or nothing: also where one of the three is not given.
    """
    if not all(name in sources for name in TEXTURE):
        return []
    middle = _sum_texture(sources, grid)
    allowed = table.value("texture.sum")
    if middle is None or _find_beyond((middle, middle), allowed) is None:
        return []
    given = ", ".join(names[name] for name in TEXTURE)
    return [Finding(
        "evaluation.implausible", "error", "evaluation", "texture",
        f"砂粒、粉粒、黏粒（来源 {given}）之和的中位数为 {middle:.4g}%，应近于 100%（{_span(allowed)}%）；"
        "请核对三者的 unit（% 或 g/kg）。",
        f"sand, silt and clay (sources {given}) add up to {middle:.4g} % in the middle of their cells, which "
        f"should be about 100 % ({_span(allowed)} %); check the `unit` of each: % or g/kg.",
        value=middle, limit=100.0,
    )]  # fmt: skip


def _sum_texture(sources: Mapping[str, BlockSource], grid: Grid) -> float | None:
    """Return the median of the sums over patches spread over the grid; None where none has all three."""
    blocks = grid.blocks(_SIDE)
    picked = blocks[:: max(1, len(blocks) // _PATCHES)]
    try:
        sums = [
            np.sum([sources[name].read(grid, block) for name in TEXTURE], axis=0).ravel() for block in picked
        ]
    finally:
        close_sources()
    cells = np.concatenate(sums)
    there = cells[np.isfinite(cells)]
    return float(np.median(there)) if there.size else None


def _list_ranges(name: str, table: RuleTable) -> dict[str, Range]:
    """Return the range that is possible and the one that is usual, as far as the table has them."""
    found = {kind: table.under(kind).get(name) for kind in ("possible", "usual")}
    return {kind: allowed for kind, allowed in found.items() if allowed is not None}


def _find_beyond(span: Range, allowed: Range) -> float | None:
    """Return the value that lies outside a range by more than rounding, or None."""
    slack = _ROUNDING * max(abs(limit) for limit in allowed)
    if span[1] > allowed[1] + slack:
        return span[1]
    return span[0] if span[0] < allowed[0] - slack else None


def _name_units(
    name: str, factor: Factor | None, span: Range, ranges: Mapping[str, Range], reach: float = 0.0
) -> list[str]:
    """Return the units in which the values would be what the table expects."""
    known: dict[str, Conversion] = UNITS.get(FACTORS[name].unit, {})
    taken = (factor.unit if factor else None) or FACTORS[name].unit
    scale, offset = known.get(taken, (1.0, 0.0))
    fits = []
    for unit, (times, plus) in known.items():
        low, high = ((value - offset) / scale * times + plus for value in span)
        if all(_find_beyond((low, high), allowed) is None for allowed in ranges.values()) and high >= reach:
            fits.append(unit)
    return [unit for unit in fits if unit != taken]


def _span(allowed: Range) -> str:
    return f"{allowed[0]:g}–{allowed[1]:g}"


def _tell(
    name: str, source: str, is_error: bool, *, span: Range, allowed: Range, beyond: float, fits: list[str]
) -> Finding:
    said = FACTORS[name]
    unit = f" {said.unit}" if said.unit else ""
    zh, en = "请核对数据、空值与 unit", "check the file, its nodata and `unit`"
    if fits:
        key, units = f"evaluation.factors.{name}", [f"unit: {_quote(one)}" for one in fits]
        zh = f"若为别的单位，请在 {key} 写 {' 或 '.join(units)}；否则{zh}"
        en = f"if another unit is meant, write {' or '.join(f'`{one}`' for one in units)} at {key}; else {en}"
    few_zh, few_en = ("不可能", "cannot be") if is_error else ("少见", "is unusual")
    wide = f"{_span(allowed)}{unit}"
    return Finding(
        "evaluation.implausible" if is_error else "evaluation.unusual", "error" if is_error else "warning",
        "evaluation", name,
        f"{said.zh}（来源 {source}）在规划范围内按 {_plain(span)}{unit} 理解，{few_zh}"
        f"（应在 {wide} 内）；{zh}。",
        f"{said.en} (source {source}) is taken for {_plain(span)}{unit} in the territory, which {few_en} "
        f"(expected {wide}); {en}.",
        value=beyond, limit=float(allowed[1] if beyond > allowed[1] else allowed[0]),
    )  # fmt: skip


def _quote(unit: str) -> str:
    """Return a unit as YAML takes it: a per cent sign may not stand first without quotes."""
    return f'"{unit}"' if unit.startswith("%") else unit


def _plain(span: Range) -> str:
    return f"{span[0]:.4g}–{span[1]:.4g}"


def _ask_unit(source: str, greatest: float, limit: float) -> Finding:
    kind = FACTORS["elevation"]
    return Finding(
        "evaluation.heights_unit", "warning", "evaluation", "elevation",
        f"{kind.zh}（来源 {source}）最高 {greatest:.0f}，高于 {limit:g} m，而规划未写单位，按米理解；"
        "请在 evaluation.factors.elevation 写 unit: m，若为英尺写 unit: ft。",
        f"{kind.en} (source {source}) reaches {greatest:.0f}, above {limit:g} m, and the plan states no "
        "unit, so metres are taken; write `unit: m` at evaluation.factors.elevation, or `unit: ft` if these "
        "are feet.",
        value=greatest, limit=float(limit),
    )  # fmt: skip
