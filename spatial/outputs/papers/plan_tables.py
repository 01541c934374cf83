"""Tables of what stands behind a plan's numbers: sources, rules, findings, what is not built, provenance."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from spatial.errors import RuleError
from spatial.outputs.order import Order
from spatial.outputs.papers.cells import Cell, Head, Table, sum_column
from spatial.outputs.papers.layouts import TOTAL, Layout, lay_out
from spatial.outputs.papers.words import CONFIDENCES, decode, make_text
from spatial.outputs.reasons import tell_value
from spatial.plan.base import Text
from spatial.plan.judging import settle_table
from spatial.plan.parts.assessment import settle_rules
from spatial.plan.parts.functional import KIND_NAMES
from spatial.plan.records import Plan
from spatial.plan.rules import Rule, RuleTable, read_rules

VERIFIED = ("found", "given")
"""Confidence of rows that were seen in a source, and of those that the plan itself gives; all others are
unverified."""
_LAYERS_OF_RULES = {
    "assessment": ("assessment",),
    "boundary_roads": ("boundary_roads", "boundary_joints"),
    "commute": ("commute_circles",),
    "commuting": ("job_balance", "job_bands", "commuting"),
    "directions": ("directions", "direction_growth"),
    "facilities": ("life_circles", "life_coverage", "service_gap"),
    "green": ("green_patches", "green_corridors"),
    "indicators": ("indicators",),
    "industries": (),
    "industry": ("industry_structure",),
    "landuse_groups": ("landuse_balance",),
    "lines": ("lines",),
    "proposals": ("proposed_zones", "proposed_lines"),
    "services": ("service_gap",),
    "speeds": ("circle_times", "connections", "life_circles", "service_gap"),
    "zones": ("zones",),
}
"""Rule tables to the layers that they shape; a table not listed counts as used."""
_MODES = ("drive", "bus", "cycle", "walk")


def list_rules(order: Order) -> list[tuple[str, Rule]]:
    """Return the rows, with their table, of the rule tables that the built layers rest on.

    Tables are those of the provenance (``rules.NAME``). Of rows that go by mode only those of modes in use.
    Tables of the evaluation are as the plan's profile has them, with the rows that the plan replaces.
    """
    rows = []
    modes = _list_modes(order)
    for key in order.provenance:
        name = key.removeprefix("rules.")
        if name == key or not _is_used(order, name):
            continue
        try:
            rules = _settle(read_rules(name), order.plan).rules
        except RuleError:
            continue  # a table that came with another version of the toolkit
        rows += [
            (name, rule) for rule in rules if _is_open(rule.key, modes) and _is_asked(order, name, rule.key)
        ]
    return rows


def _settle(table: RuleTable, plan: Plan) -> RuleTable:
    if table.name == "assessment":
        return settle_rules(plan.assessment, table)
    spec = plan.evaluation
    head, _, group = table.name.partition("_")
    return settle_table(table, spec, group) if spec is not None and head == "evaluation" else table


def _is_used(order: Order, table: str) -> bool:
    if table == "landcover":
        return any(circle.method == "surface" for circle in order.plan.circles)
    if table.startswith("evaluation"):
        return order.plan.evaluation is not None
    layers = _LAYERS_OF_RULES.get(table)
    return layers is None or any(len(order.layers[layer]) for layer in layers if layer in order.layers)


def _is_asked(order: Order, table: str, key: str) -> bool:
    """Tell whether a row is of an indicator that the plan has; other tables are asked for whole."""
    head, _, name = key.partition(".")
    if table == "assessment":
        return _is_scored_by(order, head, name)
    if table != "indicators" or head not in ("indicator", "units", "unit_names"):
        return True
    if head != "indicator":
        return False  # what a hectare is needs no checking before a plan is signed
    rows = order.layers.get("indicators")
    return rows is not None and "indicator" in rows and name in set(rows["indicator"])


def _is_scored_by(order: Order, head: str, name: str) -> bool:
    """Tell whether a row of the assessment is of an indicator that zones are scored by."""
    rows, spec = order.layers.get("assessment_weights"), order.plan.assessment
    if rows is None or spec is None or head == "unit":
        return head != "unit"
    if head == "indicator":
        return name in set(rows["indicator"])
    return head not in KIND_NAMES or (head not in spec.sets and head in set(rows["kind"]))


def _list_modes(order: Order) -> set[str]:
    plan = order.plan
    modes: set[str] = {circle.mode for circle in plan.circles}
    modes |= {"drive"} if plan.connections else set()
    if plan.services:
        modes |= {one.mode for one in plan.services.services} or {"walk"}
    walked = plan.facilities or (plan.connections and plan.connections.villages)
    return modes | ({"walk"} if walked else set())


def _is_open(key: str, modes: set[str]) -> bool:
    mode = key.partition(".")[0]
    return mode not in _MODES or mode in modes


def lay_out_rules(order: Order) -> Table | None:
    """Return the rules that numbers rest on, the unverified ones marked; None where there are none."""
    rows: list[tuple[Cell, ...]] = [
        (
            read_rules(table).title,
            rule.key,
            rule.label,
            show_value(rule.value),
            rule.unit,
            rule.confidence not in VERIFIED,
            CONFIDENCES.get(rule.confidence, rule.confidence),
            rule.source,
            rule.note,
            read_rules(table).version,
        )
        for table, rule in list_rules(order)
    ]
    if not rows:
        return None
    titles = (
        ("规则表", "Table"), ("键", "Key"), ("规则", "Rule"), ("取值", "Value"), ("单位", "Unit"),
        ("未核实", "Unverified"), ("可信度", "Confidence"), ("来源", "Source"), ("说明", "Note"),
        ("版本", "Version"),
    )  # fmt: skip
    heads = tuple(Head(Text(zh=zh, en=en)) for zh, en in titles)
    return Table("rules", Text(zh="规则取值", en="Rules"), heads, tuple(rows))


def show_value(value: object) -> Cell:
    """Return what a row of rules says as a cell: breaks with their grades, a matrix row by row."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return "; ".join(f"{key} → {item}" for key, item in value.items())
    return tell_value(value)


def lay_out_sources(order: Order) -> Table | None:
    """Return the plan's sources with licence, date, whether illustrative, and hash; the boundary last."""
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            source.file or source.url or "",
            source.origin,
            source.licence,
            source.date.isoformat() if source.date else None,
            source.crs or "",
            source.illustrative,
            _is_stated(source.origin, source.licence, source.date),
            order.provenance.get(f"source.{name}", "").removeprefix("sha256 "),
        )
        for name, source in order.plan.sources.items()
    ]
    rows += list(_state_boundary(order))
    if not rows:
        return None
    titles = (
        ("来源", "Source"), ("文件", "File"), ("出处", "Origin"), ("许可", "Licence"), ("日期", "Date"),
        ("坐标系", "CRS"), ("示意", "Illustrative"),
        ("出处、许可、日期齐全", "Origin, licence and date stated"),
        ("校验值 SHA-256", "SHA-256"),
    )  # fmt: skip
    heads = tuple(Head(Text(zh=zh, en=en)) for zh, en in titles)
    return Table("sources", Text(zh="数据来源", en="Sources"), heads, tuple(rows))


def _is_stated(origin: str, licence: str, date: object) -> bool:
    return bool(origin and licence and date)


def _state_boundary(order: Order) -> Iterator[tuple[Cell, ...]]:
    boundary = order.provenance.get("boundary", "")
    if order.plan.territory.source is None and boundary:
        name = Text(zh="规划范围（公开边界，非法定）", en="Territory (public boundary, not a legal one)")
        yield (name, "", boundary, "", None, "EPSG:4490", False, False, "")


def lay_out_findings(order: Order) -> list[Table]:
    """Return how many findings there are of each rule, and all of them; nothing where there are none."""
    found = order.layers.get("findings")
    if found is None or found.empty or "findings" not in order.contracts:
        return []
    columns = ("severity", "rule", "message_zh", "layer", "feature_id", "value", "limit")
    titles = {name: make_text(contract.zh, contract.en) for name, contract in order.contracts.items()}
    frame = found.assign(layer=[titles.get(str(name), str(name)) for name in found["layer"]])
    message = Head(Text(zh="说明", en="Message"))
    note = Text(
        zh="数值与限值的单位见说明文字。", en="Values and limits are in the unit that the message names."
    )
    layout = Layout(columns, heads={"message_zh": message}, notes=(note,))
    return [_count_findings(found), lay_out("findings", frame, order.contracts["findings"], layout)]


def _count_findings(found: pd.DataFrame) -> Table:
    counts = found.groupby(["severity", "rule"], sort=False).size()
    rows: list[list[Cell]] = [
        [decode("findings", "severity", severity), rule, int(count)]
        for (severity, rule), count in counts.items()
    ]
    heads = (
        Head(Text(zh="级别", en="Severity")),
        Head(Text(zh="规则", en="Rule")),
        Head(Text(zh="条数", en="Findings"), "integer", 0),
    )
    total: list[Cell] = [TOTAL, None, sum_column(rows, 2)]
    title = Text(zh="检查结果统计", en="Findings counted")
    return Table("finding_counts", title, heads, tuple(map(tuple, [*rows, total])), totals=1)


def lay_out_absent(order: Order) -> Table | None:
    """Return the layers that are not built and the part of the plan that would build each, or None."""
    rows: list[tuple[Cell, ...]] = []
    for name, part in order.not_built.items():
        contract = order.contracts.get(name)
        title = make_text(contract.zh, contract.en) if contract else make_text(name)
        why = Text(zh=f"规划未写 {part}", en=f"the plan has no {part}")
        rows.append((title, name, why))
    if not rows:
        return None
    titles = (("图层", "Layer"), ("名称", "Name"), ("原因", "Reason"))
    heads = tuple(Head(Text(zh=zh, en=en)) for zh, en in titles)
    return Table("not_built", Text(zh="未生成的图层", en="Layers not built"), heads, tuple(rows))


def lay_out_provenance(order: Order) -> Table:
    """Return hashes and versions of all that went in."""
    heads = (Head(Text(zh="项目", en="What")), Head(Text(zh="版本与校验值", en="Version and hash")))
    rows: tuple[tuple[Cell, ...], ...] = tuple((key, value) for key, value in order.provenance.items())
    return Table("provenance", Text(zh="溯源信息", en="Provenance"), heads, rows)
