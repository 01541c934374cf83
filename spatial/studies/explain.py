"""Explain: why the evaluation says what it says of one place, factor by factor and step by step.

The raster functions themselves are run on the one cell (with the cells round it that they look at), and what
they do is noted as they do it. So what is told is what was done; results are compared with the rasters.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import shapely

from spatial import themes
from spatial.engine.crs import transform_shapes
from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rasters.passes import Pass, Step, plan_pass, run_pass
from spatial.errors import Fault, PlanError
from spatial.grading.digesting import ECOSYSTEM, name_ecosystems
from spatial.grading.streaming import INSIDE, Inputs, RasterLayer, find_layers
from spatial.grading.wholes import join_stack
from spatial.pipeline import check_plan
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS
from spatial.plan.traces import Cell, Note, making, note, read_cell, tracing
from spatial.sources.raster import close_sources

RESULTS = ("ecology_importance", "farming_suitability", "urban_suitability")
"""Layers in which the evaluation ends."""
_COVER = "landcover"
_BESIDES = ("evaluation_inputs", "evaluation_stack", "assessment_stack")


@dataclass(frozen=True)
class Explanation:
    """What made the results at one place.

    Parameters
    ----------
    lon, lat : float
        EPSG:4490.
    row, column : int
        Of the cell in the grid.
    inputs : dict of str to number
        Factors and polygons at the cell; None where missing.
    notes : tuple of Note
        Steps in the order in which they were done.
    results : dict of str to number
        Class of each result that was made; None where missing.
    differs : tuple of str
        Results that are other than the rasters say; empty unless something is wrong with the toolkit.
    layers : dict of str to RasterLayer
        For titles.
    told : dict of str to str
        Where inputs come from.
    named : dict of str to dict of int to Text
        What codes of inputs mean.
    """

    lon: float
    lat: float
    row: int
    column: int
    inputs: dict[str, Cell]
    notes: tuple[Note, ...]
    results: dict[str, Cell]
    differs: tuple[str, ...]
    layers: Mapping[str, RasterLayer]
    told: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, Mapping[int, Text]] = field(default_factory=dict)


def explain_place(
    where: str | Path,
    at: str,
    *,
    overrides: Sequence[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> Explanation:
    """Tell what made the results of the evaluation at a place.

    Parameters
    ----------
    where : str or Path
        Plan file, its folder, or the name of a shipped plan.
    at : str
        ``LON,LAT`` in degrees.
    overrides : sequence of str
        Such as ``evaluation.profile=2019-draft``.
    progress : callable, optional
        Called with (step, done, total).

    Raises
    ------
    PlanError
        No place, one outside the territory, or a plan without an evaluation.
    SourceError
        As for building the plan.
    """
    lon, lat = read_place(at)
    build = check_plan(where, overrides=overrides, progress=progress, besides=_BESIDES)
    inputs, first, second = (build.besides[name] for name in _BESIDES)
    if inputs is None or first is None or second is None:
        remedy = "write `evaluation:` with its factors, see the guide"
        raise PlanError(Fault(str(where), "evaluation", "the plan has no evaluation", remedy))
    cell = find_cell(first.grid, lon, lat, inputs)
    explained = trace_cell(cell, first.grid, inputs, lambda one: join_stack(one, first))
    stored = first.at(*_middle(first.grid, cell)) | second.at(*_middle(first.grid, cell))
    results = {name: explained.results[name] for name in RESULTS if name in explained.results}
    differs = tuple(name for name, value in results.items() if stored[name] != value)
    return replace(explained, lon=lon, lat=lat, results=results, differs=differs)


def read_place(at: str) -> tuple[float, float]:
    """Return longitude and latitude from a text, or refuse it.

    Raises
    ------
    PlanError
        Not two numbers, or none on the earth.

    Examples
    --------
    >>> read_place("112.4, 35.0")
    (112.4, 35.0)
    """
    try:
        lon, lat = (float(part) for part in at.replace("，", ",").split(","))
    except ValueError:
        lon, lat = math.nan, math.nan
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise PlanError(
            Fault("--at", "", f"{at!r} is no place", "write LON,LAT in degrees, such as 112.4,35.0")
        )
    return lon, lat


def find_cell(grid: Grid, lon: float, lat: float, inputs: Inputs) -> Block:
    """Return the cell of a place as a block; refuse one outside the territory.

    Raises
    ------
    PlanError
        A place whose cell's middle lies outside.
    """
    (point,) = transform_shapes([shapely.Point(lon, lat)], STORED_CRS, grid.crs)
    place = grid.cell_of(point.x, point.y)
    block = Block(*place, 1, 1) if place else None
    if block is None or not inputs.sources[INSIDE].read(grid, block)[0, 0]:
        problem = f"{lon:g}, {lat:g} lies outside the territory"
        raise PlanError(Fault("--at", "", problem, "name a place inside; longitude comes first"))
    return block


def _middle(grid: Grid, cell: Block) -> tuple[float, float]:
    west, south, east, north = grid.bounds_of(cell)
    return (west + east) / 2, (south + north) / 2


def trace_cell(cell: Block, grid: Grid, first: Inputs, join: Callable[[Inputs], Inputs]) -> Explanation:
    """Make all layers of one cell and note the steps.

    Parameters
    ----------
    cell : Block
        Of one cell.
    grid : Grid
    first : Inputs
        Of the first pass.
    join : callable
        From those to the inputs of the second pass.

    Returns
    -------
    Explanation
        `results` holds all layers.
    """
    layers = _name_ecosystems(find_layers(themes, 1) | find_layers(themes, 2), first)
    seen: dict[str, Cell] = {}
    results: dict[str, Cell] = {}
    try:
        with tracing() as notes:
            for stage, inputs in ((1, first), (2, join(first))):
                found, names = _make_stage(find_layers(themes, stage), inputs, grid, cell)
                results |= {name: read_cell(found[name]) for name in found if name not in names}
                if stage == 1:
                    seen = {
                        part: _read_input(cells)
                        for name in names
                        if name != INSIDE
                        for part, cells in _part_months(name, found[name])
                    }
    finally:
        close_sources()
    return Explanation(
        math.nan, math.nan, cell.row, cell.column, seen, tuple(notes), results, (), layers, first.told,
        _name_covers(first),
    )  # fmt: skip


def _name_ecosystems(layers: Mapping[str, RasterLayer], inputs: Inputs) -> dict[str, RasterLayer]:
    """Return layers, with the names of ecosystems that the table of land cover has."""
    found = dict(layers)
    if ECOSYSTEM in found:
        classes = name_ecosystems(inputs.constants["evaluation_cover_rules"])
        contract = replace(found[ECOSYSTEM].contract, classes=classes)
        found[ECOSYSTEM] = replace(found[ECOSYSTEM], contract=contract)
    return found


def _name_covers(inputs: Inputs) -> dict[str, dict[int, Text]]:
    """Return what the codes of the plan's land cover mean."""
    factor = inputs.constants["factor_specs"].get(_COVER)
    if factor is None:
        return {}
    head = f"{factor.scheme}."
    rows = (rule for rule in inputs.constants["evaluation_cover_rules"].rules if rule.key.startswith(head))
    return {_COVER: {int(rule.key.removeprefix(head)): rule.label for rule in rows}}


def _part_months(name: str, cells: Any) -> list[tuple[str, Any]]:
    """Return an input under its name, or each of its months under a name of its own."""
    if cells.ndim == 2:
        return [(name, cells)]
    return [(f"{name}.{month + 1}", cells[..., month]) for month in range(cells.shape[-1])]


def _read_input(cells: Any) -> Cell:
    """Return an input's cell; outside of polygons is 0, not missing."""
    return int(cells[0, 0]) if cells.dtype.kind in "ui" else read_cell(cells)


def _make_stage(
    layers: Mapping[str, RasterLayer], inputs: Inputs, grid: Grid, cell: Block
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return all layers and inputs of a pass at one cell, and which are inputs."""
    steps = [
        Step(
            name,
            _watch(name, one.function),
            one.contract.halo(grid.cell_m),
            one.contract.kind,
            one.contract.one_of,
        )
        for name, one in layers.items()
    ]
    constants = {"cell_m": grid.cell_m, **inputs.constants}
    work: Pass = plan_pass(steps, list(layers), tuple(inputs.sources), constants)
    found = run_pass(work, grid, cell, lambda name, part: inputs.sources[name].read(grid, part))
    return found, work.inputs


def _watch(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that also notes what it made."""

    @functools.wraps(function)
    def watched(**given: Any) -> Any:
        with making(name):
            made = function(**given)
            shown = {
                key: value for key, value in given.items() if getattr(value, "shape", None) == made.shape
            }
            note("made", {key: value for key, value in shown.items() if key != INSIDE}, made)
        return made

    return watched
