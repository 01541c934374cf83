"""All display tables of an order: those made for planners first, every other built layer by its contract."""

from __future__ import annotations

from spatial.outputs.order import Order
from spatial.outputs.papers.assessment_chapter import ASSESSMENT_TABLES, list_assessment_tables
from spatial.outputs.papers.balances import list_balances, sum_conflicts
from spatial.outputs.papers.cells import Table
from spatial.outputs.papers.circle_tables import list_circle_tables
from spatial.outputs.papers.commuting_chapter import COMMUTING_TABLES, list_commuting_tables
from spatial.outputs.papers.evaluation_tables import EVALUATION_TABLES, list_evaluation_tables
from spatial.outputs.papers.functional_tables import FUNCTIONAL_LAYOUTS, FUNCTIONAL_TABLES
from spatial.outputs.papers.green_chapter import CONNECTIVITY
from spatial.outputs.papers.indicator_tables import list_indicator_tables
from spatial.outputs.papers.industry_tables import INDUSTRY_TABLES, list_industry_tables
from spatial.outputs.papers.landuse_tables import list_landuse_tables
from spatial.outputs.papers.layouts import Layout, lay_out
from spatial.outputs.papers.plan_tables import (
    lay_out_absent,
    lay_out_findings,
    lay_out_provenance,
    lay_out_rules,
    lay_out_sources,
)
from spatial.outputs.papers.proposal_tables import list_proposal_tables
from spatial.outputs.papers.service_chapter import SERVICE_LAYOUTS, SERVICE_TABLES
from spatial.plan.base import Text

_WITHIN = {name: "structure" for name in ("cores", "belts", "points", "axes")}
"""Layers whose rows are all in another one."""
_FIRST = (
    "indicators", "indicator_trends", "indicator_years",
    "zone_balance", "district_balance", "landuse_balance", "structure", *EVALUATION_TABLES,
    "commute_circles", "promises", "circle_times", "circle_coverage",
    "gaps", "connections", "life_coverage", "life_places", *COMMUTING_TABLES, *SERVICE_TABLES,
    *FUNCTIONAL_TABLES,
    *INDUSTRY_TABLES,
    *ASSESSMENT_TABLES,
    "conflict_sums", "conflicts", "finding_counts", "findings", "sources", "rules", "not_built", "provenance",
)  # fmt: skip
_LAYOUTS = {
    "structure": Layout(
        ("name", "kind", "rank", "function", "area_km2", "length_km", "recipe", "illustrative", "id")
    ),
    "conflicts": Layout(("kind", "loser", "winner", "rule", "area_m2", "id"), sums=("area_m2",)),
    "zones": Layout(("name", "area_ha", "source", "illustrative", "id"), sums=("area_ha",)),
    "lines": Layout(("name", "area_ha", "source", "illustrative", "id"), sums=("area_ha",)),
    "green_connectivity": CONNECTIVITY,
    **SERVICE_LAYOUTS,
    **FUNCTIONAL_LAYOUTS,
    "districts": Layout(sums=("area_km2",)),
    "towns": Layout(sums=("people",)),
    "roads": Layout(sums=("length_km",)),
    "rivers": Layout(sums=("length_km",)),
}
_TITLES = {"structure": Text(zh="结构要素表", en="Elements of the structure")}


def list_tables(order: Order) -> list[Table]:
    """Return the display tables of an order, in the order in which a planner reads them.

    Every layer that has rows is in one of them, as is what is not built and what stands behind the numbers.

    Parameters
    ----------
    order : Order
        What is to be written.
    """
    made = [*list_balances(order), *list_evaluation_tables(order), *list_circle_tables(order)]
    made += [
        *list_indicator_tables(order),
        *list_landuse_tables(order),
        *list_assessment_tables(order),
        *list_commuting_tables(order),
        *list_industry_tables(order),
        *list_proposal_tables(order),
        *lay_out_findings(order),
    ]
    extras = (lay_out_sources(order), lay_out_rules(order), lay_out_absent(order), lay_out_provenance(order))
    made += [table for table in extras if table is not None]
    conflicts = order.layers.get("conflicts")
    if conflicts is not None and len(conflicts):
        made.append(sum_conflicts(conflicts))
    known = {table.key: table for table in made}
    for name, frame in order.layers.items():
        held = _WITHIN.get(name)
        covered = held in order.layers and len(order.layers[held]) if held else False
        if name in known or frame.empty or covered or name not in order.contracts:
            continue
        known[name] = lay_out(name, frame, order.contracts[name], _LAYOUTS.get(name), title=_TITLES.get(name))
    rest = [name for name in known if name not in _FIRST]
    at = _FIRST.index("sources")
    return [known[name] for name in (*_FIRST[:at], *rest, *_FIRST[at:]) if name in known]
