"""The evaluation on the web map: which raster layers it shows, and the blocks that explain their cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from spatial.engine.rasters.stacks import RasterStack, StackLayer
from spatial.engine.rasters.thinning import choose_every, read_thin, thin_grid
from spatial.outputs.order import Order
from spatial.outputs.reasons import ACTIONS, CONFIDENCES, tell_interval, tell_value, title_name
from spatial.outputs.web.mesh import lay_mesh
from spatial.outputs.web.overlays import RasterOverlay
from spatial.outputs.web.packed import write_numbers
from spatial.plan.base import Text
from spatial.plan.digests import Digest, DigestInput, Digests, DigestStep
from spatial.plan.rasters import RasterContract
from spatial.plan.rules import Intervals
from spatial.plan.styles import LayerStyle, Styles

_PREFIX = "digest-"
_UNTOLD = ("made",)
"""Actions whose outcome stands in the head of their layer."""


def list_overlays(order: Order, styles: Styles) -> list[RasterOverlay]:
    """Return the raster layers of an evaluation that have a style, in the order of the styles.

    Parameters
    ----------
    order : Order
        With `rasters`; with `digests` too, layers that these know share their cells and can be explained.
    styles : Styles
        A layer without an entry is in the database only.
    """
    stack = order.rasters
    if stack is None:
        return []
    return [
        _make_overlay(stack, stack.layers[name], style, order.digests)
        for name, style in styles.layers.items()
        if name in stack
    ]


def _make_overlay(
    stack: RasterStack, layer: StackLayer, style: LayerStyle, digests: Digests | None
) -> RasterOverlay:
    areas = {}
    if layer.kind != "value":
        areas = {str(key): area for key, area in stack.areas_ha(layer.name).items()}
    found = next(
        (one for one in (digests.results.values() if digests else ()) if layer.name in one.layers), None
    )
    if digests is None or found is None:
        every = choose_every(stack.grid)
        cells, grid = read_thin(stack, layer.name, every), thin_grid(stack.grid, every)
        shown = np.ma.masked_invalid(cells) if layer.kind == "value" else np.ma.masked_equal(cells, 0)
        return RasterOverlay(
            layer.name, shown, grid.bounds, grid.crs, style, areas, _tell_cells(stack, every)
        )
    column = found.layers[layer.name]
    cells = found.table[found.cells, column]
    return RasterOverlay(
        layer.name, np.ma.masked_equal(cells, 0), digests.grid.bounds, digests.grid.crs, style, areas,
        _tell_cells(stack, digests.every), _PREFIX + found.result, column,
    )  # fmt: skip


def _tell_cells(stack: RasterStack, every: int) -> Text | None:
    """Say that a picture is coarser than the evaluation, where it is."""
    if every == 1:
        return None
    cell, side = f"{stack.grid.cell_m:g}", f"{stack.grid.cell_m * every:g}"
    return Text(
        zh=f"显示精度 {side} m：每 {every}×{every} 个 {cell} m 栅格取中间一个；面积按全部栅格统计。",
        en=f"Shown at {side} m: the middle one of every {every} × {every} cells of {cell} m; areas are of "
        "all cells.",
    )


def write_digests(digests: Digests | None, styles: Styles, plan: str) -> dict[str, str]:
    """Return the blocks of a page that explain the cells of results, by key.

    Parameters
    ----------
    digests : Digests, optional
    styles : Styles
        Results without an entry are not on the map.
    plan : str
        Name of the plan, for the command that tells the exact values.
    """
    if digests is None:
        return {}
    return {
        _PREFIX + name: _write_digest(digests, digest, plan)
        for name, digest in digests.results.items()
        if any(layer in styles.layers for layer in digest.layers)
    }


def _write_digest(digests: Digests, digest: Digest, plan: str) -> str:
    grid = digests.grid
    header = {
        "rows": grid.rows,
        "columns": grid.columns,
        "mesh": lay_mesh(grid.bounds, grid.crs, grid.shape).describe(),
        "plan": plan,
        "every": digests.every,
        "sections": list(_list_sections(digests, digest)),
    }
    arrays = {"cells": digest.cells.ravel().astype(np.int64)}
    arrays |= {f"t{number}": column.astype(np.int64) for number, column in enumerate(digest.table.T)}
    return write_numbers(header, arrays)


def _list_sections(digests: Digests, digest: Digest) -> Iterator[dict[str, Any]]:
    """Yield what is told of each layer, in the order in which they were made."""
    owners = {column: name for name, column in reversed(list(digest.layers.items()))}
    for layer in dict.fromkeys(step.layer for step in digest.steps):
        steps = [step for step in digest.steps if step.layer == layer and step.action not in _UNTOLD]
        yield {
            "layer": layer,
            "title": _text(title_name(layer, digests.contracts)),
            "column": digest.layers.get(layer),
            "words": _name_classes(digests.contracts.get(layer)),
            "steps": [_tell_step(step, digests, owners) for step in steps],
        }


def _tell_step(step: DigestStep, digests: Digests, owners: Mapping[int, str]) -> dict[str, Any]:
    rule = step.rule
    action = ACTIONS[step.action]
    told: dict[str, Any] = {
        "action": _text(action),
        "label": _text(rule.label) if rule else None,
        "inputs": [_tell_input(one, step, digests, owners) for one in step.inputs],
        "result": step.result,
        "words": _name_classes(digests.contracts.get(owners.get(step.result or 0, ""))),
        "truth": step.action == "condition",
    }
    if rule is not None:
        told["rule"] = f"{step.table}:{rule.key}"
        told["value"] = f"{tell_value(rule.value)} {rule.unit}".strip()
        told["source"] = rule.source
        told["confidence"] = _text(CONFIDENCES[rule.confidence])
    return told


def _tell_input(
    one: DigestInput, step: DigestStep, digests: Digests, owners: Mapping[int, str]
) -> dict[str, Any]:
    words: dict[str, Any] = {}
    if one.kind == "interval" and step.rule is not None and isinstance(step.rule.value, Intervals):
        for number in range(1, len(step.rule.value.breaks) + 2):
            told = tell_interval(step.rule.value, number, step.rule.unit)
            words[str(number)] = {"zh": told, "en": told}
    elif one.kind == "code":
        words = _name_classes(digests.contracts.get(owners.get(one.column or 0, "")))
    return {
        "title": _text(title_name(one.name, digests.contracts, step.rule)),
        "column": one.column,
        "kind": one.kind,
        "words": words,
    }


def _name_classes(contract: RasterContract | None) -> dict[str, dict[str, str]]:
    if contract is None:
        return {}
    return {str(key): _text(text) for key, text in contract.classes.items()}


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.pick("zh"), "en": text.pick("en")}
