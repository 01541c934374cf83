"""From a plan to checked layers and files: the Hamilton driver, its cache, progress and provenance.

A layer is a function of `spatial.themes` with a contract; a check is a function of `spatial.checks`
whose name ends in ``_findings``. Both are found here and nowhere registered.
"""

from __future__ import annotations

import importlib
import logging
import pickle
import pkgutil
import shutil
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import geopandas as gpd
import pandas as pd
from hamilton import driver, lifecycle

from spatial import checks, themes
from spatial.blame import blaming
from spatial.cache import find_cache, register_fingerprints
from spatial.engine.compute import Pace, reporting
from spatial.errors import Fault, PlanError
from spatial.grading import assessment, evaluation, location, proposals
from spatial.inputs import PARTS, gather_inputs, trace_inputs
from spatial.outputs.delivery import write_outputs
from spatial.outputs.formats.exports import Format, export_layers, require_arrow
from spatial.outputs.formats.shapefile import Encoding
from spatial.outputs.graph import collapse_graph, write_graph
from spatial.outputs.jobs import KINDS, require_extras
from spatial.plan.contract import Column as _Column
from spatial.plan.contract import Contract, contract_of, layer
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.rasters import raster_of
from spatial.plan.reading.reader import PlanFile, load_plan
from spatial.plan.styles import read_styles
from spatial.results import DIGESTS, Build, Language
from spatial.sources import grounds, nodes

Progress = Callable[[str, int, int], None]
"""Called with a step's name, how many steps are done and how many there are."""


@layer(
    "检查结果", "Findings", "any",
    rule=_Column("text", "规则", "Rule"), severity=_Column("text", "级别", "Severity"),
    layer=_Column("text", "图层", "Layer"), feature_id=_Column("text", "要素标识", "Feature"),
    message_zh=_Column("text", "说明（中文）", "Message (Chinese)"),
    message_en=_Column("text", "说明（英文）", "Message (English)"),
    value=_Column("number", "数值", "Value", nullable=True),
    limit=_Column("number", "限值", "Limit", nullable=True),
)  # fmt: skip
def findings(all_findings: Sequence[Finding]) -> gpd.GeoDataFrame:
    """Return the findings of all checks as a layer."""
    return frame_findings(all_findings)


@cache
def _find_modules(package: ModuleType) -> tuple[ModuleType, ...]:
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return tuple(importlib.import_module(name) for name in sorted(module.name for module in found))


@cache
def list_layers() -> dict[str, Contract]:
    """Return every layer with its contract, in the order of ``styles.yaml``, ``findings`` last.

    Examples
    --------
    >>> list(list_layers())[-1]
    'findings'
    """
    found = {
        name: contract
        for module in _find_modules(themes)
        for name, function in vars(module).items()
        if (contract := contract_of(function)) and getattr(function, "__module__", "") == module.__name__
    }
    order = {name: style.order for name, style in read_styles().layers.items()}
    names = sorted(found, key=lambda name: (order.get(name, 10_000), name))
    return {name: found[name] for name in names} | {"findings": findings.__dict__["contract"]}


def build_plan(
    where: str | Path,
    out: str | Path | None = None,
    *,
    only: Sequence[str] = (),
    overrides: Sequence[str] = (),
    tianditu_key: str | None = None,
    deliver: bool = False,
    language: Language | None = None,
    progress: Progress | None = None,
) -> Build:
    """Read a plan, make its layers, check them and write the files.

    Parameters
    ----------
    where : str or Path
        Plan file, its folder, or the name of a shipped plan.
    out : str or Path, optional
        Output folder; ``out/<plan name>`` in the working folder unless given.
    only : sequence of str
        Make these layers only; checks that need others are left out.
    overrides : sequence of str
        Such as ``circles.0.speed=40 km/h``.
    tianditu_key : str, optional
        Key for the Tianditu basemap; never stored.
    deliver : bool
        Write all that is handed in, in folders: 文本, 图集, 附表, 数据库 and the map. Else write what the
        plan asks for.
    language : {"zh", "en", "both"}, optional
        Language of all that is written; the plan's own unless given.
    progress : callable, optional
        Called with (step, done, total).

    Returns
    -------
    Build

    Raises
    ------
    PlanError, SourceError, OutputError
        Bad input or a folder that cannot be written; the last good files stay.
    """
    file = load_plan(where, overrides)
    require_extras(KINDS if deliver else file.plan.outputs.files)
    folder = Path(out) if out is not None else Path("out") / file.plan.name
    drawn = deliver or not {"webmap", "workbook", "report"}.isdisjoint(file.plan.outputs.files)
    besides = (DIGESTS,) if drawn and file.plan.evaluation and not only else ()
    build = _make_layers(file, only, progress, besides)
    order = build.order(tianditu_key=tianditu_key, language=language)
    made = write_outputs(order, folder, whole=deliver, progress=progress)
    return replace(build, files=made.files, written=made.written, notes=made.notes, removed=made.removed)


def check_plan(
    where: str | Path,
    *,
    only: Sequence[str] = (),
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
    besides: Sequence[str] = (),
) -> Build:
    """Read a plan, make its layers and check them; write nothing.

    `only` names the layers that are wanted, all unless given; `besides` names nodes that are wanted too
    though they are no layers, such as ``circle_margins``.

    Raises
    ------
    PlanError, SourceError
        Bad input.

    Examples
    --------
    >>> check_plan("jiyuan").has_errors
    False
    """
    return _make_layers(load_plan(where, overrides), only, progress, besides)


def export_plan(
    where: str | Path,
    out: str | Path,
    form: Format,
    *,
    encoding: Encoding | None = None,
    only: Sequence[str] = (),
    overrides: Sequence[str] = (),
    language: Language | None = None,
    progress: Progress | None = None,
) -> Build:
    """Read a plan, make its layers and write them in a format for other programs.

    Parameters
    ----------
    where : str or Path
        Plan file, its folder, or the name of a shipped plan.
    out : str or Path
        Folder for the files.
    form : {"shp", "fgdb", "parquet", "gpkg", "geojson", "sld"}
        Format; see `spatial.outputs.formats.exports.export_layers`.
    encoding : {"utf-8", "gbk"}, optional
        Of texts in Shapefiles.
    only, overrides, language, progress
        As `build_plan` takes them.

    Raises
    ------
    PlanError, SourceError, OutputError
        Bad input, a library that is not installed, or a file that cannot be written.
    """
    require_arrow(form)
    build = _make_layers(load_plan(where, overrides), only, progress)
    made = export_layers(build.order(language=language), Path(out), form, encoding=encoding)
    return replace(build, files=made.files, written=made.files, notes=made.notes)


class _Watch(lifecycle.NodeExecutionHook):
    """Report each node to the progress callback."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def run_before_node_execution(self, *, node_name: str, **_: Any) -> None:
        self._progress(node_name, self._done, self._total)

    def show_pace(self, pace: Pace) -> None:
        """Show how far a node is that works through many blocks."""
        self._progress(str(pace), self._done, self._total)

    def run_after_node_execution(self, *, node_name: str, **_: Any) -> None:
        self._done = min(self._done + 1, self._total)
        self._progress(node_name, self._done, self._total)


class _Trust(lifecycle.EdgeConnectionHook):
    """Take inputs as they are: the plan reader has checked them, and Hamilton knows no `tuple[X, ...]`."""

    def check_edge_types_match(self, type_from: type, type_to: type, **_: Any) -> bool:
        return False

    def validate_input(self, node_type: type, input_value: Any, **_: Any) -> bool:
        return True


def _make_driver(*hooks: lifecycle.NodeExecutionHook) -> driver.Driver:
    # Hamilton logs a screenful for every refused file; the error itself reaches the user in one line.
    logging.getLogger("hamilton").setLevel(logging.CRITICAL)
    register_fingerprints()
    modules = (
        *map(_without_rasters, _find_modules(themes)),
        *_find_modules(checks),
        grounds,
        nodes,
        evaluation,
        location,
        proposals,
        assessment,
    )
    return (
        driver.Builder()
        .with_modules(*modules)
        .with_adapters(_Trust(), *hooks)
        # Its files lie beside the cache and may be gone; the pass looks and takes them where they are whole.
        .with_cache(path=find_cache(), recompute=["evaluation_pass", "assessment_pass", "robustness_pass"])
        .build()
    )


@cache
def _without_rasters(module: ModuleType) -> ModuleType:
    """Return a module without its raster functions: the graph is of layers, blocks are run by the pass."""
    kept = {name: value for name, value in vars(module).items() if raster_of(value) is None}
    if len(kept) == len(vars(module)):
        return module
    lean = ModuleType(module.__name__, module.__doc__)
    lean.__dict__.update(kept)
    return lean


def _choose_nodes(graph: driver.Driver, only: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the layers to make and the checks that they suffice for."""
    known = [name for name in list_layers() if name != "findings"]
    unknown = [name for name in only if name not in known]
    if unknown:
        remedy = f"there is {', '.join(known)}"
        raise PlanError([Fault("--only", name, "there is no such layer", remedy) for name in unknown])
    chosen = [name for name in known if name in only] if only else known
    found = sorted(node.name for node in graph.list_available_variables() if node.name.endswith("_findings"))
    if not only:
        return chosen, found
    made = {node.name for node in graph.what_is_upstream_of(*chosen)}
    return chosen, [
        name for name in found if {node.name for node in graph.what_is_upstream_of(name)} - {name} <= made
    ]


def _make_layers(
    file: PlanFile, only: Sequence[str], progress: Progress | None, besides: Sequence[str] = ()
) -> Build:
    chosen, checked = _choose_nodes(_make_driver(), only)
    stacks = ["evaluation_rasters"] if not only else []
    wanted = [*chosen, *checked, "metric_crs", *besides, *stacks]
    with blaming(file):
        inputs = gather_inputs(file)
        try:
            graph, results = _execute(wanted, inputs, progress)
        except (pickle.UnpicklingError, EOFError, sqlite3.DatabaseError):
            # A killed run can leave half an entry behind; the cache is only worth what can be read from it.
            shutil.rmtree(find_cache(), ignore_errors=True)
            graph, results = _execute(wanted, inputs, progress)
    contracts = {name: contract for name, contract in list_layers().items() if name in (*chosen, "findings")}
    layers = {name: results[name] for name in chosen}
    layers["findings"] = findings([found for name in checked for found in results[name]])
    for name, frame in layers.items():
        contracts[name].schema(name).validate(frame, lazy=True)
    return Build(
        plan=file.plan,
        layers=layers,
        contracts=contracts,
        rebuilt=_list_executed(graph, chosen),
        not_built=_explain_empty(layers, contracts, inputs),
        provenance=trace_inputs(file, inputs, only),
        metric_crs=results["metric_crs"],
        besides={name: results[name] for name in besides},
        rasters=results.get("evaluation_rasters"),
    )


def _execute(
    wanted: Sequence[str], inputs: Mapping[str, Any], progress: Progress | None
) -> tuple[driver.Driver, dict[str, Any]]:
    """Run the graph for the wanted nodes; return it with what they came to."""
    graph = _make_driver()
    used = {node.name for node in graph.what_is_upstream_of(*wanted)}
    watch = _Watch(progress, len(used - set(inputs))) if progress else None
    if watch:
        graph = _make_driver(watch)
    with reporting(watch.show_pace if watch else None):
        return graph, graph.execute(list(wanted), inputs={k: v for k, v in inputs.items() if k in used})


def _list_executed(graph: driver.Driver, layers: Collection[str]) -> tuple[str, ...]:
    logs = graph.cache.logs(graph.cache.last_run_id, level="debug")
    return tuple(
        name
        for name in layers
        if any(event.event_type.value == "execute_node" for event in logs.get(name, ()))
    )


def _explain_empty(
    layers: Mapping[str, pd.DataFrame], contracts: Mapping[str, Contract], inputs: Mapping[str, Any]
) -> dict[str, str]:
    """Return, for each empty layer that waits for parts of the plan, the names of those that are absent.

    A layer that has all it needs is merely empty: there is no conflict, or no gap that could be closed.
    """
    absent = {part for spec, part in PARTS.items() if not inputs[spec]}
    lacking = {name: absent.intersection(contracts[name].needs) for name in layers if layers[name].empty}
    return {name: ", ".join(sorted(parts)) for name, parts in lacking.items() if parts}


def relate_layers() -> dict[str, set[str]]:
    """Return which layer is made from which other layers and parts of a plan (``plan.zones``).

    Examples
    --------
    >>> sorted(relate_layers()["zone_balance"])
    ['lines', 'zones']
    """
    specs = {
        **PARTS,
        "territory_spec": "territory",
        "population_spec": "population",
        "count_specs": "counts",
        "source_refs": "sources",
    }
    parts = {spec: f"plan.{part}" for spec, part in specs.items()}
    needs: dict[str, set[str]] = {}
    for node in _make_driver().list_available_variables():
        names = {*node.required_dependencies, *node.optional_dependencies}
        needs[node.name] = {parts.get(name, name) for name in names}
    needs["findings"] = {name for name in needs if name.endswith("_findings")}
    return collapse_graph(needs, {*list_layers(), *parts.values()})


def draw_layers(path: Path) -> None:
    """Draw which layer is made from which, and from which parts of a plan, as an SVG file.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    titles = {name: contract.zh for name, contract in list_layers().items()}
    write_graph(path, relate_layers(), titles)
