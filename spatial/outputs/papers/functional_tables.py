"""Tables of functional zones 产业功能区: ecosystems with zones stated and drawn, zones, and their parts."""

from __future__ import annotations

from spatial.outputs.papers.cells import Head
from spatial.outputs.papers.layouts import Formula, Layout
from spatial.plan.base import Text

FUNCTIONAL_TABLES = ("ecosystems", "functional_zones", "zone_units", "startup_areas", "zone_communities")
"""Layers in the order in which a planner reads them."""
FUNCTIONAL_LAYOUTS = {
    "ecosystems": Layout(
        ("name", "kind", "established", "listed", "zones_stated", "zones", "difference", "area_ha", "share",
         "industries", "id"),
        heads={
            "zones_stated": Head(Text(zh="规划功能区数", en="Zones stated"), "integer", 0),
            "difference": Head(Text(zh="相差（图上 − 规划）", en="Difference (drawn − stated)"), "signed", 0),
        },
        formulas={"difference": Formula("difference", "zones", "zones_stated")},
        sums=("zones_stated", "zones", "area_ha"),
        notes=(Text(
            zh="“名称有据”指名称见于规划文本；其余为中性代号。",
            en="A name that is established is from the plan's text; all others are neutral labels.",
        ),),
    ),
    "functional_zones": Layout(
        sums=("area_ha", "startup_ha", "communities", "communities_ha", "orphan_ha", "double_ha"),
    ),
    "startup_areas": Layout(sums=("area_ha", "outside_ha")),
    "zone_communities": Layout(sums=("area_ha", "outside_ha")),
}  # fmt: skip
